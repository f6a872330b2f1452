"""The one reader of the store for exports: everything that is said of a recording, or why it is left.

Conventions
-----------
Claims and descriptions are asked for by the span they target, in pages, so that no limit on the rows of an answer cuts
them. An annotation without usable times or without anything said is not dropped: it is `Material.left`, with the
reason. Labels are those of the vocabulary; a concept of another one is named by the last part of its IRI.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

import pyoxigraph as ox

from export.material import Agent, Annotation, Assessment, AudioFile, Concept, Layer, Left, Material, Work
from export.moments import ENDS, PEAKS, moments_of
from export.sent import SENT, times_in
from ontology.errors import UnknownName
from ontology.terms import ACM, ACV, DC, DCTERMS, FOAF, FRBR, MO, OA, PROV, RDF
from ontology.vocabulary import Vocabulary, load_vocabulary
from store import Store, Term

__all__ = ["PAGE", "find_recording", "read_material", "recordings_of"]

PAGE = 20_000
"""Rows that are asked for at once; below the limit of rows of an answer."""

Row = Mapping[str, Term | None]

_SPANS = f"{{ SELECT DISTINCT ?span WHERE {{ ?span <{OA.hasSource}> ?_recording }} }}"
_ANNOTATIONS = f"""{{ SELECT DISTINCT ?annotation ?type ?span WHERE {{
  {_SPANS} VALUES ?type {{ <{ACM.Claim}> <{ACM.Description}> }} ?annotation <{OA.hasTarget}> ?span ; a ?type }} }}"""

_TIMES = f"""SELECT DISTINCT ?span ?start ?end WHERE {{ {_SPANS}
  OPTIONAL {{ ?span <{ACM.startSeconds}> ?start }} OPTIONAL {{ ?span <{ACM.endSeconds}> ?end }} }}"""
_SAID = f"""SELECT DISTINCT ?annotation ?span ?body ?words ?language ?aspect ?confidence ?kind ?maker ?run ?created
WHERE {{ {_ANNOTATIONS}
  OPTIONAL {{ ?annotation <{OA.hasBody}> ?body
    OPTIONAL {{ ?body <{RDF.value}> ?words }} OPTIONAL {{ ?body <{DC.language}> ?language }} }}
  OPTIONAL {{ ?annotation <{ACM.aspect}> ?aspect }} OPTIONAL {{ ?annotation <{ACM.confidence}> ?confidence }}
  OPTIONAL {{ ?annotation <{ACM.confidenceKind}> ?kind }} OPTIONAL {{ ?annotation <{DCTERMS.creator}> ?maker }}
  OPTIONAL {{ ?annotation <{PROV.wasGeneratedBy}> ?run }} OPTIONAL {{ ?annotation <{DCTERMS.created}> ?created }} }}"""
_JUDGED = f"""SELECT DISTINCT ?annotation ?assessment ?verdict ?maker ?words ?confidence WHERE {{ {_ANNOTATIONS}
  ?assessment <{OA.hasTarget}> ?annotation ; <{ACM.verdict}> ?verdict
  FILTER NOT EXISTS {{ ?newer <{DCTERMS.replaces}> ?assessment }}
  OPTIONAL {{ ?assessment <{DCTERMS.creator}> ?maker }} OPTIONAL {{ ?assessment <{ACM.confidence}> ?confidence }}
  OPTIONAL {{ ?assessment <{OA.hasBody}> ?body . ?body <{RDF.value}> ?words }} }}"""
_MAKERS = f"""SELECT DISTINCT ?maker ?name ?version ?type ?envelope WHERE {{
  {{ SELECT DISTINCT ?maker WHERE {{ {_ANNOTATIONS}
    {{ ?annotation <{DCTERMS.creator}> ?maker }}
    UNION {{ ?assessment <{OA.hasTarget}> ?annotation ; <{DCTERMS.creator}> ?maker }} }} }}
  OPTIONAL {{ ?maker <{FOAF.name}> ?name }} OPTIONAL {{ ?maker <{DCTERMS.hasVersion}> ?version }}
  OPTIONAL {{ ?maker a ?type FILTER(?type = <{PROV.Person}>) }} OPTIONAL {{ ?maker <{ACM.envelope}> ?envelope }} }}"""
_WORK = f"""SELECT DISTINCT ?work ?title ?creator ?year ?source ?rights WHERE {{
  ?work <{FRBR.realization}> ?_recording ; <{DCTERMS.title}> ?title
  OPTIONAL {{ ?work <{DCTERMS.creator}> ?person . ?person <{FOAF.name}> ?creator }}
  OPTIONAL {{ ?work <{DCTERMS.created}> ?year }} OPTIONAL {{ ?work <{DCTERMS.source}> ?source }}
  OPTIONAL {{ ?work <{DCTERMS.rights}> ?rights }} }} ORDER BY ?work ?title ?creator"""
_FILES = f"""SELECT DISTINCT ?file ?name ?format ?sum WHERE {{ ?file <{MO.encodes}> ?_recording
  OPTIONAL {{ ?file <{DCTERMS.title}> ?name }} OPTIONAL {{ ?file <{DCTERMS.format}> ?format }}
  OPTIONAL {{ ?file <{ACM.sha256}> ?sum }} }} ORDER BY ?name ?file"""
_DURATION = f"""SELECT DISTINCT ?end ?rate WHERE {{ ?_recording <{MO.time}> ?time . ?time <{ACM.endSeconds}> ?end
  OPTIONAL {{ ?_recording <{MO.sample_rate}> ?rate }} }}"""
_RECORDINGS = f"""SELECT DISTINCT ?recording ?work ?title ?file WHERE {{ ?recording a <{MO.DigitalSignal}>
  OPTIONAL {{ ?work <{FRBR.realization}> ?recording ; <{DCTERMS.title}> ?title }}
  OPTIONAL {{ ?audio <{MO.encodes}> ?recording ; <{DCTERMS.title}> ?file }} }} ORDER BY ?recording ?title ?file"""


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else ""


def _rows(store: Store, text: str, recording: str, order: str = "") -> Iterator[Row]:
    """Yield the rows of an answer, page by page where an order is given."""
    values = {"_recording": ox.NamedNode(recording)}
    done = 0
    while True:
        paged = f"{text} ORDER BY {order} LIMIT {PAGE} OFFSET {done}" if order else text
        table = store.rows(paged, values)
        yield from (dict(zip(table.columns, row, strict=True)) for row in table.rows)
        done += len(table.rows)
        if not order or len(table.rows) < PAGE:
            return


def _texts(store: Store, text: str, recording: str) -> Iterator[dict[str, str]]:
    """Yield the rows of an answer as text, empty where there is nothing."""
    order = "?source ?start ?end ?maker ?name ?version"
    return ({name: _text(term) for name, term in row.items()} for row in _rows(store, text, recording, order))


def find_recording(store: Store, name: str) -> str:
    """Return the IRI of the recording that a name stands for.

    Parameters
    ----------
    store : Store
    name : str
        IRI or id of a recording; IRI, title or part of the title of a work; or the name of a file.

    Returns
    -------
    str

    Raises
    ------
    UnknownName
        If it stands for none, or for several; the message names them.
    """
    table = store.rows(_RECORDINGS)
    known = [tuple(_text(term) for term in row) for row in table.rows]
    folded = name.casefold()
    by_iri = {r for r, work, *_ in known if name in (r, work, r.rsplit("/", 1)[-1])}
    whole = {r for r, _, title, file in known if folded in (title.casefold(), file.casefold())}
    part = {r for r, _, title, _ in known if folded and folded in title.casefold()}
    found = sorted(by_iri or whole or part)
    if len(found) == 1:
        return found[0]
    titles = {r: title or file or r for r, _, title, file in known}
    if found:
        named = ", ".join(f"{titles[r]} ({r})" for r in found[:5]) + (" and others" if len(found) > 5 else "")
        raise UnknownName(f"{name!r} stands for {len(found)} recordings", "one", f"give one of their IRIs: {named}")
    near = difflib.get_close_matches(folded, {title.casefold() for title in titles.values()}, 3)
    advice = f"did you mean {' or '.join(near)}?" if near else "list the works with: acousma works"
    raise UnknownName(f"{name!r} is no work and no recording", "a title, a part of one, an IRI or a file name", advice)


def read_material(store: Store, recording: str) -> Material:
    """Read everything that is said of a recording.

    Parameters
    ----------
    store : Store
    recording : str
        IRI.

    Returns
    -------
    Material
        A recording of which nothing is said has no layers.

    Raises
    ------
    UnknownName
        If the store holds no such recording with a duration.
    """
    known = list(_rows(store, _DURATION, recording))
    duration = max(filter(None, (_number(row["end"]) for row in known)), default=None)
    rate = max(filter(None, (_number(row["rate"]) for row in known)), default=None)
    if not duration:
        raise UnknownName(f"{recording} is no recording with a duration", "the IRI of one", "see: acousma works")
    files = tuple(
        AudioFile(_text(row["file"]), _text(row["name"]), _text(row["format"]), _text(row["sum"]))
        for row in _rows(store, _FILES, recording)
    )
    reader = _Reader(store, recording, duration)
    layers = reader.layers()
    work = _work(store, recording, files)
    moments = moments_of(_texts(store, PEAKS, recording), _texts(store, ENDS, recording), duration)
    return Material(recording, duration, work, files, layers, tuple(reader.left), int(rate) if rate else None, moments)


def recordings_of(store: Store, work: str) -> list[str]:
    """Return the IRIs of all recordings of a work.

    Parameters
    ----------
    store : Store
    work : str
        IRI or id of a work, its title, or a part of that.

    Raises
    ------
    UnknownName
        If it stands for no work, or for several.
    """
    found: dict[str, tuple[str, set[str]]] = {}
    for row in store.rows(_RECORDINGS).rows:
        recording, iri, title, _ = (_text(term) for term in row)
        if iri:
            found.setdefault(iri, (title, set()))[1].add(recording)
    folded = work.casefold()
    named = {iri: (iri, unquote(iri.rsplit("/", 1)[-1]), title.casefold()) for iri, (title, _) in found.items()}
    exact = [iri for iri, names in named.items() if work in names[:2] or folded == names[2]]
    meant = exact or [iri for iri, (title, _) in found.items() if folded and folded in title.casefold()]
    if len(meant) != 1:
        raise UnknownName(
            f"{work!r} stands for {len(meant)} works", "the title or IRI of one", "list them with: acousma works"
        )
    return sorted(found[meant[0]][1])


def _work(store: Store, recording: str, files: tuple[AudioFile, ...]) -> Work:
    row = next(_rows(store, _WORK, recording), None)
    if row is None:
        return Work(None, files[0].name if files and files[0].name else recording)
    cells = (_text(row[name]) for name in ("title", "creator", "year", "source", "rights"))
    return Work(_text(row["work"]), *cells)


def _number(term: Term | None) -> Decimal | None:
    try:
        number = Decimal(_text(term)) if term is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


class _Reader:
    """Reads the layers of one recording, and keeps what it leaves."""

    def __init__(self, store: Store, recording: str, duration: Decimal) -> None:
        self._store, self._recording, self._duration = store, recording, duration
        self._vocabulary = load_vocabulary()
        self._concepts: dict[str, Concept] = {}
        self._agents: dict[str, Agent] = {}
        self._times: dict[str, tuple[Decimal | None, Decimal | None]] = {}
        self.left: list[Left] = []

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers, persons before programs."""
        for row in _rows(self._store, _MAKERS, self._recording):
            iri, name, person = _text(row["maker"]), _text(row["name"]), row["type"] is not None
            envelope = _id(_text(row["envelope"])) or None
            self._agents[iri] = Agent(iri, name or iri, _text(row["version"]) or None, person, envelope)
        self._times = {
            _text(row["span"]): (_number(row["start"]), _number(row["end"]))
            for row in _rows(self._store, _TIMES, self._recording, "?span ?start ?end")
        }
        judged: defaultdict[str, dict[str, Assessment]] = defaultdict(dict)
        for row in _rows(self._store, _JUDGED, self._recording, "?annotation ?assessment ?verdict ?words"):
            one = Assessment(
                _text(row["assessment"]), self._concept(_text(row["verdict"])), self._agent(row["maker"]),
                _text(row["words"]), _number(row["confidence"]),
            )  # fmt: skip
            judged[_text(row["annotation"])].setdefault(one.iri, one)
        layers: defaultdict[str, list[Annotation]] = defaultdict(list)
        seen: set[str] = set()
        for row in _rows(self._store, _SAID, self._recording, "?annotation ?span ?body ?words ?aspect ?created"):
            annotation = self._annotation(row, judged, seen)
            if annotation is not None:
                layers[annotation.agent.iri].append(annotation)
        for row in _rows(self._store, SENT, self._recording, "?annotation ?span ?body ?words ?created"):
            annotation = self._sent(row, judged, seen)
            if annotation is not None:
                layers[annotation.agent.iri].append(annotation)
        found = [
            Layer(said[0].agent, tuple(sorted(said, key=lambda one: (one.start, -one.end, one.iri))))
            for said in layers.values()
        ]
        return tuple(sorted(found, key=lambda layer: (not layer.agent.person, layer.agent.title, layer.agent.iri)))

    def _sent(self, row: Row, judged: Mapping[str, Mapping[str, Assessment]], seen: set[str]) -> Annotation | None:
        """Return an annotation that a client sent; its times are those of a media fragment."""
        span, fragment = _text(row["span"]), _text(row["fragment"])
        if self._times.get(span, (None, None)) == (None, None):
            times = None if row["finer"] is not None else times_in(fragment, self._duration)
            if times is None:
                iri, finer = _text(row["annotation"]), row["finer"] is not None
                reason = "a stretch within a stretch" if finer else f"a stretch of {fragment!r}"
                self.left.append(Left(iri, reason))
                seen.add(iri)
                return None
            self._times[span] = times
        maker = _text(row["maker"])
        if maker and maker not in self._agents:
            self._agents[maker] = Agent(maker, _text(row["name"]) or maker, None, row["type"] is not None)
        made = dict.fromkeys(("aspect", "confidence", "kind", "run"))
        return self._annotation({**row, **made}, judged, seen)

    def _annotation(
        self, row: Row, judged: Mapping[str, Mapping[str, Assessment]], seen: set[str]
    ) -> Annotation | None:
        iri, body, words = _text(row["annotation"]), row["body"], _text(row["words"])
        start, end = self._times.get(_text(row["span"]), (None, None))
        if isinstance(body, ox.Literal):
            words = words or body.value
        concept = self._concept(_text(body)) if isinstance(body, ox.NamedNode) and not words else None
        reason = ""
        if iri in seen:
            reason = "a further target, body or value of an annotation that was exported once"
        elif start is None or end is None:
            reason = "its span has no start or no end in seconds"
        elif not 0 <= start <= end <= self._duration:
            reason = f"a time from {start} to {end} s in a recording of {self._duration} s"
        elif concept is None and not words:
            reason = "neither a concept nor words"
        seen.add(iri)
        if reason or start is None or end is None:
            self.left.append(Left(iri, reason))
            return None
        return Annotation(
            iri, start, end, self._agent(row["maker"]), concept, words, _text(row["language"]) or None,
            self._concept(_text(row["aspect"])) if row["aspect"] is not None else None, _number(row["confidence"]),
            _id(_text(row["kind"])) or None, _text(row["run"]) or None, _text(row["created"]) or None,
            tuple(sorted(judged.get(iri, {}).values(), key=lambda one: (one.verdict.id, one.iri))),
        )  # fmt: skip

    def _agent(self, term: Term | None) -> Agent:
        iri = _text(term)
        return self._agents.get(iri) or Agent(iri or "urn:acousma:nobody", iri or "nobody named")

    def _concept(self, iri: str) -> Concept:
        if iri not in self._concepts:
            self._concepts[iri] = _describe(iri, self._vocabulary)
        return self._concepts[iri]


def _id(iri: str) -> str:
    return Concept(iri).id if iri else ""


def _describe(iri: str, vocabulary: Vocabulary) -> Concept:
    known = vocabulary.concepts.get(iri.removeprefix(ACV)) if iri.startswith(ACV) else None
    return Concept(iri, known.label, known.definition) if known else Concept(iri)
