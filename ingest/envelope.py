"""What the envelope of a span tells: attack, decay, shape, iteration and grain.

Conventions
-----------
The envelope comes as mean squares over hops of 2 ms. Times are seconds, levels dB relative to the maximum of the
span. A rise or fall that is slow is measured on a smoothed envelope, so that the flicker of noise is not taken for an
attack.
"""

import numpy as np
import numpy.typing as npt

from ingest.trend import percentiles, trend

__all__ = ["EDGE_SECONDS", "envelope_properties"]

Curve = npt.NDArray[np.floating]
Values = dict[str, float]

EDGE_SECONDS = 0.02
"""How much of the sound before and after an object is looked at, to see its attack and its end from below."""

_SMOOTHINGS = (0.004, 0.02, 0.1)
"""Lengths in seconds over which the envelope is smoothed, tried from fine to coarse."""
_RISE_FROM, _THREE_DB = 0.05, 0.7079
"""A rise is followed from 26 dB below the maximum."""
_CLEAR_OF_FLOOR = 2.5
"""Amplitudes of less than so many times that of the floor are its flicker."""
_SETTLES_SECONDS, _REST_SECONDS, _REST_DB = (0.3, 1.0), 0.1, 4.0
"""After an overshoot the level is at rest between these times, for so long at least, and moves by no more."""
_DIP_SECONDS, _COARSER = 0.5, 5
"""How far around a dip its shoulders are looked for, and how many hops at a time."""
_EVENT_SECONDS, _EVENT_DB = 0.012, 6.0
_SLOWER_THAN = 3.0
"""A time measured on a smoothed envelope counts if it is this many smoothing lengths long."""


def _smooth(power: Curve, hop: float, length: float) -> Curve:
    """Return the RMS over a running window of `length` seconds, as long as the input; edges repeat their value."""
    count = min(max(1, round(length / hop)), len(power))
    if count == 1:
        return np.asarray(np.sqrt(power))
    first, last = count // 2, count // 2 + len(power)
    padded = np.empty(len(power) + count - 1)
    padded[:first], padded[first:last], padded[last:] = power[0], power, power[-1]
    summed = np.zeros(len(padded) + 1)
    padded.cumsum(out=summed[1:])
    return np.asarray(np.sqrt(np.maximum(summed[count:] - summed[:-count], 0.0) / count))


def _rise_time(amplitude: Curve, hop: float, least: float) -> float | None:
    """Return the time of the first rise, from 10 % to 90 % of the height it attains, in seconds.

    The rise goes on as long as the level gains 3 dB in as much time as it has taken so far, at least 10 ms; then
    the maximum is looked for half as long again (a straight rise needs 0.46 of that). So an even swell is one rise,
    and what comes to rest and grows again later is two. The rise is counted from what sounds before it.

    Parameters
    ----------
    amplitude : ndarray of shape (frames,)
    hop : float
        Seconds.
    least : float
        Amplitude below which nothing counts as attained.
    """
    top = float(amplitude.max())
    if top <= 0:
        return None
    shortest = round(0.01 / hop)
    reached = int(np.argmax(amplitude >= max(_RISE_FROM * top, min(least, _THREE_DB * top))))
    while True:
        floor = float(amplitude[: reached + 1].min())
        risen = reached - _last_below(amplitude[:reached], floor + 0.1 * float(amplitude[reached] - floor))
        attained = float(amplitude[reached : reached + max(1, shortest, risen) + 1].max())
        if amplitude[reached] >= _THREE_DB * attained:
            break
        reached += int(np.argmax(amplitude[reached:] >= _THREE_DB * attained))
    attained = float(amplitude[reached : reached + max(1, shortest, risen // 2 + 1)].max())
    high = int(np.argmax(amplitude >= floor + 0.9 * (attained - floor)))
    low = _last_below(amplitude[: high + 1], floor + 0.1 * (attained - floor))
    return max(high - low, 1) * hop


def _last_below(amplitude: Curve, threshold: float) -> int:
    """Return the index of the last value below a threshold, 0 if there is none."""
    under = np.flatnonzero(amplitude < threshold)
    return int(under[-1]) if len(under) else 0


def _slope_time(power: Curve, hop: float, least: float) -> float | None:
    """Return the rise time on the finest envelope that resolves it: coarser ones where the rise is slow."""
    found = None
    # silence at the far end, where an edge that repeats a loud moment would be the highest
    power = np.pad(power, (0, round(_SMOOTHINGS[-1] / hop)))
    for length in _SMOOTHINGS:
        time = _rise_time(_smooth(power, hop, length), hop, least)
        if time is None:
            return found
        if found is None or time > _SLOWER_THAN * length:
            found = time
    return found


def envelope_properties(power: Curve, hop: float, edges: tuple[int, int] | None, floor: float = 0.0) -> Values:
    """Measure the envelope of a span.

    Parameters
    ----------
    power : ndarray of shape (frames,)
        Mean square per hop.
    hop : float
        Seconds.
    edges : (int, int) or None
        For a sound object, how many of the frames come before its start and after its end; attack, decay and shape
        are measured only then.
    floor : float
        Mean square of the floor of the recording, which is taken out.

    Returns
    -------
    dict of str to float
        Value by property id.
    """
    values: Values = {}
    whole = np.maximum(np.asarray(power, np.float64) - floor, 0.0)
    least = _CLEAR_OF_FLOOR * floor**0.5
    before, after = edges or (0, 0)
    power = whole[before : len(whole) - after]
    if len(power) < 20 or power.max() <= 0:
        return values
    if edges is not None:
        _attack(values, whole[: len(whole) - after], before, hop, least)
        _release(values, whole[before:], hop, least)
        _decay(values, power, hop)
        _shape(values, power, hop)
        _effective(values, power, hop)
    _level(values, power, hop)
    _texture(values, power, hop)
    _events(values, power, hop)
    return values


def _attack(values: Values, power: Curve, lead: int, hop: float, least: float) -> None:
    attack = _slope_time(power, hop, least)
    if attack is not None:
        values["attackTime"] = attack
    before = _decibels(_smooth(power, hop, 0.004))[: lead + 2]
    values["onsetFloor"] = 0.0 - float(before.min())


def _release(values: Values, power: Curve, hop: float, least: float) -> None:
    """Put how fast the sound ends, unless it goes on or something else drowns its end."""
    release = _slope_time(power[::-1], hop, least)
    if release is not None and _decibels(_smooth(power, hop, 0.01))[-1] < -20:
        values["releaseTime"] = release


def _decay(values: Values, power: Curve, hop: float) -> None:
    level = _decibels(_smooth(power, hop, 0.02))
    top = int(level.argmax())
    level = level[top:]
    count = _last_above(level, -20)
    if count < len(level):
        values["decayTime"] = count * hop
    fall = level[: _last_above(level, -30)]
    if len(fall) >= 10:
        values["decayFit"] = _line_fit(fall)


def _last_above(level: Curve, threshold: float) -> int:
    """Return how many values there are up to the last one above a threshold that the first one exceeds."""
    return int(np.flatnonzero(level > threshold)[-1]) + 1


def _line_fit(curve: Curve) -> float:
    """Return R squared of a falling straight line through a curve; 0 if it does not fall."""
    time = np.linspace(-1, 1, len(curve))
    centred = curve - curve.mean()
    slope = float(time @ centred / (time @ time))
    total = float(centred @ centred)
    if slope >= 0 or total <= 0:
        return 0.0
    return 1 - float(((centred - slope * time) ** 2).sum()) / total


def _decibels(amplitude: Curve) -> Curve:
    return np.asarray(20 * np.log10(np.maximum(amplitude / amplitude.max(), 1e-6)))


def _shape(values: Values, power: Curve, hop: float) -> None:
    count = len(power)
    values["plateauShare"] = float(np.mean(_decibels(_smooth(power, hop, 0.02)) > -6))
    broad = _decibels(_smooth(power, hop, min(0.1, count * hop / 8)))
    near = np.flatnonzero(broad > -3)
    values["peakPosition"] = (int(broad.argmax()) + 0.5) / count
    values["riseShare"] = float(near[0]) / count
    values["fallShare"] = 1 - (float(near[-1]) + 1) / count


def _effective(values: Values, power: Curve, hop: float) -> None:
    """Put the time above 40 % of the maximum, and by how much the beginning overshoots what follows."""
    amplitude = _smooth(power, hop, 0.004)
    values["effectiveDuration"] = float((amplitude > 0.4 * amplitude.max()).sum()) * hop
    level = _decibels(_smooth(power, hop, 0.05))
    top = int(level[: max(1, round(0.3 * len(level)))].argmax())
    rest = level[top + round(_SETTLES_SECONDS[0] / hop) : top + round(_SETTLES_SECONDS[1] / hop)]
    rest = rest[: max(0, round(0.8 * len(level)) - top)]
    values["overshoot"] = 0.0
    if len(rest) * hop >= _REST_SECONDS:
        low, middle, high = percentiles(rest, 5, 50, 95)
        if high - low < _REST_DB:
            values["overshoot"] = max(0.0, float(level[top]) - middle)


def _level(values: Values, power: Curve, hop: float) -> None:
    """Put how the 50 ms level moves along the span."""
    group = round(0.05 / hop)
    whole = len(power) // group * group
    if whole < 4 * group:
        return
    level = 10 * np.log10(np.maximum(power[:whole].reshape(-1, group).mean(axis=1), 1e-12))
    sounding = level > level.max() - 40
    first, last = int(np.argmax(sounding)), len(level) - int(np.argmax(sounding[::-1]))
    moving = trend(level[first:last])
    if moving is not None:
        values["levelChange"], values["levelTrend"] = moving.change, moving.tau
    body = level[len(level) // 10 : len(level) - len(level) // 10]
    low, high = percentiles(body, 5, 95)
    values["levelRange"] = high - low


def _texture(values: Values, power: Curve, hop: float) -> None:
    """Put flicker faster than 15 Hz and undulation from 1 to 15 Hz, over the sounding part."""
    fine, usual = _smooth(power, hop, 0.004), _smooth(power, hop, 0.07)
    sounding = usual > usual.max() * 10 ** (-30 / 20)
    if sounding.sum() * hop < 0.1:
        return
    flicker = (fine[sounding] / usual[sounding]).astype(np.float64)
    values["roughEnvelope"] = float(flicker.std())
    if sounding.sum() * hop >= 0.4:
        body = np.flatnonzero(usual > usual.max() * 10 ** (-12 / 20))
        values["slowEnvelope"] = _dips(_decibels(usual[body[0] : body[-1] + 1 : _COARSER]), hop * _COARSER)


def _dips(level: Curve, hop: float) -> float:
    """Return how far the level dips below what comes before and after: the 95th percentile, in dB.

    A dip is measured from the lower of the maxima of half a second before and after, so that a level which only rises
    and falls has none.
    """
    reach = round(_DIP_SECONDS / hop)
    padded = np.pad(level, reach, constant_values=-120.0)
    highest = np.lib.stride_tricks.sliding_window_view(padded, reach + 1).max(axis=1)
    return percentiles(np.minimum(highest[: len(level)], highest[reach:]) - level, 95)[0]


def _events(values: Values, power: Curve, hop: float) -> None:
    """Put rate, gaps and regularity of attacks within the span."""
    level = np.maximum(_decibels(_smooth(power, hop, _EVENT_SECONDS)), -60.0)
    peaks, valleys = _alternations(level, _EVENT_DB)
    values["eventCount"] = float(len(peaks))
    if len(peaks) < 3:
        return
    times = np.array(peaks) * hop
    intervals = np.diff(times)
    values["eventRate"] = float((len(times) - 1) / (times[-1] - times[0]))
    values["eventGap"] = float(np.median(level[peaks[:-1]] - level[valleys[: len(peaks) - 1]]))
    values["eventSpread"] = float(intervals.std() / intervals.mean())
    moving = trend(-np.log2(intervals))
    if moving is not None:
        values["eventRateChange"], values["eventRateTrend"] = moving.change, moving.tau


def _alternations(level: Curve, depth: float) -> tuple[list[int], list[int]]:
    """Return the peaks and the valleys between them that differ by at least `depth` dB, in order.

    Only the loud part counts: peaks within 25 dB of the maximum.
    """
    peaks: list[int] = []
    valleys: list[int] = []
    high = low = float(level[0])
    rising, at = True, 0
    # only where the curve turns can a peak or a valley be
    turns = _turns(level)
    for index, value in zip(turns.tolist(), level[turns].tolist(), strict=True):
        if rising:
            if value > high:
                high, at = value, index
            elif value < high - depth:
                if high > -25:
                    peaks.append(at)
                    valleys.append(index)
                elif valleys and level[index - 1] < high - depth:  # a dip after a soft peak, deeper than where it began
                    valleys[-1] = index
                low, rising = value, False
        elif value < low:
            low = value
            if valleys:
                valleys[-1] = index
        elif value > low + depth:
            high, at, rising = value, index, True
    return peaks, valleys


def _turns(curve: Curve) -> npt.NDArray[np.intp]:
    """Return the indices of the ends of a curve and of all points but those on a steady rise, fall or level."""
    course = np.sign(np.diff(curve))
    turning = np.ones(len(curve), np.bool_)
    np.not_equal(course[1:], course[:-1], out=turning[1:-1])
    return np.flatnonzero(turning)
