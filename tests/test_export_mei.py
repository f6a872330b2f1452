"""MEI: the document is what notation software loads, everything in it has a time, a speaker and a way back."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - written in Cython

from export.formats import FORMATS
from export.material import Material
from export.options import Options
from tests.exports import HARD, NOTHING_SAID, THOUSAND, claim, material_of

NS = {"m": "http://www.music-encoding.org/ns/mei"}
ID = "{http://www.w3.org/XML/1998/namespace}id"
LOAD = """
import json, sys, verovio
kit = verovio.toolkit()
loaded = kit.loadFile(sys.argv[1])
print(json.dumps([loaded, kit.getPageCount() if loaded else 0, len(kit.renderToSVG(1)) if loaded else 0]))
"""


def written(material: Material, name: str = "mei") -> tuple[bytes, list[str]]:
    notes: list[str] = []
    return b"".join(FORMATS[name].write(material, Options(), notes)), notes


def seconds(text: str) -> Decimal:
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + Decimal(rest)


@pytest.mark.parametrize("name", ["mei", "mei-recording"])
@pytest.mark.parametrize("material", [HARD, THOUSAND], ids=["hard", "thousand"])
def test_every_annotation_and_review_has_time_speaker_and_way_back(material: Material, name: str) -> None:
    text, _ = written(material, name)
    root = etree.fromstring(text)
    ids = [node.get(ID) for node in root.iter() if node.get(ID)]
    assert len(ids) == len(set(ids))
    stored = {one.iri: one for one in material.annotations}
    reviews = {judged.iri for one in stored.values() for judged in one.assessments}
    annots = root.findall(".//m:annot", NS)
    targets = [annot.find("m:ref", NS).get("target") for annot in annots]
    assert sorted(targets) == sorted([*stored, *reviews])
    clips = {
        node.get(ID): (seconds(node.get("begin")), seconds(node.get("end"))) for node in root.iterfind(".//m:clip", NS)
    }
    whens = {node.get(ID): seconds(node.get("absolute")) for node in root.iterfind(".//m:when", NS)}
    for annot, target in zip(annots, targets, strict=True):
        points = [word[1:] for word in annot.get("plist").split()]
        assert set(points) <= set(ids)
        assert annot.get("resp")[1:] in ids
        if target in stored:
            one = stored[target]
            assert whens[annot.get("when")[1:]] == one.start
            assert [clips[point] for point in points if point in clips] == (
                [] if one.is_instant else [(one.start, one.end)]
            )


def test_words_and_labels_stand_as_they_are() -> None:
    text, notes = written(HARD)
    root = etree.fromstring(text)
    said = ["".join(annot.itertext()) for annot in root.iterfind(".//m:annot", NS)]
    assert any(
        words.startswith('<i>grain</i> & "edge" (Bright; Ada <b>& Co</b> عدا; confidence 0.75; supported)')
        for words in said
    )
    assert "صوت الجرس" in text.decode()
    assert notes == []
    assert root.find(".//m:fileDesc/m:titleStmt/m:title", NS).text == "Étude <nº 1> & صوت"


def test_characters_that_xml_cannot_hold_are_replaced_and_counted() -> None:
    text, notes = written(material_of(claim(2, "0", "1"), title="a\x00b\x1b"))
    assert etree.fromstring(text).find(".//m:title", NS).text == "a\ufffdb\ufffd"
    assert len(notes) == 1 and "U+FFFD" in notes[0]


@pytest.mark.parametrize("material", [HARD, NOTHING_SAID], ids=["hard", "nothing said"])
def test_notation_software_loads_it(material: Material, tmp_path: Path) -> None:
    text, _ = written(material)
    (tmp_path / "a.mei").write_bytes(text)
    done = subprocess.run([sys.executable, "-c", LOAD, tmp_path / "a.mei"], capture_output=True, text=True, timeout=120)
    loaded, pages, size = json.loads(done.stdout)
    assert loaded and pages >= 1 and size > 1000
    assert "[Error]" not in done.stderr


def test_a_recording_without_claims_is_written_and_said() -> None:
    text, notes = written(NOTHING_SAID)
    assert not etree.fromstring(text).findall(".//m:annot", NS)
    assert notes == ["nothing is said of this recording: the document has no annotations"]


def test_the_same_material_gives_the_same_document() -> None:
    assert written(HARD) == written(HARD)
