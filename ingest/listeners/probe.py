"""A probe as a listener: a small head on a frozen encoder, which abstains where it is not sure.

Conventions
-----------
A concept is claimed from the threshold of the probe on; its confidence is the calibrated probability. What the probe
says nothing of is not denied.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ingest.listeners.base import Heard, Sounding
from ingest.listeners.encoders import POOLING, Encoder
from ingest.listeners.files import ModelFiles, find_model, space_of
from ingest.listeners.heads import Head, read_head
from ingest.listeners.local import LocalListener
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Span
from ontology.vocabulary import Vocabulary

__all__ = ["ProbeListener"]


class ProbeListener(LocalListener):
    """A probe and its encoder.

    Parameters
    ----------
    probe : str
        Folder that ``acousma probe train`` wrote.
    vocabulary : Vocabulary
    device : str
    envelope : str, optional
        Id of the encoder's row in ``ontology/envelopes.csv``.

    Raises
    ------
    ListenerError
        If it is no probe, or its encoder is not there or was changed.
    """

    kind = "probe"

    def __init__(self, probe: str, vocabulary: Vocabulary, device: str, envelope: str | None = None) -> None:
        folder = Path(probe)
        self._head, self._vocabulary = read_head(folder, vocabulary), vocabulary
        of_encoder = _encoder_of(self._head, folder)
        # what the probe says follows from both: its sum is that of the two
        both = hashlib.sha256(f"{of_encoder.weights_sha256} {self._head.sha256}".encode()).hexdigest()
        files = ModelFiles(
            of_encoder.path, folder.resolve().name, None, both, of_encoder.configuration_sha256, of_encoder.licence
        )  # fmt: skip
        super().__init__(files, device, frozenset({SpanKind.FIXED_WINDOW, SpanKind.DETECTED_OBJECT}))
        self._encoder = Encoder(of_encoder, device)
        asked = {
            "encoder": of_encoder.name,
            "SHA-256 sum of the encoder's weights": of_encoder.weights_sha256,
            "SHA-256 sum of the head": self._head.sha256,
            "pooling": POOLING,
            "threshold": f"{self._head.card.threshold:g}",
            "concepts": " ".join(one.concept for one in self._head.card.concepts),
        }
        words = self._encoder.reads_words
        self._identify(self._encoder.hearing, asked, envelope, space_of(of_encoder, words=words))

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Say which concepts hold over each of a batch of sounds."""
        vectors = self._encoder.embed([one.samples for one in batch])
        rows = self._head.probabilities(vectors).tolist()
        return [
            Heard(one.span, (), self._claims(one.span, row), vector=vector.astype("<f4").tobytes())
            for one, row, vector in zip(batch, rows, vectors, strict=True)
        ]

    def _claims(self, span: Span, probabilities: Sequence[float]) -> tuple[Claim, ...]:
        card, aspect, kind = self._head.card, self._vocabulary.aspect, ConfidenceKind.CALIBRATED
        concepts = [one.concept for one in card.concepts]
        return tuple(
            Claim(span, concept, aspect(concept), probability, kind)
            for concept, probability in zip(concepts, probabilities, strict=True) if probability >= card.threshold
        )  # fmt: skip


def _encoder_of(head: Head, folder: Path) -> ModelFiles:
    """Find the encoder of a probe, where it was or beside the probe; it must be the same to the byte."""
    card = head.card
    beside = folder.resolve().parent / Path(card.encoder).name
    files = find_model(str(beside) if not Path(card.encoder_path).is_dir() and beside.is_dir() else card.encoder_path)
    sums = (files.weights_sha256, files.configuration_sha256)
    if sums != (card.encoder_weights_sha256, card.encoder_configuration_sha256):
        raise ListenerError(
            f"the encoder {files.name} is not the one on which {folder.name} was trained",
            f"weights with the sum {card.encoder_weights_sha256[:12]}...", "train the probe again on this encoder",
        )  # fmt: skip
    return files
