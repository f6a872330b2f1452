"""Études of the corpus: one to three minutes with known sections, events, relations and causes."""

from functools import cache

import numpy as np
import pytest

from truth.corpus import clips
from truth.corpus.etudes import FORMS, TRIGGERED, Etude, compose, plan_of, relation, stems


@cache
def piece(index: int) -> Etude:
    return compose(7, index)


@pytest.mark.parametrize("index", range(12))
def test_form_sections_and_events_are_in_order(index: int) -> None:
    etude = piece(index)
    assert etude.form in FORMS
    assert "".join(section.letter for section in etude.sections) == etude.form
    assert 60 <= etude.length <= 180
    for section, following in zip(etude.sections, etude.sections[1:], strict=False):
        assert section.end == following.start
    for section in etude.sections:
        within = [cue for cue in etude.cues if section.start <= cue.start < section.end]
        assert within
        assert within[0].start == section.start
        assert all(cue.end <= section.end for cue in within)
        assert 1 <= len({cue.layer for cue in within}) <= 4


def test_sections_of_one_letter_have_one_character() -> None:
    for index in range(12):
        etude = piece(index)
        seen: dict[str, set[str]] = {}
        for section in etude.sections:
            names = {cue.generator for cue in etude.cues if section.start <= cue.start < section.end}
            seen[section.letter] = seen.get(section.letter, set()) | names
        assert all(len(names) <= 2 for names in seen.values())
        assert len({frozenset(names) for names in seen.values()}) == len(seen)


def test_one_to_four_layers_occur() -> None:
    counts = set()
    for index in range(12):
        etude = piece(index)
        for section in etude.sections:
            counts.add(len({cue.layer for cue in etude.cues if section.start <= cue.start < section.end}))
    assert counts == {1, 2, 3, 4}


def test_what_is_set_off_follows_its_cause() -> None:
    causes = [
        (etude.cues[cue.cause], cue) for etude in map(piece, range(12)) for cue in etude.cues if cue.cause is not None
    ]
    assert len(causes) > 10
    for cause, effect in causes:
        assert cause.layer == 0 < effect.layer
        assert TRIGGERED[0] - 0.001 <= effect.start - cause.start <= TRIGGERED[1] + 0.001


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ((0, 2), (3, 4), None),
        ((0, 2), (2, 4), "meets"),
        ((0, 2), (1, 4), "overlaps"),
        ((0, 4), (1, 2), "contains"),
        ((0, 4), (0, 2), "startedBy"),
        ((0, 4), (2, 4), "finishedBy"),
        ((0, 4), (0, 4), "equals"),
    ],
)
def test_relations_are_those_of_allen(one: tuple[float, float], other: tuple[float, float], name: str | None) -> None:
    assert relation(one, other) == name


def test_relations_of_a_piece_hold_for_its_events() -> None:
    known = plan_of(piece(0))
    events, relations = known["events"], known["relations"]
    assert isinstance(events, list)
    assert isinstance(relations, list)
    assert relations
    for first, name, second in relations:
        one, other = ((events[place]["start"], events[place]["end"]) for place in (first, second))
        assert relation(one, other) == name


def test_a_piece_sounds_where_its_events_are() -> None:
    etude = piece(2)
    parts = stems(etude)
    n = clips.samples(etude.length)
    signal = clips.added(parts, n)
    assert np.isfinite(signal).all()
    assert np.abs(signal).max() < 0.95
    sounding = np.zeros(n, bool)
    for cue, part in zip(etude.cues, parts, strict=True):
        assert part.first == round(cue.start * 48_000)
        sounding[part.first : part.last] = True
    assert np.abs(signal[~sounding]).max() == 0
    assert np.abs(signal[sounding]).max() > 0.05


def test_a_piece_is_the_same_again_and_another_with_another_seed() -> None:
    assert compose(7, 3) == compose(7, 3)
    assert compose(7, 3) != compose(8, 3) != compose(8, 4)
