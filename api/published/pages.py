"""The documents by path: each as HTML for people and as RDF for programs.

Conventions
-----------
A document's path has no suffix; a *representation* adds one of `FORMATS`. HTML is made from ``templates/`` by Jinja,
with escaping on; links in it are relative to the site's root, however deep the page lies.
"""

import difflib
import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote, urlencode

import jinja2
import pyoxigraph as ox

from api.published.diagrams import draw
from api.published.examples import (
    Use,
    claim_in_turtle,
    measurement_in_turtle,
    question_of_claims,
    question_of_mentions,
    question_of_values,
    use_as_value,
)
from api.published.graph import BASE, ONTOLOGY, SHAPES, Published, serialise
from api.published.model import GROUPS, external_terms, header, model_terms
from api.published.shapes import shapes
from api.published.terms import TermView, TreeItem, rules_using, scheme_view, schemes, term_view
from api.published.words import unit_in_words
from ontology.jsonld import CONTEXTS
from ontology.terms import ACV, PREFIXES, SKOS, SOSA
from ontology.vocabulary import load_vocabulary

__all__ = ["ASSETS", "CONTEXT", "FORMATS", "Filter", "Pages", "folded"]

FORMATS: Mapping[str, str] = {
    ".html": "text/html",
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".nt": "application/n-triples",
}
"""Media type of each suffix, what people like best first."""

ASSETS: Mapping[str, str] = {
    "static/acousma.css": "text/css",
    "static/acousma.js": "text/javascript",
    "static/icon.svg": "image/svg+xml",
}
"""Media type of each file that the pages need."""

CONTEXT = CONTEXTS[1].removeprefix(BASE)
"""Path of the JSON-LD context that annotations name, which stands for itself and has no other representation."""

_HERE = Path(__file__).parent
_NAMES = {".html": "HTML", ".ttl": "Turtle", ".jsonld": "JSON-LD", ".rdf": "RDF/XML", ".nt": "N-Triples"}
_SYNTAX = {
    ".ttl": ox.RdfFormat.TURTLE, ".jsonld": ox.RdfFormat.JSON_LD, ".rdf": ox.RdfFormat.RDF_XML,
    ".nt": ox.RdfFormat.N_TRIPLES,
}  # fmt: skip
_SOURCES = {"ontology": "ontology.ttl", "shapes": "shapes.ttl"}


def folded(text: str) -> str:
    """Return a text as it is searched: lower case, without accents.

    Examples
    --------
    >>> folded("Étude Größe")
    'etude grosse'
    """
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for in the vocabulary; empty texts let everything through.

    Parameters
    ----------
    words : str
        Each word must stand in a label in any language, another name, or the definition.
    category, measurable, checked : str
        As the vocabulary writes them.
    """

    words: str = ""
    category: str = ""
    measurable: str = ""
    checked: str = ""

    def lets_through(self, item: TreeItem) -> bool:
        """Whether a concept, looked at alone, is what is looked for."""
        names = [label.text for label in (*item.labels, *item.alternatives)]
        text = folded(" ".join((*names, item.definition, item.iri.removeprefix(ACV))))
        wanted = ((self.category, "category"), (self.measurable, "measurable"), (self.checked, "checked"))
        return all(word in text for word in folded(self.words).split()) and all(
            not value or item.facts[name] == value for value, name in wanted
        )

    def __bool__(self) -> bool:
        return any((self.words, self.category, self.measurable, self.checked))


class Pages:
    """All documents of what is published.

    Parameters
    ----------
    published : Published
    endpoint : str or None
        Where questions can be asked: a path from the site's root, or a URL; None if nowhere.
    """

    def __init__(self, published: Published, endpoint: str | None = None) -> None:
        self.published = published
        self.endpoint = endpoint
        self.environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self.environment.globals.update(
            label=published.label, short=published.short, unit_in_words=unit_in_words, formats=_NAMES, quote=quote,
            local=lambda iri: iri.removeprefix(BASE), header=header(published), is_iri=_is_iri, BASE=BASE,
            served=endpoint is not None and "://" not in endpoint,
        )  # fmt: skip

    @cached_property
    def documents(self) -> frozenset[str]:
        """The paths of all documents with RDF."""
        versions = {f"ontology/{version}" for version in self.published.versions}
        return frozenset(self.published.documents) | versions

    def has_html(self, path: str) -> bool:
        """Whether a document has a page of its own."""
        return path == "index" or (path in self.documents and not self.published.is_rule(path))

    @cache  # noqa: B019  # one object per process
    def rdf(self, path: str, suffix: str) -> bytes:
        """Return a document in an RDF syntax.

        Parameters
        ----------
        path : str
            One of `documents`.
        suffix : str
            A suffix of `FORMATS` other than ``.html``.
        """
        path = "ontology" if path.startswith("ontology/") else path
        if suffix == ".ttl" and path in _SOURCES:
            return (self.published.folder / _SOURCES[path]).read_bytes()
        return serialise(self.published.describe(path), _SYNTAX[suffix])

    @cache  # noqa: B019  # one object per process
    def html(self, path: str) -> bytes:
        """Return the page of a document."""
        kinds: dict[str, Callable[[str], bytes]] = {
            "index": self._index, "ontology": self._ontology, "shapes": self._shapes, "vocab": self._vocabulary,
        }  # fmt: skip
        if path in kinds:
            return kinds[path](path)
        if path.startswith("ontology/"):
            return self._ontology(path)
        types = self.published.types(BASE + path)
        return self._scheme(path) if SKOS.NS + "ConceptScheme" in types else self._term(path)

    def search(self, wanted: Filter) -> bytes:
        """Return the page of the vocabulary with only what is looked for."""
        return self._vocabulary("vocab", wanted)

    def missing(self, path: str) -> bytes:
        """Return a page that says that there is nothing of this name, and what is near it."""
        return self._render(
            "missing.html", path, wanted=path, near=self.nearest(path), versions=self.published.versions
        )

    def nearest(self, path: str, most: int = 6) -> list[str]:
        """Return the IRIs whose id or label is most like a wrong path."""
        word = folded(path.rpartition("/")[2])
        names: dict[str, str] = {}
        for iri in sorted(self.published.known):
            if self.published.page(iri) and not self.published.is_rule(local := iri.removeprefix(BASE)):
                names.setdefault(folded(local.rpartition("/")[2].rpartition("#")[2]), iri)
                for language in ("en", "fr", "de"):
                    names.setdefault(folded(self.published.text(iri, SKOS.prefLabel, language)), iri)
        found = difflib.get_close_matches(word, names, n=most, cutoff=0.6)
        return list(dict.fromkeys(names[name] for name in found))

    def asset(self, path: str) -> bytes:
        """Return a file that the pages need (a key of `ASSETS`)."""
        return (_HERE / path).read_bytes()

    @cached_property
    def context(self) -> bytes:
        """The JSON-LD context."""
        return (self.published.folder / "context.jsonld").read_bytes()

    @cached_property
    def stamps(self) -> dict[str, str]:
        """A short sum of each asset, so that a changed one is fetched anew."""
        return {path: hashlib.sha256(self.asset(path)).hexdigest()[:8] for path in ASSETS}

    def _render(self, template: str, path: str, **values: object) -> bytes:
        root = "../" * path.count("/")

        def href(iri: str) -> str:
            page = self.published.page(iri)
            return iri if page is None else root + page

        def ask(query: str) -> str:
            start = self.endpoint or ""
            asked = urlencode({"query": query})
            return (
                f"{start}?{asked}" if "://" in start else f"{root}{start}#{asked}"
            )  # our own page reads what is after #

        text = self.environment.get_template(template).render(
            root=root, path=path, href=href, ask=ask, endpoint=self.endpoint, stamps=self.stamps, **values
        )
        return text.encode()

    def _index(self, path: str) -> bytes:
        return self._render("index.html", path, schemes=schemes(self.published))

    def _ontology(self, path: str) -> bytes:
        published = self.published
        names = {published.short(iri): iri for iri in published.known if iri.startswith(ONTOLOGY + "#")}
        return self._render(
            "ontology.html", path,
            figures=draw(lambda name: f"#{names[name].partition('#')[2]}" if name in names else ""),
            groups=[(anchor, title, model_terms(published, kinds)) for anchor, title, kinds in GROUPS],
            external=external_terms(published), prefixes=PREFIXES, versions=published.versions, ONTOLOGY=ONTOLOGY,
        )  # fmt: skip

    def _shapes(self, path: str) -> bytes:
        return self._render("shapes.html", path, shapes=shapes(self.published), SHAPES=SHAPES)

    def _vocabulary(self, path: str, wanted: Filter | None = None) -> bytes:
        wanted = wanted or Filter()
        all_ = schemes(self.published)
        shown = frozenset(_shown((item for scheme in all_ for item in scheme.items), wanted))
        hits = sum(wanted.lets_through(item) for scheme in all_ for item in _flat(scheme.items))
        choices = {
            name: sorted({item.facts[name] for scheme in all_ for item in _flat(scheme.items)} - {""})
            for name in ("category", "measurable", "checked")
        }
        return self._render(
            "vocabulary.html", path, schemes=all_, shown=shown, hits=hits, wanted=wanted, choices=choices,
            total=sum(map(len, all_)),
        )  # fmt: skip

    def _scheme(self, path: str) -> bytes:
        return self._render("scheme.html", path, scheme=scheme_view(self.published, BASE + path))

    def _term(self, path: str) -> bytes:
        published, iri = self.published, BASE + path
        term, short = term_view(published, iri), self._pasteable(iri)
        observable = SOSA.ObservableProperty in term.types
        rules = rules_using(published, iri) if observable else []
        return self._render(
            "term.html", path, term=term, observable=observable, rules=rules, use=self._use(term, short)
        )

    def _use(self, term: TermView, short: str) -> Use | None:
        """Return how a term of the vocabulary is used."""
        if SOSA.ObservableProperty in term.types:
            value = measurement_in_turtle(short, "0.42", term.facts["unit"])
            return Use("A measured value", value, "Where is its value highest?", question_of_values(short))
        if term.is_heard:
            words, id_ = load_vocabulary(), term.iri.removeprefix(ACV)
            aspect = ACV + words.aspect(id_) if id_ in words.concepts else term.iri
            claim = claim_in_turtle(short, self._pasteable(aspect))
            asked = "Where is it, or a term under it, claimed?"
            return Use("A claim that it is heard", claim, asked, question_of_claims(short))
        if term.is_concept:
            said = "Something of which it is said"
            return Use(said, use_as_value(term.iri), "Of what is it said?", question_of_mentions(short))
        return None

    def _pasteable(self, iri: str) -> str:
        """Return an IRI as Turtle and SPARQL write it, short where that needs no escape."""
        short = self.published.short(iri)
        return f"<{iri}>" if "/" in short else short


def _flat(items: Iterable[TreeItem]) -> Iterable[TreeItem]:
    for item in items:
        yield item
        yield from _flat(item.children)


def _shown(items: Iterable[TreeItem], wanted: Filter) -> Iterable[str]:
    """Yield the IRIs of what is looked for, and of what stands above it."""
    for item in items:
        inner = list(_shown(item.children, wanted))
        if inner or wanted.lets_through(item):
            yield item.iri
            yield from inner


def _is_iri(term: object) -> bool:
    return isinstance(term, ox.NamedNode)
