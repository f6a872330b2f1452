"""Labels of motion: direction, growth, brightness change, continuity, pulse, undulation, flow, image.

Conventions
-----------
As in `truth.corpus.shape`. A trajectory is the pitch where there is one, or the centroid of the ideal spectrum; where
both are there, a label that names neither must hold for both or for neither.
"""

import numpy as np

from truth.corpus import paths
from truth.corpus.account import Account, change, tau
from truth.corpus.logic import Verdict, all_of, any_of, negation, over, under, within
from truth.corpus.parameters import Array, Band, Held, Image, Partials, Stream, Strike, Swell
from truth.corpus.shape import level_grows
from truth.corpus.spectrum import fluctuation

__all__ = ["continuity", "directions", "flows", "growth", "images", "undulations"]

Labels = dict[str, Verdict]


def _rising(path: Array, octaves: float, steadiness: float) -> Verdict:
    return all_of((over(change(path), octaves), over(tau(path), steadiness)))


def _length(account: Account) -> float:
    """Return the seconds in which a motion can be heard: a decay counts down to -20 dB."""
    return min(account.decay, account.sound.duration)


def directions(account: Account) -> Labels:
    """Name the way that pitch and centroid go."""
    moved, long = account.heights, _length(account) > 0.5
    trails = (moved, *account.centroids) if account.tonal else account.centroids
    struck = isinstance(account.sound.envelope, Strike)
    up = [_rising(path, 0.25, 0.6) for path in trails]
    down = [_rising(-path, 0.25, 0.6) for path in trails]
    ascent, descent = _agreed(up), _agreed(down)
    if not long or (struck and account.moves_spectrum):
        # what is over so soon has no direction; a decay whose upper modes die first sinks in one sense only
        ascent, descent = (False if ascent is False else None), (False if descent is False else None)
    if isinstance(account.sound.source, Stream) and account.sound.source.jitter > 0.1:
        ascent = descent = None
    brighter, darker = (_agreed([_rising(sign * path, 0.35, 0.5) for path in account.centroids]) for sign in (1, -1))
    found = {
        "ascent": ascent,
        "descent": descent,
        "dsDirGlissUp": ascent,
        "dsDirGlissDown": descent,
        "pdMelodicUp": ascent,
        "pdMelodicDown": descent,
        "brightening": brighter if long else None,
        "darkening": darker if long else None,
    }
    return found | _turning(account, found["ascent"], found["descent"], long)


def _agreed(verdicts: list[Verdict]) -> Verdict:
    return True if all_of(verdicts) else False if any_of(verdicts) is False else None


def _turning(account: Account, ascent: Verdict, descent: Verdict, long: bool) -> Labels:
    """Name what stays level, and what turns."""
    names = (
        "planeMotion", "pdMelodicStable", "parabola", "oscillation", "reciprocalMotion", "unidirectionalMotion",
        "pdMelodicUpDown", "pdMelodicDownUp", "dsDirGlissComplex", "variationModulation", "variationEvolution",
    )  # fmt: skip
    motion, source = account.sound.motion, account.sound.source
    jittery = isinstance(source, Stream) and source.jitter > 0.05
    if not long or jittery or motion.path == "walk":
        return dict.fromkeys(names)
    extent = float(np.ptp(account.heights))
    drift = max(float(np.ptp(path - account.heights)) for path in account.centroids)
    plane = all_of((under(extent, 1 / 12) if extent else True, under(drift, 0.25) if drift else True))
    wide = over(abs(motion.octaves), 0.25) if motion.octaves else False
    arch = all_of((motion.path == "arch", wide))
    periodic = motion.path == "sine" and 0.55 < motion.rate < 9 and account.sound.duration * motion.rate > 3
    swinging: Verdict = all_of((True if periodic else False if motion.path != "sine" else None, wide))
    undulating = account.sound.modulation is not None and account.sound.modulation.of == "pitch"
    if undulating and swinging is False:
        swinging = None
    turns = any_of((arch, swinging))
    stepped = motion.path == "steps"
    return {
        "planeMotion": plane,
        "pdMelodicStable": plane,
        "parabola": arch,
        "oscillation": swinging,
        "reciprocalMotion": None if stepped else turns,
        "unidirectionalMotion": True if any_of((plane, ascent, descent)) else False if turns else None,
        "pdMelodicUpDown": all_of((arch, motion.octaves > 0)),
        "pdMelodicDownUp": all_of((arch, motion.octaves < 0)),
        "dsDirGlissComplex": None if stepped else turns,
        "variationModulation": all_of((stepped, True if extent > 0.3 else None)),
        "variationEvolution": any_of((ascent, descent)) if motion.path in ("still", "ramp", "exponential") else False,
    }


def growth(account: Account) -> Labels:
    """Name growth and shrinkage: of width, of level or of number."""
    wider = narrower = None
    spreads = account.spreads
    scattered = isinstance(account.sound.source, Stream) and account.sound.source.jitter > 0.1
    if min(float(path.min()) for path in spreads) <= 0.02 and not account.moves_spectrum:
        wider = narrower = False  # a single line has no width to gain
    elif not scattered and _length(account) > 0.5:
        ratios = [path / path.mean() for path in spreads]
        wider = _agreed([_rising(path, 0.25, 0.6) for path in ratios])
        narrower = _agreed([_rising(-path, 0.25, 0.6) for path in ratios])
    return {"dilation": wider, "contraction": narrower, "growthTerm": _grows(account)}


def _grows(account: Account) -> Verdict:
    """Tell whether level, number of active bands or rate of events rise; all three must not for a denial."""
    level = level_grows(account) if account.level_depth < 1 else None
    active = [float(path[-1] / max(path[0], 1e-9)) for path in account.active]
    bands = _agreed([over(ratio, 1.25) for ratio in active])
    rate: Verdict = False
    if isinstance(account.sound.source, Stream):
        rate = over(account.sound.source.rate_end / account.sound.source.rate, 1.25)
    return any_of((level, bands, rate))


def continuity(account: Account) -> Labels:
    """Name how continuous the motion is, and its pulse."""
    source, modulation = account.sound.source, account.sound.modulation
    depth, duration = account.level_depth, account.sound.duration
    if isinstance(source, Stream):
        return _of_events(account, source)
    if modulation is not None and depth > 1:
        rate = modulation.rate
        deep = True if depth > 10 else False if depth < 5.4 else None
        slow = rate < 45
        return {
            "sustainedMotion": False if depth > 6 and slow else None,
            "iterativeMotion": all_of((deep, within(rate, 1, 20))),
            "granularMotion": all_of((True if depth > 6 else None, within(rate, 20, 200))),
            **_pulse(periodic=None, irregular=None, none=None),
        }
    varies = 0.5 / np.sqrt(account.bandwidth * 0.004)  # as noise of that bandwidth; a dense cluster does the same
    whole = isinstance(account.sound.envelope, Held | Swell) and duration > 0.6 and account.overshoot < 1
    steady = account.even and whole and varies < 0.2
    silent: Verdict = False if account.even else None
    return {
        "sustainedMotion": True if steady else None,
        "iterativeMotion": silent,
        "granularMotion": silent,
        **_pulse(periodic=silent, irregular=silent, none=True if account.even else None),
    }


def _pulse(*, periodic: Verdict, irregular: Verdict, none: Verdict) -> Labels:
    iterative = negation(none)
    return {
        "dsPulseRegular": periodic,
        "dsPulseIrregular": irregular,
        "dsPulseNone": none,
        "pdNonIterative": none,
        "pdIterative": periodic if periodic else False if iterative is False else None,
    }


def _of_events(account: Account, source: Stream) -> Labels:
    rates = min(source.rate, source.rate_end), max(source.rate, source.rate_end)
    intervals = np.diff(account.events)
    if len(intervals) < 4:
        return dict.fromkeys(("sustainedMotion", "iterativeMotion", "granularMotion", *_pulse(periodic=None, irregular=None, none=None)))  # fmt: skip  # noqa: E501
    middle, end = float(np.median(intervals)), intervals[-1] / intervals[0]
    gap = 20 * middle / source.decay  # decibels from an event to the next
    apart = under(source.decay * 2 * rates[1], 3.0)
    # how irregular the intervals are, a steady change of rate left out
    line = 2.0 ** (np.log2(end) * np.arange(len(intervals)) / (len(intervals) - 1)) if not source.spread else 1.0
    varied = float((intervals / line).std() / (intervals / line).mean())
    slow = rates[1] < 20
    regular = all_of((under(max(varied, 1e-9), 0.15), True if rates[1] < 1.1 * rates[0] else None))
    return {
        "sustainedMotion": False if rates[1] < 45 and gap > 6.6 else None,
        "iterativeMotion": all_of((within(rates, 1, 20), over(gap, 6))),
        "granularMotion": all_of((within(rates, 20, 200), apart)) if rates[0] > 10 else within(rates, 20, 200),
        **_pulse(
            periodic=all_of((regular, slow or None)),
            irregular=all_of((over(varied, 0.3), slow or None)) if slow else None,
            none=False if slow and gap > 6.6 else None,
        ),
    }


def undulations(account: Account) -> Labels:
    """Name Schaeffer's allure: a slow undulation of pitch or level, by how regular its periods are."""
    names = ("allureMechanical", "allureLiving", "allureNatural")
    sound, modulation = account.sound, account.sound.modulation
    if isinstance(sound.source, Stream) or sound.motion.path in ("sine", "steps", "walk") or not _unbeaten(account):
        return dict.fromkeys(names)
    if modulation is None:
        return dict.fromkeys(names, False)
    plain = modulation.depth > (2.5 if modulation.of == "level" else 0.04)
    lengths = paths.periods(modulation, sound.duration, sound.seed)
    heard = lengths[np.cumsum(lengths) < _length(account)]
    if not plain or len(heard) < 4 or not within(modulation.rate, 0.5, 10):
        return dict.fromkeys(names) if plain and modulation.rate < 20 else dict.fromkeys(names, False)
    varied = float(heard.std() / heard.mean())
    return {
        "allureMechanical": under(varied, 0.05) if varied else True,
        "allureLiving": within(varied, 0.05, 0.25) if varied else False,
        "allureNatural": over(varied, 0.25) if varied else False,
    }


def _unbeaten(account: Account) -> bool:
    """Tell whether no slow beats are there to be taken for an undulation."""
    if account.bandwidth < 150:
        return False
    return account.even or account.level_depth > 1


def flows(account: Account) -> Labels:
    """Name the flow; what stands still passes through no states, so its flow is left undecided."""
    source, motion, even = account.sound.source, account.sound.motion, account.even
    if isinstance(source, Stream):
        few = max(source.rate, source.rate_end) < 15 and 20 / source.rate / source.decay > 12
        uneven = True if source.spread > 0.35 and few else None
        return {"unevenFlow": uneven, "smoothFlow": False if uneven else None}
    if motion.path == "steps" and float(np.ptp(account.heights)) > 0.5 and even and account.tonal:
        return {"unevenFlow": True, "smoothFlow": False}
    whole = isinstance(account.sound.envelope, Held | Swell) and account.overshoot < 1
    moving = abs(motion.octaves) > 0.2 and motion.path == "ramp"
    full = isinstance(source, Band) and (fluctuation(account) or 0.0) < 0.2
    smooth = (
        even and whole and ((moving and isinstance(source, Partials)) or (full and motion.path in ("still", "ramp")))
    )
    if isinstance(account.sound.envelope, Swell) and not isinstance(source, Band):
        smooth = False
    return {"unevenFlow": False if smooth else None, "smoothFlow": True if smooth else None}


def images(account: Account) -> Labels:
    """Name width, its change, and the path between the channels."""
    image, long = account.sound.image, _length(account) > 0.5
    sides = _side_share(image)
    across = _balance(image)
    travel, place = abs(across[1] - across[0]), max(abs(across[0]), abs(across[1]))
    if image.circum:
        return {"wideImage": None, "narrowImage": None, "widening": False, "narrowing": False,
                "spatialTrajectory": False, "circumspectralSpace": _circum(account)}  # fmt: skip
    both = min(sides), max(sides)
    wide, narrow = over(both, 0.25), under(both, 0.03) if both[1] else True
    if place > 0.5:  # the channels differ in level, which only one reading of width leaves out
        narrow = False if narrow is False else None
    grown = sides[-1] - sides[0]
    return {
        "wideImage": wide,
        "narrowImage": narrow,
        "widening": over(grown, 0.12) if long else None if grown > 0 else False,
        "narrowing": over(-grown, 0.12) if long else None if grown < 0 else False,
        "spatialTrajectory": (True if travel > 0.66 else False if travel < 0.1 else None) if long else None,
        "circumspectralSpace": False,
    }


def _side_share(image: Image) -> Array:
    """Return the share of the side signal along the sound, the panorama taken out."""
    angle = np.linspace(image.width, image.width_end, 33) * (np.pi / 2)
    return np.asarray((1 - np.cos(angle)) / 2)


def _balance(image: Image) -> tuple[float, float]:
    """Return the balance of energy (right - left) / (right + left) at the start and at the end."""
    return float(np.sin(image.start * np.pi / 2)), float(np.sin(image.end * np.pi / 2))


def _circum(account: Account) -> Verdict:
    """One sound whose spectrum is spread over different places: far enough, and with lines enough to be spread."""
    octaves, powers = account.spectra[0]
    spread_out = float(np.ptp(octaves[powers > powers.max() / 1000])) > 1
    still = account.sound.motion.path == "still" and not account.sound.motion.widening
    return True if spread_out and still and abs(account.sound.image.circum) > 0.6 else None
