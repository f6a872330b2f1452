"""What is stored already: recordings and claims of a run, read back as values; and the vocabulary, put there."""

from collections.abc import Mapping
from decimal import Decimal

import pyoxigraph

from ontology.mint import concept
from ontology.terms import (
    ACM,
    ENVELOPES_GRAPH,
    MAPPINGS_GRAPH,
    MO,
    OA,
    PREFIXES,
    VOCABULARY_GRAPH,
    ConfidenceKind,
    SpanKind,
)  # fmt: skip
from ontology.values import Claim, Recording, Span
from ontology.vocabulary import FOLDER
from store import Store

__all__ = ["load_vocabulary_graph", "stored_claims", "stored_recordings"]

_KNOWN = f"""
PREFIX acm: <{PREFIXES["acm"]}>
PREFIX mo: <{PREFIXES["mo"]}>
SELECT DISTINCT ?file ?signal ?rate ?channels ?end ?bandwidth WHERE {{
  GRAPH ?run {{
    ?f a <{MO.AudioFile}> ; acm:sha256 ?file ; mo:encodes ?r .
    ?r acm:sha256 ?signal ; mo:sample_rate ?rate ; mo:channels ?channels ; acm:bandwidthHz ?bandwidth ; mo:time ?t .
    ?t <{ACM.endSeconds}> ?end .
  }}
}}"""
# every run of a recording says this of it, and in the union of all graphs each statement would count as often


def stored_recordings(store: Store) -> dict[str, Recording]:
    """Return the stored recordings by the sum of their files."""
    known = {}
    for row in store.rows(_KNOWN).rows:
        file, signal, rate, channels, end, bandwidth = (
            term.value if isinstance(term, pyoxigraph.Literal) else "" for term in row
        )
        known[file] = Recording(signal, int(float(rate)), int(channels), Decimal(end), float(bandwidth))
    return known


def stored_claims(store: Store, graph: str, recording: str) -> tuple[Claim, ...]:
    """Return the claims of a run about spans of a recording, in order of time and concept.

    Parameters
    ----------
    store : Store
    graph : str
        IRI of the run's graph.
    recording : str
        `Recording.id`.
    """
    rows = store.rows(f"""
        SELECT ?start ?end ?body ?aspect ?confidence ?kind (MIN(STR(?marked)) AS ?spanKind) WHERE {{ GRAPH <{graph}> {{
            ?claim a <{ACM.Claim}> ; <{OA.hasTarget}> ?span ; <{OA.hasBody}> ?body ; <{ACM.aspect}> ?aspect ;
                <{ACM.confidence}> ?confidence ; <{ACM.confidenceKind}> ?kind .
            ?span <{ACM.startSeconds}> ?start ; <{ACM.endSeconds}> ?end .
            OPTIONAL {{ ?span <{ACM.segmentedAs}> ?marked }}
        }} }} GROUP BY ?start ?end ?body ?aspect ?confidence ?kind ORDER BY ?start ?end ?body""")
    prefix = len(concept(""))
    claims = []
    for row in rows.rows:
        start, end, body, aspect, confidence, kind, marked = (
            term.value if isinstance(term, pyoxigraph.Literal | pyoxigraph.NamedNode) else "" for term in row
        )
        first, last = (Decimal(time).quantize(Decimal("0.001")) for time in (start, end))
        span = Span(recording, first, last, SpanKind(marked[prefix:]) if marked else None)
        claims.append(Claim(span, body[prefix:], aspect[prefix:], float(confidence), ConfidenceKind(kind[prefix:])))
    return tuple(claims)


def load_vocabulary_graph(store: Store, more: Mapping[str, bytes] | None = None) -> bool:
    """Put vocabulary, envelopes and mappings into the store unless they are there; return whether any was new.

    Parameters
    ----------
    store : Store
    more : Mapping of str to bytes, optional
        Further graphs by name, in Turtle.
    """
    files = {
        VOCABULARY_GRAPH: "vocabulary.ttl",
        ENVELOPES_GRAPH: "envelopes.ttl",
        MAPPINGS_GRAPH: "mappings.ttl",
    }
    graphs = {graph: (FOLDER / name).read_bytes() for graph, name in files.items()} | dict(more or {})
    new = [_load_turtle(store, graph, turtle) for graph, turtle in graphs.items()]
    if any(new):
        store.publish()
    return any(new)


def _load_turtle(store: Store, name: str, turtle: bytes) -> bool:
    """Put a file into the graph of this name unless it is there; return whether it was new."""
    graph = pyoxigraph.NamedNode(name)
    quads = [
        pyoxigraph.Quad(triple.subject, triple.predicate, triple.object, graph)
        for triple in pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE)
    ]
    # a store keeps the value of a number and not its notation: compare as one would hold both
    wanted, held = pyoxigraph.Store(), pyoxigraph.Store()
    wanted.extend(quads)
    held.extend(store.quads(name) if store.has_graph(name) else [])
    if set(wanted) == set(held):
        return False
    store.bulk_load(pyoxigraph.serialize(quads, format=pyoxigraph.RdfFormat.N_QUADS) or b"", [name])
    return True
