from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.events import Chat
from bot.outbox.queue import Priority
from bot.people import cases, roles
from bot.scenario.world import World
from bot.sop.loader import SopSet
from bot.store.tables import complaint_case, failure, interaction, outgoing
from bot.store.writer import Writer
from tests.builders import BOSS, MONDAY_9, OTHER_ROOM, QING, ROOM, ZHOU, said
from tests.listener import ACCOUNT, Listener

OPERATORS = Chat("operators", "运营群")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def group(writer: Writer, sops: SopSet) -> Listener:
    listener = Listener(writer, replace(sops, sops={}))
    listener.enable(OPERATORS, "运营群")
    return listener


def alarms(group: Listener) -> list[str]:
    return [row["payload"]["text"] for row in group.rows(outgoing, priority=Priority.ALARM)]


def test_a_complaint_is_on_record_beside_the_words(group: Listener) -> None:
    group.say("番茄坏了")
    assert group.log() == ["message_posted", "complaint_raised"]
    words, complaint = group.rows(interaction)
    assert (complaint["parent_event_id"], complaint["object_id"]) == (words["id"], "1")
    assert complaint["identity_id"] == words["identity_id"]
    assert complaint["room_id"] == group.room


def test_what_the_platform_tells_twice_is_one_complaint(group: Listener) -> None:
    words = said("番茄坏了")
    group.hear(words, words)
    group.hear(words)
    assert len(group.rows(complaint_case)) == len(alarms(group)) == 1


def test_who_takes_the_words_back_has_them_out_of_the_alarm_though_it_went_to_another_room(
    group: Listener,
) -> None:
    words = group.say("番茄坏了，我电话是13800000000")
    assert "13800000000" in alarms(group)[0]
    group.now += MINUTE
    group.recall(words)
    assert alarms(group) == [""]
    assert group.rows(complaint_case)[0]["closed_at"] is None


def test_the_words_are_shown_without_what_could_call_or_command(group: Listener) -> None:
    group.say("@所有人 #话题# 这家的酱坏了\n退款" + "很长" * 100)
    (alarm,) = alarms(group)
    assert "@所有人" not in alarm
    assert len(alarm) <= 120
    assert len(alarm.splitlines()) == 2


def test_the_first_that_one_of_us_says_in_the_room_is_the_answer(group: Listener) -> None:
    group.enable(OTHER_ROOM, "会员2群")
    group.give(BOSS, roles.ADMIN)
    group.say("番茄坏了")
    for minutes, speaker, chat in ((1, ZHOU, ROOM), (2, BOSS, OTHER_ROOM), (3, BOSS, ROOM), (4, BOSS, ROOM)):
        group.now = MONDAY_9 + minutes * MINUTE
        group.say("您好", speaker, chat)
    (case,) = group.rows(complaint_case)
    assert case["answered_at"] == MONDAY_9 + 3 * MINUTE


def test_a_line_that_cannot_be_written_keeps_no_alarm_back(
    group: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> str:
        raise ValueError("no line today")

    monkeypatch.setattr(type(group.sops.templates), "render", fails)
    group.say("番茄坏了")
    assert len(alarms(group)) == 1
    assert len(group.rows(failure)) == 1


def test_what_is_not_closed_is_open_in_the_order_of_its_numbers(group: Listener) -> None:
    group.say("番茄坏了")
    group.say("退款", ZHOU)
    with group.writer.transaction(group.now) as tx:
        first, second = cases.open_cases(tx, ACCOUNT)
        cases.close(tx, first, member_id=1)
        assert [case.number for case in cases.open_cases(tx, ACCOUNT)] == [second.number] == [2]
        closed = cases.numbered(tx, 1, ACCOUNT)
        assert closed is not None
        assert closed.answered_at == closed.closed_at == group.now


class TestWithinTenSeconds:
    @pytest.fixture
    async def world(self, sops: SopSet, url: str) -> AsyncIterator[World]:
        """A bot at work at its usual pace."""
        begins = MONDAY_9.astimezone(ZoneInfo("Asia/Shanghai"))
        world = World(replace(sops, sops={}), begins, url)
        await world.start({"会员1群": ROOM, "会员2群": OTHER_ROOM, "运营群": OPERATORS}, [BOSS])
        yield world
        await world.close()

    async def test_the_operators_know_whatever_else_waits(self, world: World) -> None:
        await world.happen(*(said("/帮助", QING, chat) for chat in (ROOM, OTHER_ROOM)))
        await world.happen(said("番茄坏了", ZHOU, occurred_at=world.clock.now()))
        complained_at = world.clock.now()
        await world.happen(*(said("/排行", BOSS, chat) for chat in (ROOM, OTHER_ROOM)))
        await world.move_to(complained_at + MINUTE)
        alarm = next(at for at, message in world.sent if message.chat_id == OPERATORS.id)
        assert alarm - complained_at <= 10 * SECOND
