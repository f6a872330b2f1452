"""Each competency question is answered as stored, by two SPARQL engines, and would not be by a wrong query or graph.

A wrong graph is the question's own with one statement less; a wrong query is the question with one condition less.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox
import pytest
from rdflib import Dataset
from rdflib.query import ResultRow
from tree_sitter import Node

from ontology.competency import COMMON, FOLDER, Question, load_questions
from ontology.competency.page import PAGE, page
from ontology.terms import ACM, ACV, OA, PREFIXES
from ontology.validate import validate
from ontology.vocabulary import FOLDER as ONTOLOGY
from queries import find, load_queries, sparql
from store._syntax import parse
from store.base import Limits
from store.guard import check_query
from tests.graphs import vocabulary_quads

QUESTIONS = load_questions()
ASKED_HERE = [question for question in QUESTIONS if question.query is None]

Row: TypeAlias = tuple[str, ...]

for_each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
for_each_asked_here = pytest.mark.parametrize("question", ASKED_HERE, ids=lambda question: question.name)


def text_of(question: Question) -> str:
    return question.sparql if question.query is None else sparql(question.query, question.arguments)


@cache
def quads(path: Path) -> tuple[ox.Quad, ...]:
    return tuple(ox.parse(path=path, format=ox.RdfFormat.TRIG))


def store_of(question: Question) -> ox.Store:
    store = ox.Store()
    store.extend([*quads(COMMON), *quads(question.graph)])
    return store


def ask_pyoxigraph(store: ox.Store, text: str, columns: list[str]) -> list[Row]:
    solutions = store.query(text, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    return [
        tuple(plain(term.value) if (term := row[name]) is not None and name in names else "" for name in columns)
        for row in solutions
    ]


def ask_rdflib(question: Question, text: str) -> list[Row]:
    dataset = Dataset(default_union=True)
    for path in (COMMON, question.graph):
        dataset.parse(path, format="trig")
    rows = []
    for row in dataset.query(text):
        assert isinstance(row, ResultRow)
        rows.append(tuple(plain(str(term)) if (term := row[name]) is not None else "" for name in question.columns))
    return rows


def plain(text: str) -> str:
    """Write a number in one way, whatever its engine writes; leave other text as it is."""
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def expected(question: Question) -> list[Row]:
    return [tuple(plain(cell) for cell in row) for row in question.rows]


# ---------------------------------------------------------------------------------------------------------- the answers


@for_each_question
def test_pyoxigraph_gives_the_stored_answer(question: Question) -> None:
    assert ask_pyoxigraph(store_of(question), text_of(question), list(question.columns)) == expected(question)


@pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph).* is deprecated")  # rdflib 7 uses them itself
@for_each_question
def test_rdflib_gives_the_stored_answer(question: Question) -> None:
    assert ask_rdflib(question, text_of(question)) == expected(question)


ASK_FOR_ALL_TERMS = {"10-motions-never-heard", "14-measurable-functions"}
"""Questions whose answer on the whole vocabulary is longer: they list terms."""


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.name not in ASK_FOR_ALL_TERMS], ids=lambda q: q.name)
def test_the_answer_is_the_same_where_the_whole_vocabulary_stands_beside_the_graph(question: Question) -> None:
    store = store_of(question)
    store.bulk_load(vocabulary_quads().encode(), ox.RdfFormat.N_QUADS)
    assert ask_pyoxigraph(store, text_of(question), list(question.columns)) == expected(question)


@for_each_question
def test_each_row_rests_on_statements_of_the_graph(question: Question) -> None:
    text, columns = text_of(question), list(question.columns)
    store, lost = store_of(question), set[Row]()
    assert question.rows
    for quad in quads(question.graph):
        if quad in quads(COMMON):
            continue
        store.remove(quad)
        lost.update(set(expected(question)) - set(ask_pyoxigraph(store, text, columns)))
        store.add(quad)
    assert lost == set(expected(question))


# ------------------------------------------------------------------------------------------------------- wrong queries

Mutation: TypeAlias = tuple[str, str]
"""What was changed, and the query so changed."""

CHANGES = {
    "filter": "",
    "property": "<urn:never>? ?left_out",  # a path of length 0 always holds
    "path_mod": "",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
}
"""What stands for a part of a query, by its kind in the syntax tree: less, or another side of a boundary."""

SAYS_NOTHING_NEW = {
    r"property a acm:\w+": "the properties of a thing imply its class",
    r"property dcterms:creator \?\w+": "a named graph speaks of one agent, or of one composer",
    r"property (prov:wasGeneratedBy|prov:wasAssociatedWith|mls:hasInput) \?\w+": "a named graph holds one run",
}
"""Conditions that some questions could do without, because of what holds for all data."""

SURVIVORS = {
    # the part of the vocabulary in the graph has no labels in other languages there
    "15-rule-for-attack-decay": {'filter FILTER(LANG(?applies) = "en")'},
    "18-how-sure-in-what-sense": {'filter FILTER(LANG(?sense) = "en")'},
    "28-verdicts-on-withdrawn-claims": {'filter FILTER(LANG(?verdict) = "en")'},
    "34-steps-apart": {f'filter FILTER(LANG(?{name}) = "en")' for name in ("from", "to", "nearer", "further")},
    # there, and because a reason is given with this verdict only
    "33-accepted-though-out-of-reach": {
        'filter FILTER(LANG(?reason) = "en")',
        "property acm:verdict acv:beyondEnvelope",
    },
    # a value that equals its limit to the last digit is of no interest
    "23-contradicted-by-what": {"< <", "> >"},
}
"""What a question says although its answer does not show it."""


def mutations(question: Question) -> Iterator[Mutation]:
    """Yield the query with one filter, statement or repetition of a path less, or one boundary moved."""
    source = question.sparql.encode()
    for node in nodes(parse(source).root_node):
        if node.type in CHANGES and node.start_byte > source.index(b"SELECT"):
            found = source[node.start_byte : node.end_byte].decode()
            wrong = source[: node.start_byte] + CHANGES[node.type].encode() + source[node.end_byte :]
            yield f"{node.type} {found}", wrong.decode()


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


@for_each_asked_here
def test_a_wrong_query_gives_a_wrong_answer(question: Question) -> None:
    store, columns = store_of(question), list(question.columns)
    changed = list(mutations(question))
    assert len(changed) >= 5
    survived = {what for what, wrong in changed if ask_pyoxigraph(store, wrong, columns) == expected(question)}
    survived = {what for what in survived if not any(re.fullmatch(known, what) for known in SAYS_NOTHING_NEW)}
    assert survived == SURVIVORS.get(question.name, set())


# ---------------------------------------------------------------------------------------------------- files and header


def test_there_are_at_least_thirty_questions_with_numbers_in_order() -> None:
    assert len(QUESTIONS) >= 30
    assert [int(question.name[:2]) for question in QUESTIONS] == list(range(1, len(QUESTIONS) + 1))
    assert len({question.summary for question in QUESTIONS}) == len(QUESTIONS)


def test_each_question_has_its_three_files_and_no_file_is_left_over() -> None:
    names = {f"{question.name}.{ending}" for question in QUESTIONS for ending in ("rq", "trig", "csv")}
    assert names == {path.name for path in FOLDER.glob("[0-9]*")}
    assert {path.name for path in FOLDER.glob("*.trig")} - names == {COMMON.name}


@for_each_question
def test_a_header_is_complete(question: Question) -> None:
    assert question.summary.endswith("?")
    assert question.description.strip().endswith(".")
    assert question.tags
    assert question.near_misses
    assert all(text.endswith(".") for text in question.near_misses)
    assert all(question.columns.values())


@for_each_question
def test_the_columns_are_those_of_the_query(question: Question) -> None:
    if question.query is None:
        solutions = ox.Store().query(question.sparql)
        assert isinstance(solutions, ox.QuerySolutions)
        assert [variable.value for variable in solutions.variables] == list(question.columns)
        assert not question.arguments
    else:
        known = [column.name for column in find(question.query).columns]
        assert question.columns.keys() <= set(known)
        assert not question.sparql


@for_each_asked_here
def test_a_question_is_standard_sparql_with_the_prefixes_of_acousma(question: Question) -> None:
    check_query(question.sparql, Limits())
    assert not parse(question.sparql.encode()).root_node.has_error
    declared = dict(re.findall(r"^PREFIX (\w+): <(.*)>$", question.sparql, re.MULTILINE))
    assert declared.items() <= PREFIXES.items()
    body = question.sparql[question.sparql.index("\nSELECT") :]
    assert {prefix for prefix in PREFIXES if re.search(rf"\b{prefix}:", body)} == declared.keys()
    assert "\nORDER BY " in body


@for_each_question
def test_no_question_is_asked_twice(question: Question) -> None:
    others = {other.summary for other in QUESTIONS if other is not question}
    assert question.summary not in others | {stored.summary for stored in load_queries().values()}


# ---------------------------------------------------------------------------------------------------- graphs and terms


@for_each_question
def test_a_graph_keeps_to_the_shapes(question: Question) -> None:
    said = [quad for quad in (*quads(COMMON), *quads(question.graph)) if not is_vocabulary(quad)]
    assert validate(said).findings == ()


def is_vocabulary(quad: ox.Quad) -> bool:
    """Whether a statement stands in a graph of the vocabulary, of which a question has a part only."""
    return isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value.startswith(ACV)


@for_each_question
def test_a_graph_says_that_it_is_invented_and_is_small(question: Question) -> None:
    assert question.graph.read_text(encoding="utf-8").startswith("# Invented example: no claim, judgement, measurement")
    things = {quad.subject for quad in quads(question.graph) if quad.object in (SPAN, ANNOTATION)}
    assert len(things) <= MOST_THINGS


SPAN, ANNOTATION = ox.NamedNode(ACM.Span), ox.NamedNode(OA.Annotation)
MOST_THINGS = 25
"""Spans and annotations of one graph; each takes about a dozen statements."""


@for_each_question
def test_what_a_graph_says_of_the_vocabulary_is_true(question: Question) -> None:
    said = {
        ox.Triple(quad.subject, quad.predicate, quad.object) for quad in filter(is_vocabulary, quads(question.graph))
    }
    assert sorted(map(str, said - vocabulary())) == []


@for_each_question
def test_each_term_is_defined(question: Question) -> None:
    used = {
        term.value
        for quad in (*quads(COMMON), *quads(question.graph))
        for term in (quad.subject, quad.predicate, quad.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith((ACM.NS, ACV))
    }
    assert sorted((used | terms_of(text_of(question))) - defined()) == []


@cache
def vocabulary() -> frozenset[ox.Triple]:
    """Return what the files of the vocabulary say: all Turtle beside the ontology and the shapes."""
    paths = [path for path in ONTOLOGY.glob("*.ttl") if path.name not in ("ontology.ttl", "shapes.ttl")]
    said = (quad for path in paths for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE))
    return frozenset(ox.Triple(quad.subject, quad.predicate, quad.object) for quad in said)


@cache
def ontology_terms() -> frozenset[str]:
    """Return the IRIs of the classes and properties of the ontology."""
    triples = ox.parse(path=ONTOLOGY / "ontology.ttl", format=ox.RdfFormat.TURTLE)
    subjects = {triple.subject.value for triple in triples if isinstance(triple.subject, ox.NamedNode)}
    return frozenset(iri for iri in subjects if iri.startswith(ACM.NS))


@cache
def defined() -> frozenset[str]:
    return ontology_terms() | {t.subject.value for t in vocabulary() if isinstance(t.subject, ox.NamedNode)}


def terms_of(text: str) -> set[str]:
    """Return the terms of Acousma that a query names, with a prefix or in full."""
    named = {PREFIXES[prefix] + name for prefix, name in re.findall(r"\b(acm|acv):(\w+)", text)}
    return named | {iri for iri in re.findall(r"<([^>\s]+)>", text) if iri.startswith((ACM.NS, ACV))} - {ACM.NS, ACV}


def test_every_class_and_property_of_the_ontology_is_asked_for() -> None:
    asked = set[str]().union(*(terms_of(text_of(question)) for question in QUESTIONS))
    assert len(ontology_terms()) >= 30
    assert sorted(ontology_terms() - asked - {ACM.NS + name for name in NOT_ASKED_FOR}) == []
    assert sorted(name for name in NOT_ASKED_FOR if ACM.NS + name in asked) == []


NOT_ASKED_FOR = {
    "Precondition": "is a condition, for which question 15 asks",
    "contradictsAbove": "derived from maximum and margin, for which question 15 asks",
    "contradictsBelow": "derived from minimum and margin, for which question 15 asks",
    "supportsAbove": "derived from minimum and margin, for which question 15 asks",
    "supportsBelow": "derived from maximum and margin, for which question 15 asks",
    "unreviewedLabel": "a mark for those who edit the vocabulary",
    "codeLicence": "a fact about a model, not about what it hears",
    "hopSeconds": "a figure of a model on which no claim is judged",
    "inputRateHz": "a figure of a model on which no claim is judged; the band says more",
    "melBins": "a figure of a model on which no claim is judged",
    "Trust": "a person's decision about an agent, which ingest reads; no question about claims needs it",
    "lossMargin": "says how sure a judgement of loss is, not what it is",
    "pitchClasses": "a fact about a chord, for which stored questions ask",
    "evidenceNats": "the figure behind a confidence, for which question 18 asks",
    **dict.fromkeys(
        (
            "after",
            "apartAtMost",
            "before",
            "contains",
            "during",
            "equals",
            "finishedBy",
            "finishes",
            "followedWithin",
            "intersects",
            "meets",
            "metBy",
            "overlappedBy",
            "overlaps",
            "startedBy",
            "starts",
            "togetherFor",
        ),
        "is worked out from times by the query layer and never stored",
    ),
}
"""Terms of the ontology that no question needs, with the reason."""


# ------------------------------------------------------------------------------------------------------- documentation


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(QUESTIONS), "run: python -m ontology.competency"


def test_the_page_says_plainly_that_the_examples_are_invented() -> None:
    assert "are invented examples: nothing on this page says anything about a real work" in " ".join(
        page(QUESTIONS).split()
    )


@for_each_question
def test_the_page_has_each_question_with_its_answer(question: Question) -> None:
    section = page(QUESTIONS).split(f"## {question.name[:2]}. {question.summary}\n")[1].split("\n## ")[0]
    assert all(text in section for text in question.near_misses)
    assert section.count("\n| ") == len(question.rows) + 2
    assert (question.sparql in section) if question.query is None else (f"acousma ask {question.query}" in section)
