"""What the page of a claim tells: the claim itself, its evidence, its makers, its reviews, and others' claims.

Conventions
-----------
An assessment that a newer statement replaces is shown, and marked as replaced; it does not count.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, cast

import pyoxigraph as ox
from fastapi import Request
from markupsafe import Markup

from api.protocol.problems import Problem
from api.published.drawing import condition_curve
from api.published.graph import load_published
from api.published.words import Bounds, condition_in_words, quantity
from api.rest.asking import Row, ask_by_line
from api.workbench.bench import Bench
from export.citation import cite
from export.material import Agent, Annotation, Concept, Material, Work
from ontology.vocabulary import load_vocabulary
from queries import find
from queries.arguments import bind_arguments
from store import Term

__all__ = ["Evidence", "citation", "evidence_of", "other_claims", "read_claim", "reviews_of"]

_CLAIM = """SELECT DISTINCT ?concept ?aspect ?confidence ?kind ?maker ?name ?version ?type ?envelope ?created ?run ?span
  ?start ?end ?recording ?description WHERE {
  GRAPH ?graph {
    ?_claim a acm:Claim ; oa:hasBody ?concept ; acm:aspect ?aspect ; acm:confidence ?confidence ;
      acm:confidenceKind ?kind ; dcterms:creator ?maker ; oa:hasTarget ?span .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
    OPTIONAL { ?maker foaf:name ?name } OPTIONAL { ?maker dcterms:hasVersion ?version } OPTIONAL { ?maker a ?type }
    OPTIONAL { ?maker acm:envelope ?envelope }
    OPTIONAL { ?_claim dcterms:created ?created } OPTIONAL { ?_claim prov:wasGeneratedBy ?run }
    OPTIONAL { ?_claim prov:wasDerivedFrom ?description }
  }
} LIMIT 20"""
_DESCRIPTION = """SELECT DISTINCT ?text ?language WHERE {
  GRAPH ?graph { ?_description oa:hasBody ?words . ?words rdf:value ?text OPTIONAL { ?words dc:language ?language } }
} LIMIT 5"""
_RUN = """SELECT DISTINCT ?started ?ended ?name ?value WHERE {
  GRAPH ?graph { { ?_run prov:startedAtTime ?started } UNION { ?_run prov:endedAtTime ?ended }
    UNION { ?_run mls:hasInput ?setting . ?setting mls:specifiedBy ?parameter ; mls:hasValue ?value .
      OPTIONAL { ?parameter rdfs:label ?name } } }
} ORDER BY ?name ?value LIMIT 100"""
_REVIEWS = """SELECT DISTINCT ?assessment ?verdict ?by ?type ?maker_iri ?created ?reason ?certainty ?newer WHERE {
  GRAPH ?graph {
    ?assessment oa:hasTarget ?_claim ; acm:verdict ?verdict .
    OPTIONAL { ?assessment dcterms:creator ?maker_iri
      OPTIONAL { ?maker_iri foaf:name ?by } OPTIONAL { ?maker_iri a ?type } }
    OPTIONAL { ?assessment dcterms:created ?created }
    OPTIONAL { ?assessment acm:confidence ?certainty }
    OPTIONAL { ?assessment oa:hasBody ?body . ?body rdf:value ?reason }
  }
  OPTIONAL { ?newer dcterms:replaces ?assessment }
} ORDER BY ?created ?assessment LIMIT 200"""
_COMMENTS = """SELECT DISTINCT ?comment ?text ?by ?created WHERE {
  GRAPH ?graph { ?comment oa:hasTarget ?_claim ; oa:hasBody ?body . ?body rdf:value ?text .
    FILTER NOT EXISTS { ?comment acm:verdict ?any }
    OPTIONAL { ?comment dcterms:creator ?maker . ?maker foaf:name ?by } OPTIONAL { ?comment dcterms:created ?created } }
} ORDER BY ?created ?comment LIMIT 200"""
_OTHERS = """SELECT DISTINCT ?claim ?concept ?aspect ?confidence ?name ?maker ?start ?end ?same WHERE {
  GRAPH ?graph {
    ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
    FILTER(?start < ?_end && ?end > ?_start)
    ?claim oa:hasTarget ?span ; a acm:Claim ; oa:hasBody ?concept ; acm:aspect ?aspect ; acm:confidence ?confidence ;
      dcterms:creator ?maker .
    OPTIONAL { ?maker foaf:name ?name }
  }
  BIND(IF(?aspect = ?_aspect, 1, 0) AS ?same)
  BIND(IF(?end < ?_end, ?end, ?_end) - IF(?start > ?_start, ?start, ?_start) AS ?shared)
  BIND(IF(?end > ?_end, ?end, ?_end) - IF(?start < ?_start, ?start, ?_start) AS ?together)
  FILTER(?claim != ?_claim && ?shared / ?together >= 0.5)
  BIND(IF(?maker = ?_maker, 1, 0) AS ?own)
} ORDER BY ?own DESC(?same) DESC(?shared / ?together) ?maker ?concept LIMIT 60"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measurement that a claim, or an assessment of it, rests on.

    Parameters
    ----------
    said : str
        ``claim``, or the verdict of an assessment.
    by : str
    certainty : str
    property, value, words : str
        What was measured, how much with its unit, and what it has to be by the rule; empty where there is none.
    property_id : str
        Id of what was measured.
    measurement : str
        IRI.
    picture : Markup
        Where the value lies against the thresholds; empty without a rule.
    """

    said: str
    by: str
    certainty: str
    property: str
    value: str
    words: str
    measurement: str
    picture: Markup
    property_id: str = ""


async def read_claim(bench: Bench, request: Request, iri: str) -> Row:
    """Return a claim, with what its description said in ``description_text``.

    Raises
    ------
    Problem
        404, if there is no such claim.
    """
    rows = await ask_by_line(bench.service, request, _CLAIM, {"_claim": ox.NamedNode(iri)})
    if not rows:
        raise Problem(404, "There is no such claim in this archive; the run that made it may have been withdrawn.")
    claim: dict[str, str] = defaultdict(str)
    for row in rows:
        for key, value in row.items():
            claim.setdefault(key, value)
    if claim["description"]:
        values = {"_description": ox.NamedNode(claim["description"])}
        told = await ask_by_line(bench.service, request, _DESCRIPTION, values)
        claim["description_text"] = "\n".join(row["text"] for row in told)
    return claim


async def run_of(bench: Bench, request: Request, run: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return times and parameters of a run."""
    rows = await ask_by_line(bench.service, request, _RUN, {"_run": ox.NamedNode(run)}) if run else []
    times = {key: row[key] for row in rows for key in ("started", "ended") if key in row}
    return times, [(row.get("name", ""), row["value"]) for row in rows if "value" in row]


async def evidence_of(bench: Bench, request: Request, iri: str) -> list[Evidence]:
    """Return what a claim and its assessments rest on, by the stored question ``evidence``."""
    query = find("evidence")
    rows = await ask_by_line(bench.service, request, query.text, bind_arguments(query, {"claim": iri}))
    return [_evidence(row) for row in rows]


def _evidence(row: Row) -> Evidence:
    value, unit = row.get("value", ""), row.get("unit", "")
    picture, words = Markup(), ""
    if value and row.get("margin") and (row.get("minimum") or row.get("maximum")):
        bounds = Bounds(
            float(row["minimum"]) if row.get("minimum") else None,
            float(row["maximum"]) if row.get("maximum") else None,
            float(row["margin"]), unit, cast(Literal["linear", "log"], row["scale"]),
        )  # fmt: skip
        words = condition_in_words(bounds)
        shown = quantity(float(value), unit)
        caption = f"{row['property']}: {shown}; the rule wants {words}"
        picture = condition_curve(bounds, caption, float(value))
    return Evidence(
        row.get("said", ""), row.get("by", ""), row.get("certainty", ""), row.get("property", ""),
        quantity(float(value), unit) if value else "", words, row.get("measurement", ""), picture,
        _ids_by_label().get(row.get("property", ""), ""),
    )  # fmt: skip


@cache
def _ids_by_label() -> Mapping[str, str]:
    return {one.label: id_ for id_, one in load_vocabulary().properties.items()}


async def reviews_of(bench: Bench, request: Request, iri: str) -> tuple[list[Row], list[Row]]:
    """Return the assessments of a claim, each once, and what was remarked of it."""
    values = {"_claim": ox.NamedNode(iri)}
    found: dict[str, dict[str, str]] = {}
    for row in await ask_by_line(bench.service, request, _REVIEWS, values):
        one = found.setdefault(row["assessment"], defaultdict(str))
        for key, value in row.items():
            one[key] = value if key != "type" or value.endswith("Person") else one[key]
    comments = await ask_by_line(bench.service, request, _COMMENTS, values)
    return list(found.values()), [defaultdict(str, row) for row in comments]


async def other_claims(bench: Bench, request: Request, claim: Mapping[str, str], iri: str) -> list[Row]:
    """Return other claims about the same passage, or one that shares at least half of the time of both."""
    values: dict[str, Term] = {
        "_recording": ox.NamedNode(claim["recording"]), "_aspect": ox.NamedNode(claim["aspect"]),
        "_claim": ox.NamedNode(iri), "_maker": ox.NamedNode(claim["maker"]), "_start": _decimal(claim["start"]),
        "_end": _decimal(claim["end"]),
    }  # fmt: skip
    return [defaultdict(str, row) for row in await ask_by_line(bench.service, request, _OTHERS, values)]


def _decimal(text: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal"))


def citation(claim: Mapping[str, str], iri: str, works: Sequence[Row], publisher: str) -> str:
    """Return how a claim is cited, in the words of ``/cite``.

    Parameters
    ----------
    claim : Mapping of str to str
    iri : str
    works : sequence of Row
    publisher : str
        Name of the archive.
    """
    label = load_published().label
    work = works[0] if works else {}
    about = Work(work.get("work"), work.get("title", ""), work.get("creator", ""), work.get("year", "")[:4])
    said = Annotation(
        iri, Decimal(claim["start"]), Decimal(claim["end"]),
        Agent(claim["maker"], claim["name"] or claim["maker"], claim["version"] or None),
        Concept(claim["concept"], {"en": label(claim["concept"])}),
        aspect=Concept(claim["aspect"], {"en": label(claim["aspect"])}), run=claim["run"] or None,
        created=claim["created"] or None,
    )  # fmt: skip
    return cite(Material(claim["recording"], said.end, about), said, publisher)
