"""Sequences of several sources: merged into one graph in time, alike at each moment as counted by hand; chords too."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import mir_eval.chord  # type: ignore[import-untyped]  # it ships no types
import networkx as nx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.options import Source
from api.sequences import Asked, likeness, merged_of, shared_pitch_classes
from ingest.imports.chords import pitch_classes
from ontology.errors import InputError
from queries import answer
from queries.sequences import Line, Merged, Passage, merged
from store import Store, open_store
from tests.bench import workbench
from tests.commands import Ended, acousma
from tests.sounds import tone, write
from tests.test_queries import ALSO, filled

ASKED = Asked("Glass")


def same(one: str, other: str) -> float:
    return float(one == other)


def line(source: str, *passages: tuple[float, float, str], duration: float = 10) -> Line:
    return Line(source, duration, tuple(Passage(start, end, key, key) for start, end, key in passages))


# -- merging --------------------------------------------------------------------------------------


def test_passages_that_touch_or_overlap_are_one_node_and_others_are_not() -> None:
    found = merged([line("a", (0, 2, "x"), (5, 6, "x")), line("b", (2, 3, "x"), (3.5, 4, "x"))], same)
    assert [(n.start, n.end, n.weight) for n in found.nodes] == [(0, 3, 2), (3.5, 4, 1), (5, 6, 1)]
    assert found.edges == {(0, 1): 1, (0, 2): 1}


def test_an_edge_weighs_as_often_as_a_source_goes_that_way_and_never_leads_to_itself() -> None:
    found = merged([line(name, (0, 1, "x"), (0.5, 1, "x"), (1, 2, "y")) for name in "abc"], same)
    assert [node.weight for node in found.nodes] == [3, 3]
    assert found.edges == {(0, 1): 3}


def test_a_source_that_says_two_things_at_once_goes_on_from_both() -> None:
    found = merged([line("a", (0, 1, "x"), (0, 1, "y"), (1, 2, "z"))], same)
    labels = [node.label for node in found.nodes]
    assert {(labels[one], labels[other]) for one, other in found.edges} == {("x", "z"), ("y", "z")}


def brute(lines: list[Line], step: float) -> tuple[float, float]:
    """Return the summed likeness and the time in which two speak, looked at in the middle of every short step."""
    total = time = 0.0
    for number in range(math.ceil(10 / step)):
        moment = (number + 0.5) * step
        said = [(p.key, one.source) for one in lines for p in one.passages if p.start <= moment < p.end]
        pairs = [(k, m) for i, (k, s) in enumerate(said) for m, t in said[i + 1 :] if s != t]
        if pairs:
            total += step * sum(k == m for k, m in pairs) / len(pairs)
            time += step
    return total, time


@pytest.mark.parametrize("seed", range(4))
def test_the_coherence_of_a_work_is_what_looking_at_every_moment_gives(seed: int) -> None:
    dice = np.random.default_rng(seed)
    lines = []
    for source in "abc":
        starts = np.round(dice.uniform(0, 8, 9), 1)
        lines.append(
            line(source, *((s, round(s + dice.uniform(0.2, 2), 1), dice.choice(["x", "y", "z"])) for s in starts))
        )
    found, (total, time) = merged(lines, same), brute(lines, 0.01)
    assert found.coherence == pytest.approx(total / time, abs=1e-6)
    assert sum(m.end - m.start for m in found.profile if m.coherence is not None) == pytest.approx(time, abs=1e-6)


def test_where_fewer_than_two_speak_there_is_no_coherence() -> None:
    alone = merged([line("a", (0, 1, "x"))], same)
    assert (alone.coherence, alone.profile[0].coherence) == (None, None)
    apart = merged([line("a", (0, 1, "x")), line("b", (2, 3, "x"))], same)
    assert apart.coherence is None and len(apart.profile) == 2


def test_versions_of_different_length_lie_on_one_axis_when_stretched() -> None:
    slow, fast = line("slow", (0, 20, "x"), (20, 40, "y"), duration=40), line("fast", (0, 5, "x"), (5, 10, "y"))
    assert merged([slow, fast], same).coherence == pytest.approx((5 + 0) / 10)
    assert merged([slow, fast], same, stretched=True).coherence == 1


# -- out of an archive ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("sequences") / "store", writable=True) as store:
        yield filled(store, ALSO / "coherence_between_versions.trig")


def test_the_profile_is_that_of_the_stored_question_at_the_same_moments(small: Store) -> None:
    ((title, found),) = merged_of(answer(small, "claim_sequences", {"work": "Glass"}), ASKED)
    stored = answer(small, "coherence", {"work": "Glass"})
    assert title == "Glass Tides"
    at = {moment.start: moment for moment in found.profile}
    asked = [
        dict(zip(stored.columns, (getattr(term, "value", "") for term in row), strict=True)) for row in stored.rows
    ]
    assert asked
    for row in asked:
        moment = at[float(row["moment"])]
        assert (moment.sources, moment.pairs) == (int(row["agents"]), int(row["pairs"]))
        assert moment.coherence == pytest.approx(float(row["coherence"]), abs=1e-3)
    share = answer(small, "coherence_between_agents", {"work": "Glass"}).rows[0][5]
    assert found.coherence == pytest.approx(float(getattr(share, "value", "nan")), abs=1e-3)


def test_versions_are_sources_and_a_single_one_is_refused(small: Store) -> None:
    asked = Asked("Slow", "brightnessLevel", Source.VERSIONS)
    table = answer(small, "claim_sequences", {"work": "Slow", "aspect": "brightnessLevel"})
    ((_, found),) = merged_of(table, asked)
    assert [one.source for one in found.lines] == ["version 1", "version 2"]
    assert found.stretched and found.duration == 1 and found.coherence == pytest.approx(0.5)
    with pytest.raises(InputError, match="claims of one recording only"):
        merged_of(answer(small, "claim_sequences", {"work": "Glass"}), Asked("Glass", sources=Source.VERSIONS))


def test_a_concept_is_alike_to_a_narrower_one() -> None:
    alike = likeness(chords=False)
    assert alike("openAttackDecay", "attackDecay") == alike("attackDecay", "openAttackDecay") == 1
    assert alike("openAttackDecay", "closedAttackDecay") == 0


# -- chords -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "classes"),
    [("C", "C E G"), ("Db:sus4", "C# F# G#"), ("A:min/b3", "A C E"), ("C/2", "C D E G"), ("G:7(#9)", "G B D F A#"),
     ("C:maj9", "C D E G B"), ("C:min7(*5)", "C D# A#"), ("N", "")],
)  # fmt: skip
def test_pitch_classes_are_those_of_the_quality_the_degrees_and_the_bass(label: str, classes: str) -> None:
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    assert pitch_classes(label) == "".join("1" if name in classes.split() else "0" for name in names)


def test_a_chord_without_extensions_has_the_pitch_classes_that_mir_eval_compares() -> None:
    for label in ("F#:hdim7", "Bb:aug", "E:minmaj7/5", "D:dim", "Ab:maj6"):
        root, marks, _ = mir_eval.chord.encode(label)
        assert pitch_classes(label) == "".join(map(str, np.roll(marks, root)))


def test_shared_pitch_classes_are_those_of_both_over_those_of_either() -> None:
    both = [pitch_classes(label) or "" for label in ("C:maj", "A:min")]
    assert shared_pitch_classes(*both) == pytest.approx(2 / 4)
    assert shared_pitch_classes("0" * 12, "0" * 12) == 1
    assert shared_pitch_classes("0" * 12, both[0]) == 0


def jams(path: Path, annotators: dict[str, list[tuple[float, float, str]]]) -> None:
    annotations = [
        {
            "namespace": "chord_harte" if name == "Bo" else "chord",
            "annotation_metadata": {"annotator": {"name": name}},
            "data": [{"time": t, "duration": d, "value": v, "confidence": None} for t, d, v in chords],
        }
        for name, chords in annotators.items()
    ]  # fmt: skip
    path.write_text(json.dumps({"file_metadata": {"duration": 8}, "annotations": annotations, "sandbox": {}}))


@pytest.fixture(scope="module")
def harmony(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """Import the chords of two annotators."""
    folder = tmp_path_factory.mktemp("harmony")
    write(folder / "sounds" / "song.wav", tone(262, 8.0))
    chords = {
        "Ada": [(0.0, 2.0, "C:maj"), (2.0, 2.0, "F:maj"), (4.0, 2.0, "N"), (6.0, 2.0, "X")],
        "Bo": [(0.0, 3.0, "C:maj7"), (3.0, 1.0, "F:maj"), (4.0, 4.0, "H:maj")],
    }
    jams(folder / "song.jams", chords)
    ended = acousma(
        "import", folder / "song.jams", "--recordings", folder / "sounds", "--store", folder / "archive",
        "--report", folder / "report.csv",
    )  # fmt: skip
    return folder, ended


def test_chords_are_imported_word_for_word_and_what_is_none_is_left_with_a_reason(harmony: tuple[Path, Ended]) -> None:
    folder, ended = harmony
    assert ended.returncode == 1, "one chord could not be read"
    report = (folder / "report.csv").read_text(encoding="utf-8")
    assert "Invalid chord label: H:maj; expected a chord such as C:maj7" in report
    asked = ("ask", "chord_sequences", "--param", "work=song", "--format", "csv", "--store", folder / "archive")
    rows = [row.split(",")[1:6] for row in acousma(*asked).stdout.splitlines()[1:]]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("Ada", "C:maj", "100010010000"), ("Ada", "F:maj", "100001000100"), ("Ada", "N", "000000000000"),
        ("Bo", "C:maj7", "100010010001"), ("Bo", "F:maj", "100001000100"),
    ]  # fmt: skip
    words = acousma(
        "sparql", 'SELECT ?d { ?d oa:hasBody/rdf:value "X" }', "--format", "csv", "--store", folder / "archive"
    )
    assert len(words.stdout.split()) == 2, "a chord that has no name is kept in words"
    assert acousma("validate", "--all", "--store", folder / "archive").returncode == 0


def test_chords_of_two_annotators_become_one_graph_with_its_coherence_and_a_picture(
    harmony: tuple[Path, Ended],
) -> None:
    archive, picture, graph = (harmony[0] / name for name in ("archive", "song.png", "song.graphml"))
    ended = acousma("sequences", "song", "--chords", "--picture", picture, "--graph", graph, "--store", archive)
    assert ended.returncode == 0, ended.stderr
    assert "2 sources, coherence 0.667" in ended.stdout  # (2 s of 0.75, 1 s of 1/6, 1 s of 1) / 4 s
    with Image.open(picture) as seen:
        assert seen.width > 1000 and len(seen.convert("RGB").getcolors(1 << 24) or []) > 50
    read = nx.read_graphml(graph)
    labels = nx.get_node_attributes(read, "label")
    steps = {(labels[one], labels[other]): weight for one, other, weight in read.edges(data="weight")}
    assert steps == {("C:maj", "F:maj"): 1, ("F:maj", "N"): 1, ("C:maj7", "F:maj"): 1}
    drawn = acousma("sequences", "song", "--chords", "--picture", picture.with_suffix(".svg"), "--store", archive)
    assert drawn.returncode == 0, drawn.stderr
    words = "".join(ET.parse(picture.with_suffix(".svg")).getroot().itertext())
    assert "C:maj7" in words and "mean 0.67" in words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing",), "no 'morphologicalArchetype' is claimed of a work 'nothing'"),
        (("song", "--chords", "--agent", "Zoe"), "no chords are named of a work 'song' by Zoe"),
        (("song", "--chords", "--picture", "x.xyz"), "cannot be written"),
        (("song", "--aspect", "loudnes"), "is no concept"),
    ],
)
def test_what_cannot_be_merged_or_drawn_is_refused(
    harmony: tuple[Path, Ended], words: tuple[str, ...], message: str
) -> None:
    ended = acousma("sequences", *words, "--store", harmony[0] / "archive")
    assert (ended.returncode, message in ended.stderr) == (3, True), ended.stderr


def test_a_merged_graph_is_in_the_order_of_time() -> None:
    found: Merged = merged([line("a", (5, 6, "b"), (0, 1, "c")), line("b", (0, 1, "a"))], same)
    assert [node.key for node in found.nodes] == ["a", "c", "b"]


# -- the page -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("page") / "archive"
    with open_store(folder, writable=True) as store:
        filled(store, ALSO / "coherence_between_versions.trig")
    with workbench(folder) as made:
        yield made


def test_a_page_draws_what_the_sources_say_together_with_names_for_whoever_points_at_it(client: TestClient) -> None:
    page = client.get("/workbench/sequences", params={"work": "Glass Tides"})
    assert page.status_code == 200 and "Mean coherence: 0.73." in page.text
    assert "<title>Graduated continuant → Attack-impulse ×1</title>" in page.text
    assert "Graduated continuant · 0:11.5–0:20.0 · Anna Keller; Measuring describer" in page.text
    assert not re.search(r"<script>|\son\w+=|\sstyle=", page.text)
    versions = {"work": "Slow and Fast", "aspect": "brightnessLevel", "sources": "versions"}
    assert "Dark · version 1, 5–15 %" in client.get("/workbench/sequences", params=versions).text


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "Choose"),
        ({"work": "No such work"}, "Nothing of this kind is claimed"),
        ({"work": "Glass Tides", "sources": "versions"}, "claims of one recording only"),
        ({"work": "<script>alert(1)</script>", "aspect": "'"}, "Nothing of this kind is claimed"),
    ],
)
def test_what_a_page_cannot_merge_it_says(client: TestClient, params: dict[str, str], words: str) -> None:
    page = client.get("/workbench/sequences", params=params)
    assert (page.status_code, words in page.text) == (200, True)
    assert "<script>alert" not in page.text
