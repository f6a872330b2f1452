"""How level, brightness and what else a claim rests on go along a passage, as a picture for a page or a paper."""

import math
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup, escape

from api.workbench.sounds.sight import TRACED

__all__ = ["curves_for", "trace_picture"]

_WIDE, _HIGH, _LEFT, _GAP = 720, 104, 62, 26
_UNITS = {"brightness": "kHz", "spread": "oct", "bands": "", "flatness": "", "side": ""}
_SHOWN_BY = (
    ("spectralSpread", "spread"), ("spread", "spread"), ("spectralBandwidth", "spread"), ("spectralWidth", "spread"),
    ("activeBands", "bands"), ("growth", "bands"), ("spectralFlatness", "flatness"), ("peakShare", "flatness"),
    ("side", "side"), ("monoLoss", "side"), ("panT", "side"),
)  # fmt: skip
"""What the id of a property begins with, and the curve from which it can be understood. Times, attacks and gaps are
seen in the level; pitch and partials have no curve here."""


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))


def _row(name: str, values: Sequence[float | None], ends: tuple[float, float, str], top: float) -> str:
    """Draw one curve between two ends; a gap where there is no value."""
    low, high, unit = ends
    across = _WIDE - _LEFT - 8
    drawn, run = "", list[tuple[float, float]]()
    for number, value in enumerate((*values, None)):
        if value is None:
            drawn += f'<path class="trace" d="{_path(run)}"/>' if len(run) > 1 else ""
            run = []
            continue
        share = min(1.0, max(0.0, (value - low) / max(high - low, 1e-9)))
        run.append((_LEFT + across * (number + 0.5) / len(values), top + _HIGH * (1 - share)))
    labels = "".join(
        f'<text x="{_LEFT - 6}" y="{y:.0f}" text-anchor="end">{escape(text)}</text>'
        for y, text in ((top + 9, f"{high:g} {unit}"), (top + _HIGH, f"{low:g} {unit}"))
    )
    return (
        f'<rect class="ground" x="{_LEFT}" y="{top:g}" width="{across}" height="{_HIGH}"/>{drawn}{labels}'
        f'<text class="name" x="{_LEFT + 6}" y="{top + 14:g}">{escape(name)}</text>'
    )


def curves_for(properties: Iterable[str]) -> list[str]:
    """Return the curves that show what properties were measured from: level and brightness, then what else there is.

    Parameters
    ----------
    properties : iterable of str
        Ids of properties.

    Examples
    --------
    >>> curves_for(["attackTime", "sideShare"])
    ['level', 'brightness', 'side']
    """
    asked = {curve for one in properties for start, curve in _SHOWN_BY if one.startswith(start)}
    return [name for name in TRACED if name in ("level", "brightness") or name in asked]


def trace_picture(
    trace: Sequence[Sequence[float]], passage: tuple[float, float], caption: str, names: Mapping[str, str]
) -> Markup:
    """Draw curves along a passage and a little around it.

    Parameters
    ----------
    trace : sequence of sequence of float
        What :func:`api.workbench.sounds.sight.trace` returns.
    passage : tuple of float
        Start and end in seconds; they are marked.
    caption : str
        What the picture shows, for those who do not see it.
    names : mapping of str to str
        The curves that are drawn, in their order, with what is written at each.

    Returns
    -------
    Markup
        An ``<svg>``.
    """
    rows, top = "", 6.0
    for curve, name in names.items():
        column = TRACED.index(curve) + 1
        values = [None if math.isnan(point[column]) else point[column] for point in trace]
        rows += _row(name, *_scaled(curve, values), top)
        top += _HIGH + _GAP
    deep = top - _GAP - 6
    first, last = (trace[0][0], trace[-1][0]) if trace else passage
    places = [_LEFT + (_WIDE - _LEFT - 8) * (time - first) / max(last - first, 1e-9) for time in passage]
    marks = "".join(
        f'<path class="edge-mark" d="M{place:.1f} 6v{deep:g}"/>'
        f'<text x="{place:.1f}" y="{deep + 22:g}" text-anchor="middle">{time:.3f} s</text>'
        for place, time in zip(places, passage, strict=True)
    )
    return Markup(
        f'<svg id="trace" class="trace-picture" viewBox="0 0 {_WIDE} {deep + 28:g}" role="img" '
        f'aria-label="{escape(caption)}">{rows}{marks}</svg>'
    )


def _scaled(curve: str, values: list[float | None]) -> tuple[list[float | None], tuple[float, float, str]]:
    """Return the values of a curve as they are drawn, and the two ends of its scale with the unit."""
    known = [value for value in values if value is not None]
    if curve == "level":
        loudest = max(known, default=0.0)
        floor = max(min(known, default=-60.0), loudest - 70)
        return [None if value is None else max(value, floor) for value in values], (
            round(floor), round(loudest + 0.5), "dB"
        )  # fmt: skip
    if curve == "brightness":
        values = [None if value is None else value / 1000 for value in values]
        known = [value for value in values if value is not None]
    most = float(f"{1.05 * max(known, default=0.0) or 1.0:.2g}")
    return values, (0.0, 1.0 if curve in ("bands", "side") else most, _UNITS[curve])
