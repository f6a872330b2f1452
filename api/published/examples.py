"""Examples of use: a term in Turtle and a question in SPARQL.

Conventions
-----------
Turtle of a class or property is taken from the worked example (``example.ttl``), which a test validates against the
shapes, else from what is published. Questions hold their prefixes, so that they can be pasted into any client.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from api.published.graph import Published, node, serialise
from ontology.terms import ACM, PREFIXES, RDF

__all__ = [
    "EXAMPLE",
    "Use",
    "claim_in_turtle",
    "measurement_in_turtle",
    "question_of_claims",
    "question_of_mentions",
    "question_of_values",
    "turtle",
    "use_as_value",
    "use_of",
]


@dataclass(frozen=True, slots=True)
class Use:
    """An example of use and a question, each with the words that introduce it; the example may be empty."""

    example_words: str
    example: str
    question_words: str
    question: str


EXAMPLE = Path(__file__).parent / "example.ttl"
"""One claim with everything that belongs to it."""


def turtle(triples: Iterable[ox.Triple]) -> str:
    """Write statements as Turtle, types first, without the lines of prefixes."""
    text = serialise(triples, ox.RdfFormat.TURTLE, {"ex": "https://archive.example.org/"}).decode()
    return "\n".join(line for line in text.splitlines() if not line.startswith("@prefix")).strip()


@cache
def _example() -> ox.Store:
    store = ox.Store()
    store.bulk_load(path=str(EXAMPLE), format=ox.RdfFormat.TURTLE)
    return store


def use_of(published: Published, iri: str) -> str:
    """Return something of a class, or something with a property, as Turtle; empty if there is none."""
    for store in (_example(), published.store):
        as_class = store.quads_for_pattern(None, node(RDF.type), node(iri), None)
        found = sorted((quad.subject for quad in as_class), key=str)
        if found:
            return turtle({quad.triple for quad in store.quads_for_pattern(found[0], None, None, None)})
    for store in (_example(), published.store):
        used = sorted((quad.triple for quad in store.quads_for_pattern(None, node(iri), None, None)), key=_use_rank)
        if used:
            types = store.quads_for_pattern(used[0].subject, node(RDF.type), None, None)
            return turtle({used[0], *(quad.triple for quad in types)})
    return ""


def _use_rank(triple: ox.Triple) -> tuple[bool, int, str]:
    """Prefer the concept that the other examples use, then what is short."""
    text = str(triple)
    return (f"{PREFIXES['acv']}graduatedContinuant>" not in str(triple.subject), len(text), text)


def use_as_value(iri: str) -> str:
    """Return something of the worked example that has a term as a value, as Turtle; empty if there is none."""
    store = _example()
    found = sorted((quad.subject for quad in store.quads_for_pattern(None, None, node(iri), None)), key=str)
    if not found:
        return ""
    triples = {quad.triple for quad in store.quads_for_pattern(found[0], None, None, None)}
    text = turtle(triples)
    used = {"ex": "https://archive.example.org/", **{prefix: PREFIXES[prefix] for prefix in sorted(PREFIXES)}}
    lines = [f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in used.items() if f"{prefix}:" in text]
    return "\n".join([*lines, "", text])


def claim_in_turtle(concept: str, aspect: str) -> str:
    """Return a claim that a concept holds, as Turtle."""
    return f"""\
PREFIX acm: <{ACM.NS}>
PREFIX acv: <{PREFIXES["acv"]}>
PREFIX dcterms: <{PREFIXES["dcterms"]}>
PREFIX ex: <https://archive.example.org/>
PREFIX oa: <{PREFIXES["oa"]}>
PREFIX xsd: <{PREFIXES["xsd"]}>

ex:claim a oa:Annotation , acm:Claim ;
    oa:motivatedBy oa:classifying ;
    oa:hasTarget ex:span ;              # 32.4 s to 35.54 s of a recording
    acm:aspect {aspect} ;
    oa:hasBody {concept} ;
    acm:confidence 0.8 ;
    acm:confidenceKind acv:verbalisedConfidence ;
    dcterms:creator ex:listener ;
    dcterms:created "2026-03-01T10:00:00Z"^^xsd:dateTime ."""


def measurement_in_turtle(observable: str, value: str, unit: str) -> str:
    """Return an observation of a property, as Turtle."""
    return f"""\
PREFIX acm: <{ACM.NS}>
PREFIX acv: <{PREFIXES["acv"]}>
PREFIX ex: <https://archive.example.org/>
PREFIX sosa: <{PREFIXES["sosa"]}>

ex:observation a sosa:Observation ;
    sosa:hasFeatureOfInterest ex:span ;
    sosa:observedProperty {observable} ;
    sosa:hasSimpleResult {value} ;
    acm:ucumUnit "{unit}" ."""


def question_of_claims(concept: str) -> str:
    """Return the question where a concept, or a narrower one, is claimed, as SPARQL."""
    return f"""\
PREFIX acm: <{ACM.NS}>
PREFIX acv: <{PREFIXES["acv"]}>
PREFIX dcterms: <{PREFIXES["dcterms"]}>
PREFIX foaf: <{PREFIXES["foaf"]}>
PREFIX frbr: <{PREFIXES["frbr"]}>
PREFIX oa: <{PREFIXES["oa"]}>
PREFIX skos: <{PREFIXES["skos"]}>

SELECT DISTINCT ?title ?start ?end ?label ?confidence ?agent WHERE {{
  ?term skos:broader* {concept} ; skos:prefLabel ?label FILTER(LANG(?label) = "en")
  GRAPH ?run {{
    ?claim a acm:Claim ; oa:hasBody ?term ; acm:confidence ?confidence ;
           oa:hasTarget ?span ; dcterms:creator/foaf:name ?agent .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
  }}
  OPTIONAL {{ ?recording frbr:realizationOf/dcterms:title ?title }}
}} ORDER BY ?title ?start LIMIT 100"""


def question_of_mentions(concept: str) -> str:
    """Return the question of what a term is said, as SPARQL."""
    return f"""\
PREFIX acv: <{PREFIXES["acv"]}>

SELECT DISTINCT ?something ?property WHERE {{
  GRAPH ?graph {{ ?something ?property {concept} }}
}} LIMIT 100"""


def question_of_values(observable: str) -> str:
    """Return the question where a property was measured highest, as SPARQL."""
    return f"""\
PREFIX acm: <{ACM.NS}>
PREFIX acv: <{PREFIXES["acv"]}>
PREFIX dcterms: <{PREFIXES["dcterms"]}>
PREFIX frbr: <{PREFIXES["frbr"]}>
PREFIX oa: <{PREFIXES["oa"]}>
PREFIX sosa: <{PREFIXES["sosa"]}>

SELECT DISTINCT ?title ?start ?end ?value ?unit WHERE {{
  GRAPH ?run {{
    ?observation sosa:observedProperty {observable} ; sosa:hasSimpleResult ?value ;
                 acm:ucumUnit ?unit ; sosa:hasFeatureOfInterest ?span .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
  }}
  OPTIONAL {{ ?recording frbr:realizationOf/dcterms:title ?title }}
}} ORDER BY DESC(?value) LIMIT 100"""
