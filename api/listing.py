"""How answers look in a terminal and in files: tables, CSV, JSON.

Conventions
-----------
People read times as ``m:ss.s`` and numbers with few digits; files carry every column with full values and IRIs.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import pyoxigraph
from rich.markup import escape
from rich.table import Table as RichTable

from store import Table, Term

__all__ = ["MOST_ROWS", "as_csv", "as_json", "as_rich", "cells", "clock", "plain"]

MOST_ROWS = 40
"""A table for people shows this many rows at most; files hold them all."""

_HEADINGS = {"title": "work", "label": "concept", "confidence": "conf.", "certainty": "cert."}
MOST_COLUMNS = 7
_LESSER = {
    "creator", "assessor", "scale", "direction",
    "supports above", "supports below", "contradicts below", "contradicts above",
}  # fmt: skip
"""Columns that a wide table for people can do without."""

_ALWAYS = {"work", "time", "concept", "conf.", "verdict"}
"""Columns that are shown even if all rows have the same."""

_SHARES = ("confidence", "certainty", "likeness", "share")
"""Columns, or ends of their names, with numbers from 0 to 1 that are shown with two decimals."""


def clock(seconds: float) -> str:
    """Write a time as ``m:ss.s``.

    Examples
    --------
    >>> clock(75.25), clock(3601.0)
    ('1:15.2', '60:01.0')
    """
    tenths = int(seconds * 10 + 1e-6)
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"


def plain(term: Term | None) -> str:
    """Write a term without its type: the text of a literal, the IRI of a node, nothing where there is none."""
    if term is None:
        return ""
    return (
        term.value if isinstance(term, pyoxigraph.Literal | pyoxigraph.NamedNode | pyoxigraph.BlankNode) else str(term)
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _cell(term: Term | None, name: str, unit: str | None) -> str:
    text = plain(term)
    number = _number(text) if isinstance(term, pyoxigraph.Literal) and term.datatype.value.endswith(
        ("decimal", "double", "float")
    ) else None  # fmt: skip
    if number is None:
        return text
    if name.endswith(("start", "end", "duration")) and unit == "s":
        return clock(number)
    if name.endswith(_SHARES):
        return f"{number:.2f}"
    return f"{number:.0f}" if abs(number) >= 1000 else "0" if abs(number) < 0.0005 else f"{number:.3g}"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as people see it: its heading, and the text of each row."""

    heading: str
    texts: tuple[str, ...]
    numeric: bool = False


def as_rich(table: Table, units: Mapping[str, str | None] | None, title: str | None = None) -> RichTable:
    """Lay a table out for people: IRIs left out, start and end as one time, what was measured beside its rule.

    Parameters
    ----------
    table : Table
    units : Mapping of str to str or None, or None
        Unit of each column; times in ``s`` are shown as ``m:ss.s``. None for the answer to a query of one's own,
        which is shown as it is, IRIs too.
    title : str, optional
    """
    laid = RichTable(title=title, title_justify="left", title_style="bold", header_style="bold", caption_justify="left")
    columns = list(_as_is(table) if units is None else _columns(table, units))
    if units is not None:
        columns, laid.caption = _condense(columns)
    for column in columns:
        laid.add_column(
            column.heading,
            justify="right" if column.numeric else "left",
            overflow="fold",
            no_wrap=column.heading == "id",
        )
    for texts in islice(zip(*(column.texts for column in columns), strict=True), MOST_ROWS):
        laid.add_row(*(escape(text) for text in texts))
    return laid


def cells(table: Table, units: Mapping[str, str | None]) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows as `as_rich` shows them."""
    columns, _ = _condense(list(_columns(table, units)))
    rows = zip(*(column.texts for column in columns), strict=True)
    return [column.heading for column in columns], [list(texts) for texts in rows]


def _condense(columns: Sequence[_Column]) -> tuple[list[_Column], str | None]:
    """Take out of a wide table what is empty, and what is the same in all rows; the latter is said under it."""
    if len(columns) <= MOST_COLUMNS or not columns[0].texts:
        return list(columns), None
    filled = [column for column in columns if any(column.texts)]
    several = len(columns[0].texts) > 1
    alike = [c for c in filled if several and len(set(c.texts)) == 1 and c.heading not in _ALWAYS]
    kept = [column for column in filled if column not in alike and column.heading not in _LESSER]
    said = "; ".join(f"{column.heading}: {column.texts[0]}" for column in alike if column.heading not in _LESSER)
    return kept, escape(said) or None


def _as_is(table: Table) -> Iterator[_Column]:
    for index, name in enumerate(table.columns):
        yield _Column(name, tuple(plain(row[index]) for row in table.rows))


def _columns(table: Table, units: Mapping[str, str | None]) -> Iterator[_Column]:
    cells = {
        name: tuple(_cell(row[index], name, units.get(name)) for row in table.rows)
        for index, name in enumerate(table.columns)
    }
    numeric = {name: any(_numeric(row[index]) for row in table.rows[:20]) for index, name in enumerate(table.columns)}
    shown = [name for index, name in enumerate(table.columns) if not _only_iris(table, index)] or list(table.columns)
    for name in shown:
        prefix, _, part = name.rpartition("_")
        if prefix and f"{prefix}_label" in cells and part in ("label", "confidence", "verdict", "agent"):
            if part == "label":
                yield _Column(prefix, _claims_in_words(cells, prefix))
            continue
        first, _, rest = name.rpartition("start")
        if name.endswith("start") and not rest and f"{first}end" in cells:
            times = zip(cells[name], cells[f"{first}end"], strict=True)
            yield _Column(f"{first}time".replace("_", " "), tuple(f"{a}–{b}" for a, b in times), True)
        elif name.endswith("end") and f"{name[:-3]}start" in cells:
            continue
        elif name == "value" and "unit" in cells:
            pairs = zip(cells["value"], cells["unit"], strict=True)
            yield _Column("value", tuple(_with_unit(value, unit) for value, unit in pairs), True)
        elif name == "minimum" and "maximum" in cells:
            bounds = zip(cells["minimum"], cells["maximum"], strict=True)
            yield _Column("rule", tuple(_bounds(low, high) for low, high in bounds))
        elif name in ("unit", "maximum") and {"value", "minimum"} & cells.keys():
            continue
        else:
            unit = units.get(name)
            timed = name.endswith(("start", "end", "duration"))
            suffix = f" ({unit})" if unit not in (None, "1") and not timed else ""
            yield _Column(_HEADINGS.get(name, name.replace("_", " ")) + suffix, cells[name], numeric[name])


def _only_iris(table: Table, index: int) -> bool:
    """Tell whether a column holds nothing but IRIs, which are for programs."""
    terms = [row[index] for row in table.rows if row[index] is not None]
    return bool(terms) and all(isinstance(term, pyoxigraph.NamedNode) for term in terms)


def _claims_in_words(cells: Mapping[str, Sequence[str]], prefix: str) -> tuple[str, ...]:
    """Return the claims of one side of a pair, each as its concept, confidence and verdict."""
    count = len(cells[f"{prefix}_label"])
    parts = [cells.get(f"{prefix}_{part}", [""] * count) for part in ("label", "confidence", "verdict")]
    return tuple(" ".join(filter(None, words)) for words in zip(*parts, strict=True))


def _with_unit(value: str, unit: str) -> str:
    return value if unit in ("", "1") else f"{value} {unit.strip('{}')}"


def _bounds(low: str, high: str) -> str:
    return " and ".join(filter(None, (f"> {low}" if low else "", f"< {high}" if high else "")))


def _numeric(term: Term | None) -> bool:
    return isinstance(term, pyoxigraph.Literal) and term.datatype.value.endswith(
        ("decimal", "double", "float", "integer", "gYear")
    )


def as_csv(table: Table) -> str:
    """Write a table as CSV with a header (RFC 4180), terms without their types."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([plain(term) for term in row] for row in table.rows)
    return out.getvalue()


def as_json(table: Table) -> str:
    """Write a table as a JSON list of objects; numbers as numbers, what is absent as null."""
    return json.dumps([_object(table.columns, row) for row in table.rows], ensure_ascii=False, indent=1)


def _object(columns: Sequence[str], row: Sequence[Term | None]) -> dict[str, str | float | int | None]:
    values: dict[str, str | float | int | None] = {}
    for name, term in zip(columns, row, strict=True):
        text = plain(term)
        if term is None:
            values[name] = None
        elif isinstance(term, pyoxigraph.Literal) and term.datatype.value.endswith(("integer", "gYear")):
            values[name] = int(text)
        elif _numeric(term):
            number = _number(text)
            values[name] = number if number is not None else text
        else:
            values[name] = text
    return values
