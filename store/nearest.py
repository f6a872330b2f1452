"""Which vectors are nearest to one: exactly, or by a graph of near vectors where there are very many.

Conventions
-----------
- Below :data:`EXACT_BELOW` vectors of a space and a kind of span each is compared, and the answer is exact.
- Above it an index of the library usearch (Hierarchical Navigable Small World, Malkov and Yashunin 2020) is used if it
  was made of exactly these vectors (``acousma index --rebuild``). It finds nearly all that are nearest. Without it, or
  without the library, each vector is compared: slower, and exact.
- The index is a file beside the vectors, made of them, and can be thrown away at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from store.vectors import Space, Vectors, VectorStore

__all__ = ["EXACT_BELOW", "Neighbour", "Neighbourhood", "make_indexes", "neighbourhood"]

EXACT_BELOW = 100_000
"""How many vectors are compared one by one."""

_KEPT = 4
"""Spaces kept in memory."""

_LOOKED_AT = 1_024
"""Vectors that a search in an index keeps in view: the more, the fewer of the nearest are missed."""

_WIDER = 4
"""How many times as many as asked for an index is asked for, so that few of the nearest are missed."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A span, the run that heard it, and how near it is.

    Parameters
    ----------
    span, graph : str
        IRIs of the span and of the graph of the run.
    likeness : float
        Cosine, -1 to 1.
    """

    span: str
    graph: str
    likeness: float


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """All vectors of a space for one kind of span.

    Parameters
    ----------
    keys : tuple of (str, str)
        IRIs of the span and of the graph of its run.
    vectors : ndarray of shape (keys, numbers)
        Of length 1.
    index : object or None
        A usearch index of the same vectors, in their order.
    """

    keys: tuple[tuple[str, str], ...]
    vectors: Vectors
    index: Any = None

    def nearest(self, vector: Vectors, number: int, but: Iterable[str] = ()) -> list[Neighbour]:
        """Return the nearest spans, the nearest first, each once.

        Parameters
        ----------
        vector : ndarray of shape (numbers,)
            Of length 1.
        number : int
            Most spans.
        but : iterable of str
            Spans that do not count.
        """
        without, near = set(but), dict[str, Neighbour]()
        likeness = None if self.index is not None else self.vectors @ vector
        taken = min(len(self.keys), (number + len(without)) * _WIDER)
        while taken:
            places = self._nearest_places(vector, taken, likeness)
            values = self.vectors[places] @ vector
            for at in np.lexsort((places, -values)):
                span, graph = self.keys[places[at]]
                if span not in without and span not in near and len(near) < number:
                    near[span] = Neighbour(span, graph, float(np.clip(values[at], -1, 1)))
            if len(near) >= number or taken == len(self.keys):
                break
            # several runs may have heard one span, so that there are fewer spans than vectors
            taken, near = min(len(self.keys), taken * _WIDER), {}
        return list(near.values())

    def _nearest_places(self, vector: Vectors, taken: int, likeness: Vectors | None) -> npt.NDArray[np.int64]:
        """Return the places of the nearest vectors, in no order."""
        if likeness is None:
            return np.asarray(self.index.search(vector, taken).keys, np.int64)
        if taken == len(likeness):
            return np.arange(taken)
        # those that are as near as the last of them are taken too, so that the order of equals is always the same
        least = np.partition(likeness, len(likeness) - taken)[len(likeness) - taken]
        return np.flatnonzero(likeness >= least)


def neighbourhood(
    vectors: VectorStore, space: Space, kind: str, recordings: Iterable[str] | None = None, *,
    exact_below: int = EXACT_BELOW,
) -> Neighbourhood:  # fmt: skip
    """Return the vectors of a space for one kind of span; those of all recordings stay in memory until they change.

    Parameters
    ----------
    vectors : VectorStore
    space : Space
    kind : str
        IRI of the kind of span.
    recordings : iterable of str, optional
        IRIs of the only recordings that count.
    exact_below : int
        From how many on an index may answer.

    Raises
    ------
    StoreError
        If they cannot be read.
    """
    if recordings is not None:
        return _read(vectors, space, kind, recordings)
    return _neighbourhood(vectors.file, vectors.state, space, kind, exact_below)


@lru_cache(maxsize=_KEPT)
def _neighbourhood(file: Path, _state: str, space: Space, kind: str, exact_below: int) -> Neighbourhood:
    store = VectorStore(file)
    read = _read(store, space, kind)
    index = None if len(read.keys) < exact_below else _index(store, space, kind, read)
    return Neighbourhood(read.keys, read.vectors, index)


def _read(store: VectorStore, space: Space, kind: str, recordings: Iterable[str] | None = None) -> Neighbourhood:
    keys: list[tuple[str, str]] = []
    parts: list[Vectors] = []
    for run in store.runs(space, recordings):
        chosen = [number for number, place in enumerate(run.places) if place.kind == kind]
        if chosen:
            keys += [(run.places[number].span, run.graph) for number in chosen]
            parts.append(run.vectors[chosen])
    return Neighbourhood(tuple(keys), np.concatenate(parts) if parts else np.zeros((0, 0), np.float32))


def _files(store: VectorStore, space: Space, kind: str) -> tuple[Path, Path]:
    name = f"{store.file.stem}.{space.id}.{kind.rpartition('/')[2]}"
    return store.file.with_name(f"{name}.usearch"), store.file.with_name(f"{name}.json")


def _stamp(store: VectorStore, space: Space) -> str:
    return hashlib.sha256("".join(store.sums(space)).encode()).hexdigest()


def _index(store: VectorStore, space: Space, kind: str, read: Neighbourhood) -> Any:
    """Return the index that was made of exactly these vectors, or None."""
    file, stamp = _files(store, space, kind)
    try:
        from usearch.index import Index  # noqa: PLC0415 - an optional extra

        if json.loads(stamp.read_text(encoding="utf-8")) != [len(read.keys), _stamp(store, space)]:
            return None
        index = Index.restore(str(file), view=True)
        if index is not None:
            index.expansion_search = _LOOKED_AT  # type: ignore[misc]  # it has a setter that mypy does not see
    except (ImportError, OSError, ValueError, RuntimeError):
        return None
    return index if index is not None and len(index) == len(read.keys) else None


def make_indexes(vectors: VectorStore, exact_below: int = EXACT_BELOW) -> int:
    """Make the index of each space and kind of span that is large enough, and return how many were made.

    Raises
    ------
    StoreError
        If the vectors cannot be read.
    ImportError
        If one is needed and the library usearch is not installed.
    """
    made = 0
    for space in vectors.spaces():
        kinds = {place.kind for run in vectors.runs(space) for place in run.places}
        for kind in sorted(kinds):
            read = _read(vectors, space, kind)
            if len(read.keys) < exact_below:
                continue
            from usearch.index import Index  # noqa: PLC0415 - an optional extra

            # numbers of 16 bits do for finding; how near what was found is, is worked out from the vectors
            index = Index(ndim=read.vectors.shape[1], metric="ip", dtype="bf16")
            index.add(np.arange(len(read.keys)), read.vectors)
            file, stamp = _files(vectors, space, kind)
            stamp.unlink(missing_ok=True)
            draft = file.with_suffix(".part")
            index.save(str(draft))
            draft.replace(file)
            stamp.write_text(json.dumps([len(read.keys), _stamp(vectors, space)]), encoding="utf-8")
            made += 1
    vectors_changed()
    return made


def vectors_changed() -> None:
    """Forget what is in memory, after an index was made."""
    _neighbourhood.cache_clear()
