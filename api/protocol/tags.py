"""Entity tags: a revision of the thing, then what distinguishes its representations.

Conventions
-----------
``"REVISION-SYNTAX"`` is strong, so it differs by syntax and by compression. As a condition of a change the revision
alone counts: who read the Turtle may replace what they read by JSON-LD.
"""

import re
from dataclasses import dataclass
from typing import Self

from fastapi import Request

__all__ = ["Tags", "tag_of"]

_ONE = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_MOST = 100


def tag_of(revision: str, kind: str, request: Request) -> str:
    """Return the entity tag of a representation.

    Parameters
    ----------
    revision : str
        Of the thing; without ``-``.
    kind : str
        Media type, or another name of the representation.
    request : Request
        Whether it asks for compression.
    """
    packed = ".z" if "gzip" in request.headers.get("accept-encoding", "") else ""
    return f'"{revision}-{re.sub(r"[^a-z0-9+]+", ".", kind.lower())}{packed}"'


@dataclass(frozen=True)
class Tags:
    """The tags of a condition.

    Parameters
    ----------
    any : bool
        Whether it is ``*``.
    strong, weak : frozenset of str
        The tags, without quotes.
    """

    any: bool
    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()

    @classmethod
    def of(cls, header: str | None) -> Self | None:
        """Read ``If-Match`` or ``If-None-Match``; None where there is none."""
        if header is None:
            return None
        if header.strip() == "*":
            return cls(True)
        found = _ONE.findall(header)[:_MOST]
        return cls(
            False, frozenset(tag for weak, tag in found if not weak), frozenset(tag for weak, tag in found if weak)
        )

    @property
    def revisions(self) -> frozenset[str]:
        """The revisions that strong tags name."""
        return frozenset(tag.partition("-")[0] for tag in self.strong)

    def weakly(self, tag: str) -> bool:
        """Tell whether one of them is a tag, by weak comparison (RFC 9110, clause 8.8.3.2)."""
        return self.any or tag.strip('"') in self.strong | self.weak
