"""What others heard: tables of claims by people and programs, to be stored beside the measured ones.

Conventions
-----------
A table of claims is a CSV file (comma, semicolon or tab; UTF-8) with the columns ``file`` (path from the table's
folder), ``start``, ``end`` (seconds), ``concepts`` (ids or English labels, separated by semicolons; ids also by
spaces) and ``agent`` (who says so); and any of ``agent_kind`` (``person`` or ``software``; person if empty),
``version`` (of a program), ``confidence`` (0 to 1; 1 if empty), ``basis`` (a kind of confidence;
``verbalisedConfidence`` if empty) and ``envelope`` (id or label of a model of ``ontology/envelopes.csv``: what the
program hears; the same in all its rows). Other columns are left alone. A faulty row is a problem that names the row;
the other rows are used.
"""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from ingest.catalogue import SURPLUS, read_table
from ontology.envelopes import load_envelopes
from ontology.errors import ClaimsError
from ontology.terms import ConfidenceKind
from ontology.values import Agent, Claim, Description, Recording, Span, seconds
from ontology.vocabulary import Vocabulary

__all__ = ["Contribution", "Heard", "HeardTable", "Said", "read_heard"]

Parameters = tuple[tuple[str, str], ...]
"""What a run is known by beside its agent, as names and values."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One concept somebody heard in a sound file, before its recording is known.

    Parameters
    ----------
    agent : Agent
    start, end : float
        Seconds.
    concept : str
        Concept id.
    confidence : float
        0 to 1.
    kind : ConfidenceKind
    where : str
        Table and line, for messages.
    padded : bool
        Whether what lies beyond the end of the recording was added to it by the listener and is to be cut off; the
        end may then be infinite.
    parameters : tuple of (str, str)
    """

    agent: Agent
    start: float
    end: float
    concept: str
    confidence: float
    kind: ConfidenceKind
    where: str
    padded: bool = False
    parameters: Parameters = ()

    def claim(self, recording: Recording, vocabulary: Vocabulary) -> Claim:
        """Return the claim about a recording.

        Raises
        ------
        ClaimsError
            If the times do not fit the recording.
        """
        span = _span(self, recording, "claim")
        return Claim(span, self.concept, vocabulary.aspect(self.concept), self.confidence, self.kind)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said in words of a sound file, before its recording is known.

    Parameters
    ----------
    agent : Agent
    start, end : float
        Seconds.
    text : str
        Word for word.
    where : str
        File and line, for messages.
    padded : bool
        As in `Heard`.
    parameters : tuple of (str, str)
    pitch_classes : str or None
        Of the chord that the words name.
    """

    agent: Agent
    start: float
    end: float
    text: str
    where: str
    padded: bool = False
    parameters: Parameters = ()
    pitch_classes: str | None = None

    def description(self, recording: Recording) -> Description:
        """Return the description of a recording.

        Raises
        ------
        ClaimsError
            If the times do not fit the recording.
        """
        span = _span(self, recording, "description")
        return Description(span, self.text, pitch_classes=self.pitch_classes)


def _span(item: Heard | Said, recording: Recording, kind: str) -> Span:
    """Return the span of a recording that something was said of."""
    duration = recording.duration
    start, end = seconds(item.start), duration if math.isinf(item.end) else seconds(item.end)
    if item.padded and start < duration:
        end = min(end, duration)
    if start == end:
        raise ClaimsError(f"{item.where}: a {kind} from {item.start:g} to {item.end:g} s", "a millisecond or more")
    if end > duration or start > end:
        raise ClaimsError(
            f"{item.where}: the {kind} ends at {max(start, end)} s", f"at most {duration} s, where the recording ends",
            "correct the times",
        )  # fmt: skip
    return Span(recording.id, start, end)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one agent said of a recording, in one run.

    Parameters
    ----------
    agent : Agent
    parameters : tuple of (str, str)
    claims : tuple of Claim
    descriptions : tuple of Description
    """

    agent: Agent
    parameters: Parameters
    claims: tuple[Claim, ...]
    descriptions: tuple[Description, ...]


@dataclass(frozen=True, slots=True)
class HeardTable:
    """Everything heard, by resolved path of the sound file.

    Parameters
    ----------
    claims : Mapping of Path to tuple of Heard
    problems : tuple of ClaimsError
        One per faulty row.
    said : Mapping of Path to tuple of Said
    """

    claims: Mapping[Path, tuple[Heard, ...]] = field(default_factory=dict)
    problems: tuple[ClaimsError, ...] = ()
    said: Mapping[Path, tuple[Said, ...]] = field(default_factory=dict)

    @property
    def files(self) -> frozenset[Path]:
        """The files spoken of."""
        return frozenset(self.claims.keys() | self.said.keys())

    def of(self, path: Path) -> tuple[Heard | Said, ...]:
        """Return everything heard in one file."""
        return (*self.claims.get(path, ()), *self.said.get(path, ()))


def read_heard(path: Path, vocabulary: Vocabulary) -> HeardTable:
    """Read a table of claims.

    Parameters
    ----------
    path : Path
    vocabulary : Vocabulary

    Returns
    -------
    HeardTable

    Raises
    ------
    ClaimsError
        If the file cannot be read or lacks a column.
    """
    labels: dict[str, list[str]] = {}
    for id_, concept in vocabulary.concepts.items():
        labels.setdefault(concept.label["en"].casefold(), []).append(id_)
    claims: dict[Path, list[Heard]] = {}
    problems: list[ClaimsError] = []
    envelopes: dict[Agent, str | None] = {}
    rows = read_table(path, ["file", "start", "end", "concepts", "agent"], ClaimsError)
    for line, row in rows:
        try:
            file = (path.parent / row["file"]).resolve()
            if not file.is_file():
                raise ClaimsError(f"{row['file']} is not there", f"a file at {file}", "correct the path or the row")
            heard = list(_row(row, f"{path}, line {line}", vocabulary, labels))
            _check_envelope(heard[0].agent, envelopes)
            claims.setdefault(file, []).extend(heard)
        except ClaimsError as error:
            problems.append(ClaimsError(f"{path}, line {line}: {error.found}", error.expected, error.advice))
    return HeardTable({file: tuple(heard) for file, heard in claims.items()}, tuple(problems))


def _row(
    row: Mapping[str, str], where: str, vocabulary: Vocabulary, labels: Mapping[str, list[str]]
) -> Iterator[Heard]:
    if row[SURPLUS]:
        found = f"{row[SURPLUS]!r} stands beyond the last column"
        raise ClaimsError(found, "a cell per column", "put a text with the delimiter in it in quotes")
    start, end = _number(row, "start"), _number(row, "end")
    if not 0 <= start < end:
        raise ClaimsError(f"a claim from {start:g} to {end:g} s", "0 <= start < end", "correct the times")
    confidence = _number(row, "confidence") if row.get("confidence") else 1.0
    if not 0 <= confidence <= 1:
        raise ClaimsError(f"a confidence of {confidence:g}", "a number from 0 to 1", "correct it")
    kind = row.get("agent_kind") or "person"
    if kind not in ("person", "software"):
        raise ClaimsError(f"{kind!r} in column agent_kind", "person or software", "correct it")
    if not row["agent"]:
        raise ClaimsError("nobody is named in column agent", "the name of a person or a program", "fill it in")
    if kind == "software" and not row.get("version"):
        raise ClaimsError(f"{row['agent']} is a program without a version", "a version in column version", "fill it in")
    envelope = _envelope(row.get("envelope", ""), kind)
    agent = Agent(row["agent"], row.get("version") or None, cast(Literal["person", "software"], kind), envelope)
    try:
        basis = ConfidenceKind(row.get("basis") or ConfidenceKind.VERBALISED)
    except ValueError as error:
        raise ClaimsError(
            f"{row['basis']!r} in column basis", "one of " + ", ".join(ConfidenceKind), "correct it"
        ) from error
    for concept in _concepts(row["concepts"], vocabulary, labels):
        yield Heard(agent, start, end, concept, confidence, basis, where)


def _envelope(name: str, kind: str) -> str | None:
    """Return the id of the envelope that a row names, if it names one."""
    if not name:
        return None
    if kind == "person":
        raise ClaimsError(f"{name!r} in column envelope of a person", "an envelope of a program only", "take it out")
    tables = load_envelopes()
    found = tables.find(name)
    if found is None:
        near = difflib.get_close_matches(name.casefold(), tables.envelopes, 2, 0.4)
        raise ClaimsError(
            f"{name!r} in column envelope is no model that is known",
            f"the id or label of one{', such as ' + ' or '.join(near) if near else ''}",
            "look it up with: acousma models",
        )
    return found


def _check_envelope(agent: Agent, known: dict[Agent, str | None]) -> None:
    """Check that a table gives a program one envelope only, or none."""
    first = known.setdefault(replace(agent, envelope=None), agent.envelope)
    if first != agent.envelope:
        raise ClaimsError(
            f"{agent.name} hears through {agent.envelope or 'no envelope'} here and through {first or 'none'} above",
            "the same envelope in all rows of a program", "correct column envelope",
        )  # fmt: skip


def _number(row: Mapping[str, str], column: str) -> float:
    try:
        number = float(row[column].replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ClaimsError(f"{row[column]!r} in column {column}", "a number", "correct it")
    return number


def _concepts(text: str, vocabulary: Vocabulary, labels: Mapping[str, list[str]]) -> list[str]:
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        named = labels.get(part.casefold(), [])
        if part not in vocabulary.concepts and named:
            if len(named) > 1:
                raise ClaimsError(
                    f"{part!r} is the label of {len(named)} concepts",
                    "one of the ids " + ", ".join(named),
                    "give the id",
                )
            found.append(named[0])
            continue
        for word in re.findall(r"[^\s,]+", part):
            if word not in vocabulary.concepts:
                raise ClaimsError(f"{word!r} is no concept", "ids or English labels of the vocabulary",
                                  "look it up with: acousma concepts WORD")  # fmt: skip
            found.append(word)
    if not found:
        raise ClaimsError("no concept is named", "at least one in column concepts", "fill it in")
    return found
