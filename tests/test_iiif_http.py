"""The archive as IIIF clients see it: every id can be fetched, words are found, links lead, changes are told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import iiif_prezi3
import pytest
import soundfile
from fastapi.testclient import TestClient

from api.iiif.documents import heard_by
from api.iiif.states import decoded, encoded
from api.protocol.access import Hearing
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from export.iiif import manifest as written_manifest
from export.options import Options, Served, Sound
from store import open_store
from tests.exports import MODEL, claim, material_of
from tests.house import House, build

HOST = "http://localhost:8000"
ORIGIN = {"Origin": "https://viewer.example"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("shown"))


@contextmanager
def serving(archive: Path, **settings: object) -> Iterator[TestClient]:
    made = load_settings(str(archive)).model_copy(update=settings)
    with opened_service(made) as service, TestClient(create_app(service), base_url=HOST) as client:
        yield client


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    with serving(house.archive, audio=Hearing.OPEN) as made:
        yield made


def collected(client: TestClient) -> dict[str, str]:
    """Return the address of each manifest, by title."""
    items = client.get("/iiif/collection.json").json()["items"]
    return {item["label"]["none"][0]: item["id"] for item in items if item["type"] == "Manifest"}


def manifest(client: TestClient, title: str = "Bell", profile: str = "") -> dict[str, Any]:
    found: dict[str, Any] = client.get(collected(client)[title] + profile).json()
    return found


def ids(node: Any) -> Iterator[tuple[str, str]]:
    """Yield type and id of everything that has an address of its own below the manifest."""
    if isinstance(node, dict):
        if isinstance(node.get("id"), str) and "#" not in node["id"] and "/iiif/" in node["id"] and "type" in node:
            yield node["type"], node["id"]
        for name, value in node.items():
            if name not in ("source", "partOf"):
                yield from ids(value)
    elif isinstance(node, list):
        for value in node:
            yield from ids(value)


@pytest.mark.parametrize("profile", ["", "?profile=plain"])
def test_every_id_of_a_manifest_can_be_fetched_by_viewers_elsewhere(client: TestClient, profile: str) -> None:
    document = manifest(client, "Звук и тишина", profile)
    iiif_prezi3.Manifest(**{key: value for key, value in document.items() if key != "@context"})
    found = list(ids(document))
    assert {"Manifest", "Canvas", "AnnotationPage", "Annotation", "Range", "Sound", "SearchService2"} <= {
        kind for kind, _ in found
    }
    for kind, id_ in found:
        answer = client.get(id_, headers=ORIGIN, params={"q": "x"} if kind.endswith("Service2") else None)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*"), id_
        if kind in ("Manifest", "Canvas", "AnnotationPage", "Annotation", "Range"):
            assert answer.json()["id"] == id_
            assert answer.headers["content-type"].startswith("application/ld+json")
    annotation = document["items"][0]["annotations"][0]["items"][0]["id"]
    assert client.get(annotation).json()["id"] == annotation


def test_the_plain_manifest_has_no_service_that_would_be_taken_for_a_login(client: TestClient) -> None:
    full, plain = manifest(client), manifest(client, profile="?profile=plain")
    assert "service" in full and "service" not in plain
    service = plain["items"][0]["service"][0]["id"]
    found = client.get(service, params={"q": "attack"}).json()["items"]
    assert found and all(isinstance(item["target"], str) for item in found)


def test_access_sound_answers_byte_ranges_and_lasts_as_long_as_the_recording(
    client: TestClient, tmp_path: Path
) -> None:
    (canvas,) = manifest(client)["items"]
    body = canvas["items"][0]["items"][0]["body"]
    assert (body["type"], body["format"]) == ("Sound", "audio/mpeg")
    whole = client.get(body["id"], headers={"Accept-Encoding": "gzip"})
    part = client.get(body["id"], headers={"Range": "bytes=100-199", **ORIGIN})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert client.get(body["id"], headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    copy = tmp_path / "copy.mp3"
    copy.write_bytes(whole.content)
    assert soundfile.info(copy).duration == pytest.approx(canvas["duration"], abs=0.06)
    (master,) = canvas["rendering"]
    assert client.get(master["id"]).content[:4] == b"RIFF"
    assert client.get(urlsplit(body["id"]).path.replace("bell.mp3", "other.mp3")).status_code == 404


def test_pictures_stand_beside_the_sound(client: TestClient) -> None:
    beside = manifest(client)["items"][0]["accompanyingCanvas"]
    for painted in beside["items"][0]["items"]:
        body = painted["body"]
        picture = client.get(body["id"]).content
        assert picture[:4] == b"\x89PNG"
        size = [int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)]
        assert size == [body["width"], body["height"]]


@pytest.mark.parametrize("rule", [Hearing.LICENSED, Hearing.TOKEN])
def test_sound_without_an_open_licence_takes_a_token_and_the_manifest_says_so(house: House, rule: Hearing) -> None:
    _, secret = Tokens(house.archive / "tokens.json").create("Rea", Role.READER)
    with serving(house.archive, audio=rule) as client:
        document = manifest(client)
        (canvas,) = document["items"]
        assert "not public" in document["summary"]["en"][0]
        assert "rendering" not in canvas and "accompanyingCanvas" not in canvas and canvas["annotations"]
        painted = canvas["items"][0]["items"][0]["body"]
        assert painted["type"] == "Image" and client.get(painted["id"]).content[:4] == b"\x89PNG"
        root = document["id"].rpartition("/")[0]
        for name in ("sound/bell.mp3", "sound/bell.wav", "waveform.png", "sonogram.png"):
            assert client.get(f"{root}/{name}").status_code == 401, name
            allowed = client.get(f"{root}/{name}", headers={"Authorization": f"Bearer {secret}"})
            assert allowed.status_code == 200, name


def test_a_recording_whose_file_is_gone_is_shown_without_sound(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    (archive / "sounds.json").write_text("{}", encoding="utf-8")
    with serving(archive, audio=Hearing.OPEN) as client:
        document = manifest(client)
        assert "not in this archive" in document["summary"]["en"][0]
        assert client.get(f"{document['id'].rpartition('/')[0]}/sound/bell.mp3").status_code == 404


def search(client: TestClient, title: str = "Bell", **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(manifest(client, title)["service"][0]["id"], params=asked).json()
    return found


def test_words_are_found_at_the_beginning_of_words_in_all_languages_without_accents(client: TestClient) -> None:
    everything = [item for page in manifest(client)["items"][0]["annotations"][:-1] for item in page["items"]]
    attack = search(client, q="ATT dec")["items"]
    assert attack and all("attack-decay" in item["body"][0]["value"].lower() for item in attack)
    french = search(client, q="attaque resonance")["items"]
    assert french and {item["id"] for item in french} <= {item["id"] for item in everything}
    assert search(client, q="zqxjk")["items"] == search(client, q="")["items"] == []
    marks = search(client, q="attack")["annotations"][0]["items"]
    assert {mark["target"]["selector"][0]["exact"] for mark in marks} >= {"Attack"}


@pytest.mark.parametrize(
    ("asked", "hits", "ignored"),
    [
        ({"motivation": "painting"}, False, None),
        ({"motivation": "tagging assessing"}, True, None),
        ({"user": "https://example.org/nobody"}, False, None),
        ({"date": "1900-01-01T00:00:00Z/1900-01-02T00:00:00Z"}, False, None),
        ({"date": "2000-01-01/2100-01-01"}, True, None),
        ({"date": "last week", "colour": "red"}, True, ["colour", "date"]),
    ],
)
def test_an_answer_is_narrowed_or_says_what_it_ignored(
    client: TestClient, asked: dict[str, str], hits: bool, ignored: list[str] | None
) -> None:
    answer = search(client, q="attack", **asked)
    assert (bool(answer["items"]), answer.get("ignored")) == (hits, ignored)


def test_labels_are_completed_in_every_language(client: TestClient) -> None:
    service = manifest(client)["service"][0]["service"][0]["id"]
    terms = client.get(service, params={"q": "atta"}).json()
    assert terms["type"] == "TermPage"
    assert {"en", "fr"} <= {term.get("language") for term in terms["items"]}
    following = client.get(terms["items"][0]["service"][0]["id"]).json()
    assert len(following["items"]) >= terms["items"][0]["total"] > 0


def test_an_annotation_is_a_link_into_a_viewer_and_back(client: TestClient) -> None:
    document = manifest(client)
    (canvas,) = document["items"]
    item = canvas["annotations"][0]["items"][0]
    address = f"/iiif/state/{item['id'].removeprefix(HOST + '/')}.json"
    state = client.get(address).json()
    assert (state["id"], state["motivation"]) == (HOST + address, ["contentState"])
    assert state["target"]["id"] == item["target"]
    assert state["target"]["partOf"] == [{"id": document["id"], "type": "Manifest"}]
    text = client.get(address.replace(".json", ".txt")).text
    assert decoded(text) == state and encoded(state) == text
    led = client.get("/iiif/open", params={"iiif-content": text}, follow_redirects=False)
    assert led.headers["location"] == document["id"].replace("/iiif/", "/recording/").rpartition("/")[0]
    for wrong in ("%%%", "e30", encoded({"id": "https://elsewhere.example/iiif/1/manifest.json"})):
        assert client.get("/iiif/open", params={"iiif-content": wrong}).status_code == 400
    assert client.get("/iiif/state/annotation/none.json").status_code == 404


def test_collections_lead_from_the_archive_to_composers_and_manifests(client: TestClient) -> None:
    whole = client.get("/iiif/collection.json").json()
    iiif_prezi3.Collection(**{key: value for key, value in whole.items() if key != "@context"})
    composers = {item["label"]["none"][0]: item["id"] for item in whole["items"] if item["type"] == "Collection"}
    assert composers.keys() == {"A. Maker", "Ä. Ünlü", "Мастер"}
    maker = client.get(composers["A. Maker"]).json()
    assert maker["id"] == composers["A. Maker"]
    assert [item["label"]["none"][0] for item in maker["items"]] == ["Bell", "Hiss"]
    assert client.get("/iiif/composers/nobody.json").status_code == 404
    assert client.get("/iiif/works/nothing.json").status_code == 404


def test_changes_tell_what_was_created_updated_and_deleted(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")

    def told() -> list[tuple[str, str]]:
        with serving(archive) as client:
            whole = client.get("/iiif/activity/all-changes").json()
            page = client.get(whole["last"]["id"]).json()
            assert page["partOf"]["id"] == whole["id"] and len(page["orderedItems"]) == whole["totalItems"]
            ends = [one["endTime"] for one in page["orderedItems"]]
            assert ends == sorted(ends)
            assert client.get("/iiif/activity/page-7").status_code == 404
            return [(one["type"], one["object"]["id"]) for one in page["orderedItems"]]

    first = told()
    assert {kind for kind, _ in first} == {"Create"} and len(first) == 4
    assert told() == first
    with serving(archive) as client:
        addresses = collected(client)
    of = {title: f"http://localhost:8000/recording/{address.split('/')[-2]}" for title, address in addresses.items()}
    runs = {line.rsplit(" ", 2)[1][1:-1] for line in house.quads if f"<{of['Hiss']}>" in line}
    with open_store(archive, writable=True) as store:
        for graph in runs:
            store.withdraw(graph)
        agents = {line.rsplit(" ", 2)[1][1:-1] for line in house.quads if '"Ada"' in line and of["Bell"][-16:] in line}
        checked = {line.rsplit(" ", 2)[1][1:-1] for line in house.quads if f"<{of['Bell']}>" in line} - agents
        store.withdraw(sorted(graph for graph in checked if "/run/" in graph)[0])
        store.publish()
    assert told()[len(first) :] == sorted([("Update", addresses["Bell"]), ("Delete", addresses["Hiss"])])[::-1] or set(
        told()[len(first) :]
    ) == {("Update", addresses["Bell"]), ("Delete", addresses["Hiss"])}


def test_the_compatibility_report_is_told_by_client(client: TestClient) -> None:
    root = manifest(client)["id"].rpartition("/")[0]
    notes = client.get(f"{root}/compatibility").json()["notes"]
    assert {"Clover", "Ramp", "Mirador"} <= {note["client"] for note in notes}
    assert client.get(f"{root}/compatibility", headers={"Accept": "text/plain"}).text.startswith("Clover: ")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/iiif/nothing/manifest.json", 404), ("/iiif/a b/manifest.json", 404), ("/iiif/BELL/annotations.vtt", 404),
        ("/iiif/BELL/range/999", 404), ("/iiif/BELL/manifest.json?profile=fancy", 400),
        ("/iiif/BELL/search?q=attack&page=9", 404), ("/iiif/BELL/search?q=attack&page=-1", 400),
        (f"/iiif/BELL/search?q={'x' * 501}", 400), ("/iiif/BELL/heard/qwen2-audio-7b.mp3", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(client: TestClient, path: str, status: int) -> None:
    bell = manifest(client)["id"].split("/")[-2]
    answer = client.get(path.replace("BELL", bell if status != 404 or "vtt" not in path else "none"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "Expected" in answer.json()["detail"]


def test_who_has_a_manifest_is_not_sent_it_again(client: TestClient) -> None:
    address = collected(client)["Bell"]
    first = client.get(address)
    assert client.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(address, headers={"Accept": "application/json"}).headers["content-type"] == "application/json"
    assert json.loads(first.content) == client.get(address).json()


def test_renditions_as_models_hear_them_are_a_choice_beside_the_sound(client: TestClient) -> None:
    sounds = tuple(Sound(f"https://e.org/{name}.mp3", "audio/mpeg", name) for name in ("The recording", "As heard"))
    options = Options("https://e.org/", served=Served("open", sounds))
    heard = replace(MODEL, envelope="qwen2-audio-7b")
    material = material_of(claim(1, "1", "2", agent=heard))
    assert heard_by(material) == ["qwen2-audio-7b"]
    assert heard_by(material_of(claim(1, "1", "2"))) == []
    (canvas,) = written_manifest(material, options)[0]["items"]
    body = canvas["items"][0]["items"][0]["body"]
    assert (body["type"], [one["label"]["en"] for one in body["items"]]) == (
        "Choice",
        [["The recording"], ["As heard"]],
    )
    (canvas,) = written_manifest(material, replace(options, profile="plain"))[0]["items"]
    assert canvas["items"][0]["items"][0]["body"]["id"] == "https://e.org/The recording.mp3"
    root = manifest(client)["id"].rpartition("/")[0]
    assert client.get(f"{root}/heard/qwen2-audio-7b.mp3").status_code == 404
