"""Every stored question, and relations of time, give the same answers on a SPARQL server as in a folder."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from queries import answer, find
from store import Store, open_store
from tests.ears import ears_of_small_graph
from tests.endpoint import free_port, serving
from tests.test_queries import ALSO, CASES, Case, filled, readable
from tests.test_relations import PREFIXES, QUESTIONS

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def servers() -> Iterator[list[str]]:
    """Yield the addresses of two native Oxigraph servers in memory: one for the small graph, one to change."""
    program = which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"
    ports = [free_port(), free_port()]
    started = [
        subprocess.Popen(
            [program, "serve", "--union-default-graph", "--bind", f"127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]  # fmt: skip
    for port in ports:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
    yield [f"http://127.0.0.1:{port}" for port in ports]
    for server in started:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def remote(servers: list[str]) -> Iterator[Store]:
    with open_store(servers[0], writable=True) as store:
        yield filled(store)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("local") / "store", writable=True) as store:
        yield filled(store)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name} {case['arguments']}" for name, case in CASES])
def test_a_question_gives_its_stored_answer_on_a_server(
    remote: Store, servers: list[str], tmp_path: Path, name: str, case: Case
) -> None:
    also = ALSO / f"{name}.trig"
    if also.exists():
        with open_store(servers[1], writable=True) as other:
            other.update("DROP ALL")
            table = answer(filled(other, also), name, case["arguments"])
    else:
        ears = ears_of_small_graph(tmp_path / "vectors.sqlite", remote.rows) if find(name).vectors else None
        table = answer(remote, name, case["arguments"], ears)
    assert list(table.columns) == case["columns"]
    assert readable(table) == case["rows"]


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_relation_of_time_gives_the_same_rows_on_a_server(remote: Store, local: Store, query: str) -> None:
    there, here = remote.rows(PREFIXES + query).rows, local.rows(PREFIXES + query).rows
    assert sorted(map(str, there)) == sorted(map(str, here))


def test_the_library_is_asked_through_our_own_server_by_its_address(local: Store, tmp_path: Path) -> None:
    with open_store(tmp_path / "store", writable=True) as store:
        filled(store)
    with serving(tmp_path / "store") as endpoint, open_store(endpoint.base + "sparql") as store:
        for name, arguments in (("works", {}), ("timeline", {"work": "Glass"}), ("overlapping", {})):
            assert readable(answer(store, name, arguments)) == readable(answer(local, name, arguments))
        assert sorted(map(str, store.rows(PREFIXES + QUESTIONS[0]).rows)) == sorted(
            map(str, local.rows(PREFIXES + QUESTIONS[0]).rows)
        )
