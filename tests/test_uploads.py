"""Sound sent to the server becomes claims in the archive, by a job whose progress can be followed."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.jobs.states import Job, JobFolder, State, moment
from store import open_store
from tests.commands import ROOT, acousma, command, environment
from tests.sounds import stroke, tone, write
from tests.test_server import free_port

pytestmark = pytest.mark.server


@contextmanager
def serving(archive: Path, **settings: str) -> Iterator[httpx.Client]:
    """Serve an archive, as a user does."""
    port = free_port()
    surroundings = environment(ACOUSMA_STORE=str(archive), **settings)
    with subprocess.Popen(
        command("serve", "--port", str(port)), cwd=ROOT, env=surroundings, stderr=subprocess.DEVNULL
    ) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for _ in range(400):
                    try:
                        client.get("/health")
                        break
                    except httpx.TransportError:
                        time.sleep(0.05)
                yield client
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive with one short recording."""
    folder = tmp_path_factory.mktemp("uploads")
    write(folder / "first.wav", tone(440, 0.6))
    assert acousma("ingest", folder / "first.wav", "--store", folder / "archive").returncode == 0
    return folder / "archive"


@pytest.fixture(scope="module")
def anyone(archive: Path) -> Iterator[httpx.Client]:
    """Start a server with a limit of half a megabyte for a sound."""
    with serving(archive, ACOUSMA_UPLOAD_BYTES="500000") as client:
        yield client


@pytest.fixture(scope="module")
def ada(archive: Path) -> dict[str, str]:
    """Give the headers of an annotator."""
    made = acousma("token", "create", "Ada", "--store", archive)
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


def events_of(client: httpx.Client, id_: str) -> list[dict[str, object]]:
    """Follow a job to its end."""
    found: list[str] = []
    with client.stream("GET", f"/api/jobs/{id_}/events", timeout=120) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found += [line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(text) for text in found]


def test_a_sound_that_is_sent_is_in_the_archive_when_its_job_says_so(
    anyone: httpx.Client, ada: dict[str, str], tmp_path: Path
) -> None:
    sound = write(tmp_path / "Größe.wav", stroke(700, 0.8)).read_bytes()
    sent = anyone.post(
        "/api/uploads", params={"filename": "Größe.wav", "title": "Big", "creator": "B. Maker", "year": 1980},
        content=sound, headers={**ada, "Content-Type": "audio/wav"},
    )  # fmt: skip
    assert sent.status_code == 202, sent.text
    events = events_of(anyone, sent.json()["id"])
    assert [event["state"] for event in events][-1] == "done", events
    last = anyone.get(sent.headers["location"]).json()
    assert last == events[-1] and last["statements"] > 100
    works = anyone.get("/api/works", params={"title": "Big"}).json()["items"]
    assert [(work["creator"]["name"], work["year"]) for work in works] == [("B. Maker", 1980)]
    assert works[0]["recordings"][0]["id"] == last["recording"]
    assert anyone.get("/api/claims", params={"recording": last["recording"]}).json()["items"]
    again = anyone.post("/api/uploads", params={"filename": "twin.wav"}, content=sound, headers=ada).json()
    assert events_of(anyone, again["id"])[-1]["step"] == "known already"


def test_a_form_of_a_browser_can_send_sound_too(anyone: httpx.Client, ada: dict[str, str], tmp_path: Path) -> None:
    sound = write(tmp_path / "form.wav", tone(300, 0.5)).read_bytes()
    sent = anyone.post(
        "/api/uploads", files={"file": ("C:\\tapes\\form.wav", sound)}, data={"title": "Form"}, headers=ada
    )
    assert sent.status_code == 202, sent.text
    assert sent.json()["filename"] == "form.wav"
    last = events_of(anyone, sent.json()["id"])[-1]
    assert (last["state"], last["title"]) == ("done", "Form"), last


def test_what_is_no_sound_fails_with_a_reason_and_is_not_kept(
    anyone: httpx.Client, ada: dict[str, str], archive: Path
) -> None:
    sent = anyone.post("/api/uploads", params={"filename": "noise.wav"}, content=b"RIFFnothing", headers=ada).json()
    last = events_of(anyone, sent["id"])[-1]
    assert last["state"] == "failed" and "noise.wav" in str(last["problem"])
    assert str(archive) not in json.dumps(last), "a client learns no folder of this machine"
    assert not (archive / "sounds" / sent["id"]).exists()


@pytest.mark.parametrize(
    ("status", "parameters", "body"),
    [
        (400, {}, b"RIFF"),
        (400, {"filename": "empty.wav"}, b""),
        (400, {"filename": ".wav"}, b"RIFF"),
        (400, {"filename": "a\x00b.wav"}, b"RIFF"),
        (415, {"filename": "../../evil.py"}, b"RIFF"),
        (413, {"filename": "long.wav"}, b"0" * 500_001),
    ],
)
def test_what_cannot_be_taken_is_refused_at_once(
    anyone: httpx.Client, ada: dict[str, str], archive: Path, status: int, parameters: dict[str, str], body: bytes
) -> None:
    before = sorted((archive / "sounds").glob("*"))
    answer = anyone.post("/api/uploads", params=parameters, content=body, headers=ada)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert sorted((archive / "sounds").glob("*")) == before


def test_a_body_without_a_length_is_cut_off_at_the_limit(anyone: httpx.Client, ada: dict[str, str]) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(60):
            yield b"0" * 10_000

    answer = anyone.post("/api/uploads", params={"filename": "endless.wav"}, content=endless(), headers=ada)
    assert answer.status_code == 413


def test_only_those_with_a_token_send_sound(anyone: httpx.Client, archive: Path) -> None:
    reader = acousma("token", "create", "Bo", "--role", "reader", "--store", archive).stdout.strip()
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {reader}"}, 403)):
        answer = anyone.post("/api/uploads", params={"filename": "a.wav"}, content=b"RIFF", headers=headers)
        assert answer.status_code == status


def test_a_job_that_a_killed_server_left_is_done_by_the_next(archive: Path, tmp_path: Path) -> None:
    jobs = JobFolder(archive)
    left = Job(id=jobs.new_id(), state=State.RUNNING, filename="left.wav", created=moment(), started=moment())
    jobs.sound(left).parent.mkdir(parents=True)
    write(jobs.sound(left), tone(523, 0.5))
    jobs.write(left)
    with serving(archive) as client:
        assert events_of(client, left.id)[-1]["state"] == "done"


def test_others_write_while_a_job_runs(archive: Path, tmp_path: Path) -> None:
    long = write(tmp_path / "long.wav", stroke(600, 12.0)).read_bytes()
    with serving(archive, ACOUSMA_WRITES="open") as client:
        sent = client.post("/api/uploads", params={"filename": "long.wav"}, content=long).json()
        written, shares = 0, []
        while (now := client.get(f"/api/jobs/{sent['id']}").json())["state"] in ("queued", "running"):
            shares += [now["percent"]] if now.get("percent") else []
            update = f"INSERT DATA {{ GRAPH <http://e/beside> {{ <http://e/{written}> <http://e/p> 1 }} }}"
            answer = client.post("/update", data={"update": update})
            assert answer.status_code == 204, answer.text
            written += 1
        last = client.get(f"/api/jobs/{sent['id']}").json()
        assert (last["state"], last["percent"]) == ("done", 100), last
        executables = "SELECT ?q { GRAPH ?g { ?q a <http://www.w3.org/ns/shacl#SPARQLSelectExecutable> } }"
        stored = client.get("/sparql", params={"query": executables}, headers={"Accept": "text/csv"}).text.split()
        names = {one["name"] for one in client.get("/api/queries").json()["items"]}
    assert {one.rpartition("/")[2] for one in stored[1:]} == names
    assert shares and shares == sorted(shares) and 0 < shares[-1] < 100
    assert written > 3
    with open_store(archive) as store:
        beside = store.rows("SELECT ?s { GRAPH <http://e/beside> { ?s ?p ?o } }").rows
    assert len(beside) == written
