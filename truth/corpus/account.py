"""What the parameters of a sound say about it, in the quantities of the vocabulary's definitions.

An account is worked out from parameters alone; no sample is looked at. Labels follow from it (`truth.corpus.shape`,
`truth.corpus.spectrum`, `truth.corpus.motion`).

Conventions
-----------
* Seconds, hertz, octaves and decibels; a decay is the time from the peak to -20 dB.
* Pairs (least, most) hold what a quantity may be taken to be, such as the 10-90 % part of a rise and all of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from truth.corpus import paths, spectra
from truth.corpus.parameters import (
    Array,
    Band,
    Cluster,
    Held,
    Modes,
    Partials,
    Reversed,
    Slope,
    Sound,
    Spectrum,
    Stream,
    Strike,
    Swell,
)

__all__ = ["PLACES", "Account", "change", "tau"]

POINTS = 512
"""Values of a path."""

PLACES = 17
"""Places at which a spectrum is worked out."""

_CELLS = 64
_RAMP = 0.59  # share of a raised cosine between 10 and 90 %
_SQUARE = 0.63  # the same of a square: sqrt(0.9) - sqrt(0.1)
_EVEN = 19.1  # decibels between 10 and 90 %
_BEATS = 150.0  # hertz: a narrower cluster or band is heard to go up and down
_FLOOR = -60.0


def _cells(path: Array) -> Array:
    """Return the means of 64 equal stretches of a path, so that undulations do not count as direction."""
    return path.reshape(_CELLS, -1).mean(axis=1) if len(path) % _CELLS == 0 else path


def change(path: Array) -> float:
    """Return the rise of the straight line that fits a path best, from its start to its end."""
    values = _cells(path)
    time = np.linspace(-0.5, 0.5, len(values))
    return float((time * values).sum() / (time * time).sum())


def tau(path: Array) -> float:
    """Return Kendall's tau of a path against time."""
    values = _cells(path)
    later, sooner = np.triu_indices(len(values), 1)[::-1]
    step = values[later] - values[sooner]
    return float(np.sign(np.where(np.abs(step) < 1e-9, 0.0, step)).mean())


@dataclass(frozen=True)
class Account:
    """The account of one sound."""

    sound: Sound

    @cached_property
    def times(self) -> Array:
        """Times of the paths in seconds."""
        return (np.arange(POINTS, dtype=np.float64) + 0.5) * (self.sound.duration / POINTS)

    @property
    def _fall(self) -> float:
        """Decibels by which a struck sound has fallen at its end."""
        envelope = self.sound.envelope
        if not isinstance(envelope, Strike):
            return 0.0
        return 20 * (self.sound.duration - envelope.attack) / envelope.decay

    @cached_property
    def spectra(self) -> tuple[tuple[Array, Array], ...]:
        """Lines and powers at `PLACES` places; of a decay, from its peak to -20 dB."""
        last = min(self.decay / self.sound.duration, 1.0) if isinstance(self.sound.envelope, Strike) else 1.0
        places = np.linspace(0, last, PLACES)
        moved = isinstance(self.sound.source, Modes) and self.sound.source.damping
        if not moved and not self.sound.motion.widening:
            return (spectra.lines(self.sound.source, 0.0),) * PLACES
        factors = paths.widening(self.sound.motion, places * self.sound.duration, self.sound.duration)
        return tuple(
            spectra.lines(self.sound.source, float(place), float(factor), self._fall)
            for place, factor in zip(places, factors, strict=True)
        )

    @cached_property
    def heights(self) -> Array:
        """Octaves by which the sound is moved, undulation included."""
        times = self.times
        return paths.height(self.sound.motion, times, self.sound.duration) + paths.pitch_swing(self.sound, times)

    @cached_property
    def centroids(self) -> tuple[Array, Array]:
        """Paths of log2 centroid: the least and the most of its readings."""
        found = [spectra.centroid(*item) for item in self.spectra]
        grid = np.linspace(0, 1, PLACES)
        return tuple(  # type: ignore[return-value]  # two readings
            np.interp(np.linspace(0, 1, POINTS), grid, [pair[reading] for pair in found]) + self.heights
            for reading in (0, 1)
        )

    @cached_property
    def spreads(self) -> tuple[Array, Array]:
        """Standard deviation of log2 frequency at `PLACES` places: the least and the most of its readings."""
        found = np.array([spectra.spread(*item) for item in self.spectra])
        return found[:, 0], found[:, 1]

    @cached_property
    def active(self) -> tuple[Array, Array]:
        """Share of active bands at `PLACES` places: the least and the most of its readings."""
        lowest, highest = float(self.heights.min()), float(self.heights.max())
        shifts = self.heights[np.linspace(0, POINTS - 1, PLACES).astype(np.int64)]
        if not self.moves_spectrum and highest - lowest < 0.1:
            share = spectra.active_share(self.spectra[0][0] + lowest, self.spectra[0][1])
            return np.full(PLACES, share[0]), np.full(PLACES, share[1])
        found = np.array(
            [
                spectra.active_share(octaves + shift, powers)
                for (octaves, powers), shift in zip(self.spectra, shifts, strict=True)
            ]
        )
        return found[:, 0], found[:, 1]

    @property
    def moves_spectrum(self) -> bool:
        """Whether the shape of the spectrum changes."""
        return bool(self.sound.motion.widening) or (
            isinstance(self.sound.source, Modes) and self.sound.source.damping > 0
        )

    @cached_property
    def level(self) -> Array:
        """Path of the level in decibels below the maximum, undulation left out."""
        amplitude = paths.level(self.sound.envelope, self.times, self.sound.duration)
        power = amplitude**2
        if isinstance(self.sound.source, Modes) and self.sound.source.damping:
            damped = [spectra.lines(self.sound.source, place, 1.0, self._fall)[1].sum() for place in (0.0, *_GRID)]
            power = power * np.interp(np.linspace(0, 1, POINTS), (0.0, *_GRID), np.array(damped) / damped[0])
        return np.asarray(10 * np.log10(np.maximum(power / power.max(), 10 ** (_FLOOR / 10))))

    @cached_property
    def decay(self) -> float:
        """Seconds from the peak to -20 dB, all modes together; infinite for what was not struck."""
        envelope = self.sound.envelope
        if not isinstance(envelope, Strike):
            return np.inf
        source = self.sound.source
        if not isinstance(source, Modes) or not source.damping:
            return envelope.decay
        places = np.linspace(0, 1, 241)
        octaves = np.log2(np.array(source.ratios))
        powers = spectra.powers_of(source.ratios, source.tilt)
        falls = 10.0 ** (-2 * places[:, None] * (1 + source.damping * octaves))
        total = (powers * falls).sum(axis=1) / powers.sum()
        return float(places[np.argmax(total < 0.01)] or 1.0) * envelope.decay

    @property
    def rise(self) -> tuple[float, float]:
        """Length of the rise: its 10-90 % part, and all of it."""
        duration = self.sound.duration
        match self.sound.envelope:
            case Held(attack):
                return _RAMP * attack, attack
            case Strike(attack):
                return 0.8 * attack, attack
            case Swell(peak):
                return _SQUARE * peak * duration, peak * duration
            case Reversed(depth):
                return _EVEN / depth * duration, duration
            case Slope(change, edge):
                return _RAMP * edge, duration if change > 0 else edge

    @property
    def release(self) -> tuple[float, float]:
        """Length of the fall at the end, as `rise`."""
        duration = self.sound.duration
        match self.sound.envelope:
            case Held(_, release):
                return _RAMP * release, release
            case Strike(_, _, cut):
                return (0.0, 0.004) if cut else (_EVEN / 20 * self.decay, duration)
            case Swell(peak):
                return _SQUARE * (1 - peak) * duration, (1 - peak) * duration
            case Reversed(_, stop):
                return 0.0, stop
            case Slope(change, edge):
                return _RAMP * edge, duration if change < 0 else edge

    @property
    def overshoot(self) -> float:
        """Decibels by which the rise overshoots what follows."""
        return self.sound.envelope.overshoot if isinstance(self.sound.envelope, Held) else 0.0

    @property
    def ring(self) -> float:
        """Seconds for which a partial is there to be told apart from its neighbours."""
        if isinstance(self.sound.source, Stream):
            return self.sound.source.decay
        return min(self.decay, self.sound.duration)

    @cached_property
    def bandwidth(self) -> float:
        """Narrowest effective bandwidth of noise, or breadth of a cluster, in hertz; infinite for other sources."""
        source = self.sound.source
        lowest = float(2.0 ** self.heights.min())
        found = np.inf
        for octaves, powers in self.spectra if isinstance(source, Band | Cluster) else ():
            hertz = lowest * 2.0**octaves
            if isinstance(source, Cluster):
                found = min(found, float(hertz.max() - hertz.min()))
            else:
                density = powers / hertz
                found = min(found, float(np.trapezoid(density, hertz) ** 2 / np.trapezoid(density**2, hertz)))
        return found

    @property
    def level_depth(self) -> float:
        """Decibels from trough to crest of an undulation of the level; 0 for none."""
        modulation = self.sound.modulation
        return modulation.depth if modulation is not None and modulation.of == "level" else 0.0

    @property
    def even(self) -> bool:
        """Whether nothing but the envelope moves the level: no events, no undulation, no slow beats."""
        source = self.sound.source
        if isinstance(source, Stream) or self.level_depth > 1 or self.bandwidth < _BEATS:
            return False
        return not (isinstance(source, Partials | Modes) and spectra.closest(source) < 30)

    @property
    def tonal(self) -> bool:
        """Whether single partials sound: no noise, no cluster, no fast undulation that would add to them."""
        source = self.sound.source.matter if isinstance(self.sound.source, Stream) else self.sound.source
        modulation = self.sound.modulation
        fast = modulation is not None and modulation.rate > 12
        return isinstance(source, Partials | Modes | Spectrum) and not fast

    @cached_property
    def events(self) -> Array:
        """Times of the events of a stream in seconds, or of the single onset."""
        if isinstance(self.sound.source, Stream):
            return paths.event_times(self.sound.source, self.sound.duration, self.sound.seed)
        return np.zeros(1)


_GRID = tuple(np.linspace(0.02, 1, 50).tolist())
