"""What there is to export of one recording: its work, its file, and what is said of it, by whom.

Conventions
-----------
Times are exact decimal seconds from the start of the recording. An annotation whose start is its end is an *instant*.
A *layer* is what one agent says. Annotations of a layer are in order of start, then of end (longest first), then of
IRI. Numbers that were not stored are None.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

__all__ = ["Agent", "Annotation", "Assessment", "AudioFile", "Concept", "Layer", "Left", "Material", "Moment", "Work"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who says something.

    Parameters
    ----------
    iri, name : str
    version : str or None
        Of a program.
    person : bool
    envelope : str or None
        Id of the envelope of a listening model.
    """

    iri: str
    name: str
    version: str | None = None
    person: bool = False
    envelope: str | None = None

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True, slots=True)
class Concept:
    """A term that is claimed.

    Parameters
    ----------
    iri : str
    labels : Mapping of str to str
        Preferred label by language tag; may be empty.
    definition : str
    """

    iri: str
    labels: Mapping[str, str] = field(default_factory=dict)
    definition: str = ""

    @property
    def id(self) -> str:
        """The last part of the IRI.

        Examples
        --------
        >>> Concept("https://w3id.org/acousma/vocab/note").id
        'note'
        """
        return self.iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]

    def label(self, language: str = "en") -> str:
        """Return the label in a language, else in English, else any, else the id."""
        return self.labels.get(language) or self.labels.get("en") or next(iter(self.labels.values()), self.id)

    def language(self, language: str = "en") -> str | None:
        """Return the language tag of what `label` returns, or None for the id."""
        return next((tag for tag in (language, "en", *self.labels) if self.labels.get(tag)), None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What somebody says of a claim.

    Parameters
    ----------
    iri : str
    verdict : Concept
        Such as *supported*.
    agent : Agent
    reason : str
        Words that go with it, or empty.
    confidence : Decimal or None
    """

    iri: str
    verdict: Concept
    agent: Agent
    reason: str = ""
    confidence: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A claim (with a concept) or a description (with words).

    Parameters
    ----------
    iri : str
    start, end : Decimal
        Seconds, ``0 <= start <= end``.
    agent : Agent
    concept : Concept or None
    words : str
        As they were said, or empty.
    language : str or None
        Of the words.
    aspect : Concept or None
        The question that the claim answers.
    confidence : Decimal or None
        From 0 to 1.
    confidence_kind : str or None
        Id of a kind of confidence.
    run : str or None
        IRI of the run that made it.
    created : str or None
        ``xsd:dateTime``.
    assessments : tuple of Assessment
    """

    iri: str
    start: Decimal
    end: Decimal
    agent: Agent
    concept: Concept | None = None
    words: str = ""
    language: str | None = None
    aspect: Concept | None = None
    confidence: Decimal | None = None
    confidence_kind: str | None = None
    run: str | None = None
    created: str | None = None
    assessments: tuple[Assessment, ...] = ()

    @property
    def is_instant(self) -> bool:
        """Whether it speaks of a point in time."""
        return self.start == self.end

    @property
    def verdicts(self) -> str:
        """The ids of the verdicts on it, each once, in order of the alphabet; ``unassessed`` if there are none."""
        return "; ".join(sorted({one.verdict.id for one in self.assessments})) or "unassessed"

    def text(self, language: str = "en") -> str:
        """Return the label of the concept in a language, or the words."""
        return self.concept.label(language) if self.concept else self.words


@dataclass(frozen=True, slots=True)
class Layer:
    """What one agent says of a recording."""

    agent: Agent
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that follows from what was measured of a stretch; nobody claims it.

    Parameters
    ----------
    iri : str
        Of the measurement, or of the span that ends here.
    at : Decimal
        Seconds from the start of the recording.
    kind : {"peak", "end"}
        Where the stretch is loudest, or where a sound object ends.
    start, end : Decimal
        Seconds, of the stretch.
    agent : Agent
        Who measured.
    share : Decimal or None
        The measured position of a peak within the stretch, from 0 to 1.
    """

    iri: str
    at: Decimal
    kind: Literal["peak", "end"]
    start: Decimal
    end: Decimal
    agent: Agent
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A stored annotation that cannot be exported, and why."""

    iri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Work:
    """The work, as the catalogue knows it.

    Parameters
    ----------
    iri : str or None
        None where no catalogue names a work.
    title : str
        Of the work; else the name of the file; else the IRI of the recording.
    creator, year, source, rights : str
        Empty where unknown.
    """

    iri: str | None
    title: str
    creator: str = ""
    year: str = ""
    source: str = ""
    rights: str = ""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file of the recording: name without folders, format as the decoder names it, SHA-256 sum."""

    iri: str
    name: str
    format: str
    sha256: str

    @property
    def media_type(self) -> str:
        """The media type of its container, such as ``audio/flac``.

        Examples
        --------
        >>> AudioFile("https://e.org/f", "a.aiff", "AIFF/PCM_16", "0" * 64).media_type
        'audio/x-aiff'
        """
        container = self.format.partition("/")[0].lower()
        known = {"wavex": "wav", "aiff": "x-aiff", "mp3": "mpeg", "m4a": "mp4", "w64": "x-w64", "rf64": "wav"}
        return f"audio/{known.get(container, container or 'basic')}"


@dataclass(frozen=True, slots=True)
class Material:
    """All there is to export of one recording.

    Parameters
    ----------
    recording : str
        IRI.
    duration : Decimal
        Seconds.
    work : Work
    files : tuple of AudioFile
    layers : tuple of Layer
        By name of the agent: persons first.
    left : tuple of Left
        Annotations that are stored and stand in no layer.
    sample_rate : int or None
        Hz.
    moments : tuple of Moment
        What was measured at a moment, in order of time.
    """

    recording: str
    duration: Decimal
    work: Work
    files: tuple[AudioFile, ...] = ()
    layers: tuple[Layer, ...] = ()
    left: tuple[Left, ...] = ()
    sample_rate: int | None = None
    moments: tuple[Moment, ...] = ()

    @property
    def id(self) -> str:
        """The last part of the recording's IRI."""
        return self.recording.rstrip("/#").rsplit("/", 1)[-1]

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """All annotations, in order of time."""
        found = (one for layer in self.layers for one in layer.annotations)
        return tuple(sorted(found, key=lambda one: (one.start, -one.end, one.iri)))

    @property
    def agents(self) -> Iterator[Agent]:
        """Everybody who claims, describes or assesses, once."""
        seen: dict[str, Agent] = {}
        for one in self.annotations:
            for agent in (one.agent, *(judged.agent for judged in one.assessments)):
                seen.setdefault(agent.iri, agent)
        return iter(seen.values())
