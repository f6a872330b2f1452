"""Graph names and N-Quads, as both kinds of store take them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ontology.errors import InputError, StoreError

__all__ = ["GraphName", "check_quads", "graph_name", "graph_names", "load_quads", "read_quads", "stray"]

GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph
"""What pyoxigraph may have as the graph of a quad; Acousma writes named nodes only."""


def graph_name(iri: str) -> ox.NamedNode:
    """Return an IRI as a graph name.

    Raises
    ------
    InputError
        If it is not an absolute IRI.
    """
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise InputError(f"{iri!r} is no name for a graph ({error})", "an absolute IRI") from error


def graph_names(live: ox.Store) -> set[GraphName]:
    """Return all graphs that hold quads, the default graph included."""
    default = ox.DefaultGraph()
    in_default = live.quads_for_pattern(None, None, None, default)
    return {*live.named_graphs(), *(quad.graph_name for quad in [next(in_default, None)] if quad)}


def stray(name: GraphName) -> InputError:
    """Return the error for a quad in a graph that was not announced."""
    return InputError(
        f"the quads include some in the graph {name}",
        "quads in the graphs that were named",
        "name all graphs of the file",
    )


def read_quads(nquads: Path | bytes, names: set[ox.NamedNode]) -> Iterator[ox.Quad]:
    """Parse N-Quads.

    Raises
    ------
    InputError
        If it is not N-Quads, or has a quad in a graph beside ``names``.
    StoreError
        If the file cannot be read.
    """
    try:
        if isinstance(nquads, bytes):
            quads = ox.parse(nquads, ox.RdfFormat.N_QUADS)
        else:
            quads = ox.parse(path=nquads, format=ox.RdfFormat.N_QUADS)
        for quad in quads:
            if quad.graph_name not in names:
                raise stray(quad.graph_name)
            yield quad
    except SyntaxError as error:
        raise _not_nquads(nquads, error) from error
    except OSError as error:
        raise _unreadable(nquads, error) from error


def check_quads(nquads: Path | bytes, names: set[ox.NamedNode]) -> None:
    """Read N-Quads to the end and store nothing; raises as :func:`read_quads`."""
    for _ in read_quads(nquads, names):
        pass


def load_quads(live: ox.Store, nquads: Path | bytes) -> None:
    """Bulk-load N-Quads, which is no transaction; raises as :func:`read_quads`, whatever the graphs."""
    try:
        if isinstance(nquads, bytes):
            live.bulk_load(nquads, ox.RdfFormat.N_QUADS)
        else:
            live.bulk_load(path=nquads, format=ox.RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise _not_nquads(nquads, error) from error
    except OSError as error:
        raise _unreadable(nquads, error) from error


def _not_nquads(nquads: Path | bytes, error: SyntaxError) -> InputError:
    source = "the quads given" if isinstance(nquads, bytes) else str(nquads)
    return InputError(f"{source}: {error}", "N-Quads")


def _unreadable(nquads: Path | bytes, error: OSError) -> StoreError:
    source = "the quads given" if isinstance(nquads, bytes) else str(nquads)
    return StoreError(f"{source} could not be loaded: {error}", None, "check the file and the space on the disk")
