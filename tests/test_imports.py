"""What other programs wrote: every format is read, every record is accounted for, and stored text is word for word."""

import csv
import io
import json
import math
from collections import Counter
from pathlib import Path

import pytest

from ingest.imports.blocks import Block, blocks
from ingest.imports.convert import Account, Options, Outcome, convert, write_report
from ingest.imports.formats import FORMATS, read_file
from ingest.imports.labels import Meaning, Unmapped, meanings
from ingest.imports.recordings import Recordings
from ingest.imports.records import Cause, Speaker
from ingest.imports.repetition import repeated_end
from ontology.errors import ImportFileError
from ontology.mappings import load_mappings
from ontology.terms import SKOS, ConfidenceKind
from ontology.values import Agent
from ontology.vocabulary import load_vocabulary
from tests.commands import Ended, acousma, dump
from tests.sounds import noise_below, stroke, tone, write

VOCABULARY = load_vocabulary()
DATA = Path(__file__).parent / "data" / "imports"
FILES = [
    ("tags.whisper-at.txt", "whisper-at", 8),
    ("ltu.json", "ltu", 2),
    ("ltu_as.json", "ltu", 2),
    ("caption_ltu_ori_paper_caption.json", "ltu", 1),
    ("bell.json", "pipeline", 3),
    ("batch.json", "pipeline", 4),
    ("clap.jsonl", "pipeline", 4),
    ("answers.csv", "csv", 5),
    ("answers.jsonl", "jsonl", 3),
    ("hiss.jams", "jams", 6),
    ("bell.vtt", "webvtt", 3),
    ("bell.eaf", "elan", 4),
    ("bell.labels.txt", "audacity", 4),
    ("bell.regions.csv", "sonic-visualiser", 3),
]
BAD = sorted(path for path in (DATA / "bad").iterdir() if not path.name.endswith(".expected.csv"))
MODEL = Options(Speaker("Listener", "2"))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imports") / "sounds"
    write(folder / "bell.wav", stroke(700, 2.0))
    write(folder / "hiss.wav", noise_below(9_000, 3.0))
    write(folder / "long.wav", tone(220, 12.0))
    return folder


def taken(sounds: Path, name: str, options: Options = MODEL, format_: str = "auto") -> Account:
    """Convert a file of the data, without listening."""
    return convert([read_file(DATA / name, format_)], Recordings(sounds.iterdir()), options, VOCABULARY)


def import_(sounds: Path, archive: Path, *arguments: str | Path) -> Ended:
    return acousma("import", *arguments, "--recordings", sounds, "--store", archive)


def rows(report: Path) -> list[dict[str, str]]:
    with report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def asked(archive: Path, pattern: str) -> list[str]:
    """Return the answer to a SPARQL query as lines of CSV without the header."""
    done = acousma("sparql", pattern, "--format", "csv", "--store", archive)
    assert done.returncode == 0, done.stderr
    return [line.rstrip("\r") for line in done.stdout.splitlines()[1:]]


@pytest.mark.parametrize(("name", "format_", "count"), FILES)
def test_the_format_of_a_file_is_found_and_all_of_it_is_counted(
    sounds: Path, name: str, format_: str, count: int
) -> None:
    account = taken(sounds, name)
    assert {entry.format for entry in account.entries} == {format_}
    assert account.count() == count
    assert sum(account.count(outcome) for outcome in Outcome) == count


def test_every_format_has_a_file() -> None:
    assert {format_ for _, format_, _ in FILES} | {"iiif"} == FORMATS.keys()  # see test_import_iiif.py


@pytest.mark.parametrize("name", [name for name, _, _ in FILES])
def test_nothing_in_a_good_file_is_malformed(sounds: Path, name: str) -> None:
    causes = {entry.cause for entry in taken(sounds, name).entries}
    assert not causes & {Cause.MALFORMED, Cause.OTHER_FORMAT, Cause.UNKNOWN_FILE, Cause.EMPTY}


def test_a_logit_of_whisper_at_becomes_its_logistic_function_over_the_window(sounds: Path) -> None:
    (bell,) = [
        item for item in taken(sounds, "tags.whisper-at.txt").heard.claims[sounds / "bell.wav"] if not item.start
    ]
    assert (bell.start, bell.end, bell.concept, bell.kind) == (0.0, 0.8, "ifObject", ConfidenceKind.CLASSIFIER_SCORE)
    assert bell.confidence == pytest.approx(1 / (1 + math.exp(-1.9)))
    assert bell.agent == Agent("Listener", "2", envelope="whisper-at")


def test_a_line_with_a_name_says_of_which_sound_tags_are(sounds: Path) -> None:
    assert taken(sounds, "tags.whisper-at.txt").heard.files == {sounds / "bell.wav", sounds / "hiss.wav"}


def test_of_two_labels_for_one_concept_the_surer_counts_once(sounds: Path) -> None:
    account = taken(sounds, "tags.whisper-at.txt")
    voices = {entry.said: entry.outcome for entry in account.entries if entry.said in ("Speech", "Laughter")}
    assert voices == {"Speech": Outcome.REPEATED, "Laughter": Outcome.CLAIMED}
    (claim,) = [item for item in account.heard.claims[sounds / "bell.wav"] if item.concept == "ifUtterance"]
    assert claim.confidence == pytest.approx(1 / (1 + math.exp(-1.2)))


@pytest.mark.parametrize(
    ("name", "agent", "question"),
    [
        ("ltu.json", Agent("LTU", "1", envelope="ltu"), "Is the sound bright or dark?"),
        ("ltu_as.json", Agent("LTU-AS", "1", envelope="ltu-as"), "What happens in this sound?"),
        (
            "caption_ltu_ori_paper_caption.json", Agent("LTU", "1", envelope="ltu"),
            "Close-ended question: Write an audio caption describing the sound.",
        ),
    ],
)  # fmt: skip
def test_a_log_of_ltu_gives_answer_and_question(sounds: Path, name: str, agent: Agent, question: str) -> None:
    account = taken(sounds, name, Options(Speaker(version="1")))
    said = account.heard.said[sounds / "bell.wav"][0]
    assert said.agent == agent
    assert dict(said.parameters)["question"] == question
    answers = [row.get("pred", row.get("output")) for row in json.loads((DATA / name).read_text(encoding="utf-8"))]
    assert [entry.said for entry in account.entries] == answers


def test_the_transcript_of_ltu_as_is_no_question(sounds: Path) -> None:
    said = taken(sounds, "ltu_as.json").heard.said[sounds / "bell.wav"][0]
    assert dict(said.parameters)["spoken text given to the model"] == "thank you"


def test_scores_are_shares_or_single_as_the_pipeline_made_them(sounds: Path) -> None:
    claims = taken(sounds, "clap.jsonl", Options()).heard.claims
    assert {item.kind for item in claims[sounds / "bell.wav"]} == {ConfidenceKind.RELATIVE_SCORE}
    assert {item.kind for item in claims[sounds / "hiss.wav"]} == {ConfidenceKind.CLASSIFIER_SCORE}
    assert {item.kind for item in taken(sounds, "bell.json").heard.claims[sounds / "bell.wav"]} == {
        ConfidenceKind.CLASSIFIER_SCORE
    }, "scores that sum up to more than 1 are no shares"
    assert {item.kind for item in taken(sounds, "batch.json").heard.claims[sounds / "bell.wav"]} == {
        ConfidenceKind.RELATIVE_SCORE
    }


def test_jams_gives_people_and_programs_and_times(sounds: Path) -> None:
    claims = taken(sounds, "hiss.jams", Options()).heard.claims[sounds / "hiss.wav"]
    found = [(item.agent.name, item.agent.kind, item.start, item.end, item.concept, item.confidence) for item in claims]
    assert found == [
        ("Ada", "person", 0.0, 3.0, "schMassWhiteNoise", 1.0),
        ("YAMNet", "software", 0.0, 0.96, "ifObject", 0.66),
        ("YAMNet", "software", 0.96, 1.92, "ifObject", 0.4),
    ]


def test_labels_count_in_three_languages(sounds: Path) -> None:
    claims = taken(sounds, "answers.csv").heard.claims[sounds / "hiss.wav"]
    assert [item.concept for item in claims] == ["granularNoise", "bright"]


def test_a_label_is_never_taken_for_something_narrower() -> None:
    (audioset,) = [set_ for set_ in load_mappings(VOCABULARY) if set_.name == "audioset"]
    names = Counter(mapping.label for mapping in audioset.mappings)
    entailed = {"exactMatch", "closeMatch", "narrowMatch"}
    for label in filter(None, names):
        rows_ = [mapping for mapping in audioset.mappings if mapping.label.casefold() == label.casefold()]
        wanted = {m.subject for m in rows_ if m.subject and m.predicate.removeprefix(SKOS.NS) in entailed}
        found = meanings(label, "audioset", VOCABULARY)
        assert wanted == ({m.concept for m in found} if isinstance(found, tuple) else set()), label


@pytest.mark.parametrize(
    ("label", "scheme", "found"),
    [
        ("Speech", "audioset", (Meaning("ifUtterance", "AudioSet narrowMatch"),)),
        ("bright", "acousma", (Meaning("bright", "id"),)),
        ("BRUIT GRANULEUX", "any", (Meaning("granularNoise", "preferred label"),)),
        ("Noise", "acousma", (Meaning("spectralNoise", "preferred label"),)),
        ("Noise", "any", Cause.AMBIGUOUS),
        ("Noise", "audioset", Cause.NO_COUNTERPART),
        ("Grain", "acousma", Cause.AMBIGUOUS),
        ("Music", "any", Cause.NO_COUNTERPART),
        ("accepted", "acousma", Cause.UNKNOWN_LABEL),
        ("Steam", "acousma", Cause.UNKNOWN_LABEL),
    ],
)
def test_what_a_label_stands_for(label: str, scheme: str, found: object) -> None:
    assert scheme in ("audioset", "acousma", "any")
    meaning = meanings(label, scheme, VOCABULARY)  # type: ignore[arg-type]  # it is one of the three
    assert (meaning.cause if isinstance(meaning, Unmapped) else meaning) == found


def test_labels_below_the_least_score_are_counted(sounds: Path) -> None:
    few = taken(sounds, "bell.json", Options(MODEL.model, least=0.6))
    assert Counter(entry.cause for entry in few.entries if entry.cause) == {
        Cause.BELOW_LEAST: 1, Cause.NO_COUNTERPART: 1,
    }  # fmt: skip
    assert few.count() == 3


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("A bell. " + "It rings and " * 8, 8),
        ("A bell. " + "It rings and " * 8 + "it ri", 8),
        ("A bell. " + "It rings and " * 8 + "it stops.", None),
        ("A bell. " + "It rings and " * 8 + "it", 8),
        ("ding ding ding ding", None),
        ("ding " * 12, 12),
        ("A low tone, then a high tone, then a low tone again, and so on.", None),
        ("鐘の音" * 6, 6),
        ("", None),
    ],
)
def test_an_endless_repetition_is_found(text: str, times: int | None) -> None:
    found = repeated_end(text)
    assert (found[1] if found else None) == times


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("bell.wav", "a/bell.wav"),
        ("/mnt/other machine/BELL.WAV", "a/bell.wav"),
        ("C:\\sounds\\bell.wav", "a/bell.wav"),
        ("bell.npz", "a/bell.wav"),
        ("bell", "a/bell.wav"),
        ("x/b/crow.wav", "b/crow.wav"),
        ("a/crow.flac", "a/crow.wav"),
    ],
)
def test_a_recording_is_found_by_path_name_or_stem(tmp_path: Path, name: str, file: str) -> None:
    files = [tmp_path / path for path in ("a/bell.wav", "a/crow.wav", "b/crow.wav")]
    assert Recordings(files).find(name, tmp_path / "tags.json") == tmp_path / file


def test_a_name_of_two_recordings_is_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"a/crow\.wav or .*b/crow\.wav"):
        Recordings([tmp_path / "a/crow.wav", tmp_path / "b/crow.wav"]).find("crow.wav", tmp_path / "tags.json")


@pytest.mark.parametrize("name", ["none.wav", "\0", "\ud800", "x" * 9999, "", "."])
def test_a_name_of_no_recording_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportFileError, match="is none of the 1 recordings"):
        Recordings([tmp_path / "bell.wav"]).find(name, tmp_path / "tags.json")


def test_objects_are_found_in_lists_lines_and_broken_text() -> None:
    text = '[{"a": "}{"},\n{\'b\': ("it\'s", 1)}\n{"c": \n{"d": 1} {"e": 2}]'
    found = [item for item in blocks(text) if isinstance(item, Block)]
    assert [(item.line, item.value, item.place) for item in found] == [
        (1, {"a": "}{"}, ""), (2, {"b": ("it's", 1)}, ""), (4, {"d": 1}, ""), (4, {"e": 2}, "object 2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.json", b""),
        ("blank.csv", b" \n\n"),
        ("utf16.csv", "file,text\nbell.wav,x\n".encode("utf-16")),
        ("prose.txt", b"A bell rings."),
        ("number.json", b"3"),
        ("header.csv", b"file,text\n"),
        ("quote.csv", b'file,text\nbell.wav,"A bell\n'),
        ("columns.csv", b"name,text\nbell.wav,A bell\n"),
        ("half.jams", b'{"annotations": ['),
        ("none.jams", b"{}"),
        ("deep.json", b"[" * 100_000),
        ("deeper.json", b'{"a":' * 100_000),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFileError, match=name):
        read_file(tmp_path / name)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_what_is_wrong_is_listed_by_line_and_the_rest_is_imported(sounds: Path, tmp_path: Path, path: Path) -> None:
    with (path.parent / f"{path.stem}.expected.csv").open(encoding="utf-8") as file:
        expected = [tuple(row.values()) for row in csv.DictReader(file)]
    model = () if path.name == "answers.csv" else ("--model", "@1" if "ltu" in path.name else "Listener@1")
    done = import_(sounds, tmp_path / "archive", path, *model, "--report", tmp_path / "report.csv")
    found = [(row["line"], row["outcome"], row["cause"]) for row in rows(tmp_path / "report.csv")]
    assert done.returncode == 1, done.stderr
    assert Counter(found) == Counter(expected)
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mixed_file_says_what_else_is_in_it(sounds: Path) -> None:
    reasons = [entry.reason for entry in taken(sounds, "bad/mixed.log").entries]
    for other in ("whisper-at", "pipeline", "jsonl"):
        assert any(f"--format {other}" in reason for reason in reasons), other


def test_the_other_records_of_a_mixed_file_can_be_had_too(sounds: Path) -> None:
    assert [entry.said for entry in taken(sounds, "bad/mixed.log", format_="jsonl").entries][3] == "A bell."


@pytest.fixture(scope="module")
def archive(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything in the data, imported."""
    folder = tmp_path_factory.mktemp("imported")
    named = [name for name, _, _ in FILES if "answers" not in name and name not in ("clap.jsonl", "hiss.jams")]
    told = [DATA / name for name, _, _ in FILES if name not in named]
    first = import_(sounds, folder / "archive", *(DATA / name for name in named), "--model", "@1")
    assert first.returncode == 1, "the pipelines do not say who they are"
    named_now = import_(sounds, folder / "archive", DATA / "bell.json", DATA / "batch.json", "--model", "AST@1")
    assert named_now.returncode == 0, named_now.stderr
    second = import_(sounds, folder / "archive", *told, "--report", folder / "report.csv")
    assert second.returncode == 1, "a label is ambiguous, and one is unknown"
    return folder / "archive"


def test_the_report_has_every_record_and_its_counts_add_up(archive: Path) -> None:
    report = rows(archive.parent / "report.csv")
    counts = Counter[str]()
    for row in report:
        counts[row["outcome"]] += int(row["count"])
    assert counts == {"described": 2, "claimed": 10, "repeated": 1, "left": 5}
    assert sum(counts.values()) == 4 + 5 + 3 + 6
    assert all(row["cause"] and row["reason"] for row in report if row["outcome"] == "left")
    assert all(row["concepts"] and row["mappings"] for row in report if row["outcome"] == "claimed")


def test_texts_are_stored_word_for_word_with_their_span(archive: Path) -> None:
    found = asked(
        archive,
        "SELECT ?text ?end ?agent WHERE { GRAPH ?g { ?d a acm:Description ; oa:hasBody/rdf:value ?text ; "
        "oa:hasTarget/acm:endSeconds ?end ; dcterms:creator/foaf:name ?agent } } ORDER BY ?agent ?text",
    )
    table = list(csv.reader(io.StringIO("\n".join(found))))
    words = [row[0] for row in table]
    for name in ("ltu.json", "ltu_as.json"):
        for row in json.loads((DATA / name).read_text(encoding="utf-8")):
            assert row["output"] in words
    assert ["Der Klang ist hell und verklingt.", "2.000", "LTU"] in [
        [row[0], f"{float(row[1]):.3f}", row[2]] for row in table
    ]
    assert ["It is dark.", 10.24, "LTU"] in [[row[0], float(row[1]), row[2]] for row in table], "LTU heard no more"


def test_claims_are_stored_with_confidence_and_its_kind(archive: Path) -> None:
    found = asked(
        archive,
        "SELECT DISTINCT ?agent ?concept ?confidence WHERE { GRAPH ?g { ?c a acm:Claim ; oa:hasBody ?concept ; "
        "acm:confidence ?confidence ; acm:confidenceKind acv:relativeScore ; dcterms:creator/foaf:name ?agent } } "
        "ORDER BY ?agent DESC(?confidence)",
    )
    assert [(agent, concept, float(value)) for agent, concept, value in csv.reader(found)] == [
        ("AST", "https://w3id.org/acousma/vocab/ifObject", 0.7),
        ("AST", "https://w3id.org/acousma/vocab/ifObject", 0.6),
        ("CLAP", "https://w3id.org/acousma/vocab/attackDecay", 0.9),
    ]


def test_imported_claims_are_checked(archive: Path) -> None:
    found = asked(
        archive,
        "SELECT DISTINCT ?name WHERE { GRAPH ?a { ?s a acm:Assessment ; oa:hasTarget ?c } "
        "GRAPH ?g { ?c a acm:Claim ; dcterms:creator/foaf:name ?name } }",
    )
    assert {"CLAP", "Listener"} <= set(found)


def test_the_question_is_a_parameter_of_the_run(archive: Path) -> None:
    found = asked(
        archive,
        'SELECT DISTINCT ?value WHERE { GRAPH ?g { ?r mls:hasInput ?i . ?i rdfs:label "question" ; '
        "mls:hasValue ?value } }",
    )
    assert {"Is the sound bright or dark?", "What happens in this sound?", "Que se passe-t-il ?"} <= set(found)


def test_an_imported_archive_conforms_to_the_shapes(archive: Path) -> None:
    done = acousma("validate", "--all", "--store", archive)
    assert done.returncode == 0, done.stdout


def test_the_same_file_again_changes_nothing_and_a_changed_one_is_a_new_run(sounds: Path, tmp_path: Path) -> None:
    file, archive = tmp_path / "answers.csv", tmp_path / "archive"
    text = "file,text,concept,model,version\nbell.wav,A bell.,bright,Listener,2\n"
    file.write_text(text, encoding="utf-8")
    assert import_(sounds, archive, file).returncode == 0
    once = dump(archive, tmp_path / "once.nq")
    assert import_(sounds, archive, file).returncode == 0
    assert dump(archive, tmp_path / "twice.nq") == once
    file.write_text(text + "hiss.wav,A hiss.,,Listener,2\n", encoding="utf-8")
    assert import_(sounds, archive, file).returncode == 0
    more = dump(archive, tmp_path / "more.nq")
    assert set(once) < set(more)
    assert sum("/claim/bright> " in line and "#Claim>" in line for line in more) == 2


def test_a_sound_that_cannot_be_used_leaves_its_records(tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "bell.wav").write_bytes(b"no sound")
    write(tmp_path / "sounds" / "hiss.wav", noise_below(9_000, 1.0))
    report = tmp_path / "report.csv"
    done = import_(
        tmp_path / "sounds", tmp_path / "archive", DATA / "batch.json", "--model", "AST@1", "--report", report
    )
    assert done.returncode == 1
    assert [(row["outcome"], row["cause"]) for row in rows(report)] == [
        ("left", "sound that cannot be used"), ("left", "score below the least"), ("claimed", ""),
        ("left", "score below the least"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ltu.json"], 3, "no recordings were named"),
        (["missing.json", "--recordings", "SOUNDS"], 3, "cannot be read"),
        (["ltu.json", "--recordings", "SOUNDS", "--envelope", "ear"], 3, "is no envelope"),
        (["ltu.json", "--recordings", "SOUNDS", "--format", "csv"], 3, "columns"),
        (["ltu.json", "--recordings", "SOUNDS", "--format", "xml"], 2, "xml"),
        (["ltu.json", "--recordings", "SOUNDS"], 1, "no version of LTU is named"),
    ],
)
def test_what_cannot_be_imported_says_why(
    sounds: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    words = [str(sounds) if word == "SOUNDS" else word for word in arguments]
    done = acousma("import", DATA / words[0], *words[1:], "--store", tmp_path / "archive")
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_can_hold_any_text(sounds: Path) -> None:
    account = taken(sounds, "bad/ltu.json")
    target = io.StringIO()
    write_report(account, target)
    target.getvalue().encode()
    assert len(list(csv.reader(io.StringIO(target.getvalue())))) == 1 + len(account.entries)
