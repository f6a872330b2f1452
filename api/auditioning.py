"""``acousma audition``: from what a user typed to control tests, their table, and what is kept of them."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.ingesting import checked_aspects
from api.settings import Settings
from ingest.listeners.base import Listener, ServerOptions
from ingest.listeners.opening import Wanted, open_listener
from ingest.listeners.questions import DEFAULT
from ingest.pipeline import load_vocabulary_graph, now
from ontology.errors import ListenerError, ParameterError
from ontology.mint import Minter
from ontology.score_terms import ListeningCondition
from ontology.values import Agent
from ontology.vocabulary import load_vocabulary
from store import open_store
from truth.audition import Audition, Auditioned, Wish
from truth.audition_scores import graph, quads, trust_quads
from truth.controls import Result

__all__ = ["COLUMNS", "Decision", "Options", "Wish", "audition", "decide", "rows"]

Consoles = tuple[Console, Console]
"""Standard output and standard error."""

COLUMNS = ("aspect", "control", "metric", "value", "clips", "passed")
"""Columns of ``--format csv``."""


@dataclass(frozen=True)
class Options:
    """What was typed of the model and of the audition."""

    model: str
    describer: str
    questions: Path | None
    envelope: str | None
    wish: Wish
    server: ServerOptions | None = None

    def open(self, device: str) -> Listener:
        """Open the listener.

        Raises
        ------
        ListenerError
            If it cannot be used.
        """
        if self.describer == "measured":
            raise ListenerError("the measured describer is no model", "--describer transformers, clap or ast",
                                "score it with: acousma evaluate measured")  # fmt: skip
        return open_listener(
            Wanted(self.describer, self.model, self.questions or DEFAULT, self.envelope, device, self.server)
        )  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What was typed of a person's trust."""

    trust: str | None
    distrust: str | None
    by: str | None
    because: str | None


def audition(options: Options, form: str, settings: Settings, consoles: Consoles) -> bool:
    """Audition a listener, print the figures, and keep them.

    Returns
    -------
    bool
        Whether every aspect passed.

    Raises
    ------
    AcousmaError
        If the model, the questions or the store cannot be used.
    """
    out, messages = consoles
    done = _asked(options, options.open(settings.device), messages)
    _print(done, form, out)
    minter = Minter(settings.base_iri)
    name = graph(done, minter)
    lines = "".join(f"{quad} .\n" for quad in quads(done, minter))
    with open_store(settings.location, writable=True, limits=settings.limits) as archive:
        load_vocabulary_graph(archive)
        archive.bulk_load(lines.encode(), [name])
        archive.publish()
    messages.print(f"Kept in {escape(str(settings.store))}: {escape(name)}", highlight=False, soft_wrap=True)
    return not done.failed


def _asked(options: Options, listener: Listener, messages: Console) -> Auditioned:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with messages.status("Drawing clips"):
        test = Audition(listener, options.wish)
    if not test.stimuli.clips:
        raise ListenerError(
            f"no clip is as short as the {listener.identity().hearing.window_s:g} s that the model hears",
            "a model that hears a second or more", "give more --clips, of which some are shorter",
        )  # fmt: skip
    with Progress(*columns, console=messages, transient=True) as bar:
        task = bar.add_task(f"Asking {escape(listener.identity().model)}", total=test.size)
        for found in test.run():
            if found is not None:
                return found
            bar.update(task, advance=1)
    raise AssertionError("an audition ends with what it found")


def rows(done: Auditioned) -> list[dict[str, object]]:
    """Return a row of `COLUMNS` per aspect and control."""
    return [
        {"aspect": one.aspect, "control": str(one.control), "metric": str(one.metric), "value": round(one.value, 4),
         "clips": one.clips, "passed": one.passed}
        for one in done.results
    ]  # fmt: skip


_SHOWN = (
    (ListeningCondition.SILENCE, "silence"), (ListeningCondition.SWAP, "swap"), (ListeningCondition.BANDWIDTH, "band"),
    (ListeningCondition.REVERSAL, "reversal"), (ListeningCondition.ORDER, "order"),
    (ListeningCondition.PROMPT, "wording"),
    (ListeningCondition.LEVEL, "level"), (ListeningCondition.BATCH, "batch"), (ListeningCondition.CLEAN, "truth"),
)  # fmt: skip


def _print(done: Auditioned, form: str, out: Console) -> None:
    if form == "csv":
        table: csv.DictWriter[str] = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows(done))
        return
    if form == "json":
        named = {"name": done.identity.agent.name, "version": done.identity.agent.version}
        document = {"agent": named, "parameters": dict(done.parameters), "evidence": dict(done.evidence),
                    "results": rows(done), "failed": list(done.failed)}  # fmt: skip
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return
    agent = done.identity.agent
    shown = Table(title=escape(f"{agent.name} {agent.version}: {len(done.stimuli.clips)} clips"), title_justify="left",
                  box=None)  # fmt: skip
    shown.add_column("aspect", no_wrap=True)
    for name in ("evidence", *(name for _, name in _SHOWN), "may claim"):
        shown.add_column(name, justify="right", no_wrap=True)
    for aspect in done.aspects:
        by = {one.control: one for one in done.results if one.aspect == aspect}
        shown.add_row(
            aspect, f"{done.evidence.get(aspect, 0.0):.3f}", *(_cell(by.get(control)) for control, _ in _SHOWN),
            "yes" if by[ListeningCondition.ALL].passed else "[red]no[/red]",
        )  # fmt: skip
    out.print(shown)
    failed = done.failed
    if failed:
        out.print(
            f"{len(failed)} of {len(done.aspects)} aspects failed a control (marked *): what the model says of them "
            "will be kept as descriptions, not as claims.", highlight=False, soft_wrap=True,
        )  # fmt: skip
    if failed and all(_deaf(done.results, aspect) for aspect in failed):
        out.print("Its answers do not depend on the sound.", highlight=False, soft_wrap=True)


def _deaf(results: Sequence[Result], aspect: str) -> bool:
    return any(one.aspect == aspect and one.control is ListeningCondition.SWAP and not one.passed for one in results)


def _cell(result: Result | None) -> str:
    if result is None:
        return "-"
    return f"{result.value:.2f}" if result.passed else f"[red]{result.value:.2f}*[/red]"


def decide(options: Options, decision: Decision, settings: Settings, out: Console) -> None:
    """Keep that a person trusts a listener about an aspect, or take it back.

    Raises
    ------
    ParameterError
        If the person or the reason is missing, or both were asked for, or there is nothing to take back.
    AcousmaError
        If the model, the aspect or the store cannot be used.
    """
    aspect = decision.trust or decision.distrust or ""
    if decision.trust and decision.distrust:
        raise ParameterError("--trust and --distrust were given together", "one of them")
    if not decision.by or (decision.trust and not decision.because):
        raise ParameterError("nobody is named who decides this, or no reason is given", "--by NAME --because TEXT")
    checked_aspects([aspect])
    agent, person = options.open(settings.device).identity().agent, Agent(decision.by, kind="person")
    minter = Minter(settings.base_iri)
    name = minter.trust_graph(agent, aspect, person)
    label = load_vocabulary().concepts[aspect].label["en"]
    with open_store(settings.location, writable=True, limits=settings.limits) as archive:
        load_vocabulary_graph(archive)
        if decision.trust:
            told = trust_quads((agent, aspect), person, decision.because or "", now(), minter)
            archive.bulk_load("".join(f"{quad} .\n" for quad in told).encode(), [name])
        elif not archive.withdraw(name):
            raise ParameterError(f"{decision.by} does not trust {agent.name} about {aspect}", "a trust that is kept")
        archive.publish()
    verb = "trusts" if decision.trust else "no longer trusts"
    out.print(f"{escape(decision.by)} {verb} {escape(agent.name)} about {escape(label)}.", highlight=False,
              soft_wrap=True)  # fmt: skip
