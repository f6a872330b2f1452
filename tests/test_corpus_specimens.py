"""Sounding examples of concepts: what is rendered is what it is called, and a term's page offers it."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient

from api.jobs.queue import JobQueue
from api.jobs.states import JobFolder
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from ontology.errors import UnknownName
from ontology.vocabulary import load_vocabulary
from tests.bench import make_archive
from truth.corpus.clips import known_concepts
from truth.corpus.parameters import Sound
from truth.corpus.specimens import EXAMPLES, specimen, specimens_of, write_specimen

SOME = ("attackImpulse", "graduatedContinuant", "darkening", "granularNoise", "harmonicSpectrum", "wideImage")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("sounding") / "archive"
    make_archive(folder)
    settings = load_settings(str(folder))
    queue = JobQueue(JobFolder(folder), settings.base_iri, "cpu", 100_000)
    with opened_service(settings) as service, TestClient(create_app(service, 0, queue)) as made:
        yield made


@pytest.mark.parametrize("concept", SOME)
def test_an_example_is_a_single_sound_of_which_the_concept_is_true(concept: str) -> None:
    assert specimens_of(concept) == tuple((concept, number) for number in range(EXAMPLES))
    made = [specimen(concept, number) for number in range(EXAMPLES)]
    assert all(isinstance(clip.made, Sound) and clip.labels[concept] is True for clip in made)
    assert len({clip.index for clip in made}) == EXAMPLES, "the examples are different sounds"


def test_a_broader_concept_has_one_example_of_each_of_its_narrower_ones() -> None:
    found = specimens_of("morphologicalArchetype")
    assert 2 < len(found) <= 6 and {number for _, number in found} == {0}
    assert all("morphologicalArchetype" in load_vocabulary().ancestors(concept) for concept, _ in found)
    assert specimens_of("surrogacy") == specimens_of("no such concept") == ()
    assert len({one for one in known_concepts() if specimens_of(one)}) == len(known_concepts())


def test_an_example_is_written_audible_short_and_equal_each_time(tmp_path: Path) -> None:
    first, again = tmp_path / "a.flac", tmp_path / "b.flac"
    for path in (first, again):
        write_specimen(str(path), "attackDecay", 1)
    sound, rate = soundfile.read(first)
    assert first.read_bytes() == again.read_bytes() and rate == 48_000
    assert 0.2 < len(sound) / rate < 11 and 0.05 < np.abs(sound).max() <= 1
    assert np.abs(sound[: round(0.1 * rate)]).max() < 1e-3, "silence before it"


@pytest.mark.parametrize(("concept", "number"), [("attackDecay", EXAMPLES), ("attackDecay", -1), ("nonsense", 0)])
def test_what_cannot_be_rendered_is_refused(concept: str, number: int) -> None:
    with pytest.raises(UnknownName):
        specimen(concept, number)


def test_a_term_offers_examples_that_are_rendered_once_and_say_what_they_are(client: TestClient) -> None:
    told = client.get("/workbench/examples/attackDecay").json()["made"]
    assert [one["sound"] for one in told] == [f"rendered/attackDecay/{number}" for number in range(EXAMPLES)]
    assert all("synthetic" in one["why"] for one in told)
    answer = client.get(f"/workbench/{told[0]['sound']}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/flac"
    assert soundfile.info(io.BytesIO(answer.content)).channels == 2
    assert client.get("/workbench/rendered/attackDecay/0", headers={"Range": "bytes=0-3"}).content == b"fLaC"
    assert client.get("/workbench/examples/surrogacy").json()["made"] == []


@pytest.mark.parametrize("path", ["attackDecay/9", "nonsense/0", "surrogacy/0", "..%2F..%2Fetc/0"])
def test_an_example_that_does_not_exist_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/workbench/rendered/{path}").status_code in (400, 404)
