"""Shortcuts of a query (:mod:`store.index.shortcuts`) are filled in here, in the worker, before it is evaluated.

It imports nothing of Acousma, as the worker itself.

Conventions
-----------
- A shortcut comes as a JSON object with the fields of its class. Its stretch of the text gives way to ``VALUES``.
- An index that is missing, cannot be read or lacks exactness leaves the text as it is.
"""

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from typing import TypedDict, cast
from urllib.parse import quote

import pyoxigraph as ox

__all__ = ["TooManyError", "spliced"]

VERSION = 2
MILLION = 1_000_000
_KEPT_PAGES = -65_536  # KiB
_XSD = "http://www.w3.org/2001/XMLSchema#"
_SUFFIX = re.compile(r"(?P<name>\w+?)_(?P<type>iri|decimal|integer|en|said)")


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
        database.create_function("folded", 1, str.lower, deterministic=True)
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
    exact = not database.execute("SELECT EXISTS (SELECT 1 FROM strange)").fetchone()[0]
    for one in sorted(shortcuts, key=lambda one: one["start"], reverse=True):
        if "sql" in one:
            if not exact:
                continue
            rows = database.execute(one["sql"], dict(one["values"]))
            filled = _values([column[0] for column in rows.description], rows.fetchall(), whole=one.get("whole", False))
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
