"""Drawing parameters: ranges shared by the generators.

Conventions
-----------
* Each function draws from the generator that is passed in, in a fixed order.
* The length of the *file* and the level are drawn before, and apart from, everything else, so that they say nothing
  about a label; all that must be short (an impulse) fits into the shortest file.
* Ranges are drawn by class first, so that rare classes are as frequent as common ones, and then within the class,
  evenly on a log scale where a quantity is a ratio.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from truth.corpus.parameters import (
    Band,
    Cluster,
    Continuous,
    Envelope,
    Held,
    Image,
    Modes,
    Modulation,
    Motion,
    Partials,
    Reversed,
    Slope,
    Sound,
    Source,
    Spectrum,
    Stream,
    Strike,
    Swell,
)

__all__ = [
    "LENGTHS", "LEVELS", "STILL", "band", "choose", "cluster", "compose", "envelope", "even", "image", "modes",
    "modulation", "motion", "partials", "pick", "ratio", "spectrum", "stream",
]  # fmt: skip

LENGTHS = (3.0, 10.0)
"""Seconds of a clip."""

LEVELS = (-26.0, -20.0)
"""Decibels relative to full scale of the loudest 50 ms of a clip."""

_TOP = 16_000.0  # hertz: no partial goes higher
_MARGIN = 0.4  # seconds of a file around a sound, at least
_STRETCH = 0.85  # largest share of a sound that its edges take
_SHORTEST = 1.3  # seconds of a sound that is held

STILL = Motion()

T = TypeVar("T")


def even(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number evenly, to four decimals."""
    return round(float(rng.uniform(low, high)), 4)


def ratio(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number evenly on a log scale, to five significant digits."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.5g}")


def choose(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of several options, all as likely; repeat one to make it likelier."""
    return options[int(rng.integers(len(options)))]


def pick(rng: np.random.Generator, ranges: Sequence[tuple[float, float]]) -> float:
    """Draw one of several ranges, then a number within it on a log scale."""
    return ratio(rng, *choose(rng, ranges))


# -- sources -------------------------------------------------------------------------------------


def _bounded(ratios: Sequence[float], base: float) -> tuple[float, ...]:
    return tuple(round(float(item), 5) for item in ratios if item * base < _TOP)


def _scattered(rng: np.random.Generator, count: int) -> list[float]:
    """Draw ratios with gaps that no series has."""
    return [1.0, *(1 + np.cumsum(rng.uniform(0.28, 0.95, count - 1))).tolist()]


def partials(rng: np.random.Generator) -> Partials:  # noqa: PLR0911  # one for each kind
    """Draw a tone: a sine, a few or many harmonics, odd ones, stretched or scattered partials, or a chord."""
    kind = choose(rng, ("harmonic", "harmonic", "odd", "few", "sine", "stretched", "scattered", "scattered", "chord"))
    tilt = even(rng, -9.0, -1.0)
    base = ratio(rng, 60, 2600)
    match kind:
        case "harmonic":
            orders = range(1, int(rng.integers(5, 21)))
            return Partials(base, _bounded([float(order) for order in orders], base), tilt)
        case "odd":
            return Partials(base, _bounded([2.0 * order + 1 for order in range(int(rng.integers(5, 11)))], base), tilt)
        case "few":
            return Partials(base, (1.0, 2.0, 3.0)[: int(rng.integers(2, 4))], tilt)
        case "sine":
            return Partials(ratio(rng, 80, 9000), (1.0,), tilt)
        case "stretched":
            stretch = ratio(rng, 0.0005, 0.03)
            orders = range(1, int(rng.integers(8, 15)))
            ratios = [order * math.sqrt((1 + stretch * order**2) / (1 + stretch)) for order in orders]
            return Partials(base, _bounded(ratios, base), tilt)
        case "scattered":
            return Partials(base, _bounded(_scattered(rng, int(rng.integers(6, 13))), base), even(rng, -5.0, 0.0))
        case _:
            base = ratio(rng, 100, 700)
            steps = sorted({0, *(int(step) for step in rng.choice([3, 4, 7, 8, 9, 14, 15], 2, replace=False))})
            ratios = sorted(order * 2 ** (step / 12) for step in steps for order in range(1, 6))
            apart = [item for index, item in enumerate(ratios) if index == 0 or item > ratios[index - 1] * 1.02]
            return Partials(base, _bounded(apart, base), tilt, len(steps))


def spectrum(rng: np.random.Generator) -> Spectrum:
    """Draw a frequency modulation: a whole ratio makes a harmonic series, another one none."""
    carrier = ratio(rng, 90, 1500)
    part = choose(rng, (3.0, 4.0, 0.0))
    return Spectrum(carrier, part or even(rng, 1.29, 1.45), even(rng, 0.8, 4.0))


def modes(rng: np.random.Generator, *, damped: bool) -> Modes:
    """Draw a struck body: a plate, a bar or a string."""
    base = ratio(rng, 60, 2600)
    ratios: Sequence[float] = choose(
        rng,
        (
            _scattered(rng, 9),
            [1.0, 2.756, 5.404, 8.933, 13.34],  # a free bar, Fletcher & Rossing 1998
            [float(order) for order in range(1, 11)],
        ),
    )
    damping = even(rng, 0.05, 0.8) if damped and rng.random() < 0.5 else 0.0
    return Modes(base, _bounded(ratios, base), even(rng, -8.0, 0.0), damping)


def cluster(rng: np.random.Generator) -> Cluster:
    """Draw a cluster, from a knot to a wall of sines."""
    width = pick(rng, ((0.1, 0.3), (0.1, 0.3), (0.45, 1.0), (1.2, 4.0)))
    centre = ratio(rng, 300, 5000)
    return Cluster(min(centre, _TOP / 2 ** (width / 2)), width, int(rng.integers(20, 41)))


def band(rng: np.random.Generator) -> Band:
    """Draw a band of noise: narrow, wide, or over the whole range."""
    octaves = pick(rng, ((0.12, 0.3), (0.4, 1.0), (1.3, 4.0), (1.3, 4.0), (5.0, 8.0), (5.0, 8.0)))
    centre = ratio(rng, 120, 8000) if octaves < 5 else ratio(rng, 500, 1500)
    low, high = max(centre * 2 ** (-octaves / 2), 40.0), min(centre * 2 ** (octaves / 2), _TOP)
    return Band(round(low, 2), round(high, 2), even(rng, -5.0, 0.0) if octaves < 5 else even(rng, -2.0, 0.0))


def stream(rng: np.random.Generator, ranges: Sequence[tuple[float, float]]) -> Stream:
    """Draw a stream of events with a rate from one of several ranges."""
    rate = pick(rng, ranges)
    rate_end = rate * choose(rng, (1.0, 1.0, 1.0, ratio(rng, 1.5, 3.0), 1 / ratio(rng, 1.5, 3.0)))
    high = max(rate, rate_end)
    spread = choose(rng, (0.0, 0.0, even(rng, 0.45, 0.8), 1.0))
    decay = min(ratio(rng, 0.15, 1.2) / high, 0.15) if high > 20 else min(ratio(rng, 0.3, 1.2) / high, 0.12)
    matters: tuple[Band | Modes | Partials, ...] = (band(rng), band(rng), modes(rng, damped=False), partials(rng))
    matter = choose(rng, matters)
    if isinstance(matter, Band) and high > 20:
        matter = replace(matter, low=min(matter.low, matter.high / 2.6))
    jitter = choose(rng, (0.0, 0.0, even(rng, 0.3, 1.0))) if not isinstance(matter, Band) else 0.0
    decay = round(max(decay, 0.004), 5)
    if not isinstance(matter, Band):  # a grain has some cycles of its lowest partial, so that it has a spectrum
        base = max(matter.base, round(6 / decay, 3))
        matter = replace(matter, base=base, ratios=matter.ratios[:8])
    return Stream(rate, float(f"{rate_end:.5g}"), spread, decay, matter, jitter)


# -- the rest ------------------------------------------------------------------------------------

KINDS = ("held", "held", "held", "strike", "strike", "swell", "reversed", "slope", "overshoot")
"""Kinds of envelope; what stands twice is twice as likely."""

_ATTACKS = ((0.002, 0.012), (0.03, 0.044), (0.15, 0.26), (0.57, 1.1))
_RELEASES = ((0.003, 0.012), (0.03, 0.07), (0.16, 0.44), (0.95, 1.25))


def envelope(rng: np.random.Generator, kinds: Sequence[str] = KINDS) -> Envelope:
    """Draw an envelope of one of several kinds."""
    match choose(rng, kinds):
        case "held":
            return Held(pick(rng, _ATTACKS), pick(rng, _RELEASES))
        case "overshoot":
            attack = pick(rng, ((0.003, 0.013), (0.096, 0.135), (0.096, 0.135)))
            return Held(attack, pick(rng, _RELEASES[:3]), even(rng, 4.6, 12.0), ratio(rng, 0.08, 0.25))
        case "strike":
            attack = pick(rng, ((0.001, 0.0044), (0.0072, 0.0175), (0.0215, 0.036)))
            decay = pick(rng, ((0.03, 0.07), (0.1, 0.44), (0.56, 0.84)))
            cut = even(rng, 8.0, 18.0) if decay > 0.3 and rng.random() < 0.35 else 0.0
            return Strike(attack, decay, cut)
        case "swell":
            return Swell(even(rng, 0.29, 0.67))
        case "reversed":
            return Reversed(even(rng, 35.0, 55.0), ratio(rng, 0.003, 0.01))
        case _:
            return Slope(choose(rng, (-1, 1)) * even(rng, 10.0, 24.0), pick(rng, ((0.03, 0.044), (0.15, 0.26))))


def lasting(rng: np.random.Generator, shape: Envelope, length: float) -> float:
    """Draw the seconds that a sound lasts in a file of a length."""
    drawn = even(rng, _SHORTEST, length - _MARGIN)
    match shape:
        case Strike(attack, decay, cut):
            return round(attack + (cut / 20 if cut else 3) * decay, 4)
        case Held(attack, release, _, settle):
            return max(drawn, round((attack + settle + release) / _STRETCH, 4))
        case _:
            return drawn


def motion(rng: np.random.Generator, paths: Sequence[str]) -> Motion:  # noqa: PLR0911  # one for each kind
    """Draw how the height goes, one of several kinds of path."""
    sign = choose(rng, (-1, 1))
    match choose(rng, paths):
        case "ramp":
            return Motion("ramp", sign * ratio(rng, 0.4, 2.0))
        case "exponential":
            return Motion("exponential", sign * ratio(rng, 0.5, 2.0))
        case "arch":
            return Motion("arch", sign * ratio(rng, 0.35, 1.5))
        case "sine":
            return Motion("sine", ratio(rng, 0.3, 1.0), ratio(rng, 0.7, 6.0))
        case "walk":
            return Motion("walk", points=tuple(even(rng, -0.8, 0.8) for _ in range(9)))
        case "steps":
            return Motion("steps", points=tuple(even(rng, -0.8, 0.8) for _ in range(int(rng.integers(4, 9)))))
        case "widening":
            return Motion(widening=sign * ratio(rng, 0.8, 2.0))
        case _:
            return STILL


def modulation(rng: np.random.Generator, *, fast: bool) -> Modulation:
    """Draw an undulation: slow and regular, supple or unforeseeable; or fast, of the level."""
    if fast:
        return Modulation("level", pick(rng, ((2.4, 15), (25, 150))), even(rng, 10.5, 24.0))
    spread = choose(rng, (0.0, even(rng, 0.08, 0.17), even(rng, 0.4, 0.7)))
    if rng.random() < 0.5:
        return Modulation("level", ratio(rng, 2.5, 8.5), even(rng, 2.7, 5.3), spread)
    return Modulation("pitch", ratio(rng, 2.5, 8.5), ratio(rng, 0.045, 0.16), spread)


IMAGES = ("centre", "centre", "wide", "wide", "between", "opening", "closing", "path", "path", "side")
"""Kinds of stereo image; what stands twice is twice as likely."""


def image(rng: np.random.Generator, kinds: Sequence[str] = IMAGES) -> Image:  # noqa: PLR0911  # one for each kind
    """Draw a stereo image of one of several kinds."""
    sign = choose(rng, (-1, 1))
    match choose(rng, kinds):
        case "wide":
            wide = even(rng, 0.74, 1.0)
            return Image(width=wide, width_end=wide)
        case "between":
            wide = even(rng, 0.1, 0.74)
            return Image(width=wide, width_end=wide)
        case "opening":
            return Image(width=even(rng, 0.0, 0.2), width_end=even(rng, 0.65, 1.0))
        case "closing":
            return Image(width=even(rng, 0.65, 1.0), width_end=even(rng, 0.0, 0.2))
        case "path":
            return Image(sign * even(rng, 0.4, 1.0), -sign * even(rng, 0.3, 1.0))
        case "side":
            place = sign * even(rng, 0.3, 0.9)
            return Image(place, place)
        case "circum":
            return Image(circum=sign * even(rng, 0.7, 1.0))
        case _:
            return Image()


def _fitted(source: Source, moving: Motion) -> tuple[Source, Motion]:
    """Move a source so that it stays within the band, and leave out a widening that it cannot have."""
    reach = float(max(abs(moving.octaves), *(abs(point) for point in (*moving.points, 0.0)))) if moving else 0.0
    if moving.widening and not isinstance(source, Band | Cluster):
        moving = replace(moving, widening=0.0)
    part: Source = source.matter if isinstance(source, Stream) else source
    match part:
        case Partials() | Modes():
            top = _TOP / 2 ** (reach / 2 + 0.3)
            fitted: Source = replace(part, ratios=tuple(r for r in part.ratios if r == 1.0 or r * part.base < top),
                                     base=min(part.base, top))  # fmt: skip
        case Band(low, high):
            half = math.log2(high / low) / 2 * 2 ** (abs(moving.widening) / 2) + reach
            middle = min(max(math.log2(low * high) / 2, math.log2(30) + half), max(math.log2(18_000) - half, 9.5))
            half_now = math.log2(high / low) / 2
            fitted = replace(part, low=round(2 ** (middle - half_now), 2), high=round(2 ** (middle + half_now), 2))
        case Cluster(centre, width):
            half = width / 2 * 2 ** (abs(moving.widening) / 2) + reach
            fitted = replace(part, centre=round(min(max(centre, 40 * 2**half), _TOP / 2**half), 2))
        case _:
            fitted = part
    if isinstance(source, Stream):
        assert isinstance(fitted, Partials | Modes | Band)
        return replace(source, matter=fitted), moving
    return fitted, moving


def compose(
    rng: np.random.Generator,
    length: float,
    parts: tuple[Source, Envelope, Motion, Modulation | None, Image],
) -> Sound:
    """Put drawn parts together to a sound that fits a file of a length; its level is that of the clip, set later."""
    source, shape, moving, undulation, placing = parts
    duration = lasting(rng, shape, length)
    if isinstance(shape, Strike) or duration < _SHORTEST:
        undulation = None  # too short to be heard
    source, moving = _fitted(source, moving)
    return Sound(source, shape, duration, 0.0, int(rng.integers(2**31)), moving, undulation, placing)


def continuous(rng: np.random.Generator) -> Continuous:
    """Draw any source that sounds without break."""
    kinds: tuple[Callable[[np.random.Generator], Continuous], ...] = (partials, partials, spectrum, cluster, band, band)
    return choose(rng, kinds)(rng)
