"""The Web Annotation Protocol: what is sent comes back, nothing is overwritten, nothing acknowledged is lost."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest

from ontology.validate import validate
from store import open_store
from tests.endpoint import Endpoint, make_archive, serving

pytestmark = pytest.mark.server

ANNO = "http://www.w3.org/ns/anno.jsonld"
ACOUSMA = "https://w3id.org/acousma/context.jsonld"
TYPE = {"Content-Type": f'application/ld+json; profile="{ANNO}"'}
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
LDP, OA = "http://www.w3.org/ns/ldp#", "http://www.w3.org/ns/oa#"
RECORDING = "https://example.org/recordings/study-2"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("annotations") / "archive"
    make_archive(folder)
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def ada(endpoint: Endpoint) -> httpx.Client:
    return endpoint.client("Ada")


def sent(text: str = "a gong", /, **more: Any) -> dict[str, Any]:
    selector = {"type": "FragmentSelector", "conformsTo": "http://www.w3.org/TR/media-frags/", "value": "t=12.5,17.25"}
    return {
        "@context": ANNO, "type": "Annotation", "motivation": "commenting",
        "body": {"type": "TextualBody", "value": text, "format": "text/plain", "language": "en"},
        "target": {"type": "SpecificResource", "source": RECORDING, "selector": selector}, **more,
    }  # fmt: skip


def post(client: httpx.Client, document: dict[str, Any], **headers: str) -> httpx.Response:
    return client.post("/annotations/", content=json.dumps(document), headers={**TYPE, **headers})


def put(client: httpx.Client, url: str, document: dict[str, Any], tag: str | None) -> httpx.Response:
    condition = {"If-Match": tag} if tag else {}
    return client.put(url, content=json.dumps(document), headers={**TYPE, **condition})


def made(client: httpx.Client, text: str = "a gong", **more: Any) -> tuple[str, dict[str, Any], str]:
    """Send an annotation; return its address, what came back, and its tag."""
    answer = post(client, sent(text, **more))
    assert answer.status_code == 201, answer.text
    return answer.headers["location"], answer.json(), answer.headers["etag"]


def rows(client: httpx.Client, query: str) -> list[dict[str, str]]:
    answer = client.get("/sparql", params={"query": query}, headers={"Accept": "application/sparql-results+json"})
    assert answer.status_code == 200, answer.text
    return [{name: one["value"] for name, one in row.items()} for row in answer.json()["results"]["bindings"]]


def test_what_is_sent_comes_back_with_who_sent_it_and_when(endpoint: Endpoint, ada: httpx.Client) -> None:
    url, document, _ = made(ada)
    assert url.startswith(f"{endpoint.base}annotations/")
    again = ada.get(url).json()
    assert again == document
    assert {key: again[key] for key in ("body", "motivation", "target")} == {
        key: sent()[key] for key in ("body", "motivation", "target")
    }
    assert again["creator"]["name"] == "Ada"
    assert again["creator"]["id"].startswith(f"{endpoint.base}agent/ada-")
    assert again["created"].startswith("20")


def test_there_is_one_state_for_this_protocol_and_for_sparql(endpoint: Endpoint, ada: httpx.Client) -> None:
    url, _, tag = made(ada, "before")
    value = f"SELECT ?v {{ <{url}> <{OA}hasBody>/<http://www.w3.org/1999/02/22-rdf-syntax-ns#value> ?v }}"
    assert rows(ada, value) == [{"v": "before"}]
    found = "GRAPH ?g { ?b ?v 'before' }"
    text = f"DELETE {{ {found} }} INSERT {{ GRAPH ?g {{ ?b ?v 'after' }} }} WHERE {{ {found} }}"
    updated = endpoint.client("Cy").post("/update", data={"update": text})
    assert updated.status_code == 204
    changed = ada.get(url)
    assert changed.json()["body"]["value"] == "after"
    assert changed.headers["etag"] != tag
    assert put(ada, url, sent("mine"), tag).status_code == 412


def test_no_blank_node_is_stored_and_what_is_stored_keeps_to_the_shapes(endpoint: Endpoint, ada: httpx.Client) -> None:
    choice = {"type": "Choice", "items": [{"type": "TextualBody", "value": v} for v in ("one", "two", "three")]}
    url, document, _ = made(ada, body=choice)
    assert [item["value"] for item in document["body"]["items"]] == ["one", "two", "three"]
    assert rows(ada, "SELECT ?s { ?s ?p ?o FILTER(isBlank(?s) || isBlank(?o)) }") == []
    graph = rows(ada, f"SELECT ?g {{ GRAPH ?g {{ <{url}> a <{OA}Annotation> }} }}")[0]["g"]
    with open_store(endpoint.folder) as store:
        assert validate(store.quads(graph)).conforms


def test_a_change_takes_the_tag_of_what_was_read(ada: httpx.Client) -> None:
    url, document, tag = made(ada)
    assert put(ada, url, {**document, "motivation": "describing"}, None).status_code == 428
    changed = put(ada, url, {**document, "motivation": "describing"}, tag)
    assert (changed.status_code, changed.json()["motivation"]) == (200, "describing")
    assert changed.json()["created"] == document["created"]
    assert changed.json()["modified"] > document["created"]
    assert put(ada, url, {**document, "motivation": "linking"}, tag).status_code == 412
    assert ada.get(url).json()["motivation"] == "describing"
    assert ada.delete(url).status_code == 428
    assert ada.delete(url, headers={"If-Match": tag}).status_code == 412


def test_of_racing_writers_exactly_one_wins(endpoint: Endpoint) -> None:
    clients = [endpoint.client("Ada") for _ in range(8)]
    for _ in range(5):
        url, document, tag = made(clients[0])

        def write(number: int, url: str = url, document: dict[str, Any] = document, tag: str = tag) -> int:
            body = {"type": "TextualBody", "value": f"writer {number}"}
            return put(clients[number], url, {**document, "body": body}, tag).status_code

        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(write, range(8)))
        assert sorted(codes) == [200] + [412] * 7
        winner = ada_value(clients[0], url)
        assert winner == f"writer {codes.index(200)}"


def ada_value(client: httpx.Client, url: str) -> str:
    return str(client.get(url).json()["body"]["value"])


def test_what_an_annotation_said_is_kept_as_a_quotation(ada: httpx.Client) -> None:
    url, document, tag = made(ada, "first thought")
    body = {"type": "TextualBody", "value": "second thought"}
    tag = put(ada, url, {**document, "body": body}, tag).headers["etag"]
    assert ada.delete(url, headers={"If-Match": tag}).status_code == 204
    prov = "http://www.w3.org/ns/prov#"
    history = rows(
        ada,
        f"SELECT ?text ?who ?from ?to {{ ?v <{prov}specializationOf> <{url}> ; <{prov}value> ?text ; "
        f"<{prov}wasAttributedTo> ?who ; <{prov}generatedAtTime> ?from ; <{prov}invalidatedAtTime> ?to }} "
        "ORDER BY ?from",
    )
    assert [json.loads(one["text"])["body"]["value"] for one in history] == ["first thought", "second thought"]
    assert all("/agent/ada-" in one["who"] and one["from"] < one["to"] for one in history)
    assert rows(ada, f"SELECT ?p {{ <{url}> ?p ?o }}") == []
    assert rows(ada, "SELECT ?s { ?s ?p 'first thought' }") == []


def test_a_withdrawn_annotation_is_gone_for_good(ada: httpx.Client) -> None:
    first = post(ada, sent(), Slug="to-be-withdrawn")
    url = first.headers["location"]
    assert url.endswith("/annotations/to-be-withdrawn")
    assert ada.delete(url, headers={"If-Match": first.headers["etag"]}).status_code == 204
    assert [ada.get(url).status_code, ada.delete(url).status_code, put(ada, url, sent(), "*").status_code] == [410] * 3
    assert post(ada, sent(), Slug="to-be-withdrawn").headers["location"] != url


def pages(client: httpx.Client, container: str, include: str) -> list[str]:
    """Walk all pages, and return the IRIs on them."""
    found = []
    page = client.get(container, headers={"Prefer": f'return=representation;include="{include}"'}).json()["first"]
    while True:
        found += [item if isinstance(item, str) else item["id"] for item in page["items"]]
        if "next" not in page:
            return found
        page = client.get(page["next"]).json()


def test_pages_hold_each_annotation_once_in_both_ways(ada: httpx.Client) -> None:
    urls = {made(ada, f"number {number}")[0] for number in range(45)}
    collection = ada.get("/annotations/").json()
    iris = pages(ada, "/annotations/", f"{OA}PreferContainedIRIs")
    assert len(iris) == len(set(iris)) == collection["total"] >= 45
    assert urls <= set(iris)
    assert pages(ada, "/annotations/", f"{OA}PreferContainedDescriptions") == iris
    minimal = ada.get(
        "/annotations/", headers={"Prefer": f'return=representation;include="{LDP}PreferMinimalContainer"'}
    ).json()
    assert isinstance(minimal["first"], str) and "items" not in minimal


def test_there_is_a_container_for_each_agent(endpoint: Endpoint, ada: httpx.Client) -> None:
    bo = endpoint.client("Bo")
    mine, document, _ = made(bo, "by Bo")
    container = document["creator"]["id"].replace("/agent/", "/annotations/agent/") + "/"
    assert pages(ada, container, f"{OA}PreferContainedIRIs") == [mine]
    assert bo.post(container, content=json.dumps(sent()), headers=TYPE).status_code == 405
    assert ada.get("/annotations/agent/nobody/").status_code == 404


def test_an_annotation_can_be_sent_to_the_container_of_a_recording(endpoint: Endpoint, ada: httpx.Client) -> None:
    recording = f"{endpoint.base}recording/00ff"
    text = f"INSERT DATA {{ GRAPH <urn:catalogue> {{ <{recording}> a <http://purl.org/ontology/mo/DigitalSignal> }} }}"
    endpoint.client("Cy").post("/update", data={"update": text})
    about = sent(target={"source": recording, "selector": {"type": "FragmentSelector", "value": "t=1,2"}})
    container = f"{endpoint.base}annotations/recording/00ff/"
    answer = ada.post(container, content=json.dumps(about), headers={**TYPE, "Slug": "mine"})
    assert (answer.status_code, answer.headers["location"]) == (201, f"{container}mine")
    assert ada.get(answer.headers["location"]).status_code == 200
    by_fragment = post(ada, sent(target=f"{recording}#t=3,4")).headers["location"]
    assert set(pages(ada, container, f"{OA}PreferContainedIRIs")) == {answer.headers["location"], by_fragment}
    assert ada.post(container, content=json.dumps(sent()), headers=TYPE).status_code == 400


def test_nobody_speaks_as_another_person_of_the_archive(endpoint: Endpoint, ada: httpx.Client) -> None:
    _, document, _ = made(endpoint.client("Bo"), "by Bo")
    bo = document["creator"]["id"]
    assert post(ada, sent(creator=bo)).status_code == 403
    elsewhere = {"id": "https://example.org/models/7", "type": "Software", "name": "a model"}
    url, told, _ = made(ada, creator=elsewhere)
    assert told["creator"] == elsewhere
    prov = "http://www.w3.org/ns/prov#wasAttributedTo"
    sender = rows(ada, f"SELECT ?who {{ ?note <http://xmlns.com/foaf/0.1/primaryTopic> <{url}> ; <{prov}> ?who }}")
    assert "/agent/ada-" in sender[0]["who"]
    assessment = {
        **sent(creator="https://example.org/somebody", target=f"{endpoint.base}annotation/1/0-1/claim/bright"),
        "@context": [ANNO, ACOUSMA], "type": ["Annotation", "Assessment"], "motivation": "assessing",
        "verdict": "https://w3id.org/acousma/vocab/rejected",
    }  # fmt: skip
    assert post(ada, assessment).status_code == 403
    del assessment["creator"]
    answer = post(ada, assessment)
    assert (answer.status_code, answer.json()["creator"]["name"]) == (201, "Ada")


def test_nothing_is_said_of_what_is_not_the_senders(endpoint: Endpoint, ada: httpx.Client) -> None:
    url, document, _ = made(endpoint.client("Bo"), "by Bo")
    forged = sent(target={"id": url, "motivation": "highlighting"})
    assert "something new" in post(ada, forged).json()["detail"]
    renamed = sent(creator={**document["creator"], "name": "Mallory"})
    assert post(endpoint.client("Bo"), renamed).status_code == 400
    concept = {"id": "https://w3id.org/acousma/vocab/bright", "label": "dull"}
    assert post(ada, sent(body=concept)).status_code == 400


@pytest.mark.parametrize(("person", "status"), [(None, 401), ("Di", 403), ("Bo", 403), ("Ada", 200), ("Cy", 200)])
def test_an_annotation_is_changed_by_its_creator_or_a_curator(
    endpoint: Endpoint, ada: httpx.Client, person: str | None, status: int
) -> None:
    url, document, tag = made(ada)
    client = endpoint.client(person)
    changed = put(client, url, {**document, "motivation": "describing"}, tag)
    assert changed.status_code == status, changed.text
    if status == 200:
        assert changed.json()["creator"]["name"] == "Ada"
    else:
        assert client.delete(url, headers={"If-Match": tag}).status_code == status


OF_CLIENTS: dict[str, dict[str, Any]] = {
    "Annotorious and Recogito, with a name of their own": sent(
        id="#a88b22d0-6106-4872-9435-c78b5e89fede",
        body=[{"type": "TextualBody", "value": "a gong", "purpose": "tagging"}],
    ),
    "mei-friend, in expanded form, about notes": {
        "@id": "https://pod.example.org/annotations/2",
        "@type": [f"{OA}Annotation"],
        f"{OA}hasTarget": [{"@id": "https://example.org/study.mei#m1"}, {"@id": "https://example.org/study.mei#m2"}],
        f"{OA}hasBody": [{"@type": f"{OA}TextualBody", f"{RDF}value": "a gong"}],
        f"{OA}motivatedBy": {"@id": f"{OA}describing"},
        "http://purl.org/dc/terms/created": "2026-03-01T10:00:00.000Z",
    },
}  # fmt: skip


@pytest.mark.parametrize("client", OF_CLIENTS)
def test_what_other_clients_write_is_taken(ada: httpx.Client, client: str) -> None:
    document = OF_CLIENTS[client]
    answer = post(ada, document)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    (body,) = made["body"] if isinstance(made["body"], list) else [made["body"]]
    assert body["value"] == "a gong" and made["id"] == answer.headers["location"]
    assert made.get("via") == document.get("@id")
    assert ada.get(made["id"]).json() == made
    assert put(ada, made["id"], {**made, "motivation": "commenting"}, answer.headers["etag"]).status_code == 200
    if "@id" in document:
        assert made["target"] == ["https://example.org/study.mei#m1", "https://example.org/study.mei#m2"]
        assert made["created"].startswith("2026-03-01T10:00:00")


REFUSED: dict[str, bytes] = {
    "no JSON": b"{",
    "a list": b"[]",
    "no UTF-8": b'{"@context": "\xff"}',
    "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "a key twice": b'{"type": "Annotation", "type": "Annotation"}',
    "half a character": json.dumps(sent("\ud800")).encode(),
    "a number too large": json.dumps(sent()).replace('"commenting"', "1e999").encode(),
    "no context": json.dumps({k: v for k, v in sent().items() if k != "@context"}).encode(),
    "a context to fetch": json.dumps(sent(**{"@context": [ANNO, "http://127.0.0.1:9/c"]})).encode(),
    "no target": json.dumps({k: v for k, v in sent().items() if k != "target"}).encode(),
    "an unknown word": json.dumps(sent(loudness=3)).encode(),
    "body and bodyValue": json.dumps(sent(bodyValue="x")).encode(),
    "no date": json.dumps(sent(created="yesterday")).encode(),
    "a selector without a value": json.dumps(
        sent(target={"source": RECORDING, "selector": {"type": "FragmentSelector"}})
    ).encode(),
    "a relative IRI": json.dumps(sent(target="recording 7")).encode(),
    "a verdict of no vocabulary": json.dumps(
        sent(**{"@context": [ANNO, ACOUSMA], "type": ["Annotation", "Assessment"], "motivation": "assessing",
                "verdict": "https://example.org/perhaps", "target": "https://example.org/claim"})
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_annotation_is_refused_with_a_reason_and_not_kept(ada: httpx.Client, what: str) -> None:
    before = ada.get("/annotations/").json()["total"]
    answer = ada.post("/annotations/", content=REFUSED[what], headers=TYPE)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert answer.json()["detail"]
    assert ada.get("/annotations/").json()["total"] == before


def test_a_large_body_is_refused_before_it_is_read(ada: httpx.Client) -> None:
    assert post(ada, sent("x" * 1_000_000)).status_code == 413


@pytest.mark.parametrize("victim", ["server", "writer"])
def test_a_kill_loses_no_acknowledged_annotation(tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "archive"
    make_archive(folder)
    acknowledged: list[str] = []
    for round_ in range(3):
        with serving(folder) as running:
            stop = threading.Event()

            def write(running: Endpoint = running, stop: threading.Event = stop, round_: int = round_) -> None:
                client = running.client("Ada")
                number = 0
                while not stop.is_set():
                    try:
                        answer = post(client, sent(f"round {round_} number {number}"))
                    except httpx.TransportError:
                        return
                    if answer.status_code == 201:
                        acknowledged.append(f"round {round_} number {number}")
                    number += 1

            writers = [threading.Thread(target=write) for _ in range(2)]
            for writer in writers:
                writer.start()
            deadline = time.monotonic() + 60
            while len(acknowledged) < 6 * (round_ + 1) and time.monotonic() < deadline:
                time.sleep(0.003)
            pids = [running.process.pid] if victim == "server" else writing_processes(running.process.pid)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)
            stop.set()
            for writer in writers:
                writer.join()
    with open_store(folder) as store:
        said = store.rows(f"SELECT ?v {{ ?a <{OA}hasBody> ?b . ?b ?p ?v FILTER(isLiteral(?v)) }}").rows
    stored = {term.value for (term,) in said if isinstance(term, ox.Literal)}
    assert len(acknowledged) >= 18
    assert set(acknowledged) <= stored


def writing_processes(server: int) -> list[int]:
    tasks = Path(f"/proc/{server}/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
