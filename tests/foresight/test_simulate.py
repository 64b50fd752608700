"""A simulation is the same each time, and by whatever way its statements are run."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.foresight import transcript
from bot.foresight.ahead import Span
from bot.foresight.simulate import simulate
from bot.foresight.start import fresh
from bot.outbox.pace import Pace
from bot.sop.loader import SopSet
from bot.store.quick import Quick


def played(sops: SopSet, *, days: int, size: int, seed: int) -> list[dict[str, object]]:
    zone = sops.community.zone
    span = Span.of_days(datetime(2026, 11, 30, 8, tzinfo=zone), days, zone)
    with fresh(sops) as start:
        found = simulate(sops, start, span, "test", Pace(), size=size, seed=seed)
    assert found.failures == 0
    return transcript.entries(found, sops)


def test_the_same_seed_is_the_same_to_the_letter_with_its_pictures(sops: SopSet) -> None:
    first, second = (played(sops, days=2, size=30, seed=3) for _ in range(2))
    assert first == second
    assert any(it.get("pictures") for it in first if it["who"] != transcript.BOT)
    assert any(it["who"] == transcript.BOT for it in first)


def test_the_drivers_short_way_and_sqlalchemys_play_the_same(
    sops: SopSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = played(sops, days=5, size=24, seed=5)
    monkeypatch.setattr(Quick, "_is_ours", lambda _self: False)
    assert played(sops, days=5, size=24, seed=5) == quick
