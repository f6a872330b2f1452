"""What an archive holds, as the page of the archive shows it: works with recordings, and how often what was claimed.

Conventions
-----------
The holdings are read with few questions and kept for `FRESH_SECONDS`. Where the claims are too many to be counted in
the time of a query, works are listed without counts (`Holdings.counted`).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fastapi import Request

from api.published.graph import Published, load_published
from api.published.pages import folded
from api.rest.asking import Row, ask_by_line
from api.workbench.bench import Bench
from ontology.errors import QueryTimeout, QueryTooLarge
from ontology.terms import ACV, SKOS

__all__ = ["FACETS", "Holding", "Holdings", "Wanted", "broader_of", "holdings_of", "label_texts"]

FRESH_SECONDS = 20.0
FACETS = ("creator", "decade", "concept", "agent", "verdict")

_RECORDINGS = """SELECT DISTINCT ?recording ?end ?name WHERE {
  GRAPH ?g { ?recording a mo:DigitalSignal . FILTER NOT EXISTS { ?recording prov:wasDerivedFrom ?span }
    OPTIONAL { ?recording mo:time ?extent . ?extent acm:endSeconds ?end }
    OPTIONAL { ?file mo:encodes ?recording ; dcterms:title ?name } }
} ORDER BY ?recording ?name"""
_WORKS = """SELECT DISTINCT ?work ?title ?creator ?year ?recording WHERE {
  GRAPH ?catalogue { ?work a mo:MusicalWork ; dcterms:title ?title ; frbr:realization ?recording .
    OPTIONAL { ?work dcterms:creator ?maker . ?maker foaf:name ?creator } OPTIONAL { ?work dcterms:created ?year } }
} ORDER BY ?title ?work ?recording"""
_CLAIMS = """SELECT ?recording ?name ?concept (COUNT(?claim) AS ?count) WHERE {
  GRAPH ?graph { ?span oa:hasSource ?recording . ?claim oa:hasTarget ?span ; a acm:Claim ; oa:hasBody ?concept ;
    dcterms:creator ?maker . ?maker foaf:name ?name }
} GROUP BY ?recording ?name ?concept"""
_VERDICTS = """SELECT ?recording ?verdict (COUNT(DISTINCT ?claim) AS ?count) WHERE {
  ?assessment acm:verdict ?verdict ; oa:hasTarget ?claim .
  FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }
  GRAPH ?graph { ?claim oa:hasTarget ?span . ?span oa:hasSource ?recording }
} GROUP BY ?recording ?verdict"""


@dataclass
class Holding:
    """A work, or a recording of none.

    Parameters
    ----------
    key : str
        IRI of the work, or of the recording.
    title, creator, year : str
    recordings : list of str
    duration : float
        Of all its recordings, in seconds.
    concepts, agents, verdicts : Counter of str
        How many claims there are of each, by id of the concept, name of the agent, id of the verdict.
    """

    key: str
    title: str
    creator: str = ""
    year: str = ""
    recordings: list[str] = field(default_factory=list)
    duration: float = 0.0
    concepts: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def claims(self) -> int:
        """How many claims there are about it."""
        return self.concepts.total()

    def has(self, facet: str) -> Mapping[str, int]:
        """Return what the holding has in a facet, with numbers of claims (1 where claims do not matter)."""
        if facet == "creator":
            return {self.creator: 1} if self.creator else {}
        if facet == "decade":
            return {f"{self.year[:3]}0s": 1} if self.year[:4].isdigit() else {}
        if facet == "concept":
            return _with_broader(self.concepts)
        return self.agents if facet == "agent" else self.verdicts


@dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Parameters
    ----------
    words : str
    chosen : Mapping of str to str
        Value by facet.
    told : frozenset of str
        IRIs of recordings of which a description has the words.
    """

    words: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)
    told: frozenset[str] = frozenset()

    def fits(self, holding: Holding, but: str = "") -> bool:
        """Tell whether a holding is looked for; one facet can be left out."""
        return all(value in holding.has(facet) for facet, value in self.chosen.items() if facet != but) and (
            not self.words or bool(self.told.intersection(holding.recordings)) or self._says(holding)
        )

    def _says(self, holding: Holding) -> bool:
        names = " ".join((holding.title, holding.creator, holding.year, *map(label_texts, holding.has("concept"))))
        text = folded(names)
        return all(word in text for word in folded(self.words).split())


@dataclass(frozen=True)
class Holdings:
    """All holdings of an archive, by title."""

    items: tuple[Holding, ...]
    counted: bool
    made: float

    def facet(self, name: str, wanted: Wanted) -> list[tuple[str, int]]:
        """Return the values of a facet with numbers of works, as if nothing were chosen in it; the commonest first."""
        found: Counter[str] = Counter()
        for item in self.items:
            if wanted.fits(item, but=name):
                found.update(dict.fromkeys(item.has(name), 1))
        if name == "decade":
            return sorted(found.items())
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0].casefold()))


def broader_of(published: Published, concept: str) -> list[str]:
    """Return the ids of the concepts above one, itself first."""
    found = [concept]
    for id_ in found:
        for iri in published.iris(ACV + id_, SKOS.broader):
            if iri.startswith(ACV) and (above := iri.removeprefix(ACV)) not in found:
                found.append(above)
    return found


_ABOVE: dict[str, tuple[str, ...]] = {}
_TEXTS: dict[str, str] = {}


def _with_broader(concepts: Mapping[str, int]) -> Counter[str]:
    """Count claims of a concept for those above it too."""
    found: Counter[str] = Counter()
    for concept, count in concepts.items():
        if concept not in _ABOVE:
            _ABOVE[concept] = tuple(broader_of(load_published(), concept))
        for id_ in _ABOVE[concept]:
            found[id_] += count
    return found


def label_texts(concept: str) -> str:
    """Return all names of a concept, in all languages."""
    if concept not in _TEXTS:
        published = load_published()
        names = [
            text for kind in ("prefLabel", "altLabel") for _, text in published.texts(ACV + concept, SKOS.NS + kind)
        ]
        _TEXTS[concept] = " ".join(names)
    return _TEXTS[concept]


_KEPT: dict[int, Holdings] = {}


async def holdings_of(bench: Bench, request: Request) -> Holdings:
    """Return the holdings of the archive."""
    kept = _KEPT.get(id(bench.service))
    if kept is not None and time.monotonic() - kept.made < FRESH_SECONDS:
        return kept
    recordings = await ask_by_line(bench.service, request, _RECORDINGS)
    works = await ask_by_line(bench.service, request, _WORKS)
    try:
        claims: Iterable[Row] = await ask_by_line(bench.service, request, _CLAIMS)
        verdicts: Iterable[Row] = await ask_by_line(bench.service, request, _VERDICTS)
        counted = True
    except (QueryTimeout, QueryTooLarge):
        claims, verdicts, counted = (), (), False
    made = Holdings(tuple(_gathered(recordings, works, claims, verdicts)), counted, time.monotonic())
    _KEPT.clear()
    _KEPT[id(bench.service)] = made
    return made


def _gathered(
    recordings: Iterable[Row], works: Iterable[Row], claims: Iterable[Row], verdicts: Iterable[Row]
) -> list[Holding]:
    """Put rows together as holdings."""
    known: dict[str, Row] = {}
    for row in recordings:
        known.setdefault(row["recording"], row)
    found: dict[str, Holding] = {}
    of: dict[str, list[Holding]] = defaultdict(list)
    for row in works:
        one = found.setdefault(
            row["work"], Holding(row["work"], row["title"], row.get("creator", ""), row.get("year", "")[:4])
        )
        if row["recording"] in known and row["recording"] not in one.recordings:
            one.recordings.append(row["recording"])
            of[row["recording"]].append(one)
    for iri, row in known.items():
        if iri not in of:
            alone = Holding(iri, row.get("name", iri), recordings=[iri])
            found[iri] = alone
            of[iri].append(alone)
        for one in of[iri]:
            one.duration += float(row.get("end", 0.0))
    for row in claims:
        for one in of.get(row["recording"], ()):
            one.concepts[row["concept"].removeprefix(ACV)] += int(row["count"])
            one.agents[row["name"]] += int(row["count"])
    for row in verdicts:
        for one in of.get(row["recording"], ()):
            one.verdicts[row["verdict"].removeprefix(ACV)] += int(row["count"])
    return sorted(found.values(), key=lambda one: (folded(one.title), one.key))
