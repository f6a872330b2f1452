"""The side index of the writer: made of what is published, in step with it, and compared with it on demand.

Conventions
-----------
- Between two publications the index is private to the writer, begun as that of the published generation
  (:mod:`store.index.file`). Publishing gives it to the new generation.
- A graph is read anew where its revision in the index is not that in the generation. What a killed writer leaves of
  the private index is thrown away, and the revisions tell what is missing.
"""

from __future__ import annotations

import gc
import itertools
import json
import sqlite3
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from operator import itemgetter
from pathlib import Path

import pyoxigraph as ox

from ontology.errors import StoreError
from ontology.terms import VOCABULARY_GRAPH
from store._quads import stray
from store.index.file import WriterFile, opened
from store.index.reading import Facts, Rows, facts_by_graph, facts_in_store, rows_of
from store.index.schema import TABLES

__all__ = ["Fault", "SideIndex", "faults"]

_COLUMNS: Mapping[str, tuple[int, ...]] = {
    "spans": (0, 1), "kinds": (0, 1), "claims": (0, 1, 2, 5, 6, 7), "assessments": (0, 1, 2, 3), "names": (0,),
    "works": (0, 1), "creators": (0, 1), "broader": (0, 1), "durations": (0,), "counts": (0, 1, 2),
    "observations": (0, 1, 5), "strange": (0,), "listeners": (0, 1), "derived": (0, 1),
    "people": (0,), "rules": (0,), "replaced": (0,), "envelopes": (0, 1), "figures": (0,), "reasons": (0, 1),
}  # fmt: skip
"""By table: which columns are nodes."""

_CACHED_NODES = 50_000
"""How many numbers of nodes are kept in memory from one graph to the next."""


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
        self._private = WriterFile(folder)
        self._ids: dict[str, int] = {}
        self._parts: Counter[str] = Counter()

    def discard(self) -> None:
        """Throw the private index away."""
        self._private.discard()
        self._ids.clear()

    def begin(self, published: Path | None) -> None:
        """Say on which generation the private index is to be based when it is first needed."""
        self._private.begin(published)

    def read(self, quads: Iterable[ox.Quad], graphs: Container[ox.NamedNode], text_bytes: int) -> None:
        """Read whole graphs that the store is about to take; they count from :meth:`keep` on.

        A graph whose quads are not in a row is left out: publishing reads it from the store.

        Parameters
        ----------
        quads : iterable of Quad
        graphs : container of NamedNode
            The graphs that they may be in.
        text_bytes : int
            How long they are as N-Quads.

        Raises
        ------
        InputError
            If a quad is in another graph.
        """
        self.drop()
        database = self._private.open(text_bytes)
        database.execute("BEGIN")
        self._parts.clear()
        try:
            with _without_collector():
                for name, facts in facts_by_graph(quads):
                    if not isinstance(name, ox.NamedNode) or name not in graphs:
                        raise stray(name)
                    self._forget(name.value)
                    self._parts[name.value] += 1
                    if self._parts[name.value] == 1:
                        self._insert(name.value, "", facts)
                    del facts
        except BaseException:
            self.drop()
            raise

    def keep(self, revisions: Mapping[str, str]) -> None:
        """Say that the store has taken what was read.

        Parameters
        ----------
        revisions : Mapping of str to str
            The new revision of each graph; one without quads is among them, too.
        """
        database = self._private.open()
        for graph, revision in revisions.items():
            if self._parts[graph] == 0:
                self._forget(graph)
                self._insert(graph, revision, Facts.none())
            elif self._parts[graph] == 1:
                database.execute("UPDATE graphs SET revision = ? WHERE iri = ?", (revision, graph))
        database.execute("COMMIT")

    def drop(self) -> None:
        """Forget what was read and not kept."""
        if self._private.database is not None and self._private.database.in_transaction:
            self._private.database.execute("ROLLBACK")
            self._ids.clear()

    def forget(self, graphs: Iterable[str]) -> None:
        """Remove the rows of graphs; publishing reads them again if they are still there."""
        self.drop()
        if self._private.there():
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
        self.drop()
        names = (name.value for name in store.named_graphs() if isinstance(name, ox.NamedNode))
        wanted = {name: revisions.get(name, revisions[None]) for name in names}
        try:
            known = self._known()
            stale = [name for name, revision in wanted.items() if known.get(name) != revision]
            gone = [name for name in known if name not in wanted]
            if stale or gone or self._private.database is not None:
                self._update(store, {name: wanted[name] for name in stale}, [*gone, *stale])
                _settle(self._private.open())
                self._ids.clear()
            self._private.publish(generation)
        except sqlite3.Error as error:
            self.discard()
            raise StoreError(
                f"the side index cannot be written: {error}", None, "check the space on the disk"
            ) from error

    def _known(self) -> dict[str, str]:
        text = "SELECT iri, revision FROM graphs"
        if self._private.database is None and (published := self._private.published()) is not None:
            with closing(published) as database:
                return dict(database.execute(text))
        return dict(self._private.open().execute(text))

    def _update(self, store: ox.Store, stale: Mapping[str, str], out: Sequence[str]) -> None:
        database = self._private.open()
        database.execute("BEGIN")
        for graph in out:
            self._forget(graph)
        for graph, revision in stale.items():
            self._insert(graph, revision, facts_in_store(store, graph))
        database.execute("COMMIT")

    def _forget(self, graph: str) -> None:
        database = self._private.open()
        found = database.execute("SELECT id FROM graphs WHERE iri = ?", (graph,)).fetchone()
        if found is not None:
            database.execute("DELETE FROM texts WHERE rowid IN (SELECT id FROM descriptions WHERE graph = ?)", found)
            for table in TABLES:
                database.execute(f"DELETE FROM {table} WHERE graph = ?", found)
            database.execute("DELETE FROM graphs WHERE id = ?", found)

    def _insert(self, graph: str, revision: str, facts: Facts) -> None:
        database, rows = self._private.open(), rows_of(facts)
        if graph != VOCABULARY_GRAPH and any(concept != wide for concept, wide in rows.broader):
            rows.strange.append((graph, "skos:broader outside the graph of the vocabulary"))
        number = database.execute(
            "INSERT INTO graphs (iri, revision) VALUES (?, ?) RETURNING id", (graph, revision)
        ).fetchone()[0]
        ids = self._numbers(rows)
        for table, nodes in _COLUMNS.items():
            if found := getattr(rows, table):
                columns = (map(itemgetter(column), found) for column in range(len(found[0])))
                made = (map(ids.get, cells) if column in nodes else cells for column, cells in enumerate(columns))
                marks = ", ".join("?" * (len(found[0]) + 1))
                numbered = zip(itertools.repeat(number), *made, strict=False)
                database.executemany(f"INSERT INTO {table} VALUES ({marks})", numbered)
        for node, span, words, folded in rows.descriptions:
            rowid = database.execute(
                "INSERT INTO descriptions (graph, node, span, words) VALUES (?, ?, ?, ?) RETURNING id",
                (number, ids[node], ids[span], ids[words]),
            ).fetchone()[0]
            database.execute("INSERT INTO texts (rowid, folded) VALUES (?, ?)", (rowid, folded))

    def _numbers(self, rows: Rows) -> Mapping[str, int]:
        """Return the numbers of all nodes in rows; new nodes get one."""
        columns = (*_COLUMNS.items(), ("descriptions", (0, 1, 2)))
        nodes = {row[column] for table, found in columns for column in found for row in getattr(rows, table)} - {None}
        if len(self._ids) > _CACHED_NODES:
            self._ids.clear()
        new = sorted(nodes - self._ids.keys())
        database = self._private.open()
        found = database.execute(
            "SELECT nodes.iri, nodes.id FROM json_each(?) JOIN nodes ON nodes.iri = json_each.value", (json.dumps(new),)
        )
        self._ids.update(found)
        last = database.execute("SELECT COALESCE(MAX(id), 0) FROM nodes").fetchone()[0]
        made = {iri: id_ for id_, iri in enumerate((iri for iri in new if iri not in self._ids), last + 1)}
        database.executemany("INSERT INTO nodes (iri, id) VALUES (?, ?)", made.items())
        self._ids.update(made)
        return self._ids


@contextmanager
def _without_collector() -> Iterator[None]:
    """Make many small objects, none of them in a cycle, without the collector of cycles: a quarter of the time less."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _settle(database: sqlite3.Connection) -> None:
    """Note what the tables cannot hold, and the sizes of the tables for the planner."""
    database.execute("PRAGMA analysis_limit = 400")
    database.execute("BEGIN")
    database.execute("DELETE FROM strange WHERE graph = 0")
    database.execute(
        "INSERT INTO strange SELECT 0, node, 'it has several names' "
        "FROM names GROUP BY node HAVING COUNT(DISTINCT text) > 1"
    )
    places = database.execute(
        "SELECT nodes.id, work, title, creator "
        "FROM (SELECT DISTINCT recording FROM claims WHERE recording IS NOT NULL) AS heard "
        "JOIN nodes ON nodes.id = heard.recording LEFT JOIN catalogue ON catalogue.recording = nodes.id "
        "ORDER BY title, nodes.iri, creator"
    ).fetchall()
    if places != database.execute("SELECT recording, work, title, creator FROM places ORDER BY rank").fetchall():
        database.execute("DELETE FROM places")
        database.executemany("INSERT INTO places (recording, work, title, creator) VALUES (?, ?, ?, ?)", places)
    database.execute("ANALYZE")
    database.execute("COMMIT")


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
    index = opened(generation)
    if index is None:
        raise StoreError("the archive has no side index", None, "make it: acousma index --rebuild")
    with closing(index) as database:
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
