"""Every member's level, looked at once a night: who rises hears why, who would fall is told in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.nightly.granting import Granting
from bot.nightly.portions import portions
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


def look_at_all(reader: Reader, scoring: Scoring, zone: ZoneInfo, today: int) -> Iterator[list[Reviewed]]:
    """Those for whom anything changes, some at a time."""
    with reader() as connection:
        stood = book.standings(connection)
        people = facts.of_movable(connection, scoring, zone, today, stood.keys())
        each = (_reviewed(it, stood.get(it, Standing()), known, scoring, today) for it, known in people)
        yield from portions((it for it in each if it.after != it.before), MOST)


def _reviewed(member_id: int, before: Standing, known: Facts, scoring: Scoring, today: int) -> Reviewed:
    return Reviewed(member_id, before, *review(before, scoring, known, today), known)


@dataclass(frozen=True, slots=True)
class Look:
    """What one night does about the levels; ``tells``: those whom it concerns hear of it."""

    account: str
    sops: SopSet
    scoring: Scoring
    today: int
    tells: bool

    def settle(self, tx: Transaction, found: Sequence[Reviewed]) -> None:
        """Write what the night found. What a human changed meanwhile stays, our own people have no level, and
        whom another account knows, that account tells."""
        ids = [it.member_id for it in found]
        held = roles.Standings(roles.roles(tx), self.sops.community.roles)
        now, people = book.standings(tx.connection, ids), directory.known_as(tx, ids, self.account)
        kept = [
            it
            for it in found
            if it.member_id in people
            and held.actor_role(it.member_id) not in roles.OURS
            and now.get(it.member_id, Standing()) == it.before
        ]
        book.stand(tx, {it.member_id: it.after for it in kept})
        turned = [(people[it.member_id], it, it.turn) for it in kept if it.turn is not None]
        log.append(tx, [self._row(tx, person, it, turn) for person, it, turn in turned])
        risen = [it.member_id for _, it, turn in turned if turn is Turn.UP]
        came = self.granting.settle(tx, risen) if risen else {}
        if self.tells:
            self._tell(tx, turned, came)

    @property
    def granting(self) -> Granting:
        return Granting(self.account, self.sops.community.roles, self.scoring, self.today)

    def _row(self, tx: Transaction, person: Person, it: Reviewed, turn: Turn) -> dict[str, Any]:
        reasons = [
            {"what": gap.what, "needed": gap.needed, "have": round(gap.have, 2)} for gap in self._why(it)
        ]
        before, after = self._named(it)
        return log.entry(
            tx,
            f"nightly:{self.account}",
            f"{it.member_id}:{self.today}",
            ANNOUNCED if turn is Turn.NOTICE else CHANGED,
            tx.now,
            identity_id=person.identity_id,
            actor_role="system",
            channel="dm",
            initiated_by="system",
            object_type="level",
            object_id=after,
            props={"from": before, "to": after, "reasons": reasons},
        )

    def _named(self, it: Reviewed) -> tuple[str, str]:
        return self.scoring.level(it.before.level).name, self.scoring.level(it.after.level).name

    def _why(self, it: Reviewed) -> list[Gap]:
        """What was reached, or what is missing to what they had."""
        if it.turn is Turn.UP:
            return list(gates(self.scoring.level(it.after.level), it.facts, self.today))
        return missing(self.scoring.level(it.before.level), it.facts, self.today)

    def _tell(
        self,
        tx: Transaction,
        turned: Sequence[tuple[Person, Reviewed, Turn]],
        came: Mapping[int, Sequence[str]],
    ) -> None:
        """In private, where members may be written to: friends who did not ask to be left alone. ``came`` are
        the benefits that came with the level."""
        reached = friends.among(tx, [person.identity_id for person, *_ in turned])
        alone = consent.opted_out(tx, [person.member_id for person, *_ in turned])
        for person, it, turn in turned:
            if person.identity_id in reached and person.member_id not in alone:
                post = self._post(tx, person, it, turn, came.get(person.member_id, ()))
                enqueue(tx, self.account, post)

    def _post(self, tx: Transaction, person: Person, it: Reviewed, turn: Turn, came: Sequence[str]) -> Post:
        falls_on = days.day_of(next_review(self.today + self.scoring.descent.notice))
        before, after = self._named(it)
        reasons = tuple(gap.said for gap in self._why(it))
        words = LevelWords(
            person.name, after, before, reasons, f"{falls_on.month}月{falls_on.day}日", (*came,)
        )
        template = getattr(self.scoring.said, turn.value)
        return Post(
            parts=[text(self.sops.templates.render(template, words))],
            intent=Intent.SERVICE,
            priority=Priority.POST,
            dedupe_key=f"level:{it.member_id}:{self.today}",
            identity_id=person.identity_id,
            expires_at=tx.now + WANTED_FOR,
        )
