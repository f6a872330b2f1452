"""From the parameters of a sound to samples: numpy only, no chance but that of the seed.

Conventions
-----------
* 48 kHz, two channels, arrays of shape (samples, 2); a *pair* is two signals with the same spectrum and nothing in
  common (sines: in quadrature).
* Sums run in a fixed order and no matrix product is used, so that equal parameters give equal bits with one version
  of numpy on one kind of processor, whatever the number of threads and processes.
"""

import numpy as np
from numpy.typing import NDArray

from truth import synthesis
from truth.corpus import paths, spectra
from truth.corpus.parameters import (
    Array,
    Band,
    Cluster,
    Modes,
    Partials,
    Sound,
    Spectrum,
    Stream,
    Strike,
)
from truth.synthesis import SAMPLE_RATE

__all__ = ["LOUDEST_SECONDS", "PEAK", "SAMPLE_RATE", "loudest", "render"]

LOUDEST_SECONDS = 0.05
"""The level of a sound is that of its loudest stretch of this length."""

PEAK = 10 ** (-0.5 / 20)
"""No sample goes beyond: what would is made softer as a whole."""

_EDGE = 0.001  # seconds of rise of an event of a stream
_STEP = 48  # samples from one value of a path to the next; straight between


def _path(values: Array, n: int) -> Array:
    """Return one value per sample from one per millisecond."""
    return np.interp(np.arange(n), np.arange(len(values)) * _STEP, values)


def _times(n: int) -> Array:
    """Return the times of a path with one value per millisecond, beyond the end by at most one."""
    return np.arange(-(-n // _STEP) + 1, dtype=np.float64) * (_STEP / SAMPLE_RATE)


def _waves(turns: Array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return sine and cosine of a phase in turns."""
    angle = ((turns - np.floor(turns)) * (2 * np.pi)).astype(np.float32)
    return np.sin(angle), np.cos(angle)


def _add(pair: Array, turns: Array, amplitude: float | Array) -> None:
    sine, cosine = _waves(turns)
    pair[:, 0] += amplitude * sine
    pair[:, 1] += amplitude * cosine


def _octaves(sound: Sound, n: int) -> Array:
    """Return the octaves by which a sound is moved, one value per millisecond."""
    times = np.minimum(_times(n), sound.duration)
    return paths.height(sound.motion, times, sound.duration) + paths.pitch_swing(sound, times)


def _turned(sound: Sound, n: int) -> Array:
    """Return the seconds that a moving sound has turned through, one value per sample."""
    return np.cumsum(_path(2.0 ** _octaves(sound, n), n)) / SAMPLE_RATE


def _partials(sound: Sound, source: Partials | Modes, n: int, rng: np.random.Generator) -> Array:
    turned, pair = _turned(sound, n), np.zeros((n, 2))
    amplitudes = np.sqrt(spectra.powers_of(source.ratios, source.tilt))
    for ratio, amplitude in zip(source.ratios, amplitudes, strict=True):
        factor: float | Array = float(amplitude)
        if isinstance(source, Modes) and source.damping and isinstance(sound.envelope, Strike):
            rate = 20 * source.damping * np.log2(ratio) / sound.envelope.decay  # decibels per second
            factor = factor * _path(10.0 ** (-rate * _times(n) / 20), n)
        _add(pair, source.base * ratio * turned + rng.random(), factor)
    return pair


def _cluster(sound: Sound, source: Cluster, n: int, rng: np.random.Generator) -> Array:
    steps = (np.arange(source.count) + rng.random(source.count)) / source.count - 0.5
    pair = np.zeros((n, 2))
    octaves, turned = _octaves(sound, n), _turned(sound, n)
    width = source.width * paths.widening(sound.motion, np.minimum(_times(n), sound.duration), sound.duration)
    for step in steps:
        if sound.motion.widening:
            turned = np.cumsum(_path(2.0 ** (octaves + width * step), n)) / SAMPLE_RATE
            _add(pair, source.centre * turned + rng.random(), 1.0)
        else:
            _add(pair, source.centre * 2.0 ** (source.width * step) * turned + rng.random(), 1.0)
    return pair


def _band(sound: Sound, source: Band, n: int, rng: np.random.Generator) -> Array:
    times = np.minimum(_times(n), sound.duration)
    middle = np.log2(source.low * source.high) / 2 + _octaves(sound, n)
    half = np.log2(source.high / source.low) / 2 * paths.widening(sound.motion, times, sound.duration)
    low, high = (_path(2.0 ** (middle + side * half), n) for side in (-1, 1))
    return synthesis.moving_band(low, high, source.tilt, rng)


def _modulated(sound: Sound, source: Spectrum, n: int, rng: np.random.Generator) -> Array:
    turned, pair = _turned(sound, n), np.zeros((n, 2))
    sine, _ = _waves(source.carrier * source.ratio * turned)
    _add(pair, source.carrier * turned + rng.random() + source.index * sine / (2 * np.pi), 1.0)
    return pair


def _shape(decay: float) -> Array:
    """Return the amplitude of one event, down to -40 dB."""
    time = np.arange(round(2 * decay * SAMPLE_RATE)) / SAMPLE_RATE
    close = np.clip((2 * decay - time) / _EDGE, 0, 1)
    return np.clip(time / _EDGE, 0, 1) * 10.0 ** (-np.clip(time - _EDGE, 0, None) / decay) * close


def _stream(sound: Sound, source: Stream, n: int, rng: np.random.Generator) -> Array:
    times = paths.event_times(source, sound.duration, sound.seed)
    starts = (times * SAMPLE_RATE).astype(np.int64)
    gains = 10.0 ** (-(6.0 if source.spread else 0.0) * rng.random(len(times)) / 20)
    shape = _shape(source.decay)
    if isinstance(source.matter, Band):
        level = np.zeros(n + len(shape))
        for start, gain in zip(starts, gains, strict=True):
            level[start : start + len(shape)] += gain * shape
        return _band(sound, source.matter, n, rng) * level[:n, None]
    moved = source.jitter * (2 * rng.random(len(times)) - 1)
    moved += paths.height(sound.motion, times, sound.duration)
    pair = np.zeros((n + len(shape), 2))
    ring, at, seconds = np.zeros((len(shape), 2)), None, np.arange(len(shape)) / SAMPLE_RATE
    phases = rng.random(len(source.matter.ratios))
    amplitudes = np.sqrt(spectra.powers_of(source.matter.ratios, source.matter.tilt))
    for start, gain, octaves in zip(starts, gains, moved, strict=True):
        if at != octaves:
            at, ring = octaves, np.zeros((len(shape), 2))
            for ratio, amplitude, phase in zip(source.matter.ratios, amplitudes, phases, strict=True):
                _add(ring, source.matter.base * ratio * 2.0**octaves * seconds + phase, float(amplitude))
            ring *= shape[:, None]
        pair[start : start + len(shape)] += gain * ring
    return pair[:n]


def _matter(sound: Sound, n: int) -> Array:
    rng = np.random.default_rng([sound.seed, 0])
    match sound.source:
        case Partials() | Modes() as source:
            return _partials(sound, source, n, rng)
        case Cluster() as source:
            return _cluster(sound, source, n, rng)
        case Band() as source:
            return _band(sound, source, n, rng)
        case Spectrum() as source:
            return _modulated(sound, source, n, rng)
        case Stream() as source:
            return _stream(sound, source, n, rng)


def _circum(signal: Array, sound: Sound) -> Array:
    """Place each part of the spectrum at its own position, from the lowest line to the highest."""
    octaves, powers = spectra.lines(sound.source, 0.5)
    kept = octaves[powers > powers.max() / 1000]
    n = len(signal)
    size = 1 << (n - 1).bit_length()
    bins = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 1.0))
    across = np.clip((bins - kept.min()) / max(float(np.ptp(kept)), 1e-6), 0, 1)
    angle = (sound.image.circum * (2 * across - 1) + 1) * np.pi / 4
    spectrum = np.fft.rfft(signal, size)
    return np.stack([np.fft.irfft(spectrum * gain, size)[:n] for gain in (np.cos(angle), np.sin(angle))], axis=1)


def _stereo(pair: Array, sound: Sound) -> Array:
    n = len(pair)
    if sound.image.circum:
        return _circum(pair[:, 0], sound)
    times = np.minimum(_times(n), sound.duration)
    angle = _path(paths.widths(sound, times), n) * (np.pi / 2)
    place = (_path(paths.position(sound, times), n) + 1) * (np.pi / 4)
    right = np.cos(angle) * pair[:, 0] + np.sin(angle) * pair[:, 1]
    return np.stack([pair[:, 0] * np.cos(place), right * np.sin(place)], axis=1)


def loudest(signal: Array) -> float:
    """Return the root mean square of both channels over the loudest `LOUDEST_SECONDS` of a signal."""
    window = min(len(signal), round(LOUDEST_SECONDS * SAMPLE_RATE))
    power = np.cumsum(np.pad((signal**2).mean(axis=1), (1, 0)))
    return float(np.sqrt(max((power[window:] - power[:-window]).max(), 0.0) / window))


def render(sound: Sound) -> Array:
    """Render a sound.

    Parameters
    ----------
    sound : Sound
        Its parameters.

    Returns
    -------
    ndarray, shape (n, 2)
        Left and right, `sound.duration` long, at `sound.level`.
    """
    n = round(sound.duration * SAMPLE_RATE)
    times = np.minimum(_times(n), sound.duration)
    pair = _matter(sound, n)
    # the edges of a stroke last a millisecond or so: its level needs a value for each sample
    amplitude = paths.level(sound.envelope, np.arange(n) / SAMPLE_RATE, sound.duration)
    if sound.modulation is not None and sound.modulation.of == "level":
        amplitude = amplitude * _path(10.0 ** (-sound.modulation.depth * (1 - paths.swing(sound, times)) / 20), n)
    signal = _stereo(pair * amplitude[:, None], sound)
    return np.asarray(signal * (10.0 ** (sound.level / 20) / loudest(signal)))
