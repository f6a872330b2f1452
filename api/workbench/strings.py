"""The texts of the workbench, by language.

Conventions
-----------
A language is a folder of ``strings/`` with the same JSON files as ``strings/en/``; a text is named by its file and its
key, such as ``archive.title``. Places for values are written ``{name}``. A text that a language lacks is given in
English, so that a translation can be begun with one file.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

__all__ = ["DEFAULT", "languages", "spoken", "texts"]

DEFAULT = "en"
_FOLDER = Path(__file__).parent / "strings"


@cache
def languages() -> tuple[str, ...]:
    """Return the languages there are texts in, the default first."""
    found = sorted(folder.name for folder in _FOLDER.iterdir() if folder.is_dir() and folder.name != DEFAULT)
    return (DEFAULT, *found)


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by name, English ones where it has none.

    Parameters
    ----------
    language : str
        One of `languages`.
    """
    found = {} if language == DEFAULT else dict(texts(DEFAULT))
    for file in sorted((_FOLDER / language).glob("*.json")):
        for key, text in json.loads(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{key}"] = text
    return found


def spoken(accept: str) -> str:
    """Return the language for a browser, by its header ``Accept-Language``.

    Examples
    --------
    >>> spoken("tlh, en;q=0.5")
    'en'
    """
    return parse_accept_header(accept, LanguageAccept).best_match(languages(), DEFAULT) or DEFAULT
