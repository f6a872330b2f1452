"""Clips: one sound or scene each, in a file with silence about it, with everything that is known of it.

Conventions
-----------
* Clip `index` of seed `seed` is the same in a corpus of any size: its chance comes from
  ``numpy.random.SeedSequence(seed, spawn_key=(index, ...))`` alone.
* Length of the file, level and silence before the sound come from one stream of chance, the sound from another.
* Times in a record are seconds from the start of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass

import numpy as np
from numpy.typing import NDArray

from ontology.errors import UnknownName
from ontology.vocabulary import load_vocabulary
from truth.corpus import drawing, parameters, paths, render
from truth.corpus.account import Account
from truth.corpus.generators import GENERATORS, labels, sound_labels
from truth.corpus.parameters import Array, Scene, Sound, Stream
from truth.corpus.render import SAMPLE_RATE

__all__ = [
    "Clip", "Part", "Selection", "Signal", "added", "check_possible", "decoded", "draw", "encoded", "events",
    "known_concepts", "layers", "mixed", "plan_of", "samples", "trajectories",
]  # fmt: skip

Signal = NDArray[np.float32]
"""Samples of shape (samples, 2), full scale 1."""

_ATTEMPTS = 400
_EVENTS_LISTED = 25.0  # events per second up to which their times are listed
_STEP_SECONDS = 0.05  # from one value of a stored trajectory to the next


@dataclass(frozen=True)
class Selection:
    """What clips are drawn from.

    Parameters
    ----------
    generators : tuple of str
        Names of generators; each clip comes from one of them.
    concepts : tuple of str
        Vocabulary ids; each clip decides one of them, drawn with its truth value, so that rare concepts are as
        frequent as common ones. None for whatever comes.

    Raises
    ------
    UnknownName
        If a generator or a concept is unknown, or nothing is known of a concept here.
    """

    generators: tuple[str, ...] = tuple(GENERATORS)
    concepts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.generators:
            if name not in GENERATORS:
                raise UnknownName(f"there is no generator {name!r}", ", ".join(GENERATORS))
        if not self.generators:
            raise UnknownName("no generator was named", f"at least one of {', '.join(GENERATORS)}")
        for concept in self.concepts:
            if concept not in load_vocabulary().concepts:
                raise UnknownName(f"there is no concept {concept!r}", "an id of the vocabulary", "acousma concepts")
            if concept not in known_concepts():
                raise UnknownName(
                    f"the generators know no truth of {concept!r}", "one that they know", "see acousma corpus list"
                )  # fmt: skip


def known_concepts() -> tuple[str, ...]:
    """Return the concepts that a sound may be labelled with, in alphabetical order."""
    plain = Sound(parameters.Partials(220.0, (1.0,), 0.0), parameters.Held(0.1, 0.1), 1.0, 0.0, 0)
    return tuple(sorted(sound_labels(plain)))


@dataclass(frozen=True)
class Clip:
    """One clip before it is rendered.

    Parameters
    ----------
    index : int
        Its place in the corpus.
    generator : str
        Name.
    length : float
        Seconds of the file.
    level : float
        Root mean square of the loudest 50 ms, dB relative to full scale.
    start : float
        Seconds of silence before the sound.
    made : Sound or Scene
        What sounds.
    """

    index: int
    generator: str
    length: float
    level: float
    start: float
    made: Sound | Scene

    @property
    def labels(self) -> dict[str, bool]:
        """What is true and what is false of it; what is undecided is absent."""
        return labels(self.made)


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def draw(seed: int, index: int, selection: Selection) -> Clip:
    """Draw the parameters of a clip.

    Parameters
    ----------
    seed : int
        Of the corpus, 0 or more.
    index : int
        Place of the clip, 0 or more.
    selection : Selection
        What it is drawn from.

    Returns
    -------
    Clip

    Raises
    ------
    UnknownName
        If the chosen generators make no sound that decides the chosen concept.
    """
    frame = _stream(seed, index, 0)
    length, level = drawing.even(frame, *drawing.LENGTHS), drawing.even(frame, *drawing.LEVELS)
    within = float(frame.random())
    wish = _stream(seed, index, 1)
    concept = drawing.choose(wish, selection.concepts) if selection.concepts else None
    value = bool(wish.random() < 0.5)
    generator, made = _wanted((seed, index, 2), length, selection.generators, (concept, value))
    start = round(0.1 + within * (length - made.duration - 0.2), 4)
    return Clip(index, generator, length, level, start, made)


def _wanted(
    key: tuple[int, ...], length: float, generators: tuple[str, ...], wish: tuple[str | None, bool]
) -> tuple[str, Sound | Scene]:
    """Draw until a sound decides the concept as wished, or once where there is no wish."""
    concept, value = wish
    for attempt in range(_ATTEMPTS):
        rng = _stream(*key, attempt)
        generator = drawing.choose(rng, generators)
        made = GENERATORS[generator](rng, length)
        if concept is None or labels(made).get(concept) is value:
            return generator, made
    raise UnknownName(
        f"the generators {', '.join(generators)} do not make {concept!r} {str(value).lower()}",
        "generators that do", "leave out --generators, or that concept",
    )  # fmt: skip


def check_possible(selection: Selection) -> None:
    """Check that the generators make each concept asked for, true and false.

    Raises
    ------
    UnknownName
        If they do not.
    """
    for concept in selection.concepts:
        for value in (True, False):
            _wanted((0, 0, 4), drawing.LENGTHS[1], selection.generators, (concept, value))


@dataclass(frozen=True)
class Part:
    """A stretch of sound and the sample of the file at which it begins."""

    first: int
    samples: Array

    @property
    def last(self) -> int:
        """Return the sample after its end."""
        return self.first + len(self.samples)


def added(parts: Sequence[Part], n: int) -> Array:
    """Add parts up to a signal of `n` samples."""
    whole = np.zeros((n, 2))
    for part in parts:
        whole[part.first : part.last] += part.samples
    return whole


def layers(clip: Clip) -> list[Part]:
    """Render the layers of a clip, at levels that add up to that of the clip."""
    found = [Part(round(start * SAMPLE_RATE), render.render(sound)) for sound, start in _sounds(clip)]
    whole = added(found, samples(clip.length))
    gain = 10.0 ** (clip.level / 20) / render.loudest(whole)
    gain *= min(1.0, render.PEAK / float(np.abs(whole).max() * gain))
    return [Part(part.first, part.samples * gain) for part in found]


def samples(length: float) -> int:
    """Return the samples of a file of some seconds."""
    return round(length * SAMPLE_RATE)


def mixed(clip: Clip) -> Signal:
    """Render a clip."""
    return np.asarray(added(layers(clip), samples(clip.length)), np.float32)


# -- what is stored of it ------------------------------------------------------------------------


def encoded(value: object) -> object:
    """Return parameters as JSON values: a dataclass as an object whose ``type`` is its name."""
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: encoded(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **members}
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    return value


def decoded(value: object) -> object:
    """Return the parameters that `encoded` made JSON values of.

    Examples
    --------
    >>> decoded(encoded(parameters.Swell(0.4)))
    Swell(peak=0.4)
    """
    if isinstance(value, Mapping):
        made = getattr(parameters, str(value["type"]))
        return made(**{name: decoded(item) for name, item in value.items() if name != "type"})
    if isinstance(value, list):
        return tuple(decoded(item) for item in value)
    return value


def _sounds(clip: Clip) -> list[tuple[Sound, float]]:
    if isinstance(clip.made, Scene):
        return [(layer, clip.start + start) for layer, start in zip(clip.made.layers, clip.made.starts, strict=True)]
    return [(clip.made, clip.start)]


def events(clip: Clip) -> list[dict[str, object]]:
    """Return start, end and true concepts of each sound of a clip, and the times of its onsets if they are few."""
    found = []
    for sound, start in _sounds(clip):
        event: dict[str, object] = {
            "start": round(start, 4),
            "end": round(start + sound.duration, 4),
            "concepts": [name for name, verdict in labels(sound).items() if verdict],
        }
        if isinstance(sound.source, Stream) and max(sound.source.rate, sound.source.rate_end) < _EVENTS_LISTED:
            times = paths.event_times(sound.source, sound.duration, sound.seed) + start
            event["onsets"] = [round(float(time), 4) for time in times]
        found.append(event)
    return found


def trajectories(clip: Clip) -> list[dict[str, object]]:
    """Return, for each sound of a clip, how level, height, centroid, position and width go.

    Returns
    -------
    list of dict
        ``times`` in seconds from the start of the file; ``level`` in dB below the maximum, ``height`` in octaves from
        the middle, ``centroid`` in hertz (mean of the readings by power and by amplitude), ``position`` from -1 to 1
        and ``width`` from 0 to 1: a list with a value for each time, or one number where nothing changes.
    """
    found = []
    for sound, start in _sounds(clip):
        account = Account(sound)
        count = max(2, round(sound.duration / _STEP_SECONDS))
        times = (np.arange(count, dtype=np.float64) + 0.5) * _STEP_SECONDS
        octaves = (account.centroids[0] + account.centroids[1]) / 2
        curves = {
            "level": np.interp(times, account.times, account.level),
            "height": np.interp(times, account.times, account.heights),
            "centroid": 2.0 ** np.interp(times, account.times, octaves),
            "position": paths.position(sound, times),
            "width": paths.widths(sound, times),
        }
        rounded: dict[str, object] = {name: _rounded(np.asarray(curve)) for name, curve in curves.items()}
        found.append({"times": _rounded(times + start), **rounded})
    return found


def _rounded(curve: Array) -> list[float] | float:
    values = [round(float(value), 3) for value in curve]
    return values[0] if len(set(values)) == 1 else values


def plan_of(clip: Clip) -> dict[str, object]:
    """Return what is known of a clip, ready to be written as JSON."""
    return {
        "index": clip.index,
        "generator": clip.generator,
        "length": clip.length,
        "level": clip.level,
        "start": clip.start,
        "parameters": encoded(clip.made),
        "labels": clip.labels,
        "events": events(clip),
        "trajectories": trajectories(clip),
    }
