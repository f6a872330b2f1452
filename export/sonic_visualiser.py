"""Sonic Visualiser: a region layer as CSV, or as a layer file (SVL).

Conventions
-----------
A region's value is the number of the row in which it overlaps no other, from 1, so that all are seen; its label is the
label with its concept in brackets, or the words. CSV has a header and seconds; SVL counts frames of the recording's
sample rate, rounded to the nearest.

Source
------
Sonic Visualiser Reference Manual, Importing and exporting annotation layers; the layer file as Sonic Visualiser's own
``svcore`` reads it (``SVFileReader``): model type ``sparse`` with subtype ``region``.
"""

import csv
import io
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from xml.sax.saxutils import quoteattr

from export.material import Annotation, Material
from export.options import Options
from export.words import one_line, plain_number, rows_of, tagged, xml_text

__all__ = ["write_csv", "write_layer"]

_RATE = 48000
"""Hz, where the recording's rate is unknown."""
_LEFT_OUT = "regions hold times and labels only: who says it, how surely, and the verdicts are left out"


def _placed(material: Material) -> Iterator[tuple[int, Annotation]]:
    rows = {
        one.iri: number for number, row in enumerate(rows_of(material.annotations, material.duration), 1) for one in row
    }
    return ((rows[one.iri], one) for one in material.annotations)


def write_csv(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a region layer as CSV: time, value, duration, label."""
    if material.layers:
        notes.append(_LEFT_OUT)
    yield b"TIME,VALUE,DURATION,LABEL\n"
    for row, one in _placed(material):
        line = io.StringIO()
        cells = (plain_number(one.start), row, plain_number(one.end - one.start), tagged(one, options.language))
        csv.writer(line, lineterminator="\n").writerow(cells)
        yield line.getvalue().encode()


def write_layer(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a layer file."""
    rate = material.sample_rate or _RATE
    if material.sample_rate is None:
        notes.append(f"the sample rate of the recording is unknown: frames are of 1/{_RATE} s")
    if material.layers:
        notes.append(_LEFT_OUT)
    name = quoteattr(xml_text(one_line(material.work.title)))
    end = _frame(material.duration, rate)
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE sonic-visualiser>\n<sv>\n  <data>\n'
        f'    <model id="1" name={name} sampleRate="{rate}" start="0" end="{end}" type="sparse" dimensions="3" '
        'resolution="1" notifyOnAdd="true" dataset="0" subtype="region" valueQuantization="0" units=""/>\n'
        '    <dataset id="0" dimensions="3">\n'
    ).encode()
    inexact = 0
    for row, one in _placed(material):
        start, stop = _frame(one.start, rate), _frame(one.end, rate)
        inexact += any(time * rate % 1 != 0 for time in (one.start, one.end))
        label = quoteattr(xml_text(tagged(one, options.language)))
        yield f'      <point frame="{start}" value="{row}" duration="{stop - start}" label={label}/>\n'.encode()
    if inexact:
        notes.append(f"the times of {inexact} annotations are rounded to frames of 1/{rate} s")
    yield (
        f'    </dataset>\n  </data>\n  <display>\n    <layer id="2" type="regions" name={name} model="1"/>\n'
        "  </display>\n</sv>\n"
    ).encode()


def _frame(seconds: Decimal, rate: int) -> int:
    return int((seconds * rate).to_integral_value(ROUND_HALF_EVEN))
