"""An annotation that was sent, as its graph holds it.

Conventions
-----------
- An annotation has a named graph of its own: what it says, and a note of the server (an ``ldp:RDFSource``) that says
  when it came and changed, which version it is, and whose token sent it.
- What it said before is kept in a second graph, its history: as quoted text (``prov:value``), not as statements, so
  that no query takes it for what is said now.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from ontology.jsonld import Json
from ontology.mint import Minter
from ontology.terms import DC, DCTERMS, FOAF, LDP, OWL, PROV, RDF, XSD
from store.changes import graph_digest

__all__ = ["EDITOR", "VERSION", "State", "is_said", "stamp", "state_of", "version_of", "whole"]

VERSION = OWL.NS + "versionInfo"
"""Number of the state of an annotation, from 1."""

EDITOR = DCTERMS.NS + "contributor"
"""Whoever changed an annotation last."""

_FORMAT = DC.NS + "format"


@dataclass(frozen=True)
class State:
    """An annotation as it stands.

    Parameters
    ----------
    name : str
        Its name below the container of all.
    iri, graph : str
        Of the annotation, and of its graph.
    triples : tuple of Triple
        What it says.
    note : Mapping of str to str
        What the server notes of it, by IRI of the property.
    digest : str
        Of the whole graph.
    """

    name: str
    iri: str
    graph: str
    triples: tuple[ox.Triple, ...]
    note: Mapping[str, str]
    digest: str

    def values(self, property_: str) -> set[str]:
        """Return the values of a property of the annotation."""
        found = (one.object for one in self.triples if is_said(one, self.iri, property_))
        return {term.value for term in found if isinstance(term, ox.NamedNode | ox.Literal)}


def state_of(minter: Minter, graph: str, triples: list[ox.Triple]) -> State:
    """Return what a graph holds: the annotation, and the note of the server."""
    name = graph.removeprefix(minter.contribution_graph(""))
    own = ox.NamedNode(graph)
    note = {
        one.predicate.value: one.object.value
        for one in triples
        if one.subject == own and isinstance(one.object, ox.NamedNode | ox.Literal)
    }
    digest = graph_digest((one.subject, one.predicate, one.object) for one in triples)
    kept = tuple(one for one in triples if one.subject != own)
    return State(name, minter.contribution(name), graph, kept, note, digest)


def whole(state: State) -> list[ox.Triple]:
    """Return what the graph of a state holds, the note of the server included."""
    graph = ox.NamedNode(state.graph)
    told = [
        ox.Triple(graph, ox.NamedNode(RDF.type), ox.NamedNode(LDP.RDFSource)),
        ox.Triple(graph, ox.NamedNode(FOAF.primaryTopic), ox.NamedNode(state.iri)),
    ]
    for property_, value in state.note.items():
        if property_ in (DCTERMS.issued, DCTERMS.modified):
            told.append(stamp(state.graph, property_, value))
        elif property_ == VERSION:
            told.append(ox.Triple(graph, ox.NamedNode(property_), ox.Literal(int(value))))
        elif property_ in (PROV.wasAttributedTo, EDITOR):
            told.append(ox.Triple(graph, ox.NamedNode(property_), ox.NamedNode(value)))
    return [*state.triples, *told]


def version_of(state: State, document: dict[str, Json], moment: str) -> list[ox.Triple]:
    """Return what the history says of a state that ends."""
    node = f"{state.iri}#version-{state.note.get(VERSION, '1')}"
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    pairs: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        (RDF.type, ox.NamedNode(PROV.Entity)),
        (PROV.specializationOf, ox.NamedNode(state.iri)),
        (PROV.value, ox.Literal(text)),
        (_FORMAT, ox.Literal("application/ld+json")),
        (PROV.invalidatedAtTime, _time(moment)),
    ]
    if DCTERMS.modified in state.note:
        pairs.append((PROV.generatedAtTime, _time(state.note[DCTERMS.modified])))
    writer = state.note.get(EDITOR, state.note.get(PROV.wasAttributedTo))
    if writer is not None:
        pairs.append((PROV.wasAttributedTo, ox.NamedNode(writer)))
    return [ox.Triple(ox.NamedNode(node), ox.NamedNode(property_), value) for property_, value in pairs]


def is_said(one: ox.Triple, iri: str, property_: str) -> bool:
    """Tell whether a triple is about an IRI and has a property."""
    return one.predicate.value == property_ and one.subject == ox.NamedNode(iri)


def _time(moment: str) -> ox.Literal:
    return ox.Literal(moment, datatype=ox.NamedNode(XSD.NS + "dateTime"))


def stamp(iri: str, property_: str, moment: str) -> ox.Triple:
    """Say when something was."""
    return ox.Triple(ox.NamedNode(iri), ox.NamedNode(property_), _time(moment))
