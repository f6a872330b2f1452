"""The store on a SPARQL 1.1 server, here the native Oxigraph server on the loopback address."""

import http.server
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import (
    InputError,
    ParameterError,
    QueryLost,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreError,
    StoreUnreachable,
)
from store import GRAPH_TYPES, TABLE_TYPES, Dataset, Limits, RemoteStore, Server, Store, Table, open_store

pytestmark = pytest.mark.server

RUN, OTHER, STAGING = "http://e/run/1", "http://e/run/2", "urn:acousma:staging:left"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "serve", "--union-default-graph", "--timeout-s", "5", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        server.kill()


@pytest.fixture
def archive(url: str) -> Iterator[Store]:
    with open_store(url, writable=True) as archive:
        archive.update("DROP ALL")
        yield archive


def nquads(graph: str, count: int, word: str = "gong") -> bytes:
    return b"".join(f'<{graph}/s{n}> <http://e/p> "{word} {n}" <{graph}> .\n'.encode() for n in range(count))


def number(table: Table) -> int:
    (row,) = table.rows
    assert isinstance(row[0], ox.Literal)
    return int(row[0].value)


def put(url: str, graph: str, triples: bytes) -> None:
    request = urllib.request.Request(
        f"{url}/store?graph={graph}", triples, {"Content-Type": "application/n-triples"}, method="PUT"
    )
    urllib.request.urlopen(request).close()


def test_what_is_loaded_is_seen_and_a_second_load_replaces_it(archive: Store) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3) + nquads(RUN, 12), [RUN, OTHER])
    assert number(archive.rows(COUNT)) == 15
    archive.bulk_load(nquads(RUN, 4, "bell"), [RUN])
    assert number(archive.rows(COUNT)) == 7
    assert not archive.ask('ASK { ?s ?p "gong 5" }') or archive.ask(f'ASK {{ GRAPH <{OTHER}> {{ ?s ?p "gong 5" }} }}')
    archive.bulk_load(b"", [RUN])
    assert not archive.has_graph(RUN)
    archive.publish()
    archive.optimize()


def test_a_file_is_loaded_and_dumped_unchanged(archive: Store, tmp_path: Path) -> None:
    path, dump = tmp_path / "run.nq", tmp_path / "dump.nq"
    path.write_bytes(nquads(RUN, 10) + nquads(OTHER, 3))
    archive.bulk_load(path, [RUN, OTHER])
    archive.dump(None, dump)
    assert sorted(dump.read_bytes().splitlines()) == sorted(path.read_bytes().splitlines())
    archive.dump(OTHER, dump)
    assert sorted(dump.read_bytes().splitlines()) == sorted(nquads(OTHER, 3).splitlines())


@pytest.mark.parametrize("line", [b"what is this\n", nquads(OTHER, 1)], ids=["syntax", "other graph"])
def test_a_bad_file_changes_nothing(archive: Store, line: bytes) -> None:
    archive.bulk_load(nquads(RUN, 7), [RUN])
    with pytest.raises(InputError):
        archive.bulk_load(nquads(RUN, 4) + line, [RUN])
    assert archive.stats().quads == 7
    assert archive.stats().graphs == 1


def test_what_a_killed_writer_left_is_dropped_by_the_next_writer_only(archive: Store, url: str) -> None:
    archive.bulk_load(nquads(RUN, 7), [RUN])
    put(url, STAGING, b'<http://e/a> <http://e/p> "half" .\n')
    with open_store(url) as reader:
        assert reader.has_graph(STAGING)
    with open_store(url, writable=True) as writer:
        assert not writer.has_graph(STAGING)
        assert writer.stats().quads == 7


def test_a_load_that_fails_on_the_way_leaves_no_staging_graph(archive: Store, url: str) -> None:
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        broken = f"http://127.0.0.1:{server.server_port}/update"
        half = RemoteStore(Server(f"{url}/query", broken, f"{url}/store"), writable=True)
        with pytest.raises(StoreUnreachable, match="503"):
            half.bulk_load(nquads(RUN, 4), [RUN])
        server.shutdown()
    assert not archive.has_graph(RUN)
    with open_store(url, writable=True) as writer:
        assert writer.stats().quads == 0


def test_graphs_are_withdrawn_and_quads_added(archive: Store) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    assert archive.withdraw(RUN) == 10
    node = ox.NamedNode("http://e/a")
    archive.add([ox.Quad(node, node, ox.Literal('a "\n} gong'), ox.NamedNode(RUN))])
    assert archive.stats().quads == 4
    assert archive.rows("SELECT ?o { <http://e/a> ?p ?o }").rows == ((ox.Literal('a "\n} gong'),),)
    with pytest.raises(InputError, match="no named graph"):
        archive.add([ox.Quad(node, node, node)])


def test_the_guard_and_the_binding_apply(archive: Store) -> None:
    archive.bulk_load(nquads(RUN, 10), [RUN])
    assert archive.rows("SELECT ?s { ?s ?p ?label }", {"label": ox.Literal("gong 5")}).rows == (
        (ox.NamedNode(f"{RUN}/s5"),),
    )
    with pytest.raises(ParameterError):
        archive.ask("ASK { ?s ?p ?o }", {"label": ox.Literal("gong 5")})
    with pytest.raises(QueryRefused, match="SERVICE"):
        archive.rows("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }")
    with pytest.raises(QueryRefused, match="LOAD"):
        archive.update("LOAD <http://e/data>")
    with pytest.raises(QuerySyntaxError, match="error at"):
        archive.rows("SELECT * { ?s ?p }")
    with pytest.raises(QuerySyntaxError):
        archive.update("INSERT DATA { <http://e/a> }")


def test_answers_come_in_each_media_type(archive: Store) -> None:
    archive.bulk_load(nquads(RUN, 1), [RUN])
    for media_type in TABLE_TYPES:
        assert b"gong 0" in b"".join(archive.serialise("SELECT * { ?s ?p ?o }", media_type))
        assert b"true" in b"".join(archive.serialise("ASK { ?s ?p ?o }", media_type))
    for media_type in GRAPH_TYPES:
        data = b"".join(archive.serialise("CONSTRUCT WHERE { ?s ?p ?o }", media_type))
        assert [quad.object for quad in ox.parse(data, ox.RdfFormat.from_media_type(media_type))] == [
            ox.Literal("gong 0")
        ]


def test_the_dataset_of_a_request_is_obeyed(archive: Store) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    for dataset, expected in ((None, 13), (Dataset((RUN,)), 10), (Dataset((RUN, OTHER)), 13)):
        assert b"".join(archive.serialise(COUNT, "text/csv", dataset=dataset)) == f"n\r\n{expected}\r\n".encode()


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_the_limit_of_rows_is_exact(archive: Store, url: str, media_type: str) -> None:
    archive.bulk_load(nquads(RUN, 10), [RUN])
    with open_store(url, limits=Limits(rows=10)) as reader:
        assert len(reader.rows("SELECT ?s { ?s ?p ?o }").rows) == 10
        assert b"".join(reader.serialise("SELECT ?s { ?s ?p ?o }", media_type)).count(RUN.encode()) == 10
    with open_store(url, limits=Limits(rows=9)) as reader:
        with pytest.raises(QueryTooLarge):
            reader.rows("SELECT ?s { ?s ?p ?o }")
        with pytest.raises(QueryTooLarge):
            list(reader.serialise("SELECT ?s { ?s ?p ?o }", media_type))


def test_a_slow_server_is_not_waited_for(archive: Store, url: str) -> None:
    archive.bulk_load(nquads(RUN, 500), [RUN])
    with open_store(url, limits=Limits(seconds=1)) as reader:
        start = time.perf_counter()
        with pytest.raises(QueryTimeout, match="longer than 1 s"):
            reader.rows("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f && ?f < ?i) }")
        assert time.perf_counter() - start < 2


def test_a_cut_answer_is_an_error(archive: Store, url: str) -> None:
    class Cut(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", self.headers["Accept"])
            self.end_headers()
            self.wfile.write(b'{"head":{"vars":["s"]},"results":{"bindings":[')

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Cut) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open_store(f"http://127.0.0.1:{server.server_port}") as reader:
            with pytest.raises(QueryLost):
                reader.rows(COUNT)
            with pytest.raises(QueryLost):
                list(reader.serialise(COUNT, TABLE_TYPES[0]))
        server.shutdown()


def test_a_server_that_is_not_there_or_no_sparql_server_is_named(url: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(StoreUnreachable, match=f"{gone}/query does not answer"):
        open_store(gone, writable=True)
    with open_store(f"{url}/nothing") as reader, pytest.raises(StoreUnreachable, match="nothing/query"):
        reader.ask("ASK { }")


def test_a_reader_writes_nothing(url: str) -> None:
    with open_store(url) as reader, pytest.raises(StoreError, match="not open for writing"):
        reader.withdraw(RUN)
