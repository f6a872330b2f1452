"""From words and sounds to what a language model takes in, as the processor of each kind of model has it.

Conventions
-----------
A prompt is a chat of one user turn: the sound, then words. Prompts are padded on the left, because ``generate`` goes on
from the last column. Most models have a processor that takes samples beside a text (`TemplateFront`). That of
Qwen2.5-Omni also wants processors of images and films, which need further libraries; it is put together without them.
That of Voxtral takes no samples; its tokens come from ``mistral-common`` and its spectra from the feature extractor
(`MistralFront`).
"""

import base64
import inspect
import io
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import soundfile
import torch
import transformers
from transformers import AutoConfig, AutoProcessor
from transformers.processing_utils import ProcessorMixin

from ingest.listeners.base import Mono
from ingest.listeners.files import UNLOADABLE, ModelFiles, unusable
from ontology.errors import ListenerError

__all__ = ["AUDIO_MODEL", "Front", "open_front"]

AUDIO_MODEL = "a model that hears sound and answers in words, such as Qwen2-Audio, Audio Flamingo 3 or GLM-ASR"

_OMNI = ("qwen2_5_omni", "qwen2_5_omni_thinker")


class Front(Protocol):
    """What stands before a model: its tokens and its features."""

    features: Any
    """The feature extractor."""
    audio_id: int
    """Token that stands for a part of the sound."""
    pad_id: int
    """Token with which prompts are padded."""

    def inputs(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        """Return what the model takes: the sounds, each with the same words, and the beginning of the answer."""
        ...

    def tail(self, words: str) -> list[int]:
        """Return the tokens of a prompt after the sound."""
        ...

    def options(self, words: str, options: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each option as they are after the prompt."""
        ...

    def decode(self, tokens: torch.Tensor) -> list[str]:
        """Return what tokens say."""
        ...


def open_front(files: ModelFiles, device: str) -> tuple[Any, Front]:
    """Open what stands before a model.

    Parameters
    ----------
    files : ModelFiles
    device : str
        On which features are computed, where the extractor can.

    Returns
    -------
    configuration, front

    Raises
    ------
    ListenerError
        If the folder holds no model of this kind, or one that hears nothing.
    """
    try:
        config: Any = AutoConfig.from_pretrained(files.path)
        if config.model_type in _OMNI:
            config = getattr(config, "thinker_config", config)
            processor: Any = _without_images().from_pretrained(files.path)
        else:
            processor = AutoProcessor.from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, AUDIO_MODEL) from error
    features: Any = getattr(processor, "feature_extractor", None)
    hears = getattr(features, "sampling_rate", None) is not None and hasattr(config, "audio_config")
    if not hears or getattr(processor, "tokenizer", None) is None or not hasattr(processor, "audio_token"):
        raise ListenerError(
            f"{files.name} ({config.model_type}) does not both hear sound and answer in words", AUDIO_MODEL,
            "for a model that compares sounds with phrases say --describer clap, for a tagger --describer ast",
        )  # fmt: skip
    if config.model_type == "voxtral":
        return config, MistralFront(processor)
    return config, TemplateFront(files, processor, device)


def _without_images() -> type[Any]:
    """Return the processor of Qwen2.5-Omni for sounds and words alone."""

    class Processor(transformers.Qwen2_5OmniProcessor):  # type: ignore[misc]  # transformers is untyped
        def __init__(self, feature_extractor: Any = None, tokenizer: Any = None, chat_template: Any = None) -> None:
            ProcessorMixin.__init__(self, feature_extractor, tokenizer, chat_template=chat_template)
            for medium in ("image", "audio", "video"):
                setattr(self, f"{medium}_token", getattr(tokenizer, f"{medium}_token"))
                setattr(self, f"{medium}_token_id", getattr(tokenizer, f"{medium}_token_id"))
            for mark in ("vision_bos_token", "vision_eos_token", "audio_bos_token", "audio_eos_token"):
                setattr(self, mark, getattr(tokenizer, mark))

    return Processor


class TemplateFront:
    """A processor that takes samples, and its chat template.

    Parameters
    ----------
    files : ModelFiles
    processor : ProcessorMixin
    device : str
    """

    def __init__(self, files: ModelFiles, processor: Any, device: str) -> None:
        self._files, self._processor, self._device = files, processor, device
        self.features: Any = processor.feature_extractor
        self._tokenizer: Any = processor.tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self.pad_id = int(self._tokenizer.convert_tokens_to_ids(self._tokenizer.pad_token))
        self._audio_token = processor.audio_token
        self.audio_id = int(self._tokenizer.convert_tokens_to_ids(self._audio_token))

    def _text(self, words: str) -> str:
        """Return a prompt as the model's template has it, with one mark for the sound."""
        content = [{"type": "audio", "audio": "sound"}, {"type": "text", "text": words}]
        chat = [{"role": "user", "content": content}]
        text = str(self._processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False))
        if text.count(self._audio_token) != 1 or words not in text.split(self._audio_token)[1]:
            raise ListenerError(
                f"the chat template of {self._files.name} does not put a sound before the words about it",
                f"one {self._audio_token}, then the words", "use the template that the model came with",
            )  # fmt: skip
        return text

    def inputs(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        """Return what the model takes; see `Front`."""
        # nested on purpose: a flat padding=True reaches the feature extractor too and shortens the window
        encoded = self._processor(
            text=[self._text(words) + answer] * len(sounds),
            audio=list(sounds),
            return_tensors="pt",
            text_kwargs={"padding": True, "padding_side": "left"},
            audio_kwargs={"sampling_rate": int(self.features.sampling_rate), **self._on_device},
        )
        for name in getattr(self._processor, "unused_input_names", ()):
            encoded.pop(name, None)
        return dict(encoded)

    @property
    def _on_device(self) -> dict[str, str]:
        """What tells a feature extractor to compute on the GPU, where it can."""
        if self._device.startswith("cuda") and "device" in inspect.signature(self.features.__call__).parameters:
            return {"device": self._device}
        return {}

    def tail(self, words: str) -> list[int]:
        """Return the tokens of a prompt after the sound."""
        return self._after(words, "")

    def _after(self, words: str, answer: str) -> list[int]:
        after = self._text(words).split(self._audio_token)[1] + answer
        return list(self._tokenizer(after, add_special_tokens=False)["input_ids"])

    def options(self, words: str, options: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each option as they are after the prompt: some tokenizers join the two."""
        tail = self.tail(words)
        tokens = []
        for option in options:
            joint = self._after(words, option)
            alone = list(self._tokenizer(option, add_special_tokens=False)["input_ids"])
            tokens.append(joint[len(tail) :] if joint[: len(tail)] == tail and len(joint) > len(tail) else alone)
        return tokens

    def decode(self, tokens: torch.Tensor) -> list[str]:
        """Return what tokens say."""
        return [str(text).strip() for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]


class MistralFront:
    """The tokens of ``mistral-common`` and a feature extractor.

    All sounds of up to one window have as many tokens, so that prompts need no padding. The words of a prompt end with
    a mark of the model, which nothing joins.

    Parameters
    ----------
    processor : VoxtralProcessor
    """

    def __init__(self, processor: Any) -> None:
        self.features: Any = processor.feature_extractor
        self._tokenizer = processor.tokenizer
        self.pad_id = int(self._tokenizer.pad_token_id)
        self.audio_id = int(processor.audio_token_id)
        self._prompts: dict[str, list[int]] = {}

    @cached_property
    def _silence(self) -> str:
        file = io.BytesIO()
        rate = int(self.features.sampling_rate)
        soundfile.write(file, np.zeros(rate // 10, np.float32), rate, "PCM_16", format="WAV")
        return base64.b64encode(file.getvalue()).decode("ascii")

    def _prompt(self, words: str) -> list[int]:
        """Return the tokens of a prompt, those that stand for the sound among them."""
        if words not in self._prompts:
            content = [{"type": "audio", "base64": self._silence}, {"type": "text", "text": words}]
            made = self._tokenizer.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=True, return_dict=True
            )  # fmt: skip
            ids = made["input_ids"]
            self._prompts[words] = list(ids[0] if isinstance(ids[0], list) else ids)
        return self._prompts[words]

    def inputs(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        """Return what the model takes; see `Front`."""
        ids = torch.tensor([self._prompt(words) + self._tokens(answer)] * len(sounds))
        made = self.features(
            list(sounds), sampling_rate=int(self.features.sampling_rate), padding="max_length", truncation=False,
            return_tensors="pt",
        )  # fmt: skip
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "input_features": made["input_features"]}

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False)) if text else []

    def tail(self, words: str) -> list[int]:
        """Return the tokens of a prompt after the sound."""
        ids = self._prompt(words)
        last = len(ids) - 1 - ids[::-1].index(self.audio_id)
        return ids[last + 1 :]

    def options(self, words: str, options: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each option; the prompt does not change them."""
        return [self._tokens(option) for option in options]

    def decode(self, tokens: torch.Tensor) -> list[str]:
        """Return what tokens say."""
        return [str(text).strip() for text in self._tokenizer.batch_decode(tokens, skip_special_tokens=True)]
