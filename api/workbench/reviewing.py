"""What waits for review, and what a reviewer sees of a claim.

Conventions
-----------
A queue is the answer to a stored question that has claims: any of the library can be one. The queue *doubtful* asks
three, one after the other: what measurement contradicts, where describers disagree, and what nobody judged, the least
sure first. A claim stands in a queue once, at its first place. A question that is not answered in time is told, not
hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from fastapi import Request
from markupsafe import Markup

from api.listing import clock, plain
from api.protocol.service import Service
from api.rest.asking import ask, ask_by_line, values_of
from api.rest.lists import decimal
from api.workbench.drafts import Target
from api.workbench.plots.timeline import COLOURS, Lanes, Mark, timeline
from ontology.errors import ParameterError, QueryError, StoreError
from ontology.mint import concept
from ontology.terms import ACV, OA
from ontology.vocabulary import load_vocabulary
from queries import StoredQuery, find, load_queries
from queries.library import plan
from store import Term

__all__ = [
    "DOUBTFUL", "Entry", "Evidence", "Queue", "Statement", "around", "entry_of", "evidence_of", "queue_names",
    "read_queue", "statements_about",
]  # fmt: skip

DOUBTFUL = "doubtful"
_DOUBTS = ("contradicted_claims", "disagreement_between_agents", "unassessed_claims")
_OFFERED = (
    DOUBTFUL, "contradicted_claims", "disagreement_between_agents", "unassessed_claims", "claims_at_risk",
    "claims_beyond_envelope", "ear_against_measurement",
)  # fmt: skip
_CLAIMS = ("claim", "first_claim", "second_claim")
_MOST = 400
"""Most rows that are asked of each question of a queue."""

_ENOUGH = 300
"""As many claims beyond those shown are enough not to ask the next question of a queue."""

_MOST_AROUND = 400

_ENTRIES = """SELECT DISTINCT ?claim ?concept ?confidence ?agent ?start ?end ?recording ?title WHERE {{
  VALUES ?claim {{ {claims} }}
  GRAPH ?run_graph {{
    ?claim oa:hasBody ?concept ; oa:hasTarget ?span ; dcterms:creator ?maker . ?maker foaf:name ?agent .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end
    OPTIONAL {{ ?claim acm:confidence ?confidence }}
  }}
  OPTIONAL {{ GRAPH ?catalogue {{ ?work frbr:realization ?recording ; dcterms:title ?title }} }}
}} ORDER BY ?claim ?title"""
_REVIEWED = """SELECT DISTINCT ?claim WHERE {{
  VALUES ?claim {{ {claims} }}
  GRAPH ?g {{ ?assessment oa:hasTarget ?claim ; acm:verdict ?verdict ; dcterms:creator {judge} {person} }}
  FILTER NOT EXISTS {{ ?newer dcterms:replaces ?assessment }}
}}"""
_STATEMENTS = """SELECT DISTINCT ?annotation ?motivation ?verdict ?judge ?name ?person ?created ?words ?replaced WHERE {
  GRAPH ?g { ?annotation oa:hasTarget ?_claim ; oa:motivatedBy ?motivation
    OPTIONAL { ?annotation acm:verdict ?verdict } OPTIONAL { ?annotation dcterms:created ?created }
    OPTIONAL { ?annotation dcterms:creator ?judge . ?judge foaf:name ?name }
    OPTIONAL { ?judge a ?kind FILTER(?kind = prov:Person) } BIND(BOUND(?kind) AS ?person)
    OPTIONAL { { ?annotation oa:hasBody ?body . ?body rdf:value ?words } UNION { ?annotation oa:bodyValue ?words } } }
  OPTIONAL { GRAPH ?h { ?newer dcterms:replaces ?annotation ; dcterms:created ?replaced } }
} ORDER BY ?created ?annotation"""
_AROUND = """SELECT DISTINCT ?claim ?concept ?agent ?start ?end ?confidence WHERE {{
  GRAPH ?g {{ ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end }}
  FILTER(?start < ?_until && ?end > ?_since)
  GRAPH ?run_graph {{ ?claim oa:hasTarget ?span ; acm:aspect ?aspect ; oa:hasBody ?concept ; dcterms:creator ?maker .
    ?maker foaf:name ?agent OPTIONAL {{ ?claim acm:confidence ?confidence }} }}
  FILTER(?aspect = ?_aspect || ?span = ?_span)
  FILTER NOT EXISTS {{ ?rejection acm:verdict acv:rejected ; oa:hasTarget ?claim
    FILTER NOT EXISTS {{ ?newer dcterms:replaces ?rejection }} }}
}} ORDER BY ?start ?end ?claim LIMIT {most}"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim that waits.

    Parameters
    ----------
    claim, recording : str
        IRIs.
    title, label, definition, agent : str
    start, end : float
        Seconds.
    confidence : float or None
    why : str
        Name of the question that put it here.
    """

    claim: str
    recording: str
    title: str
    label: str
    concept: str
    agent: str
    start: float
    end: float
    confidence: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits.

    Parameters
    ----------
    entries : tuple of Entry
        Those of the page.
    total, first : int
        How many wait, and the number of the first shown.
    hidden : int
        How many were reviewed already and are left out.
    faults : tuple of (str, str)
        Questions that were not answered, with the reason.
    more : bool
        Whether more wait than were counted.
    """

    entries: tuple[Entry, ...]
    total: int
    first: int
    hidden: int
    faults: tuple[tuple[str, str], ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that was said of a claim: a verdict, a comment, a taking back.

    Parameters
    ----------
    iri, judge : str
        IRIs.
    name, motivation, verdict, words, created, replaced : str
        `replaced` says when it was taken back or said anew; empty while it stands.
    is_person : bool
    """

    iri: str
    judge: str
    name: str
    motivation: str
    verdict: str
    words: str
    created: str
    replaced: str
    is_person: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """A measurement that speaks for or against a claim.

    Parameters
    ----------
    property, value, unit, wanted, said, by : str
        What was measured, its value and unit, what the rule wants, what is based on it and by whom.
    fits : bool or None
        Whether the value is inside the rule's thresholds; None without thresholds.
    """

    property: str
    value: str
    unit: str
    wanted: str
    said: str
    by: str
    fits: bool | None


def queue_names() -> tuple[str, ...]:
    """Return the queues that are offered; every other question with claims can be one, too."""
    return _OFFERED


def _is_queue(query: StoredQuery) -> bool:
    return any(column.name in _CLAIMS for column in query.columns)


async def _claims_of(service: Service, request: Request, name: str, arguments: Mapping[str, str]) -> list[str]:
    query = find(name)
    if not _is_queue(query):
        several = ", ".join(one for one, other in load_queries().items() if _is_queue(other))
        raise ParameterError(f"the question {name} has no claims", f"{DOUBTFUL} or one of {several}")
    known = {parameter.name for parameter in query.parameters}
    given = {key: value for key, value in arguments.items() if key in known and value.strip()}
    if "limit" in known:
        given.setdefault("limit", str(_MOST))
    table = await ask(service, request, plan(name, given))
    columns = [number for number, column in enumerate(table.columns) if column in _CLAIMS]
    return [term.value for row in table.rows for number in columns if isinstance(term := row[number], ox.NamedNode)]


async def read_queue(
    service: Service, request: Request, name: str, arguments: Mapping[str, str], page: tuple[int, int, str]
) -> Queue:
    """Return a page of a queue.

    Parameters
    ----------
    service : Service
    request : Request
    name : str
        `DOUBTFUL`, or a stored question that has claims.
    arguments : mapping of str to str
        Of the question.
    page : tuple of (int, int, str)
        Number of the first entry, most entries, and whose reviews leave a claim out: an IRI, ``anybody``, or nobody's
        (empty).

    Raises
    ------
    UnknownName, ParameterError
        If there is no such queue.
    QueryError
        If none of its questions is answered.
    """
    first, most, reviewer = page
    names = _DOUBTS if name == DOUBTFUL else (name,)
    why: dict[str, str] = {}
    faults = []
    more = False
    for one in names:
        if len(why) >= first + _ENOUGH:  # what is doubtful most comes first; the other questions can wait
            more = True
            break
        try:
            for claim in await _claims_of(service, request, one, arguments):
                why.setdefault(claim, one)
        except (QueryError, StoreError) as error:
            if len(names) == 1:
                raise
            faults.append((find(one).summary, str(error)))
    done = await _reviewed(service, request, list(why), reviewer)
    waiting = [claim for claim in why if claim not in done]
    first = min(first // most * most, max(len(waiting) - 1, 0) // most * most)
    entries = await _entries(service, request, waiting[first : first + most], why)
    return Queue(tuple(entries), len(waiting), first, len(done), tuple(faults), more)


async def _reviewed(service: Service, request: Request, claims: Sequence[str], reviewer: str) -> set[str]:
    if not claims or not reviewer:
        return set()
    anybody = reviewer == "anybody"
    judge, person = ("?judge", ". ?judge a prov:Person") if anybody else (f"<{ox.NamedNode(reviewer).value}>", "")
    text = _REVIEWED.format(claims=values_of(claims), judge=judge, person=person)
    return {row["claim"] for row in await ask_by_line(service, request, text)}


async def _entries(service: Service, request: Request, claims: Sequence[str], why: Mapping[str, str]) -> list[Entry]:
    if not claims:
        return []
    vocabulary = load_vocabulary()
    found: dict[str, Entry] = {}
    for row in await ask_by_line(service, request, _ENTRIES.format(claims=values_of(claims))):
        id_ = row["concept"].removeprefix(ACV)
        found.setdefault(row["claim"], Entry(
            row["claim"], row["recording"], row.get("title", ""), vocabulary.label(id_), id_, row["agent"],
            float(row["start"]), float(row["end"]),
            float(row["confidence"]) if "confidence" in row else None, why.get(row["claim"], ""),
        ))  # fmt: skip
    return [found[claim] for claim in claims if claim in found]


async def entry_of(service: Service, request: Request, claim: str) -> Entry | None:
    """Return one claim as a queue has it, or None if there is none."""
    found = await _entries(service, request, [claim], {})
    return found[0] if found else None


async def statements_about(service: Service, request: Request, claim: str) -> list[Statement]:
    """Return what was said of a claim, in the order in which it was said, measurements left out."""
    found: dict[str, Statement] = {}
    for row in await ask_by_line(service, request, _STATEMENTS, {"_claim": ox.NamedNode(claim)}):
        found.setdefault(row["annotation"], Statement(
            row["annotation"], row.get("judge", ""), row.get("name", ""), row["motivation"].removeprefix(OA.NS),
            row.get("verdict", "").removeprefix(ACV), row.get("words", ""), row.get("created", ""),
            row.get("replaced", ""), row["person"] == "true",
        ))  # fmt: skip
    return list(found.values())


async def evidence_of(service: Service, request: Request, claim: str) -> list[Evidence]:
    """Return the measurements that a claim and its assessments rest on."""
    table = await ask(service, request, plan("evidence", {"claim": claim}))
    index = {name: number for number, name in enumerate(table.columns)}
    found: dict[tuple[str, str], Evidence] = {}
    for row in table.rows:
        cell = {name: plain(row[number]) for name, number in index.items()}
        if not cell["property"]:
            continue
        value = float(cell["value"])
        low, high = (float(cell[name]) if cell[name] else None for name in ("minimum", "maximum"))
        limits = [*([f"≥ {low:g}"] if low is not None else []), *([f"≤ {high:g}"] if high is not None else [])]
        fits = None if not limits else (low is None or value >= low) and (high is None or value <= high)
        unit = "" if cell["unit"] == "1" else cell["unit"].strip("{}")
        found.setdefault((cell["property"], cell["by"]), Evidence(
            cell["property"], f"{value:.4g}", unit, " ".join(limits), cell["said"], cell["by"], fits
        ))  # fmt: skip
    return list(found.values())


async def around(
    service: Service, request: Request, target: Target, length: float, address: tuple[str, str, str]
) -> tuple[Markup, float, float]:
    """Draw what else is said of the passage of a claim, and what is said in answer to its question around it.

    Parameters
    ----------
    service : Service
    request : Request
    target : Target
    length : float
        Of the recording, in seconds.
    address : tuple of str
        Of the workbench, what names this claim in the picture, and the name of the picture.

    Returns
    -------
    picture : Markup
    start, end : float
        Seconds that it shows.
    """
    bench, this, name = address
    start, end = float(target.span.start), float(target.span.end)
    margin = max(2.0, end - start)
    since, until = max(0.0, start - margin), min(max(length, end), end + margin)
    values: dict[str, Term] = {
        "_recording": ox.NamedNode(service.minter.recording(target.span.recording)),
        "_aspect": ox.NamedNode(concept(load_vocabulary().aspect(target.concept))),
        "_span": ox.NamedNode(service.minter.span(target.span)), "_since": decimal(since), "_until": decimal(until),
    }  # fmt: skip
    vocabulary = load_vocabulary()
    rows = await ask_by_line(service, request, _AROUND.format(most=_MOST_AROUND), values)
    agents = list(dict.fromkeys(row["agent"] for row in rows))
    own = f"{this}: {vocabulary.label(target.concept)}"
    marks = [Mark(start, end, own, "", f"{own}, {clock(start)}–{clock(end)}", 0, 1.0, "", "chosen")]
    for row in rows:
        if row["claim"] == target.claim:
            continue
        label = vocabulary.label(row["concept"].removeprefix(ACV))
        told = f"{label} · {row['agent']}, {clock(float(row['start']))}–{clock(float(row['end']))}"
        marks.append(Mark(
            float(row["start"]), float(row["end"]), row["agent"], label, told, agents.index(row["agent"]) % COLOURS,
            float(row.get("confidence", "0.7")), f"{bench}claim/{row['claim'].removeprefix(service.base)}",
        ))  # fmt: skip
    return timeline(marks, Lanes(since, until, width=760, label_width=0), name), since, until
