"""Words and times as several formats write them."""

import re
from decimal import Decimal

from export.material import Annotation, Layer, Material

__all__ = ["clock", "explained", "layer_name", "one_line", "plain_number", "stem", "xml_text"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSAFE = re.compile(r"[^\w.-]+")


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
    said = annotation.text(language)
    parts = [annotation.agent.title]
    if annotation.aspect is not None:
        parts.insert(0, annotation.aspect.label(language))
    if annotation.confidence is not None:
        parts.append(f"confidence {plain_number(annotation.confidence)}")
    if annotation.assessments:
        parts.append(annotation.verdicts)
    return f"{said} ({'; '.join(parts)})"


def layer_name(layer: Layer) -> str:
    """Return the name of a layer: its agent's."""
    return layer.agent.title


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
