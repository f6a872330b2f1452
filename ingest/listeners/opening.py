"""From a name on the command line to a listener; the libraries that run models are imported here, and only then."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.listeners.base import Listener, ServerOptions, find_envelope
from ingest.listeners.questions import DEFAULT, read_questions
from ontology.errors import ListenerError
from ontology.vocabulary import Vocabulary, load_vocabulary

__all__ = ["KINDS", "Wanted", "open_listener"]

KINDS: Mapping[str, str] = {
    "transformers": "an audio language model, asked in words",
    "clap": "a model that compares sounds with phrases",
    "ast": "a tagger with the labels of AudioSet",
    "whisper": "a recogniser of speech",
    "probe": "a small head on a frozen encoder",
    "encoder": "a model that makes vectors of sounds, for passages that sound alike",
    "openai": "a model behind a server with the chat interface of OpenAI",
}
"""The kinds of listener, each with what it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A listener that was asked for.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    model : str
        Folder of the model, or its id on a hub.
    questions : Path
    envelope : str or None
        Id or label of a row of ``ontology/envelopes.csv``.
    device : str
        Torch device.
    server : ServerOptions or None
        Of a model behind a server, which `model` then names.
    """

    kind: str
    model: str
    questions: Path = DEFAULT
    envelope: str | None = None
    device: str = "cpu"
    server: ServerOptions | None = None


def open_listener(wanted: Wanted) -> Listener:
    """Open a listener: its files are found, summed and looked at; its weights are loaded when it first listens.

    Parameters
    ----------
    wanted : Wanted

    Returns
    -------
    Listener

    Raises
    ------
    ListenerError
        If the model, the questions or the envelope cannot be used, or the libraries are missing or too old.
    """
    vocabulary = load_vocabulary()
    questions, envelope = read_questions(wanted.questions, vocabulary), find_envelope(wanted.envelope)
    try:
        if wanted.kind == "transformers":
            from ingest.listeners.language import LanguageListener

            return LanguageListener(wanted.model, questions, vocabulary, wanted.device, envelope)
        if wanted.kind == "clap":
            from ingest.listeners.clap import ClapListener

            return ClapListener(wanted.model, questions, wanted.device, envelope)
        if wanted.kind == "ast":
            from ingest.listeners.tags import TagListener

            return TagListener(wanted.model, vocabulary, wanted.device, envelope)
        if wanted.kind == "whisper":
            from ingest.listeners.speech import SpeechListener

            return SpeechListener(wanted.model, vocabulary, wanted.device, envelope)
        if wanted.kind in ("probe", "encoder"):
            return _on_encoder(wanted, vocabulary, envelope)
        if wanted.kind == "openai":
            from ingest.listeners.remote import ServerListener

            if wanted.server is None:
                raise ListenerError("no server was named", "its address", "such as: --server http://localhost:8000/v1")
            return ServerListener(wanted.model, questions, vocabulary, wanted.server, envelope)
    except ImportError as error:
        raise ListenerError(
            f"the library that runs models cannot be used ({error})", "transformers 5.20 or later",
            "install it with: pip install --upgrade 'transformers>=5.20'",
        ) from error  # fmt: skip
    raise ListenerError(f"{wanted.kind!r} is no kind of listener", "one of " + ", ".join(KINDS))


def _on_encoder(wanted: Wanted, vocabulary: Vocabulary, envelope: str | None) -> Listener:
    if wanted.kind == "probe":
        from ingest.listeners.probe import ProbeListener

        return ProbeListener(wanted.model, vocabulary, wanted.device, envelope)
    from ingest.listeners.vectors import VectorListener

    return VectorListener(wanted.model, wanted.device, envelope)
