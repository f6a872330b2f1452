"""``acousma backup`` and ``restore``: an archive as one file, while the archive is used.

Conventions
-----------
A backup is a ZIP file: ``quads.nq`` (N-Quads, which any RDF store reads), ``manifest.json`` with the sum and the number
of the quads, and the notes beside the graph. It holds one published state whole: a writer goes on meanwhile. A backup
is read again and compared before it has its name; so is a restored archive. The sum of the content is that of all quads
in any order, for a store does not keep their order, and with all blank nodes alike.
"""

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox

from ontology.errors import InputError, StoreError
from store import Store, open_store

__all__ = ["Manifest", "back_up", "read_manifest", "restore"]

_QUADS, _MANIFEST = "quads.nq", "manifest.json"
_NOTES = ("tokens.json", "sounds.json")
"""Files of an archive that go into its backup; of tokens only their sums are kept."""

_FORMAT = 1
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Parameters
    ----------
    format : int
        Number of this way to write a backup.
    made : str
        When, in UTC.
    program : str
        Version of Acousma.
    quads : int
    graphs : tuple of str
    bytes_sha256 : str
        Sum of ``quads.nq``.
    content_sha256 : str
        Sum of the quads in any order.
    """

    format: int
    made: str
    program: str
    quads: int
    graphs: tuple[str, ...]
    bytes_sha256: str
    content_sha256: str


class _Content:
    """Adds quads up: the sum of their sums, which does not mind their order."""

    def __init__(self) -> None:
        self.quads = 0
        self._sum = 0

    def add(self, quad: ox.Quad) -> None:
        """Add a quad."""
        terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        text = " ".join("_:" if isinstance(term, ox.BlankNode) else str(term) for term in terms)
        self._sum += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        self.quads += 1

    def digest(self) -> str:
        """Return the sum in hexadecimal digits."""
        return f"{self._sum % 2**256:064x}"


def back_up(location: str | Path, target: Path) -> Manifest:
    """Write a backup of what is published, read it again and compare.

    Parameters
    ----------
    location : str or Path
        The archive, as for :func:`store.open_store`.
    target : Path
        A new file.

    Raises
    ------
    InputError
        If there is something at the target.
    StoreError
        If the archive cannot be read, or the backup cannot be written or is not what was read.
    """
    if target.exists():
        raise InputError(f"{target} is there already", "a new file", "name another, or remove it")
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_store(location) as store:
            manifest = _write(store, part, location if isinstance(location, Path) else None)
        _verify(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(f"the backup could not be written to {target.name}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(store: Store, part: Path, folder: Path | None) -> Manifest:
    """Write the file of a backup; all quads are of one published state."""
    text, content, sums = part.with_suffix(".nq"), _Content(), hashlib.sha256()
    graphs: dict[str, None] = {}
    try:
        store.dump(None, text)
        part.touch(0o600)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            with archive.open(_QUADS, "w", force_zip64=True) as out, text.open("rb") as file:
                for block in iter(lambda: file.read(_BLOCK), b""):
                    sums.update(block)
                    out.write(block)
            for quad in ox.parse(path=str(text), format=ox.RdfFormat.N_QUADS):
                content.add(quad)
                graphs.setdefault(quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else "")
            made = datetime.now(UTC).isoformat(timespec="seconds")
            manifest = Manifest(
                _FORMAT, made, version("acousma"), content.quads, tuple(sorted(graphs)), sums.hexdigest(),
                content.digest(),
            )  # fmt: skip
            for name in _NOTES:
                if folder is not None and (folder / name).is_file():
                    archive.write(folder / name, name)
            archive.writestr(_MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
    finally:
        text.unlink(missing_ok=True)
    return manifest


def read_manifest(backup: Path) -> Manifest:
    """Return what a backup says of itself.

    Raises
    ------
    InputError
        If the file is no backup.
    """
    try:
        with zipfile.ZipFile(backup) as archive:
            told = json.loads(archive.read(_MANIFEST))
        manifest = Manifest(**{**told, "graphs": tuple(told["graphs"])})
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{backup.name} cannot be read ({error})", "a file that `acousma backup` has written", "name another"
        ) from error
    if manifest.format != _FORMAT:
        raise InputError(
            f"{backup.name} has the format {manifest.format}", f"{_FORMAT}", "restore it with a newer Acousma"
        )
    return manifest


def _verify(backup: Path) -> Manifest:
    """Read a backup to its end and compare it with what it says of itself."""
    manifest, sums, quads = read_manifest(backup), hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(backup) as archive, archive.open(_QUADS) as file:
            for block in iter(lambda: file.read(_BLOCK), b""):
                sums.update(block)
                quads += block.count(b"\n")
    except (zipfile.BadZipFile, KeyError, EOFError, ValueError) as error:
        raise InputError(f"{backup.name} is damaged ({error})", "a whole backup", "take another one") from error
    if (sums.hexdigest(), quads) != (manifest.bytes_sha256, manifest.quads):
        raise InputError(
            f"{backup.name} is damaged: it holds {quads:,} quads and another sum than it says",
            f"{manifest.quads:,} quads", "take another one",
        )  # fmt: skip
    return manifest


def restore(backup: Path, folder: Path) -> Manifest:
    """Make an archive of a backup, and compare it before it has its name.

    Parameters
    ----------
    backup : Path
    folder : Path
        New or empty.

    Raises
    ------
    InputError
        If the backup is damaged, or there is something in the folder.
    StoreError
        If the archive cannot be written, or is not what the backup holds.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty", "a new or an empty folder", "name another with --store")
    manifest = _verify(backup)
    draft = folder.with_name(f".{folder.name}.restoring")
    if draft.exists():
        raise InputError(f"{draft.name} is left of another restore", None, "remove it when no other one runs")
    try:
        _load(backup, draft, manifest)
        found = _count(draft, draft / "restored.nq")
        if (found.quads, found.digest()) != (manifest.quads, manifest.content_sha256):
            raise StoreError(
                f"the restored archive holds {found.quads:,} quads, or others than the backup",
                f"the {manifest.quads:,} of the backup", "report it, and try an earlier version",
            )  # fmt: skip
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise StoreError(f"the archive could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _load(backup: Path, draft: Path, manifest: Manifest) -> None:
    """Load the quads and the notes of a backup into a new archive."""
    draft.mkdir(parents=True)
    with zipfile.ZipFile(backup) as archive, open_store(draft, writable=True) as store:
        with store.scratch() as scratch:
            archive.extract(_QUADS, scratch)
            text = scratch / _QUADS
            if "" in manifest.graphs:
                _load_default(store, text, scratch)
            named = [graph for graph in manifest.graphs if graph]
            if named:
                store.bulk_load(text, named)
        store.optimize()
        for name in _NOTES:
            if name in archive.namelist():
                archive.extract(name, draft)
                (draft / name).chmod(0o600)


def _load_default(store: Store, text: Path, scratch: Path) -> None:
    """Put the quads of the default graph back by an update, and take them out of the file."""
    rest, triples = scratch / "named.nq", []
    with rest.open("wb") as out:
        for quad in ox.parse(path=str(text), format=ox.RdfFormat.N_QUADS):
            if isinstance(quad.graph_name, ox.NamedNode):
                out.write(ox.serialize([quad], format=ox.RdfFormat.N_QUADS))
            else:
                triples.append(f"{quad.triple} .")
    for start in range(0, len(triples), 1000):
        store.update("INSERT DATA {\n" + "\n".join(triples[start : start + 1000]) + "\n}")
    rest.replace(text)


def _count(archive: Path, text: Path) -> _Content:
    """Add up what an archive holds."""
    found = _Content()
    try:
        with open_store(archive) as store:
            store.dump(None, text)
        for quad in ox.parse(path=str(text), format=ox.RdfFormat.N_QUADS):
            found.add(quad)
    finally:
        text.unlink(missing_ok=True)
    return found
