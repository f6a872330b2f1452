"""The IRIs of the terms Acousma writes, each in one place, grouped by vocabulary.

Conventions
-----------
A class stands for a vocabulary, its ``NS`` for the namespace IRI, every other attribute for one term as a plain
string. Only terms that Acousma writes or reads stand here. The terms of `ACM` are compared with
``ontology/ontology.ttl``, both ways, by a test. Concepts of the vocabulary (``acv:``) are named by their id in
``ontology/vocabulary.csv``; the few that code must know are the members of `SpanKind`, `Verdict`, `ReachReason`,
`ConfidenceKind`, `ScoreMetric` and `ListeningCondition`.
"""

from enum import StrEnum

from ontology.confidence_terms import ConfidenceKind
from ontology.reach_terms import ReachReason

__all__ = [
    "ACM", "ACV", "DC", "DCTERMS", "DQV", "ENVELOPES_GRAPH", "FOAF", "FRBR", "LDP", "MAPPINGS_GRAPH",
    "MEDIA_FRAGMENTS", "MLS", "MO", "OA", "OWL", "PREFIXES", "PROV", "RDF", "RDFS", "SH", "SKOS", "SOSA", "TL",
    "VOCABULARY_GRAPH", "XSD",
    "ConfidenceKind", "ReachReason", "SpanKind", "Verdict",
]  # fmt: skip

ACV = "https://w3id.org/acousma/vocab/"
"""Namespace of the concepts; a concept's IRI is this followed by its id."""

VOCABULARY_GRAPH = "https://w3id.org/acousma/vocab/graph"
"""The named graph that holds the vocabulary, the ontology and the measurement rules."""

MAPPINGS_GRAPH = "https://w3id.org/acousma/vocab/mappings/graph"
"""The named graph that holds the mappings to other vocabularies."""

ENVELOPES_GRAPH = "https://w3id.org/acousma/vocab/envelope/graph"
"""The named graph that holds the envelopes of listening models and what concepts need of an input."""

MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"
"""What an ``oa:FragmentSelector`` of a span conforms to."""


class ACM:
    """Acousma's ontology."""

    NS = "https://w3id.org/acousma/ontology#"
    Assessment = NS + "Assessment"
    Claim = NS + "Claim"
    Condition = NS + "Condition"
    Corpus = NS + "Corpus"
    Description = NS + "Description"
    Envelope = NS + "Envelope"
    Evaluation = NS + "Evaluation"
    MeasurementAnnotation = NS + "MeasurementAnnotation"
    Precondition = NS + "Precondition"
    Rule = NS + "Rule"
    Scale = NS + "Scale"
    Score = NS + "Score"
    Span = NS + "Span"
    Step = NS + "Step"
    Trust = NS + "Trust"
    aboveHz = NS + "aboveHz"
    after = NS + "after"
    answersWith = NS + "answersWith"
    apartAtMost = NS + "apartAtMost"
    appliesTo = NS + "appliesTo"
    aspect = NS + "aspect"
    bandwidthHz = NS + "bandwidthHz"
    basedOn = NS + "basedOn"
    before = NS + "before"
    belowHz = NS + "belowHz"
    channelsHeard = NS + "channelsHeard"
    channelsLeft = NS + "channelsLeft"
    clips = NS + "clips"
    codeLicence = NS + "codeLicence"
    concept = NS + "concept"
    condition = NS + "condition"
    confidence = NS + "confidence"
    confidenceKind = NS + "confidenceKind"
    contains = NS + "contains"
    contradictsAbove = NS + "contradictsAbove"
    contradictsBelow = NS + "contradictsBelow"
    decides = NS + "decides"
    during = NS + "during"
    endSeconds = NS + "endSeconds"
    envelope = NS + "envelope"
    envelopeChecked = NS + "envelopeChecked"
    equals = NS + "equals"
    evidenceNats = NS + "evidenceNats"
    finishedBy = NS + "finishedBy"
    finishes = NS + "finishes"
    followedWithin = NS + "followedWithin"
    heardUnder = NS + "heardUnder"
    highPole = NS + "highPole"
    holdsInClips = NS + "holdsInClips"
    hopSeconds = NS + "hopSeconds"
    inputRateHz = NS + "inputRateHz"
    intersects = NS + "intersects"
    intervalHigh = NS + "intervalHigh"
    intervalLow = NS + "intervalLow"
    longestInputSeconds = NS + "longestInputSeconds"
    lossLimit = NS + "lossLimit"
    lossMargin = NS + "lossMargin"
    lossReason = NS + "lossReason"
    lowPole = NS + "lowPole"
    margin = NS + "margin"
    maximum = NS + "maximum"
    maximumHz = NS + "maximumHz"
    measurable = NS + "measurable"
    measureHint = NS + "measureHint"
    meets = NS + "meets"
    melBins = NS + "melBins"
    metBy = NS + "metBy"
    minimum = NS + "minimum"
    minimumHz = NS + "minimumHz"
    modelKind = NS + "modelKind"
    needsBecause = NS + "needsBecause"
    needsChannels = NS + "needsChannels"
    needsHighestHz = NS + "needsHighestHz"
    needsLowestHz = NS + "needsLowestHz"
    needsSeconds = NS + "needsSeconds"
    needsStepSeconds = NS + "needsStepSeconds"
    overlappedBy = NS + "overlappedBy"
    overlaps = NS + "overlaps"
    polyakovCategory = NS + "polyakovCategory"
    pitchClasses = NS + "pitchClasses"
    position = NS + "position"
    reason = NS + "reason"
    scale = NS + "scale"
    scaleOf = NS + "scaleOf"
    scoredConcept = NS + "scoredConcept"
    scoredOn = NS + "scoredOn"
    seed = NS + "seed"
    segmentedAs = NS + "segmentedAs"
    sha256 = NS + "sha256"
    sourceChecked = NS + "sourceChecked"
    standardError = NS + "standardError"
    startSeconds = NS + "startSeconds"
    startedBy = NS + "startedBy"
    starts = NS + "starts"
    step = NS + "step"
    supportsAbove = NS + "supportsAbove"
    supportsBelow = NS + "supportsBelow"
    togetherFor = NS + "togetherFor"
    tokenStepSeconds = NS + "tokenStepSeconds"
    ucumUnit = NS + "ucumUnit"
    unreviewedLabel = NS + "unreviewedLabel"
    verdict = NS + "verdict"
    weightsLicence = NS + "weightsLicence"
    windowSeconds = NS + "windowSeconds"


class DC:
    """Dublin Core elements, which Web Annotation uses of bodies."""

    NS = "http://purl.org/dc/elements/1.1/"
    format = NS + "format"
    language = NS + "language"


class DCTERMS:
    """Dublin Core terms."""

    NS = "http://purl.org/dc/terms/"
    isPartOf = NS + "isPartOf"
    subject = NS + "subject"
    conformsTo = NS + "conformsTo"
    created = NS + "created"
    creator = NS + "creator"
    modified = NS + "modified"
    issued = NS + "issued"
    description = NS + "description"
    extent = NS + "extent"
    format = NS + "format"
    hasVersion = NS + "hasVersion"
    language = NS + "language"
    license = NS + "license"
    replaces = NS + "replaces"
    rights = NS + "rights"
    source = NS + "source"
    title = NS + "title"


class DQV:
    """Data Quality Vocabulary."""

    NS = "http://www.w3.org/ns/dqv#"
    Metric = NS + "Metric"
    QualityMeasurement = NS + "QualityMeasurement"
    computedOn = NS + "computedOn"
    isMeasurementOf = NS + "isMeasurementOf"
    value = NS + "value"


class FOAF:
    """Friend of a friend: names of people and software."""

    NS = "http://xmlns.com/foaf/0.1/"
    Person = NS + "Person"
    primaryTopic = NS + "primaryTopic"
    name = NS + "name"


class FRBR:
    """FRBR core, on which the Music Ontology builds."""

    NS = "http://purl.org/vocab/frbr/core#"
    embodiment = NS + "embodiment"
    part = NS + "part"
    realization = NS + "realization"
    realizationOf = NS + "realizationOf"


class MLS:
    """ML-Schema."""

    NS = "http://www.w3.org/ns/mls#"
    HyperParameterSetting = NS + "HyperParameterSetting"
    Run = NS + "Run"
    hasInput = NS + "hasInput"
    hasValue = NS + "hasValue"


class MO:
    """Music Ontology."""

    NS = "http://purl.org/ontology/mo/"
    AudioFile = NS + "AudioFile"
    DigitalSignal = NS + "DigitalSignal"
    MusicalWork = NS + "MusicalWork"
    channels = NS + "channels"
    encodes = NS + "encodes"
    sample_rate = NS + "sample_rate"
    time = NS + "time"


class OA:
    """Web Annotation vocabulary."""

    NS = "http://www.w3.org/ns/oa#"
    Annotation = NS + "Annotation"
    FragmentSelector = NS + "FragmentSelector"
    SpecificResource = NS + "SpecificResource"
    TextualBody = NS + "TextualBody"
    assessing = NS + "assessing"
    classifying = NS + "classifying"
    describing = NS + "describing"
    hasBody = NS + "hasBody"
    hasSelector = NS + "hasSelector"
    hasSource = NS + "hasSource"
    hasTarget = NS + "hasTarget"
    canonical = NS + "canonical"
    via = NS + "via"
    motivatedBy = NS + "motivatedBy"


class LDP:
    """Linked Data Platform."""

    NS = "http://www.w3.org/ns/ldp#"
    BasicContainer = NS + "BasicContainer"
    RDFSource = NS + "RDFSource"


class OWL:
    """OWL 2."""

    NS = "http://www.w3.org/2002/07/owl#"


class PROV:
    """Provenance ontology."""

    NS = "http://www.w3.org/ns/prov#"
    Activity = NS + "Activity"
    Agent = NS + "Agent"
    Person = NS + "Person"
    SoftwareAgent = NS + "SoftwareAgent"
    endedAtTime = NS + "endedAtTime"
    startedAtTime = NS + "startedAtTime"
    Entity = NS + "Entity"
    generatedAtTime = NS + "generatedAtTime"
    invalidatedAtTime = NS + "invalidatedAtTime"
    specializationOf = NS + "specializationOf"
    used = NS + "used"
    value = NS + "value"
    wasAssociatedWith = NS + "wasAssociatedWith"
    wasAttributedTo = NS + "wasAttributedTo"
    wasDerivedFrom = NS + "wasDerivedFrom"
    wasGeneratedBy = NS + "wasGeneratedBy"


class RDF:
    """RDF."""

    NS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    type = NS + "type"
    value = NS + "value"


class RDFS:
    """RDF Schema."""

    NS = "http://www.w3.org/2000/01/rdf-schema#"
    label = NS + "label"


class SH:
    """SHACL."""

    NS = "http://www.w3.org/ns/shacl#"


class SKOS:
    """SKOS."""

    NS = "http://www.w3.org/2004/02/skos/core#"
    broader = NS + "broader"
    prefLabel = NS + "prefLabel"


class SOSA:
    """Sensor, observation, sample and actuator."""

    NS = "http://www.w3.org/ns/sosa/"
    ObservableProperty = NS + "ObservableProperty"
    Observation = NS + "Observation"
    hasFeatureOfInterest = NS + "hasFeatureOfInterest"
    hasSimpleResult = NS + "hasSimpleResult"
    observedProperty = NS + "observedProperty"


class TL:
    """Timeline ontology."""

    NS = "http://purl.org/NET/c4dm/timeline.owl#"
    Interval = NS + "Interval"
    RelativeTimeLine = NS + "RelativeTimeLine"
    timeline = NS + "timeline"


class XSD:
    """XML Schema datatypes."""

    NS = "http://www.w3.org/2001/XMLSchema#"
    dateTime = NS + "dateTime"
    decimal = NS + "decimal"
    double = NS + "double"
    float = NS + "float"
    gYear = NS + "gYear"
    integer = NS + "integer"


PREFIXES = {
    "acm": ACM.NS, "acv": ACV, "dcterms": DCTERMS.NS, "dqv": DQV.NS, "foaf": FOAF.NS, "frbr": FRBR.NS, "mls": MLS.NS,
    "mo": MO.NS, "oa": OA.NS, "owl": OWL.NS, "prov": PROV.NS, "rdf": RDF.NS, "rdfs": RDFS.NS, "sh": SH.NS,
    "skos": SKOS.NS, "sosa": SOSA.NS, "tl": TL.NS, "xsd": XSD.NS,
}  # fmt: skip
"""The prefixes of every query file, Turtle output and page of Acousma."""


class SpanKind(StrEnum):
    """How a span came to be marked off (concept ids)."""

    WHOLE_RECORDING = "wholeRecording"
    FIXED_WINDOW = "fixedWindow"
    DETECTED_OBJECT = "detectedObject"


class Verdict(StrEnum):
    """What an assessment says of a claim (concept ids)."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    UNDECIDED = "undecided"
    BEYOND_ENVELOPE = "beyondEnvelope"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
