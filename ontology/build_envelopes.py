"""Envelopes, needs and losses as RDF, for ``ontology/envelopes.ttl``; written by ``python -m ontology.build``.

Conventions
-----------
What a concept needs stands on the concept itself, narrower ones included, so that a query has nothing to inherit. What
is absent is not known (of a model) or not needed (of a concept).
"""

from decimal import Decimal

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, SKOS, XSD

from ontology.envelopes import Envelope, Envelopes, Loss, Need
from ontology.mint import concept, envelope
from ontology.terms import ACM, PREFIXES

__all__ = ["build_envelopes"]


def build_envelopes(tables: Envelopes) -> Graph:
    """Return envelopes, needs and losses as RDF, without blank nodes.

    Parameters
    ----------
    tables : Envelopes

    Returns
    -------
    rdflib.Graph
    """
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    for model in tables.envelopes.values():
        _envelope(graph, model)
    for id_, need in tables.needs.items():
        _need(graph, URIRef(concept(id_)), need)
    for loss in tables.losses:
        _loss(graph, URIRef(concept(loss.property)), loss)
    return graph


def _number(value: float) -> Literal:
    return Literal(Decimal(repr(value)), datatype=XSD.decimal)


def _put(graph: Graph, node: URIRef, values: dict[str, float | int | str | None]) -> None:
    for predicate, value in values.items():
        if isinstance(value, float):
            graph.add((node, URIRef(predicate), _number(value)))
        elif isinstance(value, int) or value:
            graph.add((node, URIRef(predicate), Literal(value)))


def _envelope(graph: Graph, model: Envelope) -> None:
    node = URIRef(envelope(model.id))
    graph.add((node, RDF.type, URIRef(ACM.Envelope)))
    graph.add((node, RDFS.label, Literal(model.label, "en")))
    graph.add((node, DCTERMS.source, Literal(model.source)))
    if model.caveats:
        graph.add((node, SKOS.note, Literal(model.caveats, "en")))
    _put(
        graph,
        node,
        {
            ACM.modelKind: model.kind,
            ACM.answersWith: model.answers,
            ACM.inputRateHz: model.sample_rate_hz,
            ACM.minimumHz: model.minimum_hz,
            ACM.maximumHz: model.maximum_hz,
            ACM.channelsHeard: model.channels,
            ACM.windowSeconds: model.window_s,
            ACM.longestInputSeconds: model.longest_input_s,
            ACM.hopSeconds: model.hop_s,
            ACM.tokenStepSeconds: model.token_step_s,
            ACM.melBins: model.mel_bins,
            ACM.codeLicence: model.licence_code,
            ACM.weightsLicence: model.licence_weights,
            ACM.envelopeChecked: model.source_checked,
        },
    )


def _need(graph: Graph, node: URIRef, need: Need) -> None:
    values: dict[str, float | int | str | None] = {
        ACM.needsChannels: need.channels,
        ACM.needsLowestHz: need.lowest_hz,
        ACM.needsHighestHz: need.highest_hz,
        ACM.needsStepSeconds: need.step_s,
        ACM.needsSeconds: need.shortest_s,
        ACM.needsBecause: need.because,
    }
    _put(graph, node, values)


def _loss(graph: Graph, node: URIRef, loss: Loss) -> None:
    graph.add((node, URIRef(ACM.lossReason), URIRef(concept(loss.reason))))
    values: dict[str, float | int | str | None] = {
        ACM.belowHz: loss.below_hz,
        ACM.aboveHz: loss.above_hz,
        ACM.channelsLeft: loss.channels,
        ACM.lossLimit: loss.limit,
        ACM.lossMargin: loss.margin,
    }
    _put(graph, node, values)
