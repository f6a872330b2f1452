"""Which graph was written to since when: a log beside the live store, and a mark in each generation.

Conventions
-----------
- Before a graph is written to, a line with its name and a new revision (a random number) is added to
  ``revisions.jsonl``; a line without a name stands for an update that may have changed any graph. Since the line
  comes first, a process that is killed in between leaves a new revision of old content, never the reverse.
- A generation holds in ``revision.json`` how much of the log was written when it was made. What a reader sees of a
  graph is thus of one revision, and equal revisions mean equal content.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

__all__ = ["Revisions", "published_revisions"]

_LOG, _MARK = "revisions.jsonl", "revision.json"


class Revisions:
    """The log of one store, used by its one writer.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / _LOG

    def note(self, graphs: Iterable[str] | None) -> dict[str, str]:
        """Note, safely on the disk, that graphs (None: any) are about to be written to, and return their revisions."""
        names = [None] if graphs is None else list(dict.fromkeys(graphs))
        torn = _length(self._log) > 0 and not _ends_whole(self._log)
        revisions = {name: uuid.uuid4().hex for name in names}
        with self._log.open("ab") as file:
            if torn:
                file.write(b"\n")
            for name, revision in revisions.items():
                file.write(json.dumps({"graph": name, "revision": revision}).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return {name: revision for name, revision in revisions.items() if name is not None}

    def mark(self, generation: Path) -> None:
        """Write into a generation that is being made how much of the log it has seen."""
        (generation / _MARK).write_text(json.dumps({"log_bytes": _length(self._log)}), encoding="utf-8")


def published_revisions(folder: Path, generation: Path) -> Mapping[str | None, str]:
    """Return the revision of each graph of a generation that was ever noted.

    Parameters
    ----------
    folder : Path
        Folder of the store.
    generation : Path
        Folder of the generation.

    Returns
    -------
    Mapping of str or None to str
        Revision by graph; under None that of all others.
    """
    try:
        seen = int(json.loads((generation / _MARK).read_text(encoding="utf-8"))["log_bytes"])
        with (folder / _LOG).open("rb") as file:
            log = file.read(seen)
    except FileNotFoundError:  # made before there was a log
        return {None: ""}
    revisions: dict[str | None, str] = {None: ""}
    for graph, revision in _lines(log):
        if graph is None:
            revisions.clear()
        revisions[graph] = revision
    return revisions


def _lines(log: bytes) -> Iterator[tuple[str | None, str]]:
    for line in log.splitlines():
        try:
            noted = json.loads(line)
        except ValueError:  # a line that a killed writer left torn: nothing was written after it
            continue
        yield noted["graph"], str(noted["revision"])


def _length(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _ends_whole(log: Path) -> bool:
    with log.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
