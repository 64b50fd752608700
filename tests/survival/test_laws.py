"""Each law finds what breaks it: evidence that is sound, and then is tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.survival.laws import LAWS, Evidence
from tests.survival.line import Committed, Place
from tests.survival.platform import Life, Platform
from tests.survival.trial import survive

Tamper = Callable[[Evidence], Evidence]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    evidence = survive(f"sqlite:///{tmp_path_factory.mktemp('trial') / 'bot.db'}", [*Place] * 3)
    assert evidence.violations() == []
    return evidence


def some_sent(it: Evidence) -> int:
    """A row that was sent, and whose echo never came."""
    seen = {message.id for shown_id, message in it.platform.shown if shown_id in it.platform.acknowledged}
    return next(id for id, row in it.outbox.items() if row["state"] == "sent" and id not in seen)


def change(it: Evidence, id: int, **values: object) -> Evidence:
    return replace(it, outbox={**it.outbox, id: {**it.outbox[id], **values}})


def lives(it: Evidence, *commits: Committed) -> Evidence:
    platform = Platform(it.platform.random, lives=[Life(it.slots[0]["due_at"], [*commits])])
    return replace(it, platform=platform)


def without(it: Evidence, name: str) -> Evidence:
    return replace(it, log=[row for row in it.log if row["name"] != name])


def shown(it: Evidence, times: int) -> Evidence:
    """Something that was sent once is shown so often."""
    id = some_sent(it)
    entries = [entry for entry in it.platform.shown if entry[1].id == id]
    others = [entry for entry in it.platform.shown if entry[1].id != id]
    return replace(it, platform=replace(it.platform, shown=others + entries * times))


TAMPERED: dict[str, Tamper] = {
    "every_slot_came_once": lambda it: replace(it, slots=it.slots[1:]),
    "a_slot_is_done_within_its_grace_and_missed_after_it": lambda it: replace(
        it, slots=[{**row, "handled_at": row["due_at"], "state": "missed"} for row in it.slots]
    ),
    "a_slot_is_handled_as_soon_as_the_bot_looks": lambda it: lives(
        it, Committed(it.slots[0]["due_at"], all_done=True)
    ),
    "what_fell_due_before_a_life_is_looked_at_early_in_it": lambda it: lives(
        it, *[Committed(it.slots[0]["due_at"])] * 3
    ),
    "what_is_to_be_said_is_queued_once_and_nothing_else": lambda it: change(
        it, some_sent(it), payload={"text": "slot of nobody"}
    ),
    "nothing_is_left_open": lambda it: change(it, some_sent(it), state="sending"),
    "no_text_was_shown_twice": lambda it: shown(it, 2),
    "what_was_shown_is_sent_or_listed_as_unknown": lambda it: change(it, some_sent(it), state="failed"),
    "what_is_called_sent_was_shown": lambda it: shown(it, 0),
    "what_was_in_sending_is_listed_as_unknown_unless_its_echo_came": lambda it: replace(
        it, in_sending={some_sent(it)}
    ),
    "what_was_acknowledged_is_recorded_once": lambda it: without(it, "message_posted"),
    "what_was_sent_is_recorded_once": lambda it: without(it, "content_sent"),
    "nothing_failed": lambda it: replace(it, failures=[{"place": "anywhere"}]),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_what_breaks_it_is_found(sound: Evidence, law: Callable[[Evidence], object]) -> None:
    tampered = TAMPERED[law.__name__](sound)
    assert any(found.startswith(f"{law.__name__}:") for found in tampered.violations())
