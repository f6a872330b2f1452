"""``acousma annotation``: one annotation as Web Annotation clients read it."""

import json
import sys

import pyoxigraph as ox

from api.settings import Settings
from ontology.errors import UnknownName
from ontology.jsonld import annotation
from ontology.terms import PREFIXES
from queries import answer
from store import Store, open_store

__all__ = ["find_annotation", "print_annotation"]


def find_annotation(store: Store, iri: str) -> list[ox.Triple]:
    """Return what a store says of an annotation, its target, its body and its creator.

    Parameters
    ----------
    store : Store
    iri : str
        IRI of a claim, description, measurement or assessment.

    Raises
    ------
    ParameterError
        If it is no IRI.
    UnknownName
        If no annotation of the store has this IRI.
    """
    found = []
    for subject, predicate, value in answer(store, "annotation", {"annotation": iri}).rows:
        assert isinstance(subject, ox.NamedNode), "no blank nodes in stored data"
        assert isinstance(predicate, ox.NamedNode), "a property has an IRI"
        assert isinstance(value, ox.NamedNode | ox.Literal), "no blank nodes in stored data"
        found.append(ox.Triple(subject, predicate, value))
    if not found:
        raise UnknownName(
            f"no annotation here has the IRI {iri}", "the IRI of a claim, a measurement or an assessment",
            "the column claim has them: acousma ask timeline --param work=TITLE --format csv",
        )  # fmt: skip
    return found


def print_annotation(settings: Settings, iri: str, format_: str) -> None:
    """Print one annotation in one of the formats ``jsonld`` and ``turtle``."""
    with open_store(settings.location, limits=settings.limits) as store:
        triples = find_annotation(store, iri)
    if format_ == "turtle":
        sys.stdout.write(_turtle(triples))
    else:
        sys.stdout.write(json.dumps(annotation(triples, iri), ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def _turtle(triples: list[ox.Triple]) -> str:
    """Write triples as Turtle with the prefixes they need, always in the same order."""
    written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
    assert written is not None, "without an output the text is returned"
    lines = [f"{line}\n" for line in written.decode("utf-8").rstrip("\n").split("\n")]
    body = "".join(line for line in lines if not line.startswith("@prefix "))
    needed = (line for line in lines if line.startswith("@prefix ") and line.split()[1] in body)
    return "".join((*sorted(needed), "\n", body))
