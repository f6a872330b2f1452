"""Containers of annotations: one over all, one per recording, one per agent, each in pages.

Conventions
-----------
A container holds every annotation there is but measurements, which are data that claims refer to: those that were sent,
and those of runs. Annotations stand in the order of their IRIs.

Source
------
Web Annotation Protocol, W3C Recommendation 23 February 2017, clause 4.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pyoxigraph as ox

from api.annotating import find_annotation
from api.protocol.annotations.contributions import Contributions
from api.protocol.problems import Problem
from api.protocol.service import PATHS, Service
from ontology.jsonld import CONTEXTS, Json, annotation
from ontology.terms import ACM, DCTERMS, LDP, OA, PROV, RDF, RDFS, XSD

__all__ = ["PAGE_SIZE", "Container", "Containers", "Contents"]

PAGE_SIZE = 20
_AS = "https://www.w3.org/ns/activitystreams#"
_LDP_CONTEXT = "http://www.w3.org/ns/ldp.jsonld"
_NEVER = "1970-01-01T00:00:00Z"
_MEMBER = f"?a a <{OA.Annotation}> . FILTER NOT EXISTS {{ ?a a <{ACM.MeasurementAnnotation}> }}"


@dataclass(frozen=True)
class Container:
    """A container.

    Parameters
    ----------
    path : str
        Below the container of all, with a slash at the end; empty for that one.
    iri, label : str
    pattern : str
        Binds ``?a`` to its annotations.
    of : str
        IRI of the recording or agent whose annotations it holds; empty for all.
    """

    path: str
    iri: str
    label: str
    pattern: str
    of: str = ""

    @property
    def takes(self) -> bool:
        """Whether annotations can be sent to it."""
        return not self.path.startswith("agent/")


@dataclass(frozen=True)
class Contents:
    """How much a container holds.

    Parameters
    ----------
    total : int
    modified : str
        When an annotation came, changed or went last.
    version : str
        Name of the state of the data; empty where the store has none.
    """

    total: int
    modified: str
    version: str

    @property
    def last(self) -> int:
        """Number of the last page, from 0."""
        return max(self.total - 1, 0) // PAGE_SIZE

    @property
    def digest(self) -> str:
        """What changes whenever the contents do."""
        told = f"{self.total} {self.modified} {self.version}"
        return hashlib.sha256(told.encode()).hexdigest()[:20]


class Containers:
    """The containers of an archive.

    Parameters
    ----------
    service : Service
    contributions : Contributions
    """

    def __init__(self, service: Service, contributions: Contributions) -> None:
        self._service = service
        self._contributions = contributions
        self._base = f"{service.base}{PATHS.annotations}"
        self._counted = lru_cache(maxsize=256)(self._count)

    def find(self, path: str) -> Container:
        """Return the container at a path below that of all.

        Raises
        ------
        Problem
            404, if there is none.
        """
        if not path:
            return Container("", self._base, f"Annotations of {self._service.name}", _MEMBER)
        kind, _, rest = path.rstrip("/").partition("/")
        of = f"{self._service.base}{kind}/{rest}"
        try:
            node = ox.NamedNode(of)
        except ValueError:
            node = None
        if kind not in ("recording", "agent") or not rest or node is None or not self._is_known(node):
            raise Problem(404, f"There is no container {path}. Expected: recording/ID/ or agent/ID/, of what is here.")
        return Container(path, f"{self._base}{path}", f"Annotations {_LABELS[kind]} {of}", _of(kind, of), of)

    def _is_known(self, node: ox.NamedNode) -> bool:
        return self._service.own.ask(f"ASK {{ {{ {node} ?p ?o }} UNION {{ ?s ?p {node} }} }}")

    def contents(self, container: Container) -> Contents:
        """Count what a container holds; once for each state of the data."""
        version = self._service.own.version()
        return self._count(container, "") if version is None else self._counted(container, version)

    def _count(self, container: Container, version: str) -> Contents:
        own = self._service.own
        total = own.rows(f"SELECT (COUNT(DISTINCT ?a) AS ?n) {{ {container.pattern} }}").rows[0][0]
        moment = own.rows(
            f"SELECT (MAX(?t) AS ?m) {{ {{ ?note a <{LDP.RDFSource}> ; <{DCTERMS.modified}> ?t }} UNION "
            f"{{ ?version <{PROV.invalidatedAtTime}> ?t }} UNION "
            f"{{ {container.pattern} ?a <{PROV.wasGeneratedBy}> ?run ; <{DCTERMS.created}> ?t }} }}"
        ).rows[0][0]
        assert isinstance(total, ox.Literal), "a count is a number"
        return Contents(int(total.value), moment.value if isinstance(moment, ox.Literal) else _NEVER, version)

    def iris(self, container: Container, page: int) -> list[str]:
        """Return the IRIs of a page."""
        rows = self._service.own.rows(
            f"SELECT DISTINCT ?a {{ {container.pattern} }} ORDER BY ?a LIMIT {PAGE_SIZE} OFFSET {page * PAGE_SIZE}"
        ).rows
        return [term.value for (term,) in rows if isinstance(term, ox.NamedNode)]

    def descriptions(self, iris: list[str]) -> list[Json]:
        """Return annotations in full."""
        names = {iri: iri.removeprefix(self._base) for iri in iris if iri.startswith(self._base)}
        graphs = {iri: self._service.minter.contribution_graph(name) for iri, name in names.items()}
        states = self._contributions.read_graphs(graphs.values()) if graphs else {}
        found: list[Json] = []
        for iri in iris:
            state = states.get(graphs.get(iri, ""))
            document = annotation(find_annotation(self._service.own, iri), iri) if state is None else None
            found.append(_inside(document or self._contributions.document(state)) if state else _inside(document or {}))
        return found

    def page(self, container: Container, number: int, *, iris: bool) -> dict[str, Json]:
        """Return a page without its context.

        Raises
        ------
        Problem
            404, if it is beyond the last.
        """
        contents = self.contents(container)
        if number > contents.last:
            raise Problem(404, f"There is no page {number}. Expected: 0 to {contents.last}.")
        members = self.iris(container, number)
        page: dict[str, Json] = {
            "id": page_iri(container, number, iris=iris), "type": "AnnotationPage",
            "partOf": {
                "id": collection_iri(container, iris=iris), "total": contents.total, "modified": contents.modified,
                "label": container.label,
            },
            "startIndex": number * PAGE_SIZE,
        }  # fmt: skip
        if number < contents.last:
            page["next"] = page_iri(container, number + 1, iris=iris)
        if number > 0:
            page["prev"] = page_iri(container, number - 1, iris=iris)
        page["items"] = [*members] if iris else self.descriptions(members)
        return page

    def collection(self, container: Container, *, minimal: bool, iris: bool) -> dict[str, Json]:
        """Return the description of a container, with its first page unless it is to be minimal."""
        contents = self.contents(container)
        found: dict[str, Json] = {
            "@context": [CONTEXTS[0], _LDP_CONTEXT],
            "id": container.iri if minimal else collection_iri(container, iris=iris),
            "type": ["BasicContainer", "AnnotationCollection"],
            "label": container.label, "total": contents.total, "modified": contents.modified,
        }  # fmt: skip
        if contents.total:
            first: Json = page_iri(container, 0, iris=iris)
            found["first"] = first if minimal else self.page(container, 0, iris=iris)
            found["last"] = page_iri(container, contents.last, iris=iris)
        return found

    def triples(self, container: Container, *, iris: bool) -> list[ox.Triple]:
        """Return the description of a container as RDF."""
        contents = self.contents(container)
        node, type_ = ox.NamedNode(container.iri), RDF.type
        pairs: list[tuple[str, ox.NamedNode | ox.Literal]] = [
            (type_, ox.NamedNode(LDP.BasicContainer)),
            (type_, ox.NamedNode(_AS + "OrderedCollection")),
            (RDFS.label, ox.Literal(container.label)),
            (_AS + "totalItems", _typed(str(contents.total), "nonNegativeInteger")),
            (DCTERMS.modified, _typed(contents.modified, "dateTime")),
        ]
        if contents.total:
            for word, number in (("first", 0), ("last", contents.last)):
                pairs.append((_AS + word, ox.NamedNode(page_iri(container, number, iris=iris))))
        return [ox.Triple(node, ox.NamedNode(property_), value) for property_, value in pairs]


_LABELS: Mapping[str, str] = {"recording": "of the recording", "agent": "by the agent"}


def _of(kind: str, of: str) -> str:
    """Return the pattern of the annotations of a recording or an agent."""
    if kind == "agent":
        return f"?a <{DCTERMS.creator}> <{of}> . {_MEMBER}"
    target, source = f"<{OA.hasTarget}>", f"<{OA.hasSource}>"
    return (
        f"{{ ?a {target} <{of}> }} UNION {{ ?a {target}/{source} <{of}> }} UNION "
        f"{{ ?a {target}/{target}/{source} <{of}> }} UNION "
        f'{{ ?a {target} ?_part FILTER(STRSTARTS(STR(?_part), "{of}#")) }} {_MEMBER}'
    )


def collection_iri(container: Container, *, iris: bool) -> str:
    """Return the IRI of a container whose pages hold IRIs or descriptions."""
    return f"{container.iri}?iris={int(iris)}"


def page_iri(container: Container, number: int, *, iris: bool) -> str:
    """Return the IRI of a page."""
    return f"{container.iri}?iris={int(iris)}&page={number}"


def _inside(document: dict[str, Json]) -> Json:
    """Return an annotation as it stands inside a page: without a context that the page names already."""
    if document.get("@context") == CONTEXTS[0]:
        return {key: value for key, value in document.items() if key != "@context"}
    return document


def _typed(text: str, type_: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD.NS + type_))
