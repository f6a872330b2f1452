"""Listeners and recordings: the sounds of their spans are cut, batched and listened to.

Conventions
-----------
A file is decoded once per listener, at the rate of the listener, and mixed to mono; of its sound only what the next
spans need is in memory. A thread decodes ahead of the model; sounds of like length are heard together, those of several
files if they are asked about together. A batch that
does not fit the device is halved, and so are all after it, those of later recordings too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import torch

from ingest.decode import blocks
from ingest.listeners.base import Heard, Listener, Mono, Progress, Sounding, Trouble, TroubleKind
from ingest.listeners.feeding import AHEAD, bucketed, prefetched
from ingest.listeners.notes import Notes
from ontology.errors import AudioError, ListenerError
from ontology.terms import SpanKind
from ontology.values import Span

__all__ = [
    "NOBODY", "Listeners", "Request", "cut", "declared_seconds", "halving", "heard", "heard_together", "spans_for",
]  # fmt: skip

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Listeners:
    """The listeners of an ingest.

    Parameters
    ----------
    listeners : tuple of Listener
    batch : int
        Sounds that are heard at the same time.
    progress : callable
        Called with the seconds of sound that were heard.
    threads : int
        Of the processor, for models that run on it; measuring takes one.
    trusted : frozenset of str
        Aspects that are claimed even where a control test was failed.
    notes : Path or None
        Folder in which is kept what was heard of a recording until all of it is stored.
    fitting : dict of str to int
        Sounds that fitted into memory, by the sum of the weights, where `batch` did not.
    vectors : Path or None
        File in which vectors of sounds are kept; None where none are.
    """

    listeners: tuple[Listener, ...] = ()
    batch: int = 8
    progress: Progress = lambda _: None
    threads: int = field(default_factory=torch.get_num_threads)
    trusted: frozenset[str] = frozenset()
    notes: Path | None = None
    fitting: dict[str, int] = field(default_factory=dict)
    vectors: Path | None = None


NOBODY = Listeners(threads=1)
"""No listeners."""


def declared_seconds(path: Path) -> float:
    """Return the length of a sound file in seconds by its header; 0 where it cannot be read."""
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.LibsndfileError, OSError):
        return 0.0


def spans_for(listener: Listener, spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Choose what a listener is to hear.

    Parameters
    ----------
    listener : Listener
    spans : iterable of Span
        Of a recording: the whole, the windows, the objects.

    Returns
    -------
    taken : list of Span
        In order of time. A recording without windows is taken as a whole in their place.
    left_out : list of Span
        Longer than what the listener hears as one.
    """
    spans = list(spans)
    wanted = set(listener.spans)
    if SpanKind.FIXED_WINDOW in wanted and not any(span.kind is SpanKind.FIXED_WINDOW for span in spans):
        wanted.add(SpanKind.WHOLE_RECORDING)
    # equal times are one span, however it was marked off
    chosen = sorted({span: None for span in spans if span.kind in wanted}, key=lambda span: (span.start, span.end))
    longest = listener.identity().hearing.window_s
    return (
        [span for span in chosen if float(span.duration) <= longest],
        [span for span in chosen if float(span.duration) > longest],
    )


def cut(path: Path, spans: Sequence[Span], rate: int) -> Iterator[Sounding]:
    """Yield each span with its sound, mono.

    Parameters
    ----------
    path : Path
    spans : sequence of Span
        In order of their starts.
    rate : int
        Hz.

    Raises
    ------
    AudioError
        If the file cannot be decoded.
    """
    waiting = list(spans)
    sound: Mono = np.zeros(0, np.float32)
    begins = 0  # position of the first sample that is still in memory
    for block in blocks(path, rate):
        if not waiting:
            return
        sound = np.concatenate([sound, block.mean(axis=0, dtype=np.float32)])
        while waiting and round(float(waiting[0].end) * rate) <= begins + len(sound):
            yield _part(waiting.pop(0), sound, begins, rate)
        needed = round(float(waiting[0].start) * rate) if waiting else begins + len(sound)
        dropped = min(max(0, needed - begins), len(sound))
        sound, begins = sound[dropped:], begins + dropped
    for span in waiting:  # the last one may end a sample later by rounding
        yield _part(span, sound, begins, rate)


def _part(span: Span, sound: Mono, begins: int, rate: int) -> Sounding:
    start, end = (round(float(time) * rate) - begins for time in (span.start, span.end))
    return Sounding(span, np.ascontiguousarray(sound[start:end]))


def _too_large(error: Exception) -> bool:
    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError) or "out of memory" in text or "allocate memory" in text
    )


def halving(
    work: Callable[[Sequence[_Item]], Sequence[_Result]], items: Iterable[_Item], size: int,
    halved: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[_Item, _Result]]:  # fmt: skip
    """Do work in batches; where one does not fit into memory, halve it and all after it.

    Parameters
    ----------
    work : callable
        Gives one result per item of a batch.
    items : iterable
    size : int
        Of the first batch.
    halved : callable, optional
        Called with each new size.

    Yields
    ------
    item, result

    Raises
    ------
    ListenerError
        If not even one item fits.

    Examples
    --------
    >>> list(halving(lambda batch: [item * 2 for item in batch], [1, 2, 3], 2))
    [(1, 2), (2, 4), (3, 6)]
    """
    coming = iter(items)
    while batch := list(islice(coming, size)):
        while batch:
            part = batch[:size]
            try:
                results = work(part)
            except (MemoryError, RuntimeError) as error:
                if not _too_large(error):
                    raise
                if len(part) == 1:
                    raise ListenerError(
                        "one sound alone does not fit into the memory of the device", "room for it beside the model",
                        "use shorter windows (--window), a smaller model, or another --device",
                    ) from error  # fmt: skip
                size = len(part) // 2
                halved(size)
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                continue
            yield from zip(part, results, strict=True)
            batch = batch[len(part) :]


@dataclass(frozen=True, slots=True)
class Request:
    """Spans of a file that a listener is to hear.

    Parameters
    ----------
    listener : Listener
    path : Path
    spans : tuple of Span
        In order of their starts.
    run_id : str
        Of the run; with it, and with a folder for notes, what is heard is noted, and what was noted is not heard again.
    """

    listener: Listener
    path: Path
    spans: tuple[Span, ...]
    run_id: str = ""


def heard(request: Request, listeners: Listeners) -> Iterator[Heard]:
    """Yield what a listener hears in the spans of a file.

    Parameters
    ----------
    request : Request
    listeners : Listeners

    Yields
    ------
    Heard
        What was noted first, then the rest as it is heard, sounds of like length together.

    Raises
    ------
    AudioError
        If the file cannot be decoded.
    """
    for _, one in _heard([request], listeners):
        if isinstance(one, AudioError):
            raise one
        yield one


def heard_together(requests: Sequence[Request], listeners: Listeners) -> list[list[Heard] | AudioError]:
    """Return what one listener hears in several files, whose sounds share its batches.

    Parameters
    ----------
    requests : sequence of Request
        All to the same listener.
    listeners : Listeners

    Returns
    -------
    list of list of Heard, or of AudioError
        For each request, as `heard` yields it; the error of a file that cannot be decoded.
    """
    found: list[list[Heard]] = [[] for _ in requests]
    broken: dict[int, AudioError] = {}
    for number, one in _heard(requests, listeners):
        if isinstance(one, AudioError):
            broken[number] = one
        else:
            found[number].append(one)
    return [broken.get(number, told) for number, told in enumerate(found)]


def _heard(requests: Sequence[Request], listeners: Listeners) -> Iterator[tuple[int, Heard | AudioError]]:
    """Yield what is heard, each with the number of its request; what is wrong with a file comes last."""
    listener = requests[0].listener
    notes = [
        Notes(listeners.notes, one.run_id) if listeners.notes is not None and one.run_id else None for one in requests
    ]
    missing: list[list[Span]] = []
    for number, (request, own) in enumerate(zip(requests, notes, strict=True)):
        known = own.read(request.spans[0].recording) if own and request.spans else {}
        yield from ((number, known[key]) for span in request.spans if (key := (span.start, span.end)) in known)
        missing.append([span for span in request.spans if (span.start, span.end) not in known])
    identity = listener.identity()
    size = min(listeners.batch, listeners.fitting.get(identity.weights_sha256, listeners.batch))
    broken: dict[int, AudioError] = {}

    def soundings() -> Iterator[tuple[int, Sounding]]:
        for number, request in enumerate(requests):
            try:
                for one in cut(request.path, missing[number], identity.hearing.sample_rate_hz):
                    yield number, one
            except AudioError as error:
                broken[number] = error

    def listen(batch: Sequence[tuple[int, Sounding]]) -> list[Heard]:
        before = torch.get_num_threads()
        torch.set_num_threads(listeners.threads)
        try:
            return listener.listen([one for _, one in batch])
        finally:
            torch.set_num_threads(before)

    tight: list[Trouble] = []

    def halved(size: int) -> None:
        listeners.fitting[identity.weights_sha256] = size
        tight.append(Trouble(TroubleKind.MEMORY, f"{size} at a time from then on"))

    alike = bucketed(soundings(), size * AHEAD, lambda pair: len(pair[1].samples))
    with closing(prefetched(alike, 2 * size)) as ready:
        for (number, one), found in halving(listen, ready, size, halved):
            result = found
            listeners.progress(float(one.span.duration))
            if tight:
                result = replace(result, troubles=(*result.troubles, *tight))
                tight.clear()
            if (own := notes[number]) is not None:
                own.write(result)
            yield number, result
    yield from broken.items()
