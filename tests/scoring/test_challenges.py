"""Taking part in challenges, where not everybody could see them, and where they go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.scoring.kpi import making
from bot.scoring.kpi.figure import Figure
from bot.scoring.kpi.period import Period
from bot.store.transaction import Transaction
from tests.scoring.community import ROOM, WHO, ZONE, at, day, happen, live_in

OTHER = ROOM + 1


@pytest.fixture
def november(tx: Transaction) -> Period:
    """A to D are in a room, E to I and K in another."""
    live_in(tx, [WHO[who] for who in "ABCD"])
    live_in(tx, [WHO[who] for who in "EFGHIK"], OTHER)
    return Period(tx.connection, ZONE, day(at(1)), day(at(30)), {}, [ROOM, OTHER])


def enter(tx: Transaction, who: str, *, challenge: str = "table", room: int = ROOM, on: int = 3) -> None:
    more: dict[str, Any] = {"programme_id": challenge, "room_id": room}
    happen(tx, "ugc_submitted", who, at(on), **more)
    happen(tx, "challenge_joined", who, at(on), **more)


def figure(period: Period) -> Figure:
    (found,) = (it for it in making.figures(period) if it.id == "challenge_participation")
    return found


def test_of_who_could_see_it_more_took_part(tx: Transaction, november: Period) -> None:
    happen(tx, "content_sent", None, at(2), programme_id="table")
    enter(tx, "A")
    enter(tx, "E", room=OTHER)
    found = figure(november)
    assert (found.value, found.n, found.parts["看得到的人里"]) == (20, 10, 25)


def test_where_we_never_spoke_of_it_nobody_knows_who_could_see_it(tx: Transaction, november: Period) -> None:
    enter(tx, "A")
    assert figure(november).parts["看得到的人里"] is None


def test_two_challenges_count_each_with_who_was_there_when_it_began(
    tx: Transaction, november: Period
) -> None:
    live_in(tx, [WHO["L"]], joined_at=at(10))
    enter(tx, "A")
    enter(tx, "L")  # who came after it had begun
    enter(tx, "L", challenge="soup", on=20)
    assert figure(november).value == pytest.approx(200 / 21)


def test_a_week_of_a_challenge_has_all_who_entered_by_then(tx: Transaction, november: Period) -> None:
    enter(tx, "A", on=3)
    enter(tx, "B", on=10)
    enter(tx, "C", on=20)
    assert figure(replace(november, first=day(at(9)), last=day(at(15)))).value == 20


def test_nobody_has_gone_all_the_way_before_its_end(tx: Transaction, november: Period) -> None:
    enter(tx, "A")
    enter(tx, "B")
    assert figure(november).parts["走完的"] is None
    happen(tx, "challenge_closed", None, at(29), programme_id="table")
    assert figure(november).parts["走完的"] == 0
    happen(tx, "challenge_completed", "A", at(29), programme_id="table")
    assert figure(november).parts["走完的"] == 50


def test_without_entries_there_is_no_share(november: Period) -> None:
    assert (figure(november).value, figure(november).why) == (None, "这段时间没有人打卡")
