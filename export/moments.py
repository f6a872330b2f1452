"""Moments that were measured within a recording: where a stretch is loudest, and where a sound object ends.

Conventions
-----------
Nothing is measured here. The loudest moment follows from an observation of the property *position of the maximum*
(``acv:peakPosition``, from 0 at the start of the span to 1 at its end), the end of a sound object from the span that a
program marked off as one (``acv:detectedObject``) and measured. Times are rounded to the millisecond. An end at the
end of the recording says nothing and is none. The same moment, measured by one agent in several runs, is one.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from export.material import Agent, Moment
from ontology.terms import ACM, ACV, DCTERMS, FOAF, OA, SOSA, SpanKind

__all__ = ["ENDS", "PEAKS", "PEAK_POSITION", "moments_of"]

PEAK_POSITION = "peakPosition"
"""Id of the property whose observations name a moment."""

_MILLISECOND, _LONGEST = Decimal("0.001"), Decimal("1e9")
_MAKER = f"""?measurement a <{ACM.MeasurementAnnotation}> ; <{OA.hasTarget}> ?span ; <{DCTERMS.creator}> ?maker .
  ?span <{ACM.startSeconds}> ?start ; <{ACM.endSeconds}> ?end
  OPTIONAL {{ ?maker <{FOAF.name}> ?name }} OPTIONAL {{ ?maker <{DCTERMS.hasVersion}> ?version }}"""

PEAKS = f"""SELECT DISTINCT ?source ?start ?end ?share ?maker ?name ?version WHERE {{ GRAPH ?run {{
  ?span <{OA.hasSource}> ?_recording . {_MAKER} ?measurement <{OA.hasBody}> ?observation .
  ?observation <{SOSA.observedProperty}> <{ACV}{PEAK_POSITION}> ; <{SOSA.hasSimpleResult}> ?share
  BIND(?measurement AS ?source) }} }}"""
"""Asks for the loudest moments, by ``?_recording``."""

ENDS = f"""SELECT DISTINCT ?source ?start ?end ?maker ?name ?version WHERE {{ GRAPH ?run {{
  ?span <{OA.hasSource}> ?_recording ; <{ACM.segmentedAs}> <{ACV}{SpanKind.DETECTED_OBJECT}> . {_MAKER}
  BIND(?span AS ?source) }} }}"""
"""Asks for the sound objects that were measured, by ``?_recording``."""


def moments_of(
    peaks: Iterable[Mapping[str, str]], objects: Iterable[Mapping[str, str]], duration: Decimal
) -> tuple[Moment, ...]:
    """Return the moments, in order of time.

    Parameters
    ----------
    peaks, objects : iterable of Mapping
        Rows of `PEAKS` and `ENDS`, as text.
    duration : Decimal
        Of the recording, in seconds.
    """
    found: dict[tuple[Decimal, str, Decimal, str], Moment] = {}
    for one in (*_peaks(peaks), *_ends(objects)):
        key = (one.at, one.kind, one.start, one.agent.iri)
        within = 0 <= one.start <= one.at <= one.end <= duration
        if within and (one.kind == "peak" or one.at < duration) and (key not in found or one.iri < found[key].iri):
            found[key] = one
    return tuple(found[key] for key in sorted(found))


def _peaks(rows: Iterable[Mapping[str, str]]) -> Iterator[Moment]:
    for row in rows:
        numbers = _numbers(row, "start", "end", "share")
        if numbers:
            start, end, share = numbers
            at = (start + share * (end - start)).quantize(_MILLISECOND)
            yield Moment(row["source"], at, "peak", start, end, _agent(row), share)


def _ends(rows: Iterable[Mapping[str, str]]) -> Iterator[Moment]:
    for row in rows:
        numbers = _numbers(row, "start", "end")
        if numbers:
            start, end = numbers
            yield Moment(row["source"], end, "end", start, end, _agent(row))


def _numbers(row: Mapping[str, str], *names: str) -> list[Decimal]:
    """Return the numbers in some cells, or none where one is no number; spans without times are told elsewhere."""
    try:
        numbers = [Decimal(row[name]) for name in names]
    except InvalidOperation:
        return []
    return numbers if all(number.is_finite() and abs(number) < _LONGEST for number in numbers) else []


def _agent(row: Mapping[str, str]) -> Agent:
    return Agent(row["maker"], row["name"] or row["maker"], row["version"] or None)
