"""What the SHACL shapes ask for, in sentences.

Conventions
-----------
A constraint is told by its ``sh:message``, which the shapes of Acousma write as what ought to be; one without a message
is told from its parts. Constraints in SPARQL stand under the shape that uses them.

Source
------
Shapes Constraint Language, W3C Recommendation 20 July 2017.
"""

from dataclasses import dataclass
from functools import cache

import pyoxigraph as ox

from api.published.graph import Published, Term
from ontology.terms import RDF, SH

__all__ = ["Sentence", "Shape", "sentences_of", "shapes"]

_FACTS = (
    ("minCount", "at least {} times"), ("maxCount", "at most {} times"), ("datatype", "of the type {}"),
    ("class", "of the class {}"), ("minInclusive", "{} or more"), ("maxInclusive", "{} or less"),
    ("minExclusive", "above {}"), ("maxExclusive", "below {}"), ("hasValue", "with the value {}"),
    ("pattern", "matching {}"), ("nodeKind", "as {}"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """What ought to be.

    Parameters
    ----------
    text : str
    path : str
        IRI of the property whose values it is about; empty where it is about the node.
    iri : str
        IRI of the constraint; empty where it has none.
    """

    text: str
    path: str = ""
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A node shape.

    Parameters
    ----------
    iri : str
    targets : tuple of str
        IRIs of the classes, or of the properties whose values, it speaks of.
    sentences : tuple of Sentence
    """

    iri: str
    targets: tuple[str, ...]
    sentences: tuple[Sentence, ...]


@cache
def shapes(published: Published) -> tuple[Shape, ...]:
    """Return all node shapes, by IRI."""
    return tuple(_shape(published, iri) for iri in published.subjects(RDF.type, SH.NS + "NodeShape"))


def _shape(published: Published, iri: str) -> Shape:
    targets = [
        target
        for kind in ("targetClass", "targetObjectsOf", "targetSubjectsOf", "targetNode")
        for target in published.iris(iri, SH.NS + kind)
    ]
    sentences = {Sentence(published.text(iri, SH.NS + "message"))}
    for part in published.objects(iri, SH.NS + "property"):
        paths = published.iris(part, SH.NS + "path")
        sentences.add(Sentence(_sentence(published, part), paths[0] if paths else ""))
    for part in published.objects(iri, SH.NS + "sparql"):
        name = part.value if isinstance(part, ox.NamedNode) else ""
        sentences.add(Sentence(published.text(part, SH.NS + "message"), "", name))
    told = sorted((sentence for sentence in sentences if sentence.text), key=lambda sentence: sentence.text)
    return Shape(iri, tuple(targets), tuple(told))


def _sentence(published: Published, part: Term) -> str:
    message = published.text(part, SH.NS + "message")
    if message:
        return message
    path = " / ".join(published.short(iri) for iri in published.iris(part, SH.NS + "path")) or "a path"
    facts = [
        words.format(", ".join(_value(published, value) for value in values))
        for name, words in _FACTS
        if (values := published.objects(part, SH.NS + name))
    ]
    return f"{path}: {', '.join(facts)}." if facts else ""


def _value(published: Published, value: Term) -> str:
    return published.short(value.value) if isinstance(value, ox.NamedNode) else getattr(value, "value", str(value))


def sentences_of(published: Published, iri: str) -> list[str]:
    """Return what the shapes ask of a class (its instances) or of a property (its values)."""
    about = [shape for shape in shapes(published) if iri in shape.targets]
    of_class = [sentence.text for shape in about for sentence in shape.sentences]
    of_path = [sentence.text for shape in shapes(published) for sentence in shape.sentences if sentence.path == iri]
    return list(dict.fromkeys(of_class or of_path))
