"""Scores in the graph: each figure of an evaluation as a DQV measurement on agent, concept and condition.

Conventions
-----------
All scores of one evaluation, with the evaluation, its agent and its corpus, stand in one named graph, which can be
withdrawn whole. The same agent, corpus, settings and code give the same graph again. Metrics and conditions are
concepts of the vocabulary. Numbers have four decimal places.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyoxigraph import Literal, NamedNode, Quad

from ontology.mint import Minter, concept
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.terms import ACM, DCTERMS, DQV, FOAF, MLS, PROV, RDF, RDFS, XSD
from ontology.values import Agent
from truth.answering import Corpus
from truth.describers import Describer
from truth.evaluation import CERTAINTY
from truth.results import ConceptScore, Evaluation

__all__ = ["Evaluated", "Heading", "Statement", "condition_id", "decimal", "figures", "graph", "head", "quads", "typed"]


@dataclass(frozen=True)
class Evaluated:
    """An evaluation that was done, with all that names it.

    Parameters
    ----------
    who : Describer
    corpus : Corpus
    evaluation : Evaluation
    started, ended : datetime
        With time zone.
    """

    who: Describer
    corpus: Corpus
    evaluation: Evaluation
    started: datetime
    ended: datetime

    @property
    def parameters(self) -> Mapping[str, str]:
        """Everything besides agent and corpus that can change a score."""
        return {
            **self.who.parameters,
            "certainty": f"{CERTAINTY:g}",
            "clips": str(self.evaluation.clips),
            "conditions": " ".join(self.evaluation.conditions),
        }


def condition_id(name: str) -> str:
    """Return the concept of a condition.

    Examples
    --------
    >>> str(condition_id("noise20"))
    'conditionNoise20'
    """
    return ListeningCondition(f"condition{name.capitalize()}")


def figures(score: ConceptScore) -> dict[ScoreMetric, float]:
    """Return the figures of a concept that are stored, by metric; none if it is not judged."""
    if score.held_out is None:
        return {}
    found = {
        ScoreMetric.BALANCED_ACCURACY: score.held_out.balanced_accuracy,
        ScoreMetric.COVERAGE: score.held_out.coverage,
        ScoreMetric.KAPPA: score.held_out.kappa,
        ScoreMetric.CALIBRATION_ERROR: score.held_out.ece,
        ScoreMetric.BRIER: score.held_out.brier,
        ScoreMetric.RISK_AREA: score.held_out.risk_area,
    }
    return {metric: value for metric, value in found.items() if math.isfinite(value)}


def _id(done: Evaluated, minter: Minter) -> str:
    return minter.evaluation_id(done.who.agent, done.corpus.sum, done.parameters)


def graph(done: Evaluated, minter: Minter) -> str:
    """Return the IRI of the graph of an evaluation."""
    return minter.evaluation_graph(_id(done, minter))


def quads(done: Evaluated, minter: Minter) -> Iterator[Quad]:
    """Yield every statement of an evaluation.

    Parameters
    ----------
    done : Evaluated
    minter : Minter
        Of the archive.

    Yields
    ------
    Quad
        All in the graph that `graph` names.
    """
    name = NamedNode(graph(done, minter))
    for subject, predicate, value in (*head(_heading(done, minter), minter), *_scores(done, minter)):
        term = NamedNode(value) if isinstance(value, str) else value
        yield Quad(NamedNode(subject), NamedNode(predicate), term, name)


Statement = tuple[str, str, str | Literal]
"""Subject, predicate and object; an object that is a str is an IRI."""


def typed(value: object, datatype: str) -> Literal:
    """Return a literal with a datatype."""
    return Literal(str(value), datatype=NamedNode(datatype))


def decimal(value: float) -> Literal:
    """Return a number as ``xsd:decimal`` with four places."""
    return typed(f"{value:.4f}", XSD.decimal)


def _time(moment: datetime) -> Literal:
    return typed(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), XSD.dateTime)


@dataclass(frozen=True)
class Heading:
    """What an evaluation is of.

    Parameters
    ----------
    id : str
        Its digest (`Minter.evaluation_id`).
    agent : Agent
        Who was evaluated.
    parameters : Mapping of str to str
    corpus : str
        SHA-256 sum of what it was asked about.
    seed, clips : int
        Of that.
    started, ended : datetime
    """

    id: str
    agent: Agent
    parameters: Mapping[str, str]
    corpus: str
    seed: int
    clips: int
    started: datetime
    ended: datetime


def head(about: Heading, minter: Minter) -> Iterator[Statement]:
    """Yield what is said of an evaluation, its agent and its corpus."""
    node, corpus, agent = minter.evaluation(about.id), minter.corpus(about.corpus), minter.agent(about.agent)
    yield from (
        (node, RDF.type, ACM.Evaluation),
        (node, RDF.type, PROV.Activity),
        (node, PROV.wasAssociatedWith, agent),
        (node, PROV.used, corpus),
        (node, PROV.startedAtTime, _time(about.started)),
        (node, PROV.endedAtTime, _time(about.ended)),
        (minter.evaluation_graph(about.id), PROV.wasGeneratedBy, node),
        (agent, RDF.type, PROV.SoftwareAgent),
        (agent, FOAF.name, Literal(about.agent.name)),
        (agent, DCTERMS.hasVersion, Literal(about.agent.version or "")),
        (corpus, RDF.type, ACM.Corpus),
        (corpus, ACM.sha256, Literal(about.corpus)),
        (corpus, ACM.seed, typed(about.seed, XSD.integer)),
        (corpus, ACM.clips, typed(about.clips, XSD.integer)),
    )
    for name, value in sorted(about.parameters.items()):
        setting = minter.evaluation_parameter(about.id, name)
        yield from (
            (node, MLS.hasInput, setting),
            (setting, RDF.type, MLS.HyperParameterSetting),
            (setting, RDFS.label, Literal(name)),
            (setting, MLS.hasValue, Literal(value)),
        )
    for metric in ScoreMetric:
        yield concept(metric), RDF.type, DQV.Metric


def _heading(done: Evaluated, minter: Minter) -> Heading:
    size = int(str(done.corpus.header["size"]))
    return Heading(_id(done, minter), done.who.agent, done.parameters, done.corpus.sum, done.corpus.seed, size,
                   done.started, done.ended)  # fmt: skip


def _scores(done: Evaluated, minter: Minter) -> Iterator[Statement]:
    id_ = _id(done, minter)
    for score in done.evaluation.concepts:
        for metric, value in figures(score).items():
            assert score.held_out is not None
            condition = condition_id(score.condition)
            node = minter.score(id_, score.concept, condition, metric)
            yield from (
                (node, RDF.type, ACM.Score),
                (node, RDF.type, DQV.QualityMeasurement),
                (node, DQV.computedOn, minter.agent(done.who.agent)),
                (node, DQV.isMeasurementOf, concept(metric)),
                (node, DQV.value, decimal(value)),
                (node, ACM.scoredConcept, concept(score.concept)),
                (node, ACM.heardUnder, concept(condition)),
                (node, ACM.scoredOn, minter.corpus(done.corpus.sum)),
                (node, ACM.clips, typed(score.held_out.true + score.held_out.false, XSD.integer)),
                (node, ACM.holdsInClips, typed(score.held_out.true, XSD.integer)),
                (node, PROV.wasGeneratedBy, minter.evaluation(id_)),
            )
            if metric is ScoreMetric.BALANCED_ACCURACY:
                yield node, ACM.intervalLow, decimal(score.held_out.low)
                yield node, ACM.intervalHigh, decimal(score.held_out.high)
