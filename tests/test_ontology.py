"""The ontology, the vocabulary, the values and the IRIs say the same in Turtle, tables and Python."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SKOS, SOSA, VANN, XSD

from ontology.build import build, turtle
from ontology.errors import InputError
from ontology.mint import Minter, concept
from ontology.schemes import SCHEMES
from ontology.terms import ACM, ACV, PREFIXES, ConfidenceKind, ReachReason, SpanKind, Verdict
from ontology.values import Agent, Assessment, AudioFile, Claim, Measurement, Recording, Run, Span, Work, seconds
from ontology.vocabulary import FOLDER, load_vocabulary
from tests.graphs import small_graph

VOCABULARY = load_vocabulary()
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(FOLDER / "ontology.ttl")


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    return Graph().parse(FOLDER / "vocabulary.ttl")


def own_terms(graph: Graph) -> set[str]:
    return {str(subject) for subject in graph.subjects() if str(subject).startswith(ACM.NS)}


# ontology


def test_python_and_turtle_have_the_same_terms(ontology: Graph) -> None:
    in_python = {value for name, value in vars(ACM).items() if not name.startswith("_") and name != "NS"}
    assert in_python == own_terms(ontology)


def test_a_python_term_is_named_like_its_iri() -> None:
    names = {name: value for name, value in vars(ACM).items() if not name.startswith("_") and name != "NS"}
    assert names == {value.removeprefix(ACM.NS): value for value in names.values()}


def test_every_term_has_label_definition_source_and_one_kind(ontology: Graph) -> None:
    kinds = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}
    for term in map(URIRef, own_terms(ontology)):
        assert len(kinds & set(ontology.objects(term, RDF.type))) == 1, term
        for predicate in (RDFS.label, SKOS.definition, DCTERMS.source, RDFS.isDefinedBy):
            assert (term, predicate, None) in ontology, (term, predicate)


def test_every_class_and_property_of_the_data_is_declared(ontology: Graph) -> None:
    quads = list(ox.parse(small_graph().encode(), ox.RdfFormat.N_QUADS))
    used = {quad.predicate.value for quad in quads}
    used |= {
        str(quad.object.value)
        for quad in quads
        if quad.predicate.value == str(RDF.type) and isinstance(quad.object, ox.NamedNode)
    }
    declared = {str(subject) for subject in ontology.subjects(RDF.type, None)}
    assert {iri for iri in used - declared if not iri.startswith((str(RDF), str(RDFS)))} == set()


def test_every_class_and_property_of_the_vocabulary_is_declared(ontology: Graph, vocabulary: Graph) -> None:
    used = {str(predicate) for predicate in vocabulary.predicates()}
    used |= {str(class_) for class_ in vocabulary.objects(None, RDF.type)}
    declared = {str(subject) for subject in ontology.subjects(RDF.type, None)}
    built_in = (str(RDF), str(RDFS), str(OWL))
    assert {iri for iri in used - declared if not iri.startswith(built_in)} == set()


def test_everything_the_ontology_uses_is_declared_in_it(ontology: Graph) -> None:
    used = {term for triple in ontology for term in triple[1:] if isinstance(term, URIRef)}
    declared = set(ontology.subjects(RDF.type, None))
    built_in = (str(RDF), str(RDFS), str(OWL), str(XSD))
    values = set(ontology.objects(None, DCTERMS.source)) | set(ontology.objects(None, DCTERMS.license))
    values |= set(ontology.objects(None, OWL.versionIRI))
    assert {iri for iri in map(str, used - declared - values) if not iri.startswith(built_in)} == set()


def test_the_reuse_of_other_vocabularies_is_declared(ontology: Graph) -> None:
    declared = {str(subject) for subject in ontology.subjects(RDF.type, None)}
    for prefix in ("oa", "prov", "mo", "tl", "frbr", "sosa", "mls", "skos", "dcterms", "foaf"):
        assert any(iri.startswith(PREFIXES[prefix]) for iri in declared), prefix
    assert any(iri.startswith("http://www.w3.org/ns/dqv#") for iri in declared)


def test_nothing_is_imported(ontology: Graph, vocabulary: Graph) -> None:
    assert (None, OWL.imports, None) not in ontology + vocabulary


EXTERNAL: dict[str, list[str]] = json.loads((DATA / "external_terms.json").read_text(encoding="utf-8"))


def test_no_term_of_another_vocabulary_is_invented(ontology: Graph, vocabulary: Graph) -> None:
    spaces = (DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SKOS, SOSA, VANN, XSD)
    known = {str(term) for space in spaces for term in dir(space)} | {str(RDF.langString)}
    known |= {namespace + name for namespace, names in EXTERNAL.items() for name in names}
    watched = (*map(str, spaces), *EXTERNAL)
    used = {str(term) for triple in ontology + vocabulary for term in triple if isinstance(term, URIRef)}
    assert {iri for iri in used if iri.startswith(watched)} - known == set()


def test_the_header_says_what_a_reader_of_a_published_ontology_looks_for(ontology: Graph) -> None:
    (header,) = ontology.subjects(RDF.type, OWL.Ontology)
    for predicate in (
        DCTERMS.title, DCTERMS.description, DCTERMS.creator, DCTERMS.publisher, DCTERMS.created, DCTERMS.modified,
        DCTERMS.license, DCTERMS.bibliographicCitation, OWL.versionIRI, OWL.versionInfo, SKOS.changeNote,
        VANN.preferredNamespacePrefix, VANN.preferredNamespaceUri,
    ):  # fmt: skip
        assert (header, predicate, None) in ontology, predicate
    assert str(ontology.value(header, OWL.versionIRI)).endswith(f"/{ontology.value(header, OWL.versionInfo)}")
    notes = [str(note) for note in ontology.objects(header, SKOS.editorialNote)]
    assert any(note.startswith("Deprecation policy: ") for note in notes)


def test_a_definition_of_a_term_is_a_sentence_of_its_own(ontology: Graph) -> None:
    terms = [URIRef(term) for term in own_terms(ontology)]
    definitions = [str(ontology.value(term, SKOS.definition)) for term in terms]
    assert len(set(definitions)) == len(definitions)
    assert all(len(text) >= 20 and text.endswith(".") for text in definitions)
    labels = [str(ontology.value(term, RDFS.label)) for term in terms]
    assert len(set(labels)) == len(labels)
    texts = [text for term in terms for p in (RDFS.label, SKOS.definition) for text in ontology.objects(term, p)]
    assert all(isinstance(text, Literal) and text.language == "en" for text in texts)


def test_every_prefix_of_the_turtle_files_is_that_of_acousma() -> None:
    for path in FOLDER.glob("*.ttl"):
        found = dict(re.findall(r"^@?prefix (\w+):\s+<(.*)>", path.read_text(encoding="utf-8"), re.MULTILINE | re.I))
        assert {prefix: found[prefix] for prefix in found.keys() & PREFIXES.keys()}.items() <= PREFIXES.items()


# vocabulary


def test_the_turtle_of_the_vocabulary_is_that_of_its_tables() -> None:
    written = (FOLDER / "vocabulary.ttl").read_text(encoding="utf-8")
    assert turtle(build(VOCABULARY)) == written, "run python -m ontology.build"


def test_every_decimal_of_the_vocabulary_is_written_without_an_exponent(vocabulary: Graph) -> None:
    numbers = [term for term in vocabulary.objects() if isinstance(term, Literal) and term.datatype == XSD.decimal]
    assert numbers
    assert all(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(number)) for number in numbers)


def test_every_concept_scheme_and_scale_is_defined_by_something(vocabulary: Graph) -> None:
    for class_ in (SKOS.Concept, SKOS.Collection):
        for node in vocabulary.subjects(RDF.type, class_):
            assert (node, RDFS.isDefinedBy, None) in vocabulary, node
            assert (node, DCTERMS.source, None) in vocabulary, node
            assert (node, SKOS.definition, None) in vocabulary, node


def test_the_vocabulary_has_no_blank_nodes(vocabulary: Graph) -> None:
    assert all(isinstance(term, URIRef | Literal) for triple in vocabulary for term in triple)


def test_a_rule_is_for_a_measurable_concept_below_its_aspect() -> None:
    assert VOCABULARY.rules
    for rule in VOCABULARY.rules.values():
        assert VOCABULARY.concepts[rule.concept].measurable in ("yes", "partly"), rule.concept
        assert rule.aspect in (rule.concept, *VOCABULARY.ancestors(rule.concept)), rule.concept
        assert rule.spans, rule.concept


def test_a_condition_has_a_property_with_a_unit_once_per_rule() -> None:
    for rule in VOCABULARY.rules.values():
        named = [condition.property for condition in rule.conditions]
        assert len(named) == len(set(named)), rule.concept
        assert all(VOCABULARY.properties[name].unit for name in named)


def test_a_threshold_on_a_log_scale_is_above_zero() -> None:
    for rule in VOCABULARY.rules.values():
        for condition in rule.conditions:
            if VOCABULARY.properties[condition.property].scale == "log":
                assert all(limit is None or limit > 0 for limit in (condition.minimum, condition.maximum)), condition


def test_rules_of_the_turtle_have_the_numbers_of_the_table(vocabulary: Graph) -> None:
    node = URIRef(concept("rule/openAttackDecay/decayTime"))
    assert vocabulary.value(node, URIRef(ACM.minimum)) == Literal(Decimal("0.5"))
    assert vocabulary.value(node, URIRef(ACM.maximum)) is None


@pytest.mark.parametrize(
    ("enumeration", "parent"),
    [
        (SpanKind, "spanKind"),
        (Verdict, "verdict"),
        (ConfidenceKind, "confidenceKind"),
        (ReachReason, "reachReason"),
    ],
)
def test_the_members_code_must_know_are_the_concepts_below_one(
    enumeration: type[SpanKind] | type[Verdict] | type[ConfidenceKind] | type[ReachReason], parent: str
) -> None:
    assert {c.id for c in VOCABULARY.concepts.values() if c.parent == parent} == {str(member) for member in enumeration}


# SKOS (https://www.w3.org/TR/skos-reference/, conditions S9, S13, S14, S27, S37, S41, S46)


def test_nothing_is_a_concept_and_a_scheme_or_a_collection(vocabulary: Graph) -> None:
    kinds = [set(vocabulary.subjects(RDF.type, kind)) for kind in (SKOS.Concept, SKOS.ConceptScheme, SKOS.Collection)]
    assert all(kinds)
    assert sum(map(len, kinds)) == len(set().union(*kinds))


def test_what_is_related_is_neither_above_nor_below(vocabulary: Graph) -> None:
    """By S41 a `relatedMatch` is `related`, a `broadMatch` is `broader` and a `narrowMatch` is `narrower`."""
    up = Graph()
    for one, other in (*vocabulary.subject_objects(SKOS.broader), *vocabulary.subject_objects(SKOS.broadMatch)):
        up.add((one, SKOS.broader, other))
    for one, other in vocabulary.subject_objects(SKOS.narrowMatch):
        up.add((other, SKOS.broader, one))
    related = {*vocabulary.subject_objects(SKOS.related), *vocabulary.subject_objects(SKOS.relatedMatch)}
    assert related
    for one, other in related:
        assert other not in set(up.transitive_objects(one, SKOS.broader)), (one, other)
        assert one not in set(up.transitive_objects(other, SKOS.broader)), (one, other)


def test_an_exact_match_is_no_other_match(vocabulary: Graph) -> None:
    exact = {frozenset(pair) for pair in vocabulary.subject_objects(SKOS.exactMatch)}
    assert exact
    for kind in (SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch):
        assert exact.isdisjoint(map(frozenset, vocabulary.subject_objects(kind))), kind


def test_every_concept_is_in_one_scheme_that_is_declared(vocabulary: Graph) -> None:
    schemes = set(vocabulary.subjects(RDF.type, SKOS.ConceptScheme))
    assert {str(scheme).removeprefix(ACV + "scheme/") for scheme in schemes} == {
        *SCHEMES,
        "observable-properties",
    }
    for node in vocabulary.subjects(RDF.type, SKOS.Concept):
        assert len(found := set(vocabulary.objects(node, SKOS.inScheme))) == 1, node
        assert found <= schemes


def test_the_hierarchy_has_no_cycle_and_is_written_both_ways(vocabulary: Graph) -> None:
    for node in vocabulary.subjects(RDF.type, SKOS.Concept):
        above = set(vocabulary.transitive_objects(node, SKOS.broader)) - {node}
        assert all(node not in set(vocabulary.objects(other, SKOS.broader)) for other in above), node
        assert (node, SKOS.broader, node) not in vocabulary
    up = set(vocabulary.subject_objects(SKOS.broader))
    assert up == {(narrow, broad) for broad, narrow in vocabulary.subject_objects(SKOS.narrower)}


def test_a_preferred_label_is_unique_per_language_and_no_alternative_label(vocabulary: Graph) -> None:
    for node in vocabulary.subjects(RDF.type, SKOS.Concept):
        labels = list(vocabulary.objects(node, SKOS.prefLabel))
        languages = [label.language for label in labels if isinstance(label, Literal)]
        assert len(languages) == len(set(languages)), node
        assert "en" in languages
        assert not set(labels) & set(vocabulary.objects(node, SKOS.altLabel)), node


def test_an_english_label_is_unique_within_its_scheme() -> None:
    counted = Counter((c.scheme, c.label["en"].casefold()) for c in VOCABULARY.concepts.values())
    assert [key for key, number in counted.items() if number > 1] == []


def test_mappings_point_to_concepts_of_the_vocabulary(vocabulary: Graph) -> None:
    concepts = set(vocabulary.subjects(RDF.type, SKOS.Concept))
    for kind in (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch):
        for source, target in vocabulary.subject_objects(kind):
            assert source in concepts
            assert source != target
            assert target in concepts or not str(target).startswith(ACV)


def test_every_concept_has_a_definition_and_a_source() -> None:
    assert [c.id for c in VOCABULARY.concepts.values() if not (c.definition and c.source)] == []


# minting

MINTER = Minter("https://archive.example.org/")
SPAN = Span("00ff", seconds(12.0), seconds(17.5))
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_equal_content_gives_equal_iris_whatever_the_time_of_day() -> None:
    agent = Agent("Model", "1")
    one = Run(agent, "00ff", {"a": "1", "b": "2"}, NOW, NOW)
    other = Run(agent, "00ff", {"b": "2", "a": "1"}, NOW.replace(year=2030), NOW.replace(year=2031))
    assert MINTER.run_id(one) == MINTER.run_id(other)


@pytest.mark.parametrize(
    "changed",
    [
        Run(Agent("Model", "2"), "00ff", {"a": "1"}, NOW, NOW),
        Run(Agent("Other", "1"), "00ff", {"a": "1"}, NOW, NOW),
        Run(Agent("Model", "1"), "00fe", {"a": "1"}, NOW, NOW),
        Run(Agent("Model", "1"), "00ff", {"a": "2"}, NOW, NOW),
        Run(Agent("Model", "1"), "00ff", {"a": "1", "b": ""}, NOW, NOW),
    ],
)
def test_other_agent_version_recording_or_parameters_give_another_run(changed: Run) -> None:
    assert MINTER.run_id(changed) != MINTER.run_id(Run(Agent("Model", "1"), "00ff", {"a": "1"}, NOW, NOW))


def test_equal_times_are_one_span_whatever_their_kind_and_form() -> None:
    same = Span("00ff", Decimal("12"), Decimal("17.50"), SpanKind.DETECTED_OBJECT)
    assert same == SPAN
    assert MINTER.span(same) == MINTER.span(SPAN) == "https://archive.example.org/span/00ff/12000-17500"


@pytest.mark.parametrize(
    "title",
    ["石の庭", "Études aux chemins de fer", "Тень", "  /?#<>\"' ", "…", "a" * 500, "x\ny", "100 %"],
)
def test_a_title_in_any_script_gives_a_valid_iri(title: str) -> None:
    iri = MINTER.work(Work(title, "Someone"))
    assert ox.NamedNode(iri).value == iri
    assert iri.isascii()
    assert len(iri) < 500
    assert iri == MINTER.work(Work(title, "Someone"))


def test_titles_that_read_alike_in_an_iri_stay_apart() -> None:
    works = [Work("Étude"), Work("étude"), Work("Étude!"), Work("Étude", "Someone"), Work("石"), Work("庭")]
    assert len({MINTER.work(work) for work in works}) == len(works)


def test_a_person_and_a_program_of_one_name_are_two() -> None:
    assert MINTER.agent(Agent("Iris", kind="person")) != MINTER.agent(Agent("Iris", "1"))
    assert MINTER.agent(Agent("Iris", "1")) != MINTER.agent(Agent("Iris", "2"))


@pytest.mark.parametrize(
    "base", ["", "example.org/", "https://example.org", "https://exa mple.org/", "ftp://e.org/", "/"]
)
def test_a_base_that_is_no_absolute_iri_is_refused(base: str) -> None:
    with pytest.raises(InputError, match="was given as base IRI"):
        Minter(base)


@pytest.mark.parametrize("base", ["https://example.org/", "http://localhost:8000/", "urn:archive:", "https://e.org/a#"])
def test_a_base_may_end_in_slash_hash_or_colon(base: str) -> None:
    assert MINTER.span(SPAN).removeprefix(MINTER.base) == Minter(base).span(SPAN).removeprefix(base)


# values


@pytest.mark.parametrize("value", [-0.001, float("nan"), float("inf"), Decimal("-1"), Decimal("NaN")])
def test_what_is_no_time_is_refused(value: float | Decimal) -> None:
    with pytest.raises(InputError, match="was given as a time"):
        seconds(value)


def test_a_time_is_cut_down_to_milliseconds_never_rounded_up() -> None:
    assert seconds(17.9999) == Decimal("17.999")
    assert seconds(0.1 + 0.2) == Decimal("0.300")


@pytest.mark.parametrize(("start", "end"), [("1", "1"), ("2", "1"), ("-1", "1")])
def test_a_span_starts_before_it_ends(start: str, end: str) -> None:
    with pytest.raises(InputError, match="0 <= start < end"):
        Span("00ff", Decimal(start), Decimal(end))


@pytest.mark.parametrize(
    ("start", "end", "fragment"),
    [
        (0.0, 5.0, "t=0,5"),
        (12.0, 17.5, "t=12,17.5"),
        (0.001, 0.01, "t=0.001,0.01"),
        (600.0, 1000.0, "t=600,1000"),
    ],
)
def test_a_fragment_has_no_needless_zeros_and_no_exponent(start: float, end: float, fragment: str) -> None:
    assert Span("00ff", seconds(start), seconds(end)).fragment == fragment


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_is_from_0_to_1(confidence: float) -> None:
    with pytest.raises(InputError, match="Expected: a number from 0 to 1"):
        Claim(SPAN, "bright", "brightnessLevel", confidence, ConfidenceKind.VERBALISED)


@pytest.mark.parametrize("digits", ["", "ab", "AB" * 32, "g" * 64, "ab" * 33])
def test_a_sum_has_64_hexadecimal_digits(digits: str) -> None:
    with pytest.raises(InputError, match="SHA-256"):
        AudioFile("a.wav", digits, "WAV")
    with pytest.raises(InputError, match="SHA-256"):
        Recording(digits, 48000, 2, seconds(1.0), 20000.0)


@pytest.mark.parametrize(("rate", "channels", "duration"), [(0, 2, "1"), (48000, 0, "1"), (48000, 2, "0")])
def test_a_recording_has_rate_channels_and_duration(rate: int, channels: int, duration: str) -> None:
    with pytest.raises(InputError, match="is no recording"):
        Recording("ab" * 32, rate, channels, Decimal(duration), 20000.0)


def test_an_agent_has_a_name() -> None:
    with pytest.raises(InputError, match="no name"):
        Agent(" ")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Agent("Iris"), "no version"),
        (lambda: Agent(" ", "1"), "no name"),
        (lambda: Work(" "), "no title"),
        (lambda: Work("Iris", year=0), "year"),
        (lambda: Measurement(SPAN, "level", float("nan")), "finite"),
        (lambda: Measurement(SPAN, "level", 1.0, -1.0), "not negative"),
        (lambda: Assessment("http://e/c", SPAN, Verdict.SUPPORTED, 2.0), "0 to 1"),
        (lambda: Span("00ff", Decimal("0.0001"), Decimal("1")), "milliseconds"),
        (lambda: Span("00ff", Decimal("NaN"), Decimal("1")), "milliseconds"),
        (lambda: Recording("ab" * 32, 8000, 1, Decimal("1"), 4001.0), "half the rate"),
        (lambda: Run(Agent("Iris", "1"), "00ff", {}, NOW, NOW - timedelta(seconds=1)), "not before"),
    ],
)
def test_a_value_that_makes_no_sense_cannot_be_made(make: Callable[[], object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()
