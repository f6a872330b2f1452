"""SPARQL text as a syntax tree, by tree-sitter-sparql."""

from __future__ import annotations

import warnings

import tree_sitter_sparql
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from ontology.errors import QueryRefused

__all__ = ["LANGUAGE", "blank_opaque", "captures", "encode", "parse"]

with warnings.catch_warnings():
    # tree-sitter-sparql 0.1.0 hands its language over as an address, in the older of two ways.
    warnings.simplefilter("ignore", DeprecationWarning)
    LANGUAGE = Language(tree_sitter_sparql.language())


def parse(source: bytes) -> Tree:
    """Parse a text in UTF-8; what cannot be placed becomes an error node."""
    # One parser per call: a parser holds state and stores are used from many threads.
    return Parser(LANGUAGE).parse(source)


def captures(query: Query, tree: Tree) -> dict[str, list[Node]]:
    """Return the nodes that a tree-sitter query finds, by the names it gives them."""
    return QueryCursor(query).captures(tree.root_node)


def encode(text: str) -> bytes:
    """Return a text in UTF-8.

    Raises
    ------
    QueryRefused
        If it holds a surrogate, which has no form in UTF-8.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise QueryRefused(
            f"the query text cannot be written in UTF-8 (character {error.start})", "Unicode text"
        ) from error


_OPAQUE = Query(LANGUAGE, "(comment) @c (string) @s (iri_reference) @i")


def blank_opaque(source: bytes, tree: Tree) -> str:
    """Return the text with comments, strings and IRIs blanked."""
    visible = bytearray(source)
    for nodes in captures(_OPAQUE, tree).values():
        for node in nodes:
            visible[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
    return visible.decode()
