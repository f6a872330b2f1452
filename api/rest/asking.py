"""Questions of the server's own, and where the next page of a list begins."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread
import pyoxigraph as ox
from fastapi import Request
from fastapi.responses import Response

from api.listing import plain
from api.protocol.evaluation import KeptAnswer
from api.protocol.problems import Problem
from api.protocol.service import Service
from ontology.terms import PREFIXES
from store import Plan, Table, Term, bind

__all__ = ["Page", "Row", "ask", "ask_by_line", "local_address", "next_link", "prologue", "read_cursor", "values_of"]

_JSON = "application/sparql-results+json"
_KEYS = 3
_LONGEST_KEY = 2000

Row = Mapping[str, str]
"""One solution: text by variable; what is not bound is left out."""


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for.

    Parameters
    ----------
    limit : int
        Most items.
    after : tuple of str
        Keys of the last item of the page before; empty for the first page.
    """

    limit: int
    after: tuple[str, ...] = ()


def prologue(text: str) -> str:
    """Put the prefixes that a query uses in front of it."""
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items() if f"{name}:" in text) + text


async def ask(service: Service, request: Request, text: str | Plan, values: Mapping[str, Term] | None = None) -> Table:
    """Answer a SELECT where queries of clients are answered, so that one list cannot hold up the others.

    Raises
    ------
    QueryError
        If it is not answered within the limits.
    """
    asked = text if isinstance(text, Plan) else bind(prologue(text), values or {})
    answer = await service.queries.answer(request, asked, _JSON)
    if isinstance(answer, KeptAnswer):
        body = answer.whole
    else:
        body = await anyio.to_thread.run_sync(lambda: b"".join(answer), limiter=service.queries.reading)
    found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions), "a SELECT was asked"
    names = tuple(variable.value for variable in found.variables)
    return Table(names, tuple(tuple(row[name] for name in names) for row in found))


async def ask_by_line(
    service: Service, request: Request, text: str, values: Mapping[str, Term] | None = None
) -> list[Row]:
    """Answer a SELECT, each solution as text by variable."""
    table = await ask(service, request, text, values)
    return [
        {name: plain(term) for name, term in zip(table.columns, row, strict=True) if term is not None}
        for row in table.rows
    ]


def values_of(iris: Sequence[str]) -> str:
    """Write IRIs for the block of a VALUES."""
    return " ".join(str(ox.NamedNode(iri)) for iri in dict.fromkeys(iris))


def local_address(service: Service, request: Request) -> Callable[[str], str]:
    """Return what gives the address at which this server describes an IRI of the archive; other IRIs stay."""
    root = service.address(request, "")

    def address(iri: str) -> str:
        return root + iri.removeprefix(service.base) if iri.startswith(service.base) else iri

    return address


def read_cursor(text: str | None) -> tuple[str, ...]:
    """Return the keys that a cursor names.

    Raises
    ------
    Problem
        400, if it is none that this server made.
    """
    if not text:
        return ()
    try:
        keys = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=="))
    except (ValueError, UnicodeError):
        keys = None
    if (
        not isinstance(keys, list)
        or not 1 <= len(keys) <= _KEYS
        or not all(isinstance(key, str) and len(key) <= _LONGEST_KEY and key.isprintable() for key in keys)
    ):
        raise Problem(400, f"{text[:80]!r} is no place in a list. Expected: the address that the header Link names.")
    return tuple(keys)


def next_link(request: Request, response: Response, keys: Sequence[str] | None) -> str | None:
    """Name the first and the next page in the header ``Link``, and return the address of the next.

    Parameters
    ----------
    request : Request
    response : Response
        Gets the header.
    keys : sequence of str or None
        Those of the last item of this page; None if it is the last page.
    """
    first = request.url.remove_query_params("cursor")
    links = [f'<{first}>; rel="first"']
    following = None
    if keys is not None:
        cursor = base64.urlsafe_b64encode(json.dumps(list(keys), ensure_ascii=False).encode()).rstrip(b"=").decode()
        following = str(request.url.include_query_params(cursor=cursor))
        links.append(f'<{following}>; rel="next"')
    response.headers["Link"] = ", ".join(links)
    return following
