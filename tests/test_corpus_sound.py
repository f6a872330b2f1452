"""The sounds of the corpus: clean samples that do what their parameters say."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from truth.corpus.account import Account
from truth.corpus.clips import Clip, Selection, Signal, draw, events, mixed, trajectories
from truth.corpus.parameters import (
    Band,
    Held,
    Image,
    Modes,
    Modulation,
    Motion,
    Partials,
    Scene,
    Sound,
    Spectrum,
    Stream,
    Strike,
)
from truth.corpus.render import SAMPLE_RATE, loudest, render
from truth.synthesis import moving_band

HARMONICS = tuple(float(order) for order in range(1, 9))


@cache
def heard(index: int) -> tuple[Clip, Signal]:
    clip = draw(7, index, Selection())
    return clip, mixed(clip)


def made(source: object, **more: object) -> Sound:
    return Sound(source, Held(0.05, 0.05), 2.0, -23.0, 3, **more)  # type: ignore[arg-type]  # sources of all kinds


def spectrum(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hertz and power of both channels over the middle of a sound."""
    part = sound[len(sound) // 4 : len(sound) * 3 // 4]
    window = np.hanning(len(part))[:, None]
    power = (np.abs(np.fft.rfft(part * window, 1 << 18, axis=0)) ** 2).sum(axis=1)
    return np.fft.rfftfreq(1 << 18, 1 / SAMPLE_RATE)[1:], power[1:]


@pytest.mark.parametrize("index", range(24))
def test_a_clip_is_clean_and_as_loud_and_long_as_said(index: int) -> None:
    clip, signal = heard(index)
    assert signal.dtype == np.float32
    assert signal.shape == (round(clip.length * SAMPLE_RATE), 2)
    assert np.isfinite(signal).all()
    assert np.abs(signal).max() < 0.95
    assert np.abs(signal.mean(axis=0)).max() < 0.002
    assert 20 * np.log10(loudest(signal.astype(np.float64))) == pytest.approx(clip.level, abs=0.1)
    first, last = np.flatnonzero(np.abs(signal).sum(axis=1))[[0, -1]] / SAMPLE_RATE
    assert clip.start - 0.001 <= first
    assert last <= clip.start + clip.made.duration + 0.001


def test_equal_parameters_give_equal_bits() -> None:
    for index in range(8):
        clip = draw(7, index, Selection())
        assert np.array_equal(mixed(clip), heard(index)[1])


def test_another_seed_gives_another_noise() -> None:
    one, other = (Sound(Band(200, 4000, 0), Held(0.1, 0.1), 1.0, -23.0, seed) for seed in (1, 2))
    assert abs(np.corrcoef(render(one)[:, 0], render(other)[:, 0])[0, 1]) < 0.1


@pytest.mark.parametrize("base", [82.4, 440.0, 1975.5])
def test_the_fundamental_is_that_of_the_parameters(base: float) -> None:
    hertz, power = spectrum(render(made(Partials(base, HARMONICS, -6.0))))
    assert hertz[np.argmax(power)] == pytest.approx(base, abs=0.5)
    for order in (2, 3, 4):
        near = np.abs(hertz - order * base) < 5
        assert 10 * np.log10(power[near].max() / power.max()) == pytest.approx(-6 * np.log2(order), abs=0.5)


SOURCES = (
    Partials(300.0, HARMONICS, -6.0),
    Band(400.0, 3200.0, -3.0),
    Spectrum(400.0, 3.0, 2.0),
    Spectrum(300.0, 1.41, 1.5),
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_the_centroid_is_that_of_the_ideal_spectrum(source: object) -> None:
    sound = made(source)
    hertz, power = spectrum(render(sound))
    power = np.where(power > power.max() * 1e-6, power, 0)
    found = float(np.average(np.log2(hertz), weights=power))
    low, high = (float(np.median(path)) for path in Account(sound).centroids)
    assert low - 0.1 < found < high + 0.1


def test_a_motion_moves_the_sound_by_its_octaves() -> None:
    sound = render(made(Partials(300.0, (1.0,), 0.0), motion=Motion("ramp", 1.0)))
    thirds = [spectrum(sound[start : start + SAMPLE_RATE // 4]) for start in (4800, 79_200)]
    first, last = (hertz[np.argmax(power)] for hertz, power in thirds)
    assert np.log2(last / first) == pytest.approx((79_200 - 4800) / 96_000, abs=0.03)


def test_an_undulation_of_the_level_has_its_depth() -> None:
    sound = render(made(Partials(1000.0, (1.0,), 0.0), modulation=Modulation("level", 4.0, 12.0)))
    power = np.asarray(sound[9600:-9600, 0] ** 2).reshape(-1, 240).mean(axis=1)
    assert 10 * np.log10(power.max() / power.min()) == pytest.approx(12.0, abs=0.7)


def test_a_decay_falls_as_said() -> None:
    source = Modes(500.0, (1.0, 2.7, 5.1), -3.0, 0.0)
    sound = render(Sound(source, Strike(0.002, 0.4), 1.202, -23.0, 3))
    power = (sound[: 48 * 1200, 0] ** 2).reshape(-1, 960).mean(axis=1)
    level: Any = 10 * np.log10(power)
    assert level[2] - level[22] == pytest.approx(20.0, abs=1.0)  # 20 frames of 20 ms


def test_events_are_where_the_record_says() -> None:
    stream = Stream(4.0, 4.0, 0.5, 0.04, Modes(800.0, (1.0, 2.7), -3.0, 0.0))
    sound = Sound(stream, Held(0.002, 0.05), 3.0, -23.0, 5)
    onsets = events(Clip(0, "grains", 4.0, -23.0, 0.5, sound))[0]["onsets"]
    assert isinstance(onsets, list)
    assert len(onsets) > 6
    level = np.abs(render(sound)).sum(axis=1)
    for time in onsets[1:]:
        at = round((time - 0.5) * SAMPLE_RATE)
        assert level[at + 48 : at + 480].max() > 2 * level[at - 48 : at].max()


@pytest.mark.parametrize(
    ("image", "correlation"), [(Image(), 1.0), (Image(0, 0, 1, 1), 0.0), (Image(0, 0, 0.5, 0.5), 0.707)]
)
@pytest.mark.parametrize("source", [Band(300.0, 9000.0, 0.0), Partials(300.0, HARMONICS, -3.0)], ids=["noise", "tone"])
def test_the_width_is_the_correlation_of_the_channels(source: object, image: Image, correlation: float) -> None:
    sound = render(made(source, image=image))
    assert np.corrcoef(sound[:, 0], sound[:, 1])[0, 1] == pytest.approx(correlation, abs=0.05)


def test_a_path_goes_from_left_to_right() -> None:
    sound = render(made(Band(300.0, 9000.0, 0.0), image=Image(-1.0, 1.0)))
    left, right = (sound[:9600] ** 2).mean(axis=0), (sound[-9600:] ** 2).mean(axis=0)
    assert left[0] > 50 * left[1]
    assert right[1] > 50 * right[0]


def test_a_spread_spectrum_has_its_lows_left_and_its_highs_right() -> None:
    sound = render(made(Band(200.0, 8000.0, 0.0), image=Image(circum=0.9)))
    power = np.abs(np.fft.rfft(sound, axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    low, high = (power[(hertz > a) & (hertz < b)].sum(axis=0) for a, b in ((200, 400), (4000, 8000)))
    assert low[0] > 10 * low[1]
    assert high[1] > 10 * high[0]


def test_a_record_has_times_within_the_file_and_its_curves() -> None:
    for index in range(24):
        clip, _ = heard(index)
        sounds = clip.made.layers if isinstance(clip.made, Scene) else (clip.made,)
        assert len(events(clip)) == len(trajectories(clip)) == len(sounds)
        for event, curve in zip(events(clip), trajectories(clip), strict=True):
            assert 0 < float(str(event["start"])) < float(str(event["end"])) < clip.length
            times = curve["times"]
            assert isinstance(times, list)
            for name in ("level", "height", "centroid", "position", "width"):
                values = curve[name]
                assert isinstance(values, float) or (isinstance(values, list) and len(values) == len(times))


def test_a_band_too_narrow_for_the_transforms_still_sounds_where_it_lies() -> None:
    n = 2 * SAMPLE_RATE
    noise = moving_band(np.full(n, 122.0), np.full(n, 134.0), 0.0, np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(noise[:, 0]))
    assert 100 < np.fft.rfftfreq(n, 1 / SAMPLE_RATE)[spectrum.argmax()] < 160
