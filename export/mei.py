"""MEI 5.1: a document whose music is a recording, with an ``annot`` per annotation and per assessment.

Conventions
-----------
The header holds who speaks (``application``, ``persName``), the concepts (``taxonomy``), the work and the recording;
``performance/recording`` holds the sound file, a ``when`` per boundary and a ``clip`` per stretch. An ``annot`` points
at its clip, at the concept (``@class``), at who says it (``@resp``) and, by ``ref type="webAnnotation"``, back to the
stored annotation. A review is an ``annot`` whose ``@plist`` is the annotation that it speaks of; reviews stand last.

``write`` adds a body for notation software, which refuses a file without: one empty measure per stretch between two
boundaries, which ``editorialDecl`` says is no notation. ``write_recording`` has no body; its annotations stand in
``notesStmt``. Identifiers count from 1 in the order of time: the same material gives the same document.

Source
------
Music Encoding Initiative, Guidelines 5.1: 13 Performances and Recordings; 11.4 Annotations; 3.4.2 Classification.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal
from urllib.parse import quote

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from export.material import Agent, Annotation, Assessment, Concept, Material
from export.options import Options, software_version
from export.words import clock, explained, plain_number, xml_text

__all__ = ["measure_ids", "write", "write_recording"]

_NS = "http://www.music-encoding.org/ns/mei"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_SCHEMA = "https://music-encoding.org/schema/5.1/mei-all.rng"
_MODELS = ("http://relaxng.org/ns/structure/1.0", "http://purl.oclc.org/dsdl/schematron")
_NO_NOTATION = (
    "The work has no notation. The measures of the body are placeholders, one for each stretch of time between two "
    "boundaries of annotations; they let notation software open the document, and carry no pitch and no rhythm."
)


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the document with a placeholder body."""
    return _Document(material, options, notes).pieces(body=True)


def write_recording(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the document without a body, for archives."""
    return _Document(material, options, notes).pieces(body=False)


def measure_ids(material: Material) -> dict[str, list[str]]:
    """Return the identifiers of the placeholder measures that each annotation speaks of, by its IRI."""
    whens = sorted({Decimal(0), *(time for one in material.annotations for time in (one.start, one.end))})
    measures = [time for time in whens if time < material.duration]
    found = {}
    for one in material.annotations:
        first = max(1, bisect_right(measures, one.start))
        found[one.iri] = [f"m-{number}" for number in range(first, max(first, bisect_left(measures, one.end)) + 1)]
    return found


class _Document:
    """One document, and the identifiers of its parts."""

    def __init__(self, material: Material, options: Options, notes: list[str]) -> None:
        self._material, self._options, self._notes = material, options, notes
        self._said = material.annotations
        times = {Decimal(0), *(one.start for one in self._said), *(one.end for one in self._said)}
        self._whens = sorted(times)
        self._clips = list(dict.fromkeys((one.start, one.end) for one in self._said if not one.is_instant))
        self._clip_ids = {clip: f"clip-{number}" for number, clip in enumerate(self._clips, 1)}
        self._agents = list(material.agents)
        self._agent_ids = {agent.iri: f"agent-{number}" for number, agent in enumerate(self._agents, 1)}
        concepts = [one.concept for one in self._said if one.concept]
        concepts += [judged.verdict for one in self._said for judged in one.assessments]
        self._concepts = list({concept.iri: concept for concept in concepts}.values())
        self._category_ids = {concept.iri: f"cat-{number}" for number, concept in enumerate(self._concepts, 1)}
        self._damaged = 0

    def pieces(self, *, body: bool) -> Iterator[bytes]:
        """Yield the document."""
        annots = list(self._annots(body=body))
        root = etree.Element("mei", {"meiversion": "5.1"}, nsmap={None: _NS})
        self._head(root, None if body else annots)
        music = etree.SubElement(root, "music")
        self._performance(music)
        if body:
            self._body(music, annots)
        if not self._said:
            self._notes.append("nothing is said of this recording: the document has no annotations")
        if self._damaged:
            self._notes.append(f"{self._damaged} texts hold characters that XML cannot; U+FFFD stands for them")
        yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
        for model in _MODELS:
            line = f'<?xml-model href="{_SCHEMA}" type="application/xml" schematypens="{model}"?>\n'
            yield line.encode()
        etree.indent(root)
        for annot in annots:  # mixed content: white space would become part of the text
            annot[-1].tail = None
        yield etree.tostring(root, encoding="utf-8")
        yield b"\n"

    def _add(self, parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
        clean = {name.rstrip("_").replace("__", "."): self._clean(value) for name, value in attributes.items()}
        if "id" in clean:
            clean[f"{_XML}id"] = clean.pop("id")
        if "lang" in clean:
            clean[f"{_XML}lang"] = clean.pop("lang")
        node = etree.SubElement(parent, tag, clean)
        if text is not None:
            node.text = self._clean(text)
        return node

    def _clean(self, text: str) -> str:
        clean = xml_text(text)
        self._damaged += clean != text
        return clean

    # -- header ------------------------------------------------------------------------------------

    def _head(self, root: etree._Element, annots: Iterable[etree._Element] | None) -> None:
        head = self._add(root, "meiHead")
        file = self._add(head, "fileDesc")
        titles = self._add(file, "titleStmt")
        self._add(titles, "title", self._material.work.title)
        persons = [agent for agent in self._agents if agent.person]
        if persons or self._material.work.creator:
            responsible = self._add(titles, "respStmt")
            if self._material.work.creator:
                self._add(responsible, "persName", self._material.work.creator, role="composer")
            for person in persons:
                self._add(responsible, "persName", person.name, id=self._agent_ids[person.iri], role="annotator")
        published = self._add(file, "pubStmt")
        days = [one.created[:10] for one in self._said if one.created]
        if days:
            self._add(published, "date", isodate=max(days))
        rights = self._material.work.rights
        said = f"As the catalogue says of the recording: {rights}" if rights else "The catalogue states no rights."
        self._add(self._add(published, "availability"), "useRestrict", said)
        if annots is not None and self._said:
            self._add(file, "notesStmt").extend(annots)
        self._encoding(self._add(head, "encodingDesc"), body=annots is None)
        self._sources(head)

    def _encoding(self, parent: etree._Element, *, body: bool) -> None:
        programs = self._add(parent, "appInfo")
        own = self._add(programs, "application", id="app-acousma", version=software_version())
        self._add(own, "name", "Acousma")
        for agent in self._agents:
            if not agent.person:
                version = {"version": agent.version} if agent.version else {}
                program = self._add(programs, "application", id=self._agent_ids[agent.iri], **version)
                self._add(program, "name", agent.name)
                self._add(program, "ptr", target=agent.iri)
        if body:
            self._add(self._add(parent, "editorialDecl"), "p", _NO_NOTATION)
        if self._concepts:
            taxonomy = self._add(self._add(parent, "classDecls"), "taxonomy", id="taxonomy-1")
            for concept in self._concepts:
                self._category(taxonomy, concept)

    def _category(self, taxonomy: etree._Element, concept: Concept) -> None:
        space = concept.iri[: len(concept.iri) - len(concept.id)]
        names = {"id": self._category_ids[concept.iri], "auth__uri": space, "codedval": concept.id}
        category = self._add(taxonomy, "category", **names)
        for tag, label in concept.labels.items():
            self._add(category, "label", label, lang=tag)
        if not concept.labels:
            self._add(category, "label", concept.id)
        if concept.definition:
            self._add(category, "desc", concept.definition, lang="en")

    def _sources(self, head: etree._Element) -> None:
        work = self._add(self._add(head, "workList"), "work", id="work-1")
        if self._material.work.iri:
            self._add(work, "identifier", self._material.work.iri, type="URI")
        self._add(work, "title", self._material.work.title)
        manifestation = self._add(self._add(head, "manifestationList"), "manifestation", id="recording-source")
        self._add(manifestation, "identifier", self._material.recording, type="URI")
        name = self._material.files[0].name if self._material.files else self._material.work.title
        self._add(self._add(manifestation, "titleStmt"), "title", name or self._material.work.title)

    # -- music -------------------------------------------------------------------------------------

    def _performance(self, music: etree._Element) -> None:
        performance = self._add(music, "performance", id="performance-1", decls="#work-1")
        recording = self._add(
            performance, "recording", id="recording-1", begin=clock(Decimal(0)), end=clock(self._material.duration),
            betype="time", decls="#recording-source",
        )  # fmt: skip
        files = self._material.files
        target = self._options.audio or (quote(files[0].name) if files and files[0].name else self._material.recording)
        media_type = files[0].media_type if files else "audio/basic"
        self._add(recording, "avFile", id="file-1", mimetype=media_type, target=target)
        for number, time in enumerate(self._whens):
            self._add(recording, "when", id=f"when-{number}", absolute=clock(time), abstype="time")
        for (start, end), id_ in self._clip_ids.items():
            self._add(recording, "clip", id=id_, begin=clock(start), end=clock(end), betype="time")

    @property
    def _measures(self) -> list[Decimal]:
        """Start of each placeholder measure; none begins where the recording ends."""
        return [time for time in self._whens if time < self._material.duration]

    def _body(self, music: etree._Element, annots: Iterable[etree._Element]) -> None:
        score = self._add(self._add(self._add(music, "body"), "mdiv"), "score")
        self._add(self._add(self._add(score, "scoreDef"), "staffGrp"), "staffDef", n="1", lines="1")
        section = self._add(score, "section", type="timelinePlaceholder")
        section.extend(annots)
        last = len(self._measures)
        for number in range(1, last + 1):
            right = {"right": "end"} if number == last else {}
            measure = self._add(
                section, "measure", id=f"m-{number}", n=str(number), when=f"#when-{number - 1}", **right
            )
            layer = self._add(self._add(measure, "staff", n="1"), "layer", n="1")
            self._add(layer, "space", dur="1")

    # -- annotations -------------------------------------------------------------------------------

    def _annots(self, *, body: bool) -> Iterator[etree._Element]:
        when_ids = {time: f"#when-{number}" for number, time in enumerate(self._whens)}
        measures = self._measures
        for count, annotation in enumerate(self._said, 1):
            clip = self._clip_ids.get((annotation.start, annotation.end))
            anchor = f"#{clip}" if clip else when_ids[annotation.start]
            measure = f"#m-{max(1, bisect_right(measures, annotation.start))}"
            annot = self._annot(count, explained(annotation, self._options.language), annotation.agent, annotation.iri)
            annot.attrib.update(self._class(annotation.concept) | {"when": when_ids[annotation.start]})
            if body:
                annot.attrib.update({"plist": f"{measure} {anchor}" if clip else measure, "type": "score"})
            else:
                annot.attrib.update({"plist": anchor, "data": anchor})
            self._language(annot, annotation)
            yield annot
        judged = [(about, one) for about, said in enumerate(self._said, 1) for one in said.assessments]
        for count, (about, one) in enumerate(judged, len(self._said) + 1):
            yield self._review(count, f"#annot-{about}", one, body=body)

    def _review(self, number: int, about: str, judged: Assessment, *, body: bool) -> etree._Element:
        verdict = judged.verdict.label(self._options.language)
        sure = f", confidence {plain_number(judged.confidence)}" if judged.confidence is not None else ""
        reason = f": {judged.reason}" if judged.reason else ""
        annot = self._annot(number, f"{verdict} ({judged.agent.title}{sure}){reason}", judged.agent, judged.iri)
        annot.attrib.update({"plist": about} | self._class(judged.verdict) | ({"type": "score"} if body else {}))
        return annot

    def _annot(self, number: int, text: str, agent: Agent, iri: str) -> etree._Element:
        parent = etree.Element("parent")
        resp = self._agent_ids[agent.iri]
        annot = self._add(parent, "annot", f"{text} ", id=f"annot-{number}", resp=f"#{resp}")
        self._add(annot, "ref", "source", target=iri, type="webAnnotation")
        return annot

    def _class(self, concept: Concept | None) -> dict[str, str]:
        return {"class": f"#{self._category_ids[concept.iri]}"} if concept else {}

    def _language(self, annot: etree._Element, annotation: Annotation) -> None:
        concept = annotation.concept
        tag = concept.language(self._options.language) if concept else annotation.language
        if tag:
            annot.set(f"{_XML}lang", self._clean(tag))
