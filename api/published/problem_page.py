"""A problem as a page, for who reads this server in a browser."""

from functools import cache
from pathlib import Path

import jinja2

from api.published.graph import BASE, load_published
from api.published.model import header
from api.published.pages import Pages

__all__ = ["PAGE_POLICY", "problem_page"]

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Content security policy of the page."""


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    published = load_published()
    made.globals.update(header=header(published), stamps=Pages(published).stamps, BASE=BASE)
    return made


def problem_page(path: str, title: str, detail: str, about: tuple[int, str]) -> bytes:
    """Return the page.

    Parameters
    ----------
    path : str
        Path of the request, with a slash before.
    title, detail : str
    about : tuple of int and str
        The status, and the id of the request.
    """
    status, request = about
    root = "../" * (path.count("/") - 1)
    made = _environment().get_template("problem.html")
    told = {"title": title, "detail": detail, "status": status, "request": request}
    return made.render(root=root, path=path.lstrip("/"), **told).encode("utf-8", errors="replace")
