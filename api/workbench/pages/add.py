"""The page *Add*."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.workbench.bench import Bench

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/add", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        return bench.page(request, "add.html", "add")

    return router
