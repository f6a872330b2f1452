"""Several recordings described at the same time, so that their spans share the batches of the models that hear them.

Conventions
-----------
Each recording is described as if it were alone (`ingest.describe.steps`), up to where a listener is to hear it; when
all wait, what they ask of the same listener is heard together. What is wrong with one does not stop the others.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ingest.describe import Clock, Described, Settings, Steps, Task, steps
from ingest.listeners.feeding import AHEAD
from ingest.listeners.hearing import Listeners, Request, declared_seconds, heard_together
from ontology.errors import AcousmaError, AudioError, ClaimsError
from ontology.vocabulary import Vocabulary

__all__ = ["described_together", "groups"]

_MOST = 64
"""Recordings at the same time, because each has files open."""


def groups(files: Sequence[Path], listeners: Listeners, window_seconds: float) -> Iterator[list[Path]]:
    """Yield files that are to be heard together: as much sound as is sorted by length at a time.

    Parameters
    ----------
    files : sequence of Path
    listeners : Listeners
    window_seconds : float

    Yields
    ------
    list of Path
        In the order of the files; one alone if it is longer, or if there are no listeners.
    """
    room = listeners.batch * AHEAD * window_seconds if listeners.listeners else 0.0
    group: list[Path] = []
    taken = 0.0
    for path in files:
        length = declared_seconds(path) if room else 0.0
        if group and (not room or taken + length > room or len(group) == _MOST):
            yield group
            group, taken = [], 0.0
        group.append(path)
        taken += length
    if group:
        yield group


def described_together(
    tasks: Sequence[Task], settings: Settings, vocabulary: Vocabulary, clock: Clock, listeners: Listeners
) -> list[Described | AcousmaError]:
    """Describe recordings, whose sounds are heard in common batches.

    Parameters
    ----------
    tasks : sequence of Task
    settings : Settings
    vocabulary : Vocabulary
    clock : callable
        Gives the present time, with time zone.
    listeners : Listeners

    Returns
    -------
    list of Described or AcousmaError
        What became of each task; an `AudioError` or a `ClaimsError` if it cannot be used.

    Raises
    ------
    ListenerError
        If a listener cannot be used.
    """
    going: list[Steps[Described]] = []
    waiting: dict[int, Request] = {}
    outcomes: dict[int, Described | AcousmaError] = {}

    def advance(number: int, step: Callable[[], Request]) -> None:
        try:
            waiting[number] = step()
        except StopIteration as done:
            outcomes[number] = done.value
        except (AudioError, ClaimsError) as error:
            outcomes[number] = error

    try:
        for number, task in enumerate(tasks):
            going.append(steps(task, settings, vocabulary, clock, listeners.listeners))
            advance(number, partial(next, going[number]))
        while waiting:
            first = next(iter(waiting.values())).listener
            same = {number: waiting.pop(number) for number in list(waiting) if waiting[number].listener is first}
            for number, told in zip(same, heard_together(list(same.values()), listeners), strict=True):
                own = going[number]
                advance(number, partial(own.throw, told) if isinstance(told, AudioError) else partial(own.send, told))
    finally:
        for one in going:
            one.close()
    return [outcomes[number] for number in range(len(tasks))]
