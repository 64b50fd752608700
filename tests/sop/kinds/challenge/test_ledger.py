"""Whatever becomes of a member's tables, the ledger says what stands, and nothing is paid twice."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.events import Media, MessageKind, MessageReceived
from bot.people import roles
from bot.sop.kinds.challenge.model import Challenge, Review
from bot.sop.loader import SopSet
from bot.store import session
from bot.store.tables import interaction, media, metadata, run, score_entry
from bot.store.writer import Writer
from tests.builders import BOSS, QING
from tests.listener import Listener

OUT = ("ugc_withdrawn", "ugc_duplicate", "ugc_rejected", "ugc_held")
_numbers = itertools.count()


@dataclass
class Table:
    """QING's tables, and what she and the operator do to them."""

    group: Listener
    said: list[MessageReceived] = field(default_factory=list)

    def enter(self, hash: str = "") -> None:
        self._picture(hash)
        self.said.append(self.group.say("#我的原野餐桌# 面"))
        self.group.tick(timedelta(minutes=4))

    def enter_the_same(self) -> None:
        self.enter("same")

    def make_up(self) -> None:
        self._picture()
        self.said.append(self.group.say("#我的原野餐桌# 补卡"))
        self.group.tick(timedelta(minutes=4))

    def count(self) -> None:
        self._picture()
        self.group.say("/算打卡 M2", BOSS, None)

    def _picture(self, hash: str = "") -> None:
        self.said.append(self.group.say("", kind=MessageKind.IMAGE, media=(Media("ref", "a.jpg"),)))
        with self.group.writer.transaction(self.group.now) as tx:
            here = media.c.hash.is_(None)
            tx.connection.execute(
                update(media).where(here).values(hash=hash or f"hash-{next(_numbers)}", state="kept")
            )

    def withdraw(self) -> None:
        self.group.say("撤回打卡")

    def recall(self) -> None:
        if self.said:
            self.group.recall(self.said.pop())

    def approve(self, number: int) -> None:
        self.group.say(f"/过 {number}", BOSS, None)

    def reject(self, number: int) -> None:
        self.group.say(f"/退 {number} 看不清", BOSS, None)

    def undo(self) -> None:
        self.group.say("/撤销", BOSS, None)

    def later(self) -> None:
        self.group.tick(timedelta(minutes=11))

    def next_day(self) -> None:
        self.group.tick(timedelta(days=1))


def due(group: Listener) -> float:
    """What QING's tables are worth, by the log alone."""
    rows = group.rows(interaction)
    restored = {row["corrects_event_id"] for row in rows if row["name"] == "ugc_restored"}
    valid = [row for row in rows if row["id"] not in restored]
    out = {row["corrects_event_id"] for row in valid if row["name"] in OUT}
    decided = {
        row["corrects_event_id"]: row["name"]
        for row in valid
        if row["name"] in ("ugc_approved", "ugc_rejected")
    }
    stand = [row["id"] for row in rows if row["name"] == "ugc_submitted" and row["id"] not in out]
    joined = [row["name"] for row in rows].count("challenge_joined")
    worth = [5.0 if decided.get(id) == "ugc_approved" else 2.5 for id in stand]
    return joined + sum(worth)


def standing_by_day(group: Listener) -> Counter[str]:
    rows = group.rows(interaction)
    restored = {row["corrects_event_id"] for row in rows if row["name"] == "ugc_restored"}
    out = {r["corrects_event_id"] for r in rows if r["name"] in OUT and r["id"] not in restored}
    runs = {str(row["id"]): row["occurrence"].partition("#")[0] for row in group.rows(run)}
    stand = [row for row in rows if row["name"] == "ugc_submitted" and row["id"] not in out]
    return Counter(runs[row["object_id"]] for row in stand)


def paid(group: Listener) -> list[float]:
    """The balance after each row of the ledger."""
    with group.writer.engine.connect() as connection:
        rows = connection.scalars(select(score_entry.c.points).order_by(score_entry.c.id))
        return list(itertools.accumulate(rows))


@contextmanager
def tables(sops: SopSet, folder: Path, *, reviewed: bool) -> Iterator[Table]:
    engine = session.open_engine(f"sqlite:///{folder / f'{next(_numbers)}.db'}")
    metadata.create_all(engine)
    writer = Writer(engine)
    sop = sops.sops["dinner-table"]
    assert isinstance(sop, Challenge)
    reviewed_or_not = sop.model_copy(update={"review": Review(needed=reviewed)})
    alone = {sop.id: reviewed_or_not}
    listener = Listener(writer, replace(sops, sops=alone, declared=alone))
    listener.now += timedelta(days=2)
    listener.give(BOSS, roles.ADMIN)
    listener.say("早", QING)
    try:
        yield Table(listener)
    finally:
        writer.close()
        engine.dispose()


def by_number(act: Callable[[Table, int], None]) -> st.SearchStrategy[Callable[[Table], None]]:
    return st.integers(1, 3).map(lambda number: lambda table: act(table, number))


ACTS = st.one_of(
    st.sampled_from(
        (Table.enter, Table.enter_the_same, Table.make_up, Table.count, Table.withdraw, Table.recall)
    ),
    by_number(Table.approve),
    by_number(Table.reject),
    st.sampled_from((Table.undo, Table.undo, Table.later, Table.next_day)),
)


@pytest.mark.parametrize("reviewed", [False, True])
def test_the_ledger_is_what_stands(sops: SopSet, tmp_path: Path, reviewed: bool) -> None:
    @settings(max_examples=60)
    @given(st.lists(ACTS, min_size=3, max_size=9))
    def whatever_happens(acts: list[Callable[[Table], None]]) -> None:
        with tables(sops, tmp_path, reviewed=reviewed) as table:
            for act in acts:
                act(table)
                balance = paid(table.group)
                assert (balance or [0])[-1] == due(table.group)
                assert min(balance, default=0) >= 0
                assert max(standing_by_day(table.group).values(), default=0) <= 1

    whatever_happens()
