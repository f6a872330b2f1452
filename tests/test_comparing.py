"""Two sides compared: coherence, coverage, differences; and pictures that stay small and hold no markup of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.workbench.comparing import WINDOWS, Heard, Side, coherence, differences, mean_of
from api.workbench.plots.svg import Picture, ticks, time_label
from api.workbench.plots.timeline import Lanes, Mark, timeline
from api.workbench.plots.works import draw_map, map_works
from tests.bench import make_archive, workbench
from tests.graphs import GLASS_TIDES, KIEFERNWALD, LISTENER, MEASURER, MINTER

LEFT = Side("r:1", "left", 60.0, (Heard(0, 30, "bright", "brightnessLevel"), Heard(10, 20, "dense", "densityLevel")))
RIGHT = Side(
    "r:2", "right", 30.0, (Heard(0, 15, "bright", "brightnessLevel"), Heard(15, 30, "dark", "brightnessLevel"))
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("compared") / "archive"
    make_archive(folder)
    with workbench(folder) as made:
        yield made


def test_a_side_is_wholly_coherent_with_itself_and_absent_where_nothing_is_claimed() -> None:
    values = coherence(LEFT, LEFT, stretched=False)
    assert values[:30] == [1.0] * 30 and values[30:] == [None] * 30
    assert mean_of(values) == 1.0 and mean_of([None]) is None


def test_coherence_counts_concepts_of_both_over_those_of_either() -> None:
    values = coherence(LEFT, RIGHT, stretched=False)
    assert (values[0], values[10], values[20], values[40]) == (1.0, 0.5, 0.0, None)
    stretched = coherence(LEFT, RIGHT, stretched=True)
    assert (stretched[0], stretched[29], stretched[30]) == (1.0, 1.0, 0.0) and len(stretched) == WINDOWS


def test_shares_of_time_count_overlaps_once_and_the_largest_difference_stands_first() -> None:
    twice = Side(
        "r:3", "twice", 40.0, (Heard(0, 20, "bright", "a"), Heard(10, 30, "bright", "a"), Heard(38, 44, "dark", "a"))
    )
    rows = {row.concept: row for row in differences(twice, RIGHT)}
    assert rows["bright"].shares == (0.75, 0.5) and rows["bright"].passages == (2, 1)
    assert rows["dark"].shares == (0.15, 0.5)
    assert next(row.concept for row in differences(LEFT, RIGHT)) == "dark"


def path(piece: object) -> str:
    return f"recording/{piece.recording.id}"  # type: ignore[attr-defined]  # a Piece


def test_two_works_are_compared_on_one_axis_with_a_table(client: TestClient) -> None:
    params = {"left": path(GLASS_TIDES), "right": path(KIEFERNWALD), "align": "stretched"}
    page = client.get("/workbench/compare", params=params)
    assert page.status_code == 200 and page.text.count("<svg") >= 4 and "100 %" in page.text
    assert "Granular" in page.text and " style=" not in page.text


def test_two_describers_of_one_recording_are_compared(client: TestClient) -> None:
    base = MINTER.base
    agents = {
        name: MINTER.agent(agent).removeprefix(base) for name, agent in (("first", MEASURER), ("second", LISTENER))
    }
    page = client.get("/workbench/compare", params={"of": "describers", "left": path(KIEFERNWALD), **agents})
    assert page.status_code == 200 and "Listening model 7b-2" in page.text and "Mean:" in page.text
    default = client.get("/workbench/compare", params={"of": "describers", "left": path(KIEFERNWALD)})
    assert default.status_code == 200 and "Mean:" in default.text


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({}, 200, "Choose"),
        ({"left": path(GLASS_TIDES), "right": path(GLASS_TIDES)}, 200, "same recording"),
        ({"left": "recording/none", "right": "<b>"}, 404, "no such recording"),
        ({"of": "describers", "left": path(KIEFERNWALD), "first": "agent/x", "second": "agent/y"}, 400, "Choose two"),
    ],
)
def test_what_cannot_be_compared_is_said(client: TestClient, params: dict[str, str], status: int, words: str) -> None:
    answer = client.get("/workbench/compare", params=params)
    assert (answer.status_code, words in answer.text) == (status, True)


def test_a_work_of_which_nothing_is_claimed_can_be_compared() -> None:
    nothing = Side("r:4", "silent", 10.0, ())
    assert coherence(nothing, nothing, stretched=True) == [None] * WINDOWS and differences(nothing, nothing) == []
    assert {row.shares[0] for row in differences(nothing, RIGHT)} == {0.0}


def test_models_have_cards_with_envelope_and_fate_of_their_claims(client: TestClient) -> None:
    page = client.get("/workbench/models")
    assert page.status_code == 200 and page.text.count("<svg") > 1
    for words in ("Measuring describer", "Qwen2-Audio-7B", "contradicted", "16000", "balanced", "Whisper large-v3"):
        assert words.casefold() in page.text.casefold(), words


def test_ten_thousand_passages_are_drawn_as_density_in_a_small_picture() -> None:
    marks = [Mark(n * 0.5, n * 0.5 + 0.4, "lane", f"c{n % 7}", "t", 0, 0.5, "x") for n in range(10_000)]
    drawn = timeline(marks, Lanes(0, 5000), "many")
    assert len(drawn) < 60_000 and "<a " not in drawn


def test_words_in_pictures_are_escaped() -> None:
    mark = Mark(0, 5, '"><script>', "<b>label of a mark</b>", "'\"&<", 0, 1.0, 'x?a=1&b="2"')
    drawn = timeline([mark], Lanes(0, 10, key=(("k", "<i>"),)), "<name>")
    assert "<script>" not in drawn and "<b>" not in drawn and "<i>" not in drawn and 'b="2' not in drawn
    picture = Picture(10, 10, "<svg onload=x>")
    assert "<svg onload" not in picture.markup()


def test_ticks_are_round_and_few() -> None:
    for length in (0.05, 1, 59, 600, 7200, 400_000):
        found, step = ticks(0, length, 8)
        assert 1 <= len(found) <= 9 and found[0] == 0
        assert len({time_label(time, step) for time in found}) == len(found)


def test_works_claimed_alike_stand_together_on_the_map() -> None:
    profiles = {
        ("w:1", "One"): {"bright": 4, "dense": 1}, ("w:2", "Two"): {"bright": 5, "dense": 1},
        ("w:3", "Three"): {"dark": 6}, ("w:4", "Four"): {"dark": 5, "dense": 1},
    }  # fmt: skip
    found = map_works(profiles, {"w:1": 3, "w:3": 1})
    assert found is not None
    at = {place.work: place for place in found.places}
    assert abs(at["w:1"].x - at["w:2"].x) < 0.3 < abs(at["w:1"].x - at["w:3"].x)
    assert {found.telling[0][0], found.telling[1][0]} == {"bright", "dark"} and 0.5 < found.explained <= 1
    assert "One: 3" in draw_map(found, dict.fromkeys(at, "x"), ("l", "r", "b", "t"), "map")
    assert map_works({("w:1", "One"): {"a": 1}}, {}) is None
    assert map_works({(f"w:{n}", "same"): {"a": 1} for n in range(4)}, {}) is None
