"""Vectors of spans, as listening models make them: kept beside the archive, keyed by span and model.

Conventions
-----------
- One SQLite file, ``vectors.sqlite`` in the folder of an archive, with a row per run: the graph of the run, the space
  of its vectors, the spans, and the numbers. What a run heard is written before the run is stored, and goes with it.
- A *space* is what makes vectors comparable: the same weights. Vectors have length 1, so that the likeness of two is
  their dot product, the cosine, -1 to 1. A vector without a direction (zeros, or no numbers) is not kept.
- They are no second truth: an answer names the graph of the run, which must be in the archive. What is lost can be made
  again from the sounds.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ontology.errors import StoreError

__all__ = ["FILE", "Place", "RunVectors", "Space", "VectorFault", "VectorStore", "Vectors", "unit"]

FILE = "vectors.sqlite"
"""Name of the file, in the folder of an archive."""

Vectors = npt.NDArray[np.float32]
"""Shape (spans, numbers)."""

_VERSION = 1
_WAIT_SECONDS = 30.0
_SCHEMA = f"""
CREATE TABLE spaces (
  id TEXT PRIMARY KEY, model TEXT NOT NULL, sum TEXT NOT NULL, path TEXT NOT NULL, words INTEGER NOT NULL
);
CREATE TABLE runs (
  graph TEXT PRIMARY KEY, space TEXT NOT NULL, recording TEXT NOT NULL, spans TEXT NOT NULL, numbers INTEGER NOT NULL,
  data BLOB NOT NULL, sum TEXT NOT NULL
);
CREATE INDEX runs_by_space ON runs (space, recording);
PRAGMA user_version = {_VERSION};
"""


@dataclass(frozen=True, slots=True)
class Space:
    """What makes vectors comparable.

    Parameters
    ----------
    model : str
        Name of the model.
    sha256 : str
        Sum of its weights.
    path : str
        Folder of the model when the vectors were made, or its id on a hub.
    words : bool
        Whether the model also has vectors of words in the same space.
    """

    model: str
    sha256: str
    path: str = field(repr=False)
    words: bool = False

    @property
    def id(self) -> str:
        """What names the space."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vector belongs.

    Parameters
    ----------
    span : str
        IRI.
    start, end : int
        Milliseconds.
    kind : str
        IRI of the kind of span.
    """

    span: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, eq=False)
class RunVectors:
    """The vectors of one run.

    Parameters
    ----------
    graph : str
        IRI of the graph of the run.
    space : Space
    recording : str
        IRI.
    places : tuple of Place
    vectors : ndarray of shape (places, numbers)
    """

    graph: str
    space: Space
    recording: str
    places: tuple[Place, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class VectorFault:
    """What is wrong with the vectors of a run."""

    graph: str
    reason: str


def unit(vectors: npt.ArrayLike) -> tuple[Vectors, npt.NDArray[np.bool_]]:
    """Return vectors with length 1, and which of those given have a direction; only these are returned.

    Examples
    --------
    >>> found, kept = unit([[3.0, 4.0], [0.0, 0.0]])
    >>> found.round(3).tolist(), kept.tolist()
    ([[0.6000000238418579, 0.800000011920929]], [True, False])
    """
    given = np.atleast_2d(np.asarray(vectors, np.float64))
    lengths = np.linalg.norm(given, axis=1)
    kept = np.isfinite(lengths) & (lengths > 0)
    return (given[kept] / lengths[kept, None]).astype(np.float32), kept


class VectorStore:
    """The vectors of one archive; each method may be called from any thread and process.

    Parameters
    ----------
    file : Path
        Made when something is first written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    @contextmanager
    def _open(self, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            if writing:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            how = "rwc" if writing else "ro"
            connection = sqlite3.connect(f"{self.file.absolute().as_uri()}?mode={how}", _WAIT_SECONDS, uri=True)
            with closing(connection) as database:
                version = int(database.execute("PRAGMA user_version").fetchone()[0])
                if writing and not version:
                    database.executescript(_SCHEMA)
                elif version != _VERSION:
                    raise StoreError(
                        f"{self.file} has the version {version}", f"vectors of the version {_VERSION}",
                        "remove the file, and ingest again with the same models",
                    )  # fmt: skip
                with database:
                    yield database
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the vectors in {self.file} cannot be used ({error})", None,
                "check the disk, or remove the file and ingest again with the same models",
            ) from error  # fmt: skip

    @property
    def exists(self) -> bool:
        """Whether there are any."""
        return self.file.is_file()

    @property
    def state(self) -> str:
        """What differs after each change."""
        if not self.exists:
            return ""
        found = self.file.stat()
        return f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"

    def write(self, run: RunVectors) -> None:
        """Keep the vectors of a run in the place of any that it had.

        Raises
        ------
        StoreError
            If they cannot be written.
        """
        vectors, kept = unit(run.vectors)
        places = [place for place, one in zip(run.places, kept, strict=True) if one]
        spans = json.dumps([[one.span, one.start, one.end, one.kind] for one in places], separators=(",", ":"))
        data = np.ascontiguousarray(vectors, "<f4").tobytes()
        space = run.space
        with self._open(writing=True) as database:
            database.execute(
                "INSERT OR REPLACE INTO spaces VALUES (?, ?, ?, ?, ?)",
                (space.id, space.model, space.sha256, space.path, space.words),
            )
            database.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run.graph, space.id, run.recording, spans, run.vectors.shape[1], data, _sum(spans, data)),
            )

    def forget(self, graphs: Iterable[str]) -> int:
        """Remove the vectors of runs, and return of how many there were any."""
        if not self.exists:
            return 0
        with self._open(writing=True) as database:
            found = sum(database.execute("DELETE FROM runs WHERE graph = ?", (graph,)).rowcount for graph in graphs)
            database.execute("DELETE FROM spaces WHERE id NOT IN (SELECT space FROM runs)")
        return found

    def spaces(self) -> list[Space]:
        """Return the spaces, by name of the model."""
        if not self.exists:
            return []
        with self._open() as database:
            rows = database.execute("SELECT model, sum, path, words FROM spaces ORDER BY model, sum").fetchall()
        return [Space(model, sha256, path, bool(words)) for model, sha256, path, words in rows]

    def graphs(self) -> list[str]:
        """Return the graphs of the runs that have vectors."""
        if not self.exists:
            return []
        with self._open() as database:
            return [graph for (graph,) in database.execute("SELECT graph FROM runs ORDER BY graph")]

    def sums(self, space: Space) -> list[str]:
        """Return the sums of what the runs of a space have, in the order of `runs`."""
        if not self.exists:
            return []
        with self._open() as database:
            rows = database.execute("SELECT sum FROM runs WHERE space = ? ORDER BY graph", (space.id,))
            return [found for (found,) in rows]

    def runs(self, space: Space, recordings: Iterable[str] | None = None) -> Iterator[RunVectors]:
        """Yield what is kept of a space, of all recordings or of some.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        if not self.exists:
            return
        asked = [(space.id,)] if recordings is None else [(space.id, one) for one in recordings]
        about = "" if recordings is None else " AND recording = ?"
        with self._open() as database:
            for values in asked:
                for graph, recording, spans, numbers, data in database.execute(
                    f"SELECT graph, recording, spans, numbers, data FROM runs WHERE space = ?{about} ORDER BY graph",
                    values,
                ):
                    places = tuple(Place(*one) for one in json.loads(spans))
                    vectors = np.frombuffer(data, "<f4").reshape(len(places), numbers)
                    yield RunVectors(graph, space, recording, places, vectors)

    def faults(self, has_graph: Iterable[str]) -> Iterator[VectorFault]:
        """Compare what is kept with its sums and with the archive.

        Parameters
        ----------
        has_graph : iterable of str
            The graphs of the archive.
        """
        known = set(has_graph)
        if not self.exists:
            return
        with self._open() as database:
            for graph, spans, data, sum_ in database.execute("SELECT graph, spans, data, sum FROM runs ORDER BY graph"):
                if graph not in known:
                    yield VectorFault(graph, "the archive has no such run")
                elif _sum(spans, data) != sum_:
                    yield VectorFault(graph, "the numbers are not those that were written")


def _sum(spans: str, data: bytes) -> str:
    return hashlib.sha256(spans.encode() + b"\0" + data).hexdigest()
