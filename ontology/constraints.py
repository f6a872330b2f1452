"""Shapes as SPARQL: what breaks a constraint, as an expression and as a query.

Conventions
-----------
- The standard defines each constraint component in words and mostly in SPARQL; each function here names the
  clause of https://www.w3.org/TR/shacl/ that it writes out.
- An *expression* is true where its variable breaks a constraint, false elsewhere, and never an error: what
  cannot be compared breaks the constraint, as the standard says.
- A *query* gives a row per finding, with the focus node as ``?this`` and, where there is one, the value as
  ``?value`` and the path as ``?path``.
- Literals are compared as terms, but in the order of SPARQL by ``<``; a number of another notation is the
  same term where the store keeps the value only (pyoxigraph: ``1.0`` and ``1.00``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, count

from rdflib import Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, XSD
from rdflib.term import Node

from ontology.errors import ValidationError
from ontology.shapes import COMPONENTS, Constraint, Path, Shape

__all__ = ["Check", "Query", "compile_shape"]

_NODE_KINDS = {
    SH.IRI: "isIRI({0})",
    SH.BlankNode: "isBlank({0})",
    SH.Literal: "isLiteral({0})",
    SH.BlankNodeOrIRI: "(isBlank({0}) || isIRI({0}))",
    SH.BlankNodeOrLiteral: "(isBlank({0}) || isLiteral({0}))",
    SH.IRIOrLiteral: "(isIRI({0}) || isLiteral({0}))",
}

_NUMBERS = (
    XSD.integer, XSD.decimal, XSD.float, XSD.double, XSD.byte, XSD.short, XSD.int, XSD.long, XSD.unsignedByte,
    XSD.unsignedShort, XSD.unsignedInt, XSD.unsignedLong, XSD.positiveInteger, XSD.negativeInteger,
    XSD.nonPositiveInteger, XSD.nonNegativeInteger,
)  # fmt: skip

_WELL_FORMED = {
    XSD.boolean: "({0} = true || {0} = false)",
    XSD.dateTime: "isNumeric(YEAR({0}))",
    XSD.date: "isLiteral(<http://www.w3.org/2001/XMLSchema#date>(STR({0})))",
    XSD.gYear: 'REGEX(STR({0}), "^-?([1-9][0-9]{{3,}}|0[0-9]{{3}})(Z|[+-][0-9]{{2}}:[0-9]{{2}})?$")',
    **dict.fromkeys(_NUMBERS, "isNumeric({0})"),
}
"""What holds of a well-formed literal of a datatype; those left out have no other literals or are not looked into."""

_COMPARISONS = {
    SH.minExclusive: ">",
    SH.minInclusive: ">=",
    SH.maxExclusive: "<",
    SH.maxInclusive: "<=",
    SH.lessThan: "<",
    SH.lessThanOrEquals: "<=",
}

_FEW = 4
"""Up to so many values are counted by giving each a variable of its own; more are counted by grouping."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query and what its rows mean.

    Parameters
    ----------
    select : str
        SPARQL.
    component : URIRef
        The constraint component that is broken.
    shape : Shape
        The shape that says so.
    messages : tuple of str
        What ought to be.
    """

    select: str
    component: URIRef
    shape: Shape
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A shape with targets, as SPARQL.

    Parameters
    ----------
    shape : Shape
    screen : str
        An ASK that is true if and only if one of `queries` has a row.
    queries : tuple of Query
        One per constraint of SHACL Core.
    selects : tuple of Query
        One per constraint in SPARQL.
    """

    shape: Shape
    screen: str
    queries: tuple[Query, ...]
    selects: tuple[Query, ...]


def compile_shape(shape: Shape, *, subclasses: bool) -> Check:
    """Return a shape with targets as SPARQL.

    Parameters
    ----------
    shape : Shape
    subclasses : bool
        Whether the data say anything with ``rdfs:subClassOf``; where they do not, a shorter path is the same.

    Raises
    ------
    ValidationError
        If it has something that cannot be written.
    """
    compiler = _Compiler(f"{RDF.type.n3()}/{RDFS.subClassOf.n3()}*" if subclasses else RDF.type.n3())
    targets = compiler.targets(shape)
    screen = f"ASK {{ {targets} FILTER({compiler.breaks(shape, '?this')}) }}"
    queries = tuple(compiler.queries(shape, targets))
    return Check(shape, screen, queries, tuple(_selects(shape, targets)))


def _selects(shape: Shape, targets: str) -> Iterator[Query]:
    """Yield the constraints in SPARQL (5.3.1), each with ``$this`` bound to the targets in its outermost group."""
    for constraint in shape.selects:
        head, brace, rest = constraint.select.partition("{")
        select = f"{head}{brace} {targets} {rest}"
        yield Query(select, SH.SPARQLConstraintComponent, shape, constraint.messages)
    for below in shape.properties:
        yield from _selects(below, _below(shape, targets))


def _below(shape: Shape, targets: str) -> str:
    """Return the focus nodes of the property shapes of a shape: its value nodes."""
    if shape.path is None:
        return targets
    above = f"?above{targets.count('?above')}"
    inner = targets.replace("?this", above)
    return f"{{ SELECT DISTINCT ?this WHERE {{ {inner} {above} {shape.path.sparql} ?this }} }}"


class _Compiler:
    """Writes shapes as SPARQL.

    Parameters
    ----------
    type_ : str
        The path from a node to its classes.
    """

    def __init__(self, type_: str) -> None:
        self._type = type_
        self._numbers = count(1)

    def _fresh(self) -> str:
        return f"?v{next(self._numbers)}"

    def targets(self, shape: Shape) -> str:
        """Return a pattern that binds ``?this`` to each focus node once (2.1.3)."""
        patterns = {
            SH.targetClass: f"?this {self._type} {{0}} .",
            SH.targetNode: "VALUES ?this {{ {0} }}",
            SH.targetSubjectsOf: "?this {0} ?any .",
            SH.targetObjectsOf: "?any {0} ?this .",
        }
        found = [patterns[kind].format(_term(value)) for kind, value in shape.targets]
        once = len(found) == 1 and shape.targets[0][0] == SH.targetClass and self._type == RDF.type.n3()
        if once:
            return found[0]
        return f"{{ SELECT DISTINCT ?this WHERE {{ {{ {' } UNION { '.join(found)} }} }} }}"

    def queries(self, shape: Shape, targets: str) -> Iterator[Query]:
        """Yield a query per constraint of a shape and of the property shapes below it."""
        for constraint in shape.constraints:
            component = COMPONENTS[constraint.kind]
            for select in self._select(shape.path, constraint, targets):
                yield Query(select, component, shape, shape.messages or (_default_message(constraint),))
        for below in shape.properties:
            yield from self.queries(below, _below(shape, targets))

    def _select(self, path: Path | None, constraint: Constraint, targets: str) -> Iterator[str]:
        """Yield what finds everything that breaks one constraint."""
        kind = constraint.kind
        values = "BIND(?this AS ?value)" if path is None else f"?this {path.sparql} ?value"
        if kind == SH.closed:
            known = f"FILTER({self._unknown(constraint, '?path')})"
            yield f"SELECT DISTINCT ?this ?path ?value WHERE {{ {targets} {values.replace('?value', '?node')} " \
                f"?node ?path ?value {known} }}"  # fmt: skip
        elif (whole := self._of_all(path, constraint, "?this")) is not None:
            yield f"SELECT DISTINCT ?this WHERE {{ {targets} FILTER({whole}) }}"
        else:
            one = self._of_one(constraint, "?this", "?value")
            yield f"SELECT DISTINCT ?this ?value WHERE {{ {targets} {values} FILTER({one}) }}"
        if kind == SH.equals:
            other = _term(constraint.value)
            missing = "!sameTerm(?this, ?value)" if path is None else f"NOT EXISTS {{ ?this {path.sparql} ?value }}"
            yield f"SELECT DISTINCT ?this ?value WHERE {{ {targets} ?this {other} ?value FILTER({missing}) }}"

    def breaks(self, shape: Shape, focus: str) -> str:
        """Return the expression that is true where a node does not keep to a shape (3.4), ``sh:sparql`` left out."""
        value = focus if shape.path is None else self._fresh()
        parts: list[str] = []
        values = [self.breaks(below, value) for below in shape.properties]
        for constraint in shape.constraints:
            whole = self._of_all(shape.path, constraint, focus)
            if whole is not None:
                parts.append(whole)
            else:
                values.append(self._of_one(constraint, focus, value))
            if constraint.kind == SH.equals:
                parts.append(self._lacks(shape.path, focus, _term(constraint.value)))
        if shape.path is None:
            parts += values
        elif values:
            parts.append(f"EXISTS {{ {focus} {shape.path.sparql} {value} FILTER({_any(values)}) }}")
        return _any(parts)

    def _inner(self, shape: Node | Shape | tuple[Node, ...] | None, focus: str) -> str:
        """Return the expression that is true where a node does not keep to a shape that another one names."""
        assert isinstance(shape, Shape), "these constraints have shapes"
        if _has_select(shape):
            raise ValidationError("a shape within another has sh:sparql", "SHACL Core there", "give it targets")
        return self.breaks(shape, focus)

    def _lacks(self, path: Path | None, focus: str, other: str) -> str:
        """Return the expression that is true where a value of another property is none of the path (4.5.1)."""
        value = self._fresh()
        missing = f"!sameTerm({focus}, {value})" if path is None else f"NOT EXISTS {{ {focus} {path.sparql} {value} }}"
        return f"EXISTS {{ {focus} {other} {value} FILTER({missing}) }}"

    def _of_all(self, path: Path | None, constraint: Constraint, focus: str) -> str | None:  # noqa: PLR0911  # one per clause
        """Return what is true of a focus node if its value nodes together break a constraint; None if they cannot."""
        kind, value = constraint.kind, constraint.value
        if kind == SH.hasValue:  # 4.8.2
            return f"!sameTerm({focus}, {_term(value)})" if path is None else (
                f"NOT EXISTS {{ {focus} {path.sparql} {_term(value)} }}"
            )  # fmt: skip
        if path is None:
            return None
        match constraint.name:
            case "minCount":  # 4.2.1
                return f"!{self._has(path, focus, _number(value))}" if _number(value) else "false"
            case "maxCount":  # 4.2.2
                return self._has(path, focus, _number(value) + 1)
            case "qualifiedMinCount":  # 4.7.3
                return f"!{self._has(path, focus, _number(value), constraint)}" if _number(value) else "false"
            case "qualifiedMaxCount":
                return self._has(path, focus, _number(value) + 1, constraint)
            case "uniqueLang":  # 4.4.5
                one, two = self._fresh(), self._fresh()
                same = f'LANG({one}) != "" && LCASE(LANG({one})) = LCASE(LANG({two})) && !sameTerm({one}, {two})'
                pair = f"{focus} {path.sparql} {one} . {focus} {path.sparql} {two}"
                return f"EXISTS {{ {pair} FILTER({same}) }}" if value == Literal(True) else "false"
        return None

    def _has(self, path: Path, focus: str, least: int, qualified: Constraint | None = None) -> str:
        """Return what is true of a node with so many values or more, which keep to a shape where one is given."""

        def kept(value: str) -> list[str]:
            return [f"!({self._inner(qualified.beside, value)})"] if qualified else []

        if least > _FEW:
            value = self._fresh()
            filters = f"FILTER({' && '.join(kept(value))})" if qualified else ""
            return (
                f"EXISTS {{ SELECT {focus} WHERE {{ {focus} {path.sparql} {value} {filters} }} "
                f"GROUP BY {focus} HAVING(COUNT(DISTINCT {value}) >= {least}) }}"
            )
        names = [self._fresh() for _ in range(least)]
        pattern = " . ".join(f"{focus} {path.sparql} {name}" for name in names)
        tests = [f"!sameTerm({one}, {two})" for one, two in combinations(names, 2)]
        tests += [test for name in names for test in kept(name)]
        filters = f"FILTER({' && '.join(tests)})" if tests else ""
        return f"EXISTS {{ {pattern} {filters} }}"

    def _unknown(self, constraint: Constraint, path: str) -> str:
        """Return what is true of a property that a closed shape does not know (4.8.1)."""
        assert isinstance(constraint.beside, tuple), "a closed shape knows its properties"
        known = ", ".join(_term(node) for node in constraint.beside)
        return f"{path} NOT IN ({known})"

    def _of_one(self, constraint: Constraint, focus: str, value: str) -> str:  # noqa: PLR0911  # one per clause
        """Return what is true of a value node that breaks a constraint."""
        kind, given = constraint.kind, constraint.value
        match constraint.name:
            case "class":  # 4.1.1
                return f"NOT EXISTS {{ {value} {self._type} {_term(given)} }}"
            case "not":  # 4.6.1
                return f"!({self._inner(_shape(given), value)})"
            case "node":  # 4.7.1
                return self._inner(_shape(given), value)
            case "and":  # 4.6.2
                return _any([self._inner(_shape(shape), value) for shape in _items(given)])
            case "or":  # 4.6.3
                return " && ".join(f"({self._inner(_shape(shape), value)})" for shape in _items(given))
            case "xone":  # 4.6.4
                kept = " + ".join(f"IF({self._inner(_shape(shape), value)}, 0, 1)" for shape in _items(given))
                return f"({kept}) != 1"
            case "equals":  # 4.5.1
                return f"NOT EXISTS {{ {focus} {_term(given)} {value} }}"
            case "disjoint":  # 4.5.2
                return f"EXISTS {{ {focus} {_term(given)} {value} }}"
            case "lessThan" | "lessThanOrEquals":  # 4.5.3, 4.5.4
                other = self._fresh()
                pair = f"COALESCE(!({value} {_COMPARISONS[kind]} {other}), true)"
                return f"EXISTS {{ {focus} {_term(given)} {other} FILTER({pair}) }}"
            case "closed":
                path, any_ = self._fresh(), self._fresh()
                return f"EXISTS {{ {value} {path} {any_} FILTER({self._unknown(constraint, path)}) }}"
        return _of_term(constraint, value)


def _of_term(constraint: Constraint, value: str) -> str:  # noqa: PLR0911  # one per clause
    """Return what is true of a value node that by itself breaks a constraint."""
    kind, given = constraint.kind, constraint.value
    match constraint.name:
        case "datatype":  # 4.1.2
            well_formed = _WELL_FORMED.get(URIRef(str(given)), "true").format(value)
            return f"COALESCE(!(DATATYPE({value}) = {_term(given)} && {well_formed}), true)"
        case "nodeKind":  # 4.1.3
            return f"!{_NODE_KINDS[URIRef(str(given))].format(value)}"
        case "minExclusive" | "minInclusive" | "maxExclusive" | "maxInclusive":  # 4.3
            return f"COALESCE(!({value} {_COMPARISONS[kind]} {_term(given)}), true)"
        case "minLength":  # 4.4.1
            return f"(isBlank({value}) || STRLEN(STR({value})) < {_number(given)})"
        case "maxLength":  # 4.4.2
            return f"(isBlank({value}) || STRLEN(STR({value})) > {_number(given)})"
        case "pattern":  # 4.4.3
            flags = f", {Literal(str(constraint.beside)).n3()}" if constraint.beside is not None else ""
            return f"(isBlank({value}) || !REGEX(STR({value}), {Literal(str(given)).n3()}{flags}))"
        case "languageIn":  # 4.4.4
            ranges = " || ".join(f"langMatches(LANG({value}), {_term(tag)})" for tag in _items(given))
            return f"COALESCE(!({ranges or 'false'}), true)"
        case "in":  # 4.8.3
            return f"!({_any([f'sameTerm({value}, {_term(item)})' for item in _items(given)])})"
    raise ValidationError(f"a node shape has sh:{constraint.name}", "a constraint on one node", "give a path")


def _any(parts: list[str]) -> str:
    return " || ".join(f"({part})" for part in parts) or "false"


def _has_select(shape: Shape) -> bool:
    return bool(shape.selects) or any(_has_select(below) for below in shape.properties)


def _items(value: Node | Shape | tuple[Node | Shape, ...]) -> tuple[Node | Shape, ...]:
    assert isinstance(value, tuple), "these constraints have lists"
    return value


def _shape(value: Node | Shape | tuple[Node | Shape, ...]) -> Shape:
    assert isinstance(value, Shape), "these constraints have shapes"
    return value


def _number(value: Node | Shape | tuple[Node | Shape, ...]) -> int:
    return int(str(value))


def _term(value: Node | Shape | tuple[Node | Shape, ...]) -> str:
    """Return a term as SPARQL writes it."""
    if isinstance(value, URIRef | Literal):
        return value.n3()
    raise ValidationError(f"the shapes name {value}", "an IRI or a literal", "give it an IRI")


def _default_message(constraint: Constraint) -> str:
    value = constraint.value
    shown = f" {value}" if isinstance(value, URIRef | Literal) else ""
    return f"The constraint sh:{constraint.name}{shown} is to be kept."
