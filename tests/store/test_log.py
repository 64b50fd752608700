from __future__ import annotations

from datetime import timedelta

from bot.store import log
from bot.store.tables import interaction
from bot.store.transaction import Transaction
from tests.builders import MONDAY_9, rows

EARLIER = MONDAY_9 - timedelta(minutes=1)


def test_an_entry_knows_when_it_happened_and_when_it_was_heard(tx: Transaction) -> None:
    log.append(tx, [log.entry(tx, "fake:main", "m1", "message_posted", EARLIER, text_len=3)])
    (row,) = rows(tx.connection, interaction)
    assert (row["occurred_at"], row["received_at"]) == (EARLIER, MONDAY_9)
    assert (row["source"], row["source_id"], row["text_len"]) == ("fake:main", "m1", 3)
    assert (row["actor_role"], row["initiated_by"], row["is_test"]) == ("member", "self", False)


def test_the_same_thing_is_written_once(tx: Transaction) -> None:
    def entry(source_id: str, name: str = "message_posted") -> dict[str, object]:
        return log.entry(tx, "fake:main", source_id, name, EARLIER)

    first, other_name, other_id = entry("m1"), entry("m1", "message_recalled"), entry("m2")
    assert log.append(tx, [first, other_name]) == {first["id"], other_name["id"]}
    assert log.append(tx, [entry("m1"), other_id, entry("m2")]) == {other_id["id"]}
    assert len(rows(tx.connection, interaction)) == 3


def test_the_log_may_get_nothing(tx: Transaction) -> None:
    assert log.append(tx, []) == set()
