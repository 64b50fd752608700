from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ImportFailed
from bot.ingest import files

LINES = "订单编号,买家\nA1,甲\nA2,乙\n"


def read(path: Path) -> tuple[list[str], list[tuple[int, list[str] | None]], str]:
    with files.opened(path) as table:
        return table.header, list(table.rows), table.encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_read_whatever_the_spreadsheet_made_of_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(LINES.replace("\n", end).encode(encoding))
    header, rows, _ = read(path)
    assert header == ["订单编号", "买家"]
    assert rows == [(2, ["A1", "甲"]), (3, ["A2", "乙"])]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_columns_may_be_apart_by_something_else(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(LINES.replace(",", delimiter), "utf-8")
    assert read(path)[1][0] == (2, ["A1", "甲"])


def test_a_cell_may_have_lines_and_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\n订单编号,买家\nA1,"甲,\n住东边"\nA2,乙\n', "utf-8")
    assert read(path)[1] == [(4, ["A1", "甲,\n住东边"]), (5, ["A2", "乙"])]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "是空的"),
        (b" \n ", "是空的"),
        (b"PK\x03\x04rest", "Excel"),
        (b"a\x00b,c\n", "不是文本"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match=why):
        read(path)


def test_bytes_that_are_wrong_far_down_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * files.HEAD + "甲,乙\n".encode("gbk"))
    with pytest.raises(ImportFailed, match="另存为 UTF-8"):
        read(path)


def test_a_character_cut_by_the_end_of_the_head_is_none_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ab\n" + "甲" * files.HEAD, "utf-8")
    assert read(path)[2] == "utf-8-sig"


def test_lines_of_json_have_the_columns_of_any_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"a": 1, "b": 59.90}\n\nnot json\n[1]\n{"a": null, "c": ["x", {"n": "y", "k": 2}, [[[["no"]]]]]}\n',
        "utf-8",
    )
    assert read(path)[:2] == (
        ["a", "b", "c"],
        [(1, ["1", "59.90", ""]), (3, None), (4, None), (5, ["", "", "x；y 2；"])],
    )


def test_a_file_of_json_without_an_object_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("[1]\n[2]\n")
    with pytest.raises(ImportFailed, match="一行一个"):
        read(path)
