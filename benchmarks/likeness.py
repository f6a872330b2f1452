"""Passages that sound alike among many: how long a question takes, exactly and by an index, and what the index misses.

Usage: ``python -m benchmarks.likeness [SPANS ...]``. Vectors are drawn by lot around 2,000 centres, so that some are
near each other as sounds are; each has 512 numbers, as those of CLAP.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from store.nearest import make_indexes, neighbourhood, vectors_changed
from store.vectors import FILE, Place, RunVectors, Space, VectorStore

_NUMBERS, _CENTRES, _SPANS_OF_A_RUN, _ASKED, _NEAR = 512, 2_000, 500, 50, 100
_KIND = "https://w3id.org/acousma/vocab/detectedObject"
_SPACE = Space("drawn by lot", "0" * 64, "models/none")


def _fill(store: VectorStore, spans: int) -> None:
    dice = np.random.default_rng(1)
    centres = dice.standard_normal((_CENTRES, _NUMBERS)).astype(np.float32)
    for run in range(spans // _SPANS_OF_A_RUN):
        base = f"http://localhost:8000/span/{run:016x}"
        places = tuple(Place(f"{base}/{i * 500}-{i * 500 + 400}", i, i + 1, _KIND) for i in range(_SPANS_OF_A_RUN))
        around = centres[dice.integers(_CENTRES, size=_SPANS_OF_A_RUN)]
        vectors = around + dice.standard_normal(around.shape).astype(np.float32)
        recording, graph = f"http://localhost:8000/recording/{run:016x}", f"http://localhost:8000/graph/run/{run:016x}"
        store.write(RunVectors(graph, _SPACE, recording, places, vectors))


def _measure(spans: int, folder: Path) -> None:
    store = VectorStore(folder / FILE)
    began = perf_counter()
    _fill(store, spans)
    print(f"{spans:,} vectors: written in {perf_counter() - began:.1f} s, {store.file.stat().st_size / 1e6:,.0f} MB")
    began = perf_counter()
    exact = neighbourhood(store, _SPACE, _KIND, exact_below=spans + 1)
    print(f"  read into memory in {perf_counter() - began:.2f} s")
    asked = exact.vectors[:: max(1, spans // _ASKED)][:_ASKED]
    began = perf_counter()
    whole = [{near.span for near in exact.nearest(vector, _NEAR)} for vector in asked]
    print(f"  {_NEAR} nearest, exactly: {1000 * (perf_counter() - began) / len(asked):.1f} ms a question")
    began = perf_counter()
    make_indexes(store, exact_below=1)
    print(f"  index made in {perf_counter() - began:.1f} s")
    vectors_changed()
    quick = neighbourhood(store, _SPACE, _KIND, exact_below=1)
    began = perf_counter()
    found = [{near.span for near in quick.nearest(vector, _NEAR)} for vector in asked]
    took = 1000 * (perf_counter() - began) / len(asked)
    kept = sum(len(one & other) for one, other in zip(whole, found, strict=True)) / (_NEAR * len(asked))
    print(f"  {_NEAR} nearest, by the index: {took:.1f} ms a question, {100 * kept:.1f} % of the exact answer")


def main() -> None:
    """Measure the sizes that were named, or two."""
    for spans in [int(word) for word in sys.argv[1:]] or [10_000, 100_000]:
        with tempfile.TemporaryDirectory() as folder:
            _measure(spans, Path(folder))


if __name__ == "__main__":
    main()
