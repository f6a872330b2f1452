"""What others said of a recording, run by run: each thing once, and only what fits the recording."""

from collections.abc import Iterable

from ingest.heard import Contribution, Heard, Said
from ontology.errors import ClaimsError
from ontology.values import Agent, Claim, Description, Recording, Span
from ontology.vocabulary import Vocabulary

__all__ = ["fitting"]

_Key = tuple[Agent, tuple[tuple[str, str], ...]]
"""What a run of somebody else is known by."""


def fitting(
    heard: Iterable[Heard | Said], recording: Recording, vocabulary: Vocabulary
) -> tuple[list[Contribution], list[ClaimsError]]:
    """Return what others said of a recording, each thing once, and what does not fit it."""
    claims_: dict[_Key, dict[tuple[Span, str], tuple[Claim, str]]] = {}
    words: dict[_Key, dict[Description, None]] = {}
    problems = []
    for item in heard:
        key = (item.agent, item.parameters)
        try:
            if isinstance(item, Said):
                words.setdefault(key, {})[item.description(recording)] = None
            else:
                _add(claims_.setdefault(key, {}), item, item.claim(recording, vocabulary))
        except ClaimsError as error:
            problems.append(error)
    keys = [key for key in dict.fromkeys([*claims_, *words]) if claims_.get(key) or words.get(key)]
    return [
        Contribution(*key, tuple(claim for claim, _ in claims_.get(key, {}).values()), tuple(words.get(key, ())))
        for key in keys
    ], problems


def _add(made: dict[tuple[Span, str], tuple[Claim, str]], item: Heard, claim: Claim) -> None:
    """Add a claim to those of its run, where it stands once and has one confidence."""
    first, where = made.setdefault((claim.span, claim.concept), (claim, item.where))
    if claim == first:
        return
    if item.parameters:  # imported: padding that is cut off can make two labels of other times one claim
        made[claim.span, claim.concept] = max((first, where), (claim, item.where), key=lambda one: one[0].confidence)
        return
    raise ClaimsError(
        f"{item.where}: {item.agent.name} claims {claim.concept} from {claim.span.start} to {claim.span.end} s with the"
        f" confidence {claim.confidence:g} ({claim.confidence_kind}); {where} has the same claim with"
        f" {first.confidence:g} ({first.confidence_kind})",
        "one confidence of one kind for each claim", "delete one of the two rows; the first was taken",
    )  # fmt: skip
