"""The measured describer: a sound file in, the lines of its run out.

Conventions
-----------
Nothing here touches the store. Lines are written to files, so that memory does not grow with the recording and a
worker process can hand them over by name.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeVar, cast

from ingest.annotate import RunWriter, catalogue_entry
from ingest.decode import RATE, Listening, Scan, Signal
from ingest.features import analyse
from ingest.fitting import fitting
from ingest.frames import Frames
from ingest.heard import Contribution, Heard, Said
from ingest.listeners.base import Heard as HeardSpan
from ingest.listeners.base import Listener, Trouble, told
from ingest.listeners.hearing import NOBODY, Listeners, Request, heard, spans_for
from ingest.measure import measure
from ingest.measured import stored_measurements
from ingest.reach import assess_reach
from ingest.rules import assess, claims
from ingest.runs import CHECKER, DESCRIBER, ENVELOPE_CHECKER, ListenerRuns, Settings, listener_runs, runs, spoken_run
from ingest.segment import segment
from ingest.vectors import run_vectors
from ontology.envelopes import Envelopes, load_envelopes
from ontology.errors import ClaimsError
from ontology.mint import Minter
from ontology.values import Assessment, Claim, Measurement, Run, Span, Work
from ontology.vocabulary import Vocabulary
from store.vectors import RunVectors

__all__ = [
    "CHECKER", "DESCRIBER", "ENVELOPE_CHECKER", "Described", "Settings", "Steps", "Task", "describe", "runs",
    "steps",
]  # fmt: skip

_LISTENING_SHARE = 0.2
"""How much of the work is done when the sound has been heard once and no span has been measured."""

Clock = Callable[[], datetime]

_Result = TypeVar("_Result")
Steps = Generator[Request, Iterable[HeardSpan], _Result]
"""Work that asks for what listeners hear."""


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
    notices : tuple of str
        What listeners left out.
    vectors : tuple of RunVectors
        What listeners made of sounds, to be kept beside the archive.
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
    notices: tuple[str, ...] = ()
    vectors: tuple[RunVectors, ...] = ()


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
    values: dict[Span, dict[str, float]] = field(default_factory=dict)
    descriptions: int = 0
    notices: list[str] = field(default_factory=list)
    vectors: list[RunVectors] = field(default_factory=list)
    share: Callable[[float], None] | None = None

    def write(self, lines: str) -> None:
        """Write lines and count them."""
        self.file.write(lines)
        self.quads += lines.count("\n")

    def begin(self, run: Run) -> RunWriter:
        """Write the head of a run."""
        writer = RunWriter(self.minter, self.vocabulary, run)
        self.write(writer.header(self.scanned.recording, self.scanned.file))
        return writer

    def end(self, writer: RunWriter, notes: Iterable[str] = ()) -> None:
        """Write the end of a run, with what went wrong in it."""
        self.write(writer.footer(self.clock(), notes))
        self.graphs.append(writer.graph)

    def measured(self, run: Run, window_seconds: float) -> None:
        """Write the run of the measured describer."""
        writer = self.begin(run)
        spans = segment(self.scanned.recording, self.frames, window_seconds).spans
        # a recording of one sound, say, is marked off as a whole and as an object: what is said twice is said once
        said: dict[Span, set[str]] = {span: set() for span, times in Counter(spans).items() if times > 1}
        self.spans += len(set(spans))
        for number, span in enumerate(spans):
            if self.share is not None:
                self.share(_LISTENING_SHARE + (1 - _LISTENING_SHARE) * number / len(spans))
            values = measure(self.frames, span)
            made = claims(span, values, self.vocabulary)
            kept = stored_measurements(span, values, [name for claim in made for name in claim.based_on])
            if span in said:
                self.write("".join(writer.spans([span])))
                kept = [one for one in kept if one.property not in said[span]]
                made = [one for one in made if one.concept not in said[span]]
                said[span].update([one.property for one in kept], [one.concept for one in made])
            self.write("".join(writer.annotations(kept, made)))
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

    def listened(self, run: Run, listener: Listener, window_seconds: float) -> Steps[list[Claim]]:
        """Ask for what a listener hears in the spans, write what it said, and return its claims."""
        writer = self.begin(run)
        segmented = segment(self.scanned.recording, self.frames, window_seconds)
        spans, left_out = spans_for(listener, segmented.spans)
        notes: list[str] = []
        if left_out:
            longest = f"the {listener.identity().hearing.window_s:g} s that {run.agent.name} hears as one"
            notes.append(f"{len(left_out)} spans longer than {longest} were left out")
        made: list[Claim] = []
        troubles: list[Trouble] = []
        vectors: dict[Span, bytes] = {}
        for one in (yield Request(listener, self.scanned.path, tuple(spans), writer.run_id)):
            self.write("".join(writer.descriptions(one.descriptions)))
            self.write("".join(writer.annotations(claims=one.claims)))
            self.descriptions += len(one.descriptions)
            made += one.claims
            troubles += one.troubles
            if one.vector is not None:
                vectors[one.span] = one.vector
        if (space := listener.identity().space) is not None and vectors:
            # equal times may be marked off in two ways
            placed = [(span, vectors[span]) for span in segmented.spans if span in vectors]
            self.write("".join(writer.spans(span for span, _ in placed)))
            self.vectors.append(run_vectors(writer.graph, space, self.minter, placed))
        self.claims += len(made)
        notes += told(troubles)
        self.notices += [f"{self.scanned.path}, {run.agent.name}: {note}." for note in notes]
        self.end(writer, notes)
        return made

    def checked(self, run: Run, claimed: Sequence[Claimed]) -> None:
        """Write what measurement says of each claim of others."""
        vocabulary = self.vocabulary
        self._judged(run, claimed, lambda one, values: assess(
            one.iri, one.claim.concept, one.claim.span, values, vocabulary
        ))  # fmt: skip

    def reached(self, run: Run, claimed: Sequence[Claimed], tables: Envelopes) -> None:
        """Write which claims of others speak of something their maker could not have heard."""
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
    stored : Mapping of str to tuple of Claim
        Claims of listeners that are stored already and are still to be checked, by graph.
    share : callable, optional
        Called now and then with how much of the measuring is done, from 0 to 1.
    """

    path: Path
    sha256: str | None
    work: Work
    heard: tuple[Heard | Said, ...]
    present: frozenset[str]
    target: Path
    stored: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    share: Callable[[float], None] | None = None


def _shared(listening: Listening, share: Callable[[float], None]) -> Iterator[Signal]:
    """Yield the blocks of a sound, and tell how much of it has been heard."""
    heard_samples = 0
    for block in listening.blocks():
        yield block
        heard_samples += block.shape[1]
        share(_LISTENING_SHARE * min(heard_samples / max(listening.declared_seconds * RATE, 1), 1))


def _described_by(
    listener: Listener, wanted: ListenerRuns, work: _Description, task: Task, window_seconds: float
) -> Steps[None]:
    """Write the runs of a listener and of the checkers of its claims, as far as they are not stored yet."""
    minter, run_id = work.minter, work.minter.run_id(wanted.heard)
    graphs = [minter.run_graph(minter.run_id(run)) for run in wanted.all]
    if task.present >= set(graphs):
        return
    heard_ = graphs[0]
    made: Sequence[Claim] = task.stored.get(heard_, ())
    if heard_ not in task.present:
        made = yield from work.listened(wanted.heard, listener, window_seconds)
    if not wanted.claims:
        return
    _, checked, reached = graphs
    tables, derived = load_envelopes(), listener.identity().hearing.envelope()
    tables = replace(tables, envelopes={**tables.envelopes, derived.id: derived})
    through = listener.identity().envelope or derived.id
    claimed = [Claimed(minter.claim(run_id, claim.span, claim.concept), claim, through) for claim in made]
    if checked not in task.present:
        work.checked(wanted.checked, claimed)
    if reached not in task.present:
        work.reached(wanted.reached, claimed, tables)


def describe(
    task: Task, settings: Settings, vocabulary: Vocabulary, clock: Clock, listeners: Listeners = NOBODY
) -> Described:
    """Measure a sound file, make claims, let listeners hear it, and check what others claim of it.

    Parameters
    ----------
    task : Task
    settings : Settings
    vocabulary : Vocabulary
    clock : callable
        Gives the present time, with time zone.
    listeners : Listeners, optional

    Returns
    -------
    Described

    Raises
    ------
    AudioError
        If the file cannot be used.
    ListenerError
        If a listener cannot be used.
    """
    with closing(steps(task, settings, vocabulary, clock, listeners.listeners)) as going:
        try:
            wanted = next(going)
            while True:
                wanted = going.send(heard(wanted, listeners))
        except StopIteration as done:
            return cast(Described, done.value)


def steps(
    task: Task, settings: Settings, vocabulary: Vocabulary, clock: Clock, listeners: Sequence[Listener]
) -> Steps[Described]:
    """Do what `describe` does, up to where a listener is to hear something, and go on with what it heard.

    Parameters
    ----------
    task, settings, vocabulary, clock
        As of `describe`.
    listeners : sequence of Listener

    Yields
    ------
    Request
        To be answered (``send``) with what was heard, span by span.

    Returns
    -------
    Described
    """
    minter = Minter(settings.base)
    listening = Listening(task.path, task.sha256)
    blocks = listening.blocks() if task.share is None else _shared(listening, task.share)
    with Frames(analyse(blocks, settings.device), listening.channels) as frames:
        scanned = listening.finish()
        recording = scanned.recording
        frames.cut(float(recording.duration))
        others, problems = fitting(task.heard, recording, vocabulary)
        with task.target.open("w", encoding="utf-8") as file:
            work = _Description(scanned, frames, file, minter, vocabulary, clock, share=task.share)
            claimed: list[Claimed] = []
            spoken = {minter.run_id(spoken_run(recording, other, clock())): other for other in others}
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
                    work.reached(run, claimed, load_envelopes())
                elif said:
                    work.others(run, said)
            for listener in listeners:
                wanted = listener_runs(listener, recording, settings, clock())
                yield from _described_by(listener, wanted, work, task, settings.window_seconds)
    entry = catalogue_entry(minter, recording.id, task.work)
    counts = (work.spans, work.measurements, work.claims, work.assessments, work.quads)
    return Described(scanned, entry, task.target, tuple(work.graphs), *counts, tuple(problems),
                     work.descriptions, tuple(work.notices), tuple(work.vectors))  # fmt: skip
