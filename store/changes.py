"""Changes that a server makes for its clients: each whole or not at all, and only if its conditions hold.

Conventions
-----------
A change is a SPARQL update or a set of documents for one graph. Its conditions and the change itself are one step,
because one process at a time carries changes out. A graph is recognised by its *digest* (its content) or by its
*revision* (:meth:`store.base.Store.revisions`, cheap for large graphs).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyoxigraph as ox

from ontology.errors import InputError
from store._quads import graph_name
from store.base import Store, Term

__all__ = ["Change", "Condition", "Load", "Outcome", "carry_out", "graph_digest", "graph_revision", "replacement"]


@dataclass(frozen=True)
class Condition:
    """What must hold of a graph for a change to be made.

    Parameters
    ----------
    graph : str
        IRI of a named graph; empty for the default graph, which is always there and whose revision is that of all data.
    there : bool, optional
        Whether it must be there, or must not.
    digests, revisions : frozenset of str, optional
        It must have one of these.
    """

    graph: str
    there: bool | None = None
    digests: frozenset[str] | None = None
    revisions: frozenset[str] | None = None


@dataclass(frozen=True)
class Load:
    """Documents whose triples go into one graph.

    Parameters
    ----------
    documents : tuple of (bytes, str)
        Each with its media type, one of RDF.
    graph : str or None
        IRI of the named graph; None for the default graph.
    base : str
        IRI for relative ones.
    replace : bool
        Whether the graph then holds these triples only.
    """

    documents: tuple[tuple[bytes, str], ...]
    graph: str | None
    base: str
    replace: bool


@dataclass(frozen=True)
class Change:
    """One change, with its conditions.

    Parameters
    ----------
    update : str
        SPARQL update; empty for none. It is one transaction.
    base : str, optional
        IRI for relative ones in it.
    graphs : tuple of str, optional
        All named graphs it writes to, where that is known.
    load : Load, optional
        Documents to load instead.
    conditions : tuple of Condition
        All must hold.
    """

    update: str = ""
    base: str | None = None
    graphs: tuple[str, ...] | None = None
    load: Load | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a change.

    Parameters
    ----------
    failed : Condition or None
        The condition that did not hold; then nothing was changed.
    there : frozenset of str
        The graphs of the conditions that were there before.
    """

    failed: Condition | None = None
    there: frozenset[str] = field(default_factory=frozenset)


def graph_digest(triples: Iterable[tuple[Term, Term, Term]]) -> str:
    """Return the sum of what a graph says, in any order: 20 hexadecimal digits.

    Examples
    --------
    >>> a, b = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")
    >>> graph_digest([(a, a, b), (b, a, a)]) == graph_digest([(b, a, a), (a, a, b)]) != graph_digest([(a, a, a)])
    True
    """
    lines = sorted(" ".join(map(str, triple)) for triple in triples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:20]


def graph_revision(store: Store, graph: str) -> str:
    """Return the published revision of a graph, or its digest where the store cannot tell; empty if it is not there."""
    revisions = store.revisions()
    if revisions is not None:
        return revisions.get(graph, "")[:20]
    return _digest(store, graph) if store.has_graph(graph) else ""


def replacement(graph: str, triples: Iterable[ox.Triple]) -> str:
    """Return an update that puts triples in the place of all that a graph holds."""
    name = graph_name(graph)
    lines = "\n".join(f"{triple} ." for triple in triples)
    drop = f"DROP SILENT GRAPH {name}"
    return f"{drop} ;\nINSERT DATA {{ GRAPH {name} {{\n{lines}\n}} }}" if lines else drop


def carry_out(store: Store, change: Change) -> Outcome:
    """Make a change if its conditions hold; what it wrote is not published yet.

    Raises
    ------
    InputError
        If a document is not what its media type says.
    QueryError
        If the update is refused or is no SPARQL.
    StoreError
        If it cannot be stored.
    """
    there = frozenset(one.graph for one in change.conditions if not one.graph or store.has_graph(one.graph))
    for condition in change.conditions:
        if not _holds(store, condition, condition.graph in there):
            return Outcome(condition, there)
    if change.load is not None:
        _load(store, change.load)
    if change.update:
        store.update(change.update, base=change.base, graphs=change.graphs)
    return Outcome(None, there)


def _holds(store: Store, condition: Condition, there: bool) -> bool:
    if condition.there is not None and condition.there is not there:
        return False
    if condition.digests is not None and not (there and _digest(store, condition.graph) in condition.digests):
        return False
    if condition.revisions is None:
        return True
    if not condition.graph:
        return (store.version() or "")[:20] in condition.revisions
    return there and graph_revision(store, condition.graph) in condition.revisions


def _digest(store: Store, graph: str) -> str:
    return graph_digest((quad.subject, quad.predicate, quad.object) for quad in store.quads(graph))


def _load(store: Store, load: Load) -> None:
    """Parse all documents, then store their triples in one step."""
    triples = [triple for data, media_type in load.documents for triple in _parse(data, media_type, load.base)]
    if load.graph is None:
        lines = "\n".join(f"{triple} ." for triple in triples)
        clear = "CLEAR DEFAULT ;\n" if load.replace else ""
        store.update(f"{clear}INSERT DATA {{\n{lines}\n}}", graphs=())
        return
    name = graph_name(load.graph)
    quads = [ox.Quad(triple.subject, triple.predicate, triple.object, name) for triple in triples]
    if not quads:
        store.update(f"{f'DROP SILENT GRAPH {name} ; ' * load.replace}CREATE SILENT GRAPH {name}", graphs=[load.graph])
    elif load.replace:
        written = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
        assert written is not None, "without an output the bytes are returned"
        store.bulk_load(written, [load.graph])
    else:
        store.add(quads)


def _parse(data: bytes, media_type: str, base: str) -> list[ox.Triple]:
    syntax = ox.RdfFormat.from_media_type(media_type)
    if syntax is None:
        raise InputError(f"{media_type} is no syntax of RDF known here")
    try:
        quads = list(
            ox.parse(data, syntax, base_iri=base, without_named_graphs=True, rename_blank_nodes=True)
        )  # fmt: skip
    except SyntaxError as error:
        raise InputError(f"the document is not {syntax.name}: {error}", None, "check it at that place") from error
    except (OSError, ValueError) as error:
        raise InputError(f"the document cannot be read as {syntax.name}: {error}") from error
    return [quad.triple for quad in quads]
