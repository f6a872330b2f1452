"""A person's own annotations go into a Solid pod and come back the same; nothing there is overwritten unasked."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from api.solid import annotations_of, push
from export.nanopub import spoken
from ontology.errors import InputError, StoreUnreachable, UnknownName
from store import Store, open_store
from tests.commands import acousma
from tests.endpoint import free_port
from tests.house import House, build

SERVER = os.environ.get("ACOUSMA_SOLID_SERVER", "")
"""Folder with node_modules/@solid/community-server."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("owned"))


@pytest.fixture(scope="module")
def archive(house: House) -> Iterator[Store]:
    with open_store(house.archive) as store:
        yield store


class Shelf(BaseHTTPRequestHandler):
    """Keeps what is put, as any web server that can be written to does; below /shut/ nothing is allowed."""

    kept: dict[str, bytes]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/turtle")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path.startswith("/shut/"):
            self.answer(401)
        elif self.path.startswith("/odd/"):
            self.answer(200, b"<html>")
        else:
            found = self.kept.get(self.path)
            self.answer(404 if found is None else 200, found or b"")

    def do_PUT(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/forgetful/"):
            sent = b""
        self.kept[self.path] = sent
        self.answer(201)


@pytest.fixture
def shelf() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnShelf", (Shelf,), {"kept": {}}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_what_is_pushed_is_read_back_and_a_second_push_changes_nothing(archive: Store, shelf: str) -> None:
    mine = annotations_of(archive, "Ada")
    assert len(mine) >= 3
    assert {one.outcome for one in push(archive, mine, f"{shelf}oa/")} == {"pushed"}
    assert {one.outcome for one in push(archive, mine, f"{shelf}oa/")} == {"unchanged"}


def test_what_somebody_else_put_there_is_left_unless_asked(house: House, archive: Store, shelf: str) -> None:
    first = annotations_of(archive, "Bo")[:1]
    (done,) = push(archive, first, f"{shelf}oa/")
    httpx.put(done.address, content=b"<https://e.org/a> <https://e.org/b> 1 .")
    told = acousma("solid", f"{shelf}oa/", "--person", "Bo", "--store", house.archive)
    assert told.returncode == 1 and "holds something else and was left" in told.stderr
    assert b"https://e.org/a" in httpx.get(done.address).content
    (again,) = push(archive, first, f"{shelf}oa/", replace=True)
    assert again.outcome == "replaced" and b"https://e.org/a" not in httpx.get(done.address).content


@pytest.mark.parametrize(
    ("place", "words"),
    [("shut/", "ACOUSMA_SOLID_TOKEN"), ("odd/", "no Turtle"), ("forgetful/", "of which 0 were sent")],
)
def test_a_pod_that_does_not_do_as_it_should_is_an_error(archive: Store, shelf: str, place: str, words: str) -> None:
    with pytest.raises(StoreUnreachable, match=words):
        list(push(archive, annotations_of(archive, "Ada")[:1], shelf + place))


def test_a_pod_that_is_not_there_and_people_who_said_nothing_are_told(archive: Store) -> None:
    mine = annotations_of(archive, "Ada")[:1]
    with pytest.raises(StoreUnreachable, match="does not answer"):
        list(push(archive, mine, f"http://127.0.0.1:{free_port()}/"))
    with pytest.raises(InputError, match="ends in '/'"):
        list(push(archive, mine, "http://127.0.0.1:9/oa"))
    with pytest.raises(UnknownName, match="Ada, Bo"):
        annotations_of(archive, "Nobody")


@pytest.mark.slow
@pytest.mark.skipif(not SERVER or not shutil.which("node"), reason="ACOUSMA_SOLID_SERVER names no folder of npm")
def test_the_community_solid_server_gives_back_what_was_pushed(archive: Store, tmp_path: Path) -> None:
    port = free_port()
    program = Path(SERVER) / "node_modules" / "@solid" / "community-server" / "bin" / "server.js"
    command = ["node", str(program), "-c", "@css:config/default.json", "-p", str(port), "-l", "warn"]
    base = f"http://localhost:{port}/"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "-b", base], cwd=tmp_path, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                httpx.get(base, timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        mine = annotations_of(archive, "Ada")
        assert {one.outcome for one in push(archive, mine, f"{base}oa/")} == {"pushed"}
        done = list(push(archive, mine, f"{base}oa/"))
        assert {one.outcome for one in done} == {"unchanged"}
        assert httpx.get(f"{base}oa/", headers={"Accept": "text/turtle"}).text.count(".ttl") >= len(mine)
        assert all(spoken(archive, one.annotation) for one in done)
    finally:
        process.terminate()
        process.wait(20)
