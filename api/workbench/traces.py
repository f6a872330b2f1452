"""How level and brightness go along a passage, as a picture for a page or a paper."""

from collections.abc import Sequence

from markupsafe import Markup, escape

__all__ = ["trace_picture"]

_WIDE, _HIGH, _LEFT, _GAP = 720, 104, 62, 26


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(points))


def _row(name: str, values: Sequence[float | None], top: float, ends: tuple[float, float, str]) -> str:
    """Draw one curve between two ends; a gap where there is no value."""
    low, high, unit = ends
    across = _WIDE - _LEFT - 8
    drawn, run = "", list[tuple[float, float]]()
    for number, value in enumerate((*values, None)):
        if value is None:
            drawn += f'<path class="trace" d="{_path(run)}"/>' if len(run) > 1 else ""
            run = []
            continue
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        run.append((_LEFT + across * (number + 0.5) / len(values), top + _HIGH * (1 - share)))
    labels = "".join(
        f'<text x="{_LEFT - 6}" y="{y:.0f}" text-anchor="end">{escape(text)}</text>'
        for y, text in ((top + 9, f"{high:g} {unit}"), (top + _HIGH, f"{low:g} {unit}"))
    )
    return (
        f'<rect class="ground" x="{_LEFT}" y="{top:g}" width="{across}" height="{_HIGH}"/>{drawn}{labels}'
        f'<text class="name" x="{_LEFT + 6}" y="{top + 14:g}">{escape(name)}</text>'
    )


def trace_picture(
    trace: Sequence[tuple[float, float, float]], passage: tuple[float, float], words: tuple[str, str, str]
) -> Markup:
    """Draw level and brightness along a passage and a little around it.

    Parameters
    ----------
    trace : sequence of (float, float, float)
        Time in seconds, level in dB, spectral centroid in Hz; 0 Hz is drawn as a gap.
    passage : tuple of float
        Start and end in seconds; they are marked.
    words : tuple of str
        What the picture shows, for those who do not see it; names of the two curves.

    Returns
    -------
    Markup
        An ``<svg>``.
    """
    caption, level_name, bright_name = words
    levels = [level for _, level, _ in trace]
    brights = [bright / 1000 or None for _, _, bright in trace]
    loudest = max(levels, default=0.0)
    floor = max(min(levels, default=-60.0), loudest - 70)
    highest = float(f"{1.05 * max((bright or 0.0 for bright in brights), default=0.0) or 1.0:.2g}")
    rows = _row(level_name, [max(level, floor) for level in levels], 6, (round(floor), round(loudest + 0.5), "dB"))
    rows += _row(bright_name, brights, 6 + _HIGH + _GAP, (0.0, highest, "kHz"))
    first, last = (trace[0][0], trace[-1][0]) if trace else passage
    places = [_LEFT + (_WIDE - _LEFT - 8) * (time - first) / max(last - first, 1e-9) for time in passage]
    marks = "".join(
        f'<path class="edge-mark" d="M{place:.1f} 6v{2 * _HIGH + _GAP}"/>'
        f'<text x="{place:.1f}" y="{2 * _HIGH + _GAP + 22}" text-anchor="middle">{time:.3f} s</text>'
        for place, time in zip(places, passage, strict=True)
    )
    return Markup(
        f'<svg id="trace" class="trace-picture" viewBox="0 0 {_WIDE} {2 * _HIGH + _GAP + 28}" role="img" '
        f'aria-label="{escape(caption)}">{rows}{marks}</svg>'
    )
