"""An audition: a listener hears clips whose truth is known, whole and changed, and is put to every control.

Conventions
-----------
* Every clip is heard plain, in a batch. One clip in `_FEWER` is also heard as nothing, at other levels, alone, again,
  and asked about in other words; a clip is heard backwards, without its upper band, or before and after another where
  that should turn an answer.
* Answers are kept in one file per listener and clips, one JSON line each, appended as they come: an audition that was
  ended goes on, and another one of the same clips asks nothing again.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ingest.listeners.base import Identity, Listener, Sounding
from ingest.listeners.hearing import halving
from ontology.score_terms import ListeningCondition
from ontology.vocabulary import load_vocabulary
from truth.controls import LIMITS, LOUDNESS, ORDERS, SAME, SILENCES, Given, Limits, Result, Right, judge, pairs, right
from truth.readings import Reading, completed, readings
from truth.stimuli import Stimuli, joined, lost_decibels, stimuli
from truth.wordings import Asked, variants

__all__ = ["VERSION", "Audition", "Auditioned", "Wish"]

VERSION = "2"
"""Of the controls; to be raised with every change that can change a figure."""
_FEWER = 4


@dataclass(frozen=True)
class Wish:
    """What an audition is to be.

    Parameters
    ----------
    seed : int
        Of the clips.
    each : int
        Clips for each question.
    batch : int
        Sounds heard at the same time.
    folder : Path
        Where answers are kept.
    """

    seed: int = 1
    each: int = 12
    batch: int = 8
    folder: Path = Path("audition")


@dataclass(frozen=True)
class _Task:
    """One thing to ask: a clip, what is done to it, and in which words."""

    clip: int
    done: str
    treatment: str
    wording: str | None = None
    other: int | None = None
    """The clip that follows, or goes before."""


@dataclass(frozen=True)
class Auditioned:
    """What an audition found.

    Parameters
    ----------
    identity : Identity
        Of the listener.
    stimuli : Stimuli
    results : tuple of Result
    right : tuple of Right
    evidence : Mapping of str to float
        Mean difference between the evidence for the best and for the worst option, by aspect.
    started, ended : datetime
    limits : Limits
    """

    identity: Identity
    stimuli: Stimuli
    results: tuple[Result, ...]
    right: tuple[Right, ...]
    evidence: Mapping[str, float]
    started: datetime
    ended: datetime
    limits: Limits = LIMITS

    @property
    def aspects(self) -> tuple[str, ...]:
        """What was asked about."""
        return tuple(dict.fromkeys(result.aspect for result in self.results))

    @property
    def failed(self) -> tuple[str, ...]:
        """The aspects that failed a control."""
        whole = [result for result in self.results if result.control is ListeningCondition.ALL]
        return tuple(result.aspect for result in whole if not result.passed)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Everything besides agent and clips that can change a figure."""
        return {**self.identity.parameters(), **self.limits.parameters(), "version of the controls": VERSION}


class Audition:
    """Asks a listener all that the controls need.

    Parameters
    ----------
    listener : Listener
    wish : Wish
    """

    def __init__(self, listener: Listener, wish: Wish) -> None:
        self._listener, self._wish = listener, wish
        self._identity = listener.identity()
        asked = listener.questions if isinstance(listener, Asked) else None
        self._options = {q.aspect: tuple(q.options) for q in asked.questions} if asked else {}
        self._wordings = variants(asked, self._identity.kind) if asked else {}
        self.stimuli = stimuli(self._options, self._identity.hearing, wish.seed, wish.each)
        self._lost = [lost_decibels(one.sound()) for one in self.stimuli.clips]

    @cached_property
    def _tasks(self) -> list[_Task]:
        """All that is to be asked, plain sounds first; what is alike is together."""
        clips = range(len(self.stimuli.clips))
        found = [_Task(clip, "plain", "plain") for clip in clips]
        for pair in pairs():
            for clip in clips:
                labels = self.stimuli.clips[clip].labels
                backwards = labels.get(pair.concept) or labels.get(pair.becomes)
                if pair.control is ListeningCondition.REVERSAL and backwards:
                    found.append(_Task(clip, "reversed", "reversed"))
                if pair.control is ListeningCondition.BANDWIDTH and self._lost[clip] >= 3.0:
                    found.append(_Task(clip, "low-passed", "low-passed"))
        found += self._pairs()
        few = clips[::_FEWER]
        found += [_Task(clip, name, name) for name in (*SILENCES, *LOUDNESS) for clip in few]
        found += [_Task(clip, name, "plain", name) for name in self._wordings for clip in few]
        found += [_Task(clip, name, "plain") for name in SAME for clip in few]
        return list(dict.fromkeys(found))

    def _pairs(self) -> Iterator[_Task]:
        """Yield clips that are to be heard one after the other, and exchanged."""
        clips, aspect = self.stimuli.clips, load_vocabulary().aspect
        for pair in pairs():
            if pair.control is not ListeningCondition.ORDER or aspect(pair.concept) not in self._options:
                continue
            first, then = (
                [number for number, one in enumerate(clips) if one.labels.get(concept)]
                for concept in (pair.first, pair.then)
            )
            for clip, other in list(zip(first, then, strict=False))[: self._wish.each]:
                yield from (_Task(clip, name, name, other=other) for name in ORDERS)

    @property
    def size(self) -> int:
        """How many answers are wanted."""
        return len(self._tasks)

    def run(self) -> Generator[Auditioned | None]:
        """Ask, answer by answer.

        Yields
        ------
        None
            For each answer.
        Auditioned
            At the end.

        Raises
        ------
        ListenerError
            If the model cannot be loaded, or one sound alone does not fit into memory.
        """
        started = datetime.now(UTC)
        kept = self._kept()
        yield from (None for task in self._tasks if _key(task) in kept)
        self._wish.folder.mkdir(parents=True, exist_ok=True)
        if self._file.is_file() and not self._file.read_bytes().endswith(b"\n"):
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write("\n")  # ends a line that was cut off
        with self._file.open("a", encoding="utf-8") as stream:
            for task, told in self._asked([task for task in self._tasks if _key(task) not in kept]):
                kept[_key(task)] = told
                line = {"key": _key(task), "told": {aspect: asdict(one) for aspect, one in told.items()}}
                stream.write(json.dumps(line, separators=(",", ":")) + "\n")
                stream.flush()
                yield None
        yield self._judged(kept, started)

    def _asked(self, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, dict[str, Reading]]]:
        """Ask in batches of like tasks; what is to be heard alone, alone."""
        groups: defaultdict[tuple[str | None, bool], list[_Task]] = defaultdict(list)
        for task in tasks:
            groups[task.wording, task.done in SAME].append(task)
        for (wording, alone), group in groups.items():
            listener = self._listener
            if wording is not None and isinstance(listener, Asked):
                listener = listener.asking(self._wordings[wording])
            sounds = ((task, self._sounding(task)) for task in group)
            size = 1 if alone else self._wish.batch

            def listen(batch: Sequence[tuple[_Task, Sounding]], who: Listener = listener) -> list[dict[str, Reading]]:
                return [readings(heard) for heard in who.listen([sounding for _, sounding in batch])]

            for (task, _), told in halving(listen, sounds, size):
                yield task, told

    def _sounding(self, task: _Task) -> Sounding:
        clips, hearing = self.stimuli.clips, self._identity.hearing
        if task.other is None:
            return clips[task.clip].sounding(task.treatment, hearing.sample_rate_hz)
        first, then = clips[task.clip], clips[task.other]
        return joined(first, then, hearing) if task.done == ORDERS[0] else joined(then, first, hearing)

    @property
    def _file(self) -> Path:
        told = {**self._identity.parameters(), "clips": self.stimuli.sum, "version": VERSION}
        parts = [self._identity.agent.name, self._identity.agent.version or "", *(f"{k}={v}" for k, v in told.items())]
        name = hashlib.sha256("\0".join(sorted(parts)).encode()).hexdigest()[:16]
        return self._wish.folder / f"{self._identity.kind}-{name}.jsonl"

    def _kept(self) -> dict[str, dict[str, Reading]]:
        found: dict[str, dict[str, Reading]] = {}
        if self._file.is_file():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # cut off while it was written
                found[said["key"]] = {aspect: Reading(**one) for aspect, one in said["told"].items()}
        return found

    def _judged(self, kept: Mapping[str, Mapping[str, Reading]], started: datetime) -> Auditioned:
        names = [_key(task) for task in self._tasks]
        whole = dict(zip(names, completed(kept[name] for name in names), strict=True))
        told: list[dict[str, dict[str, Reading]]] = [{} for _ in self.stimuli.clips]
        for task in self._tasks:
            told[task.clip][task.done] = whole[_key(task)]
        given = [
            Given(one.labels, one.clip.generator, lost, answers)
            for one, lost, answers in zip(self.stimuli.clips, self._lost, told, strict=True)
        ]  # fmt: skip
        judged = right(given, self._options)
        aspects = list(self._options) or sorted({aspect for one in told for aspect in one.get("plain", {})})
        evidence = {aspect: _mean([one["plain"][aspect].evidence for one in told]) for aspect in aspects}
        results = judge(given, judged, self._identity.hearing)
        return Auditioned(self._identity, self.stimuli, tuple(results), tuple(judged), evidence, started,
                          datetime.now(UTC))  # fmt: skip


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _key(task: _Task) -> str:
    return f"{task.clip}/{task.done}"
