"""The page *Add*: sound files sent to the archive, and what becomes of them."""

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.jobs.states import Job
from api.workbench.bench import Bench
from ingest.decode import EXTENSIONS

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_SHOWN = 50
"""Jobs that are listed, the newest first."""


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/add", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        queue = bench.queue
        jobs: list[Job] = []
        if queue is not None:
            jobs = list(reversed(await anyio.to_thread.run_sync(queue.folder.all)))[:_SHOWN]
        return bench.page(
            request, "add.html", "add", jobs=jobs, way=bench.path, kinds=sorted(EXTENSIONS),
            most=queue.most_bytes if queue is not None else 0,
            describers=list(queue.describers) if queue is not None else [], words=bench.words(request, "add"),
        )  # fmt: skip

    return router
