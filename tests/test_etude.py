"""The étude: the same bits from the same seed, a true score, and a sound in which each claim can be found."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from ontology.errors import ClaimsError
from truth import etude, score
from truth.agreement import rivals
from truth.etude import Etude, Event, compose
from truth.gestures import Band, Gesture, Held, Plate, Strike, Tone, duration, render
from truth.naming import centroid, concepts, width

DEMO = Path(__file__).parents[1] / "demo"

HEADER = ",".join(score.COLUMNS) + "\n"

WANTED = set(rivals()) | {"growthTerm", "spatialTrajectory"}


@pytest.fixture(scope="module")
def rendered() -> Etude:
    return compose()


def cut(piece: Etude, event: Event) -> np.ndarray:
    first, last = (round(time * piece.sample_rate) for time in (event.start, event.end))
    return piece.signal[first:last].astype(np.float64)


def decibels(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-20))


def alone(piece: Etude) -> list[Event]:
    return [event for event in piece.events if score.isolated(event, piece.events)]


def spectrum(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the frequencies (hertz) and summed power of both channels over overlapping 43 ms frames."""
    padded = np.pad(sound, ((0, max(0, 2048 - len(sound))), (0, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2048, axis=0)[::512]
    window = np.sin(np.pi * (np.arange(2048) + 0.5) / 2048) ** 2
    power = np.abs(np.fft.rfft(frames * window, axis=-1)) ** 2
    return np.fft.rfftfreq(2048, 1 / 48_000)[1:], power.sum(axis=(0, 1))[1:]


def mean_octave(sound: np.ndarray) -> float:
    frequencies, power = spectrum(sound)
    return float(np.average(np.log2(frequencies), weights=power))


def octave_spread(sound: np.ndarray) -> float:
    frequencies, power = spectrum(sound)
    octaves = np.log2(frequencies)
    return float(np.sqrt(np.average((octaves - np.average(octaves, weights=power)) ** 2, weights=power)))


# -- the files -----------------------------------------------------------------------------------


def test_rendering_twice_gives_equal_bits(rendered: Etude) -> None:
    assert np.array_equal(compose().signal, rendered.signal)


def test_the_committed_sound_is_a_fresh_rendering(rendered: Etude) -> None:
    committed, rate = sf.read(DEMO / etude.SOUND_FILE, dtype="int16")
    assert rate == rendered.sample_rate == 48_000
    assert committed.shape == rendered.signal.shape
    assert np.abs(committed.astype(np.int32) - rendered.pcm()).max() <= 1


def test_the_command_writes_the_committed_score(tmp_path: Path) -> None:
    etude.main([str(tmp_path / "new")])
    assert (tmp_path / "new" / etude.SCORE_FILE).read_bytes() == (DEMO / etude.SCORE_FILE).read_bytes()
    assert sf.info(tmp_path / "new" / etude.SOUND_FILE).subtype == "PCM_16"


def test_the_score_survives_reading(rendered: Etude) -> None:
    assert score.read(DEMO / etude.SCORE_FILE) == rendered.events


@pytest.mark.parametrize(
    "text",
    [
        "start,end\n",
        f"{HEADER}a,2,1,object,x,bright\n",
        f"{HEADER}a,,1,object,x,bright\n",
    ],
)
def test_a_broken_score_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "score.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ClaimsError):
        score.read(tmp_path / "score.csv")


def test_the_seed_changes_the_sound_but_no_event(rendered: Etude) -> None:
    other = compose(1)
    assert other.events == rendered.events
    assert not np.array_equal(other.signal, rendered.signal)


def test_the_catalogue_names_every_sound_and_its_licence() -> None:
    with (DEMO / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    listed = {row["file"] for row in rows}
    assert listed == {path.relative_to(DEMO).as_posix() for path in DEMO.rglob("*.flac")}
    assert all(row["title"] and row["creator"] and row["source"] for row in rows)
    assert {row["licence"] for row in rows} == {"CC0"}
    own = next(row for row in rows if row["file"] == etude.SOUND_FILE)
    assert (own["title"], own["creator"]) == (etude.TITLE, "Acousma")


# -- the piece -----------------------------------------------------------------------------------


def test_level_and_length_suit_a_study(rendered: Etude) -> None:
    blocks = rendered.signal[: len(rendered.signal) // 4800 * 4800].astype(np.float64).reshape(-1, 4800, 2)
    power = np.mean(blocks**2, axis=(1, 2))
    sounding = 10 * np.log10(np.mean(power[power > 1e-5]))
    assert 60 <= len(rendered.signal) / rendered.sample_rate <= 90
    assert -20 <= sounding <= -16
    assert 20 * np.log10(np.abs(rendered.signal).max()) < -1


def test_enough_events_sound_alone_after_near_silence(rendered: Etude) -> None:
    assert len(rendered.events) >= 18
    assert len(alone(rendered)) >= 14
    for event in alone(rendered):
        first = round(event.start * rendered.sample_rate)
        before = rendered.signal[first - round(0.15 * rendered.sample_rate) : first]
        assert decibels(before) < decibels(cut(rendered, event)) - 20, event.name


def test_every_wanted_concept_is_heard_alone(rendered: Etude) -> None:
    heard = {name for event in alone(rendered) for name in event.concepts}
    assert heard == WANTED
    assert all(4 <= len(event.concepts) <= 9 for event in rendered.events)


# -- what the score claims, in the sound ---------------------------------------------------------


def level(sound: np.ndarray, seconds: float) -> np.ndarray:
    """Return the root mean square over both channels in a running window."""
    window = round(seconds * 48_000)
    sums = np.cumsum(np.pad(np.mean(sound**2, axis=1), (window // 2, window - window // 2)))
    return np.asarray(np.sqrt(np.maximum(sums[window:] - sums[:-window], 0) / window))


def peak_place(sound: np.ndarray) -> float:
    return float(np.argmax(level(sound, 0.02)) / len(sound))


def rise(sound: np.ndarray) -> float:
    """Return the seconds until the level over 2 ms reaches half of its highest value."""
    fine = level(sound, 0.002)
    return float(np.argmax(fine > fine.max() / 2)) / 48_000


def fall(sound: np.ndarray) -> float:
    """Return the seconds from the loudest 20 ms until 20 dB below them for good."""
    coarse = level(sound, 0.02)
    return float(np.flatnonzero(coarse > coarse.max() / 10)[-1] - np.argmax(coarse)) / 48_000


def middle(sound: np.ndarray) -> np.ndarray:
    return sound[len(sound) * 2 // 5 : len(sound) * 3 // 5]


def variation(sound: np.ndarray) -> float:
    fine = level(middle(sound), 0.004)[192:-192]
    return float(fine.std() / fine.mean())


def dips(sound: np.ndarray) -> float:
    """Return the range in decibels of the 20 ms level against the 0.2 s level, in the middle of a sound."""
    against = (level(sound, 0.02) / level(sound, 0.2))[:, None]
    ratio = middle(against)
    return float(20 * np.log10(ratio.max() / ratio.min()))


def shift(sound: np.ndarray, measure: Callable[[np.ndarray], float]) -> float:
    """Return how a measure changes from the first third of a sound to the last."""
    return measure(sound[-len(sound) // 3 :]) - measure(sound[: len(sound) // 3])


def log_spread(sound: np.ndarray) -> float:
    return float(np.log2(octave_spread(sound)))


def correlation(sound: np.ndarray) -> float:
    return float(np.corrcoef(sound.T)[0, 1])


def balance(sound: np.ndarray) -> float:
    return decibels(sound[:, 0]) - decibels(sound[:, 1])


def active_share(sound: np.ndarray) -> float:
    """Return the share of 40 ERB-wide bands within 30 dB of the strongest."""
    frequencies, power = spectrum(sound)
    bands = np.clip(21.4 * np.log10(1 + 0.00437 * frequencies) - 1, 0, 39).astype(np.int64)
    sums = np.bincount(bands, weights=power, minlength=40)
    return float(np.mean(sums > sums.max() / 1000))


def periodicity(sound: np.ndarray) -> float:
    """Return the highest autocorrelation of 43 ms from the middle, at lags of 2 to 15 ms."""
    place = len(sound) // 2
    still = sound[place - 1024 : place + 1024, 0]
    return max(float(np.corrcoef(still[:-lag], still[lag:])[0, 1]) for lag in range(96, 720))


CHECKS: dict[str, Callable[[np.ndarray], bool]] = {
    "attackImpulse": lambda sound: fall(sound) < 0.08,
    "closedAttackDecay": lambda sound: 0.08 < fall(sound) < 0.5,
    "openAttackDecay": lambda sound: fall(sound) > 0.5,
    "reversedOnset": lambda sound: peak_place(sound) > 0.9,
    "swelledGraduatedContinuant": lambda sound: 0.25 < peak_place(sound) < 0.75,
    "thOnsetSharp": lambda sound: rise(sound) < 0.015,
    "thOnsetMarked": lambda sound: 0.01 < rise(sound) < 0.05,
    "thOnsetGradual": lambda sound: rise(sound) > 0.15,
    "dsOffsetSuddenStop": lambda sound: decibels(sound[-960:-240]) > decibels(sound) - 6,
    "dsOffsetFadeOut": lambda sound: fall(sound) > 0.5,
    "harmonicSpectrum": lambda sound: periodicity(sound) > 0.9,
    "inharmonicSpectrum": lambda sound: periodicity(sound) < 0.9 and octave_spread(sound) > 0.35,
    "node": lambda sound: octave_spread(sound) < 0.35,
    "spectralNoise": lambda sound: periodicity(sound) < 0.9,
    "granularNoise": lambda sound: variation(sound) > 0.25,
    "saturateNoise": lambda sound: variation(sound) < 0.15,
    "bright": lambda sound: mean_octave(sound) > np.log2(2500),
    "dark": lambda sound: mean_octave(sound) < np.log2(400),
    "brightening": lambda sound: shift(sound, mean_octave) > 0.5,
    "darkening": lambda sound: shift(sound, mean_octave) < -0.5,
    "dense": lambda sound: active_share(sound) > 0.6,
    "sparse": lambda sound: active_share(sound) < 0.15,
    "sustainedMotion": lambda sound: dips(sound) < 3,
    "iterativeMotion": lambda sound: dips(sound) > 6,
    "ascent": lambda sound: shift(sound, mean_octave) > 0.25,
    "planeMotion": lambda sound: abs(shift(sound, mean_octave)) < 1 / 12,
    "descent": lambda sound: shift(sound, mean_octave) < -0.25,
    "dilation": lambda sound: shift(sound, log_spread) > np.log2(1.25),
    "contraction": lambda sound: shift(sound, log_spread) < -np.log2(1.25),
    "narrowImage": lambda sound: correlation(sound) > 0.999,
    "wideImage": lambda sound: abs(correlation(sound)) < 0.2,
    "widening": lambda sound: shift(sound, correlation) < -0.3,
    "narrowing": lambda sound: shift(sound, correlation) > 0.3,
    "spatialTrajectory": lambda sound: abs(shift(sound, balance)) > 6,
}


@pytest.mark.parametrize("concept", CHECKS)
def test_the_sound_shows_what_the_score_claims(rendered: Etude, concept: str) -> None:
    shown = [event for event in alone(rendered) if concept in event.concepts]
    assert shown
    assert [event.name for event in shown if not CHECKS[concept](cut(rendered, event))] == []


# -- the naming ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gesture", "listed", "unsaid"),
    [
        (Gesture(Strike(0.3), Plate(400)), {"closedAttackDecay"}, {"openAttackDecay"}),
        (Gesture(Strike(0.5), Plate(400)), {"attackDecay"}, {"closedAttackDecay", "openAttackDecay"}),
        (Gesture(Held(0.04, 1, 0.3), Tone(200)), {"thOnsetMarked"}, {"graduatedContinuant"}),
        (Gesture(Held(0.2, 1, 0.3), Tone(200)), {"graduatedContinuant"}, {"thOnsetMarked", "thOnsetGradual"}),
        (Gesture(Held(0.8, 1, 0.3), Tone(200, slide=0.27)), {"spectralNote"}, {"ascent", "planeMotion"}),
        (Gesture(Held(0.8, 1, 0.3), Band(500, 900, 500, 900)), {"thOnsetGradual"}, {"spectralNoise", "node"}),
    ],
)
def test_what_lies_near_a_cut_is_left_unsaid(gesture: Gesture, listed: set[str], unsaid: set[str]) -> None:
    found = set(concepts(gesture))
    assert listed <= found
    assert not unsaid & found


def test_the_ideal_spectrum_is_that_of_the_samples() -> None:
    band = Band(300, 4800, 300, 4800)
    gesture = Gesture(Held(0.05, 2, 0.05), band, "wide")
    sound = render(gesture, np.random.default_rng(0))
    assert len(sound) == round(duration(gesture.envelope) * 48_000)
    assert mean_octave(sound) == pytest.approx(centroid(band, 0), abs=0.1)
    assert octave_spread(sound) == pytest.approx(width(band, 0), abs=0.1)
