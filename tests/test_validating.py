"""`acousma validate` looks at what was written since, says what it found, and reports as the SHACL standard does."""

import json
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.namespace import RDF, SH
from typer.testing import CliRunner, Result

from api.cli import app
from ontology.report import FORMATS, report_triples, write_report
from ontology.terms import ACM, OA
from ontology.validate import rules_digest, validate
from store import EmbeddedStore
from tests.graphs import small_graph
from tests.spoiled import extent_lacks, rdflib_graph, spoiled, turns

Change = Callable[[EmbeddedStore, str], object]

BY_GRAPH: dict[str, list[ox.Quad]] = {}
for _quad in ox.parse(small_graph().encode(), ox.RdfFormat.N_QUADS):
    BY_GRAPH.setdefault(_quad.graph_name.value, []).append(_quad)
RUN = next(graph for graph, quads in BY_GRAPH.items() if any(q.object == ox.NamedNode(ACM.Claim) for q in quads))


def nquads(graph: str) -> bytes:
    return "".join(f"{quad} .\n" for quad in BY_GRAPH[graph]).encode()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    with EmbeddedStore(folder, writable=True) as store:
        store.bulk_load(small_graph().encode(), list(BY_GRAPH))
        store.publish()
    return folder


def run(archive: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["validate", "--store", str(archive), *words])


def write(archive: Path, change: Change) -> None:
    with EmbeddedStore(archive, writable=True) as store:
        change(store, RUN)
        store.publish()


def test_an_archive_in_which_nothing_can_be_noted_is_validated_all_the_same(archive: Path) -> None:
    (archive / "validated.json").mkdir()  # as good as a folder that is mounted read-only
    before = sorted(path.name for path in archive.iterdir())
    done = run(archive)
    assert (done.exit_code, done.exception) == (0, None)
    assert "All conform" in done.stdout
    assert sorted(path.name for path in archive.iterdir()) == before


def test_what_was_found_to_conform_is_not_validated_again(archive: Path) -> None:
    assert "15 graphs checked" in run(archive).stdout
    done = run(archive)
    assert done.exit_code == 0
    assert "0 graphs checked" in done.stdout
    assert "15 not written to since" in done.stdout
    assert "15 graphs checked" in run(archive, "--all").stdout


def withdrawn_and_loaded(store: EmbeddedStore, graph: str) -> None:
    store.withdraw(graph)
    store.bulk_load(nquads(graph), [graph])


def confidence(value: str) -> Change:
    def change(store: EmbeddedStore, graph: str) -> None:
        path = f"<{ACM.confidence}>"
        store.update(
            f"WITH <{graph}> DELETE {{ ?c {path} ?o }} INSERT {{ ?c {path} {value} }} WHERE {{ ?c {path} ?o }}"
        )

    return change


ANYWHERE = f"DELETE {{ GRAPH ?g {{ ?c <{ACM.confidence}> 2 }} }} WHERE {{ GRAPH ?g {{ ?c <{ACM.confidence}> 2 }} }}"
"""An update that does not say which graphs it changes."""


def one_more(store: EmbeddedStore, graph: str) -> None:
    claim = next(quad.subject for quad in BY_GRAPH[graph] if quad.object == ox.NamedNode(ACM.Claim))
    store.add([ox.Quad(claim, ox.NamedNode(OA.hasBody), ox.NamedNode("https://e.org/b"), ox.NamedNode(graph))])


@pytest.mark.parametrize(
    ("change", "checked"),
    [
        (lambda store, graph: store.bulk_load(nquads(graph), [graph]), 1),
        (withdrawn_and_loaded, 1),
        (lambda store, graph: store.withdraw(graph), 0),
        (one_more, 1),
        (confidence("0.5"), 1),
        (lambda store, _: store.update(ANYWHERE), 15),
        (lambda store, graph: store.optimize(), 0),
    ],
)
def test_what_was_written_to_is_validated_again(archive: Path, change: Change, checked: int) -> None:
    run(archive)
    write(archive, change)
    assert f"{checked} graphs checked" in run(archive).stdout


def test_a_fault_that_an_update_brings_in_is_found_each_time(archive: Path) -> None:
    run(archive)
    write(archive, confidence("1.5"))
    for _ in range(2):
        done = run(archive)
        assert done.exit_code == 1
        assert "confidence is 1.5. A claim has one acm:confidence" in done.stdout
        assert "1 graphs checked" in done.stdout
    write(archive, confidence("0.5"))
    assert run(archive).exit_code == 0


def test_what_was_not_published_is_not_taken_for_validated(archive: Path) -> None:
    with EmbeddedStore(archive, writable=True) as store:
        confidence("1.5")(store, RUN)
        assert run(archive).exit_code == 0
        store.publish()
    assert run(archive).exit_code == 1


def test_other_rules_validate_everything_again(archive: Path) -> None:
    run(archive)
    note = json.loads((archive / "validated.json").read_text())
    assert note["rules"] == rules_digest()
    (archive / "validated.json").write_text(json.dumps({**note, "rules": "of another day"}))
    assert "15 graphs checked" in run(archive).stdout
    (archive / "validated.json").write_text("{")
    assert "15 graphs checked" in run(archive).stdout


def test_one_run_or_one_work_is_validated_alone(archive: Path) -> None:
    assert "1 graphs checked" in run(archive, "--run", RUN).stdout
    of_work = run(archive, "--work", "kiefernwald").stdout
    assert "4 graphs checked" in of_work
    assert run(archive, "--work", "no such").exit_code != 0
    assert run(archive, "--work", "kiefernwald", "--run", RUN).exit_code == 2


def test_faults_are_counted_beyond_the_limit(archive: Path) -> None:
    write(archive, confidence("1.5"))
    few = run(archive, "--limit", "2")
    assert few.stdout.count("fault http") == 2
    (line,) = [line for line in few.stdout.splitlines() if "Claim" in line and "one acm:confidence" in line]
    claims = sum(quad.predicate == ox.NamedNode(ACM.confidence) for quad in BY_GRAPH[RUN])
    assert f" {claims} " in line
    assert f"{claims} faults" in few.stdout


@pytest.mark.parametrize("format_", ["ttl", "json"])
def test_a_report_is_that_of_the_standard(archive: Path, format_: str) -> None:
    write(archive, confidence("1.5"))
    done = run(archive, "--format", format_, "--limit", "1")
    assert done.exit_code == 1
    report = rdflib_graph(ox.parse(done.stdout, FORMATS[format_]))
    (node,) = report.subjects(RDF.type, SH.ValidationReport)
    assert not report.value(node, SH.conforms).toPython()  # type: ignore[union-attr]  # it has a value
    results = list(report.objects(node, SH.result))
    assert len(results) == sum(quad.predicate == ox.NamedNode(ACM.confidence) for quad in BY_GRAPH[RUN])
    for result in results:
        for key in (SH.focusNode, SH.resultPath, SH.value, SH.resultMessage, SH.resultSeverity, SH.sourceShape,
                    SH.sourceConstraintComponent):  # fmt: skip
            assert len(list(report.objects(result, key))) == 1
        assert report.value(result, SH.sourceConstraintComponent) == SH.MaxInclusiveConstraintComponent


def test_a_report_without_results_conforms(tmp_path: Path) -> None:
    with (tmp_path / "report.ttl").open("wb") as file:
        write_report([], file, "ttl")
    report = Graph().parse(tmp_path / "report.ttl")
    assert [str(value) for value in report.objects(None, SH.conforms)] == ["true"]


def test_a_report_has_a_result_for_each_finding() -> None:
    findings = validate(spoiled(turns("acm:Span", "tl:timeline", "[]"))).findings
    findings += validate(spoiled(extent_lacks("acm:endSeconds"))).findings
    subjects = {triple.subject for triple in report_triples(findings) if triple.predicate.value == str(SH.focusNode)}
    assert len(subjects) == len(findings) > 2


def test_a_large_graph_is_validated_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    quads = spoiled(turns("acm:Claim", "acm:confidence", "1.5"))
    in_memory = validate(quads)
    monkeypatch.setattr("ontology.validate._MOST_IN_MEMORY", 100)
    monkeypatch.setattr("ontology.validate._BATCH", 50)
    assert validate(quads) == in_memory
    assert in_memory.findings
