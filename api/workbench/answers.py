"""Answers to stored questions as pages need them: rows with links, passages that can be played, profiles of works.

Conventions
-----------
A *passage* is what a row says of a stretch of a recording: columns ``start`` and ``end``, or ``first_start`` and
``first_end``, and so on. For rows without the recording it is asked for, by the claim, the
description or the span they name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from fastapi import Request

from api.listing import clock, plain
from api.protocol.service import Service
from api.rest.asking import ask, ask_by_line, values_of
from queries import StoredQuery
from store import Table, Term

__all__ = ["Cell", "Passage", "Row", "durations_of", "passages_of", "profiles_of", "rows_of", "works_named"]

_SIDES = ("", "first_", "second_", "other_")
_NAMES = ("claim", "description", "other")
_SHARES = ("confidence", "certainty", "likeness", "share", "kappa", "score")
_TIMES = ("start", "end", "duration", "wait", "length")
_MOST_VALUES = 2000
_MOST_ROWS = 10_000
"""Rows of which the passages are looked up; further rows of a table have none."""


_SOURCES = """SELECT DISTINCT ?thing ?recording WHERE {{
  VALUES ?thing {{ {things} }}
  {{ ?thing oa:hasTarget/oa:hasSource ?recording }} UNION {{ ?thing oa:hasSource ?recording }}
}}"""
_DURATIONS = """SELECT ?recording (MAX(?end) AS ?duration) WHERE {{
  VALUES ?recording {{ {recordings} }} ?recording mo:time ?extent . ?extent acm:endSeconds ?end
}} GROUP BY ?recording"""
_PROFILES = """SELECT ?work ?title ?concept (COUNT(DISTINCT ?span) AS ?passages) WHERE {{
  {{ SELECT DISTINCT ?work ?title ?recording WHERE {{
    VALUES ?recording {{ {recordings} }}
    GRAPH ?catalogue {{ ?work frbr:realization ?recording ; dcterms:title ?title }} }} }}
  GRAPH ?run_graph {{ ?span oa:hasSource ?recording .
    ?claim oa:hasTarget ?span ; acm:aspect ?aspect ; oa:hasBody ?concept }}
}} GROUP BY ?work ?title ?concept"""
_OF_WORKS = """SELECT DISTINCT ?work ?title ?recording WHERE {{
  GRAPH ?catalogue {{ ?work frbr:realization ?recording ; dcterms:title ?title }}
}} ORDER BY ?title LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a row says of a stretch.

    Parameters
    ----------
    row : int
        Number of the row, from 0.
    recording, title : str
        IRI and title of the work.
    start, end : float
        Seconds.
    label, agent, verdict, claim : str
        May be empty.
    confidence : float or None
    """

    row: int
    recording: str
    title: str
    start: float
    end: float
    label: str = ""
    agent: str = ""
    verdict: str = ""
    claim: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of an answer as people see it: its text, whether it is a number, and the IRI it leads to."""

    text: str
    numeric: bool = False
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an answer as people see it, with its passages."""

    cells: tuple[Cell, ...]
    passages: tuple[Passage, ...]


def _number(term: Term | None) -> float | None:
    try:
        return float(term.value) if isinstance(term, ox.Literal) else None
    except ValueError:
        return None


async def passages_of(service: Service, request: Request, query: StoredQuery, table: Table) -> list[Passage]:
    """Return the passages that an answer is about, those of unknown recordings left out.

    Parameters
    ----------
    service : Service
    request : Request
    query : StoredQuery
    table : Table
        Its answer.
    """
    index = {name: number for number, name in enumerate(table.columns)}
    sides = [side for side in _SIDES if f"{side}start" in index and f"{side}end" in index]
    if not sides:
        return []
    sources = {} if "recording" in index and sides == [""] else await _sources(service, request, table, index)
    found = []
    for number, row in enumerate(table.rows[:_MOST_ROWS]):
        for side in sides:
            here = {
                name: row[index[key]] for name in ("start", "end", "title", "label", "agent", "verdict", "confidence",
                "value", "claim", "description", "other", "recording", "said")
                if (key := f"{side}{name}" if f"{side}{name}" in index else name) in index
            }  # fmt: skip
            recording = plain(here.get("recording")) if side == "" else ""
            named = (plain(here[name]) for name in _NAMES if name in here and (name != "other" or side == "other_"))
            recording = recording or next((sources[name] for name in named if name in sources), "")
            start, end = _number(here["start"]), _number(here["end"])
            if recording and start is not None and end is not None:
                label = here.get("label") or here.get("said") or here.get("value")
                found.append(Passage(
                    number, recording, plain(here.get("title")), start, end, plain(label), plain(here.get("agent")),
                    plain(here.get("verdict")), plain(here.get("claim")), _number(here.get("confidence")),
                ))  # fmt: skip
    return found


async def _sources(service: Service, request: Request, table: Table, index: Mapping[str, int]) -> dict[str, str]:
    """Return the recordings of the claims, descriptions and spans that an answer names."""
    columns = [number for name, number in index.items() if name.endswith(_NAMES)]
    things = {
        term.value
        for row in table.rows[:_MOST_ROWS]
        for number in columns
        if isinstance(term := row[number], ox.NamedNode)
    }
    found: dict[str, str] = {}
    several = sorted(things)
    for first in range(0, len(several), _MOST_VALUES):
        text = _SOURCES.format(things=values_of(several[first : first + _MOST_VALUES]))
        found |= {row["thing"]: row["recording"] for row in await ask_by_line(service, request, text)}
    return found


def rows_of(query: StoredQuery, table: Table, passages: Iterable[Passage]) -> tuple[list[str], list[Row]]:
    """Return the names of the columns that people see, and the rows.

    IRIs are left out; a title, a concept and a passage lead to what they are of.
    """
    by_row: dict[int, list[Passage]] = {}
    for passage in passages:
        by_row.setdefault(passage.row, []).append(passage)
    units = {column.name: column.unit for column in query.columns}
    shown = [number for number, name in enumerate(table.columns) if not _is_iri(table, number)]
    index = {name: number for number, name in enumerate(table.columns)}
    rows = []
    for number, row in enumerate(table.rows):
        cells = tuple(
            Cell(*_shown(row[column], table.columns[column], units.get(table.columns[column])),
                 _lead(table.columns[column], row, index))
            for column in shown
        )  # fmt: skip
        rows.append(Row(cells, tuple(by_row.get(number, ()))))
    return [table.columns[number] for number in shown], rows


def _is_iri(table: Table, column: int) -> bool:
    terms = [row[column] for row in table.rows]
    return any(isinstance(term, ox.NamedNode) for term in terms)


def _shown(term: Term | None, name: str, unit: str | None) -> tuple[str, bool]:
    text, number = plain(term), _number(term)
    if number is None or not isinstance(term, ox.Literal) or not term.datatype.value.startswith(_XSD):
        return text, False
    if not term.datatype.value.endswith(_NUMERIC):
        return text, False
    if unit == "s" and name.endswith(_TIMES):
        return clock(number), True
    if term.datatype.value.endswith("integer"):
        return f"{number:,.0f}" if number >= 10_000 else f"{number:.0f}", True
    if name.endswith(_SHARES):
        return f"{number:.2f}", True
    return (f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"), True


_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMERIC = ("decimal", "integer", "double", "float")


def _lead(name: str, row: Sequence[Term | None], index: Mapping[str, int]) -> str:
    """Return the IRI of what a cell is of: the claim for a concept, the work or the recording for a title."""
    side = next((side for side in _SIDES[1:] if name.startswith(side)), "")
    wanted = {"label": ("claim",), "title": ("recording", "work"), "said": ("description",)}.get(
        name.removeprefix(side), ()
    )
    for target in wanted:
        for key in (f"{side}{target}", target) if not side or target != "work" else ("other",):
            if key in index and isinstance(term := row[index[key]], ox.NamedNode):
                return term.value
    return ""


async def durations_of(service: Service, request: Request, recordings: Iterable[str]) -> dict[str, float]:
    """Return the lengths of recordings, in seconds."""
    several = sorted(set(recordings))
    if not several:
        return {}
    text = _DURATIONS.format(recordings=values_of(several))
    return {
        row["recording"]: float(row["duration"])
        for row in await ask_by_line(service, request, text)
        if "duration" in row
    }


async def profiles_of(
    service: Service, request: Request, recordings: Sequence[str], labels: Mapping[str, str]
) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many passages of each work have each concept, by IRI and title of the work.

    Parameters
    ----------
    service : Service
    request : Request
    recordings : sequence of str
    labels : mapping of str to str
        Label by IRI of a concept.
    """
    found: dict[tuple[str, str], dict[str, int]] = {}
    if not recordings:
        return found
    rows = await ask_by_line(service, request, _PROFILES.format(recordings=values_of(recordings)))
    for row in rows:
        if "concept" in row:
            label = labels.get(row["concept"], row["concept"])
            found.setdefault((row["work"], row["title"]), {})[label] = int(row["passages"])
    return found


async def works_named(service: Service, request: Request, most: int) -> list[tuple[str, str, str]]:
    """Return works by title, at most so many: IRI, title and IRI of a recording, one for each recording."""
    table = await ask(service, request, _OF_WORKS.format(most=most))
    return [(plain(work), plain(title), plain(recording)) for work, title, recording in table.rows]
