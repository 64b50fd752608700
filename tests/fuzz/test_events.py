"""Any events, in any order, told once or more: the pipeline records them and nothing fails."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.events import MessageReceived, RoomEvent
from bot.naming import NAMES
from bot.store.tables import interaction
from tests.builders import MONDAY_9, ROOM
from tests.fuzz.budget import cases
from tests.fuzz.hall import SOURCE, Hall
from tests.fuzz.nasty import ENTRIES, EVENTS

MESSAGE = NAMES | {"command_given"}


@st.composite
def batches(draw: st.DrawFn) -> list[list[RoomEvent]]:
    """Batches of events, some of which are told again."""
    entries = [event for entry in draw(st.lists(ENTRIES, max_size=2)) for event in entry]
    told = {event.id: event for event in (*draw(st.lists(EVENTS, min_size=1, max_size=6)), *entries)}
    again = st.lists(st.sampled_from(list(told.values())), min_size=1, max_size=6)
    return [list(told.values()), *draw(st.lists(again, max_size=2))]


def is_heard(event: RoomEvent) -> bool:
    """Whether it is something said in the enabled room, after it was enabled."""
    here = event.chat is not None and event.chat.id == ROOM.id
    late = event.occurred_at + timedelta(seconds=1) < MONDAY_9 - timedelta(hours=1)
    return isinstance(event, MessageReceived) and here and not event.is_self and not late


def play(hall: Hall, told: list[list[RoomEvent]]) -> None:
    with hall.play() as play:
        for batch in told:
            play.hear(batch)
        play.pass_time(timedelta(minutes=40))
        play.pass_time(timedelta(hours=4))
        play.check()
        log = [row for row in play.rows(interaction) if row["source"] == SOURCE and row["name"] in MESSAGE]
        heard = {event.id for event in told[0] if is_heard(event)}
        assert len(log) == len({row["source_id"] for row in log})
        assert {row["source_id"] for row in log if row["room_id"] is not None and row["identity_id"]} == heard


@cases(250, soak=200_000)
@given(told=batches())
def test_whatever_happens_is_recorded_once_and_nothing_fails(
    hall: Hall, told: list[list[RoomEvent]], round: int
) -> None:
    play(hall, told)


@cases(40, soak=20_000)
@given(told=batches())
def test_whatever_happens_postgresql_takes_it(
    server_hall: Hall, told: list[list[RoomEvent]], round: int
) -> None:
    play(server_hall, told)
