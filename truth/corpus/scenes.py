"""Scenes: two or three sounds together, and what may be said of them as one.

Conventions
-----------
The layers of a drawn scene begin and end together and share an envelope, so that what holds for each of them holds for
the whole; spectrum, brightness, density and image follow from the sum of their ideal spectra.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from truth.corpus import drawing, spectra
from truth.corpus.account import PLACES, Account
from truth.corpus.drawing import choose, compose, continuous, even
from truth.corpus.logic import Verdict, all_of, any_of
from truth.corpus.parameters import Array, Partials, Scene, Stream
from truth.corpus.spectrum import mixed

__all__ = ["draw", "scene_labels"]

Labels = Mapping[str, Verdict]

AGREED = (
    "attackImpulse", "attackDecay", "closedAttackDecay", "openAttackDecay", "graduatedContinuant",
    "swelledGraduatedContinuant", "reversedOnset", "thOnsetSharp", "thOnsetMarked", "thOnsetGradual", "thOnsetSwelled",
    "dsOnsetSharp", "dsOnsetMarked", "dsOnsetFadeIn", "dsOnsetSwelled", "schAttackNil", "emergence", "attackFunction",
    "dsOffsetSuddenStop", "dsOffsetMarked", "dsOffsetSoft", "dsOffsetFadeOut", "dsOffsetLaissezVibrer",
    "dsOffsetInterrupted", "disappearance", "pdDynamicAscending", "pdDynamicDescending", "pdDynamicUpDown",
    "pdDynamicStable", "pdDynamicImpulsive", "dsSustainFlat", "dsSustainDecaying", "dsSustainUplifting",
    "dsSustainNone", "schImpulse", "thImpulse", "schHeld", "thSustained", "sustainedMotion", "ascent", "descent",
    "dsDirGlissUp", "dsDirGlissDown", "pdMelodicUp", "pdMelodicDown", "planeMotion", "pdMelodicStable",
    "spatialTrajectory", "narrowImage", "dsPulseNone", "iterativeMotion", "granularMotion",
    "parabola", "oscillation", "reciprocalMotion", "unidirectionalMotion", "variationModulation", "pdMelodicUpDown",
    "pdMelodicDownUp", "dsDirGlissComplex",
)  # fmt: skip
"""Concepts that hold for a whole when they hold for each of its simultaneous layers, and not when for none."""


def draw(rng: np.random.Generator, length: float) -> Scene:
    """Draw two or three layers with one envelope, one duration and one motion."""
    shape = drawing.envelope(rng, ("held", "held", "swell", "strike", "slope"))
    moving = drawing.motion(rng, ("still", "still", "ramp", "ramp", "arch", "sine", "steps"))
    first = compose(rng, length, (continuous(rng), shape, moving, None, drawing.image(rng)))
    layers = [first]
    several = choose(rng, (True, False))  # a chord of tones of their own, or anything
    for _ in range(int(rng.integers(1, 3))):
        source = continuous(rng)
        if several and isinstance(first.source, Partials):
            base = first.source.base * 2 ** (int(choose(rng, (3, 4, 7, 8, 9, 15))) / 12)
            source = replace(first.source, base=round(base, 3))
        other = compose(rng, length, (source, first.envelope, first.motion, None, drawing.image(rng)))
        level = -even(rng, 0.0, 3.0 if several else 15.0)
        placing = first.image if rng.random() < 0.5 else other.image
        layers.append(replace(other, duration=first.duration, level=level, image=placing))
    return Scene(tuple(layers), (0.0,) * len(layers))


def scene_labels(scene: Scene, parts: Sequence[Labels]) -> dict[str, Verdict]:
    """Return the labels of a scene from its layers' parameters and labels.

    Parameters
    ----------
    scene : Scene
        Layers that begin together; of others nothing is said as a whole.
    parts : sequence of mapping
        Labels of each layer.
    """
    if any(scene.starts) or len({layer.duration for layer in scene.layers}) > 1:
        return {}
    found: dict[str, Verdict] = {}
    for name in AGREED:
        verdicts = [part.get(name) for part in parts]
        found[name] = True if all_of(verdicts) else False if any_of(verdicts) is False else None
    accounts = [Account(layer) for layer in scene.layers]
    summed = [_sum(accounts, place) for place in range(PLACES)]
    centres = np.median(np.array([spectra.centroid(*item) for item in summed]), axis=0)
    shares = [(spectra.share_between(*item, 1, 200), spectra.share_between(*item, 4000, 48_000)) for item in summed]
    active = np.array([spectra.active_share(*item) for item in summed])
    found |= mixed((float(centres[0]), float(centres[1])), (float(active[:, 0].min()), float(active[:, 1].max())),
                   np.array(shares))  # fmt: skip
    for name in ("dense", "sparse", "filled", "emptyDensity", "root", "canopy"):
        if all(name not in part or part[name] is None for part in parts):  # too short, each of them, to be told
            found[name] = None
    return found | _together(scene, parts)


def _sum(accounts: Sequence[Account], place: int) -> tuple[Array, Array]:
    """Return the lines of all layers, each with the power that its level gives it."""
    octaves, powers = [], []
    for account in accounts:
        lines, power = account.spectra[place]
        index = place * (len(account.heights) - 1) // (PLACES - 1)
        octaves.append(lines + account.heights[index])
        powers.append(power / power.sum() * 10 ** (account.sound.level / 10))
    return np.concatenate(octaves), np.concatenate(powers)


def _together(scene: Scene, parts: Sequence[Labels]) -> dict[str, Verdict]:
    """Say what several masses at once are: a group of tones, tones with noise, or noise throughout."""
    notes = [part["spectralNote"] for part in parts]
    noises = [part["spectralNoise"] for part in parts]
    levels = [layer.level for layer in scene.layers]
    near = max(levels) - min(levels) < 8
    even_ = not any(isinstance(layer.source, Stream) for layer in scene.layers)
    apart = len({round(layer.source.base, 1) for layer in scene.layers if isinstance(layer.source, Partials)}) > 1
    group: Verdict = True if all_of(notes) and near and apart else False if any_of(notes) is False else None
    noise: Verdict = True if all_of(noises) and even_ else None
    wide = [part["wideImage"] for part in parts]
    return {
        "schMassTonicGroup": group,
        "spectralNoise": noise,
        "thComplex": noise,
        "dsMassNoisy": noise,
        "spectralNote": False if noise else None,
        "harmonicSpectrum": False if noise else None,
        "node": False if noise else None,
        "wideImage": False if any_of(wide) is False and len({layer.image for layer in scene.layers}) == 1 else
        True if all_of(wide) else None,
        "narrowImage": None if len({layer.image for layer in scene.layers}) > 1 else parts[0]["narrowImage"],
    }  # fmt: skip
