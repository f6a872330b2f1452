"""The side index: a SQLite file in each published generation, made of the quads and never a second truth.

It holds what SPARQL engines are slow at: spans in order of time, numbers of claims, and words. It is made of the quads
of the archive, graph by graph, kept in step with them by the revisions of graphs, and can be thrown away at any time.

- :mod:`store.index.schema`: the tables
- :mod:`store.index.reading`: from the quads of a graph to rows
- :mod:`store.index.building`: the index of the writer, and how it is compared with the archive
- :mod:`store.index.shortcuts`: what a query may ask of it
"""

from store.index.building import Fault, SideIndex, faults
from store.index.shortcuts import Pairs, Plan, Shortcut, Table

__all__ = ["Fault", "Pairs", "Plan", "Shortcut", "SideIndex", "Table", "faults"]
