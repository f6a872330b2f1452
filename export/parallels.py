"""Parallel passages across the recordings of a work, in terms of the Music Annotation Ontology.

Conventions
-----------
Passages of several recordings of one work are parallel where the same agents claim the same concept of them; the first
of one recording stands beside the first of the other, and so on, by start. Each passage is a ``mao:Selection`` of its
recording (``frbr:part`` the stored span) and an ``mao:Extract`` of the work; extracts that are parallel belong to one
``mao:MusicalMaterial``, and an annotation motivated by ``mao:comparing`` targets them. IRIs come from content. What has
no counterpart in another recording is counted in a note.

Source
------
Music Annotation Ontology, https://w3id.org/music-annotation/1.0; Lewis et al., DLfM 2022, doi 10.1145/3543882.3543891.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pyoxigraph as ox

from export.material import Annotation, Material
from export.words import plain_number
from ontology.errors import InputError
from ontology.export_terms import MAO
from ontology.terms import DCTERMS, FRBR, OA, PREFIXES, RDF, RDFS

__all__ = ["parallel_passages", "write_parallels"]

Key = tuple[str, str]


def parallel_passages(materials: Sequence[Material]) -> list[tuple[Key, list[tuple[Material, Annotation]]]]:
    """Return passages of which the same agent claims the same, one of each recording that has it.

    Parameters
    ----------
    materials : sequence of Material
        Two or more recordings of a work.

    Returns
    -------
    list
        Agent and concept, and the passages in the order of the recordings; two or more.
    """
    rows: defaultdict[Key, list[list[tuple[Material, Annotation]]]] = defaultdict(list)
    for material in materials:
        seen: defaultdict[Key, int] = defaultdict(int)
        for one in material.annotations:
            if one.concept is None:
                continue
            key = (one.agent.iri, one.concept.iri)
            group = rows[key]
            while len(group) <= seen[key]:
                group.append([])
            group[seen[key]].append((material, one))
            seen[key] += 1
    found = [(key, passages) for key, groups in rows.items() for passages in groups if len(passages) > 1]
    return sorted(found, key=lambda pair: (pair[1][0][1].start, pair[0]))


def write_parallels(materials: Sequence[Material], base: str, notes: list[str]) -> Iterator[bytes]:
    """Yield the parallel passages as Turtle.

    Parameters
    ----------
    materials : sequence of Material
        All recordings of one work.
    base : str
        Base IRI of the archive.
    notes : list of str
        Gets what has no counterpart.

    Raises
    ------
    InputError
        If there are fewer than two recordings.
    """
    if len(materials) < 2:
        title = materials[0].work.title if materials else "the work"
        raise InputError(
            f"{title!r} has {len(materials)} recording(s)", "a work with two or more: versions, editions, transfers",
            "see: acousma ask versions",
        )  # fmt: skip
    found = parallel_passages(materials)
    claims = sum(one.concept is not None for material in materials for one in material.annotations)
    alone = claims - sum(len(passages) for _, passages in found)
    if alone:
        notes.append(f"{alone} of {claims} claims have no counterpart in another recording and are left out")
    triples: set[ox.Triple] = set()
    for key, passages in found:
        triples |= set(_triples(key, passages, base))
    prefixes = {**PREFIXES, "mao": MAO.NS}
    yield ox.serialize(sorted(triples, key=str), format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""


def _triples(key: Key, passages: list[tuple[Material, Annotation]], base: str) -> Iterator[ox.Triple]:
    (_, concept_iri), (first, said) = key, passages[0]
    name = _digest(*key, *(one.iri for _, one in passages))
    material_, comparing = f"{base}parallel/{name}", f"{base}parallel/{name}/comparison"

    def triple(subject: str, predicate: str, value: str, *, text: bool = False) -> ox.Triple:
        object_ = ox.Literal(value) if text else ox.NamedNode(value)
        return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), object_)

    label = said.text()
    yield triple(material_, RDF.type, MAO.MusicalMaterial)
    yield triple(material_, RDFS.label, f"{label} in {len(passages)} recordings", text=True)
    yield triple(material_, DCTERMS.subject, concept_iri)
    if first.work.iri:
        yield triple(material_, DCTERMS.isPartOf, first.work.iri)
    yield triple(comparing, RDF.type, OA.Annotation)
    yield triple(comparing, OA.motivatedBy, MAO.comparing)
    yield triple(comparing, DCTERMS.creator, said.agent.iri)
    for recording, one in passages:
        span = f"{base}span/{recording.id}/{int(one.start * 1000)}-{int(one.end * 1000)}"
        extract, selection = f"{base}extract/{_digest(name, one.iri)}", f"{base}selection/{_digest(span)}"
        times = f"{plain_number(one.start)} to {plain_number(one.end)} s"
        yield triple(material_, MAO.setting, extract)
        yield triple(comparing, OA.hasTarget, extract)
        yield triple(extract, RDF.type, MAO.Extract)
        yield triple(extract, RDFS.label, f"{label}, {times}", text=True)
        yield triple(extract, FRBR.embodiment, selection)
        yield triple(extract, DCTERMS.source, one.iri)
        yield triple(selection, RDF.type, MAO.Selection)
        yield triple(selection, FRBR.part, span)
        yield triple(selection, DCTERMS.isPartOf, recording.recording)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
