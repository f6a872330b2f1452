"""The envelope: attacks, ends, decays, plateaus, pulses and grain of sounds made with known ones."""

from collections.abc import Callable

import numpy as np
import pytest

from ingest.envelope import EDGE_SECONDS, envelope_properties
from tests.synth import RATE, Sound, band, between, cluster, decay, harmonic, noise, pulses, ramps, sine, times

HOP = 0.002
SAMPLES = round(HOP * RATE)
EDGE = round(EDGE_SECONDS / HOP)

Carrier = Callable[[float], Sound]
CARRIERS: dict[str, Carrier] = {
    "tone": lambda length: sine(440, length),
    "harmonic tone": lambda length: harmonic(220, length),
    "noise": noise,
}


def power(sound: Sound) -> Sound:
    """Return the mean square over each 2 ms."""
    return np.asarray((sound[: len(sound) // SAMPLES * SAMPLES] ** 2).reshape(-1, SAMPLES).mean(axis=1))


def properties(sound: Sound, floor: float = 0.0) -> dict[str, float]:
    """Measure a sound object that stands in silence, or in noise of the given RMS."""
    placed = between(EDGE_SECONDS, sound, EDGE_SECONDS)
    placed = placed + floor * noise(len(placed) / RATE, 77) / 0.2
    return envelope_properties(power(placed), HOP, (EDGE, EDGE))


def exponential_rise(length: float, attack: float) -> Sound:
    """Return a level that rises evenly in decibels from -40 dB, then stays."""
    return 10.0 ** (-2 * np.clip(1 - times(length) / attack, 0, 1))


# -- attack and end ------------------------------------------------------------------------------

ATTACKS = [0.002, 0.01, 0.03, 0.1, 0.4, 0.8]
LINEAR, EXPONENTIAL = 0.8, np.log10(9) / 2
"""Share of a rise that lies between 10 % and 90 % of its end."""


def within(found: float, expected: float, flicker: float) -> bool:
    """Say whether a time is right to 6 % and 7 ms (envelope and hop), and what the flicker of a noise may add."""
    return -0.06 * expected - 0.002 <= found - expected <= 0.06 * expected + 0.007 + flicker


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CARRIERS)
def test_the_attack_time_of_a_straight_rise_is_found(name: str, attack: float) -> None:
    found = properties(CARRIERS[name](2.0) * ramps(2.0, attack, 0.3))["attackTime"]
    assert within(found, LINEAR * attack, 0.008 if name == "noise" else 0.0), found


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", CARRIERS)
def test_the_attack_time_of_a_rise_even_in_decibels_is_found(name: str, attack: float) -> None:
    level = exponential_rise(2.0, attack) * ramps(2.0, 0.0, 0.3)
    found = properties(CARRIERS[name](2.0) * level)["attackTime"]
    assert within(found, EXPONENTIAL * attack, 0.012 if name == "noise" else 0.0), found


@pytest.mark.parametrize("release", ATTACKS)
@pytest.mark.parametrize("name", CARRIERS)
def test_the_release_time_of_a_straight_fall_is_found(name: str, release: float) -> None:
    found = properties(CARRIERS[name](2.0) * ramps(2.0, 0.1, release))["releaseTime"]
    assert within(found, LINEAR * release, 0.008 if name == "noise" else 0.0), found


@pytest.mark.parametrize("attack", [0.002, 0.03, 0.1, 0.4])
def test_the_attack_of_white_noise_is_right_whatever_the_noise(attack: float) -> None:
    found = [properties(noise(1.5, seed) * ramps(1.5, attack, 0.2))["attackTime"] for seed in range(12)]
    assert np.median(found) == pytest.approx(LINEAR * attack, rel=0.06, abs=0.007)
    assert max(found) <= LINEAR * attack * 1.15 + 0.014


@pytest.mark.parametrize("attack", [0.1, 0.4])
def test_the_attack_of_a_band_of_noise_is_right_on_average(attack: float) -> None:
    sounds = [band(700, 1_400, 1.5, seed) * ramps(1.5, attack, 0.2) for seed in range(12)]
    found = [properties(sound)["attackTime"] for sound in sounds]
    assert np.median(found) == pytest.approx(LINEAR * attack, rel=0.2)


def test_a_longer_attack_is_never_found_shorter() -> None:
    attacks = 0.002 * 1.5 ** np.arange(15)
    found = [properties(harmonic(330, 2.0) * ramps(2.0, attack, 0.1))["attackTime"] for attack in attacks]
    assert np.diff(found).min() >= 0


@pytest.mark.parametrize("below", [-10.0, -14.0, -20.0])
def test_a_stroke_over_a_drone_keeps_its_attack_time(below: float) -> None:
    stroke = decay(1.0, 0.5) * harmonic(440, 1.0) * ramps(1.0, 0.01, 0.0)
    drone = 10 ** (below / 20) * np.sqrt(2 * np.mean(harmonic(440, 1.0) ** 2)) * sine(110, 1.0 + 2 * EDGE_SECONDS)
    values = envelope_properties(power(between(EDGE_SECONDS, stroke, EDGE_SECONDS) + drone), HOP, (EDGE, EDGE))
    assert values["attackTime"] == pytest.approx(0.008, abs=0.006)
    assert values["onsetFloor"] == pytest.approx(-below, abs=4)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3])
def test_a_sound_that_goes_on_after_its_span_has_no_release(seconds: float) -> None:
    lead = power(between(EDGE_SECONDS, harmonic(220, 1.0 + seconds), 0.0))
    after = min(EDGE, round(seconds / HOP))
    values = envelope_properties(lead[: EDGE + round(1.0 / HOP) + after], HOP, (EDGE, after))
    assert "releaseTime" not in values
    assert "decayTime" not in values


def test_what_follows_loudly_hides_the_release() -> None:
    sound = np.concatenate([0.2 * harmonic(220, 1.0) * ramps(1.0, 0.01, 0.3), noise(EDGE_SECONDS)])
    values = envelope_properties(power(between(EDGE_SECONDS, sound, 0.0)), HOP, (EDGE, EDGE))
    assert "releaseTime" not in values
    assert values["attackTime"] == pytest.approx(0.008, abs=0.006)


def test_the_last_pulse_of_many_is_the_release() -> None:
    found = properties(noise(2.0) * pulses(2.0, 8, 0.05))
    assert found["releaseTime"] == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("floor", [0.0, 0.001, 0.01])
def test_the_floor_is_how_far_the_level_lies_below_before_the_attack(floor: float) -> None:
    found = properties(noise(1.0), floor)["onsetFloor"]
    expected = 20 * np.log10(0.2 / floor) if floor else 120.0
    assert found == pytest.approx(expected, abs=3)


# -- decay ---------------------------------------------------------------------------------------

DECAYS = [0.03, 0.1, 0.3, 1.0, 3.0]


@pytest.mark.parametrize("to_20_db", DECAYS)
@pytest.mark.parametrize("name", CARRIERS)
def test_the_time_to_minus_20_db_is_found(name: str, to_20_db: float) -> None:
    length = 2.5 * to_20_db
    found = properties(CARRIERS[name](length) * decay(length, to_20_db))
    assert found["decayTime"] == pytest.approx(to_20_db, rel=0.05, abs=0.01)
    assert found["decayFit"] > 0.98
    assert found["attackTime"] <= 0.008


def test_a_sound_that_never_falls_20_db_has_no_decay_time() -> None:
    falling = between(EDGE_SECONDS, noise(1.0) * 10.0 ** (-0.75 * times(1.0)), 0.0)
    assert "decayTime" not in envelope_properties(power(falling), HOP, (EDGE, 0))


def test_a_decay_in_two_slopes_fits_worse_than_an_even_one() -> None:
    even = decay(2.0, 0.6)
    bent = np.where(times(2.0) < 0.15, decay(2.0, 0.15), 0.1 * decay(2.0, 2.0) / decay(2.0, 2.0)[round(0.15 * RATE)])
    found = {name: properties(noise(2.0) * level)["decayFit"] for name, level in (("even", even), ("bent", bent))}
    assert found["even"] > 0.99
    assert found["bent"] < 0.8


@pytest.mark.parametrize("rate", [4, 8])
def test_pulses_of_one_loudness_are_no_decay(rate: int) -> None:
    found = properties(noise(2.0) * pulses(2.0, rate, 0.05))
    assert found["decayFit"] < 0.1


def test_a_plateau_is_no_decay() -> None:
    assert properties(noise(2.0) * ramps(2.0, 0.01, 0.02))["decayFit"] < 0.3


def test_a_rise_is_no_decay() -> None:
    values = properties(between(0.0, noise(2.0) * decay(2.0, 1.0)[::-1], 0.05))
    assert values["decayTime"] < 0.05
    assert values["releaseTime"] <= 0.008


# -- shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("plateau", [0.1, 0.3, 0.6, 0.9])
def test_the_plateau_is_the_time_within_6_db(plateau: float) -> None:
    ramp = (1 - plateau) * 2.0
    found = properties(harmonic(220, 2.0) * ramps(2.0, ramp / 2, ramp / 2))
    # half of each straight ramp lies within 6 dB
    assert found["plateauShare"] == pytest.approx(plateau + (1 - plateau) / 2, abs=0.04)


@pytest.mark.parametrize("peak", [0.1, 0.3, 0.5, 0.7, 0.95])
def test_the_peak_is_where_it_is(peak: float) -> None:
    length = 3.0
    level = np.minimum(times(length) / (peak * length), (length - times(length)) / ((1 - peak) * length))
    found = properties(harmonic(220, length) * level)
    assert found["peakPosition"] == pytest.approx(peak, abs=0.03)
    assert found["riseShare"] == pytest.approx(peak * 10 ** (-3 / 20), abs=0.03)
    assert found["fallShare"] == pytest.approx((1 - peak) * 10 ** (-3 / 20), abs=0.03)


# -- level ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [-24.0, -6.0, 6.0, 12.0, 24.0])
def test_the_level_changes_by_what_it_was_made_to(change: float) -> None:
    found = properties(noise(2.0) * 10 ** (change / 20 * times(2.0) / 2.0))
    assert found["levelChange"] == pytest.approx(change, abs=0.5)
    assert found["levelTrend"] == pytest.approx(np.sign(change), abs=0.06)
    assert found["levelRange"] == pytest.approx(0.72 * abs(change), abs=1.0)


def test_a_steady_level_has_no_trend() -> None:
    found = properties(noise(3.0))
    assert abs(found["levelChange"]) < 0.5
    assert abs(found["levelTrend"]) < 0.3
    assert found["levelRange"] < 1


# -- pulses --------------------------------------------------------------------------------------

RATES = [2, 3, 5, 8, 12, 20, 30, 40]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", CARRIERS)
def test_the_rate_of_pulses_is_found(name: str, rate: int) -> None:
    found = properties(CARRIERS[name](3.0) * pulses(3.0, rate, 0.25 / rate))
    assert found["eventRate"] == pytest.approx(rate, rel=0.02)
    assert found["eventGap"] > 30
    assert found["eventSpread"] < 0.06


@pytest.mark.parametrize("gap", [8.0, 12.0, 20.0])
def test_the_depth_of_the_gaps_is_found(gap: float) -> None:
    within_period = np.mod(times(4.0), 0.25) / 0.25
    level = np.where(within_period < 0.5, 1.0, 10 ** (-gap / 20))
    assert properties(sine(1_000, 4.0) * level)["eventGap"] == pytest.approx(gap, abs=1)


def test_shallow_undulation_is_no_row_of_events() -> None:
    level = 1 + 0.25 * sine(4, 3.0)
    assert "eventRate" not in properties(sine(1_000, 3.0) * level)


def test_two_pulses_have_no_rate() -> None:
    assert "eventRate" not in properties(noise(1.0) * pulses(1.0, 2, 0.05))
    assert "eventRate" in properties(noise(1.5) * pulses(1.5, 2, 0.05))


def test_irregular_pulses_are_found_irregular() -> None:
    random = np.random.default_rng(3)
    found = []
    for jitter in (0.0, 0.3, 0.9):
        level = np.zeros(4 * RATE)
        for place in (np.arange(24) + jitter * random.random(24)) / 6.0:
            first = round(place * RATE)
            level[first : first + 4_800] += decay(0.1, 0.03)[: len(level) - first]
        found.append(properties(noise(4.0) * level)["eventSpread"])
    assert found[0] < 0.02
    assert 0.06 < found[1] < 0.25
    assert 0.25 < found[2] < 0.7


# -- grain ---------------------------------------------------------------------------------------


def test_grains_are_rougher_than_noise_and_noise_than_a_tone() -> None:
    tone = properties(sine(1_000, 2.0))["roughEnvelope"]
    white = properties(noise(2.0))["roughEnvelope"]
    grains = properties(noise(2.0) * pulses(2.0, 40, 0.008))["roughEnvelope"]
    assert tone < white < grains
    assert white < 0.15
    assert grains > 0.6


@pytest.mark.parametrize("depth", [0.2, 0.5, 0.8])
def test_the_roughness_of_a_beating_tone_is_that_of_its_beat(depth: float) -> None:
    found = properties(sine(2_000, 3.0) * (1 + depth * sine(40, 3.0)))["roughEnvelope"]
    level = np.abs(1 + depth * np.sin(np.linspace(0, 2 * np.pi, 1_000)))
    assert found == pytest.approx(level.std() / np.sqrt(np.mean(level**2)), rel=0.15)


@pytest.mark.parametrize(("depth", "rate"), [(0.2, 4.0), (0.5, 4.0), (0.5, 2.5)])
def test_the_undulation_of_a_tone_is_that_of_its_tremolo(depth: float, rate: float) -> None:
    found = properties(sine(2_000, 4.0) * (1 + depth * sine(rate, 4.0)))["slowEnvelope"]
    assert found == pytest.approx(20 * np.log10((1 + depth) / (1 - depth)), rel=0.25)


def test_a_swell_has_no_gaps() -> None:
    swell = np.sin(np.pi * times(2.0) / 2.0) ** 2
    assert properties(sine(2_000, 2.0) * swell)["slowEnvelope"] < 0.5
    assert properties(sine(2_000, 2.0) * swell * (1 + 0.5 * sine(4, 2.0)))["slowEnvelope"] > 6


def test_the_release_is_the_fall_at_the_end_and_not_the_settling_after_an_overshoot() -> None:
    level = np.where(times(2.0) < 0.1, 1.0, 0.35) * ramps(2.0, 0.005, 0.03)
    assert properties(np.pad(sine(2_000, 2.0) * level, (0, 4_800)))["releaseTime"] < 0.05


def test_a_stroke_that_is_cut_off_stops_suddenly() -> None:
    stroke = sine(2_000, 0.5) * 10 ** (-times(0.5)) * ramps(0.5, 0.002, 0.004)
    assert properties(np.pad(stroke, (0, 4_800)))["releaseTime"] < 0.015


@pytest.mark.parametrize("level", [-40, -20])
def test_the_attack_is_that_of_the_sound_and_not_of_the_noise_about_it(level: float) -> None:
    hiss = 10 ** (level / 20) * noise(2.0) / np.sqrt(2)
    sound = np.pad(sine(2_000, 1.0) * ramps(1.0, 0.1, 0.1), (24_000, 24_000)) + hiss
    assert properties(sound)["attackTime"] == pytest.approx(0.08, rel=0.35)


@pytest.mark.parametrize("length", [0.45, 0.6, 0.9, 1.5, 4.0])
def test_a_steady_tone_does_not_undulate_however_short(length: float) -> None:
    assert properties(harmonic(220, length) * ramps(length, 0.005, 0.005))["slowEnvelope"] < 2.5


def test_a_cluster_undulates_more_than_one_tone() -> None:
    one = properties(sine(500, 3.0))["slowEnvelope"]
    assert properties(cluster(500, 0.1, 3.0))["slowEnvelope"] > one + 2


# -- what cannot be had --------------------------------------------------------------------------

OBJECT_ONLY = {
    "attackTime", "onsetFloor", "releaseTime", "decayTime", "decayFit", "plateauShare", "peakPosition", "riseShare",
    "fallShare",
}  # fmt: skip


def test_attack_decay_and_shape_are_measured_over_objects_only() -> None:
    sound = power(noise(2.0) * pulses(2.0, 8, 0.05))
    assert not OBJECT_ONLY & envelope_properties(sound, HOP, None).keys()
    assert envelope_properties(sound, HOP, (0, 0)).keys() >= OBJECT_ONLY


@pytest.mark.parametrize("frames", [0, 1, 19, 500])
def test_silence_and_slivers_have_no_envelope(frames: int) -> None:
    assert envelope_properties(np.zeros(frames), HOP, (0, 0)) == {}
    if frames < 20:
        assert envelope_properties(np.ones(frames), HOP, (0, 0)) == {}


@pytest.mark.parametrize("frames", [20, 21, 50, 100, 199, 200])
def test_the_shortest_envelopes_give_finite_numbers(frames: int) -> None:
    random = np.random.default_rng(frames)
    for shape in (
        np.ones(frames),
        random.random(frames),
        np.eye(1, frames, frames // 2)[0],
        np.geomspace(1, 1e-9, frames),
    ):
        values = envelope_properties(shape, HOP, (0, 0))
        assert values
        assert np.isfinite(list(values.values())).all()
