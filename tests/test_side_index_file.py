"""A small change costs the side index what has changed, and what was published before stays as it was."""

import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.terms import ACM, ACV, DCTERMS, OA
from queries import plan, sparql
from store import EmbeddedStore
from store._splice import open_index
from store.index import file as index_file
from store.index.schema import FILE, LOG
from tests.graphs import small_graph, vocabulary_quads

COUNT = "SELECT COUNT(*) FROM assessments"
GRAPH = "http://e/reviews"
KILLED = """
import os, signal, sys
from pathlib import Path
import pyoxigraph as ox
from store import EmbeddedStore
store = EmbeddedStore(Path(sys.argv[1]), writable=True)
store._index.forget(["http://e/reviews"])  # a private state with changes that are not published
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "store"
    lines = (vocabulary_quads() + small_graph()).encode()
    with EmbeddedStore(folder, writable=True) as store:
        store.bulk_load(lines, sorted({quad.graph_name.value for quad in ox.parse(lines, ox.RdfFormat.N_QUADS)}))
        store.publish()
    return folder


@pytest.fixture
def archive(before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedStore]:
    """Yield a small archive, whose log may be as large as the file of its index: the same pages are more of it here."""
    monkeypatch.setattr(index_file, "SHARE", 1)
    shutil.copytree(before, tmp_path / "store", symlinks=True)
    with EmbeddedStore(tmp_path / "store", writable=True) as store:
        yield store


def review(store: EmbeddedStore, number: int) -> None:
    """Add and publish an assessment of some claim."""
    claims = f"SELECT ?c {{ ?c a <{ACM.Claim}> }} ORDER BY ?c LIMIT 1"
    node, claim = ox.NamedNode(f"http://e/review/{number}"), store.rows(claims).rows[0][0]
    assert isinstance(claim, ox.NamedNode)
    verdict = ox.NamedNode(f"{ACV}accepted")
    said = (
        (OA.hasTarget, claim),
        (ACM.verdict, verdict),
        (DCTERMS.creator, ox.NamedNode("http://e/Ada")),
    )
    store.add([ox.Quad(node, ox.NamedNode(one), term, ox.NamedNode(GRAPH)) for one, term in said])
    store.publish()


def assessments(generation: Path) -> int:
    index = open_index(str(generation / FILE))
    assert index is not None
    found: int = index.execute(COUNT).fetchone()[0]
    index.close()
    return found


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def in_step(store: EmbeddedStore) -> bool:
    return list(store.index_faults()) == []


def test_a_small_change_shares_the_file_with_the_generation_before_and_is_seen(archive: EmbeddedStore) -> None:
    first = archive._published()
    file, there = (first / FILE).stat().st_ino, assessments(first)
    for number in range(1, 4):
        review(archive, number)
        generation = archive._published()
        assert (generation / FILE).stat().st_ino == file
        assert (generation / LOG).stat().st_size < (generation / FILE).stat().st_size / 2
        assert assessments(generation) == there + number
        assert in_step(archive)
        quick, plain = archive.rows(plan("unassessed_claims", {})), archive.rows(sparql("unassessed_claims", {}))
        assert sorted(map(str, quick.rows)) == sorted(map(str, plain.rows))


def test_generations_before_keep_their_state_for_readers_old_and_new(archive: EmbeddedStore) -> None:
    first = archive._published()
    there, was = assessments(first), digest(first / FILE)
    reader = open_index(str(first / FILE))
    assert reader is not None
    review(archive, 1)
    second = archive._published()
    later = open_index(str(second / FILE))
    assert later is not None
    review(archive, 2)
    archive.withdraw(GRAPH)
    archive.publish()
    assert [index.execute(COUNT).fetchone()[0] for index in (reader, later)] == [there, there + 1]
    assert [assessments(one) for one in (first, second, archive._published())] == [there, there + 1, there]
    assert digest(first / FILE) == was
    reader.close()
    later.close()


@pytest.mark.parametrize(("limit", "value"), [("SHARE", 10**6), ("MOST_BYTES", 1)])
def test_a_log_that_has_grown_is_written_into_a_copy_of_the_file(
    archive: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    first = archive._published()
    was, there = digest(first / FILE), assessments(first)
    review(archive, 1)
    usual = getattr(index_file, limit)
    monkeypatch.setattr(index_file, limit, value)
    review(archive, 2)
    merged = archive._published()
    assert not (merged / LOG).exists()
    assert (merged / FILE).stat().st_ino != (first / FILE).stat().st_ino
    assert digest(first / FILE) == was
    assert assessments(merged) == there + 2
    assert in_step(archive)
    monkeypatch.setattr(index_file, limit, usual)
    review(archive, 3)
    assert (archive._published() / FILE).stat().st_ino == (merged / FILE).stat().st_ino
    assert assessments(archive._published()) == there + 3


def test_publishing_nothing_new_keeps_the_log_too(archive: EmbeddedStore) -> None:
    review(archive, 1)
    first = archive._published()
    archive.publish()
    second = archive._published()
    assert first != second
    assert [(first / one).stat().st_ino for one in (FILE, LOG)] == [(second / one).stat().st_ino for one in (FILE, LOG)]
    assert in_step(archive)


def test_a_load_larger_than_the_index_copies_it_and_a_small_one_does_not(
    archive: EmbeddedStore, tmp_path: Path
) -> None:
    first = archive._published()
    small = f'<http://e/a> <http://e/p> "gong" <{GRAPH}> .\n'
    archive.bulk_load(small.encode(), [GRAPH])
    archive.publish()
    assert (archive._published() / FILE).stat().st_ino == (first / FILE).stat().st_ino
    size = (first / FILE).stat().st_size
    large = "".join(f'<http://e/{n}> <http://e/p> "gong" <{GRAPH}> .\n' for n in range(size // len(small)))
    archive.bulk_load((large + small).encode(), [GRAPH])
    archive.publish()
    assert (archive._published() / FILE).stat().st_ino != (first / FILE).stat().st_ino
    assert not (archive._published() / LOG).exists()
    assert in_step(archive)


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_a_writer_that_ends_before_it_publishes_changes_no_published_file(
    archive: EmbeddedStore, tmp_path: Path, how: str
) -> None:
    review(archive, 1)
    generation, there = archive._published(), assessments(archive._published())
    archive.close()
    files = {one: digest(generation / one) for one in (FILE, LOG)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "store"), how], check=False)
    assert done.returncode == (-signal.SIGKILL if how == "killed" else 0)
    assert {one: digest(generation / one) for one in (FILE, LOG)} == files
    with EmbeddedStore(tmp_path / "store", writable=True) as store:
        assert not (tmp_path / "store" / LOG).exists()
        assert assessments(store._published()) == there
        review(store, 2)
        assert assessments(store._published()) == there + 1
        assert in_step(store)


def test_a_log_that_lost_its_end_is_made_good_by_the_next_change(archive: EmbeddedStore, tmp_path: Path) -> None:
    review(archive, 1)
    there = assessments(archive._published())
    review(archive, 2)
    log = archive._published() / LOG
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    archive.add(
        [ox.Quad(ox.NamedNode("http://e/a"), ox.NamedNode("http://e/p"), ox.Literal(1), ox.NamedNode("http://e/g"))]
    )
    archive.publish()
    assert assessments(archive._published()) == there + 1
    assert in_step(archive)


def test_an_index_of_before_is_copied_once_and_shared_from_then_on(archive: EmbeddedStore, tmp_path: Path) -> None:
    generation = archive._published()
    archive.close()
    old = generation / FILE
    content = old.read_bytes()
    old.write_bytes(content[:18] + b"\x01\x01" + content[20:])  # as it was before there were logs
    with EmbeddedStore(tmp_path / "store", writable=True) as store:
        review(store, 1)
        first = store._published()
        assert (first / FILE).stat().st_ino != old.stat().st_ino
        review(store, 2)
        assert (store._published() / FILE).stat().st_ino == (first / FILE).stat().st_ino
        assert in_step(store)


def test_an_archive_under_any_name_is_read(before: Path, tmp_path: Path) -> None:
    folder = tmp_path / "50 % of works? #1"
    shutil.copytree(before, folder, symlinks=True)
    with EmbeddedStore(folder, writable=True) as store:
        review(store, 1)
        assert in_step(store)


def test_a_generation_that_only_may_be_read_is_read(archive: EmbeddedStore) -> None:
    review(archive, 1)
    generation = archive._published()
    files = sorted(one.name for one in generation.iterdir())
    generation.chmod(0o555)
    try:
        assert assessments(generation)
    finally:
        generation.chmod(0o755)
    assert sorted(one.name for one in generation.iterdir()) == files
