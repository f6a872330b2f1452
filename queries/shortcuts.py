"""Stored questions that the side index answers: the stretch of SPARQL that gives way to rows of SQL.

Conventions
-----------
- The first line of ``<name>.sql`` says what it does. ``-- answers``: it gives the rows and columns of the parts
  between the lines
  ``# for the side index`` and ``# to here`` of the question, or of the whole question if it has no such lines, in its
  order and with its limit. ``-- restricts``: it gives values of a few variables outside of which there is no answer,
  in the place of the parts between such lines or at the beginning if there are none;
  where a parameter that it needs is not given it is left out.
- Its columns are named as parameters are: the name of the variable, with ``_iri``, ``_decimal`` (in millionths),
  ``_number`` (a decimal as text), ``_integer``, ``_en`` (English text) or ``_said`` (labels of verdicts)
  where it is not plain text. Its parameters are the variables of the question, NULL where not given, decimals in
  millionths, and ``limit``, which is -1 for all rows.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from queries.questions import StoredQuery
from store import Plan, TableShortcut

__all__ = ["with_shortcut"]

_MILLION = 1_000_000
_PART = re.compile(rb"# for the side index\n(.*?)# to here\n", re.DOTALL)
_WHOLE = re.compile(rb"^SELECT\b.*", re.DOTALL | re.MULTILINE)
_BODY = re.compile(rb"^WHERE \{\n()", re.MULTILINE)


def with_shortcut(query: StoredQuery, text: str, terms: Mapping[str, NamedNode | Literal], limit: int | None) -> Plan:
    """Return a stored question with what the side index answers of it.

    Parameters
    ----------
    query : StoredQuery
    text : str
        Its SPARQL, with its arguments in it.
    terms : Mapping of str to NamedNode or Literal
        The arguments, by name of the variable.
    limit : int or None
        The number of rows asked for; None for all.
    """
    if query.sql is None:
        return Plan(text)
    source = text.encode()
    values = {one.variable: _value(terms.get(one.variable)) for one in query.parameters if one.name != "limit"}
    values["limit"] = -1 if limit is None else limit
    bound = tuple(values.items())
    if query.sql.startswith("-- restricts"):
        if any(
            value is None and f":{name} IS NULL" not in query.sql and f":{name}" in query.sql
            for name, value in values.items()
        ):
            return Plan(text)
        if not _PART.search(source):
            body = _BODY.search(source)
            assert body is not None, "a stored question has a line WHERE {"
            return Plan(text, (TableShortcut(body.start(1), body.end(1), query.sql, bound),))
    parts = tuple(TableShortcut(part.start(1), part.end(1), query.sql, bound) for part in _PART.finditer(source))
    if parts:
        return Plan(text, parts)
    whole = _WHOLE.search(source)
    assert whole is not None, "a stored question is a SELECT"
    return Plan(text, (TableShortcut(whole.start(), whole.end(), query.sql, bound, whole=True),))


def _value(term: NamedNode | Literal | None) -> str | int | None:
    if not isinstance(term, Literal):
        return None if term is None else term.value
    match term.datatype.value.rpartition("#")[2]:
        case "decimal":
            return int(Decimal(term.value) * _MILLION)
        case "integer":
            return int(term.value)
    return term.value
