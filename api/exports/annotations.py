"""One annotation for others to cite and to publish: ``/cite/…`` and ``/nanopub/…``, each with its path.

Conventions
-----------
After the first part stands the path of the annotation below the base of the archive:
``/cite/annotation/8416501c034715dc/4-1571/claim/attackDecay``.
"""

import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.exports.sending import attachment
from api.iiif.reading import Materials
from api.protocol.answers import with_charset
from api.protocol.problems import Problem
from api.protocol.requests import negotiate
from api.protocol.service import Service
from export.citation import CITATIONS
from export.material import Annotation, Material
from export.nanopub import as_trig, nanopublication
from ontology.errors import UnknownName
from ontology.terms import OA
from store import Store

__all__ = ["annotation_export_routes", "cited", "path_after", "recording_of"]

_METHODS = ["GET", "HEAD"]
_ALIASES = {
    "text/html": "text/plain", "application/json": CITATIONS["csl"][0],
    "text/x-bibliography": "text/plain", "application/vnd.datacite.datacite+xml": CITATIONS["datacite"][0],
}  # fmt: skip
_SYNTAX = {
    "application/trig": ("trig", ox.RdfFormat.TRIG), "application/n-quads": ("nq", ox.RdfFormat.N_QUADS),
    "application/ld+json": ("jsonld", ox.RdfFormat.JSON_LD),
}  # fmt: skip


def path_after(request: Request, prefix: str) -> str:
    """Return the path of a request after a prefix as it was sent: its escapes are part of an IRI."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return bytes(raw).partition(b"?")[0].decode("ascii", errors="replace").removeprefix(prefix)


def recording_of(store: Store, annotation: str) -> str:
    """Return the IRI of the recording that an annotation, or the claim that it assesses, speaks of.

    Raises
    ------
    UnknownName
        If it speaks of none.
    """
    text = f"""SELECT ?recording WHERE {{ {{ ?_it <{OA.hasTarget}> ?span . ?span <{OA.hasSource}> ?recording }}
      UNION {{ ?_it <{OA.hasTarget}> ?claim . ?claim <{OA.hasTarget}> ?span . ?span <{OA.hasSource}> ?recording }}
    }} ORDER BY ?recording LIMIT 1"""
    try:
        rows = store.rows(text, {"_it": ox.NamedNode(annotation)}).rows
    except ValueError:
        rows = ()
    if not rows or not isinstance(rows[0][0], ox.NamedNode):
        raise UnknownName(
            f"{annotation[:200]} is no annotation of a recording here", "the IRI of a claim or a description",
            "find one with: acousma ask timeline --format csv",
        )  # fmt: skip
    return rows[0][0].value


def cited(material: Material, annotation: str) -> Annotation:
    """Return the claim or description of an IRI.

    Raises
    ------
    UnknownName
        If it is not among those of the recording.
    """
    found = next((one for one in material.annotations if one.iri == annotation), None)
    if found is None:
        reason = next((one.reason for one in material.left if one.iri == annotation), "a review, or of another kind")
        raise UnknownName(f"{annotation[:200]} cannot be cited ({reason})", "the IRI of a claim or a description")
    return found


def annotation_export_routes(service: Service, materials: Materials) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)

    async def cite(request: Request, rest: str) -> Response:
        service.access.reader(request)
        iri = service.base + path_after(request, "/cite/")
        wanted = request.query_params.get("format")
        if wanted is not None and wanted not in CITATIONS:
            raise Problem(400, f"{wanted[:80]!r} is no form of citation. Expected: one of {', '.join(CITATIONS)}.")
        if wanted is None:
            best = negotiate(request, [media_type for media_type, _ in CITATIONS.values()], _ALIASES)
            wanted = next(name for name, (media_type, _) in CITATIONS.items() if media_type == best)
        media_type, write = CITATIONS[wanted]

        def made() -> str:
            material = materials.read(recording_of(service.own, iri))
            return write(material, cited(material, iri), service.name)

        body = await materials.run(made)
        headers = {"Content-Type": with_charset(media_type), "Vary": "Accept", "Cache-Control": "no-cache"}
        return Response(body, headers=headers)

    async def nanopub(request: Request, rest: str) -> Response:
        service.access.reader(request)
        iri = service.base + path_after(request, "/nanopub/")
        media_type = negotiate(request, tuple(_SYNTAX), {"text/html": "application/trig"})
        quads = await materials.run(lambda: nanopublication(service.own, _checked(iri), service.minter))
        suffix, syntax = _SYNTAX[media_type]
        trig = suffix == "trig"
        body = as_trig(quads) if trig else ox.serialize(quads, format=syntax) or b""
        name = "-".join(iri.removeprefix(service.base).split("/")[1:]) or "annotation"
        return Response(
            body, headers={"Content-Type": media_type, "Vary": "Accept", **attachment(f"{name[:100]}.{suffix}")}
        )

    router.add_api_route("/cite/{rest:path}", cite, methods=_METHODS)
    router.add_api_route("/nanopub/{rest:path}", nanopub, methods=_METHODS)
    return router


def _checked(iri: str) -> str:
    """Return an IRI that can be one.

    Raises
    ------
    UnknownName
        If it cannot.
    """
    try:
        return ox.NamedNode(iri).value
    except ValueError:
        raise UnknownName(f"{iri[:200]!r} is no IRI", "the path of an annotation of this archive") from None
