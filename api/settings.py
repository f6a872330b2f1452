"""Settings, from the environment (``ACOUSMA_*``) or the command line; never from edits of the code."""

from dataclasses import replace
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.protocol.access import Hearing, Writes
from ontology.errors import InputError
from store import Limits, Server, is_address

__all__ = ["Settings", "load_settings"]


class Settings(BaseSettings):
    """Where the archive is and how much a question may take.

    Each field is read from the environment variable of its name in capitals with ``ACOUSMA_`` before it.
    """

    model_config = SettingsConfigDict(env_prefix="ACOUSMA_")

    store: str = Field("archive", description="Folder of the archive, or base URL of a SPARQL 1.1 server.")
    store_user: str | None = Field(None, description="User of a SPARQL server that asks for one.")
    store_password: SecretStr | None = Field(None, description="Password of that user.")
    store_token: SecretStr | None = Field(None, description="Bearer token for a SPARQL server, instead of a user.")
    store_update: str | None = Field(None, description="Address of the server's updates, if not the usual one.")
    store_graphs: str | None = Field(None, description="Address of its graphs (Graph Store Protocol), likewise.")
    store_attempts: int = Field(3, gt=0, description="How often a request is sent while the server is down or busy.")
    store_seconds: float = Field(600.0, gt=0, description="How long a server may be silent while it stores something.")
    base_iri: str = Field("http://localhost:8000/", description="Base of all IRIs of the archive's own data.")
    device: str = Field("cpu", description="Torch device for measurement, such as cpu or cuda.")
    query_seconds: float = Field(30.0, gt=0, description="Time limit of a query in seconds.")
    query_rows: int = Field(100_000, gt=0, description="Largest number of rows of an answer.")
    workers: int = Field(2, gt=0, description="Queries the server evaluates at the same time.")
    writes: Writes = Field(Writes.TOKEN, description="Who may write over HTTP: token, none, or open (loopback only).")
    public: bool = Field(True, description="Whether reading over HTTP is open to all, or takes a token.")
    audio: Hearing = Field(
        Hearing.LICENSED,
        description="Who may hear sound: all where its licence is open, else by token (licensed); token; open; none.",
    )
    tokens: Path | None = Field(None, description="File of the tokens; else tokens.json in the archive's folder.")
    requests_per_minute: int = Field(1200, ge=0, description="Requests one address may send a minute; 0: no limit.")
    upload_bytes: int = Field(2 * 1024**3, gt=0, description="Largest sound file that can be sent to the server.")
    describers: dict[str, str] = Field(
        {}, description='Listening models for uploads, JSON: {"CLAP": "clap=models/clap"}, name to describer=model.'
    )
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the server listens on.")

    @property
    def location(self) -> Server | Path:
        """The store as a server or as a path.

        Raises
        ------
        InputError
            If the address is none, or what is said of the user does not fit together.
        """
        if not is_address(self.store):
            return Path(self.store)
        return replace(
            Server.at(self.store, as_given=bool(self.store_update or self.store_graphs)),
            update=self.store_update or None, graphs=self.store_graphs or None, user=self.store_user or None,
            password=_revealed(self.store_password), token=_revealed(self.store_token),
            attempts=self.store_attempts, write_seconds=self.store_seconds,
        )  # fmt: skip

    @property
    def tokens_file(self) -> Path:
        """Where tokens are kept."""
        return self.tokens or (self.location if isinstance(self.location, Path) else Path()) / "tokens.json"

    @property
    def limits(self) -> Limits:
        """The limits of a query."""
        return Limits(seconds=self.query_seconds, rows=self.query_rows)


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() or None if secret is not None else None


def load_settings(store: str | None) -> Settings:
    """Return the settings of the environment, with the archive that was named.

    Raises
    ------
    InputError
        If a setting of the environment cannot be used.
    """
    try:
        settings = Settings()  # type: ignore[call-arg]  # fields are read from the environment
    except ValidationError as error:
        faults = error.errors()
        name = f"ACOUSMA_{'_'.join(map(str, faults[0]['loc']))}".upper()
        raise InputError(f"{name} is {faults[0]['input']!r}", faults[0]["msg"], "correct it, or unset it") from error
    return settings.model_copy(update={"store": store}) if store else settings
