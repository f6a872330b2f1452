"""Killed at any moment, an ingest leaves whole recordings only, and the same command completes the rest."""

import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from rich.console import Console

from api.ingesting import IngestOptions, ingest_paths
from api.settings import Settings
from ontology.errors import StoreMissing
from ontology.terms import PROV, VOCABULARY_GRAPH
from store import open_store
from tests.commands import CLOCK, acousma, command, dump, environment, graph_of, kill, start
from tests.sounds import stroke, table, write

SOUNDS = 10
MOMENTS = [round(step / 12, 3) for step in range(12)]
"""When to kill, as shares of the time an undisturbed ingest takes from the making of its archive on."""
TRIES = 5


@dataclass(frozen=True)
class Corpus:
    """What is ingested, and what an undisturbed ingest of it makes.

    Parameters
    ----------
    sounds, catalogue, claims : Path
    seconds : float
        Wall time of an undisturbed ingest from the making of its archive to its end.
    plain : list of str
        Quads of an ingest without claims, under the names of the files.
    whole : list of str
        Quads of an ingest with catalogue and claims.
    plain_archive : Path
    """

    sounds: Path
    catalogue: Path
    claims: Path
    seconds: float
    plain: list[str]
    whole: list[str]
    plain_archive: Path

    @property
    def tables(self) -> list[str | Path]:
        return ["--catalogue", self.catalogue, "--claims", self.claims]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("killed")
    sounds = folder / "sounds"
    for number in range(SOUNDS):
        write(sounds / f"{number}.wav", stroke(200.0 + 50 * number, 0.5 + 0.05 * number))
    catalogue = table(
        sounds / "works.csv", ["file,title,creator", *(f"{n}.wav,Stroke {n},A. Maker" for n in range(SOUNDS))]
    )
    claims = table(
        sounds / "heard.csv", ["file,start,end,concepts,agent", *(f"{n}.wav,0,0.4,bright dark,Ada" for n in range(6))]
    )
    done = acousma("ingest", sounds, "--store", folder / "plain")
    assert done.returncode == 0, done.stderr
    process = start("ingest", sounds, "--store", folder / "whole", "--catalogue", catalogue, "--claims", claims)
    wait_for(folder / "whole" / "live", process)
    began = time.monotonic()
    process.join(60)
    assert process.exitcode == 0
    seconds = time.monotonic() - began
    plain, whole = (dump(folder / name, folder / f"{name}.nq") for name in ("plain", "whole"))
    return Corpus(sounds, catalogue, claims, seconds, plain, whole, folder / "plain")


def wait_for(path: Path, process: BaseProcess) -> None:
    while not path.exists() and process.is_alive():
        time.sleep(0.002)


def by_graph(lines: Iterable[str]) -> dict[str, set[str]]:
    graphs: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        graphs[graph_of(line)].add(line)
    return dict(graphs)


def by_recording(graphs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the graphs of each recording: what the catalogue says of it, and all of its runs."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for graph, lines in graphs.items():
        if "/graph/catalogue/" in graph:
            found[graph.rpartition("/")[2]].add(graph)
        for line in lines:
            if f"<{PROV.used}>" in line and "/recording/" in line:
                found[line.split()[2].strip("<>").rpartition("/")[2]].add(graph)
    return dict(found)


def published(archive: Path, scratch: Path) -> list[str]:
    """Return the quads a reader sees; none if nothing was published yet."""
    try:
        return dump(archive, scratch)
    except StoreMissing:
        return []


def whole_recordings(lines: list[str], wanted: dict[str, set[str]]) -> int:
    """Check that each graph is complete and each recording has all of its graphs; return how many there are."""
    graphs = by_graph(lines)
    for graph, found in graphs.items():
        assert found == wanted[graph], f"{graph} holds {len(found)} of {len(wanted[graph])} quads"
        if "/graph/run/" in graph:
            assert any(f"<{PROV.endedAtTime}>" in line for line in found)
    recordings = by_recording(wanted)
    there = [recording for recording, names in recordings.items() if names & graphs.keys()]
    for recording in there:
        assert recordings[recording] <= graphs.keys(), f"recording {recording} is not whole"
    return len(there)


def ingest_here(corpus: Corpus, archive: Path) -> None:
    """Run the same ingest in this process, which has its libraries loaded."""
    options = IngestOptions([corpus.sounds], corpus.catalogue, corpus.claims, 1, 5.0)
    report = ingest_paths(Settings(store=str(archive)), options, Console(quiet=True))  # type: ignore[call-arg]
    assert report.failures == []
    assert not list((archive / "scratch").iterdir()), "files of a killed ingest were left"


@pytest.fixture(autouse=True)
def same_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ACOUSMA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", CLOCK)


def killed_at(corpus: Corpus, archive: Path, share: float, *options: str | Path) -> None:
    process = start("ingest", corpus.sounds, "--store", archive, *corpus.tables, *options)
    wait_for(archive / "live", process)
    time.sleep(share * corpus.seconds)
    kill(process)


def test_the_undisturbed_archive_holds_ten_recordings_with_all_their_runs(corpus: Corpus) -> None:
    graphs = by_graph(corpus.whole)
    assert whole_recordings(corpus.whole, graphs) == SOUNDS
    assert sorted(map(len, by_recording(graphs).values())) == [2] * 4 + [4] * 6
    assert VOCABULARY_GRAPH in graphs


def test_an_ingest_killed_at_any_moment_leaves_whole_recordings_and_can_be_completed(
    corpus: Corpus, tmp_path: Path
) -> None:
    wanted = by_graph(corpus.whole)
    left = []
    for number, share in enumerate(MOMENTS):
        archive = tmp_path / f"archive-{number}"
        killed_at(corpus, archive, share)
        left.append(whole_recordings(published(archive, tmp_path / "read.nq"), wanted))
        if number % 2:
            # what the writer finds when it opens the archive, beside what was published before
            with open_store(archive, writable=True) as store:
                store.publish()
                written = tmp_path / "written.nq"
                store.dump(None, written)
            assert whole_recordings(written.read_text(encoding="utf-8").splitlines(), wanted) >= left[-1]
        ingest_here(corpus, archive)
        assert dump(archive, tmp_path / "again.nq") == corpus.whole, f"killed after {share:.0%}"
        shutil.rmtree(archive)
    assert any(0 < count < SOUNDS for count in left), f"no kill hit the middle of the work: {left}"


@pytest.mark.parametrize(("generation", "share"), [("000002", 0.5), ("000003", 0.1), ("000006", 0.1)])
def test_killing_an_ingest_with_two_workers_leaves_whole_recordings(
    corpus: Corpus, tmp_path: Path, generation: str, share: float
) -> None:
    for attempt in range(TRIES):
        archive = tmp_path / f"archive-{attempt}"
        process = start("ingest", corpus.sounds, "--store", archive, *corpus.tables, "--processes", "2")
        wait_for(archive / "generations" / generation, process)
        time.sleep(share * corpus.seconds / 2**attempt)
        kill(process)
        left = whole_recordings(published(archive, tmp_path / "read.nq"), by_graph(corpus.whole))
        assert left >= int(generation) - 2  # before any recording the empty archive and the vocabulary were published
        if list((archive / "scratch").iterdir()):
            break  # something was on its way: on a busy machine the kill may come when all is done
    else:
        pytest.fail(f"{TRIES} kills all came when nothing was on its way")
    ingest_here(corpus, archive)
    assert dump(archive, tmp_path / "again.nq") == corpus.whole


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_killing_an_ingest_that_replaces_entries_loses_nothing(corpus: Corpus, tmp_path: Path, share: float) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(corpus.plain_archive, archive, symlinks=True)
    process = start("ingest", corpus.sounds, "--store", archive, *corpus.tables)
    wait_for(archive / "generations" / next_generation(archive), process)
    time.sleep(share * corpus.seconds / 2)
    kill(process)
    before, after = by_graph(corpus.plain), by_graph(corpus.whole)
    found = by_graph(published(archive, tmp_path / "read.nq"))
    assert before.keys() <= found.keys() <= after.keys()
    for graph, lines in found.items():
        assert lines in (before.get(graph), after[graph]), graph
    ingest_here(corpus, archive)
    assert dump(archive, tmp_path / "again.nq") == corpus.whole


def next_generation(archive: Path) -> str:
    newest = max(int(entry.name) for entry in (archive / "generations").iterdir() if entry.name.isdigit())
    return f"{newest + 1:06d}"


def test_killing_an_ingest_before_it_made_an_archive_leaves_nothing(corpus: Corpus, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    process = subprocess.Popen(command("ingest", corpus.sounds, "--store", archive), env=environment())
    time.sleep(0.3)
    process.kill()
    process.wait(10)
    assert not archive.exists()
