"""How commands write moments and spans of time for people."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.sop.context import CommandContext

_WEEKDAYS = "一二三四五六日"


def moment(ctx: CommandContext, at: datetime) -> str:
    """``12月1日 周二 09:30``, in the community's zone."""
    local = at.astimezone(ctx.sops.community.zone)
    return f"{local.month}月{local.day}日 周{_WEEKDAYS[local.weekday()]} {local:%H:%M}"


def short_moment(ctx: CommandContext, at: datetime) -> str:
    """``09:30`` if it is today, else with its day: ``周二 09:30``."""
    zone = ctx.sops.community.zone
    local, today = at.astimezone(zone), ctx.now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    near = abs((local.date() - today).days) < 7
    return f"周{_WEEKDAYS[local.weekday()]} {local:%H:%M}" if near else moment(ctx, at)


def span(length: timedelta) -> str:
    """``2小时5分``, ``40秒``."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}小时{minutes}分"
    return f"{minutes}分{seconds}秒" if minutes else f"{seconds}秒"
