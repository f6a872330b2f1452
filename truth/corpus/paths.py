"""How level, height, width and place of a sound go, as functions of time and parameters.

The same functions serve the samples (one value each) and the truth (a few hundred values): a sound does what its
truth says because both come from here.

Conventions
-----------
Times are seconds from the start of the sound, an array of any length, not decreasing.
"""

import numpy as np

from truth.corpus.parameters import (
    Array,
    Envelope,
    Held,
    Modulation,
    Motion,
    Reversed,
    Slope,
    Sound,
    Stream,
    Strike,
    Swell,
)

__all__ = ["event_times", "height", "level", "periods", "pitch_swing", "position", "swing", "widening", "widths"]

_CLOSE = 0.005  # seconds of fade at the end of a decay that is left to die
_CUT = 0.004  # seconds of fade of one that is cut off
_FIRST = 0.02  # seconds of rise into a reversed onset, 45 dB down


def _cosine(position: Array) -> Array:
    return np.asarray((1 - np.cos(np.pi * np.clip(position, 0, 1))) / 2)


def level(envelope: Envelope, times: Array, duration: float) -> Array:
    """Return the amplitude of an envelope.

    Parameters
    ----------
    envelope : Envelope
        How the level goes.
    times : ndarray, shape (n,)
        Seconds.
    duration : float
        Seconds.

    Returns
    -------
    ndarray, shape (n,)
        Amplitude, its maximum 1.
    """
    match envelope:
        case Held():
            shape = _cosine(times / envelope.attack) * _cosine((duration - times) / envelope.release)
            if envelope.overshoot:
                settled = 10.0 ** (-envelope.overshoot / 20)
                back = _cosine((times - envelope.attack) / envelope.settle)
                shape = shape * (1 - (1 - settled) * back)
            return np.asarray(shape)
        case Strike():
            fall = 10.0 ** (-np.clip(times - envelope.attack, 0, None) / envelope.decay)
            close = np.clip((duration - times) / (_CUT if envelope.cut else _CLOSE), 0, 1)
            return np.asarray(np.clip(times / envelope.attack, 0, 1) * fall * close)
        case Swell():
            place = envelope.peak * duration
            return np.asarray(np.clip(np.minimum(times / place, (duration - times) / (duration - place)), 0, 1) ** 2)
        case Reversed():
            rise = 10.0 ** (-envelope.depth / 20 * (1 - times / duration))
            return np.asarray(rise * np.clip((duration - times) / envelope.stop, 0, 1) * np.clip(times / _FIRST, 0, 1))
        case Slope():
            line = envelope.change * times / duration
            edges = _cosine(times / envelope.edge) * _cosine((duration - times) / envelope.edge)
            return np.asarray(10.0 ** ((line - max(envelope.change, 0.0)) / 20) * edges)


def height(motion: Motion, times: Array, duration: float) -> Array:  # noqa: PLR0911  # one for each kind
    """Return the octaves by which the height of a sound is moved."""
    place = times / duration
    match motion.path:
        case "ramp":
            return np.asarray(motion.octaves * (place - 0.5))
        case "exponential":
            return np.asarray(motion.octaves * ((np.expm1(2.5 * place)) / np.expm1(2.5) - 0.5))
        case "arch":
            return np.asarray(motion.octaves * (np.sin(np.pi * place) - 0.5))
        case "sine":
            return np.asarray(motion.octaves / 2 * np.sin(2 * np.pi * motion.rate * times))
        case "walk":
            return np.interp(place, np.linspace(0, 1, len(motion.points)), motion.points)
        case "steps":
            index = np.minimum((place * len(motion.points)).astype(np.int64), len(motion.points) - 1)
            return np.asarray(np.array(motion.points)[index])
        case _:
            return np.zeros(len(times))


def widening(motion: Motion, times: Array, duration: float) -> Array:
    """Return the factor by which the width of a band or cluster is multiplied; 1 in the middle."""
    return np.asarray(2.0 ** (motion.widening * (times / duration - 0.5)))


def periods(modulation: Modulation, duration: float, seed: int) -> Array:
    """Return the lengths of the undulations, in seconds, enough of them to fill the duration."""
    count = int(np.ceil(duration * modulation.rate * (2 if modulation.spread else 1))) + 2
    if not modulation.spread:
        return np.full(count, 1 / modulation.rate)
    rng = np.random.default_rng([seed, 1])
    drawn = rng.gamma(modulation.spread**-2, modulation.spread**2 / modulation.rate, count)
    return np.clip(drawn, 0.25 / modulation.rate, 4 / modulation.rate)


def swing(sound: Sound, times: Array) -> Array:
    """Return the undulation of a sound, from 0 (trough) to 1 (crest, where it begins); 1 where there is none."""
    if sound.modulation is None:
        return np.ones(len(times))
    if not sound.modulation.spread:
        return np.asarray((1 + np.cos(2 * np.pi * sound.modulation.rate * times)) / 2)
    marks = np.concatenate([[0.0], np.cumsum(periods(sound.modulation, sound.duration, sound.seed))])
    return np.asarray((1 + np.cos(2 * np.pi * np.interp(times, marks, np.arange(len(marks))))) / 2)


def pitch_swing(sound: Sound, times: Array) -> Array:
    """Return the octaves by which an undulation of the pitch moves a sound."""
    if sound.modulation is None or sound.modulation.of != "pitch":
        return np.zeros(len(times))
    return sound.modulation.depth * (swing(sound, times) - 0.5)


def position(sound: Sound, times: Array) -> Array:
    """Return the place between the channels, from -1 (left) to 1 (right)."""
    image = sound.image
    return image.start + (image.end - image.start) * times / sound.duration


def widths(sound: Sound, times: Array) -> Array:
    """Return the width of the image, from 0 to 1."""
    image = sound.image
    return image.width + (image.width_end - image.width) * times / sound.duration


def event_times(stream: Stream, duration: float, seed: int) -> Array:
    """Return the times of the events of a stream, the first at 0, the last ringing out before the end."""
    last = duration - 0.5 * stream.decay
    most = max(stream.rate, stream.rate_end)
    count = int(np.ceil(most * duration * (1.5 if stream.spread else 1.0))) + 8
    unit = np.ones(count)
    if stream.spread:
        unit = np.random.default_rng([seed, 2]).gamma(stream.spread**-2, stream.spread**2, count)
    turns = np.concatenate([[0.0], np.cumsum(unit)])  # time in which the rate is 1
    growth = np.log(stream.rate_end / stream.rate)
    if abs(growth) < 1e-9:
        times = turns / stream.rate
    else:
        reached = 1 + turns * growth / (stream.rate * duration)
        times = duration / growth * np.log(reached[reached > 0])
    return np.asarray(times[times < last])
