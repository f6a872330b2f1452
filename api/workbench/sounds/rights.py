"""Who may hear the sound of a recording.

Conventions
-----------
The sound of a recording is *absent* where no file of it is known on this machine, *open* where everybody who reads may
hear it, else *private*: whoever is signed in may. By the setting ``ACOUSMA_AUDIO`` sound is open where the catalogue
names an open licence of each work (``licensed``), never (``token``), always (``open``); ``none`` keeps all sound in.
A recording that is of no work, or of a work without a licence, has no open licence. What was derived from a recording,
as what a model hears of it, is heard by those who may hear that recording.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import anyio.to_thread
from fastapi import Request

from api.places import find_sound, noted
from api.protocol.access import Hearing
from api.protocol.problems import Problem
from api.rest.asking import ask_by_line, values_of
from api.workbench.bench import Bench
from export.rights import is_open

__all__ = ["Right", "Sound", "file_of", "sound_of", "sounds_of"]

_SOUNDS = """SELECT DISTINCT ?recording ?sum ?work ?rights WHERE {{
  VALUES ?recording {{ {recordings} }}
  {{ GRAPH ?g {{ ?file mo:encodes ?recording ; acm:sha256 ?sum }} }}
  UNION {{ GRAPH ?g {{ ?work frbr:realization ?recording OPTIONAL {{ ?work dcterms:rights ?rights }} }} }}
  UNION {{ GRAPH ?h {{ ?recording prov:wasDerivedFrom ?span }} ?span oa:hasSource ?original .
    GRAPH ?g {{ ?work frbr:realization ?original OPTIONAL {{ ?work dcterms:rights ?rights }} }} }}
}}"""


class Right(StrEnum):
    """Who may hear a sound."""

    OPEN = "open"
    PRIVATE = "private"
    ABSENT = "absent"


@dataclass(frozen=True)
class Sound:
    """The sound of a recording.

    Parameters
    ----------
    sums : tuple of str
        SHA-256 sums of its files.
    right : Right
    heard : bool
        Whether the reader of a request may hear it.
    """

    sums: tuple[str, ...]
    right: Right
    heard: bool


async def sounds_of(bench: Bench, request: Request, recordings: list[str]) -> dict[str, Sound]:
    """Return the sounds of some recordings, by IRI; whether the files are what they were is not looked at."""
    token = bench.reader(request)
    if not recordings:
        return {}
    sums: dict[str, list[str]] = {iri: [] for iri in recordings}
    rights: dict[str, dict[str, str]] = {iri: {} for iri in recordings}
    for row in await ask_by_line(bench.service, request, _SOUNDS.format(recordings=values_of(recordings))):
        if "sum" in row:
            sums[row["recording"]].append(row["sum"])
        elif "work" in row:
            rights[row["recording"]][row["work"]] = row.get("rights", "")
    hearing, folder = bench.service.access.hearing, bench.folder
    known = {} if folder is None else await anyio.to_thread.run_sync(noted, folder)

    def sound(iri: str) -> Sound:
        there = tuple(one for one in sums[iri] if one in known and Path(known[one]).is_file())
        if not there or hearing is Hearing.NONE:
            return Sound((), Right.ABSENT, heard=False)
        licences = list(rights[iri].values())
        free = hearing is Hearing.OPEN or (
            hearing is Hearing.LICENSED and bool(licences) and all(map(is_open, licences))
        )
        return Sound(there, Right.OPEN if free else Right.PRIVATE, heard=free or token is not None)

    return {iri: sound(iri) for iri in recordings}


async def sound_of(bench: Bench, request: Request, recording: str) -> Sound:
    """Return the sound of a recording."""
    return (await sounds_of(bench, request, [recording]))[recording]


async def file_of(bench: Bench, request: Request, recording: str) -> Path:
    """Return the file of a recording that the reader of a request may hear.

    Raises
    ------
    Problem
        404, if there is none, or the file was changed; 401, if it is private and nobody is signed in.
    """
    sound = await sound_of(bench, request, recording)
    if sound.right is Right.ABSENT or bench.folder is None:
        raise Problem(404, "No sound of this recording is kept here.")
    if not sound.heard:
        challenge = {"WWW-Authenticate": 'Bearer realm="acousma"'}
        raise Problem(401, "The sound of this recording is private. To do: sign in with a token.", challenge)
    folder, sums = bench.folder, sound.sums
    path = await anyio.to_thread.run_sync(lambda: find_sound(folder, sums))
    if path is None:
        raise Problem(404, "The sound of this recording is not where it was, or is no longer the same.")
    return path
