"""Concepts in free words: which labels of the vocabulary stand in a text, and whether they are denied there.

Conventions
-----------
Labels in English, French and German are looked for as whole words in any case of letters, the longest first; a word
that belongs to a longer label does not count again. A preferred label goes before an alternative one; a label that then
still belongs to several concepts links to none. Concepts that only name a question, and those of the data model (kinds
of confidence, verdicts ...), are not looked for. A label is denied by a word such as *no*, *without*, *sans* or *kein*
before it in the same clause, at most `REACH` words away, or by *is absent* and *-free* after it. A concept that is both
said and denied in a text is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ontology.terms import ConfidenceKind
from ontology.values import Claim, Span
from ontology.vocabulary import Concept, Vocabulary

__all__ = ["LINKED", "REACH", "Link", "Linker"]

LINKED = 0.3
"""Confidence of every claim read from a text: low, because nothing says how sure the speaker was."""

REACH = 4
"""Words back to which a denial is looked for."""

SHORTEST = 3
"""Letters of the shortest label that is looked for: Schaeffer's *A*, *E*, *K*, *N* are words of their own in a text."""

_DATA_MODEL = frozenset({"spanKind", "verdict", "reachReason", "confidenceKind"})
_DENIALS = frozenset(
    (
        "no", "not", "without", "never", "neither", "nor", "none", "lack", "lacks", "lacking", "isn't", "aren't",
        "doesn't", "don't", "cannot", "can't", "hardly",
        "pas", "sans", "aucun", "aucune", "jamais", "ni",
        "nicht", "kein", "keine", "keinen", "keiner", "keinem", "keines", "ohne", "nie", "weder",
    )
)  # fmt: skip
_NO_DENIALS = re.compile(r"\b(?:not|nicht|pas|non) (?:only|just|merely|nur|seulement)\b")
_CLAUSE = re.compile(r"[.,;:!?()\n–—]|\b(?:and|but|then|while|mais|puis|et|aber|sondern|dann|und)\b")
_DENIED_AFTER = re.compile(
    r"[-\s]?free\b|\s+(?:is|are|was|were|est|ist)\s+(?:not|absent|missing|lacking)\b", re.IGNORECASE
)
_WORD = re.compile(r"[\w'’]+")


@dataclass(frozen=True, slots=True)
class Link:
    """A concept that a text speaks of.

    Parameters
    ----------
    concept : str
        Id.
    start, end : int
        Characters in the text.
    denied : bool
    """

    concept: str
    start: int
    end: int
    denied: bool


class Linker:
    """Finds concepts in texts.

    Parameters
    ----------
    vocabulary : Vocabulary

    Examples
    --------
    >>> from ontology.vocabulary import load_vocabulary
    >>> linker = Linker(load_vocabulary())
    >>> [(link.concept, link.denied) for link in linker.links("A bright sound without granular noise.")]
    [('bright', False), ('granularNoise', True)]
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._concepts = _labels(vocabulary)
        longest_first = sorted(self._concepts, key=lambda label: (-len(label), label))
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def links(self, text: str) -> Iterator[Link]:
        """Yield what a text speaks of, in its order."""
        for match in self._pattern.finditer(text):
            concept = self._concepts[match[0].casefold()]
            if concept is not None:
                denied = _denied_before(text[: match.start()]) or bool(_DENIED_AFTER.match(text, match.end()))
                yield Link(concept, match.start(), match.end(), denied)

    def claims(self, span: Span, text: str, description: str) -> list[Claim]:
        """Return a claim for each concept that a description says and does not deny.

        Parameters
        ----------
        span : Span
        text : str
        description : str
            `Description.name`.
        """
        said: dict[str, bool] = {}
        for link in self.links(text):
            said[link.concept] = said.get(link.concept, False) or link.denied
        return [
            Claim(
                span, concept, self._vocabulary.aspect(concept), LINKED, ConfidenceKind.LINKED_TEXT,
                derived_from=description,
            )
            for concept, denied in said.items() if not denied
        ]  # fmt: skip


def _denied_before(text: str) -> bool:
    clause = _CLAUSE.split(_NO_DENIALS.sub(" ", text.casefold().replace("’", "'")))[-1]
    return not _DENIALS.isdisjoint(_WORD.findall(clause)[-REACH:])


def _labels(vocabulary: Vocabulary) -> dict[str, str | None]:
    """Return the concept of each label, in lower case; None where there are several."""
    preferred: dict[str, set[str]] = {}
    alternative: dict[str, set[str]] = {}
    for concept in vocabulary.concepts.values():
        if not _is_answer(concept, vocabulary):
            continue
        for label in concept.label.values():
            preferred.setdefault(label.casefold(), set()).add(concept.id)
        for label, _ in concept.alternatives:
            alternative.setdefault(label.casefold(), set()).add(concept.id)
    found = {**alternative, **preferred}
    return {
        label: next(iter(ids)) if len(ids) == 1 else None
        for label, ids in found.items() if len(label) >= SHORTEST
    }  # fmt: skip


def _is_answer(concept: Concept, vocabulary: Vocabulary) -> bool:
    aspect = vocabulary.aspect(concept.id)
    return aspect != concept.id and aspect not in _DATA_MODEL
