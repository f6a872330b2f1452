"""The four diagrams of the data model: what hangs together in the stored data, drawn by hand.

Conventions
-----------
Names are prefixed, so that a test can look each of them up in the ontology. The left column is 128 units wide, the
right one 118, with 94 between them for the names of properties.
"""

from collections.abc import Callable

from markupsafe import Markup

from api.published.drawing import Arrow, Box, diagram

__all__ = ["FIGURES", "draw"]

_LEFT, _RIGHT, _GAP_MIDDLE = 128.0, 222.0, 175.0


def _left(y: float, title: str, *lines: str) -> Box:
    return Box(0, y, _LEFT, title, lines)


def _right(y: float, title: str, *lines: str) -> Box:
    return Box(_RIGHT, y, 118, title, lines)


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
            _right(187, "oa:Fragment\nSelector", "t=32.4,35.54"),
        ),
        (
            _down(64, 28, 72, "frbr:realization"),
            _across(107, "mo:encodes", back=True),
            _down(64, 180, 128, "oa:hasSource"),
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
            _right(104, "acm:Measurement\nAnnotation"),
            _left(208, "acm:Span"),
            _right(208, "sosa:Observation", "acm:ucumUnit", "acm:standardError"),
        ),
        (
            _down(64, 56, 104, "oa:hasTarget"),
            Arrow(((128, 20), (280, 20), (280, 104)), "acm:basedOn", (138, 15)),
            _across(132, "acm:basedOn"),
            _down(64, 160, 208, "oa:hasTarget"),
            _down(280, 146, 208, "oa:hasBody", side="end"),
            Arrow(((222, 254), (64, 254), (64, 236)), "sosa:hasFeatureOfInterest", (70, 268)),
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
            _left(378, "sosa:Observable\nProperty"),
        ),
        (
            _across(14, "acm:aspect"),
            _down(64, 28, 84, "oa:hasBody"),
            Arrow(((64, 176), (64, 126)), "acm:decides", (70, 155)),
            Arrow(((128, 182), (150, 182), (150, 60), (281, 60), (281, 42)), "acm:aspect", (156, 75)),
            _across(198, "acm:appliesTo"),
            _down(64, 204, 256, "acm:condition"),
            _down(64, 326, 378, "sosa:observedProperty"),
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
            _right(208, "mls:Hyper\nParameterSetting"),
        ),
        (
            Arrow(((128, 20), (222, 20)), "dcterms:creator", (175, 15), "middle"),
            _down(64, 42, 96, "prov:wasGeneratedBy"),
            Arrow(((128, 112), (280, 112), (280, 42)), "prov:wasAssociatedWith", (136, 107)),
            _down(64, 152, 208, "prov:used"),
            Arrow(((128, 140), (280, 140), (280, 208)), "mls:hasInput", (274, 178), "end"),
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
        linked = [Box(box.x, box.y, box.width, box.title, box.lines, href(box.name)) for box in boxes]
        figures.append((title, caption, diagram(title, linked, arrows)))
    return figures
