"""The values that pass through Acousma: frozen, checked when made, and the same for every describer.

Conventions
-----------
Times are seconds from the start of the recording, as `decimal.Decimal` with millisecond steps, in half-open
intervals ``[start, end)`` with ``0 <= start < end``. A number has a unit (UCUM code) and a scale. What was not
found is absent, never 0 or -1. Concepts and observable properties are named by their id in the vocabulary.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from ontology.errors import InputError
from ontology.terms import ConfidenceKind, ReachReason, SpanKind, Verdict

__all__ = [
    "Agent", "Assessment", "AudioFile", "Claim", "Description", "Measurement", "Recording", "Run", "Span", "Work",
    "seconds",
]  # fmt: skip

_MILLISECOND = Decimal("0.001")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def seconds(value: float | Decimal) -> Decimal:
    """Return a time in seconds, cut down to whole milliseconds.

    Parameters
    ----------
    value : float or Decimal
        Seconds, not negative.

    Returns
    -------
    Decimal
        Seconds with three decimal places.

    Raises
    ------
    InputError
        If the value is negative or no finite number.

    Examples
    --------
    >>> seconds(12.0), seconds(17.56789)
    (Decimal('12.000'), Decimal('17.567'))
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if not exact.is_finite() or exact < 0:
        raise InputError(f"{value!r} was given as a time", "seconds from the start of the recording, 0 or more")
    return exact.quantize(_MILLISECOND, ROUND_FLOOR)


@dataclass(frozen=True, slots=True)
class Agent:
    """Who makes claims: a person, or a program of one version.

    Parameters
    ----------
    name : str
        Name as shown to people.
    version : str, optional
        Version of a program; a person has none.
    kind : {"software", "person"}
    envelope : str, optional
        Id of the envelope through which a program hears (``ontology/envelopes.csv``).
    """

    name: str
    version: str | None = None
    kind: Literal["software", "person"] = "software"
    envelope: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("an agent has no name", "the name of a person or a program")
        if self.kind == "software" and not self.version:
            raise InputError(
                f"the program {self.name!r} has no version", "a version: without it a claim cannot be weighed"
            )


@dataclass(frozen=True, slots=True)
class Work:
    """A musical work, as a catalogue knows it.

    Parameters
    ----------
    title : str
    creator : str, optional
        Composer.
    year : int, optional
        Year of creation.
    source : str, optional
        Where the entry or the sound comes from, often a URL.
    licence : str, optional
        Licence of the sound.
    """

    title: str
    creator: str | None = None
    year: int | None = None
    source: str | None = None
    licence: str | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InputError("a work has no title", "a title")
        if self.year is not None and not 1 <= self.year <= 9999:
            raise InputError(f"the year {self.year}", "a year from 1 to 9999")


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file that encodes a recording.

    Parameters
    ----------
    name : str
        File name without folders (folders say more of a machine than of the work).
    sha256 : str
        64 hexadecimal digits over the bytes of the file.
    format : str
        Container and sample format as the decoder names them, such as ``"FLAC/PCM_16"``.
    """

    name: str
    sha256: str
    format: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise InputError(f"{self.sha256!r} was given as a SHA-256 sum", "64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Recording:
    """One signal with one timeline.

    Parameters
    ----------
    signal_sha256 : str
        64 hexadecimal digits over the decoded samples (32-bit float, interleaved), the rate and the channel count.
    sample_rate : int
        Hz.
    channels : int
    duration : Decimal
        Seconds, cut down to milliseconds.
    bandwidth_hz : float
        Highest frequency that carries sound, in Hz; at most half the sample rate.
    """

    signal_sha256: str
    sample_rate: int
    channels: int
    duration: Decimal
    bandwidth_hz: float

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.signal_sha256):
            raise InputError(f"{self.signal_sha256!r} was given as a SHA-256 sum", "64 hexadecimal digits")
        if self.sample_rate <= 0 or self.channels <= 0 or self.duration <= 0:
            raise InputError(f"{self!r} is no recording", "a positive rate, channel count and duration")
        if not 0 <= self.bandwidth_hz <= self.sample_rate / 2:
            raise InputError(
                f"a bandwidth of {self.bandwidth_hz} Hz", f"0 to {self.sample_rate / 2:g} Hz, half the rate"
            )

    @property
    def id(self) -> str:
        """The first 16 digits of the signal's sum; names the recording in IRIs."""
        return self.signal_sha256[:16]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one recording.

    Parameters
    ----------
    recording : str
        `Recording.id`.
    start, end : Decimal
        Seconds, half-open, ``0 <= start < end``.
    kind : SpanKind, optional
        How it was marked off; two spans with equal times are one span whatever their kind.

    Examples
    --------
    >>> Span("0011223344556677", seconds(12.0), seconds(17.5)).fragment
    't=12,17.5'
    """

    recording: str
    start: Decimal
    end: Decimal
    kind: SpanKind | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        times = (self.start, self.end)
        whole = all(time.is_finite() and time == time.quantize(_MILLISECOND) for time in times)
        if not whole or not 0 <= self.start < self.end:
            raise InputError(
                f"a span from {self.start} s to {self.end} s",
                "whole milliseconds, 0 <= start < end",
                "swap or correct the times",
            )

    @property
    def duration(self) -> Decimal:
        """Length in seconds."""
        return self.end - self.start

    @property
    def fragment(self) -> str:
        """The span as a W3C media fragment (Media Fragments URI 1.0, clause 4.2.1)."""
        return f"t={_plain(self.start)},{_plain(self.end)}"


def _plain(value: Decimal) -> str:
    """Write a decimal without exponent and without needless zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured value over one span.

    Parameters
    ----------
    span : Span
    property : str
        Id of an observable property (``ontology/properties.csv``, which gives unit, scale and method).
    value : float
        In the unit of the property.
    standard_error : float, optional
        In the unit of the property.
    """

    span: Span
    property: str
    value: float
    standard_error: float | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or not (self.standard_error is None or 0 <= self.standard_error < math.inf):
            raise InputError(
                f"{self.property} of {self.value} with the standard error {self.standard_error}",
                "finite numbers, the error not negative", "leave out what could not be measured",
            )  # fmt: skip


def _check_confidence(confidence: float) -> None:
    if not 0.0 <= confidence <= 1.0:
        raise InputError(f"a confidence of {confidence}", "a number from 0 to 1")


@dataclass(frozen=True, slots=True)
class Claim:
    """One concept said to hold over one span.

    Parameters
    ----------
    span : Span
    concept : str
        Id of a concept.
    aspect : str
        Id of the concept that names the question this claim answers.
    confidence : float
        0 to 1.
    confidence_kind : ConfidenceKind
    based_on : tuple of str
        Ids of the properties whose measurements over the same span, in the same run, the claim rests on.
    derived_from : str, optional
        `Description.name` of the description of the same span, in the same run, that the claim was read from.
    evidence_nats : float, optional
        How much more likely the answer of a language model was with the sound than with null sounds, in nats per token.
    """

    span: Span
    concept: str
    aspect: str
    confidence: float
    confidence_kind: ConfidenceKind
    based_on: tuple[str, ...] = ()
    derived_from: str | None = None
    evidence_nats: float | None = None

    def __post_init__(self) -> None:
        _check_confidence(self.confidence)


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody said of one span, word for word.

    Parameters
    ----------
    span : Span
    text : str
        Not empty.
    name : str, optional
        What it was asked for, such as ``"open"``, once per run and span; without it the words tell it from others.
    language : str, optional
        Language tag (BCP 47) of the text, where it is known.
    confidence : float, optional
        0 to 1: how sure the speaker is of these words.
    confidence_kind : ConfidenceKind, optional
        What the confidence was derived from.
    pitch_classes : str, optional
        Of the chord that the text names: twelve marks from C upwards in semitones, ``1`` for those it has.
    """

    span: Span
    text: str
    name: str | None = None
    language: str | None = None
    confidence: float | None = field(default=None, repr=False)
    confidence_kind: ConfidenceKind | None = field(default=None, repr=False)
    pitch_classes: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.confidence is not None:
            _check_confidence(self.confidence)
        if self.pitch_classes is not None and not re.fullmatch("[01]{12}", self.pitch_classes):
            raise InputError(f"the pitch classes {self.pitch_classes!r}", "twelve marks, 0 or 1", "correct them")
        if (self.confidence is None) != (self.confidence_kind is None):
            raise InputError("a confidence without its kind, or a kind without a number", "both or neither")
        if not self.text.strip():
            raise InputError("a description without words", "what was said")
        if self.name is not None and not re.fullmatch(r"[A-Za-z0-9-]+", self.name):
            raise InputError(f"{self.name!r} as the name of a description", "letters, digits and hyphens")


@dataclass(frozen=True, slots=True)
class Assessment:
    """What measured evidence says of a claim.

    Parameters
    ----------
    claim : str
        IRI of the claim spoken of.
    span : Span
        The span of the claim, over which the evidence was measured.
    verdict : Verdict
    confidence : float
        0 to 1: how surely the evidence gives this verdict.
    based_on : tuple of str
        Ids of the properties measured over the span, in the same run.
    confidence_kind : ConfidenceKind
    reasons : tuple of ReachReason
        Why the maker could not have heard it; of a verdict `BEYOND_ENVELOPE` only.
    """

    claim: str
    span: Span
    verdict: Verdict
    confidence: float
    based_on: tuple[str, ...] = ()
    confidence_kind: ConfidenceKind = ConfidenceKind.RULE_MARGIN
    reasons: tuple[ReachReason, ...] = ()

    def __post_init__(self) -> None:
        _check_confidence(self.confidence)


@dataclass(frozen=True, slots=True)
class Run:
    """One agent's work on one recording with one set of parameters.

    Parameters
    ----------
    agent : Agent
    recording : str
        `Recording.id`.
    parameters : Mapping of str to str
        All that can change the outcome.
    started, ended : datetime
        With time zone.
    """

    agent: Agent
    recording: str
    parameters: Mapping[str, str]
    started: datetime
    ended: datetime

    def __post_init__(self) -> None:
        if self.started.tzinfo is None or self.ended.tzinfo is None or self.ended < self.started:
            raise InputError(
                f"a run from {self.started} to {self.ended}", "times with a zone, the end not before the start"
            )
