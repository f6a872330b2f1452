"""Stored questions by name: what they ask, their SPARQL, and their answers as JSON or CSV."""

from collections.abc import Iterable

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.listing import as_json
from api.protocol.answers import AnswerResponse
from api.protocol.description import write_graph
from api.protocol.problems import Problem
from api.protocol.requests import negotiate
from api.protocol.service import Service
from api.rest.asking import ask
from api.rest.models import Items, Parameter, Question
from api.rest.planning import planned
from api.rest.routes import read
from queries import find, load_queries
from queries.executables import executables
from queries.questions import StoredQuery

__all__ = ["arguments_of", "question_routes"]

_JSON, _CSV = "application/json", "text/csv"
_TABLES = ("text/tab-separated-values", "application/sparql-results+json", "application/sparql-results+xml")
_SPARQL = "application/sparql-query"


def question_routes(service: Service) -> APIRouter:
    """Make the routes of stored questions."""
    router = APIRouter(prefix="/api/queries", tags=["Questions"])

    def allowed(request: Request) -> None:
        service.access.reader(request)

    reading = {"dependencies": [Depends(allowed)]}

    def view(request: Request, query: StoredQuery) -> Question:
        url = service.address(request, f"api/queries/{query.name}")
        return Question(
            name=query.name, url=url, answer=f"{url}/answer", summary=query.summary, description=query.description,
            tags=list(query.tags),
            parameters=[
                Parameter(
                    name=one.name, type=one.type, description=one.description, default=one.default,
                    required=one.required, choices=list(one.choices),
                )
                for one in query.parameters
            ],
            columns={
                one.name: one.description + (f" ({one.unit})" if one.unit else "") for one in query.columns
            },
        )  # fmt: skip

    def in_rdf(request: Request, names: tuple[str, ...]) -> Response | None:
        """Return the questions as RDF if that is what the client likes best."""
        kinds = (_JSON, "text/turtle", "application/ld+json", "application/n-triples")
        if negotiate(request, kinds, {"application/x-turtle": "text/turtle"}) == _JSON:
            return None
        return write_graph(request, list(executables(service.minter.question(""), names)))

    @read(router, "", response_model=Items[Question], **reading)
    async def queries(request: Request) -> Items[Question] | Response:
        """List the stored questions: as JSON, or in RDF as sh:SPARQLExecutable."""
        return in_rdf(request, ()) or Items(
            items=[view(request, query) for query in load_queries().values()], next=None
        )

    @read(router, "/{name}", response_model=Question, **reading)
    async def query(request: Request, name: str) -> Question | Response:
        """Tell what a stored question asks, its parameters and its columns; in RDF as sh:SPARQLExecutable."""
        found = find(name)
        return in_rdf(request, (name,)) or view(request, found)

    @read(router, "/{name}/sparql", response_class=Response, **reading)
    async def text(request: Request, name: str) -> Response:
        """Give the SPARQL of a stored question, with the parameters of the address in it."""
        asked = await planned(service, request, name, arguments_of(request))
        return Response(asked.text, media_type=f"{_SPARQL}; charset=utf-8")

    @read(router, "/{name}/answer", response_class=Response, **reading)
    async def answer(request: Request, name: str) -> Response:
        """Answer a stored question; its parameters stand in the address."""
        asked = await planned(service, request, name, arguments_of(request))
        media_type = negotiate(request, (_JSON, _CSV, *_TABLES), {})
        if media_type == _JSON:
            table = await ask(service, request, asked)
            return Response(as_json(table), media_type=_JSON, headers={"Vary": "Accept"})
        request.scope.setdefault("state", {})["query"] = asked.text
        rows = await service.queries.answer(request, asked, media_type)
        return AnswerResponse(rows, media_type, service.queries.reading)

    return router


def arguments_of(request: Request) -> dict[str, str]:
    """Return the parameters of the address.

    Raises
    ------
    Problem
        400, if one is given twice.
    """
    pairs: Iterable[tuple[str, str]] = request.query_params.multi_items()
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise Problem(400, f"The parameter {name[:80]!r} was given twice. Expected: each parameter once.")
        found[name] = value
    return found
