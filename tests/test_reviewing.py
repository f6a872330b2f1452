"""Reviews through the protocol: a verdict hides a claim, a newer statement takes it back, nobody undoes another's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from api.protocol.access import Writes
from api.workbench.agreeing import kappa, wilson
from queries import answer, find, sparql
from store import open_store
from tests.bench import ANNO, BASE, headers_of, make_archive, workbench
from tests.graphs import ANNA, GLASS_TIDES, KIEFERNWALD, LISTENER, MEASURER, claim_iri
from tests.test_queries import readable

HELD = claim_iri(KIEFERNWALD, MEASURER, 0.5, 6.0, "graduatedContinuant")
BRIGHT = claim_iri(KIEFERNWALD, LISTENER, 0.0, 10.0, "bright")
RECORDING = f"{BASE}recording/{GLASS_TIDES.recording.id}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reviewed") / "archive"
    make_archive(made)
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    with workbench(folder) as made:
        yield made


@pytest.fixture(scope="module")
def ada(folder: Path) -> dict[str, str]:
    return headers_of(folder, "Ada")


@pytest.fixture(scope="module")
def bo(folder: Path) -> dict[str, str]:
    return headers_of(folder, "Bo")


def drafted(client: TestClient, who: dict[str, str], kind: str, **fields: str) -> list[dict[str, Any]]:
    answer = client.get(f"/workbench/review/draft/{kind}", params=fields, headers=who)
    assert answer.status_code == 200, answer.text
    documents: list[dict[str, Any]] = answer.json()["documents"]
    return documents


def send(client: TestClient, who: dict[str, str], kind: str, **fields: str) -> list[dict[str, Any]]:
    """Draft annotations and send them, as the page does."""
    kept = []
    for document in drafted(client, who, kind, **fields):
        answer = client.post("/annotations/", json=document, headers={**who, "Content-Type": ANNO})
        assert answer.status_code == 201, answer.text
        kept.append(answer.json())
    return kept


def listed(client: TestClient, concept: str, **more: str) -> list[dict[str, str]]:
    params = {"concept": concept, **more}
    found = client.get("/api/queries/concept_across_works/answer", params=params).json()
    return [row for row in found if isinstance(row, dict)]


def claims(rows: list[dict[str, str]]) -> set[str]:
    return {row["claim"] for row in rows}


def test_a_rejected_claim_leaves_the_default_answer_and_comes_back_on_undo(
    client: TestClient, ada: dict[str, str]
) -> None:
    assert HELD in claims(listed(client, "graduatedContinuant"))
    (rejection,) = send(client, ada, "verdict", claim=HELD, verdict="rejected", reason="a stroke, not a swell")
    assert rejection["verdict"].endswith("vocab/rejected") and rejection["creator"]["name"] == "Ada"
    assert HELD not in claims(listed(client, "graduatedContinuant"))
    shown = {row["claim"]: row["verdict"] for row in listed(client, "graduatedContinuant", rejected="shown")}
    assert shown[HELD] == "rejected"
    (undone,) = send(client, ada, "withdrawal", annotation=rejection["id"])
    assert undone["dcterms:replaces"] == {"id": rejection["id"]}
    back = {row["claim"]: row["verdict"] for row in listed(client, "graduatedContinuant")}
    assert back[HELD] == "unassessed"
    reviews = client.get("/api/queries/reviews/answer", params={"reviewer": "Ada"}).json()
    assert [(row["verdict"], row["reason"], bool(row["replaced"])) for row in reviews] == [
        ("Rejected", "a stroke, not a swell", True)
    ]
    assert client.get(str(rejection["id"]).replace(BASE, "/"), headers={"Accept": ANNO}).json()["body"]["value"]


def test_the_side_index_counts_what_stands_as_sparql_does(
    client: TestClient, ada: dict[str, str], folder: Path
) -> None:
    (rejection,) = send(client, ada, "verdict", claim=HELD, verdict="rejected", reason="no")
    same_by_both_ways(folder)
    send(client, ada, "withdrawal", annotation=rejection["id"])
    same_by_both_ways(folder)


def same_by_both_ways(folder: Path) -> None:
    """Compare what stored questions answer through the side index, and by their SPARQL alone."""
    asked = {
        "concept_across_works": {"concept": "graduatedContinuant"}, "timeline": {"work": "Kiefer"},
        "opens_with": {}, "closes_with": {}, "longest_passages": {"concept": "graduatedContinuant"},
        "followed_by": {"first": "graduatedContinuant", "second": "graduatedContinuant", "seconds": "9"},
        "overlapping": {"first": "graduatedContinuant", "second": "dark"}, "claims_at_risk": {},
        "unassessed_claims": {}, "disagreement_between_agents": {},
    }  # fmt: skip
    with open_store(folder) as store:
        for name, arguments in asked.items():
            hides = any(parameter.name == "rejected" for parameter in find(name).parameters)
            for shown in ({}, {"rejected": "shown"}) if hides else ({},):
                found = answer(store, name, {**arguments, **shown})
                expected = store.rows(sparql(name, {**arguments, **shown}))
                assert readable(found) == readable(expected), (name, shown)


def test_a_second_verdict_takes_the_place_of_the_first_of_the_same_person_only(
    client: TestClient, ada: dict[str, str], bo: dict[str, str]
) -> None:
    (first,) = send(client, ada, "verdict", claim=BRIGHT, verdict="rejected")
    (other,) = drafted(client, bo, "verdict", claim=BRIGHT, verdict="accepted")
    assert "replaces" not in other
    (second,) = send(client, ada, "verdict", claim=BRIGHT, verdict="accepted")
    assert second["replaces"] == first["id"]
    row = next(row for row in listed(client, "bright") if row["claim"] == BRIGHT)
    assert sorted(row["verdict"].split("; ")) == ["accepted", "contradicted"]


def test_nobody_takes_back_what_somebody_else_said(client: TestClient, ada: dict[str, str], bo: dict[str, str]) -> None:
    (comment,) = send(client, ada, "comment", claim=HELD, text="listen again")
    for annotation, status in ((comment["id"], 403), (f"{BASE}annotations/none", 400)):
        (draft,) = drafted(client, bo, "withdrawal", annotation=annotation)
        answer = client.post("/annotations/", json=draft, headers={**bo, "Content-Type": ANNO})
        assert (answer.status_code, "Expected" in answer.json()["detail"]) == (status, True)
    machine = next(
        row["claim"] for row in listed(client, "openAttackDecay", rejected="shown") if row["verdict"] == "rejected"
    )
    (draft,) = drafted(client, bo, "withdrawal", annotation=machine)
    assert client.post("/annotations/", json=draft, headers={**bo, "Content-Type": ANNO}).status_code == 403


def test_a_claim_by_ear_is_found_beside_those_of_describers_and_shares_their_spans(
    client: TestClient, ada: dict[str, str]
) -> None:
    fields = {"recording": RECORDING, "start": "12", "end": "20", "concept": "granular noise", "confidence": "0.7"}
    (made,) = send(client, ada, "claim", **fields)
    assert made["target"]["id"] == f"{BASE}span/{GLASS_TIDES.recording.id}/12000-20000"
    row = next(row for row in listed(client, "granularNoise") if row["claim"] == made["id"])
    assert (row["agent"], float(row["start"]), float(row["confidence"])) == ("Ada", 12, 0.7)
    (fresh,) = send(client, ada, "claim", **{**fields, "start": "1,25", "end": "2.5"})
    assert fresh["target"]["selector"]["value"] == "t=1.25,2.5"
    assert {made["id"], fresh["id"]} <= claims(listed(client, "granularNoise"))


def test_a_correction_rejects_the_claim_and_names_it_as_its_source(client: TestClient, ada: dict[str, str]) -> None:
    wrong = claim_iri(GLASS_TIDES, MEASURER, 3.6, 8.0, "attackImpulse")
    rejection, instead = send(client, ada, "correction", claim=wrong, concept="attackDecay")
    assert rejection["verdict"].endswith("rejected") and instead["wasDerivedFrom"] == wrong
    assert wrong not in claims(listed(client, "attackImpulse")) and instead["id"] in claims(
        listed(client, "attackDecay")
    )
    same = client.get(
        "/workbench/review/draft/correction", params={"claim": wrong, "concept": "attackImpulse"}, headers=ada
    )
    assert same.status_code == 400 and "says the same" in same.json()["detail"]


FAULTS: dict[str, tuple[str, dict[str, str], int, str]] = {
    "a verdict of machines": ("verdict", {"claim": HELD, "verdict": "supported"}, 400, "one of accepted"),
    "no such claim": ("verdict", {"claim": f"{BASE}nothing", "verdict": "accepted"}, 404, "there is no claim"),
    "no IRI": ("verdict", {"claim": "<>", "verdict": "accepted"}, 404, "there is no claim"),
    "an empty comment": ("comment", {"claim": HELD, "text": "  "}, 400, "empty"),
    "a long comment": ("comment", {"claim": HELD, "text": "x" * 5000}, 400, "at most 4000"),
    "an unknown recording": ("claim", {"recording": f"{BASE}recording/0000000000000000"}, 404, "no recording"),
    "a recording of elsewhere": ("claim", {"recording": "https://example.org/a"}, 404, "no recording"),
    "no time": ("claim", {"recording": RECORDING, "start": "soon", "end": "2"}, 400, "seconds, such as"),
    "a negative time": ("claim", {"recording": RECORDING, "start": "-1", "end": "2"}, 400, "start < end"),
    "turned round": ("claim", {"recording": RECORDING, "start": "3", "end": "2"}, 400, "start < end"),
    "after the end": ("claim", {"recording": RECORDING, "start": "3", "end": "99"}, 400, "at most 30"),
    "no concept": ("claim", {"recording": RECORDING, "start": "1", "end": "2"}, 400, "concept"),
    "an unknown concept": (
        "claim", {"recording": RECORDING, "start": "1", "end": "2", "concept": "brihgt"}, 404, "did you mean",
    ),
    "no share": (
        "claim", {"recording": RECORDING, "start": "1", "end": "2", "concept": "bright", "confidence": "2"}, 400,
        "0 to 1",
    ),
    "an unknown draft": ("praise", {}, 404, "Expected: verdict"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_said_is_refused_with_the_way_out(client: TestClient, ada: dict[str, str], what: str) -> None:
    kind, fields, status, words = FAULTS[what]
    answer = client.get(f"/workbench/review/draft/{kind}", params=fields, headers=ada)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_a_span_is_said_to_be_only_what_its_address_says(client: TestClient, ada: dict[str, str]) -> None:
    fields = {"recording": RECORDING, "start": "2", "end": "3", "concept": "bright"}
    (draft,) = drafted(client, ada, "claim", **fields)
    forged = {**draft, "target": {**draft["target"], "startSeconds": "0"}}
    answer = client.post("/annotations/", json=forged, headers={**ada, "Content-Type": ANNO})
    assert answer.status_code == 400 and "something new" in answer.json()["detail"]
    beyond = f"{BASE}span/{GLASS_TIDES.recording.id}/29000-31000"
    long = {**draft, "target": {**draft["target"], "id": beyond}}
    answer = client.post("/annotations/", json=long, headers={**ada, "Content-Type": ANNO})
    assert answer.status_code == 400 and "at most 30" in answer.json()["detail"]


def test_the_queue_begins_with_what_measurement_contradicts_and_leaves_out_what_is_reviewed(
    client: TestClient, bo: dict[str, str]
) -> None:
    sharp = claim_iri(GLASS_TIDES, ANNA, 0.5, 3.5, "closedAttackDecay")
    page = client.get("/workbench/review", headers=bo).text
    assert page.index(f'data-claim="{sharp}"') < page.index("· disagreement") < page.index("· unassessed")
    send(client, bo, "verdict", claim=sharp, verdict="accepted")
    assert f'data-claim="{sharp}"' not in client.get("/workbench/review", headers=bo).text
    assert f'data-claim="{sharp}"' in client.get("/workbench/review?again=1", headers=bo).text


def test_any_question_with_claims_is_a_queue_and_others_are_refused(client: TestClient) -> None:
    page = client.get("/workbench/review", params={"queue": "closes_with", "concept": "dsOffsetFadeOut", "again": "1"})
    assert page.status_code == 200 and page.text.count("data-claim=") == 2
    for queue, status in (("works", 400), ("nonsense", 404)):
        refused = client.get("/workbench/review", params={"queue": queue})
        assert refused.status_code == status and 'role="alert"' in refused.text


def test_the_card_of_a_claim_tells_evidence_and_all_that_was_said_and_runs_no_words(
    client: TestClient, ada: dict[str, str]
) -> None:
    send(client, ada, "comment", claim=BRIGHT, text="<script>alert(1)</script>")
    answer = client.get("/workbench/review-card", params={"claim": BRIGHT}, headers=ada)
    assert "310" in answer.text and "Rule assessor" in answer.text and "contradicted" in answer.text
    assert "&lt;script&gt;" in answer.text and "<script>alert" not in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"] and " style=" not in answer.text


def test_agreement_counts_what_stands(client: TestClient) -> None:
    page = client.get("/workbench/review/agreement").text
    assert "Anna Keller" in page and "Measuring describer" in page and "kappa" in page.lower()


def test_where_no_token_is_needed_reviewers_are_told_apart_by_the_names_they_type(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("open") / "archive"
    make_archive(folder)
    with workbench(folder, Writes.OPEN) as client:
        for name, verdict in (("Eve", "rejected"), ("Fay", "accepted"), ("Eve", "accepted")):
            kept = send(client, {}, "verdict", claim=HELD, verdict=verdict, name=name)
        assert kept[0]["creator"]["name"] == "Eve" and "replaces" in kept[0]
        (made,) = send(client, {}, "claim", recording=RECORDING, start="1", end="2", concept="bright", name="Eve")
        assert made["id"] in claims(listed(client, "bright"))
        forged = drafted(client, {}, "comment", claim=HELD, text="x", name="Eve")[0]
        forged["creator"]["name"] = "Mallory"
        answer = client.post("/annotations/", json=forged, headers={"Content-Type": ANNO})
        assert answer.status_code == 400 and "something new" in answer.json()["detail"]
        page = client.get("/workbench/review/agreement").text
        assert page.count("Eve") == 2 and page.count("Fay") == 2


@pytest.mark.parametrize(("hits", "number"), [(0, 5), (3, 7), (20, 20), (131, 400)])
def test_the_interval_of_a_share_is_wilsons(hits: int, number: int) -> None:
    expected = binomtest(hits, number).proportion_ci(0.95, "wilson")
    assert wilson(hits, number) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_kappa_is_cohens() -> None:
    said = [(True, True), (True, False), (False, False), (True, True), (False, True), (False, False), (True, True)]
    expected = cohen_kappa_score([one for one, _ in said], [other for _, other in said])
    assert kappa(said) == pytest.approx(expected)
