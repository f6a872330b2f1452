"""Every IRI of an archive resolves, to a page for people and to data for programs, wherever it is served."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient

from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from tests.commands import acousma
from tests.house import House, build
from tests.sounds import tone, write

BASE = "http://localhost:8000/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SYNTAXES = {"text/turtle": ox.RdfFormat.TURTLE, "application/ld+json": ox.RdfFormat.JSON_LD}
NO_DATA = ("graph/",)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("things"))


@contextmanager
def serving(house: House, **settings: object) -> Iterator[TestClient]:
    made = load_settings(str(house.archive)).model_copy(update=settings)
    with opened_service(made) as service, TestClient(create_app(service), base_url="http://localhost:8000") as client:
        yield client


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    with serving(house) as made:
        yield made


def kinds(house: House) -> dict[str, str]:
    """Return one IRI of each kind that is minted: for works and the like the whole, for parts where they stand."""
    found: dict[str, str] = {}
    for iri in sorted(set(re.findall(rf"<({BASE}[^>]*)>", "\n".join(house.quads)))):
        path = iri.removeprefix(BASE)
        kind = re.sub(r"[0-9a-f]{16}|\d+-\d+", "#", path)
        kind = re.sub(r"\b(work|agent|measurement|claim|parameter|observation/#/#)/.*", r"\1", kind)
        found.setdefault(kind, path)
    return found


def test_every_kind_of_iri_has_a_page_and_data_that_speak_of_it(house: House, client: TestClient) -> None:
    of_kinds = kinds(house)
    assert {"work", "recording/#", "recording/#/time", "span/#/#", "span/#/#/selector", "agent", "run/#", "file/#",
            "annotation/#/#/claim", "annotation/#/assessment/#", "graph/run/#"} <= of_kinds.keys()  # fmt: skip
    for kind, path in of_kinds.items():
        page = client.get(f"/{path}", headers=BROWSER)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), kind
        assert BASE + path in page.text and "Accept" in page.headers["vary"], kind
        assert "'unsafe-inline'" not in page.headers["content-security-policy"], kind
        if path.startswith(NO_DATA):
            continue
        about = ox.NamedNode(BASE + path)
        for media_type in SYNTAXES:
            answer = client.get(f"/{path}", headers={"Accept": media_type})
            assert answer.headers["content-type"].startswith(media_type), kind
            if media_type == "text/turtle":
                assert any(quad.subject == about for quad in ox.parse(answer.content, format=ox.RdfFormat.TURTLE)), kind


@pytest.mark.parametrize("media_type", SYNTAXES)
def test_the_data_of_a_thing_are_all_its_statements(house: House, client: TestClient, media_type: str) -> None:
    path = kinds(house)["span/#/#"]
    answer = client.get(f"/{path}", headers={"Accept": media_type})
    given = {str(quad.triple) for quad in ox.parse(answer.content, format=SYNTAXES[media_type])}
    stored = {
        line.rsplit(" <", 1)[0] for line in house.quads if line.startswith((f"<{BASE}{path}> ", f"<{BASE}{path}/"))
    }
    quads = ox.parse("\n".join(f"{line} ." for line in stored).encode(), format=ox.RdfFormat.N_TRIPLES)
    assert given == {str(quad.triple) for quad in quads} and len(given) > 8


def test_a_thing_leads_to_a_document_and_an_annotation_is_one(house: House, client: TestClient) -> None:
    for kind, status in (("work", 303), ("recording/#", 303), ("run/#", 303), ("annotation/#/#/claim", 200)):
        answer = client.get(f"/{kinds(house)[kind]}", headers=BROWSER, follow_redirects=False)
        assert answer.status_code == status, kind
    answer = client.get(f"/{kinds(house)['work']}", headers={"Accept": "text/turtle"}, follow_redirects=False)
    assert answer.headers["location"].endswith(".ttl") and answer.headers["location"].startswith("./")


def test_what_nothing_is_said_of_is_not_there(client: TestClient) -> None:
    for path in (
        "work/nothing",
        "work/nothing.ttl",
        "work/nothing.html",
        "span/a b",
        "run/%00",
        "graph/run/nothing.ttl",
    ):
        answer = client.get(f"/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


def test_who_has_the_page_is_not_sent_it_again(house: House, client: TestClient) -> None:
    path = f"/{kinds(house)['work']}.html"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.head(path).content == b""


def test_a_page_of_a_recording_shows_its_claims_and_leads_on(house: House, client: TestClient) -> None:
    page = client.get(f"/{kinds(house)['recording/#']}", headers=BROWSER)
    assert "<h2>Claims</h2>" in page.text
    links = re.findall(r'href="(\.\./[^"#]+)"', page.text)
    assert len(links) > 20
    for link in list(dict.fromkeys(links))[:12]:
        assert client.get(str(page.url.join(link)), headers=BROWSER).status_code == 200, link


@pytest.mark.parametrize("base", ["https://archive.example.org/heard/", "urn:archive:"])
def test_iris_with_another_base_resolve_on_this_server(tmp_path: Path, base: str) -> None:
    write(tmp_path / "a.wav", tone(440, 0.5))
    done = acousma("ingest", tmp_path / "a.wav", "--store", tmp_path / "archive", ACOUSMA_BASE_IRI=base)
    assert done.returncode == 0, done
    settings = load_settings(str(tmp_path / "archive")).model_copy(update={"base_iri": base})
    with (
        opened_service(settings) as service,
        TestClient(create_app(service), base_url="http://localhost:8000") as there,
    ):
        recording = there.get("/api/recordings").json()["items"][0]
        assert recording["id"].startswith(base) and recording["url"].startswith("http://localhost:8000/recording/")
        turtle = there.get(recording["url"], headers={"Accept": "text/turtle"}).text
        assert f"<{recording['id']}>" in turtle
        claim = there.get("/api/claims").json()["items"][0]
        for accept in ("text/html", "application/ld+json"):
            answer = there.get(claim["url"], headers={"Accept": accept})
            assert (answer.status_code, claim["id"] in answer.text) == (200, True), accept


def test_a_private_archive_shows_nobody_anything_without_a_token(house: House) -> None:
    with serving(house, public=False) as client:
        lists = ("/api/works", "/api/claims", "/api/jobs", "/metrics", "/api/queries", "/api/queries/works/answer")
        for path in (*(f"/{path}" for path in kinds(house).values()), *lists):
            for headers in (BROWSER, {"Accept": "text/turtle"}):
                assert client.get(path, headers=headers).status_code == 401, path


def test_a_browser_is_told_of_a_problem_on_a_page(client: TestClient) -> None:
    for path in ("/nowhere/at/all", "/sparql?query=nonsense", "/recording/none.html"):
        answer = client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert answer.headers["content-type"] == "text/html; charset=utf-8", path
        assert answer.status_code in (400, 404) and answer.headers["x-request-id"] in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"
