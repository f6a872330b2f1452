"""Stored questions as RDF: ``sh:SPARQLExecutable``, for catalogues of queries and programs that read them.

Source
------
SHACL Vocabulary (http://www.w3.org/ns/shacl#): ``sh:SPARQLExecutable``, ``sh:SPARQLSelectExecutable``, ``sh:select``;
Shapes Constraint Language (SHACL), W3C Recommendation 20 July 2017.
"""

from collections.abc import Iterator

import pyoxigraph as ox

from ontology.mint import Minter
from ontology.terms import DCTERMS, RDF, RDFS, SH
from queries.library import sparql
from queries.questions import StoredQuery, load_queries

__all__ = ["example_of", "executables", "questions_in_turtle"]


def example_of(query: StoredQuery) -> str:
    """Return a stored question as SPARQL that can be asked as it is: parameters without a default stay open.

    Examples
    --------
    >>> example_of(load_queries()["works"]).startswith("PREFIX")
    True
    """
    return query.text if any(one.required for one in query.parameters) else sparql(query.name, {})


def questions_in_turtle(minter: Minter) -> bytes:
    """Return what the archive's graph of stored questions holds."""
    written = ox.serialize(executables(minter.question("")), format=ox.RdfFormat.TURTLE)
    assert written is not None, "without an output the bytes are returned"
    return written


def executables(base: str, names: tuple[str, ...] = ()) -> Iterator[ox.Triple]:
    """Yield what is said of stored questions.

    Parameters
    ----------
    base : str
        What their IRIs begin with; the name follows.
    names : tuple of str
        Which; empty for all.
    """
    for name, query in load_queries().items():
        if names and name not in names:
            continue
        node = ox.NamedNode(f"{base}{name}")
        english = [(RDFS.label, query.summary), (RDFS.NS + "comment", query.description)]
        yield ox.Triple(node, ox.NamedNode(RDF.type), ox.NamedNode(SH.NS + "SPARQLExecutable"))
        yield ox.Triple(node, ox.NamedNode(RDF.type), ox.NamedNode(SH.NS + "SPARQLSelectExecutable"))
        for property_, text in english:
            yield ox.Triple(node, ox.NamedNode(property_), ox.Literal(text, language="en"))
        yield ox.Triple(node, ox.NamedNode(SH.NS + "select"), ox.Literal(example_of(query)))
        for tag in query.tags:
            yield ox.Triple(node, ox.NamedNode(DCTERMS.NS + "subject"), ox.Literal(tag))
