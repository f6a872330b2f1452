"""The SPARQL 1.1 Protocol: queries, updates, their graphs, the forms of answers, and what is refused."""

import gzip
import json
import re
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pyoxigraph as ox
import pytest

from tests.endpoint import ROWS, Endpoint, make_archive, serving

pytestmark = pytest.mark.server

UPDATE = {"Content-Type": "application/sparql-update"}
JSON = {"Accept": "application/sparql-results+json"}
CROSS = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("protocol") / "archive"
    make_archive(folder)
    with serving(folder, query_seconds="2", query_rows="50000") as running:
        yield running


@pytest.fixture(scope="module")
def anyone(endpoint: Endpoint) -> httpx.Client:
    return endpoint.client()


@pytest.fixture(scope="module")
def curator(endpoint: Endpoint) -> httpx.Client:
    return endpoint.client("Cy")


def ask(client: httpx.Client, query: str, **parameters: str | list[str]) -> bool:
    answer = client.get("/sparql", params={"query": query, **parameters}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["boolean"])


def is_problem(answer: httpx.Response, status: int) -> bool:
    """Tell whether an answer is a problem document of a status that says something."""
    if (answer.status_code, answer.headers["content-type"]) != (status, "application/problem+json"):
        return False
    told = answer.json()
    return told["status"] == status and bool(told["title"]) and bool(told["detail"]) and bool(told["request"])


def test_an_update_is_seen_by_the_next_query_however_it_is_sent(anyone: httpx.Client, curator: httpx.Client) -> None:
    for number in range(5):
        text = f"INSERT DATA {{ GRAPH <urn:seen> {{ <urn:s> <urn:p> {number} }} }}"
        if number % 2:
            answer = curator.post("/update", data={"update": text})
        else:
            answer = curator.post("/update", content=text, headers=UPDATE)
        assert answer.status_code == 204, answer.text
        assert ask(anyone, f"ASK {{ <urn:s> <urn:p> {number} }}")


def test_an_answer_is_not_given_again_after_a_change_nor_where_clock_or_chance_are_asked(
    anyone: httpx.Client, curator: httpx.Client
) -> None:
    count = "SELECT (COUNT(*) AS ?n) { GRAPH <urn:again> { ?s ?p ?o } }"
    for number in range(4):
        found = [anyone.get("/sparql", params={"query": count}, headers=JSON).json() for _ in range(2)]
        assert [one["results"]["bindings"][0]["n"]["value"] for one in found] == [str(number)] * 2
        curator.post(
            "/update", content=f"INSERT DATA {{ GRAPH <urn:again> {{ <urn:s> <urn:p> {number} }} }}", headers=UPDATE
        )
    for function in ("NOW()", "rand()", "STRUUID()", "UUID #\n()", "N\\u004FW()", "BNODE()"):
        query = f"SELECT ({function} AS ?x) {{}}"
        answers = {anyone.get("/sparql", params={"query": query}, headers=JSON).text for _ in range(3)}
        assert len(answers) == 3, function


def test_each_of_many_who_ask_at_once_gets_their_own_answer(anyone: httpx.Client) -> None:
    def one(number: int) -> bool:
        query = f"SELECT ?o {{ <http://e/s{number}> <http://e/p> ?o }} #{number}"
        answer = anyone.get("/sparql", params={"query": query}, headers=JSON)
        return answer.status_code == 200 and f"value {number:03d}" in answer.text

    with ThreadPoolExecutor(40) as pool:
        assert all(pool.map(one, range(ROWS)))


def test_relative_iris_are_those_of_the_address_that_was_asked(endpoint: Endpoint, curator: httpx.Client) -> None:
    curator.post("/update", content="INSERT DATA { GRAPH <urn:base> { <urn:s> <urn:p> <x> } }", headers=UPDATE)
    assert ask(curator, f"ASK {{ GRAPH <urn:base> {{ ?s ?p <{endpoint.base}x> }} }}")
    answer = curator.get(
        "/sparql", params={"query": "CONSTRUCT { <s> <urn:p> 1 } {}"}, headers={"Accept": "text/plain"}
    )
    assert f"<{endpoint.base}s>" in answer.text


def test_a_query_sees_exactly_the_graphs_of_the_request(anyone: httpx.Client) -> None:
    zero, one = "ASK { <http://e/s0> ?p ?o }", "ASK { <http://e/s1> ?p ?o }"
    assert ask(anyone, zero, **{"default-graph-uri": "http://e/g0"})
    assert not ask(anyone, one, **{"default-graph-uri": "http://e/g0"})
    assert ask(anyone, one, **{"default-graph-uri": ["http://e/g0", "http://e/g1"]})
    assert not ask(anyone, zero, **{"named-graph-uri": "http://e/g0"})
    named = "ASK { GRAPH ?g { <http://e/s0> ?p ?o } }"
    assert ask(anyone, named, **{"named-graph-uri": "http://e/g0"})
    assert not ask(anyone, named, **{"named-graph-uri": "http://e/g1"})
    assert not ask(anyone, "ASK FROM <http://e/g1> { <http://e/s1> ?p ?o }", **{"default-graph-uri": "http://e/g0"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT { GRAPH <urn:u> { ?s <urn:in> 'default' } } WHERE { ?s <http://e/p> ?o }", {"default": 150}),
        ("INSERT { GRAPH <urn:u> { ?s <urn:in> ?g } } WHERE { GRAPH ?g { ?s <http://e/p> ?o } }", {"http://e/g1": 150}),
    ],
)
def test_an_update_matches_exactly_the_graphs_of_the_request(
    curator: httpx.Client, text: str, expected: dict[str, int]
) -> None:
    curator.post("/update", content="DROP SILENT GRAPH <urn:u>", headers=UPDATE)
    graphs = {"using-graph-uri": "http://e/g0", "using-named-graph-uri": "http://e/g1"}
    assert curator.post("/update", params=graphs, content=text, headers=UPDATE).status_code == 204
    count = "SELECT ?i (COUNT(*) AS ?n) { GRAPH <urn:u> { ?s <urn:in> ?i } } GROUP BY ?i"
    rows = curator.get("/sparql", params={"query": count}, headers=JSON).json()["results"]["bindings"]
    assert {row["i"]["value"]: int(row["n"]["value"]) for row in rows} == expected


@pytest.mark.parametrize("text", ["WITH <urn:w> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }",
                                  "DELETE { ?s ?p 1 } USING <urn:w> WHERE { ?s ?p 1 }"])  # fmt: skip
def test_graphs_are_named_by_the_text_or_by_the_request(curator: httpx.Client, text: str) -> None:
    answer = curator.post("/update", params={"using-graph-uri": "urn:x"}, content=text, headers=UPDATE)
    assert is_problem(answer, 400)
    assert "USING or WITH" in answer.json()["detail"]


def test_an_update_is_whole_or_nothing(curator: httpx.Client) -> None:
    text = "INSERT DATA { GRAPH <urn:half> { <urn:s> <urn:p> 1 } } ; LOAD <http://127.0.0.1:9/x>"
    assert is_problem(curator.post("/update", content=text, headers=UPDATE), 400)
    text = "INSERT DATA { GRAPH <urn:half> { <urn:s> <urn:p> 1 } } ; CREATE GRAPH <http://e/g0>"
    assert curator.post("/update", content=text, headers=UPDATE).status_code >= 400
    assert not ask(curator, "ASK { GRAPH <urn:half> { ?s ?p ?o } }")


def test_a_runaway_update_is_stopped_and_leaves_nothing(curator: httpx.Client) -> None:
    patterns = " ".join(f"GRAPH ?g{n} {{ ?s{n} ?p{n} ?o{n} }}" for n in range(5))
    text = f"INSERT {{ GRAPH <urn:run> {{ ?s0 <urn:p> ?o1 }} }} WHERE {{ {patterns} FILTER(?o0 < ?o4) }}"
    began = time.monotonic()
    answer = curator.post("/update", content=text, headers=UPDATE)
    assert is_problem(answer, 504), answer.text
    assert time.monotonic() - began < 10
    assert not ask(curator, "ASK { GRAPH <urn:run> { ?s ?p ?o } }")
    again = curator.post("/update", content="INSERT DATA { GRAPH <urn:ok> { <urn:s> <urn:p> 1 } }", headers=UPDATE)
    assert again.status_code == 204


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"data": {"query": "ASK {}"}}),
        (400, {"data": {"update": "CLEAR XYZ"}}),
        (400, {"data": {"update": ["CLEAR DEFAULT", "CLEAR DEFAULT"]}}),
        (400, {"data": {"update": "ASK {}"}}),
        (400, {"content": b"INSERT DATA { <urn:s> <urn:p> '\xff' }", "headers": UPDATE}),
        (400, {"content": "DELETE WHERE " + "{" * 5000 + "}" * 5000, "headers": UPDATE}),
        (413, {"content": "#" * 600_000, "headers": UPDATE}),
        (415, {"content": "CLEAR DEFAULT", "headers": {"Content-Type": "text/plain"}}),
        (415, {"content": "CLEAR DEFAULT".encode("utf-16"),
               "headers": {"Content-Type": "application/sparql-update; charset=UTF-16"}}),
        (415, {"content": "update=CLEAR+DEFAULT"}),
        (405, {"method": "GET", "params": {"update": "CLEAR DEFAULT"}}),
    ],
)  # fmt: skip
def test_an_update_that_is_none_is_a_problem(curator: httpx.Client, status: int, request_: dict[str, object]) -> None:
    answer = curator.request(**{"method": "POST", "url": "/update", **request_})  # type: ignore[arg-type]  # as data
    assert is_problem(answer, status), answer.text


@pytest.mark.parametrize("person", [None, "Ada", "Di"])
def test_only_a_curator_updates(endpoint: Endpoint, person: str | None) -> None:
    text = "INSERT DATA { GRAPH <urn:forbidden> { <urn:s> <urn:p> 1 } }"
    answer = endpoint.client(person).post("/update", content=text, headers=UPDATE)
    assert is_problem(answer, 403 if person else 401)
    assert person or "Bearer" in answer.headers["www-authenticate"]
    assert not ask(endpoint.client(), "ASK { GRAPH <urn:forbidden> { ?s ?p ?o } }")


def test_a_token_that_is_not_valid_is_refused_even_for_reading(anyone: httpx.Client) -> None:
    for shown in ("Bearer nonsense", "Basic Og=="):
        answer = anyone.get("/sparql", params={"query": "ASK {}"}, headers={"Authorization": shown})
        assert is_problem(answer, 401)


@pytest.mark.parametrize("type_", ["application/trig", "application/n-quads"])
def test_graphs_come_in_the_syntaxes_of_datasets_too(anyone: httpx.Client, type_: str) -> None:
    answer = anyone.get(
        "/sparql", params={"query": "CONSTRUCT WHERE { ?s <http://e/p> ?o }"}, headers={"Accept": type_}
    )
    assert answer.headers["content-type"] == type_
    syntax = ox.RdfFormat.from_media_type(type_)
    assert len(list(ox.parse(answer.content, format=syntax))) == ROWS


def test_text_says_that_it_is_utf8(anyone: httpx.Client) -> None:
    for type_ in ("text/csv", "text/tab-separated-values"):
        answer = anyone.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": type_})
        assert answer.headers["content-type"] == f"{type_}; charset=utf-8"


def test_head_has_the_headers_of_get_and_no_body(anyone: httpx.Client) -> None:
    parameters = {"query": "SELECT * { ?s ?p ?o }"}
    get, head = (anyone.request(method, "/sparql", params=parameters) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert get.headers["content-type"] == head.headers["content-type"]
    assert is_problem_without_body(anyone.head("/sparql", params={"query": "ASK {"}))


def is_problem_without_body(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_large_answers_are_compressed_and_say_so(anyone: httpx.Client) -> None:
    parameters = {"query": "SELECT * { ?s <http://e/p> ?o }"}
    answer = anyone.get("/sparql", params=parameters, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert {"Accept", "Accept-Encoding"} <= {name.strip() for name in answer.headers["vary"].split(",")}
    assert len(answer.json()["results"]["bindings"]) == ROWS


def test_every_answer_has_an_id_and_safe_headers(anyone: httpx.Client) -> None:
    for path in ("/health", "/sparql?query=ASK{}", "/nowhere", "/vocab", "/annotations/"):
        answer = anyone.get(path)
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"]), path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert is_problem(anyone.get("/nowhere"), 404)
    assert anyone.get("/health", headers={"X-Request-Id": "my-request-1"}).headers["x-request-id"] == "my-request-1"


def test_the_log_has_a_line_of_json_per_request_and_no_token(endpoint: Endpoint) -> None:
    endpoint.client("Cy").get("/health", headers={"X-Request-Id": "find-me-in-the-log"})
    time.sleep(0.2)
    log = (endpoint.folder / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    found = next(line for line in lines if line.get("request") == "find-me-in-the-log")
    assert {"time", "method", "path", "status", "ms", "bytes", "client"} <= found.keys()
    assert not any(token in log for token in endpoint.tokens.values())


def raw(endpoint: Endpoint, head: str) -> bytes:
    """Send a request as it is, and return all that comes back."""
    url = httpx.URL(endpoint.base)
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def test_an_answer_beyond_its_limit_is_never_taken_for_a_whole_one(endpoint: Endpoint, anyone: httpx.Client) -> None:
    url = str(httpx.URL("/sparql", params={"query": CROSS}))
    for accept in ("text/csv", "application/n-triples, text/csv", "application/sparql-results+json"):
        with pytest.raises(httpx.RemoteProtocolError):
            anyone.get(url, headers={"Accept": accept, "Accept-Encoding": "identity"})
        with pytest.raises((httpx.RemoteProtocolError, zlib.error, gzip.BadGzipFile)):
            anyone.get(url, headers={"Accept": accept, "Accept-Encoding": "gzip"})
    old = raw(endpoint, f"GET {url} HTTP/1.0\nHost: x\nAccept: text/csv\n\n")  # has no chunks: the end is the end
    assert b" 413 " in old.split(b"\r\n")[0]
    assert b"50,000 rows" in old


def test_a_client_of_http_1_0_gets_a_whole_answer_with_its_length(endpoint: Endpoint) -> None:
    url = str(httpx.URL("/sparql", params={"query": "SELECT * { ?s <http://e/p> ?o }"}))
    head, _, body = raw(endpoint, f"GET {url} HTTP/1.0\nHost: x\nAccept: text/csv\n\n").partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert body.count(b"\n") == ROWS + 1


def test_a_client_that_leaves_frees_its_worker(endpoint: Endpoint, anyone: httpx.Client) -> None:
    for _ in range(12):
        with pytest.raises(httpx.ReadTimeout):
            anyone.get("/sparql", params={"query": RUNAWAY}, timeout=0.1)
    began = time.monotonic()
    assert ask(anyone, "ASK { <http://e/s1> ?p ?o }")
    assert time.monotonic() - began < 1


def test_a_reader_who_stops_reading_holds_nobody_up(endpoint: Endpoint, anyone: httpx.Client) -> None:
    url = httpx.URL(endpoint.base)
    path = str(httpx.URL("/sparql", params={"query": CROSS + " LIMIT 49000"}))
    with ExitStack() as stalled:
        for _ in range(6):
            connection = stalled.enter_context(socket.create_connection((url.host, url.port or 80)))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.3)
        for _ in range(5):
            began = time.monotonic()
            assert ask(anyone, "ASK { <http://e/s1> ?p ?o }")
            assert time.monotonic() - began < 5


def test_void_counts_what_is_there(anyone: httpx.Client, curator: httpx.Client) -> None:
    void = "http://rdfs.org/ns/void#"

    def counted() -> dict[str, int]:
        answer = anyone.get("/.well-known/void", headers={"Accept": "application/n-triples"})
        triples = [quad.triple for quad in ox.parse(answer.content, ox.RdfFormat.N_TRIPLES)]
        whole = next(one.subject for one in triples if one.predicate.value == void + "sparqlEndpoint")
        numbers = {one.predicate.value.removeprefix(void): one.object for one in triples if one.subject == whole}
        return {name: int(value.value) for name, value in numbers.items()
                if isinstance(value, ox.Literal) and value.value.isdigit()}  # fmt: skip

    query = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) { GRAPH ?g { ?s ?p ?o } }"
    row = anyone.get("/sparql", params={"query": query}, headers=JSON).json()["results"]["bindings"][0]
    before = counted()
    assert (before["triples"], before["distinctSubjects"]) == (int(row["n"]["value"]), int(row["d"]["value"]))
    curator.post("/update", content="INSERT DATA { GRAPH <urn:void> { <urn:v> <urn:p> 1, 2, 3 } }", headers=UPDATE)
    after = counted()
    assert (after["triples"], after["distinctSubjects"]) == (before["triples"] + 3, before["distinctSubjects"] + 1)


def test_a_browser_gets_a_page_where_a_program_gets_the_description(anyone: httpx.Client) -> None:
    page = anyone.get("/sparql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<textarea" in page.text
    for type_ in ("text/turtle", "application/rdf+xml", "application/ld+json", "application/n-triples"):
        answer = anyone.get("/sparql", headers={"Accept": type_})
        assert answer.headers["content-type"].partition(";")[0] == type_
        assert b"sparql-service-description" in answer.content
