"""JAMS: tags and segments of its open namespaces and of AudioSet, and names of chords.

Conventions
-----------
A JAMS file speaks of one sound, which its own name stands for. An observation has ``time`` and ``duration`` in seconds,
``value`` and ``confidence``, sparse (a list of objects) or dense (an object of lists). Read are the namespaces
``tag_audioset…`` (labels of AudioSet), ``spectromorphology`` (concepts by IRI, as ``acousma export`` writes them),
``tag_open`` and ``segment_open`` (any words; they count where they are labels), ``chord`` and ``chord_harte`` (names of
chords, kept word for word with their pitch classes). The observations of all others are
counted and left: ``ontology/mappings/jams.sssom.tsv`` says what they are related to, and being related makes no claim.
Who annotated is ``annotator`` (a person, by ``name``, ``id`` or
``username``), or the program in ``annotation_tools`` with ``version``; the curator is kept as a parameter.

The file is read by its published schema, without the library ``jams``, which would bring pandas for a few keys.

Source
------
https://github.com/marl/jams, ``jams/schemata/jams_schema.json`` and ``jams/schemata/namespaces``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ingest.imports.blocks import load, number
from ingest.imports.chords import pitch_classes
from ingest.imports.records import Cause, Label, LabelScheme, Left, Reading, Record, Speaker, Text
from ontology.errors import ImportFileError
from ontology.terms import ACV, ConfidenceKind

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "jams"
_OPEN = ("tag_open", "segment_open")
_OWN = "spectromorphology"
_CHORDS = ("chord", "chord_harte")
_KEYS = ("time", "duration", "value", "confidence")
_REQUIRED = ("annotation_metadata", "data", "namespace")


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    text = load(path)
    if path.suffix.lower() == ".jams":
        return True
    try:
        return knows(json.loads(text))
    except (ValueError, RecursionError):
        return False


def knows(value: object) -> bool:
    """Tell whether a parsed value is a JAMS object."""
    return isinstance(value, dict) and isinstance(value.get("annotations"), list)


def read(path: Path) -> Reading:
    """Read a JAMS file."""
    text = load(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"{path} is no JSON ({error})", "a JAMS file", "write it again with jams.save") from error
    if not knows(value):
        raise ImportFileError(f"{path} has no list of annotations", "a JAMS file", "write it again with jams.save")
    reading = Reading(path, NAME)
    for count, annotation in enumerate(value["annotations"], 1):
        for item in _annotation(annotation, f"annotation {count}"):
            if isinstance(item, Left):
                reading.left.append(item)
            else:
                reading.records.append(item)
    if value.get("sandbox"):
        reading.notes.append("'sandbox' was not read")
    return reading


def _annotation(annotation: object, place: str) -> Iterator[Record | Left]:
    if not isinstance(annotation, dict) or not all(key in annotation for key in _REQUIRED):
        yield Left(1, Cause.MALFORMED, f"an annotation without {', '.join(_REQUIRED)}", entry=place)
        return
    namespace, data = str(annotation["namespace"]), annotation["data"]
    rows = _rows(data)
    if rows is None:
        yield Left(1, Cause.MALFORMED, "data that are neither a list nor lists of equal length", entry=place)
        return
    scheme: LabelScheme = "audioset" if namespace.startswith("tag_audioset") else "any"
    scheme = "acousma" if namespace == _OWN else scheme
    if scheme == "any" and namespace not in (*_OPEN, *_CHORDS):
        reason = f"the namespace {namespace} has no counterpart (ontology/mappings/jams.sssom.tsv)"
        if rows:
            yield Left(1, Cause.NO_COUNTERPART, reason, namespace, len(rows), entry=place)
        return
    if not rows:
        yield Left(1, Cause.NOTHING_SAID, f"an annotation in {namespace} without observations", entry=place)
    speaker, parameters = _metadata(annotation["annotation_metadata"])
    parameters = (("namespace", namespace), *parameters, *_region(annotation))
    for count, row in enumerate(rows, 1):
        found = _observation(row, (scheme, speaker, parameters), f"{place}, observation {count}")
        yield _chord(found) if namespace in _CHORDS and isinstance(found, Record) else found


def _chord(record: Record) -> Record | Left:
    """Return the name of a chord as words with its pitch classes."""
    name = record.said.name if isinstance(record.said, Label) else ""
    try:
        return replace(record, said=Text(name, pitch_classes(name)))
    except ValueError as error:
        return Left(1, Cause.MALFORMED, f"{error}; expected a chord such as C:maj7", name, entry=record.entry)


def _rows(data: object) -> list[object] | None:
    """Return the observations as objects, sparse or dense."""
    if isinstance(data, list):
        return data
    lists = [data.get(key) for key in _KEYS] if isinstance(data, dict) else []
    columns = [part for part in lists if isinstance(part, list)]
    if len(columns) == len(_KEYS) and len({*map(len, columns)}) == 1:
        return [dict(zip(_KEYS, cells, strict=True)) for cells in zip(*columns, strict=True)]
    return None


def _metadata(metadata: object) -> tuple[Speaker, tuple[tuple[str, str], ...]]:
    if not isinstance(metadata, dict):
        return Speaker(), ()
    annotator = metadata.get("annotator")
    names = (annotator.get(key) for key in ("name", "id", "username")) if isinstance(annotator, dict) else ()
    person = next((str(name).strip() for name in names if isinstance(name, str | int) and str(name).strip()), None)
    tool = str(metadata.get("annotation_tools") or "").strip() or None
    version = str(metadata.get("version") or "").strip() or None
    curator = metadata.get("curator")
    kept = {
        "annotation tools": tool,
        "curator": curator.get("name") if isinstance(curator, dict) else None,
        "corpus": metadata.get("corpus"),
        "annotation rules": metadata.get("annotation_rules"),
        "data source": metadata.get("data_source"),
        "version of the annotation": version,
    }
    parameters = tuple((name, text) for name, text in kept.items() if isinstance(text, str) and text.strip())
    if person:
        return Speaker(person, kind="person"), parameters
    return Speaker(tool, version), parameters


def _region(annotation: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return which part of the sound was annotated, where it is said."""
    given = ((f"annotated region, {key}, in seconds", number(annotation.get(key))) for key in ("time", "duration"))
    return tuple((name, f"{value:g}") for name, value in given if value is not None)


def _observation(
    row: object, known: tuple[LabelScheme, Speaker, tuple[tuple[str, str], ...]], place: str
) -> Record | Left:
    scheme, speaker, parameters = known
    if not isinstance(row, dict) or not all(key in row for key in _KEYS):
        return Left(1, Cause.MALFORMED, f"an observation without {', '.join(_KEYS)}", str(row), entry=place)
    time, duration, value = number(row["time"]), number(row["duration"]), row["value"]
    if time is None or duration is None or time < 0 or duration <= 0:
        reason = f"time {row['time']!r}, duration {row['duration']!r}; expected seconds, a duration above 0"
        return Left(1, Cause.MALFORMED, reason, str(value), entry=place)
    basis = value.get("confidence_kind") if isinstance(value, dict) else None
    if scheme == "acousma" and isinstance(value, dict):
        value = str(value.get("concept") or "").removeprefix(ACV)
    if not isinstance(value, str) or not value.strip():
        return Left(1, Cause.MALFORMED, "a value that is no text", str(value), entry=place)
    score = number(row["confidence"])
    if score is None and row["confidence"] is not None:
        return Left(1, Cause.SCORE, f"a confidence of {row['confidence']!r}", value, entry=place)
    scored = score is not None and speaker.kind == "software"
    kind = ConfidenceKind.CLASSIFIER_SCORE if scored else ConfidenceKind.VERBALISED
    said = Label(value.strip(), score, ConfidenceKind(basis) if basis in list(ConfidenceKind) else kind, scheme)
    return Record(1, None, said, time, round(time + duration, 6), False, speaker, parameters, place)
