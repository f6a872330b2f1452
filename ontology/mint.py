"""The one place where IRIs of instance data are made, always from content.

Conventions
-----------
The same recording, span, claim and run parameters give the same IRI again, so ingesting twice changes nothing.
Paths read from the whole to the part; times in IRIs are whole milliseconds. There are no blank nodes.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ontology.errors import InputError
from ontology.terms import ACV
from ontology.values import Agent, AudioFile, Description, Run, Span, Work

__all__ = ["Minter", "concept", "envelope"]

_IRI = re.compile(r"(?:https?://[^\s<>\"{}|\\^`]+[/#]|urn:[^\s<>\"{}|\\^`]+[:/#])")


def concept(id_: str) -> str:
    """Return the IRI of a concept or an observable property of the vocabulary.

    Examples
    --------
    >>> concept("graduatedContinuant")
    'https://w3id.org/acousma/vocab/graduatedContinuant'
    """
    return ACV + id_


def envelope(id_: str) -> str:
    """Return the IRI of the envelope of a listening model.

    Examples
    --------
    >>> envelope("gemma-3n")
    'https://w3id.org/acousma/vocab/envelope/gemma-3n'
    """
    return f"{ACV}envelope/{id_}"


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]


def _slug(text: str) -> str:
    """Make a short readable path segment; it keeps letters of every script."""
    folded = unicodedata.normalize("NFC", text).lower()
    words = re.sub(r"[^\w]+", "-", folded).strip("-_")[:48].strip("-")
    return quote(words or "untitled", safe="-")


@dataclass(frozen=True, slots=True)
class Minter:
    """Makes IRIs below the base IRI of one archive.

    Parameters
    ----------
    base : str
        Absolute IRI that ends in ``/`` or ``#`` (or ``:`` for a ``urn:``).

    Raises
    ------
    InputError
        If the base is no such IRI.

    Examples
    --------
    >>> from ontology.values import seconds
    >>> Minter("https://example.org/").span(Span("00ff", seconds(12.0), seconds(17.5)))
    'https://example.org/span/00ff/12000-17500'
    """

    base: str

    def __post_init__(self) -> None:
        if not _IRI.fullmatch(self.base):
            raise InputError(
                f"{self.base!r} was given as base IRI",
                "an absolute IRI that ends in '/', such as https://archive.example.org/",
                "set ACOUSMA_BASE_IRI",
            )

    def work(self, work: Work) -> str:
        """Return the IRI of a work: one per creator and title."""
        return f"{self.base}work/{_slug(work.title)}-{_digest(work.creator or '', work.title)}"

    def recording(self, recording: str) -> str:
        """Return the IRI of a recording, from its `Recording.id`."""
        return f"{self.base}recording/{recording}"

    def timeline(self, recording: str) -> str:
        """Return the IRI of a recording's timeline."""
        return f"{self.base}recording/{recording}/timeline"

    def extent(self, recording: str) -> str:
        """Return the IRI of the interval a recording fills on its timeline."""
        return f"{self.base}recording/{recording}/time"

    def file(self, file: AudioFile) -> str:
        """Return the IRI of a file: one per content."""
        return f"{self.base}file/{file.sha256[:16]}"

    def span(self, span: Span) -> str:
        """Return the IRI of a span: equal times on one recording are one span."""
        return f"{self.base}span/{span.recording}/{self.times(span)}"

    @staticmethod
    def times(span: Span) -> str:
        """Return the path segment that names a span's times in milliseconds."""
        return f"{int(span.start * 1000)}-{int(span.end * 1000)}"

    def selector(self, span: Span) -> str:
        """Return the IRI of a span's fragment selector."""
        return f"{self.span(span)}/selector"

    def agent(self, agent: Agent) -> str:
        """Return the IRI of an agent: a person by name, a program by name and version."""
        version = f"/{quote(agent.version, safe='.-+')}" if agent.version else ""
        return f"{self.base}agent/{_slug(agent.name)}-{_digest(agent.kind, agent.name)[:8]}{version}"

    def run_id(self, run: Run) -> str:
        """Return the digest that names a run: agent, recording and parameters, never the time of day."""
        agent = run.agent
        parameters = json.dumps(dict(sorted(run.parameters.items())), ensure_ascii=False)
        return _digest(agent.kind, agent.name, agent.version or "", run.recording, parameters)

    def run(self, run_id: str) -> str:
        """Return the IRI of a run."""
        return f"{self.base}run/{run_id}"

    def parameter(self, run_id: str, name: str) -> str:
        """Return the IRI of one parameter setting of a run."""
        return f"{self.base}run/{run_id}/parameter/{quote(name, safe='')}"

    def run_graph(self, run_id: str) -> str:
        """Return the IRI of the named graph that holds everything a run said."""
        return f"{self.base}graph/run/{run_id}"

    def catalogue_graph(self, recording: str) -> str:
        """Return the IRI of the named graph that holds what the catalogue says of one recording."""
        return f"{self.base}graph/catalogue/{recording}"

    def claim(self, run_id: str, span: Span, concept_id: str) -> str:
        """Return the IRI of a claim: one per run, span and concept."""
        return f"{self.base}annotation/{run_id}/{self.times(span)}/claim/{concept_id}"

    def description(self, run_id: str, span: Span, name: str) -> str:
        """Return the IRI of a description: one per run, span and name (see `description_name`)."""
        return f"{self.base}annotation/{run_id}/{self.times(span)}/description/{name}"

    @staticmethod
    def description_name(description: Description) -> str:
        """Return what a description was asked for, or a digest of its words."""
        return description.name or _digest(description.text)

    def words(self, run_id: str, span: Span, name: str) -> str:
        """Return the IRI of the words of a description."""
        return f"{self.description(run_id, span, name)}/words"

    def measurement(self, run_id: str, span: Span, property_id: str) -> str:
        """Return the IRI of a measurement annotation: one per run, span and property."""
        return f"{self.base}annotation/{run_id}/{self.times(span)}/measurement/{property_id}"

    def observation(self, run_id: str, span: Span, property_id: str) -> str:
        """Return the IRI of the observation a measurement annotation carries."""
        return f"{self.base}observation/{run_id}/{self.times(span)}/{property_id}"

    def assessment(self, run_id: str, claim: str) -> str:
        """Return the IRI of a run's assessment of a claim, from the claim's IRI."""
        return f"{self.base}annotation/{run_id}/assessment/{_digest(claim)}"

    def nanopublication(self, annotation: str) -> str:
        """Return the IRI of the nanopublication of an annotation, from the annotation's IRI."""
        path = annotation.removeprefix(self.base)
        return f"{self.base}nanopub/{path if path != annotation else _digest(annotation)}"

    def contribution(self, name: str) -> str:
        """Return the IRI of an annotation that came by the Web Annotation Protocol, from its name in a container."""
        return f"{self.base}annotations/{name}"

    @staticmethod
    def contribution_name(document: str, moment: str) -> str:
        """Return the name of an annotation whose sender proposed none: from what was sent, and when."""
        return _digest(document, moment)

    @staticmethod
    def contribution_part(annotation: str, place: str, content: str) -> str:
        """Return the IRI of a body, a target or another part that was sent without one, from its place and content."""
        return f"{annotation}#{_digest(place, content)[:12]}"

    def contribution_graph(self, name: str) -> str:
        """Return the IRI of the named graph that holds an annotation that came by the Web Annotation Protocol."""
        return f"{self.base}graph/annotation/{name}"

    def history_graph(self, name: str) -> str:
        """Return the IRI of the named graph that tells what such an annotation said before."""
        return f"{self.base}graph/history/{name}"

    def question(self, name: str) -> str:
        """Return the IRI of a stored question, where the endpoint tells of it; without a name that of all."""
        return f"{self.base}api/queries/{name}"

    def questions_graph(self) -> str:
        """Return the IRI of the graph of the stored questions."""
        return f"{self.base}graph/questions"

    def corpus(self, sha256: str) -> str:
        """Return the IRI of a corpus, from the SHA-256 sum of its manifest."""
        return f"{self.base}corpus/{sha256[:16]}"

    def evaluation_id(self, agent: Agent, corpus: str, parameters: Mapping[str, str]) -> str:
        """Return the digest that names an evaluation: agent, sum of the corpus and parameters, never the time."""
        told = json.dumps(dict(sorted(parameters.items())), ensure_ascii=False)
        return _digest(agent.kind, agent.name, agent.version or "", corpus, told)

    def evaluation(self, evaluation_id: str) -> str:
        """Return the IRI of an evaluation."""
        return f"{self.base}evaluation/{evaluation_id}"

    def evaluation_parameter(self, evaluation_id: str, name: str) -> str:
        """Return the IRI of one parameter setting of an evaluation."""
        return f"{self.base}evaluation/{evaluation_id}/parameter/{quote(name, safe='')}"

    def evaluation_graph(self, evaluation_id: str) -> str:
        """Return the IRI of the named graph that holds all scores of an evaluation."""
        return f"{self.base}graph/evaluation/{evaluation_id}"

    def trust(self, agent: Agent, aspect: str, person: Agent) -> str:
        """Return the IRI of a person's trust in what an agent says of an aspect."""
        return f"{self.base}trust/{_digest(self.agent(agent), aspect, self.agent(person))}"

    def trust_graph(self, agent: Agent, aspect: str, person: Agent) -> str:
        """Return the IRI of the named graph that holds a person's trust."""
        return f"{self.base}graph/trust/{_digest(self.agent(agent), aspect, self.agent(person))}"

    def score(self, evaluation_id: str, concept_id: str, condition_id: str, metric_id: str) -> str:
        """Return the IRI of a score: one per evaluation, concept, condition and metric."""
        return f"{self.base}evaluation/{evaluation_id}/{concept_id}/{condition_id}/{metric_id}"
