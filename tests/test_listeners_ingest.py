"""Through the command a user types: models listen, and what they said can be asked for in SPARQL."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontology.terms import ACM, PREFIXES
from store import open_store
from tests.commands import Ended, acousma, dump
from tests.sounds import noise_below, stroke, write
from tests.tiny_models import LANGUAGE, TAGS, save

SMALL = Path(__file__).parent / "data" / "listeners" / "small.yaml"
OFFLINE = {"HF_HUB_OFFLINE": "1"}
_PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())


@dataclass(frozen=True)
class Heard:
    """Two sounds, three models, and the archive that one ingest makes of them."""

    sounds: Path
    models: Path
    archive: Path
    ended: Ended
    quads: list[str]

    def ingest(self, archive: Path, *more: str | Path) -> Ended:
        return acousma("ingest", self.sounds, "--store", archive, "--window", "1", *self.options, *more, **OFFLINE)

    @property
    def options(self) -> list[str]:
        named = {"transformers": "qwen2-audio", "clap": "clap", "ast": "ast"}
        pairs = ([*("--describer", kind), *("--model", str(self.models / f"tiny-{n}"))] for kind, n in named.items())
        return [word for pair in pairs for word in pair] + ["--questions", str(SMALL)]


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    folder = tmp_path_factory.mktemp("listeners")
    sounds, models, archive = (folder / name for name in ("sounds", "models", "archive"))
    write(sounds / "hiss.wav", noise_below(15_000, 2.2))
    write(sounds / "bell.wav", stroke(700))
    for name in ("qwen2-audio", "clap", "ast"):
        save(name, models)
    made = Heard(sounds, models, archive, Ended(0, "", ""), [])
    ended = made.ingest(archive)
    assert ended.returncode == 0, ended.stderr
    return Heard(sounds, models, archive, ended, dump(archive, folder / "quads.nq"))


def rows(archive: Path, query: str) -> list[list[str]]:
    with open_store(archive) as store:
        found = store.rows(_PREFIXES + query).rows
    return [[term.value if isinstance(term, ox.Literal | ox.NamedNode) else "" for term in row] for row in found]


def test_what_each_model_said_is_answered_in_sparql_with_its_doubt(heard: Heard) -> None:
    found = rows(heard.archive, """
        SELECT DISTINCT ?name ?kind WHERE { GRAPH ?run {
            ?claim a acm:Claim ; acm:confidenceKind ?kind ; acm:confidence ?confidence ; dcterms:creator ?agent .
            ?agent a prov:SoftwareAgent ; foaf:name ?name .
            FILTER(STRSTARTS(?name, "tiny-"))
        } }""")  # fmt: skip
    kinds = {(name, kind.rpartition("/")[2]) for name, kind in found}
    assert {("tiny-ast", "tagScore"), ("tiny-clap", "labelSimilarity")} <= kinds
    assert kinds <= {
        ("tiny-ast", "tagScore"), ("tiny-clap", "labelSimilarity"), ("tiny-qwen2-audio", "likelihoodRatio"),
        ("tiny-qwen2-audio", "linkedText"),
    }  # fmt: skip


def test_tags_are_descriptions_and_claims_are_derived_from_them(heard: Heard) -> None:
    found = rows(heard.archive, """
        SELECT ?start ?words ?format ?language ?concept WHERE { GRAPH ?run {
            ?claim prov:wasDerivedFrom ?said ; oa:hasBody ?concept ; oa:hasTarget ?span .
            ?said a acm:Description ; oa:hasTarget ?span ; oa:hasBody ?body .
            ?body a oa:TextualBody ; rdf:value ?words ; <http://purl.org/dc/elements/1.1/format> ?format ;
                <http://purl.org/dc/elements/1.1/language> ?language .
            ?span acm:startSeconds ?start .
            FILTER(CONTAINS(?words, "Speech"))
        } } ORDER BY ?start""")  # fmt: skip
    assert {row[4].rpartition("/")[2] for row in found} >= {"ifUtterance"}
    assert {(row[2], row[3]) for row in found} == {("text/plain", "en")}
    assert {float(row[0]) for row in found} == {0.0, 1.0}
    assert all(tag in found[0][1] for tag in TAGS)


def test_a_run_names_weights_questions_device_and_versions(heard: Heard) -> None:
    settings = rows(heard.archive, """
        SELECT DISTINCT ?name ?value WHERE { GRAPH ?graph {
            ?run prov:wasAssociatedWith/foaf:name "tiny-qwen2-audio" ; mls:hasInput ?set .
            ?set rdfs:label ?name ; mls:hasValue ?value } }""")  # fmt: skip
    found = {setting[0]: setting[1] for setting in settings}
    assert re.fullmatch(r"[0-9a-f]{64}", found["SHA-256 sum of the weights"])
    assert (
        found["question brightnessLevel"] == "Bright or dark? | High or low? [bright: bright; dark: dark; cannot tell]"
    )
    assert (found["device"], found["number format"]) == ("cpu", "torch.float32")
    assert found["version of transformers"]
    assert found["longest sound in seconds"] == "2"


def test_claims_of_models_are_judged_by_measurement_and_by_what_they_can_hear(heard: Heard) -> None:
    judged = rows(heard.archive, """
        SELECT ?judge ?verdict (COUNT(*) AS ?n) WHERE {
            GRAPH ?run { ?assessment acm:verdict ?verdict ; oa:hasTarget ?claim ; dcterms:creator/foaf:name ?judge }
            GRAPH ?other { ?claim a acm:Claim ; dcterms:creator/foaf:name ?maker }
        } GROUP BY ?judge ?verdict""")  # fmt: skip
    assert "Acousma claim checker" in {judge for judge, _, _ in judged}
    beyond = [n for judge, verdict, n in judged if judge == "Acousma envelope checker"]
    assert beyond, "noise up to 15 kHz reaches beyond what a model at 16 kHz carries"


def test_everything_conforms_to_the_shapes(heard: Heard) -> None:
    done = acousma("validate", "--store", heard.archive, "--all")
    assert done.returncode == 0, done.stdout
    assert not [quad for quad in heard.quads if "_:" in quad.split(" ")[0]]
    assert not [quad for quad in heard.quads if str(heard.models) in quad]


def test_nothing_is_described_twice_and_what_is_missing_is_made_again(heard: Heard, tmp_path: Path) -> None:
    archive = shutil.copytree(heard.archive, tmp_path / "archive", symlinks=True)
    again = heard.ingest(archive, "--batch", "1")
    assert re.search(r"left as they were\W+2\b", again.stdout)
    assert "Models heard" not in again.stderr
    assert dump(archive, tmp_path / "again.nq") == heard.quads
    ((judging, count),) = rows(archive, f"""
        SELECT ?run (COUNT(*) AS ?n) WHERE {{ GRAPH ?g {{
            ?assessment <{ACM.verdict}> acv:beyondEnvelope ; prov:wasGeneratedBy ?run
        }} }} GROUP BY ?run ORDER BY DESC(?n) LIMIT 1""")  # fmt: skip
    assert int(count) > 0
    acousma("withdraw", judging.rpartition("/")[2], "--yes", "--store", archive)
    assert len(dump(archive, tmp_path / "without.nq")) < len(heard.quads)
    third = heard.ingest(archive)
    assert third.returncode == 0, third.stderr
    assert "Models heard" not in third.stderr, "claims that are stored are judged without listening again"
    assert dump(archive, tmp_path / "third.nq") == heard.quads


@pytest.mark.parametrize("name", [name for name in LANGUAGE if name != "qwen2-audio"])
def test_every_architecture_of_language_models_goes_the_whole_way_to_an_answer_in_sparql(
    heard: Heard, tmp_path: Path, name: str
) -> None:
    model, archive, asked = save(name, heard.models), tmp_path / "archive", tmp_path / "asked.yaml"
    # of three options the best has a third or more: models with random weights claim something too
    asked.write_text(SMALL.read_text(encoding="utf-8").replace("threshold: 0.35", "threshold: 0.3"), encoding="utf-8")
    ended = acousma(
        "ingest", heard.sounds, "--store", archive, "--window", "1", "--describer", "transformers", "--model", model,
        "--questions", asked, **OFFLINE,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = rows(archive, f"""
        SELECT ?label ?confidence WHERE {{ GRAPH ?run {{
            ?claim acm:confidenceKind acv:likelihoodRatio ; oa:hasBody ?concept ; acm:confidence ?confidence ;
                dcterms:creator/foaf:name "tiny-{name}" .
        }} GRAPH ?vocabulary {{ ?concept skos:prefLabel ?label FILTER(LANG(?label) = "en") }} }}""")  # fmt: skip
    assert found
    assert all(round(1 / 3, 3) <= float(confidence) < 0.45 for _, confidence in found), "random weights are no evidence"
    described = rows(archive, "SELECT ?said WHERE { GRAPH ?run { ?said a acm:Description } }")
    noted = rows(archive, "SELECT ?note WHERE { GRAPH ?g { ?run a mls:Run ; dcterms:description ?note } }")
    empty = sum(int(note.split(": ")[1].split(",")[0]) for (note,) in noted if note.startswith("empty answer"))
    assert len(described) + empty == 3, "each span has words, or a note that there are none"
    assert acousma("validate", "--store", archive, "--all").returncode == 0


def test_spans_longer_than_a_model_hears_are_left_out_with_a_notice(heard: Heard, tmp_path: Path) -> None:
    model = str(heard.models / "tiny-qwen2-audio")
    ended = acousma(
        "ingest", heard.sounds / "hiss.wav", "--store", tmp_path / "archive", "--describer", "transformers",
        "--model", model, "--questions", SMALL, **OFFLINE,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "1 spans longer than the 2 s that tiny-qwen2-audio hears as one were left out" in ended.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--describer", "clap"), "a --model for each"),
        (("--model", "x"), "a --model for each"),
        (("--describer", "ast", "--model", "nowhere/at/all"), "is no folder"),
        (("--describer", "clap", "--model", "MODEL", "--processes", "2"), "one process"),
        (
            ("--describer", "clap", "--model", "MODEL", "--envelope", "Golden Ears"),
            "no envelope 'Golden Ears'",
        ),
        (("--describer", "clap", "--model", "MODEL", "--device", "cuda"), "the device 'cuda' cannot be used"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_stored(
    heard: Heard, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    words = [word.replace("MODEL", str(heard.models / "tiny-clap")) for word in options]
    ended = acousma("ingest", heard.sounds, "--store", tmp_path / "archive", *words, **OFFLINE)
    assert ended.returncode == 3
    assert message in ended.stderr
    assert not (tmp_path / "archive").exists()
