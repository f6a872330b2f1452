"""The reader of the store for exports, and the command: everything that is said leaves, or it is said why not."""

from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from export import reading
from export.formats import FORMATS
from export.reading import find_recording, read_material
from ontology.errors import UnknownName
from ontology.terms import ACM, ACV, DCTERMS, FOAF, MO, OA, PROV, RDF, XSD
from store import open_store
from tests.commands import acousma
from tests.exports import archive_of
from tests.graphs import GLASS_TIDES, KIEFERNWALD, MINTER
from tests.house import House

RECORDING = MINTER.recording(GLASS_TIDES.recording.id)
GRAPH = "https://archive.example.org/graph/odd"


def quads(*triples: tuple[str, str, str]) -> str:
    return "".join(f"<{s}> <{p}> {o} <{GRAPH}> .\n" for s, p, o in triples)


def odd(name: str, start: str | None, end: str | None, *more: tuple[str, str]) -> str:
    """Return a claim of a span with these times, as N-Quads."""
    claim, span = f"https://e.org/{name}", f"https://e.org/{name}/span"
    times = [(p, v) for p, v in ((ACM.startSeconds, start), (ACM.endSeconds, end)) if v is not None]
    return quads(
        (claim, RDF.type, f"<{ACM.Claim}>"), (claim, OA.hasTarget, f"<{span}>"), (span, OA.hasSource, f"<{RECORDING}>"),
        *((span, predicate, f'"{value}"^^<{XSD.decimal}>') for predicate, value in times),
        *((claim, predicate, value) for predicate, value in more),
    )  # fmt: skip


def sent(name: str, fragment: str | None, *more: tuple[str, str]) -> str:
    """Return a plain Web Annotation of a stretch, or without a fragment of the recording, as N-Quads."""
    note, target = f"https://e.org/sent/{name}", f"https://e.org/sent/{name}/target"
    about = RECORDING if fragment is None else target
    made = [(note, RDF.type, f"<{OA.Annotation}>"), (note, OA.hasTarget, f"<{about}>")]
    if fragment is not None:
        made += [
            (target, OA.hasSource, f"<{RECORDING}>"), (target, OA.hasSelector, f"<{target}/selector>"),
            (f"{target}/selector", RDF.value, f'"{fragment}"'),
        ]  # fmt: skip
    return quads(*made, *((note, predicate, value) for predicate, value in more))


BODY = (OA.hasBody, f"<{ACV}bright>")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of(
        tmp_path_factory.mktemp("export") / "archive",
        odd("instant", "3", "3", BODY), odd("last", "30", "30", BODY), odd("foreign", "1", "2", (OA.hasBody, "<https://e.org/t#x>")),
        odd("text", "1", "2", (OA.hasBody, '"a <b>bell</b>"')),
        odd("no-start", None, "2", BODY), odd("outside", "29", "31", BODY), odd("backwards", "4", "3", BODY),
        odd("empty", "1", "2"), odd("two", "1", "2", BODY, (OA.hasBody, f"<{ACV}dark>")),
    )  # fmt: skip


def test_every_stored_claim_is_exported_or_left_with_a_reason(archive: Path) -> None:
    with open_store(archive) as store:
        material = read_material(store, RECORDING)
        wanted = f"?claim a <{ACM.Claim}> ; <{OA.hasTarget}> ?s . ?s <{OA.hasSource}> <{RECORDING}>"
        stored = store.rows(f"SELECT DISTINCT ?claim {{ {wanted} }}")
    claims = {row[0].value for row in stored.rows if isinstance(row[0], ox.NamedNode)}
    exported, left = {one.iri for one in material.annotations}, {one.iri: one.reason for one in material.left}
    assert exported | set(left) >= claims
    assert {iri.rsplit("/", 1)[-1]: reason for iri, reason in left.items()} == {
        "no-start": "its span has no start or no end in seconds",
        "outside": "a time from 29 to 31 s in a recording of 30 s",
        "backwards": "a time from 4 to 3 s in a recording of 30 s",
        "empty": "neither a concept nor words",
        "two": "a further target, body or value of an annotation that was exported once",
    }
    assert "https://e.org/two" in exported


def test_annotations_that_clients_sent_are_exported_or_left_with_a_reason(tmp_path: Path) -> None:
    person = "https://e.org/people/ida"
    folder = archive_of(
        tmp_path / "archive",
        sent("stretch", "t=12.5,17.25", (OA.hasBody, '"rough"'), (DCTERMS.creator, f"<{person}>")),
        sent("whole", None, (OA.hasBody, '"a study"')), sent("open", "t=20", BODY), sent("area", "xywh=1,2,3,4", BODY),
        sent("odd", "t=soon", BODY), sent("late", "t=1,99", BODY), sent("empty", "t=1,2"),
        sent("fine", "t=1,9", BODY),
        quads(("https://e.org/sent/fine/target/selector", f"{OA.NS}refinedBy", "<urn:x:1>")),
        quads((person, FOAF.name, '"Ida"'), (person, RDF.type, f"<{PROV.Person}>")),
    )  # fmt: skip
    with open_store(folder) as store:
        material = read_material(store, RECORDING)
    found = {one.iri.rsplit("/", 1)[-1]: one for one in material.annotations if "/sent/" in one.iri}
    assert {name: (one.start, one.end, one.text()) for name, one in found.items()} == {
        "stretch": (Decimal("12.5"), Decimal("17.25"), "rough"), "whole": (Decimal(0), Decimal(30), "a study"),
        "open": (Decimal(20), Decimal(30), "Bright"), "area": (Decimal(0), Decimal(30), "Bright"),
    }  # fmt: skip
    assert (found["stretch"].agent.name, found["stretch"].agent.person) == ("Ida", True)
    assert {one.iri.rsplit("/", 1)[-1]: one.reason for one in material.left} == {
        "odd": "a stretch of 't=soon'", "late": "a time from 1 to 99 s in a recording of 30 s",
        "empty": "neither a concept nor words", "fine": "a stretch within a stretch",
    }  # fmt: skip


def test_a_recording_has_its_work_its_file_and_its_layers(archive: Path) -> None:
    with open_store(archive) as store:
        material = read_material(store, RECORDING)
    assert (material.work.title, material.work.creator, material.work.year) == ("Glass Tides", "Mira Lindqvist", "1987")
    assert (material.duration, material.sample_rate) == (Decimal(30), 48000)
    assert [(file.name, file.media_type) for file in material.files] == [("a1.wav", "audio/wav")]
    named = {layer.agent.name for layer in material.layers}
    assert {"Measuring describer", "Rule assessor"} <= named | {a.name for a in material.agents}
    for layer in material.layers:
        times = [(one.start, -one.end, one.iri) for one in layer.annotations]
        assert times == sorted(times)
        assert {one.agent for one in layer.annotations} == {layer.agent}


def test_a_claim_has_its_concept_its_confidence_and_what_is_made_of_it(archive: Path) -> None:
    with open_store(archive) as store:
        found = read_material(store, MINTER.recording(KIEFERNWALD.recording.id)).annotations
    (bright,) = (one for one in found if one.concept and one.concept.id == "bright")
    assert bright.concept is not None
    assert (bright.start, bright.end, bright.confidence) == (Decimal(0), Decimal(10), Decimal("0.8"))
    assert (bright.concept.label("en"), bright.concept.label("fr")) == ("Bright", "brillant")
    assert [(one.verdict.id, one.agent.name) for one in bright.assessments] == [("contradicted", "Rule assessor")]


def test_answers_are_read_in_pages_without_loss(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(archive) as store:
        whole = read_material(store, RECORDING)
        monkeypatch.setattr(reading, "PAGE", 3)
        assert read_material(store, RECORDING) == whole


def test_a_recording_without_claims_has_no_layers(tmp_path: Path) -> None:
    recording = "https://archive.example.org/recording/silent"
    silent = quads(
        (recording, RDF.type, f"<{MO.DigitalSignal}>"), (recording, MO.time, f"<{recording}/time>"),
        (f"{recording}/time", ACM.endSeconds, f'"2.5"^^<{XSD.decimal}>'),
    )  # fmt: skip
    with open_store(archive_of(tmp_path / "archive", silent)) as store:
        material = read_material(store, recording)
    assert (material.layers, material.left, material.duration) == ((), (), Decimal("2.5"))
    assert material.work.title == recording


@pytest.mark.parametrize("name", ["Glass Tides", "glass", "a1.wav", RECORDING, GLASS_TIDES.recording.id])
def test_a_recording_is_found_by_title_file_or_iri(archive: Path, name: str) -> None:
    with open_store(archive) as store:
        assert find_recording(store, name) == RECORDING


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("s", "stands for 2 recordings"),
        ("Glas Tide", "did you mean glass tides?"),
        ("zzz", "acousma works"),
        ("", "no work"),
    ],
)
def test_a_name_of_none_or_of_several_is_refused(archive: Path, name: str, words: str) -> None:
    with open_store(archive) as store, pytest.raises(UnknownName, match=words):
        find_recording(store, name)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_command_writes_a_file_or_standard_output(house: House, tmp_path: Path, format_: str) -> None:
    more = ["--base", "https://archive.example.org/"] if format_.startswith("iiif") else []
    done = acousma("export", format_, "Bell", "--out", tmp_path, "--store", house.archive, *more)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (written,) = tmp_path.iterdir()
    assert written.name == f"Bell{FORMATS[format_].suffix}"
    assert written.stat().st_size > 100


def test_standard_output_holds_what_the_file_holds(house: House, tmp_path: Path) -> None:
    acousma("export", "mei", "Bell", "--out", tmp_path / "bell.mei", "--store", house.archive)
    printed = acousma("export", "mei", "Bell", "--store", house.archive)
    assert printed.stdout == (tmp_path / "bell.mei").read_text(encoding="utf-8")


def test_the_formats_are_listed() -> None:
    done = acousma("export")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(FORMATS)


REFUSED = [
    (["export", "midi", "Bell"], 3, "'midi' is no format that can be exported. Expected: one of mei"),
    (["export", "mei", "Gong"], 3, "'Gong' is no work and no recording"),
    (["export", "mei"], 2, "name a work or a recording"),
    (["export", "mei", "Bell", "--out", "no/such/folder/x.mei"], 3, "cannot be written"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED)
def test_what_cannot_be_exported_is_said(house: House, arguments: list[str], code: int, words: str) -> None:
    done = acousma(*arguments, "--store", house.archive)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in " ".join(done.stderr.replace("│", " ").split())
