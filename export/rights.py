"""What a catalogue says of rights, as the address of a licence, and whether it lets everybody hear the sound.

Source
------
Creative Commons: addresses of licences and deeds; rightsstatements.org. IIIF Presentation API 3.0, 3.2 ``rights``:
addresses of Creative Commons are written with ``http``.
"""

import re

__all__ = ["is_open", "licence"]

_CC = re.compile(
    r"(?:cc|creative commons)[ -](?P<kind>by(?:[ -](?:nc|sa|nd))*)[ -]?(?P<version>[1-4]\.\d)?", re.IGNORECASE
)
_ZERO = re.compile(r"(?:cc[ -]?0|cc[ -]zero)(?:[ -]?1\.0)?(?: universal)?", re.IGNORECASE)
_MARK = re.compile(r"(?:public domain(?: mark)?|pdm)(?:[ -]?1\.0)?", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:www\.)?(creativecommons\.org|rightsstatements\.org)/(\S+)", re.IGNORECASE)
_FREE = ("creativecommons.org/", "rightsstatements.org/vocab/NoC-", "rightsstatements.org/vocab/NKC")


def licence(rights: str) -> str:
    """Return the address of the licence that a catalogue names, or an empty text.

    Parameters
    ----------
    rights : str
        A usual name of a licence, or its address.

    Examples
    --------
    >>> licence("CC BY-SA 4.0"), licence("CC0"), licence("all rights reserved")
    ('http://creativecommons.org/licenses/by-sa/4.0/', 'http://creativecommons.org/publicdomain/zero/1.0/', '')
    """
    text = " ".join(rights.split())
    if found := _ADDRESS.fullmatch(text):
        return f"http://{found[1].lower()}/{re.sub(r'(deed|legalcode)[.a-z_]*$', '', found[2])}"
    if _ZERO.fullmatch(text):
        return "http://creativecommons.org/publicdomain/zero/1.0/"
    if _MARK.fullmatch(text):
        return "http://creativecommons.org/publicdomain/mark/1.0/"
    if found := _CC.fullmatch(text):
        kind = re.sub(r"[ -]+", "-", found["kind"].lower())
        return f"http://creativecommons.org/licenses/{kind}/{found['version'] or '4.0'}/"
    return ""


def is_open(rights: str) -> bool:
    """Tell whether everybody may be given the sound: a licence of Creative Commons, or no rights that are known.

    Examples
    --------
    >>> is_open("CC BY-NC-ND 3.0"), is_open("http://rightsstatements.org/vocab/InC/1.0/"), is_open("")
    (True, False, False)
    """
    return any(free in licence(rights) for free in _FREE)
