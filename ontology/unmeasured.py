"""Which measurable concepts have no measurement rule, and why.

Conventions
-----------
``ontology/unmeasured.csv`` has one row for each concept that is marked measurable and has no rule. `REASONS` says what
its second column means; the third gives the reason in a few words. Figures in it are balanced accuracies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ontology.tables import read_rows
from ontology.vocabulary import FOLDER, Vocabulary

__all__ = ["REASONS", "Unmeasured", "load_unmeasured", "table"]

REASONS: Mapping[str, str] = {
    "question": "names a question or a scale, which other concepts answer",
    "part": "names a part of a sound or of a work, which segmentation marks off",
    "severalSounds": "compares several sounds or layers; one span cannot decide it",
    "noTruth": "the truth corpus does not decide it, so a rule could not be judged",
    "noProperty": "the truth corpus decides it, and nothing that is measured does",
    "notRight": "a rule was tried and is below a balanced accuracy of 0.85 on clean sound",
}
"""What keeps a measurable concept from having a rule."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A measurable concept without a rule.

    Parameters
    ----------
    concept : str
    reason : str
        One of `REASONS`.
    because : str
        In a few words.
    """

    concept: str
    reason: str
    because: str


def load_unmeasured(vocabulary: Vocabulary, path: Path = FOLDER / "unmeasured.csv") -> tuple[Unmeasured, ...]:
    """Read the table.

    Parameters
    ----------
    vocabulary : Vocabulary
    path : Path, optional

    Raises
    ------
    VocabularyError
        If a row names no concept, one twice, or an unknown reason.
    """
    found: dict[str, Unmeasured] = {}
    for row in read_rows(path, ("concept", "reason", "because")):
        concept = row.known("concept", vocabulary.concepts, "concept")
        if concept in found:
            raise row.error("concept", f"{concept!r} stands there twice", "one row per concept")
        found[concept] = Unmeasured(concept, row.one_of("reason", tuple(REASONS)), row.text("because"))
    return tuple(found.values())


def table(rows: tuple[Unmeasured, ...]) -> str:
    """Return the rows as a Markdown table, by reason; concepts with the same words share a line."""
    lines = ["| why | concepts |", "| --- | --- |"]
    for reason, meaning in REASONS.items():
        shared: dict[str, list[str]] = {}
        for row in rows:
            if row.reason == reason:
                shared.setdefault(row.because, []).append(row.concept)
        number = sum(map(len, shared.values()))
        lines.append(f"| **{number}: {meaning}** | |")
        lines += [f"| {because} | {', '.join(concepts)} |" for because, concepts in shared.items()]
    return "\n".join(lines) + "\n"
