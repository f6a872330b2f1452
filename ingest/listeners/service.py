"""A server that speaks the chat interface of OpenAI and takes sounds (vLLM, SGLang, hosted models): requests, answers.

Conventions
-----------
Sounds go as WAV (16 bits) in ``input_audio``. Requests are made by the client library ``openai``: after a connection
that breaks or is late, and after the answers 408, 409, 429 and 5xx, it asks again, when ``Retry-After`` says (up to two
minutes), else after 0.5 s, 1 s, 2 s and so on up to 8 s. The key is read from the environment variable `KEY` when a
server is opened; it goes into the header of requests and nowhere else, and is blotted out of what a server says.
Temperature and seed are 0.
"""

import base64
import io
import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit, urlunsplit

import openai
import soundfile
from pydantic import BaseModel, Field, ValidationError

from ingest.listeners.base import Mono, ServerOptions
from ontology.errors import ListenerError

__all__ = ["KEY", "MOST_LIKELY", "Pace", "Reading", "Reply", "Server", "base_url", "encoded"]

KEY = "ACOUSMA_SERVER_KEY"
"""Environment variable with the key of the server; unset for a server that wants none."""

MOST_LIKELY = 20
"""Likely tokens asked for: the most that vLLM (by default) and OpenAI give."""

_CONTINUED = {"prompt_logprobs": 0, "continue_final_message": True, "add_generation_prompt": False}
"""What makes vLLM say how likely each token of a prompt is, the beginning of the answer being its end."""

_GARBAGE = 3
"""Times that an answer is asked for which is not what the interface promises."""

_LAST = 128
"""Tokens at the end of a prompt that are looked at: no option is longer."""

_SHOWN = 300
_EXPECTED = "a server with the chat interface of OpenAI that takes sounds (input_audio), such as vLLM"


class _Token(BaseModel):
    token: str
    logprob: float


class _Place(BaseModel):
    top_logprobs: list[_Token] = Field(default_factory=list)


class _Likely(BaseModel):
    content: list[_Place] | None = None


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Likely | None = None


class _Read(BaseModel):
    logprob: float
    decoded_token: str | None = None


class _Completion(BaseModel):
    """The part of a chat completion that is used; ``prompt_logprobs`` are an addition of vLLM."""

    choices: list[_Choice] = Field(min_length=1)
    prompt_logprobs: list[dict[str, _Read] | None] | None = None

    def prompt(self) -> tuple[tuple[str, float], ...]:
        """Return the last tokens of the prompt, as far back as the server says what each of them was."""
        found: list[tuple[str, float]] = []
        for place in reversed(self.prompt_logprobs or ()):
            told = list((place or {}).values())
            if len(told) != 1 or told[0].decoded_token is None or len(found) == _LAST:
                break
            found.append((told[0].decoded_token, told[0].logprob))
        return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered.

    Parameters
    ----------
    text : str
    finished : bool
        False if the limit of tokens cut it off.
    likely : Mapping of str to float
        Natural logarithm of the probability of each likely first token; empty if the server gives none.
    retries : int
        Times that it had to be asked for again.
    prompt : tuple of (str, float)
        The last tokens of the prompt, each with the natural logarithm of its probability; empty if not asked for, or
        if the server gives none.
    """

    text: str
    finished: bool
    likely: Mapping[str, float]
    retries: int
    prompt: tuple[tuple[str, float], ...] = ()


class Pace:
    """Lets requests through one by one, evenly, so that no minute has more than allowed.

    Parameters
    ----------
    per_minute : int or None
    """

    def __init__(self, per_minute: int | None) -> None:
        self._apart = 60 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next request may be made."""
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._apart
        if mine > now:
            time.sleep(mine - now)


def base_url(url: str) -> str:
    """Return the base of a server's addresses in one spelling.

    Raises
    ------
    ListenerError
        If it is none, or holds a name, a password or a query.

    Examples
    --------
    >>> base_url("http://LOCALHOST:8000/v1/")
    'http://localhost:8000/v1'
    """
    expected = "the base of its addresses, such as http://localhost:8000/v1"
    try:
        parts = urlsplit(url.strip())
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError as error:
        raise ListenerError(f"{url!r} is no address ({error})", expected, "correct --server") from error
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ListenerError(
            f"the address of the server at {host} holds a name, a password or a query", expected,
            f"take it out; a key belongs into the environment variable {KEY}",
        )  # fmt: skip
    if parts.scheme not in ("http", "https") or not host:
        raise ListenerError(f"{url!r} is no address of a server", expected, "correct --server")
    return urlunsplit((parts.scheme, host + port, parts.path.rstrip("/"), "", ""))


def encoded(sound: Mono, rate: int) -> str:
    """Return a sound as a WAV file (16 bits) in base 64."""
    file = io.BytesIO()
    soundfile.write(file, sound, rate, "PCM_16", format="WAV")
    return base64.b64encode(file.getvalue()).decode("ascii")


class Server:
    """A model behind a server.

    Parameters
    ----------
    options : ServerOptions
    model : str
        As the server calls it.

    Raises
    ------
    ListenerError
        If the address cannot be used.
    """

    def __init__(self, options: ServerOptions, model: str) -> None:
        self.url, self.model = base_url(options.url), model
        self._key = os.environ.get(KEY, "")
        self._pace = Pace(options.per_minute)
        self._client = openai.OpenAI(
            api_key=self._key or "none", base_url=self.url, timeout=options.timeout_s, max_retries=options.retries
        )

    def check_model(self) -> None:
        """Ask whether the server has the model; servers that list none are believed.

        Raises
        ------
        ListenerError
            If it cannot be reached, refuses the key, or has no such model.
        """
        try:
            # who is not there at the beginning is said to be so soon
            listed = self._raw(self._client.with_options(max_retries=1).models.with_raw_response.list)
            ids = [str(model["id"]) for model in json.loads(listed.text)["data"]]
        except (_NotThere, ValueError, KeyError, TypeError):  # no list, or none of this kind: it is not needed
            return
        if self.model not in ids:
            raise ListenerError(
                f"{self.url} has no model {self.model!r}",
                f"one of {', '.join(ids[:8])}{' ...' if len(ids) > 8 else ''}" if ids else "a model that it has",
                "name it with --model",
            )  # fmt: skip

    def attempt(self, sound: str, words: str, answer: str | None = None, **options: Any) -> Reply | None:
        """Ask for one token; return None if the server takes no request with these options. Else as `ask`."""
        try:
            return self.ask(sound, words, 1, answer, **options)
        except _NotTaken:
            return None

    def ask(self, sound: str, words: str, most_tokens: int, answer: str | None = None, **options: Any) -> Reply:
        """Ask about a sound.

        Parameters
        ----------
        sound : str
            From `encoded`.
        words : str
        most_tokens : int
            Of the answer.
        answer : str, optional
            How the answer begins; the server is then asked how likely that was (`Reply.prompt`).
        **options
            Further keys of the request.

        Raises
        ------
        ListenerError
            If the server cannot be reached, is late, refuses, or keeps failing.
        """
        content: list[Any] = [
            {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
            {"type": "text", "text": words},
        ]
        messages: list[Any] = [{"role": "user", "content": content}]
        if answer is not None:
            messages.append({"role": "assistant", "content": answer})
            options["extra_body"] = _CONTINUED
        faulty = ""
        for attempt in range(_GARBAGE):
            raw = self._raw(partial(
                self._client.chat.completions.with_raw_response.create, model=self.model, temperature=0, seed=0,
                messages=messages, max_tokens=most_tokens, **options,
            ))  # fmt: skip
            try:
                completion = _Completion.model_validate_json(raw.content)
            except ValidationError as error:
                faulty = f"{error.errors()[0]['msg']} in {self._blotted(raw.text[:80])!r}"
                continue
            choice = completion.choices[0]
            likely = choice.logprobs.content if choice.logprobs else None
            found: dict[str, float] = {}
            for token in likely[0].top_logprobs if likely else ():
                if not math.isnan(token.logprob):
                    found[token.token] = max(token.logprob, found.get(token.token, -math.inf))
            text = choice.message.content or ""
            again = raw.retries_taken + attempt
            return Reply(text, choice.finish_reason != "length", found, again, completion.prompt())
        raise ListenerError(
            f"{self.url} answers {_GARBAGE} times with what is no chat completion ({faulty})", _EXPECTED,
            "check the address (it often ends in /v1) and what runs there",
        )  # fmt: skip

    def _raw(self, call: Callable[[], Any]) -> Any:
        """Make a request; turn what the library raises into errors of Acousma."""
        self._pace.wait()
        try:
            return call()
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            raise _NotTaken(
                f"{self.url} does not take the request ({self._reason(error)})", _EXPECTED,
                "see whether the model takes sounds, and of this length",
            ) from error  # fmt: skip
        except openai.APIStatusError as error:
            self._refused(error)
        except openai.APITimeoutError as error:
            raise ListenerError(
                f"{self.url} did not answer in time", "an answer in as many seconds as --timeout says",
                "raise --timeout, or ask for fewer at once (--batch)",
            ) from error  # fmt: skip
        except openai.APIConnectionError as error:
            reason = self._blotted(str(error.__cause__ or error))
            raise ListenerError(
                f"{self.url} cannot be reached ({reason[:_SHOWN]})", _EXPECTED, "start the server, or correct --server"
            ) from error

    def _refused(self, error: openai.APIStatusError) -> NoReturn:
        advice = {
            401: f"put its key into the environment variable {KEY}",
            403: f"put a key that may use the model into the environment variable {KEY}",
            404: "correct --server (it often ends in /v1) and --model",
            413: "use shorter windows (--window)",
            429: "ask more slowly (--per-minute), or later; what was stored stays",
        }.get(error.status_code, "see the messages of the server; what was stored stays, the same command goes on")
        found = f"{self.url} answers {error.status_code} ({self._reason(error)})"
        kind = _NotThere if error.status_code in (404, 405) else ListenerError
        raise kind(found, _EXPECTED, advice) from error

    def _reason(self, error: openai.APIStatusError) -> str:
        """Return what the server says of a fault."""
        said = error.body.get("message") if isinstance(error.body, dict) else None
        text = str(said) if said else error.response.text or error.response.reason_phrase
        return self._blotted(" ".join(text.split()))[:_SHOWN]

    def _blotted(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


class _NotThere(ListenerError):
    """The server has nothing at this address."""


class _NotTaken(ListenerError):
    """The server says that a request has something that it does not take."""


JSON_ANSWER = 64
"""Tokens of an answer in JSON, at most."""


def one_of(options: Sequence[str]) -> dict[str, object]:
    """Return the JSON schema of an answer that is one of some options."""
    return {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": list(options)}},
        "required": ["answer"],
        "additionalProperties": False,
    }


Reading = Literal["likelihood of options", "likelihood of letters", "constrained JSON", "JSON that was asked for"]
"""How the answer to a closed question is got out of a server."""
