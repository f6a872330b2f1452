"""The measured describer: a sound file in, the lines of its run out.

Conventions
-----------
Nothing here touches the store. Lines are written to files, so that memory does not grow with the recording and a
worker process can hand them over by name.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TextIO

from ingest.annotate import RunWriter, catalogue_entry
from ingest.decode import RATE, Listening, Scan
from ingest.features import analyse
from ingest.frames import Frames
from ingest.heard import Contribution, Heard, Said
from ingest.measure import measure
from ingest.reach import assess_reach
from ingest.rules import assess, claims
from ingest.segment import WINDOW_SECONDS, segment
from ontology.envelopes import load_envelopes
from ontology.errors import ClaimsError
from ontology.mint import Minter
from ontology.terms import SpanKind
from ontology.values import Agent, Assessment, Claim, Description, Measurement, Recording, Run, Span, Work
from ontology.vocabulary import FOLDER, Vocabulary

__all__ = [
    "CHECKER", "DESCRIBER", "ENVELOPE_CHECKER", "Described", "Settings", "Task", "describe", "fitting", "runs",
]  # fmt: skip

VERSION = "0.2.0"
"""Version of the measuring code; to be raised with every change that can change a value."""

DESCRIBER = Agent("Acousma measured describer", VERSION, envelope="acousma-measurement")
CHECKER = Agent("Acousma claim checker", VERSION)
ENVELOPE_CHECKER = Agent("Acousma envelope checker", VERSION)
"""Says of claims that their maker could not have heard it; whether it holds is left to `CHECKER`."""

_CORE = (
    "level", "brightnessCentroid", "spectralSpread", "activeBands", "peakShare", "sideShare", "pitch",
    "lossAbove8000", "monoLoss",
)  # fmt: skip
"""Stored for every span, whether or not a claim rests on them."""
_STANDARD = (
    "spectralCentroid", "spectralBandwidth", "spectralRolloff", "spectralFlatness", "spectralFlux", "zeroCrossingRate",
)  # fmt: skip
"""Stored for windows and whole recordings, as other tools give them."""


Clock = Callable[[], datetime]

_Key = tuple[Agent, tuple[tuple[str, str], ...]]
"""What a run of somebody else is known by."""


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
        What others said that does not fit the recording.
    descriptions : int
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
    descriptions: int = 0


@cache
def _tables_sum(*names: str) -> str:
    return hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in names)).hexdigest()


def _rules_sum() -> str:
    return _tables_sum("rules.csv", "properties.csv")


def runs(recording: Recording, others: Sequence[Contribution], settings: Settings, now: datetime) -> list[Run]:
    """Return the runs that a recording calls for; their IRIs do not depend on the time.

    Parameters
    ----------
    recording : Recording
    others : sequence of Contribution
    settings : Settings
    now : datetime

    Returns
    -------
    list of Run
        The measured describer's; then one per contribution; if there are claims in them, the checker's, and the
        envelope checker's if one of their makers hears through an envelope.
    """
    parameters = {
        **_envelope(DESCRIBER),
        "sample rate in Hz": str(RATE),
        "window in seconds": f"{settings.window_seconds:g}",
        "SHA-256 sum of the rules": _rules_sum(),
    }
    wanted = [Run(DESCRIBER, recording.id, parameters, now, now)]
    wanted += [_spoken(recording, contribution, now) for contribution in others]
    # equal claims out of two files are two runs' claims, and both are to be checked
    spoken = [(other.agent.name, other.parameters) for other in others if other.parameters and other.claims]
    imported = {"SHA-256 sum of the imported runs": _claims_sum(spoken)} if spoken else {}
    if claimed := [(other.agent.envelope, claim) for other in others for claim in other.claims]:
        parameters = {
            "SHA-256 sum of the rules": _rules_sum(),
            "SHA-256 sum of the claims": _claims_sum(claim for _, claim in claimed),
        } | imported
        wanted.append(Run(CHECKER, recording.id, parameters, now, now))
    if through := [(envelope, claim) for envelope, claim in claimed if envelope]:
        parameters = {
            "SHA-256 sum of the envelopes": _tables_sum("envelopes.csv", "needs.csv", "losses.csv", "rules.csv"),
            "SHA-256 sum of the claims": _claims_sum(through),
        } | imported
        wanted.append(Run(ENVELOPE_CHECKER, recording.id, parameters, now, now))
    return wanted


def _spoken(recording: Recording, contribution: Contribution, now: datetime) -> Run:
    """Return the run in which somebody else said something."""
    sums = {
        f"SHA-256 sum of the {name}": _claims_sum(items)
        for name, items in (("claims", contribution.claims), ("descriptions", contribution.descriptions))
        if items
    }
    parameters = dict(contribution.parameters)
    return Run(contribution.agent, recording.id, parameters | _envelope(contribution.agent) | sums, now, now)


def _envelope(agent: Agent) -> dict[str, str]:
    return {"envelope": agent.envelope} if agent.envelope else {}


def _claims_sum(claims_: Iterable[object]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, claims_))).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim of somebody else: its IRI, and the id of the envelope of its maker."""

    iri: str
    claim: Claim
    envelope: str | None


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
    descriptions: int = 0
    values: dict[Span, dict[str, float]] = field(default_factory=dict)

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

    def others(self, run: Run, said: Contribution) -> None:
        """Write what one other agent claims and says."""
        writer = self.begin(run)
        for lines in (*writer.annotations(claims=said.claims), *writer.descriptions(said.descriptions)):
            self.write(lines)
        self.claims += len(said.claims)
        self.descriptions += len(said.descriptions)
        self.end(writer)

    def checked(self, run: Run, claimed: Sequence[Claimed]) -> None:
        """Write what measurement says of each claim of others."""
        vocabulary = self.vocabulary
        self._judged(run, claimed, lambda one, values: assess(
            one.iri, one.claim.concept, one.claim.span, values, vocabulary
        ))  # fmt: skip

    def reached(self, run: Run, claimed: Sequence[Claimed]) -> None:
        """Write which claims of others speak of something their maker could not have heard."""
        tables = load_envelopes()
        self._judged(run, [one for one in claimed if one.envelope], lambda one, values: assess_reach(
            one.iri, one.claim, one.envelope or "", values, tables
        ))  # fmt: skip

    def _judged(
        self, run: Run, claimed: Iterable[Claimed], judge: Callable[[Claimed, Mapping[str, float]], Assessment | None]
    ) -> None:
        """Measure the span of each claim and write the assessments with what they rest on."""
        writer = self.begin(run)
        by_span: dict[Span, list[Claimed]] = {}
        for one in claimed:
            by_span.setdefault(one.claim.span, []).append(one)
        for span, spoken in by_span.items():
            if span not in self.values:
                self.values[span] = measure(self.frames, span)
            values = self.values[span]
            verdicts = [verdict for one in spoken if (verdict := judge(one, values)) is not None]
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
    # a loss below its limit keeps nobody from hearing anything
    names |= dict.fromkeys(
        loss.property for loss in load_envelopes().losses if values.get(loss.property, 0) > loss.limit
    )
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
    heard : tuple of Heard or Said
        What others claim and say.
    present : frozenset of str
        Graphs of runs that are stored already and are left out.
    target : Path
        The file to write.
    """

    path: Path
    sha256: str | None
    work: Work
    heard: tuple[Heard | Said, ...]
    present: frozenset[str]
    target: Path


def fitting(
    heard: Iterable[Heard | Said], recording: Recording, vocabulary: Vocabulary
) -> tuple[list[Contribution], list[ClaimsError]]:
    """Return what others said of a recording, each thing once, and what does not fit it."""
    claims_: dict[_Key, dict[Claim, None]] = {}
    words: dict[_Key, dict[Description, None]] = {}
    problems = []
    for item in heard:
        key = (item.agent, item.parameters)
        try:
            if isinstance(item, Said):
                words.setdefault(key, {})[item.description(recording)] = None
            else:
                claims_.setdefault(key, {})[item.claim(recording, vocabulary)] = None
        except ClaimsError as error:
            problems.append(error)
    keys = [key for key in dict.fromkeys([*claims_, *words]) if claims_.get(key) or words.get(key)]
    return [Contribution(*key, tuple(claims_.get(key, ())), tuple(words.get(key, ()))) for key in keys], problems


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
            claimed: list[Claimed] = []
            spoken = {minter.run_id(_spoken(recording, other, clock())): other for other in others}
            for run in runs(recording, others, settings, clock()):
                run_id = minter.run_id(run)
                if said := spoken.get(run_id):
                    envelope = run.agent.envelope
                    claimed += [Claimed(minter.claim(run_id, c.span, c.concept), c, envelope) for c in said.claims]
                if minter.run_graph(run_id) in task.present:
                    continue
                if run.agent == DESCRIBER:
                    work.measured(run, settings.window_seconds)
                elif run.agent == CHECKER:
                    work.checked(run, claimed)
                elif run.agent == ENVELOPE_CHECKER:
                    work.reached(run, claimed)
                elif said:
                    work.others(run, said)
    entry = catalogue_entry(minter, recording.id, task.work)
    counts = (work.spans, work.measurements, work.claims, work.assessments, work.quads)
    return Described(scanned, entry, task.target, tuple(work.graphs), *counts, tuple(problems), work.descriptions)
