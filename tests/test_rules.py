"""Rules: how measured values become claims and verdicts, and which words measurement can speak."""

from collections.abc import Mapping
from itertools import pairwise

import pytest

from ingest.rules import CLAIM, CONTRADICT, assess, claims, decide
from ontology.terms import ConfidenceKind, SpanKind, Verdict
from ontology.values import Span, seconds
from ontology.vocabulary import Condition, Rule, Vocabulary, load_vocabulary

VOCABULARY = load_vocabulary()
CLAIM_IRI = "https://example.org/annotation/0/0-1000/claim/bright"


def span(kind: SpanKind | None = SpanKind.DETECTED_OBJECT) -> Span:
    return Span("0011223344556677", seconds(0.0), seconds(1.0), kind)


def rule(*conditions: Condition) -> Rule:
    return Rule("bright", "brightnessLevel", frozenset({SpanKind.DETECTED_OBJECT}), conditions)


def above(name: str, minimum: float, margin: float) -> Condition:
    return Condition(name, minimum, None, margin, "a test")


def below(name: str, maximum: float, margin: float) -> Condition:
    return Condition(name, None, maximum, margin, "a test")


def probability(of: Rule, values: Mapping[str, float]) -> float:
    decision = decide(of, values, VOCABULARY)
    assert decision is not None
    return decision.probability


def with_rules(*rules: Rule) -> Vocabulary:
    return Vocabulary(VOCABULARY.concepts, VOCABULARY.properties, {made.concept: made for made in rules})


# -- one condition -------------------------------------------------------------------------------

ALL_CONDITIONS = [
    pytest.param(made, condition, id=f"{made.concept}-{condition.property}")
    for made in VOCABULARY.rules.values()
    for condition in made.conditions
    if condition.property != "duration"
]


@pytest.mark.parametrize(("made", "condition"), ALL_CONDITIONS)
def test_every_condition_holds_by_half_at_its_threshold(made: Rule, condition: Condition) -> None:
    alone = Rule(made.concept, made.aspect, made.spans, (condition,))
    for threshold in (condition.minimum, condition.maximum):
        if threshold is not None:
            assert probability(alone, {condition.property: threshold}) == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("made", "condition"), ALL_CONDITIONS)
def test_every_condition_has_a_value_that_makes_a_claim_and_one_that_contradicts_it(
    made: Rule, condition: Condition
) -> None:
    alone = Rule(made.concept, made.aspect, made.spans, (condition,))
    log = VOCABULARY.properties[condition.property].scale == "log"

    def shifted(value: float, margins: float) -> float:
        return float(value * 2 ** (margins * condition.margin)) if log else value + margins * condition.margin

    if condition.minimum is not None and condition.maximum is not None:
        middle = (condition.minimum * condition.maximum) ** 0.5 if log else (condition.minimum + condition.maximum) / 2
        good, bad = middle, shifted(condition.maximum, 3)
    elif condition.minimum is not None:
        good, bad = shifted(condition.minimum, 3), shifted(condition.minimum, -3)
    else:
        assert condition.maximum is not None
        good, bad = shifted(condition.maximum, -3), shifted(condition.maximum, 3)
    assert probability(alone, {condition.property: good}) >= CLAIM
    assert probability(alone, {condition.property: bad}) <= CONTRADICT


def test_the_probability_rises_steadily_with_a_value_that_has_a_minimum() -> None:
    found = [probability(rule(above("levelChange", 6.0, 1.5)), {"levelChange": 0.5 * step}) for step in range(30)]
    assert all(low < high for low, high in pairwise(found[:20]))
    assert found == sorted(found)
    assert found[0] < 0.001
    assert found[-1] > 0.999


def test_the_probability_falls_steadily_with_a_value_that_has_a_maximum() -> None:
    found = [probability(rule(below("levelChange", 6.0, 1.5)), {"levelChange": 0.5 * step}) for step in range(30)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.999
    assert found[-1] < 0.001


def test_one_margin_beyond_the_threshold_is_one_standard_deviation() -> None:
    assert probability(rule(above("levelChange", 6.0, 1.5)), {"levelChange": 7.5}) == pytest.approx(0.8413, abs=1e-4)


def test_between_a_minimum_and_a_maximum_the_nearer_one_counts() -> None:
    both = rule(Condition("levelChange", 2.0, 10.0, 1.0, "a test"))
    assert probability(both, {"levelChange": 3.0}) == probability(both, {"levelChange": 9.0})
    assert probability(both, {"levelChange": 6.0}) > probability(both, {"levelChange": 3.0})
    assert probability(both, {"levelChange": 11.0}) == pytest.approx(0.1587, abs=1e-4)


def test_on_a_log_scale_the_margin_is_in_octaves() -> None:
    bright = rule(above("brightnessCentroid", 2000.0, 1.0))
    assert probability(bright, {"brightnessCentroid": 4000.0}) == pytest.approx(0.8413, abs=1e-4)
    assert probability(bright, {"brightnessCentroid": 1000.0}) == pytest.approx(0.1587, abs=1e-4)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_on_a_log_scale_nothing_lies_below_every_threshold(value: float) -> None:
    assert probability(rule(above("attackTime", 0.01, 0.3)), {"attackTime": value}) == 0.0
    assert probability(rule(below("attackTime", 0.01, 0.3)), {"attackTime": value}) == 1.0


# -- several conditions --------------------------------------------------------------------------

TWO = rule(above("levelChange", 6.0, 1.5), above("levelTrend", 0.5, 0.1))


def test_a_rule_is_as_sure_as_its_weakest_condition() -> None:
    assert probability(TWO, {"levelChange": 60.0, "levelTrend": 0.5}) == pytest.approx(0.5)
    assert probability(TWO, {"levelChange": 6.0, "levelTrend": 1.0}) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("values", "decided"),
    [
        ({}, False),
        ({"levelTrend": 0.9}, False),
        ({"levelTrend": 0.5}, False),
        ({"levelTrend": 0.1}, True),
        ({"levelChange": -20.0}, True),
        ({"peakShare": 0.9}, False),
    ],
)
def test_where_a_value_is_absent_only_a_failed_condition_decides(values: dict[str, float], decided: bool) -> None:
    decision = decide(TWO, values, VOCABULARY)
    assert (decision is not None) == decided
    assert decision is None or decision.probability <= CONTRADICT


@pytest.mark.parametrize("value", [0.2, 0.45, 0.5])
def test_a_span_too_short_for_a_rule_leaves_it_open_whatever_else_is_measured(value: float) -> None:
    timed = rule(above("duration", 0.5, 0.2), below("heightRange", 0.25, 0.04))
    assert decide(timed, {"duration": value, "heightRange": 0.01}, VOCABULARY) is None
    assert decide(timed, {"duration": value, "heightRange": 3.0}, VOCABULARY) is None
    assert decide(timed, {"duration": 2.0, "heightRange": 0.01}, VOCABULARY) is not None
    assert probability(timed, {"duration": 2.0, "heightRange": 3.0}) <= CONTRADICT


def test_a_decision_names_the_values_it_rests_on() -> None:
    decision = decide(TWO, {"levelChange": 20.0, "levelTrend": 1.0, "peakShare": 0.1}, VOCABULARY)
    assert decision is not None
    assert decision.evidence == ("levelChange", "levelTrend")


# -- claims --------------------------------------------------------------------------------------


def test_a_claim_carries_its_evidence_its_aspect_and_its_confidence() -> None:
    (claim,) = claims(span(), {"growth": 3.0, "growthTrend": 0.9}, with_rules(VOCABULARY.rules["growthTerm"]))
    assert claim.concept == "growthTerm"
    assert claim.aspect == VOCABULARY.rules["growthTerm"].aspect
    assert claim.based_on == ("growth", "growthTrend")
    assert claim.confidence > 0.99
    assert claim.confidence_kind is ConfidenceKind.RULE_MARGIN


@pytest.mark.parametrize("values", [{}, {"growth": 3.0}, {"growthTrend": 0.9}, {"growth": 1.0, "growthTrend": 0.5}])
def test_a_concept_that_cannot_be_decided_gets_no_claim(values: dict[str, float]) -> None:
    assert claims(span(), values, with_rules(VOCABULARY.rules["growthTerm"])) == []


def test_nothing_measured_gives_no_claim_at_all() -> None:
    for kind in SpanKind:
        assert claims(span(kind), {}, VOCABULARY) == []


def test_a_claim_is_made_from_the_least_confidence_on() -> None:
    one = rule(above("levelChange", 0.0, 1.0))
    enough, short = 0.3854, 0.3852  # on either side of the value with a probability of 0.65
    assert CLAIM == 0.65
    assert [claim.confidence for claim in claims(span(), {"levelChange": enough}, with_rules(one))] == [0.65]
    assert claims(span(), {"levelChange": short}, with_rules(one)) == []


@pytest.mark.parametrize("kind", list(SpanKind))
def test_rules_speak_only_of_the_spans_they_are_made_for(kind: SpanKind) -> None:
    everything = dict.fromkeys(VOCABULARY.properties, 1000000.0) | {"duration": 1.0}
    made = {claim.concept for claim in claims(span(kind), everything, VOCABULARY)}
    assert made
    assert all(kind in VOCABULARY.rules[concept].spans for concept in made)


# -- verdicts ------------------------------------------------------------------------------------

VERDICTS = [
    ({"brightnessCentroid": 8000.0}, Verdict.SUPPORTED, ("brightnessCentroid",)),
    ({"brightnessCentroid": 300.0}, Verdict.CONTRADICTED, ("brightnessCentroid",)),
    ({"brightnessCentroid": 2000.0}, Verdict.UNDECIDED, ("brightnessCentroid",)),
    ({}, Verdict.UNDECIDED, ()),
]


@pytest.mark.parametrize(("values", "verdict", "evidence"), VERDICTS)
def test_a_claim_of_somebody_else_is_judged_by_the_same_rule(
    values: dict[str, float], verdict: Verdict, evidence: tuple[str, ...]
) -> None:
    assessment = assess(CLAIM_IRI, "bright", span(None), values, VOCABULARY)
    assert assessment is not None
    assert (assessment.claim, assessment.verdict, assessment.based_on) == (CLAIM_IRI, verdict, evidence)
    assert assessment.confidence == (0.5 if verdict is Verdict.UNDECIDED else pytest.approx(1.0, abs=0.01))


def test_measurement_says_nothing_of_a_concept_without_a_rule() -> None:
    silent = next(id_ for id_ in VOCABULARY.concepts if id_ not in VOCABULARY.rules)
    assert assess(CLAIM_IRI, silent, span(), {"brightnessCentroid": 8000.0}, VOCABULARY) is None


# -- what measurement can speak of ---------------------------------------------------------------

GROUPS = {
    "brightness": ["bright", "dark"],
    "direction of brightness": ["brightening", "darkening"],
    "density": ["dense", "sparse"],
    "kinds of attack": ["thOnsetSharp", "thOnsetMarked", "thOnsetGradual"],
    "kinds of decay": ["dsOffsetSuddenStop", "dsOffsetMarked", "dsOffsetSoft", "dsOffsetFadeOut"],
    "growth": ["growthTerm"],
    "archetypes": ["attackImpulse", "attackDecay", "graduatedContinuant"],
    "note to noise": ["spectralNote", "harmonicSpectrum", "inharmonicSpectrum", "node", "spectralNoise"],
    "grain and iteration": ["granularNoise", "granularMotion", "iterativeMotion"],
    "flow": ["smoothFlow", "unevenFlow"],
    "motion": ["ascent", "planeMotion", "descent"],
    "growth of the spectrum": ["dilation", "contraction"],
    "motion across the image": ["spatialTrajectory", "widening", "narrowing"],
    "width of the image": ["wideImage", "narrowImage"],
}


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_of_words_can_be_measured(group: str) -> None:
    assert set(GROUPS[group]) <= VOCABULARY.rules.keys()


def test_at_least_24_concepts_can_be_measured() -> None:
    assert len(VOCABULARY.rules) >= 24


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bright", "dark"),
        ("brightening", "darkening"),
        ("dense", "sparse"),
        ("ascent", "descent"),
        ("dilation", "contraction"),
        ("wideImage", "narrowImage"),
        ("widening", "narrowing"),
        ("smoothFlow", "unevenFlow"),
        ("attackImpulse", "graduatedContinuant"),
        ("thOnsetSharp", "thOnsetMarked"),
        ("thOnsetMarked", "thOnsetGradual"),
        ("dsOffsetSuddenStop", "dsOffsetMarked"),
        ("dsOffsetMarked", "dsOffsetSoft"),
        ("dsOffsetSoft", "dsOffsetFadeOut"),
        ("spectralNote", "spectralNoise"),
        ("harmonicSpectrum", "inharmonicSpectrum"),
        ("granularMotion", "iterativeMotion"),
    ],
)
def test_opposites_share_a_property_and_are_never_claimed_together(one: str, other: str) -> None:
    first, second = VOCABULARY.rules[one], VOCABULARY.rules[other]
    shared = {c.property for c in first.conditions} & {c.property for c in second.conditions} - {"duration"}
    grid = [sign * 10 ** (exponent / 20) for exponent in range(-80, 100) for sign in (-1, 1)]
    assert any(
        not any(_claimed(first, name, value) and _claimed(second, name, value) for value in grid) for name in shared
    )


def _claimed(made: Rule, name: str, value: float) -> bool:
    """Tell whether a value of one property leaves room for a claim."""
    conditions = tuple(condition for condition in made.conditions if condition.property == name)
    return probability(Rule(made.concept, made.aspect, made.spans, conditions), {name: value}) >= CLAIM
