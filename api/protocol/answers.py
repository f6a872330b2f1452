"""Answers on their way to a client: evaluated apart, sent block by block, never cut without the client seeing it.

Conventions
-----------
- A client that goes away stops its query, before the first byte and after it.
- What goes wrong after the first byte breaks the connection: the chunked body has no end then, and the client knows.
- HTTP/1.0 has no chunks, so that a cut body would look whole: such a client gets its answer when all of it is there.
"""

import logging
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import IO

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from api.protocol.evaluation import KeptAnswer, StreamedAnswer, stopped_when_gone
from api.protocol.problems import problem, status_of
from ontology.errors import AcousmaError
from store import AnswerBytes, Stop

__all__ = ["AnswerResponse", "with_charset"]

_LOG = logging.getLogger("acousma.answers")
_SPOOL_BYTES = 1 << 20
_BLOCK_BYTES = 64 * 1024


class AnswerCut(Exception):
    """An answer went wrong after its first bytes: the connection is to be broken."""


def with_charset(media_type: str) -> str:
    """Return a media type as a Content-Type: text says that it is UTF-8."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


class AnswerResponse(Response):
    """The answer to a query.

    Parameters
    ----------
    answer : AnswerBytes
    media_type : str
    reading : CapacityLimiter
        How many answers are read at once.
    headers : Mapping of str to str, optional
    """

    def __init__(
        self,
        answer: AnswerBytes,
        media_type: str,
        reading: CapacityLimiter,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        kept = {"Content-Type": with_charset(media_type), "Vary": "Accept", **(headers or {})}
        whole = answer.whole if isinstance(answer, KeptAnswer) else None
        super().__init__(whole, 200, kept)
        self._is_whole = whole is not None
        if not self._is_whole:
            del self.headers["content-length"]
        self._answer = answer
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if self._is_whole:
            await super().__call__(scope, receive, send)
            return
        try:
            if scope["method"] == "HEAD":
                await self._send(_no_blocks(), send)
            elif scope["http_version"] == "1.0":
                await self._send_whole(scope, receive, send)
            else:
                stop = Stop()
                stop.when(self._answer.close)
                async with stopped_when_gone(receive, stop):
                    await self._send(self._blocks(), send)
        finally:
            await anyio.to_thread.run_sync(self._answer.close)

    async def _send(self, blocks: AsyncIterator[bytes], send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for block in blocks:
                await send({"type": "http.response.body", "body": block, "more_body": True})
        except AcousmaError as error:
            _LOG.warning("answer cut: %s", error)
            raise AnswerCut(str(error)) from None
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _blocks(self) -> AsyncIterator[bytes]:
        """Yield the blocks; where the event loop cannot wait for them, a thread does."""
        if isinstance(self._answer, StreamedAnswer):
            while block := await self._answer.block():
                yield block
            return
        while block := await anyio.to_thread.run_sync(next, self._answer, b"", limiter=self._reading):
            yield block

    async def _send_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the end of the answer, then send it with its length."""
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
            try:
                async for block in self._blocks():
                    file.write(block)
            except AcousmaError as error:
                await problem(status_of(error), str(error))(scope, receive, send)
                return
            self.headers["content-length"] = str(file.tell())
            file.seek(0)
            await self._send(_file_blocks(file), send)


async def _file_blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    for block in iter(partial(file.read, _BLOCK_BYTES), b""):
        yield block


async def _no_blocks() -> AsyncIterator[bytes]:
    nothing: Iterator[bytes] = iter(())
    for block in nothing:
        yield block
