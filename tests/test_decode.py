"""Decoding: every format gives the same sound, and what cannot be used is refused with a sentence that helps."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from ingest import decode
from ingest.decode import RATE, Listening, Scan, blocks, file_sha256, scan
from ontology.errors import AudioError
from tests.sounds import Sound, noise_below, stroke, tone, write


def decoded(path: Path) -> Sound:
    """Return the whole sound of a file at 48 kHz, shape (channels, samples)."""
    return np.concatenate(list(blocks(path)), axis=1).astype(np.float64)


def decibels(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-12)))


def level_at(sound: Sound, hertz: float) -> float:
    """Return the amplitude at a frequency in dB, from the middle half of a sound."""
    middle = sound[len(sound) // 4 : -len(sound) // 4]
    window = np.blackman(len(middle))
    turning = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / RATE)
    return decibels(float(2 * np.abs(np.sum(middle * window * turning)) / window.sum()))


# -- formats -------------------------------------------------------------------------------------

FORMATS = [
    # extension, sample format, smallest signal-to-error ratio in dB
    ("wav", "PCM_U8", 34),
    ("wav", "PCM_16", 80),
    ("wav", "PCM_24", 120),
    ("wav", "PCM_32", 120),
    ("wav", "FLOAT", 130),
    ("wav", "DOUBLE", 130),
    ("flac", "PCM_16", 80),
    ("flac", "PCM_24", 120),
    ("aiff", "PCM_16", 80),
    ("aiff", "PCM_24", 120),
    ("aiff", "FLOAT", 130),
    ("rf64", "PCM_24", 120),
    ("w64", "PCM_24", 120),
    ("caf", "PCM_16", 80),
    ("au", "PCM_16", 80),
    ("ogg", "VORBIS", 20),
    ("ogg", "OPUS", 20),
    ("mp3", "MPEG_LAYER_III", 20),
]


@pytest.mark.parametrize(("extension", "subtype", "ratio"), FORMATS)
def test_every_format_decodes_to_the_sound_it_was_written_from(
    tmp_path: Path, extension: str, subtype: str, ratio: float
) -> None:
    sound = np.stack([stroke(440, 2.0), tone(1500, 2.0)], axis=1)
    path = write(tmp_path / f"sound.{extension}", sound, subtype=subtype)
    found = decoded(path)
    assert found.shape == (2, 2 * RATE)
    error = np.sqrt(np.mean((found.T - sound) ** 2))
    assert decibels(float(np.sqrt(np.mean(sound**2)) / max(error, 1e-12))) >= ratio
    looked = scan(path)
    assert looked.recording.duration == Decimal("2.000")
    assert (looked.recording.sample_rate, looked.recording.channels) == (RATE, 2)
    assert looked.file.format.endswith(f"/{subtype}")
    assert looked.notices == ()


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_keeps_its_frequency_and_level_at_every_rate(tmp_path: Path, rate: int) -> None:
    sound = decoded(write(tmp_path / "tone.wav", tone(1000, 2.0, rate), rate, "FLOAT"))[0]
    assert level_at(sound, 1000) == pytest.approx(decibels(0.5), abs=0.1)
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound))))
    assert np.argmax(spectrum) * RATE / len(sound) == pytest.approx(1000, abs=1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("frames", [20_000, 44_101, 300_001])
def test_the_length_is_that_of_the_file_at_48_khz(tmp_path: Path, rate: int, frames: int) -> None:
    path = write(tmp_path / "tone.wav", tone(300, frames / rate, rate), rate)
    length = sum(block.shape[1] for block in blocks(path))
    assert length == pytest.approx(round(frames * RATE / rate), abs=3)
    assert scan(path).recording.duration == Decimal(frames * 1000 // rate) / 1000


def test_what_lies_above_24_khz_does_not_fold_down(tmp_path: Path) -> None:
    rate = 192_000
    path = write(tmp_path / "bat.wav", tone(1000, 1.0, rate) + tone(60_000, 1.0, rate), rate, "FLOAT")
    sound = decoded(path)[0]
    assert level_at(sound, 1000) == pytest.approx(decibels(0.5), abs=0.1)
    assert level_at(sound, 12_000) < -100
    assert scan(path).recording.bandwidth_hz == pytest.approx(60_000, abs=1_000)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_two_channels_stay_apart(tmp_path: Path, rate: int) -> None:
    path = write(tmp_path / "two.wav", np.stack([tone(500, 1.0, rate), tone(3000, 1.0, rate)], axis=1), rate, "FLOAT")
    left, right = decoded(path)
    assert level_at(left, 500) - level_at(left, 3000) > 80
    assert level_at(right, 3000) - level_at(right, 500) > 80


def test_twelve_channels_are_measured_as_their_mean(tmp_path: Path) -> None:
    sound = np.stack([tone(200.0 * (channel + 1)) for channel in range(12)], axis=1)
    path = write(tmp_path / "dome.wav", sound, subtype="FLOAT")
    found = decoded(path)
    assert found.shape[0] == 1
    assert np.allclose(found[0], sound.mean(axis=1), atol=1e-6)
    looked = scan(path)
    assert looked.recording.channels == 12
    (notice,) = looked.notices
    assert str(path) in notice
    assert "12 channels" in notice


@pytest.mark.parametrize("cutoff", [2_000, 5_000, 11_000, 16_000])
@pytest.mark.parametrize("subtype", ["PCM_24", "FLOAT"])
def test_the_bandwidth_is_the_highest_frequency_that_sounds(tmp_path: Path, cutoff: int, subtype: str) -> None:
    path = write(tmp_path / "noise.wav", noise_below(cutoff), subtype=subtype)
    assert scan(path).recording.bandwidth_hz == pytest.approx(cutoff, abs=150)


def test_upsampling_adds_no_bandwidth(tmp_path: Path) -> None:
    path = write(tmp_path / "narrow.wav", noise_below(3_000, rate=96_000), 96_000, "FLOAT")
    assert scan(path).recording.bandwidth_hz == pytest.approx(3_000, abs=150)


# -- blocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("frames", [999, 4_096, 70_000])
def test_the_sound_does_not_depend_on_where_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, frames: int
) -> None:
    path = write(tmp_path / "two.wav", np.stack([noise_below(8_000, 3.0, rate)] * 2, axis=1), rate, "FLOAT")
    whole, looked = decoded(path), scan(path)
    monkeypatch.setattr(decode, "_READ_FRAMES", frames)
    assert len(list(blocks(path))) > 1
    again = decoded(path)
    assert again.shape == whole.shape
    assert np.abs(again - whole).max() < 1e-6
    assert scan(path).recording.signal_sha256 == looked.recording.signal_sha256


def test_listening_hears_and_finds_what_blocks_and_scan_do(tmp_path: Path) -> None:
    path = write(tmp_path / "stroke.flac", stroke(700), 44_100)
    listening = Listening(path)
    heard = np.concatenate(list(listening.blocks()), axis=1)
    assert np.array_equal(heard, decoded(path).astype(np.float32))
    assert listening.finish() == scan(path)


# -- sums ----------------------------------------------------------------------------------------


def sum_of(path: Path) -> str:
    return scan(path).recording.signal_sha256


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_equal_samples_have_one_signal_sum_whatever_the_container(tmp_path: Path, subtype: str) -> None:
    # whole numbers, because each container rounds floats in its own way
    sound = np.round(np.stack([stroke(300), stroke(310)], axis=1) * 2**23).astype(np.int32) << 8
    paths = [write(tmp_path / f"a.{extension}", sound, subtype=subtype) for extension in ("wav", "flac", "aiff", "w64")]
    assert len({sum_of(path) for path in paths}) == 1
    assert len({file_sha256(path) for path in paths}) == 4


def test_other_samples_rates_or_channels_have_another_signal_sum(tmp_path: Path) -> None:
    sound = stroke(300)
    changed = sound.copy()
    changed[10_000] += 0.01
    paths = [
        write(tmp_path / "a.wav", sound),
        write(tmp_path / "b.wav", changed),
        write(tmp_path / "c.wav", sound, 44_100),
        write(tmp_path / "d.wav", sound.reshape(-1, 2)),
        write(tmp_path / "e.wav", sound[:-1]),
    ]
    assert len({sum_of(path) for path in paths}) == len(paths)


# -- what cannot be used -------------------------------------------------------------------------

Make = Callable[[Path], Path]


def raw(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def sound_file(name: str, sound: Sound, subtype: str | None = None, keep: float | int = 1.0) -> Make:
    """Make a sound file and keep a share of its bytes, or drop some at its end."""

    def make(folder: Path) -> Path:
        path = write(folder / name, sound, subtype=subtype)
        content = path.read_bytes()
        path.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
        return path

    return make


def with_sample(value: float) -> Sound:
    sound = tone(440)
    sound[24_000:24_003] = value
    return sound


def a_folder(folder: Path) -> Path:
    (folder / "tapes.wav").mkdir()
    return folder / "tapes.wav"


LETTER = b"Dear colleague, the tape that you asked for is on its way.\n" * 40
LONG = tone(440, 3.0)

REFUSED: dict[str, tuple[Make, str, str]] = {
    # case: (maker, what was found, what was expected)
    "missing": (lambda folder: folder / "gone.wav", "No such file", "readable sound file"),
    "a file in place of a folder": (
        lambda folder: raw("a.wav", LETTER)(folder) / "b.wav", "Not a directory", "readable sound file",
    ),
    "a folder in place of a file": (a_folder, "Is a directory", "readable sound file"),
    "empty": (raw("empty.wav", b""), "empty (0 bytes)", "a sound file"),
    "a letter named .wav": (raw("letter.wav", LETTER), "Format not recognised", "WAV, FLAC, OGG, MP3, AIFF"),
    "a letter named .mp3": (raw("letter.mp3", LETTER), "cannot be decoded", "WAV, FLAC, OGG, MP3, AIFF"),
    "the head of a header": (sound_file("h.wav", LONG, keep=30), "cannot be decoded", "WAV, FLAC, OGG, MP3, AIFF"),
    "a wav header alone": (sound_file("h.wav", LONG, keep=44), "truncated: 0 bytes", "288,000 bytes"),
    "a wav without frames": (sound_file("none.wav", LONG[:0]), "lasts 0.000 s", "at least 0.05 s"),
    "an aiff without frames": (sound_file("none.aiff", LONG[:0]), "lasts 0.000 s", "at least 0.05 s"),
    "an ogg without frames": (sound_file("none.ogg", LONG[:0]), "lasts 0.000 s", "at least 0.05 s"),
    "a hundredth of a second": (sound_file("tick.wav", LONG[:480]), "lasts 0.010 s", "at least 0.05 s"),
    "silence": (sound_file("still.wav", LONG * 0), "silent", "a recording that sounds"),
    "a silence of dither": (sound_file("dither.wav", np.sign(LONG) / 65_536), "silent", "a recording that sounds"),
    "a constant": (sound_file("dc.wav", LONG * 0 + 0.25), "constant offset of 0.250", "a recording that sounds"),
    "NaN": (sound_file("nan.wav", with_sample(np.nan), "FLOAT"), "3 samples near 0.50 s", "finite samples"),
    "infinite": (sound_file("inf.wav", with_sample(np.inf), "DOUBLE"), "3 samples near 0.50 s", "finite samples"),
    "minus infinite": (sound_file("inf.aiff", with_sample(-np.inf), "FLOAT"), "3 samples near 0.50 s", "finite"),
}  # fmt: skip


def check_message(path: Path, found: str, expected: str) -> None:
    with pytest.raises(AudioError) as raised:
        scan(path)
    message = str(raised.value)
    before, _, after = message.partition(" Expected: ")
    assert str(path) in before
    assert found in before
    assert expected in after
    assert "To do: " in after


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_with_what_was_found_expected_and_to_do(tmp_path: Path, case: str) -> None:
    make, found, expected = REFUSED[case]
    check_message(make(tmp_path), found, expected)


@pytest.mark.parametrize("missing", [1, 40, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("extension", ["wav", "aiff", "flac", "ogg", "mp3", "w64", "rf64", "au"])
def test_a_truncated_file_is_refused_wherever_it_breaks_off(tmp_path: Path, extension: str, missing: float) -> None:
    path = write(tmp_path / f"tape.{extension}", noise_below(9_000, 3.0))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - (missing if isinstance(missing, int) else int(len(whole) * missing))])
    with pytest.raises(AudioError) as raised:
        scan(path)
    assert str(path) in str(raised.value)
    assert "Expected: " in str(raised.value)
    assert "To do: " in str(raised.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "locked.wav", tone(440))
    path.chmod(0)
    check_message(path, "Permission denied", "readable sound file")


def test_a_missing_file_is_refused_by_blocks_too(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="gone"):
        next(blocks(tmp_path / "gone.wav"))


def test_a_refused_file_is_closed(tmp_path: Path) -> None:
    path = raw("letter.wav", LETTER)(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(AudioError):
            scan(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# -- what is used with a notice -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "named", "words"),
    [
        ("a.wav", "b.flac", "named .flac but holds WAV"),
        ("a.flac", "b.wav", "named .wav but holds FLAC"),
        ("a.ogg", "b.mp3", "named .mp3 but holds OGG"),
        ("a.mp3", "b.wav", "named .wav but holds MP3"),
        ("a.aiff", "b.WAV", "named .wav but holds AIFF"),
    ],
)
def test_a_file_with_another_extension_is_read_as_what_it_is(
    tmp_path: Path, written: str, named: str, words: str
) -> None:
    right = write(tmp_path / written, stroke(440))
    before = scan(right)
    wrong = right.rename(tmp_path / named)
    looked = scan(wrong)
    assert looked.recording == before.recording
    (notice,) = looked.notices
    assert str(wrong) in notice
    assert words in notice


@pytest.mark.parametrize("name", ["no extension", "sound.raw", "sound.backup"])
def test_an_extension_that_says_nothing_of_sound_is_no_hindrance(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.wav", stroke(440)).rename(tmp_path / name)
    assert scan(path).notices == ()


def test_a_low_rate_is_noticed_and_used(tmp_path: Path) -> None:
    looked = scan(write(tmp_path / "phone.wav", tone(440, rate=8_000), 8_000))
    (notice,) = looked.notices
    assert "8000 Hz" in notice
    assert "4 kHz" in notice


def test_a_high_rate_is_used_without_a_word(tmp_path: Path) -> None:
    assert scan(write(tmp_path / "high.wav", tone(440, rate=192_000), 192_000)).notices == ()


NAMES = [
    "two words.wav",
    "  leading.wav",
    "new\nline.wav",
    "Étude aux objets.wav",
    "звук.wav",
    "音の本.wav",
    "صوت.wav",
    "quote ' and \" and %41.wav",
    "[bold]markup[red].wav",
    "e\u0301 decomposed.wav",
    os.fsdecode(b"caf\xe9 in Latin-1.wav"),
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "plain.wav", stroke(440)).rename(tmp_path / name)
    looked: Scan = scan(path)
    assert looked.file.name.encode("utf-8").decode("utf-8") == looked.file.name
    if "Latin-1" not in name:
        assert looked.file.name == name
    assert sum(block.shape[1] for block in blocks(path)) == len(stroke(440))
