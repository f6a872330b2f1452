"""Queries over HTTP, against three peers: ``python -m benchmarks.serving [--claims 34000] [--rounds 3]``.

One archive on disk, four servers on the same cores, asked in turn by ``wrk`` (a Debian package) for a few seconds each:

* ``ours``: ``acousma serve``; once with queries that it has not been asked before (a comment with a number in each),
  once with the same query again and again, which it answers from memory;
* ``bare``: an ASGI application of a few lines around pyoxigraph on uvicorn, which evaluates in its only thread;
* ``rdflib-endpoint``, on the same files by oxrdflib;
* ``native``: ``oxigraph serve-read-only`` of PyPI, without a limit of time, with which it does not survive this.

Then the time of a small query alone and during queries that never end, and the memory of ours while a million rows are
sent. rdflib-endpoint and oxrdflib come with ``pip install .[bench]``.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loading import MINTER, RUN, _write
from ontology.terms import ACM, DCTERMS, OA, PROV
from store import open_store

JSON = "application/sparql-results+json"
RUN_GRAPH = MINTER.run_graph(MINTER.run_id(RUN))
CLAIM = f"{MINTER.base}annotation/{MINTER.run_id(RUN)}/2500-7500/claim/bright"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MILLION = "SELECT ?s ?o { ?s ?p ?o } LIMIT 1000000"
QUERIES = {
    "one annotation": f"SELECT ?p ?o {{ <{CLAIM}> ?p ?o }}",
    "10 claims": f"SELECT ?a ?b ?t {{ ?a <{OA.hasBody}> ?b ; <{OA.hasTarget}> ?t }} LIMIT 10",
    "1000 claims": f"SELECT ?a ?b ?t {{ ?a <{OA.hasBody}> ?b ; <{OA.hasTarget}> ?t }} LIMIT 1000",
    "provenance of claims": (
        f"SELECT ?g ?a ?who ?run ?start {{ GRAPH ?g {{ ?a <{ACM.confidence}> 0.5 ; <{PROV.wasGeneratedBy}> ?run ; "
        f"<{DCTERMS.creator}> ?who ; <{OA.hasBody}> ?body ; <{OA.hasTarget}> ?span . "
        f"?span <{ACM.startSeconds}> ?start ; <{OA.hasSource}> ?recording FILTER(?start < 200) }} }}"
    ),
}
SCRIPT = """
local number = tonumber(os.getenv("FIRST"))
local path = os.getenv("QUERY_PATH")
request = function()
  number = number + 1
  local asked = path
  if os.getenv("FRESH") == "1" then asked = path .. "%20%23" .. number end
  return wrk.format("GET", asked, {["Accept"] = "application/sparql-results+json"})
end
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect
  io.write(string.format('{"rate": %f, "failed": %d, "p99": %f}\\n', summary.requests / summary.duration * 1e6, failed,
    latency:percentile(99) / 1000))
end
"""
BARE = """
import sys
from urllib.parse import parse_qs
import pyoxigraph as ox, uvicorn
store = ox.Store.read_only(sys.argv[1])
HEAD = [(b"content-type", b"application/sparql-results+json")]
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    text = parse_qs(scope["query_string"].decode())["query"][0]
    result = store.query(text, use_default_graph_as_union=True)
    body = result.serialize(format=ox.QueryResultsFormat.JSON)
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[2]), log_level="error", lifespan="off", loop="uvloop", http="httptools")
"""
RDFLIB = """
import sys, uvicorn
from rdflib import Dataset
from rdflib_endpoint import SparqlEndpoint
data = Dataset(store="Oxigraph", default_union=True)
data.open(sys.argv[1])
uvicorn.run(SparqlEndpoint(graph=data, path="/sparql"), port=int(sys.argv[2]), log_level="error", loop="uvloop",
            http="httptools")
"""


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Parameters
    ----------
    name : str
    process : Popen
    port : int
    path : str
        Where it takes queries.
    """

    name: str
    process: subprocess.Popen[bytes]
    port: int
    path: str


@dataclass(frozen=True)
class Load:
    """How hard and how long a server is asked.

    Parameters
    ----------
    seconds : int
    connections : int
    fresh : bool
        Whether no query is asked twice.
    """

    seconds: int
    connections: int
    fresh: bool = True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, archive: Path, scratch: Path) -> Iterator[Server]:
    """Start a server, wait until it answers, and end it after the block."""
    port, generation = _free_port(), (archive / "current").resolve()
    python, environment = [sys.executable, "-W", "ignore"], dict(os.environ)
    if name == "ours":
        command = [*python, "-m", "api.cli", "serve", "--port", str(port), "--store", str(archive)]
        environment |= {"ACOUSMA_QUERY_ROWS": "2000000", "ACOUSMA_QUERY_SECONDS": "60"}
    elif name == "bare":
        command = [*python, "-c", BARE, str(generation), str(port)]
    elif name == "rdflib-endpoint":  # it opens its files for writing
        shutil.copytree(generation, scratch / "copy")
        command = [*python, "-c", RDFLIB, str(scratch / "copy"), str(port)]
    else:
        program = str(Path(sys.executable).with_name("oxigraph"))
        command = [program, "serve-read-only", "-l", str(generation), "--bind", f"127.0.0.1:{port}"]
        command += ["--union-default-graph"]  # with --timeout-s a thread sleeps for each query until its time is over
    path = "/query" if name == "native" else "/sparql"
    with (scratch / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=Path(__file__).parent.parent)
    server = Server(name, process, port, path)
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def _wait(server: Server) -> None:
    for _ in range(600):
        with suppress(OSError, http.client.HTTPException):
            if _ask(server, "ASK { ?s ?p ?o }")[0] == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{server.name} does not answer")


def _ask(server: Server, query: str, timeout: float = 120.0) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request("GET", f"{server.path}?{urllib.parse.urlencode({'query': query})}", headers={"Accept": JSON})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _check(servers: list[Server]) -> None:
    """See that all give the same number of rows."""
    for name, query in QUERIES.items():
        counts = {one.name: len(json.loads(_ask(one, query)[1])["results"]["bindings"]) for one in servers}
        if len(set(counts.values())) != 1 or not all(counts.values()):
            raise SystemExit(f"the servers disagree about {name}: {counts}")


def _wrk(server: Server, query: str, load: Load, script: Path, first: int) -> dict[str, float]:
    """Return the requests per second, how many failed, and the 99th percentile in ms."""
    path = f"{server.path}?{urllib.parse.urlencode({'query': query}, quote_via=urllib.parse.quote)}"
    environment = {**os.environ, "QUERY_PATH": path, "FRESH": str(int(load.fresh)), "FIRST": str(first)}
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "30s", "-s", str(script)]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        ended = server.process.poll()
        raise SystemExit(f"wrk failed at {server.name} (ended: {ended}): {done.stderr or done.stdout}")
    found = json.loads(done.stdout.splitlines()[-1])
    return {str(key): float(value) for key, value in found.items()}


def contest(servers: list[Server], rounds: int, load: Load, script: Path) -> None:
    """Ask each server each query in turn, and print the medians."""
    rates: dict[tuple[str, str], list[float]] = {}
    first = 0
    for _ in range(rounds):
        for name, query in QUERIES.items():
            for server, fresh in [(one, True) for one in servers] + [(servers[0], False)]:
                first += 10_000_000
                _wrk(server, query, Load(1, load.connections, fresh), script, first + 5_000_000)
                found = _wrk(server, query, Load(load.seconds, load.connections, fresh), script, first)
                if found["failed"]:
                    print(f"{server.name} failed {found['failed']:.0f} times at {name}")
                key = server.name if fresh else "again"
                rates.setdefault((name, key), []).append(found["rate"])
    columns = ("ours", "again", "bare", "rdflib-endpoint", "native")
    print(f"requests per second, medians of {rounds} rounds; {load.connections} connections")
    for name in QUERIES:
        figures = {key: statistics.median(rates[name, key]) for key in columns}
        ratios = ", ".join(
            f"{_ratio(rates[name, 'ours'], rates[name, key]):.2f} of {key}" for key in columns[2:]
        )  # fmt: skip
        print(f"  {name:24s}" + "".join(f"{key} {figures[key]:8,.0f}  " for key in columns) + f"ours is {ratios}")


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios; infinite where the other answered nothing in its seconds."""
    return statistics.median(a / b if b else float("inf") for a, b in zip(ours, theirs, strict=True))


def waiting(server: Server, seconds: float, rounds: int) -> None:
    """Print the times of a small query alone, and beside one and two runaway queries from their start on, in turn."""
    times: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for _ in range(rounds):
        for beside in times:
            threads = [threading.Thread(target=_run_away, args=(server, seconds), daemon=True) for _ in range(beside)]
            for thread in threads:
                thread.start()
            times[beside] += _times(server, seconds)
            for thread in threads:
                thread.join()
            time.sleep(0.5)
    p99 = {beside: sorted(found)[int(len(found) * 0.99)] for beside, found in times.items()}
    print("one annotation, asked one after the other on one connection, beside runaway queries, in ms")
    for beside, found in times.items():
        print(f"  {beside} runaway queries: median {statistics.median(found):.2f}, p99 {p99[beside]:.2f}, most "
              f"{max(found):.0f}; {p99[beside] / p99[0]:.2f} times the p99 of quiet times")  # fmt: skip


def _run_away(server: Server, seconds: float) -> None:
    with suppress(OSError, http.client.HTTPException):
        _ask(server, RUNAWAY, timeout=seconds)  # then the client goes away, which stops the query


def _times(server: Server, seconds: float) -> list[float]:
    """Return the milliseconds of small queries, one after the other on one connection."""
    connection, found = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30), []
    ends = time.monotonic() + seconds
    while (now := time.monotonic()) < ends:
        query = f"{QUERIES['one annotation']} #{now}"
        began = time.perf_counter()
        connection.request("GET", f"{server.path}?{urllib.parse.urlencode({'query': query})}", headers={"Accept": JSON})
        answer = connection.getresponse()
        answer.read()
        found.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"a small query was answered by {answer.status}")
    connection.close()
    return found


def streaming(server: Server) -> None:
    """Print the memory of the server, and of its largest worker, while a million rows are read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request(
        "GET", f"{server.path}?{urllib.parse.urlencode({'query': MILLION})}", headers={"Accept": "text/csv"}
    )
    answer, rows, seen, began = connection.getresponse(), 0, [], time.monotonic()
    while block := answer.read(1 << 20):
        rows += block.count(b"\n")
        seen.append((_resident(server.process.pid), max(map(_resident, _children(server.process.pid)), default=0.0)))
    own, workers = zip(*seen, strict=True)
    print(f"{rows - 1:,} rows in {time.monotonic() - began:.1f} s")
    for name, sizes in (("the server", own), ("its largest worker", workers)):
        print(f"  memory of {name} from {sizes[0]:.0f} to at most {max(sizes):.0f} MiB")
    connection.close()


def _resident(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text().split())
    return found


def main() -> None:
    """Run the contest and the two other measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=34_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="that each server is asked each query per round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", nargs="*", choices=("contest", "waiting", "streaming"))
    given = parser.parse_args()
    wanted = given.only or ["contest", "waiting", "streaming"]
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; in Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        scratch, archive = Path(folder), Path(folder) / "archive"
        graph = _write(given.claims, scratch / "run.nq")
        with open_store(archive, writable=True) as store:
            store.bulk_load(scratch / "run.nq", [graph])
            store.optimize()
        names = ["ours", "bare", "rdflib-endpoint", "native"] if "contest" in wanted else ["ours"]
        servers = [stack.enter_context(running(name, archive, scratch)) for name in names]
        script = scratch / "ask.lua"
        script.write_text(SCRIPT)
        if "contest" in wanted:
            _check(servers)
            contest(servers, given.rounds, Load(given.seconds, given.connections), script)
        if "waiting" in wanted:
            waiting(servers[0], 6.0, given.rounds)
        if "streaming" in wanted:
            streaming(servers[0])


if __name__ == "__main__":
    main()
