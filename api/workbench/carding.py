"""What is known of each describer and listening model: what it can hear, what became of its claims, how right it is.

Conventions
-----------
*Reliability* compares what a describer says of its own certainty with what became of the claims: of those with a
confidence in a tenth of the scale, the share that measurement supports or a person accepts, among those that were
supported, contradicted, accepted or rejected. It is a fact about this archive, not about the describer elsewhere;
scores against a corpus of known truth are that.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import Request

from api.protocol.service import Service
from api.rest.asking import ask_by_line
from ontology.envelopes import Envelope, load_envelopes
from ontology.schemes import SCHEMES
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.terms import ACV, Verdict
from ontology.vocabulary import load_vocabulary

__all__ = ["BINS", "Bin", "Card", "Passed", "Right", "read_cards"]

BINS = 10
_GOOD = frozenset({Verdict.SUPPORTED, Verdict.ACCEPTED})
_BAD = frozenset({Verdict.CONTRADICTED, Verdict.REJECTED})

_AGENTS = """SELECT DISTINCT ?agent ?name ?version ?envelope ?person WHERE {
  { SELECT DISTINCT ?agent WHERE {
    { ?run a mls:Run ; prov:wasAssociatedWith ?agent } UNION { ?score dqv:computedOn ?agent } } }
  GRAPH ?g { ?agent foaf:name ?name
    OPTIONAL { ?agent dcterms:hasVersion ?version } OPTIONAL { ?agent acm:envelope ?envelope }
    OPTIONAL { ?agent a ?kind FILTER(?kind = prov:Person) } BIND(BOUND(?kind) AS ?person) }
} ORDER BY ?name ?version ?agent"""
_CLAIMS = """SELECT ?agent (COUNT(DISTINCT ?claim) AS ?claims) WHERE {
  GRAPH ?g { ?claim acm:aspect ?aspect ; dcterms:creator ?agent }
} GROUP BY ?agent"""
_FATES = """SELECT ?agent ?bin ?verdict (COUNT(DISTINCT ?claim) AS ?claims) WHERE {
  ?assessment acm:verdict ?verdict ; oa:hasTarget ?claim .
  FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }
  GRAPH ?g { ?claim acm:aspect ?aspect ; dcterms:creator ?agent ; acm:confidence ?confidence }
  BIND(FLOOR(?confidence * 10) AS ?bin)
} GROUP BY ?agent ?bin ?verdict"""
_SCORES = """SELECT DISTINCT ?agent ?metric ?concept ?condition ?value ?low ?high ?clips ?ended WHERE {
  GRAPH ?g { ?score dqv:computedOn ?agent ; dqv:isMeasurementOf ?metric ; dqv:value ?value ;
      acm:scoredConcept ?concept ; acm:heardUnder ?condition ; acm:clips ?clips ; prov:wasGeneratedBy ?evaluation .
    OPTIONAL { ?score acm:intervalLow ?low ; acm:intervalHigh ?high }
    OPTIONAL { ?evaluation prov:endedAtTime ?ended } }
  FILTER(?metric IN (acv:balancedAccuracy, acv:calibrationError, acv:controlsPassed))
} ORDER BY ?ended ?agent ?concept"""


@dataclass(frozen=True, slots=True)
class Right:
    """How right a describer is about a concept: balanced accuracy with its 95 % interval; 0.5 is chance."""

    concept: str
    label: str
    score: float
    low: float | None
    high: float | None
    clips: int


@dataclass(frozen=True, slots=True)
class Passed:
    """Whether a model passed the controls of its audition for an aspect."""

    label: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of about one confidence: its lower edge, how many were decided, how many of these hold."""

    low: float
    decided: int
    hold: int


@dataclass
class Card:
    """A describer, a listening model, or both.

    Parameters
    ----------
    iri, name, version : str
        `iri` is empty for a model that is only known by its envelope.
    is_person : bool
    envelope : Envelope or None
    claims : int
    verdicts : Counter of str
        Number of claims by verdict.
    bins : list of Bin
    right : list of Right
        The best first.
    passed : list of Passed
    calibration : float or None
        Mean calibration error over concepts, on clean sound.
    conditions : dict of str to float
        Mean balanced accuracy by the label of the condition.
    """

    iri: str
    name: str
    version: str = ""
    is_person: bool = False
    envelope: Envelope | None = None
    claims: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    bins: list[Bin] = field(default_factory=list)
    right: list[Right] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    calibration: float | None = None
    conditions: dict[str, float] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        """Whether it says nothing of its own: it only judges, or was only scored."""
        return self.claims == 0


async def read_cards(service: Service, request: Request) -> tuple[list[Card], list[Envelope]]:
    """Return a card for everybody who claims or was scored, the most claims first, and the envelopes of all others."""
    envelopes = load_envelopes().envelopes
    cards: dict[str, Card] = {}
    for row in await ask_by_line(service, request, _AGENTS):
        card = cards.setdefault(row["agent"], Card(row["agent"], row["name"], row.get("version", "")))
        card.is_person = card.is_person or row["person"] == "true"
        card.envelope = card.envelope or envelopes.get(row.get("envelope", "").rpartition("/")[2])
    for row in await ask_by_line(service, request, _CLAIMS):
        if row.get("agent") in cards:
            cards[row["agent"]].claims = int(row["claims"])
    _tell_fates(cards, await ask_by_line(service, request, _FATES))
    _tell_scores(cards, await ask_by_line(service, request, _SCORES))
    shown = [card for card in cards.values() if not card.silent or card.right or card.passed]
    used = {card.envelope.id for card in shown if card.envelope}
    others = sorted((one for one in envelopes.values() if one.id not in used), key=lambda one: one.label.casefold())
    return sorted(shown, key=lambda card: (card.is_person, -card.claims, card.name)), others


def _tell_fates(cards: Mapping[str, Card], rows: list[Mapping[str, str]]) -> None:
    decided: dict[str, Counter[int]] = {}
    hold: dict[str, Counter[int]] = {}
    for row in rows:
        if row.get("agent") not in cards:
            continue
        agent, verdict, number = row["agent"], row["verdict"].removeprefix(ACV), int(row["claims"])
        cards[agent].verdicts[verdict] += number
        place = min(int(float(row["bin"])), BINS - 1)
        if verdict in _GOOD | _BAD:
            decided.setdefault(agent, Counter())[place] += number
        if verdict in _GOOD:
            hold.setdefault(agent, Counter())[place] += number
    for agent, counts in decided.items():
        held = hold.get(agent, Counter())
        cards[agent].bins = [Bin(place / BINS, counts[place], held[place]) for place in sorted(counts)]


def _tell_scores(cards: Mapping[str, Card], rows: list[Mapping[str, str]]) -> None:
    """Give each card its scores; of several evaluations the latest counts."""
    label = load_vocabulary().label
    latest: dict[tuple[str, str, str, str], Mapping[str, str]] = {}
    for row in rows:
        if row.get("agent") in cards:
            latest[
                row["agent"], row["metric"].removeprefix(ACV), row["concept"], row["condition"].removeprefix(ACV)
            ] = row
    accuracies: dict[tuple[str, str], list[float]] = {}
    errors: dict[str, list[float]] = {}
    for (agent, metric, _, condition), row in latest.items():
        concept, value = row["concept"].removeprefix(ACV), float(row["value"])
        if metric == ScoreMetric.BALANCED_ACCURACY:
            accuracies.setdefault((agent, label(condition)), []).append(value)
            if condition == ListeningCondition.CLEAN:
                low, high = (float(row[name]) if name in row else None for name in ("low", "high"))
                cards[agent].right.append(Right(concept, label(concept), value, low, high, int(row["clips"])))
        elif metric == ScoreMetric.CALIBRATION_ERROR and condition == ListeningCondition.CLEAN:
            errors.setdefault(agent, []).append(value)
        elif metric == ScoreMetric.PASSED and condition == ListeningCondition.ALL:
            cards[agent].passed.append(Passed(label(concept), value >= 1))
    for (agent, condition), values in accuracies.items():
        cards[agent].conditions[condition] = sum(values) / len(values)
    for agent, values in errors.items():
        cards[agent].calibration = sum(values) / len(values)
    for card in cards.values():
        card.right = _told_apart(card.right)
        card.right.sort(key=lambda one: (-one.score, one.label))
        card.passed.sort(key=lambda one: one.label)


def _told_apart(right: list[Right]) -> list[Right]:
    """Add the scheme to labels that concepts of several authors share."""
    times, concepts = Counter(one.label for one in right), load_vocabulary().concepts
    return [
        replace(one, label=f"{one.label} ({_author(concepts[one.concept].scheme)})")
        if times[one.label] > 1 and one.concept in concepts
        else one
        for one in right
    ]


def _author(scheme: str) -> str:
    """Return whose words a scheme has.

    Examples
    --------
    >>> _author("smalley-morphology"), _author("schaeffer-dataset")
    ('Smalley', 'SCHAEFFER data set')
    """
    return SCHEMES[scheme].partition(":")[0].removeprefix("Label groups of the ")
