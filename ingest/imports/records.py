"""What a reader of a format returns: records, and what it could not read.

Conventions
-----------
A record is one text or one label that a file gives to a stretch of a sound. Times are seconds; a record without times
speaks of the whole recording. Everything in a file is a record, something left, or spoken of in a note.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from ontology.terms import ConfidenceKind

__all__ = ["Cause", "Label", "LabelScheme", "Left", "Reader", "Reading", "Record", "Speaker", "Text"]

LabelScheme = Literal["audioset", "acousma", "any"]
"""What a label is one of: AudioSet's, those of the vocabulary, or either."""


class Cause(StrEnum):
    """Why something was left; the value is shown to people."""

    MALFORMED = "malformed"
    OTHER_FORMAT = "not of this format"
    EMPTY = "empty answer"
    REPETITION = "endless repetition"
    UNKNOWN_FILE = "no such recording"
    UNUSABLE_SOUND = "sound that cannot be used"
    TIME = "time outside the recording"
    NO_MODEL = "nobody is named"
    SCORE = "score without a scale"
    UNKNOWN_LABEL = "unknown label"
    AMBIGUOUS = "label of several things"
    BELOW_LEAST = "score below the least"
    NO_COUNTERPART = "no counterpart in the vocabulary"
    NOTHING_SAID = "nothing said"
    NOT_LISTENING = "nothing heard"

    @property
    def is_fault(self) -> bool:
        """Whether somebody should look at it; the others are as intended."""
        return self not in (self.BELOW_LEAST, self.NO_COUNTERPART, self.NOTHING_SAID, self.NOT_LISTENING)


@dataclass(frozen=True, slots=True)
class Text:
    """Words, as they were said; of the name of a chord, its pitch classes, too (`ingest.imports.chords`)."""

    words: str
    pitch_classes: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One label.

    Parameters
    ----------
    name : str
    score : float or None
        From 0 to 1; None where the file gives none.
    kind : ConfidenceKind
        What the score is.
    scheme : {"audioset", "acousma", "any"}
    """

    name: str
    score: float | None
    kind: ConfidenceKind
    scheme: LabelScheme = "any"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who said something, as far as a file tells."""

    name: str | None = None
    version: str | None = None
    kind: Literal["software", "person"] = "software"
    envelope: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One text or label.

    Parameters
    ----------
    line : int
        Of the file, from 1.
    file : str or None
        The sound file as the file names it; None where its own name stands for it.
    said : Text or Label
    start, end : float or None
        Seconds; None for start or end of the recording.
    padded : bool
        Whether the listener fills up a recording that is shorter, so that a later end is no fault.
    speaker : Speaker
    parameters : tuple of (str, str)
        What else the answer depends on, such as the question.
    entry : str
        Which part of the line, where it holds several records.
    """

    line: int
    file: str | None
    said: Text | Label
    start: float | None = None
    end: float | None = None
    padded: bool = False
    speaker: Speaker = Speaker()
    parameters: tuple[tuple[str, str], ...] = ()
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that became no record.

    Parameters
    ----------
    line : int
    cause : Cause
    reason : str
    said : str
        What was found.
    count : int
        How many records it would have been.
    file : str or None
    entry : str
    value : object
        What was parsed, for a guess at its format.
    """

    line: int
    cause: Cause
    reason: str
    said: str = ""
    count: int = 1
    file: str | None = None
    entry: str = ""
    value: object = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class Reading:
    """Everything that was found in a file.

    Parameters
    ----------
    path : Path
    format : str
    records : list of Record
    left : list of Left
    notes : list of str
        What stands in the file and is no record, such as columns that are not read.
    """

    path: Path
    format: str
    records: list[Record] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Reader(Protocol):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """What users call the format."""
        ...

    def sniff(self, path: Path) -> bool:
        """Tell whether a file looks like this format.

        Raises
        ------
        ImportFileError
            If it cannot be read as text.
        """
        ...

    def knows(self, value: object) -> bool:
        """Tell whether a parsed value is a row of this format."""
        ...

    def read(self, path: Path) -> Reading:
        """Read a file.

        Raises
        ------
        ImportFileError
            If nothing in it can be read.
        """
        ...
