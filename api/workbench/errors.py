"""Errors of pages as pages: a browser that opens an address gets words and a way back instead of JSON."""

import json
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.workbench.bench import Bench

__all__ = ["ErrorPages"]

_PROBLEM = b"application/problem+json"


class ErrorPages:
    """Turns problem documents into pages for those who ask for pages of the workbench.

    Parameters
    ----------
    app : ASGIApp
    bench : Bench
    """

    def __init__(self, app: ASGIApp, bench: Bench) -> None:
        self._app = app
        self._bench = bench

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        wanted = scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith("/workbench")
        if not wanted or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        held: Message | None = None
        body = b""

        async def out(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start":
                if message["status"] >= 400 and (b"content-type", _PROBLEM) in message["headers"]:
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await self._tell(scope, receive, send, (held["status"], body))
                return
            await send(message)

        await self._app(scope, receive, out)

    async def _tell(self, scope: Scope, receive: Receive, send: Send, found: tuple[int, bytes]) -> None:
        status, body = found
        try:
            detail = str(json.loads(body).get("detail", ""))
        except ValueError:
            detail = HTTPStatus(status).phrase
        page = self._bench.page(Request(scope), "error.html", "", status=status, detail=detail)
        page.status_code = status
        page.headers["Cache-Control"] = "no-store"
        await page(scope, receive, send)
