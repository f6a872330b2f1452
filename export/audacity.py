"""Audacity labels: start, end and text in columns, a line per annotation.

Conventions
-----------
Seconds with six decimals; an instant is a point label. The text is the label with its concept in brackets, or the
words in one line.

Source
------
Audacity Manual, Importing and Exporting Labels: Standard format (default) of exported labels.
"""

from collections.abc import Iterator
from decimal import Decimal

from export.material import Material
from export.options import Options
from export.words import one_line, tagged

__all__ = ["write"]

_MICROSECOND = Decimal("0.000001")


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield the lines."""
    said = material.annotations
    if said:
        notes.append("labels hold times and texts only: who says it, how surely, and the verdicts are left out")
    changed = sum(one.concept is None and one_line(one.words) != one.words for one in said)
    if changed:
        notes.append(f"{changed} texts of several lines, or with tabs, are written in one line")
    for one in said:
        times = "\t".join(f"{time.quantize(_MICROSECOND):f}" for time in (one.start, one.end))
        yield f"{times}\t{tagged(one, options.language)}\n".encode()
