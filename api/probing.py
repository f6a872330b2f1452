"""``acousma probe``: from what a user typed to a trained probe, and what a folder holds of them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.listing import plain
from api.places import find_sound
from api.settings import Settings
from ingest.listeners.encoders import Encoder
from ingest.listeners.files import find_model
from ingest.listeners.heads import Head, read_head, write_head
from ingest.listeners.hearing import cut
from ontology.errors import InputError, ListenerError
from ontology.terms import PREFIXES
from ontology.values import Span
from ontology.vocabulary import load_vocabulary
from store import open_store
from truth.answering import Corpus
from truth.probing import Embedded, Example, embedded, of_corpus, train

__all__ = ["TrainOptions", "list_probes", "reviewed", "train_probe"]

_REVIEWED = (
    "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    + """
SELECT DISTINCT ?recording ?sum ?start ?end ?concept ?verdict WHERE {
    GRAPH ?review { ?assessment acm:verdict ?verdict ; oa:hasTarget ?claim }
    FILTER(?verdict IN (acv:accepted, acv:rejected))
    GRAPH ?run {
        ?claim a acm:Claim ; oa:hasBody ?concept ; oa:hasTarget ?span .
        ?span oa:hasSource ?recording ; acm:startSeconds ?start ; acm:endSeconds ?end .
        ?file mo:encodes ?recording ; acm:sha256 ?sum .
    }
} ORDER BY ?recording ?start ?end ?concept ?sum"""
)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What was typed after ``acousma probe train``.

    Parameters
    ----------
    encoder : str
        Folder or id.
    corpus : Path or None
        None to learn from reviewed claims.
    out : Path
    clips : int or None
        Only the first so many clips of the corpus.
    batch : int
    """

    encoder: str
    corpus: Path | None
    out: Path
    clips: int | None = None
    batch: int = 8


def train_probe(settings: Settings, options: TrainOptions, consoles: tuple[Console, Console]) -> None:
    """Train a probe, write it, and print how right it is.

    Raises
    ------
    InputError
        If encoder, corpus or folder cannot be used, or nothing can be learnt.
    StoreError
        If the archive with the reviewed claims is not there.
    """
    out, messages = consoles
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        read_head(options.out, load_vocabulary())  # only a probe is written over
    encoder = Encoder(find_model(options.encoder), settings.device)
    if options.corpus is not None:
        corpus = Corpus.load(options.corpus, options.clips)
        examples, total = of_corpus(corpus, encoder), len(corpus.clips)
        trained_on = {"corpus": f"seed {corpus.seed}, {total} clips", "SHA-256 sum of the manifest": corpus.sum}
    else:
        found = reviewed(settings)
        total = len(found)
        examples = _of_reviewed(found, encoder)
        sums = hashlib.sha256(repr([(span, sorted(labels.items())) for span, labels, _ in found]).encode())
        trained_on = {"reviewed claims": f"{total} spans", "SHA-256 sum of the labels": sums.hexdigest()}
    known = _embedded(encoder, examples, total, options, messages)
    if known.too_long:
        longest = f"the {encoder.hearing.window_s:g} s that {encoder.files.name} hears as one"
        messages.print(f"[yellow]note:[/yellow] {known.too_long} sounds longer than {escape(longest)} were left out.",
                       highlight=False, soft_wrap=True)  # fmt: skip
    where = str(Path(options.encoder).resolve()) if Path(options.encoder).is_dir() else options.encoder
    head = train(encoder, where, known, trained_on)
    write_head(head, options.out)
    _print(head, options.out, out)


def _embedded(
    encoder: Encoder, examples: Iterator[Example], total: int, options: TrainOptions, messages: Console
) -> Embedded:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(f"Listening through {escape(encoder.files.name)}", total=total)
        return embedded(encoder, examples, options.batch, lambda done: bar.update(task, advance=done))


def reviewed(settings: Settings) -> list[tuple[Span, Mapping[str, bool], Path]]:
    """Return the spans of which people accepted or rejected claims, with the sound file of each.

    A concept that somebody accepted and somebody else rejected over one span is left out there.

    Raises
    ------
    InputError
        If the archive is on a server, or no sound of a reviewed claim is where it was.
    """
    if not isinstance(settings.location, Path):
        raise InputError(
            f"{settings.location} keeps no note of where its sounds lie", "an archive in a folder",
            "ingest the sounds into one",
        )  # fmt: skip
    with open_store(settings.location, limits=settings.limits) as store:
        rows = [[plain(term) for term in row] for row in store.rows(_REVIEWED).rows]
    sums: dict[str, set[str]] = {}
    said: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for recording, sum_, start, end, concept, verdict in rows:
        sums.setdefault(recording, set()).add(sum_)
        of_span = said.setdefault((recording, start, end), {})
        of_span.setdefault(_id(concept), set()).add(_id(verdict))
    files = {recording: find_sound(settings.location, sorted(of_one)) for recording, of_one in sums.items()}
    found: list[tuple[Span, Mapping[str, bool], Path]] = []
    for (recording, start, end), concepts in said.items():
        path = files[recording]
        labels = {concept: verdicts == {"accepted"} for concept, verdicts in concepts.items() if len(verdicts) == 1}
        if path is not None and labels:
            found.append((Span(_id(recording), Decimal(start), Decimal(end)), labels, path))
    if not found:
        raise InputError(
            f"{len(said)} spans with reviewed claims, and no sound of them", "claims that people accepted or rejected",
            "review claims, and ingest the sounds again if they were moved",
        )  # fmt: skip
    return found


def _id(iri: str) -> str:
    return iri.rpartition("/")[2]


def _of_reviewed(found: list[tuple[Span, Mapping[str, bool], Path]], encoder: Encoder) -> Iterator[Example]:
    """Yield the sounds of reviewed spans, recording by recording."""
    by_file: dict[Path, dict[Span, Mapping[str, bool]]] = {}
    for span, labels, path in found:
        by_file.setdefault(path, {})[span] = labels
    for path, labels_of in by_file.items():
        spans = sorted(labels_of, key=lambda span: (span.start, span.end))
        for sounding in cut(path, spans, encoder.hearing.sample_rate_hz):
            yield Example(sounding.samples, labels_of[sounding.span], sounding.span.recording)


def _print(head: Head, folder: Path, out: Console) -> None:
    table = Table(title=f"Probe on {escape(head.card.encoder)}", title_justify="left", title_style="bold")
    for name in ("concept", "true", "false", "groups", "accuracy"):
        table.add_column(name, justify="left" if name == "concept" else "right")
    for one in head.card.concepts:
        numbers = (str(one.true), str(one.false), str(one.groups), f"{one.balanced_accuracy:.3f}")
        table.add_row(one.concept, *numbers)
    out.print(table)
    out.print(
        f"{len(head.card.not_learnt)} concepts were not learnt; why stands in {escape(str(folder / 'README.md'))}.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    out.print(f"Next: acousma ingest SOUNDS --describer probe --model {escape(str(folder))}", highlight=False)


def list_probes(folder: Path, out: Console, messages: Console) -> None:
    """Print the probes in a folder, or the one that it is.

    Raises
    ------
    ListenerError
        If there is none.
    """
    here = sorted({path.parent for path in (*folder.glob("probe.json"), *folder.glob("*/probe.json"))})
    if not here:
        raise ListenerError(f"{folder} holds no probe", "a folder of probes", "train one with: acousma probe train")
    table = Table("probe", "encoder", "concepts", "accuracy", "trained on", title="Probes", title_justify="left")
    for path in here:
        try:
            card = read_head(path, load_vocabulary()).card
        except ListenerError as error:
            messages.print(f"[red]not used:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
            continue
        mean = sum(one.balanced_accuracy for one in card.concepts) / len(card.concepts)
        what = card.trained_on.get("corpus") or card.trained_on.get("reviewed claims", "")
        table.add_row(escape(str(path)), escape(card.encoder), str(len(card.concepts)), f"{mean:.3f}", escape(what))
    out.print(table)
