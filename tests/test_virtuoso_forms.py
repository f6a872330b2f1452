"""A query is written for Virtuoso in a form that asks the same; here both forms are asked of the embedded engine."""

import pyoxigraph as ox
import pytest

from queries import load_queries
from store import Term
from store._virtuoso import adapted, canonical, mended

BROADER = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX e: <http://e/> "
DATA = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix e: <http://e/> .
GRAPH e:g { e:a skos:broader e:b . e:b skos:broader e:c . e:a e:said "1" . e:c e:said "3" . e:x e:said "9" . }
GRAPH e:h { e:x skos:broader e:c . }
"""

QUERIES = {
    "a path beside other patterns": "SELECT ?x ?s { ?x skos:broader* e:c ; e:said ?s }",
    "a path of at least one step": "SELECT ?x { ?x skos:broader+ e:c }",
    "a path in an OPTIONAL": "SELECT ?x ?s { ?x e:said ?s OPTIONAL { ?x skos:broader* e:b . ?y skos:broader ?x } }",
    "a path in EXISTS": "SELECT ?x { ?x e:said ?s FILTER EXISTS { ?x skos:broader* e:b } }",
    "a path in NOT EXISTS": "SELECT ?x { ?x e:said ?s FILTER NOT EXISTS { ?x skos:broader* e:b } }",
    "a path in NOT EXISTS beside more": "SELECT ?x { ?x e:said ?s FILTER NOT EXISTS { ?x skos:broader* e:b ; ?p ?o } }",
    "a path in a graph": "SELECT ?x { GRAPH e:g { ?x skos:broader* e:c } }",
    "a path that leads nowhere": "SELECT ?x { ?x skos:broader+ e:nothing ; e:said ?s }",
    "a filter on nothing": "SELECT ?x { ?x e:said ?s FILTER(COALESCE(?s = ?__said, true)) }",
    "a filter on something": "SELECT ?x { ?x e:said ?s FILTER(COALESCE(?s = '1', true)) }",
    "no path at all": "SELECT ?x { ?x e:said ?s } ORDER BY ?x",
}


def rows(store: ox.Store, text: str) -> list[list[str]]:
    solutions = store.query(text, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    return sorted([str(term) for term in solution] for solution in solutions)


@pytest.mark.parametrize("case", QUERIES)
def test_both_forms_have_the_same_answer(case: str) -> None:
    store = ox.Store()
    store.load(DATA.encode(), ox.RdfFormat.TRIG)

    def reached(text: str) -> list[Term | None]:
        solutions = store.query(text, use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions)
        return [solution[0] for solution in solutions]

    text = BROADER + QUERIES[case]
    assert rows(store, adapted(text, reached)) == rows(store, text)
    assert ("VALUES" in adapted(text, reached)) is (
        case.startswith("a path") and not {"EXISTS", "graph"} & {*case.split()}
    )


@pytest.mark.parametrize("name", load_queries())
def test_a_stored_question_stays_sparql(name: str) -> None:
    ox.Store().query(adapted(load_queries()[name].text, lambda _: [ox.NamedNode("http://e/a")]))


@pytest.mark.parametrize(
    ("given", "type_", "kept"),
    [
        ("48000.0", "float", "48000"),
        ("0.50", "decimal", "0.5"),
        ("007", "integer", "7"),
        ("as it is", "string", "as it is"),
    ],
)
def test_numbers_are_written_as_the_embedded_store_has_them(given: str, type_: str, kept: str) -> None:
    assert canonical(given, f"http://www.w3.org/2001/XMLSchema#{type_}") == kept


def test_terms_of_an_answer_become_those_of_the_standard() -> None:
    answer = b"""{"head": {"link": [], "vars": ["a", "b"]}, "results": {"bindings": [
        {"a": {"type": "bnode", "value": "nodeID://b1"}, "b": {"type": "typed-literal",
         "datatype": "http://www.w3.org/2001/XMLSchema#decimal", "value": "1.50"}}]}}"""
    table = ox.parse_query_results(mended(answer), ox.QueryResultsFormat.JSON)
    assert isinstance(table, ox.QuerySolutions)
    assert [str(term) for term in next(table)] == ["_:b1", '"1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>']
