"""The side index of the writer: made of what is published, in step with it, and compared with it on demand.

Conventions
-----------
- Between two publications the file is private to the writer: ``<archive>/index.sqlite``, begun as a copy of that of the
  published generation. Publishing gives it to the new generation, so that at rest there is one copy of it.
- A graph is read anew where its revision in the index is not that in the generation. What a killed writer leaves of
  the private file is thrown away, and the revisions tell what is missing.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pyoxigraph as ox

from ontology.errors import StoreError
from ontology.terms import VOCABULARY_GRAPH
from store.index.reading import Facts, Rows, facts_in_file, facts_in_store, rows_of
from store.index.schema import FILE, SCHEMA, TABLES, VERSION

__all__ = ["Fault", "SideIndex", "faults"]

_COLUMNS: Mapping[str, tuple[int, ...]] = {
    "spans": (0, 1), "kinds": (0, 1), "claims": (0, 1, 2, 5, 6, 7), "assessments": (0, 1, 2, 3), "names": (0,),
    "works": (0, 1), "creators": (0, 1), "broader": (0, 1), "durations": (0,), "counts": (0, 1, 2),
    "observations": (0, 1), "strange": (0,), "listeners": (0, 1), "derived": (0, 1),
    "people": (0,), "rules": (0,), "replaced": (0,),
}  # fmt: skip
"""By table: which columns are nodes."""

_CACHED_NODES = 50_000
"""How many numbers of nodes are kept in memory."""


@dataclass(frozen=True)
class Fault:
    """A difference between the side index and the archive.

    Parameters
    ----------
    graph : str
        The named graph.
    found, expected : int
        Rows in the index, and rows that the quads of the graph make.
    tables : tuple of str
        The tables that differ.
    """

    graph: str
    found: int
    expected: int
    tables: tuple[str, ...]


class SideIndex:
    """The side index of one archive, used by its one writer.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._base: Path | None = None
        self._database: sqlite3.Connection | None = None
        self._ids: dict[str, int] = {}
        self.discard()

    def discard(self) -> None:
        """Throw the private file away."""
        self._close()
        self._file.unlink(missing_ok=True)

    def begin(self, published: Path | None) -> None:
        """Say on which generation the private file is to be based when it is first needed."""
        self._base = published

    def _open(self) -> sqlite3.Connection:
        """Return the private file, begun as a copy of the published one."""
        if self._database is None:
            base = None if self._base is None else self._base / FILE
            if base is not None and _version(base) == VERSION:
                shutil.copyfile(base, self._file)
            self._database = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
            self._database.executescript(
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536"
            )
            if not self._database.execute("PRAGMA user_version").fetchone()[0]:
                self._database.executescript(f"{SCHEMA}; PRAGMA user_version = {VERSION}")
        return self._database

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None
        self._ids.clear()

    def take(self, nquads: Path | bytes, revisions: Mapping[str, str]) -> None:
        """Take over whole graphs from an N-Quads file that the store has taken.

        Parameters
        ----------
        nquads : Path or bytes
        revisions : Mapping of str to str
            The new revision of each graph in it.
        """
        database = self._open()
        database.execute("BEGIN")
        try:
            parts: dict[str, int] = dict.fromkeys(revisions, 0)
            for graph in revisions:
                self._forget(graph)
            for graph, facts in facts_in_file(nquads):
                parts[graph] = parts.get(graph, 0) + 1
                if parts[graph] == 1:
                    self._insert(graph, revisions.get(graph, ""), facts)
            for graph, number in parts.items():
                if number == 0:
                    self._insert(graph, revisions.get(graph, ""), {})
                elif number > 1:  # its lines are not in a row: publishing reads it from the store
                    self._forget(graph)
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            self._ids.clear()
            raise

    def forget(self, graphs: Iterable[str]) -> None:
        """Remove the rows of graphs; publishing reads them again if they are still there."""
        if self._database is None and (self._base is None or not (self._base / FILE).exists()):
            return
        for graph in graphs:
            self._forget(graph)

    def publish(self, generation: Path, store: ox.Store, revisions: Mapping[str | None, str]) -> None:
        """Bring the index into step with a generation that is being made, and give it to it.

        Parameters
        ----------
        generation : Path
            Its folder.
        store : Store
            Its quads.
        revisions : Mapping
            :func:`store._revisions.published_revisions` of it.

        Raises
        ------
        StoreError
            If the index cannot be written.
        """
        names = (name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode))
        wanted = {name: revisions.get(name, revisions[None]) for name in names}
        try:
            known = self._known()
            stale = [name for name, revision in wanted.items() if known.get(name) != revision]
            gone = [name for name in known if name not in wanted]
            base = None if self._base is None else self._base / FILE
            if stale or gone or self._database is not None or base is None or not base.exists():
                self._update(store, {name: wanted[name] for name in stale}, [*gone, *stale])
                _settle(self._open())
                self._close()
                self._file.replace(generation / FILE)
            else:
                os.link(base, generation / FILE)
        except sqlite3.Error as error:
            self.discard()
            raise StoreError(
                f"the side index cannot be written: {error}", None, "check the space on the disk"
            ) from error

    def _known(self) -> dict[str, str]:
        if self._database is None and self._base is not None and _version(self._base / FILE) == VERSION:
            with sqlite3.connect(f"file:{self._base / FILE}?mode=ro&immutable=1", uri=True) as database:
                return dict(database.execute("SELECT iri, revision FROM graphs"))
        return dict(self._open().execute("SELECT iri, revision FROM graphs"))

    def _update(self, store: ox.Store, stale: Mapping[str, str], out: Sequence[str]) -> None:
        database = self._open()
        database.execute("BEGIN")
        for graph in out:
            self._forget(graph)
        for graph, revision in stale.items():
            self._insert(graph, revision, facts_in_store(store, graph))
        database.execute("COMMIT")

    def _forget(self, graph: str) -> None:
        database = self._open()
        found = database.execute("SELECT id FROM graphs WHERE iri = ?", (graph,)).fetchone()
        if found is not None:
            database.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM descriptions WHERE graph = ?)", found)
            for table in TABLES:
                database.execute(f"DELETE FROM {table} WHERE graph = ?", found)
            database.execute("DELETE FROM graphs WHERE id = ?", found)

    def _insert(self, graph: str, revision: str, facts: Facts) -> None:
        database, rows = self._open(), rows_of(facts)
        if graph != VOCABULARY_GRAPH and any(concept != wide for concept, wide in rows.broader):
            rows.strange.append((graph, "skos:broader outside the graph of the vocabulary"))
        number = database.execute(
            "INSERT INTO graphs (iri, revision) VALUES (?, ?) RETURNING id", (graph, revision)
        ).fetchone()[0]
        for table, nodes in _COLUMNS.items():
            found: list[tuple[object, ...]] = getattr(rows, table)
            if found:
                marks = ", ".join("?" * (len(found[0]) + 1))
                made = ((number, *self._numbered(row, nodes)) for row in found)
                database.executemany(f"INSERT INTO {table} VALUES ({marks})", made)
        for node, span, words, folded in rows.descriptions:
            ids = self._numbered((node, span, words), (0, 1, 2))
            rowid = database.execute(
                "INSERT INTO descriptions (graph, node, span, words) VALUES (?, ?, ?, ?) RETURNING id", (number, *ids)
            ).fetchone()[0]
            database.execute("INSERT INTO texts (rowid, folded) VALUES (?, ?)", (rowid, folded))

    def _numbered(self, row: tuple[object, ...], nodes: tuple[int, ...]) -> list[object]:
        numbered = list(row)
        for column in nodes:
            iri = row[column]
            if isinstance(iri, str):
                numbered[column] = self._id(iri)
        return numbered

    def _id(self, iri: str) -> int:
        """Return the number of a node."""
        if (found := self._ids.get(iri)) is None:
            database = self._open()
            row = database.execute(
                "INSERT INTO nodes (iri) VALUES (?) ON CONFLICT DO NOTHING RETURNING id", (iri,)
            ).fetchone()
            if row is None:
                row = database.execute("SELECT id FROM nodes WHERE iri = ?", (iri,)).fetchone()
            if len(self._ids) >= _CACHED_NODES:
                self._ids.clear()
            found = self._ids[iri] = int(row[0])
        return found


def _settle(database: sqlite3.Connection) -> None:
    """Note what the tables cannot hold, and the sizes of the tables for the planner."""
    database.execute("DELETE FROM strange WHERE graph = 0")
    database.execute(
        "INSERT INTO strange SELECT 0, node, 'it has several names' "
        "FROM names GROUP BY node HAVING COUNT(DISTINCT text) > 1"
    )
    database.execute("DELETE FROM places")
    database.execute(
        "INSERT INTO places (recording, work, title, creator) SELECT nodes.id, work, title, creator "
        "FROM (SELECT DISTINCT recording FROM claims WHERE recording IS NOT NULL) AS heard "
        "JOIN nodes ON nodes.id = heard.recording LEFT JOIN catalogue ON catalogue.recording = nodes.id "
        "ORDER BY title, nodes.iri, creator"
    )
    database.execute("PRAGMA analysis_limit = 400")
    database.execute("ANALYZE")


def _version(file: Path) -> int | None:
    if not file.exists():
        return None
    try:
        with sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True) as database:
            return int(database.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return None


def faults(generation: Path, graphs: Iterable[str] | None = None) -> Iterator[Fault]:
    """Compare the side index of a generation with its quads, and yield each graph where they differ.

    Parameters
    ----------
    generation : Path
        Its folder.
    graphs : iterable of str, optional
        Which graphs; default all.

    Raises
    ------
    StoreError
        If it has no index, or one that cannot be read.
    """
    store = ox.Store.read_only(str(generation))
    names = [name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode)]
    if _version(generation / FILE) != VERSION:
        raise StoreError("the archive has no side index", None, "make it: acousma index --rebuild")
    with sqlite3.connect(f"file:{generation / FILE}?mode=ro&immutable=1", uri=True) as database:
        known: dict[str, int] = dict(database.execute("SELECT iri, id FROM graphs"))
        for graph in names if graphs is None else graphs:
            expected = rows_of(facts_in_store(store, graph))
            if graph != VOCABULARY_GRAPH and any(concept != wide for concept, wide in expected.broader):
                expected.strange.append((graph, "skos:broader outside the graph of the vocabulary"))
            found = _rows_in(database, known[graph]) if graph in known else Rows()
            differing = tuple(
                one.name
                for one in fields(Rows)
                if sorted(getattr(expected, one.name), key=repr) != getattr(found, one.name)
            )
            if differing:
                yield Fault(graph, _size(found), _size(expected), differing)
        for graph in known.keys() - set(names):
            yield Fault(graph, _size(_rows_in(database, known[graph])), 0, ())


def _rows_in(database: sqlite3.Connection, number: int) -> Rows:
    rows = Rows()
    for table, nodes in _COLUMNS.items():
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")][1:]
        shown = ", ".join(
            f"(SELECT iri FROM nodes WHERE id = {name})" if place in nodes else name
            for place, name in enumerate(columns)
        )
        found = database.execute(f"SELECT {shown} FROM {table} WHERE graph = ?", (number,)).fetchall()
        setattr(rows, table, sorted(found, key=repr))
    described = database.execute(
        "SELECT (SELECT iri FROM nodes WHERE id = node), (SELECT iri FROM nodes WHERE id = span), "
        "(SELECT iri FROM nodes WHERE id = words), texts.folded "
        "FROM descriptions JOIN texts ON texts.rowid = descriptions.id WHERE graph = ?",
        (number,),
    )  # fmt: skip
    rows.descriptions = sorted(described.fetchall(), key=repr)
    return rows


def _size(rows: Rows) -> int:
    return sum(len(part) for part in astuple(rows))
