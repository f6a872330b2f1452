"""The HTTP server: SPARQL, graphs and annotations of an archive, and the published documents.

Conventions
-----------
Queries are evaluated outside this process (`store`), and changes are made outside it, so that none can end it or hold
it up. An answer is whole or it is an error: what goes wrong after the first bytes breaks the connection, so that a cut
answer cannot be taken for a whole one. Errors are problem documents (:mod:`api.protocol.problems`).
"""

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from api.console.routes import console_routes
from api.exports.annotations import annotation_export_routes
from api.exports.crates import crate_routes
from api.exports.routes import export_routes
from api.iiif.reading import Materials
from api.iiif.routes import iiif_routes
from api.jobs.queue import JobQueue
from api.jobs.routes import job_routes
from api.operation.metrics import Measured, Metrics, metrics_routes
from api.protocol.annotations.routes import annotation_routes
from api.protocol.description import void_routes
from api.protocol.graphs import graph_routes
from api.protocol.health import health_routes
from api.protocol.middleware import Frame, Packed, Rate
from api.protocol.problems import tell_problems
from api.protocol.service import Service
from api.protocol.sparql import QueryDoor, sparql_routes
from api.published.routes import published_routes
from api.rest.openapi import openapi_routes
from api.rest.questions import question_routes
from api.rest.routes import list_routes
from api.things.routes import page_routes, thing_routes
from api.workbench.routes import make_bench, workbench_routes

__all__ = ["create_app"]

_EXPOSED = [
    "Accept-Post", "Accept-Ranges", "Allow", "Content-Disposition", "Content-Location", "Content-Range", "ETag",
    "Link", "Location", "Preference-Applied", "Retry-After", "WWW-Authenticate", "X-Request-Id",
]  # fmt: skip

_HOME = """Acousma, a knowledge graph of things heard.

/workbench/    pages for people: archive, recordings, claims, review, questions
/ontology      the data model, and /vocab the terms of listening; HTML, Turtle, JSON-LD, RDF/XML, N-Triples
/sparql        SPARQL 1.1 query (GET, POST); JSON, XML, CSV, TSV, Turtle, TriG, N-Triples, N-Quads, JSON-LD, RDF/XML
/update        SPARQL 1.1 update (POST), with a token
/store         Graph Store Protocol: ?graph=IRI or ?default
/annotations/  Web Annotation Protocol
/.well-known/void  what is in the archive, with numbers
/api           works, recordings, spans, claims, runs, agents, stored questions as JSON; described in /api/openapi.json
/iiif/collection.json  manifests for IIIF viewers, with search, deep links and changes
/export        what is said of a recording, in the formats of other programs; citations
/metrics       numbers for Prometheus
/health        whether the server runs; /ready whether it answers queries
"""


def create_app(service: Service, per_minute: int = 0, queue: JobQueue | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    service : Service
        Its stores and its writer are closed by whoever opened them.
    per_minute : int
        Requests that one address may send in a minute; 0 for no limit.
    queue : JobQueue, optional
        Takes sound files in; without one they cannot be sent.

    Returns
    -------
    FastAPI
    """
    app = FastAPI(title="Acousma", docs_url=None, redoc_url=None, openapi_url=None)
    bench = make_bench(service, queue)
    app.add_middleware(QueryDoor, service=service)
    app.add_middleware(Packed)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
        allow_headers=["*"], expose_headers=_EXPOSED, max_age=600,
    )  # fmt: skip
    app.add_middleware(Frame, rate=Rate(per_minute))
    metrics = Metrics()
    app.add_middleware(Measured, metrics=metrics)
    tell_problems(app, bench.problem)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def _home(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("workbench/", 303, headers={"Vary": "Accept"})
        return PlainTextResponse(_HOME, headers={"Vary": "Accept"})

    app.include_router(health_routes(service))
    app.include_router(metrics_routes(service, metrics))
    app.include_router(sparql_routes(service))
    app.include_router(graph_routes(service))
    app.include_router(void_routes(service))
    app.include_router(page_routes(service))
    app.include_router(annotation_routes(service))
    app.include_router(published_routes())
    app.include_router(console_routes())
    app.include_router(thing_routes(service))
    app.include_router(list_routes(service))
    app.include_router(question_routes(service))
    materials = Materials(service)
    app.include_router(iiif_routes(service, materials))
    app.include_router(crate_routes(service))
    app.include_router(export_routes(service, materials))
    app.include_router(annotation_export_routes(service, materials))
    app.include_router(job_routes(service, queue))
    app.include_router(workbench_routes(bench))
    app.include_router(openapi_routes(app, service))
    return app
