"""What an archive says of a thing: its own statements, those of its parts, and what refers to it.

Conventions
-----------
A part is a node whose IRI goes on after that of the thing, as the selector of a span or the parameters of a run do, and
to which the thing refers. Statements are read from all graphs; equal ones count once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox
from fastapi import Request

from api.listing import plain
from api.protocol.service import Service
from api.rest.asking import ask, ask_by_line, values_of
from ontology.terms import ACM, DCTERMS, FOAF, MLS, MO, OA, PROV, RDFS
from store import Term as RdfTerm

__all__ = ["BACKWARDS", "MOST_BACK", "Thing", "exists", "names_of", "read_back", "read_thing"]

MOST_BACK = 60
"""Most things that a page lists as referring in the same way."""

BACKWARDS = (
    (MO.encodes, "Files"),
    ("http://purl.org/vocab/frbr/core#realization", "Works"),
    (PROV.used, "Runs that used it"),
    (PROV.wasAssociatedWith, "Runs"),
    (DCTERMS.creator, "Made by it"),
    (OA.hasTarget, "Annotations of it"),
    (ACM.basedOn, "What rests on it"),
    (PROV.wasDerivedFrom, "What was derived from it"),
    (OA.hasBody, "Annotations with this body"),
    (OA.hasSelector, "What it selects"),
    (MO.time, "Recordings of this length"),
    (MLS.hasInput, "Runs with this parameter"),
    (ACM.scoredOn, "Scores on it"),
    (ACM.envelope, "Agents"),
)  # fmt: skip
"""Properties that are followed backwards on a page, with a heading."""

_OWN = """SELECT DISTINCT ?s ?p ?o WHERE {
  { GRAPH ?g { ?_iri ?p ?o } BIND(?_iri AS ?s) }
  UNION { GRAPH ?g { ?_iri ?link ?s . FILTER(isIRI(?s) && STRSTARTS(STR(?s), ?_within)) ?s ?p ?o } }
} ORDER BY ?s ?p ?o"""

_NAMES = """SELECT DISTINCT ?thing ?name WHERE {{
  VALUES ?thing {{ {things} }}
  GRAPH ?g {{ ?thing <{name}>|<{title}>|<{label}> ?name }}
}} ORDER BY ?thing ?name"""


@dataclass(frozen=True)
class Thing:
    """What is said of a thing.

    Parameters
    ----------
    iri : str
    triples : tuple of Triple
        Its own statements and those of its parts.
    names : dict of str to str
        Names of the things these mention.
    """

    iri: str
    triples: tuple[ox.Triple, ...]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        """IRIs of its classes."""
        return frozenset(
            one.object.value
            for one in self.triples
            if one.subject == ox.NamedNode(self.iri)
            and one.predicate.value.endswith("ns#type")
            and isinstance(one.object, ox.NamedNode)
        )

    def values(self, property_: str) -> list[str]:
        """Return the values of a property, as text."""
        subject, predicate = ox.NamedNode(self.iri), ox.NamedNode(property_)
        return [plain(one.object) for one in self.triples if one.subject == subject and one.predicate == predicate]


async def exists(service: Service, request: Request, iri: str) -> bool:
    """Tell whether anything is said of an IRI, or in a graph of its name."""
    name = ox.NamedNode(iri)
    text = f"SELECT ?x WHERE {{ {{ {name} ?p ?x }} UNION {{ GRAPH {name} {{ ?x ?q ?y }} }} }} LIMIT 1"
    return bool((await ask(service, request, text)).rows)


async def read_thing(service: Service, request: Request, iri: str) -> Thing:
    """Return what is said of a thing; no statements if nothing is."""
    values: dict[str, RdfTerm] = {"_iri": ox.NamedNode(iri), "_within": ox.Literal(iri.rstrip("/") + "/")}
    triples = []
    for subject, predicate, value in (await ask(service, request, _OWN, values)).rows:
        assert isinstance(subject, ox.NamedNode | ox.BlankNode) and isinstance(predicate, ox.NamedNode)
        assert value is not None, "every variable is bound"
        triples.append(ox.Triple(subject, predicate, value))
    mentioned = [one.object.value for one in triples if isinstance(one.object, ox.NamedNode)]
    own = [other for other in mentioned if other.startswith(service.base)]
    return Thing(iri, tuple(triples), await names_of(service, request, own))


async def names_of(service: Service, request: Request, iris: Sequence[str]) -> dict[str, str]:
    """Return the names and titles of some things of the archive."""
    if not iris:
        return {}
    text = _NAMES.format(things=values_of(iris), name=FOAF.name, title=DCTERMS.title, label=RDFS.label)
    found: dict[str, str] = {}
    for row in await ask_by_line(service, request, text):
        found.setdefault(row["thing"], row["name"])
    return found


async def read_back(service: Service, request: Request, iri: str) -> dict[str, list[str]]:
    """Return what refers to a thing, by the property; one more than `MOST_BACK` where there are more.

    Measurements of a span and the spans of a recording are left out: a page would drown in them.
    """
    name = ox.NamedNode(iri)
    parts = " UNION ".join(
        f"{{ SELECT DISTINCT ?p ?s WHERE {{ BIND(<{property_}> AS ?p) GRAPH ?g {{ ?s <{property_}> {name} }}"
        f"{_shown(property_)} }} ORDER BY ?s LIMIT {MOST_BACK + 1} }}"
        for property_, _ in BACKWARDS
    )
    found: dict[str, list[str]] = {}
    for row in await ask_by_line(service, request, f"SELECT ?p ?s WHERE {{ {parts} }}"):
        found.setdefault(row["p"], []).append(row["s"])
    return found


def _shown(property_: str) -> str:
    """Leave out what a page shows in another way."""
    if property_ == DCTERMS.creator:
        return f" FILTER NOT EXISTS {{ ?s a <{OA.Annotation}> }}"
    return ""
