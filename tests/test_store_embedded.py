"""The store in a folder: whole bulk loads, generations for readers, one writer, nothing half after a kill."""

import os
import random
import shutil
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
    InputError,
    QueryRefused,
    QuerySyntaxError,
    StoreError,
    StoreLocked,
    StoreMissing,
)
from store import Dataset, EmbeddedStore, Limits, open_store

RUN, OTHER = "http://e/run/1", "http://e/run/2"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def nquads(graph: str, count: int, word: str = "gong") -> bytes:
    return b"".join(f'<{graph}/s{n}> <http://e/p> "{word} {n}" <{graph}> .\n'.encode() for n in range(count))


def count(archive: EmbeddedStore, text: str = COUNT) -> int:
    (row,) = archive.rows(text).rows
    assert isinstance(row[0], ox.Literal)
    return int(row[0].value)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "archive", writable=True) as archive:
        yield archive


def test_what_is_loaded_is_seen_after_publishing(archive: EmbeddedStore) -> None:
    assert count(archive) == 0
    archive.bulk_load(nquads(RUN, 10), [RUN])
    assert count(archive) == 0
    assert archive.has_graph(RUN)
    archive.publish()
    assert count(archive) == 10


def test_a_file_is_loaded_like_bytes(archive: EmbeddedStore, tmp_path: Path) -> None:
    path = tmp_path / "run.nq"
    path.write_bytes(nquads(RUN, 10) + nquads(OTHER, 5))
    archive.bulk_load(path, [RUN, OTHER])
    archive.publish()
    assert count(archive) == 15


def test_a_second_load_of_a_graph_replaces_it(archive: EmbeddedStore) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    archive.bulk_load(nquads(RUN, 4, "bell"), [RUN])
    archive.publish()
    assert count(archive) == 7
    assert not archive.ask('ASK { ?s ?p "gong 5" }')


@pytest.mark.parametrize("held", [0, 7], ids=["new graph", "graph that holds quads"])
def test_a_broken_file_changes_nothing(archive: EmbeddedStore, held: int) -> None:
    if held:
        archive.bulk_load(nquads(RUN, held), [RUN])
    with pytest.raises(InputError, match="line 5"):
        archive.bulk_load(nquads(RUN, 4, "bell") + b"what is this\n", [RUN])
    archive.publish()
    assert count(archive) == held
    assert archive.has_graph(RUN) == bool(held)


@pytest.mark.parametrize("held", [0, 7], ids=["new graph", "graph that holds quads"])
@pytest.mark.parametrize("line", [nquads(OTHER, 1), b'<http://e/s> <http://e/p> "gong" .\n'], ids=["other", "default"])
def test_a_quad_in_a_graph_that_was_not_named_is_refused(archive: EmbeddedStore, held: int, line: bytes) -> None:
    if held:
        archive.bulk_load(nquads(RUN, held), [RUN])
    with pytest.raises(InputError, match="quads in the graphs that were named"):
        archive.bulk_load(nquads(RUN, 3) + line, [RUN])
    archive.publish()
    assert count(archive) == held
    assert not archive.has_graph(OTHER)


@pytest.mark.parametrize(
    "stray",
    [
        nquads(OTHER, 1, "bell"),
        nquads(OTHER, 1, "bell").replace(b" .\n", f" . # <{RUN}> .\n".encode()),
        nquads(OTHER, 1, "bell").replace(b"\n", b"\r") + nquads(RUN, 1),
        nquads(OTHER, 1, "bell").replace(f"<{OTHER}> .".encode(), b"<http://e/run/\\u0032> ."),
    ],
    ids=["plain", "comment", "carriage return", "escape"],
)
def test_a_quad_in_a_graph_that_is_there_and_was_not_named_is_refused(archive: EmbeddedStore, stray: bytes) -> None:
    archive.bulk_load(nquads(OTHER, 3), [OTHER])
    with pytest.raises(InputError, match="include some in the graph <http://e/run/2>"):
        archive.bulk_load(nquads(RUN, 3) + stray + nquads(RUN, 1), [RUN])
    archive.publish()
    assert count(archive) == 3
    assert not archive.ask('ASK { ?s ?p "bell 0" }')


def test_quads_that_are_written_in_another_way_are_loaded(archive: EmbeddedStore) -> None:
    archive.bulk_load(f'\n# a run\n<http://e/s> <http://e/p>\t"# <x> ."\t<{RUN}>. # end'.encode(), [RUN])
    archive.publish()
    assert archive.ask(f'ASK {{ GRAPH <{RUN}> {{ ?s ?p "# <x> ." }} }}')


def test_a_missing_file_is_a_store_error_and_a_bad_graph_name_an_input_error(archive: EmbeddedStore) -> None:
    with pytest.raises(StoreError, match="absent"):
        archive.bulk_load(Path("absent.nq"), [RUN])
    with pytest.raises(InputError, match="no name for a graph"):
        archive.bulk_load(b"", ["run 1"])
    archive.bulk_load(nquads(RUN, 1), [RUN])


def test_a_withdrawn_graph_goes_whole_and_alone(archive: EmbeddedStore) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    assert archive.withdraw(RUN) == 10
    assert archive.withdraw(RUN) == 0
    archive.publish()
    assert count(archive) == 3
    assert not archive.has_graph(RUN)


def test_added_quads_are_kept_and_one_without_a_graph_is_refused(archive: EmbeddedStore) -> None:
    node = ox.NamedNode("http://e/a")
    archive.add([ox.Quad(node, node, ox.Literal("x"), ox.NamedNode(RUN))])
    with pytest.raises(InputError, match="no named graph"):
        archive.add([ox.Quad(node, node, ox.Literal("y"), ox.NamedNode(RUN)), ox.Quad(node, node, node)])
    archive.publish()
    assert count(archive) == 1


def test_an_update_changes_the_store_and_a_bad_one_does_not(archive: EmbeddedStore) -> None:
    archive.update(f"INSERT DATA {{ GRAPH <{RUN}> {{ <http://e/a> <http://e/p> 1 }} }}")
    with pytest.raises(QueryRefused, match="LOAD"):
        archive.update("LOAD <http://e/data>")
    with pytest.raises(QuerySyntaxError, match="error at"):
        archive.update("INSERT DATA { <http://e/a> }")
    archive.publish()
    assert count(archive) == 1


def test_queries_see_the_union_unless_they_name_their_graphs(archive: EmbeddedStore) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    archive.publish()
    assert count(archive) == 13
    assert count(archive, f"SELECT (COUNT(*) AS ?n) FROM <{RUN}> {{ ?s ?p ?o }}") == 10
    assert count(archive, f"SELECT (COUNT(*) AS ?n) FROM NAMED <{OTHER}> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == 3
    assert count(archive, f"SELECT (COUNT(*) AS ?n) FROM NAMED <{OTHER}> {{ ?s ?p ?o }}") == 0


@pytest.mark.parametrize(
    ("dataset", "default", "named"),
    [
        (None, 13, 13),
        (Dataset((RUN,)), 10, 0),
        (Dataset((), (OTHER,)), 0, 3),
        (Dataset((RUN, OTHER), (RUN,)), 13, 10),
    ],
)
def test_the_dataset_of_a_request_is_obeyed(
    archive: EmbeddedStore, dataset: Dataset | None, default: int, named: int
) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    archive.publish()
    for pattern, expected in (("?s ?p ?o", default), ("GRAPH ?g { ?s ?p ?o }", named)):
        csv = b"".join(archive.serialise(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", "text/csv", dataset=dataset))
        assert csv == f"n\r\n{expected}\r\n".encode()


def test_a_reader_sees_each_generation_as_it_is_published(archive: EmbeddedStore, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "archive") as reader:
        for n in range(1, 6):
            archive.bulk_load(nquads(f"http://e/run/{n}", 10), [f"http://e/run/{n}"])
            assert count(reader) == 10 * (n - 1)
            archive.publish()
            assert count(reader) == 10 * n


def test_a_generation_goes_ten_seconds_after_the_next_one_came(archive: EmbeddedStore, tmp_path: Path) -> None:
    folder = tmp_path / "archive" / "generations"

    def names() -> list[str]:
        return sorted(entry.name for entry in folder.iterdir())

    archive.publish()
    archive.publish()
    assert names() == ["000001", "000002", "000003"]
    for name, age in (("000001", 90), ("000002", 60), ("000003", 5)):
        os.utime(folder / name, times=(time.time() - age, time.time() - age))
    archive.publish()
    assert names() == ["000002", "000003", "000004"]
    assert count(archive) == 0


def test_publishing_succeeds_after_it_failed(archive: EmbeddedStore, tmp_path: Path) -> None:
    current = tmp_path / "archive" / "current"
    current.unlink()
    current.mkdir()  # in the way of the link
    archive.bulk_load(nquads(RUN, 10), [RUN])
    with pytest.raises(StoreError, match="could not be published"):
        archive.publish()
    current.rmdir()
    (tmp_path / "archive" / "generations" / ".000003.partial").mkdir()  # as a full disk leaves it
    archive.publish()
    assert count(archive) == 10


def test_a_query_that_began_before_publishing_ends_on_its_generation(archive: EmbeddedStore, tmp_path: Path) -> None:
    archive.bulk_load(nquads(RUN, 500), [RUN])
    archive.publish()
    with EmbeddedStore(tmp_path / "archive", limits=Limits(rows=10**6)) as reader:
        answer = reader.serialise("SELECT * { ?a ?b ?c . ?d ?e ?f }", "text/csv")
        rows = next(answer).count(b"\n")
        archive.withdraw(RUN)
        archive.publish()
        shutil.rmtree(tmp_path / "archive" / "generations" / "000002")
        archive.optimize()
        assert rows + sum(block.count(b"\n") for block in answer) == 250_000 + 1
        assert count(reader) == 0


def test_readers_are_answered_while_generations_come_and_go(archive: EmbeddedStore, tmp_path: Path) -> None:
    archive.bulk_load(nquads(RUN, 100), [RUN])
    archive.publish()
    done = threading.Event()

    def publish() -> None:
        while not done.is_set():
            archive.publish()

    thread = threading.Thread(target=publish)
    with EmbeddedStore(tmp_path / "archive") as reader:
        thread.start()
        try:
            assert {count(reader) for _ in range(150)} == {100}
        finally:
            done.set()
            thread.join()


def test_a_reader_writes_nothing(archive: EmbeddedStore, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "archive") as reader:
        for write in (
            reader.publish,
            reader.optimize,
            lambda: reader.withdraw(RUN),
            lambda: reader.bulk_load(b"", []),
        ):
            with pytest.raises(StoreError, match="not open for writing"):
                write()
        assert not reader.has_graph(RUN)


def test_stats_count_what_is_published(archive: EmbeddedStore) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    archive.publish()
    stats = archive.stats()
    assert (stats.quads, stats.graphs) == (13, 2)
    assert stats.disk_bytes is not None and stats.disk_bytes > 0


def test_a_dump_is_the_graphs_as_they_were_loaded(archive: EmbeddedStore, tmp_path: Path) -> None:
    archive.bulk_load(nquads(RUN, 10) + nquads(OTHER, 3), [RUN, OTHER])
    archive.publish()
    for graph, lines in ((OTHER, nquads(OTHER, 3)), (None, nquads(RUN, 10) + nquads(OTHER, 3))):
        archive.dump(graph, tmp_path / "dump.nq")
        assert sorted((tmp_path / "dump.nq").read_bytes().splitlines()) == sorted(lines.splitlines())
    archive.bulk_load(tmp_path / "dump.nq", [RUN, OTHER])


def test_a_folder_that_is_no_archive_is_missing_for_readers_and_refused_to_writers(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("dear")
    for place in (tmp_path / "absent", tmp_path, letter):
        with pytest.raises(StoreMissing, match="no archive"):
            open_store(place)
    for place in (tmp_path, letter):
        with pytest.raises(StoreError, match="something else"):
            open_store(place, writable=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_second_writer_is_locked_out_until_the_first_closes(tmp_path: Path) -> None:
    program = f"from store import open_store; open_store({str(tmp_path)!r}, writable=True).close()"
    with EmbeddedStore(tmp_path, writable=True):
        with pytest.raises(StoreLocked, match="another process is writing"):
            EmbeddedStore(tmp_path, writable=True)
        second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert "StoreLocked" in second.stderr
        assert open_store(tmp_path).ask("ASK { }")
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_is_written_outlives_the_writer(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path, writable=True) as archive:
        archive.bulk_load(nquads(RUN, 10), [RUN])
        archive.publish()
    with EmbeddedStore(tmp_path, writable=True) as archive:
        assert archive.has_graph(RUN)
        assert count(archive) == 10


def test_leftovers_of_a_half_made_generation_are_swept(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path, writable=True).close()
    half = tmp_path / "generations" / ".000002.partial"
    half.mkdir()
    (half / "CURRENT").write_text("MANIFEST-000001\n")
    (tmp_path / "current.new").symlink_to("generations/000009")
    with EmbeddedStore(tmp_path) as reader:
        assert count(reader) == 0
    with EmbeddedStore(tmp_path, writable=True) as archive:
        assert not half.exists()
        archive.bulk_load(nquads(RUN, 2), [RUN])
        archive.publish()
        assert count(archive) == 2


SIZE = 20_000
WRITER = """
import sys
from pathlib import Path
from store import EmbeddedStore
folder, first = Path(sys.argv[1]), int(sys.argv[2])
def quads(graph, mark):
    return b"".join(f'<{graph}/{n}> <http://e/p> "{mark} {n}" <{graph}> .\\n'.encode() for n in range(SIZE))
archive = EmbeddedStore(folder, writable=True)
print("open", flush=True)
for n in range(first, first + 100):
    graphs = [f"http://e/run/{n}", "http://e/shared"]
    archive.bulk_load(quads(graphs[0], n) + quads(graphs[1], n), graphs)
    archive.publish()
    print(n, flush=True)
""".replace("SIZE", str(SIZE))


def test_a_writer_killed_at_any_moment_leaves_whole_loads_only(tmp_path: Path) -> None:
    chance = random.Random(7)
    reported: list[int] = []
    interrupted, seconds = 0, 0.0
    for attempt in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(attempt * 100)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "open\n"
            if attempt == 0:  # how long a load and its publication take here; the others are killed within two of them
                began = time.monotonic()
                reported.append(int(writer.stdout.readline()))
                seconds = time.monotonic() - began
            time.sleep(chance.uniform(0.05, 2.0) * seconds)
            os.kill(writer.pid, signal.SIGKILL)
            reported += [int(line) for line in writer.stdout.read().split()]
        interrupted += any((tmp_path / "journal").glob("*.json"))
        with EmbeddedStore(tmp_path) as reader:
            check_whole(reader, reported)
        with EmbeddedStore(tmp_path, writable=True) as archive:
            assert not any((tmp_path / "journal").iterdir())
            archive.publish()
            check_whole(archive, reported)
    assert interrupted >= 2


def check_whole(archive: EmbeddedStore, reported: list[int]) -> None:
    """Each run is whole or absent, those reported are there, and the shared graph is of one load."""
    table = archive.rows("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    counts = {str(row[0].value): int(row[1].value) for row in table.rows}  # type: ignore[union-attr]
    assert set(counts.values()) <= {SIZE}, counts
    assert {f"http://e/run/{n}" for n in reported} <= set(counts)
    if reported:
        assert "http://e/shared" in counts
    marks = archive.rows(
        "SELECT DISTINCT ?mark { GRAPH <http://e/shared> { ?s ?p ?o } BIND(STRBEFORE(?o, ' ') AS ?mark) }"
    )
    assert len(marks.rows) == ("http://e/shared" in counts)
