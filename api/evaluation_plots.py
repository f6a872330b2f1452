"""Plots of an evaluation, as SVG text that stands in an HTML page.

Conventions
-----------
Colours are those of Okabe and Ito, which most colour-blind people can tell apart; text stays text.
"""

import io
from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from truth.evaluation import CERTAINTY
from truth.results import Confusion, Evaluation, Overall

__all__ = ["confusion", "reliability", "risk_coverage", "robustness"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666", "#000000")
_NOISES = (("clean", "clean"), ("noise20", "noise\n20 dB"), ("noise10", "noise\n10 dB"), ("noise0", "noise\n0 dB"))
_OTHERS = (("reverb", "reverb"), ("codec", "codec"), ("clip", "clipped"), ("band8k", "to 8 kHz"), ("mono", "mono"))


def _svg(draw: Callable[[Axes], None], size: tuple[float, float]) -> str:
    figure = Figure(figsize=size, layout="constrained")
    # no date and no random ids: equal evaluations give equal pages
    with matplotlib.rc_context({"svg.hashsalt": "acousma", "svg.fonttype": "none", "font.size": 9}):
        draw(figure.subplots())
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def confusion(one: Confusion) -> str:
    """Draw what is taken for what, as shares of each row."""
    counts = np.array(one.counts, float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Axes) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(*counts.shape):
            axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center",
                      color="white" if shares[row, column] > 0.5 else "black")  # fmt: skip
        axes.set_xticks(range(counts.shape[1]), [*one.labels, "no answer"], rotation=30, ha="right")
        axes.set_yticks(range(len(one.labels)), one.labels)
        axes.set_xlabel("most probable")
        axes.set_ylabel("true")

    return _svg(draw, (6.4, 3.8))


def reliability(several: Sequence[Overall]) -> str:
    """Draw the share of truth against the probability that was said."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--", label="perfect")
        for one, colour in zip(several, _COLOURS, strict=False):
            said, true, _ = zip(*one.reliability, strict=True)
            axes.plot(said, true, marker="o", markersize=4, color=colour, label=f"{one.condition}, ECE {one.ece:.3f}")
        axes.set_xlabel("probability said")
        axes.set_ylabel("share true")
        axes.legend()

    return _svg(draw, (4.6, 4.0))


def risk_coverage(several: Sequence[Overall]) -> str:
    """Draw the share of wrong answers against the share of answers that are kept, the most certain first."""

    def draw(axes: Axes) -> None:
        for one, colour in zip(several, _COLOURS, strict=False):
            coverage, risk = zip(*one.risk_coverage, strict=True)
            axes.plot(coverage, risk, color=colour, label=one.condition)
            axes.axvline(one.coverage, color=colour, linewidth=0.8, linestyle=":")
        axes.set_xlabel(f"share of answers kept (dotted: certain from {CERTAINTY:g})")
        axes.set_ylabel("share wrong")
        axes.set_ylim(bottom=0)
        axes.legend()

    return _svg(draw, (4.6, 4.0))


def robustness(evaluation: Evaluation) -> str | None:
    """Draw the balanced accuracy of each family under each condition; None with fewer than two conditions.

    Noise is a course and has a line; the other conditions are marks beside it.
    """
    shown = [(name, label) for name, label in (*_NOISES, *_OTHERS) if name in evaluation.conditions]
    if len(shown) < 2:
        return None
    course = sum(name in evaluation.conditions for name, _ in _NOISES)
    titles = dict.fromkeys(one.family.title for one in evaluation.families)

    def draw(axes: Axes) -> None:
        for number, title in enumerate(titles):
            colour = _COLOURS[number % len(_COLOURS)]
            scores = {one.condition: one for one in evaluation.families if one.family.title == title}
            there = [(place, scores[name]) for place, (name, _) in enumerate(shown) if name in scores]
            # side by side, so that intervals can be read
            places = [place + 0.06 * (number - (len(titles) - 1) / 2) for place, _ in there]
            means = [one.balanced_accuracy for _, one in there]
            spread = [[one.balanced_accuracy - one.low for _, one in there], [one.high - one.balanced_accuracy
                      for _, one in there]]  # fmt: skip
            line = sum(place < course for place, _ in there)
            axes.errorbar(places, np.array(means), np.maximum(spread, 0.0), fmt="o", color=colour, markersize=4,
                          label=title)  # fmt: skip
            axes.plot(places[:line], means[:line], color=colour, linewidth=1)
        axes.axhline(0.5, color="#999999", linewidth=1, linestyle="--")
        axes.set_xticks(range(len(shown)), [label for _, label in shown])
        axes.set_ylabel("balanced accuracy")
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))

    return _svg(draw, (9.6, 4.4))
