"""A validation as RDF: the report of the SHACL standard (https://www.w3.org/TR/shacl/#validation-report).

Conventions
-----------
``sh:sourceShape`` is the shape with targets, which has a name; the property shapes below it have none. A report is an
answer and is not stored, so its results are blank nodes.
"""

from collections.abc import Iterable, Iterator
from typing import IO

import pyoxigraph as ox
from rdflib import URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from ontology.shapes import Path
from ontology.terms import PREFIXES
from ontology.validate import Finding

__all__ = ["FORMATS", "report_triples", "write_report"]

FORMATS = {"ttl": ox.RdfFormat.TURTLE, "json": ox.RdfFormat.JSON_LD}
"""The formats of a report by their short names."""

_REPORT = ox.BlankNode("report")


def write_report(findings: Iterable[Finding], file: IO[bytes], format_: str) -> None:
    """Write findings as a ``sh:ValidationReport``, each as it comes.

    Parameters
    ----------
    findings : iterable of Finding
    file : binary file
    format_ : str
        One of `FORMATS`.
    """
    prefixes = {**PREFIXES, "sh": str(SH)}
    ox.serialize(report_triples(findings), file, format=FORMATS[format_], prefixes=prefixes)


def report_triples(findings: Iterable[Finding]) -> Iterator[ox.Triple]:
    """Yield the triples of a report."""
    yield ox.Triple(_REPORT, _iri(RDF.type), _iri(SH.ValidationReport))
    conforms = True
    for number, finding in enumerate(findings, 1):
        conforms = False
        result = ox.BlankNode(f"result{number}")
        yield from _result(finding, result)
        yield ox.Triple(_REPORT, _iri(SH.result), result)
    yield ox.Triple(_REPORT, _iri(SH.conforms), ox.Literal(conforms))


def _result(finding: Finding, result: ox.BlankNode) -> Iterator[ox.Triple]:
    yield ox.Triple(result, _iri(RDF.type), _iri(SH.ValidationResult))
    focus, value = finding.terms
    if focus is not None:
        yield ox.Triple(result, _iri(SH.focusNode), focus)
    if finding.property_path is not None:
        yield from _path(finding.property_path, result)
    elif finding.path:
        yield ox.Triple(result, _iri(SH.resultPath), ox.NamedNode(finding.path))
    if value is not None:
        yield ox.Triple(result, _iri(SH.value), value)
    yield ox.Triple(result, _iri(SH.resultMessage), ox.Literal(finding.message))
    yield ox.Triple(result, _iri(SH.resultSeverity), ox.NamedNode(finding.severity))
    yield ox.Triple(result, _iri(SH.sourceConstraintComponent), ox.NamedNode(finding.component))
    if not finding.shape.startswith("_:"):
        yield ox.Triple(result, _iri(SH.sourceShape), ox.NamedNode(finding.shape))


def _path(path: Path, result: ox.BlankNode) -> Iterator[ox.Triple]:
    """Yield the path of a result; where it is more than a property, in blank nodes of the result's own."""
    subjects = dict.fromkeys(subject for subject, _, _ in path.triples)
    own = {node: ox.BlankNode(f"{result.value}path{number}") for number, node in enumerate(subjects)}

    def term(node: Node) -> ox.NamedNode | ox.BlankNode:
        return own.get(node) or ox.NamedNode(str(node))

    yield ox.Triple(result, _iri(SH.resultPath), term(path.node))
    for subject, predicate, object_ in path.triples:
        yield ox.Triple(term(subject), ox.NamedNode(str(predicate)), term(object_))


def _iri(iri: URIRef) -> ox.NamedNode:
    return ox.NamedNode(str(iri))
