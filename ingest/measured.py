"""Which of the values that were measured of a span are stored."""

from collections.abc import Iterable, Mapping

from ontology.envelopes import load_envelopes
from ontology.terms import SpanKind
from ontology.values import Measurement, Span

__all__ = ["stored_measurements"]

_CORE = (
    "level", "brightnessCentroid", "spectralSpread", "activeBands", "peakShare", "sideShare", "pitch",
    "lossAbove8000", "monoLoss",
)  # fmt: skip
"""Stored for every span, whether or not a claim rests on them."""
_STANDARD = (
    "spectralCentroid", "spectralBandwidth", "spectralRolloff", "spectralFlatness", "spectralFlux", "zeroCrossingRate",
)  # fmt: skip
"""Stored for windows and whole recordings, as other tools give them."""


def stored_measurements(span: Span, values: Mapping[str, float], evidence: Iterable[str]) -> list[Measurement]:
    """Return the measurements of a span that are stored.

    Parameters
    ----------
    span : Span
    values : Mapping of str to float
        All that was measured, by id of the property, in its unit.
    evidence : iterable of str
        Properties on which a claim about the span rests.
    """
    names = dict.fromkeys([*evidence, *_CORE])
    if span.kind is not SpanKind.DETECTED_OBJECT:
        names |= dict.fromkeys(_STANDARD)
    # a loss below its limit keeps nobody from hearing anything
    names |= dict.fromkeys(
        loss.property for loss in load_envelopes().losses if values.get(loss.property, 0) > loss.limit
    )
    return [Measurement(span, name, values[name]) for name in names if name in values]
