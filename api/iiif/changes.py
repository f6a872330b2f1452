"""Change Discovery 1.0, level 2: which manifests were created, updated and deleted, in the order of time.

Conventions
-----------
The log ``activity.jsonl`` stands in the folder of the archive. When it is asked for and the archive has changed, what
the graphs of each recording are is compared with what the log says, and a line is added for every difference: its
time is then that at which the server saw it. What was there before the log began gets the time of its first run. An
archive on another server has its log in memory only, and starts a new one with each start.

Source
------
IIIF Change Discovery API 1.0, clauses 2.1 and 3.
"""

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import quote

import pyoxigraph as ox

from api.iiif.documents import Json
from api.protocol.problems import Problem
from api.protocol.service import Service
from ontology.terms import MO, PROV

__all__ = ["Activity", "Changes", "all_changes", "page_of"]

_LOG = "activity.jsonl"
_PAGE = 100
_ROWS = 20_000
_CONTEXT = "http://iiif.io/api/discovery/1/context.json"
_GRAPHS = f"""SELECT DISTINCT ?recording ?graph ?time WHERE {{ GRAPH ?graph {{
  ?recording a <{MO.DigitalSignal}> . ?run <{PROV.used}> ?recording OPTIONAL {{ ?run <{PROV.startedAtTime}> ?time }} }}
  FILTER NOT EXISTS {{ ?recording <{PROV.wasDerivedFrom}> ?original }}
}} ORDER BY ?recording ?graph ?time LIMIT {_ROWS} OFFSET """


@dataclass(frozen=True, slots=True)
class Activity:
    """What became of the manifest of a recording.

    Parameters
    ----------
    type : {"Create", "Update", "Delete"}
    recording : str
        Id of the recording.
    end : str
        ``xsd:dateTime``.
    digest : str
        Of the graphs that speak of it; empty where it was deleted.
    """

    type: str
    recording: str
    end: str
    digest: str


class Changes:
    """The log of an archive.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._seen: str | None = None
        self._log: list[Activity] = []

    def activities(self) -> list[Activity]:
        """Return all that has happened, oldest first."""
        with self._lock:
            version = self._service.own.version()
            if not self._log and self._service.folder is not None:
                self._log = self._read()
            if version is None or version != self._seen:
                self._note()
                self._seen = version
            return list(self._log)

    def _read(self) -> list[Activity]:
        assert self._service.folder is not None
        path = self._service.folder / _LOG
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        found = []
        for line in lines:
            try:
                found.append(Activity(**json.loads(line)))
            except (ValueError, TypeError):  # a line that was not written to its end
                continue
        return found

    def _note(self) -> None:
        """Add what has happened since."""
        there = self._there()
        known = {one.recording: one.digest for one in self._log}
        last = self._log[-1].end if self._log else ""
        now = max(last, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        new = []
        for recording, (digest, began) in there.items():
            if not known.get(recording):
                end = began if not self._log and began else now
                new.append(Activity("Create", recording, end, digest))
            elif known[recording] != digest:
                new.append(Activity("Update", recording, now, digest))
        new += [Activity("Delete", one, now, "") for one, digest in known.items() if digest and one not in there]
        new.sort(key=lambda one: (one.end, one.recording))
        if new and self._service.folder is not None:
            text = "".join(json.dumps(asdict(one)) + "\n" for one in new)
            with (self._service.folder / _LOG).open("a", encoding="utf-8") as file:
                file.write(text)
        self._log += new

    def _there(self) -> dict[str, tuple[str, str]]:
        """Return a digest of what the graphs of each recording are, and when its first run began."""
        revisions = self._service.own.revisions() or {}
        catalogue = self._service.minter.catalogue_graph
        graphs: dict[str, set[str]] = {}
        began: dict[str, str] = {}
        done = 0
        while True:
            table = self._service.own.rows(f"{_GRAPHS}{done}")
            for recording, graph, time in table.rows:
                assert isinstance(recording, ox.NamedNode) and isinstance(graph, ox.NamedNode)
                id_ = recording.value.rsplit("/", 1)[-1]
                graphs.setdefault(id_, {catalogue(id_)}).add(graph.value)
                if isinstance(time, ox.Literal):
                    began[id_] = min(began.get(id_, time.value), time.value)
            done += len(table.rows)
            if len(table.rows) < _ROWS:
                break
        return {
            id_: (_digest((name, revisions.get(name, "")) for name in sorted(names)), began.get(id_, ""))
            for id_, names in graphs.items()
        }


def _digest(pairs: Iterable[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(list(pairs)).encode()).hexdigest()[:16]


def all_changes(root: str, log: list[Activity]) -> Json:
    """Return the collection of all activities.

    Parameters
    ----------
    root : str
        Address of ``iiif/``.
    log : list of Activity
    """
    document: Json = {
        "@context": _CONTEXT, "id": f"{root}activity/all-changes", "type": "OrderedCollection",
        "totalItems": len(log),
        "partOf": [{"id": f"{root}collection.json", "type": "Collection"}],
    }  # fmt: skip
    pages = max(1, -(-len(log) // _PAGE))
    for name, number in (("first", 0), ("last", pages - 1)):
        document[name] = {"id": f"{root}activity/page-{number}", "type": "OrderedCollectionPage"}
    return document


def page_of(root: str, log: list[Activity], number: int) -> Json:
    """Return a page of activities.

    Raises
    ------
    Problem
        404, if there is no such page.
    """
    pages = max(1, -(-len(log) // _PAGE))
    if not 0 <= number < pages:
        raise Problem(404, f"Page {number} was asked for. Expected: 0 to {pages - 1}.")
    document: Json = {
        "@context": _CONTEXT, "id": f"{root}activity/page-{number}", "type": "OrderedCollectionPage",
        "partOf": {"id": f"{root}activity/all-changes", "type": "OrderedCollection"}, "startIndex": number * _PAGE,
    }  # fmt: skip
    for name, other in (("prev", number - 1), ("next", number + 1)):
        if 0 <= other < pages:
            document[name] = {"id": f"{root}activity/page-{other}", "type": "OrderedCollectionPage"}
    document["orderedItems"] = [
        {
            "type": one.type, "endTime": one.end,
            "object": {"id": f"{root}{quote(one.recording)}/manifest.json", "type": "Manifest"},
        }
        for one in log[number * _PAGE : (number + 1) * _PAGE]
    ]  # fmt: skip
    return document
