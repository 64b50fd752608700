"""Who was brought and has taken part on some days by now: whoever brought them is given points, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.nightly.portions import portions
from bot.people import points, referrals
from bot.people.points import Entry
from bot.people.referrals import ACTIVATED, OBJECT, SOURCE
from bot.scoring import bringing, days
from bot.scoring.bringing import Ripe
from bot.scoring.rules import Scoring
from bot.store import log
from bot.store.transaction import Reader, Transaction

MOST = 200
"""Of whom it is written in one transaction."""
_LAST_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Activating:
    """One night's work; ``kinds``: what each role is."""

    kinds: Mapping[str, str]
    scoring: Scoring
    zone: ZoneInfo

    def found(self, reader: Reader) -> Iterator[Sequence[Ripe]]:
        """To whom points are due, some at a time."""
        with reader() as connection:
            due = list(bringing.ripe(connection, self.scoring.referral.days, self.kinds))
        yield from portions(due, MOST)

    def settle(self, tx: Transaction, found: Sequence[Ripe]) -> None:
        """Write it, as far as it still stands. What it earns counts on the day on which they were there for
        the last time that it took; the figures have it from the next night on."""
        stand = {it.id for it in referrals.of(tx.connection, {it.word.came for it in found}).values()}
        for it in found:
            if it.word.id in stand:
                self._write(tx, it)

    def _write(self, tx: Transaction, ripe: Ripe) -> None:
        row = self._row(tx, ripe)
        brought_as, earned = ripe.word.brought_as, self.scoring.referral.points
        if log.append(tx, [row]) and earned and brought_as is not None:
            at = row["occurred_at"]
            points.give(tx, Entry(brought_as, ACTIVATED, row["id"], "传播", earned, at=at))

    def _row(self, tx: Transaction, ripe: Ripe) -> dict[str, Any]:
        word = ripe.word
        return log.entry(
            tx,
            SOURCE,
            str(word.id),
            ACTIVATED,
            days.begin(ripe.day + 1, self.zone) - _LAST_MOMENT,
            identity_id=word.came_as,
            target_identity_id=word.brought_as,
            actor_role="system",
            channel="dm",
            initiated_by="system",
            object_type=OBJECT,
            object_id=str(word.came_as),
            parent_event_id=word.id,
        )
