"""``/api/openapi.json``: the whole interface in OpenAPI 3.1, with examples.

Conventions
-----------
Lists, questions and uploads describe themselves; the protocols (SPARQL, Graph Store, Web Annotation) read their
requests as their standards say, so what they take stands here. Every operation can answer with a problem document.
"""

import copy
import warnings
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from api.protocol.service import PATHS, Service
from queries import find
from queries.executables import example_of
from store import GRAPH_TYPES, TABLE_TYPES

__all__ = ["describe_interface", "openapi_routes"]

Object = dict[str, Any]

_PROBLEM: Object = {
    "type": "object",
    "description": "RFC 9457, Problem Details for HTTP APIs.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Bad Request"]},
        "status": {"type": "integer", "examples": [400]},
        "detail": {"type": "string", "examples": ["0 queries were sent. Expected: one parameter 'query'."]},
        "request": {"type": "string", "description": "Id of the request, as in the header X-Request-Id."},
    },
}
_REFUSED: Object = {
    "description": "The request is not answered; the body says why and what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_TOKEN: Object = {
    "type": "http", "scheme": "bearer", "description": "Made by `acousma token create NAME --role ROLE`.",
}  # fmt: skip
_ANSWERS = {"200": {"description": "The answer, in the type that Accept asks for."}}
_DONE = {"204": {"description": "Done."}}


def _parameter(name: str, about: str, *, many: bool = False, example: str | None = None) -> Object:
    text: Object = {"type": "string"}
    schema = {"type": "array", "items": text} if many else text
    found: Object = {"name": name, "in": "query", "description": about, "schema": schema}
    return found | ({"example": example} if example is not None else {})


def _types(names: tuple[str, ...]) -> Object:
    return {name: {"schema": {"type": "string"}} for name in names}


def _protocols() -> Object:
    """Return what the protocols take and give, by path and method."""
    query = example_of(find("works"))
    update = "INSERT DATA { GRAPH <https://example.org/notes> { <https://example.org/a> <https://example.org/b> 1 } }"
    graphs = [
        _parameter("default-graph-uri", "Graphs that form the default graph.", many=True),
        _parameter("named-graph-uri", "Graphs that GRAPH reaches.", many=True),
    ]
    answer = {"200": {"description": "The answer.", "content": _types((*TABLE_TYPES, *GRAPH_TYPES))}}
    graph = [
        _parameter("graph", "IRI of a named graph.", example="https://example.org/notes"),
        {**_parameter("default", "The default graph, instead of a named one."), "allowEmptyValue": True},
    ]
    rdf = {"required": True, "content": _types(GRAPH_TYPES)}
    annotation: Object = {
        "application/ld+json": {
            "schema": {"type": "object"},
            "example": {
                "@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "motivation": "commenting",
                "body": {"type": "TextualBody", "value": "A gong, far away.", "format": "text/plain"},
                "target": "http://localhost:8000/span/9db7d0ed8c34d7f0/5500-5600",
            },
        }
    }  # fmt: skip
    read_graph = {"200": {"description": "The graph.", "content": _types(GRAPH_TYPES)}}
    made = {"201": {"description": "Made; the header Location names it."}}
    return {
        f"/{PATHS.query}": {
            "get": _operation("SPARQL", "Answer a query; without one, describe the service.", [
                _parameter("query", "SPARQL 1.1 query.", example=query), *graphs], answer),
            "post": _operation("SPARQL", "Answer a query.", graphs, answer, {"required": True, "content": {
                "application/sparql-query": {"schema": {"type": "string"}, "example": query},
                "application/x-www-form-urlencoded": {"schema": _form("query"), "example": {"query": query}}}}),
        },
        f"/{PATHS.update}": {
            "post": _operation("SPARQL", "Make an update; takes the token of a curator.", [], _DONE, {
                "required": True, "content": {
                    "application/sparql-update": {"schema": {"type": "string"}, "example": update},
                    "application/x-www-form-urlencoded": {"schema": _form("update"), "example": {"update": update}}}}),
        },
        f"/{PATHS.graphs}": {
            "get": _operation("Graphs", "Give a graph.", graph, read_graph),
            "put": _operation("Graphs", "Replace a graph; takes the token of a curator.", graph, _DONE | made, rdf),
            "post": _operation("Graphs", "Add to a graph; takes the token of a curator.", graph, _DONE | made, rdf),
            "delete": _operation("Graphs", "Remove a graph; takes the token of a curator.", graph, _DONE),
        },
        f"/{PATHS.annotations}": {
            "get": _operation("Annotations", "Give the container of all annotations, or a page of it.", [
                _parameter("page", "Number of a page, from 0."), _parameter("iris", "1: only IRIs, 0: whole."),
            ], _ANSWERS),
            "post": _operation("Annotations", "Keep an annotation; takes the token of an annotator.", [], made,
                               {"required": True, "content": annotation}),
        },
        f"/{PATHS.void}": {"get": _operation("SPARQL", "Describe the data (VoID), with numbers.", [], read_graph)},
    }  # fmt: skip


def _form(name: str) -> Object:
    return {"type": "object", "required": [name], "properties": {name: {"type": "string"}}}


def _operation(tag: str, summary: str, parameters: list[Object], answers: Object, body: Object | None = None) -> Object:
    made: Object = {"tags": [tag], "summary": summary, "parameters": parameters, "responses": copy.deepcopy(answers)}
    return made if body is None else made | {"requestBody": body}


_SOUND: Object = {
    "required": True,
    "content": {
        "audio/*": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object", "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"}, "title": {"type": "string"},
                    "creator": {"type": "string"},
                },
            }
        },
    },
}  # fmt: skip


def describe_interface(app: FastAPI, servers: list[str]) -> Object:
    """Return the OpenAPI document of an application.

    Parameters
    ----------
    app : FastAPI
    servers : list of str
        Where it is reached.
    """
    with warnings.catch_warnings():  # GET and HEAD of the protocols are one function; they are described below
        warnings.filterwarnings("ignore", "Duplicate Operation ID")
        told: Object = get_openapi(
            title="Acousma", version=app.version, routes=app.routes, summary="A knowledge graph of things heard.",
            description="Works, recordings, spans, claims and runs as JSON; SPARQL, graphs and annotations by their "
            "standards. Every IRI of the archive resolves to a page, Turtle or JSON-LD.",
            servers=[{"url": server} for server in servers], license_info={"name": "Apache-2.0"},
        )  # fmt: skip
    paths = told["paths"]
    for path, operations in _protocols().items():
        paths[path] = operations
    paths["/api/uploads"]["post"]["requestBody"] = _SOUND
    _answer_parameters(paths)
    components = told.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = {"token": _TOKEN}
    for path, operations in paths.items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _REFUSED
            operation["operationId"] = f"{method}_{path.strip('/').replace('/', '_')}"
            operation["security"] = [{"token": []}] if _writes(path, method) else [{}, {"token": []}]
    return told


def _writes(path: str, method: str) -> bool:
    return method in ("put", "delete") or (method == "post" and path != f"/{PATHS.query}")


def _answer_parameters(paths: Mapping[str, Object]) -> None:
    """Say what the answers of stored questions look like, and that their parameters are free."""
    free: Object = {
        "name": "parameters", "in": "query", "style": "form", "explode": True,
        "description": "Parameters of the question, as /api/queries/{name} lists them.",
        "schema": {"type": "object", "additionalProperties": {"type": "string"}},
        "example": {"concept": "attackDecay"},
    }  # fmt: skip
    for last in ("answer", "sparql"):
        operation = paths[f"/api/queries/{{name}}/{last}"]["get"]
        operation["parameters"].append(free)
        kinds = ("text/csv", *TABLE_TYPES) if last == "answer" else ("application/sparql-query",)
        content = _types(kinds)
        if last == "answer":
            content["application/json"] = {"schema": {"type": "array", "items": {"type": "object"}}}
        operation["responses"]["200"] = {"description": "The answer.", "content": content}
    for operations in paths.values():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["name"] == "name" and parameter["in"] == "path":
                parameter["example"] = "opens_with"


def openapi_routes(app: FastAPI, service: Service) -> APIRouter:
    """Make the routes at which the interface is described."""
    router = APIRouter()
    made: dict[str, Object] = {}

    @router.api_route("/api/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def openapi(request: Request) -> Response:
        root = service.address(request, "").rstrip("/")
        if root not in made:
            made.clear()
            made[root] = describe_interface(app, [root])
        return JSONResponse(made[root])

    @router.api_route("/api", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        lists = ("works", "recordings", "spans", "claims", "runs", "agents", "queries", "jobs")
        told = {name: service.address(request, f"api/{name}") for name in lists}
        return JSONResponse({**told, "openapi": service.address(request, "api/openapi.json")})

    return router
