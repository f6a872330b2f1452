"""The workbench serves pages that hold no script, tell what is known, and keep sound from those who may not hear it."""

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.jobs.queue import JobQueue
from api.jobs.states import JobFolder, State
from api.protocol.access import Hearing
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from api.workbench.sounds.sight import COLUMNS, FINEST, HIGHEST_HZ, ROWS
from api.workbench.strings import texts
from tests.shelf import EVIL, Shelf, build

ROOT = Path(__file__).parents[1] / "api" / "workbench"
PAGES = ("", "recording/open", "claim/annotation/c1", "add", "recording/gone", "recording/bare", "?q=glockenspiel")
SOUNDS = (
    "audio/recording/{}", "tile/recording/{}?s=0&n=0", "peaks/recording/{}?s=0&n=0",
    "heard/recording/{}?model=whisper&start=0&end=1",
)  # fmt: skip
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return build(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def secret(shelf: Shelf) -> str:
    return Tokens(shelf.archive / "tokens.json").create("Ada", Role.READER)[1]


class Tags(HTMLParser):
    """Collects the tags of a page with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def client_of(shelf: Shelf, hearing: Hearing = Hearing.LICENSED, public: bool = True) -> Iterator[TestClient]:
    settings = load_settings(str(shelf.archive)).model_copy(update={"audio": hearing, "public": public})
    queue = JobQueue(JobFolder(shelf.archive), settings.base_iri, "cpu", 100_000, {"CLAP": "clap=nowhere"})
    with opened_service(settings) as service, TestClient(create_app(service, 0, queue), headers=HTML) as made:
        yield made


@pytest.fixture(scope="module")
def client(shelf: Shelf) -> Iterator[TestClient]:
    yield from client_of(shelf)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_no_script_and_no_style_and_shows_markup_as_words(client: TestClient, page: str) -> None:
    answer = client.get(f"/workbench/{page}")
    assert answer.status_code == 200, answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "http" not in policy
    tags = Tags()
    tags.feed(answer.text)
    assert all("src" in attributes for tag, attributes in tags.found if tag == "script")
    assert not [name for _, names in tags.found for name in names if name == "style" or name.startswith("on")]
    assert not [names for tag, names in tags.found if tag == "style"]
    assert EVIL not in answer.text
    assert "&lt;script&gt;document.title" in answer.text or page in ("add", "recording/gone", "recording/bare")


def test_the_files_of_pages_are_there_and_come_from_here_only(client: TestClient) -> None:
    for file in sorted((ROOT / "static").iterdir()):
        answer = client.get(f"/workbench/static/{file.name}")
        assert answer.status_code == 200 and "://" not in re.sub(r"http://www\.w3\.org/\S*", "", answer.text), file.name
    for template in sorted((ROOT / "templates").glob("*.html")):
        for name in re.findall(r'asset\("([^"]+)"\)', template.read_text(encoding="utf-8")):
            assert (ROOT / "static" / name).is_file(), (template.name, name)


def test_every_text_that_a_template_names_is_in_the_strings() -> None:
    known = texts("en")
    for template in sorted((ROOT / "templates").glob("*.html")):
        for name in re.findall(r'\bt\("([\w.]+)"\s*[,)]', template.read_text(encoding="utf-8")):
            assert name in known, (template.name, name)
    assert all(text.strip() for text in known.values())


def test_the_archive_is_found_by_title_concept_in_another_language_and_description(client: TestClient) -> None:
    def titles(query: str) -> set[str]:
        page = client.get(f"/workbench/?{query}").text
        return set(re.findall(r"<h3><a [^>]*>(\w+)", page))

    assert titles("") == {"Bells", "Kept", "Gone", "Long", "Bare"}
    assert titles("q=kept") == {"Kept"}
    assert titles("q=glockenspiel") == {"Bells"}
    assert titles("q=attaque") == {"Bells"}
    assert titles("concept=morphologicalArchetype") == {"Bells"}
    assert titles("verdict=contradicted") == {"Bells"}
    assert titles("creator=Bo&concept=dark") == {"Gone"}
    assert titles("q=nothing+of+this+kind") == set()


def test_a_recording_tells_its_claims_and_whether_it_can_be_heard(client: TestClient) -> None:
    page = client.get("/workbench/recording/open").text
    assert "Attack-decay" in page and 'data-heard="yes"' in page and "iiif/open/manifest.json" in page
    kept = client.get("/workbench/recording/kept").text
    assert 'data-heard="no"' in kept and "audio/recording/kept" not in kept
    assert "No sound of this recording is kept here" in client.get("/workbench/recording/gone").text
    assert "Nothing has been claimed" in client.get("/workbench/recording/bare").text


def test_layers_hold_each_claim_with_agent_aspect_and_verdicts(client: TestClient) -> None:
    told = client.get("/workbench/layers/recording/open").json()
    found = {
        claim[0]: (told["concepts"][claim[3]]["id"], told["agents"][claim[1]]["name"][:9], *claim[4:])
        for claim in told["claims"]
    }
    assert found == {
        "annotation/c1": ("attackDecay", "Measuring", 0.5, 1.1, 0.9, ["contradicted"]),
        "annotation/c2": ("attackImpulse", "Other <sc", 0.5, 1.1, 0.6, []),
    }
    assert told["cut"] is False


def test_a_claim_tells_evidence_others_and_how_to_cite_it(client: TestClient) -> None:
    page = client.get("/workbench/claim/annotation/c1").text
    assert "Attack time: 200" in page and "the rule wants below 30" in page
    assert "contradicted" in page and "too slow &lt;script&gt;" in page
    assert "Attack-impulse" in page and "differs" in page
    assert "Measuring machine (2026): “Attack-decay” (Morphological archetype) at 0:00.5–0:01.1 in “Bells" in page
    assert 'id="trace"' in page, "its sound is open, so level and brightness are drawn"
    kept = client.get("/workbench/claim/annotation/c3").text
    assert 'id="trace"' not in kept and "private" in kept


def test_a_claim_is_taken_away_as_a_web_annotation_and_as_turtle(client: TestClient) -> None:
    told = client.get("/workbench/data/annotation/c1.jsonld")
    assert "attachment" in told.headers["content-disposition"]
    assert told.json()["body"].endswith("/vocab/attackDecay") and told.json()["target"]["startSeconds"] == "0.5"
    assert "acv:attackDecay" in client.get("/workbench/data/annotation/c1.ttl").text
    assert client.get("/workbench/data/annotation/c1.exe").status_code == 404
    assert client.get("/workbench/data/annotation/never.ttl").status_code == 404


@pytest.mark.parametrize("door", SOUNDS)
def test_a_private_sound_is_only_for_those_with_a_token(client: TestClient, secret: str, door: str) -> None:
    address = f"/workbench/{door.format('kept')}"
    refused = client.get(address)
    assert refused.status_code == 401 and len(refused.content) < 20_000
    assert client.get(address, headers={"Authorization": f"Bearer {secret}x"}).status_code == 401
    assert client.get(address, headers={"Cookie": f"acousma_reader={secret}x"}).status_code == 401
    if not door.startswith("heard"):  # which loads torch in a process of its own
        assert client.get(address, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        assert client.get(address, headers={"Cookie": f"acousma_reader={secret}"}).status_code == 200
    assert client.get(f"/workbench/{door.format('gone')}").status_code == 404


def test_a_cookie_reads_but_does_not_write(client: TestClient, shelf: Shelf) -> None:
    secret = Tokens(shelf.archive / "tokens.json").create("Bo", Role.ANNOTATOR)[1]
    answer = client.post("/workbench/session", headers={"Authorization": f"Bearer {secret}"})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 204 and answer.headers["x-acousma-person"] == "Bo"
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age" not in cookie
    with_cookie = {"Cookie": f"acousma_reader={secret}", "Content-Type": "application/ld+json"}
    assert client.post("/annotations/", content=b"{}", headers=with_cookie).status_code == 401
    assert client.post("/api/uploads?filename=a.wav", content=b"x", headers=with_cookie).status_code == 401
    client.cookies.clear()


@pytest.mark.parametrize(
    ("hearing", "expected"), [(Hearing.NONE, (404, 404)), (Hearing.TOKEN, (401, 401)), (Hearing.OPEN, (200, 200))]
)
def test_the_archive_decides_who_hears(shelf: Shelf, hearing: Hearing, expected: tuple[int, int]) -> None:
    for client in client_of(shelf, hearing):
        found = tuple(client.get(f"/workbench/peaks/recording/{name}?s=0&n=0").status_code for name in ("open", "kept"))
        assert found == expected


def test_a_private_archive_asks_for_a_token_on_a_page(shelf: Shelf, secret: str) -> None:
    for client in client_of(shelf, public=False):
        for page in ("", "recording/open", "claim/annotation/c1", "layers/recording/open", "examples/bright", "add"):
            answer = client.get(f"/workbench/{page}")
            assert answer.status_code == 401 and "Bells" not in answer.text, page
            assert answer.headers["content-type"].startswith("text/html") and 'id="signing"' in answer.text
        assert "Bells" in client.get("/workbench/", headers={"Cookie": f"acousma_reader={secret}"}).text


def test_a_tile_shows_a_tone_at_its_height_and_a_waveform_its_amplitude(client: TestClient) -> None:
    body = client.get("/workbench/tile/recording/long?s=0&n=0&y=linear").content
    picture = np.asarray(Image.open(io.BytesIO(body)).convert("L"))
    assert picture.shape == (ROWS, COLUMNS)
    row = int(np.argmax(picture[:, 256].astype(int)))
    assert abs((ROWS - 0.5 - row) / ROWS * HIGHEST_HZ - 300) < 1.5 * HIGHEST_HZ / ROWS
    wave = np.frombuffer(client.get("/workbench/peaks/recording/long?s=0&n=0").content, np.int8).reshape(COLUMNS, 2)
    assert abs(int(wave[:, 1].max()) - 127 * 0.5) <= 2 and abs(int(wave[:, 0].min()) + 127 * 0.5) <= 2
    silent = np.frombuffer(client.get("/workbench/peaks/recording/open?s=0&n=0").content, np.int8).reshape(COLUMNS, 2)
    assert not silent[: int(0.45 * FINEST)].any() and silent[int(0.55 * FINEST)].any()


def test_a_sound_that_browsers_do_not_play_is_sent_as_flac_in_parts(client: TestClient, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Range": "bytes=0-3"}
    answer = client.get("/workbench/audio/recording/kept", headers=headers)
    assert answer.status_code == 206 and answer.content == b"fLaC" and answer.headers["content-type"] == "audio/flac"


def test_what_is_not_there_is_told_on_a_page_with_a_way_back(client: TestClient) -> None:
    for page in ("recording/never", "claim/annotation/never", "claim/%3Cscript%3E", "recording/", "nothing"):
        answer = client.get(f"/workbench/{page}")
        assert answer.status_code == 404 and "Back to the archive" in answer.text, page
        assert "<script>" not in answer.text and "Traceback" not in answer.text
    assert client.get("/workbench/curve/recording/open?property=nonsense").status_code == 404
    assert client.get("/workbench/tile/recording/open?s=99&n=0").status_code == 400
    assert client.get("/workbench/heard/recording/open?model=whisper&start=0&end=3000").status_code == 400


def test_examples_of_a_term_are_passages_that_may_be_heard(client: TestClient) -> None:
    page = client.get("/vocab/bright.html").text
    assert 'data-examples="../workbench/examples/bright"' in page
    assert client.get("/workbench/examples/bright").json()["examples"] == []
    assert client.get("/workbench/examples/nonsense").status_code == 404


def test_an_unknown_describer_is_refused_and_dead_jobs_are_told(client: TestClient, shelf: Shelf) -> None:
    secret = Tokens(shelf.archive / "tokens.json").create("Cy", Role.ANNOTATOR)[1]
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
    refused = client.post("/api/uploads?filename=a.wav&describer=Oracle", content=b"RIFF", headers=headers)
    assert refused.status_code == 400 and "CLAP" in refused.json()["detail"]
    sent = client.post(
        "/api/uploads?filename=a.wav&describer=CLAP&licence=CC0", content=b"RIFF", headers=headers
    ).json()
    assert sent["describers"] == ["CLAP"] and sent["licence"] == "CC0"
    folder = JobFolder(shelf.archive)
    folder.change(folder.read(sent["id"]), state=State.FAILED, problem=f"it died of {EVIL}")
    page = client.get("/workbench/add").text
    assert "it died of &lt;script&gt;" in page and "failed" in page and 'value="CLAP"' in page


def test_words_for_scripts_are_those_of_the_strings(client: TestClient) -> None:
    page = client.get("/workbench/recording/open").text
    found = re.search(r'data-words="([^"]*)"', page)
    assert found is not None
    words = json.loads(found[1].replace("&#34;", '"').replace("&#39;", "'").replace("&lt;", "<").replace("&amp;", "&"))
    assert words["whole"] == texts("en")["recording.whole"] and words["play"] == texts("en")["common.play"]
