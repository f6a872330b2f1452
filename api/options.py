"""What the commands share: their options, the settings they begin from, and how their examples are written."""

from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError

from api.settings import Settings
from ontology.errors import InputError

__all__ = ["AnnotationFormat", "Format", "ReportFormat", "Store", "examples", "read_settings"]


class Describer(StrEnum):
    """Who describes recordings."""

    MEASURED = "measured"
    TRANSFORMERS = "transformers"
    CLAP = "clap"
    AST = "ast"


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class AnnotationFormat(StrEnum):
    """How an annotation is written."""

    JSONLD = "jsonld"
    TURTLE = "turtle"


class ReportFormat(StrEnum):
    """How a validation is written."""

    TEXT = "text"
    TTL = "ttl"
    JSON = "json"


def examples(*lines: str) -> str:
    """Write the examples of a command, for its help."""
    return "**Examples**\n\n" + "\n\n".join(f"`{line}`" for line in lines)


def read_settings(store: str | None) -> Settings:
    """Return the settings of the environment, with the store that was named on the command line if one was.

    Raises
    ------
    InputError
        If a setting is faulty.
    """
    try:
        settings = Settings()  # type: ignore[call-arg]  # fields are read from the environment
    except ValidationError as error:
        faults = error.errors()
        name = f"ACOUSMA_{'_'.join(map(str, faults[0]['loc']))}".upper()
        raise InputError(f"{name} is {faults[0]['input']!r}", faults[0]["msg"], "correct it, or unset it") from error
    return settings.model_copy(update={"store": store}) if store else settings


Store = Annotated[
    str | None,
    typer.Option("--store", metavar="FOLDER|URL", help="The archive; else ACOUSMA_STORE, else ./archive."),
]
