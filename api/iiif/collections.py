"""Collections of manifests: the whole archive, a work, a composer.

Source
------
IIIF Presentation API 3.0, 5.1 Collection.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

import pyoxigraph as ox

from api.iiif.documents import Json
from api.protocol.problems import Problem
from export.iiif import CONTEXT
from export.words import one_line
from ontology.terms import DCTERMS, FOAF, FRBR, MO
from store import Store

__all__ = ["Entry", "archive_collection", "composer_collection", "entries", "work_collection"]

_PAGE = 20_000
_ENTRIES = f"""SELECT DISTINCT ?recording ?work ?title ?composer ?name ?file WHERE {{ ?recording a <{MO.DigitalSignal}>
  FILTER NOT EXISTS {{ ?recording <http://www.w3.org/ns/prov#wasDerivedFrom> ?original }}
  OPTIONAL {{ ?work <{FRBR.realization}> ?recording ; <{DCTERMS.title}> ?title
    OPTIONAL {{ ?work <{DCTERMS.creator}> ?composer . ?composer <{FOAF.name}> ?name }} }}
  OPTIONAL {{ ?audio <{MO.encodes}> ?recording ; <{DCTERMS.title}> ?file }} }}
ORDER BY ?title ?recording ?work ?name ?file LIMIT {_PAGE} OFFSET """


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording as a list shows it: its IRI, its work with its title, and who made that."""

    recording: str
    work: str
    title: str
    composer: str
    name: str

    @property
    def id(self) -> str:
        """The last part of the recording's IRI."""
        return self.recording.rsplit("/", 1)[-1]


def entries(store: Store) -> list[Entry]:
    """Return all recordings of works and files, in order of title; one of several works once for each."""
    found: dict[tuple[str, str, str], Entry] = {}
    done = 0
    while True:
        table = store.rows(f"{_ENTRIES}{done}")
        for row in table.rows:
            cells = [term.value if isinstance(term, ox.NamedNode | ox.Literal) else "" for term in row]
            recording, work, title, composer, name, file = cells
            found.setdefault(
                (recording, work, composer), Entry(recording, work, title or file or recording, composer, name)
            )
        done += len(table.rows)
        if len(table.rows) < _PAGE:
            return list(found.values())


def archive_collection(root: str, said: list[Entry], name: str) -> Json:
    """Return the collection of all recordings, with those of composers and of works with several recordings.

    Parameters
    ----------
    root : str
        Address of ``iiif/``.
    said : list of Entry
    name : str
        Of the archive.
    """
    composers = {one.composer: one.name for one in said if one.composer}
    several = _several(said)
    items = [
        *(_collection(f"{root}composers/{_path(iri)}.json", label) for iri, label in sorted(
            composers.items(), key=lambda pair: (pair[1].casefold(), pair[0]))),
        *(_collection(f"{root}works/{_path(iri)}.json", label) for iri, label in several.items()),
        *_manifests(root, said),
    ]  # fmt: skip
    document = _collection(f"{root}collection.json", name)
    changes = {"id": f"{root}activity/all-changes", "type": "Dataset", "format": "application/ld+json",
               "label": {"en": ["Changes (IIIF Change Discovery 1.0)"]}}  # fmt: skip
    return {"@context": CONTEXT, **document, "seeAlso": [changes], "items": items}


def work_collection(root: str, said: list[Entry], name: str) -> Json:
    """Return the collection of the recordings of a work.

    Raises
    ------
    Problem
        404, if there is no such work.
    """
    mine = [one for one in said if one.work and _name(one.work) == name]
    if not mine:
        raise _missing("work", name)
    document = _collection(f"{root}works/{_path(mine[0].work)}.json", mine[0].title)
    home = {"id": mine[0].work, "type": "Text", "label": {"en": ["The work"]}, "format": "text/html"}
    return {"@context": CONTEXT, **document, "homepage": [home], "items": _manifests(root, mine)}


def composer_collection(root: str, said: list[Entry], name: str) -> Json:
    """Return the collection of the recordings of a composer's works.

    Raises
    ------
    Problem
        404, if there is no such composer.
    """
    mine = [one for one in said if one.composer and _name(one.composer) == name]
    if not mine:
        raise _missing("composer", name)
    document = _collection(f"{root}composers/{_path(mine[0].composer)}.json", mine[0].name)
    works = [_collection(f"{root}works/{_path(iri)}.json", title) for iri, title in _several(mine).items()]
    return {"@context": CONTEXT, **document, "items": [*works, *_manifests(root, mine)]}


def _name(iri: str) -> str:
    """Return what names a thing: the end of its IRI, without escapes."""
    return unquote(iri.rstrip("/").rsplit("/", 1)[-1])


def _path(iri: str) -> str:
    """Return the name of a thing as a part of an address."""
    return quote(_name(iri), safe="")


def _several(said: list[Entry]) -> dict[str, str]:
    """Return the works with more than one recording."""
    recordings: dict[str, set[str]] = {}
    for one in said:
        recordings.setdefault(one.work, set()).add(one.recording)
    titles = {one.work: one.title for one in said}
    return {work: titles[work] for work, of in recordings.items() if work and len(of) > 1}


def _collection(id_: str, label: str) -> Json:
    return {"id": id_, "type": "Collection", "label": {"none": [one_line(label) or "-"]}}


def _manifests(root: str, said: list[Entry]) -> list[Json]:
    titles: dict[str, str] = {}
    for one in said:
        titles.setdefault(one.id, one.title)
    return [
        {"id": f"{root}{quote(id_)}/manifest.json", "type": "Manifest", "label": {"none": [one_line(title)]}}
        for id_, title in titles.items()
    ]


def _missing(kind: str, name: str) -> Problem:
    return Problem(404, f"{name[:80]!r} is no {kind} with recordings here. Expected: one of /iiif/collection.json.")
