"""Real loading code on tiny models: likelihoods, batches, evidence, and what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from ingest.listeners.base import Mono, Sounding
from ingest.listeners.chat import Chat
from ingest.listeners.clap import ClapListener
from ingest.listeners.files import find_model
from ingest.listeners.language import LanguageListener
from ingest.listeners.opening import Wanted, open_listener
from ingest.listeners.questions import DEFAULT, QuestionSet, read_questions
from ingest.listeners.tags import TagListener, concepts_by_tag
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.tiny_models import LANGUAGE, TAGS, save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
OPTIONS = ("bright", "dark", "cannot tell")
WORDS = "Bright or dark? Options: bright, dark, cannot tell."

Tiny = Callable[[str], Path]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("models")
    return lambda name: save(name, folder)


def questions() -> QuestionSet:
    return read_questions(SMALL, load_vocabulary())


def noise(rate: int, length: float, seed: int = 0) -> Mono:
    return (np.random.default_rng(seed).standard_normal(round(rate * length)) * 0.1).astype(np.float32)


def soundings(rate: int, *lengths: float) -> list[Sounding]:
    return [
        Sounding(Span("00ff", seconds(0), seconds(length)), noise(rate, length, seed))
        for seed, length in enumerate(lengths)
    ]  # fmt: skip


# -- audio language models -----------------------------------------------------------------------


@pytest.mark.parametrize("name", LANGUAGE)
def test_branches_of_the_cache_give_what_a_whole_pass_gives_in_a_batch_and_alone(tiny: Tiny, name: str) -> None:
    chat = Chat(find_model(str(tiny(name))), "cpu")
    sounds = [noise(16_000, 1.0), noise(16_000, 1.6, seed=1)]
    together = chat.prefill("Anything?", sounds)
    first = chat.likelihoods(together, WORDS, OPTIONS)
    again = chat.likelihoods(together, WORDS, OPTIONS)
    np.testing.assert_array_equal(first, again, "a branch changed the cache that it started from")
    for sound, row in zip(sounds, first, strict=True):
        alone = chat.likelihoods(chat.prefill("Other words", [sound]), WORDS, OPTIONS)[0]
        np.testing.assert_allclose(row, alone, atol=2e-5)
        np.testing.assert_allclose(row, chat.whole_likelihoods(sound, WORDS, OPTIONS), atol=2e-5)
    assert np.abs(first[0] - first[1]).max() > 1e-5, "the sound does not reach the answer"


def test_likelihoods_are_means_per_token(tiny: Tiny) -> None:
    chat = Chat(find_model(str(tiny("qwen2-audio"))), "cpu")
    heard = chat.prefill("x", [noise(16_000, 1.0)])
    short, long = chat.likelihoods(heard, WORDS, ["ab", "ab" * 40])[0]
    assert -12 < long < 0
    assert abs(long - short) < 3  # a sum would be some forty times as large


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_model_with_random_weights_has_next_to_no_evidence_and_abstains(tiny: Tiny, name: str) -> None:
    asked = questions().model_copy(update={"threshold": 0.5})
    listener = LanguageListener(str(tiny(name)), asked, load_vocabulary(), "cpu")
    heard = listener.listen(soundings(16_000, 1.0, 1.0))
    answers = [answer for one in heard for answer in one.answers]
    assert len(answers) == 4
    for answer in answers:
        assert max(map(abs, answer.evidence)) < 0.3
        assert max(answer.shares) < 0.45
        assert answer.chosen is None
    assert not [c for one in heard for c in one.claims if c.confidence_kind is ConfidenceKind.LIKELIHOOD_RATIO]


def test_silence_is_no_evidence_at_all(tiny: Tiny) -> None:
    listener = LanguageListener(str(tiny("qwen2-audio")), questions(), load_vocabulary(), "cpu")
    silent = Sounding(Span("00ff", seconds(0), seconds(1)), np.zeros(16_000, np.float32))
    loud = soundings(16_000, 1.0)[0]
    evidence = [answer.evidence for answer in listener.listen([silent, loud])[0].answers]
    np.testing.assert_allclose(evidence, 0, atol=2e-5)


def test_what_is_heard_in_a_batch_is_what_is_heard_alone(tiny: Tiny) -> None:
    listener = LanguageListener(str(tiny("qwen2-audio")), questions(), load_vocabulary(), "cpu")
    batch = soundings(16_000, 1.0, 1.0, 1.5)
    for one, together in zip(batch, listener.listen(batch), strict=True):
        (alone,) = listener.listen([one])
        assert alone.descriptions == together.descriptions
        for a, b in zip(alone.answers, together.answers, strict=True):
            np.testing.assert_allclose(a.evidence, b.evidence, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "step"),
    [("qwen2-audio", 0.04), ("music-flamingo", 0.04), ("audio-flamingo", 0.04), ("glm-asr", 0.08),
     ("qwen-omni", 0.04), pytest.param("voxtral", 0.08, marks=pytest.mark.skipif(
         "voxtral" not in LANGUAGE, reason="mistral-common is not installed"))],
)  # fmt: skip
def test_what_a_model_hears_is_read_from_its_processor(tiny: Tiny, name: str, step: float) -> None:
    hearing = Chat(find_model(str(tiny(name))), "cpu").hearing
    assert (hearing.sample_rate_hz, hearing.maximum_hz, hearing.window_s, hearing.mel_bins) == (16_000, 8000, 2, 16)
    assert hearing.token_step_s == pytest.approx(step, rel=0.1)
    assert hearing.envelope().maximum_hz == 8000


# -- CLAP and AST --------------------------------------------------------------------------------


def test_clap_says_how_near_each_phrase_of_a_question_is(tiny: Tiny) -> None:
    listener = ClapListener(str(tiny("clap")), questions(), "cpu")
    batch = soundings(48_000, 1.0, 2.0)
    heard = listener.listen(batch)
    assert [answer.options for answer in heard[0].answers] == [
        ("bright", "dark", None), ("granularSurface", "continuousSurface", None)
    ]  # fmt: skip
    for answer in heard[0].answers:
        assert sum(answer.shares) == pytest.approx(1)
    assert {claim.confidence_kind for one in heard for claim in one.claims} == {ConfidenceKind.LABEL_SIMILARITY}
    (alone,) = listener.listen(batch[1:])
    np.testing.assert_allclose(alone.answers[0].evidence, heard[1].answers[0].evidence, atol=1e-4)
    parameters = listener.identity().parameters()
    assert parameters["template"] == "a {option} sound"
    assert parameters["phrases brightnessLevel"] == "bright: bright; dark: dark"
    assert listener.identity().hearing.window_s == 10


def test_tags_are_kept_word_for_word_and_lead_to_concepts_through_the_mappings(tiny: Tiny) -> None:
    listener = TagListener(str(tiny("ast")), load_vocabulary(), "cpu")
    (heard,) = listener.listen(soundings(16_000, 1.0))
    (said,) = heard.descriptions
    scores = {tag: float(score.rstrip(")")) for tag, _, score in (t.rpartition(" (") for t in said.text.split("; "))}
    assert scores.keys() == set(TAGS)
    claimed = {claim.concept: claim for claim in heard.claims}
    leading = concepts_by_tag(load_vocabulary())
    assert claimed.keys() == {concept for tag in TAGS for concept, _ in leading.get(tag, ())}
    assert claimed["ifUtterance"].confidence == pytest.approx(0.9 * scores["Speech"], abs=1e-3)
    assert claimed["ifUtterance"].confidence_kind is ConfidenceKind.TAG_SCORE
    assert claimed["ifUtterance"].derived_from == said.name


def test_a_tag_that_is_only_related_leads_nowhere() -> None:
    assert "Music" not in concepts_by_tag(load_vocabulary())


# -- identity ------------------------------------------------------------------------------------


def test_an_identity_follows_weights_configuration_and_questions(tiny: Tiny, tmp_path: Path) -> None:
    path = shutil.copytree(tiny("qwen2-audio"), tmp_path / "tiny-qwen2-audio")
    wanted = Wanted("transformers", str(path), SMALL)
    first = open_listener(wanted).identity()
    assert open_listener(Wanted("transformers", f"{path}/", SMALL)).identity() == first
    assert first.agent.name == "tiny-qwen2-audio"
    assert first.agent.version == f"sha256-{first.weights_sha256[:12]}"
    assert str(tmp_path) not in str(first)
    assert open_listener(Wanted("transformers", str(path), DEFAULT)).identity().parameters() != first.parameters()
    (path / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\nA model.\n", encoding="utf-8")
    assert open_listener(wanted).identity().licence == "cc-by-nc-4.0"
    template = path / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert open_listener(wanted).identity().configuration_sha256 != first.configuration_sha256


def test_a_named_envelope_belongs_to_the_agent(tiny: Tiny) -> None:
    wanted = Wanted("transformers", str(tiny("qwen2-audio")), SMALL, envelope="Qwen2-Audio-7B")
    assert open_listener(wanted).identity().agent.envelope == "qwen2-audio-7b"


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("transformers", "clap", "--describer clap"),
        ("transformers", "ast", "tiny-ast"),
        ("transformers", "text-only", "tiny-text-only"),
        ("clap", "qwen2-audio", "'qwen2_audio'"),
        ("ast", "clap", "'clap'"),
        ("harp", "clap", "'harp' is no kind of listener"),
    ],
)
def test_a_model_of_another_kind_is_refused(tiny: Tiny, kind: str, name: str, message: str) -> None:
    with pytest.raises(ListenerError) as caught:
        open_listener(Wanted(kind, str(tiny(name)), SMALL))
    assert message in str(caught.value)
    assert "Expected: " in str(caught.value)


def test_a_path_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListenerError, match="holds no model"):
        find_model(str(tmp_path))
    with pytest.raises(ListenerError, match="is no folder, and no model of this name"):
        find_model(str(tmp_path / "not there"))
    with pytest.raises(ListenerError, match="HF_HUB_OFFLINE"):
        find_model("somebody/no-such-model")


def test_a_model_that_the_library_does_not_know_is_refused_with_its_version(tiny: Tiny, tmp_path: Path) -> None:
    path = shutil.copytree(tiny("qwen2-audio"), tmp_path / "of-tomorrow")
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"model_type": "audio_model_of_tomorrow"}))
    with pytest.raises(ListenerError, match="is too old for it"):
        open_listener(Wanted("transformers", str(path), SMALL))


def test_weights_that_are_cut_off_are_refused_when_they_are_needed(tiny: Tiny, tmp_path: Path) -> None:
    path = shutil.copytree(tiny("qwen2-audio"), tmp_path / "cut-off")
    weights = (path / "model.safetensors").read_bytes()
    (path / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    listener = open_listener(Wanted("transformers", str(path), SMALL))
    with pytest.raises(ListenerError, match="cut-off cannot be used"):
        listener.listen(soundings(16_000, 1.0))


def test_weights_that_are_not_all_there_are_refused_and_not_made_up(tiny: Tiny, tmp_path: Path) -> None:
    path = shutil.copytree(tiny("ast"), tmp_path / "without-head")
    weights = load_file(path / "model.safetensors")
    save_file({n: w for n, w in weights.items() if "classifier" not in n}, path / "model.safetensors", {"format": "pt"})
    listener = open_listener(Wanted("ast", str(path), SMALL))
    with pytest.raises(ListenerError, match="without-head lack 4 of the model's weights, such as classifier"):
        listener.listen(soundings(16_000, 1.0))
