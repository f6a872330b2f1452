"""``acousma validate``: what was stored since the last time, or all of it, against the shapes.

Conventions
-----------
The graph of a run is written once and withdrawn whole, so what was found good stays good: the note
``validated.json`` in the archive's folder holds the revision of each graph that conforms, and the sum of the rules it
conforms to. A graph that was written to since, or that other rules judged, is validated again; a graph with faults
always is. The note may be deleted. Where a store cannot tell revisions (a server), all is validated each time.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pyoxigraph
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.listing import plain
from api.settings import Settings
from ontology.errors import UnknownName
from ontology.report import write_report
from ontology.terms import PREFIXES
from ontology.validate import Finding, rules_digest, validate
from store import Server, Store, open_store

__all__ = ["ValidateOptions", "graphs_of_work", "validate_archive"]

_NOTE = "validated.json"

_GRAPHS_OF_WORK = """
SELECT DISTINCT ?graph WHERE {
    { SELECT DISTINCT ?recording WHERE {
        GRAPH ?entry { ?work a mo:MusicalWork ; dcterms:title ?title ; frbr:realization ?recording }
        FILTER(STR(?work) = ?_work || LCASE(STR(?title)) = LCASE(?_work))
    } }
    { GRAPH ?graph { ?run prov:used ?recording } } UNION { GRAPH ?graph { ?work frbr:realization ?recording } }
} ORDER BY ?graph
"""


@dataclass(frozen=True)
class ValidateOptions:
    """What to validate and how to say it.

    Parameters
    ----------
    everything : bool
        Also what is known to conform.
    graphs : tuple of str or None
        Only these graphs, known to conform or not; None: all of the archive.
    limit : int
        Findings to print as text; all of them are counted.
    format : str
        ``text``; or ``ttl`` or ``json`` (JSON-LD) for a SHACL validation report with all findings.
    """

    everything: bool = False
    graphs: tuple[str, ...] | None = None
    limit: int = 100
    format: str = "text"


@dataclass
class _Tally:
    """What was found so far."""

    checked: int = 0
    clean: list[str] = field(default_factory=list)
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def faults(self) -> int:
        return sum(self.broken.values())


def graphs_of_work(settings: Settings, work: str) -> tuple[str, ...]:
    """Return the graphs that speak of a work: its catalogue entry and all runs on its recordings.

    Parameters
    ----------
    settings : Settings
    work : str
        Its IRI or title.

    Raises
    ------
    UnknownName
        If there is none.
    """
    prefixes = "".join(f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("mo", "dcterms", "frbr", "prov"))
    with open_store(settings.location, limits=settings.limits) as store:
        table = store.rows(prefixes + _GRAPHS_OF_WORK, {"_work": pyoxigraph.Literal(work)})
    if not table.rows:
        raise UnknownName(
            f"no work is called {work!r}", "a title or the IRI of a work", "list them with: acousma works"
        )
    return tuple(plain(row[0]) for row in table.rows)


def validate_archive(settings: Settings, options: ValidateOptions, consoles: tuple[Console, Console]) -> bool:
    """Validate graphs, print what was found, and return whether there are no faults.

    Parameters
    ----------
    settings : Settings
    options : ValidateOptions
    consoles : tuple of Console
        Standard output and standard error.

    Raises
    ------
    InputError
        If the rules cannot be read.
    StoreError
        If the archive cannot be read.
    """
    out, messages = consoles
    began = monotonic()
    note = _Note(settings.location)
    with open_store(settings.location, limits=settings.limits) as store:
        revisions = store.revisions()
        graphs = options.graphs or _all_graphs(store, revisions)
        known = set() if options.everything or options.graphs else note.known(revisions)
        due = [graph for graph in graphs if graph not in known]
        tally = _Tally()
        try:
            findings = _look(store, due, tally, messages)
            if options.format == "text":
                _print_findings(findings, options.limit, out)
            else:
                write_report(findings, sys.stdout.buffer, options.format)
        finally:
            note.add(revisions, tally)
    if options.format == "text":
        _print_verdict(tally, (len(graphs) - len(due), monotonic() - began), out)
    return not tally.faults


def _all_graphs(store: Store, revisions: Mapping[str, str] | None) -> Sequence[str]:
    if revisions is not None:
        return sorted(revisions)
    return [plain(row[0]) for row in store.rows("SELECT DISTINCT ?g WHERE { GRAPH ?g { } } ORDER BY ?g").rows]


def _look(store: Store, graphs: Sequence[str], tally: _Tally, messages: Console) -> Iterator[Finding]:
    """Yield the findings of graphs, one graph at a time, with a bar that says how many are done and left."""
    columns = (TextColumn("Validating"), BarColumn(), MofNCompleteColumn(), TextColumn("graphs"), TimeRemainingColumn())
    with Progress(*columns, console=messages, transient=True) as progress:
        for graph in progress.track(graphs):
            report = validate(store.quads(graph))
            tally.checked += 1
            if report.conforms:
                tally.clean.append(graph)
            for finding in report.findings:
                tally.broken[_local(finding.shape), finding.message] += 1
                yield finding


def _print_findings(findings: Iterable[Finding], limit: int, out: Console) -> None:
    for number, finding in enumerate(findings):
        if number < limit:
            out.print(f"[red]fault[/red] {escape(_sentence(finding))}", highlight=False, soft_wrap=True)


def _sentence(finding: Finding) -> str:
    """Return a finding as a sentence: where, what, and what ought to be."""
    value = f" is {finding.value}" if finding.value else ""
    return f"{finding.focus} {_local(finding.path)}{value}. {finding.message}"


def _local(iri: str) -> str:
    return iri.rpartition("#")[2] or iri.rpartition("/")[2]


def _print_verdict(tally: _Tally, rest: tuple[int, float], out: Console) -> None:
    """Print the faults by shape, and how many graphs were looked at."""
    known, seconds = rest
    if tally.faults:
        table = Table("faults", "shape", "what ought to be", title="Faults by shape")
        for (shape, message), number in tally.broken.most_common():
            table.add_row(f"{number:,}", escape(shape), escape(message))
        out.print(table)
    verdict = "All conform to the shapes" if not tally.faults else f"{tally.faults:,} faults"
    before = f"; {known:,} not written to since they were found to conform" if known else ""
    out.print(f"{verdict}: {tally.checked:,} graphs checked in {seconds:.1f} s{before}.", highlight=False)


class _Note:
    """The note of what conforms, beside an archive in a folder.

    Parameters
    ----------
    location : Server or Path
        The archive; beside one on a server there is no note.
    """

    def __init__(self, location: Server | Path) -> None:
        self._file = location / _NOTE if isinstance(location, Path) else None

    def _read(self) -> dict[str, str]:
        """Return the revision of each graph that is noted to conform to the rules of today."""
        if self._file is None:
            return {}
        try:
            note = json.loads(self._file.read_text(encoding="utf-8"))
            return dict(note["graphs"]) if note["rules"] == rules_digest() else {}
        except (OSError, ValueError, KeyError, TypeError):  # absent, or of another make: validate again
            return {}

    def known(self, revisions: Mapping[str, str] | None) -> set[str]:
        """Return the graphs that need not be validated again."""
        noted = self._read()
        return {graph for graph, revision in (revisions or {}).items() if noted.get(graph) == revision}

    def add(self, revisions: Mapping[str, str] | None, tally: _Tally) -> None:
        """Note the graphs that were found to conform; a folder that cannot be written is left as it is."""
        if self._file is None or revisions is None or not tally.clean:
            return
        kept = {graph: revision for graph, revision in self._read().items() if graph in revisions}
        kept |= {graph: revisions[graph] for graph in tally.clean if graph in revisions}
        with suppress(OSError):  # no rights, mounted read-only, full: all is validated again next time
            self._write({"rules": rules_digest(), "graphs": kept}, self._file)

    def _write(self, note: Mapping[str, object], file: Path) -> None:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f"{_NOTE}.") as folder:
            draft = Path(folder) / _NOTE
            draft.write_text(json.dumps(note), encoding="utf-8")
            draft.replace(file)
