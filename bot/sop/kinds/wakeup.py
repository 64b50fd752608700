"""Waking the silent, gently: a private word to friends who have been silent for long, and no more than a few.

A member's silence is a run (scope ``member:ID``, occurrence: when they last took part), with the steps
of the ladder that were taken, whichever of the member's rooms took them.
A share is held out, to measure what the words are worth. Who declines is left alone for good,
and so is who says that they like to listen only. Nothing of it is ever said in a group.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from sqlalchemy import func, or_, select

from bot.naming import WAYS
from bot.outbox.queue import Intent
from bot.people import consent, directory, roles, tags
from bot.people.directory import Person
from bot.sop.catalog import Catalog
from bot.sop.context import Context
from bot.sop.kind import Kind, OnHeard, OnSlot, OnWait
from bot.sop.language import Duration, Every, Finding, Mistake, Model, Name, Sop, TemplateOf, as_tuple
from bot.sop.problems import Loc
from bot.sop.runs import Run
from bot.sop.templates import harmless_name
from bot.store.tables import identity, interaction, membership, room

PURPOSE = "wakeup"
ACTIVE = sorted(way.name for way in WAYS if way.counts)
"""What ends a silence."""
ANSWER_WITHIN = timedelta(days=7)
ROUND = timedelta(hours=12)
"""The rooms of one round are played within this."""
MOST_STEPS = 2
"""Who did not answer twice is not written to a third time."""
_DECLINES = re.compile("退订|不用了(?!解)|别发了|别再发|不需要|取消")
_NOT = ("不", "不再", "不想再")
"""Before a word it means the contrary: 不潜水了 is no wish to be left alone."""


@dataclass(frozen=True, slots=True)
class WakeupWords:
    """What the templates may use; ``days`` is how long the person has been silent."""

    name: str = "阿青"
    community: str = "原野之味"
    bot: str = "小野"
    days: int = 30
    interest: str = ""


Wording = Annotated[str, TemplateOf(WakeupWords), Field(validate_default=True)]


class Step(Model):
    """A private word, ``after`` so long a silence."""

    after: Duration
    template: Wording
    intent: Literal["give", "ask", "service"] = "give"


def _share(value: object) -> object:
    if isinstance(value, str) and value.strip().endswith("%"):
        number = value.strip().removesuffix("%")
        if number.isdigit() and int(number) <= 50:
            return int(number) / 100
    if isinstance(value, float):
        return value
    raise Mistake(f"看不懂比例“{value}”，写成 10%，最多 50%", "10%")


class Wakeup(Sop):
    """``every`` round, write to at most ``at_once`` people; ``interests`` fit the word to a tag."""

    every: Every
    late_after: Duration = timedelta(hours=2)
    ladder: Annotated[tuple[Step, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=MOST_STEPS)]
    interests: dict[Name, Annotated[str, TemplateOf(WakeupWords)]] = Field({})
    hold_out: Annotated[float, BeforeValidator(_share), Field(ge=0, le=0.5)] = 0.1
    at_once: Annotated[int, Field(ge=1, le=200)] = 20
    legitimate: Annotated[tuple[Name, ...], BeforeValidator(as_tuple)] = ("潜水", "就看看", "只看看")
    declined: Wording = "wakeup_declined.j2"

    def check(self, catalog: Catalog) -> Iterable[Finding]:
        for n, (step, before) in enumerate(zip(self.ladder[1:], self.ladder, strict=False), 1):
            if step.after <= before.after:
                yield Finding(("ladder", n, "after"), "后一步要比前一步沉默得更久", "60d")

    def heeds_tags(self) -> Iterable[tuple[str, Loc]]:
        return ((key, ("interests", key)) for key in self.interests)


Ctx = Context[Wakeup]


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
        last_said = _last_said(ctx, person)
        since = max(_last_joined(ctx, person), last_said)
        if since <= enough:
            found.append(Silent(person, since, last_said))
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
    i = interaction.c
    friends = select(i.identity_id).where(
        i.identity_id.in_(list(identity_ids)), or_(i.channel == "dm", i.name == "friend_made")
    )
    friends = friends.where(i.actor_role.in_(("member", "koc")), i.name != "tag_changed")
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    for identity_id in sorted(set(ctx.tx.connection.scalars(friends))):
        person = directory.person_by_id(ctx.tx, identity_id)
        if person is None or held.actor_role(person.member_id) in ("staff", "expert"):
            continue
        if not _is_left_alone(ctx, person):
            yield person


def _is_left_alone(ctx: Ctx, person: Person) -> bool:
    declined = consent.declined(ctx.tx, person.member_id, PURPOSE)
    return declined or bool(consent.opted_out(ctx.tx, [person.member_id]))


def _last_said(ctx: Ctx, person: Person) -> datetime:
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
        _write(ctx, silent, ctx.sop.ladder[taken])
        ctx.listen(run, ctx.now + ANSWER_WITHIN)
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


def _write(ctx: Ctx, silent: Silent, step: Step) -> None:
    """The step's words, or those for what the person likes."""
    known = tags.of(ctx.tx, silent.person.member_id)
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
    template = ctx.sop.interests.get(interest, step.template)
    ctx.say_private(
        silent.person.identity_id,
        template,
        words,
        intent=Intent(step.intent),
        expires_after=timedelta(days=1),
    )


def heard(ctx: Ctx) -> bool:
    """What the person says to it in private: a no is a no for good, all else is for others to hear."""
    assert ctx.heard is not None, "something was said"
    plain = unicodedata.normalize("NFKC", ctx.heard.text[:60])
    likes_to_listen = any(_says(plain, word) for word in ctx.sop.legitimate)
    if not likes_to_listen and not _DECLINES.search(plain):
        return False
    person = ctx.heard.person
    consent.decide(ctx.tx, person.member_id, PURPOSE, given=False, cause=ctx.heard.id)
    ctx.record("wakeup_declined", person=person, props={"likes_to_listen": likes_to_listen})
    community = ctx.sops.community
    words = WakeupWords(harmless_name(person.name), community.name, community.bot.name)
    ctx.say_private(person.identity_id, ctx.sop.declined, words)
    return True


def _says(plain: str, word: str) -> bool:
    before, found, _ = plain.partition(word)
    return bool(found) and not before.endswith(_NOT)


def answered(ctx: Ctx) -> None:
    """A week later: whether they took part in anything since they were written to."""
    assert ctx.run is not None, "a run waited"
    assert ctx.run.identity_id is not None, "a silence is somebody's"
    person = directory.person_by_id(ctx.tx, ctx.run.identity_id)
    if person is not None and _last_said(ctx, person) > ctx.now - ANSWER_WITHIN:
        ctx.record("wakeup_answered", person=person, parent=ctx.run.id)
        ctx.close(ctx.run)


KIND = Kind(
    name="wakeup",
    title="唤醒沉默",
    model=Wakeup,
    behaviours=(
        OnSlot(
            "round",
            schedule=lambda sop: sop.every,
            late_after=lambda sop: sop.late_after,
            act=play_round,
        ),
        OnHeard(heard),
        OnWait("answered", answered),
    ),
    names=frozenset({"wakeup_sent", "wakeup_held_out", "wakeup_answered", "wakeup_declined"}),
)
