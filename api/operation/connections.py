"""Connections of clients that are slow on purpose or by accident: each step of a request has its time.

Conventions
-----------
uvicorn has a limit for idle connections between requests and none else. Here a connection is closed if a request line
and headers do not come whole in time or are too long, if a client does not read what is sent to it, and if there are
too many. Bodies have limits where they are read (:mod:`api.protocol.requests`, :mod:`api.jobs.routes`).
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["GuardedConnection"]


def _refusal(status: str, words: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {len(words)}\r\nconnection: close\r\n\r\n"
    return f"{head}{words}".encode()


_LATE = _refusal("408 Request Timeout", "The request did not come in time.\n")
_LONG = _refusal("431 Request Header Fields Too Large", "The headers are too long.\n")


class GuardedConnection(HttpToolsProtocol):
    """A connection of HTTP/1.1 with limits of time."""

    header_seconds: ClassVar[float] = 15.0
    """How long a request line with its headers may take; and the rest of a body that is not wanted any more."""

    most_header_bytes: ClassVar[int] = 256 * 1024
    """Room for a query in the request line; longer ones are sent by POST."""

    unread_seconds: ClassVar[float] = 30.0
    """How long a client may leave unread what was sent to it."""

    most_connections: ClassVar[int] = 2000

    _in_head = True
    _begun = False
    _head_bytes = 0
    _head_clock: asyncio.TimerHandle | None = None
    _unread_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.abort()
            return
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and its clocks."""
        self._stop_clock()
        if self._unread_clock is not None:
            self._unread_clock.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.most_header_bytes:
                self._refuse(_LONG)
            elif self._head_clock is None and self._begun:
                self._start_clock()

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        super().on_message_begin()
        self._in_head = self._begun = True

    def on_headers_complete(self) -> None:
        """Have read all headers of a request."""
        self._in_head, self._head_bytes = False, 0
        self._stop_clock()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have read a whole request."""
        super().on_message_complete()
        self._in_head, self._begun = True, False
        self._stop_clock()

    def on_response_complete(self) -> None:
        """Have answered; the rest of a body that nobody wants has its time, too."""
        super().on_response_complete()
        if not self._in_head and self._head_clock is None:
            self._start_clock()

    def pause_writing(self) -> None:
        """Wait for a client that reads more slowly than it is sent to."""
        super().pause_writing()
        if self._unread_clock is None:
            self._unread_clock = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        if self._unread_clock is not None:
            self._unread_clock.cancel()
            self._unread_clock = None
        super().resume_writing()

    def _start_clock(self) -> None:
        """Give what is to come its time; between requests the clock for idle connections runs."""
        self._head_clock = self.loop.call_later(self.header_seconds, self._refuse, _LATE)

    def _stop_clock(self) -> None:
        if self._head_clock is not None:
            self._head_clock.cancel()
            self._head_clock = None

    def _refuse(self, answer: bytes) -> None:
        """Say why and close, or break off an answer that is under way."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()
        elif not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
