"""What a span measures: one value per observable property, from its frames.

Conventions
-----------
Properties are those of ``ontology/properties.csv``, which gives their unit, scale and method. A value that cannot be
had (no decay, one channel, no pitch) is absent from the result.
"""

import numpy as np
import numpy.typing as npt

from ingest.envelope import LEAD_SECONDS, envelope_properties
from ingest.features import BAND_HZ, BANDS
from ingest.frames import Array, Frames
from ingest.trend import Trend, percentiles, trend
from ontology.terms import SpanKind
from ontology.values import Span

__all__ = ["measure"]

Values = dict[str, float]

_QUIET_DB = 40.0
_STANDARD = (
    "zeroCrossingRate", "spectralCentroid", "spectralBandwidth", "spectralRolloff", "spectralFlatness", "spectralFlux",
)  # fmt: skip
_LOG_BANDS = np.log2(BAND_HZ).astype(np.float32)
_STILL_DB = 0.5
"""Changes smaller than this are no unevenness of a sound that hardly changes."""
_VOICED_SALIENCE, _VOICED_PEAKS = 0.6, 0.35
_ENVELOPE_SECONDS = {True: 20.0, False: 1800.0}
"""Longest whole recording, and longest other span, whose envelope is measured."""


def measure(frames: Frames, span: Span) -> Values:
    """Measure everything that can be measured over a span.

    Parameters
    ----------
    frames : Frames
        Of the span's recording.
    span : Span
        Envelope properties (attack, decay, iteration ...) are measured over all but whole recordings longer than
        20 s and other spans longer than half an hour.

    Returns
    -------
    dict of str to float
        Value by property id, in the property's unit.
    """
    start, end = float(span.start), float(span.end)
    values: Values = {"duration": end - start}
    spectral = frames.spectral.between(start, end)
    loud = _loud(spectral[:, 0])
    heard = spectral[loud]
    if not len(heard):
        return values
    power = float(np.mean(spectral[:, 0].astype(np.float64) ** 2))
    if power > 0:
        values["level"] = 10 * float(np.log10(power))
    values |= dict(zip(_STANDARD, np.median(heard[:, 1:7], axis=0).tolist(), strict=True))
    centroid = _band_properties(values, heard)
    _change_properties(values, heard)
    if frames.channels == 2:
        _stereo_properties(values, heard)
    _tonal_properties(values, frames.tonal.between(start, end), centroid)
    if end - start <= _ENVELOPE_SECONDS[span.kind is SpanKind.WHOLE_RECORDING]:
        hop = frames.envelope.hop_seconds
        lead = round(min(start, LEAD_SECONDS) / hop) if _is_object(span) else None
        # in full, however long: its hop is the scale of an attack
        envelope = frames.envelope.rows(round(start / hop) - (lead or 0), round(end / hop))[:, 0]
        values |= envelope_properties(envelope, hop, lead)
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _is_object(span: Span) -> bool:
    return span.kind in (SpanKind.DETECTED_OBJECT, None)


def _loud(rms: Array) -> npt.NDArray[np.bool_]:
    """Return which frames lie within 40 dB of the loudest of the span."""
    return rms > max(float(rms.max()) * 10 ** (-_QUIET_DB / 20), 1e-7)


def _put(values: Values, name: str, moving: Trend | None, *, spread: bool = False) -> None:
    if moving is not None:
        values[f"{name}Change"] = moving.change
        values[f"{name}Trend"] = moving.tau
        if spread:
            values[f"{name}Range"] = moving.range


def _band_properties(values: Values, heard: Array) -> Array:
    """Put brightness, spread and density; return the log2 centroid of each frame."""
    power = heard[:, -BANDS:]
    top = power.max(axis=1, keepdims=True)
    magnitude = np.sqrt(np.where(power >= top * 1e-6, power, 0.0))
    weight = magnitude / np.maximum(magnitude.sum(axis=1, keepdims=True), 1e-12)
    centroid = weight @ _LOG_BANDS
    spread = np.sqrt(np.maximum((weight * (_LOG_BANDS - centroid[:, None]) ** 2).sum(axis=1), 0.0))
    active = (power >= top * 1e-3).mean(axis=1)
    values["brightnessCentroid"] = float(2 ** np.median(centroid))
    values["spectralSpread"] = float(np.median(spread))
    values["activeBands"] = float(np.median(active))
    _put(values, "centroid", trend(centroid), spread=True)
    _put(values, "activeBands", trend(active))
    moving = trend(spread)
    if moving is not None and values["spectralSpread"] > 0:
        values["spreadChange"] = moving.change / values["spectralSpread"]
        values["spreadTrend"] = moving.tau
    total = heard[:, 8] + heard[:, 9]
    low = power[:, BAND_HZ < 200].sum(axis=1)
    high = power[:, BAND_HZ > 4000].sum(axis=1)
    values["lowBandPresence"] = float(np.mean(low > total * 0.005))
    values["highBandPresence"] = float(np.mean(high > total * 0.005))
    return np.asarray(centroid, np.float32)


def _change_properties(values: Values, heard: Array) -> None:
    """Put how evenly the spectrum changes."""
    change = heard[1:, 7]
    if len(change) >= 8:
        usual, strong = percentiles(change, 50, 95)
        if strong > 0:
            values["fluxRatio"] = (strong + _STILL_DB) / (usual + _STILL_DB)


def _stereo_properties(values: Values, heard: Array) -> None:
    """Put the width of the stereo image and the travel across it."""
    left, right, cross = heard[:, 8], heard[:, 9], heard[:, 10]
    both = np.sqrt(left * right)
    sounding = both > 1e-6 * np.maximum(left, right)
    coherence = np.where(sounding, cross / np.maximum(both, 1e-12), 1.0).clip(-1, 1)
    side = (1 - coherence) / 2
    values["sideShare"] = float(np.median(side))
    group = 10
    whole = len(heard) // group * group
    smooth = side[:whole].reshape(-1, group).mean(axis=1) if whole >= 4 * group else side
    _put(values, "side", trend(smooth))
    lefts, rights = (
        (left[:whole].reshape(-1, group).sum(axis=1), right[:whole].reshape(-1, group).sum(axis=1))
        if whole >= 4 * group
        else (left, right)
    )
    balance = (rights - lefts) / np.maximum(rights + lefts, 1e-12)
    moving = trend(balance)
    if moving is not None:
        values["panTravel"], values["panTrend"] = moving.range, moving.tau


def _tonal_properties(values: Values, tonal: Array, centroid: Array) -> None:
    """Put where the sound lies between note and noise, its pitch and its height."""
    height: Array = centroid
    if len(tonal):
        share, salience, fundamental, deviation, spread = tonal.T
        values["peakShare"] = float(np.median(share))
        values["combSalience"] = float(np.median(salience))
        voiced = (salience > _VOICED_SALIENCE) & (share > _VOICED_PEAKS)
        values["voicedShare"] = float(voiced.mean())
        if values["peakShare"] > 0.1:
            values["partialDeviation"] = float(np.median(deviation))
            values["partialSpread"] = float(np.median(spread))
        if values["voicedShare"] >= 0.5 and voiced.sum() >= 4:
            pitch = np.log2(np.maximum(fundamental[voiced], 1.0))
            values["pitch"] = float(2 ** np.median(pitch))
            height = _without_octave_leaps(pitch)
    _put(values, "height", trend(height), spread=True)


def _without_octave_leaps(pitch: Array) -> Array:
    """Fold each pitch to the octave nearest to the median of those before it."""
    folded = pitch.copy()
    for index in range(1, len(folded)):
        usual = np.median(folded[max(0, index - 5) : index])
        folded[index] -= np.round(folded[index] - usual)
    return folded
