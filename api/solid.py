"""A person's own annotations into a container of a Solid pod, and read back from it.

Conventions
-----------
One Turtle document per claim, description and review, named after the IRI of the annotation: a second push of the same
changes nothing. What stands at such an address and says something else is not overwritten, unless that is asked for.
After each push the document is read back and compared, statement by statement.

Source
------
Solid Protocol 0.11, 5.3 Writing Resources; Linked Data Platform 1.0.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
import pyoxigraph as ox

from api.solid_login import ClientLogin
from export.nanopub import spoken
from ontology.errors import InputError, StoreUnreachable, UnknownName
from ontology.terms import DCTERMS, FOAF, OA, PREFIXES, PROV
from store import Store

__all__ = ["Pushed", "annotations_of", "login_from", "outcomes", "push"]

_TURTLE = "text/turtle"
_SECONDS = 30.0
_MINE = f"""SELECT DISTINCT ?annotation ?agent ?name WHERE {{
  ?agent a <{PROV.Person}> . OPTIONAL {{ ?agent <{FOAF.name}> ?name }}
  ?annotation <{DCTERMS.creator}> ?agent ; a <{OA.Annotation}> }} ORDER BY ?annotation"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one annotation.

    Parameters
    ----------
    annotation, address : str
    outcome : {"pushed", "unchanged", "replaced", "kept"}
        ``kept``: something else stands there, and was left.
    """

    annotation: str
    address: str
    outcome: str


def annotations_of(store: Store, person: str) -> list[str]:
    """Return the IRIs of the annotations of a person.

    Parameters
    ----------
    store : Store
    person : str
        Name or IRI.

    Raises
    ------
    UnknownName
        If nobody of this name has annotated anything; the message names those who have.
    """
    names: set[str] = set()
    found = set()
    for annotation, agent, name in store.rows(_MINE).rows:
        assert isinstance(annotation, ox.NamedNode) and isinstance(agent, ox.NamedNode)
        label = name.value if isinstance(name, ox.Literal) else agent.value
        names.add(label)
        if person in (agent.value, label):
            found.add(annotation.value)
    if not found:
        known = ", ".join(sorted(names)[:10]) or "nobody"
        raise UnknownName(f"{person!r} has annotated nothing here", f"one of: {known}")
    return sorted(found)


def login_from(environment: Mapping[str, str], container: str, issuer: str | None = None) -> httpx.Auth | str | None:
    """Return how to log in to a pod.

    Parameters
    ----------
    environment : Mapping of str to str
        ``ACOUSMA_SOLID_CLIENT_ID`` and ``ACOUSMA_SOLID_CLIENT_SECRET``, else ``ACOUSMA_SOLID_TOKEN``.
    container : str
    issuer : str, optional
        Else the server of the container.

    Returns
    -------
    ClientLogin, str or None
        A bearer token as text; None where there is nothing to log in with.

    Raises
    ------
    InputError
        If half of the credentials is missing, or the issuer is no safe address.
    """
    id_, secret = (environment.get(f"ACOUSMA_SOLID_CLIENT_{name}", "") for name in ("ID", "SECRET"))
    if id_ and secret:
        return ClientLogin(issuer or urljoin(container, "/"), id_, secret)
    if id_ or secret:
        given, missing = ("ID", "SECRET") if id_ else ("SECRET", "ID")
        raise InputError(f"ACOUSMA_SOLID_CLIENT_{given} is set alone", f"ACOUSMA_SOLID_CLIENT_{missing} as well")
    if issuer:
        raise InputError(
            "an issuer was given without a client", "ACOUSMA_SOLID_CLIENT_ID and ACOUSMA_SOLID_CLIENT_SECRET"
        )
    return environment.get("ACOUSMA_SOLID_TOKEN") or None


def push(
    store: Store,
    annotations: list[str],
    container: str,
    *,
    login: httpx.Auth | str | None = None,
    replace: bool = False,
) -> Iterator[Pushed]:
    """Put annotations into a container and read each back.

    Parameters
    ----------
    store : Store
    annotations : list of str
        IRIs.
    container : str
        Address that ends in ``/``.
    login : ClientLogin or str, optional
        How to log in, or a bearer token of the pod.
    replace : bool
        Whether what stands there and differs is overwritten.

    Yields
    ------
    Pushed

    Raises
    ------
    InputError
        If the address can be no container.
    StoreUnreachable
        If the pod does not answer as it should, or gives back other statements than it was given.
    """
    if not re.fullmatch(r"https?://[^\s?#]+/", container):
        raise InputError(f"{container!r} was given as a container", "an http(s) address that ends in '/'")
    headers = {"Authorization": f"Bearer {login}"} if isinstance(login, str) else {}
    auth = login if isinstance(login, httpx.Auth) else None
    with httpx.Client(timeout=_SECONDS, headers=headers, auth=auth, follow_redirects=True) as pod:
        for annotation in annotations:
            address = urljoin(container, _name(annotation))
            triples = set(spoken(store, annotation))
            there = _read(pod, address)
            if there == triples:
                yield Pushed(annotation, address, "unchanged")
                continue
            if there is not None and not replace:
                yield Pushed(annotation, address, "kept")
                continue
            _write(pod, address, triples, new=there is None)
            back = _read(pod, address)
            if back != triples:
                count = len(back or ())
                raise StoreUnreachable(
                    f"{address} holds {count} statements of which {len((back or set()) & triples)} were sent",
                    f"the {len(triples)} that were sent", "look at the pod; the archive is unchanged",
                )  # fmt: skip
            yield Pushed(annotation, address, "pushed" if there is None else "replaced")


def _name(annotation: str) -> str:
    path = annotation.partition("://")[2].partition("/")[2] or annotation
    return re.sub(r"[^A-Za-z0-9._~-]+", "-", path).strip("-.")[-180:] + ".ttl"


def _read(pod: httpx.Client, address: str) -> set[ox.Triple] | None:
    """Return what stands at an address, or None if nothing does."""
    answer = _asked(pod, "GET", address, headers={"Accept": _TURTLE})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    _check(answer, address, "read")
    try:
        quads = ox.parse(answer.content, format=ox.RdfFormat.TURTLE, base_iri=address)
        return {quad.triple for quad in quads}
    except (SyntaxError, ValueError) as error:
        raise StoreUnreachable(f"{address} is answered with no Turtle ({error})", "a Solid pod") from error


def _write(pod: httpx.Client, address: str, triples: set[ox.Triple], *, new: bool) -> None:
    ordered = sorted(triples, key=str)
    body = ox.serialize(ordered, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES) or b""
    headers = {"Content-Type": _TURTLE} | ({"If-None-Match": "*"} if new else {})
    _check(_asked(pod, "PUT", address, headers=headers, content=body), address, "written")


def _asked(pod: httpx.Client, method: str, address: str, **more: object) -> httpx.Response:
    try:
        return pod.request(method, address, **more)  # type: ignore[arg-type]
    except httpx.HTTPError as error:
        raise StoreUnreachable(
            f"{address} does not answer ({type(error).__name__})", "a Solid pod", "check the address"
        ) from error


def _check(answer: httpx.Response, address: str, what: str) -> None:
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise StoreUnreachable(
            f"{address} may not be {what} ({answer.status_code})", "a container that is open to you",
            "log in with ACOUSMA_SOLID_CLIENT_ID and _SECRET, or give a token in ACOUSMA_SOLID_TOKEN",
        )  # fmt: skip
    if not answer.is_success:
        raise StoreUnreachable(f"{address} cannot be {what} ({answer.status_code})", "a container of a Solid pod")


def outcomes(done: list[Pushed]) -> str:
    """Return how many annotations had which outcome, in words."""
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(one.outcome for one in done).items()))
