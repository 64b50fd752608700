from __future__ import annotations

import pytest

from bot.status import Status


@pytest.mark.parametrize("typed", ["ABCD2345", "abcd2345", " ABCD2345 "])
def test_the_code_may_be_typed_as_a_phone_types_it(typed: str) -> None:
    assert Status(claim_code="ABCD2345").may_claim(typed)


@pytest.mark.parametrize("typed", ["ABCD234", "ABCD23456", "", "口令"])
def test_another_code_is_none(typed: str) -> None:
    assert not Status(claim_code="ABCD2345").may_claim(typed)


@pytest.mark.parametrize("typed", ["", "NONE", "ABCD2345"])
def test_without_a_code_nobody_may_claim(typed: str) -> None:
    assert not Status().may_claim(typed)


def test_before_the_channel_spoke_the_bot_is_not_online() -> None:
    assert not Status().online
