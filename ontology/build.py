"""Writes the Turtle files from the tables: ``python -m ontology.build [--tables FOLDER] [--into FOLDER]``.

Conventions
-----------
One ``skos:ConceptScheme`` per author, never merged: terms of different authors are tied by SKOS mapping properties.
Observable properties are in a scheme of their own. A measurement rule is a node ``acv:rule/<concept>`` with one
``acm:Condition`` per property, a scale a collection ``acv:scale/<id>`` with one ``acm:Step`` per concept: an ordered
collection of SKOS would need an RDF list, which OWL 2 DL keeps for itself. Every node has an IRI; there are no blank
nodes. The file is written whole or not at all.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SKOS, SOSA, XSD

from ontology.build_envelopes import build_envelopes
from ontology.editorial import Change
from ontology.envelopes import load_envelopes
from ontology.errors import MappingError, VocabularyError
from ontology.mappings import load_mappings, mappings_graph
from ontology.scales import Scale
from ontology.schemes import SCHEMES
from ontology.terms import ACM, ACV, PREFIXES
from ontology.thresholds import PRECONDITIONS, limits
from ontology.vocabulary import FOLDER, Concept, Condition, ObservableProperty, Rule, Vocabulary, load_vocabulary

__all__ = ["build", "main", "published", "turtle"]

_ACV = Namespace(ACV)
_ONTOLOGY = URIRef(ACM.NS.rstrip("#"))
_AUTHORS = URIRef("https://w3id.org/acousma/authors")
_OWN_SCHEME = URIRef(f"{ACV}scheme/acousma")
_VERSION = "0.1"

_PROPERTIES = URIRef(ACV + "scheme/observable-properties")


def build(vocabulary: Vocabulary) -> Graph:
    """Return the vocabulary, its observable properties, rules, scales and changes as RDF.

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
        _concept(graph, concept, vocabulary)
    for observable in vocabulary.properties.values():
        _property(graph, observable)
    for rule in vocabulary.rules.values():
        _rule(graph, rule, vocabulary)
    for scale in vocabulary.scales.values():
        _scale(graph, scale)
    for change in vocabulary.changes:
        _change(graph, change)
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
        if language in concept.unreviewed:
            graph.add((node, _term(ACM.unreviewedLabel), Literal(label, language)))
    for label, language in concept.alternatives:
        if label not in concept.label.values():
            graph.add((node, SKOS.altLabel, Literal(label, language)))
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


def _rule(graph: Graph, rule: Rule, vocabulary: Vocabulary) -> None:
    node = URIRef(f"{ACV}rule/{rule.concept}")
    graph.add((node, RDF.type, _term(ACM.Rule)))
    graph.add((node, _term(ACM.decides), _ACV[rule.concept]))
    graph.add((node, _term(ACM.aspect), _ACV[rule.aspect]))
    for kind in rule.spans:
        graph.add((node, _term(ACM.appliesTo), _ACV[kind]))
    for condition in rule.conditions:
        part = URIRef(f"{node}/{condition.property}")
        graph.add((node, _term(ACM.condition), part))
        _condition(graph, part, condition, vocabulary.properties[condition.property])


def _condition(graph: Graph, node: URIRef, condition: Condition, observed: ObservableProperty) -> None:
    graph.add((node, RDF.type, _term(ACM.Condition)))
    if condition.property in PRECONDITIONS:
        graph.add((node, RDF.type, _term(ACM.Precondition)))
    graph.add((node, SOSA.observedProperty, _ACV[condition.property]))
    graph.add((node, DCTERMS.source, Literal(condition.source)))
    derived = limits(condition, observed)
    numbers = (
        (ACM.minimum, condition.minimum),
        (ACM.maximum, condition.maximum),
        (ACM.margin, condition.margin),
        (ACM.supportsAbove, derived.supports_above),
        (ACM.supportsBelow, derived.supports_below),
        (ACM.contradictsBelow, derived.contradicts_below),
        (ACM.contradictsAbove, derived.contradicts_above),
    )
    for predicate, number in numbers:
        if number is not None:
            exact = number if isinstance(number, Decimal) else Decimal(repr(number))
            graph.add((node, _term(predicate), Literal(exact, datatype=XSD.decimal)))


def _scale(graph: Graph, scale: Scale) -> None:
    node = URIRef(f"{ACV}scale/{scale.id}")
    for type_ in (_term(ACM.Scale), SKOS.Collection):
        graph.add((node, RDF.type, type_))
    graph.add((node, RDFS.isDefinedBy, _OWN_SCHEME))
    graph.add((node, SKOS.prefLabel, Literal(scale.label, "en")))
    graph.add((node, SKOS.definition, Literal(scale.definition, "en")))
    for term in scale.terms:
        graph.add((node, _term(ACM.scaleOf), _ACV[term]))
    graph.add((node, _term(ACM.lowPole), _ACV[scale.low]))
    graph.add((node, _term(ACM.highPole), _ACV[scale.high]))
    for position, step in enumerate(scale.steps, 1):
        part = URIRef(f"{node}/{position}")
        graph.add((node, SKOS.member, _ACV[step.concept]))
        graph.add((node, _term(ACM.step), part))
        graph.add((node, DCTERMS.source, Literal(step.source)))
        graph.add((part, RDF.type, _term(ACM.Step)))
        graph.add((part, _term(ACM.position), Literal(position)))
        graph.add((part, _term(ACM.concept), _ACV[step.concept]))
        graph.add((part, DCTERMS.source, Literal(step.source)))


def _change(graph: Graph, change: Change) -> None:
    node = _ACV[change.term]
    note = f"{change.version}, {change.date.isoformat()}, {change.kind}: {change.note}"
    graph.add((node, SKOS.changeNote, Literal(note, "en")))
    if change.kind == "deprecated":
        graph.add((node, OWL.deprecated, Literal(True)))
    if change.replaced_by is not None:
        graph.add((node, DCTERMS.isReplacedBy, _ACV[change.replaced_by]))


def _term(iri: str) -> URIRef:
    return URIRef(iri)


def turtle(graph: Graph) -> str:
    """Write a graph as Turtle, always in the same order."""
    return graph.serialize(format="longturtle")


def published(tables: Path = FOLDER) -> dict[str, Graph]:
    """Return every graph that is made from tables, by the name of its file.

    Parameters
    ----------
    tables : Path
        Folder with the tables.

    Raises
    ------
    VocabularyError, MappingError
        If a row is faulty; the message names file, line and column.
    """
    vocabulary = load_vocabulary(tables)
    return {
        "vocabulary.ttl": build(vocabulary),
        "envelopes.ttl": build_envelopes(load_envelopes(tables)),
        "mappings.ttl": mappings_graph(load_mappings(vocabulary, tables / "mappings")),
    }


def main(arguments: Sequence[str] = ()) -> int:
    """Write the Turtle files from the tables; return the exit status.

    Parameters
    ----------
    arguments : sequence of str
        As typed in a shell.

    Returns
    -------
    int
        0, or 1 if a table is faulty or the folder cannot be written: then that is told on stderr and no file is
        touched.
    """
    parser = argparse.ArgumentParser(prog="python -m ontology.build", description="Write the Turtle of the vocabulary.")
    parser.add_argument("--tables", type=Path, default=FOLDER, metavar="FOLDER", help="folder with the tables")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER", help="folder to write to")
    asked = parser.parse_args(arguments)
    try:
        texts = {name: turtle(graph) for name, graph in published(asked.tables).items()}
    except (VocabularyError, MappingError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        _write(texts, asked.into)
    except OSError as error:
        sys.stderr.write(f"{asked.into} cannot be written ({error.strerror}). Expected: a folder that can be.\n")
        return 1
    return 0


def _write(texts: Mapping[str, str], folder: Path) -> None:
    """Write all files beside those that are there before the first is replaced."""
    with TemporaryDirectory(prefix=".build-", dir=folder) as beside:
        for name, text in texts.items():
            (Path(beside) / name).write_text(text, encoding="utf-8")
        for name in texts:
            (Path(beside) / name).replace(folder / name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
