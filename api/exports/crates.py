"""``/export/questions/{name}.zip``: a question with its answer and data, packed; its arguments stand in the address."""

import tempfile
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from api.crates import Asked, packed, write_crate
from api.exports.sending import attachment
from api.protocol.service import Service
from api.rest.questions import arguments_of

__all__ = ["crate_routes"]

_AT_ONCE = 2


def crate_routes(service: Service) -> APIRouter:
    """Make the route."""
    router = APIRouter(include_in_schema=False)
    limiter = CapacityLimiter(_AT_ONCE)

    async def crate(request: Request, name: str) -> Response:
        service.access.reader(request)
        asked = Asked(name, arguments_of(request))
        place = tempfile.TemporaryDirectory(prefix="acousma-crate-")
        try:
            target = await anyio.to_thread.run_sync(_made, service, asked, Path(place.name), limiter=limiter)
        except BaseException:
            place.cleanup()
            raise
        return FileResponse(
            target, media_type="application/zip", headers=attachment(f"{name}.zip"),
            background=BackgroundTask(place.cleanup),
        )  # fmt: skip

    router.add_api_route("/export/questions/{name}.zip", crate, methods=["GET"])
    return router


def _made(service: Service, asked: Asked, place: Path) -> Path:
    folder, target = place / "crate", place / "crate.zip"
    folder.mkdir()
    write_crate(service.store, asked, service.base, folder)
    packed(folder, target)
    return target
