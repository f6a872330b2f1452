"""The shapes pass what the writer writes, and name every fault a graph can have.

Each case spoils one thing in a good graph by a SPARQL update and expects the message of one shape; together
the cases bring out every message of ``ontology/shapes.ttl``.
"""

from collections.abc import Callable, Iterator

import pyoxigraph as ox
import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, SH
from rdflib.term import Node

from ontology.errors import ValidationError
from ontology.terms import ACM
from ontology.validate import Finding, Report, background, validate
from ontology.vocabulary import FOLDER
from tests.graphs import large_graph, small_graph, vocabulary_quads
from tests.pyshacl_peer import report_on
from tests.spoiled import CASES, gains, good_triples, lacks, rdflib_graph, spoiled, turns

SHAPES = Graph().parse(FOLDER / "shapes.ttl")


def report_of(update: str) -> Report:
    return validate(spoiled(update))


def messages_of_shapes() -> set[str]:
    return {str(message) for message in SHAPES.objects(None, SH.message)}


def test_what_the_writer_writes_conforms() -> None:
    assert validate(small_graph().encode()) == Report(())


def test_the_good_graph_with_description_and_rule_conforms() -> None:
    assert validate(ox.Quad(t.subject, t.predicate, t.object) for t in good_triples()) == Report(())


def test_a_graph_of_many_works_conforms() -> None:
    assert validate("".join(large_graph(1)).encode()).conforms


def test_the_vocabulary_conforms() -> None:
    assert validate(vocabulary_quads().encode()) == Report(())


def test_each_graph_conforms_by_itself() -> None:
    by_graph: dict[str, list[ox.Quad]] = {}
    for quad in ox.parse(small_graph().encode(), ox.RdfFormat.N_QUADS):
        by_graph.setdefault(quad.graph_name.value, []).append(quad)
    assert len(by_graph) == 15
    for graph, quads in by_graph.items():
        assert validate(quads) == Report(()), graph


@pytest.mark.parametrize(("message", "update"), CASES)
def test_a_spoiled_graph_is_reported(message: str, update: str) -> None:
    found = {finding.message for finding in report_of(update).findings}
    assert any(text.startswith(message) for text in found), found


def test_every_message_has_a_case_and_every_case_a_message() -> None:
    messages, expected = messages_of_shapes(), {message for message, _ in CASES}
    assert {m for m in messages if not any(m.startswith(case) for case in expected)} == set()
    assert {case for case in expected if sum(m.startswith(case) for m in messages) != 1} == set()


def test_every_class_of_the_ontology_has_a_shape() -> None:
    ontology = Graph().parse(FOLDER / "ontology.ttl")
    classes = {node for node in ontology.subjects(RDF.type, OWL.Class) if str(node).startswith(ACM.NS)}
    assert classes
    # an envelope is found by what is said of it: that the envelopes of the vocabulary exist is known wherever data are
    # validated, but not what is said of them
    found_by_what_is_said = {
        c for shape, c in SHAPES.subject_objects(SH["class"]) if SHAPES.value(shape, SH.targetSubjectsOf)
    }
    assert classes <= set(SHAPES.objects(None, SH.targetClass)) | found_by_what_is_said


def test_a_finding_names_node_path_message_and_value() -> None:
    assert report_of(turns("acm:Description", "oa:motivatedBy", "oa:tagging")).findings == (
        Finding(
            focus="https://e.org/said",
            path="http://www.w3.org/ns/oa#motivatedBy",
            message="A description is motivated by oa:describing.",
            value="",
        ),
    )


def test_a_report_can_be_raised() -> None:
    report = report_of(turns("acm:Claim", "acm:confidence", "1.5"))
    with pytest.raises(
        ValidationError, match=r"10 finding\(s\), the first at https.*confidence: 1.5. Expected: A claim"
    ):
        report.raise_for_findings()
    Report(()).raise_for_findings()


BREAKS: dict[URIRef, Callable[[str, str], str]] = {
    SH.minCount: lacks,
    SH.hasValue: lacks,
    SH.maxCount: lambda class_, path: gains(class_, path, "e:one , e:two"),
    SH.datatype: lambda class_, path: turns(class_, path, '"text"@en'),
    SH.nodeKind: lambda class_, path: turns(class_, path, "[]"),
    SH["class"]: lambda class_, path: turns(class_, path, "e:unknown"),
    SH["in"]: lambda class_, path: turns(class_, path, "e:unknown"),
    SH.pattern: lambda class_, path: turns(class_, path, '""'),
    SH.minLength: lambda class_, path: turns(class_, path, '""'),
    SH.minInclusive: lambda class_, path: turns(class_, path, "-9.0"),
    SH.minExclusive: lambda class_, path: turns(class_, path, "-1.0"),
    SH.maxInclusive: lambda class_, path: turns(class_, path, "2.0"),
}
"""What breaks a constraint of one kind on the values of a property, given a class and the property."""


def constraints() -> Iterator[tuple[URIRef, Node, URIRef]]:
    """Yield class, property shape and kind of every constraint that `BREAKS` can break.

    Those on ``rdf:type`` are left to `CASES`: who loses a type is no longer looked at.
    """
    for owner, class_ in SHAPES.subject_objects(SH.targetClass):
        assert isinstance(class_, URIRef)
        for shape in SHAPES.objects(owner, SH.property):
            if SHAPES.value(shape, SH.path) != RDF.type:
                yield from ((class_, shape, kind) for kind in BREAKS.keys() & set(SHAPES.predicates(shape)))


def alone(class_: URIRef, shape: Node, kind: URIRef) -> Graph:
    """Return a shapes graph with one constraint in it."""
    graph, owner = Graph(), URIRef("https://e.org/shape")
    graph.add((owner, RDF.type, SH.NodeShape))
    graph.add((owner, SH.targetClass, class_))
    graph.add((owner, SH.property, shape))
    for predicate in (SH.path, kind):
        for value in SHAPES.objects(shape, predicate):
            graph.add((shape, predicate, value))
            for item in SHAPES.transitive_objects(value, RDF.rest):
                graph += SHAPES.triples((item, None, None)) if isinstance(item, BNode) else []
    return graph


def _constraint_name(value: Node) -> str:
    return SHAPES.qname(value) if isinstance(value, URIRef) else str(SHAPES.value(value, SH.message))


@pytest.mark.parametrize(("class_", "shape", "kind"), sorted(constraints(), key=str), ids=_constraint_name)
def test_each_constraint_alone_finds_what_breaks_it(class_: URIRef, shape: Node, kind: URIRef) -> None:
    path = SHAPES.value(shape, SH.path)
    assert isinstance(path, URIRef)
    data = rdflib_graph(spoiled(BREAKS[kind](class_.n3(), path.n3())))
    report = report_on(data, alone(class_, shape, kind))
    assert (None, SH.conforms, Literal(False)) in report


def is_of_sparql(message: str) -> bool:
    """Tell whether a message is that of a constraint in SPARQL."""
    return any(str(SHAPES.value(node, SH.message)).startswith(message) for node in SHAPES.objects(None, SH.sparql))


SPARQL_CASES = [(message, update) for message, update in CASES if is_of_sparql(message)]


@pytest.mark.parametrize(("message", "update"), SPARQL_CASES)
def test_any_shacl_processor_gives_the_same_findings(message: str, update: str) -> None:
    quads = spoiled(update)
    ours = {(f.focus, f.path, f.value) for f in validate(quads).findings if f.message.startswith(message)}
    data = rdflib_graph(quads) + rdflib_graph(background())
    report = report_on(data, SHAPES)
    theirs = {
        tuple(str(report.value(result, key)) for key in (SH.focusNode, SH.resultPath, SH.value))
        for result in report.subjects(SH.resultMessage, None)
        if str(report.value(result, SH.resultMessage)).startswith(message)
    }
    assert ours == theirs
    assert ours
