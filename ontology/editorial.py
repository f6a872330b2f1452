"""What the editors of the vocabulary recorded: which labels were reviewed, and what changed from version to version.

Conventions
-----------
``reviewed_labels.csv`` has a row for each scheme, or single concept, and language whose labels are the author's own
words or were reviewed by an analyst who speaks the language; its column ``basis`` says which, by whom and when. Every
other label is a rendering that was not reviewed, and is marked so.

``changes.csv`` has a row for each concept or property that was added, reworded or deprecated. A published term is never
removed, renamed or given another meaning: it is deprecated and, where there is one, names what replaces it.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, cast

from ontology.schemes import SCHEMES
from ontology.tables import Row, read_rows

__all__ = ["LANGUAGES", "Change", "Reviewed", "read_changes", "read_reviewed"]

LANGUAGES = ("en", "fr", "de")
"""Tags of the languages that have labels."""

_REVIEWED_COLUMNS = ("scheme", "concept", "language", "basis")
_CHANGE_COLUMNS = ("version", "date", "term", "kind", "replaced_by", "note")
_KINDS = ("added", "reworded", "deprecated")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Which labels need no mark: pairs of the id of a scheme or a concept, and a language tag."""

    schemes: frozenset[tuple[str, str]] = frozenset()
    concepts: frozenset[tuple[str, str]] = frozenset()

    def covers(self, concept: str, scheme: str, language: str) -> bool:
        """Tell whether the label of a concept in a language was reviewed or is its author's own."""
        return (scheme, language) in self.schemes or (concept, language) in self.concepts


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the vocabulary.

    Parameters
    ----------
    version : str
        Version of the vocabulary that has it, such as ``0.1``.
    date : date
    term : str
        Id of the concept or property.
    kind : {"added", "reworded", "deprecated"}
    replaced_by : str or None
        Id of the term to use instead, of a deprecated one.
    note : str
    """

    version: str
    date: date
    term: str
    kind: Literal["added", "reworded", "deprecated"]
    replaced_by: str | None
    note: str


def read_reviewed(path: Path, labels: Mapping[str, Container[str]]) -> Reviewed:
    """Read which labels were reviewed.

    Parameters
    ----------
    path : Path
    labels : Mapping of str to container of str
        Language tags of the labels of each concept.

    Returns
    -------
    Reviewed

    Raises
    ------
    VocabularyError
        If a row is faulty; the message names file, line and column.
    """
    schemes: set[tuple[str, str]] = set()
    concepts: set[tuple[str, str]] = set()
    for row in read_rows(path, _REVIEWED_COLUMNS):
        scheme, concept = row.cells["scheme"], row.cells["concept"]
        language = row.one_of("language", LANGUAGES)
        if bool(scheme) == bool(concept):
            raise row.error("concept", f"{concept!r} beside the scheme {scheme!r}", "either a scheme or a concept")
        if scheme:
            row.known("scheme", SCHEMES, "scheme")
        elif language not in labels[row.known("concept", labels, "concept")]:
            raise row.error("language", f"{concept} has no label in {language!r}", "a language of its labels")
        found, key = (schemes, (scheme, language)) if scheme else (concepts, (concept, language))
        if key in found:
            raise row.error("language", f"{' and '.join(key)} stand there twice", "one row for each pair")
        row.text("basis")
        found.add(key)
    return Reviewed(frozenset(schemes), frozenset(concepts))


def read_changes(path: Path, terms: Container[str]) -> tuple[Change, ...]:
    """Read what changed in the vocabulary.

    Parameters
    ----------
    path : Path
    terms : container of str
        Ids of all concepts and properties.

    Returns
    -------
    tuple of Change
        In the order of the table.

    Raises
    ------
    VocabularyError
        If a row is faulty; the message names file, line and column.
    """
    changes: list[Change] = []
    for row in read_rows(path, _CHANGE_COLUMNS):
        change = _change(row, terms)
        if any((c.term, c.version, c.kind) == (change.term, change.version, change.kind) for c in changes):
            raise row.error("term", f"{change.term!r} was {change.kind} twice in {change.version}", "one row for each")
        changes.append(change)
        gone = {c.term for c in changes if c.kind == "deprecated"}
        if change.replaced_by in gone:
            raise row.error("replaced_by", f"{change.replaced_by!r} is deprecated itself", "a term in use")
    return tuple(changes)


def _change(row: Row, terms: Container[str]) -> Change:
    version, day = row.cells["version"], row.cells["date"]
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", version, re.ASCII):
        raise row.error("version", f"{version!r}", "a version such as 0.1")
    try:
        when = date.fromisoformat(day)
    except ValueError as error:
        raise row.error("date", f"{day!r}", "a date such as 2026-11-21") from error
    term = row.cells["term"]
    if term not in terms:
        raise row.error("term", f"{term!r} is no concept or property", "the id of a term; a deprecated one stays")
    kind = cast(Literal["added", "reworded", "deprecated"], row.one_of("kind", _KINDS))
    replaced_by = row.cells["replaced_by"] or None
    if replaced_by is not None and (kind != "deprecated" or replaced_by not in terms or replaced_by == term):
        raise row.error("replaced_by", f"{replaced_by!r}", "the id of another term, where a term is deprecated")
    return Change(version, when, term, kind, replaced_by, row.text("note"))
