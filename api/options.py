"""What the commands share: their options, and how their examples are written."""

import os
from enum import StrEnum
from typing import Annotated

import typer

__all__ = [
    "AnnotationFormat",
    "Describer",
    "Engine",
    "Format",
    "ReportFormat",
    "Source",
    "Store",
    "examples",
    "processors",
]


class Describer(StrEnum):
    """Who describes recordings."""

    MEASURED = "measured"
    TRANSFORMERS = "transformers"
    CLAP = "clap"
    AST = "ast"
    WHISPER = "whisper"
    PROBE = "probe"
    ENCODER = "encoder"
    OPENAI = "openai"


class Engine(StrEnum):
    """Where recordings are described."""

    LOCAL = "local"
    RAY = "ray"


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class AnnotationFormat(StrEnum):
    """How an annotation is written."""

    JSONLD = "jsonld"
    TURTLE = "turtle"


class Source(StrEnum):
    """What a sequence is taken from."""

    AGENTS = "agents"
    VERSIONS = "versions"


class ReportFormat(StrEnum):
    """How a validation is written."""

    TEXT = "text"
    TTL = "ttl"
    JSON = "json"


def examples(*lines: str) -> str:
    """Write the examples of a command, for its help."""
    return "**Examples**\n\n" + "\n\n".join(f"`{line}`" for line in lines)


Store = Annotated[
    str | None,
    typer.Option("--store", metavar="FOLDER|URL", help="The archive; else ACOUSMA_STORE, else ./archive."),
]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
