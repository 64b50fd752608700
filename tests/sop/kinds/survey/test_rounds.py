"""Who is asked, and when somebody counts as asked: what the sample's evening cannot show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot import app
from bot.events import MessageRecalled, MessageReceived, Person
from bot.foresight.chat import Foresight
from bot.outbox.pace import Pace
from bot.scenario.world import World
from bot.sop.kinds.survey.model import Survey
from bot.sop.loader import SopSet
from bot.sop.questions.question import Question
from bot.sop.schedule import Schedule
from bot.store.tables import interaction, outgoing, run, score_entry
from tests.builders import BOSS, KEY, MONDAY_9, QING, ROOM, ZHOU, ask, look
from tests.conftest import MakeWorld

ID = "monthly-nps"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(words: str) -> Schedule:
    return Schedule.parse(words)


def surveys(sops: SopSet, *changes: dict[str, Any], private_a_week: int = 2) -> SopSet:
    """Surveys that are the sample but for this, and no other SOPs."""
    sample = sops.declared[ID]
    assert isinstance(sample, Survey)
    made = {it.get("id", ID): sample.model_copy(update={"enabled": True, **it}) for it in changes}
    source = dict.fromkeys(made, sops.source[ID])
    usual = sops.community.rules
    budget = replace(usual.budget, gives_per_ask=0)
    rules = replace(usual, private_a_week=private_a_week, budget=budget)
    return replace(
        sops,
        community=sops.community.model_copy(update={"rules": rules}),
        sops=MappingProxyType(made),
        declared=MappingProxyType(made),
        source=MappingProxyType({**sops.source, **source}),
    )


async def met(world: World, *people: Person) -> None:
    """Each said something in the room and is a friend."""
    for person in people:
        await ask(world, "大家好，我家今天吃番茄炒蛋", person)
        await ask(world, "你好", person, None)


def asked(world: World) -> list[datetime]:
    return [row["occurred_at"] for row in look(world, interaction, name="survey_asked")]


def private(world: World, person: Person = QING) -> list[str]:
    return [message.text for _, message in world.sent if message.person_id == person.id]


async def test_what_waits_for_the_morning_is_asked_then_and_hears_nothing_before(
    make_world: MakeWorld, sops: SopSet
) -> None:
    world = await make_world(surveys(sops, {"every": at("周一 21:35"), "late_after": 2 * HOUR}))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 13 * HOUR)
    assert await ask(world, "9", QING, None) == []
    assert (private(world), asked(world)) == ([], [])
    await world.move_to(MONDAY_9 + DAY)
    (first,) = private(world)
    assert "您有多愿意" in first
    await world.move_to(MONDAY_9 + 2 * DAY)
    (when,) = asked(world)
    assert MONDAY_9 + timedelta(hours=23, minutes=30) <= when < MONDAY_9 + DAY


async def test_what_could_not_leave_was_no_question_and_the_next_round_may_ask(
    make_world: MakeWorld, sops: SopSet
) -> None:
    """The guard counts private messages over all SOPs."""
    first = {"id": "first", "every": at("周一 12:00"), "patience": sample_patience(sops, "2d")}
    second = {"id": "second", "every": at("周三 19:30"), "patience": sample_patience(sops, "3d")}
    world = await make_world(surveys(sops, first, second, private_a_week=1))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 6 * DAY)
    assert len(private(world)) == 1
    assert [row["programme_id"] for row in look(world, interaction, name="survey_asked")] == ["first"]
    unsent = look(world, outgoing, sop_id="second")
    assert [row["state"] for row in unsent] == ["expired"]
    runs = [row for row in look(world, run, sop_id="second") if row["scope"].startswith("member:")]
    assert [row["closed_at"] is None for row in runs] == [False]
    await world.move_to(MONDAY_9 + 10 * DAY)
    names = {row["programme_id"] for row in look(world, interaction, name="survey_asked")}
    assert names == {"first", "second"}


def sample_patience(sops: SopSet, give_up: str) -> Any:
    sample = sops.declared[ID]
    assert isinstance(sample, Survey)
    days = timedelta(days=int(give_up.removesuffix("d")))
    return sample.patience.model_copy(update={"give_up": days})


async def test_two_surveys_do_not_ask_somebody_at_once(make_world: MakeWorld, sops: SopSet) -> None:
    one, other = {"id": "one", "every": at("周一 12:00")}, {"id": "other", "every": at("周一 12:30")}
    world = await make_world(surveys(sops, one, other))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 12 * HOUR)
    assert len(private(world)) == 1


async def test_no_more_than_some_are_asked_in_a_round(make_world: MakeWorld, sops: SopSet) -> None:
    people = [Person(f"member-{n}", f"会员{n}") for n in range(4)]
    world = await make_world(surveys(sops, {"every": at("每天 12:00"), "at_once": 2}))
    await met(world, *people)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    assert [len(private(world, it)) for it in people] == [1, 1, 0, 0]
    await world.move_to(MONDAY_9 + DAY + 4 * HOUR)
    assert [len(private(world, it)) > 0 for it in people] == [True] * 4


@pytest.mark.parametrize(("on", "times"), [("2026-11-30 12:10", 1), ("2027-11-30 12:10", 0)])
async def test_what_is_asked_once_is_asked_in_its_year(
    make_world: MakeWorld, sops: SopSet, on: str, times: int
) -> None:
    world = await make_world(surveys(sops, {"every": None, "on": datetime.fromisoformat(on)}))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 5 * HOUR)
    assert len(private(world)) == times


async def test_a_survey_goes_on_when_it_is_switched_off(make_world: MakeWorld, sops: SopSet) -> None:
    playing = surveys(sops, {"every": at("周一 12:00")})
    world = await make_world(playing)
    await met(world, QING)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    await world.stop()
    world.sops = replace(playing, sops=MappingProxyType({}))
    await world.start()
    assert "（2/4）" in (await ask(world, "9", QING, None))[0]
    await world.move_to(MONDAY_9 + 5 * DAY)
    assert [row["value_int"] for row in look(world, interaction, name="nps_answered")] == [9]


async def test_points_are_for_a_survey_and_go_with_its_last_answer(
    make_world: MakeWorld, sops: SopSet
) -> None:
    world = await make_world(surveys(sops, {"every": at("周一 12:00")}))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    given = [world.channel.say(text, QING, None) for text in ("9", "新鲜", "跳过", "跳过")]
    await world.settle()
    assert earned(world) == [2]
    await world.happen(taken_back(world, given[1]))
    assert earned(world) == [2]
    await world.happen(taken_back(world, given[0]))
    assert earned(world) == [2, -2]


def earned(world: World) -> list[float]:
    return [row["points"] for row in look(world, score_entry)]


def taken_back(world: World, message: MessageReceived) -> MessageRecalled:
    return MessageRecalled(f"recall-{message.id}", message.id, message.sender, world.clock.now(), None)


async def test_who_asks_for_it_gets_what_was_held_back(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(surveys(sops, {"every": at("周一 21:35"), "late_after": 2 * HOUR}))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 13 * HOUR)
    (first,) = await ask(world, "小问卷", QING, None)
    assert "您有多愿意" in first
    assert "（2/4）" in (await ask(world, "9", QING, None))[0]
    await world.move_to(MONDAY_9 + DAY)
    assert len(private(world)) == 2
    assert len(asked(world)) == 1


async def test_who_declines_before_it_leaves_is_not_asked(make_world: MakeWorld, sops: SopSet) -> None:
    world = await make_world(surveys(sops, {"every": at("周一 21:35"), "late_after": 2 * HOUR}))
    await met(world, QING)
    await world.move_to(MONDAY_9 + 13 * HOUR)
    assert len(await ask(world, "以后别再问我了", QING, None)) == 1
    await world.move_to(MONDAY_9 + 2 * DAY)
    assert (len(private(world)), asked(world)) == (1, [])


async def test_the_calendar_tells_of_it(sops: SopSet, url: str) -> None:
    app.open_database(url).dispose()
    world = World(surveys(sops, {"every": at("周一 12:00")}), MONDAY_9, url, foresee=Foresight(url, Pace()))
    await world.start({KEY: ROOM}, [BOSS])
    try:
        await met(world, QING, ZHOU)
        assert await ask(world, "/日历 1天", BOSS, None) == ["今12:00 每月小问卷→私聊2位"]
        assert asked(world) == []
    finally:
        await world.close()


async def test_marks_and_numbers_are_told_as_their_mean_and_of_each_member_the_latest(
    make_world: MakeWorld, sops: SopSet
) -> None:
    questions = (
        Question(ask="这次的番茄几分？", answer="scale"),
        Question(ask="家里几口人？", answer="number"),
    )
    often = {"every": at("每天 12:00"), "nps": None, "questions": questions, "again": timedelta(hours=20)}
    world = await make_world(surveys(sops, often, private_a_week=9))
    await met(world, QING, ZHOU)
    for day, marks in enumerate((("1", "5"), ("4", "5"))):
        await world.move_to(MONDAY_9 + day * DAY + 4 * HOUR)
        for person, mark in zip((QING, ZHOU), marks, strict=True):
            for text in (mark, "3"):
                await ask(world, text, person, None)
    told = await ask(world, "/问卷结果", BOSS, None)
    head, *lines = told[0].splitlines()
    assert head == "每月小问卷｜近20小时问了2人，答了2人（100%）"
    assert lines == ["1 这次的番茄几分？：平均4.5（2人）", "2 家里几口人？：平均3.0（2人）"]
    assert await ask(world, "/问卷结果 原话", BOSS, None) == ["还没有人写话，或者过了保留的日子。"]
    assert await ask(world, "/问卷结果 别的", BOSS, None) == [
        f"要看哪一份？发 /问卷结果 编号：{ID}（每月小问卷）"
    ]


async def test_who_was_asked_is_asked_again_after_a_while_and_who_declined_never(
    make_world: MakeWorld, sops: SopSet
) -> None:
    often = {"every": at("每天 12:00"), "again": 3 * DAY}
    world = await make_world(surveys(sops, often, private_a_week=9))
    await met(world, QING, ZHOU)
    await world.move_to(MONDAY_9 + 4 * HOUR)
    for person, said in ((QING, "取消"), (ZHOU, "别再问了")):
        await ask(world, said, person, None)
    await world.move_to(MONDAY_9 + 5 * DAY)
    first = "想听您一句实话"
    assert [sum(first in text for text in private(world, it)) for it in (QING, ZHOU)] == [2, 1]
    days = [(when - MONDAY_9).days for when in asked(world)]
    assert sorted(days) == [0, 0, 3]
    assert len(look(world, interaction, name="survey_declined")) == 1
