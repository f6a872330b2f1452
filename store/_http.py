"""HTTP to a SPARQL server: SPARQLWrapper for queries and updates, Graph Store Protocol for graphs."""

from __future__ import annotations

import http.client
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, Protocol

from SPARQLWrapper import POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from ontology.errors import (
    AcousmaError,
    QueryLost,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreUnreachable,
)
from store._worker import BLOCK_BYTES, row_counter
from store.base import Dataset, Limits

__all__ = ["RemoteAnswer", "get_graph", "put_graph", "send_query", "send_update"]

_WRITE_SECONDS = 600.0
"""How long a server may be silent while it stores a graph."""

_ENDINGS = {"application/sparql-results+json": b"}", "application/sparql-results+xml": b"</sparql>"}
_CHECK = "check that the server runs and that its address is right"


class _Response(Protocol):
    def read1(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class RemoteAnswer(Iterator[bytes]):
    """The bytes of a server's answer, block by block, within the limits.

    Parameters
    ----------
    url : str
        The address that was asked.
    response : file object
        Its answer.
    media_type : str
        The form of the answer.
    limits : Limits
        What the answer may take.
    deadline : float
        When the time of the query ends, on the monotonic clock.
    """

    def __init__(self, url: str, response: _Response, media_type: str, limits: Limits, deadline: float) -> None:
        self._url = url
        self._response = response
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
            block = self._response.read1(BLOCK_BYTES)
        except TimeoutError:
            raise _too_late(self._limits) from None
        except (OSError, http.client.HTTPException) as error:
            raise QueryLost(f"the answer of {self._url} broke off ({error!r})", "a whole answer", _CHECK) from error
        if time.monotonic() > self._deadline:
            raise _too_late(self._limits)
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
        self._ended = True
        self._response.close()

    def __del__(self) -> None:
        if not self._ended:
            self.close()


def send_query(url: str, text: str, media_type: str, limits: Limits, dataset: Dataset | None = None) -> RemoteAnswer:
    """Send a query (SPARQL 1.1 Protocol, by URL-encoded POST).

    Raises
    ------
    QuerySyntaxError
        If the server finds no SPARQL in it.
    QueryTimeout, QueryTooLarge, QueryLost
        If there is no whole answer within the limits.
    StoreUnreachable
        If the server does not answer, or with something else.
    """
    wrapper = SPARQLWrapper(url)
    wrapper.queryType = "SELECT"
    wrapper.setOnlyConneg(True)
    wrapper.addCustomHttpHeader("Accept", media_type)
    for graph in dataset.default if dataset else ():
        wrapper.addParameter("default-graph-uri", graph)
    for graph in dataset.named if dataset else ():
        wrapper.addParameter("named-graph-uri", graph)
    deadline = time.monotonic() + limits.seconds
    response = _send(wrapper, text, limits.seconds, limits)
    given = str(response.headers.get_content_type())
    if given != media_type:
        response.close()
        raise StoreUnreachable(f"{url} answers with {given}", media_type, _CHECK)
    return RemoteAnswer(url, response, media_type, limits, deadline)


def send_update(url: str, text: str, limits: Limits) -> None:
    """Send an update (SPARQL 1.1 Protocol); raises as :func:`send_query`."""
    wrapper = SPARQLWrapper(url, updateEndpoint=url)
    wrapper.queryType = "INSERT"
    _send(wrapper, text, _WRITE_SECONDS, limits).close()


def _send(wrapper: SPARQLWrapper, text: str, seconds: float, limits: Limits) -> http.client.HTTPResponse:
    """Send a text as it is: ``setQuery`` would guess its kind by regular expressions."""
    wrapper.queryString = text
    wrapper.setMethod(POST)
    wrapper.setTimeout(math.ceil(seconds))
    try:
        response: http.client.HTTPResponse = wrapper.query().response
    except QueryBadFormed as error:
        raise QuerySyntaxError(f"{wrapper.endpoint} finds no SPARQL: {_said(str(error))}") from error
    except SPARQLWrapperException as error:
        raise StoreUnreachable(f"{wrapper.endpoint} answers {_said(str(error))}", None, _CHECK) from error
    except (OSError, http.client.HTTPException) as error:
        _raise_unreachable(wrapper.endpoint, error, limits)
    return response


def put_graph(url: str, graph: str, triples: Path) -> None:
    """Replace a graph by an N-Triples file (Graph Store Protocol, PUT).

    Raises
    ------
    StoreUnreachable
        If the server does not take it.
    """
    with triples.open("rb") as file:
        headers = {"Content-Type": "application/n-triples", "Content-Length": str(triples.stat().st_size)}
        request = urllib.request.Request(_graph_url(url, graph), data=file, headers=headers, method="PUT")
        try:
            urllib.request.urlopen(request, timeout=_WRITE_SECONDS).close()
        except (OSError, http.client.HTTPException) as error:
            _raise_unreachable(url, error)


def get_graph(url: str, graph: str, path: Path) -> None:
    """Write a graph to a file as N-Triples (Graph Store Protocol, GET); raises as :func:`put_graph`."""
    request = urllib.request.Request(_graph_url(url, graph), headers={"Accept": "application/n-triples"})
    try:
        with urllib.request.urlopen(request, timeout=_WRITE_SECONDS) as response, path.open("wb") as file:
            while block := response.read(BLOCK_BYTES):
                file.write(block)
    except (OSError, http.client.HTTPException) as error:
        _raise_unreachable(url, error)


def _graph_url(url: str, graph: str) -> str:
    return f"{url}?graph={urllib.parse.quote(graph, safe='')}"


def _raise_unreachable(url: str, error: OSError | http.client.HTTPException, limits: Limits | None = None) -> NoReturn:
    reason: object = getattr(error, "reason", error)
    if limits is not None and (isinstance(error, TimeoutError) or isinstance(reason, TimeoutError)):
        raise _too_late(limits) from error
    if isinstance(error, urllib.error.HTTPError):
        with error:
            said = f"{error.code} {error.reason}: {_said(error.read(400).decode(errors='replace'))}"
        raise StoreUnreachable(f"{url} answers {said}", None, _CHECK) from None
    raise StoreUnreachable(f"{url} does not answer ({reason})", None, _CHECK) from error


def _too_late(limits: Limits) -> AcousmaError:
    return QueryTimeout(f"the server took longer than {limits.seconds:g} s", None, "make the query narrower")


def _said(text: str) -> str:
    return " ".join(text.split())[:300]
