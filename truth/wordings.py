"""The same questions in other words: what an answer that rests on the sound does not depend on.

Conventions
-----------
A variant has every question once, in one wording and one order. In the variant `DENIED` the option is asked for that is
*not* true: there the best answer has to be another one.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, Self, runtime_checkable

from ingest.listeners.base import Listener
from ingest.listeners.questions import Question, QuestionSet

__all__ = ["DENIED", "Asked", "variants"]

DENIED = "denied"
_DENIAL = "Options: {options}. Answer with an option that is not true of the sound."


@runtime_checkable
class Asked(Listener, Protocol):
    """A listener that answers a set of questions."""

    @property
    def questions(self) -> QuestionSet:
        """What it is asked."""
        ...

    def asking(self, questions: QuestionSet) -> Self:
        """Return a listener with the same model that is asked something else."""
        ...


def variants(questions: QuestionSet, kind: str) -> Mapping[str, QuestionSet]:
    """Return the variants of a set of questions.

    Parameters
    ----------
    questions : QuestionSet
    kind : str
        Of listener; one that compares phrases (``clap``) is offered the options without the template.

    Returns
    -------
    Mapping of str to QuestionSet

    Examples
    --------
    >>> from ingest.listeners.questions import DEFAULT, read_questions
    >>> from ontology.vocabulary import load_vocabulary
    >>> list(variants(read_questions(DEFAULT, load_vocabulary()), "transformers"))
    ['wording 1', 'wording 2', 'turned', 'letters', 'denied']
    """
    if kind == "clap":
        return {"bare phrase": questions.model_copy(update={"template": "{option}"})}
    most = max((len(question.ask) for question in questions.questions), default=0)
    found = {f"wording {number + 1}": _changed(questions, partial(_worded, number=number)) for number in range(most)}
    found["turned"] = _changed(questions, lambda question: _offering(_worded(question), _turned(question.options)))
    found["letters"] = _changed(
        questions, lambda question: _offering(_worded(question), _lettered(question.options))
    )  # fmt: skip
    if questions.language == "en":
        first = _changed(questions, _worded)
        found[DENIED] = first.model_copy(update={"instruction": _DENIAL})
    return found


def _changed(questions: QuestionSet, change: Callable[[Question], Question]) -> QuestionSet:
    changed = tuple(change(question) for question in questions.questions)
    return questions.model_copy(update={"questions": changed, "orders": 1})


def _worded(question: Question, number: int = 0) -> Question:
    """Return a question in one of its wordings only."""
    return question.model_copy(update={"ask": (question.ask[number % len(question.ask)],)})


def _offering(question: Question, options: Mapping[str, str]) -> Question:
    return question.model_copy(update={"options": dict(options)})


def _turned(options: Mapping[str, str]) -> Mapping[str, str]:
    return dict(reversed(list(options.items())))


def _lettered(options: Mapping[str, str]) -> Mapping[str, str]:
    return {concept: f"{chr(ord('A') + place)}: {words}" for place, (concept, words) in enumerate(options.items())}
