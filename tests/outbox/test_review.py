from __future__ import annotations

from datetime import timedelta

from bot.outbox import review
from bot.outbox.queue import State
from tests.builders import MONDAY_9
from tests.outbox.office import ACCOUNT, Office


def test_what_ended_badly_lately_is_listed_however_long_it_waited(desk: Office) -> None:
    desk.post("早", not_before=MONDAY_9 + timedelta(days=8))
    desk.now = MONDAY_9 + timedelta(days=8)
    desk.settle(desk.claim_message(), State.UNKNOWN)
    assert [row.state for row in review.listing(desk.tx, ACCOUNT, 10)] == [State.UNKNOWN]
    assert review.counts(desk.tx, ACCOUNT)[State.UNKNOWN] == 1
    desk.now += review.RECENT + timedelta(seconds=1)
    assert review.listing(desk.tx, ACCOUNT, 10) == []


def test_what_expired_is_counted_from_a_moment_on(desk: Office) -> None:
    desk.post("早", expires_at=MONDAY_9 + timedelta(minutes=1))
    desk.now += timedelta(hours=1)
    assert review.expired_since(desk.tx, ACCOUNT, MONDAY_9) == 1
    assert review.expired_since(desk.tx, ACCOUNT, desk.now + timedelta(seconds=1)) == 0
