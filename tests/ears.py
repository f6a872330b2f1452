"""Vectors of the passages of the small graph, small enough to be compared by eye: how held, how struck, how grainy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ontology.mint import concept
from ontology.terms import SpanKind
from queries import Ears
from store import Table
from store.vectors import Place, RunVectors, Space, Vectors, VectorStore
from tests.graphs import GLASS_TIDES, KIEFERNWALD, MEASURER, MINTER, SALT_ROAD, Piece, make_run, make_span

__all__ = ["SPACE", "ears_of_small_graph"]

SPACE = Space("Measuring describer", "5a" * 32, "models/none", words=True)
_HEARD: list[tuple[Piece, dict[tuple[float, float], tuple[float, float, float]]]] = [
    (
        GLASS_TIDES,
        {
            (0.5, 3.5): (1.0, 0.0, 0.0),
            (3.6, 8.0): (0.0, 1.0, 0.0),
            (12.0, 20.0): (0.8, 0.0, 0.6),
            (26.0, 29.8): (0.6, 0.8, 0.0),
        },
    ),
    (
        KIEFERNWALD,
        {
            (0.2, 0.4): (0.0, 4.0, 3.0),
            (0.5, 6.0): (9.0, 1.0, 0.0),
            (5.0, 12.0): (0.0, 0.0, 1.0),
            (12.1, 19.5): (5.0, 0.0, 0.0),
        },
    ),
    (SALT_ROAD, {(0.0, 5.0): (-1.0, 0.0, 0.0)}),
]
_WORDS = {"held": (1.0, 0.0, 0.0), "struck": (0.0, 1.0, 0.0), "metallic scraping": (0.0, 1.0, 1.0), "": (0.0, 0.0, 0.0)}


def ears_of_small_graph(file: Path, answer: Callable[[str], Table]) -> Ears:
    """Write the vectors, and return what asks about them; words have the vectors of a table."""
    kept = VectorStore(file)
    kind = concept(SpanKind.DETECTED_OBJECT)
    for piece, heard in _HEARD:
        spans = [make_span(piece, start, end) for start, end in heard]
        places = tuple(Place(MINTER.span(one), int(one.start * 1000), int(one.end * 1000), kind) for one in spans)
        graph = MINTER.run_graph(MINTER.run_id(make_run(piece, MEASURER)))
        numbers = np.array(list(heard.values()), np.float32)
        kept.write(RunVectors(graph, SPACE, MINTER.recording(piece.recording.id), places, numbers))

    def words(_space: Space, text: str) -> Vectors:
        return np.array(_WORDS[text], np.float32)

    return Ears(kept, words, answer)
