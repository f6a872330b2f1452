"""Probes: vectors of frozen encoders, heads trained on them, and what they claim."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
import torch
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression

from ingest.annotate import RunWriter
from ingest.listeners.base import Mono, Sounding
from ingest.listeners.encoders import Encoder
from ingest.listeners.files import find_model
from ingest.listeners.heads import Head, read_head
from ingest.listeners.opening import Wanted, open_listener
from ingest.listeners.probe import ProbeListener
from ontology.errors import ListenerError
from ontology.mint import Minter
from ontology.terms import PREFIXES, ConfidenceKind, Verdict
from ontology.values import Agent, Assessment, Run, Span, seconds
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.commands import acousma
from tests.sounds import noise_below, tone, write
from tests.tiny_models import save
from truth.corpus.clips import Selection
from truth.corpus.items import Plan
from truth.corpus.making import make
from truth.probing import Embedded, train

OFFLINE = {"HF_HUB_OFFLINE": "1"}
ENCODERS = ("ast", "clap", "whisper", "hubert", "mert")

_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def encoder(models: Path, name: str = "encoder") -> Encoder:
    return Encoder(find_model(str(save(name, models))), "cpu")


def bright_and_dark(rate: int, seed: int) -> tuple[Mono, Mono]:
    random = np.random.default_rng(seed)
    hiss = 0.1 * random.standard_normal(rate)
    hum = 0.1 * np.sin(2 * np.pi * random.uniform(60, 200) * np.arange(rate) / rate)
    return hiss.astype(np.float32), hum.astype(np.float32)


def known(encoder_: Encoder, size: int = 24) -> Embedded:
    """Return bright and dark sounds of four groups as an encoder gives them; "ascent" is drawn by lot."""
    rate = encoder_.hearing.sample_rate_hz
    sounds = [sound for seed in range(size) for sound in bright_and_dark(rate, seed)]
    lot = np.random.default_rng(1).permuted(np.arange(2 * size) % 2 == 0)
    labels = tuple(
        {"bright": number % 2 == 0, "ascent": bool(lot[number]), "node": number < 3} for number in range(2 * size)
    )
    groups = tuple(f"g{number // 2 % 4}" for number in range(2 * size))
    return Embedded(np.concatenate([encoder_.embed([sound]) for sound in sounds]), labels, groups, 0)


@pytest.fixture(scope="module")
def trained(models: Path) -> Head:
    return train(encoder(models), str(models / "tiny-encoder"), known(encoder(models)), {"test": "bright and dark"})


# -- vectors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENCODERS)
def test_a_sound_has_the_same_vector_in_a_batch_and_alone(models: Path, name: str) -> None:
    one = encoder(models, name)
    rate = one.hearing.sample_rate_hz
    hiss, hum = bright_and_dark(rate, 0)
    sounds = [hiss, hum[: rate // 2], hum[: rate // 100]]
    together = one.embed(sounds)
    assert np.isfinite(together).all()
    for row, sound in zip(together, sounds, strict=True):
        np.testing.assert_allclose(row, one.embed([sound])[0], atol=2e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-3, "the sound does not reach the vector"


@pytest.mark.parametrize("name", ["ast", "whisper"])
def test_padding_is_no_part_of_a_vector(models: Path, name: str) -> None:
    one = encoder(models, name)
    short = bright_and_dark(16_000, 0)[0][:8000]
    longer = np.concatenate([short, np.zeros(4000, np.float32)])
    half, whole = one.embed([short])[0], one.embed([longer])[0]
    assert np.abs(half - whole).max() > 1e-3, "silence that is part of the sound counts"


def test_mert_is_heard_as_the_hubert_that_it_is_and_its_code_is_not_run(models: Path) -> None:
    mert, hubert = encoder(models, "mert"), encoder(models, "hubert")
    assert mert.hearing.sample_rate_hz == 24_000
    assert mert.hearing.token_step_s == pytest.approx(320 / 24_000)
    sound = bright_and_dark(24_000, 0)[0]
    np.testing.assert_array_equal(mert.embed([sound]), _of_hubert(hubert, sound))
    for seconds_ in (5.05, 12.0):  # the rest of the first is too short to be heard alone
        long = np.resize(sound, round(24_000 * seconds_))
        assert np.isfinite(mert.embed([long])).all()
        assert mert.embed([long]).shape == mert.embed([sound]).shape


def _of_hubert(hubert: Encoder, sound: Mono) -> np.ndarray:
    """Return the vector of a sound whose rate another extractor has, by the same weights."""
    normal = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    with torch.inference_mode():
        steps = hubert.model(torch.from_numpy(normal[None])).last_hidden_state[0]
    return torch.cat([steps.mean(0), steps.std(0, correction=0)])[None].numpy()


def test_a_mert_that_is_no_hubert_is_refused(models: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(save("mert", models), tmp_path / "other"))
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    (path / "config.json").write_text(json.dumps(config | {"feature_extractor_cqt": True}), encoding="utf-8")
    with pytest.raises(ListenerError, match="a MERT with feature_extractor_cqt"):
        Encoder(find_model(str(path)), "cpu")


def test_an_encoder_of_another_kind_is_refused(models: Path) -> None:
    with pytest.raises(ListenerError, match="wav2vec"):
        encoder(models, "text-only")


# -- training ------------------------------------------------------------------------------------


def test_what_can_be_learnt_is_learnt_and_what_is_drawn_by_lot_is_not(trained: Head) -> None:
    assert [one.concept for one in trained.card.concepts] == ["bright"]
    assert trained.card.concepts[0].balanced_accuracy > 0.95
    assert (trained.card.concepts[0].true, trained.card.concepts[0].groups) == (24, 4)
    assert trained.card.not_learnt["ascent"].startswith("balanced accuracy 0.")
    assert trained.card.not_learnt["node"] == "true in 3 sounds from 2 groups"


def test_probabilities_are_those_of_scikit_learn(models: Path, trained: Head) -> None:
    data = known(encoder(models))
    truth = [labels["bright"] for labels in data.labels]
    standard = (data.vectors - trained.center) / trained.scale
    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000).fit(standard, truth)
    scores = trained.slope[0] * model.decision_function(standard) + trained.offset[0]
    np.testing.assert_allclose(trained.probabilities(data.vectors)[:, 0], 1 / (1 + np.exp(-scores)), atol=1e-3)


def test_nothing_to_learn_is_an_error(models: Path) -> None:
    data = known(encoder(models), 4)
    with pytest.raises(ListenerError, match="none of 3 concepts can be learnt"):
        train(encoder(models), "x", data, {})


# -- from the corpus to a claim ------------------------------------------------------------------


@pytest.fixture(scope="module")
def probe(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A probe that the command line trained on a corpus."""
    folder = tmp_path_factory.mktemp("probes")
    for _ in make(folder / "corpus", Plan(3, 90, 0, Selection(concepts=("bright", "dark", "root", "canopy")))):
        pass
    ended = acousma(
        "probe", "train", "--encoder", save("encoder", models), "--corpus", folder / "corpus", "--out",
        folder / "probes" / "colour", **OFFLINE,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"│ dark +│ +\d+ │ +\d+ │ +\d+ │ +0\.\d+ │", ended.stdout), ended.stdout
    return folder / "probes" / "colour"


def test_a_probe_is_numbers_json_and_a_card(probe: Path) -> None:
    assert {path.name for path in probe.iterdir()} == {"probe.json", "probe.safetensors", "README.md"}
    card = (probe / "README.md").read_text(encoding="utf-8")
    assert "| dark |" in card
    assert "corpus: seed 3, 90 clips" in card
    assert "Not learnt:" in card
    listed = acousma("probe", "list", probe.parent)
    assert "tiny-encoder" in listed.stdout
    assert "seed 3, 90 clips" in listed.stdout


def test_a_probe_claims_what_it_is_sure_of_and_abstains_otherwise(probe: Path) -> None:
    listener = ProbeListener(str(probe), load_vocabulary(), "cpu")
    batch = [
        Sounding(Span("00ff", seconds(number), seconds(number + 1)), sound)
        for number, sound in enumerate(bright_and_dark(16_000, 0))
    ]  # fmt: skip
    hiss, hum = listener.listen(batch)
    assert {"canopy", "dark"} & {claim.concept for claim in hiss.claims} == {"canopy"}
    assert {"canopy", "dark"} & {claim.concept for claim in hum.claims} == {"dark"}
    for claim in (*hiss.claims, *hum.claims):
        assert claim.confidence_kind is ConfidenceKind.CALIBRATED
        assert 0.65 <= claim.confidence <= 1
    (alone,) = listener.listen(batch[:1])
    assert {claim.concept for claim in alone.claims} == {claim.concept for claim in hiss.claims}


def test_its_identity_follows_encoder_and_head(probe: Path, models: Path, tmp_path: Path) -> None:
    first = open_listener(Wanted("probe", str(probe))).identity()
    assert first.parameters()["SHA-256 sum of the encoder's weights"] == encoder(models).files.weights_sha256
    assert str(models) not in str(first)
    copy = shutil.copytree(probe, tmp_path / "colour")
    assert open_listener(Wanted("probe", str(copy))).identity() == first
    numbers = load_file(copy / "probe.safetensors")
    save_file(numbers | {"bias": numbers["bias"] + 0.5}, copy / "probe.safetensors")
    changed = open_listener(Wanted("probe", str(copy))).identity()
    assert changed.agent != first.agent
    assert changed.parameters()["SHA-256 sum of the head"] != first.parameters()["SHA-256 sum of the head"]


@pytest.mark.parametrize(
    ("file", "key", "value", "message"),
    [
        ("probe.json", "format", "acousma-probe/9", "is no probe"),
        ("probe.json", "encoder_weights_sha256", "0" * 64, "is not the one on which"),
        ("probe.json", "encoder_path", "nowhere/at/all", "is no folder"),
        ("probe.json", "concepts", [], "do not fit"),
        ("probe.safetensors", "", None, "is no probe"),
    ],
)
def test_a_probe_that_was_tampered_with_is_refused(
    probe: Path, tmp_path: Path, file: str, key: str, value: object, message: str
) -> None:
    copy = shutil.copytree(probe, tmp_path / "copy")
    if key:
        card = json.loads((copy / file).read_text(encoding="utf-8"))
        (copy / file).write_text(json.dumps(card | {key: value}), encoding="utf-8")
    else:
        (copy / file).write_bytes(b"cut off")
    with pytest.raises(ListenerError, match=message):
        open_listener(Wanted("probe", str(copy)))


def test_from_a_probe_to_an_answer_in_sparql(probe: Path, tmp_path: Path) -> None:
    write(tmp_path / "sounds" / "hum.wav", tone(110, 2.0))
    archive = tmp_path / "archive"
    ended = acousma(
        "ingest", tmp_path / "sounds", "--store", archive, "--window", "1", "--describer", "probe", "--model", probe,
        **OFFLINE,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + """
            SELECT ?start WHERE { GRAPH ?run {
                ?claim oa:hasBody acv:dark ; acm:confidenceKind acv:calibratedProbability ; oa:hasTarget ?span ;
                    dcterms:creator/foaf:name "colour" . ?span acm:startSeconds ?start ; acm:endSeconds ?end .
            } }""").rows  # fmt: skip
    assert {row[0].value for row in found if isinstance(row[0], ox.Literal)} >= {"0", "1"}
    assert acousma("validate", "--store", archive, "--all").returncode == 0


# -- from reviewed claims ------------------------------------------------------------------------


def test_what_people_accepted_and_rejected_trains_a_probe(models: Path, tmp_path: Path) -> None:
    rows = ["file,start,end,concepts,agent"]
    for number in range(4):  # two bright recordings and two dark ones, of 14 s each
        bright = number % 2 == 0
        sound = noise_below(20_000, 14) if bright else tone(90 + 20 * number, 14)
        write(tmp_path / "sounds" / f"{number}.wav", sound * (1 - 0.1 * number))
        rows += [f"{number}.wav,{start},{start + 1},bright,Ana" for start in range(14)]
    (tmp_path / "sounds" / "claims.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    archive = tmp_path / "archive"
    ended = acousma("ingest", tmp_path / "sounds", "--claims", tmp_path / "sounds" / "claims.csv", "--store", archive)
    assert ended.returncode == 0, ended.stderr
    command = ("probe", "train", "--encoder", save("encoder", models), "--reviewed", "--store", archive)
    before = acousma(*command, "--out", tmp_path / "probe", **OFFLINE)
    assert (before.returncode, (tmp_path / "probe").exists()) == (3, False)
    assert "claims that people accepted or rejected" in before.stderr
    review(archive)
    ended = acousma(*command, "--out", tmp_path / "probe", **OFFLINE)
    assert ended.returncode == 0, ended.stderr
    card = read_head(tmp_path / "probe", load_vocabulary()).card
    assert [(one.concept, one.true, one.false, one.groups) for one in card.concepts] == [("bright", 28, 28, 4)]
    assert card.trained_on["reviewed claims"] == "56 spans"


def review(archive: Path) -> None:
    """Accept Ana's claims about noise and reject those about tones, as a person would."""
    minter = Minter("http://localhost:8000/")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + """
            SELECT ?claim ?file ?start ?end ?recording WHERE { GRAPH ?g {
                ?claim a acm:Claim ; dcterms:creator/foaf:name "Ana" ; oa:hasTarget ?span .
                ?span acm:startSeconds ?start ; acm:endSeconds ?end ; oa:hasSource ?recording .
                ?sound mo:encodes ?recording ; dcterms:title ?file } }""").rows  # fmt: skip
    lines, graphs = [], []
    by_recording: dict[str, list[Assessment]] = {}
    for row in found:
        claim, file, start, end, recording = (
            term.value for term in row if isinstance(term, ox.Literal | ox.NamedNode)
        )  # fmt: skip
        id_ = recording.rpartition("/")[2]
        verdict = Verdict.ACCEPTED if int(file[0]) % 2 == 0 else Verdict.REJECTED
        span = Span(id_, seconds(float(start)), seconds(float(end)))
        by_recording.setdefault(id_, []).append(Assessment(claim, span, verdict, 1.0, (), ConfidenceKind.VERBALISED))
    for id_, assessments in by_recording.items():
        run = Run(Agent("Bea", kind="person"), id_, {"what": "review"}, now, now)
        writer = RunWriter(minter, load_vocabulary(), run)
        lines += [*writer.annotations(assessments=assessments), writer.footer(now)]
        graphs.append(writer.graph)
    with open_store(archive, writable=True) as store:
        store.bulk_load("".join(lines).encode(), graphs)
        store.publish()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--corpus", "nowhere"), 3),
        ((), 2),
        (("--corpus", "x", "--reviewed"), 2),
    ],
)
def test_probe_train_says_what_it_needs(models: Path, tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    ended = acousma(
        "probe", "train", "--encoder", save("encoder", models), "--out", tmp_path / "out", *words, **OFFLINE
    )  # fmt: skip
    assert ended.returncode == code
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_not_written_over(models: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    words = ("--encoder", save("encoder", models), "--corpus", tmp_path / "none", "--out", tmp_path / "mine")
    ended = acousma("probe", "train", *words, **OFFLINE)
    assert ended.returncode == 3
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
