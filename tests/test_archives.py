"""The archives of the benchmarks are the same on every machine, and hold all that the stored questions ask about."""

import hashlib
from pathlib import Path

import pytest

from benchmarks import archives
from queries import answer
from store import open_store

TRIPLES = 40_000


def test_the_same_seed_gives_the_same_quads_and_another_one_others(tmp_path: Path) -> None:
    sums = []
    for number, seed in enumerate((1997, 1997, 7)):
        path = tmp_path / f"{number}.nq"
        archives.write(path, TRIPLES, seed)
        sums.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert sums[0] == sums[1] != sums[2]


def test_an_archive_has_at_least_the_triples_asked_for_in_the_graphs_it_names(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", writable=True) as store:
        lines = archives.fill(store, tmp_path / "quads.nq", TRIPLES)
        assert lines == store.stats().quads >= TRIPLES
        for name in ("works", "versions", "disagreement_between_agents", "words", "runs", "contradicted_claims"):
            assert answer(store, name, {}).rows, name


@pytest.mark.parametrize("triples", [30_000, 60_000])
def test_works_and_composers_grow_with_the_archive_and_recordings_do_not(tmp_path: Path, triples: int) -> None:
    path = tmp_path / "quads.nq"
    lines, graphs = archives.write(path, triples)
    catalogued = [graph for graph in graphs if "/catalogue" in graph]
    assert lines / len(catalogued) < 30_000
