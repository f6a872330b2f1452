"""Objects in text: JSON, JSON lines, or what Python prints; whole, in lists, or between other words.

Conventions
-----------
A block is one outermost ``{…}``. The brackets and commas of lists around blocks are passed over, so that a file that
broke off, or one whose brackets were lost in copying, gives up what it holds. Nothing is evaluated: Python's notation
is read as literals only. Lines count from 1.
"""

import ast
import json
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ontology.errors import ImportFileError

__all__ = ["Block", "Stray", "blocks", "first_value", "load", "number"]

_TOKEN = re.compile(r"""[{}]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""")
_NEXT = re.compile(r"\n\s*[\[,]*\s*(?=\{)")
_LIST = re.compile(r"\[\s*[\[\]{]")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Block:
    """One object.

    Parameters
    ----------
    line : int
    value : dict
    depth : int
        How many lists it stands in.
    place : str
        Which of the objects that begin in this line; empty for the first.
    """

    line: int
    value: dict[object, object]
    depth: int
    place: str


@dataclass(frozen=True, slots=True)
class Stray:
    """Text that is no object.

    Parameters
    ----------
    line : int
    text : str
    broken : bool
        Whether it begins as an object does.
    """

    line: int
    text: str
    broken: bool


def load(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    ImportFileError
        If it is missing, empty, or not in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFileError(
            f"{path} cannot be read ({error})", "a text file in UTF-8", "check its name, or save it as UTF-8"
        ) from error
    if not text.strip():
        raise ImportFileError(f"{path} is empty", "what a model or a person said", "check how it was written")
    return text


def number(value: object) -> float | None:
    """Return a value as a float if it is a finite number (of JSON, or written as text), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value.replace(",", ".") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _parse(text: str) -> dict[object, object] | None:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                value = ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _end(text: str, start: int) -> int:
    """Return where the object that starts here ends, or -1."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return -1


def blocks(text: str) -> Iterator[Block | Stray]:
    """Yield the objects of a text, and what stands between them.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> [item.value for item in blocks("{'a': ('b', 1)}, {'c': None}")]
    [{'a': ('b', 1)}, {'c': None}]
    """
    at, line, depth, last, count = 0, 1, 0, 0, 0
    while at < len(text):
        end = at + 1
        if text[at] == "{":
            end = _end(text, at)
            value = _parse(text[at:end]) if end > 0 else None
            if value is None:
                following = _NEXT.search(text, at)
                end = min([x for x in (end, following.end() if following else -1) if x > 0], default=len(text))
                yield Stray(line, _shown(text[at:end]), broken=True)
            else:
                last, count = line, count + 1 if line == last else 1
                yield Block(line, value, depth, f"object {count}" if count > 1 else "")
        elif _LIST.match(text, at):
            depth += 1
        elif text[at] == "]":
            depth = max(0, depth - 1)
        elif not text[at].isspace() and text[at] != ",":
            end = min(x if x >= 0 else len(text) for x in (text.find("\n", at), text.find("{", at)))
            yield Stray(line, text[at:end].strip(), broken=False)
        line += text.count("\n", at, end)
        at = end


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else words[:_SHOWN] + " …"


def first_value(text: str) -> dict[object, object] | None:
    """Return the first object of a text, for a look at its format."""
    return next((item.value for item in blocks(text) if isinstance(item, Block)), None)
