"""Codes and undoing: once, by whoever may, while it is time, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot import app
from bot.commands import confirm
from bot.events import Chat, Person
from bot.people import directory, roles
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Who
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import failure, metadata, offer
from bot.store.writer import Writer
from tests.builders import (
    BOSS,
    KEY,
    MONDAY_9,
    OTHER_KEY,
    OTHER_ROOM,
    QING,
    ROOM,
    ZHOU,
    Boom,
    toy_kind,
    with_kinds,
)
from tests.listener import ACCOUNT, SOURCE, Listener

FIRST = 4821
MINUTE = timedelta(minutes=1)


class Bench:
    """``/动手 这样`` waits for a code, then counts ``这样`` as done, which may be undone.

    ``BOSS`` and ``QING`` may do so, ``ZHOU`` is a member. ``ROOM`` is the operators'.
    """

    def __init__(self, writer: Writer, sops: SopSet) -> None:
        self.done: list[str] = []
        self.broken = False
        self.listener = Listener(writer, sops)
        self.listener.enable(OTHER_ROOM, OTHER_KEY)
        self.listener.give(BOSS, roles.ADMIN)
        self.listener.give(QING, "运营")
        self.listener.say("早", ZHOU)
        community = sops.community.model_copy(update={"operators": KEY})
        self._sops = replace(sops, community=community)
        self._codes = iter(range(FIRST, 10_000))
        self.restart()

    def restart(self, *, without_the_command: bool = False) -> None:
        act = Command(
            ("act", "动手"), Who.STAFF, "先问再做", _ask, confirmed=self._confirmed, undo=self._undo
        )
        kind = toy_kind("toy", commands=[] if without_the_command else [act])
        self.listener.pipeline = app.build_pipeline(
            with_kinds(self._sops, kind), ACCOUNT, SOURCE, Status(), new_code=lambda: str(next(self._codes))
        )

    def _confirmed(self, ctx: CommandContext, args: Mapping[str, Any]) -> None:
        self.done.append(args["what"])
        ctx.reply(f"做了{args['what']}")
        ctx.can_undo(args)
        if self.broken:
            self.done.pop()
            raise Boom

    def _undo(self, ctx: CommandContext, args: Mapping[str, Any]) -> bool:
        if self.broken:
            ctx.reply("撤销不了")
            return False
        self.done.remove(args["what"])
        ctx.reply(f"收回了{args['what']}")
        return True

    def say(self, text: str, sender: Person = BOSS, chat: Chat | None = None) -> str:
        """What the bot answers."""
        before = len(self.listener.queued())
        self.listener.say(text, sender, chat, to_bot=True)
        return "".join(self.listener.queued()[before:])


def _ask(ctx: CommandContext) -> None:
    ctx.reply(ctx.to_confirm({"what": ctx.rest}))


@pytest.fixture
def bench(writer: Writer, sops: SopSet) -> Bench:
    return Bench(writer, sops)


# --- codes ---


def test_what_waits_is_done_once_its_code_is_said(bench: Bench) -> None:
    assert bench.say("/动手 甲") == f"回“发 {FIRST}”，5分钟有效"
    assert bench.done == []
    assert bench.say(f"发 {FIRST}") == "做了甲"
    assert bench.say(f"发 {FIRST}") == "这个码用过了，不会再做一次。"
    assert bench.done == ["甲"]


def test_two_that_wait_have_codes_of_their_own(bench: Bench) -> None:
    bench.say("/动手 甲")
    bench.say("/动手 乙")
    bench.say(f"/发 {FIRST + 1}")
    bench.say(f"/confirm {FIRST}")
    assert bench.done == ["乙", "甲"]


@pytest.mark.parametrize("typed", ["", "一下", "482", "48211", f"{FIRST} {FIRST}", "48²1", "-482"])
def test_what_is_no_code_costs_nothing(bench: Bench, typed: str) -> None:
    bench.say("/动手 甲")
    for _ in range(4):
        assert bench.say(f"/发 {typed}").startswith("要写四位的码")
    assert bench.say(f"发 {FIRST}") == "做了甲"


def test_it_is_not_waited_for_longer_than_five_minutes(bench: Bench) -> None:
    bench.say("/动手 甲")
    bench.listener.now += timedelta(minutes=5, seconds=1)
    assert bench.say(f"发 {FIRST}").startswith("这个码过时了")
    assert bench.done == []


def test_what_failed_may_be_confirmed_again(bench: Bench) -> None:
    bench.say("/动手 甲")
    bench.broken = True
    assert bench.say(f"发 {FIRST}").startswith("出了点错")
    assert len(bench.listener.rows(failure)) == 1
    assert bench.say("/撤销").startswith("十分钟内您没有")
    bench.broken = False
    assert bench.say(f"发 {FIRST}") == "做了甲"


def test_who_may_not_do_it_any_more_does_not_confirm_it(bench: Bench) -> None:
    bench.say("/动手 甲", QING)
    bench.restart(without_the_command=True)
    assert bench.say(f"发 {FIRST}", QING) == "这个命令您现在用不了，什么也没做。"
    bench.restart()
    bench.say("/动手 乙", QING)
    with bench.listener.writer.transaction(bench.listener.now) as tx:
        qing = directory.meet(tx, SOURCE, [QING])[QING.id]
        roles.take(tx, qing.member_id, "运营", taken_by=None)
    assert bench.say(f"发 {FIRST + 1}", QING) == ""  # a stranger by now
    assert bench.done == []


def test_what_waited_is_kept_no_longer_than_it_is_of_use(bench: Bench) -> None:
    bench.say("/动手 甲")
    bench.say("/动手 乙")
    bench.say(f"发 {FIRST}")
    assert [row["args"] for row in bench.listener.rows(offer, kind="confirm")] == [{}, {"what": "乙"}]
    bench.listener.tick(timedelta(hours=23))
    assert len(bench.listener.rows(offer)) == 3
    bench.listener.tick(timedelta(hours=2))
    assert bench.listener.rows(offer) == []


# --- undoing ---


def test_the_last_is_undone_first_and_each_once(bench: Bench) -> None:
    for number, what in enumerate("甲乙"):
        bench.say(f"/动手 {what}")
        bench.say(f"发 {FIRST + number}")
    assert bench.say("/撤销", QING) == "十分钟内您没有可以撤销的。"
    assert bench.say("/撤销") == "收回了乙"
    assert bench.say("/undo", BOSS, ROOM) == "收回了甲"
    assert bench.say("/撤销") == "十分钟内您没有可以撤销的。"


def test_what_could_not_be_undone_is_asked_again_and_not_what_was_before(bench: Bench) -> None:
    for number, what in enumerate("甲乙"):
        bench.say(f"/动手 {what}")
        bench.say(f"发 {FIRST + number}")
    bench.broken = True
    assert [bench.say("/撤销") for _ in range(2)] == ["撤销不了", "撤销不了"]
    bench.broken = False
    assert bench.say("/撤销") == "收回了乙"


def test_after_ten_minutes_it_stays(bench: Bench) -> None:
    bench.say("/动手 甲")
    bench.say(f"发 {FIRST}")
    bench.listener.now += 10 * MINUTE
    bench.restart(without_the_command=True)
    assert bench.say("/撤销") == "这个命令您现在用不了，什么也没做。"
    bench.restart()
    bench.listener.now += timedelta(seconds=1)
    assert bench.say("/撤销") == "十分钟内您没有可以撤销的。"
    assert bench.done == ["甲"]


# --- the law ---


@dataclass
class Waiting:
    owner: Person
    chat: Chat | None
    at: datetime
    wrong: int = 0
    used: bool = False


@dataclass
class Done:
    owner: Person
    at: datetime
    what: str


@dataclass
class Oracle:
    """What must have come of it, in the plainest words."""

    codes: list[Waiting] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)

    def say(self, code: int, who: Person, chat: Chat | None, now: datetime) -> None:
        mine = [it for it in self.codes if it.owner == who and it.chat == chat]
        waiting = [it for it in mine if not it.used and it.wrong < 3 and now - it.at <= 5 * MINUTE]
        said = self.codes[code] if 0 <= code < len(self.codes) else None
        if said in waiting and said is not None:
            said.used = True
            self.done.append(Done(who, now, f"第{code}件"))
        elif said not in mine:
            for it in waiting:
                it.wrong += 1

    def undo(self, who: Person, now: datetime) -> None:
        last = [it for it in self.done if it.owner == who and now - it.at <= 10 * MINUTE]
        if last:
            self.done.remove(last[-1])


WHO = st.sampled_from([BOSS, BOSS, BOSS, BOSS, QING, ZHOU])
CHAT = st.sampled_from([None, None, None, None, ROOM])
WHICH = st.sampled_from([-1, -1, -2, 7, 7])
"""A code: the last that was given, the one before, or none that was."""
STEPS = st.one_of(
    st.tuples(st.just("ask"), WHO, CHAT),
    st.tuples(st.just("say"), WHO, CHAT, WHICH),
    st.tuples(st.just("round"), WHO, CHAT, st.sampled_from([1, 299, 301]), st.integers(0, 3)),
    st.tuples(st.just("others'"), st.sampled_from([BOSS, QING]), st.sampled_from([QING, BOSS, ZHOU]), CHAT),
    st.tuples(st.just("undo"), WHO, CHAT),
    st.tuples(st.just("twice"), st.sampled_from([BOSS, QING]), CHAT),
    st.tuples(st.just("wait"), st.sampled_from([1, 299, 301, 601])),
    st.tuples(st.just("restart")),
)


def play(bench: Bench, oracle: Oracle, step: str, *args: Any) -> str:
    """What is answered."""
    now = bench.listener.now
    match step, *args:
        case "ask", who, chat:
            if who != ZHOU:
                oracle.codes.append(Waiting(who, chat, now))
            return bench.say(f"/动手 第{len(oracle.codes) - 1}件", who, chat)
        case "say", who, chat, which:
            code = len(oracle.codes) + which
            if who != ZHOU:
                oracle.say(code, who, chat, now)
            return bench.say(f"发 {FIRST + code}", who, chat)
        case "round", who, chat, seconds, wrong:
            play(bench, oracle, "ask", who, chat)
            play(bench, oracle, "wait", seconds)
            for _ in range(wrong):
                play(bench, oracle, "say", who, chat, 7)
            return play(bench, oracle, "say", who, chat, -1)
        case "others'", owner, who, chat:
            play(bench, oracle, "ask", owner, chat)
            return play(bench, oracle, "say", who, chat, -1)
        case "twice", who, chat:
            play(bench, oracle, "round", who, chat, 1, 0)
            play(bench, oracle, "undo", who, chat)
            return play(bench, oracle, "undo", who, chat)
        case "undo", who, chat:
            oracle.undo(who, now)
            return bench.say("/撤销", who, chat)
        case "wait", seconds:
            bench.listener.now += timedelta(seconds=seconds)
        case _:
            bench.restart()
    return ""


def test_a_code_acts_at_most_once_and_for_its_owner_alone(sqlite_engine: Engine, sops: SopSet) -> None:
    """And what was done is undone at most once, by whoever did it. Every way to be refused occurs."""
    answers = set()

    @settings(max_examples=60)
    @given(steps=st.lists(STEPS, min_size=5, max_size=15))
    def holds(steps: list[tuple[Any, ...]]) -> None:
        writer = Writer(sqlite_engine)
        with writer.transaction(MONDAY_9) as tx:
            for table in metadata.sorted_tables:
                tx.connection.execute(table.delete())
        bench, oracle = Bench(writer, sops), Oracle()
        for step in steps:
            answers.add(play(bench, oracle, *step))
            assert bench.done == [it.what for it in oracle.done]
        assert bench.listener.rows(failure) == []
        writer.close()

    holds()
    assert set(confirm.WHY_NOT.values()) - answers == set()
