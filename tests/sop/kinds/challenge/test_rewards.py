"""What entries earn in the ledger, and what a yes keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import app
from bot.events import Media, MessageKind, MessageReceived
from bot.people import directory, roles
from bot.sop.kinds.challenge import featured
from bot.sop.loader import SopSet
from bot.status import Status
from bot.store.tables import consent as consents
from bot.store.tables import interaction, media, outgoing, score_entry, texts
from bot.store.writer import Writer
from tests.builders import BOSS, QING
from tests.listener import ACCOUNT, SOURCE, Listener


@pytest.fixture
def table(listener: Listener) -> Listener:
    """QING's first table, a day into the challenge."""
    listener.now += timedelta(hours=9)
    set_table(listener)
    return listener


def set_table(listener: Listener, text: str = "番茄牛腩") -> MessageReceived:
    listener.say("", kind=MessageKind.IMAGE, media=(Media("picture-1", "a.jpg"),))
    return listener.say(f"#我的原野餐桌# {text}")


def ledger(listener: Listener) -> list[tuple[str, float]]:
    return [(row["rule"], row["points"]) for row in listener.rows(score_entry)]


def make_staff(listener: Listener) -> None:
    with listener.writer.transaction(listener.now) as tx:
        boss = directory.meet(tx, "fake:main", [BOSS])[BOSS.id]
        roles.give(tx, boss.member_id, roles.ADMIN, given_by=None)


def feature(listener: Listener) -> None:
    """The operators ask QING, who is a friend, and she says yes."""
    make_staff(listener)
    listener.say("在吗", QING, None)
    listener.say("/精选 1", BOSS, None)
    listener.say("可以", QING, None)


def test_the_first_table_earns_for_itself_and_for_coming(table: Listener) -> None:
    assert ledger(table) == [("ugc_submitted", 2.5), ("challenge_joined", 1.0)]


def test_the_second_day_earns_for_itself_alone(table: Listener) -> None:
    table.now += timedelta(days=1)
    set_table(table)
    assert ledger(table)[2:] == [("ugc_submitted", 2.5)]


def test_what_is_taken_back_earns_nothing(listener: Listener) -> None:
    message = set_table(listener)
    listener.recall(message)
    assert ledger(listener)[-1] == ("ugc_submitted:reversed", -2.5)


def test_a_yes_keeps_words_and_pictures_until_it_is_taken_back(table: Listener) -> None:
    feature(table)
    (words,) = [row for row in table.rows(texts) if "番茄牛腩" in row["body"]]
    (picture,) = table.rows(media)
    assert words["keep_until"] is None
    assert picture["keep_until"] > table.now + timedelta(days=3_650)
    assert ledger(table)[-1] == ("ugc_featured", 5.0)
    table.say("撤回授权", QING, None)
    (words,) = [row for row in table.rows(texts) if "番茄牛腩" in row["body"]]
    (picture,) = table.rows(media)
    assert words["keep_until"] == picture["keep_until"] < table.now + timedelta(days=92)
    assert ledger(table)[-1] == ("ugc_featured:reversed", -5.0)


def test_a_table_that_is_withdrawn_is_not_kept_though_there_was_a_yes(table: Listener) -> None:
    feature(table)
    table.say("撤回打卡")
    (words,) = [row for row in table.rows(texts) if "番茄牛腩" in row["body"]]
    (picture,) = table.rows(media)
    assert words["keep_until"] == picture["keep_until"] < table.now + timedelta(days=92)
    assert ledger(table)[-1] == ("ugc_featured:reversed", -5.0)


def test_a_yes_can_be_taken_back_though_the_challenge_is_there_no_more(table: Listener, sops: SopSet) -> None:
    feature(table)
    gone = replace(sops, sops={}, declared={}, source={})
    table.pipeline = app.build_pipeline(gone, ACCOUNT, SOURCE, Status())
    table.restart()
    table.say("撤回授权", QING, None)
    (words,) = [row for row in table.rows(texts) if "番茄牛腩" in row["body"]]
    assert words["keep_until"] is not None
    assert table.log()[-2:] == ["ugc_unfeatured", "consent_withdrawn"]
    assert "不再收在食谱里" in table.queued()[-1]


def test_what_is_taken_back_twice_is_recorded_once(table: Listener) -> None:
    feature(table)
    table.say("撤回授权", QING, None)
    table.say("/退 1", BOSS, None)
    assert table.log().count("ugc_unfeatured") == 1


def test_the_consent_is_of_this_purpose_alone(table: Listener) -> None:
    feature(table)
    (row,) = table.rows(consents)
    assert (row["purpose"], row["given"]) == (featured.PURPOSE, True)
    table.say("撤回授权", QING, None)
    (row,) = table.rows(consents)
    assert (row["purpose"], row["given"]) == (featured.PURPOSE, False)


def test_whoever_has_nothing_featured_gets_no_answer(table: Listener) -> None:
    before = len(table.rows(outgoing))
    table.say("撤回授权", QING, None)
    assert len(table.rows(outgoing)) == before


def test_who_wants_no_mention_is_not_asked(table: Listener) -> None:
    make_staff(table)
    table.say("别@我", QING, None)
    table.say("/精选 1", BOSS, None)
    assert table.rows(interaction, name="reuse_asked") == []
    assert "说过别@" in table.rows(outgoing)[-1]["payload"]["text"]


def test_a_badge_taken_back_with_its_table_is_given_with_the_next(writer: Writer, sops: SopSet) -> None:
    listener = Listener(writer, sops)
    listener.now += timedelta(hours=9)
    for _ in range(6):
        set_table(listener)
        listener.now += timedelta(days=1)
    listener.recall(set_table(listener))
    set_table(listener)
    first, second = listener.rows(interaction, name="badge_awarded")
    assert (first["value_int"], second["value_int"], second["corrects_event_id"]) == (7, 7, first["id"])
