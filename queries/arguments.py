"""From what a person types to RDF terms: the arguments of stored questions.

Conventions
-----------
- A concept or observable property is given by its id, its IRI (or ``acv:`` and the id), or its label in
  English, French or German, in any case of letters. A preferred label goes before an alternative one.
- A work or an agent is given as text, which the query looks for in title or name, or as its IRI.
- Blank text counts as not given.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode

from ontology.errors import ParameterError, UnknownName
from ontology.mint import concept
from ontology.terms import ACV, XSD
from ontology.vocabulary import load_vocabulary
from queries.questions import Parameter, StoredQuery

__all__ = ["bind_arguments", "row_limit"]

_Names: TypeAlias = Mapping[str, frozenset[str]]
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_INTEGER = re.compile(r"[+-]?\d+")


def bind_arguments(query: StoredQuery, arguments: Mapping[str, str]) -> dict[str, NamedNode | Literal]:
    """Turn what a person typed into the terms that a stored question needs.

    Parameters
    ----------
    query : StoredQuery
    arguments : Mapping of str to str
        Text by name of the parameter.

    Returns
    -------
    dict of str to NamedNode or Literal
        Term by name of the variable, defaults included, ``limit`` left out (see `row_limit`).

    Raises
    ------
    ParameterError
        If a parameter is missing, unknown, ambiguous, of the wrong type or out of bounds.
    UnknownName
        If a concept or property is not in the vocabulary.

    Examples
    --------
    >>> from queries.questions import load_queries
    >>> terms = bind_arguments(load_queries()["opens_with"], {"concept": "graduated continuant"})
    >>> terms["_concept_iri"].value, terms["_seconds_decimal"].value
    ('https://w3id.org/acousma/vocab/graduatedContinuant', '0.5')
    """
    given = _given(query, arguments)
    return {p.variable: _term(p, given[p.name]) for p in query.parameters if p.name in given and p.name != "limit"}


def row_limit(query: StoredQuery, arguments: Mapping[str, str]) -> int | None:
    """Return the number of rows asked for, or None where the question has no parameter ``limit``."""
    given = _given(query, arguments)
    limits = [int(_term(p, given[p.name]).value) for p in query.parameters if p.name == "limit"]
    return limits[0] if limits else None


def _given(query: StoredQuery, arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments with defaults, or raise if a name is missing or unknown."""
    known = {parameter.name: parameter for parameter in query.parameters}
    listed = ", ".join(p.name + ("" if p.required else " (optional)") for p in query.parameters) or "none"
    for name in arguments:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}?" if near else "leave it out"
            raise ParameterError(
                f"{name!r} is no parameter of {query.name}", f"one of the parameters: {listed}", advice
            )
    given = {name: text.strip() for name, text in arguments.items() if text.strip()}
    for parameter in query.parameters:
        if parameter.name not in given and parameter.default is not None:
            given[parameter.name] = parameter.default
        if parameter.required and parameter.name not in given:
            raise ParameterError(
                f"{query.name} lacks its parameter {parameter.name}",
                f"a value for it ({parameter.description}); the parameters are: {listed}",
                f"give it: --param {parameter.name}=...",
            )
    return given


def _term(parameter: Parameter, text: str) -> NamedNode | Literal:
    match parameter.type:
        case "concept":
            id_ = _resolve(text, "concept", _concept_names())
            _check_choice(parameter, id_)
            return NamedNode(concept(id_))
        case "property":
            return NamedNode(concept(_resolve(text, "observable property", _property_names())))
        case "decimal":
            return Literal(format(_number(parameter, text, _DECIMAL), "f"), datatype=NamedNode(XSD.decimal))
        case "integer":
            return Literal(format(_number(parameter, text, _INTEGER), "f"), datatype=NamedNode(XSD.integer))
        case "iri":
            if not _IRI.fullmatch(text):
                raise _wrong(parameter, text, "an absolute IRI")
            return NamedNode(text)
        case "string" | "work" | "agent":
            _check_choice(parameter, text)
            return Literal(text)


def _wrong(parameter: Parameter, text: str, expected: str) -> ParameterError:
    return ParameterError(f"{parameter.name} is {text!r}", expected, parameter.description)


def _check_choice(parameter: Parameter, value: str) -> None:
    if parameter.choices and value not in parameter.choices:
        raise _wrong(parameter, value, "one of " + ", ".join(parameter.choices))


def _number(parameter: Parameter, text: str, form: re.Pattern[str]) -> Decimal:
    kind = "a whole number" if form is _INTEGER else "a decimal number such as 0.5"
    if parameter.minimum is not None:
        kind += f", at least {parameter.minimum}"
    if parameter.maximum is not None:
        kind += f", at most {parameter.maximum}"
    try:
        number = Decimal(text) if form.fullmatch(text) and text.isascii() else None
    except InvalidOperation:
        number = None
    if (
        number is None
        or (parameter.minimum is not None and number < parameter.minimum)
        or (parameter.maximum is not None and number > parameter.maximum)
    ):
        raise _wrong(parameter, text, kind)
    return number


def _resolve(text: str, what: str, names: tuple[_Names, _Names, _Names]) -> str:
    """Find the id that a text means: an id, an IRI, a preferred label, an alternative one, in this order."""
    ids, preferred, alternative = names
    local = text.removeprefix(ACV).removeprefix("acv:")
    if local in ids:
        return local
    key = " ".join(text.casefold().split())
    for labels in (preferred, alternative, _folded(ids)):
        found = sorted(labels.get(key, ()))
        if len(found) == 1:
            return found[0]
        if found:
            raise ParameterError(
                f"{text!r} is the label of {len(found)} terms",
                f"one of the ids {', '.join(found)}",
                "give the id",
            )
    near = difflib.get_close_matches(key, {*preferred, *alternative, *_folded(ids)}, 3, 0.5)
    meant = sorted(
        {id_ for word in near for labels in (preferred, alternative, _folded(ids)) for id_ in labels.get(word, ())}
    )
    raise UnknownName(
        f"{text!r} is no {what} of the vocabulary",
        "an id, an IRI or a label",
        f"did you mean {', '.join(meant)}?" if meant else "look at the answer to the question 'terms'",
    )


def _folded(ids: _Names) -> _Names:
    return {id_.casefold(): found for id_, found in ids.items()}


def _index(pairs: list[tuple[str, str]]) -> _Names:
    index: defaultdict[str, set[str]] = defaultdict(set)
    for label, id_ in pairs:
        index[" ".join(label.casefold().split())].add(id_)
    return MappingProxyType({label: frozenset(ids) for label, ids in index.items()})


@cache
def _concept_names() -> tuple[_Names, _Names, _Names]:
    concepts = load_vocabulary().concepts.values()
    return (
        {c.id: frozenset({c.id}) for c in concepts},
        _index([(label, c.id) for c in concepts for label in c.label.values()]),
        _index([(label, c.id) for c in concepts for label, _ in c.alternatives]),
    )


@cache
def _property_names() -> tuple[_Names, _Names, _Names]:
    properties = load_vocabulary().properties.values()
    return {p.id: frozenset({p.id}) for p in properties}, _index([(p.label, p.id) for p in properties]), {}
