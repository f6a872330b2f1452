"""Pictures for viewers: waveform and sonogram whose edges are those of the recording, and what is said of it.

Conventions
-----------
A picture of sound has no axes: its left edge is 0 s, its right edge the end, so that viewers can lay it along a time
line. The sonogram's rows are frequencies from 40 Hz to 20 kHz on a logarithmic scale, low ones below.
"""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from api.picture import Bar, draw, look
from export.iiif import PICTURE
from export.material import Material

__all__ = ["picture_of_said", "picture_of_sound", "said_size"]

_DYNAMIC_DB = 80.0
_MOST_BARS = 600
"""Claims of a picture; of more, the surest."""
_INK, _PAPER = (0x33, 0x33, 0x33), (0xFF, 0xFF, 0xFF)

Pixels = npt.NDArray[np.uint8]


def picture_of_sound(sound: Path, duration: float, kind: str) -> Callable[[Path], None]:
    """Return what writes a picture of a sound as PNG.

    Parameters
    ----------
    sound : Path
    duration : float
        Seconds.
    kind : {"waveform", "sonogram", "sound"}
        ``sound`` is the waveform above the sonogram.
    """
    width, upper, lower = PICTURE

    def make(target: Path) -> None:
        seen = look(sound, duration)
        columns = (np.arange(width) * len(seen.low)) // width
        parts = []
        if kind != "sonogram":
            parts.append(_wave(seen.low[columns], seen.high[columns], upper))
        if kind != "waveform":
            rows = (np.arange(lower) * seen.power.shape[0]) // lower
            level = 10 * np.log10(np.maximum(seen.power[rows][:, columns], 1e-12))
            share = (level[::-1] - float(level.max())) / _DYNAMIC_DB + 1
            coloured = matplotlib.colormaps["magma"](np.clip(share, 0, 1), bytes=True)
            parts.append(np.asarray(coloured, np.uint8)[..., :3])
        Image.fromarray(np.concatenate(parts)).save(target, format="PNG")

    return make


def _wave(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], height: int) -> Pixels:
    """Return a waveform, of shape (height, columns, 3)."""
    peak = max(1e-6, float(np.max(np.abs([low, high]))))
    middle = (height - 1) / 2
    top, bottom = middle - high / peak * middle, middle - low / peak * middle
    rows = np.arange(height)[:, None]
    inside = (rows >= np.floor(top)) & (rows <= np.ceil(bottom))
    return np.where(inside[..., None], np.array(_INK, np.uint8), np.array(_PAPER, np.uint8))


def said_size(material: Material) -> tuple[int, int]:
    """Return width and height in pixels at which a viewer shows the picture of what is said."""
    lanes = len({one.aspect.iri if one.aspect else "" for one in material.annotations})
    return 1600, 240 + 48 * max(1, lanes)


def picture_of_said(material: Material) -> Callable[[Path], None]:
    """Return what writes a picture of the claims about a recording, without its sound."""
    said = [one for one in material.annotations if one.concept is not None and not one.is_instant]
    said = sorted(said, key=lambda one: (-(one.confidence or 0), one.start, one.iri))[:_MOST_BARS]
    bars = [
        Bar(
            float(one.start), float(one.end), one.aspect.label() if one.aspect else "claims", one.text(),
            one.agent.title, float(one.confidence if one.confidence is not None else 1), one.verdicts,
        )
        for one in said
    ]  # fmt: skip

    def make(target: Path) -> None:
        draw(target, material.work.title, float(material.duration), bars, None)
        with Image.open(target) as drawn:
            ImageOps.pad(drawn.convert("RGB"), said_size(material), color="white").save(target, format="PNG")

    return make
