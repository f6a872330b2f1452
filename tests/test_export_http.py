"""Every export at an address: what a client likes best, names for files, what is left out, citations, crates."""

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient
from rocrate.rocrate import ROCrate

from api.protocol.access import Hearing
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from export.formats import FORMATS
from export.parallels import write_parallels
from ontology.errors import InputError
from ontology.export_terms import MAO, NP
from ontology.terms import ACM, FRBR, OA
from tests.commands import acousma
from tests.exports import ADA, BRIGHT, claim, material_of
from tests.house import House, build

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library uses names of rdflib that are going away
    from nanopub.nanopub import Nanopub

HOST = "http://localhost:8000"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return build(tmp_path_factory.mktemp("sent"))


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    settings = load_settings(str(house.archive)).model_copy(update={"audio": Hearing.OPEN})
    with opened_service(settings) as service, TestClient(create_app(service), base_url=HOST) as made:
        yield made


def recording(client: TestClient, title: str) -> str:
    items = client.get("/iiif/collection.json").json()["items"]
    return str(next(item["id"].split("/")[-2] for item in items if item["label"]["none"][0] == title))


def claims_of(house: House, agent: str) -> list[str]:
    """Return the IRIs of the claims by a person."""
    who = next(line.split()[0] for line in house.quads if f'"{agent}"' in line)
    made = {line.split()[0] for line in house.quads if f" {who} <" in line}
    return sorted(line.split()[0][1:-1] for line in house.quads if f"<{ACM.Claim}>" in line and line.split()[0] in made)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_what_the_command_writes_under_a_name_of_its_work(
    house: House, client: TestClient, format_: str
) -> None:
    title = "Звук и тишина"
    answer = client.get(f"/export/{recording(client, title)}/{format_}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == FORMATS[format_].media_type
    named = answer.headers["content-disposition"]
    assert unquote(named).endswith(f"''Звук-и-тишина{FORMATS[format_].suffix}")
    assert "charset=utf-8; charset" not in answer.headers["content-type"]
    if format_ not in ("iiif", "parquet"):
        sound = f"{HOST}/iiif/{recording(client, title)}/sound/{quote('звук и тишина')}.mp3"
        more = ["--audio", sound, "--base", f"{HOST}/"]
        done = acousma("export", format_, title, "--store", house.archive, *more)
        assert done.stdout.replace("\r\n", "\n") == answer.text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/vtt", "text/vtt"), ("text/turtle;q=0.5, application/n-quads", "application/n-quads"),
        ("application/mei+xml", "application/mei+xml"), ("application/xml", "application/mei+xml"),
        ("application/ld+json", "application/ld+json"), ("application/vnd.jams+json", "application/json"),
        ("text/html", "application/json"), ("*/*", "application/json"), ("text/plain", "text/plain"),
    ],
)  # fmt: skip
def test_a_client_gets_the_format_it_likes_best(client: TestClient, accept: str, media_type: str) -> None:
    answer = client.get(f"/export/{recording(client, 'Bell')}", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "accept" in answer.headers["vary"].lower()


def test_whoever_asks_for_quads_gets_the_statements_and_not_nanopublications(client: TestClient) -> None:
    place = f"/export/{recording(client, 'Bell')}"
    answer = client.get(place, headers={"Accept": "application/n-quads"})
    assert answer.content == client.get(f"{place}/nquads").content != client.get(f"{place}/nanopubs").content


def test_the_files_of_a_recording_are_listed_and_each_is_there(client: TestClient) -> None:
    files = client.get(f"/export/{recording(client, 'Bell')}").json()["files"]
    assert (
        [file["name"] for file in files]
        == list(FORMATS)
        == [one["name"] for one in client.get("/export").json()["formats"]]
    )
    assert all(client.head(file["url"]).status_code == 200 for file in files[:3])


def test_what_a_format_cannot_hold_is_said_at_an_address_of_its_own(client: TestClient) -> None:
    answer = client.get(f"/export/{recording(client, 'Bell')}/audacity")
    notes = client.get(answer.links["describedby"]["url"])
    assert notes.text.startswith("labels hold times and texts only")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/BELL/midi", 404), ("/export/nothing/mei", 404), ("/export/BELL/mei?language=<x>", 400),
        ("/cite/annotation/none", 404), ("/cite/annotation/a b", 404), ("/nanopub/annotation/none", 404),
        ("/nanopub/a b", 404), ("/export/questions/nothing.zip", 404),
        ("/export/questions/timeline.zip?colour=red", 400),
        ("/export/works/Bell/parallels", 400), ("/export/works/nothing/parallels", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path.replace("BELL", recording(client, "Bell")))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "Expected" in answer.json()["detail"]


def test_a_claim_is_cited_with_who_when_what_and_where(house: House, client: TestClient) -> None:
    (claim,) = [iri for iri in claims_of(house, "Ada") if iri.endswith("claim/bright")]
    path = claim.removeprefix(f"{HOST}/")
    text = client.get(f"/cite/{path}").text
    assert text.startswith("Ada (2025): “Bright” (Brightness level) at 0:00–0:00.6 in “Bell” (A. Maker, 1975). Run ")
    assert text.endswith(f". Acousma. Annotation (Claim). {claim}\n")
    csl = client.get(f"/cite/{path}", headers={"Accept": "application/vnd.citationstyles.csl+json"}).json()
    assert (csl["author"], csl["issued"]) == ([{"literal": "Ada"}], {"date-parts": [[2025, 6, 15]]})
    datacite = client.get(f"/cite/{path}?format=datacite").json()
    assert datacite["identifiers"] == [{"identifier": claim, "identifierType": "URL"}]
    assert client.get(f"/cite/{path}?format=bibtex").text.startswith("@misc{localhost-8000-annotation-")
    assert client.get(f"/cite/{path}?format=mla").status_code == 400
    done = acousma("cite", claim, "--store", house.archive)
    assert done.stdout == text


def test_a_claim_and_a_review_are_valid_nanopublications(house: House, client: TestClient, tmp_path: Path) -> None:
    claim = claims_of(house, "Ada")[0]
    review = next(
        line.split()[0][1:-1] for line in house.quads if f"<{ACM.Assessment}>" in line and "/annotation/" in line
    )
    for iri in (claim, review):
        answer = client.get(f"/nanopub/{iri.removeprefix(HOST + '/')}")
        path = tmp_path / "np.trig"
        path.write_bytes(answer.content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert Nanopub(rdf=path).is_valid
        quads = list(ox.parse(answer.content, format=ox.RdfFormat.TRIG))
        np = next(quad.subject.value for quad in quads if quad.object == ox.NamedNode(NP.Nanopublication))
        assert isinstance(np, str) and np == f"{HOST}/nanopub/{iri.removeprefix(HOST + '/')}"
        said = [quad for quad in quads if quad.graph_name == ox.NamedNode(f"{np}#assertion")]
        assert {quad.predicate.value for quad in said if quad.subject == ox.NamedNode(iri)} >= {OA.hasTarget}
        assert not any(isinstance(quad.subject, ox.BlankNode) for quad in quads)


def test_a_question_is_packed_with_its_answer_and_the_data_it_rests_on(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    answer = client.get("/export/questions/timeline.zip", params={"work": "Bell"})
    assert answer.headers["content-type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    packed.extractall(tmp_path / "crate")
    crate = ROCrate(tmp_path / "crate")
    assert crate.name
    assert {one.id for one in crate.data_entities} == {
        "question.rq", "asked.rq", "answer.csv", "answer.json", "data.nq", "ontology.ttl", "vocabulary.ttl",
    }  # fmt: skip
    asking = crate.get("#asking")
    assert asking is not None and asking["result"] and asking["instrument"]
    root: Any = crate.root_dataset
    assert root["license"]["name"] == "No licence stated"
    runs = [one for one in crate.contextual_entities if one.type == "CreateAction"]
    assert len(runs) > 1 and {one.id for one in root["mentions"]} == {one.id for one in runs}
    assert all(one["description"] and "+00:00" in one["startTime"] and "+00:00" in one["endTime"] for one in runs)
    assert all(one["url"] for one in crate.contextual_entities if one.type == "SoftwareApplication")
    assert all(one["name"] and one["description"] for one in crate.data_entities)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "crate" / "answer.csv").read_text(encoding="utf-8"))))
    data = (tmp_path / "crate" / "data.nq").read_text(encoding="utf-8")
    assert rows and all(f"<{row['claim']}>" in data for row in rows)
    assert {line for line in data.splitlines() if "/run/" in line.rsplit(" ", 2)[1]} <= set(house.quads)
    assert json.loads((tmp_path / "crate" / "answer.json").read_text(encoding="utf-8"))
    done = acousma("crate", "timeline", "--param", "work=Bell", "--out", tmp_path / "new", "--store", house.archive)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new" / "answer.csv").read_bytes() == (tmp_path / "crate" / "answer.csv").read_bytes()
    again = acousma("crate", "timeline", "--out", tmp_path / "new", "--store", house.archive)
    assert again.returncode == 3 and "is there already" in again.stderr


def test_an_answer_without_things_says_that_it_has_no_data(house: House, tmp_path: Path) -> None:
    given = "https://creativecommons.org/publicdomain/zero/1.0/"
    done = acousma("crate", "terms", "--out", tmp_path / "terms", "--licence", given, "--store", house.archive)
    assert done.returncode == 0, done.stderr
    assert "names nothing of the archive" in done.stderr
    root: Any = ROCrate(tmp_path / "terms").root_dataset
    assert root["license"].id == given
    wrong = acousma("crate", "terms", "--out", tmp_path / "no", "--licence", "CC0", "--store", house.archive)
    assert wrong.returncode == 3 and "given as a licence" in wrong.stderr and not (tmp_path / "no").exists()


def test_parallel_passages_of_two_recordings_are_music_annotations() -> None:
    first = material_of(claim(1, "0", "5"), claim(2, "6", "9"), claim(3, "10", "11", BRIGHT), title="Bell")
    second = replace(
        material_of(claim(4, "0", "6"), claim(5, "1", "2", BRIGHT, ADA)), recording="https://e.org/recording/00fe"
    )
    notes: list[str] = []
    written = b"".join(write_parallels([first, second], "https://e.org/", notes))
    assert notes == ["3 of 5 claims have no counterpart in another recording and are left out"]
    triples = [quad.triple for quad in ox.parse(written, format=ox.RdfFormat.TURTLE)]
    said = {(str(t.subject), t.predicate.value, str(t.object)) for t in triples}
    (material,) = [s for s, p, o in said if o == f"<{MAO.MusicalMaterial}>"]
    settings = {o for s, p, o in said if (s, p) == (material, MAO.setting)}
    spans = {o for s, p, o in said if p == FRBR.part}
    assert len(settings) == 2 and spans == {"<https://e.org/span/00ff/0-5000>", "<https://e.org/span/00fe/0-6000>"}
    (comparing,) = [s for s, p, o in said if o == f"<{MAO.comparing}>"]
    assert {o for s, p, o in said if (s, p) == (comparing, OA.hasTarget)} == settings
    with pytest.raises(InputError, match="has 1 recording"):
        list(write_parallels([first], "https://e.org/", []))
