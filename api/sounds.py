"""Which sound the server gives to whom, and the copies it gives.

Conventions
-----------
The sound of a recording is *open* (everybody may hear it), *private* (whoever has a token), or *absent* (no file of it
is found on this machine, or the rule is `Hearing.NONE`). By `Hearing.LICENSED` it is open where the catalogue names an
open licence (`export.rights`). What is given is an *access copy*: MP3 at a constant rate, which every browser plays and
seeks in. It is made at the first request and kept in the folder ``access`` of the archive, which may be deleted.
"""

import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import soundfile

from api.places import find_sound
from api.protocol.access import Hearing
from export.material import AudioFile, Material
from export.rights import is_open
from ingest.decode import blocks
from ontology.errors import AudioError

__all__ = ["ACCESS", "Held", "access_copy", "held", "kept"]

ACCESS = "access"
"""Folder of copies and pictures, within that of the archive."""

_RATE = 48_000
_BLOCK = 1 << 16
_ENCODING = threading.Semaphore(2)
_LOCKS: dict[Path, threading.Lock] = {}
_GUARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class Held:
    """The sound of a recording, as far as this machine has it.

    Parameters
    ----------
    state : {"open", "private", "absent"}
    path : Path or None
    file : AudioFile or None
        Which of the recording's files it is.
    """

    state: Literal["open", "private", "absent"]
    path: Path | None = None
    file: AudioFile | None = None


def held(folder: Path | None, rule: Hearing, material: Material) -> Held:
    """Find the sound of a recording.

    Parameters
    ----------
    folder : Path or None
        Folder of the archive; without one no sound is known.
    rule : Hearing
    material : Material
    """
    for file in material.files if folder is not None and rule is not Hearing.NONE else ():
        path = find_sound(folder, [file.sha256]) if folder is not None else None
        if path is not None:
            free = rule is Hearing.OPEN or (rule is Hearing.LICENSED and is_open(material.work.rights))
            return Held("open" if free else "private", path, file)
    return Held("absent")


def kept(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return a file of the folder of copies, made if it is not there; whole or not at all.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    name : str
        Of the file; the same name means the same content.
    make : callable
        Writes it to the path it is given.
    """
    target = folder / ACCESS / name
    with _GUARD:
        lock = _LOCKS.setdefault(target, threading.Lock())
    with lock:
        if target.is_file():
            return target
        target.parent.mkdir(exist_ok=True)
        draft = target.with_name(f"{uuid.uuid4().hex}{target.suffix}")
        try:
            with _ENCODING:
                make(draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return target


def access_copy(source: Path) -> Callable[[Path], None]:
    """Return what writes the access copy of a sound file.

    Raises
    ------
    AudioError
        When called, if the file cannot be read or the copy not be written.
    """

    def make(target: Path) -> None:
        sound = blocks(source, _RATE)
        first = next(sound)
        try:
            with soundfile.SoundFile(
                os.fspath(target), "w", _RATE, first.shape[0], format="MP3", subtype="MPEG_LAYER_III",
                compression_level=0.35, bitrate_mode="CONSTANT",
            ) as copy:  # fmt: skip
                for block in chain([first], sound):
                    for start in range(0, block.shape[1], _BLOCK):
                        copy.write(block[:, start : start + _BLOCK].T)
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioError(f"no access copy of {source.name} can be written ({error})", "room on the disk") from error

    return make
