"""The first page: works and recordings, with facets and a search."""

from typing import Annotated
from urllib.parse import urlencode

import pyoxigraph as ox
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.published.graph import load_published
from api.rest.asking import ask_by_line
from api.workbench.bench import Bench
from api.workbench.holdings import FACETS, Wanted, holdings_of
from api.workbench.pages.recording import VERDICTS
from api.workbench.sounds.rights import sounds_of
from ontology.terms import ACV

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_PAGE = 24
_MOST_VALUES = 60
"""Values of a facet that are shown."""

_TOLD = """SELECT DISTINCT ?recording WHERE {
  GRAPH ?graph { ?description a acm:Description ; oa:hasTarget ?span ; oa:hasBody ?body . ?body rdf:value ?text .
    FILTER(CONTAINS(LCASE(?text), LCASE(?_words))) ?span oa:hasSource ?recording }
} LIMIT 1000"""
_Text = Annotated[str, Query(max_length=200)]


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/", methods=_METHODS)
    async def _page(request: Request, q: _Text = "", page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
        bench.reader(request)
        q = " ".join(q.split())
        chosen = {name: value[:200] for name in FACETS if (value := request.query_params.get(name, ""))}
        told: frozenset[str] = frozenset()
        if q:
            rows = await ask_by_line(bench.service, request, _TOLD, {"_words": ox.Literal(q)})
            told = frozenset(row["recording"] for row in rows)
        held, wanted = await holdings_of(bench, request), Wanted(q, chosen, told)
        found = [item for item in held.items if wanted.fits(item)]
        pages = max(1, -(-len(found) // _PAGE))
        page = min(page, pages)
        shown = found[(page - 1) * _PAGE : page * _PAGE]
        label = load_published().label

        def address(**changes: str) -> str:
            """Return the address of this page with other choices; an empty one goes."""
            parts = {"q": q, **chosen, **changes}
            return "?" + urlencode({name: value for name, value in parts.items() if value})

        def words(facet: str, value: str) -> str:
            if facet == "concept":
                return label(ACV + value)
            return bench.text(request)(f"common.{value}") if facet == "verdict" and value in VERDICTS else value

        return bench.page(
            request, "archive.html", "archive", held=held, found=len(found), items=shown, q=q, chosen=chosen,
            facets=[(name, held.facet(name, wanted)[:_MOST_VALUES]) for name in FACETS], address=address, words=words,
            way=bench.path, number=page, pages=pages, told=told,
            sounds=await sounds_of(bench, request, [iri for item in shown for iri in item.recordings]),
        )  # fmt: skip

    return router
