"""What commands do at the desk: an answer written down for another, and a question given to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.events import MessageKind, MessageRecalled, Quote
from bot.people import directory
from bot.people.directory import Person
from bot.scenario.world import World
from bot.sop.context import Context
from bot.sop.kinds.qa_day import answers, board, ladder
from bot.sop.kinds.qa_day.answers import Outcome
from bot.sop.kinds.qa_day.board import QuestionRow, Status
from bot.sop.kinds.qa_day.model import QaDay
from bot.sop.loader import SopSet
from bot.store.tables import interaction, texts
from bot.store.writer import Writer
from tests.builders import BOSS, ROOM, ZHOU, look, said
from tests.conftest import MakeWorld

OPENS = datetime(2026, 12, 4, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def world(make_world: MakeWorld, sops: SopSet) -> World:
    """A question that waits: 1, asked by 阿青; 老周 and the admin are in the room."""
    world = await make_world(replace(sops, sops={"friday-qa": sops.sops["friday-qa"]}))
    await world.move_to(OPENS + MINUTE)
    at = world.clock.now()
    await world.happen(replace(said("提问：羽衣甘蓝要焯水吗"), occurred_at=at))
    await world.happen(
        replace(said("大家好", ZHOU), occurred_at=at), replace(said("来了", BOSS), occurred_at=at)
    )
    await world.move_to(at + 3 * MINUTE)
    return world


Desk = tuple[Context[QaDay], QuestionRow, Person]


@contextmanager
def desk(world: World, sops: SopSet, key: str = "command:1", who: str = "管管") -> Iterator[Desk]:
    """As what a command of this person does it; gives the question, too."""
    sop = sops.sops["friday-qa"]
    assert isinstance(sop, QaDay)
    writer = Writer(world.engine)
    with writer.transaction(world.clock.now()) as tx:
        (room,) = directory.rooms_of(tx, world.account)
        ctx = Context(tx, world.sops, sop, world.account, key, room, cause=1)
        question = board.by_number(tx, 1)
        assert question is not None
        (person,) = directory.people_named(tx, who, world.account)
        yield ctx, question, person
    writer.close()


async def wake(world: World, after: timedelta) -> list[str]:
    """What the bot says in this time, beside what it answers to a command that wakes its sender."""
    before = len(world.sent)
    await world.happen(replace(said("/帮助", BOSS, chat=None), occurred_at=world.clock.now()))
    await world.move_to(world.clock.now() + after)
    return [message.text for _, message in world.sent[before:]]


async def test_operators_write_an_answer_down(world: World, sops: SopSet) -> None:
    with desk(world, sops) as (ctx, question, boss):
        assert answers.answer(ctx, question, boss, "焯20秒就好", None) is Outcome.ANSWERED
        after = board.by_number(ctx.tx, 1)
        assert after is not None
        assert after.best is not None
        assert (after.status, after.best.words, after.best.by_expert) == (Status.ANSWERED, "焯20秒就好", True)
        assert board.questions(ctx.tx, "friday-qa", None, Status.OPEN) == []
    (row,) = look(world, interaction, name="expert_answered")
    assert row["object_id"] == "1"


async def test_a_voice_message_gets_its_words_and_keeps_its_author(world: World, sops: SopSet) -> None:
    quote = said("", ZHOU, kind=MessageKind.VOICE, seconds=32, occurred_at=world.clock.now())
    await world.happen(replace(quote, quote=Quote(text="1 羽衣甘蓝要焯水吗")))
    with desk(world, sops) as (ctx, question, boss):
        assert [given.voice for given in question.answers] == [32]
        assert answers.answer(ctx, question, boss, "焯20秒就好", None) is Outcome.WRITTEN_DOWN
        after = board.by_number(ctx.tx, 1)
        assert after is not None
        assert after.best is not None
        (zhou,) = directory.people_named(ctx.tx, "老周", world.account)
        assert (after.best.words, after.best.identity_id) == ("焯20秒就好", zhou.identity_id)
    assert world.sent[-1][1].person_id == BOSS.id
    assert "语音32″" in world.sent[-1][1].text


async def test_a_voice_message_that_is_recalled_takes_along_what_was_written_down_of_it(
    world: World, sops: SopSet
) -> None:
    voice = said("", ZHOU, kind=MessageKind.VOICE, seconds=32, occurred_at=world.clock.now())
    await world.happen(replace(voice, quote=Quote(text="1 羽衣甘蓝要焯水吗")))
    for key, words in (("command:1", "焯200秒就好"), ("command:2", "焯20秒就好")):
        with desk(world, sops, key) as (ctx, question, boss):
            answers.answer(ctx, question, boss, words, None)
    assert "秒就好" in str([row["body"] for row in look(world, texts)])
    await world.happen(MessageRecalled("recall-1", voice.id, ZHOU, world.clock.now(), ROOM))
    assert "秒就好" not in str([row["body"] for row in look(world, texts)])


async def test_who_is_given_a_question_is_asked_and_it_is_told_if_they_are_silent(
    world: World, sops: SopSet
) -> None:
    with desk(world, sops, who="老周") as (ctx, question, zhou):
        assert ladder.assign(ctx, question, zhou).assigned == zhou.identity_id
    asked = await wake(world, MINUTE)
    assert any(text.startswith("1 羽衣甘蓝要焯水吗\n老周，会员1群里有人在等") for text in asked)
    assert "派给了老周，20分钟还没答" in "".join(await wake(world, timedelta(minutes=20)))


async def test_who_was_given_a_question_answers_in_private(world: World, sops: SopSet) -> None:
    with desk(world, sops, who="老周") as (ctx, question, zhou):
        ladder.assign(ctx, question, zhou)
    await wake(world, MINUTE)
    before = len(world.sent)
    await world.happen(said("焯20秒就好，别太久", ZHOU, chat=None, occurred_at=world.clock.now()))
    said_then = [(message.chat_id, message.text) for _, message in world.sent[before:]]
    assert (ROOM.id, "1 羽衣甘蓝要焯水吗\n老周：焯20秒就好，别太久") in said_then
    assert "派给了" not in "".join(await wake(world, timedelta(minutes=30)))


async def test_who_was_given_a_question_may_answer_by_voice(world: World, sops: SopSet) -> None:
    with desk(world, sops, who="老周") as (ctx, question, zhou):
        ladder.assign(ctx, question, zhou)
    at = world.clock.now() + 2 * MINUTE
    await wake(world, 2 * MINUTE)
    await world.happen(said("", ZHOU, kind=MessageKind.VOICE, occurred_at=at))
    with desk(world, sops, "command:2") as (_, question, _):
        assert question.status is Status.ANSWERED


async def test_refusals(world: World, sops: SopSet) -> None:
    with desk(world, sops, who="阿青") as (ctx, question, qing):
        assert answers.answer(ctx, question, qing, "是卷叶的", 99) is Outcome.OWN
        board.keep(ctx.tx, question, to_human=True)
        for_humans = board.by_number(ctx.tx, 1)
        assert for_humans is not None
        (zhou,) = directory.people_named(ctx.tx, "老周", world.account)
        assert answers.answer(ctx, for_humans, zhou, "多喝水", 98) is Outcome.FOR_EXPERTS
        gone = replace(question, status=Status.WITHDRAWN)
        assert answers.answer(ctx, gone, zhou, "多喝水", 97) is Outcome.GONE
    assert look(world, interaction, name="answer_given") == []
