"""What models hear and concepts need: the tables, what follows from them, their RDF, and faulty rows."""

from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF

from ontology.build import turtle
from ontology.build_envelopes import build_envelopes
from ontology.envelopes import load_envelopes
from ontology.errors import VocabularyError
from ontology.mint import concept, envelope
from ontology.terms import ACM, ReachReason
from ontology.vocabulary import FOLDER, load_vocabulary

TABLES, VOCABULARY = load_envelopes(), load_vocabulary()
GRAPH = build_envelopes(TABLES)


def below(id_: str) -> set[str]:
    return {other for other in VOCABULARY.concepts if id_ in VOCABULARY.ancestors(other)} | {id_}


def narrower_than(*ids: str) -> set[str]:
    return set().union(*map(below, ids))


# the tables


def test_there_are_34_models_and_the_measured_describer() -> None:
    assert len(TABLES.envelopes) == 35
    assert next(iter(TABLES.envelopes)) == "acousma-measurement"


def test_every_language_model_hears_one_channel() -> None:
    speaking = [model for model in TABLES.envelopes.values() if model.answers == "words"]
    assert len(speaking) == 18
    assert {model.channels for model in speaking} == {1}


@pytest.mark.parametrize(
    ("name", "id_"),
    [("gemma-3n", "gemma-3n"), ("Gemma 3n", "gemma-3n"), (" LTU ", "ltu"), ("ltu-as", "ltu-as"), ("Gemma", None)],
)
def test_a_model_is_found_by_id_and_by_label(name: str, id_: str | None) -> None:
    assert TABLES.find(name) == id_


def test_a_model_with_one_vector_per_clip_has_no_steps_to_count() -> None:
    clips = {model.id for model in TABLES.envelopes.values() if model.is_clip}
    assert clips == {"ms-clap-2022", "ms-clap-2023", "ms-clapcap", "laion-clap-htsat", "pengi", "mu-llama"}


def test_every_ceiling_below_the_top_of_hearing_has_a_measured_loss() -> None:
    for model in TABLES.envelopes.values():
        if model.maximum_hz < 20_000:
            served = {loss.reason for loss in TABLES.losses if loss.above_hz is not None and loss.served(model)}
            assert served == {ReachReason.BAND, ReachReason.MEASURED_LOSS}, model.id


def test_a_loss_serves_only_inputs_that_lose_at_least_as_much() -> None:
    loss = next(loss for loss in TABLES.losses if loss.property == "lossAbove12000")
    served = {model.maximum_hz for model in TABLES.envelopes.values() if loss.served(model)}
    assert served == {7600, 7690, 8000, 12000}


# needs


@pytest.mark.parametrize(
    ("id_", "channels", "band", "step", "shortest"),
    [
        ("attackImpulse", None, None, 0.0075, None),
        ("graduatedContinuant", None, None, 0.04, None),
        ("iterativeMotion", None, None, 0.025, None),
        ("granularMotion", None, None, 0.0025, None),
        ("thOnsetGradual", None, None, 0.15, None),
        ("canopy", None, (4000, 15200), None, None),
        ("root", None, (50, 200), None, None),
        ("bright", None, (50, 15200), None, None),
        ("widening", 2, None, 0.25, None),
        ("planeMotion", None, None, 0.25, 0.5),
        ("circumspace", 3, None, None, None),
        ("spectralRegister", None, (50, 15200), None, None),
        ("homogeneousSound", None, None, None, 5),
        ("ustElan", None, None, 0.25, None),
    ],
)
def test_a_concept_needs_what_its_row_its_rule_or_a_broader_row_says(
    id_: str, channels: int | None, band: tuple[float, float] | None, step: float | None, shortest: float | None
) -> None:
    need = TABLES.needs[id_]
    assert (need.channels, need.step_s, need.shortest_s) == (channels, step, shortest)
    assert (need.lowest_hz, need.highest_hz) == (band or (None, None))
    assert need.because


def test_a_row_goes_before_a_rule_and_a_rule_before_a_broader_row() -> None:
    assert TABLES.needs["sustainedMotion"].step_s == 0.01
    assert TABLES.needs["linearGraduatedContinuant"].step_s == 0.04
    assert TABLES.needs["dsOffsetFadeOut"].step_s == 0.25
    assert TABLES.needs["dsOffsetSharp"].step_s == TABLES.needs["dsOffset"].step_s == 0.0075


def test_a_nearer_row_takes_a_need_away() -> None:
    assert "morphologicalArchetype" in TABLES.needs
    assert "bbSoundUnit" not in TABLES.needs


def test_what_is_spatial_needs_two_channels_unless_one_carries_it() -> None:
    spatial = narrower_than("spatiomorphology", "perspectivalSpace", "imageWidth", "imageWidthMotion")
    by_one = {"externalSpace", "proximateSpace", "distalSpace"} | below("approachRecession")
    for id_ in spatial - by_one:
        assert (TABLES.needs[id_].channels or 0) >= 2, id_
    for id_ in by_one:
        assert id_ not in TABLES.needs or TABLES.needs[id_].channels is None


@pytest.mark.parametrize("id_", ["mimesis", "spectralNote", "sourceBonding", "ifObject", "supported"])
def test_what_no_input_could_lack_has_no_need(id_: str) -> None:
    assert id_ not in TABLES.needs


def test_every_concept_whose_rule_asks_for_stereo_needs_two_channels() -> None:
    for rule in VOCABULARY.rules.values():
        if any(condition.property.startswith(("side", "pan")) for condition in rule.conditions):
            assert TABLES.needs[rule.concept].channels == 2, rule.concept


def test_the_measured_describer_can_hear_what_it_has_rules_for() -> None:
    own = TABLES.envelopes["acousma-measurement"]
    for id_ in VOCABULARY.rules:
        if (need := TABLES.needs.get(id_)) is not None:
            assert (need.channels or 0) <= own.channels, id_
            assert (need.step_s or 1) >= (own.token_step_s or 1), id_
            assert (need.highest_hz or 0) <= own.maximum_hz, id_


# RDF


def test_the_turtle_of_the_envelopes_is_that_of_its_tables() -> None:
    assert turtle(GRAPH) == (FOLDER / "envelopes.ttl").read_text(encoding="utf-8"), "run python -m ontology.build"


def test_the_envelopes_have_no_blank_nodes() -> None:
    assert all(isinstance(term, URIRef | Literal) for triple in GRAPH for term in triple)


def test_an_envelope_has_the_figures_of_its_row() -> None:
    node = URIRef(envelope("gemma-3n"))
    assert (node, RDF.type, URIRef(ACM.Envelope)) in GRAPH
    for predicate, value in ((ACM.minimumHz, 125), (ACM.maximumHz, 7600), (ACM.tokenStepSeconds, 0.16)):
        assert float(str(GRAPH.value(node, URIRef(predicate)))) == value
    assert GRAPH.value(node, URIRef(ACM.channelsHeard)) == Literal(1)
    assert GRAPH.value(URIRef(envelope("audio-flamingo-2")), URIRef(ACM.tokenStepSeconds)) is None


def test_what_concepts_need_is_the_same_in_rdf() -> None:
    found: Graph = GRAPH
    for id_, need in TABLES.needs.items():
        node = URIRef(concept(id_))
        for predicate, value in (
            (ACM.needsChannels, need.channels),
            (ACM.needsLowestHz, need.lowest_hz),
            (ACM.needsHighestHz, need.highest_hz),
            (ACM.needsStepSeconds, need.step_s),
            (ACM.needsSeconds, need.shortest_s),
        ):
            literal = found.value(node, URIRef(predicate))
            assert (None if literal is None else float(str(literal))) == value, (id_, predicate)


# faulty tables

MODELS = """\
id,label,kind,answers,sample_rate_hz,minimum_hz,maximum_hz,channels,window_s,longest_input_s,hop_ms,token_step_ms,\
mel_bins,licence_code,licence_weights,caveats,source,source_checked
ear,Ear,tagger,tags,16000,0,8000,1,30,30,10,40,80,MIT,MIT,,code,yes
"""
NEEDS = """\
id,channels,lowest_hz,highest_hz,step_s,shortest_s,because
loud,2,50,200,0.1,,because
power,,,,half of threshold,,because
"""
LOSSES = """\
property,reason,below_hz,above_hz,channels,limit,margin,source
power,measuredLoss,,8000,,3,0.5,s
"""
FAULTS = [
    ("envelopes.csv", "id,label", "id,name", "envelopes.csv, line 1"),
    ("envelopes.csv", "ear,Ear", "Ear,Ear", "line 2, column id: 'Ear'"),
    ("envelopes.csv", "ear,Ear", "ear,", "line 2, column label: nothing"),
    ("envelopes.csv", "16000,0,8000", "16000,0,8001", "line 2, column maximum_hz: a band from 0 to 8001 Hz"),
    ("envelopes.csv", "16000,0,8000", "16000,8000,8000", "column maximum_hz: a band from 8000 to 8000 Hz"),
    ("envelopes.csv", "16000,0,8000", "16000,,8000", "column minimum_hz: nothing"),
    ("envelopes.csv", "16000,0,8000", "fast,0,8000", "column sample_rate_hz: 'fast'"),
    ("envelopes.csv", "8000,1,30", "8000,1.5,30", "column channels: 1.5"),
    ("envelopes.csv", "8000,1,30", "8000,,30", "column channels: nothing"),
    ("envelopes.csv", "8000,1,30,30", "8000,1,30,unbounded", "column longest_input_s: 'unbounded'"),
    ("envelopes.csv", "10,40,80", "10,0,80", "column token_step_ms: 0"),
    ("envelopes.csv", "code,yes", "code,maybe", "column source_checked: 'maybe'"),
    ("envelopes.csv", "code,yes", ",yes", "column source: nothing"),
    ("envelopes.csv", "ear,Ear,tagger,tags,16000,0,8000,1,30,30,10,40,80,MIT,MIT,,code,yes\n", "", "has no rows"),
    ("needs.csv", "loud,2", "quiet,2", "line 2, column id: 'quiet' is unknown"),
    ("needs.csv", "power,,", "loud,,", "line 3, column id: 'loud' stands there twice"),
    ("needs.csv", "50,200", "50,", "line 2, column highest_hz: a band from 50.0 to None Hz"),
    ("needs.csv", "50,200", "500,200", "line 2, column highest_hz: a band from 500.0 to 200.0 Hz"),
    ("needs.csv", "0.1,,", "half of threshold,,", "line 2, column step_s: 'half of threshold' for a concept"),
    ("needs.csv", "0.1,,", "short,,", "line 2, column step_s: 'short'"),
    ("needs.csv", "0.1,,because", "0.1,,", "line 2, column because: nothing"),
    ("losses.csv", "power,", "force,", "line 2, column property: 'force' is unknown"),
    ("losses.csv", "measuredLoss", "stepTooCoarse", "line 2, column reason: 'stepTooCoarse'"),
    ("losses.csv", ",8000,,", ",8000,1,", "line 2, column above_hz: (None, 8000.0, 1)"),
    ("losses.csv", ",8000,,", ",,,", "line 2, column above_hz: (None, None, None)"),
    ("losses.csv", "3,0.5", ",0.5", "line 2, column limit: nothing"),
    ("losses.csv", "3,0.5", "3,0", "line 2, column margin: 0"),
]


def write_tables(folder: Path, file: str = "", old: str = "", new: str = "") -> Path:
    (folder / "vocabulary.csv").write_text(
        "id,prefLabel_en,altLabels,prefLabel_fr,prefLabel_de,parent,scheme,polyakov_category,definition,source,"
        "measurable,measure_hint,confidence,source_checked,mapping,notes\n"
        "loud,Loud,,,,,acousma,,d,src,yes,,high,yes,,\nlouder,Louder,,,,loud,acousma,,d,src,yes,,high,yes,,\n"
        "sudden,Sudden,,,,loud,acousma,,d,src,yes,,high,yes,,\n",
        encoding="utf-8",
    )
    (folder / "properties.csv").write_text(
        "id,prefLabel_en,unit,scale,definition,method,source\npower,Power,s,linear,d,m,s\n", encoding="utf-8"
    )
    (folder / "rules.csv").write_text(
        "concept,aspect,spans,property,minimum,maximum,margin,source\nsudden,loud,fixedWindow,power,0.02,0.5,1,s\n",
        encoding="utf-8",
    )
    for name in ("scales.csv", "reviewed_labels.csv", "changes.csv"):
        (folder / name).write_text((FOLDER / name).read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    for name, text in (("envelopes.csv", MODELS), ("needs.csv", NEEDS), ("losses.csv", LOSSES)):
        assert name != file or old in text
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    return folder


def test_small_tables_are_read(tmp_path: Path) -> None:
    small = load_envelopes(write_tables(tmp_path))
    assert small.envelopes["ear"].token_step_s == 0.04
    assert small.needs["louder"] == small.needs["loud"]
    assert small.needs["sudden"].step_s == 0.01
    assert small.losses[0].above_hz == 8000


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS)
def test_a_faulty_row_is_named_by_line_and_column(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        load_envelopes(write_tables(tmp_path, file, old, new))
    assert message in str(caught.value)
    assert file in str(caught.value)
    assert caught.value.expected
