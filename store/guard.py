"""Query text is looked into here before any engine reads it.

Conventions
-----------
- The text is parsed by tree-sitter-sparql, which is linear and does not recurse, so that hostile text is
  judged safely. It knows SPARQL 1.1; text beyond that (``LATERAL``, triple terms) gives a tree with errors in
  it, which is no reason to refuse: the engine judges the syntax.
- Refused are texts that are too long or too deep (engines recurse, and end the process), and those that would
  make the engine reach the network: ``SERVICE`` anywhere, and ``LOAD``. ``FROM`` names stored graphs only.
- In a tree with errors a bare word SERVICE or LOAD is refused wherever it stands outside an IRI or a name, be
  it in a comment: what the parser could not place might be read otherwise by the engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias, cast

from tree_sitter import Node, Query

from ontology.errors import QueryRefused, QuerySyntaxError
from store._syntax import LANGUAGE, captures, encode, parse
from store.base import Limits

__all__ = ["QueryFacts", "QueryForm", "check_query", "check_update", "query_form"]

QueryForm: TypeAlias = Literal["select", "ask", "construct", "describe"]
"""The four kinds of query."""


@dataclass(frozen=True)
class QueryFacts:
    """What the guard learned about a query that it let pass.

    Parameters
    ----------
    form : QueryForm
        Which of the four kinds it is.
    names_graphs : bool
        Whether it names its dataset itself with ``FROM`` or ``FROM NAMED``.
    """

    form: QueryForm
    names_graphs: bool


@dataclass(frozen=True)
class _Found:
    """What a look into a text found, query or update."""

    forms: tuple[str, ...]
    operations: tuple[str, ...]
    too_deep: bool
    network: str | None
    names_graphs: bool


_MARKS = Query(LANGUAGE, "(service_graph_pattern) @SERVICE (load) @LOAD (dataset_clause) @FROM")

_QUERY_FORMS = ("select", "ask", "construct", "describe")
_FORMS = {
    **{f"{form}_query": form for form in _QUERY_FORMS},
    # where the tree is broken, only the beginning of the query stands at the top
    **{form.upper(): form for form in _QUERY_FORMS},
    "select_clause": "select",
}
_OPERATIONS = {
    "insert_data": "INSERT DATA",
    "delete_data": "DELETE DATA",
    "delete_where": "DELETE WHERE",
    "modify": "DELETE or INSERT",
    **{name: name.upper() for name in ("load", "clear", "drop", "create", "add", "move", "copy")},
    # where the tree is broken
    **{word: word for word in ("INSERT", "DELETE", "INSERT DATA", "DELETE DATA", "DELETE WHERE")},
}

# The engine folds the members of these into a chain and walks down it, one stack frame each.
_CHAINS = frozenset({"group_graph_pattern", "group_or_union_graph_pattern", "select_clause", "triples_block"})
_LISTS = frozenset({"object_list", "collection"})
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")
_SIGNS = frozenset("!-+")

_IRI = re.compile(r"""<[^<>"{}|^`\\\x00-\x20]*>""")
# SERVICE may follow a letter without a blank (``trueSERVICE``), LOAD begins an operation.
_NETWORK_WORD = re.compile(r"(?<![:?$])(SERVICE)|(?<![\w:?$])(LOAD)", re.IGNORECASE)
_TRIPLE_TERM = re.compile(r"<<|>>")

_CACHED_CHARACTERS = 8_192


def check_query(text: str, limits: Limits) -> QueryFacts:
    """Let a query pass, or refuse it.

    Parameters
    ----------
    text : str
        SPARQL 1.1 query.
    limits : Limits
        Its ``query_bytes`` and ``depth`` are applied.

    Returns
    -------
    QueryFacts
        The form of the query and whether it names its graphs.

    Raises
    ------
    QueryRefused
        If the text is too long, too deep, would reach the network, or is an update.
    QuerySyntaxError
        If no query can be made out in it.

    Examples
    --------
    >>> check_query("ASK { ?claim ?p ?o }", Limits())
    QueryFacts(form='ask', names_graphs=False)
    """
    found = _checked(text, limits)
    if found.operations:
        raise QueryRefused(
            f"the text is an update ({found.operations[0]})",
            "a SELECT, ASK, CONSTRUCT or DESCRIBE query, which changes nothing",
            "send updates to the update interface, with the right to write",
        )
    return QueryFacts(_form(found), found.names_graphs)


def check_update(text: str, limits: Limits) -> None:
    """Let an update pass, or refuse it.

    Parameters
    ----------
    text : str
        SPARQL 1.1 update, of one or more operations.
    limits : Limits
        Its ``query_bytes`` and ``depth`` are applied.

    Raises
    ------
    QueryRefused
        If the text is too long, too deep, would reach the network, or is a query.
    """
    found = _checked(text, limits)
    if found.forms and not found.operations:
        raise QueryRefused(
            f"the text is a query ({found.forms[0].upper()})",
            "a SPARQL 1.1 update",
            "send it to the query interface",
        )


def query_form(text: str) -> QueryForm:
    """Tell which of the four kinds a query is.

    Raises
    ------
    QuerySyntaxError
        If no query can be made out in the text.

    Examples
    --------
    >>> query_form("PREFIX e: <http://example.org/> SELECT ?ask { ?ask a e:Work }")
    'select'
    """
    return _form(_look_cached(text, Limits().depth))


def _checked(text: str, limits: Limits) -> _Found:
    """Look into a text and raise for what no text may do, query or update."""
    size = len(encode(text))
    if size > limits.query_bytes:
        raise QueryRefused(
            f"the query text has {size:,} bytes",
            f"at most {limits.query_bytes:,} bytes",
            "split it, or shorten VALUES",
        )
    look = _look_cached if len(text) <= _CACHED_CHARACTERS else _look
    found = look(text, limits.depth)
    if found.too_deep:
        raise QueryRefused(
            f"the query is nested deeper, or has a longer chain, than {limits.depth} levels",
            "fewer nested groups, parentheses and calls, and shorter chains of operators, BINDs and UNIONs",
            "use VALUES or IN for long lists",
        )
    if found.network:
        raise QueryRefused(
            f"the query text holds {found.network}, which would reach the network",
            "a query of the stored graphs alone",
            f"leave {found.network} out, and join with the other source on your side",
        )
    return found


def _form(found: _Found) -> QueryForm:
    if not found.forms:
        raise QuerySyntaxError(
            "the text holds no SELECT, ASK, CONSTRUCT or DESCRIBE",
            "one SPARQL 1.1 query",
            "check its first word",
        )
    return cast(QueryForm, found.forms[0])


def _look(text: str, depth: int) -> _Found:
    """Parse a text once and note all that matters about it."""
    tree = parse(encode(text))
    root = tree.root_node
    marks = captures(_MARKS, tree)
    network: str | None = next((mark for mark in ("SERVICE", "LOAD") if mark in marks), None)
    if network is None and root.has_error:
        network = _network_word(text)
    tops = _top_nodes(root)
    return _Found(
        forms=tuple(_FORMS[kind] for kind in tops if kind in _FORMS),
        operations=tuple(_OPERATIONS[kind] for kind in tops if kind in _OPERATIONS),
        too_deep=len(text) > depth
        and (_is_deeper(root, depth) or (root.has_error and _triple_terms_deeper(text, depth))),
        network=network,
        names_graphs="FROM" in marks,
    )


_look_cached = lru_cache(maxsize=1024)(_look)


def _top_nodes(root: Node) -> list[str]:
    """Return the kinds of the nodes that stand at the top, with those that an error put one level down."""
    kinds: list[str] = []
    for child in root.children:
        kinds.append(child.type)
        if child.is_error:
            kinds.extend(grandchild.type for grandchild in child.children)
    return kinds


def _is_deeper(root: Node, limit: int) -> bool:
    """Tell whether the tree, an unclosed bracket, a row of signs or a pattern goes deeper than ``limit``.

    The stack holds for each ancestor its level, whether it is itself a member of a chain, and whether it is
    part of a triple pattern. The engine makes one chain of all objects in the patterns of a query.
    """
    cursor = root.walk()
    stack: list[tuple[int, bool, bool]] = []
    level, in_chain, in_pattern = 0, False, False
    brackets = signs = objects = 0
    while (node := cursor.node) is not None:
        kind = node.type
        level += in_chain and node.is_named and kind != "comment"
        brackets += (kind in _OPENING) - (kind in _CLOSING)
        signs = signs + 1 if kind in _SIGNS else 0
        if in_pattern and kind in _LISTS:
            objects += node.named_child_count
        if max(level, brackets, signs, objects) > limit:
            return True
        if cursor.goto_first_child():
            stack.append((level, in_chain, in_pattern))
            level, in_chain, in_pattern = level + 1, kind in _CHAINS, in_pattern or kind == "triples_block"
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            level, in_chain, in_pattern = stack.pop()
    return False


def _triple_terms_deeper(text: str, limit: int) -> bool:
    """Tell whether ``<<`` is nested deeper than ``limit``; the parser does not know triple terms."""
    depth = 0
    for match in _TRIPLE_TERM.finditer(text):
        depth += 1 if match.group() == "<<" else -1
        if depth > limit:
            return True
    return False


def _network_word(text: str) -> str | None:
    """Find SERVICE or LOAD in a text that could not be parsed whole, outside IRIs, names and variables."""
    match = _NETWORK_WORD.search(_IRI.sub("<>", text))
    return match.group().upper() if match else None
