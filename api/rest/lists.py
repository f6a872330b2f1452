"""Works, recordings, spans, runs and agents, page by page.

Conventions
-----------
Each list is ordered by one or two keys and the IRI. What belongs to the items of a page (the files of a recording, the
recordings of a work) is asked for after the page, for its items only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox
from fastapi import Request

from api.protocol.service import Service
from api.rest.asking import Page, Row, ask_by_line, local_address, values_of
from api.rest.models import Agent, Recording, Reference, Run, SoundFile, Span, Work
from ontology.errors import ParameterError
from ontology.terms import PROV, XSD
from store import Term

__all__ = [
    "Listed", "decimal", "is_iri", "list_agents", "list_recordings", "list_runs", "list_spans", "list_works",
    "works_of",
]  # fmt: skip

Listed = tuple[str, ...] | None
"""Keys of the last item of a page, or None on the last page."""

_IRI = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]+")
_OF_WORK = """  { SELECT DISTINCT ?recording { GRAPH ?catalogue {
    ?work a mo:MusicalWork ; dcterms:title ?title ; frbr:realization ?recording }
    FILTER(CONTAINS(LCASE(?title), LCASE(?_work)) || STR(?work) = ?_work) } }
"""


def is_iri(text: str) -> bool:
    """Tell whether a text is an IRI rather than a part of a name."""
    return _IRI.fullmatch(text) is not None


def decimal(number: float | str) -> ox.Literal:
    """Return a number as a term.

    Raises
    ------
    ParameterError
        If it is none.
    """
    try:
        value = Decimal(str(number))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > 10**9:
        raise ParameterError(f"{str(number)[:40]!r} was given", "a number")
    return ox.Literal(format(value, "f"), datatype=ox.NamedNode(XSD.decimal))


@dataclass(frozen=True)
class _Order:
    """How a list is ordered.

    Parameters
    ----------
    keys : tuple of str
        Variables; the last is the IRI of the item.
    """

    keys: tuple[str, ...]

    def query(self, select: str, where: str, page: Page) -> tuple[str, dict[str, Term]]:
        """Return the query of a page, and its values."""
        after, values = "", dict[str, Term]()
        if page.after:
            if len(page.after) != len(self.keys):
                raise ParameterError("the place is not one in this list", "the one that the header Link names")
            for number in reversed(range(len(self.keys))):
                key = f"STR(?{self.keys[number]})"
                inner = f" || ({key} = ?_last{number} && ({after}))" if after else ""
                after = f"{key} > ?_last{number}{inner}"
                values[f"_last{number}"] = ox.Literal(page.after[number])
            after = f"  FILTER({after})\n"
        order = " ".join(f"STR(?{key})" for key in self.keys)
        text = f"SELECT DISTINCT {select} WHERE {{\n{where}{after}}}\nORDER BY {order}\nLIMIT {page.limit + 1}"
        return text, values

    def cut(self, rows: list[Row], page: Page) -> tuple[list[Row], Listed]:
        """Return the rows of a page, and the keys of the last if there are more."""
        if len(rows) <= page.limit:
            return rows, None
        rows = rows[: page.limit]
        return rows, tuple(rows[-1].get(key, "") for key in self.keys)


async def works_of(service: Service, request: Request, recordings: Sequence[str]) -> dict[str, list[Reference]]:
    """Return the works of some recordings."""
    if not recordings:
        return {}
    text = (
        f"SELECT DISTINCT ?recording ?work ?title {{ VALUES ?recording {{ {values_of(recordings)} }}\n"
        "  GRAPH ?catalogue { ?work frbr:realization ?recording ; dcterms:title ?title } } ORDER BY ?title ?work"
    )
    address = local_address(service, request)
    found: dict[str, list[Reference]] = {}
    for row in await ask_by_line(service, request, text):
        one = Reference(id=row["work"], url=address(row["work"]), name=row["title"])
        found.setdefault(row["recording"], []).append(one)
    return found


async def list_works(
    service: Service, request: Request, wanted: tuple[str | None, str | None], page: Page
) -> tuple[list[Work], Listed]:
    """Return a page of works by title, with a part of the title or of the creator's name."""
    title, creator = wanted
    order = _Order(("title", "work"))
    where = (
        "  GRAPH ?catalogue { ?work a mo:MusicalWork ; dcterms:title ?title ; frbr:realization ?recording .\n"
        "    OPTIONAL { ?work dcterms:creator ?maker . ?maker foaf:name ?creator }\n"
        "    OPTIONAL { ?work dcterms:created ?year } }\n"
    )
    more: dict[str, Term] = {}
    if title is not None:
        where, more["_title"] = where + "  FILTER(CONTAINS(LCASE(?title), LCASE(?_title)))\n", ox.Literal(title)
    if creator is not None:
        where += "  FILTER(CONTAINS(LCASE(?creator), LCASE(?_creator)) || STR(?maker) = ?_creator)\n"
        more["_creator"] = ox.Literal(creator)
    text, values = order.query("?work ?title ?maker ?creator ?year", where, page)
    rows, keys = order.cut(await ask_by_line(service, request, text, values | more), page)
    address = local_address(service, request)
    recordings: dict[str, list[Reference]] = {}
    if rows:
        asked = (
            f"SELECT DISTINCT ?work ?recording {{ VALUES ?work {{ {values_of([row['work'] for row in rows])} }}\n"
            "  GRAPH ?catalogue { ?work frbr:realization ?recording } } ORDER BY ?recording"
        )
        for row in await ask_by_line(service, request, asked):
            one = Reference(id=row["recording"], url=address(row["recording"]))
            recordings.setdefault(row["work"], []).append(one)
    found = [
        Work(
            id=row["work"], url=address(row["work"]), title=row["title"],
            creator=Reference(id=row["maker"], url=address(row["maker"]), name=row.get("creator"))
            if "maker" in row else None,
            year=int(row["year"][:4]) if row.get("year", "")[:4].isdigit() else None,
            recordings=recordings.get(row["work"], []),
        )
        for row in rows
    ]  # fmt: skip
    return found, keys


async def list_recordings(
    service: Service, request: Request, work: str | None, page: Page
) -> tuple[list[Recording], Listed]:
    """Return a page of recordings, of one work or of all."""
    order = _Order(("recording",))
    where = (_OF_WORK if work is not None else "") + "  GRAPH ?run_graph { ?recording a mo:DigitalSignal }\n"
    more: dict[str, Term] = {} if work is None else {"_work": ox.Literal(work)}
    text, values = order.query("?recording", where, page)
    rows, keys = order.cut(await ask_by_line(service, request, text, values | more), page)
    iris = [row["recording"] for row in rows]
    facts: dict[str, Row] = {}
    files: dict[str, list[SoundFile]] = {}
    address = local_address(service, request)
    if iris:
        asked = (
            f"SELECT DISTINCT ?recording ?rate ?channels ?end {{ VALUES ?recording {{ {values_of(iris)} }}\n"
            "  GRAPH ?run_graph { ?recording a mo:DigitalSignal . OPTIONAL { ?recording mo:sample_rate ?rate }\n"
            "    OPTIONAL { ?recording mo:channels ?channels }\n"
            "    OPTIONAL { ?recording mo:time ?extent . ?extent acm:endSeconds ?end } } }"
        )
        facts = {row["recording"]: row for row in await ask_by_line(service, request, asked)}
        asked = (
            f"SELECT DISTINCT ?recording ?file ?name {{ VALUES ?recording {{ {values_of(iris)} }}\n"
            "  GRAPH ?run_graph { ?file mo:encodes ?recording OPTIONAL { ?file dcterms:title ?name } } }\n"
            "ORDER BY ?name ?file"
        )
        for row in await ask_by_line(service, request, asked):
            one = SoundFile(id=row["file"], url=address(row["file"]), title=row.get("name"))
            files.setdefault(row["recording"], []).append(one)
    works = await works_of(service, request, iris)
    found = [
        Recording(
            id=iri, url=address(iri), duration=_number(facts.get(iri, {}), "end"),
            sample_rate=_number(facts.get(iri, {}), "rate"),
            channels=int(facts[iri]["channels"]) if "channels" in facts.get(iri, {}) else None,
            works=works.get(iri, []), files=files.get(iri, []),
        )
        for iri in iris
    ]  # fmt: skip
    return found, keys


def _number(row: Row, name: str) -> float | None:
    return float(row[name]) if name in row else None


async def list_spans(
    service: Service, request: Request, wanted: tuple[str | None, str | None, float | None, float | None], page: Page
) -> tuple[list[Span], Listed]:
    """Return a page of spans, of a recording or a work, that share time with a stretch."""
    recording, work, since, until = wanted
    where, more = "", dict[str, Term]()
    if work is not None:
        where, more["_work"] = _OF_WORK, ox.Literal(work)
    where += (
        "  GRAPH ?run_graph { ?span a acm:Span ; oa:hasSource ?recording ; acm:startSeconds ?start ;\n"
        "      acm:endSeconds ?end }\n"
    )
    if recording is not None:
        where, more["_recording"] = where + "  ?span oa:hasSource ?_recording .\n", ox.NamedNode(recording)
    if since is not None:
        where, more["_since"] = where + "  FILTER(?end > ?_since)\n", decimal(since)
    if until is not None:
        where, more["_until"] = where + "  FILTER(?start < ?_until)\n", decimal(until)
    if page.after:
        if len(page.after) != 3:
            raise ParameterError("the place is not one in this list", "the one that the header Link names")
        where += (
            "  FILTER(STR(?recording) > ?_last0 || (STR(?recording) = ?_last0 &&\n"
            "    (?start > ?_last1 || (?start = ?_last1 && STR(?span) > ?_last2))))\n"
        )
        more["_last0"], more["_last1"] = ox.Literal(page.after[0]), decimal(page.after[1])
        more["_last2"] = ox.Literal(page.after[2])
    text = (
        f"SELECT DISTINCT ?span ?recording ?start ?end WHERE {{\n{where}}}\n"
        f"ORDER BY ?recording ?start ?span LIMIT {page.limit + 1}"
    )
    rows, keys = _Order(("recording", "start", "span")).cut(await ask_by_line(service, request, text, more), page)
    address = local_address(service, request)
    found = [
        Span(
            id=row["span"], url=address(row["span"]), start=float(row["start"]), end=float(row["end"]),
            recording=Reference(id=row["recording"], url=address(row["recording"])),
        )
        for row in rows
    ]  # fmt: skip
    return found, keys


async def list_runs(
    service: Service, request: Request, wanted: tuple[str | None, str | None], page: Page
) -> tuple[list[Run], Listed]:
    """Return a page of runs in the order in which they began, by an agent or on a recording."""
    agent, recording = wanted
    order = _Order(("started", "run"))
    where = (
        "  GRAPH ?graph { ?run a mls:Run ; prov:wasAssociatedWith ?agent ; prov:startedAtTime ?started .\n"
        "    OPTIONAL { ?agent foaf:name ?name } OPTIONAL { ?run prov:endedAtTime ?ended } }\n"
    )
    more: dict[str, Term] = {}
    if agent is not None:
        where += "  FILTER(CONTAINS(LCASE(?name), LCASE(?_agent)) || STR(?agent) = ?_agent)\n"
        more["_agent"] = ox.Literal(agent)
    if recording is not None:
        where += "  FILTER EXISTS { ?run prov:used ?_recording }\n"
        more["_recording"] = ox.NamedNode(recording)
    text, values = order.query("?run ?agent ?name ?started ?ended", where, page)
    rows, keys = order.cut(await ask_by_line(service, request, text, values | more), page)
    address = local_address(service, request)
    used: dict[str, list[Reference]] = {}
    if rows:
        asked = (
            f"SELECT DISTINCT ?run ?recording {{ VALUES ?run {{ {values_of([row['run'] for row in rows])} }}\n"
            "  GRAPH ?graph { ?run prov:used ?recording . ?recording a mo:DigitalSignal } } ORDER BY ?recording"
        )
        for row in await ask_by_line(service, request, asked):
            one = Reference(id=row["recording"], url=address(row["recording"]))
            used.setdefault(row["run"], []).append(one)
    found = [
        Run(
            id=row["run"], url=address(row["run"]),
            agent=Reference(id=row["agent"], url=address(row["agent"]), name=row.get("name")),
            recordings=used.get(row["run"], []), started=row.get("started"), ended=row.get("ended"),
        )
        for row in rows
    ]  # fmt: skip
    return found, keys


async def list_agents(service: Service, request: Request, name: str | None, page: Page) -> tuple[list[Agent], Listed]:
    """Return a page of agents by name."""
    order = _Order(("name", "agent"))
    where = (
        f"  VALUES ?type {{ <{PROV.Person}> <{PROV.SoftwareAgent}> }}\n"
        "  GRAPH ?graph { ?agent a ?type ; foaf:name ?name . OPTIONAL { ?agent dcterms:hasVersion ?version } }\n"
    )
    more: dict[str, Term] = {}
    if name is not None:
        where, more["_name"] = where + "  FILTER(CONTAINS(LCASE(?name), LCASE(?_name)))\n", ox.Literal(name)
    text, values = order.query("?agent ?name ?type ?version", where, page)
    rows, keys = order.cut(await ask_by_line(service, request, text, values | more), page)
    address = local_address(service, request)
    found = [
        Agent(
            id=row["agent"], url=address(row["agent"]), name=row["name"], version=row.get("version"),
            is_person=row["type"] == PROV.Person,
        )
        for row in rows
    ]  # fmt: skip
    return found, keys
