"""A store on a server that is down, slow, read-only, wants a user, or is no SPARQL server: what is said and done.

The servers are ``tests/data/bad_servers.json``: what a server answers, and what a person reads on the command line.
"""

import base64
import hashlib
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ontology.errors import InputError, QueryLost, StoreError, StoreForbidden, StoreUnreachable
from store import Limits, RemoteStore, Server, Store, open_store
from store.server import Server as Described
from tests.commands import acousma
from tests.endpoint import free_port, make_archive, serving

pytestmark = pytest.mark.server

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "bad_servers.json").read_text(encoding="utf-8")
)
PROGRAM = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"
EMPTY = b'{"head":{"vars":[]},"results":{"bindings":[]}}'
GRAPH = "http://e/run/1"
Handler = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def answering(handle: Handler) -> Iterator[str]:
    """Run a server that answers each request by a function, and yield its address."""

    class Requests(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            handle(self)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Requests) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def reply(request: http.server.BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in ({"Content_Length": str(len(body))} | headers).items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def table(request: http.server.BaseHTTPRequestHandler) -> None:
    reply(request, 200, EMPTY, Content_Type="application/sparql-results+json")


@contextmanager
def oxigraph(*arguments: str) -> Iterator[str]:
    """Run a native Oxigraph server and yield its address."""
    port = free_port()
    command = [PROGRAM, *arguments, "--union-default-graph", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    with oxigraph("serve") as url:
        yield url


@pytest.mark.parametrize("case", CASES)
def test_a_bad_server_is_told_of_in_plain_words(case: str) -> None:
    given = CASES[case]
    asked: list[str] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(request.command)
        time.sleep(given.get("after_seconds", 0))
        headers = {"Content_Type": "application/sparql-results+json"} | given.get("headers", {})
        reply(request, given["status"], given.get("body", "").encode(), **headers)

    with answering(handle) as url:
        ended = acousma("runs", "--store", f"{url}/sparql", **given.get("settings", {}))
    assert ended.returncode == given["code"], ended.stderr
    for words in given["said"]:
        assert words in " ".join(ended.stderr.split()), ended.stderr
    assert "Traceback" not in ended.stderr
    if "requests" in given:
        assert len(asked) == given["requests"]


@pytest.mark.parametrize(
    ("store", "settings", "words"),
    [
        ("http://127.0.0.1:1/sparql", {}, "127.0.0.1:1/sparql does not answer"),
        ("http://no-such-host.invalid/sparql", {}, "no-such-host.invalid/sparql does not answer"),
        ("http://ada:secret@127.0.0.1:1/sparql", {}, "holds a user or a password"),
        ("http://127.0.0.1:99999/sparql", {}, "is no address of a SPARQL server"),
        ("http://127.0.0.1:1/sparql?query=x", {}, "is no address of a SPARQL server"),
        ("http://", {}, "is no address of a SPARQL server"),
        ("http://127.0.0.1:1", {"ACOUSMA_STORE_USER": "ada"}, "the store has a user and no password"),
        (
            "http://127.0.0.1:1",
            {"ACOUSMA_STORE_USER": "ada", "ACOUSMA_STORE_PASSWORD": "secret", "ACOUSMA_STORE_TOKEN": "t"},
            "a user with a password and a token",
        ),
        ("http://127.0.0.1:1", {"ACOUSMA_STORE_ATTEMPTS": "0"}, "ACOUSMA_STORE_ATTEMPTS is '0'"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_of(store: str, settings: dict[str, str], words: str) -> None:
    ended = acousma("runs", "--store", store, ACOUSMA_STORE_SECONDS="5", **settings)
    assert ended.returncode in (3, 4)
    assert words in " ".join(ended.stderr.split())
    assert "secret" not in ended.stderr + ended.stdout


def test_a_password_stands_in_no_message_and_no_text_of_a_server() -> None:
    described = Described("http://127.0.0.1:1/sparql", user="ada", password="secret", token=None)
    assert "secret" not in f"{described!r} {described}"


def test_a_read_only_server_is_told_of_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "empty.nq").touch()
    subprocess.run(
        [PROGRAM, "load", "--location", tmp_path / "data", "--file", tmp_path / "empty.nq"],
        check=True,
        capture_output=True,
    )
    with oxigraph("serve-read-only", "--location", str(tmp_path / "data")) as url:
        ended = acousma("ingest", "demo", "--catalogue", "demo/catalogue.csv", "--store", url)
    assert ended.returncode == 4
    assert "does not allow this: 403" in ended.stderr
    assert "the right to write" in " ".join(ended.stderr.split())


def test_a_query_is_sent_again_where_a_connection_breaks_or_the_server_is_busy() -> None:
    asked: list[int] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(1)
        match len(asked):
            case 1:
                request.connection.shutdown(socket.SHUT_RDWR)
            case 2:
                reply(request, 503, b"busy", Retry_After="0")
            case _:
                table(request)

    with answering(handle) as url, open_store(url) as store:
        assert store.rows("SELECT * { ?s ?p ?o }").rows == ()
    assert len(asked) == 4  # the first tells which server it is


def test_an_update_is_sent_once_whatever_becomes_of_it() -> None:
    updates: list[str] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        if request.path == "/update":
            updates.append(request.path)
            if len(updates) > 1:  # the first asks whether it may be written to
                request.connection.shutdown(socket.SHUT_RDWR)
                return
            reply(request, 204)
            return
        table(request)

    with answering(handle) as url, open_store(url, writable=True) as store:
        with pytest.raises(StoreUnreachable, match="/update does not answer"):
            store.update("INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 1 } }")
        assert len(updates) == 2


def test_a_request_that_never_reached_the_server_is_sent_again_be_it_an_update() -> None:
    port = free_port()
    started = threading.Event()

    def late() -> None:
        with http.server.HTTPServer(("127.0.0.1", port), Answers, bind_and_activate=False) as server:
            time.sleep(0.3)
            server.socket.bind(("127.0.0.1", port))
            server.server_activate()
            started.set()
            server.timeout = 5
            for _ in range(3):
                server.handle_request()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/update":
                reply(self, 204)
            else:
                table(self)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    thread = threading.Thread(target=late)
    thread.start()
    url = f"http://127.0.0.1:{port}"
    with RemoteStore(Server(f"{url}/query", attempts=6), limits=Limits(seconds=10), writable=True):
        assert started.is_set()
    thread.join()


def basic(request: http.server.BaseHTTPRequestHandler) -> None:
    """Let in whoever says by Basic authentication that they are ada with the password ß."""
    right = base64.b64encode("ada:ß".encode()).decode()
    if request.headers.get("Authorization") == f"Basic {right}":
        table(request)
    else:
        reply(request, 401, WWW_Authenticate='Basic realm="store"')


def digest(request: http.server.BaseHTTPRequestHandler) -> None:
    """Let in whoever knows the password, by Digest authentication (RFC 7616)."""
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization", "")))

    def sum_of(*words: str) -> str:
        return hashlib.sha256(":".join(words).encode()).hexdigest()

    if "response" in said:
        secret, what = sum_of("ada", "store", "ß"), sum_of(request.command, request.path)
        if said["response"] == sum_of(secret, "n1", said["nc"], said["cnonce"], "auth", what):
            table(request)
            return
    reply(request, 401, WWW_Authenticate='Digest realm="store", nonce="n1", qop="auth", algorithm=SHA-256')


@pytest.mark.parametrize("handle", [basic, digest])
def test_user_and_password_are_given_in_the_way_the_server_asks_for(handle: Handler) -> None:
    with answering(handle) as url:
        for password, lets_in in (("ß", True), ("wrong", False)):
            with RemoteStore(Server(f"{url}/sparql", user="ada", password=password)) as store:
                if lets_in:
                    assert store.rows("SELECT * { ?s ?p ?o }").rows == ()
                    assert store.rows("SELECT * { ?s ?p ?o }").rows == ()
                else:
                    with pytest.raises(StoreForbidden, match="does not accept the user 'ada'"):
                        store.rows("SELECT * { ?s ?p ?o }")


def test_a_user_whose_name_digest_cannot_carry_is_told_of() -> None:
    with (
        answering(digest) as url,
        RemoteStore(Server(f"{url}/sparql", user="Ä", password="ß")) as store,
        pytest.raises(InputError, match="the user 'Ä' has letters"),
    ):
        store.rows("SELECT * { ?s ?p ?o }")


def test_a_token_writes_to_a_server_of_acousma_and_another_does_not(tmp_path: Path) -> None:
    make_archive(tmp_path / "archive")
    with serving(tmp_path / "archive") as endpoint:
        address = endpoint.base + "sparql"
        with RemoteStore(Server(address, token=endpoint.tokens["Cy"]), writable=True) as store:
            store.bulk_load(nquads(10), [GRAPH])
            assert store.has_graph(GRAPH)
            assert store.withdraw(GRAPH) == 10
        with pytest.raises(StoreForbidden, match="does not know the token"):
            RemoteStore(Server(address, token="wrong"), writable=True)
        with pytest.raises(StoreForbidden, match="no user was named"):
            RemoteStore(Server(address), writable=True)


def nquads(count: int) -> bytes:
    return b"".join(f'<{GRAPH}/s{n}> <http://e/p> "gong {n}" <{GRAPH}> .\n'.encode() for n in range(count))


@contextmanager
def cutting(target: str, cuts: Callable[[int], int | None]) -> Iterator[str]:
    """Pass connections on to a server, and cut the n-th after so many bytes."""
    host, port = target.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, most: int | None) -> None:
        left = most
        try:
            while data := source.recv(4_096):
                if left is not None and len(data) >= left:
                    sink.sendall(data[:left])
                    break
                sink.sendall(data)
                left = None if left is None else left - len(data)
        except OSError:
            pass
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        number = 0
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((host, int(port)))
            most, number = cuts(number), number + 1
            there = threading.Thread(target=pump, args=(near, far, most), daemon=True)
            back = threading.Thread(target=pump, args=(far, near, None), daemon=True)
            there.start()
            back.start()
            threading.Thread(target=_closed, args=(there, back, near, far), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _closed(there: threading.Thread, back: threading.Thread, *sockets: socket.socket) -> None:
    there.join()
    back.join()
    for one in sockets:
        one.close()


def test_an_upload_cut_in_the_middle_leaves_what_was_there(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.remote.PIECE_BYTES", 20_000)
    monkeypatch.setattr("store._http._KEPT_SECONDS", 0.0)  # a connection per request
    with open_store(real, writable=True) as store:
        store.bulk_load(nquads(7), [GRAPH])
    with cutting(real, lambda number: 10_000 if number > 5 else None) as url:
        cut = open_store(url, writable=True)
        with cut, pytest.raises(StoreError, match=r"/store does not answer"):
            cut.bulk_load(nquads(5_000), [GRAPH])
    with open_store(real, writable=True) as store:
        assert (store.stats().quads, store.stats().graphs) == (7, 1)


def test_an_upload_cut_once_is_whole_in_the_end(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.remote.PIECE_BYTES", 20_000)
    monkeypatch.setattr("store._http._KEPT_SECONDS", 0.0)
    with cutting(real, lambda number: 10_000 if number == 6 else None) as url, open_store(url, writable=True) as store:
        store.bulk_load(nquads(2_000), [GRAPH])
        assert (store.stats().quads, store.stats().graphs) == (2_000, 1)


def test_blank_nodes_stay_one_however_many_pieces_there_are(real: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.remote.PIECE_BYTES", 500)
    first = f'_:b <http://e/p> "first" <{GRAPH}> .\n'.encode()
    last = f'<http://e/x> <http://e/q> _:b <{GRAPH}> .\n_:b <http://e/p> "last" <{GRAPH}> .\n'.encode()
    with open_store(real, writable=True) as store:
        store.bulk_load(first + nquads(50) + last, [GRAPH])
        assert store.ask('ASK { <http://e/x> <http://e/q> ?b . ?b <http://e/p> "first", "last" }')
        assert _count(store) == 53


def _count(store: Store) -> int:
    return store.stats().quads


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        reply(request, 200, EMPTY[:-5], Content_Type="application/sparql-results+json", Content_Length=str(len(EMPTY)))
        request.close_connection = True

    with answering(handle) as url, open_store(url) as store, pytest.raises(QueryLost, match="broke off"):
        store.rows("SELECT * { ?s ?p ?o }")
