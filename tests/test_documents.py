"""Annotations that are sent keep all they say, on the way into RDF and back."""

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontology.documents import parse_json, read_document, write_document
from ontology.errors import InputError

IRI = "https://e.org/annotations/a"
ANNO = "http://www.w3.org/ns/anno.jsonld"
ACOUSMA = "https://w3id.org/acousma/context.jsonld"
SENT: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "annotations_sent.json").read_text())


def there_and_back(document: dict[str, Any]) -> dict[str, Any]:
    """Read a document, keep it in a store, and write it."""
    store = ox.Store()
    store.extend(ox.Quad(one.subject, one.predicate, one.object) for one in read_document(document, IRI))
    return write_document([quad.triple for quad in store], IRI)


def alike(value: Any) -> Any:
    """Return a value without what makes no difference: order of lists that are sets, lists of one."""
    if isinstance(value, dict):
        return {key: [alike(one) for one in value[key]] if key == "items" else alike(value[key]) for key in value}
    if isinstance(value, list):
        many = sorted((alike(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
        return many[0] if len(many) == 1 else many
    return value


@pytest.mark.parametrize("name", SENT)
def test_a_document_comes_back_as_it_was_sent(name: str) -> None:
    sent = SENT[name]
    found = there_and_back(sent)
    assert found.pop("id") == IRI
    assert alike(found) == alike(sent)


@pytest.mark.parametrize("name", SENT)
def test_what_came_back_can_be_sent_again_and_says_the_same(name: str) -> None:
    first = read_document(SENT[name], IRI)
    again = read_document(write_document(first, IRI), IRI)
    assert set(map(str, again)) == set(map(str, first))


@pytest.mark.parametrize("name", SENT)
def test_no_blank_node_is_made_and_the_same_document_makes_the_same_iris(name: str) -> None:
    triples = read_document(SENT[name], IRI)
    terms = [term for one in triples for term in (one.subject, one.object)]
    assert not any(isinstance(term, ox.BlankNode) for term in terms)
    assert triples == read_document(SENT[name], IRI)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4, unique=True))
def test_text_of_every_script_comes_back_unchanged(values: list[str]) -> None:
    items = [{"type": "TextualBody", "value": value} for value in values]
    document = {"@context": ANNO, "type": "Annotation", "target": "https://e.org/t",
                "body": {"type": "Choice", "items": items}}  # fmt: skip
    assert [one["value"] for one in there_and_back(document)["body"]["items"]] == values


@pytest.mark.parametrize(
    ("says", "changes"),
    [
        ("loudness", {"loudness": 3}),
        ("Sound", {"body": {"type": "Sound", "value": "x"}}),
        ("'shouting'", {"motivation": "shouting"}),
        ("names no @context", {"@context": None}),
        ("is not known here", {"@context": "http://127.0.0.1:9/context"}),
        ("no Annotation", {"type": "Person"}),
        ("'recording 7'", {"target": "recording 7"}),
        ("no decimal", {"@context": [ANNO, ACOUSMA], "confidence": 0.82}),
        ("a graph in it", {"@graph": [{"@id": "https://e.org/x", "https://e.org/p": 1}]}),
    ],
)
def test_what_would_be_lost_is_refused(says: str, changes: dict[str, Any]) -> None:
    document = {"@context": ANNO, "type": "Annotation", "target": "https://e.org/t", **changes}
    with pytest.raises(InputError) as refused:
        read_document(document, IRI)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("says", "data"),
    [
        ("no JSON", b'{"a": 1,}'),
        ("UTF-8", b'{"a": "\xff"}'),
        ("JSON list", b"[]"),
        ("deeper than 64", b"[" * 100_000),
        ("twice", b'{"a": 1, "a": 2}'),
        ("1e999", b'{"a": 1e999}'),
        ("NaN", b'{"a": NaN}'),
        ("character that is none", b'{"a": "\\ud800"}'),
        ("character that is none", b'{"a\\u0000": 1}'),
    ],
)
def test_json_that_cannot_be_kept_is_refused(says: str, data: bytes) -> None:
    with pytest.raises(InputError) as refused:
        parse_json(data)
    assert says in str(refused.value)


def test_two_who_refer_to_one_part_go_on_referring_to_it() -> None:
    maker = {"id": "_:m", "type": "Person", "name": "Ada"}
    body = {"type": "TextualBody", "value": "x", "creator": "_:m"}
    document = {"@context": ANNO, "type": "Annotation", "target": "https://e.org/t", "creator": maker, "body": body}
    found = there_and_back(document)
    assert found["creator"]["id"] == found["body"]["creator"]["id"]
