"""What a model hears of a sound, as sound: without what its input does not carry, and near to it in what it does."""

import shutil
from pathlib import Path

import librosa
import numpy as np
import pyoxigraph as ox
import pytest
import soundfile as sf
import transformers as hf

from ingest.resynthesis import (
    FrontEnd,
    front_end_of_envelope,
    front_end_of_model,
    heard_through,
    spectral_distance,
    taken_in,
)
from ontology.envelopes import load_envelopes
from ontology.terms import PREFIXES
from store import open_store
from tests.commands import acousma, dump
from tests.sounds import noise_below, tone, write
from tests.tiny_models import save

SOUNDS = sorted((Path(__file__).parents[1] / "demo" / "sounds").glob("*.flac"))
_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())


def front_of(name: str) -> FrontEnd:
    return front_end_of_envelope(load_envelopes().envelopes[name])


def read(path: Path) -> tuple[np.ndarray, int]:
    sound, rate = sf.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(sound.T), rate


def energy(sound: np.ndarray, rate: int, low: float, high: float = 1e9) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / rate)
    return float(power[(hertz >= low) & (hertz < high)].sum())


@pytest.mark.parametrize("path", SOUNDS, ids=lambda path: path.stem)
def test_real_sounds_come_back_in_mono_within_the_band_and_near_to_what_went_in(path: Path) -> None:
    sound, rate = read(path)
    front = front_of("qwen2-audio-7b")
    heard = heard_through(front, sound, rate)
    assert heard.ndim == 1
    assert len(heard) == pytest.approx(sound.shape[1] * 16_000 / rate, abs=2)
    went_in = taken_in(front, sound, rate)
    distance = spectral_distance(front, went_in, heard)
    assert distance is not None
    assert distance < 1.5, "dB on average within the band"
    level = 10 * np.log10(np.mean(heard**2) / np.mean(went_in**2))
    assert abs(level) < 0.7, "dB"


def test_what_lies_above_8_khz_is_gone_for_a_model_at_16_khz_and_there_for_one_at_48() -> None:
    sound, rate = read(next(path for path in SOUNDS if path.stem == "drum_cymbal_open"))
    mono = sound.mean(axis=0)
    assert energy(mono, rate, 8000) > 0.5 * energy(mono, rate, 0)
    low, high = (heard_through(front_of(name), sound, rate) for name in ("qwen2-audio-7b", "laion-clap-htsat"))
    at_48 = librosa.resample(low, orig_sr=16_000, target_sr=48_000)
    assert energy(at_48, 48_000, 8100) < 1e-3 * energy(at_48, 48_000, 0)
    same_scale = (48_000 / rate) ** 2
    assert energy(high, 48_000, 8000) > 0.4 * same_scale * energy(mono, rate, 8000, 14_000)
    assert energy(high, 48_000, 14_200) < 1e-4 * energy(high, 48_000, 0)


def test_the_band_is_that_of_the_model() -> None:
    hiss = noise_below(20_000, 1.0).astype(np.float32)[None]
    heard = heard_through(front_of("gemma-3n"), hiss, 48_000)  # 125 to 7600 Hz
    assert energy(heard, 16_000, 0, 110) < 1e-4 * energy(heard, 16_000, 0)
    assert energy(heard, 16_000, 7700) < 1e-4 * energy(heard, 16_000, 0)


def test_what_is_in_opposite_phase_in_both_channels_is_gone() -> None:
    beep = tone(440, 1.0).astype(np.float32)
    low = tone(200, 1.0).astype(np.float32) * 0.1
    heard = heard_through(front_of("whisper"), np.stack([beep + low, low - beep]), 48_000)
    assert energy(heard, 16_000, 400, 480) < 0.01 * energy(heard, 16_000, 150, 250)


def test_a_model_that_takes_samples_hears_all_within_its_band() -> None:
    sound = tone(440, 0.5).astype(np.float32)[None]
    heard = heard_through(front_of("encodec-24khz"), sound, 48_000)
    assert front_of("encodec-24khz").mel is None
    expected = tone(440, 0.5, 24_000)
    np.testing.assert_allclose(heard[2400:-2400], expected[2400:-2400], atol=1e-3)


def test_phases_are_found_as_well_as_by_librosa() -> None:
    sound, rate = read(next(path for path in SOUNDS if path.stem == "ambi_choir"))
    mono = librosa.resample(sound.mean(axis=0), orig_sr=rate, target_sr=16_000).astype(np.float32)
    mel = front_of("whisper").mel
    assert mel is not None
    magnitudes = mel.spectra(mono).abs()

    def inconsistency(found: np.ndarray) -> float:
        there = mel.spectra(found.astype(np.float32)).abs()[:, : magnitudes.shape[1]]
        return float((there - magnitudes[:, : there.shape[1]]).norm() / magnitudes.norm())

    ours = inconsistency(mel._phased(magnitudes, len(mono)))
    theirs = inconsistency(librosa.griffinlim(
        magnitudes.numpy(), n_iter=64, hop_length=mel.hop, n_fft=mel.fft, momentum=0.99, random_state=0,
        length=len(mono),
    ))  # fmt: skip
    assert ours < 1.1 * theirs


def test_the_front_end_of_a_model_is_that_of_its_own_extractor(tmp_path: Path) -> None:
    front = front_end_of_model(str(save("qwen2-audio", tmp_path)))
    assert (front.sample_rate_hz, front.maximum_hz) == (16_000, 8000)
    assert front.mel is not None
    assert (front.mel.hop, front.mel.fft, front.mel.filters.shape[1]) == (160, 400, 16)
    sound = noise_below(7000, 2.0, 16_000).astype(np.float32)
    features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    own = features(sound, sampling_rate=16_000, return_tensors="np")["input_features"][0]
    decibels = 10 * (4 * own - 4)  # as the extractor scales them
    ours = 10 * front.mel.power(sound).log10().numpy()[:, : own.shape[1]]
    np.testing.assert_allclose(ours, decibels, atol=0.01)


@pytest.mark.parametrize(("name", "rate"), [("clap", 48_000), ("ast", 16_000)])
def test_other_extractors_are_read_too(tmp_path: Path, name: str, rate: int) -> None:
    front = front_end_of_model(str(save(name, tmp_path)))
    assert front.sample_rate_hz == rate
    assert front.mel is not None
    hiss = noise_below(7000, 0.5).astype(np.float32)[None]
    heard = heard_through(front, hiss, 48_000)
    distance = spectral_distance(front, taken_in(front, hiss, 48_000), heard)
    assert distance is not None
    assert distance < 2


# -- through the command -------------------------------------------------------------------------


def test_a_span_is_written_and_its_losses_are_printed(tmp_path: Path) -> None:
    hiss, beep = noise_below(16_000, 3.0), tone(300, 3.0)
    path = write(tmp_path / "both.wav", np.stack([hiss + 0.2 * beep, -hiss + 0.2 * beep], axis=1) / 2)
    out = tmp_path / "heard.wav"
    ended = acousma("hear", path, "--as", "Qwen2-Audio-7B", "--from", "0.5", "--to", "2", "--out", out)
    assert ended.returncode == 0, ended.stderr
    told = {name: rest for name, _, rest in (line.partition(": ") for line in ended.stdout.splitlines())}
    assert float(told["Loss above 8 kHz"].split()[0]) > 1.5
    mono = float(told["Loss through a mono mix"].split()[0])
    assert mono > 4
    share = float(told["Lost with the difference of the channels"].split()[0])
    assert share == pytest.approx(100 * (1 - 10 ** (-mono / 10)), abs=1), "two ways to the same figure"
    assert "Loss above 12 kHz" not in told
    info = sf.info(out)
    assert (info.samplerate, info.channels, info.format) == (16_000, 1, "WAV")
    assert info.duration == pytest.approx(1.5, abs=1e-3)


def test_a_rendition_is_kept_beside_the_sound_with_what_it_lost(tmp_path: Path) -> None:
    path = Path(shutil.copy(SOUNDS[0], tmp_path / "choir.flac"))
    archive = tmp_path / "archive"
    ended = acousma("hear", path, "--as", "gemma-3n", "--keep", "--store", archive)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "choir.as-gemma-3n.flac").is_file()
    with open_store(archive) as store:
        (row,) = store.rows(_PREFIXES + """SELECT ?rate ?original ?agent ?envelope WHERE { GRAPH ?g {
            ?left a mo:DigitalSignal ; prov:wasDerivedFrom ?span ; prov:wasGeneratedBy ?run ; mo:sample_rate ?rate .
            ?file mo:encodes ?left ; dcterms:title "choir.as-gemma-3n.flac" .
            ?span oa:hasSource ?signal . ?signal acm:sha256 ?original .
            ?run prov:used ?signal ; prov:wasAssociatedWith/foaf:name ?agent ; mls:hasInput ?set .
            ?set rdfs:label "envelope" ; mls:hasValue ?envelope . } }""").rows  # fmt: skip
        losses = store.rows(_PREFIXES + """SELECT ?property WHERE { GRAPH ?g { ?o a sosa:Observation ;
            sosa:observedProperty ?property ; acm:ucumUnit ?unit } }""").rows  # fmt: skip
    values = [term.value for term in row if isinstance(term, ox.Literal)]
    assert values[2:] == ["Acousma resynthesis", "gemma-3n"]
    names = {str(term.value).rpartition("/")[2] for (term,) in losses if isinstance(term, ox.NamedNode)}
    assert names == {"lossAbove8000", "lossBelow125", "framesAbove8000", "framesBelow125", "monoLoss"}
    assert acousma("validate", "--all", "--store", archive).returncode == 0
    before = dump(archive, tmp_path / "before.nq")
    assert not [line for line in before if "_:" in line or str(tmp_path) in line]
    again = acousma("hear", path, "--as", "gemma-3n", "--keep", "--store", archive)
    assert again.returncode == 0, again.stderr
    assert dump(archive, tmp_path / "after.nq") == before, "hearing twice changes nothing"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--as", "Golden Ears"), "no envelope 'Golden Ears'"),
        (("--as", "whisper", "--from", "1", "--to", "0.5"), "0 <= from < to"),
        (("--as", "whisper", "--to", "99"), "0 <= from < to"),
        (("--as", "whisper", "--out", "heard.mp3"), ".flac or .wav"),
        (("--as", "nowhere/at-all"), "is no folder"),
        (("--as", "TEXT"), "a feature extractor for sound"),
    ],
)
def test_what_cannot_be_heard_is_refused_and_nothing_is_written(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    words = [str(save("text-only", tmp_path)) if word == "TEXT" else word for word in options]
    path = write(tmp_path / "sounds" / "beep.wav", tone(440, 1.0))
    ended = acousma("hear", path, *words, "--keep", "--store", tmp_path / "archive", HF_HUB_OFFLINE="1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert message in ended.stderr
    assert list((tmp_path / "sounds").iterdir()) == [path]
    assert not (tmp_path / "archive").exists()
