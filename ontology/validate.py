"""Whether data keep to ``ontology/shapes.ttl``: every finding with its node, its path and what to do.

Conventions
-----------
The graph of one run, of one catalogue or of the vocabulary is validated alone, as one set of triples; names
of graphs are not looked at. Concepts, properties and their units are known from the vocabulary's tables and
are not validated each time.

Shapes that look at one node and its values are evaluated by pySHACL. Constraints in SPARQL (``sh:sparql``),
which pySHACL would run once per focus node, are evaluated by pyoxigraph once over the whole graph; each of them
binds ``$this`` by itself, so the answer is the same (a test compares both).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

import pyoxigraph as ox
import pyshacl
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from ontology.envelopes import load_envelopes
from ontology.errors import ValidationError
from ontology.mint import concept, envelope
from ontology.terms import ACM, SKOS, SOSA
from ontology.terms import RDF as TERMS
from ontology.vocabulary import FOLDER, load_vocabulary

__all__ = ["Finding", "Report", "validate"]

_Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that breaks a shape.

    Parameters
    ----------
    focus : str
        IRI of the node that is looked at, or ``_:`` and the label of a blank node.
    path : str
        IRI of the property whose values are looked at; empty where the node itself is.
    message : str
        What ought to be.
    value : str
        The value found; empty where there is none.
    """

    focus: str
    path: str
    message: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation found, in the order of the focus nodes."""

    findings: tuple[Finding, ...]

    @property
    def conforms(self) -> bool:
        """Whether nothing breaks a shape."""
        return not self.findings

    def raise_for_findings(self) -> None:
        """Raise if anything breaks a shape.

        Raises
        ------
        ValidationError
            Its message has the first finding and the number of all.
        """
        if self.findings:
            first = self.findings[0]
            where = f"{first.focus} {first.path}".rstrip()
            what = f": {first.value}" if first.value else ""
            raise ValidationError(f"{len(self.findings)} finding(s), the first at {where}{what}", first.message)


def validate(data: bytes | Iterable[ox.Quad]) -> Report:
    """Compare data with the shapes.

    Parameters
    ----------
    data : bytes or iterable of Quad
        N-Quads (or N-Triples), or what was parsed from them.

    Returns
    -------
    Report

    Examples
    --------
    >>> claim, type_ = "<https://example.org/claim>", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    >>> report = validate(f"{claim} {type_} <https://w3id.org/acousma/ontology#Claim> .".encode())
    >>> report.conforms, report.findings[0].message
    (False, 'An annotation has one dcterms:created, an xsd:dateTime.')
    """
    quads = ox.parse(data, ox.RdfFormat.N_QUADS) if isinstance(data, bytes) else data
    triples = {ox.Triple(quad.subject, quad.predicate, quad.object) for quad in quads}
    triples.update(_background())
    return Report(tuple(sorted({*_by_node(triples), *_by_graph(triples)})))


@cache
def _background() -> frozenset[ox.Triple]:
    """Return what the shapes must know of the vocabulary: concepts, properties and their units, envelopes."""
    vocabulary, type_ = load_vocabulary(), ox.NamedNode(TERMS.type)
    triples = {
        ox.Triple(ox.NamedNode(concept(id_)), type_, ox.NamedNode(SKOS.NS + "Concept")) for id_ in vocabulary.concepts
    }
    for property_ in vocabulary.properties.values():
        node = ox.NamedNode(concept(property_.id))
        triples.add(ox.Triple(node, type_, ox.NamedNode(SOSA.ObservableProperty)))
        triples.add(ox.Triple(node, ox.NamedNode(ACM.ucumUnit), ox.Literal(property_.unit)))
    for id_ in load_envelopes().envelopes:
        triples.add(ox.Triple(ox.NamedNode(envelope(id_)), type_, ox.NamedNode(ACM.Envelope)))
    return frozenset(triples)


@cache
def _shapes() -> Graph:
    return Graph().parse(FOLDER / "shapes.ttl", format="turtle")


@cache
def _node_shapes() -> Graph:
    """Return the shapes without their SPARQL constraints."""
    shapes = Graph()
    for triple in _shapes():
        if triple[1] != SH.sparql:
            shapes.add(triple)
    return shapes


def _by_node(triples: Iterable[ox.Triple]) -> Iterator[Finding]:
    """Yield the findings of pySHACL."""
    graph = Graph(bind_namespaces="none")
    term = lru_cache(maxsize=None)(_rdflib_term)
    for triple in triples:
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    _, report, _ = pyshacl.validate(graph, shacl_graph=_node_shapes(), inplace=True)
    if not isinstance(report, Graph):
        raise ValidationError("the shapes could not be evaluated", "a SHACL validation report", str(report))
    for result in report.subjects(RDF.type, SH.ValidationResult):
        focus, path, value = (report.value(result, key) for key in (SH.focusNode, SH.resultPath, SH.value))
        for message in report.objects(result, SH.resultMessage):
            yield Finding(_show(focus), _show(path), str(message), _show(value))


def _by_graph(triples: Iterable[ox.Triple]) -> Iterator[Finding]:
    """Yield the findings of the SPARQL constraints."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    for message, select in _selects():
        solutions = store.query(select)
        assert isinstance(solutions, ox.QuerySolutions), "a SPARQL constraint is a SELECT"
        for row in solutions:
            focus, path, value = (row[name] for name in ("this", "path", "value"))
            yield Finding(focus.value, path.value, message, value.value)


@cache
def _selects() -> tuple[tuple[str, str], ...]:
    """Return message and query of each SPARQL constraint."""
    shapes = _shapes()
    prefixes = "".join(
        f"PREFIX {shapes.value(node, SH.prefix)}: <{shapes.value(node, SH.namespace)}>\n"
        for node in shapes.objects(None, SH.declare)
    )
    constraints = sorted(set(shapes.objects(None, SH.sparql)), key=str)
    return tuple(
        (str(shapes.value(node, SH.message)), f"{prefixes}{shapes.value(node, SH.select)}") for node in constraints
    )


def _rdflib_term(term: _Term) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    return Literal(term.value, datatype=URIRef(term.datatype.value))


def _show(node: Node | None) -> str:
    if node is None:
        return ""
    return f"_:{node}" if isinstance(node, BNode) else str(node)
