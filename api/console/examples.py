"""What the console offers: stored questions with their default parameters, prefixes, and terms to complete."""

import json
from functools import cache

from api.published.graph import load_published
from ontology.terms import ACV, PREFIXES
from queries import load_queries
from queries.executables import example_of

__all__ = ["console_data"]

_OPEN = ("works", "opens_with", "disagreements", "ear_against_measurement")
"""The questions that stand in tabs when the console is opened for the first time."""


@cache
def console_data() -> bytes:
    """Return what the console's script reads, as JSON."""
    published = load_published()
    questions = [
        {
            "name": query.name, "title": query.summary, "description": query.description,
            "query": example_of(query), "open": query.name in _OPEN,
        }
        for query in load_queries().values()
    ]  # fmt: skip
    terms = sorted(iri for iri in published.known if "#" in iri or iri.startswith(ACV))
    classes = [iri for iri in terms if any(type_.endswith("#Class") for type_ in published.types(iri))]
    properties = [iri for iri in terms if any(type_.endswith("Property") for type_ in published.types(iri))]
    told = {"prefixes": PREFIXES, "questions": questions, "classes": classes, "properties": properties}
    return json.dumps(told, ensure_ascii=False).encode()
