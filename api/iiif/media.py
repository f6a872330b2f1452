"""Sound and pictures over HTTP, with byte ranges; private sound takes a token."""

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePath
from urllib.parse import quote

import numpy as np
import soundfile
from fastapi import Request
from fastapi.responses import FileResponse, Response

from api.iiif.documents import HEARD_SECONDS, heard_by, names_of, sound_of
from api.iiif.pictures import picture_of_said, picture_of_sound
from api.iiif.reading import Materials
from api.protocol.problems import Problem
from api.protocol.service import Service
from api.sounds import ACCESS, Held, access_copy, kept
from export.iiif import PICTURE
from export.material import Material
from export.words import stem
from ontology.envelopes import load_envelopes

__all__ = ["Media"]


class Media:
    """Gives files.

    Parameters
    ----------
    service : Service
    materials : Materials
    """

    def __init__(self, service: Service, materials: Materials) -> None:
        self._service = service
        self._materials = materials

    async def sound(self, request: Request, id_: str, name: str) -> Response:
        """Give the file of a recording, or the access copy of it."""
        material = await self._materials.find(request, id_)
        sound = self._allowed(request, material)
        assert sound.path is not None and sound.file is not None
        names = names_of(sound)
        if name == names.master:
            return self._file(sound.path, sound.file.media_type, stem(material) + PurePath(names.master).suffix)
        if name != names.access:
            raise Problem(404, f"{name[:80]!r} is no sound here. Expected: {names.access} or {names.master}.")
        return await self._copy(f"{sound.file.sha256[:32]}.mp3", access_copy(sound.path), material)

    async def heard(self, request: Request, id_: str, envelope: str) -> Response:
        """Give a recording as a listening model hears it."""
        material = await self._materials.find(request, id_)
        sound = self._allowed(request, material)
        assert sound.path is not None and sound.file is not None
        if envelope not in heard_by(material) or material.duration > HEARD_SECONDS:
            raise Problem(
                404, f"{envelope[:80]!r} is no listening model that speaks of this recording, or it is longer than "
                f"{HEARD_SECONDS} s. Expected: one of {', '.join(heard_by(material)) or 'none'}.",
            )  # fmt: skip
        name = f"{sound.file.sha256[:32]}-{quote(envelope)}.mp3"
        return await self._copy(name, _as_heard(sound.path, envelope), material, f"-{envelope}")

    async def picture(self, request: Request, id_: str, kind: str) -> Response:
        """Give the picture of a sound, where that is open; or of what is said, of any recording."""
        material = await self._materials.find(request, id_)
        if kind == "said":
            told = [(one.iri, one.verdicts, str(one.confidence)) for one in material.annotations]
            digest = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
            answer = await self._png(f"said-{material.id}-{digest}.png", picture_of_said(material), material, kind)
            self._forget(f"said-{material.id}-", digest)
            return answer
        sound = self._allowed(request, material)
        assert sound.path is not None and sound.file is not None
        name = f"{sound.file.sha256[:32]}-{kind}-{'x'.join(map(str, PICTURE))}.png"
        return await self._png(name, picture_of_sound(sound.path, float(material.duration), kind), material, kind)

    def _forget(self, start: str, digest: str) -> None:
        """Remove pictures of what was said before."""
        folder = self._service.folder
        for old in (folder / ACCESS).glob(f"{start}*.png") if folder is not None else ():
            if digest not in old.name:
                old.unlink(missing_ok=True)

    def _allowed(self, request: Request, material: Material) -> Held:
        """Return the sound of a recording if whoever asks may hear it."""
        token = self._service.access.reader(request)
        sound = sound_of(self._service, material)
        if sound.state == "absent":
            raise Problem(404, "The sound of this recording is not in this archive; what is said of it is.")
        if sound.state == "private" and token is None:
            raise Problem(
                401, "The sound of this recording is not public. Expected: Authorization: Bearer TOKEN.",
                {"WWW-Authenticate": 'Bearer realm="acousma"'},
            )  # fmt: skip
        return sound

    async def _copy(self, name: str, make: Callable[[Path], None], material: Material, end: str = "") -> Response:
        folder = self._service.folder
        assert folder is not None, "only a folder has sound"
        path = await self._materials.run(lambda: kept(folder, name, make))
        return self._file(path, "audio/mpeg", f"{stem(material)}{end}.mp3")

    async def _png(self, name: str, make: Callable[[Path], None], material: Material, kind: str) -> Response:
        folder = self._service.folder
        if folder is None:
            raise Problem(404, "Pictures are made where the archive is a folder; this one is on another server.")
        path = await self._materials.run(lambda: kept(folder, name, make))
        return self._file(path, "image/png", f"{stem(material)}-{kind}.png")

    @staticmethod
    def _file(path: Path, media_type: str, name: str) -> Response:
        disposition = f"inline; filename*=UTF-8''{quote(name)}"
        headers = {"Content-Disposition": disposition, "Cache-Control": "private, max-age=3600"}
        return FileResponse(path, media_type=media_type, headers=headers)


def _as_heard(source: Path, envelope: str) -> Callable[[Path], None]:
    """Return what writes a recording as a listening model hears it."""

    def make(target: Path) -> None:
        from ingest.resynthesis import front_end_of_envelope, heard_through  # its libraries take seconds to import

        front = front_end_of_envelope(load_envelopes().envelopes[envelope])
        sound, rate = soundfile.read(source, dtype="float32", always_2d=True)
        heard = heard_through(front, np.ascontiguousarray(sound.T, np.float32), rate)
        plain = target.with_suffix(".wav")
        try:
            soundfile.write(plain, heard, int(front.sample_rate_hz))
            access_copy(plain)(target)
        finally:
            plain.unlink(missing_ok=True)

    return make
