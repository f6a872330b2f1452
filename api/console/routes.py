"""The page of the console and the files it needs."""

from functools import cache
from pathlib import Path

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.console.examples import console_data
from api.protocol.problems import Problem
from api.protocol.service import PATHS, Service
from api.published.graph import BASE, load_published
from api.published.model import header
from api.published.pages import Pages
from api.published.routes import conditional

__all__ = ["console_page", "console_routes"]

_HERE = Path(__file__).parent
_FILES = {
    "yasgui.min.js": "text/javascript", "yasgui.min.css": "text/css", "console.js": "text/javascript",
    "console.css": "text/css", "yasgui.LICENSE.txt": "text/plain", "yasgui.min.js.LICENSE.txt": "text/plain",
}  # fmt: skip
_SAFE = (
    "default-src 'none'; script-src 'self'; "
    # the hash is that of the one style sheet that YASGUI writes into the page
    "style-src 'self' 'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@cache
def _environment() -> jinja2.Environment:
    folders = [_HERE / "templates", _HERE.parent / "published" / "templates"]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    published = load_published()
    made.globals.update(header=header(published), stamps=Pages(published).stamps, BASE=BASE, root="", path="sparql")
    return made


def console_page(service: Service) -> Response:
    """Return the page at which people ask."""
    text = (
        _environment()
        .get_template("console.html")
        .render(endpoint=PATHS.query, void=PATHS.void, seconds=service.limits.seconds, rows=service.limits.rows)
    )
    headers = {"Content-Type": "text/html; charset=utf-8", "Vary": "Accept", "Content-Security-Policy": _SAFE}
    return Response(text, headers=headers)


def console_routes() -> APIRouter:
    """Make the routes of the files of the console."""
    router = APIRouter()

    @router.api_route("/console/examples.json", methods=["GET", "HEAD"], include_in_schema=False)
    def _examples(request: Request) -> Response:
        return conditional(request, console_data(), {"Content-Type": "application/json"})

    @router.api_route("/console/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    def _file(request: Request, name: str) -> Response:
        if name not in _FILES:
            raise Problem(404, f"The console has no file of this name. Expected: one of {', '.join(_FILES)}.")
        headers = {"Content-Type": f"{_FILES[name]}; charset=utf-8", "Cache-Control": "public, max-age=3600"}
        return conditional(request, (_HERE / "static" / name).read_bytes(), headers)

    return router
