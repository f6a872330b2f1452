"""Claims by concept, agent, verdict, confidence, time, recording, run and work.

Conventions
-----------
Claims are ordered by recording, start and IRI. A claim is found by *time* if its span shares any with the stretch
``[from, to)``, in seconds. The verdicts of a page and its works are asked for after its claims: joined to all claims,
they would be read for those of other pages too.
"""

from dataclasses import dataclass

import pyoxigraph as ox
from fastapi import Request

from api.protocol.service import Service
from api.published.graph import load_published
from api.rest.asking import Page, Row, ask_by_line, local_address, values_of
from api.rest.lists import decimal, is_iri, works_of
from api.rest.models import Claim, Reference, Span, Term
from ontology.errors import ParameterError
from ontology.mint import concept
from ontology.terms import ACV, Verdict
from queries import find
from queries.arguments import bind_arguments
from store import Term as RdfTerm

__all__ = ["UNASSESSED", "ClaimFilter", "list_claims"]

UNASSESSED = "unassessed"

_CLAIMS = """SELECT ?claim ?concept ?aspect ?confidence ?kind ?maker ?agent ?created ?run ?span ?start ?end ?recording
WHERE {{
{before}
  GRAPH ?graph {{
    ?claim a acm:Claim ; oa:hasBody ?concept ; acm:aspect ?aspect ; acm:confidence ?confidence ;
        acm:confidenceKind ?kind ; dcterms:creator ?maker ; oa:hasTarget ?span .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
{inside}
    OPTIONAL {{ ?maker foaf:name ?agent }}
    OPTIONAL {{ ?claim dcterms:created ?created }}
    OPTIONAL {{ ?claim prov:wasGeneratedBy ?run }}
  }}
{after}
}}
ORDER BY ?recording ?start ?claim
LIMIT {limit}
"""

_BEFORE = {
    "concept": "  ?concept skos:broader* ?_concept .",
    "realized": "  GRAPH ?catalogue { ?_realized frbr:realization ?recording }",
    "work": "  { SELECT DISTINCT ?recording { GRAPH ?catalogue {\n"
    "    ?work a mo:MusicalWork ; dcterms:title ?title ; frbr:realization ?recording }\n"
    "    FILTER(CONTAINS(LCASE(?title), LCASE(?_work))) } }",
}
_INSIDE = {
    "only": "    ?claim oa:hasBody ?_only .",
    "maker": "    ?claim dcterms:creator ?_maker .",
    "recording": "    ?span oa:hasSource ?_recording .",
    "span": "    ?claim oa:hasTarget ?_span .",
    "run": "    ?claim prov:wasGeneratedBy ?_run .",
}
"""Patterns beside those of the claim, from which an engine can begin."""

_STANDS = "FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }"
"""Leaves out assessments that were taken back."""

_AFTER = {
    "agent": "  FILTER(CONTAINS(LCASE(?agent), LCASE(?_agent)))",
    "lowest": "  FILTER(?confidence >= ?_lowest)",
    "highest": "  FILTER(?confidence <= ?_highest)",
    "since": "  FILTER(?end > ?_since)",
    "until": "  FILTER(?start < ?_until)",
    "verdict": f"  FILTER EXISTS {{ ?assessment oa:hasTarget ?claim ; acm:verdict ?_verdict {_STANDS} }}",
    "unassessed": f"  FILTER NOT EXISTS {{ ?assessment oa:hasTarget ?claim ; acm:verdict ?any {_STANDS} }}",
    "last": "  FILTER(STR(?recording) > ?_last_recording || (STR(?recording) = ?_last_recording &&\n"
    "    (?start > ?_last_start || (?start = ?_last_start && STR(?claim) > ?_last_claim))))",
}
_VERDICTS = """SELECT DISTINCT ?claim ?verdict WHERE {{
  VALUES ?claim {{ {claims} }} ?assessment oa:hasTarget ?claim ; acm:verdict ?verdict
  FILTER NOT EXISTS {{ ?newer dcterms:replaces ?assessment }}
}} ORDER BY ?verdict"""


@dataclass(frozen=True)
class ClaimFilter:
    """Which claims are asked for; None lets all through.

    Parameters
    ----------
    concept : str, optional
        Id, IRI or label.
    narrower : bool
        Whether claims of narrower concepts count.
    agent, work : str, optional
        Part of a name or a title, or an IRI.
    verdict : str, optional
        Id of a verdict, or ``unassessed``.
    recording, span, run : str, optional
        IRIs.
    lowest, highest : float, optional
        Confidence, both included.
    since, until : float, optional
        Seconds.
    """

    concept: str | None = None
    narrower: bool = True
    agent: str | None = None
    verdict: str | None = None
    work: str | None = None
    recording: str | None = None
    span: str | None = None
    run: str | None = None
    lowest: float | None = None
    highest: float | None = None
    since: float | None = None
    until: float | None = None

    @classmethod
    def by(cls, name: str, iri: str) -> "ClaimFilter":
        """Return the claims about or by one thing, by the name of its condition."""
        made = cls()
        object.__setattr__(made, name, iri)
        return made

    def values(self) -> dict[str, RdfTerm]:
        """Return the term of each condition, by its name.

        Raises
        ------
        UnknownName, ParameterError
            If the concept or the verdict is unknown.
        """
        found: dict[str, RdfTerm] = {}
        if self.concept is not None:
            bound = bind_arguments(find("concept_across_works"), {"concept": self.concept})
            found["concept" if self.narrower else "only"] = bound["_concept_iri"]
        for name, exactly in (("agent", "maker"), ("work", "realized")):
            if (text := getattr(self, name)) is not None:
                found |= {exactly: ox.NamedNode(text)} if is_iri(text) else {name: ox.Literal(text)}
        for name in ("recording", "span", "run"):
            if (iri := getattr(self, name)) is not None:
                found[name] = ox.NamedNode(iri)
        for name in ("lowest", "highest", "since", "until"):
            if (number := getattr(self, name)) is not None:
                found[name] = decimal(number)
        if self.verdict == UNASSESSED:
            found["unassessed"] = ox.Literal("")
        elif self.verdict is not None:
            found["verdict"] = _verdict(self.verdict)
        return found


def _verdict(text: str) -> ox.NamedNode:
    known = [verdict.value for verdict in Verdict]
    if text.removeprefix(ACV) not in known:
        expected = ", ".join((*known, UNASSESSED))
        raise ParameterError(f"{text!r} is no verdict", f"one of {expected}")
    return ox.NamedNode(concept(text.removeprefix(ACV)))


async def list_claims(
    service: Service, request: Request, wanted: ClaimFilter, page: Page
) -> tuple[list[Claim], tuple[str, ...] | None]:
    """Return a page of claims, and the keys of its last one if there are more.

    Raises
    ------
    QueryError
        If it takes too long.
    UnknownName, ParameterError
        If a condition cannot be understood.
    """
    terms, last = wanted.values(), dict[str, RdfTerm]()
    if page.after:
        if len(page.after) != 3:
            raise ParameterError("the place in the list is not one in a list of claims", "that of the header Link")
        recording, start, claim = page.after
        last = {
            "_last_recording": ox.Literal(recording), "_last_start": decimal(start), "_last_claim": ox.Literal(claim),
        }  # fmt: skip
    before, inside = ("\n".join(each[name] for name in terms if name in each) for each in (_BEFORE, _INSIDE))
    after = "\n".join(_AFTER[name] for name in (*terms, *(["last"] if page.after else [])) if name in _AFTER)
    values: dict[str, RdfTerm] = {f"_{name}": term for name, term in terms.items() if name != "unassessed"}
    values |= last
    text = _CLAIMS.format(before=before, inside=inside, after=after, limit=page.limit + 1)
    rows = await ask_by_line(service, request, text, values)
    more, rows = len(rows) > page.limit, rows[: page.limit]
    keys = (rows[-1]["recording"], rows[-1]["start"], rows[-1]["claim"]) if more else None
    return await _claims(service, request, rows), keys


async def _claims(service: Service, request: Request, rows: list[Row]) -> list[Claim]:
    """Make claims of rows, with their works and verdicts."""
    if not rows:
        return []
    verdicts: dict[str, list[str]] = {}
    asked = _VERDICTS.format(claims=values_of([row["claim"] for row in rows]))
    for row in await ask_by_line(service, request, asked):
        verdicts.setdefault(row["claim"], []).append(row["verdict"].removeprefix(ACV))
    works = await works_of(service, request, [row["recording"] for row in rows])
    address, label = local_address(service, request), load_published().label

    def refer(iri: str, name: str | None = None) -> Reference:
        return Reference(id=iri, url=address(iri), name=name)

    return [
        Claim(
            id=row["claim"], url=address(row["claim"]),
            concept=Term(id=row["concept"], label=label(row["concept"])),
            aspect=Term(id=row["aspect"], label=label(row["aspect"])),
            confidence=float(row["confidence"]), confidence_kind=row["kind"],
            agent=refer(row["maker"], row.get("agent")), created=row.get("created"),
            run=refer(row["run"]) if "run" in row else None,
            span=Span(
                id=row["span"], url=address(row["span"]), start=float(row["start"]), end=float(row["end"]),
                recording=refer(row["recording"]),
            ),
            works=works.get(row["recording"], []), verdicts=verdicts.get(row["claim"], []),
        )
        for row in rows
    ]  # fmt: skip
