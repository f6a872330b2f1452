"""Merged sequences on a page: what each source says, the graph they make together, and how alike they are."""

from markupsafe import Markup

from api.listing import clock
from api.workbench.plots.svg import Picture, percent_axis, shortened, time_axis
from api.workbench.plots.timeline import COLOURS
from queries.sequences import Merged

__all__ = ["MOST_KEYS", "sequences"]

MOST_KEYS = 24
"""Concepts or chords that have a row of their own; the others share one more."""

MOST_MARKS = 4_000
_LEFT, _WIDTH, _ROW, _PROFILE = 200.0, 1000.0, 24.0, 90.0


def sequences(found: Merged, name: str, others: str) -> Markup:
    """Draw merged sequences.

    Parameters
    ----------
    found : Merged
    name : str
        What the picture shows.
    others : str
        What the row of all further concepts is called.
    """
    keys = list(dict.fromkeys(node.key for node in found.nodes))
    labels = {node.key: node.label for node in found.nodes}
    shown = [labels[key] for key in keys[:MOST_KEYS]] + ([others] if len(keys) > MOST_KEYS else [])
    middle = 14 + _ROW * len(found.lines)
    bottom = middle + 22 + _ROW * len(shown)
    picture = Picture(_WIDTH, bottom + _PROFILE + 48, name)
    box = (_LEFT, 6.0, _WIDTH - 6, bottom + _PROFILE + 22)
    (percent_axis if found.stretched else time_axis)(picture, box, (0.0, found.duration), 10)
    place = {key: min(number, MOST_KEYS) for number, key in enumerate(keys)}
    _sources(picture, found, place)
    rows = {key: middle + 22 + _ROW * (number + 0.5) for key, number in place.items()}
    for number, label in enumerate(shown):
        picture.text(0, middle + 22 + _ROW * (number + 0.5) + 4, shortened(label, _LEFT - 12), "lane")
    _edges(picture, found, rows)
    for node in found.nodes[:MOST_MARKS]:
        title = f"{node.label} · {_times(found, node.start, node.end)} · {'; '.join(node.sources)}"
        picture.titled(
            "rect", title, x=_x(found, node.start), y=rows[node.key] - 8, width=_long(found, node.start, node.end),
            height=16, rx=2, class_=f"mark colour-{place[node.key] % COLOURS}",
            fill_opacity=0.25 + 0.6 * node.weight / len(found.lines),
        )  # fmt: skip
    _coherence(picture, found, bottom + 16)
    return picture.markup(class_="broad")


def _x(found: Merged, time: float) -> float:
    return _LEFT + (_WIDTH - 6 - _LEFT) * time / found.duration


def _long(found: Merged, start: float, end: float) -> float:
    return max(_x(found, end) - _x(found, start), 1.5)


def _times(found: Merged, start: float, end: float) -> str:
    return f"{100 * start:.0f}–{100 * end:.0f} %" if found.stretched else f"{clock(start)}–{clock(end)}"


def _sources(picture: Picture, found: Merged, place: dict[str, int]) -> None:
    for row, line in enumerate(found.lines):
        top = 8 + _ROW * row
        picture.text(0, top + 16, shortened(line.source, _LEFT - 12), "lane")
        tracks = line.tracks()
        tall = (_ROW - 4) / (max(tracks, default=0) + 1)
        for one, track in list(zip(line.passages, tracks, strict=True))[:MOST_MARKS]:
            picture.titled(
                "rect", f"{one.label} · {line.source}, {_times(found, one.start, one.end)}", x=_x(found, one.start),
                y=top + 2 + tall * track, width=_long(found, one.start, one.end), height=max(tall - 1, 1.0),
                class_=f"mark colour-{place[one.key] % COLOURS}", fill_opacity=0.7,
            )  # fmt: skip


def _edges(picture: Picture, found: Merged, rows: dict[str, float]) -> None:
    most = max(found.edges.values(), default=1)
    for (first, second), weight in list(found.edges.items())[:MOST_MARKS]:
        here, there = found.nodes[first], found.nodes[second]
        x, y = _x(found, min(here.end, max(here.start, there.start))), rows[here.key]
        to_x, to_y = _x(found, there.start), rows[there.key]
        bend = max(6.0, (to_x - x) / 2)
        title = f"{here.label} → {there.label} ×{weight}"
        path = f"M {x:.1f} {y:.1f} C {x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        picture.titled("path", title, d=path, class_="step", stroke_width=0.8 + 3 * weight / most)


def _coherence(picture: Picture, found: Merged, top: float) -> None:
    for mark in (0.0, 0.5, 1.0):
        y = top + _PROFILE * (1 - mark)
        picture.add("line", x1=_LEFT, x2=_WIDTH - 6, y1=y, y2=y, class_="grid")
        picture.text(_LEFT - 8, y + 4, f"{mark:g}", "tick", "end")
    for one in found.profile[:MOST_MARKS]:
        if one.coherence is not None:
            tall = max(_PROFILE * one.coherence, 1.5)
            picture.titled(
                "rect", f"{one.coherence:.2f} · {_times(found, one.start, one.end)}", x=_x(found, one.start),
                y=top + _PROFILE - tall, width=_long(found, one.start, one.end), height=tall, class_="mark colour-3",
                fill_opacity=0.75,
            )  # fmt: skip
