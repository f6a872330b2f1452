"""The page of questions has every stored question as its file has it, with an answer."""

from pathlib import Path

import pytest

from api.question_page import PAGE, page, section
from queries import StoredQuery, load_queries
from store import open_store
from tests.test_queries import filled

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("query", load_queries().values(), ids=lambda query: query.name)
def test_the_page_has_what_a_question_says_of_itself(query: StoredQuery) -> None:
    part = TEXT.partition(f'<a id="{query.name}"></a>')[2].partition("<a id=")[0]
    assert f"## {query.summary}\n" in part, "run: python -m api.question_page archive"
    assert query.description.strip() in part
    assert all(f"| `{parameter.name}` | " in part for parameter in query.parameters)
    assert f"`acousma ask {query.name}" in part


def test_the_page_has_no_question_that_is_gone() -> None:
    assert TEXT.count("<a id=") == len(load_queries())


def test_a_page_is_made_from_an_archive(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", writable=True) as store:
        filled(store)
        works = section(load_queries()["works"], store)
        assert "| Kiefernwald |" in works
        assert "archive.example.org" not in works
        assert "The demo archive has no answer." in section(load_queries()["words"], store)
        assert page([], store).startswith("# Questions")
