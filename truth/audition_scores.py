"""The figures of an audition in the graph, and the trust of a person in spite of them.

Conventions
-----------
An audition is an evaluation (`truth.scores`) whose clips are a corpus of their own. Each figure of a control is an
``acm:Score`` about an aspect under the condition of that name; ``acv:controlsPassed`` under ``acv:controlAll`` is the
outcome, which `ingest.standing` reads. How right the best option is stands beside, concept by concept, under
``acv:conditionClean``.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from pyoxigraph import Literal, NamedNode, Quad

from ontology.mint import Minter, concept
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.terms import ACM, DCTERMS, DQV, FOAF, PROV, RDF, XSD
from ontology.values import Agent
from truth.audition import Auditioned
from truth.scores import Heading, Statement, decimal, head, typed

__all__ = ["graph", "quads", "trust_quads"]


def _id(done: Auditioned, minter: Minter) -> str:
    return minter.evaluation_id(done.identity.agent, done.stimuli.sum, done.parameters)


def graph(done: Auditioned, minter: Minter) -> str:
    """Return the IRI of the graph of an audition."""
    return minter.evaluation_graph(_id(done, minter))


def quads(done: Auditioned, minter: Minter) -> Iterator[Quad]:
    """Yield every statement of an audition.

    Parameters
    ----------
    done : Auditioned
    minter : Minter
        Of the archive.

    Yields
    ------
    Quad
        All in the graph that `graph` names.
    """
    id_, clips = _id(done, minter), done.stimuli.clips
    about = Heading(
        id_, done.identity.agent, done.parameters, done.stimuli.sum, done.stimuli.seed, len(clips), done.started,
        done.ended,
    )  # fmt: skip
    name = NamedNode(graph(done, minter))
    for subject, predicate, value in (*head(about, minter), *_controls(done, id_, minter), *_right(done, id_, minter)):
        term = NamedNode(value) if isinstance(value, str) else value
        yield Quad(NamedNode(subject), NamedNode(predicate), term, name)


def _controls(done: Auditioned, id_: str, minter: Minter) -> Iterator[Statement]:
    for result in done.results:
        if result.metric is not ScoreMetric.BALANCED_ACCURACY:  # which stands there concept by concept
            named = (result.aspect, result.control, result.metric)
            yield from _score(done, (id_, minter), named, (result.value, result.clips))


def _right(done: Auditioned, id_: str, minter: Minter) -> Iterator[Statement]:
    for one in done.right:
        named = (one.concept, ListeningCondition.CLEAN, ScoreMetric.BALANCED_ACCURACY)
        yield from _score(done, (id_, minter), named, (one.balanced_accuracy, len(one.answers)))
        node = minter.score(id_, *named)
        yield node, ACM.holdsInClips, typed(int(one.answers.truth.sum()), XSD.integer)
        yield node, ACM.intervalLow, decimal(one.low)
        yield node, ACM.intervalHigh, decimal(one.high)


def _score(
    done: Auditioned, minted: tuple[str, Minter], named: tuple[str, ListeningCondition, ScoreMetric],
    figures: tuple[float, int],
) -> Iterator[Statement]:  # fmt: skip
    (id_, minter), (scored, condition, metric), (value, clips) = minted, named, figures
    node = minter.score(id_, scored, condition, metric)
    yield from (
        (node, RDF.type, ACM.Score),
        (node, RDF.type, DQV.QualityMeasurement),
        (node, DQV.computedOn, minter.agent(done.identity.agent)),
        (node, DQV.isMeasurementOf, concept(metric)),
        (node, DQV.value, decimal(value)),
        (node, ACM.scoredConcept, concept(scored)),
        (node, ACM.heardUnder, concept(condition)),
        (node, ACM.scoredOn, minter.corpus(done.stimuli.sum)),
        (node, ACM.clips, typed(clips, XSD.integer)),
        (node, PROV.wasGeneratedBy, minter.evaluation(id_)),
    )


def trust_quads(
    trusted: tuple[Agent, str], person: Agent, because: str, when: datetime, minter: Minter
) -> Iterator[Quad]:
    """Yield what a person says who trusts an agent about an aspect although a control was not passed.

    Parameters
    ----------
    trusted : (Agent, str)
        The agent, and the id of the aspect.
    person : Agent
    because : str
        The reason, in words.
    when : datetime
        With time zone.
    minter : Minter

    Yields
    ------
    Quad
        All in the graph ``minter.trust_graph``.
    """
    agent, aspect = trusted
    node, who = NamedNode(minter.trust(agent, aspect, person)), NamedNode(minter.agent(person))
    name = NamedNode(minter.trust_graph(agent, aspect, person))
    moment = Literal(when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=NamedNode(XSD.dateTime))
    for subject, predicate, value in (
        (node, RDF.type, NamedNode(ACM.Trust)),
        (node, DQV.computedOn, NamedNode(minter.agent(agent))),
        (node, ACM.aspect, NamedNode(concept(aspect))),
        (node, DCTERMS.creator, who),
        (node, DCTERMS.created, moment),
        (node, DCTERMS.description, Literal(because)),
        (who, RDF.type, NamedNode(PROV.Person)),
        (who, FOAF.name, Literal(person.name)),
    ):
        yield Quad(subject, NamedNode(predicate), value, name)
