"""Parameters are bound into a query as RDF terms, by byte range of its syntax tree, never pasted as text."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyoxigraph as ox
from tree_sitter import Node, Query

from ontology.errors import ParameterError
from store._syntax import LANGUAGE, blank_opaque, captures, encode, parse
from store.base import Term
from store.index.shortcuts import Plan

__all__ = ["bind", "bound"]

_VARIABLES = Query(LANGUAGE, "(var) @variable")


def bind(text: str, values: Mapping[str, Term]) -> str:
    r"""Put RDF terms in the place of variables, everywhere in a query.

    Each token ``?name`` or ``$name`` gives way to the term, in sub-selects too, and never in a string,
    comment or IRI.

    Parameters
    ----------
    text : str
        SPARQL query.
    values : mapping of str to Term
        An IRI or a literal for each parameter, by its name without ``?``.

    Returns
    -------
    str
        The query without these variables.

    Raises
    ------
    ParameterError
        If a name is not in the text, its value is neither IRI nor literal, or it stands where only a variable
        can (in a projection, after AS, in the head of VALUES, in GROUP BY ...).

    Examples
    --------
    >>> bind("SELECT ?claim { ?claim ?p ?label }", {"label": ox.Literal('a "gong"')})
    'SELECT ?claim { ?claim ?p  "a \\"gong\\""  }'
    """
    if not values:
        return text
    source = encode(text)
    tree = parse(source)
    spots: dict[str, list[Node]] = {name: [] for name in values}
    for node in captures(_VARIABLES, tree).get("variable", []):
        name = _name(node)
        if name in spots:
            spots[name].append(node)
    opaque = blank_opaque(source, tree)
    for name, nodes in spots.items():
        _check_parameter(name, values[name], nodes, opaque)
    spliced = _splice(source, spots, values)
    if not tree.root_node.has_error and parse(spliced).root_node.has_error:
        raise ParameterError(
            f"the values of {_names(values)} do not fit where the query uses them",
            "a term that SPARQL allows there (an IRI as predicate or graph, none in GROUP BY or BOUND)",
            "use the parameter in a pattern or a FILTER",
        )
    return spliced.decode()


def bound(query: str | Plan, values: Mapping[str, Term] | None) -> str | Plan:
    """Return a query with values in it; one whose shortcuts are known has none left to bind."""
    return query if isinstance(query, Plan) else bind(query, values or {})


def _check_parameter(name: str, value: Term, nodes: list[Node], visible: str) -> None:
    """Raise if a parameter cannot be bound at all of its places."""
    if not isinstance(value, ox.NamedNode | ox.Literal):
        raise ParameterError(
            f"the value of ?{name} is a {type(value).__name__}",
            "an IRI or a literal",
            "bind a NamedNode or a Literal",
        )
    uses = len(re.findall(rf"[?$]{re.escape(name)}(?!\w)", visible))
    if not uses:
        raise ParameterError(
            f"the query has no variable ?{name}", "a parameter that the query uses", "check its spelling"
        )
    if uses != len(nodes):
        raise ParameterError(
            f"?{name} is used in a part of the query that is not SPARQL 1.1",
            None,
            "use it in a plain pattern",
        )
    for node in nodes:
        place = _only_a_variable(node)
        if place:
            raise ParameterError(
                f"?{name} stands {place}, where only a variable can",
                None,
                "use another name for the parameter",
            )


def _only_a_variable(node: Node) -> str | None:
    """Name the place of a variable where no term may stand, or return None."""
    parent, before = node.parent, node.prev_sibling
    if before is not None and before.type == "AS":
        return "after AS"
    places = {
        "select_clause": "in a projection",
        "group_condition": "in GROUP BY",
        "order_condition": "in ORDER BY",
    }
    if parent is not None and parent.type in places and (before is None or before.type != "("):
        return places[parent.type]
    if parent is not None and parent.type == "data_block":
        return "in the head of VALUES"
    return None


def _splice(source: bytes, spots: Mapping[str, list[Node]], values: Mapping[str, Term]) -> bytes:
    """Replace the byte ranges of the variables; blanks keep the term apart from its neighbours."""
    cuts = sorted((node.start_byte, node.end_byte, name) for name, nodes in spots.items() for node in nodes)
    parts: list[bytes] = []
    done = 0
    for start, end, name in cuts:
        parts += (source[done:start], f" {values[name]} ".encode())
        done = end
    return b"".join((*parts, source[done:]))


def _name(node: Node) -> str:
    return (node.text or b"").decode()[1:]


def _names(values: Mapping[str, Term]) -> str:
    return ", ".join(f"?{name}" for name in values)
