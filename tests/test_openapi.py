"""The interface is described whole, and nothing that its description lets a client send breaks the server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from api.jobs.queue import JobQueue
from api.jobs.states import JobFolder
from api.protocol.access import Writes
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from tests.house import House, build

schemathesis = pytest.importorskip("schemathesis")
EXAMPLES = 8


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("described"))


@pytest.fixture(scope="module")
def app(house: House) -> Iterator[FastAPI]:
    made = load_settings(str(house.archive)).model_copy(update={"query_seconds": 5.0, "writes": Writes.OPEN})
    with opened_service(made) as service:
        yield create_app(service, 0, JobQueue(JobFolder(house.archive), made.base_iri, "cpu", 100_000))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False) as made:
        yield made


def test_every_list_question_and_protocol_is_described_with_problems(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for path in (
        "/sparql",
        "/update",
        "/store",
        "/annotations/",
        "/api/claims",
        "/api/uploads",
        "/api/jobs/{id}/events",
    ):
        assert path in told["paths"], path
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
            assert operation.get("summary"), (method, path)


def test_answers_are_as_they_are_described(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()
    for name in ("works", "recordings", "spans", "claims", "runs", "agents", "queries", "jobs"):
        content = told["paths"][f"/api/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": told["components"]}
        answer = client.get(f"/api/{name}", params={"limit": 3} if name not in ("queries", "jobs") else {}).json()
        assert answer["items"] or name == "jobs", name
        assert [error.message for error in Draft202012Validator(schema).iter_errors(answer)] == [], name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nothing_that_the_description_allows_breaks_the_server(app: FastAPI) -> None:
    torch.set_flush_denormal(False)  # measuring sets it for the whole process, and hypothesis wants every number
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    broken: list[str] = []
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("/events"):
            continue  # it ends with its job only

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call()
            if answer.status_code >= 500 and answer.status_code not in (503, 504):
                broken.append(f"{case.method} {case.path}: {answer.status_code} {answer.text[:200]}")

        ask()
    assert asked > 60
    assert broken == [], json.dumps(broken[:10], indent=1)
