"""A client that is slow, endless or absent-minded loses its connection; others are served meanwhile."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.operation.connections import GuardedConnection

pytestmark = pytest.mark.server
BLOCK = b"x" * 65536


class Impatient(GuardedConnection):
    """Limits that a test can wait for."""

    header_seconds = 0.4
    unread_seconds = 0.5
    most_header_bytes = 20_000
    most_connections = 20


sending = threading.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by a word; without end where asked to; without reading a body."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/endless":
        await receive()
        gone = asyncio.ensure_future(receive())
        sending.set()
        while not gone.done():
            await send({"type": "http.response.body", "body": BLOCK, "more_body": True})
            await asyncio.sleep(0)
        sending.clear()
    await send({"type": "http.response.body", "body": b"well"})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(app, port=0, http=Impatient, ws="none", loop="uvloop", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = server.force_exit = True
    thread.join(10)


def told(address: tuple[str, int], *parts: bytes, pause: float = 0.0, seconds: float = 3.0) -> tuple[bytes, float]:
    """Send parts with pauses; return all that came until the connection was closed, and after how many seconds."""
    began, found = time.monotonic(), b""
    with socket.create_connection(address, timeout=seconds) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while block := connection.recv(65536):
                found += block
        except (BrokenPipeError, ConnectionResetError):
            pass
    return found, time.monotonic() - began


def test_a_connection_on_which_nothing_comes_is_closed(address: tuple[str, int]) -> None:
    found, seconds = told(address)
    assert found.startswith(b"HTTP/1.1 408 ") and 0.3 < seconds < 1.5


def test_headers_that_come_letter_by_letter_are_not_waited_for(address: tuple[str, int]) -> None:
    letters = [bytes([one]) for one in b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 200]
    _, seconds = told(address, *letters, pause=0.02)
    assert seconds < 2


def test_the_second_request_of_a_connection_has_its_time_too(address: tuple[str, int]) -> None:
    found, seconds = told(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /ag", pause=0.1)
    assert b"200 OK" in found and b"408 " in found and seconds < 2


def test_endless_headers_are_cut(address: tuple[str, int]) -> None:
    found, _ = told(address, b"GET / HTTP/1.1\r\nHost: x\r\n", *[b"X-Much: " + b"a" * 4000 + b"\r\n"] * 10)
    assert b"431 " in found or found == b""


def test_a_body_that_nobody_wants_is_not_waited_for(address: tuple[str, int]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    _, seconds = told(address, head, *[b"a"] * 100, pause=0.02)
    assert 0.3 < seconds < 1.5


def test_who_does_not_read_loses_the_connection(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sending.wait(2)
        for _ in range(60):
            if not sending.is_set():
                break
            time.sleep(0.05)
            found, _seconds = told(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"well" in found
        assert not sending.is_set()


def test_too_many_connections_are_refused_and_room_comes_back(address: tuple[str, int]) -> None:
    kept = [socket.create_connection(address, timeout=3) for _ in range(20)]
    try:
        assert told(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0] == b""
    finally:
        for connection in kept:
            connection.close()
    time.sleep(0.2)
    assert b"well" in told(address, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0]
