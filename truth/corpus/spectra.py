"""The ideal spectrum of a source, from its parameters alone.

Conventions
-----------
* An ideal spectrum is a set of lines: log2 of the frequency in hertz, and a power relative to each other. A band of
  noise stands as many lines, evenly spaced in octaves.
* `place` goes from 0 (start) to 1 (end) of a sound; the motion of the height moves all lines alike and is left out.
* What has several usual readings (a weight by power or by amplitude, bands of one kind or another) is given as a pair
  (least, most): a label must hold for both.
"""

import numpy as np

from truth.corpus.parameters import (
    Array,
    Band,
    Cluster,
    Continuous,
    Modes,
    Partials,
    Source,
    Spectrum,
    Stream,
)

__all__ = [
    "active_share",
    "centroid",
    "comb_deviation",
    "full_width",
    "lines",
    "powers_of",
    "share_between",
    "side_lines",
    "spread",
    "strongest_share",
]

LINES = 96
"""Lines that stand for a band."""

ORDERS = 16
"""Highest order of a partial by which a fundamental is looked for."""

LOWEST_ORDER = 4
"""Highest order that the lowest line may have: a series without its first four partials is not heard as one pitch."""

LEAST_FULL = 0.4
"""Least share of the orders between the lowest and the highest line that have a line: odd partials have a half."""

_LOWEST = 40.0  # hertz: the lowest fundamental that is looked for
_ORDERS_FM = np.arange(-14, 15)


def powers_of(ratios: tuple[float, ...], tilt: float) -> Array:
    """Return the power of each partial by its ratio to the base, `tilt` in decibels per octave."""
    return np.asarray(np.array(ratios) ** (tilt / (10 * np.log10(2))))


def side_lines(source: Spectrum) -> tuple[Array, Array]:
    """Return the lines of a frequency modulation: hertz (negative ones turned round) and amplitude (Bessel functions).

    Bessel functions of the first kind come from their integral, 64 points: exact to rounding for orders up to 14 and
    an index up to 8.
    """
    angle = (np.arange(64) + 0.5) * np.pi / 64
    amplitude = np.cos(_ORDERS_FM[:, None] * angle - source.index * np.sin(angle)).mean(axis=1)
    return np.abs(source.carrier * (1 + _ORDERS_FM * source.ratio)), amplitude


def lines(source: Source, place: float, widening: float = 1.0, fall: float = 0.0) -> tuple[Array, Array]:
    """Return the lines of a source at one place of the sound.

    Parameters
    ----------
    source : Source
        What sounds.
    place : float
        From 0 to 1.
    widening : float, optional
        Factor on the width of a band or cluster.
    fall : float, optional
        Decibels by which a struck sound has fallen at its end.

    Returns
    -------
    tuple of ndarray, shape (lines,)
        log2 of hertz, and power.
    """
    match source:
        case Partials():
            return np.log2(source.base * np.array(source.ratios)), powers_of(source.ratios, source.tilt)
        case Modes():
            octaves = np.log2(np.array(source.ratios))
            damped = 10.0 ** (-fall * place * source.damping * octaves / 10)
            return np.log2(source.base) + octaves, powers_of(source.ratios, source.tilt) * damped
        case Spectrum():
            hertz, amplitude = side_lines(source)
            kept = (hertz > 20) & (hertz < 20_000)
            return np.log2(hertz[kept]), amplitude[kept] ** 2
        case Cluster():
            steps = np.linspace(-0.5, 0.5, source.count) * source.width * widening
            return np.log2(source.centre) + steps, np.ones(source.count)
        case Band():
            middle, width = np.log2(source.low * source.high) / 2, np.log2(source.high / source.low) * widening
            octaves = middle + np.linspace(-0.5, 0.5, LINES) * width
            return octaves, 2.0 ** ((octaves - middle) * (1 + source.tilt / (10 * np.log10(2))))
        case Stream():
            return lines(source.matter, 0.0, widening)


def _mean(octaves: Array, weights: Array) -> float:
    return float((octaves * weights).sum() / weights.sum())


def _both(low_high: tuple[float, float]) -> tuple[float, float]:
    return min(low_high), max(low_high)


def centroid(octaves: Array, powers: Array) -> tuple[float, float]:
    """Return the weighted mean of log2 frequency, by power and by amplitude: the least and the most."""
    return _both((_mean(octaves, powers), _mean(octaves, np.sqrt(powers))))


def spread(octaves: Array, powers: Array) -> tuple[float, float]:
    """Return the weighted standard deviation in octaves, by power and by amplitude: the least and the most."""
    first, second = (
        float(np.sqrt(_mean((octaves - _mean(octaves, weights)) ** 2, weights)))
        for weights in (powers, np.sqrt(powers))
    )
    return _both((first, second))


def active_share(octaves: Array, powers: Array) -> tuple[float, float]:
    """Return the share of bands within 30 dB of the strongest, in 40 ERB-wide bands and in 33 quarter octaves.

    The bands reach from 26 Hz to 17 kHz, and from 50 Hz to 15 kHz. The larger share allows for one or two bands that
    leakage may fill.
    """
    erb = 21.4 * np.log10(1 + 0.00437 * 2.0**octaves) - 1
    quarter = (octaves - np.log2(50)) * 4
    shares = []
    for places, count in ((erb, 40), (quarter, 33)):
        inside = (places >= 0) & (places < count)
        sums = np.bincount(places[inside].astype(np.int64), weights=powers[inside], minlength=count)
        shares.append((float((sums > sums.max() / 1000).mean()) if sums.any() else 0.0, 1.5 / count))
    return min(share for share, _ in shares), max(share + leak for share, leak in shares)


def share_between(octaves: Array, powers: Array, low: float, high: float) -> float:
    """Return the share of the power from `low` to `high` hertz."""
    inside = (octaves >= np.log2(low)) & (octaves < np.log2(high))
    return float(powers[inside].sum() / powers.sum())


def strongest_share(powers: Array) -> float:
    """Return the share of the power that the strongest line has."""
    return float(powers.max() / powers.sum())


def full_width(octaves: Array, powers: Array) -> float:
    """Return the octaves between the outermost lines within 30 dB of the strongest."""
    kept = octaves[powers > powers.max() / 1000]
    return float(kept.max() - kept.min())


def comb_deviation(octaves: Array, powers: Array) -> tuple[float, float]:
    """Return how far lines lie from the best harmonic series, in cents.

    Parameters
    ----------
    octaves, powers : ndarray, shape (lines,)
        Lines within 30 dB of the strongest count.

    Returns
    -------
    tuple of float
        Median deviation and that of nine tenths, weighted by amplitude, each for the best of all fundamentals from
        40 Hz of which a line is a partial of an order up to `ORDERS`, the lowest line is one of an order up to
        `LOWEST_ORDER`, and at least `LEAST_FULL` of the series is there; infinite if there is none.
    """
    kept = powers > powers.max() / 1000
    hertz, weights = 2.0 ** octaves[kept], np.sqrt(powers[kept])
    candidates = (hertz[:, None] / np.arange(1, ORDERS + 1)).ravel()
    lowest = max(_LOWEST, float(hertz.min()) / (LOWEST_ORDER + 0.02))
    candidates = candidates[(candidates >= lowest) & (candidates <= hertz.min() * 1.02)]
    orders = np.maximum(np.rint(hertz / candidates[:, None]), 1)
    full = len(hertz) >= LEAST_FULL * (orders.max(axis=1, initial=1) - orders.min(axis=1, initial=99) + 1)
    candidates, orders = candidates[full], orders[full]
    if not len(candidates):
        return float("inf"), float("inf")
    cents = np.abs(1200 * np.log2(hertz / candidates[:, None] / orders))
    order = np.argsort(cents, axis=1, kind="stable")
    running = np.cumsum(weights[order], axis=1)
    rows = np.arange(len(candidates))
    half, most = (np.argmax(running >= running[:, -1:] * share, axis=1) for share in (0.5, 0.9))
    return tuple(float(cents[rows, order[rows, place]].min()) for place in (half, most))  # type: ignore[return-value]


def closest(source: Continuous) -> float:
    """Return the least distance of two partials of a source in hertz; infinite where there is none."""
    if isinstance(source, Partials | Modes) and len(source.ratios) > 1:
        return float(source.base * np.diff(np.sort(np.array(source.ratios))).min())
    return float("inf")
