"""A program logs in to a Solid pod: every request has a proof of its own, and a secret goes to nobody else."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
import jwt
import pytest

from api.solid import login_from
from api.solid_login import ClientLogin
from ontology.errors import InputError, StoreUnreachable
from tests.commands import acousma
from tests.endpoint import free_port
from tests.exports import archive_of

CLIENT = ("made for acousma", "s3cr:et/+")
SERVER = os.environ.get("ACOUSMA_SOLID_SERVER", "")
"""Folder with node_modules/@solid/community-server."""


class Guarded(BaseHTTPRequestHandler):
    """An issuer and a pod in one: gives tokens that last two requests, asks for a nonce, and checks every proof."""

    state: dict[str, Any]

    def log_message(self, format: str, *args: object) -> None:
        pass

    @property
    def base(self) -> str:
        host, port = cast("ThreadingHTTPServer", self.server).server_address[:2]
        return f"http://{host!s}:{port}"

    def answer(self, status: int, body: object = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        self.send_response(status)
        kind = "text/turtle" if isinstance(body, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def proof(self) -> tuple[str, str]:
        """Return what is wrong with the proof of this request, or nothing, and the thumb of its key."""
        sent = self.headers.get("DPoP", "")
        head = jwt.get_unverified_header(sent)
        claims = jwt.decode(sent, jwt.PyJWK(head["jwk"]), ["ES256"])
        wrong = [
            name
            for name, fits in {
                "typ": head["typ"] == "dpop+jwt", "private": "d" not in head["jwk"],
                "htm": claims["htm"] == self.command,
                "htu": claims["htu"] == self.base + self.path.partition("?")[0],
                "jti": claims["jti"] not in self.state["seen"], "iat": abs(claims["iat"] - time.time()) < 30,
                "nonce": claims.get("nonce") == self.state["nonce"],
            }.items()
            if not fits
        ]  # fmt: skip
        self.state["seen"].add(claims["jti"])
        bound = hashlib.sha256(self.headers.get("Authorization", "").removeprefix("DPoP ").encode()).digest()
        if self.path != "/token" and claims.get("ath") != base64.urlsafe_b64encode(bound).rstrip(b"=").decode():
            wrong.append("ath")
        return ",".join(wrong), json.dumps(head["jwk"], sort_keys=True)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wrong, key = self.proof()
        if wrong == "nonce":
            self.answer(400, {"error": "use_dpop_nonce"}, DPoP_Nonce=self.state["nonce"])
            return
        pair = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        right = (
            pair == "made+for+acousma:s3cr%3Aet%2F%2B" and form["grant_type"] == ["client_credentials"] and not wrong
        )
        if not right:
            self.answer(401, {"error": "invalid_client"})
            return
        token = f"token-{len(self.state['tokens'])}"
        self.state["tokens"][token] = [key, 2]
        kind = self.state.get("type", "DPoP")
        self.answer(200, {"access_token": token, "token_type": kind, "expires_in": 600})

    def do_GET(self) -> None:
        if self.path == "/.well-known/openid-configuration":
            named = self.state.get("issuer", self.base + "/")
            self.answer(200, {"issuer": named, "token_endpoint": f"{self.base}/token"})
            return
        if self.allowed():
            found = self.state["kept"].get(self.path)
            self.answer(404 if found is None else 200, found or b"")

    def do_PUT(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.allowed():
            self.state["kept"][self.path] = sent
            self.answer(201, b"")

    def allowed(self) -> bool:
        wrong, key = self.proof() if "DPoP" in self.headers else ("no proof", "")
        known = self.state["tokens"].get(self.headers.get("Authorization", "").removeprefix("DPoP "))
        if wrong or known is None or known[0] != key or known[1] == 0:
            self.state["refused"].append(wrong or "token")
            self.answer(401)
            return False
        known[1] -= 1
        return True


@pytest.fixture
def pod() -> Iterator[tuple[str, dict[str, Any]]]:
    state: dict[str, Any] = {"kept": {}, "tokens": {}, "seen": set(), "nonce": "n0", "refused": []}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnPod", (Guarded,), {"state": state}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", state
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of(tmp_path_factory.mktemp("login") / "archive")


def credentials(id: str = CLIENT[0], secret: str = CLIENT[1]) -> dict[str, str]:
    return {"ACOUSMA_SOLID_CLIENT_ID": id, "ACOUSMA_SOLID_CLIENT_SECRET": secret}


def test_annotations_are_pushed_by_a_logged_in_program_through_nonces_and_spent_tokens(
    archive: Path, pod: tuple[str, dict[str, Any]]
) -> None:
    place, state = pod
    words = ("solid", f"{place}ada/", "--person", "Anna Keller", "--store", archive)
    done = acousma(*words, **credentials())
    assert done.returncode == 0, done.stderr
    assert "pushed" in done.stdout and len(state["kept"]) >= 3
    assert len(state["tokens"]) > 1, "a token that is spent is replaced"
    assert set(state["refused"]) == {"token"}
    assert "unchanged" in acousma(*words, **credentials()).stdout
    without = acousma(*words)
    assert without.returncode != 0 and "ACOUSMA_SOLID_CLIENT_ID" in without.stderr


def test_a_wrong_secret_another_issuer_and_a_bearer_token_are_errors(
    archive: Path, pod: tuple[str, dict[str, Any]]
) -> None:
    place, state = pod

    def asked(secret: str) -> None:
        with httpx.Client(auth=ClientLogin(place, CLIENT[0], secret)) as client:
            client.get(f"{place}ada/x.ttl")

    with pytest.raises(StoreUnreachable, match=r"does not log in \(401, invalid_client\)"):
        asked("wrong")
    state["type"] = "Bearer"
    with pytest.raises(StoreUnreachable, match="bound to a key"):
        asked(CLIENT[1])
    state["issuer"] = "https://elsewhere.example/"
    with pytest.raises(StoreUnreachable, match="names the issuer"):
        asked(CLIENT[1])


@pytest.mark.parametrize(
    "address", ["http://pod.example/", "ftp://pod.example/", "pod.example", "https://", "http://[/"]
)
def test_a_secret_is_not_sent_where_others_can_read_it(address: str) -> None:
    with pytest.raises(InputError, match="https"):
        ClientLogin(address, *CLIENT)


@pytest.mark.parametrize(
    ("environment", "issuer", "words"),
    [
        ({"ACOUSMA_SOLID_CLIENT_ID": "a"}, None, "ACOUSMA_SOLID_CLIENT_SECRET as well"),
        ({"ACOUSMA_SOLID_CLIENT_SECRET": "a"}, None, "ACOUSMA_SOLID_CLIENT_ID as well"),
        ({"ACOUSMA_SOLID_TOKEN": "a"}, "https://e.org/", "without a client"),
    ],
)
def test_half_a_login_is_an_error(environment: Mapping[str, str], issuer: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        login_from(environment, "https://pod.example/a/", issuer)


def test_a_token_or_nothing_also_does() -> None:
    assert login_from({"ACOUSMA_SOLID_TOKEN": "t"}, "https://pod.example/a/") == "t"
    assert login_from({}, "https://pod.example/a/") is None


def _client_of(base: str) -> dict[str, str]:
    """Make a client on the account page of the Community Solid Server, as the owner of a pod does."""
    with httpx.Client(headers={"Accept": "application/json"}) as owner:
        door = owner.get(f"{base}.account/").json()["controls"]["password"]["login"]
        answer = owner.post(door, json={"email": "ada@example.org", "password": "open sesame"}).json()
        owner.headers["Authorization"] = f"CSS-Account-Token {answer['authorization']}"
        account = owner.get(f"{base}.account/").json()["controls"]["account"]
        (webid,) = owner.get(account["webId"]).json()["webIdLinks"]
        made = owner.post(account["clientCredentials"], json={"name": "acousma", "webId": webid}).json()
    return credentials(made["id"], made["secret"])


@pytest.mark.slow
@pytest.mark.skipif(not SERVER or not shutil.which("node"), reason="ACOUSMA_SOLID_SERVER names no folder of npm")
def test_a_pod_of_the_community_solid_server_that_only_its_owner_reads(archive: Path, tmp_path: Path) -> None:
    port = free_port()
    base = f"http://localhost:{port}/"
    seed = [{"email": "ada@example.org", "password": "open sesame", "pods": [{"name": "ada"}]}]
    (tmp_path / "seed.json").write_text(json.dumps(seed))
    program = Path(SERVER) / "node_modules" / "@solid" / "community-server" / "bin" / "server.js"
    command = ["node", str(program), "-c", "@css:config/default.json", "-p", str(port), "-b", base, "-l", "warn"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--seedConfig", "seed.json"], cwd=tmp_path, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{base}ada/", timeout=2).is_success:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        client = _client_of(base)
        words = ("solid", f"{base}ada/heard/", "--person", "Anna Keller", "--store", archive)
        first, second = acousma(*words, **client), acousma(*words, **client)
        assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
        assert "pushed" in first.stdout and "unchanged" in second.stdout
        assert httpx.get(f"{base}ada/heard/").status_code == 401
        stranger = acousma(*words)
        assert stranger.returncode != 0 and "(401)" in stranger.stderr
    finally:
        process.terminate()
        process.wait(20)
