"""Writes ``types.schema.json``, the core types as JSON Schema: ``python -m ontology.schema``.

Conventions
-----------
The types are those of `ontology.values`, as pydantic reads and writes them. Units and ranges are in the descriptions;
what one field demands of another is checked by the types themselves, not by the schema.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter

from ontology.values import Agent, Assessment, AudioFile, Claim, Description, Measurement, Recording, Run, Span, Work
from ontology.vocabulary import FOLDER

__all__ = ["FILE", "main", "schema"]

FILE = FOLDER / "types.schema.json"
"""Where the schema is kept."""

_TYPES = (Agent, Assessment, AudioFile, Claim, Description, Measurement, Recording, Run, Span, Work)


def schema() -> str:
    """Return the JSON Schema (2020-12) of the core types, each below ``$defs``, always in the same order."""
    adapters = [(type_.__name__, "validation", TypeAdapter(type_)) for type_ in _TYPES]
    _, made = TypeAdapter.json_schemas(adapters, title="Core types of Acousma")  # type: ignore[arg-type]  # invariant list
    for definition in made["$defs"].values():
        definition["description"] = definition["description"].partition("\n\nExamples\n")[0]
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(target: Path = FILE) -> None:
    """Write the schema to a file."""
    target.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
