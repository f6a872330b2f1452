"""An audio language model as a listener: closed questions scored by likelihood, and one description in free words.

Conventions
-----------
The evidence for an option is its likelihood with the sound less that with silence of the same length (nats per token),
averaged over wordings and orders of the options. What a model would answer anyway, because of a word's length or
place, so cancels out. Silence is scored once per length of sound.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from ingest.linking import Linker
from ingest.listeners.base import Answer, Heard, Sounding
from ingest.listeners.chat import Chat, Prefilled
from ingest.listeners.files import find_model
from ingest.listeners.local import LocalListener
from ingest.listeners.questions import QuestionSet, choose
from ingest.listeners.words import examine, said_freely, where
from ontology.terms import ConfidenceKind
from ontology.values import Claim, Span
from ontology.vocabulary import Vocabulary

__all__ = ["LanguageListener"]

OPEN = "open"
"""Name of the description in free words."""


class LanguageListener(LocalListener):
    """An audio language model that transformers can load.

    Parameters
    ----------
    model : str
        Folder or id.
    questions : QuestionSet
    vocabulary : Vocabulary
    device : str
    envelope : str, optional
        Id of its row in ``ontology/envelopes.csv``.

    Raises
    ------
    ListenerError
        If it is no such model.
    """

    kind = "transformers"

    def __init__(
        self, model: str, questions: QuestionSet, vocabulary: Vocabulary, device: str, envelope: str | None = None
    ) -> None:
        super().__init__(find_model(model), device, questions.spans)
        self._chat = Chat(self._files, device)
        self._questions = questions
        self._linker = Linker(vocabulary)
        self._of_silence: dict[tuple[int, str], npt.NDArray[np.float64]] = {}
        self._identify(self._chat.hearing, dict(questions.asked()), envelope)

    @property
    def questions(self) -> QuestionSet:
        """What it is asked."""
        return self._questions

    def asking(self, questions: QuestionSet) -> Self:
        """Return a listener with the same model that is asked something else."""
        other = copy.copy(self)
        other._questions, other._of_silence = questions, {}
        other._identity = replace(self._identity, asked=questions.asked())
        return other

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Ask everything about each of a batch of sounds."""
        heard = self._chat.prefill(self._questions.open, [one.samples for one in batch])
        answers = self._closed(batch, heard)
        said = self._chat.answer_on(heard, self._questions.open, self._questions.answer_tokens)
        return [
            self._heard(one.span, tuple(of_one), text)
            for one, of_one, text in zip(batch, answers, said, strict=True)
        ]  # fmt: skip

    def _closed(self, batch: Sequence[Sounding], heard: Prefilled) -> list[list[Answer]]:
        """Return the answers to all closed questions, sound by sound."""
        answers: list[list[Answer]] = [[] for _ in batch]
        if not self._questions.questions:
            return answers
        self._listen_to_silence({len(one.samples) for one in batch})
        for question in self._questions.questions:
            offered, prompts = self._questions.offered(question), self._questions.prompts(question)
            evidence = np.zeros((len(batch), len(offered)))
            for prompt in prompts:
                silent = np.stack([self._of_silence[len(one.samples), prompt.text] for one in batch])
                evidence += (self._chat.likelihoods(heard, prompt.text, offered) - silent) / len(prompts)
            for of_one, row in zip(answers, evidence, strict=True):
                of_one.append(choose(question, row, self._questions.threshold))
        return answers

    def _listen_to_silence(self, lengths: set[int]) -> None:
        """Score every prompt on silence of each length that is new, alone."""
        for length in sorted(lengths - {length for length, _ in self._of_silence}):
            heard = self._chat.prefill(self._questions.open, [np.zeros(length, np.float32)])
            scored = {
                (length, prompt.text): self._chat.likelihoods(heard, prompt.text, self._questions.offered(question))[0]
                for question in self._questions.questions
                for prompt in self._questions.prompts(question)
            }
            self._of_silence |= scored

    def _heard(self, span: Span, answers: tuple[Answer, ...], text: str) -> Heard:
        """Put together claims and description; a concept that was chosen is not claimed again from the text."""
        claims = {
            answer.chosen: Claim(
                span, answer.chosen, answer.aspect, max(answer.shares), ConfidenceKind.LIKELIHOOD_RATIO
            )
            for answer in answers if answer.chosen is not None
        }  # fmt: skip
        words = examine(text, self._questions.language, where(span))
        described, linked = said_freely(span, words, OPEN, self._linker)
        for claim in linked:
            claims.setdefault(claim.concept, claim)
        return Heard(span, described, tuple(claims.values()), answers, words.troubles)
