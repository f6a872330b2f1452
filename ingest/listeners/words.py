"""What a model said freely, looked at before it is used: empty, stuck, or in another language than was asked for.

Conventions
-----------
Words are kept as they were said, whatever is wrong with them; only an empty answer leaves nothing to keep. In an answer
that got stuck no concepts are looked for. The language is told by ``py3langid`` (97 languages), and only for texts of
`LEAST_WORDS` words from `LEAST_PROBABILITY` on: of less it is taken to be the language that was asked for.
"""

import re
from dataclasses import dataclass, field
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from ingest.imports.repetition import repeated_end
from ingest.linking import Linker
from ingest.listeners.base import Trouble, TroubleKind
from ontology.values import Claim, Description, Span

__all__ = ["LEAST_PROBABILITY", "LEAST_WORDS", "Words", "examine", "said_freely", "where"]

LEAST_WORDS = 4
"""A choice: single words and names are alike in many languages."""

LEAST_PROBABILITY = 0.95
"""A choice, not a calibration."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in free words.

    Parameters
    ----------
    text : str
        As it was said, without blanks around it; empty if nothing was said.
    language : str or None
        Language tag.
    usable : bool
        Whether concepts may be looked for in it.
    troubles : tuple of Trouble
    """

    text: str
    language: str | None
    usable: bool
    troubles: tuple[Trouble, ...] = field(default_factory=tuple)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def where(span: Span) -> str:
    """Return a span as words of a message.

    Examples
    --------
    >>> from ontology.values import seconds
    >>> where(Span("00ff", seconds(0), seconds(2.5)))
    'at 0 to 2.5 s'
    """
    return f"at {float(span.start):g} to {float(span.end):g} s"


def examine(text: str, asked: str, place: str) -> Words:
    """Look at an answer.

    Parameters
    ----------
    text : str
    asked : str
        Tag of the language that was asked for.
    place : str
        Which answer it is, for messages.

    Examples
    --------
    >>> examine("Un son clair qui commence brusquement puis disparaît.", "en", "at 0 to 2 s").language
    'fr'
    >>> examine(" ", "en", "at 0 to 2 s").troubles[0].kind.value
    'empty answer'
    >>> examine("It rings " * 30, "en", "at 0 to 2 s").usable
    False
    """
    text = "".join("\ufffd" if 0xD800 <= ord(letter) < 0xE000 or letter == "\0" else letter for letter in text).strip()
    if not text:
        return Words("", None, False, (Trouble(TroubleKind.EMPTY, place),))
    troubles = []
    if stuck := repeated_end(text):
        phrase, times = stuck
        troubles.append(Trouble(TroubleKind.REPETITION, f"{phrase[:_SHOWN]!r} {times} times {place}"))
    language = _language(text) or asked
    if language.partition("-")[0] != asked.partition("-")[0]:
        troubles.append(Trouble(TroubleKind.LANGUAGE, f"{language!r} instead of {asked!r} {place}"))
    return Words(text, language, stuck is None, tuple(troubles))


def _language(text: str) -> str | None:
    if len(_LETTERS.findall(text)) < LEAST_WORDS and len(_UNSPACED.findall(text)) < LEAST_WORDS:
        return None
    language, probability = _identifier().classify(text)
    return str(language) if probability >= LEAST_PROBABILITY else None


def said_freely(span: Span, words: Words, name: str, linker: Linker) -> tuple[tuple[Description, ...], list[Claim]]:
    """Return the description that an answer is, and the claims that can be read from it.

    Parameters
    ----------
    span : Span
    words : Words
    name : str
        `Description.name`.
    linker : Linker
    """
    if not words.text:
        return (), []
    described = (Description(span, words.text, name, words.language),)
    return described, linker.claims(span, words.text, name) if words.usable else []
