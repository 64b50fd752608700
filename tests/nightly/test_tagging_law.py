"""Tags night after night, whenever the nights come, and of one night over everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from bot.events import Person
from bot.nightly import refresh
from bot.nightly.rolling import Rolling
from bot.nightly.schedule import HOUR
from bot.nightly.tagging import Inferring
from bot.people import directory, merging, points, tag_wishes
from bot.people.merging import Proof, Why
from bot.people.points import Entry
from bot.people.tags import BY_NIGHT
from bot.scoring import days, hits
from bot.scoring.rules import Scoring
from bot.scoring.tag_rules import ContributionRule, InterestRule, Tagging, Value
from bot.store import log
from bot.store.figures import activity, contribution, tag_hit
from bot.store.session import insert_new
from bot.store.tables import identity, identity_log, interaction, member, score_entry, tag, texts
from bot.store.transaction import Transaction
from bot.store.writer import Writer
from tests.builders import MONDAY_9, QING, ZHOU, rows

ZONE = ZoneInfo("Asia/Shanghai")
SCORING = Scoring(half_life=10)
KEEP = 90
PEOPLE = (QING, ZHOU, Person("mai", "小麦"))
STAFF = Why(Proof.STAFF)
RULES = Tagging(
    values={"社区互助": Value(("互相帮忙",), ("helped",))},
    interests={"番茄": ("番茄",), "米": ("大米",)},
    contribution={"互助": "热心肠"},
    interest=InterestRule(on=1.6, days=2, lift=1.2, off=0.8, half_life=10, members=2),
    standing=ContributionRule(on=8, off=3),
)
"""Small numbers, so that a few days bring tags and take them."""
AT_ONCE = replace(
    RULES, interest=replace(RULES.interest, off=1.6, lift=1.0), standing=ContributionRule(on=8, off=8)
)
"""What is held is of no account: who would lose a tag would not get it."""
AS_IF_HELD = replace(
    RULES, interest=replace(RULES.interest, on=0.8, lift=1.0), standing=ContributionRule(on=3, off=3)
)
"""Everybody gets what those keep who have it."""


@pytest.fixture
def writer(sqlite_engine: Engine) -> Iterator[Writer]:
    """That both databases answer alike is tried elsewhere; this asks very often."""
    writer = Writer(sqlite_engine)
    yield writer
    writer.close()


def night(tx: Transaction, rules: Tagging, after: int | None) -> int:
    """The parts of a night that tags go by, of the log behind ``after``; gives the id that it got to."""

    @contextmanager
    def reader() -> Iterator[Connection]:
        yield tx.connection

    today, upto = days.number(tx.now - HOUR, ZONE), tx.new_id()
    for part in [*refresh.parts(reader, SCORING, ZONE, after)]:
        refresh.write(tx, part)
    for rolled in [*Rolling(rules, ZONE, today - KEEP + 1, today).parts(reader, after)]:
        hits.write(tx, rolled)
    inferring = Inferring("main", {}, rules, SCORING, ZONE, today)
    for changes in [*inferring.changes(reader)]:
        inferring.settle(tx, changes)
    assert [*inferring.changes(reader)] == [], "once more changes nothing"
    return upto


# --- what happens ---

OFTEN = ("says",) * 12 + ("helps",) * 3 + ("buys",) * 3 + ("night",) * 8
SELDOM = ("recalled", "taken back", "paid back", "paid back", "refuses", "merged", "split", "a week goes by")
happenings = st.lists(
    st.tuples(
        st.sampled_from(OFTEN + SELDOM),
        st.sampled_from((0, 0, 0, 1, 1, 2)),
        st.sampled_from(("番茄", "番茄", "大米", "番茄和大米", "互相帮忙", "怀孕了想吃番茄", "早")),
        st.integers(0, 16),  # hours that went by since
        st.integers(0, 30),  # hours that it is told late
    ),
    min_size=20,
    max_size=60,
)


class Story:
    """Plays what happens to three people, in a store that has nothing else."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        for table in (interaction, texts, score_entry, activity, contribution, tag_hit, tag):
            tx.connection.execute(table.delete())
        for table in (identity, identity_log, member):
            tx.connection.execute(table.delete())
        tx.now = MONDAY_9
        met = directory.meet(tx, "fake:main", PEOPLE)
        self.people = [met[person.id] for person in PEOPLE]
        self.said: list[int] = []
        self.rewarded: list[int] = []
        self.paid: list[tuple[int, str]] = []
        self.merged: list[merging.Entry] = []

    def play(self, happened: Sequence[tuple[Any, ...]], rules: Tagging) -> None:
        """Nights come in between, and one at the end."""
        after: int | None = None
        for what, who, text, hours, late in happened:
            self.tx.now += timedelta(hours=hours)
            if what == "night":
                after = night(self.tx, rules, after)
            else:
                self._happen(what, who, text, timedelta(hours=late))
        self.tx.now += timedelta(hours=20)
        night(self.tx, rules, after)

    def _happen(self, what: str, who: int, text: str, late: timedelta) -> None:
        account, at = self.people[who].identity_id, self.tx.now - late
        match what:
            case "says":
                words = self.tx.new_id()
                row = {"id": words, "body": text, "keep_until": self.tx.now + timedelta(days=KEEP)}
                insert_new(self.tx.connection, texts, [row])
                self.said.append(self._log("message_posted", account, at, text_id=words, room_id=1))
            case "helps":
                self.rewarded.append(event := self._log("answer_given", account, at))
                points.give(self.tx, Entry(account, "helped", event, "互助", 4.0, at=at))
            case "buys":
                order = f"O{self.tx.new_id()}"
                self.paid.append((account, order))
                self._log(
                    "order_paid", account, at, amount_cents=9, props={"order_id": order, "lines": [text]}
                )
            case "recalled" if self.said:
                self._log("message_recalled", None, at, parent_event_id=self.said.pop())
            case "taken back" if self.rewarded:
                points.reverse(self.tx, "helped", self.rewarded.pop())
            case "paid back" if self.paid:
                buyer, order = self.paid.pop()
                self._log("order_refunded", buyer, at, amount_cents=9, props={"order_id": order})
            case "refuses":
                tag_wishes.refuse(self.tx, self._member(who), "番茄")
            case "merged" if (first := self._member(0)) != (second := self._member(1)):
                self.merged.append(merging.merge(self.tx, second, first, STAFF))
            case "split" if self.merged:
                merging.undo(self.tx, self.merged.pop(), by=None)
            case "a week goes by":
                self.tx.now += timedelta(days=7)

    def _log(self, name: str, who: int | None, at: Any, **more: Any) -> int:
        row = log.entry(self.tx, "fake:main", f"m{self.tx.new_id()}", name, at, identity_id=who, **more)
        log.append(self.tx, [row])
        return int(row["id"])

    def _member(self, who: int) -> int:
        person = directory.person_by_id(self.tx, self.people[who].identity_id)
        assert person is not None
        return person.member_id

    def at_once(self, rules: Tagging) -> None:
        """Forget all that nights wrote, and let one night do all of it, now."""
        for table in (activity, contribution, tag_hit):
            self.tx.connection.execute(table.delete())
        by_night = tag.c.version.startswith(BY_NIGHT, autoescape=True) & tag.c.refused_at.is_(None)
        self.tx.connection.execute(tag.delete().where(by_night))
        night(self.tx, rules, None)

    def hits(self) -> list[Any]:
        return rows(self.tx.connection, tag_hit)

    def tags(self) -> dict[tuple[int, str, str], dict[str, Any]]:
        """What stands, without what is history: when it came, and of points when the row was written."""
        stand = (dict(row) for row in rows(self.tx.connection, tag) if row["refused_at"] is None)
        return {(row["member_id"], row["key"], row["source"]): _now(row) for row in stand}


def _now(row: dict[str, Any]) -> dict[str, Any]:
    history = {"first_at"} if row["evidence"] else {"first_at", "last_at"}
    return {name: value for name, value in row.items() if name not in history}


# --- laws ---


@settings(max_examples=40)
@given(happened=happenings)
def test_night_after_night_has_the_hits_and_where_nothing_is_held_the_tags_of_one_over_everything(
    tx: Transaction, happened: list[Any]
) -> None:
    story = Story(tx)
    story.play(happened, AT_ONCE)
    one_by_one = story.hits(), story.tags()
    story.at_once(AT_ONCE)
    assert (story.hits(), story.tags()) == one_by_one


@settings(max_examples=40)
@given(happened=happenings)
def test_what_is_held_stays_between_what_comes_and_what_would_stay(
    tx: Transaction, happened: list[Any]
) -> None:
    """Hysteresis goes by the nights; whatever they were, who gets a tag by one over everything has it, in the
    same row, and who has one more is not below the line at which it goes."""
    story = Story(tx)
    story.play(happened, RULES)
    one_by_one = story.tags()
    story.at_once(RULES)
    came = story.tags()
    assert came.items() <= one_by_one.items()
    story.at_once(AS_IF_HELD)
    assert one_by_one.keys() <= story.tags().keys()
