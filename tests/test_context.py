"""The JSON-LD context stands alone, agrees with that of Web Annotation, and loses nothing either way."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import pytest
from rdflib import Graph, Literal, URIRef

from ontology.mint import concept
from ontology.terms import PREFIXES
from ontology.vocabulary import FOLDER
from tests.graphs import ANNA, KIEFERNWALD, LISTENER, MINTER, claim_iri, make_run, small_graph

CONTEXT: dict[str, Any] = json.loads((FOLDER / "context.jsonld").read_text(encoding="utf-8"))["@context"]

# https://www.w3.org/ns/anno.jsonld, of 2017
WEB_ANNOTATION = {
    "id": "@id",
    "type": "@type",
    "Annotation": "oa:Annotation",
    "SpecificResource": "oa:SpecificResource",
    "FragmentSelector": "oa:FragmentSelector",
    "TextualBody": "oa:TextualBody",
    "assessing": "oa:assessing",
    "classifying": "oa:classifying",
    "describing": "oa:describing",
    "target": {"@type": "@id", "@id": "oa:hasTarget"},
    "body": {"@type": "@id", "@id": "oa:hasBody"},
    "source": {"@type": "@id", "@id": "oa:hasSource"},
    "selector": {"@type": "@id", "@id": "oa:hasSelector"},
    "motivation": {"@type": "@vocab", "@id": "oa:motivatedBy"},
    "created": {"@id": "dcterms:created", "@type": "xsd:dateTime"},
    "creator": {"@type": "@id", "@id": "dcterms:creator"},
    "conformsTo": {"@type": "@id", "@id": "dcterms:conformsTo"},
    "value": "rdf:value",
    "name": "foaf:name",
}


def quads_of(*subjects: str) -> set[ox.Triple]:
    """Return what the small graph says of these subjects, or all it says."""
    quads = ox.parse(small_graph().encode(), ox.RdfFormat.N_QUADS)
    return {
        q.triple for q in quads if not subjects or (isinstance(q.subject, ox.NamedNode) and q.subject.value in subjects)
    }


def from_json(document: dict[str, Any]) -> set[ox.Triple]:
    text = json.dumps({"@context": CONTEXT} | document)
    return {quad.triple for quad in ox.parse(text.encode(), ox.RdfFormat.JSON_LD)}


def to_json(triples: Iterable[ox.Triple]) -> list[dict[str, Any]]:
    graph = Graph()
    for triple in triples:
        graph.add((_rdflib(triple.subject), _rdflib(triple.predicate), _rdflib(triple.object)))
    document = json.loads(graph.serialize(format="json-ld", context=CONTEXT))
    nodes: list[dict[str, Any]] = document.get("@graph", [document])
    return nodes


def _rdflib(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> URIRef | Literal:
    if isinstance(term, ox.Literal):
        return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
    assert isinstance(term, ox.NamedNode), "no blank nodes in stored data"
    return URIRef(term.value)


CLAIM = claim_iri(KIEFERNWALD, LISTENER, 4.0, 12.0, "iterativeMotion")
RUN = MINTER.run(MINTER.run_id(make_run(KIEFERNWALD, LISTENER)))
SPAN = f"{MINTER.base}span/{KIEFERNWALD.recording.id}/4000-12000"

WRITTEN = {
    "id": CLAIM,
    "type": ["Annotation", "Claim"],
    "motivation": "classifying",
    "creator": MINTER.agent(LISTENER),
    "created": "2026-03-01T11:00:00Z",
    "wasGeneratedBy": RUN,
    "aspect": concept("continuityDiscontinuity"),
    "body": concept("iterativeMotion"),
    "confidence": "0.500",
    "confidenceKind": concept("ruleMargin"),
    "target": {
        "id": SPAN,
        "type": ["SpecificResource", "Interval", "Span"],
        "source": MINTER.recording(KIEFERNWALD.recording.id),
        "timeline": MINTER.timeline(KIEFERNWALD.recording.id),
        "startSeconds": "4.000",
        "endSeconds": "12.000",
        "selector": {
            "id": f"{SPAN}/selector",
            "type": "FragmentSelector",
            "conformsTo": "http://www.w3.org/TR/media-frags/",
            "value": "t=4,12",
        },
    },
}
"""A claim as a person would write it in JSON-LD. Decimals are text: a JSON number would become a double."""


def test_a_claim_written_in_json_is_the_claim_in_the_store() -> None:
    assert from_json(WRITTEN) == quads_of(CLAIM, SPAN, f"{SPAN}/selector")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_another_processor_reads_the_same() -> None:
    text = json.dumps({"@context": CONTEXT} | WRITTEN)
    theirs = Graph().parse(data=text, format="json-ld")
    ours = Graph()
    for triple in from_json(WRITTEN):
        ours.parse(data=f"{triple} .", format="nt")
    assert set(theirs) == set(ours)


def test_a_claim_in_the_store_is_written_in_json_with_the_same_words() -> None:
    nodes = {node["id"]: node for node in to_json(quads_of(CLAIM, SPAN, f"{SPAN}/selector"))}
    claim, span = nodes[CLAIM], nodes[SPAN]
    assert claim | {"type": sorted(claim["type"])} == WRITTEN | {"target": SPAN}
    assert span["startSeconds"] == "4.000"
    assert nodes[f"{SPAN}/selector"]["value"] == "t=4,12"


def test_all_data_come_back_from_json_unchanged() -> None:
    assert from_json({"@graph": to_json(quads_of())}) == quads_of()


def test_every_property_and_class_of_the_data_has_a_word_of_its_own() -> None:
    nodes = to_json(quads_of())
    types = (node["type"] for node in nodes if "type" in node)
    words = {key for node in nodes for key in node}
    words |= {word for type_ in types for word in ([type_] if isinstance(type_, str) else type_)}
    assert {word for word in words if ":" in word} == {"dcterms:rights", "dcterms:source"}


def test_the_context_needs_no_other() -> None:
    assert not re.search(r'"@(import|base)"', json.dumps(CONTEXT))
    assert all(not isinstance(value, list) for value in CONTEXT.values())


def test_its_prefixes_are_those_of_acousma() -> None:
    prefixes = {key: value for key, value in CONTEXT.items() if isinstance(value, str) and value.startswith("http")}
    assert prefixes.items() <= PREFIXES.items()


@pytest.mark.parametrize(("word", "meaning"), WEB_ANNOTATION.items())
def test_a_word_of_web_annotation_keeps_its_meaning(word: str, meaning: str | dict[str, str]) -> None:
    assert CONTEXT[word] == meaning


@pytest.mark.parametrize(
    "word", ["format", "language", "rights", "generator", "generated", "items", "purpose", "start", "end"]
)
def test_a_word_of_web_annotation_is_not_given_another_meaning(word: str) -> None:
    assert word not in CONTEXT


def test_a_person_is_written_with_name_and_type() -> None:
    (person,) = to_json(quads_of(MINTER.agent(ANNA)))
    assert person["type"] == "Person"
    assert person["name"] == "Anna Keller"
