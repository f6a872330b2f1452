"""Content Search 2.0: which annotations of a recording hold all of some words, and the words that there are.

Conventions
-----------
Words are compared without regard to case and accents; a word of the question is found at the beginning of a word of a
text. All of them must be found in one annotation: in its sentence, or in its labels in any language. ``motivation``,
``date`` and ``user`` narrow the answer; one that cannot be understood is named in ``ignored``. Answers come in pages.

Source
------
IIIF Content Search API 2.0.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from fastapi import Request

from api.iiif.documents import Json
from api.protocol.problems import Problem
from export.iiif import CONTEXT

__all__ = ["complete", "search"]

SEARCH = "http://iiif.io/api/search/2/context.json"
_PAGE = 200
_LONGEST = 500
_MOST_TERMS = 40
_KNOWN = ("q", "motivation", "date", "user", "page", "profile")
_WORD = re.compile(r"[^\W_]+")


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words(text: str) -> list[str]:
    return _WORD.findall(_folded(text))


def _texts(item: Json) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of an annotation, with their languages."""
    for body in item["body"] if isinstance(item["body"], list) else [item["body"]]:
        if body.get("type") == "TextualBody":
            yield body["value"], body.get("language")


def _items(document: Json) -> Iterator[Json]:
    """Yield the annotations of a manifest, not its captions."""
    for canvas in document["items"]:
        for page in canvas.get("annotations", []):
            yield from (item for item in page["items"] if isinstance(item["body"], list))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for; None lets all through."""

    words: tuple[str, ...]
    motivations: frozenset[str] | None
    users: frozenset[str] | None
    dates: tuple[tuple[datetime, datetime], ...] | None

    def takes(self, item: Json) -> bool:
        """Tell whether an annotation is found."""
        if self.motivations is not None and not self.motivations & set(item["motivation"]):
            return False
        if self.users is not None and item["creator"]["id"] not in self.users:
            return False
        if self.dates is not None and not _within(item.get("created"), self.dates):
            return False
        there = [word for text, _ in _texts(item) for word in _words(text)]
        return all(any(word.startswith(wanted) for word in there) for wanted in self.words)


def _within(created: str | None, dates: Iterable[tuple[datetime, datetime]]) -> bool:
    moment = _moment(created or "")
    return moment is not None and any(start <= moment <= end for start, end in dates)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wanted(request: Request) -> tuple[_Wanted, list[str]]:
    """Return what is asked for, and which parameters were not understood."""
    given = request.query_params
    text = given.get("q", "")
    if len(text) > _LONGEST:
        raise Problem(400, f"The question has {len(text):,} letters. Expected: at most {_LONGEST}.")
    ignored = sorted({name for name in given if name not in _KNOWN})
    dates: list[tuple[datetime, datetime]] = []
    for pair in given.get("date", "").split():
        start, _, end = pair.partition("/")
        began, ended = _moment(start), _moment(end)
        if began is None or ended is None:
            ignored.append("date")
            dates = []
            break
        dates.append((began, ended))
    sets = [frozenset(given[name].split()) if given.get(name) else None for name in ("motivation", "user")]
    return _Wanted(tuple(_words(text)), sets[0], sets[1], tuple(dates) or None), ignored


def search(request: Request, document: Json, address: str) -> Json:
    """Return a page of the annotations of a manifest that hold all words that are asked for.

    Parameters
    ----------
    request : Request
    document : dict
        The manifest.
    address : str
        Of the service.

    Raises
    ------
    Problem
        400, if the question is too long, or there is no such page; 404, if the page is beyond the last.
    """
    wanted, ignored = _wanted(request)
    found = [item for item in _items(document) if wanted.words and wanted.takes(item)]
    number = _number(request)
    last = max(0, (len(found) - 1) // _PAGE)
    if number > last:
        raise Problem(404, f"Page {number} was asked for. Expected: 0 to {last}.")
    said = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]

    def page(which: int) -> str:
        return f"{address}?{urlencode([*said, ('page', str(which))])}" if which else f"{address}?{urlencode(said)}"

    answer: Json = {"@context": [SEARCH, CONTEXT], "id": page(number), "type": "AnnotationPage"}
    if ignored:
        answer["ignored"] = ignored
    if last:
        answer["partOf"] = {
            "id": f"{address}?{urlencode([*said, ('page', 'all')])}", "type": "AnnotationCollection",
            "total": len(found), "first": {"id": page(0), "type": "AnnotationPage"},
            "last": {"id": page(last), "type": "AnnotationPage"},
        }  # fmt: skip
        answer["startIndex"] = number * _PAGE
        if number:
            answer["prev"] = {"id": page(number - 1), "type": "AnnotationPage"}
        if number < last:
            answer["next"] = {"id": page(number + 1), "type": "AnnotationPage"}
    answer["items"] = found[number * _PAGE : (number + 1) * _PAGE]
    if answer["items"]:
        marks = list(_marks(answer["items"], wanted.words, page(number)))
        answer["annotations"] = [{"type": "AnnotationPage", "items": marks}]
    return answer


def _number(request: Request) -> int:
    text = request.query_params.get("page", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Problem(400, f"{text[:40]!r} is no page. Expected: a number from 0.")
    return int(text)


def _marks(items: Iterable[Json], words: tuple[str, ...], address: str) -> Iterator[Json]:
    """Yield where in the sentences the words stand."""
    number = 0
    for item in items:
        text = next(_texts(item))[0]
        for found in _WORD.finditer(text):
            if any(_folded(found[0]).startswith(word) for word in words):
                number += 1
                selector = {
                    "type": "TextQuoteSelector", "prefix": text[max(0, found.start() - 20) : found.start()],
                    "exact": found[0], "suffix": text[found.end() : found.end() + 20],
                }  # fmt: skip
                yield {
                    "id": f"{address}#mark-{number}", "type": "Annotation", "motivation": "highlighting",
                    "target": {"type": "SpecificResource", "source": item["id"], "selector": [selector]},
                }  # fmt: skip


def complete(request: Request, document: Json, address: str, service: str) -> Json:
    """Return the words and labels of a manifest's annotations that begin with what is asked for.

    Parameters
    ----------
    request : Request
    document : dict
        The manifest.
    address, service : str
        Of this service, and of the search whose words it completes.
    """
    text = request.query_params.get("q", "")[:_LONGEST]
    wanted, ignored = _folded(text).strip(), sorted({name for name in request.query_params if name not in ("q", "min")})
    labels: Counter[tuple[str, str | None]] = Counter()
    words: Counter[str] = Counter()
    for item in _items(document) if wanted else []:
        sentence, *tags = _texts(item)
        labels.update({tag for tag in tags if any(word.startswith(wanted) for word in _words(tag[0]))})
        words.update({word for word in _WORD.findall(sentence[0].casefold()) if _folded(word).startswith(wanted)})
    terms: list[Json] = [
        {"value": value, "total": total, "service": [{"id": f"{service}?{urlencode({'q': value})}",
                                                      "type": "SearchService2"}]}
        | ({"language": language} if language else {})
        for (value, language), total in sorted(
            labels.items(), key=lambda pair: (-pair[1], pair[0][0], pair[0][1] or ""))
    ]  # fmt: skip
    known = {_folded(term["value"]) for term in terms}
    terms += [
        {"value": word, "total": total}
        for word, total in sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))
        if _folded(word) not in known
    ]
    answer: Json = {"@context": SEARCH, "id": f"{address}?{urlencode({'q': text})}", "type": "TermPage"}
    if ignored:
        answer["ignored"] = ignored
    return answer | {"items": terms[:_MOST_TERMS]}
