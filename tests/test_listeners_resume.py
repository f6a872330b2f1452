"""An ingest with a model that is killed goes on with the span it was at; nothing is heard twice, nothing is lost."""

import json
import re
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from ingest.listeners.base import Heard
from ingest.listeners.notes import Notes, forget
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Description, Span, seconds
from tests.commands import acousma, dump, kill, start
from tests.sounds import noise_below, stroke, write
from tests.tiny_models import save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
OFFLINE = {"HF_HUB_OFFLINE": "1"}
SECONDS = 14


@dataclass(frozen=True)
class Work:
    """A long sound and a short one, a model, and what an undisturbed ingest of them makes."""

    sounds: Path
    model: Path
    quads: list[str]

    def command(self, archive: Path, questions: Path = SMALL) -> list[str | Path]:
        return ["ingest", self.sounds, "--store", archive, "--window", "1", "--describer", "transformers", "--model",
                self.model, "--questions", questions, "--batch", "1"]  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("resume")
    write(folder / "sounds" / "a.wav", noise_below(9000, SECONDS))
    write(folder / "sounds" / "b.wav", stroke(400, 0.8))
    made = Work(folder / "sounds", save("qwen2-audio", folder), [])
    ended = acousma(*made.command(folder / "archive"), **OFFLINE)
    assert ended.returncode == 0, ended.stderr
    assert not (folder / "archive" / "heard").exists(), "notes were left after all was stored"
    return Work(made.sounds, made.model, dump(folder / "archive", folder / "quads.nq"))


def killed(work: Work, archive: Path, after: int, questions: Path = SMALL) -> list[str]:
    """Kill an ingest when it has noted so many spans; return the notes."""
    process = start(*work.command(archive, questions), HF_HUB_OFFLINE="1")
    deadline = time.monotonic() + 100
    while process.is_alive() and time.monotonic() < deadline:
        notes = list((archive / "heard").glob("*.jsonl")) if (archive / "heard").is_dir() else []
        if notes and len(notes[0].read_text(encoding="utf-8").splitlines()) >= after:
            break
        time.sleep(0.005)
    kill(process)
    (file,) = (archive / "heard").glob("*.jsonl")
    return file.read_text(encoding="utf-8").splitlines()


def heard_seconds(stderr: str) -> float:
    found = re.search(r"Models heard ([\d.]+) s of sound", stderr)
    return float(found[1]) if found else 0.0


def test_a_killed_ingest_goes_on_with_the_span_it_was_at_and_ends_as_an_undisturbed_one(
    work: Work, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    noted = killed(work, archive, 7)
    assert 7 <= len(noted) < SECONDS, "the kill did not come while the model was listening"
    whole = [json.loads(line) for line in noted if line.endswith("}")]
    again = acousma(*work.command(archive), **OFFLINE)
    assert again.returncode == 0, again.stderr
    assert heard_seconds(again.stderr) == pytest.approx(SECONDS + 0.8 - len(whole), abs=0.01)
    assert dump(archive, tmp_path / "quads.nq") == work.quads
    assert not (archive / "heard").exists()


def test_a_changed_question_is_a_new_run_and_finds_no_notes(work: Work, tmp_path: Path) -> None:
    archive, other = tmp_path / "archive", tmp_path / "other.yaml"
    assert len(killed(work, archive, 3)) < SECONDS
    text = SMALL.read_text(encoding="utf-8")
    other.write_text(text.replace("Bright or dark?", "Is it bright or dark?"), encoding="utf-8")
    ended = acousma(*work.command(archive, other), **OFFLINE)
    assert ended.returncode == 0, ended.stderr
    assert heard_seconds(ended.stderr) == pytest.approx(SECONDS + 0.8)
    first = acousma(*work.command(archive), **OFFLINE)
    assert 0 < heard_seconds(first.stderr) < SECONDS, "the notes of the first questions were lost"
    assert set(work.quads) < set(dump(archive, tmp_path / "quads.nq"))


def test_notes_give_back_what_was_heard_and_leave_out_a_line_that_was_cut_off(tmp_path: Path) -> None:
    span = Span("00ff", seconds(1.5), seconds(2.25), SpanKind.FIXED_WINDOW)
    claim = Claim(span, "bright", "brightnessLevel", 0.1 + 0.2, ConfidenceKind.LINKED_TEXT, (), "open", -0.1 - 0.2)
    heard = Heard(span, (Description(span, "„hell“, \n ja", "open", "de"), Description(span, "x")), (claim,))
    Notes(tmp_path, "run").write(heard)
    with (tmp_path / "run.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"span": ["2.25", "3.0')
    notes = Notes(tmp_path, "run")
    assert notes.read("00ff") == {(Decimal("1.5"), Decimal("2.25")): heard}
    notes.write(Heard(Span("00ff", seconds(2.25), seconds(3))))
    assert len(notes.read("00ff")) == 2
    assert Notes(tmp_path, "another").read("00ff") == {}
    forget(tmp_path, ["run", "never"])
    assert not tmp_path.exists()


def test_numbers_are_the_same_after_a_kill(tmp_path: Path) -> None:
    span = Span("00ff", seconds(0), seconds(1))
    for value in np.random.default_rng(1).random(50):
        heard = Heard(span, (), (Claim(span, "dark", "brightnessLevel", float(value), ConfidenceKind.TAG_SCORE),))
        notes = Notes(tmp_path / str(value), "run")
        notes.write(heard)
        assert list(notes.read("00ff").values()) == [heard]
