"""The JSON Schema of the core types is current, and agrees with what pydantic reads and writes."""

import json
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter

from ontology import values
from ontology.schema import FILE, schema
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Agent, Claim, Span, Work, seconds

SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
SPAN = Span("0011223344556677", seconds(12.0), seconds(17.5), SpanKind.DETECTED_OBJECT)
CLAIM = Claim(SPAN, "bright", "brightnessLevel", 0.82, ConfidenceKind.RULE_MARGIN, ("brightnessCentroid",))
VALUES = [Agent("Anna", kind="person"), Work("Glass Tides", year=1987), SPAN, CLAIM]


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def test_the_stored_schema_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == schema(), "run python -m ontology.schema"


def test_it_is_json_schema_and_has_every_core_type() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    types = {name for name in values.__all__ if isinstance(getattr(values, name), type)}
    assert types <= SCHEMA["$defs"].keys()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_written_as_the_schema_says_and_read_back(value: object) -> None:
    adapter = TypeAdapter(type(value))
    written = adapter.dump_json(value)
    validator(type(value).__name__).validate(json.loads(written))
    assert adapter.validate_json(written) == value


def test_a_claim_without_a_confidence_does_not_conform() -> None:
    written = TypeAdapter(Claim).dump_python(CLAIM, mode="json")
    del written["confidence"]
    assert not validator("Claim").is_valid(written)
