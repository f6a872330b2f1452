"""Rows are counted exactly in the bytes of an answer, wherever the blocks are cut."""

import random

import pyoxigraph as ox
import pytest

from store import TABLE_TYPES
from store._worker import RowCounter, row_counter

NASTY = [
    '},{"',
    '"},{"',
    '\\"},{\\"',
    "\\",
    "\\\\",
    '\\"',
    '"',
    '""',
    "},{",
    "},{}",
    '"},{}',
    "},",
    "{",
    '},{",',
    '},{"}',
    "\n",
    "\r\n",
    'a,"b"\n',
    ",\n",
    "\t",
    "\\n",
    "<result>",
    "</result><result>",
    "&lt;result&gt;",
    "]]><result>",
    "é\u2028😀",
    "",
    ":{",
    '},{"x":{"type":"uri',
    '},{\\"x\\":{',
]


def results(rows: list[list[str | None]]) -> ox.QuerySolutions:
    """Answer with exactly these rows of literals."""
    names = [f"?v{n}" for n in range(len(rows[0]))] if rows else ["?v0"]
    lines = "\n".join(
        f"({' '.join('UNDEF' if value is None else str(ox.Literal(value)) for value in row)})" for row in rows
    )
    answer = ox.Store().query(f"SELECT {' '.join(names)} {{ VALUES ({' '.join(names)}) {{ {lines} }} }}")
    assert isinstance(answer, ox.QuerySolutions)
    return answer


def counted(counter: RowCounter | None, data: bytes, cuts: list[int]) -> int:
    assert counter is not None
    rows = 0
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        rows = counter.feed(data[start:end])
    return rows


def serialised(rows: list[list[str | None]], media_type: str) -> bytes:
    data = results(rows).serialize(format=ox.QueryResultsFormat.from_media_type(media_type))
    assert data is not None
    return data


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_nasty_literals_do_not_disturb_the_count_at_any_cut(media_type: str) -> None:
    rows: list[list[str | None]] = [[value, other] for value in NASTY for other in ("", '},{"', "\n<result>")]
    data = serialised(rows, media_type)
    for size in (1, 2, 3, 5, 7, 64, len(data)):
        assert counted(row_counter(media_type), data, list(range(size, len(data), size))) == len(rows), size


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_random_answers_are_counted_exactly(media_type: str) -> None:
    chance = random.Random(media_type)
    for _ in range(150):
        width = chance.randint(1, 3)
        rows: list[list[str | None]] = [
            [chance.choice([None, None, "".join(chance.choices(NASTY, k=3))]) for _ in range(width)]
            for _ in range(chance.randint(1, 12))
        ]
        data = serialised(rows, media_type)
        cuts = sorted(chance.choices(range(len(data)), k=chance.randint(0, 6)))
        assert counted(row_counter(media_type), data, cuts) == len(rows), (rows, cuts)


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_rows_without_any_value_are_counted(media_type: str) -> None:
    data = serialised([[None]] * 40, media_type)
    assert counted(row_counter(media_type), data, []) == 40
    assert counted(row_counter(media_type), data, list(range(4, len(data), 4))) == 40


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_iris_and_triple_terms_are_counted(media_type: str) -> None:
    term = '<<( <http://e/a> <http://e/b> "},{\\"" )>>'
    answer = ox.Store().query(f"SELECT * {{ VALUES (?a ?b) {{ {f'(<http://e/x> {term})' * 9} }} }}")
    assert isinstance(answer, ox.QuerySolutions)
    data = answer.serialize(format=ox.QueryResultsFormat.from_media_type(media_type))
    assert data is not None
    assert counted(row_counter(media_type), data, [len(data) // 2]) == 9


@pytest.mark.parametrize("media_type", TABLE_TYPES)
def test_an_empty_answer_never_counts_as_more_than_one_row(media_type: str) -> None:
    assert counted(row_counter(media_type), serialised([], media_type), []) <= 1


def test_triples_are_counted_in_n_triples() -> None:
    triples = [
        ox.Triple(ox.NamedNode(f"http://e/{n}"), ox.NamedNode("http://e/p"), ox.Literal(value))
        for n, value in enumerate(NASTY)
    ]
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert data is not None
    assert counted(row_counter("application/n-triples"), data, [7, 70]) == len(NASTY)
