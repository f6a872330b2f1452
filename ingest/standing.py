"""Which aspects a listener may claim: what its auditions found, and whom people trust in spite of that.

Conventions
-----------
The latest audition of an agent counts (``acv:controlsPassed``, by the end of the evaluation). An aspect that failed it
and that nobody trusts is *said*: what is heard of it is kept as a description and nothing is claimed. An aspect that no
audition asked about is claimed as before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pyoxigraph import NamedNode

from ingest.listeners.base import Heard, Identity, Listener, Sounding
from ingest.listeners.hearing import Listeners
from ontology.mint import Minter, concept
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.terms import ACM, ACV, DQV, PROV, SpanKind
from ontology.values import Agent, Claim, Description
from ontology.vocabulary import Vocabulary, load_vocabulary
from store import Store

__all__ = ["SAID", "Restrained", "demoted", "restrained", "said_only", "was_auditioned"]

SAID = "said-"
"""Begins the name of a description that would be a claim of the aspect that follows."""


def was_auditioned(store: Store, agent: Agent, minter: Minter) -> bool:
    """Tell whether the outcome of an audition of an agent is stored."""
    return store.ask(f"""ASK {{ GRAPH ?g {{ ?score <{DQV.computedOn}> <{minter.agent(agent)}> ;
        <{DQV.isMeasurementOf}> <{concept(ScoreMetric.PASSED)}> }} }}""")


def said_only(store: Store, agent: Agent, minter: Minter) -> frozenset[str]:
    """Return the aspects of which an agent may say something but claim nothing.

    Parameters
    ----------
    store : Store
    agent : Agent
    minter : Minter
        Of the archive.

    Returns
    -------
    frozenset of str
        Ids of concepts.
    """
    iri = minter.agent(agent)
    rows = store.rows(f"""
        SELECT ?aspect ?value WHERE {{ GRAPH ?g {{
            ?score <{DQV.computedOn}> <{iri}> ; <{DQV.isMeasurementOf}> <{concept(ScoreMetric.PASSED)}> ;
                <{ACM.heardUnder}> <{concept(ListeningCondition.ALL)}> ; <{ACM.scoredConcept}> ?aspect ;
                <{DQV.value}> ?value ; <{PROV.wasGeneratedBy}> ?evaluation .
            ?evaluation <{PROV.endedAtTime}> ?ended
        }} }} ORDER BY ?ended DESC(?value)""").rows
    latest = {}
    for aspect, value in rows:
        if isinstance(aspect, NamedNode) and value is not None:
            latest[aspect.value.removeprefix(ACV)] = float(getattr(value, "value", "0"))
    failed = {aspect for aspect, value in latest.items() if value < 1}
    trusted = store.rows(f"""
        SELECT DISTINCT ?aspect WHERE {{ GRAPH ?g {{
            ?trust a <{ACM.Trust}> ; <{DQV.computedOn}> <{iri}> ; <{ACM.aspect}> ?aspect
        }} }}""").rows
    return frozenset(
        failed - {aspect.value.removeprefix(ACV) for (aspect,) in trusted if isinstance(aspect, NamedNode)}
    )


def demoted(heard: Heard, said: frozenset[str], vocabulary: Vocabulary) -> Heard:
    """Turn the claims about some aspects into descriptions.

    Parameters
    ----------
    heard : Heard
    said : frozenset of str
        Aspects.
    vocabulary : Vocabulary

    Returns
    -------
    Heard
        A claim that was read from a description leaves it as it is; any other becomes a description of its own, with
        the label of the concept and the confidence.
    """
    kept = tuple(claim for claim in heard.claims if claim.aspect not in said)
    words = _words([claim for claim in heard.claims if claim.aspect in said and claim.derived_from is None], vocabulary)
    return Heard(heard.span, (*heard.descriptions, *words), kept, heard.answers, vector=heard.vector)


def _words(claims: Iterable[Claim], vocabulary: Vocabulary) -> list[Description]:
    by_aspect: dict[str, list[Claim]] = {}
    for claim in claims:
        by_aspect.setdefault(claim.aspect, []).append(claim)
    return [
        Description(
            own[0].span,
            "; ".join(f"{vocabulary.concepts[one.concept].label['en']} ({one.confidence:.3f})" for one in own),
            SAID + aspect, "en",
        )
        for aspect, own in by_aspect.items()
    ]  # fmt: skip


class Restrained:
    """A listener that claims nothing about some aspects.

    Parameters
    ----------
    listener : Listener
    said : frozenset of str
        Aspects of which it may only say something. They are among the parameters of its runs.
    """

    def __init__(self, listener: Listener, said: frozenset[str]) -> None:
        self._listener, self._said = listener, said

    @property
    def spans(self) -> frozenset[SpanKind]:
        """The kinds of span that it is to hear."""
        return self._listener.spans

    def identity(self) -> Identity:
        """Say which listener this is."""
        return replace(self._listener.identity(), said=tuple(sorted(self._said)))

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Say what is heard; see `Listener.listen`."""
        return [demoted(heard, self._said, load_vocabulary()) for heard in self._listener.listen(batch)]


def restrained(listeners: Listeners, store: Store, minter: Minter) -> Listeners:
    """Restrain each listener to what it may claim by what is stored of it.

    Parameters
    ----------
    listeners : Listeners
        Those that are trusted by the user of this ingest stay free in these aspects.
    store : Store
    minter : Minter
        Of the archive.
    """
    found: list[Listener] = []
    for one in listeners.listeners:
        said = said_only(store, one.identity().agent, minter) - listeners.trusted
        found.append(Restrained(one, said) if said else one)
    return replace(listeners, listeners=tuple(found))
