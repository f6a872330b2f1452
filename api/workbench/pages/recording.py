"""The page of a recording: its sound, its spectrogram, and what was claimed of it, agent by agent."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated

import pyoxigraph as ox
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.protocol.problems import Problem
from api.published.graph import load_published
from api.published.routes import conditional
from api.rest.asking import Row, ask_by_line, values_of
from api.rest.claims import UNASSESSED
from api.workbench.bench import Bench
from api.workbench.layers import CURVES, curve, curves_there, envelope_view, layers
from api.workbench.sounds.rights import sound_of
from export.formats import FORMATS
from ontology.envelopes import load_envelopes
from ontology.mint import envelope
from ontology.terms import ACV, SOSA, Verdict
from store import Term

__all__ = ["VERDICTS", "facts_of", "filled", "routes"]

VERDICTS = (*(verdict.value for verdict in Verdict), UNASSESSED)
"""All verdicts there can be, and that there is none."""

_METHODS = ["GET", "HEAD"]
_FIRST_CLAIMS = 25
"""Claims that stand in the page itself, for those without scripts and until the layers have come."""

_FACTS = """SELECT ?p ?o WHERE {
  { GRAPH ?g { ?_recording mo:time ?extent . ?extent acm:endSeconds ?o } BIND("duration" AS ?p) }
  UNION { GRAPH ?g { ?_recording mo:sample_rate ?o } BIND("rate" AS ?p) }
  UNION { GRAPH ?g { ?_recording mo:channels ?o } BIND("channels" AS ?p) }
  UNION { GRAPH ?g { ?file mo:encodes ?_recording ; dcterms:title ?o } BIND("file" AS ?p) }
  UNION { GRAPH ?g { ?_recording a mo:DigitalSignal } BIND("there" AS ?p) BIND("yes" AS ?o) }
}"""
_WORKS = """SELECT DISTINCT ?work ?title ?creator ?year ?rights ?source WHERE {
  GRAPH ?catalogue { ?work frbr:realization ?_recording ; dcterms:title ?title .
    OPTIONAL { ?work dcterms:creator ?maker . ?maker foaf:name ?creator }
    OPTIONAL { ?work dcterms:created ?year } OPTIONAL { ?work dcterms:rights ?rights }
    OPTIONAL { ?work dcterms:source ?source } }
} ORDER BY ?title ?work"""
_SPANS = f"""SELECT DISTINCT ?span ?start ?end WHERE {{
  GRAPH ?g {{ ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end }}
}} ORDER BY ?start ?end LIMIT {2 * _FIRST_CLAIMS}"""
_FIRST = f"""SELECT DISTINCT ?claim ?concept ?aspect ?confidence ?maker ?name ?start ?end WHERE {{{{
  VALUES ?span {{{{ {{spans}} }}}}
  GRAPH ?graph {{{{
    ?claim oa:hasTarget ?span ; a acm:Claim ; oa:hasBody ?concept ; acm:aspect ?aspect ; acm:confidence ?confidence ;
      dcterms:creator ?maker . OPTIONAL {{{{ ?maker foaf:name ?name }}}}
    ?span acm:startSeconds ?start ; acm:endSeconds ?end .
  }}}}
}}}} ORDER BY ?start ?end ?claim LIMIT {_FIRST_CLAIMS + 1}"""
_VERDICTS = """SELECT DISTINCT ?claim ?verdict WHERE {{
  VALUES ?claim {{ {claims} }} ?assessment oa:hasTarget ?claim ; acm:verdict ?verdict .
  FILTER NOT EXISTS {{ ?newer dcterms:replaces ?assessment }}
}} ORDER BY ?verdict"""
_RENDITIONS = """SELECT DISTINCT ?rendition ?start ?end ?name WHERE {
  GRAPH ?g { ?rendition a mo:DigitalSignal ; prov:wasDerivedFrom ?span .
    ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end }
  OPTIONAL { ?file mo:encodes ?rendition ; dcterms:title ?name }
} ORDER BY ?start ?name LIMIT 100"""
_ORIGINAL = """SELECT DISTINCT ?original ?start ?end WHERE {
  GRAPH ?g { ?_recording prov:wasDerivedFrom ?span }
  ?span oa:hasSource ?original ; acm:startSeconds ?start ; acm:endSeconds ?end .
} LIMIT 1"""


async def facts_of(bench: Bench, request: Request, recording: str) -> tuple[Row, list[Row]]:
    """Return what is known of a recording, and its works.

    Raises
    ------
    Problem
        404, if there is no such recording.
    """
    values = {"_recording": ox.NamedNode(recording)}
    rows = await ask_by_line(bench.service, request, _FACTS, values)
    if not rows:
        raise Problem(404, "There is no such recording in this archive; it may have been withdrawn.")
    facts = filled([{row["p"]: row["o"] for row in rows}])[0]
    return facts, filled(await ask_by_line(bench.service, request, _WORKS, values))


async def _first_claims(
    bench: Bench, request: Request, values: Mapping[str, Term]
) -> tuple[list[Row], dict[str, list[str]]]:
    """Return the claims of the first spans of a recording, one more than are shown, and their verdicts."""
    said: dict[str, list[str]] = {}
    spans = [row["span"] for row in await ask_by_line(bench.service, request, _SPANS, values)]
    if not spans:
        return [], said
    claims = filled(await ask_by_line(bench.service, request, _FIRST.format(spans=values_of(spans))))
    if claims:
        text = _VERDICTS.format(claims=values_of([row["claim"] for row in claims]))
        for row in await ask_by_line(bench.service, request, text):
            said.setdefault(row["claim"], []).append(row["verdict"].removeprefix(ACV))
    return claims, said


def filled(rows: Sequence[Row]) -> list[Row]:
    """Return rows in which a text that is not bound is empty."""
    return [defaultdict(str, row) for row in rows]


def _answer(request: Request, found: object) -> Response:
    body = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    return conditional(request, body, {"Content-Type": "application/json", "Cache-Control": "no-cache"})


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/layers/{rest:path}", methods=_METHODS)
    async def _layers(request: Request) -> Response:
        bench.reader(request)
        return _answer(request, await layers(bench, request, bench.iri(request.scope, "/workbench/layers/")))

    @router.api_route("/curve/{rest:path}", methods=_METHODS)
    async def _curve(request: Request, property: Annotated[str, Query(max_length=100)]) -> Response:
        bench.reader(request)
        if SOSA.ObservableProperty not in load_published().types(ACV + property):
            raise Problem(404, f"No property is called {property[:80]!r}. Expected: the id of one, such as level.")
        iri = bench.iri(request.scope, "/workbench/curve/")
        return _answer(request, await curve(bench, request, iri, property))

    @router.api_route("/recording/{rest:path}", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        iri = bench.iri(request.scope, "/workbench/")
        values = {"_recording": ox.NamedNode(iri)}
        facts, works = await facts_of(bench, request, iri)
        claims, verdicts = await _first_claims(bench, request, values)
        models = sorted(load_envelopes().envelopes.values(), key=lambda one: one.label.casefold())
        return bench.page(
            request, "recording.html", "archive", is_top=False, iri=iri, path_=bench.path(iri), facts=facts,
            works=works, title=works[0]["title"] if works else facts["file"] or bench.path(iri),
            duration=float(facts["duration"] or "0"), sound=await sound_of(bench, request, iri),
            claims=claims[:_FIRST_CLAIMS], more=len(claims) > _FIRST_CLAIMS, said=verdicts, name=load_published().label,
            way=bench.path, curves=await curves_there(bench, request, iri), first_curves=CURVES, verdicts=VERDICTS,
            renditions=filled(await ask_by_line(bench.service, request, _RENDITIONS, values)),
            original=await ask_by_line(bench.service, request, _ORIGINAL, values),
            formats=list(FORMATS.values()), models=[envelope_view(envelope(one.id)) for one in models],
            words=bench.words(request, "recording", "common"),
        )  # fmt: skip

    return router
