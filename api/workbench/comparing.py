"""Two recordings, or two describers of one, side by side: what is claimed of each, when, and how far that agrees.

Conventions
-----------
Claims of whole recordings that are no sound object are left out, for they stand at no time; so are those that a person
rejects. Time is in seconds from the start, or, *stretched*, in shares of each recording's length, 0 to 1. The
*coherence* of a window is the number of concepts claimed on both sides over the number claimed on either (Jaccard
1901); it is absent where nothing is claimed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from fastapi import Request

from api.protocol.service import Service
from api.rest.asking import ask_by_line
from ontology.terms import ACV
from ontology.vocabulary import load_vocabulary

__all__ = [
    "WINDOWS", "Difference", "Heard", "Recorded", "Side", "coherence", "describers_of", "differences", "in_order",
    "mean_of", "read_side", "recordings_by_title",
]  # fmt: skip

WINDOWS = 60
_MOST_CLAIMS = 20_000
_MOST_RECORDINGS = 1_000

_RECORDINGS = f"""SELECT DISTINCT ?recording ?title ?creator ?duration WHERE {{
  GRAPH ?catalogue {{ ?work frbr:realization ?recording ; dcterms:title ?title
    OPTIONAL {{ ?work dcterms:creator ?person . ?person foaf:name ?creator }} }}
  OPTIONAL {{ SELECT ?recording (MAX(?end) AS ?duration) WHERE {{
    ?recording mo:time ?extent . ?extent acm:endSeconds ?end }}
    GROUP BY ?recording }}
}} ORDER BY LCASE(?title) ?recording LIMIT {_MOST_RECORDINGS}"""
_DESCRIBERS = """SELECT ?maker ?name ?version (COUNT(?claim) AS ?claims) WHERE {
  GRAPH ?g { ?span oa:hasSource ?_recording . ?claim oa:hasTarget ?span ; acm:aspect ?aspect ; dcterms:creator ?maker .
    ?maker foaf:name ?name OPTIONAL { ?maker dcterms:hasVersion ?version } }
} GROUP BY ?maker ?name ?version ORDER BY ?name ?version"""
_HEARD = f"""SELECT DISTINCT ?claim ?concept ?aspect ?start ?end ?confidence ?agent WHERE {{
  GRAPH ?g {{ ?span oa:hasSource ?_recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
    ?claim oa:hasTarget ?span ; acm:aspect ?aspect ; oa:hasBody ?concept ; dcterms:creator ?maker .
    ?maker foaf:name ?agent
    OPTIONAL {{ ?claim acm:confidence ?confidence }} }}
  FILTER(COALESCE(?maker = ?_maker, true))
  FILTER(EXISTS {{ ?span acm:segmentedAs acv:detectedObject }} ||
    NOT EXISTS {{ ?span acm:segmentedAs acv:wholeRecording }})
  FILTER NOT EXISTS {{ ?rejection acm:verdict acv:rejected ; oa:hasTarget ?claim
    FILTER NOT EXISTS {{ ?newer dcterms:replaces ?rejection }} }}
}} ORDER BY ?start ?end ?claim LIMIT {_MOST_CLAIMS}"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that can be chosen; `duration` in seconds, None where it is not known."""

    iri: str
    title: str
    creator: str
    duration: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim: seconds, ids of concept and aspect, confidence, maker's name, and its IRI."""

    start: float
    end: float
    concept: str
    aspect: str
    confidence: float = 1.0
    agent: str = ""
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Parameters
    ----------
    recording, name : str
        IRI, and what it is called.
    duration : float
        Seconds.
    claims : tuple of Heard
    cut : bool
        Whether there are more claims than were read.
    """

    recording: str
    name: str
    duration: float
    claims: tuple[Heard, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """How much of each side a concept is claimed of.

    Parameters
    ----------
    concept, aspect : str
        Ids.
    passages : tuple of int
        Number of claims on the left and on the right.
    shares : tuple of float
        Share of the time that they cover, 0 to 1.
    """

    concept: str
    aspect: str
    passages: tuple[int, int]
    shares: tuple[float, float]

    @property
    def difference(self) -> float:
        """Right less left, -1 to 1."""
        return self.shares[1] - self.shares[0]


async def recordings_by_title(service: Service, request: Request) -> list[Recorded]:
    """Return the recordings of all works; several of one title are numbered."""
    found: dict[str, Recorded] = {}
    seen: Counter[str] = Counter()
    for row in await ask_by_line(service, request, _RECORDINGS):
        if row["recording"] in found:
            continue
        seen[row["title"]] += 1
        number = seen[row["title"]]
        title = row["title"] if number == 1 else f"{row['title']} ({number})"
        length = float(row["duration"]) if "duration" in row else None
        found[row["recording"]] = Recorded(row["recording"], title, row.get("creator", ""), length)
    return list(found.values())


async def describers_of(service: Service, request: Request, recording: str) -> list[tuple[str, str, int]]:
    """Return who claims something of a recording: IRI, name with version, number of claims."""
    rows = await ask_by_line(service, request, _DESCRIBERS, {"_recording": ox.NamedNode(recording)})
    return [
        (row["maker"], " ".join(filter(None, (row["name"], row.get("version")))), int(row["claims"]))
        for row in rows
        if "maker" in row
    ]


async def read_side(service: Service, request: Request, about: Recorded, maker: str, name: str) -> Side:
    """Read what is claimed of a recording.

    Parameters
    ----------
    service : Service
    request : Request
    about : Recorded
    maker : str
        IRI of the only describer that counts; empty for all.
    name : str
        What the side is called.
    """
    values = {"_recording": ox.NamedNode(about.iri)} | ({"_maker": ox.NamedNode(maker)} if maker else {})
    rows = await ask_by_line(service, request, _HEARD, values)
    claims = tuple(
        Heard(
            float(row["start"]), float(row["end"]), row["concept"].removeprefix(ACV), row["aspect"].removeprefix(ACV),
            float(row.get("confidence", "1")), row["agent"], row["claim"],
        )
        for row in rows
    )  # fmt: skip
    longest = max((claim.end for claim in claims), default=1.0)
    return Side(about.iri, name, about.duration or longest, claims, len(claims) >= _MOST_CLAIMS)


def _within(claims: Iterable[Heard], start: float, end: float) -> set[str]:
    return {claim.concept for claim in claims if claim.start < end and claim.end > start}


def coherence(left: Side, right: Side, *, stretched: bool) -> list[float | None]:
    """Return the coherence of `WINDOWS` equal windows.

    Parameters
    ----------
    left, right : Side
    stretched : bool
        Whether each side is cut by its own length; else both by the longer one.
    """
    longest = max(left.duration, right.duration)
    lengths = (left.duration, right.duration) if stretched else (longest, longest)
    found: list[float | None] = []
    for number in range(WINDOWS):
        first, second = (
            _within(side.claims, length * number / WINDOWS, length * (number + 1) / WINDOWS)
            for side, length in zip((left, right), lengths, strict=True)
        )
        either = first | second
        found.append(len(first & second) / len(either) if either else None)
    return found


def mean_of(profile: Sequence[float | None]) -> float | None:
    """Return the mean of a profile over the windows in which anything is claimed."""
    known = [value for value in profile if value is not None]
    return sum(known) / len(known) if known else None


def _covered(claims: Iterable[Heard]) -> float:
    """Return how many seconds passages cover, overlaps counted once."""
    total, reached = 0.0, 0.0
    for start, end in sorted((claim.start, claim.end) for claim in claims):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def differences(left: Side, right: Side) -> list[Difference]:
    """Return each concept with the time it is claimed of on either side, the largest difference first."""
    sides = []
    for side in (left, right):
        by_concept: dict[str, list[Heard]] = {}
        for claim in side.claims:
            by_concept.setdefault(claim.concept, []).append(claim)
        sides.append((by_concept, max(side.duration, 1e-9)))
    aspects = {claim.concept: claim.aspect for side in (left, right) for claim in side.claims}
    rows = []
    for concept, aspect in aspects.items():
        claims = [found.get(concept, []) for found, _ in sides]
        shares = [min(1.0, _covered(one) / length) for one, (_, length) in zip(claims, sides, strict=True)]
        rows.append(Difference(concept, aspect, (len(claims[0]), len(claims[1])), (shares[0], shares[1])))
    label = load_vocabulary().label
    return sorted(rows, key=lambda row: (-abs(row.difference), label(row.concept)))


def in_order(left: Side, right: Side) -> list[str]:
    """Return the aspects of both sides, the most claimed first."""
    counts = Counter(claim.aspect for side in (left, right) for claim in side.claims)
    return [aspect for aspect, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
