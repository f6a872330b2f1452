"""The routes of lists: works, recordings, spans, claims, runs and agents."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.protocol.service import Service
from api.rest.asking import Page, next_link, read_cursor
from api.rest.claims import UNASSESSED, ClaimFilter, list_claims
from api.rest.lists import list_agents, list_recordings, list_runs, list_spans, list_works
from api.rest.models import Agent, Claim, Items, Recording, Run, Span, Work
from ontology.terms import Verdict

__all__ = ["Iri", "Words", "list_routes", "read"]

MOST_ITEMS = 500

Words = Annotated[str | None, Query(max_length=400)]
"""Part of a name or title, or an IRI."""

Iri = Annotated[str | None, Query(max_length=2000, pattern=r"^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+$")]
"""An absolute IRI."""

_Seconds = Annotated[float | None, Query(ge=0, le=1_000_000_000, allow_inf_nan=False)]
_Share = Annotated[float | None, Query(ge=0, le=1, allow_inf_nan=False)]


def _page(
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Most items of a page.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=8000, description="Where the page begins: taken from the header Link.")
    ] = None,
) -> Page:
    return Page(limit, read_cursor(cursor))


def _wanted(
    concept: Annotated[
        str | None,
        Query(max_length=400, description="Id, IRI or label of a concept.", examples=["attackImpulse", "bright"]),
    ] = None,
    narrower: Annotated[bool, Query(description="Whether claims of narrower concepts count.")] = True,
    agent: Annotated[
        str | None, Query(max_length=400, description="Part of the name of an agent, or its IRI.", examples=["Ada"])
    ] = None,
    verdict: Annotated[
        str | None,
        Query(
            max_length=400,
            description=f"One of {', '.join(Verdict)}, {UNASSESSED}.",
            examples=[Verdict.SUPPORTED.value],
        ),
    ] = None,
    work: Annotated[
        str | None, Query(max_length=400, description="Part of the title of a work, or its IRI.", examples=["Bell"])
    ] = None,
    recording: Iri = None,
    span: Iri = None,
    run: Iri = None,
    lowest: Annotated[_Share, Query(alias="confidence", description="Lowest confidence.", examples=[0.5])] = None,
    highest: Annotated[_Share, Query(alias="confidence_below", description="Highest confidence.")] = None,
    since: Annotated[
        _Seconds, Query(alias="from", description="Spans that end after this time, in seconds.", examples=[10])
    ] = None,
    until: Annotated[
        _Seconds, Query(alias="to", description="Spans that begin before this time, in seconds.", examples=[20])
    ] = None,
) -> ClaimFilter:
    return ClaimFilter(
        concept, narrower, agent, verdict, work, recording, span, run, lowest, highest, since, until
    )  # fmt: skip


_Paged = Annotated[Page, Depends(_page)]


def read(router: APIRouter, path: str, **about: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function the answer to GET, and to HEAD without a line of its own in the description."""

    def made(function: Callable[..., Any]) -> Callable[..., Any]:
        router.add_api_route(path, function, methods=["GET"], **about)
        router.add_api_route(path, function, methods=["HEAD"], include_in_schema=False, **about)
        return function

    return made


def list_routes(service: Service) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api", tags=["Lists"])

    def allowed(request: Request) -> None:
        service.access.reader(request)

    reading = {"dependencies": [Depends(allowed)]}

    @read(router, "/works", **reading)
    async def works(
        request: Request, response: Response, page: _Paged, title: Words = None, creator: Words = None
    ) -> Items[Work]:
        """List works by title."""
        items, keys = await list_works(service, request, (title, creator), page)
        return Items(items=items, next=next_link(request, response, keys))

    @read(router, "/recordings", **reading)
    async def recordings(request: Request, response: Response, page: _Paged, work: Words = None) -> Items[Recording]:
        """List recordings, of one work or of all."""
        items, keys = await list_recordings(service, request, work, page)
        return Items(items=items, next=next_link(request, response, keys))

    @read(router, "/spans", **reading)
    async def spans(
        request: Request,
        response: Response,
        page: _Paged,
        recording: Iri = None,
        work: Words = None,
        since: Annotated[_Seconds, Query(alias="from", description="Spans that end after this time.")] = None,
        until: Annotated[_Seconds, Query(alias="to", description="Spans that begin before this time.")] = None,
    ) -> Items[Span]:
        """List spans by recording and time."""
        items, keys = await list_spans(service, request, (recording, work, since, until), page)
        return Items(items=items, next=next_link(request, response, keys))

    @read(router, "/claims", **reading)
    async def claims(
        request: Request, response: Response, page: _Paged, wanted: Annotated[ClaimFilter, Depends(_wanted)]
    ) -> Items[Claim]:
        """List claims by recording and time; all conditions that are given must hold."""
        items, keys = await list_claims(service, request, wanted, page)
        return Items(items=items, next=next_link(request, response, keys))

    @read(router, "/runs", **reading)
    async def runs(
        request: Request, response: Response, page: _Paged, agent: Words = None, recording: Iri = None
    ) -> Items[Run]:
        """List runs in the order in which they began."""
        items, keys = await list_runs(service, request, (agent, recording), page)
        return Items(items=items, next=next_link(request, response, keys))

    @read(router, "/agents", **reading)
    async def agents(request: Request, response: Response, page: _Paged, name: Words = None) -> Items[Agent]:
        """List those who say something, by name."""
        items, keys = await list_agents(service, request, name, page)
        return Items(items=items, next=next_link(request, response, keys))

    return router
