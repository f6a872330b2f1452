"""How a curve moves: slope and steadiness, robust to outliers.

Conventions
-----------
Curves are evenly spaced in time. At most `_POINTS` points are compared, medians of as many equal parts, so that a
long curve costs no more than a short one.

References
----------
P.K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968).
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["Trend", "median", "percentiles", "trend"]

_POINTS = 64


@dataclass(frozen=True, slots=True)
class Trend:
    """How a curve moves.

    Parameters
    ----------
    change : float
        Theil-Sen slope times the length of the curve, in the unit of the curve.
    tau : float
        Kendall's tau-a against time, -1 to 1.
    range : float
        Difference of the 95th and the 5th percentile.
    error : float
        Standard error of `change`, from the spread of the residuals.
    """

    change: float
    tau: float
    range: float
    error: float


@cache
def _pairs(count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    first, second = np.triu_indices(count, 1)
    return first, second, (second - first) / count


def trend(curve: npt.NDArray[np.floating]) -> Trend | None:
    """Describe how a curve moves, robustly.

    Parameters
    ----------
    curve : ndarray of shape (points,)
        Evenly spaced in time.

    Returns
    -------
    Trend or None
        None for fewer than four points.

    Examples
    --------
    >>> moving = trend(np.arange(10.0))
    >>> round(moving.change, 6), round(moving.tau, 6)
    (10.0, 1.0)
    """
    group = -(-len(curve) // _POINTS)
    if len(curve) < 4:
        return None
    whole = len(curve) // group * group
    points = np.median(curve[:whole].reshape(-1, group), axis=1) if group > 1 else np.asarray(curve, np.float64)
    first, second, apart = _pairs(len(points))
    rise = points[second] - points[first]
    change = median(rise / apart)
    rest = points - change * _times(len(points))
    spread = 1.4826 * median(np.abs(rest - median(rest)))
    low, high = percentiles(points, 5, 95)
    tau = float(np.sign(rise).mean())
    # the variance of evenly spaced times over a unit length is 1/12
    return Trend(change, tau, high - low, spread * math.sqrt(12 / len(points)))


@cache
def _times(count: int) -> npt.NDArray[np.float64]:
    return np.arange(count) / count


def median(values: npt.NDArray[np.floating]) -> float:
    """Return the median of a short curve (`numpy.median` without its overhead, most of its time for so few values)."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    parted = np.partition(values, (half - 1, half))
    return 0.5 * float(parted[half - 1] + parted[half])


def percentiles(values: npt.NDArray[np.floating], *percents: float) -> tuple[float, ...]:
    """Return percentiles of a short curve, interpolated linearly (`numpy.percentile` without its overhead)."""
    ordered = np.sort(values)
    found = []
    for percent in percents:
        position = (len(ordered) - 1) * percent / 100
        below = int(position)
        above = min(below + 1, len(ordered) - 1)
        found.append(float(ordered[below] + (ordered[above] - ordered[below]) * (position - below)))
    return tuple(found)
