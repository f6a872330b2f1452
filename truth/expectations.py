"""What an expert expects of sounds that nobody made from known parameters, and which of it a describer fulfils.

``demo/expectations.csv`` has a row per expectation: the sound; ``holds`` or ``not`` with a concept, or ``more_than``
with an observable property and another sound; who says so, and why.

Conventions
-----------
* The extent asked about is what lies within `GATE_DB` of the loudest 20 ms of the file.
* A concept is said to hold where the describer's own probability, uncalibrated, is `truth.metrics.HOLDS` or more.
  Without an answer, or without a value to compare, an expectation is open, which is not fulfilled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from ingest.decode import RATE, blocks
from ontology.errors import InputError
from ontology.tables import read_rows
from ontology.vocabulary import load_vocabulary
from truth.corpus.clips import Signal
from truth.describers import Answered, Describer, Extent
from truth.metrics import HOLDS

__all__ = ["Expectation", "Fulfilment", "fulfilled", "read"]

GATE_DB = 50.0
_COLUMNS = ("sound", "expects", "term", "other", "who", "because")
_BLOCK = round(0.02 * RATE)

Kind = Literal["holds", "not", "more_than"]


@dataclass(frozen=True)
class Expectation:
    """What somebody expects of a sound.

    Parameters
    ----------
    sound : str
        File name.
    expects : {"holds", "not", "more_than"}
    term : str
        A concept, or for ``more_than`` an observable property.
    other : str
        For ``more_than``, the file name of the sound that has less.
    who, because : str
    """

    sound: str
    expects: Kind
    term: str
    other: str
    who: str
    because: str


@dataclass(frozen=True)
class Fulfilment:
    """Whether a describer says what is expected.

    Parameters
    ----------
    expectation : Expectation
    found : bool or None
        None where it says nothing.
    said : str
        What it says.
    """

    expectation: Expectation
    found: bool | None
    said: str


def read(path: Path) -> list[Expectation]:
    """Read a table of expectations.

    Raises
    ------
    VocabularyError
        If a row is faulty, with file, line and column.
    """
    vocabulary = load_vocabulary()
    found = []
    for row in read_rows(path, _COLUMNS):
        kind = row.one_of("expects", ("holds", "not", "more_than"))
        known: Mapping[str, object] = vocabulary.properties if kind == "more_than" else vocabulary.concepts
        if row.text("term") not in known:
            what = "an observable property" if kind == "more_than" else "a concept"
            raise row.error("term", repr(row.text("term")), f"the id of {what}")
        if (kind == "more_than") != bool(row.cells["other"]):
            raise row.error("other", repr(row.cells["other"]), "another sound for more_than, else nothing")
        found.append(
            Expectation(
                row.text("sound"), cast(Kind, kind), row.text("term"), row.cells["other"], row.text("who"),
                row.text("because"),
            )
        )  # fmt: skip
    return found


def _sound(path: Path) -> Signal:
    signal: Signal = np.ascontiguousarray(np.concatenate(list(blocks(path)), axis=1).T, np.float32)
    return signal


def _extent(sound: Signal) -> Extent:
    """Return where a sound begins and ends."""
    padded = np.pad(sound.astype(np.float64), ((0, -len(sound) % _BLOCK), (0, 0)))
    power = (padded**2).reshape(-1, _BLOCK * sound.shape[1]).mean(axis=1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-GATE_DB / 10))
    return float(loud[0]) * _BLOCK / RATE, min(float(loud[-1] + 1) * _BLOCK, float(len(sound))) / RATE


def fulfilled(who: Describer, path: Path, folder: Path | None = None) -> list[Fulfilment]:
    """Ask a describer about the sounds of a table and compare.

    Parameters
    ----------
    who : Describer
    path : Path
        The table.
    folder : Path, optional
        Where the sounds are; by default ``sounds`` beside the table.

    Returns
    -------
    list of Fulfilment
        In the order of the table; open where the describer fails on a sound.

    Raises
    ------
    InputError
        If the table or a sound cannot be used.
    """
    expected = read(path)
    place = folder or path.parent / "sounds"
    names = dict.fromkeys(name for one in expected for name in (one.sound, one.other) if name)
    said: dict[str, Answered | str] = {}
    for name in names:
        if not (place / name).is_file():
            raise InputError(f"{place / name} is not there", f"the sounds that {path} names")
        sound = _sound(place / name)
        try:
            said[name] = who.answers(sound, _extent(sound))
        except Exception as error:  # noqa: BLE001 - a describer is foreign code: whatever fails in it, the rest is scored
            said[name] = f"failed: {type(error).__name__}: {error}"
    return [_compared(one, said) for one in expected]


def _compared(one: Expectation, said: Mapping[str, Answered | str]) -> Fulfilment:
    here, there = said[one.sound], said.get(one.other)
    for answered in (here, there):
        if isinstance(answered, str):
            return Fulfilment(one, None, answered)
    assert isinstance(here, Answered)
    if one.expects == "more_than":
        assert isinstance(there, Answered)
        unit = load_vocabulary().properties[one.term].unit
        pair = here.values.get(one.term), there.values.get(one.term)
        words = " against ".join("nothing" if value is None else f"{value:.4g} {unit}" for value in pair)
        return Fulfilment(one, None if pair[0] is None or pair[1] is None else pair[0] > pair[1], words)
    probability = here.probabilities.get(one.term)
    if probability is None:
        return Fulfilment(one, None, "no answer")
    return Fulfilment(one, (probability >= HOLDS) == (one.expects == "holds"), f"probability {probability:.2f}")
