"""What listeners are asked: a table in YAML, checked against the vocabulary.

Conventions
-----------
One file is one set of questions. ``ingest/questions/default.yaml`` is the one that is asked if no other is named; its
comments say what each key means. Every closed question offers "cannot tell" beside its options.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.listeners.base import Answer
from ingest.listeners.nulls import NullSound
from ontology.errors import ListenerError
from ontology.terms import SpanKind
from ontology.vocabulary import Vocabulary

__all__ = ["DEFAULT", "LETTERS", "Prompt", "Question", "QuestionSet", "choose", "read_questions"]

DEFAULT = Path(__file__).parent.parent / "questions" / "default.yaml"

LETTERS = "ABCDEFGHIJKLMNOPQRST"
"""Of options; as many as servers give likely tokens at the most."""

_Words = Annotated[str, Field(min_length=1)]
_Nulls = Annotated[tuple[NullSound, ...], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One wording of a question, with its options in one order.

    Parameters
    ----------
    text : str
    order : tuple of int
        Position in `Question.offered` of each option, in the order of the text.
    """

    text: str
    order: tuple[int, ...]


class Question(_Strict):
    """A closed question about one aspect.

    Parameters
    ----------
    aspect : str
        Id of the concept that names the question.
    ask : tuple of str
        Two wordings or more.
    options : Mapping of str to str
        What is offered, by concept id.
    null_sounds : tuple of NullSound or None
        Of this question, if they are others than those of the set.
    """

    aspect: str
    ask: Annotated[tuple[_Words, ...], Field(min_length=2)]
    options: Annotated[dict[str, _Words], Field(min_length=2)]
    null_sounds: _Nulls | None = None


class QuestionSet(_Strict):
    """Everything that a listener is asked.

    Parameters
    ----------
    name : str
    language : str
        Language tag of all the words.
    spans : frozenset of SpanKind
        What is listened to.
    threshold : float
        Least share of an option, 0 to 1, at which it is claimed.
    orders : int
        Orders of the options in which each wording is asked.
    null_sounds : tuple of NullSound
        What the sound is compared with; the mean over them is taken.
    cannot_tell : str
        The words for "cannot tell".
    instruction : str
        What follows the question, with ``{options}`` in it.
    letters : str
        What follows the question where options are answered by letter, with ``{options}`` in it.
    json_answer : str
        What follows the instruction where an answer must be JSON.
    open : str
        The request for a description in free words.
    answer_tokens : int
        Longest description, in tokens.
    template : str
        For models that compare sounds with phrases: the phrase, with ``{option}`` in it.
    neutral : str
        The phrase that stands for "cannot tell" there.
    questions : tuple of Question
    """

    name: _Words
    language: _Words
    spans: Annotated[frozenset[SpanKind], Field(min_length=1)]
    threshold: Annotated[float, Field(gt=0, le=1)]
    orders: Annotated[int, Field(ge=1)]
    null_sounds: _Nulls = ("silence",)
    cannot_tell: _Words
    instruction: Annotated[str, Field(pattern=r"\{options\}")]
    letters: Annotated[str, Field(pattern=r"\{options\}")] = (
        "Options: {options}. Answer with the letter of one option only."
    )
    json_answer: _Words = 'Answer in JSON: {"answer": the option, word for word}.'
    open: _Words
    answer_tokens: Annotated[int, Field(ge=1)]
    template: Annotated[str, Field(pattern=r"\{option\}")]
    neutral: _Words
    questions: tuple[Question, ...]

    def offered(self, question: Question) -> tuple[str, ...]:
        """Return the words of all options, "cannot tell" last."""
        return (*question.options.values(), self.cannot_tell)

    def nulls(self, question: Question) -> tuple[NullSound, ...]:
        """Return the null sounds of a question, each once."""
        return tuple(dict.fromkeys(question.null_sounds or self.null_sounds))

    def prompts(self, question: Question) -> tuple[Prompt, ...]:
        """Return every wording in every order asked for: each prompt begins with another option.

        Examples
        --------
        >>> from ontology.vocabulary import load_vocabulary
        >>> questions = read_questions(DEFAULT, load_vocabulary())
        >>> [prompt.order for prompt in questions.prompts(questions.questions[0])]
        [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 1, 2)]
        """
        return tuple(
            Prompt(f"{wording} {self.instruction.replace('{options}', ', '.join(listed))}", order)
            for wording, order, listed in self._orders(question)
        )

    def lettered(self, question: Question) -> tuple[Prompt, ...]:
        """Return the same prompts with a letter before each option, to be answered by letter."""
        return tuple(
            Prompt(f"{wording} {self.letters.replace('{options}', lettered)}", order)
            for wording, order, listed in self._orders(question)
            for lettered in [", ".join(f"{letter}) {words}" for letter, words in zip(LETTERS, listed, strict=False))]
        )

    def _orders(self, question: Question) -> Iterator[tuple[str, tuple[int, ...], list[str]]]:
        """Yield each wording with an order of the options, and their words in it."""
        offered = self.offered(question)
        for number, wording in enumerate(wording for wording in question.ask for _ in range(self.orders)):
            first = number % len(offered)
            order = (*range(first, len(offered)), *range(first))
            yield wording, order, [offered[i] for i in order]

    def asked(self) -> Mapping[str, str]:
        """Return all of it as parameters of a run."""
        parameters = {
            "questions": self.name,
            "threshold": f"{self.threshold:g}",
            "orders of the options": str(self.orders),
            "null sounds": " ".join(self.null_sounds),
            "instruction": self.instruction,
            "open question": self.open,
            "longest answer in tokens": str(self.answer_tokens),
        }
        return parameters | {f"question {question.aspect}": self._wording(question) for question in self.questions}

    def _wording(self, question: Question) -> str:
        options = "; ".join(f"{concept}: {words}" for concept, words in question.options.items())
        against = f" against {' '.join(question.null_sounds)}" if question.null_sounds else ""
        return f"{' | '.join(question.ask)} [{options}; {self.cannot_tell}]{against}"


def choose(question: Question, evidence: npt.NDArray[np.float64], threshold: float) -> Answer:
    """Turn the evidence for the options of a question into an answer.

    Parameters
    ----------
    question : Question
    evidence : ndarray of shape (options + 1,)
        In nats, or another measure in natural logarithms; of "cannot tell" last.
    threshold : float
        Least share at which an option is chosen.

    Returns
    -------
    Answer

    Examples
    --------
    >>> question = Question(aspect="brightnessLevel", ask=("?", "??"), options={"bright": "bright", "dark": "dark"})
    >>> choose(question, np.array([2.0, 0.0, 0.0]), 0.5).chosen
    'bright'
    >>> choose(question, np.array([0.1, 0.0, 0.0]), 0.5).chosen is None
    True
    """
    powers = np.exp(evidence - evidence.max())
    shares = powers / powers.sum()
    options: tuple[str | None, ...] = (*question.options, None)
    best = int(shares.argmax())
    chosen = options[best] if shares[best] >= threshold else None
    return Answer(question.aspect, options, tuple(evidence.tolist()), tuple(shares.tolist()), chosen)


def read_questions(path: Path, vocabulary: Vocabulary) -> QuestionSet:
    """Read a set of questions.

    Parameters
    ----------
    path : Path
    vocabulary : Vocabulary

    Returns
    -------
    QuestionSet

    Raises
    ------
    ListenerError
        If the file cannot be read, a key is faulty, or a concept is unknown or answers another question.
    """
    try:
        read = QuestionSet.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ListenerError(
            f"{path} cannot be read ({reason})", "a YAML file of questions", f"see {DEFAULT.name}"
        ) from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        raise ListenerError(
            f"{path}, {where}: {fault['msg']}", "a set of questions as in ingest/questions/default.yaml", "correct it"
        ) from error
    _check(read, path, vocabulary)
    return read


def _check(read: QuestionSet, path: Path, vocabulary: Vocabulary) -> None:
    deprecated = {change.term for change in vocabulary.changes if change.kind == "deprecated"}
    usable = vocabulary.concepts.keys() - deprecated
    seen: set[str] = set()
    for question in read.questions:
        where = f"{path}, question {question.aspect}"
        for concept in (question.aspect, *question.options):
            if concept not in usable:
                raise ListenerError(
                    f"{where}: {concept!r} is no concept in use", "ids of the vocabulary",
                    "look it up with: acousma concepts WORD --all",
                )  # fmt: skip
        for concept in question.options:
            if vocabulary.aspect(concept) != question.aspect:
                raise ListenerError(
                    f"{where}: {concept!r} answers {vocabulary.aspect(concept)!r}", "options that answer its aspect",
                    "ask another question for it",
                )  # fmt: skip
        if question.aspect in seen or len(set(read.offered(question))) != len(question.options) + 1:
            raise ListenerError(f"{where}: an aspect or the words of an option stand there twice", "each once")
        seen.add(question.aspect)
