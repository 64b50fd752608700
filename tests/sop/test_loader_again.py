"""A folder that is read again and again gives what a first reading of it would give."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.sop.kinds import collect
from bot.sop.loader import Loaded, Loader, load

ROOT = Path(__file__).parents[2]
KINDS = collect()
PICTURE = "templates/shelves/溯源故事/farm.jpg"
COMMUNITY = "name: 原野\nmission: 在一起\nrooms: [{}]\n"
DAY = """sop: theme_day
id: {}
name: 一天
rooms: {}
every: 周一 12:10
post: {{shelf: 溯源故事, template: {}}}
"""
LONG = "番茄" * 1_001
ITEM = "---\ntitle: {}\n农场: farm.jpg\n---\n正文\n"
TEXTS = {
    "sops/community.yaml": (COMMUNITY.format("一群, 二群"), COMMUNITY.format("一群"), "name: 原野\n", ""),
    "sops/a.yaml": (
        DAY.format("a", "一群", "post.j2"),
        DAY.format("a", "二群", "post.j2"),
        DAY.format("b", "一群", "other.j2"),
        DAY.format("a", "一群", "post.j2").replace("}", ", pictures: [农场]}"),
    ),
    "sops/b.yaml": (DAY.format("b", "一群", "post.j2"), "sop: theme_day\n", "\t", ""),
    "templates/post.j2": (
        "{{ item.title }}",
        "{{ item.titel }}",
        "{{ item.title }",
        "{% include 'sign.j2' %}",
    ),
    "templates/other.j2": ("{{ item.title }}{% if item.做法 is defined %}{{ item.做法 }}{% endif %}", ""),
    "templates/sign.j2": ("{{ item.title }}", "{{ item.农场 }}", "{{ nobody }}"),
    "templates/shelves/溯源故事/01.md": (
        ITEM.format("番茄"),
        ITEM.format("番茄").replace("农场", "产地"),
        ITEM.format(LONG),
    ),
    "templates/shelves/食谱/01.md": (ITEM.format("牛腩").replace("农场", "做法"), "正文"),
    PICTURE: ("picture",),
}
"""What the files of the folder may say; each may also be missing."""
CHANGES = st.sampled_from([(file, text) for file, texts in TEXTS.items() for text in (*texts, None)])


@contextmanager
def folder() -> Iterator[Path]:
    """All in order but for the picture, which nobody put there yet."""
    with tempfile.TemporaryDirectory() as name:
        for file, texts in TEXTS.items():
            change(Path(name), file, None if file == PICTURE else texts[0])
        for template in ("privacy_notice.j2", "complaint_reply.j2"):
            shutil.copy(ROOT / "templates" / template, Path(name) / "templates")
        yield Path(name)


def change(folder: Path, file: str, text: str | None) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text, "utf-8")


def said(loaded: Loaded) -> object:
    """All that a reading tells, with the words that the templates have in it."""
    sops = loaded.sops
    if sops is None:
        return loaded.problems
    words = [(name, sops.templates.environment.folder.texts[name]) for name in sops.templates.names()]
    told = (
        sops.community,
        dict(sops.sops),
        dict(sops.declared),
        dict(sops.source),
        dict(sops.shelves),
        words,
    )
    return loaded.problems, sops.left_out, *told


@given(st.lists(st.lists(CHANGES, max_size=3), min_size=1, max_size=6))
@example([[("sops/a.yaml", TEXTS["sops/a.yaml"][-1])], [(PICTURE, "picture")]])
@example([[("sops/a.yaml", TEXTS["sops/a.yaml"][1])], [("sops/community.yaml", COMMUNITY.format("一群"))]])
@example([[("templates/shelves/溯源故事/01.md", ITEM.format(LONG))]])
@example([[("sops/a.yaml", TEXTS["sops/a.yaml"][2])], [("templates/shelves/食谱/01.md", "正文")]])
@example([[("templates/post.j2", "{% include 'sign.j2' %}")], [("templates/sign.j2", "{{ nobody }}")]])
@settings(max_examples=150)
def test_whatever_is_saved_in_between(rounds: list[list[tuple[str, str | None]]]) -> None:
    with folder() as path:
        again = Loader(path / "sops", path / "templates", KINDS)
        assert again().problems == []
        for changes in rounds:
            for file, text in changes:
                change(path, file, text)
            assert said(again()) == said(load(path / "sops", path / "templates", KINDS))


def test_what_did_not_change_is_neither_parsed_nor_judged_again() -> None:
    with folder() as path:
        again = Loader(path / "sops", path / "templates", KINDS)
        first = again()
        change(path, "sops/b.yaml", DAY.format("c", "一群", "post.j2"))
        second = again()
        assert second.files["sops/a.yaml"] is first.files["sops/a.yaml"]
        assert second.files["sops/b.yaml"] is not first.files["sops/b.yaml"]
        change(path, "templates/post.j2", "{{ item.body }}")
        third = again()
        assert third.files["sops/a.yaml"] is not first.files["sops/a.yaml"]
        assert third.files["sops/a.yaml"].document is first.files["sops/a.yaml"].document
