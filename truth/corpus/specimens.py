"""Sounding examples of a concept: clips of the corpus of which it is true, to be heard beside its definition.

Conventions
-----------
An example is a single sound, never a scene, at one level and with a little silence about it. Example `number` of a
concept is the first clip of `SEED`, among those whose index leaves the rest `number` when divided by `EXAMPLES`, of
which the concept is true: ``acousma corpus make --seed 1948 --concepts CONCEPT`` makes the same sound. What is made
so is known to be what it is called, but it is a plain synthetic sound and no passage of music.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile as sf

from ontology.errors import UnknownName
from ontology.vocabulary import load_vocabulary
from truth.corpus.clips import Clip, Selection, draw, known_concepts, mixed
from truth.corpus.parameters import Sound
from truth.corpus.render import SAMPLE_RATE

__all__ = ["EXAMPLES", "SEED", "specimen", "specimens_of", "write_specimen"]

EXAMPLES = 3
"""Examples of a concept that the generators know."""

SEED = 1948
"""Of all chance; the default of ``acousma corpus make``."""

_LEVEL = -20.0  # root mean square of the loudest 50 ms, dB relative to full scale
_SILENCE = 0.15  # seconds before and after
_LOOKED_AT = 300  # clips of one example
_MOST_NARROWER = 6


@lru_cache(maxsize=1024)
def specimens_of(concept: str) -> tuple[tuple[str, int], ...]:
    """Return the examples that there are for a concept: its own, or one of each narrower concept.

    Parameters
    ----------
    concept : str
        Id of the vocabulary.

    Returns
    -------
    tuple of (str, int)
        Concept and number of each example; none if the generators know nothing of it.

    Examples
    --------
    >>> specimens_of("attackDecay")
    (('attackDecay', 0), ('attackDecay', 1), ('attackDecay', 2))
    >>> specimens_of("morphologicalArchetype")[:2]
    (('attackDecay', 0), ('attackImpulse', 0))
    """
    known = known_concepts()
    if concept in known:
        return tuple((concept, number) for number in range(EXAMPLES))
    vocabulary = load_vocabulary()
    below = (one for one in known if concept in vocabulary.ancestors(one))
    return tuple((one, 0) for one in below)[:_MOST_NARROWER]


def specimen(concept: str, number: int) -> Clip:
    """Return an example of a concept, before it is rendered.

    Parameters
    ----------
    concept : str
        One that the generators know.
    number : int
        From 0 to `EXAMPLES` - 1.

    Raises
    ------
    UnknownName
        If the generators know nothing of the concept, or there is no example of this number.
    """
    selection = Selection(concepts=(concept,))
    if not 0 <= number < EXAMPLES:
        raise UnknownName(f"there is no example {number} of {concept!r}", f"0 to {EXAMPLES - 1}")
    for index in range(number, _LOOKED_AT, EXAMPLES):
        clip = draw(SEED, index, selection)
        if isinstance(clip.made, Sound) and clip.labels.get(concept) is True:
            return clip
    raise UnknownName(f"the generators make no single sound of which {concept!r} is true", "another concept")


def write_specimen(path: str, concept: str, number: int) -> None:
    """Render an example and write it as FLAC of 16 bit."""
    clip = replace(specimen(concept, number), level=_LEVEL)
    first = max(0, round((clip.start - _SILENCE) * SAMPLE_RATE))
    last = round((clip.start + clip.made.duration + _SILENCE) * SAMPLE_RATE)
    sound = np.clip(mixed(clip)[first:last], -1, 1)
    sf.write(Path(path), sound, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
