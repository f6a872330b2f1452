"""Nanopublications that their publisher has signed.

Conventions
-----------
A signed nanopublication has another IRI than the unsigned one: ``http://purl.org/np/`` and a sum of its content, by
which anybody sees that nothing was changed. Its publication information names who publishes it and holds the public key
and the signature. The profile is that of the library nanopub, made by its command ``np setup``: a person, a name and a
key. The same statement signed with the same key gives the same bytes, and nothing is sent anywhere.

Source
------
Nanopublication Guidelines, 4 March 2024, 7; T. Kuhn and M. Dumontier, "Trusty URIs", ESWC 2014.
"""

import base64
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib

from ontology.errors import InputError
from ontology.export_terms import NP, NPX
from ontology.terms import DCTERMS, FOAF, RDF

__all__ = ["Profile", "load_profile", "signed"]

_UNSIGNED = "http://purl.org/nanopub/temp/acousma#"
"""Stands for the nanopublication until its sum is known: the library puts ``http://purl.org/np/`` in its place."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Who signs.

    Parameters
    ----------
    person : str
        IRI, of ORCID as a rule.
    name : str
    key : object
        The library's own profile, with the key.
    """

    person: str
    name: str
    key: Any


def load_profile(path: Path) -> Profile:
    """Read a profile of the library nanopub.

    Parameters
    ----------
    path : Path
        ``profile.yml``, or the folder that holds it.

    Raises
    ------
    InputError
        If the library is not installed, or the profile or its key cannot be read.
    """
    try:
        with _library_in_use():
            from nanopub import profile as library  # noqa: PLC0415 - optional
    except ImportError as error:
        raise InputError(
            "signing needs the library nanopub, which is not installed", None,
            "pip install 'acousma[nanopub]', or leave the nanopublication unsigned",
        ) from error  # fmt: skip
    file = path / "profile.yml" if path.is_dir() else path
    try:
        made = library.load_profile(file)
        person = ox.NamedNode(made.orcid_id).value
    except (library.ProfileError, OSError, ValueError, IndexError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{file} is no profile to sign with ({reason or type(error).__name__})",
            "one with the IRI of a person (orcid_id), a name and an RSA key",
            "make one with: np setup --newkeys --no-publish",
        ) from error
    return Profile(person, made.name, made)


def signed(quads: Iterable[ox.Quad], profile: Profile) -> list[ox.Quad]:
    """Return a nanopublication as its publisher has signed it.

    Parameters
    ----------
    quads : iterable of Quad
        Of one nanopublication, not signed.
    profile : Profile

    Raises
    ------
    InputError
        If the library cannot sign it, or does not find its own signature right.
    """
    with _library_in_use():
        from nanopub.nanopub import Nanopub  # noqa: PLC0415 - optional
        from nanopub.nanopub_conf import NanopubConf  # noqa: PLC0415
        from nanopub.utils import MalformedNanopubError  # noqa: PLC0415

        graph = rdflib.ConjunctiveGraph()  # what the library takes
        lines = "".join(f"{quad} .\n" for quad in _published(list(quads), profile))
        graph.parse(data=lines, format="nquads")
        try:
            made = Nanopub(rdf=graph, conf=NanopubConf(profile=profile.key))
            made.sign()
            right = made.is_valid and made.has_valid_trusty and _holds(made)
        except (MalformedNanopubError, ValueError) as error:
            raise InputError(
                f"the nanopublication cannot be signed ({error})", "up to 1,200 statements, and an RSA key"
            ) from error
        if not right:
            raise InputError("the signature was not found right when it was checked", "a valid one")
        text = made.rdf.serialize(format="nquads")
    return sorted(ox.parse(text, format=ox.RdfFormat.N_QUADS), key=_place)


@contextmanager
def _library_in_use() -> Iterator[None]:
    """Let rdflib keep literals as they are written, and be silent about its names that are going away.

    The sum of a nanopublication is that of its literals as they are written. The library sets rdflib so for the whole
    process when it is imported, and another (pySHACL) sets it back: here it is so while it is needed, and not after.
    """
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _holds(made: Any) -> bool:
    """Tell whether the signature is that of the content; nanopub 2.0.1 finds every signature right."""
    from Crypto.Hash import SHA256  # noqa: PLC0415 - comes with the library
    from Crypto.PublicKey import RSA  # noqa: PLC0415
    from Crypto.Signature import PKCS1_v1_5  # noqa: PLC0415
    from nanopub.trustyuri.rdf import RdfHasher, RdfUtils  # noqa: PLC0415

    about, normalise = made.metadata, RdfHasher.normalize_quads
    content = [quad for quad in RdfUtils.get_quads(made.rdf) if str(quad[2]) != NPX.hasSignature]
    normal = normalise(content, baseuri=str(about.namespace), hashstr=" ")
    key = RSA.import_key(base64.b64decode(str(about.public_key)))
    return bool(PKCS1_v1_5.new(key).verify(SHA256.new(normal.encode()), base64.b64decode(str(about.signature))))


def _published(quads: list[ox.Quad], profile: Profile) -> list[ox.Quad]:
    """Return the quads below the address that stands for the one to come, with who publishes them."""
    root = next(
        quad.subject.value
        for quad in quads
        if quad.object == ox.NamedNode(NP.Nanopublication) and isinstance(quad.subject, ox.NamedNode)
    )

    def moved(term: Any) -> Any:
        own = isinstance(term, ox.NamedNode) and (term.value == root or term.value.startswith(f"{root}#"))
        return ox.NamedNode(_UNSIGNED + term.value[len(root) + 1 :]) if own else term

    person, publication = ox.NamedNode(profile.person), ox.NamedNode(f"{_UNSIGNED}pubinfo")
    here = ox.NamedNode(_UNSIGNED)
    return [
        *(ox.Quad(moved(quad.subject), quad.predicate, moved(quad.object), moved(quad.graph_name)) for quad in quads),
        ox.Quad(here, ox.NamedNode(DCTERMS.creator), person, publication),
        ox.Quad(person, ox.NamedNode(FOAF.name), ox.Literal(profile.name), publication),
    ]


def _place(quad: ox.Quad) -> tuple[bool, str, str]:
    """Return what orders quads: the head first, as readers expect it."""
    head = str(quad.graph_name).endswith("#Head>")
    return not head, str(quad.graph_name), f"{quad.predicate != ox.NamedNode(RDF.type)} {quad}"
