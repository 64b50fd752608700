"""Every member's level, looked at once a night: who rises hears why, who would fall is told in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.outbox.queue import Intent, Post, Priority, enqueue, text
from bot.people import consent, directory, friends, roles
from bot.people.directory import Person
from bot.scoring import book, days, facts
from bot.scoring.levels import Facts, Gap, Standing, Turn, gates, missing, next_review, review
from bot.scoring.rules import Scoring
from bot.sop.loader import SopSet
from bot.sop.scoring_file import LevelWords
from bot.store import log
from bot.store.transaction import Reader, Transaction

MOST = 500
"""Members whose level is written in one transaction."""
WANTED_FOR = timedelta(days=2)
"""A word about a level that could not be sent by then is not wanted any more."""
CHANGED, ANNOUNCED = "level_changed", "level_loss_announced"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a night found of one member. ``facts`` are what it was found by."""

    member_id: int
    before: Standing
    after: Standing
    turn: Turn | None
    facts: Facts


def reviewed(reader: Reader, scoring: Scoring, zone: ZoneInfo, today: int) -> Iterator[list[Reviewed]]:
    """Those for whom anything changes, some at a time."""
    with reader() as connection:
        stood = book.standings(connection)
        some: list[Reviewed] = []
        for member_id, known in facts.of_all(connection, scoring, zone, today):
            before = stood.pop(member_id, Standing())
            after, turn = review(before, scoring, known, today)
            if after != before:
                some.append(Reviewed(member_id, before, after, turn, known))
            if len(some) == MOST:
                yield some
                some = []
        if some:
            yield some


def settle(
    tx: Transaction, account: str, sops: SopSet, scoring: Scoring, today: int, found: Sequence[Reviewed]
) -> None:
    """Write what the night found, and tell those whom it concerns. What a human changed meanwhile stays; our
    own people have no level."""
    held = roles.Standings(roles.roles(tx), sops.community.roles)
    now = book.standings(tx.connection, [it.member_id for it in found])
    for it in found:
        ours = held.actor_role(it.member_id) in roles.OURS
        person = directory.known_as(tx, it.member_id, account)
        if ours or person is None or now.get(it.member_id, Standing()) != it.before:
            continue  # whom another account knows, that account tells
        book.stand(tx, {it.member_id: it.after})
        if it.turn is not None:
            _record(tx, account, scoring, person, it, today)
            _tell(tx, account, sops, scoring, person, it, today)


def _record(
    tx: Transaction, account: str, scoring: Scoring, person: Person, it: Reviewed, today: int
) -> None:
    levels = scoring.levels
    reasons = [
        {"what": gap.what, "needed": gap.needed, "have": round(gap.have, 2)}
        for gap in _why(it, scoring, today)
    ]
    props = {"from": levels[it.before.level].name, "to": levels[it.after.level].name, "reasons": reasons}
    row = log.entry(
        tx,
        f"nightly:{account}",
        f"{it.member_id}:{today}",
        ANNOUNCED if it.turn is Turn.NOTICE else CHANGED,
        tx.now,
        identity_id=person.identity_id,
        actor_role="system",
        channel="dm",
        initiated_by="system",
        object_type="level",
        object_id=levels[it.after.level].name,
        props=props,
    )
    log.append(tx, [row])


def _why(it: Reviewed, scoring: Scoring, today: int) -> list[Gap]:
    """What was reached, or what is missing to what they had."""
    if it.turn is Turn.UP:
        return list(gates(scoring.levels[it.after.level], it.facts, today))
    return missing(scoring.levels[it.before.level], it.facts, today)


def _tell(
    tx: Transaction, account: str, sops: SopSet, scoring: Scoring, person: Person, it: Reviewed, today: int
) -> None:
    """In private, where the member may be written to: friends who did not ask to be left alone."""
    assert it.turn is not None, "there is something to tell"
    template = getattr(scoring.said, it.turn.value)
    if not friends.among(tx, [person.identity_id]) or consent.opted_out(tx, [person.member_id]):
        return
    falls_on = days.day_of(next_review(today + scoring.descent.notice))
    words = LevelWords(
        person.name,
        scoring.levels[it.after.level].name,
        scoring.levels[it.before.level].name,
        tuple(gap.said for gap in _why(it, scoring, today)),
        f"{falls_on.month}月{falls_on.day}日",
    )
    post = Post(
        parts=[text(sops.templates.render(template, words))],
        intent=Intent.SERVICE,
        priority=Priority.POST,
        dedupe_key=f"level:{it.member_id}:{today}",
        identity_id=person.identity_id,
        expires_at=tx.now + WANTED_FOR,
    )
    enqueue(tx, account, post)
