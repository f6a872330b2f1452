"""Through the command a user types: what goes in, what is refused, and that doing it twice changes nothing."""

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest

from ontology.terms import ACM, DCTERMS, MAPPINGS_GRAPH
from store import EmbeddedStore, open_store
from tests.commands import acousma, command, dump, environment, graph_of, typed
from tests.house import CATALOGUE, CLAIMS, House
from tests.sounds import stroke, table, tone, write


def titles(archive: Path) -> list[str]:
    with open_store(archive) as store:
        text = (
            f"SELECT DISTINCT ?title {{ ?work a <http://purl.org/ontology/mo/MusicalWork> ; <{DCTERMS.title}> ?title }}"
        )
        return sorted(term.value for (term,) in store.rows(text).rows if isinstance(term, ox.Literal))


def revisions(archive: Path) -> Mapping[str, str] | None:
    with open_store(archive) as store:
        return store.revisions()


def in_graph(quads: Sequence[str], part: str) -> list[str]:
    return [quad for quad in quads if part in graph_of(quad)]


def catalogue_graphs(quads: Sequence[str]) -> set[str]:
    return {graph_of(quad) for quad in in_graph(quads, "/graph/catalogue/")}


# -- what goes in --------------------------------------------------------------------------------


def test_every_sound_below_the_folder_is_taken_in_under_the_title_of_its_row(house: House) -> None:
    assert titles(house.archive) == ["Bell", "Hiss", "Étude nº 1", "Звук и тишина"]
    assert re.search(r"recordings\W+4\b", house.output)
    assert f"{len(house.quads):,} statements" in house.output


def test_the_report_counts_what_is_in_the_archive(tmp_path: Path) -> None:
    """A sound without rest is marked off as a whole and as an object, which is one span with one set of claims."""
    done = acousma("ingest", write(tmp_path / "tone.wav", tone(440, 2.0)), "--store", tmp_path / "archive")
    quads = [quad for quad in dump(tmp_path / "archive", tmp_path / "q.nq") if "/graph/run/" in graph_of(quad)]
    assert len([quad for quad in quads if "segmentedAs" in quad]) == 2
    for name, type_ in (("spans", "Span"), ("measurements", "MeasurementAnnotation"), ("claims", "Claim")):
        held = len([quad for quad in quads if f"#type> <{ACM.NS}{type_}>" in quad])
        assert re.search(rf"{name}\W+{held}\b", done.stdout), f"{held} {name} are stored"
    assert re.search(rf"statements \(triples\)\W+{len(quads):,}\b", done.stdout)


def test_there_are_no_blank_nodes_and_no_folders_of_this_machine(house: House) -> None:
    for quad in ox.parse("\n".join(house.quads), ox.RdfFormat.N_QUADS):
        assert not isinstance(quad.subject, ox.BlankNode)
        assert not isinstance(quad.object, ox.BlankNode)
        assert isinstance(quad.graph_name, ox.NamedNode)
    assert not [quad for quad in house.quads if str(house.sounds.parent) in quad]


def test_a_bad_file_among_ten_is_named_and_the_other_nine_are_taken_in(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / "ten" / f"{number}.wav", stroke(200.0 + 30 * number, 0.3))
    bad = tmp_path / "ten" / "5 broken.wav"
    bad.write_text("no sound at all")
    done = typed("ingest", tmp_path / "ten", "--store", tmp_path / "archive")
    assert done.returncode == 1
    assert f"not used: {bad} cannot be decoded as sound" in done.stderr
    assert "Expected: " in done.stderr
    assert "To do: " in done.stderr
    assert titles(tmp_path / "archive") == list("012345678")
    assert re.search(r"not used\W+1\b", done.stdout)


def test_the_same_file_and_the_same_sound_are_taken_in_once(tmp_path: Path) -> None:
    sound = np.round(stroke(440) * 2**15).astype(np.int32) << 16
    sounds = tmp_path / "sounds"
    first = write(sounds / "a.wav", sound, subtype="PCM_16")
    shutil.copy(first, sounds / "b copy.wav")
    write(sounds / "c.flac", sound, subtype="PCM_16")
    archive = tmp_path / "archive"
    done = acousma("ingest", sounds, "--store", archive)
    assert done.returncode == 0
    assert f"{sounds / 'b copy.wav'} is the same file as {first}" in done.stderr
    assert f"{sounds / 'c.flac'} holds the same sound as {first}" in done.stderr
    assert titles(archive) == ["a"]
    before = dump(archive, tmp_path / "before.nq")
    assert acousma("ingest", sounds, "--store", archive, SOURCE_DATE_EPOCH="1800000000").returncode == 0
    assert dump(archive, tmp_path / "after.nq") == before


def test_of_two_equal_files_the_one_a_table_speaks_of_is_taken_in(tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    write(sounds / "a.wav", stroke(440))
    shutil.copy(sounds / "a.wav", sounds / "bell.wav")
    shutil.copy(sounds / "a.wav", sounds / "crow.wav")
    works = table(sounds / "works.csv", ["file,title", "bell.wav,Bell", "crow.wav,Crow"])
    done = acousma("ingest", sounds, "--catalogue", works, "--store", tmp_path / "archive")
    assert titles(tmp_path / "archive") == ["Bell"]
    notes = {line.split(" is the same")[0].rpartition("/")[2]: line for line in done.stderr.splitlines()}
    assert "What the tables say" in notes["crow.wav"]
    assert "What the tables say" not in notes["a.wav"]


NAMES = ["two words.wav", "new\nline.wav", "音の本.wav", "[bold]markup.wav", os.fsdecode(b"caf\xe9.wav")]


def test_files_may_have_any_name(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        write(tmp_path / "plain.wav", stroke(300.0 + 40 * number)).rename(_made(tmp_path / "sounds") / name)
    done = acousma("ingest", tmp_path / "sounds", "--store", tmp_path / "archive")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    wanted = ["two words", "new\nline", "音の本", "[bold]markup", "caf\N{REPLACEMENT CHARACTER}"]
    assert titles(tmp_path / "archive") == sorted(wanted)
    shown = acousma("works", "--store", tmp_path / "archive", "--format", "csv")
    assert sorted(row["title"] for row in csv.DictReader(io.StringIO(shown.stdout, newline=""))) == sorted(wanted)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


# -- again ---------------------------------------------------------------------------------------


def test_a_second_run_takes_in_nothing_and_changes_no_triple(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    before = revisions(archive)
    done = house.again(archive, SOURCE_DATE_EPOCH="1800000000")
    assert done.returncode == 0
    assert revisions(archive) == before, "no graph was written again"
    assert re.search(r"recordings\W+0\b", done.stdout)
    assert re.search(r"left as they were\W+4\b", done.stdout)
    assert dump(archive, tmp_path / "quads.nq") == house.quads


def test_a_changed_row_of_the_catalogue_replaces_the_title_and_nothing_else(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    rows = [row.replace("Bell,", "Great bell,") for row in CATALOGUE]
    works = table(house.sounds / "changed.csv", rows)
    done = acousma("ingest", house.sounds, "--catalogue", works, "--store", archive, SOURCE_DATE_EPOCH="1800000000")
    assert done.returncode == 0, done.stderr
    after = dump(archive, tmp_path / "quads.nq")
    gone, new = set(house.quads) - set(after), set(after) - set(house.quads)
    assert titles(archive) == ["Great bell", "Hiss", "Étude nº 1", "Звук и тишина"]
    assert len(gone) == len(new) > 0
    assert {graph_of(quad) for quad in gone | new} <= catalogue_graphs(after)
    assert len({graph_of(quad) for quad in gone | new}) == 1
    assert not any('"Bell"' in quad for quad in after if graph_of(quad) != MAPPINGS_GRAPH)


def test_claims_added_later_are_stored_and_judged_without_a_new_measured_run(house: House, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    first = acousma("ingest", house.sounds, "--catalogue", house.catalogue, "--store", archive)
    assert first.returncode == 0
    before = dump(archive, tmp_path / "before.nq")
    assert not any(ACM.Assessment in quad for quad in before)
    done = house.again(archive, SOURCE_DATE_EPOCH="1800000000")
    assert done.returncode == 0, done.stderr
    after = dump(archive, tmp_path / "after.nq")
    assert set(before) < set(after)
    new = {graph_of(quad) for quad in set(after) - set(before)}
    assert not new & {graph_of(quad) for quad in before}
    assert len(new) == 5  # Ada on two recordings, Bo on one, and the checker on both
    with open_store(archive) as store:
        verdicts = store.rows(
            "PREFIX oa: <http://www.w3.org/ns/oa#> SELECT DISTINCT ?concept ?verdict "
            f"{{ ?a <{ACM.verdict}> ?verdict ; oa:hasTarget ?claim . ?claim oa:hasBody ?concept }}"
        ).rows
    found = {tuple(str(term).rpartition("/")[2].strip(">") for term in row) for row in verdicts}
    assert ("spectralNoise", "supported") in found
    assert ("spectralNote", "contradicted") in found


def test_two_processes_make_the_same_graph_as_one(house: House, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    done = acousma(
        "ingest", house.sounds, "--catalogue", house.catalogue, "--claims", house.claims, "--store", archive,
        "--processes", "2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert dump(archive, tmp_path / "quads.nq") == house.quads


def test_the_same_sound_in_another_file_brings_its_row_of_the_catalogue(tmp_path: Path) -> None:
    sound, archive = np.round(stroke(440) * 2**15).astype(np.int32) << 16, tmp_path / "archive"
    tape = write(tmp_path / "tape.wav", sound, subtype="PCM_16")
    assert acousma("ingest", tape, "--store", archive).returncode == 0
    write(tmp_path / "new" / "bell.flac", sound, subtype="PCM_16")
    works = table(tmp_path / "new" / "works.csv", ["file,title", "bell.flac,Bell"])
    done = acousma("ingest", tmp_path / "new", "--catalogue", works, "--store", archive)
    assert "holds the same sound as a recording in the archive" in done.stderr
    assert titles(archive) == ["Bell"]


def test_claims_about_a_known_sound_in_another_file_leave_its_measured_run_alone(tmp_path: Path) -> None:
    sound, archive = np.round(stroke(440) * 2**15).astype(np.int32) << 16, tmp_path / "archive"
    assert acousma("ingest", write(tmp_path / "tape.wav", sound, subtype="PCM_16"), "--store", archive).returncode == 0
    before = dump(archive, tmp_path / "before.nq")
    bell = write(tmp_path / "bell.flac", sound, subtype="PCM_16")
    heard = table(tmp_path / "heard.csv", [CLAIMS[0], "bell.flac,0,0.5,bright,Ada"])
    for later in ("1800000000", "1900000000"):
        done = acousma("ingest", bell, "--claims", heard, "--store", archive, SOURCE_DATE_EPOCH=later)
        assert done.returncode == 0, done.stderr
    after = dump(archive, tmp_path / "after.nq")
    assert set(before) < set(after)
    assert len({graph_of(quad) for quad in after} - {graph_of(quad) for quad in before}) == 2
    assert not any("2030-03-17" in quad for quad in after)


def test_limits_for_questions_do_not_keep_sounds_out(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    done = house.again(archive, ACOUSMA_QUERY_ROWS="1", ACOUSMA_QUERY_SECONDS="0.001")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


# -- tables --------------------------------------------------------------------------------------


def test_each_folder_brings_its_own_catalogue(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(folders):
        write(folder / "bell.wav", stroke(440 + 100 * number))
        table(folder / "catalogue.csv", ["file,title,year", f"bell.wav,Bell {number},19x{number}"])
    done = acousma("ingest", *folders, "--store", tmp_path / "archive")
    assert titles(tmp_path / "archive") == ["Bell 0", "Bell 1"]
    assert "'19x0' is no year" in done.stderr
    assert "'19x1' is no year" in done.stderr


def test_faulty_rows_of_the_catalogue_are_named_and_the_rest_is_done(tmp_path: Path) -> None:
    write(tmp_path / "sounds" / "bell.wav", stroke(440))
    works = table(tmp_path / "sounds" / "catalogue.csv", ["file;title;year", "gone.wav;Gone;1975", "bell.wav;Bell;'75"])
    done = acousma("ingest", tmp_path / "sounds", "--store", tmp_path / "archive")
    assert done.returncode == 1
    assert f"Catalogue: {works}" in done.stderr.replace("\n", "")
    assert "line 2: gone.wav is not there" in done.stderr
    assert 'line 3: "\'75" is no year' in done.stderr
    assert titles(tmp_path / "archive") == ["Bell"]


def test_faulty_rows_of_claims_are_named_every_time_and_the_rest_is_done(tmp_path: Path) -> None:
    bell = write(tmp_path / "bell.wav", stroke(440))
    heard = table(
        tmp_path / "heard.csv",
        [CLAIMS[0], "bell.wav,0,0.5,bright,Ada", "bell.wav,0,99,dark,Ada", "bell.wav,0,0.5,brihgt,Ada"],
    )
    for _ in range(2):
        done = acousma("ingest", bell, "--claims", heard, "--store", tmp_path / "archive")
        assert done.returncode == 1
        assert "line 3: the claim ends at 99.000 s" in done.stderr
        assert "line 4: 'brihgt' is no concept" in done.stderr
    made = [
        quad for quad in dump(tmp_path / "archive", tmp_path / "q.nq") if "/claim/" in quad and "oa#hasBody" in quad
    ]
    assert [quad for quad in made if "/bright>" in quad]


# -- what cannot be done -------------------------------------------------------------------------

Arguments = Callable[[Path], list[str | Path]]

REFUSED: dict[str, tuple[Arguments, int, str]] = {
    "nothing there": (lambda f: [f / "gone.wav"], 3, "gone.wav is not there"),
    "an empty folder": (lambda f: [_made(f / "empty")], 3, "holds no sound files"),
    "no catalogue": (lambda f: [_bell(f), "--catalogue", f / "gone.csv"], 3, "gone.csv cannot be read"),
    "no claims": (lambda f: [_bell(f), "--claims", f / "gone.csv"], 3, "gone.csv cannot be read"),
    "a store that is something else": (lambda f: [_bell(f), "--store", f], 4, "holds something else"),
    "no processes": (lambda f: [_bell(f), "--processes", "0"], 2, "--processes"),
    "no path": (lambda f: [], 2, "PATH"),
}


def _bell(folder: Path) -> Path:
    return write(folder / "bell.wav", stroke(440))


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_at_all_is_refused_before_anything_is_stored(tmp_path: Path, case: str) -> None:
    arguments, code, words = REFUSED[case]
    given = arguments(tmp_path)
    archive: list[str | Path] = [] if "--store" in given else ["--store", tmp_path / "archive"]
    done = acousma("ingest", *given, *archive)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "archive").exists()


def test_a_path_that_is_not_there_does_not_keep_the_others_out(tmp_path: Path) -> None:
    done = acousma("ingest", tmp_path / "gone.wav", _bell(tmp_path), "--store", tmp_path / "archive")
    assert done.returncode == 1
    assert "gone.wav is not there" in done.stderr
    assert titles(tmp_path / "archive") == ["bell"]


SETTINGS = [
    ("ACOUSMA_QUERY_SECONDS", "soon", 3),
    ("ACOUSMA_BASE_IRI", "archive", 3),
    ("ACOUSMA_DEVICE", "abacus", 3),
    ("SOURCE_DATE_EPOCH", "yesterday", 3),
]


@pytest.mark.parametrize(("name", "value", "code"), SETTINGS)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str, code: int) -> None:
    done = acousma("ingest", _bell(tmp_path), "--store", tmp_path / "archive", **{name: value})
    assert done.returncode == code
    assert repr(value) in done.stderr
    assert "Expected: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_archive_that_another_process_writes_is_left_alone(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    with EmbeddedStore(archive, writable=True):
        done = house.again(archive)
    assert done.returncode == 4
    assert f"another process is writing to {archive}" in done.stderr
    assert "To do: " in done.stderr
    assert dump(archive, tmp_path / "quads.nq") == house.quads


def test_an_interrupted_ingest_says_so_and_goes_on_when_run_again(tmp_path: Path) -> None:
    for number in range(24):
        write(tmp_path / "many" / f"{number}.wav", stroke(200.0 + 20 * number, 2.0))
    archive = tmp_path / "archive"
    arguments: list[str | Path] = ["ingest", tmp_path / "many", "--store", archive]
    # tests that run in the background of a shell ignore interrupts, and so would the command
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command(*arguments), env=environment(), stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    while not (archive / "generations" / "000004").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "What was stored stays" in messages
    assert "Traceback" not in messages
    some = len(titles(archive))
    assert 0 < some < 24
    done = acousma(*arguments)
    assert done.returncode == 0
    left = re.search(r"left as they were\W+(\d+)\b", done.stdout)
    assert left
    # interrupted between storing a recording and publishing it, it is stored and not yet seen
    assert int(left[1]) in (some, some + 1)
    assert len(titles(archive)) == 24


@pytest.mark.slow
def test_a_worker_that_is_killed_is_reported_and_nothing_stored_is_lost(tmp_path: Path) -> None:
    for number in range(24):
        write(tmp_path / "many" / f"{number}.wav", stroke(200.0 + 20 * number, 3.0))
    archive = tmp_path / "archive"
    arguments: list[str | Path] = ["ingest", tmp_path / "many", "--store", archive]
    process = subprocess.Popen(
        command(*arguments, "--processes", "2"), env=environment(), stderr=subprocess.PIPE, text=True
    )
    while not (archive / "generations" / "000004").exists() and process.poll() is None:
        time.sleep(0.005)
    os.kill(_workers(process.pid)[-1], signal.SIGKILL)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "ended from outside" in messages
    assert "Traceback" not in messages
    assert 0 < len(titles(archive)) < 24
    assert acousma(*arguments).returncode == 0
    assert len(titles(archive)) == 24


def _workers(parent: int) -> list[int]:
    """Return the processes that describe recordings for another one."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return [pid for pid in map(int, children) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
