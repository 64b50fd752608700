"""What scenarios cannot see: points, what is kept of words, and floods."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.events import MessageRecalled
from bot.people.directory import Person as Known
from bot.scenario.world import World
from bot.sop.kinds.qa_day import board
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import Digest, QaDay
from bot.sop.loader import SopSet
from bot.store.tables import failure, identity, interaction, outgoing, score_entry, texts
from bot.store.writer import Writer
from tests.builders import BOSS, QING, ROOM, ZHOU, ask, look, said
from tests.conftest import MakeWorld

OPENS = datetime(2026, 12, 4, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE = timedelta(minutes=1)
ASKED = "提问：羽衣甘蓝要焯水吗"


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """A Friday evening on which the Q&A day has begun."""
    world = await make_world(replace(sops, sops={"friday-qa": sops.sops["friday-qa"]}))
    await world.move_to(OPENS + MINUTE)
    return world


def questions(world: World, state: Status = Status.ALL) -> list[QuestionRow]:
    writer = Writer(world.engine)
    with writer.transaction(world.clock.now()) as tx:
        found = board.questions(tx, state=state)
    writer.close()
    return found


async def say(world: World, text: str, sender: Known | object = QING, after: timedelta = MINUTE) -> str:
    """``sender`` says something a while later; gives the message's id."""
    await world.move_to(world.clock.now() + after)
    message = replace(said(text, sender), occurred_at=world.clock.now())  # type: ignore[arg-type]
    await world.happen(message)
    return message.id


async def recall(world: World, message: str, sender: object = QING) -> None:
    event = MessageRecalled(f"recall-{message}", message, sender, world.clock.now(), ROOM)  # type: ignore[arg-type]
    await world.happen(event)


def earned(world: World) -> list[tuple[str, str, float]]:
    names = {row["id"]: row["name"] for row in look(world, identity)}
    return [(names[row["identity_id"]], row["rule"], row["points"]) for row in look(world, score_entry)]


async def test_asking_answering_and_thanks_earn_points(world: World) -> None:
    await say(world, ASKED)
    await say(world, "1 水开以后焯二十秒就好", ZHOU, 3 * MINUTE)
    await say(world, "1 焯一下", BOSS)
    await say(world, "@老周 谢谢")
    assert earned(world) == [
        ("阿青", "question_asked", 2),
        ("老周", "answer_given", 4),
        ("老周", "answer_thanked", 2),
    ]


async def test_a_short_answer_earns_a_quarter_and_further_ones_nothing(world: World) -> None:
    await say(world, ASKED)
    for text in ("1 焯20秒", "1 水开以后再下锅焯二十秒", "1 捞出来以后过一下凉水", "1 再来一条再来一条"):
        await say(world, text, ZHOU)
    assert earned(world)[1:] == [("老周", "answer_given", 1)]
    assert len(questions(world)[0].answers) == 3


async def test_what_is_taken_back_earns_nothing(world: World) -> None:
    asked = await say(world, ASKED)
    answered = await say(world, "1 水开以后焯二十秒就好", ZHOU)
    await say(world, "谢谢")
    await recall(world, answered, ZHOU)
    await recall(world, asked)
    assert sum(points for _, _, points in earned(world)) == 0
    (row,) = questions(world)
    assert (row.status, row.answers, row.text) == (Status.WITHDRAWN, (), "")


async def test_a_recall_wipes_the_card(world: World) -> None:
    asked = await say(world, ASKED)
    await world.move_to(world.clock.now() + 3 * MINUTE)
    assert "羽衣甘蓝" in world.sent[-1][1].text
    await recall(world, asked)
    assert "羽衣甘蓝" not in str([row["payload"] for row in look(world, outgoing)])
    assert "羽衣甘蓝" not in str([row["body"] for row in look(world, texts)])


async def test_the_answer_stays_when_its_question_is_taken_back(world: World) -> None:
    asked = await say(world, ASKED)
    await say(world, "1 水开以后焯二十秒就好", ZHOU)
    await recall(world, asked)
    (row,) = questions(world)
    assert (row.status, row.text) == (Status.ANSWERED, "")
    assert row.best is not None
    assert row.best.words == "水开以后焯二十秒就好"


async def test_ten_kilobytes_become_a_short_card(world: World) -> None:
    await say(world, "提问：" + "羽衣甘蓝" * 2_500)
    await world.move_to(world.clock.now() + 3 * MINUTE)
    assert len(world.sent[-1][1].text) <= 30
    assert look(world, failure) == []


async def test_a_thousand_messages_make_five_questions_and_one_hint(world: World) -> None:
    before = len(world.sent)
    at = world.clock.now()
    flood = [replace(said(f"提问：第{n}个问题怎么做"), occurred_at=at) for n in range(500)]
    flood += [replace(said(f"1 第{n}个回答在这里", ZHOU), occurred_at=at) for n in range(500)]
    await world.happen(*flood)
    await world.move_to(world.clock.now() + 10 * MINUTE)
    rows = questions(world)
    assert len(rows) == 5
    assert [len(row.answers) for row in rows] == [3, 0, 0, 0, 0]
    assert len(look(world, interaction, name="answer_given")) == 3
    assert [message.text[:2] for _, message in world.sent[before:]] == ["这几", "2 "]
    assert look(world, failure) == []


async def test_the_next_day_a_member_may_ask_again(world: World) -> None:
    for n in range(6):
        await say(world, f"提问：第{n}个问题怎么做")
    await say(world, "#提问 还有一个问题怎么做", after=timedelta(hours=25))
    assert len(questions(world)) == 6


async def test_two_of_one_name_are_two(world: World) -> None:
    namesake = replace(ZHOU, id="zhou-2")
    await say(world, ASKED)
    await say(world, "1 水开以后焯二十秒就好", ZHOU)
    await say(world, "1 我从来都是直接炒的", namesake)
    await say(world, "同问", namesake)
    message = replace(said("谢谢 @老周"), mentioned=(ZHOU.id,), occurred_at=world.clock.now())
    await world.happen(message)
    (row,) = questions(world)
    assert [answer.thanked for answer in row.answers] == [True, False]


async def test_what_was_said_elsewhere_is_no_answer(world: World) -> None:
    await say(world, ASKED)
    await say(world, "21 只是说说话而已", ZHOU)
    await say(world, "1 点开饭", ZHOU)
    await say(world, "大家晚上好", ZHOU)
    assert questions(world, Status.OPEN) == questions(world)
    assert look(world, interaction, name="answer_given") == []


async def test_an_expert_is_on_record_as_one(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(replace(sops, sops={"friday-qa": sops.sops["friday-qa"]}))
    await world.move_to(OPENS + MINUTE)
    await say(world, ASKED)
    await say(world, "大家好", ZHOU)
    assert await ask(world, "/角色 M3 营养师", BOSS, chat=None)
    await say(world, "1 水开以后焯二十秒就好", ZHOU)
    (answered,) = look(world, interaction, name="expert_answered")
    assert answered["actor_role"] == "expert"
    assert "老周" not in [who for who, _, _ in earned(world)]


async def test_a_day_that_is_begun_again_by_hand_after_its_digest_takes_questions(
    make_world: MakeWorld, sops: SopSet
) -> None:
    sop = sops.sops["friday-qa"]
    assert isinstance(sop, QaDay)
    digest = Digest.model_validate({"at": "周五 16:10", "template": "qa_digest.j2"})
    opens = Digest.model_validate({"at": "周五 15:00", "template": "qa_digest.j2"}).at
    soon = sop.model_copy(update={"every": opens, "until": time(16), "digest": digest})
    world = await make_world(replace(sops, sops={"friday-qa": soon}, declared={"friday-qa": soon}))
    await world.move_to(OPENS - MINUTE)
    before = len(world.sent)
    assert await ask(world, "/发SOP 周五问答日 会员1群", BOSS, chat=None)
    await say(world, ASKED)
    assert any("问答时间到，开到20:29" in message.text for _, message in world.sent[before:])
    (row,) = questions(world)
    assert row.day == "2026-12-04"


async def test_who_was_called_did_not_answer_by_themselves(world: World) -> None:
    await say(world, "大家好", ZHOU)
    assert await ask(world, "/角色 老周 美食大使", BOSS, chat=None)
    await say(world, ASKED)
    await world.move_to(world.clock.now() + 21 * MINUTE)
    assert "还没有人接" in world.sent[-1][1].text
    await say(world, "1 水开以后焯二十秒就好", ZHOU)
    await say(world, "1 焯完过一下凉水", replace(ZHOU, id="li", name="老李"))
    answered = look(world, interaction, name="answer_given")
    assert [row["initiated_by"] for row in answered] == ["prompted", "self"]
