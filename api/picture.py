"""A recording as a picture: waveform, spectrogram, and the claims under them.

Conventions
-----------
Sound is read in blocks and reduced to at most `COLUMNS` columns at once, so that a long work needs no more memory
than a short one. Each lane of claims is one aspect; claims of one agent that overlap in it lie under each other. The
strength of a bar is its confidence, its edge its verdict. Colours are those of Okabe and Ito, which most colour-blind
people can tell apart.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from api.listing import clock
from ingest.decode import RATE, blocks

__all__ = ["Bar", "Sight", "draw", "look"]

COLUMNS = 2000
_WINDOW = 4096
_LOW_HZ, _HIGH_HZ, _ROWS = 40.0, 20_000.0, 220
_DYNAMIC_DB = 80.0
_LEAST_LETTERS = 4
_EDGES = {"supported": "#009E73", "accepted": "#009E73", "contradicted": "#D55E00", "rejected": "#D55E00"}
_FILLS = ("#0072B2", "#CC79A7", "#56B4E9", "#E69F00", "#009E73", "#F0E442")

_OTHER_FONTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans", "Source Han Sans", "IPAGothic", "TakaoPGothic", "VL Gothic",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Unifont", "Arial Unicode MS", "Hiragino Sans",
)  # fmt: skip

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bar:
    """A claim to be drawn.

    Parameters
    ----------
    start, end : float
        Seconds.
    lane, label, agent : str
        Aspect, concept and maker, as people read them.
    confidence : float
        0 to 1.
    verdict : str
    """

    start: float
    end: float
    lane: str
    label: str
    agent: str
    confidence: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What of a sound is drawn: extremes per column, and power per column and log-frequency row."""

    low: Array
    high: Array
    power: Array


def look(path: Path, duration: float) -> Sight:
    """Reduce a sound file to columns."""
    columns = int(min(COLUMNS, max(200, duration * 50)))
    per_column = max(1, int(np.ceil(duration * RATE / columns)))
    low, high = np.zeros(columns), np.zeros(columns)
    power, frames = np.zeros((_ROWS, columns)), np.zeros(columns)
    window = np.hanning(_WINDOW)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    rows = np.geomspace(_LOW_HZ, _HIGH_HZ, _ROWS)
    hop = max(_WINDOW // 4, per_column // 2)
    position, rest = 0, np.zeros(0)
    for block in blocks(path):
        sound = np.concatenate([rest, block.mean(axis=0, dtype=np.float64)])
        usable = len(sound) - _WINDOW
        for start in range(0, max(usable, 0), hop):
            column = min(columns - 1, (position + start + _WINDOW // 2) // per_column)
            spectrum = np.abs(np.fft.rfft(sound[start : start + _WINDOW] * window)) ** 2
            power[:, column] += np.interp(rows, frequencies, spectrum)
            frames[column] += 1
        taken = len(range(0, max(usable, 0), hop)) * hop
        index = np.minimum(columns - 1, (position + np.arange(taken)) // per_column)
        np.minimum.at(low, index, sound[:taken])
        np.maximum.at(high, index, sound[:taken])
        position, rest = position + taken, sound[taken:]
    index = np.minimum(columns - 1, (position + np.arange(len(rest))) // per_column)
    np.minimum.at(low, index, rest)
    np.maximum.at(high, index, rest)
    filled = np.flatnonzero(frames)
    if len(filled):
        power = power[:, filled] / frames[filled]
        power = (
            power[:, np.abs(filled[:, None] - np.arange(columns)).argmin(axis=0)] if len(filled) < columns else power
        )
    return Sight(low, high, power)


def draw(target: Path, title: str, duration: float, bars: Sequence[Bar], sound: Path | None) -> None:
    """Draw a recording into a PNG (or SVG, PDF by extension).

    Parameters
    ----------
    target : Path
        File to write.
    title : str
    duration : float
        Seconds.
    bars : sequence of Bar
    sound : Path or None
        Sound file; without one only the claims are drawn.
    """
    tracks = _tracks(bars)
    rows = max(1, sum(tracks.depth.values()))
    height = 0.6 + max(0.24 * rows, 0.3 * len(tracks.depth))
    heights = [1.1, 3.0, height] if sound else [height]
    width = float(np.clip(6 + duration / 6, 11, 48))
    with matplotlib.rc_context({"font.size": 8, "font.family": _fonts(), "axes.titleweight": "bold"}):
        figure = Figure(figsize=(width, sum(heights) + 0.8), layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        if sound:
            _draw_sound(axes[0], axes[1], look(sound, duration), duration)
        _draw_claims(axes[-1], bars, tracks, duration)
        axes[0].set_title(title, loc="left")
        axes[-1].set_xlabel("time (m:ss)")
        axes[-1].set_xlim(0, duration)
        axes[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
            figure.savefig(target, dpi=110)


def _fonts() -> list[str]:
    """Return fonts to be tried in turn: for writings that the first lacks, those of them that are installed."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _OTHER_FONTS if name in installed)]


def _draw_sound(wave: Axes, sonogram: Axes, sight: Sight, duration: float) -> None:
    times = np.linspace(0, duration, len(sight.low))
    wave.fill_between(times, sight.low, sight.high, color="#444444", linewidth=0)
    peak = max(1e-6, float(np.max(np.abs([sight.low, sight.high]))))
    wave.set_ylim(-1.05 * peak, 1.05 * peak)
    wave.set_yticks([])
    wave.set_ylabel("waveform")
    level = 10 * np.log10(np.maximum(sight.power, 1e-12))
    top = float(level.max())
    sonogram.pcolormesh(
        np.linspace(0, duration, level.shape[1] + 1), np.geomspace(_LOW_HZ, _HIGH_HZ, _ROWS + 1), level,
        cmap="magma", vmin=top - _DYNAMIC_DB, vmax=top, rasterized=True,
    )  # fmt: skip
    sonogram.set_yscale("log")
    sonogram.set_yticks([100, 1000, 10_000], ["100 Hz", "1 kHz", "10 kHz"])
    sonogram.set_ylabel("frequency")


@dataclass(frozen=True, slots=True)
class _Tracks:
    """Where bars lie: the track of each within its lane, and how many tracks a lane has."""

    place: dict[int, int]
    depth: dict[str, int]


def _tracks(bars: Sequence[Bar]) -> _Tracks:
    """Put each bar, long ones first, on the first track of its lane and agent where none overlaps it."""
    lanes = dict.fromkeys(bar.lane for bar in sorted(bars, key=lambda bar: (bar.lane, bar.start)))
    place: dict[int, int] = {}
    depth = dict.fromkeys(lanes, 0)
    for lane in lanes:
        for agent in dict.fromkeys(bar.agent for bar in bars):
            mine = [(number, bar) for number, bar in enumerate(bars) if (bar.lane, bar.agent) == (lane, agent)]
            taken: list[list[Bar]] = []
            for number, bar in sorted(mine, key=lambda item: (item[1].start - item[1].end, item[1].start)):
                free = (
                    index for index, track in enumerate(taken)
                    if all(bar.start >= other.end or other.start >= bar.end for other in track)
                )  # fmt: skip
                index = next(free, len(taken))
                taken += [[]] if index == len(taken) else []
                taken[index].append(bar)
                place[number] = depth[lane] + index
            depth[lane] += len(taken)
    return _Tracks(place, depth)


def _draw_claims(axes: Axes, bars: Sequence[Bar], tracks: _Tracks, duration: float) -> None:
    """Draw each claim as a bar in the lane of its aspect, with as much of its name as there is room for."""
    agents = list(dict.fromkeys(bar.agent for bar in bars))
    tops = dict(zip(tracks.depth, np.cumsum([0, *tracks.depth.values()]).tolist(), strict=False))
    rows = max(1, sum(tracks.depth.values()))
    figure = axes.get_figure(root=True)
    width = figure.get_figwidth() if figure is not None else 0.0
    for number, bar in enumerate(bars):
        top = tops[bar.lane] + tracks.place[number]
        fill = np.array(to_rgb(_FILLS[agents.index(bar.agent) % len(_FILLS)]))
        axes.barh(
            top + 0.04, bar.end - bar.start, 0.92, bar.start, align="edge",
            color=1 - (1 - fill) * (0.15 + 0.5 * bar.confidence**2),
            edgecolor=_EDGES.get(bar.verdict, "white"), linewidth=1.2,
        )  # fmt: skip
        letters = int((bar.end - bar.start) / duration * width * 72 / 4.2)
        if letters >= _LEAST_LETTERS:
            name = bar.label if len(bar.label) <= letters else bar.label[: letters - 1] + "…"
            axes.text(bar.start + 0.002 * duration, top + 0.5, name, va="center", fontsize=6, clip_on=True)
    middles = [tops[lane] + depth / 2 for lane, depth in tracks.depth.items()]
    axes.set_yticks(middles, list(tracks.depth))
    for top in tops.values():
        axes.axhline(top, color="#cccccc", linewidth=0.6)
    axes.set_ylim(rows, 0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    for index, agent in enumerate(agents):
        fill = np.array(to_rgb(_FILLS[index % len(_FILLS)]))
        axes.bar(0, 0, color=1 - (1 - fill) * 0.65, label=f"{agent} (the stronger, the surer)")
    for verdict in ("supported", "contradicted"):
        if any(bar.verdict == verdict for bar in bars):
            axes.bar(0, 0, color="white", edgecolor=_EDGES[verdict], linewidth=1.5, label=f"edge: {verdict}")
    if agents and figure is not None:
        figure.legend(loc="outside lower center", ncols=4, frameon=False)
