"""What a simulation tells: a transcript to read, or entries for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from bot.commands.wording import day
from bot.foresight import calendar, wording
from bot.foresight.cast import Act, What
from bot.foresight.planned import Planned, Result
from bot.foresight.simulate import Simulated
from bot.sop.loader import SopSet

BOT = "bot"
"""Who says what the bot says, for programs."""
_ACTS = {What.SHOWS: "📷", What.JOINS: "进群了", What.BEFRIENDS: "加了好友", What.SAYS: ""}


def entries(found: Simulated, sops: SopSet) -> list[dict[str, object]]:
    """Everything in its order; what the bot said, or did not, is told as ``bot calendar --json`` does."""
    said = [(act.at, {"who": act.who.name, **_entry(act, sops)}) for act in found.acts]
    said += [(it.at, {"who": BOT, **calendar.entry(it, sops)}) for it in found.planned]
    return [entry for _, entry in sorted(said, key=lambda it: it[0])]


def _entry(act: Act, sops: SopSet) -> dict[str, object]:
    return {
        "at": act.at.astimezone(sops.community.zone).isoformat(),
        "room": act.room,
        "does": act.what.name.lower(),
        "text": "" if act.what is What.SHOWS else act.text,
        "pictures": [act.text] if act.what is What.SHOWS else [],
    }


@dataclass(frozen=True, slots=True)
class _Said:
    at: datetime
    line: str


def lines(found: Simulated, sops: SopSet) -> Iterator[str]:
    """A heading a day, a line an act; the last line says how much there was."""
    zone = sops.community.zone
    said = [_Said(act.at.astimezone(zone), _of_act(act)) for act in found.acts]
    said += [_Said(line.first.at.astimezone(zone), _of_bot(line, sops)) for line in _gathered(found.planned)]
    in_order = sorted(said, key=lambda it: it.at)
    for _, of_day in groupby(in_order, key=lambda it: it.at.date()):
        for n, it in enumerate(of_day):
            if n == 0:
                yield day(it.at)
            yield f"  {it.at:%H:%M} {it.line}"
    yield _summary(found)


def _gathered(planned: Sequence[Planned]) -> list[calendar.Line]:
    """What SOPs post in several rooms stands once; alarms and answers stand by themselves."""
    posts = [it for it in planned if it.step]
    return [*calendar.gather(posts), *(calendar.Line([it]) for it in planned if not (it.step and it.sop))]


def _of_act(act: Act) -> str:
    where = "私聊" if act.room is None else act.room
    what = " ".join(
        part for part in (_ACTS[act.what], act.text if act.what is not What.JOINS else "") if part
    )
    return f"{act.who.name}（{where}）：{what}"


def _of_bot(line: calendar.Line, sops: SopSet) -> str:
    first = line.first
    text = (
        "".join(f"\n        {part}" for part in first.text.split("\n") if part)
        if "\n" in first.text
        else first.text
    )
    pictures = "".join(f" 📷{name}" for name in first.pictures)
    why = "" if first.result is Result.SENT else f"⛔ 没发，{wording.rule(first.rule)}："
    return f"{sops.community.bot.name}（{line.place}）：{why}{text}{pictures}"


def _summary(found: Simulated) -> str:
    count = {result: sum(1 for it in found.planned if it.result is result) for result in Result}
    kept = count[Result.EXPIRED] + count[Result.REFUSED]
    parts = [
        f"机器人发了{count[Result.SENT]}条",
        f"没发成{kept}条" if kept else "",
        f"还扣着{count[Result.HELD]}条" if count[Result.HELD] else "",
        f"大家说了{len(found.acts)}句" if found.acts else "没有人说话",
        f"⚠ 有{found.failures}步出错了" if found.failures else "",
    ]
    return "，".join(part for part in parts if part) + "。"
