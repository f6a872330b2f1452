"""Nanopublications: one claim, description or review each, with where it comes from and who publishes it.

Conventions
-----------
A nanopublication has the IRI of its annotation with ``nanopub`` for the first part of the path, and four graphs below
it: ``#Head``, ``#assertion`` (the annotation, its target and its body), ``#provenance`` (who says it, by which run and
on what grounds) and ``#pubinfo``. They are not signed: signing is for whoever publishes them. The same statement gives
the same bytes.

Source
------
Nanopublication Guidelines, 4 March 2024, clauses 3 to 6 (http://nanopub.net/guidelines/working_draft/).
"""

from collections.abc import Iterator

import pyoxigraph as ox

from export.material import Material
from export.options import Options, software_version
from ontology.errors import InputError, UnknownName
from ontology.export_terms import NP
from ontology.mint import Minter
from ontology.terms import ACM, DCTERMS, FOAF, OA, PREFIXES, PROV, RDF
from store import Store

__all__ = ["as_trig", "nanopublication", "spoken", "write"]

_SPOKEN = f"""SELECT DISTINCT ?s ?p ?o WHERE {{
  {{ GRAPH ?g {{ ?_it ?p ?o }} BIND(?_it AS ?s) }}
  UNION {{ GRAPH ?g {{ ?_it <{OA.hasBody}>|<{OA.hasTarget}> ?s . ?s ?p ?o }} }}
  UNION {{ GRAPH ?g {{ ?_it <{OA.hasTarget}> ?target . ?target <{OA.hasSelector}> ?s . ?s ?p ?o }} }}
}} ORDER BY ?s ?p ?o"""
_MADE = f"""SELECT DISTINCT ?s ?p ?o WHERE {{
  {{ GRAPH ?g {{ ?_it <{DCTERMS.creator}>|<{PROV.wasGeneratedBy}> ?s . ?s ?p ?o }}
     FILTER(?p IN (<{RDF.type}>, <{FOAF.name}>, <{DCTERMS.hasVersion}>, <{PROV.wasAssociatedWith}>, <{PROV.used}>,
       <{PROV.startedAtTime}>, <{ACM.envelope}>)) }}
}} ORDER BY ?s ?p ?o"""

_SOURCES = {
    DCTERMS.creator: PROV.wasAttributedTo, PROV.wasGeneratedBy: PROV.wasGeneratedBy,
    PROV.wasDerivedFrom: PROV.wasDerivedFrom, ACM.basedOn: PROV.wasDerivedFrom,
    DCTERMS.created: PROV.generatedAtTime,
}  # fmt: skip
"""What is said of an annotation that is provenance of the assertion."""


def _triples(store: Store, text: str, it: ox.NamedNode) -> Iterator[ox.Triple]:
    for subject, predicate, value in store.rows(text, {"_it": it}).rows:
        assert isinstance(subject, ox.NamedNode | ox.BlankNode) and isinstance(predicate, ox.NamedNode)
        assert value is not None, "every variable is bound"
        yield ox.Triple(subject, predicate, value)


def spoken(store: Store, annotation: str) -> list[ox.Triple]:
    """Return what is said of an annotation, its target and its body.

    Raises
    ------
    UnknownName
        If the archive has no such annotation.
    """
    it = ox.NamedNode(annotation)
    found = list(_triples(store, _SPOKEN, it))
    if not any(one.subject == it and one.object == ox.NamedNode(OA.Annotation) for one in found):
        raise UnknownName(f"{annotation} is no annotation of this archive", "the IRI of a claim, description or review")
    return found


def nanopublication(store: Store, annotation: str, minter: Minter) -> list[ox.Quad]:
    """Return the quads of the nanopublication of an annotation.

    Parameters
    ----------
    store : Store
    annotation : str
        IRI of a claim, a description or an assessment.
    minter : Minter

    Raises
    ------
    UnknownName
        If the archive has no such annotation.
    """
    it = ox.NamedNode(annotation)
    said = spoken(store, annotation)
    root = minter.nanopublication(annotation)
    head, assertion, provenance, published = (
        ox.NamedNode(f"{root}#{name}") for name in ("Head", "assertion", "provenance", "pubinfo")
    )
    np, type_ = ox.NamedNode(root), ox.NamedNode(RDF.type)
    quads = [ox.Quad(np, type_, ox.NamedNode(NP.Nanopublication), head)]
    parts = ((NP.hasAssertion, assertion), (NP.hasProvenance, provenance), (NP.hasPublicationInfo, published))
    quads += [ox.Quad(np, ox.NamedNode(name), graph, head) for name, graph in parts]
    created = None
    for one in said:
        source = _SOURCES.get(one.predicate.value) if one.subject == it else None
        if source is None:
            quads.append(ox.Quad(one.subject, one.predicate, one.object, assertion))
        else:
            quads.append(ox.Quad(assertion, ox.NamedNode(source), one.object, provenance))
        if one.subject == it and one.predicate.value == DCTERMS.created:
            created = one.object
    quads += [ox.Quad(one.subject, one.predicate, one.object, provenance) for one in _triples(store, _MADE, it)]
    quads.append(ox.Quad(np, ox.NamedNode(PROV.wasDerivedFrom), it, published))
    if created is not None:
        quads.append(ox.Quad(np, ox.NamedNode(DCTERMS.created), created, published))
    software = ox.NamedNode(f"https://w3id.org/acousma/software/{software_version()}")
    quads += [
        ox.Quad(np, ox.NamedNode(PROV.wasAttributedTo), software, published),
        ox.Quad(software, type_, ox.NamedNode(PROV.SoftwareAgent), published),
        ox.Quad(software, ox.NamedNode(FOAF.name), ox.Literal(f"Acousma {software_version()}"), published),
    ]
    return list(dict.fromkeys(quads))


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a nanopublication for each annotation of a recording and each review of one, as N-Quads.

    Raises
    ------
    InputError
        Without a store.
    """
    if options.nanopub is None:
        raise InputError("nanopublications were asked for without a store", "Options.nanopub")
    notes.append("the nanopublications are not signed: sign them with your own key before you publish them")
    for one in material.annotations:
        for iri in (one.iri, *(judged.iri for judged in one.assessments)):
            yield "".join(f"{quad} .\n" for quad in options.nanopub(iri)).encode()


def as_trig(quads: list[ox.Quad]) -> bytes:
    """Return a nanopublication as TriG."""
    prefixes = {**PREFIXES, "np": NP.NS}
    return ox.serialize(quads, format=ox.RdfFormat.TRIG, prefixes=prefixes) or b""
