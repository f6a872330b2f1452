"""A model that hears a sound and answers in words: loading, a prefilled sound, likelihoods, free answers.

Conventions
-----------
The sound and what stands before it are computed once per batch (`Prefilled`); each question is a branch of their keys
and values, and each option a branch of its question. Positions are counted from the first token of each sound, padding
left out, as ``generate`` counts them.
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
from transformers.models.auto import modeling_auto

from ingest.listeners.base import Hearing, Mono
from ingest.listeners.files import ModelFiles, dtype_on, load_weights, unusable
from ingest.listeners.prompting import AUDIO_MODEL, open_front
from ontology.errors import ListenerError

__all__ = ["Chat", "Prefilled"]


@dataclass(frozen=True, slots=True)
class Prefilled:
    """A batch of sounds in the memory of a model: keys, values and mask of everything up to the end of the sounds."""

    cache: Any
    mask: torch.Tensor  # (batch, columns)


class Chat:
    """A model and what stands before it.

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
        self.config, self.front = open_front(files, device)
        self.hearing = self._hearing()

    def _hearing(self) -> Hearing:
        """Work out what is heard from the feature extractor, and the token step by counting tokens."""
        features = self.front.features
        rate = int(features.sampling_rate)
        window = float(getattr(features, "chunk_length", None) or 30.0)
        try:
            counts = [self.audio_tokens(round(rate * seconds)) for seconds in (window, window / 2)]
        except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:  # as each processor sees fit
            raise unusable(self._files, error, "a processor that takes a sound as samples beside a text") from error
        if not counts[0]:
            raise ListenerError(f"the processor of {self._files.name} makes nothing of a sound", AUDIO_MODEL)
        further = counts[0] - counts[1]
        step = window / 2 / further if further else window / counts[0]
        hop = getattr(features, "hop_length", None)
        top = float(getattr(features, "max_frequency", None) or getattr(features, "frequency_max", None) or rate / 2)
        low = float(getattr(features, "min_frequency", None) or getattr(features, "frequency_min", None) or 0.0)
        bins = getattr(features, "feature_size", None)
        return Hearing(rate, low, min(top, rate / 2), window, round(step, 6), hop / rate if hop else None, bins)

    def audio_tokens(self, samples: int) -> int:
        """Return how many tokens a sound of so many samples becomes."""
        return int((self.front.inputs("x", [np.zeros(samples, np.float32)])["input_ids"] == self.front.audio_id).sum())

    @cached_property
    def model(self) -> Any:
        """The model, loaded when it is first needed."""
        class_ = _class_for(self.config)
        options = {"config": self.config} if self.config.model_type == "qwen2_5_omni_thinker" else {}
        return load_weights(class_, self._files, self.device, AUDIO_MODEL, **options)

    def _inputs(self, words: str, sounds: Sequence[Mono], answer: str = "") -> dict[str, Any]:
        return {name: self._placed(value) for name, value in self.front.inputs(words, sounds, answer).items()}

    def _placed(self, value: torch.Tensor) -> torch.Tensor:
        """Put an input where the model is; through pinned memory on the way to a GPU."""
        if self.device.startswith("cuda") and not value.is_cuda:
            value = value.pin_memory()
        return value.to(self.device, self.dtype if value.is_floating_point() else None, non_blocking=True)

    def _positions(self, mask: torch.Tensor, columns: int) -> torch.Tensor:
        """Return the positions of the last columns of a mask, (batch, columns), or thrice that where they have axes."""
        positions = (mask.long().cumsum(-1) - 1).clamp(min=0)[:, -columns:]
        return positions.expand(3, -1, -1) if self._has_axes else positions

    @cached_property
    def _has_axes(self) -> bool:
        """Whether positions have a time, a height and a width, which are the same for words and sounds."""
        return hasattr(self.model.base_model, "rope_deltas")

    @cached_property
    def _last_only(self) -> dict[str, int]:
        """What tells the model to work out what comes next after the last column only, where it can."""
        return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(self.model.forward).parameters else {}

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
        ids, tail = inputs["input_ids"], self.front.tail(words)
        cut = len(tail)
        if ids[0, -cut:].tolist() != tail:
            raise ListenerError(f"the tokenizer of {self._files.name} joins the words with the mark of the sound",
                                "a mark that is a token of its own")  # fmt: skip
        for name, value in inputs.items():
            if value.shape == ids.shape and "feature" not in name:
                inputs[name] = value[:, :-cut]
        mask = inputs["attention_mask"]
        made = self.model(
            **inputs, position_ids=self._positions(mask, mask.shape[1]), use_cache=True, **self._last_only
        )  # fmt: skip
        return Prefilled(made.past_key_values, mask)

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
        tokens = self.front.options(words, options)
        longest, count, batch = max(map(len, tokens)), len(tokens), heard.mask.shape[0]
        cache = copy.deepcopy(heard.cache)
        first, mask = self._ask(cache, heard.mask, self.front.tail(words))  # (batch, words of the vocabulary)
        ids = torch.zeros((count, longest), dtype=torch.long, device=self.device)
        there = torch.zeros((count, longest), dtype=torch.long, device=self.device)
        for row, option in enumerate(tokens):  # on the right, where nothing follows the padding
            ids[row, : len(option)] = torch.tensor(option, device=self.device)
            there[row, : len(option)] = 1
        scores = first[:, ids[:, 0]][:, :, None]  # (batch, options, 1)
        if longest > 1:
            cache.batch_repeat_interleave(count)
            whole = torch.cat([mask.repeat_interleave(count, 0), there.repeat(batch, 1)[:, :-1]], 1)
            made = self.model(
                input_ids=ids[:, :-1].repeat(batch, 1), attention_mask=whole, past_key_values=cache, use_cache=True,
                position_ids=self._positions(whole, longest - 1),
            )  # fmt: skip
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
        made = self.model(
            input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **self._last_only,
            position_ids=self._positions(mask, ids.shape[1]),
        )  # fmt: skip
        return made.logits[:, -1].float().log_softmax(-1), mask

    @torch.inference_mode()
    def whole_likelihoods(self, sound: Mono, words: str, options: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return what `likelihoods` returns for one sound, by a whole pass per option and no cache.

        Slow; the reference for what the branches of the cache give.
        """
        found = []
        for option, tokens in zip(options, self.front.options(words, options), strict=True):
            inputs = self._inputs(words, [sound], option)
            logs = self.model(**inputs).logits[0].float().log_softmax(-1)
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
        tail = torch.tensor([self.front.tail(words)] * heard.mask.shape[0], device=self.device)
        before = torch.full_like(heard.mask, self.front.pad_id)  # is in the cache, and not looked at again
        ids, mask = torch.cat([before, tail], 1), torch.cat([heard.mask, torch.ones_like(tail)], 1)
        if self._has_axes:  # of another batch, or of one sound alone
            self.model.base_model.rope_deltas = torch.zeros((1, 1), dtype=torch.long, device=self.device)
        made = self.model.generate(
            input_ids=ids, attention_mask=mask, past_key_values=copy.deepcopy(heard.cache), do_sample=False,
            max_new_tokens=most_tokens, pad_token_id=self.front.pad_id,
        )  # fmt: skip
        return self.front.decode(made[:, ids.shape[1] :])

    @torch.inference_mode()
    def answer(self, words: str, sounds: Sequence[Mono], most_tokens: int) -> list[str]:
        """Return what the model says freely of each sound, by greedy decoding."""
        inputs = self._inputs(words, sounds)
        made = self.model.generate(
            **inputs, do_sample=False, max_new_tokens=most_tokens, pad_token_id=self.front.pad_id
        )  # fmt: skip
        return self.front.decode(made[:, inputs["input_ids"].shape[1] :])


def _class_for(config: Any) -> Any:
    """Return the class that loads a model: two of the Flamingos are not among the multimodal language models."""
    if config.model_type == "qwen2_5_omni_thinker":
        return transformers.Qwen2_5OmniThinkerForConditionalGeneration
    if config.model_type in modeling_auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES:
        return transformers.AutoModelForMultimodalLM
    names = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    name = names.get(config.model_type) or (config.architectures or [""])[0]
    return getattr(transformers, name)
