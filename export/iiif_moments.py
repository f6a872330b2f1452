"""Measured moments as annotations of a IIIF manifest: what they say, and how they are named.

Conventions
-----------
A sentence that can stand alone, then the label of what was measured as a tag, then the property or the kind of span by
its IRI. The sentence names the stretch and the measured share of it, so that nobody takes the moment for a claim.
"""

from typing import Any, TypeAlias

from export.material import Annotation, Moment
from export.moments import PEAK_POSITION
from export.words import plain_number
from ontology.terms import ACV, SKOS, SOSA, SpanKind
from ontology.vocabulary import load_vocabulary

__all__ = ["as_annotation", "moment_bodies", "name_of"]

Json: TypeAlias = dict[str, Any]  # values of JSON


def as_annotation(one: Moment) -> Annotation:
    """Return what has the place of a moment in time."""
    return Annotation(one.iri, one.at, one.at, one.agent)


def name_of(one: Moment) -> str:
    """Return what a moment is called among those of its agent.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from export.material import Agent
    >>> name_of(Moment("https://e.org/m", Decimal("0.935"), "peak", Decimal(0), Decimal("1.84"), Agent("urn:a", "A")))
    'peak-0-1840-935'
    """
    return "-".join([one.kind, *(plain_number(time * 1000) for time in (one.start, one.end, one.at))])


def moment_bodies(one: Moment, language: str, *, plain: bool) -> list[Json]:
    """Return the bodies of a moment.

    Parameters
    ----------
    one : Moment
    language : str
        Of the tag, English where there is no label in it; the sentence is English.
    plain : bool
        Whether bodies hold no links.
    """
    stretch = f"{plain_number(one.start)} to {plain_number(one.end)} s"
    if one.kind == "peak":
        labels, link = {"en": load_vocabulary().properties[PEAK_POSITION].label}, ACV + PEAK_POSITION
        share = f"; {labels['en'].lower()}: {plain_number(one.share)}" if one.share is not None else ""
        sentence, type_ = f"Loudest moment of {stretch} (measured{share}; {one.agent.title})", SOSA.ObservableProperty
    else:
        labels = dict(load_vocabulary().concepts[SpanKind.DETECTED_OBJECT].label)
        link, type_ = ACV + SpanKind.DETECTED_OBJECT, SKOS.NS + "Concept"
        sentence = f"End of the sound object of {stretch} (measured; {one.agent.title})"
    tag = language if language in labels else "en"
    text: Json = {"type": "TextualBody", "value": sentence, "format": "text/plain", "language": "en"}
    tagged = {**text, "value": labels[tag], "language": tag, "purpose": "tagging"}
    return [text, tagged] if plain else [text, tagged, {"id": link, "type": type_, "purpose": "classifying"}]
