"""Writes ``vocabulary.ttl`` and ``envelopes.ttl`` from the tables: ``python -m ontology.build``.

Conventions
-----------
One ``skos:ConceptScheme`` per author, never merged: terms of different authors are tied by SKOS mapping properties.
Observable properties are in a scheme of their own. A measurement rule is a node ``acv:rule/<concept>`` with one
``acm:Condition`` per property. Every node has an IRI; there are no blank nodes.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS, SOSA, XSD

from ontology.build_envelopes import build_envelopes
from ontology.envelopes import load_envelopes
from ontology.errors import VocabularyError
from ontology.terms import ACM, ACV, PREFIXES
from ontology.vocabulary import FOLDER, Concept, ObservableProperty, Rule, Vocabulary, load_vocabulary

__all__ = ["build", "main", "turtle"]

_ACV = Namespace(ACV)
_ONTOLOGY = URIRef(ACM.NS.rstrip("#"))
_AUTHORS = URIRef("https://w3id.org/acousma/authors")
_VERSION = "0.1"

SCHEMES = {
    "polyakov": "Descriptors after Polyakov 2024",
    "smalley-framework": "Smalley: framework of spectromorphology",
    "smalley-spectral-typology": "Smalley: spectral typology",
    "smalley-morphology": "Smalley: morphology",
    "smalley-structural-function": "Smalley: structural functions",
    "smalley-motion-growth": "Smalley: motion and growth processes",
    "smalley-characteristic-motion": "Smalley: characteristic motions",
    "smalley-texture-motion": "Smalley: texture motion",
    "smalley-behaviour": "Smalley: behaviour",
    "smalley-spectral-space": "Smalley: spectral space",
    "smalley-spectral-density": "Smalley: spectral density",
    "smalley-spatiomorphology": "Smalley: spatiomorphology",
    "smalley-space-form": "Smalley: space-form",
    "smalley-indicative-fields": "Smalley: indicative fields",
    "schaeffer-typology": "Schaeffer: typology of sound objects",
    "schaeffer-morphology": "Schaeffer: morphological criteria",
    "schaeffer-listening": "Schaeffer: modes of listening",
    "schaeffer-dataset": "Label groups of the SCHAEFFER data set",
    "thoresen-aural-sonology": "Thoresen: aural sonology",
    "peeters-deruty-profiles": "Peeters and Deruty: morphological profiles",
    "mim-ust": "MIM: temporal semiotic units",
    "emmerson-language-grid": "Emmerson: language grid",
    "blackburn": "Blackburn: sound units and words",
    "acousma": "Acousma: measured descriptors and data model",
}
"""Title of each concept scheme, by the id in the table's column ``scheme``."""

_PROPERTIES = URIRef(ACV + "scheme/observable-properties")


def build(vocabulary: Vocabulary) -> Graph:
    """Return the vocabulary, its observable properties and its rules as RDF.

    Parameters
    ----------
    vocabulary : Vocabulary

    Returns
    -------
    rdflib.Graph
        Without blank nodes.
    """
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    for id_, title in SCHEMES.items():
        _scheme(graph, URIRef(f"{ACV}scheme/{id_}"), title)
    _scheme(graph, _PROPERTIES, "Observable properties of sound")
    for concept in vocabulary.concepts.values():
        if concept.scheme not in SCHEMES:
            raise VocabularyError(
                f"{concept.id} is in the scheme {concept.scheme!r}", "one of " + ", ".join(SCHEMES), "correct its row"
            )
        _concept(graph, concept, vocabulary)
    for observable in vocabulary.properties.values():
        _property(graph, observable)
    for rule in vocabulary.rules.values():
        _rule(graph, rule)
    return graph


def _scheme(graph: Graph, scheme: URIRef, title: str) -> None:
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    graph.add((scheme, DCTERMS.title, Literal(title, "en")))
    graph.add((scheme, RDFS.label, Literal(title, "en")))
    graph.add((scheme, DCTERMS.creator, _AUTHORS))
    graph.add((scheme, DCTERMS.license, URIRef("https://creativecommons.org/licenses/by/4.0/")))
    graph.add((scheme, DCTERMS.hasVersion, Literal(_VERSION)))


def _concept(graph: Graph, concept: Concept, vocabulary: Vocabulary) -> None:
    node, scheme = _ACV[concept.id], URIRef(f"{ACV}scheme/{concept.scheme}")
    graph.add((node, RDF.type, SKOS.Concept))
    graph.add((node, SKOS.inScheme, scheme))
    graph.add((node, RDFS.isDefinedBy, scheme))
    for language, label in concept.label.items():
        graph.add((node, SKOS.prefLabel, Literal(label, language)))
    for label in concept.alternatives:
        if label not in concept.label.values():
            graph.add((node, SKOS.altLabel, Literal(label, "en")))
    graph.add((node, SKOS.definition, Literal(concept.definition, "en")))
    graph.add((node, DCTERMS.source, Literal(concept.source)))
    graph.add((node, _term(ACM.measurable), Literal(concept.measurable)))
    graph.add((node, _term(ACM.sourceChecked), Literal(concept.source_checked)))
    for predicate, text in ((ACM.measureHint, concept.measure_hint), (ACM.polyakovCategory, concept.category)):
        if text:
            graph.add((node, _term(predicate), Literal(text)))
    if concept.notes:
        graph.add((node, SKOS.note, Literal(concept.notes, "en")))
    parent = vocabulary.concepts[concept.parent] if concept.parent else None
    if parent:
        graph.add((node, SKOS.broader, _ACV[parent.id]))
        graph.add((_ACV[parent.id], SKOS.narrower, node))
    if parent is None or parent.scheme != concept.scheme:
        graph.add((node, SKOS.topConceptOf, scheme))
        graph.add((scheme, SKOS.hasTopConcept, node))
    for kind, target in concept.mappings:
        graph.add((node, SKOS[kind], _ACV[target]))


def _property(graph: Graph, observable: ObservableProperty) -> None:
    node = _ACV[observable.id]
    for type_ in (SKOS.Concept, SOSA.ObservableProperty):
        graph.add((node, RDF.type, type_))
    graph.add((node, SKOS.inScheme, _PROPERTIES))
    graph.add((node, SKOS.topConceptOf, _PROPERTIES))
    graph.add((_PROPERTIES, SKOS.hasTopConcept, node))
    graph.add((node, RDFS.isDefinedBy, _PROPERTIES))
    graph.add((node, SKOS.prefLabel, Literal(observable.label, "en")))
    graph.add((node, SKOS.definition, Literal(observable.definition, "en")))
    graph.add((node, DCTERMS.source, Literal(observable.source)))
    graph.add((node, _term(ACM.measureHint), Literal(observable.method)))
    graph.add((node, _term(ACM.ucumUnit), Literal(observable.unit)))
    graph.add((node, _term(ACM.scale), Literal(observable.scale)))
    if observable.mapping:
        graph.add((node, SKOS.closeMatch, URIRef(observable.mapping)))


def _rule(graph: Graph, rule: Rule) -> None:
    node = URIRef(f"{ACV}rule/{rule.concept}")
    graph.add((node, RDF.type, _term(ACM.Rule)))
    graph.add((node, _term(ACM.decides), _ACV[rule.concept]))
    graph.add((node, _term(ACM.aspect), _ACV[rule.aspect]))
    for kind in rule.spans:
        graph.add((node, _term(ACM.appliesTo), _ACV[kind]))
    for condition in rule.conditions:
        part = URIRef(f"{node}/{condition.property}")
        graph.add((node, _term(ACM.condition), part))
        graph.add((part, RDF.type, _term(ACM.Condition)))
        graph.add((part, SOSA.observedProperty, _ACV[condition.property]))
        graph.add((part, DCTERMS.source, Literal(condition.source)))
        numbers = ((ACM.minimum, condition.minimum), (ACM.maximum, condition.maximum), (ACM.margin, condition.margin))
        for predicate, number in numbers:
            if number is not None:
                graph.add((part, _term(predicate), Literal(Decimal(repr(number)), datatype=XSD.decimal)))


def _term(iri: str) -> URIRef:
    return URIRef(iri)


def turtle(graph: Graph) -> str:
    """Write a graph as Turtle, always in the same order."""
    return graph.serialize(format="longturtle")


def main(arguments: Iterable[str] = ()) -> None:
    """Write ``vocabulary.ttl`` (or the file given), and ``envelopes.ttl`` beside it."""
    target = Path(next(iter(arguments), FOLDER / "vocabulary.ttl"))
    target.write_text(turtle(build(load_vocabulary())), encoding="utf-8")
    target.with_name("envelopes.ttl").write_text(turtle(build_envelopes(load_envelopes())), encoding="utf-8")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
