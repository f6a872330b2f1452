"""Sounding gestures: an envelope, a source and an image, rendered to samples.

Conventions
-----------
* Time is in seconds, frequency in hertz, intervals in octaves, decay as seconds from the peak to -20 dB.
* A gesture starts and ends at digital silence.
* What a gesture may be called follows from its parameters: see `truth.naming`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from truth import synthesis
from truth.synthesis import SAMPLE_RATE, Array

__all__ = [
    "MODES",
    "REVERSE_DB",
    "Band",
    "Cluster",
    "Envelope",
    "Gesture",
    "Grains",
    "Held",
    "Plate",
    "Pulses",
    "Reversed",
    "Source",
    "Strike",
    "Swell",
    "Tone",
    "duration",
    "render",
]

MODES = (1.0, 1.47, 2.09, 2.56, 3.39, 4.08, 4.92, 6.21)
"""Frequency ratios of the struck plate: chosen so that no common fundamental fits them."""

REVERSE_DB = 45.0
"""Decibels by which a reversed onset starts below its end."""


# -- envelopes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Strike:
    """A sudden start and an even fall in decibels, to -60 dB."""

    decay: float
    attack: float = 0.0015


@dataclass(frozen=True)
class Held:
    """A rise, a level stretch and a release."""

    attack: float
    hold: float
    release: float


@dataclass(frozen=True)
class Swell:
    """A rise to a peak and a fall from it, both as a square."""

    rise: float
    fall: float


@dataclass(frozen=True)
class Reversed:
    """A rise even in decibels that stops at its peak, in 3 ms."""

    rise: float


Envelope = Strike | Held | Swell | Reversed


# -- sources -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tone:
    """Harmonic partials over a fundamental that stays, or slides evenly in octaves."""

    fundamental: float
    count: int = 12
    tilt: float = -6.0  # decibels per octave
    slide: float = 0.0  # octaves over the whole gesture


@dataclass(frozen=True)
class Plate:
    """Inharmonic modes of a struck plate; with `damping` the higher ones die sooner."""

    base: float
    tilt: float = -3.0  # decibels per octave
    damping: float = 0.0  # extra fall per octave above the base, as a share of the common fall


@dataclass(frozen=True)
class Cluster:
    """Sine waves around a centre, one at random in each equal step of a width that may change."""

    centre: float
    width: float  # octaves from the lowest to the highest
    width_end: float
    count: int


@dataclass(frozen=True)
class Band:
    """Noise between two edges that may move, evenly in octaves."""

    low: float
    high: float
    low_end: float
    high_end: float
    tilt: float = -3.0  # decibels per octave of power spectral density: 0 white, -3 pink


@dataclass(frozen=True)
class Grains:
    """Noise cut into grains of changing place and level."""

    low: float
    high: float
    rate: float
    length: float
    jitter_db: float = 8.0


@dataclass(frozen=True)
class Pulses:
    """Short strokes on a plate, repeated at a rate that may change."""

    base: float
    rate: float
    rate_end: float
    decay: float
    irregular: bool = False


Source = Tone | Plate | Cluster | Band | Grains | Pulses

Spread = Literal["centre", "wide", "opening", "closing"]


@dataclass(frozen=True)
class Gesture:
    """One sounding event before it is placed in time.

    Parameters
    ----------
    envelope : Strike, Held, Swell or Reversed
        How its level goes.
    source : Tone, Plate, Cluster, Band, Grains or Pulses
        What sounds.
    image : str or tuple of float
        ``centre`` (both channels alike), ``wide`` (nothing in common), ``opening``, ``closing``, or a path
        (from, to) between -1 (left) and 1 (right).
    level : float
        Root mean square over its loudest 50 ms, in dBFS before the master gain.
    """

    envelope: Envelope
    source: Source
    image: Spread | tuple[float, float] = "centre"
    level: float = -15.0


def duration(envelope: Envelope) -> float:
    """Return the length of an envelope in seconds, to the millisecond."""
    match envelope:
        case Strike():
            length = envelope.attack + 3 * envelope.decay
        case Held():
            length = envelope.attack + envelope.hold + envelope.release
        case Swell():
            length = envelope.rise + envelope.fall
        case Reversed():
            length = envelope.rise
    return round(length, 3)


# -- samples -------------------------------------------------------------------------------------


def _level(envelope: Envelope, n: int) -> Array:
    match envelope:
        case Strike():
            return synthesis.exponential(n, envelope.attack, envelope.decay)
        case Held():
            return synthesis.cosine_ramps(n, envelope.attack, envelope.release)
        case Swell():
            return synthesis.swell(n, envelope.rise)
        case Reversed():
            start = 10.0 ** (-REVERSE_DB / 20 * (1 - np.arange(n) / n))
            return np.asarray(start * synthesis.cosine_ramps(n, 0.02, 0.003))


def _path(start: float, end: float, n: int) -> Array:
    return start * (end / start) ** (np.arange(n) / n)


def _plate(plate: Plate, n: int, decay: float, rng: np.random.Generator) -> Array:
    """Ring a plate; `decay` is the common fall, to which the damping of the higher modes is added."""
    ratios = np.array(MODES)
    octaves = np.log2(ratios)
    amplitudes = 10.0 ** (plate.tilt * octaves / 20)
    rates = 20 * plate.damping * octaves / decay
    return synthesis.strike(n, plate.base * ratios, amplitudes, rates, rng)


def _pulse_times(pulses: Pulses, seconds: float, rng: np.random.Generator) -> tuple[Array, Array]:
    times, gains, now = [], [], 0.0
    while now < seconds:
        times.append(now)
        gains.append(10.0 ** (-(10.0 * rng.random() if pulses.irregular and times[1:] else 0.0) / 20))
        rate = pulses.rate * (pulses.rate_end / pulses.rate) ** (now / seconds)
        now += (0.6 + 0.8 * rng.random() if pulses.irregular else 1.0) / rate
    return np.array(times), np.array(gains)


def _pulses(pulses: Pulses, n: int, rng: np.random.Generator) -> Array:
    m = round(3 * pulses.decay * SAMPLE_RATE)
    ring = _plate(Plate(pulses.base), m, pulses.decay, rng)
    ring *= synthesis.exponential(m, 0.0015, pulses.decay)[:, None]
    return synthesis.impulses(n, ring, *_pulse_times(pulses, n / SAMPLE_RATE, rng))


def _matter(gesture: Gesture, n: int, rng: np.random.Generator) -> Array:
    source = gesture.source
    match source:
        case Tone():
            path = _path(source.fundamental, source.fundamental * 2**source.slide, n)
            orders = range(1, source.count + 1)
            amplitudes = [10.0 ** (source.tilt * np.log2(k) / 20) for k in orders]
            return synthesis.partials([k * path for k in orders], amplitudes, rng)
        case Plate():
            decay = gesture.envelope.decay if isinstance(gesture.envelope, Strike) else 1.0
            return _plate(source, n, decay, rng)
        case Cluster():
            width = np.linspace(source.width, source.width_end, n)
            steps = (np.arange(source.count) + rng.random(source.count)) / source.count - 0.5
            paths = [source.centre * 2.0 ** (width * step) for step in steps]
            return synthesis.partials(paths, [1.0] * source.count, rng)
        case Band():
            low, high = _path(source.low, source.low_end, n), _path(source.high, source.high_end, n)
            return synthesis.moving_band(low, high, source.tilt, rng)
        case Grains():
            noise = synthesis.moving_band(np.full(n, source.low), np.full(n, source.high), -3.0, rng)
            return synthesis.grains(noise, source.rate, source.length, source.jitter_db, rng)
        case Pulses():
            return _pulses(source, n, rng)


def render(gesture: Gesture, rng: np.random.Generator) -> Array:
    """Render a gesture.

    Parameters
    ----------
    gesture : Gesture
        What sounds.
    rng : numpy.random.Generator
        Source of all chance in it.

    Returns
    -------
    ndarray, shape (n, 2)
        Left and right, ``duration(gesture.envelope)`` long at 48 kHz.
    """
    n = round(duration(gesture.envelope) * SAMPLE_RATE)
    pair = _matter(gesture, n, rng) * _level(gesture.envelope, n)[:, None]
    match gesture.image:
        case "centre":
            stereo = synthesis.spread(pair, np.zeros(n))
        case "wide":
            stereo = synthesis.spread(pair, np.ones(n))
        case "opening":
            stereo = synthesis.spread(pair, np.linspace(0, 1, n))
        case "closing":
            stereo = synthesis.spread(pair, np.linspace(1, 0, n))
        case (start, end):
            stereo = synthesis.pan(pair, np.linspace(start, end, n))
    window = min(n, SAMPLE_RATE // 20)
    power = np.cumsum(np.pad((stereo**2).mean(axis=1), (1, 0)))
    loudest = np.sqrt((power[window:] - power[:-window]).max() / window)
    return np.asarray(stereo * 10.0 ** (gesture.level / 20) / loudest)
