"""An interrupt that is not forgotten."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible"]


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C end long work, wherever it finds Python.

    Python raises ``KeyboardInterrupt`` in whatever runs just then. In a finaliser, or in a function that a library in C
    has called, it is written to standard error and the work goes on. So it is remembered.

    Yields
    ------
    callable
        To be called between two pieces of the work: raises ``KeyboardInterrupt`` if one came since the beginning.
        Nothing is remembered in another thread than the main one, which gets no signals, and where somebody else
        has said what an interrupt does.
    """
    came = False

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    def go_on() -> None:
        if came:
            raise KeyboardInterrupt

    own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not own or threading.current_thread() is not threading.main_thread():
        yield go_on
        return
    signal.signal(signal.SIGINT, remember)
    try:
        yield go_on
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
