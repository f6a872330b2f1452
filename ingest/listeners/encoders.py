"""Frozen encoders: a sound in, one vector out, for probes.

Conventions
-----------
The vector of an encoder with steps in time is the mean of its last layer over the steps that the sound fills, followed
by the standard deviation over them; padding does not count. That of CLAP is its projection of the whole sound. A sound
has the same vector in a batch and alone. Code that comes with a model is never run: MERT, which brings its own, is
loaded as the HuBERT that it is, and refused where it differs from one (``deepnorm``, a constant-Q spectrum as input).
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModel,
    HubertConfig,
    HubertModel,
    Wav2Vec2FeatureExtractor,
)

from ingest.listeners.base import Hearing, Mono
from ingest.listeners.clap import clap_processor
from ingest.listeners.files import UNLOADABLE, ModelFiles, dtype_on, load_weights, unusable
from ingest.listeners.speech import speech_processor
from ingest.listeners.tags import tag_features
from ontology.errors import ListenerError

__all__ = ["POOLING", "Encoder", "Vectors"]

Vectors = npt.NDArray[np.float32]
"""Shape (sounds, numbers)."""

POOLING = "mean and standard deviation of the last layer over the sound; of CLAP the projection"

_EXPECTED = "an encoder of sound: AST, CLAP, MERT, Whisper, or one like wav2vec 2.0 (HuBERT, WavLM ...)"
_LIKE_WAV2VEC = frozenset({"wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech", "unispeech-sat"})
_SHORTEST = 0.1
"""Seconds; shorter sounds are followed by silence, because some encoders need as much."""

_LONGEST = 30.0
"""Seconds that encoders without a window are given at the most."""

_MERT, _MERT_SECONDS = "mert_model", 5.0
"""What MERT calls itself in its configuration, and the length of the sounds on which it was trained; longer ones are
heard in pieces of it, each alone. Source: ``ontology/envelopes.csv``."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the vectors of one kind of model are made."""

    features: Any
    hearing: Hearing
    vectors: Callable[["Encoder", Sequence[Mono]], torch.Tensor]


class Encoder:
    """An encoder whose weights stay as they are.

    Parameters
    ----------
    files : ModelFiles
    device : str

    Raises
    ------
    ListenerError
        If it is no such model.
    """

    def __init__(self, files: ModelFiles, device: str) -> None:
        self.files, self.device = files, device
        try:
            self._config: Any = _configuration(files)
        except UNLOADABLE as error:
            raise unusable(files, error, _EXPECTED) from error
        self._kind = _kind(files, self._config)

    @property
    def hearing(self) -> Hearing:
        """What its front end takes in."""
        return self._kind.hearing

    @property
    def reads_words(self) -> bool:
        """Whether the model has vectors of words in the same space."""
        return str(self._config.model_type) == "clap"

    @property
    def dtype(self) -> torch.dtype:
        """The number format in which it runs."""
        return dtype_on(self.device)

    @cached_property
    def model(self) -> Any:
        """The model, loaded when it is first needed."""
        if isinstance(self._config, _MertConfig):
            return load_weights(HubertModel, self.files, self.device, _EXPECTED, config=self._config)
        return load_weights(AutoModel, self.files, self.device, _EXPECTED)

    @torch.inference_mode()
    def embed(self, sounds: Sequence[Mono]) -> Vectors:
        """Return the vectors of sounds.

        Parameters
        ----------
        sounds : sequence of ndarray
            At the rate of `hearing`.
        """
        shortest = round(_SHORTEST * self.hearing.sample_rate_hz)
        padded = [np.pad(sound, (0, max(0, shortest - len(sound)))) for sound in sounds]
        return np.asarray(self._kind.vectors(self, padded).float().cpu().numpy(), np.float32)

    def placed(self, sounds: Sequence[Mono], **options: Any) -> dict[str, torch.Tensor]:
        """Return what the feature extractor makes of sounds, on the device."""
        made = self._kind.features(
            list(sounds), sampling_rate=self.hearing.sample_rate_hz, return_tensors="pt", **options
        )  # fmt: skip
        return {
            name: value.to(self.device, self.dtype if value.is_floating_point() else None)
            for name, value in made.items()
        }

    def seconds(self, sound: Mono) -> float:
        """Return the length of a sound in seconds."""
        return len(sound) / self.hearing.sample_rate_hz


def _pooled(steps: torch.Tensor, filled: int) -> torch.Tensor:
    """Return mean and standard deviation over the first steps of one sound, shape (steps, numbers)."""
    kept = steps[: max(1, min(filled, len(steps)))].float()
    return torch.cat([kept.mean(0), kept.std(0, correction=0)])


def _of_spectrogram(encoder: Encoder, sounds: Sequence[Mono]) -> torch.Tensor:
    """AST: two tokens of its own, then patches of 16 by 16, bands first."""
    config = encoder.model.config
    tokens = encoder.model(**encoder.placed(sounds)).last_hidden_state[:, 2:]
    bands = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
    patches = tokens.reshape(len(sounds), bands, -1, tokens.shape[-1])
    frames = [round(encoder.seconds(sound) * 100) for sound in sounds]
    return torch.stack([
        _pooled(of_one.transpose(0, 1).reshape(-1, of_one.shape[-1]), math.ceil(n / config.time_stride) * bands)
        for of_one, n in zip(patches, frames, strict=True)
    ])  # fmt: skip


def _of_whisper(encoder: Encoder, sounds: Sequence[Mono]) -> torch.Tensor:
    steps = encoder.model.get_encoder()(encoder.placed(sounds)["input_features"]).last_hidden_state
    filled = [math.ceil(encoder.seconds(sound) / (encoder.hearing.token_step_s or 0.02)) for sound in sounds]
    return torch.stack([_pooled(of_one, n) for of_one, n in zip(steps, filled, strict=True)])


def _of_clap(encoder: Encoder, sounds: Sequence[Mono]) -> torch.Tensor:
    made = encoder.model.get_audio_features(**encoder.placed(sounds))
    vectors: torch.Tensor = made if isinstance(made, torch.Tensor) else made.pooler_output
    return vectors


def _of_wave(encoder: Encoder, sounds: Sequence[Mono]) -> torch.Tensor:
    """Like wav2vec 2.0: one by one, because some of them normalise over the padding of a batch."""
    steps = [encoder.model(**encoder.placed([sound])).last_hidden_state[0] for sound in sounds]
    return torch.stack([_pooled(of_one, len(of_one)) for of_one in steps])


def _of_mert(encoder: Encoder, sounds: Sequence[Mono]) -> torch.Tensor:
    """MERT: like wav2vec 2.0, in pieces; what is left at the end goes with the piece before it if it is too short."""
    rate = encoder.hearing.sample_rate_hz
    found = []
    for sound in sounds:
        count = max(1, math.ceil((encoder.seconds(sound) - _SHORTEST) / _MERT_SECONDS))
        cuts = [round(number * _MERT_SECONDS * rate) for number in range(1, count)]
        pieces = [encoder.model(**encoder.placed([piece])).last_hidden_state[0] for piece in np.split(sound, cuts)]
        steps = torch.cat(pieces)
        found.append(_pooled(steps, len(steps)))
    return torch.stack(found)


class _MertConfig(HubertConfig):  # type: ignore[misc]  # transformers is untyped
    """The configuration of a MERT, as that of a HuBERT."""


def _configuration(files: ModelFiles) -> Any:
    """Return the configuration of a model.

    Raises
    ------
    ListenerError
        If it is a MERT that is no HuBERT.
    """
    said = json.loads((files.path / "config.json").read_text(encoding="utf-8"))
    if said.get("model_type") != _MERT:
        return AutoConfig.from_pretrained(files.path)
    if other := [name for name in ("deepnorm", "feature_extractor_cqt") if said.get(name)]:
        raise ListenerError(
            f"{files.name} is a MERT with {' and '.join(other)}", "a MERT with the layers of a HuBERT",
            "code of its own would be needed, which is not run; take another encoder",
        )  # fmt: skip
    known = HubertConfig().to_dict().keys() - {"model_type", "architectures", "transformers_version", "dtype"}
    return _MertConfig(**{name: value for name, value in said.items() if name in known})


def _kind(files: ModelFiles, config: Any) -> _Kind:
    """Return how the vectors of a model are made."""
    name = config.model_type
    if name == "audio-spectrogram-transformer":
        features, _, hearing = tag_features(files)
        return _Kind(features, hearing, _of_spectrogram)
    if name == "whisper":
        processor, hearing = speech_processor(files)
        return _Kind(processor.feature_extractor, hearing, _of_whisper)
    if name == "clap":
        processor, hearing = clap_processor(files)
        return _Kind(processor.feature_extractor, hearing, _of_clap)
    if name not in _LIKE_WAV2VEC:
        raise ListenerError(f"{files.name} is of the type {name!r}", _EXPECTED, "take another encoder")
    try:
        mert = isinstance(config, _MertConfig)
        features = (Wav2Vec2FeatureExtractor if mert else AutoFeatureExtractor).from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, _EXPECTED) from error
    rate = int(features.sampling_rate)
    step = math.prod(config.conv_stride) / rate
    return _Kind(features, Hearing(rate, 0.0, rate / 2, _LONGEST, step), _of_mert if mert else _of_wave)
