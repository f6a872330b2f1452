"""Lists and stored questions as JSON: what their conditions find, and how their pages follow each other."""

import csv
import io
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient

from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from ontology.terms import ACM, SH
from queries import load_queries
from store import check_query
from store.base import Limits
from tests.house import House, build


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("listed"))


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    settings = load_settings(str(house.archive))
    with opened_service(settings) as service, TestClient(create_app(service), base_url="http://localhost:8000") as made:
        yield made


def items(client: TestClient, path: str, **conditions: str | int | float) -> list[dict[str, object]]:
    """Return all items of a list, page by page."""
    found: list[dict[str, object]] = []
    answer = client.get(path, params=conditions)
    while True:
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        following = answer.links.get("next")
        assert (following["url"] if following else None) == answer.json()["next"]
        if following is None:
            return found
        answer = client.get(following["url"])


def test_pages_hold_every_item_once_and_in_order(house: House, client: TestClient) -> None:
    claims = items(client, "/api/claims", limit=7)
    stored = {
        line.split(" ")[0].strip("<>") for line in house.quads if f"<{ACM.Claim}>" in line and "/annotation/" in line
    }
    ids = [str(claim["id"]) for claim in claims]
    assert sorted(ids) == sorted(stored) and len(ids) > 50
    keys = [(c["span"]["recording"]["id"], c["span"]["start"], c["id"]) for c in claims]  # type: ignore[index]
    assert keys == sorted(keys)
    for path in ("/api/works", "/api/recordings", "/api/spans", "/api/runs", "/api/agents"):
        one_by_one = [item["id"] for item in items(client, path, limit=1)]
        assert one_by_one == [item["id"] for item in items(client, path)] and len(one_by_one) > 3, path
        assert len(set(one_by_one)) == len(one_by_one), path


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"work": "hiss", "agent": "Ada"}, {"spectralNote"}),
        ({"work": "Hiss", "agent": "Bo"}, {"spectralNoise"}),
        ({"agent": "Ada", "concept": "Attack-decay"}, {"attackDecay"}),
        ({"agent": "Ada", "concept": "morphologicalArchetype"}, {"attackDecay"}),
        ({"agent": "Ada", "concept": "morphologicalArchetype", "narrower": "false"}, set()),
        ({"agent": "Ada", "to": 0.6, "work": "Bell"}, {"attackDecay", "bright"}),
        ({"agent": "Ada", "from": 0.6, "work": "Bell"}, set()),
        ({"agent": "Ada", "confidence_below": 0.99}, set()),
        ({"agent": "Ada", "verdict": "rejected"}, set()),
    ],
)
def test_all_conditions_must_hold(client: TestClient, conditions: dict[str, str | float], found: set[str]) -> None:
    claims = items(client, "/api/claims", **conditions)
    assert {str(claim["concept"]["id"]).rpartition("/")[2] for claim in claims} == found  # type: ignore[index]


def test_verdicts_part_the_claims(client: TestClient) -> None:
    every = {str(claim["id"]) for claim in items(client, "/api/claims")}
    judged = [claim for claim in items(client, "/api/claims") if claim["verdicts"]]
    open_ = {str(claim["id"]) for claim in items(client, "/api/claims", verdict="unassessed")}
    assert judged and open_ == every - {str(claim["id"]) for claim in judged}
    for claim in judged:
        for verdict in claim["verdicts"]:  # type: ignore[attr-defined]
            assert claim in items(client, "/api/claims", verdict=verdict, recording=claim["span"]["recording"]["id"])  # type: ignore[index]


def test_a_work_or_an_agent_is_found_by_its_iri_too(client: TestClient) -> None:
    (work,) = items(client, "/api/works", title="bell")
    assert items(client, "/api/claims", work=str(work["id"])) == items(client, "/api/claims", work="Bell")
    (agent,) = items(client, "/api/agents", name="Ada")
    assert items(client, "/api/claims", agent=str(agent["id"])) == items(client, "/api/claims", agent="Ada")


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (400, "/api/claims?verdict=maybe"), (404, "/api/claims?concept=nonsense"), (400, "/api/claims?from=-1"),
        (400, "/api/claims?confidence=nan"), (400, "/api/claims?limit=0"), (400, "/api/claims?cursor=abc"),
        (400, "/api/works?cursor=WyJhIl0"), (400, "/api/claims?cursor=WyJhIiwiYiIsImMiXQ"),
        (400, "/api/spans?recording=no+iri"), (404, "/api/queries/nothing"), (404, "/api/queries/nothing/answer"),
        (400, "/api/queries/works/answer?colour=red"), (400, "/api/queries/extremes/answer?limit=2&limit=3"),
        (404, "/api/jobs/../../etc"), (403, "/api/jobs/0000000000000000"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_document(client: TestClient, status: int, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["status"] == status and answer.json()["detail"].endswith((".", "?"))


def test_a_stored_question_is_answered_as_json_and_csv(client: TestClient) -> None:
    rows = client.get("/api/queries/works/answer").json()
    table = list(
        csv.DictReader(io.StringIO(client.get("/api/queries/works/answer", headers={"Accept": "text/csv"}).text))
    )
    assert [row["title"] for row in rows] == [row["title"] for row in table] and len(rows) == 4
    assert rows[0]["year"] == 1975
    text = client.get("/api/queries/opens_with/sparql", params={"concept": "bright"}).text
    assert "<https://w3id.org/acousma/vocab/bright>" in text


def test_stored_questions_are_sparql_executables_that_can_be_asked(client: TestClient) -> None:
    answer = client.get("/api/queries", headers={"Accept": "text/turtle"})
    quads = list(ox.parse(answer.content, format=ox.RdfFormat.TURTLE))
    texts = {q.subject.value: q.object.value for q in quads if q.predicate.value == SH.NS + "select"}
    assert {iri.rpartition("/")[2] for iri in texts} == set(load_queries())
    for text in texts.values():
        assert check_query(text, Limits()).form == "select"
    one = client.get("/api/queries/works", headers={"Accept": "text/turtle"})
    assert f"<{SH.NS}select>" in one.text or "sh:select" in one.text


def test_requests_are_counted_by_route_and_not_by_path(client: TestClient) -> None:
    for name in ("works", "runs"):
        client.get(f"/api/queries/{name}")
    client.get("/nothing/of/this/name")
    text = client.get("/metrics").text
    assert 'acousma_requests_total{method="GET",route="/api/queries/{name}",status="200"}' in text
    assert "of/this/name" not in text and "acousma_queries_waiting 0.0" in text
