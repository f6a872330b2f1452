"""What a person might miss is said: cut answers, sound passed over, a second base, a sound that is another."""

from pathlib import Path

import pytest

from ingest.finding import find_files
from tests.commands import acousma
from tests.endpoint import serving
from tests.house import House


def test_a_question_without_an_answer_shows_one_that_has_an_answer(house: House) -> None:
    done = acousma("ask", "followed_by", "--store", house.archive)
    assert "0 rows" in done.stdout
    assert "Try: acousma ask followed_by --param first=attackDecay" in done.stderr


@pytest.mark.parametrize("name", ["tape.m4a", "old.WMA", "gone.wav"])
def test_sound_in_a_folder_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("no sound", encoding="utf-8")
    if name == "gone.wav":
        (tmp_path / name).symlink_to(tmp_path / "nowhere.wav")
    else:
        (tmp_path / name).write_bytes(b"sound")
    files, problems = find_files([tmp_path])
    assert files == []
    assert any(name in str(problem) for problem in problems)
    assert "notes.txt" not in "".join(map(str, problems))


def test_an_archive_keeps_one_base(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    done = house.again(archive, ACOUSMA_BASE_IRI="https://other.example.org/")
    assert done.returncode == 3
    assert "ACOUSMA_BASE_IRI is https://other.example.org/" in done.stderr
    assert "set ACOUSMA_BASE_IRI=http://localhost:8000/," in done.stderr


def test_a_server_says_that_an_archive_has_another_base(house: House, tmp_path: Path) -> None:
    archive = house.copy(tmp_path / "archive")
    with serving(archive) as endpoint:  # under the address of its own port
        said = (endpoint.folder / "server.log").read_text()
        assert endpoint.client().get("/iiif/collection.json").json()["items"]
    assert f"begin with http://localhost:8000/, and ACOUSMA_BASE_IRI is {endpoint.base}" in said


def test_a_sound_of_another_length_is_not_drawn(house: House, tmp_path: Path) -> None:
    target = tmp_path / "bell.png"
    arguments: list[str | Path] = ["describe", "Bell", "--png", target, "--store", house.archive, "--sound"]
    done = acousma(*arguments, house.sounds / "hiss.ogg")
    assert done.returncode == 3
    assert "the recording 0.60 s" in done.stderr
    assert not target.exists()
    assert acousma(*arguments, house.sounds / "bell.wav").returncode == 0


def test_each_recording_of_several_has_a_picture(house: House, tmp_path: Path) -> None:
    done = acousma("describe", "e", "--png", tmp_path / "all.png", "--store", house.archive)
    assert done.returncode == 0, done.stderr
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert len(drawn) > 1
    assert drawn[0] == "all-1.png"
    assert all(name in done.stdout for name in drawn)
