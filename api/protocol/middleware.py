"""What is done to every request and every answer: an id, a line in the log, headers, and a limit of rate.

Conventions
-----------
The log has one JSON object per line. It holds no token and no text of a query, the slow-query log excepted, which has
the text of queries that took longer than `SLOW_SECONDS`.
"""

import json
import logging
import re
import time
import uuid
from collections import OrderedDict
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.protocol.access import LOOPBACK
from api.protocol.answers import AnswerCut
from api.protocol.problems import problem

__all__ = ["SLOW_SECONDS", "Frame", "Packed", "Rate", "set_up_logs"]

SLOW_SECONDS = 5.0
_MOST_QUERY = 4000
_LOG = logging.getLogger("acousma.requests")
_encoded = json.JSONEncoder(ensure_ascii=False).encode
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
_STRICT = (b"strict-transport-security", b"max-age=31536000")


class Rate:
    """How many requests an address may send: a bucket that refills.

    Parameters
    ----------
    per_minute : int
        Requests a minute, which may come at once; 0 for no limit.
    """

    _MOST = 50_000

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> bool:
        """Tell whether an address may send one more request at a time in seconds."""
        if not self._most or client in LOOPBACK:
            return True
        left, before = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - before) * self._most / 60)
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > self._MOST:
            self._buckets.popitem(last=False)
        return left >= 1


class Packed:
    """Packs large answers for those who take them packed, and costs others nothing.

    Parameters
    ----------
    app : ASGIApp
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(app, minimum_size=2048, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or any(name == b"accept-encoding" for name, _ in scope["headers"]):
            await self._packing(scope, receive, send)
            return

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"vary", b"Accept-Encoding")]
            await send(message)

        await self._app(scope, receive, out)


class Frame:
    """The outermost layer of the application.

    Parameters
    ----------
    app : ASGIApp
    rate : Rate
    """

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        id_ = given if _ID.fullmatch(given) else uuid.uuid4().hex
        state = scope.setdefault("state", {})
        state["request_id"] = id_
        began, seen = time.monotonic(), {"status": 0, "bytes": 0}

        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                there = {name for name, _ in message["headers"]}
                more = (*_SAFE, _STRICT) if scope["scheme"] == "https" else _SAFE
                message["headers"] = [
                    *message["headers"], (b"x-request-id", id_.encode()), *(one for one in more if one[0] not in there),
                ]  # fmt: skip
            elif message["type"] == "http.response.body":
                seen["bytes"] += len(message.get("body", b""))
            await send(message)

        client = scope["client"][0] if scope.get("client") else ""
        cut = False
        try:
            if self._rate.take(client, began):
                await self._app(scope, receive, out)
            else:
                detail = "Too many requests came from this address. To do: wait a little between them."
                await problem(429, detail, request=id_)(scope, receive, out)
        except (AnswerCut, Exception) as error:
            cut = True
            if not isinstance(error, AnswerCut) and not isinstance(error.__cause__, AnswerCut):
                _LOG.exception("request %s failed", id_)
            raise
        finally:
            _note(scope, (id_, client, time.monotonic() - began), seen, cut=cut)


def _note(scope: Scope, about: tuple[str, str, float], seen: dict[str, int], *, cut: bool) -> None:
    """Write the line of a request."""
    id_, client, seconds = about
    line: dict[str, object] = {
        "request": id_, "method": scope["method"], "path": scope["path"], "status": seen["status"],
        "bytes": seen["bytes"], "ms": round(seconds * 1000, 1), "client": client,
    }  # fmt: skip
    state = scope.get("state", {})
    if "token" in state:
        line["token"] = state["token"]
    if cut:
        line["cut"] = True
    if seconds > SLOW_SECONDS and "query" in state:
        line["slow_query"] = state["query"][:_MOST_QUERY]
    if _LOG.isEnabledFor(logging.INFO):  # made here, for a logger looks for the line of code that calls it
        record = logging.LogRecord(_LOG.name, logging.INFO, "", 0, "request", None, None)
        record.__dict__["line"] = line
        _LOG.handle(record)


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


class _Lines(logging.Formatter):
    """Writes a record as one JSON object: with its message, or with what it has as ``line``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": _clock(int(record.created)), "level": record.levelname.lower(), "logger": record.name,
        }  # fmt: skip
        line |= getattr(record, "line", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return _encoded(line)


def _is_cut(record: logging.LogRecord) -> bool:
    """Tell whether a record is about an answer that was cut on purpose, which has its own line."""
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, AnswerCut) or isinstance(getattr(error, "__cause__", None), AnswerCut)


def set_up_logs() -> None:
    """Let the server write its log to standard error, a JSON object per line."""
    # a line says nothing of threads and processes, and asking for their names takes time for each
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    handler.addFilter(lambda record: not _is_cut(record))
    for name in ("acousma", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True
