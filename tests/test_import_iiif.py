"""IIIF manifests of other programs: what they say is read, their known faults are repaired, nothing is lost."""

import json
from pathlib import Path

import pytest

from export.formats import FORMATS as EXPORTS
from export.material import Material
from export.options import Options
from ingest.imports.convert import Options as ImportOptions
from ingest.imports.convert import convert
from ingest.imports.formats import FORMATS, read_file
from ingest.imports.iiif_times import Repairs, times_of
from ingest.imports.recordings import Recordings
from ingest.imports.records import Label, Speaker
from ontology.errors import ImportFileError
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary
from tests.exports import HARD, THOUSAND

DATA = Path(__file__).parent / "data" / "iiif"
FILES = sorted(path for path in DATA.glob("*.json") if not path.name.endswith(".expected.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_other_programs_write_is_read_and_repairs_are_told(path: Path) -> None:
    reading = read_file(path)
    assert reading.format == "iiif"
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    records = [
        [one.file, one.start, one.end, "label" if isinstance(one.said, Label) else "text",
         one.said.name if isinstance(one.said, Label) else one.said.words]
        for one in reading.records
    ]  # fmt: skip
    assert records == expected["records"]
    assert [one.cause.value for one in reading.left] == expected["left"]
    assert sorted(reading.notes) == sorted(expected["notes"])


def test_who_created_an_annotation_speaks() -> None:
    speakers = [one.speaker for one in read_file(DATA / "aviary.json").records]
    assert speakers == [Speaker("Ida", kind="person"), Speaker("Ida", kind="person"), Speaker()]
    (program,) = [one.speaker for one in read_file(DATA / "page.json").records]
    assert program == Speaker("Listener", "7b")


def test_a_page_that_lies_beside_the_manifest_is_read(tmp_path: Path) -> None:
    manifest = json.loads((DATA / "ramp.json").read_text(encoding="utf-8"))
    (tmp_path / "ramp.json").write_text(json.dumps(manifest), encoding="utf-8")
    page = (DATA / "page.json").read_text(encoding="utf-8")
    (tmp_path / "elsewhere.json").write_text(page, encoding="utf-8")
    assert [one.said for one in read_file(tmp_path / "ramp.json").records][-1:] == [
        one.said for one in read_file(DATA / "page.json").records
    ]


@pytest.mark.parametrize("material", [HARD, THOUSAND], ids=["hard", "thousand"])
def test_importing_our_own_manifest_gives_the_same_claims(tmp_path: Path, material: Material) -> None:
    options = Options("https://archive.example.org/", "https://archive.example.org/sound/étude n° 1.mp3")
    path = tmp_path / "manifest.json"
    path.write_bytes(b"".join(EXPORTS["iiif"].write(material, options, [])))
    sound = tmp_path / "étude n° 1.wav"
    account = convert([read_file(path)], Recordings([sound]), ImportOptions(Speaker()), load_vocabulary())
    own = [one for one in material.annotations if one.concept and one.concept.iri.startswith(ACV)]
    assert sorted(
        (round(one.start, 3), round(one.end, 3), one.concept) for one in account.heard.claims[sound]
    ) == sorted(
        {(float(one.start), float(one.end), one.concept.id) for one in own if one.concept and not one.is_instant}
    )


@pytest.mark.parametrize(
    ("target", "times", "repaired", "fault"),
    [
        ("c#t=12,17.5", (12, 17.5), 0, ""), ("c#t=,5", (0, 5), 0, ""), ("c#t=5", (5, None), 1, ""),
        ("c#t=1:02,1:00:03.5", (62, 3603.5), 0, ""),
        ("c#xywh=1,2,3,4&t=1,2", (1, 2), 0, ""), ("c", (None, None), 0, ""),
        ("c#t=a,b", (None, None), 0, "a time of 'a,b'"), ("c#t=-1,2", (None, None), 0, "a time of '-1,2'"),
        ("c#t=nan,inf", (None, None), 0, "a time of 'nan,inf'"), (7, (None, None), 0, "no target"),
        ({"source": {"id": "c"}, "selector": {"type": "PointSelector", "t": 4}}, (4, 4), 0, ""),
        ({"source": "c", "selector": {"type": "PointSelector", "t": True}}, (None, None), 0, "a point in time of True"),
        ({"source": "c", "selector": [{"type": "FragmentSelector", "value": "t=1,2"}]}, (1, 2), 0, ""),
        ({"source": "c", "selector": {"type": "RangeSelector", "startSelector": {"type": "PointSelector", "t": 1},
                                      "endSelector": {"type": "PointSelector", "t": 2}}}, (1, 2), 0, ""),
        ({"source": "c", "selector": {"type": "RangeSelector"}}, (None, None), 0, "a RangeSelector without two times"),
    ],
)  # fmt: skip
def test_targets_are_read_in_every_way_they_are_written(
    target: object, times: tuple[float | None, float | None], repaired: int, fault: str
) -> None:
    repairs = Repairs()
    _, found, wrong = times_of(target, repairs)
    assert (found, sum(repairs.counts.values()), wrong) == (times, repaired, fault)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON"), ('{"type": "Collection", "items": []}', "type is 'Collection'"), ("[]", "type is 'list'"),
        ("[" * 100_000, "is no JSON"),
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ImportFileError, match=words):
        FORMATS["iiif"].read(path)
