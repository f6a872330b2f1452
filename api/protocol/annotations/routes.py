"""``/annotations/``: the routes of the Web Annotation Protocol.

Source
------
Web Annotation Protocol, W3C Recommendation 23 February 2017.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import unquote

import anyio.to_thread
import pyoxigraph as ox
from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from werkzeug.http import parse_options_header

from api.annotating import find_annotation
from api.protocol.annotations.containers import Container, Containers
from api.protocol.annotations.contributions import Contributions
from api.protocol.annotations.prefer import Preference, preference
from api.protocol.annotations.state import State
from api.protocol.problems import Problem, problem, request_id, status_of
from api.protocol.requests import body_of, negotiate
from api.protocol.service import PATHS, Service
from api.protocol.tags import Tags, tag_of
from api.tokens import Role
from ontology.documents import parse_json
from ontology.errors import AcousmaError, UnknownName
from ontology.jsonld import CONTEXTS, Json, annotation
from ontology.terms import LDP, OA, PREFIXES
from store.changes import graph_digest

__all__ = ["annotation_routes"]

_JSON, _TURTLE = "application/ld+json", "text/turtle"
_PROFILED = f'{_JSON}; profile="{CONTEXTS[0]}"'
_ALIASES = {"application/json": _JSON, "application/x-turtle": _TURTLE}
_MOST_BYTES = 256 * 1024
_RULES = f'<http://www.w3.org/TR/annotation-protocol/>; rel="{LDP.NS}constrainedBy"'
_CONTAINER = {
    "Link": f'<{LDP.BasicContainer}>; rel="type", {_RULES}',
    "Allow": "GET, HEAD, OPTIONS, POST",
    "Accept-Post": _PROFILED,
    "Vary": "Accept, Prefer",
}
_PAGE = {"Allow": "GET, HEAD, OPTIONS", "Vary": "Accept"}
_ONE = {
    "Link": f'<{LDP.NS}Resource>; rel="type", <{OA.Annotation}>; rel="type"',
    "Allow": "GET, HEAD, OPTIONS, PUT, DELETE",
    "Vary": "Accept",
}
_OF_RUN = {**_ONE, "Allow": "GET, HEAD, OPTIONS"}
_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]
_NAME = re.compile(r"[A-Za-z0-9._~-]+")
_RESERVED = frozenset({".", "..", "recording", "agent"})
_SUFFIXES = {".jsonld": _JSON, ".ttl": _TURTLE}
"""What the files are called that the page of an annotation leads to."""

_Read = TypeVar("_Read")
_LONGEST_SLUG = 64
_AT_ONCE = 8


def annotation_routes(service: Service) -> APIRouter:
    """Make the routes; none where the base IRI of the archive is no address of the web."""
    router = APIRouter(tags=["Annotations"])
    if not service.is_web:
        return router
    doors = _Doors(service)
    prefix = f"/{PATHS.annotations}"

    async def annotations(request: Request) -> Response:
        raw = request.scope.get("raw_path", request.url.path.encode()).decode("ascii", errors="replace")
        path = raw.partition("?")[0].removeprefix(prefix)
        return await doors.answer(request, path)

    async def redirect() -> Response:
        return RedirectResponse(prefix, 308)

    async def of_run(request: Request) -> Response:
        return await doors.answer_of_run(request)

    router.add_api_route(prefix, annotations, methods=_METHODS, include_in_schema=False)
    router.add_api_route(prefix + "{path:path}", annotations, methods=_METHODS, include_in_schema=False)
    router.add_api_route(prefix.rstrip("/"), redirect, methods=_METHODS, include_in_schema=False)
    router.add_api_route("/annotation/{path:path}", of_run, methods=["GET", "HEAD", "OPTIONS"], include_in_schema=False)
    return router


class _Doors:
    """Answers for each kind of resource: container, page, annotation."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._contributions = Contributions(service)
        self._containers = Containers(service, self._contributions)
        self._limiter = CapacityLimiter(_AT_ONCE)

    async def answer(self, request: Request, path: str) -> Response:
        """Answer a request for a path below the container of all."""
        if path and not path.endswith("/"):
            return await self._guarded(request, _ONE, self._one, path)
        if "page" in request.query_params:
            return await self._guarded(request, _PAGE, self._page, path)
        return await self._guarded(request, _CONTAINER, self._container, path)

    async def answer_of_run(self, request: Request) -> Response:
        """Answer a request for an annotation of a run."""
        return await self._guarded(request, _OF_RUN, self._run_annotation, request.url.path.lstrip("/"))

    async def _guarded(
        self,
        request: Request,
        headers: Mapping[str, str],
        act: Callable[[Request, str], Awaitable[Response]],
        path: str,
    ) -> Response:
        """Answer, and give every answer, problems included, the headers of its resource."""
        try:
            if request.method == "OPTIONS":
                answer = Response(status_code=204)
            elif request.method not in headers["Allow"].split(", "):
                raise Problem(405, f"{request.method} is not understood here. Expected: one of {headers['Allow']}.")
            else:
                answer = await act(request, path)
        except Problem as error:
            answer = problem(error.status, error.detail, error.headers, request_id(request))
        except AcousmaError as error:
            answer = problem(status_of(error), str(error), request=request_id(request))
        for name, value in headers.items():
            if name == "Vary" or name not in answer.headers:
                answer.headers[name] = value
        return answer

    async def _container(self, request: Request, path: str) -> Response:
        if request.method == "POST":
            return await self._create(request, path)
        self._service.access.reader(request)
        media_type = negotiate(request, (_JSON, _TURTLE), _ALIASES)
        wanted = preference(request.headers.get("prefer"))
        asked = request.query_params.get("iris")
        if asked is not None:
            wanted = Preference(iris=asked == "1")
        elif "prefer" not in request.headers or not wanted.honoured:
            wanted = Preference()

        def make() -> tuple[Container, str, bytes, str]:
            container = self._containers.find(path)
            digest = self._containers.contents(container).digest
            if media_type == _TURTLE:
                return container, digest, _turtle(self._containers.triples(container, iris=wanted.iris)), container.iri
            told = self._containers.collection(container, minimal=wanted.minimal, iris=wanted.iris)
            return container, digest, _dump(told), str(told["id"])

        container, digest, body, id_ = await anyio.to_thread.run_sync(make, limiter=self._limiter)
        mode = f"{'m' * wanted.minimal}{'i' if wanted.iris else 'd'}"
        headers = {"Content-Location": id_}
        if not container.takes:
            headers["Allow"] = "GET, HEAD, OPTIONS"
        if wanted.honoured:
            headers["Preference-Applied"] = "return=representation"
        return _sent(request, body, (media_type, tag_of(digest, f"{media_type}.{mode}", request)), headers)

    async def _page(self, request: Request, path: str) -> Response:
        self._service.access.reader(request)
        media_type = negotiate(request, (_JSON,), _ALIASES)
        number = request.query_params.get("page", "")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Problem(404, f"There is no page {number[:40]!r}. Expected: a number from 0.")
        iris = request.query_params.get("iris") == "1"

        def make() -> tuple[str, bytes]:
            container = self._containers.find(path)
            digest = self._containers.contents(container).digest
            page = self._containers.page(container, int(number), iris=iris)
            return digest, _dump({"@context": CONTEXTS[0], **page})

        digest, body = await anyio.to_thread.run_sync(make, limiter=self._limiter)
        return _sent(request, body, (media_type, tag_of(digest, "page", request)), {})

    async def _create(self, request: Request, path: str) -> Response:
        token = self._service.access.writer(request, Role.ANNOTATOR)
        document = await _document(request)
        slug = _slug(request.headers.get("slug", ""))

        def make() -> State:
            container = self._containers.find(path)
            if not container.takes:
                raise Problem(405, "An agent's container cannot be sent to. To do: send to that of all.")
            about = _with_source(document, container.of)
            if container.of and not _is_about(about, container.of):
                raise Problem(400, f"No target is the recording {container.of}. To do: send to the container of all.")
            return self._contributions.create(about, (path, slug), token)

        state = await anyio.to_thread.run_sync(make, limiter=self._limiter)
        return self._state(request, state, 201, {"Location": state.iri, **_ONE})

    def _state(self, request: Request, state: State, status: int, headers: Mapping[str, str]) -> Response:
        body = _dump(self._contributions.document(state))
        tag = tag_of(state.digest, _JSON, request)
        return Response(body, status, {"Content-Type": _PROFILED, "ETag": tag, **headers})

    async def _one(self, request: Request, path: str) -> Response:
        if request.method in ("PUT", "DELETE"):
            return await self._change(request, path)
        self._service.access.reader(request)
        read = partial(_as_named, path, lambda name: self._contributions.read(_name(name)))
        state, suffix = await anyio.to_thread.run_sync(read, limiter=self._limiter)
        media_type = _SUFFIXES.get(suffix) or negotiate(request, (_JSON, _TURTLE), _ALIASES)
        body = _turtle(state.triples) if media_type == _TURTLE else _dump(self._contributions.document(state))
        return _sent(request, body, (media_type, tag_of(state.digest, media_type, request)), {})

    async def _change(self, request: Request, path: str) -> Response:
        token = self._service.access.writer(request, Role.ANNOTATOR)
        name = _name(path)
        state = await anyio.to_thread.run_sync(self._contributions.read, name, limiter=self._limiter)
        tags = Tags.of(request.headers.get("if-match"))
        if tags is None:
            raise Problem(428, "If-Match was not sent. Expected: the ETag of the annotation as it was read.")
        matches = None if tags.any else tags.revisions
        if request.method == "DELETE":
            call = partial(self._contributions.withdraw, state, token, matches)
            await anyio.to_thread.run_sync(call, limiter=self._limiter)
            return Response(status_code=204)
        document = await _document(request)
        replace = partial(self._contributions.replace, state, document, token, matches)
        fresh = await anyio.to_thread.run_sync(replace, limiter=self._limiter)
        return self._state(request, fresh, 200, {})

    async def _run_annotation(self, request: Request, path: str) -> Response:
        self._service.access.reader(request)
        find = partial(_as_named, path, lambda name: find_annotation(self._service.own, f"{self._service.base}{name}"))
        triples, suffix = await anyio.to_thread.run_sync(find, limiter=self._limiter)
        media_type = _SUFFIXES.get(suffix) or negotiate(request, (_JSON, _TURTLE), _ALIASES)
        iri = f"{self._service.base}{path.removesuffix(suffix)}"
        body = _turtle(triples) if media_type == _TURTLE else _dump(annotation(triples, iri))
        digest = graph_digest((one.subject, one.predicate, one.object) for one in triples)
        return _sent(request, body, (media_type, tag_of(digest, media_type, request)), {})


def _as_named(path: str, read: Callable[[str], _Read]) -> tuple[_Read, str]:
    """Read what a path names; if there is nothing and it ends as a file does, what it names without that end.

    Returns
    -------
    tuple
        What was read, and the end that was taken off: ``.jsonld``, ``.ttl`` or nothing.
    """
    suffix = next((suffix for suffix in _SUFFIXES if path.endswith(suffix)), "")
    try:
        return read(path), ""
    except (Problem, UnknownName) as error:
        if not suffix or (isinstance(error, Problem) and error.status != 404):
            raise
    return read(path.removesuffix(suffix)), suffix


async def _document(request: Request) -> dict[str, Json]:
    """Return the annotation that was sent."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.lower() not in (_JSON, "application/json"):
        raise Problem(415, f"{kind or 'No content type'} was sent. Expected: {_PROFILED}.")
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Problem(415, f"The document is in {options['charset']}. Expected: UTF-8.")
    return parse_json(await body_of(request, _MOST_BYTES))


def _slug(header: str) -> str:
    """Return the name that a client proposes, as far as it can be one (RFC 5023, clause 9.7)."""
    proposed = unquote(header.strip().strip('"'), errors="replace")
    name = re.sub(r"[^A-Za-z0-9._~-]+", "-", proposed).strip("-")[:_LONGEST_SLUG].strip("-.")
    return "" if name in _RESERVED else name


def _name(path: str) -> str:
    """Return the name of an annotation in a path."""
    *folder, last = path.split("/")
    if not _NAME.fullmatch(last) or (folder and (folder[0] != "recording" or len(folder) != 2)):
        raise Problem(404, "There is no such annotation. Expected: the address of one, as containers list them.")
    if not all(_NAME.fullmatch(part) for part in folder):
        raise Problem(404, "There is no such annotation. Expected: the address of one, as containers list them.")
    return path


def _with_source(document: dict[str, Json], recording: str) -> dict[str, Json]:
    """Give targets that have a selector and no source the recording of the container as source.

    Raises
    ------
    Problem
        400, if the container is of no recording: a selector selects from a source (Web Annotation Data Model, 4.1).
    """

    def sourced(target: Json) -> Json:
        if not isinstance(target, dict) or "selector" not in target or "source" in target:
            return target
        if not recording:
            raise Problem(
                400, "A target has a selector and no source: nobody knows what it selects from. Expected: the IRI of a "
                'recording as "source". To do: add it, or send the annotation to the container of the recording.',
            )  # fmt: skip
        return {**target, "source": recording}

    targets = document.get("target")
    if isinstance(targets, list):
        return {**document, "target": [sourced(one) for one in targets]}
    return document if targets is None else {**document, "target": sourced(targets)}


def _is_about(document: dict[str, Json], recording: str) -> bool:
    """Tell whether a target of an annotation is a recording or a part of it."""
    targets = document.get("target")
    for target in targets if isinstance(targets, list) else [targets]:
        if isinstance(target, dict):
            source = target.get("source", target.get("id"))
            target = source.get("id") if isinstance(source, dict) else source  # noqa: PLW2901
        if isinstance(target, str) and target.partition("#")[0] == recording:
            return True
    return False


def _sent(request: Request, body: bytes, about: tuple[str, str], headers: Mapping[str, str]) -> Response:
    """Return a body with its entity tag, or 304 if the client has it."""
    media_type, tag = about
    known = Tags.of(request.headers.get("if-none-match"))
    if known is not None and known.weakly(tag):
        return Response(status_code=304, headers={"ETag": tag, **headers})
    kind = _PROFILED if media_type == _JSON else f"{media_type}; charset=utf-8"
    return Response(body, headers={"Content-Type": kind, "ETag": tag, **headers})


def _dump(document: dict[str, Json]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _turtle(triples: Iterable[ox.Triple]) -> bytes:
    written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
    assert written is not None, "without an output the bytes are returned"
    return written
