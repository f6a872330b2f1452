"""The SCHAEFFER data set as a test set: real sounds, with labels by composers and researchers.

Conventions
-----------
* The data set is a dataset of a hub, fetched by `huggingface_hub` (what is there already is not fetched again), or a
  folder with the same files. Two layouts are read: a JSON file beside each sound, with ``object.filename`` and
  ``object.labels``, as the data set is handed out; and Parquet files with a column ``audio`` and one column per group
  of labels, as the hub shows its first edition. Nothing that comes with it is run.
* ``truth/schaeffer.csv`` maps labels to concepts, by SKOS predicates. *exactMatch* and *closeMatch* make a concept
  true where the label is given, and false where its group has only other labels; *narrowMatch* (the label is
  narrower) makes it true only; *relatedMatch* decides nothing.
* The place of a generator is taken by the annotator: calibration on other generators is calibration on other
  annotators. Their names are not kept.

References
----------
M. Berta and D. Ghisi, SCHAEFFER: Spectro-morphological Corpus of Human-annotated Audio with Electroacoustic Features
for Experimental Research, DAFx 2025.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

from ingest.decode import RATE, blocks
from ontology.errors import AudioError, CorpusError
from ontology.tables import read_rows
from ontology.vocabulary import load_vocabulary
from truth.corpus.clips import Signal

__all__ = ["CITATION", "DATASET", "LICENCE", "Labelled", "fetched", "labels_of", "mapping", "sounds"]

DATASET = "dbschaeffer/SCHAEFFER"
LICENCE = "CC-BY-4.0"
CITATION = (
    "M. Berta and D. Ghisi, SCHAEFFER: Spectro-morphological Corpus of Human-annotated Audio with Electroacoustic "
    "Features for Experimental Research, DAFx 2025"
)
_TABLE = Path(__file__).with_name("schaeffer.csv")
_PREDICATES = ("exactMatch", "closeMatch", "narrowMatch", "relatedMatch")
_DECIDES = frozenset({"exactMatch", "closeMatch"})
_GROUPS = {"directionality": "direction", "pulse": "pulsetypology", "mass": "masstype"}
"""Other names of groups."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sound of the data set.

    Parameters
    ----------
    name : str
        Path within the data set.
    annotator : str
        Who labelled it, as the data set tells them apart.
    labels : Mapping of str to tuple of str
        Labels by group.
    data : bytes or Path
        Of the sound file.
    """

    name: str
    annotator: str
    labels: Mapping[str, tuple[str, ...]]
    data: bytes | Path

    def sound(self) -> Signal:
        """Return the sound at 48 kHz as two channels; one channel is put in both.

        Raises
        ------
        AudioError
            If it cannot be read.
        """
        parts = list(blocks(self.data)) if isinstance(self.data, Path) else _decoded(self.name, self.data)
        whole = np.concatenate(parts, axis=1)
        return np.ascontiguousarray(np.repeat(whole, 2, axis=0).T if len(whole) == 1 else whole.T, np.float32)


def _decoded(name: str, data: bytes) -> list[Signal]:
    try:
        sound, rate = sf.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except sf.LibsndfileError as error:
        raise AudioError(f"{name} cannot be read ({error.error_string})", "a sound file") from error
    return [np.asarray(soxr.resample(sound[:, :2], rate, RATE), np.float32).T]


def _key(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _group(text: str) -> str:
    return _GROUPS.get(_key(text), _key(text))


@cache
def mapping() -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Return predicates and concepts by group and label, both as letters and digits only.

    Raises
    ------
    VocabularyError
        If a row names no concept, an unknown predicate, or gives no reason.
    """
    concepts = load_vocabulary().concepts
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in read_rows(_TABLE, ("group", "label", "predicate", "concept", "justification")):
        row.text("justification")
        entry = row.one_of("predicate", _PREDICATES), row.known("concept", concepts, "concept")
        found.setdefault((_group(row.text("group")), _key(row.text("label"))), []).append(entry)
    return {key: tuple(entries) for key, entries in found.items()}


def labels_of(given: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, bool], list[str]]:
    """Return the truth of concepts that labels decide, and the labels that are not in the table.

    Parameters
    ----------
    given : Mapping of str to tuple of str
        Labels by group.

    Returns
    -------
    labels : dict of str to bool
        A group with an unknown label makes nothing false.
    unknown : list of str
        As ``group: label``, of groups that the table has.
    """
    table = mapping()
    groups = {group for group, _ in table}
    found: dict[str, bool] = {}
    unknown: list[str] = []
    for name, labels in given.items():
        group = _group(name)
        if group not in groups or not labels:
            continue
        strange = [label for label in labels if (group, _key(label)) not in table]
        unknown += [f"{name}: {label}" for label in strange]
        entries = [entry for label in labels for entry in table.get((group, _key(label)), ())]
        for predicate, concept in entries:
            if predicate != "relatedMatch":
                found[concept] = True
        if not strange:
            given_here = {concept for _, concept in entries}
            for (other, _), listed in table.items():
                for predicate, concept in listed:
                    if other == group and predicate in _DECIDES and concept not in given_here:
                        found.setdefault(concept, False)
    return found, unknown


def fetched(dataset: str, revision: str | None = None) -> Path:
    """Fetch the data set from the hub into its cache; what is there is not fetched again.

    Raises
    ------
    CorpusError
        If there is no such data set, or the hub cannot be reached.
    """
    try:
        return Path(snapshot_download(dataset, repo_type="dataset", revision=revision))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise CorpusError(
            f"the data set {dataset} cannot be had ({str(error).splitlines()[0]})", "the id of a dataset on the hub",
            "check the name, the network and HF_HUB_OFFLINE, or give a folder with --source",
        ) from error  # fmt: skip


def sounds(folder: Path) -> Iterator[Labelled]:
    """Yield the sounds of the data set in a folder, in order of their names.

    Raises
    ------
    CorpusError
        If the folder holds neither layout, or a file of it cannot be used.
    """
    described = [path for path in sorted(folder.rglob("*.json")) if isinstance(_read(path).get("object"), dict)]
    tables = sorted(folder.rglob("*.parquet"))
    if not described and not tables:
        raise CorpusError(
            f"{folder} holds no sound of the data set", "JSON files with object.labels, or Parquet files",
            "check the folder, or fetch it again",
        )  # fmt: skip
    for path in described:
        yield _described(folder, path)
    for path in tables if not described else ():
        yield from _rows(folder, path)


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is not JSON", "the file of the data set", "fetch it again") from error
    return found if isinstance(found, dict) else {}


def _described(folder: Path, path: Path) -> Labelled:
    told = _read(path)["object"]
    assert isinstance(told, dict)
    labels, file = told.get("labels"), path.parent / Path(str(told.get("filename"))).name
    if not isinstance(labels, dict) or not file.is_file():
        raise CorpusError(
            f"{path} names {'no labels' if file.is_file() else f'a sound {file.name} that is not there'}",
            "object.labels, and a sound beside it as object.filename", "fetch it again",
        )  # fmt: skip
    given = {str(group): _several(label) for group, label in labels.items()}
    return Labelled(file.relative_to(folder).as_posix(), path.parent.name, given, file)


def _several(cell: object) -> tuple[str, ...]:
    texts = cell if isinstance(cell, list) else str(cell or "").replace(";", ",").split(",")
    return tuple(text for item in texts if (text := str(item).strip()))


def _rows(folder: Path, path: Path) -> Iterator[Labelled]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        install = "pip install 'acousma[schaeffer]'"
        raise CorpusError(f"{path} is a Parquet file", "the library pyarrow", install) from error
    place = path.relative_to(folder).as_posix()
    for batch in parquet.ParquetFile(path).iter_batches(batch_size=16):
        for row in batch.to_pylist():
            audio = row.pop("audio", None)
            if not isinstance(audio, dict) or not isinstance(audio.get("bytes"), bytes):
                raise CorpusError(f"{path} has no sound in a row", "a column audio with bytes", "fetch it again")
            labels = {group: _several(cell) for group, cell in row.items() if group not in {"username", "description"}}
            yield Labelled(
                f"{place}#{audio.get('path')}", str(row.get("username") or "unknown"), labels, audio["bytes"]
            )
