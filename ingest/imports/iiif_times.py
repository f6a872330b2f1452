"""The stretch of time that the target of an annotation names, in the ways that programs write it.

Source
------
Media Fragments URI 1.0, 4.2.1; IIIF Presentation API 3.0, 5.7 and Annex A; Web Annotation Data Model, 4.2.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Repairs", "Times", "times_of"]

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)s?")

Times: TypeAlias = tuple[float | None, float | None]
"""Start and end in seconds; None for those of the recording."""
Found: TypeAlias = tuple[Times | None, str]


@dataclass(slots=True)
class Repairs:
    """What was repaired, by kind, with how often."""

    counts: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str) -> None:
        """Count a repair."""
        self.counts[kind] += 1


def times_of(target: object, repairs: Repairs) -> tuple[str, Times, str]:
    """Return the canvas of a target, its times in seconds (None for the start or end), and what is wrong with it.

    Parameters
    ----------
    target : object
        As JSON holds it.
    repairs : Repairs
        Counts what is mended.

    Examples
    --------
    >>> times_of("https://e.org/c#t=5.5,9", Repairs())
    ('https://e.org/c', (5.5, 9.0), '')
    """
    if isinstance(target, str):
        canvas, _, fragment = target.strip().partition("#")
        times, fault = _fragment(fragment, repairs)
        return canvas, times or (None, None), fault
    if not isinstance(target, dict):
        return "", (None, None), "no target"
    source = target.get("source", target.get("full", target.get("id", target.get("@id"))))
    if isinstance(source, dict):
        source = source.get("id", source.get("@id"))
    canvas, _, fragment = source.strip().partition("#") if isinstance(source, str) else ("", "", "")
    times, fault = _fragment(fragment, repairs)
    selectors = target.get("selector")
    for selector in selectors if isinstance(selectors, list) else [selectors]:
        if isinstance(selector, dict) and not fault:
            found, fault = _selector(selector, repairs)
            times = found or times
    return canvas, times or (None, None), fault


def _selector(selector: dict[str, object], repairs: Repairs) -> Found:
    kind, value = selector.get("type", selector.get("@type")), selector.get("value")
    if kind in ("FragmentSelector", "oa:FragmentSelector"):
        return _fragment(str(value), repairs)
    if kind == "PointSelector" and "t" in selector:
        moment = _seconds(selector["t"])
        return (None, f"a point in time of {selector['t']!r}") if moment is None else ((moment, moment), "")
    if kind != "RangeSelector":
        return None, ""
    if "t" in selector:
        repairs.note("a RangeSelector with 't' instead of two PointSelectors")
        return _fragment(f"t={selector['t']}", repairs)
    ends = [selector.get(name) for name in ("startSelector", "endSelector")]
    start, end = (_seconds(one.get("t")) if isinstance(one, dict) else None for one in ends)
    return (None, "a RangeSelector without two times") if start is None or end is None else ((start, end), "")


def _fragment(fragment: str, repairs: Repairs) -> Found:
    """Return the times of a media fragment, or None where it has none, and what is wrong."""
    part = next((one for one in fragment.split("&") if one.startswith("t=")), None)
    if part is None:
        return None, ""
    value = part[2:].removeprefix("npt:").strip()
    first, comma, last = value.partition(",")
    start, end = _seconds(first) if first.strip() else 0.0, _seconds(last) if last.strip() else None
    if start is None or (last.strip() and end is None):
        return None, f"a time of {value[:80]!r}"
    if not comma or not last.strip():
        repairs.note("a stretch without an end: taken to the end of the recording")
    if end is not None and end < start:
        repairs.note("a stretch whose end is before its start: the two are exchanged")
        start, end = end, start
    return (start, end), ""


def _seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) and value >= 0 else None
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + float(found[3])
