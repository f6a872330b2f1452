"""One export as an answer: sent as it is made, whole or visibly cut."""

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import anyio.to_thread
from fastapi import Request
from fastapi.responses import Response

from api.iiif.documents import manifest_options, names_of, profile_of, sound_of
from api.protocol.answers import AnswerResponse
from api.protocol.problems import Problem
from api.protocol.service import Service
from export.dump import stored_quads
from export.material import Material
from export.nanopub import nanopublication
from export.options import Format, Options
from export.words import stem

__all__ = ["Pieces", "attachment", "exported", "language_of", "noted", "options_for"]

_LONGEST_TAG = 35


class Pieces(Iterator[bytes]):
    """The bytes of an export, of which the first are there.

    Parameters
    ----------
    pieces : iterator of bytes
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._first: bytes | None = next(pieces, b"")

    def __next__(self) -> bytes:
        """Return the next bytes."""
        first, self._first = self._first, None
        if first:
            return first
        return next(piece for piece in self._pieces if piece)

    def close(self) -> None:
        """Give up the rest."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def language_of(request: Request) -> str:
    """Return the language of labels that is asked for.

    Raises
    ------
    Problem
        400, if it can be none.
    """
    wanted = request.query_params.get("language", "en")
    if not (wanted.replace("-", "").isalnum() and wanted.isascii() and len(wanted) <= _LONGEST_TAG):
        raise Problem(400, f"{wanted[:40]!r} is no language tag. Expected: one such as en, fr or de.")
    return wanted


def options_for(service: Service, request: Request, material: Material) -> Options:
    """Return how a recording is exported here: with the address of its sound where that is open."""
    sound, audio = sound_of(service, material), None
    base = service.address(request, "")
    if sound.state == "open":
        audio = f"{base}iiif/{quote(material.id)}/sound/{quote(names_of(sound).access)}"
    return Options(
        base, audio, language_of(request), quads=lambda: stored_quads(service.own, material.recording),
        nanopub=lambda iri: nanopublication(service.own, iri, service.minter),
    )  # fmt: skip


def _pieces(
    service: Service, request: Request, material: Material, format_: Format, notes: list[str]
) -> Iterator[bytes]:
    options = options_for(service, request, material)
    if format_.name == "iiif":
        options = replace(manifest_options(service, request, material, profile_of(request)), language=options.language)
    return format_.write(material, options, notes)


async def exported(service: Service, request: Request, material: Material, format_: Format) -> Response:
    """Answer an export, sent as it is made.

    Parameters
    ----------
    service : Service
    request : Request
    material : Material
    format_ : Format
    """
    pieces = _pieces(service, request, material, format_, [])
    limiter = service.queries.reading
    answer = await anyio.to_thread.run_sync(Pieces, pieces, limiter=limiter)
    here = request.url.remove_query_params("notes")
    headers = {
        **attachment(stem(material) + format_.suffix),
        "Link": f'<{here.include_query_params(notes="1")}>; rel="describedby"; type="text/plain"',
        "Cache-Control": "no-cache",
    }
    return AnswerResponse(answer, format_.media_type, limiter, headers)


def noted(service: Service, request: Request, material: Material, format_: Format) -> list[str]:
    """Return what an export cannot hold, and what could not be exported."""
    notes: list[str] = []
    for _ in _pieces(service, request, material, format_, notes):
        pass
    return [*notes, *(f"{one.iri} was left out: {one.reason}" for one in material.left)]


def attachment(name: str) -> dict[str, str]:
    r"""Return the header that names a file, in letters of every script (RFC 6266).

    Examples
    --------
    >>> attachment("Étude.mei")
    {'Content-Disposition': 'attachment; filename="Etude.mei"; filename*=UTF-8\'\'%C3%89tude.mei'}
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().replace('"', "")
    stem_, dot, suffix = plain.rpartition(".")
    fallback = f"{stem_ or 'export'}{dot}{suffix}"
    return {"Content-Disposition": f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name)}"}
