"""What of a sound file is seen: its waveform and spectrogram in tiles, and its form in a few columns.

Conventions
-----------
A *tile* has `COLUMNS` columns. At *scale* s a column lasts ``2**s / FINEST`` seconds, and tile n begins at n times the
length of a tile, so that tiles of all recordings lie on one grid. Tiles of up to a minute are of every sample;
longer ones of a window in the middle of each column, so that a tile takes as long for two hours as for two minutes.
Spectra are averaged over channels as power; 0 dB is a sine at full scale. A waveform has the lowest and highest sample
of all channels in a column.
"""

import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from PIL import Image

__all__ = [
    "AXES", "COLUMNS", "FINEST", "FLOOR_DB", "FORM_COLUMNS", "HIGHEST_HZ", "LOWEST_HZ", "ROWS", "SCALES",
    "TRACED", "TRACE_POINTS", "form", "peaks", "peaks_tile", "spectrum_tile", "tile_seconds", "trace",
]  # fmt: skip

COLUMNS, ROWS = 512, 256
FINEST = 256
"""Columns per second at scale 0."""

SCALES = range(-7, 15)
"""The waveform is drawn down to a column of 31 microseconds, the spectrogram to scale 0."""

LOWEST_HZ, HIGHEST_HZ = 30.0, 20_000.0
FLOOR_DB = -110.0
AXES = ("log", "mel", "linear")
FORM_COLUMNS = 120
TRACE_POINTS = 160

TRACED = ("level", "brightness", "spread", "bands", "flatness", "side")
"""What is drawn along a passage: level (dB relative to a sine at full scale), spectral centroid (Hz), spread about it
(octaves), share of active quarter-octave bands, spectral flatness, share of the side signal (all from 0 to 1)."""

_DENSE = 5
"""Up to this scale every sample counts."""
_PEAKS = 6
"""The scale at which the peaks of a whole file are kept."""
_WINDOWS = (1024, 2048, 4096)
_MOST_FRAMES = 6
_SPARSE = 8192
_READ = 1 << 20

Samples = npt.NDArray[np.float32]


def tile_seconds(scale: int) -> float:
    """Return how long a tile is, in seconds.

    Examples
    --------
    >>> tile_seconds(0), tile_seconds(5)
    (2.0, 64.0)
    """
    return COLUMNS * 2.0**scale / FINEST


def _edges(axis: str) -> npt.NDArray[np.float64]:
    """Return the edges of the rows in Hz, from low to high."""
    if axis == "linear":
        return np.linspace(0.0, HIGHEST_HZ, ROWS + 1)
    if axis == "mel":
        top = 2595.0 * np.log10(1.0 + HIGHEST_HZ / 700.0)
        return np.asarray(700.0 * (10.0 ** (np.linspace(0.0, top, ROWS + 1) / 2595.0) - 1.0))
    return np.geomspace(LOWEST_HZ, HIGHEST_HZ, ROWS + 1)


def _read(file: soundfile.SoundFile, start: int, count: int) -> Samples:
    """Return samples from a place on, of shape (count, channels); silence before the start and after the end."""
    out = np.zeros((count, file.channels), dtype=np.float32)
    first, last = max(start, 0), min(start + count, file.frames)
    if last > first:
        file.seek(first)
        got = file.read(last - first, dtype="float32", always_2d=True)
        out[first - start : first - start + len(got)] = got
    return out


def _power(frames: Samples) -> npt.NDArray[np.float64]:
    """Return power spectra of frames of shape (frames, samples, channels), averaged over channels."""
    size = frames.shape[1]
    window = np.hanning(size).astype(np.float32)
    spectra = np.fft.rfft(frames * window[None, :, None], axis=1)
    scale = (window.sum() / 2.0) ** 2
    return np.asarray((np.abs(spectra) ** 2).mean(axis=2) / scale, dtype=np.float64)


def _in_rows(power: npt.NDArray[np.float64], rate: int, axis: str) -> npt.NDArray[np.float64]:
    """Return the mean power in each row of the picture, of shape (columns, rows)."""
    width = rate / 2.0 / (power.shape[1] - 1)
    edges = _edges(axis)
    summed = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    place = np.clip(edges / width + 0.5, 0, power.shape[1] - 1e-6)
    whole = place.astype(int)
    at = summed[:, whole] + (place - whole) * power[:, np.minimum(whole, power.shape[1] - 1)]
    span = np.maximum(np.diff(place), 1e-9)
    found = np.diff(at, axis=1) / span
    found[:, edges[:-1] >= rate / 2.0] = 0.0
    return np.asarray(found)


def spectrum_tile(path: str, scale: int, number: int, axis: str) -> bytes:
    """Return a tile of the spectrogram as a grey WebP picture, high frequencies at the top.

    Parameters
    ----------
    path : str
    scale : int
        0 or more.
    number : int
    axis : str
        One of `AXES`.
    """
    with soundfile.SoundFile(path) as file:
        rate = file.samplerate
        size = _WINDOWS[min(max(scale, 0), len(_WINDOWS) - 1)] * (2 if rate > 64_000 else 1)
        step = rate * 2.0**scale / FINEST
        origin = number * COLUMNS * step
        power = np.zeros((COLUMNS, size // 2 + 1))
        if scale <= _DENSE:
            each = int(np.clip(round(step / (size / 2)), 1, _MOST_FRAMES))
            centres = origin + (np.arange(COLUMNS * each) + 0.5) * step / each
            block = _read(file, round(origin) - size, round(COLUMNS * step) + 2 * size)
            starts = np.clip(np.round(centres - size / 2 - (round(origin) - size)).astype(int), 0, len(block) - size)
            for first in range(0, len(starts), 256):
                some = starts[first : first + 256]
                found = _power(block[some[:, None] + np.arange(size)[None, :]])
                np.add.at(power, (np.arange(first, first + len(some)) // each), found / each)
        else:
            for column in range(COLUMNS):
                centre = origin + (column + 0.5) * step
                if centre < file.frames:
                    block = _read(file, round(centre - _SPARSE / 2), _SPARSE)
                    starts = np.arange(0, _SPARSE - size + 1, size // 2)
                    power[column] = _power(block[starts[:, None] + np.arange(size)[None, :]]).mean(axis=0)
        rows = _in_rows(power, rate, axis)
    decibels = 10.0 * np.log10(np.maximum(rows, 1e-15))
    grey = np.clip((decibels - FLOOR_DB) / -FLOOR_DB, 0.0, 1.0) * 255.0
    picture = Image.fromarray(np.ascontiguousarray(grey.T[::-1]).astype(np.uint8), "L")
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=72, method=2)
    return out.getvalue()


def _extremes(block: Samples, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Return the lowest and highest sample between places, of shape (columns, 2), as parts of 127."""
    low = np.minimum.reduceat(block.min(axis=1), places[:-1])
    high = np.maximum.reduceat(block.max(axis=1), places[:-1])
    return np.clip(np.round(np.stack([low, high], axis=1) * 127), -127, 127).astype(np.int8)


def peaks(path: str, target: str) -> None:
    """Write the lowest and highest sample of each quarter of a second of a whole file, as ``.npy``."""
    found: list[npt.NDArray[np.int8]] = []
    with soundfile.SoundFile(path) as file:
        step = file.samplerate * 2.0**_PEAKS / FINEST
        total = int(np.ceil(file.frames / step))
        per_block = max(1, int(_READ // step))
        for first in range(0, total, per_block):
            edges = np.round(np.arange(first, min(first + per_block, total) + 1) * step).astype(np.int64)
            edges = np.minimum(edges, file.frames)
            block = _read(file, int(edges[0]), int(edges[-1] - edges[0]))
            if len(block):
                found.append(_extremes(block, np.minimum(edges - edges[0], len(block) - 1)))
    draft = Path(target).with_suffix(".new.npy")
    np.save(draft, np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int8))
    draft.replace(target)


def peaks_tile(path: str, scale: int, number: int, whole: str | None) -> bytes:
    """Return a tile of the waveform: for each column the lowest and the highest sample, as signed bytes of 1/127.

    Parameters
    ----------
    path : str
    scale, number : int
    whole : str or None
        What `peaks` wrote; without it long columns are estimated from a window in their middle.
    """
    if scale > _DENSE and whole is not None:
        kept, many = np.load(whole, mmap_mode="r"), 2 ** (scale - _PEAKS)
        first = number * COLUMNS * many
        part = np.zeros((COLUMNS * many, 2), dtype=np.int8)
        got = kept[first : first + COLUMNS * many]
        part[: len(got)] = got
        shaped = part.reshape(COLUMNS, many, 2)
        return np.stack([shaped[:, :, 0].min(axis=1), shaped[:, :, 1].max(axis=1)], axis=1).tobytes()
    with soundfile.SoundFile(path) as file:
        step = file.samplerate * 2.0**scale / FINEST
        origin = number * COLUMNS * step
        if scale > _DENSE:
            out = np.zeros((COLUMNS, 2), dtype=np.int8)
            for column in range(COLUMNS):
                middle = round(origin + (column + 0.5) * step)
                if middle < file.frames:
                    block = _read(file, middle - _SPARSE // 2, _SPARSE)
                    out[column] = _extremes(block, np.array([0, len(block)]))[0]
            return out.tobytes()
        begin = int(np.floor(origin))
        block = _read(file, begin, int(np.ceil(COLUMNS * step)) + 2)
        places = np.floor(origin + np.arange(COLUMNS + 1) * step).astype(np.int64) - begin
        return _extremes(block, np.minimum(places, len(block) - 1)).tobytes()


def trace(path: str, start: float, end: float) -> list[tuple[float, ...]]:
    """Return how level, brightness, spread, density, flatness and width go along a stretch of a file.

    Parameters
    ----------
    path : str
    start, end : float
        Seconds.

    Returns
    -------
    list of tuple of float
        At `TRACE_POINTS` times: the time in seconds, then the values of `TRACED` in their order. In silence all
        but the level are not a number.
    """
    found = []
    with soundfile.SoundFile(path) as file:
        rate = file.samplerate
        size = int(2 ** np.clip(np.round(np.log2(max(1.0, (end - start) * rate / 24))), 8, 12))
        for number in range(TRACE_POINTS):
            time = start + (number + 0.5) * (end - start) / TRACE_POINTS
            block = _read(file, round(time * rate - size / 2), size)
            mean = float(np.mean(block.astype(np.float64) ** 2))
            level = round(10 * np.log10(max(2 * mean, 1e-10)), 2)
            values = _traced(block, rate) if mean > 1e-9 else (float("nan"),) * (len(TRACED) - 1)
            found.append((round(time, 4), level, *values))
    return found


def _traced(block: Samples, rate: int) -> tuple[float, ...]:
    """Return the values of `TRACED` after the level, for one window of shape (samples, channels)."""
    power = _power(block[None])[0]
    frequencies = np.fft.rfftfreq(len(block), 1.0 / rate)
    bright = float((power * frequencies).sum() / max(power.sum(), 1e-30))
    edges = np.searchsorted(frequencies, 50.0 * 2.0 ** (np.arange(34) / 4))
    bands = np.array([power[a:b].sum() for a, b in pairwise(edges) if b > a] or [power.sum()])
    middles = np.array([(a + b) / 2 for a, b in pairwise(edges) if b > a] or [1.0])
    weight = np.sqrt(bands) / max(float(np.sqrt(bands).sum()), 1e-30)
    octaves = np.log2(middles)
    spread = float(np.sqrt((weight * (octaves - (weight * octaves).sum()) ** 2).sum()))
    active = float((bands >= bands.max() * 1e-3).mean())
    heard = power[1:] + 1e-12 * power.max() + 1e-30
    flat = float(np.exp(np.log(heard).mean()) / heard.mean())
    both = block[:, :2].astype(np.float64)
    ends = np.sqrt((both[:, 0] ** 2).sum() * (both[:, -1] ** 2).sum())
    side = (1 - float((both[:, 0] * both[:, -1]).sum()) / ends) / 2 if ends > 1e-12 else 0.0
    return round(bright, 1), round(spread, 3), round(active, 3), round(flat, 5), round(max(side, 0.0), 4)


def form(path: str) -> list[tuple[float, float]]:
    """Return the form of a file: for each of `FORM_COLUMNS` columns its level (0 to 1) and brightness in Hz.

    The level is that of a window in the middle of the column, relative to the loudest column; brightness is the
    spectral centroid there, 0 in silence.
    """
    found = []
    with soundfile.SoundFile(path) as file:
        step = file.frames / FORM_COLUMNS
        size = int(min(_SPARSE * 2, max(256, step)))
        frequencies = np.fft.rfftfreq(size, 1.0 / file.samplerate)
        for column in range(FORM_COLUMNS):
            block = _read(file, round((column + 0.5) * step - size / 2), size)
            level = float(np.sqrt(np.mean(block.astype(np.float64) ** 2)))
            power = _power(block[None])[0]
            bright = float((power * frequencies).sum() / power.sum()) if level > 1e-5 else 0.0
            found.append((level, bright))
    loudest = max((level for level, _ in found), default=0.0) or 1.0
    return [(round(level / loudest, 3), round(bright, 1)) for level, bright in found]
