"""How well a set of claims agrees with a score.

A describer cuts a recording into spans and claims concepts of each; a score says which events the
recording holds and what is true of them. Two questions: are the boundaries right, and are the claims?

Conventions
-----------
* One recording at a time; times in seconds from its start, half-open intervals.
* A span is the interval of one or more claims. Onsets are the distinct starts of spans, and of events.
* An event is matched to the span of largest intersection over union, if that is at least `LEAST_OVERLAP`.
* Concepts are judged on **isolated events** only (`truth.score.isolated`): where events sound together, a
  claim about their span may be true of either. Boundaries are judged on all events.
* Concepts that cannot hold together are alternatives of one family (``families.csv``, a concept may be in
  several families; concepts of the same alternative do hold together). A *rival* of a concept is in another
  alternative of one of its families.
* A score that lists no concept of a family is silent on it: a claim there is *unjudged*, neither right nor
  wrong. So is a more general or more exact word within a listed alternative.

Metrics
-------
* `onsets`: precision, recall and F-measure of onsets within 0.2 s and within 0.05 s, by
  ``mir_eval.onset.f_measure`` (one span start per event at most). Not ``mir_eval.segment.detection``: that
  takes intervals that tile the recording and drops its first and last boundary, whereas sound objects are
  separated by silence, overlap, and the first one counts.
* `concepts`: for each concept, over the isolated events,

  ============  ===========================================================================
  listed        events that list it: found + missed + contradicted
  found         listed, and claimed on the matched span
  missed        listed, neither it nor a rival claimed (or no span matches the event)
  contradicted  listed, not claimed, but a rival is
  spurious      claimed on a matched span, not listed, and a rival of something listed
  unjudged      claimed on a matched span, not listed, and no rival of anything listed
  ============  ===========================================================================

  precision = found / (found + spurious), recall = found / listed; absent where nothing can be divided.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import mir_eval.onset  # type: ignore[import-untyped]  # it ships no types
import numpy as np

from ontology.errors import ClaimsError
from truth.score import Event, isolated

__all__ = [
    "LEAST_OVERLAP",
    "WINDOWS",
    "Agreement",
    "ConceptCounts",
    "Heard",
    "OnsetScores",
    "concepts",
    "evaluate",
    "matched_span",
    "onsets",
    "rivals",
    "validate",
]

LEAST_OVERLAP = 0.5
"""Least intersection over union of an event and the span matched to it."""

WINDOWS = (0.2, 0.05)
"""Seconds by which an onset may be off: loose (segments) and strict (onsets)."""

Outcome = Literal["found", "missed", "contradicted", "spurious", "unjudged"]

Span = tuple[float, float]


@dataclass(frozen=True)
class Heard:
    """One claim, as read from a store.

    Parameters
    ----------
    start, end : float
        Its span in seconds, ``0 <= start < end``.
    concept : str
        Vocabulary id.
    confidence : float
        From 0 to 1, as the describer states it.
    """

    start: float
    end: float
    concept: str
    confidence: float


@dataclass(frozen=True)
class OnsetScores:
    """Agreement of onsets within one window.

    Parameters
    ----------
    window : float
        Seconds by which an onset may be off.
    f_measure, precision, recall : float
        From 0 to 1.
    """

    window: float
    f_measure: float
    precision: float
    recall: float


@dataclass(frozen=True)
class ConceptCounts:
    """Outcomes of one concept, or of all together; see the module for the words."""

    concept: str
    found: int = 0
    missed: int = 0
    contradicted: int = 0
    spurious: int = 0
    unjudged: int = 0

    @property
    def listed(self) -> int:
        """Return the number of events that list the concept."""
        return self.found + self.missed + self.contradicted

    @property
    def precision(self) -> float | None:
        """Return found / (found + spurious), or None where nothing judged was claimed."""
        judged = self.found + self.spurious
        return self.found / judged if judged else None

    @property
    def recall(self) -> float | None:
        """Return found / listed, or None where nothing was listed."""
        return self.found / self.listed if self.listed else None

    @property
    def f_measure(self) -> float | None:
        """Return the harmonic mean of precision and recall, or None where neither can be formed."""
        either = 2 * self.found + self.spurious + self.missed + self.contradicted
        return 2 * self.found / either if either else None


@dataclass(frozen=True)
class Agreement:
    """The agreement of a set of claims with a score.

    Parameters
    ----------
    onsets : tuple of OnsetScores
        One for each of `WINDOWS`.
    events, isolated, matched : int
        Events of the score, those of them judged for concepts, and those of these with a matching span.
    concepts : tuple of ConceptCounts
        One for each concept listed by an isolated event or claimed on its span, in alphabetical order.
    """

    onsets: tuple[OnsetScores, ...]
    events: int
    isolated: int
    matched: int
    concepts: tuple[ConceptCounts, ...]

    COLUMNS = (
        *("concept", "listed", "found", "missed", "contradicted", "spurious", "unjudged"),
        *("precision", "recall"),
    )

    @property
    def overall(self) -> ConceptCounts:
        """Return the counts of all concepts together."""
        names = [field.name for field in fields(ConceptCounts)][1:]
        return ConceptCounts("all", *(sum(getattr(row, name) for row in self.concepts) for name in names))

    def rows(self) -> list[tuple[str | int | float | None, ...]]:
        """Return a table with the columns of `COLUMNS`: one row for each concept, then one for all."""
        return [
            (row.concept, row.listed, *astuple(row)[1:], row.precision, row.recall)
            for row in (*self.concepts, self.overall)
        ]


@cache
def rivals() -> Mapping[str, frozenset[str]]:
    """Return, for each concept of ``families.csv``, those that cannot hold with it.

    Returns
    -------
    mapping of str to frozenset of str

    Examples
    --------
    >>> sorted(rivals()["saturateNoise"])
    ['granularNoise', 'harmonicSpectrum', 'inharmonicSpectrum', 'node', 'spectralNote']
    """
    with Path(__file__).with_name("families.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found: dict[str, set[str]] = {row["concept"]: set() for row in rows}
    for one, other in combinations(rows, 2):
        if one["family"] == other["family"] and one["alternative"] != other["alternative"]:
            found[one["concept"]].add(other["concept"])
            found[other["concept"]].add(one["concept"])
    return {concept: frozenset(others) for concept, others in found.items()}


def validate(events: Sequence[Event], heard: Sequence[Heard]) -> None:
    """Check that events and claims can be compared.

    Parameters
    ----------
    events : sequence of Event
        The score.
    heard : sequence of Heard
        The claims.

    Raises
    ------
    ClaimsError
        If the score is empty, a span is not ``0 <= start < end``, or a confidence is not from 0 to 1.
    """
    if not events:
        raise ClaimsError("the score holds no event", "at least one event to compare with")
    items: list[Event | Heard] = [*events, *heard]
    for item in items:
        if not 0 <= item.start < item.end < np.inf:
            raise ClaimsError(f"{item} has no usable span", "seconds, with 0 <= start < end")
        if isinstance(item, Heard) and not 0 <= item.confidence <= 1:
            raise ClaimsError(f"{item} has the confidence {item.confidence}", "a number from 0 to 1")


def onsets(events: Sequence[Event], heard: Sequence[Heard], window: float) -> OnsetScores:
    """Compare the starts of spans with the starts of events.

    Parameters
    ----------
    events : sequence of Event
        The score.
    heard : sequence of Heard
        The claims.
    window : float
        Seconds by which an onset may be off.

    Returns
    -------
    OnsetScores
        All 0 if nothing was heard.

    See Also
    --------
    mir_eval.onset.f_measure
    """
    if not heard:
        return OnsetScores(window, 0.0, 0.0, 0.0)
    reference = np.unique([event.start for event in events])
    estimated = np.unique([claim.start for claim in heard])
    scores = mir_eval.onset.f_measure(reference, estimated, window=window)
    return OnsetScores(window, *(float(score) for score in scores))


def matched_span(event: Event, spans: Iterable[Span]) -> Span | None:
    """Return the span of largest intersection over union with an event.

    Parameters
    ----------
    event : Event
        The event.
    spans : iterable of (float, float)
        Starts and ends in seconds.

    Returns
    -------
    tuple of float, or None
        None if the largest is below `LEAST_OVERLAP`; of equals the earliest.

    Examples
    --------
    >>> matched_span(Event("bell", 1.0, 3.0, "object", ()), [(0.0, 1.5), (1.2, 3.2)])
    (1.2, 3.2)
    """

    def overlap(span: Span) -> float:
        common = min(event.end, span[1]) - max(event.start, span[0])
        together = max(event.end, span[1]) - min(event.start, span[0])
        return max(common, 0.0) / together

    best = max(sorted(spans), key=overlap, default=None)
    return best if best is not None and overlap(best) >= LEAST_OVERLAP else None


def _outcomes(event: Event, claimed: frozenset[str]) -> list[tuple[str, Outcome]]:
    """Judge the claims on one isolated event; `claimed` is empty where no span matches."""
    listed = frozenset(event.concepts)

    def judge(concept: str) -> Outcome:
        if concept in listed and concept in claimed:
            return "found"
        against = rivals().get(concept, frozenset())
        if concept in listed:
            return "contradicted" if against & claimed else "missed"
        return "spurious" if against & listed else "unjudged"

    return [(concept, judge(concept)) for concept in listed | claimed]


def concepts(
    events: Sequence[Event], heard: Sequence[Heard], least_confidence: float = 0.0
) -> tuple[ConceptCounts, ...]:
    """Count the outcomes of each concept over the isolated events.

    Parameters
    ----------
    events : sequence of Event
        The score.
    heard : sequence of Heard
        The claims; repeated claims of one concept on one span count once.
    least_confidence : float, optional
        Claims below it are not judged, but their spans are still there to be matched.

    Returns
    -------
    tuple of ConceptCounts
        In alphabetical order of concept.
    """
    claims: dict[Span, set[str]] = {}
    for claim in heard:
        span_claims = claims.setdefault((claim.start, claim.end), set())
        if claim.confidence >= least_confidence:
            span_claims.add(claim.concept)
    counts: Counter[tuple[str, Outcome]] = Counter()
    for event in events:
        if isolated(event, events):
            span = matched_span(event, claims)
            counts.update(_outcomes(event, frozenset(claims[span]) if span else frozenset()))
    names = sorted({concept for concept, _ in counts})
    return tuple(
        ConceptCounts(
            name,
            found=counts[name, "found"],
            missed=counts[name, "missed"],
            contradicted=counts[name, "contradicted"],
            spurious=counts[name, "spurious"],
            unjudged=counts[name, "unjudged"],
        )
        for name in names
    )


def evaluate(events: Sequence[Event], heard: Iterable[Heard], least_confidence: float = 0.0) -> Agreement:
    """Compare a set of claims about one recording with its score.

    Parameters
    ----------
    events : sequence of Event
        The score.
    heard : iterable of Heard
        The claims.
    least_confidence : float, optional
        Claims below it are not judged, but their spans still count as heard.

    Returns
    -------
    Agreement

    Raises
    ------
    ClaimsError
        If `validate` finds something that cannot be compared.

    Examples
    --------
    >>> bell = Event("bell", 1.0, 3.0, "object", ("attackDecay", "bright"))
    >>> heard = [Heard(1.1, 3.0, "attackDecay", 0.9), Heard(1.1, 3.0, "dark", 0.6)]
    >>> result = evaluate([bell], heard)
    >>> [scores.f_measure for scores in result.onsets]
    [1.0, 0.0]
    >>> result.rows()[-1]
    ('all', 2, 1, 0, 1, 1, 0, 0.5, 0.5)
    """
    everything = list(heard)
    validate(events, everything)
    alone = [event for event in events if isolated(event, events)]
    spans = {(claim.start, claim.end) for claim in everything}
    return Agreement(
        onsets=tuple(onsets(events, everything, window) for window in WINDOWS),
        events=len(events),
        isolated=len(alone),
        matched=sum(matched_span(event, spans) is not None for event in alone),
        concepts=concepts(events, everything, least_confidence),
    )
