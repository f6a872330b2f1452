"""What all pages of the workbench share: templates, texts, files, and who reads.

Conventions
-----------
A page is read with the token of the header ``Authorization``, or with that of a cookie of the session, which a browser
needs for links, pictures and sound. The cookie is for reading only: writing takes the header, which no page of another
site can make a browser send. It is ``SameSite=Strict``, ``HttpOnly``, and ends with the session.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

import jinja2
import pyoxigraph as ox
from fastapi import Request
from fastapi.responses import Response
from starlette.types import Scope

from api.jobs.queue import JobQueue
from api.listing import clock
from api.protocol.problems import Problem, request_id
from api.protocol.service import Service
from api.published.graph import BASE, load_published
from api.published.model import header
from api.published.pages import Pages
from api.published.routes import conditional
from api.tokens import Token
from api.workbench.sounds.gallery import Gallery
from api.workbench.strings import spoken, texts

__all__ = ["COOKIE", "NAVIGATION", "SAFE", "Bench", "depth_of"]

COOKIE = "acousma_reader"
NAVIGATION = (
    ("archive", ""), ("review", "review"), ("ask", "ask"), ("compare", "compare"), ("models", "models"),
    ("vocabulary", "../vocab.html"), ("add", "add"),
)  # fmt: skip
"""Name and address, from ``workbench/``, of the pages that one can go to from everywhere."""

SAFE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HERE = Path(__file__).parent
_FILES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}


def depth_of(scope: Scope) -> int:
    """Return how many folders deep the address of a request is, as it was sent."""
    raw = bytes(scope.get("raw_path") or quote(scope["path"]).encode())
    return raw.partition(b"?")[0].count(b"/") - 1


@cache
def _environment() -> jinja2.Environment:
    folders = [_HERE / "templates", _HERE.parent / "published" / "templates"]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    published = load_published()
    made.globals.update(header=header(published), stamps=Pages(published).stamps, clock=clock, BASE=BASE, quote=quote)
    made.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return made


@dataclass(frozen=True)
class Bench:
    """What a page of the workbench is made with.

    Parameters
    ----------
    service : Service
    queue : JobQueue or None
        Takes sound files in.
    gallery : Gallery or None
        Makes pictures of sound; None where the archive lies on a server, which holds no sound.
    """

    service: Service
    queue: JobQueue | None = None
    gallery: Gallery | None = None
    _files: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path | None:
        """The folder of the archive; None where it lies on a server."""
        return None if self.queue is None else self.queue.folder.archive

    def reader(self, request: Request) -> Token | None:
        """Return the token of a request that reads; None if it has none that is valid and needs none.

        Raises
        ------
        Problem
            401, if reading takes a token.
        """
        access = self.service.access
        shown = request.cookies.get(COOKIE)
        if "authorization" not in request.headers and shown:
            token = access.tokens.find(shown)
            if token is not None:
                return token
        return access.reader(request)

    def text(self, request: Request) -> Callable[..., str]:
        """Return the function that gives texts in the language of a request: ``t(key, **values)``."""
        known = texts(spoken(request.headers.get("accept-language", "")))

        def t(key: str, /, **values: object) -> str:
            return known[key].format(**values) if values else known[key]

        return t

    def words(self, request: Request, *files: str) -> dict[str, str]:
        """Return the texts of some files by key, for a script; where two have a key the first counts."""
        known = texts(spoken(request.headers.get("accept-language", "")))
        found: dict[str, str] = {}
        for file in files:
            for name, text in known.items():
                if name.startswith(f"{file}."):
                    found.setdefault(name.partition(".")[2], text)
        return found

    def page(self, request: Request, template: str, name: str, /, **values: object) -> Response:
        """Return a page.

        Parameters
        ----------
        request : Request
        template : str
            A file of ``templates/``.
        name : str
            Which entry of the navigation it belongs to.
        **values : object
            What the template shows.
        """
        depth = depth_of(request.scope)
        root = "../" * depth or "./"
        language = spoken(request.headers.get("accept-language", ""))
        shown = {
            "t": self.text(request), "language": language, "root": root, "bench": root + "workbench/", "path": "",
            "here": name, "asset": lambda file: f"{root}workbench/static/{file}", "navigation": NAVIGATION,
            "writes": self.service.access.writes.value, "public": self.service.access.public,
            "base": self.service.base, "can_add": self.queue is not None and self.service.writer is not None,
            "scripts": {}, **values,
        }  # fmt: skip
        text = _environment().get_template(template).render(shown)
        headers = {"Cache-Control": "no-cache", "Vary": "Cookie, Accept-Language", "Content-Security-Policy": SAFE}
        return Response(text, headers=headers, media_type="text/html; charset=utf-8")

    def problem(self, request: Request, status: int, detail: str) -> Response:
        """Return the page that tells of a problem."""
        return self.page(request, "error.html", "", status=status, detail=detail, asked=request_id(request))

    def path(self, iri: str) -> str:
        """Return the part of an IRI by which the workbench's addresses name a thing of the archive.

        Parameters
        ----------
        iri : str
            Begins with the base of the archive, or is of elsewhere and then is kept whole, escaped.
        """
        return iri.removeprefix(self.service.base) if iri.startswith(self.service.base) else quote(iri, safe="")

    def iri(self, scope: Scope, before: str) -> str:
        """Return the IRI that an address names.

        Parameters
        ----------
        scope : Scope
        before : str
            What the address begins with, such as ``/workbench/claim/``.

        Raises
        ------
        Problem
            404, if it can be none.
        """
        raw = bytes(scope.get("raw_path") or quote(scope["path"]).encode()).partition(b"?")[0]
        rest = raw.decode("ascii", errors="replace").removeprefix(before)
        lower = rest.lower()
        if lower.startswith(("http%3a%2f%2f", "https%3a%2f%2f", "urn%3a")):
            iri = unquote(rest)
        else:
            iri = self.service.base + rest
        try:
            known = bool(rest) and iri.isprintable() and bool(ox.NamedNode(iri).value)
        except ValueError:
            known = False
        if not known or any(letter in iri for letter in '<>"{}|\\^` '):
            raise Problem(404, f"{rest[:200]!r} names nothing here.")
        return iri

    def file(self, request: Request, name: str) -> Response:
        """Return a file of ``static/``.

        Raises
        ------
        Problem
            404, if there is none of this name.
        """
        path = _HERE / "static" / name
        if "/" in name or path.suffix not in _FILES or not path.is_file():
            raise Problem(404, "The workbench has no file of this name.")
        if name not in self._files:
            self._files[name] = path.read_bytes()
        headers = {"Content-Type": f"{_FILES[path.suffix]}; charset=utf-8", "Cache-Control": "no-cache"}
        return conditional(request, self._files[name], headers)
