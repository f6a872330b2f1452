"""The four diagrams of the data model: what hangs together in the stored data, drawn by hand.

Conventions
-----------
Names are prefixed, so that a test can look each of them up in the ontology. The left column is 140 units wide, the
right one 120, with 80 between them for the names of properties.
"""

from collections.abc import Callable

from markupsafe import Markup

from api.published.drawing import Arrow, Box, diagram

__all__ = ["FIGURES", "draw"]

_LEFT, _RIGHT, _GAP_MIDDLE = 140.0, 220.0, 180.0


def _left(y: float, title: str, *lines: str) -> Box:
    return Box(0, y, _LEFT, title, lines)


def _right(y: float, title: str, *lines: str) -> Box:
    return Box(_RIGHT, y, 120, title, lines)


def _down(x: float, y: float, to: float, label: str, *, side: str = "start") -> Arrow:
    at = (x + 6, (y + to) / 2 + 4) if side == "start" else (x - 6, (y + to) / 2 + 4)
    return Arrow(((x, y), (x, to)), label, at, side)


def _across(y: float, label: str, *, back: bool = False) -> Arrow:
    ends = ((_RIGHT, y), (_LEFT, y)) if back else ((_LEFT, y), (_RIGHT, y))
    return Arrow(ends, label, (_GAP_MIDDLE, y - 5), "middle")


FIGURES: tuple[tuple[str, str, tuple[Box, ...], tuple[Arrow, ...]], ...] = (
    (
        "From the work to the span",
        "A recording is one signal with one timeline, known by its samples; files may be private or gone. A span is a "
        "stretch of one recording.",
        (
            _left(0, "mo:MusicalWork"),
            _left(72, "mo:DigitalSignal", "acm:sha256", "acm:bandwidthHz"),
            _right(86, "mo:AudioFile", "acm:sha256"),
            _left(180, "acm:Span", "acm:startSeconds", "acm:endSeconds"),
            _right(194, "oa:FragmentSelector", "t=32.4,35.54"),
        ),
        (
            _down(70, 28, 72, "frbr:realization"),
            _across(107, "mo:encodes", back=True),
            _down(70, 180, 128, "oa:hasSource"),
            _across(215, "oa:hasSelector"),
        ),
    ),
    (
        "Claim, measurement, assessment",
        "A claim says one thing of one span. A measurement of the same span is its evidence. An assessment says what "
        "somebody makes of the claim, and never changes it.",
        (
            _left(0, "acm:Assessment", "acm:verdict", "acm:confidence"),
            _left(104, "acm:Claim", "acm:confidence", "acm:confidenceKind"),
            _right(104, "acm:Measurement", "Annotation"),
            _left(208, "acm:Span"),
            _right(208, "sosa:Observation", "acm:ucumUnit", "acm:standardError"),
        ),
        (
            _down(70, 56, 104, "oa:hasTarget"),
            Arrow(((140, 20), (280, 20), (280, 104)), "acm:basedOn", (150, 15)),
            _across(132, "acm:basedOn"),
            _down(70, 160, 208, "oa:hasTarget"),
            _down(280, 146, 208, "oa:hasBody"),
            Arrow(((220, 254), (70, 254), (70, 236)), "sosa:hasFeatureOfInterest", (76, 268)),
        ),
    ),
    (
        "Terms and the rules that decide them",
        "The word a claim uses is a concept of the vocabulary; its aspect is the question it answers. A rule decides a "
        "concept by conditions on measured properties.",
        (
            _left(0, "acm:Claim"),
            _right(0, "skos:Concept", "the question"),
            _left(84, "skos:Concept", "the answer"),
            _left(176, "acm:Rule"),
            _right(176, "skos:Concept", "kind of span"),
            _left(256, "acm:Condition", "acm:minimum", "acm:maximum", "acm:margin"),
            _left(378, "sosa:Observable", "Property"),
        ),
        (
            _across(14, "acm:aspect"),
            _down(70, 28, 84, "oa:hasBody"),
            Arrow(((70, 176), (70, 126)), "acm:decides", (76, 155)),
            Arrow(((140, 182), (160, 182), (160, 60), (262, 60), (262, 42)), "acm:aspect", (166, 75)),
            _across(198, "acm:appliesTo"),
            _down(70, 204, 256, "acm:condition"),
            _down(70, 326, 378, "sosa:observedProperty"),
        ),
    ),
    (
        "Who says it, and how",
        "Every statement has an agent, a person or a program with its version, and the run that made it: what it "
        "used, with which parameters, and when.",
        (
            _left(0, "oa:Annotation", "dcterms:created"),
            _right(0, "prov:Agent", "foaf:name"),
            _left(96, "mls:Run", "prov:startedAtTime", "prov:endedAtTime"),
            _left(208, "mo:DigitalSignal"),
            _right(208, "mls:HyperParameter", "Setting"),
        ),
        (
            Arrow(((140, 20), (220, 20)), "dcterms:creator", (180, 15), "middle"),
            _down(70, 42, 96, "prov:wasGeneratedBy"),
            Arrow(((140, 112), (280, 112), (280, 42)), "prov:wasAssociatedWith", (146, 107)),
            _down(70, 152, 208, "prov:used"),
            Arrow(((140, 140), (280, 140), (280, 208)), "mls:hasInput", (286, 178)),
        ),
    ),
)
"""Title, caption, boxes and arrows of each diagram."""


def draw(href: Callable[[str], str]) -> list[tuple[str, str, Markup]]:
    """Return title, caption and picture of each diagram.

    Parameters
    ----------
    href : Callable
        Gives, for a prefixed name, where its box leads; empty for nowhere.
    """
    figures = []
    for title, caption, boxes, arrows in FIGURES:
        linked = [
            Box(box.x, box.y, box.width, box.title, box.lines, href(_name(box))) for box in boxes
        ]
        figures.append((title, caption, diagram(title, linked, arrows)))
    return figures


def _name(box: Box) -> str:
    """Return the name of a box, joined where it is broken over two lines."""
    broken = {"acm:Measurement", "sosa:Observable", "mls:HyperParameter"}
    return box.title + box.lines[0] if box.title in broken else box.title
