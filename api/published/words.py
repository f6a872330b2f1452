"""Units, numbers and conditions in words.

Conventions
-----------
A condition speaks *for* its concept where it holds with the probability of a claim (`ingest.rules.CLAIM`) or more,
*against* it at that of a contradiction (`ingest.rules.CONTRADICT`) or less, and decides nothing in between. Distances
are judged in the unit of the property on a linear scale, in octaves on a logarithmic one.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from ingest.rules import CLAIM, CONTRADICT

__all__ = ["Bounds", "condition_in_words", "doubt_in_words", "quantity", "unit_in_words"]

_NORMAL = NormalDist()
_NBSP = "\N{NO-BREAK SPACE}"
_UNITS = {
    "1": "a pure number", "s": "seconds", "/s": "per second", "Hz": "hertz", "dB": "decibels", "{octave}": "octaves",
    "{cent}": "cents",
}  # fmt: skip
_AFTER = {"1": "", "/s": "per second", "{octave}": "octaves", "{cent}": "cents"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The thresholds of one condition.

    Parameters
    ----------
    minimum, maximum : float or None
        In the unit of the property; at least one is there.
    margin : float
        Standard deviation of the zone of doubt, above 0.
    unit : str
        UCUM code.
    scale : {"linear", "log"}
    """

    minimum: float | None
    maximum: float | None
    margin: float
    unit: str
    scale: Literal["linear", "log"]

    def forward(self, value: float) -> float:
        """Return where a value lies on the scale."""
        return math.log2(value) if self.scale == "log" else value

    def back(self, position: float) -> float:
        """Return the value at a place of the scale."""
        return 2.0**position if self.scale == "log" else position

    def holds(self, value: float) -> float:
        """Return the probability, 0 to 1, that the condition holds at a measured value."""
        sides = [1.0]
        if self.minimum is not None:
            sides.append(_NORMAL.cdf((self.forward(value) - self.forward(self.minimum)) / self.margin))
        if self.maximum is not None:
            sides.append(_NORMAL.cdf((self.forward(self.maximum) - self.forward(value)) / self.margin))
        return min(sides)

    def edge(self, bound: float, probability: float, side: Literal[1, -1]) -> float:
        """Return the value at which a bound holds with a probability; `side` is 1 for a minimum, -1 for a maximum."""
        return self.back(self.forward(bound) + side * _NORMAL.inv_cdf(probability) * self.margin)


def unit_in_words(unit: str) -> str:
    """Return a UCUM code as a word, else the code itself."""
    return _UNITS.get(unit, unit)


def quantity(value: float, unit: str) -> str:
    r"""Write a value with its unit, to three significant digits.

    Examples
    --------
    >>> quantity(0.015, "s"), quantity(2000, "Hz"), quantity(0.8, "1"), quantity(-6, "dB")
    ('15\xa0ms', '2\xa0kHz', '0.8', '−6\xa0dB')
    """
    if unit == "s" and 0 < abs(value) < 1:
        value, unit = value * 1000, "ms"
    elif unit == "Hz" and abs(value) >= 1000:
        value, unit = value / 1000, "kHz"
    number = f"{value:.3g}" if abs(value) < 1000 else f"{round(value):,}".replace(",", _NBSP)
    after = _AFTER.get(unit, unit)
    return f"{number.replace('-', '−')}{_NBSP + after if after else ''}"


def condition_in_words(bounds: Bounds) -> str:
    r"""Say what a value must be.

    Examples
    --------
    >>> condition_in_words(Bounds(0.08, 10, 0.3, "s", "log"))
    'between 80\xa0ms and 10\xa0s'
    """
    low, high = bounds.minimum, bounds.maximum
    if low is not None and high is not None:
        return f"between {quantity(low, bounds.unit)} and {quantity(high, bounds.unit)}"
    if low is not None:
        return f"above {quantity(low, bounds.unit)}"
    return f"below {quantity(high, bounds.unit)}" if high is not None else "anything"


def doubt_in_words(bounds: Bounds) -> str:
    """Say from where a measured value speaks for and from where against the concept."""
    parts = []
    sides: tuple[tuple[float | None, Literal[1, -1], str, str], ...] = (
        (bounds.minimum, 1, "above", "below"),
        (bounds.maximum, -1, "below", "above"),
    )
    for bound, side, for_, against in sides:
        if bound is not None:
            speaks, denies = (
                quantity(bounds.edge(bound, probability, side), bounds.unit) for probability in (CLAIM, CONTRADICT)
            )
            parts.append(f"{for_} {speaks} it speaks for the term, {against} {denies} against it")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}; in between it decides nothing."
