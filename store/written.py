"""Which graphs an update writes to, as far as its text tells: others keep their revision and need no new look."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from store._patterns import iri_of, namespaces, text_of, walk
from store._syntax import encode, parse

__all__ = ["written_graphs"]

_WHOLE = ("clear", "drop", "create", "add", "move", "copy")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def written_graphs(text: str) -> tuple[str, ...] | None:
    """Return the graphs that an update can write to, or None where its text does not tell them all.

    Parameters
    ----------
    text : str
        SPARQL 1.1 update, that the guard let pass.

    Examples
    --------
    >>> written_graphs("WITH <http://e/g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }")
    ('http://e/g',)
    >>> written_graphs("DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }") is None
    True
    """
    root = parse(encode(text)).root_node
    prefixes = namespaces(root)
    found: dict[str, None] = {}
    for name in _names(root):
        iri = None if name is None else iri_of(name, prefixes)
        if iri is None or not _ABSOLUTE.match(iri):
            return None
        found[iri] = None
    return None if root.has_error else tuple(found)


def _names(root: Node) -> Iterator[str | None]:
    """Yield the names of graphs as they are written, None for a variable or for graphs that are not named."""
    for node in walk(root):
        if node.type == "base_declaration":
            yield None
        elif node.type == "quads_not_triples":
            name = node.named_children[0]
            yield None if name.type == "var" else text_of(name)
        elif node.type == "modify" and node.named_children[0].type in ("iri_reference", "prefixed_name"):
            yield text_of(node.named_children[0])
        elif node.type in _WHOLE:
            yield from _referred(node)


def _referred(node: Node) -> Iterator[str | None]:
    named = [one for one in walk(node) if one.type in ("iri_reference", "prefixed_name")]
    if any(word in text_of(node).upper().split() for word in ("ALL", "NAMED")) or not (
        named or "DEFAULT" in text_of(node).upper()
    ):
        yield None
    yield from (text_of(one) for one in named)
