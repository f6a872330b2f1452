"""``acousma ingest``: from what a user typed to a job, its progress and its report."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

from api.bases import other_base
from api.likeness import vectors_file
from api.listing import clock
from api.places import remember
from api.settings import Settings
from ingest.catalogue import Catalogue, read_catalogue
from ingest.describe import Settings as DescriberSettings
from ingest.finding import find_files
from ingest.heard import HeardTable, read_heard
from ingest.listeners.base import Scoring, ServerOptions
from ingest.listeners.hearing import Listeners, declared_seconds
from ingest.listeners.opening import Wanted, open_listener
from ingest.listeners.questions import DEFAULT
from ingest.pipeline import Done, Job, Report, ingest
from ingest.standing import said_only, was_auditioned
from ontology.errors import InputError, ListenerError, UnknownName
from ontology.mint import Minter
from ontology.vocabulary import load_vocabulary
from queries.executables import questions_in_turtle
from store import Limits, Server, Store, open_store

__all__ = ["IngestOptions", "ModelOptions", "checked_aspects", "ingest_job", "ingest_paths", "print_report"]


OPTIMIZE_FROM = 200_000
"""New statements from which on the store's files are put in order, which makes queries faster."""

_LIMITS = Limits(seconds=600.0, rows=10_000_000)
"""For the questions that ingesting itself asks; those of people have the limits of the settings."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What was typed of listening models.

    Parameters
    ----------
    describers : sequence of str
    models : sequence of str
        One for each describer but ``measured``, in their order.
    questions : Path or None
    envelope : str or None
    batch : int
    server : str or None
        Base of the addresses of a server, for the describer ``openai``.
    per_minute : int or None
        Most requests to it in a minute.
    timeout : float
        Seconds that its answer may take.
    trusted : sequence of str
        Aspects that are claimed although a control test was failed.
    scoring : Scoring
        How a server scores the options of a question.
    """

    describers: Sequence[str] = ()
    models: Sequence[str] = ()
    questions: Path | None = None
    envelope: str | None = None
    batch: int = 8
    server: str | None = None
    per_minute: int | None = None
    timeout: float = 120.0
    trusted: Sequence[str] = ()
    scoring: Scoring = "auto"

    def wanted(self, device: str) -> list[Wanted]:
        """Return the listeners that were asked for.

        Raises
        ------
        ListenerError
            If models and describers do not come in pairs.
        """
        kinds = [describer for describer in self.describers if describer != "measured"]
        if len(kinds) != len(self.models):
            raise ListenerError(
                f"{len(kinds)} describers that are models and {len(self.models)} --model", "a --model for each",
                "such as: --describer clap --model FOLDER",
            )  # fmt: skip
        if len(kinds) != 1 and self.envelope:
            raise ListenerError(f"--envelope with {len(kinds)} models", "one model", "ingest with one model at a time")
        server = None
        if self.server is not None:
            server = ServerOptions(
                self.server, self.per_minute, self.timeout, at_once=self.batch, scoring=self.scoring
            )  # fmt: skip
        if self.server is not None and "openai" not in kinds:
            raise ListenerError("--server without a describer that asks it", "--describer openai", "add it")
        pairs = zip(kinds, self.models, strict=True)
        return [Wanted(kind, model, self.questions or DEFAULT, self.envelope, device, server) for kind, model in pairs]


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What was typed after ``acousma ingest``.

    Parameters
    ----------
    paths : sequence of Path
    catalogue, claims : Path or None
    processes : int
    window : float
        Seconds.
    models : ModelOptions
    engine : str
        ``local`` or ``ray``.
    """

    paths: Sequence[Path]
    catalogue: Path | None
    claims: Path | None
    processes: int
    window: float
    models: ModelOptions = ModelOptions()
    engine: str = "local"


def ingest_paths(settings: Settings, options: IngestOptions, messages: Console) -> Report:
    """Ingest what was asked for, with a progress bar.

    Parameters
    ----------
    settings : Settings
    options : IngestOptions
    messages : Console
        Standard error.

    Returns
    -------
    Report

    Raises
    ------
    InputError
        If there is nothing to ingest, or a table or the device cannot be used at all.
    StoreError
        If the store cannot be written.
    """
    files, missing = find_files(options.paths)
    catalogue = read_catalogue(options.catalogue) if options.catalogue else _found_catalogue(options.paths, messages)
    heard = read_heard(options.claims, load_vocabulary()) if options.claims else HeardTable()
    _check_device(settings.device)
    if not files:
        raise missing[0] if missing else InputError("no sound files were given", "files or folders")
    described = DescriberSettings(settings.base_iri, options.window, settings.device)
    wanted = options.models.wanted(settings.device)
    on_ray = options.engine == "ray"
    if wanted and options.processes > 1 and not on_ray:
        raise ListenerError(
            f"--processes {options.processes} with a model", "one process: a model works on batches (--batch)",
            "leave --processes out, or say --engine ray",
        )  # fmt: skip
    opened = tuple(open_listener(one) for one in wanted)
    hearing = Listeners(
        opened,
        options.models.batch,
        trusted=checked_aspects(options.models.trusted),
        notes=notes_folder(settings.location),
        vectors=vectors_file(settings.location),
    )
    job = Job(tuple(files), catalogue, heard, described, options.processes, hearing, tuple(wanted), on_ray)
    report = ingest_job(settings, job, messages)
    report.problems += missing
    return report


def ingest_job(settings: Settings, job: Job, messages: Console) -> Report:
    """Do a job, with a progress bar, and remember where the sound files are.

    Parameters
    ----------
    settings : Settings
    job : Job
    messages : Console
        Standard error.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    columns = (
        TextColumn("{task.description}"), BarColumn(), _Done(), TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )  # fmt: skip
    with (
        open_store(settings.location, writable=True, limits=_LIMITS) as store,
        Progress(*columns, console=messages, transient=True) as bar,
    ):
        _check_base(store, settings)
        _say_standing(job, store, messages)
        task = bar.add_task("Listening", total=len(job.files), name="")
        models = _ModelProgress(bar, job.files, len(job.listeners.listeners))
        minter = Minter(settings.base_iri)
        job = replace(
            job, listeners=replace(job.listeners, progress=models.heard),
            more={minter.questions_graph(): questions_in_turtle(minter)},
        )  # fmt: skip

        def progress(done: Done) -> None:
            bar.update(task, advance=1, name=escape(done.path.name))
            models.done(done.path)
            for notice in done.notices:
                messages.print(f"[yellow]note:[/yellow] {escape(notice)}", highlight=False, soft_wrap=True)

        report = ingest(job, store, progress)
        if models.seconds:
            messages.print(
                f"Models heard {models.seconds:.1f} s of sound, {models.rate:.1f} s per second.", highlight=False
            )
        if sum(done.described.quads for done in report.new if done.described) >= OPTIMIZE_FROM:
            store.optimize()
            store.publish()
    if isinstance(settings.location, Path):
        remember(settings.location, {done.sha256: done.path for done in report.done if done.sha256})
    return report


def notes_folder(location: Path | Server) -> Path:
    """Return where notes of what models heard are until it is stored: in the archive, or beside the user's settings."""
    if isinstance(location, Path):
        return location / "heard"
    server = hashlib.sha256(str(location).encode()).hexdigest()[:16]
    return Path(typer.get_app_dir("acousma")) / "heard" / server


def checked_aspects(names: Sequence[str]) -> frozenset[str]:
    """Return ids of aspects.

    Raises
    ------
    UnknownName
        If one is no concept.
    """
    for name in names:
        if name not in load_vocabulary().concepts:
            raise UnknownName(f"there is no concept {name!r}", "the id of an aspect", "acousma concepts WORD --all")
    return frozenset(names)


def _check_base(store: Store, settings: Settings) -> None:
    """Raise if the runs in an archive have IRIs of another base: one thing would get two names.

    Raises
    ------
    InputError
    """
    base = other_base(store, settings.base_iri)
    if base is not None:
        raise InputError(
            f"the IRIs of this archive begin with {base}, and ACOUSMA_BASE_IRI is {settings.base_iri}",
            "one base for all that is kept together",
            f"set ACOUSMA_BASE_IRI={base}, or name another archive with --store",
        )


def _say_standing(job: Job, store: Store, messages: Console) -> None:
    """Say which models were never auditioned, and what others may say but not claim."""
    minter = Minter(job.settings.base)
    for listener in job.listeners.listeners:
        agent = listener.identity().agent
        said = said_only(store, agent, minter) - job.listeners.trusted
        if said:
            note = f"{agent.name} failed a control test of {', '.join(sorted(said))}: said of that is kept in words."
        elif listener.identity().kind == "encoder" or was_auditioned(store, agent, minter):
            continue
        else:
            note = f"whether {agent.name} listens was never tested here: acousma audition"
        messages.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False, soft_wrap=True)


class _Done(ProgressColumn):
    """Files done, or seconds of sound heard and the seconds per second."""

    def render(self, task: Task) -> Text:
        """Write what is done of a task."""
        if not task.fields.get("sound"):
            return Text(f"{task.completed:.0f}/{task.total or 0:.0f}")
        speed = "" if task.speed is None else f", {task.speed:.1f} s/s"
        return Text(f"{clock(task.completed)} of {clock(task.total or 0)}{speed}")


class _ModelProgress:
    """How much sound models have heard, and what is left of it."""

    def __init__(self, bar: Progress, files: Sequence[Path], listeners: int) -> None:
        self._bar = bar
        self._seconds = {path: declared_seconds(path) * listeners for path in files} if listeners else {}
        self._finished = 0.0
        self.seconds = self._spent = 0.0
        total = sum(self._seconds.values())
        self._task = bar.add_task("Models", total=total, name="", sound=True) if listeners else None
        self._last = monotonic()

    def heard(self, seconds: float) -> None:
        """Note that so much sound was heard."""
        self.seconds += seconds
        self._spent, self._last = self._spent + monotonic() - self._last, monotonic()
        if self._task is not None:
            self._bar.update(self._task, advance=seconds)

    def done(self, path: Path) -> None:
        """Note that a file is done, whether or not all of it was heard."""
        self._finished += self._seconds.get(path, 0.0)
        self._last = monotonic()
        if self._task is not None:
            self._bar.update(self._task, completed=self._finished)

    @property
    def rate(self) -> float:
        """Seconds of sound per second, measuring included."""
        return self.seconds / self._spent if self._spent else 0.0


def _found_catalogue(paths: Sequence[Path], messages: Console) -> Catalogue:
    """Use each ``catalogue.csv`` that lies in one of the folders given."""
    found = Catalogue()
    for table in dict.fromkeys(path / "catalogue.csv" for path in paths if (path / "catalogue.csv").is_file()):
        messages.print(f"Catalogue: {escape(str(table))}", highlight=False)
        more = read_catalogue(table)
        found = Catalogue({**more.works, **found.works}, (*found.problems, *more.problems))
    return found


def _check_device(device: str) -> None:
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"the device {device!r} cannot be used ({str(error).splitlines()[0]})", "cpu, or a device that torch finds",
            "set ACOUSMA_DEVICE=cpu, or install the build of torch for your GPU",
        ) from error  # fmt: skip


def print_report(settings: Settings, report: Report, out: Console) -> None:
    """Print what an ingest did and what the archive holds now."""
    new = report.new
    sound = sum(done.seconds for done in new)
    counts: Counter[str] = Counter()
    for done in new:
        assert done.described is not None
        for name in ("spans", "measurements", "descriptions", "claims", "assessments", "quads"):
            counts[name] += getattr(done.described, name)
    table = RichTable(title="Ingested", title_justify="left", title_style="bold", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("recordings", f"{len(new):,}")
    if len(report.done) > len(new):
        table.add_row("left as they were", f"{len(report.done) - len(new) - _failed(report):,}")
    if _failed(report):
        table.add_row("[red]not used[/red]", f"{_failed(report):,}")
    table.add_row("sound", clock(sound))
    shown = ("spans", "measurements", *(["descriptions"] if counts["descriptions"] else ()), "claims", "assessments")
    for name in shown:
        table.add_row(name, f"{counts[name]:,}")
    table.add_row("statements (triples)", f"{counts['quads']:,}")
    if new:
        table.add_row("time taken", f"{report.elapsed:.1f} s")
        table.add_row("faster than real time", f"{sound / report.elapsed:.0f} times")
    out.print(table)
    with open_store(settings.location, limits=_LIMITS) as store:
        stats = store.stats()
    out.print(
        f"The archive {escape(settings.store)} now holds {stats.quads:,} statements in {stats.graphs:,} graphs.",
        highlight=False,
    )


def _failed(report: Report) -> int:
    return sum(done.problem is not None for done in report.done)
