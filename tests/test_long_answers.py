"""What a command shows is whole, or it says that it is not: a work with more claims than a question lists."""

from itertools import islice, product
from pathlib import Path

import pyoxigraph as ox
import pytest

from ingest.annotate import catalogue_entry
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.commands import acousma
from tests.graphs import GLASS_TIDES, LISTENER, MINTER, describing_run, vocabulary_quads

MOST_ROWS = 10_000
"""Rows that a question can be asked for at most."""

CLAIMS = MOST_ROWS + 1
LAST = 29.0
"""Start of the last passages, in seconds."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long") / "archive"
    concepts = list(load_vocabulary().concepts)[:300]
    passages = [*(number / 2 for number in range(40)), LAST]
    heard = [(start, start + 0.5, None, concept, 0.5) for start, concept in product(passages, concepts)]
    kept = [*islice(heard, CLAIMS - 300), *heard[-300:]]
    lines = [
        vocabulary_quads(), catalogue_entry(MINTER, GLASS_TIDES.recording.id, GLASS_TIDES.work),
        *describing_run(GLASS_TIDES, LISTENER, kept),
    ]  # fmt: skip
    nquads = "".join(lines).encode()
    with open_store(folder, writable=True) as store:
        graphs = {quad.graph_name.value for quad in ox.parse(nquads, ox.RdfFormat.N_QUADS)}
        store.bulk_load(nquads, sorted(graphs))
        store.publish()
    return folder


def test_a_long_work_is_described_to_its_end(archive: Path) -> None:
    done = acousma("describe", "Glass Tides", "--store", archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" 0.50") >= CLAIMS
    assert "0:29.0" in done.stdout


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_an_answer_that_was_cut_says_so(archive: Path, format_: str) -> None:
    done = acousma("ask", "timeline", "--param", "work=Glass", "--format", format_, "--store", archive)
    assert done.returncode == 0
    assert "the answer stops at 1,000 rows" in done.stderr
    assert "--param limit=N" in done.stderr


def test_an_answer_that_is_whole_or_as_long_as_asked_for_says_nothing(archive: Path) -> None:
    for question in (["works"], ["timeline", "--param", "work=Glass", "--param", "limit=5"]):
        done = acousma("ask", *question, "--store", archive)
        assert (done.returncode, done.stderr) == (0, "")
