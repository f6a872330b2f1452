"""Pictures of describers: the band that each hears, how right it is concept by concept, how reliable its confidence."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from api.workbench.carding import BINS, Bin, Right
from api.workbench.plots.svg import Picture, shortened
from ontology.envelopes import Envelope

__all__ = ["bands", "reliability", "scores"]

_LOW, _HIGH = 20.0, 24_000.0
_MARKS = (
    (50, "50"),
    (100, "100"),
    (200, "200"),
    (500, "500"),
    (1000, "1 k"),
    (2000, "2 k"),
    (5000, "5 k"),
    (10_000, "10 k"),
    (20_000, "20 k"),
)
MOST_SCORES = 200


def bands(envelopes: Sequence[Envelope], name: str, links: str, heads: tuple[str, str]) -> Markup:
    """Draw which band each model hears, from 20 Hz to 24 kHz, with channels and token step beside.

    Parameters
    ----------
    envelopes : sequence of Envelope
    name : str
        What the picture shows.
    links : str
        What the address of each model's description begins with.
    heads : tuple of str
        Headings of the channels and of the steps.
    """
    width, line, left, right, top = 960.0, 22.0, 250.0, 780.0, 22.0
    picture = Picture(width, top + line * len(envelopes) + 24, name, links=True)
    bottom = top + line * len(envelopes)

    def place(hertz: float) -> float:
        share = math.log(max(hertz, _LOW) / _LOW) / math.log(_HIGH / _LOW)
        return left + (right - left) * min(1.0, share)

    for hertz, words in _MARKS:
        picture.add("line", x1=place(hertz), x2=place(hertz), y1=top, y2=bottom, class_="grid")
        for y in (14.0, bottom + 15):
            picture.text(place(hertz), y, f"{words} Hz" if hertz == 50 else words, "tick", "middle")
    picture.text(right + 40, 14, heads[0], "tick", "middle")
    picture.text(width - 8, 14, heads[1], "tick", "end")
    for number, one in enumerate(envelopes):
        y = top + number * line
        picture.add("line", x1=0, x2=width, y1=y, y2=y, class_="rule")
        picture.open("a", href=f"{links}{one.id}")
        picture.text(0, y + 15, shortened(one.label, left - 8), "lane")
        picture.close("a")
        x = place(one.minimum_hz)
        told = f"{one.label}: {one.minimum_hz:g}–{one.maximum_hz:g} Hz"
        picture.titled(
            "rect", told, x=x, y=y + 4, width=place(one.maximum_hz) - x, height=line - 8, rx=2, class_="band"
        )
        picture.text(right + 40, y + 15, str(one.channels), "tick", "middle")
        step = (
            ""
            if one.token_step_s is None
            else f"{1000 * one.token_step_s:g} ms"
            if one.token_step_s < 1
            else f"{one.token_step_s:g} s"
        )
        picture.text(width - 8, y + 15, step, "tick", "end")
    return picture.markup(class_="broad")


def scores(right: Sequence[Right], name: str) -> Markup:
    """Draw balanced accuracy concept by concept, the weakest first, with 95 % intervals and chance at 0.5."""
    shown = sorted(right, key=lambda one: (one.score, one.label))[:MOST_SCORES]
    width, line, left, edge, top = 420.0, 17.0, 180.0, 380.0, 20.0
    bottom = top + line * len(shown)
    picture = Picture(width, bottom + 22, name)

    def place(score: float) -> float:
        return left + (edge - left) * min(1.0, max(0.0, score))

    for score in (0.0, 0.25, 0.5, 0.75, 1.0):
        class_ = "ideal" if score == 0.5 else "grid"
        picture.add("line", x1=place(score), x2=place(score), y1=top, y2=bottom, class_=class_)
        for y in (top - 7, bottom + 15):  # a long picture is scrolled: both ends have the scale
            picture.text(place(score), y, f"{score:g}", "tick", "middle")
    for number, one in enumerate(shown):
        y = top + number * line + line / 2
        picture.text(0, y + 4, shortened(one.label, left - 10), "lane")
        if one.low is not None and one.high is not None:
            picture.add("line", x1=place(one.low), x2=place(one.high), y1=y, y2=y, class_="whisker")
        told = f"{one.label}: {one.score:.2f}" + (
            f" ({one.low:.2f}–{one.high:.2f})" if one.low is not None and one.high is not None else ""
        )
        picture.titled("circle", f"{told}, {one.clips}", cx=place(one.score), cy=y, r=4.5, class_="mark colour-0")
        picture.text(width, y + 4, f"{one.score:.2f}", "tick", "end")
    return picture.markup(class_="scores")


def reliability(bins: Sequence[Bin], name: str, axes: tuple[str, str]) -> Markup:
    """Draw the share of claims that hold against the confidence that was said; the area of a mark is their number.

    Parameters
    ----------
    bins : sequence of Bin
    name : str
    axes : tuple of str
        What the horizontal and the vertical axis show.
    """
    size, left, top = 300.0, 44.0, 10.0
    picture = Picture(left + size + 12, top + size + 44, name)
    for number in range(5):
        share = number / 4
        x, y = left + size * share, top + size * (1 - share)
        picture.add("line", x1=x, x2=x, y1=top, y2=top + size, class_="grid")
        picture.add("line", x1=left, x2=left + size, y1=y, y2=y, class_="grid")
        picture.text(x, top + size + 15, f"{share:g}", "tick", "middle")
        picture.text(left - 6, y + 4, f"{share:g}", "tick", "end")
    picture.add("line", x1=left, y1=top + size, x2=left + size, y2=top, class_="ideal")
    picture.text(left + size / 2, top + size + 36, axes[0], "tick", "middle")
    picture.add("text", axes[1], x=12, y=top + size / 2, class_="tick", text_anchor="middle",
                transform=f"rotate(-90 12 {top + size / 2:g})")  # fmt: skip
    most = max((one.decided for one in bins), default=1)
    for one in bins:
        share = one.hold / one.decided
        picture.titled(
            "circle", f"{one.low:g}–{one.low + 1 / BINS:g}: {one.hold}/{one.decided}",
            cx=left + size * (one.low + 0.5 / BINS), cy=top + size * (1 - share),
            r=4 + 11 * math.sqrt(one.decided / most), class_="mark colour-0", fill_opacity=0.6,
        )  # fmt: skip
    return picture.markup(class_="small")
