"""The labels of the corpus: they follow from parameters, come from several generators, and nothing gives them away."""

import json
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from ontology.vocabulary import load_vocabulary
from truth.corpus.clips import Clip, Selection, decoded, draw, encoded, known_concepts
from truth.corpus.generators import GENERATORS, labels
from truth.corpus.logic import all_of, any_of, negation, over, within
from truth.corpus.parameters import Sound

SEED = 7


@cache
def drawn(count: int) -> list[tuple[Clip, dict[str, bool]]]:
    found = [draw(SEED, index, Selection()) for index in range(count)]
    return [(clip, clip.labels) for clip in found]


TABLE = Path(__file__).parent / "data" / "corpus" / "labels.jsonl"
CASES = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_labels_follow_from_parameters(case: dict[str, Any]) -> None:
    made = decoded(case["sound"])
    assert isinstance(made, Sound)
    found = labels(made)
    wanted = dict.fromkeys(case["true"], True) | dict.fromkeys(case["false"], False) | dict.fromkeys(case["undecided"])
    assert {name: found.get(name) for name in wanted} == wanted


def test_a_guard_leaves_what_is_near_a_cut_undecided() -> None:
    assert [over(value, 10.0) for value in (8.9, 9.1, 10.9, 11.1)] == [False, None, None, True]
    assert [over(value, -10.0) for value in (-11.1, -10.0, -8.9)] == [False, None, True]
    assert within((2.0, 3.0), 1.0, 4.0) is True
    assert within((2.0, 5.0), 1.0, 4.0) is None


def test_verdicts_are_three_valued() -> None:
    values = (True, False, None)
    for one in values:
        for other in values:
            both = all_of((one, other))
            assert both == (False if False in (one, other) else None if None in (one, other) else True)
            assert any_of((one, other)) == negation(all_of((negation(one), negation(other))))


def test_parameters_survive_json() -> None:
    for clip, _ in drawn(50):
        assert decoded(encoded(clip.made)) == clip.made


def test_every_concept_is_measurable_in_the_vocabulary() -> None:
    concepts = load_vocabulary().concepts
    assert [name for name in known_concepts() if name not in concepts] == []
    assert [name for name in known_concepts() if concepts[name].measurable == "no"] == []


def test_every_concept_that_measurement_decides_has_truth() -> None:
    assert set(load_vocabulary().rules) <= set(known_concepts())


@pytest.mark.slow
def test_every_label_comes_from_at_least_two_generators() -> None:
    sources: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for clip, found in drawn(1200):
        for name, value in found.items():
            sources[name, value].add(clip.generator)
    assert {clip.generator for clip, _ in drawn(1200)} == set(GENERATORS)
    assert [
        (name, value) for name in known_concepts() for value in (True, False) if len(sources[name, value]) < 2
    ] == []


@pytest.mark.slow
def test_no_concept_says_the_same_as_its_opposite() -> None:
    pairs = [tuple(pair.split()) for pair in OPPOSITES]
    for clip, found in drawn(1200):
        assert [pair for pair in pairs if all(found.get(name) for name in pair)] == [], clip


OPPOSITES = (
    "ascent descent", "bright dark", "dense sparse", "widening narrowing", "dilation contraction",
    "wideImage narrowImage", "smoothFlow unevenFlow", "granularNoise saturateNoise", "spectralNote spectralNoise",
    "closedAttackDecay openAttackDecay", "harmonicSpectrum inharmonicSpectrum", "sustainedMotion iterativeMotion",
)  # fmt: skip

EXCEPTIONS = {"schHeld"}
"""Concepts that are defined by length: held means up to 5 s."""

VISIBLE: dict[str, Callable[[Clip], float]] = {
    "length": lambda clip: clip.length,
    "level": lambda clip: clip.level,
    "order": lambda clip: clip.index % 10,
    "silence": lambda clip: clip.start / (clip.length - clip.made.duration),
}
"""What can be seen of a clip before it is listened to."""

LEAST = 12  # clips of the rarer value, to be judged


@pytest.mark.slow
@pytest.mark.parametrize("shortcut", VISIBLE)
def test_length_level_and_order_say_nothing_about_a_label(shortcut: str) -> None:
    clips = drawn(1200)
    scores = {}
    for concept in known_concepts():
        rows = [(clip, found[concept]) for clip, found in clips if concept in found]
        truth = np.array([value for _, value in rows])
        if min(truth.sum(), (~truth).sum()) < LEAST or concept in EXCEPTIONS:
            continue
        known = np.array([[VISIBLE[shortcut](clip)] for clip, _ in rows])
        stump = DecisionTreeClassifier(max_depth=1, class_weight="balanced", random_state=0)
        guess = np.asarray(cross_val_predict(stump, known, truth, cv=5), bool)
        score = (guess[truth].mean() + (~guess[~truth]).mean()) / 2
        chance = 0.5 + 3 * np.sqrt((0.25 / truth.sum() + 0.25 / (~truth).sum()) / 4)
        scores[concept] = (round(float(score), 2), round(max(float(chance), 0.6), 2))
    assert len(scores) > 100
    assert {name: pair for name, pair in scores.items() if pair[0] > pair[1]} == {}


def test_a_clip_is_the_same_in_a_corpus_of_any_size() -> None:
    assert [draw(3, index, Selection()) for index in (4, 2)] == [draw(3, index, Selection()) for index in (4, 2)]
    assert draw(3, 4, Selection()) != draw(4, 4, Selection())
    assert all(one.made != other.made for one, other in pairwise(clip for clip, _ in drawn(50)))


def test_chosen_concepts_are_decided_in_each_clip() -> None:
    chosen = Selection(concepts=("reversedOnset", "granularNoise"))
    found = [draw(SEED, index, chosen).labels for index in range(12)]
    assert all("reversedOnset" in item or "granularNoise" in item for item in found)
    assert {item.get("reversedOnset") for item in found} >= {True, False}
