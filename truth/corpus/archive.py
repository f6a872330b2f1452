"""A corpus in a folder: sound files, one line of truth for each, and the sums that show whether it is whole.

::

    corpus.json            seed, size, what it was drawn from, versions, licence, sum of the manifest
    manifest.jsonl         one line per clip, then one per étude: parameters, labels, events, trajectories, files
    clips/clean/000000.flac, clips/noise20/000000.flac ...
    etudes/clean/0000.flac ...

Conventions
-----------
* Sound files are FLAC, 24 bit, 48 kHz, two channels.
* A file is written under another name and then renamed; each finished item leaves a line in ``records/`` until the
  manifest is written, so that a make that was killed goes on where it stopped.
* Equal seed, selection and versions give equal bytes on one kind of processor (others may round the last bit of a
  sine otherwise); the date is nowhere.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import soundfile as sf

from ontology.errors import CorpusError
from truth.corpus import degrade
from truth.corpus.items import FOLDERS, RECORDS, Item, Plan, Record, file_sum, line, write_whole
from truth.corpus.render import SAMPLE_RATE

__all__ = ["check_folder", "finish", "keep", "load", "missing", "prepare", "verify"]

FORMAT = "acousma-corpus/1"
HEADER, MANIFEST, NOTICE = "corpus.json", "manifest.jsonl", "SOURCE.md"
LICENCE = "CC0-1.0"


@cache
def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("acousma", "numpy", "soundfile")}
    return libraries | {"libsndfile": sf.__libsndfile_version__}


def _header(plan: Plan) -> dict[str, object]:
    return {
        "format": FORMAT,
        "seed": plan.seed,
        "generators": list(plan.selection.generators),
        "concepts": list(plan.selection.concepts),
        "size": plan.size,
        "etudes": plan.etudes,
        "conditions": [degrade.CLEAN, *plan.conditions],
        "sample_rate": SAMPLE_RATE,
        "licence": LICENCE,
        "versions": _versions(),
    }


def _read_header(root: Path) -> dict[str, object]:
    path = root / HEADER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CorpusError(f"{root} holds no {HEADER}", "a folder made by acousma corpus make") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is not JSON", "the file that acousma corpus make wrote", _AGAIN) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CorpusError(
            f"{path} has the format {found.get('format') if isinstance(found, dict) else found!r}", FORMAT
        )
    return found


_AGAIN = "make the corpus again in another folder"


def check_folder(root: Path, plan: Plan) -> None:
    """Check that a corpus may be made in a folder: it is new, empty, or holds part of the same corpus.

    Raises
    ------
    CorpusError
        If it holds something else, another corpus, or a larger one.
    """
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    if not root.is_dir():
        raise CorpusError(f"{root} is a file", "a folder", "choose another name")
    if not (root / HEADER).is_file():
        raise CorpusError(f"{root} holds files but no {HEADER}", "a new or empty folder, or a corpus", "choose another")
    found, wanted = _read_header(root), _header(plan)
    for name in ("seed", "generators", "concepts", "versions"):
        if found.get(name) != wanted[name]:
            there, asked = json.dumps(found.get(name)), json.dumps(wanted[name])
            advice = "choose another folder, or the same settings"
            raise CorpusError(f"{root} holds a corpus with {name} {there}", f"{name} {asked}", advice)
    for name, size in (("size", plan.size), ("etudes", plan.etudes)):
        already = found.get(name)
        if isinstance(already, int) and already > size:
            raise CorpusError(f"{root} has the {name} {already}, larger than {size}", f"{name} of at least {already}")
    lost = [name for name in _strings(found.get("conditions")) if name not in (degrade.CLEAN, *plan.conditions)]
    if lost:
        raise CorpusError(
            f"{root} also holds {', '.join(lost)}", "at least its conditions", "name them in --degrade too"
        )


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def prepare(root: Path, plan: Plan) -> dict[Item, Record]:
    """Make a folder ready for a corpus and return what is there already.

    Parameters
    ----------
    root : Path
        The folder; created if missing.
    plan : Plan
        What it is to hold.

    Returns
    -------
    dict of Item to dict
        Records of the clips and études that are there, whole and unchanged, in all conditions.

    Raises
    ------
    CorpusError
        As `check_folder`.
    """
    check_folder(root, plan)
    (root / RECORDS).mkdir(parents=True, exist_ok=True)
    known = {_item(record): record for record in (*_manifest(root, missing_ok=True), *_records(root))}
    write_whole(root / HEADER, _document(_header(plan) | {"complete": False}))
    conditions = (degrade.CLEAN, *plan.conditions)
    return {item: record for item, record in known.items() if _whole(root, record, conditions)}


def _document(header: Mapping[str, object]) -> bytes:
    return (json.dumps(header, ensure_ascii=False, indent=2) + "\n").encode()


def _item(record: Mapping[str, object]) -> Item:
    return Item(str(record["kind"]), int(str(record["id"])))


def _records(root: Path) -> Iterator[Record]:
    for path in sorted((root / RECORDS).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _manifest(root: Path, *, missing_ok: bool = False) -> list[Record]:
    path = root / MANIFEST
    if missing_ok and not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError as error:
        raise CorpusError(f"{root} has no {MANIFEST}", "a corpus that was made to its end", "make it again") from error
    except ValueError as error:
        raise CorpusError(f"{path} is not JSON line by line", "the file that was made", _AGAIN) from error


def _files(record: Mapping[str, object]) -> dict[str, dict[str, object]]:
    conditions = record["conditions"]
    assert isinstance(conditions, dict)
    return conditions


def _whole(root: Path, record: Mapping[str, object], conditions: tuple[str, ...]) -> bool:
    files = _files(record)
    paths = [(root / str(files[name]["file"]), files[name]["sha256"]) for name in conditions if name in files]
    return len(paths) == len(conditions) and all(path.is_file() and file_sum(path) == known for path, known in paths)


def missing(plan: Plan, known: Mapping[Item, Record]) -> list[Item]:
    """Return what is still to be made."""
    return [item for item in plan.items if item not in known]


def finish(root: Path, plan: Plan, known: Mapping[Item, Record]) -> bool:
    """Write the manifest and the header of what has been made.

    Returns
    -------
    bool
        Whether the corpus is complete; with `Plan.only` it may not be.
    """
    order = sorted(known, key=lambda item: (FOLDERS.index(item.folder), item.index))
    manifest = "".join(line(known[item]) for item in order).encode()
    whole = {item for item in known if item.index < (plan.size if item.folder == "clips" else plan.etudes)}
    complete = len(whole) == plan.size + plan.etudes
    write_whole(root / MANIFEST, manifest)
    found = {"complete": complete, "manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    write_whole(root / HEADER, _document(_header(plan) | found))
    shutil.rmtree(root / RECORDS)
    return complete


def keep(root: Path, header: Mapping[str, object], records: Sequence[Record], notice: str) -> None:
    """Write the manifest and the header of a corpus whose sounds were not made here, and where they come from.

    Parameters
    ----------
    root : Path
        With the sounds in it.
    header : Mapping of str to object
        Seed, size, licence and what else is to be known.
    records : sequence of dict
        One per clip, in order.
    notice : str
        Source, licence and citation as a text.
    """
    manifest = "".join(map(line, records)).encode()
    write_whole(root / NOTICE, notice.encode())
    write_whole(root / MANIFEST, manifest)
    found = {"complete": True, "manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    versions: dict[str, object] = {"format": FORMAT, "sample_rate": SAMPLE_RATE, "versions": _versions()}
    write_whole(root / HEADER, _document(versions | dict(header) | found))
    shutil.rmtree(root / RECORDS, ignore_errors=True)


def load(root: Path) -> tuple[dict[str, object], list[Record]]:
    """Read header and manifest of a corpus.

    Raises
    ------
    CorpusError
        If it is no corpus, was not made to its end, or its manifest was changed.
    """
    header = _read_header(root)
    records = _manifest(root)
    if file_sum(root / MANIFEST) != header.get("manifest_sha256"):
        raise CorpusError(f"{root / MANIFEST} was changed since it was made", "the file that was made", _AGAIN)
    return header, records


def verify(root: Path) -> Iterator[tuple[str, str | None]]:
    """Compare every file of a corpus with its sum.

    Yields
    ------
    tuple of str and (str or None)
        Path of a file within the corpus, and what is wrong with it; None if nothing is.

    Raises
    ------
    CorpusError
        As `load`.
    """
    header, records = load(root)
    listed = {HEADER, MANIFEST, NOTICE}
    for record in records:
        for entry in _files(record).values():
            file = str(entry["file"])
            listed.add(file)
            path = root / file
            if not path.is_file():
                yield file, "is missing"
            else:
                yield file, None if file_sum(path) == entry["sha256"] else "was changed since it was made"
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            file = (Path(folder) / name).relative_to(root).as_posix()
            if file not in listed:
                yield file, "is not in the manifest"
    if not header.get("complete"):
        yield MANIFEST, "lists only part of the corpus: make the rest"
