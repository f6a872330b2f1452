"""The page *Review*: a queue of claims, what a reviewer says of each, and how far reviewers agree."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.protocol.problems import Problem, status_of
from api.workbench import agreeing, drafts, reviewing
from api.workbench.answers import durations_of
from api.workbench.bench import Bench, depth_of
from api.workbench.drafts import Reviewer
from api.workbench.sounds.rights import Right, sound_of
from ontology.errors import AcousmaError, UnknownName
from ontology.vocabulary import load_vocabulary
from queries import find

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_PER_PAGE = 20
_OWN = ("queue", "row", "again", "name")
"""Parameters of the page; all others are those of the question."""


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/review", methods=_METHODS)
    async def _queue(request: Request) -> Response:
        return await _page(bench, request)

    @router.api_route("/review-card", methods=_METHODS)
    async def _card(request: Request) -> Response:
        return await _one(bench, request)

    @router.api_route("/review/agreement", methods=_METHODS)
    async def _agreement(request: Request) -> Response:
        bench.reader(request)
        found = await agreeing.read_verdicts(bench.service, request)
        return bench.page(
            request, "agreement.html", "review", accepted=agreeing.accepted(found), pairs=agreeing.pairs(found),
            measured=agreeing.with_measurement(found), is_top=False,
        )  # fmt: skip

    @router.api_route("/review/draft/{kind}", methods=_METHODS)
    async def _draft(request: Request, kind: str) -> Response:
        reviewer, given = _reviewer(bench, request), dict(request.query_params)
        service = bench.service
        match kind:
            case "verdict":
                said = (given.get("verdict", ""), given.get("reason", ""))
                found = [await drafts.verdict_draft(service, request, reviewer, given.get("claim", ""), said)]
            case "comment":
                target = await drafts.target_of(service, request, given.get("claim", ""))
                found = [drafts.comment_draft(reviewer, target.claim, given.get("text", ""))]
            case "claim":
                found = [await drafts.claim_draft(service, request, reviewer, given)]
            case "correction":
                found = await drafts.correction_drafts(service, request, reviewer, given)
            case "withdrawal":
                found = [drafts.withdrawal_draft(reviewer, given.get("annotation", ""))]
            case _:
                raise Problem(
                    404,
                    f"There is no draft {kind[:80]!r}. Expected: verdict, comment, claim, correction or withdrawal.",
                )
        return JSONResponse({"documents": found}, headers={"Cache-Control": "no-store"})

    return router


def _reviewer(bench: Bench, request: Request) -> Reviewer:
    """Return who reviews: the person of the token, or of the name that was typed where no token is needed."""
    token = bench.reader(request)
    name = token.person if token is not None else request.query_params.get("name", "")
    return Reviewer.of(bench.service, name, has_token=token is not None)


async def _page(bench: Bench, request: Request) -> Response:
    reviewer = _reviewer(bench, request)
    given = dict(request.query_params)
    name = given.get("queue", reviewing.DOUBTFUL)
    arguments = {key: value for key, value in given.items() if key not in _OWN}
    row = given.get("row", "0")
    first = int(row) if row.isascii() and row.isdigit() and len(row) < 8 else 0
    mine = "" if given.get("again") == "1" else reviewer.iri or "anybody"
    status, fault = 200, ""
    queue = reviewing.Queue((), 0, 0, 0)
    try:
        queue = await reviewing.read_queue(bench.service, request, name, arguments, (first, _PER_PAGE, mine))
    except AcousmaError as error:
        status, fault = status_of(error), str(error)
    offered = reviewing.queue_names()
    question = find(name) if name != reviewing.DOUBTFUL and status != 404 else None
    answer = bench.page(
        request, "review.html", "review", queue=queue, chosen=name, offered=offered, question=question,
        per_page=_PER_PAGE,
        summaries={one: find(one).summary for one in offered if one != reviewing.DOUBTFUL}, arguments=arguments,
        again=given.get("again") == "1", fault=fault, address=bench.path,
        request_query=lambda number: urlencode({**given, "row": str(number)}),
    )  # fmt: skip
    answer.status_code = status
    return answer


async def _one(bench: Bench, request: Request) -> Response:
    reviewer, service = _reviewer(bench, request), bench.service
    target = await drafts.target_of(service, request, request.query_params.get("claim", ""))
    entry = await reviewing.entry_of(service, request, target.claim)
    if entry is None:
        raise UnknownName("nobody is named as the maker of this claim", "a claim with its maker")
    length = (await durations_of(service, request, [entry.recording])).get(entry.recording, entry.end)
    t = bench.text(request)
    here = "../" * depth_of(request.scope) + "workbench/"
    place = (here, t("review.this"), t("review.around"))
    picture, since, until = await reviewing.around(service, request, target, length, place)
    known = load_vocabulary().concepts.get(target.concept)
    return bench.page(
        request, "review_card.html", "review", entry=entry, picture=picture, since=since, until=until, length=length,
        audible=(await sound_of(bench, request, entry.recording)).right is not Right.ABSENT,
        evidence=await reviewing.evidence_of(service, request, target.claim), known=known, me=reviewer.iri,
        statements=await reviewing.statements_about(service, request, target.claim), address=bench.path,
    )  # fmt: skip
