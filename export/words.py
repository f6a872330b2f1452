"""Words and times as several formats write them."""

import heapq
import re
from collections.abc import Iterable
from decimal import Decimal

from export.material import Annotation, Material
from ontology.terms import ACV

__all__ = [
    "MILLISECOND", "clock", "explained", "isolated", "note_instants", "one_line", "plain_number", "rows_of", "stem",
    "tagged", "widened", "xml_text",
]  # fmt: skip

MILLISECOND = Decimal("0.001")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSAFE = re.compile(r"[^\w.-]+")
_DIRECTED = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clock(seconds: Decimal) -> str:
    """Return a time as ``HH:MM:SS.mmm``, with more decimals only where they are needed.

    Examples
    --------
    >>> clock(Decimal("3725.5"))
    '01:02:05.500'
    """
    whole, rest = divmod(seconds, 60)
    digits = max(3, -int(exponent) if isinstance(exponent := rest.normalize().as_tuple().exponent, int) else 3)
    return f"{int(whole) // 60:02d}:{int(whole) % 60:02d}:{rest:0{digits + 3}.{digits}f}"


def plain_number(value: Decimal) -> str:
    """Return a number without exponent and without needless zeros.

    Examples
    --------
    >>> plain_number(Decimal("12.500")), plain_number(Decimal("1E+2"))
    ('12.5', '100')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def xml_text(text: str) -> str:
    """Return a text with U+FFFD for what XML 1.0 (2.2, Char) cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Return a text with its white space, line ends and controls included, made single blanks."""
    return " ".join(
        "".join(" " if ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" else letter for letter in text).split()
    )


def explained(annotation: Annotation, language: str) -> str:
    """Return a sentence that can stand alone: what is claimed, by whom, how surely, and what is made of it.

    Examples
    --------
    >>> from export.material import Agent
    >>> ada = Agent("https://e.org/a", "Ada")
    >>> explained(Annotation("https://e.org/1", Decimal(0), Decimal(1), ada, words="A bell."), "en")
    'A bell. (Ada)'
    """
    said = isolated(annotation.text(language))
    parts = [isolated(annotation.agent.title)]
    if annotation.aspect is not None:
        parts.insert(0, annotation.aspect.label(language))
    if annotation.confidence is not None:
        parts.append(f"confidence {plain_number(annotation.confidence)}")
    if annotation.assessments:
        parts.append(annotation.verdicts)
    return f"{said} ({'; '.join(parts)})"


def isolated(text: str) -> str:
    r"""Return a text that turns the direction of writing between marks that keep this to itself (UAX #9, 2.4).

    Examples
    --------
    >>> isolated("Bell"), isolated("\u202eBell")
    ('Bell', '\u2068\u202eBell\u2069')
    """
    return f"\u2068{text}\u2069" if _DIRECTED.search(text) else text


def stem(material: Material) -> str:
    """Return the name that a file of this recording gets, without its ending.

    Examples
    --------
    >>> from export.material import Work
    >>> stem(Material("https://e.org/recording/ab", Decimal(1), Work(None, "Étude n° 1/2")))
    'Étude-n-1-2'
    """
    words = _UNSAFE.sub("-", one_line(material.work.title)).strip("-.")[:80].rstrip("-.")
    return words or material.id


def tagged(annotation: Annotation, language: str) -> str:
    """Return one line of text that importing understands: a label and, in brackets, its concept; or the words.

    Examples
    --------
    >>> from export.material import Agent, Concept
    >>> note = Concept("https://w3id.org/acousma/vocab/note", {"en": "Note"})
    >>> tagged(Annotation("https://e.org/1", Decimal(0), Decimal(1), Agent("https://e.org/a", "Ada"), note), "en")
    'Note [note]'
    """
    concept = annotation.concept
    if concept is None:
        return one_line(annotation.words)
    return f"{one_line(concept.label(language))} [{concept.id if concept.iri.startswith(ACV) else concept.iri}]"


def rows_of(annotations: Iterable[Annotation], duration: Decimal) -> list[list[Annotation]]:
    """Share annotations out to rows in which none overlaps another, as few rows as can be; instants last 1 ms.

    Parameters
    ----------
    annotations : iterable of Annotation
    duration : Decimal
        Of the recording, in seconds.
    """
    rows: list[list[Annotation]] = []
    free: list[tuple[Decimal, int]] = []
    for one in sorted(annotations, key=lambda one: widened(one, duration)[0]):
        start, end = widened(one, duration)
        if free and free[0][0] <= start:
            _, row = heapq.heappop(free)
        else:
            row = len(rows)
            rows.append([])
        rows[row].append(one)
        heapq.heappush(free, (end, row))
    return rows


def widened(annotation: Annotation, duration: Decimal) -> tuple[Decimal, Decimal]:
    """Return the times of an annotation, an instant as a millisecond within the recording."""
    if not annotation.is_instant:
        return annotation.start, annotation.end
    start = min(annotation.start, max(Decimal(0), duration - MILLISECOND))
    return start, start + MILLISECOND


def note_instants(annotations: Iterable[Annotation], notes: list[str]) -> None:
    """Note how many instants are written as a stretch of a millisecond."""
    count = sum(one.is_instant for one in annotations)
    if count:
        notes.append(f"{count} instants are written as stretches of 1 ms: the format has no points in time")
