"""One row of a plain table: who said what of which stretch of which file.

Conventions
-----------
Columns, in CSV and as keys of JSON lines: ``file``; ``start`` and ``end`` (seconds; empty: the whole recording); and
``text`` (words), ``label`` (labels of AudioSet or of the vocabulary) or ``concept`` (ids or labels of the vocabulary),
several separated by semicolons or as a JSON list. ``score`` (of a classifier) or ``confidence`` (as the speaker puts
it), from 0 to 1, with ``basis`` (a kind of confidence) where it is another; without any, a label is said without
reservation. ``model`` and ``version``, or ``agent`` and ``agent_kind`` (``person`` or ``software``; person if empty);
``envelope``; ``question``; ``scheme`` (``audioset`` or ``acousma``) of the labels. One row may hold several records.

Source
------
Acousma's own; the columns of ``ingest.heard`` mean the same here.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, cast, get_args

from ingest.imports.blocks import number
from ingest.imports.records import Cause, Label, LabelScheme, Left, Record, Speaker, Text
from ontology.terms import ConfidenceKind

__all__ = ["COLUMNS", "SAID", "row_records"]

SAID = ("text", "label", "concept")
"""The columns of which one at least must be there."""

COLUMNS = frozenset(
    {
        "file", "start", "end", *SAID, "score", "confidence", "basis", "model", "version", "agent", "agent_kind",
        "envelope", "question", "scheme",
    }
)  # fmt: skip


class _Fault(Exception):
    """Why a row cannot be read."""


def row_records(cells: Mapping[str, object], line: int, place: str = "") -> Iterator[Record | Left]:
    """Yield the records of a row.

    Parameters
    ----------
    cells : Mapping of str to object
    line : int
    place : str
        Which part of the line.
    """
    file = _words(cells, "file")
    shown = " / ".join(text for column in SAID if (text := str(cells.get(column) or "")))
    texts = _list(cells.get("text"))
    count = max(1, sum(len(_list(cells.get(column))) for column in SAID))
    named: list[tuple[str, LabelScheme]]
    try:
        named = [(name, scheme) for column, scheme in _schemes(cells) for name in _list(cells.get(column))]
        start, end = _time(cells, "start"), _time(cells, "end")
        if (start or 0) >= (end if end is not None else float("inf")):
            raise _Fault(f"a time from {start:g} to {end:g} s; expected start < end")
        score, kind = _score(cells)
        speaker = _speaker(cells)
        if not file:
            raise _Fault("no file is named")
    except _Fault as fault:
        yield Left(line, Cause.MALFORMED, str(fault), shown, count, file or None, place)
        return
    if not texts and not named:
        yield Left(line, Cause.EMPTY, "neither a text nor a label", file=file, entry=place)
        return
    question = _words(cells, "question")
    parameters = (("question", question),) if question else ()
    said: list[Text | Label] = [Text(text) for text in texts]
    said += [Label(name, score, kind, scheme) for name, scheme in named]
    for number_, item in enumerate(said, 1):
        entry = ", ".join(filter(None, (place, f"part {number_}" if count > 1 else "")))
        yield Record(line, file, item, start, end, False, speaker, parameters, entry)


def _schemes(cells: Mapping[str, object]) -> tuple[tuple[str, LabelScheme], ...]:
    given = _words(cells, "scheme")
    if given not in ("", *get_args(LabelScheme)):
        raise _Fault(f"{given!r} in scheme; expected one of {', '.join(get_args(LabelScheme))}")
    scheme, own = cast(tuple[LabelScheme, LabelScheme], (given or "any", "acousma"))
    return ("label", scheme), ("concept", own)


def _words(cells: Mapping[str, object], column: str) -> str:
    value = cells.get(column)
    return "" if value is None else str(value).strip()


def _list(value: object) -> list[str]:
    """Return the parts of a cell; a text is one, whatever it holds."""
    if isinstance(value, list):
        return [text for part in value if (text := str(part).strip())]
    return [value] if isinstance(value, str) and value else [] if value is None or value == "" else [str(value)]


def _time(cells: Mapping[str, object], column: str) -> float | None:
    if _words(cells, column) == "":
        return None
    value = number(cells[column])
    if value is None or value < 0:
        raise _Fault(f"{cells[column]!r} in {column}; expected seconds, 0 or more")
    return value


def _score(cells: Mapping[str, object]) -> tuple[float | None, ConfidenceKind]:
    given = [column for column in ("score", "confidence") if _words(cells, column)]
    kind = ConfidenceKind.CLASSIFIER_SCORE if given[:1] == ["score"] else ConfidenceKind.VERBALISED
    if basis := _words(cells, "basis"):
        if basis not in list(ConfidenceKind):
            raise _Fault(f"{basis!r} in basis; expected one of {', '.join(ConfidenceKind)}")
        kind = ConfidenceKind(basis)
    if not given:
        return None, kind
    value = number(cells[given[0]])
    if value is None:
        raise _Fault(f"{cells[given[0]]!r} in {given[0]}; expected a number")
    return value, kind


def _speaker(cells: Mapping[str, object]) -> Speaker:
    model, agent = _words(cells, "model"), _words(cells, "agent")
    kind = _words(cells, "agent_kind") or ("software" if model or not agent else "person")
    if kind not in ("person", "software"):
        raise _Fault(f"{kind!r} in agent_kind; expected person or software")
    version = _words(cells, "version") or None
    envelope = _words(cells, "envelope") or None
    return Speaker(model or agent or None, version, cast(Literal["software", "person"], kind), envelope)
