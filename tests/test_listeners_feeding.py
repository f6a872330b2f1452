"""Models are fed ahead, sounds of like length together, the sound taken in once; too large a batch is halved."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf

from ingest.listeners.base import Heard, Mono, Sounding
from ingest.listeners.chat import Chat
from ingest.listeners.feeding import bucketed, prefetched
from ingest.listeners.files import find_model
from ingest.listeners.hearing import Listeners, Request, heard
from ingest.listeners.language import LanguageListener
from ingest.listeners.questions import read_questions
from ontology.errors import AudioError
from ontology.terms import SpanKind
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.sounds import noise_below, write
from tests.tiny_models import LANGUAGE, save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"

Tiny = Callable[[str], Path]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("models")
    return lambda name: save(name, folder)


def listener_of(path: Path) -> LanguageListener:
    return LanguageListener(str(path), read_questions(SMALL, load_vocabulary()), load_vocabulary(), "cpu")


def noise(length: float, seed: int) -> Mono:
    return (np.random.default_rng(seed).standard_normal(round(16_000 * length)) * 0.1).astype(np.float32)


# -- the thread ----------------------------------------------------------------------------------


def test_items_come_in_order_and_are_made_ahead_in_a_thread() -> None:
    made: list[tuple[int, str]] = []

    def items() -> Iterator[int]:
        for number in range(8):
            made.append((number, threading.current_thread().name))
            yield number

    taken = prefetched(items(), 2)
    assert next(taken) == 0
    time.sleep(0.3)
    assert 3 <= len(made) <= 4, "two wait, one may be in the hand of the thread"
    assert list(taken) == list(range(1, 8))
    assert {name for _, name in made} == {"prefetch"}


def test_an_error_is_raised_where_the_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise AudioError("broken")

    taken = prefetched(items(), 4)
    assert next(taken) == 1
    with pytest.raises(AudioError, match="broken"):
        next(taken)


def test_a_thread_that_nobody_waits_for_ends() -> None:
    before = threading.active_count()
    taken = prefetched(iter(range(1000)), 2)
    next(taken)
    taken.close()
    assert threading.active_count() == before


def test_sounds_of_like_length_come_together_and_none_is_lost() -> None:
    lengths = np.random.default_rng(3).integers(1, 100, 64).tolist()

    def padding(order: Sequence[int]) -> int:
        batches = [order[i : i + 8] for i in range(0, len(order), 8)]
        return sum(max(batch) * len(batch) - sum(batch) for batch in batches)

    found = list(bucketed(lengths, 32, lambda length: length))
    assert sorted(found) == sorted(lengths)
    assert padding(found) < padding(lengths) / 3


# -- memory --------------------------------------------------------------------------------------


def test_a_model_that_runs_out_of_memory_hears_everything_in_halves_and_later_files_too(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "hiss.wav", noise_below(7000, 6.0))
    spans = [Span("00ff", seconds(i), seconds(i + 1), SpanKind.FIXED_WINDOW) for i in range(6)]
    free = list(heard(Request(listener_of(tiny("qwen2-audio")), path, tuple(spans)), Listeners(batch=6)))
    sizes: list[int] = []
    class_ = hf.Qwen2AudioForConditionalGeneration
    real = class_.forward

    def forward(self: Any, *args: Any, **named: Any) -> object:
        features = named.get("input_features")
        if features is not None:
            sizes.append(len(features))
            if len(features) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return real(self, *args, **named)

    monkeypatch.setattr(class_, "forward", forward)
    listeners = Listeners(batch=6)
    listener = listener_of(tiny("qwen2-audio"))
    request = Request(listener, path, tuple(spans))
    tight = list(heard(request, listeners))
    assert sizes[:2] == [6, 3], "the first batch was not halved twice"
    assert sizes.count(6) == sizes.count(3) == 1
    assert _words(tight) == _words(free)
    for one, other in zip(sorted(tight, key=_start), sorted(free, key=_start), strict=True):
        for a, b in zip(one.answers, other.answers, strict=True):
            np.testing.assert_allclose(a.evidence, b.evidence, atol=2e-5)
    sizes.clear()
    list(heard(request, listeners))
    assert max(sizes) <= 2, "what was learnt of the memory was forgotten with the file"


def _start(one: Heard) -> float:
    return float(one.span.start)


def _words(found: Sequence[Heard]) -> list[list[str]]:
    return [[said.text for said in one.descriptions] for one in sorted(found, key=_start)]


# -- the sound is taken in once ------------------------------------------------------------------


@pytest.mark.parametrize("name", LANGUAGE)
def test_free_words_from_the_prefilled_sound_are_those_of_a_whole_pass(tiny: Tiny, name: str) -> None:
    chat = Chat(find_model(str(tiny(name))), "cpu")
    sounds = [noise(1.0, 0), noise(1.6, 1)]
    taken_in = chat.prefill("Other words", sounds)
    first = chat.answer_on(taken_in, "Describe it.", 24)
    assert first == chat.answer("Describe it.", sounds, 24)
    assert first == chat.answer_on(taken_in, "Describe it.", 24), "the answer changed the cache that it started from"


@pytest.mark.parametrize("name", ["qwen2-audio", "qwen-omni"])
def test_the_answer_is_counted_from_where_the_sound_ends_though_it_is_padded(
    tiny: Tiny, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat(find_model(str(tiny(name))), "cpu")
    language = chat.model.model.language_model
    real, seen = type(language).forward, list[torch.Tensor]()

    def forward(self: Any, *args: Any, **named: Any) -> object:
        seen.append(named["position_ids"])
        return real(self, *args, **named)

    monkeypatch.setattr(type(language), "forward", forward)
    heard_ = chat.prefill("Any words", [noise(1.0, 0), noise(1.6, 1)])
    chat.answer_on(heard_, "Describe it.", 3)
    firsts, lasts = ([positions[..., place].flatten()[-2:] for positions in seen] for place in (0, -1))
    assert lasts[0][0] < lasts[0][1], "the shorter sound is not padded"
    for ended, begins in zip(lasts, firsts[1:], strict=False):
        assert (begins == ended + 1).all()


def test_the_encoder_hears_each_sound_once_whatever_is_asked(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = listener_of(tiny("qwen2-audio"))
    batch = [Sounding(Span("00ff", seconds(0), seconds(1)), noise(1.0, seed)) for seed in range(3)]
    listener.listen(batch)  # silence of this length is heard here
    heard_by_encoder: list[int] = []
    class_ = hf.models.qwen2_audio.modeling_qwen2_audio.Qwen2AudioEncoder
    real = class_.forward

    def forward(self: Any, features: torch.Tensor, *args: Any, **named: Any) -> object:
        heard_by_encoder.append(len(features))
        return real(self, features, *args, **named)

    monkeypatch.setattr(class_, "forward", forward)
    listener.listen(batch)
    assert heard_by_encoder == [3]


# -- features ------------------------------------------------------------------------------------


def test_the_torch_mel_of_an_extractor_gives_the_numbers_of_its_numpy_path(tiny: Tiny) -> None:
    features = hf.WhisperFeatureExtractor(feature_size=128)
    sound = np.pad(noise(10.0, 5), (0, 20 * 16_000))[None]
    by_torch = features._torch_extract_fbank_features(sound, "cpu")
    by_numpy = features._np_extract_fbank_features(sound, "cpu")
    np.testing.assert_allclose(by_torch, by_numpy, atol=2e-4)
    used = features(noise(10.0, 5), sampling_rate=16_000, return_tensors="np")["input_features"]
    np.testing.assert_array_equal(used, by_torch)
