"""The whole of it: ``bot run`` as a process of its own, on the real Node gateway, by the system's clock."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.e2e.process import ROOT, Bot
from tests.gateway.gateway import EXPERT, FRIEND, ROOM, Gateway, Sent, require

ZONE = ZoneInfo("Asia/Shanghai")
TAG = "#我的原野餐桌#"
COMMUNITY = """name: 原野之味
mission: 让每一餐都知道来处
rooms: [会员1群]
guard: {hours: {每天: 00:00-24:00}, apart: 0s, lull: 0s, posts_a_day: 20}
"""


def next_minute() -> datetime:
    """The first full minute that leaves time to get ready."""
    soon = datetime.now(ZONE) + timedelta(seconds=75)
    return soon.replace(second=0, microsecond=0)


def write_sops(folder: Path, due: datetime) -> None:
    """A community of one room: two theme days, one due at ``due``, and the challenge with quick receipts."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    sops = folder / "sops"
    sops.mkdir()
    (sops / "community.yaml").write_text(COMMUNITY)
    post = "post: {shelf: 溯源故事, template: origin_story.j2}\n"
    by_hand = (
        f"sop: theme_day\nid: by-hand\nname: 手动发\nevery: 每月{(due + timedelta(days=9)).day}日 03:00\n"
    )
    (sops / "by-hand.yaml").write_text(by_hand + post)
    recipe = "post: {shelf: 会员食谱, template: recipe.j2}\n"
    on_time = f"sop: theme_day\nid: on-time\nname: 准时发\nevery: 每天 {due:%H:%M}\n"
    (sops / "on-time.yaml").write_text(on_time + recipe)
    days = f"{due - timedelta(days=1):%Y-%m-%d} 到 {due + timedelta(days=1):%Y-%m-%d}"
    receipt = "receipt: {gather: 3s, template: table_receipt.j2}\n"
    challenge = f"sop: challenge\nid: table\nname: 餐桌\nhashtag: 我的原野餐桌\ndays: {days}\n"
    (sops / "table.yaml").write_text(challenge + receipt)


async def wait_for(gateway: Gateway, words: str, *, times: int = 1, patience: float = 15) -> list[Sent]:
    """What the bot sent, once ``words`` were in ``times`` of its messages."""
    return await gateway.wait_for_sent(
        lambda sent: sum(words in it["text"] for it in sent) >= times, patience
    )


async def test_a_group_runs_itself_on_the_real_gateway(gateway: Gateway, tmp_path: Path) -> None:
    due = next_minute()
    write_sops(tmp_path, due)
    bot = Bot(tmp_path, gateway)
    heard: list[str] = []
    try:
        await bot.start()
        code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
        await bot.wait_for("link up")

        # claimed in private, the room enabled by its command
        await gateway.say("大家好", by=EXPERT)  # before that nothing is kept
        heard.append(await gateway.say(f"/claim {code}", by=FRIEND, room=None))
        await wait_for(gateway, "认领成功")
        heard.append(await gateway.say("/开群", by=FRIEND))
        await wait_for(gateway, "撤回的当时就删")

        # a theme day by command
        heard.append(await gateway.say("/发SOP 手动发", by=FRIEND, room=None))
        sent = await wait_for(gateway, "溯源｜")
        assert [it["conversationId"] for it in sent if "溯源｜" in it["text"]] == [ROOM]

        # picture and text with the tag, in both orders: one entry each, one receipt
        heard.append(await gateway.image(by=EXPERT))
        expert_words = await gateway.say(f"{TAG} 番茄牛腩", by=EXPERT)
        heard += [expert_words, await gateway.say(f"{TAG} 羊排", by=FRIEND), await gateway.image(by=FRIEND)]
        await wait_for(gateway, "2桌")

        # the ranking, a recall, the entry gone
        heard.append(await gateway.say("/排行", by=FRIEND))
        sent = await wait_for(gateway, "餐桌 排行")
        assert sent[-1]["text"].count("1桌") == 2
        await gateway.recall(expert_words, by=EXPERT)
        heard.append(await gateway.say("/rank", by=FRIEND))
        sent = await wait_for(gateway, "餐桌 排行", times=2)
        assert sent[-1]["text"].count("1桌") == 1

        await gateway.join("newcomer", inviter=FRIEND)
        heard.append(await gateway.say("来了新朋友", by=EXPERT))

        # the gateway dies, comes back within 3 s, and everything goes on
        await bot.recorded(heard[-1])  # what is on its way to us when the gateway dies is lost with it
        seen = bot.lines
        gateway.kill()
        await bot.wait_for("link down", after=seen)
        await gateway.start()
        await bot.wait_for("link up", after=seen, patience=3)
        heard.append(await gateway.say("/挑战", by=FRIEND, room=None))
        sent = await wait_for(gateway, "1人1桌")
        assert [it["text"] for it in sent if "桌" in it["text"]] == [sent[-1]["text"]], "no doubled answer"

        # the theme day that was due
        left = (due - datetime.now(ZONE)).total_seconds()
        sent = await wait_for(gateway, "食谱｜", patience=max(left, 0) + 10)
        assert abs((datetime.now(ZONE) - due).total_seconds()) < 10
        assert sum("食谱｜" in it["text"] for it in sent) == 1

        assert await bot.stop() == 0
    finally:
        bot.kill()

    for message in heard:
        assert bot.count(f"interaction where source='wechaty:main' and source_id='{message}'") == 1, message
    assert bot.count("interaction where name in ('message_posted', 'command_given')") == len(heard)
    assert bot.count("interaction where name='member_joined'") == 1
    assert bot.count("interaction where name='ugc_submitted'") == 2
    assert bot.count("interaction where name='ugc_withdrawn'") == 1
    assert bot.count("outgoing where state<>'sent'") == 0
    assert bot.count("interaction where name='content_sent'") == bot.count("outgoing")
    assert bot.count("media where state='kept'") == 2
    assert len(list((tmp_path / "data" / "media").rglob("*.jpg"))) == 1, "both tables look the same"
    assert bot.count("failure") == 0


async def test_the_account_logs_in_makes_friends_and_goes_where_an_admin_invites_it(tmp_path: Path) -> None:
    require()
    gateway = Gateway()
    await gateway.start(login=False)
    write_sops(tmp_path, next_minute())
    with (tmp_path / "sops" / "community.yaml").open("a") as community:
        community.write("friends: 接受\n")
    bot = Bot(tmp_path, gateway)
    try:
        await bot.start()
        code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
        await gateway.event("scan", qrcode="http://login.example/x", status=2)
        assert await bot.wait_for("scan to log in: ") == "scan to log in: http://login.example/x\n"
        await gateway.event("scan", qrcode="http://login.example/x", status=3)
        await bot.wait_for("扫码登录：已扫码")
        await gateway.login()
        await bot.wait_for("link up")

        request = await gateway.befriend(hello="我是甲，想进群")
        await gateway.invite(by=FRIEND)  # nobody's admin yet: it goes nowhere
        await gateway.say(f"/claim {code}", by=FRIEND, room=None)
        await wait_for(gateway, "认领成功")
        invitation = await gateway.invite(by=FRIEND)
        await gateway.say("/状态", by=FRIEND, room=None)
        await wait_for(gateway, "在线")
        await gateway.wait_for_done(2)
        assert sorted(await gateway.done()) == [["friend", request], ["invitation", invitation]]
        assert await bot.stop() == 0
    finally:
        bot.kill()
        gateway.kill()
    assert bot.count("interaction where name='content_sent'") == 2
    assert bot.count("identity") == 1, "nobody but the admin is known"
    assert bot.count("unheard where command='room_invited'") == 1
    assert bot.count("failure") == 0
