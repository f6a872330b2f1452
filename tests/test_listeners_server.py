"""A model behind a real HTTP server: what it answers, what it answers wrongly, and what is kept secret."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import monotonic

import numpy as np
import pyoxigraph as ox
import pytest

from ingest.listeners.base import Heard, Scoring, ServerOptions, Sounding, TroubleKind
from ingest.listeners.questions import read_questions
from ingest.listeners.remote import ServerListener
from ingest.listeners.service import KEY, Pace, base_url
from ontology.errors import ListenerError
from ontology.terms import PREFIXES, ConfidenceKind
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from store import open_store
from tests.chat_server import ANSWER, ChatServer, chat_server
from tests.commands import acousma, dump
from tests.sounds import noise_below, tone, write
from truth.wordings import Asked

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
MODELS = (
    "good", "json", "lazy", "stubborn", "inventive", "halved", "mute", "stuck", "french", "rambling", "busy", "patient",
    "shaky", "dead", "locked", "deaf", "late", "garbage", "half", "vllm", "chatty", "strict",
)  # fmt: skip
_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server(*MODELS) as running:
        yield running


def listener(
    server: ChatServer, model: str, timeout_s: float = 20.0, scoring: Scoring = "auto", **changed: object
) -> ServerListener:
    settings = ServerOptions(server.url, retries=3, timeout_s=timeout_s, scoring=scoring)
    asked = read_questions(SMALL, load_vocabulary()).model_copy(update=changed)
    return ServerListener(model, asked, load_vocabulary(), settings)


def soundings() -> list[Sounding]:
    """A hiss, which is bright, and a hum, which is dark."""
    hiss, hum = noise_below(8000, 1.0, 16_000), tone(110, 1.0, 16_000)
    return [
        Sounding(Span("00ff", seconds(start), seconds(start + 1)), sound.astype(np.float32))
        for start, sound in ((0, hiss), (1, hum))
    ]


def chosen(heard: Heard) -> dict[str, str | None]:
    return {answer.aspect: answer.chosen for answer in heard.answers}


def troubles(*heard: Heard) -> set[TroubleKind]:
    return {trouble.kind for one in heard for trouble in one.troubles}


# -- what a server is asked ----------------------------------------------------------------------


def test_a_server_that_gives_probabilities_is_scored_by_letters_less_silence(server: ChatServer) -> None:
    asked = listener(server, "good")
    hiss, hum = asked.listen(soundings())
    assert asked.reading == "likelihood of letters"
    assert chosen(hiss)["brightnessLevel"] == "bright"
    assert chosen(hum)["brightnessLevel"] == "dark"
    assert chosen(hiss)["grainTerm"] is None, "the server says that it cannot tell"
    (answer,) = (answer for answer in hiss.answers if answer.aspect == "brightnessLevel")
    np.testing.assert_allclose(answer.evidence, [2.8, 0, 0], atol=1e-9)
    (claim,) = (claim for claim in hiss.claims if claim.concept == "bright")
    assert claim.confidence_kind is ConfidenceKind.LIKELIHOOD_RATIO
    assert claim.confidence == pytest.approx(np.exp(2.8) / (np.exp(2.8) + 2))
    assert claim.evidence_nats == pytest.approx(2.8)
    assert not troubles(hiss, hum)


def test_free_words_are_kept_and_concepts_linked_in_them(server: ChatServer) -> None:
    (hum,) = listener(server, "good").listen(soundings()[1:])
    assert [(said.text, said.language) for said in hum.descriptions] == [(ANSWER, "en")]
    linked = {claim.concept for claim in hum.claims if claim.confidence_kind is ConfidenceKind.LINKED_TEXT}
    assert linked == {"bright", "graduatedContinuant"}


def test_every_option_has_every_letter_and_sounds_arrive_at_the_rate_of_the_envelope(server: ChatServer) -> None:
    server.asked.clear()
    listener(server, "good").listen(soundings()[:1])
    closed = [one for one in server.asked if "Bright or dark?" in one.words and not one.silent]
    assert {word for one in closed for word in one.words.split("Options: ")[1].split(". ")[0].split(", ")} == {
        "A) bright", "B) dark", "C) cannot tell", "A) dark", "B) cannot tell", "C) bright",
    }  # fmt: skip
    assert {one.rate for one in server.asked} == {16_000}
    assert all(one.body["temperature"] == 0 for one in server.asked)
    settings = ServerOptions(server.url)
    questions = read_questions(SMALL, load_vocabulary())
    with_envelope = ServerListener("good", questions, load_vocabulary(), settings, "ms-clapcap").identity()
    assert with_envelope.hearing.sample_rate_hz != 16_000


def test_a_server_without_probabilities_is_held_to_a_schema_and_counted(server: ChatServer) -> None:
    asked = listener(server, "json")
    hiss, hum = asked.listen(soundings())
    assert asked.reading == "constrained JSON"
    assert (chosen(hiss)["brightnessLevel"], chosen(hum)["brightnessLevel"]) == ("bright", "dark")
    (claim,) = (claim for claim in hum.claims if claim.concept == "dark")
    assert (claim.confidence_kind, claim.confidence) == (ConfidenceKind.AGREEMENT_OF_PROMPTS, 1.0)
    assert claim.evidence_nats is None
    formats = [one.body["response_format"] for one in server.asked if one.model == "json" and not one.silent
               if "response_format" in one.body]  # fmt: skip
    assert formats[0]["json_schema"]["schema"]["properties"]["answer"]["enum"] == ["bright", "dark", "cannot tell"]


def test_a_server_that_knows_no_schema_is_asked_for_json_in_words(server: ChatServer) -> None:
    asked = listener(server, "lazy")
    assert asked.reading == "JSON that was asked for"
    assert chosen(asked.listen(soundings())[0])["brightnessLevel"] == "bright"


def test_a_model_that_answers_by_place_whatever_sounds_claims_nothing(server: ChatServer) -> None:
    heard = listener(server, "stubborn").listen(soundings())
    assert [chosen(one) for one in heard] == [{"brightnessLevel": None, "grainTerm": None}] * 2
    for one in heard:
        for answer in one.answers:
            np.testing.assert_allclose(answer.evidence, 0)


def test_a_server_that_reads_prompts_is_scored_by_whole_options(server: ChatServer) -> None:
    asked = listener(server, "vllm")
    hiss, hum = asked.listen(soundings())
    assert asked.reading == "likelihood of options"
    assert (chosen(hiss)["brightnessLevel"], chosen(hum)["brightnessLevel"]) == ("bright", "dark")
    (answer,) = (answer for answer in hiss.answers if answer.aspect == "brightnessLevel")
    np.testing.assert_allclose(answer.evidence, [2.8, 0, 0], atol=1e-9)  # per token, whatever their number
    assert not troubles(hiss, hum)
    read = [one for one in server.asked if one.model == "vllm" and len(one.body["messages"]) == 2]
    assert {one.body["messages"][1]["content"] for one in read if "Bright or dark?" in one.words} == {
        "bright", "dark", "cannot tell"
    }  # fmt: skip
    assert all((one.body["continue_final_message"], one.body["max_tokens"]) == (True, 1) for one in read)


@pytest.mark.parametrize("model", ["strict", "chatty", "good"])
def test_a_server_that_does_not_read_prompts_as_it_should_is_scored_by_letters(server: ChatServer, model: str) -> None:
    assert listener(server, model).reading == "likelihood of letters"
    with pytest.raises(ListenerError, match="does not give the likelihood of options"):
        listener(server, model, scoring="options")


@pytest.mark.parametrize(("scoring", "reading"), [("letters", "likelihood of letters"), ("json", "constrained JSON")])
def test_how_options_are_scored_can_be_chosen(server: ChatServer, scoring: Scoring, reading: str) -> None:
    asked = listener(server, "vllm", scoring=scoring)
    assert asked.reading == asked.identity().parameters()["options are scored by"] == reading
    assert chosen(asked.listen(soundings())[0])["brightnessLevel"] == "bright"


def test_a_server_is_compared_with_each_null_sound(server: ChatServer) -> None:
    """Of noise this server says that it is bright, so that a hiss is only half as convincing."""
    server.asked.clear()
    asked = listener(server, "good", null_sounds=("silence", "noise", "shuffled"))
    hiss, hum = asked.listen(soundings())
    evidence = [answer.evidence for one in (hiss, hum) for answer in one.answers if answer.aspect == "brightnessLevel"]
    noise = np.array([0, 2.8, 0])  # pink noise has most of its power below 2 kHz
    for found, own in zip(evidence, (np.array([2.8, 0, 0]), noise), strict=True):
        np.testing.assert_allclose(np.array(found), own - (noise + own) / 3, atol=1e-9)
    assert asked.identity().parameters()["null sounds"] == "silence noise shuffled"


def test_an_audition_asks_a_server_in_other_words(server: ChatServer) -> None:
    first = listener(server, "vllm")
    base = first.questions
    other = first.asking(base.model_copy(update={"instruction": "Only one of {options}."}))
    assert isinstance(other, Asked)
    assert other.identity().parameters()["instruction"] == "Only one of {options}."
    assert first.identity().parameters()["instruction"] == "Options: {options}."
    assert other.reading == first.reading


# -- answers that are wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "trouble"),
    [
        ("inventive", TroubleKind.NOT_ASKED),
        ("halved", TroubleKind.CUT_OFF),
        ("mute", TroubleKind.EMPTY),
        ("rambling", TroubleKind.NO_OPTION),
    ],
)
def test_an_answer_that_is_none_is_no_claim_and_is_told(server: ChatServer, model: str, trouble: TroubleKind) -> None:
    (hiss,) = listener(server, model).listen(soundings()[:1])
    assert hiss.answers == ()
    assert not [claim for claim in hiss.claims if claim.confidence_kind is not ConfidenceKind.LINKED_TEXT]
    assert trouble in troubles(hiss)
    assert bool(hiss.descriptions) == (model != "mute")


def test_an_answer_that_got_stuck_is_kept_but_not_read(server: ChatServer) -> None:
    (hiss,) = listener(server, "stuck").listen(soundings()[:1])
    assert hiss.descriptions[0].text.startswith("A bright sound. It goes on")
    assert TroubleKind.REPETITION in troubles(hiss)
    assert not [claim for claim in hiss.claims if claim.confidence_kind is ConfidenceKind.LINKED_TEXT]


def test_an_answer_in_another_language_says_so(server: ChatServer) -> None:
    (hiss,) = listener(server, "french").listen(soundings()[:1])
    assert hiss.descriptions[0].language == "fr"
    assert TroubleKind.LANGUAGE in troubles(hiss)


@pytest.mark.parametrize("model", ["busy", "shaky", "half"])
def test_a_server_that_fails_now_and_then_is_asked_again_and_the_run_says_so(server: ChatServer, model: str) -> None:
    hiss, hum = listener(server, model).listen(soundings())
    assert (chosen(hiss)["brightnessLevel"], chosen(hum)["brightnessLevel"]) == ("bright", "dark")
    assert troubles(hiss, hum) == {TroubleKind.SERVER}


def test_retry_after_is_waited_for(server: ChatServer) -> None:
    began = monotonic()
    listener(server, "patient")  # by itself the client would wait half a second at the most
    assert monotonic() - began >= 1.5


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("dead", "answers 500 (out of memory)"),
        ("garbage", "what is no chat completion"),
        ("deaf", "this model does not take audio input"),
        ("late", "did not answer in time"),
        ("locked", "answers 401"),
        ("absent", "has no model 'absent'. Expected: one of good"),
    ],
)
def test_a_server_that_cannot_be_used_is_an_error_with_advice(server: ChatServer, model: str, message: str) -> None:
    with pytest.raises(ListenerError) as caught:
        listener(server, model, timeout_s=0.2 if model == "late" else 20.0)
    assert message in str(caught.value)
    assert "To do: " in str(caught.value)


def test_where_nobody_listens_the_address_is_named() -> None:
    with pytest.raises(ListenerError, match=r"http://127\.0\.0\.1:9/v1 cannot be reached"):
        listener(ChatServer("http://127.0.0.1:9/v1"), "good")


# -- addresses, keys and pace --------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://me:secret@host/v1", "http://host/v1?key=secret", "ftp://host", "host:8000", "http://h:x", ""]
)
def test_an_address_with_a_secret_or_without_a_server_is_refused(url: str) -> None:
    with pytest.raises(ListenerError) as caught:
        base_url(url)
    assert "secret" not in str(caught.value)


def test_the_key_goes_to_the_server_and_nowhere_else(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sesame-9731")
    asked = listener(server, "locked")
    asked.listen(soundings()[:1])
    assert {one.headers["authorization"] for one in server.asked if one.model == "locked"} >= {"Bearer sesame-9731"}
    assert "sesame" not in repr(asked.identity())
    monkeypatch.setenv(KEY, "sesame-0000")
    with pytest.raises(ListenerError, match="wrong key: Bearer …") as caught:
        listener(server, "locked")
    assert "sesame" not in str(caught.value)
    assert KEY in str(caught.value)


def test_requests_keep_their_distance_and_are_no_more_at_once_than_allowed(server: ChatServer) -> None:
    pace, times = Pace(1200), []
    for _ in range(4):
        pace.wait()
        times.append(monotonic())
    assert min(b - a for a, b in pairwise(times)) > 0.04
    server.most_at_once, server.takes = 0, 0.05
    settings = ServerOptions(server.url, at_once=2)
    ServerListener("good", read_questions(SMALL, load_vocabulary()), load_vocabulary(), settings).listen(soundings())
    assert server.most_at_once == 2
    server.takes = 0


# -- the whole way -------------------------------------------------------------------------------


def test_from_a_folder_through_a_server_to_an_answer_in_sparql(server: ChatServer, tmp_path: Path) -> None:
    sounds, archive = tmp_path / "sounds", tmp_path / "archive"
    write(sounds / "hiss.wav", noise_below(15_000, 2.2))
    write(sounds / "hum.wav", tone(110, 2.0))
    command = (
        "ingest", sounds, "--store", archive, "--window", "1", "--describer", "openai", "--server", server.url + "/",
        "--model", "french", "--questions", SMALL, "--per-minute", "100000",
    )  # fmt: skip
    ended = acousma(*command, **{KEY: "sesame-9731"})
    assert ended.returncode == 0, ended.stderr
    assert "answer in another language: 2, such as 'fr' instead of 'en' at 0 to 1 s" in ended.stderr
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + """
            SELECT DISTINCT ?file ?concept WHERE { GRAPH ?run {
                ?claim a acm:Claim ; acm:confidenceKind acv:likelihoodRatio ; acm:evidenceNats 2.8 ;
                    oa:hasBody ?concept ; oa:hasTarget/oa:hasSource ?recording ; dcterms:creator/foaf:name "french" .
                ?sound mo:encodes ?recording ; dcterms:title ?file .
            } } ORDER BY ?file""").rows  # fmt: skip
        noted = store.rows(_PREFIXES + "SELECT ?note WHERE { GRAPH ?g { ?run a mls:Run ; dcterms:description ?note } }")
    assert [[str(term.value).rpartition("/")[2] for term in row if isinstance(term, ox.Literal | ox.NamedNode)]
            for row in found] == [["hiss.wav", "bright"], ["hum.wav", "dark"]]  # fmt: skip
    assert len(noted.rows) == 2
    quads = dump(archive, tmp_path / "quads.nq")
    assert not [quad for quad in quads if "sesame" in quad]
    assert [quad for quad in quads if f'hasValue> "{server.url}"' in quad]
    assert acousma("validate", "--store", archive, "--all").returncode == 0
    asked = len(server.asked)
    again = acousma(*command, **{KEY: "sesame-9731"})
    assert again.returncode == 0, again.stderr
    assert dump(archive, tmp_path / "again.nq") == quads
    assert len(server.asked) == asked + 2, "only what the server can do is asked again"


def test_a_server_that_dies_leaves_nothing_half_written(tmp_path: Path) -> None:
    write(tmp_path / "sounds" / "hum.wav", tone(110, 2.0))
    archive = tmp_path / "archive"
    words = ("ingest", tmp_path / "sounds", "--store", archive, "--window", "1", "--describer", "openai",
             "--model", "good", "--questions", SMALL)  # fmt: skip
    with chat_server("good") as server:
        refused = acousma(*words)
        assert (refused.returncode, archive.exists()) == (3, False)
        assert "no server was named" in refused.stderr
        assert acousma(*words, "--server", server.url).returncode == 0
        quads = dump(archive, tmp_path / "before.nq")
    write(tmp_path / "sounds" / "hiss.wav", noise_below(15_000, 2.2))
    ended = acousma(*words, "--server", server.url, "--timeout", "1")
    assert ended.returncode == 3
    assert "cannot be reached" in ended.stderr
    assert dump(archive, tmp_path / "after.nq") == quads
