"""The side index is made of the quads, is kept in step with them, and answers stored questions with the same rows."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import StoreError
from ontology.terms import ACM, SOSA, VOCABULARY_GRAPH
from queries import load_queries, plan, sparql
from store import EmbeddedStore, Limits, Table, TableShortcut, _splice
from store.index import schema
from store.index.schema import FILE
from tests.commands import acousma
from tests.graphs import large_graph, small_graph, vocabulary_quads

DATA = Path(__file__).parent / "data" / "queries"
SHORT = [name for name, query in load_queries().items() if query.sql is not None]
ASKED = {
    "agreement_between_agents": [{}, {"aspect": "morphologicalArchetype"}],
    "arcs": [{}, {"work": "Study 1", "property": "level"}, {"property": "attackTime", "limit": "2"}],
    "claims_beyond_envelope": [{}, {"concept": "graduatedContinuant"}, {"agent": "LISTENING", "limit": "2"}],
    "claims_at_risk": [{}, {"work": "Study 1"}, {"confidence": "0.7", "limit": "3"}],
    "composer_profile": [{}, {"creator": "composer 1", "confidence": "0.5"}],
    "composers_compared": [{"first": "Composer 0", "second": "Composer 1"}, {"first": "Composer", "second": "nobody"}],
    "contradicted_claims": [{}, {"concept": "graduatedContinuant"}, {"agent": "listening", "limit": "5"}],
    "disagreement_between_agents": [{}, {"share": "0.2", "limit": "7"}, {"confidence": "0.6"}],
    "most_alike": [{}, {"work": "Study 1"}, {"limit": "2"}],
    "opens_with": [{"concept": "attackDecay", "seconds": "8"}, {"concept": "texture", "seconds": "20"}],
    "closes_with": [{"concept": "attackDecay", "seconds": "8"}, {"concept": "texture", "seconds": "20"}],
    "overlapping": [{"first": "texture", "second": "texture"}, {"first": "attackDecay", "seconds": "0"}],
    "followed_by": [{"first": "texture", "second": "graduatedContinuant", "seconds": "9", "tolerance": "0"}],
    "timeline": [{"work": "study 1"}, {"work": "Study", "agent": "LISTENING", "limit": "9"}],
    "unassessed_claims": [{}, {"work": "Study 1", "agent": "measuring"}],
    "claim_sequences": [{"work": "Study"}, {"work": "Study 2", "aspect": "brightnessLevel", "agent": "LISTENING"}],
    "coherence_between_agents": [{}, {"aspect": "brightnessLevel"}, {"work": "study 1", "limit": "1"}],
    "coherence_between_versions": [{}, {"work": "slow", "aspect": "brightnessLevel"}, {"limit": "2"}],
    "coherence": [{"work": "Study 2"}, {"work": "Study", "aspect": "brightnessLevel"}],
    "extremes": [{}, {"order": "lowest", "limit": "5"}, {"kind": "fixedWindow", "limit": "3"}],
    "nearest_passages": [{"work": "Study 1", "seconds": "7", "properties": "4"}, {"work": "Study 2", "seconds": "3"}],
    "passages_like": [{"work": "Study 1", "seconds": "7"}],
    "sequence_graph": [{"work": "Study 2"}, {"work": "Study", "aspect": "brightnessLevel"}],
    "unsupported_concepts": [{}, {"agent": "LISTENING", "claims": "2"}, {"limit": "3"}],
    "words": [{"text": "glas"}, {"text": "GLASS hum"}, {"work": "Tides"}, {"text": "%"}],
}


def loaded(folder: Path, text: str) -> EmbeddedStore:
    store = EmbeddedStore(folder, writable=True, limits=Limits(seconds=60, quick_seconds=60))
    store.bulk_load(text.encode(), sorted({q.graph_name.value for q in ox.parse(text, ox.RdfFormat.N_QUADS)}))
    store.publish()
    return store


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """Yield some works, one in two versions, with words of a listening model."""
    more = ""
    for name in ("words", "versions", "coherence_between_versions"):  # they name their works alike
        quads = ox.parse(path=DATA.parent / "also" / f"{name}.trig", format=ox.RdfFormat.TRIG)
        more += "".join(f"{quad} .\n" for quad in quads).replace("/also/", f"/{name}/")
    text = "".join((vocabulary_quads(), small_graph(), *large_graph(3, 0.25), more))
    with loaded(tmp_path_factory.mktemp("archive") / "store", text) as store:
        yield store


def rows(table: Table) -> list[list[str | None]]:
    """Return the rows as text; the words of a verdict stand in no set order, so they are sorted."""
    return [
        [
            None if term is None else "; ".join(sorted(str(term).strip('"').split("; "))) if column.endswith("verdict")
            else str(term) for column, term in zip(table.columns, row, strict=True)
        ]
        for row in table.rows
    ]  # fmt: skip


CASES = [
    (name, arguments)
    for name in SHORT
    for arguments in [
        *ASKED.get(name, [] if any(one.required for one in load_queries()[name].parameters) else [{}]),
        *(case["arguments"] for case in json.loads((DATA / f"{name}.json").read_text())),
    ]
]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=[f"{name} {arguments}" for name, arguments in CASES])
def test_the_side_index_answers_a_stored_question_as_its_sparql_does(
    archive: EmbeddedStore, name: str, arguments: dict[str, str]
) -> None:
    quick, plain = archive.rows(plan(name, arguments)), archive.rows(sparql(name, arguments))
    assert quick.columns == plain.columns
    assert rows(quick) == rows(plain)


def test_no_question_falls_back_to_its_sparql_where_the_index_is_whole(archive: EmbeddedStore) -> None:
    database = _splice.open_index(str(archive._published() / FILE))
    assert database is not None
    for name, arguments in CASES:
        for one in plan(name, arguments).shortcuts:
            assert isinstance(one, TableShortcut)
            try:
                database.execute(one.sql, dict(one.values)).fetchall()
            except sqlite3.Error as error:
                pytest.fail(f"{name} {arguments}: {error}")


def test_a_sum_of_what_the_index_cannot_keep_exactly_is_left_to_sparql(tmp_path: Path) -> None:
    lines = vocabulary_quads() + "".join(large_graph(1, 0.25))
    observed = f"/0-5000/brightnessCentroid> <{SOSA.hasSimpleResult}>"
    value = next(line for line in lines.splitlines() if observed in line)
    fine = value.replace(value.split('"')[1], "0.12345678901234567")
    with loaded(tmp_path / "store", lines.replace(value, fine)) as store:
        assert "0.12345678901234567" in str(rows(store.rows(plan("arcs", {}))))
        assert rows(store.rows(plan("arcs", {}))) == rows(store.rows(sparql("arcs", {})))


@pytest.mark.parametrize("name", SHORT)
def test_a_question_that_the_side_index_answers_is_tried_with_rows(archive: EmbeddedStore, name: str) -> None:
    assert any(archive.rows(plan(one, arguments)).rows for one, arguments in CASES if one == name)


def test_the_index_of_a_load_is_that_of_the_stored_quads(archive: EmbeddedStore) -> None:
    assert list(archive.index_faults()) == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with loaded(tmp_path / "store", vocabulary_quads() + small_graph()) as store:
        yield store


def in_step(store: EmbeddedStore) -> bool:
    return list(store.index_faults()) == []


def graph_of_claims(store: EmbeddedStore) -> str:
    return store.rows(f"SELECT ?g {{ GRAPH ?g {{ ?c a <{ACM.Claim}> }} }} ORDER BY ?g LIMIT 1").rows[0][0].value  # type: ignore[union-attr]


def test_the_index_follows_what_is_added_updated_withdrawn_and_loaded_again(
    small: EmbeddedStore, tmp_path: Path
) -> None:
    graph = graph_of_claims(small)
    before = len(small.rows(plan("unassessed_claims", {})).rows)
    file = tmp_path / "graph.nq"
    small.dump(graph, file)
    small.withdraw(graph)
    small.publish()
    assert in_step(small)
    assert len(small.rows(plan("unassessed_claims", {})).rows) < before
    small.bulk_load(file, [graph])
    small.publish()
    assert in_step(small)
    assert len(small.rows(plan("unassessed_claims", {})).rows) == before
    small.update(f"DELETE WHERE {{ GRAPH <{graph}> {{ ?claim <{ACM.aspect}> ?aspect }} }}")
    small.add(
        [ox.Quad(ox.NamedNode("http://e/s"), ox.NamedNode(ACM.startSeconds), ox.Literal(1), ox.NamedNode("http://e/g"))]
    )
    small.publish()
    assert in_step(small)


def test_a_load_that_fails_leaves_the_index_in_step(small: EmbeddedStore) -> None:
    graph = graph_of_claims(small)
    with pytest.raises(Exception, match="quads"):
        small.bulk_load(b"<http://e/a> <http://e/b> <http://e/c> <http://e/other> .\n", [graph])
    small.publish()
    assert in_step(small)


def test_quads_whose_graphs_are_mixed_up_are_indexed_too(tmp_path: Path) -> None:
    lines = (vocabulary_quads() + small_graph()).splitlines(keepends=True)
    with loaded(tmp_path / "store", "".join(sorted(lines))) as store:
        assert in_step(store)
        assert store.rows(plan("timeline", {"work": "Glass"})).rows


def test_what_a_file_says_twice_is_in_the_index_once(tmp_path: Path) -> None:
    lines = (vocabulary_quads() + small_graph()).splitlines(keepends=True)
    with loaded(tmp_path / "store", "".join(2 * line for line in lines)) as store:
        assert in_step(store)


def test_a_load_that_cannot_begin_leaves_the_next_one_alone(small: EmbeddedStore, tmp_path: Path) -> None:
    graph, file, journal = graph_of_claims(small), tmp_path / "graph.nq", tmp_path / "store" / "journal"
    small.dump(graph, file)
    (journal / "bulk_load.json.new").mkdir()  # in the place of the file that a load begins with
    with pytest.raises(OSError, match=r"bulk_load\.json\.new"):
        small.bulk_load(file, [graph])
    (journal / "bulk_load.json.new").rmdir()
    small.publish()
    assert in_step(small)
    small.bulk_load(file, [graph])
    small.publish()
    assert in_step(small)


def test_publishing_nothing_new_keeps_the_same_file(small: EmbeddedStore) -> None:
    first = (small._published() / FILE).stat().st_ino
    small.publish()
    assert (small._published() / FILE).stat().st_ino == first


@pytest.mark.parametrize("damage", ["gone", "torn", "older"])
def test_an_index_that_cannot_be_used_changes_no_answer_and_can_be_made_anew(tmp_path: Path, damage: str) -> None:
    with loaded(tmp_path / "store", vocabulary_quads() + small_graph()) as store:
        expected = rows(store.rows(plan("timeline", {"work": "Glass"})))
    file = (tmp_path / "store" / "current" / FILE).resolve()
    match damage:
        case "gone":
            file.unlink()
        case "torn":
            file.write_bytes(file.read_bytes()[:4096] + b"\xff" * 200_000)
        case _:
            with sqlite3.connect(file) as database:
                database.execute("PRAGMA user_version = 0")
            database.close()
    with EmbeddedStore(tmp_path / "store", writable=True) as store:
        assert rows(store.rows(plan("timeline", {"work": "Glass"}))) == expected
        with pytest.raises(StoreError):
            list(store.index_faults())
        store.make_index_anew()
        assert in_step(store)


def test_an_index_that_differs_is_found_graph_by_graph(tmp_path: Path) -> None:
    with loaded(tmp_path / "store", vocabulary_quads() + small_graph()):
        pass
    with sqlite3.connect((tmp_path / "store" / "current" / FILE).resolve()) as database:
        database.execute("DELETE FROM claims WHERE rowid = (SELECT MIN(rowid) FROM claims)")
    database.close()
    told = acousma("index", "--store", tmp_path / "store")
    assert told.returncode == 4
    assert "(claims)" in told.stdout
    assert "acousma index --rebuild" in told.stderr
    mended = acousma("index", "--rebuild", "--store", tmp_path / "store")
    assert mended.returncode == 0
    assert "in step" in mended.stdout


def test_what_the_index_cannot_hold_is_answered_by_sparql(small: EmbeddedStore) -> None:
    work, title = ox.NamedNode("http://e/work"), ox.NamedNode("http://purl.org/dc/terms/title")
    recording = small.rows(
        "SELECT ?r { ?w <http://purl.org/vocab/frbr/core#realization> ?r } ORDER BY ?r LIMIT 1"
    ).rows[0][0]
    assert isinstance(recording, ox.NamedNode)
    graph = ox.NamedNode("http://e/catalogue")
    small.add(
        [
            ox.Quad(work, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
                    ox.NamedNode("http://purl.org/ontology/mo/MusicalWork"), graph),
            ox.Quad(work, ox.NamedNode("http://purl.org/vocab/frbr/core#realization"), recording, graph),
            ox.Quad(work, title, ox.Literal("Gezeiten aus Glas", language="de"), graph),
        ]
    )  # fmt: skip
    small.publish()
    found = small.rows(plan("timeline", {"work": "Gezeiten"}))
    assert found.rows
    assert rows(found) == rows(small.rows(sparql("timeline", {"work": "Gezeiten"})))


def test_the_index_of_an_archive_of_before_is_made_at_the_next_change(tmp_path: Path) -> None:
    with loaded(tmp_path / "store", vocabulary_quads() + small_graph()):
        pass
    (tmp_path / "store" / "current" / FILE).resolve().unlink()
    with EmbeddedStore(tmp_path / "store", writable=True) as store:
        store.withdraw(VOCABULARY_GRAPH)
        store.publish()
        assert in_step(store)


def test_a_copy_of_the_folder_has_its_index(tmp_path: Path) -> None:
    with loaded(tmp_path / "store", vocabulary_quads() + small_graph()):
        pass
    shutil.copytree(tmp_path / "store", tmp_path / "copy", symlinks=True)
    with EmbeddedStore(tmp_path / "copy") as store:
        assert in_step(store)


def test_worker_and_writer_speak_of_the_same_index() -> None:
    assert (_splice.VERSION, _splice.MILLION) == (schema.VERSION, schema.MILLION)
