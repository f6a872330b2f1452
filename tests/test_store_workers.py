"""Queries run in processes that can be stopped, crash, or grow too large without harm."""

import contextlib
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import (
    QueryError,
    QueryLost,
    QueryRefused,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreError,
)
from store import GRAPH_TYPES, TABLE_TYPES, EmbeddedStore, Limits, Stop
from store.workers import Job, WorkerPool
from tests.commands import runs

ROWS = 2_000
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f && ?f < ?i) }"
JSON, CSV, TURTLE = TABLE_TYPES[0], TABLE_TYPES[2], GRAPH_TYPES[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    lines = (f'<http://e/s{n}> <http://e/p> "{n}" <http://e/run> .' for n in range(ROWS))
    with EmbeddedStore(folder, writable=True) as archive:
        archive.bulk_load("\n".join(lines).encode(), ["http://e/run"])
        archive.publish()
    return folder


@contextlib.contextmanager
def reader(folder: Path, workers: int = 1, **limits: float) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(folder, workers=workers, limits=Limits(**limits)) as archive:  # type: ignore[arg-type]
        yield archive


def children() -> list[int]:
    """Return the worker processes of this process."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    started = [pid for task in tasks for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in started if b"_worker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_runaway_query_is_stopped_within_half_a_second_and_the_next_is_answered(folder: Path) -> None:
    with reader(folder, seconds=1) as archive:
        archive.ask("ASK { }")
        start = time.perf_counter()
        with pytest.raises(QueryTimeout, match="longer than 1 s"):
            archive.rows(RUNAWAY)
        assert 1 <= time.perf_counter() - start < 1.5
        assert archive.ask("ASK { ?s ?p '7' }")


def test_a_stopped_query_leaves_no_process(folder: Path) -> None:
    with reader(folder, seconds=0.3) as archive:
        with pytest.raises(QueryTimeout):
            archive.ask("ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c < ?f && ?f < ?i && ?i < ?c) }")
        assert children() == []


def test_a_quick_query_is_answered_during_a_runaway(folder: Path) -> None:
    with reader(folder, workers=2, seconds=2) as archive:
        archive.ask("ASK { }")
        errors: list[QueryError] = []

        def run_away() -> None:
            try:
                archive.rows(RUNAWAY)
            except QueryTimeout as error:
                errors.append(error)

        thread = threading.Thread(target=run_away)
        thread.start()
        time.sleep(0.2)
        for _ in range(20):
            start = time.perf_counter()
            assert archive.rows("SELECT ?o { <http://e/s5> ?p ?o }").rows == ((ox.Literal("5"),),)
            assert time.perf_counter() - start < 0.5
        assert thread.is_alive()
        thread.join()
        assert len(errors) == 1


def test_when_all_workers_are_busy_the_query_is_turned_away(folder: Path) -> None:
    with reader(folder, seconds=20, wait_seconds=0.2) as archive:
        answer = archive.serialise("SELECT * { ?a ?b ?c . ?d ?e ?f }", CSV)
        with pytest.raises(QueryTimeout, match="all workers were busy"):
            archive.ask("ASK { }")
        answer.close()
        assert archive.ask("ASK { }")


def test_many_threads_share_the_workers(folder: Path) -> None:
    wrong: list[int] = []
    with reader(folder, workers=2) as archive:

        def ask(number: int) -> None:
            for n in range(number, number + 20):
                rows = archive.rows(f"SELECT ?o {{ <http://e/s{n}> ?p ?o }}").rows
                wrong.extend([n] if rows != ((ox.Literal(str(n)),),) else [])

        threads = [threading.Thread(target=ask, args=(20 * k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(children()) == 2


def test_one_query_after_another_starts_one_worker(folder: Path) -> None:
    with reader(folder, workers=4) as archive:
        assert children() == []
        for _ in range(5):
            archive.ask("ASK { }")
        assert len(children()) == 1
    assert children() == []


def test_a_killed_worker_is_a_lost_query_and_then_forgotten(folder: Path) -> None:
    with reader(folder) as archive:
        archive.ask("ASK { }")
        (pid,) = children()
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(QueryLost, match="SIGKILL"):
            archive.rows(RUNAWAY)
        assert archive.ask("ASK { ?s ?p '7' }")


def test_a_worker_killed_while_idle_is_not_noticed(folder: Path) -> None:
    with reader(folder) as archive:
        archive.ask("ASK { }")
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        assert archive.ask("ASK { ?s ?p '7' }")


def test_a_segmentation_fault_of_the_engine_is_a_lost_query(folder: Path) -> None:
    text = "SELECT * {" + "{" * 20_000 + "}" * 20_000 + "}"
    with reader(folder) as archive, pytest.raises(QueryRefused, match="nested deeper"):
        archive.rows(text)
    with reader(folder, depth=10**6) as unguarded:
        with pytest.raises(QueryLost, match=r"SIGSEGV|SIGABRT"):
            unguarded.rows(text)
        assert unguarded.ask("ASK { ?s ?p '7' }")


def test_a_query_beyond_its_memory_is_lost_and_the_next_is_answered(folder: Path) -> None:
    with reader(folder, memory_bytes=1024**3) as archive:
        with pytest.raises(QueryLost, match="memory"):
            archive.rows("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c DESC(?f) LIMIT 10")
        assert archive.ask("ASK { ?s ?p '7' }")


def test_an_answer_of_exactly_the_allowed_rows_is_given_and_of_one_more_refused(folder: Path) -> None:
    with reader(folder, rows=ROWS) as archive:
        assert len(archive.rows("SELECT ?s { ?s ?p ?o }").rows) == ROWS
        with pytest.raises(QueryTooLarge, match="more than 2,000 rows; nothing"):
            archive.rows("SELECT ?s { { ?s ?p ?o } UNION { BIND(1 AS ?s) } }")
        assert archive.ask("ASK { }")


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_a_streamed_answer_ends_in_an_error_at_the_limit_of_rows(folder: Path, media_type: str) -> None:
    with reader(folder, rows=ROWS - 1) as archive, pytest.raises(QueryTooLarge, match="1,999 rows"):
        list(archive.serialise("SELECT ?s { ?s ?p ?o }", media_type))
    with reader(folder, rows=ROWS) as archive:
        data = b"".join(archive.serialise("SELECT ?s { ?s ?p ?o }", media_type))
        assert data.count(b"http://e/s") == ROWS


def test_an_answer_of_too_many_bytes_is_refused(folder: Path) -> None:
    with reader(folder, answer_bytes=10_000) as archive:
        with pytest.raises(QueryTooLarge, match="10,000 bytes"):
            list(archive.serialise("CONSTRUCT WHERE { ?s ?p ?o }", TURTLE))
        assert archive.ask("ASK { }")


def test_an_answer_streams_with_bounded_memory(folder: Path) -> None:
    with reader(folder, rows=10**9) as archive:
        answer = archive.serialise("SELECT * { ?a ?b ?c . ?d ?e ?f }", CSV)
        blocks = [next(answer) for _ in range(100)]
        assert max(map(len, blocks)) < 200_000
        (pid,) = children()
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert resident < 200 * 1024**2
        answer.close()
        assert children() == []


def test_a_reader_who_does_not_read_loses_the_worker_to_others(folder: Path) -> None:
    with reader(folder, rows=10**9, seconds=0.4) as archive:
        answer = archive.serialise("SELECT * { ?a ?b ?c . ?d ?e ?f }", CSV)
        next(answer)
        time.sleep(0.6)
        with pytest.raises(QueryTimeout):
            list(answer)
        assert archive.ask("ASK { }")


def test_a_syntax_error_is_reported_in_the_words_of_the_engine(folder: Path) -> None:
    with reader(folder) as archive:
        with pytest.raises(QuerySyntaxError, match="error at 1:"):
            archive.serialise("SELECT * { ?s ?p }", JSON)
        assert archive.ask("ASK { }")


def test_a_form_is_answered_in_its_own_media_types_only(folder: Path) -> None:
    with reader(folder) as archive:
        with pytest.raises(QueryRefused, match="text/turtle"):
            archive.serialise("DESCRIBE <http://e/s1>", CSV)
        with pytest.raises(QueryRefused, match="sparql-results"):
            archive.serialise("ASK { }", TURTLE)
        with pytest.raises(QueryRefused, match="form SELECT"):
            archive.rows("ASK { }")
        with pytest.raises(QueryRefused, match="form ASK"):
            archive.ask("SELECT * { }")
        for media_type in TABLE_TYPES:
            assert b"true" in b"".join(archive.serialise("ASK { }", media_type))
        for media_type in GRAPH_TYPES:
            data = b"".join(archive.serialise("CONSTRUCT WHERE { <http://e/s5> ?p ?o }", media_type))
            assert [quad.object for quad in ox.parse(data, ox.RdfFormat.from_media_type(media_type))] == [
                ox.Literal("5")
            ]


def test_the_kernel_refuses_a_worker_the_network_even_past_the_guard(folder: Path) -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_error(500)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = f"SELECT * {{ SERVICE <http://127.0.0.1:{server.server_port}/> {{ ?s ?p ?o }} }}"
    try:
        with pytest.raises(OSError, match="500"):
            list(ox.Store().query(text))  # type: ignore[arg-type]
        assert asked == ["/"]
        pool = WorkerPool(1, Limits())
        with pytest.raises(QueryError, match="could not be evaluated"):
            list(pool.answer(Job(str((folder / "current").resolve()), text, JSON, union=True)))
        pool.close()
        assert asked == ["/"]
    finally:
        server.shutdown()
        server.server_close()


def test_a_worker_ends_with_its_parent_in_the_middle_of_a_query(folder: Path) -> None:
    program = f"""
import threading, time
from pathlib import Path
from store import EmbeddedStore
archive = EmbeddedStore(Path({str(folder)!r}))
archive.ask("ASK {{ }}")
threading.Thread(target=lambda: archive.rows({RUNAWAY!r}), daemon=True).start()
time.sleep(0.3)
print("ready", flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        tasks = Path(f"/proc/{parent.pid}/task")
        workers = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split() if pid]
        assert len(workers) == 1
        parent.kill()
    deadline = time.monotonic() + 2
    while runs(workers[0]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(workers[0])


def test_a_closed_store_answers_no_more(folder: Path) -> None:
    archive = EmbeddedStore(folder)
    archive.close()
    with pytest.raises(StoreError, match="closed"):
        archive.ask("ASK { }")


def test_rows_hold_terms_of_every_kind_unchanged(folder: Path) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    terms = [
        ox.NamedNode("http://e/é"),
        ox.Literal('a\t"b"\n\\},{\r \''),
        ox.Literal("Geräusch", language="de"),
        ox.Literal("01", datatype=ox.NamedNode(xsd + "integer")),
        ox.Literal("1.50", datatype=ox.NamedNode(xsd + "decimal")),
        ox.Literal("1e3", datatype=ox.NamedNode(xsd + "double")),
        ox.Literal("2026-11-21", datatype=ox.NamedNode(xsd + "date")),
        ox.Literal("true", datatype=ox.NamedNode(xsd + "boolean")),
        ox.Literal(""),
        None,
    ]
    values = " ".join("UNDEF" if term is None else str(term) for term in terms)
    with reader(folder) as archive:
        table = archive.rows(f"SELECT ?x ?never {{ VALUES ?x {{ {values} }} }}")
        assert table.columns == ("x", "never")
        # the engine itself writes 1.50 as 1.5: what counts is that nothing changes on the way
        direct = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {values} }} }}")
        assert [row[0] for row in table.rows] == [solution[0] for solution in direct]  # type: ignore[union-attr]
        assert [row[0] for row in table.rows[:3]] == terms[:3]
        assert {row[1] for row in table.rows} == {None}
        assert archive.rows("SELECT * { }").rows == ((),)
        assert archive.rows("SELECT ?x { FILTER(false) }").rows == ()


def test_values_are_bound_in_rows_and_ask(folder: Path) -> None:
    with reader(folder) as archive:
        seven = {"label": ox.Literal("7")}
        assert archive.rows("SELECT ?s { ?s ?p ?label }", seven).rows == ((ox.NamedNode("http://e/s7"),),)
        assert not archive.ask("ASK { ?s ?p ?label }", {"label": ox.Literal("x")})


def test_quick_queries_pass_any_number_of_runaways(folder: Path) -> None:
    """Runaways beyond the places for slow queries are stopped after their quick time, not after their limit."""
    with reader(folder, workers=2, seconds=20, quick_seconds=0.3, wait_seconds=10) as archive:
        ended: list[QueryTimeout] = []

        def run_away() -> None:
            try:
                archive.rows(RUNAWAY)
            except QueryTimeout as error:
                ended.append(error)
            except (QueryLost, StoreError):  # at the end of the test
                pass

        threads = [threading.Thread(target=run_away, daemon=True) for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.1)
        start = time.perf_counter()
        for number in range(5):
            assert archive.rows(f"SELECT ?o {{ <http://e/s{number}> ?p ?o }}").rows == ((ox.Literal(str(number)),),)
        assert time.perf_counter() - start < 8
        deadline = time.monotonic() + 8
        while len(ended) < 6 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(ended) == 6
        assert all("no room for more slow queries" in str(error) for error in ended)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(10)


def test_a_query_that_is_given_up_frees_its_worker_at_once(folder: Path) -> None:
    with reader(folder, seconds=20) as archive:
        archive.ask("ASK { }")
        stop = Stop()
        threading.Timer(0.3, stop.give_up).start()
        start = time.perf_counter()
        with pytest.raises(QueryLost, match="given up"):
            archive.serialise(RUNAWAY, JSON, stop=stop)
        assert time.perf_counter() - start < 1
        assert children() == []
        with pytest.raises(QueryLost, match="given up"):
            archive.serialise(RUNAWAY, JSON, stop=stop)
        assert archive.ask("ASK { ?s ?p '7' }")
