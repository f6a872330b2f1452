"""Answers as they come from an engine, in bytes, and what they become."""

from __future__ import annotations

import pyoxigraph as ox

from ontology.errors import QueryLost, QueryRefused
from store.base import GRAPH_TYPES, TABLE_TYPES, Table
from store.guard import QueryForm

__all__ = ["JSON", "TSV", "as_boolean", "as_table", "check_media_type", "only_number", "rewritten"]

JSON = "application/sparql-results+json"
TSV = "text/tab-separated-values"
"""Rows travel as TSV: it is lossless, and read natively four times faster than pickled terms."""


def check_media_type(form: QueryForm, media_type: str, only: str = "") -> None:
    """Refuse a query of another form than ``only``, and a media type in which its form is not answered.

    Raises
    ------
    QueryRefused
        With the media types that would do.
    """
    if only and form != only:
        raise QueryRefused(f"the query is a {form.upper()}", f"a query of the form {only.upper()}")
    known = TABLE_TYPES if form in ("select", "ask") else GRAPH_TYPES
    if media_type not in known:
        raise QueryRefused(f"a {form.upper()} is not answered as {media_type}", f"one of {', '.join(known)}")


def as_table(data: bytes, media_type: str) -> Table:
    """Read a whole answer to a SELECT.

    Raises
    ------
    QueryLost
        If it is not one.
    """
    result = _parse(data, media_type)
    if isinstance(result, ox.QueryBoolean):
        raise QueryLost("the answer to a SELECT is a boolean", "a table")
    columns = tuple(variable.value for variable in result.variables)
    return Table(columns, tuple(tuple(solution) for solution in result))


def as_boolean(data: bytes) -> bool:
    """Read a whole answer to an ASK, in JSON.

    Raises
    ------
    QueryLost
        If it is not one.
    """
    result = _parse(data, JSON)
    if not isinstance(result, ox.QueryBoolean):
        raise QueryLost("the answer to an ASK is a table", "a boolean")
    return bool(result)


def only_number(table: Table) -> int:
    """Return the one number in the answer to a count."""
    term = table.rows[0][0]
    return int(term.value) if isinstance(term, ox.Literal) else 0


def _parse(data: bytes, media_type: str) -> ox.QuerySolutions | ox.QueryBoolean:
    known = ox.QueryResultsFormat.from_media_type(media_type)
    try:
        return ox.parse_query_results(data, known)
    except SyntaxError as error:
        raise QueryLost(
            f"the answer of the engine cannot be read: {error}", f"a whole answer as {media_type}"
        ) from error


def rewritten(data: bytes, media_type: str, *, table: bool) -> bytes:
    """Write a whole answer, a table in JSON or triples in N-Triples, as another media type.

    Raises
    ------
    QueryLost
        If it is not what it should be.
    """
    if table:
        written = _parse(data, JSON).serialize(format=ox.QueryResultsFormat.from_media_type(media_type))
    else:
        try:
            quads = list(ox.parse(data, ox.RdfFormat.N_TRIPLES))
        except SyntaxError as error:
            raise QueryLost(f"the answer of the engine cannot be read: {error}", "a whole answer") from error
        written = ox.serialize(quads, format=ox.RdfFormat.from_media_type(media_type))
    assert written is not None, "without an output the bytes are returned"
    return written
