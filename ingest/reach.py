"""Whether the maker of a claim could have heard what it claims: its envelope, the concept's needs, the span's losses.

Conventions
-----------
The same data and the same conditions as ``queries/claims_beyond_envelope.rq``; a test compares both. A listener is
beyond its envelope where

- the evidence takes more channels, or a finer time step, than its input has;
- the span has fewer than two of its steps (unless it passes on one value per clip), or the span or the evidence is
  longer than what it takes in as one;
- the evidence lies in a band that its input does not carry, wholly; or in part, and the span has sound there;
- more of the span is lost through its band or its mono mix than a limit, whatever is claimed.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ontology.envelopes import Envelope, Envelopes, Loss, Need
from ontology.terms import ReachReason, Verdict
from ontology.values import Assessment, Claim

__all__ = ["Reason", "assess_reach", "reasons"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a listener could not have heard something.

    Parameters
    ----------
    kind : ReachReason
    property : str or None
        What was measured; None where nothing need be.
    certainty : float
        0.5 to 1; 1 where nothing need be measured.
    """

    kind: ReachReason
    property: str | None = None
    certainty: float = 1.0


_NO_NEED = Need(None, None, None, None, None, "")


def reasons(
    envelope: Envelope, need: Need | None, seconds: float, values: Mapping[str, float], losses: tuple[Loss, ...]
) -> list[Reason]:
    """Return every reason why a concept is beyond an envelope on a span.

    Parameters
    ----------
    envelope : Envelope
    need : Need or None
        Of the concept.
    seconds : float
        Length of the span.
    values : Mapping of str to float
        Measured over the span, by property id; a loss that is absent gives no reason.
    losses : tuple of Loss

    Returns
    -------
    list of Reason
        Empty if the concept is within reach.
    """
    need = need or _NO_NEED
    found = [*_by_figures(envelope, need, seconds), *_by_losses(envelope, need, values, losses)]
    best: dict[ReachReason, Reason] = {}
    for reason in found:
        if reason.kind not in best or reason.certainty > best[reason.kind].certainty:
            best[reason.kind] = reason
    return list(best.values())


def _by_figures(envelope: Envelope, need: Need, seconds: float) -> Iterator[Reason]:
    """Yield the reasons for which nothing need be measured."""
    if need.channels is not None and need.channels > envelope.channels:
        yield Reason(ReachReason.CHANNELS)
    step = envelope.token_step_s
    if step is not None:
        too_coarse = need.step_s is not None and step > need.step_s
        if too_coarse or (seconds < 2 * step and not envelope.is_clip):
            yield Reason(ReachReason.STEP)
    if envelope.longest_input_s is not None and max(seconds, need.shortest_s or 0) > envelope.longest_input_s:
        yield Reason(ReachReason.INPUT)
    if need.lowest_hz is None or need.highest_hz is None:
        return
    if need.lowest_hz >= envelope.maximum_hz or need.highest_hz <= envelope.minimum_hz:
        yield Reason(ReachReason.BAND)


def _by_losses(
    envelope: Envelope, need: Need, values: Mapping[str, float], losses: tuple[Loss, ...]
) -> Iterator[Reason]:
    """Yield the reasons that were measured."""
    for loss in losses:
        value = values.get(loss.property)
        if value is None or value <= loss.limit or not loss.served(envelope):
            continue
        if loss.reason is ReachReason.BAND and not _reaches_beyond(need, envelope, loss):
            continue
        certainty = 0.5 * math.erfc((loss.limit - value) / loss.margin / math.sqrt(2))
        yield Reason(loss.reason, loss.property, round(certainty, 3))


def _reaches_beyond(need: Need, envelope: Envelope, loss: Loss) -> bool:
    """Tell whether the evidence reaches beyond the edge of the band at which a loss is measured."""
    if need.lowest_hz is None or need.highest_hz is None:
        return False
    if loss.above_hz is not None:
        return need.highest_hz > envelope.maximum_hz
    return need.lowest_hz < envelope.minimum_hz


def assess_reach(
    iri: str, claim: Claim, envelope: str, values: Mapping[str, float], tables: Envelopes
) -> Assessment | None:
    """Say whether a claim speaks of something its maker could not have heard.

    Parameters
    ----------
    iri : str
        IRI of the claim.
    claim : Claim
    envelope : str
        Id of the envelope of its maker.
    values : Mapping of str to float
        Measured over the span of the claim.
    tables : Envelopes

    Returns
    -------
    Assessment or None
        None if nothing speaks against it.
    """
    need, seconds = tables.needs.get(claim.concept), float(claim.span.duration)
    found = reasons(tables.envelopes[envelope], need, seconds, values, tables.losses)
    if not found:
        return None
    return Assessment(
        iri,
        claim.span,
        Verdict.BEYOND_ENVELOPE,
        max(reason.certainty for reason in found),
        tuple(dict.fromkeys(reason.property for reason in found if reason.property is not None)),
        reasons=tuple(reason.kind for reason in found),
    )
