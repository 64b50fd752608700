from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest

from bot.outbox.queue import Priority
from bot.sop import runs
from bot.sop.community import PrivacyWords
from bot.sop.context import Context
from bot.sop.kind import Act, Kind, OnHashtag, OnHeard, OnRecall, OnSlot, OnWait, Who
from bot.sop.language import Sop
from bot.sop.loader import SopSet
from bot.sop.schedule import Schedule
from bot.store.tables import failure, interaction, outgoing, room, run, slot, wait
from bot.store.writer import Writer
from tests.builders import (
    BOSS,
    KEY,
    MONDAY_9,
    OTHER_KEY,
    OTHER_ROOM,
    QING,
    ZHOU,
    Boom,
    command,
    failing,
    said,
    toy_kind,
    with_kinds,
)
from tests.listener import ACCOUNT, Listener

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SECRET = "我妈妈住院了"
Ctx = Context[Sop]
Listen = Callable[..., Listener]


@pytest.fixture
def listen(writer: Writer, sops: SopSet) -> Listen:
    """Makes a listener with one SOP of each of these kinds instead of the sample's."""
    return lambda *kinds: Listener(writer, with_kinds(sops, *kinds))


def tag(name: str) -> Callable[[Sop], tuple[str, ...]]:
    return lambda sop: (name,)


def daily(act: Act, step: str = "post") -> OnSlot:
    return OnSlot(step, lambda sop: Schedule.parse("每天 10:00"), lambda sop: timedelta(hours=2), act)


def hear_into(heard: list[str]) -> Act:
    """A behaviour that notes what was said."""

    def note(ctx: Ctx) -> None:
        assert ctx.heard is not None
        heard.append(ctx.heard.text)

    return note


def record_it(name: str) -> Act:
    """A behaviour that records an interaction."""

    def record(ctx: Ctx) -> None:
        ctx.record(name)

    return record


def speak(ctx: Ctx) -> None:
    ctx.say("privacy_notice.j2", PrivacyWords())


def fail(ctx: Ctx) -> None:
    """Leaves something behind, then trips over what the member said."""
    speak(ctx)
    ctx.record("answered")
    assert ctx.heard is not None
    int(ctx.heard.text)


def trip(ctx: Ctx) -> None:
    speak(ctx)
    raise ZeroDivisionError


# --- what behaviours hear ---


def test_a_hashtag_reaches_the_sop_that_answers_it(listen: Listen) -> None:
    heard: list[str] = []
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), hear_into(heard))))
    listener.hear(said("#番茄# 今天的"), said("番茄"), said("#番茄", chat=OTHER_ROOM))
    assert heard == ["#番茄# 今天的"]


def test_what_comes_twice_is_heard_once(listen: Listen) -> None:
    heard: list[str] = []
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), hear_into(heard))))
    message = said("#番茄#")
    listener.hear(message, message)
    listener.hear(message)
    assert heard == ["#番茄#"]


def test_a_message_tells_who_said_it_where_and_when(listen: Listen) -> None:
    seen: list[Ctx] = []
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), seen.append)))
    listener.now = MONDAY_9 + MINUTE
    listener.hear(said("#番茄#"))
    (ctx,) = seen
    assert ctx.heard is not None
    assert ctx.room is not None
    assert (ctx.heard.person.name, ctx.room.key, ctx.heard.late) == (QING.name, KEY, False)
    assert (ctx.heard.occurred_at, ctx.now) == (MONDAY_9, MONDAY_9 + MINUTE)
    assert ctx.cause == ctx.heard.id == listener.rows(interaction)[0]["id"]


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (2, False), (2.01, True), (90, True)])
def test_what_is_heard_over_two_minutes_later_is_late(listen: Listen, minutes: float, late: bool) -> None:
    seen: list[Ctx] = []
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), seen.append)))
    listener.now = MONDAY_9 + minutes * MINUTE
    listener.hear(said("#番茄#"))
    assert [ctx.heard and ctx.heard.late for ctx in seen] == [late]
    assert listener.log() == ["message_posted"]


def attend(ctx: Ctx) -> None:
    """Begins a run that listens for ten minutes."""
    assert ctx.heard is not None
    run = ctx.open_run(f"member:{ctx.heard.person.member_id}", "once", person=ctx.heard.person)
    ctx.listen(run, ctx.now + 10 * MINUTE)


def attentive(heard: list[str]) -> Kind:
    return toy_kind("a", OnHashtag(tag("开始"), attend), OnHeard(hear_into(heard)))


def test_a_run_hears_its_person_in_its_room_while_it_listens(listen: Listen) -> None:
    heard: list[str] = []
    listener = listen(attentive(heard))
    listener.enable(OTHER_ROOM, OTHER_KEY)
    listener.hear(said("之前"), said("#开始#"), said("一批里"))
    listener.hear(said("后来"), said("别人", ZHOU), said("别处", chat=OTHER_ROOM), said("私下", chat=None))
    listener.now = MONDAY_9 + 11 * MINUTE
    listener.hear(
        said("在那时说的", occurred_at=MONDAY_9 + 10 * MINUTE), said("太晚", occurred_at=listener.now)
    )
    assert heard == ["一批里", "后来", "在那时说的"]


def test_a_run_whose_tag_was_heard_is_not_asked_again_for_the_same_message(listen: Listen) -> None:
    heard: list[str] = []
    listener = listen(attentive(heard))
    listener.hear(said("#开始#"), said("#开始# 再一次"))
    assert heard == []


def test_a_recall_reaches_the_sops_that_made_something_of_the_message(listen: Listen) -> None:
    recalled: list[str] = []
    for_both = [
        toy_kind(
            name,
            OnHashtag(tag(name), record_it("noted")),
            OnRecall(lambda ctx: recalled.append(ctx.sop.id)),
            names=["noted"],
        )
        for name in ("a", "b")
    ]
    listener = listen(*for_both)
    message = listener.say("#a#")
    listener.recall(message)
    listener.recall(message)
    assert recalled == ["a"]


# --- failures stay small ---


def test_a_behaviour_that_fails_leaves_nothing_but_its_failure(listen: Listen) -> None:
    heard: list[str] = []
    failing = toy_kind("bad", OnHashtag(tag("番茄"), fail), names=["answered"])
    good = toy_kind("good", OnHashtag(tag("番茄"), hear_into(heard)), OnHashtag(tag("番茄"), speak))
    listener = listen(failing, good)
    listener.hear(said("#番茄# 一"), said("#番茄# 二", ZHOU))
    assert listener.log() == ["message_posted"] * 2
    assert heard == ["#番茄# 一", "#番茄# 二"]
    assert {row["sop_id"] for row in listener.rows(outgoing)} == {"good"}
    assert {row["sop_id"] for row in listener.rows(failure)} == {"bad"}
    assert len(listener.rows(failure)) == 2


def test_a_failure_is_recorded_with_its_place_and_traceback_and_without_words(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    listener = listen(toy_kind("bad", OnHashtag(tag("番茄"), fail), names=["answered"]))
    with caplog.at_level(logging.DEBUG):
        listener.hear(said(f"#番茄# {SECRET}"))
    (row,) = listener.rows(failure)
    assert (row["sop_id"], row["at"]) == ("bad", MONDAY_9)
    assert row["interaction_id"] == listener.rows(interaction)[0]["id"]
    assert row["error"].startswith("ValueError")
    assert "int(ctx.heard.text)" in row["traceback"]
    assert SECRET not in "".join(map(str, row.values()))
    assert SECRET not in caplog.text


def test_a_slot_that_fails_says_so_and_the_others_are_played(listen: Listen) -> None:
    def in_one_room(ctx: Ctx) -> None:
        assert ctx.room is not None
        (trip if ctx.room.key == KEY else speak)(ctx)

    listener = listen(toy_kind("a", daily(in_one_room)), toy_kind("b", daily(speak)))
    listener.enable(OTHER_ROOM, OTHER_KEY)
    listener.tick(2 * 60 * MINUTE)
    states = {(row["sop_id"], row["room_id"] == listener.room): row["state"] for row in listener.rows(slot)}
    assert states == {("a", True): "failed", ("a", False): "done", ("b", True): "done", ("b", False): "done"}
    assert len(listener.queued()) == 3
    assert [row["error"] for row in listener.rows(failure)] != []


class Stumbling:
    """A behaviour that fails until it is mended, and notes when it was tried."""

    def __init__(self) -> None:
        self.tried: list[datetime] = []
        self.mended = False

    def __call__(self, ctx: Ctx) -> None:
        self.tried.append(ctx.now)
        speak(ctx)
        if not self.mended:
            trip(ctx)


TEN = MONDAY_9 + 60 * MINUTE
"""When what is daily here is due; it may be two hours late."""


def through(listener: Listener, until: datetime) -> None:
    """Tick each minute until then."""
    while listener.now < until:
        listener.tick(MINUTE)


def test_a_slot_that_fails_is_tried_again_at_growing_distances_until_it_is_too_late(listen: Listen) -> None:
    stumbling = Stumbling()
    listener = listen(toy_kind("a", daily(stumbling)))
    through(listener, TEN + 3 * 60 * MINUTE)
    assert stumbling.tried == [TEN + n * MINUTE for n in (0, 1, 5, 25)]
    assert len(listener.rows(failure)) == 4
    assert [row["state"] for row in listener.rows(slot)] == ["failed"]
    assert listener.queued() == []


def test_a_slot_that_succeeds_at_another_try_is_done_and_said_once(listen: Listen) -> None:
    stumbling = Stumbling()
    listener = listen(toy_kind("a", daily(stumbling)))
    through(listener, TEN + 2 * MINUTE)
    stumbling.mended = True
    through(listener, TEN + 3 * 60 * MINUTE)
    assert stumbling.tried[-1] == TEN + 5 * MINUTE
    assert [(row["state"], row["reason"]) for row in listener.rows(slot)] == [("done", "")]
    assert len(listener.queued()) == 1


@pytest.mark.parametrize(("minutes", "state"), [(7, "done"), (119, "done"), (121, "failed")])
def test_a_slot_that_failed_is_tried_at_a_restart_while_it_is_not_too_late(
    listen: Listen, minutes: int, state: str
) -> None:
    """A restart may bring what mends it."""
    stumbling = Stumbling()
    listener = listen(toy_kind("a", daily(stumbling)))
    through(listener, TEN + minutes * MINUTE)
    stumbling.mended = True
    listener.restart()
    listener.tick()
    assert [row["state"] for row in listener.rows(slot)] == [state]


def test_the_next_day_comes_in_time_after_a_slot_that_failed(listen: Listen) -> None:
    stumbling = Stumbling()
    listener = listen(toy_kind("a", daily(stumbling)))
    through(listener, TEN + 3 * 60 * MINUTE)
    stumbling.mended = True
    listener.tick(21 * 60 * MINUTE)
    assert [row["state"] for row in listener.rows(slot)] == ["failed", "done"]


def test_a_slot_that_fails_does_not_hold_up_the_same_in_another_room(listen: Listen) -> None:
    tried: list[tuple[str, datetime]] = []

    def in_one_room(ctx: Ctx) -> None:
        assert ctx.room is not None
        tried.append((ctx.room.key, ctx.now))
        (trip if ctx.room.key == KEY else speak)(ctx)

    listener = listen(toy_kind("a", daily(in_one_room)))
    listener.enable(OTHER_ROOM, OTHER_KEY)
    through(listener, TEN + 2 * MINUTE)
    assert tried == [(KEY, TEN), (OTHER_KEY, TEN), (KEY, TEN + MINUTE)]


def test_a_run_by_hand_that_fails_is_not_tried_again(listen: Listen) -> None:
    stumbling = Stumbling()
    kind = toy_kind("a", daily(stumbling))
    listener = listen(kind)
    listener.give(BOSS, "管理员")
    listener.say("/发SOP a", BOSS)
    through(listener, MONDAY_9 + 59 * MINUTE)
    assert stumbling.tried == [MONDAY_9]


def test_a_wait_that_fails_does_not_hold_up_the_others(listen: Listen) -> None:
    woken: list[str] = []

    def wait(ctx: Ctx) -> None:
        run = ctx.open_run("room", "once")
        ctx.wake_at(run, ctx.now + MINUTE, "bad")
        ctx.wake_at(run, ctx.now + MINUTE, "good")

    kind = toy_kind(
        "a",
        OnHashtag(tag("番茄"), wait),
        OnWait("bad", trip),
        OnWait("good", lambda ctx: woken.append(ctx.key)),
    )
    listener = listen(kind)
    listener.hear(said("#番茄#"))
    listener.tick(MINUTE)
    assert len(woken) == 1
    assert len(listener.rows(failure)) == 1


def test_a_wait_that_fails_is_tried_again_at_growing_distance_as_if_it_were_that_moment(
    listen: Listen,
) -> None:
    tried: list[tuple[datetime, str]] = []

    def stumble(ctx: Ctx) -> None:
        tried.append((ctx.now, ctx.key))
        assert ctx.due_at == MONDAY_9 + MINUTE
        raise ZeroDivisionError

    def begin(ctx: Ctx) -> None:
        ctx.wake_at(ctx.open_run("room", "once"), ctx.now + MINUTE, "ring")

    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), begin), OnWait("ring", stumble)))
    listener.hear(said("#番茄#"))
    through(listener, MONDAY_9 + 600 * MINUTE)
    assert [at - MONDAY_9 - MINUTE for at, _ in tried] == [late * MINUTE for late in (0, 1, 5, 25)]
    assert len({key for _, key in tried}) == 1
    assert listener.rows(wait) == []


def test_a_command_that_fails_says_so_and_changes_nothing(listen: Listen) -> None:
    def run(ctx: object) -> None:
        raise ZeroDivisionError

    listener = listen(toy_kind("a", commands=[replace(command("坏了"), run=run)]))
    listener.say("/坏了")
    assert listener.queued() == ["出了点错，这个命令没有做成；错误已经记下。"]
    assert [row["place"] for row in listener.rows(failure)] == ["command 坏了"]


# --- moments and waits ---


def test_a_slot_knows_when_it_was_due(listen: Listen) -> None:
    seen: list[Ctx] = []
    listener = listen(toy_kind("a", daily(seen.append)))
    listener.tick(61 * MINUTE)
    (ctx,) = seen
    assert (ctx.due_at, ctx.now) == (MONDAY_9 + 60 * MINUTE, MONDAY_9 + 61 * MINUTE)
    assert (ctx.heard, ctx.cause) == (None, None)


def test_what_a_slot_says_is_said_once_however_often_it_is_played(listen: Listen) -> None:
    def twice(ctx: Ctx) -> None:
        speak(ctx)
        speak(ctx)

    listener = listen(toy_kind("a", daily(twice)))
    listener.tick(60 * MINUTE)
    assert len(listener.queued()) == 1


def begin_waiting(ctx: Ctx) -> None:
    ctx.wake_at(ctx.open_run("room", "once"), ctx.now + MINUTE, "ring")


def test_a_run_is_woken_with_what_it_was(listen: Listen) -> None:
    seen: list[Ctx] = []
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), begin_waiting), OnWait("ring", seen.append)))
    listener.hear(said("#番茄#"))
    listener.tick(3 * MINUTE)
    (ctx,) = seen
    assert ctx.run is not None
    assert ctx.room is not None
    assert (ctx.run.scope, ctx.room.key, ctx.due_at) == ("room", KEY, MONDAY_9 + MINUTE)


def test_slots_and_waits_come_in_the_order_of_their_moments(listen: Listen) -> None:
    played: list[str] = []

    def wait(ctx: Ctx) -> None:
        run = ctx.open_run("room", "once")
        for what, minutes in (("late", 61), ("early", 59), ("same", 60)):
            ctx.wake_at(run, MONDAY_9 + minutes * MINUTE, what)

    kind = toy_kind(
        "a",
        OnHashtag(tag("番茄"), wait),
        daily(lambda ctx: played.append("slot")),
        *(OnWait(it, lambda ctx, it=it: played.append(it)) for it in ("late", "early", "same")),  # type: ignore[misc]
    )
    listener = listen(kind)
    listener.hear(said("#番茄#"))
    listener.tick(90 * MINUTE)
    assert played == ["early", "slot", "same", "late"]


def test_of_two_waits_that_are_over_together_the_second_sees_what_the_first_did(listen: Listen) -> None:
    def wait(ctx: Ctx) -> None:
        run = ctx.open_run("room", "once", state={"n": 0})
        for what in ("one", "two"):
            ctx.wake_at(run, MONDAY_9 + MINUTE, what)

    def count(ctx: Ctx) -> None:
        assert ctx.run is not None
        ctx.keep(ctx.run, {"n": ctx.run.state["n"] + 1})

    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), wait), OnWait("one", count), OnWait("two", count)))
    listener.hear(said("#番茄#"))
    listener.tick(MINUTE)
    assert [row["state"] for row in listener.rows(run)] == [{"n": 2}]


def test_a_wait_whose_run_was_closed_by_another_is_over(listen: Listen) -> None:
    woken: list[str] = []

    def wait(ctx: Ctx) -> None:
        run = ctx.open_run("room", "once")
        ctx.wake_at(run, MONDAY_9 + MINUTE, "end")
        ctx.wake_at(run, MONDAY_9 + 2 * MINUTE, "more")

    def end(ctx: Ctx) -> None:
        assert ctx.run is not None
        ctx.close(ctx.run)

    more = OnWait("more", lambda ctx: woken.append("more"))
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), wait), OnWait("end", end), more))
    listener.hear(said("#番茄#"))
    listener.tick(3 * MINUTE)
    assert woken == []


def test_a_wait_that_nobody_knows_any_more_is_written_down_as_a_failure(writer: Writer, sops: SopSet) -> None:
    Listener(writer, with_kinds(sops, toy_kind("a", OnHashtag(tag("番茄"), begin_waiting)))).hear(
        said("#番茄#")
    )
    listener = Listener(writer, with_kinds(sops, toy_kind("a")))
    listener.tick(MINUTE)
    (row,) = listener.rows(failure)
    assert (row["error"], row["sop_id"]) == ("LookupError", "a")


def test_a_tick_that_is_undone_is_played_again_as_if_it_had_not_been(listen: Listen) -> None:
    listener = listen(
        toy_kind("a", daily(speak), OnHashtag(tag("番茄"), begin_waiting), OnWait("ring", speak))
    )
    listener.hear(said("#番茄#"))
    listener.now = TEN
    with pytest.raises(Boom), listener.writer.transaction(listener.now) as tx, failing():
        listener.pipeline.tick(tx)
    assert (listener.queued(), listener.rows(slot), len(listener.rows(wait))) == ([], [], 1)
    listener.tick()
    listener.tick()
    assert len(listener.queued()) == 2


def test_what_is_due_in_great_number_is_played_a_part_at_a_time_and_once(listen: Listen) -> None:
    woken: list[str] = []

    def begin(ctx: Ctx) -> None:
        for number in range(2 * runs.AT_ONCE + 1):
            ctx.wake_at(ctx.open_run("room", str(number)), MONDAY_9 + MINUTE + number * SECOND, "ring")

    note = OnWait("ring", lambda ctx: woken.append(ctx.run.occurrence if ctx.run else ""))
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), begin), note))
    listener.hear(said("#番茄#"))
    listener.now += 60 * MINUTE
    for played in (runs.AT_ONCE, 2 * runs.AT_ONCE, 2 * runs.AT_ONCE + 1):
        listener.tick()
        assert woken == [str(number) for number in range(played)]
    assert listener.rows(wait) == []


def test_in_a_disabled_room_nothing_is_said(listen: Listen) -> None:
    kind = toy_kind("a", OnHashtag(tag("番茄"), begin_waiting), OnWait("ring", speak), daily(speak))
    listener = listen(kind)
    listener.hear(said("#番茄#"))
    listener.disable()
    listener.tick(60 * MINUTE)
    assert listener.queued() == []
    assert listener.rows(failure) == []


def test_a_run_is_woken_although_its_sop_was_removed(writer: Writer, sops: SopSet) -> None:
    seen: list[Ctx] = []
    kind = toy_kind("a", OnHashtag(tag("番茄"), begin_waiting), OnWait("ring", seen.append))
    before = with_kinds(sops, kind)
    Listener(writer, before).hear(said("#番茄#"))
    removed = Listener(writer, replace(before, sops=MappingProxyType({}), declared={}, source={}))
    removed.tick(MINUTE)
    assert [ctx.sop.id for ctx in seen] == ["a"]


# --- commands ---


def admins_only() -> Kind:
    return toy_kind("a", commands=[command("测试", who=Who.ADMIN), command("看看", who=Who.MEMBER)])


def test_a_command_is_answered_where_it_was_typed(listen: Listen) -> None:
    listener = listen(admins_only())
    listener.say("/看看 番茄")
    listener.say("/看看", chat=None)
    in_room, private = listener.rows(outgoing)
    assert (in_room["room_id"], in_room["identity_id"]) == (listener.room, None)
    assert private["room_id"] is None
    assert private["identity_id"] == listener.rows(interaction)[0]["identity_id"]
    assert in_room["payload"]["text"] == "看看 ('番茄',)"
    assert in_room["priority"] == Priority.ANSWER


def test_an_answer_that_cannot_be_sent_soon_is_not_wanted_any_more(listen: Listen) -> None:
    listener = listen(admins_only())
    listener.say("/看看")
    assert [row["expires_at"] for row in listener.rows(outgoing)] == [MONDAY_9 + 10 * MINUTE]


def test_of_an_admins_command_the_arguments_are_recorded_too(listen: Listen) -> None:
    listener = listen(admins_only())
    listener.give(BOSS, "管理员")
    listener.say("/测试 会员2群 “两个 词”", BOSS)
    listener.say(f"/看看 {SECRET}", QING)
    admins, members = listener.rows(interaction)
    assert (admins["name"], admins["actor_role"]) == ("command_given", "staff")
    assert admins["props"] == {"kind": "text", "command": "测试", "args": ["会员2群", "两个 词"]}
    assert members["props"] == {"kind": "text", "command": "看看"}


def test_a_late_command_is_recorded_and_not_executed(listen: Listen) -> None:
    listener = listen(admins_only())
    listener.now = MONDAY_9 + 3 * MINUTE
    listener.say("/看看", occurred_at=MONDAY_9)
    listener.say("/看堪", occurred_at=MONDAY_9)
    assert listener.queued() == []
    assert listener.log() == ["command_given", "message_posted"]


def test_a_room_is_not_enabled_by_a_late_command(listener: Listener) -> None:
    listener.give(BOSS, "管理员")
    listener.say(f"/开群 {OTHER_KEY}", BOSS, OTHER_ROOM, occurred_at=MONDAY_9 - 3 * MINUTE)
    assert len(listener.rows(room)) == 1
    listener.say(f"/开群 {OTHER_KEY}", BOSS, OTHER_ROOM)
    assert len(listener.rows(room)) == 2


def test_a_command_that_comes_twice_is_obeyed_once(listen: Listen) -> None:
    listener = listen(admins_only())
    message = said("/看看")
    listener.hear(message, message)
    listener.hear(message)
    assert len(listener.queued()) == 1


def test_a_command_is_no_word_for_the_sops(listen: Listen) -> None:
    heard: list[str] = []
    kind = toy_kind("a", OnHashtag(tag("番茄"), lambda ctx: heard.append("x")), commands=[command("看看")])
    listener = listen(kind)
    listener.say("/看看 #番茄#")
    assert heard == []


def test_what_only_looks_like_a_command_is_a_word_for_the_sops(listen: Listen) -> None:
    heard: list[str] = []
    kind = toy_kind("a", OnHashtag(tag("番茄"), lambda ctx: heard.append("x")))
    listener = listen(kind)
    listener.say("/ 今天吃的 #番茄#")
    assert heard == ["x"]
    assert listener.queued() == []


def test_a_command_sees_what_was_said_before_it_in_the_same_batch(listen: Listen) -> None:
    """Who speaks for the first time is a member when the command that follows is read."""
    listener = listen(admins_only())
    listener.hear(said("大家好"), said("/看看", chat=None), said("/看看", ZHOU, chat=None))
    assert len(listener.queued()) == 1


def test_a_bare_word_is_a_command_when_it_is_said_to_the_bot(listen: Listen) -> None:
    listener = listen(toy_kind("a", commands=[command("rank", "排行", words=("排行",))]))
    listener.say("排行")
    assert listener.queued() == []
    listener.say("@小野 排行", to_bot=True)
    listener.say("排行", chat=None)
    assert listener.queued() == ["rank ()"] * 2


def test_a_misspelt_command_is_answered_with_a_suggestion(listen: Listen) -> None:
    listener = listen(admins_only())
    listener.say("/看堪")
    assert listener.queued() == ["没有“看堪”这个命令，是不是 /看看？"]
    assert listener.log() == ["message_posted"]


# --- effects ---


def test_what_a_behaviour_says_knows_why(listen: Listen) -> None:
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), speak)))
    listener.hear(said("#番茄#"))
    (row,) = listener.rows(outgoing)
    assert (row["sop_id"], row["cause_id"]) == ("a", listener.rows(interaction)[0]["id"])
    assert (row["intent"], row["priority"]) == ("reply", Priority.REPLY)


def test_what_a_behaviour_records_is_recorded_once_with_its_cause(listen: Listen) -> None:
    ids: list[int | None] = []

    def note(ctx: Ctx) -> None:
        assert ctx.heard is not None
        ids.extend(ctx.record("noted", person=ctx.heard.person, about=("run", "1")) for _ in range(2))

    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), note), names=["noted"]))
    listener.hear(said("#番茄#"))
    message, noted = listener.rows(interaction)
    assert ids == [noted["id"], None]
    assert (noted["parent_event_id"], noted["programme_id"]) == (message["id"], "a")
    assert (noted["identity_id"], noted["occurred_at"]) == (message["identity_id"], message["occurred_at"])
    assert (noted["object_type"], noted["object_id"]) == ("run", "1")


def test_a_kind_records_what_it_declares_alone(listen: Listen) -> None:
    listener = listen(toy_kind("a", OnHashtag(tag("番茄"), record_it("undeclared"))))
    listener.hear(said("#番茄#"))
    assert listener.log() == ["message_posted"]
    assert len(listener.rows(failure)) == 1


def test_chance_falls_the_same_way_whenever_an_occasion_is_played_again(listen: Listen, sops: SopSet) -> None:
    def drawn(key: str) -> int:
        ctx: Ctx = Context(None, sops, sops.sops["monday-origin"], ACCOUNT, key)  # type: ignore[arg-type]
        number = ctx.choose(range(1000))
        assert isinstance(number, int)
        return number

    assert drawn("post:2026-11-30:1") == drawn("post:2026-11-30:1")
    assert len({drawn(f"post:{n}") for n in range(20)}) > 10


def test_numbers_are_counted_by_sop_and_scope(listen: Listen) -> None:
    given: list[int] = []
    kinds = [
        toy_kind(name, OnHashtag(tag(name), lambda ctx: given.append(ctx.next_number("question"))))
        for name in ("a", "b")
    ]
    listener = listen(*kinds)
    listener.hear(said("#a#"), said("#a#"), said("#b#"))
    assert given == [1, 2, 1]
