"""ELAN: tiers per agent and aspect, with confidence and verdict in a dependent tier.

Conventions
-----------
Annotations of one tier do not overlap: those that would stand in further tiers, numbered from 2. A value is the label
with its concept in brackets, or the words. The participant and the annotator of a tier are the agent. Times are whole
milliseconds; an instant is 1 ms. ELAN has no place for the IRI of an annotation in a value; it stands in the dependent
tier.

Source
------
ELAN Annotation Format, version 2.8 (``EAFv2.8.xsd``), as written by pympi-ling.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from pympi.Elan import Eaf

from export.material import Annotation, Material
from export.options import Options
from export.words import MILLISECOND, note_instants, one_line, plain_number, rows_of, tagged, widened, xml_text

__all__ = ["write"]


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the document."""
    said = material.annotations
    note_instants(said, notes)
    finer = sum(time % MILLISECOND != 0 for one in said for time in (one.start, one.end))
    if finer:
        notes.append(f"{finer} times are rounded to the millisecond, in which ELAN counts")
    document = Eaf(author="Acousma")
    document.adocument["DATE"] = max((one.created for one in said if one.created), default="1970-01-01T00:00:00Z")
    document.remove_tier("default")
    document.add_linguistic_type("about", constraints="Symbolic_Association", timealignable=False)
    for file in material.files[:1]:
        target = options.audio or quote(file.name)
        document.add_linked_file(target, relpath=None if options.audio else f"./{target}", mimetype=file.media_type)
    for (agent, aspect), group in _grouped(said, options.language).items():
        for number, row in enumerate(rows_of(group, material.duration), 1):
            name = xml_text(one_line(f"{agent} / {aspect}" + (f" ({number})" if number > 1 else "")))
            _tier(document, name, row, (options.language, material.duration))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.eaf"
        document.to_file(str(path))
        yield path.read_bytes()


def _grouped(said: tuple[Annotation, ...], language: str) -> dict[tuple[str, str], list[Annotation]]:
    groups: defaultdict[tuple[str, str], list[Annotation]] = defaultdict(list)
    for one in said:
        aspect = one.aspect.label(language) if one.aspect else ("claims" if one.concept else "words")
        groups[one.agent.title, aspect].append(one)
    return dict(sorted(groups.items()))


def _tier(document: Eaf, name: str, row: list[Annotation], how: tuple[str, Decimal]) -> None:
    language, duration = how
    agent = xml_text(one_line(row[0].agent.title))
    about = f"{name} / about"
    document.add_tier(name, part=agent, ann=agent)
    document.add_tier(about, ling="about", parent=name, part=agent, ann=agent)
    aligned, dependent = document.tiers[name][0], document.tiers[about][1]
    for one in row:
        start, end = (int(time / MILLISECOND) for time in widened(one, duration))
        document.add_annotation(name, start, max(end, start + 1), xml_text(tagged(one, language)))
        sure = [f"confidence {plain_number(one.confidence)}"] if one.confidence is not None else []
        parent, id_ = next(reversed(aligned)), document.generate_annotation_id()
        # add_ref_annotation looks for the parent by a time, which two annotations that touch share
        document.annotations[id_] = about
        dependent[id_] = (parent, xml_text("; ".join([*sure, one.verdicts, one.iri])), None, None)
