"""The sound of recordings: to hear, and as pictures in tiles."""

from pathlib import Path
from typing import Annotated

import anyio.to_thread
import soundfile
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from api.places import find_sound
from api.protocol.problems import Problem
from api.workbench.bench import SAFE, Bench
from api.workbench.sounds import sight
from api.workbench.sounds.gallery import Gallery
from api.workbench.sounds.rights import Right, file_of, sound_of
from ontology.envelopes import load_envelopes

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]
_PLAYED = {".flac": "audio/flac", ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg"}
"""What browsers play; other formats are sent as FLAC."""

_KEPT = {"Cache-Control": "private, max-age=86400"}
_LONGEST_AS_HEARD = 60.0
"""Seconds of sound that a model's front end is imitated on at once."""

_Scale = Annotated[int, Query(ge=sight.SCALES.start, le=sight.SCALES.stop - 1)]
_Number = Annotated[int, Query(ge=0, le=100_000_000)]
_Seconds = Annotated[float, Query(ge=0, le=1_000_000_000, allow_inf_nan=False)]


def _as_flac(path: str, target: str) -> None:
    """Write a sound as FLAC, block by block."""
    with soundfile.SoundFile(path) as sound:
        subtype = "PCM_16" if sound.subtype in ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW") else "PCM_24"
        channels = min(sound.channels, 8)
        with soundfile.SoundFile(target, "w", sound.samplerate, channels, subtype, format="FLAC") as out:
            for block in sound.blocks(1 << 18, always_2d=True):
                out.write(block[:, :channels])


def _as_heard(path: str, target: str, envelope: str, times: tuple[float, float]) -> None:
    """Write what a model's front end leaves of a stretch, as WAV."""
    from ingest.rendition import rendered, write_sound
    from ingest.resynthesis import front_end_of_envelope

    front = front_end_of_envelope(load_envelopes().envelopes[envelope])
    sounding = Path(target).with_suffix(".wav")
    write_sound(rendered(Path(path), front, times), sounding)
    if sounding != Path(target):
        sounding.replace(target)


def _gallery(bench: Bench) -> Gallery:
    if bench.gallery is None:
        raise Problem(404, "No sound is kept here.")
    return bench.gallery


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/audio/{rest:path}", methods=_METHODS)
    async def _audio(request: Request) -> Response:
        path = await file_of(bench, request, bench.iri(request.scope, "/workbench/audio/"))
        kind = _PLAYED.get(path.suffix.lower())
        if kind is None:
            gallery, source = _gallery(bench), str(path)
            stat = path.stat()
            name = f"{path}-{stat.st_size}-{stat.st_mtime_ns}.flac"
            path = await gallery.file(name, lambda draft: gallery.run(_as_flac, source, str(draft)))
            kind = "audio/flac"
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})

    @router.api_route("/tile/{rest:path}", methods=_METHODS)
    async def _tile(
        request: Request, s: _Scale, n: _Number, y: Annotated[str, Query(pattern="^(log|mel|linear)$")] = "log"
    ) -> Response:
        iri = bench.iri(request.scope, "/workbench/tile/")
        path = await file_of(bench, request, iri)
        sound = await sound_of(bench, request, iri)
        body = await _gallery(bench).tile(path, sound.sums[0], (max(s, 0), n, y))
        return Response(body, media_type="image/webp", headers=_KEPT)

    @router.api_route("/peaks/{rest:path}", methods=_METHODS)
    async def _peaks(request: Request, s: _Scale, n: _Number) -> Response:
        iri = bench.iri(request.scope, "/workbench/peaks/")
        path = await file_of(bench, request, iri)
        sound = await sound_of(bench, request, iri)
        body, exact = await _gallery(bench).peaks(path, sound.sums[0], s, n)
        headers = _KEPT if exact else {"Cache-Control": "no-store", "X-Acousma-Estimate": "yes"}
        return Response(body, media_type="application/octet-stream", headers=headers)

    @router.api_route("/heard/{rest:path}", methods=_METHODS)
    async def _heard(
        request: Request, model: Annotated[str, Query(max_length=100)], start: _Seconds, end: _Seconds
    ) -> Response:
        path = await file_of(bench, request, bench.iri(request.scope, "/workbench/heard/"))
        if model not in load_envelopes().envelopes:
            raise Problem(
                404, f"No listening model is called {model[:80]!r} here. Expected: an id of /workbench/models."
            )
        if not 0.05 <= end - start <= _LONGEST_AS_HEARD:
            raise Problem(
                400,
                f"{end - start:g} s were asked for. Expected: 0.05 to {_LONGEST_AS_HEARD:g} s of it.",
            )
        gallery, stat = _gallery(bench), path.stat()
        name = f"{path}-{stat.st_size}-{stat.st_mtime_ns}-{model}-{start}-{end}.wav"
        made = await gallery.file(
            name, lambda draft: gallery.run(_as_heard, str(path), str(draft), model, (start, end))
        )
        return FileResponse(made, media_type="audio/wav", headers=_KEPT)

    @router.api_route("/form/{rest:path}", methods=_METHODS)
    async def _form(request: Request) -> Response:
        """Draw the form of a recording: its level, coloured by brightness; a line where the sound is not here."""
        iri = bench.iri(request.scope, "/workbench/form/").removesuffix(".svg")
        sound = await sound_of(bench, request, iri)
        columns: list[tuple[float, float]] = []
        if sound.right is not Right.ABSENT and bench.folder is not None and bench.gallery is not None:
            folder, sums = bench.folder, sound.sums
            path = await anyio.to_thread.run_sync(lambda: find_sound(folder, sums))
            columns = [] if path is None else await bench.gallery.form(path, sound.sums[0])
        headers = {**_KEPT, "Content-Security-Policy": SAFE}
        return Response(draw_form(columns), media_type="image/svg+xml", headers=headers)

    return router


_TONES = ((300.0, "#3b5b92"), (800.0, "#2f7f93"), (2000.0, "#4a9a6d"), (4500.0, "#c08a1e"), (1e9, "#cf5f2e"))
"""Colours from dark to bright sound, each up to a spectral centroid in Hz; seen on light and on dark paper."""


def draw_form(columns: list[tuple[float, float]]) -> bytes:
    """Return the picture of a form as SVG.

    Parameters
    ----------
    columns : list of (float, float)
        Level from 0 to 1 and brightness in Hz.
    """
    wide, high = 3 * sight.FORM_COLUMNS, 48
    paths = dict.fromkeys((colour for _, colour in _TONES), "")
    for number, (level, bright) in enumerate(columns):
        colour = next(colour for most, colour in _TONES if bright <= most)
        half = max(0.5, round(level**0.6 * (high / 2 - 1), 1))
        paths[colour] += f"M{3 * number} {high / 2 - half:g}v{2 * half:g}h2v-{2 * half:g}z"
    drawn = "".join(f'<path fill="{colour}" d="{path}"/>' for colour, path in paths.items() if path)
    if not columns:
        drawn = f'<path stroke="#8a8f94" stroke-dasharray="4 5" d="M0 {high / 2}h{wide}"/>'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" preserveAspectRatio="none">{drawn}</svg>'
    )
    return svg.encode()
