from __future__ import annotations

from pathlib import Path

import pytest

from bot.sop import shelves
from bot.sop.problems import Problem
from bot.sop.shelves import ShelfItem


def load(folder: Path, **files: str) -> tuple[list[ShelfItem], list[Problem]]:
    shelf = folder / "templates" / "shelves" / "故事"
    shelf.mkdir(parents=True)
    for name, text in files.items():
        (shelf / f"{name}.md").write_text(text, encoding="utf-8")
    found, problems = shelves.load(folder / "templates")
    return list(found["故事"].items), problems


def test_items_come_in_the_order_of_their_file_names(tmp_path: Path) -> None:
    story = "---\ntitle: {}\n产地: 寿光\n标签: [番茄, 大棚]\n---\n\n正文\n第二行\n"
    items, problems = load(tmp_path, b=story.format("后"), a=story.format("先"))
    assert problems == []
    assert [(item.id, item.title) for item in items] == [("a", "先"), ("b", "后")]
    assert items[0].body == "正文\n第二行"
    assert items[0]["产地"] == "寿光"
    assert items[0].fields == {"产地": "寿光", "标签": ["番茄", "大棚"]}


@pytest.mark.parametrize(
    ("text", "line", "path", "reason"),
    [
        ("正文", 1, "", "缺少用 --- 围起来的说明"),
        ("---\n产地: 寿光\n---\n正文", 1, "title", "缺少标题"),
        ("---\ntitle: 2026\n---\n正文", 2, "title", "标题要写成文字"),
        ("---\ntitle: 好\ntitle: 坏\n---\n正文", 3, "title", "写了两次"),
        ("---\ntitle: 好\n产地: {省: 山东}\n---\n正文", 3, "产地", "文字、数字或文字的列表"),
        ("---\ntitle: 好\n产地:\n---\n正文", 3, "产地", "文字、数字或文字的列表"),
        ("---\ntitle: 好\nbody: 坏\n---\n正文", 3, "body", "有别的用处"),
        ("---\ntitle: 好\n---\n\n", 4, "", "缺少正文"),
        ("---\ntitle: [甲\n---\n正文", 2, "", "方括号没有收住"),
    ],
)
def test_an_item_with_a_mistake_is_left_out(
    tmp_path: Path, text: str, line: int, path: str, reason: str
) -> None:
    items, problems = load(tmp_path, good="---\ntitle: 好\n---\n正文", wrong=text)
    assert [item.id for item in items] == ["good"]
    (problem,) = problems
    assert (problem.file, problem.line, problem.path) == ("templates/shelves/故事/wrong.md", line, path)
    assert reason in problem.message


def test_there_need_be_no_shelves(tmp_path: Path) -> None:
    assert shelves.load(tmp_path) == ({}, [])
