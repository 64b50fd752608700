"""What is foretold of a message is what becomes of it, as long as nothing comes between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.channels.base import Message
from bot.outbox import restraints
from bot.outbox.foretold import Held, foretell
from bot.outbox.queue import Intent, Post, Priority, enqueue, text
from bot.outbox.rules import Budget, Rule
from bot.sop.hours import USUAL
from tests.builders import MONDAY_9, QING, ROOM, said
from tests.outbox.office import ACCOUNT, ALL_DAY, SHANGHAI, Office, office

BUDGET = Budget(2, 4, 1, 2, 1, timedelta(hours=2), timedelta(minutes=3))
RULES = replace(ALL_DAY, hours=USUAL, budget=BUDGET, sells=lambda text: "元" in text)
POSTS = st.tuples(st.sampled_from([Intent.GIVE, Intent.PROMO]), st.booleans())
"""What is begun, and whether it calls everybody. (An ask may wait for gives that never come.)"""


def post_of(desk: Office, intent: Intent, *, at_all: bool = False, words: str = "早上好") -> Post:
    key = f"foretold-{desk.posts}"
    desk.posts += 1
    return Post([text(words)], intent, Priority.POST, key, room_id=desk.room, at_all=at_all)


def leaves_at(desk: Office) -> datetime:
    """When what waits leaves; the clock goes on until then."""
    while not isinstance(claimed := desk.claim(), Message):
        desk.now = cast("datetime", claimed)
    desk.settle(claimed)
    return desk.now


@pytest.fixture
def free(sqlite_engine: Engine) -> Engine:
    """Nothing here depends on the kind of database."""
    return sqlite_engine


@settings(max_examples=60)
@given(past=st.lists(POSTS, max_size=6), next_one=POSTS, wait=st.integers(0, 40), heard=st.booleans())
def test_it_leaves_when_that_was_foretold(
    free: Engine, past: list[tuple[Intent, bool]], next_one: tuple[Intent, bool], wait: int, heard: bool
) -> None:
    with office(free) as desk:
        desk.rules = RULES
        for intent, at_all in past:
            enqueue(desk.tx, ACCOUNT, post_of(desk, intent, at_all=at_all))
            leaves_at(desk)
        desk.now += timedelta(hours=wait)
        if heard:
            desk.talk(said("今天的番茄真甜", QING, ROOM, occurred_at=desk.now), "member")
        post = post_of(desk, next_one[0], at_all=next_one[1])
        foretold = foretell(desk.tx, ACCOUNT, post, desk.rules)
        before = desk.now
        enqueue(desk.tx, ACCOUNT, post)
        assert leaves_at(desk) == (before if foretold is None else foretold.until)


def test_the_rule_that_holds_longest_is_named(free: Engine) -> None:
    """At night, in a week whose promotion is used up."""
    with office(free) as desk:
        desk.rules = RULES
        enqueue(desk.tx, ACCOUNT, post_of(desk, Intent.PROMO))
        leaves_at(desk)
        desk.now += timedelta(hours=14)
        held = foretell(desk.tx, ACCOUNT, post_of(desk, Intent.PROMO), desk.rules)
        assert held == Held(Rule.PROMO_WEEK, datetime(2026, 12, 7, 8, 30, tzinfo=SHANGHAI))
        night = foretell(desk.tx, ACCOUNT, post_of(desk, Intent.GIVE), desk.rules)
        assert night == Held(Rule.QUIET_HOURS, datetime(2026, 12, 1, 8, 30, tzinfo=SHANGHAI))


def test_what_may_never_leave_is_told_so(free: Engine) -> None:
    with office(free) as desk:
        desk.rules = RULES
        held = foretell(desk.tx, ACCOUNT, post_of(desk, Intent.GIVE, words="一箱 49 元"), desk.rules)
        assert held == Held(Rule.SAY_DO, None)
        assert held.outlives(post_of(desk, Intent.GIVE))


def test_what_is_not_wanted_so_late_outlives_itself(free: Engine) -> None:
    with office(free) as desk:
        desk.rules = RULES
        restraints.hush(desk.tx, ACCOUNT, desk.room, MONDAY_9 + timedelta(hours=3), by=None)
        post = post_of(desk, Intent.GIVE)
        held = foretell(desk.tx, ACCOUNT, post, desk.rules)
        assert held == Held(Rule.HUSHED, MONDAY_9 + timedelta(hours=3))
        assert not held.outlives(post)
        assert not held.outlives(replace(post, expires_at=MONDAY_9 + timedelta(hours=3)))
        assert held.outlives(replace(post, expires_at=MONDAY_9 + timedelta(hours=2)))


def test_nothing_is_queued_by_asking(free: Engine) -> None:
    with office(free) as desk:
        foretell(desk.tx, ACCOUNT, post_of(desk, Intent.GIVE), desk.rules)
        assert desk.states() == []
