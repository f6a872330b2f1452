"""*Étude aux objets entendus*: a short acousmatic study whose every sound is known.

An opening stroke sets off a shower of grains; single objects are shown; passages move them in pitch,
width and space; a wave, knocks over a quiet ground and an intake of breath lead to the climax; the matter
scatters and sinks. It is a piece to listen to and a test at once: each event is rendered from parameters,
and what may be claimed of it follows from those parameters (`truth.naming`), never from listening.

Conventions
-----------
* 48 kHz, two channels; times are seconds from the start of the file, half-open intervals.
* Between two isolated events there are at least 0.15 s of silence, or of the ground alone, at least 20 dB
  below them.
* The same seed gives the same bits on one machine; processors differ in the last bit of a sine, which may
  move a sample by one 16-bit step. The seed changes noise, phases and irregularities, never an event.

Run ``python -m truth.etude demo/`` to write the sound and its score.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from truth import score
from truth.gestures import (
    Band,
    Cluster,
    Gesture,
    Grains,
    Held,
    Plate,
    Pulses,
    Reversed,
    Strike,
    Swell,
    Tone,
    duration,
    render,
)
from truth.naming import concepts
from truth.score import Event
from truth.synthesis import SAMPLE_RATE

__all__ = ["SEED", "TITLE", "Etude", "Event", "compose", "main"]

TITLE = "Étude aux objets entendus"

SEED = 1948
"""The year of the first études de bruits."""

SOUND_FILE = "etude.flac"
SCORE_FILE = "etude.score.csv"

_PEAK_DB = -1.5  # dBFS of the highest sample
_CLOSE = 0.5  # seconds of silence after the last event


@dataclass(frozen=True)
class Cue:
    """A gesture placed in time."""

    start: float
    name: str
    gesture: Gesture
    layer: str = "object"


EXPOSITION = (
    Cue(0.3, "opening stroke", Gesture(Strike(1.1), Plate(196.0), "wide", -11.5)),
    Cue(0.5, "shower", Gesture(Held(0.3, 1.4, 3.0), Grains(3200, 14000, 60, 0.014), "wide", -23), "texture"),
    Cue(5.5, "click", Gesture(Strike(0.04), Band(2500, 15000, 2500, 15000), "centre", -18.5)),
    Cue(5.95, "drop", Gesture(Strike(0.13), Tone(293.7, 8, -5), "centre", -13)),
    Cue(6.6, "thud", Gesture(Strike(0.045, 0.003), Plate(82.4), "centre", -14)),
    Cue(7.05, "bell", Gesture(Strike(0.85), Plate(622.0), "wide", -13)),
    Cue(9.9, "held tone", Gesture(Held(0.8, 1.7, 1.3), Tone(146.8, 12, -6), "centre", -14.5)),
)

PASSAGES = (
    Cue(14.2, "rising line", Gesture(Held(0.04, 1.9, 0.3), Tone(196.0, 10, -5, 1.75), (-1, 1), -15.5)),
    Cue(16.75, "knot", Gesture(Held(0.7, 1.3, 0.3), Cluster(1320, 0.2, 0.2, 32), "centre", -14)),
    Cue(19.4, "gravel", Gesture(Held(0.7, 1.0, 0.3), Grains(500, 7000, 40, 0.022), "centre", -20)),
    Cue(21.7, "falling breath", Gesture(Held(0.04, 0.8, 1.4), Band(2400, 9600, 300, 1200), (1, -0.6), -15.5)),
    Cue(24.25, "stutter", Gesture(Held(0.002, 1.7, 0.1), Pulses(880, 9, 9, 0.1), "centre", -16)),
    Cue(26.4, "fan opening", Gesture(Held(0.7, 1.7, 0.003), Cluster(740, 0.1, 4.0, 48), "opening", -14.5)),
    Cue(29.1, "fan closing", Gesture(Held(0.04, 1.4, 0.4), Band(60, 7680, 390, 1180), "closing", -15)),
)

CLIMAX = (
    Cue(31.4, "small bell", Gesture(Strike(0.2), Plate(3100.0, 0), "centre", -15)),
    Cue(32.3, "wave", Gesture(Swell(1.7, 1.7), Band(60, 15000, 60, 15000), "wide", -13)),
    Cue(35.75, "ground", Gesture(Held(1.5, 2.6, 1.5), Tone(73.4, 3, -3), "centre", -46), "ground"),
    Cue(36.0, "knocks", Gesture(Held(0.002, 2.2, 0.1), Pulses(130, 5, 5, 0.07, True), "centre", -13)),
    Cue(38.6, "gathering", Gesture(Held(0.002, 2.5, 0.1), Pulses(440, 3, 15, 0.08), (1, -1), -18)),
    Cue(41.5, "wall", Gesture(Held(0.7, 1.4, 0.004), Band(100, 16000, 100, 16000, 0), "centre", -14.5)),
    Cue(43.9, "intake", Gesture(Reversed(2.2), Plate(233.0), "wide", -10.5)),
    Cue(46.3, "great stroke", Gesture(Strike(1.5), Plate(98.0, -1.5), "wide", -13)),
    Cue(46.3, "burst", Gesture(Strike(0.6), Band(200, 12000, 200, 12000), "wide", -18.5), "texture"),
    Cue(46.5, "plunge", Gesture(Held(0.04, 1.8, 1.2), Tone(880, 10, -5, -2.5), (-1, 1), -18.5), "texture"),
    Cue(47.2, "debris", Gesture(Held(0.002, 3, 0.1), Pulses(560, 7, 7, 0.06, True), (1, -1), -21), "texture"),
)

DISSIPATION = (
    Cue(51.1, "scattering", Gesture(Held(0.6, 0.3, 2.6), Grains(2600, 12000, 30, 0.022), "wide", -24)),
    Cue(54.9, "distant bell", Gesture(Strike(1.15), Plate(311.0, 0, 1.0), "centre", -12.5)),
    Cue(58.6, "high thread", Gesture(Held(0.7, 0.9, 1.3), Cluster(4200, 0.1, 0.1, 32), "centre", -20)),
    Cue(61.8, "last click", Gesture(Strike(0.04), Plate(1760.0), "centre", -18)),
    Cue(62.3, "sinking", Gesture(Held(0.8, 0.8, 3.6), Tone(98.0, 8, -7), "closing", -14)),
)

SCORE = (*EXPOSITION, *PASSAGES, *CLIMAX, *DISSIPATION)


@dataclass(frozen=True)
class Etude:
    """A rendered étude.

    Parameters
    ----------
    signal : ndarray of float32, shape (n, 2)
        Left and right, from -1 to 1.
    sample_rate : int
        Samples per second.
    events : tuple of Event
        Its score, in order of start.
    """

    signal: NDArray[np.float32]
    sample_rate: int
    events: tuple[Event, ...]

    def pcm(self) -> NDArray[np.int16]:
        """Return the signal as 16-bit samples, rounded to the nearest."""
        return np.rint(self.signal.astype(np.float64) * 32767).astype(np.int16)

    def write(self, folder: Path) -> None:
        """Write ``etude.flac`` (16 bit) and ``etude.score.csv``.

        Parameters
        ----------
        folder : Path
            Where; created if missing, files in it replaced.
        """
        folder.mkdir(parents=True, exist_ok=True)
        sound = folder / SOUND_FILE
        sf.write(sound, self.pcm(), self.sample_rate, format="FLAC", subtype="PCM_16", compression_level=1.0)
        score.write(folder / SCORE_FILE, SOUND_FILE, self.events)


def _event(cue: Cue) -> Event:
    end = round(cue.start + duration(cue.gesture.envelope), 3)
    return Event(cue.name, cue.start, end, cue.layer, concepts(cue.gesture))


def compose(seed: int = SEED) -> Etude:
    """Render the étude.

    Parameters
    ----------
    seed : int, optional
        Seed of all chance in it, 0 or more; each event has a generator of its own.

    Returns
    -------
    Etude
        68 s, its highest sample at -1.5 dBFS.
    """
    events = tuple(_event(cue) for cue in SCORE)
    mix = np.zeros((round((max(event.end for event in events) + _CLOSE) * SAMPLE_RATE), 2))
    for index, cue in enumerate(SCORE):
        sound = render(cue.gesture, np.random.default_rng([seed, index]))
        first = round(cue.start * SAMPLE_RATE)
        mix[first : first + len(sound)] += sound
    mix *= 10.0 ** (_PEAK_DB / 20) / np.abs(mix).max()
    return Etude(mix.astype(np.float32), SAMPLE_RATE, events)


def main(arguments: Sequence[str] | None = None) -> None:
    """Render the étude and write it to a folder.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; those of the process if left out.
    """
    parser = argparse.ArgumentParser(prog="python -m truth.etude", description=f"Render the {TITLE}.")
    parser.add_argument("folder", type=Path, help=f"where to write {SOUND_FILE} and {SCORE_FILE}")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of all chance (default: %(default)s)")
    options = parser.parse_args(arguments)
    compose(options.seed).write(options.folder)


if __name__ == "__main__":
    main()
