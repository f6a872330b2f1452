"""Captions of many overlapping annotations are shared out to files that a viewer can show, with nothing lost."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import webvtt

from export.formats import FORMATS
from export.iiif import manifest
from export.material import Material
from export.options import Options, Served
from export.webvtt import DEEPEST, caption_parts, document
from export.words import widened
from tests.exports import HARD, NOTHING_SAID, THOUSAND, claim, material_of

BASE = "https://archive.example.org/"
ALIKE = material_of(*(claim(number, "0", "60.125") for number in range(150)))


def deepest(material: Material, said: Any) -> int:
    """Return how deep a viewer nests cues that puts each within the last one that has not ended."""
    open_: list[Decimal] = []
    depth = 0
    for one in said:
        start, end = widened(one, material.duration)
        while open_ and open_[-1] <= start:
            open_.pop()
        open_.append(end)
        depth = max(depth, len(open_))
    return depth


@pytest.mark.parametrize(
    "material", [HARD, THOUSAND, ALIKE, NOTHING_SAID], ids=["hard", "thousand", "alike", "nothing"]
)
def test_every_annotation_is_in_one_file_and_none_is_nested_too_deep(material: Material) -> None:
    parts = caption_parts(material)
    assert sorted(one.iri for said in parts for one in said) == sorted(one.iri for one in material.annotations)
    assert all(deepest(material, said) <= DEEPEST for said in parts)
    assert (len(parts) > 1) == (deepest(material, material.annotations) > DEEPEST)
    for said in parts:
        assert len(webvtt.from_string(document(material, said, "en").decode())) == len(said)


def test_a_server_names_every_file_of_captions_and_a_manifest_in_a_file_names_one() -> None:
    served, notes = manifest(ALIKE, Options(base=BASE, served=Served("absent", picture=("said.png", 1600, 200))))
    captions = served["items"][0]["annotations"][-1]["items"]
    names = [one["body"]["id"].rsplit("/", 1)[-1] for one in captions]
    assert names == ["annotations-1.vtt", "annotations-2.vtt", "annotations-3.vtt"]
    assert len({one["id"] for one in captions}) == 3
    assert any(note.startswith(f"Clover: more than {DEEPEST} annotations overlap") for note in notes)
    written = json.loads(b"".join(FORMATS["iiif"].write(ALIKE, Options(base=BASE), [])))
    (one,) = written["items"][0]["annotations"][-1]["items"]
    assert one["body"]["id"].endswith("/annotations.vtt")
    few, notes = manifest(HARD, Options(base=BASE, served=Served("absent", picture=("said.png", 1600, 200))))
    assert few["items"][0]["annotations"][-1]["items"][0]["body"]["id"].endswith("/annotations.vtt")
    assert not any("overlap" in note for note in notes)


def test_text_that_turns_the_direction_of_writing_keeps_it_to_itself_and_markup_is_told() -> None:
    turned = material_of(replace(claim(2, "0", "1", None), words="\u202eBell <b>"), claim(4, "1", "2"))
    document, notes = manifest(turned, Options(base=BASE))
    sentences = [item["body"][0]["value"] for item in document["items"][0]["annotations"][0]["items"]]
    assert sentences[0].startswith("\u2068\u202eBell <b>\u2069 (") and "\u2068" not in sentences[1]
    assert "Clover: 1 of 2 hold '<', which it takes for markup though they are plain text" in notes
