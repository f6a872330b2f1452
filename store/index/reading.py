"""From the quads of one graph to the rows of the side index.

Conventions
-----------
- A graph is read alone, as the stored questions read it: a claim, its span and the name of its maker stand in one
  graph.
- Of a graph only the predicates in :data:`PREDICATES` are needed, which are about a third of it.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from ontology.terms import ACM, ACV, DCTERMS, FOAF, FRBR, MO, OA, PROV, RDF, SKOS, SOSA, XSD
from store.index.schema import MILLION

__all__ = ["PREDICATES", "Facts", "Rows", "facts_in_file", "facts_in_store", "rows_of"]

PREDICATES = (
    OA.hasTarget, OA.hasBody, OA.hasSource, DCTERMS.creator, DCTERMS.replaces, ACM.confidence, ACM.aspect,
    ACM.startSeconds, ACM.endSeconds, ACM.segmentedAs, ACM.verdict, ACM.decides, FOAF.name, DCTERMS.NS + "title",
    FRBR.realization, SKOS.broader, SKOS.prefLabel, MO.time, PROV.used, PROV.wasAssociatedWith, PROV.wasDerivedFrom,
    RDF.NS + "value", SOSA.hasFeatureOfInterest, SOSA.observedProperty, SOSA.hasSimpleResult,
)  # fmt: skip
"""The predicates that are read."""

_PERSON = ox.NamedNode(PROV.Person)
_TITLE, _VALUE = DCTERMS.NS + "title", RDF.NS + "value"

Object: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Facts: TypeAlias = dict[str, list[tuple[str, Object]]]
"""Subject and object of each statement, by predicate."""


@dataclass
class Rows:
    """The rows of one graph, without its number; nodes are still IRIs.

    Each tuple has the columns of its table (:mod:`store.index.schema`) after ``graph``.
    """

    spans: list[tuple[str, str, int, int]] = field(default_factory=list)
    kinds: list[tuple[str, str]] = field(default_factory=list)
    claims: list[tuple[str | int | None, ...]] = field(default_factory=list)
    assessments: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    works: list[tuple[str, str]] = field(default_factory=list)
    creators: list[tuple[str, str]] = field(default_factory=list)
    broader: list[tuple[str, str]] = field(default_factory=list)
    durations: list[tuple[str, int]] = field(default_factory=list)
    counts: list[tuple[str | None, str, str | None, int]] = field(default_factory=list)
    descriptions: list[tuple[str, str, str, str]] = field(default_factory=list)
    observations: list[tuple[str, str, float]] = field(default_factory=list)
    strange: list[tuple[str, str]] = field(default_factory=list)
    listeners: list[tuple[str, str | None]] = field(default_factory=list)
    derived: list[tuple[str, str]] = field(default_factory=list)
    people: list[tuple[str]] = field(default_factory=list)
    rules: list[tuple[str]] = field(default_factory=list)
    replaced: list[tuple[str]] = field(default_factory=list)


def facts_in_store(store: ox.Store, graph: str) -> Facts:
    """Read what is needed of a graph from a store."""
    name = ox.NamedNode(graph)
    found: Facts = {
        predicate: [
            (quad.subject.value, quad.object)
            for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, name)
            if isinstance(quad.subject, ox.NamedNode)
        ]
        for predicate in PREDICATES
    }
    people = store.quads_for_pattern(None, ox.NamedNode(RDF.type), _PERSON, name)
    found[RDF.type] = [(quad.subject.value, quad.object) for quad in people if isinstance(quad.subject, ox.NamedNode)]
    return found


_NEEDED = frozenset(f"<{predicate}".encode() for predicate in PREDICATES)
_IS_PERSON = f"<{PROV.Person}> ".encode()
_LINES_BYTES = 1 << 20


def facts_in_file(nquads: Path | bytes) -> Iterator[tuple[str, Facts]]:
    """Read what is needed from N-Quads that a store has taken; a graph whose lines are not in a row comes in parts.

    A line that begins with two IRIs, as Acousma and pyoxigraph write it, is only parsed if its predicate is needed.
    """
    facts: Facts = defaultdict(list)
    graph: str | None = None
    for quad in (
        ox.parse(b"".join(_needed(nquads)), ox.RdfFormat.N_QUADS) if isinstance(nquads, bytes) else _parsed(nquads)
    ):
        name = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else None
        if name != graph:
            if graph is not None:
                yield graph, facts
            graph, facts = name, defaultdict(list)
        if isinstance(quad.subject, ox.NamedNode):
            facts[quad.predicate.value].append((quad.subject.value, quad.object))
    if graph is not None:
        yield graph, facts


def _parsed(path: Path) -> Iterator[ox.Quad]:
    with path.open("rb") as file:
        while lines := file.readlines(_LINES_BYTES):
            yield from ox.parse(b"".join(_needed_lines(lines)), ox.RdfFormat.N_QUADS)


def _needed(text: bytes) -> Iterator[bytes]:
    return _needed_lines(text.splitlines(keepends=True))


def _needed_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    for line in lines:
        parts = line.split(b"> ", 2)
        if (
            len(parts) < 3
            or parts[1] in _NEEDED
            or parts[2].startswith(_IS_PERSON)
            or b"\\" in parts[1]
            or not parts[1].startswith(b"<")
        ):
            yield line


class _Reading:
    """Reads one graph."""

    def __init__(self, facts: Mapping[str, list[tuple[str, Object]]]) -> None:
        self._facts = facts
        self.rows = Rows()

    def nodes(self, predicate: str) -> dict[str, list[str]]:
        """Return the IRIs that subjects have as objects."""
        found: dict[str, list[str]] = {}
        for subject, term in self._facts.get(predicate, ()):
            if isinstance(term, ox.NamedNode):
                found.setdefault(subject, []).append(term.value)
        return found

    def numbers(self, predicate: str) -> dict[str, list[int]]:
        """Return the millionths that subjects have as objects; other literals are strange."""
        found: dict[str, list[int]] = {}
        for subject, term in self._facts.get(predicate, ()):
            number = _millionths(term)
            if number is None:
                self.rows.strange.append((subject, f"{predicate} is {term}"))
            else:
                found.setdefault(subject, []).append(number)
        return found

    def texts(self, predicate: str) -> Iterator[tuple[str, str]]:
        """Yield plain text; text with a language or another type is strange."""
        for subject, term in self._facts.get(predicate, ()):
            if isinstance(term, ox.Literal) and term.datatype.value == XSD.NS + "string":
                yield subject, term.value
            else:
                self.rows.strange.append((subject, f"{predicate} is {term}"))


def rows_of(facts: Mapping[str, list[tuple[str, Object]]]) -> Rows:
    """Return the rows of one graph."""
    reading = _Reading(facts)
    rows = reading.rows
    targets, makers = reading.nodes(OA.hasTarget), reading.nodes(DCTERMS.creator)
    places = _spans(reading)
    _claims(reading, targets, makers, places)
    rows.assessments += [
        (node, claim, verdict, agent)
        for node, verdicts in reading.nodes(ACM.verdict).items()
        for claim, verdict, agent in itertools.product(targets.get(node, ()), verdicts, makers.get(node, [None]))
    ]
    rows.kinds += _pairs(reading.nodes(ACM.segmentedAs))
    rows.names += [*reading.texts(FOAF.name), *_labels(facts)]
    rows.broader += _closure(reading.nodes(SKOS.broader), (node for node, _ in _labels(facts)))
    rows.people += [(node,) for node, term in facts.get(RDF.type, ()) if term == _PERSON]
    rows.rules += [(concept,) for concepts in reading.nodes(ACM.decides).values() for concept in concepts]
    rows.replaced += [(old,) for olds in reading.nodes(DCTERMS.replaces).values() for old in olds]
    rows.derived += _pairs(reading.nodes(PROV.wasDerivedFrom))
    _catalogue(reading, makers)
    _runs(reading)
    _described(reading, targets)
    _observed(reading)
    return rows


def _spans(reading: _Reading) -> dict[str, list[tuple[str, int, int]]]:
    """Note spans and lengths of recordings; return where each span is."""
    starts, ends = reading.numbers(ACM.startSeconds), reading.numbers(ACM.endSeconds)
    places: dict[str, list[tuple[str, int, int]]] = {}
    for node, recordings in reading.nodes(OA.hasSource).items():
        places[node] = list(itertools.product(recordings, starts.get(node, ()), ends.get(node, ())))
        reading.rows.spans += [(node, *place) for place in places[node]]
    for recording, extents in reading.nodes(MO.time).items():
        reading.rows.durations += [(recording, end) for extent in extents for end in ends.get(extent, ())]
    return places


def _claims(
    reading: _Reading,
    targets: Mapping[str, list[str]],
    makers: Mapping[str, list[str]],
    places: Mapping[str, list[tuple[str, int, int]]],
) -> None:
    aspects, confidences = reading.nodes(ACM.aspect), reading.numbers(ACM.confidence)
    counted: set[tuple[str, tuple[str | None, str, str | None]]] = set()
    nowhere: list[tuple[str | None, int | None, int | None]] = [(None, None, None)]
    for node, bodies in reading.nodes(OA.hasBody).items():
        if node not in aspects and node not in confidences and not any(body.startswith(ACV) for body in bodies):
            continue
        for span, body, aspect, maker, confidence in itertools.product(
            targets.get(node, [None]), bodies, aspects.get(node, [None]), makers.get(node, [None]),
            confidences.get(node, [None]),
        ):  # fmt: skip
            for recording, start, stop in (places.get(span) or nowhere) if span is not None else nowhere:
                reading.rows.claims.append((node, span, recording, start, stop, body, aspect, maker, confidence))
                if aspect is not None or body.startswith(ACV):
                    counted.add((node, (recording, body, maker)))
    counts = Counter(key for _, key in counted)
    reading.rows.counts += [(*key, number) for key, number in counts.items()]


def _catalogue(reading: _Reading, makers: Mapping[str, list[str]]) -> None:
    """Note works with their recordings, titles and composers."""
    works = reading.nodes(FRBR.realization)
    reading.rows.works += _pairs(works)
    if works:
        reading.rows.names += [(node, text) for node, text in reading.texts(_TITLE) if node in works]
        reading.rows.creators += _pairs({work: makers[work] for work in works if work in makers})


def _runs(reading: _Reading) -> None:
    """Note what the runs used besides the claims that they assess, and by whom: recordings and files."""
    agents = reading.nodes(PROV.wasAssociatedWith)
    assessed = set(itertools.chain(*reading.nodes(OA.hasTarget).values()))
    for run, used in reading.nodes(PROV.used).items():
        recordings = [one for one in used if one not in assessed]
        reading.rows.listeners += list(itertools.product(recordings, agents.get(run, [None])))


def _described(reading: _Reading, targets: Mapping[str, list[str]]) -> None:
    """Note what was said word for word."""
    words: dict[str, list[str]] = defaultdict(list)
    for node, term in reading._facts.get(_VALUE, ()):
        if isinstance(term, ox.Literal):
            words[node].append(term.value)
    for node, bodies in reading.nodes(OA.hasBody).items():
        for body, span in itertools.product(bodies, targets.get(node, ())):
            reading.rows.descriptions += [(node, span, body, said.lower()) for said in words.get(body, ())]


def _observed(reading: _Reading) -> None:
    """Note measured values, for comparisons of passages."""
    properties = reading.nodes(SOSA.observedProperty)
    spans = reading.nodes(SOSA.hasFeatureOfInterest)
    for node, term in reading._facts.get(SOSA.hasSimpleResult, ()):
        if isinstance(term, ox.Literal):
            try:
                value = float(term.value)
            except ValueError:
                continue
            pairs = itertools.product(spans.get(node, ()), properties.get(node, ()))
            reading.rows.observations += [(span, property_, value) for span, property_ in pairs]


def _labels(facts: Mapping[str, list[tuple[str, Object]]]) -> Iterator[tuple[str, str]]:
    """Yield the English labels of concepts."""
    for node, term in facts.get(SKOS.prefLabel, ()):
        if isinstance(term, ox.Literal) and term.language == "en":
            yield node, term.value


def _closure(broader: Mapping[str, list[str]], concepts: Iterable[str]) -> list[tuple[str, str]]:
    """Return each concept with itself and all broader ones."""
    pairs = []
    for concept in dict.fromkeys((*broader, *concepts)):
        reached, left = {concept}, [concept]
        while left:
            for wide in broader.get(left.pop(), ()):
                if wide not in reached:
                    reached.add(wide)
                    left.append(wide)
        pairs += [(concept, wide) for wide in sorted(reached)]
    return pairs


def _pairs(found: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [(subject, term) for subject, terms in found.items() for term in terms]


def _millionths(term: Object) -> int | None:
    """Return a decimal in whole millionths, or None if it is none or finer."""
    if not isinstance(term, ox.Literal) or term.datatype.value != XSD.decimal:
        return None
    try:
        number = Decimal(term.value) * MILLION
    except InvalidOperation:
        return None
    return int(number) if number == number.to_integral_value() else None
