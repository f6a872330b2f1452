"""From a sound file to claims: what is claimed of sounds made for it, and what must not be."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ingest.decode import blocks, scan
from ingest.features import analyse
from ingest.frames import Frames
from ingest.measure import measure
from ingest.rules import CLAIM, claims
from ingest.segment import segment
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Span
from ontology.vocabulary import load_vocabulary
from tests.synth import (
    RATE,
    Sound,
    band,
    between,
    cluster,
    correlated,
    decay,
    glide,
    harmonic,
    inharmonic,
    noise,
    panned,
    pulses,
    ramps,
    sine,
    times,
    write,
)

VOCABULARY = load_vocabulary()
TABLE = Path(__file__).parent / "data" / "claims.csv"
"""Sound, kind of span, concepts that must be claimed of it, concepts that must not be."""

Make = Callable[[], Sound]


def swell(length: float) -> Sound:
    return (np.minimum(times(length), length - times(length)) / (length / 2)) ** 2


def row_of_tones() -> Sound:
    return np.concatenate([harmonic(hertz, 0.25) for hertz in (220, 330, 262, 440, 196, 294, 350, 247)])


def opening(start: float, end: float) -> Sound:
    return cluster(1_000, np.linspace(start, end, 2 * RATE), 2.0, 200) * ramps(2.0, 0.03, 0.03)


def image(start: float, end: float) -> Sound:
    return correlated(noise(4.0, 1), noise(4.0, 2), np.linspace(start, end, 4 * RATE)) * ramps(4.0, 0.05, 0.05)


def held(attack: float, end: float) -> Sound:
    """Return a tone whose level rises and falls from 10 % to 90 % in the given times."""
    return harmonic(330, 2.5) * ramps(2.5, attack / 0.8, end / 0.8)


def swelled(length: float, rise: float, fall: float) -> Sound:
    """Return a level that swells quickly to three times what it then keeps."""
    since = times(length)
    return np.interp(since, [0, rise, rise + fall, length - 0.1, length], [0, 1, 0.33, 0.33, 0])


def arch(ends: float, top: float, length: float) -> Sound:
    """Return a course that rises from a frequency to another and falls back, both in Hz."""
    return np.asarray(ends * (top / ends) ** (1 - (2 * times(length) / length - 1) ** 2))


def knock(length: float, at: float) -> Sound:
    """Return a short burst of noise at a time within a length."""
    since = times(length) - at
    return noise(length) * np.where(since >= 0, 10.0 ** (-np.maximum(since, 0) / 0.05), 0.0)


KNOCKS = (0.0, 0.1, 0.33, 0.41, 0.64, 0.86, 0.95, 1.19)
"""Seconds; intervals between 0.08 and 0.24."""

SOUNDS: dict[str, Make] = {
    "plucked string": lambda: harmonic(220, 1.5) * decay(1.5, 0.3),
    "long plucked string": lambda: harmonic(220, 4.0) * decay(4.0, 1.5),
    "knock": lambda: band(500, 8_000, 0.2) * decay(0.2, 0.04),
    "click": lambda: noise(0.004),
    "gong": lambda: inharmonic(5.0) * decay(5.0, 2.0),
    "held noise": lambda: noise(3.0) * ramps(3.0, 0.5, 0.6),
    "noise switched on and off": lambda: noise(2.0, 3),
    "held tone": lambda: harmonic(220, 3.0) * ramps(3.0, 0.1, 0.15),
    "swell": lambda: harmonic(220, 4.0) * swell(4.0),
    "turned round": lambda: harmonic(220, 2.0) * decay(2.0, 1.0)[::-1],
    "crescendo": lambda: harmonic(110, 3.0) * np.linspace(0.1, 1, 3 * RATE) * ramps(3.0, 0.03, 0.03),
    "decrescendo": lambda: harmonic(110, 3.0) * np.linspace(1, 0.1, 3 * RATE) * ramps(3.0, 0.03, 0.03),
    "rising tone": lambda: harmonic(glide(200, 800, 2.0), 2.0) * ramps(2.0, 0.03, 0.04),
    "falling tone": lambda: harmonic(glide(800, 200, 2.0), 2.0) * ramps(2.0, 0.03, 0.04),
    "low sine": lambda: np.stack([sine(300, 2.0) * ramps(2.0, 0.05, 0.05)] * 2),
    "low drone": lambda: harmonic(60, 6.0) * ramps(6.0, 0.5, 1.0),
    "hiss": lambda: band(5_000, 12_000, 6.0) * ramps(6.0, 0.5, 1.0),
    "narrow noise": lambda: band(1_090, 1_300, 2.0) * ramps(2.0, 0.05, 0.05),
    "band that opens": lambda: opening(0.3, 4),
    "band that closes": lambda: opening(4, 0.3),
    "band that rises": lambda: cluster(glide(500, 4_000, 2.0), 0.5, 2.0) * ramps(2.0, 0.03, 0.03),
    "band that falls": lambda: cluster(glide(4_000, 500, 2.0), 0.5, 2.0) * ramps(2.0, 0.03, 0.03),
    "low band that rises": lambda: cluster(glide(200, 1_600, 2.0), 0.5, 2.0) * ramps(2.0, 0.03, 0.03),
    "grains": lambda: noise(2.0) * pulses(2.0, 40, 0.008),
    "repeated tone": lambda: harmonic(300, 2.0) * pulses(2.0, 8, 0.05),
    "repeated noise": lambda: noise(2.0) * pulses(2.0, 6, 0.05),
    "row of tones": lambda: row_of_tones() * ramps(2.0, 0.02, 0.02),
    "wide noise": lambda: image(0, 0),
    "narrow image": lambda: image(1, 1),
    "opening image": lambda: image(1, 0),
    "closing image": lambda: image(0, 1),
    "moving noise": lambda: panned(noise(3.0) * ramps(3.0, 0.05, 0.05), np.linspace(-1, 1, 3 * RATE)),
    "moving tone": lambda: panned(harmonic(220, 3.0) * ramps(3.0, 0.05, 0.05), np.linspace(1, -1, 3 * RATE)),
    "mono tone": lambda: harmonic(220, 2.0) * ramps(2.0, 0.05, 0.05),
    **{f"attack of {ms} ms": partial(held, ms / 1000, 0.2) for ms in (5, 35, 120, 600)},
    **{f"end of {ms} ms": partial(held, 0.03, ms / 1000) for ms in (4, 45, 250, 1200)},
    "tone with a swelled onset": lambda: harmonic(220, 2.5) * swelled(2.5, 0.15, 0.35),
    "tone with a sforzando": lambda: harmonic(220, 2.5) * swelled(2.5, 0.06, 0.2),
    "irregular knocks": lambda: sum((knock(2.0, at) for at in KNOCKS), np.zeros(2 * RATE)),
    "arch": lambda: harmonic(arch(200, 600, 3.0), 3.0) * ramps(3.0, 0.05, 0.05),
    "trough": lambda: harmonic(arch(600, 200, 3.0), 3.0) * ramps(3.0, 0.05, 0.05),
    "swinging sine": lambda: sine(400 * 2 ** (0.4 * sine(1, 4.0)), 4.0) * ramps(4.0, 0.05, 0.05),
    "stroke that rises in 10 ms": lambda: harmonic(220, 1.5) * decay(1.5, 0.4) * ramps(1.5, 0.0125, 0.01),
    "stroke that rises in 28 ms": lambda: harmonic(220, 1.5) * decay(1.5, 0.4) * ramps(1.5, 0.035, 0.01),
    "plucked and stopped short": lambda: harmonic(330, 0.12) * decay(0.12, 0.1),
    "gong cut off": lambda: inharmonic(1.5) * decay(1.5, 2.0) * ramps(1.5, 0.0005, 0.004),
    "repeated tone that climbs": lambda: harmonic(glide(200, 800, 2.0), 2.0) * pulses(2.0, 6, 0.05),
    "white noise": lambda: noise(2.0),
    "middle band": lambda: band(500, 2_000, 2.0),
}


@dataclass(frozen=True)
class Case:
    """A row of the table."""

    sound: str
    span: SpanKind
    must: frozenset[str]
    must_not: frozenset[str]


def cases() -> list[Case]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Case(
                row["sound"], SpanKind(row["span"]), frozenset(row["must"].split()), frozenset(row["must_not"].split())
            )
            for row in csv.DictReader(file)
        ]


CASES = cases()


def claimed(path: Path) -> dict[Span, list[Claim]]:
    """Describe a sound file as the measured describer does, and return the claims by span."""
    scanned = scan(path)
    with Frames(analyse(blocks(path)), scanned.recording.channels) as frames:
        frames.cut(float(scanned.recording.duration))
        return {
            span: claims(span, measure(frames, span), VOCABULARY) for span in segment(scanned.recording, frames).spans
        }


def of_kind(made: dict[Span, list[Claim]], kind: SpanKind) -> list[set[str]]:
    return [{claim.concept for claim in on_span} for span, on_span in made.items() if span.kind is kind]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.sound}, {case.span}" for case in CASES])
def test_a_sound_is_claimed_to_be_what_it_was_made_to_be(tmp_path: Path, case: Case) -> None:
    made = claimed(write(tmp_path / "sound.wav", between(0.3, SOUNDS[case.sound](), 0.4)))
    spans = of_kind(made, case.span)
    assert len(spans) == 1
    assert case.must <= spans[0]
    assert not case.must_not & spans[0]


@pytest.mark.parametrize("concept", VOCABULARY.rules)
def test_every_concept_has_a_sound_with_it_and_one_without(concept: str) -> None:
    assert any(concept in case.must for case in CASES)
    assert any(concept in case.must_not for case in CASES)


def test_the_table_names_known_sounds_and_concepts() -> None:
    assert {case.sound for case in CASES} == set(SOUNDS)
    for case in CASES:
        assert case.must | case.must_not <= VOCABULARY.rules.keys()
        assert not case.must & case.must_not


def test_claims_rest_on_what_was_measured_and_say_how_sure_they_are(tmp_path: Path) -> None:
    sound = between(0.3, np.stack([harmonic(220, 6.0), noise(6.0)]) * decay(6.0, 1.5), 0.4)
    made = [claim for on_span in claimed(write(tmp_path / "sound.wav", sound)).values() for claim in on_span]
    assert len(made) > 10
    for claim in made:
        rule = VOCABULARY.rules[claim.concept]
        assert claim.span.kind in rule.spans
        assert claim.aspect == rule.aspect
        assert CLAIM <= claim.confidence <= 1
        assert claim.confidence_kind is ConfidenceKind.RULE_MARGIN
        assert set(claim.based_on) == {condition.property for condition in rule.conditions}


def test_strokes_over_a_drone_are_sharp_and_the_drone_goes_on(tmp_path: Path) -> None:
    sound = 0.1 * sine(110, 6.0) * ramps(6.0, 0.5, 0.5)
    for number, start in enumerate((1.5, 3.0, 4.5)):
        stroke = harmonic(440 * (number + 1), 0.8) * decay(0.8, 0.3) * ramps(0.8, 0.003, 0.003)
        sound[round(start * RATE) : round(start * RATE) + len(stroke)] += stroke
    drone, *strokes = of_kind(claimed(write(tmp_path / "sound.wav", sound)), SpanKind.DETECTED_OBJECT)
    ends = {concept for concept in VOCABULARY.rules if concept.startswith("dsOffset")}
    assert "thOnsetGradual" in drone
    assert not ends & drone
    assert len(strokes) == 3
    assert all("thOnsetSharp" in stroke and "dsOffsetSuddenStop" not in stroke for stroke in strokes)


def test_each_window_is_described_by_itself(tmp_path: Path) -> None:
    sound = np.concatenate([harmonic(60, 5.0), band(5_000, 12_000, 5.0)])
    first, second = of_kind(claimed(write(tmp_path / "sound.wav", sound)), SpanKind.FIXED_WINDOW)
    assert {"root", "dark", "harmonicSpectrum", "sustainedMotion", "planeMotion"} <= first
    assert {"canopy", "bright", "sustainedMotion", "planeMotion"} <= second
    assert not {"root", "dark", "harmonicSpectrum"} & second
    assert not {"canopy", "bright"} & first


def test_contrary_claims_are_never_made_of_one_span(tmp_path: Path) -> None:
    contraries = [
        {"thOnsetSharp", "thOnsetMarked", "thOnsetGradual"},
        {"dsOffsetSuddenStop", "dsOffsetMarked", "dsOffsetSoft", "dsOffsetFadeOut"},
        {"spectralNote", "node", "spectralNoise"}, {"harmonicSpectrum", "inharmonicSpectrum"},
        {"granularNoise", "saturateNoise"}, {"sustainedMotion", "granularMotion", "iterativeMotion"},
        {"ascent", "descent", "planeMotion"}, {"dilation", "contraction"}, {"bright", "dark"},
        {"brightening", "darkening"}, {"dense", "sparse"}, {"smoothFlow", "unevenFlow"}, {"wideImage", "narrowImage"},
        {"widening", "narrowing"}, {"attackImpulse", "attackDecay", "graduatedContinuant"},
    ]  # fmt: skip
    random = np.random.default_rng(5)
    sound = np.zeros((2, 30 * RATE))
    for start in np.sort(random.uniform(0, 27, 25)):
        length = float(random.uniform(0.1, 2.5))
        matter = (harmonic, sine, lambda hertz, seconds: band(hertz, 8 * hertz, seconds))[int(random.integers(3))]
        level = (decay(length, length / 3), ramps(length, length / 3, length / 5))[int(random.integers(2))]
        event = matter(float(random.uniform(80, 1_200)), length) * level * random.uniform(0.1, 1)
        first = round(float(start) * RATE)
        sound[:, first : first + len(event)] += panned(event, float(random.uniform(-1, 1)))
    made = claimed(write(tmp_path / "sound.wav", sound))
    assert len(of_kind(made, SpanKind.DETECTED_OBJECT)) > 8
    for concepts in (claim for kind in SpanKind for claim in of_kind(made, kind)):
        for contrary in contraries:
            assert len(contrary & concepts) <= 1
