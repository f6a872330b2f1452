"""Realistic archives of any size, written by the types and the writer of an ingest.

``python -m benchmarks.archives FOLDER --triples 1000000`` writes N-Quads and stores them in ``FOLDER``.

Conventions
-----------
- What does not grow: the length of a recording (one to four minutes), the number of claims about a minute, the
  vocabulary,
  and the number of works by a composer (20). What grows is the number of works, and with it that of composers.
- Each recording has four runs: a measuring describer (objects, windows and the whole, with measurements), a listening
  model (windows, in concepts and in words), a checker that assesses the model's claims, and a person who listens to one
  recording in four. One work in ten has a second version, another recording whose objects are alike.
- The same seed and number of triples give the same quads on every machine.
- Values are invented; they follow neither the rules nor any music. Only their number and their form are realistic.
"""

import argparse
import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.annotate import RunWriter, catalogue_entry
from ontology.mint import Minter
from ontology.terms import ENVELOPES_GRAPH, VOCABULARY_GRAPH, ConfidenceKind, SpanKind, Verdict
from ontology.values import (
    Agent,
    Assessment,
    AudioFile,
    Claim,
    Description,
    Measurement,
    Recording,
    Run,
    Span,
    Work,
    seconds,
)
from ontology.vocabulary import FOLDER, load_vocabulary
from store import Store, open_store

__all__ = ["Piece", "fill", "pieces", "quads_of"]

MINTER = Minter("https://archive.example.org/")
MEASURER = Agent("Measuring describer", "0.3.0")
LISTENERS = (
    Agent("Listening model", "7b-2", envelope="qwen2-audio-7b"),
    Agent("Another listening model", "8b-1", envelope="qwen2-audio-7b"),
)
CHECKER = Agent("Rule assessor", "0.3.0")
PEOPLE = (Agent("Anna Keller", kind="person"), Agent("Boris Adler", kind="person"))
WORKS_OF_A_COMPOSER = 20
_STARTED = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
_PROPERTIES = (
    "attackTime", "plateauShare", "releaseTime", "brightnessCentroid", "level", "eventRate", "spectralFlatness",
    "decayTime",
)  # fmt: skip
_WORDS = (
    "a metallic", "a distant", "a slow", "a granular", "a dark", "a glassy", "swell", "hum", "stroke", "rustling",
    "drone",
    "fades into noise", "ends abruptly", "rises in pitch", "with a long resonance", "over water", "like a bicycle bell",
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A work and its recordings, of which the second is another version."""

    work: Work
    recordings: tuple[Recording, ...]


def pieces(seed: int = 1997) -> Iterator[Piece]:
    """Yield works without end."""
    number = 0
    while True:
        dice = random.Random(f"{seed} {number}")
        recordings = tuple(
            Recording(
                hashlib.sha256(f"{seed} {number} {version}".encode()).hexdigest(), 48000, 2,
                seconds(60.0 + dice.randrange(180_000) / 1000), 20000.0,
            )
            for version in range(2 if number % 10 == 0 else 1)
        )  # fmt: skip
        composer = f"Composer {number // WORKS_OF_A_COMPOSER:04d}"
        yield Piece(Work(f"Study {number:05d}", composer, 1950 + number % 70), recordings)
        number += 1


def _spans(recording: Recording, dice: random.Random) -> list[Span]:
    """Mark off windows of 5 s, about 25 objects a minute, and the whole."""
    duration = recording.duration
    last = float(duration)
    ends = [(5.0 * i, min(5.0 * i + 5, last), SpanKind.FIXED_WINDOW) for i in range(int(last // 5))]
    start = dice.random()
    while start < last - 0.2:
        length = 0.1 + min(dice.expovariate(0.6), 12.0)
        ends.append((start, min(start + length, last), SpanKind.DETECTED_OBJECT))
        start += 0.4 + dice.expovariate(0.5)
    ends.append((0.0, last, SpanKind.WHOLE_RECORDING))
    return [Span(recording.id, seconds(start), seconds(end), kind) for start, end, kind in ends]


def _file(recording: Recording) -> AudioFile:
    return AudioFile(f"{recording.id[:8]}.flac", hashlib.sha256(recording.id.encode()).hexdigest(), "FLAC/PCM_24")


class _Writing:
    """Writes the runs about one recording."""

    def __init__(self, recording: Recording, dice: random.Random) -> None:
        self._recording, self._file, self._dice = recording, _file(recording), dice
        self._vocabulary = load_vocabulary()
        self._concepts = sorted(self._vocabulary.rules)
        self._spans = _spans(recording, dice)
        self._windows = [span for span in self._spans if span.kind is SpanKind.FIXED_WINDOW]

    def _run(self, agent: Agent, task: str) -> tuple[Run, RunWriter]:
        run = Run(agent, self._recording.id, {"task": task}, _STARTED, _STARTED + timedelta(minutes=2))
        return run, RunWriter(MINTER, self._vocabulary, run)

    def _claims(
        self, span: Span, number: int, kind: ConfidenceKind, based_on: tuple[str, ...] = (), said: str | None = None
    ) -> list[Claim]:
        found = self._dice.sample(self._concepts, number)
        return [
            Claim(span, one, self._vocabulary.aspect(one), round(self._dice.random(), 3), kind, based_on, said)
            for one in found
        ]

    def measured(self) -> Iterator[str]:
        run, writer = self._run(MEASURER, "describe")
        yield writer.header(self._recording, self._file)
        for span in self._spans:
            values = [
                Measurement(span, name, round(10 ** self._dice.uniform(-2, 3.3), 4)) for name in _PROPERTIES
            ]  # fmt: skip
            claims = self._claims(span, 3, ConfidenceKind.RULE_MARGIN, _PROPERTIES[:2])
            yield from writer.annotations(values, claims)
        yield writer.footer(run.ended)

    def heard(self, agent: Agent) -> Iterator[str]:
        run, writer = self._run(agent, "listen")
        yield writer.header(self._recording, self._file)
        judged = []
        for span in self._windows:
            said = " ".join(self._dice.choice(_WORDS) for _ in range(6))
            yield from writer.descriptions([Description(span, said, "open", "en")])
            claims = self._claims(span, 2, ConfidenceKind.VERBALISED, said="open")
            yield from writer.annotations(claims=claims)
            judged += [(MINTER.claim(writer.run_id, span, claim.concept), span) for claim in claims]
        yield writer.footer(run.ended)
        yield from self._assessed(judged)

    def _assessed(self, judged: list[tuple[str, Span]]) -> Iterator[str]:
        run, writer = self._run(CHECKER, "assess")
        yield writer.header(self._recording, self._file)
        verdicts = (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.UNDECIDED)
        for span in self._windows:
            yield from writer.annotations([Measurement(span, "level", round(-40 * self._dice.random() - 0.01, 2), 0.5)])
        for claim, span in judged:
            verdict = self._dice.choice(verdicts)
            yield from writer.annotations(assessments=[Assessment(claim, span, verdict, 0.8, ("level",))])
        yield writer.footer(run.ended)

    def by_ear(self, person: Agent) -> Iterator[str]:
        run, writer = self._run(person, "listen")
        yield writer.header(self._recording, self._file)
        for span in self._dice.sample(self._spans, len(self._spans) // 6):
            yield from writer.annotations(claims=self._claims(span, 1, ConfidenceKind.VERBALISED))
        yield writer.footer(run.ended)


def quads_of(piece: Piece) -> Iterator[str]:
    """Yield the N-Quads lines about one work, in blocks."""
    for version, recording in enumerate(piece.recordings):
        dice = random.Random(f"{recording.id} {version}")
        writing = _Writing(recording, dice)
        yield from writing.measured()
        yield from writing.heard(dice.choice(LISTENERS))
        if dice.random() < 0.25:
            yield from writing.by_ear(dice.choice(PEOPLE))
        yield catalogue_entry(MINTER, recording.id, piece.work)


def vocabulary_lines() -> str:
    """Return the vocabulary and the envelopes as N-Quads."""
    import pyoxigraph as ox

    files = ((VOCABULARY_GRAPH, "vocabulary.ttl"), (ENVELOPES_GRAPH, "envelopes.ttl"))
    return "".join(
        f"{ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph))} .\n"
        for graph, name in files
        for t in ox.parse(path=FOLDER / name, format=ox.RdfFormat.TURTLE)
    )


def write(path: Path, triples: int, seed: int = 1997) -> tuple[int, list[str]]:
    """Write an archive of at least so many triples as N-Quads.

    Returns
    -------
    int
        How many lines were written.
    list of str
        The graphs they are in.
    """
    lines = 0
    graphs: dict[str, None] = dict.fromkeys((VOCABULARY_GRAPH, ENVELOPES_GRAPH))
    with path.open("w", encoding="utf-8") as file:
        text = vocabulary_lines()
        lines += file.write(text) and text.count("\n")
        for piece in pieces(seed):
            for block in quads_of(piece):
                file.write(block)
                lines += block.count("\n")
                first = block.find("\n")
                graphs[block[block.rindex("<", 0, first) + 1 : first - 3]] = None
            if lines >= triples:
                return lines, list(graphs)
    raise AssertionError("there is no end of works")


def fill(store: Store, path: Path, triples: int, seed: int = 1997) -> int:
    """Write an archive to ``path`` as N-Quads, load it, order the files and publish."""
    lines, graphs = write(path, triples, seed)
    store.bulk_load(path, graphs)
    store.optimize()
    return lines


def main() -> None:
    """Make an archive in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="keep the N-Quads beside the folder")
    given = parser.parse_args()
    path = given.folder.with_suffix(".nq")
    began = time.perf_counter()
    with open_store(given.folder, writable=True) as store:
        lines = fill(store, path, given.triples)
    if not given.keep:
        path.unlink()
    print(f"{lines:,} triples in {given.folder}, {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
