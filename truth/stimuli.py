"""Sounds for control tests of listeners: clips whose truth is known, and what is done to them.

Conventions
-----------
* Clips are drawn as those of a corpus are (`truth.corpus`), so many for each question, from the concepts among its
  options of which the generators know the truth; of each, only what sounds is kept. A clip that is longer than what
  the listener hears as one is passed over.
* What is done to a sound is a `Treatment`. Sounds end up mono, at the rate of the listener.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import soxr

from ingest.decode import RATE
from ingest.listeners.base import Hearing, Mono, Sounding
from ontology.terms import SpanKind
from ontology.values import Span, seconds
from truth.corpus.clips import Clip, Selection, Signal, draw, events, known_concepts, mixed, plan_of

__all__ = ["LOW_PASS_HZ", "TREATMENTS", "Stimuli", "Stimulus", "joined", "lost_decibels", "stimuli"]

LOW_PASS_HZ = 2000
GAIN = 10 ** (12 / 20)
FAINT = 10 ** (-90 / 20)
"""Full scale of the noise that is far below hearing."""
_ATTEMPTS = 40
"""Clips drawn for each one wanted, at most."""
_APART = 100_000
"""From the indexes of the clips of one question to those of the next."""


def _low_passed(sound: Signal) -> Signal:
    spectrum = np.fft.rfft(sound, axis=0)
    spectrum[np.fft.rfftfreq(len(sound), 1 / RATE) > LOW_PASS_HZ] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound), axis=0), np.float32)


def _louder(sound: Signal) -> Signal:
    """Return a sound 12 dB louder, or as much as full scale allows."""
    peak = float(np.abs(sound).max())
    return sound * np.float32(min(GAIN, 1 / peak) if peak else 1.0)


def _faint(sound: Signal) -> Signal:
    return np.asarray(np.random.default_rng(len(sound)).uniform(-FAINT, FAINT, sound.shape), np.float32)


TREATMENTS: Mapping[str, Callable[[Signal], Signal]] = MappingProxyType(
    {
        "plain": lambda sound: sound,
        "silent": np.zeros_like,
        "faint": _faint,
        "low-passed": _low_passed,
        "reversed": lambda sound: sound[::-1],
        "louder": _louder,
        "softer": lambda sound: sound / np.float32(GAIN),
        "left alone": lambda sound: np.repeat(sound[:, :1], 2, axis=1),
    }
)
"""What may be done to a sound of shape (samples, 2), by name."""


@dataclass(frozen=True)
class Stimulus:
    """A clip that a listener is asked about.

    Parameters
    ----------
    name : str
    aspect : str or None
        The question for which it was drawn.
    labels : Mapping of str to bool
        What is true and what is false of it; what is undecided is absent.
    clip : Clip
    """

    name: str
    aspect: str | None
    labels: Mapping[str, bool]
    clip: Clip

    def sound(self) -> Signal:
        """Render what sounds of it, shape (samples, 2), at `RATE`."""
        start, end = _extent(self.clip)
        return mixed(self.clip)[round(start * RATE) : round(end * RATE)]

    def sounding(self, treatment: str, rate: int) -> Sounding:
        """Return the sound as a listener takes it.

        Parameters
        ----------
        treatment : str
            One of `TREATMENTS`.
        rate : int
            Of the listener, in Hz.
        """
        return _taken(TREATMENTS[treatment](self.sound()), rate)


def _taken(sound: Signal, rate: int) -> Sounding:
    """Return a sound of shape (samples, 2) as a listener takes it."""
    whole = np.ascontiguousarray(sound.mean(axis=1), np.float32)
    mono: Mono = whole if rate == RATE else soxr.resample(whole, RATE, rate, quality="HQ").astype(np.float32)
    length = max(seconds(len(mono) / rate), seconds(0.001))
    return Sounding(Span("0" * 16, seconds(0), length, SpanKind.FIXED_WINDOW), mono)


def joined(first: Stimulus, then: Stimulus, hearing: Hearing) -> Sounding:
    """Return one sound after the other, the louder as soft as the other, each half of what is heard as one at most.

    Parameters
    ----------
    first, then : Stimulus
    hearing : Hearing
        Of the listener.
    """
    parts = [one.sound()[: int(hearing.window_s / 2 * RATE)] for one in (first, then)]
    levels = [float(np.sqrt(np.mean(part.astype(np.float64) ** 2))) for part in parts]
    softest = min(levels)
    even = [part * np.float32(softest / level if level else 1.0) for part, level in zip(parts, levels, strict=True)]
    return _taken(np.concatenate(even), hearing.sample_rate_hz)


def lost_decibels(sound: Signal) -> float:
    """Return how much weaker a sound is without what lies above `LOW_PASS_HZ`, in dB, 60 at most."""
    whole, left = (float((part.astype(np.float64) ** 2).sum()) for part in (sound, _low_passed(sound)))
    return min(60.0, 10 * float(np.log10(whole / max(left, whole * 1e-6)))) if whole else 0.0


def _extent(clip: Clip) -> tuple[float, float]:
    told = events(clip)
    start = min(float(str(event["start"])) for event in told)
    return start, min(max(float(str(event["end"])) for event in told), clip.length)


@dataclass(frozen=True)
class Stimuli:
    """All clips of an audition.

    Parameters
    ----------
    seed : int
    clips : tuple of Stimulus
    """

    seed: int
    clips: tuple[Stimulus, ...]

    @property
    def sum(self) -> str:
        """SHA-256 sum of everything that the clips are made from."""
        lines = [json.dumps([one.name, plan_of(one.clip)], sort_keys=True, default=str) for one in self.clips]
        return hashlib.sha256("\n".join([str(self.seed), *lines]).encode()).hexdigest()


def stimuli(questions: Mapping[str, Sequence[str]], hearing: Hearing, seed: int, each: int) -> Stimuli:
    """Draw the clips of an audition.

    Parameters
    ----------
    questions : Mapping of str to sequence of str
        Options by aspect, as concept ids.
    hearing : Hearing
        Of the listener.
    seed : int
        0 or more.
    each : int
        Clips for each question of which the generators know a truth, and as many for those that have none.

    Returns
    -------
    Stimuli
        Fewer where too few clips are short enough.
    """
    known = set(known_concepts())
    wanted = {aspect: tuple(sorted(known & set(options))) for aspect, options in sorted(questions.items())}
    sets: dict[str | None, tuple[str, ...]] = {aspect: concepts for aspect, concepts in wanted.items() if concepts}
    if not sets:
        sets = {None: ()}
    found: list[Stimulus] = []
    for place, (aspect, concepts) in enumerate(sets.items()):
        kept = 0
        for index in range(place * _APART, place * _APART + each * _ATTEMPTS):
            if kept == each:
                break
            clip = draw(seed, index, Selection(concepts=concepts))
            start, end = _extent(clip)
            if end - start <= hearing.window_s:
                found.append(Stimulus(f"{aspect or 'any'}-{kept:03d}", aspect, clip.labels, clip))
                kept += 1
    return Stimuli(seed, tuple(found))
