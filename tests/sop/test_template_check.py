from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.sop.shelves import Shelf, ShelfItem
from bot.sop.template_check import TemplateCheck
from bot.sop.templates import Templates


@dataclass(frozen=True, slots=True)
class Guest:
    name: str = "阿青"

    @property
    def shown(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Words:
    guests: tuple[Guest, ...] = (Guest(),)
    host: Guest = field(default_factory=Guest)
    count: int = 2
    item: ShelfItem = field(default_factory=ShelfItem)


SHELF = Shelf("故事", (ShelfItem(fields={"产地": "寿光"}),))


def check(folder: Path, source: str) -> list[tuple[int, int, str, str]]:
    (folder / "t.j2").write_text(source, encoding="utf-8")
    problems = TemplateCheck(Templates(folder), {"故事": SHELF}).problems("t.j2", Words)
    assert all(problem.file == f"{folder.name}/t.j2" for problem in problems)
    return [(it.line, it.column, it.path, it.suggestion) for it in problems]


@pytest.mark.parametrize(
    "source",
    [
        "{{ count }}{{ host.name }}{{ host.shown }}{{ item.title }}{{ item.产地 }}{{ item['产地'] }}",
        "{% for guest in guests %}{{ loop.index }}{{ guest.name }}{% else %}{{ count }}{% endfor %}",
        "{% for a in guests[:3] | sort(attribute='name') %}{{ a.name }}{% endfor %}",
        "{% set n = count + 1 %}{{ n }}{% set first = guests | first %}{{ first.name }}",
        "{% with x = count %}{{ x }}{% endwith %}",
        "{% set ns = namespace(n=0) %}{% for g in guests %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
        "{% for i in range(3) %}{{ i }}{% endfor %}",
        "{% for a, b in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
        "{% if count is odd %}独{% endif %}{{ guests | map(attribute='name') | join('、') }}",
    ],
)
def test_what_the_words_have_is_no_problem(tmp_path: Path, source: str) -> None:
    assert check(tmp_path, source) == []


NEVER = "{% if count > 99 %}"


@pytest.mark.parametrize(
    ("source", "line", "column", "path", "suggestion"),
    [
        ("{{ cuont }}", 1, 4, "cuont", "count"),
        (NEVER + "\n{% else %}" + NEVER + "{{ hots.name }}{% endif %}{% endif %}", 2, 33, "hots", "host"),
        ("好\n{{ host.nmae }}", 2, 9, "host.nmae", "name"),
        (
            "{% for g in guests %}{% if count > 99 %}{{ g.nmae }}{% endif %}{% endfor %}",
            1,
            46,
            "g.nmae",
            "name",
        ),
        ("{% set g = guests | first %}{% if count > 99 %}{{ g.nmae }}{% endif %}", 1, 53, "g.nmae", "name"),
        ("{{ guests[0].nmae }}", 1, 14, "这里.nmae", "name"),
        ("{{ item.产的 }}", 1, 9, "item.产的", "产地"),
        ("{% for g in guests %}{% endfor %}\n{{ g.name }}", 2, 4, "g", ""),
        ("{{ count | upper | uper }}", 1, 20, "uper", "upper"),
        ("{{ 1 if count is od else 2 }}", 1, 18, "od", "odd"),
        ("{% include 'x.j2' %}", 1, 13, "x.j2", "t.j2"),
        ("{% include name_of %}", 1, 1, "", ""),
        ("{% include 't.j2' %}", 1, 13, "t.j2", ""),
    ],
)
def test_what_the_words_lack_is_found_in_every_branch(
    tmp_path: Path, source: str, line: int, column: int, path: str, suggestion: str
) -> None:
    assert check(tmp_path, source) == [(line, column, path, suggestion)]


def test_what_only_rendering_shows_is_found_with_the_sample(tmp_path: Path) -> None:
    assert check(tmp_path, "好\n{{ guests[3].name }}") == [(2, 1, "", "")]


@pytest.mark.parametrize(
    ("source", "line", "column", "path", "suggestion"),
    [
        ("{{ 1 }}\n{% if count %}\n好", 3, 1, "", ""),
        ("好\n{% macro m() %}{% endmacro %}", 2, 1, "", ""),
        ("{{ " + "(" * 5_000 + ")" * 5_000 + " }}", 1, 1, "", ""),
        ("{{ " + "9" * 5_000 + " }}", 1, 1, "", ""),
    ],
)
def test_what_is_no_template_at_all_is_one_problem(
    tmp_path: Path, source: str, line: int, column: int, path: str, suggestion: str
) -> None:
    assert check(tmp_path, source) == [(line, column, path, suggestion)]


def test_an_included_template_is_checked_with_the_words_of_its_includer(tmp_path: Path) -> None:
    (tmp_path / "sign.j2").write_text("{{ extra }}{{ cuont }}", encoding="utf-8")
    (tmp_path / "t.j2").write_text("{% set extra = 1 %}{% include 'sign.j2' %}", encoding="utf-8")
    (problem,) = TemplateCheck(Templates(tmp_path), {}).problems("t.j2", Words)
    assert (problem.file, problem.column, problem.suggestion) == (f"{tmp_path.name}/sign.j2", 15, "count")


def test_without_shelves_an_item_has_its_own_words_only(tmp_path: Path) -> None:
    (tmp_path / "t.j2").write_text("{{ item.title }}{{ item.产地 }}", encoding="utf-8")
    (problem,) = TemplateCheck(Templates(tmp_path), {}).problems("t.j2", Words)
    assert problem.path == "item.产地"


def test_templates_that_include_each_other_again_and_again_are_checked_in_no_time(tmp_path: Path) -> None:
    for number in range(30):
        twice = f"{{% include 'd{number + 1}.j2' %}}" * 2
        (tmp_path / f"d{number}.j2").write_text(twice, encoding="utf-8")
    (tmp_path / "d30.j2").write_text("好", encoding="utf-8")
    problems = TemplateCheck(Templates(tmp_path), {}).problems("d0.j2", Words)
    assert problems
    assert all("太多了" in problem.message for problem in problems)
