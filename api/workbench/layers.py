"""What was claimed of a recording, as layers: one per agent, for the timeline.

Conventions
-----------
A verdict counts as long as no newer statement replaces it. Claims come as short lists, because there may be ten
thousand of them: path of the claim, numbers of agent, aspect and concept in the lists beside, start and end in seconds,
confidence, and the verdicts.
"""

import pyoxigraph as ox
from fastapi import Request

from api.published.graph import load_published
from api.rest.asking import Row, ask_by_line
from api.workbench.bench import Bench
from ontology.envelopes import load_envelopes
from ontology.jsonld import Json
from ontology.terms import ACV, PROV

__all__ = ["CURVES", "curve", "curves_there", "envelope_view", "layers"]

MOST_CLAIMS = 50_000
CURVES = ("brightnessCentroid", "level", "activeBands", "sideShare")
"""Properties of the curves that are offered first: brightness, loudness, density, width."""

_ENVELOPE = ACV + "envelope/"
_CLAIMS = f"""SELECT ?claim ?maker ?aspect ?concept ?start ?end ?confidence WHERE {{
  GRAPH ?graph {{
    ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
    ?claim oa:hasTarget ?span ; a acm:Claim ; oa:hasBody ?concept ; acm:aspect ?aspect ; acm:confidence ?confidence ;
        dcterms:creator ?maker .
  }}
}} ORDER BY ?start ?end ?claim LIMIT {MOST_CLAIMS}"""
_VERDICTS = """SELECT DISTINCT ?claim ?verdict WHERE {
  GRAPH ?graph { ?span oa:hasSource ?_recording . ?claim oa:hasTarget ?span ; a acm:Claim }
  ?assessment oa:hasTarget ?claim ; acm:verdict ?verdict .
  FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }
} ORDER BY ?claim ?verdict"""
_AGENTS = """SELECT DISTINCT ?agent ?name ?version ?type ?envelope WHERE {
  { SELECT DISTINCT ?agent WHERE {
    GRAPH ?graph { ?span oa:hasSource ?_recording .
      ?claim oa:hasTarget ?span ; a acm:Claim ; dcterms:creator ?agent } } }
  GRAPH ?telling { ?agent a ?type ; foaf:name ?name .
    OPTIONAL { ?agent dcterms:hasVersion ?version } OPTIONAL { ?agent acm:envelope ?envelope } }
} ORDER BY ?name ?version ?agent"""
_CURVE = """SELECT DISTINCT ?start ?end ?value ?unit ?kind WHERE {
  GRAPH ?graph {
    ?span oa:hasSource ?_recording ; acm:segmentedAs ?kind ; acm:startSeconds ?start ; acm:endSeconds ?end .
    ?observation sosa:hasFeatureOfInterest ?span ; sosa:observedProperty ?_property ; sosa:hasSimpleResult ?value ;
        acm:ucumUnit ?unit .
  }
} ORDER BY ?start ?end LIMIT 20000"""
_PROPERTIES = """SELECT ?property (COUNT(DISTINCT ?span) AS ?spans) WHERE {
  GRAPH ?graph { ?span oa:hasSource ?_recording . ?observation sosa:hasFeatureOfInterest ?span ;
    sosa:observedProperty ?property }
} GROUP BY ?property ORDER BY ?property"""


def envelope_view(iri: str) -> dict[str, Json] | None:
    """Return what a page shows of an envelope; None if it is not one of the table."""
    found = load_envelopes().envelopes.get(iri.removeprefix(_ENVELOPE))
    if found is None:
        return None
    return {
        "id": found.id, "label": found.label, "low": found.minimum_hz, "high": found.maximum_hz,
        "channels": found.channels,
    }  # fmt: skip


class _Numbers:
    """Gives each IRI a number, in the order in which they come."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def of(self, iri: str) -> int:
        return self.known.setdefault(iri, len(self.known))


async def layers(bench: Bench, request: Request, recording: str) -> dict[str, Json]:
    """Return all claims about a recording.

    Returns
    -------
    dict
        ``agents``, ``aspects``, ``concepts``, ``claims`` and ``cut``, whether there are more claims than are given.
    """
    values = {"_recording": ox.NamedNode(recording)}
    rows = await ask_by_line(bench.service, request, _CLAIMS, values)
    verdicts: dict[str, list[str]] = {}
    if rows:
        for row in await ask_by_line(bench.service, request, _VERDICTS, values):
            verdicts.setdefault(row["claim"], []).append(row["verdict"].removeprefix(ACV))
    told = await ask_by_line(bench.service, request, _AGENTS, values) if rows else []
    agents, aspects, concepts = _Numbers(), _Numbers(), _Numbers()
    for row in told:
        agents.of(row["agent"])
    claims: list[Json] = [
        [
            bench.path(row["claim"]), agents.of(row["maker"]), aspects.of(row["aspect"]), concepts.of(row["concept"]),
            float(row["start"]), float(row["end"]), float(row["confidence"]), list(verdicts.get(row["claim"], [])),
        ]
        for row in rows
    ]  # fmt: skip
    label = load_published().label
    return {
        "agents": _agents(told, agents),
        "aspects": [{"id": iri.removeprefix(ACV), "label": label(iri)} for iri in aspects.known],
        "concepts": [{"id": iri.removeprefix(ACV), "label": label(iri)} for iri in concepts.known],
        "claims": claims, "cut": len(rows) == MOST_CLAIMS,
    }  # fmt: skip


def _agents(rows: list[Row], numbers: _Numbers) -> list[Json]:
    """Return the agents in the order of their numbers."""
    found: dict[str, dict[str, Json]] = {}
    for row in rows:
        name = row["name"] + (f" {row['version']}" if "version" in row else "")
        one = found.setdefault(row["agent"], {"name": name, "person": False, "envelope": None})
        one["person"] = one["person"] or row["type"] == PROV.Person
        if "envelope" in row:
            one["envelope"] = envelope_view(row["envelope"])
    return [found.get(iri, {"name": iri, "person": False, "envelope": None}) for iri in numbers.known]


async def curve(bench: Bench, request: Request, recording: str, property_: str) -> dict[str, Json]:
    """Return the measured values of a property over the spans of a recording.

    Returns
    -------
    dict
        ``label``, ``unit`` (UCUM), ``scale`` and ``values``: start, end, value, and the kind of span.
    """
    values = {"_recording": ox.NamedNode(recording), "_property": ox.NamedNode(ACV + property_)}
    rows = await ask_by_line(bench.service, request, _CURVE, values)
    published = load_published()
    return {
        "id": property_, "label": published.label(ACV + property_), "unit": rows[0]["unit"] if rows else "",
        "values": [
            [float(row["start"]), float(row["end"]), float(row["value"]), row["kind"].removeprefix(ACV)] for row in rows
        ],
    }  # fmt: skip


async def curves_there(bench: Bench, request: Request, recording: str) -> list[tuple[str, str]]:
    """Return id and label of the properties that were measured in a recording in more than one place."""
    rows = await ask_by_line(bench.service, request, _PROPERTIES, {"_recording": ox.NamedNode(recording)})
    label = load_published().label
    found = [(row["property"].removeprefix(ACV), label(row["property"])) for row in rows if int(row["spans"]) > 1]
    first = [one for id_ in CURVES for one in found if one[0] == id_]
    return first + sorted((one for one in found if one not in first), key=lambda one: one[1].casefold())
