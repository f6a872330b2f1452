"""Sound generators of the étude: pure functions from numbers to samples, numpy only.

Conventions
-----------
* Time is in seconds, frequency in hertz, and a *path* is one value per sample, shape (n,).
* A generator returns a *pair*, shape (n, 2), of two signals with the same spectrum and no
  correlation; a placing function turns the pair into a stereo image.
* Whatever is random comes from the ``numpy.random.Generator`` that is passed in, so equal seeds give
  equal bits on one machine (other processors may round the last bit otherwise).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SAMPLE_RATE",
    "Array",
    "cosine_ramps",
    "exponential",
    "grains",
    "impulses",
    "moving_band",
    "pan",
    "partials",
    "spread",
    "strike",
    "swell",
]

Array = NDArray[np.float64]

SAMPLE_RATE = 48_000
"""Samples per second of everything rendered here."""

_FRAME = 2048  # samples: 43 ms, so that a moving band is steady within a frame
_HOP = _FRAME // 4
_HIGHEST = 20_000.0  # hertz: partials above it are left out
_STEP_OFF = 0.005  # seconds of fade at the -60 dB end of a decay


def _seconds(n: int) -> Array:
    return np.arange(n) / SAMPLE_RATE


# -- level paths ---------------------------------------------------------------------------------


def cosine_ramps(n: int, attack: float, release: float) -> Array:
    """Return a level that rises, stays at 1 and falls, both ramps raised cosines.

    Parameters
    ----------
    n : int
        Length in samples.
    attack, release : float
        Length of the ramps in seconds.

    Returns
    -------
    ndarray, shape (n,)
        Level from 0 to 1.
    """
    time = _seconds(n)
    up = np.clip(time / attack, 0, 1)
    down = np.clip((n / SAMPLE_RATE - time) / release, 0, 1)
    return np.asarray((1 - np.cos(np.pi * up)) * (1 - np.cos(np.pi * down)) / 4)


def exponential(n: int, attack: float, decay: float) -> Array:
    """Return a level that jumps to 1 and falls evenly in decibels.

    Parameters
    ----------
    n : int
        Length in samples.
    attack : float
        Length of the linear rise in seconds.
    decay : float
        Seconds from the peak to -20 dB.

    Returns
    -------
    ndarray, shape (n,)
        Level from 0 to 1, faded to 0 in the last 5 ms.
    """
    time = _seconds(n)
    fall = 10.0 ** (-np.clip(time - attack, 0, None) / decay)
    close = np.clip((n / SAMPLE_RATE - time) / _STEP_OFF, 0, 1)
    return np.clip(time / attack, 0, 1) * fall * close


def swell(n: int, rise: float) -> Array:
    """Return a level that rises as a square to 1 at `rise` seconds and falls as a square to the end."""
    time = _seconds(n)
    fall = n / SAMPLE_RATE - rise
    return np.minimum(time / rise, (n / SAMPLE_RATE - time) / fall) ** 2


# -- sounds --------------------------------------------------------------------------------------


def partials(frequencies: list[Array], amplitudes: list[float], rng: np.random.Generator) -> Array:
    """Add sine waves; the two signals of the pair are in quadrature, hence uncorrelated.

    Parameters
    ----------
    frequencies : list of ndarray, shape (n,)
        One frequency path per partial, in hertz.
    amplitudes : list of float
        One amplitude per partial.
    rng : numpy.random.Generator
        Source of the starting phases.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    pair = np.zeros((len(frequencies[0]), 2))
    for path, amplitude in zip(frequencies, amplitudes, strict=True):
        phase = 2 * np.pi * (rng.random() + np.cumsum(path) / SAMPLE_RATE)
        level = np.where(path < _HIGHEST, amplitude, 0.0)
        pair[:, 0] += level * np.sin(phase)
        pair[:, 1] += level * np.cos(phase)
    return pair


def strike(n: int, frequencies: Array, amplitudes: Array, rates: Array, rng: np.random.Generator) -> Array:
    """Let the modes of a struck body ring, each with its own decay.

    Parameters
    ----------
    n : int
        Length in samples.
    frequencies : ndarray, shape (modes,)
        Modes in hertz.
    amplitudes : ndarray, shape (modes,)
        Amplitudes at the stroke.
    rates : ndarray, shape (modes,)
        Decay of each mode in decibels per second (0 or more).
    rng : numpy.random.Generator
        Source of the phases.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    time = _seconds(n)
    pair = np.zeros((n, 2))
    for frequency, amplitude, rate in zip(frequencies, amplitudes, rates, strict=True):
        if frequency < _HIGHEST:
            phase = 2 * np.pi * (rng.random() + frequency * time)
            level = amplitude * 10.0 ** (-rate * time / 20)
            pair += level[:, None] * np.stack([np.sin(phase), np.cos(phase)], axis=1)
    return pair


def moving_band(low: Array, high: Array, tilt: float, rng: np.random.Generator) -> Array:
    """Filter white noise to a band whose edges move, by overlapped short Fourier transforms.

    A band narrower than the transforms tell apart is as wide as they do.

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        Paths of the band edges in hertz.
    tilt : float
        Slope of the power spectral density within the band, in decibels per octave: 0 is white, -3 pink.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray, shape (n, 2)
        Two independent noises.
    """
    n = len(low)
    frames = n // _HOP + 5
    window = np.sin(np.pi * (np.arange(_FRAME) + 0.5) / _FRAME)
    centres = np.clip((np.arange(frames) - 1) * _HOP, 0, n - 1)
    bins = np.log2(np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)[1:])
    bottom, top = np.log2(low[centres])[:, None], np.log2(high[centres])[:, None]
    edge = 1 / 24  # octave: half the width of the slope at each edge
    inside = np.clip((bins - bottom) / edge + 0.5, 0, 1) * np.clip((top - bins) / edge + 0.5, 0, 1)
    narrow = ~inside.any(axis=1)  # a band between two bins: the one nearest to its middle stands for it
    middle = (bottom + top)[narrow] / 2
    inside[narrow, np.abs(bins - middle).argmin(axis=1)] = 1.0
    gain = np.pad(inside * 10.0 ** (tilt * (bins - (bottom + top) / 2) / 20), ((0, 0), (1, 0)))
    pair = np.zeros((frames * _HOP + _FRAME, 2))
    for channel in range(2):
        noise = rng.standard_normal(frames * _HOP + _FRAME)
        for index in range(frames):
            part = slice(index * _HOP, index * _HOP + _FRAME)
            spectrum = np.fft.rfft(noise[part] * window) * gain[index]
            pair[part, channel] += np.fft.irfft(spectrum, _FRAME) * window
    lead = _FRAME // 2 + _HOP
    return pair[lead : lead + n]


def grains(noise: Array, rate: float, length: float, jitter_db: float, rng: np.random.Generator) -> Array:
    """Cut a noise pair into grains, one per period at a random place within it.

    Parameters
    ----------
    noise : ndarray, shape (n, 2)
        The matter.
    rate : float
        Grains per second in each signal.
    length : float
        Length of a grain in seconds; its level falls from 1 to 0 as a square.
    jitter_db : float
        Grains are softer than the loudest by up to this many decibels.
    rng : numpy.random.Generator
        Source of places and levels.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    n = len(noise)
    shape = (1 - np.arange(round(length * SAMPLE_RATE)) / round(length * SAMPLE_RATE)) ** 2
    shape[:24] *= np.arange(24) / 24  # half a millisecond, against a hard edge
    count = int(n / SAMPLE_RATE * rate)
    level = np.zeros((n + len(shape), 2))
    for channel in range(2):
        places = ((np.arange(count) + rng.random(count)) / rate * SAMPLE_RATE).astype(np.int64)
        gains = 10.0 ** (-jitter_db * rng.random(count) / 20)
        for place, gain in zip(places, gains, strict=True):
            level[place : place + len(shape), channel] += gain * shape
    return noise * level[:n]


def impulses(n: int, ring: Array, times: Array, gains: Array) -> Array:
    """Repeat a short pair at given times.

    Parameters
    ----------
    n : int
        Length in samples.
    ring : ndarray, shape (m, 2)
        What is repeated.
    times : ndarray, shape (count,)
        Seconds from the start.
    gains : ndarray, shape (count,)
        Amplitude of each repetition.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    pair = np.zeros((n + len(ring), 2))
    for time, gain in zip(times, gains, strict=True):
        place = round(float(time) * SAMPLE_RATE)
        if place < n:
            pair[place : place + len(ring)] += gain * ring
    return pair[:n]


# -- stereo --------------------------------------------------------------------------------------


def pan(pair: Array, position: Array) -> Array:
    """Place the first signal at a path of positions, -1 (left) to 1 (right), at constant power."""
    angle = (position + 1) * np.pi / 4
    return np.asarray(pair[:, :1] * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def spread(pair: Array, width: Array) -> Array:
    """Open the image by a path of widths: 0 is one signal in both channels, 1 none in common."""
    angle = width * np.pi / 2
    right = np.cos(angle) * pair[:, 0] + np.sin(angle) * pair[:, 1]
    return np.asarray(np.stack([pair[:, 0], right], axis=1) / np.sqrt(2))
