"""What the items of lists look like; the descriptions stand in the OpenAPI document."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Agent", "Claim", "Items", "Parameter", "Question", "Recording", "Reference", "Run", "SoundFile", "Span", "Term",
    "Work",
]  # fmt: skip

T = TypeVar("T")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Items(_Model, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(default=None, description="Address of the next page, as in Link; null on the last.")


class Reference(_Model):
    """Something of the archive that is named."""

    id: str = Field(description="IRI.", examples=["http://localhost:8000/recording/9db7d0ed8c34d7f0"])
    url: str = Field(description="Address at which this server describes it.")
    name: str | None = Field(default=None, description="Title or name, where there is one.", examples=["Bell"])


class Term(_Model):
    """A concept of the vocabulary."""

    id: str = Field(examples=["https://w3id.org/acousma/vocab/attackImpulse"])
    label: str = Field(description="Preferred label in English.", examples=["Attack-impulse"])


class Work(_Model):
    """A work."""

    id: str = Field(examples=["http://localhost:8000/work/bell-1c7fe1d2a0f3b4c5"])
    url: str
    title: str = Field(examples=["Bell"])
    creator: Reference | None = None
    year: int | None = Field(default=None, examples=[1975])
    recordings: list[Reference] = []


class SoundFile(_Model):
    """A sound file that was heard; this server does not hand it out."""

    id: str
    url: str
    title: str | None = Field(default=None, description="Name of the file, without folders.", examples=["bell.wav"])


class Recording(_Model):
    """A recording: one signal, one timeline."""

    id: str
    url: str
    duration: float | None = Field(default=None, description="Length in seconds.", examples=[12.5])
    sample_rate: float | None = Field(default=None, description="Samples per second.", examples=[44100.0])
    channels: int | None = Field(default=None, examples=[2])
    works: list[Reference] = []
    files: list[SoundFile] = []


class Span(_Model):
    """A stretch of a recording."""

    id: str
    url: str
    start: float = Field(description="Seconds from the start of the recording.", examples=[5.5])
    end: float = Field(description="Seconds from the start of the recording.", examples=[5.6])
    recording: Reference


class Agent(_Model):
    """A person or a program that says something."""

    id: str
    url: str
    name: str = Field(examples=["Acousma measured describer"])
    version: str | None = Field(default=None, examples=["0.1.0"])
    is_person: bool


class Claim(_Model):
    """What somebody says is heard in a span."""

    id: str
    url: str
    concept: Term
    aspect: Term
    confidence: float = Field(description="From 0 to 1.", examples=[0.993])
    confidence_kind: str = Field(description="IRI of what kind of number it is.")
    agent: Reference
    created: str | None = Field(default=None, description="When it was made.", examples=["2025-06-15T15:06:40Z"])
    run: Reference | None = None
    span: Span
    works: list[Reference] = []
    verdicts: list[str] = Field(default=[], description="What assessments say, each once.", examples=[["supported"]])


class Run(_Model):
    """One go of an agent at a recording."""

    id: str
    url: str
    agent: Reference
    recordings: list[Reference] = []
    started: str | None = Field(default=None, examples=["2025-06-15T15:06:40Z"])
    ended: str | None = None


class Parameter(_Model):
    """What a stored question leaves open."""

    name: str = Field(examples=["concept"])
    type: str = Field(examples=["concept"])
    description: str
    default: str | None = None
    required: bool
    choices: list[str] = []


class Question(_Model):
    """A stored question."""

    name: str = Field(examples=["opens_with"])
    url: str
    answer: str = Field(description="Address of its answer; parameters are added to it.")
    summary: str = Field(examples=["Which works open with this concept?"])
    description: str
    tags: list[str] = []
    parameters: list[Parameter] = []
    columns: dict[str, str] = Field(default={}, description="What each column of the answer says.")
