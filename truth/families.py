"""Families of concepts that are judged together, and how right a describer ought to be about them.

``targets.csv`` has a row per family: the least mean balanced accuracy in the clean condition and under pink noise 20 dB
below the sound (empty where none is set), and the concepts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ontology.tables import read_rows
from ontology.vocabulary import load_vocabulary

__all__ = ["CONFUSIONS", "COVERAGE_TARGET", "ECE_TARGET", "OTHER", "Family", "families"]

ECE_TARGET, COVERAGE_TARGET = 0.05, 0.8
"""Largest expected calibration error of all answers, and least share of answers that reach the certainty."""

OTHER = "other"
"""Family of the concepts that no row names."""

CONFUSIONS: Mapping[str, tuple[str, ...]] = {
    "Spectral typology": ("harmonicSpectrum", "inharmonicSpectrum", "node", "granularNoise", "saturateNoise"),
    "Archetypes": (
        "attackImpulse", "closedAttackDecay", "openAttackDecay", "graduatedContinuant", "swelledGraduatedContinuant",
        "reversedOnset",
    ),
}  # fmt: skip
"""Alternatives of which one at most holds, by title: what is taken for what."""

_PATH = Path(__file__).with_name("targets.csv")
_COLUMNS = ("family", "title", "clean", "noise20", "concepts")


@dataclass(frozen=True)
class Family:
    """Concepts that are judged together.

    Parameters
    ----------
    id, title : str
    concepts : tuple of str
    targets : Mapping of str to float
        Least mean balanced accuracy by condition.
    """

    id: str
    title: str
    concepts: tuple[str, ...]
    targets: Mapping[str, float]


@cache
def families(path: Path = _PATH) -> tuple[Family, ...]:
    """Read the families.

    Raises
    ------
    VocabularyError
        If a row is faulty: unknown concept, one in two families, or a target that is no share.

    Examples
    --------
    >>> families()[0].title, families()[0].targets["clean"]
    ('Spectral typology', 0.9)
    """
    found: dict[str, Family] = {}
    placed: set[str] = set()
    for row in read_rows(path, _COLUMNS):
        id_ = row.new_id(found, "family")
        concepts = tuple(row.text("concepts").split())
        for concept in concepts:
            if concept not in load_vocabulary().concepts:
                raise row.error("concepts", f"{concept!r} is no concept", "ids of the vocabulary")
            if concept in placed:
                raise row.error("concepts", f"{concept!r} stands in two families", "each concept once")
            placed.add(concept)
        targets = {name: value for name in ("clean", "noise20") if (value := row.number(name)) is not None}
        for name, value in targets.items():
            if not 0.5 < value <= 1:
                raise row.error(name, f"{value}", "a balanced accuracy above 0.5, up to 1")
        found[id_] = Family(id_, row.text("title"), concepts, targets)
    return tuple(found.values())
