"""What tests of several files share."""

import pytest

from tests.house import House, build


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a small archive; a test that changes it works on a copy."""
    return build(tmp_path_factory.mktemp("house"))
