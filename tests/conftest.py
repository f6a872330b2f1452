"""What tests of several files share."""

import os

import pytest
import torch

from tests.house import House, build

# tests run side by side, on sounds and models so small that threads only wait for one another; commands inherit it
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a small archive; a test that changes it works on a copy."""
    return build(tmp_path_factory.mktemp("house"))
