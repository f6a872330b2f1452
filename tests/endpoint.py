"""A running server on a small archive, started as a user starts it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from api.tokens import Role, Tokens
from store import open_store

ROOT = Path(__file__).parents[1]
ROWS = 300
PERSONS = {"Ada": Role.ANNOTATOR, "Bo": Role.ANNOTATOR, "Cy": Role.CURATOR, "Di": Role.READER}


@dataclass
class Endpoint:
    """A server.

    Parameters
    ----------
    folder : Path
        Its archive.
    process : Popen
    base : str
        Its address, with a slash at the end.
    tokens : dict of str to str
        By person.
    """

    folder: Path
    process: subprocess.Popen[bytes]
    base: str
    tokens: dict[str, str]
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, person: str | None = None) -> httpx.Client:
        """Return a client with the token of a person, closed with the server."""
        headers = {"Authorization": f"Bearer {self.tokens[person]}"} if person else {}
        client = httpx.Client(base_url=self.base, timeout=30, headers=headers)
        self.clients.append(client)
        return client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_archive(folder: Path) -> None:
    """Make an archive of two graphs."""
    lines = "".join(f'<http://e/s{n}> <http://e/p> "value {n:03d}, é\\"" <http://e/g{n % 2}> .\n' for n in range(ROWS))
    with open_store(folder, writable=True) as store:
        store.bulk_load(lines.encode(), ["http://e/g0", "http://e/g1"])
        store.publish()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Endpoint]:
    """Run a server on an archive, with tokens for `PERSONS`, until the end of the block."""
    tokens = Tokens(folder / "tokens.json")
    secrets = {person: tokens.create(person, role)[1] for person, role in PERSONS.items()}
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "ACOUSMA_STORE": str(folder), "ACOUSMA_BASE_IRI": base, "PYTHONPATH": str(ROOT)}
    environment |= {f"ACOUSMA_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)
    endpoint = Endpoint(folder, process, base, secrets)
    try:
        wait_until_ready(endpoint)
        yield endpoint
    finally:
        for client in endpoint.clients:
            client.close()
        process.terminate()
        process.wait(30)


def wait_until_ready(endpoint: Endpoint) -> None:
    for _ in range(400):
        assert endpoint.process.poll() is None, (endpoint.folder / "server.log").read_text()
        try:
            httpx.get(f"{endpoint.base}ready", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")
