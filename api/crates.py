"""A question with its answer and all it rests on, as a research object (RO-Crate).

Conventions
-----------
A crate holds the question as it is stored (``question.rq``) and with its arguments in it (``asked.rq``), the answer as
CSV and as SPARQL results, every named graph that describes something of the answer (``data.nq``), and the ontology and
the vocabulary in the versions that were used. The asking is a ``CreateAction`` with its time; whoever speaks in the
data, and each run, stands in the metadata. An answer without things of the archive, such as counts, has no data; the
description says so. The answer is whole: a question stops at its own limit of rows, and the description says that too.

Source
------
RO-Crate 1.3 (https://w3id.org/ro/crate/1.3), written by the library rocrate; Schema.org.
"""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from api.listing import as_csv, as_json
from export.options import software_version
from ontology.errors import InputError
from ontology.terms import DCTERMS, FOAF, PROV, RDF
from queries import answer, find, row_limit
from queries.library import sparql
from queries.questions import StoredQuery
from store import Store, Table

if TYPE_CHECKING:
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.file import File

__all__ = ["Asked", "packed", "write_crate"]

_ONTOLOGY = Path(__file__).parents[1] / "ontology"
_QUESTIONS = Path(__file__).parents[1] / "queries"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_HOME = "https://w3id.org/acousma/"
_AT_ONCE = 400
_MOST_GRAPHS = 5_000
_GRAPHS = (
    "SELECT DISTINCT ?graph WHERE {{ VALUES ?thing {{ {things} }} GRAPH ?graph {{ ?thing ?p ?o }} }} ORDER BY ?graph"
)
_SPEAKERS = f"""SELECT DISTINCT ?agent ?name ?version ?type ?run ?time ?ended WHERE {{ VALUES ?graph {{ GRAPHS }}
  GRAPH ?graph {{ ?run <{PROV.wasAssociatedWith}> ?agent . ?agent <{RDF.type}> ?type
    OPTIONAL {{ ?agent <{FOAF.name}> ?name }} OPTIONAL {{ ?agent <{DCTERMS.hasVersion}> ?version }}
    OPTIONAL {{ ?run <{PROV.startedAtTime}> ?time }} OPTIONAL {{ ?run <{PROV.endedAtTime}> ?ended }} }} }}
  ORDER BY ?run"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to be packed.

    Parameters
    ----------
    name : str
    arguments : Mapping of str to str
        As they were typed.
    licence : str or None
        Address of the licence under which whoever packs it gives it away.
    """

    name: str
    arguments: Mapping[str, str]
    licence: str | None = None


def write_crate(store: Store, asked: Asked, base: str, folder: Path) -> list[str]:
    """Write a crate into an empty folder; return what a reader should know of it.

    Parameters
    ----------
    store : Store
    asked : Asked
    base : str
        Base IRI of the archive.
    folder : Path

    Raises
    ------
    UnknownName, ParameterError
        If there is no such question, or an argument does not fit it.
    QueryError
        If it is not answered within the limits.
    InputError
        If the answer rests on more graphs than a crate takes.
    """
    query, text = find(asked.name), sparql(asked.name, asked.arguments)
    from ingest.pipeline import now  # its libraries take seconds to import

    began = now()
    table = answer(store, asked.name, asked.arguments)
    ended = now()
    graphs = _graphs(store, table, base)
    notes = _notes(query, asked, table, graphs)
    files = {
        "question.rq": (_QUESTIONS / f"{asked.name}.rq").read_text(encoding="utf-8"), "asked.rq": text,
        "answer.csv": as_csv(table), "answer.json": as_json(table),
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content.encode())
    with (folder / "data.nq").open("wb") as data:
        for graph in graphs:
            data.writelines(f"{quad} .\n".encode() for quad in store.quads(graph))
    for name in ("ontology.ttl", "vocabulary.ttl"):
        shutil.copyfile(_ONTOLOGY / name, folder / name)
    _describe(folder, (query, asked, notes), (began, ended), list(_speakers(store, graphs)))
    return notes


def _graphs(store: Store, table: Table, base: str) -> list[str]:
    """Return the named graphs that describe something of an answer."""
    named = {term.value for row in table.rows for term in row if isinstance(term, ox.NamedNode)}
    things = sorted(iri for iri in named if iri.startswith(base))
    found: set[str] = set()
    for part in _parts(things):
        rows = store.rows(_GRAPHS.format(things=part)).rows
        found |= {graph.value for (graph,) in rows if isinstance(graph, ox.NamedNode)}
        if len(found) > _MOST_GRAPHS:
            raise InputError(
                f"the answer rests on more than {_MOST_GRAPHS:,} graphs", "a question about a part of the archive",
                "narrow it with its parameters, or take a backup of the whole",
            )  # fmt: skip
    return sorted(found)


def _parts(iris: list[str]) -> Iterator[str]:
    for start in range(0, len(iris), _AT_ONCE):
        yield " ".join(str(ox.NamedNode(iri)) for iri in iris[start : start + _AT_ONCE])


def _notes(query: StoredQuery, asked: Asked, table: Table, graphs: list[str]) -> list[str]:
    notes = []
    if not graphs:
        notes.append("The answer names nothing of the archive, so there are no data of it in this crate.")
    limit = row_limit(query, asked.arguments)
    if limit is not None and len(table.rows) >= limit:
        notes.append(f"The answer stops at {limit:,} rows, the limit of the question; there may be more.")
    return notes


def _speakers(store: Store, graphs: list[str]) -> Iterator[dict[str, str]]:
    """Yield who speaks in some graphs, by run."""
    for part in _parts(graphs):
        table = store.rows(_SPEAKERS.replace("GRAPHS", part))
        for row in table.rows:
            yield {
                name: term.value
                for name, term in zip(table.columns, row, strict=True)
                if isinstance(term, ox.NamedNode | ox.Literal)
            }


_FILES = {
    "question.rq": (
        "The question as it is stored",
        "application/sparql-query",
        "SPARQL, with its parameters and columns",
    ),
    "asked.rq": ("The question as it was asked", "application/sparql-query", "SPARQL, with the arguments in it"),
    "answer.csv": ("The answer as a table", "text/csv", "Comma-separated values, a row per solution"),
    "answer.json": ("The answer as JSON", "application/json", "SPARQL 1.1 results, with the kinds of terms"),
    "data.nq": ("The data", "application/n-quads", "The named graphs that describe what the answer names"),
    "ontology.ttl": ("The ontology that was used", "text/turtle", "Classes and properties, OWL"),
    "vocabulary.ttl": ("The vocabulary that was used", "text/turtle", "Concepts, scales and measurement rules, SKOS"),
}


_RIGHTS = {
    _LICENCE: {
        "@type": "CreativeWork", "name": "CC BY 4.0",
        "description": "Creative Commons Attribution 4.0 International: use it for anything, and say who made it.",
    },
    "#rights": {
        "@type": "CreativeWork", "name": "No licence stated",
        "description": "Whoever packed this crate states no licence for the answer and the data. Rights in works and "
        "recordings are those that the data name; ontology and vocabulary have a licence of their own.",
    },
}  # fmt: skip
_GIVEN = {
    "@type": "CreativeWork", "name": "Licence of this crate",
    "description": "The licence under which this crate is given away, as whoever packed it states it.",
}  # fmt: skip


def _describe(
    folder: Path,
    about: tuple[StoredQuery, Asked, list[str]],
    times: tuple[datetime, datetime],
    speakers: Iterable[Mapping[str, str]],
) -> None:
    """Write the metadata."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.file import File
    from rocrate.rocrate import ROCrate

    query, asked, notes = about
    crate = ROCrate(gen_preview=True)
    told = ", ".join(f"{name} = {value}" for name, value in asked.arguments.items()) or "no arguments"
    crate.name = query.summary
    crate.description = " ".join([f"{query.description or query.summary} Asked with {told}.", *notes])
    crate.datePublished = times[1]

    if crate.preview is not None:
        crate.preview["name"] = "What is in this crate"

    def add(identifier: str, **properties: Any) -> ContextEntity:
        made = ContextEntity(crate, identifier, properties=properties)
        crate.add(made)
        return made

    files = {
        name: File(
            crate, folder / name, name, record_size=True,
            properties={"name": title, "encodingFormat": type_, "description": what},
        )
        for name, (title, type_, what) in _FILES.items()
    }  # fmt: skip
    crate.add(*files.values())
    attribution = add(_LICENCE, **_RIGHTS[_LICENCE])
    for name in ("ontology.ttl", "vocabulary.ttl"):
        files[name]["version"] = _ontology_version()
        files[name]["license"] = attribution
    rights = asked.licence or "#rights"
    crate.license = attribution if rights == _LICENCE else add(rights, **_RIGHTS.get(rights, _GIVEN))
    software = add(
        f"{_HOME}software/{software_version()}",
        **{"@type": "SoftwareApplication", "name": "Acousma", "version": software_version(), "url": _HOME},
    )
    crate.add_action(
        software, "#asking", object=[files["asked.rq"], files["data.nq"], files["vocabulary.ttl"]],
        result=[files["answer.csv"], files["answer.json"]],
        properties={
            "name": f"Asking {asked.name}", "description": f"The stored question {asked.name} was asked with {told}.",
            "startTime": _stamp(times[0]), "endTime": _stamp(times[1]),
        },
    )  # fmt: skip
    runs = _said(add, speakers, files["data.nq"])
    crate.root_dataset["mentions"] = [crate.get("#asking"), *runs] if runs else crate.get("#asking")
    crate.write(folder)


def _said(
    add: Callable[..., "ContextEntity"], speakers: Iterable[Mapping[str, str]], data: "File"
) -> list["ContextEntity"]:
    """Add who speaks in the data and each run; return the runs."""
    agents: dict[str, ContextEntity] = {}
    runs: dict[str, ContextEntity] = {}
    for one in speakers:
        name, person = one.get("name", one["agent"]), one["type"] == PROV.Person
        if one["agent"] not in agents:
            kind = {"@type": "Person"} if person else {"@type": "SoftwareApplication", "url": one["agent"]}
            version = {"version": one["version"]} if "version" in one else {}
            agents[one["agent"]] = add(one["agent"], **kind, name=name, **version)
        times = {"startTime": one.get("time"), "endTime": one.get("ended")}
        runs[one["run"]] = add(
            one["run"], name=f"What {name} said", description=f"A run of {name} on one recording, with its parameters",
            result=data, **{"@type": "CreateAction", "agent" if person else "instrument": agents[one["agent"]]},
            **{key: value.replace("Z", "+00:00") for key, value in times.items() if value},
        )  # fmt: skip
    return list(runs.values())


def _ontology_version() -> str:
    """Return the version that the ontology states of itself."""
    found = re.search(r'owl:versionInfo "([^"]+)"', (_ONTOLOGY / "ontology.ttl").read_text(encoding="utf-8"))
    assert found is not None, "a test of the ontology asks for it"
    return found[1]


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def packed(folder: Path, target: Path) -> None:
    """Write a folder as a ZIP file whose bytes depend on its content alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
