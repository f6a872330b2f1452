"""From claims to a stored run, against raw pyoxigraph: ``python -m benchmarks.loading [--claims 30000] [--rounds 3]``.

CPU time of processes of their own, ours and the peer's in turn, each into a new store on disk. Two contests:

* from claim and measurement objects to a stored run: ours writes N-Quads and bulk-loads them through the store, with
  its journal and flush; the peer builds `pyoxigraph.Quad` objects of the same statements and calls `bulk_extend`;
* ready N-Quads: ours through the store; the peer is `pyoxigraph.Store.bulk_load`.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox

from benchmarks.material import measured, median_ratio, peak_mebibytes
from ingest.annotate import RunWriter
from ontology.mint import Minter, concept
from ontology.terms import ACM, DCTERMS, MEDIA_FRAGMENTS, OA, PROV, RDF, SOSA, TL, XSD, ConfidenceKind, SpanKind
from ontology.values import Agent, Claim, Measurement, Run, Span
from ontology.vocabulary import load_vocabulary
from store import EmbeddedStore

RECORDING = "00112233445566778899aabbccddeeff" * 2
MINTER = Minter("https://example.org/")
RUN = Run(
    Agent("benchmark", "1"), RECORDING[:16], {}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
)
PROPERTIES = ("brightnessCentroid", "level")
CONCEPTS = ("bright", "dense")


def _values(claims: int) -> Iterator[tuple[Span, list[Measurement], list[Claim]]]:
    """Yield spans with two measurements and two claims each."""
    aspects = [load_vocabulary().aspect(id_) for id_ in CONCEPTS]
    for number in range(claims // 2):
        start = Decimal(number) / 4
        span = Span(RUN.recording, start, start + 5, SpanKind.FIXED_WINDOW)
        measurements = [Measurement(span, name, 100.5 + number % 977) for name in PROPERTIES]
        made = [
            Claim(span, id_, aspect, (number % 100) / 100, ConfidenceKind.RULE_MARGIN, (name,))
            for id_, aspect, name in zip(CONCEPTS, aspects, PROPERTIES, strict=True)
        ]
        yield span, measurements, made


def _write(claims: int, path: Path) -> str:
    writer = RunWriter(MINTER, load_vocabulary(), RUN)
    with path.open("w", encoding="utf-8") as file:
        for _, measurements, made in _values(claims):
            file.writelines(writer.annotations(measurements, made))
    return writer.graph


def _node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _quads(claims: int) -> Iterator[ox.Quad]:
    """Build the statements that `RunWriter` writes, as objects; terms that repeat are built once."""
    units = {property_.id: ox.Literal(property_.unit) for property_ in load_vocabulary().properties.values()}
    run_id = MINTER.run_id(RUN)
    graph, decimal = _node(MINTER.run_graph(run_id)), _node(XSD.decimal)
    type_, body, target, based = _node(RDF.type), _node(OA.hasBody), _node(OA.hasTarget), _node(ACM.basedOn)
    motivated, confidence, aspect = _node(OA.motivatedBy), _node(ACM.confidence), _node(ACM.aspect)
    created = ox.Literal("2026-01-01T00:00:00Z", datatype=_node(XSD.dateTime))
    alike: tuple[tuple[ox.NamedNode, ox.NamedNode | ox.Literal], ...] = (
        (type_, _node(OA.Annotation)),
        (_node(DCTERMS.creator), _node(MINTER.agent(RUN.agent))),
        (_node(DCTERMS.created), created),
        (_node(PROV.wasGeneratedBy), _node(MINTER.run(run_id))),
    )
    measurement_is = ((type_, _node(ACM.MeasurementAnnotation)), (motivated, _node(OA.describing)))
    claim_is = ((type_, _node(ACM.Claim)), (motivated, _node(OA.classifying)))
    span_is = ((type_, _node(OA.SpecificResource)), (type_, _node(TL.Interval)), (type_, _node(ACM.Span)))
    selector_is = ((type_, _node(OA.FragmentSelector)), (_node(DCTERMS.conformsTo), _node(MEDIA_FRAGMENTS)))
    source = (_node(OA.hasSource), _node(MINTER.recording(RUN.recording)))
    timeline = (_node(TL.timeline), _node(MINTER.timeline(RUN.recording)))
    kind = (_node(ACM.segmentedAs), _node(concept(SpanKind.FIXED_WINDOW)))
    selector_, value_ = _node(OA.hasSelector), _node(RDF.value)
    start_, end_, kind_ = _node(ACM.startSeconds), _node(ACM.endSeconds), _node(ACM.confidenceKind)
    observation_, feature = _node(SOSA.Observation), _node(SOSA.hasFeatureOfInterest)
    observed, result, unit = _node(SOSA.observedProperty), _node(SOSA.hasSimpleResult), _node(ACM.ucumUnit)
    term: ox.NamedNode | ox.Literal
    for span, measurements, made in _values(claims):
        node, selector = _node(MINTER.span(span)), _node(MINTER.selector(span))
        for predicate, term in (*span_is, source, timeline, kind, (selector_, selector)):
            yield ox.Quad(node, predicate, term, graph)
        yield ox.Quad(node, start_, ox.Literal(str(span.start), datatype=decimal), graph)
        yield ox.Quad(node, end_, ox.Literal(str(span.end), datatype=decimal), graph)
        for predicate, term in (*selector_is, (value_, ox.Literal(span.fragment))):
            yield ox.Quad(selector, predicate, term, graph)
        for measurement in measurements:
            this = _node(MINTER.measurement(run_id, span, measurement.property))
            observation = _node(MINTER.observation(run_id, span, measurement.property))
            for predicate, term in (*alike, *measurement_is, (target, node), (body, observation)):
                yield ox.Quad(this, predicate, term, graph)
            yield ox.Quad(observation, type_, observation_, graph)
            yield ox.Quad(observation, feature, node, graph)
            yield ox.Quad(observation, observed, _node(concept(measurement.property)), graph)
            yield ox.Quad(observation, result, ox.Literal(f"{measurement.value:.6g}", datatype=decimal), graph)
            yield ox.Quad(observation, unit, units[measurement.property], graph)
        for claim in made:
            this = _node(MINTER.claim(run_id, span, claim.concept))
            for predicate, term in (*alike, *claim_is, (target, node), (body, _node(concept(claim.concept)))):
                yield ox.Quad(this, predicate, term, graph)
            yield ox.Quad(this, aspect, _node(concept(claim.aspect)), graph)
            yield ox.Quad(this, confidence, ox.Literal(f"{claim.confidence:.3f}", datatype=decimal), graph)
            yield ox.Quad(this, kind_, _node(concept(claim.confidence_kind)), graph)
            for name in claim.based_on:
                yield ox.Quad(this, based, _node(MINTER.measurement(run_id, span, name)), graph)


def _one(contestant: str, claims: int, folder: Path) -> None:
    ready = folder / "ready.nq"
    began = time.process_time()
    if contestant in ("objects-ours", "ready-ours"):
        with EmbeddedStore(folder / contestant, writable=True) as store:
            if contestant == "objects-ours":
                path = folder / "run.nq"
                store.bulk_load(path, [_write(claims, path)])
            else:
                store.bulk_load(ready, [MINTER.run_graph(MINTER.run_id(RUN))])
    else:
        raw = ox.Store(str(folder / contestant))
        if contestant == "objects-peer":
            raw.bulk_extend(_quads(claims))
        else:
            raw.bulk_load(path=str(ready), format=ox.RdfFormat.N_QUADS)
        raw.flush()
    print(json.dumps({"cpu": time.process_time() - began, "mebibytes": peak_mebibytes()}))


def main() -> None:
    """Run the contests, or one contestant in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("CONTESTANT", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _one(given.one[0], given.claims, Path(given.one[1]))
        return
    figures: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        _write(given.claims, Path(folder) / "ready.nq")
        lines = (Path(folder) / "ready.nq").read_bytes().splitlines()
        same = set(ox.parse(b"\n".join(lines[:9000]), format=ox.RdfFormat.N_QUADS))
        if not same <= set(_quads(given.claims)):
            raise SystemExit("the peer builds other statements")
        for number in range(given.rounds):
            for contestant in ("objects-ours", "objects-peer", "ready-ours", "ready-peer"):
                part = Path(folder) / str(number)
                part.mkdir(exist_ok=True)
                if not (part / "ready.nq").exists():
                    (part / "ready.nq").symlink_to(Path(folder) / "ready.nq")
                found = measured("loading", ["--claims", str(given.claims), "--one", contestant, str(part)])
                figures.setdefault(contestant, []).append(found)
    print(f"{given.claims:,} claims with their evidence, {len(lines):,} statements, {given.rounds} rounds in turn")
    print("CPU microseconds per statement (median), and peak memory in MiB")
    cpu = {name: [run["cpu"] for run in runs] for name, runs in figures.items()}
    for name, runs in figures.items():
        each = statistics.median(cpu[name]) / len(lines) * 1e6
        print(f"  {name:14s} {each:7.2f} {max(run['mebibytes'] for run in runs):7.0f}")
    for kind, what in (("objects", "build Quads + bulk_extend"), ("ready", "bulk_load")):
        print(f"speed of ours relative to {what}: {median_ratio(cpu[f'{kind}-peer'], cpu[f'{kind}-ours']):.2f}")


if __name__ == "__main__":
    main()
