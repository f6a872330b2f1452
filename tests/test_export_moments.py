"""What was measured at a moment stands in a IIIF manifest, apart from claims, exactly where the graph says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from export.formats import FORMATS
from export.material import Material, Moment
from export.moments import moments_of
from export.options import Options
from export.reading import read_material
from ontology.terms import SpanKind
from store import open_store
from tests.exports import HARD, MODEL, archive_of
from tests.graphs import GLASS_TIDES, KIEFERNWALD, MEASURER, MINTER, describing_run

OBJECT, WINDOW = SpanKind.DETECTED_OBJECT, SpanKind.FIXED_WINDOW
MEASURED = [
    (5.0, 9.0, OBJECT, "peakPosition", 0.25), (9.0, 30.0, OBJECT, "level", -20.0),
    (6.0, 16.0, WINDOW, "peakPosition", 1.0), (6.0, 16.0, WINDOW, "level", -19.0),
]  # fmt: skip


def moment(at: str, kind: str, start: str, end: str) -> Moment:
    share = Decimal("0.5") if kind == "peak" else None
    return Moment("https://e.org/m/1", Decimal(at), kind, Decimal(start), Decimal(end), MODEL, share)  # type: ignore[arg-type]


MOMENTS = replace(HARD, moments=(moment("7", "peak", "5", "9"), moment("9", "end", "5", "9")))


def manifest(material: Material, profile: str = "full") -> tuple[dict[str, Any], list[str]]:
    notes: list[str] = []
    options = Options(base="https://archive.example.org/", profile=profile)  # type: ignore[arg-type]
    return json.loads(b"".join(FORMATS["iiif"].write(material, options, notes))), notes


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Material]:
    runs = describing_run(GLASS_TIDES, MEASURER, [], MEASURED)
    elsewhere = describing_run(KIEFERNWALD, MEASURER, [], [(1.0, 2.0, OBJECT, "peakPosition", 0.5)])
    folder = archive_of(tmp_path_factory.mktemp("measured") / "archive", *runs, *elsewhere)
    with open_store(folder) as store:
        yield read_material(store, MINTER.recording(GLASS_TIDES.recording.id))


def test_moments_are_where_the_graph_says(read: Material) -> None:
    told = [(str(one.at), one.kind, str(one.start), str(one.end)) for one in read.moments if one.start in (5, 6, 9)]
    assert told == [("6.000", "peak", "5", "9"), ("9", "end", "5", "9"), ("16.000", "peak", "6", "16")]
    assert {one.agent.title for one in read.moments} == {MEASURER.name + " " + (MEASURER.version or "")}
    assert all("/measurement/peakPosition" in one.iri for one in read.moments if one.kind == "peak")


def test_a_moment_is_a_point_on_a_page_of_its_own_between_claims_and_captions() -> None:
    pages = manifest(MOMENTS)[0]["items"][0]["annotations"]
    assert [page["label"] for page in pages[:-2]] == [
        page["label"] for page in manifest(HARD)[0]["items"][0]["annotations"][:-1]
    ]
    peak, end = pages[-2]["items"]
    assert pages[-2]["label"] == {"en": [f"Measured moments ({MODEL.title})"]}
    assert (peak["target"]["selector"], end["target"]["selector"]["t"]) == ({"type": "PointSelector", "t": 7.0}, 9.0)
    assert peak["body"][0]["value"].startswith("Loudest moment of 5 to 9 s (measured; position of the maximum: 0.5")
    assert end["body"][0]["value"].startswith("End of the sound object of 5 to 9 s (measured; ")
    assert peak["seeAlso"][0]["id"] == "https://e.org/m/1" and peak["id"] != end["id"]


def test_the_plain_profile_widens_moments_and_says_so() -> None:
    document, notes = manifest(MOMENTS, "plain")
    peak, _ = document["items"][0]["annotations"][-2]["items"]
    assert peak["target"].endswith("canvas#t=7,7.01") and all(body["type"] == "TextualBody" for body in peak["body"])
    assert "5 points are widened to 10 ms" in notes
    assert "Clover, Mirador: 2 measured moments listed without times, which the captions have not" in notes


def test_a_recording_of_which_nothing_is_claimed_still_has_its_moments() -> None:
    document, notes = manifest(replace(MOMENTS, layers=()))
    (page,) = document["items"][0]["annotations"]
    assert len(page["items"]) == 2 and not any(note.startswith("nothing is said") for note in notes)


@pytest.mark.parametrize("wrong", ["", "NaN", "1e400", "-1", "1.5"])
def test_a_value_that_can_be_no_moment_makes_none(wrong: str) -> None:
    row = {"source": "urn:m", "start": "1", "end": "2", "share": wrong, "maker": "urn:a", "name": "", "version": ""}
    assert moments_of([row], [], Decimal(60)) == ()
    assert moments_of([row | {"share": "0.5"}], [], Decimal(60))[0].at == Decimal("1.500")


def test_what_two_runs_of_an_agent_measured_alike_is_one_moment_and_an_end_of_the_recording_is_none() -> None:
    row = {"source": "urn:b", "start": "1", "end": "2", "maker": "urn:a", "name": "A", "version": "1"}
    (one,) = moments_of([], [row, row | {"source": "urn:a"}], Decimal(60))
    assert (one.iri, one.at) == ("urn:a", Decimal(2))
    assert moments_of([], [row], Decimal(2)) == ()
