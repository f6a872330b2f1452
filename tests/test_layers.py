"""The folders are the architecture: imports point left only, and no module is long."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "ontology": set(),
    "store": {"ontology"},
    "queries": {"ontology", "store"},
    "ingest": {"ontology", "store"},
    "export": {"ontology", "store"},
    "truth": {"ontology", "store", "queries", "ingest", "export"},
    "api": {"ontology", "store", "queries", "ingest", "export", "truth"},
}
"""What each package may import beside itself and what is installed."""

NEVER = {"tests", "benchmarks"}
MOST_LINES = 400


def modules(root: Path) -> list[Path]:
    return sorted(path for package in MAY_IMPORT for path in (root / package).rglob("*.py"))


def imported(path: Path, package: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the top package of every import of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield node.lineno, module.partition(".")[0]
            case ast.ImportFrom():
                yield node.lineno, package
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="__import__" | "import_module")):
                for argument in node.args[:1]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield node.lineno, argument.value.partition(".")[0]


def violations(root: Path) -> list[str]:
    found = []
    for path in modules(root):
        package = path.relative_to(root).parts[0]
        for line, name in imported(path, package):
            forbidden = (MAY_IMPORT.keys() - MAY_IMPORT[package] - {package}) | NEVER
            if name in forbidden:
                found.append(f"{path.relative_to(root)}:{line} imports {name}")
    return found


def test_every_package_is_looked_at() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - NEVER <= MAY_IMPORT.keys()
    assert {path.relative_to(ROOT).parts[0] for path in modules(ROOT)} == packages - NEVER


def test_imports_point_left_only() -> None:
    assert violations(ROOT) == []


def test_the_order_is_free_of_cycles() -> None:
    for package, allowed in MAY_IMPORT.items():
        assert package not in allowed
        assert all(MAY_IMPORT[left] < allowed for left in allowed)


PLANTED = [
    ("ontology", "import store\n", "store"),
    ("store", "from ingest.decode import scan\n", "ingest"),
    ("queries", "import ingest.decode as decode\n", "ingest"),
    ("ingest", "def later():\n    from queries import answer\n    return answer\n", "queries"),
    ("ingest", "class A:\n    def b(self):\n        if True:\n            import api.cli\n", "api"),
    ("truth", "import json, api\n", "api"),
    ("truth", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from api import cli\n", "api"),
    ("store", "import importlib\nqueries = importlib.import_module('queries.library')\n", "queries"),
    ("api", "from tests.sounds import tone\n", "tests"),
    ("ontology", "import benchmarks.features\n", "benchmarks"),
]


@pytest.mark.parametrize(("package", "source", "name"), PLANTED)
def test_a_planted_import_to_the_right_is_found(tmp_path: Path, package: str, source: str, name: str) -> None:
    planted = tmp_path / package / "inner" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(source, encoding="utf-8")
    (found,) = violations(tmp_path)
    assert found.startswith(f"{package}/inner/planted.py:")
    assert found.endswith(f" imports {name}")


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("api", "from ingest.decode import scan\nimport truth.score\n"),
        ("queries", "from store import open_store\nimport queries.library\nfrom . import arguments\n"),
        ("ontology", "import json\nimport storefront\n"),
    ],
)
def test_an_import_to_the_left_is_no_violation(tmp_path: Path, package: str, source: str) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "planted.py").write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []


@pytest.mark.parametrize("path", modules(ROOT), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
