"""Sequences of several sources over one work, merged into one graph in time, and how alike they are at each moment.

Conventions
-----------
- A *source* is what a sequence is taken from: an agent that describes a recording, or, between versions, a recording
  with all that is claimed of it; its sequence is a *line*. Time is in seconds, or, *stretched*, in shares of the length
  of each recording, 0 to 1, so that versions of different length lie on one axis.
- The *merged graph* is directed and weighted. A node is a concept (or a chord) over a stretch of time in which at least
  one source claims it without a gap; its weight is the number of sources that claim it there. An edge leads from a node
  to the one at which the same source goes on; its weight is the number of times that it does.
- The *coherence profile* cuts time wherever a passage begins or ends. Between two cuts it is the mean likeness of all
  pairs of claims by different sources, as in the stored question ``coherence``. Where fewer than two sources speak
  there is none. The *coherence* of a work is the mean of its profile, weighted by time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Line", "Merged", "Moment", "Node", "Passage", "merged", "related"]

Likeness = Callable[[str, str], float]
"""How alike two keys are, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One claim of a sequence.

    Parameters
    ----------
    start, end : float
        Seconds.
    key : str
        What is compared: the id of a concept, or the pitch classes of a chord.
    label : str
        What people read.
    """

    start: float
    end: float
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one source says, in order of time.

    Parameters
    ----------
    source : str
        What it is called; each once.
    duration : float
        Seconds of the recording.
    passages : tuple of Passage
    """

    source: str
    duration: float
    passages: tuple[Passage, ...]

    def tracks(self) -> list[int]:
        """Return for each passage, counted from 0, the first track on which none before it still lasts."""
        ends: list[float] = []
        places: dict[int, int] = {}
        for number, one in sorted(enumerate(self.passages), key=lambda pair: (pair[1].start, -pair[1].end)):
            track = next((place for place, end in enumerate(ends) if end <= one.start), len(ends))
            ends[track : track + 1] = [one.end]
            places[number] = track
        return [places[number] for number in range(len(self.passages))]

    def scaled(self) -> "Line":
        """Return it with times as shares of the recording."""
        passages = tuple(
            Passage(one.start / self.duration, one.end / self.duration, one.key, one.label) for one in self.passages
        )
        return Line(self.source, 1.0, passages)


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch between two cuts.

    Parameters
    ----------
    start, end : float
    sources : int
        How many speak.
    pairs : int
        Pairs of claims by different sources.
    coherence : float or None
        Their mean likeness, 0 to 1; None without a pair.
    """

    start: float
    end: float
    sources: int
    pairs: int
    coherence: float | None


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the merged graph."""

    start: float
    end: float
    key: str
    label: str
    sources: tuple[str, ...]

    @property
    def weight(self) -> int:
        """The number of sources."""
        return len(self.sources)


@dataclass(frozen=True, eq=False)
class Merged:
    """Sequences as one.

    Parameters
    ----------
    lines : tuple of Line
        In the times of the graph.
    stretched : bool
        Whether times are shares of the recordings.
    nodes : tuple of Node
        In order of time.
    edges : dict of (int, int) to int
        Weights, by places of nodes.
    profile : tuple of Moment
    """

    lines: tuple[Line, ...]
    stretched: bool
    nodes: tuple[Node, ...]
    edges: dict[tuple[int, int], int]
    profile: tuple[Moment, ...]

    @property
    def duration(self) -> float:
        """Where the time axis ends."""
        return max(one.duration for one in self.lines)

    @property
    def coherence(self) -> float | None:
        """The mean of the profile, weighted by time; None where nowhere two speak."""
        known = [(one.end - one.start, one.coherence) for one in self.profile if one.coherence is not None]
        total = sum(length for length, _ in known)
        return sum(length * value for length, value in known) / total if total else None

    def graph(self) -> "nx.DiGraph[int]":
        """Return the graph for other programs, such as with ``networkx.write_graphml``."""
        import networkx as nx  # noqa: PLC0415 - only whoever wants the graph needs it

        made: nx.DiGraph[int] = nx.DiGraph(unit="share" if self.stretched else "s")
        for place, node in enumerate(self.nodes):
            made.add_node(
                place, label=node.label, key=node.key, start=node.start, end=node.end, weight=node.weight,
                sources="; ".join(node.sources),
            )  # fmt: skip
        for (first, second), weight in self.edges.items():
            made.add_edge(first, second, weight=weight)
        return made


def related(broader: Callable[[str], frozenset[str]]) -> Likeness:
    """Return the likeness of concepts: 1 for the same or one narrower than the other, else 0.

    Parameters
    ----------
    broader : callable
        Gives all concepts that are broader than one.

    Examples
    --------
    >>> alike = related({"closed": frozenset({"attack"}), "attack": frozenset(), "held": frozenset()}.__getitem__)
    >>> alike("closed", "attack"), alike("closed", "held")
    (1.0, 0.0)
    """
    return lambda one, other: float(one == other or one in broader(other) or other in broader(one))


def merged(lines: Iterable[Line], alike: Likeness, *, stretched: bool = False) -> Merged:
    """Merge the sequences of several sources.

    Parameters
    ----------
    lines : iterable of Line
        At least one, with names of their own.
    alike : callable
    stretched : bool
        Whether each recording is laid over the whole axis.

    Examples
    --------
    >>> one = Line("Ada", 4, (Passage(0, 2, "held", "held"), Passage(2, 4, "struck", "struck")))
    >>> other = Line("Bo", 4, (Passage(0, 1, "held", "held"), Passage(1, 4, "struck", "struck")))
    >>> found = merged([one, other], lambda first, second: float(first == second))
    >>> [(node.start, node.end, node.label, node.weight) for node in found.nodes], found.edges
    ([(0, 2, 'held', 2), (1, 4, 'struck', 2)], {(0, 1): 2})
    >>> [(one.start, one.coherence) for one in found.profile], found.coherence
    ([(0, 1.0), (1, 0.0), (2, 1.0)], 0.75)
    """
    taken = tuple(one.scaled() for one in lines) if stretched else tuple(lines)
    nodes, places = _nodes(taken)
    edges: dict[tuple[int, int], int] = {}
    for number, one in enumerate(taken):
        for first, second in _steps(one.passages):
            edge = places[number, first], places[number, second]
            if edge[0] != edge[1]:
                edges[edge] = edges.get(edge, 0) + 1
    return Merged(taken, stretched, nodes, edges, tuple(_profile(taken, alike)))


def _nodes(sequences: Sequence[Line]) -> tuple[tuple[Node, ...], dict[tuple[int, Passage], int]]:
    """Return the nodes, and the place of the node of each passage, by number of its sequence."""
    by_key: dict[str, list[tuple[Passage, int]]] = {}
    for number, one in enumerate(sequences):
        for passage in one.passages:
            by_key.setdefault(passage.key, []).append((passage, number))
    groups: list[list[tuple[Passage, int]]] = []
    for passages in by_key.values():
        reached = float("-inf")
        for passage, number in sorted(passages, key=lambda pair: (pair[0].start, pair[0].end, pair[1])):
            if passage.start > reached:
                groups.append([])
            groups[-1].append((passage, number))
            reached = max(reached, passage.end)
    groups.sort(key=lambda group: (group[0][0].start, group[0][0].key))
    nodes: list[Node] = []
    places: dict[tuple[int, Passage], int] = {}
    for place, group in enumerate(groups):
        first = group[0][0]
        names = tuple(dict.fromkeys(sequences[number].source for _, number in group))
        nodes.append(Node(first.start, max(passage.end for passage, _ in group), first.key, first.label, names))
        places |= {(number, passage): place for passage, number in group}
    return tuple(nodes), places


def _steps(passages: Sequence[Passage]) -> Iterable[tuple[Passage, Passage]]:
    """Yield each passage with each of those that begin next."""
    by_start: dict[float, list[Passage]] = {}
    for passage in passages:
        by_start.setdefault(passage.start, []).append(passage)
    for here, there in pairwise(sorted(by_start)):
        yield from ((first, second) for first in by_start[here] for second in by_start[there])


def _profile(sequences: Sequence[Line], alike: Likeness) -> Iterable[Moment]:
    """Yield the stretches between cuts in which anything is claimed."""
    cuts = sorted({time for one in sequences for passage in one.passages for time in (passage.start, passage.end)})
    waiting = sorted(
        ((passage, number) for number, one in enumerate(sequences) for passage in one.passages),
        key=lambda pair: pair[0].start, reverse=True,
    )  # fmt: skip
    sounding: list[tuple[Passage, int]] = []
    for start, end in pairwise(cuts):
        sounding = [pair for pair in sounding if pair[0].end > start]
        while waiting and waiting[-1][0].start <= start:
            sounding.append(waiting.pop())
        if not sounding:
            continue
        likeness = [
            alike(first.key, second.key) for (first, one), (second, other) in combinations(sounding, 2) if one != other
        ]
        sources = len({number for _, number in sounding})
        yield Moment(start, end, sources, len(likeness), sum(likeness) / len(likeness) if likeness else None)
