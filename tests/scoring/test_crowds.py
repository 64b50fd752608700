"""Who was in a room: whatever is told of it is what counting by hand tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.scoring.kpi.crowds import Crowd

MOMENTS = st.integers(0, 30)


@st.composite
def stays(draw: st.DrawFn) -> tuple[int, int | None]:
    came = draw(MOMENTS)
    return came, draw(st.none() | st.integers(came, 30))


def crowd(stays: list[tuple[int, int | None]]) -> Crowd:
    found = Crowd()
    for who, (came, left) in enumerate(stays):
        found.add(who, came, left)
    return found


@given(st.lists(stays()), MOMENTS, MOMENTS)
def test_a_crowd_counts_as_one_does_by_hand(
    known: list[tuple[int, int | None]], since: int, until: int
) -> None:
    there, whole = crowd(known), list(enumerate(known))
    assert there.size(since) == sum(came <= since and (left is None or left > since) for came, left in known)
    assert set(there.through(since, until)) == {
        who for who, (came, left) in whole if came < since and (left is None or until <= left)
    }
    gone = [left for _, left in known if left is not None]
    assert there.leavings(since, until) == sorted(at for at in gone if since <= at < until)


@given(st.lists(stays()), st.lists(MOMENTS).map(sorted))
def test_each_saw_what_was_said_while_they_were_there(
    known: list[tuple[int, int | None]], moments: list[int]
) -> None:
    seen = dict(crowd(known).witnessed(moments))
    for who, (came, left) in enumerate(known):
        assert seen.get(who, 0) == sum(came <= at and (left is None or at < left) for at in moments)
