"""The Graph Store Protocol: graphs are read and replaced whole, on condition, in every syntax."""

from collections.abc import Iterator

import httpx
import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.compare import isomorphic

from tests.endpoint import ROWS, Endpoint, make_archive, serving

pytestmark = pytest.mark.server

TURTLE = {"Content-Type": "text/turtle"}
CARD = '<http://e/p> <http://e/name> "Zoë"@fr ; <http://e/card> [ <http://e/n> 1.5 , "a\\"b\\n" ] .'
TYPES = ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml", "application/n-quads",
         "application/trig"]  # fmt: skip


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("graphs") / "archive"
    make_archive(folder)
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def curator(endpoint: Endpoint) -> httpx.Client:
    return endpoint.client("Cy")


def named(name: str) -> dict[str, str]:
    return {"graph": f"http://e/graphs/{name}"}


def read(client: httpx.Client, name: str) -> Graph:
    answer = client.get("/store", params=named(name), headers={"Accept": "text/turtle"})
    assert answer.status_code == 200, answer.text
    return Graph().parse(data=answer.text, format="turtle")


@pytest.mark.parametrize("type_", TYPES)
def test_a_graph_comes_back_as_it_was_put_in_every_syntax(curator: httpx.Client, type_: str) -> None:
    syntax = ox.RdfFormat.from_media_type(type_)
    assert syntax is not None
    written = ox.serialize((quad.triple for quad in ox.parse(CARD, ox.RdfFormat.TURTLE)), format=syntax)
    name = named(type_.replace("/", "-"))
    assert curator.put("/store", params=name, content=written, headers={"Content-Type": type_}).status_code == 201
    answer = curator.get("/store", params=name, headers={"Accept": type_})
    assert answer.headers["content-type"].partition(";")[0] == type_
    found = Graph().parse(data=curator.get("/store", params=name, headers={"Accept": "text/turtle"}).text)
    assert isomorphic(found, Graph().parse(data=CARD, format="turtle"))


def test_a_document_with_an_error_changes_nothing(curator: httpx.Client) -> None:
    curator.put("/store", params=named("kept"), content=CARD, headers=TURTLE)
    broken = "<http://e/a> <http://e/b> 1 . <http://e/c> <http://e/d> "
    answer = curator.put("/store", params=named("kept"), content=broken, headers=TURTLE)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert isomorphic(read(curator, "kept"), Graph().parse(data=CARD, format="turtle"))
    assert curator.put("/store", params=named("never"), content=broken, headers=TURTLE).status_code == 400
    assert curator.get("/store", params=named("never")).status_code == 404


def test_of_several_parts_all_are_added_or_none(curator: httpx.Client) -> None:
    def parts(second: str) -> list[tuple[str, tuple[str, str, str]]]:
        return [("a", ("a.ttl", "<http://e/x> <http://e/y> 1 .", "text/turtle")), ("b", ("b.nt", second, TYPES[1]))]

    assert curator.post("/store", params=named("parts"), files=parts("oh")).status_code == 400
    assert curator.get("/store", params=named("parts")).status_code == 404
    good = parts('<http://e/x> <http://e/y> "2" .')
    assert curator.post("/store", params=named("parts"), files=good).status_code == 201
    assert curator.post("/store", params=named("parts"), files=good).status_code == 204
    assert len(read(curator, "parts")) == 2


def test_a_change_of_a_graph_that_has_changed_is_refused(curator: httpx.Client) -> None:
    curator.put("/store", params=named("tag"), content="<http://e/a> <http://e/b> 1 .", headers=TURTLE)
    seen = curator.get("/store", params=named("tag"), headers={"Accept": "application/n-triples"}).headers["etag"]
    assert (
        curator.get("/store", params=named("tag"), headers={"If-None-Match": seen, "Accept": TYPES[1]}).status_code
        == 304
    )
    condition = {**TURTLE, "If-Match": seen}
    second = "<http://e/a> <http://e/b> 2 ."
    assert curator.put("/store", params=named("tag"), content=second, headers=condition).status_code == 204
    third = curator.put("/store", params=named("tag"), content="<http://e/a> <http://e/b> 3 .", headers=condition)
    assert third.status_code == 412
    assert curator.delete("/store", params=named("tag"), headers={"If-Match": seen}).status_code == 412
    assert '"2"' in curator.get("/store", params=named("tag"), headers={"Accept": TYPES[1]}).text
    only_new = {**TURTLE, "If-None-Match": "*"}
    assert curator.put("/store", params=named("tag"), content=second, headers=only_new).status_code == 412
    assert curator.put("/store", params=named("new"), content=second, headers=only_new).status_code == 201


def test_another_graph_keeps_its_tag_when_one_is_replaced(curator: httpx.Client) -> None:
    for name in ("one", "two"):
        curator.put("/store", params=named(name), content=CARD, headers=TURTLE)
    before = curator.head("/store", params=named("one")).headers["etag"]
    curator.put("/store", params=named("two"), content=CARD, headers=TURTLE)
    assert curator.head("/store", params=named("one")).headers["etag"] == before


def test_the_default_graph_is_what_was_put_there_and_has_conditions_too(curator: httpx.Client) -> None:
    shared = "<http://e/shared> <http://e/b> 1 ."
    curator.put("/store", params=named("shared"), content=shared, headers=TURTLE)
    assert curator.put("/store?default", content=f"{shared} <http://e/own> <http://e/b> 2 .", headers=TURTLE).is_success
    answer = curator.get("/store?default", headers={"Accept": TYPES[1]})
    assert answer.text.count("\n") == 2 and "shared" in answer.text
    assert "own" not in curator.get("/store", params=named("shared")).text
    condition = {**TURTLE, "If-Match": answer.headers["etag"]}
    assert curator.put("/store?default", content="", headers=condition).status_code == 204
    assert curator.put("/store?default", content=shared, headers=condition).status_code == 412
    assert curator.get("/store?default", headers={"Accept": TYPES[1]}).text == ""


def test_a_new_graph_gets_a_name_and_a_deleted_one_is_gone(curator: httpx.Client) -> None:
    first, second = (curator.post("/store", content=CARD, headers=TURTLE) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["location"] != second.headers["location"]
    where = {"graph": first.headers["location"]}
    assert curator.get("/store", params=where).status_code == 200
    assert curator.delete("/store", params=where).status_code == 204
    assert (curator.get("/store", params=where).status_code, curator.delete("/store", params=where).status_code) == (
        404,
        404,
    )


@pytest.mark.parametrize(
    ("status", "query"),
    [(400, ""), (400, "?default&graph=http://e/g"), (400, "?graph=relative"), (400, "?graph=a&graph=b"),
     (400, "?graph=%FF"), (404, "?graph=http://e/none"), (200, "?default")],
)  # fmt: skip
def test_a_request_names_one_graph(curator: httpx.Client, status: int, query: str) -> None:
    answer = curator.get(f"/store{query}")
    assert answer.status_code == status
    assert status == 200 or answer.headers["content-type"] == "application/problem+json"


def test_no_context_is_fetched(curator: httpx.Client) -> None:
    document = '{"@context": "http://127.0.0.1:9/context.jsonld", "@id": "http://e/a", "p": 1}'
    headers = {"Content-Type": "application/ld+json"}
    answer = curator.put("/store", params=named("context"), content=document, headers=headers)
    assert answer.status_code == 400
    assert "context" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_only_a_curator_changes_graphs(endpoint: Endpoint, method: str) -> None:
    for person, status in ((None, 401), ("Di", 403), ("Ada", 403)):
        client = endpoint.client(person)
        answer = client.request(method, "/store", params={"graph": "http://e/g0"}, content="", headers=TURTLE)
        assert answer.status_code == status
    whole = endpoint.client().get("/store", params={"graph": "http://e/g0"}, headers={"Accept": TYPES[1]})
    assert whole.text.count("\n") == ROWS // 2
