"""What ``check`` finds by playing the coming weeks: posts that the guard would keep back for good, steps that
fail, and shelves that run dry.

Rooms in which the same SOPs play see the same, so one of each is played for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import Connection, select

from bot.commands.wording import day
from bot.foresight import start, wording
from bot.foresight.ahead import Span, play
from bot.foresight.places import Places
from bot.foresight.planned import Planned, Result, planned
from bot.outbox import pace
from bot.outbox.rules import Rule
from bot.sop.index import is_for
from bot.sop.loader import SopSet
from bot.sop.problems import Finding, Level, Problem
from bot.store.tables import failure, interaction

WEEKS = 4
HELD_TOO_LONG = timedelta(days=7)
_ACCOUNT = "check"
_INSTEAD = {
    Rule.SAY_DO: "intent: promo，或者去掉卖的话",
    Rule.QUIET_HOURS: "换到可以说话的时候，或者把 late_after 写长",
    Rule.AT_ALL: "去掉 @所有人",
    Rule.POSTS_WEEK: "这周少发一条，或者换一周",
    Rule.PROMO_WEEK: "这周少一条推广，或者换一周",
    Rule.GIVE_ASK: "先多分享几次，再请大家做事",
    Rule.POSTS_DAY: "换一天发",
    Rule.DISTANCE: "换一个时间，离别的远一点",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An item of a shelf that a SOP showed in a room again, at a moment."""

    sop: str
    shelf: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the weeks: posts, items shown again, and (SOP, place) of what failed."""

    planned: Sequence[Planned]
    again: Sequence[Shown]
    failed: Sequence[tuple[str, str]]


def weeks(sops: SopSet, begins: datetime) -> list[Problem]:
    """What goes wrong in the weeks from ``begins`` on, with new rooms in which nobody talks."""
    alike = _rooms_alike(sops)
    span = Span.of_days(begins, WEEKS * 7, sops.community.zone)
    with start.fresh(sops, list(alike)) as state:
        found = play(sops, state, span, _ACCOUNT, pace.OFF, lambda it: _read(it, span))
    places = Places(sops)
    return sorted(
        {
            *_breaches(sops, places, found.planned, alike),
            *_failed(places, found.failed),
            *_dry(sops, places, found.again),
        }
    )


def _rooms_alike(sops: SopSet) -> Mapping[str, Sequence[str]]:
    """A room for all those in which the same SOPs play, with them."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for key in sops.community.rooms:
        mine = tuple(sop.id for sop in sops.sops.values() if is_for(sop, key))
        alike.setdefault(mine, []).append(key)
    return {keys[0]: keys for keys in alike.values()}


def _read(connection: Connection, span: Span) -> Played:
    failed = connection.execute(
        select(failure.c.sop_id, failure.c.place).where(failure.c.sop_id.is_not(None))
    )
    return Played(
        planned(connection, _ACCOUNT, span.begins, span.ends),
        _shown_again(connection),
        [(it[0], it[1]) for it in failed],
    )


# --- the guard ---


def _breaches(
    sops: SopSet, places: Places, found: Iterable[Planned], alike: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """One for each step and rule, however often and in however many rooms."""
    lost = sorted((it for it in found if it.sop and _is_lost(it)), key=_step)
    for (sop_id, step, template, rule), posts in groupby(lost, key=_step):
        finding = Finding(
            places.of_step(sop_id, step, template), *_explained(sops, list(posts), rule, alike), key=True
        )
        yield places.problem(sop_id, finding, Level.ERROR)


def _step(it: Planned) -> tuple[str, str, str, str]:
    return it.sop, it.step, it.template, it.rule or ""


def _is_lost(it: Planned) -> bool:
    if it.result is Result.HELD:
        return it.rule is not None and it.until is not None and it.until - it.due_at > HELD_TOO_LONG
    return it.result in (Result.EXPIRED, Result.REFUSED) and it.rule is not None


def _explained(
    sops: SopSet, posts: Sequence[Planned], rule: str, alike: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    first = min(posts, key=lambda it: it.due_at)
    due = first.due_at.astimezone(sops.community.zone)
    rooms = {key for it in posts if it.room is not None for key in alike.get(it.room, ())}
    times = len({it.due_at for it in posts})
    where = wording.place(sorted(rooms), [it.member for it in posts if it.member is not None])
    often = f"（{WEEKS}周里{times}次）" if times > 1 else ""
    why = f"{day(due)} {due:%H:%M} 发到{where}的会被拦下{often}：{wording.rule(rule)}"
    return why, _INSTEAD.get(Rule(rule), "")


# --- what fails ---


def _failed(places: Places, found: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for sop_id, place in found:
        step = place.removeprefix(f"{sop_id} ").partition(":")[0]
        finding = Finding(
            places.of_step(sop_id, step, ""), f"演到“{step}”这一步时出错了，到时候发不出来", key=True
        )
        yield places.problem(sop_id, finding, Level.ERROR)


# --- shelves ---


def _shown_again(connection: Connection) -> list[Shown]:
    """The first item of each shelf that a SOP had to show twice in a room."""
    shelf = interaction.c.object_type.like("shelf:%")
    columns = (interaction.c.programme_id, interaction.c.object_type, interaction.c.object_id)
    query = (
        select(*columns, interaction.c.room_id, interaction.c.occurred_at)
        .where(shelf)
        .order_by(interaction.c.id)
    )
    seen: Counter[tuple[object, ...]] = Counter()
    again: dict[tuple[str, str], Shown] = {}
    for sop_id, kind, item, room_id, at in connection.execute(query):
        seen[kind, item, room_id] += 1
        if seen[kind, item, room_id] == 2:
            again.setdefault((sop_id, kind), Shown(sop_id, kind.removeprefix("shelf:"), at))
    return list(again.values())


def _dry(sops: SopSet, places: Places, again: Iterable[Shown]) -> Iterator[Problem]:
    for it in again:
        at = it.at.astimezone(sops.community.zone)
        count = len(sops.shelves[it.shelf].items)
        why = f"货架“{it.shelf}”只有 {count} 篇，{day(at)}起要讲重样的"
        finding = Finding(places.of_text(it.sop, it.shelf) or (), why, f"在 shelves/{it.shelf}/ 里添几篇 .md")
        yield places.problem(it.sop, finding, Level.WARNING)
