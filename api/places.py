"""Where on this machine the sound of a recording lies: a note beside the archive, no part of the graph.

Conventions
-----------
Folders say something of a machine and nothing of a work, so the graph holds file names only. The note
``sounds.json`` in the archive's folder maps the sum of a file to the path at which it was last seen; it may be deleted.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock

from ingest.decode import file_sha256
from ontology.errors import AudioError

__all__ = ["find_sound", "noted", "remember"]

_NOTE = "sounds.json"
_READING = Lock()


def _read(folder: Path) -> dict[str, str]:
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in note.items()} if isinstance(note, dict) else {}


def noted(folder: Path) -> dict[str, str]:
    """Return where files were last seen: path by SHA-256 sum. They may have been moved or changed since."""
    return _read(folder)


@lru_cache(maxsize=4096)
def _read_sum(path: Path, size: int, changed: int) -> str:
    return file_sha256(path)


def _sum(path: Path) -> str:
    """Return the sum of a file, which is read once as long as its size and the time of its change are the same.

    A page asks for several pictures of a sound at once; the first reads the file, the others wait for it.
    """
    stat = path.stat()
    with _READING:
        return _read_sum(path, stat.st_size, stat.st_mtime_ns)


def remember(folder: Path, seen: Mapping[str, Path]) -> None:
    """Note where files were seen.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    seen : Mapping of str to Path
        Path by SHA-256 sum.
    """
    note = _read(folder) | {sha256: str(path.resolve()) for sha256, path in seen.items()}
    target = folder / _NOTE
    draft = target.with_suffix(".new")
    text = json.dumps(note, ensure_ascii=False, indent=1)
    draft.write_text(text, encoding="utf-8", errors="surrogateescape")
    draft.replace(target)


def find_sound(folder: Path, sums: Iterable[str]) -> Path | None:
    """Return a file that still has one of some sums, or None."""
    note = _read(folder)
    for sha256 in sums:
        path = Path(note.get(sha256, ""))
        try:
            if path.is_file() and _sum(path) == sha256:
                return path
        except (AudioError, OSError):
            continue
    return None
