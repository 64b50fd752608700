"""Benefits, once a night: what is due to members is granted, what is over is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.nightly.portions import portions
from bot.people import directory
from bot.scoring import benefit_book, book, spending
from bot.scoring.benefit_book import Pen
from bot.scoring.benefits import Claim, Kind, Step, due, period_of
from bot.scoring.kpi.period import ours
from bot.scoring.levels import Standing
from bot.scoring.rules import Scoring
from bot.scoring.spending import Spent
from bot.store.reading import about
from bot.store.tables import identity, membership
from bot.store.transaction import Reader, Transaction

MOST = 500
"""Members whose benefits are written in one transaction."""


@dataclass(frozen=True, slots=True)
class Granting:
    """One night's work, by what the ledgers hold when it is written; ``kinds``: what each role is."""

    account: str
    kinds: Mapping[str, str]
    scoring: Scoring
    today: int

    def spent(self, reader: Reader, now: datetime) -> Iterator[Sequence[Spent]]:
        """Whose spending is another since last night; nobody's while no benefit goes by it."""
        if not self.scoring.has_grades:
            return
        with reader() as connection:
            stood, found = spending.stored(connection), self.spent_by(connection, now)
            gone = [Spent(it, 0, 0) for it in stood if it not in found]
            changed = [it for it in (*found.values(), *gone) if stood.get(it.member_id) != it]
        yield from portions(changed, MOST)

    def spent_by(self, connection: Connection, now: datetime) -> dict[int, Spent]:
        """What members spend; our own people are no buyers."""
        staff = ours(connection, self.kinds)
        return {it.member_id: it for it in spending.read(connection, self.scoring.purchase, now, staff)}

    def at_all(self, reader: Reader) -> Iterator[Sequence[int]]:
        """Those to whom anything is due, some at a time."""
        with reader() as connection:
            due_to = sorted(self.coming(connection, None, spending.stored(connection)))
        yield from portions(due_to, MOST)

    def settle(self, tx: Transaction, members: Collection[int]) -> dict[int, list[str]]:
        """Write what is due to them now; gives the names of what each was granted."""
        people = directory.known_as(tx, members, self.account)
        pen, named = Pen(self.account), defaultdict(list)
        graded = spending.stored(tx.connection, members)
        for member_id, steps in self.coming(tx.connection, members, graded).items():
            for step in steps if member_id in people else ():
                if benefit_book.write(tx, pen, people[member_id], step) and step.kind is Kind.GRANT:
                    named[member_id].append(step.lot.name)
        return named

    def coming(
        self, connection: Connection, members: Collection[int] | None, spent: Mapping[int, Spent]
    ) -> dict[int, list[Step]]:
        """What is to be done for these members, or for all."""
        periods = {period_of(it.per, self.today) for it in self.scoring.benefits}
        lots = benefit_book.lots(connection, members, periods)
        claims = self._claims(connection, members, spent)
        found = {
            it: list(
                due(it, claims.get(it, Claim(present=False)), lots.get(it, []), self.scoring, self.today)
            )
            for it in {*claims, *lots}
        }
        return {member_id: steps for member_id, steps in found.items() if steps}

    def _claims(
        self, connection: Connection, members: Collection[int] | None, spent: Mapping[int, Spent]
    ) -> dict[int, Claim]:
        """Of those who are in a room, and none of our own people."""
        stood = book.standings(connection, members)
        staff = ours(connection, self.kinds)
        return {
            it: Claim(stood.get(it, Standing()).level, spent[it].grade if it in spent else 0)
            for it in _present(connection, members)
            if it not in staff
        }


def _present(connection: Connection, members: Collection[int] | None) -> list[int]:
    here = membership.join(identity, identity.c.id == membership.c.identity_id)
    query = select(identity.c.member_id).select_from(here).distinct()
    query = query.where(membership.c.left_at.is_(None), identity.c.member_id.is_not(None))
    return [row[0] for row in about(connection, query, identity.c.member_id, members)]
