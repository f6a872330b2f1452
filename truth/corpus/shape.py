"""Labels of the shape of a sound: archetype, onset, ending, dynamic profile, energy.

Conventions
-----------
Each function returns, by vocabulary id, True, False or None (undecided), from the account of a sound. Cuts are those
of ``vocabulary.csv``; where its prose and its hint differ, True needs both.
"""

import numpy as np

from truth.corpus.account import Account, change, tau
from truth.corpus.logic import Reading, Verdict, all_of, negation, over, under, within
from truth.corpus.parameters import Held, Reversed, Slope, Stream, Strike, Swell

__all__ = ["archetypes", "dynamics", "endings", "energy", "onsets"]

Labels = dict[str, Verdict]

_ARCHETYPES = (
    "attackImpulse", "attackDecay", "closedAttackDecay", "openAttackDecay", "graduatedContinuant",
    "swelledGraduatedContinuant", "reversedOnset",
)  # fmt: skip


def _near_peak(account: Account, decibels: float) -> tuple[float, float]:
    """Return the first and last place, from 0 to 1, within some decibels of the maximum."""
    near = np.flatnonzero(account.level > -decibels) / len(account.level)
    return float(near[0]), float(near[-1])


def archetypes(account: Account) -> Labels:
    """Name the envelope of a continuous source; that of events and of slow beats is left undecided."""
    envelope = account.sound.envelope
    if not account.even:
        return dict.fromkeys(_ARCHETYPES)
    struck = isinstance(envelope, Strike)
    cut = isinstance(envelope, Strike) and envelope.cut > 0
    decay = account.decay
    quick, falls = under(account.rise, 0.03), within(decay, 0.08, 10) if struck else False
    if cut or (isinstance(envelope, Slope) and envelope.change < 0):
        falls = None  # a decay that is cut off, and a held sound that sinks evenly, lie between
    decays = all_of((quick, falls))
    plateau = float((account.level > -6).mean())
    return {
        "attackImpulse": all_of((under(account.rise, 0.015), under(decay, 0.08))) if struck else False,
        "attackDecay": decays,
        "closedAttackDecay": all_of((decays, within(decay, 0.08, 0.5))),
        "openAttackDecay": all_of((decays, over(decay, 0.5))),
        "graduatedContinuant": all_of((over(account.rise, 0.08), over(plateau, 0.4), over(account.release, 0.08))),
        "swelledGraduatedContinuant": _swelled(account),
        "reversedOnset": _reversed(account),
    }


def _swelled(account: Account) -> Verdict:
    envelope = account.sound.envelope
    match envelope:
        case Swell(peak):
            return all_of((within(peak, 0.25, 0.75), over(peak, 0.2), over(1 - peak, 0.2)))
        case Held():
            first, last = _near_peak(account, 1)
            return False if last - first > 0.3 or envelope.overshoot > 3 else None
        case Slope():
            return False if abs(envelope.change) > 6 else None
        case _:
            return False


def _reversed(account: Account) -> Verdict:
    envelope = account.sound.envelope
    if isinstance(envelope, Reversed):
        return True if envelope.stop < 0.02 else None
    return None if isinstance(envelope, Slope) and envelope.change > 0 else False


def _edge_of_events(account: Account, rise: Reading, *, first: bool) -> Reading | None:
    """Return the reading of an edge, or None where it cannot be told: events have edges of their own."""
    source, modulation = account.sound.source, account.sound.modulation
    longest = rise[1] if isinstance(rise, tuple) else rise
    if isinstance(source, Stream):
        if longest < 0.005 and first:
            return rise
        return rise if longest * min(source.rate, source.rate_end) > 8 else None
    if modulation is not None and modulation.of == "level" and modulation.depth > 1:
        return rise if first and longest < 0.1 / modulation.rate else None
    return rise


def onsets(account: Account) -> Labels:
    """Name the beginning: Thoresen's, Schaeffer's and the data set's kinds, by the length of the rise."""
    names = (
        "thOnsetSharp", "thOnsetMarked", "thOnsetGradual", "thOnsetSwelled", "dsOnsetSharp", "dsOnsetMarked",
        "dsOnsetFadeIn", "dsOnsetSwelled", "schAttackAbrupt", "schAttackSteep", "schAttackSoft", "schAttackFlat",
        "schAttackGentle", "schAttackSforzando", "schAttackNil", "emergence", "attackFunction",
    )  # fmt: skip
    rise = _edge_of_events(account, account.rise, first=True)
    if rise is None or account.bandwidth < 100:
        return dict.fromkeys(names)
    struck = isinstance(account.sound.envelope, Strike)
    events = isinstance(account.sound.source, Stream)
    jump = account.overshoot
    short = under(account.decay, 0.08) if struck else False
    sharp, marked, gradual = under(rise, 0.015), within(rise, 0.015, 0.05), over(rise, 0.3)
    swelled = all_of((over(rise, 0.05), over(jump, 3), _early_peak(account)))
    found: Labels = {
        "thOnsetSharp": sharp,
        "thOnsetMarked": marked,
        "thOnsetGradual": gradual,
        "thOnsetSwelled": swelled,
        "dsOnsetSharp": sharp,
        "dsOnsetMarked": marked,
        "dsOnsetFadeIn": gradual,
        "dsOnsetSwelled": swelled,
        "schAttackAbrupt": all_of((under(rise, 0.005), True if short else None)),
        "schAttackSteep": all_of((within(rise, 0.005, 0.02), struck, negation(short))),
        "schAttackSoft": all_of((within(rise, 0.015, 0.04), struck, negation(short))),
        "schAttackFlat": all_of((under(rise, 0.04), under(jump, 2), not struck)),
        "schAttackGentle": all_of((within(rise, 0.08, 0.3), under(jump, 2))),
        "schAttackSforzando": all_of((within(rise, 0.02, 0.15), over(jump, 4))),
        "schAttackNil": gradual,
        "emergence": over(rise, 0.5),
        "attackFunction": sharp,
    }
    if events:  # each event is a small stroke: only the edge of the whole is sure
        found |= {name: None for name in found if name.startswith("schAttack") and name != "schAttackNil"}
    return found


def _early_peak(account: Account) -> Verdict:
    return under(_near_peak(account, 1)[1], 0.3)


def endings(account: Account) -> Labels:
    """Name the end: the kinds of the SCHAEFFER data set, and disappearance."""
    names = (
        "dsOffsetSuddenStop", "dsOffsetMarked", "dsOffsetSoft", "dsOffsetFadeOut", "dsOffsetLaissezVibrer",
        "dsOffsetInterrupted", "disappearance",
    )  # fmt: skip
    fall = _edge_of_events(account, account.release, first=False)
    if fall is None or account.bandwidth < 100:
        return dict.fromkeys(names)
    envelope = account.sound.envelope
    struck = isinstance(envelope, Strike)
    cut = isinstance(envelope, Strike) and envelope.cut > 0
    sinks = isinstance(envelope, Slope) and envelope.change < 0
    stopped = None if sinks else bool(cut)
    return {
        "dsOffsetSuddenStop": under(fall, 0.015),
        "dsOffsetMarked": within(fall, 0.015, 0.08),
        "dsOffsetSoft": within(fall, 0.08, 0.5),
        "dsOffsetFadeOut": over(fall, 0.5),
        "dsOffsetLaissezVibrer": None if sinks else all_of((struck, not cut, over(account.decay, 0.1))),
        "dsOffsetInterrupted": stopped,
        "disappearance": over(fall, 0.5),
    }


def _impulsive(account: Account) -> Verdict:
    """Tell whether the effective duration is below 0.1 s: from 40 % to 10 % of the maximum may count."""
    if not isinstance(account.sound.envelope, Strike):
        return False if account.sound.duration > 0.5 else None
    return under((0.4 * account.decay, account.decay), 0.1)


def dynamics(account: Account) -> Labels:
    """Name the dynamic profile: Peeters and Deruty's classes and the data set's sustain, which exclude one another."""
    names = ("Ascending", "Descending", "UpDown", "Stable", "Impulsive")
    twins = {"Ascending": "dsSustainUplifting", "Descending": "dsSustainDecaying", "Stable": "dsSustainFlat",
             "Impulsive": "dsSustainNone"}  # fmt: skip
    if account.even:
        first, last = _near_peak(account, 1)
        body = account.level[len(account.level) // 10 : -len(account.level) // 10]
        moved, third = change(body), len(body) // 3
        rises = float(body[third:-third].max() - body[:10].mean())
        falls = float(body[third:-third].max() - body[-10:].mean())
        impulsive = _impulsive(account)
        stable = all_of((under(float(np.ptp(body)), 6), negation(impulsive)))
        other = (negation(stable), negation(impulsive))
        verdicts: dict[str, Verdict] = {
            "Ascending": all_of((*other, over(first, 0.8), over(moved, 6))),
            "Descending": all_of((*other, under(last, 0.2), over(-moved, 6))),
            "UpDown": all_of((*other, over(first, 0.2), under(last, 0.8), over(rises, 6), over(falls, 6))),
            "Stable": stable,
            "Impulsive": impulsive,
        }
    else:
        verdicts = dict.fromkeys(names)
    found: Labels = {f"pdDynamic{name}": verdict for name, verdict in verdicts.items()}
    return found | {twin: verdicts[name] for name, twin in twins.items()}


def level_grows(account: Account) -> Verdict:
    """Tell whether the level rises along the sound: by 6 dB and steadily, or not at all."""
    moved = change(np.maximum(account.level, -40.0))
    if all_of((over(moved, 6), over(tau(account.level), 0.5))):
        return True
    return False if moved < 1 else None


def energy(account: Account) -> Labels:
    """Name how energy is given: held, in one burst, or by repeated impacts."""
    source, duration = account.sound.source, account.sound.duration
    impulse = _impulsive(account) if account.even else None if account.bandwidth < 150 else False
    iterated = _iterated(account)
    struck = isinstance(account.sound.envelope, Strike)
    lobe: Verdict = None if struck else True
    held = all_of((not isinstance(source, Stream), lobe, account.even or None, negation(iterated), negation(impulse)))
    return {
        "schImpulse": impulse,
        "thImpulse": impulse,
        "schHeld": all_of((held, within(duration, 0.1, 5))),
        # defined as *held*, which ends at 5 s, without its limits: longer is undecided for all, or length would tell it
        "thSustained": held if duration < 4.5 else None,
        "schIterative": iterated,
        "thIterated": iterated,
        "dsSustainIteration": iterated,
    }


def _iterated(account: Account) -> Verdict:
    """Tell whether 2 to 20 onsets per second are heard."""
    source, modulation = account.sound.source, account.sound.modulation
    if isinstance(source, Stream):
        rates = sorted((source.rate, source.rate_end))
        return within((rates[0], rates[1]), 2, 20)
    if modulation is not None and account.level_depth > 1:
        deep = True if account.level_depth > 12 else False if account.level_depth < 5 else None
        return all_of((within(modulation.rate, 2, 20), deep))
    return False if account.even else None
