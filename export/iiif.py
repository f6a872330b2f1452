"""IIIF Presentation 3: a manifest with one canvas, a page of annotations per agent, and captions as the last page.

Conventions
-----------
The shape is the one that most viewers read. Pages are embedded, labelled and sorted by start. A stretch has a string
as its target, ``canvas#t=start,end``; an instant has a ``PointSelector``, except at 0, which a viewer takes for none:
there it is a stretch of 10 ms. The first body is a sentence that can stand alone, then come tags, then the concept.
The last page is a WebVTT file with all annotations as cues, which is where some viewers find the times.

The profile *plain* is for clients that read nothing but strings: instants become stretches of 10 ms, and bodies hold no
links. Addresses lie below the base; the documents are to be served there with CORS, the sound with byte ranges.

Source
------
IIIF Presentation API 3.0; Web Annotation Data Model; docs/exporting.md says which client reads what.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote

from export.iiif_report import compatibility
from export.material import Annotation, Layer, Material
from export.options import Options
from export.words import explained, one_line, plain_number
from ontology.errors import InputError

__all__ = ["SHORTEST", "write"]

SHORTEST = Decimal("0.01")
"""Seconds that stand for an instant where a client reads no points."""

_CONTEXT = "http://iiif.io/api/presentation/3/context.json"
_RIGHTS = {
    "cc0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "cc0-1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "cc by 4.0": "http://creativecommons.org/licenses/by/4.0/",
    "cc-by-4.0": "http://creativecommons.org/licenses/by/4.0/",
    "cc by-sa 4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
    "cc-by-sa-4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
}
"""Addresses of licences by their usual names."""
_LEVELS = 3
"""Ranges within ranges, at most."""

Json: TypeAlias = dict[str, Any]  # values of JSON


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the manifest; the notes are the compatibility report.

    Raises
    ------
    InputError
        Without a base.
    """
    if not options.base or not options.base.startswith(("http://", "https://")):
        raise InputError(
            f"{options.base!r} was given as the base of a manifest", "the address below which it will be served",
            "--base https://archive.example.org/",
        )  # fmt: skip
    manifest = _Manifest(material, options)
    document = manifest.document()
    notes += manifest.notes
    notes += compatibility(material, plain=options.profile == "plain", page_port=_has_port(options.base))
    yield json.dumps(document, ensure_ascii=False, indent=1).encode()
    yield b"\n"


def _has_port(base: str) -> bool:
    host = base.split("//", 1)[1].split("/", 1)[0]
    return ":" in host


@dataclass(slots=True)
class _Manifest:
    """One manifest."""

    material: Material
    options: Options
    notes: list[str]

    def __init__(self, material: Material, options: Options) -> None:
        assert options.base is not None
        self.material, self.options, self.notes = material, options, []

    @property
    def root(self) -> str:
        """Below which all of its documents lie."""
        assert self.options.base is not None
        return f"{self.options.base.rstrip('/')}/iiif/{quote(self.material.id)}"

    @property
    def canvas(self) -> str:
        """Identifier of the canvas."""
        return f"{self.root}/canvas"

    @property
    def plain(self) -> bool:
        """Whether only strings are targets."""
        return self.options.profile == "plain"

    def document(self) -> Json:
        """Return the manifest."""
        work = self.material.work
        document: Json = {
            "@context": [_CONTEXT],
            "id": f"{self.root}/{'plain' if self.plain else 'manifest'}.json",
            "type": "Manifest",
            "label": {"none": [one_line(work.title)]},
        }
        facts = [("Composer", work.creator), ("Year", work.year), ("Source", work.source), ("Rights", work.rights)]
        document["metadata"] = [
            {"label": {"en": [name]}, "value": {"none": [_plain_text(value)]}} for name, value in facts if value
        ]
        if rights := _RIGHTS.get(work.rights.casefold(), work.rights if work.rights.startswith("http") else ""):
            document["rights"] = rights
        elif work.rights:
            document["requiredStatement"] = {
                "label": {"en": ["Rights"]}, "value": {"none": [_plain_text(work.rights)]}
            }  # fmt: skip
        if work.iri:
            document["homepage"] = [
                {"id": work.iri, "type": "Text", "label": {"en": ["The work"]}, "format": "text/html"}
            ]
        document["seeAlso"] = [
            {"id": f"{self.root}/graph{suffix}", "type": "Dataset", "label": {"en": [label]}, "format": format_}
            for suffix, label, format_ in (
                (".ttl", "All statements as Turtle", "text/turtle"),
                (".jsonld", "All statements as JSON-LD", "application/ld+json"),
            )
        ]
        document["items"] = [self._canvas()]
        if structures := list(self._structures()):
            document["structures"] = structures
        return document

    # -- the canvas --------------------------------------------------------------------------------

    def _canvas(self) -> Json:
        duration = float(self.material.duration)
        file = self.material.files[0] if self.material.files else None
        target = self.options.audio or f"{self.root}/audio{_suffix(file.name) if file else ''}"
        body: Json = {"id": target, "type": "Sound", "duration": duration}
        body["format"] = _media_type(target, file.media_type if file else "audio/mpeg")
        painting = {
            "id": f"{self.canvas}/painting/1", "type": "Annotation", "motivation": "painting", "body": body,
            "target": self.canvas,
        }  # fmt: skip
        page = {"id": f"{self.canvas}/painting", "type": "AnnotationPage", "items": [painting]}
        canvas: Json = {
            "id": self.canvas, "type": "Canvas", "label": {"none": [one_line(self.material.work.title)]},
            "duration": duration, "items": [page],
        }  # fmt: skip
        if self.material.layers:
            canvas["annotations"] = [*self._pages(), self._captions()]
        if self.options.audio is None:
            self.notes.append(f"no address of the sound was given (--audio): the manifest expects it at {target}")
        return canvas

    def _pages(self) -> Iterator[Json]:
        for number, layer in enumerate(self.material.layers, 1):
            yield {
                "id": f"{self.root}/annotations/{number}.json", "type": "AnnotationPage",
                "label": {"none": [one_line(layer.agent.title)]}, "items": list(self._items(layer)),
            }  # fmt: skip

    def _items(self, layer: Layer) -> Iterator[Json]:
        agent = layer.agent
        creator = {"id": agent.iri, "type": "Person" if agent.person else "Software", "name": one_line(agent.title)}
        for one in sorted(layer.annotations, key=lambda one: (self._begin(one), -one.end, one.iri)):
            item: Json = {"id": one.iri, "type": "Annotation", "motivation": ["commenting", "tagging"]}
            if one.created:
                item["created"] = one.created
            yield item | {"creator": creator, "body": self._bodies(one), "target": self._target(one)}

    def _bodies(self, one: Annotation) -> Any:
        language = self.options.language
        spoken = one.concept.language(language) if one.concept else one.language
        text: Json = {"type": "TextualBody", "value": explained(one, language), "format": "text/plain"}
        if spoken:
            text["language"] = spoken
        if one.concept is None:
            return [text]
        labels = one.concept.labels or {"": one.concept.id}
        tags = [
            {"type": "TextualBody", "value": label, "format": "text/plain", "purpose": "tagging"}
            | ({"language": tag} if tag else {})
            for tag, label in labels.items()
        ]
        if self.plain:
            return [text, *tags]
        return [text, *tags, {"type": "SpecificResource", "source": one.concept.iri, "purpose": "classifying"}]

    def _times(self, one: Annotation) -> tuple[Decimal, Decimal]:
        """Return start and end, an instant as a short stretch within the recording."""
        if not one.is_instant:
            return one.start, one.end
        length = min(SHORTEST, self.material.duration)
        start = min(one.start, self.material.duration - length)
        return start, start + length

    def _is_point(self, one: Annotation) -> bool:
        return one.is_instant and one.start > 0 and not self.plain

    def _begin(self, one: Annotation) -> Decimal:
        return one.start if self._is_point(one) else self._times(one)[0]

    def _target(self, one: Annotation) -> Any:
        if self._is_point(one):
            source = {"id": self.canvas, "type": "Canvas"}
            selector = {"type": "PointSelector", "t": float(one.start)}
            return {"type": "SpecificResource", "source": source, "selector": selector}
        return self._stretch(*self._times(one))

    def _stretch(self, start: Decimal, end: Decimal) -> str:
        return f"{self.canvas}#t={plain_number(start)},{plain_number(end)}"

    def _captions(self) -> Json:
        body = {
            "id": f"{self.root}/annotations.vtt", "type": "Text", "format": "text/vtt",
            "language": self.options.language, "label": {"en": ["All annotations as captions"]},
        }  # fmt: skip
        item = {
            "id": f"{self.root}/annotations/captions/1", "type": "Annotation", "motivation": ["supplementing"],
            "body": body, "target": self.canvas,
        }  # fmt: skip
        return {
            "id": f"{self.root}/annotations/captions.json", "type": "AnnotationPage",
            "label": {"en": ["All annotations as captions"]}, "items": [item],
        }  # fmt: skip

    # -- form --------------------------------------------------------------------------------------

    def _structures(self) -> Iterator[Json]:
        """Yield a range with the parts of the recording, parts within parts nested."""
        spans = {(one.start, one.end) for one in self.material.annotations if not one.is_instant}
        tops = _nested(sorted(spans, key=lambda span: (span[0], -span[1])))
        if not tops:
            return
        names: dict[tuple[Decimal, Decimal], str] = {}
        for one in self.material.annotations:
            label = one_line(one.text(self.options.language))
            if not one.is_instant and len(names.get((one.start, one.end), "")) < 60:
                known = names.get((one.start, one.end))
                names[one.start, one.end] = (
                    f"{known}, {label}" if known and label not in known.split(", ") else known or label
                )
        counter = iter(range(1, len(spans) + 2))
        yield self._range(counter, "Passages", [self._part(node, names, counter) for node in tops], language="en")

    def _part(self, node: "_Node", names: dict[tuple[Decimal, Decimal], str], counter: Iterator[int]) -> Json:
        leaf = {"id": self._stretch(*node.span), "type": "Canvas"}
        parts = [self._part(child, names, counter) for child in node.children]
        return self._range(counter, names[node.span], [leaf, *parts])

    def _range(self, counter: Iterator[int], label: str, items: list[Json], language: str = "none") -> Json:
        id_ = f"{self.root}/range/{next(counter)}"
        return {"id": id_, "type": "Range", "label": {language: [label]}, "items": items}


@dataclass(slots=True)
class _Node:
    """A stretch and those that lie within it."""

    span: tuple[Decimal, Decimal]
    children: "list[_Node]"


def _nested(spans: Iterable[tuple[Decimal, Decimal]]) -> list[_Node]:
    """Return stretches as trees: each below the shortest earlier one that holds it; at most `_LEVELS` levels deep."""
    tops: list[_Node] = []
    path: list[_Node] = []
    for span in spans:
        while path and path[-1].span[1] < span[1]:
            path.pop()
        node = _Node(span, [])
        if len(path) >= _LEVELS:
            path = path[: _LEVELS - 1]
        (path[-1].children if path else tops).append(node)
        path.append(node)
    return tops


def _plain_text(text: str) -> str:
    """Return one line; a value that begins with ``<`` would be read as HTML (Presentation API 3.0, 4.5)."""
    line = one_line(text)
    return line.replace("&", "&amp;").replace("<", "&lt;") if line.startswith("<") else line


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return quote(name[dot:]) if dot > 0 else ""


def _media_type(address: str, otherwise: str) -> str:
    known = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac"}
    return known.get(address.rsplit("?", 1)[0].rsplit(".", 1)[-1].lower(), otherwise)
