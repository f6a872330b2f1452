"""WebVTT: a cue per annotation, with the voice of who says it and the IRI of the annotation as its identifier.

Conventions
-----------
Cue text is the label with its concept in brackets, or the words, with ``&``, ``<`` and ``>`` escaped. Confidence and
verdict stand in a ``NOTE`` before the cue. An instant is a cue of 1 ms.

Source
------
WebVTT: The Web Video Text Tracks Format, W3C, 4 File structure; 6.1 the WebVTT voice span.
"""

from collections.abc import Iterator
from decimal import Decimal

import webvtt

from export.material import Annotation, Material
from export.options import Options
from export.words import MILLISECOND, clock, note_instants, one_line, plain_number, tagged, widened

__all__ = ["write"]


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the document."""
    said = material.annotations
    note_instants(said, notes)
    finer = sum(time % MILLISECOND != 0 for one in said for time in (one.start, one.end))
    if finer:
        notes.append(f"{finer} times are rounded to the millisecond, in which cues count")
    title = [part for part in (material.work.creator, material.work.title) if part]
    head = [": ".join(title), f"Recording: {material.recording}"]
    document = webvtt.WebVTT(header_comments=[_comment(" / ".join(head))], captions=[])
    document.captions.extend(_cue(one, options.language, material.duration) for one in said)
    yield document.content.encode()
    yield b"\n"


def _cue(one: Annotation, language: str, duration: Decimal) -> webvtt.Caption:
    start, end = (time.quantize(MILLISECOND) for time in widened(one, duration))
    voice = _escaped(one_line(one.agent.title))
    text = f"<v {voice}>{_escaped(tagged(one, language))}"
    cue = webvtt.Caption(clock(start), clock(max(end, start + MILLISECOND)), text, identifier=one.iri)
    sure = [f"confidence {plain_number(one.confidence)}"] if one.confidence is not None else []
    cue.comments.append(_comment("; ".join([*sure, one.verdicts])))
    return cue


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _comment(text: str) -> str:
    return one_line(text).replace("-->", "->")
