"""The commands that ask, show and keep: what they print, where, and with which exit code."""

import csv
import io
import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pyoxigraph as ox
import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from api.cli import app
from queries import load_queries
from tests.commands import acousma, dump, graph_of, typed
from tests.house import House

DEMO = Path(__file__).parents[1] / "demo"
GROUP = typer.main.get_command(app)
assert isinstance(GROUP, TyperGroup)
COMMANDS = [name for name, made in GROUP.commands.items() if not made.hidden]

SELECT = "SELECT DISTINCT ?title { ?w a mo:MusicalWork ; dcterms:title ?title } ORDER BY ?title"
CONSTRUCT = "CONSTRUCT { ?w dcterms:title ?title } WHERE { ?w a mo:MusicalWork ; dcterms:title ?title }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
TITLES = ["Bell", "Hiss", "Étude nº 1", "Звук и тишина"]


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


# -- questions -----------------------------------------------------------------------------------

ANSWERS: dict[str, tuple[list[str], list[str]]] = {
    # case: (arguments, words on standard output)
    "the questions": (["ask"], ["opens_with", "followed_by", "contradicted_claims", "Ask one with"]),
    "a question": (["ask", "opens_with", "--param", "concept=attackDecay"], ["Which works open with", "Bell", "rows"]),
    "a label": (["ask", "opens_with", "--param", "concept=attack-decay", "--param", "seconds=0.2"], ["Bell"]),
    "contradicted_claims": (["ask", "contradicted_claims"], ["Hiss", "Ada", "rows"]),
    "no answer": (["ask", "opens_with", "--param", "concept=reversedOnset"], ["0 rows"]),
    "the query": (["ask", "opens_with", "--sparql"], ["SELECT", "PREFIX acm:", "vocab/graduatedContinuant"]),
    "works": (["works"], [*TITLES, "A. Maker", "1975", "0:06.0", "4 rows"]),
    "runs": (["runs"], ["Acousma measured describer", "Ada", "Bo", "Acousma claim checker"]),
    "a timeline": (["describe", "Bell"], ["Bell  (0:00.6)", "Attack-decay 1.00", "Ada", "0:00.0", "━"]),
    "part of a title": (["describe", "тишина"], ["Звук и тишина  (0:01.5)"]),
    "sure claims only": (["describe", "Hiss", "--confidence", "0.99"], ["Noise 1.00"]),
    "rows": (["sparql", SELECT], [*TITLES, "4 rows"]),
    "yes": (["sparql", "ASK { ?w a mo:MusicalWork }"], ["yes"]),
    "no": (["sparql", "ASK { ?w a mo:Nothing }"], ["no"]),
    "Turtle for people": (["sparql", CONSTRUCT], ['"Étude nº 1"']),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_asked_is_answered_on_standard_output(house: House, case: str) -> None:
    arguments, words = ANSWERS[case]
    done = acousma(*arguments, "--store", house.archive)
    assert (done.returncode, done.stderr) == (0, "")
    for word in words:
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments", [["works"], ["ask", "works"], ["runs"], ["ask", "timeline", "--param", "work=Bell"]]
)
def test_csv_and_json_hold_the_same_rows(house: House, arguments: list[str]) -> None:
    written = cells(acousma(*arguments, "--format", "csv", "--store", house.archive).stdout)
    objects = json.loads(acousma(*arguments, "--format", "json", "--store", house.archive).stdout)
    assert len(written) == len(objects) > 0
    assert [list(row) for row in written] == [list(row) for row in objects]
    for row, item in zip(written, objects, strict=True):
        assert row["title"] == item["title"]


def test_works_as_csv_give_full_values(house: House) -> None:
    rows = {row["title"]: row for row in cells(acousma("works", "--format", "csv", "--store", house.archive).stdout)}
    assert sorted(rows) == TITLES
    assert (rows["Bell"]["creator"], rows["Bell"]["year"]) == ("A. Maker", "1975")
    assert float(rows["Étude nº 1"]["duration"]) == 6.0
    assert int(rows["Hiss"]["claims"]) > 2
    assert rows["Bell"]["work"].startswith("http://localhost:8000/work/bell-")


FORMATS: dict[str, tuple[str, Callable[[str], int]]] = {
    "csv": (SELECT, lambda text: len(cells(text))),
    "tsv": (SELECT, lambda text: len(text.splitlines()) - 1),
    "json": (SELECT, lambda text: len(json.loads(text)["results"]["bindings"])),
    "xml": (SELECT, lambda text: text.count("<result>")),
    "turtle": (CONSTRUCT, lambda text: len(list(ox.parse(text, ox.RdfFormat.TURTLE)))),
    "ntriples": (CONSTRUCT, lambda text: len(list(ox.parse(text, ox.RdfFormat.N_TRIPLES)))),
    "jsonld": (CONSTRUCT, lambda text: len(json.loads(text))),
    "rdfxml": (CONSTRUCT, lambda text: len(list(ox.parse(text, ox.RdfFormat.RDF_XML)))),
}


@pytest.mark.parametrize("format_", FORMATS)
def test_sparql_is_answered_in_every_format(house: House, format_: str) -> None:
    query, count = FORMATS[format_]
    done = acousma("sparql", query, "--format", format_, "--store", house.archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert count(done.stdout) == 4


def test_sparql_is_read_from_a_file_and_from_standard_input(house: House, tmp_path: Path) -> None:
    (tmp_path / "question.rq").write_text(SELECT, encoding="utf-8")
    named = acousma("sparql", tmp_path / "question.rq", "--format", "csv", "--store", house.archive)
    piped = typed("sparql", "-", "--format", "csv", "--store", house.archive, stdin=SELECT)
    assert [row["title"] for row in cells(named.stdout)] == TITLES
    assert piped.stdout.splitlines() == named.stdout.splitlines()


@pytest.mark.parametrize("arguments", [(), ("--list",)])
def test_all_questions_are_listed(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["ask", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert set(re.findall(r"^│ (\w+)", done.output, re.MULTILINE)) == set(load_queries())


def test_the_printed_query_of_a_question_gives_its_answer(house: House) -> None:
    arguments = ["opens_with", "--param", "concept=attackDecay"]
    text = acousma("ask", *arguments, "--sparql").stdout
    rows = cells(acousma("sparql", text, "--format", "csv", "--store", house.archive).stdout)
    assert rows == cells(acousma("ask", *arguments, "--format", "csv", "--store", house.archive).stdout)


def test_concepts_are_found_by_a_word_in_three_languages() -> None:
    for word, id_ in (("graduated", "graduatedContinuant"), ("GRADUEL", "graduatedContinuant")):
        done = acousma("concepts", word)
        assert done.returncode == 0
        assert id_ in done.stdout
    assert "0 concepts" in acousma("concepts", "zzzz").stdout
    few, all_ = acousma("concepts", "attack").stdout, acousma("concepts", "attack", "--all").stdout
    assert len(all_.splitlines()) > len(few.splitlines())


# -- refusals ------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[list[str], int, list[str]]] = {
    # case: (arguments, exit code, words on standard error)
    "no such question": (["ask", "open_with"], 3, ["no question 'open_with'", "did you mean opens_with"]),
    "no such concept": (
        ["ask", "opens_with", "--param", "concept=atackDecay"], 3, ["'atackDecay' is no concept", "attackDecay"],
    ),
    "no such parameter": (["ask", "opens_with", "--param", "concpt=bright"], 3, ["'concpt'", "did you mean concept"]),
    "no value": (["ask", "opens_with", "--param", "concept"], 3, ["'concept'", "NAME=VALUE"]),
    "twice the same": (
        ["ask", "opens_with", "--param", "seconds=1", "--param", "seconds=2"], 3, ["'seconds' was given twice"],
    ),
    "no number": (["ask", "opens_with", "--param", "seconds=soon"], 3, ["seconds is 'soon'", "a decimal number"]),
    "no such work": (["describe", "Nothing of the kind"], 3, ["'Nothing of the kind'", "acousma works"]),
    "one sound for several works": (
        ["describe", "e", "--png", "NEVER.png", "--sound", str(DEMO / "etude.flac")], 3, ["several recordings"],
    ),
    "an unknown work": (["ask", "timeline", "--param", "work=Nowhere"], 3, ["no work 'Nowhere'"]),
    "an unknown composer": (["ask", "composer_profile", "--param", "creator=Nobody"], 3, ["no agent 'Nobody'"]),
    "no such run": (["withdraw", "zzzz", "--yes"], 3, ["'zzzz' stands for 0 runs", "acousma runs"]),
    "every run": (["withdraw", "", "--yes"], 3, ["'' stands for 0 runs"]),
    "no such score": (["agreement", "gone.csv"], 3, ["gone.csv cannot be read"]),
    "no query": (["sparql", "gone.rq"], 3, ["'gone.rq' is no query and no readable file"]),
    "no such format": (["sparql", SELECT, "--format", "pdf"], 3, ["'pdf' is unknown", "turtle"]),
    "rows as Turtle": (["sparql", SELECT, "--format", "turtle"], 5, ["text/turtle", "text/csv"]),
    "no SPARQL": (["sparql", "SELECT * WHERE { ?s ?p "], 5, ["not SPARQL", "1:"]),
    "an update": (["sparql", "DELETE WHERE { ?s ?p ?o }"], 5, ["To do: "]),
    "another server": (["sparql", "SELECT * { SERVICE <http://[::1]/> { ?s ?p ?o } }"], 5, ["SERVICE", "network"]),
    "no such command": (["listen"], 2, ["No such command 'listen'"]),
    "no such option": (["works", "--colour", "red"], 2, ["--colour"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_had_is_refused_on_standard_error(house: House, case: str) -> None:
    arguments, code, words = REFUSED[case]
    where: list[str | Path] = [] if code == 2 else ["--store", house.archive]
    done = acousma(*arguments, *where)
    assert done.returncode == code
    for word in words:
        assert word in done.stderr
    if code != 2:
        assert "Expected: " in done.stderr or "To do: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_query_over_its_time_is_no_answer(house: House) -> None:
    done = acousma("sparql", ENDLESS, "--store", house.archive, ACOUSMA_QUERY_SECONDS="0.5")
    assert (done.returncode, done.stdout) == (5, "")
    assert "0.5" in done.stderr


def test_an_answer_over_its_rows_is_no_answer(house: House) -> None:
    done = acousma(
        "sparql", "SELECT * { ?s ?p ?o }", "--format", "csv", "--store", house.archive, ACOUSMA_QUERY_ROWS="10"
    )
    assert done.returncode == 5
    assert "more than 10 rows" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["works"], ["ask", "works"], ["runs"], ["describe", "Bell"], ["withdraw", "a1"], ["sparql", SELECT]]
)
def test_without_an_archive_a_command_says_how_to_make_one(tmp_path: Path, arguments: list[str]) -> None:
    done = acousma(*arguments, "--store", tmp_path / "nowhere")
    assert done.returncode == 4
    assert f"there is no archive in {tmp_path / 'nowhere'}" in done.stderr
    assert "ingesting" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_the_archive_is_the_option_else_the_setting_else_the_folder_here(house: House, tmp_path: Path) -> None:
    house.copy(tmp_path / "archive")
    assert "Bell" in typed("works", cwd=tmp_path).stdout
    assert "Bell" in acousma("works", ACOUSMA_STORE=str(house.archive)).stdout
    done = acousma("works", "--store", house.archive, ACOUSMA_STORE=str(tmp_path / "nowhere"))
    assert "Bell" in done.stdout


# -- pictures ------------------------------------------------------------------------------------


def test_a_work_is_drawn_with_its_sound(house: House, tmp_path: Path) -> None:
    target = tmp_path / "étude.png"
    done = acousma("describe", "Étude nº 1", "--png", target, "--store", house.archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Picture: {target}" in done.stdout
    assert "without the sound" not in done.stdout
    assert target.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    image = np.asarray(matplotlib.image.imread(target))[..., :3]
    height, width = image.shape[:2]
    assert 500 <= height <= 4000
    assert 800 <= width <= 4000
    assert image.std() > 0.1
    assert len(np.unique((image.reshape(-1, 3) * 255).astype(np.uint8), axis=0)) > 200


def test_a_work_whose_sound_was_moved_is_drawn_without_it_or_with_the_one_named(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    (archive / "sounds.json").unlink()
    arguments: list[str | Path] = ["describe", "Bell", "--png", tmp_path / "bell.png", "--store", archive]
    assert "without the sound" in acousma(*arguments).stdout
    plain = (tmp_path / "bell.png").read_bytes()
    assert "without the sound" not in acousma(*arguments, "--sound", house.sounds / "bell.wav").stdout
    assert (tmp_path / "bell.png").read_bytes() != plain


@pytest.mark.parametrize("name", ["bell.svg", "bell.pdf"])
def test_a_picture_is_what_its_name_says(house: House, tmp_path: Path, name: str) -> None:
    assert acousma("describe", "Bell", "--png", tmp_path / name, "--store", house.archive).returncode == 0
    assert (tmp_path / name).read_bytes()[:5] in (b"<?xml", b"%PDF-")


@pytest.mark.parametrize("name", ["bell.xyz", "no folder/bell.png"])
def test_a_picture_that_cannot_be_written_is_refused(house: House, tmp_path: Path, name: str) -> None:
    done = acousma("describe", "Bell", "--png", tmp_path / name, "--store", house.archive)
    assert done.returncode == 3
    assert f"{tmp_path / name} cannot be drawn" in done.stderr


# -- keeping -------------------------------------------------------------------------------------


def runs_of(archive: Path) -> list[dict[str, str]]:
    return cells(acousma("runs", "--format", "csv", "--store", archive).stdout)


def test_every_run_is_listed_with_what_it_said(house: House) -> None:
    rows = runs_of(house.archive)
    assert sorted(row["agent"] for row in rows) == sorted(
        ["Acousma measured describer"] * 4 + ["Acousma claim checker"] * 2 + ["Ada"] * 2 + ["Bo"]
    )
    for row in rows:
        measured = row["agent"] == "Acousma measured describer"
        assert (int(row["measurements"]) > 0) == (measured or row["agent"] == "Acousma claim checker")
        assert (int(row["assessments"]) > 0) == (row["agent"] == "Acousma claim checker")
        assert row["ended"] == row["started"] == "2025-06-15T15:06:40Z"


def test_a_run_is_withdrawn_whole_and_comes_back_when_ingested_again(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    row = next(row for row in runs_of(archive) if row["agent"] == "Bo")
    done = acousma("withdraw", row["run"].rpartition("/")[2][:10], "--yes", "--store", archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of Bo on Hiss" in done.stdout
    left = dump(archive, tmp_path / "left.nq")
    assert left == [quad for quad in house.quads if graph_of(quad) != row["graph"]]
    assert f"{len(house.quads) - len(left)} statements" in done.stdout
    assert house.again(archive).returncode == 0
    assert dump(archive, tmp_path / "again.nq") == house.quads


def test_a_run_is_not_withdrawn_without_a_yes(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    run = runs_of(archive)[0]["run"]
    done = typed("withdraw", run, "--store", archive, stdin="n\n")
    assert done.returncode == 1
    assert done.stdout.strip() == ""
    assert dump(archive, tmp_path / "quads.nq") == house.quads


def test_a_fresh_archive_is_without_faults(house: House) -> None:
    done = acousma("validate", "--store", house.archive)
    assert done.returncode == 0, done.stdout[:2000]
    assert "All conform" in done.stdout


# -- the étude -----------------------------------------------------------------------------------


def test_measured_claims_about_the_etude_are_compared_with_its_score(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    done = acousma("ingest", DEMO / "etude.flac", "--store", archive)
    assert done.returncode == 0, done.stderr
    done = acousma("agreement", DEMO / "etude.score.csv", "--store", archive)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Measured claims beside the score" in done.stdout
    assert re.search(r"Boundaries within 0\.\d+ s: F = 0\.\d\d", done.stdout)
    (row,) = [line for line in done.stdout.splitlines() if re.match(r"│ all\b", line)]
    numbers = [float(cell) for cell in re.findall(r"\d+\.\d+", row)]
    assert numbers
    assert all(0 <= number <= 1 for number in numbers)
    (silent,) = re.findall(r"does not speak of (\d+) further concepts", done.stdout)
    every = acousma("agreement", DEMO / "etude.score.csv", "--store", archive, "--all")
    assert every.stdout.count("\n│") == done.stdout.count("\n│") + int(silent)


def test_a_sound_that_was_not_ingested_cannot_be_compared(house: House) -> None:
    done = acousma("agreement", DEMO / "etude.score.csv", "--store", house.archive)
    assert done.returncode == 3
    assert "acousma ingest" in done.stderr


def test_a_port_that_is_taken_is_named(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = typed("serve", "--host", "127.0.0.1", "--port", str(port), "--store", house.archive)
    assert done.returncode == 3
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in done.stderr
    assert "To do: name another with --port" in done.stderr


# -- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_it_understands(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "Usage: " in shown.output
    assert isinstance(GROUP, TyperGroup)
    examples = re.findall(r"`([^`]+)`", GROUP.commands[name].epilog or "")
    own = [words for words in map(shlex.split, examples) if name in words]
    assert own
    for words in own:
        assert " ".join(words[:1]) in shown.output
        ending = next((place for place, word in enumerate(words) if word in "<>"), len(words))
        arguments = words[words.index(name) + 1 : ending]
        GROUP.commands[name].make_context(name, list(arguments))


def test_the_help_of_all_commands_names_settings_and_exit_codes() -> None:
    done = typed("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"\b{name}\b", done.stdout)
    assert "ACOUSMA_STORE" in done.stdout
    assert "130 interrupted" in " ".join(done.stdout.split())


def test_without_arguments_the_help_is_shown() -> None:
    done = typed()
    assert done.returncode == 2
    assert "Usage: " in done.stdout + done.stderr


def test_the_installed_command_is_this_one() -> None:
    command = Path(sys.executable).parent / "acousma"
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
    assert "A knowledge graph of things heard" in done.stdout
