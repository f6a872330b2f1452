"""The graphs that an update request names beside its text (SPARQL 1.1 Protocol, 2.2.3), written into the text.

pyoxigraph takes the dataset of a query as an argument, but not that of an update.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from ontology.errors import QueryRefused, QuerySyntaxError
from store._quads import graph_name
from store._syntax import encode, parse
from store.base import Dataset

__all__ = ["with_using"]


def with_using(text: str, dataset: Dataset) -> str:
    """Return an update whose patterns are matched against the graphs of a request.

    Parameters
    ----------
    text : str
        SPARQL update, that the guard let pass.
    dataset : Dataset
        ``using-graph-uri`` and ``using-named-graph-uri``.

    Raises
    ------
    QueryRefused
        If the text names graphs itself by ``USING`` or ``WITH``.
    QuerySyntaxError
        If the text cannot be read.
    InputError
        If a name is no absolute IRI.

    Examples
    --------
    >>> with_using("INSERT { GRAPH <urn:g> { ?s ?p 1 } } WHERE { ?s ?p 2 }", Dataset(default=("urn:a",)))
    'INSERT { GRAPH <urn:g> { ?s ?p 1 } } USING <urn:a> WHERE { ?s ?p 2 }'
    """
    clauses = [f"USING {graph_name(iri)}" for iri in dataset.default]
    clauses += [f"USING NAMED {graph_name(iri)}" for iri in dataset.named]
    source = encode(text)
    root = parse(source).root_node
    if root.has_error:
        raise QuerySyntaxError("the update is not SPARQL 1.1, so its graphs cannot be set", None, "correct the text")
    using = " ".join(clauses)
    parts, end = [], 0
    for start, stop, words in _places(source, root, using):
        parts += [source[end:start].decode(), words]
        end = stop
    return "".join([*parts, source[end:].decode()])


def _places(source: bytes, root: Node, using: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is to be replaced: from byte, to byte, and by what."""
    for node in root.children:
        kinds = {child.type for child in node.children}
        if node.type == "modify":
            if kinds & {"WITH", "using_clause"}:
                raise QueryRefused(
                    "the update names graphs by USING or WITH, and the request does so too",
                    "graphs named by the text or by the request (SPARQL 1.1 Protocol, 2.2.3)", "leave one of them out",
                )  # fmt: skip
            pattern = next(child for child in reversed(node.children) if child.type == "group_graph_pattern")
            where = next((child for child in node.children if child.type == "WHERE"), pattern)
            yield where.start_byte, where.start_byte, f"{using} "
        elif node.type == "delete_where":
            quads = next(child for child in node.children if child.type == "quads")
            pattern_text = source[quads.start_byte : quads.end_byte].decode()
            yield node.start_byte, node.end_byte, f"DELETE {pattern_text} {using} WHERE {pattern_text}"
