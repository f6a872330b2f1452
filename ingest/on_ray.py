"""The same description in several places: recordings go through a pool of actors of Ray Data.

Conventions
-----------
Ray is an optional extra (``pip install 'acousma[ray]'``) and imported only here. Each actor opens the listeners once
and describes whole recordings; what it writes comes back as bytes, so that only the sound files need be where all
machines find them. Planning and storing stay with the process that asks. The actors together take at most all
processors but one: Ray gives a read task a processor of its own, and with all of them taken by actors it waits for
ever (ray issue 44687).
"""

import logging
import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ingest.describe import Described, Settings, Task, describe
from ingest.listeners.hearing import Listeners
from ingest.listeners.opening import Wanted, open_listener
from ingest.standing import Restrained
from ontology.errors import AcousmaError, ListenerError
from ontology.vocabulary import load_vocabulary

__all__ = ["RayPool", "described_on_ray", "processor_share"]

_CLOCK = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True)
class RayPool:
    """What the actors of a pool are.

    Parameters
    ----------
    wanted : tuple of Wanted
        The listeners that each opens.
    said : tuple of frozenset of str
        Of each listener, the aspects that it may not claim.
    actors : int
    """

    wanted: tuple[Wanted, ...]
    said: tuple[frozenset[str], ...]
    actors: int = 1


def processor_share(processors: float, actors: int) -> float:
    """Return how many processors each actor may take so that one is left for reading.

    Examples
    --------
    >>> processor_share(8, 2)
    1.0
    >>> processor_share(2, 2)
    0.5
    >>> processor_share(1, 1)
    0.5
    """
    left = processors - 1 if processors > 1 else processors / 2
    return min(1.0, left / actors)


class _Describer:
    """An actor: describes one recording after the other."""

    def __init__(self, pool: RayPool, settings: Settings, batch: int, notes: Path | None, clock: str | None) -> None:
        from ingest.pipeline import now

        if clock is not None:
            os.environ[_CLOCK] = clock
        opened = zip((open_listener(one) for one in pool.wanted), pool.said, strict=True)
        listeners = tuple(Restrained(one, said) if said else one for one, said in opened)
        self._settings, self._clock = settings, now
        self._listeners = Listeners(listeners, batch, notes=notes)

    def __call__(self, rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Describe each recording of a block; what goes wrong with one comes back in its place."""
        found: dict[str, list[Any]] = {"number": [], "described": [], "lines": []}
        for number, packed in zip(rows["number"], rows["task"], strict=True):
            outcome, lines = self._one(pickle.loads(packed))
            found["number"].append(int(number))
            found["described"].append(pickle.dumps(outcome))
            found["lines"].append(lines)
        return found

    def _one(self, task: Task) -> tuple[Described | AcousmaError, bytes]:
        with TemporaryDirectory(prefix="acousma-") as folder:
            target = Path(folder) / task.target.name
            try:
                done = describe(
                    replace(task, target=target), self._settings, load_vocabulary(), self._clock, self._listeners
                )
            except AcousmaError as error:
                return error, b""
            return replace(done, nquads=task.target), target.read_bytes()


def described_on_ray(
    tasks: Sequence[Task], pool: RayPool, settings: Settings, listeners: Listeners
) -> Iterator[tuple[Task, Described | AcousmaError]]:
    """Describe recordings by a pool of actors.

    Parameters
    ----------
    tasks : sequence of Task
    pool : RayPool
    settings : Settings
    listeners : Listeners
        Of which the size of batches, the folder for notes and the progress are used.

    Yields
    ------
    task, outcome
        As they are done; the lines are then in the file of the task.

    Raises
    ------
    ListenerError
        If Ray is not installed, or a process of it was ended.
    """
    ray: Any
    data: Any
    faults: Any
    try:
        ray, data, faults = (import_module(f"ray{part}") for part in ("", ".data", ".exceptions"))
    except ImportError as error:
        raise ListenerError(
            "Ray is not installed", "ray 2.50 or later with its data library",
            "install it with: pip install 'acousma[ray]'; or leave --engine out",
        ) from error  # fmt: skip
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    began = not ray.is_initialized()
    if began:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        data.DataContext.get_current().enable_progress_bars = False
        resources = ray.cluster_resources()
        arguments = (pool, settings, listeners.batch, listeners.notes, os.environ.get(_CLOCK))
        gpu = {"num_gpus": min(1.0, resources.get("GPU", 0.0) / pool.actors)} if "cuda" in settings.device else {}
        rows = [{"number": number, "task": pickle.dumps(task)} for number, task in enumerate(tasks)]
        described = data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Describer, fn_constructor_args=arguments, batch_size=1, batch_format="numpy",
            compute=data.ActorPoolStrategy(size=pool.actors),
            num_cpus=processor_share(float(resources.get("CPU", 1.0)), pool.actors), **gpu,
        )  # fmt: skip
        for row in described.iter_rows():
            task = tasks[row["number"]]
            task.target.write_bytes(row["lines"])
            yield task, pickle.loads(row["described"])
    except (faults.RayError, faults.UserCodeException) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ListenerError(
            f"Ray could not describe a recording ({reason})", "actors that live to the end",
            "ask for fewer --processes; what was stored stays, and the same command goes on from here",
        ) from error  # fmt: skip
    finally:
        if began:
            ray.shutdown()
