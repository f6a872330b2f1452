"""The HTTP endpoint: SPARQL 1.1 query over a read-only view of the archive, within limits.

Conventions
-----------
Queries are evaluated outside this process (`store`), so that none can end it or hold it up. An answer is whole or it
is an error: what goes wrong after the first bytes breaks the connection, so that a cut answer cannot be taken for a
whole one. Errors are plain text that say what was found, what was expected and what to do.

Source
------
SPARQL 1.1 Protocol, W3C Recommendation 21 March 2013, clause 2.1.
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from api.published.routes import published_routes
from ontology.errors import (
    AcousmaError,
    InputError,
    QueryLost,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreError,
    UnknownName,
)
from store import GRAPH_TYPES, TABLE_TYPES, AnswerBytes, Dataset, Limits, Store, check_query

__all__ = ["STATUS", "create_app"]

STATUS: dict[type[AcousmaError], int] = {
    QuerySyntaxError: 400,
    QueryRefused: 400,
    QueryTimeout: 504,
    QueryTooLarge: 413,
    QueryLost: 500,
    UnknownName: 404,
    InputError: 400,
    StoreError: 503,
    AcousmaError: 500,
}
"""The HTTP status of each kind of error; the nearest kind in the tree counts."""

_ALIASES = {
    "application/json": "application/sparql-results+json",
    "text/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
    "application/x-turtle": "text/turtle",
    "text/plain": "application/n-triples",
}
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_MAX_BODY = 1 << 20
_KNOWN = {"query", "default-graph-uri", "named-graph-uri"}


class _Refusal(Exception):
    """A request that is answered by a status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def status_of(error: AcousmaError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def create_app(store: Store, limits: Limits) -> FastAPI:
    """Make the application around an open store.

    Parameters
    ----------
    store : Store
        Open for reading; closed by whoever opened it.
    limits : Limits
        Its limits, for messages and for the first look into a query.

    Returns
    -------
    FastAPI
    """
    app = FastAPI(title="Acousma", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD", "POST"], allow_headers=["*"],
        expose_headers=["ETag", "Link", "Location"],
    )  # fmt: skip

    app.add_middleware(GZipMiddleware, minimum_size=2048)

    @app.exception_handler(AcousmaError)
    def _error(_: Request, error: AcousmaError) -> Response:
        return PlainTextResponse(f"{error}\n", status_of(error), headers={"Vary": "Accept"})

    @app.exception_handler(_Refusal)
    def _refused(_: Request, error: _Refusal) -> Response:
        allow = {"Allow": "GET, HEAD, POST"} if error.status == 405 else {}
        return PlainTextResponse(f"{error.text}\n", error.status, headers={"Vary": "Accept", **allow})

    @app.get("/health")
    def _health() -> dict[str, str]:
        store.ask("ASK { }")
        return {"status": "ok"}

    @app.get("/")
    def _home(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("index.html", 303, headers={"Vary": "Accept"})
        return PlainTextResponse(
            "Acousma, a knowledge graph of things heard.\n\n"
            "/ontology the data model, and /vocab the terms of listening; HTML, Turtle, JSON-LD, RDF/XML, N-Triples\n"
            "/sparql   SPARQL 1.1 query (GET, POST); JSON, XML, CSV, TSV, Turtle, N-Triples, JSON-LD, RDF/XML\n"
            "/health   whether queries are answered\n",
            headers={"Vary": "Accept"},
        )

    app.include_router(published_routes())

    @app.api_route("/sparql", methods=["GET", "HEAD", "POST"])
    async def _sparql(request: Request) -> Response:
        parameters = await _parameters(request)
        queries = parameters.get("query", [])
        if not queries and request.method != "POST":
            return _description(request)
        if len(queries) != 1:
            raise _Refusal(400, f"{len(queries)} queries were sent. Expected: one parameter 'query'.")
        facts = check_query(queries[0], limits)
        offers = TABLE_TYPES if facts.form in ("select", "ask") else GRAPH_TYPES
        media_type = _negotiate(request, offers)
        default, named = (tuple(parameters.get(f"{kind}-graph-uri", ())) for kind in ("default", "named"))
        dataset = Dataset(default, named) if default or named else None
        answer = await run_in_threadpool(store.serialise, queries[0], media_type, dataset=dataset)
        return StreamingResponse(_stream(answer), media_type=media_type, headers={"Vary": "Accept"})

    @app.api_route("/sparql", methods=["PUT", "DELETE", "PATCH"], include_in_schema=False)
    def _not_allowed() -> Response:
        raise _Refusal(405, "This endpoint answers queries by GET and POST; it cannot be written to.")

    return app


async def _parameters(request: Request) -> dict[str, list[str]]:
    """Return the protocol's parameters, from the URL and, for a POST, from the body."""
    pairs = _decode(request.url.query)
    if request.method == "POST":
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _body(request)
        if content_type == _FORM:
            pairs += _decode(body)
        elif content_type == _QUERY:
            pairs.append(("query", body))
        else:
            raise _Refusal(415, f"{content_type or 'No content type'} was sent. Expected: {_FORM} or {_QUERY}.")
    parameters: dict[str, list[str]] = {}
    for name, value in pairs:
        if name == "update":
            raise _Refusal(400, "An update was sent. Expected: a query; this endpoint cannot be written to.")
        if name in _KNOWN:
            parameters.setdefault(name, []).append(value)
    return parameters


async def _body(request: Request) -> str:
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > _MAX_BODY:
            raise _Refusal(413, f"The request is longer than {_MAX_BODY:,} bytes. Send a shorter query.")
    try:
        return received.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refusal(400, f"The request is no UTF-8 ({error.reason} at byte {error.start}).") from error


def _decode(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as error:
        raise _Refusal(400, f"The parameters cannot be read ({error}). Expected: name=value pairs in UTF-8.") from error


def _negotiate(request: Request, offers: tuple[str, ...]) -> str:
    """Return the offered media type that the request likes best (RFC 9110, clause 12.5.1)."""
    aliases = [alias for alias, target in _ALIASES.items() if target in offers]
    accept = parse_accept_header(request.headers.get("accept") or "*/*", MIMEAccept)
    best = accept.best_match([offer for offer in (*offers, *aliases) if accept.quality(offer) > 0])
    if best is None:
        raise _Refusal(406, f"None of the types asked for can be given. Expected: one of {', '.join(offers)}.")
    return _ALIASES.get(best, best)


def _stream(answer: AnswerBytes) -> Iterator[bytes]:
    """Pass an answer on, and free its worker when it was read or its reader has gone."""
    try:
        yield from answer
    finally:
        answer.close()


def _description(request: Request) -> Response:
    """Describe the service (SPARQL 1.1 Service Description) to who sends no query."""
    endpoint = str(request.url.replace(query=""))
    formats = " , ".join(
        f"<http://www.w3.org/ns/formats/{name}>"
        for name in ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
                     "Turtle", "N-Triples", "JSON-LD", "RDF_XML")
    )  # fmt: skip
    turtle = (
        "@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .\n"
        f"<{endpoint}#service> a sd:Service ;\n"
        f"    sd:endpoint <{endpoint}> ;\n"
        "    sd:supportedLanguage sd:SPARQL11Query ;\n"
        "    sd:feature sd:UnionDefaultGraph ;\n"
        f"    sd:resultFormat {formats} ;\n"
        f"    sd:defaultDataset <{endpoint}#dataset> .\n"
        f"<{endpoint}#dataset> a sd:Dataset ; sd:defaultGraph <{endpoint}#default> .\n"
        f"<{endpoint}#default> a sd:Graph .\n"
    )
    return Response(turtle, media_type="text/turtle", headers={"Vary": "Accept"})
