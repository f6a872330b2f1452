"""A backup is a whole archive in one file, taken while it is used, and compared when it is written and restored."""

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from api.operation.backups import back_up, restore
from ontology.errors import InputError
from store import Change, Load, ProcessWriter, open_store
from store.base import Limits
from tests.commands import ROOT, acousma, dump, environment

ROWS = 400


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Make an archive with two graphs, a blank node and a note."""
    folder = tmp_path / "archive"
    lines = [f'<http://e/s{n}> <http://e/p> "é {n}" <http://e/g{n % 2}> .\n' for n in range(ROWS)]
    lines.append('_:b <http://e/p> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> <http://e/g0> .\n')
    with open_store(folder, writable=True) as store:
        store.bulk_load("".join(lines).encode(), ["http://e/g0", "http://e/g1"])
        store.publish()
    (folder / "sounds.json").write_text('{"00": "tape.wav"}')
    return folder


def test_what_was_backed_up_comes_back_by_the_command_line(archive: Path, tmp_path: Path) -> None:
    before = dump(archive, tmp_path / "before.nq")
    done = acousma("backup", tmp_path / "a.zip", "--store", archive)
    assert done.returncode == 0 and f"{ROWS + 1} statements in 2 graphs" in done.stdout, done
    done = acousma("restore", tmp_path / "a.zip", "--store", tmp_path / "again")
    assert done.returncode == 0, done
    after = dump(tmp_path / "again", tmp_path / "after.nq")
    assert [line for line in after if not line.startswith("_:")] == [x for x in before if not x.startswith("_:")]
    assert len(after) == ROWS + 1
    assert (tmp_path / "again/sounds.json").read_text() == '{"00": "tape.wav"}'


def test_the_default_graph_comes_back_too(archive: Path, tmp_path: Path) -> None:
    writer = ProcessWriter(archive, Limits())
    document = (b'<http://e/d> <http://e/p> "in no graph", 2.5 .', "text/turtle")
    writer.apply(Change(load=Load((document,), None, "http://e/", False)))
    writer.close()
    assert back_up(archive, tmp_path / "a.zip").graphs == ("", "http://e/g0", "http://e/g1")
    restore(tmp_path / "a.zip", tmp_path / "again")
    assert sum('"in no graph"' in line for line in dump(tmp_path / "again", tmp_path / "after.nq")) == 1


def test_a_backup_taken_while_another_process_writes_is_of_one_state(archive: Path, tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom store import open_store\n"
        "with open_store(sys.argv[1], writable=True) as s:\n"
        " for n in range(40):\n"
        "  s.bulk_load(''.join(f'<http://e/{n}/{i}> <http://e/p> 1 <http://e/w{n}> .\\n' for i in range(100))"
        ".replace(' 1 ', ' \"1\" ').encode(), [f'http://e/w{n}'])\n"
        "  s.publish(); print(n, flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(archive)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        while int(writer.stdout.readline() or 0) < 2:
            time.sleep(0.01)
        manifest = back_up(archive, tmp_path / "a.zip")
        assert writer.poll() is None, "the writer was to go on meanwhile"
        writer.stdout.read()
    written = [graph for graph in manifest.graphs if "/w" in graph]
    assert manifest.quads == ROWS + 1 + 100 * len(written), "each graph is there whole or not at all"
    assert 3 <= len(written) < 40
    assert restore(tmp_path / "a.zip", tmp_path / "again") == manifest


def test_a_damaged_backup_is_refused_and_nothing_is_made_of_it(archive: Path, tmp_path: Path) -> None:
    back_up(archive, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as whole, zipfile.ZipFile(tmp_path / "b.zip", "w") as spoiled:
        quads = whole.read("quads.nq").replace(b'"\xc3\xa9 7"', b'"\xc3\xa9 8"')
        spoiled.writestr("quads.nq", quads)
        spoiled.writestr("manifest.json", whole.read("manifest.json"))
    for name, content in (("c.zip", (tmp_path / "a.zip").read_bytes()[:-200]), ("d.zip", b"")):
        (tmp_path / name).write_bytes(content)
    for name in ("b.zip", "c.zip", "d.zip", "absent.zip"):
        with pytest.raises(InputError):
            restore(tmp_path / name, tmp_path / "again")
        assert not (tmp_path / "again").exists()
        assert not list(tmp_path.glob(".again*"))


def test_content_that_is_not_that_of_the_manifest_is_told(archive: Path, tmp_path: Path) -> None:
    back_up(archive, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as whole, zipfile.ZipFile(tmp_path / "b.zip", "w") as other:
        other.writestr("quads.nq", whole.read("quads.nq"))
        told = json.loads(whole.read("manifest.json"))
        other.writestr("manifest.json", json.dumps({**told, "content_sha256": "00" * 32}))
    done = acousma("restore", tmp_path / "b.zip", "--store", tmp_path / "again")
    assert (done.returncode, (tmp_path / "again").exists()) == (4, False), done
    assert "restored archive" in done.stderr


def test_nothing_is_overwritten(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("mine")
    assert acousma("backup", tmp_path / "a.zip", "--store", archive).returncode == 3
    assert (tmp_path / "a.zip").read_text() == "mine"
    back_up(archive, tmp_path / "b.zip")
    done = acousma("restore", tmp_path / "b.zip", "--store", archive)
    assert done.returncode == 3 and "not empty" in done.stderr, done
