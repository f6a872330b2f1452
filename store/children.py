"""Processes that do not outlive the one that started them."""

import os
import threading
from multiprocessing import parent_process
from typing import NoReturn

__all__ = ["end_with_parent"]


def end_with_parent() -> None:
    """Let this process end, whatever it is doing, as soon as the one that started it has ended, however that came.

    To be called in a process of `multiprocessing`, such as first of all in a worker of a pool. What goes on after its
    parent was killed would write to the files of the command that goes on from there.
    """
    threading.Thread(target=_wait, daemon=True).start()


def _wait() -> NoReturn:
    parent = parent_process()
    assert parent is not None, "it was started by one"
    parent.join()
    os._exit(1)
