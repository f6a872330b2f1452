"""What the page of a thing shows: its facts, its parts, the claims about it, and what refers to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlencode

import jinja2
import pyoxigraph as ox

from api.listing import clock
from api.published.graph import BASE, load_published
from api.published.model import header
from api.published.pages import Pages
from api.rest.models import Claim
from api.things.reading import BACKWARDS, MOST_BACK, Thing
from ontology.terms import ACM, DCTERMS, FOAF, MLS, MO, OA, PROV, RDF, RDFS, SOSA, TL

__all__ = ["FORMATS", "KINDS", "Link", "claims_parameter", "render", "title_of"]

FORMATS = {".html": "text/html", ".ttl": "text/turtle", ".jsonld": "application/ld+json"}
"""Media type of each suffix."""

KINDS = (
    (MO.MusicalWork, "Work"), (MO.DigitalSignal, "Recording"), (MO.AudioFile, "Sound file"), (ACM.Span, "Span"),
    (ACM.Claim, "Claim"), (ACM.MeasurementAnnotation, "Measurement"), (ACM.Description, "Description"),
    (ACM.Assessment, "Assessment"), (OA.Annotation, "Annotation"), (SOSA.Observation, "Observation"),
    (MLS.Run, "Run"), (MLS.HyperParameterSetting, "Parameter"), (OA.FragmentSelector, "Selector"),
    (TL.RelativeTimeLine, "Timeline"), (TL.Interval, "Interval"),
    (ACM.Corpus, "Corpus"),
    (ACM.Evaluation, "Evaluation"), (ACM.Score, "Score"), (PROV.Person, "Person"),
    (PROV.SoftwareAgent, "Program"), (PROV.Activity, "Activity"),
)  # fmt: skip
"""What a class is called on a page; the first that fits counts."""

_CLAIMS_OF = ((MO.MusicalWork, "work"), (MO.DigitalSignal, "recording"), (ACM.Span, "span"), (MLS.Run, "run"),
              (PROV.Person, "agent"), (PROV.SoftwareAgent, "agent"))  # fmt: skip
_HIDDEN = {RDF.type}
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Link:
    """A value on a page.

    Parameters
    ----------
    text : str
    href : str
        Where it leads; empty for a text.
    language : str
    """

    text: str
    href: str = ""
    language: str = ""


def claims_parameter(thing: Thing) -> str | None:
    """Return the parameter of ``/api/claims`` by which the claims about or by a thing are found."""
    return next((name for class_, name in _CLAIMS_OF if class_ in thing.types), None)


def kind_of(thing: Thing) -> str:
    """Return what kind of thing it is, in a word."""
    return next((word for class_, word in KINDS if class_ in thing.types), "Thing")


def title_of(thing: Thing) -> str:
    """Return what a thing is called."""
    for property_ in (DCTERMS.title, FOAF.name, RDFS.label):
        if found := thing.values(property_):
            version = thing.values(DCTERMS.hasVersion)
            return f"{found[0]} {version[0]}" if version else found[0]
    start, end = thing.values(ACM.startSeconds), thing.values(ACM.endSeconds)
    if start and end:
        return f"{clock(float(start[0]))} to {clock(float(end[0]))}"
    if ACM.Claim in thing.types and (body := thing.values(OA.hasBody)):
        return load_published().label(body[0])
    return f"{kind_of(thing)} {unquote(thing.iri.rstrip('/').rpartition('/')[2])}"


class _Writer:
    """Gives addresses and names on one page."""

    def __init__(self, thing: Thing, base: str, path: str) -> None:
        self._thing = thing
        self._base = base
        self.root = "../" * path.count("/") or "./"
        self._published = load_published()

    def href(self, iri: str) -> str:
        """Return where an IRI leads."""
        if iri.startswith(self._base):
            return self.root + iri.removeprefix(self._base)
        page = self._published.page(iri)
        return iri if page is None and iri.startswith(("http://", "https://")) else self.root + page if page else ""

    def name(self, iri: str) -> str:
        """Return what an IRI is called."""
        if iri in self._thing.names:
            return self._thing.names[iri]
        if iri.startswith(self._base):
            return unquote(iri.removeprefix(self._base))
        return self._published.label(iri)

    def link(self, iri: str) -> Link:
        """Return an IRI as a link."""
        return Link(self.name(iri), self.href(iri))

    def value(self, term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Link:
        """Return a term as it is shown."""
        if isinstance(term, ox.NamedNode):
            return self.link(term.value)
        if isinstance(term, ox.Literal):
            return Link(term.value, "", term.language or "")
        return Link("(a node without a name)")

    def facts(self, iri: str) -> list[tuple[Link, list[Link]]]:
        """Return the properties of a node with their values."""
        found: dict[str, list[Link]] = {}
        for one in self._thing.triples:
            if one.subject == ox.NamedNode(iri) and one.predicate.value not in _HIDDEN:
                found.setdefault(one.predicate.value, []).append(self.value(one.object))
        named = [(Link(self._property(property_), self.href(property_)), links) for property_, links in found.items()]
        return sorted(named, key=lambda pair: pair[0].text.casefold())

    def _property(self, iri: str) -> str:
        return self._published.label(iri) if iri.startswith(BASE) else self._published.short(iri)

    def parts(self) -> list[tuple[str, list[tuple[Link, list[Link]]]]]:
        """Return the parts of the thing, each with its facts."""
        others = {one.subject.value for one in self._thing.triples if isinstance(one.subject, ox.NamedNode)}
        within = sorted(others - {self._thing.iri})
        return [(unquote(iri.removeprefix(self._thing.iri).strip("/")), self.facts(iri)) for iri in within]


@cache
def _environment() -> jinja2.Environment:
    folders = [_HERE / "templates", _HERE.parent / "published" / "templates"]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    published = load_published()
    made.globals.update(header=header(published), stamps=Pages(published).stamps, clock=clock, BASE=BASE)
    return made


def render(
    thing: Thing, place: tuple[str, str], back: dict[str, list[str]], claims: tuple[Sequence[Claim], bool]
) -> bytes:
    """Return the page of a thing.

    Parameters
    ----------
    thing : Thing
    place : tuple of str
        Base IRI of the archive, and the path of the page below it.
    back : dict of str to list of str
        What refers to it, by property.
    claims : tuple
        Claims about it or by it, and whether there are more.
    """
    base, path = place
    writer = _Writer(thing, base, path)
    sections = [
        (heading, [writer.link(iri) for iri in back[property_][:MOST_BACK]], len(back[property_]) > MOST_BACK)
        for property_, heading in BACKWARDS
        if property_ in back
    ]
    parameter = claims_parameter(thing)
    more = f"{writer.root}api/claims?{urlencode({parameter: thing.iri})}" if parameter else ""
    text = _environment().get_template("thing.html").render(
        root=writer.root, path=path, thing=thing, kind=kind_of(thing), title=title_of(thing),
        facts=writer.facts(thing.iri), parts=writer.parts(), sections=sections, claims=claims[0],
        has_more=claims[1], all_claims=more, link=writer.link,
        classes=[writer.link(iri) for iri in sorted(thing.types)],
        data=[(title, f"{writer.root}{path}{suffix}", FORMATS[suffix])
              for title, suffix in (("Turtle", ".ttl"), ("JSON-LD", ".jsonld"))],
    )  # fmt: skip
    return text.encode()
