"""Sounds made for tests, and the command line as a user types it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf

from store import open_store

Sound = npt.NDArray[np.float64]

RATE = 48_000
CLOCK = "1750000000"
"""What ``SOURCE_DATE_EPOCH`` fixes the time to."""


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> Sound:
    """Return a sine of amplitude 0.5, shape (samples,)."""
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def stroke(hertz: float, seconds: float = 0.6, rate: int = RATE) -> Sound:
    """Return a tone that dies away."""
    return tone(hertz, seconds, rate) * np.exp(-6 * np.arange(round(seconds * rate)) / rate)


def noise_below(hertz: float, seconds: float = 2.0, rate: int = RATE) -> Sound:
    """Return noise without anything above a frequency."""
    white = np.random.default_rng(5).standard_normal(round(seconds * rate))
    spectrum = np.fft.rfft(white)
    spectrum[np.fft.rfftfreq(len(white), 1 / rate) > hertz] = 0
    limited = np.fft.irfft(spectrum, len(white))
    return 0.5 * limited / np.abs(limited).max()


def write(path: Path, sound: Sound | npt.NDArray[np.int32], rate: int = RATE, subtype: str | None = None) -> Path:
    """Write a sound file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, sound, rate, subtype=subtype)
    return path


def command(*arguments: str | Path) -> list[str]:
    """Return how to start the command line in this Python."""
    return [sys.executable, "-m", "api.cli", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without settings of the machine, with a fixed clock."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACOUSMA_")}
    root = str(Path(__file__).parents[1])
    return kept | {"SOURCE_DATE_EPOCH": CLOCK, "PYTHONPATH": root, "COLUMNS": "200"} | changes


def acousma(*arguments: str | Path, stdin: str | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run ``acousma`` as a user does; keywords are environment variables."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, input=stdin, env=environment(**changes), check=False,
        timeout=120,
    )  # fmt: skip


def dump(archive: Path, target: Path) -> list[str]:
    """Return every published quad of an archive, as sorted lines of N-Quads."""
    with open_store(archive) as store:
        store.dump(None, target)
    return sorted(target.read_text(encoding="utf-8").splitlines())


def graph_of(line: str) -> str:
    """Return the named graph of a line of N-Quads."""
    return line.rsplit(" ", 2)[1].strip("<>")


def table(path: Path, rows: Sequence[str], encoding: str = "utf-8") -> Path:
    """Write a CSV table, one string per line."""
    path.write_text("\n".join(rows) + "\n", encoding=encoding)
    return path
