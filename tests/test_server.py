"""The HTTP endpoint answers as SPARQL 1.1 Protocol says, within limits, and cannot be written to."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph
import pytest
from rdflib import Graph

from store import open_store

pytestmark = pytest.mark.server

SELECT = "SELECT ?s ?o { ?s <http://e/p> ?o } ORDER BY ?o"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
ROWS = 300
ASK_AND_PRINT = (
    "import sys, httpx; answer = httpx.get(sys.argv[1], params={'query': sys.argv[2]}, timeout=30);"
    "print(answer.status_code, answer.text)"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Start `acousma serve`, as a user types it, on a small archive with a limit of two seconds."""
    folder = tmp_path_factory.mktemp("served") / "archive"
    lines = "".join(f'<http://e/s{n}> <http://e/p> "value {n:03d}, é\\"" <http://e/g{n % 2}> .\n' for n in range(ROWS))
    with open_store(folder, writable=True) as store:
        store.bulk_load(lines.encode(), ["http://e/g0", "http://e/g1"])
        store.publish()
    port = free_port()
    environment = {**os.environ, "ACOUSMA_STORE": str(folder), "ACOUSMA_QUERY_SECONDS": "2"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.DEVNULL) as server:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(1200):
                try:
                    client.get("/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield client
        server.terminate()


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_a_query_is_answered_however_it_is_sent(endpoint: httpx.Client, way: str) -> None:
    if way == "get":
        answer = endpoint.get("/sparql", params={"query": SELECT})
    elif way == "form":
        answer = endpoint.post("/sparql", data={"query": SELECT})
    else:
        answer = endpoint.post("/sparql", content=SELECT, headers={"Content-Type": "application/sparql-query"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/sparql-results+json"
    assert len(answer.json()["results"]["bindings"]) == ROWS


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("application/sparql-results+xml;q=0.4, text/csv;q=0.9", "text/csv"),
        ("text/csv;q=0, */*", "application/sparql-results+json"),
    ],
)
def test_the_type_a_client_likes_best_is_given(endpoint: httpx.Client, accept: str, given: str) -> None:
    answer = endpoint.get("/sparql", params={"query": SELECT}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, given)
    assert "Accept" in answer.headers["vary"]
    assert "value 299" in answer.text


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]
)
def test_a_graph_is_given_in_the_syntax_asked_for(endpoint: httpx.Client, accept: str) -> None:
    query = "CONSTRUCT { ?s <http://e/q> ?o } WHERE { ?s <http://e/p> ?o }"
    answer = endpoint.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == accept
    syntax = pyoxigraph.RdfFormat.from_media_type(accept)
    assert len(list(pyoxigraph.parse(answer.content, format=syntax))) == ROWS


def test_only_the_graphs_a_request_names_are_read(endpoint: httpx.Client) -> None:
    parameters = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "default-graph-uri": "http://e/g1"}
    answer = endpoint.get("/sparql", params=parameters, headers={"Accept": "text/csv"})
    assert answer.text.split() == ["n", str(ROWS // 2)]


@pytest.mark.parametrize(
    ("status", "says", "request_"),
    [
        (400, "not SPARQL", {"params": {"query": "SELECT WHERE"}}),
        (400, "SERVICE", {"params": {"query": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}}),
        (400, "deep", {"params": {"query": "ASK " + "{" * 5000 + "}" * 5000}}),
        (400, "2 queries", {"params": [("query", "ASK {}"), ("query", "ASK {}")]}),
        (400, "update", {"params": {"query": "INSERT DATA { <http://e/a> <http://e/b> 1 }"}}),
        (400, "update", {"method": "POST", "data": {"update": "CLEAR ALL"}}),
        (415, "text/plain", {"method": "POST", "content": "ASK {}", "headers": {"Content-Type": "text/plain"}}),
        (406, "Expected", {"params": {"query": "ASK {}"}, "headers": {"Accept": "image/png"}}),
        (405, "cannot be written", {"method": "DELETE"}),
        (400, "UTF-8", {"method": "POST", "content": b"ASK { ?s ?p '\xff' }",
                        "headers": {"Content-Type": "application/sparql-query"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_told_in_words(
    endpoint: httpx.Client, status: int, says: str, request_: dict[str, object]
) -> None:
    answer = endpoint.request(**{"method": "GET", "url": "/sparql", **request_})  # type: ignore[arg-type]  # as data
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


def test_a_runaway_query_is_stopped_and_told_while_others_are_answered(endpoint: httpx.Client) -> None:
    began = time.monotonic()
    with httpx.Client(base_url=endpoint.base_url, timeout=30) as other:
        runaway = subprocess.Popen(
            [sys.executable, "-c", ASK_AND_PRINT, f"{endpoint.base_url}/sparql", RUNAWAY],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(0.8)
        asked = time.monotonic()
        assert other.get("/sparql", params={"query": "ASK { <http://e/s1> ?p ?o }"}).json()["boolean"] is True
        assert time.monotonic() - asked < 1.5
        printed, _ = runaway.communicate(timeout=30)
    assert printed.startswith("504"), printed
    assert "longer than 2 s" in printed
    assert time.monotonic() - began < 12
    assert endpoint.get("/health").json() == {"status": "ok"}


def test_who_sends_no_query_gets_a_service_description(endpoint: httpx.Client) -> None:
    answer = endpoint.get("/sparql")
    described = Graph().parse(data=answer.text, format="turtle")
    sd = "http://www.w3.org/ns/sparql-service-description#"
    assert {str(o) for p, o in described.predicate_objects() if str(p) == f"{sd}supportedLanguage"} == {
        f"{sd}SPARQL11Query"
    }


def test_any_web_page_may_ask(endpoint: httpx.Client) -> None:
    answer = endpoint.get("/sparql", params={"query": "ASK {}"}, headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(answer.text)["boolean"] is True


def test_the_server_starts_without_the_libraries_of_models() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import api.server, api.serving, sys; sys.exit('torch' in sys.modules)"], check=False
    )
    assert done.returncode == 0
