"""A real Virtuoso as the store: what a user does, by an address alone, with the answers of an archive in a folder.

Run by ``pytest -m virtuoso``. What its SPARQL answers otherwise stands in ``tests/data/virtuoso.json``: a question that
is listed there and gives its stored answer fails too, so that a newer Virtuoso is noticed.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

import store.remote
from benchmarks import virtuoso
from ontology.errors import AcousmaError, QueryLost, QueryTimeout, QueryTooLarge, StoreForbidden, StoreUnreachable
from queries import answer, find
from store import Limits, RemoteStore, Server, Store, open_store
from tests.commands import acousma
from tests.ears import ears_of_small_graph
from tests.test_queries import ALSO, CASES, Case, filled, readable
from tests.test_relations import PREFIXES, QUESTIONS

pytestmark = [pytest.mark.virtuoso, pytest.mark.skipif(virtuoso.PROGRAM is None, reason=virtuoso.WHY_NOT)]

DIFFERING = json.loads((Path(__file__).parent / "data" / "virtuoso.json").read_text(encoding="utf-8"))
GRAPH, OTHER = "http://e/run/1", "http://e/run/2"
COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH <http://e/run/1> { ?s ?p ?o } }"


def opened(server: virtuoso.Virtuoso, *, limits: Limits | None = None, writable: bool = True) -> RemoteStore:
    return RemoteStore(Server(server.url, user="dba", password="dba"), limits=limits, writable=writable)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[virtuoso.Virtuoso]:
    with virtuoso.running(tmp_path_factory.mktemp("virtuoso")) as server:
        yield server


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[virtuoso.Virtuoso]:
    """Yield a Virtuoso that gives at most 2,000 rows, and lets everybody write."""
    with virtuoso.running(tmp_path_factory.mktemp("second"), rows=2_000) as server:
        server.console('GRANT SPARQL_UPDATE TO "SPARQL"')
        yield server


@pytest.fixture(scope="module")
def archive(server: virtuoso.Virtuoso) -> Iterator[Store]:
    with opened(server) as store:
        yield filled(store)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("local") / "store", writable=True) as store:
        yield filled(store)


@pytest.fixture
def empty(second: virtuoso.Virtuoso) -> Iterator[RemoteStore]:
    """Yield an empty store that is reached without a user."""
    with RemoteStore(Server(second.url), writable=True) as store:
        for graph in store._graphs():
            store.withdraw(graph)
        yield store


def nquads(graph: str, count: int) -> bytes:
    return b"".join(f'<{graph}/s{n}> <http://e/p> "gong {n}, é" <{graph}> .\n'.encode() for n in range(count))


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name} {case['arguments']}" for name, case in CASES])
def test_a_question_gives_its_stored_answer(
    archive: Store, request: pytest.FixtureRequest, tmp_path: Path, name: str, case: Case
) -> None:
    also = ALSO / f"{name}.trig"
    try:
        if also.exists():
            store = request.getfixturevalue("empty")
            given = readable(answer(filled(store, also), name, case["arguments"]))
        else:
            ears = ears_of_small_graph(tmp_path / "vectors.sqlite", archive.rows) if find(name).vectors else None
            given = readable(answer(archive, name, case["arguments"], ears))
    except AcousmaError as error:
        assert name in DIFFERING["questions"], error
        return
    assert (given == case["rows"]) is (name not in DIFFERING["questions"])


@pytest.mark.parametrize("query", QUESTIONS)
def test_a_relation_of_time_gives_the_same_rows(archive: Store, local: Store, query: str) -> None:
    try:
        there = sorted(map(str, archive.rows(PREFIXES + query).rows))
    except AcousmaError as error:
        assert query in DIFFERING["relations"], error
        return
    here = sorted(map(str, local.rows(PREFIXES + query).rows))
    assert (there == here) is (query not in DIFFERING["relations"])


def test_what_is_loaded_in_pieces_is_whole_and_replaces_what_was_there(
    empty: RemoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.remote, "PIECE_BYTES", 5_000)
    empty.bulk_load(nquads(GRAPH, 1_000) + nquads(OTHER, 3), [GRAPH, OTHER])
    assert (empty.stats().quads, empty.stats().graphs) == (1_003, 2)
    empty.bulk_load(nquads(GRAPH, 4), [GRAPH])
    assert (empty.stats().quads, empty.stats().graphs) == (7, 2)
    assert empty.withdraw(OTHER) == 3
    assert not empty.has_graph(OTHER)


def test_updates_and_additions_are_seen_and_dumped(empty: RemoteStore, tmp_path: Path) -> None:
    empty.bulk_load(nquads(GRAPH, 2), [GRAPH])
    node, said = ox.NamedNode("http://e/a"), ox.Literal('a "\n} gong', language="en")
    empty.add([ox.Quad(node, node, said, ox.NamedNode(OTHER))])
    empty.update(f'DELETE WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p "gong 0, é" }} }}')
    empty.dump(None, tmp_path / "dump.nq")
    quads = set(ox.parse(path=tmp_path / "dump.nq", format=ox.RdfFormat.N_QUADS))
    kept = ox.Quad(
        ox.NamedNode(f"{GRAPH}/s1"), ox.NamedNode("http://e/p"), ox.Literal("gong 1, é"), ox.NamedNode(GRAPH)
    )
    assert quads == {kept, ox.Quad(node, node, said, ox.NamedNode(OTHER))}


def test_a_graph_that_it_cuts_off_at_its_limit_of_rows_is_an_error_and_leaves_no_file(
    empty: RemoteStore, tmp_path: Path
) -> None:
    empty.bulk_load(nquads(GRAPH, 5_000), [GRAPH])
    with pytest.raises(StoreUnreachable, match="gives 2,001 of the 5,000 triples"):
        empty.dump(None, tmp_path / "dump.nq")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_it_cuts_off_is_an_error(empty: RemoteStore) -> None:
    empty.bulk_load(nquads(GRAPH, 5_000), [GRAPH])
    with pytest.raises(QueryTooLarge, match="at most 2000 rows"):
        empty.rows(f"SELECT ?s {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")
    assert len(empty.rows(f"SELECT ?s {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }} LIMIT 1999").rows) == 1_999


def test_a_slow_query_is_an_error(archive: Store, server: virtuoso.Virtuoso) -> None:
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"
    with (
        opened(server, limits=Limits(seconds=2), writable=False) as reader,
        pytest.raises((QueryTimeout, QueryLost, StoreUnreachable)),
    ):
        reader.rows(slow)


def test_answers_come_in_each_form_with_languages_and_datatypes(empty: RemoteStore) -> None:
    node, count = ox.NamedNode("http://e/a"), ox.Literal("7", datatype=ox.NamedNode(XSD_INTEGER))
    empty.add([ox.Quad(node, node, ox.Literal("é", language="fr"), ox.NamedNode(GRAPH))])
    empty.add([ox.Quad(node, node, count, ox.NamedNode(GRAPH))])
    for media_type in ("application/ld+json", "text/turtle", "application/n-quads", "application/trig"):
        data = b"".join(empty.serialise("CONSTRUCT WHERE { <http://e/a> ?p ?o }", media_type))
        terms = {quad.object for quad in ox.parse(data, ox.RdfFormat.from_media_type(media_type))}
        assert terms == {ox.Literal("é", language="fr"), count}
    rows = b"".join(empty.serialise("SELECT ?o { <http://e/a> ?p ?o } ORDER BY ?o", "text/tab-separated-values"))
    assert set(rows.decode().split("\n")) >= {'"é"@fr', "7"}
    assert b"true" in b"".join(empty.serialise("ASK { <http://e/a> ?p ?o }", "text/csv"))


XSD_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"


def test_who_may_not_write_is_told_so(server: virtuoso.Virtuoso, archive: Store) -> None:
    with pytest.raises(StoreForbidden, match=r"does not allow this.*ACOUSMA_STORE_USER"):
        RemoteStore(Server(server.url), writable=True)
    with pytest.raises(StoreForbidden, match="does not accept the user 'dba'"):
        RemoteStore(Server(server.url, user="dba", password="wrong"), writable=True)


def test_an_address_and_a_user_are_all_that_changes_on_the_command_line(
    server: virtuoso.Virtuoso, archive: Store
) -> None:
    who = {"ACOUSMA_STORE": server.url, "ACOUSMA_STORE_USER": "dba", "ACOUSMA_STORE_PASSWORD": "dba"}
    asked = acousma("ask", "timeline", "--param", "work=Glass", "--format", "csv", **who)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.count("\n") > 5
    runs = acousma("runs", "--format", "csv", **who)
    assert "Measuring describer" in runs.stdout
    wrong = acousma("runs", **(who | {"ACOUSMA_STORE_PASSWORD": "wrong"}))
    assert wrong.returncode == 4
    assert "does not accept the user" in wrong.stderr
