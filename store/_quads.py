"""Graph names and N-Quads, as both kinds of store take them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ontology.errors import InputError, StoreError

__all__ = ["GraphName", "graph_name", "load_quads", "read_quads", "stray", "text_bytes"]

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


def stray(name: GraphName) -> InputError:
    """Return the error for a quad in a graph that was not announced."""
    return InputError(
        f"the quads include some in the graph {name}",
        "quads in the graphs that were named",
        "name all graphs of the file",
    )


def read_quads(nquads: Path | bytes) -> Iterator[ox.Quad]:
    """Parse N-Quads.

    Raises
    ------
    InputError
        If it is not N-Quads.
    StoreError
        If the file cannot be read.
    """
    try:
        if isinstance(nquads, bytes):
            yield from ox.parse(nquads, ox.RdfFormat.N_QUADS)
        else:
            yield from ox.parse(path=nquads, format=ox.RdfFormat.N_QUADS)
    except SyntaxError as error:
        raise _not_nquads(nquads, error) from error
    except OSError as error:
        raise _unreadable(nquads, error) from error


def text_bytes(nquads: Path | bytes) -> int:
    """Return how long N-Quads are; 0 for a file that is not there, which :func:`read_quads` finds."""
    if isinstance(nquads, bytes):
        return len(nquads)
    return nquads.stat().st_size if nquads.exists() else 0


def load_quads(live: ox.Store, nquads: Path | bytes) -> None:
    """Bulk-load N-Quads that :func:`read_quads` has read to the end, which is no transaction.

    What a parser checks has been checked then, and is not again.

    Raises
    ------
    StoreError
        If they cannot be read or written.
    """
    try:
        if isinstance(nquads, bytes):
            live.bulk_load(nquads, ox.RdfFormat.N_QUADS, lenient=True)
        else:
            live.bulk_load(path=nquads, format=ox.RdfFormat.N_QUADS, lenient=True)
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
