"""Sound and numbers that the benchmarks share: an hour of sound, CPU time, peak memory."""

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr

__all__ = ["hour_of_sound", "measured", "median_ratio", "peak_mebibytes"]

DEMO = Path(__file__).parent.parent / "demo"


def hour_of_sound(path: Path, seconds: float, rate: int = 44_100, channels: int = 1) -> None:
    """Write FLAC made of the demo sounds, end to end at changing levels, over quiet pink-like noise.

    Parameters
    ----------
    path : Path
    seconds : float
    rate : int
        Hz.
    channels : int
        1 or 2.
    """
    generator = np.random.default_rng(7)
    sounds = []
    for file in sorted(DEMO.rglob("*.flac")):
        sound, own = soundfile.read(file, dtype="float32", always_2d=True)
        both = sound if sound.shape[1] == 2 else np.repeat(sound, 2, axis=1)
        resampled = both if own == rate else soxr.resample(both, own, rate)
        sounds.append(resampled[:, :channels] if channels == 2 else resampled.mean(axis=1, keepdims=True))
    left = round(seconds * rate)
    with soundfile.SoundFile(path, "w", rate, channels, "PCM_16") as out:
        while left:
            sound = sounds[generator.integers(len(sounds))][:left]
            noise = np.cumsum(generator.standard_normal(sound.shape), axis=0) * 0.9**2
            noise = (noise - noise.mean(axis=0)) / (np.abs(noise).max() + 1e-9) * 0.002
            out.write(np.clip(sound * generator.uniform(0.3, 0.9) + noise, -1, 1))
            left -= len(sound)


def peak_mebibytes() -> float:
    """Return the largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(module: str, arguments: Sequence[str]) -> dict[str, float]:
    """Run a module of this package in a process of its own, on one thread, and return the JSON it prints last."""
    environment = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"benchmarks.{module}", *arguments],
        check=True, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    return {str(key): float(value) for key, value in found.items()}


def median_ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the median of the ratios of two rows of figures, pair by pair."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))
