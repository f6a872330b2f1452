"""A backup is of one moment, whole, and makes the same archive again."""

import gzip
import threading
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import InputError
from store import Change, EmbeddedStore, open_writer
from store.backup import read_backup, restore, write_backup
from tests.commands import typed

QUADS = [f'<http://e/s{n}> <http://e/p> "é\\n{n}"@fr <http://e/g{n % 7}> .' for n in range(500)]
LOOSE = 'INSERT DATA { <http://e/x> <http://e/p> "in the default graph", 1.50 , [] }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddedStore(tmp_path / "archive", writable=True) as archive:
        archive.bulk_load("\n".join(QUADS).encode(), [f"http://e/g{n}" for n in range(7)])
        archive.update(LOOSE)
        archive.publish()
    return tmp_path / "archive"


def content(folder: Path, scratch: Path) -> list[str]:
    with EmbeddedStore(folder) as archive:
        archive.dump(None, scratch)
    return sorted(line.split("_:")[0] for line in scratch.read_text().splitlines())


def test_a_restored_archive_holds_the_same(folder: Path, tmp_path: Path) -> None:
    with EmbeddedStore(folder) as archive:
        made = write_backup(archive, tmp_path / "b.nq.gz")
    assert (made.quads, len(made.graphs)) == (503, 7)
    assert restore(tmp_path / "b.nq.gz", tmp_path / "again") == made
    assert content(tmp_path / "again", tmp_path / "2.nq") == content(folder, tmp_path / "1.nq")
    with gzip.open(tmp_path / "b.nq.gz") as file:
        assert len(list(ox.parse(file.read(), ox.RdfFormat.N_QUADS))) == 503


def test_a_backup_of_an_archive_in_use_is_of_one_moment(folder: Path, tmp_path: Path) -> None:
    """Each change replaces two statements at once: a backup has both of one change, never one of each."""
    stop = threading.Event()

    def change() -> None:
        writer = open_writer(folder)
        number = 0
        while not stop.is_set():
            number += 1
            writer.apply(Change(
                "DELETE WHERE { GRAPH <http://e/pair> { ?s ?p ?o } } ; INSERT DATA { GRAPH <http://e/pair> "
                f"{{ <http://e/a> <http://e/n> {number} . <http://e/b> <http://e/n> {number} }} }}",
                graphs=("http://e/pair",),
            ))  # fmt: skip
        writer.close()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for round_ in range(5):
            with EmbeddedStore(folder) as archive:
                write_backup(archive, tmp_path / f"{round_}.nq.gz")
            pair: list[ox.Quad] = []
            read_backup(tmp_path / f"{round_}.nq.gz", lambda line, pair=pair: pair.extend(_of_pair(line)))  # type: ignore[misc]
            assert len({quad.object for quad in pair}) <= 1 and len(pair) in (0, 2)
    finally:
        stop.set()
        thread.join()


def _of_pair(line: bytes) -> list[ox.Quad]:
    pair = ox.NamedNode("http://e/pair")
    return [quad for quad in ox.parse(line, ox.RdfFormat.N_QUADS) if quad.graph_name == pair]


@pytest.mark.parametrize("fault", ["cut off", "changed", "a line less", "no backup"])
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_made(folder: Path, tmp_path: Path, fault: str) -> None:
    file = tmp_path / "b.nq.gz"
    with EmbeddedStore(folder) as archive:
        write_backup(archive, file)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    if fault == "cut off":
        file.write_bytes(file.read_bytes()[:-200])
    elif fault == "changed":
        file.write_bytes(gzip.compress(b"".join(lines).replace(b"http://e/s7>", b"http://e/s8>", 1)))
    elif fault == "a line less":
        file.write_bytes(gzip.compress(b"".join(lines[:100] + lines[101:])))
    else:
        file.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError):
        restore(file, tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "b.nq.gz"]


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    with EmbeddedStore(folder) as archive:
        write_backup(archive, tmp_path / "b.nq.gz")
        with pytest.raises(InputError, match="there already"):
            write_backup(archive, tmp_path / "b.nq.gz")
    with pytest.raises(InputError, match="holds something"):
        restore(tmp_path / "b.nq.gz", folder)


def test_backups_are_made_and_restored_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    done = typed("backup", tmp_path / "b.nq.gz", "--store", folder)
    assert (done.returncode, "503 statements in 7 graphs" in done.stdout) == (0, True), done.stderr
    done = typed("restore", tmp_path / "b.nq.gz", "--store", tmp_path / "again")
    assert (done.returncode, "503 statements in 7 graphs" in done.stdout) == (0, True), done.stderr
    assert typed("restore", tmp_path / "b.nq.gz", "--store", folder).returncode == 3
