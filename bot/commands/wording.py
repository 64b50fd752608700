"""How commands write moments and spans of time for people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.outbox import delivery, queue
from bot.outbox.rules import Budget, Rule
from bot.sop.command import CommandContext
from bot.sop.templates import harmless

RULES = {
    "quiet_hours": "安静时段",
    "freq_cap": "这位7天内的私信满了",
    "dnc": "本人不要打扰",
    "complaint": "群里有投诉没处理完",
    "say_do": "写的是分享，却在卖东西",
    "paused": "SOP 暂停着",
    "hushed": "这个群在安静",
    "at_all": "本月的@所有人已满",
    "posts_week": "本周的帖子已满",
    "promo_week": "本周推广已满",
    "give_ask": "给的还不够，先多分享再请人做事",
    "posts_day": "当天的帖子已满",
    "distance": "离上一条太近",
    "lull": "群里正聊着",
}
"""The guard's rules, as people say them."""
REASONS = {
    "too late to be sent": "过了时效",
    queue.UNSAID: "前面那段没发出去",
    "what it quotes was recalled": "引用的话被撤回了",
    "nowhere to send it to": "这个群不在了",
    "the room was disabled": "这个群关了",
    "the bot is not in the room any more": "机器人不在群里了",
    "dropped by hand": "有人作废了它",
    delivery.LOST_WITH_THE_PROCESS: "发到一半程序停了",
}
"""Why a message ended, where no rule of the guard's ended it."""
NO_BUDGET = Budget()
WEEKDAYS = "一二三四五六日"
SURE = "确定"
"""What is typed behind a command that is in doubt."""


def moment(ctx: CommandContext, at: datetime) -> str:
    """``12月1日 周二 09:30``, in the community's zone."""
    return at_day(at, ctx.sops.community.zone)


def at_day(at: datetime, zone: ZoneInfo) -> str:
    """The same for those who have no command at hand."""
    local = at.astimezone(zone)
    return f"{day(local)} {local:%H:%M}"


def day(local: datetime) -> str:
    """``12月1日 周二``."""
    return f"{local.month}月{local.day}日 周{WEEKDAYS[local.weekday()]}"


def span_of_days(then: date, today: date) -> str:
    """``今天``, ``昨天``, ``12天前``."""
    past = (today - then).days
    return "今天" if past <= 0 else "昨天" if past == 1 else f"{past}天前"


def short_moment(ctx: CommandContext, at: datetime) -> str:
    """``09:30`` if it is today, else with its day: ``周二 09:30``."""
    zone = ctx.sops.community.zone
    local, today = at.astimezone(zone), ctx.now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    near = abs((local.date() - today).days) < 7
    return f"周{WEEKDAYS[local.weekday()]} {local:%H:%M}" if near else moment(ctx, at)


def span(length: timedelta) -> str:
    """``2小时5分``, ``40秒``."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}小时{minutes}分"
    return f"{minutes}分{seconds}秒" if minutes else f"{seconds}秒"


def why_unsent(reason: str, budget: Budget = NO_BUDGET) -> str:
    """A rule, with the number that it allows, or another reason of the outbox, as people say it."""
    most = {
        Rule.PROMO_WEEK: budget.promo_a_week,
        Rule.POSTS_WEEK: budget.posts_a_week,
        Rule.POSTS_DAY: budget.posts_a_day,
        Rule.AT_ALL: budget.at_all_a_month,
    }.get(Rule(reason) if reason in RULES else Rule.LULL)
    told = RULES.get(reason) or REASONS.get(reason) or harmless(reason, 40)
    return told if most is None else told.replace("已满", f"{most}条已满")
