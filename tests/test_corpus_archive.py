"""Corpora in folders: the same bytes again, taken up where they stopped, checked by sums; bad requests are refused."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from ontology.errors import CorpusError, ParameterError, UnknownName
from tests.commands import acousma, command, environment
from truth.corpus import archive
from truth.corpus.clips import Selection, decoded
from truth.corpus.generators import labels
from truth.corpus.items import Plan
from truth.corpus.making import make
from truth.corpus.parameters import Scene, Sound

SEED = 11


def build(folder: Path, plan: Plan) -> Path:
    for _ in make(folder, plan):
        pass
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("corpus") / "made", Plan(SEED, 6, conditions=("noise10", "mono")))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copy(made: Path, target: Path) -> Path:
    shutil.copytree(made, target)
    return target


# -- the same again ------------------------------------------------------------------------------


def test_equal_seeds_give_equal_bytes(made: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "again", Plan(SEED, 6, conditions=("noise10", "mono")))
    assert contents(again) == contents(made)


def test_several_processes_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    done = acousma("corpus", "make", tmp_path / "new", "--size", "6", "--seed", str(SEED), "--degrade", "mono,noise10",
                 "--processes", "2")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "new") == contents(made)


def test_a_corpus_grows_without_changing_what_is_there(made: Path, tmp_path: Path) -> None:
    small = build(tmp_path / "small", Plan(SEED, 3, conditions=("noise10",)))
    before = {name: data for name, data in contents(small).items() if name.endswith(".flac")}
    build(small, Plan(SEED, 6, conditions=("noise10", "mono")))
    assert contents(small) == contents(made)
    assert before.items() <= contents(small).items()


def test_parts_made_apart_are_one_corpus(made: Path, tmp_path: Path) -> None:
    plan = {"conditions": ("noise10", "mono")}
    folder = build(tmp_path / "parts", Plan(SEED, 6, only=(4, 5), **plan))  # type: ignore[arg-type]
    assert [fault for _, fault in archive.verify(folder) if fault] == ["lists only part of the corpus: make the rest"]
    build(folder, Plan(SEED, 6, **plan))  # type: ignore[arg-type]
    assert contents(folder) == contents(made)


def test_a_make_that_was_killed_goes_on(made: Path, tmp_path: Path) -> None:
    words = ("corpus", "make", str(tmp_path / "cut"), "--size", "6", "--seed", str(SEED), "--degrade", "noise10,mono")
    running = subprocess.Popen(command(*words), env=environment(), stderr=subprocess.DEVNULL)
    records = tmp_path / "cut" / "records"
    for _ in range(600):
        if len(list(records.glob("*.json"))) >= 2 or running.poll() is not None:
            break
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = acousma(*words)
    assert done.returncode == 0, done.stderr
    assert "there already" in done.stdout
    assert contents(tmp_path / "cut") == contents(made)


# -- what it holds -------------------------------------------------------------------------------


def test_the_files_are_what_the_manifest_says(made: Path) -> None:
    header, records = archive.load(made)
    assert (header["seed"], header["size"], header["licence"], header["complete"]) == (SEED, 6, "CC0-1.0", True)
    assert len(records) == 6
    for record in records:
        conditions = record["conditions"]
        assert isinstance(conditions, dict)
        assert list(conditions) == ["clean", "noise10", "mono"]
        for entry in conditions.values():
            info = sf.info(made / entry["file"])
            assert (info.samplerate, info.channels, info.subtype) == (48_000, 2, "PCM_24")
            assert info.frames == round(float(str(record["length"])) * 48_000)
            events = record["events"]
            assert isinstance(events, list)
            assert len(entry["events"]) == len(events)
        assert all(event["audible"] for event in conditions["clean"]["events"][:1])


def test_the_labels_of_the_manifest_follow_from_its_parameters(made: Path) -> None:
    for record in archive.load(made)[1]:
        sound = decoded(record["parameters"])
        assert isinstance(sound, Sound | Scene)
        assert labels(sound) == record["labels"]


def test_degrading_changes_the_sound_and_not_the_truth(made: Path, tmp_path: Path) -> None:
    plain = build(tmp_path / "plain", Plan(SEED, 6))
    for record, other in zip(archive.load(made)[1], archive.load(plain)[1], strict=True):
        assert {key: value for key, value in record.items() if key != "conditions"} == {
            key: value for key, value in other.items() if key != "conditions"
        }
        clean, noisy, mono = (
            sf.read(made / f"clips/{name}/{record['id']}.flac")[0] for name in ("clean", "noise10", "mono")
        )
        assert not np.array_equal(clean, noisy)
        assert np.array_equal(mono[:, 0], mono[:, 1])


# -- changed on disk -----------------------------------------------------------------------------


def test_a_whole_corpus_passes(made: Path) -> None:
    done = acousma("corpus", "verify", made)
    assert done.returncode == 0
    assert "18 files checked, 0 faults" in done.stdout


def test_a_changed_a_missing_and_a_strange_file_are_found(made: Path, tmp_path: Path) -> None:
    folder = copy(made, tmp_path / "changed")
    changed, gone, strange = (folder / "clips" / "clean" / f"{name}.flac" for name in ("000001", "000002", "other"))
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    gone.unlink()
    strange.write_bytes(b"")
    done = acousma("corpus", "verify", folder)
    assert done.returncode == 1
    assert "000001.flac was changed" in done.stderr
    assert "000002.flac is missing" in done.stderr
    assert "other.flac is not in the manifest" in done.stderr


def test_a_changed_file_is_made_again(made: Path, tmp_path: Path) -> None:
    folder = copy(made, tmp_path / "mended")
    (folder / "clips" / "clean" / "000001.flac").write_bytes(b"broken")
    build(folder, Plan(SEED, 6, conditions=("noise10", "mono")))
    assert contents(folder) == contents(made)


@pytest.mark.parametrize("name", ["corpus.json", "manifest.jsonl"])
@pytest.mark.parametrize("data", [None, b"{", b"[]", b"\xff\xfe"], ids=["missing", "cut off", "other", "no text"])
def test_a_broken_list_is_refused(made: Path, tmp_path: Path, name: str, data: bytes | None) -> None:
    folder = copy(made, tmp_path / "broken")
    (folder / name).unlink()
    if data is not None:
        (folder / name).write_bytes(data)
    for words in (("verify",), ("describe",)):
        done = acousma("corpus", *words, folder)
        assert done.returncode == 3
        assert name in done.stderr
        assert "Traceback" not in done.stderr


# -- bad requests --------------------------------------------------------------------------------

REFUSED = {
    "nothing": ([], "at least one clip or étude"),
    "size 0": (["--size", "0"], "at least one clip or étude"),
    "a negative size": (["--size", "-3"], "at least one clip or étude"),
    "a negative seed": (["--size", "3", "--seed", "-1"], "0 or more"),
    "a generator": (["--size", "3", "--generators", "additive,organ"], "there is no generator 'organ'"),
    "a concept": (["--size", "3", "--concepts", "loudish"], "there is no concept 'loudish'"),
    "a concept beyond them": (["--size", "3", "--concepts", "statement"], "know no truth of 'statement'"),
    "a concept that they do not make": (
        ["--size", "3", "--concepts", "granularNoise", "--generators", "additive"], "do not make 'granularNoise'",
    ),
    "a degradation": (["--size", "3", "--degrade", "noise20,tape"], "there is no degradation 'tape'"),
    "an index": (["--size", "3", "--only", "7"], "clip 7"),
    "no index": (["--size", "3", "--only", "a-b"], "--only"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_request_is_refused_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    words, message = REFUSED[case]
    done = acousma("corpus", "make", tmp_path / "new", *words)
    assert done.returncode == 3
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "plan", [Plan(SEED + 1, 6), Plan(SEED, 6, selection=Selection(("noise",))), Plan(SEED, 2), Plan(SEED, 9)],
    ids=["another seed", "other generators", "smaller", "fewer conditions"],
)  # fmt: skip
def test_another_corpus_in_the_folder_is_left_alone(made: Path, plan: Plan) -> None:
    before = contents(made)
    with pytest.raises(CorpusError):
        build(made, plan)
    assert contents(made) == before


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CorpusError, match="a new or empty folder"):
        build(tmp_path, Plan(SEED, 1))
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


def test_errors_are_of_the_tree() -> None:
    with pytest.raises(UnknownName):
        Selection(generators=())
    with pytest.raises(ParameterError):
        Plan(SEED, 0)


# -- tables --------------------------------------------------------------------------------------


def test_counts_are_those_of_the_manifest(made: Path) -> None:
    done = acousma("corpus", "describe", made, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    records = [json.loads(line) for line in (made / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        values = [record["labels"].get(row["concept"]) for record in records]
        assert (int(row["true"]), int(row["false"])) == (values.count(True), values.count(False))
    assert len(rows) > 60


def test_the_table_and_the_list_are_for_people(made: Path) -> None:
    assert "6 clips, 0 études" in acousma("corpus", "describe", made).stdout
    listed = acousma("corpus", "list").stdout
    assert "spectralNote" in listed
    assert "noise10" in listed
