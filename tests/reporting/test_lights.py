"""A room's light: which worries make it yellow, and which do not yet."""

from __future__ import annotations

import pytest

from bot.reporting.lights import Light


@pytest.mark.parametrize(
    ("light", "shown"),
    [
        (Light("甲群"), "甲群🟢"),
        (Light("甲群", complaints=1), "甲群🟡"),
        (Light("甲群", left=1), "甲群🟢"),
        (Light("甲群", left=2), "甲群🟡"),
        (Light("甲群", took_part=2, took_part_before=4), "甲群🟢"),
        (Light("甲群", took_part=3, took_part_before=6), "甲群🟡"),
        (Light("甲群", took_part=4, took_part_before=6), "甲群🟢"),
        (Light("甲群", took_part=0, took_part_before=0), "甲群🟢"),
    ],
)
def test_what_makes_it_yellow(light: Light, shown: str) -> None:
    assert str(light) == shown


def test_it_says_why() -> None:
    worried = Light("甲群", 1, 3, 2, 9)
    assert worried.worries == ("投诉未结1", "推广后退3人", "说话的人9→2")
