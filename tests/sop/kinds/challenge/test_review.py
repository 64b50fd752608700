"""Reviews, what they earn and take, and entries that people talk into being or away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot import app
from bot.events import Chat, Media, MessageKind, MessageReceived, Person, Quote
from bot.people import directory, points, roles
from bot.sop.kinds.challenge.board import standing_entries
from bot.sop.kinds.challenge.model import Challenge, Review
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import interaction, outgoing, run
from bot.store.writer import Writer
from tests.builders import BOSS, QING, ROOM, ZHOU
from tests.listener import ACCOUNT, SOURCE, Listener

TABLE = "dinner-table"


def with_challenge(sops: SopSet, **changes: Any) -> SopSet:
    sop = sops.sops[TABLE]
    assert isinstance(sop, Challenge)
    return replace(sops, sops={**sops.sops, TABLE: sop.model_copy(update=changes)})


def begin(writer: Writer, sops: SopSet) -> Listener:
    listener = Listener(writer, sops)
    listener.now += timedelta(hours=9)
    with writer.transaction(listener.now) as tx:
        boss = directory.meet(tx, SOURCE, [BOSS])[BOSS.id]
        roles.give(tx, boss.member_id, roles.ADMIN, given_by=None)
    return listener


@pytest.fixture
def group(writer: Writer, sops: SopSet) -> Listener:
    return begin(writer, sops)


def picture(group: Listener, who: Person = QING, name: str = "a.jpg") -> MessageReceived:
    return group.say("", who, kind=MessageKind.IMAGE, media=(Media(f"ref-{who.id}-{name}", name),))


def set_table(group: Listener, who: Person = QING, text: str = "番茄牛腩") -> MessageReceived:
    picture(group, who, f"{text}.jpg")
    return group.say(f"#我的原野餐桌# {text}", who)


def standing(group: Listener) -> int:
    with group.writer.transaction(group.now) as tx:
        return len(standing_entries(tx, TABLE))


def earned(group: Listener, who: Person = QING) -> float:
    with group.writer.transaction(group.now) as tx:
        return points.of(tx, directory.known_people(tx, SOURCE, [who.id])[who.id].member_id)


def answers(group: Listener) -> list[str]:
    return [row["payload"]["text"] for row in group.rows(outgoing) if row["priority"] == 0]


def test_a_table_earns_half_at_once_and_the_rest_when_approved(group: Listener) -> None:
    set_table(group)
    assert earned(group) == 2.5 + 1
    group.say("/过 1", BOSS, None)
    assert earned(group) == 5 + 1
    assert standing(group) == 1


def test_a_decision_is_recorded_as_staffs(group: Listener) -> None:
    set_table(group)
    group.say("/过 1", BOSS, None)
    (decision,) = group.rows(interaction, name="ugc_approved")
    assert decision["actor_role"] == "staff"


def test_what_is_rejected_earns_nothing_and_ten_minutes_bring_it_back(group: Listener) -> None:
    set_table(group)
    group.say("/退 1 看不清", BOSS, None)
    assert (standing(group), earned(group)) == (0, 1)
    group.now += timedelta(minutes=9)
    group.say("/撤销", BOSS, None)
    assert (standing(group), earned(group)) == (1, 2.5 + 1)


def test_after_ten_minutes_a_decision_stands(group: Listener) -> None:
    set_table(group)
    group.say("/退 1 看不清", BOSS, None)
    group.now += timedelta(minutes=11)
    group.say("/撤销", BOSS, None)
    assert standing(group) == 0


def test_a_rejection_that_is_undone_leaves_the_approval_before_it(group: Listener) -> None:
    set_table(group)
    group.say("/过 1", BOSS, None)
    group.say("/退 1 看不清", BOSS, None)
    assert earned(group) == 1
    group.say("/撤销", BOSS, None)
    assert earned(group) == 5 + 1


def test_what_waited_waits_again_when_its_rejection_is_undone(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    set_table(group)
    group.say("/退 1 看不清", BOSS, None)
    group.say("/撤销", BOSS, None)
    assert (standing(group), earned(group)) == (0, 0)
    group.say("/待审", BOSS, None)
    assert answers(group)[-1].startswith("1 阿青")


def test_an_approval_that_is_undone_brings_the_rejection_back(group: Listener) -> None:
    set_table(group)
    group.say("/退 1 看不清", BOSS, None)
    group.say("/过 1", BOSS, None)
    assert (standing(group), earned(group)) == (1, 5 + 1)
    group.say("/撤销", BOSS, None)
    assert (standing(group), earned(group)) == (0, 1)


def test_who_has_another_table_by_now_gets_no_second_one_by_an_undo(group: Listener) -> None:
    set_table(group)
    group.say("/退 1 看不清", BOSS, None)
    set_table(group, text="羊肉煲")
    group.say("/撤销", BOSS, None)
    assert standing(group) == 1
    assert answers(group)[-1].startswith("撤销不了")


def test_what_was_approved_rejected_and_approved_again_stands(group: Listener) -> None:
    set_table(group)
    for decision in ("/过 1", "/退 1", "/过 1"):
        group.say(decision, BOSS, None)
    assert (standing(group), earned(group)) == (1, 5 + 1)


def test_where_reviews_are_needed_nothing_counts_before(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    set_table(group)
    assert standing(group) == 0
    group.say("/待审", BOSS, None)
    assert answers(group)[-1].startswith("1 阿青 番茄牛腩📷1")
    group.say("/过 1", BOSS, None)
    assert standing(group) == 1


def test_members_and_strangers_decide_nothing(group: Listener) -> None:
    set_table(group)
    for typed in ("/退 1", "退 1 难吃", "/过 1", "过 1"):
        group.say(typed, ZHOU)
        group.say(typed, Person("stranger", "外人"), None)
    assert standing(group) == 1
    assert group.rows(interaction, name="ugc_approved") == []


def test_a_quoted_table_is_taken_back_though_a_later_one_stands(group: Listener) -> None:
    first = set_table(group)
    group.now += timedelta(days=1)
    set_table(group, text="羊肉煲")
    group.say("撤回打卡", QING, quote=Quote(message_id=first.id))
    (withdrawn,) = group.rows(interaction, name="ugc_withdrawn")
    entries = group.rows(interaction, name="ugc_submitted")
    assert withdrawn["corrects_event_id"] == entries[0]["id"]
    assert standing(group) == 1


def test_a_picture_is_counted_by_the_name_of_its_sender(group: Listener) -> None:
    picture(group, ZHOU)
    group.say("算打卡", BOSS, quote=Quote(sender="老周"))
    (entry,) = group.rows(interaction, name="ugc_submitted")
    with group.writer.transaction(group.now) as tx:
        zhou = directory.known_people(tx, SOURCE, [ZHOU.id])[ZHOU.id]
    assert entry["identity_id"] == zhou.identity_id


def test_a_member_counts_nobodys_picture(group: Listener) -> None:
    picture(group, ZHOU)
    group.say("算打卡", QING, quote=Quote(sender="老周"))
    assert group.rows(interaction, name="ugc_submitted") == []


def test_one_message_with_two_tags_enters_both_challenges_with_one_picture(
    writer: Writer, sops: SopSet
) -> None:
    sop = sops.declared[TABLE]
    second = sop.model_copy(update={"id": "breakfast", "name": "早餐", "hashtag": "我的早餐", "also": ()})
    source = {**sops.source, "breakfast": sops.source[TABLE]}
    two = {TABLE: sop, "breakfast": second}
    both = replace(sops, sops=two, declared=two, source=source)
    group = begin(writer, both)
    picture(group)
    group.say("#我的原野餐桌# #我的早餐# 番茄")
    entries = group.rows(interaction, name="ugc_submitted")
    assert {row["programme_id"] for row in entries} == {TABLE, "breakfast"}


def statements(group: Listener, *messages: MessageReceived) -> int:
    """How many statements it takes to hear these in one batch."""
    made: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        made.append(statement)

    event.listen(group.writer.engine, "before_cursor_execute", note)
    group.hear(*messages)
    event.remove(group.writer.engine, "before_cursor_execute", note)
    return len(made)


def flood(group: Listener, text: str, times: int) -> list[MessageReceived]:
    number = len(group.rows(interaction))
    return [
        MessageReceived(f"flood-{number}-{n}", QING, group.now, chat=ROOM, text=text.format(n))
        for n in range(times)
    ]


def test_a_list_of_those_who_sign_up_is_no_table_however_often_it_comes(group: Listener) -> None:
    picture(group)
    signed_up = "#接龙\n周六采摘 #我的原野餐桌#\n{0}. 会员{0}"
    few = statements(group, *flood(group, signed_up, 20))
    many = statements(group, *flood(group, signed_up, 400))
    assert many == few < 12
    assert len(group.rows(interaction, name="list_posted")) == 420
    group.tick(timedelta(minutes=30))
    assert group.rows(interaction, name="challenge_part") == []
    assert group.rows(run) == group.rows(outgoing) == []


def test_who_writes_a_thousand_times_makes_one_table_at_little_cost(group: Listener) -> None:
    set_table(group)
    made = statements(group, *flood(group, "#我的原野餐桌# 又一桌", 1_000))
    assert made <= 7 * 1_000 + 20
    assert standing(group) == 1
    assert len(group.rows(run)) == 2  # the attempt, and the receipt that is gathered
    for _ in range(60):
        group.tick(timedelta(minutes=1))
    assert len(receipts(group)) == 1


def test_another_room_is_the_same_day(group: Listener) -> None:
    set_table(group)
    other = Chat("room-2", "原野二群")
    group.enable(other, "会员2群")
    group.now += timedelta(minutes=30)
    group.say("", QING, other, kind=MessageKind.IMAGE, media=(Media("ref-2", "b.jpg"),))
    group.say("#我的原野餐桌# 又一桌", QING, other)
    assert standing(group) == 1


def receipts(group: Listener) -> list[str]:
    return [row["payload"]["text"] for row in group.rows(outgoing) if row["room_id"] == group.room]


def test_who_was_thanked_is_not_thanked_again_when_an_older_table_is_approved(
    writer: Writer, sops: SopSet
) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    set_table(group)
    set_table(group, ZHOU, "羊肉煲")
    for number, name in ((2, "老周"), (1, "阿青")):
        group.say(f"/过 {number}", BOSS, None)
        group.tick(timedelta(minutes=30))
        assert [who for who in ("阿青", "老周") if who in receipts(group)[-1]] == [name]
    assert len(receipts(group)) == 2


def test_what_an_operator_counts_waits_for_nobody(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    picture(group, ZHOU)
    group.say("算打卡", BOSS, quote=Quote(sender="老周"))
    assert (standing(group), earned(group, ZHOU)) == (1, 2.5 + 1)


def test_pictures_taken_back_are_not_counted_for_the_operators(group: Listener) -> None:
    spare = picture(group, name="spare.jpg")
    set_table(group)
    group.recall(spare)
    group.say("/待审", BOSS, None)
    assert answers(group)[-1].startswith("1 阿青 番茄牛腩📷1｜")


def test_after_a_hundred_tries_a_day_has_one_table_still(group: Listener) -> None:
    for _ in range(100):
        group.recall(group.say("#我的原野餐桌# 等等"))
    set_table(group)
    set_table(group, text="羊肉煲")
    assert standing(group) == 1


def test_a_receipt_follows_the_sop_as_it_is_by_now(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, sops)
    set_table(group)
    group.tick(timedelta(minutes=30))
    assert "想听听您" in receipts(group)[-1]
    sop = sops.sops[TABLE]
    assert isinstance(sop, Challenge)
    silent = sop.model_copy(update={"entry": sop.entry.model_copy(update={"ask_for": []})})
    source = {**sops.source, TABLE: replace(sops.source[TABLE], hash="another")}
    group.pipeline = app.build_pipeline(
        replace(with_challenge(sops), sops={TABLE: silent}, declared={TABLE: silent}, source=source),
        ACCOUNT,
        SOURCE,
        Status(),
    )
    group.restart()
    set_table(group, ZHOU)
    group.tick(timedelta(minutes=30))
    assert "老周" in receipts(group)[-1]
    assert "想听听您" not in receipts(group)[-1]


def test_the_list_for_operators_forgets_the_words_that_are_taken_back(group: Listener) -> None:
    message = set_table(group)
    group.say("/待审", BOSS, None)
    assert "番茄牛腩" in answers(group)[-1]
    group.recall(message)
    assert "番茄牛腩" not in str([row["payload"] for row in group.rows(outgoing)])


@pytest.mark.parametrize(("days", "answer"), [(0, "您还能补2天"), (40, "现在没有能补卡的挑战")])
def test_days_are_made_up_while_it_lasts(group: Listener, days: int, answer: str) -> None:
    set_table(group)
    group.now += timedelta(days=days)
    group.say("/补卡", QING, None)
    assert answer in answers(group)[-1]


def test_a_day_that_waits_for_a_human_is_not_missed(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    for _ in range(3):
        group.tick(timedelta(days=1))
        set_table(group)
    set_table(group, text="补卡 汤")
    group.say("/过 1-9", BOSS, None)
    assert standing(group) == 4
    (made_up,) = group.rows(interaction, name="challenge_made_up")
    assert made_up["props"] == {"day": "2026-11-30"}


def test_made_up_days_that_wait_for_a_human_are_days_of_their_own(writer: Writer, sops: SopSet) -> None:
    group = begin(writer, with_challenge(sops, review=Review(needed=True)))
    group.tick(timedelta(days=4))
    for text in ("面", "补卡 汤", "补卡 粥", "补卡 饼"):
        set_table(group, text=text)
    group.say("/过 1-9", BOSS, None)
    assert standing(group) == 3
    assert len(group.rows(interaction, name="challenge_made_up")) == 2
