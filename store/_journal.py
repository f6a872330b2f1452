"""The journal names the graphs that are being written in more than one transaction.

pyoxigraph's ``bulk_load`` is fast because it is no transaction: a process killed in the middle leaves part of
it. So the graphs are named in a file first; a file that is still there when the store is next opened names
graphs to remove.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from store._generations import sync_folder

__all__ = ["Entry", "Journal"]


@dataclass(frozen=True)
class Entry:
    """The graphs of one bulk load.

    Parameters
    ----------
    graphs : tuple of str
        All of them: not whole until the entry is gone.
    replaced : tuple of str
        Those of them that held quads before.
    """

    graphs: tuple[str, ...]
    replaced: tuple[str, ...]


class Journal:
    """The journal of one store, used by its one writer.

    Parameters
    ----------
    folder : Path
        Where the entry is; made if absent.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "bulk_load.json"
        folder.mkdir(exist_ok=True)

    def begin(self, entry: Entry) -> None:
        """Note, safely on the disk, that these graphs are not whole from now on."""
        fresh = self._folder / "bulk_load.json.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(entry), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        sync_folder(self._folder)

    def end(self) -> None:
        """Note that all graphs are whole."""
        for file in self._folder.iterdir():
            file.unlink()
        sync_folder(self._folder)

    def unfinished(self) -> Entry | None:
        """Return what a writer left unfinished, if anything."""
        if not self._file.exists():
            return None
        noted = json.loads(self._file.read_text(encoding="utf-8"))
        return Entry(tuple(noted["graphs"]), tuple(noted["replaced"]))
