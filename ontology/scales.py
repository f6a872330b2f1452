"""Ordered scales of concepts and their two poles, read from ``scales.csv``.

Conventions
-----------
A scale has one row per step, in order, with positions from 1. Label, definition and terms stand in its first row and
are empty in the others. The concept of the first step is the low pole, that of the last one the high pole; where there
is no more or less, the pole named first by the source is the low one. A bipolar term such as *conflict / coexistence*
is a concept of its author that names a question; its answers are the steps of a scale.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

from ontology.tables import Row, read_rows, words

__all__ = ["Scale", "Step", "read_scales"]

_COLUMNS = ("scale", "label", "definition", "terms", "position", "concept", "source")


@dataclass(frozen=True, slots=True)
class Step:
    """A place on a scale.

    Parameters
    ----------
    concept : str
        Id of the concept that stands there.
    source : str
        Who puts it there.
    """

    concept: str
    source: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Concepts in an order, from a low pole to a high one.

    Parameters
    ----------
    id, label, definition : str
    terms : tuple of str
        Ids of the concepts, such as bipolar terms, whose question the scale answers; may be empty.
    steps : tuple of Step
        Two or more, from low to high; the position of a step is its place here, from 1.
    """

    id: str
    label: str
    definition: str
    terms: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def low(self) -> str:
        """Id of the concept at the low pole."""
        return self.steps[0].concept

    @property
    def high(self) -> str:
        """Id of the concept at the high pole."""
        return self.steps[-1].concept


def read_scales(path: Path, concepts: Container[str]) -> dict[str, Scale]:
    """Read the scales.

    Parameters
    ----------
    path : Path
    concepts : container of str
        Ids of all concepts.

    Returns
    -------
    dict of str to Scale
        By id, in the order of the table.

    Raises
    ------
    VocabularyError
        If a row is faulty; the message names file, line and column.
    """
    scales: dict[str, Scale] = {}
    last: Row | None = None
    for row in read_rows(path, _COLUMNS):
        id_ = row.cells["scale"]
        if last is None or id_ != last.cells["scale"]:
            _check_length(scales, last)
            id_ = row.new_id(scales, "scale")
            scales[id_] = _first(row, concepts)
        else:
            scales[id_] = _next(row, scales[id_], concepts)
        last = row
    _check_length(scales, last)
    return scales


def _first(row: Row, concepts: Container[str]) -> Scale:
    terms = words(row.cells["terms"])
    for term in terms:
        if term not in concepts:
            raise row.error("terms", f"{term!r} is no concept", "ids of concepts, separated by ';'")
        if terms.count(term) > 1:
            raise row.error("terms", f"{term!r} stands there twice", "each term once")
    empty = Scale(row.cells["scale"], row.text("label"), row.text("definition"), terms, ())
    return _with_step(row, empty, concepts)


def _next(row: Row, scale: Scale, concepts: Container[str]) -> Scale:
    for column in ("label", "definition", "terms"):
        if row.cells[column]:
            raise row.error(column, f"{row.cells[column]!r}", "nothing: it stands in the first row of the scale")
    return _with_step(row, scale, concepts)


def _with_step(row: Row, scale: Scale, concepts: Container[str]) -> Scale:
    position = len(scale.steps) + 1
    if row.cells["position"] != str(position):
        raise row.error("position", f"{row.cells['position']!r}", f"{position}: positions run from 1 without a gap")
    concept = row.known("concept", concepts, "concept")
    if concept in scale.terms or any(step.concept == concept for step in scale.steps):
        raise row.error("concept", f"{concept!r} stands twice in its scale", "another concept for each step")
    return replace(scale, steps=(*scale.steps, Step(concept, row.text("source"))))


def _check_length(scales: dict[str, Scale], last: Row | None) -> None:
    if last is not None and len(scales[last.cells["scale"]].steps) < 2:
        raise last.error("position", "a scale of one step", "two steps or more")
