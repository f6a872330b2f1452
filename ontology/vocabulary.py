"""The vocabulary and its measurement rules, read from the tables that people edit.

Conventions
-----------
``vocabulary.csv`` has one concept per row, ``properties.csv`` one observable property per row, ``rules.csv`` one
condition of a measurement rule per row; rows with the same concept form one rule, whose conditions must all
hold. ``scales.csv`` orders concepts (`ontology.scales`); ``reviewed_labels.csv`` and ``changes.csv`` hold what editors
recorded (`ontology.editorial`). ``vocabulary.ttl`` is generated from all of them by ``python -m ontology.build``. A
faulty row is an error that names file, line and column; nothing is read past it.

A cell ``prefLabel_fr`` has one label; ``altLabels`` has any number, separated by ``;``, in English or with a language
tag behind (``Attacke@de``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from ontology.editorial import LANGUAGES, Change, read_changes, read_reviewed
from ontology.scales import Scale, read_scales
from ontology.schemes import SCHEMES
from ontology.tables import Row, read_rows, words
from ontology.terms import SpanKind

__all__ = ["Concept", "Condition", "ObservableProperty", "Rule", "Vocabulary", "load_vocabulary"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Concept:
    """A term of listening, as one author uses it.

    Parameters
    ----------
    id : str
        Last part of its IRI.
    label : Mapping of str to str
        Preferred label by language tag; ``en`` is always there.
    alternatives : tuple of (str, str)
        Other labels, each with its language tag.
    parent : str or None
        Id of the broader concept.
    scheme : str
        Id of the author's scheme.
    category : str
        Polyakov's category, or empty.
    definition, source : str
    measurable : {"yes", "partly", "no"}
    measure_hint : str
    source_checked : {"yes", "secondary", "no"}
    mappings : tuple of (str, str)
        SKOS mapping property (``closeMatch`` ...) and id of the other concept.
    notes : str
    unreviewed : frozenset of str
        Language tags of the preferred labels that are renderings which nobody reviewed.
    """

    id: str
    label: Mapping[str, str]
    alternatives: tuple[tuple[str, str], ...]
    parent: str | None
    scheme: str
    category: str
    definition: str
    source: str
    measurable: Literal["yes", "partly", "no"]
    measure_hint: str
    source_checked: Literal["yes", "secondary", "no"]
    mappings: tuple[tuple[str, str], ...]
    notes: str
    unreviewed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ObservableProperty:
    """Something that can be measured over a span.

    Parameters
    ----------
    id, label, definition, method, source : str
    unit : str
        UCUM code.
    scale : {"linear", "log"}
        Scale on which distances between values are judged; ``log`` means base 2.
    """

    id: str
    label: str
    unit: str
    scale: Literal["linear", "log"]
    definition: str
    method: str
    source: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A threshold for one property.

    Parameters
    ----------
    property : str
        Id of an `ObservableProperty`.
    minimum, maximum : float or None
        In the unit of the property; at least one is there.
    margin : float
        Standard deviation of the zone of doubt: in the unit of the property on a linear scale, in octaves on a log
        scale.
    source : str
    """

    property: str
    minimum: float | None
    maximum: float | None
    margin: float
    source: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What must be measured for a concept to hold: all conditions, on these kinds of span."""

    concept: str
    aspect: str
    spans: frozenset[SpanKind]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All concepts, observable properties, rules and scales, by id, and what changed."""

    concepts: Mapping[str, Concept]
    properties: Mapping[str, ObservableProperty]
    rules: Mapping[str, Rule]
    scales: Mapping[str, Scale] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()

    def label(self, concept: str, language: str = "en") -> str:
        """Return the label of a concept in a language, else in English, else its id."""
        known = self.concepts.get(concept)
        return known.label.get(language, known.label["en"]) if known else concept

    def ancestors(self, concept: str) -> Iterator[str]:
        """Yield the broader concepts of a concept, nearest first."""
        parent = self.concepts[concept].parent
        while parent is not None:
            yield parent
            parent = self.concepts[parent].parent

    def aspect(self, concept: str) -> str:
        """Return the question a claim of this concept answers.

        It is what the concept's rule says, else its nearest ancestor that a scale belongs to, else its topmost
        ancestor (below Polyakov's four groups), else itself.
        """
        if concept in self.rules:
            return self.rules[concept].aspect
        groups = {"spectralTerms", "morphologicalTerms", "behaviouralTerms", "sourceCauseTerms"}
        above = [ancestor for ancestor in self.ancestors(concept) if ancestor not in groups]
        questions = {term for scale in self.scales.values() for term in scale.terms}
        asked = next((ancestor for ancestor in above if ancestor in questions), None)
        return asked or (above[-1] if above else concept)


_CONCEPT_COLUMNS = (
    "id", "prefLabel_en", "altLabels", "prefLabel_fr", "prefLabel_de", "parent", "scheme", "polyakov_category",
    "definition", "source", "measurable", "measure_hint", "confidence", "source_checked", "mapping", "notes",
)  # fmt: skip
_PROPERTY_COLUMNS = ("id", "prefLabel_en", "unit", "scale", "definition", "method", "source")
_RULE_COLUMNS = ("concept", "aspect", "spans", "property", "minimum", "maximum", "margin", "source")


def _read_concepts(path: Path) -> dict[str, Concept]:
    concepts: dict[str, Concept] = {}
    rows: list[Row] = []
    for row in read_rows(path, _CONCEPT_COLUMNS):
        cells = row.cells
        id_ = row.new_id(concepts)
        mappings = tuple(_mapping(row, word) for word in words(cells["mapping"]))
        concepts[id_] = Concept(
            id=id_,
            label=MappingProxyType(_labels(row)),
            alternatives=tuple(_alternative(row, word) for word in words(cells["altLabels"])),
            parent=cells["parent"] or None,
            scheme=row.known("scheme", SCHEMES, "scheme"),
            category=cells["polyakov_category"],
            definition=row.text("definition"),
            source=row.text("source"),
            measurable=cast(Literal["yes", "partly", "no"], row.one_of("measurable", ("yes", "partly", "no"))),
            measure_hint=cells["measure_hint"],
            source_checked=cast(
                Literal["yes", "secondary", "no"], row.one_of("source_checked", ("yes", "secondary", "no"))
            ),
            mappings=mappings,
            notes=cells["notes"],
        )
        rows.append(row)
    _check_references(concepts, rows)
    return concepts


def _labels(row: Row) -> dict[str, str]:
    """Return the preferred label in each language, of which there may be one only (SKOS S14)."""
    labels = {}
    for tag in LANGUAGES:
        column = f"prefLabel_{tag}"
        found = words(row.cells[column])
        if len(found) > 1:
            raise row.error(column, f"{row.cells[column]!r}", f"one label; others go to altLabels, as {found[1]}@{tag}")
        if found:
            labels[tag] = found[0]
    if "en" not in labels:
        raise row.error("prefLabel_en", repr(row.cells["prefLabel_en"]), "an English label")
    return labels


def _alternative(row: Row, word: str) -> tuple[str, str]:
    label, _, tag = word.partition("@")
    if not label or (tag or "en") not in LANGUAGES:
        raise row.error("altLabels", f"{word!r}", "a label, with @fr or @de behind if it is not English")
    return label, tag or "en"


def _mapping(row: Row, word: str) -> tuple[str, str]:
    kind, _, target = word.partition(":")
    if target == row.cells["id"]:
        raise row.error("mapping", f"{word!r} maps the concept to itself", "another concept")
    if kind not in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch") or not target:
        raise row.error("mapping", f"{word!r}", "a SKOS mapping property, a colon and a concept id")
    return kind, target


def _check_references(concepts: Mapping[str, Concept], rows: list[Row]) -> None:
    """Check that parents and mapping targets exist and that the hierarchy has no cycle."""
    for row in rows:
        concept = concepts[row.cells["id"]]
        if concept.parent is not None and concept.parent not in concepts:
            raise row.error("parent", f"{concept.parent!r} is no concept", "the id of a row of this table")
        for _, target in concept.mappings:
            if target not in concepts:
                raise row.error("mapping", f"{target!r} is no concept", "the id of a row of this table")
        seen, parent = {concept.id}, concept.parent
        while parent is not None and parent in concepts:
            if parent in seen:
                raise row.error("parent", f"{concept.id!r} is its own ancestor", "a hierarchy without cycles")
            seen.add(parent)
            parent = concepts[parent].parent


_UNITS = ("1", "s", "/s", "Hz", "dB", "{octave}", "{cent}")


def _read_properties(path: Path, concepts: Mapping[str, Concept]) -> dict[str, ObservableProperty]:
    properties: dict[str, ObservableProperty] = {}
    for row in read_rows(path, _PROPERTY_COLUMNS):
        id_ = row.new_id(properties)
        if id_ in concepts:
            raise row.error("id", f"{id_!r} is the id of a concept too", "an id of its own")
        properties[id_] = ObservableProperty(
            id=id_,
            label=row.text("prefLabel_en"),
            unit=row.one_of("unit", _UNITS),
            scale=cast(Literal["linear", "log"], row.one_of("scale", ("linear", "log"))),
            definition=row.text("definition"),
            method=row.text("method"),
            source=row.text("source"),
        )
    return properties


def _read_rules(
    path: Path,
    concepts: Mapping[str, Concept],
    properties: Mapping[str, ObservableProperty],
    deprecated: frozenset[str],
) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for row in read_rows(path, _RULE_COLUMNS):
        cells = row.cells
        for column, known in (("concept", concepts), ("aspect", concepts), ("property", properties)):
            if cells[column] not in known:
                raise row.error(column, f"{cells[column]!r} is unknown", "the id of a row of its table")
            if cells[column] in deprecated:
                raise row.error(column, f"{cells[column]!r} is deprecated", "a term in use: see changes.csv")
        if concepts[cells["concept"]].measurable == "no":
            raise row.error("concept", f"{cells['concept']!r} is marked as not measurable", "a measurable concept")
        try:
            spans = frozenset(SpanKind(word) for word in cells["spans"].split())
        except ValueError as error:
            raise row.error("spans", cells["spans"], "one or more of " + ", ".join(SpanKind)) from error
        if not spans:
            raise row.error("spans", "nothing", "one or more of " + ", ".join(SpanKind))
        condition = _condition(row, properties[cells["property"]])
        rule = rules.get(cells["concept"])
        if rule and (rule.aspect, rule.spans) != (cells["aspect"], spans):
            raise row.error("aspect or spans", "differs from the rows above", "one aspect and one set per concept")
        if rule and any(other.property == condition.property for other in rule.conditions):
            raise row.error(
                "property", f"{condition.property!r} stands there twice", "one row per concept and property"
            )
        conditions = (*rule.conditions, condition) if rule else (condition,)
        rules[cells["concept"]] = Rule(cells["concept"], cells["aspect"], spans, conditions)
    return rules


def _condition(row: Row, observed: ObservableProperty) -> Condition:
    minimum, maximum, margin = row.number("minimum"), row.number("maximum"), row.number("margin")
    if minimum is None and maximum is None:
        raise row.error("minimum", "no threshold", "a minimum, a maximum or both")
    if minimum is not None and maximum is not None and minimum >= maximum:
        raise row.error("maximum", f"{maximum} is not above {minimum}", "minimum < maximum")
    if observed.scale == "log" and any(bound is not None and bound <= 0 for bound in (minimum, maximum)):
        raise row.error("minimum", f"a threshold not above 0 for {observed.id}", "a number above 0: its scale is log")
    if margin is None or margin <= 0:
        raise row.error("margin", f"{margin}", "a number above 0")
    return Condition(row.cells["property"], minimum, maximum, margin, row.cells["source"])


@cache
def load_vocabulary(folder: Path = FOLDER) -> Vocabulary:
    """Read the vocabulary, the observable properties and the rules.

    Parameters
    ----------
    folder : Path
        Folder with the tables.

    Returns
    -------
    Vocabulary

    Raises
    ------
    VocabularyError
        If a row is faulty; the message names file, line and column.

    Examples
    --------
    >>> vocabulary = load_vocabulary()
    >>> vocabulary.label("graduatedContinuant", "fr"), vocabulary.aspect("openAttackDecay")
    ('continuant graduel', 'morphologicalArchetype')
    """
    concepts = _read_concepts(folder / "vocabulary.csv")
    properties = _read_properties(folder / "properties.csv", concepts)
    reviewed = read_reviewed(folder / "reviewed_labels.csv", {c.id: c.label for c in concepts.values()})
    for id_, concept in concepts.items():
        marked = frozenset(tag for tag in concept.label if not reviewed.covers(id_, concept.scheme, tag))
        concepts[id_] = replace(concept, unreviewed=marked)
    changes = read_changes(folder / "changes.csv", concepts.keys() | properties.keys())
    deprecated = frozenset(change.term for change in changes if change.kind == "deprecated")
    rules = _read_rules(folder / "rules.csv", concepts, properties, deprecated)
    scales = read_scales(folder / "scales.csv", concepts)
    return Vocabulary(
        MappingProxyType(concepts),
        MappingProxyType(properties),
        MappingProxyType(rules),
        MappingProxyType(scales),
        changes,
    )
