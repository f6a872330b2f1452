"""True, false, or left undecided: comparisons with a guard band, and what follows from several of them.

Conventions
-----------
* ``None`` is "undecided": the parameter lies within `GUARD` of the cut, or the concept does not apply.
* A *reading* is a number, or a pair (least, most) of what a quantity may be taken to be; a comparison is decided only
  where it is the same for both.
"""

from collections.abc import Iterable

__all__ = ["GUARD", "Reading", "Verdict", "all_of", "any_of", "negation", "over", "under", "within"]

GUARD = 0.1
"""Share of a cut on either side of it within which nothing is decided."""

Verdict = bool | None

Reading = float | tuple[float, float]


def _ends(reading: Reading) -> tuple[float, float]:
    return reading if isinstance(reading, tuple) else (reading, reading)


def over(reading: Reading, cut: float) -> Verdict:
    """Tell whether a reading is over a cut, which is not 0.

    Examples
    --------
    >>> over(1.2, 1.0), over(0.85, 1.0), over(1.05, 1.0), over((0.8, 1.3), 1.0)
    (True, False, None, None)
    """
    least, most = _ends(reading)
    band = abs(cut) * GUARD
    if least > cut + band:
        return True
    return False if most < cut - band else None


def negation(verdict: Verdict) -> Verdict:
    """Return the opposite of a verdict; what is undecided stays so."""
    return None if verdict is None else not verdict


def under(reading: Reading, cut: float) -> Verdict:
    """Tell whether a reading is under a cut."""
    return negation(over(reading, cut))


def within(reading: Reading, low: float, high: float) -> Verdict:
    """Tell whether a reading is between two cuts."""
    return all_of((over(reading, low), under(reading, high)))


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return False if any is false, True if all are true.

    Examples
    --------
    >>> all_of([True, None]), all_of([None, False]), all_of([True, True])
    (None, False, True)
    """
    found = list(verdicts)
    if any(verdict is not None and not verdict for verdict in found):
        return False
    return True if None not in found else None


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return True if any is true, False if all are false."""
    return negation(all_of(negation(verdict) for verdict in verdicts))
