"""Merged sequences as a picture: each source, the graph they make together, and how alike they are at each moment.

Conventions
-----------
Colours are those of Okabe and Ito, one for each concept or chord in order of first appearance, and used again after the
seventh. In the graph the strength of a stretch is the share of sources that claim it, the width of an arrow the number
of times that a source goes on that way.
"""

from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from queries.sequences import Merged

__all__ = ["draw"]

_FILLS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
_MOST_ROWS = 24
_LEAST_LETTERS = 4


def draw(target: Path, title: str, found: Merged, told: Callable[[float], str]) -> None:
    """Draw merged sequences into a PNG, SVG or PDF, by extension.

    Parameters
    ----------
    target : Path
    title : str
    found : Merged
    told : callable
        Writes a time.

    Raises
    ------
    ValueError
        If the extension is none that can be drawn.
    OSError
        If the file cannot be written.
    """
    keys = list(dict.fromkeys(node.key for node in found.nodes))
    rows = {key: min(number, _MOST_ROWS - 1) for number, key in enumerate(keys)}
    height = 0.32 * len(found.lines) + 0.32 * min(len(keys), _MOST_ROWS) + 3.2
    with matplotlib.rc_context({"font.family": ["DejaVu Sans"], "svg.hashsalt": "acousma", "svg.fonttype": "none"}):
        figure = Figure(figsize=(12, height), layout="constrained")
        sizes = [max(1.2, 0.45 * len(found.lines)), max(1.2, 0.32 * min(len(keys), _MOST_ROWS)), 1.2]
        axes = figure.subplots(3, 1, sharex=True, height_ratios=sizes)
        figure.suptitle(title)
        _sources(axes[0], found, keys)
        _graph(axes[1], found, keys, rows)
        _profile(axes[2], found)
        axes[2].set_xlim(0, found.duration)
        axes[2].xaxis.set_major_formatter(FuncFormatter(lambda time, _: told(max(time, 0.0))))
        axes[2].set_xlabel("share of each recording" if found.stretched else "time")
        metadata = {"Date": None} if target.suffix.lower() == ".svg" else None
        figure.savefig(target, dpi=150, metadata=metadata)


def _fill(keys: list[str], key: str) -> str:
    return _FILLS[keys.index(key) % len(_FILLS)]


def _named(axes: Axes, found: Merged, box: tuple[float, float, float], label: str) -> None:
    """Write as much of a name as there is room for."""
    start, end, y = box
    letters = int((end - start) / found.duration * 125)
    if letters >= _LEAST_LETTERS:
        shown = label if len(label) <= letters else label[: letters - 1] + "…"
        axes.text(start + 0.002 * found.duration, y, shown, va="center", fontsize=6.5, clip_on=True)


def _sources(axes: Axes, found: Merged, keys: list[str]) -> None:
    for row, line in enumerate(found.lines):
        tracks = line.tracks()
        tall = 0.84 / (max(tracks, default=0) + 1)
        for one, track in zip(line.passages, tracks, strict=True):
            y = row - 0.42 + (track + 0.5) * tall
            axes.barh(y, one.end - one.start, 0.92 * tall, one.start, align="center", color=_fill(keys, one.key),
                      alpha=0.55, edgecolor="white", linewidth=0.8)  # fmt: skip
            _named(axes, found, (one.start, one.end, y), one.label)
    axes.set_yticks(range(len(found.lines)), [line.source for line in found.lines], fontsize=8)
    axes.set_ylim(len(found.lines) - 0.4, -0.6)
    axes.set_title("what each source says", loc="left", fontsize=9)


def _graph(axes: Axes, found: Merged, keys: list[str], rows: dict[str, int]) -> None:
    most = max(found.edges.values(), default=1)
    for (first, second), weight in found.edges.items():
        here, there = found.nodes[first], found.nodes[second]
        axes.annotate(
            "", (there.start, rows[there.key]), (min(here.end, max(here.start, there.start)), rows[here.key]),
            arrowprops={"arrowstyle": "-|>", "color": "#333333", "alpha": 0.7, "linewidth": 0.6 + 2.4 * weight / most,
                        "connectionstyle": "arc3,rad=0.12", "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    for node in found.nodes:
        strength = 0.2 + 0.6 * node.weight / len(found.lines)
        axes.barh(rows[node.key], node.end - node.start, 0.7, node.start, align="center", color=_fill(keys, node.key),
                  alpha=strength, edgecolor="#333333", linewidth=0.5)  # fmt: skip
    labels = {node.key: node.label for node in found.nodes}
    axes.set_yticks(range(min(len(keys), _MOST_ROWS)), [labels[key] for key in keys[:_MOST_ROWS]], fontsize=8)
    if len(keys) > _MOST_ROWS:
        axes.set_yticks(axes.get_yticks(), [*(labels[key] for key in keys[: _MOST_ROWS - 1]), "others"], fontsize=8)
    axes.set_ylim(min(len(keys), _MOST_ROWS) - 0.4, -0.6)
    axes.set_title(
        "together: who goes on to what (width: how often; strength: share of sources)", loc="left", fontsize=9
    )


def _profile(axes: Axes, found: Merged) -> None:
    for one in found.profile:
        if one.coherence is not None:
            axes.bar(one.start, max(one.coherence, 0.01), one.end - one.start, align="edge", color="#0072B2", alpha=0.7)
    axes.set_ylim(0, 1.05)
    axes.set_yticks([0, 0.5, 1])
    mean = found.coherence
    said = "" if mean is None else f", mean {mean:.2f}"
    axes.set_title(f"coherence: how alike the sources are at each moment{said}", loc="left", fontsize=9)
