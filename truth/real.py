"""A corpus of real sounds that somebody else has labelled, in the form of `truth.corpus.archive`.

Conventions
-----------
A clip that is there already, from the same bytes, is not converted again. A sound that cannot be read is left out and
named. Real sounds differ in length and level as composers made them: baselines may know something here.
"""

import hashlib
import json
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from ontology.errors import AcousmaError, CorpusError
from truth import schaeffer
from truth.corpus import archive
from truth.corpus.degrade import CLEAN
from truth.corpus.items import RECORDS, Item, Record, line, save_sound, write_whole
from truth.corpus.render import SAMPLE_RATE, loudest

__all__ = ["take"]

_LEAST_SECONDS = 0.05


def take(source: Path, root: Path, dataset: str, report: Callable[[str], None]) -> Generator[Record]:
    """Turn the data set in a folder into a corpus.

    Parameters
    ----------
    source : Path
        Where the data set is.
    root : Path
        The corpus; new, empty, or begun from the same data set.
    dataset : str
        Its id on the hub, for the record.
    report : callable
        Told of sounds that are left out and of labels that are not in the table.

    Yields
    ------
    dict
        A record, once its sound is written. The manifest is written after the last one.

    Raises
    ------
    CorpusError
        If the source is no such data set, or the folder holds something else.
    """
    _check(root, dataset)
    (root / RECORDS).mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    annotators: dict[str, str] = {}
    unknown: set[str] = set()
    for given in schaeffer.sounds(source):
        item = Item("clips", len(records))
        who = annotators.setdefault(given.annotator, f"annotator {len(annotators) + 1}")
        try:
            record = _record(root, item, given, who)
        except CorpusError:
            raise
        except AcousmaError as error:
            report(f"{given.name} is left out: {error}")
            continue
        unknown.update(schaeffer.labels_of(given.labels)[1])
        records.append(record)
        yield record
    for label in sorted(unknown):
        report(f"a label that the table does not have: {label}")
    header = {"seed": 0, "size": len(records), "etudes": 0, "conditions": [CLEAN], "dataset": dataset,
              "licence": schaeffer.LICENCE, "citation": schaeffer.CITATION}  # fmt: skip
    archive.keep(root, header, records, _notice(dataset))


def _check(root: Path, dataset: str) -> None:
    if root.exists() and not root.is_dir():
        raise CorpusError(f"{root} is a file", "a folder", "choose another name")
    if not root.exists() or not any(root.iterdir()):
        return
    begun = (root / RECORDS).is_dir()
    header = root / archive.HEADER
    known = json.loads(header.read_text(encoding="utf-8")).get("dataset") if header.is_file() else None
    if known != dataset and (header.is_file() or not begun):
        raise CorpusError(f"{root} holds something else", f"a new folder, or a corpus of {dataset}", "choose another")


def _record(root: Path, item: Item, given: schaeffer.Labelled, who: str) -> Record:
    data = given.data if isinstance(given.data, bytes) else given.data.read_bytes()
    own = hashlib.sha256(data).hexdigest()
    path = root / RECORDS / f"{item.folder}-{item.id}.json"
    if path.is_file():
        known: Record = json.loads(path.read_text(encoding="utf-8"))
        if known.get("source_sha256") == own and (root / item.file(CLEAN)).is_file():
            return known
    signal = given.sound()
    length = len(signal) / SAMPLE_RATE
    if length < _LEAST_SECONDS:
        raise AcousmaError(f"it lasts {length:.3f} s", f"a sound of {_LEAST_SECONDS} s or more", "leave it out")
    labels, _ = schaeffer.labels_of(given.labels)
    level = round(20 * float(np.log10(max(loudest(signal.astype(np.float64)), 1e-9))), 2)
    true = sorted(concept for concept, holds in labels.items() if holds)
    # without the folder, which may be called after the annotator
    name = given.name.replace("#", "/").rsplit("/", 1)[-1]
    record: Record = {
        "id": item.id, "kind": item.folder, "index": item.index, "generator": who, "length": round(length, 4),
        "level": level, "start": 0.0, "parameters": {"source": name}, "labels": dict(sorted(labels.items())),
        "events": [{"start": 0.0, "end": round(length, 4), "concepts": true}], "trajectories": [],
        "conditions": {CLEAN: save_sound(root, item.file(CLEAN), signal) | {"events": []}}, "source_sha256": own,
    }  # fmt: skip
    write_whole(path, line(record).encode())
    return record


def _notice(dataset: str) -> str:
    return (
        f"# Source\n\nThe sounds and labels are those of the SCHAEFFER data set\n"
        f"(https://huggingface.co/datasets/{dataset}), licence {schaeffer.LICENCE}\n"
        f"(https://creativecommons.org/licenses/by/4.0/). Cite: {schaeffer.CITATION}.\n\n"
        "Changed: converted to FLAC of 48 kHz and two channels; labels mapped to concepts; annotators not named.\n"
    )
