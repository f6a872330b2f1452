"""Tables of what others heard: ids and labels, agents, numbers, and problems that name the row."""

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.fitting import fitting
from ingest.heard import Heard, HeardTable, read_heard
from ontology.errors import ClaimsError
from ontology.terms import ConfidenceKind
from ontology.values import Agent, Recording, Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.sounds import table

VOCABULARY = load_vocabulary()
HEADER = "file,start,end,concepts,agent"
RECORDING = Recording("0" * 64, 48_000, 2, Decimal("4.000"), 20_000.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bell.wav").touch()
    (tmp_path / "crow.wav").touch()
    return tmp_path


def read(folder: Path, *rows: str, header: str = HEADER) -> HeardTable:
    return read_heard(table(folder / "heard.csv", [header, *rows]), VOCABULARY)


def heard(folder: Path, *rows: str, header: str = HEADER) -> tuple[Heard, ...]:
    found = read(folder, *rows, header=header)
    assert found.problems == ()
    return found.claims[folder / "bell.wav"]


def test_a_row_says_who_heard_what_and_when(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0.5,2.25,bright,Ada")
    assert (item.start, item.end, item.concept) == (0.5, 2.25, "bright")
    assert item.agent == Agent("Ada", kind="person")
    assert (item.confidence, item.kind) == (1.0, ConfidenceKind.VERBALISED)
    assert item.where == f"{folder / 'heard.csv'}, line 2"


def test_a_program_has_a_version_a_confidence_and_what_that_rests_on(folder: Path) -> None:
    (item,) = heard(
        folder, "bell.wav,0,1,bright,Listener,software,2.1,0.75,tokenProbability",
        header=f"{HEADER},agent_kind,version,confidence,basis",
    )  # fmt: skip
    assert item.agent == Agent("Listener", "2.1", "software")
    assert (item.confidence, item.kind) == (0.75, ConfidenceKind.TOKEN_PROBABILITY)


@pytest.mark.parametrize(
    ("cell", "concepts"),
    [
        ("bright", ["bright"]),
        ("bright dense", ["bright", "dense"]),
        ("bright; dense", ["bright", "dense"]),
        ("Graduated continuant", ["graduatedContinuant"]),
        ("graduated CONTINUANT; bright", ["graduatedContinuant", "bright"]),
        ("Attack-impulse; note;dense  bright", ["attackImpulse", "spectralNote", "dense", "bright"]),
        (" ; bright ;; ", ["bright"]),
    ],
)
def test_concepts_are_named_by_id_or_by_label(folder: Path, cell: str, concepts: list[str]) -> None:
    assert [item.concept for item in heard(folder, f"bell.wav,0,1,{cell},Ada")] == concepts


def test_ids_may_be_parted_by_commas_where_cells_are_not(folder: Path) -> None:
    found = heard(folder, "bell.wav;0;1;bright, dense;Ada", header=HEADER.replace(",", ";"))
    assert [item.concept for item in found] == ["bright", "dense"]


def test_an_id_goes_before_the_label_of_another_concept(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0,1,node,Ada")
    assert item.concept == "node"


def test_a_decimal_comma_is_understood(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav;0,5;2,25;bright;Ada", header=HEADER.replace(",", ";"))
    assert (item.start, item.end) == (0.5, 2.25)


def test_rows_about_several_files_are_kept_apart(folder: Path) -> None:
    found = read(folder, "bell.wav,0,1,bright,Ada", "crow.wav,0,1,dark,Ada", "bell.wav,1,2,dense,Bo")
    assert {path.name: [item.concept for item in items] for path, items in found.claims.items()} == {
        "bell.wav": ["bright", "dense"],
        "crow.wav": ["dark"],
    }


# -- problems of rows ----------------------------------------------------------------------------

FAULTS = [
    # row, what was found
    ("gone.wav,0,1,bright,Ada", "gone.wav is not there"),
    (",0,1,bright,Ada", "is not there"),
    ("bell.wav,soon,1,bright,Ada", "'soon' in column start"),
    ("bell.wav,,1,bright,Ada", "'' in column start"),
    ("bell.wav,0:05,1:00,bright,Ada", "'0:05' in column start"),
    ("bell.wav,0,nan,bright,Ada", "'nan' in column end"),
    ("bell.wav,0,inf,bright,Ada", "'inf' in column end"),
    ("bell.wav,2,1,bright,Ada", "a claim from 2 to 1 s"),
    ("bell.wav,1,1,bright,Ada", "a claim from 1 to 1 s"),
    ("bell.wav,-1,1,bright,Ada", "a claim from -1 to 1 s"),
    ("bell.wav,0,1,brihgt,Ada", "'brihgt' is no concept"),
    ("bell.wav,0,1,bright brihgt,Ada", "'brihgt' is no concept"),
    ("bell.wav,0,1,Grain,Ada", "'Grain' is the label of 3 concepts"),
    ("bell.wav,0,1,,Ada", "no concept is named"),
    ("bell.wav,0,1, ; ,Ada", "no concept is named"),
    ("bell.wav,0,1,bright,", "nobody is named"),
    ("bell.wav,0,1,bright,Ada,robot", "'robot' in column agent_kind"),
    ("bell.wav,0,1,bright,Ada,person,1.5", "a confidence of 1.5"),
    ("bell.wav,0,1,bright,Ada,person,-0.1", "a confidence of -0.1"),
    ("bell.wav,0,1,bright,Ada,person,80%", "'80%' in column confidence"),
    ("bell.wav,0,1,bright,Ada,person,nan", "'nan' in column confidence"),
    ("bell.wav,0,1,bright,Ada,person,1,feeling", "'feeling' in column basis"),
]


@pytest.mark.parametrize(("row", "found"), FAULTS)
def test_a_faulty_row_is_named_and_the_others_are_used(folder: Path, row: str, found: str) -> None:
    rows = ["bell.wav,0,1,dense,Ada", row, "bell.wav,1,2,sparse,Ada"]
    result = read(folder, *rows, header=f"{HEADER},agent_kind,confidence,basis")
    assert [item.concept for item in result.claims[folder / "bell.wav"]] == ["dense", "sparse"]
    (problem,) = result.problems
    message = str(problem)
    assert message.startswith(f"{folder / 'heard.csv'}, line 3: ")
    assert found in message
    assert "Expected: " in message
    assert "To do: " in message


def test_an_ambiguous_label_is_answered_with_the_ids_it_may_mean(folder: Path) -> None:
    (problem,) = read(folder, "bell.wav,0,1,Grain,Ada").problems
    meant = {id_ for id_, concept in VOCABULARY.concepts.items() if concept.label["en"] == "Grain"}
    assert len(meant) == 3
    assert all(id_ in str(problem) for id_ in meant)


@pytest.mark.parametrize("column", HEADER.split(","))
def test_a_missing_column_is_refused_by_name(folder: Path, column: str) -> None:
    header = ",".join(name for name in HEADER.split(",") if name != column)
    with pytest.raises(ClaimsError, match=f"also {column}"):
        read(folder, "bell.wav,0,1,bright", header=header)


def test_a_missing_table_is_refused(folder: Path) -> None:
    with pytest.raises(ClaimsError, match=r"gone\.csv cannot be read"):
        read_heard(folder / "gone.csv", VOCABULARY)


# -- claims about a recording --------------------------------------------------------------------


def test_a_claim_stands_on_the_span_and_answers_the_question_of_its_concept(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0.5,2.25,openAttackDecay,Ada")
    claim = item.claim(RECORDING, VOCABULARY)
    assert claim.span == Span(RECORDING.id, seconds(0.5), seconds(2.25))
    assert (claim.concept, claim.aspect) == ("openAttackDecay", "morphologicalArchetype")


def test_a_claim_may_last_to_the_very_end(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0,4.000,bright,Ada")
    assert item.claim(RECORDING, VOCABULARY).span.end == RECORDING.duration


@pytest.mark.parametrize(
    ("times", "found"),
    [("3,4.001", "ends at 4.001 s"), ("9,10", "ends at 10.000 s"), ("0.0001,0.0009", "from 0.0001 to 0.0009 s")],
)
def test_times_that_do_not_fit_the_recording_are_refused_with_the_line(folder: Path, times: str, found: str) -> None:
    (item,) = heard(folder, f"bell.wav,{times},bright,Ada")
    with pytest.raises(ClaimsError) as raised:
        item.claim(RECORDING, VOCABULARY)
    message = str(raised.value)
    assert f"{folder / 'heard.csv'}, line 2: " in message
    assert found in message
    assert "Expected: " in message


def test_a_claim_with_two_confidences_is_refused_with_both_lines_and_the_first_is_taken(folder: Path) -> None:
    items = heard(
        folder, "bell.wav,0,1,bright,Ada,0.9", "bell.wav,0,1,bright,Ben,0.2", "bell.wav,0,1.0,bright,Ada,0.4",
        header=f"{HEADER},confidence",
    )  # fmt: skip
    contributions, (problem,) = fitting(items, RECORDING, VOCABULARY)
    assert f"{folder / 'heard.csv'}, line 4: Ada claims bright from 0.000 to 1.000 s with the confidence 0.4" in str(
        problem
    )
    assert f"{folder / 'heard.csv'}, line 2 has the same claim with 0.9" in str(problem)
    assert [[claim.confidence for claim in one.claims] for one in contributions] == [[0.9], [0.2]]


def test_a_claim_that_is_repeated_word_for_word_counts_once(folder: Path) -> None:
    contributions, problems = fitting(heard(folder, *["bell.wav,0,1,bright,Ada"] * 2), RECORDING, VOCABULARY)
    assert (len(contributions[0].claims), problems) == (1, [])


def test_of_imported_claims_that_become_one_where_padding_is_cut_off_the_surer_is_taken(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0,4,bright,Ada,0.5", header=f"{HEADER},confidence")
    item = replace(item, padded=True, parameters=(("file", "tags.csv"),))
    items = [item, replace(item, end=10.0, confidence=0.7), replace(item, end=12.0, confidence=0.6)]
    (contribution,), problems = fitting(items, RECORDING, VOCABULARY)
    assert ([claim.confidence for claim in contribution.claims], problems) == ([0.7], [])


# -- what a program hears through ----------------------------------------------------------------

THROUGH = f"{HEADER},agent_kind,version,envelope"


@pytest.mark.parametrize("name", ["gemma-3n", "Gemma 3n", "GEMMA 3N"])
def test_a_program_names_its_envelope_by_id_or_label(folder: Path, name: str) -> None:
    (item,) = heard(folder, f"bell.wav,0,1,bright,Listener,software,1,{name}", header=THROUGH)
    assert item.agent == Agent("Listener", "1", "software", "gemma-3n")


def test_a_program_without_an_envelope_is_heard_too(folder: Path) -> None:
    (item,) = heard(folder, "bell.wav,0,1,bright,Listener,software,1,", header=THROUGH)
    assert item.agent.envelope is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["bell.wav,0,1,bright,L,software,1,gema 3n"], r"'gema 3n' in column envelope is no model.*such as gemma-"),
        (["bell.wav,0,1,bright,Ada,person,,gemma-3n"], "'gemma-3n' in column envelope of a person"),
        (["bell.wav,0,1,bright,L,software,1,ltu", "bell.wav,1,2,dark,L,software,1,ltu-as"],
         "line 3: L hears through ltu-as here and through ltu above"),
        (["bell.wav,0,1,bright,L,software,1,ltu", "bell.wav,1,2,dark,L,software,1,"],
         "line 3: L hears through no envelope here and through ltu above"),
    ],
)  # fmt: skip
def test_an_envelope_that_cannot_be_is_a_problem_of_its_row(folder: Path, rows: list[str], message: str) -> None:
    (problem,) = read(folder, *rows, header=THROUGH).problems
    assert re.search(message, str(problem))
    assert problem.expected
    assert problem.advice


def test_two_versions_of_a_program_may_hear_differently(folder: Path) -> None:
    rows = [
        "bell.wav,0,1,bright,CLAP,software,2022,ms-clap-2022",
        "bell.wav,0,1,bright,CLAP,software,2023,MS CLAP 2023",
    ]
    assert [item.agent.envelope for item in heard(folder, *rows, header=THROUGH)] == ["ms-clap-2022", "ms-clap-2023"]
