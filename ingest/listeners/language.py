"""An audio language model as a listener: closed questions scored by likelihood, and one description in free words.

Conventions
-----------
The evidence for an option is its likelihood with the sound less that with null sounds of the same length (nats per
token; `ingest.listeners.nulls`), averaged over wordings and orders of the options. What a model would answer anyway,
because of a word's length or place, so cancels out. Null sounds that do not depend on the sound are scored once per
length.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt

from ingest.linking import Linker
from ingest.listeners.base import Answer, Heard, Sounding
from ingest.listeners.chat import Chat, Prefilled
from ingest.listeners.files import find_model
from ingest.listeners.local import LocalListener
from ingest.listeners.nulls import NullSound, null_sound
from ingest.listeners.questions import QuestionSet, choose
from ingest.listeners.words import examine, said_freely, where
from ontology.terms import ConfidenceKind
from ontology.values import Span
from ontology.vocabulary import Vocabulary

__all__ = ["LanguageListener"]

OPEN = "open"
"""Name of the description in free words."""

_Scores = npt.NDArray[np.float64]


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
        self._of_nulls: dict[tuple[NullSound, int, str], _Scores] = {}
        self._identify(self._chat.hearing, dict(questions.asked()), envelope)

    @property
    def questions(self) -> QuestionSet:
        """What it is asked."""
        return self._questions

    def asking(self, questions: QuestionSet) -> Self:
        """Return a listener with the same model that is asked something else."""
        other = copy.copy(self)
        other._questions, other._of_nulls = questions, {}
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
        self._listen_to_nulls({len(one.samples): one for one in batch})
        shuffled = self._shuffled(batch)
        for question in self._questions.questions:
            offered, prompts = self._questions.offered(question), self._questions.prompts(question)
            evidence = np.zeros((len(batch), len(offered)))
            for prompt in prompts:
                against = [
                    self._chat.likelihoods(shuffled, prompt.text, offered)
                    if shuffled is not None and kind == "shuffled"
                    else np.stack([self._of_nulls[kind, len(one.samples), prompt.text] for one in batch])
                    for kind in self._questions.nulls(question)
                ]
                gained = self._chat.likelihoods(heard, prompt.text, offered) - np.mean(against, axis=0)
                evidence += gained / len(prompts)
            for of_one, row in zip(answers, evidence, strict=True):
                of_one.append(choose(question, row, self._questions.threshold))
        return answers

    def _shuffled(self, batch: Sequence[Sounding]) -> Prefilled | None:
        """Take in the sounds with their pieces in another order, if a question is about that."""
        if not any("shuffled" in self._questions.nulls(question) for question in self._questions.questions):
            return None
        rate = self._chat.hearing.sample_rate_hz
        return self._chat.prefill(
            self._questions.open, [null_sound("shuffled", one.samples, rate) for one in batch]
        )  # fmt: skip

    def _listen_to_nulls(self, by_length: Mapping[int, Sounding]) -> None:
        """Score every prompt on the null sounds of each length that is new, alone."""
        known: set[tuple[NullSound, int]] = {(kind, length) for kind, length, _ in self._of_nulls}
        wanted: list[tuple[NullSound, int]] = [
            (kind, length)
            for question in self._questions.questions for kind in self._questions.nulls(question)
            for length in sorted(by_length) if kind != "shuffled" and (kind, length) not in known
        ]  # fmt: skip
        for kind, length in dict.fromkeys(wanted):
            sound = null_sound(kind, by_length[length].samples, self._chat.hearing.sample_rate_hz)
            heard = self._chat.prefill(self._questions.open, [sound])
            self._of_nulls |= {
                (kind, length, prompt.text): self._chat.likelihoods(
                    heard, prompt.text, self._questions.offered(question)
                )[0]
                for question in self._questions.questions if kind in self._questions.nulls(question)
                for prompt in self._questions.prompts(question)
            }  # fmt: skip

    def _heard(self, span: Span, answers: tuple[Answer, ...], text: str) -> Heard:
        """Put together claims and description; a concept that was chosen is not claimed again from the text."""
        made = [answer.claim(span, ConfidenceKind.LIKELIHOOD_RATIO) for answer in answers]
        claims = {claim.concept: claim for claim in made if claim is not None}
        words = examine(text, self._questions.language, where(span))
        described, linked = said_freely(span, words, OPEN, self._linker)
        for claim in linked:
            claims.setdefault(claim.concept, claim)
        return Heard(span, described, tuple(claims.values()), answers, words.troubles)
