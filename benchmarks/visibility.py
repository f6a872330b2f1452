"""How long a small change takes until every reader sees it: ``python -m benchmarks.visibility FOLDER``.

Conventions
-----------
- ``FOLDER`` is an archive as :mod:`benchmarks.questions` makes it; what is written to it is withdrawn at the end.
- A change is one assessment of a claim, by a person, as the review of a page writes it: a SPARQL update with its graph,
  made by the writing process of the server (:class:`store.Writer`), and asked for by a reader that was open before, in
  a stored question that the side index answers.
- Times are wall seconds. The first change starts the writing process, which opens the archive; then come changes one
  after the other, and changes with pauses, in which the process closes the archive.
"""

import argparse
import statistics
import time
from pathlib import Path

import pyoxigraph as ox

from ontology.terms import ACM, ACV, DCTERMS, OA
from queries import plan
from store import Change, Limits, Store, Writer, open_store, open_writer

__all__ = ["seconds_until_seen"]

_GRAPH = "https://archive.example.org/graph/reviewer/benchmark"
_LIMITS = Limits(seconds=60.0, quick_seconds=60.0, wait_seconds=60.0)
_PAUSE_SECONDS = 0.6
_ASKED = plan("words", {"text": "like a bicycle bell over water"})


def _change(claim: str, number: int) -> Change:
    node = f"<https://archive.example.org/review/{number}>"
    return Change(
        f"INSERT DATA {{ GRAPH <{_GRAPH}> {{ {node} a <{OA.Annotation}> ; <{OA.hasTarget}> <{claim}> ; "
        f"<{ACM.verdict}> <{ACV}accepted> ; <{DCTERMS.creator}> <https://archive.example.org/agent/benchmark> }} }}",
        graphs=(_GRAPH,),
    )


def seconds_until_seen(writer: Writer, reader: Store, claim: str, number: int) -> tuple[float, float]:
    """Make a change; return the seconds until it is answered, and until a reader has had it in an answer."""
    began = time.perf_counter()
    writer.apply(_change(claim, number))
    answered = time.perf_counter() - began
    seen = reader.ask(f"ASK {{ <https://archive.example.org/review/{number}> <{ACM.verdict}> ?verdict }}")
    reader.rows(_ASKED)
    if not seen:
        raise SystemExit(f"review {number} is not seen")
    return answered, time.perf_counter() - began


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", type=int, default=20)
    given = parser.parse_args()
    with open_store(given.folder, limits=_LIMITS) as reader:
        found = reader.rows(f"SELECT ?claim {{ ?claim a <{ACM.Claim}> }} LIMIT 1").rows[0][0]
        assert isinstance(found, ox.NamedNode), "a claim has an IRI"
        reader.rows(_ASKED)
        writer = open_writer(given.folder, _LIMITS)
        try:
            first = seconds_until_seen(writer, reader, found.value, 0)
            row = [seconds_until_seen(writer, reader, found.value, 1 + n) for n in range(given.changes)]
            apart = []
            for number in range(given.changes):
                time.sleep(_PAUSE_SECONDS)
                apart.append(seconds_until_seen(writer, reader, found.value, 1_000 + number))
        finally:
            writer.apply(Change(f"DROP SILENT GRAPH <{_GRAPH}>", graphs=(_GRAPH,)))
            writer.close()
    print(f"{'seconds until':24s} answered      seen")
    for name, times in (("first", [first]), ("in a row, median", row), ("with pauses, median", apart)):
        answered, seen = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:24s} {answered:8.3f}  {seen:8.3f}")
    longest = [max(column) for column in zip(*row, *apart, strict=True)]
    print(f"{'longest but the first':24s} {longest[0]:8.3f}  {longest[1]:8.3f}")


if __name__ == "__main__":
    main()
