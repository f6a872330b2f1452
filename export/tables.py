"""Tables for pandas and spreadsheets: a row per annotation, as CSV or Parquet.

Conventions
-----------
The first columns are those that ``acousma import`` reads; times are seconds. What is unknown is empty in CSV and null
in Parquet; times and confidence are decimals in both. Parquet needs the optional library pyarrow.
"""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from export.material import Annotation, Material
from export.options import Options
from export.words import plain_number
from ontology.errors import InputError
from ontology.terms import ACV

__all__ = ["COLUMNS", "write_csv", "write_parquet"]

COLUMNS = (
    "file", "start", "end", "concept", "text", "confidence", "basis", "agent", "agent_kind", "version", "prefLabel",
    "aspect", "verdict", "annotation", "run", "created", "recording", "work", "title",
)  # fmt: skip

Cell = str | Decimal | None


def _cells(one: Annotation, material: Material, language: str) -> tuple[Cell, ...]:
    concept = one.concept
    return (
        material.files[0].name if material.files else material.id, one.start, one.end,
        (concept.id if concept.iri.startswith(ACV) else concept.iri) if concept else None, one.words or None,
        one.confidence, one.confidence_kind, one.agent.name, "person" if one.agent.person else "software",
        one.agent.version, concept.label(language) if concept else None, one.aspect.id if one.aspect else None,
        one.verdicts, one.iri, one.run, one.created, material.recording, material.work.iri, material.work.title,
    )  # fmt: skip


def write_csv(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield comma-separated values (RFC 4180, lines end in a newline)."""
    yield (",".join(COLUMNS) + "\n").encode()
    for one in material.annotations:
        line = io.StringIO()
        cells = (
            plain_number(cell) if isinstance(cell, Decimal) else cell
            for cell in _cells(one, material, options.language)
        )
        csv.writer(line, lineterminator="\n").writerow("" if cell is None else cell for cell in cells)
        yield line.getvalue().encode()


def write_parquet(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a Parquet file.

    Raises
    ------
    InputError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "Parquet needs pyarrow, which is not installed", None, "pip install 'acousma[parquet]', or export csv"
        ) from error
    number = pa.decimal128(18, 6)
    fields = [(name, number if name in ("start", "end", "confidence") else pa.string()) for name in COLUMNS]
    rows = (_cells(one, material, options.language) for one in material.annotations)
    table = pa.table(
        [pa.array(column, kind) for column, (_, kind) in zip(zip(*rows, strict=True), fields, strict=True)]
        if material.annotations else [pa.array([], kind) for _, kind in fields],
        schema=pa.schema(fields),
    )  # fmt: skip
    target = io.BytesIO()
    parquet.write_table(table, target)
    yield target.getvalue()
