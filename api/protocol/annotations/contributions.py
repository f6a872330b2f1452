"""Annotations that are sent: how they are read, kept, replaced and withdrawn.

Conventions
-----------
- SPARQL and this door read and write the same graphs (:mod:`api.protocol.annotations.state`).
- A change is made only if the graph is still as it was read: of two who replace the same state one is turned away.
- A withdrawn annotation has a history only; its IRI is not given again.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyoxigraph as ox

from api.protocol.annotations.entailed import entailed
from api.protocol.annotations.state import EDITOR, VERSION, State, is_said, stamp, state_of, version_of, whole
from api.protocol.problems import Problem
from api.protocol.service import Service
from api.tokens import Role, Token
from ontology.documents import is_expanded, read_document, write_document
from ontology.errors import ValidationError
from ontology.jsonld import Json
from ontology.mint import Minter
from ontology.terms import ACM, ACV, DCTERMS, FOAF, OA, PROV, RDF
from ontology.validate import validate
from ontology.values import Agent
from store import Change, Condition
from store.changes import replacement

__all__ = ["Contributions"]

_ONCE_SET = {"canonical": OA.canonical, "via": OA.via}
_MOST_NAMES = 200
_CACHED = 2048


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Contributions:
    """The annotations that were sent to an archive.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._minter = service.minter
        self._documents: OrderedDict[tuple[str, str], dict[str, Json]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, name: str) -> State:
        """Return an annotation.

        Raises
        ------
        Problem
            404, if there never was one; 410, if it was withdrawn.
        """
        graph = self._minter.contribution_graph(name)
        found = self.read_graphs([graph])
        if graph in found:
            return found[graph]
        if self._service.own.ask(f"ASK {{ GRAPH <{self._minter.history_graph(name)}> {{ ?s ?p ?o }} }}"):
            raise Problem(410, "The annotation was withdrawn. Its IRI is not given to another one.")
        raise Problem(404, "There is no such annotation. Expected: the address of one, as containers list them.")

    def read_graphs(self, graphs: Iterable[str]) -> dict[str, State]:
        """Return the annotations in some graphs, as they stood at one moment."""
        names = " ".join(f"<{graph}>" for graph in graphs)
        rows = self._service.own.rows(f"SELECT ?g ?s ?p ?o {{ VALUES ?g {{ {names} }} GRAPH ?g {{ ?s ?p ?o }} }}").rows
        said: dict[str, list[ox.Triple]] = {}
        for graph, subject, predicate, value in rows:
            assert isinstance(graph, ox.NamedNode), "a graph of VALUES"
            assert isinstance(subject, ox.NamedNode | ox.BlankNode) and isinstance(predicate, ox.NamedNode)
            assert value is not None, "every variable is bound"
            said.setdefault(graph.value, []).append(ox.Triple(subject, predicate, value))
        return {graph: state_of(self._minter, graph, triples) for graph, triples in said.items()}

    def document(self, state: State) -> dict[str, Json]:
        """Return an annotation as JSON-LD."""
        key = (state.iri, state.digest)
        with self._lock:
            if key in self._documents:
                self._documents.move_to_end(key)
                return self._documents[key]
        made = write_document(state.triples, state.iri)
        with self._lock:
            self._documents[key] = made
            while len(self._documents) > _CACHED:
                self._documents.popitem(last=False)
        return made

    def create(self, document: dict[str, Json], where: tuple[str, str], token: Token | None) -> State:
        """Keep an annotation that was sent.

        Parameters
        ----------
        document : dict of str to Json
        where : tuple of str
            The beginning of its name, which is that of its container, and the name that was proposed.
        token : Token or None
            That of whoever sent it.

        Raises
        ------
        InputError, ValidationError
            If it is no annotation, or breaks a shape.
        """
        folder, slug = where
        moment = _now()
        made = Minter.contribution_name(json.dumps(document, sort_keys=True), moment)
        names = (slug if number == 1 else f"{slug}-{number}" for number in range(1, _MOST_NAMES))
        for name in (*(names if slug else ()), made):
            state = self._created(document, f"{folder}{name}", moment, token)
            history = Condition(self._minter.history_graph(state.name), there=False)
            change = Change(
                replacement(state.graph, whole(state)), graphs=(state.graph,),
                conditions=(Condition(state.graph, there=False), history),
            )  # fmt: skip
            if self._apply(change):
                return state
        raise Problem(409, "The proposed name is taken many times over. To do: propose another in Slug, or none.")

    def _created(self, document: dict[str, Json], name: str, moment: str, token: Token | None) -> State:
        iri = self._minter.contribution(name)
        triples = read_document(_with_via(document), iri)
        if not any(is_said(one, iri, DCTERMS.created) for one in triples):
            triples.append(stamp(iri, DCTERMS.created, moment))
        note = {DCTERMS.issued: moment, DCTERMS.modified: moment, VERSION: "1"}
        if token is not None:
            note[PROV.wasAttributedTo] = self._minter.agent(Agent(token.person, kind="person"))
        triples = self._attributed(triples, iri, note, [] if token is None else [ox.Literal(token.person)])
        self._check_replaced(triples, iri)
        return self._checked(name, triples, note)

    def _attributed(
        self, triples: list[ox.Triple], iri: str, note: Mapping[str, str], names: Iterable[ox.Literal]
    ) -> list[ox.Triple]:
        """Return what was sent with its creator, and without what it repeats of the archive.

        The creator is the person whose token it is. A document may name somebody else who made it, but nobody of this
        archive, and not of a claim or an assessment.
        """
        kept = self._own(triples, iri)
        author = note.get(PROV.wasAttributedTo)
        if author is None:
            return kept
        named = {str(one.object) for one in kept if is_said(one, iri, DCTERMS.creator)} - {f"<{author}>"}
        speaks = any(is_said(one, iri, RDF.type) and one.object in _SPEAKING for one in kept)
        if named and (speaks or any(name.startswith(f"<{self._service.base}agent/") for name in named)):
            told = ", ".join(sorted(named))
            raise Problem(403, f"The document names as its creator {told}. Expected: {author}, or none.")
        agent = ox.NamedNode(author)
        if not named:
            kept.append(ox.Triple(ox.NamedNode(iri), ox.NamedNode(DCTERMS.creator), agent))
        kept += [ox.Triple(agent, ox.NamedNode(RDF.type), ox.NamedNode(type_)) for type_ in (FOAF.Person, PROV.Person)]
        return kept + [ox.Triple(agent, ox.NamedNode(FOAF.name), name) for name in names]

    def _own(self, triples: list[ox.Triple], iri: str) -> list[ox.Triple]:
        """Return what is said of the annotation and of what is not the archive's; the rest must be said already.

        What IRIs of spans and persons entail is kept, so that a claim that was sent is found as others are.
        """
        spaces = (self._service.base, ACM.NS, ACV)
        known = entailed(self._service, triples)
        kept: list[ox.Triple] = []
        repeated: list[ox.Triple] = []
        for one in triples:
            subject = one.subject.value if isinstance(one.subject, ox.NamedNode) else ""
            own = subject == iri or subject.startswith(f"{iri}#") or not subject.startswith(spaces) or one in known
            (kept if own else repeated).append(one)
        rows = " ".join(f"({one.subject} {one.predicate} {one.object})" for one in repeated)
        new = f"ASK {{ VALUES (?s ?p ?o) {{ {rows} }} FILTER NOT EXISTS {{ ?s ?p ?o }} }}"
        if repeated and self._service.own.ask(new):
            detail = f"The document says something new of {repeated[0].subject}, which is not its own."
            raise Problem(400, f"{detail} Expected: its IRI alone.")
        return kept

    def replace(
        self, state: State, document: dict[str, Json], token: Token | None, matches: frozenset[str] | None
    ) -> State:
        """Put another state in the place of one.

        Parameters
        ----------
        state : State
            As it was read.
        document : dict of str to Json
        token : Token or None
        matches : frozenset of str or None
            Digests of which the state must have one; None for any.

        Raises
        ------
        Problem
            412, if it is another by now; 403, if it is somebody else's; 409, if what is set once would change.
        """
        self._check_owner(state, token)
        self._check_match(state, matches)
        given = _given_id(document)
        if given not in (None, state.iri):
            raise Problem(400, f"The document has the id {given!r}. Expected: that of the address, {state.iri}.")
        moment = _now()
        triples = [one for one in read_document(document, state.iri) if not is_said(one, state.iri, DCTERMS.modified)]
        triples += _kept(state, triples)
        triples.append(stamp(state.iri, DCTERMS.modified, moment))
        author = state.note.get(PROV.wasAttributedTo)
        names = [one.object for one in state.triples if author and is_said(one, author, FOAF.name)]
        known = [name for name in names if isinstance(name, ox.Literal)]
        triples = self._attributed(triples, state.iri, state.note, known)
        number = int(state.note.get(VERSION, "1")) + 1
        fresh = self._checked(
            state.name, triples, {**state.note, DCTERMS.modified: moment, VERSION: str(number), **_editor(self, token)}
        )
        self._change(state, replacement(state.graph, whole(fresh)), moment)
        return fresh

    def withdraw(self, state: State, token: Token | None, matches: frozenset[str] | None) -> None:
        """Withdraw an annotation; what it said goes into its history. Raises as `replace`."""
        self._check_owner(state, token)
        self._check_match(state, matches)
        self._change(state, replacement(state.graph, ()), _now())

    def _change(self, state: State, update: str, moment: str) -> None:
        """Make a change of a state, and keep what it was."""
        history = self._minter.history_graph(state.name)
        quoted = "\n".join(f"{one} ." for one in version_of(state, self.document(state), moment))
        text = f"{update} ;\nINSERT DATA {{ GRAPH <{history}> {{\n{quoted}\n}} }}"
        condition = Condition(state.graph, digests=frozenset({state.digest}))
        if not self._apply(Change(text, graphs=(state.graph, history), conditions=(condition,))):
            raise _stale()

    def _checked(self, name: str, triples: list[ox.Triple], note: Mapping[str, str]) -> State:
        """Return a state that keeps to the shapes."""
        iri, graph = self._minter.contribution(name), self._minter.contribution_graph(name)
        unchecked = State(name, iri, graph, tuple(dict.fromkeys(triples)), note, "")
        graph_whole = whole(unchecked)
        findings = validate(ox.Quad(one.subject, one.predicate, one.object) for one in graph_whole).findings
        if findings:
            told = "; ".join(dict.fromkeys(f"{one.focus}: {one.message}" for one in findings))
            raise ValidationError(f"the annotation breaks {len(findings)} shape(s)", told[:2000], "correct it")
        store = ox.Store()  # numbers and times as a store keeps them, so that the digest is that of what is read back
        store.extend(ox.Quad(one.subject, one.predicate, one.object) for one in graph_whole)
        return state_of(self._minter, graph, [quad.triple for quad in store])

    def _check_replaced(self, triples: list[ox.Triple], iri: str) -> None:
        """Raise if an annotation takes the place of somebody else's, or of none."""
        creators = {one.object for one in triples if is_said(one, iri, DCTERMS.creator)}
        for one in triples:
            if not is_said(one, iri, DCTERMS.replaces):
                continue
            found = self._service.own.rows(
                f"SELECT DISTINCT ?kind ?creator {{ {one.object} a ?kind OPTIONAL {{ {one.object} "
                f"<{DCTERMS.creator}> ?creator }} FILTER(?kind = <{OA.Annotation}>) }}"
            ).rows
            if not found:
                raise Problem(400, f"There is no annotation {one.object}. Expected: the IRI of one that is replaced.")
            if creators != {creator for _, creator in found if creator is not None}:
                raise Problem(403, f"{one.object} is somebody else's. Expected: an annotation of one's own to replace.")

    def _check_owner(self, state: State, token: Token | None) -> None:
        if token is None or token.role.includes(Role.CURATOR):
            return
        if state.note.get(PROV.wasAttributedTo) != self._minter.agent(Agent(token.person, kind="person")):
            raise Problem(403, "The annotation is somebody else's. Expected: the token of its creator, or a curator's.")

    @staticmethod
    def _check_match(state: State, matches: frozenset[str] | None) -> None:
        if matches is not None and state.digest not in matches:
            raise _stale()

    def person(self, token: Token | None) -> str | None:
        """Return the IRI of whoever's token it is."""
        return None if token is None else self._minter.agent(Agent(token.person, kind="person"))

    def _apply(self, change: Change) -> bool:
        if self._service.writer is None:
            raise Problem(403, "This server cannot be written to.")
        return self._service.writer.apply(change).failed is None


_SPEAKING = frozenset(map(ox.NamedNode, (ACM.Claim, ACM.Assessment)))
"""What only the person who sends it can say."""


def _editor(contributions: Contributions, token: Token | None) -> dict[str, str]:
    """Note who changed an annotation last."""
    person = contributions.person(token)
    return {} if person is None else {EDITOR: person}


def _stale() -> Problem:
    return Problem(412, "The annotation is not as the request expects. To do: read it again, and change what is there.")


def _with_via(document: dict[str, Json]) -> dict[str, Json]:
    """Keep the IRI that a document came with as one by which it came (clause 5.1)."""
    given = _given_id(document)
    if given is None:
        return document
    if not isinstance(given, str) or not given:
        raise Problem(400, f"The id of the document is {given!r}. Expected: an IRI, or none.")
    word: str = OA.via if is_expanded(document) else "via"
    before = document.get(word, [])
    return {**document, word: [*(before if isinstance(before, list) else [before]), {"@id": given}]}


def _given_id(document: dict[str, Json]) -> Json:
    """Return the id of a document; none where it is a fragment, as Annotorious and Recogito send it."""
    given = document.get("@id" if is_expanded(document) else "id")
    return None if isinstance(given, str) and given.startswith("#") else given


def _kept(state: State, triples: list[ox.Triple]) -> list[ox.Triple]:
    """Return what a new state takes over from the old one: when it was made, and what is set only once."""
    kept = []
    said = {one.predicate.value for one in triples if one.subject == ox.NamedNode(state.iri)}
    for word, property_ in (*_ONCE_SET.items(), ("created", DCTERMS.created)):
        before = [one for one in state.triples if is_said(one, state.iri, property_)]
        if property_ not in said:
            kept += before
        elif word in _ONCE_SET and before:
            now = {one.object for one in triples if is_said(one, state.iri, property_)}
            if now != {one.object for one in before}:
                raise Problem(409, f"{word} is set and cannot be changed. To do: leave it as it is.")
    return kept
