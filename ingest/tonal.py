"""Between note and noise: spectral peaks, the harmonic series that explains them best, and its fundamental.

Conventions
-----------
Sound comes at 48 kHz. Frames of 8192 samples (171 ms) every 1920 (40 ms) resolve partials from 40 Hz up; bins up to
10 kHz are looked at. Of two channels the stronger of their mid and side signal is taken.
"""

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from ingest.decode import RATE

__all__ = ["TONAL_COLUMNS", "TONAL_HOP", "TONAL_WINDOW", "hann", "tonal_features"]

TONAL_WINDOW, TONAL_HOP = 8192, 1920
TONAL_COLUMNS = 7
_COMB_LOW_HZ, _COMB_STEPS, _COMB_PER_OCTAVE = 40.0, 271, 48
_COMB_PARTIALS = 16
_OCTAVE_BONUS = 0.03
_TONAL_TOP_HZ = 10_000.0
_PEAK_DB = 12.0
_LINE_OCTAVES = 0.2
"""How far from the strongest bin the energy is counted that tells a line from a knot of lines."""
_WIDTH_DB = 15.0
_LOBE_VARIANCE = 1 / 3
"""Variance of a line in a Hann window, in bins squared."""
_EPS = 1e-10
_RANGE_DB = 60.0


@cache
def hann(window: int, device: str) -> Tensor:
    """Return a periodic Hann window, shape (window,)."""
    return torch.hann_window(window, periodic=True, dtype=torch.float32, device=device)


@cache
def _comb(device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the harmonic combs: membership and chance of it (bins, candidates), fundamentals in Hz.

    The chance that a peak near a bin is reached is the share of the distance between two partials that lies within
    reach of one; beyond the last partial it is 0.
    """
    width = RATE / TONAL_WINDOW
    bins = np.arange(int(_TONAL_TOP_HZ / width)) * width
    fundamentals = _COMB_LOW_HZ * 2 ** (np.arange(_COMB_STEPS) / _COMB_PER_OCTAVE)
    number = np.maximum(np.round(bins[:, None] / fundamentals), 1)
    distance = np.abs(bins[:, None] - number * fundamentals)
    # half a candidate step plus half a bin: a partial on neither grid is reached from the nearest point of both
    reach = np.minimum(0.0075 * bins[:, None] + 0.5 * width, 0.15 * fundamentals)
    member = (distance <= reach) & (bins[:, None] > 0) & (number <= _COMB_PARTIALS)
    covered = np.where(number <= _COMB_PARTIALS, 2 * reach / fundamentals, 0.0)

    def tensor(values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)

    return tensor(member), tensor(covered), tensor(fundamentals)


def tonal_features(sound: Tensor) -> Tensor:
    """Measure a step of sound on the tonal grid.

    Parameters
    ----------
    sound : Tensor
        Shape (channels, samples), with ``(TONAL_WINDOW - TONAL_HOP) // 2`` samples around the step.

    Returns
    -------
    Tensor of shape (frames, TONAL_COLUMNS)
        Share of the energy in peaks, salience of the best harmonic comb above chance (both 0 to 1), fundamental in
        Hz, deviation of the partials from it in cents, spread of the peaks in octaves, width of the strongest line
        and of the whole in octaves.
    """
    device = str(sound.device)
    frames = _stronger(sound).unfold(0, TONAL_WINDOW, TONAL_HOP)
    member, covered, fundamentals = _comb(device)
    power = _powers(frames, len(member))
    level = 10 * power.clamp_min(_EPS).log10()
    at_peak = _peaks(level)
    dense = torch.where(at_peak, power, 0.0)
    # peaks are few: what follows is done on a list of them
    frame, bin_ = at_peak.nonzero(as_tuple=True)
    peaks = dense[frame, bin_]
    amplitude = peaks.sqrt()
    per_frame = at_peak.sum(1)
    first = per_frame.cumsum(0) - per_frame
    total = _summed(amplitude, frame, len(power)).clamp_min(_EPS)
    explained = embedding_bag(bin_, member, first, mode="sum", per_sample_weights=amplitude) / total[:, None]
    # of fundamentals that explain as much the highest is meant: every octave below would fit as well
    best = (explained + _OCTAVE_BONUS * (fundamentals / _COMB_LOW_HZ).log2()).argmax(1)
    chance = _summed(amplitude * covered[bin_, best[frame]], frame, len(power)) / total
    salience = (explained.gather(1, best[:, None])[:, 0] - chance) / (1 - chance)
    strongest, hertz = _strongest(dense, level)
    fundamental, deviation = _refine(strongest, hertz, fundamentals[best])
    octaves = _octaves(len(member), device)[bin_]
    energy = _summed(peaks, frame, len(power)).clamp_min(_EPS)
    mean = _summed(peaks * octaves, frame, len(power)) / energy
    square = _summed(peaks * octaves.square(), frame, len(power)) / energy
    spread = 2 * (square - mean.square()).clamp_min(0).sqrt()
    in_peaks = torch.where(_around(at_peak), power, 0.0).sum(1)
    share = (in_peaks / power.sum(1).clamp_min(_EPS)).clamp(0, 1)
    line, width = _line_width(power), _full_width(power)
    return torch.stack([share, salience.clamp(0, 1), fundamental, deviation, spread, line, width], 1)


@cache
def _offsets(device: str) -> Tensor:
    """Return bins beside a peak at the top of the band that lie within reach of it, shape (offsets,)."""
    reach = round(_TONAL_TOP_HZ / (RATE / TONAL_WINDOW) * (2**_LINE_OCTAVES - 1))
    return torch.arange(-reach, reach + 1, device=device)


def _line_width(power: Tensor) -> Tensor:
    """Return how wide the energy about the strongest bin is, in octaves, shape (frames,); 0 for a single line."""
    strongest = power.argmax(1, keepdim=True).clamp_min(1)
    offset = _offsets(str(power.device))
    last = power.shape[1] - 1
    reach = (strongest * (2**_LINE_OCTAVES - 1)).ceil().clamp_min(3)
    near = (offset >= -torch.minimum(reach, strongest)) & (offset <= torch.minimum(reach, last - strongest))
    weight = torch.where(near, power.gather(1, (strongest + offset).clamp_(0, last)), 0.0)
    total = weight.sum(1).clamp_min(_EPS)
    distance = offset.to(weight.dtype)
    mean = weight @ distance / total
    square = weight @ distance.square() / total
    octaves_per_bin = 1 / (math.log(2) * strongest[:, 0])
    return (12 * (square - mean.square() - _LOBE_VARIANCE).clamp_min(0)).sqrt() * octaves_per_bin


def _full_width(power: Tensor) -> Tensor:
    """Return how wide the energy within 15 dB of the strongest bin is, in octaves, shape (frames,).

    That of an even band is its width: the standard deviation times the square root of 12.
    """
    first = round(_COMB_LOW_HZ / (RATE / TONAL_WINDOW))
    power = power[:, first:]
    strong = torch.where(power >= power.amax(1, keepdim=True) * 10 ** (-_WIDTH_DB / 10), power, 0.0)
    octaves = _octaves(first + power.shape[1], str(power.device))[first:]
    total = strong.sum(1).clamp_min(_EPS)
    mean = strong @ octaves / total
    variance = strong @ octaves.square() / total - mean.square()
    lobe = _LOBE_VARIANCE * (RATE / TONAL_WINDOW / (math.log(2) * 1000 * 2**mean)).square()
    return (12 * (variance - lobe).clamp_min(0)).sqrt()


def _stronger(sound: Tensor) -> Tensor:
    """Return the stronger of the mid and the side signal of a step, shape (samples,)."""
    if len(sound) == 1:
        return sound[0]
    left, right = sound
    # their squares differ by twice the product of left and right
    stronger: Tensor = (left + right if float(left @ right) >= 0 else left - right) * 0.5**0.5
    return stronger


def _powers(frames: Tensor, bins: int) -> Tensor:
    """Return the power spectra of windowed frames, shape (frames, bins).

    Parameters
    ----------
    frames : Tensor
        Shape (frames, window).
    bins : int
        How many of the lowest bins are kept.
    """
    spectrum = torch.fft.rfft(frames * hann(frames.shape[1], str(frames.device)))
    # whole rows are squared three times as fast as every other number
    squares = torch.view_as_real(spectrum).flatten(1)[:, : 2 * bins].square()
    power: Tensor = squares[:, 0::2] + squares[:, 1::2]
    return power


def _peaks(level: Tensor) -> Tensor:
    """Return which bins are spectral peaks of at least 12 dB prominence, shape (frames, bins).

    Parameters
    ----------
    level : Tensor
        dB, shape (frames, bins).
    """
    highest = torch.nn.functional.max_pool1d(level[:, None], 5, 1, 2)[:, 0]
    top = level.amax(1, keepdim=True)
    least = torch.maximum(_running_mean(level, 20) + _PEAK_DB, top - _RANGE_DB)
    return level >= torch.maximum(highest, least)


def _summed(values: Tensor, frame: Tensor, frames: int) -> Tensor:
    """Return the sum of the values of each frame, shape (frames,)."""
    return torch.zeros(frames, device=values.device).index_add(0, frame, values)


@cache
def _octaves(bins: int, device: str) -> Tensor:
    """Return log2 of the bins' frequencies relative to 1 kHz, shape (bins,)."""
    octaves = np.log2(np.maximum(np.arange(bins), 1) * (RATE / TONAL_WINDOW) / 1000)
    return torch.tensor(octaves, dtype=torch.float32, device=device)


def _strongest(peaks: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
    """Return power and frequency of the twelve strongest peaks of each frame, shape (frames, 12).

    Frequencies are in Hz, refined by a parabola through the level in dB at the peak and beside it.
    """
    strongest, index = peaks.topk(12, dim=1)
    index = index.clamp(1, level.shape[1] - 2)
    left, middle, right = (level.gather(1, index + offset) for offset in (-1, 0, 1))
    curve = left - 2 * middle + right
    shift = 0.5 * (left - right) / torch.where(curve.abs() < 1e-6, torch.ones_like(curve), curve)
    return strongest, (index + shift.clamp(-0.5, 0.5)) * (RATE / TONAL_WINDOW)


def _running_mean(values: Tensor, reach: int) -> Tensor:
    """Return the mean over `reach` neighbours on either side, along the last axis; edges repeat the last value."""
    before, after = values[:, :1].expand(-1, reach + 1), values[:, -1:].expand(-1, reach)
    summed = torch.cat([before, values, after], 1).cumsum(1)
    return (summed[:, 2 * reach + 1 :] - summed[:, : -2 * reach - 1]) / (2 * reach + 1)


def _around(at_peak: Tensor) -> Tensor:
    """Return which bins lie within two of a peak (a Hann window's main lobe)."""
    near = at_peak.clone()
    for distance in (1, 2):
        near[:, distance:] |= at_peak[:, :-distance]
        near[:, :-distance] |= at_peak[:, distance:]
    return near


def _refine(strongest: Tensor, hertz: Tensor, fundamental: Tensor) -> tuple[Tensor, Tensor]:
    """Return the fundamental that fits the strongest partials best (Hz) and their deviation from it (cents).

    Parameters
    ----------
    strongest, hertz : Tensor
        Power and frequency of partials, shape (frames, partials).
    fundamental : Tensor
        First guess in Hz, shape (frames,).
    """
    weight = strongest.sqrt()
    width = RATE / TONAL_WINDOW
    for _ in range(2):
        number = (hertz / fundamental[:, None]).round().clamp_min(1)
        partial = number * fundamental[:, None]
        near = weight * ((hertz - partial).abs() < torch.maximum(0.03 * partial, 0.0075 * partial + width))
        better = (near * number * hertz).sum(1) / (near * number.square()).sum(1).clamp_min(_EPS)
        fundamental = torch.where(near.sum(1) > 0, better, fundamental)
    number = (hertz / fundamental[:, None]).round().clamp_min(1)
    cents = 1200 * (hertz.clamp_min(1.0) / (number * fundamental[:, None])).log2().abs()
    deviation = (weight * cents).sum(1) / weight.sum(1).clamp_min(_EPS)
    return fundamental, deviation
