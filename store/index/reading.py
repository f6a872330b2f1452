"""From the quads of one graph to the rows of the side index.

Conventions
-----------
- A graph is read alone, as the stored questions read it: a claim, its span and the name of its maker stand in one
  graph.
- Of a graph only the predicates in :data:`PREDICATES` are needed, which are about a third of it.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NamedTuple, TypeAlias, TypeVar

import pyoxigraph as ox

from ontology.terms import ACM, ACV, DCTERMS, FOAF, FRBR, MO, OA, PROV, RDF, SKOS, SOSA, XSD
from store.index.schema import MILLION

__all__ = ["PREDICATES", "Facts", "Rows", "facts_by_graph", "facts_in_store", "rows_of"]

FIGURES = (
    ACM.channelsHeard, ACM.tokenStepSeconds, ACM.windowSeconds, ACM.longestInputSeconds, ACM.minimumHz, ACM.maximumHz,
    ACM.needsChannels, ACM.needsStepSeconds, ACM.needsSeconds, ACM.needsLowestHz, ACM.needsHighestHz,
    ACM.lossLimit, ACM.aboveHz, ACM.belowHz, ACM.channelsLeft,
)  # fmt: skip
"""What envelopes carry, concepts need and losses are measured by."""

PREDICATES = (
    OA.hasTarget, OA.hasBody, OA.hasSource, DCTERMS.creator, DCTERMS.replaces, ACM.confidence, ACM.aspect,
    ACM.startSeconds, ACM.endSeconds, ACM.segmentedAs, ACM.verdict, ACM.decides, FOAF.name, DCTERMS.NS + "title",
    FRBR.realization, SKOS.broader, SKOS.prefLabel, MO.time, PROV.used, PROV.wasAssociatedWith, PROV.wasDerivedFrom,
    RDF.NS + "value", SOSA.hasFeatureOfInterest, SOSA.observedProperty, SOSA.hasSimpleResult, ACM.ucumUnit,
    ACM.envelope, ACM.lossReason, *FIGURES,
)  # fmt: skip
"""The predicates that are read."""

_TYPE, _PERSON = ox.NamedNode(RDF.type), ox.NamedNode(PROV.Person)
_DECIMAL, _INTEGER = ox.NamedNode(XSD.decimal), ox.NamedNode(XSD.integer)
_TITLE, _VALUE = DCTERMS.NS + "title", RDF.NS + "value"

GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph
Other: TypeAlias = ox.Literal | ox.BlankNode | ox.Triple
"""An object that is no IRI."""

_Value = TypeVar("_Value")


class Facts(NamedTuple):
    """What is needed of the statements of a graph: the objects of each subject that has an IRI.

    Parameters
    ----------
    nodes : mapping of NamedNode to mapping of str to collection of str
        By predicate and subject: the objects that are IRIs, each once.
    others : mapping of NamedNode to mapping of str to collection of Literal, BlankNode or Triple
        The objects that are none.
    people : list of str
        The members of ``prov:Person``.
    """

    nodes: dict[ox.NamedNode, dict[str, Collection[str]]]
    others: dict[ox.NamedNode, dict[str, Collection[Other]]]
    people: list[str]

    @classmethod
    def none(cls) -> Facts:
        """Return room for the facts of a graph."""
        predicates = [ox.NamedNode(predicate) for predicate in PREDICATES]
        return cls({one: {} for one in predicates}, {one: {} for one in predicates}, [])


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
    observations: list[tuple[str, str, float, int, str | None, str | None]] = field(default_factory=list)
    strange: list[tuple[str, str]] = field(default_factory=list)
    listeners: list[tuple[str, str | None]] = field(default_factory=list)
    derived: list[tuple[str, str]] = field(default_factory=list)
    people: list[tuple[str]] = field(default_factory=list)
    rules: list[tuple[str]] = field(default_factory=list)
    replaced: list[tuple[str]] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    figures: list[tuple[str, str, int]] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)


def facts_in_store(store: ox.Store, graph: str) -> Facts:
    """Read what is needed of a graph from a store."""
    name = ox.NamedNode(graph)
    patterns = [(ox.NamedNode(predicate), None) for predicate in PREDICATES]
    quads = itertools.chain.from_iterable(
        store.quads_for_pattern(None, predicate, term, name) for predicate, term in (*patterns, (_TYPE, _PERSON))
    )
    return next((facts for _, facts in facts_by_graph(quads)), Facts.none())


def facts_by_graph(quads: Iterable[ox.Quad]) -> Iterator[tuple[GraphName, Facts]]:
    """Read what is needed of each graph; one whose quads are not in a row comes in parts."""
    nodes, others, people = Facts.none()
    graph: GraphName | None = None
    for quad in quads:  # a part of a quad is made when it is asked for
        if quad.graph_name != graph:
            if graph is not None:
                yield graph, Facts(nodes, others, people)
            nodes, others, people = Facts.none()
            graph = quad.graph_name
        predicate = quad.predicate
        if (iris := nodes.get(predicate)) is not None:
            subject = quad.subject
            if not isinstance(subject, ox.NamedNode):
                continue
            node, term = subject.value, quad.object
            if isinstance(term, ox.NamedNode):
                iri = (term.value,)
                if (known := iris.setdefault(node, iri)) is not iri:
                    iris[node] = _added(known, iri)
            elif (known_other := others[predicate].setdefault(node, other := (term,))) is not other:
                others[predicate][node] = _added(known_other, other)
        elif predicate == _TYPE and quad.object == _PERSON and isinstance(quad.subject, ox.NamedNode):
            people.append(quad.subject.value)
    if graph is not None:
        yield graph, Facts(nodes, others, people)


def _added(known: Collection[_Value], more: Collection[_Value]) -> Collection[_Value]:
    """Add a value where there is one already, which few subjects have; a file may say the same twice."""
    if isinstance(known, dict):
        known.update(dict.fromkeys(more))
        return known
    return dict.fromkeys((*known, *more))


class _Reading:
    """Reads one graph."""

    def __init__(self, facts: Facts) -> None:
        self.nodes = {predicate.value: found for predicate, found in facts.nodes.items()}
        self.others = {predicate.value: found for predicate, found in facts.others.items()}
        self.rows = Rows()

    def numbers(self, predicate: str, types: Sequence[ox.NamedNode] = (_DECIMAL,)) -> Mapping[str, Collection[int]]:
        """Return the millionths that subjects have as objects; whatever else they have is strange."""
        found: dict[str, list[int]] = {}
        for subject, terms in self.others[predicate].items():
            numbers = found[subject] = []
            for term in terms:
                number = _millionths(term, types)
                if number is None:
                    self.rows.strange.append((subject, f"{predicate} is {term}"))
                else:
                    numbers.append(number)
        self._note_nodes(predicate)
        return found

    def texts(self, predicate: str) -> Iterator[tuple[str, str]]:
        """Yield plain text; text with a language or another type is strange."""
        for subject, term in _pairs(self.others[predicate]):
            if isinstance(term, ox.Literal) and term.datatype.value == XSD.NS + "string":
                yield subject, term.value
            else:
                self.rows.strange.append((subject, f"{predicate} is {term}"))
        self._note_nodes(predicate)

    def _note_nodes(self, predicate: str) -> None:
        """Note IRIs where there should be literals."""
        self.rows.strange += [(subject, f"{predicate} is {iri}") for subject, iri in _pairs(self.nodes[predicate])]


def rows_of(facts: Facts) -> Rows:
    """Return the rows of one graph."""
    reading = _Reading(facts)
    rows = reading.rows
    targets, makers = reading.nodes[OA.hasTarget], reading.nodes[DCTERMS.creator]
    places = _spans(reading)
    _claims(reading, targets, makers, places)
    rows.assessments += [
        (node, claim, verdict, agent)
        for node, verdicts in reading.nodes[ACM.verdict].items()
        for claim, verdict, agent in itertools.product(targets.get(node, ()), verdicts, makers.get(node, [None]))
    ]
    rows.kinds += _pairs(reading.nodes[ACM.segmentedAs])
    rows.names += [*reading.texts(FOAF.name), *_labels(facts)]
    rows.broader += _closure(reading.nodes[SKOS.broader], (node for node, _ in _labels(facts)))
    rows.people += [(node,) for node in dict.fromkeys(facts.people)]
    rows.rules += [(concept,) for concepts in reading.nodes[ACM.decides].values() for concept in concepts]
    rows.replaced += [(old,) for olds in reading.nodes[DCTERMS.replaces].values() for old in olds]
    rows.derived += _pairs(reading.nodes[PROV.wasDerivedFrom])
    _catalogue(reading, makers)
    _runs(reading)
    _described(reading, targets)
    _observed(reading, makers)
    rows.envelopes += _pairs(reading.nodes[ACM.envelope])
    rows.reasons += _pairs(reading.nodes[ACM.lossReason])
    rows.figures += [
        (node, figure.removeprefix(ACM.NS), number)
        for figure in FIGURES
        for node, number in _pairs(reading.numbers(figure, (_DECIMAL, _INTEGER)))
    ]
    return rows


def _spans(reading: _Reading) -> dict[str, list[tuple[str, int, int]]]:
    """Note spans and lengths of recordings; return where each span is."""
    starts, ends = reading.numbers(ACM.startSeconds), reading.numbers(ACM.endSeconds)
    places: dict[str, list[tuple[str, int, int]]] = {}
    for node, recordings in reading.nodes[OA.hasSource].items():
        places[node] = list(itertools.product(recordings, starts.get(node, ()), ends.get(node, ())))
        reading.rows.spans += [(node, *place) for place in places[node]]
    for recording, extents in reading.nodes[MO.time].items():
        reading.rows.durations += [(recording, end) for extent in extents for end in ends.get(extent, ())]
    return places


def _claims(
    reading: _Reading,
    targets: Mapping[str, Collection[str]],
    makers: Mapping[str, Collection[str]],
    places: Mapping[str, Sequence[tuple[str, int, int]]],
) -> None:
    aspects, confidences = reading.nodes[ACM.aspect], reading.numbers(ACM.confidence)
    claims, counts = reading.rows.claims, Counter[tuple[str | None, str, str | None]]()
    nowhere: Sequence[tuple[str | None, int | None, int | None]] = ((None, None, None),)
    nothing: tuple[None] = (None,)
    for node, bodies in reading.nodes[OA.hasBody].items():
        if node not in aspects and node not in confidences and not any(body.startswith(ACV) for body in bodies):
            continue
        counted = set()
        for span, body, aspect, maker, confidence in itertools.product(
            targets.get(node, nothing), bodies, aspects.get(node, nothing), makers.get(node, nothing),
            confidences.get(node, nothing),
        ):  # fmt: skip
            for recording, start, stop in (places.get(span) or nowhere) if span is not None else nowhere:
                claims.append((node, span, recording, start, stop, body, aspect, maker, confidence))
                if aspect is not None or body.startswith(ACV):
                    counted.add((recording, body, maker))
        counts.update(counted)
    reading.rows.counts += [(*key, number) for key, number in counts.items()]


def _catalogue(reading: _Reading, makers: Mapping[str, Collection[str]]) -> None:
    """Note works with their recordings, titles and composers."""
    works = reading.nodes[FRBR.realization]
    reading.rows.works += _pairs(works)
    if works:
        reading.rows.names += [(node, text) for node, text in reading.texts(_TITLE) if node in works]
        reading.rows.creators += _pairs({work: makers[work] for work in works if work in makers})


def _runs(reading: _Reading) -> None:
    """Note what the runs used besides the claims that they assess, and by whom: recordings and files."""
    agents = reading.nodes[PROV.wasAssociatedWith]
    assessed = set(itertools.chain(*reading.nodes[OA.hasTarget].values()))
    for run, used in reading.nodes[PROV.used].items():
        recordings = [one for one in used if one not in assessed]
        reading.rows.listeners += list(itertools.product(recordings, agents.get(run, [None])))


def _described(reading: _Reading, targets: Mapping[str, Collection[str]]) -> None:
    """Note what was said word for word."""
    words: dict[str, list[str]] = defaultdict(list)
    for node, term in _pairs(reading.others[_VALUE]):
        if isinstance(term, ox.Literal):
            words[node].append(term.value)
    for node, bodies in reading.nodes[OA.hasBody].items():
        for body in bodies:
            if body in words:
                said = itertools.product(targets.get(node, ()), words[body])
                reading.rows.descriptions += [(node, span, body, text.lower()) for span, text in said]


def _observed(reading: _Reading, makers: Mapping[str, Collection[str]]) -> None:
    """Note measured values, with their unit and who measured."""
    properties = reading.nodes[SOSA.observedProperty]
    spans = reading.nodes[SOSA.hasFeatureOfInterest]
    units = reading.others[ACM.ucumUnit]
    nobody: tuple[None] = (None,)
    agents: dict[str, list[str]] = {}
    for annotation, bodies in reading.nodes[OA.hasBody].items():
        for body in bodies:
            if body in properties:
                agents.setdefault(body, []).extend(makers.get(annotation, ()))
    for node, term in _pairs(reading.others[SOSA.hasSimpleResult]):
        if isinstance(term, ox.Literal):
            text = term.value
            try:
                value = float(text)
            except ValueError:
                continue
            exact = int(term.datatype == _DECIMAL and _kept_exactly(value, text))
            said = [one.value for one in units.get(node, ()) if isinstance(one, ox.Literal)]
            reading.rows.observations += itertools.product(
                spans.get(node, ()), properties.get(node, ()), (value,), (exact,), said or nobody,
                agents.get(node) or nobody,
            )  # fmt: skip


def _kept_exactly(value: float, text: str) -> bool:
    """Whether a decimal can be had back from the number it is kept as."""
    return repr(value) == text or (math.isfinite(value) and Decimal(repr(value)) == Decimal(text))


def _labels(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the English labels of concepts."""
    for node, term in _pairs(facts.others[ox.NamedNode(SKOS.prefLabel)]):
        if isinstance(term, ox.Literal) and term.language == "en":
            yield node, term.value


def _closure(broader: Mapping[str, Collection[str]], concepts: Iterable[str]) -> list[tuple[str, str]]:
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


def _pairs(found: Mapping[str, Collection[_Value]]) -> list[tuple[str, _Value]]:
    return [(subject, term) for subject, terms in found.items() for term in terms]


def _millionths(term: Other, types: Sequence[ox.NamedNode]) -> int | None:
    """Return a number of one of some types in whole millionths, or None if it is none or finer."""
    if not isinstance(term, ox.Literal) or term.datatype not in types:
        return None
    try:
        number = Decimal(term.value) * MILLION
    except InvalidOperation:
        return None
    whole = int(number)
    return whole if whole == number else None
