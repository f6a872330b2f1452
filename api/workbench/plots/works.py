"""A map of works: works of which alike is claimed stand near each other.

Conventions
-----------
The place of a work are the first two principal components of its profile: the square roots of the shares that concepts
have in its claims (Hellinger transformation), which keeps common concepts from hiding the rare ones.

Source
------
Legendre and Gallagher, Ecologically meaningful transformations for ordination of species data, Oecologia 129 (2001).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from api.workbench.plots.svg import Picture, shortened

__all__ = ["LEAST_WORKS", "MOST_WORKS", "Place", "WorksMap", "draw_map", "map_works"]

LEAST_WORKS = 3
MOST_WORKS = 80
_TELLING = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A work on the map; ``x`` and ``y`` from -1 to 1."""

    work: str
    title: str
    x: float
    y: float
    rows: int


@dataclass(frozen=True, slots=True)
class WorksMap:
    """Works with their places, and which concepts pull where.

    Parameters
    ----------
    places : tuple of Place
    telling : tuple of tuple of str
        Concepts that are claimed more towards the left, the right, the bottom and the top.
    explained : float
        Share of the variance of the profiles that the two axes show, 0 to 1.
    """

    places: tuple[Place, ...]
    telling: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    explained: float


def map_works(profiles: Mapping[tuple[str, str], Mapping[str, int]], rows: Mapping[str, int]) -> WorksMap | None:
    """Place works by what is claimed of them.

    Parameters
    ----------
    profiles : mapping
        By IRI and title of the work: number of passages by concept.
    rows : mapping of str to int
        How many rows of the answer each work has.

    Returns
    -------
    WorksMap or None
        None with fewer than `LEAST_WORKS` works, or if all have the same profile.
    """
    works = sorted(profiles)
    concepts = sorted({concept for profile in profiles.values() for concept in profile})
    if len(works) < LEAST_WORKS or not concepts:
        return None
    counts = np.array([[profiles[work].get(concept, 0) for concept in concepts] for work in works], float)
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    centred = shares - shares.mean(axis=0)
    left, strengths, right = np.linalg.svd(centred, full_matrices=False)
    total = float((strengths**2).sum())
    if total < 1e-9:
        return None
    for axis in range(2):  # the sign of a component is arbitrary: the largest weight is to be positive
        if len(strengths) > axis and right[axis][np.abs(right[axis]).argmax()] < 0:
            right[axis], left[:, axis] = -right[axis], -left[:, axis]
    points = left[:, :2] * strengths[:2]
    points = points / max(float(np.abs(points).max()), 1e-9)
    places = tuple(
        Place(work, title, float(x), float(y), rows.get(work, 0))
        for (work, title), (x, y) in zip(works, points, strict=True)
    )
    ends = []
    for axis in range(2):
        order = [concepts[number] for number in right[axis].argsort()]
        ends += [tuple(order[:_TELLING]), tuple(reversed(order[-_TELLING:]))]
    return WorksMap(places, (ends[0], ends[1], ends[2], ends[3]), float((strengths[:2] ** 2).sum()) / total)


def draw_map(found: WorksMap, hrefs: Mapping[str, str], ends: Sequence[str], name: str) -> Markup:
    """Draw a map of works.

    Parameters
    ----------
    found : WorksMap
    hrefs : mapping of str to str
        Address of each work's page, by IRI.
    ends : sequence of str
        What is written at the left, right, lower and upper edge.
    name : str
    """
    width, height, edge = 720.0, 520.0, 46.0
    picture = Picture(width, height, name, links=True)
    picture.add("rect", x=1, y=1, width=width - 2, height=height - 2, rx=6, class_="frame")
    picture.add("line", x1=edge, x2=width - edge, y1=height / 2, y2=height / 2, class_="grid")
    picture.add("line", x1=width / 2, x2=width / 2, y1=edge, y2=height - edge, class_="grid")
    for x, words in ((16.0, ends[0]), (width - 8, ends[1])):  # upright along the edges, where no work stands
        picture.add("text", shortened(words, height - 40), x=x, y=height / 2, class_="tick", text_anchor="middle",
                    transform=f"rotate(-90 {x:g} {height / 2:g})")  # fmt: skip
    picture.text(width / 2, height - 12, shortened(ends[2], width - 40), "tick", "middle")
    picture.text(width / 2, 20, shortened(ends[3], width - 40), "tick", "middle")
    most = max((place.rows for place in found.places), default=1) or 1
    written: list[tuple[float, float, float]] = []
    order = sorted(found.places, key=lambda place: -place.rows)
    circles = [
        (
            width / 2 + place.x * (width / 2 - edge - 30), height / 2 - place.y * (height / 2 - edge - 14),
            4 + 15 * math.sqrt(place.rows / most),
        )
        for place in order
    ]  # fmt: skip
    for place, (x, y, radius) in zip(order, circles, strict=True):
        label = shortened(place.title, 150)
        picture.open("a", href=hrefs[place.work], aria_label=f"{place.title}: {place.rows}")
        picture.titled("circle", f"{place.title}: {place.rows}", cx=x, cy=y, r=radius, class_="mark colour-0",
                       fill_opacity=0.55)  # fmt: skip
        spot = _room(written, circles, (x, y, radius, len(label) * 6.8), width)
        if spot is not None:
            picture.text(spot[0], spot[1], label, "lane")
            written.append((spot[0], spot[1], spot[0] + len(label) * 6.8))
        picture.close("a")
    return picture.markup(class_="square")


def _room(
    written: Sequence[tuple[float, float, float]], circles: Sequence[tuple[float, float, float]],
    about: tuple[float, float, float, float], width: float,
) -> tuple[float, float] | None:  # fmt: skip
    """Find where a label beside a circle meets no other one and no other circle; None if nowhere."""
    x, y, radius, length = about
    for left, line in (
        (x + radius + 4, y + 4), (x - radius - 4 - length, y + 4), (x - length / 2, y - radius - 5),
        (x - length / 2, y + radius + 14),
    ):  # fmt: skip
        inside = left > 24 and left + length < width - 24
        free = all(
            (cx, cy) == (x, y) or left > cx + size or left + length < cx - size or not line - 12 < cy + size
            or cy - size > line + 4
            for cx, cy, size in circles
        )  # fmt: skip
        if (
            inside
            and free
            and all(left > end or left + length < start or abs(line - at) > 13 for start, at, end in written)
        ):
            return left, line
    return None
