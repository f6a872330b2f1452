"""The page *Sequences*: what several sources hear one after the other, merged into one graph in time."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.options import Source
from api.rest.asking import ask, ask_by_line
from api.sequences import Asked, merged_of
from api.workbench.bench import Bench
from api.workbench.comparing import recordings_by_title
from api.workbench.plots.sequences import sequences
from ontology.errors import InputError
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary
from queries import plan

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_CHORDS = "chords"
_MOST = "20000"
_MOST_PICTURES = 12
_ASPECTS = """SELECT ?aspect (COUNT(DISTINCT ?maker) AS ?makers) WHERE {
  GRAPH ?g { ?claim acm:aspect ?aspect ; dcterms:creator ?maker }
} GROUP BY ?aspect ORDER BY DESC(?makers) ?aspect LIMIT 200"""
_NAMED = "SELECT ?words WHERE { ?words acm:pitchClasses ?classes } LIMIT 1"


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/sequences", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        label, t = load_vocabulary().label, bench.text(request)
        given = request.query_params
        titles = list(dict.fromkeys(one.title for one in await recordings_by_title(bench.service, request)))
        rows = await ask_by_line(bench.service, request, _ASPECTS)
        aspects = [row["aspect"].removeprefix(ACV) for row in rows]
        chords = bool(await ask_by_line(bench.service, request, _NAMED))
        work, aspect = given.get("work", ""), given.get("aspect", "")
        aspect = aspect if aspect in (*aspects, _CHORDS) else "morphologicalArchetype"
        source = Source.VERSIONS if given.get("sources") == Source.VERSIONS else Source.AGENTS
        asked = Asked(work, aspect, source, chords=aspect == _CHORDS)
        found, fault = [], ""
        if work:
            name = "chord_sequences" if asked.chords else "claim_sequences"
            arguments = {"work": work, "limit": _MOST} | ({} if asked.chords else {"aspect": aspect})
            try:
                found = merged_of(await ask(bench.service, request, plan(name, arguments)), asked)
                fault = "" if found else "nothing"
            except InputError:
                fault = "one_version"
        drawn = [
            (title, one, sequences(one, f"{title}: {t('sequences.title')}", t("sequences.others")))
            for title, one in found[:_MOST_PICTURES]
        ]
        return bench.page(
            request, "sequences.html", "compare", titles=titles, aspects=aspects, chords=chords, work=work,
            aspect=aspect, versions=source is Source.VERSIONS, found=drawn, fault=fault, label=label,
        )  # fmt: skip

    return router
