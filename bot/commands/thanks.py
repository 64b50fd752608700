"""``/thanks``: whom to thank at an occasion, approved and sent. ``bot export thanks`` makes the lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.commands.standing import NAMES
from bot.people import directory, thanks
from bot.people.thanks import FROM, State, Thanks
from bot.sop.command import CommandContext
from bot.sop.kind import Command, Where, Who
from bot.sop.templates import harmless, harmless_name
from bot.store import log

CHANGED, OBJECT = "thanks_changed", "thanks"
MOST_SHOWN, MOST_AT_ONCE = 6, 100
SAID = {State.PROPOSED: "待定", State.APPROVED: "已过", State.SENT: "已寄", State.DROPPED: "已退"}
_TO = {
    **dict.fromkeys(("过", "ok"), State.APPROVED),
    **dict.fromkeys(("退", "drop"), State.DROPPED),
    **dict.fromkeys(("已寄", "寄", "sent"), State.SENT),
}
_RANGE = re.compile(r"(\d{1,9})(?:[-—~～到](\d{1,9}))?")
_HOW = "这样写：/答谢，/答谢 过 31-35，/答谢 退 32，/答谢 已寄 31-40。"


def told(reasons: Sequence[Mapping[str, Any]]) -> str:
    """``回答被感谢6次（9-3到11-20）、打卡21次``, from the facts."""
    return "、".join(
        f"{NAMES.get(it['what'], it['what'])}{it['times']}次（{_days(it['first'], it['last'])}）"
        for it in reasons
    )


def _days(first: str, last: str) -> str:
    days = [f"{on.month}-{on.day}" for on in map(date.fromisoformat, (first, last))]
    return days[0] if first == last else "到".join(days)


def run(ctx: CommandContext) -> None:
    if not ctx.args:
        _show_last(ctx)
    elif ctx.args[0] in _TO:
        _change(ctx, _TO[ctx.args[0]])
    elif numbers := read_numbers(ctx.args):
        _show(ctx, thanks.numbered(ctx.tx.connection, numbers))
    elif found := thanks.of_occasion(ctx.tx.connection, " ".join(ctx.args)):
        _show(ctx, found)
    else:
        ctx.reply(f"没有叫“{harmless(' '.join(ctx.args), 20)}”的名单。{_HOW}")


def read_numbers(words: Sequence[str]) -> list[int]:
    """``31 32``, ``31-35``, ``31、32``; nothing where anything else is in it."""
    found: dict[int, None] = {}
    for word in re.split(r"[\s,，、]+", " ".join(words).strip()):
        match = _RANGE.fullmatch(word)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        found.update(dict.fromkeys(range(first, min(last, first + MOST_AT_ONCE) + 1)))
    return list(found)


# --- what is shown ---


def _show_last(ctx: CommandContext) -> None:
    occasion = thanks.last_occasion(ctx.tx.connection)
    if occasion is None:
        ctx.reply("还没有答谢名单。在电脑上做一份：bot export thanks --for 新年 --n 30。")
        return
    _show(ctx, thanks.of_occasion(ctx.tx.connection, occasion))


def _show(ctx: CommandContext, found: Sequence[Thanks]) -> None:
    """What waits for a human goes first."""
    if not found:
        ctx.reply("没有这些编号。发 /答谢 看名单。")
        return
    order = [State.PROPOSED, State.APPROVED, State.SENT, State.DROPPED]
    counted = Counter(it.state for it in found)
    count = " ".join(f"{SAID[it]}{counted[it]}" for it in order if counted[it])
    ctx.reply(f"答谢 {harmless(found[0].occasion, 20)}｜{count}")
    in_order = sorted(found, key=lambda it: (order.index(it.state), it.number))
    first, rest = in_order[:MOST_SHOWN], sorted(it.number for it in in_order[MOST_SHOWN:])
    names = directory.known_as(ctx.tx, [it.member_id for it in first], ctx.account)
    for it in first:
        person = names.get(it.member_id)
        who = "（别的账号的会员）" if person is None else f"M{person.number} {harmless_name(person.name)}"
        ctx.reply(f"{it.number} {who} {SAID[it.state]}｜{told(it.reasons)}")
    if rest:
        ctx.reply(f"还有{len(rest)}位，看哪几位写编号：/答谢 {rest[0]}-{rest[-1]}")
    ctx.reply("回 /答谢 过 31-35、/答谢 退 32、/答谢 已寄 31-40")


# --- what is decided ---


def _change(ctx: CommandContext, state: State) -> None:
    numbers = read_numbers(ctx.args[1:])
    if not numbers:
        ctx.reply(_HOW)
        return
    found = thanks.numbered(ctx.tx.connection, numbers)
    may = [it for it in found if it.state in FROM[state]]
    done = [it for it in may if _put(ctx, it, state)]
    if done:
        ctx.can_undo({"were": [[it.number, it.state] for it in done], "state": state})
        ctx.reply(f"{SAID[state]}{len(done)}位，10分钟内可 /撤销。")
    if passed_over := len(numbers) - len(may):
        ctx.reply(f"{passed_over}个没动：{_why_not(state)}")


def _why_not(state: State) -> str:
    if state is State.SENT:
        return "没有这个编号，或者还没过（先 /答谢 过）。"
    return "没有这个编号，或者已经是了，或者已经寄了。"


def _put(ctx: CommandContext, it: Thanks, state: State) -> bool:
    """Write it, unless somebody would be thanked twice by it; says so then."""
    if state in (State.APPROVED, State.SENT):
        other = thanks.clash(ctx.tx.connection, it, ctx.now)
        if other is not None:
            where = f"“{harmless(other.occasion, 12)}”的{other.number}"
            ctx.reply(f"{it.number} 没动：这位在{where}{SAID[other.state]}，隔得太近。")
            return False
    thanks.put(ctx.tx, it, state, ctx.person.member_id)
    _record(ctx, it, state)
    return True


def _record(ctx: CommandContext, it: Thanks, state: State) -> None:
    accounts = directory.identities_of(ctx.tx, it.member_id)
    row = log.entry(
        ctx.tx,
        f"desk:{ctx.account}",
        f"{ctx.heard.id}:{it.number}",
        CHANGED,
        ctx.heard.occurred_at,
        identity_id=ctx.person.identity_id,
        actor_role="staff",
        channel="dm" if ctx.room is None else "group",
        target_identity_id=max(accounts, default=None),
        object_type=OBJECT,
        object_id=str(it.number),
        parent_event_id=ctx.heard.id,
        props={"from": it.state.value, "to": state.value},
    )
    log.append(ctx.tx, [row])


def undo(ctx: CommandContext, args: Mapping[str, Any]) -> bool:
    """Back to what each was, as far as nobody changed it since."""
    were = {number: State(state) for number, state in args["were"]}
    found = thanks.numbered(ctx.tx.connection, were)
    here = [it for it in found if it.state == args["state"] and _put(ctx, it, were[it.number])]
    ctx.reply(f"撤回了{len(here)}位。" if here else "撤销不了：后来又改过了。")
    return bool(here)


COMMANDS = (
    Command(
        ("thanks", "答谢"),
        Who.STAFF,
        "答谢名单：看、过、退、记下已寄",
        run,
        Where.DESK,
        usage="[过|退|已寄] [编号]",
        undo=undo,
    ),
)
