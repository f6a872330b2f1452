"""The SCHAEFFER data set in its two layouts: what its labels decide, and a corpus that an evaluation takes."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile as sf
from pyarrow import parquet

from ontology.errors import CorpusError
from ontology.vocabulary import load_vocabulary
from tests.commands import acousma
from tests.synth import RATE, Sound, decay, harmonic, noise, ramps
from truth.corpus import archive
from truth.real import take
from truth.schaeffer import CITATION, DATASET, labels_of, mapping, sounds

SOUNDS: dict[str, dict[str, tuple[Sound, dict[str, str | list[str]]]]] = {
    "anna": {
        "pluck": (harmonic(220, 1.5) * decay(1.5, 0.3), {"mass-type": "Harmonic sound", "onset": "Sharp onset"}),
        "wind": (noise(2.0) * ramps(2.0, 0.6, 0.6), {"mass-type": "Noisy sound", "onset": "Fade in", "type": "Noise"}),
    },
    "ben": {
        "bow": (harmonic(110, 2.0) * ramps(2.0, 0.5, 0.5), {"mass-type": "harmonic sound", "onset": "Fade in"}),
        "hit": (noise(1.0) * decay(1.0, 0.2), {"mass-type": ["Noisy sound"], "onset": "Sharp onset", "offset": "Odd"}),
    },
}


def described(folder: Path) -> Path:
    for who, files in SOUNDS.items():
        (folder / who).mkdir(parents=True)
        for name, (sound, labels) in files.items():
            sf.write(folder / who / f"{name}.wav", 0.5 * sound, RATE)
            told = {"object": {"filename": f"{name}.wav", "labels": labels}}
            (folder / who / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def tabled(folder: Path) -> Path:
    rows = []
    for who, files in SOUNDS.items():
        for name, (sound, labels) in files.items():
            data = io.BytesIO()
            sf.write(data, 0.5 * sound, RATE, format="WAV")
            told = labels["mass-type"]
            rows.append({"audio": {"bytes": data.getvalue(), "path": f"{name}.wav"}, "username": who,
                         "MassType": told if isinstance(told, str) else ", ".join(told), "Onset": labels["onset"],
                         "description": "a sound"})  # fmt: skip
    (folder / "data").mkdir(parents=True)
    parquet.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-00000-of-00001.parquet")
    return folder


LAYOUTS = {"described": described, "tabled": tabled}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_layouts_give_the_same_sounds_and_labels(tmp_path: Path, layout: str) -> None:
    found = list(sounds(LAYOUTS[layout](tmp_path)))
    assert sorted(one.annotator for one in found) == ["anna", "anna", "ben", "ben"]
    truths = {Path(one.name.split("#")[-1]).stem: labels_of(one.labels)[0] for one in found}
    assert {name for name, truth in truths.items() if truth["spectralNoise"]} == {"wind", "hit"}
    assert {name for name, truth in truths.items() if truth["thOnsetSharp"]} == {"pluck", "hit"}
    assert all(one.sound().shape[1] == 2 for one in found)


def test_a_label_decides_its_group_and_no_other() -> None:
    truth, unknown = labels_of({"mass-type": ("Harmonic sound",)})
    assert not unknown
    assert truth["dsMassHarmonic"] and truth["harmonicSpectrum"] and truth["spectralNote"]
    assert truth["dsMassNoisy"] is False and truth["node"] is False
    assert "dsOnsetSharp" not in truth


def test_a_narrower_label_denies_nothing() -> None:
    assert "spectralNote" not in labels_of({"mass-type": ("Noisy sound",)})[0]
    assert "openAttackDecay" not in labels_of({"offset": ("Laissez vibrer",)})[0]


def test_several_labels_of_a_group_hold_together() -> None:
    truth, _ = labels_of({"MassType": ("Noisy sound", "Cluster sound")})
    assert truth["spectralNoise"] and truth["node"] and truth["harmonicSpectrum"] is False


def test_an_unknown_label_denies_nothing_and_is_named() -> None:
    truth, unknown = labels_of({"onset": ("Sharp onset", "Odd"), "type": ("Drone",)})
    assert unknown == ["onset: Odd"]
    assert truth["thOnsetSharp"] and False not in truth.values()


def test_the_table_has_every_label_that_the_vocabulary_has() -> None:
    groups = {"dsMassType", "dsOnset", "dsSustain", "dsOffset", "dsPulse", "dsDirection"}
    own = {id_ for id_, concept in load_vocabulary().concepts.items() if concept.parent in groups}
    exact = {concept for entries in mapping().values() for predicate, concept in entries if predicate == "exactMatch"}
    assert exact == own


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schaeffer")
    done = acousma("corpus", "fetch", "schaeffer", "--source", described(folder / "source"), "--into", folder / "real")
    assert done.returncode == 0, done.stderr
    assert CITATION in done.stdout
    assert "CC-BY-4.0" in done.stdout
    assert "a label that the table does not have: offset: Odd" in done.stderr
    return folder / "real"


def test_the_corpus_keeps_licence_and_citation_and_no_names(made: Path) -> None:
    header, records = archive.load(made)
    assert (header["licence"], header["citation"], header["dataset"]) == ("CC-BY-4.0", CITATION, DATASET)
    assert CITATION in (made / "SOURCE.md").read_text(encoding="utf-8")
    assert [record["generator"] for record in records] == ["annotator 1"] * 2 + ["annotator 2"] * 2
    assert not any(who in (made / "manifest.jsonl").read_text(encoding="utf-8") for who in SOUNDS)
    assert acousma("corpus", "verify", made).returncode == 0


def test_an_evaluation_takes_the_corpus(made: Path, tmp_path: Path) -> None:
    done = acousma(
        "evaluate", "measured", "--corpus", made, "--conditions", "clean", "--out", tmp_path, "--format", "csv"
    )
    assert done.returncode == 0, done.stderr
    assert "true in 2 and false in 2 clips: fewer than 10" in done.stdout


def test_what_was_converted_is_kept_and_what_changed_is_not(tmp_path: Path) -> None:
    source, root = described(tmp_path / "source"), tmp_path / "real"
    begun = take(source, root, DATASET, print)
    next(begun)
    next(begun)
    begun.close()
    first, second = (root / f"clips/clean/00000{number}.flac" for number in (0, 1))
    before = first.stat().st_mtime_ns
    sf.write(source / "anna" / "wind.wav", 0.2 * noise(1.0), RATE)
    assert len(list(take(source, root, DATASET, print))) == 4
    assert first.stat().st_mtime_ns == before
    assert sf.info(second).frames == RATE


def test_a_sound_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    source = described(tmp_path / "source")
    (source / "ben" / "hit.wav").write_bytes(b"RIFF")
    told: list[str] = []
    assert len(list(take(source, tmp_path / "real", DATASET, told.append))) == 3
    assert any(line.startswith("ben/hit.wav is left out") for line in told)


def empty(folder: Path) -> None:
    folder.mkdir()


def broken(folder: Path) -> None:
    described(folder)
    (folder / "anna" / "pluck.json").write_text("{", encoding="utf-8")


def lost(folder: Path) -> None:
    described(folder)
    (folder / "anna" / "pluck.wav").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"), [(empty, "holds no sound"), (broken, "is not JSON"), (lost, "a sound pluck.wav that is not")]
)
def test_a_damaged_data_set_is_refused(tmp_path: Path, spoil: object, message: str) -> None:
    assert callable(spoil)
    spoil(tmp_path / "source")
    with pytest.raises(CorpusError, match=message):
        list(take(tmp_path / "source", tmp_path / "real", DATASET, print))


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(CorpusError, match="holds something else"):
        list(take(described(tmp_path / "source"), tmp_path / "real", DATASET, print))


def test_an_unknown_data_set_is_refused(tmp_path: Path) -> None:
    done = acousma("corpus", "fetch", "nonesuch", "--into", tmp_path / "real")
    assert done.returncode == 3
    assert "there is no data set 'nonesuch'" in done.stderr


def test_one_channel_is_put_in_both(tmp_path: Path) -> None:
    sound = next(sounds(described(tmp_path))).sound()
    assert np.array_equal(sound[:, 0], sound[:, 1])
