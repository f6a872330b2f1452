"""Shortcuts of a query (:mod:`store.index.shortcuts`) are filled in here, in the worker, before it is evaluated.

It imports nothing of Acousma, as the worker itself.

Conventions
-----------
- A shortcut comes as a JSON object with the fields of its class. Its stretch of the text gives way to ``VALUES``.
- An index that is missing, cannot be read or lacks exactness leaves the text as it is.
- Beside those of SQLite, the SQL may call ``folded(text)`` (lower case), ``exact_sum(value, exact)`` (the sum of
  numbers that are decimals, as text; an error if one is not exact) and ``most_alike``, which is :class:`MostAlike`.
"""

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import TypedDict, cast
from urllib.parse import quote

import pyoxigraph as ox

__all__ = ["TooManyError", "spliced"]

VERSION = 3
MILLION = 1_000_000
_ONE = 10**18
_KEPT_PAGES = -65_536  # KiB
_XSD = "http://www.w3.org/2001/XMLSchema#"
_SUFFIX = re.compile(r"(?P<name>\w+?)_(?P<type>iri|decimal|integer|number|en|said)")


class Shortcut(TypedDict):
    """A shortcut as it comes from the parent: a table has ``sql`` and ``whole``, pairs have the last five."""

    start: int
    end: int
    sql: str
    whole: bool
    values: list[tuple[str, str | int | float | None]]
    variables: list[str]
    first: str
    second: str
    condition: str
    most: int


class TooManyError(RuntimeError):
    """More pairs than allowed; the argument says how many are allowed."""

    kind = "pairs"


class ExactSum:
    """The sum of decimals that are kept as numbers: what SPARQL has as their sum."""

    _EXACT = Context(prec=100)

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: float, exact: int) -> None:
        """Take a value; one that is not exact ends the query of the index, and SPARQL answers."""
        if not exact:
            raise ValueError(f"{value} is not what is stored")
        self._sum = self._EXACT.add(self._sum, Decimal(repr(value)))

    def finalize(self) -> str:
        """Return the sum."""
        return f"{self._sum:f}"


class MostAlike:
    """The most alike pairs of rows of a table of shares, as JSON: ``[[one, other, thousandths, shared], ...]``.

    It is called with a row's number, a column's number, a share's numerator and denominator, whether the row is asked
    for (NULL: each pair once, the lower number first), and how many pairs are wanted (negative: all). Likeness is the
    sum of the lesser shares, in thousandths, rounded; shares are cut at 18 decimal places, as SPARQL's decimals are.
    Pairs that share no column are left out; as many as are alike as the last are all there.
    """

    def __init__(self) -> None:
        self._shares: dict[int, dict[int, int]] = {}
        self._asked: dict[int, int | None] = {}
        self._most = -1

    def step(self, *given: int | None) -> None:
        """Take a share."""
        row, column, number, total, asked, most = cast("tuple[int, int, int, int, int | None, int]", given)
        self._shares.setdefault(row, {})[column] = number * _ONE // total
        self._asked[row], self._most = asked, most

    def finalize(self) -> str:
        """Compare all rows that are asked for with all others."""
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import numpy as np  # noqa: PLC0415 - it takes longer than a worker to start

        rows = sorted(self._shares)
        named = sorted({column for one in self._shares.values() for column in one})
        columns = {column: place for place, column in enumerate(named)}
        shares = np.zeros((len(rows), len(columns)), np.int64)  # (rows, columns)
        for place, row in enumerate(rows):
            for column, share in self._shares[row].items():
                shares[place, columns[column]] = share
        found: list[tuple[int, int, int, int]] = []
        for place, row in enumerate(rows):
            if self._asked[row] == 0:
                continue
            first = place + 1 if self._asked[row] is None else 0
            lesser = np.minimum(shares[first:], shares[place])
            alike, shared = (lesser.sum(1) + _ONE // 2000) // (_ONE // 1000), (lesser > 0).sum(1)
            alike[shared == 0] = -1
            if first == 0:
                alike[place] = -1
            if 0 <= self._most < len(alike):
                alike[alike < np.partition(alike, -self._most)[-self._most]] = -1
            found += [(row, rows[first + at], int(alike[at]), int(shared[at])) for at in np.flatnonzero(alike >= 0)]
        least = sorted((pair[2] for pair in found), reverse=True)[: self._most][-1:] if self._most >= 0 else []
        return json.dumps([pair for pair in found if not least or pair[2] >= least[0]])


def _folded(text: str | None) -> str | None:
    """Return text in lower case; a work without a composer has none."""
    return None if text is None else text.lower()


def open_index(file: str) -> sqlite3.Connection | None:
    """Open a side index for reading, or return None where there is none that can be read.

    The files of a generation never change, so that no locks are taken. Where there is a log, SQLite reads it without
    locks if it has the file for itself (``EXCLUSIVE``) in a system without any (``unix-none``).
    """
    alone = "vfs=unix-none" if os.path.exists(f"{file}-wal") else "immutable=1"  # noqa: PTH110 - a text
    try:
        database = sqlite3.connect(f"file:{quote(file)}?mode=ro&{alone}", uri=True)
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute(f"PRAGMA cache_size = {_KEPT_PAGES}")
        database.create_function("folded", 1, _folded, deterministic=True)
        database.create_aggregate("exact_sum", 2, ExactSum)  # type: ignore[arg-type]  # typeshed knows sums of integers
        database.create_aggregate("most_alike", 6, MostAlike)  # type: ignore[arg-type]  # typeshed knows sums of integers
        known = database.execute("PRAGMA user_version").fetchone()[0] == VERSION
    except sqlite3.Error:
        return None
    return database if known else None


def spliced(
    text: str, shortcuts: Sequence[Shortcut], database: sqlite3.Connection | None, store: ox.Store, base: str | None
) -> str:
    """Return the text with every shortcut filled in, or as it is where the index is missing or torn.

    Raises
    ------
    TooManyError
        If two sides have more pairs than allowed.
    """
    if database is None:
        return text
    try:
        return _filled(text.encode(), shortcuts, database, store, base)
    except sqlite3.DatabaseError:  # torn by a power failure: the next publication makes it anew
        return text


def _filled(
    source: bytes, shortcuts: Sequence[Shortcut], database: sqlite3.Connection, store: ox.Store, base: str | None
) -> str:
    filled_with: dict[str, str] = {}  # the stretches of one query have the same parameters
    exact = not database.execute("SELECT EXISTS (SELECT 1 FROM strange)").fetchone()[0]
    for one in sorted(shortcuts, key=lambda one: one["start"], reverse=True):
        if "sql" in one:
            if not exact:
                continue
            if one["sql"] not in filled_with:
                rows = database.execute(one["sql"], dict(one["values"]))
                names = [column[0] for column in rows.description]
                filled_with[one["sql"]] = _values(names, rows.fetchall(), whole=one.get("whole", False))
            filled = filled_with[one["sql"]]
        else:
            filled = _pairs(one, database, store, base)
        source = source[: one["start"]] + filled.encode() + source[one["end"] :]
    return source.decode()


def _values(columns: Sequence[str], rows: Sequence[tuple[object, ...]], *, whole: bool = False) -> str:
    """Write rows as a VALUES block, in a sub-select: without one the engine may go through all rows again and again."""
    parts = [_SUFFIX.fullmatch(column) for column in columns]
    names = [part["name"] if part else column for part, column in zip(parts, columns, strict=True)]
    types = [part["type"] if part else "" for part in parts]
    head = " ".join(f"?{name}" for name in names)
    lines = ("(" + " ".join(map(_term, row, types)) + ")" for row in rows)
    if whole:
        return f"SELECT {head} {{ VALUES ({head}) {{\n" + "\n".join(lines) + "\n} }\n"
    return f"{{ SELECT {head} {{ VALUES ({head}) {{\n" + "\n".join(lines) + "\n} } } "


def _term(value: object, type_: str) -> str:
    if value is None:
        return "UNDEF"
    if type_ == "iri":
        return f"<{value}>"
    if type_ == "decimal":
        return f'"{_decimal(cast("int", value))}"^^<{_XSD}decimal>'
    if type_ == "number":
        return f'"{value}"^^<{_XSD}decimal>'
    if type_ == "integer":
        return f'"{value}"^^<{_XSD}integer>'
    # "unassessed" is what the stored questions say where there are no labels of verdicts to join
    english = type_ == "en" or (type_ == "said" and value != "unassessed")
    return str(ox.Literal(str(value), language="en") if english else ox.Literal(str(value)))


def _decimal(millionths: int) -> str:
    """Write whole millionths as a decimal number."""
    whole, part = divmod(abs(millionths), MILLION)
    sign = "-" if millionths < 0 else ""
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".")


_PLACES = """
CREATE TEMP TABLE IF NOT EXISTS {side} (node INTEGER, iri TEXT, recording INTEGER, start INTEGER, stop INTEGER);
DELETE FROM {side};
"""
_FROM_SPANS = """
INSERT INTO {side} SELECT DISTINCT spans.node, nodes.iri, spans.recording, spans.start, spans.stop
FROM json_each(?) JOIN nodes ON nodes.iri = json_each.value JOIN spans ON spans.node = nodes.id
"""
_FROM_CLAIMS = """
INSERT INTO {side} SELECT DISTINCT claims.node, nodes.iri, claims.recording, claims.start, claims.stop
FROM json_each(?) JOIN nodes ON nodes.iri = json_each.value JOIN claims ON claims.node = nodes.id
WHERE claims.recording IS NOT NULL
"""
_FROM_TARGETS = """
INSERT INTO {side} SELECT DISTINCT -nodes.id, ?, spans.recording, spans.start, spans.stop
FROM nodes JOIN spans ON spans.node = nodes.id WHERE nodes.iri = ?
"""
_HAS_TARGET = ox.NamedNode("http://www.w3.org/ns/oa#hasTarget")


def _targets(store: ox.Store, iri: str) -> list[str]:
    """Return where an annotation that is no claim says what it is about."""
    quads = store.quads_for_pattern(ox.NamedNode(iri), _HAS_TARGET, None, None)
    return [quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)]


def _pairs(one: Shortcut, database: sqlite3.Connection, store: ox.Store, base: str | None) -> str:
    """Join two sides by recording and time."""
    for side, query in (("a", one["first"]), ("b", one["second"])):
        database.executescript(_PLACES.format(side=side))
        solutions = cast("ox.QuerySolutions", store.query(query, base_iri=base, use_default_graph_as_union=True))
        found = {term.value for (term,) in solutions if isinstance(term, ox.NamedNode)}
        named = json.dumps(sorted(found))
        database.execute(_FROM_SPANS.format(side=side), (named,))
        database.execute(_FROM_CLAIMS.format(side=side), (named,))
        found.difference_update(iri for (iri,) in database.execute(f"SELECT iri FROM {side}"))
        targets = [(iri, target) for iri in found for target in _targets(store, iri)]
        database.executemany(_FROM_TARGETS.format(side=side), targets)
        database.execute(f"CREATE INDEX IF NOT EXISTS temp.{side}_by_place ON {side} (recording, start, stop)")
    values = dict(one["values"])
    most = one["most"]
    longest = database.execute("SELECT MAX(stop - start) FROM b").fetchone()[0] or 0
    rows = database.execute(
        f"SELECT DISTINCT a.iri, b.iri FROM a JOIN b ON b.recording = a.recording AND {one['condition']} "
        f"WHERE a.iri <> b.iri LIMIT {most + 1}",
        {**values, "longest": longest},
    ).fetchall()
    if len(rows) > most:
        raise TooManyError(most)
    first, second = one["variables"]
    return _values([f"{first}_iri", f"{second}_iri"], rows)
