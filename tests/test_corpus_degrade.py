"""Degradations do what their names say, leave length and place alone, and know what can still be heard."""

import numpy as np
import pytest

from ontology.errors import UnknownName
from truth.corpus.clips import Signal
from truth.corpus.degrade import CONDITIONS, audible, degrade, margin

N = 3 * 48_000


def tone(hertz: float, level: float = 0.1) -> Signal:
    time = np.arange(N) / 48_000
    wave = level * np.sin(2 * np.pi * hertz * time)
    wave[: N // 3] = 0
    return np.stack([wave, 0.5 * wave], axis=1).astype(np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def power(signal: np.ndarray) -> float:
    return float((signal.astype(np.float64) ** 2).mean())


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_degraded_sound_is_as_long_finite_within_range_and_another(name: str) -> None:
    clean = (tone(440) + tone(11_000)).astype(np.float32)
    found = degrade(clean, name, rng())
    assert found.dtype == np.float32
    assert found.shape == clean.shape
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 1
    assert not np.array_equal(found, clean)
    assert np.array_equal(found, degrade(clean, name, rng()))


@pytest.mark.parametrize(("name", "decibels"), [("noise20", 20), ("noise10", 10), ("noise0", 0)])
def test_noise_has_its_ratio_to_the_sounding_part(name: str, decibels: float) -> None:
    clean = tone(440)
    noise = degrade(clean, name, rng()) - clean
    assert 10 * np.log10(power(clean[N // 3 :]) / power(noise)) == pytest.approx(decibels, abs=0.3)
    spectrum = np.abs(np.fft.rfft(noise[:, 0].astype(np.float64))) ** 2
    hertz = np.fft.rfftfreq(N, 1 / 48_000)
    octaves = [spectrum[(hertz > low) & (hertz < 2 * low)].sum() for low in (200, 800, 3200)]
    assert np.ptp(10 * np.log10(octaves)) < 1.5  # pink: equal power in each octave


def test_reverberation_goes_on_after_the_sound() -> None:
    clean = tone(440)
    clean[-N // 3 :] = 0
    found = degrade(clean, "reverb", rng())
    assert power(found[-N // 3 : -N // 4]) > power(clean) / 1000
    assert power(found[: N // 4]) < power(clean) / 1e8


def test_a_band_limit_takes_what_lies_above() -> None:
    assert power(degrade(tone(9000), "band8k", rng())) < power(tone(9000)) / 1e4
    assert power(degrade(tone(1000), "band8k", rng())) == pytest.approx(power(tone(1000)), rel=0.01)


def test_clipping_cuts_a_twentieth_of_the_samples() -> None:
    loud = np.random.default_rng(1).standard_normal((N, 2)).astype(np.float32) * np.float32(0.1)
    found = degrade(loud, "clip", rng())
    assert np.mean(np.isclose(np.abs(found), np.abs(found).max())) == pytest.approx(0.05, abs=0.01)


def test_mono_makes_both_channels_alike() -> None:
    found = degrade(tone(440), "mono", rng())
    assert np.array_equal(found[:, 0], found[:, 1])


def test_a_codec_keeps_what_is_heard_in_place() -> None:
    clean = tone(440)
    assert power(degrade(clean, "codec", rng()) - clean) < power(clean) / 30


@pytest.mark.parametrize("name", CONDITIONS)
def test_silence_stays_without_harm(name: str) -> None:
    found = degrade(np.zeros((N, 2), np.float32), name, rng())
    assert np.abs(found).max() < 1e-6


def test_an_unknown_degradation_is_refused() -> None:
    with pytest.raises(UnknownName, match="tape"):
        degrade(tone(440), "tape", rng())


def test_a_tone_is_heard_through_noise_elsewhere_and_not_through_noise_in_its_band() -> None:
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal((N, 2)), axis=0)
    hertz = np.fft.rfftfreq(N, 1 / 48_000)[:, None]
    high, low = (np.fft.irfft(spectrum * inside, N, axis=0) for inside in (hertz > 4000, hertz < 1000))
    quiet = tone(440, 0.02).astype(np.float64)
    assert audible(margin(quiet, high)) is True
    assert audible(margin(quiet, low)) is False
    assert audible(margin(quiet, np.zeros_like(quiet))) is True
    assert audible(1.0) is None
