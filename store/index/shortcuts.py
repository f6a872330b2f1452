"""What a query may ask of the side index: a stretch of its text gives way to the rows that the index has for it.

Conventions
-----------
- The text of a query is whole SPARQL without any shortcut. Where there is no index (a server, an old archive, data
  that the index cannot hold exactly) it is evaluated as it stands, with the same answer.
- Shortcuts can be hashed, so that answers can be kept by what was asked.
- A stretch is given by bytes of the text in UTF-8. What takes its place is ``VALUES``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Pairs", "Plan", "Shortcut", "Table"]


@dataclass(frozen=True)
class Table:
    """A sub-select that the index answers.

    Parameters
    ----------
    start, end : int
        The stretch of the text, in bytes.
    sql : str
        One SELECT. The name of a column is that of the variable, followed by ``_iri``, ``_decimal`` (in millionths),
        ``_number`` (a decimal as text), ``_integer`` or ``_en`` (English text) where it is not plain text.
    values : tuple of (str, str or int or float or None)
        Its named parameters.
    whole : bool
        Whether the stretch is the whole query rather than a part of a group.
    """

    start: int
    end: int
    sql: str
    values: tuple[tuple[str, str | int | float | None], ...]
    whole: bool = False


@dataclass(frozen=True)
class Pairs:
    """Spans, or annotations of spans, that stand in a relation of time.

    Parameters
    ----------
    start, end : int
        The stretch of the text, in bytes.
    variables : tuple of str
        The two variables, without ``?``.
    first, second : str
        Queries that each give what may stand in the place of a variable, under its name.
    condition : str
        SQL over ``a.start``, ``a.stop``, ``b.start``, ``b.stop`` and the named parameters.
    values : tuple of (str, int)
        The named parameters, in millionths.
    most : int
        More pairs than this are refused.
    """

    start: int
    end: int
    variables: tuple[str, str]
    first: str
    second: str
    condition: str
    values: tuple[tuple[str, int], ...]
    most: int = 200_000


Shortcut: TypeAlias = Table | Pairs


@dataclass(frozen=True)
class Plan:
    """A query as it is sent to an engine.

    Parameters
    ----------
    text : str
        Plain SPARQL.
    shortcuts : tuple of Shortcut
        Stretches of it that a side index can answer.
    """

    text: str
    shortcuts: tuple[Shortcut, ...] = ()
