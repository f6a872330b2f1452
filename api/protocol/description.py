"""What the service and the data are: SPARQL 1.1 Service Description, and VoID with counted numbers.

Source
------
SPARQL 1.1 Service Description, W3C Recommendation 21 March 2013; Describing Linked Datasets with the VoID Vocabulary,
W3C Interest Group Note 3 March 2011.
"""

import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import version

import anyio.to_thread
import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.routes import console_page
from api.protocol.answers import with_charset
from api.protocol.requests import GRAPH_ALIASES, negotiate
from api.protocol.service import PATHS, Service
from ontology.errors import QueryError
from ontology.terms import DCTERMS, PREFIXES, RDF, RDFS, XSD
from store import GRAPH_TYPES, Store

__all__ = ["description", "void_routes", "write_graph"]

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"
_FORMATS = "http://www.w3.org/ns/formats/"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"

_QUERY_FORMATS = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "N-Quads", "TriG", "JSON-LD", "RDF_XML",
)  # fmt: skip
_PREFIXES = {"sd": _SD, "void": _VOID, "formats": _FORMATS, "dcterms": DCTERMS.NS, "rdfs": RDFS.NS, "xsd": XSD.NS}


class _Writer:
    """Collects statements about one subject after the other."""

    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []

    def say(self, subject: str, predicate: str, *values: str | int | ox.Literal) -> None:
        """Add statements; a ``str`` is an IRI."""
        for value in values:
            term = ox.NamedNode(value) if isinstance(value, str) else value
            literal = ox.Literal(term) if isinstance(term, int) else term
            self.triples.append(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), literal))


def write_graph(request: Request, triples: list[ox.Triple], headers: Mapping[str, str] | None = None) -> Response:
    """Return triples in the syntax that the client likes best."""
    media_type = negotiate(request, GRAPH_TYPES, GRAPH_ALIASES)
    syntax = ox.RdfFormat.from_media_type(media_type)
    assert syntax is not None, "what is offered can be written"
    prefixes = {**PREFIXES, **_PREFIXES}
    body = ox.serialize(triples, format=syntax, prefixes=prefixes if syntax != ox.RdfFormat.RDF_XML else None)
    kept = {"Content-Type": with_charset(media_type), "Vary": "Accept", **(headers or {})}
    return Response(body, headers=kept)


async def description(request: Request, service: Service) -> Response:
    """Describe the service to who sends no query: a page for a browser, RDF for a program."""
    types = (*GRAPH_TYPES, "text/html")
    if negotiate(request, types, {**GRAPH_ALIASES, "application/xhtml+xml": "text/html"}) == "text/html":
        return console_page(service)
    return write_graph(request, _service(service.address(request, PATHS.query), service))


def _service(endpoint: str, service: Service) -> list[ox.Triple]:
    out, one, data = _Writer(), f"{endpoint}#service", f"{endpoint}#dataset"
    out.say(one, RDF.type, _SD + "Service")
    out.say(one, _SD + "endpoint", endpoint)
    out.say(one, _SD + "supportedLanguage", _SD + "SPARQL11Query")
    out.say(one, _SD + "feature", _SD + "UnionDefaultGraph")
    out.say(one, _SD + "resultFormat", *(_FORMATS + name for name in _QUERY_FORMATS))
    out.say(one, _SD + "defaultDataset", data)
    out.say(one, RDFS.label, ox.Literal(f"{service.name}, SPARQL endpoint", language="en"))
    out.say(data, RDF.type, _SD + "Dataset")
    out.say(data, _SD + "defaultGraph", f"{endpoint}#default")
    out.say(f"{endpoint}#default", RDF.type, _SD + "Graph")
    return out.triples


_COUNTS = {
    "triples": "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }",
    "classes": "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }",
}
_BY_CLASS = "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c ORDER BY ?c"
_BY_PROPERTY = "SELECT ?p (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?p ORDER BY ?p"
_GRAPHS = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { } }"


class _Counted:
    """The description of the data, counted again when they have changed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._of: str | None = None
        self._triples: list[ox.Triple] = []

    def triples(self) -> list[ox.Triple]:
        """Return the description of the data as they are now."""
        with self._lock:
            version_ = self._service.own.version()
            if version_ is None or version_ != self._of:
                self._triples, self._of = _void(self._service), version_
            return self._triples


def _void(service: Service) -> list[ox.Triple]:
    base, out = service.base, _Writer()
    data = f"{base}{PATHS.void}#dataset"
    out.say(f"{base}{PATHS.void}", RDF.type, _VOID + "DatasetDescription")
    out.say(f"{base}{PATHS.void}", "http://xmlns.com/foaf/0.1/primaryTopic", data)
    out.say(data, RDF.type, _VOID + "Dataset")
    out.say(data, DCTERMS.title, ox.Literal(service.name, language="en"))
    out.say(data, DCTERMS.NS + "license", _LICENCE)
    out.say(data, _VOID + "sparqlEndpoint", f"{base}{PATHS.query}")
    out.say(data, _VOID + "uriSpace", ox.Literal(base))
    out.say(data, _VOID + "vocabulary", *sorted({space.rstrip("#") for space in PREFIXES.values()}))
    out.say(data, _VOID + "feature", *(_FORMATS + name for name in _QUERY_FORMATS[4:]))
    out.say(data, DCTERMS.NS + "creator", f"{base}{PATHS.void}#acousma")
    out.say(f"{base}{PATHS.void}#acousma", RDFS.label, ox.Literal(f"Acousma {version('acousma')}"))
    for name, query in _COUNTS.items():
        for (number,) in _counted(service.own, query):
            out.say(data, _VOID + name, number)
    for (number,) in _counted(service.own, _GRAPHS):
        out.say(data, _SD + "namedGraphs", number)
    partitions = (("class", "entities", _BY_CLASS), ("property", "triples", _BY_PROPERTY))
    for kind, what, query in partitions:
        for order, (name_, number) in enumerate(_counted(service.own, query), 1):
            part = f"{data}-{kind}-{order}"
            out.say(data, f"{_VOID}{kind}Partition", part)
            out.say(part, _VOID + kind, str(name_))
            out.say(part, _VOID + what, int(number))
    return out.triples


def _counted(store: Store, query: str) -> Iterator[tuple[int | str, ...]]:
    """Yield the rows of a count; none where counting takes too long."""
    try:
        rows = store.rows(query).rows
    except QueryError:
        return
    for row in rows:
        named = (term for term in row if isinstance(term, ox.NamedNode | ox.Literal))
        yield tuple(int(term.value) if isinstance(term, ox.Literal) else term.value for term in named)


def void_routes(service: Service) -> APIRouter:
    """Make the route of the description of the data."""
    router = APIRouter()
    counted = _Counted(service)

    @router.api_route(f"/{PATHS.void}", methods=["GET", "HEAD"], response_class=Response)
    async def void(request: Request) -> Response:
        """Describe what is in the archive (VoID), with numbers."""
        service.access.reader(request)
        triples = await anyio.to_thread.run_sync(counted.triples)
        return write_graph(request, triples)

    return router
