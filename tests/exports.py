"""Material for exports: an archive of invented works, and one recording with everything that is hard to write."""

from decimal import Decimal
from pathlib import Path

from export.material import Agent, Annotation, Assessment, AudioFile, Concept, Layer, Material, Work
from ontology.terms import ACV
from store import open_store
from tests.graphs import small_graph, vocabulary_quads

__all__ = ["ADA", "HARD", "MODEL", "NOTHING_SAID", "THOUSAND", "WORDS", "archive_of", "claim", "material_of"]

ADA = Agent("https://e.org/agent/ada", "Ada <b>& Co</b> عدا", None, True)
MODEL = Agent("https://e.org/agent/model/7b-2", "Listening model", "7b-2")
CHECKER = Agent("https://e.org/agent/checker/1", "Checker", "1")
WORDS = 'He said: "--> <v Bo>&amp; <b>ring</b>"\n\tصوت الجرس \u202e[not an id]'
MARKED = Concept("https://e.org/terms#marked", {"en": '<i>grain</i> & "edge"', "ar": "حبيبي"}, "A < B & C.")
ATTACK = Concept(ACV + "attackDecay", {"en": "Attack-decay", "de": "Anschlag-Abklang"}, "Sharp onset, then decay.")
BRIGHT = Concept(ACV + "bright", {"en": "Bright", "fr": "brillant"}, "")
SUPPORTED = Concept(ACV + "supported", {"en": "Supported"}, "Measurement supports it.")


def claim(number: int, start: str, end: str, concept: Concept | None = ATTACK, agent: Agent = MODEL) -> Annotation:
    """Return a claim, with words instead where there is no concept."""
    iri = f"https://e.org/annotation/{number}"
    judged = (Assessment(f"{iri}/assessment", SUPPORTED, CHECKER, "it <does>", Decimal("0.9")),) if number % 2 else ()
    return Annotation(
        iri, Decimal(start), Decimal(end), agent, concept, "" if concept else WORDS, None, BRIGHT if concept else None,
        Decimal("0.75") if concept else None, "verbalisedConfidence" if concept else None, "https://e.org/run/1",
        "2026-03-01T10:00:00Z", judged,
    )  # fmt: skip


def material_of(*annotations: Annotation, title: str = "Étude <nº 1> & صوت") -> Material:
    """Return a recording of 60.125 s of which this is said."""
    agents = {one.agent.iri: one.agent for one in annotations}
    layers = tuple(
        Layer(
            agent, tuple(sorted((a for a in annotations if a.agent == agent), key=lambda a: (a.start, -a.end, a.iri)))
        )
        for agent in agents.values()
    )
    file = AudioFile("https://e.org/file/1", "étude n° 1.wav", "WAV/PCM_24", "ab" * 32)
    work = Work("https://e.org/work/1", title, "Ä. Ünlü", "1975", "", "CC0-1.0")
    return Material("https://e.org/recording/00ff", Decimal("60.125"), work, (file,), layers, sample_rate=44100)


HARD = material_of(
    claim(1, "0", "0.001"), claim(2, "0", "60.125"), claim(3, "12.345", "12.345"), claim(4, "60.125", "60.125"),
    claim(5, "60.124", "60.125", BRIGHT), claim(6, "0", "0", MARKED, ADA), claim(7, "5.5", "9", MARKED, ADA),
    claim(8, "5.5", "9", None, ADA), claim(9, "59.9", "60.125", BRIGHT, ADA),
)  # fmt: skip
"""Starts and ends of the recording, instants there and in between, markup, right-to-left text, words."""

THOUSAND = material_of(*(claim(n, f"{n * 0.02:.3f}", f"{30 + n * 0.03:.3f}") for n in range(1000)))
"""A thousand claims that all overlap."""

NOTHING_SAID = material_of()


def archive_of(folder: Path, *nquads: str) -> Path:
    """Write an archive of the three invented works and of what is given; return its folder."""
    data = "".join((vocabulary_quads(), small_graph(), *nquads))
    graphs = {line.rsplit(" ", 2)[1][1:-1] for line in data.splitlines()}
    with open_store(folder, writable=True) as store:
        store.bulk_load(data.encode(), sorted(graphs))
        store.publish()
    return folder
