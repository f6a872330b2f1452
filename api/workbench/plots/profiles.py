"""Pictures of a comparison: both timelines over one axis, the coherence profile, and what differs."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from api.listing import clock
from api.workbench.comparing import Difference, Heard, Side, in_order
from api.workbench.plots.svg import Picture, legend, percent_axis, shortened, time_axis
from api.workbench.plots.timeline import Lanes, Mark, timeline

__all__ = ["aligned", "butterfly", "profile"]

MOST_ASPECTS = 16
MOST_CONCEPTS = 24


def aligned(
    sides: tuple[Side, Side],
    stretched: bool,
    label: Callable[[str], str],
    links: Callable[[Side, Heard], tuple[str, str]],
    name: str,
) -> Markup:
    """Draw what is claimed on both sides: a lane for each aspect and side over one axis.

    Parameters
    ----------
    sides : tuple of Side
    stretched : bool
        Whether both are drawn at the same length.
    label : callable
        Gives the label of a concept.
    links : callable
        Gives the address of a claim and that of its sound (may be empty).
    name : str
    """
    longest = max(side.duration for side in sides)
    marks = []
    for number, aspect in enumerate(in_order(*sides)[:MOST_ASPECTS]):
        for place, side in enumerate(sides):
            # the second lane has an invisible name of its own, so that an aspect is named once
            lane = label(aspect) if place == 0 else "\u200b" * (number + 1)
            scale = longest / side.duration if stretched else 1.0
            own = [claim for claim in side.claims if claim.aspect == aspect]
            if not own:
                marks.append(Mark(0.0, 0.0, lane, "", "", place, 0.0))
            for claim in own:
                href, sound = links(side, claim)
                told = f"{label(claim.concept)} · {side.name}, {clock(claim.start)}–{clock(claim.end)}"
                marks.append(Mark(claim.start * scale, claim.end * scale, lane, label(claim.concept), told, place,
                                  claim.confidence, href, "", sound, (claim.start, claim.end)))  # fmt: skip
    key = tuple((f"mark colour-{place}", side.name) for place, side in enumerate(sides))
    return timeline(marks, Lanes(0.0, longest, key=key, percent=stretched), name)


def profile(values: Sequence[float | None], longest: float, stretched: bool, name: str) -> Markup:
    """Draw the coherence of windows.

    Parameters
    ----------
    values : sequence of float or None
        0 to 1.
    longest : float
        Seconds.
    stretched : bool
    name : str
    """
    width, height, left = 960.0, 150.0, 190.0
    picture = Picture(width, height + 20, name)
    box = (left, 6.0, width - 6, height)
    (percent_axis if stretched else time_axis)(picture, box, (0.0, longest), 10)
    for mark in (0.0, 0.5, 1.0):
        y = height - (height - 6) * mark
        picture.add("line", x1=left, x2=width - 6, y1=y, y2=y, class_="grid")
        picture.text(left - 8, y + 4 + (4 if mark == 1 else 0), f"{mark:g}", "tick", "end")
    picture.text(0, 18, shortened(name, left - 30), "lane")
    step = (width - 6 - left) / len(values)
    for number, value in enumerate(values):
        if value is not None:
            tall = max((height - 6) * value, 1.5)
            picture.titled("rect", f"{value:.2f}", x=left + number * step + 0.5, y=height - tall, width=step - 1,
                           height=tall, class_="mark colour-3", fill_opacity=0.75)  # fmt: skip
    return picture.markup(class_="broad")


def butterfly(rows: Sequence[Difference], names: tuple[str, str], label: Callable[[str], str], name: str) -> Markup:
    """Draw the shares of time of each concept, one side to the left, the other to the right.

    Parameters
    ----------
    rows : sequence of Difference
        At most `MOST_CONCEPTS` are drawn.
    names : tuple of str
        Of the sides.
    label : callable
        Gives the label of a concept.
    name : str
    """
    shown = rows[:MOST_CONCEPTS]
    width, line, middle = 560.0, 22.0, 176.0
    half = (width - middle) / 2
    picture = Picture(width, 40 + line * len(shown), name)
    top = legend(picture, (0, 2), width, [("mark colour-0", names[0]), ("mark colour-1", names[1])]) + 8
    most = max((max(row.shares) for row in shown), default=1.0) or 1.0
    for number, row in enumerate(shown):
        y = top + number * line
        picture.text(width / 2, y + 14, shortened(label(row.concept), middle - 8), "lane", "middle")
        for place, share in enumerate(row.shares):
            long = (half - 40) * share / most
            x = half - long if place == 0 else half + middle
            picture.titled("rect", f"{label(row.concept)} · {names[place]}: {100 * share:.0f} %", x=x, y=y + 3,
                           width=max(long, 0.8), height=line - 7, class_=f"mark colour-{place}",
                           fill_opacity=0.7)  # fmt: skip
            end, anchor = (x - 4, "end") if place == 0 else (x + long + 4, "start")
            picture.text(end, y + 15, f"{100 * share:.0f} %", "tick", anchor)
    picture.height = top + line * len(shown) + 6
    return picture.markup()
