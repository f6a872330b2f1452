"""What the commands that ask a model behind a server share."""

from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["PerMinute", "Scoring", "ScoringOption", "ServerUrl", "Timeout"]


class Scoring(StrEnum):
    """How the options of a question are scored behind a server."""

    AUTO = "auto"
    OPTIONS = "options"
    LETTERS = "letters"
    JSON = "json"


ServerUrl = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="For --describer openai. Its key: ACOUSMA_SERVER_KEY.")
]
PerMinute = Annotated[int | None, typer.Option(min=1, help="Most requests to the server in a minute.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds that an answer of the server may take.")]
ScoringOption = Annotated[
    Scoring,
    typer.Option("--scoring", help="How a server is to score options; auto: by likelihood where it offers that."),
]
