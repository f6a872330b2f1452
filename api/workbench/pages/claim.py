"""The page of a claim: its words, its evidence, its maker, what others say of the same passage, and its reviews."""

import json
import re
from collections.abc import Mapping, Sequence

import anyio.to_thread
import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from api.listing import clock
from api.protocol.problems import Problem
from api.published.graph import BASE, load_published, serialise
from api.rest.asking import Row, ask
from api.workbench.bench import Bench
from api.workbench.claims import Evidence, citation, evidence_of, other_claims, read_claim, reviews_of, run_of
from api.workbench.layers import envelope_view
from api.workbench.pages.recording import facts_of
from api.workbench.sounds import sight
from api.workbench.sounds.rights import Sound, file_of, sound_of
from api.workbench.traces import curves_for, trace_picture
from ontology.documents import write_document
from ontology.envelopes import load_envelopes
from ontology.terms import ACV, PROV, SKOS
from ontology.values import Agent
from queries import find
from queries.arguments import bind_arguments

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_SYNTAX = {"jsonld": "application/ld+json", "ttl": "text/turtle; charset=utf-8"}
_AROUND = 0.15
"""How much of the passage's length is drawn before and after it."""


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/claim/{rest:path}", methods=_METHODS)
    async def _page(request: Request) -> Response:
        token = bench.reader(request)
        me = "" if token is None else bench.service.minter.agent(Agent(token.person, kind="person"))
        iri = bench.iri(request.scope, "/workbench/claim/")
        claim = await read_claim(bench, request, iri)
        facts, works = await facts_of(bench, request, claim["recording"])
        published = load_published()
        start, end = float(claim["start"]), float(claim["end"])
        sound = await sound_of(bench, request, claim["recording"])
        reviews, comments = await reviews_of(bench, request, iri)
        times, parameters = await run_of(bench, request, claim["run"])
        label = published.label(claim["concept"])
        evidence = await evidence_of(bench, request, iri)
        return bench.page(
            request, "claim.html", "archive", is_top=False, iri=iri, path_=bench.path(iri), claim=claim, works=works,
            start=start, end=end, label=label, sound=sound, way=bench.path, name=published.label,
            definition=published.text(claim["concept"], SKOS.NS + "definition"),
            page_of=lambda one: published.page(one) or one, title=works[0]["title"] if works else facts["file"],
            evidence=evidence, others=await other_claims(bench, request, claim, iri),
            reviews=reviews, comments=comments, verdicts=_standing(reviews), times=times, parameters=parameters,
            is_person=claim["type"] == PROV.Person, acv=ACV, cite=citation(claim, iri, works, bench.service.name),
            envelope=envelope_view(claim["envelope"]) if claim["envelope"] else None,
            need=load_envelopes().needs.get(claim["concept"].removeprefix(ACV)),
            picture=await _trace(bench, request, claim, sound, evidence), BASE=BASE, me=me,
        )  # fmt: skip

    @router.api_route("/data/{rest:path}", methods=_METHODS)
    async def _data(request: Request) -> Response:
        """Give a claim as a file: what follows its path is ``.jsonld`` or ``.ttl``."""
        bench.reader(request)
        address = bench.iri(request.scope, "/workbench/data/")
        iri, _, suffix = address.rpartition(".")
        if suffix not in _SYNTAX:
            raise Problem(404, "There is no such file. Expected: the path of a claim with .jsonld or .ttl after it.")
        return await _file(bench, request, iri, suffix)

    return router


async def _file(bench: Bench, request: Request, iri: str, suffix: str) -> Response:
    """Return what is said of an annotation as a file with a name of its own."""
    query = find("annotation")
    rows = (await ask(bench.service, request, query.text, bind_arguments(query, {"annotation": iri}))).rows
    triples = [ox.Triple(*row) for row in rows]  # type: ignore[arg-type]  # subject, predicate, object
    if not triples:
        raise Problem(404, "There is no such claim in this archive; the run that made it may have been withdrawn.")
    if suffix == "jsonld":
        body = json.dumps(write_document(triples, iri), ensure_ascii=False, indent=1).encode()
    else:
        body = serialise(triples, ox.RdfFormat.TURTLE)
    name = re.sub(r"[^A-Za-z0-9]+", "-", bench.path(iri).removeprefix("annotation/"))[-80:].strip("-")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"', "Cache-Control": "no-cache"}
    return Response(body, media_type=_SYNTAX[suffix], headers=headers)


def _standing(reviews: list[Row]) -> list[str]:
    """Return the verdicts that count, each once."""
    return sorted({row["verdict"].removeprefix(ACV) for row in reviews if not row["newer"]})


async def _trace(
    bench: Bench, request: Request, claim: Mapping[str, str], sound: Sound, evidence: Sequence[Evidence]
) -> Markup | None:
    """Return the picture of curves along the passage; None where the sound may not be heard."""
    if not sound.heard or bench.gallery is None:
        return None
    path = await file_of(bench, request, claim["recording"])
    start, end, gallery, t = float(claim["start"]), float(claim["end"]), bench.gallery, bench.text(request)
    around = _AROUND * (end - start)
    found = await anyio.to_thread.run_sync(
        lambda: gallery.run(sight.trace, str(path), max(0.0, start - around), end + around)
    )
    caption = t("claim.trace_caption", start=clock(start), end=clock(end))
    names = {curve: t(f"claim.curve_{curve}") for curve in curves_for(one.property_id for one in evidence)}
    return trace_picture(found, (start, end), caption, names)
