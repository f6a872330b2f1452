"""Which sound file a record speaks of."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ontology.errors import ImportFileError

__all__ = ["Recordings"]


class Recordings:
    """The sound files that records may speak of.

    Parameters
    ----------
    files : iterable of Path
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = tuple(dict.fromkeys(path.resolve() for path in files))
        self._found: dict[tuple[str, Path], Path] = {}

    def find(self, name: str | None, imported: Path) -> Path:
        """Return the sound file of a name: by path, else by name, else by name without its ending.

        Parameters
        ----------
        name : str or None
            As another program wrote it, perhaps on another machine; None stands for that of the imported file.
        imported : Path
            The file in which it stands.

        Raises
        ------
        ImportFileError
            If there is no such file, or several.
        """
        key = (name or imported.stem, imported)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, name: str, imported: Path) -> Path:
        path = PurePosixPath(name.replace("\\", "/"))
        for folder in (imported.parent, Path()):
            try:
                whole = (folder / Path(str(path))).resolve()
            except (OSError, ValueError):  # what was a path on another machine may be none here
                break
            if whole in self.files:
                return whole
        for part in ("name", "stem"):
            wanted = str(getattr(path, part)).casefold()
            found = [file for file in self.files if str(getattr(file, part)).casefold() == wanted]
            nearest = max((_same_end(file, path) for file in found), default=0)
            found = [file for file in found if _same_end(file, path) == nearest]
            if len(found) > 1:
                raise ImportFileError(
                    f"{name!r} may be {' or '.join(map(str, found))}", "a name that fits one recording",
                    "give more of its path in the imported file, or fewer recordings",
                )  # fmt: skip
            if found:
                return found[0]
        raise ImportFileError(
            f"{name!r} is none of the {len(self.files):,} recordings", "the path, name or stem of one",
            "name its folder with --recordings",
        )  # fmt: skip


def _same_end(file: Path, path: PurePosixPath) -> int:
    """Return how many folders above the file are the same."""
    same = 0
    for ours, theirs in zip(reversed(file.parts[:-1]), reversed(path.parts[:-1]), strict=False):
        if ours != theirs:
            break
        same += 1
    return same
