"""Changes are carried out one after the other, whole, on condition, beside readers and another writer."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import InputError, QueryRefused, QuerySyntaxError, QueryTimeout, StoreError, StoreLocked
from store import Change, Condition, Dataset, EmbeddedStore, Limits, Load, Writer, open_writer, with_using
from store.changes import graph_digest, replacement

GRAPH = "http://e/graph"
TURTLE = "text/turtle"
COUNT = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddedStore(tmp_path / "archive", writable=True) as archive:
        archive.bulk_load(f'<http://e/a> <http://e/p> "1" <{GRAPH}> .'.encode(), [GRAPH])
        archive.publish()
    return tmp_path / "archive"


@pytest.fixture
def writer(folder: Path) -> Iterator[Writer]:
    writing = open_writer(folder, Limits(seconds=2, wait_seconds=1))
    yield writing
    writing.close()


def insert(number: int, graph: str = GRAPH) -> Change:
    return Change(f"INSERT DATA {{ GRAPH <{graph}> {{ <http://e/a> <http://e/p> {number} }} }}", graphs=(graph,))


def count(folder: Path) -> int:
    with EmbeddedStore(folder) as archive:
        return int(archive.rows(COUNT).rows[0][0].value)  # type: ignore[union-attr]


def test_a_change_is_seen_by_every_reader_when_it_is_answered(folder: Path, writer: Writer) -> None:
    with EmbeddedStore(folder) as archive:
        for number in range(5):
            assert writer.apply(insert(number)).failed is None
            assert archive.ask(f"ASK {{ ?s ?p {number} }}")


def test_a_change_is_made_only_if_its_conditions_hold(folder: Path, writer: Writer) -> None:
    with EmbeddedStore(folder) as archive:
        digest = graph_digest((one.subject, one.predicate, one.object) for one in archive.quads(GRAPH))
        revision = archive.revisions()[GRAPH][:20]
    wrong, right = frozenset({"0" * 20}), frozenset({digest, "x"})
    for condition in (
        Condition(GRAPH, there=False), Condition("http://e/none", there=True), Condition(GRAPH, digests=wrong),
        Condition(GRAPH, revisions=wrong), Condition("http://e/none", digests=right),
    ):  # fmt: skip
        outcome = writer.apply(Change(insert(2).update, graphs=(GRAPH,), conditions=(condition,)))
        assert outcome.failed == condition
    assert count(folder) == 1
    holding = (
        Condition(GRAPH, there=True, digests=right, revisions=frozenset({revision})),
        Condition("http://e/n", False),
    )
    outcome = writer.apply(Change(insert(2).update, graphs=(GRAPH,), conditions=holding))
    assert (outcome.failed, outcome.there) == (None, frozenset({GRAPH}))
    assert count(folder) == 2


def test_of_many_with_one_condition_one_is_made(folder: Path) -> None:
    with EmbeddedStore(folder) as archive:
        digest = graph_digest((one.subject, one.predicate, one.object) for one in archive.quads(GRAPH))
    only = (Condition(GRAPH, digests=frozenset({digest})),)
    triple = [ox.Triple(ox.NamedNode("http://e/a"), ox.NamedNode("http://e/p"), ox.Literal(n)) for n in range(8)]
    changes = [Change(replacement(GRAPH, [one]), graphs=(GRAPH,), conditions=only) for one in triple]
    # the eighth waits for seven others, and for the start of the writing process
    with closing(open_writer(folder, Limits(wait_seconds=30))) as writer, ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(writer.apply, changes))
    assert [outcome.failed for outcome in outcomes].count(None) == 1


def test_documents_are_loaded_all_or_none(folder: Path, writer: Writer) -> None:
    good, bad = (b"<http://e/x> <http://e/y> [] , [] .", TURTLE), (b"<http://e/x> ", TURTLE)
    with pytest.raises(InputError, match="not Turtle"):
        writer.apply(Change(load=Load((good, bad), GRAPH, "http://e/", replace=True)))
    assert count(folder) == 1
    writer.apply(Change(load=Load((good, good), GRAPH, "http://e/", replace=False)))
    assert count(folder) == 5  # blank nodes of two documents are different things
    writer.apply(Change(load=Load((good,), GRAPH, "http://e/", replace=True)))
    assert count(folder) == 2
    writer.apply(Change(load=Load(((b"", TURTLE),), GRAPH, "http://e/", replace=True)))
    assert count(folder) == 0


def test_an_update_that_takes_too_long_is_stopped_and_the_next_is_made(folder: Path, writer: Writer) -> None:
    values = " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(60)))} }}" for n in range(6))
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match="longer than 2 s"):
        writer.apply(Change(f"INSERT {{ GRAPH <{GRAPH}> {{ <http://e/a> <http://e/p> ?v0 }} }} WHERE {{ {values} }}"))
    assert time.monotonic() - began < 6
    assert count(folder) == 1
    assert writer.apply(insert(7)).failed is None


def test_a_killed_writing_process_is_told_and_replaced(folder: Path, writer: Writer) -> None:
    writer.apply(insert(1))
    (pid,) = [pid for pid in _children() if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    values = " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(60)))} }}" for n in range(6))
    threading.Timer(0.4, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(StoreError, match="not known whether"):
        writer.apply(Change(f"INSERT {{ GRAPH <{GRAPH}> {{ <http://e/a> <http://e/p> ?v0 }} }} WHERE {{ {values} }}"))
    assert writer.apply(insert(8)).failed is None
    assert count(folder) == 3


def _children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def test_another_program_writes_in_turn_and_a_change_waits_for_it(folder: Path, writer: Writer) -> None:
    writer.apply(insert(1))
    time.sleep(0.6)  # the process has let go of the archive
    with EmbeddedStore(folder, writable=True) as ingest:
        with pytest.raises(StoreLocked):
            writer.apply(insert(2))
        ingest.update(insert(3).update)
        ingest.publish()
        assert count(folder) == 3  # readers are not concerned
    assert writer.apply(insert(4)).failed is None
    assert count(folder) == 4


def test_a_program_that_opens_the_archive_waits_a_moment_for_the_server(folder: Path, writer: Writer) -> None:
    writer.apply(insert(1))
    with EmbeddedStore(folder, writable=True) as ingest:
        ingest.update(insert(2).update)
        ingest.publish()
    assert count(folder) == 3


def test_a_closed_writer_takes_no_more(folder: Path) -> None:
    writing = open_writer(folder)
    writing.apply(insert(1))
    writing.close()
    with pytest.raises(StoreError, match="closed"):
        writing.apply(insert(2))


UPDATES = [
    ("INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }", "INSERT { ?s ?p 1 } {} WHERE { ?s ?p 2 }"),
    ("DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } where { }", "DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } {} where { }"),
    ("DELETE WHERE { ?s ?p 'WHERE' }", "DELETE { ?s ?p 'WHERE' } {} WHERE { ?s ?p 'WHERE' }"),
    ("INSERT DATA { <http://e/WHERE> <http://e/p> 1 }", None),
    ("CLEAR DEFAULT", None),
]


@pytest.mark.parametrize(("text", "expected"), UPDATES)
def test_the_graphs_of_a_request_are_written_where_patterns_are_matched(text: str, expected: str | None) -> None:
    clauses = "USING <http://e/a> USING NAMED <http://e/b>"
    done = with_using(text, Dataset(("http://e/a",), ("http://e/b",)))
    assert done == (text if expected is None else expected.replace("{}", clauses, 1))


def test_graphs_are_not_named_twice_and_have_names() -> None:
    dataset = Dataset(("http://e/a",))
    with pytest.raises(QueryRefused, match="USING or WITH"):
        with_using("WITH <http://e/w> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }", dataset)
    with pytest.raises(QuerySyntaxError):
        with_using("INSERT { ?s ?p 1 } WHERE { ?s ?p", dataset)
    with pytest.raises(InputError, match="no name for a graph"):
        with_using("INSERT { ?s ?p 1 } WHERE { ?s ?p 1 }", Dataset(("a> . DROP ALL ; <",)))
