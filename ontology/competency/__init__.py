"""Competency questions: what a musicologist would ask, and small graphs on which the right answer is known.

Conventions
-----------
A competency question says what the ontology must be able to answer [1]_ [2]_. Each is three files beside this module:

``NN-slug.rq``
    Lines that begin with ``#+`` and together form YAML, after the manner of grlc: ``summary`` (the question),
    ``description`` (why one asks it), ``tags``, ``near_misses`` (what stands in the graph and must not be in the
    answer) and ``columns``. Below them stands the question in SPARQL 1.1, without parameters. Where a stored question
    of the ``queries`` folder answers it, the header names it (``query``) with its ``arguments``, and no SPARQL follows.
``NN-slug.trig``
    A small graph of invented claims, to be read together with ``common.trig``.
``NN-slug.csv``
    The answer, in the order of the query. Of a stored question only the columns that the header names.

References
----------
.. [1] M. Grüninger, M. S. Fox (1995), Methodology for the design and evaluation of ontologies.
.. [2] M. Poveda-Villalón et al. (2022), LOT: An industrial oriented ontology engineering framework.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

__all__ = ["COMMON", "FOLDER", "Question", "load_questions"]

FOLDER = Path(__file__).parent
"""The folder that holds the questions."""

COMMON = FOLDER / "common.trig"
"""What the graphs share: works, recordings, describers and their runs."""


@dataclass(frozen=True, slots=True)
class Question:
    """One competency question with its known answer.

    Parameters
    ----------
    name : str
        Name of its files, without the ending.
    summary : str
        The question in plain words.
    description : str
        Why one asks it.
    tags : tuple of str
    near_misses : tuple of str
        What stands in the graph and must not be in the answer.
    columns : Mapping of str to str
        What each column of the answer means, with its UCUM unit where it has one.
    query : str or None
        Name of the stored question that answers it, if one does.
    arguments : Mapping of str to str
        Arguments of the stored question.
    sparql : str
        The question in SPARQL; empty if a stored question answers it.
    rows : tuple of tuple of str
        The answer; an empty text stands for nothing.
    """

    name: str
    summary: str
    description: str
    tags: tuple[str, ...]
    near_misses: tuple[str, ...]
    columns: Mapping[str, str]
    query: str | None
    arguments: Mapping[str, str]
    sparql: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def graph(self) -> Path:
        """The file of its graph."""
        return FOLDER / f"{self.name}.trig"


def load_questions() -> tuple[Question, ...]:
    """Read all competency questions, in the order of their numbers.

    Returns
    -------
    tuple of Question

    Raises
    ------
    ValueError
        If the columns of an answer are not those of its question.

    Examples
    --------
    >>> load_questions()[0].name
    '01-bandlimited-seventies'
    """
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.rq")))


def _read(path: Path) -> Question:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    header = yaml.safe_load("".join(line[2:].removeprefix(" ") for line in lines if line.startswith("#+")))
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    if names != list(header["columns"]):
        raise ValueError(f"{path.stem}.csv has the columns {names}, {path.name} says {list(header['columns'])}")
    return Question(
        name=path.stem,
        summary=header["summary"],
        description=header["description"],
        tags=tuple(header["tags"]),
        near_misses=tuple(header["near_misses"]),
        columns=MappingProxyType({name: _meaning(fields) for name, fields in header["columns"].items()}),
        query=header.get("query"),
        arguments=MappingProxyType({name: str(value) for name, value in header.get("arguments", {}).items()}),
        sparql="".join(line for line in lines if not line.startswith("#+")).strip("\n"),
        rows=tuple(tuple(row) for row in rows),
    )


def _meaning(fields: str | Mapping[str, str]) -> str:
    if isinstance(fields, str):
        return fields
    return fields["description"] + (", 0 to 1" if fields["unit"] == "1" else f" ({fields['unit']})")
