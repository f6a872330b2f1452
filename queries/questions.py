"""Stored questions as values, read from the ``.rq`` files beside this module.

Conventions
-----------
A file is complete SPARQL 1.1 that can be pasted anywhere. Above it stand lines that begin with ``#+`` and
together form YAML, after the manner of grlc (https://github.com/CLARIAH/grlc): ``summary`` (the question),
``description``, ``tags``, ``parameters``, ``columns`` and, if the defaults do not do for it, ``example``: what to
type for the parameters to get an answer from the demo archive; ``vectors`` stands where vectors of spans are looked
into (:mod:`queries.likeness`).

In the query a parameter is a variable: its name after ``?_``, or after ``?__`` if it is optional, followed by
``_iri``, ``_decimal`` or ``_integer`` where its type is not text. An optional parameter that is not given
stays an unbound variable, which the query takes as "any".

Beside a file may stand ``<name>.sql``: the same question to the side index of a store (:mod:`store.index`), with the
same columns and rows. It is a shorter way to the same answer, which a test compares.

The parameter ``limit`` is no variable, because SPARQL has none there: it takes the place of the number in the
last line, ``LIMIT n``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import yaml

__all__ = ["Column", "Parameter", "ParameterType", "StoredQuery", "load_queries"]

ParameterType: TypeAlias = Literal["concept", "property", "work", "agent", "string", "iri", "decimal", "integer"]
"""What a parameter stands for; ``work`` and ``agent`` are text found in a title or name, or an IRI."""

_SUFFIXES = {
    "concept": "_iri",
    "property": "_iri",
    "iri": "_iri",
    "decimal": "_decimal",
    "integer": "_integer",
}
_LAST_LINE = re.compile(r"LIMIT (\d+)\n\Z")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something a question leaves open.

    Parameters
    ----------
    name : str
    type : ParameterType
    description : str
    default : str or None
        As a person would type it.
    optional : bool
        Whether the question can be asked without it, although it has no default.
    minimum, maximum : Decimal or None
        Bounds of a number, both included.
    choices : tuple of str
        The values allowed, if they are few.
    """

    name: str
    type: ParameterType
    description: str
    default: str | None = None
    optional: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The name of its variable in the query, without ``?``.

        Examples
        --------
        >>> Parameter("seconds", "decimal", "Longest wait").variable
        '_seconds_decimal'
        >>> Parameter("agent", "agent", "Only claims by this agent", optional=True).variable
        '__agent'
        """
        return ("__" if self.optional else "_") + self.name + _SUFFIXES.get(self.type, "")

    @property
    def required(self) -> bool:
        """Whether the question cannot be asked without a value for it."""
        return self.default is None and not self.optional


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer.

    Parameters
    ----------
    name : str
    description : str
    unit : str or None
        UCUM code; ``1`` for a pure number on a scale.
    """

    name: str
    description: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A question that is kept with the program.

    Parameters
    ----------
    name : str
        Name of its file, without ``.rq``.
    summary : str
        The question in plain words.
    description : str
        How the question is understood.
    tags : tuple of str
    parameters : tuple of Parameter
    columns : tuple of Column
        In the order of the answer.
    text : str
        SPARQL, without the header.
    example : Mapping of str to str
        Arguments, as a person would type them, with which the demo archive has an answer.
    sql : str or None
        The same question to the side index, if there is a file for it.
    vectors : str
        What is looked for among the vectors of spans (`queries.likeness`): ``passage``, ``words`` or nothing.
    """

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    text: str
    example: Mapping[str, str]
    sql: str | None = None
    vectors: str = ""

    def limited(self, rows: int) -> str:
        """Return the text with another number in its last line, ``LIMIT n``."""
        return _LAST_LINE.sub(f"LIMIT {rows}\n", self.text)

    def unlimited(self) -> str:
        """Return the text without its last line, ``LIMIT n``, if it has one."""
        return _LAST_LINE.sub("", self.text)


@cache
def load_queries() -> Mapping[str, StoredQuery]:
    """Read all stored questions.

    Returns
    -------
    Mapping of str to StoredQuery
        By name, in alphabetical order.

    Examples
    --------
    >>> load_queries()["works"].summary
    'Which works does the archive hold?'
    """
    paths = sorted(Path(__file__).parent.glob("*.rq"))
    return MappingProxyType({path.stem: _read(path) for path in paths})


def _read(path: Path) -> StoredQuery:
    name, source, sql = path.stem, path.read_text(encoding="utf-8"), path.with_suffix(".sql")
    lines = source.splitlines(keepends=True)
    header = yaml.safe_load("".join(line[2:].removeprefix(" ") for line in lines if line.startswith("#+")))
    text = "".join(line for line in lines if not line.startswith("#+")).lstrip("\n")
    query = StoredQuery(
        name=name,
        summary=header["summary"],
        description=header["description"],
        tags=tuple(header["tags"]),
        parameters=tuple(_parameter(key, fields) for key, fields in header["parameters"].items()),
        columns=tuple(_column(key, fields) for key, fields in header["columns"].items()),
        text=text,
        example={key: str(value) for key, value in header.get("example", {}).items()},
        sql=sql.read_text(encoding="utf-8") if sql.exists() else None,
        vectors=header.get("vectors", ""),
    )
    _check_limit(query)
    return query


def _parameter(name: str, fields: Mapping[str, object]) -> Parameter:
    type_: ParameterType | None = next((t for t in get_args(ParameterType) if t == fields["type"]), None)
    if type_ is None:
        raise ValueError(f"parameter {name}: {fields['type']!r} is none of {get_args(ParameterType)}")
    default, choices = fields.get("default"), fields.get("choices", [])
    return Parameter(
        name=name,
        type=type_,
        description=str(fields["description"]),
        default=None if default is None else str(default),
        optional=bool(fields.get("optional", False)),
        minimum=_bound(fields.get("minimum")),
        maximum=_bound(fields.get("maximum")),
        choices=tuple(str(choice) for choice in choices) if isinstance(choices, list) else (),
    )


def _bound(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _column(name: str, fields: str | Mapping[str, str]) -> Column:
    if isinstance(fields, str):
        return Column(name, fields)
    return Column(name, fields["description"], fields["unit"])


def _check_limit(query: StoredQuery) -> None:
    """Check that a parameter ``limit`` and the last line agree."""
    declared = next((p.default for p in query.parameters if p.name == "limit"), None)
    written = _LAST_LINE.search(query.text)
    if declared != (written.group(1) if written else None):
        raise ValueError(f"{query.name}.rq: parameter limit is {declared}, the last line says otherwise")
