"""Mappings to other vocabularies: rows that name real terms, valid SSSOM, sound SKOS, and a way from a label to us."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pyoxigraph as ox
import pytest
import yaml
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SKOS, VOID

from ingest.pipeline import load_vocabulary_graph
from ontology.build import turtle
from ontology.errors import MappingError
from ontology.mappings import MappingSet, load_mappings, mappings_graph, summary
from ontology.mint import concept
from ontology.terms import MAPPINGS_GRAPH
from ontology.vocabulary import FOLDER, load_vocabulary
from store import Store, open_store

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "mappings"
VOCABULARY = load_vocabulary()
SETS = {set_.name: set_ for set_ in load_mappings(VOCABULARY)}


def table(name: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Read metadata and rows of a set as they stand in its file."""
    lines = (FOLDER / "mappings" / f"{name}.sssom.tsv").read_text(encoding="utf-8").splitlines()
    head = "\n".join(line[1:] for line in lines if line.startswith("#"))
    return yaml.safe_load(head), list(csv.DictReader([x for x in lines if not x.startswith("#")], delimiter="\t"))


def terms(name: str) -> dict[str, str]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["label"] for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph().parse(FOLDER / "mappings.ttl")


@pytest.fixture(scope="module")
def both(graph: Graph) -> Graph:
    return graph + Graph().parse(FOLDER / "vocabulary.ttl")


# what is mapped


def test_there_is_a_recorded_list_of_terms_for_every_set() -> None:
    assert SETS.keys() == {path.stem for path in DATA.glob("*.csv")} != set()


@pytest.mark.parametrize("name", SETS)
def test_every_term_named_is_one_of_the_recorded_list_with_its_label(name: str) -> None:
    known = terms(name)
    _, rows = table(name)
    for row in rows:
        if row["object_id"] != "sssom:NoTermFound":
            assert known[row["object_id"]] == row["object_label"]


@pytest.mark.parametrize(("name", "number"), [("audioset", 527), ("atelier", 128), ("jams", 40)])
def test_every_term_of_the_other_vocabulary_has_a_row_or_is_said_to_have_no_counterpart(name: str, number: int) -> None:
    _, rows = table(name)
    mapped = {row["object_id"] for row in rows if row["subject_id"] != "sssom:NoTermFound"}
    absent = {row["object_id"] for row in rows if row["subject_id"] == "sssom:NoTermFound"}
    assert mapped | absent == terms(name).keys()
    assert len(terms(name)) == number
    assert not mapped & absent


def test_every_observable_property_has_a_row_or_is_said_to_have_no_counterpart() -> None:
    mapped = {mapping.subject for mapping in SETS["afv"].mappings if mapping.object}
    absent = {mapping.subject for mapping in SETS["afv"].mappings if not mapping.object}
    assert mapped | absent == VOCABULARY.properties.keys()
    assert not mapped & absent


def test_a_logarithm_of_a_time_is_not_taken_for_the_time() -> None:
    found = {mapping.label: mapping.predicate for mapping in SETS["afv"].mappings if mapping.subject == "attackTime"}
    assert found["LogAttackTime"] == str(SKOS.relatedMatch)
    assert found["AttackTime"] == str(SKOS.closeMatch)


def test_terms_not_traceable_to_smalley_are_never_exact_matches() -> None:
    untraceable = [m for m in SETS["atelier"].mappings if "not traceable to Smalley" in m.comment]
    assert len(untraceable) > 10
    assert str(SKOS.exactMatch) not in {mapping.predicate for mapping in untraceable}


# SSSOM


def as_json(metadata: dict[str, Any], rows: list[dict[str, str]]) -> dict[str, Any]:
    """Write a set as the schema wants it: lists split at bars, numbers as numbers, no empty cells."""
    mappings = []
    for row in rows:
        cells: dict[str, Any] = {key: value for key, value in row.items() if value}
        cells["author_label"] = cells["author_label"].split("|")
        if "confidence" in cells:
            cells["confidence"] = float(cells["confidence"])
        mappings.append(cells)
    return {**metadata, "mappings": mappings}


SCHEMA = json.loads((DATA / "sssom.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_valid_sssom(name: str) -> None:
    jsonschema.validate(as_json(*table(name)), SCHEMA)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("license", None),
        ("mapping_set_id", 3),
        ("mapping_set_author", "somebody"),
        ("mappings", [{"predicate_id": "skos:closeMatch"}]),
        ("mappings", [{"predicate_id": "skos:closeMatch", "mapping_justification": "by eye"}]),
    ],
)
def test_the_schema_finds_what_is_not_sssom(key: str, value: object) -> None:
    instance = as_json(*table("jams"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**instance, key: value}, SCHEMA)


@pytest.mark.parametrize("name", SETS)
def test_a_set_states_licence_source_and_versions_and_names_only_declared_prefixes(name: str) -> None:
    metadata, rows = table(name)
    assert metadata["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert metadata["mapping_set_id"].endswith(f"/mappings/{name}")
    assert metadata["object_source_version"]
    columns = ("subject_id", "predicate_id", "object_id", "mapping_justification")
    used = {row[column].partition(":")[0] for row in rows for column in columns}
    assert used <= metadata["curie_map"].keys()


# SKOS


def test_the_turtle_of_the_mappings_is_that_of_their_tables() -> None:
    written = (FOLDER / "mappings.ttl").read_text(encoding="utf-8")
    assert turtle(mappings_graph(tuple(SETS.values()))) == written, "run python -m ontology.build"


def test_the_mappings_have_no_blank_nodes(graph: Graph) -> None:
    assert all(isinstance(term, URIRef | Literal) for triple in graph for term in triple)


def test_every_row_that_maps_is_one_triple_and_no_other_is(graph: Graph) -> None:
    rows = {
        (URIRef(concept(mapping.subject)), URIRef(mapping.predicate), URIRef(mapping.object))
        for set_ in SETS.values()
        for mapping in set_.mappings
        if mapping.subject and mapping.object
    }
    assert {triple for triple in graph if str(triple[1]).startswith(str(SKOS))} == rows
    assert all((triple[2], RDFS.label, None) in graph for triple in rows)


def test_every_set_has_licence_creator_and_source(graph: Graph) -> None:
    sets = set(graph.subjects(RDF.type, VOID.Linkset))
    assert {str(node) for node in sets} == {set_.id for set_ in SETS.values()}
    for node in sets:
        said = {str(predicate).rpartition("/")[2] for predicate in graph.predicates(node)}
        assert said >= {"license", "creator", "source", "title", "hasVersion"}, node


def test_an_exact_match_is_neither_broader_nor_related_at_any_distance(both: Graph) -> None:
    """SKOS S44 to S46: exactMatch is symmetric, transitive, and disjoint with broadMatch and relatedMatch."""
    assert list(both.subject_objects(SKOS.exactMatch))
    exact = SKOS.exactMatch
    for node in set(both.subjects(exact)) | set(both.objects(None, exact)):
        same, todo = set(), [node]
        while todo:
            if (one := todo.pop()) not in same:
                same.add(one)
                todo += [*both.objects(one, exact), *both.subjects(exact, one)]
        for kind in (SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch):
            assert not set(both.objects(node, kind)) & same, (node, kind)


def test_no_term_is_an_exact_match_of_two_of_one_set() -> None:
    for set_ in SETS.values():
        exact = [mapping for mapping in set_.mappings if mapping.predicate == str(SKOS.exactMatch)]
        assert len({mapping.subject for mapping in exact}) == len({mapping.object for mapping in exact}) == len(exact)


# from a label to our concepts

BY_LABEL = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?concept WHERE {
  GRAPH ?mappings { ?label rdfs:label "%s" ; rdfs:isDefinedBy <https://research.google.com/audioset/> .
                    ?concept skos:narrowMatch ?label }
} ORDER BY ?concept"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An archive that holds the vocabulary and the mappings and nothing else."""
    folder = tmp_path_factory.mktemp("mappings") / "archive"
    with closing(open_store(folder, writable=True)) as store:
        assert load_vocabulary_graph(store)
    with closing(open_store(folder)) as store:
        yield store


@pytest.mark.parametrize(
    ("label", "concepts"),
    [
        ("Speech", ["ifUtterance"]),
        ("Bicycle bell", ["ifObject"]),
        ("Strum", ["ifGesture", "secondOrderSurrogacy"]),
        ("Train", ["ifMotion", "mechanisedSpace"]),
        ("Heavy metal", []),
    ],
)
def test_a_query_goes_from_an_audioset_label_to_our_concepts(archive: Store, label: str, concepts: list[str]) -> None:
    rows = archive.rows(BY_LABEL % label).rows
    assert [row[0] for row in rows] == [ox.NamedNode(concept(id_)) for id_ in concepts]


def test_the_mappings_are_in_a_graph_of_their_own(archive: Store, graph: Graph) -> None:
    found = archive.rows("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g").rows
    numbers = {row[0]: row[1] for row in found}
    assert numbers[ox.NamedNode(MAPPINGS_GRAPH)] == ox.Literal(len(graph))


# faulty tables

GOOD = """\
# mapping_set_id: https://w3id.org/acousma/vocab/mappings/x
# mapping_set_version: "0.1"
# mapping_set_title: T
# mapping_set_description: D
# license: https://creativecommons.org/licenses/by/4.0/
# subject_source: acv:
# subject_source_version: "0.1"
# object_source: "x:y"
# object_source_version: "1"
# curie_map:
#   acv: https://w3id.org/acousma/vocab/
#   skos: http://www.w3.org/2004/02/skos/core#
#   x: https://example.org/
""".replace("acv:\n", '"acv:z"\n', 1) + "\n".join(
    "\t".join(row)
    for row in [
        ["subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification",
         "author_label", "confidence", "comment"],
        ["acv:ascent", "Ascent", "skos:exactMatch", "x:up", "Up", "semapv:ManualMappingCuration", "A", "0.9", "Same."],
        ["acv:level", "Level", "skos:closeMatch", "x:dB", "dB", "semapv:ManualMappingCuration", "A", "1", "Near."],
        ["sssom:NoTermFound", "", "skos:mappingRelation", "x:z", "Z", "semapv:ManualMappingCuration", "A", "", "No."],
    ]
) + "\n"  # fmt: skip

FAULTS = [
    ("acv:ascent", "acv:ascend", "line 15, column subject_id: 'acv:ascend' is no term of the vocabulary"),
    ("acv:ascent", "x:ascent", "line 15, column subject_id: 'x:ascent' is no term of the vocabulary"),
    ("\tAscent", "\tRise", "line 15, column subject_label: 'Rise'. Expected: one of Ascent"),
    ("skos:closeMatch", "skos:sameMatch", "line 16, column predicate_id: 'skos:sameMatch'"),
    ("skos:closeMatch", "skos:mappingRelation", "line 16, column predicate_id: 'skos:mappingRelation'"),
    ("skos:mappingRelation", "skos:closeMatch", "line 17, column predicate_id: 'skos:closeMatch'"),
    ("semapv:ManualMappingCuration", "", "line 15, column mapping_justification: ''"),
    ("semapv:ManualMappingCuration", "semapv:Guess", "line 15, column mapping_justification: 'semapv:Guess'"),
    ("\tNear.", "\t ", "line 16, column comment: nothing"),
    ("\tA\t0.9", "\t\t0.9", "line 15, column author_label: nothing"),
    ("0.9", "1.1", "line 15, column confidence: '1.1'"),
    ("0.9", "high", "line 15, column confidence: 'high'"),
    ("0.9", "nan", "line 15, column confidence: 'nan'"),
    ("x:dB", "y:dB", "line 16, column object_id: 'y:dB'"),
    ("x:dB", "acv:dB", "line 16, column object_id: 'acv:dB'"),
    ("\tdB", "\t", "line 16, column object_label: nothing"),
    ("x:z", "sssom:NoTermFound", "line 17, column object_id: 'sssom:NoTermFound' on both sides"),
    ("0.9\tSame.", "0.9\tSame.\tmore", "line 15, column (all): a cell too many or too few"),
    ("\t0.9\tSame.", "\t0.9", "line 15, column (all): a cell too many or too few"),
    ("confidence\tcomment", "comment\tconfidence", "line 14: ["),
    (
        "acv:level\tLevel\tskos:closeMatch\tx:dB",
        "acv:ascent\tAscent\tskos:closeMatch\tx:up",
        "line 16, column object_id",
    ),
    ("acv:level\tLevel\tskos:closeMatch", "acv:ascent\tAscent\tskos:exactMatch", "line 16, column predicate_id"),
    ("skos:closeMatch\tx:dB", "skos:exactMatch\tx:up", "line 16, column predicate_id"),
    ("# license: h", "# licence: h", "no license"),
    ("# curie_map:", "# curie_map: [", "in the lines with #"),
    ("# curie_map:", "# prefixes:", "curie_map is None"),
    (
        "https://w3id.org/acousma/vocab/\n",
        "https://example.org/vocab/\n",
        "the prefix acv is https://example.org/vocab/",
    ),
    ('"x:y"', '"z:y"', "object_source is 'z:y'"),
]


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_a_faulty_row_is_named_by_file_line_and_column(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (tmp_path / "x.sssom.tsv").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mappings(VOCABULARY, tmp_path)
    assert message in str(caught.value)
    assert "x.sssom.tsv" in str(caught.value)
    assert caught.value.expected


def test_a_small_set_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.sssom.tsv").write_text(GOOD, encoding="utf-8")
    (small,) = load_mappings(VOCABULARY, tmp_path)
    assert isinstance(small, MappingSet)
    assert [mapping.subject for mapping in small.mappings] == ["ascent", "level", None]
    assert small.mappings[0].object == "https://example.org/up"
    assert small.mappings[0].line == 15
    assert small.source == "https://example.org/y"


def test_two_sets_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / f"{name}.sssom.tsv").write_text(GOOD, encoding="utf-8")
    with pytest.raises(MappingError, match="is that of another set too"):
        load_mappings(VOCABULARY, tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.sssom.tsv").write_bytes(GOOD.encode("utf-8") + b"\xff")
    with pytest.raises(MappingError, match="Expected: an SSSOM table in UTF-8"):
        load_mappings(VOCABULARY, tmp_path)


def test_a_faulty_row_leaves_nothing_written(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "ontology", ignore=shutil.ignore_patterns("*.ttl", "__pycache__"))
    (folder / "mappings" / "x.sssom.tsv").write_text(GOOD.replace("0.9", "9"), encoding="utf-8")
    command = [sys.executable, "-m", "ontology.build"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "x.sssom.tsv, line 15, column confidence: '9'" in done.stderr
    assert not list(folder.glob("*.ttl"))


def test_the_documentation_has_the_numbers_of_the_tables() -> None:
    written = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
    assert summary(tuple(SETS.values())) in written, "run python -m ontology.mappings"
    assert set(re.findall(r"mappings/(\w+)\.sssom\.tsv", written)) >= SETS.keys()
