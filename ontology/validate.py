"""Whether data keep to ``ontology/shapes.ttl``: every finding with its node, its path and what to do.

Conventions
-----------
The graph of one run, of one catalogue or of the vocabulary is validated alone, as one set of triples; names
of graphs are not looked at. Concepts, properties and their units are known from the vocabulary's tables and
are not validated each time.

A graph that holds an annotation as it was sent by the Web Annotation Protocol, which its ``ldp:RDFSource`` tells, has
shapes of its own: ``ontology/protocol/shapes.ttl``.

The shapes are evaluated as SPARQL (:mod:`ontology.constraints`) by pyoxigraph, in memory or, where a graph is large, in
a folder that is removed afterwards. For each shape with targets one query asks whether anything breaks it;
only where something does, each of its constraints is asked for what that is. The findings are those of
pySHACL (a test compares both).
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice
from tempfile import TemporaryDirectory

import pyoxigraph as ox
from rdflib import Graph

from ontology.constraints import Check, Query, compile_shape
from ontology.envelopes import load_envelopes
from ontology.errors import ValidationError
from ontology.mint import concept, envelope
from ontology.shapes import Path, Shape, read_shapes
from ontology.terms import ACM, LDP, SKOS, SOSA
from ontology.terms import RDF as TERMS
from ontology.vocabulary import FOLDER, load_vocabulary

__all__ = ["Finding", "Report", "Term", "background", "findings_of", "rules_digest", "validate"]

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""An RDF term of a finding."""

_MOST_IN_MEMORY = 1_000_000
"""Quads of one graph; a graph with more (about 0.4 GB) is validated from the disk."""

_BATCH = 100_000
"""Quads that are written to the disk at once."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that breaks a shape.

    Parameters
    ----------
    focus : str
        IRI of the node that is looked at, or ``_:`` and the label of a blank node.
    path : str
        IRI of the property whose values are looked at (a longer path in SPARQL); empty where the node itself is.
    message : str
        What ought to be.
    value : str
        The value found; empty where there is none.
    shape : str
        IRI of the shape with targets that is broken, or ``_:`` and its label.
    component : str
        IRI of the constraint component.
    severity : str
        IRI of the severity.
    terms : tuple of Term or None
        Focus node and value as RDF terms; None where there is no value.
    property_path : Path or None
        The path as it stands in the shapes.
    """

    focus: str
    path: str
    message: str
    value: str
    shape: str = field(default="", compare=False)
    component: str = field(default="", compare=False)
    severity: str = field(default="", compare=False)
    terms: tuple[Term | None, Term | None] = field(default=(None, None), compare=False, repr=False)
    property_path: Path | None = field(default=None, compare=False, repr=False)


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
    with TemporaryDirectory(prefix="acousma-") as folder:
        return Report(tuple(sorted(_findings_in(quads, folder))))


@cache
def rules_digest() -> str:
    """Return the SHA-256 sum of all that a verdict rests on: shapes, as they are evaluated, and vocabulary.

    Data found good under one sum need not be looked at again under the same.
    """
    checks = (*_checks(False), *_checks(False, _SENT))
    texts = {query.select for check in checks for query in (*check.queries, *check.selects)}
    facts = {str(quad) for quad in background()}
    return hashlib.sha256("\n".join((*sorted(texts), *sorted(facts))).encode()).hexdigest()


_SUBCLASS = "http://www.w3.org/2000/01/rdf-schema#subClassOf"


@cache
def background() -> tuple[ox.Quad, ...]:
    """Return what the shapes must know: concepts, which are not measurable, properties, their units, envelopes."""
    vocabulary, type_ = load_vocabulary(), ox.NamedNode(TERMS.type)
    skos_concept, property_class = ox.NamedNode(SKOS.NS + "Concept"), ox.NamedNode(SOSA.ObservableProperty)
    quads = [ox.Quad(ox.NamedNode(concept(id_)), type_, skos_concept) for id_ in vocabulary.concepts]
    unmeasured = (id_ for id_, one in vocabulary.concepts.items() if one.measurable == "no")
    quads += [ox.Quad(ox.NamedNode(concept(id_)), ox.NamedNode(ACM.measurable), ox.Literal("no")) for id_ in unmeasured]
    for property_ in vocabulary.properties.values():
        node = ox.NamedNode(concept(property_.id))
        quads.append(ox.Quad(node, type_, property_class))
        quads.append(ox.Quad(node, ox.NamedNode(ACM.ucumUnit), ox.Literal(property_.unit)))
    envelope_class = ox.NamedNode(ACM.Envelope)
    quads += [ox.Quad(ox.NamedNode(envelope(id_)), type_, envelope_class) for id_ in load_envelopes().envelopes]
    return tuple(quads)


_OWN, _SENT = "shapes.ttl", "protocol/shapes.ttl"


@cache
def _checks(subclasses: bool, file: str = _OWN) -> tuple[Check, ...]:
    shapes = read_shapes(Graph().parse(FOLDER / file, format="turtle"))
    return tuple(compile_shape(shape, subclasses=subclasses) for shape in shapes)


def _findings_in(quads: Iterable[ox.Quad], folder: str) -> set[Finding]:
    """Return the findings of one graph; the store is closed on return, so that its folder can be removed."""
    store = _one_graph(quads, folder)
    subclasses = _ask(store, f"ASK {{ ?a <{_SUBCLASS}> ?b }}")
    sent = _ask(store, f"ASK {{ ?note a <{LDP.RDFSource}> }}")
    return set(findings_of(store, _checks(subclasses, _SENT if sent else _OWN)))


def _one_graph(quads: Iterable[ox.Quad], folder: str) -> ox.Store:
    """Put quads, as triples, and what the shapes must know beside them into a store of their own."""
    triples = (ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    store = ox.Store()
    store.bulk_extend(chain(background(), islice(triples, _MOST_IN_MEMORY)))
    following = next(triples, None)
    if following is None:
        return store
    large = ox.Store(folder)
    large.bulk_extend(store)
    del store
    rest = chain([following], triples)
    while batch := list(islice(rest, _BATCH)):
        large.bulk_extend(batch)
    return large


def findings_of(store: ox.Store, checks: Iterable[Check]) -> Iterator[Finding]:
    """Yield what breaks shapes in the default graph of a store; what several rows say is yielded several times."""
    for check in checks:
        queries = check.selects
        if _ask(store, check.screen):
            queries = (*check.queries, *queries)
        for query in queries:
            yield from _findings(store, query, check.shape)


def _findings(store: ox.Store, query: Query, target: Shape) -> Iterator[Finding]:
    solutions = store.query(query.select)
    assert isinstance(solutions, ox.QuerySolutions), "a constraint is a SELECT"
    names = {variable.value for variable in solutions.variables}
    for row in solutions:
        focus, value = row["this"], row["value"] if "value" in names else None
        if focus is None:
            raise ValidationError(f"a constraint does not bind $this: {query.select}", "a pattern with $this")
        path, own = row["path"] if "path" in names else None, query.shape.path
        for message in query.messages:
            yield Finding(
                _show(focus),
                path.value if isinstance(path, ox.NamedNode) else own.name if own else "",
                _filled(message, row, names),
                _show(value),
                str(target.node),
                str(query.component),
                str(query.shape.severity),
                (focus, value),
                None if isinstance(path, ox.NamedNode) else own,
            )


def _filled(message: str, row: ox.QuerySolution, names: set[str]) -> str:
    """Put values into a message that names variables (SHACL, 5.3.2)."""
    if "{" not in message:
        return message
    return re.sub(r"\{[?$](\w+)\}", lambda match: _show(row[match[1]]) if match[1] in names else match[0], message)


def _ask(store: ox.Store, query: str) -> bool:
    return bool(store.query(query))


def _show(term: Term | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)
