"""What the pages of concepts, observable properties and schemes say, as plain values for the templates.

Conventions
-----------
What is known of a term is put in its place (labels, sources, hierarchy, mappings, rules); whatever else is said of it,
or of other things with it, is listed as *further statements* and *referred to by*, so that nothing published is hidden.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Literal, cast

import pyoxigraph as ox
from markupsafe import Markup

from api.published.drawing import condition_curve
from api.published.graph import Published
from api.published.scales import TOLD, ScaleView, scales_of
from api.published.words import Bounds, condition_in_words, doubt_in_words
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.terms import ACM, ACV, DCTERMS, OWL, RDF, RDFS, SKOS, SOSA, ConfidenceKind, ReachReason, SpanKind, Verdict
from ontology.vocabulary import load_vocabulary

__all__ = [
    "MAPPINGS", "ConditionView", "Mapping", "RuleView", "SchemeView", "TermView", "TreeItem", "rule_of", "rules_using",
    "scheme_view", "schemes", "term_view", "tree",
]  # fmt: skip

MAPPINGS = {
    "exactMatch": ("means exactly the same as", "means exactly the same as"),
    "closeMatch": ("is close to", "is close to"),
    "broadMatch": ("is narrower than", "is broader than"),
    "narrowMatch": ("is broader than", "is narrower than"),
    "relatedMatch": ("is related to", "is related to"),
}
"""SKOS mapping property: how it reads from its subject, and from its object."""

_UNREVIEWED = ACM.NS + "unreviewedLabel"
_TOLD = {
    SKOS.prefLabel, SKOS.broader, RDF.type, DCTERMS.source, ACM.measurable, ACM.measureHint, ACM.polyakovCategory,
    ACM.sourceChecked, ACM.ucumUnit, ACM.scale, RDFS.NS + "isDefinedBy", OWL.NS + "deprecated", _UNREVIEWED,
    RDFS.label, DCTERMS.title,
    *(SKOS.NS + name for name in (
        "altLabel", "definition", "note", "changeNote", "narrower", "topConceptOf", "hasTopConcept", "inScheme",
        *MAPPINGS,
    )),
    *TOLD,
}  # fmt: skip
"""Properties with a place of their own on the page."""

_OF_THE_DATA_MODEL = frozenset(
    load_vocabulary().concepts[min(kind)].parent
    for kind in (ConfidenceKind, ListeningCondition, ReachReason, ScoreMetric, SpanKind, Verdict)
)
"""Ids of the concepts whose members are no answers to a question about a sound."""

_TOLD_OF_OTHERS = {*_TOLD, ACM.decides, SOSA.observedProperty, ACM.aspect}


@dataclass(frozen=True, slots=True)
class Label:
    """A name in a language, and whether somebody who speaks it has looked at it."""

    language: str
    text: str
    unreviewed: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """A tie to a term of another author, in words."""

    words: str
    property: str
    iri: str
    scheme: str


@dataclass(frozen=True, slots=True)
class ConditionView:
    """One condition of a rule, in words and as a picture."""

    property: str
    concept: str
    words: str
    doubt: str
    source: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule: its question, the kinds of span it may be used on, its conditions."""

    iri: str
    aspect: str
    spans: tuple[str, ...]
    conditions: tuple[ConditionView, ...]


@dataclass(frozen=True, slots=True)
class TermView:
    """Everything the page of a term says."""

    iri: str
    labels: tuple[Label, ...]
    alternatives: tuple[Label, ...]
    types: tuple[str, ...]
    schemes: tuple[str, ...]
    definition: str
    notes: tuple[str, ...]
    changes: tuple[str, ...]
    deprecated: bool
    facts: dict[str, str]
    sources: tuple[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, ...]
    path: tuple[str, ...]
    narrower: tuple[str, ...]
    beside: tuple[str, ...]
    mappings: tuple[Mapping, ...]
    scales: tuple[ScaleView, ...]
    rule: RuleView | None
    answers: tuple[str, ...]
    statements: tuple[tuple[str, object], ...]
    mentions: tuple[tuple[str, str], ...]

    @property
    def is_concept(self) -> bool:
        """Whether it is a term with a place among others, and not, say, an envelope or a scale."""
        return SKOS.NS + "Concept" in self.types

    @property
    def is_heard(self) -> bool:
        """Whether a claim can be about it, and not only a statement of the data model, such as a verdict."""
        above = {iri.removeprefix(ACV) for iri in (self.iri, *self.path)}
        return self.is_concept and SOSA.ObservableProperty not in self.types and not above & _OF_THE_DATA_MODEL


@dataclass(frozen=True, slots=True)
class TreeItem:
    """A concept in a hierarchy."""

    iri: str
    labels: tuple[Label, ...]
    alternatives: tuple[Label, ...]
    definition: str
    facts: dict[str, str]
    deprecated: bool
    children: tuple["TreeItem", ...] = field(default=())

    def __len__(self) -> int:
        return 1 + sum(map(len, self.children))


@dataclass(frozen=True, slots=True)
class SchemeView:
    """A scheme with its concepts."""

    iri: str
    title: str
    facts: tuple[tuple[str, object], ...]
    items: tuple[TreeItem, ...]

    def __len__(self) -> int:
        return sum(map(len, self.items))


def _labels(published: Published, iri: str, predicate: str = SKOS.prefLabel) -> tuple[Label, ...]:
    unreviewed = set(published.texts(iri, _UNREVIEWED))
    return tuple(
        Label(language or "en", text, (language, text) in unreviewed)
        for language, text in published.texts(iri, predicate)
    )


def _facts(published: Published, iri: str) -> dict[str, str]:
    names = {
        "measurable": ACM.measurable, "checked": ACM.sourceChecked, "category": ACM.polyakovCategory,
        "hint": ACM.measureHint, "unit": ACM.ucumUnit, "scale": ACM.scale,
    }  # fmt: skip
    return {name: published.text(iri, predicate) for name, predicate in names.items()}


def _deprecated(published: Published, iri: str) -> bool:
    return published.text(iri, OWL.NS + "deprecated") in ("true", "1")


def _above(published: Published, iri: str) -> tuple[str, ...]:
    """Return the broader concepts, the topmost first; of several, the first by label."""
    path: list[str] = []
    while (broader := published.iris(iri, SKOS.broader)) and broader[0] not in path:
        iri = broader[0]
        path.insert(0, iri)
    return tuple(path)


def _scheme_title(published: Published, iri: str) -> str:
    schemes_ = published.iris(iri, SKOS.NS + "inScheme")
    return published.label(schemes_[0]) if schemes_ else ""


def _mappings(published: Published, iri: str) -> tuple[Mapping, ...]:
    found: dict[tuple[str, str], Mapping] = {}
    for name, (words, inverse) in MAPPINGS.items():
        for other in published.iris(iri, SKOS.NS + name):
            found.setdefault((words, other), Mapping(words, f"skos:{name}", other, _scheme_title(published, other)))
        for other in published.subjects(SKOS.NS + name, iri):
            found.setdefault((inverse, other), Mapping(inverse, f"skos:{name}", other, _scheme_title(published, other)))
    return tuple(found.values())


def _condition(published: Published, iri: str, concept: str) -> ConditionView:
    (observed,) = published.iris(iri, SOSA.observedProperty)
    numbers = {name: published.text(iri, ACM.NS + name) for name in ("minimum", "maximum", "margin")}
    bounds = Bounds(
        float(numbers["minimum"]) if numbers["minimum"] else None,
        float(numbers["maximum"]) if numbers["maximum"] else None,
        float(numbers["margin"]),
        published.text(observed, ACM.ucumUnit),
        cast(Literal["linear", "log"], published.text(observed, ACM.scale) or "linear"),
    )
    words, doubt = condition_in_words(bounds), doubt_in_words(bounds)
    name, term = published.label(observed), published.label(concept)
    caption = f"How surely “{term}” holds along {name.lower()}, which must be {words}. {doubt}"
    source = published.text(iri, DCTERMS.source)
    return ConditionView(observed, concept, words, doubt, source, condition_curve(bounds, caption))


def rule_of(published: Published, iri: str) -> RuleView | None:
    """Return the rule that decides a concept, None if there is none."""
    rules = published.subjects(ACM.decides, iri)
    if not rules:
        return None
    rule = rules[0]
    conditions = [_condition(published, part, iri) for part in published.iris(rule, ACM.condition)]
    (aspect,) = published.iris(rule, ACM.aspect)
    conditions.sort(key=lambda condition: published.label(condition.property))
    return RuleView(rule, aspect, tuple(published.iris(rule, ACM.appliesTo)), tuple(conditions))


def rules_using(published: Published, observable: str) -> list[ConditionView]:
    """Return the conditions on an observable property, by the concept they decide."""
    found: list[ConditionView] = []
    for part in published.subjects(SOSA.observedProperty, observable):
        for rule in published.subjects(ACM.condition, part):
            found.extend(_condition(published, part, concept) for concept in published.iris(rule, ACM.decides))
    return sorted(found, key=lambda condition: published.label(condition.concept).casefold())


def term_view(published: Published, iri: str) -> TermView:
    """Gather what the page of a concept, a property or anything else in the vocabulary says."""
    path = _above(published, iri)
    parents = path[-1:]
    beside = [other for parent in parents for other in published.subjects(SKOS.broader, parent) if other != iri]
    answers = [concept for rule in published.subjects(ACM.aspect, iri) for concept in published.iris(rule, ACM.decides)]
    return TermView(
        iri=iri,
        labels=_labels(published, iri) or (Label("en", published.label(iri)),),
        alternatives=_labels(published, iri, SKOS.NS + "altLabel"),
        types=tuple(sorted(published.types(iri))),
        schemes=tuple(published.iris(iri, SKOS.NS + "inScheme")),
        definition=published.text(iri, SKOS.NS + "definition"),
        notes=tuple(text for _, text in published.texts(iri, SKOS.NS + "note")),
        changes=tuple(text for _, text in published.texts(iri, SKOS.NS + "changeNote")),
        deprecated=_deprecated(published, iri),
        facts=_facts(published, iri),
        sources=tuple(published.objects(iri, DCTERMS.source)),
        path=path,
        narrower=tuple(published.subjects(SKOS.broader, iri)),
        beside=tuple(beside),
        mappings=_mappings(published, iri),
        scales=scales_of(published, iri),
        rule=rule_of(published, iri),
        answers=tuple(sorted(answers, key=lambda other: published.label(other).casefold())),
        statements=tuple(
            (triple.predicate.value, triple.object)
            for triple in published.triples(iri) if triple.predicate.value not in _TOLD
        ),
        mentions=tuple(
            (triple.predicate.value, triple.subject.value)
            for triple in published.triples(None, None, iri)
            if isinstance(triple.subject, ox.NamedNode) and triple.predicate.value not in _TOLD_OF_OTHERS
            and not published.is_rule(triple.subject.value.removeprefix(ACV.removesuffix("vocab/")))
        ),
    )  # fmt: skip


def _item(published: Published, iri: str, scheme: str, above: frozenset[str]) -> TreeItem:
    inner = [
        other
        for other in published.subjects(SKOS.broader, iri)
        if other not in above and scheme in published.iris(other, SKOS.NS + "inScheme")
    ]
    return TreeItem(
        iri,
        _labels(published, iri) or (Label("en", published.label(iri)),),
        _labels(published, iri, SKOS.NS + "altLabel"),
        published.text(iri, SKOS.NS + "definition"),
        _facts(published, iri),
        _deprecated(published, iri),
        tuple(_item(published, other, scheme, above | {iri}) for other in inner),
    )


def tree(published: Published, scheme: str) -> tuple[TreeItem, ...]:
    """Return the concepts of a scheme: those without a broader one in the scheme, with what is under them."""
    members = published.subjects(SKOS.NS + "inScheme", scheme)
    tops = [iri for iri in members if not set(published.iris(iri, SKOS.broader)) & set(members)]
    return tuple(_item(published, iri, scheme, frozenset({iri})) for iri in tops)


def scheme_view(published: Published, iri: str) -> SchemeView:
    """Gather what the page of a scheme says."""
    told = {*_TOLD, SKOS.NS + "hasTopConcept"}
    facts = [(t.predicate.value, t.object) for t in published.triples(iri) if t.predicate.value not in told]
    return SchemeView(iri, published.label(iri), tuple(facts), tree(published, iri))


@cache
def schemes(published: Published) -> tuple[SchemeView, ...]:
    """Return all schemes, by title."""
    return tuple(scheme_view(published, iri) for iri in published.subjects(RDF.type, SKOS.NS + "ConceptScheme"))
