"""The documentation says what the program does: the command reference is generated, the README's commands run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def reference() -> str:
    command = [sys.executable, "-m", "typer", "api.cli", "utils", "docs", "--name", "acousma"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() + "\n"


def commands() -> list[str]:
    """The `acousma` lines of the README's console blocks, continued lines joined, comments taken off."""
    blocks = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    lines = re.findall(r"^\$ (acousma .*(?:\n    .*)*)", blocks, re.MULTILINE)
    return [re.sub(r"\s{2,}#.*$", "", line.replace("\n", " ")).strip() for line in lines]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    done = acousma(folder, ["ingest", str(ROOT / "demo" / "sounds" / "elec_bell.flac"),
                            str(ROOT / "demo" / "sounds" / "misc_crow.flac")])  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def acousma(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "acousma"), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_command_reference_is_current() -> None:
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").strip() == reference().strip(), (
        "run: python -m typer api.cli utils docs --name acousma > docs/cli.md"
    )


def test_every_command_has_examples() -> None:
    sections = re.split(r"^## ", reference(), flags=re.MULTILINE)[1:]
    assert len(sections) >= 11
    assert [
        section.split("\n")[0] for section in sections if "**Examples**" not in section and "next" not in section
    ] == []


def test_the_readme_names_commands() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("command", [line for line in commands() if "serve" not in line])
def test_a_command_of_the_readme_runs(archive: Path, command: str) -> None:
    words = shlex.split(command)[1:]
    replaced = {
        "path/to/your/sounds": str(ROOT / "demo" / "sounds" / "misc_crow.flac"),
        "path/to/catalogue.csv": str(ROOT / "demo" / "catalogue.csv"),
        "Part of a title": "crow",
    }
    done = acousma(archive, [replaced.get(word, word) for word in words])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_links_of_the_documentation_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
