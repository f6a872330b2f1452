"""The addresses below ``/export``.

Conventions
-----------
``/export/{recording}/{format}`` is a file; ``?notes=1`` says what it cannot hold, ``?language=fr`` asks for French
labels. ``/export/{recording}`` gives the format whose media type the client likes best, and lists all to who asks for
JSON or HTML.
"""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from api.exports.sending import attachment, exported, noted
from api.iiif.documents import answer
from api.iiif.reading import Materials
from api.protocol.requests import negotiate
from api.protocol.service import Service
from export.formats import FORMATS, find_format
from export.material import Material
from export.parallels import write_parallels
from export.reading import recordings_of
from export.words import stem

__all__ = ["export_routes"]

_METHODS = ["GET", "HEAD"]
_LIST = "application/json"
_BY_TYPE = {
    one.media_type: one
    for one in reversed(FORMATS.values())
    if one.media_type not in (_LIST, "application/xml", "application/ld+json")
} | {
    "application/ld+json": FORMATS["jsonld"], "application/vnd.jams+json": FORMATS["jams"],
    "application/n-quads": FORMATS["nquads"],
}  # fmt: skip
_ALIASES = {"text/html": _LIST, "application/xml": "application/mei+xml", "application/x-turtle": "text/turtle"}


def export_routes(service: Service, materials: Materials) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/export", include_in_schema=False)

    async def formats(request: Request) -> Response:
        service.access.reader(request)
        return answer(request, {"formats": [_described(one.name) for one in FORMATS.values()]}, _LIST)

    async def recording(request: Request, id_: str) -> Response:
        material = await materials.find(request, id_)
        wanted = negotiate(request, (_LIST, *_BY_TYPE), _ALIASES)
        if wanted != _LIST:
            return await exported(service, request, material, _BY_TYPE[wanted])
        return answer(request, _listed(service, request, material), _LIST)

    async def file(request: Request, id_: str, format_: str) -> Response:
        material, wanted = await materials.find(request, id_), find_format(format_)
        if "notes" not in request.query_params:
            return await exported(service, request, material, wanted)
        notes = await materials.run(lambda: noted(service, request, material, wanted))
        return PlainTextResponse("".join(f"{note}\n" for note in notes))

    async def parallels(request: Request, work: str) -> Response:
        service.access.reader(request)
        notes: list[str] = []

        def made() -> tuple[str, bytes]:
            read = [materials.read(iri) for iri in recordings_of(service.own, work)]
            return stem(read[0]), b"".join(write_parallels(read, service.base, notes))

        name, body = await materials.run(made)
        if "notes" in request.query_params:
            return PlainTextResponse("".join(f"{note}\n" for note in notes))
        headers = {"Content-Type": "text/turtle; charset=utf-8", **attachment(f"{name}-parallels.ttl")}
        return Response(body, headers=headers)

    router.add_api_route("/works/{work}/parallels", parallels, methods=_METHODS)
    for path, function in (("", formats), ("/{id_}", recording), ("/{id_}/{format_}", file)):
        router.add_api_route(path, function, methods=_METHODS)
    return router


def _described(name: str) -> dict[str, Any]:
    one = FORMATS[name]
    return {"name": one.name, "title": one.title, "media_type": one.media_type, "suffix": one.suffix}


def _listed(service: Service, request: Request, material: Material) -> dict[str, Any]:
    """Return the files there are of a recording."""
    root = service.address(request, f"export/{quote(material.id)}")
    return {
        "recording": material.recording,
        "title": material.work.title,
        "files": [
            {**_described(name), "url": f"{root}/{name}", "file": stem(material) + one.suffix}
            for name, one in FORMATS.items()
        ],
    }
