"""RDF: every statement of the graphs that speak of a recording, as Turtle, JSON-LD or N-Quads.

Conventions
-----------
Graphs are given whole: those with a span of the recording, with an assessment of a claim about it, and what the
catalogue says of it. N-Quads and JSON-LD keep the names of the graphs, that is which run said what; Turtle cannot.
"""

import tempfile
from collections.abc import Iterator

import pyoxigraph as ox

from export.material import Material
from export.options import Options
from ontology.errors import InputError
from ontology.terms import FRBR, OA, PREFIXES
from store import Store

__all__ = ["stored_quads", "write_jsonld", "write_nquads", "write_turtle"]

_GRAPHS = f"""SELECT DISTINCT ?graph WHERE {{
  {{ GRAPH ?graph {{ ?span <{OA.hasSource}> ?_recording }} }}
  UNION {{ GRAPH ?graph {{ ?work <{FRBR.realization}> ?_recording }} }}
  UNION {{ {{ SELECT DISTINCT ?claim WHERE {{ ?span <{OA.hasSource}> ?_recording . ?claim <{OA.hasTarget}> ?span }} }}
    GRAPH ?graph {{ ?assessment <{OA.hasTarget}> ?claim }} }} }} ORDER BY ?graph"""


def stored_quads(store: Store, recording: str) -> Iterator[ox.Quad]:
    """Yield the quads of every graph that speaks of a recording."""
    for (graph,) in store.rows(_GRAPHS, {"_recording": ox.NamedNode(recording)}).rows:
        if isinstance(graph, ox.NamedNode):
            yield from store.quads(graph.value)


def _quads(options: Options) -> Iterator[ox.Quad]:
    if options.quads is None:
        raise InputError("an RDF dump was asked for without a store", "Options.quads", "see export.dump.stored_quads")
    return options.quads()


def write_nquads(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a line per statement."""
    for quad in _quads(options):
        yield f"{quad} .\n".encode()


def write_turtle(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield Turtle, each statement once, without the names of the graphs."""
    notes.append("Turtle has no named graphs: which run said what stands in nquads and jsonld")
    triples = sorted({quad.triple for quad in _quads(options)}, key=str)
    yield ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""


def write_jsonld(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield JSON-LD with an object per graph."""
    with tempfile.TemporaryFile() as draft:
        ox.serialize(_quads(options), draft, format=ox.RdfFormat.JSON_LD, prefixes=PREFIXES)
        draft.seek(0)
        while block := draft.read(1 << 20):
            yield block
