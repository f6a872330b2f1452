"""Graph names and N-Quads, as both kinds of store take them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ontology.errors import InputError, StoreError

__all__ = [
    "GraphName", "check_graphs", "check_quads", "default_graph_holds_quads", "graph_name", "load_quads", "read_quads",
    "stray",
]  # fmt: skip

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


def default_graph_holds_quads(live: ox.Store) -> bool:
    """Tell whether there are quads in no named graph, where none should ever be."""
    return any(True for _ in live.quads_for_pattern(None, None, None, ox.DefaultGraph()))


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


_LINES_BYTES = 1 << 20
"""How much of a file is looked at in one go."""
_ODD = (b" #", b"\t#", b".#", b"\r")
"""What makes the end of a line unfit to tell its graph by: a comment, or another end of line in it."""


def check_graphs(nquads: Path | bytes, names: set[ox.NamedNode]) -> None:
    """Check that no quad is in a named graph beside ``names``; the default graph is left out.

    Lines as Acousma and pyoxigraph write them end in the name of their graph and are not parsed, which would take
    as long as to load them. Other files are read to the end.

    Raises
    ------
    InputError
        If there is one, or it turns out not to be N-Quads.
    StoreError
        If the file cannot be read.
    """
    ends = {f"{name} .\n".encode() for name in names}
    try:
        with io.BytesIO(nquads) if isinstance(nquads, bytes) else nquads.open("rb") as file:
            while lines := file.readlines(_LINES_BYTES):
                block = b"".join(lines)
                known = {line[line.rfind(b"<") :] for line in lines} <= ends
                if not known or any(odd in block for odd in _ODD):
                    check_quads(nquads, names)
                    return
    except OSError as error:
        raise _unreadable(nquads, error) from error


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
