"""From values to the lines of a named graph: every claim an annotation, every IRI minted, no blank node.

Conventions
-----------
Output is N-Quads, one statement per line as text that ends in a newline, each statement once. Everything a run says
stands in the run's graph; what the catalogue says of a recording stands in a graph of its own. Numbers are
``xsd:decimal`` with at most six significant digits, times ``xsd:decimal`` seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from ontology.mint import Minter, concept, envelope
from ontology.terms import (
    ACM,
    DC,
    DCTERMS,
    FOAF,
    FRBR,
    MEDIA_FRAGMENTS,
    MLS,
    MO,
    OA,
    PROV,
    RDF,
    RDFS,
    SOSA,
    TL,
    XSD,
    SpanKind,
)
from ontology.values import Agent, Assessment, AudioFile, Claim, Description, Measurement, Recording, Run, Span, Work
from ontology.vocabulary import Vocabulary

__all__ = ["RunWriter", "catalogue_entry"]

_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    | {chr(code): f"\\u{code:04X}" for code in (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)}
)


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'


def _typed(value: str, datatype: str) -> str:
    return f'"{value}"^^<{datatype}>'


def _decimal(value: float | Decimal) -> str:
    """Write a number as ``xsd:decimal`` with six significant digits."""
    text = f"{value:.6g}" if isinstance(value, float) else format(value, "f")
    if "e" in text:
        text = format(Decimal(text), "f")
    return f'"{text}"^^<{XSD.decimal}>'


def _time(moment: datetime) -> str:
    return _typed(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), XSD.dateTime)


def _agent(minter: Minter, agent: Agent) -> tuple[str, list[tuple[str, str, str]]]:
    iri = minter.agent(agent)
    kind = PROV.Person if agent.kind == "person" else PROV.SoftwareAgent
    triples = [(iri, RDF.type, f"<{kind}>"), (iri, FOAF.name, _text(agent.name))]
    if agent.version:
        triples.append((iri, DCTERMS.hasVersion, _text(agent.version)))
    if agent.envelope:
        triples.append((iri, ACM.envelope, f"<{envelope(agent.envelope)}>"))
    return iri, triples


def _lines(graph: str, triples: Iterable[tuple[str, str, str]]) -> str:
    return "".join(f"<{s}> <{p}> {o} <{graph}> .\n" for s, p, o in triples)


def _signal(mint: Minter, recording: Recording) -> list[tuple[str, str, str]]:
    """Return what is said of a recording in every run."""
    node, extent, timeline = mint.recording(recording.id), mint.extent(recording.id), mint.timeline(recording.id)
    return [
        (node, RDF.type, f"<{MO.DigitalSignal}>"),
        (node, ACM.sha256, _text(recording.signal_sha256)),
        (node, MO.sample_rate, _typed(str(recording.sample_rate), XSD.float)),
        (node, MO.channels, _typed(str(recording.channels), XSD.integer)),
        (node, ACM.bandwidthHz, _decimal(recording.bandwidth_hz)),
        (node, MO.time, f"<{extent}>"),
        (extent, RDF.type, f"<{TL.Interval}>"),
        (extent, TL.timeline, f"<{timeline}>"),
        (extent, ACM.startSeconds, _decimal(Decimal("0.000"))),
        (extent, ACM.endSeconds, _decimal(recording.duration)),
        (timeline, RDF.type, f"<{TL.RelativeTimeLine}>"),
    ]


def _file(mint: Minter, recording: Recording, file: AudioFile) -> list[tuple[str, str, str]]:
    iri = mint.file(file)
    return [
        (iri, RDF.type, f"<{MO.AudioFile}>"),
        (iri, MO.encodes, f"<{mint.recording(recording.id)}>"),
        (iri, DCTERMS.title, _text(file.name)),
        (iri, DCTERMS.format, _text(file.format)),
        (iri, ACM.sha256, _text(file.sha256)),
    ]


class RunWriter:
    """Writes what one run says.

    Parameters
    ----------
    minter : Minter
    vocabulary : Vocabulary
        Gives the units of the measured properties.
    run : Run
        Its ``started`` is the time of creation of every annotation.

    Notes
    -----
    The lines of annotations are put together from strings prepared once per run and once per span: this is the
    inner loop of ingest (see ``benchmarks/``).
    """

    def __init__(self, minter: Minter, vocabulary: Vocabulary, run: Run) -> None:
        self._mint = minter
        self._run = run
        self.run_id = minter.run_id(run)
        self.graph = minter.run_graph(self.run_id)
        self._units = {p.id: _text(p.unit) for p in vocabulary.properties.values()}
        self._spans: dict[Span, set[SpanKind | None]] = {}
        agent, self._agent_triples = _agent(minter, run.agent)
        g = f"<{self.graph}> .\n"
        self._end = g
        # what every annotation of the run says alike; the subject is put in front of each part
        self._made = (
            f" <{DCTERMS.creator}> <{agent}> {g}",
            f" <{DCTERMS.created}> {_time(run.started)} {g}",
            f" <{PROV.wasGeneratedBy}> <{minter.run(self.run_id)}> {g}",
            f" <{RDF.type}> <{OA.Annotation}> {g}",
        )

    def header(self, recording: Recording, file: AudioFile | None, sources: Sequence[str] = ()) -> str:
        """Describe the recording, its file, the run, its agent and its parameters.

        Parameters
        ----------
        recording : Recording
        file : AudioFile or None
        sources : sequence of str
            IRIs of other things the run used, such as the claims it assessed.

        Returns
        -------
        str
            N-Quads lines.
        """
        mint, run, run_iri = self._mint, self._run, self._mint.run(self.run_id)
        node = mint.recording(recording.id)
        triples = [
            *_signal(mint, recording),
            *self._agent_triples,
            (run_iri, RDF.type, f"<{PROV.Activity}>"),
            (run_iri, RDF.type, f"<{MLS.Run}>"),
            (run_iri, PROV.wasAssociatedWith, f"<{mint.agent(run.agent)}>"),
            (run_iri, PROV.startedAtTime, _time(run.started)),
            (run_iri, PROV.used, f"<{node}>"),
            (self.graph, PROV.wasGeneratedBy, f"<{run_iri}>"),
        ]
        triples += [(run_iri, PROV.used, f"<{source}>") for source in sources]
        if file is not None:
            triples += [*_file(mint, recording, file), (run_iri, PROV.used, f"<{mint.file(file)}>")]
        for name, value in sorted(run.parameters.items()):
            setting = mint.parameter(self.run_id, name)
            triples += [
                (run_iri, MLS.hasInput, f"<{setting}>"),
                (setting, RDF.type, f"<{MLS.HyperParameterSetting}>"),
                (setting, RDFS.label, _text(name)),
                (setting, MLS.hasValue, _text(value)),
            ]
        return _lines(self.graph, triples)

    def derived(self, recording: Recording, file: AudioFile, source: Span) -> str:
        """Describe a sound that the run made of a span, and its file.

        Parameters
        ----------
        recording : Recording
            The new sound.
        file : AudioFile
        source : Span

        Returns
        -------
        str
            N-Quads lines.
        """
        mint, node = self._mint, self._mint.recording(recording.id)
        origin = [
            (node, PROV.wasDerivedFrom, f"<{mint.span(source)}>"),
            (node, PROV.wasGeneratedBy, f"<{mint.run(self.run_id)}>"),
        ]
        lines = _lines(self.graph, [*_signal(mint, recording), *_file(mint, recording, file), *origin])
        return lines + "".join(self._new_span(source))

    def footer(self, ended: datetime, notes: Iterable[str] = ()) -> str:
        """Say when the run ended, and what went wrong in it; the last lines of its graph."""
        run = self._mint.run(self.run_id)
        said = [(run, DCTERMS.description, _text(note)) for note in notes]
        return _lines(self.graph, [*said, (run, PROV.endedAtTime, _time(ended))])

    def annotations(
        self,
        measurements: Iterable[Measurement] = (),
        claims: Iterable[Claim] = (),
        assessments: Iterable[Assessment] = (),
    ) -> Iterator[str]:
        """Yield the lines of measurements, claims and assessments, and of each span they speak of once."""
        for measurement in measurements:
            yield from self._new_span(measurement.span)
            yield self._measurement(measurement)
        for claim in claims:
            yield from self._new_span(claim.span)
            yield self._claim(claim)
        for assessment in assessments:
            yield from self._new_span(assessment.span)
            yield self._assessment(assessment)

    def descriptions(self, descriptions: Iterable[Description]) -> Iterator[str]:
        """Yield the lines of what was said word for word, and of each span that it speaks of once."""
        for description in descriptions:
            yield from self._new_span(description.span)
            yield self._description(description)

    def spans(self, spans: Iterable[Span]) -> Iterator[str]:
        """Yield the lines of spans, whether or not anything is said of them, each once."""
        for span in spans:
            yield from self._new_span(span)

    def _new_span(self, span: Span) -> Iterator[str]:
        """Yield the lines of a span that was not written yet, or of a new way in which it was marked off."""
        kinds = self._spans.get(span)
        if kinds is None:
            self._spans[span] = {span.kind}
            yield self._span(span)
        elif span.kind is not None and span.kind not in kinds:
            kinds.add(span.kind)
            kind = f"<{concept(span.kind)}>"
            yield _lines(self.graph, [(self._mint.span(span), ACM.segmentedAs, kind)])

    def _span(self, span: Span) -> str:
        mint, node, selector = self._mint, self._mint.span(span), self._mint.selector(span)
        triples = [
            (node, RDF.type, f"<{OA.SpecificResource}>"),
            (node, RDF.type, f"<{TL.Interval}>"),
            (node, RDF.type, f"<{ACM.Span}>"),
            (node, OA.hasSource, f"<{mint.recording(span.recording)}>"),
            (node, TL.timeline, f"<{mint.timeline(span.recording)}>"),
            (node, OA.hasSelector, f"<{selector}>"),
            (node, ACM.startSeconds, _decimal(span.start)),
            (node, ACM.endSeconds, _decimal(span.end)),
            (selector, RDF.type, f"<{OA.FragmentSelector}>"),
            (selector, DCTERMS.conformsTo, f"<{MEDIA_FRAGMENTS}>"),
            (selector, RDF.value, _text(span.fragment)),
        ]
        if span.kind is not None:
            triples.append((node, ACM.segmentedAs, f"<{concept(span.kind)}>"))
        return _lines(self.graph, triples)

    def _head(self, node: str, target: str) -> str:
        creator, created, generated, annotation = self._made
        return (
            f"<{node}>{annotation}<{node}>{creator}<{node}>{created}<{node}>{generated}"
            f"<{node}> <{OA.hasTarget}> <{target}> {self._end}"
        )

    def _measurement(self, measurement: Measurement) -> str:
        mint, end, span, property_ = self._mint, self._end, measurement.span, measurement.property
        node = mint.measurement(self.run_id, span, property_)
        observation, target = mint.observation(self.run_id, span, property_), mint.span(span)
        lines = (
            f"{self._head(node, target)}"
            f"<{node}> <{RDF.type}> <{ACM.MeasurementAnnotation}> {end}"
            f"<{node}> <{OA.motivatedBy}> <{OA.describing}> {end}"
            f"<{node}> <{OA.hasBody}> <{observation}> {end}"
            f"<{observation}> <{RDF.type}> <{SOSA.Observation}> {end}"
            f"<{observation}> <{SOSA.hasFeatureOfInterest}> <{target}> {end}"
            f"<{observation}> <{SOSA.observedProperty}> <{concept(property_)}> {end}"
            f"<{observation}> <{SOSA.hasSimpleResult}> {_decimal(measurement.value)} {end}"
            f"<{observation}> <{ACM.ucumUnit}> {self._units[property_]} {end}"
        )
        if measurement.standard_error is not None:
            lines += f"<{observation}> <{ACM.standardError}> {_decimal(measurement.standard_error)} {end}"
        return lines

    def _description(self, description: Description) -> str:
        """Write a description; its words are a body as Web Annotation (clause 3.2.4) has it."""
        mint, end, span = self._mint, self._end, description.span
        name = mint.description_name(description)
        node, words = mint.description(self.run_id, span, name), mint.words(self.run_id, span, name)
        lines = (
            f"{self._head(node, mint.span(span))}"
            f"<{node}> <{RDF.type}> <{ACM.Description}> {end}"
            f"<{node}> <{OA.motivatedBy}> <{OA.describing}> {end}"
            f"<{node}> <{OA.hasBody}> <{words}> {end}"
            f"<{words}> <{RDF.type}> <{OA.TextualBody}> {end}"
            f"<{words}> <{RDF.value}> {_text(description.text)} {end}"
            f'<{words}> <{DC.format}> "text/plain" {end}'
        )
        if description.pitch_classes is not None:
            lines += f"<{words}> <{ACM.pitchClasses}> {_text(description.pitch_classes)} {end}"
        if description.language:
            lines += f"<{words}> <{DC.language}> {_text(description.language)} {end}"
        if description.confidence is not None and description.confidence_kind is not None:
            lines += f"<{node}> <{ACM.confidence}> {_decimal(description.confidence)} {end}"
            lines += f"<{node}> <{ACM.confidenceKind}> <{concept(description.confidence_kind)}> {end}"
        return lines

    def _claim(self, claim: Claim) -> str:
        mint, end, span = self._mint, self._end, claim.span
        node = mint.claim(self.run_id, span, claim.concept)
        basis = "".join(
            f"<{node}> <{ACM.basedOn}> <{mint.measurement(self.run_id, span, property_)}> {end}"
            for property_ in claim.based_on
        )
        if claim.derived_from is not None:
            source = mint.description(self.run_id, span, claim.derived_from)
            basis += f"<{node}> <{PROV.wasDerivedFrom}> <{source}> {end}"
        if claim.evidence_nats is not None:
            basis += f"<{node}> <{ACM.evidenceNats}> {_decimal(round(claim.evidence_nats, 3) + 0.0)} {end}"
        return (
            f"{self._head(node, mint.span(span))}"
            f"<{node}> <{RDF.type}> <{ACM.Claim}> {end}"
            f"<{node}> <{OA.motivatedBy}> <{OA.classifying}> {end}"
            f"<{node}> <{ACM.aspect}> <{concept(claim.aspect)}> {end}"
            f"<{node}> <{OA.hasBody}> <{concept(claim.concept)}> {end}"
            f'<{node}> <{ACM.confidence}> "{claim.confidence:.3f}"^^<{XSD.decimal}> {end}'
            f"<{node}> <{ACM.confidenceKind}> <{concept(claim.confidence_kind)}> {end}"
            f"{basis}"
        )

    def _assessment(self, assessment: Assessment) -> str:
        mint, end = self._mint, self._end
        node = mint.assessment(self.run_id, assessment.claim)
        basis = "".join(
            f"<{node}> <{ACM.basedOn}> <{mint.measurement(self.run_id, assessment.span, property_)}> {end}"
            for property_ in assessment.based_on
        )
        basis += "".join(f"<{node}> <{ACM.reason}> <{concept(reason)}> {end}" for reason in assessment.reasons)
        return (
            f"{self._head(node, assessment.claim)}"
            f"<{node}> <{RDF.type}> <{ACM.Assessment}> {end}"
            f"<{node}> <{OA.motivatedBy}> <{OA.assessing}> {end}"
            f"<{node}> <{ACM.verdict}> <{concept(assessment.verdict)}> {end}"
            f'<{node}> <{ACM.confidence}> "{assessment.confidence:.3f}"^^<{XSD.decimal}> {end}'
            f"<{node}> <{ACM.confidenceKind}> <{concept(assessment.confidence_kind)}> {end}"
            f"{basis}"
        )


def catalogue_entry(minter: Minter, recording: str, work: Work) -> str:
    """Write what a catalogue says of one recording.

    Parameters
    ----------
    minter : Minter
    recording : str
        `Recording.id`.
    work : Work

    Returns
    -------
    str
        N-Quads lines in the graph ``minter.catalogue_graph(recording)``.
    """
    node, signal = minter.work(work), minter.recording(recording)
    triples = [
        (node, RDF.type, f"<{MO.MusicalWork}>"),
        (node, DCTERMS.title, _text(work.title)),
        (node, FRBR.realization, f"<{signal}>"),
        (signal, FRBR.realizationOf, f"<{node}>"),
        (signal, DCTERMS.title, _text(work.title)),
    ]
    if work.creator:
        creator, described = _agent(minter, Agent(work.creator, kind="person"))
        triples += [*described, (node, DCTERMS.creator, f"<{creator}>")]
    if work.year is not None:
        triples.append((node, DCTERMS.created, _typed(f"{work.year:04d}", XSD.gYear)))
    for predicate, text in ((DCTERMS.source, work.source), (DCTERMS.rights, work.licence)):
        if text:
            triples.append((node, predicate, _text(text)))
    return _lines(minter.catalogue_graph(recording), triples)
