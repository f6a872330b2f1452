"""The commands ``acousma cite``, ``nanopub``, ``crate``, ``parallels`` and ``solid``: results as research objects.

Exit codes are those of ``api.cli``.
"""

import os
import re
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Store, examples
from api.settings import load_settings

__all__ = ["research"]

_ERR = Console(stderr=True)

research = typer.Typer(rich_markup_mode="markdown")


class CitationForm(StrEnum):
    """How a citation is written."""

    TEXT = "text"
    BIBTEX = "bibtex"
    CSL = "csl"
    DATACITE = "datacite"


def _note(text: str) -> None:
    from api.exporting import shown

    _ERR.print(f"[yellow]note:[/yellow] {shown(text)}", highlight=False, soft_wrap=True)


@research.command(
    epilog=examples("acousma cite http://localhost:8000/annotation/42a058e80a2ddb4d/5500-5600/claim/bright")
)
def cite(
    annotation: Annotated[str, typer.Argument(help="IRI of a claim or a description.")],
    format_: Annotated[CitationForm, typer.Option("--format", help="How to write it.")] = CitationForm.TEXT,
    publisher: Annotated[str, typer.Option(metavar="NAME", help="What the archive is called.")] = "Acousma",
    store: Store = None,
) -> None:
    """Print how to cite one claim: who says it, when, what, of which moment of which work."""
    from api.exports.annotations import cited, recording_of
    from export.citation import CITATIONS
    from export.reading import read_material
    from store import open_store

    settings = load_settings(store)
    with open_store(settings.location, limits=settings.limits) as archive:
        material = read_material(archive, recording_of(archive, annotation))
    sys.stdout.write(CITATIONS[format_.value][1](material, cited(material, annotation), publisher))


@research.command(
    epilog=examples(
        "acousma nanopub http://localhost:8000/annotation/42a058e80a2ddb4d/5500-5600/claim/bright",
        "acousma nanopub http://localhost:8000/annotation/42a058e80a2ddb4d/5500-5600/claim/bright "
        "--profile ~/.nanopub --out bright.trig",
    )
)
def nanopub(
    annotation: Annotated[str, typer.Argument(help="IRI of a claim, a description or a review.")],
    profile: Annotated[
        Path | None, typer.Option(metavar="FILE|FOLDER", help="Profile of the library nanopub, to sign with.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write; else standard output.")] = None,
    store: Store = None,
) -> None:
    """Write one claim, description or review as a nanopublication (TriG), signed if a profile is given.

    A profile is made once with `np setup --newkeys --no-publish` of the library nanopub. Nothing is published.
    """
    from api.exporting import give
    from export.nanopub import as_trig, nanopublication
    from export.signing import load_profile, signed
    from ontology.mint import Minter
    from store import open_store

    settings, signer = load_settings(store), load_profile(profile) if profile else None
    with open_store(settings.location, limits=settings.limits) as archive:
        quads = nanopublication(archive, annotation, Minter(settings.base_iri))
    give(iter([as_trig(signed(quads, signer) if signer else quads)]), out)
    if signer is None:
        _note("the nanopublication is not signed: sign it with --profile before you publish it")


@research.command(
    epilog=examples(
        "acousma crate opens_with --param concept=attackDecay --out openings.zip",
        "acousma crate contradicted_claims --out contradicted",
    )
)
def crate(
    name: Annotated[str, typer.Argument(help="Name of a question: see `acousma ask`.")],
    out: Annotated[Path, typer.Option(metavar="FILE.zip|FOLDER", help="Where to write; a folder must be new.")],
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter, repeatable.")] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="URL", help="Licence under which you give the crate away.")
    ] = None,
    store: Store = None,
) -> None:
    """Pack a question with its answer, the data it rests on, and the versions that were used (RO-Crate)."""
    from api.cli import arguments_of
    from api.crates import Asked, packed, write_crate
    from ontology.errors import InputError
    from store import open_store

    settings = load_settings(store)
    if out.exists() and out.suffix.lower() != ".zip":
        raise InputError(f"{out} is there already", "the name of a new folder, or of a .zip file")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent} is no folder", "a place for the crate")
    if licence is not None and not re.fullmatch(r"https?://[^\s<>\"]+", licence):
        raise InputError(
            f"{licence!r} was given as a licence", "its address: https://creativecommons.org/licenses/by/4.0/"
        )
    asked = Asked(name, arguments_of(param or []), licence)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".crate-") as place:
        draft = Path(place) / "crate"
        draft.mkdir()
        with open_store(settings.location, limits=settings.limits) as archive:
            for note in write_crate(archive, asked, settings.base_iri, draft):
                _note(note)
        if out.suffix.lower() == ".zip":
            packed(draft, Path(place) / "crate.zip")
            draft = Path(place) / "crate.zip"
        draft.replace(out)


@research.command(epilog=examples("acousma parallels 'Étude' --out parallels.ttl"))
def parallels(
    work: Annotated[str, typer.Argument(help="Title, part of a title, or IRI of a work with several recordings.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write; else standard output.")] = None,
    store: Store = None,
) -> None:
    """Write parallel passages of the recordings of a work, in terms of the Music Annotation Ontology, as Turtle."""
    from api.exporting import give
    from export.parallels import write_parallels
    from export.reading import read_material, recordings_of
    from store import open_store

    settings, notes = load_settings(store), list[str]()
    with open_store(settings.location, limits=settings.limits) as archive:
        materials = [read_material(archive, iri) for iri in recordings_of(archive, work)]
    give(write_parallels(materials, settings.base_iri, notes), out)
    for note in notes:
        _note(note)


@research.command(epilog=examples("acousma solid https://ada.pod.example/annotations/ --person 'Ada Lind'"))
def solid(
    container: Annotated[str, typer.Argument(metavar="URL", help="Container of a Solid pod; ends in '/'.")],
    person: Annotated[str, typer.Option(metavar="NAME|IRI", help="Whose annotations.")],
    replace: Annotated[bool, typer.Option(help="Overwrite what stands there and differs.")] = False,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to log in; else at the server of the container.")
    ] = None,
    store: Store = None,
) -> None:
    """Put a person's own claims, descriptions and reviews into a Solid pod, and read them back.

    To log in, make an id and a secret for a program ("client credentials") on the account page of the pod, and put them
    into the environment variables ACOUSMA_SOLID_CLIENT_ID and ACOUSMA_SOLID_CLIENT_SECRET; or a token into
    ACOUSMA_SOLID_TOKEN. Exit code 1 if something else stood at an address and was left.
    """
    from api.solid import annotations_of, login_from, outcomes, push
    from store import open_store

    settings = load_settings(store)
    with open_store(settings.location, limits=settings.limits) as archive:
        mine = annotations_of(archive, person)
        done = list(push(archive, mine, container, login=login_from(os.environ, container, issuer), replace=replace))
    kept = [one for one in done if one.outcome == "kept"]
    for one in kept:
        _note(f"{one.address} holds something else and was left (--replace overwrites it)")
    sys.stdout.write(f"{len(done)} annotations of {person}: {outcomes(done)}.\n")
    if kept:
        raise typer.Exit(1)
