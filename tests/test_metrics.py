"""Metrics of answers against known truth: small cases whose value is known, and describers that must fail."""

import numpy as np
import pytest

from ontology.errors import InputError
from truth.metrics import (
    Answers,
    calibrated,
    concordance,
    expected_calibration_error,
    from_one_number,
    interval,
    risk_coverage,
    score,
    shuffled,
)

GENERATORS = ("additive", "cluster", "noise", "grains", "modal")


def answers(truth: list[int], probability: list[float], generators: tuple[str, ...] = GENERATORS) -> Answers:
    count = len(truth)
    names = np.array([generators[i % len(generators)] for i in range(count)])
    return Answers(np.arange(count), names, np.array(truth, bool), np.array(probability, float))


def many(count: int, seed: int = 1) -> tuple[Answers, np.random.Generator]:
    """Answers of a describer that is right as often as its probabilities say."""
    rng = np.random.default_rng(seed)
    probability = rng.uniform(0.02, 0.98, count)
    truth = rng.uniform(size=count) < probability
    return answers(truth.astype(int).tolist(), probability.tolist()), rng


def test_balanced_accuracy_weighs_the_rare_truth_like_the_common_one() -> None:
    found = score(answers([1, 0, 0, 0, 0, 0], [0.1] * 6), 0.65, np.random.default_rng(1))
    assert found is not None
    assert found.balanced_accuracy == 0.5
    assert (found.true, found.false, found.generators) == (1, 5, 5)


def test_no_answer_counts_as_a_no_and_not_as_covered() -> None:
    found = score(answers([1, 1, 0, 0], [0.9, np.nan, 0.1, np.nan]), 0.65, np.random.default_rng(1))
    assert found is not None
    assert found.balanced_accuracy == 0.75
    assert found.coverage == 0.5
    assert found.accuracy_where_certain == 1.0


def test_answers_below_the_threshold_are_abstained_from() -> None:
    found = score(answers([1, 1, 0, 0], [0.9, 0.45, 0.1, 0.55]), 0.65, np.random.default_rng(1))
    assert found is not None
    assert (found.balanced_accuracy, found.coverage, found.accuracy_where_certain) == (0.5, 0.5, 1.0)


def test_a_concept_that_holds_everywhere_cannot_be_judged() -> None:
    assert score(answers([1, 1, 1], [0.9, 0.8, 0.2]), 0.65, np.random.default_rng(1)) is None


def test_the_interval_covers_the_true_value_and_shrinks_with_more_clips() -> None:
    widths = []
    for count in (60, 2400):
        given, rng = many(count)
        low, high = interval(given, rng)
        # of uniform probabilities p, right with max(p, 1 - p): 0.74 on average over 0.02 .. 0.98
        assert low < 0.74 < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 4


def test_answers_from_one_clip_do_not_count_as_independent() -> None:
    given, rng = many(200)
    copied = Answers(
        np.repeat(given.clip, 20), np.repeat(given.generator, 20), np.repeat(given.truth, 20),
        np.repeat(given.probability, 20),
    )  # fmt: skip
    once, often = interval(given, rng), interval(copied, rng)
    assert often[1] - often[0] == pytest.approx(once[1] - once[0], rel=0.2)


def test_calibration_mends_a_describer_that_is_too_sure() -> None:
    given, _ = many(6000)
    odds = np.log(given.probability / (1 - given.probability))
    too_sure = given.saying(1 / (1 + np.exp(-4 * odds)))
    before = expected_calibration_error(too_sure.truth, too_sure.probability)
    mended = calibrated(too_sure)
    assert before > 0.1
    assert expected_calibration_error(mended.truth, mended.probability) < 0.03


def test_calibration_sees_only_the_other_generators() -> None:
    # on one generator the answers mean the opposite: fitted on itself it would be mended, fitted on others it is not
    given, _ = many(3000)
    turned = given.saying(np.where(given.generator == "grains", 1 - given.probability, given.probability))
    found = score(calibrated(turned), 0.65, np.random.default_rng(1))
    assert found is not None
    assert found.by_generator["grains"] < 0.35
    assert found.by_generator["additive"] > 0.65


def test_a_generator_without_others_gets_no_calibrated_answer() -> None:
    assert np.isnan(calibrated(answers([1, 0, 1, 0], [0.9, 0.1, 0.8, 0.3], ("only",))).probability).all()


def test_with_shuffled_truths_every_describer_is_at_chance() -> None:
    given, rng = many(3000)
    found = score(shuffled(given, rng), 0.65, rng)
    assert found is not None
    assert found.low < 0.5 < found.high


def test_a_number_that_tells_the_truth_is_found_and_one_that_does_not_is_not() -> None:
    given, rng = many(1500)
    for numbers, least, most in (
        (given.truth + 0.1 * rng.normal(size=1500), 0.98, 1.0),
        (np.where(given.truth, 0.0, rng.choice([-2.0, 2.0], 1500)), 0.98, 1.0),
        (rng.normal(size=1500), 0.45, 0.55),
    ):
        found = score(from_one_number(given, numbers), 0.65, rng)
        assert found is not None
        assert least <= found.balanced_accuracy <= most


def test_risk_rises_with_coverage_where_certainty_means_something() -> None:
    given, _ = many(3000)
    coverage, risk = risk_coverage(given)
    assert risk[coverage.searchsorted(0.2)] < 0.1
    assert risk[-1] > 0.2


def test_equally_certain_answers_share_their_risk() -> None:
    _, risk = risk_coverage(answers([1, 0, 1, 0], [0.8, 0.8, 0.8, 0.8]))
    assert risk.tolist() == [0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("curve", "truth", "value"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3], 1.0),
        ([3, 2, 1, 0], [0, 1, 2, 3], -1.0),
        ([10, 11, 12, 13], [0, 1, 2, 3], 2.5 / 102.5),  # same shape, wrong value
        ([1, 1, 1, 1], [1, 1, 1, 1], 1.0),
    ],
)
def test_concordance_asks_for_the_value_and_not_only_the_shape(
    curve: list[float], truth: list[float], value: float
) -> None:
    assert concordance(np.array(curve, float), np.array(truth, float)) == pytest.approx(value)


def test_faulty_answers_are_refused() -> None:
    with pytest.raises(InputError, match=r"probabilities from 0\.5 to 1\.5"):
        answers([1, 0], [0.5, 1.5])
    with pytest.raises(InputError, match=r"\[1, 2\] answers"):
        Answers(np.arange(2), np.array(["a", "b"]), np.array([True]), np.array([0.1, 0.2]))
