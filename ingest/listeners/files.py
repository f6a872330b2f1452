"""The files of a model: where they are, what they sum to, and on what they run.

Conventions
-----------
A model is a folder as ``save_pretrained`` writes it, or an id on a hub, whose files are then fetched into the cache of
`huggingface_hub` (not with ``HF_HUB_OFFLINE=1``). Code that comes with a model is never run.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from safetensors import SafetensorError
from transformers.utils import logging

from ontology.errors import ListenerError
from store.vectors import Space

__all__ = [
    "UNLOADABLE",
    "ModelFiles",
    "device_name",
    "dtype_on",
    "find_model",
    "libraries",
    "load_weights",
    "quiet",
    "space_of",
    "unusable",
]

logging.disable_progress_bar()

_WEIGHTS = ("*.safetensors", "*.bin", "*.pt")
_OTHERS = ("*.json", "*.jinja", "*.txt", "*.model")
_BLOCK = 1 << 22

UNLOADABLE = (ValueError, OSError, KeyError, ImportError, AttributeError, TypeError, SafetensorError)
"""What transformers raises of a folder that holds no model of the kind that was asked for, or a damaged one.

It has no error of its own for this: which of them comes depends on the key or the file that is at fault.
"""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on this machine.

    Parameters
    ----------
    path : Path
        Its folder.
    name : str
        What it is called: the folder's name, or its id on a hub.
    revision : str or None
    weights_sha256, configuration_sha256 : str
    licence : str
    """

    path: Path
    name: str
    revision: str | None
    weights_sha256: str
    configuration_sha256: str
    licence: str


def find_model(model: str) -> ModelFiles:
    """Find the files of a model and sum them.

    Parameters
    ----------
    model : str
        A folder, or an id on a hub such as ``laion/clap-htsat-unfused``.

    Returns
    -------
    ModelFiles

    Raises
    ------
    ListenerError
        If there is no such model, or no weights are among its files.
    """
    folder, revision = Path(model), None
    if not folder.is_dir():
        folder = _fetched(model)
        revision = folder.name
    weights = next((found for pattern in _WEIGHTS if (found := sorted(folder.glob(pattern)))), [])
    if not (folder / "config.json").is_file() or not weights:
        raise ListenerError(
            f"{model} holds no model", "a folder with config.json and *.safetensors, as save_pretrained writes it",
            "check the path; of a download, take the whole folder",
        )  # fmt: skip
    others = sorted(path for pattern in _OTHERS for path in folder.glob(pattern))
    name = model if revision else folder.resolve().name
    return ModelFiles(folder, name, revision, _sum(weights), _sum(others), _licence(folder / "README.md"))


def _fetched(model: str) -> Path:
    try:
        return Path(snapshot_download(model))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise ListenerError(
            f"{model} is no folder, and no model of this name can be had ({str(error).splitlines()[0]})",
            "the path of a model's folder, or its id on the hub", "check the name, and HF_HUB_OFFLINE",
        ) from error  # fmt: skip


def _sum(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0")
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _licence(card: Path) -> str:
    """Return what the head of a model card says of the licence."""
    if card.is_file():
        head = card.read_text(encoding="utf-8", errors="replace").split("---")
        try:
            said = yaml.safe_load(head[1]) if len(head) > 2 else None
        except yaml.YAMLError:
            said = None
        if isinstance(said, dict) and (licence := said.get("license_name") or said.get("license")):
            return str(licence)
    return "not stated"


def libraries() -> tuple[tuple[str, str], ...]:
    """Return the libraries that run a model, with their versions."""
    return tuple((name, version(name)) for name in ("transformers", "tokenizers", "torch"))


def space_of(files: ModelFiles, *, words: bool) -> Space:
    """Return the space of the vectors that a model makes: that of its weights and of all its other files.

    Parameters
    ----------
    files : ModelFiles
    words : bool
        Whether it makes vectors of words, too.
    """
    both = hashlib.sha256(f"{files.weights_sha256} {files.configuration_sha256}".encode()).hexdigest()
    return Space(files.name, both, str(files.path), words)


def device_name(device: str) -> str:
    """Return a device with its make, because results differ between generations of GPUs."""
    if device.startswith("cuda"):
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return device


def dtype_on(device: str) -> torch.dtype:
    """Return the number format in which a model runs on a device."""
    return torch.bfloat16 if device.startswith("cuda") else torch.float32


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from reporting what is checked here, and from warning of its own settings at every batch."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def load_weights(class_: Any, files: ModelFiles, device: str, expected: str, **options: Any) -> Any:
    """Load the weights of a model.

    Parameters
    ----------
    class_ : type
        Class of transformers with ``from_pretrained``.
    files : ModelFiles
    device : str
    expected : str
        What the folder should hold, for messages.
    **options
        Further ones of ``from_pretrained``.

    Returns
    -------
    torch.nn.Module
        On the device, for inference.

    Raises
    ------
    ListenerError
        If the weights are not those of such a model, are damaged or incomplete, or do not fit on the device.
    """
    try:
        with quiet():
            model, loaded = class_.from_pretrained(
                files.path, dtype=dtype_on(device), output_loading_info=True, **options
            )
        model = model.to(device).eval()
    except (*UNLOADABLE, RuntimeError) as error:  # RuntimeError: of torch, for shapes that do not fit and for memory
        raise unusable(files, error, expected) from error
    # transformers only warns of these, and goes on with random numbers in their place; buffers it works out itself
    if missing := sorted(loaded["missing_keys"] & dict(model.named_parameters()).keys()):
        raise ListenerError(
            f"the files of {files.name} lack {len(missing)} of the model's weights, such as {missing[0]}", expected,
            "take the checkpoint that was trained for this, with all its files",
        )  # fmt: skip
    return model


def unusable(files: ModelFiles, error: Exception, expected: str) -> ListenerError:
    """Return the error to raise when a library refuses a model."""
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    advice = "check the model's own page"
    if "does not recognize this architecture" in str(error):
        advice = (
            f"transformers {version('transformers')} is too old for it, or it needs code of its own, which is not run"
        )
    return ListenerError(f"{files.name} cannot be used ({reason[:300]})", expected, advice)
