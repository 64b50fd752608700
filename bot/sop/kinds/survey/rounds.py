"""A round: who took part lately is asked in private; who cannot be written to hears one line in the room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy import select

from bot.naming import WAYS
from bot.outbox.queue import Intent
from bot.people import consent, directory, friends, roles
from bot.people.directory import Person, Room
from bot.people.roles import Standings
from bot.sop import runs
from bot.sop.kinds.survey.model import InviteWords
from bot.sop.kinds.survey.talk import ASKED, PURPOSES, Ctx, open_talk
from bot.sop.questions.sheet import is_open
from bot.sop.templates import harmless
from bot.store.tables import identity, interaction, membership

ROUND = "round:"
"""How the scope of a room's round begins."""
ACTIVE = sorted(way.name for way in WAYS if way.counts)
INVITE_WITHIN = timedelta(hours=2)


def play_round(ctx: Ctx) -> None:
    """Ask those of this room who may be asked now."""
    assert ctx.room is not None, "rounds are played in rooms"
    day = ctx.local(ctx.due_at or ctx.now).date()
    by_hand = ctx.cause is not None
    if ctx.sop.on is not None and not by_hand and day != ctx.sop.on.date():
        return
    scope, occurrence = f"{ROUND}{ctx.room.id}", day.isoformat()
    is_new = runs.find(ctx.tx, ctx.sop.id, scope, occurrence) is None
    ctx.wake_at(ctx.open_run(scope, occurrence), ctx.now + ctx.sop.patience.give_up, "closed")
    here = _took_part(ctx, ctx.room)
    reached = friends.among(ctx.tx, here)
    for person in islice(_to_be_asked(ctx, sorted(reached), occurrence), _left(ctx, occurrence)):
        open_talk(ctx, person, occurrence, Intent.ASK)
    if is_new and any(_to_be_asked(ctx, sorted(here - reached), occurrence)):
        _invite(ctx)


def _left(ctx: Ctx, occurrence: str) -> int:
    """How many may still be asked in this round, after the other rooms."""
    begun = runs.open_runs(ctx.tx, ctx.sop.id, "member:")
    return max(ctx.sop.at_once - sum(run.occurrence == occurrence for run in begun), 0)


def _invite(ctx: Ctx) -> None:
    community = ctx.sops.community
    words = InviteWords(harmless(ctx.sop.name), community.name, community.bot.name, len(ctx.sop.asked))
    ctx.say(ctx.sop.wording.invite, words, intent=Intent.ASK, expires_after=INVITE_WITHIN)


def _took_part(ctx: Ctx, room: Room) -> set[int]:
    """The identities of those who are in the room and said something in a room lately."""
    m, i = membership.c, interaction.c
    here = select(m.identity_id).where(m.room_id == room.id, m.left_at.is_(None))
    lately = (i.occurred_at > ctx.now - ctx.sop.active) & (i.channel == "group") & i.name.in_(ACTIVE)
    spoke = select(i.identity_id).where(i.identity_id.in_(here), lately).distinct()
    return set(ctx.tx.connection.scalars(spoke))


def _to_be_asked(ctx: Ctx, identity_ids: Iterable[int], occurrence: str) -> Iterator[Person]:
    """Those who may be asked, and were not: not within ``again``, and not in this round."""
    lately = asked_lately(ctx)
    held = roles.Standings(roles.roles(ctx.tx), ctx.sops.community.roles)
    people = [it for id in identity_ids if (it := directory.person_by_id(ctx.tx, id)) is not None]
    meant = ctx.reached([person.member_id for person in people]) - lately
    for person in people:
        if person.member_id not in meant or not may_be_asked(ctx, person, held):
            continue
        if runs.find(ctx.tx, ctx.sop.id, f"member:{person.member_id}", occurrence) is None:
            yield person


def asked_lately(ctx: Ctx) -> set[int]:
    """The members whom this survey asked within ``again``."""
    i = interaction.c
    lately = (i.programme_id == ctx.sop.id) & (i.name == ASKED) & (i.occurred_at > ctx.now - ctx.sop.again)
    query = select(identity.c.member_id).join(interaction, i.identity_id == identity.c.id)
    return set(ctx.tx.connection.scalars(query.where(lately).distinct()))


def may_be_asked(ctx: Ctx, person: Person, held: Standings) -> bool:
    """Members who did not decline such words, and whom nobody asks anything at the moment."""
    if held.actor_role(person.member_id) in roles.OURS or has_declined(ctx, person):
        return False
    listening = runs.listening_to(ctx.tx, person.identity_id, None, ctx.now)
    return not any(is_open(run.state) for run in listening)


def has_declined(ctx: Ctx, person: Person) -> bool:
    """Who wants no words that wake the silent, or none at all, wants none of these."""
    return any(consent.declined(ctx.tx, person.member_id, purpose) for purpose in PURPOSES)


def open_round(ctx: Ctx, person: Person) -> str | None:
    """The day of the latest round that is not over in a room of theirs."""
    days = [
        run.occurrence
        for run in runs.open_runs(ctx.tx, ctx.sop.id, ROUND)
        if run.room_id is not None and directory.is_present(ctx.tx, run.room_id, person.identity_id)
    ]
    return max(days, default=None)


def closed(ctx: Ctx) -> None:
    """A round is over: nobody is asked by it any more."""
    assert ctx.run is not None, "a run waited"
    ctx.close(ctx.run)
