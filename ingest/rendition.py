"""A span as a listening model hears it: a sound file, what it lost on the way, and both as statements.

Conventions
-----------
What is lost is measured on the span itself (`ingest.loss`): of the losses of ``ontology/losses.csv`` those that the
model's input has in any case, at the edges nearest to its band. The rendition is a recording of its own,
``prov:wasDerivedFrom`` the span, in the graph of a run of `RESYNTHESIS`; it is no recording of a work, and nothing is
claimed of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ingest.annotate import RunWriter
from ingest.decode import Listening, Scan, scan
from ingest.features import analyse
from ingest.frames import Frames
from ingest.measure import measure
from ingest.resynthesis import FrontEnd, heard_through, spectral_distance, taken_in
from ontology.envelopes import Envelope, load_envelopes
from ontology.errors import AudioError, InputError
from ontology.mint import Minter
from ontology.terms import SpanKind
from ontology.values import Agent, Measurement, Run, Span, seconds
from ontology.vocabulary import Vocabulary

__all__ = ["RESYNTHESIS", "Rendition", "rendered", "rendition_quads", "write_sound"]

RESYNTHESIS = Agent("Acousma resynthesis", "0.1.0")


@dataclass(frozen=True, eq=False)
class Rendition:
    """What is left of a span behind a front end.

    Parameters
    ----------
    scanned : Scan
        Of the original.
    span : Span
    front : FrontEnd
    sound : ndarray of shape (samples,)
        At the rate of the front end.
    losses : Mapping of str to float
        By id of the observable property: what the model's input loses of the span in any case.
    side_share : float or None
        Share of the energy in the difference of the channels, 0 to 1, which a mono mix loses; None for one channel.
    distance_db : float or None
        Between what goes into the mel spectra of the front end and what came out again (`spectral_distance`).
    """

    scanned: Scan
    span: Span
    front: FrontEnd
    sound: npt.NDArray[np.float32]
    losses: Mapping[str, float]
    side_share: float | None
    distance_db: float | None


def rendered(path: Path, front: FrontEnd, times: tuple[float | None, float | None]) -> Rendition:
    """Render a span of a file as a model hears it.

    Parameters
    ----------
    path : Path
    front : FrontEnd
    times : (float or None, float or None)
        Start and end in seconds; None for those of the recording.

    Returns
    -------
    Rendition

    Raises
    ------
    AudioError
        If the file cannot be used.
    InputError
        If the times do not fit it.
    """
    listening = Listening(path)
    with Frames(analyse(listening.blocks()), listening.channels) as frames:
        scanned = listening.finish()
        frames.cut(float(scanned.recording.duration))
        span = _span(scanned, times)
        values = measure(frames, span)
    sound, rate = _read(path, span)
    heard = heard_through(front, sound, rate)
    losses = {name: values[name] for name in _losses(_envelope(front)) if name in values}
    side = float(((sound[0] - sound[1]) / 2).astype(np.float64).var()) if len(sound) == 2 else None
    middle = float(sound.mean(axis=0).astype(np.float64).var())
    share = None if side is None else side / (side + middle) if side + middle else 0.0
    distance = spectral_distance(front, taken_in(front, sound, rate), heard)
    return Rendition(scanned, span, front, heard, losses, share, distance)


def _span(scanned: Scan, times: tuple[float | None, float | None]) -> Span:
    duration = scanned.recording.duration
    start = seconds(times[0] or 0.0)
    end = duration if times[1] is None else seconds(times[1])
    if not 0 <= start < end <= duration:
        raise InputError(
            f"a span from {start} to {end} s of {scanned.path}", f"0 <= from < to <= {duration}", "correct the times"
        )
    kind = SpanKind.WHOLE_RECORDING if not start and end == duration else None
    return Span(scanned.recording.id, start, end, kind)


def _read(path: Path, span: Span) -> tuple[npt.NDArray[np.float32], int]:
    """Read a span, of shape (channels, samples), at the rate of the file."""
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            file.seek(round(float(span.start) * rate))
            count = round(float(span.end) * rate) - round(float(span.start) * rate)
            return np.ascontiguousarray(file.read(count, dtype="float32", always_2d=True).T, np.float32), rate
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(
            f"{path} cannot be read from {span.start} to {span.end} s ({error})", "a whole file"
        ) from error


def _losses(envelope: Envelope) -> list[str]:
    """Return the properties that measure what an input loses: of several edges beyond its band the nearest."""
    served = [loss for loss in load_envelopes().losses if loss.served(envelope)]
    above = min((loss.above_hz for loss in served if loss.above_hz is not None), default=None)
    below = max((loss.below_hz for loss in served if loss.below_hz is not None), default=None)
    return [
        loss.property
        for loss in served
        if loss.above_hz in (None, above) and loss.below_hz in (None, below)
    ]  # fmt: skip


def _envelope(front: FrontEnd) -> Envelope:
    """Return the envelope of a front end, as far as losses ask for it."""
    if front.envelope is not None:
        return load_envelopes().envelopes[front.envelope]
    return Envelope(
        "derived", front.name, "listening model", "", front.sample_rate_hz, front.minimum_hz, front.maximum_hz,
        front.channels, None, None, None, None, None, "", "", "", "the feature extractor of the model", "no",
    )  # fmt: skip


def write_sound(rendition: Rendition, path: Path) -> None:
    """Write a rendition as a sound file, whole or not at all; the name decides whether FLAC or WAV.

    It is made softer as a whole where a peak would go beyond full scale.

    Raises
    ------
    InputError
        If the name ends in something else, or the file cannot be written.
    """
    kinds = {".flac": "FLAC", ".wav": "WAV"}
    if path.suffix.lower() not in kinds:
        raise InputError(f"{path} was given for the sound", "a name ending in .flac or .wav", "correct --out")
    part = path.with_name(path.name + ".part")
    peak = max(1.0, float(np.abs(rendition.sound).max(initial=0)))
    try:
        kind, rate = kinds[path.suffix.lower()], rendition.front.sample_rate_hz
        soundfile.write(part, rendition.sound / peak, rate, format=kind, subtype="PCM_24")
        part.replace(path)
    except (soundfile.LibsndfileError, OSError) as error:
        part.unlink(missing_ok=True)
        raise InputError(
            f"{path} cannot be written ({error})", "a folder to write to", "choose another --out"
        ) from error


def rendition_quads(
    rendition: Rendition, path: Path, made: tuple[datetime, datetime], minter: Minter, vocabulary: Vocabulary
) -> tuple[str, str]:
    """Write what is known of a rendition.

    Parameters
    ----------
    rendition : Rendition
    path : Path
        Its file.
    made : (datetime, datetime)
        When making it began and ended.
    minter : Minter
    vocabulary : Vocabulary

    Returns
    -------
    graph, lines : str
        IRI of the named graph, and N-Quads.

    Raises
    ------
    AudioError
        If nothing is left that sounds.
    """
    front, started = rendition.front, made[0]
    parameters = {
        "heard as": front.name,
        "span in seconds": f"{rendition.span.start} to {rendition.span.end}",
        "sample rate in Hz": str(front.sample_rate_hz),
        "band in Hz": f"{front.minimum_hz:g} to {front.maximum_hz:g}",
        "channels heard": "1",
    }
    if front.mel is not None:
        parameters["mel bins"] = str(front.mel.filters.shape[1])
        parameters["hop in seconds"] = f"{front.mel.hop / front.sample_rate_hz:.6g}"
    if front.envelope is not None:
        parameters["envelope"] = front.envelope
    if front.weights_sha256 is not None:
        parameters["SHA-256 sum of the weights"] = front.weights_sha256
    writer = RunWriter(minter, vocabulary, Run(RESYNTHESIS, rendition.scanned.recording.id, parameters, *made))
    left = scan(path)
    kept = [Measurement(rendition.span, name, value) for name, value in rendition.losses.items()]
    lines = [
        writer.header(rendition.scanned.recording, rendition.scanned.file),
        writer.derived(left.recording, left.file, rendition.span),
        *writer.annotations(kept),
        writer.footer(max(made[1], started)),
    ]
    return writer.graph, "".join(lines)
