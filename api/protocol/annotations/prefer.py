"""What a client prefers to get of a container (RFC 7240; Web Annotation Protocol, clause 4.2)."""

import re
from dataclasses import dataclass

from ontology.terms import LDP, OA

__all__ = ["Preference", "preference"]

_MINIMAL = LDP.NS + "PreferMinimalContainer"
_IRIS = OA.NS + "PreferContainedIRIs"
_DESCRIPTIONS = OA.NS + "PreferContainedDescriptions"
_PREFERENCES = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_REPRESENTATION = re.compile(r'\s*return\s*=\s*"?representation"?\s*(?:;|$)', re.IGNORECASE)
_INCLUDE = re.compile(r';\s*include\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_MOST = 4096


@dataclass(frozen=True)
class Preference:
    """A preference.

    Parameters
    ----------
    minimal : bool
        Whether the first page is to be left out.
    iris : bool
        Whether pages are to hold the IRIs of annotations only.
    honoured : bool
        Whether any was expressed that is known.
    """

    minimal: bool = False
    iris: bool = False
    honoured: bool = False


def preference(header: str | None) -> Preference:
    """Read the ``Prefer`` header; what is not known or malformed is passed over.

    Examples
    --------
    >>> preference('return=representation;include="http://www.w3.org/ns/oa#PreferContainedIRIs"').iris
    True
    >>> preference("respond-async, wait=10").honoured
    False
    """
    for one in _PREFERENCES.findall((header or "")[:_MOST]):
        if _REPRESENTATION.match(one) and (found := _INCLUDE.search(one)):
            wanted = set((found[1] or found[2] or "").split())
            known = wanted & {_MINIMAL, _IRIS, _DESCRIPTIONS}
            return Preference(_MINIMAL in known, _IRIS in known and _DESCRIPTIONS not in known, bool(known))
    return Preference()
