"""What every store of Acousma can do, and the limits within which it does it.

Conventions
-----------
- Quads live in named graphs: one per run, reviewer, catalogue, and one for the vocabulary. The default graph
  of the store is empty; a query sees the union of all named graphs as its default graph, unless it names
  its graphs itself with ``FROM`` or ``FROM NAMED``.
- The ``WHERE`` part of an *update* sees no such union: it names its graphs with ``GRAPH``, ``WITH`` or
  ``USING``.
- A query text is looked into before any engine reads it (:mod:`store.guard`).
- An answer is whole or it is an error; a cut answer is never returned.
- Graph names are absolute IRIs as ``str``; terms are pyoxigraph terms.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from ontology.errors import InputError
from store.index.shortcuts import Plan

__all__ = [
    "GRAPH_TYPES",
    "TABLE_TYPES",
    "AnswerBytes",
    "Dataset",
    "Limits",
    "Stats",
    "Stop",
    "Store",
    "Table",
    "Term",
]

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
"""An RDF term as it stands in a row of an answer."""

TABLE_TYPES = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
"""The media types in which SELECT and ASK are answered."""

GRAPH_TYPES = (
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/trig",
    "application/n-quads",
)
"""The media types in which CONSTRUCT and DESCRIBE are answered."""


@dataclass(frozen=True)
class Limits:
    """How much one query may take; past a limit it is an error, never a shorter answer.

    Parameters
    ----------
    seconds : float
        Wall time of a query from its start to the last byte of its answer.
    quick_seconds : float
        Wall time for which a query has a place among the quick ones. After it the query goes on among the slow ones,
        if there is room, and is stopped if there is none: quick queries never wait behind slow ones.
    wait_seconds : float
        Wall time that a query may wait for a free worker before it starts.
    rows : int
        Rows of a SELECT (triples of a CONSTRUCT answered as N-Triples).
    answer_bytes : int
        Size of the serialised answer.
    query_bytes : int
        Size of the query text in UTF-8.
    depth : int
        Levels of the syntax tree, where the members of a group, union or chain count as one level each.
        pyoxigraph ends the process with a segmentation fault at 700 to 1,000 nested function calls.
    memory_bytes : int
        Address space of a worker process; below about 1 GiB the engine does not start reliably.

    Raises
    ------
    InputError
        If a limit is not positive.
    """

    seconds: float = 30.0
    quick_seconds: float = 1.0
    wait_seconds: float = 5.0
    rows: int = 100_000
    answer_bytes: int = 256 * 1024**2
    query_bytes: int = 256 * 1024
    depth: int = 400
    memory_bytes: int = 4 * 1024**3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise InputError(f"the limit {field.name} is {value}", "a number above 0")


@dataclass(frozen=True)
class Dataset:
    """The graphs that a request names beside the query (SPARQL 1.1 Protocol, 2.1.4).

    It takes the place of ``FROM`` and ``FROM NAMED`` in the text.

    Parameters
    ----------
    default : tuple of str
        IRIs of the graphs that together form the default graph (``default-graph-uri``).
    named : tuple of str
        IRIs of the graphs that ``GRAPH`` can reach (``named-graph-uri``).
    own : bool
        Whether, instead, the default graph is what is in no named graph; for a store in a folder only.
    """

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True)
class Table:
    """The whole answer to a SELECT.

    Parameters
    ----------
    columns : tuple of str
        Names of the variables, without ``?``, in the order of the query.
    rows : tuple of tuple
        One tuple per solution with a term, or None where unbound, per column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True)
class Stats:
    """The size of a store.

    Parameters
    ----------
    quads : int
        Number of quads in all named graphs.
    graphs : int
        Number of named graphs (runs, reviewers, catalogues, vocabulary).
    disk_bytes : int or None
        Size of the published files; None where the store is a remote server.
    generation : str or None
        Name of the published generation; None where the store is a remote server.
    """

    quads: int
    graphs: int
    disk_bytes: int | None
    generation: str | None


class Stop:
    """Lets whoever asked give up a query while it is being evaluated; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []
        self._given_up = False

    def give_up(self) -> None:
        """Stop what has been started under this, now or later."""
        with self._lock:
            self._given_up = True
            actions, self._actions = self._actions, []
        for action in actions:
            action()

    def when(self, action: Callable[[], None]) -> None:
        """Call ``action`` when the query is given up; at once if it was."""
        with self._lock:
            if not self._given_up:
                self._actions.append(action)
                return
        action()


class AnswerBytes(Iterator[bytes], Protocol):
    """The bytes of an answer, block by block; whoever does not read it to its end closes it."""

    def close(self) -> None:
        """Give up the rest of the answer and free what evaluates it."""
        ...


class Store(Protocol):
    """A place where quads are kept and questions are answered.

    Every method raises :class:`ontology.errors.StoreError` or :class:`ontology.errors.QueryError` (or one of
    their kinds) when it cannot do what it says. Writing methods need a store opened with ``writable=True``.
    """

    def bulk_load(self, nquads: Path | bytes, graphs: Sequence[str]) -> None:
        """Replace whole named graphs by the quads of an N-Quads file: all of it or nothing.

        Parameters
        ----------
        nquads : Path or bytes
            N-Quads, each quad in one of ``graphs``.
        graphs : sequence of str
            Exactly the graphs that the quads are in; what these held before is replaced.
        """
        ...

    def add(self, quads: Iterable[Quad]) -> None:
        """Add a few quads, each in a named graph, in one transaction."""
        ...

    def withdraw(self, graph: str) -> int:
        """Remove a named graph whole and return how many quads went with it."""
        ...

    def update(self, text: str, *, base: str | None = None, graphs: Sequence[str] | None = None) -> None:
        """Run a SPARQL update; ``LOAD`` and ``SERVICE`` are refused. It has no time limit of its own.

        ``base`` is the IRI for relative ones. ``graphs`` are all graphs it writes to, where that is known: other
        graphs then keep their revision.
        """
        ...

    def has_graph(self, graph: str) -> bool:
        """Tell whether a named graph is there."""
        ...

    def rows(self, text: str | Plan, values: Mapping[str, Term] | None = None) -> Table:
        """Answer a SELECT, with ``values`` bound to its parameters (:func:`store.binding.bind`).

        A plan, which has no parameters left, says which stretches of its text a side index answers.
        """
        ...

    def ask(self, text: str, values: Mapping[str, Term] | None = None) -> bool:
        """Answer an ASK, with ``values`` bound to its parameters (:func:`store.binding.bind`)."""
        ...

    def serialise(
        self,
        text: str | Plan,
        media_type: str,
        *,
        dataset: Dataset | None = None,
        base: str | None = None,
        stop: Stop | None = None,
    ) -> AnswerBytes:
        """Answer any query as bytes in one of :data:`TABLE_TYPES` or :data:`GRAPH_TYPES`.

        What goes wrong before the first bytes is raised by this call; what goes wrong later is raised by the
        iterator, and then the bytes already given are not an answer. An iterator that is not read to its end
        is to be closed (``close()``), which frees its worker. ``base`` is the IRI for relative ones in the query; by
        ``stop`` the query can be given up from another thread.
        """
        ...

    def dump(self, graph: str | None, path: Path) -> None:
        """Write one named graph, or with None all of them, to ``path`` as N-Quads."""
        ...

    def quads(self, graph: str) -> Iterator[Quad]:
        """Yield the quads of one named graph as published, one by one: for trusted work on all of it."""
        ...

    def revisions(self) -> Mapping[str, str] | None:
        """Return a revision for each published graph, or None where the store cannot tell (a server).

        Where the revision of a graph is the same as it was, so is its content.
        """
        ...

    def version(self) -> str | None:
        """Return a name of what is published now, another one after each change; None where the store cannot tell."""
        ...

    def stats(self) -> Stats:
        """Count what is stored. It reads every quad: not for a request path."""
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """Give an empty folder for files on their way into the store; it goes with all that is in it.

        What a killed process leaves in the scratch folder of a store in a folder is removed when that store is next
        opened for writing.
        """
        ...

    def publish(self) -> None:
        """Show readers what has been written since the last call."""
        ...

    def optimize(self) -> None:
        """Order the files for fast queries; worth its time after many bulk loads."""
        ...

    def close(self) -> None:
        """End the processes and free the locks that belong to this store."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
