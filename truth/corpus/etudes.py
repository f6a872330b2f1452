"""Études: pieces of one to three minutes whose form, events and time relations are known.

A form such as A B A is drawn first; each letter stands for a character: how many layers, which generators, how dense.
Each section is filled with events, layer by layer; an event of a lower layer may be set off by one of the first.

Conventions
-----------
* Étude `index` of seed `seed` is the same in a corpus of any size.
* Times are seconds from the start of the file. A section begins with its first event and ends where the next section
  begins, the last one where the last event ends.
* A relation of two events is one of Allen's (1983), the first event being the one that begins first (or lasts longer).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from truth.corpus import clips, drawing, render
from truth.corpus.clips import Part
from truth.corpus.generators import GENERATORS, labels
from truth.corpus.parameters import Scene, Sound

__all__ = ["FORMS", "Cue", "Etude", "Section", "compose", "plan_of", "relation", "stems"]

FORMS = ("AB", "ABA", "ABC", "ABAC", "ABCA", "ABCD")
"""Forms that are drawn from; an étude is never of one section only."""

SECTION_SECONDS = (18.0, 40.0)
LENGTH_SECONDS = (60.0, 180.0)
TRIGGERED = (0.03, 0.27)
"""Seconds from an event to one that it sets off: within the 20 to 300 ms of the vocabulary's causality."""

_LAYERS = (0.0, -6.0, -10.0, -14.0)  # decibels of each layer against the first
_GAPS = ((0.15, 0.6), (0.6, 2.0), (2.0, 4.0))  # seconds between the events of a layer, by density
_SILENCE = (0.15, 0.8)  # seconds between the last event of a section and the next section
_LEAST = 3.2  # seconds left in a section for another event
_SOURCES = tuple(name for name in GENERATORS if name != "scene")
_TOUCH = 0.001  # seconds within which two times are one


@dataclass(frozen=True)
class Section:
    """One section of the form."""

    letter: str
    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """One event of an étude.

    Parameters
    ----------
    start : float
        Seconds.
    layer : int
        0 is the leading one.
    generator : str
        Name.
    sound : Sound
        Its parameters, its level included.
    cause : int or None
        Place, in the list of events, of the event that sets it off.
    """

    start: float
    layer: int
    generator: str
    sound: Sound
    cause: int | None = None

    @property
    def end(self) -> float:
        """Return its end in seconds."""
        return round(self.start + self.sound.duration, 4)


@dataclass(frozen=True)
class Etude:
    """An étude before it is rendered: its form and its events in order of start."""

    index: int
    form: str
    sections: tuple[Section, ...]
    cues: tuple[Cue, ...]

    @property
    def length(self) -> float:
        """Return the seconds of the file: half a second after the last event."""
        return round(max(cue.end for cue in self.cues) + 0.5, 4)


@dataclass(frozen=True)
class _Character:
    """What the sections of one letter have in common."""

    layers: int
    generators: tuple[str, ...]
    gaps: tuple[float, float]
    level: float


def _characters(rng: np.random.Generator, letters: Sequence[str]) -> dict[str, _Character]:
    """Draw a character for each letter; neighbours in the alphabet differ in number of layers and in generators."""
    names = [str(name) for name in rng.permutation(_SOURCES)]
    counts = [int(count) for count in rng.permutation([1, 2, 3, 4])]
    found = {}
    for place, letter in enumerate(letters):
        chosen = tuple(names[(2 * place + step) % len(names)] for step in range(2))
        found[letter] = _Character(counts[place], chosen, drawing.choose(rng, _GAPS), drawing.even(rng, -26.0, -20.0))
    return found


def compose(seed: int, index: int) -> Etude:
    """Draw an étude.

    Parameters
    ----------
    seed : int
        Of the corpus, 0 or more.
    index : int
        Place of the étude, 0 or more.

    Returns
    -------
    Etude
        One to three minutes.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, 9)))
    form = drawing.choose(rng, FORMS)
    shortest, longest = (seconds / len(form) for seconds in LENGTH_SECONDS)
    range_ = max(SECTION_SECONDS[0], shortest + 4), min(SECTION_SECONDS[1], longest - 2)
    characters = _characters(rng, sorted(set(form)))
    cues: list[Cue] = []
    starts: list[float] = []
    now = 0.3
    for letter in form:
        starts.append(now)
        ending = now + drawing.even(rng, *range_)
        _fill(rng, cues, characters[letter], (now, ending))
        now = round(max(cue.end for cue in cues) + drawing.even(rng, *_SILENCE), 4)
    ends = [*starts[1:], max(cue.end for cue in cues)]
    sections = tuple(Section(*item) for item in zip(form, starts, ends, strict=True))
    order = sorted(range(len(cues)), key=lambda place: (cues[place].start, cues[place].layer))
    moved = {old: new for new, old in enumerate(order)}
    ordered = (cues[old] for old in order)
    named = tuple(replace(cue, cause=None if cue.cause is None else moved[cue.cause]) for cue in ordered)
    return Etude(index, form, sections, named)


def _fill(rng: np.random.Generator, cues: list[Cue], character: _Character, within: tuple[float, float]) -> None:
    """Fill a section with events; the first of the leading layer begins with it."""
    leading: list[int] = []
    for layer in range(character.layers):
        now = within[0] + (0.0 if layer == 0 else drawing.even(rng, 0.5, 3.0))
        while within[1] - now > _LEAST:
            cause = None
            if layer and leading and rng.random() < 0.3:
                later = [place for place in leading if cues[place].start + TRIGGERED[0] > now]
                cause = later[0] if later else None
                if cause is not None:
                    now = cues[cause].start + drawing.even(rng, *TRIGGERED)
                if within[1] - now <= _LEAST:
                    break
            cue = _cue(rng, character, layer, (round(now, 4), within[1] - now))
            cues.append(replace(cue, cause=cause))
            if layer == 0:
                leading.append(len(cues) - 1)
            now = cue.end + drawing.even(rng, *character.gaps)


def _cue(rng: np.random.Generator, character: _Character, layer: int, room: tuple[float, float]) -> Cue:
    start, length = room
    generator = drawing.choose(rng, character.generators)
    made = GENERATORS[generator](rng, min(length, drawing.LENGTHS[1]))
    assert not isinstance(made, Scene)
    level = round(character.level + _LAYERS[layer], 4)
    return Cue(start, layer, generator, replace(made, level=level))


# -- what is stored of it ------------------------------------------------------------------------


def stems(etude: Etude) -> list[Part]:
    """Render the events of an étude, in order, at the levels they have in it."""
    found = [Part(round(cue.start * render.SAMPLE_RATE), render.render(cue.sound)) for cue in etude.cues]
    peak = float(np.abs(clips.added(found, round(etude.length * render.SAMPLE_RATE))).max())
    gain = min(1.0, render.PEAK / peak)
    return [Part(part.first, part.samples * gain) for part in found]


def relation(one: tuple[float, float], other: tuple[float, float]) -> str | None:
    """Return Allen's relation of two intervals that touch or share time, or None where one is before the other.

    Parameters
    ----------
    one, other : (float, float)
        Starts and ends in seconds, `one` beginning first, or with `other` and ending no sooner.

    Examples
    --------
    >>> relation((0, 2), (1, 3)), relation((0, 2), (2, 3)), relation((0, 3), (1, 2)), relation((0, 1), (2, 3))
    ('overlaps', 'meets', 'contains', None)
    """
    together, after = abs(one[0] - other[0]) < _TOUCH, other[0] - one[1]
    if abs(after) < _TOUCH:
        return "meets"
    if after > 0:
        return None
    if abs(one[1] - other[1]) < _TOUCH:
        return "equals" if together else "finishedBy"
    if together:
        return "startedBy"
    return "contains" if other[1] < one[1] else "overlaps"


def _relations(cues: Sequence[Cue]) -> list[list[object]]:
    found: list[list[object]] = []
    for place, cue in enumerate(cues):
        for later in range(place + 1, len(cues)):
            other = cues[later]
            first, second = place, later
            if abs(cue.start - other.start) < _TOUCH and other.end > cue.end:
                first, second = later, place
            name = relation((cues[first].start, cues[first].end), (cues[second].start, cues[second].end))
            if name:
                found.append([first, name, second])
    return found


def plan_of(etude: Etude) -> dict[str, object]:
    """Return what is known of an étude, ready to be written as JSON."""
    return {
        "index": etude.index,
        "form": etude.form,
        "length": etude.length,
        "sections": [{"letter": item.letter, "start": item.start, "end": item.end} for item in etude.sections],
        "events": [
            {
                "start": cue.start,
                "end": cue.end,
                "layer": cue.layer,
                "generator": cue.generator,
                "labels": labels(cue.sound),
                "parameters": clips.encoded(cue.sound),
                **({} if cue.cause is None else {"cause": cue.cause}),
            }
            for cue in etude.cues
        ],
        "relations": _relations(etude.cues),
    }
