"""The concepts that a gesture's parameters entail, with a guard at every cut.

The concepts are derived from the parameters alone, never measured on the samples, by the definitions and
cuts of the vocabulary. A concept is listed only where the parameters pass its cut by the factor `GUARD`;
what falls between is left unsaid, so a missing concept denies nothing.

Conventions
-----------
* Units as in `truth.gestures`: seconds, hertz, octaves, decay as seconds from the peak to -20 dB.
* A *reading* is a pair (shortest, longest) of what the length of a rise or release may be called: its
  10-90 % part, or all of it. A cut must hold for both.
* The *ideal spectrum* at ``u`` is a set of lines with powers, a band standing as many lines.
"""

import numpy as np

from truth.gestures import (
    MODES,
    REVERSE_DB,
    Band,
    Cluster,
    Envelope,
    Gesture,
    Grains,
    Held,
    Plate,
    Pulses,
    Reversed,
    Source,
    Strike,
    Swell,
    Tone,
)
from truth.synthesis import Array

__all__ = ["GUARD", "centroid", "concepts", "ideal_spectrum", "width"]

GUARD = 1.2
"""Factor by which a parameter must pass a cut of the vocabulary."""

_LINES = 192  # lines that stand for a band
_RAMP = 0.59  # share of a raised cosine between 10 and 90 %
_SQUARE = 0.63  # the same of a square: sqrt(0.9) - sqrt(0.1)
_EVEN = 19.1  # decibels between 10 and 90 %


def _over(value: float, cut: float) -> bool:
    return value > cut * GUARD


def _under(value: float, cut: float) -> bool:
    return value * GUARD < cut


def _within(reading: tuple[float, float], low: float, high: float) -> bool:
    return _over(reading[0], low) and _under(reading[1], high)


# -- the ideal spectrum --------------------------------------------------------------------------


def ideal_spectrum(source: Source, u: float) -> tuple[Array, Array]:
    """Return the lines of a source at one place of the gesture.

    Parameters
    ----------
    source : Tone, Plate, Cluster, Band, Grains or Pulses
        What sounds.
    u : float
        Place within the gesture, 0 (start) to 1 (end).

    Returns
    -------
    tuple of ndarray, shape (lines,)
        Frequencies in hertz, and powers relative to each other and to the start.
    """
    match source:
        case Tone():
            orders = np.arange(1.0, source.count + 1)
            return orders * source.fundamental * 2 ** (source.slide * u), orders ** (source.tilt / 3.01)
        case Plate():
            ratios = np.array(MODES)
            fall = -6 * u * source.damping * np.log2(ratios)
            return source.base * ratios, ratios ** (source.tilt / 3.01) * 10.0**fall
        case Cluster():
            steps = np.linspace(-0.5, 0.5, source.count)
            octaves = steps * (source.width + u * (source.width_end - source.width))
            return source.centre * 2.0**octaves, np.ones(source.count)
        case Band():
            low = source.low * (source.low_end / source.low) ** u
            high = source.high * (source.high_end / source.high) ** u
            lines = np.geomspace(low, high, _LINES)
            return lines, (lines / low) ** (1 + source.tilt / 3.01)
        case Grains():
            return np.geomspace(source.low, source.high, _LINES), np.ones(_LINES)
        case Pulses():
            return ideal_spectrum(Plate(source.base), 0.0)


def centroid(source: Source, u: float) -> float:
    """Return the power-weighted mean of log2 frequency (hertz) at one place of the gesture."""
    lines, powers = ideal_spectrum(source, u)
    return float(np.average(np.log2(lines), weights=powers))


def width(source: Source, u: float) -> float:
    """Return the power-weighted standard deviation of log2 frequency, in octaves."""
    lines, powers = ideal_spectrum(source, u)
    octaves = np.log2(lines)
    return float(np.sqrt(np.average((octaves - np.average(octaves, weights=powers)) ** 2, weights=powers)))


def _active_share(source: Source, u: float) -> float:
    """Return the share of 40 ERB-wide bands (26 Hz to 17 kHz) within 30 dB of the strongest."""
    lines, powers = ideal_spectrum(source, u)
    erb = 21.4 * np.log10(1 + 0.00437 * lines)
    bands = np.bincount(np.clip(erb - 1, 0, 39).astype(np.int64), weights=powers, minlength=40)
    return float(np.mean(bands > bands.max() / 1000))


def _fluctuation(band: Band, u: float) -> float:
    """Return the expected coefficient of variation of the 4 ms level of steady noise.

    Half of 1 / sqrt(effective bandwidth x 4 ms), the effective bandwidth being (sum S)^2 / sum S^2.
    """
    lines, powers = ideal_spectrum(band, u)
    density = powers / lines
    effective = float(np.trapezoid(density, lines) ** 2 / np.trapezoid(density**2, lines))
    return float(0.5 / np.sqrt(effective * 0.004))


# -- time ----------------------------------------------------------------------------------------


def _decay(gesture: Gesture) -> float:
    """Return the seconds in which a struck gesture falls by 20 dB, all modes together."""
    if not isinstance(gesture.envelope, Strike):
        return np.inf
    places = np.linspace(0, 1, 601)
    common = 10.0 ** (-6 * places)
    modes = np.array([ideal_spectrum(gesture.source, float(u))[1].sum() for u in places])
    return float(places[np.argmax(common * modes < modes[0] / 100)]) * 3 * gesture.envelope.decay


def _rise(envelope: Envelope) -> tuple[float, float]:
    match envelope:
        case Strike():
            return 0.8 * envelope.attack, envelope.attack
        case Held():
            return _RAMP * envelope.attack, envelope.attack
        case Swell():
            return _SQUARE * envelope.rise, envelope.rise
        case Reversed():
            return _EVEN / REVERSE_DB * envelope.rise, envelope.rise


def _release(gesture: Gesture) -> tuple[float, float]:
    envelope = gesture.envelope
    match envelope:
        case Strike():
            return _EVEN / 20 * _decay(gesture), 3 * envelope.decay
        case Held():
            return _RAMP * envelope.release, envelope.release
        case Swell():
            return _SQUARE * envelope.fall, envelope.fall
        case Reversed():
            return 0.0, 0.003


def _onset(gesture: Gesture) -> list[str]:
    """Grains have no first edge but a slow one; pulses none but that of a pulse."""
    rise = _rise(gesture.envelope)
    grains, pulses = isinstance(gesture.source, Grains), isinstance(gesture.source, Pulses)
    if _under(rise[1], 0.015) and not grains:
        return ["thOnsetSharp"]
    if _within(rise, 0.015, 0.05) and not (grains or pulses):
        return ["thOnsetMarked"]
    return ["thOnsetGradual"] if _over(rise[0], 0.3) and not pulses else []


def _offset(gesture: Gesture) -> list[str]:
    """Pulses have no end but that of a pulse; grains only a slow one."""
    release = _release(gesture)
    if isinstance(gesture.source, Pulses):
        return []
    if _over(release[0], 0.5):
        return ["dsOffsetFadeOut"]
    if isinstance(gesture.source, Grains):
        return []
    if _under(release[1], 0.015):
        return ["dsOffsetSuddenStop"]
    return ["dsOffsetSoft"] if _within(release, 0.08, 0.5) else []


def _struck(gesture: Gesture) -> list[str]:
    decay = _decay(gesture)
    if _under(decay, 0.08):
        return ["attackImpulse"]
    found = ["attackDecay"] if _within((decay, decay), 0.08, 10) else []
    if _within((decay, decay), 0.08, 0.5):
        found.append("closedAttackDecay")
    elif _over(decay, 0.5):
        found.append("openAttackDecay")
    return found


def _archetype(gesture: Gesture) -> list[str]:
    """Name the envelope of a continuous source; grains, pulses and slow beats have none that is sure."""
    source, envelope = gesture.source, gesture.envelope
    if isinstance(source, Grains | Pulses) or (isinstance(source, Cluster) and _beats(source)):
        return []
    match envelope:
        case Strike():
            return _struck(gesture)
        case Held():
            slow = min(_rise(envelope)[0], _release(gesture)[0])
            total = envelope.attack + envelope.hold + envelope.release
            level = (total + envelope.hold) / 2 / total  # half of a raised cosine is within 6 dB
            return ["graduatedContinuant"] if _over(slow, 0.08) and _over(level, 0.4) else []
        case Swell():
            peak = envelope.rise / (envelope.rise + envelope.fall)
            return ["swelledGraduatedContinuant"] if _within((peak, peak), 0.25, 0.75) else []
        case Reversed():
            return ["reversedOnset"]


def _beats(cluster: Cluster) -> bool:
    """Tell whether the beats of a cluster are slow enough to be heard as a level that goes up and down."""
    narrow = min(cluster.width, cluster.width_end)
    return cluster.centre * (2 ** (narrow / 2) - 2 ** (-narrow / 2)) < 150  # hertz


def _growth(gesture: Gesture) -> list[str]:
    source = gesture.source
    if isinstance(source, Pulses):
        grows = source.rate_end > 1.5 * source.rate
    else:
        grows = _over(_active_share(source, 1), 1.25 * _active_share(source, 0))
    return ["growthTerm"] if grows or isinstance(gesture.envelope, Reversed) else []


# -- spectrum ------------------------------------------------------------------------------------


def _kind(gesture: Gesture) -> list[str]:
    source = gesture.source
    match source:
        case Tone():
            return ["spectralNote", "harmonicSpectrum"] if source.count >= 4 else []
        case Plate() | Pulses():
            return ["inharmonicSpectrum"] if _resolved(gesture) and _stays_wide(gesture) else []
        case Cluster():
            step = source.centre * source.width / source.count
            close = _under(step, 24.7 + 0.108 * source.centre)  # the equivalent rectangular bandwidth
            return ["node"] if close and _under(max(source.width, source.width_end), 0.35) else []
        case Band():
            steady = isinstance(gesture.envelope, Held)
            full = steady and _under(max(_fluctuation(source, u) for u in (0, 0.5, 1)), 0.15)
            octaves = np.log2([source.high / source.low, source.high_end / source.low_end])
            return (["spectralNoise"] if octaves.min() > 1.5 else []) + (["saturateNoise"] if full else [])
        case Grains():
            apart = source.rate * source.length < 1.5
            return ["spectralNoise"] + (["granularNoise"] if apart and _grainy(source) else [])


def _stays_wide(gesture: Gesture) -> bool:
    """Tell whether several modes are still there when a stroke has fallen by 20 dB."""
    return _over(min(width(gesture.source, u) for u in (0, 1 / 3)), 0.35)


def _resolved(gesture: Gesture) -> bool:
    """Tell whether a stroke rings long enough for its modes to be told apart."""
    source = gesture.source
    if isinstance(source, Plate):
        decay, base = _decay(gesture), source.base
    elif isinstance(source, Pulses):
        decay, base = source.decay, source.base
    else:
        return False
    closest = base * min(np.diff(MODES))  # hertz; a mode is about 1.5 / decay hertz wide at half power
    return _over(decay, 0.08) and closest * decay > 15


def _grainy(source: Grains) -> bool:
    return _within((source.rate, source.rate), 20, 200)


def _brightness(gesture: Gesture) -> list[str]:
    first, last = _ends(gesture)
    if _over(2.0 ** min(first, last), 2500):
        return ["bright"]
    return ["dark"] if _under(2.0 ** max(first, last), 400) else []


def _ends(gesture: Gesture) -> tuple[float, float]:
    """Return the centroid in log2 hertz at the start and at the end; of a decay, where it is at -20 dB."""
    last = 1 / 3 if isinstance(gesture.envelope, Strike) else 1.0
    return centroid(gesture.source, 0), centroid(gesture.source, last)


def _density(gesture: Gesture) -> list[str]:
    shares = [_active_share(gesture.source, u) for u in (0, 0.5, 1)]
    if _over(min(shares), 0.6):
        return ["dense"]
    return ["sparse"] if _under(max(shares) + 2 / 40, 0.15) else []  # a band either side may leak


# -- motion --------------------------------------------------------------------------------------


def _texture(gesture: Gesture) -> list[str]:
    source = gesture.source
    if isinstance(source, Grains):
        return ["granularMotion"] if _over(source.rate, 20) else []
    if isinstance(source, Pulses):
        rates = min(source.rate, source.rate_end), max(source.rate, source.rate_end)
        gap = 20 / rates[1] / source.decay * (0.6 if source.irregular else 1.0)  # decibels
        return ["iterativeMotion"] if _within(rates, 1, 20) and _over(gap, 6) else []
    return ["sustainedMotion"] if _steady(gesture) else []


def _steady(gesture: Gesture) -> bool:
    """Tell whether nothing in the level moves between start and end."""
    if not isinstance(gesture.envelope, Held):
        return False
    if isinstance(gesture.source, Band):
        source = gesture.source
        return max(_fluctuation(source, u) for u in (0, 0.5, 1)) < 0.2
    return isinstance(gesture.source, Tone)


def _direction(gesture: Gesture) -> list[str]:
    source = gesture.source
    first, last = _ends(gesture)
    moves = isinstance(source, Tone | Band)
    found = []
    if moves and _over(abs(last - first), 0.25):
        found.append("ascent" if last > first else "descent")
    elif isinstance(source, Tone) and source.slide == 0:
        found.append("planeMotion")
    if _over(abs(last - first), 0.5):
        found.append("brightening" if last > first else "darkening")
    if isinstance(source, Band | Cluster):
        ratio = width(source, 1) / width(source, 0)
        found += ["dilation"] * _over(ratio, 1.25) + ["contraction"] * _under(ratio, 0.8)
    return found


def _flow(gesture: Gesture) -> list[str]:
    """Name the flow; a still tone passes through no states, so its flow is left unsaid."""
    source = gesture.source
    if isinstance(source, Pulses):
        return ["unevenFlow"] if source.irregular else []
    if isinstance(gesture.envelope, Swell) and isinstance(source, Band):
        return ["smoothFlow"]
    moving = isinstance(source, Band) or (isinstance(source, Tone) and source.slide != 0)
    return ["smoothFlow"] if moving and _steady(gesture) and _over(_release(gesture)[0], 0.08) else []


def _image(gesture: Gesture) -> list[str]:
    match gesture.image:
        case "centre":
            return ["narrowImage"]
        case "wide":
            return ["wideImage"]
        case "opening":
            return ["widening"]
        case "closing":
            return ["narrowing"]
        case (start, end):
            return ["spatialTrajectory"] if abs(end - start) >= 1 else []


def concepts(gesture: Gesture) -> tuple[str, ...]:
    """Return the vocabulary ids that are true of a gesture by its parameters.

    Parameters
    ----------
    gesture : Gesture
        What sounds.

    Returns
    -------
    tuple of str
        From archetype, onset and offset to spectrum, motion and image.

    Examples
    --------
    >>> from truth.gestures import Band, Gesture, Strike
    >>> concepts(Gesture(Strike(0.03), Band(2500, 16000, 2500, 16000)))
    ('attackImpulse', 'thOnsetSharp', 'spectralNoise', 'bright', 'narrowImage')
    """
    aspects = (_archetype, _onset, _offset, _growth, _kind, _brightness, _density, _texture, _direction)
    return tuple(name for aspect in (*aspects, _flow, _image) for name in aspect(gesture))
