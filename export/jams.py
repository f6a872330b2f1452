"""JAMS: an annotation per agent in a namespace of its own, or open tags for programs that do not know it.

Conventions
-----------
``write`` uses the namespace ``spectromorphology`` (``export/spectromorphology.json``, for
``jams.schema.add_namespace``): a value holds the IRI of the concept and of the stored annotation, and what others make
of it. ``write_tags`` gives labels in ``tag_open``. Words stand in ``tag_open`` in both. Times are seconds; the duration
is end less start, and 0 for an instant.

Source
------
https://github.com/marl/jams, ``jams/schemata/jams_schema.json``.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from export.material import Annotation, Layer, Material
from export.options import Options, software_version

__all__ = ["NAMESPACE", "NAMESPACE_FILE", "write", "write_tags"]

NAMESPACE = "spectromorphology"
NAMESPACE_FILE = Path(__file__).parent / f"{NAMESPACE}.json"
"""The schema of the namespace."""

_VERSION = "0.3.5"
"""Of the library whose schema this is."""

Json: TypeAlias = dict[str, Any]  # values of JSON


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a document with concepts in the namespace of Acousma."""
    return _document(material, options, own=True)


def write_tags(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a document with labels in ``tag_open``."""
    judged = sum(bool(one.assessments) for one in material.annotations)
    if judged:
        notes.append(f"what is made of {judged} claims is left out: tag_open holds a text and a confidence only")
    return _document(material, options, own=False)


def _document(material: Material, options: Options, *, own: bool) -> Iterator[bytes]:
    work = material.work
    identifiers = {"recording": material.recording} | ({"work": work.iri} if work.iri else {})
    head: Json = {
        "title": work.title, "artist": work.creator, "release": "", "duration": float(material.duration),
        "identifiers": identifiers, "jams_version": _VERSION,
    }  # fmt: skip
    yield f'{{"file_metadata": {_json(head)},\n"sandbox": {{}},\n"annotations": ['.encode()
    separator = "\n"
    for layer in material.layers:
        claims = [one for one in layer.annotations if one.concept is not None]
        words = [one for one in layer.annotations if one.concept is None]
        for namespace, said in ((NAMESPACE if own else "tag_open", claims), ("tag_open", words)):
            if said:
                yield separator.encode()
                yield from _annotation(layer, namespace, said, options, material.duration)
                separator = ",\n"
    yield b"\n]}\n"


def _annotation(
    layer: Layer, namespace: str, said: list[Annotation], options: Options, duration: Decimal
) -> Iterator[bytes]:
    agent = layer.agent
    metadata: Json = {
        "curator": {"name": "", "email": ""},
        "annotator": {"name": agent.name, "id": agent.iri} if agent.person else {},
        "version": agent.version or "",
        "corpus": "",
        "annotation_tools": "" if agent.person else agent.name,
        "annotation_rules": "",
        "validation": "",
        "data_source": "manual" if agent.person else "program",
    }
    rest: Json = {"annotation_metadata": metadata, "namespace": namespace, "time": 0, "duration": float(duration)}
    rest["sandbox"] = {"agent": agent.iri, "exported_by": f"Acousma {software_version()}"}
    yield f'{_json(rest)[:-1]}, "data": ['.encode()
    for number, one in enumerate(said):
        value = _value(one, options.language) if namespace == NAMESPACE else one.text(options.language)
        row: Json = {
            "time": float(one.start), "duration": float(one.end - one.start), "value": value,
            "confidence": float(one.confidence) if one.confidence is not None else None,
        }  # fmt: skip
        yield f"{',' if number else ''}\n{_json(row)}".encode()
    yield b"]}"


def _value(one: Annotation, language: str) -> Json:
    assert one.concept is not None
    value: Json = {"concept": one.concept.iri, "label": one.concept.label(language), "annotation": one.iri}
    if one.confidence_kind:
        value["confidence_kind"] = one.confidence_kind
    if one.assessments:
        value["assessments"] = [
            {
                "verdict": judged.verdict.iri,
                "agent": judged.agent.iri,
                "annotation": judged.iri,
                "reason": judged.reason,
            }
            for judged in one.assessments
        ]
    return value


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
