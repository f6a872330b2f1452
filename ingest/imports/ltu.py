"""Logs of LTU and LTU-AS: of their demos, and of their batch evaluation.

Conventions
-----------
A JSON list of rows; a file that broke off is read as far as it goes. Three shapes:

- LTU's demo: ``audio_id``, ``input`` (the *question*) and ``output``;
- LTU-AS's demo: ``audio_id``, ``instruction`` (the question), ``input`` (what Whisper took for speech) and ``output``;
- the batch scripts of both: ``audio_id``, ``prompt`` (the question), ``pred``, ``ref`` (the expected answer).

Question and spoken text become parameters of the run. A row speaks of the start of its sound file: LTU reads 1,024
frames of 10 ms, LTU-AS 10 s, and what is longer is cut off. Rows of the training sets OpenAQA and OpenASQA
(``instruction``, ``output``, ``dataset``, ``task``) have the same keys; nobody heard them, and they are left.

Source
------
https://github.com/YuanGongND/ltu, ``src/ltu/inference_gradio.py``, ``src/ltu/inference_batch.py``,
``src/ltu_as/inference_gradio.py``, ``src/ltu_as/inference_batch.py``; the lengths as in ``ontology/envelopes.csv``.
"""

from pathlib import Path

from ingest.imports.blocks import Block, Stray, blocks, first_value, load
from ingest.imports.records import Cause, Left, Reading, Record, Speaker, Text
from ontology.envelopes import load_envelopes

__all__ = ["NAME", "knows", "read", "sniff"]

NAME = "ltu"
_LTU, _LTU_AS = Speaker("LTU", envelope="ltu"), Speaker("LTU-AS", envelope="ltu-as")
_READ = {"audio_id", "instruction", "input", "output", "prompt", "pred"}


def sniff(path: Path) -> bool:
    """Tell whether a file looks like this format."""
    return knows(first_value(load(path)))


def knows(value: object) -> bool:
    """Tell whether a parsed value is a row of a log."""
    return isinstance(value, dict) and "audio_id" in value and bool({"output", "pred"} & value.keys())


def read(path: Path) -> Reading:
    """Read a log."""
    reading, others = Reading(path, NAME), dict[str, int]()
    for item in blocks(load(path)):
        if isinstance(item, Stray):
            cause = Cause.MALFORMED if item.broken else Cause.OTHER_FORMAT
            reading.left.append(Left(item.line, cause, "no whole row of a log", item.text))
            continue
        found = _row(item, path.stem)
        if isinstance(found, Left):
            reading.left.append(found)
            continue
        reading.records.append(found)
        for key in item.value.keys() - _READ:
            others[str(key)] = others.get(str(key), 0) + 1
    for key, count in sorted(others.items()):
        meaning = " (the answer that was expected, not one that was given)" if key == "ref" else ""
        reading.notes.append(f"{key!r} of {count} rows was not read{meaning}")
    return reading


def _row(block: Block, stem: str) -> Record | Left:
    row, line, place = block.value, block.line, block.place
    if not knows(row):
        return Left(line, Cause.OTHER_FORMAT, "no row of a log of LTU or LTU-AS", entry=place, value=row)
    answer, file = row.get("pred", row.get("output")), row["audio_id"]
    if "dataset" in row and "task" in row:
        return Left(
            line,
            Cause.NOT_LISTENING,
            "a row of a training set: written from labels, not heard",
            str(answer),
            entry=place,
        )
    if not isinstance(file, str) or not file.strip() or file == "empty":
        return Left(
            line, Cause.UNKNOWN_FILE, f"audio_id is {file!r}: an answer without a sound", str(answer), entry=place
        )
    if not isinstance(answer, str):
        return Left(line, Cause.MALFORMED, "the answer is no text", str(answer), file=file, entry=place)
    speaker, asked, spoken = _shape(row, stem)
    named = {"question": asked, "spoken text given to the model": spoken}
    if not all(isinstance(text, str | None) for text in named.values()):
        return Left(line, Cause.MALFORMED, "the question is no text", str(asked), file=file, entry=place)
    parameters = tuple((name, text) for name, text in named.items() if isinstance(text, str) and text.strip())
    longest = load_envelopes().envelopes[speaker.envelope or "ltu"].longest_input_s
    return Record(line, file, Text(answer), 0.0, longest, True, speaker, parameters, place)


def _shape(row: dict[object, object], stem: str) -> tuple[Speaker, object, object]:
    """Return who answers, the question and the spoken text of a row."""
    if "pred" in row:
        # the scripts put the name of the checkpoint into that of the file
        speaker = _LTU_AS if "ltuas" in stem.lower() else _LTU if "ltu" in stem.lower() else Speaker()
        return speaker, row.get("prompt"), None
    if "instruction" in row:
        return _LTU_AS, row["instruction"], row.get("input")
    return _LTU, row.get("input"), None
