"""Days in a row, and days that were missed and made up. Both are always read from the entries that stand.

A table whose words say so (补卡, 补昨天的) belongs to the latest missed day, as often as there may be such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select

from bot.people import directory
from bot.sop.command import CommandContext
from bot.sop.context import Context
from bot.sop.kinds.challenge.board import GONE, OF_SOP, OUT, AnyRow, identities_of, standing_entries
from bot.sop.kinds.challenge.model import Challenge
from bot.sop.runs import Run
from bot.sop.words import Words
from bot.store.quick import once
from bot.store.session import one_of
from bot.store.tables import interaction
from bot.store.tables import run as attempts
from bot.store.transaction import Transaction

JOINED, MADE_UP, BADGE = "challenge_joined", "challenge_made_up", "badge_awarded"
_DAY = timedelta(days=1)
_SAYS = Words([("补卡", True), ("补昨天的", True)])

Table = dict[date, AnyRow]
"""A member's entries by the day to which they belong."""


def tables(
    ctx: Context[Challenge] | CommandContext,
    sop: Challenge,
    member: int | None = None,
    out: Collection[str] = OUT,
) -> dict[int, Table]:
    """The entries that stand, by member and day; of one member, or of all. ``out``: see ``board``."""
    rows = standing_entries(ctx.tx, sop.id, member_id=member, out=out)
    ids = [int(row.object_id) for row in rows]
    days = {str(id): day_of(it) for id, it in ctx.tx.connection.execute(_THEIRS, {"runs": ids})}
    found: defaultdict[int, Table] = defaultdict(dict)
    for row in rows:
        found[row.member_id].setdefault(days[row.object_id], row)
    return dict(found)


_THEIRS = once(select(attempts.c.id, attempts.c.occurrence).where(one_of(attempts.c.id, "runs")))


def day_of(occurrence: str) -> date:
    """The day to which an attempt belongs, by its run's occurrence."""
    return date.fromisoformat(occurrence.partition("#")[0])


def length_at(days: Collection[date], day: date) -> int:
    """How many days in a row there are around ``day``."""
    if day not in days:
        return 0
    before, after = day, day
    while before - _DAY in days:
        before -= _DAY
    while after + _DAY in days:
        after += _DAY
    return (after - before).days + 1


def longest(days: Collection[date]) -> int:
    return max((length_at(days, day) for day in days), default=0)


def current(days: Collection[date], today: date) -> int:
    """How many days in a row there are by now; today is not over yet."""
    return length_at(days, today if today in days else today - _DAY)


def day_meant(ctx: Context[Challenge], day: date) -> date:
    """To which day a table said on ``day`` belongs. What waits for a human is not missed."""
    assert ctx.heard is not None, "tags are heard"
    if not ctx.sop.streak.make_up or not _SAYS.find(ctx.heard.text):
        return day
    me = ctx.heard.person.member_id
    mine = tables(ctx, ctx.sop, me, out=GONE).get(me, {})
    if left_to_make_up(ctx, ctx.sop, mine) <= 0:
        return day
    missed = day - _DAY
    while missed in mine:
        missed -= _DAY
    return missed if ctx.sop.days.contains(missed) else day


def left_to_make_up(ctx: Context[Challenge] | CommandContext, sop: Challenge, mine: Table) -> int:
    """How many missed days somebody with these tables may still make up."""
    zone = ctx.sops.community.zone
    used = sum(sop.day_of(row.occurred_at, zone) != day for day, row in mine.items())
    return sop.streak.make_up - used


def entered(ctx: Context[Challenge], run: Run, entry: int) -> None:
    """What follows from an entry that stands: the day it makes up, the first one's points, a badge."""
    assert run.identity_id is not None, "an attempt is a person's"
    day, at = day_of(run.occurrence), datetime.fromisoformat(run.state["tagged_at"])
    if day != ctx.sop.day_of(at, ctx.sops.community.zone) and not _is_recorded(ctx.tx, MADE_UP, run):
        about = ("run", str(run.id))
        ctx.record(
            MADE_UP, identity_id=run.identity_id, about=about, parent=entry, props={"day": day.isoformat()}
        )
    person = directory.person_by_id(ctx.tx, run.identity_id)
    assert person is not None, "people are not forgotten within an occasion"
    if _latest(ctx.tx, ctx.sop.id, JOINED, person.member_id) is None:
        joined = ctx.record(JOINED, person=person, parent=entry, occurred_at=at)
        if joined is not None:
            ctx.points(person, JOINED, 1, event=joined, dimension="创作")
    _award(ctx, person, entry, day)


def _is_recorded(tx: Transaction, name: str, run: Run) -> bool:
    i = interaction.c
    query = select(i.id).where(i.object_type == "run", i.object_id == str(run.id), i.name == name)
    return tx.connection.execute(query.limit(1)).first() is not None


def _award(ctx: Context[Challenge], person: directory.Person, entry: int, day: date) -> None:
    """The highest badge that the days around ``day`` come to, if it is a new one.

    One whose entry was taken back meanwhile is given anew; nobody is told that it was gone.
    """
    mine = tables(ctx, ctx.sop, person.member_id).get(person.member_id, {})
    reached = [days for days in ctx.sop.streak.badge_at if days <= length_at(mine, day)]
    before = _latest(ctx.tx, ctx.sop.id, BADGE, person.member_id)
    stands = before is not None and before.parent_event_id in {row.id for row in mine.values()}
    if not reached or (before is not None and before.value_int >= reached[-1] and stands):
        return
    ctx.record(
        BADGE,
        person=person,
        about=("badge", f"{reached[-1]}天"),
        parent=entry,
        value=reached[-1],
        corrects=before.id if before is not None and before.value_int == reached[-1] else None,
    )


def _latest(tx: Transaction, sop_id: str, name: str, member_id: int) -> AnyRow | None:
    """The latest record of this name, in this challenge, of a member."""
    return tx.connection.execute(_LATEST, {"sop": sop_id, "called": name, "whose": member_id}).first()


_i = interaction.c
_LATEST = once(
    select(_i.id, _i.parent_event_id, _i.value_int)
    .where(_i.programme_id == OF_SOP, _i.name == bindparam("called"))
    .where(_i.identity_id.in_(identities_of("whose")))
    .order_by(_i.id.desc())
    .limit(1)
)


def badges_of(tx: Transaction, sop_id: str, entries: Collection[int]) -> list[tuple[int, int]]:
    """The badges that these entries brought, as (identity, days)."""
    found = tx.connection.execute(_BADGES, {"sop": sop_id, "entries": entries})
    return [(row.identity_id, row.value_int) for row in found]


_BADGES = once(
    select(_i.identity_id, _i.value_int)
    .where(_i.programme_id == OF_SOP, _i.name == BADGE, one_of(_i.parent_event_id, "entries"))
    .order_by(_i.id)
)


def summary(ctx: CommandContext, sop: Challenge) -> str:
    """How many have got to the first badge: ``｜连续7天12人``."""
    if not sop.streak.badge_at:
        return ""
    first = sop.streak.badge_at[0]
    people = sum(longest(mine) >= first for mine in tables(ctx, sop).values())
    return f"｜连续{first}天{people}人"
