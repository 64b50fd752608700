"""``bot run`` as its service manager ends it: by SIGTERM, at whatever moment."""

from __future__ import annotations

import os
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
from tests.gateway.gateway import FRIEND, ROOM, Gateway

COMPLAINTS = ["Traceback", "ResourceWarning", "never awaited", "was destroyed", "never retrieved"]
"""What Python says of a program that ends without tidying up."""


@pytest.fixture
def bot(gateway: Gateway, tmp_path: Path) -> Iterator[Bot]:
    """A bot with one enabled room and without SOPs."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "sops").mkdir()
    community = f"name: 原野之味\nmission: 让每一餐都知道来处\nrooms: [{KEY}]\n"
    (tmp_path / "sops" / "community.yaml").write_text(community, encoding="utf-8")
    bot = Bot(tmp_path, gateway, PYTHONWARNINGS="default::ResourceWarning")
    writer = Writer(app.open_database(f"sqlite:///{bot.database}"))
    with writer.transaction(datetime.now(UTC)) as tx:
        directory.bind_room(tx, "main", Chat(ROOM, "会员群"), KEY)
    writer.close()
    writer.engine.dispose()
    yield bot
    bot.kill()


async def ends_well(bot: Bot) -> bool:
    """Ask it to end: it does so within three seconds, with code 0 and no complaint."""
    code = await bot.stop()
    return code == 0 and not [line for line in bot.log if any(it in line for it in COMPLAINTS)]


async def test_as_soon_as_it_says_anything(gateway: Gateway, bot: Bot) -> None:
    await bot.start()
    await bot.wait_for("claim code: ")
    assert await ends_well(bot)


async def test_before_there_is_a_gateway(gateway: Gateway, bot: Bot) -> None:
    gateway.kill()
    await bot.start()
    await bot.wait_for("link down")
    assert await ends_well(bot)


async def test_while_it_connects_to_a_gateway_that_is_frozen(gateway: Gateway, bot: Bot) -> None:
    gateway.freeze()
    try:
        await bot.start()
        await bot.wait_for("claim code: ")
        assert await ends_well(bot)
    finally:
        gateway.thaw()


async def test_in_the_midst_of_a_flood(gateway: Gateway, bot: Bot) -> None:
    await bot.start()
    await bot.wait_for("link up")
    first = await gateway.say("第一句")
    await gateway.burst("涌来", 5000)
    await bot.recorded(first)
    assert await ends_well(bot)


async def test_while_a_message_is_under_way(gateway: Gateway, bot: Bot) -> None:
    await bot.start()
    code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
    await bot.wait_for("link up")
    await gateway.faults(sendDelay=-1)
    await gateway.say(f"/claim {code}", by=FRIEND, room=None)
    await gateway.wait_for_sent()
    assert await ends_well(bot)


async def test_when_the_gateway_just_died_with_a_message(gateway: Gateway, bot: Bot) -> None:
    await bot.start()
    code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
    await bot.wait_for("link up")
    await gateway.faults(sendDelay=-1)
    await gateway.say(f"/claim {code}", by=FRIEND, room=None)
    await gateway.wait_for_sent()
    gateway.kill()
    assert await ends_well(bot)


async def test_the_account_stays_logged_in_and_the_folder_tidy(
    gateway: Gateway, bot: Bot, tmp_path: Path
) -> None:
    await bot.start()
    await bot.wait_for("link up")
    assert await ends_well(bot)
    assert (await gateway.ask("state"))["loggedIn"]
    ours = {"bot.db", "bot.db.key", "bot.db.main.lock"}
    assert set(os.listdir(tmp_path)) <= {"sops", "templates", "data", *ours}
