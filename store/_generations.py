"""Published generations: whole copies of the live store (hard links) that readers open while it is written.

::

    <folder>/
    ├── live/                  the store itself, opened by the one writing process only
    ├── journal/               see :mod:`store._journal`
    ├── revisions.jsonl        see :mod:`store._revisions`
    ├── generations/000007/    a whole copy, never changed
    ├── generations/.000008.partial/   one being made, or left by a process that was killed
    ├── generations/.000005.gone/      one being removed
    └── current -> generations/000007

``current`` is replaced in one step, so that it always names a whole generation.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyoxigraph as ox

from ontology.errors import StoreError

__all__ = ["Generations", "sync_folder"]

_GRACE_SECONDS = 10.0
"""How long a generation stays after the next one came, for a reader may be about to open it (which takes far
less); what it has opened it can read to the end."""


class Generations:
    """The generations of one store.

    Parameters
    ----------
    root : Path
        Folder of the store.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / "generations"
        self._link = root / "current"

    def current(self) -> Path | None:
        """Return the newest generation, or None if nothing has been published."""
        found = self.current_folder()
        return None if found is None else Path(found)

    def current_folder(self) -> str | None:
        """Return the folder of the newest generation as text, which each query asks for."""
        try:
            return os.path.join(self._root, os.readlink(self._link))  # noqa: PTH115, PTH118 - four times as fast
        except (FileNotFoundError, NotADirectoryError):
            return None

    def publish(self, live: ox.Store, mark: Callable[[Path], None]) -> Path:
        """Make a generation of the live store and let ``current`` name it; old ones go.

        Parameters
        ----------
        live : Store
        mark : callable
            Called with the folder of the generation before it has its name, to add to it.

        Raises
        ------
        StoreError
            If the copy cannot be made (disk full, no rights).
        """
        self._folder.mkdir(exist_ok=True)
        name = f"{max(self._numbers(), default=0) + 1:06d}"
        partial, whole = self._folder / f".{name}.partial", self._folder / name
        try:
            if partial.exists():  # left by a publication that failed
                shutil.rmtree(partial)
            live.backup(partial)
            mark(partial)
            partial.rename(whole)
            sync_folder(self._folder)
            self._point_to(whole)
        except (OSError, RuntimeError) as error:
            raise StoreError(
                f"generation {name} could not be published: {error}",
                None,
                "check space and rights on the disk",
            ) from error
        self.sweep()
        return whole

    def sweep(self) -> None:
        """Remove old generations and what is left of unfinished ones; only the writer may."""
        if not self._folder.is_dir():
            return
        names = [f"{number:06d}" for number in sorted(self._numbers())]
        recent = time.time() - _GRACE_SECONDS
        kept = {name for name, after in itertools.pairwise(names) if (self._folder / after).stat().st_mtime > recent}
        if (current := self.current()) is not None:
            kept.add(current.name)
        for entry in self._folder.iterdir():
            if entry.name not in kept:
                gone = entry.with_name(f".{entry.name.strip('.')}.gone")
                with suppress(OSError):  # so that nobody opens a part of it
                    entry.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)

    def _numbers(self) -> list[int]:
        return [int(entry.name) for entry in self._folder.iterdir() if entry.name.isdigit()]

    def _point_to(self, generation: Path) -> None:
        fresh = self._root / "current.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(generation.relative_to(self._root))
        fresh.replace(self._link)
        sync_folder(self._root)


def sync_folder(folder: Path) -> None:
    """Write the entries of a folder to the disk, so that they outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
