"""An audio language model behind a server as a listener: closed questions, and one description in free words.

Conventions
-----------
How options are scored is found out when the server is opened, and is a parameter of the run:

- *likelihood of letters*: the server gives the likeliest first tokens. Options have letters; the evidence of one is the
  logarithm of its letter's probability with the sound less that with silence of the same length (nats), averaged over
  wordings and orders. A letter that is not among the likeliest tokens counts as the least likely of them.
- *constrained JSON*: the server holds the answer to a schema that allows the options only. What is counted is the share
  of wordings and orders in which an option is the answer, and the same with silence. *JSON that was asked for* is the
  same where the server ignores or refuses the schema.

An answer that cannot be used (`ingest.listeners.base.TroubleKind`) is left out of the average; a question of which more
than half of the answers are left out has no answer.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from ingest.linking import Linker
from ingest.listeners.base import Answer, Heard, Hearing, Identity, ServerOptions, Sounding, Trouble, TroubleKind
from ingest.listeners.questions import LETTERS, Prompt, Question, QuestionSet, choose
from ingest.listeners.service import JSON_ANSWER, MOST_LIKELY, Reading, Reply, Server, encoded, one_of
from ingest.listeners.words import Words, examine, said_freely, where
from ontology.envelopes import load_envelopes
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim
from ontology.vocabulary import Vocabulary

__all__ = ["ServerListener"]

OPEN = "open"
"""Name of the description in free words."""

_RATE, _WINDOW = 16_000, 30.0
"""What is sent to a model of which no envelope is known: Hz, and seconds at the most."""

_LEAST_LOG = -50.0
"""Lowest logarithm of a probability that is counted with: servers say -9999 or minus infinity of what cannot be."""

_NOT_TOLD = "not told by the server"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Scored:
    """What one prompt gave: a number per option, as `QuestionSet.offered` orders them, or None; and what went wrong."""

    scores: _Scores | None
    troubles: tuple[Trouble, ...] = ()


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
        If the server cannot be reached, has no such model, or takes no sounds.
    """

    def __init__(
        self, model: str, questions: QuestionSet, vocabulary: Vocabulary, options: ServerOptions,
        envelope: str | None = None,
    ) -> None:  # fmt: skip
        if too_many := [q.aspect for q in questions.questions if len(questions.offered(q)) > len(LETTERS)]:
            raise ListenerError(f"the question {too_many[0]} has too many options", f"up to {len(LETTERS) - 1}")
        self._questions, self._linker, self._options = questions, Linker(vocabulary), options
        self._server = Server(options, model)
        hearing = _hearing(envelope)
        self._rate = hearing.sample_rate_hz
        self._of_silence: dict[tuple[int, str], _Scored] = {}
        self._server.check_model()
        self.reading: Reading = self._find_reading()
        asked = dict(questions.asked()) | {
            "server": self._server.url,
            "options are scored by": self.reading,
            "what follows a question": questions.letters if self._by_letters else questions.json_answer,
        }
        host = urlsplit(self._server.url).netloc.replace(":", "-")
        self._identity = Identity(
            "openai", model, f"served-by-{host}", _NOT_TOLD, _NOT_TOLD, _NOT_TOLD, hearing,
            (("openai", version("openai")), ("py3langid", version("py3langid"))), _NOT_TOLD, _NOT_TOLD, envelope, asked,
        )  # fmt: skip

    @property
    def _by_letters(self) -> bool:
        return self.reading == "likelihood of letters"

    @property
    def spans(self) -> frozenset[SpanKind]:
        """The kinds of span that the questions are about."""
        return self._questions.spans

    def identity(self) -> Identity:
        """Say which listener this is."""
        return self._identity

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Ask everything about each of a batch of sounds."""
        sounds = [encoded(one.samples, self._rate) for one in batch]
        prompts = [
            (number, prompt) for number, question in enumerate(self._questions.questions)
            for prompt in self._prompts(question)
        ]  # fmt: skip
        self._listen_to_silence({len(one.samples) for one in batch}, prompts)
        pairs = [(one, prompt) for one in range(len(batch)) for prompt in prompts]
        places = [where(one.span) for one in batch]
        scored = self._at_once(lambda pair: self._score(sounds[pair[0]], places[pair[0]], pair[1]), pairs)
        said = self._at_once(lambda one: self._say(sounds[one], places[one]), range(len(batch)))
        by_pair = {(one, prompt): found for (one, (_, prompt)), found in zip(pairs, scored, strict=True)}
        return [
            self._heard(sounding, {prompt: by_pair[number, prompt] for _, prompt in prompts}, said[number])
            for number, sounding in enumerate(batch)
        ]  # fmt: skip

    def _at_once(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Do work on items, as many at once as allowed; the first error ends it all."""
        with ThreadPoolExecutor(self._options.at_once) as pool:
            return list(pool.map(work, items))  # where one raises, map cancels what has not begun

    def _find_reading(self) -> Reading:
        """Find out what the server can do, by asking the first question about a short silence."""
        silence = encoded(np.zeros(self._rate // 2, np.float32), self._rate)
        if not self._questions.questions:
            self._server.ask(silence, self._questions.open, 1)
            return "likelihood of letters"
        question = self._questions.questions[0]
        words = self._questions.lettered(question)[0].text
        reply = self._server.attempt(silence, words, logprobs=True, top_logprobs=MOST_LIKELY)
        if reply is not None and reply.likely:
            return "likelihood of letters"
        words = self._prompts_of_json(question)[0].text
        if self._server.attempt(silence, words, response_format=_schema(self._questions.offered(question))):
            return "constrained JSON"
        self._server.ask(silence, words, 1)
        return "JSON that was asked for"

    def _prompts(self, question: Question) -> tuple[Prompt, ...]:
        return self._questions.lettered(question) if self._by_letters else self._prompts_of_json(question)

    def _prompts_of_json(self, question: Question) -> tuple[Prompt, ...]:
        prompts = self._questions.prompts(question)
        return tuple(Prompt(f"{prompt.text} {self._questions.json_answer}", prompt.order) for prompt in prompts)

    def _listen_to_silence(self, lengths: set[int], prompts: Sequence[tuple[int, Prompt]]) -> None:
        """Score every prompt on silence of each length that is new."""
        for length in sorted(lengths - {length for length, _ in self._of_silence}):
            silence = encoded(np.zeros(length, np.float32), self._rate)
            place = f"with {length / self._rate:g} s of silence"
            scored = self._at_once(partial(self._score, silence, place), prompts)
            self._of_silence |= {
                (length, prompt.text): one for (_, prompt), one in zip(prompts, scored, strict=True)
            }  # fmt: skip

    def _score(self, sound: str, place: str, asked: tuple[int, Prompt]) -> _Scored:
        """Score the options of one prompt of a question, which is known by its number."""
        number, prompt = asked
        question = self._questions.questions[number]
        offered = self._questions.offered(question)
        place = f"{place}, {question.aspect}"
        if self._by_letters:
            reply = self._server.ask(sound, prompt.text, 1, logprobs=True, top_logprobs=MOST_LIKELY)
            scores, trouble = _of_letters(reply, prompt, place)
        else:
            held = {"response_format": _schema(offered)} if self.reading == "constrained JSON" else {}
            reply = self._server.ask(sound, prompt.text, JSON_ANSWER, **held)
            scores, trouble = _of_json(reply, offered, place)
        return _Scored(scores, (*_asked_again(reply, place), *((trouble,) if trouble else ())))

    def _say(self, sound: str, place: str) -> Words:
        """Ask for the description in free words."""
        reply = self._server.ask(sound, self._questions.open, self._questions.answer_tokens)
        words = examine(reply.text, self._questions.language, f"{place}, {OPEN}")
        return Words(words.text, words.language, words.usable, (*_asked_again(reply, place), *words.troubles))

    def _heard(self, one: Sounding, scored: Mapping[Prompt, _Scored], said: Words) -> Heard:
        """Put together claims and description; a concept that was chosen is not claimed again from the text."""
        troubles = [trouble for found in scored.values() for trouble in found.troubles]
        answers = []
        for question in self._questions.questions:
            pairs = []
            for prompt in self._prompts(question):
                silent = self._of_silence[len(one.samples), prompt.text]
                troubles += silent.troubles
                if (of_sound := scored[prompt].scores) is not None and silent.scores is not None:
                    pairs.append((of_sound, silent.scores))
            if 2 * len(pairs) >= len(self._prompts(question)):
                answers.append(self._answer(question, pairs))
        kind = ConfidenceKind.LIKELIHOOD_RATIO if self._by_letters else ConfidenceKind.AGREEMENT_OF_PROMPTS
        claims = {
            answer.chosen: Claim(one.span, answer.chosen, answer.aspect, max(answer.shares), kind)
            for answer in answers if answer.chosen is not None
        }  # fmt: skip
        described, linked = said_freely(one.span, said, OPEN, self._linker)
        for claim in linked:
            claims.setdefault(claim.concept, claim)
        return Heard(
            one.span,
            described,
            tuple(claims.values()),
            tuple(answers),
            tuple(dict.fromkeys((*troubles, *said.troubles))),
        )

    def _answer(self, question: Question, pairs: Sequence[tuple[_Scores, _Scores]]) -> Answer:
        evidence = np.mean([of_sound - of_silence for of_sound, of_silence in pairs], axis=0)
        if self._by_letters:
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


def _schema(options: Sequence[str]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": one_of(options)}}


def _asked_again(reply: Reply, place: str) -> tuple[Trouble, ...]:
    return (Trouble(TroubleKind.SERVER, f"{reply.retries} times {place}"),) if reply.retries else ()


def _of_letters(reply: Reply, prompt: Prompt, place: str) -> tuple[_Scores | None, Trouble | None]:
    """Read the logarithms of the letters' probabilities, in the order of `QuestionSet.offered`."""
    by_letter: dict[str, float] = {}
    for token, log in reply.likely.items():
        letter = token.strip().strip("().:*\"'").upper()
        if letter in LETTERS[: len(prompt.order)] and len(letter) == 1:
            by_letter[letter] = float(np.logaddexp(by_letter.get(letter, -math.inf), log))
    if not by_letter:
        first = next(iter(reply.likely), reply.text)
        return None, Trouble(TroubleKind.NO_OPTION, f"{first[:40]!r} {place}")
    floor = min(reply.likely.values())
    scores = np.empty(len(prompt.order))
    for position, option in enumerate(prompt.order):
        scores[option] = max(by_letter.get(LETTERS[position], floor), _LEAST_LOG)
    return scores, None


def _of_json(reply: Reply, offered: Sequence[str], place: str) -> tuple[_Scores | None, Trouble | None]:
    """Read the option that was chosen: 1 for it, 0 for all others."""
    text = reply.text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    if not text:
        return None, Trouble(TroubleKind.EMPTY, place)
    try:
        answer = cast(object, json.loads(text)["answer"])
    except (ValueError, KeyError, TypeError):  # no JSON; an object without the key; no object
        kind = TroubleKind.NOT_JSON if reply.finished else TroubleKind.CUT_OFF
        return None, Trouble(kind, f"{text[:80]!r} {place}")
    plain = [_plain(option) for option in offered]
    if not isinstance(answer, str) or _plain(answer) not in plain:
        return None, Trouble(TroubleKind.NOT_ASKED, f"{str(answer)[:80]!r} {place}")
    scores = np.zeros(len(offered))
    scores[plain.index(_plain(answer))] = 1.0
    return scores, None


def _plain(words: str) -> str:
    return " ".join(words.casefold().strip(" .\"'").split())
