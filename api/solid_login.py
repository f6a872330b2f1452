"""Logging in to a Solid pod as a program: client credentials, and tokens that are bound to a key.

Conventions
-----------
The id and the secret of the client are made by the owner of the pod on the account page of its server. A new key is
made for each push; each request carries a proof of it (DPoP), so that a token that is overheard is of no use. The
secret is sent to the issuer alone, over https, or on this machine.

Source
------
Solid-OIDC 0.1, 8 and 9; RFC 9449 (DPoP); RFC 6749, 4.4 (client credentials); OpenID Connect Discovery 1.0, 4.
"""

import base64
import hashlib
import time
import uuid
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote_plus, urljoin, urlsplit

import httpx

from ontology.errors import InputError, StoreUnreachable

__all__ = ["ClientLogin"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EARLY = 10.0
"""Seconds before its end from which a token is not used any more."""


class ClientLogin(httpx.Auth):
    """What makes requests those of a logged-in program.

    Parameters
    ----------
    issuer : str
        Address of the server that knows the client.
    id, secret : str
        Of the client.

    Raises
    ------
    InputError
        If the issuer is not reached over https, or the library for it is not installed.
    """

    requires_response_body = True

    def __init__(self, issuer: str, id: str, secret: str) -> None:
        if not _safe(issuer):
            raise InputError(
                f"{issuer!r} was given as the issuer of tokens", "an https address, or one of this machine",
                "look at the account page of the pod",
            )  # fmt: skip
        try:
            import jwt
            from cryptography.hazmat.primitives.asymmetric import ec
            from jwt.algorithms import ECAlgorithm
        except ImportError as error:
            raise InputError(
                "logging in to a pod needs PyJWT, which is not installed", None,
                "pip install 'acousma[solid]', or give a token in ACOUSMA_SOLID_TOKEN",
            ) from error  # fmt: skip
        self._issuer, self._client = issuer, (id, secret)
        self._encode, self._key = jwt.encode, ec.generate_private_key(ec.SECP256R1())
        self._public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._endpoint, self._token, self._until, self._nonces = "", "", 0.0, dict[str, str]()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send a request with a token and a proof, once more if the server asks for a fresh one."""
        if time.monotonic() >= self._until:
            yield from self._log_in()
        self._sign(request)
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            if not self._takes_nonce(request, answer):
                yield from self._log_in()
            self._sign(request)
            yield request

    def _log_in(self) -> Generator[httpx.Request, httpx.Response, None]:
        if not self._endpoint:
            where = urljoin(self._issuer.rstrip("/") + "/", ".well-known/openid-configuration")
            told = _json((yield httpx.Request("GET", where, headers={"Accept": "application/json"})), where)
            endpoint = str(told.get("token_endpoint", ""))
            if str(told.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/") or not _safe(endpoint):
                raise StoreUnreachable(
                    f"{where} names the issuer {told.get('issuer')!r} and gives tokens at {endpoint!r}",
                    f"the issuer {self._issuer} with an https address", "give the issuer that the WebID names",
                )  # fmt: skip
            self._endpoint = endpoint
        answer = yield (request := self._asking())
        if self._takes_nonce(request, answer):
            answer = yield self._asking()
        told = _json(answer, self._endpoint)
        self._token = str(told.get("access_token", ""))
        if not self._token or str(told.get("token_type", "")).lower() != "dpop":
            raise StoreUnreachable(
                f"{self._endpoint} gives a token of the type {told.get('token_type')!r}",
                "one that is bound to a key (DPoP)",
            )
        self._until = time.monotonic() + max(0.0, float(told.get("expires_in", 300)) - _EARLY)

    def _asking(self) -> httpx.Request:
        pair = ":".join(quote_plus(part) for part in self._client)
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json",
            "DPoP": self._proof("POST", self._endpoint),
        }  # fmt: skip
        data = {"grant_type": "client_credentials", "scope": "webid"}
        return httpx.Request("POST", self._endpoint, headers=headers, data=data)

    def _sign(self, request: httpx.Request) -> None:
        digest = hashlib.sha256(self._token.encode()).digest()
        bound = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        request.headers["Authorization"] = f"DPoP {self._token}"
        request.headers["DPoP"] = self._proof(request.method, str(request.url), {"ath": bound})

    def _proof(self, method: str, address: str, more: Mapping[str, str] | None = None) -> str:
        """Return a proof that whoever sends a request has the key."""
        bare = address.partition("#")[0].partition("?")[0]
        claims = {"htm": method, "htu": bare, "jti": str(uuid.uuid4()), "iat": int(time.time()), **(more or {})}
        if nonce := self._nonces.get(_origin(address)):
            claims["nonce"] = nonce
        return self._encode(claims, self._key, "ES256", {"typ": "dpop+jwt", "jwk": self._public})

    def _takes_nonce(self, request: httpx.Request, answer: httpx.Response) -> bool:
        """Keep the nonce that a server asks for; tell whether it is a new one."""
        origin, nonce = _origin(str(request.url)), answer.headers.get("dpop-nonce")
        new = answer.status_code in (400, 401) and nonce is not None and nonce != self._nonces.get(origin)
        if nonce is not None:
            self._nonces[origin] = nonce
        return new


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _json(answer: httpx.Response, address: str) -> Mapping[str, Any]:
    """Return what a server answers.

    Raises
    ------
    StoreUnreachable
        If it refuses, or answers with no JSON object.
    """
    try:
        told = answer.json()
    except ValueError:
        told = None
    if isinstance(told, dict) and answer.is_success:
        return told
    reason = told.get("error_description") or told.get("error") if isinstance(told, dict) else None
    raise StoreUnreachable(
        f"{address} does not log in ({answer.status_code}{f', {reason}' if reason else ''})",
        "a token for the id and secret of a client",
        "look at ACOUSMA_SOLID_CLIENT_ID, ACOUSMA_SOLID_CLIENT_SECRET and --issuer",
    )
