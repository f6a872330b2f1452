"""Sound that is not open is given to nobody without a token, by whatever address, whole or in part."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.jobs.queue import JobQueue
from api.jobs.states import JobFolder
from api.protocol.access import Hearing
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from tests.house import House, build

HOST = "http://localhost:8000"
MOST_PAGES = 100
STARTS = (
    "/", "/index.html", "/api", "/api/works", "/api/recordings", "/api/jobs", "/iiif/collection.json", "/workbench/",
)  # fmt: skip
OF_A_RECORDING = (
    "/workbench/audio/{path}", "/workbench/tile/{path}?s=0&n=0", "/workbench/peaks/{path}?s=64&n=0",
    "/workbench/heard/{path}?model=qwen2-audio&start=0&end=0.5", "/workbench/form/{path}", "/{path}", "/{path}.flac",
    "/{path}.wav", "/{path}.mp3", "/sounds/{path}", "/access/{path}", "/static/../sounds.json",
    "/console/..%2f..%2fsounds.json",
)  # fmt: skip
PARTS: tuple[dict[str, str], ...] = ({}, {"Range": "bytes=0-"}, {"Range": "bytes=100-299"})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("unheard"))


@pytest.fixture(scope="module")
def token(house: House) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(house.archive / 'tokens.json').create('Di', Role.READER)[1]}"}


@contextmanager
def serving(house: House, rule: Hearing) -> Iterator[TestClient]:
    made = load_settings(str(house.archive)).model_copy(update={"audio": rule})
    queue = JobQueue(JobFolder(house.archive), made.base_iri, "cpu", 1000)
    with opened_service(made) as service, TestClient(create_app(service, 0, queue), base_url=HOST) as client:
        yield client


def recording(client: TestClient) -> str:
    """Return the path of the recording of the bell."""
    (work,) = client.get("/api/works", params={"title": "Bell"}).json()["items"]
    return str(work["recordings"][0]["id"]).removeprefix(f"{HOST}/")


def addresses(answer: Response) -> Iterator[str]:
    """Yield the addresses of this server that an answer names."""
    if not answer.headers.get("content-type", "").startswith(("text/html", "application/json", "application/ld+json")):
        return
    for found in re.findall(r'(?:href|src|data-[a-z]+)="([^"#]+)|"(http://localhost:8000/[^"#]+)"', answer.text):
        address = urljoin(str(answer.url), (found[0] or found[1]).replace("&amp;", "&"))
        if address.startswith(HOST):
            yield address


def is_sound(answer: Response, needle: bytes) -> bool:
    """Tell whether an answer is sound, or a picture of it; pictures of what is said are not meant."""
    kind = answer.headers.get("content-type", "")
    return kind.startswith(("audio/", "video/", "application/octet-stream", "image/webp")) or needle in answer.content


def test_no_address_gives_private_sound_without_a_token(house: House, token: dict[str, str]) -> None:
    needle = (house.sounds / "bell.wav").read_bytes()[2000:2064]
    with serving(house, Hearing.LICENSED) as client:
        path = recording(client)
        heard = client.get(f"/workbench/audio/{path}", headers=token)
        assert is_sound(heard, needle) and heard.status_code == 200, heard.text
        part = client.get(f"/workbench/audio/{path}", headers={**token, **PARTS[2]})
        assert (part.status_code, len(part.content)) == (206, 200)
        waiting = [*(HOST + start for start in STARTS), *(HOST + one.format(path=path) for one in OF_A_RECORDING)]
        waiting += [f"{HOST}/iiif/{path.rpartition('/')[2]}/manifest.json"]
        asked: set[str] = set()
        while waiting and len(asked) < MOST_PAGES:
            address = waiting.pop(0)
            kind = re.sub(r"[0-9a-f]{8,}|\d+", "#", urlsplit(address).path + urlsplit(address).query)
            if kind in asked:
                continue
            asked.add(kind)
            answers = [client.get(address, headers=part_of) for part_of in PARTS]
            assert not any(is_sound(answer, needle) for answer in answers), address
            waiting += addresses(answers[0])
        assert len(asked) > 30, asked


def test_where_no_sound_is_to_be_heard_a_token_does_not_help(house: House, token: dict[str, str]) -> None:
    needle = (house.sounds / "bell.wav").read_bytes()[2000:2064]
    with serving(house, Hearing.NONE) as client:
        path = recording(client)
        for one in OF_A_RECORDING:
            answer = client.get(one.format(path=path), headers=token)
            assert not is_sound(answer, needle), one
        assert client.get(f"/workbench/audio/{path}", headers=token).status_code == 404
