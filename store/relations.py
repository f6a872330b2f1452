"""Relations of time in a query: ``?a acm:overlaps ?b``.

Conventions
-----------
- A relation holds between two spans of one recording, or annotations whose targets these are. Nothing of the kind is
  stored: a
  relation in the text gives way to sub-selects, which any engine answers, and where there is a side index to the pairs
  it finds.
- Allen's thirteen relations are exact on half-open intervals: ``before`` leaves a gap, ``meets`` does not. Beside them
  stand ``intersects`` (some time in common, in whatever way), and three with a number of seconds, given in a list:
  ``?a acm:followedWithin (?b 2.5)``.
- What else a query says of each side in the same group, or around it, is asked of each side by itself; the more it
  says the fewer pairs there are.

Source
------
J. F. Allen, Maintaining knowledge about temporal intervals, Communications of the ACM 26 (1983), 832-843, fig. 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tree_sitter import Node

from ontology.errors import QueryRefused
from ontology.terms import ACM, OA
from store._patterns import Unit, atoms, belonging, iri_of, namespaces, shown, text_of, units_of, walk
from store._syntax import encode, parse
from store.index import Pairs

__all__ = ["RELATIONS", "WITH_SECONDS", "expanded"]

RELATIONS: Mapping[str, str] = {
    "before": "a.stop < b.start",
    "after": "a.start > b.stop",
    "meets": "a.stop = b.start",
    "metBy": "a.start = b.stop",
    "overlaps": "a.start < b.start AND a.stop > b.start AND a.stop < b.stop",
    "overlappedBy": "b.start < a.start AND b.stop > a.start AND b.stop < a.stop",
    "starts": "a.start = b.start AND a.stop < b.stop",
    "startedBy": "a.start = b.start AND a.stop > b.stop",
    "during": "a.start > b.start AND a.stop < b.stop",
    "contains": "a.start < b.start AND a.stop > b.stop",
    "finishes": "a.stop = b.stop AND a.start > b.start",
    "finishedBy": "a.stop = b.stop AND a.start < b.start",
    "equals": "a.start = b.start AND a.stop = b.stop",
    "intersects": "a.start < b.stop AND a.stop > b.start",
}
"""The condition of each relation, over the start and the stop of its two sides."""

WITH_SECONDS: Mapping[str, str] = {
    "followedWithin": "b.start >= a.stop AND b.start <= a.stop + :seconds",
    "apartAtMost": "b.start <= a.stop + :seconds AND a.start <= b.stop + :seconds",
    "togetherFor": "a.stop >= b.start + :seconds AND b.stop >= a.start + :seconds"
    " AND a.stop >= a.start + :seconds AND b.stop >= b.start + :seconds",
}
"""The same of the relations with a number of seconds."""

_BOUND = {"overlaps", "intersects", "togetherFor", "during", "apartAtMost"}
"""Relations in which the second begins no earlier than its own length, and the seconds, before the first begins."""

_WORDS = re.compile(r"\b(" + "|".join((*RELATIONS, *WITH_SECONDS)) + r")\b")
_NUMBER = re.compile(r"\d+(\.\d{1,6})?|\.\d{1,6}")


@dataclass(frozen=True)
class _Relation:
    """One relation in a query."""

    name: str
    first: str
    second: str
    seconds: Decimal | None


def expanded(text: str) -> tuple[str, tuple[Pairs, ...]]:
    """Return a query with sub-selects in the place of relations of time, and how the side index answers them.

    Parameters
    ----------
    text : str
        SPARQL 1.1 query.

    Returns
    -------
    str
        The same query in plain SPARQL 1.1.
    tuple of Pairs
        One per relation.

    Raises
    ------
    QueryRefused
        If a relation stands where it cannot be answered.
    """
    if not _WORDS.search(text):
        return text, ()
    source = encode(text)
    root = parse(source).root_node
    prefixes = namespaces(root)
    edits: list[tuple[Node, list[tuple[str, str, str]], list[_Relation]]] = []
    for node in walk(root):
        if node.type == "triples_same_subject":
            relations, others = _told_apart(node, prefixes)
            if relations:
                edits.append((node, others, relations))
    if not edits:
        return text, ()
    if root.has_error:
        raise QueryRefused(
            "a query with relations of time holds what is not SPARQL 1.1",
            "SPARQL 1.1",
            "write it without LATERAL and <<...>>",
        )
    prologue = source[: _prologue_end(root)].decode()
    cuts: list[tuple[int, int, bytes, Pairs | None]] = []
    for node, others, relations in edits:
        end = node.end_byte
        dot = re.match(rb"\s*\.", source[end:])
        end += dot.end() if dot is not None else 0
        cuts.append((node.start_byte, end, "".join(f"{' '.join(one)} . " for one in others).encode(), None))
        after = _graph_around(node)
        place = end if after is None else after.end_byte
        for relation in relations:
            made, pair = _written(relation, _context(node, prefixes), prologue, len(cuts))
            cuts.append((place, place, made, pair))
    return _assembled(source, sorted(cuts, key=lambda cut: cut[0]))


def _assembled(source: bytes, cuts: Sequence[tuple[int, int, bytes, Pairs | None]]) -> tuple[str, tuple[Pairs, ...]]:
    """Put the new stretches into the text, and note where they then stand."""
    text, pairs, done = b"", [], 0
    for start, end, made, pair in cuts:
        text += source[done:start]
        if pair is not None:
            pairs.append(replace(pair, start=len(text), end=len(text) + len(made)))
        text += made
        done = end
    return (text + source[done:]).decode(), tuple(pairs)


def _graph_around(node: Node) -> Node | None:
    """Return the ``GRAPH`` whose group a node stands in: a relation is no statement of that graph, and is put after."""
    at = node
    while at.parent is not None and at.type != "group_graph_pattern":
        at = at.parent
    return at.parent if at.parent is not None and at.parent.type == "graph_graph_pattern" else None


def _prologue_end(root: Node) -> int:
    return next((child.end_byte for child in root.children if child.type == "prologue"), 0)


def _told_apart(node: Node, prefixes: Mapping[str, str]) -> tuple[list[_Relation], list[tuple[str, str, str]]]:
    """Return the relations among the triple patterns of one subject, and the others."""
    split = atoms(node)
    relations, others = [], []
    for atom in split or ():
        iri = iri_of(atom[1], prefixes)
        name = iri.removeprefix(ACM.NS) if iri is not None and iri.startswith(ACM.NS) else ""
        if name in RELATIONS:
            relations.append(_Relation(name, _side(atom[0], name), _side(atom[2], name), None))
        elif name in WITH_SECONDS:
            second, seconds = _listed(atom[2], name)
            relations.append(_Relation(name, _side(atom[0], name), _side(second, name), seconds))
        else:
            others.append(atom)
    if split is None and any(
        iri_of(text_of(one), prefixes) in _IRIS for one in walk(node) if one.type == "prefixed_name"
    ):
        raise _misplaced("a relation of time within brackets")
    return relations, others


_IRIS = {ACM.NS + name for name in (*RELATIONS, *WITH_SECONDS)}


def _side(text: str, name: str) -> str:
    if not text or (text[0] not in "?$<" and ":" not in text) or text.startswith(("_:", '"', "(", "[")):
        raise _misplaced(f"acm:{name} with {text} at its side")
    return text


def _misplaced(what: str) -> QueryRefused:
    return QueryRefused(
        f"the query holds {what}", "a variable or an IRI on either side, as in ?a acm:overlaps ?b",
        "give both passages variables, and say of each what it is",
    )  # fmt: skip


def _listed(text: str, name: str) -> tuple[str, Decimal]:
    words = text.strip("()").split()
    if not text.startswith("(") or len(words) != 2 or not _NUMBER.fullmatch(words[1]):
        raise QueryRefused(
            f"the query holds acm:{name} {text}", "a passage and a number of seconds in brackets",
            f"write ?a acm:{name} (?b 2.5)",
        )  # fmt: skip
    return words[0], Decimal(words[1])


def _context(node: Node, prefixes: Mapping[str, str]) -> list[Unit]:
    """Return what must hold besides: the units of the group of a node and of those around it, up to a sub-select."""
    units: list[Unit] = []
    inner: Node | None = None
    at: Node | None = node
    while at is not None and at.type not in ("sub_select", "where_clause"):
        if at.type == "group_graph_pattern":
            parent = at.parent
            graph = (
                text_of(parent.named_children[0])
                if parent is not None and parent.type == "graph_graph_pattern"
                else None
            )
            units += units_of(at, graph, () if inner is None else (inner.start_byte,))
        inner, at = at, at.parent
    return [unit for unit in units if not _relates(unit, prefixes)]


def _relates(unit: Unit, prefixes: Mapping[str, str]) -> bool:
    """Tell whether a unit is or holds a relation of time."""
    if unit.parts is not None:
        return iri_of(unit.parts[1], prefixes) in _IRIS
    return _WORDS.search(unit.text) is not None


def _written(relation: _Relation, units: Sequence[Unit], prologue: str, number: int) -> tuple[bytes, Pairs]:
    """Write one relation as sub-selects."""
    names, constants = [], []
    for place, term in enumerate((relation.first, relation.second)):
        names.append(term[1:] if term[0] in "?$" else f"acm{number}_{'ab'[place]}")
        constants.append("" if term[0] in "?$" else f"VALUES ?{names[place]} {{ {term} }} ")
    if names[0] == names[1]:
        raise _misplaced(f"acm:{relation.name} between {relation.first} and itself")
    sides = belonging(names, units, shared=True)
    for name, side, constant in zip(names, sides, constants, strict=True):
        if not side and not constant:
            raise QueryRefused(
                f"the query says nothing of ?{name} but acm:{relation.name}", "what kind of passage it is",
                f"name its concept, work or agent, or write ?{name} a acm:Span",
            )  # fmt: skip
    patterns = [constant + shown(side) for side, constant in zip(sides, constants, strict=True)]
    condition = {**RELATIONS, **WITH_SECONDS}[relation.name]
    text = (
        f"{{ SELECT DISTINCT ?{names[0]} ?{names[1]} {{ "
        + " ".join(
            _placed(name, side, pattern, number) for name, side, pattern in zip(names, "ab", patterns, strict=True)
        )
        + f" FILTER({_filter(condition, relation.seconds, number)} && ?{names[0]} != ?{names[1]}) }} }} "
    )
    values = () if relation.seconds is None else (("seconds", int(relation.seconds * 1_000_000)),)
    if relation.name in _BOUND:
        condition += " AND b.start > a.start - :longest" + (" - :seconds" if values else "") + " - 1"
    queries = [f"{prologue} SELECT DISTINCT ?{name} {{ {one} }}" for name, one in zip(names, patterns, strict=True)]
    return text.encode(), Pairs(0, 0, (names[0], names[1]), queries[0], queries[1], condition, values)


def _placed(name: str, side: str, pattern: str, number: int) -> str:
    """Write one side with the times of its span."""
    fresh = f"acm{number}"
    return (
        f"{{ SELECT DISTINCT ?{name} ?{fresh}_recording ?{fresh}_{side}start ?{fresh}_{side}stop {{ {pattern} "
        f"?{name} <{OA.hasTarget}>? ?{fresh}_{side} . ?{fresh}_{side} <{OA.hasSource}> ?{fresh}_recording ; "
        f"<{ACM.startSeconds}> ?{fresh}_{side}start ; <{ACM.endSeconds}> ?{fresh}_{side}stop . }} }}"
    )


def _filter(condition: str, seconds: Decimal | None, number: int) -> str:
    """Write a condition in SPARQL."""
    written = re.sub(r"\b([ab])\.(start|stop)\b", lambda found: f"?acm{number}_{found[1]}{found[2]}", condition)
    return written.replace(" AND ", " && ").replace(":seconds", str(seconds))


def all_relations() -> Iterator[str]:
    """Yield the names of all relations."""
    yield from (*RELATIONS, *WITH_SECONDS)
