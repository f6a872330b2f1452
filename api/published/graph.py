"""The published statements: every Turtle file of ``ontology/`` in one store, and which document describes an IRI.

Conventions
-----------
A *document* is named by its path without suffix, such as ``vocab/bright``; ``https://w3id.org/acousma/`` before it
gives the IRI it describes. Terms of the ontology and shapes are parts of one document (hash IRIs), a rule and its
conditions are described in the document of the concept they decide.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ontology.terms import ACM, ACV, DCTERMS, OWL, PREFIXES, RDF, RDFS, SKOS
from ontology.vocabulary import FOLDER

__all__ = ["BASE", "ONTOLOGY", "SHAPES", "Published", "Term", "load_published", "node", "serialise"]

BASE = "https://w3id.org/acousma/"
"""What the IRIs of everything published here begin with."""

ONTOLOGY = ACM.NS.rstrip("#")
SHAPES = BASE + "shapes"

_NAMESPACES = re.compile(rb"xmlns:[^>]+(?=>)")
_ESCAPED = re.compile(rb"\bacv:((?:[\w-]+\\/)+[\w-]+(?:\.[\w-]+)*)")
_RULE = ACV + "rule/"
_APART = {"ontology.ttl": "ontology", "shapes.ttl": "shapes"}
_LABELS = (SKOS.prefLabel, RDFS.label, DCTERMS.title, "http://xmlns.com/foaf/0.1/name")
_MORE_PREFIXES = {
    "acs": SHAPES + "#",
    "vann": "http://purl.org/vocab/vann/",
}

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
"""What a statement may be about or say."""


def node(iri: str) -> ox.NamedNode:
    """Return an IRI as a term."""
    return ox.NamedNode(iri)


def _read(path: Path) -> Iterator[ox.Triple]:
    """Yield the statements of a file; its blank nodes are numbered, so that they are called the same each time."""
    names: dict[str, ox.BlankNode] = {}

    def named(term: Term) -> Term:
        if not isinstance(term, ox.BlankNode):
            return term
        return names.setdefault(term.value, ox.BlankNode(f"{path.stem}{len(names):04d}"))

    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
        yield ox.Triple(named(quad.subject), quad.predicate, named(quad.object))  # type: ignore[arg-type]  # as they were


class Published:
    """What is published, with its look-ups.

    Parameters
    ----------
    folder : Path
        Folder of the Turtle files. ``ontology.ttl`` is the ontology and ``shapes.ttl`` the shapes; all others together
        are the vocabulary.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.store = ox.Store()
        self.parts: dict[str, list[ox.Triple]] = {"ontology": [], "shapes": [], "vocab": []}
        for path in sorted(folder.glob("*.ttl")):
            self.parts[_APART.get(path.name, "vocab")].extend(_read(path))
        for triples in self.parts.values():
            self.store.extend(ox.Quad(*triple) for triple in triples)

    def triples(
        self, subject: str | Term | None = None, predicate: str | None = None, object_: str | Term | None = None
    ) -> Iterator[ox.Triple]:
        """Yield the statements that match, in a fixed order."""
        about, how, what = (node(term) if isinstance(term, str) else term for term in (subject, predicate, object_))
        quads = self.store.quads_for_pattern(about, how, what, None)  # type: ignore[arg-type]  # only nodes are asked for
        yield from sorted({quad.triple for quad in quads}, key=str)

    def objects(self, subject: str | Term, predicate: str) -> list[Term]:
        """Return the values of a property of something."""
        return [triple.object for triple in self.triples(subject, predicate)]

    def iris(self, subject: str | Term, predicate: str) -> list[str]:
        """Return those values of a property that are IRIs, by label."""
        found = [term.value for term in self.objects(subject, predicate) if isinstance(term, ox.NamedNode)]
        return sorted(found, key=lambda iri: (self.label(iri).casefold(), iri))

    def subjects(self, predicate: str, object_: str | Term) -> list[str]:
        """Return the IRIs that have something as a value of a property, by label."""
        found = {
            triple.subject.value
            for triple in self.triples(None, predicate, object_)
            if isinstance(triple.subject, ox.NamedNode)
        }
        return sorted(found, key=lambda iri: (self.label(iri).casefold(), iri))

    def text(self, subject: str | Term, predicate: str, language: str = "en") -> str:
        """Return a literal value in a language, else in none, else an empty text."""
        found = [term for term in self.objects(subject, predicate) if isinstance(term, ox.Literal)]
        for wanted in (language, None):
            for term in found:
                if term.language == wanted:
                    return term.value
        return found[0].value if found else ""

    def texts(self, subject: str | Term, predicate: str) -> list[tuple[str, str]]:
        """Return the literal values of a property with their language tags, English, French and German first."""
        order = ("en", "fr", "de")
        found = [
            (term.language or "", term.value)
            for term in self.objects(subject, predicate)
            if isinstance(term, ox.Literal)
        ]
        return sorted(found, key=lambda pair: (order.index(pair[0]) if pair[0] in order else 9, pair))

    def types(self, iri: str) -> set[str]:
        """Return the IRIs of the classes of something."""
        return {term.value for term in self.objects(iri, RDF.type) if isinstance(term, ox.NamedNode)}

    @cache  # noqa: B019  # one object per process
    def label(self, iri: str) -> str:
        """Return the English label of an IRI, else its short form."""
        for predicate in _LABELS:
            text = self.text(iri, predicate)
            if text:
                return text
        return self.short(iri)

    @staticmethod
    def short(iri: str) -> str:
        """Return an IRI with its prefix, such as ``acm:Claim``, else the IRI itself."""
        for prefix, namespace in (PREFIXES | _MORE_PREFIXES).items():
            if iri.startswith(namespace) and len(iri) > len(namespace):
                return f"{prefix}:{iri.removeprefix(namespace)}"
        return iri

    @cached_property
    def known(self) -> frozenset[str]:
        """Every IRI of this namespace that anything is said of."""
        return frozenset(
            quad.subject.value
            for quad in self.store
            if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(BASE)
        )

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """The paths of all documents with RDF of their own, besides those of versions."""
        own = (iri.removeprefix(BASE) for iri in self.known if "#" not in iri)
        return tuple(
            sorted(self.parts.keys() | {path for path in own if path != "authors" and not self._is_version(path)})
        )

    def _is_version(self, path: str) -> bool:
        return path.removeprefix("ontology/") in self.versions and path.startswith("ontology/")

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """The versions of the ontology that can be had, the latest first."""
        return (self.text(ONTOLOGY, OWL.NS + "versionInfo"),)

    def is_rule(self, path: str) -> bool:
        """Whether a document is about a rule or a condition, which people read on the page of their concept."""
        return (BASE + path).startswith(_RULE)

    def page(self, iri: str) -> str | None:
        """Return the path of the page that describes an IRI, with suffix and fragment; None if there is none.

        Examples
        --------
        >>> load_published().page("https://w3id.org/acousma/vocab/rule/bright")
        'vocab/bright.html#measured'
        """
        if iri == BASE + "authors":
            return "ontology.html#authors"
        document, hash_, fragment = iri.partition("#")
        path = document.rstrip("/").removeprefix(BASE)
        if not document.startswith(BASE) or (iri not in self.known and path not in self.parts):
            return None
        if iri.startswith(_RULE):
            return f"vocab/{iri.removeprefix(_RULE).partition('/')[0]}.html#measured"
        return f"{path}.html{hash_}{fragment}"

    def describe(self, path: str) -> list[ox.Triple]:
        """Return the statements of a document.

        A part is given whole, a scheme with all its concepts, anything else as its concise description: its own
        statements, those of the blank nodes in them, and the rules that decide it with their conditions.
        """
        if path in self.parts:
            return self.parts[path]
        iri = BASE + path
        about = [iri, *self.subjects(SKOS.NS + "inScheme", iri)]
        return list(dict.fromkeys(self._concise(about)))

    def _concise(self, subjects: Iterable[str]) -> Iterator[ox.Triple]:
        waiting: list[str | Term] = list(subjects)
        seen: set[str | Term] = set()
        while waiting:
            subject = waiting.pop(0)
            if subject in seen:
                continue
            seen.add(subject)
            for triple in self.triples(subject):
                yield triple
                if isinstance(triple.object, ox.BlankNode) or triple.predicate.value == ACM.condition:
                    waiting.append(triple.object.value if isinstance(triple.object, ox.NamedNode) else triple.object)
            if isinstance(subject, str):
                waiting.extend(self.subjects(ACM.decides, subject))


def _in_full(found: re.Match[bytes]) -> bytes:
    """Return a name whose slashes would need escapes as an IRI, which more readers and eyes can take."""
    return b"<" + ACV.encode() + found[1].replace(rb"\/", b"/") + b">"


def serialise(triples: Iterable[ox.Triple], syntax: ox.RdfFormat, more: Mapping[str, str] | None = None) -> bytes:
    """Write statements in an RDF syntax, the same ones always as the same bytes.

    Parameters
    ----------
    triples : iterable of Triple
        Written by subject, its types first.
    syntax : RdfFormat
    more : Mapping of str to str, optional
        Further prefixes with their namespaces; only those that shorten something are written.
    """
    ordered = sorted(triples, key=lambda triple: (str(triple.subject), triple.predicate.value != RDF.type, str(triple)))
    text = " ".join(map(str, ordered))
    known = {**PREFIXES, **_MORE_PREFIXES, **(more or {})}
    prefixes = {name: iri for name, iri in known.items() if f"<{iri}" in text}
    output = io.BytesIO()
    ox.serialize(ordered, output, format=syntax, prefixes=prefixes)
    written = output.getvalue()
    if syntax == ox.RdfFormat.TURTLE:
        lines = written.split(b"\n")
        lines[: len(prefixes)] = [*sorted(lines[: len(prefixes)]), b""]
        return _ESCAPED.sub(_in_full, b"\n".join(line.replace(b"\t", b"    ") for line in lines))
    if syntax == ox.RdfFormat.RDF_XML:
        return _NAMESPACES.sub(lambda found: b" ".join(sorted(found[0].split(b" "))), written, count=1)
    return written


@cache
def load_published(folder: Path = FOLDER) -> Published:
    """Read what is published, once per process."""
    return Published(folder)
