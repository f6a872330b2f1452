"""What a client is told when a request is not answered (RFC 9457, Problem Details for HTTP APIs).

Conventions
-----------
A browser that asks for a page gets one. Else every error is ``application/problem+json`` with ``title``, ``status`` and
``detail``, which says what was found, what was expected and what to do. No body holds a path, a stack or a name of this
machine.
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ontology.errors import (
    AcousmaError,
    InputError,
    QueryBusy,
    QueryLost,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreError,
    StoreLocked,
    UnknownName,
    ValidationError,
)

__all__ = ["STATUS", "Problem", "problem", "problem_of", "request_id", "status_of", "tell_problems"]

STATUS: dict[type[AcousmaError], int] = {
    QuerySyntaxError: 400,
    QueryRefused: 400,
    QueryBusy: 503,
    QueryTimeout: 504,
    QueryTooLarge: 413,
    QueryLost: 500,
    UnknownName: 404,
    ValidationError: 400,
    InputError: 400,
    StoreLocked: 503,
    StoreError: 503,
    AcousmaError: 500,
}
"""The HTTP status of each kind of error; the nearest kind in the tree counts."""

_RETRY = {503: "2", 429: "1"}


class Problem(Exception):
    """A request that is answered by a status and a sentence.

    Parameters
    ----------
    status : int
        HTTP status, 400 or more.
    detail : str
        What was found, what was expected, what to do.
    headers : Mapping of str to str, optional
        Further headers.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


def status_of(error: AcousmaError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, request: str = "") -> Response:
    """Return the answer that tells a problem.

    Parameters
    ----------
    status : int
    detail : str
    headers : Mapping of str to str, optional
        Further headers.
    request : str
        The id of the request, for whoever looks it up in the log.
    """
    told: dict[str, object] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
    }  # fmt: skip
    if request:
        told["request"] = request
    kept = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if status in _RETRY:
        kept.setdefault("Retry-After", _RETRY[status])
    body = json.dumps(told, ensure_ascii=False).encode("utf-8", errors="replace")
    return Response(body, status, headers=kept, media_type="application/problem+json")


def request_id(request: Request) -> str:
    """Return the id that the middleware gave a request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def problem_of(request: Request, error: AcousmaError | Problem) -> Response:
    """Return the answer that tells of an error."""
    if isinstance(error, Problem):
        return _told(request, error.status, error.detail, error.headers)
    return _told(request, status_of(error), str(error))


def _told(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a page or as a document, whichever the request likes better."""
    id_ = request_id(request)
    answer = problem(status, detail, headers, id_)
    if _likes_pages(request):
        page: Response = request.app.state.problem_page(request, status, detail)
        for name, value in page.headers.items():
            answer.headers[name] = value
        answer.body = page.body
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _likes_pages(request: Request) -> bool:
    """Tell whether a request names HTML before all kinds of data, as browsers do."""
    accept = parse_accept_header(request.headers.get("accept", ""), MIMEAccept)
    named = [value.partition(";")[0].strip() for value, _ in accept]
    best = accept.best_match(["application/problem+json", "application/json", "text/html"])
    return "text/html" in named and best == "text/html"


def tell_problems(app: FastAPI, page: Callable[[Request, int, str], Response]) -> None:
    """Let an application answer every error as a problem.

    Parameters
    ----------
    app : FastAPI
    page : callable
        Makes the page that tells people of a problem, from its status and what is said of it.
    """
    app.state.problem_page = page

    @app.exception_handler(AcousmaError)
    @app.exception_handler(Problem)
    async def _error(request: Request, error: AcousmaError | Problem) -> Response:
        return problem_of(request, error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.NOT_FOUND:
            detail = f"{request.url.path} is not here. Expected: one of the addresses that / lists."
        else:
            detail = f"{request.method} {request.url.path}: {error.detail}."
        return _told(request, error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return _told(request, 400, f"{faults}.")

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, _: Exception) -> Response:
        detail = "The server met something it was not made for. To do: report it with the id of this request."
        return _told(request, 500, detail)
