"""``acousma import``: what other programs wrote, into the archive, with an account of every record."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from api.ingesting import ingest_job
from api.settings import Settings
from ingest.catalogue import Catalogue, read_catalogue
from ingest.describe import Settings as DescriberSettings
from ingest.finding import find_files
from ingest.imports.convert import Account, Options, Outcome, convert, settle, write_report
from ingest.imports.formats import read_file
from ingest.imports.recordings import Recordings
from ingest.imports.records import Reading, Speaker
from ingest.pipeline import Job, Report
from ontology.envelopes import load_envelopes
from ontology.errors import ImportFileError, InputError
from ontology.vocabulary import load_vocabulary

__all__ = ["ImportOptions", "import_files", "model", "print_account", "print_faults"]

_SHOWN = 20
"""Rows of a kind that are printed; the report has them all."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was typed after ``acousma import``.

    Parameters
    ----------
    files : sequence of Path
    recordings : sequence of Path
        Sound files and folders of them.
    catalogue : Path or None
    format : str
    options : Options
    report : Path or None
    """

    files: Sequence[Path]
    recordings: Sequence[Path]
    catalogue: Path | None
    format: str
    options: Options
    report: Path | None


def model(text: str | None, envelope: str | None) -> Speaker:
    """Return the agent that ``--model NAME@VERSION`` and ``--envelope`` name.

    Raises
    ------
    InputError
        If there is no such envelope.
    """
    if envelope is not None and load_envelopes().find(envelope) is None:
        raise InputError(f"{envelope!r} is no envelope", "the id or label of one", "look it up with: acousma models")
    name, _, version = (text or "").rpartition("@") if "@" in (text or "") else (text or "", "", "")
    return Speaker(name.strip() or None, version.strip() or None, envelope=envelope)


def import_files(settings: Settings, wanted: ImportOptions, messages: Console) -> tuple[Account, Report]:
    """Read the files, listen to the recordings they speak of, and store what was said.

    Parameters
    ----------
    settings : Settings
    wanted : ImportOptions
    messages : Console
        Standard error.

    Raises
    ------
    InputError
        If none of the files can be read, or there are no recordings.
    StoreError
        If the store cannot be written.
    """
    catalogue = read_catalogue(wanted.catalogue) if wanted.catalogue else Catalogue()
    found, missing = find_files(wanted.recordings)
    sounds = [*found, *catalogue.works]
    if not sounds:
        raise missing[0] if missing else InputError(
            "no recordings were named", "where they are", "give --recordings FOLDER or --catalogue CSV"
        )  # fmt: skip
    readings, problems = _read(wanted)
    account = convert(readings, Recordings(sounds), wanted.options, load_vocabulary())
    account.problems += problems
    spoken_of = tuple(sorted(account.heard.files))
    described = DescriberSettings(settings.base_iri, device=settings.device)
    report = Report()
    if spoken_of:
        report = ingest_job(settings, Job(spoken_of, catalogue, account.heard, described), messages)
    settle(account, report.done)
    if wanted.report is not None:
        try:
            with wanted.report.open("w", encoding="utf-8", newline="") as target:
                write_report(account, target)
        except OSError as error:
            raise InputError(
                f"{wanted.report} cannot be written ({error.strerror})", "a place for the report",
                "what was imported is stored; give another --report",
            ) from error  # fmt: skip
    return account, report


def _read(wanted: ImportOptions) -> tuple[list[Reading], list[ImportFileError]]:
    readings, problems = [], []
    for path in dict.fromkeys(wanted.files):
        try:
            readings.append(read_file(path, wanted.format))
        except ImportFileError as error:
            problems.append(error)
    if not readings and problems:
        raise problems[0]
    return readings, problems


def print_account(account: Account, report: Report, out: Console) -> None:
    """Print what was read, what became of it, and what each label was taken for."""
    table = RichTable(title="Imported", title_justify="left", title_style="bold", header_style="bold")
    for name in ("file", "format", "read", *Outcome):
        table.add_column(name, justify="left" if name in ("file", "format") else "right", overflow="fold")
    for path, format_ in dict.fromkeys((entry.imported, entry.format) for entry in account.entries):
        counts = (account.count(outcome, path) for outcome in (None, *Outcome))
        table.add_row(escape(str(path)), format_, *(f"{count:,}" for count in counts))
    out.print(table)
    mapped = Counter(
        (entry.said, meaning.concept, meaning.mapping)
        for entry in account.entries if entry.outcome is not Outcome.LEFT for meaning in entry.meanings
    )  # fmt: skip
    _print_counts(out, ("label", "concept", "by", "times"), [(*key, count) for key, count in mapped.most_common()])
    left = Counter[tuple[str, str]]()
    for entry in account.entries:
        if entry.cause is not None:
            left[entry.cause, "yes" if entry.cause.is_fault else "no"] += entry.count
    _print_counts(out, ("left", "a fault", "records"), [(*key, count) for key, count in left.most_common()])
    stored = Counter[str]()
    for done in report.new:
        assert done.described is not None
        for name in ("descriptions", "claims", "assessments"):
            stored[name] += getattr(done.described, name)
    words = ", ".join(f"{stored[name]:,} {name}" for name in ("descriptions", "claims", "assessments"))
    out.print(f"New in the archive, with what was measured: {words}.", highlight=False)


def _print_counts(out: Console, header: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    table = RichTable(header_style="bold")
    for name in header:
        table.add_column(name, justify="right" if name == header[-1] else "left", overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(*(escape(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    out.print(table)
    if len(rows) > _SHOWN:
        out.print(f"… and {len(rows) - _SHOWN:,} more: --report FILE has every record.", highlight=False)


def print_faults(account: Account, messages: Console) -> bool:
    """Print what should be looked at; return whether there is any."""
    lines = [f"not used: {problem}" for problem in account.problems]
    lines += [f"left: {entry.where}: {entry.reason}" for entry in account.faults]
    for line in lines[:_SHOWN]:
        messages.print(f"[red]{escape(line)}[/red]", highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        messages.print(f"… and {len(lines) - _SHOWN:,} more: --report FILE has every record.", highlight=False)
    for note in account.notes:
        messages.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False, soft_wrap=True)
    return bool(lines)
