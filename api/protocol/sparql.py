"""``/sparql`` and ``/update``: the SPARQL 1.1 Protocol.

Conventions
-----------
Queries are evaluated outside this process (:mod:`store`), so that none can end it or hold it up; updates in the process
that writes (:mod:`store.writing`). Graphs that a request names take the place of those in the text of a query; in an
update the two exclude each other. Relative IRIs are resolved against the address that was asked.

Source
------
SPARQL 1.1 Protocol, W3C Recommendation 21 March 2013, clauses 2.1 and 2.2.
"""

from collections.abc import Iterable

import anyio.to_thread
import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.protocol.answers import AnswerResponse
from api.protocol.description import description
from api.protocol.problems import Problem, problem_of
from api.protocol.requests import (
    FORM,
    GRAPH_ALIASES,
    TABLE_ALIASES,
    body_of,
    content_type,
    negotiate,
    pairs_of,
    text_of,
)
from api.protocol.service import PATHS, Service
from api.tokens import Role
from ontology.errors import AcousmaError
from store import GRAPH_TYPES, TABLE_TYPES, Change, Dataset, check_query, check_update, with_using

__all__ = ["QueryDoor", "sparql_routes"]

_QUERY, _UPDATE = "application/sparql-query", "application/sparql-update"
_FORM_OVERHEAD = 4
"""How much longer a text may be in a form, where every byte may be written as three."""


def sparql_routes(service: Service) -> APIRouter:
    """Make the routes of the SPARQL Protocol."""
    router = APIRouter(tags=["SPARQL"])

    @router.api_route(f"/{PATHS.query}", methods=["GET", "HEAD", "POST"], response_class=Response)
    async def sparql(request: Request) -> Response:
        """Answer a query, by GET, by POST of a form or by POST of the query itself."""
        return await _answer(request, service)

    @router.api_route(f"/{PATHS.update}", methods=["POST"], response_class=Response, status_code=204)
    async def update(request: Request) -> Response:
        """Make an update, by POST of a form or of the update itself."""
        service.access.writer(request, Role.CURATOR)
        parameters = await _parameters(request, service, (_UPDATE, "update"))
        if parameters.get("query"):
            raise Problem(400, f"A query was sent. Expected: an update. To do: send queries to /{PATHS.query}.")
        updates = parameters.get("update", [])
        if len(updates) != 1:
            raise Problem(400, f"{len(updates)} updates were sent. Expected: one parameter 'update'.")
        text, dataset = updates[0], _dataset(parameters, "using-")
        check_update(text, service.limits)
        if dataset is not None:
            text = with_using(text, dataset)
        await apply(service, Change(text, service.address(request, PATHS.update)))
        return Response(status_code=204)

    for path, allowed in ((PATHS.query, "GET, HEAD, POST, OPTIONS"), (PATHS.update, "POST, OPTIONS")):
        _refuse_others(router, path, allowed)
    return router


class QueryDoor:
    """Answers queries before any other route is looked at, for most requests are queries.

    Parameters
    ----------
    app : ASGIApp
        Answers all other requests.
    service : Service
    """

    path = f"/{PATHS.query}"

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["path"] != self.path or scope["method"] not in ("GET", "HEAD", "POST"):
            await self._app(scope, receive, send)
            return
        scope["route"] = self
        request = Request(scope, receive, send)
        try:
            answer = await _answer(request, self._service)
        except (AcousmaError, Problem) as error:
            answer = problem_of(request, error)
        await answer(scope, receive, send)


async def _answer(request: Request, service: Service) -> Response:
    """Answer a query, or describe the service to who sends none."""
    service.access.reader(request)
    parameters = await _parameters(request, service, (_QUERY, "query"))
    if parameters.get("update"):
        raise Problem(400, f"An update was sent. Expected: a query. To do: send updates to /{PATHS.update}.")
    queries = parameters.get("query", [])
    if not queries and request.method != "POST":
        return await description(request, service)
    if len(queries) != 1:
        raise Problem(400, f"{len(queries)} queries were sent. Expected: one parameter 'query'.")
    facts = check_query(queries[0], service.limits)
    is_table = facts.form in ("select", "ask")
    aliases = TABLE_ALIASES if is_table else GRAPH_ALIASES
    media_type = negotiate(request, TABLE_TYPES if is_table else GRAPH_TYPES, aliases)
    base, dataset = service.address(request, PATHS.query), _dataset(parameters, "")
    request.scope.setdefault("state", {})["query"] = queries[0]
    answer = await service.queries.answer(request, queries[0], media_type, dataset=dataset, base=base)
    return AnswerResponse(answer, media_type, service.queries.reading)


async def apply(service: Service, change: Change) -> bool:
    """Carry a change out and tell whether its conditions held and it was made."""
    writer = service.writer
    if writer is None:
        raise Problem(403, "This server cannot be written to.")
    outcome = await anyio.to_thread.run_sync(writer.apply, change)
    return outcome.failed is None


def _refuse_others(router: APIRouter, path: str, allowed: str) -> None:
    """Answer OPTIONS, and every other method by 405."""

    async def options() -> Response:
        return Response(status_code=204, headers={"Allow": allowed})

    async def refuse(request: Request) -> Response:
        detail = f"{request.method} was asked of /{path}, which cannot be written to so. Expected: one of {allowed}."
        raise Problem(405, detail, {"Allow": allowed})

    others = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"} - set(allowed.split(", "))
    router.add_api_route(f"/{path}", options, methods=["OPTIONS"], include_in_schema=False)
    router.add_api_route(f"/{path}", refuse, methods=sorted(others), include_in_schema=False)


async def _parameters(request: Request, service: Service, direct: tuple[str, str]) -> dict[str, list[str]]:
    """Return the protocol's parameters, from the URL and, for a POST, from the body."""
    media_type, name = direct
    pairs = pairs_of(request.scope["query_string"].decode("latin-1"))
    if request.method == "POST":
        sent = content_type(request, (FORM, media_type))
        most = service.limits.query_bytes * (_FORM_OVERHEAD if sent == FORM else 1) + 1024
        body = text_of(await body_of(request, most))
        if sent == FORM:
            pairs += pairs_of(body)
        else:
            pairs.append((name, body))
    parameters: dict[str, list[str]] = {}
    for key, value in pairs:
        parameters.setdefault(key, []).append(value)
    return parameters


def _dataset(parameters: dict[str, list[str]], prefix: str) -> Dataset | None:
    """Return the graphs that a request names."""
    kinds: Iterable[str] = ("graph-uri", "named-graph-uri") if prefix else ("default-graph-uri", "named-graph-uri")
    default, named = (tuple(parameters.get(f"{prefix}{kind}", ())) for kind in kinds)
    for iri in (*default, *named):
        try:
            ox.NamedNode(iri)
        except ValueError as error:
            raise Problem(400, f"{iri[:200]!r} names no graph ({error}). Expected: an absolute IRI.") from None
    return Dataset(default, named) if default or named else None
