"""A small archive for the pages of the workbench, written statement by statement: nothing is measured.

Conventions
-----------
Four recordings: *open* (CC0), *kept* (no licence, sound there), *gone* (no sound) and *long* (ten thousand claims, two
hours by its statements, no claims measured). Words of people hold markup that must never run.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api.places import remember
from ingest.pipeline import load_vocabulary_graph
from ontology.terms import ACM, ACV, DCTERMS, FOAF, MLS, MO, OA, PROV, RDF, SOSA, XSD
from store import open_store
from tests.sounds import stroke, tone, write

FRBR = "http://purl.org/vocab/frbr/core#"
BASE = "http://localhost:8000/"
EVIL = "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">"
MANY = 10_000


@dataclass(frozen=True)
class Shelf:
    """The archive and what it is made of.

    Parameters
    ----------
    archive : Path
    sums : dict of str to str
        SHA-256 sum of each sound, by the name of its recording.
    """

    archive: Path
    sums: dict[str, str]


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _number(value: float) -> str:
    return f'"{value:g}"^^<{XSD.decimal}>'


class _Graph:
    """Writes statements of one named graph."""

    def __init__(self, name: str) -> None:
        self.name, self.lines = f"{BASE}graph/{name}", list[str]()

    def say(self, subject: str, **said: str) -> None:
        short = {
            "type": RDF.type, "title": DCTERMS.title, "name": FOAF.name, "creator": DCTERMS.creator,
            "created": DCTERMS.created, "rights": DCTERMS.rights, "realization": FRBR + "realization",
            "sum": ACM.sha256, "rate": MO.NS + "sample_rate",
            "channels": MO.NS + "channels", "time": MO.time, "end": ACM.endSeconds,
            "start": ACM.startSeconds, "encodes": MO.encodes, "source": OA.hasSource, "target": OA.hasTarget,
            "body": OA.hasBody, "aspect": ACM.aspect, "confidence": ACM.confidence, "kind": ACM.confidenceKind,
            "run": PROV.wasGeneratedBy, "verdict": ACM.NS + "verdict", "segmented": ACM.NS + "segmentedAs",
            "basis": ACM.basedOn, "property": SOSA.NS + "observedProperty", "value": SOSA.NS + "hasSimpleResult",
            "unit": ACM.NS + "ucumUnit", "feature": SOSA.NS + "hasFeatureOfInterest", "words": RDF.NS + "value",
            "realizes": FRBR + "realizationOf", "by": PROV.wasAssociatedWith, "derived": PROV.wasDerivedFrom,
        }  # fmt: skip
        for key, value in said.items():
            object_ = value if value.startswith('"') else f"<{value}>"
            self.lines.append(f"<{subject}> <{short[key]}> {object_} <{self.name}> .")


def _recording(graph: _Graph, name: str, duration: float, sum_: str, work: tuple[str, str, str]) -> str:
    title, composer, rights = work
    iri, extent = f"{BASE}recording/{name}", f"{BASE}span/{name}/extent"
    graph.say(iri, type=MO.DigitalSignal, rate=_number(48000), channels=_number(1), time=extent)
    graph.say(extent, end=_number(duration))
    graph.say(f"{BASE}file/{name}", type=MO.AudioFile, encodes=iri, title=_text(f"{name}.wav"), sum=_text(sum_))
    graph.say(
        f"{BASE}work/{name}", type=MO.MusicalWork, title=_text(title), creator=f"{BASE}agent/{name}",
        created=f'"1970"^^<{XSD.NS}gYear>', realization=iri, **({"rights": _text(rights)} if rights else {}),
    )  # fmt: skip
    graph.say(f"{BASE}agent/{name}", name=_text(composer))
    graph.say(iri, realizes=f"{BASE}work/{name}")
    return iri


def _claim(
    graph: _Graph, name: str, passage: tuple[str, float, float], said: tuple[str, str, float], maker: str
) -> str:
    recording, start, end = passage
    aspect, concept, confidence = said
    span = f"{BASE}span/{recording}/{round(1000 * start)}-{round(1000 * end)}"
    iri = f"{BASE}annotation/{name}"
    graph.say(
        span, type=ACM.Span, source=f"{BASE}recording/{recording}", start=_number(start), end=_number(end),
        segmented=ACV + "detectedObject",
    )  # fmt: skip
    graph.say(iri, type=ACM.Claim, body=ACV + concept, aspect=ACV + aspect, confidence=_number(confidence))
    graph.say(iri, type=OA.Annotation, kind=ACV + "ruleMargin", creator=maker, target=span)
    graph.say(iri, run=f"{BASE}run/one", created=f'"2026-01-02T03:04:05Z"^^<{XSD.NS}dateTime>')
    return iri


def _graphs(sums: dict[str, str], many: int) -> Iterator[_Graph]:
    graph = _Graph("run/one")
    machine, other = f"{BASE}agent/machine/1", f"{BASE}agent/other/1"
    graph.say(machine, type=PROV.SoftwareAgent, name=_text("Measuring machine"))
    graph.say(other, type=PROV.SoftwareAgent, name=_text(f"Other {EVIL}"))
    graph.say(f"{BASE}run/one", type=MLS.Run, by=machine)
    _recording(graph, "open", 4.0, sums["open"], (f"Bells {EVIL}", f"Ada {EVIL}", "CC0"))
    _recording(graph, "kept", 3.0, sums["kept"], ("Kept", "Bo", ""))
    _recording(graph, "gone", 60.0, "0" * 64, ("Gone", "Bo", "CC BY 4.0"))
    _recording(graph, "long", 7200.0, sums["long"], ("Long", "Cy", "Public domain"))
    _recording(graph, "bare", 1.0, "1" * 64, ("Bare", "Cy", ""))
    first = _claim(graph, "c1", ("open", 0.5, 1.1), ("morphologicalArchetype", "attackDecay", 0.9), machine)
    _claim(graph, "c2", ("open", 0.5, 1.1), ("morphologicalArchetype", "attackImpulse", 0.6), other)
    _claim(graph, "c3", ("kept", 0.0, 1.0), ("brightnessLevel", "bright", 0.7), machine)
    _claim(graph, "c4", ("gone", 5.0, 9.0), ("brightnessLevel", "dark", 0.7), machine)
    observation, measured = f"{BASE}observation/o1", f"{BASE}annotation/m1"
    graph.say(observation, property=ACV + "attackTime", value=_number(0.2), unit=_text("s"))
    graph.say(observation, feature=f"{BASE}span/open/500-1100")
    graph.say(measured, body=observation, creator=machine)
    graph.say(
        f"{BASE}annotation/a1", type=ACM.Assessment, target=first, verdict=ACV + "contradicted", creator=machine,
        confidence=_number(0.95), basis=measured, body=f"{BASE}words/1",
    )  # fmt: skip
    graph.say(f"{BASE}words/1", words=_text(f"too slow {EVIL}"))
    graph.say(
        f"{BASE}annotation/d1", type=ACM.Description, target=f"{BASE}span/open/500-1100", body=f"{BASE}words/2",
        creator=other,
    )  # fmt: skip
    graph.say(f"{BASE}words/2", words=_text("a glockenspiel far away"))
    for number in range(many):
        place = ("long", 0.7 * number, 0.7 * number + 0.9)
        _claim(graph, f"l{number}", place, ("brightnessLevel", "bright" if number % 2 else "dark", 0.8), machine)
    yield graph


def build(folder: Path, many: int = 30) -> Shelf:
    """Make the archive; `many` claims are about the recording *long*."""
    sounds = {
        "open": write(folder / "open.wav", np.concatenate([np.zeros(24_000), stroke(1000, 3.5)])),
        "kept": write(folder / "kept.aiff", tone(440, 3.0)),
        "long": write(folder / "long.wav", tone(300, 2.0)),
    }
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sounds.items()}
    graphs = list(_graphs(sums, many))
    archive = folder / "archive"
    with open_store(archive, writable=True) as store:
        load_vocabulary_graph(store)
        lines = "\n".join(line for graph in graphs for line in dict.fromkeys(graph.lines))
        store.bulk_load(lines.encode(), [graph.name for graph in graphs])
        store.publish()
    remember(archive, {sums[name]: path for name, path in sounds.items()})
    return Shelf(archive, sums)
