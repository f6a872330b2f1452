"""Answers of the pipelines ``audio-classification`` (AST and others) and ``zero-shot-audio-classification`` (CLAP).

Conventions
-----------
A pipeline returns ``[{"score": 0.9, "label": "Bell"}, …]`` and does not say for which sound. Read are

- such a list by itself: the name of the imported file stands for the sound file;
- an object of such lists by sound file: ``{"bell.wav": [{"score": …}, …]}``;
- objects, in a list or one a line, with ``file`` (or ``audio``, ``path``) and the list under ``result`` (or ``labels``,
  ``predictions``, ``output``), and any of ``start``, ``end``, ``model``, ``version``, ``task``, ``function_to_apply``,
  ``candidate_labels``, ``hypothesis_template``.

Lists in a list are an answer for several sounds that are not named; they are left. A score is a share among labels
(softmax) if the task is zero-shot, if ``function_to_apply`` says so, or if nothing is said and the scores sum up to 1
at most: that is the pipelines' default. If they sum up to more, each label was scored for itself (sigmoid).

Source
------
transformers 5.23.0, ``pipelines/audio_classification.py`` and ``pipelines/zero_shot_audio_classification.py``:
docstrings and ``postprocess``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.imports.blocks import Block, Stray, blocks, first_value, load, number
from ingest.imports.records import Cause, Label, Left, Reading, Record, Speaker
from ontology.terms import ConfidenceKind

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "pipeline"
_FILES, _RESULTS = ("file", "audio", "path"), ("result", "labels", "predictions", "output")
_PARAMETERS = ("task", "function_to_apply", "candidate_labels", "hypothesis_template")
_READ = {*_FILES, *_RESULTS, *_PARAMETERS, "start", "end", "model", "version"}
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class _Answer:
    """The labels of one sound, each with its line and its place in the line."""

    labels: list[tuple[object, int, str]]
    file: str | None
    line: int
    about: Mapping[object, object]


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    return knows(first_value(load(path)))


def knows(value: object) -> bool:
    """Tell whether a parsed value is a label with its score, or holds lists of them."""
    if not isinstance(value, dict):
        return False
    return _is_label(value) or _result(value) is not None or (bool(value) and all(map(_is_list, value.values())))


def _is_label(value: object) -> bool:
    return isinstance(value, dict) and {"score", "label"} <= value.keys() and not {*_FILES} & value.keys()


def _is_list(value: object) -> bool:
    return isinstance(value, list) and any(map(_is_label, value))


def _result(value: Mapping[object, object]) -> list[object] | None:
    if not {*_FILES} & value.keys():
        return None
    return next((part for key in _RESULTS if isinstance(part := value.get(key), list)), None)


def read(path: Path) -> Reading:
    """Read answers of a pipeline."""
    reading, bare = Reading(path, NAME), _Answer([], None, 1, {})
    others: set[str] = set()
    for item in blocks(load(path)):
        if isinstance(item, Stray):
            cause = Cause.MALFORMED if item.broken else Cause.OTHER_FORMAT
            reading.left.append(Left(item.line, cause, "no answer of a pipeline", item.text))
        elif not knows(item.value):
            left = Left(item.line, Cause.OTHER_FORMAT, "no answer of a pipeline", entry=item.place, value=item.value)
            reading.left.append(left)
        elif not _is_label(item.value):
            if _result(item.value) is not None:
                others |= {str(key) for key in item.value.keys() - _READ}
            for answer in _answers(item):
                _take(reading, answer)
        elif item.depth > 1:
            reason = "a list in a list: which sound it speaks of is not said"
            reading.left.append(Left(item.line, Cause.UNKNOWN_FILE, reason, str(item.value["label"]), entry=item.place))
        else:
            bare.labels.append((item.value, item.line, item.place))
    _take(reading, bare)
    reading.notes += [f"{key!r} was not read" for key in sorted(others)]
    return reading


def _answers(block: Block) -> Iterator[_Answer]:
    value = block.value
    result, before = _result(value), f"{block.place}, " if block.place else ""
    if result is not None:
        name = next((str(value[key]) for key in _FILES if value.get(key)), None)
        yield _Answer(_placed(result, block.line, before), name or "", block.line, value)
        return
    for file, labels in value.items():
        if isinstance(labels, list):
            yield _Answer(_placed(labels, block.line, f"{before}{file}, "), str(file), block.line, {})


def _placed(labels: list[object], line: int, before: str) -> list[tuple[object, int, str]]:
    return [(label, line, f"{before}label {count}") for count, label in enumerate(labels, 1)]


def _take(reading: Reading, answer: _Answer) -> None:
    about = answer.about
    scores = [number(value["score"]) for value, _, _ in answer.labels if isinstance(value, dict) and _is_label(value)]
    kind, parameters = _kind(about, sum(score for score in scores if score is not None))
    times = {key: number(about.get(key)) for key in ("start", "end")}
    speaker = Speaker(_text(about.get("model")), _text(about.get("version")))
    for key in _PARAMETERS:
        if about.get(key):
            part = about[key]
            parameters[key] = "; ".join(map(str, part)) if isinstance(part, list) else str(part)
    wrong = [key for key in times if about.get(key) is not None and times[key] is None]
    if not answer.labels and answer.about:
        reading.left.append(Left(answer.line, Cause.NOTHING_SAID, "an answer without labels", file=answer.file))
    for value, line, entry in answer.labels:
        label = value.get("label") if isinstance(value, dict) else None
        score = number(value.get("score")) if isinstance(value, dict) else None
        if not isinstance(label, str) or not label.strip() or score is None or wrong:
            reason = f"{wrong[0]} is no number" if wrong else "not a label and a number"
            reading.left.append(Left(line, Cause.MALFORMED, reason, str(value), 1, answer.file, entry))
            continue
        said = Label(label.strip(), score, kind)
        reading.records.append(
            Record(
                line, answer.file, said, times["start"], times["end"], False, speaker,
                tuple(sorted(parameters.items())), entry,
            )
        )  # fmt: skip


def _text(value: object) -> str | None:
    return str(value).strip() or None if isinstance(value, str | int | float) else None


def _kind(about: Mapping[object, object], total: float) -> tuple[ConfidenceKind, dict[str, str]]:
    """Return what kind of score it is, and how that is known."""
    name = "function applied to the scores"
    said = about.get("function_to_apply")
    if said == "sigmoid":
        return ConfidenceKind.CLASSIFIER_SCORE, {name: "sigmoid"}
    if about.get("task") == "zero-shot-audio-classification" or about.get("candidate_labels") or said == "softmax":
        return ConfidenceKind.RELATIVE_SCORE, {name: "softmax"}
    if total > 1 + _ROUNDING:
        return ConfidenceKind.CLASSIFIER_SCORE, {name: "sigmoid, because the scores sum up to more than 1"}
    return ConfidenceKind.RELATIVE_SCORE, {name: "softmax, the default of the pipeline; the file does not say"}
