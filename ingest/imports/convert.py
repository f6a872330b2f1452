"""From records to what `ingest.pipeline` takes in, with a row of account for each.

Conventions
-----------
A text becomes a description, word for word. A label becomes a claim per concept that it stands for
(`ingest.imports.labels`). Everything that a file says of a recording through one agent with one question is one run,
whose parameters hold the sum of the imported file: the same file again is the same run, a changed one is another.
Every record has one of four outcomes, and their counts add up to what was read. The texts stand in
``HeardTable.said`` before they are written: whoever finds concepts in them adds to ``HeardTable.claims``.
"""

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from ingest.decode import file_sha256
from ingest.heard import Heard, HeardTable, Said
from ingest.imports.labels import Meaning, Unmapped, meanings
from ingest.imports.recordings import Recordings
from ingest.imports.records import Cause, Label, LabelScheme, Reading, Record, Speaker, Text
from ingest.imports.repetition import repeated_end
from ingest.pipeline import Done
from ontology.envelopes import load_envelopes
from ontology.errors import ImportFileError
from ontology.terms import ConfidenceKind
from ontology.values import Agent
from ontology.vocabulary import Vocabulary

__all__ = ["Account", "Entry", "Options", "Outcome", "convert", "settle", "write_report"]


_SURER = "another label of the same time claims the same, at least as surely"


class Outcome(StrEnum):
    """What became of a record."""

    DESCRIBED = "described"
    CLAIMED = "claimed"
    REPEATED = "repeated"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Options:
    """How records are understood.

    Parameters
    ----------
    model : Speaker
        What is said of the agent beside the file; goes before the file.
    least : float
        Labels with a lower score are left.
    labels : {"audioset", "acousma", "any"}
        What labels are whose file does not say.
    """

    model: Speaker = field(default_factory=Speaker)
    least: float = 0.3
    labels: LabelScheme = "any"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record in the account.

    Parameters
    ----------
    imported : Path
    format : str
    line : int
    entry : str
        Which part of the line.
    file : str
        The sound file as it was named.
    recording : Path or None
        The sound file that was found.
    start, end : float or None
        Seconds.
    said : str
    score : float or None
    outcome : Outcome
    cause : Cause or None
        Of what was left.
    reason : str
    meanings : tuple of Meaning
    count : int
        How many records it stands for.
    """

    imported: Path
    format: str
    line: int
    entry: str
    file: str
    recording: Path | None
    start: float | None
    end: float | None
    said: str
    score: float | None
    outcome: Outcome
    cause: Cause | None = None
    reason: str = ""
    meanings: tuple[Meaning, ...] = ()
    count: int = 1

    @property
    def where(self) -> str:
        """File, line and part, for messages."""
        return f"{self.imported}, line {self.line}" + (f", {self.entry}" if self.entry else "")


@dataclass(slots=True)
class Account:
    """Everything that was read and what became of it.

    Parameters
    ----------
    entries : list of Entry
    heard : HeardTable
    notes : list of str
    problems : list of ImportFileError
        Files of which nothing could be read.
    """

    entries: list[Entry] = field(default_factory=list)
    heard: HeardTable = field(default_factory=HeardTable)
    notes: list[str] = field(default_factory=list)
    problems: list[ImportFileError] = field(default_factory=list)

    def count(self, outcome: Outcome | None = None, imported: Path | None = None) -> int:
        """Return how many records there are, of an outcome, of a file."""
        return sum(
            entry.count for entry in self.entries
            if outcome in (None, entry.outcome) and imported in (None, entry.imported)
        )  # fmt: skip

    @property
    def faults(self) -> list[Entry]:
        """What was left and should be looked at."""
        return [entry for entry in self.entries if entry.cause is not None and entry.cause.is_fault]


class _Refused(Exception):
    """Why a record is left."""

    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


def convert(
    readings: Iterable[Reading], recordings: Recordings, options: Options, vocabulary: Vocabulary
) -> Account:  # fmt: skip
    """Return what was read as claims and descriptions of recordings, and an account of it.

    Parameters
    ----------
    readings : iterable of Reading
    recordings : Recordings
    options : Options
    vocabulary : Vocabulary
    """
    account, work = Account(), _Conversion(recordings, options, vocabulary)
    for reading in readings:
        common = (
            ("imported from", reading.path.name),
            ("format of the imported file", reading.format),
            ("SHA-256 sum of the imported file", file_sha256(reading.path)),
            ("least score", f"{options.least:g}"),
        )
        found = [work.entry(record, reading, common) for record in reading.records]
        found += [
            Entry(
                reading.path, reading.format, left.line, left.entry, left.file or "", None, None, None, left.said, None,
                Outcome.LEFT, left.cause, left.reason, count=left.count,
            )
            for left in reading.left
        ]  # fmt: skip
        account.entries += sorted(found, key=lambda entry: entry.line)
        account.notes += [f"{reading.path}: {note}." for note in reading.notes]
    kept = {heard.where for claims in work.claims.values() for heard in claims.values()}
    for number, entry in enumerate(account.entries):
        if entry.outcome is Outcome.CLAIMED and entry.where not in kept:
            account.entries[number] = replace(entry, outcome=Outcome.REPEATED, reason=_SURER)
    account.heard = HeardTable(
        {path: tuple(heard.values()) for path, heard in work.claims.items()},
        said={path: tuple(said) for path, said in work.said.items()},
    )
    return account


_ClaimKey = tuple[Agent, tuple[tuple[str, str], ...], float, float, str]


class _Conversion:
    """What was made of the records so far."""

    def __init__(self, recordings: Recordings, options: Options, vocabulary: Vocabulary) -> None:
        self._recordings, self._options, self._vocabulary = recordings, options, vocabulary
        self.claims: dict[Path, dict[_ClaimKey, Heard]] = {}
        self.said: dict[Path, dict[Said, None]] = {}
        self._texts: set[tuple[Path, Agent, tuple[tuple[str, str], ...], float, float, str]] = set()

    def entry(self, record: Record, reading: Reading, common: tuple[tuple[str, str], ...]) -> Entry:
        """Take in one record and say what became of it."""
        said = record.said
        text, score = (said.words, None) if isinstance(said, Text) else (said.name, said.score)
        entry = Entry(
            reading.path, reading.format, record.line, record.entry, record.file or "", None, record.start,
            record.end, text, score, Outcome.LEFT,
        )  # fmt: skip
        try:
            _check(record)
            path = self._recording(record, reading.path)
            entry = replace(entry, recording=path)
            agent = self._agent(record.speaker)
            self._check_times(record)
            parameters = (*common, *record.parameters)
            if isinstance(said, Text):
                return self._text(said, record, entry, (path, agent, parameters))
            return self._label(said, record, entry, (path, agent, parameters))
        except _Refused as refused:
            return replace(entry, cause=refused.cause, reason=str(refused))

    def _recording(self, record: Record, imported: Path) -> Path:
        try:
            return self._recordings.find(record.file, imported)
        except ImportFileError as error:
            raise _Refused(Cause.UNKNOWN_FILE, str(error)) from error

    def _agent(self, speaker: Speaker) -> Agent:
        given = self._options.model
        name, version = given.name or speaker.name, given.version or speaker.version
        kind = given.kind if given.name else speaker.kind
        if not name:
            raise _Refused(Cause.NO_MODEL, "nobody is named who said it; name the model: --model NAME@VERSION")
        if kind == "person":
            return Agent(name, kind="person")
        if not version:
            reason = f"no version of {name} is named, and a claim of a program cannot be weighed without"
            raise _Refused(Cause.NO_MODEL, f"{reason}: --model '{name}@VERSION'")
        return Agent(name, version, "software", _envelope(given.envelope or speaker.envelope))

    @staticmethod
    def _check_times(record: Record) -> None:
        start = record.start or 0.0
        if start < 0 or (record.end is not None and record.end <= start):
            raise _Refused(Cause.TIME, f"a time from {record.start} to {record.end} s; expected 0 <= start < end")

    def _text(
        self, said: Text, record: Record, entry: Entry, to: tuple[Path, Agent, tuple[tuple[str, str], ...]]
    ) -> Entry:
        path, agent, parameters = to
        start, end, padded = _times(record)
        key = (path, agent, parameters, start, end, said.words)
        if key in self._texts:
            return replace(entry, outcome=Outcome.REPEATED, reason="the same words stand above")
        self._texts.add(key)
        heard = Said(agent, start, end, said.words, entry.where, padded, parameters, said.pitch_classes)
        self.said.setdefault(path, {})[heard] = None
        return replace(entry, outcome=Outcome.DESCRIBED)

    def _label(
        self, said: Label, record: Record, entry: Entry, to: tuple[Path, Agent, tuple[tuple[str, str], ...]]
    ) -> Entry:
        path, agent, parameters = to
        score = 1.0 if said.score is None else said.score
        if not 0 <= score <= 1:
            raise _Refused(Cause.SCORE, f"a score of {score:g}; expected a number from 0 to 1")
        scheme = self._options.labels if said.scheme == "any" else said.scheme
        found = meanings(said.name, scheme, self._vocabulary)
        if isinstance(found, Unmapped):
            raise _Refused(found.cause, found.reason)
        if score < self._options.least:
            raise _Refused(Cause.BELOW_LEAST, f"a score of {score:.3g}; taken are those from {self._options.least:g}")
        start, end, padded = _times(record)
        kind = ConfidenceKind.VERBALISED if said.score is None else said.kind
        claims, new = self.claims.setdefault(path, {}), False
        for meaning in found:
            key = (agent, parameters, start, end, meaning.concept)
            heard = Heard(agent, start, end, meaning.concept, score, kind, entry.where, padded, parameters)
            # two labels may stand for one concept: whoever hears either hears it, so the surer one counts
            if key not in claims or claims[key].confidence < score:
                claims[key], new = heard, True
        if not new:
            return replace(entry, outcome=Outcome.REPEATED, reason=_SURER, meanings=found)
        return replace(entry, outcome=Outcome.CLAIMED, meanings=found)


def _times(record: Record) -> tuple[float, float, bool]:
    end = math.inf if record.end is None else record.end
    return record.start or 0.0, end, record.padded


def _envelope(name: str | None) -> str | None:
    if name is None:
        return None
    found = load_envelopes().find(name)
    if found is None:
        raise _Refused(Cause.NO_MODEL, f"{name!r} is no envelope; look it up with: acousma models")
    return found


def _check(record: Record) -> None:
    """Refuse what is empty, what cannot be stored, and answers of a model that got stuck."""
    said, speaker = record.said, record.speaker
    words = said.words if isinstance(said, Text) else said.name
    parameters = [part for pair in record.parameters for part in pair]
    for text in (words, record.file or "", speaker.name or "", speaker.version or "", *parameters):
        if any(0xD800 <= ord(letter) < 0xE000 or letter == "\0" for letter in text):
            raise _Refused(Cause.MALFORMED, "halves of characters, or the character 0")
    if not words.strip():
        raise _Refused(Cause.EMPTY, "an answer without words")
    if isinstance(said, Text) and (stuck := repeated_end(words)):
        phrase, times = stuck
        raise _Refused(Cause.REPETITION, f"the answer ends with {phrase[:80]!r} {times} times in a row")


def settle(account: Account, done: Sequence[Done]) -> None:
    """Write into an account what turned out when the recordings were listened to.

    Parameters
    ----------
    account : Account
    done : sequence of Done
        What became of the sound files.
    """
    broken: dict[Path, str] = {}
    misfits: list[str] = []
    outside: dict[tuple[Path | None, float | None, float | None], str] = {}
    for one in done:
        if one.problem is not None:
            broken[one.path.resolve()] = str(one.problem)
        if one.left_for is not None:
            broken[one.path.resolve()] = f"the same sound as {one.left_for}: let the records name that file"
        misfits += [str(fault) for fault in one.faults]
    places = {entry.where: entry for entry in account.entries if entry.outcome is not Outcome.LEFT}
    for text in misfits:
        colons = (match.start() for match in re.finditer(": ", text))
        where = next((text[:at] for at in colons if text[:at] in places), None)
        if where is not None:
            entry = places[where]
            outside[entry.recording, entry.start, entry.end] = text.removeprefix(f"{where}: ")
    for number, entry in enumerate(account.entries):
        time = (entry.recording, entry.start, entry.end)
        if entry.outcome is Outcome.LEFT:
            continue
        if entry.recording in broken:
            cause, reason = Cause.UNUSABLE_SOUND, broken[entry.recording]
        elif time in outside:
            cause, reason = Cause.TIME, outside[time]
        else:
            continue
        account.entries[number] = replace(entry, outcome=Outcome.LEFT, cause=cause, reason=reason)


_COLUMNS = (
    "imported_file", "format", "line", "part", "file", "recording", "start", "end", "said", "score", "outcome",
    "concepts", "mappings", "cause", "reason", "count",
)  # fmt: skip


def write_report(account: Account, target: TextIO) -> None:
    """Write an account as CSV, a row per record.

    Parameters
    ----------
    account : Account
    target : TextIO
    """
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in account.entries:
        writer.writerow(
            (
                entry.imported, entry.format, entry.line, entry.entry, entry.file, entry.recording or "",
                "" if entry.start is None else f"{entry.start:g}", "" if entry.end is None else f"{entry.end:g}",
                entry.said.encode("utf-8", "replace").decode(), "" if entry.score is None else f"{entry.score:.6g}",
                entry.outcome, "; ".join(m.concept for m in entry.meanings),
                "; ".join(m.mapping for m in entry.meanings), entry.cause or "",
                entry.reason.encode("utf-8", "replace").decode(), entry.count,
            )
        )  # fmt: skip
