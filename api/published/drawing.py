"""Pictures as SVG: how surely a condition holds along an axis, and diagrams of boxes and arrows.

Conventions
-----------
A picture is 340 units wide, the width of a telephone's column, so that its text of 11 units is legible there. Colours
come from the style sheet by class, so that they follow the colour scheme of the reader.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from api.published.words import Bounds, quantity
from ingest.rules import CLAIM, CONTRADICT

__all__ = ["WIDTH", "Arrow", "Box", "condition_curve", "diagram"]

WIDTH = 340
_TOP, _FLOOR = 8.0, 52.0
_STEPS = 96
_INSET = 6.0


def _axis(bounds: Bounds, value: float | None) -> tuple[float, float]:
    """Return the ends of the axis on the property's scale: four margins beyond thresholds and value, at least."""
    known = (bounds.minimum, bounds.maximum, value if value is None or bounds.scale == "linear" or value > 0 else None)
    places = [bounds.forward(bound) for bound in known if bound is not None]
    room = max(4 * bounds.margin, 0.35 * (max(places) - min(places)))
    return min(places) - room, max(places) + room


def condition_curve(bounds: Bounds, caption: str, value: float | None = None) -> Markup:
    """Draw the probability that a condition holds along the measured value.

    Parameters
    ----------
    bounds : Bounds
    caption : str
        What the picture shows, for those who do not see it.
    value : float, optional
        A measured value, which is marked.

    Returns
    -------
    Markup
        An ``<svg>``; the area is solid where the value speaks for the concept, striped where it decides nothing.
    """
    low, high = _axis(bounds, value)
    span = high - low

    def across(position: float) -> float:
        return _INSET + (WIDTH - 2 * _INSET) * (position - low) / span

    points = []
    for step in range(_STEPS + 1):
        position = low + span * step / _STEPS
        holds = bounds.holds(bounds.back(position))
        points.append((across(position), _FLOOR - (_FLOOR - _TOP) * holds, holds))
    areas = "".join(_area(run, kind) for kind, run in _runs(points))
    marks = "".join(
        f'<line class="threshold" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 4:g}" y2="{_FLOOR + 5:g}"/>'
        for x in (across(bounds.forward(bound)) for bound in (bounds.minimum, bounds.maximum) if bound is not None)
    )
    labels = _labels(bounds, across)
    if value is not None:
        x = across(bounds.forward(value)) if bounds.scale == "linear" or value > 0 else _INSET
        marks += f'<path class="value" d="M{x:.1f} {_FLOOR:g}V{_TOP:g}m-5 -7h10l-5 8z"/>'
    return Markup(
        f'<svg class="curve" viewBox="0 0 {WIDTH} 72" role="img" aria-label="{escape(caption)}">'
        f'{areas}<line class="axis" x1="{_INSET:g}" x2="{WIDTH - _INSET:g}" y1="{_FLOOR:g}" y2="{_FLOOR:g}"/>'
        f"{marks}{labels}</svg>"
    )


def _runs(points: Sequence[tuple[float, float, float]]) -> list[tuple[str, list[tuple[float, float]]]]:
    """Cut the curve where it passes from one verdict to another."""
    runs: list[tuple[str, list[tuple[float, float]]]] = []
    for x, y, holds in points:
        kind = "for" if holds >= CLAIM else "against" if holds <= CONTRADICT else "open"
        if not runs or runs[-1][0] != kind:
            start = [runs[-1][1][-1]] if runs else []
            runs.append((kind, start))
        runs[-1][1].append((x, y))
    return runs


def _area(run: list[tuple[float, float]], kind: str) -> str:
    line = " L".join(f"{x:.1f} {y:.1f}" for x, y in run)
    area = f'<path class="{kind}" d="M{run[0][0]:.1f} {_FLOOR:g} L{line} L{run[-1][0]:.1f} {_FLOOR:g}Z"/>'
    if kind != "open":
        return area
    inner = [point for number, point in enumerate(run) if number % 2 == 1]
    stripes = "".join(f"M{x:.1f} {_FLOOR:g}V{y:.1f}" for x, y in inner)
    return f'{area}<path class="stripes" d="{stripes}"/>'


def _labels(bounds: Bounds, across: Callable[[float], float]) -> str:
    known = [bound for bound in (bounds.minimum, bounds.maximum) if bound is not None]
    places = [across(bounds.forward(bound)) for bound in known]
    anchors = ["middle"] * len(places)
    if len(places) == 2 and places[1] - places[0] < 80:
        anchors = ["end", "start"]
    return "".join(
        f'<text x="{place:.1f}" y="69" text-anchor="{anchor}">{escape(quantity(bound, bounds.unit))}</text>'
        for place, anchor, bound in zip(places, anchors, known, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Box:
    """A thing in a diagram.

    Parameters
    ----------
    x, y, width : float
        Left upper corner and width, in units of the picture.
    title : str
        Short name, such as ``acm:Claim``; broken over lines where it is too long for one.
    lines : tuple of str
        What else stands in it, one line each.
    href : str
        Where it leads; empty for nowhere.
    """

    x: float
    y: float
    width: float
    title: str
    lines: tuple[str, ...] = ()
    href: str = ""

    @property
    def height(self) -> float:
        """Height in units of the picture."""
        return 14 + 14 * (len(self.title.split("\n")) + len(self.lines))

    @property
    def name(self) -> str:
        """The title in one line."""
        return self.title.replace("\n", "")


@dataclass(frozen=True, slots=True)
class Arrow:
    """A property between two boxes.

    Parameters
    ----------
    path : tuple of (float, float)
        Its corners; the head is at the last.
    label : str
        Name of the property.
    at : (float, float)
        Where the label stands.
    anchor : {"start", "middle", "end"}
        Which end of the label stands there.
    """

    path: tuple[tuple[float, float], ...]
    label: str
    at: tuple[float, float]
    anchor: str = "start"


def diagram(title: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> Markup:
    """Draw boxes and arrows, with a title for those who do not see them."""
    height = max(box.y + box.height for box in boxes) + 6
    drawn = "".join(map(_box, boxes))
    lines = "".join(map(_arrow, arrows))
    return Markup(
        f'<svg class="diagram" viewBox="-2 -2 {WIDTH + 4} {height:g}" role="group" aria-label="{escape(title)}">'
        f"{lines}{drawn}</svg>"
    )


def _box(box: Box) -> str:
    kind = "box own" if box.title.startswith("acm:") else "box"
    rows = [("title", line) for line in box.title.split("\n")] + [("line", line) for line in box.lines]
    words = "".join(
        f'<text class="{kind_}" x="{box.x + box.width / 2:g}" y="{box.y + 18 + 14 * number:g}">{escape(line)}</text>'
        for number, (kind_, line) in enumerate(rows)
    )
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    text = f'<rect class="{kind}" {place} rx="5"/>{words}'
    return f'<a href="{escape(box.href)}">{text}</a>' if box.href else f"<g>{text}</g>"


def _arrow(arrow: Arrow) -> str:
    (from_x, from_y), (x, y) = arrow.path[-2:]
    along_x, along_y = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
    left = (x - 7 * along_x - 3.5 * along_y, y - 7 * along_y - 3.5 * along_x)
    right = (x - 7 * along_x + 3.5 * along_y, y - 7 * along_y + 3.5 * along_x)
    line = "L".join(f"{px:g} {py:g}" for px, py in arrow.path)
    return (
        f'<path class="arrow" d="M{line}"/>'
        f'<path class="head" d="M{x:g} {y:g}L{left[0]:g} {left[1]:g}L{right[0]:g} {right[1]:g}Z"/>'
        f'<text class="property" x="{arrow.at[0]:g}" y="{arrow.at[1]:g}" text-anchor="{arrow.anchor}">'
        f"{escape(arrow.label)}</text>"
    )
