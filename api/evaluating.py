"""``acousma evaluate``: from what a user typed to answers, scores, tables and files."""

import csv
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.settings import Settings
from ingest.pipeline import load_vocabulary_graph
from ontology.errors import CorpusError
from ontology.mint import Minter
from ontology.vocabulary import load_vocabulary
from store import open_store
from truth.answering import Answer, Corpus, ask, questions
from truth.corpus.items import write_whole
from truth.describers import Describer, describer, key
from truth.evaluation import CERTAINTY
from truth.evaluation import evaluate as scored
from truth.expectations import Fulfilment, fulfilled
from truth.families import COVERAGE_TARGET, ECE_TARGET
from truth.results import ConceptScore, Evaluation
from truth.scores import Evaluated, graph, quads

__all__ = ["COLUMNS", "Options", "document", "evaluate", "rows"]

Consoles = tuple[Console, Console]
"""Standard output and standard error."""

DEMO = Path("demo") / "expectations.csv"

COLUMNS = (
    "condition", "family", "concept", "true", "false", "generators", "balanced_accuracy", "low", "high", "raw_accuracy",
    "coverage", "accuracy_where_certain", "kappa", "ece", "brier", "risk_area", "not_judged",
)  # fmt: skip
"""Columns of ``scores.csv``."""


@dataclass(frozen=True)
class Options:
    """What was typed."""

    describer: str
    corpus: Path
    conditions: str
    clips: int | None
    processes: int
    out: Path
    expectations: Path | None


def evaluate(options: Options, form: str, settings: Settings | None, consoles: Consoles) -> bool:
    """Evaluate a describer, print its scores, write its files, and keep its scores if a store is given.

    Returns
    -------
    bool
        False if the describer failed on a sound, or a baseline did not fail.

    Raises
    ------
    AcousmaError
        If the corpus, the describer, a condition, the expectations or the store cannot be used.
    """
    out, messages = consoles
    who = describer(options.describer)
    if not options.corpus.exists():
        raise CorpusError(
            f"there is no corpus {options.corpus}", "a folder made by acousma corpus make",
            "acousma corpus make --size 2000 --seed 1",
        )  # fmt: skip
    corpus = Corpus.load(options.corpus, options.clips)
    started = datetime.now(UTC)
    answers = _answers(who, corpus, options, messages)
    with messages.status("Scoring"):
        evaluation = scored(answers, who.concepts)
        table = options.expectations or (DEMO if DEMO.is_file() else None)
        expected = fulfilled(who, table) if table else []
    done = Evaluated(who, corpus, evaluation, started, datetime.now(UTC))
    _print(done, expected, form, out)
    _write(done, expected, options.out, messages)
    if settings is not None:
        _keep(done, settings, messages)
    for name, failure in evaluation.failures:
        messages.print(f"[red]failed:[/red] {escape(name)}: {escape(failure)}", highlight=False, soft_wrap=True)
    for baseline in evaluation.baselines:
        for concept, accuracy in baseline.leaks:
            messages.print(
                f"[red]leak:[/red] {baseline.name} is right about {concept} with {accuracy:.3f}: more than chance, "
                "so the corpus tells something that it should not",
                highlight=False, soft_wrap=True,
            )  # fmt: skip
    return not evaluation.failures and not evaluation.leaks


def _answers(who: Describer, corpus: Corpus, options: Options, messages: Console) -> list[Answer]:
    names = tuple(dict.fromkeys(name.strip() for name in options.conditions.split(",") if name.strip()))
    asked = questions(corpus, names)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[name]}"))  # fmt: skip
    found = []
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(f"Asking {who.name}", total=len(asked), name="")
        for given in ask(who, asked, options.out, options.processes):
            found.append(given)
            bar.update(task, advance=1, name=given.question.name)
    old = sum(not given.new for given in found)
    if old:
        messages.print(f"{old:,} of {len(found):,} answers were there already.", highlight=False)
    return found


def rows(evaluation: Evaluation) -> list[dict[str, object]]:
    """Return a row of `COLUMNS` per condition and concept."""
    found: list[dict[str, object]] = []
    for one in evaluation.concepts:
        row: dict[str, object] = {"condition": one.condition, "family": one.family, "concept": one.concept}
        if one.held_out is not None and one.raw is not None:
            held = asdict(one.held_out)
            row |= {name: _rounded(held[name]) for name in COLUMNS if name in held}
            row["raw_accuracy"] = _rounded(one.raw.balanced_accuracy)
        row["not_judged"] = one.reason or ""
        found.append({name: row.get(name, "") for name in COLUMNS})
    return found


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


def document(done: Evaluated, expected: list[Fulfilment]) -> dict[str, object]:
    """Return everything an evaluation found as JSON values."""
    return {
        "describer": {"name": done.who.agent.name, "version": done.who.agent.version, "key": key(done.who)},
        "parameters": dict(done.parameters),
        "corpus": {"sha256": done.corpus.sum, "seed": done.corpus.seed, "size": done.corpus.header["size"]},
        "started": done.started.isoformat(timespec="seconds"),
        "ended": done.ended.isoformat(timespec="seconds"),
        "evaluation": asdict(done.evaluation),
        "expectations": [asdict(one) for one in expected],
    }


def _csv(evaluation: Evaluation) -> str:
    text = io.StringIO()
    table: csv.DictWriter[str] = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows(evaluation))
    return text.getvalue()


def _json(done: Evaluated, expected: list[Fulfilment]) -> str:
    plain = json.loads(json.dumps(document(done, expected)), parse_constant=lambda _: None)
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def _write(done: Evaluated, expected: list[Fulfilment], folder: Path, messages: Console) -> None:
    from api.evaluation_report import report

    folder.mkdir(parents=True, exist_ok=True)
    name = done.who.name
    texts = {f"{name}.html": report(done, expected), f"{name}.json": _json(done, expected),
             f"{name}.csv": _csv(done.evaluation)}  # fmt: skip
    for file, text in texts.items():
        write_whole(folder / file, text.encode())
    files = ", ".join(str(folder / file) for file in texts)
    messages.print(f"Written: {escape(files)}", highlight=False, soft_wrap=True)


def _keep(done: Evaluated, settings: Settings, messages: Console) -> None:
    minter = Minter(settings.base_iri)
    name = graph(done, minter)
    lines = "".join(f"{quad} .\n" for quad in quads(done, minter))
    with open_store(settings.location, writable=True, limits=settings.limits) as archive:
        load_vocabulary_graph(archive)
        archive.bulk_load(lines.encode(), [name])
        archive.publish()
    messages.print(f"Kept in {escape(str(settings.store))}: {escape(name)}", highlight=False, soft_wrap=True)


# -- what is printed -----------------------------------------------------------------------------


def _print(done: Evaluated, expected: list[Fulfilment], form: str, out: Console) -> None:
    if form == "csv":
        sys.stdout.write(_csv(done.evaluation))
        return
    if form == "json":
        sys.stdout.write(_json(done, expected))
        return
    for condition in done.evaluation.conditions:
        out.print(_families(done, condition))
    out.print(_concepts(done.evaluation))
    for one in done.evaluation.concepts:
        if one.reason is not None:
            out.print(f"not judged, {one.condition}: {one.concept}, {one.reason}", highlight=False, soft_wrap=True)
    out.print(_baselines(done.evaluation))
    _print_rest(done.evaluation, out)
    if expected:
        _print_expected(expected, out)


def _table(title: str, left: tuple[str, ...], right: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _reached(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _families(done: Evaluated, condition: str) -> Table:
    agent = done.who.agent
    title = f"{agent.name} {agent.version}, {done.evaluation.clips:,} clips, {condition}: balanced accuracy of families"
    table = _table(title, ("family",), ("concepts", "accuracy", "95 % interval", "coverage", "target", "reached"))
    for one in done.evaluation.families:
        if one.condition == condition:
            target = "" if one.target is None else f"{one.target:.2f}"
            interval = f"{one.low:.3f}-{one.high:.3f}"
            table.add_row(one.family.title, str(one.judged), f"{one.balanced_accuracy:.3f}", interval,
                          f"{one.coverage:.2f}", target, _reached(one.reached))  # fmt: skip
    for whole in done.evaluation.overall:
        if whole.condition == condition:
            table.add_row("All", str(whole.judged), f"{whole.balanced_accuracy:.3f}",
                          f"{whole.low:.3f}-{whole.high:.3f}", f"{whole.coverage:.2f}", "", "")  # fmt: skip
            table.add_row("Coverage of all", "", "", "", f"{whole.coverage:.3f}", f"≥ {COVERAGE_TARGET:.2f}",
                          _reached(whole.covered))  # fmt: skip
            table.add_row("Calibration error of all", "", f"{whole.ece:.3f}", "", "", f"≤ {ECE_TARGET:.2f}",
                          _reached(whole.calibrated))  # fmt: skip
    return table


def _concepts(evaluation: Evaluation) -> Table:
    """Return a line per concept: the first condition in full, the accuracy alone under the others."""
    first, *others = evaluation.conditions
    by: dict[tuple[str, str], ConceptScore] = {(one.concept, one.condition): one for one in evaluation.concepts}
    title = f"Concepts, {first}: calibrated on the other generators, certain from {CERTAINTY:g}"
    right = ("true", "false", "accuracy", "95 % interval", "raw", "coverage", "kappa", "ECE", "Brier", *others)
    table = _table(title, ("concept",), right)
    names = {one.family.id: one.family.title for one in evaluation.families}
    told = [one for one in evaluation.concepts if one.condition == first and one.held_out is not None]
    shown = None
    for one in sorted(told, key=lambda one: list(names).index(one.family)):
        if one.family != shown:
            shown = one.family
            table.add_row(f"[bold]{escape(names[shown])}[/bold]")
        held = one.held_out
        rest = [_short(by.get((one.concept, name))) for name in others]
        assert held is not None
        assert one.raw is not None
        table.add_row(
            one.concept, str(held.true), str(held.false), f"{held.balanced_accuracy:.3f}",
            f"{held.low:.3f}-{held.high:.3f}", f"{one.raw.balanced_accuracy:.3f}", f"{held.coverage:.2f}",
            f"{held.kappa:.2f}", f"{held.ece:.3f}", f"{held.brier:.3f}", *rest,
        )  # fmt: skip
    return table


def _short(one: ConceptScore | None) -> str:
    return "" if one is None or one.held_out is None else f"{one.held_out.balanced_accuracy:.3f}"


def _baselines(evaluation: Evaluation) -> Table:
    table = _table("Baselines, which must fail", ("answers by",), ("accuracy", "95 % interval", "fails"))
    for one in evaluation.baselines:
        table.add_row(one.name, f"{one.balanced_accuracy:.3f}", f"{one.low:.3f}-{one.high:.3f}",
                      "no: " + ", ".join(name for name, _ in one.leaks) if one.leaks else "yes")  # fmt: skip
    return table


def _print_rest(evaluation: Evaluation, out: Console) -> None:
    if evaluation.boundaries:
        table = _table(f"Onsets in {evaluation.boundaries[0].etudes} études", ("within",), ("F", "precision", "recall"))
        for one in evaluation.boundaries:
            table.add_row(f"{one.window:g} s", f"{one.f_measure:.3f}", f"{one.precision:.3f}", f"{one.recall:.3f}")
        out.print(table)
    if evaluation.followed:
        table = _table("Curves that move: concordance", ("curve",), ("clips", "median", "quartiles"))
        for curve in evaluation.followed:
            table.add_row(curve.curve, str(curve.clips), f"{curve.median:.3f}", f"{curve.lower:.3f}-{curve.upper:.3f}")
        out.print(table)


def _print_expected(expected: list[Fulfilment], out: Console) -> None:
    met = sum(one.found is True for one in expected)
    table = _table(
        f"Expectations of real sounds: {met} of {len(expected)} met; not met", ("sound", "expected", "said"), ()
    )
    for one in expected:
        if not one.found:
            table.add_row(one.expectation.sound, sentence(one), one.said)
    out.print(table)


def sentence(one: Fulfilment) -> str:
    """Return an expectation in words."""
    known = load_vocabulary()
    wanted = one.expectation
    labels: Mapping[str, str] = {**{c.id: c.label["en"] for c in known.concepts.values()},
                                 **{p.id: p.label for p in known.properties.values()}}  # fmt: skip
    name = labels[wanted.term].lower()
    return {"holds": name, "not": f"not {name}", "more_than": f"more {name} than {wanted.other}"}[wanted.expects]
