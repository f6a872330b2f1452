"""The command line: ``acousma``.

Conventions
-----------
Data go to standard output, messages to standard error. Exit codes:

====  =======================================================================
code  meaning
====  =======================================================================
0     all is well
1     something could not be used or found faulty; the rest was done
2     the command was not understood
3     what was asked for cannot be had (unknown name, wrong parameter, no such file)
4     the store cannot do it (missing, locked, unreachable)
5     the query was not answered (syntax, refused, time, size)
130   interrupted; what was stored stays, the next run goes on
====  =======================================================================
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.backup_cli import add_backup_commands
from api.corpus_cli import corpus
from api.evaluation_cli import evaluation
from api.export_cli import exports
from api.import_cli import imports
from api.index_cli import add_index_command
from api.listening_cli import listening
from api.ontology_cli import add_ontology
from api.options import AnnotationFormat, Describer, Engine, Format, ReportFormat, Store, examples
from api.probe_cli import probe
from api.research_cli import research
from api.sequence_cli import add_sequence_command
from api.server_options import PerMinute, Scoring, ScoringOption, ServerUrl, Timeout
from api.settings import load_settings
from api.token_cli import token
from ontology.errors import AcousmaError, ParameterError, QueryError, StoreError

__all__ = ["app", "main"]

EXIT_FAULTS, EXIT_INPUT, EXIT_STORE, EXIT_QUERY, EXIT_INTERRUPT = 1, 3, 4, 5, 130

app = typer.Typer(
    name="acousma",
    help="A knowledge graph of things heard: who heard what, when and where, and what measurement says to it.",
    epilog="Settings: ACOUSMA_STORE (folder or URL of the archive), ACOUSMA_BASE_IRI, ACOUSMA_DEVICE, "
    "ACOUSMA_QUERY_SECONDS; for the server also those of docs/endpoint.md. "
    "Exit codes: 0 well, 1 faults found, 2 usage, 3 input, 4 store, 5 query, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)


@app.command(
    epilog=examples(
        "acousma ingest demo --catalogue demo/catalogue.csv",
        "acousma ingest 'tapes/Side A.wav' --claims listeners.csv",
        "ACOUSMA_DEVICE=cuda acousma ingest archive-of-sounds --processes 4",
        "acousma ingest demo --describer transformers --model models/Qwen2-Audio-7B-Instruct --device cuda",
        "acousma ingest demo --describer openai --server http://localhost:8000/v1 --model Qwen/Qwen2-Audio-7B-Instruct",
    )
)
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Sound files and folders of them.")],
    catalogue: Annotated[
        Path | None, typer.Option(help="CSV with file, title, creator, year, source, licence.")
    ] = None,
    claims: Annotated[
        Path | None,
        typer.Option(help="CSV with file, start, end, concepts, agent: what others heard; envelope: through what."),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Recordings described at the same time.")] = 1,
    window: Annotated[float, typer.Option(min=0.5, help="Length of the fixed windows in seconds.")] = 5.0,
    describer: Annotated[
        list[Describer] | None, typer.Option(help="Who describes; repeatable. Measuring is always done.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="FOLDER|ID", help="The model of each --describer but measured, in their order."),
    ] = None,
    questions: Annotated[Path | None, typer.Option(help="YAML of what models are asked; else the default set.")] = None,
    envelope: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the model hears, as acousma models has it; else derived.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="Where to compute; else ACOUSMA_DEVICE, else cpu.")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Sounds that a model hears, or requests that a server gets, at the same time.")
    ] = 8,
    server: ServerUrl = None,
    per_minute: PerMinute = None,
    timeout: Timeout = 120.0,
    scoring: ScoringOption = Scoring.AUTO,
    engine: Annotated[Engine, typer.Option(help="ray: --processes actors of Ray Data.")] = Engine.LOCAL,
    trust: Annotated[
        list[str] | None, typer.Option(metavar="ASPECT", help="Claim it although a control failed; repeatable.")
    ] = None,
    store: Store = None,
) -> None:
    """Measure recordings, let models listen, make claims, and store them with their evidence.

    What is stored already is left alone; a run that was interrupted is taken up again.
    """
    from api import ingesting

    settings = load_settings(store)
    models = ingesting.ModelOptions(
        tuple(describer or ()), tuple(model or ()), questions, envelope, batch, server, per_minute, timeout,
        trust or (), scoring.value,
    )  # fmt: skip
    options = ingesting.IngestOptions(paths, catalogue, claims, processes, window, models, engine.value)
    report = ingesting.ingest_paths(settings.model_copy(update={"device": device or settings.device}), options, _ERR)
    ingesting.print_report(settings, report, _OUT)
    for failure in report.failures:
        _ERR.print(f"[red]not used:[/red] {escape(str(failure))}", highlight=False, soft_wrap=True)
    if report.failures:
        raise typer.Exit(EXIT_FAULTS)


@app.command(
    epilog=examples(
        "acousma ask --list",
        "acousma ask opens_with --param concept=attackDecay",
        "acousma ask followed_by --param first='attack-impulse' --param second=note --param seconds=2 --format csv",
    )
)
def ask(
    name: Annotated[str | None, typer.Argument(help="Name of a question; none lists them all.")] = None,
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter, repeatable.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
    show: Annotated[bool, typer.Option("--sparql", help="Print the query instead of its answer.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List all questions, as without a name.")] = False,
    store: Store = None,
) -> None:
    """Ask a stored question across works."""
    from api import asking

    if list_ or name is None:
        asking.list_questions(_OUT)
        return
    arguments = arguments_of(param or [])
    if show:
        sys.stdout.write(asking.question_text(load_settings(store), name, arguments))
        return
    asking.answer_question(load_settings(store), (name, arguments), format_.value, (_OUT, _ERR))


def arguments_of(pairs: Sequence[str]) -> dict[str, str]:
    arguments: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ParameterError(f"{pair!r} was given as a parameter", "NAME=VALUE", "such as --param seconds=2")
        if name in arguments:
            raise ParameterError(f"the parameter {name!r} was given twice", "each parameter once")
        arguments[name] = value
    return arguments


@app.command(
    epilog=examples(
        "acousma sparql 'SELECT ?title WHERE { ?w a mo:MusicalWork ; dcterms:title ?title }'",
        "acousma sparql question.rq --format csv",
        "acousma sparql - --format json < question.rq",
    )
)
def sparql(
    query: Annotated[
        str, typer.Argument(metavar="TEXT|FILE|-", help="SPARQL, a file with it, or - for standard input.")
    ],
    format_: Annotated[
        str, typer.Option("--format", help="table, csv, tsv, json, xml; turtle, ntriples, jsonld, rdfxml.")
    ] = "table",
    store: Store = None,
) -> None:
    """Answer a SPARQL 1.1 query; the prefixes of Acousma may be left out."""
    from api import asking

    asking.answer_sparql(load_settings(store), asking.query_source(query), format_, _OUT)


@app.command(epilog=examples("acousma works", "acousma works --format csv"))
def works(
    format_: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
    store: Store = None,
) -> None:
    """List the works of the archive."""
    from api import asking

    asking.answer_question(load_settings(store), ("works", {}), format_.value, (_OUT, _ERR), whole=True)


@app.command(
    epilog=examples(
        "acousma describe 'Étude aux objets entendus'",
        "acousma describe Bell --png bell.png",
        "acousma describe Bell --png bell.png --sound sounds/bell.flac --confidence 0.9",
    )
)
def describe(
    work: Annotated[str, typer.Argument(metavar="WORK", help="Title, part of a title, or IRI of a work.")],
    png: Annotated[Path | None, typer.Option(help="Also draw waveform, spectrogram and claims.")] = None,
    sound: Annotated[Path | None, typer.Option(help="The sound file, if it was moved since it was ingested.")] = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="Leave out claims below this.")] = 0.0,
    store: Store = None,
) -> None:
    """Show what is claimed of a work along its time, in the terminal and as a picture."""
    from api import describing

    describing.describe_work(load_settings(store), work, describing.DescribeOptions(png, sound, confidence), _OUT)


@app.command(
    epilog=examples(
        "acousma annotation http://localhost:8000/annotation/42a058e80a2ddb4d/25000-30000/measurement/level",
        "acousma annotation http://localhost:8000/annotation/42a058e80a2ddb4d/0-5000/claim/dark --format turtle",
    )
)
def annotation(
    iri: Annotated[str, typer.Argument(metavar="IRI", help="IRI of a claim, a measurement or an assessment.")],
    format_: Annotated[AnnotationFormat, typer.Option("--format", help="How to write it.")] = AnnotationFormat.JSONLD,
    store: Store = None,
) -> None:
    """Show one annotation as Web Annotation clients read it, with its target, body and creator.

    `acousma ask timeline --param work=TITLE --format csv` has the IRIs of claims.
    """
    from api import annotating

    annotating.print_annotation(load_settings(store), iri, format_.value)


@app.command(epilog=examples("acousma runs", "acousma runs --format csv"))
def runs(
    format_: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
    store: Store = None,
) -> None:
    """List who described what, and when."""
    from api import keeping

    keeping.list_runs(load_settings(store), format_.value, _OUT)


@app.command(epilog=examples("acousma runs", "acousma withdraw 3f1c2a9b8d7e6f50"))
def withdraw(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id or IRI of a run, as `acousma runs` lists them.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: Store = None,
) -> None:
    """Take back everything a run said; other runs are untouched."""
    from api import keeping

    settings = load_settings(store)
    title, graph = keeping.find_run(settings, run)
    if not yes and not typer.confirm(f"Withdraw {title}?", err=True):
        raise typer.Exit(EXIT_FAULTS)
    count = keeping.withdraw_graph(settings, graph)
    _OUT.print(f"Withdrawn: {title}, {count:,} statements.", highlight=False)


@app.command(
    epilog=examples(
        "acousma validate",
        "acousma validate --all",
        "acousma validate --work Bell --limit 10",
        "acousma validate --all --format ttl",
    )
)
def validate(
    every: Annotated[bool, typer.Option("--all", help="Also what is known to conform.")] = False,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only one run, as `acousma runs` lists it.")] = None,
    work: Annotated[str | None, typer.Option(metavar="WORK", help="Only one work, by its title or IRI.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Faults to print one by one; all are counted.")] = 100,
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="text, or a SHACL report as ttl (Turtle) or json (JSON-LD).")
    ] = ReportFormat.TEXT,
    store: Store = None,
) -> None:
    """Check what was stored since the last check against the SHACL shapes of the ontology.

    Exit code 0: no faults; 1: faults.
    """
    from api import keeping, validating

    if run is not None and work is not None:
        raise typer.BadParameter("name a run or a work, not both")
    settings = load_settings(store)
    graphs = validating.graphs_of_work(settings, work) if work is not None else None
    if run is not None:
        graphs = (keeping.find_run(settings, run)[1],)
    options = validating.ValidateOptions(every, graphs, limit, format_.value)
    if not validating.validate_archive(settings, options, (_OUT, _ERR)):
        raise typer.Exit(EXIT_FAULTS)


@app.command(epilog=examples("acousma concepts attack", "acousma concepts helligkeit --all"))
def concepts(
    word: Annotated[str, typer.Argument(help="Part of a label in English, French or German, or of an id.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also concepts that measurement does not claim.")] = False,
) -> None:
    """Look up concepts of the vocabulary, and how they are measured."""
    from api import asking

    asking.list_concepts(word, every, _OUT)


@app.command(
    epilog=examples(
        "acousma models",
        "acousma models --answers words",
        "acousma ask concepts_out_of_reach --param model=gemma",
        "acousma ask models_that_can_hear --param concept=iterativeMotion",
    )
)
def models(
    answers: Annotated[str, typer.Option(help="Only models that answer with this: words, tags, vectors ...")] = "",
    format_: Annotated[Format, typer.Option("--format", help="How to write the answer.")] = Format.TABLE,
) -> None:
    """List what listening models hear, and how many concepts are out of their reach."""
    from api import models as listening

    listening.list_models(answers, format_.value, _OUT)


@app.command(epilog=examples("acousma agreement demo/etude.score.csv", "acousma agreement demo/etude.score.csv --all"))
def agreement(
    score: Annotated[Path, typer.Argument(help="Score of a sound whose truth is known.")],
    every: Annotated[bool, typer.Option("--all", help="Also concepts that the score does not speak of.")] = False,
    store: Store = None,
) -> None:
    """Compare the measured claims about a sound with its score."""
    from api import describing

    describing.compare_with_score(load_settings(store), score, _OUT, every=every)


@app.command(epilog=examples("acousma serve", "acousma serve --port 8080"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    store: Store = None,
) -> None:
    """Serve SPARQL, graphs and annotations over HTTP; who writes needs a token (`acousma token`)."""
    from api import keeping

    settings = load_settings(store)
    keeping.serve(settings.model_copy(update={k: v for k, v in {"host": host, "port": port}.items() if v is not None}))


add_ontology(app)
app.add_typer(corpus)
app.add_typer(imports)
app.add_typer(exports)
app.add_typer(research)
app.add_typer(evaluation)
app.add_typer(listening)
app.add_typer(token)
app.add_typer(probe)
add_backup_commands(app)
add_index_command(app)
add_sequence_command(app)


@app.command("next", hidden=True)
def next_steps(store: Store = None) -> None:
    """Print what to type next."""
    from api import keeping

    keeping.print_next(load_settings(store), _OUT)


def main() -> None:
    """Run the command line; every error of Acousma becomes a message and an exit code."""
    try:
        app()
    except AcousmaError as error:
        _ERR.print(f"[red]acousma:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        codes = ((StoreError, EXIT_STORE), (QueryError, EXIT_QUERY))
        sys.exit(next((code for kind, code in codes if isinstance(error, kind)), EXIT_INPUT))
    except SystemExit as leaving:  # typer makes an interrupt an exit
        if leaving.code == EXIT_INTERRUPT:
            _ERR.print("Interrupted. What was stored stays; the same command goes on from here.")
        raise


if __name__ == "__main__":
    main()
