"""Content negotiation for every IRI of the archive.

Source
------
W3C, Cool URIs for the Semantic Web (2008), clause 4; RFC 9110, clause 12.5.1.
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_etags

from api.protocol.answers import AnswerResponse, with_charset
from api.protocol.problems import Problem
from api.protocol.requests import negotiate
from api.protocol.service import Service
from api.published.graph import serialise
from api.rest.asking import Page
from api.rest.claims import ClaimFilter, list_claims
from api.rest.models import Claim
from api.things.reading import Thing, exists, read_back, read_thing
from api.things.views import FORMATS, claims_parameter, render
from queries import find
from queries.executables import executables

__all__ = ["ROOTS", "page_routes", "thing_routes"]

ROOTS = ("work", "recording", "file", "span", "agent", "run", "observation", "corpus", "evaluation", "graph")
"""What the paths of IRIs begin with, below the base; annotations have routes of their own."""

_ALIASES = {
    "application/xhtml+xml": "text/html", "application/x-turtle": "text/turtle",
    "application/json": "application/ld+json",
}  # fmt: skip
_SUFFIXES = {media_type: suffix for suffix, media_type in FORMATS.items()}
_SYNTAX = {".ttl": ox.RdfFormat.TURTLE, ".jsonld": ox.RdfFormat.JSON_LD}
_MOST_CLAIMS = 100
_METHODS = ["GET", "HEAD"]
_SAFE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _path(scope: Scope) -> str:
    """Return the path as it was sent, its escapes kept: they are part of an IRI."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    return bytes(raw).partition(b"?")[0].decode("ascii", errors="replace").lstrip("/")


def _likes_pages(scope: Scope) -> bool:
    """Tell whether a request wants a page rather than data: as browsers say, by name."""
    path = scope["path"]
    if path.endswith(tuple(FORMATS)):
        return bool(path.endswith(".html"))
    header = next((value for name, value in scope["headers"] if name == b"accept"), b"").decode("latin-1")
    accept = parse_accept_header(header, MIMEAccept)
    if "text/html" not in [value.partition(";")[0].strip() for value, _ in accept]:
        return False
    best = accept.best_match(["application/ld+json", "text/turtle", "application/json", "text/html"])
    return best == "text/html"


class _ForBrowsers(APIRoute):
    """A route for requests that want a page; others go on to the next route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request."""
        if scope["type"] == "http" and scope["method"] in _METHODS and _likes_pages(scope):
            return super().matches(scope)
        return Match.NONE, {}


def page_routes(service: Service) -> APIRouter:
    """Make the routes of the pages of annotations and stored questions; they stand before those of their data."""
    router = APIRouter(route_class=_ForBrowsers)

    async def page(request: Request) -> Response:
        service.access.reader(request)
        path = _path(request.scope).removesuffix(".html")
        return await _page(service, request, path)

    async def question(request: Request, name: str) -> Response:
        service.access.reader(request)
        found = find(name)
        path, base = f"api/queries/{found.name}", service.minter.question("")
        thing = Thing(f"{base}{found.name}", tuple(executables(base, (found.name,))))
        body = render(thing, (service.base, path), {}, ([], False))
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _SAFE, "Vary": "Accept"}
        return _tagged(request, body, headers)

    for root in ("annotation", "annotations"):
        router.add_api_route(f"/{root}/{{rest:path}}", page, methods=_METHODS, include_in_schema=False)
    router.add_api_route("/api/queries/{name}", question, methods=_METHODS, include_in_schema=False)
    return router


def thing_routes(service: Service) -> APIRouter:
    """Make the routes of things, and of annotations whose data the Web Annotation Protocol does not give."""
    router = APIRouter()

    async def thing(request: Request) -> Response:
        service.access.reader(request)
        path = _path(request.scope)
        suffix = next((suffix for suffix in FORMATS if path.endswith(suffix)), "")
        path = path.removesuffix(suffix)
        if not suffix:
            suffix = _SUFFIXES[negotiate(request, tuple(FORMATS.values()), _ALIASES)]
            if not path.startswith("graph/"):
                if not await exists(service, request, _iri(service, path)):
                    raise _missing(path)
                there = path.rpartition("/")[2] + suffix
                return RedirectResponse(f"./{there}", 303, headers={"Vary": "Accept"})
        if path.startswith("graph/") and suffix != ".html":
            return await _graph(service, request, path, suffix)
        if suffix == ".html":
            return await _page(service, request, path)
        return await _data(service, request, path, suffix)

    roots = ROOTS if service.is_web else (*ROOTS, "annotation", "annotations")
    for root in roots:
        router.add_api_route(f"/{root}/{{rest:path}}", thing, methods=_METHODS, include_in_schema=False)
    return router


def _iri(service: Service, path: str) -> str:
    """Return the IRI of a path.

    Raises
    ------
    Problem
        404, if it can be none.
    """
    try:
        return ox.NamedNode(f"{service.base}{path}").value
    except ValueError:
        raise _missing(path) from None


def _missing(path: str) -> Problem:
    return Problem(
        404, f"Nothing is said of {path[:200]} here. Expected: the IRI of something in this archive. To do: find it "
        "with /api or /sparql.", {"Vary": "Accept"},
    )  # fmt: skip


async def _page(service: Service, request: Request, path: str) -> Response:
    iri = _iri(service, path)
    thing = await read_thing(service, request, iri)
    if not thing.triples and not await exists(service, request, iri):
        raise _missing(path)
    parameter = claims_parameter(thing)
    claims: list[Claim] = []
    keys = None
    if parameter is not None:
        wanted = ClaimFilter.by(parameter, iri)
        claims, keys = await list_claims(service, request, wanted, Page(_MOST_CLAIMS))
    body = render(thing, (service.base, path), await read_back(service, request, iri), (claims, keys is not None))
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _SAFE}
    return _tagged(request, body, {**headers, **_links(service, path, ".html")})


async def _data(service: Service, request: Request, path: str, suffix: str) -> Response:
    iri = _iri(service, path)
    thing = await read_thing(service, request, iri)
    if not thing.triples:
        raise _missing(path)
    body = serialise(thing.triples, _SYNTAX[suffix])
    return _tagged(request, body, {"Content-Type": with_charset(FORMATS[suffix]), **_links(service, path, suffix)})


async def _graph(service: Service, request: Request, path: str, suffix: str) -> Response:
    """Answer all that stands in a named graph."""
    iri = _iri(service, path)
    if not await exists(service, request, iri):
        raise _missing(path)
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {ox.NamedNode(iri)} {{ ?s ?p ?o }} }}"
    answer = await service.queries.answer(request, text, FORMATS[suffix])
    return AnswerResponse(answer, FORMATS[suffix], service.queries.reading, _links(service, path, suffix))


def _links(service: Service, path: str, suffix: str) -> dict[str, str]:
    others = ", ".join(
        f'</{path}{other}>; rel="alternate"; type="{media_type}"'
        for other, media_type in FORMATS.items()
        if other != suffix
    )
    return {"Vary": "Accept", "Link": f'<{service.base}{path}>; rel="describes", {others}'}


def _tagged(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return a body with a weak entity tag, or 304 if the client has it already."""
    tag = hashlib.sha256(body).hexdigest()[:20]
    headers = {"Cache-Control": "no-cache", **headers, "ETag": f'W/"{tag}"'}
    if parse_etags(request.headers.get("if-none-match")).contains_weak(tag):
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    return Response(body, headers=headers)
