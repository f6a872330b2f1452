"""What the page of the ontology says of each class and property."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from api.published.examples import use_of
from api.published.graph import ONTOLOGY, Published, Term
from api.published.shapes import sentences_of, shapes
from ontology.terms import DCTERMS, OWL, RDF, RDFS, SH, SKOS

__all__ = ["GROUPS", "ModelTerm", "external_terms", "header", "model_terms"]

GROUPS = (
    ("classes", "Classes", ("Class",)),
    ("object-properties", "Properties that lead to things", ("ObjectProperty",)),
    ("datatype-properties", "Properties with values", ("DatatypeProperty",)),
    ("other-properties", "Annotation properties", ("AnnotationProperty",)),
)
"""Anchor, title and OWL types of each group of terms."""

_CHARACTERS = {"FunctionalProperty": "at most one value", "TransitiveProperty": "transitive",
               "SymmetricProperty": "symmetric", "InverseFunctionalProperty": "names one thing"}  # fmt: skip
_CARDINALITIES = (
    ("cardinality", "exactly {}"), ("minCardinality", "at least {}"), ("maxCardinality", "at most {}"),
    ("qualifiedCardinality", "exactly {}"), ("minQualifiedCardinality", "at least {}"),
    ("maxQualifiedCardinality", "at most {}"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelTerm:
    """A class or a property of the ontology.

    Parameters
    ----------
    restrictions : tuple of (str, str)
        A property and in words how many values of it, or which, an instance has.
    properties : tuple of str
        For a class, the properties that it is the domain of or that its shape speaks of.
    example : str
        Turtle; empty if there is none.
    """

    iri: str
    label: str
    definition: str
    characters: tuple[str, ...]
    deprecated: bool
    notes: tuple[str, ...]
    sources: tuple[Term, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]
    domain: tuple[str, ...]
    range: tuple[str, ...]
    restrictions: tuple[tuple[str, str], ...]
    disjoint: tuple[str, ...]
    properties: tuple[str, ...]
    sentences: tuple[str, ...]
    example: str

    @property
    def name(self) -> str:
        """Its anchor on the page."""
        return self.iri.partition("#")[2]


def _members(published: Published, list_: Term) -> Iterator[str]:
    """Yield the IRIs of an RDF list."""
    while isinstance(list_, ox.BlankNode):
        yield from published.iris(list_, RDF.NS + "first")
        list_ = published.objects(list_, RDF.NS + "rest")[0]


@cache
def _disjoint(published: Published) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for triple in published.triples(None, OWL.NS + "members"):
        group = set(_members(published, triple.object))
        for iri in group:
            found.setdefault(iri, set()).update(group - {iri})
    return found


def _restrictions(published: Published, iri: str) -> Iterator[tuple[str, str]]:
    for above in published.objects(iri, RDFS.NS + "subClassOf"):
        for on in published.iris(above, OWL.NS + "onProperty") if isinstance(above, ox.BlankNode) else ():
            for name, words in _CARDINALITIES:
                number = published.text(above, OWL.NS + name)
                if number:
                    yield on, words.format("one" if number == "1" else number)
            for name, words in (("someValuesFrom", "some"), ("allValuesFrom", "only")):
                for value in published.iris(above, OWL.NS + name):
                    yield on, f"{words} {published.label(value)}"


def _term(published: Published, iri: str, types: set[str]) -> ModelTerm:
    above_kind = RDFS.NS + ("subClassOf" if OWL.NS + "Class" in types else "subPropertyOf")
    of_shape = {
        sentence.path
        for shape in shapes(published)
        if iri in shape.targets
        for sentence in shape.sentences
        if sentence.path
    }
    of_domain = set(published.subjects(RDFS.NS + "domain", iri))
    properties = sorted(of_shape | of_domain, key=lambda other: (published.short(other).casefold(), other))
    return ModelTerm(
        iri=iri,
        label=published.label(iri),
        definition=published.text(iri, SKOS.NS + "definition"),
        characters=tuple(words for name, words in _CHARACTERS.items() if OWL.NS + name in types),
        deprecated=published.text(iri, OWL.NS + "deprecated") in ("true", "1"),
        notes=tuple(text for name in ("note", "changeNote") for _, text in published.texts(iri, SKOS.NS + name)),
        sources=tuple(published.objects(iri, DCTERMS.source)),
        above=tuple(published.iris(iri, above_kind)),
        below=tuple(published.subjects(above_kind, iri)),
        domain=tuple(published.iris(iri, RDFS.NS + "domain")),
        range=tuple(published.iris(iri, RDFS.NS + "range")),
        restrictions=tuple(_restrictions(published, iri)),
        disjoint=tuple(sorted(_disjoint(published).get(iri, ()))),
        properties=tuple(properties) if OWL.NS + "Class" in types else (),
        sentences=tuple(sentences_of(published, iri)),
        example=use_of(published, iri),
    )


def model_terms(published: Published, kinds: tuple[str, ...]) -> list[ModelTerm]:
    """Return the ontology's own terms of some OWL types, by label."""
    wanted = {OWL.NS + kind for kind in kinds}
    found = [
        (iri, types)
        for type_ in wanted
        for iri in published.subjects(RDF.type, type_)
        if iri.startswith(ONTOLOGY + "#") and wanted & (types := published.types(iri))
    ]
    return sorted((_term(published, iri, types) for iri, types in found), key=lambda term: term.label.casefold())


def external_terms(published: Published) -> list[str]:
    """Return the terms of other vocabularies that the ontology declares, by their short name."""
    kinds = ("Class", "ObjectProperty", "DatatypeProperty")
    found = {iri for kind in kinds for iri in published.subjects(RDF.type, OWL.NS + kind)}
    others = {iri for iri in found if not iri.startswith((ONTOLOGY, SH.NS))}
    return sorted(others, key=lambda iri: published.short(iri).casefold())


def header(published: Published) -> dict[str, str]:
    """Return title, description, citation, licence, date and version of the ontology."""
    names = {
        "title": DCTERMS.title, "description": DCTERMS.description, "licence": DCTERMS.license,
        "created": DCTERMS.created, "modified": DCTERMS.NS + "modified",
        "citation": DCTERMS.NS + "bibliographicCitation", "version": OWL.NS + "versionInfo",
        "version_iri": OWL.NS + "versionIRI", "prefix": "http://purl.org/vocab/vann/preferredNamespacePrefix",
    }  # fmt: skip
    values = {name: published.objects(ONTOLOGY, predicate) for name, predicate in names.items()}
    return {name: str(getattr(found[0], "value", "")) if found else "" for name, found in values.items()}
