"""What listeners have in common whose model is files on this machine: identity, spans, and the weights in memory."""

from functools import cached_property
from typing import Any, ClassVar

import torch

from ingest.listeners.base import Hearing, Identity
from ingest.listeners.files import ModelFiles, device_name, dtype_on, libraries, load_weights
from ontology.terms import SpanKind
from store.vectors import Space

__all__ = ["LocalListener"]


class LocalListener:
    """A listener whose model is files on this machine.

    A subclass says its `kind`, what it `expected` of the files, and which class loads the weights.

    Parameters
    ----------
    files : ModelFiles
    device : str
    spans : frozenset of SpanKind
        The kinds of span that it is to hear.
    """

    kind: ClassVar[str]
    """Kind of adapter, one of `ingest.listeners.opening.KINDS`."""

    expected: ClassVar[str]
    """What a folder must hold, for messages."""

    def __init__(self, files: ModelFiles, device: str, spans: frozenset[SpanKind]) -> None:
        self._files, self._device, self._spans = files, device, spans
        self._dtype = dtype_on(device)
        self._identity: Identity

    def _identify(
        self, hearing: Hearing, asked: dict[str, str], envelope: str | None, space: Space | None = None
    ) -> None:
        """Put together the identity, once it is known what is heard and what is asked."""
        files = self._files
        self._identity = Identity(
            self.kind, files.name, files.revision, files.weights_sha256, files.configuration_sha256, files.licence,
            hearing, libraries(), device_name(self._device), str(self._dtype), envelope, asked, space=space,
        )  # fmt: skip

    @property
    def spans(self) -> frozenset[SpanKind]:
        """The kinds of span that it is to hear."""
        return self._spans

    def identity(self) -> Identity:
        """Say which listener this is."""
        return self._identity

    def _class(self) -> Any:
        """Return the class of transformers that loads the weights."""
        raise NotImplementedError

    @cached_property
    def _model(self) -> Any:
        """The model, loaded when it is first needed."""
        return load_weights(self._class(), self._files, self._device, self.expected)

    def _placed(self, inputs: Any) -> dict[str, torch.Tensor]:
        """Return what a processor made, on the device and in the number format of the model."""
        return {
            name: value.to(self._device, self._dtype if value.is_floating_point() else None)
            for name, value in inputs.items()
        }
