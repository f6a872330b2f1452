"""IIIF Presentation 3: a manifest with one canvas, a page of annotations per agent, and captions as the last page.

Conventions
-----------
The shape is the one that most viewers read. Pages are embedded, labelled and sorted by start. A stretch has a string
as its target, ``canvas#t=start,end``; an instant has a ``PointSelector``, except at 0, which a viewer takes for none:
there it is a stretch of 10 ms. The first body is a sentence that can stand alone, then come tags, then the concept.
Moments that were measured stand on pages of their own, as instants: where a stretch is loudest, where a sound object
ends. The last page is a WebVTT file with all annotations as cues, which is where some viewers find the times.

The profile *plain* is for clients that read nothing but strings: instants become stretches of 10 ms, and bodies hold no
links. Addresses lie below the base; the documents are to be served there with CORS, the sound with byte ranges.

Source
------
IIIF Presentation API 3.0; Web Annotation Data Model; docs/exporting.md says which client reads what.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import quote

from export.iiif_form import ranges
from export.iiif_moments import as_annotation, moment_bodies, name_of
from export.iiif_report import compatibility
from export.material import Agent, Annotation, Layer, Material, Moment
from export.options import Options, Served
from export.rights import licence
from export.webvtt import caption_parts
from export.words import explained, one_line, plain_number
from ontology.errors import InputError
from ontology.terms import SKOS

__all__ = ["CONTEXT", "PICTURE", "SHORTEST", "manifest", "write"]

SHORTEST = Decimal("0.01")
"""Seconds that stand for an instant where a client reads no points."""

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
"""The JSON-LD context of Presentation 3."""

PICTURE = (1600, 200, 500)
"""Width of the pictures of a sound, and heights of waveform and sonogram, in pixels."""

_SILENT = {
    "private": "The sound of this recording is not public. What is said of it is; a picture of that stands in the "
    "place of the sound.",
    "absent": "The sound of this recording is not in this archive. A picture of what is said of it stands in the place "
    "of the sound.",
}

Json: TypeAlias = dict[str, Any]  # values of JSON


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the manifest; the notes are the compatibility report.

    Raises
    ------
    InputError
        Without a base.
    """
    if not options.base or not options.base.startswith(("http://", "https://")):
        found = f"{options.base!r} was given as the base of a manifest" if options.base else "a manifest needs a base"
        raise InputError(found, "the address below which it will be served", "--base https://archive.example.org/")
    document, said = manifest(material, options)
    notes += said
    yield json.dumps(document, ensure_ascii=False, indent=1).encode()
    yield b"\n"


def manifest(material: Material, options: Options) -> tuple[Json, list[str]]:
    """Return the manifest and its compatibility report.

    Parameters
    ----------
    material : Material
    options : Options
        With a base.
    """
    made = _Manifest(material, options)
    document = made.document()
    assert options.base is not None
    port = _has_port(options.base)
    return document, [*made.notes, *compatibility(material, plain=options.profile == "plain", page_port=port)]


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

    @property
    def served(self) -> Served | None:
        """What a server offers beside the manifest."""
        return self.options.served

    @property
    def _file(self) -> str:
        return "plain" if self.plain else "manifest"

    def _address(self, name: str) -> str:
        """Return the address of a document of which each profile has its own."""
        return f"{self.root}/{name}{'?profile=plain' if self.plain and self.served else ''}"

    def document(self) -> Json:
        """Return the manifest."""
        work = self.material.work
        document: Json = {
            "@context": [CONTEXT],
            "id": self._address("manifest.json") if self.served else f"{self.root}/{self._file}.json",
            "type": "Manifest",
            "label": {"none": [one_line(work.title)]},
        }
        facts = [("Composer", work.creator), ("Year", work.year), ("Source", work.source), ("Rights", work.rights)]
        document["metadata"] = [
            {"label": {"en": [name]}, "value": {"none": [_plain_text(value)]}} for name, value in facts if value
        ]
        if rights := licence(work.rights) or (work.rights if work.rights.startswith("http") else ""):
            document["rights"] = rights
        elif work.rights:
            document["requiredStatement"] = {
                "label": {"en": ["Rights"]}, "value": {"none": [_plain_text(work.rights)]}
            }  # fmt: skip
        if self.served and self.served.state != "open":
            document["summary"] = {"en": [_SILENT[self.served.state]]}
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
        if self.served and not self.plain:
            document["service"] = [self._search("")]
        document["items"] = [self._canvas()]
        if structures := ranges(self.material, self.options.language, self.root, self._stretch):
            document["structures"] = structures
        return document

    # -- the canvas --------------------------------------------------------------------------------

    def _canvas(self) -> Json:
        canvas: Json = {
            "id": self.canvas, "type": "Canvas", "label": {"none": [one_line(self.material.work.title)]},
            "duration": float(self.material.duration),
        }  # fmt: skip
        served = self.served
        if served and served.picture and not served.sounds:
            _, canvas["width"], canvas["height"] = served.picture
        painting = {
            "id": f"{self.canvas}/painting/1", "type": "Annotation", "motivation": "painting",
            "body": self._painted(), "target": self.canvas,
        }  # fmt: skip
        canvas["items"] = [{"id": f"{self.canvas}/painting", "type": "AnnotationPage", "items": [painting]}]
        if served:
            canvas["service"] = [self._search("/plain" if self.plain else "/canvas")]
            if served.masters:
                canvas["rendering"] = [
                    {"id": one.address, "type": "Sound", "label": {"en": [one.label]}, "format": one.media_type}
                    for one in served.masters
                ]
            if served.sounds and not self.plain:
                canvas["accompanyingCanvas"] = self._beside()
        pages = [*self._pages(), *self._measured(), *([self._captions()] if self.material.layers else [])]
        if pages:
            canvas["annotations"] = pages
        return canvas

    def _painted(self) -> Json:
        """Return the sound, a choice of sounds, or a picture where there is none."""
        duration = float(self.material.duration)
        served = self.served
        if served and served.sounds:
            bodies: list[Json] = [
                {"id": one.address, "type": "Sound", "format": one.media_type, "duration": duration}
                | ({"label": {"en": [one.label]}} if len(served.sounds) > 1 else {})
                for one in served.sounds
            ]
            return bodies[0] if len(bodies) == 1 or self.plain else {"type": "Choice", "items": bodies}
        if served and served.picture:
            name, width, height = served.picture
            address = f"{self.root}/{name}"
            return {"id": address, "type": "Image", "format": "image/png", "width": width, "height": height}
        file = self.material.files[0] if self.material.files else None
        target = self.options.audio or f"{self.root}/audio{_suffix(file.name) if file else ''}"
        if self.options.audio is None:
            self.notes.append(f"no address of the sound was given (--audio): the manifest expects it at {target}")
        format_ = _media_type(target, file.media_type if file else "audio/mpeg")
        return {"id": target, "type": "Sound", "duration": duration, "format": format_}

    def _beside(self) -> Json:
        """Return the canvas that a viewer shows while the sound is heard: waveform above sonogram."""
        width, upper, lower = PICTURE
        id_, height = f"{self.canvas}/beside", upper + lower
        body = {
            "id": f"{self.root}/sound.png", "type": "Image", "format": "image/png", "width": width, "height": height,
        }  # fmt: skip
        painting = {
            "id": f"{id_}/painting/1", "type": "Annotation", "motivation": "painting", "body": body, "target": id_,
        }  # fmt: skip
        return {
            "id": id_, "type": "Canvas", "label": {"en": ["Waveform, and sonogram from 40 Hz to 20 kHz"]},
            "width": width, "height": height,
            "items": [{"id": f"{id_}/painting", "type": "AnnotationPage", "items": [painting]}],
        }  # fmt: skip

    def _search(self, where: str) -> Json:
        """Return the service that searches the annotations; each resource has one of its own."""
        root = f"{self.root}{where}"
        completing = {"id": f"{root}/autocomplete", "type": "AutoCompleteService2"}
        return {"id": f"{root}/search", "type": "SearchService2", "service": [completing]}

    def _pages(self) -> Iterator[Json]:
        for layer in self.material.layers:
            yield {
                "id": self._address(f"annotations/{_name(layer.agent)}.json"), "type": "AnnotationPage",
                "label": {"none": [one_line(layer.agent.title)]}, "items": list(self._items(layer)),
            }  # fmt: skip

    def _measured(self) -> Iterator[Json]:
        """Yield a page of measured moments per agent: they are not claims, and stand apart from them."""
        agents = {one.agent.iri: one.agent for one in self.material.moments}
        for agent in agents.values():
            yield {
                "id": self._address(f"annotations/{_name(agent)}-moments.json"), "type": "AnnotationPage",
                "label": {"en": [f"Measured moments ({one_line(agent.title)})"]},
                "items": [self._moment(one) for one in self.material.moments if one.agent.iri == agent.iri],
            }  # fmt: skip

    def _moment(self, one: Moment) -> Json:
        agent, id_ = one.agent, f"{self.root}/moment/{name_of(one)}-{_name(one.agent)}"
        return {
            "id": f"{id_}{'?profile=plain' if self.plain and self.served else ''}", "type": "Annotation",
            "motivation": ["commenting", "tagging"],
            "creator": {"id": agent.iri, "type": "Software", "name": one_line(agent.title)},
            "seeAlso": [{
                "id": one.iri, "type": "Dataset", "label": {"en": ["What was measured"]}, "format": "text/turtle",
            }],
            "body": moment_bodies(one, self.options.language, plain=self.plain),
            "target": self._target(as_annotation(one)),
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
        return [text, *tags, {"id": one.concept.iri, "type": SKOS.NS + "Concept", "purpose": "classifying"}]

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
        """Return the page of captions: one file, or several where more annotations overlap than a viewer can show."""
        count = len(caption_parts(self.material)) if self.served else 1
        items: list[Json] = []
        for part in range(1, count + 1):
            which = f" ({part} of {count})" if count > 1 else ""
            body = {
                "id": f"{self.root}/annotations{f'-{part}' if count > 1 else ''}.vtt", "type": "Text",
                "format": "text/vtt", "language": self.options.language,
                "label": {"en": [f"All annotations as captions{which}"]},
            }  # fmt: skip
            items.append({
                "id": f"{self.root}/annotations/captions/{part}", "type": "Annotation",
                "motivation": ["supplementing"], "body": body, "target": self.canvas,
            })  # fmt: skip
        return {
            "id": self._address("annotations/captions.json"), "type": "AnnotationPage",
            "label": {"en": ["All annotations as captions"]}, "items": items,
        }  # fmt: skip


def _name(agent: Agent) -> str:
    """Return what the page of an agent is called: letters people know it by, and a digest that tells it from others."""
    plain = unicodedata.normalize("NFKD", agent.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9.]+", "-", plain)[:40].strip("-.")
    return f"{words or 'agent'}-{hashlib.sha256(agent.iri.encode()).hexdigest()[:6]}"


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
