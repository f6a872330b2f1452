"""Sounds and tables made for tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf

Sound = npt.NDArray[np.float64]

RATE = 48_000


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> Sound:
    """Return a sine of amplitude 0.5, shape (samples,)."""
    return np.asarray(0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate))


def stroke(hertz: float, seconds: float = 0.6, rate: int = RATE) -> Sound:
    """Return a tone that dies away."""
    return np.asarray(tone(hertz, seconds, rate) * np.exp(-6 * np.arange(round(seconds * rate)) / rate))


def noise_below(hertz: float, seconds: float = 2.0, rate: int = RATE) -> Sound:
    """Return noise without anything above a frequency."""
    white = np.random.default_rng(5).standard_normal(round(seconds * rate))
    spectrum = np.fft.rfft(white)
    spectrum[np.fft.rfftfreq(len(white), 1 / rate) > hertz] = 0
    limited = np.fft.irfft(spectrum, len(white))
    return np.asarray(0.5 * limited / np.abs(limited).max())


def write(path: Path, sound: Sound | npt.NDArray[np.int32], rate: int = RATE, subtype: str | None = None) -> Path:
    """Write a sound file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, sound, rate, subtype=subtype)
    return path


def table(path: Path, rows: Sequence[str], encoding: str = "utf-8") -> Path:
    """Write a CSV table, one string per line."""
    path.write_text("\n".join(rows) + "\n", encoding=encoding)
    return path
