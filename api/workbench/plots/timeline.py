"""Passages in lanes over time.

Conventions
-----------
Passages of a lane that overlap lie under each other. A lane with more than `MOST_IN_LANE` passages, or with more than
`MOST_TRACKS` at once, is drawn as density: how many sound in each stretch, the darker the more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from api.workbench.plots.svg import Picture, legend, percent_axis, shortened, time_axis

__all__ = ["MOST_LANES", "Lanes", "Mark", "lanes_of", "timeline"]

MOST_IN_LANE = 300
MOST_TRACKS = 12
MOST_LANES = 40
COLOURS = 6
_TRACK = 20.0
_BIN = 3.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage to be drawn.

    Parameters
    ----------
    start, end : float
        Seconds.
    lane, label, title : str
        Its lane, what is written on it, and what is said when it is pointed at.
    colour : int
        Number of the agent or the side; there are `COLOURS`.
    strength : float
        0 to 1, such as a confidence.
    href, verdict, sound : str
        Where it leads, a verdict that its edge shows, and the address of what can be played; may be empty.
    heard : tuple of float, optional
        Seconds of the sound, where they are not `start` and `end`.
    """

    start: float
    end: float
    lane: str
    label: str
    title: str
    colour: int = 0
    strength: float = 1.0
    href: str = ""
    verdict: str = ""
    sound: str = ""
    heard: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Lanes:
    """How a timeline is laid out.

    Parameters
    ----------
    start, end : float
        Seconds shown.
    width, label_width : float
        Of the picture, and of the names of lanes; a `label_width` of 0 writes the names above the lanes.
    key : tuple of (str, str)
        Class and name of each colour; empty for no key.
    percent : bool
        Whether the axis is in shares of the length.
    """

    start: float
    end: float
    width: float = 960.0
    label_width: float = 190.0
    key: tuple[tuple[str, str], ...] = ()
    percent: bool = False


def lanes_of(marks: Sequence[Mark]) -> list[str]:
    """Return the lanes of marks, in the order of their first one."""
    return list(dict.fromkeys(mark.lane for mark in marks))


def _tracks(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Put each mark on the first track where none overlaps it."""
    tracks: list[list[Mark]] = []
    ends: list[float] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        free = next((number for number, end in enumerate(ends) if mark.start >= end - 1e-9), None)
        if free is None:
            tracks.append([mark])
            ends.append(mark.end)
        else:
            tracks[free].append(mark)
            ends[free] = mark.end
    return tracks


def timeline(marks: Sequence[Mark], how: Lanes, name: str) -> Markup:
    """Draw passages in lanes.

    Parameters
    ----------
    marks : sequence of Mark
        Of at most `MOST_LANES` lanes; further lanes are left out.
    how : Lanes
    name : str
        What the picture shows.

    Returns
    -------
    Markup
        An ``<svg>``.
    """
    # a lane whose name is invisible goes on under the one before it
    lanes = {lane: [mark for mark in marks if mark.lane == lane] for lane in lanes_of(marks)[:MOST_LANES]}
    tracks = {lane: _tracks(found) for lane, found in lanes.items()}
    dense = {lane for lane in lanes if len(lanes[lane]) > MOST_IN_LANE or len(tracks[lane]) > MOST_TRACKS}
    above = 16.0 if not how.label_width else 0.0
    heights = {lane: above + _TRACK * (1 if lane in dense else len(tracks[lane])) + 8 for lane in lanes}
    left, right, top = how.label_width or 2.0, how.width - 6, 4.0
    probe = Picture(how.width, 0, "")
    key_height = legend(probe, (left, 0), right, how.key) if how.key else 0.0
    bottom = top + key_height + sum(heights.values())
    picture = Picture(how.width, bottom + 20, name, links=any(mark.href for mark in marks))
    if how.key:
        legend(picture, (left, top), right, how.key)
    (percent_axis if how.percent else time_axis)(
        picture, (left, top + key_height, right, bottom), (how.start, how.end), int((right - left) / 70)
    )
    y = top + key_height
    for lane, height in heights.items():
        if lane.strip("\u200b"):
            picture.add("line", x1=0, x2=how.width, y1=y, y2=y, class_="rule")
        if how.label_width:
            picture.titled("rect", lane, x=0, y=y, width=left - 6, height=height, class_="blank")
            picture.text(0, y + 17, shortened(lane, left - 10), "lane")
        else:
            picture.text(2, y + 12, shortened(lane, how.width - 10, 11), "lane")
        if lane in dense:
            _density(picture, lanes[lane], (left, y + above + 4, right), how)
        else:
            for number, track in enumerate(tracks[lane]):
                for mark in track:
                    _bar(picture, mark, (left, y + above + 4 + _TRACK * number, right), how)
        y += height
    return picture.markup()


def _place(time: float, edges: tuple[float, float, float], how: Lanes) -> float:
    left, _, right = edges
    return left + (right - left) * min(1.0, max(0.0, (time - how.start) / max(how.end - how.start, 1e-6)))


def _bar(picture: Picture, mark: Mark, edges: tuple[float, float, float], how: Lanes) -> None:
    if mark.end <= mark.start:  # keeps a lane that would be empty
        return
    x, end = _place(mark.start, edges, how), _place(mark.end, edges, how)
    width = max(end - x, 2.0)
    if mark.href:
        begin, stop = mark.heard or (mark.start, mark.end)
        played = {"data_sound": mark.sound, "data_start": f"{begin:g}", "data_end": f"{stop:g}"}
        picture.open("a", href=mark.href, aria_label=mark.title, **(played if mark.sound else {}))
    strong = 0.2 + 0.45 * min(1.0, max(0.0, mark.strength))
    picture.titled(
        "rect", mark.title, x=x, y=edges[1], width=width, height=_TRACK - 4, rx=2, fill_opacity=strong,
        class_=f"mark colour-{mark.colour % COLOURS} {mark.verdict}".rstrip(),
    )  # fmt: skip
    words = shortened(mark.label, width - 6, 11)
    if len(words) > 2 and mark.label != mark.lane:
        picture.text(x + 4, edges[1] + 12, words, "on-mark")
    if mark.href:
        picture.close("a")


def _density(picture: Picture, marks: Sequence[Mark], edges: tuple[float, float, float], how: Lanes) -> None:
    """Draw how many marks sound in each stretch."""
    left, y, right = edges
    number = int((right - left) / _BIN)
    counts = [0] * (number + 1)
    for mark in marks:
        first, last = (int((_place(time, edges, how) - left) / _BIN) for time in (mark.start, mark.end))
        for index in range(first, min(last, number - 1) + 1):
            counts[index] += 1
    most, x = max(counts) or 1, left
    for count, run in groupby(counts):
        width = _BIN * len(list(run))
        if count:
            picture.titled("rect", str(count), x=x, y=y, width=min(width, right - x), height=_TRACK - 4,
                           class_=f"mark colour-{marks[0].colour % COLOURS}",
                           fill_opacity=0.15 + 0.6 * count / most)  # fmt: skip
        x += width
