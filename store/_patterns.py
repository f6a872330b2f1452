"""The patterns of a query, one by one, and which of them belong to which variable.

Conventions
-----------
- A *unit* is something that every solution of a group must satisfy: one triple pattern, with the ``GRAPH`` it stands
  in, or a ``VALUES``, a union, a sub-select, a ``FILTER``. ``OPTIONAL``, ``MINUS`` and ``BIND`` are none.
- How far a unit is from a variable is counted in units with a variable in common. A unit goes to the nearer of two
  variables; one that is as near to both is told apart by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

__all__ = ["Unit", "atoms", "belonging", "iri_of", "namespaces", "shown", "text_of", "units_of", "variables_in", "walk"]

_CONJUNCTIVE = ("inline_data", "group_or_union_graph_pattern", "filter")


@dataclass(frozen=True)
class Unit:
    """Something that every solution must satisfy.

    Parameters
    ----------
    text : str
        As SPARQL, without its ``GRAPH``.
    variables : frozenset of str
    graph : str or None
        The name after ``GRAPH``, variable or IRI.
    parts : tuple of str or None
        Subject, predicate and object of a triple pattern.
    filter : bool
    start : int
        Where it begins, in bytes.
    """

    text: str
    variables: frozenset[str]
    graph: str | None = None
    parts: tuple[str, str, str] | None = None
    filter: bool = False
    start: int = 0


def text_of(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    stack = [node]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(one.children))


def variables_in(node: Node) -> frozenset[str]:
    """Return the names of the variables in a node that can be seen outside of it."""
    if node.type == "group_or_union_graph_pattern" and node.named_child_count == 1:
        selects = [one for one in node.named_children[0].named_children if one.type == "sub_select"]
        if selects and "*" not in text_of(selects[0].named_children[0]):
            clause = selects[0].named_children[0]
            return frozenset(text_of(one)[1:] for one in clause.named_children if one.type == "var") | frozenset(
                text_of(one)[1:] for one in walk(clause) if one.type == "var" and one.prev_sibling is not None
                and one.prev_sibling.type == "AS"
            )  # fmt: skip
    return frozenset(text_of(one)[1:] for one in walk(node) if one.type == "var")


_LOCAL_ESCAPE = re.compile(r"\\(.)")


def namespaces(root: Node) -> Mapping[str, str]:
    """Return the namespaces that a query declares, by prefix."""
    found: dict[str, str] = {}
    for node in walk(root):
        if node.type == "prefix_declaration":
            prefix = next((text_of(one) for one in walk(node) if one.type == "pn_prefix"), "")
            iri = next((text_of(one) for one in node.named_children if one.type == "iri_reference"), "<>")
            found[prefix] = iri[1:-1]
        elif node.type in ("where_clause", "group_graph_pattern"):
            break
    return found


def iri_of(text: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the IRI that a term of a query stands for, or None where it is none."""
    if text.startswith("<") and text.endswith(">"):
        return text[1:-1]
    prefix, colon, local = text.partition(":")
    return prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local) if colon and prefix in prefixes else None


def atoms(node: Node) -> list[tuple[str, str, str]] | None:
    """Return the triple patterns of a ``triples_same_subject`` one by one, or None where they cannot be told apart."""
    children = node.named_children
    if not children or children[-1].type != "property_list" or len(children) != 2:
        return None
    subject, found = text_of(children[0]), []
    for property_ in children[-1].named_children:
        if property_.type == "comment":
            continue
        objects = [one for one in property_.named_children if one.type == "object_list"]
        if len(objects) != 1:
            return None
        path = _before(property_, objects[0])
        found += [(subject, path, text_of(one)) for one in objects[0].named_children if one.type != "comment"]
    return found


def _before(property_: Node, objects: Node) -> str:
    source = property_.text or b""
    return source[: objects.start_byte - property_.start_byte].decode().strip()


def units_of(group: Node, graph: str | None = None, skip: Collection[int] = ()) -> list[Unit]:
    """Return the units of a group and of its ``GRAPH`` blocks, without those in the nodes that begin at ``skip``."""
    found: list[Unit] = []
    for child in group.named_children:
        if child.start_byte in skip and child.type != "triples_block":
            continue
        if child.type == "triples_block":
            for triples in child.named_children:
                if triples.type == "triples_same_subject":
                    found += _triples(triples, graph)
        elif child.type == "graph_graph_pattern":
            name, inner = text_of(child.named_children[0]), child.named_children[-1]
            found += units_of(inner, name, skip)
        elif child.type in _CONJUNCTIVE:
            found.append(
                Unit(text_of(child), variables_in(child), graph, filter=child.type == "filter", start=child.start_byte)
            )
    return found


def _triples(node: Node, graph: str | None) -> list[Unit]:
    named = frozenset({graph[1:]}) if graph is not None and graph[0] in "?$" else frozenset()
    split = atoms(node)
    if split is None:
        return [Unit(text_of(node) + " .", variables_in(node) | named, graph, start=node.start_byte)]
    units = []
    for subject, predicate, object_ in split:
        text = f"{subject} {predicate} {object_} ."
        variables = frozenset(re.findall(r"[?$](\w+)", re.sub(r'"[^"]*"|<[^>]*>', "", text))) | named
        units.append(Unit(text, variables, graph, (subject, predicate, object_), start=node.start_byte))
    return units


def _distances(start: str, units: Sequence[Unit], stops: Collection[str]) -> dict[int, int]:
    """Return how far each unit is from a variable, by its place in ``units``; paths through ``stops`` do not count."""
    found: dict[int, int] = {}
    reached, edge, distance = {start}, {start}, 0
    while edge:
        distance += 1
        fresh: set[str] = set()
        for place, unit in enumerate(units):
            if place not in found and not unit.filter and unit.variables & edge:
                found[place] = distance
                fresh |= unit.variables
        edge = fresh - reached - set(stops)
        reached |= edge
    return found


def belonging(centres: Sequence[str], units: Sequence[Unit], *, shared: bool) -> list[list[Unit]]:
    """Return for each variable in ``centres`` the units that belong to it.

    Parameters
    ----------
    centres : sequence of str
        Names of variables.
    units : sequence of Unit
    shared : bool
        Whether a unit that is as near to several belongs to each of them, or to none.
    """
    graphs = {unit.graph[1:] for unit in units if unit.graph is not None and unit.graph[0] in "?$"}
    distances = [
        _distances(centre, units, graphs | {other for other in centres if other != centre}) for centre in centres
    ]
    sides: list[list[Unit]] = []
    for own in distances:
        side = []
        for place, unit in enumerate(units):
            others = [other.get(place) for other in distances if other is not own]
            nearest = min((one for one in others if one is not None), default=None)
            if place in own and (nearest is None or own[place] < nearest or (shared and own[place] == nearest)):
                side.append(unit)
        seen = frozenset().union(*(unit.variables for unit in side))
        if shared:
            side += [unit for unit in units if unit.filter and unit.variables <= seen and unit.variables]
        sides.append(side)
    return sides


def shown(units: Iterable[Unit]) -> str:
    """Write units as SPARQL; those in a row in one ``GRAPH`` share it."""
    parts: list[str] = []
    graph: str | None = None
    for unit in units:
        if unit.graph != graph:
            parts.append(
                ("} " if graph is not None else "") + (f"GRAPH {unit.graph} {{" if unit.graph is not None else "")
            )
            graph = unit.graph
        parts.append(unit.text)
    if graph is not None:
        parts.append("}")
    return " ".join(part for part in parts if part)
