"""From which value on a condition clearly holds, and from which it clearly fails.

Conventions
-----------
A condition holds with the probability that a normally distributed value about the measured one, with the condition's
margin as standard deviation (in octaves where the property's scale is ``log``), lies on the right side of its
threshold. At `CLAIM` and above it holds, at `CONTRADICT` and below it fails, in between it decides nothing. SPARQL 1.1
has neither the normal distribution nor logarithms, so the four values where this turns over are worked out once, from
the same table that the describer reads, and written to ``vocabulary.ttl`` by `ontology.build`.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from statistics import NormalDist

from ontology.vocabulary import Condition, ObservableProperty

__all__ = ["CLAIM", "CONTRADICT", "PRECONDITIONS", "Limits", "limits"]

CLAIM = 0.65
"""Probability from which on a condition holds and a claim is made or supported."""

CONTRADICT = 0.1
"""Probability up to which a condition fails and a claim is contradicted."""

PRECONDITIONS = frozenset({"duration"})
"""Ids of the properties that only say whether a rule can be used: where they fail, the rule is left open."""

_DIGITS = 6
# of a stored value: rounded to as many, away from the zone of doubt, a limit splits stored values as an exact one does


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a condition turns over, in the unit of its property; None where there is no such limit.

    Parameters
    ----------
    supports_above : Decimal or None
        The condition holds at this value and above, as far as its minimum goes.
    supports_below : Decimal or None
        The condition holds at this value and below, as far as its maximum goes.
    contradicts_below : Decimal or None
        The condition fails at this value and below.
    contradicts_above : Decimal or None
        The condition fails at this value and above.
    """

    supports_above: Decimal | None
    supports_below: Decimal | None
    contradicts_below: Decimal | None
    contradicts_above: Decimal | None


def limits(condition: Condition, observed: ObservableProperty) -> Limits:
    """Return where a condition turns over.

    Parameters
    ----------
    condition : Condition
    observed : ObservableProperty
        Its property, which gives the scale.

    Returns
    -------
    Limits
        Numbers of six significant digits, as stored values have.

    Examples
    --------
    >>> from ontology.vocabulary import load_vocabulary
    >>> vocabulary = load_vocabulary()
    >>> (bright,) = vocabulary.rules["bright"].conditions
    >>> found = limits(bright, vocabulary.properties["brightnessCentroid"])
    >>> str(found.supports_above), str(found.contradicts_below), found.supports_below
    ('2109.74', '1674.45', None)
    """
    up, down = Context(_DIGITS, ROUND_CEILING), Context(_DIGITS, ROUND_FLOOR)
    holds, fails = (NormalDist().inv_cdf(probability) for probability in (CLAIM, CONTRADICT))

    def shifted(threshold: float | None, deviations: float, rounding: Context) -> Decimal | None:
        if threshold is None:
            return None
        by = deviations * condition.margin
        return rounding.create_decimal_from_float(
            threshold * 2**by if observed.scale == "log" else threshold + by
        ).normalize()

    return Limits(
        supports_above=shifted(condition.minimum, holds, up),
        supports_below=shifted(condition.maximum, -holds, down),
        contradicts_below=shifted(condition.minimum, fails, down),
        contradicts_above=shifted(condition.maximum, -fails, up),
    )
