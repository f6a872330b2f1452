"""Every stored question at several sizes: time, rows, and how the time grows.

``python -m benchmarks.questions 1000000 10000000 --folder FOLDER`` makes an archive of each size
(:mod:`benchmarks.archives`),
asks every question of it through the store, without and with the side index, and prints a table.

Conventions
-----------
- Times are wall seconds, the median of warm answers, from the text to the rows in Python; one worker process. The files
  are read once before.
- ``plain`` is the same SPARQL without shortcuts: raw pyoxigraph on the same files, in the same run, one after the
  other.
- The exponent is that of time over triples between the smallest and the largest size.
- Loading is measured in CPU time, beside ``pyoxigraph.Store.bulk_load`` and ``optimize`` of the same file in the same
  run.
- ``--virtuoso`` loads the same file into a Virtuoso, too (:mod:`benchmarks.beside_virtuoso`), and asks each question
  of both in turn.
"""

import argparse
import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from benchmarks import archives
from benchmarks.beside_virtuoso import Peer, beside
from benchmarks.material import measured
from ontology.errors import QueryError, QueryLost, QueryTimeout, StoreUnreachable
from queries import answer, load_queries, sparql
from store import Limits, Store, Term, open_store

__all__ = ["ask_all"]

Row: TypeAlias = tuple[str | float | None, ...]

_SECONDS = 60
_LIMITS = Limits(seconds=_SECONDS, quick_seconds=_SECONDS)
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


def _plain(term: Term | None) -> str | float | None:
    """Return the value of a cell, numbers to six places: without languages, which Virtuoso loses in functions."""
    value = getattr(term, "value", None)
    try:
        return None if value is None else round(float(value), 6)
    except ValueError:
        return str(value)


def _timed(store: Store, name: str, arguments: Mapping[str, str], plain: bool, rounds: int) -> tuple[float, list[Row]]:
    """Return the median time of warm answers and the rows; past the limit the time is infinite.

    Where there is no answer for another reason, it is no number.
    """
    taken: list[float] = []
    rows: list[Row] = []
    for _ in range(rounds):
        began = time.perf_counter()
        try:
            table = store.rows(sparql(name, arguments)) if plain else answer(store, name, arguments)
        except (QueryTimeout, QueryLost):
            return math.inf, []
        except (QueryError, StoreUnreachable) as error:
            print(f"  {name}: {error}")
            return math.nan, []
        taken.append(time.perf_counter() - began)
        rows = [tuple(map(_plain, row)) for row in table.rows]
        if max(taken[1:], default=0) > 5:
            break
    return statistics.median(taken[1:] or taken), rows


def ask_all(
    folder: Path, names: Sequence[str], *, plain: bool, rounds: int = 3, peer: Peer | None = None
) -> dict[str, dict[str, float]]:
    """Ask questions of an archive; return seconds, seconds without the side index or of the peer, and rows, by name."""
    found: dict[str, dict[str, float]] = {}
    _read_once(folder)
    with open_store(folder, limits=_LIMITS) as store:
        for name in names:
            if load_queries()[name].vectors:
                print(f"  {name:32s} needs vectors: python -m benchmarks.likeness", flush=True)
                continue
            arguments = _arguments(name, store)
            seconds, rows = _timed(store, name, arguments, False, rounds)
            found[name] = {"seconds": seconds, "rows": len(rows)}
            if plain:
                found[name]["plain"], same = _timed(store, name, arguments, True, rounds)
                if math.isfinite(found[name]["plain"]) and len(same) != len(rows):
                    raise SystemExit(f"{name}: {len(rows)} rows with the side index, {len(same)} without")
            if peer is not None:
                found[name]["peer"], theirs = _timed(peer.store, name, arguments, False, rounds)
                found[name]["peer rows"] = len(theirs)
                found[name]["common"] = (Counter(rows) & Counter(theirs)).total()
                if math.isinf(found[name]["peer"]):
                    peer.start()
            print(f"  {name:32s} {_shown(found[name])}", flush=True)
    return found


def _read_once(folder: Path) -> None:
    """Have the published files in the memory of the system, as a server's pages are after loading."""
    for file in (folder / "current").resolve().iterdir():
        with file.open("rb") as data:
            while data.read(1024**2):
                pass


def _shown(one: Mapping[str, float]) -> str:
    plain = f"{one['plain']:9.3f} s plain" if "plain" in one else ""
    if "peer" not in one:
        return f"{one['seconds']:9.3f} s {plain} {one['rows']:7,.0f} rows"
    ratio = one["peer"] / max(one["seconds"], 1e-6)
    rows = "" if one["peer rows"] == one["rows"] == one["common"] else f", {one['common']:,.0f} of them ours"
    peer = f"{one['peer']:9.3f} s Virtuoso {one['peer rows']:7,.0f} rows{rows}, {ratio:8.1f} times our time"
    return f"{one['seconds']:9.3f} s {plain} {one['rows']:7,.0f} rows {peer}"


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


def _written(triples: int, folder: Path) -> Path:
    """Write the N-Quads of one size, with the names of their graphs beside them."""
    nquads = folder / f"{triples}.nq"
    if not nquads.with_suffix(".json").exists() or not nquads.exists():
        _, graphs = archives.write(nquads, triples)
        nquads.with_suffix(".json").write_text(json.dumps(graphs))
    return nquads


def _loaded(triples: int, folder: Path, beside_raw: bool) -> tuple[int, Path]:
    """Make the archive of one size, and raw pyoxigraph's of the same file; print what both take."""
    nquads, ours, raw = _written(triples, folder), folder / f"{triples}", folder / f"{triples}.raw"
    with nquads.open("rb") as text:
        lines = sum(1 for _ in text)
    graphs = json.loads(nquads.with_suffix(".json").read_text())
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
    return lines, ours


def main() -> None:
    """Run at every size given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("triples", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--folder", type=Path, default=Path("benchmark-archives"))
    parser.add_argument("--only", nargs="*", default=None, help="names of questions")
    parser.add_argument("--no-plain", action="store_true", help="do not ask without the side index")
    parser.add_argument("--no-raw", action="store_true", help="do not load with raw pyoxigraph beside")
    parser.add_argument("--virtuoso", action="store_true", help="ask a Virtuoso with the same triples, too")
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
        with beside(_written(triples, given.folder), _SECONDS) if given.virtuoso else nullcontext() as peer:
            sizes.append((lines, ask_all(ours, names, plain=not given.no_plain, peer=peer)))
        (given.folder / f"{triples}.nq").unlink(missing_ok=True)
    if len(sizes) > 1:
        (small, first), (large, last) = sizes[0], sizes[-1]
        print(f"growth from {small:,} to {large:,} triples")
        for name in first:
            ratio = last[name]["seconds"] / max(first[name]["seconds"], 1e-6)
            exponent = math.log(ratio) / math.log(large / small) if math.isfinite(ratio) else math.inf
            print(f"  {name:32s} {exponent:6.2f}  rows {first[name]['rows']:,.0f} to {last[name]['rows']:,.0f}")


if __name__ == "__main__":
    main()
