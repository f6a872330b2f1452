"""What all doors read from a request: its body within limits, its parameters, and the type it wants."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl

from fastapi import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from api.protocol.problems import Problem

__all__ = ["FORM", "GRAPH_ALIASES", "TABLE_ALIASES", "body_of", "content_type", "negotiate", "pairs_of", "text_of"]

FORM = "application/x-www-form-urlencoded"

TABLE_ALIASES = {
    "application/json": "application/sparql-results+json",
    "text/json": "application/sparql-results+json",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
}
"""Other names of the types in which tables are answered."""

GRAPH_ALIASES = {
    "application/x-turtle": "text/turtle",
    "text/plain": "application/n-triples",
    "application/json": "application/ld+json",
    "application/xml": "application/rdf+xml",
    "text/xml": "application/rdf+xml",
}
"""Other names of the types in which graphs are answered."""

_BODY_SECONDS = 30.0
"""How long a client may take to send a body, and in addition:"""

_BODY_RATE = 100_000
"""a second for so many bytes that came."""


def negotiate(request: Request, offers: Sequence[str], aliases: Mapping[str, str]) -> str:
    """Return the offered media type that the request likes best (RFC 9110, clause 12.5.1).

    Parameters
    ----------
    request : Request
    offers : sequence of str
        The media types there are; the first is given to who does not mind.
    aliases : Mapping of str to str
        Other names of them.

    Raises
    ------
    Problem
        406, if none is acceptable.
    """
    best = _best(request.headers.get("accept") or "*/*", tuple(offers), tuple(aliases.items()))
    if best is None:
        raise Problem(406, f"None of the types asked for can be given. Expected: one of {', '.join(offers)}.")
    return best


@lru_cache(maxsize=512)
def _best(header: str, offers: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> str | None:
    """Return the offer that an Accept header likes best, or None."""
    known = {alias: target for alias, target in aliases if target in offers}
    wanted = parse_accept_header(header, MIMEAccept)
    accept = MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in wanted])
    best = accept.best_match([offer for offer in (*offers, *known) if accept.quality(offer) > 0])
    return None if best is None else known.get(best, best)


def content_type(request: Request, expected: Iterable[str]) -> str:
    """Return the media type of the body, in lower case and without parameters.

    Raises
    ------
    Problem
        415, if it is none of those expected, or its charset is not UTF-8.
    """
    found, options = parse_options_header(request.headers.get("content-type", ""))
    if found.lower() not in expected:
        raise Problem(415, f"{found or 'No content type'} was sent. Expected: {' or '.join(expected)}.")
    charset = options.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(415, f"The body is in {charset}. Expected: UTF-8.")
    return found.lower()


async def body_of(request: Request, most: int) -> bytes:
    """Return the body of a request.

    Parameters
    ----------
    request : Request
    most : int
        The most bytes it may have.

    Raises
    ------
    Problem
        413, if it is longer; 408, if it does not come in time.
    """
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise _too_long(most)
    received = bytearray()
    try:
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(_BODY_SECONDS) as clock:
            async for part in request.stream():
                received += part
                if len(received) > most:
                    raise _too_long(most)
                clock.reschedule(began + _BODY_SECONDS + len(received) / _BODY_RATE)
    except TimeoutError:
        detail = f"The body did not come within {_BODY_SECONDS:g} s and a second for each {_BODY_RATE:,} bytes."
        raise Problem(408, detail, {"Connection": "close"}) from None
    return bytes(received)


def _too_long(most: int) -> Problem:
    detail = f"The request is longer than {most:,} bytes. To do: send less at once."
    return Problem(413, detail, {"Connection": "close"})


def text_of(body: bytes) -> str:
    """Return a body as text.

    Raises
    ------
    Problem
        400, if it is not UTF-8.
    """
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, f"The request is no UTF-8 ({error.reason} at byte {error.start}).") from error


def pairs_of(text: str) -> list[tuple[str, str]]:
    """Return the parameters of a query string or a form.

    Raises
    ------
    Problem
        400, if they cannot be read.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    except ValueError as error:
        raise Problem(400, f"The parameters cannot be read ({error}). Expected: name=value pairs in UTF-8.") from error
