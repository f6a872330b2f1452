"""The measured describer: a sound file in, the lines of its run out.

Conventions
-----------
Nothing here touches the store. Lines are written to files, so that memory does not grow with the recording and a
worker process can hand them over by name.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TextIO

from ingest.annotate import RunWriter, catalogue_entry
from ingest.decode import RATE, Listening, Scan
from ingest.features import analyse
from ingest.frames import Frames
from ingest.heard import Heard
from ingest.measure import measure
from ingest.rules import assess, claims
from ingest.segment import WINDOW_SECONDS, segment
from ontology.errors import ClaimsError
from ontology.mint import Minter
from ontology.terms import SpanKind
from ontology.values import Agent, Claim, Measurement, Recording, Run, Span, Work
from ontology.vocabulary import FOLDER, Vocabulary

__all__ = ["CHECKER", "DESCRIBER", "Described", "Settings", "Task", "describe", "fitting", "runs"]

VERSION = "0.1.0"
"""Version of the measuring code; to be raised with every change that can change a value."""

DESCRIBER = Agent("Acousma measured describer", VERSION)
CHECKER = Agent("Acousma claim checker", VERSION)

_CORE = ("level", "brightnessCentroid", "spectralSpread", "activeBands", "peakShare", "sideShare", "pitch")
"""Stored for every span, whether or not a claim rests on them."""
_STANDARD = (
    "spectralCentroid", "spectralBandwidth", "spectralRolloff", "spectralFlatness", "spectralFlux", "zeroCrossingRate",
)  # fmt: skip
"""Stored for windows and whole recordings, as other tools give them."""


Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Settings:
    """What can change the outcome of a description, and where it is computed.

    Parameters
    ----------
    base : str
        Base IRI of the archive.
    window_seconds : float
    device : str
        Torch device; no part of a run's identity.
    """

    base: str
    window_seconds: float = WINDOW_SECONDS
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Described:
    """What was written of one recording.

    Parameters
    ----------
    scanned : Scan
    entry : str
        Lines with what the catalogue says, in the recording's catalogue graph.
    nquads : Path
        The file with all other lines.
    graphs : tuple of str
        The graphs they are in.
    spans, measurements, claims, assessments, quads : int
    problems : tuple of ClaimsError
        Claims of others that do not fit the recording.
    """

    scanned: Scan
    entry: str
    nquads: Path
    graphs: tuple[str, ...]
    spans: int
    measurements: int
    claims: int
    assessments: int
    quads: int
    problems: tuple[ClaimsError, ...] = ()


@cache
def _rules_sum() -> str:
    parts = [(FOLDER / name).read_bytes() for name in ("rules.csv", "properties.csv")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def runs(
    recording: Recording, claims_of_others: Sequence[tuple[Agent, Claim]], settings: Settings, now: datetime
) -> list[Run]:
    """Return the runs that a recording calls for; their IRIs do not depend on the time.

    Parameters
    ----------
    recording : Recording
    claims_of_others : sequence of (Agent, Claim)
    settings : Settings
    now : datetime

    Returns
    -------
    list of Run
        The measured describer's; then, if there are claims by others, one per agent and the checker's.
    """
    parameters = {
        "sample rate in Hz": str(RATE),
        "window in seconds": f"{settings.window_seconds:g}",
        "SHA-256 sum of the rules": _rules_sum(),
    }
    wanted = [Run(DESCRIBER, recording.id, parameters, now, now)]
    for agent in dict.fromkeys(agent for agent, _ in claims_of_others):
        parameters = {"SHA-256 sum of the claims": _claims_sum(c for a, c in claims_of_others if a == agent)}
        wanted.append(Run(agent, recording.id, parameters, now, now))
    if claims_of_others:
        parameters = {
            "SHA-256 sum of the rules": _rules_sum(),
            "SHA-256 sum of the claims": _claims_sum(claim for _, claim in claims_of_others),
        }
        wanted.append(Run(CHECKER, recording.id, parameters, now, now))
    return wanted


def _claims_sum(claims_: Iterable[Claim]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, claims_))).encode()).hexdigest()


@dataclass(slots=True)
class _Description:
    """One recording being described: where the lines go and what was counted."""

    scanned: Scan
    frames: Frames
    file: TextIO
    minter: Minter
    vocabulary: Vocabulary
    clock: Clock
    graphs: list[str] = field(default_factory=list)
    spans: int = 0
    measurements: int = 0
    claims: int = 0
    assessments: int = 0
    quads: int = 0

    def write(self, lines: str) -> None:
        """Write lines and count them."""
        self.file.write(lines)
        self.quads += lines.count("\n")

    def begin(self, run: Run) -> RunWriter:
        """Write the head of a run."""
        writer = RunWriter(self.minter, self.vocabulary, run)
        self.write(writer.header(self.scanned.recording, self.scanned.file))
        return writer

    def end(self, writer: RunWriter) -> None:
        """Write the end of a run."""
        self.write(writer.footer(self.clock()))
        self.graphs.append(writer.graph)

    def measured(self, run: Run, window_seconds: float) -> None:
        """Write the run of the measured describer."""
        writer = self.begin(run)
        for span in segment(self.scanned.recording, self.frames, window_seconds).spans:
            values = measure(self.frames, span)
            made = claims(span, values, self.vocabulary)
            kept = _stored(span, values, [name for claim in made for name in claim.based_on])
            for lines in writer.annotations(kept, made):
                self.write(lines)
            self.spans += 1
            self.measurements += len(kept)
            self.claims += len(made)
        self.end(writer)

    def others(self, run: Run, made: Sequence[Claim]) -> None:
        """Write what one other agent claims."""
        writer = self.begin(run)
        for lines in writer.annotations(claims=made):
            self.write(lines)
        self.claims += len(made)
        self.end(writer)

    def checked(self, run: Run, claimed: Sequence[tuple[str, Claim]]) -> None:
        """Measure the span of each claim of others and write what the measurement says of it."""
        writer = self.begin(run)
        by_span: dict[Span, list[tuple[str, str]]] = {}
        for iri, claim in claimed:
            by_span.setdefault(claim.span, []).append((iri, claim.concept))
        for span, spoken in by_span.items():
            values = measure(self.frames, span)
            verdicts = [
                verdict
                for iri, concept in spoken
                if (verdict := assess(iri, concept, span, values, self.vocabulary)) is not None
            ]
            names = dict.fromkeys(name for verdict in verdicts for name in verdict.based_on)
            kept = [Measurement(span, name, values[name]) for name in names]
            for lines in writer.annotations(kept, assessments=verdicts):
                self.write(lines)
            self.spans += 1
            self.measurements += len(kept)
            self.assessments += len(verdicts)
        self.end(writer)


def _stored(span: Span, values: dict[str, float], evidence: Iterable[str]) -> list[Measurement]:
    names = dict.fromkeys([*evidence, *_CORE])
    if span.kind is not SpanKind.DETECTED_OBJECT:
        names |= dict.fromkeys(_STANDARD)
    return [Measurement(span, name, values[name]) for name in names if name in values]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written of one sound file.

    Parameters
    ----------
    path : Path
    sha256 : str or None
        Sum of the file, if it is known already.
    work : Work
    heard : tuple of Heard
        What others claim.
    present : frozenset of str
        Graphs of runs that are stored already and are left out.
    target : Path
        The file to write.
    """

    path: Path
    sha256: str | None
    work: Work
    heard: tuple[Heard, ...]
    present: frozenset[str]
    target: Path


def fitting(
    heard: Iterable[Heard], recording: Recording, vocabulary: Vocabulary
) -> tuple[list[tuple[Agent, Claim]], list[ClaimsError]]:
    """Return the claims of others about a recording, each once, and those that do not fit it."""
    claims_: dict[tuple[Agent, Claim], None] = {}
    problems = []
    for item in heard:
        try:
            claims_[item.agent, item.claim(recording, vocabulary)] = None
        except ClaimsError as error:
            problems.append(error)
    return list(claims_), problems


def describe(task: Task, settings: Settings, vocabulary: Vocabulary, clock: Clock) -> Described:
    """Measure a sound file, make claims, and check what others claim of it.

    Parameters
    ----------
    task : Task
    settings : Settings
    vocabulary : Vocabulary
    clock : callable
        Gives the present time, with time zone.

    Returns
    -------
    Described

    Raises
    ------
    AudioError
        If the file cannot be used.
    """
    minter = Minter(settings.base)
    listening = Listening(task.path, task.sha256)
    with Frames(analyse(listening.blocks(), settings.device), listening.channels) as frames:
        scanned = listening.finish()
        recording = scanned.recording
        frames.cut(float(recording.duration))
        others, problems = fitting(task.heard, recording, vocabulary)
        with task.target.open("w", encoding="utf-8") as file:
            work = _Description(scanned, frames, file, minter, vocabulary, clock)
            claimed: list[tuple[str, Claim]] = []
            for run in runs(recording, others, settings, clock()):
                run_id = minter.run_id(run)
                made = [claim for agent, claim in others if agent == run.agent]
                claimed += [(minter.claim(run_id, claim.span, claim.concept), claim) for claim in made]
                if minter.run_graph(run_id) in task.present:
                    continue
                if run.agent == DESCRIBER:
                    work.measured(run, settings.window_seconds)
                elif run.agent == CHECKER:
                    work.checked(run, claimed)
                else:
                    work.others(run, made)
    entry = catalogue_entry(minter, recording.id, task.work)
    counts = (work.spans, work.measurements, work.claims, work.assessments, work.quads)
    return Described(scanned, entry, task.target, tuple(work.graphs), *counts, tuple(problems))
