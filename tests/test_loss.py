"""Losses: what a band limit and a mono mix take from sounds that are made to lose a known amount."""

import numpy as np
import pytest

from ingest.loss import ABOVE_HZ, BELOW_HZ
from ontology.envelopes import load_envelopes
from tests.synth import Sound, band, correlated, measured, noise, pulses, sine

LENGTH = 2.0


def two_sines(low: float, high: float, decibels: float) -> Sound:
    """Return two sines, the higher one louder by some decibels."""
    return np.asarray(0.1 * sine(low, LENGTH) + 0.1 * 10 ** (decibels / 20) * sine(high, LENGTH))


@pytest.mark.parametrize(("hertz", "edge"), [(9_000, 8000), (13_000, 12000), (17_000, 14000)])
@pytest.mark.parametrize("louder", [-10.0, 0.0, 6.0])
def test_a_band_limit_takes_the_energy_above_it(hertz: float, edge: int, louder: float) -> None:
    values = measured(two_sines(500, hertz, louder))
    assert values[f"lossAbove{edge}"] == pytest.approx(10 * np.log10(1 + 10 ** (louder / 10)), abs=0.05)


@pytest.mark.parametrize("edge", ABOVE_HZ)
def test_a_sound_within_the_band_loses_nothing(edge: int) -> None:
    values = measured(band(200, edge - 200, LENGTH))
    assert values[f"lossAbove{edge}"] < 0.01
    assert values[f"framesAbove{edge}"] == 0


def test_noise_above_10_khz_is_lost_to_a_model_that_hears_up_to_8_khz() -> None:
    values = measured(band(10_000, 20_000, LENGTH))
    assert values["lossAbove8000"] > 40
    assert values["lossAbove12000"] == pytest.approx(10 * np.log10(10 / 2), abs=0.3)
    assert values["lossAbove14000"] == pytest.approx(10 * np.log10(10 / 4), abs=0.3)


def test_the_time_above_an_edge_is_the_time_a_tenth_of_the_energy_lies_there() -> None:
    steady = 0.1 * sine(500, 4.0)
    hiss = np.where(np.arange(len(steady)) < len(steady) / 4, 0.1 * sine(10_000, 4.0), 0)
    assert measured(steady + hiss)["framesAbove8000"] == pytest.approx(0.25, abs=0.02)
    assert measured(steady + 0.2 * hiss)["framesAbove8000"] == 0


def test_a_loss_is_no_smaller_at_a_lower_edge() -> None:
    values = measured(noise(LENGTH) * pulses(LENGTH, 3.0, 0.1))
    losses = [values[f"lossAbove{edge}"] for edge in ABOVE_HZ]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(("hertz", "lost"), [(60, True), (250, False)])
def test_a_low_limit_takes_what_is_below_it(hertz: float, lost: bool) -> None:
    values = measured(sine(hertz, LENGTH))
    assert (values["lossBelow125"] > 10) == lost
    assert values["framesBelow125"] == float(lost)


def test_channels_in_opposite_phase_vanish_in_a_mono_mix() -> None:
    assert measured(np.stack([noise(LENGTH), -noise(LENGTH)]))["monoLoss"] == 60


def test_equal_channels_lose_nothing_in_a_mono_mix() -> None:
    assert measured(np.stack([noise(LENGTH), noise(LENGTH)]))["monoLoss"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("coherence", [-0.9, -0.57, 0.0, 0.5])
def test_the_mono_loss_follows_from_the_correlation(coherence: float) -> None:
    values = measured(correlated(noise(LENGTH, 1), noise(LENGTH, 2), coherence))
    assert values["monoLoss"] == pytest.approx(10 * np.log10(2 / (1 + coherence)), abs=0.15)


def test_a_sound_in_one_channel_stays_below_the_limit_of_the_mono_loss() -> None:
    values = measured(np.stack([noise(LENGTH), np.zeros(len(noise(LENGTH)))]))
    limit = next(loss.limit for loss in load_envelopes().losses if loss.property == "monoLoss")
    assert values["monoLoss"] == pytest.approx(10 * np.log10(2), abs=0.01)
    assert values["monoLoss"] < limit


def test_one_channel_has_no_mono_loss() -> None:
    assert "monoLoss" not in measured(noise(LENGTH))


def test_the_measured_edges_are_those_of_the_table() -> None:
    losses = load_envelopes().losses
    assert {loss.above_hz for loss in losses} - {None} == {float(edge) for edge in ABOVE_HZ}
    assert {loss.below_hz for loss in losses} - {None} == {float(edge) for edge in BELOW_HZ}
    for loss in losses:
        edge = loss.above_hz or loss.below_hz
        assert edge is None or loss.property.endswith(f"{'Above' if loss.above_hz else 'Below'}{edge:g}")
