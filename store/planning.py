"""What becomes of a query between guard and engine: relations and joins of time in a form that is answered fast."""

from __future__ import annotations

from functools import lru_cache

from ontology.errors import QueryTimeout
from store.index.shortcuts import Plan
from store.intervals import ADVICE, apart, joins_intervals
from store.relations import expanded

__all__ = ["explained", "planned"]


def planned(query: str | Plan) -> Plan:
    """Return a query with its plain joins of intervals taken apart, and its relations of time as sub-selects.

    Raises
    ------
    QueryRefused
        If a relation of time stands where it cannot be answered.

    Examples
    --------
    >>> planned("ASK { ?claim ?p ?o }")
    Plan(text='ASK { ?claim ?p ?o }', shortcuts=())
    """
    return query if isinstance(query, Plan) else _planned(query)


@lru_cache(maxsize=1024)
def _planned(text: str) -> Plan:
    return Plan(*expanded(apart(text)))


def explained(error: QueryTimeout, plan: Plan) -> QueryTimeout:
    """Return an error with the better form, where the query joins intervals in plain form."""
    return QueryTimeout(error.found, error.expected, ADVICE) if joins_intervals(plan.text) else error
