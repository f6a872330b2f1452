"""Plain CSV: comma, semicolon or tab, UTF-8, with a header; the columns of `ingest.imports.rows`.

Conventions
-----------
Several labels in a cell are separated by semicolons; with semicolons between the cells, put such a cell in quotes.
Columns of other names are named in the report and left alone.

Source
------
RFC 4180 for the format; the columns are Acousma's own.
"""

import re
from pathlib import Path

from ingest.catalogue import SURPLUS, read_table
from ingest.imports.blocks import load
from ingest.imports.records import Cause, Left, Reading
from ingest.imports.rows import COLUMNS, SAID, row_records
from ontology.errors import ImportFileError

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "csv"


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    header = {cell.strip().strip('"') for cell in re.split("[,;\t]", load(path).partition("\n")[0])}
    return "file" in header and bool(header & {*SAID})


def knows(value: object) -> bool:
    """Tell whether a parsed value is a row: never, a table has no objects."""
    return False


def read(path: Path) -> Reading:
    """Read a table."""
    load(path)
    rows = read_table(path, ["file"], ImportFileError)
    reading = Reading(path, NAME)
    if not rows:
        raise ImportFileError(f"{path} has no rows", "a row per text or label", "check how it was written")
    columns = rows[0][1].keys() - {SURPLUS}
    if not columns & {*SAID}:
        raise ImportFileError(
            f"{path} has the columns {', '.join(sorted(columns))}", "one of " + ", ".join(SAID), "rename the column"
        )
    reading.notes += [f"column {name!r} was not read" for name in sorted(columns - COLUMNS)]
    for line, row in rows:
        if row[SURPLUS]:
            reason = f"{row[SURPLUS]!r} stands beyond the last column; put a text with the delimiter in it in quotes"
            reading.left.append(Left(line, Cause.MALFORMED, reason, row["file"]))
            continue
        cells: dict[str, object] = dict(row)
        for column in ("label", "concept"):
            cells[column] = [part for part in row.get(column, "").split(";") if part.strip()]
        for item in row_records(cells, line):
            if isinstance(item, Left):
                reading.left.append(item)
            else:
                reading.records.append(item)
    return reading
