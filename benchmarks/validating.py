"""Validating an archive: ``python -m benchmarks.validating [--quads 10000000] [--works 1] [--rounds 3]``.

An archive of works of one minute is built, four graphs each, or taken from the `--folder` where one was built before.
Measured in processes of their own, as `acousma validate` does it: everything; again, when nothing was written since;
and after one graph was loaded anew. Then ours and pySHACL validate the same sample of works, a few statements of which
are taken away, in turn, and their findings are compared.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pyoxigraph as ox
from rich.console import Console

from benchmarks.material import measured, median_ratio, peak_mebibytes
from ontology.validate import background, validate
from ontology.vocabulary import FOLDER
from store import EmbeddedStore
from tests.graphs import large_graph, vocabulary_quads

_LOAD = 200_000
"""Quads of whole works that are loaded at once."""


def _works(quads: int) -> Iterator[list[str]]:
    """Yield the lines of some works at a time until there are so many."""
    lines: list[str] = []
    done = 0
    for text in large_graph(quads):
        lines += text.splitlines()
        ends = "/graph/catalogue/" in lines[-1].rsplit(" ", 2)[1]
        if ends and (len(lines) >= _LOAD or done + len(lines) >= quads):
            done += len(lines)
            yield lines
            lines = []
            if done >= quads:
                return


def _build(folder: Path, quads: int) -> None:
    with EmbeddedStore(folder, writable=True) as store:
        for lines in chain([vocabulary_quads().splitlines()], _works(quads)):
            graphs = list(dict.fromkeys(line.rsplit(" ", 2)[1][1:-1] for line in lines))
            store.bulk_load("\n".join(lines).encode(), graphs)
        store.optimize()


def _renew_one(folder: Path) -> None:
    """Load one graph anew with the same content."""
    with EmbeddedStore(folder, writable=True) as store:
        graph = sorted(graph for graph in store.revisions() if "/graph/run/" in graph)[0]
        content = folder.parent / "renewed.nq"
        store.dump(graph, content)
        store.bulk_load(content, [graph])
        store.publish()


def _sample(works: int) -> list[ox.Quad]:
    """Return the triples of some works without every hundredth."""
    text = "".join(large_graph(works)).encode()
    triples = [ox.Quad(q.subject, q.predicate, q.object) for q in ox.parse(text, ox.RdfFormat.N_QUADS)]
    return [quad for number, quad in enumerate(dict.fromkeys(triples)) if number % 100]


def _pyshacl_findings(quads: list[ox.Quad]) -> set[tuple[str, str, str]]:
    import pyshacl
    from rdflib import Graph
    from rdflib.namespace import RDF, SH

    triples = (quad.triple for quad in (*quads, *background()))
    data = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    shapes = Graph().parse(FOLDER / "shapes.ttl")
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, Graph), "pySHACL reports as a graph"
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        messages = set(report.objects(result, SH.resultMessage))
        constraint = report.value(result, SH.sourceConstraint)
        if constraint is not None and (constraint, SH.message, None) in shapes:
            messages -= set(shapes.objects(report.value(result, SH.sourceShape), SH.message))  # pySHACL gives both
        focus, path = report.value(result, SH.focusNode), report.value(result, SH.resultPath)
        found |= {(str(focus), str(path or ""), str(message)) for message in messages}
    return found


def _validate_archive(folder: Path, *, everything: bool) -> None:
    from api.settings import Settings
    from api.validating import ValidateOptions, validate_archive

    settings = Settings(store=str(folder))  # type: ignore[call-arg]  # the other fields are read from the environment
    console = Console(stderr=True, quiet=True)
    if not validate_archive(settings, ValidateOptions(everything), (console, console)):
        raise SystemExit("the archive has faults")


def _one(contestant: str, folder: Path, size: int) -> None:
    wall = time.perf_counter()
    if contestant in ("all", "changed"):
        began = time.process_time()
        _validate_archive(folder, everything=contestant == "all")
        findings = 0
    else:
        quads = _sample(size)
        began = time.process_time()
        if contestant == "ours":
            found = {(finding.focus, finding.path, finding.message) for finding in validate(quads).findings}
        else:
            found = _pyshacl_findings(quads)
        findings = len(found)
        (folder / f"{contestant}.json").write_text(json.dumps(sorted(found)))
    figures = {"cpu": time.process_time() - began, "wall": time.perf_counter() - wall}
    print(json.dumps({**figures, "findings": findings, "mebibytes": peak_mebibytes()}))


def _whole(folder: Path, quads: int) -> None:
    """Measure a whole archive."""
    archive = folder / "archive"
    if not (archive / "current").exists():
        began = time.perf_counter()
        _build(archive, quads)
        print(f"built in {time.perf_counter() - began:.0f} s")
    published = ox.Store.read_only(str((archive / "current").resolve()))
    print(f"{len(published):,} quads in {sum(1 for _ in published.named_graphs()):,} graphs")
    del published
    for name, contestant in (
        ("everything", "all"),
        ("nothing written since", "changed"),
        ("one graph anew", "changed"),
    ):
        if name == "one graph anew":
            _renew_one(archive)
        found = measured("validating", ["--one", contestant, str(archive)])
        print(
            f"  {name:22s} wall {found['wall']:7.1f} s  CPU {found['cpu']:7.1f} s  peak {found['mebibytes']:5.0f} MiB"
        )


def _against_pyshacl(folder: Path, works: int, rounds: int) -> None:
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "pyshacl": []}
    for _ in range(rounds):
        for contestant, found in runs.items():
            found.append(measured("validating", ["--works", str(works), "--one", contestant, str(folder)]))
    if (folder / "ours.json").read_text() != (folder / "pyshacl.json").read_text():
        raise SystemExit("the findings differ")
    quads = len(_sample(works))
    print(
        f"a sample of {works} works, {quads:,} triples, {runs['ours'][0]['findings']:,.0f} findings, the same of both"
    )
    for contestant, found in runs.items():
        cpu = statistics.median(run["cpu"] for run in found)
        peak = max(run["mebibytes"] for run in found)
        print(f"  {contestant:8s} CPU {cpu:6.1f} s, {cpu / quads * 1e6:6.1f} µs per triple, peak {peak:5.0f} MiB")
    ratio = median_ratio([run["cpu"] for run in runs["pyshacl"]], [run["cpu"] for run in runs["ours"]])
    print(f"speed of ours relative to pySHACL: {ratio:.1f}")


def main() -> None:
    """Run the measurements, or one of them in its own process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quads", type=int, default=10_000_000)
    parser.add_argument("--works", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("CONTESTANT", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _one(given.one[0], Path(given.one[1]), given.works)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        _whole(folder, given.quads)
        _against_pyshacl(folder, given.works, given.rounds)


if __name__ == "__main__":
    main()
