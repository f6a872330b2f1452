"""The parameters of a sound of the corpus: everything that is drawn, and all that its truth follows from.

Conventions
-----------
* Time is in seconds, frequency in hertz, intervals in octaves, levels in decibels.
* A *path* is a value at each of some times between the start (0) and the end (`Sound.duration`) of a sound.
* All chance inside a sound comes from its `seed`, so that a sound is its parameters and nothing else.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Band",
    "Cluster",
    "Continuous",
    "Envelope",
    "Held",
    "Image",
    "Modes",
    "Modulation",
    "Motion",
    "Partials",
    "Reversed",
    "Scene",
    "Slope",
    "Sound",
    "Source",
    "Spectrum",
    "Stream",
    "Strike",
    "Swell",
]

Array = NDArray[np.float64]


# -- sources: what sounds ------------------------------------------------------------------------


@dataclass(frozen=True)
class Partials:
    """Sine waves at fixed ratios to a base.

    Parameters
    ----------
    base : float
        Hertz.
    ratios : tuple of float
        Frequency of each partial over the base, 1 the lowest.
    tilt : float
        Decibels per octave above the base.
    tones : int
        Tones that the partials make up; more than one is a chord.
    """

    base: float
    ratios: tuple[float, ...]
    tilt: float
    tones: int = 1


@dataclass(frozen=True)
class Spectrum:
    """Frequency modulation: a sine of `carrier` hertz whose phase swings with the sine of ``carrier * ratio`` hertz.

    Parameters
    ----------
    carrier : float
        Hertz.
    ratio : float
        Modulating frequency over the carrier.
    index : float
        Swing of the phase in radians.
    """

    carrier: float
    ratio: float
    index: float


@dataclass(frozen=True)
class Modes:
    """Modes of a struck body; with `damping` the higher ones die sooner.

    Parameters
    ----------
    base : float
        Hertz.
    ratios : tuple of float
        Frequency of each mode over the base, 1 the lowest.
    tilt : float
        Decibels per octave: the hardness of what strikes.
    damping : float
        Extra fall per octave above the base, as a share of the common fall.
    """

    base: float
    ratios: tuple[float, ...]
    tilt: float
    damping: float


@dataclass(frozen=True)
class Cluster:
    """Sine waves about a centre, one at random in each equal step of a width in octaves."""

    centre: float
    width: float
    count: int


@dataclass(frozen=True)
class Band:
    """Noise between two edges; `tilt` is decibels per octave of power spectral density (0 white, -3 pink)."""

    low: float
    high: float
    tilt: float


Continuous = Partials | Spectrum | Modes | Cluster | Band


@dataclass(frozen=True)
class Stream:
    """Short events, one after the other: strokes where they are few, grains where they are many.

    Parameters
    ----------
    rate, rate_end : float
        Events per second at the start and at the end; changes evenly in octaves.
    spread : float
        Irregularity: 0 is regular; intervals have about this coefficient of variation; 1 is a Poisson process.
    decay : float
        Seconds from the peak of an event to -20 dB.
    matter : Partials, Modes or Band
        What an event is made of.
    jitter : float
        Octaves by which events are moved at random, up or down.
    """

    rate: float
    rate_end: float
    spread: float
    decay: float
    matter: Partials | Modes | Band
    jitter: float = 0.0


Source = Continuous | Stream


# -- envelopes: how the level goes ---------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """A rise, a level stretch and a release, both ramps raised cosines.

    Parameters
    ----------
    attack, release : float
        Seconds.
    overshoot : float
        Decibels by which the rise overshoots the level stretch; 0 for none.
    settle : float
        Seconds in which an overshoot falls back.
    """

    attack: float
    release: float
    overshoot: float = 0.0
    settle: float = 0.0


@dataclass(frozen=True)
class Strike:
    """A straight rise, then a fall even in decibels down to -60 dB, or cut off at `cut` decibels below the peak."""

    attack: float
    decay: float  # seconds from the peak to -20 dB
    cut: float = 0.0  # 0 for none


@dataclass(frozen=True)
class Swell:
    """A rise to a peak and a fall from it, both as a square; `peak` is its place from 0 to 1."""

    peak: float


@dataclass(frozen=True)
class Reversed:
    """A rise even in decibels from `depth` below the peak, where it stops within `stop` seconds."""

    depth: float
    stop: float


@dataclass(frozen=True)
class Slope:
    """A level that goes evenly by `change` decibels (up or down), its edges raised cosines."""

    change: float
    edge: float


Envelope = Held | Strike | Swell | Reversed | Slope


# -- what moves ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Motion:
    """How height and width of a sound go.

    Parameters
    ----------
    path : str
        ``still``, ``ramp`` (even), ``exponential`` (ever faster), ``arch`` (there and back), ``sine`` (to and fro),
        ``walk`` (straight between `points`) or ``steps`` (from point to point).
    octaves : float
        Extent: end minus start of a ramp, height of an arch, from trough to crest of a sine.
    rate : float
        Swings per second of a sine.
    points : tuple of float
        Octaves, evenly spaced in time, of a walk or of steps.
    widening : float
        Octaves by which the width of a band or cluster is multiplied from start to end, as log2.
    """

    path: Literal["still", "ramp", "exponential", "arch", "sine", "walk", "steps"] = "still"
    octaves: float = 0.0
    rate: float = 0.0
    points: tuple[float, ...] = ()
    widening: float = 0.0


@dataclass(frozen=True)
class Modulation:
    """An undulation of level or pitch.

    Parameters
    ----------
    of : str
        ``level`` or ``pitch``.
    rate : float
        Undulations per second.
    depth : float
        From trough to crest: decibels for a level, octaves for a pitch.
    spread : float
        Irregularity of the periods; 0 is mechanical.
    """

    of: Literal["level", "pitch"]
    rate: float
    depth: float
    spread: float = 0.0


@dataclass(frozen=True)
class Image:
    """Where a sound is between the two channels, and how wide.

    Parameters
    ----------
    start, end : float
        Position from -1 (left) to 1 (right), panned at constant power.
    width, width_end : float
        0 is one signal in both channels, 1 nothing in common.
    circum : float
        Positions from ``-circum`` for the lowest to ``circum`` for the highest part of the spectrum (negative: the
        other way round); 0 for none.
    """

    start: float = 0.0
    end: float = 0.0
    width: float = 0.0
    width_end: float = 0.0
    circum: float = 0.0


@dataclass(frozen=True)
class Sound:
    """One sound of the corpus.

    Parameters
    ----------
    source, envelope, motion, modulation, image
        See there.
    duration : float
        Seconds.
    level : float
        Root mean square of both channels over its loudest 50 ms, dB relative to full scale.
    seed : int
        Of all chance within the sound.
    """

    source: Source
    envelope: Envelope
    duration: float
    level: float
    seed: int
    motion: Motion = Motion()
    modulation: Modulation | None = None
    image: Image = Image()


@dataclass(frozen=True)
class Scene:
    """Sounds together.

    Parameters
    ----------
    layers : tuple of Sound
        The first is the leading one.
    starts : tuple of float
        Seconds from the start of the scene.
    triggers : tuple of (int, int)
        Pairs of layers the first of which sets off the second.
    """

    layers: tuple[Sound, ...]
    starts: tuple[float, ...]
    triggers: tuple[tuple[int, int], ...] = ()

    @property
    def duration(self) -> float:
        """Return the length in seconds."""
        return max(start + layer.duration for start, layer in zip(self.starts, self.layers, strict=True))
