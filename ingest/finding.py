"""From the paths a person names to sound files."""

from collections.abc import Iterable
from pathlib import Path

from ingest.decode import EXTENSIONS
from ontology.errors import AudioError

__all__ = ["find_files"]

_UNREAD = frozenset(
    {
        "3gp", "aac", "ac3", "alac", "amr", "ape", "dff", "dsf", "dts", "m4a", "m4b", "m4v", "mka", "mkv", "mov", "mp2",
        "mp4", "mpc", "ra", "rm", "webm", "wma", "wv",
    }
)  # fmt: skip
"""File name extensions of sound that cannot be read, so that a folder with it is not passed over in silence."""


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[AudioError]]:
    """Return the sound files at some paths, sorted, each once.

    Parameters
    ----------
    paths : iterable of Path
        Files are taken as they are; of folders, everything below with an extension of a sound file.

    Returns
    -------
    files : list of Path
    problems : list of AudioError
        Paths where there is nothing, broken links, and sound in formats that cannot be read.
    """
    files: dict[Path, None] = {}
    problems = []
    for path in paths:
        if path.is_dir():
            named = sorted(file for file in path.rglob("*") if not file.name.startswith("."))
            inside = [file for file in named if _extension(file) in EXTENSIONS and file.is_file()]
            known = [file for file in named if _extension(file) in EXTENSIONS | _UNREAD]
            broken = [file for file in known if not file.exists()]
            problems += [AudioError(f"{file} leads nowhere", "a sound file", "mend the link") for file in broken]
            unread = [file for file in named if _extension(file) in _UNREAD and file.is_file()]
            problems += [_not_read(file) for file in unread]
            if not inside and not unread:
                problems.append(
                    AudioError(f"{path} holds no sound files", "files ending in " + ", ".join(sorted(EXTENSIONS)))
                )
            files |= dict.fromkeys(inside)
        elif path.is_file():
            files[path] = None
        else:
            problems.append(AudioError(f"{path} is not there", "a sound file or a folder", "check the name"))
    return list(files), problems


def _extension(path: Path) -> str:
    return path.suffix.lower().lstrip(".")


def _not_read(path: Path) -> AudioError:
    found, expected = f"{path} is in a format that cannot be read", "one of " + ", ".join(sorted(EXTENSIONS))
    return AudioError(found, expected, f"ffmpeg -i {path.name} {path.stem}.flac makes one of it")
