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

__all__ = ["Arch", "Trend", "arch", "median", "percentiles", "trend"]

_POINTS = 64
_INSIDE = 0.6
"""A vertex between 20 and 80 % lies so far from the middle, of a time from -1 to 1."""


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


@dataclass(frozen=True, slots=True)
class Arch:
    """How well a parabola describes a curve.

    Parameters
    ----------
    rise : float
        From the ends to the vertex, in the unit of the curve; negative for a trough.
    fit : float
        R squared of the parabola, 0 if its vertex is not between 20 and 80 % of the curve.
    """

    rise: float
    fit: float


@cache
def _squares(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return time from -1 to 1 and its square without mean, both of unit length."""
    time = np.linspace(-1, 1, count)
    square = time**2 - float((time**2).mean())
    return time / np.linalg.norm(time), square / np.linalg.norm(square)


def arch(curve: npt.NDArray[np.floating]) -> Arch:
    """Fit a parabola to a curve.

    Parameters
    ----------
    curve : ndarray of shape (points,)
        At least four, evenly spaced in time.

    Returns
    -------
    Arch

    Examples
    --------
    >>> bow = arch(1 - np.linspace(-1, 1, 11) ** 2)
    >>> round(bow.rise, 6), round(bow.fit, 6)
    (1.0, 1.0)
    """
    line, bow = _squares(len(curve))
    rest = curve - curve.mean()
    slope, bend = float(line @ rest), float(bow @ rest)
    total = float(rest @ rest)
    # of a time from -1 to 1 the vertex is at -b / 2a
    time, square = float(line[-1]), float(bow[-1] - bow[len(bow) // 2])
    vertex = -slope * time / (2 * bend * square) if abs(bend * square) > 1e-9 else 9.0
    inside = abs(vertex) < _INSIDE
    return Arch(-bend * square, (slope**2 + bend**2) / total if inside and total > 0 else 0.0)


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
