"""``acousma ingest``: from what a user typed to a job, its progress and its report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable

from api.listing import clock
from api.places import remember
from api.settings import Settings
from ingest.catalogue import Catalogue, read_catalogue
from ingest.describe import Settings as DescriberSettings
from ingest.heard import HeardTable, read_heard
from ingest.pipeline import Done, Job, Report, find_files, ingest
from ontology.errors import InputError
from ontology.vocabulary import load_vocabulary
from store import Limits, open_store

__all__ = ["IngestOptions", "ingest_job", "ingest_paths", "print_report"]


OPTIMIZE_FROM = 200_000
"""New statements from which on the store's files are put in order, which makes queries faster."""

_LIMITS = Limits(seconds=600.0, rows=10_000_000)
"""For the questions that ingesting itself asks; those of people have the limits of the settings."""


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
    """

    paths: Sequence[Path]
    catalogue: Path | None
    claims: Path | None
    processes: int
    window: float


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
    report = ingest_job(settings, Job(tuple(files), catalogue, heard, described, options.processes), messages)
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
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )  # fmt: skip
    with (
        open_store(settings.location, writable=True, limits=_LIMITS) as store,
        Progress(*columns, console=messages, transient=True) as bar,
    ):
        task = bar.add_task("Listening", total=len(job.files), name="")

        def progress(done: Done) -> None:
            bar.update(task, advance=1, name=escape(done.path.name))
            for notice in done.notices:
                messages.print(f"[yellow]note:[/yellow] {escape(notice)}", highlight=False, soft_wrap=True)

        report = ingest(job, store, progress)
        if sum(done.described.quads for done in report.new if done.described) >= OPTIMIZE_FROM:
            store.optimize()
            store.publish()
    if isinstance(settings.location, Path):
        remember(settings.location, {done.sha256: done.path for done in report.done if done.sha256})
    return report


def _found_catalogue(paths: Sequence[Path], messages: Console) -> Catalogue:
    """Use a ``catalogue.csv`` that lies in one of the folders given."""
    for path in paths:
        if path.is_dir() and (path / "catalogue.csv").is_file():
            messages.print(f"Catalogue: {escape(str(path / 'catalogue.csv'))}", highlight=False)
            return read_catalogue(path / "catalogue.csv")
    return Catalogue()


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
        for name in ("spans", "measurements", "claims", "assessments", "quads"):
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
    for name in ("spans", "measurements", "claims", "assessments"):
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
