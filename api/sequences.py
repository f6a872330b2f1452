"""Sequences of claims over a work: from the answers of stored questions to merged graphs, tables and files.

Conventions
-----------
Sources are agents, recording by recording, or the versions of a work, whose times are then shares of their length. The
likeness of two concepts is that of `queries.sequences.related`, that of two chords the share of pitch classes that both
have.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from api.listing import clock, plain
from api.options import Source
from api.settings import Settings
from ontology.errors import InputError, UnknownName
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary
from queries import answer
from queries.sequences import Likeness, Line, Merged, Passage, merged, related
from store import Store, Table, open_store

__all__ = ["Asked", "likeness", "merged_of", "show_sequences", "told"]

_MOST = "100000"
_SHOWN = 40
"""Steps that are printed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed after ``acousma sequences``.

    Parameters
    ----------
    work : str
    aspect : str
        Id, label or IRI of the question that the claims answer.
    sources : Source
    agents : tuple of str
        Parts of the names of the only agents that count; empty for all.
    chords : bool
        Whether chords are merged, not claims.
    picture, graph : Path or None
        Files to write.
    """

    work: str
    aspect: str = "morphologicalArchetype"
    sources: Source = Source.AGENTS
    agents: tuple[str, ...] = ()
    chords: bool = False
    picture: Path | None = None
    graph: Path | None = None


@cache
def _broader(concept: str) -> frozenset[str]:
    return frozenset(load_vocabulary().ancestors(concept)) if concept in load_vocabulary().concepts else frozenset()


def shared_pitch_classes(one: str, other: str) -> float:
    """Return which share of the pitch classes of two chords is in both; that of two rests is 1.

    Examples
    --------
    >>> shared_pitch_classes("100010010000", "100100010000")
    0.5
    """
    pairs = [mark for mark in zip(one, other, strict=True) if "1" in mark]
    return sum(mark == ("1", "1") for mark in pairs) / len(pairs) if pairs else 1.0


def likeness(chords: bool) -> Likeness:
    """Return how alike two claims, or two chords, are."""
    return shared_pitch_classes if chords else related(_broader)


def merged_of(table: Table, asked: Asked) -> list[tuple[str, Merged]]:
    """Merge the rows of a stored question about sequences.

    Parameters
    ----------
    table : Table
        Of ``claim_sequences`` or ``chord_sequences``.
    asked : Asked

    Returns
    -------
    list of (str, Merged)
        With the title of each.

    Raises
    ------
    InputError
        If versions are to be merged, and there is one recording only.
    """
    groups: dict[tuple[str, str], dict[str, list[Mapping[str, str]]]] = {}
    versions = asked.sources is Source.VERSIONS
    for row in ({name: plain(term) for name, term in zip(table.columns, row, strict=True)} for row in table.rows):
        if asked.agents and not any(name.casefold() in row["agent"].casefold() for name in asked.agents):
            continue
        source, group = (row["recording"], "") if versions else (row["maker"], row["recording"])
        groups.setdefault((row["title"], group), {}).setdefault(source, []).append(row)
    found = []
    for (title, _), sources in groups.items():
        if versions and len(sources) < 2:
            raise InputError(
                f"{title!r} has claims of one recording only", "two or more recordings of the work",
                "compare agents: leave --sources out",
            )  # fmt: skip
        found.append((title, merged(_lines(sources, asked), likeness(asked.chords), stretched=versions)))
    return found


def _lines(sources: Mapping[str, Sequence[Mapping[str, str]]], asked: Asked) -> list[Line]:
    """Return the sequence of each source, with a name that no other has."""
    lines, names = [], dict[str, int]()
    for number, (source, rows) in enumerate(sources.items(), 1):
        name = f"version {number}" if asked.sources is Source.VERSIONS else rows[0]["agent"]
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name += f" ({source.rpartition('/')[2]})"
        key = "pitch_classes" if asked.chords else "concept"
        passages = tuple(
            Passage(float(row["start"]), float(row["end"]), row[key].removeprefix(ACV), row["label"]) for row in rows
        )
        longest = max(passage.end for passage in passages)
        lines.append(Line(name, max(float(rows[0]["duration"] or 0), longest), tuple(dict.fromkeys(passages))))
    return lines


def _read(store: Store, asked: Asked) -> list[tuple[str, Merged]]:
    arguments = {"work": asked.work, "limit": _MOST} | ({} if asked.chords else {"aspect": asked.aspect})
    found = merged_of(answer(store, "chord_sequences" if asked.chords else "claim_sequences", arguments), asked)
    if not found:
        what = "chords are named" if asked.chords else f"{asked.aspect!r} is claimed"
        raise UnknownName(
            f"no {what} of a work {asked.work!r}" + (f" by {' or '.join(asked.agents)}" if asked.agents else ""),
            "a work and a question of which something is claimed", "acousma works lists works, acousma ask runs agents",
        )  # fmt: skip
    exact = [one for one in found if one[0].casefold() == asked.work.casefold()]
    return exact or found


def show_sequences(settings: Settings, asked: Asked, out: Console) -> None:
    """Print the merged sequences of a work, and write picture and graph if asked to.

    Raises
    ------
    UnknownName
        If nothing is claimed of such a work.
    InputError
        If a file cannot be written, or versions are asked for and there are none.
    """
    with open_store(settings.location, limits=settings.limits) as store:
        found = _read(store, asked)
    for title, one in found:
        _print(title, one, out)
    for target, write in ((asked.picture, _draw), (asked.graph, _write_graph)):
        if target is None:
            continue
        for number, (title, one) in enumerate(found, 1):
            path = target if len(found) == 1 else target.with_stem(f"{target.stem}-{number}")
            try:
                write(path, title, one)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{path} cannot be written ({error})", "a file name that ends in .svg, .png or .pdf, or .graphml",
                    "name another",
                ) from error  # fmt: skip
            out.print(f"Written: {escape(str(path))}", highlight=False, soft_wrap=True)


def told(found: Merged) -> Callable[[float], str]:
    """Return how times of a merged graph are written."""
    return (lambda time: f"{100 * time:.0f} %") if found.stretched else clock


def _print(title: str, found: Merged, out: Console) -> None:
    time = told(found)
    table = RichTable(title=escape(title), title_justify="left", title_style="bold", header_style="bold")
    for heading in ("time", "heard", "sources", "then"):
        table.add_column(heading, overflow="fold")
    steps: dict[int, list[str]] = {}
    for (first, second), weight in sorted(found.edges.items()):
        steps.setdefault(first, []).append(f"{found.nodes[second].label}" + (f" ×{weight}" if weight > 1 else ""))
    for place, node in enumerate(found.nodes[:_SHOWN]):
        table.add_row(
            f"{time(node.start)}–{time(node.end)}", escape(node.label), escape("; ".join(node.sources)),
            escape(", ".join(steps.get(place, ()))),
        )  # fmt: skip
    out.print(table)
    if len(found.nodes) > _SHOWN:
        out.print(f"{len(found.nodes)} stretches; the first {_SHOWN} are shown", highlight=False)
    sources = f"{len(found.lines)} source{'s' if len(found.lines) > 1 else ''}"
    coherence = found.coherence
    said = "nowhere do two speak at once" if coherence is None else f"coherence {coherence:.3f}"
    out.print(f"{sources}, {said}", highlight=False)


def _write_graph(path: Path, title: str, found: Merged) -> None:
    import networkx as nx

    graph = found.graph()
    graph.graph["title"] = title
    nx.write_graphml(graph, path)


def _draw(path: Path, title: str, found: Merged) -> None:
    """Draw; matplotlib takes a second to import."""
    from api.sequence_picture import draw

    draw(path, title, found, told(found))
