"""Relations of time hold as Allen has them, and are answered alike by the side index and by sub-selects.

The cases are ``tests/data/relations/allen.csv``: two spans, and the one of the thirteen relations between them.
"""

import csv
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.errors import QueryRefused, QueryTooLarge
from ontology.terms import ACM, OA
from store import EmbeddedStore, Limits, Plan, Store, open_store
from store.index import Pairs
from store.intervals import apart, joins_intervals
from store.planning import planned
from store.relations import RELATIONS, WITH_SECONDS, expanded
from tests.graphs import large_graph, small_graph, vocabulary_quads

FILE = Path(__file__).parent / "data" / "relations" / "allen.csv"
CASES = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
ALLEN = [name for name in RELATIONS if name != "intersects"]
PREFIXES = (
    f"PREFIX acm: <{ACM.NS}> PREFIX acv: <https://w3id.org/acousma/vocab/> PREFIX oa: <{OA.NS}> "
    "PREFIX frbr: <http://purl.org/vocab/frbr/core#> PREFIX dcterms: <http://purl.org/dc/terms/> "
)
BASE = "http://e/"
SPANS = "?a <http://e/side> 'a' . ?b <http://e/side> 'b'"
CLAIMS = "?a oa:hasBody <http://e/concept-a> . ?b oa:hasBody <http://e/concept-b>"


def spans() -> bytes:
    """Return one recording per case, with two spans, ``a`` and ``b``, and a claim of each."""
    lines = []
    for number, case in enumerate(CASES):
        for side in "ab":
            span, claim = f"<{BASE}{side}{number}>", f"<{BASE}claim-{side}{number}>"
            start, stop = case[side].split("-")
            said = [
                (span, OA.hasSource, f"<{BASE}recording{number}>"),
                (span, ACM.startSeconds, f'"{start}"^^<http://www.w3.org/2001/XMLSchema#decimal>'),
                (span, ACM.endSeconds, f'"{stop}"^^<http://www.w3.org/2001/XMLSchema#decimal>'),
                (span, BASE + "side", f'"{side}"'),
                (claim, OA.hasTarget, span),
                (claim, OA.hasBody, f"<{BASE}concept-{side}>"),
            ]
            lines += [f"{s} <{p}> {o} <{BASE}graph> ." for s, p, o in said]
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def pairs_of_spans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("spans") / "store", writable=True) as store:
        store.bulk_load(spans(), [BASE + "graph"])
        store.publish()
        yield store


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """Yield claims about seven works."""
    limits = Limits(seconds=20, quick_seconds=20)
    with EmbeddedStore(tmp_path_factory.mktemp("archive") / "store", writable=True, limits=limits) as store:
        text = "".join((vocabulary_quads(), small_graph(), *large_graph(4, 0.4)))
        store.bulk_load(text.encode(), sorted({q.graph_name.value for q in ox.parse(text, ox.RdfFormat.N_QUADS)}))
        store.publish()
        yield store


def both_ways(store: Store, query: str) -> list[list[str]]:
    """Return the sorted rows, which the side index and plain sub-selects give alike."""
    plan = planned(query)
    assert plan.shortcuts
    quick, plain = store.rows(query), store.rows(Plan(plan.text))
    rows = sorted([str(term) for term in row] for row in quick.rows)
    assert rows == sorted([str(term) for term in row] for row in plain.rows)
    return rows


def test_the_cases_have_every_relation_of_allen() -> None:
    assert {case["relation"] for case in CASES} == set(ALLEN)


@pytest.mark.parametrize("name", ALLEN)
@pytest.mark.parametrize("sides", [SPANS, CLAIMS])
def test_a_relation_holds_where_allen_has_it_and_nowhere_else(pairs_of_spans: Store, name: str, sides: str) -> None:
    found = both_ways(pairs_of_spans, f"{PREFIXES} SELECT ?a {{ {sides} . ?a acm:{name} ?b }}")
    expected = {number for number, case in enumerate(CASES) if case["relation"] == name}
    assert {int("".join(filter(str.isdigit, row[0].rpartition("/")[2]))) for row in found} == expected


@pytest.mark.parametrize(("name", "seconds"), list(itertools.product(WITH_SECONDS, ["0.5", "1", "3"])))
def test_a_relation_with_seconds_is_what_its_definition_says(pairs_of_spans: Store, name: str, seconds: str) -> None:
    found = both_ways(
        pairs_of_spans,
        f"{PREFIXES} SELECT ?a {{ ?a <http://e/side> 'a' ; acm:{name} (?b {seconds}) . ?b <http://e/side> 'b' }}",
    )
    limit, expected = Decimal(seconds), set()
    for number, case in enumerate(CASES):
        (start, stop), (later, last) = (map(Decimal, case[side].split("-")) for side in "ab")
        gap, common = max(later - stop, start - last), min(stop, last) - max(start, later)
        holds = {
            "followedWithin": 0 <= later - stop <= limit,
            "apartAtMost": gap <= limit,
            "togetherFor": common >= limit,
        }
        if holds[name]:
            expected.add(f"<{BASE}a{number}>")
    assert {row[0] for row in found} == expected


QUESTIONS = [
    "SELECT ?a ?b { ?a oa:hasBody ?c . ?c a ?t . ?a acm:intersects ?b . ?b oa:hasBody acv:bright }",
    "SELECT ?a ?b { GRAPH ?g { ?a oa:hasBody acv:bright ; acm:intersects ?b . } ?b oa:hasBody acv:granularMotion }",
    "SELECT ?a ?x { ?a oa:hasBody acv:bright OPTIONAL { ?a acm:during ?x . ?x a acm:Claim } }",
    "SELECT ?a { ?a oa:hasBody acv:bright FILTER NOT EXISTS { ?a acm:intersects ?b . ?b oa:hasBody acv:dark } }",
    "SELECT ?a ?b { { ?a oa:hasBody acv:bright ; acm:equals ?b } UNION { ?a oa:hasBody acv:dark ; acm:meets ?b } "
    "?b a acm:Claim }",
    "SELECT ?a ?b { ?a a acm:MeasurementAnnotation ; oa:hasTarget/acm:segmentedAs acv:wholeRecording . "
    "?a acm:contains ?b . ?b oa:hasBody acv:bright }",
    "SELECT ?w ?n { { SELECT ?w (COUNT(?b) AS ?n) { ?w frbr:realization ?r . ?s oa:hasSource ?r . ?a oa:hasTarget ?s ; "
    "oa:hasBody acv:bright . ?a acm:followedWithin (?b 2.5) . ?b oa:hasBody ?c . ?c a ?k } GROUP BY ?w } }",
    "SELECT ?a ?b ?c { ?a oa:hasBody acv:bright . ?b a acm:Claim . ?c oa:hasBody acv:dense . "
    "?a acm:intersects ?b . ?b acm:apartAtMost (?c 4) }",
    "SELECT ?b { <https://archive.example.org/span/a1a1a1a1a1a1a1a1/500-3500> acm:before ?b . ?b a acm:Span }",
]  # fmt: skip


@pytest.mark.parametrize("query", QUESTIONS)
def test_the_side_index_and_sub_selects_give_the_same_answers(archive: Store, query: str) -> None:
    assert both_ways(archive, PREFIXES + query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT ?a { ?a acm:overlaps ?b }", r"nothing of \?a but acm:overlaps.*name its concept, work or agent"),
        ("SELECT ?a { ?a a acm:Claim ; acm:overlaps 'x' }", r"'x' at its side.*a variable or an IRI on either side"),
        ("SELECT ?a { ?a a acm:Claim ; acm:overlaps ?a }", r"between \?a and itself"),
        (
            "SELECT ?a { ?a a acm:Claim ; acm:followedWithin ?b . ?b a acm:Claim }",
            r"write \?a acm:followedWithin \(\?b 2\.5\)",
        ),
        ("SELECT ?a { ?a a acm:Claim ; acm:apartAtMost (?b ?c) . ?b a acm:Claim }", r"a number of seconds in brackets"),
        ("SELECT ?a { ?a a acm:Claim ; acm:overlaps [ a acm:Claim ] }", r"give both passages variables"),
        ("SELECT ?a { ?a a acm:Claim LATERAL { ?b a acm:Claim } ?a acm:overlaps ?b }", r"write it without LATERAL"),
    ],
)
def test_a_relation_that_cannot_be_answered_is_refused_with_what_to_write(query: str, message: str) -> None:
    with pytest.raises(QueryRefused, match=message):
        planned(PREFIXES + query)


def test_too_many_pairs_are_an_error_with_advice(archive: Store) -> None:
    plan = planned(PREFIXES + "SELECT ?a { ?a a acm:Claim ; acm:intersects ?b . ?b a acm:Claim }")
    few = tuple(replace(one, most=100) for one in plan.shortcuts if isinstance(one, Pairs))
    with pytest.raises(QueryTooLarge, match=r"100 pairs of passages.*a concept, a work or an agent"):
        archive.rows(Plan(plan.text, few))


def test_words_that_are_no_relations_are_left_alone() -> None:
    for text in (
        'SELECT ?a { ?a ?p "overlaps" } # acm:before',
        "PREFIX acm: <http://other/> SELECT ?a { ?a acm:meets ?b }",
    ):
        assert expanded(text) == (text, ())


# plain joins of intervals

SIDES = [
    f"?{c} oa:hasBody acv:{concept} ; oa:hasTarget ?{c}s . "
    f"?{c}s oa:hasSource ?r ; acm:startSeconds ?{c}from ; acm:endSeconds ?{c}to ."
    for c, concept in (("a", "bright"), ("b", "dark"))
]
COMPARED = "FILTER(?afrom < ?bto && ?bfrom < ?ato)"
JOINS = {
    "in one group": f"SELECT ?a ?b {{ {SIDES[0]} {SIDES[1]} {COMPARED} }}",
    "in one graph": f"SELECT ?a ?b {{ GRAPH ?g {{ {SIDES[0]} {SIDES[1]} }} {COMPARED} }}",
    "inside a graph": f"SELECT ?a ?b {{ GRAPH ?g {{ {SIDES[0]} {SIDES[1]} {COMPARED} }} }}",
    "in two graphs": f"SELECT ?a ?b {{ GRAPH ?g {{ {SIDES[0]} }} GRAPH ?h {{ {SIDES[1]} }} {COMPARED} }}",
    "with what both share": f"SELECT ?a ?b ?w {{ {SIDES[0]} {SIDES[1]} ?w frbr:realization ?r . {COMPARED} }}",
    "before an optional": f"SELECT ?a ?b ?c {{ {SIDES[0]} {SIDES[1]} {COMPARED} OPTIONAL {{ ?a acm:confidence ?c }} }}",
    "with a wait": f"SELECT ?a ?b {{ {SIDES[0]} {SIDES[1]} BIND(?bfrom - ?ato AS ?w) "
    "FILTER(?w >= 0 && ?bfrom <= ?ato + 2) }",
}  # fmt: skip


@pytest.mark.parametrize("name", JOINS)
def test_a_plain_join_of_intervals_is_taken_apart_with_the_same_answer(archive: EmbeddedStore, name: str) -> None:
    query = PREFIXES + JOINS[name]
    rewritten = apart(query)
    assert joins_intervals(query)
    assert rewritten.count("SELECT *") == 2
    store = ox.Store.read_only(str(archive._published()))
    found, plain = (
        sorted(str(row) for row in _solutions(store, text)) for text in (rewritten, query)
    )  # fmt: skip
    assert found == plain


def _solutions(store: ox.Store, text: str) -> ox.QuerySolutions:
    found = store.query(text, use_default_graph_as_union=True)
    assert isinstance(found, ox.QuerySolutions)
    return found


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT ?a {{ {SIDES[0]} FILTER(?afrom < ?ato) }}",
        f"SELECT ?a {{ {SIDES[0]} {SIDES[1]} FILTER(?afrom > 3) }}",
        f"SELECT ?a {{ {{ SELECT * {{ {SIDES[0]} }} }} {{ SELECT * {{ {SIDES[1]} }} }} {COMPARED} }}",
    ],
)
def test_what_is_no_join_of_intervals_is_left_alone(query: str) -> None:
    assert not joins_intervals(PREFIXES + query)
    assert apart(PREFIXES + query) == PREFIXES + query


def test_a_plain_join_is_answered_soon_where_the_engine_alone_takes_seconds(archive: EmbeddedStore) -> None:
    side = (
        "?{0} a acm:Claim ; oa:hasBody ?{0}c ; oa:hasTarget ?{0}s . "
        "?{0}s oa:hasSource ?r ; acm:startSeconds ?{0}f ; acm:endSeconds ?{0}t ."
    )
    query = (
        f"{PREFIXES} SELECT (COUNT(*) AS ?n) {{ {side.format('a')} {side.format('b')} FILTER(?af < ?bt && ?bf < ?at) }}"
    )
    began = time.perf_counter()
    archive.rows(query)
    assert time.perf_counter() - began < 5


def test_a_join_that_cannot_be_taken_apart_says_the_better_form_when_it_is_stopped(archive: EmbeddedStore) -> None:
    side = "?{0} oa:hasTarget ?{0}s . ?{0}s oa:hasSource ?r ; acm:startSeconds ?{0}f ; acm:endSeconds ?{0}t ."
    query = (
        f"{PREFIXES} SELECT (COUNT(*) AS ?n) {{ {side.format('a')} OPTIONAL {{ ?a acm:confidence ?x }} "
        f"{side.format('b')} FILTER(?af < ?bt && ?bf < ?at) }}"
    )
    with (
        open_store(archive._folder, limits=Limits(seconds=0.3, quick_seconds=0.3)) as hurried,
        pytest.raises(Exception, match=r"sub-select of its own.*acm:intersects"),
    ):
        hurried.rows(query)
