"""The page ``docs/questions.md``, written from the stored questions: ``python -m api.question_page ARCHIVE``.

Conventions
-----------
The archive is that of ``make demo``. Answers are cut to a few rows, and IRIs are left out of them.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from api.listing import cells
from queries import StoredQuery, answer, load_queries
from store import Store, Table, open_store

__all__ = ["PAGE", "page", "section"]

PAGE = Path(__file__).parents[1] / "docs" / "questions.md"
"""Where the page stands."""

ROWS = 4
"""Most rows of an answer that are shown."""

_INTRODUCTION = """\
# Questions

What can be asked of an archive without writing SPARQL: `acousma ask NAME --param NAME=VALUE`. A concept is given by its
name in English, French or German or by its id, a work by part of its title. `--format csv` gives all rows and columns,
with the IRIs; `--sparql` gives the query itself. Each question is a file in [`queries/`](../queries).

The answers are those of the demo archive (`make demo`), cut to a few rows. This page is generated:
`python -m api.question_page archive`.
"""


def page(queries: Iterable[StoredQuery], store: Store) -> str:
    """Return the page in Markdown.

    Parameters
    ----------
    queries : iterable of StoredQuery
    store : Store
        The demo archive.
    """
    queries = tuple(queries)
    contents = "".join(f"- [{query.summary}](#{query.name})\n" for query in queries)
    return "\n".join([_INTRODUCTION, contents, *(section(query, store) for query in queries)])


def section(query: StoredQuery, store: Store) -> str:
    """Return what the page says of one question."""
    head = f'<a id="{query.name}"></a>\n\n## {query.summary}\n\n{query.description.strip()}\n'
    return "\n".join([head, _parameters(query), _example(query, store)])


def _parameters(query: StoredQuery) -> str:
    if not query.parameters:
        return ""
    lines = ["| parameter | what it is | without it |", "| --- | --- | --- |"]
    for parameter in query.parameters:
        without = parameter.default or ("any" if parameter.optional else "must be given")
        lines.append(f"| `{parameter.name}` | {_escaped(parameter.description)} | {without} |")
    return "\n".join(lines) + "\n"


def _example(query: StoredQuery, store: Store) -> str:
    given = "".join(f" --param {name}={_quoted(value)}" for name, value in query.example.items())
    missing = [p.name for p in query.parameters if p.required and p.name not in query.example]
    if missing:
        wanted = "".join(f" --param {name}=IRI" for name in missing)
        return f"`acousma ask {query.name}{wanted}`; another question with `--format csv` gives the IRI.\n"
    if query.vectors:
        return (
            f"`acousma ask {query.name}{given}`\n\n"
            "The demo archive has no vectors: no listening model has heard it ([likeness](likeness.md)).\n"
        )
    table = answer(store, query.name, query.example)
    return f"`acousma ask {query.name}{given}`\n\n{_answer(table, {c.name: c.unit for c in query.columns})}"


def _answer(table: Table, units: Mapping[str, str | None]) -> str:
    if not table.rows:
        return "The demo archive has no answer.\n"
    headings, rows = cells(table, units)
    lines = [headings, ["---"] * len(headings), *rows[:ROWS]]
    more = f"\n{len(rows):,} rows.\n" if len(rows) > ROWS else ""
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines) + more


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def main() -> None:
    """Write the page from the archive named on the command line."""
    with open_store(Path(sys.argv[1])) as store:
        PAGE.write_text(page(load_queries().values(), store), encoding="utf-8")


if __name__ == "__main__":
    main()
