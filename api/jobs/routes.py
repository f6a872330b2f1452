"""``/api/uploads`` and ``/api/jobs``: sound files sent to the server, and what becomes of them."""

import asyncio
import os
import shutil
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.formparsers import MultiPartException, MultiPartParser

from api.jobs.queue import JobQueue
from api.jobs.states import Job, JobFolder, State, moment
from api.protocol.problems import Problem
from api.protocol.service import Service
from api.rest.models import Items
from api.rest.routes import read
from api.tokens import Role
from ingest.decode import EXTENSIONS

__all__ = ["job_routes"]

_IDLE_SECONDS = 30.0
"""How long a client may send nothing."""

_POLL_SECONDS = 0.25
_BEAT_SECONDS = 15.0
"""After how long without news a line is sent that keeps the connection open."""

_LONGEST_STREAM_SECONDS = 3600.0
_MOST_NAME = 180
_FORM = "multipart/form-data"
_MOST_OVERHEAD = 64 * 1024
"""By how much a form may be longer than the sound in it."""

_Text = Annotated[str | None, Query(max_length=400)]


def job_routes(service: Service, queue: JobQueue | None) -> APIRouter:
    """Make the routes; without a queue they say that sound cannot be sent here."""
    router = APIRouter(prefix="/api", tags=["Uploads"])

    def open_queue() -> JobQueue:
        if queue is None or service.writer is None:
            raise Problem(403, "Sound cannot be sent to this server.")
        return queue

    def allowed(request: Request) -> None:
        service.access.reader(request)

    reading = {"dependencies": [Depends(allowed)]}

    @router.post("/uploads", status_code=202)
    async def upload(
        request: Request,
        response: Response,
        filename: Annotated[
            str | None, Query(max_length=400, description="Name of the file; in a form that of its part.")
        ] = None,
        title: _Text = None,
        creator: _Text = None,
        year: Annotated[int | None, Query(ge=1, le=9999)] = None,
        licence: _Text = None,
        describer: Annotated[
            list[str] | None, Query(max_length=20, description="Further describers, as the server names them.")
        ] = None,
    ) -> Job:
        """Send a sound file, as the body or as the part `file` of a form; a job takes it into the archive."""
        service.access.writer(request, Role.ANNOTATOR)
        there = open_queue()
        if await anyio.to_thread.run_sync(lambda: there.is_full):
            raise Problem(503, "Too many jobs are waiting. To do: send it again when some are done.")
        about: dict[str, object] = {
            "title": _words(title), "creator": _words(creator), "year": year, "licence": _words(licence),
            "describers": _describers(there, describer or []),
        }  # fmt: skip
        job = await _received(request, there, filename, about)
        await anyio.to_thread.run_sync(there.add, job)
        response.headers["Location"] = f"/api/jobs/{job.id}"
        return job

    @read(router, "/jobs", **reading)
    async def jobs(state: State | None = None) -> Items[Job]:
        """List the jobs, the newest first."""
        found = await anyio.to_thread.run_sync(lambda: list(reversed(queue.folder.all())) if queue else [])
        return Items(items=[job for job in found if state in (None, job.state)][:500], next=None)

    @read(router, "/jobs/{id}", **reading)
    async def job(id: str) -> Job:
        """Tell what is known of a job."""
        return await anyio.to_thread.run_sync(open_queue().folder.read, id)

    @router.get("/jobs/{id}/events", response_class=StreamingResponse, dependencies=[Depends(allowed)])
    async def events(id: str) -> StreamingResponse:
        """Tell each change of a job as it comes, as server-sent events, until it is finished."""
        folder = open_queue().folder
        first = await anyio.to_thread.run_sync(folder.read, id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_told(folder, first), media_type="text/event-stream", headers=headers)

    return router


def _describers(queue: JobQueue, wanted: list[str]) -> list[str]:
    """Return the describers that were asked for, each once.

    Raises
    ------
    Problem
        400, if the server has none of a name.
    """
    known = list(queue.describers)
    for name in wanted:
        if name not in known:
            offered = ", ".join(known) or "none beside the measured one"
            raise Problem(400, f"No describer is called {name[:80]!r} here. Expected: {offered}.")
    return list(dict.fromkeys(wanted))


def _words(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


async def _told(folder: JobFolder, job: Job) -> AsyncIterator[str]:
    """Yield an event for each state of a job."""
    number, quiet, ends = 0, 0.0, asyncio.get_running_loop().time() + _LONGEST_STREAM_SECONDS
    shown: Job | None = None
    while asyncio.get_running_loop().time() < ends:
        if job != shown:
            number, shown, quiet = number + 1, job, 0.0
            yield f"id: {number}\nevent: {job.state.value}\ndata: {job.model_dump_json()}\n\n"
        if job.is_finished:
            return
        await asyncio.sleep(_POLL_SECONDS)
        quiet += _POLL_SECONDS
        if quiet >= _BEAT_SECONDS:
            quiet = 0.0
            yield ": waiting\n\n"
        job = await anyio.to_thread.run_sync(folder.read, job.id)


async def _received(request: Request, queue: JobQueue, filename: str | None, about: dict[str, object]) -> Job:
    """Write what is sent to the disk, and return the job of it; nothing is left if it cannot be used."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = request.headers.get("content-length", "")
    over = _MOST_OVERHEAD if sent == _FORM else 0
    if declared.isascii() and declared.isdigit() and int(declared) > queue.most_bytes + over:
        raise _too_large(queue)
    blocks = _limited(request, queue, over)
    if sent == _FORM:
        return await _from_form(request, queue, blocks, (filename, about))
    job = _job(queue, filename, about)
    target = queue.folder.sound(job)
    try:
        with _opened(target) as file:
            async for block in blocks:
                await anyio.to_thread.run_sync(file.write, block)
            _finish(file)
    except BaseException:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise
    return job


async def _from_form(
    request: Request, queue: JobQueue, blocks: AsyncGenerator[bytes, None], said: tuple[str | None, dict[str, object]]
) -> Job:
    """Take the part ``file`` of a form, which the parser has put on the disk, and what other parts say."""
    filename, about = said
    try:
        form = await MultiPartParser(request.headers, blocks, max_files=1, max_fields=10, max_part_size=4096).parse()
    except (MultiPartException, KeyError, ValueError, UnicodeError) as error:
        raise Problem(400, f"The form cannot be read ({error}). Expected: the part 'file' of a form.") from error
    try:
        part = form.get("file")
        if part is None or isinstance(part, str):
            raise Problem(400, "The form has no file. Expected: the sound in its part 'file'.")
        for name in ("title", "creator"):
            value = form.get(name)
            if isinstance(value, str):
                about[name] = about[name] or _words(value[:400])
        job = _job(queue, filename or part.filename, about)
        target = queue.folder.sound(job)

        def copy(source: BinaryIO) -> None:
            with _opened(target) as file:
                shutil.copyfileobj(source, file, 1 << 20)
                _finish(file)

        try:
            await anyio.to_thread.run_sync(copy, part.file)
        except BaseException:
            shutil.rmtree(target.parent, ignore_errors=True)
            raise
    finally:
        await form.close()
    return job


def _opened(target: Path) -> BinaryIO:
    target.parent.mkdir(parents=True)
    return target.open("xb")


def _finish(file: BinaryIO) -> None:
    """See that the sound is on the disk before its job is."""
    if not file.tell():
        raise Problem(400, "The file is empty. Expected: a sound file.")
    file.flush()
    os.fsync(file.fileno())


async def _limited(request: Request, queue: JobQueue, over: int) -> AsyncGenerator[bytes, None]:
    """Yield the body; it may have so many bytes and no long pauses."""
    received = 0
    stream = request.stream()
    while True:
        try:
            block = await asyncio.wait_for(anext(stream), _IDLE_SECONDS)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Problem(408, f"Nothing came for {_IDLE_SECONDS:g} s.", {"Connection": "close"}) from None
        received += len(block)
        if received > queue.most_bytes + over:
            raise _too_large(queue)
        yield block


def _too_large(queue: JobQueue) -> Problem:
    detail = f"The file is longer than {queue.most_bytes:,} bytes. To do: send a shorter one, or use acousma ingest."
    return Problem(413, detail, {"Connection": "close"})


def _job(queue: JobQueue, filename: str | None, about: dict[str, object]) -> Job:
    """Return a job for a file of a name.

    Raises
    ------
    Problem
        400 or 415, if the name cannot be used.
    """
    name = unicodedata.normalize("NFC", (filename or "").replace("\\", "/").rpartition("/")[2].strip())
    if not name or not name.isprintable() or name.startswith(".") or len(name.encode()) > _MOST_NAME:
        raise Problem(400, f"The name of the file is {name[:80]!r}. Expected: ?filename=NAME, such as bell.wav.")
    if Path(name).suffix.lower().lstrip(".") not in EXTENSIONS:
        raise Problem(415, f"{name[:80]!r} is no sound file. Expected: one of {', '.join(sorted(EXTENSIONS))}.")
    return Job.model_validate(
        {"id": queue.folder.new_id(), "state": State.QUEUED, "filename": name, "created": moment(), **about}
    )
