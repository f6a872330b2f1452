"""How well curves that a describer follows agree with the true ones of a clip.

Conventions
-----------
* Curves are compared at the times of the describer, with the truth averaged over the window of one point.
* The level counts from its maximum in dB, no lower than `FLOOR_DB`; the height in octaves from its own mean, because a
  truth has no pitch of its own; the centroid in log2 of hertz; the position from -1 to 1.
* Only what moves is compared: a flat truth has no concordance.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from truth.corpus.items import Record
from truth.describers import CURVE_WINDOW, Curve
from truth.metrics import Floats, concordance

__all__ = ["LEAST", "concordances"]

FLOOR_DB = -40.0
LEAST: Mapping[str, float] = {"level": 6.0, "centroid": 0.35, "height": 0.25, "position": 0.3}
"""What a true curve must cover to be compared: dB, octaves, octaves, and part of the image (2 from side to side)."""
_POINTS = 5


def _averaged(times: Floats, curve: Floats, middles: Floats) -> Floats:
    """Return the mean of a curve over the window about each time."""
    found: Floats = np.full(len(middles), np.nan)
    for place, middle in enumerate(middles):
        near = np.abs(times - middle) <= CURVE_WINDOW / 2
        if near.any():
            found[place] = curve[near].mean()
    return found


def _level(decibels: Floats) -> Floats:
    below: Floats = np.maximum(decibels - decibels.max(), FLOOR_DB)
    return below


def _prepared(name: str, truth: tuple[Floats, Floats], curve: Curve) -> tuple[Floats, Floats]:
    """Return the measured and the true curve at the same times, in the same scale."""
    times, values = truth
    middles, found = np.array(curve.times), np.array(curve.values)
    if name == "level":
        known = 10 * np.log10(np.maximum(_averaged(times, 10 ** (values / 10), middles), 1e-12))
    elif name == "centroid":
        known, found = _averaged(times, np.log2(np.maximum(values, 1.0)), middles), np.log2(np.maximum(found, 1.0))
    else:
        known = _averaged(times, values, middles)
    there = np.isfinite(known) & np.isfinite(found)
    known, found = known[there], found[there]
    if name == "level" and len(known):
        return _level(found), _level(known)
    if name == "height" and len(known):
        return found - found.mean(), known - known.mean()
    return found, known


def concordances(record: Record, curves: Mapping[str, Curve]) -> dict[str, float]:
    """Compare the curves of a describer with those of a clip of one sound.

    Parameters
    ----------
    record : dict
        Line of the manifest.
    curves : Mapping of str to Curve
        By name; see `truth.describers.Describer.curves`.

    Returns
    -------
    dict of str to float
        Concordance, -1 to 1, by name; what has no moving truth, or fewer than five common points, is absent.
    """
    told = record["trajectories"]
    assert isinstance(told, Sequence)
    if len(told) != 1:
        return {}
    found: dict[str, float] = {}
    times = np.array(told[0]["times"], np.float64)
    for name, least in LEAST.items():
        truth = told[0][name]
        if not isinstance(truth, list) or name not in curves:
            continue
        measured, known = _prepared(name, (times, np.array(truth, np.float64)), curves[name])
        if len(known) >= _POINTS and np.ptp(known) >= least:
            found[name] = round(concordance(measured, known), 4)
    return found
