"""The tables of the vocabulary: what is in them, what the generator makes of them, and how it names a faulty row."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, SKOS

from ontology.build import build, main, published
from ontology.errors import VocabularyError
from ontology.mint import concept
from ontology.terms import ACM
from ontology.vocabulary import FOLDER, load_vocabulary

VOCABULARY = load_vocabulary()

CONCEPTS = """\
id,prefLabel_en,altLabels,prefLabel_fr,prefLabel_de,parent,scheme,polyakov_category,definition,source,measurable,\
measure_hint,confidence,source_checked,mapping,notes
level,Level,,,,,acousma,,d,src,yes,,high,yes,,
loud,Loud,,,,level,acousma,,d,src,yes,,high,yes,closeMatch:level,
belief,Belief,,,,,acousma,,d,src,no,,high,yes,,
soft,Soft,piano@fr;quiet,doux,,level,acousma,,d,src,yes,,high,yes,,
gone,Gone,,,,level,acousma,,d,src,yes,,high,yes,,
"""
PROPERTIES = """\
id,prefLabel_en,unit,scale,definition,method,source
power,Power,dB,linear,d,m,s
"""
RULES = """\
concept,aspect,spans,property,minimum,maximum,margin,source
loud,level,fixedWindow,power,-20,,3,s
"""

SCALES = """\
scale,label,definition,terms,position,concept,source
loudness,Loudness,How loud.,level,1,soft,src
loudness,,,,2,loud,src
"""
REVIEWED = """\
scheme,concept,language,basis
acousma,,en,own words
,soft,fr,by Ada
"""
CHANGES = """\
version,date,term,kind,replaced_by,note
0.1,2026-11-21,soft,added,,a new word
0.2,2026-12-01,gone,deprecated,soft,it is the same
0.2,2026-12-01,loud,reworded,,a shorter definition
"""
TABLES = {
    "vocabulary.csv": CONCEPTS,
    "properties.csv": PROPERTIES,
    "rules.csv": RULES,
    "scales.csv": SCALES,
    "reviewed_labels.csv": REVIEWED,
    "changes.csv": CHANGES,
}

FAULTS = [
    ("vocabulary.csv", "loud,Loud", "lo ud,Loud", "line 3, column id: 'lo ud'"),
    ("vocabulary.csv", "loud,Loud", "größe,Loud", "line 3, column id: 'größe'"),
    ("vocabulary.csv", "loud,Loud", "level,Loud", "line 3, column id: 'level' stands there twice"),
    ("vocabulary.csv", "loud,Loud", "loud,", "line 3, column prefLabel_en: ''"),
    ("vocabulary.csv", "loud,Loud", "loud,; ", "line 3, column prefLabel_en: '; '"),
    ("vocabulary.csv", "closeMatch:level", "closeMatch:loud", "line 3, column mapping: 'closeMatch:loud' maps"),
    ("vocabulary.csv", "id,prefLabel_en", "id,label", "vocabulary.csv, line 1"),
    ("vocabulary.csv", "loud,Loud", 'loud,"Lo"ud', "vocabulary.csv, after line 2"),
    ("properties.csv", "power,Power", "po wer,Power", "line 2, column id: 'po wer'"),
    ("properties.csv", "power,Power", "power,", "line 2, column prefLabel_en: nothing"),
    ("rules.csv", "-20,,3", "nan,,3", "line 2, column minimum: 'nan'"),
    ("rules.csv", "-20,,3", "-20,,inf", "line 2, column margin: 'inf'"),
    ("rules.csv", "fixedWindow", " ", "line 2, column spans: nothing"),
    (
        "rules.csv",
        "3,s\n",
        "3,s\nloud,level,fixedWindow,power,-9,,3,s\n",
        "column property: 'power' stands",
    ),
    ("vocabulary.csv", "level,acousma,,d,src,yes", "level,acousma,,d,src,maybe", "line 3, column measurable: 'maybe'"),
    ("vocabulary.csv", "high,yes,close", "high,perhaps,close", "line 3, column source_checked: 'perhaps'"),
    ("vocabulary.csv", "closeMatch:level", "sameAs:level", "line 3, column mapping: 'sameAs:level'"),
    ("vocabulary.csv", "closeMatch:level", "closeMatch:", "line 3, column mapping: 'closeMatch:'"),
    (
        "vocabulary.csv",
        "closeMatch:level",
        "closeMatch:volume",
        "line 3, column mapping: 'volume' is no concept",
    ),
    ("vocabulary.csv", ",,,,level,acousma", ",,,,volume,acousma", "line 3, column parent: 'volume' is no concept"),
    (
        "vocabulary.csv",
        "Level,,,,,acousma",
        "Level,,,,loud,acousma",
        "line 2, column parent: 'level' is its own ancestor",
    ),
    (
        "vocabulary.csv",
        "closeMatch:level,\n",
        "closeMatch:level\n",
        "line 3, column (all): a cell too many or too few",
    ),
    (
        "vocabulary.csv",
        "closeMatch:level,\n",
        "closeMatch:level,,\n",
        "line 3, column (all): a cell too many or too few",
    ),
    ("properties.csv", "power,Power,dB", "power,Power,dBFS", "line 2, column unit: 'dBFS'"),
    ("properties.csv", "linear", "cubic", "line 2, column scale: 'cubic'"),
    (
        "properties.csv",
        "m,s\n",
        "m,s\npower,P,dB,linear,d,m,s\n",
        "line 3, column id: 'power' stands there twice",
    ),
    (
        "properties.csv",
        "m,s\n",
        "m,s\nlevel,P,dB,linear,d,m,s\n",
        "line 3, column id: 'level' is the id of a concept too",
    ),
    ("rules.csv", "loud,level", "noisy,level", "line 2, column concept: 'noisy' is unknown"),
    ("rules.csv", "loud,level", "loud,volume", "line 2, column aspect: 'volume' is unknown"),
    ("rules.csv", "power", "force", "line 2, column property: 'force' is unknown"),
    (
        "rules.csv",
        "loud,level",
        "belief,level",
        "line 2, column concept: 'belief' is marked as not measurable",
    ),
    ("rules.csv", "fixedWindow", "everywhere", "line 2, column spans: everywhere"),
    ("rules.csv", "-20,,3", "loud,,3", "line 2, column minimum: 'loud'"),
    ("rules.csv", "-20,,3", ",,3", "line 2, column minimum: no threshold"),
    ("rules.csv", "-20,,3", "-20,-30,3", "line 2, column maximum: -30.0 is not above -20.0"),
    ("rules.csv", "-20,,3", "-20,,0", "line 2, column margin: 0.0"),
    ("rules.csv", "-20,,3", "-20,,", "line 2, column margin: None"),
    (
        "rules.csv",
        "3,s\n",
        "3,s\nloud,level,wholeRecording,power,,0,3,s\n",
        "line 3, column aspect or spans: differs from the rows above",
    ),
    ("vocabulary.csv", "Level,,,,,acousma", "Level,,,,,s", "line 2, column scheme: 's' is no scheme"),
    ("vocabulary.csv", "Loud,,,,level", "Loud,,fort;bruyant,,level", "line 3, column prefLabel_fr: 'fort;bruyant'"),
    ("vocabulary.csv", "Loud,,,,level", "Loud,,,laut; kräftig,level", "line 3, column prefLabel_de: 'laut; kräftig'"),
    ("vocabulary.csv", "loud,Loud", "loud,Loud;Strong", "line 3, column prefLabel_en: 'Loud;Strong'"),
    ("vocabulary.csv", "Loud,,,,level", "Loud,fuerte@es,,,level", "line 3, column altLabels: 'fuerte@es'"),
    ("vocabulary.csv", "Loud,,,,level", "Loud,,,,loud", "line 3, column parent: 'loud' is its own ancestor"),
    ("scales.csv", "loudness,Loudness", "loud ness,Loudness", "line 2, column scale: 'loud ness'"),
    ("scales.csv", "Loudness,How", ",How", "line 2, column label: nothing"),
    ("scales.csv", "How loud.", " ", "line 2, column definition: nothing"),
    ("scales.csv", "How loud.,level", "How loud.,volume", "line 2, column terms: 'volume' is no concept"),
    ("scales.csv", "How loud.,level", "How loud.,level;level", "line 2, column terms: 'level' stands there twice"),
    ("scales.csv", ",1,soft", ",2,soft", "line 2, column position: '2'"),
    ("scales.csv", ",2,loud", ",3,loud", "line 3, column position: '3'"),
    ("scales.csv", ",2,loud", ",1,loud", "line 3, column position: '1'"),
    ("scales.csv", ",2,loud", ",,loud", "line 3, column position: ''"),
    ("scales.csv", ",2,loud", ",2,noisy", "line 3, column concept: 'noisy' is no concept"),
    ("scales.csv", ",2,loud", ",2,soft", "line 3, column concept: 'soft' stands twice"),
    ("scales.csv", ",2,loud", ",2,level", "line 3, column concept: 'level' stands twice"),
    ("scales.csv", "2,loud,src", "2,loud,", "line 3, column source: nothing"),
    ("scales.csv", "loudness,,,,2", "loudness,Loudness,,,2", "line 3, column label: 'Loudness'"),
    ("scales.csv", "loudness,,,,2,loud,src\n", "", "line 2, column position: a scale of one step"),
    ("scales.csv", "loudness,,,,2,loud", "other,Other,D.,,1,loud", "line 2, column position: a scale of one step"),
    (
        "scales.csv",
        "2,loud,src\n",
        "2,loud,src\nother,Other,D.,,1,soft,src\nother,,,,2,loud,src\nloudness,,,,3,belief,src\n",
        "line 6, column scale: 'loudness' stands there twice",
    ),
    (
        "reviewed_labels.csv",
        "acousma,,en",
        "acousma,loud,en",
        "line 2, column concept: 'loud' beside the scheme 'acousma'",
    ),
    ("reviewed_labels.csv", "acousma,,en", ",,en", "line 2, column concept: ''"),
    ("reviewed_labels.csv", "acousma,,en", "s,,en", "line 2, column scheme: 's' is no scheme"),
    ("reviewed_labels.csv", "acousma,,en", "acousma,,es", "line 2, column language: 'es'"),
    ("reviewed_labels.csv", ",soft,fr", ",quiet,fr", "line 3, column concept: 'quiet' is no concept"),
    ("reviewed_labels.csv", ",soft,fr", ",soft,de", "line 3, column language: soft has no label in 'de'"),
    (
        "reviewed_labels.csv",
        ",soft,fr,by Ada\n",
        ",soft,fr,a\n,soft,fr,b\n",
        "line 4, column language: soft and fr stand",
    ),
    ("reviewed_labels.csv", "by Ada", " ", "line 3, column basis: nothing"),
    ("changes.csv", "0.1,2026", "one,2026", "line 2, column version: 'one'"),
    ("changes.csv", "2026-11-21", "21.11.2026", "line 2, column date: '21.11.2026'"),
    ("changes.csv", "21,soft,added", "21,quiet,added", "line 2, column term: 'quiet' is no concept or property"),
    ("changes.csv", "soft,added", "soft,removed", "line 2, column kind: 'removed'"),
    ("changes.csv", "soft,added,,", "soft,added,loud,", "line 2, column replaced_by: 'loud'"),
    ("changes.csv", "deprecated,soft", "deprecated,force", "line 3, column replaced_by: 'force'"),
    ("changes.csv", "deprecated,soft", "deprecated,gone", "line 3, column replaced_by: 'gone'"),
    ("changes.csv", "a new word", "", "line 2, column note: nothing"),
    (
        "changes.csv",
        "0.2,2026-12-01,gone,deprecated,soft",
        "0.1,2026-12-01,soft,added,",
        "line 3, column term: 'soft' was added twice in 0.1",
    ),
    ("rules.csv", "loud,level", "gone,level", "line 2, column concept: 'gone' is deprecated"),
]


def write_tables(folder: Path, file: str = "", old: str = "", new: str = "") -> Path:
    for name, text in TABLES.items():
        assert name != file or old in text
        (folder / name).write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    return folder


def test_a_small_vocabulary_is_read(tmp_path: Path) -> None:
    small = load_vocabulary(write_tables(tmp_path))
    assert small.rules["loud"].conditions[0].minimum == -20
    assert small.aspect("loud") == "level"
    assert list(small.ancestors("loud")) == ["level"]
    assert small.label("loud", "fr") == "Loud"
    assert small.label("unheardOf") == "unheardOf"


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS)
def test_a_faulty_row_is_named_by_line_and_column(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        load_vocabulary(write_tables(tmp_path, file, old, new))
    assert message in str(caught.value)
    assert file in str(caught.value)
    assert caught.value.expected


def test_a_line_is_counted_as_an_editor_counts_it(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, "vocabulary.csv", "Level,,,,,acousma,,d", 'Level,,,,,acousma,,"d\n\nd"')
    text = (folder / "vocabulary.csv").read_text(encoding="utf-8").replace("belief,Belief", "belief,")
    (folder / "vocabulary.csv").write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match="line 6, column prefLabel_en"):
        load_vocabulary(folder)


# the generator


def generate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ontology.build", *map(str, arguments)]
    return subprocess.run(command, cwd=FOLDER.parent, capture_output=True, text=True, check=False)


def test_the_command_writes_every_file_that_is_made_from_tables(tmp_path: Path) -> None:
    done = generate("--into", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in tmp_path.iterdir()} == published().keys()
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), "run python -m ontology.build"


def test_the_command_names_a_faulty_row_and_writes_nothing(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, "properties.csv", "power,Power,dB", "power,Power,dBFS")
    done = generate("--tables", folder, "--into", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("properties.csv, line 2, column unit: 'dBFS'. Expected: one of 1, s, ")
    assert {path.name for path in tmp_path.iterdir()} == TABLES.keys()


def test_tables_without_mappings_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    tables = shutil.copytree(FOLDER, tmp_path / "tables", ignore=shutil.ignore_patterns("*.ttl", "mappings"))
    (tmp_path / "made").mkdir()
    done = generate("--tables", tables, "--into", tmp_path / "made")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tables / 'mappings'} holds no mapping sets. Expected: ")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = generate("--into", tmp_path / "gone")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path / 'gone'} cannot be written (No such file or directory). Expected: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS)
def test_the_generator_leaves_what_was_there_when_a_row_is_faulty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, message: str
) -> None:
    made = tmp_path / "vocabulary.ttl"
    made.write_text("before", encoding="utf-8")
    assert main(["--tables", str(write_tables(tmp_path, file, old, new)), "--into", str(tmp_path)]) == 1
    assert message in capsys.readouterr().err
    assert made.read_text(encoding="utf-8") == "before"
    assert {path.name for path in tmp_path.iterdir()} == {*TABLES, "vocabulary.ttl"}


# labels, changes, scales


@pytest.fixture
def small(tmp_path: Path) -> Graph:
    return build(load_vocabulary(write_tables(tmp_path)))


def acv(id_: str) -> URIRef:
    return URIRef(concept(id_))


def test_a_label_that_nobody_reviewed_is_marked(tmp_path: Path) -> None:
    folder = write_tables(tmp_path, "reviewed_labels.csv", ",soft,fr,by Ada\n", "")
    before, after = load_vocabulary(folder), build(load_vocabulary(folder))
    assert before.concepts["soft"].unreviewed == {"fr"}
    assert set(after.subject_objects(URIRef(ACM.unreviewedLabel))) == {(acv("soft"), Literal("doux", "fr"))}


def test_a_reviewed_label_is_not_marked(small: Graph) -> None:
    assert (None, URIRef(ACM.unreviewedLabel), None) not in small


def test_an_alternative_label_has_its_language(small: Graph) -> None:
    assert set(small.objects(acv("soft"), SKOS.altLabel)) == {Literal("piano", "fr"), Literal("quiet", "en")}


def test_all_german_labels_and_all_french_ones_but_original_terms_are_marked() -> None:
    for found in VOCABULARY.concepts.values():
        original = found.scheme.startswith("schaeffer-") or found.scheme == "mim-ust"
        assert ("de" in found.unreviewed) == ("de" in found.label), found.id
        assert ("fr" in found.unreviewed) == ("fr" in found.label and not original), found.id
        assert ("en" in found.unreviewed) == (found.scheme == "mim-ust"), found.id


def test_a_mark_is_a_preferred_label_of_its_concept() -> None:
    graph = build(VOCABULARY)
    marked = set(graph.subject_objects(URIRef(ACM.unreviewedLabel)))
    assert marked
    assert marked <= set(graph.subject_objects(SKOS.prefLabel))


def test_a_deprecated_term_stays_with_its_label_and_says_what_replaces_it(small: Graph) -> None:
    assert small.value(acv("gone"), OWL.deprecated) == Literal(True)
    assert small.value(acv("gone"), DCTERMS.isReplacedBy) == acv("soft")
    assert (acv("gone"), SKOS.prefLabel, Literal("Gone", "en")) in small
    notes = {str(note) for note in small.objects(acv("gone"), SKOS.changeNote)}
    assert notes == {"0.2, 2026-12-01, deprecated: it is the same"}
    assert small.value(acv("soft"), OWL.deprecated) is None


def test_every_concept_beyond_the_431_of_the_source_list_has_a_change_note() -> None:
    own = {c.id for c in VOCABULARY.concepts.values() if c.scheme == "acousma"}
    added = {change.term for change in VOCABULARY.changes if change.kind == "added"}
    assert own == added
    assert len(VOCABULARY.concepts) - len(own) == 431


def test_the_poles_of_a_scale_are_its_first_and_last_step(small: Graph) -> None:
    scale = acv("scale/loudness")
    assert {URIRef(ACM.Scale), SKOS.Collection} == set(small.objects(scale, RDF.type))
    assert small.value(scale, URIRef(ACM.lowPole)) == acv("soft")
    assert small.value(scale, URIRef(ACM.highPole)) == acv("loud")
    assert small.value(scale, URIRef(ACM.scaleOf)) == acv("level")
    assert set(small.objects(scale, SKOS.member)) == {acv("soft"), acv("loud")}
    assert small.value(acv("scale/loudness/2"), URIRef(ACM.position)) == Literal(2)
    assert small.value(acv("scale/loudness/2"), URIRef(ACM.concept)) == acv("loud")


NOT_BIPOLAR = {
    "cyclicCentricMotion": "two names of one family",
    "ifObject": "two names of one field",
    "multidirectionalMotion": "a family of two and more directions",
    "packed": "two names of one degree",
    "pdDynamicUpDown": "one course with two phases",
    "pdMelodicUpDown": "one course with two phases",
    "pdMelodicDownUp": "one course with two phases",
    "pedalP": "two names of one object",
    "pushDrag": "two words for motion against resistance",
    "throwFling": "two words for a thrust",
}
"""Why a label with a stroke in it names no pair of poles."""


def test_every_bipolar_term_has_a_scale() -> None:
    with_stroke = {c.id for c in VOCABULARY.concepts.values() if "/" in c.label["en"] or " - " in c.label["en"]}
    with_scale = {term for scale in VOCABULARY.scales.values() for term in scale.terms}
    assert with_stroke - with_scale == NOT_BIPOLAR.keys()


@pytest.mark.parametrize("id_", ["brightness", "density", "grain", "noteNoise", "attackEffluvium", "spectralDensity"])
def test_a_scale_that_is_asked_for_is_there(id_: str) -> None:
    assert VOCABULARY.scales[id_].low != VOCABULARY.scales[id_].high


def test_no_deprecated_concept_is_a_step() -> None:
    gone = {change.term for change in VOCABULARY.changes if change.kind == "deprecated"}
    assert gone.isdisjoint(step.concept for scale in VOCABULARY.scales.values() for step in scale.steps)


def test_a_claim_of_a_pole_answers_the_question_of_its_bipolar_term() -> None:
    assert VOCABULARY.aspect("dominance") == "dominanceSubordination"
    assert VOCABULARY.aspect("grainRough") == "schGrain"
    assert VOCABULARY.aspect("bright") == "brightnessLevel"
