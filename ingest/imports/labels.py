"""Which concepts a label stands for.

Conventions
-----------
A label of the vocabulary is an id, a preferred or an alternative label in any of its languages, in that order, without
regard to capitals. A label of AudioSet claims the concepts to which ``ontology/mappings/audioset.sssom.tsv`` maps it
by ``exactMatch``, ``closeMatch`` or ``narrowMatch``: the mappings are written from the concept, so that
``narrowMatch`` says that the label is the narrower term and whoever hears it hears the concept. ``broadMatch`` would
claim more than was said, ``relatedMatch`` something that is often so; neither makes a claim.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ingest.imports.records import Cause, LabelScheme
from ontology.mappings import load_mappings
from ontology.terms import SKOS, ConfidenceKind, ReachReason, SpanKind, Verdict
from ontology.vocabulary import Vocabulary, load_vocabulary

__all__ = ["Meaning", "Unmapped", "meanings"]

_COUNTS = ("exactMatch", "closeMatch", "narrowMatch")
_NOT_HEARD = frozenset({*ConfidenceKind, *ReachReason, *SpanKind, *Verdict})
"""Concepts that speak of claims and spans, not of sounds."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A concept that a label stands for.

    Parameters
    ----------
    concept : str
        Id.
    mapping : str
        How it was found, for people.
    """

    concept: str
    mapping: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """Why a label stands for no concept."""

    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class _Tables:
    ids: Mapping[str, str]
    preferred: Mapping[str, tuple[str, ...]]
    alternative: Mapping[str, tuple[str, ...]]
    audioset: Mapping[str, tuple[tuple[str | None, str], ...]]


@cache
def _tables() -> _Tables:
    vocabulary = load_vocabulary()
    preferred: dict[str, dict[str, None]] = {}
    alternative: dict[str, dict[str, None]] = {}
    ids = {id_.casefold(): id_ for id_ in vocabulary.concepts if id_ not in _NOT_HEARD}
    for id_ in ids.values():
        concept = vocabulary.concepts[id_]
        for label in concept.label.values():
            preferred.setdefault(label.casefold(), {})[id_] = None
        for label, _ in concept.alternatives:
            alternative.setdefault(label.casefold(), {})[id_] = None
    mapped: dict[str, list[tuple[str | None, str]]] = {}
    audioset = next(set_ for set_ in load_mappings(vocabulary) if set_.name == "audioset")
    for mapping in audioset.mappings:
        subject = mapping.subject if mapping.subject in vocabulary.concepts else None
        mapped.setdefault(mapping.label.casefold(), []).append((subject, mapping.predicate.removeprefix(SKOS.NS)))
    return _Tables(
        ids,
        {label: tuple(found) for label, found in preferred.items()},
        {label: tuple(found) for label, found in alternative.items()},
        {label: tuple(rows) for label, rows in mapped.items()},
    )


def meanings(label: str, scheme: LabelScheme, vocabulary: Vocabulary) -> tuple[Meaning, ...] | Unmapped:
    """Return the concepts that a label stands for, or why there is none.

    Parameters
    ----------
    label : str
    scheme : {"audioset", "acousma", "any"}
    vocabulary : Vocabulary

    Examples
    --------
    >>> [(m.concept, m.mapping) for m in meanings("Speech", "audioset", load_vocabulary()) if m]
    [('ifUtterance', 'AudioSet narrowMatch')]
    """
    own = _own(label, vocabulary) if scheme != "audioset" else None
    other = _audioset(label) if scheme != "acousma" else None
    if own and other:
        concepts = {meaning.concept for meaning in own} if isinstance(own, tuple) else set()
        if not (isinstance(other, tuple) and concepts <= {meaning.concept for meaning in other}):
            found = ", ".join(sorted(concepts)) or "several concepts"
            return Unmapped(Cause.AMBIGUOUS, f"{label!r} is a label of AudioSet and of {found}; say which (--labels)")
    if found_ := (own or other):
        return found_
    near = difflib.get_close_matches(label.casefold(), _known(scheme), 2, 0.75)
    hint = f"; near: {', '.join(near)}" if near else ""
    named = {"audioset": "of AudioSet in English", "acousma": "or id of the vocabulary"}.get(
        scheme, "of the vocabulary or of AudioSet"
    )
    return Unmapped(Cause.UNKNOWN_LABEL, f"{label!r} is no label {named}{hint}")


def _known(scheme: LabelScheme) -> list[str]:
    tables = _tables()
    own = [*tables.ids, *tables.preferred, *tables.alternative] if scheme != "audioset" else []
    return [*own, *(tables.audioset if scheme != "acousma" else [])]


def _own(label: str, vocabulary: Vocabulary) -> tuple[Meaning, ...] | Unmapped | None:
    tables, key = _tables(), " ".join(label.casefold().split())
    if key in tables.ids:
        return (Meaning(tables.ids[key], "id"),)
    for kind, table in (("preferred label", tables.preferred), ("alternative label", tables.alternative)):
        found = table.get(key, ())
        if len(found) > 1:
            return Unmapped(Cause.AMBIGUOUS, f"{label!r} is the {kind} of {', '.join(found)}; give the id")
        if found:
            return (Meaning(found[0], kind),)
    return None


def _audioset(label: str) -> tuple[Meaning, ...] | Unmapped | None:
    rows = _tables().audioset.get(" ".join(label.casefold().split()))
    if rows is None:
        return None
    found = tuple(Meaning(id_, f"AudioSet {predicate}") for id_, predicate in rows if id_ and predicate in _COUNTS)
    if found:
        return found
    related = ", ".join(id_ for id_, _ in rows if id_)
    reason = f"the AudioSet label {label!r} is only related to {related}" if related else (
        f"the AudioSet label {label!r} has no counterpart"
    )  # fmt: skip
    return Unmapped(Cause.NO_COUNTERPART, reason)
