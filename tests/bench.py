"""A workbench on the small graph, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
from fastapi.testclient import TestClient

from api.protocol.access import Writes
from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from store import open_store
from tests.graphs import small_graph, vocabulary_quads

BASE = "https://archive.example.org/"
ANNO = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'


def make_archive(folder: Path) -> None:
    """Store the vocabulary and the small graph."""
    lines = (vocabulary_quads() + small_graph()).encode()
    graphs = sorted({quad.graph_name.value for quad in ox.parse(lines, ox.RdfFormat.N_QUADS)})
    with open_store(folder, writable=True) as store:
        store.bulk_load(lines, graphs)
        store.publish()


@contextmanager
def workbench(folder: Path, writes: Writes = Writes.TOKEN) -> Iterator[TestClient]:
    """Serve an archive to a client."""
    settings = load_settings(str(folder)).model_copy(update={"base_iri": BASE, "writes": writes})
    with opened_service(settings) as service, TestClient(create_app(service), base_url="http://localhost") as client:
        yield client


def headers_of(folder: Path, person: str, role: Role = Role.ANNOTATOR) -> dict[str, str]:
    """Make a token, and return the headers of a person who writes with it."""
    return {"Authorization": f"Bearer {Tokens(folder / 'tokens.json').create(person, role)[1]}"}
