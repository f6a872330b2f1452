"""The addresses below ``/iiif/``."""

from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from api.exports.annotations import path_after, recording_of
from api.exports.sending import exported
from api.iiif.changes import Changes, all_changes, page_of
from api.iiif.collections import archive_collection, composer_collection, entries, work_collection
from api.iiif.documents import address_of, answer, part_of, profile_of, served_manifest
from api.iiif.finding import complete, search
from api.iiif.media import Media
from api.iiif.reading import Materials
from api.iiif.states import content_state, decoded, encoded
from api.protocol.problems import Problem
from api.protocol.requests import negotiate
from api.protocol.service import Service
from export.formats import find_format
from export.iiif import CONTEXT
from export.material import Material
from export.options import Options
from export.webvtt import caption_parts, document

__all__ = ["iiif_routes"]

_METHODS = ["GET", "HEAD"]
_PLACES = {"search": "full", "canvas/search": "full", "plain/search": "plain"}
_COMPLETING = {"autocomplete": "search", "canvas/autocomplete": "canvas/search", "plain/autocomplete": "plain/search"}
_OTHERS = frozenset({"state", "works", "composers", "activity"})
_DISCOVERY = 'application/ld+json;profile="http://iiif.io/api/discovery/1/context.json"'
_SEARCHED = 'application/ld+json;profile="http://iiif.io/api/search/2/context.json"'


def iiif_routes(service: Service, materials: Materials) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/iiif", include_in_schema=False)
    recordings, archive = _Recordings(service, materials), _Archive(service, materials)
    media = Media(service, materials)

    def add(path: str, function: object) -> None:
        router.add_api_route(path, function, methods=_METHODS)  # type: ignore[arg-type]

    add("/collection.json", archive.collection)
    add("/works/{name}.json", archive.work)
    add("/composers/{name}.json", archive.composer)
    add("/activity/all-changes", archive.changes)
    add("/activity/page-{number:int}", archive.page)
    add("/open", archive.open_state)
    add("/state/{rest:path}", recordings.state)
    add("/{id_}/sound/{name}", media.sound)
    add("/{id_}/heard/{envelope}.mp3", media.heard)
    for kind in ("waveform", "sonogram", "sound", "said"):
        add(f"/{{id_}}/{kind}.png", _picture(media, kind))
    add("/{id_}/annotations.vtt", recordings.captions)
    add("/{id_}/annotations-{part:int}.vtt", recordings.captions)
    for suffix, name in ((".ttl", "turtle"), (".jsonld", "jsonld")):
        add(f"/{{id_}}/graph{suffix}", recordings.graph(name))
    add("/{id_}/compatibility", recordings.compatibility)
    add("/{id_}/{rest:path}", recordings.part)
    return router


def _picture(media: Media, kind: str) -> object:
    async def picture(request: Request, id_: str) -> Response:
        return await media.picture(request, id_, kind)

    return picture


class _Archive:
    """Documents about all recordings."""

    def __init__(self, service: Service, materials: Materials) -> None:
        self._service, self._materials = service, materials
        self._changes = Changes(service)

    def _root(self, request: Request) -> str:
        self._service.access.reader(request)
        return self._service.address(request, "iiif/")

    async def collection(self, request: Request) -> Response:
        """Answer the collection of the archive."""
        root = self._root(request)
        said = await self._materials.run(lambda: entries(self._service.own))
        return answer(request, archive_collection(root, said, self._service.name))

    async def work(self, request: Request, name: str) -> Response:
        """Answer the collection of a work."""
        root = self._root(request)
        said = await self._materials.run(lambda: entries(self._service.own))
        return answer(request, work_collection(root, said, name))

    async def composer(self, request: Request, name: str) -> Response:
        """Answer the collection of a composer."""
        root = self._root(request)
        said = await self._materials.run(lambda: entries(self._service.own))
        return answer(request, composer_collection(root, said, name))

    async def changes(self, request: Request) -> Response:
        """Answer the collection of all changes."""
        root = self._root(request)
        return answer(request, all_changes(root, await self._materials.run(self._changes.activities)), _DISCOVERY)

    async def page(self, request: Request, number: int) -> Response:
        """Answer a page of changes."""
        root = self._root(request)
        log = await self._materials.run(self._changes.activities)
        return answer(request, page_of(root, log, number), _DISCOVERY)

    async def open_state(self, request: Request) -> Response:
        """Lead from a content state to the page of what it is about."""
        self._service.access.reader(request)
        state = decoded(request.query_params.get("iiif-content", ""))
        root = self._service.address(request, "iiif/")
        found = _recording_in(state, root)
        if found is None:
            raise Problem(400, f"The content state names nothing below {root}. Expected: one of this archive.")
        return RedirectResponse(self._service.address(request, f"recording/{found}"), 303)


def _recording_in(state: object, root: str) -> str | None:
    """Return the id of the recording that a content state speaks of."""
    if isinstance(state, str):
        first, slash, _ = state.removeprefix(root).partition("/")
        return first if state.startswith(root) and slash and first not in _OTHERS else None
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list) else ()
    return next((found for part in parts if (found := _recording_in(part, root)) is not None), None)


class _Recordings:
    """Documents about one recording."""

    def __init__(self, service: Service, materials: Materials) -> None:
        self._service, self._materials = service, materials

    async def part(self, request: Request, id_: str, rest: str) -> Response:
        """Answer a manifest, any part that its ids name, or a search in it."""
        material = await self._materials.find(request, id_)
        root = address_of(self._service, request, material)
        if rest in _PLACES or rest in _COMPLETING:
            return await self._searched(request, material, rest)
        profile = profile_of(request)
        document, _ = served_manifest(self._service, request, material, profile)
        ending = "?profile=plain" if profile == "plain" else ""
        for address in (f"{root}/{rest}{ending}", f"{root}/{rest}"):
            if (found := part_of(document, address)) is not None:
                return answer(request, found)
        raise Problem(
            404, f"{rest[:80]!r} is no part of the manifest of this recording. Expected: manifest.json, or an id of it."
        )

    async def _searched(self, request: Request, material: Material, place: str) -> Response:
        root = address_of(self._service, request, material)
        profile = "plain" if place.startswith("plain/") else "full"
        document, _ = served_manifest(self._service, request, material, profile)  # type: ignore[arg-type]
        if place in _PLACES:
            return answer(request, search(request, document, f"{root}/{place}"), _SEARCHED)
        return answer(
            request, complete(request, document, f"{root}/{place}", f"{root}/{_COMPLETING[place]}"), _SEARCHED
        )

    async def captions(self, request: Request, id_: str, part: int = 0) -> Response:
        """Answer all annotations as WebVTT, or a part of them."""
        material = await self._materials.find(request, id_)

        def made() -> bytes:
            parts = caption_parts(material) if part else [list(material.annotations)]
            if part > len(parts):
                raise Problem(404, f"There are {len(parts)} parts of these captions, and no part {part}.")
            return document(material, parts[max(part, 1) - 1], Options().language)

        body = await self._materials.run(made)
        return Response(body, headers={"Content-Type": "text/vtt; charset=utf-8", "Cache-Control": "no-cache"})

    def graph(self, format_: str) -> object:
        """Return what answers all statements about a recording in a format."""

        async def graph(request: Request, id_: str) -> Response:
            material = await self._materials.find(request, id_)
            return await exported(self._service, request, material, find_format(format_))

        return graph

    async def compatibility(self, request: Request, id_: str) -> Response:
        """Answer what each viewer does not show of a manifest."""
        material = await self._materials.find(request, id_)
        document, notes = served_manifest(self._service, request, material, profile_of(request))
        if negotiate(request, ("application/json", "text/plain"), {}) == "text/plain":
            return PlainTextResponse("".join(f"{note}\n" for note in notes), headers={"Vary": "Accept"})
        clients = [{"client": note.partition(": ")[0], "said": note.partition(": ")[2]} for note in notes]
        return answer(request, {"manifest": document["id"], "notes": clients}, "application/json")

    async def state(self, request: Request, rest: str) -> Response:
        """Answer the content state of an annotation: ``.json`` the document, ``.txt`` as it stands in addresses."""
        path, dot, suffix = path_after(request, "/iiif/state/").rpartition(".")
        if dot == "" or suffix not in ("json", "txt"):
            raise Problem(404, "Expected: /iiif/state/, the path of an annotation, and .json or .txt.")
        iri = f"{self._service.base}{path}"
        self._service.access.reader(request)
        material = await self._materials.run(lambda: self._materials.read(recording_of(self._service.own, iri)))
        document, _ = served_manifest(self._service, request, material)
        item = part_of(document, iri)
        if item is None:
            raise Problem(404, f"{unquote(path)[:120]} is no annotation with a place in a manifest.")
        address = self._service.address(request, f"iiif/state/{path}.json")
        state = content_state(document, item, address)
        if suffix == "txt":
            return PlainTextResponse(encoded(state))
        return answer(request, state, f'application/ld+json;profile="{CONTEXT}"')
