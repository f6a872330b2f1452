"""How right a describer is: from its answers about a corpus to scores by concept, family and condition.

Conventions
-----------
* The score of a concept is that of calibrated answers on generators whose clips calibration has not seen (leave one
  generator out); the score of the raw answers stands beside it.
* A concept is judged if it holds in at least `LEAST` clips and does not hold in as many, each from two generators.
* A describer abstains where its certainty is below `CERTAINTY`.
* Baselines answer by the length of the file, by its level, or have their truths shuffled. One that is right more often
  than chance, at the 5 % level over all concepts together (Bonferroni), knows something that a corpus should not tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from sklearn import config_context

from truth import metrics
from truth.agreement import WINDOWS, Heard, onsets
from truth.answering import Answer
from truth.corpus.degrade import CLEAN
from truth.families import CONFUSIONS, OTHER, Family, families
from truth.metrics import Answers, Floats
from truth.results import Baseline, Boundaries, ConceptScore, Confusion, Evaluation, FamilyScore, Followed, Overall
from truth.score import Event

__all__ = ["BASELINES", "CERTAINTY", "LEAST", "evaluate"]

CERTAINTY = 0.65
LEAST = 10
BASELINES = ("shuffled truths", "length only", "level only")
_SEED = 1948
"""Of the bootstrap and the shuffled truths."""


@dataclass(frozen=True)
class _Judged:
    """The answers about one concept, ready to be scored."""

    raw: Answers
    length: Floats
    level: Floats

    @cached_property
    def calibrated(self) -> Answers:
        """Calibrated on held-out generators."""
        return metrics.calibrated(self.raw)


def evaluate(given: Iterable[Answer], concepts: Sequence[str]) -> Evaluation:
    """Score the answers of a describer.

    Parameters
    ----------
    given : iterable of Answer
    concepts : sequence of str
        What the describer may answer about.

    Returns
    -------
    Evaluation
        Clips on which the describer failed are named, and count as not answered.
    """
    # thousands of small fits, of numbers that were checked before: to check each again takes as long as the fit
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return _evaluated(given, concepts)


def _evaluated(given: Iterable[Answer], concepts: Sequence[str]) -> Evaluation:
    # in an order that does not depend on what was kept from before
    everything = sorted(given, key=lambda one: (one.question.record["kind"], str(one.question.record["id"])))
    clips = [one for one in everything if one.question.record["kind"] == "clips"]
    conditions = tuple(dict.fromkeys(one.question.condition for one in clips))
    rng = np.random.default_rng(_SEED)
    scores: list[ConceptScore] = []
    parts: list[tuple[tuple[FamilyScore, ...], Overall | None, tuple[Confusion, ...]]] = []
    baselines: tuple[Baseline, ...] = ()
    for condition in conditions:
        here = [one for one in clips if one.question.condition == condition]
        judged: dict[str, _Judged] = {}
        for concept in concepts:
            found = _questions(here, concept)
            reason = _not_judged(found.raw)
            if reason is None:
                judged[concept] = found
            scores.append(_score(concept, condition, found, reason, rng))
        told = [score for score in scores if score.condition == condition]
        families_ = tuple(_family(family, condition, told, judged, rng) for family in _grouped(told))
        parts.append((families_, _overall(condition, told, judged, rng), _confusions(here, condition, judged)))
        if condition == CLEAN or not baselines:
            baselines = _baselines(judged, rng)
    return Evaluation(
        conditions, len({str(one.question.record["id"]) for one in clips}), tuple(scores),
        tuple(family for found, _, _ in parts for family in found),
        tuple(found for _, found, _ in parts if found is not None), baselines,
        tuple(confusion for _, _, found in parts for confusion in found), _boundaries(everything), _followed(clips),
        tuple((one.question.name, one.failure) for one in everything if one.failure is not None),
    )  # fmt: skip


def _questions(here: Sequence[Answer], concept: str) -> _Judged:
    """Collect the clips in which a concept is decided, with what was answered."""
    kept, truth = [], []
    for place, one in enumerate(here):
        labels = one.question.record["labels"]
        assert isinstance(labels, Mapping)
        if concept in labels:
            kept.append((place, one))
            truth.append(bool(labels[concept]))
    answers = Answers(
        np.array([place for place, _ in kept], np.int64),
        np.array([str(one.question.record["generator"]) for _, one in kept], np.str_),
        np.array(truth, np.bool_),
        np.array([one.probabilities.get(concept, np.nan) for _, one in kept], np.float64),
    )
    length = np.array([float(str(one.question.record["length"])) for _, one in kept])
    level = np.array([one.level for _, one in kept], np.float64)
    return _Judged(answers, length, level)


def _not_judged(answers: Answers) -> str | None:
    """Return why a concept cannot be judged, or None."""
    true, false = int(answers.truth.sum()), int((~answers.truth).sum())
    if min(true, false) < LEAST:
        return f"true in {true} and false in {false} clips: fewer than {LEAST}"
    for truth, word in ((True, "true"), (False, "false")):
        generators = np.unique(answers.generator[answers.truth == truth])
        if len(generators) < 2:
            return f"{word} from {generators[0]} only"
    return "never answered" if np.isnan(answers.probability).all() else None


def _score(concept: str, condition: str, found: _Judged, reason: str | None, rng: np.random.Generator) -> ConceptScore:
    family = next((family.id for family in families() if concept in family.concepts), OTHER)
    if reason is not None:
        return ConceptScore(concept, family, condition, None, None, reason)
    held_out = metrics.score(found.calibrated, CERTAINTY, rng)
    return ConceptScore(concept, family, condition, held_out, metrics.score(found.raw, CERTAINTY, rng))


def _grouped(scores: Sequence[ConceptScore]) -> list[Family]:
    """Return the families that have a judged concept, the others in one of their own."""
    judged = [score for score in scores if score.held_out is not None]
    rest = tuple(score.concept for score in judged if score.family == OTHER)
    named = [family for family in families() if any(score.family == family.id for score in judged)]
    return [*named, *([Family(OTHER, "Others", rest, {})] if rest else [])]


def _family(
    family: Family, condition: str, scores: Sequence[ConceptScore], judged: Mapping[str, _Judged],
    rng: np.random.Generator,
) -> FamilyScore:  # fmt: skip
    own = [score.held_out for score in scores if score.concept in family.concepts and score.held_out is not None]
    answers = [judged[concept].calibrated for concept in family.concepts if concept in judged]
    low, high = metrics.mean_interval(answers, rng)
    mean = float(np.mean([score.balanced_accuracy for score in own]))
    coverage = float(np.mean([score.coverage for score in own]))
    return FamilyScore(family, condition, len(own), mean, low, high, coverage, family.targets.get(condition))


def _overall(
    condition: str, scores: Sequence[ConceptScore], judged: Mapping[str, _Judged], rng: np.random.Generator
) -> Overall | None:
    pairs = [(one.held_out, one.raw) for one in scores if one.held_out is not None and one.raw is not None]
    if not pairs:
        return None
    own = [one for one, _ in pairs]
    low, high = metrics.mean_interval([found.calibrated for found in judged.values()], rng)
    given = [one.some(~np.isnan(one.probability)) for one in (found.calibrated for found in judged.values())]
    truth = np.concatenate([one.truth for one in given])
    probability = np.concatenate([one.probability for one in given])
    weights = np.concatenate([metrics.balanced_weights(one.truth) for one in given])
    coverage, risk = metrics.risk_coverage(_together([found.calibrated for found in judged.values()]))
    points = np.linspace(0.01, 1.0, 100)
    return Overall(
        condition, len(own),
        float(np.mean([one.balanced_accuracy for one in own])), low, high,
        float(np.mean([raw.balanced_accuracy for _, raw in pairs])),
        float(np.mean([one.coverage for one in own])),
        float(np.nanmean([one.accuracy_where_certain for one in own])),
        float(np.mean([one.kappa for one in own])), float(np.nanmean([one.brier for one in own])),
        metrics.expected_calibration_error(truth, probability, weights),
        _reliability(truth, probability, weights),
        tuple(zip(points.tolist(), np.interp(points, coverage, risk).tolist(), strict=True)),
    )  # fmt: skip


def _together(several: Sequence[Answers]) -> Answers:
    return Answers(
        np.concatenate([one.clip for one in several]), np.concatenate([one.generator for one in several]),
        np.concatenate([one.truth for one in several]), np.concatenate([one.probability for one in several]),
    )  # fmt: skip


def _reliability(truth: metrics.Bools, probability: Floats, weights: Floats) -> tuple[tuple[float, float, float], ...]:
    order = np.argsort(probability, kind="stable")
    found = []
    for part in np.array_split(order, min(metrics.BINS, len(order))):
        mass = float(weights[part].sum())
        mean = [float((column[part] * weights[part]).sum()) / mass for column in (probability, truth.astype(float))]
        found.append((mean[0], mean[1], mass / float(weights.sum())))
    return tuple(found)


def _baselines(judged: Mapping[str, _Judged], rng: np.random.Generator) -> tuple[Baseline, ...]:
    if not judged:
        return ()
    found = []
    for name in BASELINES:
        answers: dict[str, Answers] = {}
        for concept, one in judged.items():
            if name == BASELINES[0]:
                answers[concept] = metrics.shuffled(one.calibrated, rng)
            else:
                numbers = one.length if name == BASELINES[1] else one.level
                answers[concept] = metrics.from_one_number(one.raw, numbers)
        low, high = metrics.mean_interval(list(answers.values()), rng)
        right = {concept: metrics.balanced_accuracy(one) for concept, one in answers.items()}
        tests = len(answers) * len(BASELINES)
        leaks = [(concept, right[concept]) for concept, one in answers.items() if right[concept] > _chance(one, tests)]
        found.append(Baseline(name, float(np.mean(list(right.values()))), low, high, tuple(leaks)))
    return tuple(found)


def _chance(answers: Answers, tests: int) -> float:
    """Return the balanced accuracy that guessing exceeds with a probability of 5 % in one of so many tests.

    Guesses that ignore the truth are right with a variance of at most a quarter per answer.
    """
    true = int(answers.truth.sum())
    spread = 0.25 * float(np.sqrt(1 / true + 1 / (len(answers) - true)))
    return metrics.HOLDS + NormalDist().inv_cdf(1 - 0.05 / tests) * spread


def _confusions(here: Sequence[Answer], condition: str, judged: Mapping[str, _Judged]) -> tuple[Confusion, ...]:
    found = []
    for title, names in CONFUSIONS.items():
        labels = tuple(name for name in names if name in judged)
        if len(labels) < 2:
            continue
        said = {
            name: dict(zip(judged[name].calibrated.clip.tolist(), judged[name].calibrated.probability, strict=True))
            for name in labels
        }
        counts = np.zeros((len(labels), len(labels) + 1), np.int64)
        for place, one in enumerate(here):
            told = one.question.record["labels"]
            assert isinstance(told, Mapping)
            holds = [row for row, name in enumerate(labels) if told.get(name)]
            if len(holds) != 1:
                continue
            odds = np.array([said[name].get(place, np.nan) for name in labels])
            counts[holds[0], -1 if np.isnan(odds).all() else int(np.nanargmax(odds))] += 1
        found.append(Confusion(title, condition, labels, tuple(tuple(row) for row in counts.tolist())))
    return tuple(found)


def _boundaries(given: Sequence[Answer]) -> tuple[Boundaries, ...]:
    """Compare the onsets found in études with the starts of their events; none for a describer that finds none."""
    heard = [one for one in given if one.question.record["kind"] == "etudes" and one.failure is None]
    if not any(one.onsets for one in heard):
        return ()
    found = []
    for window in WINDOWS:
        scores = []
        for one in heard:
            told = one.question.record["events"]
            assert isinstance(told, Sequence)
            events = [Event("", float(event["start"]), float(event["end"]), "object", ()) for event in told]
            scores.append(onsets(events, [Heard(time, time + 1.0, "", 1.0) for time in one.onsets], window))
        columns = [(score.f_measure, score.precision, score.recall) for score in scores]
        f_measure, precision, recall = (float(mean) for mean in np.mean(columns, axis=0))
        found.append(Boundaries(window, f_measure, precision, recall, len(scores)))
    return tuple(found)


def _followed(clips: Sequence[Answer]) -> tuple[Followed, ...]:
    values: dict[str, list[float]] = {}
    for one in clips:
        for name, value in one.curves.items():
            values.setdefault(name, []).append(value)
    found = []
    for name, several in sorted(values.items()):
        lower, median, upper = np.quantile(several, [0.25, 0.5, 0.75])
        found.append(Followed(name, float(median), float(lower), float(upper), len(several)))
    return tuple(found)
