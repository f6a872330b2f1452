"""Claims beyond their maker's envelope are the same by the side index as by SPARQL, for every reason."""

import random
from pathlib import Path

from ingest.annotate import catalogue_entry
from ontology.envelopes import load_envelopes
from ontology.terms import SpanKind
from ontology.values import Agent, AudioFile, Recording, Work, seconds
from queries import plan, sparql
from store import EmbeddedStore, Limits
from tests.graphs import MEASURER, MINTER, VOCABULARY, Piece, describing_run, vocabulary_quads

TABLES = load_envelopes()
PIECE = Piece(
    Work("Far Out", "Mira Lindqvist", 1991), Recording("d4" * 32, 48000, 2, seconds(400.0), 20000.0),
    AudioFile("far.wav", "4d" * 32, "WAV/PCM_24"),
)  # fmt: skip
REASONS = {"Channels not carried", "Step too coarse", "Input too short", "Band not carried", "Measured loss"}


def claims_of_every_model(dice: random.Random) -> str:
    """Write claims of every model, of concepts with needs and without, on spans with and without losses."""
    concepts = sorted(set(TABLES.needs) & set(VOCABULARY.concepts) - {loss.property for loss in TABLES.losses})
    lengths = (0.03, 0.079, 0.08, 0.081, 1.0, 3.0, 9.999, 10.0, 30.0, 30.001, 300.001)
    spans = [(float(start), round(start + length, 3), SpanKind.DETECTED_OBJECT)
             for start in range(0, 90, 9) for length in lengths]  # fmt: skip
    lines = [catalogue_entry(MINTER, PIECE.recording.id, PIECE.work)]
    measured = [
        (*span, loss.property, round(loss.limit + dice.choice((-0.05, 0.0, 0.05, 3.0)), 3))
        for span in spans for loss in dice.sample(TABLES.losses, 3)
    ]  # fmt: skip
    lines += describing_run(PIECE, MEASURER, [], measured)
    for model in TABLES.envelopes:
        heard = {(*dice.choice(spans), concept, 0.5) for concept in dice.sample(["mimesis", "bright", *concepts], 12)}
        lines += describing_run(PIECE, Agent(f"Hears as {model}", "1", envelope=model), sorted(heard))
    return "".join(lines)


def test_the_side_index_finds_a_claim_beyond_an_envelope_for_every_reason_as_sparql_does(tmp_path: Path) -> None:
    text = vocabulary_quads() + claims_of_every_model(random.Random(1997))
    with EmbeddedStore(tmp_path / "store", writable=True, limits=Limits(seconds=60, quick_seconds=60)) as store:
        store.bulk_load(text.encode(), sorted({line.rsplit("<", 1)[1].split(">")[0] for line in text.splitlines()}))
        store.publish()
        assert list(store.index_faults()) == []
        for arguments in ({"limit": "100000"}, {"limit": "7"}, {"concept": "bright"}, {"agent": "clap", "limit": "20"}):
            found = store.rows(plan("claims_beyond_envelope", arguments))
            assert found.rows == store.rows(sparql("claims_beyond_envelope", arguments)).rows
            assert found.rows
            if arguments == {"limit": "100000"}:
                assert {getattr(row[6], "value", "") for row in found.rows} == REASONS
