"""IIIF: the manifest has the shape that most viewers read, and the report says what each of them does not show."""

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import iiif_prezi3
import pytest

from export.formats import FORMATS
from export.iiif import SHORTEST
from export.material import Material
from export.options import Options
from ontology.errors import InputError
from ontology.terms import SKOS
from tests.exports import ADA, ATTACK, HARD, NOTHING_SAID, THOUSAND, claim, material_of

BASE = "https://archive.example.org/"
CONCEPT = SKOS.NS + "Concept"
SOUND = "https://archive.example.org/bell.mp3"


def written(material: Material, profile: str = "full", base: str | None = BASE) -> tuple[dict[str, Any], list[str]]:
    notes: list[str] = []
    options = Options(base=base, audio=SOUND, profile=profile)  # type: ignore[arg-type]
    return json.loads(b"".join(FORMATS["iiif"].write(material, options, notes))), notes


def items_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for page in manifest["items"][0]["annotations"][:-1] for item in page["items"]]


def times(target: Any) -> tuple[Decimal, Decimal]:
    if isinstance(target, str):
        start, end = target.split("#t=")[1].split(",")
        return Decimal(start), Decimal(end)
    instant = Decimal(str(target["selector"]["t"]))
    return instant, instant


@pytest.mark.parametrize("profile", ["full", "plain"])
@pytest.mark.parametrize("material", [HARD, THOUSAND, NOTHING_SAID], ids=["hard", "thousand", "nothing"])
def test_prezi3_reads_it_and_identifiers_are_unique(material: Material, profile: str) -> None:
    manifest, _ = written(material, profile)
    iiif_prezi3.Manifest(**{key: value for key, value in manifest.items() if key != "@context"})
    found: list[str] = []

    def collect(node: Any, key: str = "") -> None:
        if isinstance(node, dict):
            if (
                "type" in node
                and "id" in node
                and node["type"] != CONCEPT
                and key not in ("creator", "source")
                and "#t=" not in node["id"]
            ):
                found.append(node["id"])
            for name, value in node.items():
                collect(value, name)
        elif isinstance(node, list):
            for value in node:
                collect(value, key)

    collect(manifest)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("profile", ["full", "plain"])
@pytest.mark.parametrize("material", [HARD, THOUSAND], ids=["hard", "thousand"])
def test_every_annotation_is_there_once_in_order_and_within_the_recording(material: Material, profile: str) -> None:
    manifest, _ = written(material, profile)
    assert sorted(item["id"] for item in items_of(manifest)) == sorted(one.iri for one in material.annotations)
    stored = {one.iri: one for one in material.annotations}
    for page in manifest["items"][0]["annotations"][:-1]:
        starts = [times(item["target"])[0] for item in page["items"]]
        assert starts == sorted(starts)
    for item in items_of(manifest):
        one, (start, end) = stored[item["id"]], times(item["target"])
        assert 0 <= start <= end <= material.duration
        if not one.is_instant:
            assert (start, end) == (one.start, one.end)
        elif profile == "plain" or one.start == 0:
            assert end - start == SHORTEST
        else:
            assert start == end == one.start


def test_a_page_per_agent_and_captions_last() -> None:
    pages = written(HARD)[0]["items"][0]["annotations"]
    assert [page["label"] for page in pages[:-1]] == [{"none": [layer.agent.title]} for layer in HARD.layers]
    assert pages[-1]["items"][0]["body"]["format"] == "text/vtt"
    assert all(page["id"].endswith(".json") for page in pages)


def test_bodies_are_a_sentence_tags_in_all_languages_and_the_concept() -> None:
    (item,) = items_of(written(material_of(claim(1, "1", "2")))[0])
    sentence, *tags, link = item["body"]
    assert sentence["value"] == "Attack-decay (Bright; Listening model 7b-2; confidence 0.75; supported)"
    assert [(tag["value"], tag["language"], tag["purpose"]) for tag in tags] == [
        ("Attack-decay", "en", "tagging"), ("Anschlag-Abklang", "de", "tagging"),
    ]  # fmt: skip
    assert link == {"id": ATTACK.iri, "type": CONCEPT, "purpose": "classifying"}


def test_the_plain_profile_has_strings_only() -> None:
    manifest, notes = written(HARD, "plain")
    assert all(isinstance(item["target"], str) for item in items_of(manifest))
    assert all(body["type"] == "TextualBody" for item in items_of(manifest) for body in item["body"])
    assert "3 points are widened to 10 ms" in notes


def test_passages_nest_as_they_lie_in_time() -> None:
    manifest, _ = written(
        material_of(claim(2, "0", "60"), claim(4, "0", "20"), claim(6, "5", "9"), claim(8, "30", "40"))
    )
    (top,) = manifest["structures"]
    (whole,) = top["items"]
    leaf, first, second = whole["items"]
    assert (leaf["type"], times(leaf["id"])) == ("Canvas", (Decimal(0), Decimal(60)))
    assert [times(part["items"][0]["id"]) for part in (first, second)] == [
        (Decimal(0), Decimal(20)), (Decimal(30), Decimal(40)),
    ]  # fmt: skip
    assert times(first["items"][1]["items"][0]["id"]) == (Decimal(5), Decimal(9))


def test_the_report_names_what_each_client_does_not_show() -> None:
    _, notes = written(HARD)
    said: defaultdict[str, str] = defaultdict(str)
    for note in notes:
        said[note.partition(":")[0]] += note
    assert "8 of 9 without tags" in said["Clover"]
    assert "use --profile plain" in said["Aviary, AVAnnotate"]
    assert "2 of 9" in said["Ramp"]
    assert written(NOTHING_SAID)[1] == ["nothing is said of this recording: the manifest has no annotations"]


def test_a_recording_without_claims_has_neither_pages_nor_passages() -> None:
    manifest, _ = written(NOTHING_SAID)
    assert "annotations" not in manifest["items"][0]
    assert "structures" not in manifest


def test_a_single_claim_of_a_person_names_the_person() -> None:
    (item,) = items_of(written(material_of(claim(2, "1", "2", agent=ADA)))[0])
    assert item["creator"] == {"id": ADA.iri, "type": "Person", "name": ADA.name}


@pytest.mark.parametrize("base", [None, "", "archive", "ftp://archive.example.org/"])
def test_a_manifest_without_an_address_is_refused(base: str | None) -> None:
    with pytest.raises(InputError, match="--base"):
        written(HARD, base=base)
