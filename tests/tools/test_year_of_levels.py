from __future__ import annotations

from bot.scoring.levels import Turn
from tools.year_of_levels import DAYS, WARM_UP, changes


def test_a_members_level_changes_at_most_once_a_year() -> None:
    members = 100
    turns, stand = changes(members, seed=1)
    years = members * (DAYS - WARM_UP) / 365
    assert 0.05 < sum(turns.values()) / years <= 1
    assert turns[Turn.DOWN]
    assert len(stand) >= 3
