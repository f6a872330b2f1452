"""The first view of two hours is small; tests/test_workbench_browser.py measures it with ten thousand claims."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import api.workbench
from tests.endpoint import Endpoint, serving
from tests.shelf import build

MOST_BYTES = 300_000
STATIC = Path(api.workbench.__file__).parent / "static"


pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    shelf = build(tmp_path_factory.mktemp("first"))
    with serving(shelf.archive, base_iri="http://localhost:8000/") as made:
        yield made


def _modules(names: set[str]) -> set[str]:
    """Return scripts with those that they import, directly or not."""
    found: set[str] = set()
    while names - found:
        name = (names - found).pop()
        found.add(name)
        names |= set(re.findall(r'from "\./([\w-]+\.js)"', (STATIC / name).read_text(encoding="utf-8")))
    return found


def test_the_first_view_of_two_hours_is_under_300_kb_before_tiles(endpoint: Endpoint) -> None:
    headers = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=endpoint.base, headers=headers, timeout=60) as client:
        page = client.get("/workbench/recording/long").raise_for_status()
        linked = {name.replace("../", "") for name in re.findall(r'(?:src|href)="([./]+[^"]*static/[^"]+)"', page.text)}
        scripts = _modules({Path(name).name for name in linked if name.endswith(".js")})
        assert {"timeline.js", "layers.js", "tiles.js", "bench.js"} <= scripts
        files = linked | {f"workbench/static/{name}" for name in scripts} | {"workbench/layers/recording/long"}
        sizes = {name: client.get(f"/{name}").raise_for_status().num_bytes_downloaded for name in sorted(files)}
    assert page.num_bytes_downloaded + sum(sizes.values()) < MOST_BYTES, sizes
