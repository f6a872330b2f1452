"""Catalogues: tables as people save them, and problems that name the row and what to do."""

from pathlib import Path

import pytest

from ingest.catalogue import SURPLUS, Catalogue, read_catalogue, read_table
from ontology.errors import CatalogueError
from ontology.values import Work
from tests.sounds import table

HEADER = "file,title,creator,year,source,licence"
BELL = Work("Bell", "A. Maker", 1975, "https://example.org/bell", "CC0")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three files; a catalogue does not look into them."""
    for name in ("bell.wav", "sub folder/звук.wav", "crow.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def read(folder: Path, *rows: str, encoding: str = "utf-8") -> Catalogue:
    return read_catalogue(table(folder / "works.csv", rows, encoding))


def works(catalogue: Catalogue) -> dict[str, Work]:
    return {path.name: work for path, work in catalogue.works.items()}


def only_problem(catalogue: Catalogue) -> str:
    (problem,) = catalogue.problems
    return str(problem)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_program_saved_it(folder: Path, delimiter: str, encoding: str, ending: str) -> None:
    rows = [HEADER, "bell.wav,Bell,A. Maker,1975,https://example.org/bell,CC0", "sub folder/звук.wav,Звук,,,,"]
    text = "".join(row.replace(",", delimiter) + ending for row in rows)
    (folder / "works.csv").write_bytes(text.encode(encoding))
    catalogue = read_catalogue(folder / "works.csv")
    assert works(catalogue) == {"bell.wav": BELL, "звук.wav": Work("Звук")}
    assert catalogue.problems == ()


def test_columns_may_stand_in_any_order_beside_others(folder: Path) -> None:
    catalogue = read(folder, "shelf, year ,title,file", "B 12,1975,Bell,bell.wav")
    assert works(catalogue) == {"bell.wav": Work("Bell", year=1975)}


def test_only_the_file_has_to_be_named(folder: Path) -> None:
    assert works(read(folder, "file", "bell.wav")) == {"bell.wav": Work("bell")}


def test_cells_are_taken_without_the_space_around_them(folder: Path) -> None:
    assert works(read(folder, HEADER, " bell.wav , Bell , A. Maker ,1975, https://example.org/bell ,CC0")) == {
        "bell.wav": BELL
    }


def test_a_quoted_cell_may_hold_delimiters_and_lines(folder: Path) -> None:
    catalogue = read(
        folder, "file,title,year", 'bell.wav,"Bell, and\nits echo\u2028once more",1975', "crow.wav,Crow,19"
    )
    assert works(catalogue)["bell.wav"] == Work("Bell, and\nits echo\u2028once more", year=1975)
    assert "line 4: '19' is no year" in only_problem(catalogue)


def test_a_file_without_a_row_is_titled_by_its_name(folder: Path) -> None:
    assert read(folder, "file", "bell.wav").work(folder / "crow.wav") == Work("crow")
    assert Catalogue().work(folder / "sub folder" / "звук.wav") == Work("звук")


def test_paths_are_read_from_the_folder_of_the_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "lists").mkdir()
    table(folder / "lists" / "works.csv", ["file,title", "../bell.wav,Bell", f"{folder}/crow.wav,Crow"])
    monkeypatch.chdir(folder)
    catalogue = read_catalogue(Path("lists/works.csv"))
    assert catalogue.work(Path("bell.wav")) == Work("Bell")
    assert catalogue.work(Path("crow.wav")) == Work("Crow")


# -- problems of rows ----------------------------------------------------------------------------


def test_a_row_whose_file_is_not_there_is_named_and_the_others_are_used(folder: Path) -> None:
    catalogue = read(folder, "file,title", "bell.wav,Bell", "", "gone.wav,Gone", "crow.wav,Crow")
    assert sorted(works(catalogue)) == ["bell.wav", "crow.wav"]
    message = only_problem(catalogue)
    assert f"{folder / 'works.csv'}, line 4: gone.wav is not there" in message
    assert f"Expected: a file at {folder / 'gone.wav'}" in message
    assert "To do: " in message


@pytest.mark.parametrize("year", ["0000", "75", "c. 1975", "1975-76", "19750", "-500", "MCMLXXV", "1975.0", "²⁰²⁵"])
def test_a_bad_year_is_named_and_the_work_is_taken_without_one(folder: Path, year: str) -> None:
    catalogue = read(folder, "file,title,year", f"bell.wav,Bell,{year}")
    assert works(catalogue) == {"bell.wav": Work("Bell")}
    message = only_problem(catalogue)
    assert f"line 2: {year!r} is no year" in message
    assert "Expected: four digits" in message
    assert "bell.wav is taken in without a year" in message


def test_of_two_rows_for_one_file_the_first_counts_and_the_second_is_named(folder: Path) -> None:
    catalogue = read(folder, "file,title", "bell.wav,Bell", "./sub folder/../bell.wav,Gong")
    assert works(catalogue) == {"bell.wav": Work("Bell")}
    message = only_problem(catalogue)
    assert "line 3: ./sub folder/../bell.wav has a row above" in message
    assert "delete one" in message


def test_a_row_without_a_file_is_named(folder: Path) -> None:
    catalogue = read(folder, "file,title", ",Bell", "bell.wav,Bell")
    assert works(catalogue) == {"bell.wav": Work("Bell")}
    assert "line 2: no file is named" in only_problem(catalogue)


def test_a_folder_is_no_sound_file(folder: Path) -> None:
    assert "sub folder is not there" in only_problem(read(folder, "file", "sub folder"))


def test_rows_without_a_word_are_no_problem(folder: Path) -> None:
    catalogue = read(folder, "file,title,year", ",,", "bell.wav,Bell,", "", " , ,", "bell.wav")
    assert works(catalogue) == {"bell.wav": Work("Bell")}
    assert "line 6: bell.wav has a row above" in only_problem(catalogue)


# -- problems of the whole table -----------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(CatalogueError) as raised:
        read_catalogue(path)
    message = str(raised.value)
    assert str(path) in message
    assert "Expected: " in message
    assert "To do: " in message
    return message


def test_a_missing_catalogue_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "gone.csv")


def test_a_folder_in_place_of_a_catalogue_is_refused(tmp_path: Path) -> None:
    assert "Is a directory" in refused(tmp_path)


def test_a_catalogue_without_the_column_file_is_refused_and_shows_its_columns(folder: Path) -> None:
    message = refused(table(folder / "works.csv", ["path,title", "bell.wav,Bell"]))
    assert "has the columns path, title" in message
    assert "also file" in message


def test_an_empty_catalogue_is_refused(folder: Path) -> None:
    assert "(none)" in refused(table(folder / "works.csv", []))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_catalogue_that_is_no_utf_8_is_refused_and_told_how_to_save_it(folder: Path, encoding: str) -> None:
    message = refused(table(folder / "works.csv", ["file,title", "bell.wav,Étude"], encoding))
    assert "save it as UTF-8" in message


def test_an_open_quotation_mark_is_refused_with_its_line(folder: Path) -> None:
    message = refused(table(folder / "works.csv", ["file,title", 'bell.wav,"Bell', "crow.wav,Crow"]))
    assert "line 3" in message
    assert "quotation mark" in message


def test_a_row_with_a_comma_too_many_is_named_and_left_out(folder: Path) -> None:
    catalogue = read(folder, "file,title,year", "bell.wav,Bell, struck,1975", "crow.wav,Crow,1980")
    assert works(catalogue) == {"crow.wav": Work("Crow", year=1980)}
    assert "line 2: '1975' stands beyond the last column" in only_problem(catalogue)


def test_every_column_is_there_in_every_row(folder: Path) -> None:
    path = table(folder / "works.csv", ["file,title,year", "a", "b,B,1975,more,and more"])
    assert read_table(path, ["file"], CatalogueError) == [
        (2, {"file": "a", "title": "", "year": "", SURPLUS: ""}),
        (3, {"file": "b", "title": "B", "year": "1975", SURPLUS: "more and more"}),
    ]
