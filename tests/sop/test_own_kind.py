"""A kind of one's own: one module in a folder, no file of ``bot/`` touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIND = '''
"""Says the time of day when asked."""

from bot.sop.kind import Command, Kind, OnHashtag, Who
from bot.sop.language import Sop, Tag


class Cuckoo(Sop):
    tag: Tag
    times: int = 1


def called(ctx):
    ctx.record("cuckoo_called", person=ctx.heard.person)


def show(ctx):
    ctx.reply("咕咕")


KIND = Kind(
    name="cuckoo",
    title="报时",
    model=Cuckoo,
    behaviours=(OnHashtag(tags=lambda sop: (sop.tag,), act=called),),
    commands=(Command(("cuckoo", "报时"), Who.MEMBER, "听一声布谷", show),),
    names=frozenset({"cuckoo_called"}),
)
'''
SCENARIO = """
scenario: 自己写的种类，有话题，有命令，在帮助里
sops: [wall-clock]
talk:
  - {at: 周一 10:00, who: 甲, say: "#布谷# 几点啦"}
  - {who: 甲, say: /报时}
  - {bot: 咕咕}
  - {who: 甲, say: /帮助}
  - {bot: /报时 听一声布谷}
expect: {cuckoo_called: 1}
"""


def bot(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BOT_KINDS": "kinds", "BOT_SOPS": "sops"}
    environment["BOT_TEMPLATES"] = str(ROOT / "templates")
    command = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def prepare(folder: Path, sop: str) -> None:
    for name in ("kinds", "sops"):
        (folder / name).mkdir()
    (folder / "kinds" / "cuckoo.py").write_text(KIND)
    (folder / "sops" / "community.yaml").write_text("name: 原野\nmission: 在一起\nrooms: [会员1群]\n")
    (folder / "sops" / "wall-clock.yaml").write_text(sop)
    (folder / "cuckoo.yaml").write_text(SCENARIO)


def test_it_is_loaded_played_and_in_the_help(tmp_path: Path) -> None:
    prepare(tmp_path, "sop: cuckoo\nid: wall-clock\nname: 挂钟\ntag: 布谷\n")
    assert "1 个 SOP 都可以用" in bot(tmp_path, "check").stdout
    played = bot(tmp_path, "test", "cuckoo.yaml")
    assert played.returncode == 0, played.stdout + played.stderr


def test_its_files_are_checked_like_all_others(tmp_path: Path) -> None:
    prepare(tmp_path, "sop: cuckoo\nid: wall-clock\nname: 挂钟\ntga: 布谷\ntimes: 两次\n")
    outcome = bot(tmp_path, "check", "--json")
    assert outcome.returncode == 1
    found = {(it["line"], it["path"], it["suggestion"]) for it in json.loads(outcome.stdout)}
    assert {(4, "tga", "tag"), (5, "times", found_suggestion(found, "times"))} <= found
    assert any(path == "tag" for _, path, _ in found), "the missing key is named"


def found_suggestion(found: set[tuple[int, str, str]], path: str) -> str:
    return next(suggestion for _, where, suggestion in found if where == path)
