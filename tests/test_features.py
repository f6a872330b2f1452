"""The frames: as librosa computes them, the same however the sound arrives, and each at its own time."""

from collections.abc import Iterator
from dataclasses import fields

import librosa
import numpy as np
import pytest
import torch

from ingest.decode import Signal
from ingest.features import (
    BAND_HZ,
    BANDS,
    ENVELOPE_HOP,
    SPECTRAL_HOP,
    STEP,
    Block,
    FrameAnalyser,
    SevenFeatures,
    analyse,
    mel_matrix,
    seven_features,
)
from ingest.loss import EDGES
from ingest.tonal import TONAL_COLUMNS, TONAL_HOP
from tests.synth import RATE, Sound, band, glide, harmonic, noise, sine, times

WINDOW, HOP = 2048, 960
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
NAMES = [field.name for field in fields(SevenFeatures)]
RMS, LEFT, RIGHT, CROSS = 0, 8, 9, 10
"""Columns of the spectral grid."""
SHARE, SALIENCE, PITCH, DEVIATION = range(4)
"""Columns of the tonal grid."""


def signal(*channels: Sound) -> Signal:
    return np.stack(channels).astype(np.float32)


def pieces(sound: Signal, lengths: list[int]) -> Iterator[Signal]:
    """Cut a sound into blocks of the given lengths, taken in turn until nothing is left."""
    first, turn = 0, 0
    while first < sound.shape[1]:
        last = first + lengths[turn % len(lengths)]
        yield sound[:, first:last]
        first, turn = last, turn + 1


def whole(sound: Signal, device: str = "cpu") -> Block:
    """Analyse a sound that comes in one piece, the blocks of its steps joined."""
    blocks = list(analyse([sound], device))
    return Block(
        np.concatenate([block.spectral for block in blocks]),
        np.concatenate([block.tonal for block in blocks]),
        np.concatenate([block.envelope for block in blocks]),
    )


# -- against librosa -----------------------------------------------------------------------------

SOUNDS = {
    "noise": noise(2.0),
    "low tone": 0.5 * sine(60, 2.0),
    "tone": 0.5 * sine(997, 2.0),
    "high tone": 0.5 * sine(15_000, 2.0),
    "harmonic tone": 0.5 * harmonic(220, 2.0),
    "chirp": 0.5 * sine(glide(50, 18_000, 2.0), 2.0),
    "impulse train": np.where(np.arange(2 * RATE) % 4_800 == 0, 0.9, 0.0),
}
TOLERANCES = {
    "rms": (1e-5, 0.0),
    "zero_crossing_rate": (0.0, 1.5 / WINDOW),
    "centroid": (1e-3, 0.0),
    "bandwidth": (1e-4, 8.0),
    "rolloff": (1e-6, 0.0),
    "flatness": (5e-3, 0.0),
    "flux": (1e-3, 0.01),
}
"""Largest difference from librosa: relative, and in the unit of the feature. A pure tone's bandwidth is a few bins'
rounding errors in single precision, weighted by the square of their distance: up to 7 Hz."""


def ours(sound: Signal) -> dict[str, np.ndarray]:
    frames = torch.from_numpy(sound).unfold(0, WINDOW, HOP)
    power = torch.fft.rfft(frames * torch.hann_window(WINDOW)).abs().square()
    found, _ = seven_features(frames, power, RATE, None)
    return {name: getattr(found, name).numpy() for name in NAMES}


def librosas(sound: Signal) -> dict[str, np.ndarray]:
    magnitude = np.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP, center=False))
    centroid = librosa.feature.spectral_centroid(S=magnitude, sr=RATE)
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=RATE), top_db=None)
    return {
        "rms": librosa.feature.rms(y=sound, frame_length=WINDOW, hop_length=HOP, center=False)[0],
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(
            sound, frame_length=WINDOW, hop_length=HOP, center=False
        )[0],
        "centroid": centroid[0],
        "bandwidth": librosa.feature.spectral_bandwidth(S=magnitude, sr=RATE, centroid=centroid)[0],
        "rolloff": librosa.feature.spectral_rolloff(S=magnitude, sr=RATE)[0],
        "flatness": librosa.feature.spectral_flatness(S=magnitude)[0],
        "flux": librosa.onset.onset_strength(S=mel, sr=RATE, center=False),
    }


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS.keys())
def test_the_seven_features_are_librosas(sound: Sound) -> None:
    samples = sound.astype(np.float32)
    found, expected = ours(samples), librosas(samples)
    assert set(TOLERANCES) == set(NAMES)
    for name, (relative, absolute) in TOLERANCES.items():
        np.testing.assert_allclose(found[name], expected[name], rtol=relative, atol=absolute, err_msg=name)


@pytest.mark.parametrize(("rate", "window", "bands"), [(48_000, 2048, 128), (44_100, 2048, 128), (22_050, 1024, 40)])
def test_the_mel_filters_are_librosas(rate: int, window: int, bands: int) -> None:
    expected = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands).T
    np.testing.assert_allclose(mel_matrix(rate, window, "cpu", bands).numpy(), expected, rtol=1e-4, atol=1e-8)


def test_frames_so_short_that_many_mel_bands_hold_no_bin_have_features_too() -> None:
    frames = torch.randn(10, 32, generator=torch.Generator().manual_seed(5))
    power = torch.fft.rfft(frames).abs().square()
    found, mel = seven_features(frames, power, RATE, None)
    expected = 10 * (power @ mel_matrix(RATE, 32, "cpu")).clamp_min(1e-10).log10()
    torch.testing.assert_close(mel, expected[-1])
    torch.testing.assert_close(found.flux[1:], (expected[1:] - expected[:-1]).clamp_min(0).mean(1))


def test_features_go_on_from_one_batch_to_the_next() -> None:
    frames = torch.from_numpy(noise(1.0).astype(np.float32)).unfold(0, WINDOW, HOP)
    power = torch.fft.rfft(frames * torch.hann_window(WINDOW)).abs().square()
    at_once, last = seven_features(frames, power, RATE, None)
    first, mel = seven_features(frames[:20], power[:20], RATE, None)
    second, end = seven_features(frames[20:], power[20:], RATE, mel)
    for name in NAMES:
        np.testing.assert_allclose(
            torch.cat([getattr(first, name), getattr(second, name)]), getattr(at_once, name), rtol=1e-5
        )
    np.testing.assert_allclose(end, last, rtol=1e-5)


# -- steps and blocks ----------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "lengths", [[1_000], [262_144], [1, 0, 77_777], [STEP], [STEP + 1, 3], [6_272, 122_879]], ids=str
)
def test_the_frames_are_the_same_however_the_sound_is_cut(lengths: list[int], device: str) -> None:
    sound = signal(noise(7.3, 1), harmonic(glide(100, 900, 7.3), 7.3))
    expected = list(analyse([sound], device))
    found = list(analyse(pieces(sound, lengths), device))
    assert len(found) == len(expected) == 3
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.spectral, other.spectral)
        assert np.array_equal(one.tonal, other.tonal)
        assert np.array_equal(one.envelope, other.envelope)


@pytest.mark.parametrize("device", DEVICES)
def test_stepping_by_hand_gives_the_same_frames(device: str) -> None:
    sound = signal(noise(6.0, 4))
    around = 3_136
    padded = torch.from_numpy(np.pad(sound, ((0, 0), (around, around + 3 * STEP - sound.shape[1])))).to(device)
    analyser = FrameAnalyser(device)
    for number, expected in enumerate(analyse([sound], device)):
        found = analyser.step(padded[:, number * STEP : (number + 1) * STEP + 2 * around])
        assert np.array_equal(found.spectral, expected.spectral)
        assert np.array_equal(found.tonal, expected.tonal)
        assert np.array_equal(found.envelope, expected.envelope)


def test_a_step_has_whole_numbers_of_frames_on_all_grids() -> None:
    block = next(iter(analyse([signal(noise(1.0))])))
    assert block.spectral.shape == (STEP / SPECTRAL_HOP, 11 + EDGES + BANDS)
    assert block.tonal.shape == (STEP / TONAL_HOP, TONAL_COLUMNS)
    assert block.envelope.shape == (STEP / ENVELOPE_HOP,)


def test_frames_do_not_depend_on_where_the_steps_begin() -> None:
    sound = 0.4 * harmonic(glide(120, 500, 6.0), 6.0) + 0.1 * noise(6.0)
    hops = 23
    late = whole(signal(np.concatenate([np.zeros(hops * TONAL_HOP), sound])))
    early = whole(signal(sound))
    count = len(sound) // TONAL_HOP - 5
    np.testing.assert_allclose(late.tonal[hops:][:count], early.tonal[:count], rtol=2e-3, atol=2e-3)
    # flux and change of the first frame look back on what was there before
    np.testing.assert_allclose(late.spectral[2 * hops + 1 :][:count], early.spectral[1:][:count], rtol=2e-3, atol=2e-3)
    fine = TONAL_HOP // ENVELOPE_HOP
    np.testing.assert_allclose(late.envelope[fine * hops :][:count], early.envelope[:count], rtol=1e-5)


# -- two channels --------------------------------------------------------------------------------


def test_one_channel_is_two_equal_ones() -> None:
    sound = 0.4 * harmonic(220, 2.0) + 0.1 * noise(2.0)
    mono, stereo = whole(signal(sound)), whole(signal(sound, sound))
    np.testing.assert_allclose(stereo.spectral, mono.spectral, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(stereo.tonal, mono.tonal, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(stereo.envelope, mono.envelope, rtol=1e-5)


def test_channels_in_opposite_phase_do_not_vanish() -> None:
    sound = 0.4 * harmonic(220, 2.0) + 0.1 * noise(2.0)
    equal, opposite = whole(signal(sound, sound)), whole(signal(sound, -sound))
    assert opposite.spectral[:90, CROSS].max() < 0 < equal.spectral[:90, CROSS].min()
    np.testing.assert_allclose(opposite.spectral[:, CROSS], -equal.spectral[:, CROSS], rtol=1e-5)
    others = [column for column in range(11 + EDGES + BANDS) if column != CROSS]
    np.testing.assert_allclose(opposite.spectral[:, others], equal.spectral[:, others], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(opposite.tonal, equal.tonal, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(opposite.envelope, equal.envelope, rtol=1e-6)


def test_the_channels_powers_are_kept_apart() -> None:
    block = whole(signal(noise(2.0, 1), 0.5 * noise(2.0, 2)))
    left, right, cross = block.spectral[2:90, LEFT], block.spectral[2:90, RIGHT], block.spectral[2:90, CROSS]
    assert np.median(left / right) == pytest.approx(4.0, rel=0.1)
    assert np.abs(np.median(cross / np.sqrt(left * right))) < 0.05


@pytest.mark.parametrize("side", [0, 1])
def test_the_silent_channel_does_not_hide_the_sound_of_the_other(side: int) -> None:
    sound = 0.5 * sine(1_000, 1.0)
    channels = [np.zeros(RATE), np.zeros(RATE)]
    channels[side] = sound
    alone, beside = whole(signal(sound)), whole(signal(*channels))
    crossings, centroid = 1, 2
    np.testing.assert_allclose(beside.spectral[:40, crossings], alone.spectral[:40, crossings])
    np.testing.assert_allclose(beside.spectral[:40, centroid], alone.spectral[:40, centroid], rtol=1e-3)
    np.testing.assert_allclose(beside.spectral[:40, RMS], alone.spectral[:40, RMS] / np.sqrt(2), rtol=1e-5)
    np.testing.assert_allclose(beside.tonal[2:20, PITCH], 1_000, rtol=1e-3)


# -- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("sample", [0, 500, 4_810, 48_000, STEP - 100, STEP, STEP + 1_430, 2 * STEP + 9_599])
def test_a_click_is_in_the_frame_of_its_moment(sample: int, device: str) -> None:
    sound = np.zeros(3 * STEP)
    sound[sample] = 0.8
    block = whole(signal(sound), device)
    assert np.flatnonzero(block.envelope).tolist() == [sample // ENVELOPE_HOP]
    assert block.spectral[:, LEFT].argmax() == sample // SPECTRAL_HOP
    reached = np.flatnonzero(block.spectral[:, RMS])
    # the window of a frame reaches 544 samples beyond its hop on either side
    assert reached[0] == max(0, -(-(sample - 543 - SPECTRAL_HOP) // SPECTRAL_HOP))
    assert reached[-1] == (sample + 544) // SPECTRAL_HOP


@pytest.mark.parametrize("frame", [20, 63, 64, 65, 100])
def test_a_leap_of_pitch_is_at_its_moment_on_the_tonal_grid(frame: int) -> None:
    length, moment = 5.0, frame * TONAL_HOP
    path = np.where(np.arange(round(length * RATE)) < moment, 440.0, 660.0)
    pitch = whole(signal(0.5 * harmonic(path, length))).tonal[:, PITCH]
    # the frames on either side are centred 20 ms from the leap and hear mostly their own side of it
    np.testing.assert_allclose(pitch[5 : frame - 1], 440, rtol=0.005)
    np.testing.assert_allclose(pitch[frame + 1 : 120], 660, rtol=0.005)


@pytest.mark.parametrize("level", ["spectral", "envelope"])
def test_a_swell_is_loudest_at_its_moment(level: str) -> None:
    shape = np.exp(-0.5 * ((times(4.0) - 1.7) / 0.2) ** 2)
    block = whole(signal(shape * sine(800, 4.0)))
    hop, curve = {
        "spectral": (SPECTRAL_HOP, block.spectral[:, RMS] ** 2),
        "envelope": (ENVELOPE_HOP, block.envelope),
    }[level]
    centres = (np.arange(len(curve)) + 0.5) * hop / RATE
    assert float(np.average(centres, weights=curve)) == pytest.approx(1.7, abs=0.001)


# -- what the columns hold -----------------------------------------------------------------------


@pytest.mark.parametrize("index", range(8, BANDS, 6))
def test_a_sine_at_the_centre_of_a_band_is_in_that_band(index: int) -> None:
    powers = whole(signal(0.5 * sine(float(BAND_HZ[index]), 1.0))).spectral[5:40, -BANDS:]
    assert (powers.argmax(axis=1) == index).all()


def test_the_bands_together_hold_the_power_of_the_sound() -> None:
    block = whole(signal(band(200, 8_000, 2.0)))
    total, bands = block.spectral[5:90, LEFT], block.spectral[5:90, -BANDS:].sum(axis=1)
    np.testing.assert_allclose(bands, total, rtol=1e-3)


def test_rms_and_envelope_are_of_full_scale_one() -> None:
    block = whole(signal(0.5 * sine(1_000, 2.0)))
    np.testing.assert_allclose(block.spectral[5:90, RMS], 0.5 / np.sqrt(2), rtol=0.01)
    np.testing.assert_allclose(block.envelope[100:900], 0.125, rtol=0.01)


def test_a_steady_sound_does_not_change_and_a_new_one_does() -> None:
    changes = whole(signal(np.concatenate([0.5 * harmonic(220, 2.0), 0.2 * noise(2.0)]))).spectral[:, 7]
    assert changes[5:98].max() < 0.2
    assert changes[98:103].max() > 5


# -- the extremes --------------------------------------------------------------------------------

EXTREMES = {
    "silence": np.zeros(RATE),
    "one click": np.eye(1, RATE, 20_000)[0],
    "a constant": np.full(RATE, 0.5),
    "fifty milliseconds": sine(440, 0.05),
    "one sample": np.ones(1),
    "a square wave at full scale": np.sign(sine(441, 1.0)),
    "the softest noise of 16 bits": np.sign(noise(1.0)) / 32_768,
    "far beyond full scale": 1e6 * noise(1.0),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sound", EXTREMES.values(), ids=EXTREMES.keys())
def test_every_frame_is_a_finite_number(sound: Sound, channels: int, device: str) -> None:
    block = whole(signal(*[sound] * channels), device)
    for grid in (block.spectral, block.tonal, block.envelope):
        assert np.isfinite(grid).all()
    shares = block.tonal[:, [SHARE, SALIENCE]]
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_no_sound_has_no_frames() -> None:
    assert list(analyse([])) == []
    assert list(analyse([np.zeros((1, 0), np.float32)])) == []


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_finds_what_double_precision_finds(device: str) -> None:
    path = glide(120, 500, 6.0)
    sound = 0.4 * harmonic(path, 6.0) + 0.01 * noise(6.0)
    block = whole(signal(sound), device)
    square = (sound**2).reshape(-1, ENVELOPE_HOP).mean(axis=1)
    np.testing.assert_allclose(block.envelope[: len(square)], square, rtol=1e-4)
    centres = (np.arange(5, 145) * TONAL_HOP + TONAL_HOP // 2).astype(int)
    np.testing.assert_allclose(block.tonal[5:145, PITCH], path[centres], rtol=2e-3)
    framed = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[SPECTRAL_HOP - 544 :: SPECTRAL_HOP]
    power = np.abs(np.fft.rfft(framed * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)))) ** 2
    np.testing.assert_allclose(block.spectral[1 : len(power) + 1, LEFT], power.sum(axis=1), rtol=1e-4)
