"""IIIF manifests and annotation pages of other programs: AVAnnotate, Aviary, Ramp, Timeliner, and our own.

Conventions
-----------
Each annotation of a canvas with sound is read: its texts as descriptions, its tags as labels, its links to concepts of
the vocabulary as claims. A text that only restates such a claim (in a manifest of ``acousma export iiif``) is passed
over and counted. The sound is that which is painted on the canvas, by the name of its file; for a page of annotations
without a manifest the name of the file stands for it. Who speaks is ``creator``; the last word of a program's name is
its version, if it has a digit. An instant claims nothing of a stretch of sound and is left.

Faults that the tools are known for are repaired, and every kind of repair is told with how often it was made.

Source
------
IIIF Presentation API 3.0 and 2.1; Web Annotation Data Model; Media Fragments URI 1.0, 4.2.1 Temporal Dimension. The
faults: issues of the programs' own repositories, and manifests they wrote.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from ingest.imports.blocks import load
from ingest.imports.iiif_times import Repairs, Times, times_of
from ingest.imports.records import Cause, Label, Left, Reading, Record, Speaker, Text
from ingest.imports.timed import WEBVTT, taken
from ontology.errors import ImportFileError
from ontology.terms import ACV, ConfidenceKind

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "iiif"
_TYPES = ("Manifest", "sc:Manifest", "AnnotationPage", "sc:AnnotationList", "AnnotationCollection", "Canvas")
_SOUND = ("Sound", "Video", "Audio", "dctypes:Sound", "dctypes:MovingImage")
_LONGEST = 200

Json: TypeAlias = dict[str, Any]  # values of JSON
Item: TypeAlias = Record | Left


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    text = load(path)
    if "iiif.io/api/presentation" not in text and "w3.org/ns/anno" not in text:
        return False
    try:
        return knows(json.loads(text))
    except (ValueError, RecursionError):
        return False


def knows(value: object) -> bool:
    """Tell whether a parsed value is a manifest or a page of annotations."""
    return isinstance(value, dict) and (value.get("type") or value.get("@type")) in _TYPES


def read(path: Path) -> Reading:
    """Read a manifest or a page of annotations.

    Raises
    ------
    ImportFileError
        If it is neither.
    """
    try:
        value = json.loads(load(path))
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"{path} is no JSON ({error})", "a IIIF manifest", "save it again") from error
    if not knows(value):
        kind = value.get("type", value.get("@type")) if isinstance(value, dict) else type(value).__name__
        raise ImportFileError(
            f"{path} is no IIIF manifest (its type is {kind!r})", "a Manifest or an AnnotationPage",
            "of a collection, import its manifests",
        )  # fmt: skip
    reading = Reading(path, NAME)
    document = _Document(path)
    try:
        for item in document.items(value):
            if isinstance(item, Left):
                reading.left.append(item)
            else:
                reading.records.append(item)
    except RecursionError as error:
        raise ImportFileError(f"{path} is nested too deeply", "a IIIF manifest") from error
    reading.notes += document.notes()
    return reading


@dataclass(slots=True)
class _Document:
    """One file while it is read."""

    path: Path
    repairs: Repairs = field(default_factory=Repairs)
    passed: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    sounds: dict[str, str] = field(default_factory=dict)

    def notes(self) -> list[str]:
        """Return what was repaired, and what was passed over on purpose."""
        return [
            *(f"repaired, {count} times: {kind}" for kind, count in self.repairs.counts.items()),
            *(f"{count} {kind}" for kind, count in self.passed.items()),
        ]

    def items(self, value: Json) -> Iterator[Item]:
        """Yield all that is said."""
        id_ = value.get("id", value.get("@id"))
        if isinstance(id_, str) and id_ != id_.strip():
            self.repairs.note("an id of the document with blanks around it")
        canvases = [value] if value.get("type") == "Canvas" else list(self._canvases(value))
        for canvas in canvases:
            self.sounds[_address(canvas)] = self._sound(canvas)
        pages = [page for canvas in canvases for page in self._pages(canvas)]
        pages += [] if value.get("type") == "Canvas" else self._pages(value)
        if value.get("type") in ("AnnotationPage", "AnnotationCollection") or value.get("@type") == "sc:AnnotationList":
            pages = [value]
        if value.get("structures"):
            self.passed["table of contents (structures) was not read: nobody is named who says so"] += 1
        for number, page in enumerate(pages, 1):
            yield from self._page(page, f"page {number}")

    def _canvases(self, value: Json) -> Iterator[Json]:
        yield from (one for one in _objects(value.get("items")) if one.get("type") == "Canvas")
        for sequence in _objects(value.get("sequences")):
            yield from _objects(sequence.get("canvases"))

    def _pages(self, value: Json) -> list[Json]:
        return [*_objects(value.get("annotations")), *_objects(value.get("otherContent"))]

    def _sound(self, canvas: Json) -> str:
        """Return the name of the file that is painted on a canvas; empty if none is."""
        painted = [body for page in _objects(canvas.get("items")) for one in _objects(page.get("items"))
                   for body in _objects(one.get("body"))]  # fmt: skip
        painted += [body for one in _objects(canvas.get("images")) for body in _objects(one.get("resource"))]
        painted += [one for body in painted for one in _objects(body.get("items"))]
        for body in painted:
            kind = body.get("type", body.get("@type"))
            if kind not in _SOUND and not str(body.get("format", "")).startswith(("audio/", "video/")):
                continue
            if kind == "Audio":
                self.repairs.note("'Audio' as the type of a sound instead of 'Sound'")
            if "duration" not in canvas:
                self.repairs.note("a canvas with sound and without a duration")
            name = PurePosixPath(unquote(urlsplit(_address(body)).path)).name
            if name:
                return name
        return ""

    # -- annotations -------------------------------------------------------------------------------

    def _page(self, page: Json, place: str) -> Iterator[Item]:
        items = page.get("items", page.get("resources"))
        if items is None:
            id_ = _address(page)
            beside = self.path.parent / PurePosixPath(unquote(urlsplit(id_).path)).name
            if beside != self.path and beside.is_file() and sniff(beside):
                yield from self._page(json.loads(load(beside)), f"{place} ({beside.name})")
                return
            reason = f"a page of annotations that is not in the file: save it beside it as {beside.name}"
            yield Left(1, Cause.MALFORMED, reason, id_[:_LONGEST], entry=place)
            return
        for number, item in enumerate(items if isinstance(items, list) else [items], 1):
            yield from self._annotation(item, f"{place}, annotation {number}")

    def _annotation(self, item: object, place: str) -> Iterator[Item]:
        if not isinstance(item, dict):
            yield Left(1, Cause.MALFORMED, "an annotation that is no object", str(item)[:_LONGEST], entry=place)
            return
        id_ = _address(item)
        if id_ and id_ in self.ids:
            self.repairs.note("an annotation with the id of another: each is read as one of its own")
        self.ids.add(id_)
        for number, target in enumerate(_list(item.get("target", item.get("on"))) or [None], 1):
            where = f"{place}, target {number}" if number > 1 else place
            canvas, times, fault = times_of(target, self.repairs)
            name = self.sounds.get(canvas, next(iter(self.sounds.values()), "")) or None
            if self.sounds and canvas not in self.sounds:
                self.repairs.note("a target that is no canvas of the manifest: taken for the first one")
            yield from self._bodies(item, (where, name, fault), times)

    def _bodies(self, item: Json, place: tuple[str, str | None, str], times: Times) -> Iterator[Item]:
        where, name, fault = place
        speaker = _speaker(item.get("creator"))
        bodies = _list(item.get("body", item.get("resource")))
        if not bodies:
            yield Left(1, Cause.EMPTY, "an annotation without a body", _address(item)[:_LONGEST], entry=where)
        if fault:
            yield Left(1, Cause.MALFORMED, fault, _shown(bodies), entry=where, file=name)
            return
        claims = any(map(_concept, bodies))
        for body in bodies:
            for one in self._said(body, where, (times, speaker), claims=claims):
                yield replace(one, file=name)

    def _said(self, body: object, where: str, how: tuple[Times, Speaker], *, claims: bool) -> Iterator[Item]:
        if isinstance(body, str):
            body = {"id": body} if "://" in body else {"value": body}
        if not isinstance(body, dict):
            yield Left(1, Cause.MALFORMED, "a body that is neither an object nor a text", _shown(body), entry=where)
        elif concept := _concept(body):
            yield _record(Label(concept, None, ConfidenceKind.VERBALISED, "acousma"), where, how)
        elif isinstance(text := body.get("value", body.get("chars")), str):
            if claims:
                kind = "tags" if body.get("purpose") == "tagging" else "sentences"
                self.passed[f"{kind} that restate a claim beside them were not imported"] += 1
            elif not text.strip():
                yield Left(1, Cause.EMPTY, "neither a text nor a label", entry=where)
            else:
                yield _record(taken(text), where, how)
        elif body.get("format") == "text/vtt":
            yield from self._captions(body, where, how[1])
        else:
            reason = "a body that is neither a text nor a concept of the vocabulary"
            yield Left(1, Cause.NO_COUNTERPART, reason, _shown(body), entry=where)

    def _captions(self, body: Json, where: str, speaker: Speaker) -> Iterator[Item]:
        """Yield the cues of a WebVTT file that lies beside the manifest."""
        if len(self.ids) > 1:
            self.passed["WebVTT file beside texts was not read: captions repeat annotations; import it by itself"] += 1
            return
        beside = self.path.parent / PurePosixPath(unquote(urlsplit(_address(body)).path)).name
        if beside.is_file():
            reading = WEBVTT.read(beside)
            yield from (replace(one, speaker=speaker, entry=f"{where}, {one.entry}") for one in reading.records)
            yield from (replace(one, entry=f"{where}, {one.entry}") for one in reading.left)
            return
        reason = f"captions that are not in the file: save them beside it as {beside.name}"
        yield Left(1, Cause.MALFORMED, reason, _address(body)[:_LONGEST], entry=where)


def _record(said: Text | Label, where: str, how: tuple[Times, Speaker]) -> Item:
    """Return what is said of a stretch; of an instant, nothing is claimed."""
    (start, end), speaker = how
    if start is not None and end is not None and end <= start:
        reason = f"a time from {start} to {end} s (an instant is no stretch of sound)"
        return Left(1, Cause.TIME, reason, said.name if isinstance(said, Label) else said.words, entry=where)
    return Record(1, None, said, start, end, speaker=speaker, entry=where)


def _list(value: object) -> list[object]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _objects(value: object) -> list[Json]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _address(value: Json) -> str:
    found = value.get("id", value.get("@id"))
    return found.strip() if isinstance(found, str) else ""


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST]


def _concept(body: object) -> str:
    """Return the id of the concept of the vocabulary that a body names; empty if it names none."""
    if isinstance(body, dict):
        source = body.get("source", body.get("id"))
        body = source.get("id") if isinstance(source, dict) else source
    return body.removeprefix(ACV) if isinstance(body, str) and body.startswith(ACV) else ""


def _speaker(creator: object) -> Speaker:
    for one in _list(creator):
        if isinstance(one, str):
            return Speaker(one, kind="person")
        if isinstance(one, dict):
            name = one.get("name", one.get("label", one.get("id")))
            name = next(iter(name.values()), "") if isinstance(name, dict) else name
            name = name[0] if isinstance(name, list) and name else name
            if isinstance(name, str) and name.strip():
                if one.get("type") not in ("Software", "SoftwareAgent", "as:Application"):
                    return Speaker(name.strip(), kind="person")
                head, _, last = name.strip().rpartition(" ")
                versioned = bool(head) and any(letter.isdigit() for letter in last)
                return Speaker(head, last) if versioned else Speaker(name.strip())
    return Speaker()
