"""Notes of what was heard of a recording, so that an ingest that was killed goes on with the span it was at.

Conventions
-----------
One file per run, named by the digest of the run: agent, recording, and all parameters, the questions among them. Other
questions are another run and find no notes. A line per span, as JSON, is written when its batch is done; the file goes
when the recording is stored. The last line may be cut off, and is then left out.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from ingest.listeners.base import Heard, Trouble, TroubleKind
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Description, Span

__all__ = ["Notes", "Times", "forget"]

Times = tuple[Decimal, Decimal]
"""Start and end of a span, in seconds."""


def _file(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.jsonl"


def forget(folder: Path, run_ids: Iterable[str]) -> None:
    """Remove the notes of runs that are stored, and the folder when it is empty."""
    for run_id in run_ids:
        _file(folder, run_id).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class Notes:
    """The notes of one run.

    Parameters
    ----------
    folder : Path
    run_id : str
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = _file(folder, run_id)

    def read(self, recording: str) -> dict[Times, Heard]:
        """Return what was heard already, by the times of the span.

        Parameters
        ----------
        recording : str
            `Recording.id`.
        """
        if not self._path.is_file():
            return {}
        text = self._path.read_text(encoding="utf-8")
        if text and not text.endswith("\n"):
            text = text[: text.rfind("\n") + 1]
            self._path.write_text(text, encoding="utf-8")
        found = [_read(json.loads(line), recording) for line in text.splitlines()]
        return {(heard.span.start, heard.span.end): heard for heard in found}

    def write(self, heard: Heard) -> None:
        """Note what was heard of a span."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_written(heard), ensure_ascii=False, separators=(",", ":")) + "\n")


def _written(heard: Heard) -> Mapping[str, object]:
    span = heard.span
    return {
        "span": [str(span.start), str(span.end), span.kind],
        "said": [[one.text, one.name, one.language, one.confidence, one.confidence_kind] for one in heard.descriptions],
        "claims": [
            [one.concept, one.aspect, one.confidence, one.confidence_kind, one.derived_from, one.evidence_nats]
            for one in heard.claims
        ],
        "troubles": [[one.kind, one.detail] for one in heard.troubles],
    } | ({} if heard.vector is None else {"vector": [[base64.b64encode(heard.vector).decode()]]})


def _read(line: Mapping[str, list[list[str]]], recording: str) -> Heard:
    start, end, kind = line["span"]
    span = Span(recording, Decimal(str(start)), Decimal(str(end)), SpanKind(str(kind)) if kind else None)
    said = tuple(
        Description(
            span, text, name, language, None if sure is None else float(sure), ConfidenceKind(how) if how else None
        )
        for text, name, language, sure, how in line["said"]
    )
    claims = tuple(
        Claim(
            span, concept, aspect, float(confidence), ConfidenceKind(how), (), source,
            None if evidence is None else float(evidence),
        )
        for concept, aspect, confidence, how, source, evidence in line["claims"]
    )  # fmt: skip
    troubles = tuple(Trouble(TroubleKind(kind_), detail) for kind_, detail in line["troubles"])
    vector = base64.b64decode(line["vector"][0][0]) if "vector" in line else None
    return Heard(span, said, claims, troubles=troubles, vector=vector)
