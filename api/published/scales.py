"""The ordered scales that a term stands on, or that a page is about."""

from dataclasses import dataclass

from api.published.graph import Published
from ontology.terms import ACM, SKOS

__all__ = ["TOLD", "ScaleView", "scales_of"]

TOLD = {ACM.step, ACM.concept, ACM.position, ACM.lowPole, ACM.highPole, ACM.scaleOf, SKOS.NS + "member"}
"""Properties that are shown as a row of terms."""


@dataclass(frozen=True, slots=True)
class ScaleView:
    """A scale: its IRI, and its concepts from the low pole to the high one."""

    iri: str
    concepts: tuple[str, ...]


def _view(published: Published, scale: str) -> ScaleView:
    steps = [
        (int(published.text(step, ACM.position)), concept)
        for step in published.iris(scale, ACM.step)
        for concept in published.iris(step, ACM.concept)
    ]
    return ScaleView(scale, tuple(concept for _, concept in sorted(steps)))


def scales_of(published: Published, iri: str) -> tuple[ScaleView, ...]:
    """Return the scales that a concept stands on or asks for, or the scale itself, by label."""
    steps = published.subjects(ACM.concept, iri)
    found = {iri} if ACM.Scale in published.types(iri) else set()
    found |= {scale for step in steps for scale in published.subjects(ACM.step, step)}
    found |= set(published.subjects(ACM.scaleOf, iri))
    return tuple(_view(published, scale) for scale in sorted(found, key=published.label))
