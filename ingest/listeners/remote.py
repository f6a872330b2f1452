"""An audio language model behind a server as a listener: closed questions, and one description in free words.

Conventions
-----------
How options are scored is found out when the server is opened, unless it is told, and is a parameter of the run:

- *likelihood of options*: the server says how likely each token of a prompt is. Each option is put at the end of the
  prompt, as the beginning of the answer; its likelihood is the mean of the logarithms of its tokens' probabilities
  (nats per token), as in `ingest.listeners.language`. One request for each option.
- *likelihood of letters*: the server gives the likeliest first tokens. Options have letters; the likelihood of one is
  the logarithm of its letter's probability. A letter that is not among the likeliest tokens counts as the least likely
  of them.
- *constrained JSON*: the server holds the answer to a schema that allows the options only. What is counted is the share
  of wordings and orders in which an option is the answer. *JSON that was asked for* is the same where the server
  ignores or refuses the schema.

Evidence is what a sound has more of than null sounds of the same length (`ingest.listeners.nulls`), averaged over
wordings and orders. An answer that cannot be used (`ingest.listeners.base.TroubleKind`) is left out of the average; a
question of which more than half of the answers are left out has no answer.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import numpy as np

from ingest.linking import Linker
from ingest.listeners.base import Answer, Heard, Hearing, Identity, ServerOptions, Sounding, Trouble, TroubleKind
from ingest.listeners.nulls import NullSound, null_sound
from ingest.listeners.questions import LETTERS, Prompt, Question, QuestionSet, choose
from ingest.listeners.scoring import Scored, Scores, asked_again, of_json, of_letters, of_option, schema
from ingest.listeners.service import JSON_ANSWER, MOST_LIKELY, Reading, Server, encoded
from ingest.listeners.words import Words, examine, said_freely, where
from ontology.envelopes import load_envelopes
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.vocabulary import Vocabulary

__all__ = ["ServerListener"]

OPEN = "open"
"""Name of the description in free words."""

_RATE, _WINDOW = 16_000, 30.0
"""What is sent to a model of which no envelope is known: Hz, and seconds at the most."""

_NOT_TOLD = "not told by the server"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Asked = tuple[int, Prompt]
"""A prompt of a question, which is known by its number."""


class ServerListener:
    """A model behind a server with the chat interface of OpenAI.

    Parameters
    ----------
    model : str
        As the server calls it.
    questions : QuestionSet
    vocabulary : Vocabulary
    options : ServerOptions
    envelope : str, optional
        Id of its row in ``ontology/envelopes.csv``; without it sounds are sent at 16 kHz, up to 30 s.

    Raises
    ------
    ListenerError
        If the server cannot be reached, has no such model, takes no sounds, or does not offer the scoring wanted.
    """

    def __init__(
        self, model: str, questions: QuestionSet, vocabulary: Vocabulary, options: ServerOptions,
        envelope: str | None = None,
    ) -> None:  # fmt: skip
        self._linker, self._options = Linker(vocabulary), options
        self._server = Server(options, model)
        self._hearing = _hearing(envelope)
        self._rate = self._hearing.sample_rate_hz
        self._of_nulls: dict[tuple[NullSound, int, str], Scored] = {}
        self._questions = questions
        self._server.check_model()
        self.reading: Reading = self._find_reading()
        self._check_letters()
        host = urlsplit(self._server.url).netloc.replace(":", "-")
        self._identity = Identity(
            "openai", model, f"served-by-{host}", _NOT_TOLD, _NOT_TOLD, _NOT_TOLD, self._hearing,
            (("openai", version("openai")), ("py3langid", version("py3langid"))), _NOT_TOLD, _NOT_TOLD, envelope,
            self._asked(),
        )  # fmt: skip

    def _asked(self) -> Mapping[str, str]:
        follows = {
            "likelihood of options": self._questions.instruction, "likelihood of letters": self._questions.letters
        }  # fmt: skip
        return dict(self._questions.asked()) | {
            "server": self._server.url,
            "options are scored by": self.reading,
            "what follows a question": follows.get(self.reading, self._questions.json_answer),
        }

    def _check_letters(self) -> None:
        many = [q.aspect for q in self._questions.questions if len(self._questions.offered(q)) > len(LETTERS)]
        if many and self.reading == "likelihood of letters":
            raise ListenerError(f"the question {many[0]} has too many options", f"up to {len(LETTERS) - 1}")

    @property
    def questions(self) -> QuestionSet:
        """What it is asked."""
        return self._questions

    def asking(self, questions: QuestionSet) -> Self:
        """Return a listener with the same model that is asked something else."""
        other = copy.copy(self)
        other._questions, other._of_nulls = questions, {}
        other._check_letters()
        other._identity = replace(self._identity, asked=other._asked())
        return other

    @property
    def spans(self) -> frozenset[SpanKind]:
        """The kinds of span that the questions are about."""
        return self._questions.spans

    def identity(self) -> Identity:
        """Say which listener this is."""
        return self._identity

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Ask everything about each of a batch of sounds."""
        prompts = [
            (number, prompt) for number, question in enumerate(self._questions.questions)
            for prompt in self._prompts(question)
        ]  # fmt: skip
        self._listen_to_nulls(batch, prompts)
        scored = self._scored_about(batch, prompts, None)
        shuffled = [asked for asked in prompts if "shuffled" in self._nulls(asked)]
        against = self._scored_about(batch, shuffled, "shuffled")
        said = self._at_once(
            lambda one: self._say(encoded(one.samples, self._rate), where(one.span)), batch
        )  # fmt: skip
        return [
            self._heard(one, scored[number], against[number], said[number]) for number, one in enumerate(batch)
        ]  # fmt: skip

    def _nulls(self, asked: _Asked) -> tuple[NullSound, ...]:
        return self._questions.nulls(self._questions.questions[asked[0]])

    def _scored_about(
        self, batch: Sequence[Sounding], prompts: Sequence[_Asked], null: NullSound | None
    ) -> list[dict[str, Scored]]:
        """Score prompts about each sound, or about the null sound that stands for it; return them by their text."""
        pairs = [(number, asked) for number in range(len(batch)) for asked in prompts]
        sounds = [
            encoded(one.samples if null is None else null_sound(null, one.samples, self._rate), self._rate)
            for one in batch if prompts
        ]  # fmt: skip
        name = "" if null is None else f"{null} "
        places = [name + where(one.span) for one in batch]
        scores = self._at_once(lambda pair: self._score(sounds[pair[0]], places[pair[0]], pair[1]), pairs)
        found: list[dict[str, Scored]] = [{} for _ in batch]
        for (number, (_, prompt)), score in zip(pairs, scores, strict=True):
            found[number][prompt.text] = score
        return found

    def _at_once(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Do work on items, as many at once as allowed; the first error ends it all."""
        with ThreadPoolExecutor(self._options.at_once) as pool:
            return list(pool.map(work, items))  # where one raises, map cancels what has not begun

    def _find_reading(self) -> Reading:
        """Find out what the server can do, by asking the first question about a short silence."""
        silence = encoded(np.zeros(self._rate // 2, np.float32), self._rate)
        wanted = self._options.scoring
        if not self._questions.questions:
            self._server.ask(silence, self._questions.open, 1)
            return "likelihood of letters"
        question = self._questions.questions[0]
        if wanted in ("auto", "options"):
            words, first = self._questions.prompts(question)[0].text, self._questions.offered(question)[0]
            reply = self._server.attempt(silence, words, first)
            if reply is not None and of_option(reply, first) is not None:
                return "likelihood of options"
        if wanted in ("auto", "letters"):
            words = self._questions.lettered(question)[0].text
            reply = self._server.attempt(silence, words, logprobs=True, top_logprobs=MOST_LIKELY)
            if reply is not None and reply.likely:
                return "likelihood of letters"
        if wanted in ("options", "letters"):
            raise ListenerError(
                f"{self._server.url} does not give the likelihood of {wanted}",
                "prompt_logprobs, as vLLM has them" if wanted == "options" else "logprobs of the likeliest tokens",
                "leave --scoring out, so that what the server offers is used",
            )  # fmt: skip
        words = self._prompts_of_json(question)[0].text
        if self._server.attempt(silence, words, response_format=schema(self._questions.offered(question))):
            return "constrained JSON"
        self._server.ask(silence, words, 1)
        return "JSON that was asked for"

    def _prompts(self, question: Question) -> tuple[Prompt, ...]:
        if self.reading == "likelihood of options":
            return self._questions.prompts(question)
        if self.reading == "likelihood of letters":
            return self._questions.lettered(question)
        return self._prompts_of_json(question)

    def _prompts_of_json(self, question: Question) -> tuple[Prompt, ...]:
        prompts = self._questions.prompts(question)
        return tuple(Prompt(f"{prompt.text} {self._questions.json_answer}", prompt.order) for prompt in prompts)

    def _listen_to_nulls(self, batch: Sequence[Sounding], prompts: Sequence[_Asked]) -> None:
        """Score every prompt on the null sounds of each length that is new."""
        by_length = {len(one.samples): one for one in batch}
        known: set[tuple[NullSound, int]] = {(kind, length) for kind, length, _ in self._of_nulls}
        wanted: list[tuple[NullSound, int]] = [
            (kind, length) for asked in prompts for kind in self._nulls(asked) for length in sorted(by_length)
            if kind != "shuffled" and (kind, length) not in known
        ]  # fmt: skip
        for kind, length in dict.fromkeys(wanted):
            sound = encoded(null_sound(kind, by_length[length].samples, self._rate), self._rate)
            place = f"with {length / self._rate:g} s of {kind}"
            own = [asked for asked in prompts if kind in self._nulls(asked)]
            for (_, prompt), one in zip(own, self._at_once(self._scorer(sound, place), own), strict=True):
                self._of_nulls[kind, length, prompt.text] = one

    def _scorer(self, sound: str, place: str) -> Callable[[_Asked], Scored]:
        return lambda asked: self._score(sound, place, asked)

    def _score(self, sound: str, place: str, asked: _Asked) -> Scored:
        """Score the options of one prompt."""
        number, prompt = asked
        question = self._questions.questions[number]
        offered = self._questions.offered(question)
        place = f"{place}, {question.aspect}"
        if self.reading == "likelihood of options":
            return self._score_options(sound, place, prompt, offered)
        if self.reading == "likelihood of letters":
            reply = self._server.ask(sound, prompt.text, 1, logprobs=True, top_logprobs=MOST_LIKELY)
            scores, trouble = of_letters(reply, prompt, place)
        else:
            held: dict[str, Any] = {"response_format": schema(offered)} if self.reading == "constrained JSON" else {}
            reply = self._server.ask(sound, prompt.text, JSON_ANSWER, **held)
            scores, trouble = of_json(reply, offered, place)
        return Scored(scores, (*asked_again(reply, place), *((trouble,) if trouble else ())))

    def _score_options(self, sound: str, place: str, prompt: Prompt, offered: Sequence[str]) -> Scored:
        """Ask for the likelihood of each option."""
        found: list[float] = []
        troubles: list[Trouble] = []
        for option in offered:
            reply = self._server.ask(sound, prompt.text, 1, option)
            troubles += asked_again(reply, place)
            likelihood = of_option(reply, option)
            if likelihood is None:
                return Scored(None, (*troubles, Trouble(TroubleKind.NO_OPTION, f"{option!r} {place}")))
            found.append(likelihood)
        return Scored(np.array(found), tuple(troubles))

    def _say(self, sound: str, place: str) -> Words:
        """Ask for the description in free words."""
        reply = self._server.ask(sound, self._questions.open, self._questions.answer_tokens)
        words = examine(reply.text, self._questions.language, f"{place}, {OPEN}")
        return Words(words.text, words.language, words.usable, (*asked_again(reply, place), *words.troubles))

    def _heard(self, one: Sounding, scored: Mapping[str, Scored], shuffled: Mapping[str, Scored], said: Words) -> Heard:
        """Put together claims and description; a concept that was chosen is not claimed again from the text."""
        troubles = [trouble for found in scored.values() for trouble in found.troubles]
        answers = []
        for question in self._questions.questions:
            pairs = []
            for prompt in self._prompts(question):
                against = list(self._against(one, question, prompt, shuffled))
                troubles += [trouble for null in against for trouble in null.troubles]
                of_nulls = [null.scores for null in against if null.scores is not None]
                if (of_sound := scored[prompt.text].scores) is not None and of_nulls:
                    pairs.append((of_sound, np.asarray(np.mean(of_nulls, axis=0), np.float64)))
            if 2 * len(pairs) >= len(self._prompts(question)):
                answers.append(self._answer(question, pairs))
        kind = ConfidenceKind.AGREEMENT_OF_PROMPTS if self._counts else ConfidenceKind.LIKELIHOOD_RATIO
        made = [answer.claim(one.span, kind) for answer in answers]
        claims = {claim.concept: claim for claim in made if claim is not None}
        described, linked = said_freely(one.span, said, OPEN, self._linker)
        for claim in linked:
            claims.setdefault(claim.concept, claim)
        told = tuple(dict.fromkeys((*troubles, *said.troubles)))
        return Heard(one.span, described, tuple(claims.values()), tuple(answers), told)

    def _against(
        self, one: Sounding, question: Question, prompt: Prompt, shuffled: Mapping[str, Scored]
    ) -> Iterator[Scored]:
        for kind in self._questions.nulls(question):
            yield (
                shuffled[prompt.text] if kind == "shuffled"
                else self._of_nulls[kind, len(one.samples), prompt.text]
            )  # fmt: skip

    @property
    def _counts(self) -> bool:
        """Whether answers are counted, because the server says nothing of likelihood."""
        return not self.reading.startswith("likelihood")

    def _answer(self, question: Question, pairs: Sequence[tuple[Scores, Scores]]) -> Answer:
        evidence = np.mean([of_sound - of_nulls for of_sound, of_nulls in pairs], axis=0)
        if not self._counts:
            return choose(question, evidence, self._questions.threshold)
        shares = np.mean([of_sound for of_sound, _ in pairs], axis=0)
        options: tuple[str | None, ...] = (*question.options, None)
        best = int(shares.argmax())
        sure = shares[best] >= self._questions.threshold and evidence[best] > 0
        return Answer(
            question.aspect, options, tuple(evidence.tolist()), tuple(shares.tolist()), options[best] if sure else None
        )


def _hearing(envelope: str | None) -> Hearing:
    """Return what a server's model hears, as far as it is known."""
    if envelope is None:
        return Hearing(_RATE, 0.0, _RATE / 2, _WINDOW, None)
    known = load_envelopes().envelopes[envelope]
    window = known.longest_input_s or known.window_s or _WINDOW
    return Hearing(
        int(known.sample_rate_hz), known.minimum_hz, known.maximum_hz, window, known.token_step_s, known.hop_s,
        known.mel_bins,
    )  # fmt: skip
