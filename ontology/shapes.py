"""Shapes as values: what SHACL Core and ``sh:sparql`` say in a shapes graph, read once.

Conventions
-----------
A shape that uses a SHACL term which is not known here is an error, never passed over. Terms of other
vocabularies say nothing to a validator and are not looked at.

Source: Shapes Constraint Language (SHACL), https://www.w3.org/TR/shacl/, sections 2 to 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS, SH
from rdflib.term import Node

from ontology.errors import ValidationError

__all__ = ["COMPONENTS", "Constraint", "Path", "Shape", "SparqlConstraint", "read_shapes"]

_PARAMETERS = (
    SH["class"], SH.datatype, SH.nodeKind, SH.minCount, SH.maxCount, SH.minExclusive, SH.minInclusive, SH.maxExclusive,
    SH.maxInclusive, SH.minLength, SH.maxLength, SH.pattern, SH.languageIn, SH.uniqueLang, SH.equals, SH.disjoint,
    SH.lessThan, SH.lessThanOrEquals, SH["not"], SH["and"], SH["or"], SH.xone, SH.node, SH.qualifiedMinCount,
    SH.qualifiedMaxCount, SH.closed, SH.hasValue, SH["in"],
)  # fmt: skip

COMPONENTS = {
    kind: SH[f"{name[0].upper()}{name[1:]}ConstraintComponent"]
    for kind in _PARAMETERS
    for name in [kind[len(str(SH)) :]]
}
"""The constraint component of each parameter that can stand alone (section 4)."""

_BESIDE = {SH.flags, SH.ignoredProperties, SH.qualifiedValueShape}
"""Parameters that belong to another one."""

_READ = {SH.path, SH.property, SH.sparql, SH.message, SH.severity, SH.deactivated,
         SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf}  # fmt: skip
_SAYS_NOTHING = {SH.name, SH.description, SH.order, SH.group, SH.defaultValue}
_LISTS = {SH["in"], SH.languageIn, SH["and"], SH["or"], SH.xone, SH.ignoredProperties}
_MANY_SIGNS = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}


@dataclass(frozen=True, slots=True)
class Path:
    """A property path (section 2.3.1).

    Parameters
    ----------
    sparql : str
        The path as SPARQL writes it.
    node : Node
        The path as it stands in the shapes graph.
    triples : tuple of (Node, Node, Node)
        What the shapes graph says of it, if it is more than a property.
    """

    sparql: str
    node: Node
    triples: tuple[tuple[Node, Node, Node], ...] = ()

    @property
    def name(self) -> str:
        """The IRI of the property; of a longer path, its SPARQL text."""
        return str(self.node) if isinstance(self.node, URIRef) else self.sparql


@dataclass(frozen=True, slots=True)
class Constraint:
    """One parameter of a constraint component with what belongs to it.

    Parameters
    ----------
    kind : URIRef
        The parameter, such as ``sh:minCount``; a key of `COMPONENTS`.
    value : Node or tuple
        Its value: a term, the terms of a list, a shape, or a list of shapes.
    beside : Node, Shape, tuple or None
        ``sh:flags`` of a pattern, the shape of a qualified count, the properties a closed shape knows.
    """

    kind: URIRef
    value: "Node | Shape | tuple[Node | Shape, ...]"
    beside: "Node | Shape | tuple[Node, ...] | None" = None

    @property
    def name(self) -> str:
        """The parameter without its namespace, such as ``minCount``."""
        return self.kind[len(str(SH)) :]


@dataclass(frozen=True, slots=True)
class SparqlConstraint:
    """A constraint in SPARQL (section 5): its query, with prefixes, and what it says of each solution."""

    select: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A node shape, or with a path a property shape.

    Parameters
    ----------
    node : Node
        Its name, or the blank node that stands for it.
    path : Path or None
    targets : tuple of (URIRef, Node)
        Kind of target, such as ``sh:targetClass``, and its value.
    constraints : tuple of Constraint
    properties : tuple of Shape
        Property shapes that its value nodes are to keep to.
    selects : tuple of SparqlConstraint
    messages : tuple of str
    severity : URIRef
    """

    node: Node
    path: Path | None
    targets: tuple[tuple[URIRef, Node], ...]
    constraints: tuple[Constraint, ...]
    properties: "tuple[Shape, ...]"
    selects: tuple[SparqlConstraint, ...]
    messages: tuple[str, ...]
    severity: URIRef


def read_shapes(graph: Graph) -> tuple[Shape, ...]:
    """Return the shapes that have targets, in the order of their names.

    Parameters
    ----------
    graph : Graph
        A shapes graph.

    Raises
    ------
    ValidationError
        If a shape is not well-formed, or uses something that is not known here.
    """
    kinds = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target)
    aimed = {node for kind in kinds for node in graph.subjects(kind, None)}
    aimed |= {node for node in graph.subjects(RDF.type, SH.NodeShape) if _is_class(graph, node)}
    shapes = (_shape(graph, node, ()) for node in sorted(aimed, key=str))
    return tuple(shape for shape in shapes if shape is not None)


def _shape(graph: Graph, node: Node, above: tuple[Node, ...]) -> Shape | None:
    """Return a shape with all below it, or None if it is deactivated."""
    if node in above:
        raise _wrong(node, "a shape that refers to itself", "shapes without recursion")
    if graph.value(node, SH.deactivated) == Literal(True):
        return None
    for predicate in set(graph.predicates(node, None)):
        known = COMPONENTS.keys() | _BESIDE | _READ | _SAYS_NOTHING
        if str(predicate).startswith(str(SH)) and predicate not in known:
            raise _wrong(node, f"sh:{str(predicate)[len(str(SH)) :]}", "SHACL Core or sh:sparql")
    below = (*above, node)
    start = graph.value(node, SH.path)
    properties = (_shape(graph, other, below) for other in _ordered(graph.objects(node, SH.property)))
    return Shape(
        node,
        None if start is None else Path(_path(graph, start), start, tuple(_triples(graph, start))),
        tuple(_targets(graph, node)),
        tuple(_constraints(graph, node, below)),
        tuple(shape for shape in properties if shape is not None),
        tuple(_selects(graph, node)),
        _messages(graph, node),
        _iri(graph.value(node, SH.severity, default=SH.Violation), node),
    )


def _ordered(nodes: Iterator[Node]) -> list[Node]:
    return sorted(nodes, key=str)


def _messages(graph: Graph, node: Node) -> tuple[str, ...]:
    return tuple(sorted(str(message) for message in graph.objects(node, SH.message)))


def _is_class(graph: Graph, node: Node) -> bool:
    return (node, RDF.type, RDFS.Class) in graph or (node, RDF.type, OWL.Class) in graph


def _targets(graph: Graph, node: Node) -> Iterator[tuple[URIRef, Node]]:
    """Yield the targets of a shape (section 2.1.3)."""
    for kind in (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf):
        yield from ((kind, value) for value in _ordered(graph.objects(node, kind)))
    if _is_class(graph, node):
        yield SH.targetClass, node


def _constraints(graph: Graph, node: Node, below: tuple[Node, ...]) -> Iterator[Constraint]:
    """Yield the constraints of a shape, those of its property shapes and in SPARQL left out."""
    for kind in sorted(COMPONENTS):
        for value in _ordered(graph.objects(node, kind)):
            if kind == SH.closed:
                if value == Literal(True):
                    yield Constraint(kind, value, tuple(_properties_of_closed(graph, node)))
            elif kind == SH.pattern:
                yield Constraint(kind, value, graph.value(node, SH.flags))
            elif kind in (SH.qualifiedMinCount, SH.qualifiedMaxCount):
                yield Constraint(kind, value, _inner(graph, graph.value(node, SH.qualifiedValueShape), below, node))
            elif kind in (SH.node, SH["not"]):
                yield Constraint(kind, _inner(graph, value, below, node))
            elif kind in (SH["and"], SH["or"], SH.xone):
                yield Constraint(kind, tuple(_inner(graph, item, below, node) for item in Collection(graph, value)))
            elif kind in _LISTS:
                yield Constraint(kind, tuple(Collection(graph, value)))
            else:
                yield Constraint(kind, value)


def _inner(graph: Graph, node: Node | None, below: tuple[Node, ...], owner: Node) -> Shape:
    """Return a shape that another one refers to; to one that is deactivated everything keeps (section 2.1.5)."""
    if node is None:
        raise _wrong(owner, "a qualified count without sh:qualifiedValueShape", "both")
    shape = _shape(graph, node, below)
    return shape or Shape(node, None, (), (), (), (), (), SH.Violation)


def _properties_of_closed(graph: Graph, node: Node) -> Iterator[Node]:
    for shape in graph.objects(node, SH.property):
        path = graph.value(shape, SH.path)
        if isinstance(path, URIRef):
            yield path
    for ignored in graph.objects(node, SH.ignoredProperties):
        yield from Collection(graph, ignored)


def _path(graph: Graph, node: Node) -> str:
    """Return a property path in the syntax of SPARQL."""
    if isinstance(node, URIRef):
        return node.n3()
    if (node, RDF.first, None) in graph:
        return "(" + "/".join(_path(graph, step) for step in Collection(graph, node)) + ")"
    for predicate, value in graph.predicate_objects(node):
        if predicate == SH.inversePath:
            return f"(^{_path(graph, value)})"
        if predicate == SH.alternativePath:
            return "(" + "|".join(_path(graph, way) for way in Collection(graph, value)) + ")"
        if predicate in _MANY_SIGNS:
            return f"({_path(graph, value)}{_MANY_SIGNS[URIRef(str(predicate))]})"
    raise _wrong(node, "a path that is none", "a property or a SHACL property path")


def _triples(graph: Graph, node: Node) -> Iterator[tuple[Node, Node, Node]]:
    """Yield what a graph says of a blank node and of those it leads to."""
    if isinstance(node, BNode):
        for triple in graph.triples((node, None, None)):
            yield triple
            yield from _triples(graph, triple[2])


def _selects(graph: Graph, node: Node) -> Iterator[SparqlConstraint]:
    """Yield the constraints in SPARQL (section 5.2) with the prefixes they name (section 5.2.1)."""
    for constraint in _ordered(graph.objects(node, SH.sparql)):
        if graph.value(constraint, SH.deactivated) == Literal(True):
            continue
        select = graph.value(constraint, SH.select)
        if select is None or "$PATH" in str(select):
            raise _wrong(constraint, f"the constraint {select}", "an sh:select without $PATH")
        declared = {
            (str(graph.value(prefix, SH.prefix)), str(graph.value(prefix, SH.namespace)))
            for owner in graph.objects(constraint, SH.prefixes)
            for prefix in graph.objects(owner, SH.declare)
        }
        head = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(declared))
        messages = _messages(graph, constraint) or _messages(graph, node)
        yield SparqlConstraint(f"{head}{select}", messages)


def _iri(value: Node | None, node: Node) -> URIRef:
    if not isinstance(value, URIRef):
        raise _wrong(node, f"the severity {value}", "an IRI such as sh:Warning")
    return value


def _wrong(node: Node, found: str, expected: str) -> ValidationError:
    where = "a blank node" if isinstance(node, BNode) else str(node)
    return ValidationError(f"the shapes have {found} ({where})", expected, "write it so, or as sh:sparql")
