"""Rows of the tables that people edit, each of which knows where it stands.

Conventions
-----------
Tables are CSV in UTF-8 with a header line. Lines are counted as an editor counts them, so that a cell with line breaks
counts for several. Cells with several values separate them by ``;``.
"""

import csv
import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ontology.errors import VocabularyError

__all__ = ["Row", "read_rows", "words"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table that knows where it stands, for messages.

    Parameters
    ----------
    path : Path
    line : int
        Line on which the row ends, from 1.
    cells : Mapping of str to str
        Text by column.
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    def error(self, column: str, found: str, expected: str) -> VocabularyError:
        """Return an error that names file, line and column."""
        where = f"{self.path.name}, line {self.line}, column {column}"
        return VocabularyError(f"{where}: {found}", expected, "correct the row; nothing was written")

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str:
        """Return a cell whose values are few."""
        value = self.cells[column]
        if value not in allowed:
            raise self.error(column, f"{value!r}", "one of " + ", ".join(allowed))
        return value

    def number(self, column: str) -> float | None:
        """Return a finite number, or None for an empty cell."""
        value = self.cells[column]
        if not value:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.error(column, f"{value!r}", "a number or nothing")
        return number

    def text(self, column: str) -> str:
        """Return a text that must not be empty."""
        value = self.cells[column].strip()
        if not value:
            raise self.error(column, "nothing", "a text")
        return value

    def known(self, column: str, ids: Container[str], what: str) -> str:
        """Return an id that must be one of those known."""
        value = self.cells[column]
        if value not in ids:
            raise self.error(column, f"{value!r} is no {what}", f"the id of a {what}")
        return value

    def new_id(self, known: Container[str], column: str = "id") -> str:
        """Return an id that no earlier row may have."""
        id_ = self.cells[column]
        if not id_.isidentifier() or not id_.isascii():
            raise self.error(column, f"{id_!r}", "ASCII letters and digits, starting with a letter")
        if id_ in known:
            raise self.error(column, f"{id_!r} stands there twice", "one row per id")
        return id_


def read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows of a table that must have exactly these columns.

    Raises
    ------
    VocabularyError
        If the file cannot be read, has other columns, or a row has a cell too many or too few.
    """
    line = 1
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != columns:
                raise VocabularyError(f"{path.name}, line 1: {reader.fieldnames}", f"the columns {', '.join(columns)}")
            for cells in reader:
                line = reader.line_num
                row = Row(path, line, cells)
                if None in cells or None in cells.values():
                    raise row.error("(all)", "a cell too many or too few", f"{len(columns)} cells")
                yield row
    except (csv.Error, UnicodeDecodeError, OSError) as error:
        raise VocabularyError(
            f"{path.name}, after line {line}: {error}", "a CSV table in UTF-8", "correct the file"
        ) from error


def words(text: str) -> tuple[str, ...]:
    """Return the values of a cell that are separated by ``;``.

    Examples
    --------
    >>> words("dark; bright;")
    ('dark', 'bright')
    """
    return tuple(word.strip() for word in text.split(";") if word.strip())
