"""One annotation as a JSON-LD document for Web Annotation clients, and JSON-LD back into RDF.

Conventions
-----------
A document names two contexts, that of Web Annotation and that of Acousma, and embeds the target with its selector,
the body and the creator; everything else is an IRI, whole and without a prefix. Words come from the contexts, so that
the document is the one that framing with ``ontology/frames/annotation.jsonld`` gives (a test compares both), in less
time. Decimals are text, such as ``"0.82"``: the JSON number 0.82 would be read as ``8.2E-1``, which is no
``xsd:decimal``. No context is ever fetched; one that is not known here is refused.

Source
------
Web Annotation Data Model and Web Annotation Vocabulary, W3C Recommendations 23 February 2017; JSON-LD 1.1, W3C
Recommendation 16 July 2020.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import pyoxigraph as ox
from pyld import jsonld
from pyld.documentloader.frozen import FrozenDocumentLoader
from pyld.options import ExpandOptions, ToRdfOptions

from ontology.errors import InputError, UnknownName
from ontology.terms import DCTERMS, OA, RDF, XSD
from ontology.vocabulary import FOLDER

__all__ = [
    "CONTEXTS",
    "LATER_WORDS",
    "MOST_DEPTH",
    "Json",
    "Words",
    "annotation",
    "expand",
    "quads_of",
    "read_annotation",
    "words_of",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value."""

CONTEXTS = ("http://www.w3.org/ns/anno.jsonld", "https://w3id.org/acousma/context.jsonld")
"""The contexts that a document names: that of Web Annotation, then that of Acousma, which goes before it."""

MOST_DEPTH = 32
"""A document that is nested deeper is refused; an annotation of Acousma has three levels."""

_FILES = {
    CONTEXTS[0]: FOLDER / "contexts" / "anno.jsonld",
    CONTEXTS[0].replace("http:", "https:"): FOLDER / "contexts" / "anno.jsonld",
    CONTEXTS[1]: FOLDER / "context.jsonld",
}
_FIRST = ("motivation", "creator", "created", "body", "target", "source", "selector")
"""Words that stand first in a node, for those who read it; the others follow by the alphabet."""

_NO_BASE = "relative://iri/"
"""Stands in for a base that is not given: without one, PyLD would resolve against http://example.org/base/."""
LATER_WORDS = ("Composite", "Independents", "List")
"""Classes that stand in examples and tests of Web Annotation, but not in its published context."""

_UNKNOWN = "unknown://word/"
"""Stands before the words that no context explains."""

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_STRING, _LANGUAGE = XSD.NS + "string", RDF.NS + "langString"


@dataclass(frozen=True, slots=True)
class _Path:
    """The properties whose values are embedded, each with what is embedded in these."""

    properties: Mapping[str, "_Path"]


_END = _Path({})
_EMBEDDED = _Path({OA.hasTarget: _Path({OA.hasSelector: _END}), OA.hasBody: _END, DCTERMS.creator: _END})


@dataclass(frozen=True, slots=True)
class Words:
    """What contexts call things.

    Parameters
    ----------
    names : Mapping of str to str
        Word by IRI of a class or an individual.
    properties : Mapping of (str, str or None) to str
        Word by IRI of a property and type of its values: ``@id``, ``@vocab``, the IRI of a datatype, or None.
    prefixes : Mapping of str to str
        Prefix by namespace.
    """

    names: Mapping[str, str]
    properties: Mapping[tuple[str, str | None], str]
    prefixes: Mapping[str, str]

    def short(self, iri: str) -> str:
        """Write an IRI with a prefix, if there is one."""
        near = (f"{prefix}:{iri[len(space) :]}" for space, prefix in self.prefixes.items() if iri.startswith(space))
        return min(near, key=lambda text: (len(text), text), default=iri)

    def name(self, iri: str) -> str:
        """Return the word for a class or an individual."""
        return self.names.get(iri) or self.short(iri)


def _words() -> Words:
    return words_of(CONTEXTS)


@cache
def words_of(contexts: tuple[str, ...]) -> Words:
    """Read the words from some of the contexts, those of a later one before those of an earlier one."""
    terms: dict[str, str | dict[str, str]] = {}
    for context in contexts:
        terms |= json.loads(_FILES[context].read_text(encoding="utf-8"))["@context"]
    spaces = {word: iri for word, iri in terms.items() if isinstance(iri, str) and "://" in iri}

    def whole(text: str) -> str:
        prefix, colon, local = text.partition(":")
        return spaces[prefix] + local if colon and prefix in spaces else text

    names: dict[str, str] = {}
    properties: dict[tuple[str, str | None], str] = {}
    for word in sorted(terms.keys() - spaces.keys(), key=lambda word: (len(word), word)):
        term = terms[word]
        if isinstance(term, str):
            names.setdefault(whole(term), word)
            properties.setdefault((whole(term), None), word)
        elif isinstance(term, dict) and "@container" not in term:
            properties.setdefault((whole(term["@id"]), whole(term["@type"])), word)
    return Words(names, properties, {iri: word for word, iri in spaces.items()})


def annotation(triples: Iterable[ox.Triple], iri: str) -> dict[str, Json]:
    """Write one annotation as a compact JSON-LD document.

    Parameters
    ----------
    triples : iterable of Triple
        What is said of the annotation, its target span and selector, its body and its creator; more does no harm.
        ``queries/annotation.rq`` asks a store for it.
    iri : str
        IRI of the annotation.

    Returns
    -------
    dict of str to Json
        The same for the same triples, in any order.

    Raises
    ------
    UnknownName
        If the triples say nothing of the annotation.
    InputError
        If something embedded has a value without an IRI.

    Examples
    --------
    >>> claim, body = ox.NamedNode("https://e.org/c"), ox.NamedNode("https://w3id.org/acousma/vocab/note")
    >>> annotation([ox.Triple(claim, ox.NamedNode(OA.hasBody), body)], claim.value)["body"]
    'https://w3id.org/acousma/vocab/note'
    """
    said: defaultdict[str, set[tuple[str, ox.NamedNode | ox.Literal]]] = defaultdict(set)
    for triple in triples:
        if not isinstance(triple.subject, ox.NamedNode) or not isinstance(triple.object, ox.NamedNode | ox.Literal):
            raise InputError(f"{triple} has a blank node", "stored data, where everything has an IRI")
        said[triple.subject.value].add((triple.predicate.value, triple.object))
    if iri not in said:
        raise UnknownName(f"nothing is said of {iri}", "the IRI of an annotation")
    document: dict[str, Json] = {"@context": [*CONTEXTS]}
    return document | _node(said, iri, _EMBEDDED)


_Said: TypeAlias = Mapping[str, set[tuple[str, ox.NamedNode | ox.Literal]]]


def _node(said: _Said, iri: str, path: _Path) -> dict[str, Json]:
    words = _words()
    values: defaultdict[str, list[Json]] = defaultdict(list)
    types: list[Json] = []
    for predicate, value in sorted(said[iri], key=str):
        if predicate == RDF.type and isinstance(value, ox.NamedNode):
            types.append(words.name(value.value))
        elif isinstance(value, ox.NamedNode) and predicate in path.properties and _is_part(said, value.value):
            word, _ = _resource(predicate, value.value)
            values[word].append(_node(said, value.value, path.properties[predicate]))
        else:
            word, written = _resource(predicate, value.value) if isinstance(value, ox.NamedNode) else _literal(
                predicate, value
            )  # fmt: skip
            values[word].append(written)
    node: dict[str, Json] = {"id": iri}
    if types:
        node["type"] = types if len(types) > 1 else types[0]
    for word in sorted(values, key=lambda word: (_FIRST.index(word) if word in _FIRST else len(_FIRST), word)):
        node[word] = values[word] if len(values[word]) > 1 else values[word][0]
    return node


def _is_part(said: _Said, iri: str) -> bool:
    """Tell whether something is described, and no annotation of its own (the claim that an assessment is about)."""
    return iri in said and (RDF.type, ox.NamedNode(OA.Annotation)) not in said[iri]


def _resource(predicate: str, iri: str) -> tuple[str, Json]:
    """Return the word of a property for an IRI as its value, and the value."""
    words = _words()
    by_word, by_iri = (words.properties.get((predicate, type_)) for type_ in ("@vocab", "@id"))
    if by_word and (iri in words.names or not by_iri):
        return by_word, words.name(iri)
    if by_iri:
        return by_iri, iri
    return words.properties.get((predicate, None)) or words.short(predicate), {"id": iri}


def _literal(predicate: str, value: ox.Literal) -> tuple[str, Json]:
    """Return the word of a property for a literal as its value, and the value."""
    words, datatype = _words(), value.datatype.value
    typed = words.properties.get((predicate, datatype)) if datatype not in (_STRING, _LANGUAGE) else None
    if typed:
        return typed, value.value
    word = words.properties.get((predicate, None)) or words.short(predicate)
    if datatype == _STRING:
        return word, value.value
    if value.language:
        return word, {"@language": value.language, "@value": value.value}
    return word, {"type": words.name(datatype), "@value": value.value}


def read_annotation(document: dict[str, Json], base: str | None = None) -> list[ox.Quad]:
    """Turn a JSON-LD document into RDF, without ever reaching for the network.

    Parameters
    ----------
    document : dict of str to Json
        JSON-LD 1.1. It names only the contexts known here, or carries its own. Keys that no context explains say
        nothing, as JSON-LD has it.
    base : str, optional
        IRI against which relative IRIs are resolved; without it they are refused.

    Returns
    -------
    list of Quad
        In the default graph, unless the document names others; what has no IRI is a blank node.

    Raises
    ------
    InputError
        If a context is not known here, or the document is too deep, is no JSON-LD, has a relative IRI or a decimal
        that is none, or says nothing.

    Examples
    --------
    >>> [quad] = read_annotation({"@context": CONTEXTS[0], "id": "https://e.org/a", "bodyValue": "a gong"})
    >>> quad.predicate.value, quad.object.value
    ('http://www.w3.org/ns/oa#bodyValue', 'a gong')
    """
    return quads_of(expand(document, base))


def expand(document: Json, base: str | None = None, *, strict: bool = False) -> list[Json]:
    """Return a JSON-LD document in expanded form, without ever reaching for the network.

    Parameters
    ----------
    document : Json
    base : str, optional
        IRI against which relative IRIs are resolved; without it they are refused.
    strict : bool, default False
        Whether to refuse words that no context explains.

    Raises
    ------
    InputError
        As `read_annotation`.
    """
    _check_depth(document)
    options = ExpandOptions(documentLoader=_loader(), base=base or _NO_BASE)
    if strict:
        options["expandContext"] = {"@vocab": _UNKNOWN, **{word: OA.NS + word for word in LATER_WORDS}}
    try:
        expanded: list[Json] = jsonld.expand(document, options)
        _check_iris(expanded)
    except jsonld.JsonLdError as error:
        raise _refusal(error) from error
    except (TypeError, KeyError, AttributeError, ValueError, IndexError, RecursionError) as error:
        # PyLD presumes that values are of the kinds that its words have
        raise InputError(f"the document is no JSON-LD ({type(error).__name__})", "JSON-LD 1.1") from error
    return expanded


def quads_of(expanded: list[Json]) -> list[ox.Quad]:
    """Return what an expanded document says; raises as `read_annotation`."""
    options = ToRdfOptions(documentLoader=_loader(), format="application/n-quads")
    try:
        text = str(jsonld.to_rdf(expanded, options))
        quads = list(ox.parse(text.encode(), ox.RdfFormat.N_QUADS))
    except jsonld.JsonLdError as error:
        raise _refusal(error) from error
    except SyntaxError as error:
        raise InputError(f"the document has an IRI or a literal that is none ({error.msg})", "JSON-LD 1.1") from error
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise InputError(f"the document is no JSON-LD ({type(error).__name__})", "JSON-LD 1.1") from error
    if not quads:
        raise InputError("the document says nothing", "JSON-LD with an @context", f"name the context {CONTEXTS[0]}")
    for quad in quads:
        _check_decimal(quad)
    return quads


@cache
def _loader() -> FrozenDocumentLoader:
    return FrozenDocumentLoader(_FILES)


def _refusal(error: jsonld.JsonLdError) -> InputError:
    """Say what is wrong with a document: the context that is not known, or what breaks JSON-LD."""
    details = error.details or {}
    if error.code in ("loading remote context failed", "loading document failed") and "url" in details:
        url = details["url"].removeprefix(_NO_BASE)
        return InputError(
            f"the context {url!r} is not known here, and none is fetched", " or ".join(CONTEXTS),
            "name one of these, or put the words of the context into the document",
        )  # fmt: skip
    return InputError(f"the document is no JSON-LD ({error.code or error.args[0]})", "JSON-LD 1.1")


def _parts(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _check_depth(document: Json) -> None:
    if not isinstance(document, dict):
        raise InputError(f"the document is a {type(document).__name__}", "a JSON object")
    level: list[dict[str, Json] | list[Json]] = [document]
    depth = 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise InputError(f"the document is nested deeper than {MOST_DEPTH} levels", "an annotation")
        level = [part for value in level for part in _parts(value) if isinstance(part, dict | list)]


def _iris(expanded: Json, key: str = "") -> Iterator[str]:
    """Yield every IRI of an expanded document, those of its properties too."""
    if isinstance(expanded, dict):
        for name, value in expanded.items():
            if not name.startswith("@"):
                yield name
            yield from _iris(value, name)
    elif isinstance(expanded, list):
        for value in expanded:
            yield from _iris(value, key)
    elif isinstance(expanded, str) and key in ("@id", "@type") and not expanded.startswith(("_:", "@")):
        yield expanded


def _check_iris(expanded: Json) -> None:
    """Refuse relative and malformed IRIs; their statements would be left out without a word."""
    for iri in _iris(expanded):
        try:
            ox.NamedNode(iri)
        except ValueError:
            found = iri.removeprefix(_NO_BASE)
        else:
            if iri.startswith(_UNKNOWN):
                raise InputError(
                    f"no context that the document names explains {iri.removeprefix(_UNKNOWN)!r}", "known words",
                    "leave it out, or write the whole IRI that is meant",
                )  # fmt: skip
            if not iri.startswith(_NO_BASE.partition("/")[0]):
                continue
            found = iri.removeprefix(_NO_BASE)
        raise InputError(f"{found!r} stands where an IRI does", "an absolute IRI, such as https://example.org/a")


def _check_decimal(quad: ox.Quad) -> None:
    """Refuse what a JSON number became where a decimal is expected."""
    value = quad.object
    if isinstance(value, ox.Literal) and value.datatype.value == XSD.decimal and not _DECIMAL.fullmatch(value.value):
        raise InputError(
            f"{quad.predicate.value} is {value.value}, which is no decimal", 'a decimal as text, such as "0.82"',
            "put the number in quotes",
        )  # fmt: skip
