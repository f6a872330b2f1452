"""What tests of several files share."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import rdflib
import torch

from tests.house import House, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# tests run side by side, on sounds and models so small that threads only wait for one another; commands inherit it
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)


LONGEST = (
    "test_evaluation.py", "test_audition.py", "test_kill.py", "test_probe.py", "test_protocol_annotations.py",
    "test_ingest.py", "test_uploads.py", "test_published_negotiation.py", "test_listeners_ingest.py",
    "test_reasoning.py", "test_features.py", "test_docs.py", "test_corpus_archive.py",
)  # fmt: skip
"""The files that take longest, in seconds: begun first, so that no processor waits for one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let rdflib read literals as it does by itself: nanopub and pySHACL set it for the process, and it lasts."""
    rdflib.NORMALIZE_LITERALS = True


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a small archive; a test that changes it works on a copy."""
    return build(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Yield the system's Chromium, in which sound may play without a gesture."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - few tests need it

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield made
        made.close()
