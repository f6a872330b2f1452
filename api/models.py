"""``acousma models``: what listening models hear, as the stored question answers it, without an archive."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from api.listing import as_csv, as_json, plain
from ingest.pipeline import load_vocabulary_graph
from queries import answer, find
from store import Table, open_store

__all__ = ["list_models"]


def list_models(answers: str, format_: str, out: Console) -> None:
    """Print the envelope of each listening model and how many concepts are out of its reach.

    Parameters
    ----------
    answers : str
        Only models that answer with this; empty for all.
    format_ : {"table", "csv", "json"}
    out : Console
    """
    with TemporaryDirectory(prefix="acousma-") as folder, open_store(Path(folder) / "store", writable=True) as store:
        load_vocabulary_graph(store)
        table = answer(store, "models", {"answers": answers} if answers else {})
    if format_ == "csv":
        sys.stdout.write(as_csv(table))
    elif format_ == "json":
        sys.stdout.write(as_json(table) + "\n")
    else:
        out.print(_laid(table))
        out.print(
            f"{len(table.rows)} models. One of them in full: acousma ask concepts_out_of_reach --param model=NAME",
            highlight=False,
        )


def _laid(table: Table) -> RichTable:
    """Lay the answer out for people: the band as one cell, times in milliseconds and seconds."""
    title = escape(find("models").summary)
    laid = RichTable(title=title, title_justify="left", title_style="bold", header_style="bold")
    for heading in (
        "model",
        "answers with",
        "band (Hz)",
        "ch.",
        "window (s)",
        "step (ms)",
        "weights",
        "out",
        "in part",
    ):
        laid.add_column(heading, overflow="fold", justify="right" if heading in _NUMERIC else "left")
    for row in table.rows:
        cell = {name: plain(term) for name, term in zip(table.columns, row, strict=True)}
        step = f"{1000 * float(cell['step']):g}" if cell["step"] else "?"
        band = f"{float(cell['band_low']):g}–{float(cell['band_high']):g}"
        texts = (
            cell["model"], cell["answers"], band, cell["channels"], cell["window"] or "-", step,
            cell["weights"] or "-", cell["out"], cell["partly"],
        )  # fmt: skip
        laid.add_row(*map(escape, texts))
    return laid


_NUMERIC = {"band (Hz)", "ch.", "window (s)", "step (ms)", "out", "in part"}
