"""Measured values: every property is right on sounds that are made to have a known value of it."""

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ingest.features import BAND_HZ, BANDS
from ontology.terms import SpanKind
from ontology.vocabulary import load_vocabulary
from tests.synth import (
    OBJECT,
    RATE,
    WHOLE,
    WINDOW,
    Sound,
    band,
    between,
    cluster,
    correlated,
    decay,
    glide,
    harmonic,
    heard,
    inharmonic,
    measured,
    noise,
    panned,
    pulses,
    ramps,
    sine,
    times,
)

VOCABULARY = load_vocabulary()
STEREO = {"sideShare", "sideChange", "sideTrend", "panTravel", "panTrend", "monoLoss"}
ENVELOPE = {"attackTime", "onsetFloor", "releaseTime", "decayTime", "decayFit", "plateauShare", "levelChange",
            "roughEnvelope", "slowEnvelope"}  # fmt: skip

Make = Callable[[], Sound]


def log_centroid(low: float, high: float) -> float:
    """Return the brightness of noise that is level from one frequency to another."""
    edges = 50.0 * 2 ** (np.arange(BANDS + 1) / 4)  # the magnitude of a band is the root of its width
    widths = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
    return float(2 ** np.average(np.log2(BAND_HZ), weights=np.sqrt(widths)))


def log_width(low: float, high: float) -> float:
    """Return how wide noise that is level from one frequency to another is, as an even band on a log scale."""
    octaves = np.log2(np.linspace(low, high, 10_000))
    return float(12**0.5 * octaves.std())


def growing(decibels_per_second: float) -> Sound:
    """Return an impulse train, whose spectrum is level, that grows evenly."""
    train = np.where(np.arange(2 * RATE) % 240 == 0, 1.0, 0.0)
    return train * 10 ** (decibels_per_second / 20 * (times(2.0) - 2.0))


def detuned(cents: float) -> Sound:
    """Return eight equal partials, in turn too high and too low."""
    numbers = np.arange(1, 9)
    ratios = numbers * 2 ** (cents / 1200 * np.where(numbers % 2, 1, -1))
    return np.asarray(np.mean([sine(220 * ratio, 1.5, float(ratio)) for ratio in ratios], axis=0))


def two(octaves: float) -> Sound:
    return 0.4 * sine(400, 1.5) + 0.4 * sine(400 * 2**octaves, 1.5)


@cache
def opening(start: float, end: float) -> Sound:
    return cluster(1_000, np.linspace(start, end, 2 * RATE), 2.0, 200)


@cache
def rising() -> Sound:
    """Return a band of noise that rises two octaves."""
    return cluster(glide(400, 1_600, 2.0), 0.5, 2.0)


@cache
def quickening() -> Sound:
    """Return bursts of noise whose rate rises two octaves, interval by interval."""
    starts = np.cumsum(np.geomspace(0.4, 0.1, 15))
    since = times(3.5)[:, None] - np.concatenate([[0.0], starts])
    return np.asarray(noise(3.5) * np.where(since >= 0, 10.0 ** (-np.maximum(since, 0.0) / 0.04), 0.0).max(axis=1))


@cache
def upward() -> Sound:
    """Return a tone that glides up an octave and a half."""
    return harmonic(glide(200, 200 * 2**1.5, 3.0), 3.0)


@cache
def arched() -> Sound:
    """Return a tone that glides up an octave and down again."""
    return harmonic(200 * 2 ** (1 - (2 * times(3.0) / 3.0 - 1) ** 2), 3.0)


def half(one: Sound, other: Sound) -> Sound:
    return np.concatenate([one, other])


WHITE_BRIGHTNESS = log_centroid(0, 24_000)
TREMOLO = 20 * np.log10(1.4 / 0.6)

KNOWN: list[tuple[str, str, Make, float, float]] = [
    # property, sound, how it is made, value, largest difference (relative on a log scale)
    ("duration", "two seconds", lambda: noise(2.0), 2.0, 0.001),
    ("level", "a sine of amplitude 0.5", lambda: 0.5 * sine(500, 1.0), -9.03, 0.1),
    ("level", "noise of RMS 0.2 on the left", lambda: np.stack([noise(1.0), 0 * noise(1.0)]), -16.99, 0.1),
    ("levelChange", "12 dB louder at the end", lambda: noise(2.0) * 10 ** (0.3 * times(2.0)), 12.0, 0.6),
    ("levelTrend", "12 dB louder at the end", lambda: noise(2.0) * 10 ** (0.3 * times(2.0)), 1.0, 0.05),
    ("levelRange", "a fall of 20 dB", lambda: noise(2.0) * decay(2.0, 2.0), 0.72 * 20, 1.0),
    ("attackTime", "100 ms", lambda: between(0.1, harmonic(220, 1.0) * ramps(1.0, 0.1, 0.1), 0.1), 0.08, 0.1),
    ("releaseTime", "250 ms", lambda: between(0.1, harmonic(220, 1.0) * ramps(1.0, 0.1, 0.25), 0.1), 0.2, 0.1),
    ("decayTime", "-20 dB in 0.4 s", lambda: noise(1.2) * decay(1.2, 0.4), 0.4, 0.05),
    ("decayFit", "an even decay", lambda: noise(1.2) * decay(1.2, 0.4), 1.0, 0.02),
    ("plateauShare", "all but half of two ramps", lambda: noise(2.0) * ramps(2.0, 0.6, 0.6), 0.7, 0.04),
    ("peakPosition", "a quarter", lambda: noise(2.0) * np.minimum(times(2.0) * 2, (2 - times(2.0)) / 1.5), 0.25, 0.06),
    ("riseShare", "a ramp of half", lambda: noise(2.0) * ramps(2.0, 1.0, 0.0), 0.5 * 10 ** (-3 / 20), 0.04),
    ("fallShare", "a ramp of half", lambda: noise(2.0) * ramps(2.0, 0.0, 1.0), 0.5 * 10 ** (-3 / 20), 0.04),
    ("onsetFloor", "from silence", lambda: noise(1.0) * ramps(1.0, 0.5, 0.1), 60.0, 12.0),
    ("eventRate", "seven a second", lambda: noise(3.0) * pulses(3.0, 7, 0.04), 7.0, 0.02),
    ("eventGap", "gaps of 15 dB", lambda: sine(990, 3.0) * np.where(times(3.0) % 0.2 < 0.1, 1, 10**-0.75), 15.0, 1.0),
    ("eventSpread", "even pulses", lambda: noise(3.0) * pulses(3.0, 7, 0.04), 0.0, 0.03),
    ("eventRateChange", "pulses that quicken by two octaves", quickening, 2.0, 0.15),
    ("eventRateTrend", "pulses that quicken", quickening, 1.0, 0.06),
    ("growth", "a rise by 12 dB", lambda: noise(2.0) * 10 ** np.linspace(-0.6, 0, 2 * RATE), 2.0, 0.1),
    ("growth", "a fall by 12 dB", lambda: noise(2.0) * 10 ** np.linspace(0, -0.6, 2 * RATE), 0.0, 0.1),
    ("growth", "half an octave to four", lambda: opening(0.5, 4.0), 4 * 3.5 / 2.25, 0.9),
    ("growth", "pulses that quicken by two octaves", quickening, 2 / math.log2(1.25), 0.5),
    ("growthTrend", "half an octave to four", lambda: opening(0.5, 4.0), 1.0, 0.08),
    ("roughEnvelope", "a steady tone", lambda: sine(990, 2.0), 0.0, 0.05),
    ("slowEnvelope", "a tremolo", lambda: sine(990, 4.0) * (1 + 0.4 * sine(3, 4.0)), TREMOLO, 0.8),
    # the lowest bands are one bin wide, and the mean magnitude of so little noise is low for its power
    ("brightnessCentroid", "white noise", lambda: noise(2.0), WHITE_BRIGHTNESS, 0.05),
    ("brightnessCentroid", "noise from 500 to 4000 Hz", lambda: band(500, 4_000, 2.0), log_centroid(500, 4_000), 0.03),
    *[
        ("brightnessCentroid", f"a third of an octave at {f} Hz", lambda f=f: band(f / 1.12, f * 1.12, 1.0), f, 0.05)
        for f in (150, 300, 600, 1_200, 2_400, 4_800, 9_600)
    ],
    ("centroidChange", "a band that rises two octaves", rising, 2.0, 0.1),
    ("centroidChange", "a band that falls an octave", lambda: cluster(glide(4_000, 2_000, 2.0), 1.0, 2.0), -1.0, 0.1),
    ("centroidTrend", "a band that rises", rising, 1.0, 0.06),
    ("centroidRange", "a band that rises two octaves", rising, 1.8, 0.15),
    *[
        ("spectralSpread", f"{w} octaves", lambda w=w: cluster(1_000, w, 1.5, 400), w / math.sqrt(12), 0.05)
        for w in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
    ],
    ("spreadChange", "half an octave to four", lambda: opening(0.5, 4.0), 3.5 / 2.25, 0.16),
    ("spreadChange", "four octaves to half an octave", lambda: opening(4.0, 0.5), -3.5 / 2.25, 0.16),
    ("spreadTrend", "half an octave to four", lambda: opening(0.5, 4.0), 1.0, 0.06),
    ("activeBands", "white noise", lambda: noise(1.0), 1.0, 0.03),
    ("activeBands", "two octaves of noise", lambda: band(500, 2_000, 1.0), 8 / BANDS, 1.5 / BANDS),
    ("activeBands", "a sine", lambda: sine(3_000, 1.0), 1 / BANDS, 1.5 / BANDS),
    ("activeBandsChange", "half an octave to four", lambda: opening(0.5, 4.0), 3.5 * 4 / BANDS, 0.05),
    ("activeBandsTrend", "half an octave to four", lambda: opening(0.5, 4.0), 1.0, 0.08),
    ("spectralCentroid", "white noise", lambda: noise(1.0), 12_000, 0.01),
    ("spectralCentroid", "a sine", lambda: sine(2_345, 1.0), 2_345, 0.005),
    ("spectralBandwidth", "white noise", lambda: noise(1.0), 24_000 / math.sqrt(12), 0.01),
    ("spectralFlatness", "white noise", lambda: noise(1.0), math.exp(-np.euler_gamma), 0.03),
    ("spectralRolloff", "white noise", lambda: noise(1.0), 0.85 * 24_000, 0.01),
    ("spectralFlux", "1 dB louder in every frame", lambda: growing(50.0), 1.0, 0.05),
    ("spectralFlux", "a steady sine", lambda: sine(500, 1.0), 0.0, 0.05),
    ("zeroCrossingRate", "white noise", lambda: noise(1.0), 0.5, 0.02),
    ("zeroCrossingRate", "a sine", lambda: sine(1_200, 1.0), 2 * 1_200 / RATE, 0.03),
    ("fluxRatio", "a steady tone", lambda: harmonic(220, 2.0), 1.0, 0.1),
    ("lowBandPresence", "a half", lambda: half(band(60, 150, 1.0), band(1_000, 2_000, 1.0)), 0.5, 0.04),
    ("lowBandPresence", "-14 dB", lambda: band(500, 2_000, 2.0) + 10**-0.7 * band(60, 150, 2.0), 1.0, 0.1),
    ("lowBandPresence", "-26 dB", lambda: band(500, 2_000, 2.0) + 10**-1.3 * band(60, 150, 2.0), 0.0, 0.1),
    ("highBandPresence", "a quarter", lambda: half(band(5_000, 9_000, 0.5), band(1_000, 2_000, 1.5)), 0.25, 0.04),
    ("highBandPresence", "-17 dB", lambda: band(500, 2_000, 2.0) + 10**-0.85 * band(5_000, 9_000, 2.0), 1.0, 0.1),
    ("highBandPresence", "-26 dB", lambda: band(500, 2_000, 2.0) + 10**-1.3 * band(5_000, 9_000, 2.0), 0.0, 0.1),
    ("peakShare", "a tone", lambda: harmonic(220, 1.0), 1.0, 0.01),
    ("peakShare", "white noise", lambda: noise(1.0), 0.0, 0.03),
    # peaks are looked for up to 10 kHz
    ("peakShare", "a sine in as much noise", lambda: noise(2.0) + 0.2 * 2**0.5 * sine(1_500, 2.0), 24 / 34, 0.04),
    ("combSalience", "a harmonic tone", lambda: harmonic(220, 1.0), 1.0, 0.01),
    ("combSalience", "a harmonic tone in noise", lambda: harmonic(220, 1.0) + noise(1.0) / 2, 1.0, 0.02),
    ("combSalience", "white noise", lambda: noise(1.0), 0.0, 0.1),
    *[
        ("partialDeviation", f"partials {c} cents off", lambda c=c: detuned(c), c, 1.0)
        for c in (0.0, 5.0, 10.0, 15.0)
    ],
    *[("partialSpread", f"{d} octaves", lambda d=d: two(d), d, 0.03) for d in (0.5, 1.0, 2.3, 4.0)],
    ("voicedShare", "a tone", lambda: harmonic(220, 1.0), 1.0, 0.01),
    ("voicedShare", "a tone, then noise", lambda: half(harmonic(220, 1.0), noise(1.0) / 2), 0.5, 0.05),
    ("voicedShare", "noise", lambda: noise(1.0), 0.0, 0.01),
    ("pitch", "a tone", lambda: harmonic(333, 1.0), 333, 0.001),
    ("heightChange", "an octave and a half up", upward, 1.5, 0.05),
    ("heightTrend", "an octave and a half up", upward, 1.0, 0.01),
    ("heightWander", "an octave and a half up", upward, 1.35 * 12, 1.0),
    ("heightBend", "up an octave and down", arched, 1.0, 0.05),
    ("heightBend", "an octave and a half up", upward, 0.0, 0.05),
    ("heightBendFit", "up an octave and down", arched, 1.0, 0.02),
    ("heightBendFit", "an octave and a half up", upward, 0.0, 0.02),
    ("lineWidth", "a sine", lambda: sine(990, 1.0), 0.0, 0.01),
    ("lineWidth", "noise a fifth of an octave wide", lambda: band(933, 1_072, 2.0), 0.2, 0.05),
    ("spectralWidth", "two sines two octaves apart", lambda: two(2.0), 2.0 * 3**0.5, 0.05),
    ("spectralWidth", "noise two octaves wide", lambda: band(500, 2_000, 2.0), log_width(500, 2_000), 0.1),
    ("eventCount", "seven a second for three seconds", lambda: noise(3.0) * pulses(3.0, 7, 0.04), 21.0, 1.0),
    ("eventCount", "a tone", lambda: harmonic(220, 1.0), 0.0, 1.0),
    ("effectiveDuration", "half a second", lambda: between(0.2, sine(990, 0.5), 0.2), 0.5, 0.02),
    ("overshoot", "0.2 s 6 dB louder", lambda: sine(990, 2.0) * np.where(times(2.0) < 0.2, 1, 0.5), 6.0, 0.2),
    ("overshoot", "a tone", lambda: sine(990, 2.0), 0.0, 0.1),
    ("heightRange", "an octave and a half up", upward, 1.35, 0.08),
    *[
        ("sideShare", f"correlation {c}", lambda c=c: correlated(noise(2.0, 1), noise(2.0, 2), c), (1 - c) / 2, 0.02)
        for c in (1.0, 0.5, 0.0, -0.5, -1.0)
    ],
    ("sideShare", "one channel silent", lambda: np.stack([noise(1.0), 0 * noise(1.0)]), 0.0, 0.001),
    ("sideShare", "panned, not spread", lambda: panned(noise(1.0), 0.6), 0.0, 0.001),
    ("sideChange", "opening", lambda: correlated(noise(4.0), noise(4.0, 2), np.linspace(1, 0, 4 * RATE)), 0.5, 0.03),
    ("sideChange", "closing", lambda: correlated(noise(4.0), noise(4.0, 2), np.linspace(0, 1, 4 * RATE)), -0.5, 0.03),
    ("sideTrend", "opening", lambda: correlated(noise(4.0), noise(4.0, 2), np.linspace(1, 0, 4 * RATE)), 1.0, 0.06),
    # of twenty groups of 200 ms, the middles of the first and the last are 19/20 of the way apart
    ("panTravel", "left to right", lambda: panned(noise(4.0), np.linspace(-1, 1, 4 * RATE)), 2 * 0.9 * 0.95, 0.03),
    ("panTravel", "half the way", lambda: panned(harmonic(220, 4.0), np.linspace(0.5, -0.5, 4 * RATE)), 0.855, 0.03),
    ("panTravel", "standing", lambda: panned(noise(2.0), 0.7), 0.0, 0.01),
    ("panTrend", "left to right", lambda: panned(noise(4.0), np.linspace(-1, 1, 4 * RATE)), 1.0, 0.01),
    # tests/test_loss.py has more
    *[
        (f"lossAbove{edge}", "as much above", lambda hertz=hertz: sine(500, 1.0) + sine(hertz, 1.0), 3.01, 0.05)
        for edge, hertz in ((8000, 9_000), (12000, 13_000), (14000, 15_000))
    ],
    *[
        (f"framesAbove{edge}", "a quarter", lambda h=hertz: half(sine(h, 0.5), sine(500, 1.5)), 0.25, 0.04)
        for edge, hertz in ((8000, 9_000), (12000, 13_000), (14000, 15_000))
    ],
    ("lossBelow125", "as much below", lambda: sine(50, 2.0) + sine(500, 2.0), 3.01, 0.1),
    ("framesBelow125", "a quarter", lambda: half(sine(50, 0.5), sine(500, 1.5)), 0.25, 0.04),
    ("monoLoss", "correlation -0.5", lambda: correlated(noise(2.0, 1), noise(2.0, 2), -0.5), 6.02, 0.15),
    ("panTrend", "right to left", lambda: panned(noise(4.0), np.linspace(1, -1, 4 * RATE)), -1.0, 0.01),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "make", "value", "tolerance"),
    [(name, make, value, tolerance) for name, _, make, value, tolerance in KNOWN],
    ids=[f"{name}: {sound}" for name, sound, *_ in KNOWN],
)
def test_a_property_has_the_value_the_sound_was_made_with(
    name: str, make: Make, value: float, tolerance: float
) -> None:
    found = measured(make())[name]
    if VOCABULARY.properties[name].scale == "log":
        assert found == pytest.approx(value, rel=tolerance)
    else:
        assert found == pytest.approx(value, abs=tolerance)


def test_every_property_of_the_vocabulary_is_tried_and_given() -> None:
    assert {name for name, *_ in KNOWN} == set(VOCABULARY.properties)


# -- pitch ---------------------------------------------------------------------------------------

FUNDAMENTALS = [55.0, 65.4, 82.4, 97.0, 110.0, 146.8, 220.0, 311.1, 440.0, 659.3, 880.0, 1_046.5, 1_500.0]
TONES: dict[str, Callable[[float], Sound]] = {
    "all partials": lambda hertz: harmonic(hertz, 1.0),
    "a sine": lambda hertz: 0.5 * sine(hertz, 1.0),
    "odd partials": lambda hertz: harmonic(hertz, 1.0, range(1, 14, 2)),
    "the fundamental missing": lambda hertz: harmonic(hertz, 1.0, range(2, 10), 0.5),
    "the two lowest missing": lambda hertz: harmonic(hertz, 1.0, range(3, 11), 0.3),
    "a weak fundamental": lambda hertz: harmonic(hertz, 1.0, range(1, 13), -0.3),
    "in noise": lambda hertz: harmonic(hertz, 1.0) + 0.3 * noise(1.0),
}


@pytest.mark.parametrize("hertz", FUNDAMENTALS)
@pytest.mark.parametrize("name", TONES)
def test_the_pitch_is_the_fundamental(name: str, hertz: float) -> None:
    values = measured(TONES[name](hertz))
    assert values["pitch"] == pytest.approx(hertz, rel=0.002)
    assert values["voicedShare"] > 0.95
    assert values["combSalience"] > 0.95
    assert values["partialDeviation"] < 5
    assert values["heightRange"] < 0.01


@pytest.mark.parametrize("make", [lambda: noise(2.0), lambda: band(800, 6_400, 2.0)], ids=["white", "three octaves"])
def test_noise_has_no_pitch(make: Make) -> None:
    values = measured(make())
    assert "pitch" not in values
    assert values["combSalience"] < 0.75
    assert values["peakShare"] < 0.2


def test_a_gong_is_less_harmonic_than_a_string() -> None:
    gong, string = measured(inharmonic(2.0)), measured(harmonic(220, 2.0))
    assert gong["combSalience"] < 0.6
    assert string["combSalience"] > 0.95
    assert gong["peakShare"] > 0.95
    assert gong["partialDeviation"] > 10 > string["partialDeviation"]


def test_many_random_partials_are_explained_by_no_series() -> None:
    random = np.random.default_rng(11)
    saliences = [
        measured(inharmonic(1.0, tuple(2 ** np.sort(random.uniform(0, 3, 12))), 200.0))["combSalience"]
        for _ in range(8)
    ]
    assert np.median(saliences) < 0.45


@pytest.mark.parametrize("octaves", [-2.0, -1.0, -0.3, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("name", ["harmonic", "sine", "missing fundamental"])
def test_a_glissando_changes_height_by_its_octaves(name: str, octaves: float) -> None:
    path = glide(240, 240 * 2**octaves, 5.0)
    sound = {
        "harmonic": lambda: harmonic(path, 5.0),
        "sine": lambda: sine(path, 5.0),
        "missing fundamental": lambda: harmonic(path, 5.0, range(2, 6), 0.5),
    }[name]()
    values = measured(sound)
    assert values["heightChange"] == pytest.approx(octaves, abs=0.03 + 0.03 * abs(octaves))
    assert values["heightTrend"] == pytest.approx(np.sign(octaves), abs=0.03)
    assert values["heightRange"] == pytest.approx(0.9 * abs(octaves), rel=0.06)
    assert values["pitch"] == pytest.approx(240 * 2 ** (octaves / 2), rel=0.05)


@pytest.mark.parametrize("octaves", [-3.0, -1.0, 1.0, 3.0])
def test_the_height_of_a_noisy_band_is_its_brightness(octaves: float) -> None:
    values = measured(cluster(glide(1_200, 1_200 * 2**octaves, 2.0), 0.5, 2.0, 200))
    assert values["heightChange"] == pytest.approx(octaves, abs=0.1)
    assert values["heightChange"] == values["centroidChange"]


def test_partials_far_off_their_places_are_not_harmonic() -> None:
    assert measured(detuned(40.0))["partialDeviation"] > 20


def test_a_vibrato_goes_nowhere() -> None:
    values = measured(harmonic(440 * 2 ** (0.04 * sine(6, 3.0)), 3.0))
    assert abs(values["heightChange"]) < 0.03
    assert abs(values["heightTrend"]) < 0.3
    assert values["pitch"] == pytest.approx(440, rel=0.025)


# -- order ---------------------------------------------------------------------------------------

ORDERED: list[tuple[str, list[Make]]] = [
    ("roughEnvelope", [lambda: sine(990, 2.0), lambda: noise(2.0), lambda: noise(2.0) * pulses(2.0, 40, 0.008)]),
    ("fluxRatio", [lambda: noise(2.0), lambda: half(harmonic(220, 1.0), noise(1.0)) * pulses(2.0, 3, 0.2)]),
    ("combSalience", [lambda: noise(2.0), lambda: inharmonic(2.0), lambda: harmonic(220, 2.0)]),
    ("peakShare", [lambda: noise(2.0), lambda: noise(2.0) + harmonic(220, 2.0) / 4, lambda: harmonic(220, 2.0)]),
    ("spectralFlatness", [lambda: harmonic(220, 2.0), lambda: band(100, 9_000, 2.0), lambda: noise(2.0)]),
    ("activeBands", [lambda: sine(990, 2.0), lambda: harmonic(220, 2.0), lambda: noise(2.0)]),
]


@pytest.mark.parametrize(("name", "makes"), ORDERED, ids=[name for name, _ in ORDERED])
def test_a_property_grows_from_sound_to_sound(name: str, makes: list[Make]) -> None:
    values = [measured(make())[name] for make in makes]
    assert all(one < other for one, other in pairwise(values)), values


# -- what does not matter ------------------------------------------------------------------------


@pytest.mark.parametrize("decibels", [-40.0, -20.0, 6.0])
def test_loudness_changes_nothing_but_the_level(decibels: float) -> None:
    sound = np.stack([harmonic(220, 2.0) * decay(2.0, 0.6), noise(2.0) * decay(2.0, 0.9)]) * 0.3
    one, other = measured(sound), measured(sound * 10 ** (decibels / 20))
    assert one.keys() == other.keys()
    assert other.pop("level") - one.pop("level") == pytest.approx(decibels, abs=0.01)
    # flux and flatness have a fixed floor
    for name in ("spectralFlux", "spectralFlatness"):
        one.pop(name)
        other.pop(name)
    assert other == pytest.approx(one, rel=0.02, abs=0.005)


@pytest.mark.parametrize("before", [0.2, 1.234, 3.3])
def test_a_stretch_is_measured_alike_wherever_it_lies(before: float) -> None:
    sound = harmonic(glide(200, 400, 2.0), 2.0) * ramps(2.0, 0.1, 0.2) + 0.02 * noise(2.0)
    alone, later = (
        measured(between(0.1, sound, 0.1), 0.1, 2.1),
        measured(between(before, sound, 0.5), before, before + 2),
    )
    assert alone.keys() == later.keys()
    assert later == pytest.approx(alone, rel=0.08, abs=0.03)


def test_loud_neighbours_are_left_out() -> None:
    quiet = 0.1 * harmonic(440, 2.0)
    sound = np.concatenate([noise(1.0), quiet, noise(1.0)])
    inside = measured(sound, 1.15, 2.85)
    assert inside["pitch"] == pytest.approx(440, rel=0.002)
    assert inside["brightnessCentroid"] == pytest.approx(measured(quiet)["brightnessCentroid"], rel=0.05)


# -- what cannot be had --------------------------------------------------------------------------


def test_one_channel_has_no_stereo() -> None:
    assert not STEREO & measured(noise(2.0)).keys()
    assert measured(np.stack([noise(2.0), noise(2.0, 2)])).keys() >= STEREO


def test_silence_has_a_duration_and_nothing_else() -> None:
    assert measured(np.zeros(RATE)) == {"duration": 1.0}


@pytest.mark.parametrize(("kind", "length", "has"), [
    (WHOLE, 15.0, True), (WHOLE, 25.0, False), (WINDOW, 25.0, True), (OBJECT, 25.0, True), (None, 25.0, True),
])  # fmt: skip
def test_the_envelope_of_a_long_recording_is_left_out(kind: SpanKind | None, length: float, has: bool) -> None:
    with (made := heard(noise(length))).frames:
        values = made.measured(kind=kind)
    assert ("roughEnvelope" in values) is has
    assert ("attackTime" in values) is (has and kind in (OBJECT, None))


EXTREMES: dict[str, Make] = {
    "silence": lambda: np.zeros(RATE),
    "a click": lambda: between(0.2, np.ones(1), 0.3),
    "a constant": lambda: np.full(RATE, 0.3),
    "50 ms": lambda: sine(440, 0.05),
    "50 ms of noise": lambda: noise(0.05),
    "clipped noise": lambda: np.clip(10 * noise(1.0), -1, 1),
    "clipped tone": lambda: np.clip(10 * harmonic(110, 1.0), -1, 1),
    "the softest noise of 16 bits": lambda: np.sign(noise(1.0)) / 32_768,
    "a tone after long silence": lambda: between(3.0, sine(440, 0.1), 0.0),
    "two channels, one silent": lambda: np.stack([noise(1.0), np.zeros(RATE)]),
    "opposite channels": lambda: np.stack([noise(1.0), -noise(1.0)]),
}


@pytest.mark.parametrize("make", EXTREMES.values(), ids=EXTREMES.keys())
@pytest.mark.parametrize("kind", [OBJECT, WINDOW, WHOLE, None])
def test_all_values_are_finite_numbers_of_the_vocabulary(make: Make, kind: SpanKind | None) -> None:
    with (made := heard(make())).frames:
        values = made.measured(kind=kind)
    assert values.keys() <= VOCABULARY.properties.keys()
    assert all(type(value) is float and math.isfinite(value) for value in values.values())


@pytest.mark.parametrize("length", [0.001, 0.01, 0.04, 0.06, 0.1, 0.2, 0.5])
def test_the_shortest_spans_can_be_measured(length: float) -> None:
    values = measured(noise(1.0), 0.3, 0.3 + length)
    assert values["duration"] == pytest.approx(length, abs=0.001)
    assert all(math.isfinite(value) for value in values.values())


def test_a_rule_can_be_decided_only_by_properties_that_are_given() -> None:
    sound = np.stack([noise(3.0) * pulses(3.0, 7, 0.1), harmonic(220, 3.0) * pulses(3.0, 7, 0.1)])
    given = measured(between(0.1, sound, 0.2)).keys()
    asked = {condition.property for rule in VOCABULARY.rules.values() for condition in rule.conditions}
    assert asked <= given


# -- long stretches ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_pulses() -> dict[str, float]:
    """Measure more than two minutes of pulses, four a second, whose level rises for three seconds."""
    length = 130.0
    sound = 0.5 * sine(500, length) * pulses(length, 4, 0.1)
    return measured(between(0.1, sound * ramps(length, 3.0, 0.0), 0.1))


def test_the_times_of_a_stretch_of_minutes_are_not_stretched(long_pulses: dict[str, float]) -> None:
    assert long_pulses["eventRate"] == pytest.approx(4, rel=0.01)
    assert long_pulses["releaseTime"] == pytest.approx(0.1, abs=0.02)


def test_the_attack_of_a_stretch_of_minutes_is_its_own() -> None:
    sound = between(0.1, sine(500, 130.0) * ramps(130.0, 0.01, 1.0), 0.1)
    values = measured(sound)
    assert values["attackTime"] == pytest.approx(0.008, abs=0.004)
    assert values["releaseTime"] == pytest.approx(0.8, rel=0.05)
    assert values.keys() >= ENVELOPE
