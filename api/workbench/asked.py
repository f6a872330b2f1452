"""What the page of a question shows: its form, its answer, and the pictures of it.

Conventions
-----------
A form says in plain words what the question leaves open. Arguments are those of the address; without any, the example
of the question is asked, so that a page begins with an answer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from fastapi import Request
from markupsafe import Markup

from api.listing import clock
from api.protocol.service import Service
from api.rest.asking import ask_by_line, values_of
from api.workbench.answers import Passage, durations_of, profiles_of
from api.workbench.plots.timeline import COLOURS, MOST_LANES, Lanes, Mark, lanes_of, timeline
from api.workbench.plots.works import MOST_WORKS, draw_map, map_works
from ontology.schemes import SCHEMES
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary
from queries import StoredQuery, load_queries
from queries.questions import Parameter

__all__ = [
    "Drawn",
    "Field",
    "address",
    "concept_list",
    "draw",
    "fields_of",
    "given",
    "groups",
    "suggestions",
    "views_of",
]

_LESSER = ("confidence", "rejected", "limit", "tolerance", "share", "claims", "metric", "condition")
_ORDER = (
    "works", "form", "concepts", "claims", "evidence", "measurement", "composers", "comparison", "agreement", "agents",
    "models", "descriptions", "vocabulary", "provenance",
)  # fmt: skip
_MOST_NAMES = 300
_MOST_MARKS = 5000
_MOST_PANELS = 24
_PANEL_WIDTH = 440.0

_SUGGESTED = {
    "work": "GRAPH ?g { ?work a mo:MusicalWork ; dcterms:title ?name }",
    "agent": "?run prov:wasAssociatedWith ?agent . ?agent foaf:name ?name",
    "creator": "GRAPH ?g { ?work a mo:MusicalWork ; dcterms:creator ?person . ?person foaf:name ?name }",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form.

    Parameters
    ----------
    parameter : Parameter
    value : str
        As it was typed.
    kind : str
        ``concept``, ``choice``, ``number`` or ``text``.
    options : tuple of (str, str)
        Value and label of what can be chosen, or be suggested.
    step : str
        Of a number: ``1`` or ``any``.
    """

    parameter: Parameter
    value: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    step: str = "any"

    @property
    def lesser(self) -> bool:
        """Whether the form can hide it among further conditions."""
        return self.parameter.name in _LESSER

    @property
    def changed(self) -> bool:
        """Whether it has another value than its default."""
        return self.value != (self.parameter.default or "")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of an answer with its heading, and what it leaves out."""

    title: str
    picture: Markup
    note: str = ""


def groups() -> list[tuple[str, list[StoredQuery]]]:
    """Return the stored questions by the first of their tags, in the order in which they are offered."""
    found: dict[str, list[StoredQuery]] = {tag: [] for tag in _ORDER}
    for query in load_queries().values():
        found.setdefault(query.tags[0], []).append(query)
    return [(tag, queries) for tag, queries in found.items() if queries]


def given(query: StoredQuery, request: Request) -> dict[str, str]:
    """Return the arguments that stand in the address; those of the example if there are none."""
    names = {parameter.name for parameter in query.parameters}
    found = {name: value for name, value in request.query_params.items() if name in names and value.strip()}
    return found or ({} if names & request.query_params.keys() else dict(query.example))


async def suggestions(service: Service, request: Request, query: StoredQuery) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the titles and names that fields can suggest, by name of the parameter."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for parameter in query.parameters:
        by_composer = query.tags[0] == "composers" and parameter.type == "string"
        named = parameter.name in ("creator", "agent")
        kind: str = "creator" if by_composer else parameter.name if named else parameter.type
        if kind in _SUGGESTED:
            rows = await ask_by_line(
                service, request, f"SELECT DISTINCT ?name {{ {_SUGGESTED[kind]} }} ORDER BY ?name LIMIT {_MOST_NAMES}"
            )
            found[parameter.name] = tuple((row["name"], "") for row in rows)
    return found


def fields_of(
    query: StoredQuery, values: Mapping[str, str], suggested: Mapping[str, tuple[tuple[str, str], ...]]
) -> list[Field]:
    """Return the fields of the form of a question."""
    return [
        _field(parameter, values.get(parameter.name, ""), suggested.get(parameter.name, ()))
        for parameter in query.parameters
    ]


def _field(parameter: Parameter, value: str, suggested: tuple[tuple[str, str], ...]) -> Field:
    match parameter.type:
        case "concept" if not parameter.choices:
            return Field(parameter, _label(value or parameter.default or ""), "concept")
        case "property":
            properties = sorted(load_vocabulary().properties.values(), key=lambda one: one.label.casefold())
            options = tuple((one.id, _with_unit(one.label, one.unit)) for one in properties)
            return Field(parameter, value or parameter.default or "", "choice", options)
        case "decimal" | "integer":
            step = "1" if parameter.type == "integer" else "any"
            return Field(parameter, value or parameter.default or "", "number", step=step)
        case _ if parameter.choices:
            options = tuple((choice, choice) for choice in parameter.choices)
            return Field(parameter, value or parameter.default or "", "choice", options)
        case _:
            return Field(parameter, value or parameter.default or "", "text", suggested)


def _label(text: str) -> str:
    """Write a concept as people read it, if its label names nothing else."""
    vocabulary = load_vocabulary()
    concept = vocabulary.concepts.get(text.removeprefix(ACV).removeprefix("acv:"))
    if concept is None:
        return text
    return concept.label["en"] if _uses()[concept.label["en"].casefold()] == 1 else concept.id


@cache
def _uses() -> Counter[str]:
    """Count by how many concepts a label is used."""
    return Counter(
        label
        for concept in load_vocabulary().concepts.values()
        for label in {text.casefold() for text in concept.label.values()}
    )


def _with_unit(label: str, unit: str) -> str:
    return label if unit == "1" else f"{label} ({unit.strip('{}')})"


@cache
def concept_list() -> list[dict[str, object]]:
    """Return all concepts for the picker: id, labels, other labels, what is above, scheme, how to name it in a form."""
    vocabulary = load_vocabulary()
    return [
        {
            "id": concept.id, "label": dict(concept.label), "other": [label for label, _ in concept.alternatives],
            "parent": concept.parent, "scheme": SCHEMES[concept.scheme], "named": _label(concept.id),
            "measured": concept.id in vocabulary.rules,
        }
        for concept in vocabulary.concepts.values()
    ]  # fmt: skip


def views_of(passages: Sequence[Passage]) -> list[str]:
    """Return how an answer can be shown."""
    recordings = {passage.recording for passage in passages}
    return ["table", *(["timeline", "multiples"] if passages else []), *(["map"] if len(recordings) >= 3 else [])]


def address(query: StoredQuery, values: Mapping[str, str]) -> str:
    """Return the part of an address that has the arguments of a question."""
    return urlencode(
        {parameter.name: values[parameter.name] for parameter in query.parameters if parameter.name in values}
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What pictures of an answer need: addresses, lengths, colours of agents."""

    bench: str
    base: str
    durations: Mapping[str, float]
    agents: tuple[str, ...]
    audible: frozenset[str]

    def mark(self, passage: Passage, lane: str) -> Mark:
        path = passage.recording.removeprefix(self.base)
        claim = passage.claim.removeprefix(self.base)
        href = f"{self.bench}claim/{claim}" if claim else f"{self.bench}{path}#t={passage.start:g},{passage.end:g}"
        words = " · ".join(filter(None, (passage.label, passage.title, passage.agent)))
        verdict = next((word for word in ("rejected", "contradicted") if word in passage.verdict), "")
        return Mark(
            passage.start, passage.end, lane, passage.label,
            f"{words}, {clock(passage.start)}–{clock(passage.end)}",
            min(self.agents.index(passage.agent), COLOURS - 1),
            0.7 if passage.confidence is None else passage.confidence, href, verdict,
            f"{self.bench}audio/{path}" if passage.recording in self.audible else "",
        )  # fmt: skip

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        named = [name for name in self.agents[: COLOURS - 1] if name]
        shown = [(f"mark colour-{number}", name) for number, name in enumerate(named)]
        return (*shown, (f"mark colour-{COLOURS - 1}", "…")) if len(self.agents) > COLOURS else tuple(shown)


async def draw(
    service: Service, request: Request, view: str, passages: Sequence[Passage], where: tuple[str, frozenset[str]]
) -> list[Drawn]:
    """Draw an answer.

    Parameters
    ----------
    service : Service
    request : Request
    view : str
        ``timeline``, ``multiples`` or ``map``.
    passages : sequence of Passage
    where : tuple of (str, frozenset of str)
        Address of the workbench, as the page reaches it, and the recordings that can be played.
    """
    bench, audible = where
    if view == "map":
        return await _map(service, request, passages, bench)
    durations = await durations_of(service, request, {passage.recording for passage in passages})
    agents = Counter(passage.agent for passage in passages)
    sheet = _Sheet(bench, service.base, durations, tuple(name for name, _ in agents.most_common()), audible)
    by_recording: dict[str, list[Passage]] = {}
    for passage in _once(passages)[:_MOST_MARKS]:
        by_recording.setdefault(passage.recording, []).append(passage)
    return _panels(sheet, by_recording) if view == "multiples" else _one(sheet, by_recording)


def _once(passages: Sequence[Passage]) -> list[Passage]:
    """Leave out what several rows say of the same passage."""
    named = {
        (one.claim or one.row, one.recording, one.start, one.end, one.label, one.agent): one
        for one in reversed(passages)
    }
    return list(reversed(named.values()))


def _titles(by_recording: Mapping[str, Sequence[Passage]]) -> dict[str, str]:
    """Return a name for each recording; those of one work are numbered."""
    seen: Counter[str] = Counter()
    found = {}
    for recording, passages in by_recording.items():
        title = passages[0].title or recording.rpartition("/")[2]
        seen[title] += 1
        found[recording] = title if seen[title] == 1 else f"{title} ({seen[title]})"
    return found


def _length(sheet: _Sheet, recording: str, passages: Sequence[Passage]) -> float:
    return sheet.durations.get(recording, max(passage.end for passage in passages))


def _one(sheet: _Sheet, by_recording: Mapping[str, Sequence[Passage]]) -> list[Drawn]:
    """Draw all passages over one axis: a lane for each work, or for each concept of a single one."""
    titles = _titles(by_recording)
    single = len(by_recording) == 1
    marks = [
        sheet.mark(passage, (passage.label or titles[recording]) if single else titles[recording])
        for recording, found in by_recording.items()
        for passage in found
    ]
    end = max((_length(sheet, recording, found) for recording, found in by_recording.items()), default=1.0)
    lanes = len(lanes_of(marks))
    title = next(iter(titles.values())) if single else ""
    note = f"{MOST_LANES}/{lanes}" if lanes > MOST_LANES else ""
    return [Drawn(title, timeline(marks, Lanes(0.0, end, key=sheet.key), title or "timeline"), note)]


def _panels(sheet: _Sheet, by_recording: Mapping[str, Sequence[Passage]]) -> list[Drawn]:
    """Draw a small picture of each recording, with a lane for each concept."""
    titles = _titles(by_recording)
    drawn: list[Drawn] = []
    for recording, found in list(by_recording.items())[:_MOST_PANELS]:
        marks = [sheet.mark(passage, passage.label) for passage in found]
        key = sheet.key if not drawn and len(sheet.agents) > 1 else ()
        how = Lanes(0.0, _length(sheet, recording, found), width=_PANEL_WIDTH, label_width=0.0, key=key)
        drawn.append(Drawn(titles[recording], timeline(marks, how, titles[recording])))
    left = len(by_recording) - len(drawn)
    return (
        drawn
        if left <= 0
        else [*drawn[:-1], Drawn(drawn[-1].title, drawn[-1].picture, f"{len(drawn)}/{len(by_recording)}")]
    )


async def _map(service: Service, request: Request, passages: Sequence[Passage], bench: str) -> list[Drawn]:
    rows = Counter(passage.recording for passage in passages)
    recordings = [recording for recording, _ in rows.most_common(MOST_WORKS)]
    labels = {ACV + concept.id: concept.label["en"] for concept in load_vocabulary().concepts.values()}
    text = f"""SELECT DISTINCT ?work ?recording WHERE {{
      VALUES ?recording {{ {values_of(recordings)} }} GRAPH ?g {{ ?work frbr:realization ?recording }} }}"""
    of_work: dict[str, str] = {}
    per_work: Counter[str] = Counter()
    for row in await ask_by_line(service, request, text):
        of_work.setdefault(row["work"], row["recording"])
        per_work[row["work"]] += rows[row["recording"]]
    found = map_works(await profiles_of(service, request, recordings, labels), per_work)
    if found is None:
        return []
    hrefs = {work: f"{bench}{recording.removeprefix(service.base)}" for work, recording in of_work.items()}
    arrows = ("← {}", "{} →", "↓ {}", "↑ {}")
    ends = [arrow.format(", ".join(names)) for arrow, names in zip(arrows, found.telling, strict=True)]
    note = f"{len(found.places)}/{len(rows)}" if len(rows) > MOST_WORKS else ""
    return [Drawn(f"{round(100 * found.explained)} %", draw_map(found, hrefs, ends, "map"), note)]
