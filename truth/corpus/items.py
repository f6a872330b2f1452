"""What a corpus is to hold, and one item of it: rendered, degraded, written, recorded.

Conventions
-----------
* Sound files are FLAC, 24 bit, 48 kHz, two channels.
* A file is written under another name and then renamed.
* Equal seed, selection and versions give equal bytes on one kind of processor (others may round the last bit of a
  sine otherwise); the date is nowhere.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from ontology.errors import ParameterError
from truth.corpus import clips, degrade, etudes
from truth.corpus.clips import Part, Selection, Signal
from truth.corpus.parameters import Array
from truth.corpus.render import SAMPLE_RATE

__all__ = [
    "FOLDERS", "RECORDS", "Item", "Plan", "Record", "chance", "file_sum", "line", "make_item", "save_sound",
    "write_whole",
]  # fmt: skip

Record = dict[str, object]
"""One line of the manifest."""

FOLDERS = ("clips", "etudes")
RECORDS = "records"
"""Folder of the lines of a corpus that is being made."""


@dataclass(frozen=True)
class Plan:
    """What a corpus is to hold.

    Parameters
    ----------
    seed : int
        0 or more.
    size : int
        Clips, 0 or more.
    etudes : int
        Études, 0 or more; clips and études are not both 0.
    selection : Selection
        What clips are drawn from.
    conditions : tuple of str
        Degradations made besides the clean sound.
    only : tuple of int
        Indexes of the clips to make now; empty for all.

    Raises
    ------
    ParameterError
        If a number is out of range.
    UnknownName
        If a degradation is unknown.
    """

    seed: int
    size: int
    etudes: int = 0
    selection: Selection = field(default_factory=Selection)
    conditions: tuple[str, ...] = ()
    only: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ParameterError(f"the seed is {self.seed}", "0 or more")
        if min(self.size, self.etudes) < 0 or not self.size + self.etudes:
            raise ParameterError(
                f"the size is {self.size} clips and {self.etudes} études", "at least one clip or étude",
                "give --size or --etudes",
            )  # fmt: skip
        degrade.check_conditions(self.conditions)
        for index in self.only:
            if not 0 <= index < self.size:
                raise ParameterError(f"clip {index} was asked for", f"an index from 0 to {self.size - 1}")

    @property
    def items(self) -> tuple["Item", ...]:
        """What is to be made now, in order."""
        indexes = self.only or range(self.size)
        return (*(Item("clips", index) for index in indexes), *(Item("etudes", index) for index in range(self.etudes)))


@dataclass(frozen=True)
class Item:
    """One clip or étude, by its place."""

    folder: str
    index: int

    @property
    def id(self) -> str:
        """Name within its folder."""
        return f"{self.index:06d}" if self.folder == "clips" else f"{self.index:04d}"

    def file(self, condition: str) -> str:
        """Return the path of its sound within the corpus."""
        return f"{self.folder}/{condition}/{self.id}.flac"


# -- making --------------------------------------------------------------------------------------


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name and rename it, so that it is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def file_sum(path: Path) -> str:
    """Return the SHA-256 sum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_sound(root: Path, file: str, signal: Signal) -> dict[str, object]:
    """Write a sound of shape (samples, 2) as FLAC, whole or not at all, and return its name and sum."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    sf.write(part, signal, SAMPLE_RATE, format="FLAC", subtype="PCM_24", compression_level=0.3)
    part.replace(path)
    return {"file": file, "sha256": file_sum(path)}


def make_item(root: Path, plan: Plan, item: Item) -> Record:
    """Render one clip or étude in every condition, write its files and its record.

    Parameters
    ----------
    root : Path
        The corpus.
    plan : Plan
        What it is to hold.
    item : Item
        Which one.

    Returns
    -------
    dict
        Its line of the manifest.
    """
    if item.folder == "clips":
        clip = clips.draw(plan.seed, item.index, plan.selection)
        known, parts = clips.plan_of(clip), clips.layers(clip)
    else:
        etude = etudes.compose(plan.seed, item.index)
        known, parts = etudes.plan_of(etude), etudes.stems(etude)
    whole = clips.added(parts, clips.samples(float(str(known["length"]))))
    signal = np.asarray(whole, np.float32)
    files: dict[str, object] = {}
    for place, condition in enumerate((degrade.CLEAN, *plan.conditions)):
        rng = chance(plan.seed, item, condition)
        heard = degrade.CONDITIONS[condition](signal.astype(np.float64), rng) if place else whole
        saved = save_sound(root, item.file(condition), degrade.fitted(heard) if place else signal)
        files[condition] = saved | {"events": _audible(condition, parts, whole, heard)}
    record: Record = {"id": item.id, "kind": item.folder, **known, "conditions": files}
    write_whole(root / RECORDS / f"{item.folder}-{item.id}.json", line(record).encode())
    return record


def chance(seed: int, item: Item, condition: str) -> np.random.Generator:
    """Return the source of noise and reverberation for one item in one condition."""
    place = (degrade.CLEAN, *degrade.CONDITIONS).index(condition)
    return np.random.default_rng([seed, FOLDERS.index(item.folder), item.index, 3, place])


def line(record: Mapping[str, object]) -> str:
    """Return a record as one line of JSON."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _audible(condition: str, parts: list[Part], whole: Array, heard: Array) -> list[dict[str, object]]:
    """Return margin and audibility of each event in a condition; see `truth.corpus.degrade.margin`."""
    found: list[dict[str, object]] = []
    rest = whole
    if condition.startswith("noise"):  # what was added counts as something else that sounds
        rest = heard
    for part in parts:
        own, other = part.samples, rest[part.first : part.last] - part.samples
        if condition in degrade.APART:
            own, other = degrade.linear(own, condition), degrade.linear(other, condition)
        decibels = degrade.margin(own, other)
        found.append({"margin": decibels, "audible": degrade.audible(decibels)})
    return found
