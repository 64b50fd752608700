"""``bot run`` as its operator lives with it: files are saved, broken and mended, and it goes on."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import app
from bot.events import Chat
from bot.people import directory
from bot.store.writer import Writer
from tests.builders import KEY
from tests.e2e.process import ROOT, Bot
from tests.gateway.gateway import EXPERT, FRIEND, ROOM, Gateway

COMMUNITY = f"""name: 原野之味
mission: 让每一餐都知道来处
rooms: [{KEY}]
guard: {{hours: {{每天: 00:00-24:00}}}}
"""
CHALLENGE = """sop: challenge
id: table
name: 餐桌
hashtag: 我的原野餐桌
days: 2020-01-01 到 2099-12-31
entry: {needs: [文字]}
receipt: {gather: 1s, template: table_receipt.j2}
"""
SAVES, LIVE_WITHIN = 20, 2.0
"""In a second; seconds after which the last is in force, on a busy machine."""


@pytest.fixture
def bot(gateway: Gateway, tmp_path: Path) -> Iterator[Bot]:
    """A bot with one enabled room and without SOPs."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "sops").mkdir()
    (tmp_path / "sops" / "community.yaml").write_text(COMMUNITY, encoding="utf-8")
    bot = Bot(tmp_path, gateway)
    writer = Writer(app.open_database(f"sqlite:///{bot.database}"))
    with writer.transaction(datetime.now(UTC)) as tx:
        directory.bind_room(tx, "main", Chat(ROOM, "会员群"), KEY)
    writer.close()
    writer.engine.dispose()
    yield bot
    bot.kill()


async def answered(gateway: Gateway, words: str) -> None:
    await gateway.wait_for_sent(lambda sent: any(words in it["text"] for it in sent))


async def test_what_is_saved_is_live_and_what_is_broken_is_not(
    gateway: Gateway, bot: Bot, tmp_path: Path
) -> None:
    sop, receipt = tmp_path / "sops" / "table.yaml", tmp_path / "templates" / "table_receipt.j2"
    await bot.start()
    code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
    await bot.wait_for("link up")
    await gateway.say(f"/claim {code}", by=FRIEND, room=None)
    await answered(gateway, "认领成功")

    sop.write_text(CHALLENGE, encoding="utf-8")
    await bot.wait_for("reloaded +1 ~0 -0")
    await gateway.say("#我的原野餐桌# 番茄牛腩", by=EXPERT)
    await answered(gateway, "1桌")

    seen = bot.lines
    words = receipt.read_text("utf-8")
    receipt.write_text("{{ entries[0].name }", encoding="utf-8")
    await bot.wait_for("not reloaded", after=seen)
    await answered(gateway, "没有装，照旧用原来的。")
    await gateway.say("#我的原野餐桌# 羊排", by=FRIEND)
    await answered(gateway, "又添1桌")

    receipt.write_text(words, encoding="utf-8")
    for n in range(SAVES):
        sop.write_text(CHALLENGE.replace("name: 餐桌", f"name: 第{n}次存"), encoding="utf-8")
        await asyncio.sleep(1 / SAVES)
    await asyncio.sleep(LIVE_WITHIN)
    await gateway.say("/sop list", by=FRIEND, room=None)
    await answered(gateway, f"第{SAVES - 1}次存 table")

    seen = bot.lines
    sop.unlink()
    await bot.wait_for("reloaded +0 ~0 -1", after=seen)
    assert await bot.stop() == 0
    assert bot.count("failure") == 0
