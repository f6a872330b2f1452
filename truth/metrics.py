"""How right a describer is about one concept: metrics of answers against known truth.

Conventions
-----------
* An *answer* is the probability that a concept holds over a clip, 0 to 1; ``nan`` where the describer has none. At
  `HOLDS` and above it means yes, below it no.
* The *certainty* of an answer is the greater of the probability and its complement; a describer abstains where it is
  below a threshold, and where it has no answer (certainty 0.5).
* Several answers may come from one clip, and are then not independent: intervals come from drawing clips.
* Answers are judged on the generator whose clips were *held out*: calibration sees the other generators only.

Metrics
-------
===================  ==================================================================================================
balanced accuracy    mean of the recall of true and of false (`sklearn.metrics.balanced_accuracy_score`); 0.5 is chance
kappa                agreement beyond chance (Cohen 1960)
coverage             share of the clips on which the describer does not abstain
area under the risk  mean, over all coverages, of the share of wrong answers among the most certain (Geifman & El-Yaniv
                     2017); 0 is best
ECE                  expected calibration error over `BINS` bins of equal mass (Naeini, Cooper & Hauskrecht 2015)
Brier                mean squared difference of probability and truth (Brier 1950)
concordance          agreement of two curves in value, not only in shape (Lin 1989); 1 is best
===================  ==================================================================================================
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, cohen_kappa_score

from ontology.errors import InputError

__all__ = [
    "BINS", "HOLDS", "Answers", "Score", "balanced_accuracy", "balanced_weights", "calibrated", "concordance",
    "expected_calibration_error", "from_one_number", "interval", "mean_interval", "risk_coverage", "score", "shuffled",
    "with_both",
]  # fmt: skip

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOLDS = 0.5
BINS = 15
_ROUNDS = 1000
"""Draws of a bootstrap."""
_EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1 where their logarithm is taken."""


@dataclass(frozen=True)
class Answers:
    """What a describer answers about one concept, beside the truth; arrays of shape (answers,).

    Parameters
    ----------
    clip : ndarray of int
        Which clip each answer is about.
    generator : ndarray of str
        What made the clip.
    truth : ndarray of bool
        Whether the concept holds.
    probability : ndarray of float
        That it holds, as the describer says; ``nan`` for no answer.

    Raises
    ------
    InputError
        If the arrays differ in length, or a probability is outside 0 to 1.
    """

    clip: npt.NDArray[np.int64]
    generator: npt.NDArray[np.str_]
    truth: Bools
    probability: Floats

    def __post_init__(self) -> None:
        lengths = {len(self.clip), len(self.generator), len(self.truth), len(self.probability)}
        if len(lengths) != 1:
            raise InputError(f"arrays of {sorted(lengths)} answers", "one clip, generator, truth and probability each")
        given = self.probability[~np.isnan(self.probability)]
        if len(given) and not (given.min() >= 0 and given.max() <= 1):
            raise InputError(f"probabilities from {given.min()} to {given.max()}", "numbers from 0 to 1")

    def __len__(self) -> int:
        return len(self.truth)

    def some(self, which: Bools) -> "Answers":
        """Return the answers at some places."""
        return Answers(self.clip[which], self.generator[which], self.truth[which], self.probability[which])

    def saying(self, probability: Floats) -> "Answers":
        """Return the same questions with other answers."""
        return Answers(self.clip, self.generator, self.truth, probability)


def with_both(answers: Answers) -> bool:
    """Tell whether the concept holds in some and does not hold in other clips: nothing can be judged otherwise."""
    return bool(answers.truth.any() and not answers.truth.all())


def _certainty(probability: Floats) -> Floats:
    return np.where(np.isnan(probability), HOLDS, np.maximum(probability, 1 - probability))


def _yes(probability: Floats) -> Bools:
    """Return the answers as yes or no; no answer is a no."""
    return np.nan_to_num(probability, nan=0.0) >= HOLDS


def calibrated(answers: Answers) -> Answers:
    """Replace each probability by how often such answers are right on the *other* generators.

    A logistic curve through the log odds of the answers (Platt 1999) is fitted for each generator to the clips of all
    the others, true and false weighted alike.

    Parameters
    ----------
    answers : Answers

    Returns
    -------
    Answers
        ``nan`` for a generator that leaves no others with both truths.
    """
    found = np.full(len(answers), np.nan)
    given = ~np.isnan(answers.probability)
    odds = _log_odds(answers.probability)
    for generator in np.unique(answers.generator):
        here = answers.generator == generator
        others = given & ~here
        curve = _fitted(odds[others, None], answers.truth[others])
        if curve is not None and (given & here).any():
            found[given & here] = curve(odds[given & here, None])
    return answers.saying(found)


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.log(inside / (1 - inside))


def _fitted(numbers: Floats, truth: Bools) -> Callable[[Floats], Floats] | None:
    """Return a logistic curve from numbers to the probability of truth; None if there is only one truth.

    Parameters
    ----------
    numbers : ndarray of shape (answers, numbers)
    truth : ndarray of bool, shape (answers,)
        True and false weigh alike.
    """
    if not truth.any() or truth.all():
        return None
    # there are thousands of small fits: scikit-learn takes as long for weights of its own and another look at the data
    model = LogisticRegression(solver="newton-cholesky").fit(numbers, truth, balanced_weights(truth) * len(truth))
    return lambda other: np.asarray(expit(other @ model.coef_[0] + model.intercept_[0]), np.float64)


def from_one_number(answers: Answers, numbers: Floats) -> Answers:
    """Answer by one number of each clip alone, such as its length: a baseline that must fail.

    Parameters
    ----------
    answers : Answers
        Their probabilities are not looked at.
    numbers : ndarray of shape (answers,)

    Returns
    -------
    Answers
        Fitted, for each generator, to the others; both a rising and a middle region can be found (number and square).
    """
    spread = numbers.std() or 1.0
    scaled = (numbers - numbers.mean()) / spread
    columns = np.stack([scaled, scaled**2], 1)
    found = np.full(len(answers), np.nan)
    for generator in np.unique(answers.generator):
        here = answers.generator == generator
        curve = _fitted(columns[~here], answers.truth[~here])
        if curve is not None:
            found[here] = curve(columns[here])
    return answers.saying(found)


def shuffled(answers: Answers, rng: np.random.Generator) -> Answers:
    """Give the truths to other clips at random: whatever the describer knew is worth nothing then."""
    return Answers(answers.clip, answers.generator, rng.permutation(answers.truth), answers.probability)


def balanced_weights(truth: Bools) -> Floats:
    """Return weights that add up to 1, half for the answers where the concept holds, half for the others."""
    share = truth.mean() if len(truth) else 0.5
    if share in (0.0, 1.0):
        return np.full(len(truth), 1 / len(truth))
    return np.where(truth, 0.5 / share, 0.5 / (1 - share)) / len(truth)


def expected_calibration_error(truth: Bools, probability: Floats, weights: Floats | None = None) -> float:
    """Return how far probabilities lie from the shares of truth, over bins of equal mass.

    Parameters
    ----------
    truth : ndarray of bool, shape (answers,)
    probability : ndarray of float, shape (answers,)
        Without ``nan``.
    weights : ndarray of float, shape (answers,), optional
        What each answer counts; all alike by default.

    Returns
    -------
    float
        0 to 1; 0 is best.

    Examples
    --------
    >>> expected_calibration_error(np.array([True, False]), np.array([0.5, 0.5]))
    0.5
    >>> expected_calibration_error(np.array([True, False]), np.array([1.0, 0.0]))
    0.0
    """
    order = np.argsort(probability, kind="stable")
    mass = np.ones(len(order)) if weights is None else weights
    parts = np.array_split(order, min(BINS, len(order)))
    gaps = [abs(float(((probability[part] - truth[part]) * mass[part]).sum())) for part in parts]
    return sum(gaps) / float(mass.sum())


def risk_coverage(answers: Answers) -> tuple[Floats, Floats]:
    """Return coverage and risk as the least certain answers are dropped one by one.

    Returns
    -------
    coverage, risk : ndarray of shape (answers,)
        Rising coverage, 0 to 1, and the share of wrong answers among those kept.
    """
    certainty = _certainty(answers.probability)
    order = np.argsort(-certainty, kind="stable")
    wrong = (_yes(answers.probability) != answers.truth)[order].astype(np.float64)
    # among equally certain answers none comes first: each carries the mean of them
    _, same = np.unique(certainty[order], return_inverse=True)
    wrong = (np.bincount(same, wrong) / np.bincount(same))[same]
    kept = np.arange(1, len(answers) + 1)
    return kept / len(answers), wrong.cumsum() / kept


def interval(answers: Answers, rng: np.random.Generator, level: float = 0.95) -> tuple[float, float]:
    """Return a bootstrap interval of the balanced accuracy, drawing clips with replacement.

    Parameters
    ----------
    answers : Answers
        With both truths.
    rng : numpy.random.Generator
    level : float, default 0.95
        Share of the draws within the interval.

    Returns
    -------
    low, high : float
        0 to 1.
    """
    return mean_interval([answers], rng, level)


def mean_interval(concepts: Sequence[Answers], rng: np.random.Generator, level: float = 0.95) -> tuple[float, float]:
    """Return a bootstrap interval of the mean balanced accuracy of several concepts, drawing the clips they share.

    Parameters and result are those of `interval`, of at least one concept.
    """
    known = np.unique(np.concatenate([answers.clip for answers in concepts]))
    clips = len(known)
    weights = rng.multinomial(clips, np.full(clips, 1 / clips), _ROUNDS).astype(np.float64)
    drawn = []
    for answers in concepts:
        right = _yes(answers.probability) == answers.truth
        columns = [answers.truth & right, answers.truth, ~answers.truth & right, ~answers.truth]
        place = np.searchsorted(known, answers.clip)
        counts = weights @ np.stack([np.bincount(place, column, clips) for column in columns], 1)
        with np.errstate(invalid="ignore"):  # a draw without one of the truths says nothing of this concept
            drawn.append((counts[:, 0] / counts[:, 1] + counts[:, 2] / counts[:, 3]) / 2)
    accuracy = np.mean(drawn, axis=0)
    low, high = np.nanquantile(accuracy, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def concordance(curve: Floats, truth: Floats) -> float:
    """Return how well a curve agrees with a true one in value: Lin's concordance correlation.

    Parameters
    ----------
    curve, truth : ndarray of shape (points,)
        In the same unit.

    Returns
    -------
    float
        -1 to 1.

    Examples
    --------
    >>> concordance(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    spread = curve.var() + truth.var() + (curve.mean() - truth.mean()) ** 2
    return float(2 * ((curve - curve.mean()) * (truth - truth.mean())).mean() / spread) if spread else 1.0


@dataclass(frozen=True)
class Score:
    """How right a describer is about one concept under one condition; see the module for the metrics.

    Parameters
    ----------
    true, false : int
        Answers about clips where the concept holds, and where it does not.
    generators : int
        How many generators they come from.
    balanced_accuracy : float
        Of all answers, no answer being a no.
    low, high : float
        Its 95 % interval.
    coverage : float
        Share of answers that reach the threshold of certainty.
    accuracy_where_certain : float
        Balanced accuracy of those; ``nan`` if they leave only one truth.
    kappa, risk_area, ece, brier : float
        ECE and Brier of the answers there are, true and false counting alike (as in `calibrated`: how common a concept
        is in a corpus says nothing of how common it is in music); ``nan`` if there are none.
    by_generator : dict of str to float
        Balanced accuracy on each generator that has both truths.
    """

    true: int
    false: int
    generators: int
    balanced_accuracy: float
    low: float
    high: float
    coverage: float
    accuracy_where_certain: float
    kappa: float
    risk_area: float
    ece: float
    brier: float
    by_generator: dict[str, float]


def score(answers: Answers, threshold: float, rng: np.random.Generator) -> Score | None:
    """Judge the answers about one concept.

    Parameters
    ----------
    answers : Answers
    threshold : float
        Certainty, 0.5 to 1, below which the describer abstains.
    rng : numpy.random.Generator
        For the interval.

    Returns
    -------
    Score or None
        None if the concept holds everywhere or nowhere.
    """
    if not with_both(answers):
        return None
    truth, yes = answers.truth, _yes(answers.probability)
    certain = _certainty(answers.probability) >= threshold
    given = answers.some(~np.isnan(answers.probability))
    weights = balanced_weights(given.truth)
    low, high = interval(answers, rng)
    _, risk = risk_coverage(answers)
    groups = {str(name): answers.some(answers.generator == name) for name in np.unique(answers.generator)}
    kept = answers.some(certain)
    return Score(
        true=int(truth.sum()),
        false=int((~truth).sum()),
        generators=len(groups),
        balanced_accuracy=float(balanced_accuracy_score(truth, yes)),
        low=low,
        high=high,
        coverage=float(certain.mean()),
        accuracy_where_certain=balanced_accuracy(kept),
        kappa=float(cohen_kappa_score(truth, yes)),
        risk_area=float(risk.mean()),
        ece=expected_calibration_error(given.truth, given.probability, weights) if len(given) else float("nan"),
        brier=float(brier_score_loss(given.truth, given.probability, sample_weight=weights))
        if len(given)
        else float("nan"),
        by_generator={name: balanced_accuracy(group) for name, group in groups.items() if with_both(group)},
    )


def balanced_accuracy(answers: Answers) -> float:
    """Return the mean recall of true and of false, ``nan`` if there is only one of them; no answer is a no."""
    if not with_both(answers):
        return float("nan")
    return float(balanced_accuracy_score(answers.truth, _yes(answers.probability)))
