"""Tags of Whisper-AT, as its function ``parse_at_label`` returns them and Python prints them.

Conventions
-----------
A list of windows ``{'time': {'start': 0, 'end': 10}, 'audio tags': [('Music', 1.8), …]}``, as Python's notation or as
JSON, windows in a list or one a line; or an object of such lists by sound file. A line that is the name of a sound file
names it for what follows; without one the name of the imported file stands for it. Times are seconds, at a
resolution that is a multiple of 0.4 s; the last window is filled up with silence. The number is the unnormalised logit
of an AudioSet label, each for itself, so its logistic function is stored. Labels below the function's threshold
(-1) and beyond its five best are absent: that is not a "no".

Source
------
https://github.com/YuanGongND/whisper-at, README (step 3) and ``package/whisper-at/whisper_at/at_post_processing.py``.
"""

import math
from collections.abc import Iterator
from pathlib import Path

from ingest.decode import EXTENSIONS
from ingest.imports.blocks import Block, Stray, blocks, first_value, load, number
from ingest.imports.records import Cause, Label, Left, Reading, Record, Speaker
from ontology.terms import ConfidenceKind

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "whisper-at"
_SPEAKER = Speaker("Whisper-AT", envelope="whisper-at")
_PARAMETERS = (("function applied to the scores", "logistic function"),)


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    return knows(first_value(load(path)))


def knows(value: object) -> bool:
    """Tell whether a parsed value is a window, or windows by sound file."""
    if not isinstance(value, dict):
        return False
    return "audio tags" in value or (bool(value) and all(_windows(part) for part in value.values()))


def _windows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, dict) and "audio tags" in x for x in value)


def read(path: Path) -> Reading:
    """Read a file of tags."""
    reading = Reading(path, NAME)
    file: str | None = None
    for item in blocks(load(path)):
        if isinstance(item, Stray):
            name = item.text.rstrip(":").strip(" \"'")
            if not item.broken and name.rpartition(".")[2].lower() in EXTENSIONS:
                file = name
                continue
            cause, reason = (
                (Cause.MALFORMED, "an object that does not end or is not well-formed")
                if item.broken
                else (Cause.OTHER_FORMAT, "no window of tags, and no name of a sound file")
            )
            reading.left.append(Left(item.line, cause, reason, item.text))
            continue
        _take(reading, item, file)
    return reading


def _take(reading: Reading, block: Block, file: str | None) -> None:
    found: Iterator[Record | Left]
    if not knows(block.value):
        found = iter([Left(block.line, Cause.OTHER_FORMAT, "no window of tags", entry=block.place, value=block.value)])
    elif "audio tags" in block.value:
        found = _window(block.value, block.line, file, block.place)
    else:
        found = (
            record
            for name, windows in block.value.items()
            if isinstance(windows, list)
            for count, window in enumerate(windows, 1)
            for record in _window(window, block.line, str(name), f"{name}, window {count}")
        )
    for item in found:
        if isinstance(item, Left):
            reading.left.append(item)
        else:
            reading.records.append(item)


def _window(window: dict[object, object], line: int, file: str | None, entry: str) -> Iterator[Record | Left]:
    time, tags = window.get("time"), window["audio tags"]
    start, end = (number(time.get(key)) for key in ("start", "end")) if isinstance(time, dict) else (None, None)
    if start is None or end is None or not 0 <= start < end:
        reason = f"the time of the window is {time!r}; expected 0 <= start < end"
        yield Left(line, Cause.MALFORMED, reason, file=file, entry=entry, count=_length(tags))
        return
    if not isinstance(tags, list | tuple):
        yield Left(line, Cause.MALFORMED, "the tags of the window are no list", str(tags), file=file, entry=entry)
        return
    if not tags:
        reason = "no tag of the window was above Whisper-AT's threshold; that is not a claim that nothing sounds"
        yield Left(line, Cause.NOTHING_SAID, reason, file=file, entry=entry)
    for count, tag in enumerate(tags, 1):
        place = ", ".join(filter(None, (entry, f"tag {count}")))
        label, logit = tag if isinstance(tag, list | tuple) and len(tag) == 2 else (None, None)
        score = number(logit)
        if not isinstance(label, str) or not label.strip() or score is None or isinstance(logit, str):
            yield Left(line, Cause.MALFORMED, "a tag that is not a label and a number", str(tag), 1, file, place)
            continue
        said = Label(label.strip(), _logistic(score), ConfidenceKind.CLASSIFIER_SCORE, "audioset")
        # the sums of floats that the times come from are off by less than a millisecond
        yield Record(line, file, said, round(start, 3), round(end, 3), True, _SPEAKER, _PARAMETERS, place)


def _length(tags: object) -> int:
    return max(1, len(tags)) if isinstance(tags, list | tuple) else 1


def _logistic(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)) without overflow."""
    return 0.5 * (1 + math.tanh(logit / 2))
