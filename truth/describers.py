"""Describers: who is asked which concepts hold over a sound, and how the measured describer answers.

Conventions
-----------
* A sound is an array of float32 of shape (samples, 2), at 48 kHz, full scale 1; times are seconds from its start.
* An answer is the probability that a concept holds over an extent, 0 to 1. A concept without an answer is absent.
* A describer says what can change its answers in `Describer.parameters`; equal parameters mean equal answers.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

import ingest
from ingest.decode import RATE
from ingest.describe import DESCRIBER
from ingest.features import analyse
from ingest.frames import Frames
from ingest.measure import measure
from ingest.rules import decide
from ingest.segment import segment
from ontology.errors import UnknownName
from ontology.terms import SpanKind
from ontology.values import Agent, Recording, Span, seconds
from ontology.vocabulary import FOLDER, Rule, load_vocabulary
from truth.corpus.clips import Signal

__all__ = ["DESCRIBERS", "Answered", "Curve", "Describer", "Extent", "MeasuredDescriber", "describer", "key"]

Extent = tuple[float, float]
"""Start and end of what is asked about, in seconds."""

CURVE_WINDOW, CURVE_STEP = 0.2, 0.1
"""Seconds over which one point of a measured curve is taken, and from one to the next."""

_KINDS = (SpanKind.DETECTED_OBJECT, SpanKind.FIXED_WINDOW, SpanKind.WHOLE_RECORDING)
"""A rule is asked about the first of these that it is for."""


@dataclass(frozen=True)
class Answered:
    """What a describer says of one sound.

    Parameters
    ----------
    probabilities : Mapping of str to float
        By concept, 0 to 1.
    values : Mapping of str to float
        What it measured, by id of the observable property, in its unit; empty for a describer that measures nothing.
    """

    probabilities: Mapping[str, float]
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """How something goes along a sound.

    Parameters
    ----------
    times : tuple of float
        Seconds, rising.
    values : tuple of float
        One for each time.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]


class Describer(Protocol):
    """Somebody who says of sounds which concepts hold: a measurement, or a model that listens."""

    @property
    def name(self) -> str:
        """Name by which it is asked for."""
        ...

    @property
    def agent(self) -> Agent:
        """The agent whose claims its scores qualify."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """Everything that can change an answer."""
        ...

    @property
    def concepts(self) -> tuple[str, ...]:
        """Ids of the concepts it may answer about."""
        ...

    def answers(self, sound: Signal, extent: Extent) -> Answered:
        """Say which concepts hold over an extent of a sound."""
        ...

    def onsets(self, sound: Signal) -> Sequence[float]:
        """Return the seconds at which sounds begin; empty if it does not say."""
        ...

    def curves(self, sound: Signal, extent: Extent) -> Mapping[str, Curve]:
        """Return curves of ``level`` (dB), ``centroid`` (Hz), ``height`` (octaves), ``position`` (-1 left to 1 right).

        What it does not follow is absent.
        """
        ...


def key(who: Describer) -> str:
    """Return a digest of everything that can change a describer's answers, 16 hexadecimal digits."""
    parts = (who.agent.name, who.agent.version or "", *(f"{k}={v}" for k, v in sorted(who.parameters.items())))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class MeasuredDescriber:
    """The measured describer: the rules of ``ontology/rules.csv`` on what `ingest.measure` measures.

    The extent is measured as a detected object; a rule that is not for objects is asked about a fixed window, or the
    whole recording, of the same times.
    """

    name = "measured"
    agent = DESCRIBER

    @property
    def parameters(self) -> Mapping[str, str]:
        """Sums of the rules and of the measuring code."""
        return _sums()

    @property
    def concepts(self) -> tuple[str, ...]:
        """Ids of the concepts that have a rule."""
        return tuple(load_vocabulary().rules)

    def answers(self, sound: Signal, extent: Extent) -> Answered:
        """Measure an extent and judge every rule; see `Describer.answers`."""
        vocabulary = load_vocabulary()
        asked: dict[SpanKind, list[Rule]] = {}
        for rule in vocabulary.rules.values():
            asked.setdefault(next(kind for kind in _KINDS if kind in rule.spans), []).append(rule)
        probabilities: dict[str, float] = {}
        measured: dict[str, float] = {}
        with _frames(sound) as frames:
            for kind in (kind for kind in _KINDS if kind in asked):
                values = measure(frames, _span(extent, kind))
                measured = measured or values
                for rule in asked[kind]:
                    decision = decide(rule, values, vocabulary)
                    if decision is not None:
                        probabilities[rule.concept] = decision.probability
        return Answered(probabilities, measured)

    def onsets(self, sound: Signal) -> Sequence[float]:
        """Return the starts of the detected objects."""
        duration = seconds(len(sound) / RATE)
        recording = Recording(hashlib.sha256(sound.tobytes()).hexdigest(), RATE, sound.shape[1], duration, RATE / 2)
        with _frames(sound) as frames:
            return [float(span.start) for span in segment(recording, frames).objects]

    def curves(self, sound: Signal, extent: Extent) -> Mapping[str, Curve]:
        """Measure windows of `CURVE_WINDOW` along an extent; the position from each channel measured alone."""
        starts = np.arange(extent[0], extent[1] - CURVE_WINDOW, CURVE_STEP)
        both = _along(sound, starts)
        points: dict[str, list[tuple[float, float]]] = {"level": [], "centroid": [], "height": [], "position": []}
        sides = [_along(sound[:, side : side + 1], starts) for side in (0, 1)]
        for start, values, left, right in zip(starts, both, *sides, strict=True):
            middle = float(start) + CURVE_WINDOW / 2
            if "level" in values:
                points["level"].append((middle, values["level"]))
            if "brightnessCentroid" in values:
                points["centroid"].append((middle, values["brightnessCentroid"]))
            if "pitch" in values:
                points["height"].append((middle, float(np.log2(values["pitch"]))))
            if "level" in values and ("level" in left or "level" in right):
                points["position"].append((middle, _position(left.get("level"), right.get("level"))))
        return {
            name: Curve(tuple(time for time, _ in found), tuple(value for _, value in found))
            for name, found in points.items()
            if found
        }


def _position(left: float | None, right: float | None) -> float:
    """Return the place that levels in dB come from by the law of equal power, -1 to 1."""
    amplitudes = [0.0 if level is None else 10 ** (level / 20) for level in (left, right)]
    return float(np.arctan2(amplitudes[1], amplitudes[0])) * 4 / np.pi - 1


def _along(sound: Signal, starts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[dict[str, float]]:
    with _frames(sound) as frames:
        return [measure(frames, _span((start, start + CURVE_WINDOW), SpanKind.FIXED_WINDOW)) for start in starts]


def _frames(sound: Signal) -> Frames:
    frames = Frames(analyse([np.ascontiguousarray(sound.T)]), sound.shape[1])
    frames.cut(len(sound) / RATE)
    return frames


def _span(extent: Extent, kind: SpanKind) -> Span:
    return Span("0" * 16, seconds(max(float(extent[0]), 0.0)), seconds(float(extent[1])), kind)


@cache
def _sums() -> Mapping[str, str]:
    tables = [FOLDER / name for name in ("rules.csv", "properties.csv")]
    code = sorted(Path(ingest.__file__).parent.glob("*.py"))
    return {"SHA-256 sum of the rules": _sum(tables), "SHA-256 sum of the measuring code": _sum(code)}


def _sum(paths: Sequence[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


DESCRIBERS = {MeasuredDescriber.name: MeasuredDescriber}
"""Describers by the name a user types."""


def describer(name: str) -> Describer:
    """Return a describer by its name.

    Raises
    ------
    UnknownName
        If there is none of this name.
    """
    if name not in DESCRIBERS:
        raise UnknownName(f"there is no describer {name!r}", ", ".join(DESCRIBERS))
    return DESCRIBERS[name]()
