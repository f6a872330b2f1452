"""From paths to a filled store: what is new is described, checked and stored whole, recording by recording.

Conventions
-----------
A recording is known by the sum of its file, and a run by its parameters; what is stored already is not computed again.
Each recording enters the store in one step with all its runs: after a crash it is there whole or not at all. What
cannot be used is reported and the rest goes on. ``SOURCE_DATE_EPOCH`` (reproducible-builds.org) fixes the clock.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

import pyoxigraph
import torch

from ingest.annotate import catalogue_entry
from ingest.catalogue import Catalogue
from ingest.decode import file_sha256
from ingest.describe import Described, Settings, Task, describe
from ingest.fitting import fitting
from ingest.heard import Heard, HeardTable, Said
from ingest.listeners.hearing import NOBODY, Listeners
from ingest.listeners.notes import forget
from ingest.listeners.opening import Wanted
from ingest.on_ray import RayPool, described_on_ray
from ingest.runs import listener_runs, runs
from ingest.standing import restrained
from ingest.stored import load_vocabulary_graph, stored_claims, stored_recordings
from ingest.together import described_together, groups
from ontology.errors import AcousmaError, AudioError, ClaimsError, InputError
from ontology.mint import Minter
from ontology.values import Recording
from ontology.vocabulary import load_vocabulary
from store import Store
from store.children import end_with_parent
from store.vectors import VectorStore

__all__ = ["Done", "Job", "Report", "ingest", "load_vocabulary_graph", "now"]


def now() -> datetime:
    """Return the present time, or the one that ``SOURCE_DATE_EPOCH`` fixes."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(f"SOURCE_DATE_EPOCH is {fixed!r}", "seconds since 1970", "correct it, or unset it") from error


@dataclass(frozen=True, slots=True)
class Job:
    """What to ingest and how.

    Parameters
    ----------
    files : tuple of Path
    catalogue : Catalogue
    heard : HeardTable
        What others claim.
    settings : Settings
    processes : int
        Recordings described at the same time; 1 if there are listeners and no Ray.
    listeners : Listeners
    wanted : tuple of Wanted
        What Ray opens the listeners from; empty without Ray.
    on_ray : bool
    more : Mapping of str to bytes
        Graphs to put beside the vocabulary, by name; in Turtle.
    share : callable, optional
        Called now and then with how much of a file is done, from 0 to 1; with one process only.
    """

    files: tuple[Path, ...]
    catalogue: Catalogue
    heard: HeardTable
    settings: Settings
    processes: int = 1
    listeners: Listeners = field(default_factory=Listeners)
    wanted: tuple[Wanted, ...] = ()
    on_ray: bool = False
    more: Mapping[str, bytes] = field(default_factory=dict)
    share: Callable[[float], None] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file.

    Parameters
    ----------
    path : Path
    seconds : float
        Length of its sound that was described, 0 if nothing was new.
    described : Described or None
    problem : AcousmaError or None
        Why it was not taken in.
    notices : tuple of str
    faults : tuple of AcousmaError
        What tables say of it and could not be used.
    sha256 : str or None
        Sum of the file, where it could be read.
    left_for : Path or None
        The file with the same sound for which it was left out, with all that tables say of it.
    """

    path: Path
    seconds: float = 0.0
    described: Described | None = None
    problem: AcousmaError | None = None
    notices: tuple[str, ...] = ()
    faults: tuple[AcousmaError, ...] = ()
    sha256: str | None = None
    left_for: Path | None = None


@dataclass(slots=True)
class Report:
    """What an ingest did.

    Parameters
    ----------
    done : list of Done
    problems : list of AcousmaError
        Of tables; those of files stand in `done`.
    elapsed : float
        Seconds.
    """

    done: list[Done] = field(default_factory=list)
    problems: list[AcousmaError] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def new(self) -> list[Done]:
        """The files of which something new was stored."""
        return [done for done in self.done if done.described is not None]

    @property
    def failures(self) -> list[AcousmaError]:
        """Everything that could not be used."""
        faults = (fault for done in self.done for fault in ((done.problem,) if done.problem else done.faults))
        return [*self.problems, *faults]


class _Planner:
    """Decides, file by file, what is new, and stores it whole."""

    def __init__(self, job: Job, store: Store) -> None:
        self.settings, self.listeners = job.settings, job.listeners
        self._job, self._store = job, store
        self._minter = Minter(job.settings.base)
        self._known = stored_recordings(store)
        self._vectors = None if job.listeners.vectors is None else VectorStore(job.listeners.vectors)
        self._heard = frozenset(self._vectors.graphs()) if self._vectors is not None else None
        self._seen: dict[str, Path] = {}

    def plan(self, path: Path, target: Path) -> Task | Done:
        """Return what is to be done for a file, or what became of it if nothing is."""
        try:
            sha256 = file_sha256(path)
        except AcousmaError as error:
            return Done(path, problem=error)
        if sha256 in self._seen:
            twin = self._twin(path, "is the same file as", sha256)
            return Done(path, notices=(twin,), left_for=self._seen[sha256])
        self._seen[sha256] = path
        heard = self._job.heard.of(path.resolve())
        present: frozenset[str] = frozenset()
        stored = {}
        if sha256 in self._known:
            self._seen.setdefault(self._known[sha256].signal_sha256, path)
            graphs, problems = self._graphs(self._known[sha256], heard)
            present = frozenset(graph for graph in graphs if self._store.has_graph(graph))
            present -= self._lost(self._known[sha256])
            if present == graphs:
                self._update_entry(path, self._known[sha256])
                return Done(path, faults=tuple(problems), sha256=sha256)
            by_listeners = {graphs_[0] for graphs_ in self._by_listeners(self._known[sha256])} & present
            stored = {graph: stored_claims(self._store, graph, self._known[sha256].id) for graph in by_listeners}
        return Task(path, sha256, self._job.catalogue.work(path), heard, present, target, stored, self._job.share)

    def _twin(self, path: Path, how: str, sha256: str) -> str:
        """Say that a file was left out for another one, and that its rows of the tables went with it."""
        listed = path.resolve() in self._job.catalogue.works or path.resolve() in self._job.heard.files
        rows = " What the tables say of it was left out too: let them name the other file." if listed else ""
        return f"{path} {how} {self._seen[sha256]} and was left out.{rows}"

    def _graphs(self, recording: Recording, heard: Sequence[Heard | Said]) -> tuple[set[str], list[ClaimsError]]:
        others, problems = fitting(heard, recording, load_vocabulary())
        wanted = runs(recording, others, self._job.settings, now())
        graphs = {self._minter.run_graph(self._minter.run_id(run)) for run in wanted}
        return graphs.union(*self._by_listeners(recording)), problems

    def _by_listeners(self, recording: Recording) -> list[list[str]]:
        """Return the graphs that each listener calls for, its own first."""
        wanted = [listener_runs(one, recording, self.settings, now()).all for one in self.listeners.listeners]
        return [[self._minter.run_graph(self._minter.run_id(run)) for run in three] for three in wanted]

    def _lost(self, recording: Recording) -> frozenset[str]:
        """Return the graphs of encoders whose vectors are not there: vectors are all that these make."""
        heard = self._heard
        if heard is None:
            return frozenset()
        encoders = [one for one in self.listeners.listeners if one.identity().kind == "encoder"]
        wanted = [listener_runs(one, recording, self.settings, now()).heard for one in encoders]
        return frozenset(self._minter.run_graph(self._minter.run_id(run)) for run in wanted) - heard

    def keep(self, task: Task, described: Described) -> Done | Task:
        """Store what was written of a file, in one step; or return what is left to do if its sound was known."""
        scanned = described.scanned
        recording, sha256 = scanned.recording, scanned.file.sha256
        notices, faults = (*scanned.notices, *described.notices), tuple(described.problems)
        if self._seen.setdefault(recording.signal_sha256, task.path) != task.path:
            twin = self._twin(task.path, "holds the same sound as", recording.signal_sha256)
            first = self._seen[recording.signal_sha256]
            return Done(task.path, notices=(*notices, twin), sha256=sha256, left_for=first)
        stored = frozenset(graph for graph in described.graphs if self._store.has_graph(graph)) - self._lost(recording)
        if stored and stored < frozenset(described.graphs):
            return replace(task, present=task.present | stored)
        if stored == frozenset(described.graphs):
            self._update_entry(task.path, recording)
            known = f"{task.path} holds the same sound as a recording in the archive; nothing is new."
            return Done(task.path, notices=(*notices, known), faults=faults, sha256=sha256)
        graphs, entry = list(described.graphs), self._minter.catalogue_graph(recording.id)
        if task.path.resolve() in self._job.catalogue.works or not self._store.has_graph(entry):
            with described.nquads.open("a", encoding="utf-8") as file:
                file.write(described.entry)
            graphs.append(entry)
        if self._vectors is not None:  # before the run itself: without it they do not count, and are written again
            for made in described.vectors:
                self._vectors.write(made)
        self._store.bulk_load(described.nquads, graphs)
        self._store.publish()
        if self.listeners.notes is not None:
            forget(self.listeners.notes, (graph.rpartition("/")[2] for graph in described.graphs))
        return Done(task.path, float(recording.duration), described, notices=notices, faults=faults, sha256=sha256)

    def _update_entry(self, path: Path, recording: Recording) -> None:
        """Replace what the catalogue says of a stored recording, if it now says something else."""
        work = self._job.catalogue.works.get(path.resolve())
        if work is None:
            return
        graph = self._minter.catalogue_graph(recording.id)
        lines = catalogue_entry(self._minter, recording.id, work).encode()
        stored = self._store.rows(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        wanted = {
            (q.subject, q.predicate, q.object) for q in pyoxigraph.parse(lines, format=pyoxigraph.RdfFormat.N_QUADS)
        }
        if wanted != set(stored.rows):
            self._store.bulk_load(lines, [graph])
            self._store.publish()


def _describe(task: Task, settings: Settings, listeners: Listeners = NOBODY) -> Described:
    torch.set_num_threads(1)
    return describe(task, settings, load_vocabulary(), now, listeners)


def ingest(job: Job, store: Store, progress: Callable[[Done], None]) -> Report:
    """Describe and store everything in a job that is not stored yet.

    Parameters
    ----------
    job : Job
    store : Store
        Open for writing.
    progress : callable
        Called with what became of each file.

    Returns
    -------
    Report
    """
    began = monotonic()
    report = Report(problems=[*job.catalogue.problems, *job.heard.problems])
    load_vocabulary_graph(store, job.more)
    job = replace(job, listeners=restrained(job.listeners, store, Minter(job.settings.base)))
    with store.scratch() as folder:
        named = job.catalogue.works.keys() | job.heard.files
        # of files with the same sound the first is taken in: let it be one that a table speaks of
        files = sorted(job.files, key=lambda path: path.resolve() not in named)
        for done in _listen(replace(job, files=tuple(files)), _Planner(job, store), folder):
            report.done.append(done)
            progress(done)
    report.elapsed = monotonic() - began
    return report


def _leave_at_once() -> None:
    """Let an interrupt end a worker without a word, and the end of the process that started it, which has one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def _listen(job: Job, planner: _Planner, folder: Path) -> Iterator[Done]:
    """Yield what became of each file, described here or in as many processes as asked for."""
    if job.on_ray:
        yield from _listen_on_ray(job, planner, folder)
        return
    if job.processes <= 1:
        threads = torch.get_num_threads()
        for group in groups(job.files, job.listeners, job.settings.window_seconds):
            yield from _listen_to_group(group, job, planner, folder)
        torch.set_num_threads(threads)
        return
    with ProcessPoolExecutor(job.processes, get_context("spawn"), _leave_at_once) as pool:
        try:
            yield from _listen_together(job, planner, folder, pool)
        except BrokenProcessPool as error:
            raise AcousmaError(
                "a process that was describing a recording was ended from outside", "memory for all of them",
                "ask for fewer --processes; what was stored stays, and the same command goes on from here",
            ) from error  # fmt: skip
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _listen_to_group(group: Sequence[Path], job: Job, planner: _Planner, folder: Path) -> Iterator[Done]:
    """Yield what became of files that are heard together."""
    tasks = []
    for number, path in enumerate(group):
        task = planner.plan(path, folder / f"{number}.nq")
        if isinstance(task, Done):
            yield task
        else:
            tasks.append(task)
    if len(tasks) == 1:
        yield _finish(planner, tasks[0], partial(_describe, tasks[0], job.settings, job.listeners))
        return
    torch.set_num_threads(1)
    outcomes = described_together(tasks, job.settings, load_vocabulary(), now, job.listeners)
    for task, outcome in zip(tasks, outcomes, strict=True):
        yield _finish(planner, task, partial(_given, outcome))


def _listen_together(job: Job, planner: _Planner, folder: Path, pool: ProcessPoolExecutor) -> Iterator[Done]:
    waiting: deque[tuple[Task, Future[Described]]] = deque()
    for number, path in enumerate(job.files):
        task = planner.plan(path, folder / f"{number}.nq")
        if isinstance(task, Done):
            yield task
            continue
        waiting.append((task, pool.submit(_describe, task, job.settings)))
        if len(waiting) > 2 * job.processes:
            first, future = waiting.popleft()
            yield _finish(planner, first, future.result)
    for first, future in waiting:
        yield _finish(planner, first, future.result)


def _listen_on_ray(job: Job, planner: _Planner, folder: Path) -> Iterator[Done]:
    tasks = []
    for number, path in enumerate(job.files):
        task = planner.plan(path, folder / f"{number}.nq")
        if isinstance(task, Done):
            yield task
        else:
            tasks.append(task)
    if not tasks:
        return
    said = tuple(frozenset(one.identity().said) for one in job.listeners.listeners)
    pool = RayPool(job.wanted, said, job.processes)
    for task, outcome in described_on_ray(tasks, pool, job.settings, job.listeners):
        job.listeners.progress(
            0.0 if isinstance(outcome, AcousmaError) else float(outcome.scanned.recording.duration) * len(said)
        )  # fmt: skip
        yield _finish(planner, task, partial(_given, outcome))


def _given(outcome: Described | AcousmaError) -> Described:
    if isinstance(outcome, AcousmaError):
        raise outcome
    return outcome


def _finish(planner: _Planner, task: Task, work: Callable[[], Described]) -> Done:
    try:
        done = planner.keep(task, work())
        while isinstance(done, Task):
            done = planner.keep(done, _describe(done, planner.settings, planner.listeners))
    except (AudioError, ClaimsError) as error:
        done = Done(task.path, problem=error, sha256=task.sha256)
    task.target.unlink(missing_ok=True)
    return done
