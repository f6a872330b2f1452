"""A small server with the chat interface of OpenAI, on a real socket: it hears whether a sound is bright.

What it does wrong is chosen by the name of the model; ``good`` does nothing wrong.
"""

import base64
import io
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import soundfile as sf

ANSWER = "A bright sound without granular noise, over a graduated continuant."


@dataclass
class Heard:
    """What a request asked."""

    model: str
    words: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    rate: int
    bright: bool
    silent: bool


@dataclass
class ChatServer:
    """The server, and what it was asked."""

    url: str
    asked: list[Heard] = field(default_factory=list)
    seen: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    takes: float = 0.0
    """Seconds it thinks about each request."""

    def is_first(self, heard: Heard) -> bool:
        """Say whether this request is made for the first time."""
        request = json.dumps(heard.body, sort_keys=True)
        with self.lock:
            known = request in self.seen[heard.model]
            self.seen[heard.model].add(request)
        return not known


def _completion(text: str | None, finish: str = "stop", likely: Mapping[str, float] | None = None) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    if likely is not None:
        top = [{"token": token, "logprob": log, "bytes": None} for token, log in likely.items()]
        choice["logprobs"] = {"content": [{**top[0], "top_logprobs": top}]}
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": None}


class _Refusal(Exception):
    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


def _tokens(text: str) -> list[str]:
    """Return a text in pieces of up to three letters, as a tokenizer might."""
    return [text[at : at + 3] for at in range(0, len(text), 3)]


def _read(heard: Heard) -> dict[str, Any]:
    """Say how likely each token of a prompt was that ends with the beginning of an answer, as vLLM does."""
    answer = heard.body["messages"][1]["content"]
    sure = -3.0 if heard.silent or answer != _wanted(heard) else -0.2
    told = [("<|AUDIO|>", -20.0)] * 8 + [("assistant\n", -1.0)] + [(token, sure) for token in _tokens(answer)]
    if heard.model == "chatty":  # its template ends the answer, whatever it is asked for
        told.append(("<end>", -0.1))
    places = [{str(100 + n): {"logprob": log, "rank": 3, "decoded_token": text}} for n, (text, log) in enumerate(told)]
    return _completion("x", "length") | {"prompt_logprobs": [None, *places]}


def _hear(body: dict[str, Any], headers: Mapping[str, str]) -> Heard:
    sound, text = body["messages"][0]["content"]
    assert sound["type"] == "input_audio"
    assert sound["input_audio"]["format"] == "wav"
    samples, rate = sf.read(io.BytesIO(base64.b64decode(sound["input_audio"]["data"])))
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    half = int(2000 / (rate / 2) * len(spectrum))
    return Heard(
        body["model"], text["text"], body, headers, rate, bool(spectrum[half:].sum() > spectrum[:half].sum()),
        not samples.any(),
    )  # fmt: skip


def _options(words: str) -> list[str]:
    return words.partition("Options: ")[2].partition(".")[0].split(", ")


def _wanted(heard: Heard) -> str:
    """Return the words of the option that this server finds right; of silence, always the first that is offered."""
    options = [option.rpartition(") ")[2] for option in _options(heard.words)]
    if heard.silent:
        return options[0]
    right = "bright" if heard.bright else "dark"
    return right if right in options else "cannot tell"


def _letters(heard: Heard) -> dict[str, Any]:
    letters = {option.rpartition(") ")[2]: option[0] for option in _options(heard.words)}
    likely = dict.fromkeys((f" {letter}" for letter in letters.values()), -3.0)
    if not heard.silent:
        likely[f" {letters[_wanted(heard)]}"] = -0.2
    likely["The"] = -9999.0
    return _completion(letters[_wanted(heard)], "length", likely)


def _json(heard: Heard, answer: str | None = None) -> dict[str, Any]:
    return _completion(json.dumps({"answer": answer or _wanted(heard)}))


def _refuse(heard: Heard, state: ChatServer, *, first: bool) -> None:
    """Raise what this model refuses."""
    name = heard.model
    if name == "busy" and first:
        raise _Refusal(429, "slow down", **{"Retry-After": "0.05"})
    if name == "patient" and len(state.seen[name]) == 1 and first:
        raise _Refusal(429, "come back later", **{"Retry-After": "1.5"})
    if name == "shaky" and first:
        raise _Refusal(500, "worker died", **{"Retry-After": "0.05"})
    if name == "dead":
        raise _Refusal(500, "out of memory", **{"Retry-After": "0.01"})
    if name == "locked" and heard.headers.get("authorization") != "Bearer sesame-9731":
        raise _Refusal(401, f"wrong key: {heard.headers.get('authorization')}")
    if name == "deaf":
        raise _Refusal(400, "this model does not take audio input")
    if name == "strict" and "prompt_logprobs" in heard.body:
        raise _Refusal(400, "unknown parameter: prompt_logprobs")


def _reply(heard: Heard, state: ChatServer) -> dict[str, Any] | bytes:
    name = heard.model
    first = state.is_first(heard)
    _refuse(heard, state, first=first)
    if name == "late":
        time.sleep(1.0)
    if name == "garbage":
        return b"<html>It works!</html>"
    if name == "half" and first:
        return b'{"id": "x", "choices": [{"mess'
    return _answer(heard)


def _answer(heard: Heard) -> dict[str, Any]:
    name, body = heard.model, heard.body
    if "Options: " not in heard.words:
        return _free(name)
    if "prompt_logprobs" in body and name in ("vllm", "chatty"):
        return _read(heard)
    if name in ("json", "lazy", "stubborn", "inventive", "halved", "mute"):
        return _closed_as_json(heard)
    if body.get("logprobs") and name == "rambling":
        return _completion("The", "length", {"The": -0.1, "Sound": -2.5})
    return _letters(heard) if body.get("logprobs") else _json(heard)


def _closed_as_json(heard: Heard) -> dict[str, Any]:
    if heard.body.get("logprobs"):
        if heard.model == "json":
            raise _Refusal(400, "logprobs are not supported")
        return _completion("A", "length")
    if heard.model == "lazy" and "response_format" in heard.body:
        raise _Refusal(422, "response_format is not supported")
    return {
        "stubborn": lambda: _json(heard, _options(heard.words)[0]),
        "inventive": lambda: _json(heard, "purple"),
        "halved": lambda: _completion('{"answer": "bri', "length"),
        "mute": lambda: _completion(None),
        "lazy": lambda: _completion(f"```json\n{json.dumps({'answer': _wanted(heard).title()})}\n```"),
        "json": lambda: _json(heard),
    }[heard.model]()


def _free(name: str) -> dict[str, Any]:
    said = {
        "mute": "",
        "stuck": "A bright sound. " + "It goes on and on and " * 30,
        "french": "Le son commence brusquement, puis il devient plus sombre et disparaît lentement.",
    }
    return _completion(said.get(name, ANSWER))


@contextmanager
def chat_server(*models: str) -> Iterator[ChatServer]:
    """Serve on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def _send(self, status: int, content: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            listed = {"object": "list", "data": [{"id": model, "object": "model"} for model in models]}
            self._send(200, json.dumps(listed).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard = _hear(body, {name.lower(): value for name, value in self.headers.items()})
            with state.lock:
                state.asked.append(heard)
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            headers: Mapping[str, str] = {}
            try:
                time.sleep(state.takes)
                reply = _reply(heard, state)
                status, content = 200, reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            except _Refusal as refusal:
                error = {"error": {"message": refusal.message}}
                status, content, headers = refusal.status, json.dumps(error).encode(), refusal.headers
            finally:  # before it is sent: who has the answer may ask again at once
                with state.lock:
                    state.at_once -= 1
            with suppress(BrokenPipeError, ConnectionResetError):  # the client did not wait
                self._send(status, content, **headers)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state = ChatServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
