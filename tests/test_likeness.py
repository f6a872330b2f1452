"""Passages that sound alike: vectors are made with a run, go with it, and are found exactly; words find sounds."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from ingest.listeners.vectors import words_in
from ontology.errors import InputError, ListenerError, ParameterError, StoreError, UnknownName
from queries import Ears, answer, load_queries
from store import Store, open_store
from store.nearest import make_indexes, neighbourhood
from store.vectors import FILE, Place, RunVectors, Space, VectorStore, unit
from tests.commands import Ended, acousma
from tests.ears import SPACE, ears_of_small_graph
from tests.endpoint import serving
from tests.sounds import noise_below, stroke, tone, write
from tests.test_queries import filled
from tests.tiny_models import save

OFFLINE = {"HF_HUB_OFFLINE": "1"}
KIND = "https://w3id.org/acousma/vocab/detectedObject"


# -- the file beside the archive -----------------------------------------------------------------


def kept(folder: Path, runs: int = 12, spans: int = 50) -> VectorStore:
    """Keep vectors drawn by lot."""
    store, dice = VectorStore(folder / FILE), np.random.default_rng(7)
    for run in range(runs):
        places = tuple(Place(f"http://e/s{run}-{i}", i, i + 1, KIND) for i in range(spans))
        vectors = dice.standard_normal((spans, 24)).astype(np.float32)
        store.write(RunVectors(f"http://e/g{run}", SPACE, f"http://e/r{run}", places, vectors))
    return store


def test_nearest_is_what_comparing_all_with_all_gives(tmp_path: Path) -> None:
    store = kept(tmp_path)
    whole = neighbourhood(store, SPACE, KIND)
    vectors = np.concatenate([run.vectors for run in store.runs(SPACE)]).astype(np.float64)
    spans = [place.span for run in store.runs(SPACE) for place in run.places]
    for number in (0, 77, 599):
        cosines = vectors @ vectors[number] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[number])
        expected = [spans[place] for place in np.argsort(-cosines) if place != number][:10]
        found = whole.nearest(whole.vectors[number], 10, [spans[number]])
        assert [one.span for one in found] == expected
        assert found[0].likeness == pytest.approx(np.sort(cosines)[-2], abs=1e-6)


def test_an_index_of_many_vectors_finds_nearly_all_that_is_nearest_and_is_left_when_vectors_change(
    tmp_path: Path,
) -> None:
    store = kept(tmp_path)
    exact = neighbourhood(store, SPACE, KIND)
    assert make_indexes(store) == 0, "so few are compared one by one"
    assert make_indexes(store, exact_below=500) == 1
    quick = neighbourhood(store, SPACE, KIND, exact_below=500)
    assert quick.index is not None
    both = [({n.span for n in exact.nearest(v, 10)}, {n.span for n in quick.nearest(v, 10)}) for v in exact.vectors]
    assert sum(len(one & other) for one, other in both) / (10 * len(both)) > 0.97
    assert quick.nearest(exact.vectors[3], 5)[0].likeness == pytest.approx(1)
    store.forget(["http://e/g0"])
    changed = neighbourhood(store, SPACE, KIND, exact_below=500)
    assert (changed.index, len(changed.keys)) == (None, 550), "an index of other vectors is used"
    assert make_indexes(store, exact_below=500) == 1
    (tmp_path / f"vectors.{SPACE.id}.detectedObject.usearch").write_bytes(b"torn")
    assert neighbourhood(store, SPACE, KIND, exact_below=500).index is None


def test_a_vector_without_a_direction_is_not_kept(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / FILE)
    places = tuple(Place(f"http://e/s{i}", i, i + 1, KIND) for i in range(4))
    vectors = np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1]], np.float32)
    store.write(RunVectors("http://e/g", SPACE, "http://e/r", places, vectors))
    (run,) = store.runs(SPACE)
    assert run.places == places[:1]
    np.testing.assert_allclose(run.vectors, [[0.6, 0.8]], atol=1e-7)
    assert unit(np.zeros((0, 5)))[0].shape == (0, 5)


def test_vectors_that_were_changed_or_have_no_run_are_named(tmp_path: Path) -> None:
    store = kept(tmp_path, runs=3)
    assert list(store.faults(store.graphs())) == []
    with sqlite3.connect(store.file) as database:
        database.execute("UPDATE runs SET data = zeroblob(length(data)) WHERE graph = 'http://e/g1'")
    database.close()
    found = {fault.graph: fault.reason for fault in store.faults(["http://e/g0", "http://e/g1"])}
    assert found == {
        "http://e/g1": "the numbers are not those that were written", "http://e/g2": "the archive has no such run",
    }  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as one" * 40])
def test_a_file_that_is_no_file_of_vectors_is_an_error_with_advice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="ingest again with the same models"):
        VectorStore(tmp_path / FILE).spaces()


# -- questions ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Ears]]:
    folder = tmp_path_factory.mktemp("small")
    with open_store(folder / "store", writable=True) as store:
        yield filled(store), ears_of_small_graph(folder / FILE, store.rows)


def test_without_vectors_or_with_a_name_that_none_has_a_question_is_refused(
    small: tuple[Store, Ears], tmp_path: Path
) -> None:
    store, ears = small
    with pytest.raises(InputError, match=r"has no vectors of sounds.*--describer encoder"):
        answer(
            store, "sounding_like_words", {"text": "held"}, Ears(VectorStore(tmp_path / FILE), ears.words, store.rows)
        )
    with pytest.raises(InputError, match="was asked without vectors"):
        answer(store, "sounding_like_words", {"text": "held"})
    with pytest.raises(UnknownName, match=r"no model 'clap' made vectors.*Measuring describer"):
        answer(store, "sounding_like_passage", {"work": "Glass", "model": "CLAP"}, ears)
    with pytest.raises(ParameterError, match="one of detectedObject, fixedWindow"):
        answer(store, "sounding_like_passage", {"work": "Glass", "kind": "bright"}, ears)


def test_what_a_withdrawn_run_heard_is_no_answer_even_while_its_vectors_are_there(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", writable=True) as store:
        ears = ears_of_small_graph(tmp_path / FILE, filled(store).rows)
        before = answer(store, "sounding_like_words", {"text": "held"}, ears).rows
        store.withdraw(ears.vectors.graphs()[0])
        store.publish()
        after = answer(store, "sounding_like_words", {"text": "held"}, ears).rows
    assert 0 < len(after) < len(before)


def test_every_question_about_vectors_has_a_block_for_them() -> None:
    for query in load_queries().values():
        assert bool(query.vectors) == ("# from the vectors of spans" in query.text)


# -- from sounds to answers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """Sounds, a tiny CLAP and the archive in which it heard them."""

    sounds: Path
    model: Path
    archive: Path

    def ingest(self, archive: Path, describer: str = "encoder") -> Ended:
        return acousma(
            "ingest", self.sounds, "--window", "1", "--describer", describer, "--model", self.model, "--store", archive,
            **OFFLINE,
        )  # fmt: skip

    def copy(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.archive, folder / "archive", symlinks=True))


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("likeness")
    write(folder / "sounds" / "hiss.wav", noise_below(15_000, 2.2))
    write(folder / "sounds" / "bell.wav", stroke(700))
    write(folder / "sounds" / "tone.wav", tone(220, 3.0))
    made = Heard(folder / "sounds", save("clap", folder / "models"), folder / "archive")
    ended = made.ingest(made.archive)
    assert ended.returncode == 0, ended.stderr
    return made


def asked(archive: Path, name: str, *parameters: str, more: str = "--format=csv") -> Ended:
    given = [word for one in parameters for word in ("--param", one)]
    return acousma("ask", name, *given, more, "--store", archive, **OFFLINE)


def vectors_of(archive: Path) -> dict[str, bytes]:
    store = VectorStore(archive / FILE)
    (space,) = store.spaces()
    return {run.graph: run.vectors.tobytes() for run in store.runs(space)}


def test_words_are_compared_with_sounds_as_the_model_itself_compares_them(heard: Heard) -> None:
    model: Any = hf.ClapModel.from_pretrained(heard.model)
    processor: Any = hf.ClapProcessor.from_pretrained(heard.model)
    sound = tone(220, 3.0, rate=48_000).astype(np.float32)[:48_000]
    inputs = processor(text=["metallic scraping"], audio=[sound], return_tensors="pt", sampling_rate=48_000)
    with torch.inference_mode():
        cosine = (model(**inputs).logits_per_text / model.logit_scale_t.exp()).item()
    ended = asked(heard.archive, "sounding_like_words", "text=metallic scraping", "kind=fixedWindow", "work=tone")
    first = next(line.split(",") for line in ended.stdout.splitlines() if ",0.0," in line or ",0," in line)
    assert float(first[4]) == pytest.approx(cosine, abs=0.002)


def test_a_passage_finds_the_passages_like_it_and_the_answer_is_plain_sparql(heard: Heard, tmp_path: Path) -> None:
    ended = asked(heard.archive, "sounding_like_passage", "work=tone", "seconds=0.5", "kind=fixedWindow")
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stderr
    assert [line.split(",")[3] for line in lines[1:3]] == ["tone", "tone"], "the rest of a steady tone sounds like it"
    text = asked(
        heard.archive, "sounding_like_passage", "work=tone", "seconds=0.5", "kind=fixedWindow", more="--sparql"
    ).stdout
    (tmp_path / "question.rq").write_text(text, encoding="utf-8")
    pasted = acousma("sparql", tmp_path / "question.rq", "--format", "csv", "--store", heard.archive)
    assert pasted.stdout.split() == ended.stdout.split()


def test_the_vectors_of_a_run_are_withdrawn_with_it_and_made_again_when_they_are_lost(
    heard: Heard, tmp_path: Path
) -> None:
    archive = heard.copy(tmp_path)
    before = vectors_of(archive)
    assert len(before) == 3
    runs = acousma("ask", "runs", "--format", "csv", "--store", archive).stdout
    run = re.search(r"http://localhost:8000/run/(\w+)", next(line for line in runs.splitlines() if "tiny-clap" in line))
    assert run is not None
    assert acousma("withdraw", run[1], "--yes", "--store", archive).returncode == 0
    assert before.keys() - vectors_of(archive).keys() == {f"http://localhost:8000/graph/run/{run[1]}"}
    (archive / FILE).unlink()
    assert asked(archive, "sounding_like_words", "text=x").returncode == 3
    assert heard.ingest(archive).returncode == 0
    assert vectors_of(archive) == before
    again = heard.ingest(archive)
    assert "left as they were" in again.stdout


def test_a_clap_that_answers_questions_leaves_the_vectors_that_it_makes_anyway(heard: Heard, tmp_path: Path) -> None:
    archive = heard.copy(tmp_path)
    assert heard.ingest(archive, "clap").returncode == 0
    store = VectorStore(archive / FILE)
    (space,) = store.spaces()
    by_span: dict[str, list[np.ndarray]] = {}
    for made in store.runs(space):
        for place, vector in zip(made.places, made.vectors, strict=True):
            by_span.setdefault(place.span + place.kind, []).append(vector)
    twice = [vectors for vectors in by_span.values() if len(vectors) == 2]
    assert len(twice) >= 3
    assert all(np.dot(*vectors) == pytest.approx(1, abs=1e-5) for vectors in twice)


def test_the_index_command_names_vectors_astray_and_removes_them(heard: Heard, tmp_path: Path) -> None:
    archive = heard.copy(tmp_path)
    assert "11 vectors of tiny-clap" in acousma("index", "--store", archive).stdout
    store = VectorStore(archive / FILE)
    (space,) = store.spaces()
    store.write(RunVectors("http://e/g", space, "http://e/r", (Place("http://e/s", 0, 1, KIND),), np.ones((1, 16))))  # type: ignore[arg-type]
    found = acousma("index", "--store", archive)
    assert (found.returncode, "http://e/g: the archive has no such run" in found.stdout) == (4, True)
    assert acousma("index", "--rebuild", "--store", archive).returncode == 0
    assert len(store.graphs()) == 3


def test_words_are_read_by_the_very_weights_that_heard_the_sounds(heard: Heard, tmp_path: Path) -> None:
    (space,) = VectorStore(heard.archive / FILE).spaces()
    with pytest.raises(ParameterError, match=r"the text has \d+ tokens. Expected: at most 510"):
        words_in(space, "a" * 600)
    with pytest.raises(ListenerError, match="is no longer at"):
        words_in(Space(space.model, space.sha256, str(tmp_path / "gone"), words=True), "gong")
    other = shutil.copytree(heard.model, tmp_path / "tiny-clap")
    card = other / "preprocessor_config.json"
    name = card if card.exists() else other / "processor_config.json"
    name.write_text(name.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ListenerError, match="is not the one that heard the sounds"):
        words_in(Space(space.model, space.sha256, str(other), words=True), "gong")
    with pytest.raises(ListenerError, match="has no vectors of words"):
        words_in(Space("ast", space.sha256, space.path), "gong")


@pytest.mark.server
def test_the_same_is_answered_over_http_and_on_the_page(heard: Heard, tmp_path: Path) -> None:
    archive = heard.copy(tmp_path)
    here = asked(archive, "sounding_like_words", "text=a bell", "limit=2").stdout
    with serving(archive, **{"base_iri": "http://localhost:8000/"}) as endpoint:
        client = endpoint.client()
        there = client.get("api/queries/sounding_like_words/answer?text=a bell&limit=2", headers={"Accept": "text/csv"})
        assert there.text.split() == here.split()
        text = client.get("api/queries/sounding_like_passage/sparql?work=tone&kind=fixedWindow").text
        assert text.count("/graph/run/") >= 4
        page = client.get("workbench/ask/sounding_like_passage?work=tone&kind=fixedWindow")
        assert (page.status_code, "hiss" in page.text) == (200, True)
        refused = client.get("api/queries/sounding_like_words/answer?text=x&model=nobody")
        assert (refused.status_code, "made vectors" in refused.text) == (404, True)
