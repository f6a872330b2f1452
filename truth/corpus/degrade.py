"""Degradations: what recordings and transmissions do to a sound. They change the samples and never the truth.

Conventions
-----------
* A degraded signal is as long as the clean one, sample for sample in place, and at 48 kHz.
* A signal-to-noise ratio compares mean powers over the stretches within 40 dB of the loudest 50 ms.
* Whether an event can still be heard follows from the parts, which are known, and not from the mixture.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import soundfile as sf

from ontology.errors import UnknownName
from truth.corpus.clips import Signal
from truth.corpus.parameters import Array
from truth.corpus.render import PEAK, SAMPLE_RATE

__all__ = ["APART", "CLEAN", "CONDITIONS", "audible", "check_conditions", "degrade", "fitted", "linear", "margin"]

CLEAN = "clean"
"""The condition of a sound as it was rendered."""

HEARD_DB = 3.0
"""An event is audible from this margin on, not audible from as much below 0 down, and undecided between."""

_ACTIVE = round(0.05 * SAMPLE_RATE)
_ACTIVE_DB = 40.0
_CLIPPED = 0.05  # share of the samples of the active stretches that clipping cuts
_REVERBERATION = (0.5, 2.0)  # seconds to -60 dB
_BAND = (7600.0, 8000.0)  # hertz: from all to nothing
_VORBIS = 0.9  # soundfile's compression level: quality 1 of 10, about 80 kbit/s
_FRAME = 4096
_QUIET_DB = -90.0  # dB relative to full scale in a band: below it nothing is heard


def _power(signal: Array) -> float:
    """Return the mean power over the stretches within 40 dB of the loudest."""
    whole = max(len(signal) // _ACTIVE, 1) * _ACTIVE
    blocks = (np.pad(signal, ((0, max(whole - len(signal), 0)), (0, 0)))[:whole] ** 2).mean(axis=1)
    powers = blocks.reshape(-1, _ACTIVE).mean(axis=1)
    return float(powers[powers > powers.max() * 10 ** (-_ACTIVE_DB / 10)].mean()) if powers.any() else 0.0


def _pink(n: int, rng: np.random.Generator) -> Array:
    """Return two independent pink noises with power 1."""
    size = 1 << (n - 1).bit_length()
    gain = 1 / np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), 20.0))
    noise = np.stack([np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * gain, size)[:n] for _ in range(2)], axis=1)
    return np.asarray(noise / np.sqrt((noise**2).mean()))


def _noise(decibels: float) -> Callable[[Array, np.random.Generator], Array]:
    def add(signal: Array, rng: np.random.Generator) -> Array:
        return np.asarray(signal + _pink(len(signal), rng) * np.sqrt(_power(signal) * 10 ** (-decibels / 10)))

    return add


def _reverb(signal: Array, rng: np.random.Generator) -> Array:
    """Add a diffuse tail, as strong as the direct sound, that takes 0.5 to 2 s to -60 dB."""
    seconds = float(rng.uniform(*_REVERBERATION))
    n = len(signal)
    tail = rng.standard_normal((round(seconds * SAMPLE_RATE), 2))
    tail *= (10.0 ** (-3 * np.arange(len(tail)) / len(tail)))[:, None]
    tail[: round(0.005 * SAMPLE_RATE)] = 0.0
    size = 1 << (n + len(tail) - 1).bit_length()
    spectrum = np.fft.rfft(signal.mean(axis=1), size)
    wet = np.stack([np.fft.irfft(spectrum * np.fft.rfft(tail[:, side], size), size)[:n] for side in (0, 1)], axis=1)
    strength = np.sqrt((wet**2).mean())
    return signal + wet * (np.sqrt((signal**2).mean()) / strength) if strength else signal


def _codec(signal: Array, rng: np.random.Generator) -> Array:
    """Encode as Ogg Vorbis at a low quality and decode."""
    buffer = io.BytesIO()
    sf.write(buffer, signal, SAMPLE_RATE, format="OGG", subtype="VORBIS", compression_level=_VORBIS)
    buffer.seek(0)
    found, _ = sf.read(buffer, dtype="float64", always_2d=True)
    return np.pad(found.astype(np.float64), ((0, max(len(signal) - len(found), 0)), (0, 0)))[: len(signal)]


def _clip(signal: Array, rng: np.random.Generator) -> Array:
    """Cut off what goes beyond the level that a twentieth of the sounding samples exceed."""
    size = np.abs(signal)
    sounding = size[size > size.max() * 10 ** (-_ACTIVE_DB / 20)]
    top = float(np.quantile(sounding, 1 - _CLIPPED)) if len(sounding) else 1.0
    return np.clip(signal, -top, top)


def _band(signal: Array, rng: np.random.Generator) -> Array:
    n = len(signal)
    size = 1 << (n - 1).bit_length()
    low, high = _BAND
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    gain = (1 + np.cos(np.pi * np.clip((hertz - low) / (high - low), 0, 1))) / 2
    return np.stack([np.fft.irfft(np.fft.rfft(signal[:, side], size) * gain, size)[:n] for side in (0, 1)], axis=1)


def _mono(signal: Array, rng: np.random.Generator) -> Array:
    return np.repeat(signal.mean(axis=1, keepdims=True), 2, axis=1)


CONDITIONS: Mapping[str, Callable[[Array, np.random.Generator], Array]] = MappingProxyType(
    {
        "noise20": _noise(20.0),
        "noise10": _noise(10.0),
        "noise0": _noise(0.0),
        "reverb": _reverb,
        "codec": _codec,
        "clip": _clip,
        "band8k": _band,
        "mono": _mono,
    }
)
"""Degradations by name."""


def check_conditions(names: Sequence[str]) -> None:
    """Check that all names are those of degradations.

    Raises
    ------
    UnknownName
        If one is not.
    """
    for name in names:
        if name not in CONDITIONS:
            raise UnknownName(f"there is no degradation {name!r}", ", ".join(CONDITIONS))


def degrade(signal: Signal, name: str, rng: np.random.Generator) -> Signal:
    """Degrade a signal.

    Parameters
    ----------
    signal : ndarray of float32, shape (samples, 2)
        At 48 kHz.
    name : str
        One of `CONDITIONS`, or `CLEAN`, which changes nothing.
    rng : numpy.random.Generator
        Source of noise and reverberation.

    Returns
    -------
    ndarray of float32, shape (samples, 2)
        As long as the signal; made softer as a whole where a sample would go beyond full scale.

    Raises
    ------
    UnknownName
        If there is no such degradation.
    """
    if name == CLEAN:
        return signal
    check_conditions([name])
    return fitted(CONDITIONS[name](signal.astype(np.float64), rng))


def fitted(signal: Array) -> Signal:
    """Return a signal made softer as a whole where a sample would go beyond full scale."""
    peak = float(np.abs(signal).max())
    return np.asarray(signal * min(1.0, PEAK / peak) if peak else signal, np.float32)


APART = ("band8k", "mono")
"""Conditions that treat the parts of a signal apart."""


def linear(signal: Array, name: str) -> Array:
    """Return a part of a signal as one of the conditions of `APART` leaves it."""
    return CONDITIONS[name](signal, np.random.default_rng(0))


# -- audibility ----------------------------------------------------------------------------------


def _bands(signal: Array) -> Array:
    """Return the power in 40 ERB-wide bands, frame by frame, both channels together."""
    padded = np.pad(signal, ((0, max(_FRAME - len(signal), 0)), (0, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME, axis=0)[:: _FRAME // 2]
    window = np.hanning(_FRAME)
    power = (np.abs(np.fft.rfft(frames * window, axis=-1)) ** 2).sum(axis=1) / (window**2).sum() / _FRAME
    erb = 21.4 * np.log10(1 + 0.00437 * np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)) - 1
    edges = np.searchsorted(erb, np.arange(40))
    return np.add.reduceat(power, edges, axis=1)


def margin(part: Array, rest: Array) -> float:
    """Return how far a part stands out from the rest, in the band where it stands out most.

    Parameters
    ----------
    part, rest : ndarray, shape (samples, 2)
        The event, and all else that sounds at the time, both known apart.

    Returns
    -------
    float
        The largest ratio of power in 40 ERB-wide bands, in decibels, over the frames in which the part is within 20 dB
        of its loudest; the rest counts at least as -90 dB relative to full scale.
    """
    own = _bands(part)
    other = _bands(rest) if rest.any() else np.zeros_like(own)
    total = own.sum(axis=1)
    loud = total >= total.max() / 100
    floor = 10 ** (_QUIET_DB / 10)
    ratios = own[loud].mean(axis=0) / np.maximum(other[loud].mean(axis=0), floor)
    return round(10 * float(np.log10(max(ratios.max(), 1e-12))), 1)


def audible(decibels: float) -> bool | None:
    """Tell whether an event with a margin can be heard; None within 3 dB of 0.

    A tone in noise is just heard at about the level of the noise in its critical band (Moore 2012, chapter 3).
    """
    if abs(decibels) < HEARD_DB:
        return None
    return decibels > 0
