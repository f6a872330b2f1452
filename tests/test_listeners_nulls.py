"""Null sounds: silence, noise and shuffled sounds, and evidence against them."""

from pathlib import Path

import numpy as np
import pytest

from ingest.listeners.base import Mono, Sounding
from ingest.listeners.language import LanguageListener
from ingest.listeners.nulls import LEVEL, NullSound, null_sound
from ingest.listeners.questions import QuestionSet, read_questions
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.sounds import tone
from tests.tiny_models import save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
RATE = 16_000


def falling(length: float) -> Mono:
    """Return a tone that becomes softer."""
    sound = tone(440, length, RATE)
    return np.asarray(sound * np.linspace(1, 0, len(sound)), np.float32)


@pytest.mark.parametrize("kind", ["silence", "noise", "shuffled"])
@pytest.mark.parametrize("samples", [0, 1, 7, 900, 16_001])
def test_a_null_sound_is_as_long_as_the_sound_and_the_same_each_time(kind: NullSound, samples: int) -> None:
    sound = np.resize(falling(0.5), samples)
    made = null_sound(kind, sound, RATE)
    assert made.shape == sound.shape
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, null_sound(kind, sound, RATE))
    assert np.isfinite(made).all()


def test_noise_has_as_much_power_in_each_octave_whatever_the_sound() -> None:
    made = null_sound("noise", falling(4.0), RATE)
    np.testing.assert_array_equal(made, null_sound("noise", np.zeros_like(made), RATE))
    assert np.sqrt(np.mean(made**2)) == pytest.approx(LEVEL, rel=1e-4)
    power, heights = np.abs(np.fft.rfft(made)) ** 2, np.fft.rfftfreq(len(made), 1 / RATE)
    octaves = [power[(heights >= low) & (heights < 2 * low)].sum() for low in (125, 500, 2000)]
    assert max(octaves) / min(octaves) < 1.5


def test_a_shuffled_sound_keeps_its_spectrum_and_loses_its_course() -> None:
    sound = falling(4.0)
    made = null_sound("shuffled", sound, RATE)
    assert float(np.mean(made**2)) == pytest.approx(float(np.mean(sound**2)), rel=0.2)
    assert np.abs(np.fft.rfft(made)).argmax() * RATE / len(made) == pytest.approx(440, abs=15)
    first, last = (float(np.mean(part**2)) for part in np.array_split(sound, 2))
    assert first > 5 * last
    first, last = (float(np.mean(part**2)) for part in np.array_split(made, 2))
    assert 0.5 < first / last < 2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save("qwen2-audio", tmp_path_factory.mktemp("models"))


def evidence(model: Path, sounds: list[Mono], nulls: tuple[NullSound, ...], own: object = None) -> list[np.ndarray]:
    asked = questions(nulls)
    if own is not None:
        first = asked.questions[0].model_copy(update={"null_sounds": own})
        asked = asked.model_copy(update={"questions": (first, *asked.questions[1:])})
    listener = LanguageListener(str(model), asked, load_vocabulary(), "cpu")
    batch = [Sounding(Span("00ff", seconds(0), seconds(1)), sound) for sound in sounds]
    return [np.array([answer.evidence for answer in heard.answers]) for heard in listener.listen(batch)]


def questions(nulls: tuple[NullSound, ...]) -> QuestionSet:
    return read_questions(SMALL, load_vocabulary()).model_copy(update={"null_sounds": nulls})


def test_evidence_is_taken_against_the_mean_of_the_null_sounds(model: Path) -> None:
    sounds = [falling(1.0), null_sound("noise", falling(1.0), RATE)]
    alone = [evidence(model, sounds, (kind,)) for kind in ("silence", "noise", "shuffled")]
    together = evidence(model, sounds, ("silence", "noise", "shuffled"))
    for number in range(2):
        np.testing.assert_allclose(together[number], np.mean([one[number] for one in alone], axis=0), atol=2e-5)
    np.testing.assert_allclose(alone[1][1], 0, atol=2e-5, err_msg="noise has evidence against noise")
    assert np.abs(alone[0][0] - alone[2][0]).max() > 1e-4, "the shuffled sound does not reach the answer"


def test_a_question_may_have_null_sounds_of_its_own(model: Path) -> None:
    sounds = [falling(1.0)]
    (mixed,) = evidence(model, sounds, ("silence",), ("shuffled",))
    np.testing.assert_allclose(mixed[0], evidence(model, sounds, ("shuffled",))[0][0], atol=2e-5)
    np.testing.assert_allclose(mixed[1], evidence(model, sounds, ("silence",))[0][1], atol=2e-5)


def test_null_sounds_are_parameters_of_the_run() -> None:
    asked = questions(("silence", "noise"))
    assert asked.asked()["null sounds"] == "silence noise"
    own = asked.questions[0].model_copy(update={"null_sounds": ("shuffled",)})
    told = asked.model_copy(update={"questions": (own, *asked.questions[1:])}).asked()
    assert told["question brightnessLevel"].endswith("against shuffled")
