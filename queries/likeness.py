"""Stored questions about passages that sound alike: what is near among the vectors of spans goes into their SPARQL.

Conventions
-----------
- SPARQL cannot compare vectors. A question with ``vectors`` in its header has a line ``VALUES (...) { }`` with the
  comment ``# from the vectors of spans``; what is near is written there, so that the rest of the answer is plain SPARQL
  and can be joined with anything. Without vectors the block stays empty, and there is no answer.
- ``vectors: passage`` looks for what is near to the spans that sound at ``seconds`` of ``work``, ``vectors: words`` for
  what is near to ``text``. Only vectors of one model are compared with each other. ``kind`` is the kind of span.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from ontology.errors import InputError, UnknownName
from ontology.terms import DCTERMS, FRBR
from queries.questions import StoredQuery
from store import Table, bind
from store.nearest import Neighbour, neighbourhood
from store.vectors import Space, Vectors, VectorStore, unit

__all__ = ["Ears", "likened"]

_BLOCK = re.compile(r"(VALUES \((?P<variables>[^)]*)\) \{) (\})  # from the vectors of spans\n")
_RECORDINGS = f"""SELECT DISTINCT ?recording WHERE {{
  GRAPH ?catalogue {{ ?work <{FRBR.realization}> ?recording ; <{DCTERMS.NS}title> ?title }}
  FILTER(CONTAINS(LCASE(?title), LCASE(?_work)) || STR(?work) = ?_work)
}}"""
_MOST = 500
"""Most rows: they stand in the text of the query, whose length is limited."""

_ADVICE = "make vectors: acousma ingest SOUNDS --describer encoder --model FOLDER (docs/likeness.md)"


@dataclass(frozen=True)
class Ears:
    """What is needed for questions about what sounds alike.

    Parameters
    ----------
    vectors : VectorStore
        The vectors of the archive.
    words : callable
        Gives the vector of a text in a space, as the model of the space has it.
    answer : callable
        Answers a SELECT.
    """

    vectors: VectorStore
    words: Callable[[Space, str], Vectors]
    answer: Callable[[str], Table]


def likened(
    query: StoredQuery, text: str, terms: Mapping[str, NamedNode | Literal], ears: Ears, limit: int | None
) -> str:
    """Return the SPARQL of a stored question with what is near among the vectors.

    Parameters
    ----------
    query : StoredQuery
    text : str
        Its SPARQL, with its arguments in it.
    terms : Mapping of str to NamedNode or Literal
        The arguments, by name of the variable.
    ears : Ears
    limit : int or None
        Most rows.

    Raises
    ------
    InputError
        If there are no vectors, or none of words.
    UnknownName
        If no model of that name made any.
    StoreError
        If the vectors cannot be read.
    """
    if not query.vectors:
        return text
    spaces, most = _spaces(query, terms, ears), min(limit or _MOST, _MOST)
    find = _near_words if query.vectors == "words" else _near_passage
    near = [found for space in spaces for found in find(space, terms, ears, most)]
    near.sort(key=lambda found: -found[1].likeness)
    block = _BLOCK.search(text)
    assert block is not None, f"{query.name}.rq has a block for what is near"
    return f"{text[: block.end(1)]}\n{''.join(_row(*found) for found in near[:most])}{text[block.start(3) :]}"


def _spaces(query: StoredQuery, terms: Mapping[str, NamedNode | Literal], ears: Ears) -> Sequence[Space]:
    known = ears.vectors.spaces()
    if not known:
        raise InputError("the archive has no vectors of sounds", "runs of a model that makes them", _ADVICE)
    wanted = terms["__model"].value.casefold() if "__model" in terms else ""
    named = [space for space in known if wanted in space.model.casefold()]
    names = ", ".join(sorted({space.model for space in known}))
    if not named:
        raise UnknownName(f"no model {wanted!r} made vectors", f"a part of one of the names {names}", "correct it")
    if query.vectors == "words" and not any(space.words for space in named):
        raise InputError(
            f"no model of these reads words: {', '.join(space.model for space in named)}",
            "vectors of a model of sounds and words, such as CLAP",
            _ADVICE,
        )  # fmt: skip
    return [space for space in named if space.words or query.vectors != "words"]


def _recordings(terms: Mapping[str, NamedNode | Literal], ears: Ears, name: str) -> list[str]:
    """Return the recordings of a work that a parameter names."""
    rows = ears.answer(bind(_RECORDINGS, {"_work": terms[name]})).rows
    return [one.value for (one, *_) in rows if isinstance(one, NamedNode)]


def _near_words(
    space: Space, terms: Mapping[str, NamedNode | Literal], ears: Ears, most: int
) -> Iterator[tuple[str, Neighbour]]:
    vectors, kept = unit(ears.words(space, terms["_text"].value))
    if not kept.all():
        raise InputError(f"{space.model} makes nothing of the text", "words that it reads", "use other words")
    recordings = _recordings(terms, ears, "__work") if "__work" in terms else None
    around = neighbourhood(ears.vectors, space, terms["_kind_iri"].value, recordings)
    for one in around.nearest(vectors[0], most):
        yield "", one


def _near_passage(
    space: Space, terms: Mapping[str, NamedNode | Literal], ears: Ears, most: int
) -> Iterator[tuple[str, Neighbour]]:
    moment, kind = Decimal(terms["_seconds_decimal"].value) * 1000, terms["_kind_iri"].value
    around = neighbourhood(ears.vectors, space, kind)
    seen: set[str] = set()
    for run in ears.vectors.runs(space, _recordings(terms, ears, "_work")):
        for place, vector in zip(run.places, run.vectors, strict=True):
            if place.kind == kind and place.start <= moment < place.end and place.span not in seen:
                seen.add(place.span)
                for one in around.nearest(vector, most, [place.span]):
                    yield place.span, one


def _row(span: str, near: Neighbour) -> str:
    """Write one row of the block: the span that was asked about if there is one, the near one, likeness and graph."""
    first = f"{NamedNode(span)} " if span else ""
    return f"        ({first}{NamedNode(near.span)} {near.likeness:.3f} {NamedNode(near.graph)})\n"
