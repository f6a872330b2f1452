"""A worker does not outlive the process that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.commands import ROOT, environment, runs

PARENT = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from store.children import end_with_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600).result()
"""


def test_a_worker_ends_in_the_middle_of_its_work_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    running = subprocess.Popen(
        [sys.executable, str(program)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    worker = int(running.stdout.readline())
    os.kill(running.pid, signal.SIGKILL)
    running.wait(10)
    running.stdout.close()
    for _ in range(1000):
        if not runs(worker):
            break
        time.sleep(0.01)
    outlived = runs(worker)
    if outlived:
        os.kill(worker, signal.SIGKILL)
    assert not outlived
