"""Control tests of listeners: who hears passes, who does not is told so, and what it says is no claim any more."""

import json
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest

from ingest.listeners.base import Answer, Heard, Hearing, Identity, Sounding
from ingest.listeners.questions import QuestionSet, choose, read_questions
from ingest.standing import Restrained, demoted, said_only
from ontology.mint import Minter
from ontology.score_terms import ListeningCondition
from ontology.terms import PREFIXES, ConfidenceKind, SpanKind
from ontology.values import Agent, Claim, Span, seconds
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.commands import acousma
from tests.sounds import noise_below, write
from tests.tiny_models import save
from truth.audition import Audition, Auditioned, Wish
from truth.controls import pairs
from truth.readings import Reading, information
from truth.stimuli import TREATMENTS, joined, stimuli
from truth.wordings import DENIED, Asked, variants

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
AUDITION = SMALL.parent / "audition.yaml"
OFFLINE = {"HF_HUB_OFFLINE": "1"}
_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
RATE = 16_000


def questions() -> QuestionSet:
    return read_questions(AUDITION, load_vocabulary())


class Ear:
    """A listener that measures where the spectrum lies and which way it moves, and understands "not".

    Parameters
    ----------
    listens : bool
        If not, it gives the answer for a tone at 4 kHz that becomes brighter, whatever the sound.
    """

    def __init__(self, listens: bool = True, asked: QuestionSet | None = None, leaks: bool = False) -> None:
        self.listens, self.questions, self.leaks = listens, asked or questions(), leaks

    @property
    def spans(self) -> frozenset[SpanKind]:
        return self.questions.spans

    def identity(self) -> Identity:
        hearing = Hearing(RATE, 0, RATE / 2, 10.0, 0.04)
        asked = {**self.questions.asked(), "listens": str(self.listens), "leaks": str(self.leaks)}
        return Identity(
            "ear", "ear", None, "0" * 64, "0" * 64, "CC0-1.0", hearing, (), "cpu", "float32", None, asked
        )  # fmt: skip

    def asking(self, questions: QuestionSet) -> "Ear":
        return Ear(self.listens, questions, self.leaks)

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        denied = "not true" in self.questions.instruction
        heard = []
        for one in batch:
            facing = self._facing(one.samples + (batch[0].samples[0] + 0.5 if self.leaks and len(batch) > 1 else 0))
            answers = []
            for question in self.questions.questions:
                scores = [facing.get(concept, 0.0) for concept in question.options]
                evidence = np.array([*scores, 1.0])
                answers.append(choose(question, -evidence if denied else evidence, self.questions.threshold))
            heard.append(Heard(one.span, (), self._claims(one.span, answers), tuple(answers)))
        return heard

    def _facing(self, sound: np.ndarray) -> dict[str, float]:
        if not self.listens:
            return {"bright": 4.0, "brightening": 4.0}
        if np.sqrt(np.mean(sound**2)) < 1e-4:
            return {}
        halves = [_centroid(part) for part in (sound, *np.array_split(sound, 2))]
        height = 8 * float(np.log2(max(halves[0], 1) / 1200))
        change = 8 * float(np.log2(max(halves[2], 1) / max(halves[1], 1)))
        return {"bright": height, "dark": -height, "brightening": change, "darkening": -change}

    @staticmethod
    def _claims(span: Span, answers: Sequence[Answer]) -> tuple[Claim, ...]:
        return tuple(
            Claim(span, answer.chosen, answer.aspect, max(answer.shares), ConfidenceKind.LIKELIHOOD_RATIO)
            for answer in answers if answer.chosen is not None
        )  # fmt: skip


def _centroid(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float((power * np.fft.rfftfreq(len(sound), 1 / RATE)).sum() / max(power.sum(), 1e-12))


def auditioned(listener: object, folder: Path, each: int = 8) -> Auditioned:
    assert isinstance(listener, Asked)
    (found,) = [one for one in Audition(listener, Wish(each=each, folder=folder)).run() if one is not None]
    return found


@pytest.fixture(scope="module")
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Auditioned:
    return auditioned(Ear(), tmp_path_factory.mktemp("audition"))


def outcome(done: Auditioned, aspect: str) -> dict[str, bool]:
    return {str(one.control): one.passed for one in done.results if one.aspect == aspect}


# -- controls ------------------------------------------------------------------------------------


def test_a_listener_that_hears_brightness_passes_every_control_of_it(hearing: Auditioned) -> None:
    told = outcome(hearing, "brightnessLevel")
    assert told.keys() == {
        "controlSilence", "controlSwap", "controlBandwidth", "controlPrompt", "controlLevel", "controlBatch",
        "conditionClean", "controlAll",
    }  # fmt: skip
    assert all(told.values()), told
    assert "brightnessLevel" not in hearing.failed


def test_a_change_of_brightness_turns_round_backwards(hearing: Auditioned) -> None:
    assert outcome(hearing, "brightnessMotion")["controlReversal"]


def test_two_sounds_are_heard_in_both_orders(hearing: Auditioned) -> None:
    assert outcome(hearing, "brightnessMotion")["controlOrder"]
    assert "controlOrder" not in outcome(hearing, "brightnessLevel")
    dark, bright = (
        next(one for one in hearing.stimuli.clips if one.labels.get(concept)) for concept in ("dark", "bright")
    )
    hears = hearing.identity.hearing
    first, exchanged = joined(dark, bright, hears).samples, joined(bright, dark, hears).samples
    assert abs(len(first) - len(exchanged)) <= 1
    assert len(first) / RATE <= hears.window_s
    assert _centroid(first[: len(first) // 4]) < _centroid(exchanged[: len(first) // 4])


def test_a_listener_that_always_says_the_same_fails_though_it_is_sure(tmp_path: Path) -> None:
    done = auditioned(Ear(listens=False), tmp_path)
    told = outcome(done, "brightnessLevel")
    assert set(done.failed) == set(done.aspects)
    assert not any(told[name] for name in ("controlSilence", "controlSwap", "controlBandwidth", "conditionClean"))
    assert all(told[name] for name in ("controlLevel", "controlBatch"))
    assert not outcome(done, "brightnessMotion")["controlReversal"]
    assert not outcome(done, "brightnessMotion")["controlOrder"]


def test_a_listener_in_which_sounds_of_a_batch_mix_fails_the_batch_control(tmp_path: Path) -> None:
    done = auditioned(Ear(leaks=True), tmp_path, 3)
    assert not outcome(done, "brightnessLevel")["controlBatch"]


def test_information_is_nothing_where_all_answers_are_alike_and_all_where_each_is_sure_and_different() -> None:
    unsure = Reading({"a": 0.5, "b": 0.5}, None, 0.0)
    assert information([unsure, unsure]) == 0
    assert information([Reading({"a": 1.0, "b": 0.0}, "a", 1.0), unsure]) == pytest.approx(0.311, abs=1e-3)


def test_the_pairs_that_turn_answer_the_same_question() -> None:
    assert {pair.control for pair in pairs()} == {
        ListeningCondition.BANDWIDTH, ListeningCondition.REVERSAL, ListeningCondition.ORDER
    }  # fmt: skip
    assert all(bool(pair.first) == bool(pair.then) == (pair.control is ListeningCondition.ORDER) for pair in pairs())
    assert {(pair.concept, pair.becomes) for pair in pairs()} >= {("bright", "dark"), ("ascent", "descent")}


# -- stimuli and wordings ------------------------------------------------------------------------


def test_clips_are_as_short_as_the_listener_hears_and_the_same_for_the_same_seed() -> None:
    options = {"brightnessLevel": ("bright", "dark")}
    hears = Hearing(RATE, 0, 8000, 3.0, 0.04)
    first, again, other = (stimuli(options, hears, seed, 3) for seed in (1, 1, 2))
    assert first.sum == again.sum != other.sum
    assert len(first.clips) == 3
    for one in first.clips:
        assert len(one.sound()) / 48_000 <= 3.0
        assert one.labels.keys() & {"bright", "dark"}


@pytest.mark.parametrize("name", TREATMENTS)
def test_each_treatment_does_what_its_name_says(name: str) -> None:
    sound = np.stack([noise_below(8000, 1.0), np.zeros(48_000)], axis=1).astype(np.float32)
    changed = TREATMENTS[name](sound)
    assert changed.shape == sound.shape
    decibels = 20 * np.log10(np.sqrt((changed**2).mean()) / np.sqrt((sound**2).mean()) + 1e-12)
    above = np.abs(np.fft.rfft(changed[:, 0]))[3000:].max()
    assert {
        "plain": decibels == 0, "silent": decibels < -200, "faint": -100 < decibels < -70, "reversed": decibels == 0,
        "low-passed": above < 1e-3, "louder": 5 < decibels < 12.1, "softer": decibels == pytest.approx(-12, abs=0.01),
        "left alone": bool((changed[:, 0] == changed[:, 1]).all()),
    }[name]  # fmt: skip


def test_wordings_offer_the_same_options_in_other_words() -> None:
    base = questions()
    found = variants(base, "transformers")
    assert list(found)[-1] == DENIED
    for variant in found.values():
        assert [set(question.options) for question in variant.questions] == [set(q.options) for q in base.questions]
        assert all(len(variant.prompts(question)) == 1 for question in variant.questions)
    assert "A: bright, B: dark" in found["letters"].prompts(found["letters"].questions[0])[0].text
    assert DENIED not in variants(base.model_copy(update={"language": "fr"}), "transformers")


# -- resuming ------------------------------------------------------------------------------------


def test_an_audition_that_was_ended_asks_only_what_is_missing(tmp_path: Path) -> None:
    listener = Ear()
    first = Audition(listener, Wish(each=2, folder=tmp_path))
    with closing(first.run()) as run:
        for _ in range(first.size // 2):
            next(run)
    (file,) = tmp_path.iterdir()
    there = file.read_text(encoding="utf-8").splitlines()
    assert first.size // 2 <= len(there) < first.size
    file.write_text("\n".join(there) + '\n{"key": "0/pl', encoding="utf-8")  # the last line was cut off
    done = auditioned(listener, tmp_path, 2)
    assert len([line for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}}")]) == first.size
    assert done.results == auditioned(listener, tmp_path / "undisturbed", 2).results


# -- what becomes of claims ----------------------------------------------------------------------


def test_a_claim_that_may_not_be_made_is_kept_in_words_and_others_stay() -> None:
    span = Span("00ff", seconds(0), seconds(1))
    claims = (
        Claim(span, "bright", "brightnessLevel", 0.61, ConfidenceKind.LIKELIHOOD_RATIO),
        Claim(span, "brightening", "brightnessMotion", 0.7, ConfidenceKind.LIKELIHOOD_RATIO),
        Claim(span, "dark", "brightnessLevel", 0.3, ConfidenceKind.LINKED_TEXT, derived_from="open"),
    )
    found = demoted(Heard(span, (), claims), frozenset({"brightnessLevel"}), load_vocabulary())
    assert [claim.concept for claim in found.claims] == ["brightening"]
    assert [(one.name, one.text) for one in found.descriptions] == [("said-brightnessLevel", "Bright (0.610)")]


def test_what_a_listener_may_only_say_is_part_of_its_identity() -> None:
    restrained = Restrained(Ear(), frozenset({"brightnessLevel"}))
    assert restrained.identity().parameters()["said, not claimed"] == "brightnessLevel"
    assert replace(restrained.identity(), said=()) == Ear().identity()


# -- through the command -------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A tiny model with random weights, its audition, and an archive that knows of it."""

    model: Path
    sounds: Path
    archive: Path
    stdout: str
    code: int

    def ingest(self, archive: Path, *more: str) -> str:
        """Ingest with the model; return the messages."""
        ended = acousma(
            "ingest", self.sounds, "--store", archive, "--window", "1", "--describer", "clap", "--model", self.model,
            "--questions", SMALL, *more, **OFFLINE,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    write(folder / "sounds" / "hiss.wav", noise_below(15_000, 2.2))
    model, archive = save("clap", folder), folder / "archive"
    ended = acousma("audition", model, "--describer", "clap", "--questions", SMALL, "--clips", "4",
                    "--out", folder / "answers", "--store", archive, **OFFLINE)  # fmt: skip
    return Place(model, folder / "sounds", archive, ended.stdout + ended.stderr, ended.returncode)


def ask(archive: Path, query: str) -> list[list[str]]:
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + query).rows
    return [[term.value if isinstance(term, ox.Literal | ox.NamedNode) else "" for term in row] for row in found]


MAKERS = """SELECT DISTINCT ?aspect WHERE { GRAPH ?g {
    ?claim a acm:Claim ; acm:aspect ?aspect ; acm:confidenceKind acv:labelSimilarity } } ORDER BY ?aspect"""
WORDS = """SELECT ?text WHERE { GRAPH ?g { ?said a acm:Description ; oa:hasBody/rdf:value ?text ;
    dcterms:creator/foaf:name "tiny-clap" } }"""


def test_a_model_with_random_weights_fails_and_is_told_so(place: Place) -> None:
    assert place.code == 1, place.stdout
    assert "2 of 2 aspects failed a control" in place.stdout
    assert "do not depend on the sound" in place.stdout


@pytest.mark.parametrize("name", ["qwen2-audio", pytest.param("music-flamingo", marks=pytest.mark.slow)])
def test_an_audio_language_model_with_random_weights_has_no_evidence_and_fails(tmp_path: Path, name: str) -> None:
    ended = acousma("audition", save(name, tmp_path), "--questions", SMALL, "--clips", "2", "--format", "json",
                    "--out", tmp_path / "answers", "--store", tmp_path / "archive", **OFFLINE)  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    told = json.loads(ended.stdout)
    assert set(told["failed"]) == {"brightnessLevel", "grainTerm"}
    assert max(told["evidence"].values()) < 0.3
    swap = [row["value"] for row in told["results"] if row["control"] == "controlSwap"]
    assert max(swap) < 0.05


def test_a_tagger_is_auditioned_without_questions(tmp_path: Path) -> None:
    ended = acousma("audition", save("ast", tmp_path), "--describer", "ast", "--clips", "4", "--format", "csv",
                    "--out", tmp_path / "answers", "--store", tmp_path / "archive", **OFFLINE)  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    assert "controlSwap,answerInformation" in ended.stdout
    assert "controlPrompt" not in ended.stdout


def test_scores_are_in_the_graph_and_conform(place: Place) -> None:
    found = ask(
        place.archive,
        """SELECT ?aspect ?value ?name WHERE { GRAPH ?g {
        ?score a acm:Score ; dqv:isMeasurementOf acv:controlsPassed ; acm:heardUnder acv:controlAll ;
            acm:scoredConcept ?aspect ; dqv:value ?value ; dqv:computedOn/foaf:name ?name } } ORDER BY ?aspect""",
    )
    assert [(row[0].rpartition("/")[2], row[2]) for row in found] == [
        ("brightnessLevel", "tiny-clap"), ("grainTerm", "tiny-clap")
    ]  # fmt: skip
    assert {float(row[1]) for row in found} == {0.0}
    checked = acousma("validate", "--store", place.archive, "--all")
    assert checked.returncode == 0, checked.stdout


def test_what_failed_is_said_from_then_on_until_a_person_trusts_it(place: Place, tmp_path: Path) -> None:
    before = tmp_path / "before"
    assert "whether tiny-clap listens was never tested here" in place.ingest(before)
    claimed = ask(before, MAKERS)
    assert claimed, "the random model claims nothing, so that nothing could be taken from it"
    archive = Path(shutil.copytree(place.archive, tmp_path / "archive", symlinks=True))
    assert "failed a control test of brightnessLevel, grainTerm" in place.ingest(archive)
    assert ask(archive, MAKERS) == []
    assert len(ask(archive, WORDS)) >= len(claimed)
    aspect = claimed[0][0].rpartition("/")[2]
    trusted = acousma(
        "audition", place.model, "--describer", "clap", "--trust", aspect, "--by", "A. Listener", "--because",
        "checked by ear", "--store", archive, **OFFLINE,
    )  # fmt: skip
    assert trusted.returncode == 0, trusted.stderr
    place.ingest(archive)
    assert [row[0].rpartition("/")[2] for row in ask(archive, MAKERS)] == [aspect]
    assert acousma("validate", "--store", archive, "--all").returncode == 0
    with open_store(archive) as store:
        minter = Minter("http://localhost:8000/")
        agent = Agent("tiny-clap", ask(archive, 'SELECT DISTINCT ?v WHERE { GRAPH ?g { ?a foaf:name "tiny-clap" ; dcterms:hasVersion ?v } }')[0][0])  # fmt: skip # noqa: E501
        assert aspect not in said_only(store, agent, minter)
    back = acousma("audition", place.model, "--describer", "clap", "--distrust", aspect, "--by", "A. Listener",
                   "--store", archive, **OFFLINE)  # fmt: skip
    assert back.returncode == 0, back.stderr
    with open_store(archive) as store:
        assert aspect in said_only(store, agent, minter)


def test_the_user_of_an_ingest_may_trust_for_this_ingest_alone(place: Place, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(place.archive, tmp_path / "archive", symlinks=True))
    place.ingest(archive, "--trust", "brightnessLevel", "--trust", "grainTerm")
    assert ask(archive, MAKERS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--trust", "grainTerm"), "nobody is named"),
        (("--trust", "grainTerm", "--by", "A"), "no reason"),
        (("--trust", "beauty", "--by", "A", "--because", "b"), "no concept 'beauty'"),
        (("--distrust", "grainTerm", "--by", "A"), "does not trust"),
        (("--trust", "a", "--distrust", "b", "--by", "A", "--because", "b"), "together"),
    ],
)
def test_a_decision_that_cannot_be_kept_is_refused(
    place: Place, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    archive = Path(shutil.copytree(place.archive, tmp_path / "archive", symlinks=True))
    ended = acousma("audition", place.model, "--describer", "clap", *options, "--store", archive, **OFFLINE)
    assert ended.returncode == 3
    assert message in ended.stderr
