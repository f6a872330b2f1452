"""What a listener is, what it is given and what it gives back.

Conventions
-----------
Sounds are 32-bit floats with full scale 1, mono, shape (samples,), at the rate of the listener's `Identity`. Evidence
of a language model is in nats per token: how much more likely an answer is with the sound than with null sounds of the
same length (`ingest.listeners.nulls`).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ontology.envelopes import Envelope, load_envelopes
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Agent, Claim, Description, Span
from store.vectors import Space

__all__ = [
    "Answer", "Heard", "Hearing", "Identity", "Listener", "Mono", "Scoring", "ServerOptions", "Sounding",
    "Trouble", "TroubleKind", "find_envelope", "told",
]  # fmt: skip

Mono = npt.NDArray[np.float32]
"""Samples of shape (samples,), full scale 1."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the front end of a model takes in.

    Parameters
    ----------
    sample_rate_hz : int
    minimum_hz, maximum_hz : float
        Edges of the band.
    window_s : float
        Longest sound that it hears as one.
    token_step_s : float or None
        Seconds between what the front end passes on; None where a server does not tell.
    hop_s : float or None
        Seconds between its frames.
    mel_bins : int or None
    channels : int
    """

    sample_rate_hz: int
    minimum_hz: float
    maximum_hz: float
    window_s: float
    token_step_s: float | None
    hop_s: float | None = None
    mel_bins: int | None = None
    channels: int = 1

    def envelope(self) -> Envelope:
        """Return the same as an envelope that stands in no table."""
        return Envelope(
            "derived", "derived from the processor", "listening model", "words", self.sample_rate_hz, self.minimum_hz,
            self.maximum_hz, self.channels, self.window_s, self.window_s, self.hop_s, self.token_step_s, self.mel_bins,
            "", "", "", "the processor of the model", "no",
        )  # fmt: skip

    def parameters(self) -> dict[str, str]:
        """Return the figures as parameters of a run."""
        figures = {
            "band in Hz": f"{self.minimum_hz:g} to {self.maximum_hz:g}",
            "channels heard": str(self.channels),
            "sample rate in Hz": str(self.sample_rate_hz),
            "longest sound in seconds": f"{self.window_s:g}",
        }
        if self.token_step_s is not None:
            figures["token step in seconds"] = f"{self.token_step_s:.6g}"
        if self.hop_s is not None:
            figures["hop in seconds"] = f"{self.hop_s:.6g}"
        if self.mel_bins is not None:
            figures["mel bins"] = str(self.mel_bins)
        return figures


@dataclass(frozen=True, slots=True)
class Identity:
    """Which listener this is: all that can change what it says.

    Parameters
    ----------
    kind : str
        Kind of adapter, such as ``transformers``.
    model : str
        Name of the folder of the model, or its id on a hub.
    revision : str or None
        Revision on the hub, where the model came from one.
    weights_sha256, configuration_sha256 : str
        Sums of the files with the weights, and of those with everything else.
    licence : str
        In the words of the model's own card.
    hearing : Hearing
    libraries : tuple of (str, str)
        Name and version of the libraries that run it.
    device, dtype : str
    envelope : str or None
        Id of a row of ``ontology/envelopes.csv``; None if the envelope is what `hearing` says.
    asked : Mapping of str to str
        Everything that it is asked or compared with, by name.
    said : tuple of str
        Aspects of which it may say something but claim nothing (`ingest.standing`).
    space : Space or None
        That of the vectors that it makes of sounds, if it makes any.
    """

    kind: str
    model: str
    revision: str | None
    weights_sha256: str
    configuration_sha256: str
    licence: str
    hearing: Hearing
    libraries: tuple[tuple[str, str], ...]
    device: str
    dtype: str
    envelope: str | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    space: Space | None = None

    @property
    def agent(self) -> Agent:
        """The program that says what this listener says; its version is the revision, else the start of the sum."""
        return Agent(self.model, self.revision or f"sha256-{self.weights_sha256[:12]}", envelope=self.envelope)

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a run of this listener."""
        parameters = {
            "describer": self.kind,
            "SHA-256 sum of the weights": self.weights_sha256,
            "SHA-256 sum of the configuration": self.configuration_sha256,
            "licence of the weights": self.licence,
            "device": self.device,
            "number format": self.dtype,
            "SHA-256 sum of the questions": self.questions_sha256,
            **self.hearing.parameters(),
            **self.asked,
        }
        parameters |= {f"version of {name}": version for name, version in self.libraries}
        if self.envelope:
            parameters["envelope"] = self.envelope
        if self.said:
            parameters["said, not claimed"] = " ".join(self.said)
        return parameters

    @property
    def questions_sha256(self) -> str:
        """Sum of everything asked."""
        return hashlib.sha256(repr(sorted(self.asked.items())).encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Sounding:
    """A span and its sound.

    Parameters
    ----------
    span : Span
    samples : ndarray of shape (samples,)
    """

    span: Span
    samples: Mono


@dataclass(frozen=True, slots=True)
class Answer:
    """What a listener answered to one closed question.

    Parameters
    ----------
    aspect : str
        Id of the concept that names the question.
    options : tuple of (str or None)
        Concept ids; None is the answer "cannot tell".
    evidence : tuple of float
        Of each option; in nats per token, or as scaled similarity.
    shares : tuple of float
        Softmax of the evidence; sums to 1.
    chosen : str or None
        The concept that is claimed; None if the listener abstains.
    """

    aspect: str
    options: tuple[str | None, ...]
    evidence: tuple[float, ...]
    shares: tuple[float, ...]
    chosen: str | None

    def claim(self, span: Span, kind: ConfidenceKind) -> Claim | None:
        """Return what is claimed, or None; of a likelihood with its evidence.

        Parameters
        ----------
        span : Span
        kind : ConfidenceKind
            Of the shares.
        """
        if self.chosen is None:
            return None
        nats = self.evidence[self.options.index(self.chosen)] if kind is ConfidenceKind.LIKELIHOOD_RATIO else None
        return Claim(span, self.chosen, self.aspect, max(self.shares), kind, evidence_nats=nats)


class TroubleKind(StrEnum):
    """What is wrong with an answer; the value is shown to people and kept with the run."""

    EMPTY = "empty answer"
    REPETITION = "endless repetition"
    LANGUAGE = "answer in another language"
    NOT_ASKED = "answer that is none of the options"
    NOT_JSON = "answer that is not the JSON asked for"
    NO_OPTION = "no option among the likeliest tokens"
    CUT_OFF = "answer cut off by the limit of tokens"
    SERVER = "answer had to be asked for again"
    NO_SPEECH = "words where nobody speaks"
    MEMORY = "batch too large for the memory"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with an answer.

    Parameters
    ----------
    kind : TroubleKind
    detail : str
        What was found, and where.
    """

    kind: TroubleKind
    detail: str


def told(troubles: Sequence[Trouble]) -> tuple[str, ...]:
    """Return what is to be said of troubles: one sentence per kind, with their number and the first of them.

    Examples
    --------
    >>> told([Trouble(TroubleKind.EMPTY, "at 0 to 2 s"), Trouble(TroubleKind.EMPTY, "at 2 to 4 s")])
    ('empty answer: 2, such as at 0 to 2 s',)
    """
    by_kind: dict[TroubleKind, list[str]] = {}
    for trouble in troubles:
        by_kind.setdefault(trouble.kind, []).append(trouble.detail)
    return tuple(f"{kind}: {len(by_kind[kind])}, such as {by_kind[kind][0]}" for kind in sorted(by_kind))


@dataclass(frozen=True, slots=True)
class Heard:
    """What a listener heard in one span.

    Parameters
    ----------
    span : Span
    descriptions : tuple of Description
        Word for word.
    claims : tuple of Claim
        Each concept once.
    answers : tuple of Answer
        With the numbers that the claims rest on.
    troubles : tuple of Trouble
        Answers of which little or no use could be made.
    vector : bytes or None
        What the model made of the sound, as 32-bit floats, little-endian, in the space of its `Identity`.
    """

    span: Span
    descriptions: tuple[Description, ...] = ()
    claims: tuple[Claim, ...] = ()
    answers: tuple[Answer, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    vector: bytes | None = None


Scoring = Literal["auto", "options", "letters", "json"]
"""How the options of a question are scored behind a server."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server is asked.

    Parameters
    ----------
    url : str
        Base of its addresses, such as ``http://localhost:8000/v1``.
    per_minute : int or None
        Most requests per minute; None for no limit.
    timeout_s : float
        Seconds that an answer may take.
    retries : int
        Times that a request is made again.
    at_once : int
        Requests that wait for an answer at the same time.
    scoring : str
        How options are scored: ``auto`` (the first of the others that the server offers), ``options``, ``letters`` or
        ``json``.
    """

    url: str
    per_minute: int | None = None
    timeout_s: float = 120.0
    retries: int = 6
    at_once: int = 8
    scoring: Scoring = "auto"


class Listener(Protocol):
    """Anything that can say what it hears."""

    @property
    def spans(self) -> frozenset[SpanKind]:
        """The kinds of span that it is to hear."""
        ...

    def identity(self) -> Identity:
        """Say which listener this is; the weights need not be in memory for it."""
        ...

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Say what is heard in each of a batch of sounds, as if each were alone.

        Raises
        ------
        ListenerError
            If the weights cannot be loaded.
        MemoryError or RuntimeError
            If the batch is too large for the device.
        """
        ...


def find_envelope(name: str | None) -> str | None:
    """Return the id of an envelope by id or label.

    Raises
    ------
    ListenerError
        If there is no such envelope.
    """
    if name is None:
        return None
    found = load_envelopes().find(name)
    if found is None:
        raise ListenerError(
            f"there is no envelope {name!r}", "an id or label of ontology/envelopes.csv",
            "look it up with: acousma models; without one the figures of the model's processor are used",
        )  # fmt: skip
    return found


Progress = Callable[[float], None]
"""Called with the seconds of sound that were heard since the last call."""
