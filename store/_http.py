"""HTTP to a SPARQL server: SPARQLWrapper writes the requests of queries and updates, httpx sends them.

Conventions
-----------
- A request is sent again, after a pause, where that cannot do harm: if no connection was made, nothing was sent. If one
  broke, or the server says that it is busy (429, 502, 503, 504), only queries, reading of graphs and storing of the
  same triples in the same graph are sent again; an update never, because it may have been carried out.
- No redirect is followed: who asks would send what they ask, and their password, to another address than they named.
- A query that took too long is not sent again.
"""

from __future__ import annotations

import math
import time
import urllib.parse
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

import httpx
from SPARQLWrapper import POST, SPARQLWrapper

from ontology.errors import (
    InputError,
    QueryLost,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreForbidden,
    StoreUnreachable,
)
from store._remote_answer import RemoteAnswer, too_late
from store.base import Dataset, Limits
from store.server import Server

__all__ = ["Connection"]

_CONNECT_SECONDS = 10.0
_PAUSE_SECONDS = 0.25
"""Before a request is sent again the first time; twice as long each further time."""
_LONGEST_PAUSE_SECONDS = 10.0
_KEPT_SECONDS = 2.0
"""How long an idle connection is kept: shorter than servers do, so that it is not closed just as it is used."""
_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)  # fmt: skip
_CHECK = "check that the server runs and that its address is right"
_SAID_BYTES = 2_000
_STOPPED = "Virtuoso S1T00"
"""How the failure begins of which a Virtuoso says that the query took too long; its status is 500."""
_GRAPH_TRIPLES = "application/n-triples"


@dataclass(frozen=True)
class _Task:
    """What a request is for.

    Parameters
    ----------
    request : httpx.Request
    what : str
        In words, for messages: "queries", "updates", "graphs".
    again : bool
        Whether it does no harm to send it twice.
    deadline : float or None
        Until when it may take, on the monotonic clock; None: as long as storing may.
    """

    request: httpx.Request
    what: str
    again: bool
    deadline: float | None = None


class _Asked(httpx.Auth):
    """Gives user and password when the server asks for them, in the way it asks for: Digest, else Basic."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._digest = httpx.DigestAuth(user, password)
        self._basic = httpx.BasicAuth(user, password)
        self._way: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._way is None:
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED:
                return
            schemes = [one.split(" ")[0].lower() for one in response.headers.get_list("www-authenticate")]
            if "digest" in schemes:
                if not self._user.isascii():
                    response.close()
                    raise InputError(
                        f"the user {self._user!r} has letters that Digest authentication cannot carry", "ASCII"
                    )
                self._way = self._digest
            elif "basic" in schemes:
                self._way = self._basic
            else:
                return
        yield from self._way.auth_flow(request)


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper, which hands the request it has written over instead of sending it."""

    def written(self) -> urllib.request.Request:
        """Return the request."""
        request: urllib.request.Request = self._createRequest()
        return request


class Connection:
    """What is said to a server, and what it answers.

    Parameters
    ----------
    server : Server
    limits : Limits
        What a query may take.
    """

    def __init__(self, server: Server, limits: Limits) -> None:
        self._server = server
        self._limits = limits
        auth = None if server.user is None or server.password is None else _Asked(server.user, server.password)
        headers = {} if server.token is None else {"Authorization": f"Bearer {server.token}"}
        self._client = httpx.Client(
            auth=auth, headers=headers, follow_redirects=False,
            limits=httpx.Limits(keepalive_expiry=_KEPT_SECONDS),
        )  # fmt: skip

    @cached_property
    def virtuoso(self) -> bool:
        """Whether the server is a Virtuoso, by the header ``Server`` of its answers."""
        request = self._client.build_request(
            "GET", self._server.query, params={"query": "ASK { ?s ?p ?o }"}, headers={"Accept": "*/*"}
        )
        response = self._send(_Task(request, "queries", True, time.monotonic() + self._limits.seconds), judge=False)
        response.close()
        name: str = response.headers.get("server", "")
        return name.lower().startswith("virtuoso")

    @property
    def query_url(self) -> str:
        """The address of the queries."""
        return f"{self._server.query}-auth" if self._as_user else self._server.query

    @property
    def update_url(self) -> str:
        """The address of the updates."""
        if self._server.update is not None:
            return self._server.update
        return self.query_url if self.virtuoso else self._server.beside("update")

    @property
    def graphs_url(self) -> str:
        """The address of the graphs."""
        if self._server.graphs is not None:
            return self._server.graphs
        if self.virtuoso:
            return self._server.beside("sparql-graph-crud-auth" if self._as_user else "sparql-graph-crud")
        return self._server.beside("store")

    @property
    def _as_user(self) -> bool:
        """Whether a user of a Virtuoso asks, who has addresses of their own."""
        return self._server.user is not None and self._server.query.endswith("/sparql") and self.virtuoso

    def query(self, text: str, media_type: str, dataset: Dataset | None = None) -> RemoteAnswer:
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
        url = self.query_url
        wrapper = _Wrapper(url)
        wrapper.queryType = "SELECT"
        wrapper.setOnlyConneg(True)
        wrapper.addCustomHttpHeader("Accept", media_type)
        for graph in dataset.default if dataset else ():
            wrapper.addParameter("default-graph-uri", graph)
        for graph in dataset.named if dataset else ():
            wrapper.addParameter("named-graph-uri", graph)
        deadline = time.monotonic() + self._limits.seconds
        response = self._send(_Task(self._written(wrapper, text), "queries", True, deadline))
        given = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != media_type:
            response.close()
            raise StoreUnreachable(
                f"{url} answers a query with {given or 'something of no kind'}", media_type,
                "give the address of its SPARQL queries, not that of a page for people" if given == "text/html"
                else _CHECK,
            )  # fmt: skip
        self._check_cut(response)
        return RemoteAnswer(url, response, media_type, self._limits, deadline)

    def update(self, text: str) -> None:
        """Send an update (SPARQL 1.1 Protocol); raises as :meth:`query`."""
        wrapper = _Wrapper(self.update_url, updateEndpoint=self.update_url)
        wrapper.queryType = "INSERT"
        self._send(_Task(self._written(wrapper, text), "updates", False)).close()

    def store_graph(self, graph: str, triples: bytes, *, add: bool = False, again: bool = True) -> None:
        """Put N-Triples in the place of a graph, or add them to it (Graph Store Protocol, PUT and POST).

        Raises
        ------
        StoreUnreachable
            If the server does not take them.
        """
        request = self._client.build_request(
            "POST" if add else "PUT", self._graph_url(graph), content=triples,
            headers={"Content-Type": "text/turtle" if self.virtuoso else _GRAPH_TRIPLES},
        )  # fmt: skip
        self._send(_Task(request, "graphs", again)).close()

    def fetch_graph(self, graph: str, path: Path) -> None:
        """Write a graph to a file as N-Triples (Graph Store Protocol, GET); raises as :meth:`store_graph`."""
        request = self._client.build_request("GET", self._graph_url(graph), headers={"Accept": _GRAPH_TRIPLES})
        response = self._send(_Task(request, "graphs", True))
        try:
            with path.open("wb") as file:
                for block in response.iter_bytes():
                    file.write(block)
        except httpx.HTTPError as error:
            raise self._silent(str(request.url), error) from error
        finally:
            response.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _written(self, wrapper: _Wrapper, text: str) -> httpx.Request:
        """Write a request with a text as it is: ``setQuery`` would guess its kind by regular expressions."""
        wrapper.queryString = text
        wrapper.setMethod(POST)
        request = wrapper.written()
        data = request.data
        assert isinstance(data, bytes), "a form is bytes"
        return self._client.build_request("POST", request.full_url, content=data, headers=dict(request.header_items()))

    def _graph_url(self, graph: str) -> str:
        return f"{self.graphs_url}?graph={urllib.parse.quote(graph, safe='')}"

    def _send(self, task: _Task, *, judge: bool = True) -> httpx.Response:
        """Send a request, again where that is safe, and return an answer that says that all is well."""
        url = str(task.request.url.copy_with(query=None))
        for attempt in range(1, self._server.attempts + 1):
            last = attempt == self._server.attempts
            task.request.extensions["timeout"] = self._timeout(task).as_dict()
            pause = _PAUSE_SECONDS * 2 ** (attempt - 1)
            try:
                response = self._client.send(task.request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if last:
                    raise self._silent(url, error) from error
            except httpx.TimeoutException as error:
                if task.deadline is not None:
                    raise too_late(self._limits) from error
                raise self._silent(url, error) from error
            except httpx.HTTPError as error:
                if last or not task.again:
                    raise self._silent(url, error) from error
            else:
                if response.status_code not in _BUSY or last or not task.again:
                    return self._judged(task, url, response) if judge else response
                pause = _retry_after(response) or pause
                response.close()
            if task.deadline is not None and time.monotonic() + pause > task.deadline:
                raise too_late(self._limits)
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("the last attempt returns or raises")

    def _timeout(self, task: _Task) -> httpx.Timeout:
        seconds = self._server.write_seconds
        if task.deadline is not None:
            seconds = max(0.001, task.deadline - time.monotonic())
        return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))

    def _judged(self, task: _Task, url: str, response: httpx.Response) -> httpx.Response:
        """Return an answer that is well, or raise what another one says."""
        status = response.status_code
        if response.is_success:
            return response
        said = _said(response)
        if status == HTTPStatus.BAD_REQUEST and task.what != "graphs":
            raise QuerySyntaxError(f"{url} finds no SPARQL: {said}")
        if task.what == "queries" and said.startswith(_STOPPED):
            raise QueryTimeout(
                f"{url} stopped the query at its own limit of time", None,
                "make the query narrower, or raise the limit of the server (Virtuoso: MaxQueryExecutionTime)",
            )  # fmt: skip
        kind = StoreUnreachable
        found, advice = f"{url} answers {status} {response.reason_phrase}{f': {said}' if said else ''}", _CHECK
        if response.is_redirect:
            found = f"{url} leads on to {response.headers.get('location', 'nowhere')}"
            advice = "give the store that address, if it is the right one"
        elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
            kind = StoreForbidden
            found, advice = self._unknown(url)
        elif status == HTTPStatus.FORBIDDEN or "permission" in said.lower():
            kind = StoreForbidden
            found = f"{url} does not allow this: {status} {response.reason_phrase}{f': {said}' if said else ''}"
            advice = (
                "ask whoever runs it for the right to write" if task.what != "queries" else "ask whoever runs it"
            ) + "; a user is named by ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD, a token by ACOUSMA_STORE_TOKEN"
        elif status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
            if task.what != "queries":
                kind = StoreForbidden
                setting = "ACOUSMA_STORE_UPDATE" if task.what == "updates" else "ACOUSMA_STORE_GRAPHS"
                advice = (
                    f"the store may be open for reading only; if its {task.what} have another address, set {setting}"
                )
        elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            advice = "let the server take requests of some megabytes"
        raise kind(found, None, advice)

    def _unknown(self, url: str) -> tuple[str, str]:
        if self._server.token is not None:
            return f"{url} does not know the token", "check ACOUSMA_STORE_TOKEN"
        if self._server.user is not None:
            return (
                f"{url} does not accept the user {self._server.user!r} with the password given",
                "check ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD",
            )
        return (
            f"{url} asks who is there, and no user was named",
            "set ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD, or ACOUSMA_STORE_TOKEN",
        )

    def _silent(self, url: str, error: httpx.HTTPError) -> StoreUnreachable:
        """Return the error for a server that does not answer."""
        if isinstance(error, httpx.ConnectTimeout):
            why = f"no connection within {_CONNECT_SECONDS:g} s"
        elif isinstance(error, httpx.TimeoutException):
            why = f"silent for {self._server.write_seconds:g} s"
        else:
            why = str(error) or type(error).__name__
        return StoreUnreachable(f"{url} does not answer ({why})", None, _CHECK)

    def _check_cut(self, response: httpx.Response) -> None:
        """Refuse an answer of which a Virtuoso says that it is not whole; it does so with status 200."""
        state, most = response.headers.get("x-sql-state"), response.headers.get("x-sparql-maxrows")
        if state is None and most is None:
            return
        response.close()
        if most is not None:
            raise QueryTooLarge(
                f"the server gives at most {most} rows", "a whole answer",
                "add LIMIT, or raise ResultSetMaxRows in the settings of the server",
            )  # fmt: skip
        raise QueryLost(
            f"the server gives a part of the answer only ({response.headers.get('x-sql-message', state)})",
            "a whole answer", "make the query narrower",
        )  # fmt: skip


def _retry_after(response: httpx.Response) -> float | None:
    """Return how long a server wants to be left alone, where it says so in seconds."""
    text = response.headers.get("retry-after", "").strip()
    return float(min(int(text), math.ceil(_LONGEST_PAUSE_SECONDS))) if text.isascii() and text.isdigit() else None


def _said(response: httpx.Response) -> str:
    """Return the beginning of what a server says of a failure, in one line."""
    data = b""
    try:
        for block in response.iter_bytes():
            data += block
            if len(data) > _SAID_BYTES:
                break
    except httpx.HTTPError:
        pass
    finally:
        response.close()
    if "html" in response.headers.get("content-type", ""):
        return ""
    return " ".join(data.decode(errors="replace").split())[:300]
