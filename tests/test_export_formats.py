"""Time-annotation formats: their own libraries read what is written, and importing it gives the same spans."""

import csv
import io
import itertools
import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import jams
import jsonschema
import pyarrow.parquet
import pyoxigraph as ox
import pytest
import webvtt
from pympi.Elan import Eaf

from export.dump import stored_quads
from export.formats import FORMATS
from export.jams import NAMESPACE_FILE
from export.material import Annotation, Material
from export.options import Options
from export.reading import read_material
from export.words import rows_of, widened
from ingest.imports.convert import Options as ImportOptions
from ingest.imports.convert import Outcome, convert
from ingest.imports.formats import read_file
from ingest.imports.recordings import Recordings
from ingest.imports.records import Speaker
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.commands import acousma
from tests.exports import ADA, HARD, NOTHING_SAID, THOUSAND, WORDS, archive_of, claim, material_of
from tests.graphs import GLASS_TIDES, MINTER
from tests.house import House

TEXTS = [name for name, one in FORMATS.items() if name not in ("turtle", "jsonld", "nquads", "nanopubs")]
WIDENED = ("webvtt", "elan")
"""Formats without points in time."""


def written(material: Material, name: str, **options: str) -> tuple[bytes, list[str]]:
    notes: list[str] = []
    document = FORMATS[name].write(material, Options(base="https://archive.example.org/", **options), notes)  # type: ignore[arg-type]
    return b"".join(document), notes


def spans(annotations: list[Annotation], name: str) -> list[tuple[Decimal, Decimal, str]]:
    """Return what importing should claim: start, end and concept, each once."""
    own = [one for one in annotations if one.concept is not None and one.concept.iri.startswith(ACV)]
    kept = [one for one in own if not one.is_instant or name in WIDENED]
    return sorted({(*widened(one, HARD.duration), one.concept.id) for one in kept if one.concept})


@pytest.mark.parametrize("material", [HARD, THOUSAND], ids=["hard", "thousand"])
@pytest.mark.parametrize("name", ["jams", "jams-tags", "webvtt", "audacity", "elan", "sonic-visualiser", "csv"])
def test_importing_an_export_gives_the_same_spans(material: Material, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"étude n° 1{FORMATS[name].suffix}"
    path.write_bytes(written(material, name)[0])
    reading = read_file(path)
    assert reading.format == name.removesuffix("-tags")
    sound = tmp_path / "étude n° 1.wav"
    said_by = Speaker() if name in ("jams", "jams-tags", "csv") else Speaker("Bo", kind="person")
    account = convert([reading], Recordings([sound]), ImportOptions(said_by), load_vocabulary())
    claims = account.heard.claims[sound]
    found = sorted({(Decimal(str(one.start)), Decimal(str(one.end)), one.concept) for one in claims})
    assert found == spans(list(material.annotations), name)
    dependent = 2 if name == "elan" else 1  # an annotation about each, which is left and counted
    assert account.count() == dependent * len(material.annotations)
    if said_by.name:
        assert {one.agent.name for one in claims} == {"Bo"}
        assert {one.agent.kind for one in claims} == {"person"}


@pytest.mark.parametrize("name", ["webvtt", "audacity", "elan", "sonic-visualiser", "csv", "jams", "jams-tags"])
def test_words_are_imported_as_they_were_written(name: str, tmp_path: Path) -> None:
    material = material_of(claim(2, "1", "2", None, ADA))
    path = tmp_path / f"étude n° 1{FORMATS[name].suffix}"
    path.write_bytes(written(material, name)[0])
    sound = tmp_path / "étude n° 1.wav"
    account = convert(
        [read_file(path)], Recordings([sound]), ImportOptions(Speaker("Bo", kind="person")), load_vocabulary()
    )
    exact = WORDS if name == "csv" else " ".join(WORDS.split())
    said = account.heard.said.get(sound, ())
    if name.startswith("jams"):  # an open tag is a label, and these words are none: left with the words
        assert [entry.said for entry in account.entries] == [WORDS]
        assert account.count(Outcome.LEFT) == 1
    else:
        assert [(one.text, one.start, one.end) for one in said] == [(exact, 1.0, 2.0)]


@pytest.mark.filterwarnings("ignore:Passing a schema to Validator:DeprecationWarning")  # inside jams
def test_the_library_of_jams_loads_and_validates_it(tmp_path: Path) -> None:
    jams.schema.add_namespace(str(NAMESPACE_FILE))
    for name in ("jams", "jams-tags"):
        for number, material in enumerate((HARD, THOUSAND, NOTHING_SAID)):
            path = tmp_path / f"{name}{number}.jams"
            path.write_bytes(written(material, name)[0])
            loaded = jams.load(str(path), validate=True, strict=True)
            assert sum(len(one.data) for one in loaded.annotations) == len(material.annotations)
            assert loaded.file_metadata.duration == 60.125


def test_a_value_without_concept_breaks_the_namespace() -> None:
    value = json.loads(NAMESPACE_FILE.read_text(encoding="utf-8"))["spectromorphology"]["value"]
    jsonschema.validate({"concept": "https://e.org/c", "annotation": "https://e.org/a"}, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"concept": "https://e.org/c"}, value)


def test_cues_carry_identifier_voice_and_escaped_text() -> None:
    text, notes = written(HARD, "webvtt")
    cues = webvtt.from_string(text.decode()).captions
    assert {cue.identifier for cue in cues} == {one.iri for one in HARD.annotations}
    assert all(cue.start < cue.end for cue in cues)
    assert '<v Ada &lt;b&gt;&amp; Co&lt;/b&gt; عدا>&lt;i&gt;grain&lt;/i&gt; &amp; "edge"' in text.decode()
    assert text.count(b"-->") == len(HARD.annotations)
    assert notes == ["3 instants are written as stretches of 1 ms: the format has no points in time"]


def test_a_tier_of_elan_holds_no_two_annotations_at_once(tmp_path: Path) -> None:
    for number, material in enumerate((HARD, THOUSAND)):
        path = tmp_path / f"{number}.eaf"
        path.write_bytes(written(material, "elan")[0])
        document = Eaf(str(path))
        count = 0
        for name in document.get_tier_names():
            if name.endswith(" / about"):
                continue
            times = sorted(data[:2] for data in document.get_annotation_data_for_tier(name))
            assert all(first[1] <= second[0] for first, second in itertools.pairwise(times))
            parents = [reference for reference, *_ in document.tiers[f"{name} / about"][1].values()]
            assert parents == list(document.tiers[name][0])
            count += len(times)
        assert count == len(material.annotations)


def test_rows_are_as_few_as_the_most_that_sound_at_once() -> None:
    assert [len(row) for row in rows_of([claim(1, "0", "2"), claim(2, "1", "3"), claim(3, "2", "4")], Decimal(9))] == [
        2,
        1,
    ]
    assert len(rows_of(THOUSAND.annotations, THOUSAND.duration)) == 1000


def test_a_layer_file_counts_frames_of_the_recording() -> None:
    text, notes = written(HARD, "svl")
    root = ElementTree.fromstring(text)
    points = [(int(p.get("frame", "")), int(p.get("duration", ""))) for p in root.iter("point")]
    assert points == [(round(a.start * 44100), round(a.end * 44100) - round(a.start * 44100)) for a in HARD.annotations]
    assert any("frames of 1/44100 s" in note for note in notes)


def test_the_tables_hold_the_same_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(written(HARD, "csv")[0].decode(), newline="")))
    table = pyarrow.parquet.read_table(io.BytesIO(written(HARD, "parquet")[0])).to_pylist()
    assert [row["annotation"] for row in rows] == [row["annotation"] for row in table]
    assert [Decimal(row["start"]) for row in rows] == [row["start"] for row in table]
    assert {row["text"] for row in table} == {None, WORDS}
    assert pyarrow.parquet.read_table(io.BytesIO(written(NOTHING_SAID, "parquet")[0])).num_rows == 0


@pytest.mark.parametrize("name", TEXTS)
def test_a_recording_without_claims_is_written_in_every_format(name: str) -> None:
    assert written(NOTHING_SAID, name)[0] or name == "audacity"  # a file of lines, and there are none


@pytest.mark.parametrize("name", TEXTS)
def test_the_same_material_gives_the_same_document(name: str) -> None:
    assert written(HARD, name) == written(HARD, name)


def test_dumps_hold_every_statement_of_the_graphs_that_speak_of_a_recording(tmp_path: Path) -> None:
    recording = MINTER.recording(GLASS_TIDES.recording.id)
    with open_store(archive_of(tmp_path / "archive")) as store:
        material = read_material(store, recording)
        expected = set(stored_quads(store, recording))
        options = Options(quads=lambda: stored_quads(store, recording))
        texts = {name: b"".join(FORMATS[name].write(material, options, [])) for name in ("nquads", "jsonld", "turtle")}
    assert ox.NamedNode(MINTER.catalogue_graph(GLASS_TIDES.recording.id)) in {quad.graph_name for quad in expected}
    subjects = {quad.subject.value for quad in expected if isinstance(quad.subject, ox.NamedNode)}
    assert {one.iri for one in material.annotations} <= subjects
    assert {judged.iri for one in material.annotations for judged in one.assessments} <= subjects
    assert set(ox.parse(texts["nquads"], ox.RdfFormat.N_QUADS)) == expected
    assert set(ox.parse(texts["jsonld"], ox.RdfFormat.JSON_LD)) == expected
    assert {q.triple for q in ox.parse(texts["turtle"], ox.RdfFormat.TURTLE)} == {quad.triple for quad in expected}


def test_labels_of_a_person_are_imported_from_the_command_line(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    (tmp_path / "bell.txt").write_text("0.1\t0.4\tBright [bright]\n0.2\t0.2\tpoint\n\\\t100\t200\n", encoding="utf-8")
    done = acousma("import", tmp_path / "bell.txt", "--recordings", house.sounds, "--person", "Eva", "--store", archive)
    assert done.returncode == 1, done.stderr
    assert "an instant is no stretch of sound" in done.stderr
    exported = acousma("export", "csv", "Bell", "--store", archive)
    eva = [row for row in csv.DictReader(io.StringIO(exported.stdout)) if row["agent"] == "Eva"]
    assert [(row["start"], row["end"], row["concept"], row["agent_kind"]) for row in eva] == [
        ("0.1", "0.4", "bright", "person")
    ]
    both = acousma("import", tmp_path / "bell.txt", "--person", "Eva", "--model", "X@1", "--store", archive)
    assert both.returncode == 2
