"""``/store``: the Graph Store Protocol, with indirect names of graphs.

Conventions
-----------
A PUT is all or nothing: a document with an error leaves the graph as it was. The entity tag of a graph is its revision
with the syntax it is written in; as a condition of a change the revision counts, whatever the syntax. Reading takes a
snapshot after the tag was looked up, so a tag may be older than the body, never newer.

Source
------
SPARQL 1.1 Graph Store HTTP Protocol, W3C Recommendation 21 March 2013; RFC 9110, clauses 8.8.3 and 13.1.
"""

import hashlib
from collections.abc import AsyncGenerator
from urllib.parse import unquote

import anyio.to_thread
import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.formparsers import MultiPartException, MultiPartParser

from api.protocol.answers import AnswerResponse
from api.protocol.problems import Problem
from api.protocol.requests import GRAPH_ALIASES, body_of, negotiate
from api.protocol.service import PATHS, Service
from api.protocol.tags import Tags, tag_of
from api.tokens import Role
from ontology.errors import InputError
from store import GRAPH_TYPES, Change, Condition, Dataset, EmbeddedStore, Load, Outcome
from store.changes import graph_revision

__all__ = ["graph_routes"]

_MOST_BYTES = 64 * 1024**2
_MULTIPART = "multipart/form-data"
_ALLOWED = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
_READ_DEFAULT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_READ_REST = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"
"""The default graph of a server that shows the union of all graphs in its place, as far as it can be told."""


def graph_routes(service: Service) -> APIRouter:
    """Make the routes of the Graph Store Protocol."""
    router = APIRouter(tags=["Graph Store"])
    path = f"/{PATHS.graphs}"

    @router.api_route(path, methods=["GET", "HEAD"], response_class=Response)
    async def read(request: Request) -> Response:
        """Give a graph in the syntax asked for."""
        service.access.reader(request)
        graph = _graph(request)
        media_type = negotiate(request, GRAPH_TYPES, GRAPH_ALIASES)
        revision = await anyio.to_thread.run_sync(_revision, service, graph)
        tag = tag_of(revision, media_type, request)
        tags = Tags.of(request.headers.get("if-none-match"))
        if tags is not None and tags.weakly(tag):
            return Response(status_code=304, headers={"ETag": tag, "Vary": "Accept"})
        dataset, text = None, f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        if graph is None and isinstance(service.own, EmbeddedStore):
            dataset, text = Dataset(own=True), _READ_DEFAULT
        elif graph is None:
            text = _READ_REST
        answer = await service.inside.answer(request, text, media_type, dataset=dataset)
        return AnswerResponse(answer, media_type, service.inside.reading, {"ETag": tag})

    @router.put(path, response_class=Response, status_code=204)
    async def replace(request: Request) -> Response:
        """Put documents in the place of a graph."""
        service.access.writer(request, Role.CURATOR)
        graph = _graph(request)
        load = Load(await _documents(request), graph, graph or service.base, replace=True)
        return _written(await _change(request, service, graph, Change(load=load)), graph)

    @router.post(path, response_class=Response, status_code=204)
    async def add(request: Request) -> Response:
        """Add documents to a graph, or to a new one where none is named."""
        service.access.writer(request, Role.CURATOR)
        documents = await _documents(request)
        if not request.url.query:
            digest = hashlib.sha256(b"\n".join(data for data, _ in documents)).hexdigest()[:16]
            return await _create(request, service, documents, f"{service.base}graph/posted/{digest}")
        graph = _graph(request)
        load = Load(documents, graph, graph or service.base, replace=False)
        return _written(await _change(request, service, graph, Change(load=load)), graph)

    @router.delete(path, response_class=Response, status_code=204)
    async def remove(request: Request) -> Response:
        """Remove a graph."""
        service.access.writer(request, Role.CURATOR)
        graph = _graph(request)
        update = "CLEAR DEFAULT" if graph is None else f"DROP SILENT GRAPH <{graph}>"
        change = Change(update, graphs=() if graph is None else (graph,))
        outcome = await _change(request, service, graph, change)
        if graph is not None and graph not in outcome.there:
            raise _absent(graph)
        return Response(status_code=204)

    @router.options(path, include_in_schema=False)
    async def options() -> Response:
        return Response(status_code=204, headers={"Allow": _ALLOWED})

    @router.patch(path, include_in_schema=False)
    async def patch() -> Response:
        raise Problem(405, f"PATCH is not understood. Expected: one of {_ALLOWED}.", {"Allow": _ALLOWED})

    return router


def _graph(request: Request) -> str | None:
    """Return the named graph that a request is about; None stands for the default graph."""
    pairs = [part.partition("=") for part in request.url.query.split("&")]
    default = any(key == "default" for key, _, _ in pairs)
    try:  # a plus sign is one here: no IRI has a blank that it could stand for
        names = [unquote(value, errors="strict") for key, _, value in pairs if key == "graph"]
    except UnicodeDecodeError as error:
        raise Problem(400, f"The name of the graph is no UTF-8 ({error.reason}).") from error
    if len(names) + default != 1:
        raise Problem(400, f"{len(names) + default} graphs were named. Expected: ?graph=IRI or ?default.")
    if default:
        return None
    try:
        return ox.NamedNode(names[0]).value
    except ValueError as error:
        raise Problem(400, f"{names[0]!r} is no name for a graph ({error}). Expected: an absolute IRI.") from error


def _revision(service: Service, graph: str | None) -> str:
    """Return the revision of a graph that is there."""
    if graph is None:
        return (service.own.version() or "")[:20]
    if not service.own.ask(f"ASK {{ GRAPH <{graph}> {{ }} }}"):
        raise _absent(graph)
    return graph_revision(service.own, graph)


def _absent(graph: str) -> Problem:
    return Problem(404, f"There is no graph <{graph}>. Expected: the IRI of a stored graph.")


async def _documents(request: Request) -> tuple[tuple[bytes, str], ...]:
    """Return the documents of the body, each with its media type."""
    sent = request.headers.get("content-type", "")
    kind = _syntax(sent, allow_multipart=True)
    body = await body_of(request, _MOST_BYTES)
    if kind != _MULTIPART:
        return ((body, kind),)

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await MultiPartParser(request.headers, once(), max_part_size=_MOST_BYTES).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Problem(400, f"The parts of the body cannot be read ({error}).") from error
    documents = []
    for _, part in form.multi_items():
        if isinstance(part, str):
            raise Problem(400, "A part of the body is no file. Expected: parts with a filename and a Content-Type.")
        documents.append((await part.read(), _syntax(part.content_type or "")))
    await form.close()
    return tuple(documents)


def _syntax(sent: str, *, allow_multipart: bool = False) -> str:
    """Return the media type of a document of RDF."""
    kind = sent.partition(";")[0].strip().lower()
    if allow_multipart and kind == _MULTIPART:
        return kind
    kind = GRAPH_ALIASES.get(kind, kind)
    if kind not in (*GRAPH_TYPES, "text/n3"):
        detail = f"{sent or 'No content type'} was sent. Expected: one of {', '.join(GRAPH_TYPES)}."
        raise Problem(415, detail)
    return kind


async def _change(request: Request, service: Service, graph: str | None, change: Change) -> Outcome:
    """Make a change of a graph, if the conditions of the request hold."""
    if service.writer is None:
        raise Problem(403, "This server cannot be written to.")
    match, none = (Tags.of(request.headers.get(name)) for name in ("if-match", "if-none-match"))
    there = None
    if none is not None and none.any:
        there = False
    elif match is not None and match.any:
        there = True
    revisions = match.revisions if match is not None and not match.any else None
    condition = Condition(graph or "", there, revisions=revisions)
    change = Change(change.update, change.base, change.graphs, change.load, (condition,))
    outcome = await anyio.to_thread.run_sync(service.writer.apply, change)
    if outcome.failed is not None:
        name = "The default graph" if graph is None else f"The graph <{graph}>"
        raise Problem(412, f"{name} is not as the request expects. To do: read it again first.")
    return outcome


async def _create(
    request: Request, service: Service, documents: tuple[tuple[bytes, str], ...], wanted: str
) -> Response:
    """Put documents into a graph that is not there yet, and say where."""
    if service.writer is None:
        raise Problem(403, "This server cannot be written to.")
    for number in range(1, 1000):
        graph = wanted if number == 1 else f"{wanted}-{number}"
        change = Change(load=Load(documents, graph, graph, replace=True), conditions=(Condition(graph, False),))
        outcome = await anyio.to_thread.run_sync(service.writer.apply, change)
        if outcome.failed is None:
            return Response(status_code=201, headers={"Location": graph})
    raise InputError("the same document was posted a thousand times", "a document that is not there yet")


def _written(outcome: Outcome, graph: str | None) -> Response:
    created = graph is not None and graph not in outcome.there
    return Response(status_code=201 if created else 204)
