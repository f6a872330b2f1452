"""``acousma ask``, ``sparql``, ``works`` and ``concepts``: questions in, tables out."""

import difflib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from api.likeness import ears_of
from api.listing import MOST_ROWS, as_csv, as_json, as_rich, plain
from api.settings import Settings
from ontology.errors import InputError, ParameterError, UnknownName
from ontology.terms import DCTERMS, FOAF, MO, PREFIXES
from ontology.vocabulary import Rule, Vocabulary, load_vocabulary
from queries import StoredQuery, answer, find, load_queries, row_limit, whole_answer
from queries.library import sparql
from store import Store, Table, open_store, query_form

__all__ = [
    "answer_question",
    "answer_sparql",
    "list_concepts",
    "list_questions",
    "query_source",
    "question_text",
    "write_table",
]

_MEDIA_TYPES = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "turtle": "text/turtle",
    "ntriples": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdfxml": "application/rdf+xml",
}


def list_questions(out: Console) -> None:
    """Print every stored question with its parameters."""
    table = RichTable(title="Questions", title_justify="left", title_style="bold", header_style="bold")
    for heading in ("name", "question", "parameters"):
        table.add_column(heading, overflow="fold")
    for query in load_queries().values():
        parameters = ", ".join(
            parameter.name + (f"={parameter.default}" if parameter.default is not None else "")
            for parameter in query.parameters
        )
        table.add_row(query.name, escape(query.summary), escape(parameters))
    out.print(table)
    out.print("Ask one with: acousma ask NAME --param NAME=VALUE", highlight=False)


def answer_question(
    settings: Settings,
    question: tuple[str, Mapping[str, str]],
    format_: str,
    where: tuple[Console, Console],
    *,
    whole: bool = False,
) -> None:
    """Answer a stored question and print it.

    Parameters
    ----------
    settings : Settings
    question : tuple of str and Mapping of str to str
        Its name, and its arguments as they were typed.
    format_ : str
        ``table``, ``csv`` or ``json``.
    where : tuple of Console
        Standard output, and standard error for what is said besides the answer.
    whole : bool
        Without the limit on rows of the question.

    Raises
    ------
    UnknownName
        If the answer is empty because there is no work or agent as it was named.
    """
    (name, arguments), (out, messages) = question, where
    query = find(name)
    with open_store(settings.location, limits=settings.limits) as store:
        ears = ears_of(settings.location, store.rows) if query.vectors else None
        table = (whole_answer if whole else answer)(store, name, arguments, ears)
        if not table.rows:
            _check_names(store, query, arguments)
    write_table(table, {column.name: column.unit for column in query.columns}, format_, (out, query.summary))
    limit = None if whole or "limit" in arguments else row_limit(query, arguments)
    if limit is not None and len(table.rows) >= limit:
        note = f"the answer stops at {limit:,} rows; there may be more. To do: ask for less, or use --param limit=N."
        messages.print(f"[yellow]note:[/yellow] {note}", highlight=False, soft_wrap=True)
    if not table.rows and query.example and not arguments:
        given = " ".join(f"--param {key}={value}" for key, value in query.example.items())
        messages.print(f"Nothing with the defaults. Try: acousma ask {name} {escape(given)}", highlight=False)


_NAMED = {
    "work": f"?thing a <{MO.NS}MusicalWork> ; <{DCTERMS.NS}title> ?name .",
    "agent": f"?thing <{FOAF.NS}name> ?name . ?made <{DCTERMS.NS}creator> ?thing .",
}
"""By type of parameter: what it may name."""


def _check_names(store: Store, query: StoredQuery, arguments: Mapping[str, str]) -> None:
    """Raise if an argument names a work or an agent that the archive does not have."""
    for parameter in query.parameters:
        text = arguments.get(parameter.name, "").strip()
        kind = "agent" if parameter.name in ("agent", "reviewer") else parameter.type
        kind = "agent" if parameter.name == "creator" else kind
        if not text or kind not in _NAMED:
            continue
        rows = store.rows(f"SELECT DISTINCT ?thing ?name WHERE {{ {_NAMED[kind]} }}").rows
        names = {plain(row[1]).casefold(): plain(row[1]) for row in rows}
        if any(text.casefold() in name for name in names) or any(plain(row[0]) == text for row in rows):
            continue
        near = difflib.get_close_matches(text.casefold(), names, 3)
        raise UnknownName(
            f"the archive knows no {kind} {text!r}", f"a name, or a part of one, for {parameter.name}",
            f"did you mean {' or '.join(names[one] for one in near)}?" if near else "acousma works lists what there is",
        )  # fmt: skip


def question_text(settings: Settings, name: str, arguments: Mapping[str, str]) -> str:
    """Return a stored question as SPARQL; what sounds alike is looked up for it, if it asks for that.

    Raises
    ------
    UnknownName, ParameterError, InputError
        As `queries.sparql`.
    """
    if not find(name).vectors:
        return sparql(name, arguments)
    with open_store(settings.location, limits=settings.limits) as store:
        return sparql(name, arguments, ears_of(settings.location, store.rows))


def write_table(
    table: Table, units: Mapping[str, str | None] | None, format_: str, where: tuple[Console, str | None]
) -> None:
    """Print a table in one of the formats ``table``, ``csv`` and ``json``."""
    out, title = where
    if format_ == "csv":
        sys.stdout.write(as_csv(table))
    elif format_ == "json":
        sys.stdout.write(as_json(table) + "\n")
    else:
        if table.rows:
            out.print(as_rich(table, units, escape(title) if title else None))
        elif title:
            out.print(escape(title), style="bold", highlight=False)
        rows = f"{len(table.rows):,} rows" if len(table.rows) != 1 else "1 row"
        more = (
            f"; the first {MOST_ROWS} are shown, --format csv gives these {len(table.rows):,}"
            if len(table.rows) > MOST_ROWS
            else ""
        )
        out.print(rows + more, highlight=False)


def query_source(text: str) -> str:
    """Return a query given as text, as the name of a file, or as ``-`` for standard input."""
    if text == "-":
        return sys.stdin.read()
    if "{" in text:
        return text
    path = Path(text)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{text!r} is no query and no readable file", "SPARQL text, a file with it, or - for standard input"
        ) from error


def _with_prefixes(text: str) -> str:
    """Put the prefixes of Acousma that a query does not declare in front of it."""
    declared = text.lower()
    missing = [
        f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in PREFIXES.items()
        if f"{prefix}:" in text and f"prefix {prefix}:" not in declared
    ]  # fmt: skip
    return "".join(missing) + text


def answer_sparql(settings: Settings, text: str, format_: str, out: Console) -> None:
    """Answer a SPARQL query and print it."""
    text = _with_prefixes(text)
    form = query_form(text)
    with open_store(settings.location, limits=settings.limits) as store:
        if format_ == "table" and form == "select":
            write_table(store.rows(text), None, "table", (out, None))
            return
        if format_ == "table" and form == "ask":
            out.print("yes" if store.ask(text) else "no")
            return
        media_type = _MEDIA_TYPES.get("turtle" if format_ == "table" else format_)
        if media_type is None:
            raise ParameterError(f"the format {format_!r} is unknown", "table or one of " + ", ".join(_MEDIA_TYPES))
        parts = list(store.serialise(text, media_type))
    sys.stdout.buffer.writelines(parts)
    if parts and not parts[-1].endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()


def list_concepts(word: str, every: bool, out: Console) -> None:
    """Print the concepts whose id or label holds a word, with how they are measured."""
    vocabulary = load_vocabulary()
    table = RichTable(header_style="bold")
    for heading in ("id", "label", "français", "Deutsch", "after", "measured by"):
        table.add_column(heading, overflow="fold")
    found = list(_matching(vocabulary, word.casefold(), every))
    for id_ in found:
        concept, rule = vocabulary.concepts[id_], vocabulary.rules.get(id_)
        table.add_row(
            id_, *(escape(concept.label.get(tag, "")) for tag in ("en", "fr", "de")), escape(concept.source),
            escape("; ".join(_conditions(rule, vocabulary))) if rule else "",
        )  # fmt: skip
    out.print(table)
    hint = "" if every else " that measurement can claim; --all lists the others too"
    out.print(f"{len(found)} concepts{hint}", highlight=False)


def _matching(vocabulary: Vocabulary, word: str, every: bool) -> Iterable[str]:
    for id_, concept in vocabulary.concepts.items():
        others = (label for label, _ in concept.alternatives)
        words = " ".join([id_, *concept.label.values(), *others]).casefold()
        if word in words and (every or id_ in vocabulary.rules):
            yield id_


def _conditions(rule: Rule, vocabulary: Vocabulary) -> Iterable[str]:
    for condition in rule.conditions:
        observed = vocabulary.properties[condition.property]
        unit = "" if observed.unit == "1" else f" {observed.unit.strip('{}')}"
        low = f"> {condition.minimum:g}{unit}" if condition.minimum is not None else ""
        high = f"< {condition.maximum:g}{unit}" if condition.maximum is not None else ""
        yield f"{observed.label.lower()} {' and '.join(filter(None, (low, high)))}"
