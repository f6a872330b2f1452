"""How a curve moves: the estimates of scipy and numpy, and little moved by what lies far off."""

import numpy as np
import pytest
from scipy import stats

from ingest.trend import percentiles, trend


def theil_sen(values: np.ndarray) -> float:
    return float(np.asarray(stats.theilslopes(values))[0])


def curve(count: int, seed: int, drift: float = 0.0) -> np.ndarray:
    """Return a random walk without ties, with a drift over its length."""
    random = np.random.default_rng(seed)
    return random.standard_normal(count).cumsum() + drift * np.arange(count) / count


# -- slope and steadiness ------------------------------------------------------------------------


@pytest.mark.parametrize("count", [4, 5, 6, 9, 16, 33, 63, 64])
@pytest.mark.parametrize("seed", range(5))
def test_change_is_the_theil_sen_slope_times_the_length(count: int, seed: int) -> None:
    values = curve(count, seed)
    found = trend(values)
    assert found is not None
    assert found.change == pytest.approx(theil_sen(values) * count, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("count", [4, 5, 6, 9, 16, 33, 63, 64])
@pytest.mark.parametrize("seed", range(5))
def test_tau_is_kendalls(count: int, seed: int) -> None:
    values = curve(count, seed)
    found = trend(values)
    assert found is not None
    tau, _ = stats.kendalltau(np.arange(count), values)
    assert found.tau == pytest.approx(tau, abs=1e-12)


@pytest.mark.parametrize("count", [64, 65, 127, 128, 129, 500, 1_500])
@pytest.mark.parametrize("drift", [-30.0, 12.0, 80.0])
def test_a_long_curve_is_judged_like_a_short_one(count: int, drift: float) -> None:
    noise = np.random.default_rng(count).standard_normal(count)
    values = drift * np.arange(count) / count + noise
    found = trend(values)
    assert found is not None
    assert found.change == pytest.approx(theil_sen(values) * count, rel=0.03, abs=0.3)
    assert np.sign(found.tau) == np.sign(drift)
    assert abs(found.tau) > 0.7


@pytest.mark.parametrize("count", [4, 64, 65, 1_000])
def test_a_straight_line_rises_all_the_way(count: int) -> None:
    found = trend(np.linspace(0.0, 3.0, count, endpoint=False))
    assert found is not None
    assert found.change == pytest.approx(3.0, rel=0.02)
    assert found.tau == 1.0
    assert found.error == pytest.approx(0.0, abs=1e-9)


def test_turning_a_curve_round_turns_its_trend_round() -> None:
    values = curve(50, 3, 8.0)
    one, other = trend(values), trend(values[::-1])
    assert one is not None
    assert other is not None
    assert (other.change, other.tau) == pytest.approx((-one.change, -one.tau))
    assert other.range == pytest.approx(one.range)


def test_a_curve_that_stands_still_has_no_trend() -> None:
    found = trend(np.full(40, 7.0))
    assert found is not None
    assert (found.change, found.tau, found.range, found.error) == (0.0, 0.0, 0.0, 0.0)


def test_ties_count_as_no_rise() -> None:
    found = trend(np.array([0.0, 0.0, 1.0, 1.0]))
    assert found is not None
    assert found.tau == pytest.approx(4 / 6)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_points_have_no_trend(count: int) -> None:
    assert trend(np.arange(float(count))) is None


# -- robustness ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [40, 400])
@pytest.mark.parametrize("size", [1e2, 1e6])
def test_a_sixth_of_outliers_hardly_moves_the_slope(count: int, size: float) -> None:
    random = np.random.default_rng(9)
    values = 10 * np.arange(count) / count + 0.1 * random.standard_normal(count)
    spoilt = values.copy()
    spoilt[random.choice(count, count // 6, replace=False)] += size
    clean, found = trend(values), trend(spoilt)
    assert clean is not None
    assert found is not None
    assert found.change == pytest.approx(clean.change, abs=1.0)
    least_squares = np.polyfit(np.arange(count) / count, spoilt, 1)[0]
    assert abs(least_squares - 10) > abs(found.change - 10)


@pytest.mark.parametrize("count", [20, 64, 640])
def test_the_error_is_the_spread_of_the_slope(count: int) -> None:
    random = np.random.default_rng(2)
    found = [trend(5 * np.arange(count) / count + random.standard_normal(count)) for _ in range(400)]
    changes = np.array([moving.change for moving in found if moving is not None])
    errors = np.array([moving.error for moving in found if moving is not None])
    assert len(changes) == 400
    assert changes.mean() == pytest.approx(5.0, abs=0.3)
    assert np.median(errors) == pytest.approx(changes.std(), rel=0.2)


# -- percentiles ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 10, 41, 200])
def test_percentiles_are_numpys(count: int) -> None:
    values = np.random.default_rng(count).standard_normal(count)
    percents = (0, 5, 17.5, 50, 95, 100)
    assert percentiles(values, *percents) == pytest.approx(tuple(np.percentile(values, percents)))


def test_the_range_leaves_out_a_twentieth_at_either_end() -> None:
    values = np.random.default_rng(1).standard_normal(50)
    found = trend(values)
    assert found is not None
    low, high = np.percentile(values, [5, 95])
    assert found.range == pytest.approx(high - low)
