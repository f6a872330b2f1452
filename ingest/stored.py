"""Claims that are stored already, read back as values."""

from decimal import Decimal

import pyoxigraph

from ontology.mint import concept
from ontology.terms import ACM, OA, ConfidenceKind
from ontology.values import Claim, Span
from store import Store

__all__ = ["stored_claims"]


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
        SELECT ?start ?end ?body ?aspect ?confidence ?kind WHERE {{ GRAPH <{graph}> {{
            ?claim a <{ACM.Claim}> ; <{OA.hasTarget}> ?span ; <{OA.hasBody}> ?body ; <{ACM.aspect}> ?aspect ;
                <{ACM.confidence}> ?confidence ; <{ACM.confidenceKind}> ?kind .
            ?span <{ACM.startSeconds}> ?start ; <{ACM.endSeconds}> ?end .
        }} }} ORDER BY ?start ?end ?body""")
    claims = []
    for row in rows.rows:
        start, end, body, aspect, confidence, kind = (
            term.value if isinstance(term, pyoxigraph.Literal | pyoxigraph.NamedNode) else "" for term in row
        )
        span = Span(recording, *(Decimal(time).quantize(Decimal("0.001")) for time in (start, end)))
        prefix = len(concept(""))
        claims.append(
            Claim(span, body[prefix:], aspect[prefix:], float(confidence), ConfidenceKind(kind[prefix:]))
        )  # fmt: skip
    return tuple(claims)
