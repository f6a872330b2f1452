"""How the live store and the published generations of a folder are opened, and what is said when they cannot be."""

from __future__ import annotations

import time
from pathlib import Path

import pyoxigraph as ox

from ontology.errors import StoreError, StoreLocked, StoreMissing

__all__ = ["check_place", "dump_published", "missing", "open_live", "open_published"]

_LOCK_SECONDS = 1.0
"""How long to wait for another process that writes: a server lets go of the archive soon after a change."""


def open_live(live: Path) -> ox.Store:
    """Open a live store for writing."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            return ox.Store(live)
        except OSError as error:
            if "lock" not in str(error).lower():
                raise StoreError(f"{live} cannot be opened: {error}", "an archive", "restore a copy") from error
            if time.monotonic() > deadline:
                raise StoreLocked(
                    f"another process is writing to {live.parent}", "one writer at a time",
                    "wait until it has ended, or open the archive for reading",
                ) from error  # fmt: skip
        time.sleep(0.05)


def open_published(generation: Path) -> ox.Store:
    """Open a generation for reading."""
    try:
        return ox.Store.read_only(str(generation))
    except OSError as error:
        raise StoreError(f"{generation} cannot be read: {error}", "a published archive", "try again") from error


def missing(folder: Path) -> StoreMissing:
    """Return the error for a folder without an archive."""
    return StoreMissing(
        f"there is no archive in {folder}",
        "a folder that holds a published archive",
        "name its folder, or make one by ingesting",
    )


def dump_published(folder: Path, name: ox.NamedNode | None, path: Path) -> None:
    """Write a published named graph, or with None all of them, to ``path`` as N-Quads."""
    part = path.with_name(path.name + ".part")
    try:
        quads = ox.Store.read_only(str(folder)).quads_for_pattern(None, None, None, name)
        ox.serialize(quads, part, format=ox.RdfFormat.N_QUADS)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"the archive could not be written to {path}: {error}") from error


def check_place(folder: Path) -> None:
    """Check that a folder that is to be an archive is one, or empty, or absent."""
    entries = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    if folder.is_file() or (entries and not entries & {"live", "generations"}):
        raise StoreError(f"{folder} is or holds something else", "an archive or an empty folder", "name another folder")
