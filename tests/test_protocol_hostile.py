"""Hostile requests beside honest ones: the server stays up, and no honest answer is lost or wrong."""

import contextlib
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.endpoint import ROWS, Endpoint, make_archive, serving

pytestmark = [pytest.mark.server, pytest.mark.slow]

SECONDS = float(os.environ.get("ACOUSMA_SOAK_SECONDS", "45"))
MOST_TRIES = 60
JSON = {"Accept": "application/sparql-results+json"}
TYPE = {"Content-Type": "application/ld+json"}
CROSS = "/sparql?query=SELECT%20*%20%7B%3Fa%20%3Fb%20%3Fc%20.%20%3Fd%20%3Fe%20%3Ff%7D"
MUST_NOT = {500, 502}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("hostile") / "archive"
    make_archive(folder)
    with serving(folder, query_seconds="4") as running:
        yield running


def bombs() -> dict[str, str]:
    """Queries that no engine should be given."""
    numbers = " ".join(map(str, range(30)))
    long = "a" * 28 + "!"
    return {
        "groups": "SELECT * WHERE " + "{" * 20_000 + "}" * 20_000,
        "parentheses": "ASK { FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }",
        "signs": "SELECT (" + "-" * 20_000 + "1 AS ?x) {}",
        "paths": "ASK { ?s " + "(" * 9_000 + "<urn:p>" + ")*" * 9_000 + " ?o }",
        "unions": "ASK { " + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + " }",
        "cross": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
        "sort": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c DESC(?f) ?i LIMIT 1",
        "values": "SELECT (SUM(?v0) AS ?n) { " + " ".join(f"VALUES ?v{n} {{ {numbers} }}" for n in range(9)) + " }",
        "a long VALUES": "ASK { VALUES ?s { " + "<urn:x:0123456789> " * 12_000 + "} ?s ?p ?o }",
        "regex": f"SELECT * {{ ?s ?p ?o FILTER(REGEX('{long}', '^(a+)+$') || REGEX(?o, '(.*)*{'x?' * 200}')) }}",
        "large regex": "ASK { ?s ?p ?o FILTER(REGEX(?o, '(((((a{1,90}){1,90}){1,90}){1,90}){1,90})')) }",
        "concatenation": "SELECT (CONCAT(" + ", ".join(["?o"] * 3000) + ") AS ?x) { ?s ?p ?o . ?t ?q ?r }",
        "reachability": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:none>|^!<urn:none>)* ?b . ?b (<urn:x>|!<urn:x>)* ?c }",
        "service": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    }  # fmt: skip


class Soak:
    """Threads that go on until they are told to stop, and what became of their requests."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.honest: Counter[str] = Counter()
        self.faults: list[str] = []
        self.lock = threading.Lock()

    def hostile(self, send: Callable[[httpx.Client, random.Random], None], seed: int) -> None:
        chance = random.Random(seed)
        with httpx.Client(base_url=self.endpoint.base, timeout=20) as client:
            while not self.stop.is_set():
                with contextlib.suppress(httpx.HTTPError, OSError):
                    send(client, chance)

    def note(self, answer: httpx.Response, what: str) -> None:
        with self.lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code in MUST_NOT and "process that evaluated" not in answer.text:
                self.faults.append(f"{what}: {answer.status_code} {answer.text[:200]}")

    def until_answered(self, client: httpx.Client, send: Callable[[], httpx.Response], what: str) -> httpx.Response:
        """Send again what was turned away for want of room, as ``Retry-After`` asks."""
        for _ in range(MOST_TRIES):
            answer = send()
            if answer.status_code not in (429, 503):
                return answer
            assert "retry-after" in answer.headers
            time.sleep(0.2)
        raise AssertionError(f"{what} was turned away {MOST_TRIES} times")

    def honest_reader(self, seed: int) -> None:
        chance = random.Random(seed)
        client = httpx.Client(base_url=self.endpoint.base, timeout=30)
        while not self.stop.is_set():
            number = chance.randrange(ROWS)
            query = f"SELECT ?o {{ <http://e/s{number}> <http://e/p> ?o }}"
            try:
                answer = self.until_answered(
                    client, partial(client.get, "/sparql", params={"query": query}, headers=JSON), query
                )
                (row,) = answer.json()["results"]["bindings"]
                right = row["o"]["value"] == f'value {number:03d}, é"'
            except (httpx.HTTPError, ValueError, KeyError, AssertionError) as error:
                self.fault(f"reader: {error!r}")
                continue
            self.fault(f"wrong: {answer.text}") if not right else self.count("read")
        client.close()

    def honest_writer(self, person: str) -> None:
        client = self.endpoint.client(person)
        number = 0
        while not self.stop.is_set():
            number += 1
            document = json.dumps(
                {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "target": "https://e.org/t",
                 "bodyValue": f"{person} {number}"}
            )  # fmt: skip
            try:
                made = self.until_answered(
                    client, partial(client.post, "/annotations/", content=document, headers=TYPE), "a POST"
                )
                url = made.headers["location"]
                read = self.until_answered(client, partial(client.get, url), "a GET")
                right = made.status_code == 201 and read.json()["bodyValue"] == f"{person} {number}"
            except (httpx.HTTPError, ValueError, KeyError, AssertionError) as error:
                self.fault(f"writer: {error!r}")
                continue
            self.fault(f"wrong: {read.text}") if not right else self.count("written")
        client.close()

    def fault(self, what: str) -> None:
        with self.lock:
            self.faults.append(what)

    def count(self, what: str) -> None:
        with self.lock:
            self.honest[what] += 1


def test_no_honest_answer_is_lost_beside_hostile_requests(endpoint: Endpoint, tmp_path: Path) -> None:
    soak, queries = Soak(endpoint), list(bombs().items())
    host = httpx.URL(endpoint.base)
    address = (host.host, host.port or 80)

    def bomb(client: httpx.Client, chance: random.Random) -> None:
        name, query = chance.choice(queries)
        soak.note(client.post("/sparql", data={"query": query}, headers=JSON), name)

    def leave(client: httpx.Client, chance: random.Random) -> None:
        client.post("/sparql", data={"query": chance.choice(queries)[1]}, timeout=chance.uniform(0.01, 0.5))

    def malformed(client: httpx.Client, chance: random.Random) -> None:
        data = chance.randbytes(chance.randrange(2000))
        kinds = ("application/sparql-query", "application/x-www-form-urlencoded", "application/ld+json", "text/plain")
        for path in ("/sparql", "/update", "/store?default", "/annotations/"):
            soak.note(client.post(path, content=data, headers={"Content-Type": chance.choice(kinds)}), path)
        time.sleep(0.05)

    def slow(_: httpx.Client, chance: random.Random) -> None:
        with socket.create_connection(address, timeout=10) as connection:
            if chance.random() < 0.5:  # sends slowly
                connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n")
                connection.sendall(b"Content-Length: 5000\r\n\r\nASK")
                time.sleep(chance.uniform(0.5, 3))
            else:  # reads slowly
                connection.sendall(f"GET {CROSS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                for _turn in range(10):
                    connection.recv(100)
                    time.sleep(0.2)

    hostile = [bomb, bomb, bomb, leave, leave, malformed, slow, slow, slow]
    threads = [threading.Thread(target=soak.hostile, args=(send, seed)) for seed, send in enumerate(hostile)]
    threads += [threading.Thread(target=soak.honest_reader, args=(seed,)) for seed in range(3)]
    threads += [threading.Thread(target=soak.honest_writer, args=(person,)) for person in ("Ada", "Bo")]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    soak.stop.set()
    for thread in threads:
        thread.join(60)
    print(dict(soak.statuses), dict(soak.honest))  # noqa: T201 - shown where the test fails, or with -s
    assert endpoint.process.poll() is None
    assert soak.faults == []
    assert soak.honest["read"] > 20 and soak.honest["written"] > 5
    assert soak.statuses[400] and soak.statuses[503] + soak.statuses[504]


def test_afterwards_the_server_is_as_before(endpoint: Endpoint) -> None:
    client = endpoint.client()
    assert client.get("/ready").status_code == 200
    count = "SELECT (COUNT(*) AS ?n) { ?s <http://e/p> ?o }"
    rows = client.get("/sparql", params={"query": count}, headers=JSON).json()["results"]["bindings"]
    assert rows[0]["n"]["value"] == str(ROWS)
    time.sleep(6)
    tasks = Path(f"/proc/{endpoint.process.pid}/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    assert len(children) <= 6  # workers for clients and for the server itself, and the process that writes
    status = Path(f"/proc/{endpoint.process.pid}/status").read_text()
    resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert resident < 800_000
