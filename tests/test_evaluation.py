"""A describer is scored on sounds whose truth is known; one that guesses is found out, and one that fails is named."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest

from api.evaluating import COLUMNS, rows
from api.evaluation_report import report
from ontology.errors import CorpusError, UnknownName, VocabularyError
from ontology.mint import Minter
from ontology.terms import ACM, DQV, XSD
from ontology.validate import validate
from ontology.values import Agent
from ontology.vocabulary import load_vocabulary
from queries import answer as ask_question
from store import open_store
from tests.commands import typed
from tests.graphs import vocabulary_quads
from truth.answering import Answer, Corpus, ask, kept, questions
from truth.corpus.clips import Selection, Signal
from truth.corpus.degrade import CLEAN, CONDITIONS
from truth.corpus.items import Plan
from truth.corpus.making import make
from truth.describers import Answered, Curve, Extent, MeasuredDescriber, describer, key
from truth.evaluation import LEAST, evaluate
from truth.expectations import fulfilled, read
from truth.families import CONFUSIONS, families
from truth.results import Evaluation
from truth.scores import Evaluated, condition_id, graph, quads

ROOT = Path(__file__).parents[1]
MINTER = Minter("https://archive.example.org/")
STARTED = datetime(2026, 3, 1, tzinfo=UTC)

CLIPS = 200
CURVES = 60
FLOORS = {"typology": 0.80, "archetypes": 0.90, "direction": 0.88, "rate": 0.75, "stereo": 0.90, "states": 0.92}
"""Least mean balanced accuracy of a family on the clean clips below."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("truth") / "corpus"
    for _ in make(folder, Plan(7, CLIPS, 1, Selection())):
        pass
    return Corpus.load(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def answers(corpus: Corpus, folder: Path) -> list[Answer]:
    return list(ask(MeasuredDescriber(), questions(corpus, [CLEAN], CURVES), folder))


@pytest.fixture(scope="module")
def evaluation(answers: list[Answer]) -> Evaluation:
    return evaluate(answers, MeasuredDescriber().concepts)


@pytest.fixture(scope="module")
def done(corpus: Corpus, evaluation: Evaluation) -> Evaluated:
    return Evaluated(MeasuredDescriber(), corpus, evaluation, STARTED, STARTED + timedelta(minutes=5))


@dataclass(frozen=True)
class Guesser:
    """Answers at random, whatever it hears, and fails where it is told to."""

    fails_at: float | None = None
    name: str = "guesser"
    agent: Agent = field(default_factory=lambda: Agent("Guesser", "1"))
    concepts: tuple[str, ...] = tuple(load_vocabulary().rules)

    @property
    def parameters(self) -> Mapping[str, str]:
        return {"fails at": str(self.fails_at)}

    def answers(self, sound: Signal, extent: Extent) -> Answered:
        if extent[0] == self.fails_at:
            raise ZeroDivisionError("no sound in the sound")
        heard = sha256(sound[:4800].tobytes() + str(extent).encode())
        rng = np.random.default_rng(np.frombuffer(heard.digest(), np.uint8))
        return Answered(dict(zip(self.concepts, rng.random(len(self.concepts)).tolist(), strict=True)))

    def onsets(self, sound: Signal) -> Sequence[float]:
        return ()

    def curves(self, sound: Signal, extent: Extent) -> Mapping[str, Curve]:
        return {}


# the measured describer


@pytest.mark.parametrize("family", FLOORS)
def test_the_measured_describer_reaches_the_floor_of_a_family(evaluation: Evaluation, family: str) -> None:
    (found,) = (one for one in evaluation.families if one.family.id == family)
    assert found.balanced_accuracy >= FLOORS[family]
    assert found.low <= found.balanced_accuracy <= found.high


def test_its_calibrated_answers_are_as_sure_as_they_are_right(evaluation: Evaluation) -> None:
    (overall,) = evaluation.overall
    assert overall.ece < 0.06
    assert overall.coverage > 0.8
    assert overall.accuracy_where_certain > overall.balanced_accuracy - 0.01


def test_the_baselines_fail(evaluation: Evaluation) -> None:
    assert [one.name for one in evaluation.baselines] == ["shuffled truths", "length only", "level only"]
    assert not evaluation.leaks
    assert all(abs(one.balanced_accuracy - 0.5) < 0.05 for one in evaluation.baselines)


def test_curves_and_beginnings_are_followed(evaluation: Evaluation) -> None:
    medians = {one.curve: one.median for one in evaluation.followed}
    assert medians["level"] > 0.9
    assert medians["centroid"] > 0.8
    loose, strict = evaluation.boundaries
    assert (loose.window, strict.window) == (0.2, 0.05)
    assert loose.f_measure >= strict.f_measure > 0.2


def test_a_concept_with_few_clips_is_not_judged_and_says_why(evaluation: Evaluation) -> None:
    for one in evaluation.concepts:
        assert (one.held_out is None) == (one.reason is not None)
        if one.held_out is not None:
            assert min(one.held_out.true, one.held_out.false) >= LEAST
    assert any("fewer than" in str(one.reason) for one in evaluation.concepts)


def test_most_clips_of_a_family_are_taken_for_what_they_are(evaluation: Evaluation) -> None:
    assert {one.title for one in evaluation.confusions} <= CONFUSIONS.keys()
    for one in evaluation.confusions:
        counts = np.array(one.counts)
        assert counts.shape == (len(one.labels), len(one.labels) + 1)
        assert np.trace(counts) > 0.6 * counts.sum()


# who must not succeed


def test_a_guesser_is_at_chance(corpus: Corpus, tmp_path: Path) -> None:
    found = evaluate(ask(Guesser(), questions(corpus, [CLEAN]), tmp_path), Guesser().concepts)
    (overall,) = found.overall
    assert abs(overall.balanced_accuracy - 0.5) < 0.04
    assert abs(overall.kappa) < 0.1
    assert found.boundaries == ()
    assert found.followed == ()


def test_a_describer_that_fails_on_a_clip_names_it_and_the_rest_is_scored(corpus: Corpus, tmp_path: Path) -> None:
    asked = questions(corpus, [CLEAN])
    broken = Guesser(asked[5].extent[0])
    given = list(ask(broken, asked, tmp_path))
    found = evaluate(given, broken.concepts)
    assert (asked[5].name, "ZeroDivisionError: no sound in the sound") in found.failures
    assert len(found.failures) == sum(one.extent[0] == asked[5].extent[0] for one in asked[:CLIPS])
    assert found.clips == CLIPS
    assert len(kept(tmp_path, broken)) == len(asked) - len(found.failures)


# answers that are kept


def test_an_evaluation_that_was_ended_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    asked = questions(corpus, [CLEAN])[:20]
    first = ask(Guesser(), asked, tmp_path)
    for _ in range(8):
        next(first)
    del first
    (path,) = (tmp_path / "answers").iterdir()
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"id": "cut off')
    again = list(ask(Guesser(), asked, tmp_path))
    assert [one.new for one in again].count(False) == 8
    assert [one.question.record["id"] for one in again] == [one.record["id"] for one in asked]
    assert all(not one.new for one in ask(Guesser(), asked, tmp_path))


def test_kept_answers_give_the_same_scores(corpus: Corpus, folder: Path, evaluation: Evaluation) -> None:
    again = list(ask(MeasuredDescriber(), questions(corpus, [CLEAN], CURVES), folder))
    assert not any(one.new for one in again)
    assert repr(evaluate(again, MeasuredDescriber().concepts)) == repr(evaluation)


def test_other_parameters_are_another_describer() -> None:
    assert key(Guesser()) != key(Guesser(0.5))


def test_a_condition_that_the_corpus_lacks_is_made_as_the_corpus_would(corpus: Corpus, tmp_path: Path) -> None:
    for _ in make(tmp_path, Plan(7, 1, 0, Selection(), ("noise10",))):
        pass
    there, made = questions(Corpus.load(tmp_path), ["noise10"])[0], questions(corpus, ["noise10"])[0]
    assert np.abs(there.sound() - made.sound()).max() < 1e-5


# the graph


def test_the_scores_of_an_evaluation_keep_to_the_shapes(done: Evaluated) -> None:
    lines = "".join(f"{quad} .\n" for quad in quads(done, MINTER)).encode()
    found = list(ox.parse(lines, ox.RdfFormat.N_QUADS))
    assert {quad.graph_name.value for quad in found} == {graph(done, MINTER)}
    assert not any(isinstance(term, ox.BlankNode) for quad in found for term in (quad.subject, quad.object))
    assert list(validate(found).findings) == []
    without = [quad for quad in found if quad.predicate.value != ACM.scoredConcept]
    assert list(validate(without).findings)
    much = ox.Literal("1.5", datatype=ox.NamedNode(XSD.decimal))
    above = [
        ox.Quad(quad.subject, quad.predicate, much, quad.graph_name) if quad.predicate.value == DQV.value else quad
        for quad in found
    ]
    assert list(validate(above).findings)


def test_the_same_evaluation_is_the_same_graph_and_another_corpus_another(done: Evaluated) -> None:
    other = Evaluated(done.who, Corpus(done.corpus.folder, {**done.corpus.header, "manifest_sha256": "0" * 64}, ()),
                      done.evaluation, done.started, done.ended)  # fmt: skip
    assert graph(done, MINTER) != graph(other, MINTER)
    later = Evaluated(done.who, done.corpus, done.evaluation, done.started + timedelta(days=1), done.ended)
    assert graph(done, MINTER) == graph(later, MINTER)


def test_a_question_finds_the_stored_scores(done: Evaluated, tmp_path: Path) -> None:
    lines = (vocabulary_quads() + "".join(f"{quad} .\n" for quad in quads(done, MINTER))).encode()
    graphs = sorted({quad.graph_name.value for quad in ox.parse(lines, ox.RdfFormat.N_QUADS)})
    with open_store(tmp_path / "store", writable=True) as store:
        store.bulk_load(lines, graphs)
        store.publish()
        table = ask_question(store, "describer_scores", {"metric": "answerCoverage"})
    judged = [one for one in done.evaluation.concepts if one.held_out is not None]
    assert len(table.rows) == len(judged)


@pytest.mark.parametrize("name", [CLEAN, *CONDITIONS])
def test_each_condition_is_a_concept(name: str) -> None:
    assert condition_id(name) in load_vocabulary().concepts


# expectations


def test_the_expectations_of_the_demo_name_its_sounds_and_most_are_met() -> None:
    table = ROOT / "demo" / "expectations.csv"
    named = {name for one in read(table) for name in (one.sound, one.other) if name}
    assert named == {path.name for path in (ROOT / "demo" / "sounds").glob("*.flac")}
    found = fulfilled(MeasuredDescriber(), table)
    assert sum(one.found is True for one in found) >= 0.8 * len(found)
    assert all(one.said for one in found)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("a.flac,holds,brightnessCentroid,,A,b", "term"),
        ("a.flac,more_than,bright,b.flac,A,b", "term"),
        ("a.flac,more_than,brightnessCentroid,,A,b", "other"),
        ("a.flac,has,bright,,A,b", "expects"),
    ],
)
def test_an_expectation_that_says_nothing_is_refused(tmp_path: Path, row: str, column: str) -> None:
    path = tmp_path / "expectations.csv"
    path.write_text(f"sound,expects,term,other,who,because\n{row}\n", encoding="utf-8")
    with pytest.raises(VocabularyError, match=column):
        read(path)


# what is written


def test_the_report_needs_no_other_file_and_says_what_was_reached(done: Evaluated) -> None:
    text = report(done, [])
    assert text.startswith("<!DOCTYPE html>")
    assert "<svg" in text
    for word in ("src=", "<link", "@import"):
        assert word not in text
    for family in done.evaluation.families:
        assert family.family.title in text


def test_a_table_has_a_row_for_each_concept(evaluation: Evaluation) -> None:
    found = rows(evaluation)
    assert [row["concept"] for row in found] == list(MeasuredDescriber().concepts)
    assert all(tuple(row) == COLUMNS for row in found)


def test_every_family_has_concepts_that_the_corpus_knows() -> None:
    rules = load_vocabulary().rules
    assert {concept for family in families() for concept in family.concepts} == rules.keys()


def test_the_command_scores_writes_and_stores(
    corpus: Corpus, folder: Path, tmp_path: Path, answers: list[Answer]
) -> None:
    assert answers  # they are kept in the folder
    out, store = folder, tmp_path / "archive"
    words: list[str | Path] = [
        "evaluate",
        "measured",
        "--corpus",
        corpus.folder,
        "--conditions",
        CLEAN,
        "--clips",
        "30",
        "--out",
        out,
    ]
    ended = typed(*words, "--format", "csv", "--store", store, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    table = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert tuple(table[0]) == COLUMNS
    written = json.loads((out / "measured.json").read_text(encoding="utf-8"))
    assert written["evaluation"]["clips"] == 30
    assert (out / "measured.html").is_file()
    asked = typed("ask", "describer_scores", "--format", "csv", "--store", store)
    assert asked.returncode == 0, asked.stderr
    assert len(asked.stdout.splitlines()) - 1 == sum(not row["not_judged"] for row in table)


def test_a_sound_that_was_changed_since_it_was_made_is_not_judged(tmp_path: Path) -> None:
    for _ in make(tmp_path / "corpus", Plan(7, 1, 0, Selection())):
        pass
    (clip,) = (tmp_path / "corpus" / "clips" / CLEAN).iterdir()
    with clip.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CorpusError, match="was changed since it was made"):
        list(ask(Guesser(), questions(Corpus.load(tmp_path / "corpus"), [CLEAN]), tmp_path))


def test_what_cannot_be_evaluated_is_said(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="measured"):
        describer("nobody")
    with pytest.raises(UnknownName, match="noise20"):
        questions(corpus, ["noise99"])
    with pytest.raises(CorpusError):
        Corpus.load(tmp_path)
