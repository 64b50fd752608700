"""The query finds whom the predicate finds, by the facts as they were made up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from bot.audience import facts
from bot.audience.conditions import AllOf, Condition, InRoom, Leveled, Not, Silent, Spends, Tagged, holds
from bot.audience.selecting import everybody
from tests.audience.made_up import LEVELS, SCOPE, TODAY, Made, conditions, people, settle

NOBODY = Made({}, frozenset(), {}, 0, 0, frozenset(), [], None, split=False)
EVERYTHING = AllOf((Tagged("烹饪热情"), Leveled(0, 2, LEVELS), Spends(0, 3), Silent(40)))


@given(made=st.lists(people, max_size=6), condition=conditions)
def test_all_are_found_who_meet_it_and_nobody_else(
    sqlite_engine: Engine, made: list[Made], condition: Condition
) -> None:
    meant = {n: it.facts for n, it in enumerate(made, 1) if it.is_meant}
    with sqlite_engine.connect() as connection:
        settle(connection, made)
        found = everybody(connection, SCOPE, condition)
        everyone = everybody(connection, SCOPE)
        connection.rollback()
    met = [n for n, known in meant.items() if holds(condition, known)]
    assert found.ids == {*met}
    assert found.rooms == Counter(key for n in met for key in meant[n].rooms)
    assert everyone.ids == meant.keys()


@given(made=st.lists(people, max_size=6), condition=conditions)
def test_the_facts_of_a_few_are_those_that_the_condition_needs(
    sqlite_engine: Engine, made: list[Made], condition: Condition
) -> None:
    meant = {n: it.facts for n, it in enumerate(made, 1) if it.is_meant}
    with sqlite_engine.connect() as connection:
        settle(connection, made)
        read = facts.of(connection, range(1, len(made) + 1), SCOPE, condition)
        connection.rollback()
    assert {n: holds(condition, known) for n, known in read.items()} == {
        n: holds(condition, known) for n, known in meant.items()
    }


@settings(max_examples=20)
@given(data=st.data())
def test_it_is_so_on_both_databases(engine: Engine, data: st.DataObject) -> None:
    """Fewer cases: a server takes its time."""
    made, several = data.draw(st.lists(people, max_size=6)), data.draw(st.lists(conditions, max_size=4))
    meant = {n: it.facts for n, it in enumerate(made, 1) if it.is_meant}
    with engine.connect() as connection:
        settle(connection, made)
        for condition in several:
            found = sorted(everybody(connection, SCOPE, condition).ids)
            assert found == [n for n, known in meant.items() if holds(condition, known)]
            read = facts.of(connection, [*meant], SCOPE, condition)
            assert [n for n in meant if holds(condition, read[n])] == found
        connection.rollback()


def test_the_facts_are_those_of_all_tables(sqlite_engine: Engine) -> None:
    made = Made(
        joined={1: 41, 2: None},
        left=frozenset(),
        ways={"烹饪热情": ["no", "yes"], "办公室": ["yes", "refused"]},
        level=2,
        grade=3,
        acts=frozenset({(0, 1), (3, 0), (9, 2)}),
        decided=[False, True],
        role="美食大使",
        split=True,
    )
    with sqlite_engine.connect() as connection:
        settle(connection, [made])
        read = facts.of(connection, [1], SCOPE, EVERYTHING)[1]
    assert (set(read.rooms), read.came, read.personal) == ({"会员1群", "会员2群"}, TODAY - 41, True)
    assert (read.tags, read.level, read.grade, read.days) == ({"烹饪热情": 1.0}, 2, 3, [TODAY - 9, TODAY])


def test_who_is_in_no_room_is_in_no_audience_not_even_by_what_they_are_not(sqlite_engine: Engine) -> None:
    nothing = Not(Tagged("烹饪热情"))
    with sqlite_engine.connect() as connection:
        settle(connection, [NOBODY, replace(NOBODY, joined={3: 1})])
        assert len(everybody(connection, SCOPE, nothing)) == 0
        assert len(everybody(connection, SCOPE, Not(InRoom(frozenset({"会员1群"}))))) == 0
        assert facts.of(connection, [1, 2], SCOPE, nothing) == {}
