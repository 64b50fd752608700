"""A round: who has been silent for long, and the next step with some of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.naming import WAYS
from bot.outbox.queue import Intent
from bot.people import consent, directory, friends, roles, tags
from bot.people.directory import Person
from bot.sop.context import Context
from bot.sop.kinds.wakeup.model import Wakeup, WakeupWords
from bot.sop.runs import Run
from bot.sop.templates import harmless_name
from bot.store.tables import identity, interaction, membership, room

Ctx = Context[Wakeup]
PURPOSE = "wakeup"
ACTIVE = sorted(way.name for way in WAYS if way.counts)
"""What ends a silence."""
ANSWER_WITHIN = timedelta(days=7)
DECLINE_WITHIN = timedelta(days=30)
"""How long a no is taken for an answer to what was written."""
ROUND = timedelta(hours=12)
"""The rooms of one round are played within this."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody who has been silent ``since`` then: from ``last_said``, or from joining a room after it."""

    person: Person
    since: datetime
    last_said: datetime


def play_round(ctx: Ctx) -> None:
    """Take the next step with those of this room whose time has come."""
    written = _written_this_round(ctx)
    for silent in _silent(ctx):
        if written >= ctx.sop.at_once:
            return
        written += _take_step(ctx, silent)


def _written_this_round(ctx: Ctx) -> int:
    """How many were written to already, for the other rooms."""
    i = interaction.c
    sent = (i.programme_id == ctx.sop.id) & (i.name == "wakeup_sent") & (i.occurred_at > ctx.now - ROUND)
    return ctx.tx.connection.execute(select(func.count()).select_from(interaction).where(sent)).scalar_one()


def _silent(ctx: Ctx) -> Iterator[Silent]:
    """The room's silent members who can be written to, the longest silent first."""
    assert ctx.room is not None, "rounds are played in rooms"
    here = select(membership.c.identity_id).where(
        membership.c.room_id == ctx.room.id, membership.c.left_at.is_(None)
    )
    enough = ctx.now - ctx.sop.ladder[0].after
    found = []
    for person in _friends(ctx, ctx.tx.connection.scalars(here)):
        spoke_at = last_said(ctx, person)
        since = max(_last_joined(ctx, person), spoke_at)
        if since <= enough:
            found.append(Silent(person, since, spoke_at))
    yield from sorted(found, key=lambda it: (it.since, it.person.number))


def _last_joined(ctx: Ctx, person: Person) -> datetime:
    """When the person came into the last of their rooms; who was there before us, when we began there."""
    came = func.coalesce(membership.c.joined_at, room.c.enabled_at)
    theirs = select(identity.c.id).where(identity.c.member_id == person.member_id)
    query = (
        select(func.max(came, type_=membership.c.joined_at.type))
        .select_from(membership.join(room, room.c.id == membership.c.room_id))
        .where(membership.c.identity_id.in_(theirs), membership.c.left_at.is_(None))
    )
    return ctx.tx.connection.execute(query).scalar() or ctx.now


def _friends(ctx: Ctx, identity_ids: Iterable[int]) -> Iterator[Person]:
    """Those who are friends (they wrote in private once, or the platform said so), may be turned to, and are
    neither staff nor experts, then or now."""
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    ids = sorted(friends.among(ctx.tx, list(identity_ids)))
    people = [it for id in ids if (it := directory.person_by_id(ctx.tx, id)) is not None]
    meant = ctx.reached([person.member_id for person in people])
    for person in people:
        if person.member_id not in meant or held.actor_role(person.member_id) in roles.OURS:
            continue
        is_left_alone = consent.declined(ctx.tx, person.member_id, PURPOSE)
        if not is_left_alone and not consent.opted_out(ctx.tx, [person.member_id]):
            yield person


def last_said(ctx: Ctx, person: Person) -> datetime:
    """When the person last took part in anything, under any identity."""
    theirs = select(identity.c.id).where(identity.c.member_id == person.member_id)
    i = interaction.c
    query = select(func.max(i.id)).where(i.identity_id.in_(theirs), i.name.in_(ACTIVE), i.channel == "group")
    last = select(i.occurred_at).where(i.id == query.scalar_subquery())
    return ctx.tx.connection.execute(last).scalar() or datetime.min.replace(tzinfo=ctx.now.tzinfo)


def _take_step(ctx: Ctx, silent: Silent) -> bool:
    """The next step of the ladder, if it is time for it; whether somebody was written to."""
    person = silent.person
    run = ctx.open_run(
        f"member:{person.member_id}",
        silent.last_said.isoformat(),
        person=person,
        private=True,
        state={"steps": 0, "held_out": _is_held_out(ctx, person)},
    )
    taken = run.state["steps"]
    if not _is_time(ctx, silent, run):
        return False
    ctx.keep(run, {**run.state, "steps": taken + 1, "at": ctx.now.isoformat()})
    name = "wakeup_held_out" if run.state["held_out"] else "wakeup_sent"
    ctx.record(name, person=person, about=("run", str(run.id)), parent=run.id, value=taken + 1)
    if not run.state["held_out"]:
        _write(ctx, silent, taken)
        ctx.listen(run, ctx.now + DECLINE_WITHIN)
        ctx.wake_at(run, ctx.now + ANSWER_WITHIN, "answered")
    return not run.state["held_out"]


def _is_time(ctx: Ctx, silent: Silent, run: Run) -> bool:
    """Whether the next step is due, and the last one was long enough ago: who was silent for a year when the
    SOP began, or is in three rooms, does not get the whole ladder at once."""
    ladder, taken = ctx.sop.ladder, int(run.state["steps"])
    if taken >= len(ladder) or ctx.now - silent.since < ladder[taken].after:
        return False
    if not taken:
        return True
    pause = max(ANSWER_WITHIN, (ladder[taken].after - ladder[taken - 1].after) / 2)
    last_step = datetime.fromisoformat(run.state["at"])
    return ctx.now - last_step >= pause


def _is_held_out(ctx: Ctx, person: Person) -> bool:
    """By lot, and always the same for a member."""
    return random.Random(f"{ctx.sop.id}:{person.member_id}").random() < ctx.sop.hold_out


def _write(ctx: Ctx, silent: Silent, taken: int) -> None:
    """The words of the next step; at first those for what the person likes, if there are any."""
    step = ctx.sop.ladder[taken]
    alike = consent.impersonal(ctx.tx, [silent.person.member_id])
    known = {} if alike else tags.of(ctx.tx, silent.person.member_id)
    liked = [key for key in ctx.sop.interests if key in known and known[key].score > 0]
    interest = max(liked, key=lambda key: known[key].score, default="")
    community = ctx.sops.community
    words = WakeupWords(
        harmless_name(silent.person.name),
        community.name,
        community.bot.name,
        (ctx.now - silent.since).days,
        interest,
    )
    template = step.template if taken else ctx.sop.interests.get(interest, step.template)
    ctx.say_private(
        silent.person.identity_id,
        template,
        words,
        intent=Intent(step.intent),
        expires_after=timedelta(days=1),
    )
