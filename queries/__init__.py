"""What can be asked: one SPARQL file per musicological question, and the library that binds and runs them.

Examples
--------
>>> find("opens_with").summary
'Which works open with this concept?'
>>> print(sparql("opens_with", {"concept": "continuant graduel", "seconds": "1"}).splitlines()[-1])
LIMIT 1000
"""

from queries.arguments import bind_arguments
from queries.library import (
    Column,
    Ears,
    Parameter,
    StoredQuery,
    answer,
    find,
    load_queries,
    plan,
    row_limit,
    sparql,
    whole_answer,
)

__all__ = [
    "Column",
    "Ears",
    "Parameter",
    "StoredQuery",
    "answer",
    "bind_arguments",
    "find",
    "load_queries",
    "plan",
    "row_limit",
    "sparql",
    "whole_answer",
]
