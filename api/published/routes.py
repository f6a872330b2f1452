"""The published documents over HTTP: by Accept header, or by suffix.

Conventions
-----------
Terms of the vocabulary are things, not documents, so ``/vocab/bright`` answers 303 and names the document that
describes it: ``/vocab/bright.html`` or ``/vocab/bright.ttl``. ``/ontology``, ``/vocab`` and ``/shapes`` are documents
themselves (the terms of the ontology are hash IRIs) and answer 200 in the syntax asked for. A suffix always wins over
the header. Who asks for anything gets HTML.

Source
------
W3C, Cool URIs for the Semantic Web (2008), clause 4; Best Practice Recipes for Publishing RDF Vocabularies (2008),
recipes 3 and 5; RFC 9110, clauses 8.8.3 and 12.5.1.
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_etags

from api.protocol.problems import problem
from api.published.graph import BASE, load_published
from api.published.pages import ASSETS, CONTEXT, FORMATS, Filter, Pages
from ontology.terms import ENVELOPES_GRAPH, MAPPINGS_GRAPH, VOCABULARY_GRAPH

__all__ = ["best_format", "published_routes"]

_ALIASES = {
    "application/xhtml+xml": "text/html",
    "application/x-turtle": "text/turtle",
    "application/json": "application/ld+json",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
    "text/plain": "application/n-triples",
}
_SUFFIX = {media_type: suffix for suffix, media_type in FORMATS.items()}
_FRESH = "public, max-age=600"
_SAFE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ELSEWHERE = {
    "authors": ("ontology", "#authors"),
    **{graph.removeprefix(BASE): ("vocab", "") for graph in (VOCABULARY_GRAPH, ENVELOPES_GRAPH, MAPPINGS_GRAPH)},
}
"""What is described in the document of something else: that document, and the anchor on its page."""
_METHODS = ["GET", "HEAD"]


def best_format(accept: str | None) -> str | None:
    """Return the suffix of the representation that a client likes best.

    Parameters
    ----------
    accept : str or None
        The Accept header; None or empty stands for anything.

    Returns
    -------
    str or None
        A key of `FORMATS`; None if nothing that is offered is wanted.

    Examples
    --------
    >>> best_format("text/turtle, text/html;q=0.5"), best_format("*/*"), best_format("image/png")
    ('.ttl', '.html', None)
    """
    wanted = parse_accept_header(accept or "*/*", MIMEAccept)
    offers = [offer for offer in (*FORMATS.values(), *_ALIASES) if wanted.quality(offer) > 0]
    best = wanted.best_match(offers)
    return None if best is None else _SUFFIX[_ALIASES.get(best, best)]


def _split(path: str) -> tuple[str, str]:
    """Split the suffix of a representation from a path."""
    for suffix in FORMATS:
        if path.endswith(suffix):
            return path.removesuffix(suffix), suffix
    return path, ""


def published_routes(endpoint: str | None = "sparql") -> APIRouter:
    """Make the routes of everything that is published.

    Parameters
    ----------
    endpoint : str or None
        Where the pages let questions be asked.
    """
    router = APIRouter()
    pages = Pages(load_published(), endpoint)
    roots = sorted({path.partition("/")[0] for path in pages.documents} | {"authors"})

    def answer(request: Request) -> Response:
        path, suffix = _split(request.url.path.strip("/"))
        if path in _ELSEWHERE and (wanted := suffix or best_format(request.headers.get("accept"))):
            document, anchor = _ELSEWHERE[path]
            return _see_other(f"{document}{wanted}{anchor if wanted == '.html' else ''}", path.count("/"))
        if path not in pages.documents and path not in _ELSEWHERE:
            return _missing(request, pages, path, suffix)
        chosen = suffix or best_format(request.headers.get("accept"))
        if chosen is None:
            return _not_acceptable(path)
        if (not suffix and path.startswith("vocab/")) or (chosen == ".html" and pages.published.is_rule(path)):
            there = pages.published.page(BASE + path) if chosen == ".html" else f"{path}{chosen}"
            return _see_other(there or "vocab.html", path.count("/"))
        return _document(request, pages, (path, chosen, bool(suffix)))

    for root in roots:
        for rule in (f"/{root}", f"/{root}.{{suffix}}", f"/{root}/{{rest:path}}"):
            router.add_api_route(rule, answer, methods=_METHODS, response_class=Response, include_in_schema=False)

    @router.api_route("/index.html", methods=_METHODS, include_in_schema=False)
    def _index(request: Request) -> Response:
        return conditional(request, pages.html("index"), {"Content-Type": "text/html; charset=utf-8", **_security()})

    @router.api_route(f"/{CONTEXT}", methods=_METHODS, include_in_schema=False)
    def _context(request: Request) -> Response:
        return conditional(request, pages.context, {"Content-Type": FORMATS[".jsonld"]})

    @router.api_route("/static/{name}", methods=_METHODS, include_in_schema=False)
    def _asset(request: Request, name: str) -> Response:
        path = f"static/{name}"
        if path not in ASSETS:
            return problem(404, f"{path} is not here.")
        headers = {"Content-Type": f"{ASSETS[path]}; charset=utf-8", "Cache-Control": "public, max-age=86400"}
        return conditional(request, pages.asset(path), headers)

    return router


def _security() -> dict[str, str]:
    return {"Content-Security-Policy": _SAFE, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


def conditional(request: Request, body: bytes, headers: Mapping[str, str]) -> Response:
    """Return a body with an entity tag, or 304 if the client has it already.

    The tag is weak, for the body may be compressed on its way.
    """
    tag = hashlib.sha256(body).hexdigest()[:20]
    known = parse_etags(request.headers.get("if-none-match"))
    headers = {"Cache-Control": _FRESH, **headers, "ETag": f'W/"{tag}"'}
    if known.contains_weak(tag):
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    return Response(body, headers=dict(headers))


def _document(request: Request, pages: Pages, what: tuple[str, str, bool]) -> Response:
    """Answer a representation; the last of `what` says whether its address named the suffix."""
    path, suffix, named = what
    wanted = Filter(*(request.query_params.get(name, "")[:200] for name in ("q", "category", "measurable", "checked")))
    if suffix != ".html":
        body = pages.rdf(path, suffix)
    elif path == "vocab" and wanted:
        body = pages.search(wanted)
    else:
        body = pages.html(path)
    links = [
        f'</{quote(path)}{other}>; rel="alternate"; type="{media_type}"'
        for other, media_type in FORMATS.items()
        if other != suffix and (other != ".html" or pages.has_html(path))
    ]
    headers = {
        "Content-Type": FORMATS[suffix] + ("; charset=utf-8" if FORMATS[suffix].startswith("text/") else ""),
        "Link": ", ".join([f'<{BASE}{quote(path)}>; rel="canonical"', *links]),
        "Vary": "Accept",
    }
    if not named:
        headers["Content-Location"] = f"/{quote(path)}{suffix}"
    return conditional(request, body, headers | (_security() if suffix == ".html" else {}))


def _see_other(there: str, depth: int) -> Response:
    """Name the document that describes a thing, relative to the request, so that a path before it is kept."""
    headers = {"Vary": "Accept", "Cache-Control": _FRESH}
    return RedirectResponse("../" * depth + quote(there, safe="/#"), 303, headers=headers)


def _not_acceptable(path: str) -> Response:
    offered = ", ".join(FORMATS.values())
    detail = (
        f"None of the types asked for can be given of {path}. Expected: one of {offered}. To do: name one in the "
        f"Accept header, or add a suffix to the address: {', '.join(FORMATS)}."
    )
    return problem(406, detail)


def _missing(request: Request, pages: Pages, path: str, suffix: str) -> Response:
    chosen = suffix or best_format(request.headers.get("accept"))
    if chosen == ".html" and "text/html" in request.headers.get("accept", ""):
        headers = {"Content-Type": "text/html; charset=utf-8", "Vary": "Accept", **_security()}
        return Response(pages.missing(path), 404, headers=headers)
    if path.startswith("ontology/"):
        expected = "a version of the ontology: " + ", ".join(pages.published.versions)
    else:
        near = ", ".join(iri.removeprefix(BASE) for iri in pages.nearest(path))
        expected = f"an id of the vocabulary{', such as ' + near if near else ''}"
    return problem(404, f"{path} stands for nothing here. Expected: {expected}. To do: look it up at /vocab.")
