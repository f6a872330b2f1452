"""The protocols over an Oxigraph server as the store, as docker-compose runs it."""

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi.testclient import TestClient

from api.server import create_app
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from tests.endpoint import free_port

OXIGRAPH = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
pytestmark = [pytest.mark.server, pytest.mark.skipif(OXIGRAPH is None, reason="the program oxigraph is not installed")]
TYPE = {"Content-Type": "application/ld+json"}
SENT = {"@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "target": "http://e/r", "bodyValue": "x"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    address = f"127.0.0.1:{free_port()}"
    command = [str(OXIGRAPH), "serve", "--location", str(tmp_path / "data"), "--bind", address, "--union-default-graph"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{address}/query?query=ASK%7B%7D", timeout=3).close()
                break
            except OSError:
                time.sleep(0.05)
        own = {"tokens": tmp_path / "tokens.json", "base_iri": "http://testserver/"}
        settings = load_settings(f"http://{address}").model_copy(update=own)
        _, secret = Tokens(settings.tokens_file).create("Ada", Role.CURATOR)
        with opened_service(settings) as service:
            headers = {"Authorization": f"Bearer {secret}"}
            yield cast(httpx.Client, TestClient(create_app(service), headers=headers))
        server.terminate()


def test_annotations_graphs_and_updates_are_one_state_on_a_server(client: httpx.Client) -> None:
    made = client.post("/annotations/", content=json.dumps(SENT), headers=TYPE)
    assert made.status_code == 201, made.text
    url, condition = made.headers["location"], {**TYPE, "If-Match": made.headers["etag"]}
    assert client.get(url).json()["bodyValue"] == "x"
    changed = {**SENT, "bodyValue": "y"}
    codes = [client.put(url, content=json.dumps(changed), headers=condition).status_code for _ in range(2)]
    assert codes == [200, 412]
    ask = {"query": f"ASK {{ <{url}> <http://www.w3.org/ns/oa#bodyValue> 'y' }}"}
    assert client.get("/sparql", params=ask).json()["boolean"] is True
    assert client.get("/annotations/").json()["total"] == 1
    turtle, headers = "<http://e/a> <http://e/b> [] .", {"Content-Type": "text/turtle"}
    assert client.put("/store?graph=http://e/g", content=turtle, headers=headers).status_code == 201
    assert client.get("/store?graph=http://e/g").headers["etag"]
    assert client.post("/update", data={"update": "DROP GRAPH <http://e/g>"}).status_code == 204
    assert client.get("/store?graph=http://e/g").status_code == 404
    assert client.get("/ready").json() == {"status": "ok"}
