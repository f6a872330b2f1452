"""Shapes written as SPARQL find what pySHACL finds: on each component, on stored data, on data spoiled at random."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rdflib import BNode, Graph
from rdflib.namespace import RDF, SH

from ontology.constraints import compile_shape
from ontology.errors import ValidationError
from ontology.shapes import COMPONENTS, Shape, read_shapes
from ontology.validate import Finding, background, findings_of, validate
from ontology.vocabulary import FOLDER
from tests.graphs import small_graph
from tests.pyshacl_peer import report_on
from tests.spoiled import CASES, good_triples, rdflib_graph, spoiled

COMPONENTS_FILE = Path(__file__).parent / "data" / "shacl" / "components.ttl"

Row = tuple[str, str, str]


def rows(findings: Iterable[Finding]) -> set[Row]:
    return {(finding.focus, finding.path, finding.message) for finding in findings}


def of_pyshacl(data: Graph, shapes: Graph) -> set[Row]:
    """Return focus node, path and message of what pySHACL finds; paths that are no property are left empty."""
    report = report_on(data, shapes)
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        focus, path, constraint, shape = (
            report.value(result, key) for key in (SH.focusNode, SH.resultPath, SH.sourceConstraint, SH.sourceShape)
        )
        messages = set(report.objects(result, SH.resultMessage))
        if constraint is not None and (constraint, SH.message, None) in shapes:
            messages -= set(shapes.objects(shape, SH.message))  # pySHACL gives both, the standard the constraint's own
        node = f"_:{focus}" if isinstance(focus, BNode) else str(focus)
        found |= {(node, str(path or ""), str(message)) for message in messages}
    return found


@cache
def components() -> tuple[Graph, ox.Store]:
    graph = Graph().parse(COMPONENTS_FILE)
    store = ox.Store()
    store.bulk_load(graph.serialize(format="nt").encode(), ox.RdfFormat.N_TRIPLES)
    return graph, store


def plain_nodes(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Forget the labels of blank nodes and of paths that are no property."""
    return {("_:" if focus.startswith("_:") else focus,
             path if path.startswith("http") else "", message) for focus, path, message in found}  # fmt: skip


MESSAGES = sorted({str(message) for message in components()[0].objects(None, SH.message)} - {"off"})


@cache
def found_in_components(subclasses: bool) -> tuple[set[Row], set[Row]]:
    graph, store = components()
    checks = [compile_shape(shape, subclasses=subclasses) for shape in read_shapes(graph)]
    data = Graph().parse(data=graph.serialize(format="nt"), format="nt")
    return plain_nodes(rows(findings_of(store, checks))), plain_nodes(of_pyshacl(data, graph))


@pytest.mark.parametrize("message", MESSAGES)
def test_a_component_finds_what_pyshacl_finds(message: str) -> None:
    ours, theirs = found_in_components(True)
    end = message.rpartition("}")[2]  # what a template says of every node
    mine = {row for row in ours if row[2] == message or (end != message and row[2].endswith(end))}
    assert mine == {row for row in theirs if row[2] == message or (end != message and row[2].endswith(end))}
    assert mine, "the data have nothing that breaks it"


def test_every_component_is_compared_with_pyshacl() -> None:
    graph, _ = components()
    assert {kind for kind in COMPONENTS if (None, kind, None) not in graph} == set()


def test_a_shape_that_is_deactivated_finds_nothing() -> None:
    assert "off" not in {row[2] for row in found_in_components(True)[0]}


def test_the_screen_of_a_shape_is_true_where_one_of_its_queries_has_a_row() -> None:
    graph, store = components()
    for check in (compile_shape(shape, subclasses=True) for shape in read_shapes(graph)):
        some = [store.query(f"ASK {{ {{ {query.select} }} }}") for query in check.queries]
        assert bool(store.query(check.screen)) == any(map(bool, some))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("sh:targetClass e:A ; sh:someday 3", "sh:someday"),
        ("sh:targetClass e:A ; sh:property [ sh:path e:p ; sh:js e:f ]", "sh:js"),
        ("sh:targetClass e:A ; sh:node e:S", "refers to itself"),
        ("sh:targetClass e:A ; sh:property [ sh:path [ e:p e:q ] ]", "a path that is none"),
        ("sh:targetClass e:A ; sh:property [ sh:path e:p ; sh:in ( [] ) ]", "an IRI or a literal"),
        ('sh:targetClass e:A ; sh:not [ sh:sparql [ sh:select "SELECT $this {}" ] ]', "has sh:sparql"),
        ("sh:targetClass e:A ; sh:minCount 1", "sh:minCount"),
        ("sh:targetClass e:A ; sh:property [ sh:path e:p ; sh:qualifiedMinCount 1 ]", "qualifiedValueShape"),
        ("sh:target [ a sh:SPARQLTarget ]", "sh:target"),
    ],
)
def test_what_cannot_be_written_as_sparql_is_an_error(shape: str, message: str) -> None:
    graph = Graph().parse(
        data=f"@prefix sh: <{SH}> . @prefix e: <https://e.org/> . e:S a sh:NodeShape ; {shape} .", format="turtle"
    )
    with pytest.raises(ValidationError, match=message):
        for each in read_shapes(graph):
            compile_shape(each, subclasses=False)


def test_the_shapes_of_the_ontology_can_all_be_written() -> None:
    shapes = read_shapes(Graph().parse(FOLDER / "shapes.ttl"))
    assert all(isinstance(shape, Shape) for shape in shapes)
    assert len({shape.node for shape in shapes}) == len(shapes)


# -- the shapes of the ontology -------------------------------------------------------------------


@cache
def core_shapes() -> tuple[Graph, Graph]:
    """Return the shapes of the ontology, and what they must know of the vocabulary."""
    return Graph().parse(FOLDER / "shapes.ttl"), rdflib_graph(background())


def kind_of_value(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    """Return what a term is to the operator ``<`` of SPARQL 1.1 (section 17.3): like can be compared with like only."""
    if not isinstance(term, ox.Literal):
        return "no literal"
    datatype = term.datatype.value.rpartition("#")[2]
    return "number" if datatype in ("integer", "decimal", "double", "float") else datatype


def not_comparable(quads: Iterable[ox.Quad]) -> set[Row]:
    """Return the findings about pairs that cannot be compared.

    The standard has a finding of each (sections 4.5.3 and 4.5.4); rdflib, and so pySHACL, puts terms of all kinds in
    one order, so that it has one or not, as the order has it.
    """
    shapes, _ = core_shapes()
    values: dict[tuple[str, str], list[str]] = {}
    for quad in quads:
        subject = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else str(quad.subject)
        values.setdefault((subject, quad.predicate.value), []).append(kind_of_value(quad.object))
    found = set()
    for shape, _, other in shapes.triples_choices((None, [SH.lessThan, SH.lessThanOrEquals], None)):  # type: ignore[arg-type]
        path, message = str(shapes.value(shape, SH.path)), str(shapes.value(shape, SH.message))
        for (subject, predicate), kinds in values.items():
            others = values.get((subject, str(other)), []) if predicate == path else []
            if len({*kinds, *others}) > 1 or "no literal" in others:
                found.add((subject, path, message))
    return found


def assert_same(quads: list[ox.Quad]) -> set[Row]:
    shapes, known = core_shapes()
    left_out = plain_nodes(not_comparable(quads))
    ours = plain_nodes(rows(validate(quads).findings))
    assert ours - left_out == plain_nodes(of_pyshacl(rdflib_graph(quads) + known, shapes)) - left_out
    return ours


@pytest.mark.parametrize(("message", "update"), CASES[::6])
def test_a_spoiled_graph_has_the_findings_of_pyshacl(message: str, update: str) -> None:
    assert any(found.startswith(message) for _, _, found in assert_same(spoiled(update)))


@pytest.mark.slow
@pytest.mark.parametrize(("message", "update"), [case for number, case in enumerate(CASES) if number % 6])
def test_every_spoiled_graph_has_the_findings_of_pyshacl(message: str, update: str) -> None:
    assert any(found.startswith(message) for _, _, found in assert_same(spoiled(update)))


def test_a_graph_that_the_writer_wrote_has_no_findings_of_either() -> None:
    assert assert_same(list(ox.parse(small_graph().encode(), ox.RdfFormat.N_QUADS))) == set()


TRIPLES = sorted(good_triples(), key=str)
TERMS = [
    ox.NamedNode("https://e.org/unknown"), ox.BlankNode("b"), ox.Literal(""), ox.Literal("text", language="en"),
    ox.Literal(-1), ox.Literal(10**6), ox.Literal("0.5", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
    ox.Literal("1999-01-01T00:00:00Z", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#dateTime")),
]  # fmt: skip
SPOILS = st.tuples(st.sampled_from(["drop", "double", "turn", "swap"]), st.integers(0, len(TRIPLES) - 1),
                   st.integers(0, len(TRIPLES) - 1), st.sampled_from(TERMS))  # fmt: skip


def spoil(spoils: Iterable[tuple[str, int, int, ox.NamedNode | ox.BlankNode | ox.Literal]]) -> list[ox.Quad]:
    """Take triples away, give their subjects another value, turn their value, or the value of another triple."""
    triples = dict.fromkeys(TRIPLES)
    for how, number, other, term in spoils:
        old = TRIPLES[number]
        if how != "double":
            triples.pop(old, None)
        if how != "drop":
            value = TRIPLES[other].object if how == "swap" else term
            triples[ox.Triple(old.subject, old.predicate, value)] = None
    return [ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples]


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None,
    phases=[Phase.generate],  # a failing graph of 500 statements would be made smaller for minutes
)  # fmt: skip
@given(st.lists(SPOILS, min_size=1, max_size=40))
def test_a_graph_spoiled_at_random_has_the_findings_of_pyshacl(
    spoils: list[tuple[str, int, int, ox.NamedNode | ox.BlankNode | ox.Literal]],
) -> None:
    assert_same(spoil(spoils))
