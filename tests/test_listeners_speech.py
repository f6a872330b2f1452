"""Words that are spoken in a work: recognised with their times, and not made up where nobody speaks."""

import math
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
import torch

from ingest.listeners.base import Sounding, TroubleKind
from ingest.listeners.opening import Wanted, open_listener
from ingest.listeners.speech import SPOKEN, VOICE, SpeechListener
from ontology.errors import ListenerError
from ontology.terms import PREFIXES, ConfidenceKind
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.commands import acousma
from tests.sounds import write
from tests.tiny_models import hiss_hum_silence, save

_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save("whisper", tmp_path_factory.mktemp("models"))


def listener(model: Path) -> SpeechListener:
    return SpeechListener(str(model), load_vocabulary(), "cpu")


def soundings() -> list[Sounding]:
    """A hiss and a hum, which this model takes for words, and silence; from 2 s on."""
    return [
        Sounding(Span("00ff", seconds(2 + number), seconds(3 + number)), sound)
        for number, sound in enumerate(hiss_hum_silence(1000))
    ]


def test_words_are_kept_with_their_times_language_and_both_probabilities(model: Path) -> None:
    hiss, hum, _ = listener(model).listen(soundings())
    (said,) = hiss.descriptions
    assert (said.text, said.language, said.name) == ("hear me", "en", SPOKEN)
    assert (said.span.start, said.span.end) == (seconds(2.1), seconds(2.8))
    assert said.confidence_kind is ConfidenceKind.TOKEN_PROBABILITY
    assert said.confidence is not None
    assert 0.8 < said.confidence < 1
    (claim,) = hiss.claims
    assert (claim.concept, claim.span, claim.derived_from) == (VOICE, said.span, said.name)
    assert claim.confidence > 0.8, "one less the probability of no speech"
    assert [(said.text, said.language) for said in hum.descriptions] == [("la mer", "fr")]


def test_the_probability_of_the_words_is_what_a_pass_over_them_gives(model: Path) -> None:
    asked = listener(model)
    (said,) = asked.listen(soundings()[:1])[0].descriptions
    loaded, processor = asked._model, asked._processor
    config = loaded.generation_config
    token = processor.tokenizer.convert_tokens_to_ids
    features = processor.feature_extractor(soundings()[0].samples, sampling_rate=16_000, return_tensors="pt")
    row = [config.decoder_start_token_id, token("<|en|>"), token("<|transcribe|>"), token("<|0.10|>")]
    words = processor.tokenizer(" hear me", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        logs = loaded(features.input_features, decoder_input_ids=torch.tensor([row + words])).logits[0].log_softmax(-1)
    expected = np.mean([logs[len(row) - 1 + number, word].item() for number, word in enumerate(words)])
    assert said.confidence == pytest.approx(math.exp(expected), abs=1e-5)


def test_nothing_is_said_of_silence_and_the_run_says_why(model: Path) -> None:
    heard = listener(model).listen(soundings())[2]
    assert not heard.descriptions
    assert not heard.claims
    assert not heard.troubles or heard.troubles[0].kind is TroubleKind.NO_SPEECH


def test_words_that_are_as_likely_without_the_sound_are_made_up(model: Path) -> None:
    asked = listener(model)
    loaded = asked._model
    for layer in loaded.model.decoder.layers:  # deaf: nothing of the sound reaches the words
        torch.nn.init.zeros_(layer.encoder_attn.out_proj.weight)
        torch.nn.init.zeros_(layer.encoder_attn.out_proj.bias)
    heard = asked.listen(soundings())
    assert not [said for one in heard for said in one.descriptions]
    assert not [claim for one in heard for claim in one.claims]
    assert [trouble.kind for one in heard for trouble in one.troubles] == [TroubleKind.NO_SPEECH] * 3
    assert all("evidence 0.00 nats" in one.troubles[0].detail for one in heard)


def test_what_is_recognised_in_a_batch_is_what_is_recognised_alone(model: Path) -> None:
    asked = listener(model)
    for one, together in zip(soundings(), asked.listen(soundings()), strict=True):
        (alone,) = asked.listen([one])
        assert [said.text for said in alone.descriptions] == [said.text for said in together.descriptions]
        for a, b in zip(alone.descriptions, together.descriptions, strict=True):
            assert a.confidence == pytest.approx(b.confidence, abs=1e-5)


def test_a_model_that_recognises_no_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListenerError, match="'clap'"):
        open_listener(Wanted("whisper", str(save("clap", tmp_path))))


def test_from_a_file_to_what_is_spoken_in_sparql(model: Path, tmp_path: Path) -> None:
    write(tmp_path / "sounds" / "voice.wav", np.concatenate(hiss_hum_silence(1000)).astype(float), 16_000)
    archive = tmp_path / "archive"
    ended = acousma(
        "ingest", tmp_path / "sounds", "--store", archive, "--window", "1", "--describer", "whisper", "--model", model,
        HF_HUB_OFFLINE="1",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + """
            SELECT ?words ?language ?start ?confidence WHERE { GRAPH ?run {
                ?said a acm:Description ; acm:confidence ?confidence ; oa:hasTarget/acm:startSeconds ?start ;
                    oa:hasBody ?body . ?body rdf:value ?words ; <http://purl.org/dc/elements/1.1/language> ?language .
                ?claim prov:wasDerivedFrom ?said ; oa:hasBody acv:ifUtterance .
            } } ORDER BY ?start""").rows  # fmt: skip
    values = [[term.value for term in row if isinstance(term, ox.Literal)] for row in found]
    assert [row[:3] for row in values] == [["hear me", "en", "0.1"], ["la mer", "fr", "1"]]
    assert all(0.5 < float(row[3]) <= 1 for row in values)
    assert acousma("validate", "--store", archive, "--all").returncode == 0
