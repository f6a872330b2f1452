"""Every measurable concept has a measurement rule, or a reason why it has none."""

from pathlib import Path

import pytest

from ontology.errors import VocabularyError
from ontology.unmeasured import REASONS, load_unmeasured, table
from ontology.vocabulary import load_vocabulary
from truth.corpus.clips import known_concepts

VOCABULARY = load_vocabulary()
ROWS = load_unmeasured(VOCABULARY)
DESCRIBER = Path(__file__).parent.parent / "docs" / "describer.md"


def test_every_measurable_concept_has_a_rule_or_a_reason_and_none_has_both() -> None:
    measurable = {id_ for id_, concept in VOCABULARY.concepts.items() if concept.measurable == "yes"}
    without = {row.concept for row in ROWS}
    assert without == measurable - VOCABULARY.rules.keys()


def test_each_reason_is_given_and_fits_what_the_corpus_knows() -> None:
    assert {row.reason for row in ROWS} == set(REASONS)
    known = set(known_concepts())
    for row in ROWS:
        if row.reason == "noTruth":
            assert row.concept not in known
        if row.reason in {"noProperty", "notRight"}:
            assert row.concept in known


def test_the_documentation_shows_the_table() -> None:
    assert table(ROWS) in DESCRIBER.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("nonesuch,part,it is", "'nonesuch' is no concept"),
        ("onset,laziness,it is", "'laziness'"),
        ("onset,part,", "column because: nothing"),
        ("onset,part,it is\nonset,part,it is", "'onset' stands there twice"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "unmeasured.csv"
    path.write_text(f"concept,reason,because\n{row}\n", encoding="utf-8")
    with pytest.raises(VocabularyError, match=message):
        load_unmeasured(VOCABULARY, path)
