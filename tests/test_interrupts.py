"""Ctrl-C ends long work, also where Python forgets the exception that it raises."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from api.interrupts import interruptible


@pytest.fixture(autouse=True)
def as_a_command_begins() -> Iterator[None]:
    """What runs the tests may have said something else."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


class Finalised:
    """Is interrupted while it is being removed."""

    ended = False

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
        Finalised.ended = True


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_forgets_ends_the_work_all_the_same() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), interruptible() as go_on:
        go_on()
        made = Finalised()
        del made
        reached = True
        go_on()
    assert reached and not Finalised.ended


def test_an_interrupt_ends_the_work_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
        pytest.fail("it went on")


def test_an_interrupt_that_is_to_be_ignored_is() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interruptible() as go_on:
        os.kill(os.getpid(), signal.SIGINT)
        go_on()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_work_in_another_thread_goes_on() -> None:
    done: list[bool] = []

    def work() -> None:
        with interruptible() as go_on:
            go_on()
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
