"""What a worker process reports, as errors."""

from __future__ import annotations

from typing import NoReturn

from ontology.errors import QueryError, QuerySyntaxError, QueryTooLarge, StoreMissing

__all__ = ["NARROW", "raise_reported"]

NARROW = "name a work, a concept or a run in the query, or add LIMIT"
"""What whoever asked too much can do."""


def raise_reported(kind: str, message: str) -> NoReturn:
    """Raise what a worker reported."""
    match kind:
        case "syntax":
            raise QuerySyntaxError(f"the query is not SPARQL: {message}", None, "check the text at that place")
        case "large":
            raise QueryTooLarge(f"the answer has {message}; nothing of it is returned", None, NARROW)
        case "pairs":
            raise QueryTooLarge(
                f"a relation of time holds between more than {int(message):,} pairs of passages", "fewer",
                "say more of both: a concept, a work or an agent",
            )  # fmt: skip
        case "store":
            raise StoreMissing(f"the published archive cannot be opened: {message}", None, "publish it again")
    raise QueryError(f"the query could not be evaluated: {message}")
