"""Beyond the envelope: every reason by itself, nothing more, and the same by query as by the checker."""

from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest

from ingest.reach import assess_reach, reasons
from ontology.envelopes import load_envelopes
from ontology.mint import concept
from ontology.terms import ACM, OA, ConfidenceKind, ReachReason, Verdict
from ontology.values import Claim, Span, seconds
from ontology.vocabulary import load_vocabulary
from queries import answer
from store import open_store
from tests.commands import acousma
from tests.sounds import table
from tests.synth import band, noise, sine, write

TABLES, VOCABULARY = load_envelopes(), load_vocabulary()

SHOWER = {"lossAbove8000": 2.0, "framesAbove8000": 0.9, "monoLoss": 3.01}
HISS = {"lossAbove8000": 9.0, "framesAbove8000": 1.0, "lossAbove12000": 4.0, "framesAbove12000": 1.0}


def found(model: str, concept_: str, length: float = 3.0, values: dict[str, float] | None = None) -> set[str]:
    need = TABLES.needs.get(concept_)
    return {reason.kind for reason in reasons(TABLES.envelopes[model], need, length, values or {}, TABLES.losses)}


BAND, CHANNELS, STEP, INPUT, LOSS = ReachReason


@pytest.mark.parametrize(
    ("model", "concept_", "length", "values", "expected"),
    [
        ("qwen2-audio-7b", "mimesis", 3.0, {}, set()),
        ("qwen2-audio-7b", "growthTerm", 3.0, SHOWER, set()),
        # channels
        ("qwen2-audio-7b", "wideImage", 3.0, {}, {CHANNELS}),
        ("acousma-measurement", "wideImage", 3.0, {}, set()),
        ("acousma-measurement", "circumspace", 3.0, {}, {CHANNELS}),
        ("qwen2-audio-7b", "distalSpace", 3.0, {}, set()),
        # step
        ("qwen2-audio-7b", "iterativeMotion", 3.0, {}, {STEP}),
        ("crepe", "iterativeMotion", 3.0, {}, set()),
        ("qwen2-audio-7b", "mimesis", 0.079, {}, {STEP}),
        ("qwen2-audio-7b", "mimesis", 0.08, {}, set()),
        ("ms-clap-2023", "mimesis", 3.0, {}, set()),
        ("ms-clap-2023", "ascent", 3.0, {}, {STEP}),
        ("audio-flamingo-2", "iterativeMotion", 3.0, {}, set()),
        # length
        ("qwen2-audio-7b", "mimesis", 30.001, {}, {INPUT}),
        ("qwen2-audio-7b", "mimesis", 30.0, {}, set()),
        ("audio-flamingo-3", "mimesis", 300.0, {}, set()),
        ("encodec-24khz", "mimesis", 3000.0, {}, set()),
        ("mt3", "homogeneousSound", 2.0, {}, {INPUT}),
        # band: only where the span has sound there
        ("qwen2-audio-7b", "bright", 3.0, {"framesAbove8000": 0.05}, set()),
        ("qwen2-audio-7b", "bright", 3.0, SHOWER, {BAND}),
        ("qwen2-audio-7b", "root", 3.0, SHOWER, set()),
        ("gemma-3n", "root", 3.0, {"framesBelow125": 0.4}, {BAND}),
        ("gemma-3n", "root", 3.0, {"framesBelow125": 0.05}, set()),
        ("gemma-3n", "bright", 3.0, SHOWER, {BAND}),
        ("laion-clap-htsat", "bright", 3.0, HISS, set()),
        ("laion-clap-htsat", "bright", 3.0, HISS | {"framesAbove14000": 0.2}, {BAND}),
        ("muq", "bright", 3.0, SHOWER, set()),
        ("perception-encoder-audio", "bright", 3.0, HISS, set()),
        # loss: whatever is claimed
        ("qwen2-audio-7b", "mimesis", 3.0, HISS, {LOSS}),
        ("mert-v1", "mimesis", 3.0, HISS, {LOSS}),
        ("muq", "mimesis", 3.0, {"lossAbove8000": 9.0}, set()),
        ("llark", "mimesis", 3.0, HISS, set()),
        ("llark", "mimesis", 3.0, {"monoLoss": 6.7}, {LOSS}),
        ("acousma-measurement", "mimesis", 3.0, {"monoLoss": 6.7}, set()),
        ("llark", "mimesis", 3.0, {"monoLoss": 3.01}, set()),
        ("gemma-3n", "mimesis", 3.0, {"lossBelow125": 3.5}, {LOSS}),
        ("qwen2-audio-7b", "mimesis", 3.0, {"lossBelow125": 3.5}, set()),
        # several at once
        ("qwen2-audio-7b", "widening", 31.0, {"monoLoss": 8.0}, {CHANNELS, INPUT, LOSS}),
    ],
)
def test_each_reason_holds_where_it_should(
    model: str, concept_: str, length: float, values: dict[str, float], expected: set[ReachReason]
) -> None:
    assert found(model, concept_, length, values) == expected


def test_a_verdict_rests_on_what_was_measured_and_says_how_surely() -> None:
    claim = Claim(Span("00ff", seconds(0), seconds(3)), "bright", "brightnessLevel", 0.9, ConfidenceKind.VERBALISED)
    verdict = assess_reach("urn:x", claim, "qwen2-audio-7b", {"framesAbove8000": 0.11, "lossAbove8000": 0.4}, TABLES)
    assert verdict is not None
    assert verdict.verdict is Verdict.BEYOND_ENVELOPE
    assert verdict.reasons == (BAND,)
    assert verdict.based_on == ("framesAbove8000",)
    assert 0.5 < verdict.confidence < 0.8


def test_a_claim_within_reach_gets_no_verdict() -> None:
    claim = Claim(Span("00ff", seconds(0), seconds(3)), "mimesis", "mimesis", 0.9, ConfidenceKind.VERBALISED)
    assert assess_reach("urn:x", claim, "qwen2-audio-7b", SHOWER, TABLES) is None


# the command: the checker and the query say the same of sounds whose losses are known

CONCEPTS = "bright mimesis wideImage root granularMotion growthTerm homogeneousSound canopy ascent distalSpace"
MODELS = ("qwen2-audio-7b", "Gemma 3n", "laion-clap-htsat", "mt3", "MS CLAP 2023", "perception-encoder-audio")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reach")
    high, low = band(9_000, 20_000, 6.0), band(200, 6_000, 6.0)
    write(folder / "high.wav", np.stack([high, high]))
    write(folder / "low.wav", np.stack([low, low]))
    write(folder / "opposite.wav", np.stack([low, -low + 0.1 * noise(6.0)]))
    write(folder / "hum.wav", np.stack([sine(70, 6.0), sine(70, 6.0)]))
    rows = ["file,start,end,concepts,agent,agent_kind,version,envelope"]
    for name in ("high.wav", "low.wav", "opposite.wav", "hum.wav"):
        rows += [f"{name},0.5,{end},{CONCEPTS},{m},software,1,{m}" for m in MODELS for end in (0.6, 4, 5.9)]
        rows.append(f"{name},0.5,4,{CONCEPTS},Ada,person,,")
        rows.append(f"{name},0.5,4,{CONCEPTS},Unknown,software,1,")
    done = acousma("ingest", folder, "--claims", table(folder / "heard.csv", rows), "--store", folder / "archive")
    assert done.returncode == 0, done.stderr
    return folder / "archive"


def test_the_checker_and_the_query_say_the_same(archive: Path) -> None:
    text = f"""SELECT DISTINCT ?claim ?reason WHERE {{
        ?a <{ACM.verdict}> <{concept(Verdict.BEYOND_ENVELOPE)}> ; <{OA.hasTarget}> ?claim ; <{ACM.reason}> ?why .
        ?why <http://www.w3.org/2004/02/skos/core#prefLabel> ?reason FILTER(LANG(?reason) = "en") }}"""
    with open_store(archive) as store:
        by_checker = {(_value(claim), _value(reason)) for claim, reason in store.rows(text).rows}
        rows = answer(store, "claims_beyond_envelope", {"limit": "10000"})
        claim, reason, agent = (rows.columns.index(name) for name in ("claim", "reason", "agent"))
        by_query = {(_value(row[claim]), _value(row[reason])) for row in rows.rows}
        makers = {_value(row[agent]) for row in rows.rows}
    assert by_query == by_checker
    assert {reason for _, reason in by_query} == {VOCABULARY.label(kind) for kind in ReachReason}
    assert makers <= set(MODELS)


def _value(term: object) -> str:
    assert isinstance(term, ox.NamedNode | ox.Literal)
    return term.value


def test_an_agent_refers_to_its_envelope_and_a_person_to_none(archive: Path) -> None:
    text = f"""SELECT DISTINCT ?name ?envelope WHERE {{
        ?agent <http://xmlns.com/foaf/0.1/name> ?name . OPTIONAL {{ ?agent <{ACM.envelope}> ?envelope }} }}"""
    with open_store(archive) as store:
        rows = {_value(name): envelope for name, envelope in store.rows(text).rows}
    assert rows["Ada"] is None
    assert rows["Unknown"] is None
    assert _value(rows["Gemma 3n"]).endswith("/envelope/gemma-3n")
    assert _value(rows["Acousma measured describer"]).endswith("/envelope/acousma-measurement")


def test_what_the_checker_wrote_conforms_to_the_shapes(archive: Path) -> None:
    done = acousma("validate", "--store", archive)
    assert done.returncode == 0, done.stdout
