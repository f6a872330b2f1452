"""Mappings to other vocabularies, read from the SSSOM tables that people edit, and written as SKOS.

Conventions
-----------
``mappings/<target>.sssom.tsv`` is one mapping set in SSSOM/TSV (https://w3id.org/sssom): metadata in YAML on lines that
start with ``#``, then a table, one mapping a row. Subjects are concepts or observable properties of the vocabulary,
objects are terms of the other one. A row that has ``sssom:NoTermFound`` on one side says that the term on the other
side was looked at and has no counterpart; it becomes no triple. ``mappings.ttl`` is generated from all sets by
``python -m ontology.build``. A faulty row is an error that names file, line and column; nothing is written.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

import curies
import yaml
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, VOID
from werkzeug.urls import uri_to_iri

from ontology.errors import MappingError
from ontology.mint import concept
from ontology.terms import PREFIXES, SKOS
from ontology.vocabulary import FOLDER, Vocabulary, load_vocabulary

__all__ = ["MappingSet", "TermMapping", "load_mappings", "mappings_graph", "summary"]

_Metadata: TypeAlias = Mapping[str, object]

_COLUMNS = (
    "subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification",
    "author_label", "confidence", "comment",
)  # fmt: skip
_PREDICATES = ("skos:exactMatch", "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch")
_NO_TERM, _ANY = "sssom:NoTermFound", "skos:mappingRelation"
_JUSTIFICATIONS = tuple(
    f"semapv:{kind}" for kind in ("ManualMappingCuration", "MappingReview", "LexicalMatching", "LogicalReasoning")
)
_METADATA = (
    "mapping_set_id", "mapping_set_version", "mapping_set_title", "mapping_set_description", "license",
    "subject_source", "subject_source_version", "object_source", "object_source_version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TermMapping:
    """One row: how a term of the vocabulary stands to one of another.

    Parameters
    ----------
    subject : str or None
        Id of a concept or observable property; None where the other vocabulary's term has no counterpart.
    predicate : str
        IRI of a SKOS mapping property.
    object : str or None
        IRI of the other vocabulary's term; None where ours has no counterpart there.
    label : str
        Its label, as the other vocabulary writes it; empty where there is no object.
    justification : str
        How the mapping was found, a term of the Semantic Mapping Vocabulary as CURIE.
    author : str
    confidence : float or None
        From 0 to 1, the author's own; None where no counterpart was found.
    comment : str
        The reason in words.
    line : int
        Where it stands in its file, from 1.
    """

    subject: str | None
    predicate: str
    object: str | None
    label: str
    justification: str
    author: str
    confidence: float | None
    comment: str
    line: int


@dataclass(frozen=True, slots=True)
class MappingSet:
    """The mappings to one vocabulary, with what is said of them all.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    id, license, source : str
        IRIs of the set, of its licence and of the other vocabulary.
    title, description, version, source_version : str
    mappings : tuple of TermMapping
    """

    name: str
    id: str
    title: str
    description: str
    version: str
    license: str
    source: str
    source_version: str
    mappings: tuple[TermMapping, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table that knows where it stands, for messages."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def error(self, column: str, found: str, expected: str) -> MappingError:
        where = f"{self.path.name}, line {self.line}, column {column}"
        return MappingError(f"{where}: {found}", expected, "correct the row; nothing was written")

    def text(self, column: str) -> str:
        value = self.cells[column].strip()
        if not value:
            raise self.error(column, "nothing", "a text")
        return value

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str:
        value = self.cells[column]
        if value not in allowed:
            raise self.error(column, f"{value!r}", "one of " + ", ".join(allowed))
        return value

    def share(self, column: str) -> float:
        try:
            value = float(self.cells[column])
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise self.error(column, f"{self.cells[column]!r}", "a number from 0 to 1")
        return value


def load_mappings(vocabulary: Vocabulary, folder: Path = FOLDER / "mappings") -> tuple[MappingSet, ...]:
    """Read all mapping sets.

    Parameters
    ----------
    vocabulary : Vocabulary
        Whose terms are the subjects.
    folder : Path
        Folder with files ``<target>.sssom.tsv``.

    Returns
    -------
    tuple of MappingSet
        By name.

    Raises
    ------
    MappingError
        If there is no set, or a set or a row is faulty; the message names file, line and column.

    Examples
    --------
    >>> [set_.name for set_ in load_mappings(load_vocabulary())]
    ['afv', 'atelier', 'audioset', 'jams']
    """
    sets = tuple(_read_set(path, vocabulary) for path in sorted(folder.glob("*.sssom.tsv")))
    if not sets:
        raise MappingError(f"{folder} holds no mapping sets", "files <target>.sssom.tsv", "name the folder with them")
    ids = [set_.id for set_ in sets]
    for set_ in sets:
        if ids.count(set_.id) > 1:
            raise MappingError(f"{set_.name}: mapping_set_id {set_.id} is that of another set too", "one id per set")
    return sets


def _read_set(path: Path, vocabulary: Vocabulary) -> MappingSet:
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except (UnicodeDecodeError, OSError) as error:
        raise MappingError(f"{path.name}: {error}", "an SSSOM table in UTF-8", "correct the file") from error
    head = list(takewhile(lambda line: line.startswith("#"), lines))
    metadata = _read_metadata(path, "".join(line[1:] for line in head))
    converter = _converter(path, metadata)
    mappings: dict[tuple[str | None, str | None], TermMapping] = {}
    for row in _rows(path, lines[len(head) :], len(head)):
        mapping = _read_mapping(row, vocabulary, converter)
        key = (mapping.subject, mapping.object)
        if key in mappings:
            raise row.error("object_id", f"the pair stands in line {mappings[key].line} too", "one row per pair")
        mappings[key] = mapping
    _check_one_exact_match(path, mappings.values())
    value = {key: str(metadata[key]) for key in _METADATA}
    return MappingSet(
        name=path.name.removesuffix(".sssom.tsv"),
        id=value["mapping_set_id"],
        title=value["mapping_set_title"],
        description=value["mapping_set_description"],
        version=value["mapping_set_version"],
        license=value["license"],
        source=converter.expand(value["object_source"], strict=True),
        source_version=value["object_source_version"],
        mappings=tuple(mappings.values()),
    )


def _read_metadata(path: Path, text: str) -> _Metadata:
    try:
        metadata = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MappingError(f"{path.name}, in the lines with #: {error}", "metadata in YAML") from error
    if not isinstance(metadata, dict):
        raise MappingError(f"{path.name} has no metadata", "YAML on lines that start with #")
    for key in _METADATA:
        if not metadata.get(key):
            raise MappingError(f"{path.name}, in the lines with #: no {key}", "a value", f"add a line '# {key}: …'")
    return metadata


def _converter(path: Path, metadata: _Metadata) -> curies.Converter:
    prefixes = metadata.get("curie_map")
    if not isinstance(prefixes, dict) or not all(isinstance(value, str) for value in prefixes.values()):
        raise MappingError(f"{path.name}, in the lines with #: curie_map is {prefixes!r}", "prefixes and namespaces")
    for prefix in prefixes.keys() & PREFIXES.keys():
        if prefixes[prefix] != PREFIXES[prefix]:
            raise MappingError(f"{path.name}: the prefix {prefix} is {prefixes[prefix]}", PREFIXES[prefix])
    converter = curies.Converter.from_prefix_map(prefixes)
    if converter.expand(str(metadata["object_source"])) is None:
        found = f"{path.name}, in the lines with #: object_source is {metadata['object_source']!r}"
        raise MappingError(found, "a CURIE with a prefix of the curie_map")
    return converter


def _rows(path: Path, lines: list[str], before: int) -> Iterator[_Row]:
    """Yield the rows of the table, which must have exactly the columns above."""
    reader = csv.DictReader(lines, delimiter="\t", strict=True)
    try:
        if tuple(reader.fieldnames or ()) != _COLUMNS:
            found = f"{path.name}, line {before + 1}: {reader.fieldnames}"
            raise MappingError(found, f"the columns {', '.join(_COLUMNS)}, separated by tabs")
        for cells in reader:
            row = _Row(path, before + reader.line_num, cells)
            if None in cells or None in cells.values():
                raise row.error("(all)", "a cell too many or too few", f"{len(_COLUMNS)} cells")
            yield row
    except csv.Error as error:
        raise MappingError(f"{path.name}, after line {before + reader.line_num}: {error}", "tab-separated") from error


def _read_mapping(row: _Row, vocabulary: Vocabulary, converter: curies.Converter) -> TermMapping:
    found = _NO_TERM not in (row.cells["subject_id"], row.cells["object_id"])
    predicate = row.one_of("predicate_id", _PREDICATES if found else (_ANY,))
    if row.cells["subject_id"] == row.cells["object_id"]:
        raise row.error("object_id", f"{row.cells['object_id']!r} on both sides", "a term on one side at least")
    return TermMapping(
        subject=_read_subject(row, vocabulary),
        predicate=converter.expand(predicate, strict=True),
        object=_read_object(row, converter),
        label=row.cells["object_label"],
        justification=row.one_of("mapping_justification", _JUSTIFICATIONS),
        author=row.text("author_label"),
        confidence=row.share("confidence") if found else None,
        comment=row.text("comment"),
        line=row.line,
    )


def _read_subject(row: _Row, vocabulary: Vocabulary) -> str | None:
    curie = row.cells["subject_id"]
    if curie == _NO_TERM:
        return None
    prefix, _, id_ = curie.partition(":")
    term = vocabulary.concepts.get(id_) or vocabulary.properties.get(id_)
    if prefix != "acv" or term is None:
        raise row.error("subject_id", f"{curie!r} is no term of the vocabulary", "acv: and the id of a row of it")
    label = term.label if isinstance(term.label, str) else term.label["en"]
    row.one_of("subject_label", (label,))
    return id_


def _read_object(row: _Row, converter: curies.Converter) -> str | None:
    curie = row.cells["object_id"]
    if curie == _NO_TERM:
        return None
    iri = converter.expand(curie)
    if iri is None or curie.startswith("acv:"):
        raise row.error("object_id", f"{curie!r}", "a CURIE of the other vocabulary, its prefix in the curie_map")
    row.text("object_label")
    return uri_to_iri(iri)


def _check_one_exact_match(path: Path, mappings: Iterable[TermMapping]) -> None:
    """Check that a term means exactly one term of the other vocabulary at most."""
    seen: dict[str | None, TermMapping] = {}
    for mapping in mappings:
        if mapping.predicate != SKOS.NS + "exactMatch":
            continue
        for end in (mapping.subject, mapping.object):
            if end in seen:
                found = f"{path.name}, line {mapping.line}, column predicate_id: {end} has an exact match already"
                raise MappingError(found, f"skos:closeMatch here or in line {seen[end].line}")
            seen[end] = mapping


def mappings_graph(sets: tuple[MappingSet, ...]) -> Graph:
    """Return the mappings as SKOS, with the labels of the other vocabularies' terms.

    A set is a ``void:Linkset`` with title, description, version, licence, creator and source; each of the other
    vocabularies' terms is ``rdfs:isDefinedBy`` its source.

    Returns
    -------
    rdflib.Graph
        Without blank nodes.
    """
    graph = Graph(bind_namespaces="none")
    for prefix in ("acv", "dcterms", "owl", "rdfs", "skos"):
        graph.bind(prefix, PREFIXES[prefix])
    graph.bind("void", VOID)
    graph.add((VOID.Linkset, RDF.type, OWL.Class))
    for set_ in sets:
        node, source = URIRef(set_.id), URIRef(set_.source)
        graph.add((node, RDF.type, VOID.Linkset))
        graph.add((node, DCTERMS.title, Literal(set_.title, "en")))
        graph.add((node, DCTERMS.description, Literal(set_.description, "en")))
        graph.add((node, DCTERMS.hasVersion, Literal(set_.version)))
        graph.add((node, DCTERMS.creator, URIRef("https://w3id.org/acousma/authors")))
        graph.add((node, DCTERMS.license, URIRef(set_.license)))
        graph.add((node, DCTERMS.source, source))
        for mapping in set_.mappings:
            if mapping.subject is None or mapping.object is None:
                continue
            term = URIRef(mapping.object)
            graph.add((URIRef(concept(mapping.subject)), URIRef(mapping.predicate), term))
            graph.add((term, RDFS.label, Literal(mapping.label)))
            graph.add((term, RDFS.isDefinedBy, source))
    return graph


def summary(sets: tuple[MappingSet, ...]) -> str:
    """Return the number of rows of each set by predicate as a table in Markdown.

    Examples
    --------
    >>> print(summary(load_mappings(load_vocabulary())).splitlines()[0])
    | set | exactMatch | closeMatch | broadMatch | narrowMatch | relatedMatch | no counterpart | rows |
    """
    kinds = [predicate.removeprefix("skos:") for predicate in (*_PREDICATES, _ANY)]
    lines = [["set", *kinds[:-1], "no counterpart", "rows"], ["---", *["---:"] * (len(kinds) + 1)]]
    for set_ in sets:
        found = [mapping.predicate.removeprefix(SKOS.NS) for mapping in set_.mappings]
        lines.append([set_.name, *(str(found.count(kind)) for kind in kinds), str(len(found))])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(summary(load_mappings(load_vocabulary())))
