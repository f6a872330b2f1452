"""A whole archive as one file, made while it is in use, and an archive made of such a file.

Conventions
-----------
The file is N-Quads, packed with gzip, so that any RDF program reads it. Its first line is a comment with when it was
made, its last one a comment with the number of quads and the SHA-256 sum of all lines between. A file that is cut off
has no last line; one with a flipped bit has another sum. A backup is read again before it has its name, a restored
archive is compared with the file before it has its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pyoxigraph as ox

from ontology.errors import InputError, StoreError
from store._answers import only_number
from store._generations import sync_folder
from store.base import Store
from store.embedded import EmbeddedStore

__all__ = ["Backup", "read_backup", "restore", "write_backup"]

_HEAD, _TAIL = b"# acousma backup ", b"# acousma end "
_BATCH = 10_000


@dataclass(frozen=True)
class Backup:
    """What a backup holds.

    Parameters
    ----------
    made : str
        When, in UTC.
    quads : int
    sha256 : str
        Sum of its quads as lines.
    graphs : frozenset of str
        IRIs of the named graphs.
    """

    made: str
    quads: int
    sha256: str
    graphs: frozenset[str]


def write_backup(store: Store, target: Path) -> Backup:
    """Write what is published to a file.

    Parameters
    ----------
    store : Store
        It may be written to meanwhile; the backup is of one moment.
    target : Path
        A file that is not there yet.

    Returns
    -------
    Backup
        As it was read back.

    Raises
    ------
    InputError
        If the file is there.
    StoreError
        If it cannot be written, or is not what was written.
    """
    if target.exists():
        raise InputError(f"{target} is there already", "the name of a new file")
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="acousma-") as folder:
            lines = Path(folder) / "all.nq"
            store.dump(None, lines)
            with lines.open("rb") as source, gzip.open(part, "wb", compresslevel=6) as packed:
                _copy(source, packed)
        found = read_backup(part)
        part.replace(target)
        sync_folder(target.resolve().parent)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written ({error.strerror or error})", None, "check space and rights"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return found


def _copy(source: IO[bytes], packed: gzip.GzipFile) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    packed.write(_HEAD + json.dumps({"made": made}).encode() + b"\n")
    total, sum_ = 0, hashlib.sha256()
    for line in source:
        total += 1
        sum_.update(line)
        packed.write(line)
    packed.write(_TAIL + json.dumps({"quads": total, "sha256": sum_.hexdigest()}).encode() + b"\n")


def read_backup(file: Path, take: Callable[[bytes], object] = lambda _: None) -> Backup:
    """Read a backup to its end, and return what it holds if it is whole.

    Parameters
    ----------
    file : Path
    take : callable
        Given each line with a quad.

    Raises
    ------
    InputError
        If it is no backup, or not whole.
    """
    head, tail, total, sum_ = b"", b"", 0, hashlib.sha256()
    graphs: set[str] = set()
    try:
        with gzip.open(file, "rb") as packed:
            for number, line in enumerate(packed):
                if number == 0:
                    head = line
                elif line.startswith(_TAIL):
                    tail = line
                else:
                    total, tail = total + 1, b""
                    sum_.update(line)
                    for quad in ox.parse(line, ox.RdfFormat.N_QUADS):
                        if isinstance(quad.graph_name, ox.NamedNode):
                            graphs.add(quad.graph_name.value)
                    take(line)
        made = str(json.loads(head.removeprefix(_HEAD))["made"])
        said = json.loads(tail.removeprefix(_TAIL))
    except (OSError, EOFError, ValueError, KeyError, SyntaxError) as error:
        raise InputError(f"{file} is no whole backup ({error})", "a file that acousma backup wrote") from error
    if (said.get("quads"), said.get("sha256")) != (total, sum_.hexdigest()):
        raise InputError(f"{file} does not hold what was written ({total:,} quads)", "an unchanged file", "use another")
    return Backup(made, total, sum_.hexdigest(), frozenset(graphs))


def restore(file: Path, folder: Path) -> Backup:
    """Make an archive of a backup.

    Parameters
    ----------
    file : Path
    folder : Path
        Folder of the archive; not there, or empty.

    Returns
    -------
    Backup

    Raises
    ------
    InputError
        If the file is no whole backup, or the folder holds something.
    StoreError
        If the archive cannot be made, or does not hold what the file does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} holds something", "the name of a new folder", "restore beside it, then compare")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix="acousma-") as scratch:
            named, loose = Path(scratch) / "named.nq", Path(scratch) / "default.nq"
            found = _unpacked(file, named, loose)
            with EmbeddedStore(part, writable=True) as store:
                store.bulk_load(named, sorted(found.graphs))
                for triples in _batches(loose):
                    store.update(f"INSERT DATA {{\n{triples}\n}}", graphs=())
                store.optimize()
                _compare(store, found)
        if folder.exists():
            folder.rmdir()
        part.replace(folder)
        sync_folder(folder.resolve().parent)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be made ({error.strerror or error})", None, "check space and rights"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return found


def _unpacked(file: Path, named: Path, loose: Path) -> Backup:
    """Unpack the quads of named graphs and those of the default graph into files of their own."""
    with named.open("wb") as in_graphs, loose.open("wb") as in_none:

        def take(line: bytes) -> None:
            (quad,) = ox.parse(line, ox.RdfFormat.N_QUADS)
            (in_none if isinstance(quad.graph_name, ox.DefaultGraph) else in_graphs).write(line)

        return read_backup(file, take)


def _batches(lines: Path) -> Iterator[str]:
    batch: list[str] = []
    for line in lines.read_text(encoding="utf-8").splitlines():
        batch.append(line)
        if len(batch) == _BATCH:
            yield "\n".join(batch)
            batch.clear()
    if batch:
        yield "\n".join(batch)


def _compare(store: Store, found: Backup) -> None:
    """Compare what was restored with what the file holds, by number and graph by graph."""
    quads = only_number(store.rows("SELECT (COUNT(*) AS ?n) { { GRAPH ?g { ?s ?p ?o } } }"))
    loose = only_number(store.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"))
    graphs = {term.value for (term,) in store.rows("SELECT ?g { GRAPH ?g { } }").rows if isinstance(term, ox.NamedNode)}
    if quads + loose != found.quads or not found.graphs <= graphs:
        raise StoreError(f"{quads + loose:,} quads were restored", f"{found.quads:,}, as in the file", "try again")
