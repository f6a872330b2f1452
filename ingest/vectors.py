"""What listeners made of sounds, on its way beside the archive (`store.vectors`)."""

from collections.abc import Sequence

import numpy as np

from ontology.mint import Minter, concept
from ontology.values import Span
from store.vectors import Place, RunVectors, Space

__all__ = ["run_vectors"]


def run_vectors(graph: str, space: Space, minter: Minter, vectors: Sequence[tuple[Span, bytes]]) -> RunVectors:
    """Return the vectors of the spans of one recording.

    Parameters
    ----------
    graph : str
        IRI of the graph of the run that made them.
    space : Space
    minter : Minter
    vectors : sequence of (Span, bytes)
        As `ingest.listeners.base.Heard` has them; at least one.
    """
    places = tuple(
        Place(minter.span(span), int(span.start * 1000), int(span.end * 1000), concept(span.kind) if span.kind else "")
        for span, _ in vectors
    )
    numbers = np.stack([np.frombuffer(vector, "<f4") for _, vector in vectors])
    return RunVectors(graph, space, minter.recording(vectors[0][0].recording), places, numbers)
