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

__all__ = ["DEFAULT", "FOLDER", "languages", "spoken", "texts"]

DEFAULT = "en"
FOLDER = Path(__file__).parent / "strings"


@cache
def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the languages there are texts in, the default first.

    Parameters
    ----------
    folder : Path, optional
        Where the folders of the languages are.
    """
    found = sorted(one.name for one in folder.iterdir() if one.is_dir() and one.name != DEFAULT)
    return (DEFAULT, *found)


@cache
def texts(language: str, folder: Path = FOLDER) -> Mapping[str, str]:
    """Return all texts of a language by name, English ones where it has none.

    Parameters
    ----------
    language : str
        One of `languages`.
    folder : Path, optional
        Where the folders of the languages are.
    """
    found = {} if language == DEFAULT else dict(texts(DEFAULT, folder))
    for file in sorted((folder / language).glob("*.json")):
        for key, text in json.loads(file.read_text(encoding="utf-8")).items():
            found[f"{file.stem}.{key}"] = text
    return found


def spoken(accept: str, folder: Path = FOLDER) -> str:
    """Return the language for a browser, by its header ``Accept-Language``.

    Parameters
    ----------
    accept : str
    folder : Path, optional
        Where the folders of the languages are.

    Examples
    --------
    >>> spoken("tlh, en;q=0.5")
    'en'
    """
    wanted = parse_accept_header(accept, LanguageAccept)
    whole = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in wanted])  # de for de-AT
    return whole.best_match(languages(folder), DEFAULT) or DEFAULT
