"""When what did not leave could leave: the guard, asked again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.outbox import restraints
from bot.outbox.foretold import earliest
from bot.outbox.queue import Intent, Priority, by_id
from bot.outbox.rules import Budget, Hours, Rule
from tests.builders import MONDAY_9
from tests.outbox.office import ACCOUNT, ALL_DAY, Office, office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STRICT = replace(
    ALL_DAY,
    hours=(Hours(time(8, 30), time(21, 30)),) * 8,
    budget=Budget(posts_a_day=2, promo_a_week=1, apart=2 * HOUR),
    sells=lambda text: "元" in text,
)
MONDAY_AGAIN = MONDAY_9 + 7 * DAY - HOUR / 2


@pytest.fixture
def desk(sqlite_engine: Engine) -> Iterator[Office]:
    with office(sqlite_engine) as desk:
        desk.rules = STRICT
        yield desk


def post(desk: Office, text: str, intent: Intent = Intent.GIVE, **more: Any) -> int:
    queued = desk.post(text, intent=intent, priority=Priority.POST, **more)
    assert queued is not None
    return queued


def asked(desk: Office, post_id: int) -> datetime | Rule | None:
    row = by_id(desk.tx, post_id)
    assert row is not None
    return earliest(desk.tx, row, desk.rules)


def test_what_nothing_is_against_may_leave_now(desk: Office) -> None:
    assert asked(desk, post(desk, "溯源")) == MONDAY_9


def test_rules_that_are_against_it_one_after_the_other_are_all_waited_for(desk: Office) -> None:
    post(desk, "第一条")
    assert desk.send_all() == ["第一条"]
    desk.now = MONDAY_9 + 12 * HOUR
    post(desk, "第二条")
    assert desk.send_all() == ["第二条"]
    third = post(desk, "第三条")
    assert asked(desk, third) == MONDAY_9 + DAY - HOUR / 2  # not in the two hours after the last, not tonight


def test_at_that_moment_the_guard_lets_it_go_and_not_before(desk: Office) -> None:
    post(desk, "上新 39 元", Intent.PROMO)
    assert desk.send_all() == ["上新 39 元"]
    second = post(desk, "上新 49 元", Intent.PROMO)
    assert asked(desk, second) == MONDAY_AGAIN
    desk.now = MONDAY_AGAIN - timedelta(seconds=1)
    assert desk.send_all() == []
    desk.now = MONDAY_AGAIN
    assert desk.send_all() == ["上新 49 元"]


def test_what_may_never_leave_names_its_rule(desk: Office) -> None:
    assert asked(desk, post(desk, "只要 39 元")) is Rule.SAY_DO


def test_of_somebody_who_opted_out(desk: Office) -> None:
    desk.opt_out(desk.person)
    assert asked(desk, post(desk, "好久不见", person=desk.person)) is Rule.OPT_OUT


def test_a_pause_without_an_end_waits_for_a_human_one_with_an_end_for_that(desk: Office) -> None:
    queued = post(desk, "溯源", sop_id="monday-origin")
    restraints.pause(desk.tx, ACCOUNT, "monday-origin", None, None)
    assert asked(desk, queued) is Rule.PAUSED
    restraints.pause(desk.tx, ACCOUNT, "monday-origin", MONDAY_9 + 3 * HOUR, None)
    assert asked(desk, queued) == MONDAY_9 + 3 * HOUR
