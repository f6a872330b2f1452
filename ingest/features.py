"""Frame by frame, what the sound is: batched torch, on CPU or GPU, one code path.

Conventions
-----------
The sound comes at 48 kHz in arrays of shape (channels, samples) with one or two channels. It is cut into *steps* of
`STEP` samples; each step gives whole numbers of frames on three grids, whose frames are centred on their hop:

=========  ============  ===========  =====================================================
grid       window        hop          carries
=========  ============  ===========  =====================================================
spectral   2048 (43 ms)  960 (20 ms)  the seven standard features, band spectrum, stereo
tonal      8192 (171 ms) 1920 (40 ms) peaks, harmonic comb, fundamental
envelope   192 (4 ms)    96 (2 ms)    mean square
=========  ============  ===========  =====================================================

Spectra of two channels are averaged as power, so that sound in opposite phase does not vanish. Whole-file tensors
are avoided: batches of at most 256 frames stay in the processor's cache and are five times faster.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from math import gcd

import numpy as np
import torch
from torch import Tensor
from torch.linalg import vecdot

from ingest.decode import RATE, Signal
from ingest.loss import edge_powers
from ingest.tonal import TONAL_HOP, TONAL_WINDOW, hann, tonal_features

__all__ = [
    "BANDS",
    "BAND_HZ",
    "ENVELOPE_HOP",
    "SPECTRAL_HOP",
    "STEP",
    "Block",
    "FrameAnalyser",
    "SevenFeatures",
    "analyse",
    "mel_matrix",
    "seven_features",
]

SPECTRAL_WINDOW, SPECTRAL_HOP = 2048, 960
ENVELOPE_HOP = 96
STEP = 122_880
"""Samples per step: 128 spectral, 64 tonal and 1280 envelope frames, 2.56 s."""

_PAD = (TONAL_WINDOW - TONAL_HOP) // 2
"""Samples before and after a step that its tonal frames reach into."""
_EPS = 1e-10

BAND_EDGES_HZ = 50.0 * 2 ** (np.arange(34) / 4)
BANDS = len(BAND_EDGES_HZ) - 1
"""Number of quarter-octave bands from 50 Hz to 15.2 kHz."""
BAND_HZ = np.sqrt(BAND_EDGES_HZ[:-1] * BAND_EDGES_HZ[1:])
"""Centre of each band in Hz, shape (BANDS,)."""

_RANGE_DB = 60.0

_Part = tuple[slice, Tensor]
"""Bins, and the weights of bands within them, shape (bins, bands)."""


@dataclass(frozen=True, slots=True)
class SevenFeatures:
    """Seven standard features, one value per frame, tensors of shape (frames,).

    Parameters
    ----------
    rms : Tensor
        Root mean square, full scale 1.
    zero_crossing_rate : Tensor
        Share of samples at which the sign changes in the channel that is louder in the batch, 0 to 1.
    centroid, bandwidth, rolloff : Tensor
        Hz (Peeters 2004; Klapuri & Davy 2006; roll-off at 85 %).
    flatness : Tensor
        0 to 1, of the power spectrum.
    flux : Tensor
        dB; mean rise over 128 mel bands against the frame before (onset strength of Böck & Widmer 2013).
    """

    rms: Tensor
    zero_crossing_rate: Tensor
    centroid: Tensor
    bandwidth: Tensor
    rolloff: Tensor
    flatness: Tensor
    flux: Tensor


@cache
def mel_matrix(rate: int, window: int, device: str, bands: int = 128) -> Tensor:
    """Return triangular mel filters of unit area, shape (window // 2 + 1, bands) (Slaney 1998)."""

    def hertz(mel: np.ndarray) -> np.ndarray:
        step = np.log(6.4) / 27
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(step * (mel - 15)))

    def mels(frequency: float) -> float:
        return frequency * 3 / 200 if frequency < 1000 else 15 + np.log(frequency / 1000) * 27 / np.log(6.4)

    edges = hertz(np.linspace(0, mels(rate / 2), bands + 2))
    bins = np.arange(window // 2 + 1) * rate / window
    rise = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))
    return torch.tensor(weights, dtype=torch.float32, device=device)


@cache
def _mel_parts(rate: int, window: int, device: str) -> tuple[_Part, ...]:
    return _parts(mel_matrix(rate, window, device), 4)


def _parts(weights: Tensor, count: int) -> tuple[_Part, ...]:
    """Cut a matrix of bands side by side, shape (bins, bands), into parts with the bins that they reach.

    The products of all parts take a third of the time of that of the whole, most of which is zero.
    """
    found = []
    for bands in torch.split(weights, -(-weights.shape[1] // count), 1):
        reached = bands.any(1).int()
        rows = slice(int(reached.argmax()), len(reached) - int(reached.flip(0).argmax()))
        found.append((rows, bands[rows].contiguous()))
    return tuple(found)


def _in_bands(power: Tensor, parts: tuple[_Part, ...]) -> Tensor:
    """Return the power in bands, shape (frames, bands)."""
    return torch.cat([power[:, rows] @ part for rows, part in parts], 1)


@cache
def _moments(rate: int, window: int, device: str) -> Tensor:
    """Return 1, f and f squared (kHz) over the bins, shape (3, bins)."""
    khz = np.arange(window // 2 + 1) * rate / window / 1000
    return torch.tensor(np.stack([np.ones_like(khz), khz, khz**2]), dtype=torch.float32, device=device)


def seven_features(frames: Tensor, power: Tensor, rate: int, before: Tensor | None) -> tuple[SevenFeatures, Tensor]:
    """Compute the seven features of a batch of frames.

    Parameters
    ----------
    frames : Tensor
        Samples, shape (frames, window) or (channels, frames, window), not windowed.
    power : Tensor
        Power spectra of the windowed frames, shape (frames, window // 2 + 1).
    rate : int
        Hz.
    before : Tensor or None
        Mel spectrum in dB of the frame before the first, as returned by the call before.

    Returns
    -------
    features : SevenFeatures
    mel : Tensor
        Mel spectrum in dB of the last frame, shape (128,), for the next call.
    """
    window, device = frames.shape[-1], str(power.device)
    magnitude = power.sqrt()
    # column by column: a product with three columns takes three times as long as three products with one
    total, first, second = (magnitude @ column for column in _moments(rate, window, device))
    total = total.clamp_min(_EPS)
    centroid = first / total
    bandwidth = (second / total - centroid**2).clamp_min(0).sqrt()
    cumulated = magnitude.cumsum(1)
    below = torch.searchsorted(cumulated, 0.85 * cumulated[:, -1:]).squeeze(1).clamp_max(power.shape[1] - 1)
    floored = power.clamp_min(_EPS)
    flatness = floored.log().mean(1).exp() / floored.mean(1)
    mel = 10 * _in_bands(power, _mel_parts(rate, window, device)).clamp_min(_EPS).log10()
    previous = torch.cat([(mel[:1] if before is None else before[None]), mel[:-1]])
    flux = (mel - previous).clamp_min(0).mean(1)
    channels = frames if frames.dim() == 3 else frames[None]
    powers = torch.stack([_summed(_own(channel).square(), channel) for channel in channels]) / window
    rms = powers.mean(0).sqrt()
    crossings = _crossings(channels[int(powers.sum(1).argmax())]) / window
    features = SevenFeatures(rms, crossings, centroid * 1000, bandwidth * 1000, below * (rate / window), flatness, flux)
    return features, mel[-1]


def _own(frames: Tensor) -> Tensor:
    """Return what the values of a sum over frames are computed on: the stretch that they share, or the frames."""
    count, window = frames.shape
    hop = frames.stride(0)
    if frames.stride(1) != 1 or not 0 < hop <= window:
        return frames
    return frames.as_strided(((count - 1) * hop + window,), (1,))


def _summed(values: Tensor, frames: Tensor) -> Tensor:
    """Return the sum of values over each frame, shape (frames,); what frames that overlap share is summed once.

    Parameters
    ----------
    values : Tensor
        One for each sample of `_own` of the frames.
    frames : Tensor
        Shape (frames, window).
    """
    if values.dim() == 2:
        return values.sum(1)
    window, hop = frames.shape[1], frames.stride(0)
    part = gcd(window, hop)
    return values.view(-1, part).sum(1).unfold(0, window // part, hop // part).sum(1)


def _crossings(frames: Tensor) -> Tensor:
    """Count the changes of sign within each frame, shape (frames,)."""
    negative = _own(frames) < 0
    changes = torch.zeros_like(negative)
    torch.bitwise_xor(negative[..., 1:], negative[..., :-1], out=changes[..., 1:])
    # the change from the sample before to the first one is none within the frame
    first = changes[..., 0] if changes.dim() == 2 else changes[:: frames.stride(0)][: len(frames)]
    return _summed(changes, frames) - first.int()


@cache
def _band_parts(device: str) -> tuple[_Part, ...]:
    """Return the share of each of the 1025 spectral bins in each quarter-octave band."""
    width = RATE / SPECTRAL_WINDOW
    bins = np.arange(SPECTRAL_WINDOW // 2 + 1) * width
    low = np.maximum(bins[:, None] - width / 2, BAND_EDGES_HZ[None, :-1])
    high = np.minimum(bins[:, None] + width / 2, BAND_EDGES_HZ[None, 1:])
    return _parts(torch.tensor(np.clip(high - low, 0, None) / width, dtype=torch.float32, device=device), 2)


def _powers(spectrum: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the mean power of the channels per bin, and the power of the left, the right and both per frame.

    Parameters
    ----------
    spectrum : Tensor
        Shape (channels, frames, 2 * bins), real and imaginary parts in turn: whole rows are read three times as fast
        as every other number.
    """
    left, right = spectrum[0], spectrum[-1]
    squares = left.square()
    first = squares.sum(1)
    if len(spectrum) == 1:
        return squares[:, 0::2] + squares[:, 1::2], first, first, first
    others = right.square()
    second = others.sum(1)
    squares.add_(others).mul_(0.5)
    return squares[:, 0::2] + squares[:, 1::2], first, second, vecdot(left, right)


@dataclass(frozen=True, slots=True)
class Block:
    """Frames of one step on all three grids, as float32 arrays.

    Parameters
    ----------
    spectral : ndarray of shape (frames, 7 + 1 + 3 + EDGES + BANDS)
        The seven features, spectral change, left power, right power, cross power, powers beyond the edges of
        `ingest.loss`, band powers.
    tonal : ndarray of shape (frames, TONAL_COLUMNS)
        Share of peaks, comb salience, fundamental in Hz, deviation of partials in cents, spread of peaks in octaves,
        width of the strongest line and of the whole in octaves.
    envelope : ndarray of shape (frames,)
        Mean square over 2 ms.
    """

    spectral: np.ndarray
    tonal: np.ndarray
    envelope: np.ndarray


class FrameAnalyser:
    """Turns a stream of sound into frames, step by step.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cuda"`` or another torch device.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._mel: Tensor | None = None
        self._bands: Tensor | None = None

    @torch.inference_mode()
    def step(self, sound: Tensor) -> Block:
        """Analyse one step.

        Parameters
        ----------
        sound : Tensor
            Shape (channels, STEP + 2 * 3136): a step with the sound around it.

        Returns
        -------
        Block
        """
        # sums before means, and all of the sound, which lies in one piece: three times as fast
        square = sound.square().sum(0)[_PAD : _PAD + STEP]
        envelope = square.reshape(-1, ENVELOPE_HOP).sum(1) / (len(sound) * ENVELOPE_HOP)
        return Block(self._spectral(sound), tonal_features(sound).cpu().numpy(), envelope.cpu().numpy())

    def _spectral(self, sound: Tensor) -> np.ndarray:
        offset = _PAD - (SPECTRAL_WINDOW - SPECTRAL_HOP) // 2
        frames = sound[:, offset : sound.shape[1] - offset].unfold(1, SPECTRAL_WINDOW, SPECTRAL_HOP)
        spectrum = torch.fft.rfft(frames * hann(SPECTRAL_WINDOW, self._device))
        power, left, right, cross = _powers(torch.view_as_real(spectrum).flatten(2))
        seven, self._mel = seven_features(frames, power, RATE, self._mel)
        bands = _in_bands(power, _band_parts(self._device))
        columns = torch.stack(
            [
                seven.rms, seven.zero_crossing_rate, seven.centroid, seven.bandwidth, seven.rolloff,
                seven.flatness, seven.flux, self._change(bands), left, right, cross,
            ],
            1,
        )  # fmt: skip
        return torch.cat([columns, edge_powers(power), bands], 1).cpu().numpy()

    def _change(self, bands: Tensor) -> Tensor:
        """Return the distance of each frame's band spectrum in dB to the one before, in dB per band."""
        floor = bands.amax(1, keepdim=True).clamp_min(_EPS) * 10 ** (-_RANGE_DB / 10)
        level = 10 * torch.maximum(bands, floor).log10()
        before = level[:1] if self._bands is None else self._bands[None]
        self._bands = level[-1]
        return (level - torch.cat([before, level[:-1]])).abs().mean(1)


def analyse(sound: Iterable[Signal], device: str = "cpu") -> Iterator[Block]:
    """Analyse a stream of sound at 48 kHz.

    Parameters
    ----------
    sound : iterable of Signal
        Blocks of any length, all with the same one or two channels.
    device : str
        Torch device.

    Yields
    ------
    Block
        One per step; the last is padded with silence to a whole step.
    """
    # numbers below 1e-38 are no sound, and dying sounds are full of them: they slow a processor down
    torch.set_flush_denormal(True)
    analyser = FrameAnalyser(device)
    held: Signal | None = None
    filled = _PAD
    for block in sound:
        if held is None:
            held = np.zeros((block.shape[0], STEP + 2 * _PAD), np.float32)
        taken = 0
        while taken < block.shape[1]:
            part = block[:, taken : taken + held.shape[1] - filled]
            held[:, filled : filled + part.shape[1]] = part
            taken, filled = taken + part.shape[1], filled + part.shape[1]
            if filled == held.shape[1]:
                yield analyser.step(torch.from_numpy(held).to(device))
                held[:, : 2 * _PAD] = held[:, STEP:]
                filled = 2 * _PAD
    while held is not None and filled > _PAD:
        held[:, filled:] = 0
        yield analyser.step(torch.from_numpy(held).to(device))
        held[:, : 2 * _PAD] = held[:, STEP:]
        filled -= STEP
