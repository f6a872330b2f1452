"""A nanopublication can be signed with a key that its publisher made; what is not signed says so."""

import warnings
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from export.nanopub import nanopublication
from export.signing import _holds, load_profile, signed
from ontology.errors import InputError
from ontology.export_terms import NP
from ontology.terms import DCTERMS, OA
from store import open_store
from tests.commands import acousma
from tests.exports import archive_of
from tests.graphs import GLASS_TIDES, MINTER

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library uses names of rdflib that are going away
    from nanopub.nanopub import Nanopub
    from nanopub.profile import Profile as LibraryProfile
    from nanopub.utils import MalformedNanopubError

ADA = "https://orcid.org/0000-0002-1825-0097"
CLAIM = f"SELECT ?c {{ ?c a <https://w3id.org/acousma/ontology#Claim> ; <{OA.hasTarget}> ?s . ?s <{OA.hasSource}> ?r }}"


@pytest.fixture(autouse=True)
def literals_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads so, if nothing else in its process sets rdflib otherwise (pySHACL does)."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profile")
    LibraryProfile(ADA, "Ada Lind").store(folder)
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive_of(tmp_path_factory.mktemp("signing") / "archive")


@pytest.fixture(scope="module")
def claim(archive: Path) -> str:
    with open_store(archive) as store:
        recording = ox.NamedNode(MINTER.recording(GLASS_TIDES.recording.id))
        term = store.rows(CLAIM + " ORDER BY ?c LIMIT 1", {"r": recording}).rows[0][0]
        assert isinstance(term, ox.NamedNode)
        return term.value


def checked(text: bytes, folder: Path, ending: str = "trig") -> Nanopub:
    path = folder / f"signed.{ending}"
    path.write_bytes(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = Nanopub(rdf=path)
        assert made.is_valid and made.has_valid_trusty and made.has_valid_signature
    return made


def test_what_the_command_signs_is_valid_names_its_publisher_and_is_the_same_again(
    archive: Path, claim: str, profile: Path, tmp_path: Path
) -> None:
    words = ("nanopub", claim, "--profile", profile, "--store", archive)
    base = {"ACOUSMA_BASE_IRI": MINTER.base}
    done = acousma(*words, **base)
    assert done.returncode == 0 and "not signed" not in done.stderr
    made = checked(done.stdout.encode(), tmp_path)
    assert str(made.source_uri).startswith("http://purl.org/np/RA")
    quads = set(ox.parse(done.stdout.encode(), format=ox.RdfFormat.TRIG))
    published = {quad.object for quad in quads if quad.predicate == ox.NamedNode(DCTERMS.creator)}
    assert ox.NamedNode(ADA) in published
    assert any(quad.subject == ox.NamedNode(claim) and quad.predicate.value == OA.hasBody for quad in quads)
    assert acousma(*words, **base).stdout == done.stdout


def test_a_word_that_is_changed_afterwards_is_noticed(archive: Path, claim: str, profile: Path, tmp_path: Path) -> None:
    with open_store(archive) as store:
        quads = signed(nanopublication(store, claim, MINTER), load_profile(profile / "profile.yml"))
    text = "".join(f"{quad} .\n" for quad in quads)
    assert text.count("Ada Lind") == 1
    path = tmp_path / "changed.nq"
    path.write_text(text.replace("Ada Lind", "Eve Lind"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        changed = Nanopub(rdf=path)
        with pytest.raises(MalformedNanopubError):
            assert changed.has_valid_trusty
        assert not _holds(changed)
        path.write_text(text)
        assert _holds(Nanopub(rdf=path))


@pytest.mark.parametrize("normalising", [True, False])
def test_literals_are_signed_as_they_are_written_however_the_process_reads_them(
    normalising: bool, archive: Path, claim: str, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(archive) as store:
        quads = nanopublication(store, claim, MINTER)
    literals = {quad.object for quad in quads if isinstance(quad.object, ox.Literal)}
    spelled = ox.Literal("1.10", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal"))
    confidence = next(quad for quad in quads if quad.predicate.value.endswith("#confidence"))
    quads.append(ox.Quad(confidence.subject, confidence.predicate, spelled, confidence.graph_name))
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", normalising)
    made = signed(quads, load_profile(profile))
    assert normalising == rdflib.NORMALIZE_LITERALS
    assert literals | {spelled} <= {quad.object for quad in made}
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    checked("".join(f"{quad} .\n" for quad in made).encode(), tmp_path, "nq")


def test_without_a_profile_it_is_not_signed_and_says_so(archive: Path, claim: str, tmp_path: Path) -> None:
    target = tmp_path / "np.trig"
    done = acousma("nanopub", claim, "--out", target, "--store", archive, ACOUSMA_BASE_IRI=MINTER.base)
    assert done.returncode == 0 and "is not signed" in done.stderr
    quads = set(ox.parse(target.read_bytes(), format=ox.RdfFormat.TRIG))
    assert ox.NamedNode(NP.Nanopublication) in {quad.object for quad in quads}
    assert not any("signature" in quad.predicate.value.lower() for quad in quads)


BROKEN = [
    "", "orcid_id: x", "- 1", "orcid_id: not an iri\nname: A\nprivate_key: key\npublic_key: key\n",
    "orcid_id: https://e.org/a\nname: A\nprivate_key: nowhere\n",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_a_profile_that_cannot_sign_is_an_error_that_says_how_to_make_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "profile.yml").write_text(text)
    (tmp_path / "key").write_text("no key")
    with pytest.raises(InputError, match="np setup"):
        load_profile(tmp_path)
    with pytest.raises(InputError, match="np setup"):
        load_profile(tmp_path / "elsewhere.yml")
