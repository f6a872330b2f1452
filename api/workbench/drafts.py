"""Annotations a reviewer can send, written for the Web Annotation Protocol: verdicts, comments, corrections, claims.

Conventions
-----------
Nothing is stored here: a draft goes to the browser, which sends it to ``/annotations/`` with the token of the person.
A verdict takes the place (``replaces``) of an earlier one of the same person on the same claim; it is taken back by an
annotation of it that replaces it. A claim of one's own is taken back by rejecting it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox
from fastapi import Request

from api.protocol.annotations.entailed import span_of
from api.protocol.service import Service
from api.rest.asking import ask_by_line
from ontology.errors import InputError, UnknownName
from ontology.jsonld import CONTEXTS, Json
from ontology.mint import concept
from ontology.terms import ACV, MEDIA_FRAGMENTS, ConfidenceKind, Verdict
from ontology.values import Agent, Span, seconds
from ontology.vocabulary import load_vocabulary
from queries import bind_arguments, find

__all__ = [
    "Reviewer",
    "Target",
    "claim_draft",
    "comment_draft",
    "correction_drafts",
    "target_of",
    "verdict_draft",
    "withdrawal_draft",
]

BY_PERSON = (Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED)
_MOST_LETTERS = 4000
_OTHERS_ID = re.compile(r"[0-9a-f]{8,64}")

_TARGET = """SELECT DISTINCT ?span ?recording ?start ?end ?concept ?maker WHERE {
  GRAPH ?g { ?_claim oa:hasTarget ?span ; oa:hasBody ?concept ; acm:aspect ?aspect .
    ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end
    OPTIONAL { ?_claim dcterms:creator ?maker } }
}"""
_STANDING = """SELECT DISTINCT ?assessment WHERE {
  ?assessment a acm:Assessment ; oa:hasTarget ?_claim ; dcterms:creator ?_judge .
  FILTER NOT EXISTS { ?newer dcterms:replaces ?assessment }
} ORDER BY ?assessment"""
_DURATION = "SELECT (MAX(?end) AS ?duration) WHERE { ?_recording mo:time ?extent . ?extent acm:endSeconds ?end }"


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews.

    Parameters
    ----------
    iri, name : str
        Empty if nobody said a name.
    has_token : bool
        Then the server knows the person, and the draft names nobody.
    """

    iri: str
    name: str
    has_token: bool = False

    @classmethod
    def of(cls, service: Service, name: str, *, has_token: bool) -> "Reviewer":
        """Return the reviewer of a name.

        Raises
        ------
        InputError
            If the name is too long or holds control characters.
        """
        name = " ".join(name.split())
        if len(name) > 200 or not name.isprintable():
            raise InputError("the name of the reviewer is too long, or no line of text", "1 to 200 characters")
        return cls(service.minter.agent(Agent(name, kind="person")) if name else "", name, has_token)

    def creator(self) -> dict[str, Json]:
        """Return what a draft says of its creator."""
        if self.has_token or not self.name:
            return {}
        return {"creator": {"id": self.iri, "type": "Person", "name": self.name}}


@dataclass(frozen=True, slots=True)
class Target:
    """What a claim is about.

    Parameters
    ----------
    claim, maker : str
        IRIs.
    concept : str
        Id.
    span : Span
    """

    claim: str
    maker: str
    concept: str
    span: Span


def _annotation(reviewer: Reviewer, *types: str, **members: Json) -> dict[str, Json]:
    return {
        "@context": [*CONTEXTS],
        "type": ["Annotation", *types] if types else "Annotation",
        **members,
        **reviewer.creator(),
    }


def _words(text: str) -> str:
    text = text.strip()
    if len(text) > _MOST_LETTERS:
        raise InputError(f"the text has {len(text)} characters", f"at most {_MOST_LETTERS}", "shorten it")
    return text


def _body(text: str) -> dict[str, Json]:
    return {"body": {"type": "TextualBody", "value": text, "format": "text/plain"}} if text else {}


async def target_of(service: Service, request: Request, claim: str) -> Target:
    """Return what a claim is about.

    Raises
    ------
    UnknownName
        If the archive has no such claim.
    """
    try:
        node = ox.NamedNode(claim)
    except ValueError:
        rows = []
    else:
        rows = await ask_by_line(service, request, _TARGET, {"_claim": node})
    if not rows:
        raise UnknownName(
            f"there is no claim {claim[:200]!r}", "the IRI of a claim of this archive", "choose one in the queue"
        )
    row = rows[0]
    span = span_of(service.minter, row["span"])
    recording = row["recording"].removeprefix(service.minter.recording(""))
    span = span or Span(recording, seconds(Decimal(row["start"])), seconds(Decimal(row["end"])))
    return Target(claim, row.get("maker", ""), row["concept"].removeprefix(ACV), span)


async def verdict_draft(
    service: Service, request: Request, reviewer: Reviewer, claim: str, said: tuple[str, str]
) -> dict[str, Json]:
    """Return a verdict on a claim.

    Parameters
    ----------
    service : Service
    request : Request
    reviewer : Reviewer
    claim : str
        IRI.
    said : tuple of str
        Verdict, and the reason in words, which may be empty.

    Raises
    ------
    InputError
        If a person gives no such verdict, or the reason is too long.
    UnknownName
        If there is no such claim.
    """
    verdict, reason = said
    if verdict not in BY_PERSON:
        raise InputError(f"{verdict[:80]!r} is no verdict of a person", f"one of {', '.join(BY_PERSON)}")
    await target_of(service, request, claim)
    made = _annotation(
        reviewer, "Assessment", motivation="assessing", target=claim, verdict=concept(verdict), **_body(_words(reason))
    )
    replaced = await _standing(service, request, reviewer, claim)
    return {**made, "replaces": [*replaced]} if replaced else made


async def _standing(service: Service, request: Request, reviewer: Reviewer, claim: str) -> list[str]:
    """Return the verdicts of a person on a claim that stand; those of nobody named cannot be told apart."""
    if not reviewer.iri:
        return []
    values = {"_claim": ox.NamedNode(claim), "_judge": ox.NamedNode(reviewer.iri)}
    return [row["assessment"] for row in await ask_by_line(service, request, _STANDING, values)]


def comment_draft(reviewer: Reviewer, about: str, text: str) -> dict[str, Json]:
    """Return a comment on a claim.

    Raises
    ------
    InputError
        If it says nothing, or too much.
    """
    text = _words(text)
    if not text:
        raise InputError("the comment is empty", "some words", "type them, or leave it")
    return _annotation(reviewer, motivation="commenting", target=about, **_body(text))


def withdrawal_draft(reviewer: Reviewer, annotation: str) -> dict[str, Json]:
    """Return what takes a verdict or a comment back: it replaces it and says nothing in its place."""
    return _annotation(reviewer, motivation="editing", target=annotation, replaces=annotation)


async def claim_draft(
    service: Service, request: Request, reviewer: Reviewer, fields: Mapping[str, str]
) -> dict[str, Json]:
    """Return a claim that a person makes by ear.

    Parameters
    ----------
    service : Service
    request : Request
    reviewer : Reviewer
    fields : mapping of str to str
        ``recording`` (IRI), ``start`` and ``end`` (seconds), ``concept`` (id, IRI or label), ``confidence`` (0 to 1;
        1 if left out).

    Raises
    ------
    InputError
        If the stretch does not lie in the recording, or a number is none.
    UnknownName
        If there is no such recording or concept.
    """
    minter, vocabulary = service.minter, load_vocabulary()
    recording = fields.get("recording", "")
    id_ = recording.removeprefix(minter.recording(""))
    if not recording.startswith(service.base) or not _OTHERS_ID.fullmatch(id_):
        raise UnknownName(f"there is no recording {recording[:200]!r}", "the IRI of a recording of this archive")
    rows = await ask_by_line(service, request, _DURATION, {"_recording": ox.NamedNode(recording)})
    if not rows or "duration" not in rows[0]:
        raise UnknownName(f"there is no recording {recording[:200]!r}", "the IRI of a recording of this archive")
    span = Span(id_, _seconds(fields, "start"), _seconds(fields, "end"))
    if span.end > Decimal(rows[0]["duration"]):
        raise InputError(
            f"the stretch ends at {span.end} s", f"at most {rows[0]['duration']} s, where the recording ends"
        )
    bound = bind_arguments(find("concept_across_works"), {"concept": fields.get("concept", "")})
    if not fields.get("concept", "").strip():
        raise InputError("no concept was given", "a concept of the vocabulary", "choose one")
    chosen = str(bound["_concept_iri"].value).removeprefix(ACV)
    sure = fields.get("confidence", "").strip() or "1"
    try:
        confidence = Decimal(sure)
    except InvalidOperation:
        confidence = Decimal(-1)
    if not 0 <= confidence <= 1:
        raise InputError(f"the confidence is {sure[:40]!r}", "a number from 0 to 1")
    return _annotation(
        reviewer, "Claim", motivation="classifying", body=concept(chosen), aspect=concept(vocabulary.aspect(chosen)),
        confidence=format(confidence.normalize(), "f"), confidenceKind=concept(ConfidenceKind.VERBALISED),
        target=_span(service, span),
    )  # fmt: skip


async def correction_drafts(
    service: Service, request: Request, reviewer: Reviewer, fields: Mapping[str, str]
) -> list[dict[str, Json]]:
    """Return the rejection of a claim, and the claim that is made instead of it.

    Parameters
    ----------
    service : Service
    request : Request
    reviewer : Reviewer
    fields : mapping of str to str
        ``claim`` (IRI), and of the new claim what `claim_draft` takes; its stretch is that of the old one if none is
        given.
    """
    old = await target_of(service, request, fields.get("claim", ""))
    recording = service.minter.recording(old.span.recording)
    stretch = {"recording": recording, "start": f"{old.span.start:f}", "end": f"{old.span.end:f}"}
    given = {name: text for name, text in fields.items() if text.strip()}
    new = await claim_draft(service, request, reviewer, {**stretch, **given})
    if new["body"] == concept(old.concept) and old.span == span_of(service.minter, _span_iri(new)):
        raise InputError("the correction says the same as the claim", "another concept or another stretch")
    new["wasDerivedFrom"] = old.claim
    label = load_vocabulary().label(str(new["body"]).removeprefix(ACV))
    reason = fields.get("reason", "") or f"→ {label}"
    return [await verdict_draft(service, request, reviewer, old.claim, (Verdict.REJECTED, reason)), new]


def _span_iri(draft: Mapping[str, Json]) -> str:
    target = draft["target"]
    return str(target["id"]) if isinstance(target, dict) else ""


def _seconds(fields: Mapping[str, str], name: str) -> Decimal:
    text = fields.get(name, "").strip().replace(",", ".")
    try:
        value = Decimal(text)
        whole = value.quantize(Decimal("0.001"))
    except InvalidOperation:
        raise InputError(f"the {name} is {text[:40]!r}", "seconds, such as 12.5", "correct it") from None
    return whole


def _span(service: Service, span: Span) -> dict[str, Json]:
    """Return a span with all that its IRI entails."""
    minter = service.minter
    return {
        "id": minter.span(span), "type": ["Interval", "SpecificResource", "Span"],
        "source": minter.recording(span.recording), "timeline": minter.timeline(span.recording),
        "selector": {
            "id": minter.selector(span), "type": "FragmentSelector", "conformsTo": MEDIA_FRAGMENTS,
            "value": span.fragment,
        },
        "startSeconds": format(span.start.normalize(), "f"), "endSeconds": format(span.end.normalize(), "f"),
    }  # fmt: skip
