"""Sounds whose properties are known by construction, and the way from a sound to what is measured of it.

Conventions
-----------
One channel is an array of shape (samples,), two of shape (2, samples), at 48 kHz. A *course* is a number or one value
per sample. Noise takes a seed, so that a sound is the same each time. Nothing here comes from `truth`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf

from ingest.features import analyse
from ingest.frames import Frames
from ingest.measure import measure
from ingest.segment import Segmentation, segment
from ontology.terms import SpanKind
from ontology.values import Recording, Span, seconds

Sound = npt.NDArray[np.float64]
Course = float | Sound

RATE = 48_000

WHOLE, WINDOW, OBJECT = SpanKind.WHOLE_RECORDING, SpanKind.FIXED_WINDOW, SpanKind.DETECTED_OBJECT


def times(length: float) -> Sound:
    """Return the time of each sample of a sound of some seconds."""
    return np.arange(round(length * RATE)) / RATE


# -- matter --------------------------------------------------------------------------------------


def sine(hertz: Course, length: float, phase: float = 0.0) -> Sound:
    """Return a sine of amplitude 1 whose frequency may follow a course."""
    course = np.broadcast_to(hertz, round(length * RATE))
    return np.asarray(np.sin(2 * np.pi * np.cumsum(course) / RATE + phase))


def harmonic(hertz: Course, length: float, numbers: range = range(1, 13), tilt: float = 1.0) -> Sound:
    """Return a tone with the given partials, of amplitude 1 / number ** tilt, none above 20 kHz."""
    course = np.broadcast_to(np.asarray(hertz, np.float64), round(length * RATE))
    tone = np.zeros(len(course))
    for number in numbers:
        heard = course * number < 20_000
        tone += np.where(heard, sine(course * number, length, 0.7 * number**2) / number**tilt, 0.0)
    return np.asarray(tone / np.abs(tone).max())


def inharmonic(
    length: float, ratios: tuple[float, ...] = (1.0, 1.483, 2.314, 3.731, 5.177), hertz: float = 317.0
) -> Sound:
    """Return partials that no harmonic series explains, all of one amplitude."""
    tone = np.sum([sine(hertz * ratio, length, 2.0 * ratio) for ratio in ratios], axis=0)
    return np.asarray(tone / np.abs(tone).max())


def glide(start: float, end: float, length: float) -> Sound:
    """Return a course that runs evenly in octaves from one frequency to another."""
    return np.asarray(start * (end / start) ** (times(length) / length))


def noise(length: float, seed: int = 1) -> Sound:
    """Return white noise of RMS 0.2."""
    return 0.2 * np.random.default_rng(seed).standard_normal(round(length * RATE))


def band(low: float, high: float, length: float, seed: int = 1) -> Sound:
    """Return noise between two frequencies, level within the band, of RMS 0.2."""
    spectrum = np.fft.rfft(noise(length, seed))
    frequencies = np.fft.rfftfreq(round(length * RATE), 1 / RATE)
    spectrum[(frequencies < low) | (frequencies > high)] = 0
    sound = np.fft.irfft(spectrum, round(length * RATE))
    return np.asarray(0.2 * sound / np.sqrt(np.mean(sound**2)))


def cluster(centre: Course, width: Course, length: float, count: int = 120, seed: int = 1) -> Sound:
    """Return a dense cluster of sines, evenly spread in octaves over a width about a centre; both may be courses.

    In log frequency the standard deviation of the cluster is width / sqrt(12) octaves.
    """
    random = np.random.default_rng(seed)
    sound = np.zeros(round(length * RATE))
    for place in (np.arange(count) + random.random(count)) / count - 0.5:
        course = np.broadcast_to(centre * 2.0 ** (np.asarray(width) * place), len(sound))
        sound += sine(course, length, 2 * np.pi * random.random())
    return np.asarray(sound / np.abs(sound).max())


# -- level ---------------------------------------------------------------------------------------


def ramps(length: float, attack: float, release: float) -> Sound:
    """Return a level that rises in a straight line to 1, stays and falls in a straight line."""
    time = times(length)
    return np.minimum(np.clip(time / max(attack, 1e-9), 0, 1), np.clip((length - time) / max(release, 1e-9), 0, 1))


def decay(length: float, to_20_db: float) -> Sound:
    """Return a level that is 1 at once and falls evenly in decibels."""
    return 10.0 ** (-times(length) / to_20_db)


def pulses(length: float, rate: float, each: float, first: float = 0.0) -> Sound:
    """Return a level of decaying pulses at an even rate, each -20 dB after `each` seconds."""
    since = np.mod(times(length) - first, 1 / rate)
    return np.where(times(length) >= first, 10.0 ** (-since / each), 0.0)


def between(before: float, sound: Sound, after: float) -> Sound:
    """Return a sound with silence before and after it, in seconds."""
    edges = [(0, 0)] * (sound.ndim - 1) + [(round(before * RATE), round(after * RATE))]
    return np.pad(sound, edges)


# -- space ---------------------------------------------------------------------------------------


def panned(sound: Sound, place: Course) -> Sound:
    """Place a sound from left (-1) to right (1): the energy balance (R - L) / (R + L) is the place."""
    place = np.broadcast_to(place, len(sound))
    return np.stack([sound * np.sqrt((1 - place) / 2), sound * np.sqrt((1 + place) / 2)])


def correlated(one: Sound, other: Sound, coherence: Course) -> Sound:
    """Return two channels of given correlation, made of two sounds that have none."""
    share = np.broadcast_to(coherence, len(one))
    return np.stack([one, share * one + np.sqrt(1 - share**2) * other])


# -- measuring -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """A sound that was analysed; closing its frames is left to the end of the test."""

    frames: Frames
    recording: Recording

    def segmented(self) -> Segmentation:
        """Return its spans."""
        return segment(self.recording, self.frames)

    def objects(self) -> list[tuple[float, float]]:
        """Return start and end of its sound objects."""
        return [(float(span.start), float(span.end)) for span in self.segmented().objects]

    def measured(
        self, start: float = 0.0, end: float | None = None, kind: SpanKind | None = OBJECT
    ) -> dict[str, float]:
        """Measure a stretch, the whole if no end is given."""
        last = self.recording.duration if end is None else seconds(end)
        return measure(self.frames, Span(self.recording.id, seconds(start), last, kind))


def heard(sound: Sound) -> Heard:
    """Analyse a sound."""
    channels = np.atleast_2d(sound).astype(np.float32)
    length = channels.shape[1] / RATE
    frames = Frames(analyse([channels]), len(channels))
    frames.cut(length)
    return Heard(frames, Recording("0" * 64, RATE, len(channels), seconds(length), 24_000.0))


def measured(
    sound: Sound, start: float = 0.0, end: float | None = None, kind: SpanKind | None = OBJECT
) -> dict[str, float]:
    """Analyse a sound and measure a stretch of it, the whole if no end is given."""
    with (made := heard(sound)).frames:
        return made.measured(start, end, kind)


def objects(sound: Sound) -> list[tuple[float, float]]:
    """Return start and end of the objects found in a sound."""
    with (made := heard(sound)).frames:
        return made.objects()


def write(path: Path, sound: Sound) -> Path:
    """Write a sound as 16-bit WAV, its peak at -3 dB of full scale."""
    scaled = 0.7 * sound / np.abs(sound).max()
    sf.write(path, scaled.T, RATE, subtype="PCM_16")
    return path
