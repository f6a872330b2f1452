"""The file of the side index, and how a new state of it takes the time of what has changed.

Conventions
-----------
- A state is ``index.sqlite``, which generations share (hard links) and nobody changes, and where something has changed
  since, the log of SQLite beside it, ``index.sqlite-wal``: the pages that are other now [1]_. A new generation has the
  same file and a longer log. A log that has grown past a share of the file is written into a copy of it.
- Between two publications the state is private to the writer, in the folder of the archive. What a killed writer leaves
  of it is thrown away.
- The writer's link to a shared file is taken away as soon as SQLite has opened it: into a file that has been moved
  SQLite never writes its log back, whatever ends the connection.

References
----------
.. [1] "Write-Ahead Logging", https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from store._splice import open_index
from store.index.schema import FILE, LOG, SCHEMA, VERSION

__all__ = ["WriterFile", "opened"]

SHARE, MOST_BYTES = 8, 32 * 1024**2
"""The log, which each publication copies, is written into a copy of the file when it has more than one part in so many
of its bytes, or more than so many bytes."""

_WAL_FORMAT = b"\x02"
_FORMAT_AT = 18
"""Where the header of a SQLite file says whether there may be a log [1]_ (``fileformat2.html``, 1.3.3)."""


def opened(generation: Path) -> sqlite3.Connection | None:
    """Open the side index of a generation for reading; None if it has none that this program knows."""
    return open_index(str(generation / FILE)) if (generation / FILE).exists() else None


class WriterFile:
    """The private state of the side index of one archive.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._log = folder / FILE, folder / LOG
        self._base: Path | None = None
        self._shared = False
        self._database: sqlite3.Connection | None = None
        self.discard()

    @property
    def database(self) -> sqlite3.Connection | None:
        """The connection, where there is a private state."""
        return self._database

    def begin(self, published: Path | None) -> None:
        """Say on which generation the private state is to be based when it is first needed."""
        self._base = published

    def published(self) -> sqlite3.Connection | None:
        """Open the published state for reading, if there is one."""
        return None if self._base is None else opened(self._base)

    def there(self) -> bool:
        """Tell whether there is a private or a published state."""
        return self._database is not None or (self._base is not None and (self._base / FILE).exists())

    def discard(self) -> None:
        """Throw the private state away."""
        self._file.unlink(missing_ok=True)
        self._close()
        self._log.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None

    def open(self, text_bytes: int = 0) -> sqlite3.Connection:
        """Return the private state, begun as that of the published generation.

        Parameters
        ----------
        text_bytes : int
            How much N-Quads is about to be read into it. If that is more than the whole file, the file is copied, which
            then takes little of the time, for a log would become as large.
        """
        if self._database is not None:
            return self._database
        base = self._usable()
        self._shared = base is not None and _has_log_format(base) and text_bytes <= base.stat().st_size
        if base is not None:
            if self._shared:
                os.link(base, self._file)
            else:
                shutil.copyfile(base, self._file)
            if base.with_name(LOG).exists():
                shutil.copyfile(base.with_name(LOG), self._log)
        self._database = database = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
        database.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF; "
            "PRAGMA cache_size = -65536"
        )
        if self._shared:
            database.execute("PRAGMA user_version").fetchone()  # the log is open from here on
            self._file.unlink()
        else:
            database.execute("PRAGMA journal_mode = MEMORY").fetchone()
            if base is None:
                database.executescript(f"{SCHEMA}; PRAGMA user_version = {VERSION}")
        return database

    def _usable(self) -> Path | None:
        """Return the published file, if it can be gone on with."""
        known = self.published()
        if known is None or self._base is None:
            return None
        known.close()
        return self._base / FILE

    def publish(self, generation: Path) -> None:
        """Give the state to a generation that is being made: the private one, or that of the last one again."""
        base = None if self._base is None else self._base / FILE
        if self._database is None and base is not None:
            os.link(base, generation / FILE)
            if base.with_name(LOG).exists():
                os.link(base.with_name(LOG), generation / LOG)
            return
        database = self.open()
        if self._shared and base is not None:
            self._close()
            if self._log.stat().st_size <= min(base.stat().st_size // SHARE, MOST_BYTES):
                _sync(self._log)  # without its end it would be an older state, and nobody would know
                os.link(base, generation / FILE)
                self._log.replace(generation / LOG)
                return
            shutil.copyfile(base, self._file)
            with closing(sqlite3.connect(self._file, isolation_level=None)) as whole:
                whole.executescript("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF")
                whole.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        else:
            database.execute("PRAGMA journal_mode = WAL").fetchone()
            self._close()
        self._file.replace(generation / FILE)


def _has_log_format(file: Path) -> bool:
    with file.open("rb") as opened_file:
        opened_file.seek(_FORMAT_AT)
        return opened_file.read(1) == _WAL_FORMAT


def _sync(file: Path) -> None:
    with file.open("rb") as opened_file:
        os.fsync(opened_file.fileno())
