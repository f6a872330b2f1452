"""Small and large graphs of invented works, written by the same code as real ones.

Conventions
-----------
Three invented works and five agents: a measuring program, a listening model, a program that assesses, and two
persons. Everything is fixed (sums, times, parameters), so that every IRI is the same on every machine.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ingest.annotate import RunWriter, catalogue_entry
from ontology.mint import Minter
from ontology.terms import ENVELOPES_GRAPH, VOCABULARY_GRAPH, ConfidenceKind, SpanKind, Verdict
from ontology.values import (
    Agent,
    Assessment,
    AudioFile,
    Claim,
    Measurement,
    Recording,
    Run,
    Span,
    Work,
    seconds,
)
from ontology.vocabulary import FOLDER, load_vocabulary
from truth.answering import Corpus
from truth.corpus.clips import Signal
from truth.describers import Answered, Curve, Extent
from truth.metrics import Score
from truth.results import ConceptScore, Evaluation
from truth.scores import Evaluated, quads

__all__ = [
    "ANNA", "ASSESSOR", "BORIS", "GLASS_TIDES", "KIEFERNWALD", "LISTENER", "MEASURER", "MINTER", "SALT_ROAD",
    "Piece", "claim_iri", "large_graph", "small_graph", "store_of", "vocabulary_quads",
]  # fmt: skip

MINTER = Minter("https://archive.example.org/")
VOCABULARY = load_vocabulary()
MEASURER = Agent("Measuring describer", "0.1.0")
LISTENER = Agent("Listening model", "7b-2", envelope="qwen2-audio-7b")
ASSESSOR = Agent("Rule assessor", "0.1.0")
ANNA = Agent("Anna Keller", kind="person")
BORIS = Agent("Boris Adler", kind="person")

WHOLE, WINDOW, OBJECT = SpanKind.WHOLE_RECORDING, SpanKind.FIXED_WINDOW, SpanKind.DETECTED_OBJECT
_STARTED = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)

Heard: TypeAlias = tuple[float, float, SpanKind | None, str, float]
"""Start and end in seconds, kind of span, concept, confidence."""

Measured: TypeAlias = tuple[float, float, SpanKind | None, str, float]
"""Start and end in seconds, kind of span, property, value in the unit of the property."""

Judged: TypeAlias = tuple[str, Verdict, float, tuple[str, ...]]
"""IRI of a claim, verdict, confidence, properties it rests on."""


@dataclass(frozen=True)
class Piece:
    """A work, its recording and its file."""

    work: Work
    recording: Recording
    file: AudioFile


def _piece(digits: str, work: Work, duration: float, channels: int = 2) -> Piece:
    recording = Recording(digits * 32, 48000, channels, seconds(duration), 20000.0)
    return Piece(work, recording, AudioFile(f"{digits}.wav", digits[::-1] * 32, "WAV/PCM_24"))


GLASS_TIDES = _piece("a1", Work("Glass Tides", "Mira Lindqvist", 1987, "invented", "CC0-1.0"), 30.0)
KIEFERNWALD = _piece("b2", Work("Kiefernwald", "Jonas Vogt", 1994), 20.0)
SALT_ROAD = _piece("c3", Work("Salt Road 塩の道", "Mira Lindqvist", 2003), 5.0, channels=1)


def make_run(piece: Piece, agent: Agent, task: str = "describe", hour: int = 0) -> Run:
    """Return a run of fixed times; its IRI does not depend on the hour."""
    started = _STARTED + timedelta(hours=hour)
    return Run(agent, piece.recording.id, {"task": task}, started, started + timedelta(minutes=2))


def make_span(piece: Piece, start: float, end: float, kind: SpanKind | None = None) -> Span:
    """Return a span of a piece."""
    return Span(piece.recording.id, seconds(start), seconds(end), kind)


def claim_iri(piece: Piece, agent: Agent, start: float, end: float, concept: str) -> str:
    """Return the IRI of a claim that an agent made while describing a piece."""
    return MINTER.claim(MINTER.run_id(make_run(piece, agent)), make_span(piece, start, end), concept)


def describing_run(
    piece: Piece, agent: Agent, heard: Iterable[Heard], measured: Iterable[Measured] = (), hour: int = 0
) -> Iterator[str]:
    """Yield the N-Quads lines of a run that describes a piece; claims rest on what their rule needs."""
    run = make_run(piece, agent, hour=hour)
    writer = RunWriter(MINTER, VOCABULARY, run)
    confidence_kind = ConfidenceKind.VERBALISED if agent.kind == "person" else ConfidenceKind.RULE_MARGIN
    measurements = [
        Measurement(make_span(piece, start, end, kind), name, value) for start, end, kind, name, value in measured
    ]
    known = {(measurement.span, measurement.property) for measurement in measurements}
    claims = []
    for start, end, segmented, concept, confidence in heard:
        span = make_span(piece, start, end, segmented)
        rule = VOCABULARY.rules.get(concept)
        basis = [c.property for c in rule.conditions if (span, c.property) in known] if rule else []
        aspect = VOCABULARY.aspect(concept)
        claims.append(Claim(span, concept, aspect, confidence, confidence_kind, tuple(basis)))
    yield writer.header(piece.recording, piece.file)
    yield from writer.annotations(measurements, claims)
    yield writer.footer(run.ended)


def assessing_run(
    piece: Piece, agent: Agent, judged: Iterable[Judged], measured: Iterable[Measured] = (), hour: int = 0
) -> Iterator[str]:
    """Yield the N-Quads lines of a run that assesses claims about a piece."""
    run = make_run(piece, agent, "assess", hour)
    writer = RunWriter(MINTER, VOCABULARY, run)
    judged = list(judged)
    measurements = [
        Measurement(make_span(piece, start, end, kind), name, value, abs(value) / 50)
        for start, end, kind, name, value in measured
    ]
    assessments = [
        Assessment(claim, _span_of(piece, claim), verdict, confidence, basis)
        for claim, verdict, confidence, basis in judged
    ]
    yield writer.header(piece.recording, piece.file, [claim for claim, *_ in judged])
    yield from writer.annotations(measurements, assessments=assessments)
    yield writer.footer(run.ended)


def _span_of(piece: Piece, claim: str) -> Span:
    """Read the times of a claim from its IRI, as minted."""
    start, end = claim.split("/")[-3].split("-")
    return make_span(piece, int(start) / 1000, int(end) / 1000)


def _glass_tides() -> Iterator[str]:
    piece = GLASS_TIDES
    heard: list[Heard] = [
        (0.5, 3.5, OBJECT, "graduatedContinuant", 0.86),
        (0.5, 3.5, OBJECT, "brightening", 0.74),
        (3.6, 8.0, OBJECT, "attackImpulse", 0.91),
        (12.0, 20.0, OBJECT, "graduatedContinuant", 0.64),
        (12.0, 20.0, OBJECT, "darkening", 0.7),
        (26.0, 29.8, OBJECT, "openAttackDecay", 0.8),
        (26.0, 29.8, OBJECT, "dsOffsetFadeOut", 0.77),
        (0.0, 10.0, WINDOW, "bright", 0.9),
        (10.0, 20.0, WINDOW, "dark", 0.6),
        (20.0, 30.0, WINDOW, "bright", 0.55),
        (0.0, 30.0, WHOLE, "dense", 0.7),
    ]
    measured: list[Measured] = [
        (0.5, 3.5, OBJECT, "attackTime", 0.42),
        (0.5, 3.5, OBJECT, "plateauShare", 0.61),
        (0.5, 3.5, OBJECT, "releaseTime", 0.35),
        (12.0, 20.0, OBJECT, "attackTime", 0.11),
        (3.6, 8.0, OBJECT, "attackTime", 0.004),
        (0.5, 3.5, OBJECT, "brightnessCentroid", 1750.0),
        (3.6, 8.0, OBJECT, "brightnessCentroid", 3900.0),
        (12.0, 20.0, OBJECT, "brightnessCentroid", 520.0),
        (0.0, 10.0, WINDOW, "brightnessCentroid", 2650.0),
        (10.0, 20.0, WINDOW, "brightnessCentroid", 480.0),
        (20.0, 30.0, WINDOW, "brightnessCentroid", 2080.0),
    ]
    yield from describing_run(piece, MEASURER, heard, measured)
    by_ear: list[Heard] = [
        (0.5, 3.5, None, "closedAttackDecay", 0.7),
        (11.5, 20.0, None, "graduatedContinuant", 0.9),
        (3.6, 8.0, None, "ustElan", 0.8),
    ]
    yield from describing_run(piece, ANNA, by_ear, hour=1)
    sharp, held = (
        claim_iri(piece, ANNA, 0.5, 3.5, "closedAttackDecay"),
        claim_iri(piece, ANNA, 11.5, 20.0, "graduatedContinuant"),
    )
    judged: list[Judged] = [
        (sharp, Verdict.CONTRADICTED, 0.97, ("attackTime", "decayTime", "decayFit")),
        (held, Verdict.SUPPORTED, 0.83, ("attackTime", "plateauShare", "releaseTime")),
    ]
    evidence: list[Measured] = [
        (0.5, 3.5, None, "attackTime", 0.42),
        (0.5, 3.5, None, "decayTime", 0.31),
        (0.5, 3.5, None, "decayFit", 0.55),
        (11.5, 20.0, None, "attackTime", 0.16),
        (11.5, 20.0, None, "plateauShare", 0.52),
        (11.5, 20.0, None, "releaseTime", 0.2),
    ]
    yield from assessing_run(piece, ASSESSOR, judged, evidence, hour=2)
    of_anna: list[Judged] = [
        (claim_iri(piece, MEASURER, 0.5, 3.5, "graduatedContinuant"), Verdict.ACCEPTED, 0.9, ()),
        (claim_iri(piece, MEASURER, 26.0, 29.8, "openAttackDecay"), Verdict.REJECTED, 0.8, ()),
    ]
    yield from assessing_run(piece, ANNA, of_anna, hour=3)
    yield from assessing_run(piece, BORIS, [(sharp, Verdict.ACCEPTED, 0.6, ())], hour=4)
    yield catalogue_entry(MINTER, piece.recording.id, piece.work)


def _kiefernwald() -> Iterator[str]:
    piece = KIEFERNWALD
    heard: list[Heard] = [
        (0.2, 0.4, OBJECT, "attackImpulse", 0.95),
        (0.5, 6.0, OBJECT, "graduatedContinuant", 0.71),
        (5.0, 12.0, OBJECT, "granularMotion", 0.66),
        (12.1, 19.5, OBJECT, "graduatedContinuant", 0.58),
        (12.1, 19.5, OBJECT, "dsOffsetFadeOut", 0.9),
        (0.0, 10.0, WINDOW, "dark", 0.85),
        (10.0, 20.0, WINDOW, "dark", 0.7),
    ]
    measured: list[Measured] = [
        (0.0, 10.0, WINDOW, "brightnessCentroid", 310.0),
        (10.0, 20.0, WINDOW, "brightnessCentroid", 395.0),
        (5.0, 12.0, OBJECT, "eventRate", 34.0),
        (5.0, 12.0, OBJECT, "brightnessCentroid", 860.0),
    ]
    yield from describing_run(piece, MEASURER, heard, measured)
    modelled: list[Heard] = [
        (0.0, 10.0, WINDOW, "bright", 0.8),
        (10.0, 20.0, WINDOW, "dark", 0.8),
        (4.0, 12.0, None, "iterativeMotion", 0.5),
    ]
    yield from describing_run(piece, LISTENER, modelled, hour=1)
    bright = claim_iri(piece, LISTENER, 0.0, 10.0, "bright")
    iterative = claim_iri(piece, LISTENER, 4.0, 12.0, "iterativeMotion")
    judged: list[Judged] = [
        (bright, Verdict.CONTRADICTED, 0.99, ("brightnessCentroid", "level")),
        (iterative, Verdict.UNDECIDED, 0.4, ("eventRate",)),
    ]
    evidence: list[Measured] = [
        (0.0, 10.0, WINDOW, "brightnessCentroid", 310.0),
        (0.0, 10.0, WINDOW, "level", -21.5),
        (4.0, 12.0, None, "eventRate", 21.0),
    ]
    yield from assessing_run(piece, ASSESSOR, judged, evidence, hour=2)
    yield catalogue_entry(MINTER, piece.recording.id, piece.work)


def _salt_road() -> Iterator[str]:
    """Write a work that is one sound from start to end: its object is its whole recording."""
    piece = SALT_ROAD
    heard: list[Heard] = [(0.0, 5.0, OBJECT, "swelledGraduatedContinuant", 0.82)]
    measured: list[Measured] = [
        (0.0, 5.0, OBJECT, "attackTime", 1.9),
        (0.0, 5.0, OBJECT, "lossAbove8000", 4.2),
        (0.0, 5.0, OBJECT, "lossAbove12000", 3.1),
        (0.0, 5.0, OBJECT, "framesAbove8000", 0.75),
    ]
    yield from describing_run(piece, MEASURER, heard, measured)
    yield from describing_run(piece, LISTENER, [(0.0, 5.0, WHOLE, "bright", 0.6)], hour=1)
    yield catalogue_entry(MINTER, piece.recording.id, piece.work)


@cache
@dataclass(frozen=True)
class Scored:
    """A describer that is only spoken of."""

    agent: Agent
    name: str = "scored"
    concepts: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, str]:
        return {"prompt": "none"}

    def answers(self, sound: Signal, extent: Extent) -> Answered:
        raise NotImplementedError

    def onsets(self, sound: Signal) -> Sequence[float]:
        raise NotImplementedError

    def curves(self, sound: Signal, extent: Extent) -> Mapping[str, Curve]:
        raise NotImplementedError


def evaluation_of(agent: Agent, accuracies: Iterable[tuple[str, str, float]]) -> Iterator[str]:
    """Yield the N-Quads lines of an evaluation with invented accuracies by concept and condition."""
    concepts = tuple(
        ConceptScore(concept, "other", condition, score, score)
        for concept, condition, accuracy in accuracies
        for score in [
            Score(12, 28, 3, accuracy, accuracy - 0.05, accuracy + 0.02, 0.9, accuracy, 0.8, 0.03, 0.04, 0.06, {})
        ]
    )
    conditions = tuple(dict.fromkeys(one.condition for one in concepts))
    found = Evaluation(conditions, 40, concepts, (), (), (), (), (), (), ())
    corpus = Corpus(Path("corpus"), {"seed": 1, "size": 40, "manifest_sha256": "ab" * 32}, ())
    done = Evaluated(Scored(agent), corpus, found, _STARTED, _STARTED + timedelta(minutes=5))
    for quad in quads(done, MINTER):
        yield f"{quad} .\n"


def _scores() -> Iterator[str]:
    yield from evaluation_of(
        MEASURER,
        [("granularMotion", "clean", 0.93), ("granularMotion", "noise20", 0.84), ("bright", "clean", 0.97),
         ("dark", "clean", 0.88)],
    )  # fmt: skip
    yield from evaluation_of(LISTENER, [("bright", "clean", 0.72), ("iterativeMotion", "clean", 0.55)])


def small_graph() -> str:
    """Return the three works and the scores of two describers, without the vocabulary, as N-Quads."""
    return "".join((*_glass_tides(), *_kiefernwald(), *_salt_road(), *_scores()))


@cache
def vocabulary_quads() -> str:
    """Return the vocabulary and the envelopes in their named graphs, as N-Quads."""
    files = ((VOCABULARY_GRAPH, "vocabulary.ttl"), (ENVELOPES_GRAPH, "envelopes.ttl"))
    return "".join(
        f"{ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph))} .\n"
        for graph, name in files
        for t in ox.parse(path=FOLDER / name, format=ox.RdfFormat.TURTLE)
    )


def store_of(*nquads: str) -> ox.Store:
    """Return a store in memory that holds the vocabulary and what is given."""
    store = ox.Store()
    for text in (vocabulary_quads(), *nquads):
        store.bulk_load(text.encode(), ox.RdfFormat.N_QUADS)
    return store


_PROPERTIES = ("attackTime", "plateauShare", "releaseTime", "brightnessCentroid", "level", "eventRate")


def large_graph(works: int, minutes: float = 1.0) -> Iterator[str]:
    """Yield N-Quads lines of many works, each described by a program and a model and assessed.

    A minute holds about 25 detected objects and, every 5 s, a fixed window; each span has three claims by the
    program; the model speaks of every window. A work of one minute gives about 4,500 quads.
    """
    dice = random.Random(1997)
    concepts = sorted(VOCABULARY.rules)
    for number in range(works):
        digits = hashlib.sha256(str(number).encode()).hexdigest()
        piece = Piece(
            Work(f"Study {number}", f"Composer {number % 7}", 1950 + number % 70),
            Recording(digits[::-1], 48000, 2, seconds(60 * minutes), 20000.0),
            AudioFile(f"{number}.flac", digits, "FLAC/PCM_24"),
        )
        spans: list[tuple[float, float, SpanKind]] = [(5.0 * i, 5.0 * i + 5, WINDOW) for i in range(int(12 * minutes))]
        for i in range(int(25 * minutes)):
            start = round(2.4 * i + dice.random(), 3)
            spans.append((start, min(60.0 * minutes, round(start + 0.1 + 2 * dice.random(), 3)), OBJECT))
        spans.append((0.0, 60.0 * minutes, WHOLE))
        heard = [(*s, c, round(dice.random(), 3)) for s in spans for c in dice.sample(concepts, 3)]
        measured = [(*s, p, round(10 * dice.random() + 0.001, 3)) for s in spans for p in _PROPERTIES[:4]]
        yield from describing_run(piece, MEASURER, heard, measured)
        windows = [s for s in spans if s[2] is WINDOW]
        modelled = [(*s, c, round(dice.random(), 3)) for s in windows for c in dice.sample(concepts, 2)]
        yield from describing_run(piece, LISTENER, modelled, hour=1)
        verdicts = (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.UNDECIDED)
        judged = [
            (claim_iri(piece, LISTENER, s, e, c), dice.choice(verdicts), 0.5, ("level",)) for s, e, _, c, _ in modelled
        ]
        evidence = [(*s, "level", round(-40 * dice.random(), 2)) for s in windows]
        yield from assessing_run(piece, ASSESSOR, judged, evidence, hour=2)
        yield catalogue_entry(MINTER, piece.recording.id, piece.work)
