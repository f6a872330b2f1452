"""What an evaluation finds, as values.

Conventions
-----------
Shares, probabilities and accuracies are from 0 to 1; intervals are 95 %.
"""

from dataclasses import dataclass

from truth.families import COVERAGE_TARGET, ECE_TARGET, Family
from truth.metrics import Score

__all__ = [
    "Baseline", "Boundaries", "ConceptScore", "Confusion", "Evaluation", "FamilyScore", "Followed", "Overall",
]  # fmt: skip


@dataclass(frozen=True)
class ConceptScore:
    """How right a describer is about one concept under one condition.

    Parameters
    ----------
    concept, family, condition : str
    held_out : Score or None
        Of calibrated answers on held-out generators; None where it is not judged.
    raw : Score or None
        Of the answers as they were given.
    reason : str or None
        Why it is not judged.
    """

    concept: str
    family: str
    condition: str
    held_out: Score | None
    raw: Score | None
    reason: str | None = None


@dataclass(frozen=True)
class FamilyScore:
    """How right a describer is about a family under one condition: means over its judged concepts.

    Parameters
    ----------
    family : Family
    condition : str
    judged : int
        Concepts.
    balanced_accuracy, low, high : float
        Mean and its 95 % interval, drawing clips.
    coverage : float
    target : float or None
        Least balanced accuracy; None where none is set.
    """

    family: Family
    condition: str
    judged: int
    balanced_accuracy: float
    low: float
    high: float
    coverage: float
    target: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the mean reaches the target; None without a target."""
        return None if self.target is None else self.balanced_accuracy >= self.target


@dataclass(frozen=True)
class Overall:
    """All judged concepts under one condition: means, and what all answers together show.

    Parameters
    ----------
    condition : str
    judged : int
        Concepts.
    balanced_accuracy, low, high, raw_accuracy, coverage, accuracy_where_certain, kappa, brier : float
        Means over the concepts; `raw_accuracy` of the answers as given.
    ece : float
        Of all answers in one.
    reliability : tuple of (float, float, float)
        Mean probability, share of truth, and share of the answers, of each bin.
    risk_coverage : tuple of (float, float)
        Coverage and risk, a hundred points.
    """

    condition: str
    judged: int
    balanced_accuracy: float
    low: float
    high: float
    raw_accuracy: float
    coverage: float
    accuracy_where_certain: float
    kappa: float
    brier: float
    ece: float
    reliability: tuple[tuple[float, float, float], ...]
    risk_coverage: tuple[tuple[float, float], ...]

    @property
    def calibrated(self) -> bool:
        """Whether the calibration error is at most `ECE_TARGET`."""
        return self.ece <= ECE_TARGET

    @property
    def covered(self) -> bool:
        """Whether the coverage is at least `COVERAGE_TARGET`."""
        return self.coverage >= COVERAGE_TARGET


@dataclass(frozen=True)
class Baseline:
    """A describer that must fail.

    Parameters
    ----------
    name : str
        One of `BASELINES`.
    balanced_accuracy, low, high : float
        Mean over the judged concepts and its 95 % interval.
    leaks : tuple of (str, float)
        Concepts about which it is right more often than chance, with its balanced accuracy.
    """

    name: str
    balanced_accuracy: float
    low: float
    high: float
    leaks: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Confusion:
    """What is taken for what: clips with exactly one of some alternatives.

    Parameters
    ----------
    title, condition : str
    labels : tuple of str
        Concepts: rows are what holds, columns what is most probable; the last column is no answer.
    counts : tuple of tuple of int
    """

    title: str
    condition: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Boundaries:
    """How well beginnings of sounds are found in études: means over them."""

    window: float
    f_measure: float
    precision: float
    recall: float
    etudes: int


@dataclass(frozen=True)
class Followed:
    """How well a curve is followed: median and quartiles of the concordance over clips."""

    curve: str
    median: float
    lower: float
    upper: float
    clips: int


@dataclass(frozen=True)
class Evaluation:
    """Everything an evaluation finds; see the classes of its members."""

    conditions: tuple[str, ...]
    clips: int
    concepts: tuple[ConceptScore, ...]
    families: tuple[FamilyScore, ...]
    overall: tuple[Overall, ...]
    baselines: tuple[Baseline, ...]
    confusions: tuple[Confusion, ...]
    boundaries: tuple[Boundaries, ...]
    followed: tuple[Followed, ...]
    failures: tuple[tuple[str, str], ...]

    @property
    def leaks(self) -> bool:
        """Whether a baseline does not fail."""
        return any(baseline.leaks for baseline in self.baselines)
