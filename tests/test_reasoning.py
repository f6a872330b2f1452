"""The ontology is sound for a reasoner: with claims that disagree it is consistent, with broken data it is not.

The reasoner is HermiT, which comes with owlready2 and needs Java. OWL 2 DL wants individuals declared, so each node of
the data is declared here as `owl:NamedIndividual`.
"""

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.namespace import OWL, RDF

from ontology.terms import PREFIXES, Verdict
from ontology.vocabulary import FOLDER
from tests.graphs import (
    ASSESSOR,
    GLASS_TIDES,
    LISTENER,
    MEASURER,
    assessing_run,
    claim_iri,
    describing_run,
    small_graph,
)

owlready2 = pytest.importorskip("owlready2", reason="owlready2 is not installed: pip install 'acousma[dev]'")

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None, reason="HermiT needs Java, and there is no java on the path"
)

PREFIX = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())


def disagreement() -> str:
    """Return two models that hear two concepts of one aspect over one span, and a measurement against one of them."""
    heard = {LISTENER: "bright", MEASURER: "dark"}
    lines = [
        line
        for agent, id_ in heard.items()
        for line in describing_run(GLASS_TIDES, agent, [(1.0, 4.0, None, id_, 0.9)])
    ]
    judged = [
        (claim_iri(GLASS_TIDES, agent, 1.0, 4.0, heard[agent]), verdict, 0.95, ("brightnessCentroid",))
        for agent, verdict in ((LISTENER, Verdict.CONTRADICTED), (MEASURER, Verdict.SUPPORTED))
    ]
    lines += assessing_run(GLASS_TIDES, ASSESSOR, judged, [(1.0, 4.0, None, "brightnessCentroid", 300.0)])
    return "".join(lines)


def is_consistent(folder: Path, nquads: str, more: str = "") -> bool:
    """Ask HermiT whether ontology, vocabulary and data can all be true."""
    graph = Graph().parse(FOLDER / "ontology.ttl").parse(FOLDER / "vocabulary.ttl")
    triples = {quad.triple for quad in ox.parse(nquads.encode(), ox.RdfFormat.N_QUADS)}
    data = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"", format="nt")
    data.parse(data=PREFIX + more, format="turtle")
    for node in set(data.subjects()):
        data.add((node, RDF.type, OWL.NamedIndividual))
    path = folder / "all.nt"
    (graph + data).serialize(path, format="nt", encoding="utf-8")
    world = owlready2.World()
    world.get_ontology(path.as_uri()).load()
    try:
        owlready2.sync_reasoner_hermit(world, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return False
    assert list(world.inconsistent_classes()) == []
    return True


def test_two_models_that_disagree_and_a_contradiction_are_consistent(tmp_path: Path) -> None:
    data = disagreement()
    assert data.count("ontology#Claim>") == 2
    assert is_consistent(tmp_path, data)


def test_the_small_archive_is_consistent(tmp_path: Path) -> None:
    assert is_consistent(tmp_path, small_graph())


@pytest.mark.parametrize(
    "broken",
    [
        "<https://e.org/x> a acm:Claim , acm:Assessment .",
        "<https://e.org/x> a acm:Claim ; acm:verdict acv:supported .",
        "<https://e.org/x> a acm:Span ; acm:startSeconds 1.0 , 2.0 .",
        "<https://e.org/x> a acm:Scale , skos:Concept .",
        "<https://e.org/x> a acm:Step ; acm:position 1 , 2 .",
    ],
)
def test_a_broken_datum_is_inconsistent(tmp_path: Path, broken: str) -> None:
    assert not is_consistent(tmp_path, disagreement(), broken)
