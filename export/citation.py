"""How to cite one claim or description: as text, and for reference managers.

Conventions
-----------
The form is that which DataCite recommends for data: Creator (PublicationYear): Title. Version. Publisher. ResourceType.
Identifier. The creator is who says it, the publisher the archive, the version the run.

Source
------
DataCite Metadata Schema 4.6, 2.3 Citation; Citation Style Language 1.0.2, schema ``csl-data.json``.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from export.material import Annotation, Material
from export.words import one_line

__all__ = ["CITATIONS", "cite", "title_of"]

_WORDS = 160
"""Letters of a description that stand in a title."""

Json: TypeAlias = dict[str, Any]  # values of JSON


def title_of(material: Material, said: Annotation, language: str = "en") -> str:
    """Return what an annotation is called: what is said, when, and in which work.

    Parameters
    ----------
    material : Material
    said : Annotation
    language : str
    """
    text = one_line(said.text(language))
    text = text if len(text) <= _WORDS else text[: _WORDS - 1].rstrip() + "…"
    aspect = f" ({said.aspect.label(language)})" if said.aspect else ""
    times = _clock(said.start) if said.is_instant else f"{_clock(said.start)}–{_clock(said.end)}"
    work = material.work
    made = ", ".join(filter(None, (one_line(work.creator), work.year)))
    return f"“{text}”{aspect} at {times} in “{one_line(work.title)}”" + (f" ({made})" if made else "")


def _clock(seconds: Decimal) -> str:
    whole, rest = divmod(seconds, 60)
    return f"{int(whole)}:{rest:06.3f}".rstrip("0").rstrip(".") if rest % 1 else f"{int(whole)}:{int(rest):02d}"


def _year(said: Annotation) -> str:
    return (said.created or "")[:4] or "n.d."


def _kind(said: Annotation) -> str:
    return "Claim" if said.concept else "Description"


def _run(said: Annotation) -> str:
    return said.run.rstrip("/").rsplit("/", 1)[-1] if said.run else ""


def cite(material: Material, said: Annotation, publisher: str) -> str:
    """Return the citation of an annotation as text.

    Parameters
    ----------
    material : Material
    said : Annotation
    publisher : str
        Name of the archive.

    Examples
    --------
    >>> from export.material import Agent, Work
    >>> ada = Agent("https://e.org/ada", "Ada", person=True)
    >>> bell = Annotation("https://e.org/1", Decimal(0), Decimal("1.5"), ada, words="A bell.", created="2026-01-02")
    >>> cite(Material("https://e.org/r", Decimal(2), Work(None, "Bell")), bell, "Archive")
    'Ada (2026): “A bell.” at 0:00–0:01.5 in “Bell”. Archive. Annotation (Description). https://e.org/1'
    """
    version = f" Run {_run(said)}." if said.run else ""
    return (
        f"{one_line(said.agent.title)} ({_year(said)}): {title_of(material, said)}.{version} {publisher}. "
        f"Annotation ({_kind(said)}). {said.iri}"
    )


def _datacite(material: Material, said: Annotation, publisher: str) -> Json:
    related = [{"relatedIdentifier": material.recording, "relatedIdentifierType": "URL", "relationType": "References"}]
    if said.run:
        related.append({"relatedIdentifier": said.run, "relatedIdentifierType": "URL", "relationType": "IsPartOf"})
    found: Json = {
        "identifiers": [{"identifier": said.iri, "identifierType": "URL"}],
        "creators": [
            {
                "name": one_line(said.agent.title),
                "nameType": "Personal" if said.agent.person else "Organizational",
                "nameIdentifiers": [{"nameIdentifier": said.agent.iri, "nameIdentifierScheme": "URL"}],
            }
        ],
        "titles": [{"title": title_of(material, said)}],
        "publisher": {"name": publisher},
        "types": {"resourceTypeGeneral": "Other", "resourceType": f"Annotation ({_kind(said)})"},
        "relatedIdentifiers": related,
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    if said.created:
        found |= {"publicationYear": _year(said), "dates": [{"date": said.created, "dateType": "Created"}]}
    return found | ({"version": _run(said)} if said.run else {})


def _csl(material: Material, said: Annotation, publisher: str) -> Json:
    name = {"literal": one_line(said.agent.title)}
    found: Json = {
        "id": said.iri, "type": "dataset", "title": title_of(material, said), "author": [name],
        "publisher": publisher, "URL": said.iri, "genre": f"Annotation ({_kind(said)})",
    }  # fmt: skip
    if day := re.match(r"(\d{4})-(\d\d)-(\d\d)", said.created or ""):
        found["issued"] = {"date-parts": [[int(part) for part in day.groups()]]}
    return found | ({"version": _run(said)} if said.run else {})


_BIBTEX = str.maketrans({letter: f"\\{letter}" for letter in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\~{}"})


def _bibtex(material: Material, said: Annotation, publisher: str) -> str:
    fields = {
        "author": f"{{{one_line(said.agent.title).translate(_BIBTEX)}}}",
        "title": f"{{{title_of(material, said).translate(_BIBTEX)}}}",
        "year": _year(said), "publisher": publisher.translate(_BIBTEX), "version": _run(said),
        "howpublished": f"Annotation ({_kind(said)})", "url": said.iri,
    }  # fmt: skip
    key = re.sub(r"[^A-Za-z0-9]+", "-", said.iri.partition("://")[2]).strip("-")
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _as_json(make: Callable[[Material, Annotation, str], Json]) -> Callable[[Material, Annotation, str], str]:
    def text(material: Material, said: Annotation, publisher: str) -> str:
        return json.dumps(make(material, said, publisher), ensure_ascii=False, indent=1) + "\n"

    return text


CITATIONS: Mapping[str, tuple[str, Callable[[Material, Annotation, str], str]]] = {
    "text": ("text/plain", lambda material, said, publisher: cite(material, said, publisher) + "\n"),
    "bibtex": ("application/x-bibtex", _bibtex),
    "csl": ("application/vnd.citationstyles.csl+json", _as_json(_csl)),
    "datacite": ("application/vnd.datacite.datacite+json", _as_json(_datacite)),
}
"""The forms of a citation by name: media type, and what writes it."""
