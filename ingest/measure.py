"""What a span measures: one value per observable property, from its frames.

Conventions
-----------
Properties are those of ``ontology/properties.csv``, which gives their unit, scale and method. A value that cannot be
had (no decay, one channel, no pitch) is absent from the result.
"""

import numpy as np
import numpy.typing as npt

from ingest.envelope import EDGE_SECONDS, envelope_properties
from ingest.features import BAND_HZ, BANDS
from ingest.frames import Array, Floor, Frames
from ingest.loss import EDGES, loss_properties
from ingest.trend import Trend, arch, median, percentiles, trend
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
_STANDS_OUT_DB = 6.0
"""The loud part of a span is at least so far above the floor of the recording, or the floor is left in."""
_ALIKE_DB = 6.0
"""A floor whose bands all lie so evenly below those of a span is the same sound, softer."""
_FRAME_OVER, _BAND_OVER = 4.0, 4.0
"""A frame, and a band within it, stands out of the floor if it is so many times as strong."""
_LEAST_FRAMES = 4
_VOICED_SALIENCE, _VOICED_PEAKS = 0.6, 0.35
_TONAL_DB, _TONAL_CLEAR_DB = 30.0, 10.0
"""Partials are looked for where the level is within 30 dB of the loudest and 10 dB above the floor."""
_LINE_OCTAVES, _BROAD_OCTAVES, _KNOT_OCTAVES = 0.08, 0.25, 0.4
"""A line is narrower than the first, noise wider than the second, a knot narrower than the third."""
_HARMONIC_CENTS = 15.0
"""Partials deviate by no more from a harmonic series (the vocabulary's limit)."""
_SMOOTH_FRAMES, _SMOOTH_LEAST = 5, 8
"""Brightness is followed in steps of 100 ms if there are as many: single frames of noise differ."""
_PLANE_PITCH, _PLANE_CENTROID = 1 / 12, 1 / 4
"""Ranges in octaves within which a pitch, and a brightness, is a plane (the vocabulary's limits)."""
_GROWN_SHARE, _STEADY = 0.25, 0.5
"""What has grown has a quarter more bands or events, or 6 dB more, and grows at half of the steadiness at least."""
_GROWS = (
    ("levelChange", "levelTrend", 6.0),
    ("eventRateChange", "eventRateTrend", float(np.log2(1 + _GROWN_SHARE))),
)
_WHOLE_SECONDS, _LONGEST_SECONDS = 20.0, 1800.0
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
    heard = spectral[_loud(spectral[:, 0])]
    if not len(heard):
        return values
    floor = _floor_below(frames, heard)
    power = float(np.mean(spectral[:, 0].astype(np.float64) ** 2))
    if power > 0:
        values["level"] = 10 * float(np.log10(power))
    values |= dict(zip(_STANDARD, np.median(heard[:, 1:7], axis=0).tolist(), strict=True))
    clear = heard if floor is None else _above(heard, floor)
    centroid = _band_properties(values, clear)
    _change_properties(values, clear, floor)
    if frames.channels == 2:
        _stereo_properties(values, clear)
    values |= loss_properties(heard[:, 8:11], heard[:, 11 : 11 + EDGES], frames.channels)
    tonal = _sounding(frames.tonal.between(start, end), spectral[:, 0], floor)
    _tonal_properties(values, tonal, centroid)
    if end - start <= (_WHOLE_SECONDS if span.kind is SpanKind.WHOLE_RECORDING else _LONGEST_SECONDS):
        values |= _envelope_properties(frames, span, 0.0 if floor is None else floor.power)
    _growth(values)
    return {name: value for name, value in values.items() if np.isfinite(value)}


def _growth(values: Values) -> None:
    """Put how much the sound grows in the respect in which it grows most clearly: level, active bands or events."""
    strands = [(values[name] / least, values[steady]) for name, steady, least in _GROWS if steady in values]
    if "activeBandsTrend" in values and values["activeBands"] > 0:
        wider = values["activeBandsChange"] / values["activeBands"]
        strands.append((wider / _GROWN_SHARE, values["activeBandsTrend"]))
    if strands:
        values["growth"], values["growthTrend"] = max(strands, key=lambda pair: min(pair[0], pair[1] / _STEADY))


def _envelope_properties(frames: Frames, span: Span, floor: float) -> Values:
    grid, is_object = frames.envelope, _is_object(span)
    start, end = float(span.start), float(span.end)
    first, last = round(start / grid.hop_seconds), round(end / grid.hop_seconds)
    reach = round(EDGE_SECONDS / grid.hop_seconds) if is_object else 0
    before, after = min(first, reach), min(max(grid.length - last, 0), reach)
    # in full, however long: 2 ms is the scale of an attack
    power = grid.rows(first - before, last + after)[:, 0]
    return envelope_properties(power, grid.hop_seconds, (before, after) if is_object else None, floor)


def _is_object(span: Span) -> bool:
    return span.kind in (SpanKind.DETECTED_OBJECT, None)


def _loud(rms: Array) -> npt.NDArray[np.bool_]:
    """Return which frames lie within 40 dB of the loudest of the span."""
    return rms > max(float(rms.max()) * 10 ** (-_QUIET_DB / 20), 1e-7)


def _floor_below(frames: Frames, heard: Array) -> Floor | None:
    """Return the floor of the recording if a span stands out of it and differs from it.

    Quiet moments with the spectrum of the span are quiet moments of the same sound.
    """
    floor = frames.floor
    loud = float(np.quantile(heard[:, 0], 0.9)) ** 2
    if not 0 < floor.power < loud * 10 ** (-_STANDS_OUT_DB / 10):
        return None
    spectrum = heard[:, -BANDS:].mean(axis=0)
    below = floor.spectral[-BANDS:]
    there = below > below.max() * 1e-6
    ratio = 10 * np.log10(np.maximum(spectrum[there], 1e-20) / below[there])
    low, middle, high, highest = percentiles(ratio, 5, 50, 95, 100)
    return floor if high - low > _ALIKE_DB or highest - middle > 2 * _ALIKE_DB else None


def _above(heard: Array, floor: Floor) -> Array:
    """Return the frames that stand out of a floor, without what the floor has in them.

    Bands that do not stand out are empty. Only columns of powers are changed.
    """
    standing = heard[:, 0] ** 2 > floor.power * _FRAME_OVER
    clear = heard[standing if standing.sum() >= _LEAST_FRAMES else slice(None)].copy()
    below = floor.spectral[-BANDS:]
    bands = clear[:, -BANDS:]
    bands[:] = np.where(bands > _BAND_OVER * below, bands - below, 0.0)
    clear[:, 8:11] -= floor.spectral[8:11]
    clear[:, 8:10] = np.maximum(clear[:, 8:10], 1e-12)
    return clear[bands.any(axis=1)] if bands.any() else heard


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
    values["brightnessCentroid"] = 2 ** median(centroid)
    values["spectralSpread"] = median(spread)
    values["activeBands"] = median(active)
    strength = magnitude.sum(axis=1)
    centroid = _stepped(centroid, strength)
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


def _stepped(curve: Array, weight: Array) -> Array:
    """Return the weighted means of a curve over steps of 100 ms, or the curve if it is short."""
    whole = len(curve) // _SMOOTH_FRAMES * _SMOOTH_FRAMES
    if whole < _SMOOTH_LEAST * _SMOOTH_FRAMES:
        return curve
    weights = weight[:whole].reshape(-1, _SMOOTH_FRAMES) + 1e-12
    summed: Array = (curve[:whole].reshape(-1, _SMOOTH_FRAMES) * weights).sum(axis=1) / weights.sum(axis=1)
    return summed


def _change_properties(values: Values, clear: Array, floor: Floor | None) -> None:
    """Put how evenly the spectrum changes."""
    changes = clear[:, 7] if floor is None else _changes_above(clear[:, -BANDS:], floor)
    edge = max(1, len(changes) // 10)
    change = changes[edge : len(changes) - edge]
    if len(change) >= 8:
        usual, strong = percentiles(change, 50, 95)
        values["fluxRatio"] = (strong + _STILL_DB) / (usual + _STILL_DB)


def _changes_above(bands: Array, floor: Floor) -> Array:
    """Return the distance in dB of each frame's bands to those before, as far as either stands out of the floor."""
    lowest = np.maximum(bands.max(axis=1, keepdims=True) * 1e-6, floor.spectral[-BANDS:] * _BAND_OVER)
    there = bands > lowest
    level = 10 * np.log10(np.maximum(np.maximum(bands, lowest), 1e-12))
    weight = np.sqrt(np.maximum(bands[1:], bands[:-1])) * (there[1:] | there[:-1])
    distance = np.abs(np.diff(level, axis=0)) * weight
    changes: Array = distance.sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)
    return changes


def _stereo_properties(values: Values, heard: Array) -> None:
    """Put the width of the stereo image and the travel across it."""
    left, right, cross = heard[:, 8], heard[:, 9], heard[:, 10]
    both = np.sqrt(left * right)
    sounding = both > 1e-6 * np.maximum(left, right)
    coherence = np.where(sounding, cross / np.maximum(both, 1e-12), 1.0).clip(-1, 1)
    side = (1 - coherence) / 2
    values["sideShare"] = median(side)
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
    height, limit = centroid, _PLANE_CENTROID
    if len(tonal):
        share, salience, fundamental, deviation, spread, line, width = tonal.T
        values["lineWidth"] = median(line)
        values["spectralWidth"] = median(width)
        # a knot of sines has no series, though some comb fits its few peaks; noise of a few bins is no line
        if values["spectralWidth"] < _KNOT_OCTAVES and values["lineWidth"] > _LINE_OCTAVES:
            salience = np.zeros_like(salience)
        # nor do partials that lie far from every comb
        salience = salience * np.minimum(1.0, _HARMONIC_CENTS / np.maximum(deviation, 1e-3))
        share = np.where((line < _BROAD_OCTAVES) | (salience > _VOICED_SALIENCE), share, 0.0)
        values["peakShare"] = median(share)
        values["combSalience"] = median(salience)
        voiced = (salience > _VOICED_SALIENCE) & (share > _VOICED_PEAKS)
        values["voicedShare"] = float(voiced.mean())
        if values["peakShare"] > 0.1:
            values["partialDeviation"] = median(deviation)
            values["partialSpread"] = median(spread)
        if values["voicedShare"] >= 0.5 and voiced.sum() >= 4:
            pitch = np.log2(np.maximum(fundamental[voiced], 1.0))
            values["pitch"] = 2 ** median(pitch)
            # a leap of an octave from frame to frame is a slip of the tracker, as is one of a turn in phase
            height, limit = np.unwrap(pitch, period=1.0), _PLANE_PITCH
    moving = trend(height)
    _put(values, "height", moving, spread=True)
    if moving is not None:
        values["heightWander"] = moving.range / limit
        bend = arch(height)
        values["heightBend"], values["heightBendFit"] = bend.rise, bend.fit


def _sounding(tonal: Array, rms: Array, floor: Floor | None) -> Array:
    """Return the tonal frames near which a span is loud and clear of the floor; all of them if there are too few."""
    pairs = rms[: len(tonal) * 2]
    pairs = np.pad(pairs, (0, len(tonal) * 2 - len(pairs)), mode="edge").reshape(-1, 2).max(axis=1)
    least = float(pairs.max()) * 10 ** (-_TONAL_DB / 20)
    loud = pairs > max(least, 10 ** (_TONAL_CLEAR_DB / 20) * floor.power**0.5 if floor else 0.0)
    return tonal[loud] if loud.sum() >= _LEAST_FRAMES else tonal
