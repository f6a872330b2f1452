"""From measured values to claims and verdicts, by the rules of ``ontology/rules.csv``.

Conventions
-----------
A condition holds with the probability that a value drawn from a normal distribution about the measured one, with the
condition's margin as standard deviation on the property's scale, lies on the right side of the threshold. A rule
holds with the probability of its weakest condition; a span too short or too long for it (a condition on one of the
`PRECONDITIONS`) leaves it open. At `CLAIM` and above a claim is made; at `CONTRADICT` and below a claim of somebody
else is contradicted; in between, and where a value is absent, nothing is said. These limits have their home in
`ontology.thresholds`, from where the graph of the vocabulary gets them too (``queries/evidence_for_claims.rq``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ontology.terms import ConfidenceKind, Verdict
from ontology.thresholds import CLAIM, CONTRADICT, PRECONDITIONS
from ontology.values import Assessment, Claim, Span
from ontology.vocabulary import Condition, Rule, Vocabulary

__all__ = ["CLAIM", "CONTRADICT", "Decision", "assess", "claims", "decide"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule says of measured values.

    Parameters
    ----------
    probability : float
        0 to 1.
    evidence : tuple of str
        Ids of the properties it rests on.
    """

    probability: float
    evidence: tuple[str, ...]


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _holds(condition: Condition, value: float, scale: str) -> float:
    if scale == "log":
        if value <= 0:
            return 0.0 if condition.minimum is not None else 1.0
        value = math.log2(value)
    holds = 1.0
    if condition.minimum is not None:
        low = math.log2(condition.minimum) if scale == "log" else condition.minimum
        holds = min(holds, _normal((value - low) / condition.margin))
    if condition.maximum is not None:
        high = math.log2(condition.maximum) if scale == "log" else condition.maximum
        holds = min(holds, _normal((high - value) / condition.margin))
    return holds


def decide(rule: Rule, values: Mapping[str, float], vocabulary: Vocabulary) -> Decision | None:
    """Judge a rule by measured values.

    Parameters
    ----------
    rule : Rule
    values : Mapping of str to float
        Value by property id, in the property's unit.
    vocabulary : Vocabulary
        Gives the scale of each property.

    Returns
    -------
    Decision or None
        None if a value the rule needs is absent, unless another condition already fails, or if the span has not the
        length the rule is made for.
    """
    present = [condition for condition in rule.conditions if condition.property in values]
    judged = [
        _holds(condition, values[condition.property], vocabulary.properties[condition.property].scale)
        for condition in present
    ]
    if any(c.property in PRECONDITIONS and holds < CLAIM for c, holds in zip(present, judged, strict=True)):
        return None
    complete = len(present) == len(rule.conditions)
    if not judged or (not complete and min(judged) > CONTRADICT):
        return None
    return Decision(min(judged), tuple(dict.fromkeys(condition.property for condition in present)))


def claims(span: Span, values: Mapping[str, float], vocabulary: Vocabulary) -> list[Claim]:
    """Make every claim the rules for this kind of span support.

    Parameters
    ----------
    span : Span
        With its kind.
    values : Mapping of str to float
    vocabulary : Vocabulary

    Returns
    -------
    list of Claim
        In the order of the rules; empty if nothing can be decided.
    """
    made = []
    for rule in vocabulary.rules.values():
        if span.kind not in rule.spans:
            continue
        probability = 1.0
        for condition in rule.conditions:
            value = values.get(condition.property)
            if value is None:
                break
            scale = vocabulary.properties[condition.property].scale
            probability = min(probability, _holds(condition, value, scale))
            if probability < CLAIM:
                break  # most rules fail at their first conditions, and the others do not matter then
        else:
            evidence = tuple(condition.property for condition in rule.conditions)
            confidence = round(probability, 3)
            made.append(Claim(span, rule.concept, rule.aspect, confidence, ConfidenceKind.RULE_MARGIN, evidence))
    return made


def assess(
    claim: str, concept: str, span: Span, values: Mapping[str, float], vocabulary: Vocabulary
) -> Assessment | None:
    """Say what measured values make of a claim by somebody else.

    Parameters
    ----------
    claim : str
        IRI of the claim.
    concept : str
        What it claims.
    span : Span
    values : Mapping of str to float
        Measured over the span.
    vocabulary : Vocabulary

    Returns
    -------
    Assessment or None
        None if there is no rule for the concept: measurement has nothing to say.
    """
    rule = vocabulary.rules.get(concept)
    if rule is None:
        return None
    decision = decide(rule, values, vocabulary)
    if decision is None:
        return Assessment(claim, span, Verdict.UNDECIDED, 0.5)
    if decision.probability >= CLAIM:
        return Assessment(claim, span, Verdict.SUPPORTED, round(decision.probability, 3), decision.evidence)
    if decision.probability <= CONTRADICT:
        return Assessment(claim, span, Verdict.CONTRADICTED, round(1 - decision.probability, 3), decision.evidence)
    return Assessment(claim, span, Verdict.UNDECIDED, 0.5, decision.evidence)
