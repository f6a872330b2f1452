"""Questions, answers, spans and batches: everything about listening that needs no model."""

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from ingest.decode import blocks
from ingest.listeners.base import find_envelope
from ingest.listeners.hearing import cut, declared_seconds, halving
from ingest.listeners.questions import DEFAULT, Question, QuestionSet, choose, read_questions
from ontology.errors import ListenerError
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.sounds import noise_below, write

DATA = Path(__file__).parent / "data" / "listeners"
SMALL = DATA / "small.yaml"
with (DATA / "faults.csv").open(encoding="utf-8", newline="") as file:
    FAULTS = [(row["old"], row["new"].replace("\\n", "\n"), row["message"]) for row in csv.DictReader(file)]
QUESTION = Question(aspect="brightnessLevel", ask=("a", "b"), options={"bright": "bright", "dark": "dark"})


def small() -> QuestionSet:
    return read_questions(SMALL, load_vocabulary())


# -- questions -----------------------------------------------------------------------------------


def test_the_default_questions_fit_the_vocabulary() -> None:
    questions = read_questions(DEFAULT, load_vocabulary())
    assert len(questions.questions) >= 10
    assert all(len(question.ask) >= 2 for question in questions.questions)


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_a_faulty_question_file_is_refused_by_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = SMALL.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "questions.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ListenerError) as caught:
        read_questions(path, load_vocabulary())
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_every_option_comes_first_in_some_prompt_and_all_prompts_offer_the_same() -> None:
    questions = small()
    question = questions.questions[0]
    prompts = questions.prompts(question)
    assert len(prompts) == len(question.ask) * questions.orders == len({prompt.text for prompt in prompts})
    assert {prompt.order[0] for prompt in prompts} == {0, 1, 2}
    assert all(sorted(prompt.order) == [0, 1, 2] for prompt in prompts)
    assert prompts[1].text == "Bright or dark? Options: dark, cannot tell, bright."


# -- answers -------------------------------------------------------------------------------------


def test_a_listener_abstains_below_the_threshold_and_where_it_cannot_tell() -> None:
    assert choose(QUESTION, np.array([3.0, 0.0, 0.0]), 0.5).chosen == "bright"
    assert choose(QUESTION, np.array([0.2, 0.1, 0.0]), 0.5).chosen is None
    assert choose(QUESTION, np.array([0.0, 0.0, 3.0]), 0.5).chosen is None


def test_shares_of_an_answer_sum_to_one_and_follow_the_evidence() -> None:
    answer = choose(QUESTION, np.array([1000.0, 999.0, -1000.0]), 0.5)
    assert sum(answer.shares) == pytest.approx(1)
    assert answer.shares[0] / answer.shares[1] == pytest.approx(np.e)
    assert answer.options == ("bright", "dark", None)


# -- batches and sounds --------------------------------------------------------------------------


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost_or_done_twice() -> None:
    sizes: list[int] = []

    def work(batch: Sequence[int]) -> list[int]:
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [item * 10 for item in batch]

    assert list(halving(work, range(10), 8)) == [(item, item * 10) for item in range(10)]
    assert sizes == [8, 4, 2, 2, 2, 2, 2]


def test_a_sound_that_does_not_fit_alone_is_an_error_with_advice() -> None:
    def work(batch: Sequence[int]) -> list[int]:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 10 bytes")

    with pytest.raises(ListenerError, match="--window"):
        list(halving(work, [1], 4))


def test_other_faults_of_a_model_are_not_taken_for_lack_of_memory() -> None:
    def work(batch: Sequence[int]) -> list[int]:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        list(halving(work, [1], 4))


def test_spans_are_cut_as_from_the_whole_sound_in_mono(tmp_path: Path) -> None:
    stereo = np.stack([noise_below(7000, 9.0), 0.3 * noise_below(3000, 9.0)], axis=1)
    path = write(tmp_path / "long.wav", stereo)
    whole = np.concatenate(list(blocks(path, 16_000)), axis=1).mean(axis=0)
    times = [(0.0, 2.0), (0.5, 1.0), (1.9, 6.25), (6.0, 9.0), (8.999, 9.0)]
    spans = [Span("00ff", seconds(start), seconds(end)) for start, end in times]
    soundings = list(cut(path, spans, 16_000))
    assert sorted(one.span.start for one in soundings) == sorted(span.start for span in spans)
    for one in soundings:
        start, end = (round(float(time) * 16_000) for time in (one.span.start, one.span.end))
        assert one.samples.dtype == np.float32
        np.testing.assert_allclose(one.samples, whole[start:end], atol=1e-7)
    assert declared_seconds(path) == 9.0
    assert declared_seconds(tmp_path / "none.wav") == 0.0


# -- at the edges --------------------------------------------------------------------------------


def test_an_envelope_is_found_by_its_label_and_an_unknown_one_is_refused() -> None:
    assert find_envelope("Qwen2-Audio-7B") == "qwen2-audio-7b"
    assert find_envelope(None) is None
    with pytest.raises(ListenerError, match="acousma models"):
        find_envelope("Golden Ears")


def test_the_libraries_that_run_models_are_not_imported_before_a_model_is_asked_for() -> None:
    code = (
        "import sys, api.cli, api.ingesting, ingest.pipeline, ingest.listeners.opening\n"
        "print([name for name in ('transformers', 'tokenizers', 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
