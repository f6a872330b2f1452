"""What tests of several files share."""

from collections.abc import Iterator

import pytest
import torch

from tests.house import House, build


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a small archive; a test that changes it works on a copy."""
    return build(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Let torch use one thread: tiny models are slower on several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
