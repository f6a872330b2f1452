"""Whether observations support a claim is a question to the graph, and its answer is that of the describer."""

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox
import pytest

import ingest.rules
from ingest.rules import assess, decide
from ontology import thresholds
from ontology.mint import concept
from ontology.terms import ACV, VOCABULARY_GRAPH, Verdict
from ontology.thresholds import CLAIM, CONTRADICT, PRECONDITIONS, limits
from ontology.values import Span, seconds
from ontology.vocabulary import FOLDER, Condition, Rule, load_vocabulary
from queries import answer, sparql
from store import Store, open_store
from tests.commands import acousma
from tests.graphs import ANNA, BORIS, GLASS_TIDES, describing_run, store_of

DEMO = Path(__file__).parents[1] / "demo"
VOCABULARY = load_vocabulary()
WORDS = {None: "undecided", Verdict.SUPPORTED: "supported", Verdict.CONTRADICTED: "contradicted"}

Answered: TypeAlias = dict[str, tuple[str, str, dict[str, set[float]], dict[str, set[str]]]]
"""By IRI of a claim: concept, verdict, and by property the values and what each says."""


def answered(columns: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Answered:
    """Gather the rows of the question by claim."""
    found: Answered = {}
    for row in rows:
        cells = {name: str(getattr(term, "value", "")) for name, term in zip(columns, row, strict=True)}
        id_ = cells["concept"].removeprefix(ACV)
        _, verdict, values, says = found.setdefault(cells["claim"], (id_, cells["verdict"], {}, {}))
        assert verdict == cells["verdict"], "a claim has one verdict"
        property_ = next(p.id for p in VOCABULARY.properties.values() if p.label == cells["property"])
        values.setdefault(property_, set())
        if cells["value"]:
            values[property_].add(float(cells["value"]))
            says.setdefault(property_, set()).add(cells["says"])
    return found


def by_python(id_: str, values: dict[str, float]) -> str:
    """Return the verdict of the describer's own code."""
    assessment = assess("https://e.org/claim", id_, Span("00ff", seconds(0.0), seconds(1.0)), values, VOCABULARY)
    assert assessment is not None
    return WORDS.get(assessment.verdict, "undecided")


# the étude


@pytest.fixture(scope="module")
def etude(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("etude") / "archive"
    done = acousma("ingest", DEMO / "etude.flac", "--claims", DEMO / "etude.score.csv", "--store", folder)
    assert done.returncode == 0, done.stderr
    with open_store(folder) as store:
        yield store


def test_the_graph_gives_the_verdict_of_the_describer_for_every_claim_of_the_etude(etude: Store) -> None:
    table = answer(etude, "evidence_for_claims", {"limit": "10000"})
    assert len(table.rows) < 10_000
    found = answered(table.columns, iter(table.rows))
    complete = {
        claim: (id_, verdict, {name: numbers.pop() for name, numbers in values.items()})
        for claim, (id_, verdict, values, _) in found.items()
        if all(len(numbers) == 1 for numbers in values.values())
    }
    assert len(complete) > 100
    assert {verdict for _, verdict, _ in complete.values()} == {"supported", "contradicted", "undecided"}
    wrong = [c for c, (id_, verdict, values) in complete.items() if by_python(id_, values) != verdict]
    assert wrong == []


def test_the_graph_gives_the_verdict_that_the_checker_stored(etude: Store) -> None:
    table = answer(etude, "evidence_for_claims", {"limit": "10000"})
    found = answered(table.columns, iter(table.rows))
    stored = etude.rows(
        "PREFIX acm: <https://w3id.org/acousma/ontology#> PREFIX oa: <http://www.w3.org/ns/oa#> "
        "SELECT ?claim ?verdict WHERE { ?x a acm:Assessment ; oa:hasTarget ?claim ; acm:verdict ?verdict }"
    )
    judged = {getattr(c, "value", ""): getattr(v, "value", "").removeprefix(ACV) for c, v in stored.rows}
    compared = {claim for claim in judged if all(found[claim][2].values())}
    assert len(compared) > 20
    assert {claim: judged[claim] for claim in compared} == {claim: found[claim][1] for claim in compared}


def test_every_claim_the_describer_made_of_the_etude_is_supported(etude: Store) -> None:
    table = answer(etude, "evidence_for_claims", {"limit": "10000"})
    agent, verdict = table.columns.index("agent"), table.columns.index("verdict")
    own = {getattr(row[verdict], "value", "") for row in table.rows if "describer" in getattr(row[agent], "value", "")}
    assert own == {"supported"}


# conditions


def one_claim(id_: str, *measured: dict[str, float]) -> tuple[str, dict[str, set[str]]]:
    """Return the verdict, and what each value says, of a claim over a span that was measured by some agents."""
    lines: list[str] = []
    for agent, values in zip((ANNA, BORIS), measured, strict=False):
        heard = [(1.0, 4.0, None, id_, 0.5)] if agent is ANNA else []
        lines += describing_run(GLASS_TIDES, agent, heard, [(1.0, 4.0, None, *item) for item in values.items()])
    rows = store_of("".join(lines)).query(sparql("evidence_for_claims", {}), use_default_graph_as_union=True)
    assert isinstance(rows, ox.QuerySolutions)
    columns = tuple(variable.value for variable in rows.variables)
    ((_, verdict, _, says),) = answered(columns, (tuple(row) for row in rows)).values()
    return verdict, says


CASES = [
    ("bright", [{"brightnessCentroid": 2110.0}], "supported"),
    ("bright", [{"brightnessCentroid": 2109.0}], "undecided"),
    ("bright", [{"brightnessCentroid": 1675.0}], "undecided"),
    ("bright", [{"brightnessCentroid": 1674.0}], "contradicted"),
    ("bright", [{}], "undecided"),
    ("growthTerm", [{"growth": 1.5}], "undecided"),
    ("growthTerm", [{"growth": -1.5}], "contradicted"),
    ("growthTerm", [{"growth": 1.5, "growthTrend": 0.9}], "supported"),
    ("growthTerm", [{"growth": 1.5, "growthTrend": 0.1}], "contradicted"),
    ("closedAttackDecay", [{"attackTime": 0.01, "decayTime": 3.0, "decayFit": 0.95}], "contradicted"),
    ("closedAttackDecay", [{"attackTime": 0.01, "decayTime": 0.2, "decayFit": 0.95}], "supported"),
    ("closedAttackDecay", [{"attackTime": 0.0, "decayTime": 0.0, "decayFit": 0.95}], "contradicted"),
    ("planeMotion", [{"duration": 3.0, "heightWander": 0.4}], "supported"),
    ("planeMotion", [{"duration": 0.2, "heightWander": 0.4}], "undecided"),
    ("planeMotion", [{"duration": 0.2, "heightWander": 3.0}], "undecided"),
    ("planeMotion", [{"heightWander": 3.0}], "contradicted"),
    ("planeMotion", [{"heightWander": 0.4}], "undecided"),
    # two who measured: what they agree on decides
    ("bright", [{"brightnessCentroid": 3000.0}, {"brightnessCentroid": 3100.0}], "supported"),
    ("bright", [{"brightnessCentroid": 3000.0}, {"brightnessCentroid": 300.0}], "undecided"),
    ("bright", [{"brightnessCentroid": 2000.0}, {"brightnessCentroid": 300.0}], "contradicted"),
    ("growthTerm", [{"growth": 1.5}, {"growthTrend": 0.9}], "supported"),
]  # fmt: skip


@pytest.mark.parametrize(("id_", "measured", "verdict"), CASES)
def test_the_observations_of_a_claim_decide_it(id_: str, measured: list[dict[str, float]], verdict: str) -> None:
    assert one_claim(id_, *measured)[0] == verdict
    if len(measured) == 1:
        assert by_python(id_, measured[0]) == verdict


def test_a_value_says_what_it_says_of_its_condition_whatever_the_others_say() -> None:
    _, says = one_claim("growthTerm", {"growth": 1.5, "growthTrend": 0.1})
    assert says == {"growth": {"supports"}, "growthTrend": {"contradicts"}}


# limits


def conditions() -> Iterator[tuple[Rule, Condition]]:
    yield from ((rule, condition) for rule in VOCABULARY.rules.values() for condition in rule.conditions)


DECIDING = [(rule, condition) for rule, condition in conditions() if condition.property not in PRECONDITIONS]


def values_about(condition: Condition, log: bool) -> Iterator[float]:
    """Yield values of six significant digits about the thresholds of a condition, close to the limits too."""
    dice = random.Random(condition.property)
    found = limits(condition, VOCABULARY.properties[condition.property])
    edges = (found.supports_above, found.supports_below, found.contradicts_below, found.contradicts_above)
    for edge in filter(None, edges):
        digit = Decimal(1).scaleb(edge.adjusted() - 5)
        yield from (float(edge + steps * digit) for steps in (-2, -1, 0, 1, 2))
    for threshold in (condition.minimum, condition.maximum):
        for _ in range(40 if threshold is not None else 0):
            assert threshold is not None
            by = dice.gauss(0, 2 * condition.margin)
            yield float(f"{threshold * 2**by if log else threshold + by:.6g}")


@pytest.mark.parametrize(("rule", "condition"), DECIDING, ids=lambda part: getattr(part, "property", None))
def test_the_limits_split_stored_values_where_the_probability_does(rule: Rule, condition: Condition) -> None:
    observed = VOCABULARY.properties[condition.property]
    found = limits(condition, observed)
    alone = Rule(rule.concept, rule.aspect, rule.spans, (condition,))
    for value in values_about(condition, observed.scale == "log"):
        decision, exact = decide(alone, {condition.property: value}, VOCABULARY), Decimal(repr(value))
        assert decision is not None
        holds = (found.supports_above is None or exact >= found.supports_above) and (
            found.supports_below is None or exact <= found.supports_below
        )
        fails = (found.contradicts_below is not None and exact <= found.contradicts_below) or (
            found.contradicts_above is not None and exact >= found.contradicts_above
        )
        assert (decision.probability >= CLAIM, decision.probability <= CONTRADICT) == (holds, fails), value


def test_the_describer_and_the_graph_have_their_limits_from_one_place() -> None:
    assert (ingest.rules.CLAIM, ingest.rules.CONTRADICT) == (thresholds.CLAIM, thresholds.CONTRADICT)
    text = (FOLDER / "ontology.ttl").read_text(encoding="utf-8")
    assert text.count(f"with a probability of {CLAIM} or more") == 2
    assert text.count(f"with a probability of {CONTRADICT} or less") == 2


def test_the_graph_marks_the_preconditions_and_only_them() -> None:
    rows = store_of().query(
        "PREFIX acm: <https://w3id.org/acousma/ontology#> "
        f"SELECT ?x WHERE {{ GRAPH <{VOCABULARY_GRAPH}> {{ ?x a acm:Precondition }} }}"
    )
    assert isinstance(rows, ox.QuerySolutions)
    expected = {concept(f"rule/{r.concept}/{c.property}") for r, c in conditions() if c.property in PRECONDITIONS}
    assert {row["x"].value for row in rows} == expected
