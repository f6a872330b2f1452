"""How a query is written for Virtuoso, and what its answers become.

Conventions
-----------
- Nothing here changes what a query asks: by SPARQL 1.1 both forms have the same answer. Virtuoso answers one of them
  wrongly or not at all (seen in version 7.2.5).
- A condition on a variable that is never bound, ``COALESCE(... ?nothing ..., true)``, is left out: Virtuoso takes it
  for false.
- A path of any length to a given resource, ``?x skos:broader* acv:bright``, is asked by itself, and its answer put in
  as ``VALUES`` or ``IN``: Virtuoso drops rows where such a path stands beside others.
- Tables come as JSON and graphs as N-Triples, and are written in other forms here: Virtuoso leaves out languages in
  JSON-LD, and datatypes in TSV.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import pyoxigraph as ox
from tree_sitter import Node

from store._patterns import atoms, namespaces, text_of, walk
from store._syntax import encode, parse
from store.base import Term

__all__ = ["GRAPHS", "HIDDEN_GRAPHS", "adapted", "canonical", "mended"]

GRAPHS = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
"""Which graphs there are: without a pattern it finds none, and DISTINCT takes it 200 times as long."""

HIDDEN_GRAPHS = (
    "http://www.openlinksw.com/schemas/virtrdf#",
    "http://www.w3.org/ns/ldp#",
    "http://www.w3.org/2002/07/owl#",
    "http://localuriqaserver/sparql",
)
"""Graphs of its own; those of its DAV folders begin with its address."""

Atoms: TypeAlias = list[tuple[str, str, str]]
"""Triple patterns: subject, path, object."""

Reached: TypeAlias = Callable[[str], Sequence[Term | None]]
"""Answers a query of one column."""

_ANY_LENGTH = re.compile(r"(?P<step>(?:[\w-]*:[\w-]+|<[^<>]*>))[*+]")
_NAME = re.compile(r"<[^<>:]+:[^<>]*>|[\w-]*:[\w.-]+")


def adapted(text: str, reached: Reached) -> str:
    """Return a query in a form that Virtuoso answers as SPARQL says.

    Parameters
    ----------
    text : str
        SPARQL 1.1 query.
    reached : callable
        Answers a query with one column.
    """
    source = encode(text)
    root = parse(source).root_node
    if root.has_error:
        return text
    prefixes = namespaces(root)
    cuts = [(node.start_byte, node.end_byte, b" ") for node in _idle(root)]
    for node in walk(root):
        split = atoms(node) if node.type == "triples_same_subject" else None
        if split is None or _within(node, "graph_graph_pattern") is not None:
            continue
        if not any(_path_to_constant(atom) for atom in split):
            continue
        exists = _within(node, "exists_func", "not_exists_func")
        if exists is None:
            dot = re.match(rb"\s*\.", source[node.end_byte :])
            end = node.end_byte + (dot.end() if dot else 0)
            cuts.append((node.start_byte, end, f" {_without_paths(split, prefixes, reached)} ".encode()))
        else:
            written = _as_membership(exists, split, prefixes, reached)
            if written is not None:
                cuts.append((exists.start_byte, exists.end_byte, written.encode()))
    for start, end, words in sorted(cuts, reverse=True):
        source = source[:start] + words + source[end:]
    return source.decode()


def _idle(root: Node) -> list[Node]:
    """Return the FILTERs ``COALESCE(…, true)`` with a variable that no pattern can bind."""
    filters = [node for node in walk(root) if node.type == "filter"]
    spans = [(one.start_byte, one.end_byte) for one in filters]
    elsewhere = {
        text_of(node)
        for node in walk(root)
        if node.type == "var" and not any(start <= node.start_byte < end for start, end in spans)
    }
    found = []
    for one in filters:
        inner = text_of(one).removeprefix("FILTER").strip()
        names = {text_of(node) for node in walk(one) if node.type == "var"}
        if re.fullmatch(r"\(?COALESCE\(.*, *true\)\)?", inner, re.DOTALL) and any(
            name.startswith("?__") and name not in elsewhere for name in names
        ):
            found.append(one)
    return found


def _path_to_constant(atom: tuple[str, str, str]) -> bool:
    """Tell whether a pattern leads from a variable by a path of any length to a given resource."""
    return atom[0][0] in "?$" and bool(_ANY_LENGTH.fullmatch(atom[1])) and bool(_NAME.fullmatch(atom[2]))


def _starts(atom: tuple[str, str, str], prefixes: Mapping[str, str], reached: Reached) -> list[str]:
    """Return what a path leads from."""
    subject, path, object_ = atom
    heads = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in prefixes.items())
    terms = reached(f"{heads} SELECT DISTINCT {subject} {{ {subject} {path} {object_} }}")
    return sorted(str(term) for term in terms if isinstance(term, ox.NamedNode))


def _without_paths(split: Atoms, prefixes: Mapping[str, str], reached: Reached) -> str:
    """Write the patterns of one subject with what a path leads from as values."""
    return " ".join(
        f"VALUES {atom[0]} {{ {' '.join(_starts(atom, prefixes, reached))} }}"
        if _path_to_constant(atom)
        else f"{' '.join(atom)} ."
        for atom in split
    )


def _within(node: Node, *kinds: str) -> Node | None:
    """Return the node of some kinds that another one stands in, or None."""
    at = node.parent
    while at is not None and at.type not in kinds:
        at = at.parent
    return at


def _as_membership(exists: Node, split: Atoms, prefixes: Mapping[str, str], reached: Reached) -> str | None:
    """Write an EXISTS that asks for nothing but a path as membership, or return None where it asks for more."""
    group = exists.named_children[-1]
    if len(split) != 1 or len(group.named_children) != 1 or len(group.named_children[0].named_children) != 1:
        return None
    word = "NOT IN" if exists.type == "not_exists_func" else "IN"
    return f"({split[0][0]} {word} ({', '.join(_starts(split[0], prefixes, reached))}))"


def mended(data: bytes) -> bytes:
    """Return an answer in JSON with blank nodes and literals as the standard has them."""
    answer = json.loads(data)
    for row in answer.get("results", {}).get("bindings", ()):
        for term in row.values():
            if term["type"] == "typed-literal":
                term["type"] = "literal"
            elif term["type"] == "bnode":
                term["value"] = term["value"].removeprefix("nodeID://")
            datatype = term.get("datatype")
            if datatype is not None:
                term["value"] = canonical(term["value"], datatype)
    return json.dumps(answer).encode()


def canonical(value: str, datatype: str) -> str:
    """Return a value in the notation that the embedded store has for it: ``48000`` for the float ``48000.0``."""
    if not datatype.startswith("http://www.w3.org/2001/XMLSchema#"):
        return value
    node = ox.NamedNode("urn:x")
    store = ox.Store()
    store.add(ox.Quad(node, node, ox.Literal(value, datatype=ox.NamedNode(datatype))))
    (kept,) = store
    return kept.object.value if isinstance(kept.object, ox.Literal) else value
