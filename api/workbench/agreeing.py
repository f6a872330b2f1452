"""How far reviewers agree with describers, with each other and with measurement.

Conventions
-----------
A person's verdict counts if it stands: the latest that nothing replaces, *accepted* or *rejected*. Shares have 95 %
intervals (Wilson 1927); agreement beyond chance is kappa (Cohen 1960), and is left out where one of the two gave one
verdict only, because then chance explains everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from fastapi import Request

from api.protocol.service import Service
from api.rest.asking import ask_by_line
from ontology.terms import ACV, Verdict

__all__ = ["Accepted", "Pair", "Verdicts", "accepted", "kappa", "pairs", "read_verdicts", "wilson", "with_measurement"]

_MOST_PAIRS = 200
_Z = 1.959964
"""Of the normal distribution, two-sided 95 %."""

_ASKED = """SELECT DISTINCT ?claim ?verdict ?judge ?name ?person ?maker ?agent WHERE {
  { SELECT DISTINCT ?claim WHERE {
    ?review acm:verdict ?by_ear ; oa:hasTarget ?claim FILTER(?by_ear IN (acv:accepted, acv:rejected)) } }
  GRAPH ?assessing { ?assessment oa:hasTarget ?claim ; acm:verdict ?verdict ; dcterms:creator ?judge .
    ?judge foaf:name ?name
    OPTIONAL { ?judge a ?kind FILTER(?kind = prov:Person) } BIND(BOUND(?kind) AS ?person) }
  FILTER(?verdict IN (acv:accepted, acv:rejected, acv:supported, acv:contradicted))
  FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }
  GRAPH ?run_graph { ?claim acm:aspect ?aspect ; dcterms:creator ?maker . ?maker foaf:name ?agent }
} ORDER BY ?claim ?judge ?verdict"""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was said of claims that people reviewed.

    Parameters
    ----------
    names : mapping of str to str
        Name by IRI of a person or a describer.
    makers : mapping of str to str
        Describer by claim.
    heard : mapping of str to mapping of str to bool
        Whether it is accepted, by person and claim.
    measured : mapping of str to bool
        Whether measurement supports a claim, where all measurements say the same.
    """

    names: Mapping[str, str]
    makers: Mapping[str, str]
    heard: Mapping[str, Mapping[str, bool]]
    measured: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many of a describer's claims a person accepts, with the 95 % interval of the share."""

    person: str
    describer: str
    judged: int
    accepted: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.accepted / self.judged


@dataclass(frozen=True, slots=True)
class Pair:
    """How often two say the same of the same claims, and beyond chance; `kappa` is None where chance explains all."""

    first: str
    second: str
    both: int
    same: int
    kappa: float | None


async def read_verdicts(service: Service, request: Request) -> Verdicts:
    """Read the standing verdicts on all claims that people reviewed."""
    names: dict[str, str] = {}
    makers: dict[str, str] = {}
    heard: dict[str, dict[str, bool]] = {}
    measured: dict[str, set[bool]] = {}
    for row in await ask_by_line(service, request, _ASKED):
        claim, verdict = row["claim"], row["verdict"].removeprefix(ACV)
        makers[claim] = row["maker"]
        names |= {row["maker"]: row["agent"], row["judge"]: row["name"]}
        if row["person"] == "true" and verdict in (Verdict.ACCEPTED, Verdict.REJECTED):
            heard.setdefault(row["judge"], {})[claim] = verdict == Verdict.ACCEPTED
        elif verdict in (Verdict.SUPPORTED, Verdict.CONTRADICTED):
            measured.setdefault(claim, set()).add(verdict == Verdict.SUPPORTED)
    clear = {claim: next(iter(said)) for claim, said in measured.items() if len(said) == 1}
    return Verdicts(names, makers, heard, clear)


def wilson(hits: int, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    share, square = hits / number, _Z * _Z
    middle = (share + square / (2 * number)) / (1 + square / number)
    half = _Z * (share * (1 - share) / number + square / (4 * number * number)) ** 0.5 / (1 + square / number)
    return max(0.0, middle - half), min(1.0, middle + half)


def kappa(pairs_: Iterable[tuple[bool, bool]]) -> float | None:
    """Return Cohen's kappa of two who say yes or no; None where chance explains all.

    Examples
    --------
    >>> kappa([(True, True), (True, False), (False, False), (False, False)])
    0.5
    >>> kappa([(True, True)]) is None
    True
    """
    said = list(pairs_)
    number = len(said)
    first, second = sum(one for one, _ in said) / number, sum(other for _, other in said) / number
    chance = first * second + (1 - first) * (1 - second)
    same = sum(one == other for one, other in said) / number
    return None if chance > 1 - 1e-12 else (same - chance) / (1 - chance)


def accepted(found: Verdicts) -> list[Accepted]:
    """Count what each person accepts of each describer, most judged first; one's own claims are left out."""
    counts: dict[tuple[str, str], list[bool]] = {}
    for person, verdicts in found.heard.items():
        for claim, yes in verdicts.items():
            if found.makers[claim] != person:
                counts.setdefault((found.names[person], found.names[found.makers[claim]]), []).append(yes)
    rows = [
        Accepted(person, maker, len(said), sum(said), *wilson(sum(said), len(said)))
        for (person, maker), said in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row.judged, row.person, row.describer))


def pairs(found: Verdicts) -> list[Pair]:
    """Compare every two persons on the claims that both reviewed, most claims first."""
    rows = []
    for first, second in combinations(sorted(found.heard), 2):
        both = [
            (yes, found.heard[second][claim])
            for claim, yes in found.heard[first].items()
            if claim in found.heard[second]
        ]
        if both:
            rows.append(_pair(found.names[first], found.names[second], both))
    return sorted(rows, key=lambda row: -row.both)[:_MOST_PAIRS]


def with_measurement(found: Verdicts) -> list[Pair]:
    """Compare every person with what measurement says of the same claims."""
    rows = []
    for person, verdicts in found.heard.items():
        both = [(yes, found.measured[claim]) for claim, yes in verdicts.items() if claim in found.measured]
        if both:
            rows.append(_pair(found.names[person], "", both))
    return sorted(rows, key=lambda row: (-row.both, row.first))


def _pair(first: str, second: str, both: list[tuple[bool, bool]]) -> Pair:
    return Pair(first, second, len(both), sum(one == other for one, other in both), kappa(both))
