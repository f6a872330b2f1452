"""Vectors of sounds and of words: a frozen encoder as a listener that claims nothing, and the words of a CLAP model.

Conventions
-----------
A run of an encoder says nothing in words: what it made of each span is kept beside the archive (`store.vectors`). Words
have vectors where the model was trained to bring sounds and phrases into one space (CLAP); they are read by the very
weights that heard the sounds, or not at all.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from transformers import ClapModel

from ingest.listeners.base import Heard, Sounding
from ingest.listeners.clap import clap_processor
from ingest.listeners.encoders import POOLING, Encoder
from ingest.listeners.files import find_model, load_weights, space_of
from ingest.listeners.local import LocalListener
from ontology.errors import ListenerError, ParameterError
from ontology.terms import SpanKind
from store.vectors import Space, Vectors

__all__ = ["VectorListener", "words_in"]

_EXPECTED = "a CLAP model for transformers, such as laion/clap-htsat-unfused"
_LOCK = Lock()


class VectorListener(LocalListener):
    """An encoder of sounds.

    Parameters
    ----------
    model : str
        Folder or id.
    device : str
    envelope : str, optional
        Id of its row in ``ontology/envelopes.csv``.

    Raises
    ------
    ListenerError
        If it is no such model.
    """

    kind = "encoder"

    def __init__(self, model: str, device: str, envelope: str | None = None) -> None:
        files = find_model(model)
        super().__init__(files, device, frozenset({SpanKind.FIXED_WINDOW, SpanKind.DETECTED_OBJECT}))
        self._encoder = Encoder(files, device)
        space = space_of(files, words=self._encoder.reads_words)
        self._identify(self._encoder.hearing, {"pooling": POOLING}, envelope, space)

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Make a vector of each of a batch of sounds."""
        vectors = self._encoder.embed([one.samples for one in batch])
        return [
            Heard(one.span, vector=vector.astype("<f4").tobytes()) for one, vector in zip(batch, vectors, strict=True)
        ]


def words_in(space: Space, text: str) -> Vectors:
    """Return the vector of words in the space of a model that heard sounds.

    Parameters
    ----------
    space : Space
        The model is looked for where it was.
    text : str

    Returns
    -------
    ndarray of shape (numbers,)

    Raises
    ------
    ListenerError
        If the model is not there any more, was changed, or has no vectors of words.
    ParameterError
        If the words are more than it reads.
    """
    with _LOCK:
        return _reader(space)(text)


@lru_cache(maxsize=2)
def _reader(space: Space) -> Callable[[str], Vectors]:
    """Load what reads words, and keep it."""
    if not space.words:
        raise ListenerError(f"{space.model} has no vectors of words", _EXPECTED, "make vectors with such a model")
    if not Path(space.path).is_dir():
        raise ListenerError(
            f"the model {space.model} is no longer at {space.path}", "the model that heard the sounds",
            "put it back there, or ingest again with --describer encoder --model FOLDER",
        )  # fmt: skip
    files = find_model(space.path)
    if space_of(files, words=True).sha256 != space.sha256:
        raise ListenerError(
            f"the model at {space.path} is not the one that heard the sounds", f"files with the sum {space.id}...",
            "put that one back, or ingest again with --describer encoder --model FOLDER",
        )  # fmt: skip
    processor, _ = clap_processor(files)
    model: Any = load_weights(ClapModel, files, "cpu", _EXPECTED)
    most = int(model.config.text_config.max_position_embeddings) - 2

    @torch.inference_mode()
    def read(text: str) -> Vectors:
        tokens = processor.tokenizer([text], return_tensors="pt")
        if (count := tokens["input_ids"].shape[1]) > most:
            raise ParameterError(
                f"the text has {count} tokens", f"at most {most}, as {space.model} reads", "shorten it"
            )
        made = model.get_text_features(**tokens)
        vector = made if isinstance(made, torch.Tensor) else made.pooler_output
        return np.asarray(vector[0].float().numpy(), np.float32)

    return read
