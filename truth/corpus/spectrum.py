"""Labels of the spectrum: note to noise, mass, brightness, density, regions.

Conventions
-----------
As in `truth.corpus.shape`. What a sound is made of is known: a series of partials, a cluster, a band of noise. The
labels ask whether the parameters of that make meet the definition.
"""

import numpy as np

from truth.corpus import spectra
from truth.corpus.account import Account
from truth.corpus.logic import Reading, Verdict, all_of, any_of, negation, over, under
from truth.corpus.parameters import Array, Band, Cluster, Held, Modes, Modulation, Partials, Spectrum, Stream
from truth.corpus.shape import energy

__all__ = ["fluctuation", "masses", "mixed", "placed", "typology"]

Labels = dict[str, Verdict]

_ENVELOPE_SECONDS = 0.004
_CYCLES = 15.0  # a partial is told apart from one so near that they part by 15 cycles while they sound


def typology(account: Account) -> Labels:
    """Name the place between note and noise (Smalley)."""
    source = account.sound.source
    matter = source.matter if isinstance(source, Stream) else source
    noise = _noise(account, matter)
    deviation = _deviation(account, matter)
    count = _count(account)
    clear = _clear(account, matter)
    harmonic: Verdict = None
    if matter_is_tonal(matter):
        one = isinstance(matter, Partials) and matter.tones > 1
        many: Verdict = None if one or count < 4 else True
        harmonic = all_of((clear, many, under(deviation, 15)))
    elif noise or _node(account, matter):
        harmonic = False
    inharmonic = _inharmonic(account, matter, deviation, clear)
    note = _note(account, matter, deviation, clear)
    return {
        "spectralNote": note,
        "harmonicSpectrum": harmonic,
        "inharmonicSpectrum": inharmonic,
        "node": _node(account, matter),
        "spectralNoise": noise,
        **_grain(account, noise),
    }


def matter_is_tonal(matter: object) -> bool:
    """Tell whether a source is made of single partials."""
    return isinstance(matter, Partials | Modes | Spectrum)


def _count(account: Account) -> int:
    """Return the partials within 30 dB of the strongest, from the start to -20 dB of a decay."""
    return min(int((powers > powers.max() / 1000).sum()) for _, powers in account.spectra)


def _deviation(account: Account, matter: object) -> Reading:
    """Return how far the partials lie from a harmonic series, in cents: the median, and nine tenths of them."""
    if not matter_is_tonal(matter):
        return float("inf")
    found = [spectra.comb_deviation(*account.spectra[place]) for place in (0, -1)]
    return max(pair[0] for pair in found), max(pair[1] for pair in found)


def _clear(account: Account, matter: object) -> Verdict:
    """Tell whether partials sound long and steadily enough to be told apart."""
    if not account.tonal:
        return None if matter_is_tonal(matter) else False
    if isinstance(matter, Spectrum):
        return True if account.ring * matter.carrier * min(matter.ratio, 1.0) > _CYCLES else None
    assert isinstance(matter, Partials | Modes)
    apart = min(spectra.closest(matter), matter.base)
    scattered = isinstance(account.sound.source, Stream) and account.sound.source.jitter > 0.02
    return True if apart * account.ring > _CYCLES and account.ring > 0.03 and not scattered else None


def _note(account: Account, matter: object, deviation: Reading, clear: Verdict) -> Verdict:
    """Tell whether it is one harmonic series, a sine included; a chord is a split set, hence left undecided."""
    if isinstance(matter, Partials) and matter.tones > 1:
        return None
    if matter_is_tonal(matter):
        if under(deviation, 15):
            return clear
        return False if _inharmonic(account, matter, deviation, clear) else None
    return False if _noise(account, matter) or _node(account, matter) else None


def _inharmonic(account: Account, matter: object, deviation: Reading, clear: Verdict) -> Verdict:
    """Several partials, none of which leads alone, with no harmonic series and at least 0.35 octave apart."""
    if not matter_is_tonal(matter):
        return False if _noise(account, matter) or _node(account, matter) else None
    if isinstance(matter, Partials) and matter.tones > 1:
        return None
    leading = max(spectra.strongest_share(powers) for _, powers in account.spectra)
    several = True if _count(account) >= 4 and leading < 0.7 else None
    wide = over((float(account.spreads[0].min()) * 2, float(account.spreads[1].max()) * 2), 0.35)
    return all_of((clear, several, wide, over(deviation, 15)))


def _width(account: Account) -> tuple[float, float]:
    widths = [spectra.full_width(*account.spectra[place]) for place in (0, len(account.spectra) // 2, -1)]
    return min(widths), max(widths)


def _node(account: Account, matter: object) -> Verdict:
    """Tell a knot of close sines or narrow noise, less than 0.35 octave wide and not so narrow as to be a tone."""
    least, most = _width(account)
    if matter_is_tonal(matter):
        return False if _clear(account, matter) else None
    if isinstance(account.sound.source, Stream):
        return False if over(least, 0.7) else None
    narrow = under((least, most), 0.35)
    close: Verdict = True
    if isinstance(matter, Cluster):
        step = matter.centre * most / matter.count
        close = under(step, 24.7 + 0.108 * matter.centre)  # equivalent rectangular bandwidth of hearing
    thick: Verdict = True if least > 0.08 else None
    return all_of((narrow, close, thick))


def _noise(account: Account, matter: object) -> Verdict:
    """Noise at least 1.1 octaves wide; narrower noise and dense clusters are left undecided."""
    if isinstance(matter, Band):
        return True if _width(account)[0] > 1.1 else None
    if matter_is_tonal(matter):
        return False if _clear(account, matter) else None
    return None


def fluctuation(account: Account) -> float | None:
    """Return the expected coefficient of variation of the 4 ms level of a held noise; None for other sounds.

    That of steady noise is half of 1 / sqrt(bandwidth x 4 ms); that of events half of 1 / sqrt(rate x effective
    length), the length that of the squared level over its square; that of an undulation follows from its depth.
    """
    sound = account.sound
    envelope = sound.envelope
    if not isinstance(envelope, Held) or envelope.overshoot:
        return None
    squares = 0.0
    if isinstance(sound.source, Stream):
        length = sound.source.decay / (2 * np.log(10)) * 2 + _ENVELOPE_SECONDS
        squares += 0.25 / (min(sound.source.rate, sound.source.rate_end) * length)
        bandwidth = sound.source.matter.high - sound.source.matter.low if isinstance(sound.source.matter, Band) else 0
        squares += 0.25 / (bandwidth * _ENVELOPE_SECONDS) if bandwidth else 0.0
    elif isinstance(sound.source, Band):
        squares += 0.25 / (account.bandwidth * _ENVELOPE_SECONDS)
    else:
        return None
    modulation = sound.modulation
    if modulation is not None and modulation.of == "level":
        squares += _swing_variation(modulation)
    return float(np.sqrt(squares))


def _swing_variation(modulation: Modulation) -> float:
    """Return the squared coefficient of variation of an undulation, seen through 4 ms."""
    phase = np.arange(256) / 256
    level = 10.0 ** (-modulation.depth * (1 - np.cos(2 * np.pi * phase)) / 40)
    window = max(1, round(_ENVELOPE_SECONDS * modulation.rate * 256))
    seen = np.convolve(np.tile(level, 3), np.full(window, 1 / window), mode="same")[256:512]
    return float((seen.std() / seen.mean()) ** 2)


def _grain(account: Account, noise: Verdict) -> Labels:
    """Name the surface of a noise: of perceptible particles, or so full that none is heard."""
    if noise is not True:
        return {"granularNoise": noise, "saturateNoise": noise}
    varies = fluctuation(account)
    if varies is None:
        return {"granularNoise": None, "saturateNoise": None}
    source, modulation = account.sound.source, account.sound.modulation
    particles: Verdict = False
    if isinstance(source, Stream):
        rates = min(source.rate, source.rate_end), max(source.rate, source.rate_end)
        particles = True if rates[0] > 18 and rates[1] < 220 else None
    elif modulation is not None and modulation.of == "level":
        particles = True if modulation.depth > 8 and 18 < modulation.rate < 220 else None
    return {
        "granularNoise": all_of((over(varies, 0.25), particles)),
        "saturateNoise": all_of((under(varies, 0.15), negation(particles))),
    }


def masses(account: Account) -> Labels:
    """Name the mass (Schaeffer, Thoresen, the data set) and Schaeffer's typology, as follows from the typology."""
    kinds = typology(account)
    source = account.sound.source
    matter = source.matter if isinstance(source, Stream) else source
    leading = [spectra.strongest_share(powers) for _, powers in account.spectra]
    pure = all_of((matter_is_tonal(matter), _clear(account, matter), True if min(leading) > 0.98 else None))
    if min(leading) < 0.85 or not matter_is_tonal(matter):
        pure = False
    note, node, noise = kinds["spectralNote"], kinds["node"], kinds["spectralNoise"]
    chord = isinstance(matter, Partials) and matter.tones > 1
    group = (_clear(account, matter) if chord else None) if matter_is_tonal(matter) else False
    if matter_is_tonal(matter) and not chord and note:
        group = False
    spreads = float(account.spreads[0].min()), float(account.spreads[1].max())
    complex_ = any_of((node, noise, kinds["inharmonicSpectrum"]))
    found = {
        "schMassPure": pure,
        "dsMassSinusoidal": pure,
        "schMassTonic": note,
        "thPitched": note,
        "schMassTonicGroup": group,
        "schMassNode": node,
        "dsMassCluster": node,
        "schMassWhiteNoise": all_of((noise, over(spreads, 1.3))),
        "thComplex": noise,
        "dsMassNoisy": noise,
        "dsMassHarmonic": kinds["harmonicSpectrum"],
        "dsMassInharmonic": kinds["inharmonicSpectrum"],
    }  # fmt: skip
    return found | _typical(account, note, complex_)


def _typical(account: Account, note: Verdict, complex_: Verdict) -> Labels:
    """Name Schaeffer's typical notes: the pitch of the mass by how the energy is given."""
    given = energy(account)
    moved = float(np.ptp(account.heights))
    fixed = under(moved, 1 / 12) if moved else True
    moves = over(moved, 2 / 12)
    if account.moves_spectrum:
        fixed, moves = None, None
    held, impulse, iterated = given["schHeld"], given["schImpulse"], given["schIterative"]
    return {
        "noteN": all_of((note, held, fixed)),
        "noteN1": all_of((note, impulse, fixed)),
        "noteN2": all_of((note, iterated, fixed)),
        "noteX": all_of((complex_, negation(note), held, fixed)),
        "noteX1": all_of((complex_, negation(note), impulse, fixed)),
        "noteX2": all_of((complex_, negation(note), iterated, fixed)),
        "noteY": all_of((held, moves)),
        "noteY2": all_of((iterated, moves)),
    }


def placed(account: Account) -> Labels:
    """Name brightness, density and regions from the ideal spectrum along the sound."""
    low, high = (float(np.median(path)) for path in account.centroids)
    shares = [_regions(octaves + _shift(account, place), powers)
              for place, (octaves, powers) in enumerate(account.spectra)]  # fmt: skip
    found = mixed((low, high), (float(account.active[0].min()), float(account.active[1].max())), np.array(shares))
    if _smeared(account):
        found |= dict.fromkeys(("dense", "sparse", "filled", "emptyDensity", "root", "canopy"))
    return found


def _smeared(account: Account) -> bool:
    """Tell whether partials are so short that their lines, 30 dB down, are broader than a critical band.

    A sine that decays by 20 dB in t seconds is down by 30 dB at 11.3 / t hertz on either side.
    """
    source = account.sound.source
    matter = source.matter if isinstance(source, Stream) else source
    if isinstance(matter, Band):
        return account.ring < 0.02
    lowest = 2.0 ** float(account.spectra[0][0].min() + account.heights.min())
    return bool(11.3 / account.ring > 24.7 + 0.108 * lowest)


def _shift(account: Account, place: int) -> float:
    return float(account.heights[place * (len(account.heights) - 1) // (len(account.spectra) - 1)])


def _regions(octaves: Array, powers: Array) -> tuple[float, float]:
    return spectra.share_between(octaves, powers, 1, 200), spectra.share_between(octaves, powers, 4000, 48_000)


def mixed(centre: tuple[float, float], active: tuple[float, float], shares: Array) -> Labels:
    """Name brightness, density and regions.

    Parameters
    ----------
    centre : (float, float)
        Least and most of the readings of the median log2 centroid.
    active : (float, float)
        Least and most share of active bands along the sound.
    shares : ndarray, shape (places, 2)
        Shares of the power below 200 Hz and above 4 kHz along the sound.
    """
    hertz = 2.0 ** centre[0], 2.0 ** centre[1]
    found: Labels = {
        "bright": over(hertz, 2000),
        "dark": under(hertz, 500),
        "dense": over(active, 0.5),
        "sparse": under(active, 0.2),
        "filled": over(active, 0.75),
        "emptyDensity": under(active, 0.1),
    }
    for name, share in zip(("root", "canopy"), shares.T, strict=True):
        # a layer is there with a tenth of the power, and is not with a thousandth of it
        there, absent = float((share > 0.1).mean()), float((share < 0.001).mean())
        found[name] = True if there > 0.55 else False if absent > 0.55 else None
    return found
