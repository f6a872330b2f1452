"""A model with a common space for sounds and phrases as a listener: the options of a question compared with the sound.

Conventions
-----------
The same sets of questions as for language models, of which only the options, the template and the neutral phrase, which
stands for "cannot tell", are used. A share says how much nearer one phrase is than the others *of its question*: it
depends on what is offered, which is why all phrases stand in the parameters of the run. Sounds longer than the window
are refused, because the extractor would crop them at random.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoConfig, AutoProcessor, ClapModel

from ingest.listeners.base import Heard, Hearing, Sounding
from ingest.listeners.files import UNLOADABLE, ModelFiles, find_model, space_of, unusable
from ingest.listeners.local import LocalListener
from ingest.listeners.questions import QuestionSet, choose
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind
from ontology.values import Claim

__all__ = ["ClapListener", "clap_processor"]

_EXPECTED = "a CLAP model for transformers, such as laion/clap-htsat-unfused"


class ClapListener(LocalListener):
    """A CLAP model.

    Parameters
    ----------
    model : str
        Folder or id.
    questions : QuestionSet
    device : str
    envelope : str, optional
        Id of its row in ``ontology/envelopes.csv``.

    Raises
    ------
    ListenerError
        If it is no such model.
    """

    kind, expected = "clap", _EXPECTED

    def __init__(self, model: str, questions: QuestionSet, device: str, envelope: str | None = None) -> None:
        super().__init__(find_model(model), device, questions.spans)
        self._questions = questions
        self._processor, hearing = clap_processor(self._files)
        asked = {"questions": questions.name, "threshold": f"{questions.threshold:g}"}
        asked |= {"template": questions.template, "neutral phrase": questions.neutral}
        for question in questions.questions:
            offered = "; ".join(f"{concept}: {words}" for concept, words in question.options.items())
            asked[f"phrases {question.aspect}"] = offered
        self._identify(hearing, asked, envelope, space_of(self._files, words=True))

    def _class(self) -> Any:
        return ClapModel

    @property
    def questions(self) -> QuestionSet:
        """What the sounds are compared with."""
        return self._questions

    def asking(self, questions: QuestionSet) -> Self:
        """Return a listener with the same model that compares with something else."""
        self._model  # noqa: B018 - loaded before it is shared
        other = copy.copy(self)
        other._questions = questions
        other._identity = replace(self._identity, asked={**questions.asked(), "template": questions.template})
        return other

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Compare each of a batch of sounds with all phrases."""
        similarities, vectors = self._compared(batch)
        return [self._heard(*of_one) for of_one in zip(batch, similarities, vectors, strict=True)]

    @torch.inference_mode()
    def _compared(self, batch: Sequence[Sounding]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """Return the scaled similarity to each phrase, shape (sounds, phrases), and the vectors of the sounds."""
        phrases = [
            self._questions.template.replace("{option}", words)
            for question in self._questions.questions
            for words in question.options.values()
        ] + [self._questions.neutral]
        inputs = self._processor(
            text=phrases, audio=[one.samples for one in batch], return_tensors="pt", text_kwargs={"padding": True},
            audio_kwargs={"sampling_rate": self._identity.hearing.sample_rate_hz},
        )  # fmt: skip
        made = self._model(**self._placed(inputs))
        similarities = np.asarray(made.logits_per_audio.float().cpu().numpy(), np.float64)
        return similarities, np.asarray(made.audio_embeds.float().cpu().numpy(), np.float32)

    def _heard(self, one: Sounding, row: npt.NDArray[np.float64], vector: npt.NDArray[np.float32]) -> Heard:
        answers, claims, column = [], [], 0
        for question in self._questions.questions:
            values = np.append(row[column : column + len(question.options)], row[-1])
            column += len(question.options)
            answer = choose(question, values, self._questions.threshold)
            answers.append(answer)
            if answer.chosen is not None:
                share = max(answer.shares)
                claims.append(Claim(one.span, answer.chosen, answer.aspect, share, ConfidenceKind.LABEL_SIMILARITY))
        return Heard(one.span, (), tuple(claims), tuple(answers), vector=vector.astype("<f4").tobytes())


def clap_processor(files: ModelFiles) -> tuple[Any, Hearing]:
    """Load the processor and say what it hears."""
    try:
        config: Any = AutoConfig.from_pretrained(files.path)
        processor: Any = AutoProcessor.from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, _EXPECTED) from error
    if config.model_type != "clap":
        raise ListenerError(f"{files.name} is of the type {config.model_type!r}", _EXPECTED,
                            "for a model that answers in words say --describer transformers")  # fmt: skip
    features = processor.feature_extractor
    fused = bool(config.audio_config.enable_fusion)
    if fused != (features.truncation == "fusion"):
        raise ListenerError(
            f"the model {files.name} and its feature extractor do not fit: fusion is {fused} in one, "
            f"truncation is {features.truncation!r} in the other", "both with fusion, or both without",
            "take the processor from the model's own page",
        )  # fmt: skip
    rate = int(features.sampling_rate)
    window = features.nb_max_samples / rate
    hearing = Hearing(
        rate, float(features.frequency_min), min(float(features.frequency_max), rate / 2), window, window,
        features.hop_length / rate, features.feature_size,
    )  # fmt: skip
    return processor, hearing
