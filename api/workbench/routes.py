"""All pages of the workbench, their files, and the session of a reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from api.jobs.queue import JobQueue
from api.protocol.problems import Problem
from api.protocol.service import Service
from api.workbench.bench import COOKIE, Bench
from api.workbench.pages import (
    add,
    archive,
    ask,
    claim,
    compare,
    hearing,
    models,
    recording,
    review,
    sequences,
    sounding,
)
from api.workbench.sounds.gallery import Gallery

__all__ = ["PAGES", "make_bench", "workbench_routes"]

PAGES = (archive, recording, hearing, sounding, claim, add, review, ask, compare, sequences, models)
"""The modules of pages; the first that fits an address answers."""


def make_bench(service: Service, queue: JobQueue | None) -> Bench:
    """Return what the pages of a server are made with."""
    gallery = None if queue is None else Gallery(queue.folder.archive / "pictures")
    return Bench(service, queue, gallery)


def workbench_routes(bench: Bench) -> APIRouter:
    """Make the routes of the workbench."""
    service = bench.service

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield
        if bench.gallery is not None:
            bench.gallery.close()

    router = APIRouter(prefix="/workbench", include_in_schema=False, lifespan=running)

    @router.api_route("", methods=["GET", "HEAD"])
    def _home(request: Request) -> Response:
        return RedirectResponse("workbench/", 307)

    @router.api_route("/static/{name}", methods=["GET", "HEAD"])
    def _file(request: Request, name: str) -> Response:
        return bench.file(request, name)

    @router.post("/session")
    def _begin(request: Request) -> Response:
        """Check a token, and let the browser read with it until it is closed."""
        token = service.access.reader(request)
        if token is None:
            raise Problem(401, "No token was sent. Expected: Authorization: Bearer TOKEN.")
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        answer.headers["X-Acousma-Person"] = token.person.encode("ascii", "xmlcharrefreplace").decode()
        answer.headers["X-Acousma-Role"] = token.role.value
        secret = request.headers["authorization"].partition(" ")[2].strip()
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, secret, path="/", httponly=True, samesite="strict", secure=secure)
        return answer

    @router.delete("/session")
    def _end(request: Request) -> Response:
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    for page in PAGES:
        router.include_router(page.routes(bench))
    return router
