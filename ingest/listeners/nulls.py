"""Sounds without content: what evidence is taken against.

Conventions
-----------
A null sound is as long as the sound that it stands for, and the same each time. Silence and noise are the same for all
sounds of a length. Noise is pink (equal power in each octave from 20 Hz on), with a root mean square of `LEVEL`.
A shuffled sound is made of pieces of the sound itself in another order: its spectrum stays, its course does not.
"""

from typing import Literal

import numpy as np

from ingest.listeners.base import Mono

__all__ = ["NullSound", "null_sound"]

NullSound = Literal["silence", "noise", "shuffled"]
"""The kinds of null sound."""

LEVEL = 0.1
"""Root mean square of the noise, full scale 1: 20 dB below it, a choice."""

_LOWEST_HZ = 20.0
_PIECE, _EDGE = 0.05, 0.004
"""Seconds: length of the pieces of a shuffled sound, and of the fades at their ends, which keep them from clicking."""


def null_sound(kind: NullSound, sound: Mono, rate: int) -> Mono:
    """Return the null sound that stands for a sound.

    Parameters
    ----------
    kind : NullSound
    sound : ndarray of shape (samples,)
    rate : int
        Hz.

    Examples
    --------
    >>> null_sound("silence", np.ones(3, np.float32), 16_000).tolist()
    [0.0, 0.0, 0.0]
    """
    if kind == "silence" or not len(sound):
        return np.zeros_like(sound)
    random = np.random.default_rng(len(sound))
    return _pink(len(sound), rate, random) if kind == "noise" else _shuffled(sound, rate, random)


def _pink(samples: int, rate: int, random: np.random.Generator) -> Mono:
    spectrum = np.fft.rfft(random.standard_normal(samples))
    heights = np.fft.rfftfreq(samples, 1 / rate)
    spectrum *= np.where(heights < _LOWEST_HZ, 0.0, 1 / np.sqrt(np.maximum(heights, _LOWEST_HZ)))
    noise = np.fft.irfft(spectrum, samples)
    power = float(np.mean(noise**2))
    return np.asarray(noise * (LEVEL / power**0.5 if power else 0.0), np.float32)


def _shuffled(sound: Mono, rate: int, random: np.random.Generator) -> Mono:
    length, edge = max(1, round(_PIECE * rate)), max(1, round(_EDGE * rate))
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)).astype(np.float32)
    pieces = []
    for piece in np.split(sound, range(length, len(sound), length)):
        faded = piece.copy()
        if len(faded) >= 2 * edge:
            faded[:edge] *= rise
            faded[-edge:] *= rise[::-1]
        pieces.append(faded)
    order = random.permutation(len(pieces))
    return np.concatenate([pieces[place] for place in order])
