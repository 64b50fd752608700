"""What a SOP will say next, word for word, and where and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.commands.wording import day
from bot.foresight import wording
from bot.foresight.calendar import Line, gather
from bot.foresight.planned import Planned, Result
from bot.sop.language import Sop
from bot.sop.loader import SopSet


def switched_on(sops: SopSet, sop: Sop) -> SopSet:
    """``sops`` with ``sop`` switched on, which may be a draft."""
    on = sop.model_copy(update={"enabled": True})
    return replace(sops, declared={**sops.declared, sop.id: on}, sops={**sops.sops, sop.id: on})


def first_of_each_step(planned: Iterable[Planned]) -> list[Planned]:
    """What each step says first, to everybody to whom it says it then."""
    return [it for line in _first_lines(planned) for it in line.posts]


def lines(planned: Iterable[Planned], sops: SopSet) -> Iterator[str]:
    """The first message of each step, and below it a line ``└ 11月30日 周一 12:10 发3群，112字``."""
    for line in _first_lines(planned):
        yield from _shown(line, sops)


def _first_lines(planned: Iterable[Planned]) -> list[Line]:
    first: dict[tuple[str, str], Line] = {}
    for line in gather(planned):
        first.setdefault((line.first.step, line.first.template), line)
    return list(first.values())


def _shown(line: Line, sops: SopSet) -> Iterator[str]:
    first, at = line.first, line.shown_at.astimezone(sops.community.zone)
    yield first.text
    pictures = f"，📷{len(first.pictures)}张" if first.pictures else ""
    kept_back = "" if first.result is Result.SENT else f"，{wording.rule(first.rule)}，发不了"
    yield f"└ {day(at)} {at:%H:%M} 发{line.place}，{len(first.text)}字{pictures}{kept_back}"
    yield ""


def nothing(sop: Sop, days: int) -> str:
    return f"“{sop.name}”{days}天里没有按时间发的，它只接别人的话。想看怎么接：bot simulate"
