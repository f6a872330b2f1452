"""Asking a describer about every clip of a corpus, in every condition, and keeping what it answered.

Conventions
-----------
* The extent asked about is that of all sounds of a clip: from the first start to the last end.
* Answers are kept in one file per describer and parameters, one JSON line per clip and condition, appended as they
  come: an evaluation that was ended goes on, and another one of the same clips asks nothing again.
* A condition that the corpus does not hold is made in memory, with the chance `acousma corpus make` would use.
* A describer that fails on a clip is not asked again in the same run; the clip is named and the rest goes on. A
  failure is not kept.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soundfile as sf
import torch

from ontology.errors import AcousmaError, CorpusError
from store.children import end_with_parent
from truth.corpus import archive
from truth.corpus.clips import Signal
from truth.corpus.degrade import CLEAN, CONDITIONS, check_conditions, degrade
from truth.corpus.items import Item, Record, chance, file_sum
from truth.corpus.render import loudest
from truth.describers import Describer, key
from truth.trajectories import concordances

__all__ = ["Answer", "Corpus", "Question", "answer", "ask", "kept", "questions"]

CURVES = 300
"""So many clips of one sound have their curves compared: the first ones of the corpus."""


@dataclass(frozen=True)
class Corpus:
    """A corpus and what is known of it.

    Parameters
    ----------
    folder : Path
    header : Mapping of str to object
        Seed, size, sums.
    records : tuple of dict
        The lines of its manifest that are evaluated.
    """

    folder: Path
    header: Mapping[str, object]
    records: tuple[Record, ...]

    @classmethod
    def load(cls, folder: Path, clips: int | None = None) -> "Corpus":
        """Read a corpus, or its first clips.

        Raises
        ------
        CorpusError
            If it is no corpus, was not made to its end, was changed, or holds no clip.
        """
        header, records = archive.load(folder)
        chosen = [record for record in records if record["kind"] == "clips"][:clips]
        if not chosen:
            raise CorpusError(f"{folder} holds no clip", "a corpus with clips", "acousma corpus make --size 2000")
        etudes = [record for record in records if record["kind"] == "etudes"]
        return cls(folder, header, (*chosen, *etudes))

    @property
    def clips(self) -> tuple[Record, ...]:
        """Its clips."""
        return tuple(record for record in self.records if record["kind"] == "clips")

    @property
    def etudes(self) -> tuple[Record, ...]:
        """Its études."""
        return tuple(record for record in self.records if record["kind"] == "etudes")

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(str(self.header["seed"]))

    @property
    def sum(self) -> str:
        """SHA-256 sum of its manifest."""
        return str(self.header["manifest_sha256"])


@dataclass(frozen=True)
class Question:
    """One sound to ask a describer about.

    Parameters
    ----------
    folder : Path
        The corpus.
    record : dict
        The clip or étude.
    condition : str
    seed : int
        Of the corpus.
    curves : bool
        Whether its curves are compared.
    """

    folder: Path
    record: Record
    condition: str
    seed: int
    curves: bool = False

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.record['kind']}/{self.record['id']} ({self.condition})"

    @property
    def id(self) -> str:
        """Sum of the clean sound, and condition: the name of its answer."""
        files = self._files
        own = files[self.condition]["sha256"] if self.condition in files else self.seed
        return f"{files[CLEAN]['sha256']}/{self.condition}/{own}{'/curves' if self.curves else ''}"

    @property
    def _files(self) -> Mapping[str, Mapping[str, object]]:
        files = self.record["conditions"]
        assert isinstance(files, Mapping)
        return files

    @property
    def extent(self) -> tuple[float, float]:
        """Start of the first and end of the last sound, in seconds."""
        events = self.record["events"]
        assert isinstance(events, Sequence)
        return min(float(event["start"]) for event in events), max(float(event["end"]) for event in events)

    def sound(self) -> Signal:
        """Read the sound, or make its condition from the clean one.

        Raises
        ------
        CorpusError
            If a file is missing, cannot be read, or is not the one that was made.
        """
        there = self.condition in self._files
        entry = self._files[self.condition if there else CLEAN]
        path = self.folder / str(entry["file"])
        try:
            sound, _ = sf.read(path, dtype="float32", always_2d=True)
        except sf.LibsndfileError as error:
            raise CorpusError(f"{path} cannot be read ({error.error_string})", "the file that was made",
                              "acousma corpus verify") from error  # fmt: skip
        if file_sum(path) != entry["sha256"]:
            raise CorpusError(f"{path} was changed since it was made", "the same file", "acousma corpus verify")
        signal: Signal = np.ascontiguousarray(sound, np.float32)
        if there:
            return signal
        item = Item(str(self.record["kind"]), int(str(self.record["id"])))
        return degrade(signal, self.condition, chance(self.seed, item, self.condition))


@dataclass(frozen=True)
class Answer:
    """What a describer said of one sound, or how it failed.

    Parameters
    ----------
    question : Question
    probabilities : Mapping of str to float
        By concept.
    level : float
        Root mean square of the loudest 50 ms of the sound, dB relative to full scale.
    curves : Mapping of str to float
        Concordance with the true curves, by name.
    onsets : tuple of float
        Of an étude, in seconds.
    failure : str or None
        What went wrong.
    new : bool
        Whether it was asked now.
    """

    question: Question
    probabilities: Mapping[str, float] = field(default_factory=dict)
    level: float = 0.0
    curves: Mapping[str, float] = field(default_factory=dict)
    onsets: tuple[float, ...] = ()
    failure: str | None = None
    new: bool = True


def questions(corpus: Corpus, conditions: Sequence[str], curves: int = CURVES) -> list[Question]:
    """Return what is to be asked, clip by clip; études and curves in the clean condition only.

    Parameters
    ----------
    corpus : Corpus
    conditions : sequence of str
    curves : int, optional
        So many clips of one sound have their curves compared.

    Raises
    ------
    UnknownName
        If a condition is unknown.
    """
    check_conditions([name for name in conditions if name != CLEAN])
    order = [name for name in (CLEAN, *CONDITIONS) if name in conditions]
    single = 0
    found = []
    for record in corpus.clips:
        told = record["trajectories"]
        assert isinstance(told, Sequence)
        single += len(told) == 1
        follow = len(told) == 1 and single <= curves
        found += [
            Question(corpus.folder, record, name, corpus.seed, follow and name == CLEAN) for name in order
        ]  # fmt: skip
    if CLEAN in conditions:
        found += [Question(corpus.folder, record, CLEAN, corpus.seed) for record in corpus.etudes]
    return found


def answer(who: Describer, question: Question) -> Answer:
    """Ask a describer about one sound.

    Returns
    -------
    Answer
        With `Answer.failure` if the describer failed.

    Raises
    ------
    CorpusError
        If the sound cannot be had.
    """
    sound = question.sound()
    try:
        if question.record["kind"] == "etudes":
            return Answer(question, onsets=tuple(float(time) for time in who.onsets(sound)))
        said = who.answers(sound, question.extent)
        curves = concordances(question.record, who.curves(sound, question.extent)) if question.curves else {}
    except Exception as error:  # noqa: BLE001 - a describer is foreign code: whatever fails in it, the rest is scored
        return Answer(question, failure=f"{type(error).__name__}: {error}")
    rounded = {name: round(float(value), 5) for name, value in said.probabilities.items()}
    level = round(20 * float(np.log10(max(loudest(sound.astype(np.float64)), 1e-9))), 2)
    return Answer(question, rounded, level, curves)


def _file(folder: Path, who: Describer) -> Path:
    return folder / "answers" / f"{who.name}-{key(who)}.jsonl"


def kept(folder: Path, who: Describer) -> dict[str, dict[str, object]]:
    """Return the answers of a describer that a folder keeps, by id of the question.

    A last line that was cut off while it was written is left out.
    """
    path = _file(folder, who)
    found: dict[str, dict[str, object]] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            found[str(said["id"])] = said
    return found


def _restored(question: Question, said: Mapping[str, object]) -> Answer:
    probabilities, curves, onsets = said["probabilities"], said["curves"], said["onsets"]
    assert isinstance(probabilities, dict)
    assert isinstance(curves, dict)
    assert isinstance(onsets, list)
    return Answer(question, probabilities, float(str(said["level"])), curves, tuple(onsets), new=False)


def ask(who: Describer, asked: Sequence[Question], folder: Path, processes: int = 1) -> Iterator[Answer]:
    """Ask a describer everything it was not asked before.

    Parameters
    ----------
    who : Describer
    asked : sequence of Question
    folder : Path
        Where answers are kept.
    processes : int, optional
        Sounds described at the same time.

    Yields
    ------
    Answer
        What is kept first, then each new one as it is there, in order.

    Raises
    ------
    CorpusError
        If a sound cannot be had.
    AcousmaError
        If a process was ended from outside; what was answered is kept.
    """
    known = kept(folder, who)
    for question in asked:
        if question.id in known:
            yield _restored(question, known[question.id])
    path = _file(folder, who)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and not path.read_bytes().endswith(b"\n"):
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n")  # ends a line that was cut off
    with path.open("a", encoding="utf-8") as stream:
        for given in _each(who, [question for question in asked if question.id not in known], processes):
            if given.failure is None:
                said = {"id": given.question.id, "probabilities": given.probabilities, "level": given.level,
                        "curves": given.curves, "onsets": given.onsets}  # fmt: skip
                stream.write(json.dumps(said, separators=(",", ":")) + "\n")
                stream.flush()
            yield given


def _one_thread() -> None:
    """Let torch use one thread: the sounds are short, and threads that wait for one another take four times as long."""
    torch.set_num_threads(1)


def _begin() -> None:
    """Prepare a worker."""
    end_with_parent()
    _one_thread()


def _each(who: Describer, asked: Sequence[Question], processes: int) -> Iterator[Answer]:
    if processes <= 1 or len(asked) < 2:
        threads = torch.get_num_threads()
        _one_thread()
        try:
            for question in asked:
                yield answer(who, question)
        finally:
            torch.set_num_threads(threads)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin) as pool:
        try:
            yield from _together(pool, who, asked)
        except BrokenProcessPool as error:
            raise AcousmaError(
                "a process that was describing a sound was ended from outside", "memory for all of them",
                "ask for fewer --processes; what was answered is kept, and the same command goes on from here",
            ) from error  # fmt: skip
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _together(pool: ProcessPoolExecutor, who: Describer, asked: Iterable[Question]) -> Iterator[Answer]:
    """Yield answers in order, with a bounded number of sounds under way."""
    waiting = []
    for question in asked:
        waiting.append(pool.submit(answer, who, question))
        if len(waiting) > 64:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()
