"""What an archive knows of its recordings: a table of works, one row per sound file.

Conventions
-----------
A catalogue is a CSV file (comma, semicolon or tab; UTF-8) with a column ``file`` (path from the catalogue's folder)
and any of ``title``, ``creator``, ``year``, ``source``, ``licence``; other columns are left alone. A faulty row is
a problem that names the row; the other rows are used.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from ingest.decode import readable
from ontology.errors import CatalogueError, InputError
from ontology.values import Work

__all__ = ["SURPLUS", "Catalogue", "read_catalogue", "read_table"]

_FIELDS = ("title", "creator", "year", "source", "licence")
SURPLUS = "(surplus)"
"""Key of what stands beyond the last column of a table."""

_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The works of a catalogue, by resolved path of their sound file.

    Parameters
    ----------
    works : Mapping of Path to Work
    problems : tuple of CatalogueError
        One per faulty row.
    """

    works: Mapping[Path, Work] = field(default_factory=dict)
    problems: tuple[CatalogueError, ...] = ()

    def work(self, path: Path) -> Work:
        """Return the work of a sound file; without an entry its title is the file's name."""
        return self.works.get(path.resolve()) or Work(readable(path.stem))


def read_table(path: Path, required: Sequence[str], error: type[InputError]) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file with a header, whatever its delimiter; rows without a word in them are left out.

    Parameters
    ----------
    path : Path
    required : sequence of str
        Columns that must be there.
    error : type
        What to raise.

    Returns
    -------
    list of (int, dict)
        Number of the line a row ends in, and its cells by column, stripped; an absent cell is the empty string. What
        stands beyond the last column is under `SURPLUS`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as reason:
        raise error(
            f"{path} cannot be read ({reason})", "a CSV file in UTF-8", "check its name, or save it as UTF-8"
        ) from reason
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [column.strip() for column in next(reader, [])]
        rows = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as reason:
        raise error(
            f"{path}, line {reader.line_num}: {reason}",
            "a CSV file",
            "look for a quotation mark without its other half",
        ) from reason
    missing = [column for column in required if column not in columns]
    if missing:
        raise error(
            f"{path} has the columns {', '.join(columns) or '(none)'}",
            f"also {', '.join(missing)}",
            "add them to the first line",
        )
    return [
        (
            line,
            dict(zip_longest([*columns, SURPLUS], [*cells[: len(columns)], *_surplus(cells, columns)], fillvalue="")),
        )
        for line, cells in rows
        if any(cells)
    ]


def _surplus(cells: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return what a row has beyond its columns, as one cell; nothing if it has too few."""
    return [" ".join(cells[len(columns) :])] if len(cells) > len(columns) else []


def read_catalogue(path: Path) -> Catalogue:
    """Read a catalogue.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Catalogue

    Raises
    ------
    CatalogueError
        If the file cannot be read or has no column ``file``.
    """
    works: dict[Path, Work] = {}
    problems: list[CatalogueError] = []
    for line, row in read_table(path, ["file"], CatalogueError):
        where = f"{path}, line {line}"
        if row[SURPLUS]:
            found = f"{where}: {row[SURPLUS]!r} stands beyond the last column"
            problems.append(CatalogueError(found, "a cell per column", "put a text with the delimiter in it in quotes"))
            continue
        if not row["file"]:
            problems.append(CatalogueError(f"{where}: no file is named", "a path in column file", "fill it in"))
            continue
        file = (path.parent / row["file"]).resolve()
        if not file.is_file():
            problems.append(
                CatalogueError(
                    f"{where}: {row['file']} is not there", f"a file at {file}", "correct the path or the row"
                )
            )
            continue
        if file in works:
            problems.append(
                CatalogueError(f"{where}: {row['file']} has a row above", "one row per file", "delete one of them")
            )
            continue
        cells = {name: row.get(name, "") for name in _FIELDS}
        year = cells["year"]
        if year and not (_YEAR.fullmatch(year) and int(year)):
            problems.append(
                CatalogueError(
                    f"{where}: {year!r} is no year",
                    "four digits, such as 1975",
                    f"correct it; {row['file']} is taken in without a year",
                )
            )
            year = ""
        works[file] = Work(
            title=cells["title"] or file.stem,
            creator=cells["creator"] or None,
            year=int(year) if year else None,
            source=cells["source"] or None,
            licence=cells["licence"] or None,
        )
    return Catalogue(works, tuple(problems))
