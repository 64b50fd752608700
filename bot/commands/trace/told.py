"""A trace in Chinese, a line each: for a terminal, and short for a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import naming
from bot.commands.trace import Trace
from bot.commands.trace.events import Effect
from bot.commands.trace.unmoved import OFF
from bot.commands.wording import at_day, why_unsent
from bot.outbox.queue import State
from bot.sop.loader import SopSet
from bot.sop.templates import harmless

_EVENTS = {
    naming.MESSAGE.name: "说话",
    naming.PRESENCE.name: "打招呼",
    naming.LINK.name: "发链接",
    naming.CARD.name: "发卡片",
    naming.LOCATION.name: "发位置",
    naming.LIST.name: "接龙",
    naming.RED_PACKET.name: "发红包",
    naming.TRANSFER.name: "转账",
    naming.GROUP_NOTE.name: "发群公告",
    naming.PAT.name: "拍一拍",
    "command_given": "打命令",
    "command_refused": "没权限，没听",
    "member_joined": "进群",
    "member_left": "退群",
    "member_removed": "被移出群",
    "message_recalled": "撤回",
    "friend_made": "加好友",
    "content_sent": "发出消息",
    "send_suppressed": "消息被拦下",
    "post_made_by_hand": "手动发帖",
    "dnc_set": "不要打扰",
    "dnc_cleared": "可以打扰",
    "consent_granted": "同意",
    "consent_withdrawn": "收回同意",
    "data_exported": "导出数据",
    "erasure_asked": "要求忘记",
    "tag_changed": "改标签",
    "tag_given": "打标签",
    "tag_taken": "收回标签",
    "tag_refused": "本人删标签",
    "tag_allowed": "本人恢复标签",
    "complaint_raised": "投诉",
    "complaint_closed": "投诉处理完",
    "role_given": "给角色",
    "role_taken": "收回角色",
    "member_noted": "记备注",
    "note_removed": "去掉备注",
    "level_changed": "升降等级",
}
_STATES = {
    State.QUEUED: "排着",
    State.SENDING: "正在发",
    State.SENT: "发出去了",
    State.UNKNOWN: "去向不明",
    State.FAILED: "没发成",
    State.EXPIRED: "过时作废",
    State.DROPPED: "没发",
}
MOST_SHOWN, MOST_NAMED = 3, 2
_PICTURES = {"wanted": "还没取来", "kept": "存好了", "failed": "取不来"}


def lines(trace: Trace, sops: SopSet) -> Iterator[str]:
    """All of it."""
    zone = sops.community.zone
    yield head(trace, zone)
    if trace.text is not None:
        yield f"  原话：{harmless(trace.text, 200)}"
    yield from (f"  {note}。" for note in trace.notes)
    yield "做了什么（照记录）：" if trace.effects else "没有引出任何事（照记录）。"
    yield from (f"  {_effect(it, sops)}" for it in trace.effects)
    if trace.unmoved:
        yield "没有动的 SOP（照现在的样子看）："
        yield from (f"  {names}：{reason}" for names, reason in _by_reason(trace))


def brief(trace: Trace, sops: SopSet) -> Iterator[str]:
    """As much as fits a phone."""
    yield head(trace, sops.community.zone)
    yield from (f"{note}。" for note in trace.notes)
    shown = [_effect(it, sops) for it in trace.effects]
    yield from shown[:MOST_SHOWN] or ["没有引出任何事。"]
    if len(shown) > MOST_SHOWN:
        yield f"还有{len(shown) - MOST_SHOWN}件，在电脑上看：bot why {trace.event}"
    elif trace.unmoved:
        named = [f"{names}：{reason}" for names, reason in _by_reason(trace) if reason != OFF]
        yield f"没动的，照现在看——{'；'.join(named[:MOST_NAMED])}" if named else "别的 SOP 都停用着。"


def _by_reason(trace: Trace) -> list[tuple[str, str]]:
    """The names of SOPs that did nothing for the same reason, and that reason."""
    names: dict[str, list[str]] = {}
    for it in trace.unmoved:
        names.setdefault(it.reason, []).append(it.name)
    return [("、".join(of), reason) for reason, of in names.items()]


def as_json(trace: Trace, sops: SopSet) -> str:
    """The same for programs, its moments in the community's zone."""

    def moment(at: datetime) -> str:
        return at.astimezone(sops.community.zone).isoformat()

    return json.dumps(asdict(trace), ensure_ascii=False, indent=2, default=moment)


def head(trace: Trace, zone: ZoneInfo) -> str:
    """``#10234 12月1日 周二 09:30 会员1群 M37 说话``, and what it follows from."""
    who = "" if trace.member is None else f"M{trace.member}"
    place = trace.room or ("私聊" if trace.private else "")
    by = "" if trace.sop is None else f"（{trace.sop}）"
    cause = "" if trace.cause is None else f"，因为 #{trace.cause}"
    what = _EVENTS.get(trace.name, trace.name)
    told = (f"#{trace.event}", at_day(trace.at, zone), place, who, f"{what}{by}{cause}")
    return " ".join(part for part in told if part)


def _effect(it: Effect, sops: SopSet) -> str:
    zone = sops.community.zone
    sop = sops.declared.get(it.sop or "")
    by = "" if it.sop is None else f"{it.sop if sop is None else sop.name}："
    return f"{it.at.astimezone(zone):%H:%M:%S} {by}{_what(it, zone)}"


def _what(it: Effect, zone: ZoneInfo) -> str:
    who = "" if it.member is None else f" M{it.member}"
    match it.what:
        case "message":
            return f"消息 {it.id} → {it.room or '私聊'}{who} {_fate(it, zone)}"
        case "points":
            return f"{who.strip()} {it.name} {it.points:+g}分"
        case "failure":
            return f"出错了：{it.name}，发 /健康 看"
        case "complaint":
            return f"投诉 {it.name} 号，{'还没处理完' if it.state == 'open' else '处理完了'}"
        case "run":
            return f"还等着，{_at(it.until, zone)}做下一步（{it.name}）"
        case "picture":
            return f"图片{_PICTURES[it.state]}"
    about = f" {it.state}" if it.name == "tag_changed" else ""
    return f"记下 #{it.id} {_EVENTS.get(it.name, it.name)}{about}{who}"


def _fate(it: Effect, zone: ZoneInfo) -> str:
    state = _STATES[State(it.state)]
    if it.state == State.SENT:
        return state
    rule = why_unsent(it.rule)
    until = "" if it.until is None else f"，{_at(it.until, zone)}再看"
    return f"{state}：{rule}{until}" if rule else f"{state}{until}"


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else at_day(moment, zone)
