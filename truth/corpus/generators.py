"""The generators: ten ways to draw a sound, each with its own emphasis, all with the same labels.

A generator is a name and a function that draws parameters. What may be said of what it draws follows from the
parameters by `labels`, the same for all; what it sounds like follows from them by `truth.corpus.render`. Each
describes a family of synthesis or of control; envelopes and images of all kinds occur in all of them, so that no label
stands for a generator.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from truth.corpus import drawing, scenes
from truth.corpus.account import Account
from truth.corpus.drawing import IMAGES, KINDS, STILL, choose, compose, continuous
from truth.corpus.logic import Verdict
from truth.corpus.motion import continuity, directions, flows, growth, images, undulations
from truth.corpus.parameters import Band, Held, Modulation, Motion, Partials, Scene, Sound, Source, Strike
from truth.corpus.shape import archetypes, dynamics, endings, energy, onsets
from truth.corpus.spectrum import masses, placed, typology

__all__ = ["GENERATORS", "Generator", "labels", "sound_labels"]

Generator = Callable[[np.random.Generator, float], Sound | Scene]
"""Draws parameters for a file of some seconds."""

Labels = Mapping[str, Verdict]

_STRUCK = ("strike", "strike", "strike", "held", "reversed")
_LONG = ("held", "held", "swell", "slope")
_STEADY = ("still", "still", "still", "still", "ramp", "widening")
_MOVING = ("still", "ramp", "ramp", "exponential", "arch", "sine", "walk", "steps", "widening")


def _drawn(rng: np.random.Generator, length: float, source: Source, kinds: tuple[str, ...] = KINDS) -> Sound:
    """Compose a sound whose source is what matters: any envelope, mostly still, any image, at times an undulation."""
    shape = drawing.envelope(rng, kinds)
    moving = drawing.motion(rng, _STEADY)
    undulation = drawing.modulation(rng, fast=False) if rng.random() < 0.15 else None
    placing = drawing.image(rng, (*IMAGES, "circum") if moving == STILL else IMAGES)
    return compose(rng, length, (source, shape, moving, undulation, placing))


def _additive(rng: np.random.Generator, length: float) -> Sound:
    return _drawn(rng, length, drawing.partials(rng))


def _cluster(rng: np.random.Generator, length: float) -> Sound:
    return _drawn(rng, length, drawing.cluster(rng))


def _noise(rng: np.random.Generator, length: float) -> Sound:
    return _drawn(rng, length, drawing.band(rng))


def _grains(rng: np.random.Generator, length: float) -> Sound:
    source = drawing.stream(rng, ((2.4, 15), (24, 70), (24, 160), (300, 600)))
    return _of_events(rng, length, source)


def _of_events(rng: np.random.Generator, length: float, source: Source) -> Sound:
    """Compose a stream: at once there or slow to come, never in between, where events have edges of their own."""
    shape = Held(choose(rng, (0.002, drawing.ratio(rng, 0.57, 1.1))), drawing.pick(rng, ((0.05, 0.3), (0.95, 1.25))))
    moving = drawing.motion(rng, ("still", "still", "ramp"))
    return compose(rng, length, (source, shape, moving, None, drawing.image(rng)))  # fmt: skip


def _struck(rng: np.random.Generator, length: float) -> Sound:
    if rng.random() < 0.3:
        return _of_events(rng, length, drawing.stream(rng, ((2.4, 7), (7, 15), (24, 60))))
    shape = drawing.envelope(rng, _STRUCK)
    source = drawing.modes(rng, damped=isinstance(shape, Strike))
    placing = drawing.image(rng, (*IMAGES, "circum"))
    return compose(rng, length, (source, shape, STILL, None, placing))


def _envelope(rng: np.random.Generator, length: float) -> Sound:
    kinds = ("held", "overshoot", "overshoot", "strike", "strike", "swell", "reversed", "slope")
    sources: tuple[Source, ...] = (drawing.partials(rng), drawing.spectrum(rng), drawing.band(rng))
    source = choose(rng, sources)
    return compose(rng, length, (source, drawing.envelope(rng, kinds), STILL, None, drawing.image(rng)))


def _trajectory(rng: np.random.Generator, length: float) -> Sound:
    moving = drawing.motion(rng, _MOVING)
    wide: tuple[Source, ...] = (drawing.cluster(rng), drawing.band(rng))
    source = choose(rng, wide) if moving.widening else continuous(rng)
    undulation = None
    if isinstance(source, Partials) and rng.random() < 0.25:
        undulation = drawing.modulation(rng, fast=False)
    return compose(rng, length, (source, drawing.envelope(rng, _LONG), moving, undulation, drawing.image(rng)))


def _modulation(rng: np.random.Generator, length: float) -> Sound:
    sources: tuple[Source, ...] = (drawing.spectrum(rng), drawing.partials(rng), drawing.band(rng))
    source = choose(rng, sources)
    fast = rng.random() < 0.5
    undulation: Modulation | None = drawing.modulation(rng, fast=fast)
    if isinstance(source, Band) and undulation is not None and undulation.rate > 20:
        source = Band(min(source.low, source.high / 3), source.high, source.tilt)
    if rng.random() < 0.15:
        undulation = None
    shape = drawing.envelope(rng, ("held", "held", "held", "swell", "strike", "overshoot"))
    return compose(rng, length, (source, shape, STILL, undulation, drawing.image(rng)))


def _stereo(rng: np.random.Generator, length: float) -> Sound:
    source = continuous(rng)
    placing = drawing.image(rng, ("centre", "wide", "between", "opening", "closing", "path", "path", "side", "circum",
                                  "circum"))  # fmt: skip
    moving: Motion = (
        STILL if placing.circum else drawing.motion(rng, ("still", "still", "ramp", "arch", "sine", "steps"))
    )
    return compose(rng, length, (source, drawing.envelope(rng), moving, None, placing))


def _scene(rng: np.random.Generator, length: float) -> Scene:
    return scenes.draw(rng, length)


GENERATORS: Mapping[str, Generator] = MappingProxyType(
    {
        "additive": _additive,
        "cluster": _cluster,
        "noise": _noise,
        "grains": _grains,
        "struck": _struck,
        "envelope": _envelope,
        "trajectory": _trajectory,
        "modulation": _modulation,
        "stereo": _stereo,
        "scene": _scene,
    }
)
"""Generators by name, in the order in which they are drawn from."""


def sound_labels(sound: Sound) -> Labels:
    """Return every label of a sound, undecided ones included.

    Parameters
    ----------
    sound : Sound
        Its parameters.

    Returns
    -------
    mapping of str to bool or None
        By vocabulary id.
    """
    account = Account(sound)
    aspects = (
        archetypes, onsets, endings, dynamics, energy, typology, masses, placed, directions, growth, continuity,
        undulations, flows, images,
    )  # fmt: skip
    found: dict[str, Verdict] = {}
    for aspect in aspects:
        found |= aspect(account)
    return found


def labels(made: Sound | Scene) -> dict[str, bool]:
    """Return what is true and what is false of a sound or a scene by its parameters; what is undecided is absent.

    Parameters
    ----------
    made : Sound or Scene
        Its parameters.

    Returns
    -------
    dict of str to bool
        By vocabulary id, in alphabetical order.

    Examples
    --------
    >>> from truth.corpus.parameters import Held, Image, Partials
    >>> tone = Sound(Partials(220.0, (1.0, 2.0, 3.0, 4.0, 5.0), -6.0), Held(0.2, 0.3), 2.0, -23.0, 1)
    >>> found = labels(tone)
    >>> found["harmonicSpectrum"], found["spectralNoise"], "bright" in found
    (True, False, True)
    """
    if isinstance(made, Scene):
        found: Labels = scenes.scene_labels(made, [sound_labels(layer) for layer in made.layers])
    else:
        found = sound_labels(made)
    return {name: bool(verdict) for name, verdict in sorted(found.items()) if verdict is not None}
