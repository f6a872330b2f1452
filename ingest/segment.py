"""Where to listen: the whole recording, a row of windows, and the sound objects found in it.

Conventions
-----------
Times are seconds in half-open intervals. A sound object begins at an attack, at a change of sound (novelty) or where
sound sets in after silence, and ends where the next begins or where it has died away. Attacks that follow each
other within `CHAIN_SECONDS` belong to one iterative object. Where something enters under a sound that goes on, what
goes on is cut there too. Sound is what lies within `GATE_DB` of the loudest moment and above `FLOOR_DB` full scale.

References
----------
Onsets: S. Böck and G. Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013 (spectral flux in
dB over mel bands; for what enters under other sounds, bands beside their neighbours before, so that a glide is none).
Novelty: J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000 (contrast of the sound
before and after a moment).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ingest.features import BANDS
from ingest.frames import Array, Frames
from ontology.terms import SpanKind
from ontology.values import Recording, Span, seconds

__all__ = ["WINDOW_SECONDS", "Segmentation", "segment"]

WINDOW_SECONDS = 5.0
GATE_DB = 50.0
FLOOR_DB = -75.0
CHAIN_SECONDS = 0.3
MIN_OBJECT_SECONDS = 0.04
"""Shorter stretches are no objects; one between silences is taken as so long."""
_GAP_SECONDS = 0.08
_TAIL_DB = 40.0
_CLEAR_DB = 8.0
"""A stretch whose loudest moment is less than this above the gate is the flutter of a tail, no object."""
_FLUX_DB = 2.5
_RISE_DB = 6.0
_NOVELTY_SECONDS = 0.5
_NOVELTY_DB = 8.0
_SUDDEN_SECONDS, _SUDDEN_SHARE = 0.1, 0.85
_BEFORE_SECONDS, _AFTER_SECONDS = 0.5, 0.08
_RISE_LEAST_DB, _RISE_MOST_DB, _ENTRY_DB = 4.0, 12.0, 12.0
"""Something enters where bands rise above all that they and their neighbours had in the half second before: by 4 dB, no
more than 12 dB over that counting of each, and 12 dB over that of all together."""
_STOPS_DB = 6.0
_HEARD_DB = 30.0
"""Of the bands that much below the loudest nothing enters."""
_PROMINENCE_DB = 3.0
"""An attack begins an object if it rises this much above the loudest moment of the quarter second before."""
_WITHIN_SECONDS = 0.04
"""A stretch begins with an attack that comes so soon: its first frame hears what begins 31 ms after the frame does."""
_BLOCK = 32_768

Times = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """The spans of a recording, by kind, each list in order of time."""

    whole: Span
    windows: tuple[Span, ...]
    objects: tuple[Span, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans: the whole, the windows, the objects."""
        return (self.whole, *self.windows, *self.objects)


def segment(recording: Recording, frames: Frames, window_seconds: float = WINDOW_SECONDS) -> Segmentation:
    """Mark off the spans of a recording.

    Parameters
    ----------
    recording : Recording
    frames : Frames
        Its frames.
    window_seconds : float
        Length of the windows; a recording no longer than one has none. A rest shorter than half a window
        belongs to the last one.

    Returns
    -------
    Segmentation
    """
    duration = float(recording.duration)
    whole = Span(recording.id, seconds(0.0), recording.duration, SpanKind.WHOLE_RECORDING)
    edges = [i * window_seconds for i in range(int(duration / window_seconds + 0.5))] or [0.0]
    edges.append(duration)
    windows = tuple(
        Span(recording.id, seconds(start), seconds(end), SpanKind.FIXED_WINDOW) for start, end in pairwise(edges)
    )
    objects = tuple(
        Span(recording.id, seconds(start), seconds(min(end, duration)), SpanKind.DETECTED_OBJECT)
        for start, end in _objects(frames)
    )
    return Segmentation(whole, windows if len(windows) > 1 else (), objects)


def _objects(frames: Frames) -> list[tuple[float, float]]:
    hop = frames.spectral.hop_seconds
    level = 20 * np.log10(np.maximum(frames.spectral.column(0), 1e-8))
    gate = max(float(level.max()) - GATE_DB, FLOOR_DB)
    attacks = _attacks(frames, level)
    changes = np.union1d(_changes(frames, level, gate), _entries(frames, level, gate))
    objects = []
    for first, last in _regions(level > gate, round(_GAP_SECONDS / hop)):
        if level[first:last].max() < gate + _CLEAR_DB:
            continue
        start, end = first * hop, last * hop
        inside = attacks[(attacks >= start - 2 * hop) & (attacks < end)]
        cuts = _boundaries(start, end, inside, changes[(changes > start) & (changes < end)])
        for begin, finish in pairwise(cuts):
            trimmed = _trim(level, begin, finish, hop)
            # a click that stands alone has silence to spare
            if len(cuts) == 2 or trimmed - begin >= MIN_OBJECT_SECONDS:
                objects.append((begin, max(trimmed, begin + MIN_OBJECT_SECONDS)))
    return objects


def _regions(active: npt.NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Return the runs of active frames, bridging gaps of up to `gap` frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    regions: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        if regions and first - regions[-1][1] <= gap:
            regions[-1] = (regions[-1][0], last)
        else:
            regions.append((first, last))
    return regions


def _attacks(frames: Frames, level: Array) -> Times:
    """Return the times of attacks: peaks of spectral flux with a rise of level, refined on the envelope."""
    hop = frames.spectral.hop_seconds
    flux = frames.spectral.column(6)
    padded = np.pad(flux, 4, mode="edge")
    local = np.lib.stride_tricks.sliding_window_view(padded, 9)
    usual = _running_median(flux, round(1.0 / hop))
    ahead = np.lib.stride_tricks.sliding_window_view(np.pad(level, (0, 4), mode="edge"), 5).max(axis=1)
    behind = np.lib.stride_tricks.sliding_window_view(np.pad(level, (4, 0), constant_values=-160.0), 5).min(axis=1)
    lead = round(0.25 / hop)
    recent = np.lib.stride_tricks.sliding_window_view(
        np.pad(level, (lead + 2, 0), constant_values=-160.0)[: len(level) + lead - 1], lead
    ).max(axis=1)
    found = (flux >= local.max(axis=1)) & (flux > usual + _FLUX_DB) & (ahead - behind > _RISE_DB)
    found &= (ahead > recent + _PROMINENCE_DB) | (recent < level.max() - GATE_DB)
    return np.array([_refine(frames, index * hop, hop) for index in np.flatnonzero(found)], np.float64)


def _running_median(values: Array, length: int) -> Array:
    """Return the median over blocks of `length` frames, repeated to the length of the input."""
    blocks = [np.median(values[i : i + 2 * length]) for i in range(0, len(values), length)]
    return np.repeat(np.array(blocks, np.float32), length)[: len(values)]


def _refine(frames: Frames, time: float, hop: float) -> float:
    """Move an attack to where the envelope leaves a tenth of the height it attains."""
    start = max(0.0, time - 3 * hop)
    amplitude = np.sqrt(frames.envelope.between(start, time + 4 * hop)[:, 0])
    top = int(amplitude.argmax())
    low = amplitude[: top + 1]
    threshold = max(0.1 * float(amplitude[top]), 1.2 * float(low.min()))
    under = np.flatnonzero(low < threshold)
    return start + (int(under[-1]) + 1 if len(under) else 0) * frames.envelope.hop_seconds


def _changes(frames: Frames, level: Array, gate: float) -> Times:
    """Return the times at which most sound appears that was not there before.

    Only bands that gain more than the strongest one does count: a sound that swells or dies away, its high bands
    first, is still the same object. The change must be sudden too: a glide differs as much over a second, but
    little over a fifth of one.
    """
    hop = frames.spectral.hop_seconds
    reach, short = round(_NOVELTY_SECONDS / hop), round(_SUDDEN_SECONDS / hop)
    novelty = np.zeros(frames.spectral.length, np.float32)
    for first in range(0, frames.spectral.length, _BLOCK):
        bands = frames.spectral.rows(first - reach, first + _BLOCK + reach)[:, -BANDS:]
        if len(bands) < 2 * reach + 1:
            continue
        decibels = 10 * np.log10(np.maximum(bands, 1e-9))
        decibels = np.maximum(decibels, decibels.max(axis=1, keepdims=True) - 40)
        summed = np.concatenate([np.zeros((1, BANDS)), decibels.cumsum(axis=0, dtype=np.float64)])
        slow, sudden = _contrast(summed, reach, reach), _contrast(summed, short, reach)
        sudden = np.lib.stride_tricks.sliding_window_view(np.pad(sudden, 2), 5).max(axis=1)
        offset = max(0, first - reach) + reach
        part = np.where(sudden > _SUDDEN_SHARE * slow, slow, 0.0)
        novelty[offset : offset + len(part)] = part
    padded = np.pad(novelty, reach, mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    found = (novelty >= highest) & (novelty > _NOVELTY_DB) & (level > gate)
    # the first moment with a whole stretch before it has no neighbour to be lower, and is no maximum
    found[: reach + 1] = False
    return np.asarray(np.flatnonzero(found) * hop, np.float64)


def _entries(frames: Frames, level: Array, gate: float) -> Times:
    """Return the times at which something enters under what sounds already.

    Its bands rise above the loudest that they and their neighbours were for half a second; so what repeats, beats or
    glides does not enter again and again.
    """
    hop = frames.spectral.hop_seconds
    reach, ahead = round(_BEFORE_SECONDS / hop), round(_AFTER_SECONDS / hop)
    gain = np.zeros(frames.spectral.length, np.float32)
    for first in range(0, frames.spectral.length, _BLOCK):
        start = max(0, first - reach - 1)
        bands = frames.spectral.rows(start, first + _BLOCK + ahead)[:, -BANDS:]
        count = len(bands) - reach - ahead - 1
        if count <= 0:
            continue
        decibels = 10 * np.log10(np.maximum(bands, 1e-9))
        before = _highest(_with_neighbours(decibels), reach)[:count]
        # the mean of decibels: the splash of a sound that starts or stops at once is over in a frame or two
        after = np.lib.stride_tricks.sliding_window_view(decibels[reach + 1 :], ahead, axis=0).mean(axis=-1)[:count]
        rise = after - before - _RISE_LEAST_DB
        rise[after < after.max(axis=1, keepdims=True) - _HEARD_DB] = 0.0
        gain[start + reach + 1 : start + reach + 1 + count] = rise.clip(0.0, _RISE_MOST_DB).sum(axis=1)
    near = round(CHAIN_SECONDS / hop)
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(gain, near), 2 * near + 1).max(axis=1)
    # where a sound stops short, its splash rises above it
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(level, (1, ahead), mode="edge"), ahead + 2).min(axis=1)
    found = (gain >= highest) & (gain > _ENTRY_DB) & (level > gate) & (lowest > level - _STOPS_DB)
    return np.asarray(np.flatnonzero(found) * hop, np.float64)


def _with_neighbours(bands: Array) -> Array:
    """Return the strongest of each band and the two beside it."""
    padded = np.pad(bands, ((0, 0), (1, 1)), mode="edge")
    return np.maximum(np.maximum(padded[:, :-2], padded[:, 2:]), bands)


def _highest(values: Array, length: int) -> Array:
    """Return the maximum of each `length` rows on end; in steps that double, which takes few of them."""
    reached = 1
    while reached < length:
        step = min(reached, length - reached)
        values = np.maximum(values[: len(values) - step], values[step:])
        reached += step
    return values


def _contrast(summed: npt.NDArray[np.float64], reach: int, margin: int) -> npt.NDArray[np.float64]:
    """Return what the bands gain from the `reach` frames before a moment to those after it, in dB per band.

    Parameters
    ----------
    summed : ndarray of shape (frames + 1, bands)
        Cumulated levels in dB.
    reach, margin : int
        Frames compared on either side, and frames left out at both ends.
    """
    last = len(summed) - margin
    before = (summed[margin:last] - summed[margin - reach : last - reach]) / reach
    after = (summed[margin + reach : last + reach] - summed[margin:last]) / reach
    louder = np.maximum(after.max(axis=1, keepdims=True) - before.max(axis=1, keepdims=True), 0.0)
    return np.asarray(np.sqrt(np.mean(np.maximum(after - before - louder, 0.0) ** 2, axis=1)))


def _boundaries(start: float, end: float, attacks: Times, changes: Times) -> list[float]:
    """Return the times that cut a stretch of sound into objects, its start and end included."""
    cuts = [start]
    previous = -np.inf
    for attack in attacks.tolist():
        near_start = attack - start < CHAIN_SECONDS and len(cuts) == 1
        if near_start and previous == -np.inf:
            cuts[0] = attack if attack - start < _WITHIN_SECONDS else start
        if attack - previous >= CHAIN_SECONDS and attack - cuts[-1] >= CHAIN_SECONDS:
            cuts.append(attack)
        previous = attack
    for change in changes.tolist():
        if all(abs(change - cut) >= CHAIN_SECONDS for cut in [*cuts, end]) and not np.any(
            np.abs(attacks - change) < CHAIN_SECONDS
        ):
            cuts.append(change)
    return [*sorted(cuts), end]


def _trim(level: Array, start: float, end: float, hop: float) -> float:
    """Return where an object has died away: after its last frame within 40 dB of its loudest."""
    first, last = round(start / hop), max(round(end / hop), round(start / hop) + 1)
    part = level[first:last]
    if not len(part):
        return end
    loud = np.flatnonzero(part > part.max() - _TAIL_DB)
    return min(end, (first + int(loud[-1]) + 1) * hop)
