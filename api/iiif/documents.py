"""Manifests as they are served, and the parts that their ids name."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from werkzeug.http import parse_etags

from api.iiif.pictures import said_size
from api.protocol.problems import Problem
from api.protocol.service import Service
from api.sounds import Held, held
from export.iiif import CONTEXT, manifest
from export.material import Material
from export.options import Options, Served, Sound
from ontology.envelopes import load_envelopes

__all__ = [
    "HEARD_SECONDS",
    "Json",
    "Profile",
    "address_of",
    "answer",
    "heard_by",
    "part_of",
    "served_manifest",
    "sound_of",
]

HEARD_SECONDS = 300
"""Longest recording of which renditions as models hear it are offered."""

Json: TypeAlias = dict[str, Any]  # values of JSON
Profile: TypeAlias = Literal["full", "plain"]

_LD = f'application/ld+json;profile="{CONTEXT}"'


@dataclass(frozen=True, slots=True)
class _Names:
    """File names of the sound of a recording."""

    access: str
    master: str


def names_of(sound: Held) -> _Names:
    """Return the names at which a sound is given; equal where the file is its own access copy."""
    assert sound.file is not None
    return _Names(f"{PurePath(sound.file.name).stem}.mp3", sound.file.name)


def profile_of(request: Request) -> Profile:
    """Return which shape is asked for.

    Raises
    ------
    Problem
        400, if it is neither.
    """
    wanted = request.query_params.get("profile", "full")
    if wanted not in ("full", "plain"):
        raise Problem(400, f"{wanted[:80]!r} is no profile. Expected: full or plain.")
    return "plain" if wanted == "plain" else "full"


def address_of(service: Service, request: Request, material: Material) -> str:
    """Return the address below which the documents of a recording lie."""
    return f"{service.address(request, 'iiif/')}{quote(material.id)}"


def sound_of(service: Service, material: Material) -> Held:
    """Find the sound of a recording."""
    return held(service.folder, service.access.hearing, material)


def heard_by(material: Material) -> list[str]:
    """Return the envelopes of those who speak of a recording and hear less of it than a person does."""
    known = load_envelopes().envelopes
    names = {agent.envelope for agent in material.agents if agent.envelope in known}
    return sorted(name for name in names if name and known[name].maximum_hz < 20_000)


def manifest_options(service: Service, request: Request, material: Material, profile: Profile = "full") -> Options:
    """Return how the manifest of a recording is written as this server offers it."""
    offer = _offer(sound_of(service, material), address_of(service, request, material), material)
    return Options(service.address(request, ""), profile=profile, served=offer)


def served_manifest(
    service: Service, request: Request, material: Material, profile: Profile = "full"
) -> tuple[Json, list[str]]:
    """Return the manifest of a recording as this server offers it, and its compatibility report."""
    return manifest(material, manifest_options(service, request, material, profile))


def _offer(sound: Held, root: str, material: Material) -> Served:
    if sound.state != "open" or sound.file is None:
        return Served(sound.state, picture=("said.png", *said_size(material)))
    names, media_type = names_of(sound), sound.file.media_type
    access = Sound(f"{root}/sound/{quote(names.access)}", "audio/mpeg", "The recording")
    master = Sound(f"{root}/sound/{quote(names.master)}", media_type, f"The file {names.master}")
    sounds = [access]
    if material.duration <= HEARD_SECONDS:
        known = load_envelopes().envelopes
        sounds += [
            Sound(f"{root}/heard/{quote(name)}.mp3", "audio/mpeg", f"As heard by {known[name].label}")
            for name in heard_by(material)
        ]
    return Served("open", tuple(sounds), () if media_type == "audio/mpeg" else (master,))


def part_of(document: Json, id_: str) -> Json | None:
    """Return the part of a document that has an id, with the context; None if it has none."""
    found = document if document.get("id") == id_ else _find(document, id_)
    return None if found is None else {"@context": [CONTEXT], **found}


def _find(node: object, id_: str) -> Json | None:
    if isinstance(node, dict):
        if node.get("id") == id_ and ("items" in node or node.get("type") == "Annotation"):
            return node
        return next((found for value in node.values() if (found := _find(value, id_)) is not None), None)
    if isinstance(node, list):
        return next((found for value in node if (found := _find(value, id_)) is not None), None)
    return None


def answer(request: Request, document: Json, media_type: str = _LD) -> Response:
    """Return a JSON document with an entity tag, or 304 if the client has it already."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    tag = hashlib.sha256(body).hexdigest()[:20]
    kept = {"Cache-Control": "no-cache", "Vary": "Accept", "ETag": f'W/"{tag}"'}
    if parse_etags(request.headers.get("if-none-match")).contains_weak(tag):
        return Response(status_code=304, headers=kept)
    accept = request.headers.get("accept", "")
    plain = "application/json" in accept and "application/ld+json" not in accept
    return Response(body, headers={**kept, "Content-Type": "application/json" if plain else media_type})
