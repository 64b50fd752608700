from __future__ import annotations

import pytest

from bot.errors import BotError
from bot.people import directory, merging, numbers
from bot.people.merging import Proof, Why
from bot.store.transaction import Transaction
from tests.builders import QING, ZHOU

SOURCE = "fake:main"


@pytest.mark.parametrize("typed", ["M1", "m1", "1"])
def test_a_member_is_found_by_the_number(tx: Transaction, typed: str) -> None:
    qing = directory.meet(tx, SOURCE, [QING])[QING.id]
    assert numbers.of_typed(tx.connection, typed) == (qing.member_id, 1)


def test_who_was_merged_is_found_by_either_number(tx: Transaction) -> None:
    qing, zhou = directory.meet(tx, SOURCE, [QING, ZHOU]).values()
    merging.merge(tx, zhou.member_id, qing.member_id, Why(Proof.STAFF, by=1, reason="同一个人"))
    found = {numbers.of_typed(tx.connection, f"M{number}").member_id for number in (1, 2)}
    assert found == {qing.member_id}


@pytest.mark.parametrize(
    ("typed", "why"), [("阿青", "不是"), ("M９" * 9, "不是"), ("M99", "没有 M99 这个编号")]
)
def test_what_is_no_members_number_is_told(tx: Transaction, typed: str, why: str) -> None:
    with pytest.raises(BotError, match=why):
        numbers.of_typed(tx.connection, typed)
