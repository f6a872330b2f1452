"""Every stored question at several sizes: time, rows, and how the time grows.

``python -m benchmarks.questions 1000000 10000000 --folder FOLDER`` makes an archive of each size
(:mod:`benchmarks.archives`),
asks every question of it through the store, without and with the side index, and prints a table.

Conventions
-----------
- Times are wall seconds, the median of warm answers, from the text to the rows in Python; one worker process.
- ``plain`` is the same SPARQL without shortcuts: raw pyoxigraph on the same files, in the same run, one after the
  other.
- The exponent is that of time over triples between the smallest and the largest size.
- Loading is measured in CPU time, beside ``pyoxigraph.Store.bulk_load`` and ``optimize`` of the same file in the same
  run.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyoxigraph as ox

from benchmarks import archives
from benchmarks.material import measured
from ontology.errors import QueryError
from queries import answer, load_queries, sparql
from store import Limits, Store, open_store

__all__ = ["ask_all"]

_LIMITS = Limits(seconds=60.0, quick_seconds=60.0)
_ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "annotation": {"annotation": "?claim"},
    "evidence": {"claim": "?claim"},
    "composer_profile": {"creator": "Composer 0000"},
    "composers_compared": {"first": "Composer 0000", "second": "Composer 0001"},
    "words": {"text": "like a bicycle bell over water"},
    "reviews": {},
}
"""What is asked where the defaults do not do; ``?claim`` stands for a claim of the archive."""

_WORK = "Study 00002"


def _arguments(name: str, store: Store) -> dict[str, str]:
    query = load_queries()[name]
    given = dict(_ARGUMENTS.get(name, query.example))
    for parameter in query.parameters:
        if parameter.type == "work" and (parameter.required or parameter.name in given):
            given[parameter.name] = _WORK
    claims = "SELECT ?claim { ?claim a <https://w3id.org/acousma/ontology#Claim> } LIMIT 1"
    for key, value in given.items():
        if value == "?claim":
            term = store.rows(claims).rows[0][0]
            given[key] = term.value if isinstance(term, ox.NamedNode) else ""
    return given


def _timed(store: Store, name: str, arguments: Mapping[str, str], plain: bool, rounds: int) -> tuple[float, int]:
    """Return the median time and the number of rows; past the limit the time is infinite."""
    taken, rows = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        try:
            table = store.rows(sparql(name, arguments)) if plain else answer(store, name, arguments)
        except QueryError:
            return math.inf, 0
        taken.append(time.perf_counter() - began)
        rows = len(table.rows)
        if taken[0] > 5:
            break
    return statistics.median(taken[1:] or taken), rows


def ask_all(folder: Path, names: Sequence[str], *, plain: bool, rounds: int = 3) -> dict[str, dict[str, float]]:
    """Ask questions of an archive; return seconds, seconds without the side index, and rows, by name."""
    found: dict[str, dict[str, float]] = {}
    with open_store(folder, limits=_LIMITS) as store:
        for name in names:
            if load_queries()[name].vectors:
                print(f"  {name:32s} needs vectors: python -m benchmarks.likeness", flush=True)
                continue
            arguments = _arguments(name, store)
            seconds, rows = _timed(store, name, arguments, False, rounds)
            found[name] = {"seconds": seconds, "rows": rows}
            if plain:
                found[name]["plain"], same = _timed(store, name, arguments, True, rounds)
                if math.isfinite(found[name]["plain"]) and same != rows:
                    raise SystemExit(f"{name}: {rows} rows with the side index, {same} without")
            print(f"  {name:32s} {_shown(found[name])}", flush=True)
    return found


def _shown(one: Mapping[str, float]) -> str:
    plain = f"{one['plain']:9.3f}" if "plain" in one else " " * 9
    return f"{one['seconds']:9.3f} s {plain} s plain {one['rows']:7,.0f} rows"


def _load(contestant: str, nquads: Path, folder: Path) -> None:
    """Load in this process, and print what it took."""
    began, wall = time.process_time(), time.perf_counter()
    if contestant == "ours":
        graphs = json.loads(nquads.with_suffix(".json").read_text())
        with open_store(folder, writable=True) as store:
            store.bulk_load(nquads, graphs)
            store.optimize()
    else:
        raw = ox.Store(str(folder))
        raw.bulk_load(path=str(nquads), format=ox.RdfFormat.N_QUADS)
        raw.flush()
        raw.optimize()
    print(json.dumps({"cpu": time.process_time() - began, "wall": time.perf_counter() - wall}))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _loaded(triples: int, folder: Path, beside_raw: bool) -> tuple[int, Path]:
    """Make the archive of one size, and raw pyoxigraph's of the same file; print what both take."""
    nquads, ours, raw = folder / f"{triples}.nq", folder / f"{triples}", folder / f"{triples}.raw"
    lines, graphs = archives.write(nquads, triples)
    nquads.with_suffix(".json").write_text(json.dumps(graphs))
    own = measured("questions", ["--load", "ours", str(nquads), str(ours)])
    disk = _size((ours / "current").resolve())
    print(f"{lines:,} triples in {len(graphs):,} graphs")
    print(
        f"  loading: {own['cpu'] / lines * 1e6:.2f} µs of CPU per triple, {lines / own['wall']:,.0f} triples per second"
    )
    print(f"  on disk: {disk / lines:.0f} bytes per triple", flush=True)
    if beside_raw:
        theirs = measured("questions", ["--load", "raw", str(nquads), str(raw)])
        peers = _size(raw)
        print(
            f"  raw pyoxigraph: {theirs['cpu'] / lines * 1e6:.2f} µs, {lines / theirs['wall']:,.0f} triples per second"
        )
        print(
            f"  speed relative to raw, CPU: {theirs['cpu'] / own['cpu']:.2f}; wall: {theirs['wall'] / own['wall']:.2f}"
        )
        print(
            f"  on disk, raw: {peers / lines:.0f} bytes per triple; ours relative to it: {disk / peers:.2f}", flush=True
        )
        for file in sorted(raw.rglob("*"), reverse=True):
            file.unlink()
        raw.rmdir()
    nquads.unlink()
    return lines, ours


def main() -> None:
    """Run at every size given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("triples", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--folder", type=Path, default=Path("benchmark-archives"))
    parser.add_argument("--only", nargs="*", default=None, help="names of questions")
    parser.add_argument("--no-plain", action="store_true", help="do not ask without the side index")
    parser.add_argument("--no-raw", action="store_true", help="do not load with raw pyoxigraph beside")
    parser.add_argument("--load", nargs=3, metavar=("WHO", "NQUADS", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.load:
        _load(given.load[0], Path(given.load[1]), Path(given.load[2]))
        return
    given.folder.mkdir(exist_ok=True)
    names = given.only or list(load_queries())
    sizes: list[tuple[int, dict[str, dict[str, float]]]] = []
    for triples in given.triples:
        ours = given.folder / str(triples)
        lines, ours = (
            (triples, ours) if (ours / "current").exists() else _loaded(triples, given.folder, not given.no_raw)
        )
        sizes.append((lines, ask_all(ours, names, plain=not given.no_plain)))
    if len(sizes) > 1:
        (small, first), (large, last) = sizes[0], sizes[-1]
        print(f"growth from {small:,} to {large:,} triples")
        for name in first:
            ratio = last[name]["seconds"] / max(first[name]["seconds"], 1e-6)
            exponent = math.log(ratio) / math.log(large / small) if math.isfinite(ratio) else math.inf
            print(f"  {name:32s} {exponent:6.2f}  rows {first[name]['rows']:,.0f} to {last[name]['rows']:,.0f}")


if __name__ == "__main__":
    main()
