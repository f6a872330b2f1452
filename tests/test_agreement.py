"""Agreement of claims with a score: small cases whose answer is known by hand."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ontology.errors import ClaimsError
from truth import etude, score
from truth.agreement import Agreement, ConceptCounts, Heard, evaluate, matched_span, rivals
from truth.naming import concepts
from truth.score import GROUND, Event

BELL = Event("bell", 1.0, 3.0, "object", ("attackDecay", "openAttackDecay", "thOnsetSharp", "bright"))
BREATH = Event("breath", 4.0, 6.0, "object", ("spectralNoise", "saturateNoise", "wideImage"))
DRONE = Event("drone", 0.5, 7.0, GROUND, ("dark",))
ECHO = Event("echo", 2.0, 3.5, "object", ("node",))


def claims(start: float, end: float, names: str, confidence: float = 0.8) -> list[Heard]:
    return [Heard(start, end, name, confidence) for name in names.split()]


def perfect(events: Sequence[Event]) -> list[Heard]:
    return [claim for event in events for claim in claims(event.start, event.end, " ".join(event.concepts))]


def onset_f(result: Agreement) -> list[float]:
    return [round(scores.f_measure, 3) for scores in result.onsets]


# concept: found, missed, contradicted, spurious, unjudged
CASES = {
    "perfect": (
        [BELL, BREATH],
        perfect([BELL, BREATH]),
        dict.fromkeys((*BELL.concepts, *BREATH.concepts), (1, 0, 0, 0, 0)),
    ),
    "nothing heard": (
        [BREATH],
        [],
        dict.fromkeys(BREATH.concepts, (0, 1, 0, 0, 0)),
    ),
    "span too far off to match": (
        [BREATH],
        claims(5.2, 9.0, "spectralNoise saturateNoise wideImage"),
        dict.fromkeys(BREATH.concepts, (0, 1, 0, 0, 0)),
    ),
    "all wrong": (
        [BREATH],
        claims(4.0, 6.0, "spectralNote granularNoise narrowImage"),
        {
            "spectralNoise": (0, 0, 1, 0, 0),
            "saturateNoise": (0, 0, 1, 0, 0),
            "wideImage": (0, 0, 1, 0, 0),
            "spectralNote": (0, 0, 0, 1, 0),
            "granularNoise": (0, 0, 0, 1, 0),
            "narrowImage": (0, 0, 0, 1, 0),
        },
    ),
    "right claim beside a rival": (
        [BREATH],
        claims(4.0, 6.0, "wideImage narrowImage"),
        {
            "spectralNoise": (0, 1, 0, 0, 0),
            "saturateNoise": (0, 1, 0, 0, 0),
            "wideImage": (1, 0, 0, 0, 0),
            "narrowImage": (0, 0, 0, 1, 0),
        },
    ),
    "the score is silent on a family": (
        [BREATH],
        claims(4.0, 6.0, "ascent growthTerm wideImage"),
        {
            "spectralNoise": (0, 1, 0, 0, 0),
            "saturateNoise": (0, 1, 0, 0, 0),
            "wideImage": (1, 0, 0, 0, 0),
            "ascent": (0, 0, 0, 0, 1),
            "growthTerm": (0, 0, 0, 0, 1),
        },
    ),
    "a word of the same alternative": (
        [Event("stroke", 4.0, 6.0, "object", ("attackDecay",))],
        claims(4.0, 6.0, "attackDecay closedAttackDecay"),
        {"attackDecay": (1, 0, 0, 0, 0), "closedAttackDecay": (0, 0, 0, 0, 1)},
    ),
    "a claim made twice counts once": (
        [Event("stroke", 4.0, 6.0, "object", ("bright",))],
        claims(4.0, 6.0, "dark") + claims(4.0, 6.0, "dark", 0.3),
        {"bright": (0, 0, 1, 0, 0), "dark": (0, 0, 0, 1, 0)},
    ),
    "a ground does not matter": (
        [BREATH, DRONE],
        claims(4.0, 6.0, "spectralNoise saturateNoise wideImage dark"),
        {**dict.fromkeys(BREATH.concepts, (1, 0, 0, 0, 0)), "dark": (0, 0, 0, 0, 1)},
    ),
    "overlapping events are not judged": ([BELL, ECHO], claims(1.0, 3.0, "dark node"), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_outcomes_of_each_concept(case: str) -> None:
    events, heard, expected = CASES[case]
    counted = {row.concept: row for row in evaluate(events, heard).concepts}
    assert counted == {name: ConceptCounts(name, *outcome) for name, outcome in expected.items()}


def test_perfect_claims_score_one_everywhere() -> None:
    result = evaluate([BELL, BREATH], perfect([BELL, BREATH]))
    assert onset_f(result) == [1.0, 1.0]
    assert (result.events, result.isolated, result.matched) == (2, 2, 2)
    assert (result.overall.precision, result.overall.recall, result.overall.f_measure) == (1.0, 1.0, 1.0)


def test_wrong_claims_score_badly() -> None:
    heard = claims(1.4, 3.0, "graduatedContinuant thOnsetGradual dark") + claims(4.3, 6.0, "node narrowImage")
    result = evaluate([BELL, BREATH], heard)
    assert onset_f(result) == [0.0, 0.0]
    assert (result.overall.precision, result.overall.recall, result.overall.f_measure) == (0.0, 0.0, 0.0)
    assert (result.overall.contradicted, result.overall.missed, result.overall.spurious) == (7, 0, 5)


def test_onsets_are_matched_one_to_one_within_the_window() -> None:
    heard = claims(1.15, 3.0, "bright") + claims(1.19, 2.0, "bright") + claims(4.04, 6.0, "wideImage")
    loose, strict = evaluate([BELL, BREATH], heard).onsets
    assert (loose.precision, loose.recall) == pytest.approx((2 / 3, 1.0))
    assert (strict.precision, strict.recall) == pytest.approx((1 / 3, 0.5))


def test_silence_of_the_describer_scores_zero_and_has_no_precision() -> None:
    result = evaluate([BELL], [])
    assert onset_f(result) == [0.0, 0.0]
    assert (result.overall.precision, result.overall.recall) == (None, 0.0)


def test_claims_below_the_least_confidence_are_not_judged_but_mark_spans() -> None:
    heard = claims(1.0, 3.0, "dark", 0.2)
    assert evaluate([BELL], heard).overall.spurious == 1
    result = evaluate([BELL], heard, least_confidence=0.5)
    assert (result.matched, result.overall.spurious, result.overall.missed) == (1, 0, 4)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], None),
        ([(1.0, 3.0), (1.1, 3.0)], (1.0, 3.0)),
        ([(0.0, 10.0)], None),
        ([(1.0, 5.0)], (1.0, 5.0)),  # exactly half
        ([(3.0, 5.0)], None),
        ([(1.5, 3.0), (1.0, 2.5)], (1.0, 2.5)),  # equals: the earliest
    ],
)
def test_the_matched_span_overlaps_most(spans: list[tuple[float, float]], expected: tuple[float, float] | None) -> None:
    assert matched_span(BELL, spans) == expected


def test_rivals_are_mutual_and_never_hold_together_in_the_etude() -> None:
    table = rivals()
    assert all(concept in table[other] for concept in table for other in table[concept])
    for cue in etude.SCORE:
        listed = concepts(cue.gesture)
        assert not [name for name in listed if table.get(name, frozenset()) & set(listed)], cue.name


def test_rows_have_the_columns_and_end_with_the_sum() -> None:
    rows = evaluate([BELL, BREATH], claims(1.0, 3.0, "bright thOnsetGradual")).rows()
    assert {len(row) for row in rows} == {len(Agreement.COLUMNS)}
    assert rows[-1] == ("all", 7, 1, 5, 1, 1, 0, 0.5, 1 / 7)


@pytest.mark.parametrize(
    ("events", "heard"),
    [
        ([], []),
        ([BELL], [Heard(2.0, 2.0, "bright", 0.5)]),
        ([BELL], [Heard(-1.0, 2.0, "bright", 0.5)]),
        ([BELL], [Heard(1.0, float("nan"), "bright", 0.5)]),
        ([BELL], [Heard(1.0, 2.0, "bright", 1.5)]),
    ],
)
def test_what_cannot_be_compared_is_refused(events: list[Event], heard: list[Heard]) -> None:
    with pytest.raises(ClaimsError):
        evaluate(events, heard)


def test_the_committed_score_agrees_with_itself() -> None:
    events = score.read(Path(__file__).parents[1] / "demo" / etude.SCORE_FILE)
    result = evaluate(events, perfect(events))
    assert (onset_f(result), result.overall.recall, result.overall.spurious) == ([1.0, 1.0], 1.0, 0)
