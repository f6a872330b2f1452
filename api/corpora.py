"""``acousma corpus``: from what a user typed to a corpus, its progress and its tables."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ontology.errors import ParameterError, UnknownName
from ontology.vocabulary import load_vocabulary
from truth import real, schaeffer
from truth.corpus import archive
from truth.corpus.clips import Selection, known_concepts
from truth.corpus.degrade import CONDITIONS
from truth.corpus.generators import GENERATORS
from truth.corpus.items import Plan, Record
from truth.corpus.making import make

__all__ = ["Names", "Source", "describe_corpus", "fetch_corpus", "list_known", "make_corpus", "plan", "verify_corpus"]

Consoles = tuple[Console, Console]
"""Standard output and standard error."""


@dataclass(frozen=True)
class Names:
    """What was typed with commas: generators, concepts, degradations and indexes of clips."""

    generators: str
    concepts: str
    degradations: str
    only: str


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _indexes(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in _split(text):
        first, dash, last = part.partition("-")
        try:
            low = int(first)
            high = int(last) if dash else low
        except ValueError as error:
            raise ParameterError(f"{part!r} was given to --only", "numbers and ranges, such as 0-99,512") from error
        if high < low:
            raise ParameterError(f"{part!r} was given to --only", "a range that goes up, such as 0-99")
        found.extend(range(low, high + 1))
    return tuple(dict.fromkeys(found))


def plan(numbers: tuple[int, int, int], names: Names) -> Plan:
    """Return what is to be made.

    Parameters
    ----------
    numbers : (int, int, int)
        Seed, clips, études.
    names : Names
        As typed.

    Raises
    ------
    ParameterError, UnknownName
        If a number or a name cannot be used.
    """
    seed, size, etudes = numbers
    generators, conditions = _split(names.generators), _split(names.degradations)
    # in the order of the tables, so that the order of typing changes nothing
    chosen = (
        tuple(name for name in GENERATORS if name in generators) if set(generators) <= set(GENERATORS) else generators
    )
    degraded = tuple(name for name in CONDITIONS if name in conditions) if set(conditions) <= set(CONDITIONS) else conditions  # fmt: skip  # noqa: E501
    selection = Selection(chosen or tuple(GENERATORS), tuple(sorted(_split(names.concepts))))
    return Plan(seed, size, etudes, selection, degraded, _indexes(names.only))


def make_corpus(folder: Path, what: Plan, processes: int, consoles: Consoles) -> None:
    """Make a corpus with a progress bar, then print what it holds."""
    out, messages = consoles
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[name]}"))  # fmt: skip
    new, seconds, count = 0, 0.0, 0
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task("Rendering", total=len(what.items), name="")
        for made in make(folder, what, processes):
            bar.update(task, advance=1, name=f"{made.item.folder} {made.item.id}")
            new, count = new + made.new, count + 1
            seconds += float(str(made.record["length"]))
    header, records = archive.load(folder)
    table = Table(title=f"Corpus {escape(str(folder))}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("made now", f"{new:,}")
    if count > new:
        table.add_row("there already", f"{count - new:,}")
    table.add_row("clips and études in all", f"{len(records):,}")
    table.add_row("sound of this run", f"{seconds / 60:,.1f} min")
    table.add_row("conditions", ", ".join(map(str, _list(header["conditions"]))))
    table.add_row("complete", "yes" if header["complete"] else "no: make it again without --only")
    out.print(table)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def verify_corpus(folder: Path, consoles: Consoles) -> bool:
    """Check all sums with a progress bar; print what is wrong."""
    out, messages = consoles
    checked, faults = 0, []
    with Progress(console=messages, transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        for file, fault in archive.verify(folder):
            checked += 1
            bar.update(task, advance=1)
            if fault:
                faults.append(f"{file} {fault}")
    for fault in faults:
        messages.print(f"[red]fault:[/red] {escape(fault)}", highlight=False, soft_wrap=True)
    out.print(f"{checked:,} files checked, {len(faults):,} faults.", highlight=False)
    return not faults


def _counts(records: Sequence[Record]) -> Counter[tuple[str, str, bool]]:
    counts: Counter[tuple[str, str, bool]] = Counter()
    for record in records:
        labels = record.get("labels")
        if isinstance(labels, dict):
            counts.update((concept, str(record["generator"]), bool(value)) for concept, value in labels.items())
    return counts


def describe_corpus(folder: Path, form: str, out: Console) -> None:
    """Print how often each concept is true and false, by generator (``true/false``) and in all."""
    _, records = archive.load(folder)
    counts = _counts(records)
    clips = [record for record in records if record["kind"] == "clips"]
    generators = [name for name in GENERATORS if any(record["generator"] == name for record in clips)]
    concepts = sorted({concept for concept, _, _ in counts})
    rows = []
    for concept in concepts:
        pairs = [(counts[concept, name, True], counts[concept, name, False]) for name in generators]
        total = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        rows.append((concept, *total, *(f"{true}/{false}" for true, false in pairs)))
    if form == "csv":
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("concept", "true", "false", *generators))
        table.writerows(rows)
        sys.stdout.write(text.getvalue())
        return
    title = f"{len(clips):,} clips, {len(records) - len(clips):,} études: true/false by generator"
    shown = Table(box=None, title_justify="left", title=title)
    for name in ("concept", "true", "false", *(name[:5] for name in generators)):
        shown.add_column(name, justify="left" if name == "concept" else "right", overflow="fold")
    for row in rows:
        shown.add_row(*map(str, row))
    out.print(shown)


def list_known(out: Console) -> None:
    """Print generators, degradations and concepts."""
    vocabulary = load_vocabulary()
    out.print(f"Generators: {', '.join(GENERATORS)}", highlight=False, soft_wrap=True)
    out.print(f"Degradations: {', '.join(CONDITIONS)}", highlight=False, soft_wrap=True)
    table = Table(title=f"{len(known_concepts())} concepts", title_justify="left")
    for name in ("concept", "label", "what decides"):
        table.add_column(name)
    for concept in known_concepts():
        entry = vocabulary.concepts[concept]
        table.add_row(concept, entry.label["en"], entry.measure_hint)
    out.print(table)


@dataclass(frozen=True)
class Source:
    """Where a data set comes from: its id on the hub and its revision, or a folder."""

    dataset: str
    revision: str | None
    folder: Path | None


def fetch_corpus(name: str, into: Path, source: Source, consoles: Consoles) -> None:
    """Fetch a data set and make a corpus of it.

    Raises
    ------
    UnknownName
        If there is no such data set here.
    CorpusError
        If it cannot be had, or the folder holds something else.
    """
    out, messages = consoles
    if name != "schaeffer":
        raise UnknownName(f"there is no data set {name!r}", "schaeffer")
    dataset = source.dataset or schaeffer.DATASET
    out.print(
        f"SCHAEFFER data set ({dataset}), licence {schaeffer.LICENCE}, to be cited:\n{schaeffer.CITATION}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    folder = source.folder or schaeffer.fetched(dataset, source.revision)
    taken = 0

    def report(line: str) -> None:
        messages.print(escape(line), highlight=False, soft_wrap=True)

    with messages.status("Converting"):
        for _ in real.take(folder, into, dataset, report):
            taken += 1
    out.print(f"{taken:,} sounds in {escape(str(into))}; next: acousma evaluate measured --corpus {escape(str(into))}",
              highlight=False, soft_wrap=True)  # fmt: skip
