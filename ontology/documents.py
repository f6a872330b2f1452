"""Annotations that people and programs send: JSON-LD into RDF without blank nodes, and back with nothing lost.

Conventions
-----------
- Such an annotation may be any of Web Annotation, with bodies, targets, selectors and states as deep as they were sent.
  What has no IRI is given one below that of the annotation, from its place and its content.
- A word that no context explains is refused: it would be dropped without a trace.
- A document names the context of Web Annotation, and that of Acousma too if it has words of it.

Source
------
Web Annotation Data Model, W3C Recommendation 23 February 2017; JSON-LD 1.1, W3C Recommendation 16 July 2020.
"""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

from ontology.errors import InputError, UnknownName
from ontology.jsonld import CONTEXTS, LATER_WORDS, Json, Words, expand, quads_of, words_of
from ontology.mint import Minter
from ontology.terms import ACM, ACV, DCTERMS, OA, RDF, XSD

__all__ = ["is_expanded", "parse_json", "read_document", "write_document"]

Value: TypeAlias = ox.NamedNode | ox.Literal
_MOST_JSON_DEPTH = 64
_MOST_NODES = 5_000
_FIRST = ("id", "type", "motivation", "creator", "created", "modified", "body", "bodyValue", "target", "source")
_PART = re.compile("#[0-9a-f]{12}$")
_NIL = RDF.NS + "nil"
_INTEGERS = frozenset(
    XSD.NS + name
    for name in ("integer", "nonNegativeInteger", "positiveInteger", "int", "long", "short", "byte", "unsignedInt")
)


def parse_json(data: bytes) -> dict[str, Json]:
    """Read a JSON object that a client sent.

    Parameters
    ----------
    data : bytes
        JSON in UTF-8.

    Raises
    ------
    InputError
        If it is no JSON object, is nested too deep, has a key twice in one object, or a number or a character that
        cannot be kept.

    Examples
    --------
    >>> parse_json(b'{"a": [1, 0.5]}')
    {'a': [1, 0.5]}
    """
    depth = 0
    for byte in data.translate(None, delete=_OTHER_BYTES):  # too deep is refused before parsing; strings may count too
        depth += 1 if byte in b"[{" else -1
        if depth > _MOST_JSON_DEPTH:
            raise InputError(f"the document is nested deeper than {_MOST_JSON_DEPTH} levels", "an annotation")
    try:
        text = data.decode("utf-8")
        found: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise InputError(f"the document is no UTF-8 ({error.reason} at byte {error.start})", "JSON in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the document is no JSON ({error})", "JSON") from error
    if not isinstance(found, dict):
        raise InputError(f"the document is a JSON {type(found).__name__}", "a JSON object")
    _check_text(found)
    return found


_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in b"[{]}")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise InputError(f"the document has the key {twice!r} twice in one object", "each key once")
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> float:
    raise InputError(f"the document has the number {text[:40]}", "a number that can be kept")


def _check_text(value: Json) -> None:
    """Refuse halves of characters and the character 0, which RDF and XML cannot hold."""
    if isinstance(value, dict):
        for key, one in value.items():
            _check_text(key)
            _check_text(one)
    elif isinstance(value, list):
        for one in value:
            _check_text(one)
    elif isinstance(value, str) and ("\0" in value or any("\ud800" <= character <= "\udfff" for character in value)):
        raise InputError("a text of the document holds a character that is none (U+0000 or a half of one)", "Unicode")


def read_document(document: Mapping[str, Json], iri: str) -> list[ox.Triple]:
    """Return what an annotation says, under an IRI.

    Parameters
    ----------
    document : Mapping of str to Json
        An annotation in JSON-LD; its own ``id`` is not looked at. Without a context it is in expanded form, as
        mei-friend writes it; times may then be plain text.
    iri : str
        IRI of the annotation.

    Returns
    -------
    list of Triple
        Without blank nodes.

    Raises
    ------
    InputError
        If it is no JSON-LD, no annotation, names a context that is not known, or says something that is not kept.

    Examples
    --------
    >>> sent = {"@context": CONTEXTS[0], "type": "Annotation", "target": "https://e.org/sound"}
    >>> len(read_document(sent, "https://e.org/annotations/a"))
    2
    """
    in_full = is_expanded(document)
    if not in_full and not document.get("@context"):
        raise InputError("the document names no @context", CONTEXTS[0])
    named: dict[str, Json] = {key: value for key, value in document.items() if key != "@id"}
    expanded = expand({**named, "@id" if in_full else "id": iri}, strict=True)
    if len(expanded) != 1 or not isinstance(expanded[0], dict) or expanded[0].get("@id") != iri:
        raise InputError("the document is not one object with properties", "one annotation")
    types = expanded[0].get("@type", [])
    if not isinstance(types, list) or OA.Annotation not in types:
        raise InputError("the document is no Annotation", '"type": "Annotation"')
    _name_parts(expanded[0], iri)
    if in_full:
        _date(expanded[0])
    quads = quads_of(expanded)
    if any(not isinstance(quad.graph_name, ox.DefaultGraph) for quad in quads):
        raise InputError("the document has a graph in it", "one annotation")
    return list(_without_blanks(quads, iri))


def is_expanded(document: Mapping[str, Json]) -> bool:
    """Tell whether a document is an annotation in expanded form, with IRIs in full and without a context."""
    types = document.get("@type")
    return "@context" not in document and OA.Annotation in (types if isinstance(types, list) else [types])


def _date(root: dict[str, Json]) -> None:
    """Make times of the texts that an annotation in expanded form has in their place."""
    for property_ in (DCTERMS.created, DCTERMS.modified, DCTERMS.issued):
        values = root.get(property_, [])
        for value in values if isinstance(values, list) else []:
            if isinstance(value, dict) and isinstance(value.get("@value"), str) and "@type" not in value:
                value["@type"] = XSD.NS + "dateTime"


def _name_parts(root: dict[str, Json], iri: str) -> None:
    """Give an IRI to every part of an expanded document that has none."""
    labels: dict[str, str] = {}
    alike: Counter[tuple[str, str]] = Counter()

    def name(part: dict[str, Json], place: str) -> None:
        given = part.get("@id")
        if isinstance(given, str) and not given.startswith("_:"):
            return
        content = json.dumps(_unordered({**part, "@id": None}), sort_keys=True, ensure_ascii=False)
        alike[place, content] += 1
        made = Minter.contribution_part(iri, place, f"{content}{alike[place, content]}")
        part["@id"] = labels.setdefault(given, made) if isinstance(given, str) else made

    _each_part(root, "", name)


def _unordered(value: Json, *, ordered: bool = False) -> Json:
    """Return an expanded value with the members of sets in one order."""
    if isinstance(value, dict):
        return {key: _unordered(one, ordered=key == "@list") for key, one in value.items()}
    if isinstance(value, list):
        members = [_unordered(one) for one in value]
        return members if ordered else sorted(members, key=lambda one: json.dumps(one, sort_keys=True))
    return value


def _each_part(value: Json, place: str, act: Callable[[dict[str, Json], str], None]) -> None:
    """Call ``act`` for each node object of an expanded document, from the inside out."""
    if isinstance(value, list):
        for one in value:
            _each_part(one, place, act)
    elif isinstance(value, dict) and "@value" not in value:
        for key, one in value.items():
            if key not in ("@id", "@type"):
                _each_part(one, f"{place}/{key}", act)
        if "@list" not in value and "@set" not in value:
            act(value, place)


def _without_blanks(quads: Iterable[ox.Quad], iri: str) -> Iterator[ox.Triple]:
    """Yield triples, the cells of lists named by what they are lists of and their number."""
    triples = [quad.triple for quad in quads]
    rest = {one.subject: one.object for one in triples if one.predicate.value == RDF.NS + "rest"}
    names: dict[ox.BlankNode, ox.NamedNode] = {}
    heads = [one for one in triples if isinstance(one.object, ox.BlankNode) and one.predicate.value != RDF.NS + "rest"]
    for number, head in enumerate(sorted(heads, key=lambda one: (str(one.subject), str(one.predicate)))):
        cell, position = head.object, 0
        while isinstance(cell, ox.BlankNode) and cell not in names:
            place = f"{head.subject} {head.predicate} {number}"
            names[cell] = ox.NamedNode(Minter.contribution_part(iri, place, str(position)))
            cell, position = rest.get(cell, ox.NamedNode(_NIL)), position + 1
    for one in triples:
        subject = names.get(one.subject, one.subject) if isinstance(one.subject, ox.BlankNode) else one.subject
        value = names.get(one.object, one.object) if isinstance(one.object, ox.BlankNode) else one.object
        yield ox.Triple(subject, one.predicate, value)


def write_document(triples: Iterable[ox.Triple], iri: str) -> dict[str, Json]:
    """Write an annotation with all its parts as a compact JSON-LD document.

    Parameters
    ----------
    triples : iterable of Triple
        What is said of it and of its parts.
    iri : str
        IRI of the annotation.

    Returns
    -------
    dict of str to Json
        The same for the same triples, in any order.

    Raises
    ------
    UnknownName
        If nothing is said of it.
    """
    said: defaultdict[str, list[tuple[str, Value]]] = defaultdict(list)
    own = False
    for triple in sorted(triples, key=str):
        value = triple.object
        if isinstance(value, ox.NamedNode | ox.Literal) and isinstance(triple.subject, ox.NamedNode):
            said[triple.subject.value].append((triple.predicate.value, value))
            own = own or triple.predicate.value.startswith(ACM.NS) or value.value.startswith((ACM.NS, ACV))
    if iri not in said:
        raise UnknownName(f"nothing is said of {iri}", "the IRI of an annotation")
    contexts = CONTEXTS if own else CONTEXTS[:1]
    named: Json = [*contexts] if own else contexts[0]
    return {"@context": named, **_Tree(said, words_of(contexts), iri).node(iri, ())}


@dataclass
class _Tree:
    """Writes nodes, each with those it refers to inside."""

    said: Mapping[str, list[tuple[str, Value]]]
    words: Words
    root: str
    written: int = field(default=0)
    references: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        named = (value for pairs in self.said.values() for _, value in pairs if isinstance(value, ox.NamedNode))
        self.references = Counter(value.value for value in named)

    def node(self, iri: str, above: tuple[str, ...]) -> dict[str, Json]:
        """Write a node."""
        self.written += 1
        values: defaultdict[str, list[Json]] = defaultdict(list)
        lists: dict[str, Json] = {}
        for predicate, value in self.said[iri]:
            if predicate == RDF.type and isinstance(value, ox.NamedNode):
                values["type"] += self._types(value.value)
            elif isinstance(value, ox.Literal):
                word, written = self._literal(predicate, value)
                values[word].append(written)
            elif (items := self._items(value.value)) is not None:
                word = "items" if predicate == _ITEMS else self.words.short(predicate)
                written = [self._resource(predicate, one, (*above, iri))[1] for one in items]
                lists[word] = written if predicate == _ITEMS else {"@list": written}
            else:
                word, written = self._resource(predicate, value, (*above, iri))
                values[word].append(written)
        found: dict[str, Json] = lists if self._is_nameless(iri) else {"id": iri, **lists}
        found |= {word: many[0] if len(many) == 1 else many for word, many in values.items()}
        order = {word: number for number, word in enumerate(_FIRST)}
        return {word: found[word] for word in sorted(found, key=lambda word: (order.get(word, len(order)), word))}

    def _is_nameless(self, iri: str) -> bool:
        """Tell whether a node was sent without an IRI and is referred to once: it goes back without one, too."""
        return bool(_PART.search(iri)) and iri.startswith(f"{self.root}#") and self.references[iri] == 1

    def _types(self, iri: str) -> list[Json]:
        """Return the names of a class: one that the context lacks is written out, too."""
        later = iri.removeprefix(OA.NS)
        return [later, self.words.short(iri)] if later in LATER_WORDS else [self.words.name(iri)]

    def _items(self, iri: str) -> list[Value] | None:
        """Return the members of a list; None if it is none."""
        items: list[Value] = []
        seen = set()
        while iri != _NIL and iri not in seen:
            seen.add(iri)
            cell = dict(self.said.get(iri, ()))
            first, rest = cell.get(RDF.NS + "first"), cell.get(RDF.NS + "rest")
            if first is None or rest is None:
                return None
            items.append(first)
            iri = rest.value
        return items if iri == _NIL else None

    def _resource(self, predicate: str, value: Value, above: tuple[str, ...]) -> tuple[str, Json]:
        if isinstance(value, ox.Literal):
            return self._literal(predicate, value)
        iri = value.value
        by_word, by_iri = (self.words.properties.get((predicate, type_)) for type_ in ("@vocab", "@id"))
        is_part = iri in self.said and iri not in above and self.written < _MOST_NODES
        if is_part and (RDF.type, ox.NamedNode(OA.Annotation)) not in self.said[iri]:
            word = by_iri or by_word or self.words.properties.get((predicate, None)) or self.words.short(predicate)
            return word, self.node(iri, above)
        if by_word and (iri in self.words.names or not by_iri):
            return by_word, self.words.name(iri)
        if by_iri or predicate == _ITEMS:
            return by_iri or "items", iri
        return self.words.properties.get((predicate, None)) or self.words.short(predicate), {"id": iri}

    def _literal(self, predicate: str, value: ox.Literal) -> tuple[str, Json]:
        datatype, text = value.datatype.value, value.value
        typed = self.words.properties.get((predicate, datatype))
        if not typed and datatype in _INTEGERS:  # a store keeps whole numbers of every kind as integers
            words = (self.words.properties.get((predicate, other)) for other in sorted(_INTEGERS))
            typed = next(filter(None, words), None)
        if typed and datatype in _INTEGERS and text.lstrip("-").isdigit():
            return typed, int(text)
        if typed and datatype != XSD.NS + "string":
            return typed, text
        word = self.words.properties.get((predicate, None)) or self.words.short(predicate)
        if value.language:
            return word, {"@language": value.language, "@value": text}
        native = _native(datatype, text)
        return word, {"type": self.words.name(datatype), "@value": text} if native is None else native


def _native(datatype: str, text: str) -> Json:
    """Return a literal as the JSON value that is read as this literal; None if there is none."""
    match datatype.removeprefix(XSD.NS):
        case "string":
            return text
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "integer" if text.lstrip("-").isdigit():
            return int(text)
        case "double" if math.isfinite(float(text)) and not float(text).is_integer():
            return float(text)
    return None


_ITEMS = "http://www.w3.org/ns/activitystreams#items"
