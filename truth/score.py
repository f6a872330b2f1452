"""The score of a rendered sound: what happens when, and what it may be called.

A score is a table with the columns of `COLUMNS`; times are seconds from the start of the file, half-open intervals;
concepts are vocabulary ids separated by spaces. It is a table of claims as `ingest.heard` reads them.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontology.errors import ClaimsError

__all__ = ["COLUMNS", "COMPOSER", "GROUND", "Event", "isolated", "read", "sound_file", "write"]

COLUMNS = ("file", "start", "end", "layer", "name", "concepts", "agent", "agent_kind", "version", "basis")

COMPOSER = ("Acousma étude generator", "software", "1", "knownBySynthesis")
"""Who says so, and what makes it sure: the last four columns, so that a score is a table of claims too."""

GROUND = "ground"
"""The layer of a background so quiet that what sounds above it still counts as sounding alone."""


@dataclass(frozen=True)
class Event:
    """One sounding event.

    Parameters
    ----------
    name : str
        What the composer calls it.
    start, end : float
        Seconds from the start of the file, ``0 <= start < end``.
    layer : str
        ``object``, ``texture`` or ``ground``.
    concepts : tuple of str
        Vocabulary ids that are true of it; what is not listed is not denied.
    """

    name: str
    start: float
    end: float
    layer: str
    concepts: tuple[str, ...]


def isolated(event: Event, events: Sequence[Event]) -> bool:
    """Tell whether an event sounds alone, but for a ground.

    Parameters
    ----------
    event : Event
        The event asked about; an event of the ground layer is never isolated.
    events : sequence of Event
        All events of the same file.

    Returns
    -------
    bool

    Examples
    --------
    >>> strike, echo = Event("strike", 0, 2, "object", ()), Event("echo", 1, 3, "object", ())
    >>> isolated(strike, [strike]), isolated(strike, [strike, echo])
    (True, False)
    """
    others = [other for other in events if other != event and other.layer != GROUND]
    alone = all(other.end <= event.start or event.end <= other.start for other in others)
    return alone and event.layer != GROUND


def write(path: Path, file: str, events: Sequence[Event]) -> None:
    """Write a score table.

    Parameters
    ----------
    path : Path
        The table; replaced if it exists.
    file : str
        Name of the sound file, the same in each row.
    events : sequence of Event
        The rows, in order.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(COLUMNS)
        for event in events:
            times = f"{event.start:.3f}", f"{event.end:.3f}"
            table.writerow((file, *times, event.layer, event.name, " ".join(event.concepts), *COMPOSER))


def read(path: Path) -> tuple[Event, ...]:
    """Read a score table of one sound file.

    Parameters
    ----------
    path : Path
        A table with the columns of `COLUMNS`.

    Returns
    -------
    tuple of Event

    Raises
    ------
    ClaimsError
        If a column is missing or a row has no usable times.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        if tuple(table.fieldnames or ()) != COLUMNS:
            raise ClaimsError(f"{path.name} has the columns {table.fieldnames}", ",".join(COLUMNS))
        rows = list(table)
    return tuple(_event(path, number, row) for number, row in enumerate(rows, start=2))


def sound_file(path: Path) -> str:
    """Return the name of the sound file a score speaks of, as its first row has it.

    Raises
    ------
    ClaimsError
        If it has no rows.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            return row["file"]
    raise ClaimsError(f"{path.name} has no rows", "at least one event", "choose another score")


def _event(path: Path, line: int, row: dict[str, str]) -> Event:
    try:
        start, end = float(row["start"]), float(row["end"])
    except ValueError:
        start, end = 0.0, 0.0
    if not 0 <= start < end:
        found = f"{path.name} line {line} has the times {row['start']!r} to {row['end']!r}"
        raise ClaimsError(found, "seconds, with 0 <= start < end", "correct that row")
    return Event(row["name"], start, end, row["layer"], tuple(row["concepts"].split()))
