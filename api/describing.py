"""``acousma describe`` and ``acousma agreement``: one work along its time, and one sound beside its score."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyoxigraph
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from api.listing import clock, plain
from api.places import find_sound
from api.settings import Settings
from ingest.decode import file_sha256
from ingest.describe import DESCRIBER
from ingest.listeners.hearing import declared_seconds
from ontology.errors import InputError, UnknownName
from ontology.terms import ACM, ACV, DCTERMS, FOAF, MO, OA
from ontology.vocabulary import load_vocabulary
from queries import whole_answer
from store import Store, Table, Term, open_store
from truth import agreement, score

_SLACK_SECONDS = 0.5
"""How much longer or shorter another encoding of a sound may be."""

__all__ = ["DescribeOptions", "compare_with_score", "describe_work"]


@dataclass(frozen=True, slots=True)
class DescribeOptions:
    """What was typed after ``acousma describe``."""

    png: Path | None
    sound: Path | None
    confidence: float


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim as the timeline lists it."""

    title: str
    recording: str
    start: float
    end: float
    concept: str
    label: str
    agent: str
    confidence: float
    verdict: str


def _timeline(store: Store, work: str, confidence: float) -> list[_Claimed]:
    table = whole_answer(store, "timeline", {"work": work, "confidence": f"{confidence:g}", "rejected": "shown"})
    index = {name: number for number, name in enumerate(table.columns)}

    def cell(row: Sequence[Term | None], name: str) -> str:
        return plain(row[index[name]])

    return [
        _Claimed(
            cell(row, "title"), cell(row, "recording"), float(cell(row, "start")), float(cell(row, "end")),
            cell(row, "concept"), cell(row, "label"), cell(row, "agent"), float(cell(row, "confidence")),
            cell(row, "verdict"),
        )
        for row in table.rows
    ]  # fmt: skip


def describe_work(settings: Settings, work: str, options: DescribeOptions, out: Console) -> None:
    """Print the timeline of a work, recording by recording, and draw it if asked to.

    Raises
    ------
    UnknownName
        If no work has such a title, or several have and a picture was asked for.
    """
    with open_store(settings.location, limits=settings.limits) as store:
        claimed = _timeline(store, work, options.confidence)
        if not claimed:
            raise UnknownName(
                f"nothing is claimed of a work {work!r}", "a title, a part of one, or an IRI", _near_titles(store, work)
            )  # fmt: skip
        exact = [item for item in claimed if item.title.casefold() == work.casefold()]
        claimed = exact or claimed
        recordings = sorted({(item.title, item.recording) for item in claimed})
        words = whole_answer(store, "words", {"work": work})
        shown = [
            (title, *_recording(store, recording), [item for item in claimed if item.recording == recording])
            for title, recording in recordings
        ]
    for title, duration, _, mine in shown:
        _print_timeline(title, duration, mine, out)
    _print_words(words, out)
    if options.png is None:
        return
    if len(shown) > 1 and options.sound:
        titles = ", ".join(f"{title}: {recording}" for title, recording in recordings)
        raise UnknownName(f"{work!r} stands for several recordings ({titles})", "one, for --sound",
                          "give the IRI of the work, or leave --sound out")  # fmt: skip
    for number, (title, duration, sums, mine) in enumerate(shown, 1):
        png = options.png if len(shown) == 1 else options.png.with_stem(f"{options.png.stem}-{number}")
        sound = options.sound or (find_sound(settings.location, sums) if isinstance(settings.location, Path) else None)
        if options.sound:
            _check_sound(options.sound, duration, sums)
        _draw(png, title, duration, mine, sound)
        said = "" if sound else ", without the sound: it was not found; name it with --sound"
        out.print(f"Picture: {escape(str(png))}{said}", highlight=False, soft_wrap=True)


def _check_sound(path: Path, duration: float, sums: Sequence[str]) -> None:
    """Raise if a file is not what was described: neither its bytes nor its length are the same."""
    if file_sha256(path) in sums:
        return
    seconds = declared_seconds(path)
    if abs(seconds - duration) > _SLACK_SECONDS:
        raise InputError(
            f"{path} lasts {seconds:.2f} s, the recording {duration:.2f} s",
            "the sound that was described, in this or another format", "name another file, or leave --sound out",
        )  # fmt: skip


def _near_titles(store: Store, work: str) -> str:
    """Return the titles that are nearest to a word, as advice."""
    table = whole_answer(store, "works", {})
    titles = {plain(row[table.columns.index("title")]).casefold(): row for row in table.rows}
    near = difflib.get_close_matches(work.casefold(), titles, 3)
    found = [plain(titles[title][table.columns.index("title")]) for title in near]
    return f"did you mean {' or '.join(found)}?" if found else "list them with: acousma works"


def _recording(store: Store, recording: str) -> tuple[float, list[str]]:
    """Return the duration of a recording in seconds and the sums of its files."""
    text = (
        f"SELECT DISTINCT ?end ?sum WHERE {{ <{recording}> <{MO.time}> ?time . ?time <{ACM.endSeconds}> ?end . "
        f"OPTIONAL {{ ?file <{MO.encodes}> <{recording}> ; <{ACM.sha256}> ?sum }} }}"
    )
    rows = store.rows(text).rows
    return float(plain(rows[0][0])), [plain(row[1]) for row in rows]


def _print_timeline(title: str, duration: float, claimed: Sequence[_Claimed], out: Console) -> None:
    """Print the spans of a recording in order of time, each with its claims and where it lies."""
    table = RichTable(
        title=f"{escape(title)}  ({clock(duration)})", title_justify="left", title_style="bold", header_style="bold"
    )
    table.add_column("from", justify="right", no_wrap=True)
    table.add_column("to", justify="right", no_wrap=True)
    table.add_column("where", no_wrap=True)
    table.add_column("claims (confidence)", overflow="fold", ratio=1)
    table.add_column("by", overflow="fold")
    ordered = sorted(claimed, key=lambda item: (item.start, -item.end, item.agent, -item.confidence, item.label))
    for (start, end, agent), group in groupby(ordered, key=lambda item: (item.start, item.end, item.agent)):
        words = ", ".join(_word(item) for item in group)
        table.add_row(clock(start), clock(end), _position(start, end, duration), words, escape(agent))
    out.print(table)


def _print_words(words: Table, out: Console) -> None:
    """Print what was said in words, each with its passage and who said it."""
    index = {name: number for number, name in enumerate(words.columns)}
    for row in words.rows:
        start, end, agent, said = (plain(row[index[name]]) for name in ("start", "end", "agent", "said"))
        passage = f"{clock(float(start))}–{clock(float(end))}"
        out.print(f"{passage} {escape(agent)}: “{escape(said)}”", highlight=False, soft_wrap=True)


def _word(item: _Claimed) -> str:
    colour = {"contradicted": "red", "rejected": "red", "supported": "green", "accepted": "green"}
    text = f"{escape(item.label)} {item.confidence:.2f}"
    for verdict, name in colour.items():
        if verdict in item.verdict:
            return f"[{name}]{text} {verdict}[/{name}]"
    return text


def _position(start: float, end: float, duration: float, width: int = 24) -> str:
    first = min(width - 1, int(start / duration * width))
    last = max(first + 1, min(width, round(end / duration * width)))
    return "·" * first + "━" * (last - first) + "·" * (width - last)


def _draw(target: Path, title: str, duration: float, claimed: Sequence[_Claimed], sound: Path | None) -> None:
    from api.picture import Bar, draw

    vocabulary = load_vocabulary()
    bars = []
    for item in claimed:
        id_ = item.concept.removeprefix(ACV)
        lane = vocabulary.label(vocabulary.aspect(id_)) if id_ in vocabulary.concepts else "other"
        bars.append(Bar(item.start, item.end, lane, item.label, item.agent, item.confidence, item.verdict))
    try:
        draw(target, title, duration, bars, sound)
    except (OSError, ValueError) as error:
        raise InputError(f"{target} cannot be drawn ({error})", "a file ending in .png, .svg or .pdf") from error


_MEASURED = f"""
SELECT DISTINCT ?start ?end ?concept ?confidence WHERE {{
  GRAPH ?run {{
    ?file <{ACM.sha256}> ?_sum ; <{MO.encodes}> ?recording .
    ?agent <{FOAF.name}> ?_name ; <{DCTERMS.hasVersion}> ?_version .
    ?claim <{DCTERMS.creator}> ?agent ; <{OA.hasTarget}> ?span ; <{OA.hasBody}> ?concept .
    ?claim <{ACM.confidence}> ?confidence .
    ?span <{ACM.segmentedAs}> <{ACV}detectedObject> ; <{ACM.startSeconds}> ?start ; <{ACM.endSeconds}> ?end .
  }}
}}"""
# a statement may stand in several graphs, and the union of all counts it as often: hence GRAPH and DISTINCT


def compare_with_score(settings: Settings, path: Path, out: Console, *, every: bool = False) -> None:
    """Print how the measured claims about a sound agree with its score.

    Parameters
    ----------
    settings : Settings
    path : Path
        The score.
    out : Console
    every : bool
        Also the concepts that the score does not speak of.

    Raises
    ------
    InputError
        If the score cannot be read or its sound is not in the archive.
    """
    try:
        events = score.read(path)
        sound = path.parent / score.sound_file(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "a score table", "check the name") from error
    values: dict[str, Term] = {
        "_sum": pyoxigraph.Literal(file_sha256(sound)),
        "_name": pyoxigraph.Literal(DESCRIBER.name),
        "_version": pyoxigraph.Literal(DESCRIBER.version or ""),
    }
    with open_store(settings.location, limits=settings.limits) as store:
        rows = store.rows(_MEASURED, values).rows
    if not rows:
        raise UnknownName(f"the archive holds no measured claims about {sound}", "an ingested sound",
                          f"acousma ingest {sound}")  # fmt: skip
    heard = [
        agreement.Heard(
            float(plain(row[0])), float(plain(row[1])), plain(row[2]).removeprefix(ACV), float(plain(row[3]))
        )
        for row in rows
    ]
    _print_agreement(agreement.evaluate(events, heard), out, every)


def _print_agreement(found: agreement.Agreement, out: Console, every: bool) -> None:
    vocabulary = load_vocabulary()
    table = RichTable(
        title=f"Measured claims beside the score ({found.isolated} of {found.events} events sound alone: judged)",
        title_justify="left", title_style="bold", header_style="bold",
    )  # fmt: skip
    for name in found.COLUMNS:
        table.add_column(name, justify="left" if name == "concept" else "right")
    silent = {row.concept: row.unjudged for row in found.concepts if not (row.listed or row.spurious)}
    for row in found.rows():
        concept = str(row[0])
        if concept in silent and not every:
            continue
        cells = ("" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row[1:])
        label = vocabulary.label(concept)
        table.add_row(escape(label), *cells, style="bold" if concept == "all" else None)
    out.print(table)
    if silent and not every:
        out.print(
            f"The score does not speak of {len(silent)} further concepts, claimed {sum(silent.values())} times "
            "(--all shows them).", highlight=False,
        )  # fmt: skip
    for onsets in found.onsets:
        out.print(
            f"Boundaries within {onsets.window:g} s: F = {onsets.f_measure:.2f} "
            f"(precision {onsets.precision:.2f}, recall {onsets.recall:.2f})",
            highlight=False,
        )
