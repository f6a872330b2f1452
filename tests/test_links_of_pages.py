"""Every address of this server that a page or its headers lead to is answered."""

import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urldefrag, urljoin

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from tests.house import build

SITE = "http://localhost:8000/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
STARTS = ("workbench/", "sparql", "vocab.html")
NOT_FOLLOWED = ("mailto:", "data:", "javascript:")
KINDS_OF_EACH = 2
"""How many addresses that differ only in ids and numbers are followed."""

SENT = {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "bodyValue": "heard"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    house = build(tmp_path_factory.mktemp("linked"))
    settings = load_settings(str(house.archive)).model_copy(update={"requests_per_minute": 0})
    _, secret = Tokens(settings.tokens_file).create("Ada", Role.CURATOR)
    with (
        opened_service(settings) as service,
        TestClient(create_app(service), base_url=SITE, headers={"Authorization": f"Bearer {secret}"}) as client,
    ):
        yield client


def kind_of(address: str) -> str:
    """Return an address without what tells things of one kind apart."""
    path = address.removeprefix(SITE)
    path = re.sub(r"(%20|[^/?&=.])*\d[^/?&=.]*", "#", path)
    path = re.sub(r"=[^&]*", "=#", path)
    path = re.sub(r"(vocab|property|envelope|rule|concept|api/queries|ask)/[^/?.]+", r"\1/#", path)
    return re.sub(
        r"(work|agent|claim|measurement|assessment|parameter)/[^/?]+?(\.html|\.ttl|\.jsonld)?$", r"\1/#\2", path
    )


def links_of(answer: httpx2.Response) -> Iterator[str]:
    """Yield what a page or the header ``Link`` leads to on this server."""
    found = re.findall(r'<([^>]+)>;\s*rel="(?:alternate|canonical)"', answer.headers.get("link", ""))
    if answer.headers.get("content-type", "").startswith("text/html"):
        found += re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)
    for link in found:
        address = urldefrag(urljoin(str(answer.url), unescape(link))).url
        if address.startswith(SITE) and not link.startswith(NOT_FOLLOWED):
            yield address


def test_every_address_that_a_page_leads_to_is_answered(client: TestClient) -> None:
    waiting, followed, broken = [SITE + start for start in STARTS], dict[str, int](), []
    seen, came_from = set(waiting), dict[str, str]()
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address, headers=BROWSER)
        if answer.status_code not in (200, 401, 403):
            broken.append(f"{answer.status_code} {address} from {came_from.get(address)}")
            continue
        for link in links_of(answer):
            kind = kind_of(link)
            if link not in seen and followed.get(kind, 0) < KINDS_OF_EACH:
                followed[kind] = followed.get(kind, 0) + 1
                seen.add(link)
                came_from[link] = str(answer.url)
                waiting.append(link)
    assert not broken, "\n".join(broken)
    assert len(seen) > 100
    for part in ("annotation/#", "recording/#", "work/#", "agent/#", "span/#", "run/#"):
        assert any(part in kind for kind in followed), part


def first_claim(client: TestClient) -> str:
    address: str = client.get("/api/claims").json()["items"][0]["url"]
    return address.removeprefix(SITE)


@pytest.mark.parametrize(("suffix", "media_type"), [(".jsonld", "application/ld+json"), (".ttl", "text/turtle")])
def test_an_annotation_has_files_that_say_what_it_says(client: TestClient, suffix: str, media_type: str) -> None:
    sent = client.post("/annotations/", json=SENT | {"target": SITE + "recording/r"}, headers={"Content-Type": TYPE})
    for path in (first_claim(client), sent.headers["location"].removeprefix(SITE)):
        file, asked = client.get(f"/{path}{suffix}"), client.get(f"/{path}", headers={"Accept": media_type})
        assert (file.status_code, asked.status_code) == (200, 200), path
        assert file.headers["content-type"].startswith(media_type)
        assert file.text == asked.text
        assert client.head(f"/{path}{suffix}").status_code == 200
    for path in ("annotation/none", "annotations/none"):
        assert client.get(f"/{path}{suffix}").status_code == 404


TYPE = "application/ld+json"


def test_an_annotation_whose_name_ends_as_a_file_does_is_itself(client: TestClient) -> None:
    for slug in ("heard", "heard.ttl"):
        document = SENT | {"target": SITE + "recording/r", "bodyValue": slug}
        sent = client.post("/annotations/", content=json.dumps(document), headers={"Content-Type": TYPE, "Slug": slug})
        assert sent.headers["location"].endswith(f"/{slug}")
    assert client.get("/annotations/heard.ttl").json()["bodyValue"] == "heard.ttl"
    assert client.get("/annotations/heard.jsonld").json()["bodyValue"] == "heard"


NO_SOURCE = {"type": "Annotation", "@context": "http://www.w3.org/ns/anno.jsonld", "id": "#a1", "body": [
    {"type": "TextualBody", "value": "bright", "purpose": "tagging"}]}  # fmt: skip
SELECTOR = {
    "type": "FragmentSelector",
    "conformsTo": "http://www.w3.org/TR/media-frags/",
    "value": "t=0.5,1",
}


@pytest.mark.parametrize("target", [{"selector": SELECTOR}, {"selector": [SELECTOR]}], ids=["selector", "in a list"])
def test_an_annotation_without_a_source_is_about_the_recording_of_the_container_it_is_sent_to(
    client: TestClient, target: dict[str, object]
) -> None:
    recording = client.get("/api/recordings").json()["items"][0]["id"]
    name = recording.rpartition("/")[2]
    document = json.dumps(NO_SOURCE | {"target": target})
    refused = client.post("/annotations/", content=document, headers={"Content-Type": TYPE})
    assert refused.status_code == 400
    assert "source" in refused.json()["detail"] and "recording" in refused.json()["detail"]
    sent = client.post(f"/annotations/recording/{name}/", content=document, headers={"Content-Type": TYPE})
    assert sent.status_code == 201, sent.text
    assert client.get(sent.headers["location"]).json()["target"]["source"] == recording
