"""What a community does, on the real Node gateway: newcomers by both ways, a Q&A day, a complaint.

The mock account makes nobody a friend and brings nobody into a room when it accepts or invites: what came of
it is told by the test. It shows nobody our @; quotes are as raw as on the wire.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.process import ROOT, Bot
from tests.gateway.gateway import EXPERT, FRIEND, ROOM, STAFF_ROOM, Gateway, Sent

COMMUNITY = """name: 原野之味
mission: 让每一餐都知道来处
rooms: [会员1群, 运营群]
operators: 运营群
roles: {营养师: expert, 运营: staff}
friends: 接受
guard: {hours: {每天: 00:00-24:00}, apart: 0s, lull: 0s, posts_a_day: 20}
"""
CHOICES = "choices: {我: {fit: 2, tag: 烹饪热情}, 家里人: {}, 多半在外面吃: {}}"
GATE = f"""sop: welcome
id: gate
name: 新朋友问卷
mode: gate
rooms: 会员1群
hello: {{template: hello.j2, after: 1s, consent: 回复“好”开始}}
questions:
  - {{ask: 家里平时谁做饭？, {CHOICES}}}
  - {{ask: 希望这个群帮到您什么？, answer: text, optional: true}}
patience: {{remind: 24h, give_up: 3d}}
fit: {{pass: 2, otherwise: 人工, answer_within: 24h, template: please_wait.j2}}
greet: {{gather: 2s, names: 5, template: welcome_together.j2}}
"""
ONBOARDING = """sop: welcome
id: onboarding
name: 新成员
mode: onboarding
rooms: 会员1群
questions:
  - {ask: 您家最常做的是哪一口？, choices: {家常小炒: {tag: 烹饪热情}, 炖汤: {}}, in_group: true}
  - {ask: 家里平时谁做饭？, choices: {我: {}, 家里人: {}}}
greet: {gather: 2s, names: 5, template: welcome_together.j2}
"""
QA = """sop: qa_day
id: friday-qa
name: 问答日
rooms: 会员1群
every: 每月28日 03:00
until: 05:00
expert: 营养师
accept: [提问]
number_cards: {gather: 2s, template: qa_cards.j2}
unanswered: [{after: 20m, call: 运营群}]
to_human: [过敏]
digest: {at: 每月28日 10:00, top: 8, template: qa_digest.j2}
"""


@asynccontextmanager
async def community(gateway: Gateway, folder: Path, **sops: str) -> AsyncIterator[Bot]:
    """A bot with these SOPs, both rooms enabled by 小满, who is an admin; it may fail nowhere."""
    shutil.copytree(ROOT / "templates", folder / "templates")
    (folder / "sops").mkdir()
    for name, text in {"community": COMMUNITY, **sops}.items():
        (folder / "sops" / f"{name}.yaml").write_text(text)
    bot = Bot(folder, gateway)
    try:
        await bot.start()
        code = (await bot.wait_for("claim code: ")).split(": ")[1].strip()
        await bot.wait_for("link up")
        await gateway.say(f"/claim {code}", by=FRIEND, room=None)
        await until(gateway, FRIEND, "认领成功")
        for key, room in (("会员1群", ROOM), ("运营群", STAFF_ROOM)):
            await gateway.say(f"/开群 {key}", by=FRIEND, room=room)
            await until(gateway, room, "撤回的当时就删")
        yield bot
        assert await bot.stop() == 0
    finally:
        bot.kill()
    assert bot.count("failure") == 0


async def until(gateway: Gateway, place: str, words: str, times: int = 1) -> Sent:
    """The last that the bot said in ``place`` with ``words``, once it did so as often."""
    sent = await gateway.wait_for_sent(lambda sent: len(_with(sent, place, words)) >= times, 15)
    return _with(sent, place, words)[-1]


def _with(sent: list[Sent], place: str, words: str) -> list[Sent]:
    return [it for it in sent if it["conversationId"] == place and words in it["text"]]


async def test_who_asks_to_be_a_friend_answers_and_is_invited_and_greeted(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with community(gateway, tmp_path, gate=GATE) as bot:
        request = await gateway.befriend(by="newcomer", hello="我想进群")
        await gateway.wait_for_done(1)
        await gateway.befriend(by="newcomer", type=1)
        await until(gateway, "newcomer", "回复“好”开始")
        for answer, words in (("好", "家里平时谁做饭"), ("A", "希望这个群"), ("学做饭", "邀请您进会员群")):
            await gateway.say(answer, by="newcomer", room=None)
            await until(gateway, "newcomer", words)
        await gateway.wait_for_done(2)
        assert await gateway.done() == [["friend", request], ["invite", ROOM, "newcomer"]]
        await gateway.join("newcomer", inviter="bot")
        await until(gateway, ROOM, "欢迎newcomer")
    for name in ("friend_made", "questionnaire_passed", "member_invited", "member_joined", "member_greeted"):
        assert bot.count(f"interaction where name='{name}'") == 1, name


async def test_who_is_in_is_greeted_together_and_asked_the_rest_in_private(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with community(gateway, tmp_path, onboarding=ONBOARDING) as bot:
        await gateway.join("newcomer", "another", inviter=FRIEND)
        await until(gateway, ROOM, "欢迎newcomer、another")
        await gateway.say("我家天天炖汤", by="newcomer")
        await gateway.befriend(by="newcomer", type=1)
        await gateway.say("问卷", by="newcomer", room=None)
        await until(gateway, "newcomer", "回复“好”开始")
        await gateway.say("好", by="newcomer", room=None)
        await until(gateway, "newcomer", "家里平时谁做饭")
        await gateway.say("A", by="newcomer", room=None)
        await until(gateway, "newcomer", "谢谢newcomer")
    assert bot.count("interaction where name='member_greeted'") == 2
    assert bot.count("interaction where name='questionnaire_passed'") == 1


async def test_questions_get_numbers_and_answers_and_a_complaint_gets_a_human(
    gateway: Gateway, tmp_path: Path
) -> None:
    async with community(gateway, tmp_path, qa=QA) as bot:
        await gateway.say("/发SOP 问答日", by=FRIEND, room=None)
        await until(gateway, ROOM, "问答时间到")
        await gateway.say("提问：羽衣甘蓝要焯水吗", by="asker")
        card = await until(gateway, ROOM, "1 羽衣甘蓝要焯水吗")
        await gateway.say("1 焯二十秒就好", by=EXPERT)
        quoted = f"<refermsg><svrid>{card['id']}</svrid><content>{card['text']}</content></refermsg>"
        answer = f"<msg><appmsg><title>水里放点盐更绿</title><type>57</type>{quoted}</appmsg></msg>"
        await bot.recorded(await gateway.say(answer, by="cook", type=14))

        words = await gateway.say("上周的酱发霉了，要退款", by="asker")
        await until(gateway, STAFF_ROOM, "投诉1｜会员1群")
        await until(gateway, ROOM, "同事马上来跟您对接")
        await gateway.say("提问：燕麦泡多久", by="asker")
        await gateway.say("/状态", by=FRIEND, room=None)
        await until(gateway, FRIEND, "投诉1")
        await gateway.say("您好，马上给您补寄", by=FRIEND)
        await gateway.recall(words, by="asker")
        await gateway.say("/已处理 1", by=FRIEND, room=STAFF_ROOM)
        await until(gateway, STAFF_ROOM, "会员1群的消息恢复")
        await until(gateway, ROOM, "2 燕麦泡多久")
    assert bot.count("interaction where name='question_asked'") == 2
    assert bot.count("interaction where name='answer_given'") == 2
    assert bot.count("complaint_case where closed_at is not null and answered_at < closed_at") == 1
    assert bot.count("outgoing where payload like '%酱发霉%'") == 0, "who recalls is quoted nowhere"
