"""``acousma hear``: a span as a listening model hears it, as a sound file and with what it lost."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from api.places import remember
from api.settings import Settings
from ingest.listeners.base import find_envelope
from ingest.pipeline import load_vocabulary_graph, now
from ingest.rendition import Rendition, rendered, rendition_quads, write_sound
from ingest.resynthesis import FrontEnd, front_end_of_envelope, front_end_of_model, rendition_name
from ontology.envelopes import load_envelopes
from ontology.errors import AudioError
from ontology.mint import Minter
from ontology.vocabulary import load_vocabulary
from store import open_store

__all__ = ["HearOptions", "hear"]


@dataclass(frozen=True)
class HearOptions:
    """What was typed after ``acousma hear``."""

    sound: Path
    model: str
    start: float | None
    end: float | None
    out: Path | None
    keep: bool


def _front_end(model: str) -> FrontEnd:
    if (Path(model) / "config.json").is_file():
        return front_end_of_model(model)
    if load_envelopes().find(model) is None and "/" in model:
        return front_end_of_model(model)
    return front_end_of_envelope(load_envelopes().envelopes[find_envelope(model) or ""])


def hear(options: HearOptions, settings: Settings, out: Console) -> None:
    """Write what is left of a span behind the front end of a model; print what it lost.

    Raises
    ------
    AcousmaError
        If the sound, the model, the times or the store cannot be used.
    """
    if not options.sound.is_file():
        raise AudioError(f"{options.sound} is not there", "a sound file", "check the name")
    front, started = _front_end(options.model), now()
    rendition = rendered(options.sound, front, (options.start, options.end))
    path = options.out or _place(options, rendition)
    write_sound(rendition, path)
    _print(rendition, out)
    out.print(f"Written: {escape(str(path))}", highlight=False, soft_wrap=True)
    if options.keep:
        _keep(rendition, path, (started, settings), out)


def _place(options: HearOptions, rendition: Rendition) -> Path:
    """Return where a rendition goes if nobody says where: beside the original if it is kept, else here."""
    span = None if options.start is None and options.end is None else rendition.span
    folder = options.sound.parent if options.keep else Path()
    return folder / rendition_name(rendition.front, options.sound, span)


def _print(rendition: Rendition, out: Console) -> None:
    front, known = rendition.front, load_vocabulary().properties
    mel = "" if front.mel is None else f", {front.mel.filters.shape[1]} mel bins every "
    step = "" if front.mel is None else f"{1000 * front.mel.hop / front.sample_rate_hz:.3g} ms"
    out.print(
        f"{escape(front.name)} hears {front.minimum_hz:g} to {front.maximum_hz:g} Hz, mono, at {front.sample_rate_hz} "
        f"Hz{mel}{step}.", highlight=False, soft_wrap=True,
    )  # fmt: skip
    for name, value in rendition.losses.items():
        unit = known[name].unit
        out.print(f"{known[name].label}: {value:.2f}{'' if unit == '1' else f' {unit}'}", highlight=False)
    if rendition.side_share is not None:
        lost = 100 * rendition.side_share
        out.print(f"Lost with the difference of the channels: {lost:.1f} % of the energy", highlight=False)
    if rendition.distance_db is not None:
        out.print(
            f"Of the rest, mel levels came back {rendition.distance_db:.2f} dB from those that went in, on average.",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def _keep(rendition: Rendition, path: Path, told: tuple[datetime, Settings], out: Console) -> None:
    started, settings = told
    minter = Minter(settings.base_iri)
    graph, lines = rendition_quads(rendition, path, (started, now()), minter, load_vocabulary())
    with open_store(settings.location, writable=True, limits=settings.limits) as archive:
        load_vocabulary_graph(archive)
        archive.bulk_load(lines.encode(), [graph])
        archive.publish()
    if isinstance(settings.location, Path):
        file = rendition.scanned.file
        remember(settings.location, {file.sha256: rendition.scanned.path})
    out.print(f"Kept in {escape(str(settings.store))}: {escape(graph)}", highlight=False, soft_wrap=True)
