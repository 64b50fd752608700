"""The log read into days: by what was done, whole or bit by bit, and explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nightly import refresh
from bot.people import directory, merging, points
from bot.people.merging import Proof, Why
from bot.people.points import Entry
from bot.scoring import book, daybook, days
from bot.scoring.daybook import Day, Part, Span
from bot.scoring.explain import reasons
from bot.scoring.rules import Scoring
from bot.store import log
from bot.store.figures import activity, contribution
from bot.store.tables import identity, interaction, score_entry
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, QING, ZHOU, rows

ZONE = ZoneInfo("Asia/Shanghai")
SCORING = Scoring()
TODAY = days.number(MONDAY_9, ZONE)
WHOLE = Span(MONDAY_9 - timedelta(days=60), MONDAY_9 + timedelta(days=60))
Act = Callable[..., int]


@pytest.fixture
def people(tx: Transaction) -> list[int]:
    met = directory.meet(tx, "fake:main", [QING, ZHOU])
    return [met[person.id].identity_id for person in (QING, ZHOU)]


def act(tx: Transaction, who: int, name: str = "message_posted", at: datetime = MONDAY_9, **more: Any) -> int:
    row = log.entry(tx, "fake:main", f"m{tx.new_id()}", name, at, **{"room_id": 1, **more}, identity_id=who)
    log.append(tx, [row])
    return int(row["id"])


def read(tx: Transaction) -> dict[tuple[int, int], Day]:
    return {(it.identity_id, it.day): it for it in refresh.everything(tx.connection, SCORING, ZONE)}


def test_what_people_do_is_counted_by_room_and_day(tx: Transaction, people: list[int]) -> None:
    who = people[0]
    act(tx, who)
    act(tx, who, room_id=2)
    act(tx, who, initiated_by="prompted")
    act(tx, who, at=MONDAY_9 + timedelta(hours=15))  # past midnight in Shanghai
    found = read(tx)
    assert found[who, TODAY].rooms == {1: (2, 1), 2: (1, 1)}
    assert found[who, TODAY].points == {"参与": pytest.approx(2.7)}
    assert found[who, TODAY + 1].rooms == {1: (1, 1)}


def test_a_burst_of_pictures_is_one_act(tx: Transaction, people: list[int]) -> None:
    for second in range(9):
        act(tx, people[0], at=MONDAY_9 + timedelta(seconds=second), media_count=1)
    assert read(tx)[people[0], TODAY].rooms == {1: (1, 1)}


@pytest.mark.parametrize(
    "more",
    [{"name": "presence_shown"}, {"actor_role": "staff"}, {"actor_role": "expert"}, {"is_test": True}],
)
def test_presence_staff_and_tests_are_outside(
    tx: Transaction, people: list[int], more: dict[str, Any]
) -> None:
    act(tx, people[0], **more)
    assert read(tx) == {}


def test_what_was_recalled_does_not_count(tx: Transaction, people: list[int]) -> None:
    said = act(tx, people[0])
    act(tx, people[0], "message_recalled", MONDAY_9 + timedelta(minutes=1), parent_event_id=said)
    assert read(tx) == {}


def test_what_sops_gave_counts_and_what_they_took_back_does_not(tx: Transaction, people: list[int]) -> None:
    asked = act(tx, people[0], "question_asked")
    answered = act(tx, people[1], "answer_given")
    points.give(tx, Entry(people[0], "question_asked", asked, "参与", 2))
    points.give(tx, Entry(people[1], "answer_given", answered, "互助", 4))
    points.reverse(tx, "question_asked", asked)
    found = read(tx)
    assert [it.points for it in found.values()] == [{"互助": 4}]


def test_what_was_given_after_the_last_act_counts(tx: Transaction, people: list[int]) -> None:
    asked = act(tx, people[0], "question_asked")
    later = MONDAY_9 + timedelta(days=1)
    points.give(tx, Entry(people[0], "question_asked", asked, "参与", 2, at=later))
    assert read(tx)[people[0], TODAY + 1].points == {"参与": 2}


def test_what_was_typed_as_a_command_is_an_act_and_what_was_said_is_one_already(
    tx: Transaction, people: list[int]
) -> None:
    typed = act(tx, people[0], "command_given")
    act(tx, people[0], "question_asked", parent_event_id=typed)
    said = act(tx, people[1])
    act(tx, people[1], "question_asked", parent_event_id=said)
    assert [it.rooms for it in read(tx).values()] == [{1: (1, 1)}, {1: (1, 1)}]


# --- laws ---

happenings = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["message_posted", "link_shared", "presence_shown", "question_asked"]),
        st.integers(0, 3 * 24 * 60),  # minutes
        st.sampled_from(["self", "prompted"]),
        st.integers(0, 1),  # pictures
        st.sampled_from(["", "", "recalled", "rewarded", "taken back"]),
    ),
    max_size=25,
)


def play(tx: Transaction, people: Sequence[int], happened: Sequence[tuple[Any, ...]]) -> None:
    for who, name, minute, by, pictures, then in happened:
        at = MONDAY_9 + timedelta(minutes=minute)
        event = act(tx, people[who], name, at, initiated_by=by, media_count=pictures)
        if then == "recalled":
            act(tx, people[who], "message_recalled", at + timedelta(minutes=1), parent_event_id=event)
        elif then:
            points.give(tx, Entry(people[who], "answer_given", event, "互助", 4, at=at))
            if then == "taken back":
                points.reverse(tx, "answer_given", event)


def thank(tx: Transaction, to: int, by: int, at: datetime) -> int:
    """What the thanks are for."""
    answered = act(tx, to, "answer_given", at)
    act(tx, by, "answer_thanked", at, target_identity_id=to, props={"answer": answered})
    points.give(tx, Entry(to, "answer_thanked", answered, "互助", 2, at=at))
    return answered


def clear(tx: Transaction) -> None:
    for table in (interaction, score_entry, activity, contribution):
        tx.connection.execute(table.delete())


def written(tx: Transaction) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for table in (activity, contribution) for row in rows(tx.connection, table)]


@settings(max_examples=40)
@given(first=happenings, then=happenings)
def test_day_by_day_as_things_happen_comes_to_the_same_as_all_at_once(
    tx: Transaction, people: list[int], first: list[Any], then: list[Any]
) -> None:
    clear(tx)
    play(tx, people, first)
    book.put_all(tx, min(people), max(people), list(refresh.everything(tx.connection, SCORING, ZONE)))
    mark = tx.new_id()
    play(tx, people, then)
    for day, who in daybook.touched(tx.connection, mark, WHOLE, ZONE).items():
        part = Part(days.begin(day, ZONE), days.begin(day + 1, ZONE) - timedelta(milliseconds=1), who)
        book.put(tx, day, who, list(daybook.read(tx.connection, part, SCORING, ZONE)))
    bit_by_bit = written(tx)
    book.put_all(tx, min(people), max(people), list(refresh.everything(tx.connection, SCORING, ZONE)))
    assert bit_by_bit == written(tx)


def catch_up(tx: Transaction, mark: int) -> None:
    for day, who in daybook.touched(tx.connection, mark, WHOLE, ZONE).items():
        part = Part(days.begin(day, ZONE), days.begin(day + 1, ZONE) - timedelta(milliseconds=1), who)
        book.put(tx, day, who, list(daybook.read(tx.connection, part, SCORING, ZONE)))


thanks = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 45), st.sampled_from(["", "", "taken back"])), max_size=8
)


def all_at_once(tx: Transaction, people: list[int]) -> list[tuple[Any, ...]]:
    book.put_all(tx, min(people), max(people), list(refresh.everything(tx.connection, SCORING, ZONE)))
    return written(tx)


@settings(max_examples=8)
@given(first=thanks, then=thanks)
def test_thanks_count_the_same_day_by_day_as_all_at_once_also_of_who_is_merged_and_split(
    tx: Transaction, people: list[int], first: list[Any], then: list[Any]
) -> None:
    clear(tx)
    stays, gone = (person.member_id for person in directory.meet(tx, "fake:main", [QING, ZHOU]).values())
    mark = 0
    for happened in (first, then):
        for to, day, after in happened:
            answered = thank(tx, people[to], people[1 - to], MONDAY_9 + timedelta(days=day))
            if after:
                points.reverse(tx, "answer_thanked", answered)
        catch_up(tx, mark)
        mark = tx.new_id()
    assert written(tx) == all_at_once(tx, people)
    entry = merging.merge(tx, gone, stays, Why(Proof.STAFF))
    catch_up(tx, mark)
    as_one, mark = written(tx), tx.new_id()
    whole = all_at_once(tx, people)
    merging.undo(tx, entry, None)
    catch_up(tx, mark)
    assert as_one == whole
    assert written(tx) == all_at_once(tx, people)


def test_the_same_members_thanks_count_less_each_time_and_in_full_after_a_month(
    tx: Transaction, people: list[int]
) -> None:
    answerer, giver = people
    for day in (0, 1, 2, 40):
        thank(tx, answerer, giver, MONDAY_9 + timedelta(days=day))
    found = read(tx)
    got = [found[answerer, TODAY + day].points["互助"] for day in (0, 1, 2, 40)]
    assert got == pytest.approx([2, 1, 2 / 3, 2])


def test_thanks_heard_late_change_what_later_ones_count_for(tx: Transaction, people: list[int]) -> None:
    answerer, giver = people
    thank(tx, answerer, giver, MONDAY_9 + timedelta(days=20))
    book.put_all(tx, min(people), max(people), list(read(tx).values()))
    mark = tx.new_id()
    thank(tx, answerer, giver, MONDAY_9)
    catch_up(tx, mark)
    assert written(tx) == all_at_once(tx, people)


def test_thanks_from_ones_own_second_account_count_for_nothing(tx: Transaction, people: list[int]) -> None:
    first, second = people
    thank(tx, first, second, MONDAY_9)
    assert read(tx)[first, TODAY].points == {"互助": 2}
    stays, gone = (person.member_id for person in directory.meet(tx, "fake:main", [QING, ZHOU]).values())
    merging.merge(tx, gone, stays, Why(Proof.STAFF))
    assert (first, TODAY) not in read(tx)


@settings(max_examples=40)
@given(happened=happenings, later=st.integers(0, 200))
def test_a_score_is_the_sum_of_its_reasons(
    tx: Transaction, people: list[int], happened: list[Any], later: int
) -> None:
    clear(tx)
    play(tx, people, happened)
    now = MONDAY_9 + timedelta(days=3 + later)
    for who in people:
        found = (it for it in refresh.everything(tx.connection, SCORING, ZONE) if it.identity_id == who)
        score = book.person(found, SCORING, days.number(now, ZONE)).score
        told: defaultdict[str, float] = defaultdict(float)
        for reason in reasons(tx.connection, [who], SCORING, ZONE, now):
            told[reason.dimension] += reason.today
        assert {name: it for name, it in score.by_dimension.items() if it} == pytest.approx(told, abs=1e-9)


def test_everybody_comes_to_what_each_comes_to(tx: Transaction, people: list[int]) -> None:
    play(tx, people, [(0, "message_posted", 5, "self", 0, "rewarded"), (1, "link_shared", 9, "self", 0, "")])
    book.put_all(tx, min(people), max(people), list(refresh.everything(tx.connection, SCORING, ZONE)))
    found = dict(book.everybody(tx.connection, SCORING, TODAY + 9, since=TODAY - 30))
    members = {row["id"]: row["member_id"] for row in rows(tx.connection, identity)}
    assert len(found) == 2
    for who in people:
        read_ = (it for it in refresh.everything(tx.connection, SCORING, ZONE) if it.identity_id == who)
        alone = book.person(read_, SCORING, TODAY + 9)
        assert found[members[who]].score.total == pytest.approx(alone.score.total, abs=1e-9)
        assert found[members[who]].days == list(alone.days)


def test_utc_and_shanghai_are_different_days() -> None:
    late = datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert days.number(late, ZONE) == days.number(late, ZoneInfo("UTC")) + 1
