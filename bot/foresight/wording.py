"""How what is planned is told in Chinese: moments, places, and the guard's rules in a few words."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from bot.commands.wording import RULES, WEEKDAYS
from bot.foresight.planned import STOPPED

_DAY_IN_NAME = re.compile(r"^每?周[一二三四五六日天](?=..)")


def rule(name: str | None) -> str:
    """A rule of the guard, or the stop; what waits without one waits for the pace."""
    if name is None or name == STOPPED:
        return "还没轮到" if name is None else "已停发"
    return RULES[name]


def short(moment: datetime, now: datetime) -> str:
    """A moment (both local) beside others on a phone: ``今12:10``, ``五20:00``, ``12/18 20:00``."""
    ahead = (moment.date() - now.date()).days
    if not 0 <= ahead < 7:
        return f"{moment.month}/{moment.day} {moment:%H:%M}"
    return f"{WEEKDAYS[moment.weekday()] if ahead else '今'}{moment:%H:%M}"


def bare(name: str) -> str:
    """A SOP's name beside its day: 周一溯源日 is 溯源日."""
    return _DAY_IN_NAME.sub("", name)


def place(rooms: Collection[str], members: Collection[int]) -> str:
    """Where something goes: a room by its key, several by their number."""
    parts = [next(iter(rooms)) if len(rooms) == 1 else f"{len(rooms)}群"] if rooms else []
    if members:
        parts.append(f"私聊M{next(iter(members))}" if len(members) == 1 else f"私聊{len(members)}位")
    return "和".join(parts)
