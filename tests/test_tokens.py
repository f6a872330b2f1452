"""Tokens: shown once, kept as sums, ended at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import Request

from api.protocol.access import Access, Writes
from api.protocol.problems import Problem
from api.serving import opened_service
from api.settings import load_settings
from api.tokens import Role, Tokens
from ontology.errors import InputError, UnknownName
from store import open_store
from tests.commands import typed

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_token_is_found_by_itself_and_kept_as_its_sum(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    made, secret = tokens.create("  Ada   Lovelace ", Role.ANNOTATOR)
    assert (made.person, made.role) == ("Ada Lovelace", Role.ANNOTATOR)
    assert tokens.find(secret) == made
    assert tokens.find(secret[:-1]) is None
    assert tokens.find("") is None
    text = (tmp_path / "tokens.json").read_text()
    assert secret not in text and secret.removeprefix("acousma_") not in text
    assert stat.S_IMODE((tmp_path / "tokens.json").stat().st_mode) == 0o600


def test_a_revoked_token_is_refused_at_once_by_whoever_has_read_the_file(tmp_path: Path) -> None:
    server, command = (Tokens(tmp_path / "tokens.json") for _ in range(2))
    made, secret = command.create("Ada", Role.CURATOR)
    assert server.find(secret) == made
    assert command.revoke(made.id).revoked is not None
    assert server.find(secret) is None
    with pytest.raises(UnknownName, match="no token"):
        command.revoke("00000000")


def test_a_token_ends_when_it_was_to(tmp_path: Path) -> None:
    moment = [NOW]
    tokens = Tokens(tmp_path / "tokens.json", lambda: moment[0])
    _, secret = tokens.create("Ada", Role.READER, days=1)
    moment[0] = NOW + timedelta(hours=23)
    assert tokens.find(secret) is not None
    moment[0] = NOW + timedelta(hours=25)
    assert tokens.find(secret) is None


def test_tokens_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: Tokens(tmp_path / "tokens.json").create(f"P{n}", Role.READER), range(24)))
    assert len(Tokens(tmp_path / "tokens.json").all()) == 24
    assert all(Tokens(tmp_path / "tokens.json").find(secret) == token for token, secret in made)


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 201])
def test_a_token_is_that_of_somebody(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="name of a person"):
        Tokens(tmp_path / "tokens.json").create(name, Role.READER)
    assert not (tmp_path / "tokens.json").exists()


def test_a_file_of_tokens_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        Tokens(tmp_path / "tokens.json").find("x")


def request(**headers: str) -> Request:
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": listed})


@pytest.mark.parametrize("headers", [{"host": "127.0.0.1:8000"}, {"host": "localhost", "origin": "http://localhost"}])
def test_open_writes_take_requests_of_this_host(tmp_path: Path, headers: dict[str, str]) -> None:
    access = Access(Tokens(tmp_path / "tokens.json"), Writes.OPEN)
    assert access.writer(request(**headers), Role.CURATOR) is None


@pytest.mark.parametrize(
    "headers",
    [{"host": "127.0.0.1:8000", "origin": "https://evil.example"}, {"host": "evil.example:8000"}, {},
     {"host": "127.0.0.1:8000", "origin": "null"}],
)  # fmt: skip
def test_open_writes_refuse_pages_of_other_sites(tmp_path: Path, headers: dict[str, str]) -> None:
    access = Access(Tokens(tmp_path / "tokens.json"), Writes.OPEN)
    with pytest.raises(Problem, match="another site"):
        access.writer(request(**headers), Role.CURATOR)


def test_writing_is_open_on_loopback_only(tmp_path: Path) -> None:
    with open_store(tmp_path / "archive", writable=True) as store:
        store.publish()
    settings = load_settings(str(tmp_path / "archive")).model_copy(update={"writes": Writes.OPEN, "host": "0.0.0.0"})
    with pytest.raises(InputError, match="writing is open to all"), opened_service(settings):
        pass


def test_a_private_archive_is_read_with_a_token(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    _, secret = tokens.create("Di", Role.READER)
    access = Access(tokens, public=False)
    with pytest.raises(Problem, match="No token"):
        access.reader(request())
    assert access.reader(request(authorization=f"Bearer {secret}")) is not None
    with pytest.raises(Problem, match="Expected: a curator"):
        access.writer(request(authorization=f"Bearer {secret}"), Role.CURATOR)


def test_tokens_are_made_listed_and_revoked_on_the_command_line(tmp_path: Path) -> None:
    made = typed("token", "create", "Ada Lovelace", "--role", "curator", "--store", tmp_path)
    assert made.returncode == 0, made.stderr
    secret = made.stdout.strip()
    token = Tokens(tmp_path / "tokens.json").find(secret)
    assert token is not None and token.role is Role.CURATOR
    assert secret not in made.stderr and token.id in made.stderr
    listed = typed("token", "list", "--store", tmp_path)
    assert "Ada Lovelace" in listed.stdout and secret not in listed.stdout
    assert typed("token", "revoke", token.id, "--store", tmp_path).returncode == 0
    assert Tokens(tmp_path / "tokens.json").find(secret) is None
    assert typed("token", "revoke", "nonsense", "--store", tmp_path).returncode == 3
