"""The head of a probe: a logistic regression per concept, kept as numbers and JSON beside a model card.

::

    probe.json            encoder and its sums, concepts with their scores, what it was trained on, versions
    probe.safetensors     center, scale (numbers); weights (concepts, numbers); bias, slope, offset (concepts)
    README.md             the same for people

Conventions
-----------
The probability of a concept is ``sigmoid(slope * (weights @ ((vector - center) / scale) + bias) + offset)``. Slope and
offset were fitted to sounds of groups (generators, recordings) that the weights they belong to had not seen. Nothing is
pickled: opening a probe of somebody else runs no code.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from ontology.errors import ListenerError
from ontology.vocabulary import Vocabulary

__all__ = ["Head", "HeadCard", "ProbedConcept", "read_head", "write_head"]

_CARD, _NUMBERS, _README = "probe.json", "probe.safetensors", "README.md"
_EXPECTED = "a folder that acousma probe train wrote"

Array = npt.NDArray[np.float32]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProbedConcept(_Strict):
    """A concept that a probe answers, and how well it did on groups that it had not seen.

    Parameters
    ----------
    concept : str
        Id.
    true, false : int
        Labelled sounds.
    groups : int
        Generators or recordings that they come from.
    balanced_accuracy : float
        0 to 1, at a probability of 0.5.
    """

    concept: str
    true: int
    false: int
    groups: int
    balanced_accuracy: float


class HeadCard(_Strict):
    """What is known of a probe.

    Parameters
    ----------
    encoder : str
        Name of the encoder: its folder's, or its id on a hub.
    encoder_path : str
        Where it lay when the probe was trained, or the same id.
    encoder_weights_sha256, encoder_configuration_sha256 : str
    pooling : str
    threshold : float
        Least probability at which a concept is claimed.
    trained_on : dict of str to str
    concepts : tuple of ProbedConcept
        In the order of the numbers.
    not_learnt : dict of str to str
        Reason by concept.
    libraries : dict of str to str
    """

    format: Literal["acousma-probe/1"] = "acousma-probe/1"
    encoder: str
    encoder_path: str
    encoder_weights_sha256: str
    encoder_configuration_sha256: str
    pooling: str
    threshold: float
    trained_on: dict[str, str]
    concepts: tuple[ProbedConcept, ...]
    not_learnt: dict[str, str]
    libraries: dict[str, str]


@dataclass(frozen=True, eq=False)
class Head:
    """A probe without its encoder.

    Parameters
    ----------
    card : HeadCard
    center, scale : ndarray of shape (numbers,)
    weights : ndarray of shape (concepts, numbers)
    bias, slope, offset : ndarray of shape (concepts,)
    """

    card: HeadCard
    center: Array
    scale: Array
    weights: Array
    bias: Array
    slope: Array
    offset: Array

    def probabilities(self, vectors: Array) -> npt.NDArray[np.float64]:
        """Return how likely each concept is, shape (sounds, concepts)."""
        scores = ((vectors - self.center) / self.scale) @ self.weights.T + self.bias
        exponent = np.clip((self.slope * scores + self.offset).astype(np.float64), -500, 500)
        return np.asarray(1 / (1 + np.exp(-exponent)))

    @property
    def numbers(self) -> dict[str, Array]:
        """The arrays, by name."""
        names = ("center", "scale", "weights", "bias", "slope", "offset")
        return {name: np.ascontiguousarray(getattr(self, name), np.float32) for name in names}

    @property
    def sha256(self) -> str:
        """Sum of all that can change what the head says; where its encoder lies cannot."""
        told = self.card.model_dump_json(exclude={"encoder_path", "libraries", "trained_on", "not_learnt"})
        return hashlib.sha256(told.encode() + save(self.numbers)).hexdigest()


def write_head(head: Head, folder: Path) -> None:
    """Write a probe into a new folder, whole or not at all.

    Raises
    ------
    ListenerError
        If the folder is there and holds something else than a probe.
    """
    if folder.exists() and not (folder / _CARD).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ListenerError(f"{folder} holds something else than a probe", "a new folder", "choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        _NUMBERS: save(head.numbers),
        _README: _readme(head).encode(),
        _CARD: (head.card.model_dump_json(indent=1) + "\n").encode(),  # last: what makes the folder a probe
    }
    for name, content in files.items():
        draft = folder / f"{name}.part"
        draft.write_bytes(content)
        draft.replace(folder / name)


def read_head(folder: Path, vocabulary: Vocabulary) -> Head:
    """Read a probe.

    Raises
    ------
    ListenerError
        If the folder holds none, its files are damaged or do not fit, or a concept is not in the vocabulary.
    """
    try:
        card = HeadCard.model_validate(json.loads((folder / _CARD).read_text(encoding="utf-8")))
        head = Head(card, **load_file(folder / _NUMBERS))
    except (OSError, ValueError, TypeError, ValidationError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ListenerError(f"{folder} is no probe ({reason})", _EXPECTED, "train it again") from error
    wide, many = len(head.center), len(card.concepts)
    shapes = {name: array.shape for name, array in head.numbers.items()}
    fits = {"center": (wide,), "scale": (wide,), "weights": (many, wide)} | dict.fromkeys(
        ("bias", "slope", "offset"), (many,)
    )
    if shapes != fits or not all(np.isfinite(array).all() for array in head.numbers.values()):
        raise ListenerError(f"the numbers of {folder} do not fit its {_CARD}", _EXPECTED, "train it again")
    if unknown := [one.concept for one in card.concepts if one.concept not in vocabulary.concepts]:
        raise ListenerError(f"{folder} answers {unknown[0]!r}, which is no concept", "concepts of the vocabulary",
                            "train it again")  # fmt: skip
    return head


def _readme(head: Head) -> str:
    """Write the model card."""
    card = head.card
    rows = [
        f"| {one.concept} | {one.true} | {one.false} | {one.groups} | {one.balanced_accuracy:.3f} |"
        for one in card.concepts
    ]
    left = [f"- {concept}: {reason}" for concept, reason in card.not_learnt.items()] or ["- none"]
    return "\n".join([
        "---", "library_name: acousma", f"base_model: {card.encoder}", "---", "", f"# A probe on {card.encoder}", "",
        "A logistic regression per concept on the frozen encoder's vectors "
        f"({card.pooling}). Concepts are claimed from a probability of {card.threshold:g} on.", "",
        "Trained on:", "", *(f"- {name}: {value}" for name, value in card.trained_on.items()), "",
        "Balanced accuracy is on generators or recordings that the weights had not seen; the two numbers of each",
        "calibration were fitted to all of these answers. Its licence is at most as free as that of the encoder.", "",
        "| concept | true | false | groups | balanced accuracy |", "| --- | --- | --- | --- | --- |", *rows, "",
        "Not learnt:", "", *left, "",
    ])  # fmt: skip
