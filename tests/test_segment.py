"""Spans: what is one sound object and what is two, where it begins and ends, and windows without gaps."""

from collections.abc import Callable
from itertools import pairwise, permutations

import numpy as np
import pytest

from ingest.segment import MIN_OBJECT_SECONDS, WINDOW_SECONDS, segment
from ontology.terms import SpanKind
from tests.synth import (
    RATE,
    Sound,
    band,
    between,
    cluster,
    decay,
    glide,
    harmonic,
    heard,
    inharmonic,
    noise,
    objects,
    pulses,
    ramps,
    sine,
    times,
)

LEAD = 0.4
"""Silence before each sound, in seconds."""
FRAME = 0.02
"""Seconds: what an object's end is rounded to."""

Make = Callable[[], Sound]


def note(hertz: float, length: float = 0.5) -> Sound:
    return harmonic(hertz, length) * decay(length, 0.4) * ramps(length, 0.003, 0.01)


def melody(starts: list[float], length: float = 5.0) -> Sound:
    """Return plucked notes at the given times."""
    sound = np.zeros(round(length * RATE))
    for number, start in enumerate(starts):
        plucked = note(220 * 2 ** (number * 7 % 12 / 12))
        first = round(start * RATE)
        sound[first : first + len(plucked)] += plucked
    return sound


def bell() -> Sound:
    time = times(6.0)
    modes = [(1, 1), (2.76, 0.6), (5.4, 0.4), (8.93, 0.25)]
    partials = [level * sine(300 * ratio, 6.0) * 10 ** (-time * ratio / 3) for ratio, level in modes]
    return np.asarray(np.sum(partials, axis=0))


def swell(length: float) -> Sound:
    return np.minimum(times(length), length - times(length)) / (length / 2)


# -- one object ----------------------------------------------------------------------------------

ONE: dict[str, Make] = {
    "a plucked note": lambda: note(220, 1.0),
    "a bell": bell,
    "a held tone": lambda: harmonic(220, 2.0) * ramps(2.0, 0.02, 0.05),
    "held noise": lambda: noise(2.0) * ramps(2.0, 0.02, 0.05),
    "a slow harmonic glissando": lambda: harmonic(glide(200, 800, 4.0), 4.0) * ramps(4.0, 0.03, 0.05),
    "a quick harmonic glissando": lambda: harmonic(glide(200, 800, 0.5), 0.5) * ramps(0.5, 0.03, 0.05),
    "a falling harmonic glissando": lambda: harmonic(glide(800, 200, 2.0), 2.0) * ramps(2.0, 0.03, 0.05),
    "a sine that glides three octaves": lambda: sine(glide(200, 1_600, 2.0), 2.0) * ramps(2.0, 0.03, 0.05),
    "a noise that glides three octaves": lambda: cluster(glide(300, 2_400, 2.0), 0.5, 2.0) * ramps(2.0, 0.03, 0.05),
    "a band that opens": lambda: cluster(1_000, np.linspace(0.3, 4, 2 * RATE), 2.0, 200) * ramps(2.0, 0.03, 0.03),
    "pulses, five a second": lambda: noise(2.0) * pulses(2.0, 5, 0.05),
    "tones, eight a second": lambda: harmonic(300, 2.0) * pulses(2.0, 8, 0.03),
    "grains, thirty a second": lambda: noise(2.0) * pulses(2.0, 30, 0.01),
    "a tremolo": lambda: harmonic(220, 3.0) * (1 + 0.8 * sine(5, 3.0)) / 2,
    "a vibrato": lambda: harmonic(440 * 2 ** (0.04 * sine(6, 3.0)), 3.0) * ramps(3.0, 0.05, 0.05),
    "beating": lambda: (sine(200, 4.0) + sine(202, 4.0)) * ramps(4.0, 0.05, 0.05),
    "a swell of a tone": lambda: harmonic(220, 3.0) * swell(3.0),
    "a swell of noise": lambda: noise(3.0) * swell(3.0),
    "a long fade": lambda: noise(8.0) * decay(8.0, 5.0),
    "a sound turned round": lambda: noise(2.0) * decay(2.0, 1.0)[::-1],
    "a tone with a gap of 50 ms": lambda: harmonic(220, 2.0) * np.where(np.abs(times(2.0) - 1) < 0.025, 0, 1),
    "one click": lambda: np.ones(1),
    "5 ms of noise": lambda: noise(0.005),
    "30 ms of noise": lambda: noise(0.03),
}


@pytest.mark.parametrize("make", ONE.values(), ids=ONE.keys())
def test_one_sound_is_one_object_from_its_start_to_its_end(make: Make) -> None:
    sound = make()
    found = objects(between(LEAD, sound, 0.5))
    assert len(found) == 1, found
    level = np.sqrt(np.mean(np.pad(sound, (0, -len(sound) % 960)).reshape(-1, 960) ** 2, axis=1))
    loud = np.flatnonzero(level > 0.01 * level.max()) * FRAME + LEAD
    start, end = found[0]
    assert start == pytest.approx(loud[0], abs=0.03)
    assert loud[-1] <= end <= max(loud[-1] + 3.5 * FRAME, start + MIN_OBJECT_SECONDS)


@pytest.mark.parametrize("start", [0.3, 0.3049, 0.31, 0.3137, 0.317, 0.3199])
@pytest.mark.parametrize("make", [lambda: noise(0.004), lambda: note(330), lambda: noise(1.0)],
                         ids=["a click", "a note", "noise"])  # fmt: skip
def test_a_sharp_attack_is_found_to_two_milliseconds(make: Make, start: float) -> None:
    found = objects(between(start, make(), 0.4))
    assert len(found) == 1
    assert found[0][0] == pytest.approx(start, abs=0.0025)


def test_a_click_that_stands_alone_is_an_object_of_the_least_length() -> None:
    starts = [0.3, 1.005, 1.71, 2.4137]
    sound = np.zeros(3 * RATE)
    sound[[round(start * RATE) for start in starts]] = 0.9
    found = objects(sound)
    assert [start for start, _ in found] == pytest.approx(starts, abs=0.0025)
    assert [end - start for start, end in found] == pytest.approx([MIN_OBJECT_SECONDS] * 4, abs=0.011)


@pytest.mark.parametrize(
    "make", [lambda: harmonic(110, 130.0, range(1, 4)), lambda: noise(130.0)], ids=["tone", "noise"]
)
def test_a_constant_sound_of_minutes_is_one_object(make: Make) -> None:
    assert objects(make()) == [(0.0, 130.0)]


# -- more than one -------------------------------------------------------------------------------

STARTS = [0.5, 1.3, 2.0, 3.1, 4.0]


def test_notes_are_found_where_they_were_put() -> None:
    found = objects(melody(STARTS))
    assert [start for start, _ in found] == pytest.approx(STARTS, abs=0.003)
    assert [end - start for start, end in found] == pytest.approx([0.5] * len(STARTS), abs=0.03)


@pytest.mark.parametrize(("drone", "tolerance"), [(0.02, 0.003), (0.05, 0.003), (0.2, 0.021)])
def test_notes_are_found_over_a_drone(drone: float, tolerance: float) -> None:
    sound = melody(STARTS) + drone * harmonic(65, 5.0) * ramps(5.0, 0.3, 0.3)
    found = [start for start, _ in objects(sound) if start > 0.3]
    assert found == pytest.approx(STARTS, abs=tolerance)


def test_notes_are_found_in_hiss() -> None:
    found = [start for start, _ in objects(melody(STARTS) + 0.05 * noise(5.0)) if start > 0.3]
    assert found == pytest.approx(STARTS, abs=0.003)


@pytest.mark.parametrize("rate", [1.0, 1.5, 2.0, 2.5])
def test_slow_pulses_are_objects_each(rate: float) -> None:
    found = objects(between(LEAD, noise(4.0) * pulses(4.0, rate, 0.1), 0.4))
    assert [start for start, _ in found] == pytest.approx(LEAD + np.arange(4 * rate) / rate, abs=0.003)


def test_sounds_with_a_gap_between_are_two() -> None:
    tone = harmonic(220, 1.0) * ramps(1.0, 0.005, 0.005)
    found = objects(np.concatenate([np.zeros(RATE // 2), tone, np.zeros(RATE // 5), tone, np.zeros(RATE // 2)]))
    assert np.ravel(found) == pytest.approx([0.5, 1.5, 1.7, 2.7], abs=0.03)


def test_a_sound_that_grows_louder_at_once_is_two() -> None:
    tone = harmonic(220, 1.5)
    found = objects(between(LEAD, np.concatenate([0.2 * tone, tone]), 0.4))
    assert [start for start, _ in found] == pytest.approx([LEAD, LEAD + 1.5], abs=0.003)


MATTERS: dict[str, Make] = {
    "tone": lambda: 0.5 * harmonic(220, 1.5),
    "noise": lambda: noise(1.5),
    "low": lambda: band(100, 400, 1.5),
    "high": lambda: band(3_000, 8_000, 1.5),
    "sine": lambda: 0.3 * sine(500, 1.5),
    "gong": lambda: 0.5 * inharmonic(1.5),
}
UNHEARD = {
    ("tone", "sine"), ("tone", "gong"), ("noise", "high"), ("gong", "sine"),
}  # fmt: skip
"""Pairs whose second sound brings too little that was not there before."""
PAIRS = [pair for pair in permutations(MATTERS, 2) if pair not in UNHEARD]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_two_different_sounds_that_abut_are_two_objects(first: str, second: str) -> None:
    found = objects(between(LEAD, np.concatenate([MATTERS[first](), MATTERS[second]()]), 0.4))
    assert len(found) == 2
    assert [start for start, _ in found] == pytest.approx([LEAD, LEAD + 1.5], abs=0.09)
    assert found[0][1] == pytest.approx(found[1][0], abs=0.001)


UNDER: dict[str, tuple[Make, Make]] = {
    "a soft tone under noise": (lambda: noise(3.0), lambda: 0.3 * harmonic(220, 1.5)),
    "a high band under a tone": (lambda: 0.5 * harmonic(220, 3.0), lambda: 0.15 * band(3_000, 8_000, 1.5)),
    "a low tone under a high band": (lambda: band(3_000, 8_000, 3.0), lambda: 0.2 * harmonic(110, 1.5)),
}


@pytest.mark.parametrize("name", UNDER)
def test_what_enters_softly_under_a_sound_that_goes_on_begins_an_object(name: str) -> None:
    above, below = (make() for make in UNDER[name])
    sound = above * ramps(3.0, 0.02, 0.05)
    assert len(objects(between(LEAD, sound, 0.4))) == 1
    sound[round(1.2 * RATE) : round(1.2 * RATE) + len(below)] += below * ramps(1.5, 0.01, 0.05)
    assert [start for start, _ in objects(between(LEAD, sound, 0.4))] == pytest.approx([LEAD, LEAD + 1.2], abs=0.09)


@pytest.mark.parametrize("name", MATTERS)
def test_a_sound_that_follows_itself_is_one_object(name: str) -> None:
    sound = MATTERS[name]()
    assert len(objects(between(LEAD, np.concatenate([sound, sound]), 0.4))) == 1


# -- silence -------------------------------------------------------------------------------------


def test_silence_at_the_ends_belongs_to_no_object() -> None:
    found = objects(between(2.0, harmonic(220, 1.0) * ramps(1.0, 0.01, 0.01), 3.0))
    assert len(found) == 1
    assert found[0] == pytest.approx((2.0, 3.0), abs=0.03)


@pytest.mark.parametrize("sound", [np.zeros(2 * RATE), np.sign(noise(2.0)) / 65_536], ids=["digital", "dither"])
def test_silence_has_no_object(sound: Sound) -> None:
    assert objects(sound) == []


def test_hiss_far_below_the_sound_is_no_object() -> None:
    sound = melody([1.0, 3.0]) + 1e-4 * noise(5.0)
    assert [start for start, _ in objects(sound)] == pytest.approx([1.0, 3.0], abs=0.003)


# -- all spans -----------------------------------------------------------------------------------

ANY: dict[str, Make] = {
    "a melody": lambda: melody(STARTS),
    "a melody in hiss": lambda: melody(STARTS) + 0.02 * noise(5.0),
    "random clicks": lambda: np.where(np.random.default_rng(4).random(6 * RATE) < 2e-5, 0.9, 0.0),
    "a few random notes": lambda: melody(sorted(np.random.default_rng(8).uniform(0, 9, 30).tolist()), 10.0),
    "clipped noise": lambda: np.clip(10 * noise(3.0), -1, 1),
    "50 ms": lambda: sine(440, 0.05),
    "silence": lambda: np.zeros(RATE),
    "a sound that breaks off": lambda: between(0.3, noise(1.0), 0.0),
    "grains": lambda: noise(7.0) * pulses(7.0, 9, 0.02),
}


@pytest.mark.parametrize("make", ANY.values(), ids=ANY.keys())
def test_objects_lie_in_the_recording_in_order_and_apart(make: Make) -> None:
    with (made := heard(make())).frames:
        spans = made.segmented()
        duration = made.recording.duration
    assert spans.whole.start == 0
    assert spans.whole.end == duration
    assert spans.spans == (spans.whole, *spans.windows, *spans.objects)
    assert all(span.kind is SpanKind.DETECTED_OBJECT for span in spans.objects)
    assert all(0 <= span.start < span.end <= duration for span in spans.spans)
    assert all(one.end <= other.start for one, other in pairwise(spans.objects))


@pytest.mark.parametrize("length", [0.05, 4.9, 5.0, 5.1, 7.49, 7.51, 9.999, 10.0, 12.4, 12.6, 33.3])
@pytest.mark.parametrize("window", [WINDOW_SECONDS, 2.0, 0.7])
def test_windows_tile_the_recording_and_the_last_takes_a_short_rest(length: float, window: float) -> None:
    with (made := heard(np.zeros(round(length * RATE)))).frames:
        windows = segment(made.recording, made.frames, window).windows
        duration = float(made.recording.duration)
    if duration < 1.5 * window:
        assert windows == ()
        return
    edges = [float(windows[0].start), *[float(span.end) for span in windows]]
    assert edges[0] == 0
    assert edges[-1] == duration
    assert all(one.end == other.start for one, other in pairwise(windows))
    lengths = np.diff(edges)
    assert lengths[:-1] == pytest.approx(window, abs=0.0011)
    assert 0.5 * window - 0.001 <= lengths[-1] < 1.5 * window + 0.001
