from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest

from bot.sop.catalog import Catalog
from bot.sop.kind import Kind, OnHashtag
from bot.sop.language import Duration, Every, Finding, ShelfName, Sop, Tag, TemplateOf
from bot.sop.loader import Loaded, SopSet, load
from bot.sop.problems import MAX_PROBLEMS, Problem
from bot.sop.shelves import ShelfItem
from bot.sop.templates import check_with_items

COMMUNITY = """name: 原野之味
mission: 让每一餐都知道来处
rooms: [会员1群, 会员2群]
sets: {会员群: [会员1群, 会员2群]}
"""


@dataclass(frozen=True, slots=True)
class Words:
    item: ShelfItem = field(default_factory=ShelfItem)
    room: str = "会员1群"


class Post(Sop):
    every: Every
    shelf: ShelfName
    template: Annotated[str, TemplateOf(Words)]
    late_after: Duration | None = None

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        items = catalog.shelves[self.shelf].items
        return check_with_items(catalog, ("template",), self.template, lambda item: Words(item), items)


class Tagged(Sop):
    hashtag: Tag


KINDS = {
    "post": Kind("post", "发帖", Post, ()),
    "tagged": Kind("tagged", "话题", Tagged, (OnHashtag(lambda sop: (sop.hashtag,), lambda ctx: None),)),
}
POST = "sop: post\nid: {}\nname: 发帖\nevery: 周一 12:10\nshelf: 故事\ntemplate: story.j2\n"
TAGGED = "sop: tagged\nid: {}\nname: 餐桌\nhashtag: {}\nrooms: {}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which everything is right."""
    write(tmp_path / "sops/community.yaml", COMMUNITY)
    write(tmp_path / "sops/post.yaml", POST.format("post"))
    write(tmp_path / "templates/privacy_notice.j2", "我是{{ bot }}，内容留 {{ keep_days }} 天。")
    write(tmp_path / "templates/complaint_reply.j2", "看到了，{{ bot }}马上叫人。")
    write(tmp_path / "templates/story.j2", "{{ item.title }}\n{{ item.产地 }}")
    write(tmp_path / "templates/shelves/故事/01.md", "---\ntitle: 番茄\n产地: 寿光\n---\n正文")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def loaded(project: Path) -> Loaded:
    return load(project / "sops", project / "templates", KINDS)


def sops_of(project: Path) -> SopSet:
    found = loaded(project).sops
    assert found is not None
    return found


def places(problems: list[Problem]) -> list[tuple[str, int, str]]:
    return [(it.file, it.line, it.path) for it in problems]


def test_a_sound_folder_gives_its_sops_and_what_they_need(project: Path) -> None:
    assert loaded(project).problems == []
    sops = sops_of(project)
    sop = sops.sops["post"]
    assert sops.kind_of(sop).title == "发帖"
    assert sops.community.bot.name == "小助手"
    assert sops.templates.render("story.j2", Words(sops.shelves["故事"].items[0])) == "番茄\n寿光"


def test_each_sop_keeps_its_text_and_the_hash_of_it(project: Path) -> None:
    source = sops_of(project).source["post"]
    assert source.file == "sops/post.yaml"
    assert source.text == POST.format("post")
    assert source.hash == hashlib.sha256(source.text.encode()).hexdigest()


def test_a_sop_that_is_switched_off_is_declared_but_does_not_run(project: Path) -> None:
    write(project / "sops/post.yaml", POST.format("post") + "enabled: false\n")
    assert dict(sops_of(project).sops) == {}
    assert set(sops_of(project).declared) == {"post"}


def test_a_set_stands_for_its_rooms_and_a_key_for_itself(project: Path) -> None:
    write(project / "sops/post.yaml", POST.format("post") + "rooms: [会员2群, 会员群]\n")
    assert sops_of(project).sops["post"].rooms == ("会员2群", "会员1群")
    write(project / "sops/post.yaml", POST.format("post") + "rooms: 会员2群\n")
    assert sops_of(project).sops["post"].rooms == ("会员2群",)


def test_an_unknown_room_is_found_where_it_is_named(project: Path) -> None:
    write(project / "sops/post.yaml", POST.format("post") + "rooms: 会员3群\n")
    (problem,) = loaded(project).problems
    assert (problem.line, problem.column, problem.path, problem.suggestion) == (7, 8, "rooms", "会员群")


def test_a_broken_file_is_left_out_while_the_others_run(project: Path) -> None:
    write(project / "sops/broken.yaml", "sop: post\nid: [甲\n")
    assert places(loaded(project).problems) == [("sops/broken.yaml", 2, "")]
    assert set(sops_of(project).sops) == {"post"}


def test_without_a_sound_community_nothing_runs_but_all_is_checked(project: Path) -> None:
    write(project / "sops/community.yaml", COMMUNITY + "timezone: Asia/Shanhai\n")
    write(project / "sops/post.yaml", POST.format("post").replace("12:10", "25:10"))
    found = loaded(project)
    assert found.sops is None
    assert places(found.problems) == [("sops/community.yaml", 5, "timezone"), ("sops/post.yaml", 4, "every")]


def test_a_folder_without_a_community_says_so(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.sops is None
    assert places(found.problems) == [("sops/community.yaml", 1, "")]


def test_hidden_files_and_those_that_are_no_sops_are_not_read(project: Path) -> None:
    for name in (".draft.yaml", "sops.schema.json", "note.txt"):
        write(project / "sops" / name, "not: a sop\n")
    write(project / "sops/second.yml", POST.format("second"))
    assert loaded(project).problems == []
    assert set(sops_of(project).sops) == {"post", "second"}


def test_a_file_that_names_no_kind_learns_which_there_are(project: Path) -> None:
    write(project / "sops/post.yaml", "id: post\n")
    (problem,) = loaded(project).problems
    assert (problem.line, problem.path) == (1, "sop")
    assert "post、tagged" in problem.message


def test_an_id_belongs_to_the_first_file_that_has_it(project: Path) -> None:
    write(project / "sops/same.yaml", POST.format("post").replace("周一", "周三"))
    (problem,) = loaded(project).problems
    assert (problem.file, problem.line, problem.path) == ("sops/same.yaml", 2, "id")
    assert "sops/post.yaml" in problem.message
    assert sops_of(project).source["post"].file == "sops/post.yaml"


@pytest.mark.parametrize(
    ("rooms", "clashes"), [("会员1群", True), ("会员群", True), ("null", True), ("会员2群", False)]
)
def test_a_hashtag_belongs_to_one_sop_a_room(project: Path, rooms: str, clashes: bool) -> None:
    write(project / "sops/tag-1.yaml", TAGGED.format("first", "餐桌", "会员1群"))
    write(project / "sops/tag-2.yaml", TAGGED.format("second", "＃餐 桌", rooms))
    expected = [("sops/tag-2.yaml", 4, "hashtag")] if clashes else []
    assert places(loaded(project).problems) == expected
    assert ("second" in sops_of(project).sops) is not clashes


def test_a_hashtag_of_a_sop_that_is_switched_off_is_free(project: Path) -> None:
    write(project / "sops/tag-1.yaml", TAGGED.format("first", "餐桌", "会员1群") + "enabled: false\n")
    write(project / "sops/tag-2.yaml", TAGGED.format("second", "餐桌", "会员1群"))
    assert loaded(project).problems == []


def test_a_template_is_checked_with_every_item_of_its_shelf(project: Path) -> None:
    write(project / "templates/shelves/故事/02.md", "---\ntitle: 稻田\n---\n正文")
    at_template, at_name = reversed(loaded(project).problems)
    assert places([at_template, at_name]) == [
        ("templates/story.j2", 2, ""),
        ("sops/post.yaml", 6, "template"),
    ]
    assert "templates/shelves/故事/02.md" in at_template.message
    assert "templates/story.j2 第 2 行" in at_name.message


def test_a_mistake_in_a_template_is_told_once_there_and_at_each_place_that_names_it(project: Path) -> None:
    write(project / "sops/second.yaml", POST.format("second"))
    write(project / "templates/story.j2", "{{ rom }}")
    found = places(loaded(project).problems)
    assert found == [
        ("sops/post.yaml", 6, "template"),
        ("sops/second.yaml", 6, "template"),
        ("templates/story.j2", 1, "rom"),
    ]


def test_files_that_are_none_are_told_while_the_others_run(project: Path) -> None:
    os.mkfifo(project / "sops/pipe.yaml")
    (project / "sops/folder.yaml").mkdir()
    (project / "sops/loop.yaml").symlink_to("loop.yaml")
    write(project / "sops/a\nb.yaml", "sop: post\n")
    os.mkfifo(project / "templates/shelves/故事/pipe.md")
    os.mkfifo(project / "templates/pipe.j2")
    found = loaded(project)
    assert {it.file.rpartition("/")[2] for it in found.problems} == {
        "pipe.yaml", "folder.yaml", "loop.yaml", "a\nb.yaml", "pipe.md"
    }  # fmt: skip
    assert all(str(problem).isprintable() for problem in found.problems)
    assert set(sops_of(project).sops) == {"post"}


@pytest.mark.parametrize(
    "more",
    [
        "".join(f"k{number}: 1\n" for number in range(20_000)),
        "rooms: [" + "x," * 100_000 + "]\n",
        "late_after: " + "1d" * 100_000 + "\n",
        "k" * 200_000 + ": 1\n",
    ],
)
def test_a_file_full_of_mistakes_is_told_of_in_a_few_lines_and_soon(project: Path, more: str) -> None:
    write(project / "sops/wrong.yaml", POST.format("wrong") + more)
    begin = time.process_time()
    problems = loaded(project).problems
    assert time.process_time() - begin < 5
    assert 0 < len(problems) <= MAX_PROBLEMS
    assert all(len(str(problem)) < 1_000 for problem in problems)


def test_five_hundred_sops_load_in_well_under_a_second(project: Path) -> None:
    for number in range(500):
        write(project / f"sops/post-{number}.yaml", POST.format(f"post-{number}"))
    begin = time.process_time()
    sops = sops_of(project)
    assert time.process_time() - begin < 1
    assert len(sops.sops) == 501
