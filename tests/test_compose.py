"""The services of docker-compose.yml, started here by their own commands, make a filled and healthy endpoint."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

pytestmark = pytest.mark.server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Here:
    """Translates what the containers see into what is here: hosts, ports, folders, programs."""

    def __init__(self, folder: Path) -> None:
        self.ports = {"store": free_port(), "app": free_port()}
        self.folder = folder
        (folder / "sounds").mkdir()
        for name in ("elec_bell.flac", "misc_crow.flac", "loop_industrial.flac"):
            shutil.copy(ROOT / "demo" / "sounds" / name, folder / "sounds")
        rows = (ROOT / "demo" / "catalogue.csv").read_text(encoding="utf-8").splitlines()
        kept = [rows[0], *(row for row in rows if any(name in row for name in ("elec_bell", "misc_crow", "loop_ind")))]
        (folder / "catalogue.csv").write_text("\n".join(kept), encoding="utf-8")
        score = (ROOT / "demo" / "etude.score.csv").read_text(encoding="utf-8").splitlines()
        claim = (
            "sounds/misc_crow.flac,0.02,0.4,object,caw,spectralNoise darkening,A listener,person,,verbalisedConfidence"
        )
        (folder / "etude.score.csv").write_text(f"{score[0]}\n{claim}\n", encoding="utf-8")

    def text(self, text: str) -> str:
        replacements = {
            "http://store:7878": f"http://127.0.0.1:{self.ports['store']}",
            "127.0.0.1:7878": f"127.0.0.1:{self.ports['store']}",
            "0.0.0.0:7878": f"127.0.0.1:{self.ports['store']}",
            "127.0.0.1:8000": f"127.0.0.1:{self.ports['app']}",
            "/srv/archive": str(self.folder / "archive"),
            "/srv/demo": str(self.folder),
        }
        for there, here in replacements.items():
            text = text.replace(there, here)
        return text

    def command(self, service: str) -> list[str]:
        described = SERVICES[service]
        program = described.get("entrypoint", ["acousma"])
        return [str(BIN / program[0]), *(self.text(word) for word in described["command"])]

    def environment(self, service: str) -> dict[str, str]:
        given = {key: self.text(str(value)) for key, value in SERVICES[service].get("environment", {}).items()}
        given |= {key: value for key, value in given.items() if not value.startswith("${")}
        given.pop("ACOUSMA_BASE_IRI", None)
        return {**os.environ, **given, "ACOUSMA_HOST": "127.0.0.1", "ACOUSMA_PORT": str(self.ports["app"])}

    def healthy(self, service: str) -> bool:
        program, *rest = SERVICES[service]["healthcheck"]["test"][1:]
        assert program == "python"
        return subprocess.run([sys.executable, *map(self.text, rest)], capture_output=True).returncode == 0

    def wait(self, service: str) -> None:
        for _ in range(60):
            if self.healthy(service):
                return
            time.sleep(0.2)
        raise AssertionError(f"the service {service} did not become healthy")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    here = Here(tmp_path_factory.mktemp("compose"))
    with ExitStack() as stack:
        for service in ("store", "demo", "app"):
            command, environment = here.command(service), here.environment(service)
            if service == "demo":
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                assert done.returncode == 0, done.stdout + done.stderr
                continue
            process = stack.enter_context(
                subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            )
            stack.callback(process.terminate)
            here.wait(service)
        yield here


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed; CI installs it")
@pytest.mark.parametrize("profile", [None, "ingest", "gpu"])
def test_docker_compose_accepts_the_file(profile: str | None) -> None:
    chosen = [] if profile is None else ["--profile", profile]
    done = subprocess.run(["docker-compose", *chosen, "config"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_file_has_the_services_it_promises() -> None:
    assert {"store", "demo", "app", "ingest", "ingest-gpu"} <= SERVICES.keys()
    assert SERVICES["ingest-gpu"]["profiles"] == ["gpu"]
    assert all("healthcheck" in SERVICES[name] for name in ("store", "app"))
    assert SERVICES["store"]["volumes"] == ["store:/srv/archive"]


def test_the_first_start_is_filled_and_healthy(started: Here) -> None:
    assert started.healthy("store") and started.healthy("app")
    query = "SELECT (COUNT(DISTINCT ?w) AS ?works) { GRAPH ?g { ?w a <http://purl.org/ontology/mo/MusicalWork> } }"
    url = f"http://127.0.0.1:{started.ports['app']}/sparql"
    answer = httpx.get(url, params={"query": query}, headers={"Accept": "text/csv"})
    assert answer.text.split() == ["works", "3"]


def test_a_question_is_answered_from_the_server_store(started: Here) -> None:
    command = [str(BIN / "acousma"), "ask", "timeline", "--param", "work=Crow", "--format", "csv"]
    done = subprocess.run(command, env=started.environment("app"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Noise" in done.stdout and "A listener" in done.stdout and "supported" in done.stdout


def test_a_second_ingest_into_the_server_changes_nothing(started: Here) -> None:
    done = subprocess.run(started.command("demo"), env=started.environment("demo"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "left as they were" in done.stdout


def test_an_update_cannot_pass_the_endpoint(started: Here) -> None:
    url = f"http://127.0.0.1:{started.ports['app']}/sparql"
    assert httpx.post(url, data={"update": "CLEAR ALL"}).status_code == 400
