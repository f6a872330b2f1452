"""The form of a recording as ranges of a IIIF manifest: passages of which something is said, nested as they lie."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from export.material import Material
from export.words import one_line

__all__ = ["ranges"]

_LEVELS = 3
"""Ranges within ranges, at most."""
_LONG = 60
"""Letters of a label from which nothing is added to it."""

Json: TypeAlias = dict[str, Any]  # values of JSON
Times: TypeAlias = tuple[Decimal, Decimal]


@dataclass(slots=True)
class _Node:
    """A stretch and those that lie within it."""

    span: Times
    children: "list[_Node]"


def ranges(material: Material, language: str, root: str, stretch: Callable[[Decimal, Decimal], str]) -> list[Json]:
    """Return one range with the passages of a recording, parts within parts; nothing where nothing is said.

    Parameters
    ----------
    material : Material
    language : str
        Of the labels.
    root : str
        Address below which ranges are numbered.
    stretch : callable
        Gives the address of a stretch of the canvas from start and end.
    """
    spans = {(one.start, one.end) for one in material.annotations if not one.is_instant}
    tops = _nested(sorted(spans, key=lambda span: (span[0], -span[1])))
    if not tops:
        return []
    names = _names(material, language)
    counter = iter(range(1, len(spans) + 2))

    def made(label: str, items: list[Json], language: str = "none") -> Json:
        return {"id": f"{root}/range/{next(counter)}", "type": "Range", "label": {language: [label]}, "items": items}

    def part(node: _Node) -> Json:
        leaf = {"id": stretch(*node.span), "type": "Canvas"}
        return made(names[node.span], [leaf, *map(part, node.children)])

    return [made("Passages", [part(node) for node in tops], "en")]


def _names(material: Material, language: str) -> dict[Times, str]:
    names: dict[Times, str] = {}
    for one in material.annotations:
        times, label = (one.start, one.end), one_line(one.text(language))
        known = names.get(times)
        if one.is_instant or (known is not None and len(known) >= _LONG):
            continue
        names[times] = f"{known}, {label}" if known and label not in known.split(", ") else known or label
    return names


def _nested(spans: Iterable[Times]) -> list[_Node]:
    """Return stretches as trees: each below the shortest earlier one that holds it; at most `_LEVELS` levels deep."""
    tops: list[_Node] = []
    path: list[_Node] = []
    for span in spans:
        while path and path[-1].span[1] < span[1]:
            path.pop()
        node = _Node(span, [])
        if len(path) >= _LEVELS:
            path = path[: _LEVELS - 1]
        (path[-1].children if path else tops).append(node)
        path.append(node)
    return tops
