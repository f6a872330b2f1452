"""What the guard lets pass, what it refuses, and how it binds parameters."""

import time

import pyoxigraph as ox
import pytest

from ontology.errors import InputError, ParameterError, QueryRefused, QuerySyntaxError
from store import Limits, bind, check_query, check_update, query_form

LIMITS = Limits()
HUGE = Limits(query_bytes=10**8)

DEEP = {
    "groups": "SELECT * {" + "{" * 5_000 + "}" * 5_000 + "}",
    "groups left open": "SELECT * {" + "{" * 5_000,
    "parentheses": "SELECT * { FILTER(" + "(" * 5_000 + "1" + ")" * 5_000 + ") }",
    "parentheses left open": "SELECT * { FILTER(" + "(" * 5_000,
    "negations": "SELECT * { FILTER(" + "!" * 20_000 + "true) }",
    "calls": "SELECT * { FILTER(" + "STR(" * 1_000 + "1" + ")" * 1_000 + ") }",
    "a sum": "SELECT * { FILTER(1" + "+1" * 20_000 + " > 0) }",
    "a disjunction": "SELECT * { FILTER(true" + "||true" * 20_000 + ") }",
    "a union": "SELECT * { {}" + "UNION{}" * 20_000 + " }",
    "minus": "SELECT * {" + "MINUS{?s ?p ?o}" * 5_000 + "}",
    "binds": "SELECT * {" + "".join(f"BIND(1 AS ?a{n})" for n in range(5_000)) + "}",
    "a projection": "SELECT " + "".join(f"(1 AS ?a{n})" for n in range(5_000)) + "{}",
    "path parentheses": "SELECT * { ?s " + "(" * 20_000 + "<http://e/p>" + ")" * 20_000 + " ?o }",
    "a path": "SELECT * { ?s <http://e/p>" + "/<http://e/p>" * 5_000 + " ?o }",
    "a collection": "SELECT * { ?s ?p " + "(" * 5_000 + "1" + ")" * 5_000 + " }",
    "blank nodes": "SELECT * { ?s ?p " + "[?p " * 5_000 + "1" + "]" * 5_000 + " }",
    "objects": "SELECT * { ?s ?p ?o" + ", ?o" * 20_000 + " }",
    "objects of many patterns": "SELECT * {" + ("?s ?p ?o" + ", ?o" * 100 + ".") * 200 + "}",
    "a flat collection": "SELECT * { ?s ?p (" + "1 " * 20_000 + ") }",
    "triple terms": "SELECT * { ?s ?p " + "<< ?s ?p " * 5_000 + "1" + ">>" * 5_000 + " }",
    "exists": "SELECT * {" + "FILTER EXISTS{" * 1_000 + "}" * 1_000 + "}",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_text_is_refused_fast(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(QueryRefused, match="nested deeper"):
        check_query(text, HUGE)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { VALUES (?a ?b) { " + "(<http://e/a> <http://e/b>)" * 3_000 + " } }",
        "SELECT * { FILTER(?a IN (" + ", ".join(["1"] * 5_000) + ")) }",
        "SELECT * { FILTER(" + " || ".join(["?a = 1"] * 100) + ") }",
        "SELECT * { " + "?s ?p ?o . " * 100 + "}",
        "SELECT * {\n" + "# a comment\n" * 1_000 + "?s ?p ?o }",
        "SELECT * {" + "{" * 90 + "?s ?p ?o" + "}" * 90 + "}",
    ],
    ids=["values", "in", "disjunction", "pattern", "comments", "groups"],
)
def test_wide_but_flat_text_passes(text: str) -> None:
    assert check_query(text, LIMITS).form == "select"


def test_long_text_is_refused_by_its_size_in_utf8() -> None:
    limits = Limits(query_bytes=40)
    assert check_query('ASK { ?s ?p "' + "e" * 10 + '" }', limits).form == "ask"
    with pytest.raises(QueryRefused, match=r"at most 40 bytes"):
        check_query('ASK { ?s ?p "' + "é" * 20 + '" }', limits)


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(QueryRefused, match="UTF-8"):
        check_query('ASK { ?s ?p "\ud800" }', LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://e/sparql> { ?s ?p ?o } }",
        "SELECT * { service silent ?where { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o OPTIONAL { { SELECT ?s { SERVICE<http://e/>{ ?s ?p ?o } } } } }",
        "SELECT * { FILTER EXISTS { SERVICE ?g { ?s ?p ?o } } }",
        "SELECT * { ?s ?p ?o LATERAL { SERVICE <http://e/> { ?s ?q ?r } } }",
        "SELECT * { ?s ?p <<( ?a ?b ?c )>> . SERVICESILENT<http://e/>{ ?s ?q ?r } }",
        "SELECT * { LATERAL { ?s ?p trueSERVICE <http://e/> { ?s ?q ?r } } }",
        "PREFIX e: <http://e/> SELECT * { ?s e:a\\'b ?o . SERVICE e:x { ?s ?p ?o } # '\n }",
        "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://e/> { ?s ?p ?o } }",
        "DESCRIBE ?s { SERVICE <http://e/> { ?s ?p ?o } }",
    ],
)
def test_service_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(QueryRefused, match="SERVICE"):
        check_query(text, LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { ?s ?p "SERVICE <http://e/> { }" }',
        "SELECT * { ?s ?p ?o # SERVICE <http://e/> { }\n }",
        "SELECT * { ?s ?p '''LOAD\n<http://e/> SERVICE ?x {''' }",
        "SELECT ?service { ?service <http://e/SERVICE/x> ?load }",
        "PREFIX SERVICE: <http://e/> SELECT * { ?s SERVICE:SERVICE ?o }",
        "SELECT ?service { ?service <http://e/SERVICE/x> ?o LATERAL { ?o ?p $LOAD } }",
        "SELECT * FROM <http://e/g> FROM NAMED <http://e/h> { GRAPH ?g { ?s ?p ?o } }",
    ],
)
def test_the_words_service_and_load_in_strings_comments_and_names_pass(text: str) -> None:
    assert check_query(text, LIMITS).form == "select"


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://e/data>",
        "INSERT DATA { <http://e/a> <http://e/b> 1 } ; load silent <http://e/data> into graph <http://e/g>",
        "INSERT { ?s ?p ?o } WHERE { SERVICE ?x { ?s ?p ?o } }",
        "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> <<( 1 )>> } } ; LOAD <http://e/data>",
    ],
)
def test_an_update_that_reaches_the_network_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused, match=r"SERVICE|LOAD"):
        check_update(text, LIMITS)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/b> 'LOAD' } }",
        "DELETE WHERE { ?s ?p ?o }",
        "WITH <http://e/g> DELETE { ?s ?p ?o } INSERT { ?o ?p ?s } WHERE { ?s ?p ?o }",
        "CLEAR ALL",
        "DROP SILENT GRAPH <http://e/g> ; CREATE GRAPH <http://e/h>",
        "PREFIX e: <http://e/> MOVE e:a TO e:b",
        "INSERT DATA { };",
    ],
)
def test_an_update_passes_as_update_and_is_refused_as_query(text: str) -> None:
    check_update(text, LIMITS)
    with pytest.raises(QueryRefused, match="is an update"):
        check_query(text, LIMITS)


def test_a_long_insert_of_data_passes() -> None:
    objects = ", ".join(f"<http://e/o{n}>" for n in range(5_000))
    check_update(f"INSERT DATA {{ GRAPH <http://e/g> {{ <http://e/s> <http://e/p> {objects} }} }}", LIMITS)


def test_a_query_is_refused_as_update() -> None:
    with pytest.raises(QueryRefused, match=r"is a query \(ASK\)"):
        check_update("ASK { }", LIMITS)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("# ASK\nPREFIX ask: <http://e/ASK> SELECT ?ask { ?ask ?p 'CONSTRUCT' }", "select"),
        ("BASE <http://e/> ask { }", "ask"),
        ("construct where { ?s ?p ?o }", "construct"),
        ("DESCRIBE <http://e/a>", "describe"),
        ("SELECT * { ?s ?p ?o LATERAL { ASK } }", "select"),
        ("SELECT * {{{ ?s ?p ?o", "select"),
    ],
)
def test_the_form_of_a_query_is_told(text: str, form: str) -> None:
    assert query_form(text) == form
    assert check_query(text, LIMITS).form == form


@pytest.mark.parametrize("text", ["", "SELEC * { }", "what is it?", "{" * 50])
def test_text_without_a_query_is_a_syntax_error(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        check_query(text, LIMITS)


def test_the_graphs_that_a_query_names_are_noticed() -> None:
    assert check_query("SELECT * FROM <http://e/g> { ?s ?p ?o }", LIMITS).names_graphs
    assert check_query("ASK FROM NAMED <http://e/g> { GRAPH ?g { ?s ?p ?o } }", LIMITS).names_graphs
    assert not check_query("SELECT ?FROM { ?FROM ?p 'FROM <http://e/g>' }", LIMITS).names_graphs


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="seconds"):
        Limits(seconds=0)


STORE = ox.Store()
STORE.update("""INSERT DATA {
    <http://e/a> <http://e/label> "gong" ; <http://e/size> 3 .
    <http://e/b> <http://e/label> "bell" ; <http://e/size> 5 . }""")


def found(text: str) -> list[str]:
    result = STORE.query(text)
    assert isinstance(result, ox.QuerySolutions)
    return sorted(solution[0].value for solution in result)


def test_a_bound_variable_is_replaced_everywhere_and_nowhere_else() -> None:
    text = """SELECT ?s { # ?label in a comment
        ?s <http://e/label> $label .
        FILTER(?label != "?label") FILTER(?labels = 1 || true)
        { SELECT ?s { ?s <http://e/label> ?label } } }"""
    bound = bind(text, {"label": ox.Literal("gong")})
    assert found(bound) == ["http://e/a"]
    assert "# ?label in a comment" in bound and '!= "?label"' in bound and "?labels" in bound


@pytest.mark.parametrize(
    "value",
    [
        'x" . } # ',
        "x' }",
        "\\",
        '\\"',
        "a\nb\r\t",
        '"""',
        "} UNION { ?s ?p ?o ",
        "\\u0022 }",
        "é\u2028😀",
        "",
    ],
)
def test_a_hostile_literal_stays_one_literal(value: str) -> None:
    bound = bind("SELECT ?x { BIND(?value AS ?x) FILTER(true) }", {"value": ox.Literal(value)})
    assert found(bound) == [value]
    assert found(bind("SELECT ?s { ?s <http://e/label> ?value }", {"value": ox.Literal(value)})) == []


def test_a_value_keeps_apart_from_its_neighbours() -> None:
    number, iri = ox.Literal(4), ox.NamedNode("http://e/a")
    assert found(bind("SELECT ?s { ?s <http://e/size> ?n FILTER(?n<?max) }", {"max": number})) == ["http://e/a"]
    assert found(bind("SELECT ?s{?s?p?o FILTER(?s=?it&&?o=3)}", {"it": iri})) == ["http://e/a"]


def test_a_value_is_bound_in_an_expression_of_the_projection() -> None:
    assert found(bind("SELECT (?n + 1 AS ?next) { }", {"n": ox.Literal(4)})) == ["5"]


def test_a_value_is_not_bound_twice() -> None:
    bound = bind("SELECT ?s { ?s <http://e/label> ?a, ?b }", {"a": ox.Literal("?b"), "b": ox.Literal("?a")})
    assert '"?b"' in bound and '"?a"' in bound


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT ?x { ?x ?p ?o }", "projection"),
        ("SELECT DISTINCT ?o ?x { ?x ?p ?o }", "projection"),
        ("SELECT ?p { ?s ?p ?o { SELECT ?x { ?x ?p ?o } } }", "projection"),
        ("SELECT (1 AS ?x) { }", "AS"),
        ("SELECT * { BIND(1 AS ?x) }", "AS"),
        ("SELECT * { VALUES ?x { 1 2 } }", "VALUES"),
        ("SELECT * { VALUES (?x ?y) { (1 2) } }", "VALUES"),
        ("SELECT (COUNT(*) AS ?n) { ?x ?p ?o } GROUP BY ?x", "GROUP BY"),
        ("SELECT * { ?x ?p ?o } ORDER BY ?x", "ORDER BY"),
        ("SELECT * { FILTER(BOUND(?x)) }", "do not fit"),
        ("SELECT * { ?s ?x ?o }", "do not fit"),
        ("SELECT * { GRAPH ?x { ?s ?p ?o } }", "do not fit"),
        ("SELECT * { ?s ?p ?o }", "no variable"),
        ('SELECT * { ?s ?p "?x" } # ?x', "no variable"),
    ],
)
def test_a_parameter_is_refused_where_only_a_variable_can_stand(text: str, place: str) -> None:
    with pytest.raises(ParameterError, match=place):
        bind(text, {"x": ox.Literal("gong")})


def test_a_blank_node_is_refused_as_value() -> None:
    with pytest.raises(ParameterError, match="BlankNode"):
        bind("SELECT * { ?x ?p ?o }", {"x": ox.BlankNode()})


def test_a_parameter_that_the_parser_lost_is_refused_not_left_unbound() -> None:
    text = "SELECT * { ?s ?p <<( ?a ?b ?x )>> ^^^ ?x }"
    try:
        bound = bind(text, {"x": ox.NamedNode("http://e/a")})
    except ParameterError:
        return
    assert "?x" not in bound


def test_binding_works_in_text_beyond_sparql_1_1() -> None:
    text = "SELECT ?s { ?s <http://e/size> ?n LATERAL { ?s <http://e/label> ?label } }"
    assert found(bind(text, {"label": ox.Literal("bell")})) == ["http://e/b"]
