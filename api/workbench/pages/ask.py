"""The page *Ask*: stored questions as forms in plain words, and their answers as table and pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.listing import as_json
from api.protocol.answers import AnswerResponse
from api.protocol.problems import status_of
from api.published.routes import conditional
from api.rest.asking import ask
from api.rest.planning import has_vectors, planned
from api.workbench.answers import Passage, Row, passages_of, rows_of
from api.workbench.asked import (
    Drawn,
    Field,
    address,
    concept_list,
    draw,
    fields_of,
    given,
    groups,
    suggestions,
    views_of,
)
from api.workbench.bench import Bench, depth_of
from api.workbench.sounds.rights import Right, sounds_of
from ontology.errors import AcousmaError, UnknownName
from queries import StoredQuery, find, plan, row_limit

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_PER_PAGE = 100
_SIDES = ("first_", "second_", "other_")
_NAMED = ("title", "label", "creator", "agent", "start", "end", "confidence", "verdict")
"""Columns whose names are texts of the workbench; other names are words already."""


@dataclass
class _Answer:
    """What is shown of an answer."""

    text: str = ""
    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    total: int = 0
    first: int = 0
    limit: int | None = None
    passages: list[Passage] = field(default_factory=list)
    views: list[str] = field(default_factory=lambda: ["table"])
    drawn: list[Drawn] = field(default_factory=list)
    audible: frozenset[str] = frozenset()
    fault: str = ""
    status: int = 200
    deaf: bool = False


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/ask", methods=_METHODS)
    async def _questions(request: Request) -> Response:
        bench.reader(request)
        return bench.page(request, "ask.html", "ask", groups=groups())

    @router.api_route("/concepts.json", methods=_METHODS)
    async def _concepts(request: Request) -> Response:
        told = json.dumps(concept_list(), ensure_ascii=False, separators=(",", ":"))
        return conditional(
            request, told.encode(), {"Content-Type": "application/json", "Cache-Control": "max-age=3600"}
        )

    @router.api_route("/ask/{name}.csv", methods=_METHODS)
    async def _csv(request: Request, name: str) -> Response:
        bench.reader(request)
        query = find(name)
        asked = await planned(bench.service, request, name, given(query, request))
        answer = await bench.service.queries.answer(request, asked, "text/csv")
        headers = {"Content-Disposition": f'attachment; filename="{query.name}.csv"'}
        return AnswerResponse(answer, "text/csv", bench.service.queries.reading, headers)

    @router.api_route("/ask/{name}.json", methods=_METHODS)
    async def _json(request: Request, name: str) -> Response:
        bench.reader(request)
        query = find(name)
        asked = await planned(bench.service, request, name, given(query, request))
        table = await ask(bench.service, request, asked)
        headers = {"Content-Disposition": f'attachment; filename="{query.name}.json"'}
        return Response(as_json(table), media_type="application/json", headers=headers)

    @router.api_route("/ask/{name}", methods=_METHODS)
    async def _question(request: Request, name: str) -> Response:
        bench.reader(request)
        try:
            query = find(name)
        except UnknownName as error:
            answer = bench.page(request, "ask.html", "ask", groups=groups(), fault=str(error))
            answer.status_code = 404
            return answer
        values = given(query, request)
        view = request.query_params.get("view", "table")
        here = "../" * depth_of(request.scope) + "workbench/"
        found = await _answered(bench, request, query, values, (view, here))
        fields = fields_of(query, values, await suggestions(bench.service, request, query))
        return _page(bench, request, (query, values, fields), found)

    return router


async def _answered(
    bench: Bench, request: Request, query: StoredQuery, values: Mapping[str, str], how: tuple[str, str]
) -> _Answer:
    """Ask a question, and tell in words why if it is not answered."""
    found = _Answer()
    missing = [one for one in query.parameters if one.required and one.name not in values]
    if missing and not request.query_params.keys() & {one.name for one in query.parameters}:
        found.fault, found.status = "missing", 200
        return found
    view, here = how
    try:
        found.deaf = bool(query.vectors) and not has_vectors(bench.service)
        asked = plan(query.name, values) if found.deaf else await planned(bench.service, request, query.name, values)
        found.text = asked.text
        found.limit = row_limit(query, values)
        table = await ask(bench.service, request, asked)
        found.passages = await passages_of(bench.service, request, query, table)
        found.audible = await _audible(bench, request, found.passages)
        found.columns, rows = rows_of(query, table, found.passages)
        found.total = len(rows)
        found.first = _first(request, found.total)
        found.rows = rows[found.first : found.first + _PER_PAGE]
        found.views = views_of(found.passages)
        if view in found.views and view != "table":
            found.drawn = await draw(bench.service, request, view, found.passages, (here, found.audible))
    except AcousmaError as error:
        found.fault, found.status = str(error), status_of(error)
    return found


async def _audible(bench: Bench, request: Request, passages: list[Passage]) -> frozenset[str]:
    """Return the recordings of passages whose sound is kept here; who may hear it is told when it is played."""
    sounds = await sounds_of(bench, request, sorted({passage.recording for passage in passages}))
    return frozenset(recording for recording, sound in sounds.items() if sound.right is not Right.ABSENT)


def _first(request: Request, total: int) -> int:
    """Return the number of the first row of the page that is asked for."""
    text = request.query_params.get("row", "0")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    return min(number // _PER_PAGE * _PER_PAGE, max(total - 1, 0) // _PER_PAGE * _PER_PAGE)


def _page(
    bench: Bench, request: Request, asked_for: tuple[StoredQuery, Mapping[str, str], list[Field]], found: _Answer
) -> Response:
    query, values, fields = asked_for
    view = request.query_params.get("view", "table")
    asked = address(query, values)
    url = f"{bench.service.address(request, f'api/queries/{query.name}/answer')}{'?' if asked else ''}{asked}"
    columns = {column.name: column for column in query.columns}
    t = bench.text(request)
    numeric = {place for row in found.rows[:1] for place, cell in enumerate(row.cells) if cell.numeric}

    def heading(name: str) -> str:
        side, _, rest = name.partition("_") if name.startswith(_SIDES) else ("", "", name)
        known = t(f"ask.col_{rest}") if rest in _NAMED else rest.replace("_", " ")
        return f"{known} {t(f'ask.side_{side}')}" if side else known

    answer = bench.page(
        request, "question.html", "ask", query=query, values=values, answer=found, asked=asked, url=url,
        view=view if view in found.views else "table", columns=columns, per_page=_PER_PAGE, is_top=False,
        fields=fields, heading=heading, numeric=numeric, address=bench.path, sparql=quote(found.text, safe=""),
    )  # fmt: skip
    answer.status_code = found.status
    return answer
