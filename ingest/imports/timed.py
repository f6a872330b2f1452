"""Annotations of other programs that hold times and a text: Audacity labels, WebVTT, ELAN, Sonic Visualiser regions.

Conventions
-----------
The name of the file stands for the sound, as in JAMS. A text that ends in an id of the vocabulary in brackets, as
``acousma export`` writes it, or that is a label, becomes a claim; any other is a description, word for word. Who says
it, these formats do not tell for certain: name the person (``--person``) or the program (``--model``); ELAN's annotator
or participant counts where neither is given. An instant claims nothing of a stretch of sound and is left.

Source
------
Audacity Manual, Importing and Exporting Labels; WebVTT (W3C); ELAN Annotation Format 2.8; Sonic Visualiser Reference
Manual, Importing and exporting annotation layers.
"""

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import webvtt
from pympi.Elan import Eaf
from webvtt.errors import MalformedCaptionError, MalformedFileError

from ingest.imports.blocks import load, number
from ingest.imports.labels import Unmapped, meanings
from ingest.imports.records import Cause, Label, Left, Reading, Record, Speaker, Text
from ontology.errors import ImportFileError
from ontology.terms import ConfidenceKind
from ontology.vocabulary import load_vocabulary

__all__ = ["AUDACITY", "ELAN", "SONIC_VISUALISER", "WEBVTT", "TimedReader", "taken"]

_ID = re.compile(r"\[(\w+)\]\s*$")
_LABEL = re.compile(r"-?\d+([.,]\d+)?\t-?\d+([.,]\d+)?(\t|$)")
_CUE_TAG = re.compile(r"<[^>]*>")
_HEADER = ["time", "value", "duration", "label"]

Item: TypeAlias = Record | Left


def _said(text: str, place: tuple[int, str], times: tuple[float | None, float | None], speaker: Speaker) -> Item:
    """Return what one text gives."""
    line, entry = place
    start, end = times
    if start is None or end is None or start < 0 or end <= start:
        reason = f"a time from {start} to {end} s; expected 0 <= start < end (an instant is no stretch of sound)"
        return Left(line, Cause.TIME, reason, text, entry=entry)
    if not text.strip():
        return Left(line, Cause.EMPTY, "neither a text nor a label", entry=entry)
    return Record(line, None, taken(text), start, end, speaker=speaker, entry=entry)


def taken(text: str) -> Text | Label:
    """Return what a text is taken for: a label if it is one or ends in the id of a concept, else words.

    Examples
    --------
    >>> taken("A dull thud [attackDecay]")
    Label(name='attackDecay', score=None, kind=<ConfidenceKind.VERBALISED: 'verbalisedConfidence'>, scheme='acousma')
    """
    vocabulary, tag = load_vocabulary(), _ID.search(text)
    if tag and tag[1] in vocabulary.concepts:
        return Label(tag[1], None, ConfidenceKind.VERBALISED, "acousma")
    found = meanings(text.strip(), "any", vocabulary)
    if isinstance(found, Unmapped) and found.cause is Cause.UNKNOWN_LABEL:
        return Text(text)
    return Label(text.strip(), None, ConfidenceKind.VERBALISED)


def _audacity(path: Path) -> Iterator[Item]:
    for line, text in enumerate(load(path).split("\n"), 1):
        cells = text.rstrip("\r").split("\t", 2)
        if not text.strip():
            continue
        if cells[0] == "\\":
            yield Left(line, Cause.NO_COUNTERPART, "a band of frequencies: claims are about stretches of time", text)
        elif len(cells) < 2:
            yield Left(line, Cause.MALFORMED, "no two times with a tab between them", text)
        else:
            start, end = (number(cell.replace(",", ".")) for cell in cells[:2])
            yield _said(cells[2] if len(cells) > 2 else "", (line, ""), (start, end), Speaker())


def _webvtt(path: Path) -> Iterator[Item]:
    try:
        cues = webvtt.from_string(load(path)).captions
    except (MalformedFileError, MalformedCaptionError) as error:
        raise ImportFileError(f"{path} is no WebVTT ({error})", "a file that begins with WEBVTT") from error
    for count, cue in enumerate(cues, 1):
        text = html.unescape(_CUE_TAG.sub("", "\n".join(cue.lines)))
        times = (round(_seconds(cue.start), 3), round(_seconds(cue.end), 3))
        yield _said(text, (count, f"cue {count}"), times, Speaker())


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return total


def _elan(path: Path) -> Iterator[Item]:
    load(path)
    try:
        document = Eaf(str(path))
        tiers = {name: document.tiers[name] for name in document.get_tier_names()}
    except (OSError, SyntaxError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise ImportFileError(f"{path} is no ELAN document ({error})", "an .eaf file of ELAN") from error
    for name, (aligned, dependent, attributes, *_) in tiers.items():
        who = attributes.get("ANNOTATOR") or attributes.get("PARTICIPANT")
        speaker = Speaker(who, kind="person") if who else Speaker()
        if dependent:
            reason = "a dependent tier: it speaks of annotations, not of the sound"
            yield Left(1, Cause.NO_COUNTERPART, reason, name, len(dependent), entry=f"tier {name}")
        for count, (begin, end, value, _) in enumerate(aligned.values(), 1):
            slots = (document.timeslots.get(begin), document.timeslots.get(end))
            start, stop = (slot / 1000 if slot is not None else None for slot in slots)
            yield _said(value or "", (count, f"tier {name}, annotation {count}"), (start, stop), speaker)


def _sonic_visualiser(path: Path) -> Iterator[Item]:
    rows = csv.reader(io.StringIO(load(path), newline=""))
    for count, row in enumerate(rows, 1):
        if [cell.strip().lower() for cell in row] == _HEADER or not row:
            continue
        if len(row) < 4:
            yield Left(count, Cause.MALFORMED, "not time, value, duration and label", ",".join(row))
            continue
        start, duration = number(row[0]), number(row[2])
        end = None if start is None or duration is None else round(start + duration, 9)
        yield _said(row[3], (count, ""), (start, end), Speaker())


def _lines(path: Path) -> list[str]:
    return [line for line in load(path).splitlines() if line.strip()]


def _is_label(line: str) -> bool:
    return bool(_LABEL.match(line)) or line.startswith("\\\t")


def _is_regions(path: Path) -> bool:
    return [cell.strip().strip('"').lower() for cell in _lines(path)[0].split(",")] == _HEADER


@dataclass(frozen=True, slots=True)
class TimedReader:
    """A reader of one of these formats.

    Parameters
    ----------
    NAME : str
        What users call the format.
    looks : callable
        Tells whether a file looks like this format.
    items : callable
        Yields what stands in a file.
    """

    NAME: str
    looks: Callable[[Path], bool]
    items: Callable[[Path], Iterator[Item]]

    def sniff(self, path: Path) -> bool:
        """Tell whether a file looks like this format."""
        return self.looks(path)

    def knows(self, value: object) -> bool:
        """Tell whether a parsed value is a row of this format: never, none of them has objects."""
        return False

    def read(self, path: Path) -> Reading:
        """Read a file."""
        reading = Reading(path, self.NAME)
        for item in self.items(path):
            if isinstance(item, Left):
                reading.left.append(item)
            else:
                reading.records.append(item)
        return reading


AUDACITY = TimedReader("audacity", lambda path: all(map(_is_label, _lines(path))), _audacity)
WEBVTT = TimedReader("webvtt", lambda path: load(path).startswith("WEBVTT"), _webvtt)
ELAN = TimedReader("elan", lambda path: "<ANNOTATION_DOCUMENT" in load(path)[:2000], _elan)
SONIC_VISUALISER = TimedReader("sonic-visualiser", _is_regions, _sonic_visualiser)
