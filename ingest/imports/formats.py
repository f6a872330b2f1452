"""The formats that can be imported, and which of them a file is in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ingest.imports import iiif, jams, jsonl, ltu, pipelines, tables, whisper_at
from ingest.imports.records import Left, Reader, Reading
from ingest.imports.timed import AUDACITY, ELAN, SONIC_VISUALISER, WEBVTT
from ontology.errors import ImportFileError

__all__ = ["FORMATS", "read_file"]

_READERS: tuple[Reader, ...] = (
    iiif, jams, WEBVTT, ELAN, SONIC_VISUALISER, AUDACITY, tables, whisper_at, ltu, jsonl, pipelines,
)  # fmt: skip
FORMATS: dict[str, Reader] = {reader.NAME: reader for reader in _READERS}
"""The readers by name, in the order in which they are tried."""


def read_file(path: Path, format_: str = "auto") -> Reading:
    """Read one file.

    Parameters
    ----------
    path : Path
    format_ : str
        A key of `FORMATS`, or ``auto``.

    Returns
    -------
    Reading
        What is of another format is left, with the name of that format.

    Raises
    ------
    ImportFileError
        If the file cannot be read, or is in no format that is known.
    """
    if format_ != "auto" and format_ not in FORMATS:
        raise ImportFileError(f"{format_!r} was given as a format", "auto, " + ", ".join(FORMATS))
    reader = FORMATS[format_] if format_ != "auto" else next(_likely(path), None)
    if reader is None:
        raise ImportFileError(
            f"{path} is in no format that is known", "one of " + ", ".join(FORMATS), "see docs/importing.md"
        )
    reading = reader.read(path)
    reading.left = [_guessed(left, reader) for left in reading.left]
    return reading


def _likely(path: Path) -> Iterator[Reader]:
    return (reader for reader in _READERS if reader.sniff(path))


def _guessed(left: Left, reader: Reader) -> Left:
    """Name the format that something looks like which is not of the format that was read."""
    other = next((one.NAME for one in _READERS if one is not reader and one.knows(left.value)), None)
    shown = left.said or (str(left.value) if left.value is not None else "")
    if other is None:
        return replace(left, said=shown)
    reason = f"{left.reason}; it looks like {other}: import the file again with --format {other}"
    return replace(left, reason=reason, said=shown)
