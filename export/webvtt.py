"""WebVTT: a cue per annotation, with the voice of who says it and the IRI of the annotation as its identifier.

Conventions
-----------
Cue text is the label with its concept in brackets, or the words, with ``&``, ``<`` and ``>`` escaped. Confidence and
verdict stand in a ``NOTE`` before the cue. An instant is a cue of 1 ms.

Source
------
WebVTT: The Web Video Text Tracks Format, W3C, 4 File structure; 6.1 the WebVTT voice span.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import webvtt

from export.material import Annotation, Material
from export.options import Options
from export.words import MILLISECOND, clock, note_instants, one_line, plain_number, tagged, widened

__all__ = ["DEEPEST", "caption_parts", "document", "write"]

DEEPEST = 60
"""Cues that lie over each other in one file of captions, at most, where captions are shared out to several files:
Clover 3.3.8 shows such cues within each other, and stops at some hundreds of levels."""


def caption_parts(material: Material) -> list[list[Annotation]]:
    """Share the annotations out to as few files of captions as are needed for no more than `DEEPEST` levels in each.

    Parameters
    ----------
    material : Material

    Returns
    -------
    list of list of Annotation
        Each in order of time; one list where annotations hardly overlap, none where there are none.
    """
    parts: list[tuple[list[Annotation], list[Decimal]]] = []
    for one in material.annotations:
        start, end = widened(one, material.duration)
        for _, open_ in parts:
            while open_ and open_[-1] <= start:
                open_.pop()
        part = next((part for part in parts if len(part[1]) < DEEPEST), None)
        if part is None:
            parts.append(part := ([], []))
        part[0].append(one)
        part[1].append(end)
    return [said for said, _ in parts]


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the document."""
    said = material.annotations
    note_instants(said, notes)
    finer = sum(time % MILLISECOND != 0 for one in said for time in (one.start, one.end))
    if finer:
        notes.append(f"{finer} times are rounded to the millisecond, in which cues count")
    yield document(material, said, options.language)


def document(material: Material, said: Sequence[Annotation], language: str) -> bytes:
    """Return some annotations of a recording as a WebVTT file."""
    title = [part for part in (material.work.creator, material.work.title) if part]
    head = [": ".join(title), f"Recording: {material.recording}"]
    made = webvtt.WebVTT(header_comments=[_comment(" / ".join(head))], captions=[])
    made.captions.extend(_cue(one, language, material.duration) for one in said)
    return f"{made.content}\n".encode()


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
