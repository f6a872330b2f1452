"""Concepts are found in free words by their labels, and not where they are denied."""

import csv
from pathlib import Path

import pytest

from ingest.linking import LINKED, Linker
from ontology.terms import ConfidenceKind
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary

with (Path(__file__).parent / "data" / "linking.csv").open(encoding="utf-8", newline="") as file:
    CASES = [(row["text"], row["said"].split(), row["denied"].split()) for row in csv.DictReader(file)]
SPAN = Span("00ff", seconds(0), seconds(1))


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker(load_vocabulary())


@pytest.mark.parametrize(("text", "said", "denied"), CASES, ids=[text or "nothing" for text, _, _ in CASES])
def test_what_a_text_says_and_what_it_denies(linker: Linker, text: str, said: list[str], denied: list[str]) -> None:
    links = list(linker.links(text))
    assert [link.concept for link in links if not link.denied] == said
    assert [link.concept for link in links if link.denied] == denied


def test_a_link_names_the_characters_of_its_label(linker: Linker) -> None:
    text = "Then a granular noise."
    (link,) = linker.links(text)
    assert text[link.start : link.end] == "granular noise"


def test_a_claim_from_a_text_is_weak_of_its_own_kind_and_derived_from_its_description(linker: Linker) -> None:
    (claim,) = linker.claims(SPAN, "A bright, bright sound without noise.", "open")
    assert (claim.concept, claim.aspect, claim.derived_from) == ("bright", "brightnessLevel", "open")
    assert (claim.confidence, claim.confidence_kind) == (LINKED, ConfidenceKind.LINKED_TEXT)


def test_what_is_said_and_denied_in_one_text_is_not_claimed(linker: Linker) -> None:
    assert linker.claims(SPAN, "Bright at first. It is not bright later.", "open") == []
