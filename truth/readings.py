"""What a listener answered, in a form in which answers of all kinds of listener can be compared.

Conventions
-----------
A reading is about one aspect of one sound. Its shares add up to 1; the option "cannot tell", or that nothing was
claimed, has the empty name. A listener that answers questions gives the shares of its answers; of any other the
confidences of its claims are taken, and what is missing to 1 is the share of "nothing claimed".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.listeners.base import Heard
from ontology.terms import ConfidenceKind
from ontology.values import Claim

__all__ = ["NONE", "Reading", "completed", "information", "readings"]

NONE = ""
"""The option that claims nothing."""


@dataclass(frozen=True)
class Reading:
    """What was answered about one aspect of one sound.

    Parameters
    ----------
    shares : Mapping of str to float
        By concept id, and `NONE`.
    chosen : str or None
        What is claimed.
    evidence : float
        Largest difference between the evidence for two options, in the listener's unit.
    """

    shares: Mapping[str, float]
    chosen: str | None
    evidence: float

    @property
    def best(self) -> str:
        """The option with the largest share; of equal ones the first by name."""
        return min(self.shares, key=lambda name: (-self.shares[name], name))

    def lead(self, concept: str, other: str) -> float:
        """Return by how much the share of one concept exceeds that of another, -1 to 1."""
        return self.shares.get(concept, 0.0) - self.shares.get(other, 0.0)

    def odds(self, concept: str) -> float:
        """Return the probability, 0 to 1, that a concept holds rather than the best other one that is offered."""
        own = self.shares.get(concept, 0.0)
        other = max((share for name, share in self.shares.items() if name not in (concept, NONE)), default=0.0)
        return own / (own + other) if own + other else 0.5


def readings(heard: Heard) -> dict[str, Reading]:
    """Return what a listener answered about one sound, by aspect."""
    found = {}
    for answer in heard.answers:
        shares = {option or NONE: share for option, share in zip(answer.options, answer.shares, strict=True)}
        found[answer.aspect] = Reading(shares, answer.chosen, max(answer.evidence) - min(answer.evidence))
    by_aspect: dict[str, list[Claim]] = {}
    for claim in heard.claims:
        if claim.aspect not in found and claim.confidence_kind is not ConfidenceKind.LINKED_TEXT:
            by_aspect.setdefault(claim.aspect, []).append(claim)
    return found | {aspect: _claimed(claims) for aspect, claims in by_aspect.items()}


def _claimed(claims: Sequence[Claim]) -> Reading:
    raw = {claim.concept: claim.confidence for claim in claims}
    raw[NONE] = max(0.0, 1.0 - max(raw.values()))
    total = sum(raw.values())
    best = max(claims, key=lambda claim: claim.confidence)
    return Reading({name: share / total for name, share in raw.items()}, best.concept, max(raw.values()))


def completed(said: Iterable[Mapping[str, Reading]]) -> list[dict[str, Reading]]:
    """Give every sound a reading for every aspect: where there is none, nothing was claimed."""
    told = list(said)
    aspects = sorted({aspect for one in told for aspect in one})
    return [{aspect: one.get(aspect, Reading({NONE: 1.0}, None, 0.0)) for aspect in aspects} for one in told]


def information(told: Sequence[Reading]) -> float:
    """Return how much answers tell of which sound they are about, 0 to 1.

    Parameters
    ----------
    told : sequence of Reading
        About different sounds.

    Returns
    -------
    float
        Mutual information of sound and answer, all sounds alike probable, over the logarithm of the number of options:
        the entropy of the mean answer less the mean entropy of the answers.

    Examples
    --------
    >>> sure = [Reading({"a": 1.0, "b": 0.0}, "a", 1.0), Reading({"a": 0.0, "b": 1.0}, "b", 1.0)]
    >>> information(sure)
    1.0
    >>> information(sure[:1] * 2)
    0.0
    """
    names = sorted({name for reading in told for name in reading.shares})
    if len(names) < 2:
        return 0.0
    shares = np.array([[reading.shares.get(name, 0.0) for name in names] for reading in told])
    gained = _entropy(shares.mean(axis=0)) - np.mean([_entropy(row) for row in shares])
    return max(0.0, float(gained / np.log(len(names))))


def _entropy(shares: np.ndarray) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
