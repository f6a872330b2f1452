"""A model that hears a sound and answers in words: loading, encoding, a prefilled sound, likelihoods, free answers.

Conventions
-----------
A prompt is a chat of one user turn: the sound, then words. Prompts are padded on the left, because ``generate`` goes on
from the last column. The sound and what stands before it are computed once per batch (`Prefilled`); each question is a
branch of their keys and values, and each option a branch of its question. Positions are counted from the first column,
padding included: these models turn positions into rotations, so that only distances matter.
"""

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
from transformers import AutoConfig, AutoProcessor
from transformers.models.auto import modeling_auto

from ingest.listeners.base import Hearing, Mono
from ingest.listeners.files import UNLOADABLE, ModelFiles, dtype_on, load_weights, unusable
from ontology.errors import ListenerError

__all__ = ["Chat", "Prefilled"]

_AUDIO_MODEL = "a model that hears sound and answers in words, such as Qwen2-Audio, Audio Flamingo 3 or GLM-ASR"


@dataclass(frozen=True, slots=True)
class Prefilled:
    """A batch of sounds in the memory of a model: keys, values and mask of everything up to the end of the sounds."""

    cache: Any
    mask: torch.Tensor  # (batch, columns)


class Chat:
    """A model and its processor.

    Parameters
    ----------
    files : ModelFiles
    device : str

    Raises
    ------
    ListenerError
        If the folder holds no model of this kind, or one that hears nothing.
    """

    def __init__(self, files: ModelFiles, device: str) -> None:
        self._files, self.device, self.dtype = files, device, dtype_on(device)
        try:
            self._config = AutoConfig.from_pretrained(files.path)
            processor = AutoProcessor.from_pretrained(files.path)
        except UNLOADABLE as error:
            raise unusable(files, error, _AUDIO_MODEL) from error
        self._features: Any = getattr(processor, "feature_extractor", None)
        hears = getattr(self._features, "sampling_rate", None) is not None and hasattr(self._config, "audio_config")
        if not hears or getattr(processor, "tokenizer", None) is None or not hasattr(processor, "audio_token"):
            raise ListenerError(
                f"{files.name} ({self._config.model_type}) does not both hear sound and answer in words", _AUDIO_MODEL,
                "for a model that compares sounds with phrases say --describer clap, for a tagger --describer ast",
            )  # fmt: skip
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._audio_token = processor.audio_token
        self._audio_id = self._tokenizer.convert_tokens_to_ids(self._audio_token)
        self.hearing = self._hearing()

    def _hearing(self) -> Hearing:
        """Work out what is heard from the feature extractor, and the token step by counting tokens."""
        features = self._features
        rate = int(features.sampling_rate)
        window = float(getattr(features, "chunk_length", None) or 30.0)
        try:
            counts = [self._audio_tokens(round(rate * seconds)) for seconds in (window, window / 2)]
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:  # as each processor sees fit
            raise unusable(self._files, error, "a processor that takes a sound as samples beside a text") from error
        if not counts[0]:
            raise ListenerError(f"the processor of {self._files.name} makes nothing of a sound", _AUDIO_MODEL)
        further = counts[0] - counts[1]
        step = window / 2 / further if further else window / counts[0]
        hop = getattr(features, "hop_length", None)
        top = float(getattr(features, "max_frequency", None) or getattr(features, "frequency_max", None) or rate / 2)
        low = float(getattr(features, "min_frequency", None) or getattr(features, "frequency_min", None) or 0.0)
        bins = getattr(features, "feature_size", None)
        return Hearing(rate, low, min(top, rate / 2), window, round(step, 6), hop / rate if hop else None, bins)

    def _audio_tokens(self, samples: int) -> int:
        return int((self._encoded("x", [np.zeros(samples, np.float32)])["input_ids"] == self._audio_id).sum())

    @cached_property
    def _model(self) -> Any:
        """The model, loaded when it is first needed."""
        return load_weights(_class_for(self._config), self._files, self.device, _AUDIO_MODEL)

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

    def _encoded(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        # nested on purpose: a flat padding=True reaches the feature extractor too and shortens the window
        encoded = self._processor(
            text=[self._text(words) + answer] * len(sounds),
            audio=list(sounds),
            return_tensors="pt",
            text_kwargs={"padding": True, "padding_side": "left"},
            audio_kwargs={"sampling_rate": int(self._features.sampling_rate), **self._on_device},
        )
        for name in getattr(self._processor, "unused_input_names", ()):
            encoded.pop(name, None)
        return dict(encoded)

    @property
    def _on_device(self) -> dict[str, str]:
        """What tells a feature extractor to compute on the GPU, where it can."""
        if self.device.startswith("cuda") and "device" in inspect.signature(self._features.__call__).parameters:
            return {"device": self.device}
        return {}

    def _inputs(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        return {name: self._placed(value) for name, value in self._encoded(words, sounds, answer).items()}

    def _placed(self, value: torch.Tensor) -> torch.Tensor:
        """Put an input where the model is; through pinned memory on the way to a GPU."""
        if self.device.startswith("cuda") and not value.is_cuda:
            value = value.pin_memory()
        return value.to(self.device, self.dtype if value.is_floating_point() else None, non_blocking=True)

    def _tail(self, words: str, answer: str = "") -> list[int]:
        """Return the tokens of a prompt after the sound."""
        after = self._text(words).split(self._audio_token)[1] + answer
        return list(self._tokenizer(after, add_special_tokens=False)["input_ids"])

    def _options(self, words: str, options: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each option as they are after the prompt."""
        tail = self._tail(words)
        tokens = []
        for option in options:
            joint = self._tail(words, option)
            alone = list(self._tokenizer(option, add_special_tokens=False)["input_ids"])
            tokens.append(joint[len(tail) :] if joint[: len(tail)] == tail and len(joint) > len(tail) else alone)
        return tokens

    @torch.inference_mode()
    def prefill(self, words: str, sounds: Sequence[Mono]) -> Prefilled:
        """Take in a batch of sounds and what stands before them.

        Parameters
        ----------
        words : str
            Any question: what follows the sound is cut off.
        sounds : sequence of ndarray

        Returns
        -------
        Prefilled
        """
        inputs = self._inputs(words, sounds)
        ids, tail = inputs["input_ids"], self._tail(words)
        cut = len(tail)
        if ids[0, -cut:].tolist() != tail:
            raise ListenerError(f"the tokenizer of {self._files.name} joins the words with the mark of the sound",
                                "a mark that is a token of its own")  # fmt: skip
        for name, value in inputs.items():
            if value.shape == ids.shape:
                inputs[name] = value[:, :-cut]
        made = self._model(**inputs, use_cache=True, logits_to_keep=1)
        return Prefilled(made.past_key_values, inputs["attention_mask"])

    @torch.inference_mode()
    def likelihoods(self, heard: Prefilled, words: str, options: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return how likely each option is as the answer to a question about each sound.

        Parameters
        ----------
        heard : Prefilled
            Stays as it is.
        words : str
        options : sequence of str

        Returns
        -------
        ndarray of shape (sounds, options)
            Mean of the logarithms of the probabilities of the option's tokens, in nats.
        """
        tokens = self._options(words, options)
        longest, count, batch = max(map(len, tokens)), len(tokens), heard.mask.shape[0]
        cache = copy.deepcopy(heard.cache)
        first, mask = self._ask(cache, heard.mask, self._tail(words))  # (batch, words of the vocabulary)
        ids = torch.zeros((count, longest), dtype=torch.long, device=self.device)
        there = torch.zeros((count, longest), dtype=torch.long, device=self.device)
        for row, option in enumerate(tokens):  # on the right, where nothing follows the padding
            ids[row, : len(option)] = torch.tensor(option, device=self.device)
            there[row, : len(option)] = 1
        scores = first[:, ids[:, 0]][:, :, None]  # (batch, options, 1)
        if longest > 1:
            cache.batch_repeat_interleave(count)
            whole = torch.cat([mask.repeat_interleave(count, 0), there.repeat(batch, 1)[:, :-1]], 1)
            made = self._model(
                input_ids=ids[:, :-1].repeat(batch, 1), attention_mask=whole, past_key_values=cache, use_cache=True
            )
            after = made.logits.float().log_softmax(-1)  # (batch * options, longest - 1, words)
            rest = after.gather(-1, ids[:, 1:].repeat(batch, 1)[..., None])[..., 0].view(batch, count, -1)
            scores = torch.cat([scores, rest], 2)  # (batch, options, longest)
        mean = (scores * there).sum(-1) / there.sum(-1)
        return np.asarray(mean.cpu().numpy(), np.float64)

    def _ask(self, cache: Any, mask: torch.Tensor, tail: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Add the same words to every row of a cache; return the log-probabilities of what comes next, and the mask."""
        batch = mask.shape[0]
        ids = torch.tensor([list(tail)] * batch, device=self.device)
        mask = torch.cat([mask, torch.ones_like(ids)], 1)
        made = self._model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return made.logits[:, -1].float().log_softmax(-1), mask

    @torch.inference_mode()
    def whole_likelihoods(self, sound: Mono, words: str, options: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return what `likelihoods` returns for one sound, by a whole pass per option and no cache.

        Slow; the reference for what the branches of the cache give.
        """
        found = []
        for option, tokens in zip(options, self._options(words, options), strict=True):
            inputs = self._inputs(words, [sound], option)
            logs = self._model(**inputs).logits[0].float().log_softmax(-1)
            found.append(np.mean([logs[-len(tokens) - 1 + i, token].item() for i, token in enumerate(tokens)]))
        return np.array(found)

    @torch.inference_mode()
    def answer_on(self, heard: Prefilled, words: str, most_tokens: int) -> list[str]:
        """Return what `answer` returns, without taking in the sounds again.

        Parameters
        ----------
        heard : Prefilled
            Stays as it is.
        words : str
        most_tokens : int
        """
        tail = torch.tensor([self._tail(words)] * heard.mask.shape[0], device=self.device)
        before = torch.full_like(heard.mask, self._tokenizer.pad_token_id)  # is in the cache, and not looked at again
        ids, mask = torch.cat([before, tail], 1), torch.cat([heard.mask, torch.ones_like(tail)], 1)
        made = self._model.generate(
            input_ids=ids, attention_mask=mask, past_key_values=copy.deepcopy(heard.cache), do_sample=False,
            max_new_tokens=most_tokens,
        )  # fmt: skip
        return self._words(made[:, ids.shape[1] :])

    def _words(self, tokens: torch.Tensor) -> list[str]:
        return [str(text).strip() for text in self._processor.batch_decode(tokens, skip_special_tokens=True)]

    @torch.inference_mode()
    def answer(self, words: str, sounds: Sequence[Mono], most_tokens: int) -> list[str]:
        """Return what the model says freely of each sound, by greedy decoding."""
        inputs = self._inputs(words, sounds)
        made = self._model.generate(**inputs, do_sample=False, max_new_tokens=most_tokens)
        return self._words(made[:, inputs["input_ids"].shape[1] :])


def _class_for(config: Any) -> Any:
    """Return the class that loads a model: two of the Flamingos are not among the multimodal language models."""
    if config.model_type in modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES:
        return transformers.AutoModelForMultimodalLM
    names = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    name = names.get(config.model_type) or (config.architectures or [""])[0]
    return getattr(transformers, name)
