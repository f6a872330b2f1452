"""What a span loses on the way into a listener: by the edges of its band, and by a mono mix.

Conventions
-----------
Losses are counted over the frames of the spectral grid within 40 dB of the loudest, as energies. `EDGES_HZ` are the
edges of the bands of listening models that lie within what is measured (``ontology/losses.csv``). A frame is 43 ms
long, so an edge is about 50 Hz wide; edges at 50 Hz and below are therefore not measured.
"""

import numpy as np
import numpy.typing as npt
from torch import Tensor, stack

from ingest.decode import RATE

__all__ = ["ABOVE_HZ", "BELOW_HZ", "EDGES", "edge_powers", "loss_properties"]

BELOW_HZ = (125,)
ABOVE_HZ = (8000, 12000, 14000)
EDGES = len(BELOW_HZ) + len(ABOVE_HZ)
"""Columns that `edge_powers` adds to the spectral grid."""

_FRAME_SHARE = 0.1
"""A frame counts as lost in part if more than this share of its energy lies beyond an edge."""
_MOST_DB = 60.0


def edge_powers(power: Tensor) -> Tensor:
    """Sum power spectra beyond each edge.

    Parameters
    ----------
    power : Tensor
        Shape (frames, bins), the last bin at half of `RATE`.

    Returns
    -------
    Tensor
        Shape (frames, EDGES): below each of `BELOW_HZ`, above each of `ABOVE_HZ`.
    """
    width = RATE / 2 / (power.shape[1] - 1)
    below = [power[:, : round(hertz / width)].sum(1) for hertz in BELOW_HZ]
    above = [power[:, round(hertz / width) :].sum(1) for hertz in ABOVE_HZ]
    return stack(below + above, 1)


def loss_properties(
    powers: npt.NDArray[np.floating], beyond: npt.NDArray[np.floating], channels: int
) -> dict[str, float]:
    """Return the losses of a span.

    Parameters
    ----------
    powers : ndarray of shape (frames, 3)
        Power of the left and of the right channel, and their cross power.
    beyond : ndarray of shape (frames, EDGES)
        As `edge_powers` gives them, of the mean of both channels.
    channels : int
        1 or 2.

    Returns
    -------
    dict of str to float
        Loss in dB and share of the time by property id; `monoLoss` for two channels only.
    """
    total = (powers[:, 0] + powers[:, 1]).astype(np.float64) / 2
    names = [f"Below{hertz}" for hertz in BELOW_HZ] + [f"Above{hertz}" for hertz in ABOVE_HZ]
    values = {}
    for name, lost in zip(names, beyond.T.astype(np.float64), strict=True):
        values[f"loss{name}"] = _decibels(float(total.sum()), float((total - lost).sum()))
        values[f"frames{name}"] = float(np.mean(lost > _FRAME_SHARE * total))
    if channels == 2:
        left, right, cross = powers.sum(axis=0, dtype=np.float64)
        values["monoLoss"] = _decibels(2 * (left + right), left + right + 2 * cross)
    return values


def _decibels(whole: float, left: float) -> float:
    """Return how far what is left lies below the whole, 0 to `_MOST_DB`."""
    if left <= whole * 10 ** (-_MOST_DB / 10):
        return _MOST_DB if whole > 0 else 0.0
    return max(0.0, 10 * float(np.log10(whole / left)))
