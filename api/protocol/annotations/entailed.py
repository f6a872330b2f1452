"""Spans and persons that annotations name: what their IRIs entail may be sent with them.

Conventions
-----------
Equal spans have equal IRIs, and all that is said of a span follows from its recording and its times; so does the IRI of
a person from the name. A document may repeat this, or say it of what nobody has spoken of yet; the statements are kept
in the graph of the annotation, so that queries find it as they find those of runs.
"""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from api.protocol.problems import Problem
from api.protocol.service import Service
from ontology.mint import Minter
from ontology.terms import ACM, DCTERMS, FOAF, MEDIA_FRAGMENTS, MO, OA, PROV, RDF, TL, XSD
from ontology.values import Agent, Span

__all__ = ["entailed", "span_of", "statements_of"]

_LONGEST_MS = 12
_PATH = re.compile(rf"span/([0-9a-f]{{8,64}})/([0-9]{{1,{_LONGEST_MS}}})-([0-9]{{1,{_LONGEST_MS}}})")


def span_of(minter: Minter, iri: str) -> Span | None:
    """Return the span that an IRI names, or None if it names none.

    Examples
    --------
    >>> span_of(Minter("https://example.org/"), "https://example.org/span/00112233/12000-17500").fragment
    't=12,17.5'
    """
    found = _PATH.fullmatch(iri.removeprefix(minter.base)) if iri.startswith(minter.base) else None
    if found is None:
        return None
    start, end = (Decimal(digits) / 1000 for digits in found.groups()[1:])
    span = Span(found[1], start, end) if start < end else None
    return span if span is not None and minter.span(span) == iri else None


def statements_of(minter: Minter, span: Span) -> frozenset[ox.Triple]:
    """Return all that the recording and the times of a span entail."""
    node, selector = ox.NamedNode(minter.span(span)), ox.NamedNode(minter.selector(span))
    pairs: list[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]] = [
        *((node, RDF.type, ox.NamedNode(kind)) for kind in (OA.SpecificResource, TL.Interval, ACM.Span)),
        (node, OA.hasSource, ox.NamedNode(minter.recording(span.recording))),
        (node, TL.timeline, ox.NamedNode(minter.timeline(span.recording))),
        (node, OA.hasSelector, selector),
        (node, ACM.startSeconds, _decimal(span.start)),
        (node, ACM.endSeconds, _decimal(span.end)),
        (selector, RDF.type, ox.NamedNode(OA.FragmentSelector)),
        (selector, DCTERMS.conformsTo, ox.NamedNode(MEDIA_FRAGMENTS)),
        (selector, RDF.value, ox.Literal(span.fragment)),
    ]
    return frozenset(ox.Triple(subject, ox.NamedNode(property_), value) for subject, property_, value in pairs)


def entailed(service: Service, triples: Iterable[ox.Triple]) -> frozenset[ox.Triple]:
    """Return the statements of a document that the IRIs of its spans and persons entail.

    Raises
    ------
    Problem
        400, if a span is one of no recording of the archive, or ends after it.
    """
    minter = service.minter
    said: dict[str, set[ox.Triple]] = {}
    for one in triples:
        if isinstance(one.subject, ox.NamedNode):
            said.setdefault(one.subject.value.removesuffix("/selector"), set()).add(one)
    kept: set[ox.Triple] = set()
    for iri, of_it in said.items():
        span = span_of(minter, iri)
        if span is None:
            kept |= _of_person(minter, iri, of_it)
            continue
        _check_length(service, span)
        known = {_plain(one) for one in statements_of(minter, span)}
        kept |= {one for one in of_it if _plain(one) in known}
    return frozenset(kept)


def _of_person(minter: Minter, iri: str, said: Iterable[ox.Triple]) -> set[ox.Triple]:
    """Return the name of a person, from which the IRI is made, and that it is one."""
    said = list(said)
    fitting = {
        one
        for one in said
        if one.predicate.value == FOAF.name
        and isinstance(one.object, ox.Literal)
        and one.object.value.strip()
        and minter.agent(Agent(one.object.value, kind="person")) == iri
    }
    kinds = {ox.NamedNode(PROV.Person), ox.NamedNode(FOAF.Person)}
    types = {one for one in said if one.predicate.value == RDF.type and one.object in kinds}
    return fitting | types if fitting else set()


def _check_length(service: Service, span: Span) -> None:
    recording = service.minter.recording(span.recording)
    rows = service.own.rows(f"SELECT DISTINCT ?end {{ <{recording}> <{MO.time}>/<{ACM.endSeconds}> ?end }}").rows
    if not rows:
        raise Problem(400, f"There is no recording {recording}. Expected: a span of one that is in the archive.")
    longest = max(Decimal(end.value) for (end,) in rows if isinstance(end, ox.Literal))
    if span.end > longest:
        raise Problem(400, f"The span ends at {span.end} s. Expected: at most {longest} s, where the recording ends.")


def _decimal(value: Decimal) -> ox.Literal:
    return ox.Literal(format(value, "f"), datatype=ox.NamedNode(XSD.decimal))


def _plain(one: ox.Triple) -> tuple[str, str, str]:
    """Return a statement with its numbers in one notation (``5.5`` and ``5.500`` are one value)."""
    value = one.object
    text = str(value)
    if isinstance(value, ox.Literal) and value.datatype.value == XSD.decimal:
        try:
            text = f"{Decimal(value.value).normalize():f}"
        except InvalidOperation:
            text = str(value)
    return str(one.subject), one.predicate.value, text
