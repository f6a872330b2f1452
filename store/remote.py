"""The store on a server that speaks SPARQL 1.1: Oxigraph, Fuseki, Virtuoso, GraphDB, QLever ...

Conventions
-----------
- The server must be set to show the union of all named graphs as default graph (Oxigraph: ``serve
  --union-default-graph``), and to stop long queries itself (Oxigraph: ``--timeout-s``): when the time limit
  passes here, this side stops waiting, which on most servers does not stop the query.
- The guard looks into query text before it is sent, as it does for the embedded store.
- A bulk load is put into staging graphs, piece by piece, which one atomic update moves to their names. While it lasts,
  the union shows what has arrived so far; what a killed writer leaves is dropped when the store is next opened
  for writing.
- A piece is sent again when its answer does not come: the same triples in the same graph are the same graph.
  Triples with blank nodes all go with the first piece, which replaces what the graph holds.
- What is written is seen at once: :meth:`RemoteStore.publish` has nothing to do.
"""

from __future__ import annotations

import itertools
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyoxigraph as ox

from ontology.errors import InputError, QueryTooLarge, StoreError, StoreForbidden, StoreUnreachable
from store._answers import JSON, as_boolean, as_table, check_media_type, only_number, rewritten
from store._http import Connection
from store._quads import graph_name, read_quads, stray
from store._remote_answer import WholeAnswer
from store._virtuoso import GRAPHS, HIDDEN_GRAPHS, adapted, mended
from store.base import AnswerBytes, Dataset, Limits, Stats, Stop, Table, Term
from store.binding import bind, bound
from store.guard import QueryForm, check_query, check_update
from store.index.shortcuts import Plan
from store.planning import planned
from store.server import Server

__all__ = ["RemoteStore"]

_STAGING = "urn:acousma:staging:"
_TRIPLES = "application/n-triples"

PIECE_BYTES = 4 * 1024**2
"""How many bytes of triples are sent at once: proxies and servers limit the size of a request."""


class RemoteStore:
    """A :class:`store.base.Store` on a server.

    Parameters
    ----------
    server : Server
        Where it is and how it is spoken to.
    limits : Limits, optional
        How much a query may take.
    writable : bool, default False
        Whether to write to it; one process at a time may. Leftovers of a killed writer are dropped at once.

    Raises
    ------
    StoreUnreachable
        If it is opened for writing and the server does not answer.
    StoreForbidden
        If it is opened for writing, and the server does not take updates from who asks.
    """

    def __init__(self, server: Server, *, limits: Limits | None = None, writable: bool = False) -> None:
        self._server = server
        self._limits = limits or Limits()
        self._connection = Connection(server, self._limits)
        self._writable = writable
        if writable:
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def _prepare(self) -> None:
        """Drop what a killed writer left, which tells at once whether the server may be written to."""
        left = [graph for graph in self._graphs() if graph.startswith(_STAGING)]
        try:
            self._drop(left or [f"{_STAGING}none"])
        except StoreForbidden:
            raise
        except StoreUnreachable:
            if left:
                raise

    def bulk_load(self, nquads: Path | bytes, graphs: Sequence[str]) -> None:
        """Replace whole named graphs by the quads of an N-Quads file: all of it or nothing.

        Raises
        ------
        InputError
            If it is not N-Quads, or has a quad in another graph.
        StoreUnreachable
            If the server does not take it.
        """
        self._check_writable()
        names = [graph_name(graph) for graph in graphs]
        with tempfile.TemporaryDirectory() as folder:
            files = _split(nquads, names, Path(folder))
            staged = {name: f"{_STAGING}{uuid.uuid4().hex}" for name in files}
            try:
                for name, staging in staged.items():
                    self._upload(staging, files[name])
                moves = [f"MOVE GRAPH <{staging}> TO GRAPH {name}" for name, staging in staged.items()]
                drops = [f"DROP SILENT GRAPH {name}" for name in names if name not in staged]
                self._send(" ;\n".join((*moves, *drops)))
            except StoreError:
                with suppress(StoreError):  # the next writer drops them
                    self._drop(staged.values())
                raise

    def _upload(self, graph: str, file: Path) -> None:
        """Put an N-Triples file in the place of a graph, piece by piece."""
        for number, piece in enumerate(_pieces(file, PIECE_BYTES)):
            self._connection.store_graph(graph, piece, add=number > 0)

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add a few quads in one update.

        Raises
        ------
        InputError
            If a quad is in no named graph.
        """
        self._check_writable()
        lines = []
        for quad in quads:
            if not isinstance(quad.graph_name, ox.NamedNode):
                raise InputError(f"the quad {quad} is in no named graph", "a quad in the graph of its run or reviewer")
            lines.append(f"GRAPH {quad.graph_name} {{ {quad.triple} }}")
        if lines:
            self._send("INSERT DATA {\n" + "\n".join(lines) + "\n}")

    def withdraw(self, graph: str) -> int:
        """Remove a named graph whole and return how many quads went with it."""
        self._check_writable()
        name = graph_name(graph)
        quads = self._size(name)
        self._drop([graph])
        return quads

    def update(self, text: str, *, base: str | None = None, graphs: Sequence[str] | None = None) -> None:
        """Send a SPARQL update, once the guard has let it pass; ``graphs`` are of no use to a server."""
        self._check_writable()
        check_update(text, self._limits)
        self._send(_with_base(text, base))

    def has_graph(self, graph: str) -> bool:
        """Tell whether a named graph is there."""
        return self.ask(f"ASK {{ GRAPH {graph_name(graph)} {{ ?s ?p ?o }} }}")

    def rows(self, text: str | Plan, values: Mapping[str, Term] | None = None) -> Table:
        """Answer a SELECT, with ``values`` bound to its parameters; a server has no side index for shortcuts."""
        table = as_table(b"".join(self._answer(bound(text, values), JSON, only="select")), JSON)
        if len(table.rows) > self._limits.rows:  # servers that write blanks into JSON pass the counter
            raise QueryTooLarge(f"the answer has more than {self._limits.rows:,} rows", None, "add LIMIT")
        return table

    def ask(self, text: str, values: Mapping[str, Term] | None = None) -> bool:
        """Answer an ASK, with ``values`` bound to its parameters."""
        return as_boolean(b"".join(self._answer(bind(text, values or {}), JSON, only="ask")))

    def serialise(
        self,
        text: str | Plan,
        media_type: str,
        *,
        dataset: Dataset | None = None,
        base: str | None = None,
        stop: Stop | None = None,
    ) -> AnswerBytes:
        """Answer any query as bytes; see :meth:`store.base.Store.serialise`."""
        plain = text.text if isinstance(text, Plan) else text
        answer = self._answer(_with_base(plain, base), media_type, dataset=dataset)
        if stop is not None:
            stop.when(answer.close)
        return answer

    def _answer(
        self, query: str | Plan, media_type: str, *, dataset: Dataset | None = None, only: str = ""
    ) -> AnswerBytes:
        text = planned(query).text
        facts = check_query(query.text if isinstance(query, Plan) else query, self._limits)
        check_media_type(facts.form, media_type, only)
        if not self._connection.virtuoso:
            return self._connection.query(text, media_type, dataset)
        if dataset is None and not facts.names_graphs:
            text = adapted(text, self._column)
        return self._from_virtuoso(text, media_type, facts.form, dataset)

    def _from_virtuoso(self, text: str, media_type: str, form: QueryForm, dataset: Dataset | None) -> AnswerBytes:
        """Ask a Virtuoso, and write its answer in the form that is wanted."""
        as_json = form in ("select", "ask")
        asked = self._connection.query(text, JSON if as_json else _TRIPLES, dataset)
        data = b"".join(asked)
        return WholeAnswer(rewritten(mended(data) if as_json else data, media_type, table=as_json))

    def _column(self, text: str) -> list[Term | None]:
        """Answer a query of one column, as it is."""
        table = as_table(b"".join(self._connection.query(text, JSON)), JSON)
        return [row[0] for row in table.rows]

    def dump(self, graph: str | None, path: Path) -> None:
        """Write one named graph, or with None all of them, to ``path`` as N-Quads."""
        part = path.with_name(path.name + ".part")
        try:
            with tempfile.TemporaryDirectory() as folder, part.open("wb") as file:
                triples = Path(folder) / "graph.nt"
                for iri in self._graphs() if graph is None else [graph]:
                    ox.serialize(self._fetched(iri, triples), file, ox.RdfFormat.N_QUADS)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def quads(self, graph: str) -> Iterator[ox.Quad]:
        """Yield the quads of one named graph; it is fetched whole before the first."""
        with tempfile.TemporaryDirectory() as folder:
            yield from self._fetched(graph, Path(folder) / "graph.nt")

    def _fetched(self, graph: str, file: Path) -> Iterator[ox.Quad]:
        """Fetch a graph into a file, and read its quads."""
        name = graph_name(graph)
        self._connection.fetch_graph(graph, file)
        if self._connection.virtuoso:  # it stops at its limit of rows without a word
            read, there = sum(1 for _ in ox.parse(path=file, format=ox.RdfFormat.N_TRIPLES)), self._size(name)
            if read != there:
                raise StoreUnreachable(
                    f"{self._server} gives {read:,} of the {there:,} triples of {graph}", "all of them",
                    "raise ResultSetMaxRows in the settings of the server",
                )  # fmt: skip
        for quad in ox.parse(path=file, format=ox.RdfFormat.N_TRIPLES):
            yield ox.Quad(quad.subject, quad.predicate, quad.object, name)

    def _size(self, name: ox.NamedNode) -> int:
        return only_number(self.rows(f"SELECT (COUNT(*) AS ?n) {{ GRAPH {name} {{ ?s ?p ?o }} }}"))

    def revisions(self) -> None:
        """Return None: no standard tells what has changed on a server."""

    def version(self) -> None:
        """Return None: no standard tells whether anything has changed."""

    def stats(self) -> Stats:
        """Count what is stored; the time limit of queries applies."""
        sizes = self.rows(GRAPHS).rows
        known = [int(n.value) for g, n in sizes if isinstance(n, ox.Literal) and not self._hidden(g)]
        return Stats(sum(known), len(self._graphs()), None, None)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder for files on their way into the store; it goes with all that is in it."""
        with tempfile.TemporaryDirectory(prefix="acousma-") as folder:
            yield Path(folder)

    def publish(self) -> None:
        """Do nothing: a server shows what has been written at once."""

    def optimize(self) -> None:
        """Do nothing: no standard asks a server for it."""

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _graphs(self) -> list[str]:
        text = GRAPHS if self._connection.virtuoso else "SELECT DISTINCT ?g { GRAPH ?g { } }"
        return [
            term.value for term, *_ in self.rows(text).rows if isinstance(term, ox.NamedNode) and not self._hidden(term)
        ]

    def _hidden(self, name: Term | None) -> bool:
        """Tell whether a graph is one of a Virtuoso's own."""
        return self._connection.virtuoso and isinstance(name, ox.NamedNode) and name.value in HIDDEN_GRAPHS

    def _drop(self, graphs: Iterable[str]) -> None:
        drops = [f"DROP SILENT GRAPH {graph_name(graph)}" for graph in graphs]
        if drops:
            self._send(" ;\n".join(drops))

    def _send(self, text: str) -> None:
        self._connection.update(text)

    def _check_writable(self) -> None:
        if not self._writable:
            raise StoreError(f"{self._server} is not open for writing", None, "open it with writable=True")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _with_base(text: str, base: str | None) -> str:
    """Put a base before a text; one that the text names itself takes its place."""
    return text if base is None else f"BASE <{base}>\n{text}"


def _split(nquads: Path | bytes, names: Sequence[ox.NamedNode], folder: Path) -> dict[ox.NamedNode, Path]:
    """Write the quads of each graph to an N-Triples file of its own; graphs without quads get none."""
    files: dict[ox.NamedNode, Path] = {}
    for name, quads in itertools.groupby(read_quads(nquads), key=lambda quad: quad.graph_name):
        if not isinstance(name, ox.NamedNode) or name not in names:
            raise stray(name)
        path = files.setdefault(name, folder / f"{len(files)}.nt")
        with path.open("ab") as file:
            ox.serialize((quad.triple for quad in quads), file, ox.RdfFormat.N_TRIPLES)
    return files


def _pieces(file: Path, most: int) -> Iterator[bytes]:
    """Yield an N-Triples file in pieces of whole lines, those with blank nodes all in the first."""
    with file.open("rb") as lines:
        piece = [line for line in lines if _has_blank_node(line)]
    size = sum(map(len, piece))
    with file.open("rb") as lines:
        for line in lines:
            if _has_blank_node(line):
                continue
            if piece and size + len(line) > most:
                yield b"".join(piece)
                piece, size = [], 0
            piece.append(line)
            size += len(line)
    if piece:
        yield b"".join(piece)


def _has_blank_node(line: bytes) -> bool:
    """Tell whether a line may have a blank node; ``_:`` in the text of a literal counts, which does no harm."""
    return line.startswith(b"_:") or b" _:" in line
