"""Stored questions in the browser: every one has a page that answers, and nothing typed is taken for anything else."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from queries import load_queries
from tests.bench import make_archive, workbench

CLAIMED = {"work": "Glass", "claim": "x:y", "annotation": "x:y", "first": "Mira", "second": "Jonas"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("asked") / "archive"
    make_archive(folder)
    with workbench(folder) as made:
        yield made


@pytest.mark.parametrize("name", sorted(load_queries()))
def test_every_question_has_a_page_with_a_field_for_each_parameter(client: TestClient, name: str) -> None:
    query = load_queries()[name]
    needed = {p.name: CLAIMED.get(p.name, "Glass") for p in query.parameters if p.required}
    answer = client.get(f"/workbench/ask/{name}", params=needed)
    assert answer.status_code == 200, answer.text[:500]
    for parameter in query.parameters:
        assert f'name="{parameter.name}"' in answer.text and f'<label for="p-{parameter.name}">' in answer.text
    assert "/sparql#query=" in answer.text and f"ask/{name}.csv?" in answer.text
    assert not re.search(r"<script>|\son\w+=|\sstyle=", answer.text)


def test_the_list_of_questions_has_each_once(client: TestClient) -> None:
    found = re.findall(r'href="[./]*workbench/ask/(\w+)"', client.get("/workbench/ask").text)
    assert sorted(found) == sorted(load_queries())


@pytest.mark.parametrize("view", ["timeline", "multiples", "map"])
def test_an_answer_is_drawn_with_links_to_its_claims(client: TestClient, view: str) -> None:
    params = {"concept": "morphologicalArchetype", "view": view}
    page = client.get("/workbench/ask/concept_across_works", params=params).text
    assert "<svg" in page and "Kiefernwald" in page
    assert ("/claim/annotation/" in page) == (view != "map")


def test_pairs_lead_to_both_of_their_claims(client: TestClient) -> None:
    page = client.get("/workbench/ask/disagreement_between_agents", params={"view": "timeline"}).text
    assert page.count("/claim/annotation/") > 1


def test_csv_and_json_hold_all_rows_and_iris(client: TestClient) -> None:
    params = {"concept": "morphologicalArchetype"}
    answer = client.get("/workbench/ask/concept_across_works.csv", params=params)
    assert answer.headers["content-disposition"] == 'attachment; filename="concept_across_works.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) > 3 and all(row["claim"].startswith("https://archive.example.org/") for row in rows)
    assert len(client.get("/workbench/ask/concept_across_works.json", params=params).json()) == len(rows)


def test_the_notebook_snippet_reads_what_the_page_shows(client: TestClient) -> None:
    page = client.get("/workbench/ask/opens_with", params={"concept": "graduatedContinuant"}).text
    address = re.search(r"read_csv\(\s*\"([^\"]+)\"", unescape(page))
    assert address is not None
    rows = list(csv.DictReader(io.StringIO(client.get(address[1], headers={"Accept": "text/csv"}).text)))
    assert f"{len(rows)} row" in page


FAULTS = {
    "an unknown concept": ("opens_with", {"concept": "attackdecayy"}, 404, "did you mean"),
    "no number": ("opens_with", {"seconds": "soon"}, 400, "a decimal number"),
    "out of bounds": ("opens_with", {"confidence": "3"}, 400, "at most 1"),
    "a script": ("opens_with", {"concept": "<script>alert(1)</script>"}, 404, "&lt;script&gt;"),
    "no choice": ("timeline", {"work": "Glass", "rejected": "maybe"}, 400, "hidden, shown"),
    "no IRI": ("evidence", {"claim": "not an IRI"}, 400, "absolute IRI"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_asked_is_said_on_the_page_with_what_was_typed(client: TestClient, what: str) -> None:
    name, params, status, words = FAULTS[what]
    answer = client.get(f"/workbench/ask/{name}", params=params)
    assert answer.status_code == status and words in answer.text and "<form" in answer.text
    assert "<script>alert" not in answer.text
    typed = next(iter(params.values()))
    assert typed in unescape(answer.text)


def test_an_unknown_question_and_a_place_beyond_the_answer_are_no_faults_of_the_server(client: TestClient) -> None:
    assert client.get("/workbench/ask/nothing").status_code == 404
    assert client.get("/workbench/ask/works?row=99999999999").status_code == 200
    assert client.get("/workbench/ask/works?row=-1&view=nonsense").status_code == 200


def test_without_an_answer_the_page_says_so(client: TestClient) -> None:
    page = client.get("/workbench/ask/opens_with", params={"concept": "reversedOnset"})
    assert page.status_code == 200 and "Nothing in this archive" in page.text


def test_the_picker_has_every_concept_with_labels_hierarchy_and_author(client: TestClient) -> None:
    found = {one["id"]: one for one in client.get("/workbench/concepts.json").json()}
    held = found["graduatedContinuant"]
    assert held["label"]["fr"] and held["parent"] == "morphologicalArchetype" and held["scheme"].startswith("Smalley")
    assert all(one["named"] in (one["label"]["en"], one["id"]) for one in found.values())


def test_reviewed_claims_of_an_answer_are_one_click_away(client: TestClient) -> None:
    page = client.get("/workbench/ask/opens_with", params={"concept": "graduatedContinuant"}).text
    assert "review?queue=opens_with&amp;concept=graduatedContinuant" in page
