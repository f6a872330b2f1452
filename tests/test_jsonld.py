"""An annotation as JSON-LD is what Web Annotation clients expect, and comes back as the same triples, offline."""

import json
import random
import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pyoxigraph as ox
import pytest
from pyld import jsonld
from pyld.documentloader.frozen import FrozenDocumentLoader
from pyld.options import FrameOptions, FromRdfOptions
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from api.annotating import find_annotation
from ontology.errors import InputError, UnknownName
from ontology.jsonld import CONTEXTS, MOST_DEPTH, Json, annotation, read_annotation
from ontology.terms import ACM, DCTERMS, OA, RDF, XSD
from ontology.vocabulary import FOLDER
from store import open_store
from tests.commands import ROOT, acousma, dump
from tests.graphs import small_graph
from tests.house import House

SCHEMAS = ROOT.parent / "shared" / "checks" / "data" / "web-annotation-tests"
"""w3c/web-annotation-tests beside the checkout; it belongs to its own project and is not part of this one."""

needs_schemas = pytest.mark.skipif(not SCHEMAS.is_dir(), reason=f"w3c/web-annotation-tests is not at {SCHEMAS}")

REFUSED: dict[str, dict[str, Any]] = json.loads((ROOT / "tests/data/jsonld_refused.json").read_text(encoding="utf-8"))
WEB_ANNOTATION: dict[str, Any] = json.loads((FOLDER / "contexts/anno.jsonld").read_text(encoding="utf-8"))["@context"]
OURS: dict[str, Any] = json.loads((FOLDER / "context.jsonld").read_text(encoding="utf-8"))["@context"]
FRAME: dict[str, Any] = json.loads((FOLDER / "frames/annotation.jsonld").read_text(encoding="utf-8"))
LOADER = FrozenDocumentLoader({CONTEXTS[0]: FOLDER / "contexts/anno.jsonld", CONTEXTS[1]: FOLDER / "context.jsonld"})

Triples = frozenset[ox.Triple]


@dataclass(frozen=True)
class Annotations:
    """The triples of each annotation, and one annotation of every form."""

    triples: dict[str, Triples]
    forms: tuple[str, ...]


def collect(quads: Iterator[ox.Quad] | list[ox.Quad]) -> Annotations:
    """Gather each annotation with its span and selector, its body and its creator, without the code under test."""
    said: dict[str, set[ox.Triple]] = defaultdict(set)
    for quad in quads:
        assert isinstance(quad.subject, ox.NamedNode)
        said[quad.subject.value].add(quad.triple)
    annotations = {node for node, about in said.items() if OA.Annotation in values(about, RDF.type)}
    found = {}
    for iri in annotations:
        parts = {part for key in (OA.hasTarget, OA.hasBody, DCTERMS.creator) for part in values(said[iri], key)}
        parts = {part for part in parts if part in said and part not in annotations}
        selectors = {selector for part in parts for selector in values(said[part], OA.hasSelector)}
        found[iri] = frozenset(triple for node in ({iri}, parts, selectors) for n in node for triple in said[n])
    forms: dict[frozenset[str], str] = {}
    for iri in sorted(found):
        keys = values(set(found[iri]), RDF.type) | {t.predicate.value for t in found[iri]}
        forms.setdefault(frozenset(keys), iri)
    return Annotations(found, tuple(forms.values()))


def values(triples: set[ox.Triple], predicate: str) -> set[str]:
    return {t.object.value for t in triples if t.predicate.value == predicate and isinstance(t.object, ox.NamedNode)}


@pytest.fixture(scope="module")
def etude_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("etude") / "archive"
    demo = ROOT / "demo"
    done = acousma("ingest", demo / "etude.flac", "--claims", demo / "etude.score.csv", "--store", archive)
    assert done.returncode == 0, done.stderr
    return archive


@pytest.fixture(scope="module")
def etude(etude_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Annotations:
    """All annotations of the étude: what was measured and claimed, the score's claims, and their assessments."""
    lines = dump(etude_archive, tmp_path_factory.mktemp("dump") / "all.nq")
    runs = [line for line in lines if "/graph/run/" in line.rsplit(" ", 2)[1]]
    return collect(ox.parse("\n".join(runs), ox.RdfFormat.N_QUADS))


@pytest.fixture(scope="module")
def invented() -> Annotations:
    """The annotations of the invented works: persons who accept and reject, spans without a kind."""
    return collect(ox.parse(small_graph(), ox.RdfFormat.N_QUADS))


def framed(triples: Triples | set[ox.Triple], iri: str) -> dict[str, Any]:
    """Return an annotation as PyLD frames it."""
    nquads = "".join(f"{triple} .\n" for triple in triples)
    expanded = jsonld.from_rdf(nquads, FromRdfOptions(format="application/n-quads"))
    document = jsonld.frame(expanded, FRAME | {"id": iri}, FrameOptions(documentLoader=LOADER, omitDefault=True))
    assert isinstance(document, dict)
    return document


def unordered(value: Json) -> Json:
    """Return a document with the members of each list in one order: JSON-LD gives them none."""
    if isinstance(value, dict):
        return {key: unordered(part) if key != "@context" else part for key, part in value.items()}
    return sorted((unordered(part) for part in value), key=json.dumps) if isinstance(value, list) else value


def triple(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    object_ = value if isinstance(value, ox.Literal) else ox.NamedNode(value)
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), object_)


# -- the étude, both ways --------------------------------------------------------------------------


def test_every_annotation_of_the_etude_comes_back_as_the_same_triples(etude: Annotations) -> None:
    kinds = {kind for about in etude.triples.values() for kind in values(set(about), RDF.type)}
    assert kinds >= {ACM.Claim, ACM.MeasurementAnnotation, ACM.Assessment}
    assert len(etude.triples) > 1000
    for iri, triples in etude.triples.items():
        assert {quad.triple for quad in read_annotation(annotation(triples, iri))} == triples


def test_every_annotation_of_the_invented_works_comes_back_as_the_same_triples(invented: Annotations) -> None:
    for iri, triples in invented.triples.items():
        assert {quad.triple for quad in read_annotation(annotation(triples, iri))} == triples


def test_an_annotation_of_every_form_is_what_framing_gives(etude: Annotations, invented: Annotations) -> None:
    assert len(etude.forms) + len(invented.forms) >= 8
    for source in (etude, invented):
        for iri in source.forms:
            written = annotation(source.triples[iri], iri)
            assert unordered(written) == unordered(framed(source.triples[iri], iri))


@pytest.mark.slow
def test_every_annotation_of_the_etude_is_what_framing_gives(etude: Annotations) -> None:
    for iri, triples in etude.triples.items():
        assert unordered(annotation(triples, iri)) == unordered(framed(triples, iri))


def test_more_triples_than_needed_do_no_harm(invented: Annotations) -> None:
    everything = [quad.triple for quad in ox.parse(small_graph(), ox.RdfFormat.N_QUADS)]
    for iri in invented.forms:
        assert annotation(everything, iri).keys() == annotation(invented.triples[iri], iri).keys()
        read = {quad.triple for quad in read_annotation(annotation(everything, iri))}
        assert read >= invented.triples[iri]
        assert {t.subject for t in read} == {t.subject for t in invented.triples[iri]}


def test_the_order_of_the_triples_does_not_matter(invented: Annotations) -> None:
    iri = invented.forms[0]
    triples = sorted(invented.triples[iri], key=str)
    written = json.dumps(annotation(triples, iri))
    random.Random(1).shuffle(triples)
    assert json.dumps(annotation(triples, iri)) == written


def test_another_processor_reads_the_same_triples(etude: Annotations) -> None:
    for iri in etude.forms:
        document = annotation(etude.triples[iri], iri) | {"@context": [WEB_ANNOTATION, OURS]}
        read = {quad.triple for quad in ox.parse(json.dumps(document).encode(), ox.RdfFormat.JSON_LD)}
        assert read == etude.triples[iri]


def test_the_stored_question_finds_what_belongs_to_an_annotation(etude_archive: Path, etude: Annotations) -> None:
    with open_store(etude_archive) as store:
        for iri in etude.forms:
            assert set(find_annotation(store, iri)) == etude.triples[iri]


# -- what a client reads -----------------------------------------------------------------------------


def test_a_claim_embeds_its_target_with_a_media_fragment_and_its_creator(etude: Annotations) -> None:
    iri = next(iri for iri in etude.forms if "/claim/" in iri)
    document: dict[str, Any] = annotation(etude.triples[iri], iri)
    assert document["@context"] == list(CONTEXTS)
    assert document["type"] == ["Annotation", "Claim"]
    assert document["motivation"] == "classifying"
    assert document["body"].startswith("https://w3id.org/acousma/vocab/"), "a whole IRI for who reads no context"
    assert document["target"]["source"].startswith("http")
    assert document["target"]["selector"]["type"] == "FragmentSelector"
    assert document["target"]["selector"]["conformsTo"] == "http://www.w3.org/TR/media-frags/"
    assert document["target"]["selector"]["value"].startswith("t=")
    assert document["creator"]["name"]


def test_a_measurement_embeds_its_observation_and_its_span_once(etude: Annotations) -> None:
    iri = next(iri for iri in etude.forms if "/measurement/" in iri)
    document: dict[str, Any] = annotation(etude.triples[iri], iri)
    assert document["body"]["type"] == "Observation"
    assert document["body"]["featureOfInterest"] == document["target"]["id"]


def test_an_assessment_names_its_claim_and_does_not_embed_it(invented: Annotations) -> None:
    for iri in (iri for iri in invented.forms if "/assessment/" in iri):
        document = annotation(invented.triples[iri], iri)
        assert isinstance(document["target"], str)


def test_decimals_are_text_and_stay_decimals_to_the_last_digit() -> None:
    claim = "https://e.org/claim"
    said = triple(claim, ACM.confidence, ox.Literal("0.820", datatype=ox.NamedNode(XSD.decimal)))
    document = annotation([said], claim)
    assert document["confidence"] == "0.820"
    assert [quad.triple for quad in read_annotation(document)] == [said]


@pytest.mark.parametrize("words", [("format", "language"), ("dcterms:format", "dcterms:language")])
def test_a_description_comes_back_with_the_words_that_were_said(words: tuple[str, str]) -> None:
    spaces = {"dcterms": DCTERMS.NS, "": "http://purl.org/dc/elements/1.1/"}
    iri, body, span = "https://e.org/d", "https://e.org/d/body", "https://e.org/span"
    keys = [spaces[word.rpartition(":")[0]] + word.rpartition(":")[2] for word in words]
    triples = {
        triple(iri, RDF.type, OA.Annotation),
        triple(iri, RDF.type, ACM.Description),
        triple(iri, OA.motivatedBy, OA.describing),
        triple(iri, OA.hasTarget, span),
        triple(iri, OA.hasBody, body),
        triple(body, RDF.type, OA.TextualBody),
        triple(body, RDF.value, ox.Literal('A "gong" fades in.\nThen — 静か.')),
        triple(body, keys[0], ox.Literal("text/plain")),
        triple(body, keys[1], ox.Literal("en")),
    }
    document: dict[str, Any] = annotation(triples, iri)
    assert document["body"]["value"] == 'A "gong" fades in.\nThen — 静か.'
    assert document["body"]["type"] == "TextualBody"
    assert {quad.triple for quad in read_annotation(document)} == triples
    assert unordered(document) == unordered(framed(triples, iri))
    if words[0] == "format":
        assert document["body"]["format"] == "text/plain"


def test_values_that_no_word_expects_are_what_framing_gives() -> None:
    iri, span = "https://e.org/a", "https://e.org/span"
    integer = ox.NamedNode(XSD.integer)
    triples = {
        triple(iri, RDF.type, OA.Annotation),
        triple(iri, RDF.type, "https://e.org/Class"),
        triple(iri, OA.motivatedBy, OA.classifying),
        triple(iri, OA.motivatedBy, "https://e.org/motive"),
        triple(iri, OA.hasBody, ox.Literal("a body that is a text")),
        triple(iri, OA.hasBody, "https://e.org/body"),
        triple(iri, ACM.confidence, ox.Literal("1", datatype=integer)),
        triple(iri, ACM.confidence, ox.Literal("0.5", datatype=ox.NamedNode(XSD.decimal))),
        triple(iri, DCTERMS.created, ox.Literal("1975", datatype=ox.NamedNode(XSD.gYear))),
        triple(iri, DCTERMS.created, ox.Literal("about 1975")),
        triple(iri, DCTERMS.title, ox.Literal("Glocke", language="de")),
        triple(iri, DCTERMS.title, ox.Literal("bell", language="en")),
        triple(iri, DCTERMS.title, "https://e.org/title"),
        triple(iri, DCTERMS.rights, ox.Literal("CC0-1.0")),
        triple(iri, DCTERMS.rights, "https://creativecommons.org/publicdomain/zero/1.0/"),
        triple(iri, "https://e.org/foreign", ox.Literal("x", datatype=ox.NamedNode("https://e.org/type"))),
        triple(iri, ACM.NS + "later", "https://e.org/later"),
        triple(iri, OA.hasTarget, span),
        triple(span, RDF.type, OA.SpecificResource),
        triple(span, OA.NS + "start", ox.Literal("5", datatype=ox.NamedNode(XSD.NS + "nonNegativeInteger"))),
    }
    document = annotation(triples, iri)
    assert unordered(document) == unordered(framed(triples, iri))
    assert {quad.triple for quad in read_annotation(document)} == triples


def test_an_iri_stands_whole_where_framing_would_use_a_prefix() -> None:
    said = triple("https://e.org/a", ACM.NS + "later", OA.describing)
    assert annotation([said], "https://e.org/a")["acm:later"] == {"id": OA.describing}


def test_an_annotation_of_which_nothing_is_said_is_an_error() -> None:
    with pytest.raises(UnknownName, match=r"nothing is said of https://e\.org/none"):
        annotation([], "https://e.org/none")


# -- the schemas and samples of W3C ------------------------------------------------------------------


def musts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the assertions that every annotation must meet, by name."""
    listed = json.loads((SCHEMAS / "annotations" / "annotationMusts.test").read_text(encoding="utf-8"))
    for name in listed["assertions"]:
        yield name, json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def definitions() -> "Registry[Any]":
    """Return what the assertions refer to."""
    files = (SCHEMAS / "definitions").glob("*.json")
    contents = [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in files]
    return Registry().with_resources((name, Resource.from_contents(each, DRAFT4)) for name, each in contents)


@needs_schemas
def test_an_annotation_of_every_form_meets_what_w3c_demands(etude: Annotations, invented: Annotations) -> None:
    registry = definitions()
    assertions = list(musts())
    assert len(assertions) > 50
    for source in (etude, invented):
        for iri in source.forms:
            document = annotation(source.triples[iri], iri)
            for name, schema in assertions:
                validator = jsonschema.Draft4Validator(schema, registry=registry)
                expected = schema["expectedResult"] == "valid"
                assert validator.is_valid(document) == expected, f"{iri}: {name}"


@needs_schemas
def test_an_annotation_without_its_context_or_target_does_not_meet_it(etude: Annotations) -> None:
    iri = etude.forms[0]
    for key, name in (("@context", "3.1-annotationContextValidated"), ("target", "3.1-targetKeyFound")):
        document = annotation(etude.triples[iri], iri)
        del document[key]
        schema = next(schema for path, schema in musts() if path == f"annotations/{name}.json")
        assert not jsonschema.Draft4Validator(schema, registry=definitions()).is_valid(document)


@needs_schemas
def test_the_samples_of_w3c_are_read() -> None:
    samples = sorted((SCHEMAS / "tools" / "samples" / "correct").glob("anno*.json"))
    assert len(samples) > 20
    for path in samples:
        document = json.loads(path.read_text(encoding="utf-8"))
        predicates = {quad.predicate.value for quad in read_annotation(document, "https://e.org/")}
        assert OA.hasTarget in predicates, path.name


# -- the contexts ------------------------------------------------------------------------------------


def whole(text: str) -> str:
    prefix, colon, local = text.partition(":")
    return WEB_ANNOTATION[prefix] + local if colon and prefix in WEB_ANNOTATION and "//" not in text else text


def test_only_a_person_means_something_else_to_acousma_than_to_web_annotation() -> None:
    differing = set()
    for word in WEB_ANNOTATION.keys() & OURS.keys():
        theirs, ours = (
            (whole(term), None) if isinstance(term, str) else (whole(term["@id"]), term["@type"])
            for term in (WEB_ANNOTATION[word], OURS[word])
        )
        differing |= {word} if theirs != ours else set()
    assert differing == {"Person"}


def test_each_word_of_web_annotation_is_explained_by_its_own_prefixes() -> None:
    for term in WEB_ANNOTATION.values():
        iri = term if isinstance(term, str) else term["@id"]
        assert iri.startswith("@") or "//" in iri or iri.partition(":")[0] in WEB_ANNOTATION
    assert len(WEB_ANNOTATION) == 114


# -- no network --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFUSED)
def test_a_document_is_refused_with_the_reason_and_without_the_network(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object) -> None:
        pytest.fail("something reached for the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    with pytest.raises(InputError) as raised:
        read_annotation(REFUSED[case]["document"])
    assert REFUSED[case]["message"] in str(raised.value)


def test_a_document_as_deep_as_allowed_is_read_and_a_deeper_one_refused() -> None:
    def nested(depth: int) -> dict[str, Json]:
        document: dict[str, Json] = {"id": "https://e.org/a"}
        for _ in range(depth - 1):
            document = {"body": document}
        return {"@context": CONTEXTS[0]} | document

    assert len(read_annotation(nested(MOST_DEPTH))) == MOST_DEPTH - 1
    for depth in (MOST_DEPTH + 1, 20_000):
        with pytest.raises(InputError, match="nested deeper"):
            read_annotation(nested(depth))


def test_a_relative_iri_is_resolved_against_a_base() -> None:
    document: dict[str, Json] = {"@context": CONTEXTS[0], "id": "a", "target": "sound.wav"}
    (quad,) = read_annotation(document, "https://e.org/")
    assert (quad.subject, quad.object) == (ox.NamedNode("https://e.org/a"), ox.NamedNode("https://e.org/sound.wav"))


def test_the_example_of_the_documentation_is_what_would_be_written() -> None:
    page = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    document = json.loads(page.partition("```json\n")[2].partition("```")[0])
    written = annotation((quad.triple for quad in read_annotation(document)), document["id"])
    assert json.dumps(written) == json.dumps(document)


# -- the command and the store -----------------------------------------------------------------------


def test_the_command_prints_an_annotation_as_json_ld_and_as_turtle(house: House) -> None:
    iri = next(line.split("<", 2)[1].split(">")[0] for line in house.quads if f"<{ACM.Claim}>" in line)
    done = acousma("annotation", iri, "--store", house.archive)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["id"] == iri
    turtle = acousma("annotation", iri, "--format", "turtle", "--store", house.archive)
    assert {quad.triple for quad in ox.parse(turtle.stdout.encode(), ox.RdfFormat.TURTLE)} == {
        quad.triple for quad in read_annotation(document)
    }


@pytest.mark.parametrize("iri", ["https://e.org/none", "gong"])
def test_the_command_knows_no_annotation_that_is_not_there(house: House, iri: str) -> None:
    done = acousma("annotation", iri, "--store", house.archive)
    assert (done.returncode, done.stdout) == (3, "")
    assert "IRI" in done.stderr


def test_json_ld_that_answers_a_construct_is_read_by_another_processor(house: House) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s a <http://www.w3.org/ns/oa#FragmentSelector> ; ?p ?o }"
    with open_store(house.archive) as store:
        answers = [b"".join(store.serialise(query, kind)) for kind in ("application/ld+json", "application/n-triples")]
    expanded = jsonld.expand(json.loads(answers[0]))
    text = jsonld.to_rdf(expanded, {"format": "application/n-quads"})
    read = {quad.triple for quad in ox.parse(str(text).encode(), ox.RdfFormat.N_QUADS)}
    assert read == {quad.triple for quad in ox.parse(answers[1], ox.RdfFormat.N_TRIPLES)}
    assert read
