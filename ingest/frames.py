"""The frames of a whole recording, kept in memory while short and on disk when long.

Conventions
-----------
A recording of any length is analysed once; its frames are appended to temporary files that stay in memory up to
`IN_MEMORY` bytes each and are read back by stretch. A stretch longer than `FINE_SECONDS` comes back coarsened to at
most as many frames, each the mean of its group, so that no stretch needs much memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from tempfile import SpooledTemporaryFile
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from ingest.decode import RATE
from ingest.features import BANDS, ENVELOPE_HOP, SPECTRAL_HOP, Block
from ingest.loss import EDGES
from ingest.tonal import TONAL_COLUMNS, TONAL_HOP

__all__ = ["FINE_SECONDS", "Array", "Floor", "Frames", "Grid"]

Array = npt.NDArray[np.float32]

IN_MEMORY = 16 << 20
FINE_SECONDS = 120.0
_AT_ONCE = 32_768
"""Frames that are read at once where a stretch is coarsened."""

_QUIET_SHARE, _QUIET_LEAST = 0.03, 5
"""The quietest frames, a share of a recording and at least so many, are its floor."""
_QUIET_FRAMES = 5
"""Spectral frames (100 ms) that must be quiet on end: the gap between two grains is no floor."""

_SOFTER_SHARE, _SOFTER_FRAMES, _LASTING_SHARE = 0.05, 10, 0.5
"""A floor has bands with half of its power at least that are 6 dB softer in so few steps of 200 ms."""
_EDGE_FRAMES = 2
"""Frames at both ends of a recording that are cut by them."""


class Grid:
    """Frames on one time grid, as rows of a growing table of float32.

    Parameters
    ----------
    hop : int
        Samples between frames at 48 kHz.
    columns : int
    """

    def __init__(self, hop: int, columns: int) -> None:
        self.hop_seconds = hop / RATE
        self._columns = columns
        self._file = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - closed by `Frames`
        self.length = 0

    def append(self, rows: Array) -> None:
        """Add frames, shape (frames, columns)."""
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(rows, np.float32).tobytes())
        self.length += len(rows)

    def cut(self, seconds: float) -> None:
        """Forget the frames whose centre lies after a time."""
        self.length = min(self.length, max(1, round(seconds / self.hop_seconds)))

    def rows(self, first: int, last: int) -> Array:
        """Read frames ``first`` up to but not including ``last``, shape (frames, columns)."""
        first, last = max(0, first), min(self.length, last)
        count = max(0, last - first)
        self._file.seek(first * self._columns * 4)
        data = self._file.read(count * self._columns * 4)
        return np.frombuffer(data, np.float32).reshape(count, self._columns)

    def between(self, start: float, end: float) -> Array:
        """Read the frames whose centre lies in ``[start, end)`` seconds, coarsened if there are very many.

        Returns
        -------
        ndarray of shape (frames, columns)
            At least one frame where the grid has one near the stretch.
        """
        first, last = round(start / self.hop_seconds), round(end / self.hop_seconds)
        last = max(last, first + 1)
        group = int((last - first) * self.hop_seconds // FINE_SECONDS) + 1
        if group == 1:
            return self.rows(first, last)
        means = []
        step = group * max(1, _AT_ONCE // group)
        for position in range(first, last, step):
            rows = self.rows(position, min(position + step, last))
            whole = len(rows) // group * group
            if whole:
                means.append(rows[:whole].reshape(-1, group, self._columns).mean(axis=1))
        return np.concatenate(means)

    def column(self, index: int) -> Array:
        """Read one column of all frames, shape (frames,)."""
        parts = [self.rows(i, i + _AT_ONCE)[:, index].copy() for i in range(0, self.length, _AT_ONCE)]
        return np.concatenate(parts)

    def close(self) -> None:
        """Free the memory or the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Floor:
    """What goes on sounding in the quietest moments of a recording: noise of tape, room or transmission.

    Parameters
    ----------
    spectral : ndarray of shape (columns,)
        Mean of the quietest spectral frames; only powers are of use.
    power : float
        Their mean square.
    """

    spectral: Array
    power: float


class Frames:
    """The frames of one recording on the three grids of `ingest.features`.

    Parameters
    ----------
    blocks : iterable of Block
    channels : int
        Channels measured, 1 or 2.
    """

    def __init__(self, blocks: Iterable[Block], channels: int) -> None:
        self.spectral = Grid(SPECTRAL_HOP, 11 + EDGES + BANDS)
        self.tonal = Grid(TONAL_HOP, TONAL_COLUMNS)
        self.envelope = Grid(ENVELOPE_HOP, 1)
        self.channels = channels
        try:
            for block in blocks:
                self.spectral.append(block.spectral)
                self.tonal.append(block.tonal)
                self.envelope.append(block.envelope[:, None])
        except BaseException:
            self.close()
            raise

    @cached_property
    def floor(self) -> Floor:
        """The floor of the recording: the mean of its quietest frames, in the bands in which it never goes away."""
        rms = self.spectral.column(0)
        padded = np.pad(rms, _QUIET_FRAMES // 2, mode="edge")
        highest = np.lib.stride_tricks.sliding_window_view(padded, _QUIET_FRAMES).max(axis=1)
        # what begins or ends with the recording is cut there, and sounds otherwise
        highest[:_EDGE_FRAMES] = highest[len(rms) - _EDGE_FRAMES :] = highest.max()
        count = min(max(_QUIET_LEAST, round(_QUIET_SHARE * len(rms))), len(rms))
        quietest = np.sort(np.argpartition(highest, count - 1)[:count])
        rows = np.concatenate([self.spectral.rows(index, index + 1) for index in quietest.tolist()])
        spectral, power = rows.mean(axis=0), float(np.mean(rows[:, 0] ** 2))
        bands = spectral[-BANDS:] * self._lasting(spectral[-BANDS:])
        lasting = float(bands.sum()) > _LASTING_SHARE * float(spectral[-BANDS:].sum())
        spectral[-BANDS:] = bands
        return Floor(spectral, power if lasting else 0.0)

    def _lasting(self, bands: Array) -> npt.NDArray[np.bool_]:
        """Return which bands are hardly ever 6 dB softer than when it is quietest: a floor goes on under all else."""
        softer = np.zeros(BANDS)
        steps = 0
        for first in range(0, self.spectral.length, _AT_ONCE):
            rows = self.spectral.rows(first, first + _AT_ONCE)[:, -BANDS:]
            means = rows[: len(rows) // _SOFTER_FRAMES * _SOFTER_FRAMES].reshape(-1, _SOFTER_FRAMES, BANDS).mean(axis=1)
            softer += (means < bands / 4).sum(axis=0)
            steps += len(means)
        lasting: npt.NDArray[np.bool_] = softer <= _SOFTER_SHARE * steps
        return lasting

    def cut(self, duration: float) -> None:
        """Forget the padding after the end of the sound, in seconds."""
        for grid in (self.spectral, self.tonal, self.envelope):
            grid.cut(duration)

    def close(self) -> None:
        """Free the memory or the files."""
        for grid in (self.spectral, self.tonal, self.envelope):
            grid.close()

    def __enter__(self) -> "Frames":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
