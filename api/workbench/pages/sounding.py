"""Passages in which a concept can be heard, for its page in the vocabulary.

Conventions
-----------
Passages that a person accepted come first, then those that were made to sound like this (a generator knows what it
rendered), then those that measurement supports. What a person rejects is left out, and so is what cannot be heard by
whoever asks. After them come examples that the generators of the corpus render when they are first asked for; they
belong to no recording, and say so.
"""

import json
from collections.abc import Callable
from typing import Annotated

import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi import Path as PathOf
from fastapi.responses import FileResponse, Response

from api.listing import clock
from api.protocol.problems import Problem
from api.published.graph import load_published
from api.published.routes import conditional
from api.rest.asking import ask_by_line
from api.rest.lists import works_of
from api.workbench.bench import Bench
from api.workbench.sounds.rights import sounds_of
from ontology.terms import ACV, SKOS
from truth.corpus.specimens import EXAMPLES, specimens_of, write_specimen

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_SHOWN = 6
_EXAMPLES = """SELECT DISTINCT ?claim ?recording ?start ?end ?name ?rank WHERE {
  ?concept skos:broader* ?_concept .
  GRAPH ?graph {
    ?claim a acm:Claim ; oa:hasBody ?concept ; oa:hasTarget ?span ; acm:confidence ?confidence ;
      dcterms:creator ?maker ; acm:confidenceKind ?kind . ?maker foaf:name ?name .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
  }
  FILTER(?end - ?start < 30)
  FILTER NOT EXISTS { ?no acm:verdict acv:rejected ; oa:hasTarget ?claim .
    FILTER NOT EXISTS { ?newer dcterms:replaces ?no } }
  BIND(EXISTS { ?yes acm:verdict acv:accepted ; oa:hasTarget ?claim .
    FILTER NOT EXISTS { ?newer dcterms:replaces ?yes } } AS ?accepted)
  BIND(EXISTS { ?for acm:verdict acv:supported ; oa:hasTarget ?claim } AS ?supported)
  BIND(EXISTS { ?against acm:verdict acv:contradicted ; oa:hasTarget ?claim } AS ?contradicted)
  BIND(IF(?accepted, 0, IF(?contradicted, 9, IF(?kind = acv:knownBySynthesis, 1, IF(?supported, 2, 3)))) AS ?rank)
  FILTER(?rank < 3)
} ORDER BY ?rank DESC(?confidence) ?recording ?start LIMIT 60"""
_WHY = ("accepted", "rendered", "supported")


def _made(bench: Bench, t: Callable[..., str], concept: str) -> list[dict[str, str]]:
    """Return the examples that the generators of the corpus render; none where nothing can be kept."""
    if bench.gallery is None:
        return []
    label, found = load_published().label, list[dict[str, str]]()
    for id_, number in specimens_of(concept):
        title = t("sounding.made_title", concept=label(ACV + id_), number=number + 1)
        found.append({
            "sound": f"rendered/{id_}/{number}", "title": title, "why": t("sounding.made"),
            "play": t("sounding.made_play", title=title),
        })  # fmt: skip
    return found


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/examples/{concept:path}", methods=_METHODS)
    async def _examples(request: Request, concept: str) -> Response:
        bench.reader(request)
        if SKOS.NS + "Concept" not in load_published().types(ACV + concept):
            raise Problem(404, f"{concept[:80]!r} is no concept of the vocabulary.")
        rows = await ask_by_line(bench.service, request, _EXAMPLES, {"_concept": ox.NamedNode(ACV + concept)})
        sounds = await sounds_of(bench, request, list(dict.fromkeys(row["recording"] for row in rows)))
        found, seen = list[dict[str, object]](), set[tuple[str, str, str]]()
        works = await works_of(bench.service, request, [row["recording"] for row in rows])
        t = bench.text(request)
        for row in rows:
            passage = (row["recording"], row["start"], row["end"])
            if len(found) == _SHOWN or passage in seen or not sounds[row["recording"]].heard:
                continue
            seen.add(passage)
            start, end = float(row["start"]), float(row["end"])
            names = [work.name for work in works.get(row["recording"], []) if work.name]
            title = names[0] if names else t("sounding.untitled")
            found.append({
                "claim": bench.path(row["claim"]), "recording": bench.path(row["recording"]),
                "start": start, "end": end,
                "title": title, "why": t(f"sounding.{_WHY[int(row['rank'])]}", name=row["name"]),
                "play": t("common.play_span", title=title, start=clock(start), end=clock(end)),
                "when": f"{clock(start)}–{clock(end)}",
            })  # fmt: skip
        told = {
            "examples": found,
            "made": _made(bench, t, concept),
            "none": t("sounding.none"),
            "claim": t("sounding.claim"),
        }
        headers = {"Content-Type": "application/json", "Cache-Control": "no-cache", "Vary": "Cookie, Accept-Language"}
        return conditional(request, json.dumps(told, ensure_ascii=False).encode(), headers)

    @router.api_route("/rendered/{concept}/{number}", methods=_METHODS)
    async def _rendered(
        request: Request, concept: str, number: Annotated[int, PathOf(ge=0, le=EXAMPLES - 1)]
    ) -> Response:
        bench.reader(request)
        gallery = bench.gallery
        if gallery is None or (concept, number) not in specimens_of(concept):
            raise Problem(404, f"The generators of the corpus render no example of {concept[:80]!r}.")
        path = await gallery.file(
            f"specimen-{concept}-{number}.flac",
            lambda draft: gallery.run(write_specimen, str(draft), concept, number),
        )  # fmt: skip
        return FileResponse(path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=86400"})

    return router
