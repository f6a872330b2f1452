"""What is left of a sound behind the front end of a listening model, as sound again.

Conventions
-----------
A front end mixes to mono, resamples, limits the band, and for most models turns the sound into logarithmic mel spectra.
Here a sound goes that way and back. Mel spectra are turned into spectra by non-negative least squares (multiplicative
updates, Lee & Seung 2001), spectra into sound by the algorithm of Griffin & Lim (1984) with the momentum of Perraudin,
Balazs & Søndergaard (2013), from phases of a fixed chance. A row of ``ontology/envelopes.csv`` gives no window of
analysis: `WINDOW_HOPS` hops are taken, as Whisper does (25 ms every 10 ms), and the mel scale of Slaney. What comes out
has lost what the model cannot hear; phase and fine structure, too, are not the model's but the algorithm's.
"""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from transformers import AutoFeatureExtractor
from transformers.audio_utils import mel_filter_bank

from ingest.listeners.base import Mono
from ingest.listeners.files import UNLOADABLE, find_model, unusable
from ontology.envelopes import Envelope
from ontology.errors import ListenerError
from ontology.values import Span

__all__ = [
    "FrontEnd",
    "Mel",
    "front_end_of_envelope",
    "front_end_of_model",
    "heard_through",
    "rendition_name",
    "spectral_distance",
    "taken_in",
]

WINDOW_HOPS = 2.5
ITERATIONS = 64
MOMENTUM = 0.99
DYNAMIC_DB = 80.0
"""What lies further below the loudest is lost: the range that the extractors of Whisper keep."""
COMPARED_DB = 40.0
_UPDATES = 200
_SEED = 1984

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Mel:
    """How mel spectra are made.

    Parameters
    ----------
    hop : int
        Samples from one frame to the next.
    filters : ndarray of shape (frequencies, bins)
        What each mel bin takes of the power at each frequency.
    """

    hop: int
    filters: Floats

    @property
    def fft(self) -> int:
        """Samples of a frame."""
        return 2 * (len(self.filters) - 1)

    def spectra(self, sound: Mono) -> torch.Tensor:
        """Return complex spectra of shape (frequencies, frames)."""
        padded = np.pad(sound, (0, max(0, self.fft - len(sound))))
        return torch.stft(
            torch.from_numpy(padded), self.fft, self.hop, window=self._window, center=True, return_complex=True
        )

    @property
    def _window(self) -> torch.Tensor:
        return torch.hann_window(self.fft)

    def power(self, sound: Mono) -> torch.Tensor:
        """Return the power in each mel bin, of shape (bins, frames), nothing below the dynamic range."""
        power = torch.from_numpy(self.filters.astype(np.float32)).T @ self.spectra(sound).abs() ** 2
        return power.clamp(min=float(power.max()) * 10 ** (-DYNAMIC_DB / 10))

    def sound(self, power: torch.Tensor, samples: int) -> Mono:
        """Return a sound that has these mel spectra."""
        return self._phased(self._spectrum(power).sqrt(), samples)

    def _spectrum(self, power: torch.Tensor) -> torch.Tensor:
        """Return powers without negative ones that the filters turn into the given mel powers, by least squares."""
        filters = torch.from_numpy(self.filters.astype(np.float32))  # (frequencies, bins)
        heard = (filters.sum(1) > 0).float()[:, None]
        aim, square = filters @ power, filters @ filters.T
        found = aim / filters.sum(1, keepdim=True).clamp(min=1e-12)
        for _ in range(_UPDATES):
            found = found * aim / (square @ found).clamp(min=1e-20)
        return found * heard

    def _phased(self, magnitudes: torch.Tensor, samples: int) -> Mono:
        """Return a sound whose spectra have these magnitudes, as nearly as there is one."""
        generator = torch.Generator().manual_seed(_SEED)
        phases = torch.polar(
            torch.ones_like(magnitudes), 2 * torch.pi * torch.rand(magnitudes.shape, generator=generator)
        )
        before = torch.zeros_like(phases)
        for _ in range(ITERATIONS):
            consistent = self._analysed(self._synthesised(magnitudes * phases), magnitudes.shape[1])
            moved = consistent + MOMENTUM * (consistent - before)
            phases, before = moved / moved.abs().clamp(min=1e-16), consistent
        sound = self._synthesised(magnitudes * phases).numpy()[:samples]
        return np.ascontiguousarray(np.pad(sound, (0, samples - len(sound))), np.float32)

    def _synthesised(self, spectra: torch.Tensor) -> torch.Tensor:
        return torch.istft(spectra, self.fft, self.hop, window=self._window, center=True)

    def _analysed(self, sound: torch.Tensor, frames: int) -> torch.Tensor:
        return torch.stft(sound, self.fft, self.hop, window=self._window, center=True, return_complex=True)[:, :frames]


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """What a sound goes through before a model hears it.

    Parameters
    ----------
    name : str
        Of the model.
    sample_rate_hz : int
    minimum_hz, maximum_hz : float
    mel : Mel or None
        None for models that take samples.
    envelope : str or None
        Id of the row of ``ontology/envelopes.csv`` that it was taken from.
    weights_sha256 : str or None
        Sum of the weights of the model whose extractor it was taken from.
    channels : int
    """

    name: str
    sample_rate_hz: int
    minimum_hz: float
    maximum_hz: float
    mel: Mel | None
    envelope: str | None = None
    weights_sha256: str | None = None
    channels: int = 1


def front_end_of_envelope(envelope: Envelope) -> FrontEnd:
    """Return the front end that an envelope speaks of.

    Parameters
    ----------
    envelope : Envelope

    Returns
    -------
    FrontEnd
    """
    rate = int(envelope.sample_rate_hz)
    low, high = envelope.minimum_hz, min(envelope.maximum_hz, rate / 2)
    mel = None
    if envelope.mel_bins is not None and envelope.hop_s is not None:
        hop = round(envelope.hop_s * rate)
        size = 2 * round(WINDOW_HOPS * hop / 2)
        mel = Mel(hop, _filters(size // 2 + 1, envelope.mel_bins, (low, high), rate))
    return FrontEnd(envelope.label, rate, low, high, mel, envelope.id, channels=envelope.channels)


def _filters(frequencies: int, bins: int, band: tuple[float, float], rate: int) -> Floats:
    """Return the filters of a mel scale; a filter between two frequencies takes the nearest of them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "At least one mel filter has all zero values", UserWarning)
        made = mel_filter_bank(frequencies, bins, *band, rate, norm="slaney", mel_scale="slaney")
    return np.asarray(made, np.float64)


def front_end_of_model(model: str) -> FrontEnd:
    """Return the front end of a model from its own feature extractor.

    Parameters
    ----------
    model : str
        Folder, or id on a hub.

    Raises
    ------
    ListenerError
        If there is no such model, or it does not hear.
    """
    files = find_model(model)
    expected = "a model with a feature extractor for sound"
    try:
        features = AutoFeatureExtractor.from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, expected) from error
    rate = getattr(features, "sampling_rate", None)
    if rate is None:
        raise ListenerError(f"{files.name} does not hear", expected, "name a row of: acousma models")
    filters = getattr(features, "mel_filters", None)
    if filters is None:
        return FrontEnd(files.name, rate, 0.0, rate / 2, None, weights_sha256=files.weights_sha256)
    heard = np.flatnonzero(np.asarray(filters).sum(axis=1))
    step = rate / 2 / (len(filters) - 1)
    hop = int(getattr(features, "hop_length", None) or round(0.01 * rate))  # Kaldi filter banks have frames of 10 ms
    mel = Mel(hop, np.asarray(filters, np.float64))
    low, high = max(0.0, (heard[0] - 1) * step), min(rate / 2, (heard[-1] + 1) * step)
    return FrontEnd(files.name, rate, float(low), float(high), mel, weights_sha256=files.weights_sha256)


def heard_through(front: FrontEnd, sound: npt.NDArray[np.float32], rate: int) -> Mono:
    """Return what is left of a sound behind a front end.

    Parameters
    ----------
    front : FrontEnd
    sound : ndarray of shape (channels, samples)
    rate : int
        Of the sound, in Hz.

    Returns
    -------
    ndarray of shape (samples,)
        At the rate of the front end; other phases can bring peaks above full scale.
    """
    mono = taken_in(front, sound, rate)
    left = mono if front.mel is None else front.mel.sound(front.mel.power(mono), len(mono))
    return left if front.mel is None else _limited(left, front)


def taken_in(front: FrontEnd, sound: npt.NDArray[np.float32], rate: int) -> Mono:
    """Return a sound as a front end takes it in: mono, at its rate, within its band."""
    mono = np.ascontiguousarray(sound.mean(axis=0), np.float32)
    if rate != front.sample_rate_hz:
        mono = soxr.resample(mono, rate, front.sample_rate_hz, quality="HQ").astype(np.float32)
    return _limited(mono, front)


def _limited(sound: Mono, front: FrontEnd) -> Mono:
    if front.minimum_hz <= 0 and front.maximum_hz >= front.sample_rate_hz / 2:
        return sound
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / front.sample_rate_hz)
    spectrum[(hertz < front.minimum_hz) | (hertz > front.maximum_hz)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)), np.float32)


def spectral_distance(front: FrontEnd, sound: Mono, other: Mono) -> float | None:
    """Return how far two sounds are from each other for a front end.

    Parameters
    ----------
    front : FrontEnd
    sound, other : ndarray of shape (samples,)
        At its rate.

    Returns
    -------
    float or None
        Mean difference of the levels in dB, over the mel bins of the first sound within 40 dB of its loudest; None if
        the front end makes no mel spectra.
    """
    if front.mel is None:
        return None
    one, two = (10 * front.mel.power(each).log10() for each in (sound, other))
    loud = one > one.max() - COMPARED_DB
    return float((one - two).abs()[loud].mean())


def rendition_name(front: FrontEnd, path: Path, span: Span | None) -> str:
    """Return the name of a file for what is left of a sound, or of a span of it, behind a front end.

    Examples
    --------
    >>> from ontology.envelopes import load_envelopes
    >>> front = front_end_of_envelope(load_envelopes().envelopes["qwen2-audio-7b"])
    >>> rendition_name(front, Path("bell.flac"), None)
    'bell.as-qwen2-audio-7b.flac'
    """
    label = re.sub(r"[^\w.]+", "-", front.name.lower()).strip("-")
    times = f".{span.start:f}-{span.end:f}" if span is not None else ""
    return f"{path.stem}{times}.as-{label}.flac"
