"""The library of stored questions: find one, bind its arguments, get its answer.

Conventions
-----------
Arguments are text, as typed in a form, a URL or a command; they become RDF terms (`queries.arguments`) that
are bound by the syntax tree of the query (`store.bind`), never pasted as text.
"""

import difflib
from collections.abc import Mapping

from ontology.errors import InputError, UnknownName
from queries.arguments import bind_arguments, row_limit
from queries.likeness import Ears, likened
from queries.questions import Column, Parameter, StoredQuery, load_queries
from queries.shortcuts import with_shortcut
from store import Plan, Store, Table, bind

__all__ = [
    "Column",
    "Ears",
    "Parameter",
    "StoredQuery",
    "answer",
    "find",
    "load_queries",
    "plan",
    "row_limit",
    "sparql",
    "whole_answer",
]


def find(name: str) -> StoredQuery:
    """Return a stored question by its name.

    Raises
    ------
    UnknownName
        If there is none of this name; the message has names that are near.

    Examples
    --------
    >>> find("opens_with").summary
    'Which works open with this concept?'
    """
    questions = load_queries()
    if name not in questions:
        near = difflib.get_close_matches(name, questions, 3)
        raise UnknownName(
            f"there is no question {name!r}",
            "one of " + ", ".join(questions),
            f"did you mean {' or '.join(near)}?" if near else None,
        )
    return questions[name]


def sparql(name: str, arguments: Mapping[str, str], ears: Ears | None = None) -> str:
    """Return a stored question as complete SPARQL, with its arguments in it.

    Parameters
    ----------
    name : str
    arguments : Mapping of str to str
        Text by name of the parameter; see `queries.arguments`.
    ears : Ears, optional
        For questions about what sounds alike, which without them have nothing in the place of what is near.

    Returns
    -------
    str
        SPARQL 1.1, for any store or endpoint.

    Raises
    ------
    UnknownName
        If there is no such question, concept, property or model.
    ParameterError
        If a parameter is missing, unknown, ambiguous, of the wrong type or out of bounds.
    InputError
        If it is about what sounds alike, and there are no vectors.
    """
    query = find(name)
    limit, terms = row_limit(query, arguments), bind_arguments(query, arguments)
    text = bind(query.text if limit is None else query.limited(limit), terms)
    return text if ears is None else likened(query, text, terms, ears, limit)


def plan(name: str, arguments: Mapping[str, str], ears: Ears | None = None) -> Plan:
    """Return a stored question with its arguments in it, and what the side index of a store answers of it.

    Raises
    ------
    UnknownName, ParameterError
        As `sparql`.
    """
    query = find(name)
    text = sparql(name, arguments, ears)
    return with_shortcut(query, text, bind_arguments(query, arguments), row_limit(query, arguments))


def answer(store: Store, name: str, arguments: Mapping[str, str], ears: Ears | None = None) -> Table:
    """Answer a stored question.

    Parameters
    ----------
    store : Store
    name : str
    arguments : Mapping of str to str
        Text by name of the parameter; see `queries.arguments`.
    ears : Ears, optional
        Needed by questions about what sounds alike.

    Returns
    -------
    Table
        Its columns are those of the question.

    Raises
    ------
    UnknownName
        If there is no such question, concept or property.
    ParameterError
        If a parameter is missing, unknown, ambiguous, of the wrong type or out of bounds.
    InputError
        If it is about what sounds alike, and there are no vectors.
    QueryError
        One of its kinds, if the store does not answer.
    """
    _check_ears(find(name), ears)
    return store.rows(plan(name, arguments, ears))


def whole_answer(store: Store, name: str, arguments: Mapping[str, str], ears: Ears | None = None) -> Table:
    """Answer a stored question without its limit on rows, as `answer` does.

    Raises
    ------
    QueryTooLarge
        If the answer has more rows than the store gives; it is never cut.
    """
    query = find(name)
    _check_ears(query, ears)
    terms = bind_arguments(query, arguments)
    text = bind(query.unlimited(), terms)
    text = text if ears is None else likened(query, text, terms, ears, None)
    return store.rows(with_shortcut(query, text, terms, None))


def _check_ears(query: StoredQuery, ears: Ears | None) -> None:
    if query.vectors and ears is None:
        raise InputError(
            f"{query.name} was asked without vectors of sounds", "ears", "ask with acousma ask, or over HTTP"
        )
