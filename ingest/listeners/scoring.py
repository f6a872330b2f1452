"""From the answer of a server to a number for each option of a question.

Conventions
-----------
Numbers come in the order of `QuestionSet.offered`. Likelihoods are natural logarithms, none below `LEAST_LOG`. An
answer of which nothing can be made gives no numbers and a `Trouble`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ingest.listeners.base import Trouble, TroubleKind
from ingest.listeners.questions import LETTERS, Prompt
from ingest.listeners.service import Reply, one_of

__all__ = ["Scored", "Scores", "asked_again", "of_json", "of_letters", "of_option", "schema"]

Scores = npt.NDArray[np.float64]
"""Shape (options,)."""

LEAST_LOG = -50.0
"""Lowest logarithm of a probability that is counted with: servers say -9999 or minus infinity of what cannot be."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What one prompt gave.

    Parameters
    ----------
    scores : ndarray or None
    troubles : tuple of Trouble
    """

    scores: Scores | None
    troubles: tuple[Trouble, ...] = ()


def schema(options: Sequence[str]) -> dict[str, Any]:
    """Return the ``response_format`` that holds an answer to one of some options."""
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": one_of(options)}}


def asked_again(reply: Reply, place: str) -> tuple[Trouble, ...]:
    """Return what is to be said of an answer that had to be asked for more than once."""
    return (Trouble(TroubleKind.SERVER, f"{reply.retries} times {place}"),) if reply.retries else ()


def of_option(reply: Reply, option: str) -> float | None:
    """Return how likely an option was as the answer that stands at the end of a prompt.

    Parameters
    ----------
    reply : Reply
        With the tokens of the prompt.
    option : str

    Returns
    -------
    float or None
        Mean of the logarithms of the probabilities of its tokens, in nats; None if they are not at the end. A token
        that holds the end of what stands before belongs to them.

    Examples
    --------
    >>> reply = Reply("", True, {}, 0, ((" noise", -9.0), (":", -1.0), (" bri", -2.0), ("ght", -4.0)))
    >>> of_option(reply, "bright")
    -3.0
    >>> of_option(reply, "dark") is None
    True
    """
    text, logs = "", list[float]()
    for token, log in reversed(reply.prompt):
        text = token + text
        logs.append(max(log, LEAST_LOG))
        if text.rstrip().endswith(option):
            return float(np.mean(logs))
        if len(text.strip()) > len(option):
            return None
    return None


def of_letters(reply: Reply, prompt: Prompt, place: str) -> tuple[Scores | None, Trouble | None]:
    """Return the logarithms of the letters' probabilities.

    Parameters
    ----------
    reply : Reply
    prompt : Prompt
    place : str
        Which answer it is, for messages.
    """
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
        scores[option] = max(by_letter.get(LETTERS[position], floor), LEAST_LOG)
    return scores, None


def of_json(reply: Reply, offered: Sequence[str], place: str) -> tuple[Scores | None, Trouble | None]:
    """Return 1 for the option that was chosen and 0 for all others.

    Parameters
    ----------
    reply : Reply
    offered : sequence of str
    place : str
        Which answer it is, for messages.
    """
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
