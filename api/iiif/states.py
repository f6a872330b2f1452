"""Content State 1.0: an annotation as a link into a viewer.

Conventions
-----------
The content state is an annotation whose target is the stretch of the canvas, with the manifest it is part of. A viewer
takes it as ``?iiif-content=``, either encoded or as the address of this document.

Source
------
IIIF Content State API 1.0, clauses 2 and 6.
"""

import base64
import binascii
import json
from urllib.parse import quote, unquote

from api.iiif.documents import Json
from api.protocol.problems import Problem

__all__ = ["content_state", "decoded", "encoded"]


def content_state(document: Json, item: Json, address: str) -> Json:
    """Return the content state of an annotation of a manifest.

    Parameters
    ----------
    document : dict
        The manifest.
    item : dict
        The annotation.
    address : str
        Of the content state.
    """
    target = item["target"]
    part = [{"id": document["id"], "type": "Manifest"}]
    if isinstance(target, str):
        state: Json = {"id": target, "type": "Canvas", "partOf": part}
    else:
        state = {**target, "source": {**target["source"], "partOf": part}}
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json", "id": address, "type": "Annotation",
        "motivation": ["contentState"], "target": state,
    }  # fmt: skip


def encoded(state: Json) -> str:
    """Return a content state as it stands in an address: base64url of the percent-encoded JSON, without padding.

    Examples
    --------
    >>> decoded(encoded({"id": "https://e.org/é"}))
    {'id': 'https://e.org/é'}
    """
    text = quote(json.dumps(state, ensure_ascii=False, separators=(",", ":")), safe="!'()*~")
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(text: str) -> object:
    """Return what `encoded` encoded.

    Raises
    ------
    Problem
        400, if it is none.
    """
    try:
        found: object = json.loads(unquote(base64.b64decode(text + "=" * (-len(text) % 4), "-_", True).decode()))
    except (ValueError, binascii.Error):
        raise Problem(400, f"{text[:80]!r} is no content state. Expected: base64url of encoded JSON.") from None
    return found
