"""What people read on the workbench stands in one place, ready for other languages."""

import json
import re
import string
from pathlib import Path

import pytest

import api.workbench
from api.workbench.strings import DEFAULT, FOLDER, languages, spoken, texts

ROOT = Path(api.workbench.__file__).parent
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))
SCRIPTS = sorted((ROOT / "static").glob("*.js"))
NAMES = {
    "Acousma", "SVG", "PNG", "IIIF", "BibTeX", "CSL", "DataCite", "Web", "Annotation", "Turtle", "Content", "State",
    "Hz", "kHz", "ms",
}  # fmt: skip
"""Names of formats and units, which are the same in all languages."""


def _words(markup: str) -> list[str]:
    """Return the words that a template itself holds: text between tags, and attributes that are read out."""
    markup = re.sub(r"<pre.*?</pre>", "", markup, flags=re.DOTALL)  # programs, not prose
    markup = re.sub(r"\{% block wide %\}.*?\{% endblock %\}", "", markup)  # a class
    blank = re.sub(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", " ", markup, flags=re.DOTALL)
    read = re.findall(r'\b(?:title|aria-label|placeholder|alt)="([^"]*)"', blank)
    return re.findall(r"[^\W\d_]{2,}", " ".join([*read, re.sub(r"<[^>]*>", " ", blank)]))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_words_of_its_own(template: Path) -> None:
    assert set(_words(template.read_text(encoding="utf-8"))) <= NAMES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_holds_no_sentences_of_its_own(script: Path) -> None:
    code = re.sub(r"(?m)^\s*(//|/\*\*).*$|\s//\s.*$", "", script.read_text(encoding="utf-8"))
    assert re.findall(r'textContent(?: =|:) "[^"]+"|\bsay\("[^"]+"', code) == []
    assert re.findall(r'"[A-Z][a-z]+ [a-z]+[^"<]*"', code) == []


def test_words_of_a_template_would_be_found() -> None:
    assert _words('<p title="Go on">{{ t("a.b") }} of <b>all</b></p>') == ["Go", "on", "of", "all"]


def test_a_language_is_a_folder_and_what_it_lacks_is_english(tmp_path: Path) -> None:
    for name, found in (("en", {"play": "Play", "stop": "Stop"}), ("de", {"play": "Spielen"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "common.json").write_text(json.dumps(found), encoding="utf-8")
    assert languages(tmp_path) == ("en", "de")
    assert texts("de", tmp_path) == {"common.play": "Spielen", "common.stop": "Stop"}
    assert spoken("de-AT, en;q=0.5", tmp_path) == "de" and spoken("fr, de;q=0.3", tmp_path) == "de"
    assert spoken("fr", tmp_path) == spoken("", tmp_path) == "en"


def test_every_language_has_only_texts_that_english_has_with_the_same_places() -> None:
    english = texts(DEFAULT)
    for language in languages():
        for file in (FOLDER / language).glob("*.json"):
            for key, text in json.loads(file.read_text(encoding="utf-8")).items():
                name = f"{file.stem}.{key}"
                assert name in english, (language, name)
                assert _places(text) == _places(english[name]), (language, name)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
