"""An SVG picture, put together element by element, and the scales of its axes."""

import math
from collections.abc import Iterable

from markupsafe import Markup, escape

__all__ = ["Picture", "legend", "percent_axis", "shortened", "ticks", "time_axis", "time_label"]

_STEPS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
_LETTER = 7.3
"""Mean width of a letter of 12 units' height."""

Number = int | float


class Picture:
    """An SVG picture.

    Parameters
    ----------
    width, height : float
        Of its ``viewBox``.
    name : str
        What it shows, for whoever does not see it.
    links : bool
        Whether it holds links; then it is a group for screen readers, else one picture.
    """

    def __init__(self, width: float, height: float, name: str, *, links: bool = False) -> None:
        self.width, self.height, self.name, self.links = width, height, name, links
        self._parts: list[Markup] = []

    def add(self, element: str, words: str = "", **attributes: str | Number | None) -> None:
        """Add an element; ``class_`` stands for ``class`` and ``_`` for ``-``; None leaves an attribute out."""
        self._parts.append(_start(element, attributes) + escape(words) + Markup("</%s>") % element)

    def open(self, element: str, **attributes: str | Number | None) -> None:
        """Begin an element that holds others."""
        self._parts.append(_start(element, attributes))

    def close(self, element: str) -> None:
        """End an element."""
        self._parts.append(Markup("</%s>") % element)

    def text(self, x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> None:
        """Add a line of text."""
        self.add("text", words, x=x, y=y, class_=class_ or None, text_anchor=anchor)

    def titled(self, element: str, title: str, **attributes: str | Number | None) -> None:
        """Add an element with a title that is shown when it is pointed at."""
        self.open(element, **attributes)
        self.add("title", title)
        self.close(element)

    def markup(self, **attributes: str) -> Markup:
        """Return the picture as text that stands in a page."""
        role = "group" if self.links else "img"
        head = _start(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_short(self.width)} {_short(self.height)}",
                "role": role, "aria_label": self.name, **attributes, "class_": f"plot {attributes.get('class_', '')}",
            },
        )  # fmt: skip
        return head + Markup("").join(self._parts) + Markup("</svg>")


def _start(element: str, attributes: dict[str, str | Number | None]) -> Markup:
    told = Markup("").join(
        Markup(' %s="%s"') % (_attribute(name), value if isinstance(value, str) else _short(value))
        for name, value in attributes.items()
        if value is not None
    )
    return Markup("<%s%s>") % (element, told)


def _attribute(name: str) -> str:
    return name if name == "viewBox" else name.rstrip("_").replace("_", "-")


def _short(value: Number) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def time_label(seconds: float, step: float) -> str:
    """Write a time as ``m:ss``, with tenths or hundredths where ticks are closer than a second.

    Examples
    --------
    >>> time_label(75, 5), time_label(75.5, 0.5), time_label(3600, 600)
    ('1:15', '1:15.5', '1:00:00')
    """
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
    minutes, rest = divmod(round(seconds, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    shown = f"{rest:0{2 if digits == 0 else 3 + digits}.{digits}f}"
    return f"{hours}:{minutes:02d}:{shown}" if hours else f"{minutes}:{shown}"


def ticks(start: float, end: float, most: int) -> tuple[list[float], float]:
    """Return round times in a stretch, at most so many, and the step between them, in seconds.

    Examples
    --------
    >>> ticks(0, 30, 8)
    ([0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0], 5.0)
    """
    length = max(end - start, 1e-6)
    hours = (3600.0 * number for number in range(2, 100))
    step = next((step for step in (*_STEPS, *hours) if length / step <= most), 360_000.0)
    first = math.ceil(start / step - 1e-9)
    return [number * step for number in range(first, math.floor(end / step + 1e-9) + 1)], step


def shortened(words: str, width: float, size: float = 12) -> str:
    """Return words as far as they fit a width, with an ellipsis where they do not.

    Examples
    --------
    >>> shortened("graduated continuant", 60)
    'graduat…'
    """
    letters = int(width / (_LETTER * size / 12))
    return words if len(words) <= letters else words[: max(letters - 1, 0)].rstrip() + "…" if letters > 1 else ""


def time_axis(picture: Picture, box: tuple[float, float, float, float], span: tuple[float, float], most: int) -> None:
    """Draw an axis of time with lines through a box.

    Parameters
    ----------
    picture : Picture
    box : tuple of float
        Left, top, right, bottom.
    span : tuple of float
        Seconds at its left and right edge.
    most : int
        Most ticks.
    """
    left, top, right, bottom = box
    start, end = span
    found, step = ticks(start, end, most)
    for time in found:
        x = left + (right - left) * (time - start) / max(end - start, 1e-6)
        picture.add("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid")
        picture.text(
            x, bottom + 14, time_label(time, step), "tick", "end" if x > right - 14 else "start" if x < 14 else "middle"
        )


def percent_axis(
    picture: Picture, box: tuple[float, float, float, float], span: tuple[float, float], most: int
) -> None:
    """Draw an axis from 0 to 100 %; the parameters are those of `time_axis`."""
    left, top, right, bottom = box
    step = 10 if most >= 10 else 25
    for percent in range(0, 101, step):
        x = left + (right - left) * percent / 100
        picture.add("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid")
        picture.text(
            x, bottom + 14, f"{percent} %", "tick", "end" if percent == 100 else "start" if x < 14 else "middle"
        )


def legend(picture: Picture, place: tuple[float, float], right: float, names: Iterable[tuple[str, str]]) -> float:
    """Draw a key of colours that breaks at the right edge, and return the height it takes.

    Parameters
    ----------
    picture : Picture
    place : tuple of float
        Left edge and top.
    right : float
        Right edge.
    names : iterable of (str, str)
        Class of the colour, and what it stands for.
    """
    left, top = place
    x, y = left, top
    for class_, name in names:
        shown = shortened(name, right - left - 20)
        width = 20 + len(shown) * _LETTER + 14
        if x > left and x + width > right:
            x, y = left, y + 18
        picture.add("rect", x=x, y=y, width=12, height=12, rx=2, class_=class_)
        picture.text(x + 17, y + 10.5, shown, "tick")
        x += width
    return y - top + 18
