"""Annotations of an MEI document for mei-friend and MELD: flat Web Annotations, one target each way a reader goes.

Conventions
-----------
These readers want less than the Web Annotation Data Model allows: ``oa:hasTarget`` is the address of elements of the
MEI document (``bell.mei#m-3``), never a node of its own, and the first body is a text without an IRI. So an annotation
targets the placeholder measures that it speaks of, in the document of ``acousma export mei``, and its body is its
sentence; the concept follows as ``dcterms:subject``, the stored annotation as ``prov:wasDerivedFrom``. Bodies are
blank nodes, here only: a body with an IRI is shown as a link. The container lists its annotations by ``ldp:contains``.

Source
------
mei-friend (https://github.com/mei-friend/mei-friend), reading of annotations from Solid pods; MELD clients-core.
"""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import quote

from export.material import Annotation, Material
from export.mei import measure_ids
from export.options import Options
from export.words import explained, stem
from ontology.terms import DC, DCTERMS, LDP, OA, PROV, RDF

__all__ = ["flat", "write"]

Json: TypeAlias = dict[str, Any]  # values of JSON


def flat(one: Annotation, targets: list[str], language: str) -> Json:
    """Return an annotation as expanded JSON-LD in the flat profile.

    Parameters
    ----------
    one : Annotation
    targets : list of str
        Addresses of elements of an MEI document.
    language : str
        Of the labels.
    """
    text: Json = {
        "@type": [OA.TextualBody], RDF.value: [{"@value": explained(one, language)}],
        DC.format: [{"@value": "text/plain"}],
    }  # fmt: skip
    motivation = OA.classifying if one.concept else OA.describing
    found: Json = {
        "@id": f"#{quote(one.iri.partition('://')[2].partition('/')[2].replace('/', '-'), safe='')}",
        "@type": [OA.Annotation], OA.motivatedBy: [{"@id": motivation}],
        OA.hasTarget: [{"@id": target} for target in targets], OA.hasBody: [text],
        DCTERMS.creator: [{"@id": one.agent.iri}], PROV.wasDerivedFrom: [{"@id": one.iri}],
    }  # fmt: skip
    if one.concept:
        found[DCTERMS.subject] = [{"@id": one.concept.iri}]
    if one.created:
        found[DCTERMS.created] = [{"@value": one.created}]
    return found


def write(material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
    """Yield a container of the annotations, as expanded JSON-LD."""
    document = f"{options.base}export/{quote(material.id)}/mei" if options.base else quote(f"{stem(material)}.mei")
    reviews = sum(len(one.assessments) for one in material.annotations)
    if reviews:
        notes.append(f"{reviews} reviews are left out: the flat profile has targets in the MEI document only")
    notes.append(f"the annotations target {document}, as acousma export mei writes it")
    places = measure_ids(material)
    yield f'[{{"@id": "", "@type": ["{LDP.BasicContainer}"], "{LDP.NS}contains": ['.encode()
    for number, one in enumerate(material.annotations):
        item = flat(one, [f"{document}#{id_}" for id_ in places[one.iri]], options.language)
        yield f"{',' if number else ''}\n{json.dumps(item, ensure_ascii=False)}".encode()
    yield b"\n]}]\n"
