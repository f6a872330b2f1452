"""JSON lines: one object a line, with the keys of `ingest.imports.rows`; a JSON list of such objects too.

Conventions
-----------
``label``, ``concept`` and ``text`` may be lists. Other keys are named in the report and left alone.

Source
------
https://jsonlines.org for the format; the keys are Acousma's own.
"""

from pathlib import Path

from ingest.imports.blocks import Stray, blocks, first_value, load
from ingest.imports.records import Cause, Left, Reading
from ingest.imports.rows import COLUMNS, SAID, row_records

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "jsonl"


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    return knows(first_value(load(path)))


def knows(value: object) -> bool:
    """Tell whether a parsed value is a row."""
    return isinstance(value, dict) and "file" in value and bool({*SAID} & value.keys())


def read(path: Path) -> Reading:
    """Read JSON lines."""
    reading, others = Reading(path, NAME), set[str]()
    for item in blocks(load(path)):
        if isinstance(item, Stray):
            cause = Cause.MALFORMED if item.broken else Cause.OTHER_FORMAT
            reading.left.append(Left(item.line, cause, "no whole JSON object", item.text))
        elif not knows(item.value):
            reason = f"no row: expected the keys file and one of {', '.join(SAID)}"
            reading.left.append(Left(item.line, Cause.OTHER_FORMAT, reason, entry=item.place, value=item.value))
        else:
            cells = {str(key): value for key, value in item.value.items()}
            others |= cells.keys() - COLUMNS
            for found in row_records(cells, item.line, item.place):
                if isinstance(found, Left):
                    reading.left.append(found)
                else:
                    reading.records.append(found)
    reading.notes += [f"key {key!r} was not read" for key in sorted(others)]
    return reading
