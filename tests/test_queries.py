"""Each stored question gives the stored answer, has a complete header, and refuses arguments it cannot use.

The stored answers are ``tests/data/queries/<name>.json``: a list of cases with arguments, columns and rows. A question
about what the small graph does not have is asked of it together with ``tests/data/also/<name>.trig``.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TypeAlias, TypedDict

import pyoxigraph as ox
import pytest

import queries
from ontology.errors import ParameterError, UnknownName
from ontology.terms import PREFIXES
from queries import StoredQuery, answer, bind_arguments, find, load_queries, sparql
from store import Store, Table, Term, open_store
from tests.ears import ears_of_small_graph
from tests.graphs import large_graph, small_graph, store_of, vocabulary_quads

DATA = Path(__file__).parent / "data" / "queries"
ALSO = DATA.parent / "also"
FOLDER = Path(queries.__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.rq"))
ACV = PREFIXES["acv"]

Row: TypeAlias = list[str | None]


class Case(TypedDict):
    """A stored answer."""

    arguments: dict[str, str]
    columns: list[str]
    rows: list[Row]


def stored_cases(name: str) -> list[Case]:
    cases: list[Case] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return cases


CASES = [(name, case) for name in NAMES for case in stored_cases(name)]


def filled(store: Store, also: Path | None = None) -> Store:
    """Load vocabulary and small graph, and what a file has besides, into a store."""
    quads = list(ox.parse((vocabulary_quads() + small_graph()).encode(), ox.RdfFormat.N_QUADS))
    if also is not None:
        quads += ox.parse(path=also, format=ox.RdfFormat.TRIG)
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None
    store.bulk_load(text, sorted({quad.graph_name.value for quad in quads}))
    store.publish()
    return store


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("archive") / "store", writable=True) as store:
        yield filled(store)


def readable(table: Table) -> list[Row]:
    """Return the rows as plain text; the words of a verdict stand in no set order, so they are sorted."""
    return [[_cell(*cell) for cell in zip(table.columns, row, strict=True)] for row in table.rows]


def _cell(column: str, term: Term | None) -> str | None:
    if term is None:
        return None
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return "; ".join(sorted(term.value.split("; "))) if column.endswith("verdict") else term.value


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name} {case['arguments']}" for name, case in CASES])
def test_a_question_gives_its_stored_answer(archive: Store, tmp_path: Path, name: str, case: Case) -> None:
    also = ALSO / f"{name}.trig"
    if also.exists():
        with open_store(tmp_path / "store", writable=True) as store:
            table = answer(filled(store, also), name, case["arguments"])
    else:
        ears = ears_of_small_graph(tmp_path / "vectors.sqlite", archive.rows) if find(name).vectors else None
        table = answer(archive, name, case["arguments"], ears)
    assert list(table.columns) == case["columns"]
    assert readable(table) == case["rows"]


@pytest.mark.parametrize("name", NAMES)
def test_a_question_has_a_stored_answer_that_is_not_empty(name: str) -> None:
    assert any(case["rows"] for case in stored_cases(name))


def test_no_answer_is_stored_for_a_question_that_is_gone() -> None:
    assert sorted(path.stem for path in DATA.iterdir()) == NAMES


@pytest.mark.parametrize("query", load_queries().values(), ids=NAMES)
def test_a_header_is_complete(query: StoredQuery) -> None:
    assert query.summary.endswith("?")
    assert query.description.endswith(".")
    assert query.tags
    descriptions = [part.description for part in query.parameters] + [part.description for part in query.columns]
    assert all(descriptions)
    selected = [variable.value for variable in _solutions(query).variables]
    assert [column.name for column in query.columns] == selected


@pytest.mark.parametrize("query", load_queries().values(), ids=NAMES)
def test_the_parameters_of_a_header_are_the_variables_of_its_query(query: StoredQuery) -> None:
    in_text = set(re.findall(r"\?(_\w+)", query.text))
    assert {parameter.variable for parameter in query.parameters if parameter.name != "limit"} == in_text


@pytest.mark.parametrize("query", load_queries().values(), ids=NAMES)
def test_a_default_is_a_value_its_parameter_takes(query: StoredQuery) -> None:
    needed = {p.name: "https://example.org/x" for p in query.parameters if p.required}
    assert bind_arguments(query, needed).keys() <= {p.variable for p in query.parameters}
    for parameter in query.parameters:
        if parameter.choices and parameter.default is not None:
            assert parameter.default in parameter.choices


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_sparql_that_can_be_pasted_anywhere(name: str) -> None:
    source = (FOLDER / f"{name}.rq").read_text(encoding="utf-8")
    assert ox.Store().query(source) is not None
    declared = dict(re.findall(r"^PREFIX (\w+): <(.*)>$", source, re.MULTILINE))
    assert declared.items() <= PREFIXES.items()
    body = source.rsplit("\nPREFIX", 1)[1].split("\n", 1)[1]
    assert {prefix for prefix in PREFIXES if re.search(rf"\b{prefix}:", body)} == declared.keys()


@pytest.mark.parametrize("query", [q for q in load_queries().values() if q.text.count("LIMIT")], ids=lambda q: q.name)
def test_a_bounded_answer_has_an_order(query: StoredQuery) -> None:
    assert re.search(r"\nORDER BY .+\nLIMIT \d+\n$", query.text)
    assert any(parameter.name == "limit" for parameter in query.parameters)


@pytest.mark.slow
def test_each_question_is_answered_in_two_seconds_from_100_000_quads() -> None:
    store = store_of("".join(large_graph(20)))
    assert len(store) > 100_000
    for name, case in CASES:
        text = sparql(name, case["arguments"] | ({"work": "Study 3"} if "work" in case["arguments"] else {}))
        assert _seconds(store, text) < 2, name


def _seconds(store: ox.Store, text: str) -> float:
    started = perf_counter()
    solutions = store.query(text, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    for _ in solutions:
        pass
    return perf_counter() - started


def _solutions(query: StoredQuery) -> ox.QuerySolutions:
    solutions = ox.Store().query(query.text)
    assert isinstance(solutions, ox.QuerySolutions)
    return solutions


# arguments

OPENS = load_queries()["opens_with"]


@pytest.mark.parametrize(
    ("typed", "id_"),
    [
        ("graduatedContinuant", "graduatedContinuant"),
        ("acv:graduatedContinuant", "graduatedContinuant"),
        (ACV + "graduatedContinuant", "graduatedContinuant"),
        ("Graduated continuant", "graduatedContinuant"),
        ("  graduated   CONTINUANT ", "graduatedContinuant"),
        ("Continuant graduel", "graduatedContinuant"),
        ("AUFHELLUNG", "brightening"),
        ("texture", "texture"),
        ("bright", "bright"),
        ("brightenING", "brightening"),
        ("graduatedcontinuant", "graduatedContinuant"),
    ],
)
def test_a_concept_is_known_by_id_iri_and_label_in_three_languages(typed: str, id_: str) -> None:
    assert bind_arguments(OPENS, {"concept": typed})["_concept_iri"] == ox.NamedNode(ACV + id_)


def test_a_label_of_two_concepts_is_refused_with_both_ids() -> None:
    with pytest.raises(ParameterError, match=r"'Attack' is the label of 2 terms.*attackFunction, attackTerm"):
        bind_arguments(OPENS, {"concept": "Attack"})


def test_a_misspelt_concept_is_answered_with_suggestions() -> None:
    with pytest.raises(UnknownName, match=r"'gradated continuum'.*did you mean .*graduatedContinuant"):
        bind_arguments(OPENS, {"concept": "gradated continuum"})


def test_an_iri_outside_the_vocabulary_is_no_concept() -> None:
    with pytest.raises(UnknownName):
        bind_arguments(OPENS, {"concept": "https://example.org/graduatedContinuant"})


@pytest.mark.parametrize("typed", ["brightnessCentroid", "brightness", "acv:brightnessCentroid"])
def test_a_property_is_known_by_id_iri_and_label(typed: str) -> None:
    terms = bind_arguments(find("extremes"), {"property": typed})
    assert terms["_property_iri"] == ox.NamedNode(ACV + "brightnessCentroid")


def test_a_concept_is_no_property() -> None:
    with pytest.raises(UnknownName, match="is no observable property"):
        bind_arguments(find("extremes"), {"property": "graduatedContinuant"})


def test_numbers_become_typed_literals() -> None:
    terms = bind_arguments(OPENS, {"seconds": " 1.", "confidence": ".5"})
    decimal = ox.NamedNode(PREFIXES["xsd"] + "decimal")
    assert terms["_seconds_decimal"] == ox.Literal("1", datatype=decimal)
    assert terms["_confidence_decimal"] == ox.Literal("0.5", datatype=decimal)
    count = bind_arguments(find("unsupported_concepts"), {"claims": "7"})["_claims_integer"]
    assert count == ox.Literal("7", datatype=ox.NamedNode(PREFIXES["xsd"] + "integer"))


@pytest.mark.parametrize("typed", ["much", "1e3", "0,5", "NaN", "-0.1", "1.1", "٠", "0.5 OR true"])
def test_what_is_no_number_within_bounds_is_refused(typed: str) -> None:
    with pytest.raises(ParameterError, match=r"a decimal number such as 0\.5, at least 0, at most 1"):
        bind_arguments(OPENS, {"confidence": typed})


@pytest.mark.parametrize("typed", ["0", "100001", "1.5", "ten", "-1"])
def test_a_limit_is_a_whole_number_within_bounds(typed: str) -> None:
    with pytest.raises(ParameterError, match="Expected: a whole number, at least 1, at most 100000"):
        sparql("opens_with", {"limit": typed})


def test_a_limit_stands_in_the_last_line() -> None:
    assert sparql("opens_with", {"limit": "7"}).endswith("\nLIMIT 7\n")
    assert sparql("opens_with", {}).endswith("\nLIMIT 1000\n")


def test_a_choice_is_one_of_the_few_allowed() -> None:
    with pytest.raises(ParameterError, match=r"order is 'loudest'\. Expected: one of highest, lowest"):
        sparql("extremes", {"order": "loudest"})
    with pytest.raises(ParameterError, match="one of detectedObject, fixedWindow, wholeRecording"):
        sparql("extremes", {"kind": "bright"})


@pytest.mark.parametrize("typed", ["annotation/1", "https://example.org/a b", "https://example.org/<x>", "x"])
def test_what_is_no_iri_is_refused(typed: str) -> None:
    with pytest.raises(ParameterError, match="Expected: an absolute IRI"):
        sparql("evidence", {"claim": typed})


def test_an_unknown_parameter_is_refused_with_those_known() -> None:
    with pytest.raises(ParameterError, match=r"'secnds' is no .*concept \(optional\), seconds .*did you mean seconds"):
        sparql("opens_with", {"secnds": "1"})


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ParameterError, match=r"timeline lacks its parameter work"):
        sparql("timeline", {"agent": "Anna"})


def test_blank_text_counts_as_not_given() -> None:
    assert bind_arguments(OPENS, {"concept": " ", "seconds": ""}) == bind_arguments(OPENS, {})
    with pytest.raises(ParameterError, match="lacks its parameter work"):
        sparql("timeline", {"work": "  "})


def test_an_optional_parameter_not_given_stays_a_variable() -> None:
    assert "?__agent" in sparql("timeline", {"work": "Glass"})
    assert "?__agent" not in sparql("timeline", {"work": "Glass", "agent": "Anna"})


@pytest.mark.parametrize("typed", ['" . ?s ?p ?o . "', "\\", "a\nb", "?__agent", "# no comment", "x}"])
def test_text_is_bound_as_a_literal_never_pasted(archive: Store, typed: str) -> None:
    assert answer(archive, "timeline", {"work": typed}).rows == ()


def test_an_unknown_question_is_answered_with_near_names() -> None:
    with pytest.raises(UnknownName, match=r"there is no question 'open_with'.*did you mean opens_with"):
        find("open_with")
    with pytest.raises(UnknownName, match=r"one of agreement_between_agents, annotation, arcs, "):
        find("ouverture")
