"""The page ``docs/competency-questions.md``, written from the questions: ``python -m ontology.competency``."""

from collections.abc import Iterable

from ontology.competency import FOLDER, Question, load_questions

__all__ = ["PAGE", "main", "page"]

PAGE = FOLDER.parent.parent / "docs" / "competency-questions.md"
"""Where the page stands."""

_HERE = "../ontology/competency"
_INTRODUCTION = """\
# Competency questions

What a musicologist would ask of an archive, in plain words, each with its SPARQL and a small graph that proves the
answer. The list says what the ontology must be able to answer (Grüninger and Fox 1995), and it is a test:
`tests/test_competency.py` asks each question with two SPARQL engines and compares the answers with those below.

**The works, their composers and their years are facts. The recordings, the describers, and all that is claimed, judged
and measured here are invented examples: nothing on this page says anything about a real work.** Each graph is read
together with [what they share](../ontology/competency/common.trig), and holds near misses: statements that a wrong
query would find.

This page is generated: `python -m ontology.competency`.
"""


def page(questions: Iterable[Question]) -> str:
    """Return the page in Markdown.

    Parameters
    ----------
    questions : iterable of Question

    Returns
    -------
    str
    """
    questions = tuple(questions)
    contents = "".join(f"- [{question.name[:2]}](#{question.name[:2]}) {question.summary}\n" for question in questions)
    return "\n".join([_INTRODUCTION, contents, *(_section(question) for question in questions)])


def _section(question: Question) -> str:
    number = question.name[:2]
    near = "".join(f"- {text}\n" for text in question.near_misses)
    tags = ", ".join(question.tags)
    return f"""\
<a id="{number}"></a>

## {number}. {question.summary}

{question.description.strip()}

{_table(question)}
Must not be in the answer:

{near}
{_asked(question)}
Files: [question]({_HERE}/{question.name}.rq), [graph]({_HERE}/{question.name}.trig),
[answer]({_HERE}/{question.name}.csv). About: {tags}.
"""


def _table(question: Question) -> str:
    lines = [tuple(question.columns), ("---",) * len(question.columns), *question.rows]
    table = "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)
    meanings = "".join(f"- `{name}`: {meaning}\n" for name, meaning in question.columns.items())
    return f"{table}\n<details><summary>What the columns mean</summary>\n\n{meanings}\n</details>\n"


def _cell(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return f"<{text}>" if text.startswith("https://") else escaped


def _asked(question: Question) -> str:
    if question.query is None:
        return f"<details><summary>SPARQL</summary>\n\n```sparql\n{question.sparql}\n```\n\n</details>\n"
    arguments = "".join(f" --param {name}={_quoted(value)}" for name, value in question.arguments.items())
    stored = f"[`{question.query}`](../queries/{question.query}.rq)"
    return f"Answered by the stored question {stored}: `acousma ask {question.query}{arguments}`\n"


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(load_questions()), encoding="utf-8")
