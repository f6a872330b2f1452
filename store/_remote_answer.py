"""The answer of a server: its bytes, within the limits, whole or an error."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx

from ontology.errors import AcousmaError, QueryLost, QueryTimeout, QueryTooLarge
from store._worker import row_counter
from store.base import Limits

__all__ = ["RemoteAnswer", "WholeAnswer", "too_late"]

_ENDINGS = {"application/sparql-results+json": b"}", "application/sparql-results+xml": b"</sparql>"}
_CHECK = "ask again; if it stays so, look into the log of the server"


class RemoteAnswer(Iterator[bytes]):
    """The bytes of a server's answer, block by block, within the limits.

    Parameters
    ----------
    url : str
        The address that was asked.
    response : httpx.Response
        Its answer, of which only the head has been read.
    media_type : str
        The form of the answer.
    limits : Limits
        What the answer may take.
    deadline : float
        When the time of the query ends, on the monotonic clock.
    """

    def __init__(self, url: str, response: httpx.Response, media_type: str, limits: Limits, deadline: float) -> None:
        self._url = url
        self._response = response
        self._blocks = response.iter_bytes()
        self._ending = _ENDINGS.get(media_type, b"")
        self._counter = row_counter(media_type)
        self._limits = limits
        self._deadline = deadline
        self._bytes = 0
        self._tail = b""
        self._ended = False
        self._first = b""
        self._first = next(self, b"")

    def __next__(self) -> bytes:
        if self._first:
            block, self._first = self._first, b""
            return block
        if self._ended:
            raise StopIteration
        try:
            block = self._read()
        except BaseException:
            self.close()
            raise
        if not block:
            self.close()
            raise StopIteration
        return block

    def _read(self) -> bytes:
        try:
            block = next(self._blocks, b"")
        except httpx.TimeoutException:
            raise too_late(self._limits) from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise QueryLost(f"the answer of {self._url} broke off ({error!r})", "a whole answer", _CHECK) from error
        if time.monotonic() > self._deadline:
            raise too_late(self._limits)
        self._bytes += len(block)
        if self._bytes > self._limits.answer_bytes:
            raise QueryTooLarge(f"the answer has more than {self._limits.answer_bytes:,} bytes")
        if self._counter is not None and self._counter.feed(block) > self._limits.rows:
            raise QueryTooLarge(f"the answer has more than {self._limits.rows:,} rows")
        self._tail = (self._tail + block)[-64:]
        if not block and not self._tail.rstrip().endswith(self._ending):
            raise QueryLost(f"the answer of {self._url} ends in {self._tail!r}", "a whole answer", _CHECK)
        return block

    def close(self) -> None:
        """Give up the rest of the answer; the server may go on evaluating."""
        if self._ended:
            return
        self._ended = True
        stream = self._response.extensions.get("network_stream")
        plain = (
            stream.get_extra_info("socket") if stream is not None and not self._response.is_stream_consumed else None
        )
        if plain is not None:
            with suppress(OSError):  # wakes whoever reads in another thread
                plain.shutdown(socket.SHUT_RDWR)
        with suppress(httpx.HTTPError, OSError, RuntimeError):
            self._response.close()

    def __del__(self) -> None:
        if not self._ended:
            self.close()


class WholeAnswer(Iterator[bytes]):
    """An answer that was read to its end before the first byte of it is given."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __next__(self) -> bytes:
        if not self._data:
            raise StopIteration
        data, self._data = self._data, b""
        return data

    def close(self) -> None:
        """Give up the rest."""
        self._data = b""


def too_late(limits: Limits) -> AcousmaError:
    """Return the error for an answer that took too long."""
    return QueryTimeout(
        f"the server took longer than {limits.seconds:g} s", None,
        "make the query narrower, or allow it more time (ACOUSMA_QUERY_SECONDS)",
    )  # fmt: skip
